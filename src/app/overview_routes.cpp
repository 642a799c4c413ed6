// The first page: how the workspace stands, from the engine, the budgets and the ledger.

#include <algorithm>
#include <span>
#include <tuple>

#include "app/app_state.hpp"
#include "sluice/budget/spend.hpp"
#include "sluice/engine/overview.hpp"
#include "sluice/net/server.hpp"

namespace sluice::app {

namespace {

using engine::RunHistogram;
using engine::RunOverview;
using engine::RunStatus;
using net::Parameter;
using net::Request;
using net::Response;
using net::Route;
using net::Verb;

constexpr Duration stuck_after = std::chrono::minutes(5);
constexpr int near_percent = 80;
constexpr std::size_t most_budgets = 10;
constexpr int latest_runs = 10;

/// An hour by minutes, or a day by hours: whole ones, so that what has passed does not change.
Result<engine::OverviewQuery> window_of(const Request& request, Time now) {
    const auto text = request.query_value("window").value_or("1h");
    if (text != "1h" && text != "24h") return fail(ErrorCode::invalid_argument, "window={} is not offered; there are 1h and 24h", text);
    const bool day = text == "24h";
    const std::int64_t part = day ? 3'600'000'000 : 60'000'000;
    engine::OverviewQuery query;
    query.buckets = day ? 24 : 60;
    query.to = base::from_us((base::to_us(now) / part + 1) * part);
    query.from = base::from_us(base::to_us(query.to) - part * query.buckets);
    query.seen = request.principal.seen(Permission::runs_read);
    return query;
}

std::int64_t of(const RunHistogram::Counts& counts, RunStatus status) { return counts[static_cast<std::size_t>(status)]; }

Json counts_json(const RunHistogram::Counts& counts) {
    Json out = Json::object();
    for (std::size_t i = 0; i < counts.size(); ++i)
        if (counts[i] > 0) out[std::string(to_string(static_cast<RunStatus>(i)))] = counts[i];
    return out;
}

std::string time_at(Time from, Duration width, std::size_t part) { return base::format_time(from + width * static_cast<std::int64_t>(part)); }

Json runs_json(const RunHistogram& runs) {
    Json parts = Json::array();
    RunHistogram::Counts totals{};
    for (std::size_t i = 0; i < runs.buckets.size(); ++i) {
        parts.push_back({{"at", time_at(runs.from, runs.width, i)}, {"counts", counts_json(runs.buckets[i])}});
        for (std::size_t status = 0; status < totals.size(); ++status) totals[status] += runs.buckets[i][status];
    }
    return {{"buckets", std::move(parts)}, {"totals", counts_json(totals)}, {"complete", runs.complete},
            {"counted_from", base::format_time(runs.counted_from)}};
}

Json steps_json(const RunOverview& overview) {
    if (overview.steps.empty()) return {};
    const auto ms = [](Duration d) { return static_cast<double>(std::chrono::duration_cast<std::chrono::microseconds>(d).count()) / 1000; };
    Json parts = Json::array();
    for (std::size_t i = 0; i < overview.steps.size(); ++i) {
        const auto& times = overview.steps[i];
        Json part = {{"at", time_at(overview.runs.from, overview.runs.width, i)}, {"count", times.count}, {"p50_ms", nullptr}, {"p95_ms", nullptr}};
        if (times.count > 0) {
            part["p50_ms"] = ms(times.p50);
            part["p95_ms"] = ms(times.p95);
        }
        parts.push_back(std::move(part));
    }
    return {{"buckets", std::move(parts)}, {"counted_from", base::format_time(overview.steps_from)}};
}

Json spend_json(const budget::SpendSeries& series) {
    Json parts = Json::array();
    budget::SpendSeries::Part total;
    const auto part_json = [](const budget::SpendSeries::Part& part) {
        return Json{{"calls", part.calls}, {"cost_usd", base::format_usd(part.cost)}, {"input_tokens", part.input_tokens}, {"output_tokens", part.output_tokens}};
    };
    for (std::size_t i = 0; i < series.parts.size(); ++i) {
        const auto& part = series.parts[i];
        Json json = {{"at", time_at(series.from, series.width, i)}};
        json.update(part_json(part));
        parts.push_back(std::move(json));
        total.calls += part.calls;
        total.cost = NanoUsd{total.cost.value + part.cost.value};
        total.input_tokens += part.input_tokens;
        total.output_tokens += part.output_tokens;
    }
    return {{"buckets", std::move(parts)}, {"totals", part_json(total)}, {"complete", series.complete},
            {"counted_from", base::format_time(series.counted_from)}};
}

void add_flows(Json& out, const RunOverview& overview) {
    for (const auto& flow : overview.failing)
        out.push_back({{"kind", "flow_failing"}, {"flow", {{"id", flow.flow.str()}, {"name", flow.name}}}, {"project", flow.project},
                       {"failed", flow.failed}, {"last_run_id", flow.last_run.str()}, {"last_at", base::format_time(flow.last_at)}});
}

void add_queue(Json& out, const engine::QueueState& queue, Time now) {
    if (queue.paused) out.push_back({{"kind", "queue_paused"}, {"queue", "default"}, {"queued", queue.queued}});
    if (queue.draining) out.push_back({{"kind", "queue_draining"}, {"queue", "default"}, {"queued", queue.queued}});
    if (!queue.paused && queue.oldest_ready && now - *queue.oldest_ready > stuck_after)
        out.push_back({{"kind", "queue_stuck"}, {"queue", "default"}, {"queued", queue.queued}, {"oldest_ready_at", base::format_time(*queue.oldest_ready)}});
}

void add_budgets(Json& out, const App::State& state, WorkspaceId workspace) {
    // Those that somebody waits for come first, whatever is used of them: what is left did not suffice for a call.
    struct Near {
        bool asks;
        double percent;
        Json json;
    };
    std::vector<Near> near;
    for (const auto& each : state.budgets->list(workspace, false)) {
        const auto standing = state.budgets->standing(each);
        const double used = static_cast<double>(standing.spent.value) + static_cast<double>(standing.held.value);
        const double percent = standing.limit.value > 0 ? used / static_cast<double>(standing.limit.value) * 100 : used > 0 ? 100 : 0;
        const bool asks = standing.exceeded && each.action == budget::Action::require_approval;
        if (percent <= near_percent && !asks) continue;
        near.push_back({asks, percent, Json{{"kind", asks ? "budget_approval" : "budget_near"}, {"budget_id", each.id.str()},
                                           {"scope", {{"type", budget::to_string(each.scope)}, {"id", each.scope_id}}},
                                           {"window", budget::to_string(each.window)}, {"action", budget::to_string(each.action)},
                                           {"used_percent", static_cast<std::int64_t>(percent)},
                                           {"spent_usd", base::format_usd(standing.spent)}, {"held_usd", base::format_usd(standing.held)},
                                           {"limit_usd", base::format_usd(standing.limit)},
                                           {"resets_at", standing.resets_at ? Json(base::format_time(*standing.resets_at)) : Json()}}});
    }
    std::sort(near.begin(), near.end(), [](const auto& a, const auto& b) { return std::tie(a.asks, a.percent) > std::tie(b.asks, b.percent); });
    if (near.size() > most_budgets) near.resize(most_budgets);
    for (auto& each : near) out.push_back(std::move(each.json));
}

Json attention_json(const Request& request, const App::State& state, const RunOverview& overview) {
    Json out = Json::array();
    if (overview.unknown_steps > 0) out.push_back({{"kind", "unknown_steps"}, {"count", overview.unknown_steps}});
    if (request.principal.may_everywhere(Permission::runs_read)) add_queue(out, state.engine->queue(request.workspace()), state.clock.now());
    add_flows(out, overview);
    if (request.principal.may_everywhere(Permission::budgets_read)) add_budgets(out, state, request.workspace());
    if (overview.open_letters > 0) out.push_back({{"kind", "dead_letters"}, {"count", overview.open_letters}});
    return out;
}

Json tiles_json(const RunOverview& overview) {
    std::int64_t failed = 0;
    for (const auto& counts : overview.runs.buckets) failed += of(counts, RunStatus::failed) + of(counts, RunStatus::timed_out);
    return {{"running", of(overview.now, RunStatus::running)}, {"queued", of(overview.now, RunStatus::queued)},
            {"waiting", of(overview.now, RunStatus::waiting)}, {"paused", of(overview.now, RunStatus::paused)},
            {"failed", failed}, {"dead_letters", overview.open_letters}, {"unknown_steps", overview.unknown_steps},
            {"at_most", RunOverview::most_counted}};
}

Awaitable<Response> get_overview(Request& request, App::State& state) {
    auto query = window_of(request, state.clock.now());
    if (!query) co_return net::problem(query.error());
    const auto workspace = request.workspace();
    const auto seen = query->seen;
    const Time from = query->from, to = query->to;
    auto overview = co_await state.engine->overview(workspace, std::move(*query));
    if (!overview) co_return net::problem(overview.error());
    engine::RunFilter all;
    all.seen = seen;
    auto latest = co_await state.engine->list(workspace, std::move(all), latest_runs, {});
    if (!latest) co_return net::problem(latest.error());
    Json runs = Json::array();
    for (const auto& run : latest->items) {
        runs.push_back(engine::to_json(run));
        engine::mask_unread(request, run, runs.back());
    }
    Json spend;
    if (request.principal.may_everywhere(Permission::spend_read)) {
        auto series = co_await state.budgets->book().series(workspace, overview->runs.from, overview->runs.width, overview->runs.buckets.size());
        if (!series) co_return net::problem(series.error());
        spend = spend_json(*series);
    }
    Json queues = Json::array();
    if (request.principal.may_everywhere(Permission::runs_read)) queues.push_back(engine::to_json(state.engine->queue(workspace)));
    Json answer = {{"from", base::format_time(from)},
                   {"to", base::format_time(to)},
                   {"bucket_ms", std::chrono::duration_cast<std::chrono::milliseconds>(overview->runs.width).count()},
                   {"tiles", tiles_json(*overview)},
                   {"runs", runs_json(overview->runs)},
                   {"steps", steps_json(*overview)},
                   {"spend", std::move(spend)},
                   {"queues", std::move(queues)},
                   {"attention", attention_json(request, state, *overview)},
                   {"latest_runs", std::move(runs)}};
    co_return net::json_response(200, answer);
}

constexpr Parameter overview_query[] = {{"window", "string", "1h (default): the last hour by minutes; 24h: the last day by hours"}};

constexpr Route<App::State> routes[] = {
    {Verb::get, "/api/v1/overview", Permission::runs_read, get_overview,
     {.summary = "Read how the workspace stands", .tag = "system", .response = "Overview", .query = overview_query,
      .description = "Counts of runs are by when they were made, as in the list of runs; every part is bounded, and says from when on it is counted."}},
};

}  // namespace

void add_overview_routes(net::Router& router, App::State& state) {
    router.add_schema("Overview", R"({"type": "object",
        "required": ["from", "to", "bucket_ms", "tiles", "runs", "steps", "spend", "queues", "attention", "latest_runs"], "properties": {
        "from": {"type": "string"}, "to": {"type": "string"}, "bucket_ms": {"type": "integer"},
        "tiles": {"type": "object", "required": ["running", "queued", "waiting", "paused", "failed", "dead_letters", "unknown_steps", "at_most"],
            "properties": {"running": {"type": "integer"}, "queued": {"type": "integer"}, "waiting": {"type": "integer"}, "paused": {"type": "integer"},
            "failed": {"type": "integer", "description": "Runs of the window that failed or timed out"},
            "dead_letters": {"type": "integer", "description": "Open ones"}, "unknown_steps": {"type": "integer", "description": "Of them: a person decides"},
            "at_most": {"type": "integer", "description": "Nothing but failed and running is counted further than this"}}},
        "runs": {"type": "object", "required": ["buckets", "totals", "complete", "counted_from"], "properties": {
            "buckets": {"type": "array", "items": {"type": "object", "required": ["at", "counts"], "properties": {"at": {"type": "string"},
                "counts": {"type": "object", "additionalProperties": {"type": "integer"}}}}},
            "totals": {"type": "object", "additionalProperties": {"type": "integer"}}, "complete": {"type": "boolean"}, "counted_from": {"type": "string"}}},
        "steps": {"type": ["object", "null"], "description": "How long attempts of steps took that call something; null for a caller who sees a part of the workspace",
            "properties": {"buckets": {"type": "array", "items": {"type": "object", "required": ["at", "count", "p50_ms", "p95_ms"], "properties": {
                "at": {"type": "string"}, "count": {"type": "integer"}, "p50_ms": {"type": ["number", "null"]}, "p95_ms": {"type": ["number", "null"]}}}},
            "counted_from": {"type": "string", "description": "The start of the process, where that is later than `from`"}}},
        "spend": {"type": ["object", "null"], "description": "Null without spend:read", "properties": {
            "buckets": {"type": "array", "items": {"type": "object", "properties": {"at": {"type": "string"}, "calls": {"type": "integer"},
                "cost_usd": {"type": "string"}, "input_tokens": {"type": "integer"}, "output_tokens": {"type": "integer"}}}},
            "totals": {"type": "object", "properties": {"calls": {"type": "integer"}, "cost_usd": {"type": "string"},
                "input_tokens": {"type": "integer"}, "output_tokens": {"type": "integer"}}},
            "complete": {"type": "boolean"}, "counted_from": {"type": "string"}}},
        "queues": {"type": "array", "items": {"$ref": "#/components/schemas/Queue"}},
        "attention": {"type": "array", "description": "What a person should look at, the most urgent first", "items": {"type": "object", "required": ["kind"],
            "properties": {"kind": {"type": "string", "enum": ["unknown_steps", "queue_paused", "queue_draining", "queue_stuck", "flow_failing", "budget_approval", "budget_near",
                "dead_letters"]},
            "count": {"type": "integer"}, "queue": {"type": "string"}, "queued": {"type": "integer"}, "oldest_ready_at": {"type": "string"},
            "flow": {"type": "object", "properties": {"id": {"type": "string"}, "name": {"type": "string"}}}, "project": {"type": "string"},
            "failed": {"type": "integer"}, "last_run_id": {"type": "string"}, "last_at": {"type": "string"}, "budget_id": {"type": "string"},
            "scope": {"type": "object", "properties": {"type": {"type": "string"}, "id": {"type": "string"}}}, "window": {"type": "string"},
            "action": {"type": "string"}, "used_percent": {"type": "integer"}, "spent_usd": {"type": "string"}, "held_usd": {"type": "string"},
            "limit_usd": {"type": "string"}, "resets_at": {"type": ["string", "null"]}}}},
        "latest_runs": {"type": "array", "items": {"$ref": "#/components/schemas/Run"}}}})");
    router.add(std::span<const Route<App::State>>(routes), state);
}

}  // namespace sluice::app
