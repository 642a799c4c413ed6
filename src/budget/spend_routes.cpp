// REST of the ledger: rows, sums, export.

#include <algorithm>
#include <span>

#include "budget/budget_routes.hpp"
#include "sluice/budget/genai.hpp"
#include "sluice/budget/spend.hpp"
#include "sluice/net/server.hpp"

namespace sluice::budget {

namespace {

using net::json_response;
using net::problem;
using net::Request;
using net::Response;
using net::Route;
using net::Verb;

constexpr int export_batch = 500;
constexpr Duration usual_range = std::chrono::hours(24 * 30);  ///< of sums

struct Schema {
    std::string_view name, json;
};
constexpr Schema schemas[] = {
    {"SpendRow", R"json({"type": "object", "required": ["id", "at", "status", "cost_usd"], "properties": {
        "id": {"type": "string"}, "at": {"type": "string", "description": "When it was settled"},
        "status": {"enum": ["ok", "failed", "aborted", "unknown", "cached", "refused"]},
        "kind": {"type": "string"}, "door": {"type": "string"}, "provider": {"type": "string"}, "model": {"type": "string"},
        "requested_model": {"type": "string"}, "project": {"type": "string"}, "agent": {"type": "string"}, "flow": {"type": "string"},
        "run_id": {"type": "string"}, "step": {"type": "string"}, "session": {"type": "string"}, "api_key_id": {"type": "string"},
        "user_id": {"type": "string"}, "tags": {"type": "array", "items": {"type": "string"}},
        "cost_usd": {"type": "string"}, "held_usd": {"type": "string"},
        "estimated": {"type": "boolean", "description": "Counted here, not by the provider"}, "streamed": {"type": "boolean"},
        "usage": {"type": "object", "description": "Tokens", "properties": {
            "input_uncached": {"type": "integer"}, "cache_read": {"type": "integer"}, "cache_write_5m": {"type": "integer"},
            "cache_write_1h": {"type": "integer"}, "output_visible": {"type": "integer"}, "output_reasoning": {"type": "integer"}}},
        "raw_usage": {"description": "As the provider sent it"}, "tool_uses": {}, "route": {"description": "The targets that were tried"},
        "price_version": {"type": "string"}, "request_id": {"type": "string", "description": "The provider's"},
        "duration": {"type": "string"}, "first_token": {"type": ["string", "null"]}, "attempts": {"type": "integer"},
        "error": {"type": ["string", "null"]},
        "guardrails": {"type": ["array", "null"], "description": "Rules that found something: rule, direction, kind, action, count",
                       "items": {"type": "object"}},
        "otel": {"type": "object", "description": "The same by the names of OpenTelemetry's GenAI conventions"}}})json"},
    {"SpendList", R"json({"type": "object", "required": ["items", "next_cursor"], "properties": {
        "items": {"type": "array", "items": {"$ref": "#/components/schemas/SpendRow"}}, "next_cursor": {"type": ["string", "null"]}}})json"},
    {"SpendSum", R"json({"type": "object", "required": ["key", "cost_usd", "calls"], "properties": {
        "key": {"type": "string", "description": "Empty: none; of day and hour when it begins (UTC)"}, "cost_usd": {"type": "string"},
        "calls": {"type": "integer"}, "failed": {"type": "integer", "description": "With those aborted and unknown"},
        "input_tokens": {"type": "integer", "description": "With those from and into caches"}, "cached_tokens": {"type": "integer"},
        "output_tokens": {"type": "integer"}}})json"},
    {"SpendSummary", R"json({"type": "object", "required": ["by", "from", "to", "items", "total"], "properties": {
        "by": {"type": "string"}, "from": {"type": "string"}, "to": {"type": "string"},
        "items": {"type": "array", "items": {"$ref": "#/components/schemas/SpendSum"}},
        "total": {"description": "Of the items; null by tag, where a call may be in several", "type": ["object", "null"]}}})json"},
};

Json json_or_null(const std::string& text) {
    if (text.empty()) return nullptr;
    auto parsed = base::parse_json(text);
    return parsed ? std::move(*parsed) : Json(text);
}

Json render(const Spend& s) {
    return {{"id", s.id.str()},
            {"at", base::format_time(s.at)},
            {"status", s.status},
            {"kind", s.kind},
            {"door", s.door},
            {"provider", s.provider},
            {"model", s.model},
            {"requested_model", s.requested_model},
            {"project", s.scope.project},
            {"agent", s.scope.agent},
            {"flow", s.scope.flow},
            {"run_id", s.scope.run},
            {"step", s.step},
            {"session", s.scope.session},
            {"api_key_id", s.scope.api_key},
            {"user_id", s.scope.user},
            {"tags", s.scope.tags},
            {"cost_usd", base::format_usd(s.cost)},
            {"held_usd", base::format_usd(s.held)},
            {"estimated", s.estimated},
            {"streamed", s.streamed},
            {"usage",
             {{"input_uncached", s.input_uncached},
              {"cache_read", s.cache_read},
              {"cache_write_5m", s.cache_write_5m},
              {"cache_write_1h", s.cache_write_1h},
              {"output_visible", s.output_visible},
              {"output_reasoning", s.output_reasoning}}},
            {"raw_usage", json_or_null(s.raw_usage)},
            {"tool_uses", json_or_null(s.tool_uses)},
            {"route", json_or_null(s.route)},
            {"price_version", s.price_version},
            {"request_id", s.request_id},
            {"duration", base::format_duration(Duration(std::max<std::int64_t>(0, s.duration_us)))},
            {"first_token", s.first_token_us > 0 ? Json(base::format_duration(Duration(s.first_token_us))) : Json()},
            {"attempts", s.attempts},
            {"error", s.error.empty() ? Json() : Json(s.error)},
            {"guardrails", json_or_null(s.guardrails)},
            {"otel", genai::attributes(s)}};
}

Json render(const SpendSum& sum) {
    return {{"key", sum.key},
            {"cost_usd", base::format_usd(sum.cost)},
            {"calls", sum.calls},
            {"failed", sum.failed},
            {"input_tokens", sum.input_tokens},
            {"cached_tokens", sum.cached_tokens},
            {"output_tokens", sum.output_tokens}};
}

/// A cell of RFC 4180; what a spreadsheet would run as a formula becomes text.
void add_cell(std::string& line, std::string_view text) {
    line += ",\"";
    if (!text.empty() && std::string_view("=+-@\t\r").find(text.front()) != std::string_view::npos) line += '\'';
    for (const char c : text) {
        if (c == '"') line += '"';
        line += c;
    }
    line += '"';
}

constexpr std::string_view csv_head =
    "id,at,status,kind,door,provider,model,requested_model,project,agent,flow,run_id,step,session,api_key_id,user_id,tags,"
    "price_version,request_id,error,cost_usd,held_usd,estimated,streamed,input_uncached,cache_read,cache_write_5m,cache_write_1h,"
    "output_visible,output_reasoning,duration_ms,first_token_ms,attempts\r\n";

void add_line(std::string& out, const Spend& s) {
    out += s.id.str();
    out += ',' + base::format_time(s.at);
    for (const auto* text : {&s.status, &s.kind, &s.door, &s.provider, &s.model, &s.requested_model, &s.scope.project, &s.scope.agent,
                             &s.scope.flow, &s.scope.run, &s.step, &s.scope.session, &s.scope.api_key, &s.scope.user})
        add_cell(out, *text);
    add_cell(out, fmt::format("{}", fmt::join(s.scope.tags, " ")));
    for (const auto* text : {&s.price_version, &s.request_id, &s.error}) add_cell(out, *text);
    out += fmt::format(",{},{},{},{},{},{},{},{},{},{},{},{},{}\r\n", base::format_usd(s.cost), base::format_usd(s.held), s.estimated,
                       s.streamed, s.input_uncached, s.cache_read, s.cache_write_5m, s.cache_write_1h, s.output_visible,
                       s.output_reasoning, s.duration_us / 1000, s.first_token_us / 1000, s.attempts);
}

Result<SpendFilter> filter_of(const Request& request) {
    SpendFilter f;
    const auto text = [&request](std::string_view name) { return std::string(request.query_value(name).value_or("")); };
    for (auto [name, slot] : {std::pair{"from", &f.from}, std::pair{"to", &f.to}}) {
        const auto given = text(name);
        if (given.empty()) continue;
        auto time = base::parse_time(given);
        if (!time) return fail(ErrorCode::invalid_argument, "?{}=: {}", name, time.error().message);
        *slot = *time;
    }
    for (auto [name, slot] : {std::pair{"project", &f.project}, {"flow", &f.flow}, {"agent", &f.agent}, {"model", &f.model},
                              {"provider", &f.provider}, {"api_key", &f.api_key}, {"user", &f.user}, {"run", &f.run}, {"status", &f.status}})
        *slot = text(name);
    return f;
}

Awaitable<Response> list_spend(Request& request, Budgets& budgets) {
    const auto limit = request.query_integer("limit", 50, 1, 200);
    if (!limit) co_return problem(limit.error());
    auto filter = filter_of(request);
    if (!filter) co_return problem(filter.error());
    std::string cursor(request.query_value("cursor").value_or(""));
    auto page = co_await budgets.book().list(request.workspace(), std::move(*filter), static_cast<int>(*limit), std::move(cursor));
    if (!page) co_return problem(page.error());
    Json items = Json::array();
    for (const auto& row : page->items) items.push_back(render(row));
    const Json answer{{"items", std::move(items)}, {"next_cursor", page->next_cursor.empty() ? Json() : Json(page->next_cursor)}};
    co_return json_response(200, answer);
}

Awaitable<Response> get_spend(Request& request, Budgets& budgets) {
    const auto id = request.id_parameter<SpendId>();
    if (!id) co_return problem(id.error());
    auto row = co_await budgets.book().get(request.workspace(), *id);
    if (!row) co_return problem(row.error());
    co_return json_response(200, render(*row));
}

Awaitable<Response> summarise(Request& request, Budgets& budgets) {
    const auto by = spend_by_from(request.query_value("by").value_or("model"));
    if (!by)
        co_return problem({ErrorCode::invalid_argument, "?by= is model, provider, project, flow, agent, api_key, user, tag, day or hour", {}, false});
    auto filter = filter_of(request);
    if (!filter) co_return problem(filter.error());
    if (!filter->to) filter->to = budgets.now() + std::chrono::milliseconds(1);
    if (!filter->from) filter->from = *filter->to - usual_range;
    const SpendFilter used = *filter;
    auto sums = co_await budgets.book().sums(request.workspace(), *by, std::move(*filter));
    if (!sums) co_return problem(sums.error());
    Json items = Json::array(), total;
    SpendSum all;
    __int128 cost = 0;
    for (const auto& sum : *sums) {
        items.push_back(render(sum));
        cost += sum.cost.value;
        all.calls += sum.calls;
        all.failed += sum.failed;
        all.input_tokens += sum.input_tokens;
        all.cached_tokens += sum.cached_tokens;
        all.output_tokens += sum.output_tokens;
    }
    all.cost = {static_cast<std::int64_t>(std::min<__int128>(cost, INT64_MAX))};
    if (*by != SpendBy::tag) {
        total = render(all);
        total.erase("key");
    }
    const Json answer{{"by", to_string(*by)},
                      {"from", base::format_time(*used.from)},
                      {"to", base::format_time(*used.to)},
                      {"items", std::move(items)},
                      {"total", std::move(total)}};
    co_return json_response(200, answer);
}

Awaitable<void> send_rows(net::BodyWriter& writer, Budgets& budgets, WorkspaceId workspace, SpendFilter filter) {
    std::string piece(csv_head);
    for (SpendId after;;) {
        auto rows = co_await budgets.book().read_after(workspace, filter, after, export_batch);
        if (!rows) throw std::runtime_error(rows.error().message);  // the status is sent: a cut body tells the client
        for (const auto& row : *rows) {
            add_line(piece, row);
            after = row.id;
        }
        const bool last = rows->size() < export_batch;
        auto sent = co_await writer.write(std::move(piece));
        if (!sent || last) co_return;
        piece.clear();
    }
}

Awaitable<Response> export_spend(Request& request, Budgets& budgets) {
    auto filter = filter_of(request);
    if (!filter) co_return problem(filter.error());
    Response response;
    response.headers.set("Content-Type", "text/csv; charset=utf-8");
    response.headers.set("Content-Disposition", "attachment; filename=\"spend.csv\"");
    response.headers.set("Cache-Control", "no-store");
    response.stream = [&budgets, workspace = request.workspace(), filter = std::move(*filter)](net::BodyWriter& writer) {
        return send_rows(writer, budgets, workspace, filter);
    };
    co_return response;
}

#define SPEND_FILTERS                                                                                                          \
    {"from", "string", "Calls that began at or after this time"}, {"to", "string", "Calls that began before this time"},       \
    {"project", "string", "Only calls of this project"}, {"flow", "string", "Only calls of this flow"},                        \
    {"agent", "string", "Only calls of this agent"}, {"model", "string", "Only calls of this model"},                          \
    {"provider", "string", "Only calls of this provider"}, {"api_key", "string", "Only calls with this key (key_…)"},          \
    {"user", "string", "Only calls of this person (usr_…)"}, {"run", "string", "Only calls of this run (run_…)"},              \
    {"status", "string", "ok, failed, aborted, unknown, cached or refused"}

constexpr net::Parameter list_query[] = {{"limit", "integer", "How many, at most 200; default 50"},
                                         {"cursor", "string", "next_cursor of the page before"}, SPEND_FILTERS};
constexpr net::Parameter summary_query[] = {
    {"by", "string", "model (default), provider, project, flow, agent, api_key, user, tag, day or hour"}, SPEND_FILTERS};
constexpr net::Parameter export_query[] = {SPEND_FILTERS};

constexpr Route<Budgets> routes[] = {
    {Verb::get, "/api/v1/spend", Permission::spend_read, list_spend,
     {.summary = "List calls of models with what they cost, newest first", .response = "SpendList", .query = list_query}},
    {Verb::get, "/api/v1/spend/summary", Permission::spend_read, summarise,
     {.summary = "Sum what calls of models cost", .response = "SpendSummary", .query = summary_query,
      .description = "At most 1,000 sums, the dearest first; days and hours in order. Without from and to: the last 30 days."}},
    {Verb::get, "/api/v1/spend/export", Permission::spend_read, export_spend,
     {.summary = "Export calls of models as CSV, oldest first", .query = export_query, .response_media = "text/csv"}},
    {Verb::get, "/api/v1/spend/{id}", Permission::spend_read, get_spend, {.summary = "Read one call's row", .response = "SpendRow"}},
};

}  // namespace

void add_spend_routes(net::Router& router, Budgets& budgets) {
    for (const auto& schema : schemas) router.add_schema(schema.name, schema.json);
    router.places().add_whole("spend");
    router.add(std::span<const Route<Budgets>>(routes), budgets);
}

}  // namespace sluice::budget
