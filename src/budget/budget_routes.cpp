// REST of budgets.

#include "budget/budget_routes.hpp"

#include <algorithm>
#include <span>

#include "sluice/net/server.hpp"
#include "sluice/net/tagged.hpp"
#include "sluice/storage/write_unit.hpp"

namespace sluice::budget {

namespace {

using net::json_response;
using net::problem;
using net::Request;
using net::Response;
using net::Route;
using net::Verb;
using Wide = __int128;

#define SCOPE_TYPES R"json(["instance", "workspace", "project", "agent", "flow", "run", "session", "api_key", "user", "model", "tag"])json"
#define WINDOWS R"json(["hour", "day", "week", "month", "total"])json"
#define ACTIONS R"json(["block", "require_approval", "downgrade", "warn"])json"
#define AMOUNT R"json({"type": ["string", "number"], "description": "USD, a decimal with at most nine places, without an exponent"})json"
#define BUDGET_TERMS                                                                                                                  \
    R"json("limit_usd": )json" AMOUNT R"json(, "action": {"enum": )json" ACTIONS                                                       \
    R"json(, "description": "What happens to a call that does not fit; default block"},
        "downgrade_to": {"type": "string", "maxLength": 200, "description": "The model of the action downgrade"},
        "time_zone": {"type": "string", "minLength": 1, "maxLength": 64, "description": "IANA; default UTC"},
        "carry_over": {"type": "boolean", "description": "Whether what a period leaves is added to the next one's limit, once"},
        "alerts": {"type": "array", "maxItems": 20, "items": {"type": "integer", "minimum": 1, "maximum": 1000},
                   "description": "Percents of the limit at which an event budget.threshold is written, ascending; default 50, 80, 100"})json"
#define BUDGET_SCOPE                                                                                                                  \
    R"json({"type": "object", "required": ["type"], "additionalProperties": false, "properties": {
        "type": {"enum": )json" SCOPE_TYPES R"json(}, "id": {"type": "string", "maxLength": 200,
        "description": "A name (project, agent, flow, model, tag, session) or an id (run, api_key, user); empty for instance and workspace"}}})json"

struct Schema {
    std::string_view name, json;
};
constexpr Schema schemas[] = {
    {"Budget", R"json({"type": "object", "required": ["id", "scope", "window", "limit_usd", "action", "spent_usd", "held_usd", "left_usd"], "properties": {
        "id": {"type": "string"}, "scope": {"type": "object", "properties": {"type": {"type": "string"}, "id": {"type": "string"}}},
        "window": {"type": "string"}, "limit_usd": {"type": "string", "description": "As it was set"}, "action": {"type": "string"},
        "downgrade_to": {"type": ["string", "null"]}, "time_zone": {"type": "string"}, "carry_over": {"type": "boolean"},
        "alerts": {"type": "array", "items": {"type": "integer"}},
        "raise": {"type": ["object", "null"], "properties": {"amount_usd": {"type": "string"}, "until": {"type": "string"}}},
        "period_start": {"type": "string"}, "resets_at": {"type": ["string", "null"], "description": "Null: never"},
        "present_limit_usd": {"type": "string", "description": "With what was carried over and a raise"},
        "spent_usd": {"type": "string", "description": "Settled in this period, with unknown_usd"},
        "held_usd": {"type": "string", "description": "By calls under way"},
        "left_usd": {"type": "string", "description": "Below 0 when more was spent than is allowed now"},
        "unknown_usd": {"type": "string", "description": "Of spent_usd: what a crash left open, see GET /api/v1/budgets/{id}/unknown"},
        "exceeded": {"type": "boolean", "description": "A call did not fit since the period began, or since the budget was changed or raised last"},
        "needs_approval": {"type": "boolean", "description": "Of the action require_approval, when exceeded: somebody should raise or change the budget, or leave it"},
        "created_by": {"type": "string"}, "created_at": {"type": "string"}, "updated_at": {"type": "string"}}})json"},
    {"BudgetList", R"json({"type": "object", "required": ["items", "next_cursor"], "properties": {
        "items": {"type": "array", "items": {"$ref": "#/components/schemas/Budget"}}, "next_cursor": {"type": ["string", "null"]}}})json"},
    {"NewBudget", R"json({"type": "object", "required": ["scope", "window", "limit_usd"], "additionalProperties": false, "properties": {
        "scope": )json" BUDGET_SCOPE R"json(, "window": {"enum": )json" WINDOWS R"json(}, )json" BUDGET_TERMS "}}"},
    {"BudgetChange", R"json({"type": "object", "additionalProperties": false, "properties": {
        "scope": )json" BUDGET_SCOPE R"json(, "window": {"enum": )json" WINDOWS R"json(}, )json" BUDGET_TERMS "}}"},
    {"BudgetRaise", R"json({"type": "object", "required": ["amount_usd", "until", "reason"], "additionalProperties": false, "properties": {
        "amount_usd": )json" AMOUNT R"json(, "until": {"type": "string", "description": "RFC 3339"},
        "reason": {"type": "string", "minLength": 1, "maxLength": 1000, "description": "For the audit trail"}}})json"},
    {"UnknownSpend", R"json({"type": "object", "required": ["id", "budget_id", "amount_usd", "at"], "properties": {
        "id": {"type": "string"}, "budget_id": {"type": "string"}, "period_start": {"type": "string"},
        "at": {"type": "string", "description": "When the server found it, at its start"},
        "amount_usd": {"type": "string", "description": "Counted as spent"},
        "resolved_usd": {"type": ["string", "null"], "description": "What it really was; null: open"},
        "resolved_by": {"type": ["string", "null"]}, "reason": {"type": ["string", "null"]}}})json"},
    {"UnknownSpendList", R"json({"type": "object", "required": ["items", "next_cursor"], "properties": {
        "items": {"type": "array", "items": {"$ref": "#/components/schemas/UnknownSpend"}}, "next_cursor": {"type": "null"}}})json"},
    {"ResolveUnknown", R"json({"type": "object", "required": ["cost_usd", "reason"], "additionalProperties": false, "properties": {
        "cost_usd": )json" AMOUNT R"json(, "reason": {"type": "string", "minLength": 1, "maxLength": 1000, "description": "Where it is known from"}}})json"},
    {"BudgetForecast", R"json({"type": "object", "required": ["budget_id", "spent_usd", "limit_usd", "projected_usd"], "properties": {
        "budget_id": {"type": "string"}, "window": {"type": "string"}, "period_start": {"type": "string"},
        "resets_at": {"type": ["string", "null"]}, "limit_usd": {"type": "string"}, "spent_usd": {"type": "string"},
        "per_day_usd": {"type": ["string", "null"], "description": "Null: too early to say"},
        "projected_usd": {"type": ["string", "null"], "description": "At the end of the period, if it goes on like this; null: it has no end, or it is too early"},
        "exceeds_at": {"type": ["string", "null"], "description": "When the limit is reached then; null: not in this period"}}})json"},
};

Json time_or_null(const std::optional<Time>& time) { return time ? Json(base::format_time(*time)) : Json(); }
Json text_or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }

Json render(const Budget& b, const Budgets& budgets) {
    const auto standing = budgets.standing(b);
    Json raise;
    if (b.raised_by.value > 0) raise = {{"amount_usd", base::format_usd(b.raised_by)}, {"until", base::format_time(b.raised_until)}};
    return {{"id", b.id.str()},
            {"scope", {{"type", to_string(b.scope)}, {"id", b.scope_id}}},
            {"window", to_string(b.window)},
            {"limit_usd", base::format_usd(b.limit)},
            {"action", to_string(b.action)},
            {"downgrade_to", text_or_null(b.downgrade_to)},
            {"time_zone", b.time_zone},
            {"carry_over", b.carry_over},
            {"alerts", b.alerts},
            {"raise", std::move(raise)},
            {"period_start", base::format_time(standing.period_start)},
            {"resets_at", time_or_null(standing.resets_at)},
            {"present_limit_usd", base::format_usd(standing.limit)},
            {"spent_usd", base::format_usd(standing.spent)},
            {"held_usd", base::format_usd(standing.held)},
            {"left_usd", base::format_usd(standing.left())},
            {"unknown_usd", base::format_usd(standing.unknown)},
            {"exceeded", standing.exceeded},
            {"needs_approval", standing.exceeded && b.action == Action::require_approval},
            {"created_by", b.created_by},
            {"created_at", base::format_time(b.created_at)},
            {"updated_at", base::format_time(b.updated_at)}};
}

Json render(const UnknownEntry& entry) {
    return {{"id", entry.id.str()},
            {"budget_id", entry.budget.str()},
            {"period_start", base::format_time(entry.period_start)},
            {"at", base::format_time(entry.at)},
            {"amount_usd", base::format_usd(entry.amount)},
            {"resolved_usd", entry.resolved_to ? Json(base::format_usd(*entry.resolved_to)) : Json()},
            {"resolved_by", text_or_null(entry.resolved_by)},
            {"reason", text_or_null(entry.reason)}};
}

Response tagged(int status, const Budget& budget, const Budgets& budgets) {
    return net::tagged(status, render(budget, budgets), etag_of(budget));
}

/// The audit entry has what the budget was before, and the reason that was given.
AlsoCommit record(Request& request, Budgets& budgets, int status, std::string before = {}, std::string reason = {}) {
    return [&request, &budgets, status, before = std::move(before), reason = std::move(reason)](storage::WriteUnit& unit, const Budget& budget) {
        net::AuditNote note;
        note.target = budget.id.str();
        note.before = before;
        note.reason = reason;
        if (status == 204) return request.record(unit, {status, "", {}}, std::move(note));
        request.record(unit, {status, base::dump_json(render(budget, budgets)), etag_of(budget)}, std::move(note));
    };
}

tl::unexpected<Error> mistake(std::string pointer, std::string message) {
    std::string whole = fmt::format("{} {}", pointer, message);
    return fail(Error{ErrorCode::invalid_argument, std::move(whole), {{std::move(pointer), std::move(message)}}, false});
}

/// The terms in a body over those of `terms`; what is left out stays. The schema has judged the types.
Result<void> take_terms(const Json& body, NewBudget& terms) {
    if (body.contains("limit_usd")) {
        auto limit = amount_of(body, "limit_usd");
        if (!limit) return fail(std::move(limit.error()));
        terms.limit = *limit;
    }
    if (const Json* action = base::find_member(body, "action")) terms.action = *action_from(action->get<std::string>());
    if (body.contains("downgrade_to")) terms.downgrade_to = base::string_or(body, "downgrade_to", "");
    else if (terms.action != Action::downgrade) terms.downgrade_to.clear();
    terms.time_zone = base::string_or(body, "time_zone", terms.time_zone);
    if (const Json* carry = base::find_member(body, "carry_over")) terms.carry_over = carry->get<bool>();
    if (const Json* alerts = base::find_member(body, "alerts")) terms.alerts = alerts->get<std::vector<int>>();
    return {};
}

Result<Budget> find_budget(const Request& request, const Budgets& budgets) {
    auto id = request.id_parameter<BudgetId>();
    if (!id) return fail(std::move(id.error()));
    if (auto found = budgets.find(request.workspace(), *id, sees_instance(request))) return std::move(*found);
    return fail(ErrorCode::not_found, "there is no budget {}; GET /api/v1/budgets lists those that there are", id->str());
}

/// A key that has a budget of its own changes those of no key, its own least of all.
Result<Budget> find_to_change(const Request& request, const Budgets& budgets) {
    auto found = find_budget(request, budgets);
    const auto& who = request.principal;
    if (!found || found->scope != ScopeType::api_key || who.kind != Principal::Kind::api_key) return found;
    if (found->scope_id == who.id || !budgets.of_scope(request.workspace(), ScopeType::api_key, who.id).empty())
        return fail(ErrorCode::forbidden, "a key that has a budget of its own does not change the budgets of keys; ask whoever made it");
    return found;
}

Awaitable<Response> list_budgets(Request& request, Budgets& budgets) {
    const auto limit = request.query_integer("limit", 50, 1, 200);
    if (!limit) co_return problem(limit.error());
    std::optional<ScopeType> type;
    if (const auto text = request.query_value("scope_type"); text && !text->empty()) {
        type = scope_type_from(*text);
        if (!type) co_return problem({ErrorCode::invalid_argument, "?scope_type= is no type of scope, such as project or api_key", {}, false});
    }
    auto page = budgets.page(request.workspace(), sees_instance(request), type, request.query_value("scope_id").value_or(""),
                             static_cast<int>(*limit), request.query_value("cursor").value_or(""));
    if (!page) co_return problem(page.error());
    Json items = Json::array();
    for (const auto& budget : page->items) items.push_back(render(budget, budgets));
    const Json answer{{"items", std::move(items)}, {"next_cursor", text_or_null(page->next_cursor)}};
    co_return json_response(200, answer);
}

Awaitable<Response> create_budget(Request& request, Budgets& budgets) {
    const auto body = request.json();
    if (!body) co_return problem(body.error());
    NewBudget wanted;
    const Json& scope = body->at("scope");
    wanted.scope = *scope_type_from(scope.at("type").get<std::string>());
    wanted.scope_id = base::string_or(scope, "id", "");
    wanted.window = *window_from(body->at("window").get<std::string>());
    if (wanted.scope == ScopeType::instance && !sees_instance(request)) {
        const Error error{ErrorCode::forbidden, "a budget of the whole server is made by the owner of its machine alone: run "
                          "`sluice budgets create --scope instance` there", {}, false};
        co_return problem(error);
    }
    if (auto taken = take_terms(*body, wanted); !taken) co_return problem(taken.error());
    auto made = co_await budgets.create(request.workspace(), std::move(wanted), request.principal.id, record(request, budgets, 201));
    if (!made) co_return problem(made.error());
    auto response = tagged(201, *made, budgets);
    response.headers.set("Location", "/api/v1/budgets/" + made->id.str());
    co_return response;
}

Awaitable<Response> get_budget(Request& request, Budgets& budgets) {
    const auto found = find_budget(request, budgets);
    if (!found) co_return problem(found.error());
    co_return tagged(200, *found, budgets);
}

Awaitable<Response> edit_budget(Request& request, Budgets& budgets) {
    const auto found = find_to_change(request, budgets);
    if (!found) co_return problem(found.error());
    const auto body = request.json();
    if (!body) co_return problem(body.error());
    if (const Json* scope = base::find_member(*body, "scope");
        scope && (base::string_or(*scope, "type", "") != to_string(found->scope) || base::string_or(*scope, "id", "") != found->scope_id))
        co_return problem(mistake("/scope", "stays as it was made; make another budget for another scope").value());
    if (const Json* window = base::find_member(*body, "window"); window && *window != to_string(found->window))
        co_return problem(mistake("/window", "stays as it was made; make another budget for another window").value());
    NewBudget terms{found->scope, found->scope_id, found->window, found->limit, found->action, found->downgrade_to, found->time_zone,
                    found->carry_over, found->alerts};
    if (auto taken = take_terms(*body, terms); !taken) co_return problem(taken.error());
    std::string before = base::dump_json(render(*found, budgets));
    auto done = co_await budgets.edit(found->workspace, found->id, std::move(terms), net::if_match(request),
                                      record(request, budgets, 200, std::move(before)));
    if (!done) co_return problem(done.error());
    co_return tagged(200, *done, budgets);
}

Awaitable<Response> delete_budget(Request& request, Budgets& budgets) {
    const auto found = find_to_change(request, budgets);
    if (!found) co_return problem(found.error());
    std::string before = base::dump_json(render(*found, budgets));
    auto done = co_await budgets.remove(found->workspace, found->id, net::if_match(request), record(request, budgets, 204, std::move(before)));
    if (!done) co_return problem(done.error());
    co_return net::no_content();
}

Awaitable<Response> raise_budget(Request& request, Budgets& budgets) {
    const auto found = find_to_change(request, budgets);
    if (!found) co_return problem(found.error());
    const auto body = request.json();
    if (!body) co_return problem(body.error());
    const auto amount = amount_of(*body, "amount_usd");
    if (!amount) co_return problem(amount.error());
    const auto until = base::parse_time(base::string_or(*body, "until", ""));
    if (!until) co_return problem(mistake("/until", until.error().message).value());
    std::string before = base::dump_json(render(*found, budgets));
    auto done = co_await budgets.raise(found->workspace, found->id, *amount, *until,
                                       record(request, budgets, 200, std::move(before), base::string_or(*body, "reason", "")));
    if (!done) co_return problem(done.error());
    co_return tagged(200, *done, budgets);
}

Awaitable<Response> list_unknown(Request& request, Budgets& budgets) {
    const auto found = find_budget(request, budgets);
    if (!found) co_return problem(found.error());
    auto entries = co_await budgets.unknown(found->workspace, found->id);
    if (!entries) co_return problem(entries.error());
    Json items = Json::array();
    for (const auto& entry : *entries) items.push_back(render(entry));
    const Json answer{{"items", std::move(items)}, {"next_cursor", nullptr}};
    co_return json_response(200, answer);
}

Awaitable<Response> resolve_unknown(Request& request, Budgets& budgets) {
    const auto id = request.id_parameter<UnknownSpendId>("unknown_id");
    if (!id) co_return problem(id.error());
    const auto body = request.json();
    if (!body) co_return problem(body.error());
    const auto was = amount_of(*body, "cost_usd");
    if (!was) co_return problem(was.error());
    std::string reason = base::string_or(*body, "reason", "");
    std::function<void(storage::WriteUnit&, const UnknownEntry&)> also = [&request](storage::WriteUnit& unit, const UnknownEntry& entry) {
        net::AuditNote note;
        note.target = entry.id.str();
        note.reason = entry.reason;
        request.record(unit, {200, base::dump_json(render(entry)), {}}, std::move(note));
    };
    auto done = co_await budgets.resolve(request.workspace(), sees_instance(request), *id, *was, request.principal.id, std::move(reason),
                                         std::move(also));
    if (!done) co_return problem(done.error());
    co_return json_response(200, render(*done));
}

/// `amount` times `part` of `whole`, rounded to the nearest; at most what fits.
std::int64_t scaled(std::int64_t amount, std::int64_t part, std::int64_t whole) {
    // Microseconds of centuries times amounts of billions of dollars pass 128 bits; seconds do not.
    const Wide seconds = part / 1'000'000, of = std::max<std::int64_t>(1, whole / 1'000'000);
    return static_cast<std::int64_t>(std::clamp<Wide>((Wide(amount) * seconds + of / 2) / of, 0, INT64_MAX));
}

Awaitable<Response> forecast(Request& request, Budgets& budgets) {
    const auto found = find_budget(request, budgets);
    if (!found) co_return problem(found.error());
    const auto standing = budgets.standing(*found);
    const Time now = budgets.now(), since = std::max(standing.period_start, found->created_at);
    const auto elapsed = (now - since).count();
    Json per_day, projected, exceeds_at;
    if (standing.spent >= standing.limit && standing.spent.value > 0) exceeds_at = base::format_time(now);
    if (elapsed >= 1'000'000) {
        per_day = base::format_usd({scaled(standing.spent.value, 86'400'000'000, elapsed)});
        if (standing.resets_at) {
            const auto rest = (*standing.resets_at - now).count();
            const Wide total = Wide(standing.spent.value) + scaled(standing.spent.value, rest, elapsed);
            projected = base::format_usd({static_cast<std::int64_t>(std::min<Wide>(total, INT64_MAX))});
        }
        if (exceeds_at.is_null() && standing.spent.value > 0) {
            const Wide reached = Wide(elapsed / 1'000'000) * standing.limit.value / standing.spent.value * 1'000'000;
            constexpr Wide far = Wide(86'400'000'000) * 36'500;
            const auto when = reached < far ? std::optional<Time>(since + Duration(static_cast<std::int64_t>(reached))) : std::nullopt;
            if (when && (!standing.resets_at || *when < *standing.resets_at)) exceeds_at = base::format_time(std::max(*when, now));
        }
    }
    const Json answer{{"budget_id", found->id.str()},
                      {"window", to_string(found->window)},
                      {"period_start", base::format_time(standing.period_start)},
                      {"resets_at", time_or_null(standing.resets_at)},
                      {"limit_usd", base::format_usd(standing.limit)},
                      {"spent_usd", base::format_usd(standing.spent)},
                      {"per_day_usd", std::move(per_day)},
                      {"projected_usd", std::move(projected)},
                      {"exceeds_at", std::move(exceeds_at)}};
    co_return json_response(200, answer);
}

constexpr net::Parameter page[] = {{"limit", "integer", "How many, at most 200; default 50"},
                                   {"cursor", "string", "next_cursor of the page before"},
                                   {"scope_type", "string", "Only budgets of this type of scope"},
                                   {"scope_id", "string", "Only budgets of this name or id"}};

constexpr Route<Budgets> routes[] = {
    {Verb::get, "/api/v1/budgets", Permission::budgets_read, list_budgets,
     {.summary = "List budgets with how they stand, newest first", .response = "BudgetList", .query = page}},
    {Verb::post, "/api/v1/budgets", Permission::budgets_write, create_budget,
     {.summary = "Create a budget", .request = "NewBudget", .response = "Budget", .status = 201,
      .description = "It counts the calls that begin after it was made. A scope has one budget for each window."}},
    {Verb::get, "/api/v1/budgets/{id}", Permission::budgets_read, get_budget, {.summary = "Read a budget", .response = "Budget"}},
    {Verb::put, "/api/v1/budgets/{id}", Permission::budgets_write, edit_budget,
     {.summary = "Change a budget's limit, action or alerts", .request = "BudgetChange", .response = "Budget",
      .description = "What is left out stays; scope and window always do. A limit below what is spent blocks at once."}},
    {Verb::del, "/api/v1/budgets/{id}", Permission::budgets_write, delete_budget, {.summary = "Delete a budget", .status = 204}},
    {Verb::post, "/api/v1/budgets/{id}/raise", Permission::budgets_write, raise_budget,
     {.summary = "Raise a budget's limit until a time", .request = "BudgetRaise", .response = "Budget",
      .description = "Another raise replaces it. It is what stands for an approval where the action is require_approval."}},
    {Verb::get, "/api/v1/budgets/{id}/unknown", Permission::budgets_read, list_unknown,
     {.summary = "List what a crash left open of a budget, newest first", .response = "UnknownSpendList"}},
    {Verb::get, "/api/v1/budgets/{id}/forecast", Permission::budgets_read, forecast,
     {.summary = "Where a budget will stand at the end of its period", .response = "BudgetForecast",
      .description = "A straight line from what was spent in the period."}},
    {Verb::post, "/api/v1/budgets/unknown/{unknown_id}/resolve", Permission::budgets_write, resolve_unknown,
     {.summary = "Say what unknown spend really was", .request = "ResolveUnknown", .response = "UnknownSpend",
      .description = "What is above the told cost becomes free again.", .action = "budgets.resolve"}},
};

}  // namespace

Result<NanoUsd> amount_of(const Json& body, std::string_view member) {
    const Json* value = base::find_member(body, member);
    const auto pointer = "/" + std::string(member);
    if (value == nullptr) return mistake(pointer, "is missing");
    auto amount = base::parse_usd(value->is_string() ? value->get_ref<const std::string&>() : base::dump_json(*value));
    if (!amount) return mistake(pointer, std::move(amount.error().message));
    if (amount->value < 0) return mistake(pointer, "is below 0");
    return amount;
}

bool sees_instance(const Request& request) { return request.principal.may(Permission::system_write); }

void add_routes(net::Router& router, Budgets& budgets) {
    for (const auto& schema : schemas) router.add_schema(schema.name, schema.json);
    router.places().add_whole("budgets");
    router.add(std::span<const Route<Budgets>>(routes), budgets);
    add_spend_routes(router, budgets);
}

}  // namespace sluice::budget
