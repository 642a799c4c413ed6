// The routes of what people do to runs.

#include <span>

#include "engine/control_routes.hpp"
#include "sluice/net/server.hpp"

namespace sluice::engine {

namespace {

using net::Request;
using net::Response;
using net::Route;
using net::Verb;

Error wrong(std::string pointer, std::string message) { return Error{ErrorCode::invalid_argument, message, {{std::move(pointer), message}}}; }

/// The body, or an empty object where there is none; only `known` members. Errors: invalid_argument with the pointer.
Result<Json> object_body(Request& request, std::initializer_list<std::string_view> known) {
    if (request.body.empty()) return Json::object();
    auto body = request.json();
    if (!body) return fail(std::move(body.error()));
    if (!body->is_object()) return fail(wrong("", "the body must be an object"));
    for (const auto& [key, value] : body->get_ref<const Json::object_t&>())
        if (std::find(known.begin(), known.end(), key) == known.end())
            return fail(wrong("/" + base::escape_pointer(key), fmt::format("unknown field \"{}\"", key)));
    return std::move(*body);
}

Result<std::string> text(const Json& body, const char* name, std::size_t most) {
    const Json* member = base::find_member(body, name);
    if (member == nullptr || member->is_null()) return std::string();
    if (!member->is_string() || member->get_ref<const std::string&>().size() > most)
        return fail(wrong(std::string("/") + name, fmt::format("{} must be a text of at most {} bytes", name, most)));
    return member->get<std::string>();
}

std::string answer_text(RunId id, RunStatus status) { return fmt::format("{{\"id\":\"{}\",\"status\":\"{}\"}}", id, to_string(status)); }

/// The same answer is kept for a repetition of the request under its Idempotency-Key.
Engine::Also keep_answer(const Request& request, RunId id) {
    return [&request, id](storage::WriteUnit& unit, RunStatus status) { request.record_once(unit, {200, answer_text(id, status), {}}); };
}

Response status_answer(RunId id, const Result<RunStatus>& status) {
    if (!status) return net::problem(status.error());
    return net::text_response(200, "application/json", answer_text(id, *status));
}

Awaitable<Response> cancel_run(Request& request, Engine& engine) {
    auto id = request.id_parameter<RunId>();
    if (!id) co_return net::problem(id.error());
    auto body = object_body(request, {"reason"});
    if (!body) co_return net::problem(body.error());
    auto reason = text(*body, "reason", 500);
    if (!reason) co_return net::problem(reason.error());
    if (reason->empty()) *reason = fmt::format("cancelled by {}", request.principal.name);
    auto done = co_await engine.cancel(request.workspace(), *id, std::move(*reason), keep_answer(request, *id));
    co_return status_answer(*id, done);
}

Awaitable<Response> pause_run(Request& request, Engine& engine) {
    auto id = request.id_parameter<RunId>();
    if (!id) co_return net::problem(id.error());
    auto body = object_body(request, {"reason"});
    if (!body) co_return net::problem(body.error());
    auto reason = text(*body, "reason", 500);
    if (!reason) co_return net::problem(reason.error());
    auto done = co_await engine.pause(request.workspace(), *id, request.principal.name, std::move(*reason), keep_answer(request, *id));
    co_return status_answer(*id, done);
}

Awaitable<Response> resume_run(Request& request, Engine& engine) {
    auto id = request.id_parameter<RunId>();
    if (!id) co_return net::problem(id.error());
    auto body = object_body(request, {});
    if (!body) co_return net::problem(body.error());
    auto done = co_await engine.resume(request.workspace(), *id, request.principal.name, keep_answer(request, *id));
    co_return status_answer(*id, done);
}

Awaitable<Response> send_signal(Request& request, Engine& engine) {
    auto id = request.id_parameter<RunId>();
    if (!id) co_return net::problem(id.error());
    auto body = object_body(request, {"key", "payload"});
    if (!body) co_return net::problem(body.error());
    auto key = text(*body, "key", 200);
    if (!key) co_return net::problem(key.error());
    Signal signal;
    signal.name = std::string(request.parameter("name"));
    if (signal.name.empty() || signal.name.size() > 100)
        co_return net::problem(Error{ErrorCode::invalid_argument, "a signal's name has 1 to 100 bytes"});
    signal.key = std::move(*key);
    if (auto payload = body->find("payload"); payload != body->end()) signal.payload = std::move(*payload);
    auto done = co_await engine.signal(request.workspace(), *id, std::move(signal), keep_answer(request, *id));
    co_return status_answer(*id, done);
}

Awaitable<Response> decide_step(Request& request, Engine& engine) {
    auto id = request.id_parameter<RunId>();
    if (!id) co_return net::problem(id.error());
    auto body = object_body(request, {"path", "decision", "output", "reason"});
    if (!body) co_return net::problem(body.error());
    auto path = text(*body, "path", 1000);
    if (!path) co_return net::problem(path.error());
    auto reason = text(*body, "reason", 500);
    if (!reason) co_return net::problem(reason.error());
    const auto decision = decision_from(base::string_or(*body, "decision", ""));
    if (path->empty()) co_return net::problem(wrong("/path", "path names the unknown step, such as \"each[17]/send\""));
    if (!decision)
        co_return net::problem(wrong("/decision", "decision is retry (do it again), succeed (it was done; give its output) or fail"));
    if (body->contains("output") && *decision != Decision::succeed)
        co_return net::problem(wrong("/output", "an output goes with the decision succeed"));
    StepDecision step;
    step.path = std::move(*path);
    step.decision = *decision;
    step.by = request.principal.name;
    step.reason = std::move(*reason);
    if (auto output = body->find("output"); output != body->end()) step.output = std::move(*output);
    auto done = co_await engine.decide(request.workspace(), *id, std::move(step), keep_answer(request, *id));
    co_return status_answer(*id, done);
}

Awaitable<Response> retry_run(Request& request, Engine& engine) {
    auto id = request.id_parameter<RunId>();
    if (!id) co_return net::problem(id.error());
    auto body = object_body(request, {"reason"});
    if (!body) co_return net::problem(body.error());
    auto reason = text(*body, "reason", 500);
    if (!reason) co_return net::problem(reason.error());
    auto done = co_await engine.retry(request.workspace(), *id, request.principal.name, std::move(*reason), keep_answer(request, *id));
    co_return status_answer(*id, done);
}

Json rerun_answer(RunId run, RunId parent) { return {{"id", run.str()}, {"status", "running"}, {"parent_run_id", parent.str()}}; }

Awaitable<Response> rerun_run(Request& request, Engine& engine) {
    auto id = request.id_parameter<RunId>();
    if (!id) co_return net::problem(id.error());
    auto body = object_body(request, {"from", "input", "outputs", "version"});
    if (!body) co_return net::problem(body.error());
    Rerun rerun;
    auto from = text(*body, "from", 1000);
    if (!from) co_return net::problem(from.error());
    rerun.from = std::move(*from);
    if (auto input = body->find("input"); input != body->end()) rerun.input = std::move(*input);
    if (auto outputs = body->find("outputs"); outputs != body->end()) {
        if (!outputs->is_object()) co_return net::problem(wrong("/outputs", "outputs is an object of step paths and their new outputs"));
        for (auto& [path, output] : outputs->get_ref<Json::object_t&>()) rerun.outputs.emplace(path, std::move(output));
    }
    if (auto version = body->find("version"); version != body->end()) {
        auto number = rerun_version(*version);
        if (!number) co_return net::problem(number.error());
        rerun.version = *number;
    }
    rerun.started_by = starter_of(request.principal);
    rerun.also = [&request, parent = *id](storage::WriteUnit& unit, RunId run) {
        net::AuditNote note;
        note.target = run.str();
        request.record(unit, {202, base::dump_json(rerun_answer(run, parent)), {}}, std::move(note));
    };
    auto run = co_await engine.rerun(request.workspace(), *id, std::move(rerun));
    if (!run) co_return net::problem(run.error());
    co_return net::json_response(202, rerun_answer(*run, *id));
}

constexpr Route<Engine> routes[] = {
    {Verb::post, "/api/v1/runs/{id}/cancel", Permission::runs_write, cancel_run,
     {.summary = "Cancel a run", .request = "Reason", .response = "RunState", .check_body = false,
      .description = "Answers when the run has ended, what has a compensation undone; with status running when that takes longer than ten seconds"}},
    {Verb::post, "/api/v1/runs/{id}/pause", Permission::runs_write, pause_run,
     {.summary = "Pause a run", .request = "Reason", .response = "RunState", .check_body = false,
      .description = "Steps that run may end; no further one starts"}},
    {Verb::post, "/api/v1/runs/{id}/resume", Permission::runs_write, resume_run,
     {.summary = "Resume a paused run", .response = "RunState", .check_body = false}},
    {Verb::post, "/api/v1/runs/{id}/signals/{name}", Permission::runs_write, send_signal,
     {.summary = "Send a signal to a run", .request = "SendSignal", .response = "RunState", .check_body = false,
      .description = "Taken by the first wait.signal step of that name (and key); kept for it when none waits yet"}},
    {Verb::post, "/api/v1/runs/{id}/decide", Permission::runs_write, decide_step,
     {.summary = "Decide about an unknown step", .request = "DecideStep", .response = "RunState", .check_body = false}},
    {Verb::post, "/api/v1/runs/{id}/retry", Permission::runs_write, retry_run,
     {.summary = "Go on with a failed run from its failed steps", .request = "Reason", .response = "RunState", .check_body = false}},
    {Verb::post, "/api/v1/runs/{id}/rerun", Permission::runs_write, rerun_run,
     {.summary = "Start a run anew, from its start or from a step", .request = "Rerun", .response = "StartedRun", .status = 202,
      .check_body = false}},
};

}  // namespace

Result<int> rerun_version(const Json& value) {
    if (value == "live") return live_version;
    if (value == "recorded") return 0;
    if (value.is_number_integer() && value.get<std::int64_t>() >= 1 && value.get<std::int64_t>() <= 1'000'000'000) return value.get<int>();
    return fail(wrong("/version", "version is the number of a version of the flow, \"live\", or \"recorded\" for the run's own"));
}

void add_control_routes(net::Router& router, Engine& engine) {
    router.add_schema("RunState", R"({"type": "object", "required": ["id", "status"], "properties": {
        "id": {"type": "string"}, "status": {"$ref": "#/components/schemas/RunStatus"}}})");
    router.add_schema("Reason", R"({"type": "object", "additionalProperties": false, "properties": {"reason": {"type": "string", "maxLength": 500}}})");
    router.add_schema("SendSignal", R"({"type": "object", "additionalProperties": false, "properties": {
        "key": {"type": "string", "maxLength": 200, "description": "Correlation key: a wait with a key takes only signals with the same"},
        "payload": {"description": "Any JSON; the step's output has it"}}})");
    router.add_schema("DecideStep", R"({"type": "object", "additionalProperties": false, "required": ["path", "decision"], "properties": {
        "path": {"type": "string"}, "decision": {"type": "string", "enum": ["retry", "succeed", "fail"]},
        "output": {"description": "With succeed: the step's output"}, "reason": {"type": "string", "maxLength": 500}}})");
    router.add_schema("Rerun", R"({"type": "object", "additionalProperties": false, "properties": {
        "from": {"type": "string", "description": "The path of a step: it and all after it are done again, the rest is reused"},
        "input": {"description": "Another input"},
        "outputs": {"type": "object", "description": "Other outputs of finished steps by path; what comes after them is done again"},
        "version": {"description": "A version of the flow, \"live\", or \"recorded\" (default): the one of the run", "type": ["integer", "string"]}}})");
    router.add(std::span<const Route<Engine>>(routes), engine);
}

}  // namespace sluice::engine
