// The audit trail from the command line.

#include "cli/command.hpp"
#include "cli/follow.hpp"
#include "cli/table.hpp"

namespace sluice::cli {

namespace {

std::vector<std::pair<std::string, std::string>> filter_query(const Context& context) {
    std::vector<std::pair<std::string, std::string>> query;
    for (const char* name : {"actor", "action", "target", "outcome", "since", "until"})
        if (auto value = context.arguments.text(name); !value.empty()) query.emplace_back(name, std::move(value));
    if (context.arguments.has("instance")) query.emplace_back("scope", "instance");
    return query;
}

}  // namespace

Outcome<int> list_audit(Context& context) {
    auto most = whole_number(context, "limit", 50);
    if (!most) return stop(std::move(most.error()));
    auto server = context.connect();
    if (!server) return stop(std::move(server.error()));
    auto query = filter_query(context);
    query.emplace_back("limit", std::to_string(*most));
    auto list = (*server)->get("/api/v1/audit", std::move(query));
    if (!list) return stop(std::move(list.error()));
    if (context.json()) {
        context.print_json(*list);
        return exit_ok;
    }
    Table table({{"SEQ", true}, {"AT"}, {"WHO"}, {"ACTION"}, {"TARGET"}, {"OUTCOME"}, {"FROM"}});
    for (const Json& entry : (*list)["items"]) {
        const Json& actor = entry["actor"];
        const std::string name = cell(actor, "name");
        table.add({cell(entry, "seq"), human_time(entry["at"]), name.empty() ? cell(actor, "kind") : name, cell(entry, "action"),
                   cell(entry, "target"), cell(entry, "outcome"), cell(entry, "address")});
    }
    context.print(table.empty() ? "no entries\n" : table.render());
    return exit_ok;
}

Outcome<int> export_audit(Context& context) {
    auto server = context.connect();
    if (!server) return stop(std::move(server.error()));
    Call call{"GET", "/api/v1/audit/export", filter_query(context)};
    call.query.emplace_back("format", context.arguments.text("format", "jsonl"));
    return save(context, **server, call, context.arguments.text("output"));
}

Outcome<int> verify_audit(Context& context) {
    auto server = context.connect();
    if (!server) return stop(std::move(server.error()));
    auto report = (*server)->post("/api/v1/audit/verify", Json::object());
    if (!report) return stop(std::move(report.error()));
    const bool sound = report->value("sound", false);
    if (context.json())
        context.print_json(*report);
    else if (sound)
        context.print(fmt::format("the audit trail is sound: {} entries checked, up to number {}, with {} signatures\n",
                                  cell(*report, "checked"), cell(*report, "last_seq"), cell(*report, "checkpoints")));
    else
        context.print(fmt::format("the audit trail is broken at entry {}: {}\n", cell(*report, "broken_seq"), cell(*report, "what")));
    return sound ? exit_ok : exit_no;
}

}  // namespace sluice::cli
