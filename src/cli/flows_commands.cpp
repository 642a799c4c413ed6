#include <cerrno>
#include <cstring>

#include "cli/follow.hpp"
#include "cli/table.hpp"

namespace sluice::cli {

namespace {

std::string version_text(const Json& row, std::string_view member) {
    const auto text = cell(row, member);
    return text == "-" ? "none" : text;
}

/// The flow named by NAME on a connection.
struct Named {
    Connection* server = nullptr;
    std::string path;  ///< /api/v1/flows/flw_…
};

Outcome<Named> named_flow(Context& context) {
    auto server = context.connect();
    if (!server) return stop(std::move(server.error()));
    auto id = flow_id(**server, context.arguments.text("NAME"));
    if (!id) return stop(std::move(id.error()));
    return Named{*server, "/api/v1/flows/" + encode(*id)};
}

std::vector<std::pair<std::string, std::string>> version_query(const Context& context) {
    if (!context.arguments.has("version")) return {};
    return {{"version", context.arguments.text("version")}};
}

void add_nodes(Table& table, const Json& nodes, std::size_t depth) {
    if (!nodes.is_array()) return;
    for (const auto& node : nodes) {
        table.add({std::string(depth * 2, ' ') + cell(node, "id"), cell(node, "type")});
        if (const auto* config = base::find_member(node, "config"))
            if (const auto* body = base::find_member(*config, "body"))
                if (const auto* inner = base::find_member(*body, "nodes"))
                    add_nodes(table, *inner, depth + 1);
    }
}

}  // namespace

Outcome<int> list_flows(Context& context) {
    auto most = whole_number(context, "limit", 50);
    if (!most) return stop(std::move(most.error()));
    auto server = context.connect();
    if (!server) return stop(std::move(server.error()));
    std::vector<std::pair<std::string, std::string>> query;
    if (context.arguments.has("project"))
        query.emplace_back("project", context.arguments.text("project"));
    auto items = list_items(**server, "/api/v1/flows", std::move(query), *most);
    if (!items) return stop(std::move(items.error()));
    if (context.json()) {
        context.print_json(Json{{"items", std::move(*items)}});
        return exit_ok;
    }
    Table table({{"NAME"}, {"PROJECT"}, {"LIVE", true}, {"LATEST", true}, {"UPDATED"}, {"ID"}});
    for (const auto& flow : *items)
        table.add({cell(flow, "name"), cell(flow, "project"), version_text(flow, "live_version"),
                   cell(flow, "latest_version"), human_time(flow.value("updated_at", Json())),
                   cell(flow, "id")});
    context.print(table.empty() ? "no flows; `sluice apply -f FILE` makes one\n" : table.render());
    return exit_ok;
}

Outcome<int> show_flow(Context& context) {
    auto named = named_flow(context);
    if (!named) return stop(std::move(named.error()));
    auto flow = named->server->get(named->path, version_query(context));
    if (!flow) return stop(std::move(flow.error()));
    if (context.json()) {
        context.print_json(*flow);
        return exit_ok;
    }
    context.print(fmt::format("{}  {}\nproject {}; version {} (live {}, latest {}); updated {}\n",
                              cell(*flow, "name"), cell(*flow, "id"), cell(*flow, "project"),
                              cell(*flow, "version"), version_text(*flow, "live_version"),
                              cell(*flow, "latest_version"),
                              human_time(flow->value("updated_at", Json()))));
    if (const auto text = base::string_or(*flow, "description", ""); !text.empty())
        context.print(text + "\n");
    Table table({{"NODE"}, {"TYPE"}});
    if (const auto* document = base::find_member(*flow, "document"))
        if (const auto* nodes = base::find_member(*document, "nodes")) add_nodes(table, *nodes, 0);
    context.print("\n" + table.render());
    return exit_ok;
}

Outcome<int> export_flow(Context& context) {
    const auto format = context.arguments.text("format", "json");
    if (format != "json" && format != "yaml")
        return wrong_use("--format is json or yaml, not \"{}\"", format);
    auto named = named_flow(context);
    if (!named) return stop(std::move(named.error()));
    auto query = version_query(context);
    query.emplace_back("format", format);
    auto text = named->server->text(Call{"GET", named->path + "/export", std::move(query)});
    if (!text) return stop(std::move(text.error()));
    if (!context.arguments.has("output")) {
        context.print_exactly(*text);
        return exit_ok;
    }
    const auto place = context.arguments.text("output");
    std::FILE* file = std::fopen(place.c_str(), "wb");
    bool written = file && std::fwrite(text->data(), 1, text->size(), file) == text->size();
    if (file && std::fclose(file) != 0) written = false;
    if (!written)
        return stop(exit_io,
                    Error{ErrorCode::unavailable,
                          fmt::format("{} cannot be written: {}", place, std::strerror(errno))});
    return exit_ok;
}

Outcome<int> list_versions(Context& context) {
    auto named = named_flow(context);
    if (!named) return stop(std::move(named.error()));
    auto flow = named->server->get(named->path);
    if (!flow) return stop(std::move(flow.error()));
    auto items = list_items(*named->server, named->path + "/versions", {}, 10'000);
    if (!items) return stop(std::move(items.error()));
    if (context.json()) {
        context.print_json(Json{{"items", std::move(*items)},
                                {"live_version", flow->value("live_version", Json())}});
        return exit_ok;
    }
    Table table({{"VERSION", true}, {"LIVE"}, {"CREATED"}, {"BY"}, {"NOTE"}});
    for (const auto& version : *items)
        table.add({cell(version, "version"),
                   cell(version, "version") == cell(*flow, "live_version") ? "live" : "",
                   human_time(version.value("created_at", Json())), cell(version, "created_by"),
                   base::string_or(version, "note", "")});
    context.print(table.render());
    return exit_ok;
}

Outcome<int> diff_flow(Context& context) {
    auto named = named_flow(context);
    if (!named) return stop(std::move(named.error()));
    auto diff = named->server->get(named->path + "/diff", {{"from", context.arguments.text("FROM")},
                                                           {"to", context.arguments.text("TO")}});
    if (!diff) return stop(std::move(diff.error()));
    if (context.json()) {
        context.print_json(*diff);
        return exit_ok;
    }
    Table table({{"CHANGE"}, {"WHAT"}, {"NAME"}, {"FIELDS"}});
    if (const auto* list = base::find_member(*diff, "differences"); list && list->is_array())
        for (const auto& difference : *list) {
            std::string fields;
            if (const auto* names = base::find_member(difference, "fields");
                names && names->is_array())
                for (const auto& name : *names)
                    fields += (fields.empty() ? "" : ", ") +
                              (name.is_string() ? name.get<std::string>() : base::dump_json(name));
            table.add({cell(difference, "change"), cell(difference, "kind"),
                       cell(difference, "key"), fields});
        }
    context.print(table.empty() ? "the versions are the same\n" : table.render());
    return exit_ok;
}

Outcome<int> make_live(Context& context) {
    const auto text = context.arguments.text("VERSION");
    auto version = whole_number(context, "VERSION", 0);
    if (!version) return stop(std::move(version.error()));
    auto named = named_flow(context);
    if (!named) return stop(std::move(named.error()));
    auto flow = named->server->json(
        Call{"PUT", named->path + "/live", {}, base::dump_json(Json{{"version", *version}})});
    if (!flow) return stop(std::move(flow.error()));
    if (context.json())
        context.print_json(*flow);
    else
        context.print(fmt::format("version {} of {} is live\n", cell(*flow, "live_version"),
                                  cell(*flow, "name")));
    return exit_ok;
}

}  // namespace sluice::cli
