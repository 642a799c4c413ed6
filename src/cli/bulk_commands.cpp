// `bulk`, and what is done to many runs at once.

#include <charconv>

#include "cli/bulk.hpp"
#include "cli/follow.hpp"
#include "cli/table.hpp"

namespace sluice::cli {

namespace {

std::string bulk_path(std::string_view id) { return "/api/v1/bulk-actions/" + encode(std::string(id)); }

Outcome<double> number_option(const Context& context, std::string_view name, double fallback) {
    if (!context.arguments.has(name)) return fallback;
    const auto text = context.arguments.text(name);
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return wrong_use("--{} {} is no number", name, text);
    return value;
}

std::string progress_of(const Json& action) {
    return fmt::format("{}  {}  {} of {} done, {} failed", cell(action, "id"), cell(action, "state"), cell(action, "done"),
                       cell(action, "total"), cell(action, "failed"));
}

int tell_bulk(const Context& context, const Json& action) {
    if (context.json()) {
        context.print_json(action);
        return exit_ok;
    }
    context.print(progress_of(action) + "\n");
    if (const auto reason = base::string_or(action, "reason", ""); !reason.empty()) context.print("  " + reason + "\n");
    if (const auto run = base::string_or(action, "canary_run_id", ""); !run.empty()) context.print("  awaits the canary " + run + "\n");
    for (const auto& item : action.value("failures", Json::array()))
        context.print(fmt::format("  {}: {}\n", cell(item, "id"), base::string_or(item.value("error", Json::object()), "message", "")));
    return exit_ok;
}

/// Looks at the action until it has ended, telling of each change; then tells all of it.
Outcome<int> follow_bulk(Context& context, Connection& server, const std::string& id) {
    std::string told;
    while (true) {
        auto action = server.get(bulk_path(id), {{"wait", told.empty() ? "0s" : "1s"}});
        if (!action) return stop(std::move(action.error()));
        const auto state = base::string_or(*action, "state", "");
        if (state != "running") {
            tell_bulk(context, *action);
            return state == "done" && action->value("failed", std::int64_t{0}) == 0 ? exit_ok : exit_no;
        }
        const auto line = progress_of(*action);
        if (!context.json() && line != told) context.note(line + "\n");
        told = line;
    }
}

/// The filter of runs as the API's.
Outcome<Json> runs_filter(const Context& context, Connection& server) {
    Json filter = Json::object();
    if (context.arguments.has("flow")) {
        auto flow = flow_id(server, context.arguments.text("flow"));
        if (!flow) return stop(std::move(flow.error()));
        filter["flow"] = *flow;
    }
    for (const char* name : {"project", "code", "since", "until", "trigger", "parent"})
        if (context.arguments.has(name)) filter[name] = context.arguments.text(name);
    if (context.arguments.has("text")) filter["q"] = context.arguments.text("text");
    if (context.arguments.has("of-version")) {
        auto version = whole_number(context, "of-version", 0);
        if (!version) return stop(std::move(version.error()));
        filter["version"] = *version;
    }
    if (context.arguments.has("status")) {
        filter["status"] = Json::array();
        for (const auto& status : context.arguments.list("status")) filter["status"].push_back(status);
    }
    return filter;
}

Outcome<int> act_on_runs(Context& context, std::string_view action, Json more) {
    auto body = bulk_pace(context);
    if (!body) return stop(std::move(body.error()));
    body->update(more);
    (*body)["action"] = action;
    auto server = context.connect();
    if (!server) return stop(std::move(server.error()));
    auto filter = runs_filter(context, **server);
    if (!filter) return stop(std::move(filter.error()));
    (*body)["filter"] = std::move(*filter);
    return begin_bulk(context, **server, "/api/v1/runs/bulk", *body, "runs");
}

Json with_reason(const Context& context) {
    Json more = Json::object();
    if (context.arguments.has("reason")) more["reason"] = context.arguments.text("reason");
    return more;
}

}  // namespace

Outcome<Json> bulk_pace(const Context& context) {
    auto rate = number_option(context, "rate", 5);
    if (!rate) return stop(std::move(rate.error()));
    auto canary = whole_number(context, "canary", 1);
    if (!canary) return stop(std::move(canary.error()));
    Json body = {{"rate_per_second", *rate}, {"canary", *canary}};
    if (context.arguments.has("dry-run")) body["dry_run"] = true;
    return body;
}

Outcome<int> begin_bulk(Context& context, Connection& server, const std::string& path, const Json& body, std::string_view what) {
    auto answer = server.post(path, body);
    if (!answer) return stop(std::move(answer.error()));
    if (!body.contains("dry_run")) {
        const auto id = base::string_or(*answer, "id", "");
        // Without a server of its own the action would stop with this command: it is followed.
        if (context.arguments.has("wait") || server.way() == Connection::Way::in_process) return follow_bulk(context, server, id);
        tell_bulk(context, *answer);
        if (!context.json()) context.note(fmt::format("`sluice bulk watch {}` follows it, `sluice bulk cancel {}` ends it\n", id, id));
        return exit_ok;
    }
    if (context.json()) {
        context.print_json(*answer);
        return exit_ok;
    }
    context.print(fmt::format("{} {} match\n", cell(*answer, "total"), what));
    for (const auto& id : answer->value("first", Json::array())) context.print("  " + id.get<std::string>() + "\n");
    return exit_ok;
}

Outcome<int> retry_runs(Context& context) { return act_on_runs(context, "retry", with_reason(context)); }

Outcome<int> cancel_runs(Context& context) { return act_on_runs(context, "cancel", with_reason(context)); }

Outcome<int> rerun_runs(Context& context) {
    Json more = Json::object();
    if (context.arguments.has("from")) more["from"] = context.arguments.text("from");
    if (context.arguments.has("input")) {
        auto input = context.json_argument("input");
        if (!input) return stop(std::move(input.error()));
        more["input"] = std::move(*input);
    }
    if (const auto version = context.arguments.text("version"); version == "live" || version == "recorded") {
        more["version"] = version;
    } else if (!version.empty()) {
        auto number = whole_number(context, "version", 0);
        if (!number) return wrong_use("--version is a number, \"live\" or \"recorded\", not {}", version);
        more["version"] = *number;
    }
    return act_on_runs(context, "rerun", std::move(more));
}

Outcome<int> list_bulk_actions(Context& context) {
    auto server = context.connect();
    if (!server) return stop(std::move(server.error()));
    auto items = list_items(**server, "/api/v1/bulk-actions", {}, 50);
    if (!items) return stop(std::move(items.error()));
    if (context.json()) {
        context.print_json(Json{{"items", std::move(*items)}});
        return exit_ok;
    }
    Table table({{"ID"}, {"KIND"}, {"STATE"}, {"TOTAL", true}, {"DONE", true}, {"FAILED", true}, {"CREATED"}, {"REASON"}});
    for (const auto& action : *items)
        table.add({cell(action, "id"), cell(action, "kind"), cell(action, "state"), cell(action, "total"), cell(action, "done"),
                   cell(action, "failed"), human_time(action.value("created_at", Json())), base::string_or(action, "reason", "")});
    context.print(table.empty() ? "no bulk actions\n" : table.render());
    return exit_ok;
}

Outcome<int> show_bulk_action(Context& context) {
    auto server = context.connect();
    if (!server) return stop(std::move(server.error()));
    auto action = (*server)->get(bulk_path(context.arguments.text("ID")));
    if (!action) return stop(std::move(action.error()));
    return tell_bulk(context, *action);
}

Outcome<int> watch_bulk_action(Context& context) {
    auto server = context.connect();
    if (!server) return stop(std::move(server.error()));
    return follow_bulk(context, **server, context.arguments.text("ID"));
}

Outcome<int> list_bulk_items(Context& context) {
    auto most = whole_number(context, "limit", 50);
    if (!most) return stop(std::move(most.error()));
    auto server = context.connect();
    if (!server) return stop(std::move(server.error()));
    std::vector<std::pair<std::string, std::string>> query;
    if (context.arguments.has("failed")) query.emplace_back("result", "failed");
    auto items = list_items(**server, bulk_path(context.arguments.text("ID")) + "/items", std::move(query), *most);
    if (!items) return stop(std::move(items.error()));
    if (context.json()) {
        context.print_json(Json{{"items", std::move(*items)}});
        return exit_ok;
    }
    Table table({{"OBJECT"}, {"RESULT"}, {"RUN"}, {"STATUS"}, {"AT"}, {"ERROR"}});
    for (const auto& item : *items)
        table.add({cell(item, "id"), cell(item, "result"), cell(item, "run_id"), cell(item, "run_status"),
                   human_time(item.value("at", Json())), base::string_or(item.value("error", Json::object()), "message", "")});
    context.print(table.empty() ? "nothing was dealt with yet\n" : table.render());
    return exit_ok;
}

Outcome<int> cancel_bulk_action(Context& context) {
    auto server = context.connect();
    if (!server) return stop(std::move(server.error()));
    auto action = (*server)->post(bulk_path(context.arguments.text("ID")) + "/cancel", Json::object());
    if (!action) return stop(std::move(action.error()));
    return tell_bulk(context, *action);
}

}  // namespace sluice::cli
