#include <span>

#include "sluice/base/money.hpp"
#include "engine/control_routes.hpp"
#include "engine/run_masks.hpp"
#include "engine/search_routes.hpp"
#include "engine/trial_runs.hpp"
#include "engine/value_routes.hpp"
#include "sluice/engine/engine.hpp"
#include "sluice/engine/history.hpp"
#include "sluice/net/server.hpp"

namespace sluice::engine {

namespace {

using net::Access;
using net::Parameter;
using net::Request;
using net::Response;
using net::Route;
using net::Verb;

constexpr Duration longest_wait = std::chrono::minutes(10);
constexpr Duration longest_delay = std::chrono::hours(24 * 3660);

Json optional_time(const std::optional<Time>& time) { return time ? Json(base::format_time(*time)) : Json(); }

Json totals_json(const Totals& totals) {
    Json json = {{"steps", totals.steps},
                 {"input_tokens", totals.input_tokens},
                 {"output_tokens", totals.output_tokens},
                 {"cost_usd", base::format_usd(NanoUsd{totals.cost_nano_usd})}};
    if (totals.simulated) json["simulated"] = true;
    return json;
}

bool has_ended(const RunHandle& handle) { return handle.done.ready() && is_terminal(handle.done.get().status); }

/// `{"id":…,"status":…,"output":…,"error":…}` of a run that has ended, without a copy of the output.
Response ended_response(RunId id, const Outcome& outcome, bool durable, bool masked) {
    if (masked) {
        Json answer = {{"id", id.str()}, {"status", to_string(outcome.status)}, {"output", nullptr}, {"error", outcome.error ? *outcome.error : Json()}};
        mask_run(answer);
        if (!durable) answer["durable"] = false;
        return net::json_response(200, answer);
    }
    std::string text;
    text.reserve(192);
    text += "{\"id\":\"";
    text += id.str();
    text += "\",\"status\":\"";
    text += to_string(outcome.status);
    text += "\",\"output\":";
    base::append_json(text, outcome.output);
    text += ",\"error\":";
    if (outcome.error) base::append_json(text, *outcome.error);
    else text += "null";
    text += durable ? "}" : ",\"durable\":false}";
    return net::text_response(200, "application/json", std::move(text));
}

/// 200 with the output for who waited and saw the end; else 202, also when the run was faster than the answer.
Response outcome_response(const RunHandle& handle, bool waits, bool masked) {
    if (waits && has_ended(handle)) return ended_response(handle.id, handle.done.get(), handle.durable, masked);
    if (!handle.durable)
        return net::problem(Error{handle.done.ready() ? ErrorCode::unavailable : ErrorCode::timeout,
                                  "the run did not end within its wait, and this flow has durability none: its result is not kept; "
                                  "wait longer, or publish the flow with another durability"});
    const std::string_view begun = handle.queued ? "queued" : "running";
    const auto status = has_ended(handle) ? to_string(handle.done.get().status) : begun;
    return net::text_response(202, "application/json", fmt::format("{{\"id\":\"{}\",\"status\":\"{}\"}}", handle.id, status));
}

/// `?wait=30s`; nothing when absent.
Result<std::optional<Duration>> wait_of(const Request& request) {
    const auto text = request.query_value("wait");
    if (!text) return std::optional<Duration>();
    auto wait = base::parse_duration(*text);
    if (!wait || *wait > longest_wait)
        return fail(ErrorCode::invalid_argument, "wait={} is no duration up to 10m; write for example ?wait=30s", *text);
    return std::optional<Duration>(*wait);
}

struct StartBody {
    Json input = Json::object();
    int version = 0;
    std::optional<int> priority;
    std::optional<Time> run_at;
    TrialRun trial;
};

/// `run_at` (RFC 3339) or `delay` (a duration from now).
Result<Time> start_time(const std::string& key, const Json& value, Time now) {
    const auto wrong = [&](std::string message) {
        return fail(Error{ErrorCode::invalid_argument, message, {{"/" + key, message}}});
    };
    Time at;
    if (key == "delay") {
        auto delay = base::parse_duration(value.is_string() ? value.get_ref<const std::string&>() : std::string());
        if (!delay || *delay > longest_delay) return wrong("delay must be a duration of at most 3660d, such as \"10m\"");
        at = now + *delay;
    } else {
        auto time = base::parse_time(value.is_string() ? value.get_ref<const std::string&>() : std::string());
        if (!time || *time > now + longest_delay) return wrong("run_at must be a time within ten years, such as \"2026-12-24T18:00:00Z\"");
        at = *time;
    }
    return at;
}

Result<StartBody> start_body(const Request& request, Time now) {
    StartBody body;
    if (request.body.empty()) return body;
    auto json = request.json();
    if (!json) return fail(std::move(json.error()));
    if (!json->is_object())
        return fail(ErrorCode::invalid_argument, "the body must be an object such as {{\"input\": {{}}}}");
    for (auto& [key, value] : json->get_ref<Json::object_t&>()) {
        if (key == "input") {
            body.input = std::move(value);
        } else if (key == "version" && value == "draft") {
            body.trial.draft = true;
        } else if (key == "version") {
            if (!value.is_number_integer() || value.get<std::int64_t>() < 1 || value.get<std::int64_t>() > 1'000'000'000) {
                Error error{ErrorCode::invalid_argument, "version must be the number of a version of this flow"};
                error.details.push_back({"/version", "must be an integer of at least 1"});
                return fail(std::move(error));
            }
            body.version = value.get<int>();
        } else if (key == "priority") {
            if (!value.is_number_integer() || value.get<std::int64_t>() < 1 || value.get<std::int64_t>() > 5)
                return fail(Error{ErrorCode::invalid_argument, "priority must be 1 (first) to 5 (last)", {{"/priority", "must be 1 to 5"}}});
            body.priority = value.get<int>();
        } else if (key == "run_at" || key == "delay") {
            if (body.run_at)
                return fail(Error{ErrorCode::invalid_argument, "give either run_at or delay", {{"/" + key, "run_at and delay exclude each other"}}});
            auto at = start_time(key, value, now);
            if (!at) return fail(std::move(at.error()));
            body.run_at = *at;
        } else {
            auto taken = body.trial.take(key, value);
            if (!taken) return fail(std::move(taken.error()));
            if (*taken) continue;
            Error error{ErrorCode::invalid_argument, fmt::format("unknown field \"{}\"; there are input, version, priority, run_at, delay, until, only, pins and use_pins", key)};
            error.details.push_back({"/" + base::escape_pointer(key), "unknown field"});
            return fail(std::move(error));
        }
    }
    return body;
}

/// A start whose Idempotency-Key was used before: the first run, as it is now (or at its end, with `wait`).
Awaitable<Response> repeated_start(Request& request, Engine& engine, std::optional<Duration> wait) {
    auto stored = co_await request.idempotency->stored();
    if (!stored) co_return net::problem(stored.error());
    std::optional<RunId> id;
    if (*stored) {
        auto answer = base::parse_json((*stored)->body);
        if (answer) id = RunId::parse(base::string_or(*answer, "id", ""));
    }
    if (!id)
        co_return net::problem(Error{ErrorCode::conflict, "the Idempotency-Key was used before, but its record has gone; use a new key"});
    if (wait) {
        auto ended = co_await engine.wait(request.workspace(), *id, engine.now() + *wait);
        if (!ended) co_return net::problem(ended.error());
    }
    auto run = co_await engine.get(request.workspace(), *id);
    if (!run) co_return net::problem(run.error());
    Json answer = {{"id", id->str()}, {"status", to_string(run->status)}};
    if (wait && is_terminal(run->status)) {
        answer["output"] = nullptr;
        answer["error"] = run->error ? *run->error : Json();
        if (reads_data(request, run->project, run->flow_name)) {
            auto output = co_await engine.output(request.workspace(), *id);
            if (!output) co_return net::problem(output.error());
            answer["output"] = std::move(*output);
        } else {
            mask_run(answer);
        }
    }
    auto response = net::json_response(wait && is_terminal(run->status) ? 200 : 202, answer);
    response.headers.set("Idempotent-Replayed", "true");
    co_return response;
}

Awaitable<Response> start_run(Request& request, Engine& engine) {
    auto flow = request.id_parameter<FlowId>();
    if (!flow) co_return net::problem(flow.error());
    auto wait = wait_of(request);
    if (!wait) co_return net::problem(wait.error());
    auto body = start_body(request, engine.now());
    if (!body) co_return net::problem(body.error());

    StartRun start{.workspace = request.workspace(), .flow_id = *flow, .input = std::move(body->input),
                   .waits = wait->has_value(), .priority = body->priority, .run_at = body->run_at};
    start.started_by = starter_of(request.principal);
    if (body->trial.asked()) {
        auto prepared = co_await prepare_trial(engine, std::move(body->trial), body->version, request.principal, start);
        if (!prepared) co_return net::problem(prepared.error());
    } else if (auto cached = engine.flows().cached(start.workspace, *flow, body->version)) {
        start.runnable = std::move(*cached);
    } else {
        auto runnable = co_await engine.flows().runnable(start.workspace, *flow, body->version);
        if (!runnable) co_return net::problem(runnable.error());
        start.runnable = std::move(*runnable);
    }
    if (start.runnable.deleted)
        co_return net::problem(Error{ErrorCode::not_found, fmt::format("the flow {} was deleted; its runs can still be read", *flow)});
    if (request.idempotency && start.runnable.flow->settings.durability == flows::Durability::none)
        co_return net::problem(Error{ErrorCode::invalid_argument,
                                     "this flow has durability none, which keeps no record that an Idempotency-Key could find; "
                                     "leave the key out, or publish the flow with another durability"});
    if (start.runnable.flow->settings.durability == flows::Durability::none) request.audit = nullptr;  // nothing of it is kept
    if (request.idempotency || request.audit) {
        start.also = [&request](storage::WriteUnit& unit, RunId id) {
            net::AuditNote note;
            note.target = id.str();
            request.record(unit, {202, fmt::format("{{\"id\":\"{}\",\"status\":\"running\"}}", id), {}}, std::move(note));
        };
    }
    const bool masked = !reads_data(request, start.runnable.project, start.runnable.name);
    auto started = engine.start_run(std::move(start));
    if (!started) co_return net::problem(started.error());
    if (const auto* ended = std::get_if<EndedRun>(&*started)) co_return ended_response(ended->id, ended->outcome, false, masked);
    const auto handle = std::get<std::shared_ptr<RunHandle>>(std::move(*started));
    // A short run sets both within one commit; a refused one never sets `done`.
    co_await handle->accepted.wait();
    if (!handle->accepted.get()) {
        const Error& error = handle->accepted.get().error();
        if (request.idempotency && error.code == ErrorCode::conflict) co_return co_await repeated_start(request, engine, *wait);
        co_return net::problem(error);
    }
    if (*wait && !handle->done.ready()) co_await handle->done.wait_until(engine.now() + **wait);
    co_return outcome_response(*handle, wait->has_value(), masked);
}

Awaitable<Response> get_run(Request& request, Engine& engine) {
    auto id = request.id_parameter<RunId>();
    if (!id) co_return net::problem(id.error());
    auto wait = wait_of(request);
    if (!wait) co_return net::problem(wait.error());
    if (*wait) {
        auto ended = co_await engine.wait(request.workspace(), *id, engine.now() + **wait);
        if (!ended) co_return net::problem(ended.error());
    }
    auto run = co_await engine.get(request.workspace(), *id);
    if (!run) co_return net::problem(run.error());
    Json answer = to_json(*run);
    const bool reads = reads_data(request, run->project, run->flow_name);
    if (!reads) {
        if (run->status == RunStatus::succeeded) answer["output"] = nullptr;
        mask_run(answer);
    }
    const bool leaves_out = request.query_value("output") == "false";
    if (!reads || run->status != RunStatus::succeeded || leaves_out) {
        if (leaves_out) answer.erase("output");
        co_return net::json_response(200, answer);
    }
    auto output = co_await engine.output_text(request.workspace(), *id);
    if (!output) co_return net::problem(output.error());
    std::string before = base::dump_json(answer);
    before.pop_back();
    before += ",\"output\":";
    ValueText value = *output ? std::move(**output) : ValueText{.text = "null", .bytes = 4};
    co_return whole_value(engine, request.workspace(), std::move(value), std::move(before), "}");
}

Awaitable<Response> list_steps(Request& request, Engine& engine) {
    auto id = request.id_parameter<RunId>();
    if (!id) co_return net::problem(id.error());
    auto limit = request.query_integer("limit", 1000, 1, 10'000);
    if (!limit) co_return net::problem(limit.error());
    auto offset = request.query_integer("offset", 0, 0, 10'000'000);
    if (!offset) co_return net::problem(offset.error());
    StepQuery query;
    query.offset = static_cast<std::size_t>(*offset);
    query.limit = static_cast<std::size_t>(*limit);
    std::string_view words = request.query_value("status").value_or("");
    while (!words.empty()) {
        const std::size_t comma = std::min(words.find(','), words.size());
        const auto status = step_status_from(words.substr(0, comma));
        if (!status)
            co_return net::problem(Error{ErrorCode::invalid_argument, fmt::format("status={} is no status of a step; there are pending, "
                "ready, running, waiting, succeeded, failed, skipped, cancelled, timed_out and unknown, several with commas between them", words.substr(0, comma))});
        query.statuses.push_back(*status);
        words.remove_prefix(std::min(comma + 1, words.size()));
    }
    for (auto [name, slot] : {std::pair{"parent", &query.parent}, std::pair{"q", &query.text}}) {
        *slot = std::string(request.query_value(name).value_or(""));
        if (slot->size() > 1000) co_return net::problem(Error{ErrorCode::invalid_argument, fmt::format("?{}= has at most 1000 bytes", name)});
    }
    auto page = co_await engine.steps(request.workspace(), *id, query);
    if (!page) co_return net::problem(page.error());
    Json items = Json::array();
    const bool reads = co_await reads_data_of(request, id->str());
    for (const StepSummary& step : page->items) {
        items.push_back(to_json(step));
        if (!reads) mask_step(items.back());
    }
    Json answer = {{"items", std::move(items)}, {"total", page->total}};
    co_return net::json_response(200, answer);
}

Awaitable<Response> list_events(Request& request, Engine& engine) {
    auto id = request.id_parameter<RunId>();
    if (!id) co_return net::problem(id.error());
    auto limit = request.query_integer("limit", 200, 1, 1000);
    if (!limit) co_return net::problem(limit.error());
    auto after = request.query_integer("after", 0, 0, std::int64_t{1} << 53);
    if (!after) co_return net::problem(after.error());
    auto events = co_await engine.run_events(request.workspace(), *id, *after, static_cast<int>(*limit));
    if (!events) co_return net::problem(events.error());
    if (!co_await reads_data_of(request, id->str()))
        for (Json& event : *events) events::mask_run_event(event);
    if (request.query_value("values") == "false")
        for (Json& event : *events) event.erase("value");
    Json answer = {{"items", Json(std::move(*events))}};
    co_return net::json_response(200, answer);
}

constexpr Parameter wait_query[] = {
    {"wait", "string", "Wait for the end up to this long (\"30s\", at most 10m); then 200 with the output, else 202"}};
constexpr Parameter get_query[] = {{"wait", "string", "Wait for the end up to this long"},
                                   {"output", "string", "\"false\": without the output, which …/output gives in parts"}};
constexpr Parameter steps_query[] = {
    {"limit", "integer", "1 to 10000, default 1000"}, {"offset", "integer", "Steps to leave out, default 0"},
    {"status", "string", "Only steps with this status; several with commas between them"},
    {"parent", "string", "Only steps inside of this container (each) or this item or turn of it (each[17])"},
    {"q", "string", "Only steps with this text in their path"}};
constexpr Parameter events_query[] = {
    {"after", "integer", "Only events with a greater seq"}, {"limit", "integer", "1 to 1000, default 200"},
    {"values", "string", "\"false\": without the inputs, outputs and errors that entries hold"}};

constexpr Route<Engine> routes[] = {
    {Verb::post, "/api/v1/flows/{id}/runs", Permission::runs_write, start_run,
     {.summary = "Start a run", .tag = "runs", .request = "StartRun", .response = "StartedRun", .status = 202,
      .query = wait_query, .check_body = false, .finds_used_key = true, .audited = net::Audited::by_people, .action = "runs.start"}},
    {Verb::get, "/api/v1/runs/{id}", Permission::runs_read, get_run,
     {.summary = "Read a run", .response = "Run", .query = get_query}},
    {Verb::get, "/api/v1/runs/{id}/steps", Permission::runs_read, list_steps,
     {.summary = "List the steps of a run", .response = "StepList", .query = steps_query}},
    {Verb::get, "/api/v1/runs/{id}/events", Permission::runs_read, list_events,
     {.summary = "List the journal of a run", .response = "RunEventList", .query = events_query}},
};

}  // namespace

Starter starter_of(const Principal& principal) { return {std::string(base::to_string(principal.kind)), principal.id}; }

namespace {

Awaitable<Result<net::Place>> place_run(Engine& engine, WorkspaceId workspace, std::string id) {
    const auto wanted = RunId::parse(id);
    if (!wanted) co_return fail(net::no_such_object(id));
    auto run = co_await engine.get(workspace, *wanted);
    if (!run) co_return fail(std::move(run.error()));
    co_return net::Place{std::move(run->project), std::move(run->flow_name)};
}

}  // namespace

Json to_json(const Run& run) {
    return {{"id", run.id.str()},
            {"flow", {{"id", run.flow.str()}, {"name", run.flow_name}, {"version", run.flow_version}}},
            {"project", run.project},
            {"trigger", run.trigger},
            {"started_by", run.started_by.kind.empty() ? Json() : Json{{"kind", run.started_by.kind}, {"id", run.started_by.id}}},
            {"status", to_string(run.status)},
            {"created_at", base::format_time(run.created_at)},
            {"started_at", optional_time(run.started_at)},
            {"finished_at", optional_time(run.finished_at)},
            {"error", run.error ? *run.error : Json()},
            {"parent_run_id", run.parent ? Json(run.parent->str()) : Json()},
            {"totals", totals_json(run.totals)}};
}

Json to_json(const StepSummary& step) {
    Json json = {{"path", step.path},
                 {"node", step.node},
                 {"type", step.type},
                 {"status", to_string(step.status)},
                 {"attempts", step.attempts},
                 {"started_at", optional_time(step.started_at)},
                 {"finished_at", optional_time(step.finished_at)}};
    if (step.waiting_until) json["waiting_until"] = base::format_time(*step.waiting_until);
    if (step.waiting_for.is_object()) json["waiting_for"] = step.waiting_for;
    if (step.output_bytes > 0) json["output_bytes"] = step.output_bytes;
    if (step.items >= 0) json["items"] = step.items;
    if (step.children.is_object()) json["children"] = step.children;
    if (step.reused) json["reused"] = true;
    if (step.usage.is_object()) {
        Json usage = step.usage;
        usage["cost_usd"] = base::format_usd(NanoUsd{usage.value("cost_nano_usd", std::int64_t{0})});
        usage.erase("cost_nano_usd");
        json["usage"] = std::move(usage);
    }
    if (step.artifacts.is_array()) json["artifacts"] = step.artifacts;
    if (step.error) json["error"] = *step.error;
    return json;
}

void add_routes(net::Router& router, Engine& engine) {
    router.add_schema("StartRun", R"({"type": "object", "additionalProperties": false, "properties": {
        "input": {"description": "What the flow is given; any JSON, judged by its input_schema"},
        "version": {"description": "The number of a version of the flow, or \"draft\" for the caller's draft; default: the live one", "type": ["integer", "string"]},
        "until": {"type": "string", "description": "A node: only it and what leads to it run"},
        "only": {"type": "string", "description": "A node: only it runs, over the sample outputs of those before it"},
        "pins": {"type": "object", "description": "Sample outputs by node: it is not executed"},
        "use_pins": {"type": "boolean", "description": "Take the flow's pinned sample outputs; default: for drafts"},
        "priority": {"type": "integer", "minimum": 1, "maximum": 5, "description": "1 (first) to 5 (last); default: the flow's"},
        "run_at": {"type": "string", "description": "Not before this time, in RFC 3339"},
        "delay": {"type": "string", "description": "Instead of run_at: a duration from now, such as 10m"}}})");
    router.add_schema("RunStatus", R"({"type": "string", "enum":
        ["queued", "running", "waiting", "paused", "succeeded", "failed", "cancelled", "timed_out"]})");
    router.add_schema("RunError", R"({"type": ["object", "null"], "properties": {
        "code": {"type": "string"}, "message": {"type": "string"}, "step": {"type": "string"}, "attempt": {"type": "integer"}}})");
    router.add_schema("StartedRun", R"({"type": "object", "required": ["id", "status"], "properties": {
        "id": {"type": "string"}, "status": {"$ref": "#/components/schemas/RunStatus"},
        "output": {"description": "With ?wait, once the run has ended"},
        "error": {"$ref": "#/components/schemas/RunError"},
        "durable": {"type": "boolean", "description": "false: the flow keeps no record of its runs"}}})");
    router.add_schema("Run", R"({"type": "object", "required": ["id", "flow", "status", "created_at"], "properties": {
        "id": {"type": "string"},
        "flow": {"type": "object", "properties": {"id": {"type": "string"}, "name": {"type": "string"}, "version": {"type": "integer"}}},
        "project": {"type": "string"}, "trigger": {"type": "string"},
        "started_by": {"type": ["object", "null"], "description": "Who started it: api_key, user, session, local; run (another one), bulk_action. Null: not kept",
            "properties": {"kind": {"type": "string"}, "id": {"type": "string"}}},
        "status": {"$ref": "#/components/schemas/RunStatus"},
        "created_at": {"type": "string"}, "started_at": {"type": ["string", "null"]}, "finished_at": {"type": ["string", "null"]},
        "error": {"$ref": "#/components/schemas/RunError"},
        "output": {"description": "Of a run that succeeded"},
        "masked": {"type": "boolean", "description": "The caller lacks runs:data: output and the error's message are null"},
        "parent_run_id": {"type": ["string", "null"], "description": "The run it came from: of a rerun, a sub-run, an error flow's run"},
        "totals": {"type": "object", "properties": {"steps": {"type": "integer"}, "input_tokens": {"type": "integer"},
            "output_tokens": {"type": "integer"}, "cost_usd": {"type": "string"}, "simulated": {"type": "boolean"}}}}})");
    router.add_schema("Step", R"({"type": "object", "required": ["path", "node", "type", "status"], "properties": {
        "path": {"type": "string"}, "node": {"type": "string"}, "type": {"type": "string"},
        "status": {"type": "string", "enum": ["pending", "ready", "running", "waiting", "succeeded", "failed", "skipped",
            "cancelled", "timed_out", "unknown"]},
        "attempts": {"type": "integer"}, "started_at": {"type": ["string", "null"]}, "finished_at": {"type": ["string", "null"]},
        "waiting_until": {"type": "string"}, "waiting_for": {"type": "object"}, "output_bytes": {"type": "integer"}, "items": {"type": "integer"},
        "children": {"type": "object", "description": "Of a container: the steps of its body, over all items or turns, by status", "additionalProperties": {"type": "integer"}},
        "reused": {"type": "boolean", "description": "Taken over, not executed"},
        "usage": {"type": "object"}, "artifacts": {"type": "array", "items": {"type": "string"}},
        "error": {"$ref": "#/components/schemas/RunError"}}})");
    router.add_schema("StepList", R"({"type": "object", "properties": {
        "items": {"type": "array", "items": {"$ref": "#/components/schemas/Step"}}, "total": {"type": "integer"}}})");
    router.add_schema("RunEventList", R"({"type": "object", "properties": {"items": {"type": "array", "items": {
        "type": "object", "required": ["seq", "kind", "at"], "properties": {"seq": {"type": "integer"}, "kind": {"type": "string"},
        "at": {"type": "string"}, "path": {"type": "string"}, "attempt": {"type": "integer"}, "data": {"type": "object"},
        "value": {}, "value_bytes": {"type": "integer"}}}}}})");
    router.add(std::span<const Route<Engine>>(routes), engine);
    add_search_routes(router, engine);
    add_value_routes(router, engine);
    router.places().add("runs", [&engine](WorkspaceId workspace, std::string id) { return place_run(engine, workspace, std::move(id)); });
    router.places().add_whole("queues");
    add_history_routes(router, engine);
    add_control_routes(router, engine);
    add_queue_routes(router, engine);
}

}  // namespace sluice::engine
