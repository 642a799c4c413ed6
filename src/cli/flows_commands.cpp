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

/// Lines of "/nodes/0/type: error: …" after `place`.
void print_mistakes(Context& context, const Json& judged, std::string_view place) {
    const std::pair<std::string_view, std::string_view> kinds[] = {{"errors", "error"},
                                                                   {"warnings", "warning"}};
    for (const auto& [member, what] : kinds)
        if (const auto* list = base::find_member(judged, member); list && list->is_array())
            for (const auto& item : *list)
                context.print(fmt::format("{}{}: {}: {}\n", place,
                                          base::string_or(item, "pointer", ""), what,
                                          base::string_or(item, "message", "")));
}

/// When the attempts of nodes begin: a row for each.
void print_retries(Context& context, const Json& verdict) {
    const auto* retries = base::find_member(verdict, "retries");
    if (!retries || !retries->is_array() || retries->empty()) return;
    Table table({{"NODE"}, {"ATTEMPT", true}, {"DELAY", true}, {"ELAPSED", true},
                 {"EARLIEST", true}, {"LATEST", true}, {""}});
    for (const auto& node : *retries) {
        const auto* attempts = base::find_member(node, "attempts");
        if (!attempts || !attempts->is_array()) continue;
        for (const auto& one : *attempts)
            table.add({cell(node, "node"), cell(one, "attempt"), cell(one, "delay"),
                       cell(one, "elapsed"), cell(one, "earliest"), cell(one, "latest"),
                       one.value("certain", true) ? "" : "may be cut off by max_elapsed"});
    }
    context.print("\nretries, if every attempt fails at once (times since the first began):\n" +
                  table.render());
    if (verdict.contains("retries_left_out"))
        context.print(fmt::format("and {} more nodes\n", cell(verdict, "retries_left_out")));
}

std::string draft_state(const Json& draft) {
    return fmt::format("based on version {} (live {}); {}", cell(draft, "based_on"),
                       version_text(draft, "live_version"),
                       draft.value("valid", false) ? "valid" : "not valid");
}

/// The path of the pin of NAME and NODE.
std::string pin_path(const Context& context, const Named& named) {
    return named.path + "/pins/" + encode(context.arguments.text("NODE"));
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

Outcome<int> validate_file(Context& context) {
    const auto file = context.arguments.text("FILE");
    auto text = read_whole(context, file);
    if (!text) return stop(std::move(text.error()));
    auto server = context.connect(true);
    if (!server) return stop(std::move(server.error()));
    Call call{"POST", "/api/v1/flows/validate", {}, std::move(*text)};
    if (is_yaml(file)) call.media_type = "application/yaml";
    auto verdict = (*server)->json(call);
    if (!verdict) return stop(std::move(verdict.error()));
    const bool valid = verdict->value("valid", false);
    if (context.json()) {
        context.print_json(*verdict);
        return valid ? exit_ok : exit_no;
    }
    print_mistakes(context, *verdict, file);
    context.print(fmt::format("{}: {}\n", file, valid ? "valid" : "not valid"));
    print_retries(context, *verdict);
    return valid ? exit_ok : exit_no;
}

Outcome<int> show_draft(Context& context) {
    auto named = named_flow(context);
    if (!named) return stop(std::move(named.error()));
    auto draft = named->server->get(named->path + "/draft");
    if (!draft) return stop(std::move(draft.error()));
    if (context.arguments.has("document")) {
        context.print_json(draft->value("document", Json()));
        return exit_ok;
    }
    if (context.json()) {
        context.print_json(*draft);
        return exit_ok;
    }
    context.print(fmt::format("draft of {}, {}, updated {}\n", context.arguments.text("NAME"),
                              draft_state(*draft),
                              human_time(draft->value("updated_at", Json()))));
    print_mistakes(context, *draft, "");
    return exit_ok;
}

Outcome<int> save_draft(Context& context) {
    const auto file = context.arguments.text("FILE");
    auto text = read_whole(context, file);
    if (!text) return stop(std::move(text.error()));
    auto based_on = whole_number(context, "based-on", 0);
    if (!based_on) return stop(std::move(based_on.error()));
    auto named = named_flow(context);
    if (!named) return stop(std::move(named.error()));
    const auto path = named->path + "/draft";

    // The draft is the caller's own: what they name here replaces what they have, unless it
    // changes in between.
    std::string etag;
    auto present = named->server->get(path);
    if (present)
        etag = base::string_or(*present, "etag", "");
    else if (present.error().error.code != ErrorCode::not_found)
        return stop(std::move(present.error()));

    Call call{"PUT", path, {}, std::move(*text)};
    if (context.arguments.has("based-on"))
        call.query.emplace_back("based_on", std::to_string(*based_on));
    if (is_yaml(file)) call.media_type = "application/yaml";
    call.if_match = std::move(etag);
    auto draft = named->server->json(call);
    if (!draft) return stop(std::move(draft.error()));
    if (context.json()) {
        context.print_json(*draft);
        return exit_ok;
    }
    context.print(fmt::format("draft of {} saved, {}\n", context.arguments.text("NAME"),
                              draft_state(*draft)));
    print_mistakes(context, *draft, file == "-" ? "" : file);
    return exit_ok;
}

Outcome<int> publish_draft(Context& context) {
    auto named = named_flow(context);
    if (!named) return stop(std::move(named.error()));
    Call call{"POST", named->path + "/draft/publish"};
    if (context.arguments.has("force")) call.query.emplace_back("force", "true");
    if (context.arguments.has("not-live")) call.query.emplace_back("live", "false");
    if (context.arguments.has("note"))
        call.body = base::dump_json(Json{{"note", context.arguments.text("note")}});
    auto flow = named->server->json(call);
    if (!flow) return stop(std::move(flow.error()));
    if (context.json()) {
        context.print_json(*flow);
        return exit_ok;
    }
    const bool same = base::string_or(*flow, "change", "") == "unchanged";
    context.print(fmt::format("{} {} version {} (live {}); the draft is gone\n",
                              cell(*flow, "name"), same ? "is as before:" : "has now",
                              cell(*flow, "version"), version_text(*flow, "live_version")));
    return exit_ok;
}

Outcome<int> discard_draft(Context& context) {
    auto named = named_flow(context);
    if (!named) return stop(std::move(named.error()));
    auto done = named->server->text(Call{"DELETE", named->path + "/draft"});
    if (!done) return stop(std::move(done.error()));
    context.print(fmt::format("draft of {} discarded\n", context.arguments.text("NAME")));
    return exit_ok;
}

Outcome<int> list_pins(Context& context) {
    auto named = named_flow(context);
    if (!named) return stop(std::move(named.error()));
    auto pins = named->server->get(named->path + "/pins");
    if (!pins) return stop(std::move(pins.error()));
    if (context.json()) {
        context.print_json(*pins);
        return exit_ok;
    }
    Table table({{"NODE"}, {"SIZE", true}, {"BY"}, {"UPDATED"}});
    if (const auto* items = base::find_member(*pins, "items"); items && items->is_array())
        for (const auto& pin : *items)
            table.add({cell(pin, "node"), human_bytes(pin.value("size_bytes", std::int64_t{0})),
                       cell(pin, "updated_by"), human_time(pin.value("updated_at", Json()))});
    context.print(table.empty() ? "no pins; `sluice pins set NAME NODE --output JSON` makes one\n"
                                : table.render());
    return exit_ok;
}

Outcome<int> show_pin(Context& context) {
    auto named = named_flow(context);
    if (!named) return stop(std::move(named.error()));
    auto pin = named->server->get(pin_path(context, *named));
    if (!pin) return stop(std::move(pin.error()));
    context.print_json(pin->value("output", Json()));
    return exit_ok;
}

Outcome<int> set_pin(Context& context) {
    auto output = context.json_argument("output");
    if (!output) return stop(std::move(output.error()));
    auto named = named_flow(context);
    if (!named) return stop(std::move(named.error()));
    Json body = {{"output", std::move(*output)}};
    auto pin = named->server->json(
        Call{"PUT", pin_path(context, *named), {}, base::dump_json(body)});
    if (!pin) return stop(std::move(pin.error()));
    if (context.json())
        context.print_json(*pin);
    else
        context.print(fmt::format("{} is pinned in runs of drafts\n", cell(*pin, "node")));
    return exit_ok;
}

Outcome<int> remove_pin(Context& context) {
    auto named = named_flow(context);
    if (!named) return stop(std::move(named.error()));
    auto done = named->server->text(Call{"DELETE", pin_path(context, *named)});
    if (!done) return stop(std::move(done.error()));
    context.print(fmt::format("the pin of {} is removed\n", context.arguments.text("NODE")));
    return exit_ok;
}

}  // namespace sluice::cli
