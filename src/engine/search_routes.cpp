// REST of lists of runs and of their histogram.

#include "engine/search_routes.hpp"

#include <span>

#include "engine/run_masks.hpp"
#include "sluice/engine/engine.hpp"
#include "sluice/net/server.hpp"

namespace sluice::engine {

namespace {

using net::Parameter;
using net::Request;
using net::Response;
using net::Route;
using net::Verb;

constexpr std::size_t longest_text = 200;
constexpr std::size_t most_statuses = 8;

/// `status=failed,timed_out`, also several times.
Result<std::vector<RunStatus>> statuses_of(const Request& request) {
    std::vector<RunStatus> out;
    for (const auto& [name, text] : request.query) {
        if (name != "status") continue;
        for (std::size_t at = 0; at <= text.size();) {
            const std::size_t comma = std::min(text.find(',', at), text.size());
            const std::string_view word = std::string_view(text).substr(at, comma - at);
            at = comma + 1;
            if (word.empty() && text.empty()) break;
            const auto status = run_status_from(word);
            if (!status)
                return fail(ErrorCode::invalid_argument, "status={} is unknown; use queued, running, waiting, paused, succeeded, failed, cancelled "
                                                         "or timed_out, several with commas between them", word);
            if (std::find(out.begin(), out.end(), *status) == out.end()) out.push_back(*status);
        }
    }
    if (out.size() == most_statuses) out.clear();  // all of them limit nothing
    std::sort(out.begin(), out.end());
    return out;
}

Result<std::optional<Time>> time_of(const Request& request, std::string_view name) {
    const auto text = request.query_value(name);
    if (!text || text->empty()) return std::optional<Time>();
    const auto time = base::parse_time(*text);
    if (!time) return fail(ErrorCode::invalid_argument, "?{}= is a time in RFC 3339, such as 2026-12-24T18:00:00Z: {}", name, time.error().message);
    return std::optional<Time>(*time);
}

Result<std::string> text_of(const Request& request, std::string_view name) {
    std::string text(request.query_value(name).value_or(""));
    if (text.size() > longest_text) return fail(ErrorCode::invalid_argument, "?{}= has at most {} bytes", name, longest_text);
    return text;
}

/// What a list of runs is asked to show. A flow's name means the flow that has it now; where none has, the name that runs kept.
Awaitable<Result<RunFilter>> filter_of(const Request& request, Engine& engine) {
    RunFilter filter;
    auto statuses = statuses_of(request);
    if (!statuses) co_return fail(std::move(statuses.error()));
    filter.statuses = std::move(*statuses);
    for (auto [name, slot] : {std::pair{"from", &filter.from}, std::pair{"to", &filter.to}}) {
        auto time = time_of(request, name);
        if (!time) co_return fail(std::move(time.error()));
        *slot = *time;
    }
    std::string flow;
    for (auto [name, slot] : {std::pair{"project", &filter.project}, std::pair{"trigger", &filter.trigger}, std::pair{"q", &filter.text},
                              std::pair{"flow", &flow}}) {
        auto text = text_of(request, name);
        if (!text) co_return fail(std::move(text.error()));
        *slot = std::move(*text);
    }
    if (const auto parent = request.query_value("parent"); parent && !parent->empty()) {
        filter.parent = RunId::parse(*parent);
        if (!filter.parent) co_return fail(ErrorCode::invalid_argument, "parent={} is no run id (run_…)", *parent);
    }
    if (request.query_value("version")) {
        const auto version = request.query_integer("version", 0, -(std::int64_t{1} << 30), std::int64_t{1} << 30);
        if (!version) co_return fail(std::move(version.error()));
        filter.version = static_cast<int>(*version);
        if (flow.empty()) co_return fail(ErrorCode::invalid_argument, "version= is a number of one flow's versions; name the flow as well: flow=flw_…");
    }
    filter.seen = request.principal.seen(Permission::runs_read);
    filter.data = request.principal.seen(Permission::runs_data);
    if (flow.empty()) co_return filter;
    filter.flow = FlowId::parse(flow);
    if (filter.flow) co_return filter;
    if (flow.starts_with("flw_")) co_return fail(ErrorCode::invalid_argument, "flow={} is no flow id (flw_…)", flow);
    const std::string any_project;
    const flows::Page first{1, {}};
    auto named = co_await engine.flows().list(request.workspace(), any_project, first, flow);
    if (!named) co_return fail(std::move(named.error()));
    if (named->items.empty()) filter.flow_name = std::move(flow);
    else filter.flow = named->items.front().id;
    co_return filter;
}

Awaitable<Response> list_runs(Request& request, Engine& engine) {
    auto limit = request.query_integer("limit", 50, 1, 200);
    if (!limit) co_return net::problem(limit.error());
    auto filter = co_await filter_of(request, engine);
    if (!filter) co_return net::problem(filter.error());
    std::string cursor(request.query_value("cursor").value_or(""));
    auto runs = co_await engine.list(request.workspace(), std::move(*filter), static_cast<int>(*limit), std::move(cursor));
    if (!runs) co_return net::problem(runs.error());
    Json items = Json::array();
    for (const Run& run : runs->items) {
        items.push_back(to_json(run));
        if (!reads_data(request, run.project, run.flow_name)) mask_run(items.back());
    }
    Json answer = {{"items", std::move(items)}, {"next_cursor", runs->next_cursor.empty() ? Json() : Json(runs->next_cursor)}};
    if (runs->searched_to) answer["searched_to"] = base::format_time(*runs->searched_to);
    co_return net::json_response(200, answer);
}

Json counts_json(const RunHistogram::Counts& counts) {
    Json out = Json::object();
    for (std::size_t i = 0; i < counts.size(); ++i)
        if (counts[i] > 0) out[std::string(to_string(static_cast<RunStatus>(i)))] = counts[i];
    return out;
}

Awaitable<Response> run_histogram(Request& request, Engine& engine) {
    auto filter = co_await filter_of(request, engine);
    if (!filter) co_return net::problem(filter.error());
    auto buckets = request.query_integer("buckets", 60, 1, HistogramQuery::most_buckets);
    if (!buckets) co_return net::problem(buckets.error());
    HistogramQuery query;
    query.to = filter->to.value_or(engine.now());
    query.from = filter->from.value_or(query.to - std::chrono::hours(24));
    query.buckets = static_cast<int>(*buckets);
    auto counted = co_await engine.histogram(request.workspace(), std::move(*filter), query);
    if (!counted) co_return net::problem(counted.error());
    Json parts = Json::array();
    RunHistogram::Counts totals{};
    for (std::size_t i = 0; i < counted->buckets.size(); ++i) {
        parts.push_back({{"at", base::format_time(counted->from + counted->width * static_cast<std::int64_t>(i))},
                         {"counts", counts_json(counted->buckets[i])}});
        for (std::size_t status = 0; status < totals.size(); ++status) totals[status] += counted->buckets[i][status];
    }
    Json answer = {{"from", base::format_time(counted->from)},
                   {"to", base::format_time(counted->to)},
                   {"bucket_ms", std::chrono::duration_cast<std::chrono::milliseconds>(counted->width).count()},
                   {"buckets", std::move(parts)},
                   {"totals", counts_json(totals)},
                   {"complete", counted->complete},
                   {"counted_from", base::format_time(counted->counted_from)}};
    co_return net::json_response(200, answer);
}

#define SLUICE_RUN_FILTERS                                                                                         \
    {"status", "string", "Only runs with this status; several with commas between them"},                          \
    {"flow", "string", "Only runs of this flow: its id or its name"},                                              \
    {"version", "integer", "Only runs of this version of the flow"},                                               \
    {"trigger", "string", "Only runs that were started this way: api, flow, rerun, …"},                            \
    {"parent", "string", "Only runs that came from this one"},                                                     \
    {"q", "string", "Text in a run: the beginning or end of its id, a part of its flow's name or error message"},  \
    {"from", "string", "Only runs made at this time (RFC 3339) or later"},                                         \
    {"to", "string", "Only runs made before this time"},                                                           \
    {"project", "string", "Only runs of this project"}

constexpr Parameter list_query[] = {{"limit", "integer", "1 to 200, default 50"}, {"cursor", "string", "next_cursor of the page before"},
                                    SLUICE_RUN_FILTERS};
constexpr Parameter histogram_query[] = {{"buckets", "integer", "1 to 120 parts of the time from `from` (default: a day before `to`) to `to` (default: now); 60"},
                                         SLUICE_RUN_FILTERS};

constexpr Route<Engine> routes[] = {
    {Verb::get, "/api/v1/runs", Permission::runs_read, list_runs,
     {.summary = "List runs", .response = "RunList", .query = list_query,
      .description = "Newest first. What no index serves (trigger, version, q, project) is looked for in 50,000 rows: a page can then have fewer items "
                     "than its limit, none even, with searched_to and a next_cursor that goes on."}},
    {Verb::get, "/api/v1/runs/histogram", Permission::runs_read, run_histogram,
     {.summary = "Count runs over time by status", .response = "RunHistogram", .query = histogram_query,
      .description = "By the time they were made. Without project, version, trigger, parent and q it is counted in indexes; else in the newest 200,000 rows, "
                     "and complete is false where there are more."}},
};

}  // namespace

void add_search_routes(net::Router& router, Engine& engine) {
    router.add_schema("RunList", R"({"type": "object", "properties": {
        "items": {"type": "array", "items": {"$ref": "#/components/schemas/Run"}}, "next_cursor": {"type": ["string", "null"]},
        "searched_to": {"type": "string", "description": "Only where the search ended before the page was full: how far back it looked"}}})");
    router.add_schema("RunHistogram", R"({"type": "object", "required": ["from", "to", "bucket_ms", "buckets", "totals", "complete", "counted_from"], "properties": {
        "from": {"type": "string"}, "to": {"type": "string"},
        "bucket_ms": {"type": "integer", "description": "The length of a bucket; the last one may be shorter"},
        "buckets": {"type": "array", "items": {"type": "object", "required": ["at", "counts"], "properties": {"at": {"type": "string"},
            "counts": {"type": "object", "description": "By status; what is not there is 0", "additionalProperties": {"type": "integer"}}}}},
        "totals": {"type": "object", "additionalProperties": {"type": "integer"}},
        "complete": {"type": "boolean"},
        "counted_from": {"type": "string", "description": "Buckets before it are not counted where complete is false"}}})");
    router.add(std::span<const Route<Engine>>(routes), engine);
}

}  // namespace sluice::engine
