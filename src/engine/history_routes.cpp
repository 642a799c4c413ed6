// REST of what runs' journals tell: why, diff, replay.

#include "engine/run_masks.hpp"
#include "sluice/engine/history.hpp"
#include "sluice/net/server.hpp"

namespace sluice::engine {

namespace {

using net::Parameter;
using net::problem;
using net::Request;
using net::Response;
using net::Route;
using net::Verb;

Awaitable<Response> get_why(Request& request, Engine& engine) {
    auto id = request.id_parameter<RunId>();
    if (!id) co_return problem(id.error());
    auto why = co_await engine.why(request.workspace(), *id);
    if (!why) co_return problem(why.error());
    if (!co_await reads_data_of(request, id->str())) mask_why(*why);
    co_return net::json_response(200, *why);
}

Awaitable<Response> get_diff(Request& request, Engine& engine) {
    auto id = request.id_parameter<RunId>();
    if (!id) co_return problem(id.error());
    const auto with = request.query_value("with");
    if (!with) co_return problem(Error{ErrorCode::invalid_argument, "name the other run in the query: ?with=run_…"});
    const auto other = RunId::parse(*with);
    if (!other) co_return problem(Error{ErrorCode::invalid_argument, fmt::format("with={} is no run id (run_…)", *with)});
    auto sees = co_await request.places->check(request.principal, Permission::runs_read, "runs", other->str());
    if (!sees) co_return problem(sees.error());
    auto diff = co_await engine.diff(request.workspace(), *id, *other);
    if (!diff) co_return problem(diff.error());
    const bool reads = co_await reads_data_of(request, id->str());
    if (!reads || !co_await reads_data_of(request, other->str())) mask_diff(*diff);
    co_return net::json_response(200, *diff);
}

Awaitable<Response> replay_run(Request& request, Engine& engine) {
    auto id = request.id_parameter<RunId>();
    if (!id) co_return problem(id.error());
    auto report = co_await engine.replay(request.workspace(), *id);
    if (!report) co_return problem(report.error());
    Json answer = {{"run_id", id->str()}};
    answer.update(to_json(*report));
    if (!co_await reads_data_of(request, id->str())) mask_replay(answer);
    co_return net::json_response(200, answer);
}

constexpr Parameter diff_query[] = {{"with", "string", "The other run (run_…)"}};

constexpr Route<Engine> routes[] = {
    {Verb::get, "/api/v1/runs/{id}/why", Permission::runs_read, get_why,
     {.summary = "Explain why a run waits or has not started, or how it ended", .response = "RunWhy"}},
    {Verb::get, "/api/v1/runs/{id}/diff", Permission::runs_read, get_diff,
     {.summary = "Compare two runs step by step", .response = "RunDiff", .query = diff_query}},
    {Verb::post, "/api/v1/runs/{id}/replay", Permission::runs_read, replay_run,
     {.summary = "Compute a run again, offline, and compare it with its journal", .response = "ReplayReport",
      .description = "Nothing is sent anywhere and nothing is written: what came from outside is taken from the journal",
      .audited = net::Audited::never}},
};

}  // namespace

void add_history_routes(net::Router& router, Engine& engine) {
    router.add_schema("RunWhy", R"({"type": "object", "required": ["run_id", "status", "code", "text", "next"], "properties": {
        "run_id": {"type": "string"}, "status": {"$ref": "#/components/schemas/RunStatus"},
        "code": {"type": "string", "enum": ["queued", "being_read_back", "paused", "rolling_back", "running", "unknown_step",
            "waiting_signal", "waiting_retry", "waiting_timer", "succeeded", "failed", "cancelled", "timed_out"]},
        "text": {"type": "string"}, "next": {"type": "array", "items": {"type": "string"}},
        "until": {"type": "string"}, "since": {"type": "string"}, "by": {"type": "string"},
        "error": {"$ref": "#/components/schemas/RunError"}, "dead_letters": {"type": "array", "items": {"type": "string"}},
        "open_steps": {"type": "integer"}, "queue": {"type": "object"},
        "steps": {"type": "array", "items": {"type": "object", "required": ["path", "status", "code", "text"], "properties": {
            "path": {"type": "string"}, "status": {"type": "string"}, "code": {"type": "string"}, "text": {"type": "string"},
            "attempt": {"type": "integer"}, "until": {"type": "string"}, "signal": {"type": "string"}, "key": {"type": "string"},
            "error": {"$ref": "#/components/schemas/RunError"}}}}}})");
    router.add_schema("RunDiff", R"({"type": "object", "required": ["runs", "steps", "same", "truncated"], "properties": {
        "runs": {"type": "array", "items": {"type": "object"}}, "input": {"type": "object"},
        "same": {"type": "integer", "description": "Steps that do not differ"},
        "truncated": {"type": "boolean", "description": "More steps differ than are listed"},
        "steps": {"type": "array", "items": {"type": "object", "required": ["path", "change"], "properties": {
            "path": {"type": "string"}, "change": {"type": "string", "enum": ["only_in_first", "only_in_second", "changed"]},
            "fields": {"type": "array", "items": {"type": "string"}}, "first": {"type": ["object", "null"]},
            "second": {"type": ["object", "null"]}, "output": {"type": "object"}}}}}})");
    router.add_schema("ReplayReport", R"({"type": "object", "required": ["run_id", "same", "entries", "divergence"], "properties": {
        "run_id": {"type": "string"}, "same": {"type": "boolean"}, "entries": {"type": "integer"}, "from_outside": {"type": "integer"},
        "computed": {"type": "integer"}, "unchecked": {"type": "integer"}, "ended": {"type": "boolean"}, "divergence": {"type": ["object", "null"], "properties": {
            "seq": {"type": "integer"}, "step": {"type": "string"}, "message": {"type": "string"},
            "recorded": {"type": ["object", "null"]}, "computed": {"type": ["object", "null"]}}}}})");
    router.add(std::span<const Route<Engine>>(routes), engine);
}

}  // namespace sluice::engine
