// `dead-letters`.

#include "cli/bulk.hpp"
#include "cli/follow.hpp"
#include "cli/table.hpp"

namespace sluice::cli {

namespace {

std::string letter_path(const Context& context) { return "/api/v1/dead-letters/" + encode(context.arguments.text("ID")); }

/// --flow, --code, --since and --until as the API's filter.
Outcome<Json> filter_of(const Context& context, Connection& server) {
    Json filter = Json::object();
    if (context.arguments.has("flow")) {
        auto flow = flow_id(server, context.arguments.text("flow"));
        if (!flow) return stop(std::move(flow.error()));
        filter["flow"] = *flow;
    }
    for (const char* name : {"code", "since", "until"})
        if (context.arguments.has(name)) filter[name] = context.arguments.text(name);
    return filter;
}

}  // namespace

Outcome<int> list_dead_letters(Context& context) {
    auto most = whole_number(context, "limit", 50);
    if (!most) return stop(std::move(most.error()));
    auto server = context.connect();
    if (!server) return stop(std::move(server.error()));
    auto filter = filter_of(context, **server);
    if (!filter) return stop(std::move(filter.error()));
    std::vector<std::pair<std::string, std::string>> query;
    for (const auto& [key, value] : filter->items()) query.emplace_back(key, value.get<std::string>());
    const auto state = context.arguments.text("state", "open");
    if (state != "all") query.emplace_back("state", state);
    auto items = list_items(**server, "/api/v1/dead-letters", std::move(query), *most);
    if (!items) return stop(std::move(items.error()));
    if (context.json()) {
        context.print_json(Json{{"items", std::move(*items)}});
        return exit_ok;
    }
    Table table({{"ID"}, {"FLOW"}, {"STEP"}, {"CODE"}, {"TRIES", true}, {"STATE"}, {"CREATED"}, {"RUN"}, {"ERROR"}});
    for (const auto& letter : *items) {
        const auto error = letter.value("error", Json::object());
        table.add({cell(letter, "id"), cell(letter.value("flow", Json::object()), "name"), cell(letter, "step"), cell(error, "code"),
                   cell(letter, "attempts"), cell(letter, "state"), human_time(letter.value("created_at", Json())), cell(letter, "run_id"),
                   base::string_or(error, "message", "")});
    }
    context.print(table.empty() ? "no dead letters\n" : table.render());
    return exit_ok;
}

Outcome<int> show_dead_letter(Context& context) {
    auto server = context.connect();
    if (!server) return stop(std::move(server.error()));
    auto letter = (*server)->get(letter_path(context));
    if (!letter) return stop(std::move(letter.error()));
    if (context.json()) {
        context.print_json(*letter);
        return exit_ok;
    }
    const auto error = letter->value("error", Json::object()), flow = letter->value("flow", Json::object());
    context.print(fmt::format("{}  {}\nflow {} version {}, run {}, step {}\n{}: {}\n", cell(*letter, "id"), cell(*letter, "state"),
                              cell(flow, "name"), cell(flow, "version"), cell(*letter, "run_id"), cell(*letter, "step"),
                              cell(error, "code"), base::string_or(error, "message", "")));
    if (const auto reason = base::string_or(*letter, "reason", ""); !reason.empty())
        context.print(fmt::format("{} by {}\n", reason, cell(*letter, "decided_by")));
    for (const auto& entry : letter->value("history", Json::array())) {
        const auto cause = entry.value("error", Json::object());
        context.print(fmt::format("  {}  {:<20} attempt {}  {}\n", human_time(entry.value("at", Json())), cell(entry, "kind"),
                                  cell(entry, "attempt"), base::string_or(cause, "message", "")));
    }
    context.print("\ninput:\n" + base::dump_json_pretty(letter->value("input", Json())));
    return exit_ok;
}

Outcome<int> redrive_dead_letter(Context& context) {
    Json body = Json::object();
    if (context.arguments.has("input")) {
        auto input = context.json_argument("input");
        if (!input) return stop(std::move(input.error()));
        body["input"] = std::move(*input);
    }
    if (const auto version = context.arguments.text("version"); version == "live") {
        body["version"] = "live";
    } else if (!version.empty()) {
        auto number = whole_number(context, "version", 0);
        if (!number) return stop(std::move(number.error()));
        body["version"] = *number;
    }
    auto server = context.connect();
    if (!server) return stop(std::move(server.error()));
    auto redriven = (*server)->post(letter_path(context) + "/redrive", body);
    if (!redriven) return stop(std::move(redriven.error()));
    if (context.json()) context.print_json(*redriven);
    else context.print(fmt::format("run {} goes on\n", cell(*redriven, "run_id")));
    return exit_ok;
}

Outcome<int> discard_dead_letter(Context& context) {
    auto server = context.connect();
    if (!server) return stop(std::move(server.error()));
    auto letter = (*server)->post(letter_path(context) + "/discard", Json{{"reason", context.arguments.text("reason")}});
    if (!letter) return stop(std::move(letter.error()));
    if (context.json()) context.print_json(*letter);
    else context.print(fmt::format("{} discarded\n", cell(*letter, "id")));
    return exit_ok;
}

Outcome<int> redrive_dead_letters(Context& context) {
    auto body = bulk_pace(context);
    if (!body) return stop(std::move(body.error()));
    auto server = context.connect();
    if (!server) return stop(std::move(server.error()));
    auto filter = filter_of(context, **server);
    if (!filter) return stop(std::move(filter.error()));
    (*body)["filter"] = std::move(*filter);
    return begin_bulk(context, **server, "/api/v1/dead-letters/redrive", *body, "dead letters");
}

}  // namespace sluice::cli
