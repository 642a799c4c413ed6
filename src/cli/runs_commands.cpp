#include "cli/follow.hpp"
#include "cli/progress.hpp"
#include "cli/table.hpp"

namespace sluice::cli {

namespace {

std::string run_path(const Context& context) {
    return "/api/v1/runs/" + encode(context.arguments.text("ID"));
}

std::string duration_of(const Json& row, std::string_view from, std::string_view to) {
    const auto start = base::parse_time(base::string_or(row, from, ""));
    const auto end = base::parse_time(base::string_or(row, to, ""));
    return start && end ? human_duration(*end - *start) : "-";
}

}  // namespace

Outcome<int> list_runs(Context& context) {
    auto most = whole_number(context, "limit", 50);
    if (!most) return stop(std::move(most.error()));
    auto server = context.connect();
    if (!server) return stop(std::move(server.error()));
    std::vector<std::pair<std::string, std::string>> query;
    if (context.arguments.has("status"))
        query.emplace_back("status", context.arguments.text("status"));
    if (context.arguments.has("flow")) {
        auto flow = flow_id(**server, context.arguments.text("flow"));
        if (!flow) return stop(std::move(flow.error()));
        query.emplace_back("flow", *flow);
    }
    for (auto [option, name] : {std::pair{"text", "q"}, {"since", "from"}, {"until", "to"}})
        if (context.arguments.has(option)) query.emplace_back(name, context.arguments.text(option));
    auto items = list_items(**server, "/api/v1/runs", std::move(query), *most);
    if (!items) return stop(std::move(items.error()));
    if (context.json()) {
        context.print_json(Json{{"items", std::move(*items)}});
        return exit_ok;
    }
    Table table({{"ID"},
                 {"FLOW"},
                 {"VERSION", true},
                 {"STATUS"},
                 {"CREATED"},
                 {"TIME", true},
                 {"STEPS", true},
                 {"COST", true}});
    for (const auto& run : *items) {
        const auto flow = run.value("flow", Json::object()),
                   totals = run.value("totals", Json::object());
        const auto cost = base::parse_usd(base::string_or(totals, "cost_usd", "0"));
        table.add({cell(run, "id"), cell(flow, "name"), cell(flow, "version"), cell(run, "status"),
                   human_time(run.value("created_at", Json())),
                   duration_of(run, "created_at", "finished_at"), cell(totals, "steps"),
                   cost ? human_cost(*cost) : "-"});
    }
    context.print(table.empty() ? "no runs; `sluice runs start FLOWNAME` starts one\n"
                                : table.render());
    return exit_ok;
}

Outcome<int> show_run(Context& context) {
    auto server = context.connect();
    if (!server) return stop(std::move(server.error()));
    auto printed = print_run(context, **server, context.arguments.text("ID"));
    if (!printed) return printed;
    return exit_ok;  // to show a failed run is no failure
}

Outcome<int> watch_run(Context& context) {
    auto server = context.connect();
    if (!server) return stop(std::move(server.error()));
    const auto id = context.arguments.text("ID");
    auto followed = follow_run(context, **server, id);
    if (!followed) return stop(std::move(followed.error()));
    if (!*followed) return tell_interrupted(context, **server, id);
    return print_run(context, **server, id);
}

Outcome<int> list_run_events(Context& context) {
    auto after = whole_number(context, "after", 0);
    if (!after) return stop(std::move(after.error()));
    auto server = context.connect();
    if (!server) return stop(std::move(server.error()));
    Json all = Json::array();
    constexpr std::size_t page_size = 1000;
    for (std::int64_t from = *after;;) {
        auto page = (*server)->get(
            run_path(context) + "/events",
            {{"after", fmt::format("{}", from)}, {"limit", fmt::format("{}", page_size)}});
        if (!page) return stop(std::move(page.error()));
        const auto* items = base::find_member(*page, "items");
        if (!items || !items->is_array() || items->empty()) break;
        const auto newest = items->back().value("seq", std::int64_t{0});
        for (const auto& event : *items) {
            if (context.json()) {
                all.push_back(event);
                continue;
            }
            auto line = fmt::format("{:>6}  {}  {:<20} {}", cell(event, "seq"),
                                    human_time(event.value("at", Json())), cell(event, "kind"),
                                    base::string_or(event, "path", ""));
            if (event.value("attempt", 0) > 1)
                line += fmt::format(" (attempt {})", event["attempt"].get<int>());
            if (const auto* data = base::find_member(event, "data"); data && !data->is_null())
                line += "  " + base::dump_json(*data);
            context.print(line + "\n");
        }
        if (items->size() < page_size || newest <= from) break;
        from = newest;
    }
    if (context.json()) context.print_json(Json{{"items", std::move(all)}});
    return exit_ok;
}

Outcome<int> list_run_steps(Context& context) {
    auto server = context.connect();
    if (!server) return stop(std::move(server.error()));
    Json all = Json::array();
    constexpr std::size_t page_size = 5000;
    for (std::size_t offset = 0;; offset += page_size) {
        auto page = (*server)->get(
            run_path(context) + "/steps",
            {{"limit", fmt::format("{}", page_size)}, {"offset", fmt::format("{}", offset)}});
        if (!page) return stop(std::move(page.error()));
        const auto* items = base::find_member(*page, "items");
        if (!items || !items->is_array()) break;
        for (const auto& step : *items) all.push_back(step);
        if (items->size() < page_size) break;
    }
    if (context.json()) {
        context.print_json(Json{{"items", std::move(all)}});
        return exit_ok;
    }
    Table table({{"STEP"},
                 {"TYPE"},
                 {"STATUS"},
                 {"TRIES", true},
                 {"TIME", true},
                 {"TOKENS", true},
                 {"COST", true},
                 {"ERROR"}});
    for (const auto& step : all) {
        const auto usage = step.value("usage", Json::object()),
                   error = step.value("error", Json::object());
        const auto tokens = usage.value("input_tokens", std::int64_t{0}) +
                            usage.value("output_tokens", std::int64_t{0});
        const auto cost = base::parse_usd(base::string_or(usage, "cost_usd", "0"));
        table.add({cell(step, "path"), cell(step, "type"), cell(step, "status"),
                   cell(step, "attempts"), duration_of(step, "started_at", "finished_at"),
                   tokens > 0 ? grouped(tokens) : "-", cost ? human_cost(*cost) : "-",
                   error.is_object() ? base::string_or(error, "message", "") : ""});
    }
    context.print(table.empty() ? "no steps yet\n" : table.render());
    return exit_ok;
}

Outcome<int> show_run_output(Context& context) {
    auto server = context.connect();
    if (!server) return stop(std::move(server.error()));
    if (context.arguments.has("file") || context.arguments.has("step")) {
        std::string path = run_path(context) + "/output";
        if (context.arguments.has("step"))
            path = run_path(context) + "/steps/" + encode(context.arguments.text("step"));
        const Call call{"GET", std::move(path), {{"raw", "true"}}};
        return save(context, **server, call, context.arguments.text("file"));
    }
    auto run = (*server)->get(run_path(context));
    if (!run) return stop(std::move(run.error()));
    if (const auto* output = base::find_member(*run, "output")) {
        context.print_json(*output);
        return exit_ok;
    }
    return answer_no("run {} has no output: it is {}", cell(*run, "id"), cell(*run, "status"));
}

}  // namespace sluice::cli
