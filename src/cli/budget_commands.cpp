// Budgets and what calls of models cost.

#include <algorithm>

#include "cli/command.hpp"
#include "cli/follow.hpp"
#include "cli/lists.hpp"
#include "cli/table.hpp"
#include "sluice/base/clock.hpp"

namespace sluice::cli {

namespace {

constexpr std::int64_t most_budgets = 10'000;

std::string dollars(const Json& object, std::string_view member) {
    const auto text = base::string_or(object, member, "");
    return text.empty() ? "-" : "$" + text;
}

std::string scope_of(const Json& budget) {
    const Json& scope = budget["scope"];
    const auto id = base::string_or(scope, "id", "");
    return base::string_or(scope, "type", "") + (id.empty() ? "" : " " + id);
}

int print_budget(Context& context, const Json& b, std::string_view done) {
    if (context.json()) {
        context.print_json(b);
        return exit_ok;
    }
    if (!done.empty()) context.note(fmt::format("{}\n", done));
    std::string raise, unknown;
    if (const Json& raised = b["raise"]; raised.is_object())
        raise = fmt::format("raise     {} until {}\n", dollars(raised, "amount_usd"), human_time(raised["until"]));
    if (base::string_or(b, "unknown_usd", "0") != "0")
        unknown = fmt::format("unknown   {} of that; see `sluice budgets unknown {}`\n", dollars(b, "unknown_usd"), cell(b, "id"));
    std::string asks;
    if (b.value("needs_approval", false))
        asks = fmt::format("approval  calls were refused and wait for one: `sluice budgets raise {} --by … --for 1h --reason …`\n", cell(b, "id"));
    std::string alerts;
    for (const auto& percent : b["alerts"]) alerts += fmt::format("{}{}%", alerts.empty() ? "" : ", ", percent.get<int>());
    context.print(fmt::format("{}\nscope     {}\nwindow    {} ({})\nlimit     {}{}\naction    {}{}\n{}alerts    {}\n"
                              "spent     {}\n{}held      {}\nleft      {}\n{}resets    {}\n",
                              cell(b, "id"), scope_of(b), cell(b, "window"), cell(b, "time_zone"), dollars(b, "limit_usd"),
                              b.value("carry_over", false) ? ", what is left is carried over" : "", cell(b, "action"),
                              b["downgrade_to"].is_null() ? "" : " to " + cell(b, "downgrade_to"), raise, alerts.empty() ? "none" : alerts,
                              dollars(b, "spent_usd"), unknown, dollars(b, "held_usd"), dollars(b, "left_usd"), asks,
                              b["resets_at"].is_null() ? "never" : human_time(b["resets_at"])));
    return exit_ok;
}

std::string path_of(const Context& context) { return "/api/v1/budgets/" + encode(context.arguments.text("ID")); }

/// The terms that the options name. Failure: exit_usage.
Outcome<Json> terms_of(const Context& context) {
    const Arguments& given = context.arguments;
    Json terms = Json::object();
    if (given.has("limit")) terms["limit_usd"] = given.text("limit");
    if (given.has("action")) terms["action"] = given.text("action");
    if (given.has("downgrade-to")) {
        terms["downgrade_to"] = given.text("downgrade-to");
        if (!given.has("action")) terms["action"] = "downgrade";
    }
    if (given.has("time-zone")) terms["time_zone"] = given.text("time-zone");
    if (given.has("carry-over")) terms["carry_over"] = true;
    if (given.has("no-carry-over")) terms["carry_over"] = false;
    if (given.has("alerts")) {
        Json alerts = Json::array();
        for (const auto& text : split(given.text("alerts"))) {
            const auto& word = text.get_ref<const std::string&>();
            if (word == "none") continue;
            const bool number = word.size() <= 4 && std::all_of(word.begin(), word.end(), [](char c) { return c >= '0' && c <= '9'; });
            if (!number) return wrong_use("--alerts {} is no list of percents such as 50,80,100", given.text("alerts"));
            alerts.push_back(std::stoi(word));
        }
        terms["alerts"] = std::move(alerts);
    }
    return terms;
}

/// `--from`, `--to` and the other filters as a query.
std::vector<std::pair<std::string, std::string>> spend_query(const Context& context) {
    std::vector<std::pair<std::string, std::string>> query;
    for (const auto& [option, name] : {std::pair{"from", "from"}, {"to", "to"}, {"project", "project"}, {"flow", "flow"}, {"agent", "agent"},
                                       {"model", "model"}, {"provider", "provider"}, {"api-key", "api_key"}, {"user", "user"}, {"run", "run"},
                                       {"status", "status"}})
        if (auto value = context.arguments.text(option); !value.empty()) query.emplace_back(name, std::move(value));
    return query;
}

Outcome<int> list_calls(Context& context, Connection& server) {
    auto most = whole_number(context, "limit", 50);
    if (!most) return stop(std::move(most.error()));
    auto items = list_items(server, "/api/v1/spend", spend_query(context), *most);
    if (!items) return stop(std::move(items.error()));
    if (context.json()) {
        context.print_json(Json{{"items", std::move(*items)}});
        return exit_ok;
    }
    Table table({{"AT"}, {"MODEL"}, {"STATUS"}, {"COST", true}, {"IN", true}, {"OUT", true}, {"FROM"}, {"PROJECT"}});
    for (const auto& row : *items) {
        const Json& usage = row["usage"];
        const auto in = usage.value("input_uncached", std::int64_t{0}) + usage.value("cache_read", std::int64_t{0}) +
                        usage.value("cache_write_5m", std::int64_t{0}) + usage.value("cache_write_1h", std::int64_t{0});
        const auto out = usage.value("output_visible", std::int64_t{0}) + usage.value("output_reasoning", std::int64_t{0});
        table.add({human_time(row["at"]), cell(row, "model"), cell(row, "status"), dollars(row, "cost_usd"), grouped(in), grouped(out),
                   cell(row, "door"), cell(row, "project")});
    }
    context.print(table.empty() ? "no calls\n" : table.render());
    return exit_ok;
}

}  // namespace

Outcome<int> list_budgets(Context& context) {
    auto server = context.connect();
    if (!server) return stop(std::move(server.error()));
    auto items = list_items(**server, "/api/v1/budgets", {}, most_budgets);
    if (!items) return stop(std::move(items.error()));
    if (context.json()) {
        context.print_json(Json{{"items", std::move(*items)}});
        return exit_ok;
    }
    Table table({{"ID"}, {"SCOPE"}, {"WINDOW"}, {"LIMIT", true}, {"SPENT", true}, {"HELD", true}, {"LEFT", true}, {"ACTION"}, {"RESETS"}});
    for (const auto& b : *items)
        table.add({cell(b, "id"), scope_of(b), cell(b, "window"), dollars(b, "present_limit_usd"), dollars(b, "spent_usd"),
                   dollars(b, "held_usd"), dollars(b, "left_usd"), b.value("needs_approval", false) ? "approval needed" : cell(b, "action"), b["resets_at"].is_null() ? "never" : human_time(b["resets_at"])});
    context.print(table.empty() ? "no budgets; `sluice budgets create --limit 10 --window month` makes one for the workspace\n" : table.render());
    return exit_ok;
}

Outcome<int> create_budget(Context& context) {
    auto terms = terms_of(context);
    if (!terms) return stop(std::move(terms.error()));
    const auto scope = context.arguments.text("scope", "workspace");
    const auto colon = scope.find(':');
    (*terms)["scope"] = {{"type", scope.substr(0, colon)}, {"id", colon == std::string::npos ? std::string() : scope.substr(colon + 1)}};
    (*terms)["window"] = context.arguments.text("window");
    auto server = context.connect();
    if (!server) return stop(std::move(server.error()));
    auto made = (*server)->post("/api/v1/budgets", *terms);
    if (!made) return stop(std::move(made.error()));
    return print_budget(context, *made, "made");
}

Outcome<int> show_budget(Context& context) {
    auto server = context.connect();
    if (!server) return stop(std::move(server.error()));
    auto budget = (*server)->get(path_of(context));
    if (!budget) return stop(std::move(budget.error()));
    print_budget(context, *budget, "");
    if (context.json()) return exit_ok;
    auto forecast = (*server)->get(path_of(context) + "/forecast");
    if (!forecast) return stop(std::move(forecast.error()));
    if (!(*forecast)["projected_usd"].is_null()) context.print(fmt::format("forecast  {} by then\n", dollars(*forecast, "projected_usd")));
    if (!(*forecast)["exceeds_at"].is_null()) context.print(fmt::format("used up   {}\n", human_time((*forecast)["exceeds_at"])));
    return exit_ok;
}

Outcome<int> edit_budget(Context& context) {
    auto terms = terms_of(context);
    if (!terms) return stop(std::move(terms.error()));
    if (terms->empty()) return wrong_use("say what shall change: --limit, --action, --alerts, --time-zone, --carry-over");
    auto server = context.connect();
    if (!server) return stop(std::move(server.error()));
    auto changed = (*server)->json(Call{"PUT", path_of(context), {}, base::dump_json(*terms)});
    if (!changed) return stop(std::move(changed.error()));
    return print_budget(context, *changed, "changed");
}

Outcome<int> raise_budget(Context& context) {
    auto until = context.arguments.text("until");
    if (until.empty() == context.arguments.text("for").empty()) return wrong_use("say how long: --until TIME or --for DURATION");
    if (until.empty()) {
        const auto duration = base::parse_duration(context.arguments.text("for"));
        if (!duration) return wrong_use("--for: {}", duration.error().message);
        until = base::format_time(base::SystemClock().now() + *duration);
    }
    auto server = context.connect();
    if (!server) return stop(std::move(server.error()));
    auto raised = (*server)->post(path_of(context) + "/raise", Json{{"amount_usd", context.arguments.text("by")},
                                                                    {"until", until},
                                                                    {"reason", context.arguments.text("reason")}});
    if (!raised) return stop(std::move(raised.error()));
    return print_budget(context, *raised, "raised");
}

Outcome<int> delete_budget(Context& context) { return delete_object(context, path_of(context), "ID"); }

Outcome<int> list_unknown_spend(Context& context) {
    auto server = context.connect();
    if (!server) return stop(std::move(server.error()));
    std::vector<std::string> budgets;
    if (context.arguments.has("ID")) {
        budgets.push_back(context.arguments.text("ID"));
    } else {
        auto all = list_items(**server, "/api/v1/budgets", {}, most_budgets);
        if (!all) return stop(std::move(all.error()));
        for (const auto& budget : *all) budgets.push_back(cell(budget, "id"));
    }
    Json items = Json::array();
    for (const auto& id : budgets) {
        auto of_budget = (*server)->get("/api/v1/budgets/" + encode(id) + "/unknown");
        if (!of_budget) return stop(std::move(of_budget.error()));
        for (auto& entry : (*of_budget)["items"])
            if (context.arguments.has("all") || entry["resolved_usd"].is_null()) items.push_back(std::move(entry));
    }
    if (context.json()) {
        context.print_json(Json{{"items", std::move(items)}});
        return exit_ok;
    }
    Table table({{"ID"}, {"BUDGET"}, {"FOUND"}, {"AMOUNT", true}, {"WAS", true}, {"REASON"}});
    for (const auto& entry : items)
        table.add({cell(entry, "id"), cell(entry, "budget_id"), human_time(entry["at"]), dollars(entry, "amount_usd"),
                   entry["resolved_usd"].is_null() ? "open" : dollars(entry, "resolved_usd"), cell(entry, "reason")});
    context.print(table.empty() ? "nothing is open\n" : table.render());
    return exit_ok;
}

Outcome<int> resolve_unknown_spend(Context& context) {
    auto server = context.connect();
    if (!server) return stop(std::move(server.error()));
    auto done = (*server)->post("/api/v1/budgets/unknown/" + encode(context.arguments.text("ID")) + "/resolve",
                                Json{{"cost_usd", context.arguments.text("cost")}, {"reason", context.arguments.text("reason")}});
    if (!done) return stop(std::move(done.error()));
    if (context.json()) context.print_json(*done);
    else context.print(fmt::format("{} was {} of {}\n", cell(*done, "id"), dollars(*done, "resolved_usd"), dollars(*done, "amount_usd")));
    return exit_ok;
}

Outcome<int> show_spend(Context& context) {
    auto server = context.connect();
    if (!server) return stop(std::move(server.error()));
    if (context.arguments.has("csv")) {
        const Call call{"GET", "/api/v1/spend/export", spend_query(context)};
        return save(context, **server, call, context.arguments.text("output"));
    }
    if (context.arguments.has("calls")) return list_calls(context, **server);
    auto query = spend_query(context);
    const auto by = context.arguments.text("by", "model");
    query.emplace_back("by", by);
    auto sums = (*server)->get("/api/v1/spend/summary", std::move(query));
    if (!sums) return stop(std::move(sums.error()));
    if (context.json()) {
        context.print_json(*sums);
        return exit_ok;
    }
    auto title = by;
    for (char& c : title) c = c == '_' ? ' ' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    Table table({{title}, {"COST", true}, {"CALLS", true}, {"FAILED", true}, {"INPUT", true}, {"CACHED", true}, {"OUTPUT", true}});
    const auto add = [&](const Json& sum, const std::string& name) {
        table.add({name, dollars(sum, "cost_usd"), grouped(sum["calls"].get<std::int64_t>()), grouped(sum["failed"].get<std::int64_t>()),
                   grouped(sum["input_tokens"].get<std::int64_t>()), grouped(sum["cached_tokens"].get<std::int64_t>()),
                   grouped(sum["output_tokens"].get<std::int64_t>())});
    };
    for (const auto& sum : (*sums)["items"]) {
        const auto key = base::string_or(sum, "key", "");
        add(sum, key.empty() ? "(none)" : by == "day" || by == "hour" ? human_time(sum["key"]) : key);
    }
    if (table.empty()) {
        context.print(fmt::format("no calls from {} to {}\n", human_time((*sums)["from"]), human_time((*sums)["to"])));
        return exit_ok;
    }
    if ((*sums)["total"].is_object()) add((*sums)["total"], "total");
    context.print(table.render());
    return exit_ok;
}

}  // namespace sluice::cli
