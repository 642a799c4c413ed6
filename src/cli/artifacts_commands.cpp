#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "cli/follow.hpp"
#include "cli/table.hpp"

namespace sluice::cli {

Outcome<int> list_artifacts(Context& context) {
    auto most = whole_number(context, "limit", 50);
    if (!most) return stop(std::move(most.error()));
    auto server = context.connect();
    if (!server) return stop(std::move(server.error()));
    std::vector<std::pair<std::string, std::string>> query;
    if (context.arguments.has("run")) query.emplace_back("run", context.arguments.text("run"));
    auto items = list_items(**server, "/api/v1/artifacts", std::move(query), *most);
    if (!items) return stop(std::move(items.error()));
    if (context.json()) {
        context.print_json(Json{{"items", std::move(*items)}});
        return exit_ok;
    }
    Table table({{"ID"}, {"NAME"}, {"TYPE"}, {"SIZE", true}, {"CREATED"}, {"RUN"}});
    for (const auto& artifact : *items)
        table.add({cell(artifact, "id"), cell(artifact, "name"), cell(artifact, "media_type"),
                   human_bytes(artifact.value("size_bytes", std::int64_t{0})),
                   human_time(artifact.value("created_at", Json())), cell(artifact, "run_id")});
    context.print(table.empty() ? "no artifacts\n" : table.render());
    return exit_ok;
}

Outcome<int> get_artifact(Context& context) {
    auto server = context.connect();
    if (!server) return stop(std::move(server.error()));
    const Call call{"GET",
                    "/api/v1/artifacts/" + encode(context.arguments.text("ID")) + "/content"};
    return save(context, **server, call, context.arguments.text("output"));
}

}  // namespace sluice::cli
