// The routes of queues: one per workspace, named "default".

#include <span>

#include "sluice/engine/engine.hpp"
#include "sluice/net/server.hpp"

namespace sluice::engine {

namespace {

using net::Request;
using net::Response;
using net::Route;
using net::Verb;

constexpr std::string_view the_queue = "default";

Json to_json(const QueueState& queue) {
    return {{"name", the_queue},
            {"queued", queue.queued},
            {"delayed", queue.delayed},
            {"running", queue.running},
            {"waiting", queue.waiting},
            {"oldest_ready_at", queue.oldest_ready ? Json(base::format_time(*queue.oldest_ready)) : Json()},
            {"paused", queue.paused},
            {"draining", queue.draining},
            {"weight", queue.weight}};
}

std::optional<Response> no_such_queue(const Request& request) {
    const std::string name(request.parameter("name"));
    if (name == the_queue) return std::nullopt;
    return net::problem(Error{ErrorCode::not_found, fmt::format("there is no queue \"{}\"; each workspace has one, named \"{}\"", name, the_queue)});
}

Awaitable<Response> list_queues(Request& request, Engine& engine) {
    Json items = Json::array();
    if (request.principal.may_everywhere(Permission::runs_read)) items.push_back(to_json(engine.queue(request.workspace())));
    Json answer = {{"items", std::move(items)}, {"next_cursor", Json()}};
    co_return net::json_response(200, answer);
}

Awaitable<Response> get_queue(Request& request, Engine& engine) {
    if (auto wrong = no_such_queue(request)) co_return std::move(*wrong);
    co_return net::json_response(200, to_json(engine.queue(request.workspace())));
}

/// The answer of a change commits with it, for a repetition of the request.
Engine::AlsoQueue keep_answer(const Request& request) {
    return [&request](storage::WriteUnit& unit, const QueueState& queue) {
        net::AuditNote note;
        note.target = the_queue;
        request.record(unit, {200, base::dump_json(to_json(queue)), {}}, std::move(note));
    };
}

Awaitable<Response> switch_queue(Request& request, Engine& engine, QueueSwitch change) {
    if (auto wrong = no_such_queue(request)) co_return std::move(*wrong);
    auto queue = co_await engine.set_queue(request.workspace(), change, request.principal.name, keep_answer(request));
    if (!queue) co_return net::problem(queue.error());
    co_return net::json_response(200, to_json(*queue));
}

Awaitable<Response> change_queue(Request& request, Engine& engine) {
    if (auto wrong = no_such_queue(request)) co_return std::move(*wrong);
    auto body = request.json();
    if (!body) co_return net::problem(body.error());
    const auto weight = (*body)["weight"].get<std::size_t>();
    auto queue = co_await engine.set_queue_weight(request.workspace(), weight, request.principal.name, keep_answer(request));
    if (!queue) co_return net::problem(queue.error());
    co_return net::json_response(200, to_json(*queue));
}

Awaitable<Response> pause_queue(Request& request, Engine& engine) { return switch_queue(request, engine, QueueSwitch::pause); }
Awaitable<Response> resume_queue(Request& request, Engine& engine) { return switch_queue(request, engine, QueueSwitch::resume); }
Awaitable<Response> drain_queue(Request& request, Engine& engine) { return switch_queue(request, engine, QueueSwitch::drain); }

constexpr Route<Engine> routes[] = {
    {Verb::get, "/api/v1/queues", Permission::runs_read, list_queues, {.summary = "List queues", .response = "QueueList"}},
    {Verb::get, "/api/v1/queues/{name}", Permission::runs_read, get_queue, {.summary = "Read a queue", .response = "Queue"}},
    {Verb::patch, "/api/v1/queues/{name}", Permission::system_write, change_queue,
     {.summary = "Change a workspace's share of the server", .request = "QueueChange", .response = "Queue", .status = 200,
      .description = "With weight 3 the workspace starts three runs in its turn where one with weight 1 starts one. At once, kept over restarts"}},
    {Verb::post, "/api/v1/queues/{name}/pause", Permission::runs_write, pause_queue,
     {.summary = "Pause a queue", .response = "Queue", .status = 200, .check_body = false,
      .description = "Runs are accepted, but none starts; those under way go on. Kept over restarts"}},
    {Verb::post, "/api/v1/queues/{name}/resume", Permission::runs_write, resume_queue,
     {.summary = "Resume a queue", .response = "Queue", .status = 200, .check_body = false,
      .description = "Ends a pause and a drain"}},
    {Verb::post, "/api/v1/queues/{name}/drain", Permission::runs_write, drain_queue,
     {.summary = "Drain a queue", .response = "Queue", .status = 200, .check_body = false,
      .description = "No new run is taken (503 with Retry-After); those that are queued start. Kept over restarts"}},
};

}  // namespace

void add_queue_routes(net::Router& router, Engine& engine) {
    router.add_schema("Queue", R"({"type": "object", "required": ["name", "queued", "running", "paused", "draining"], "properties": {
        "name": {"type": "string"},
        "queued": {"type": "integer", "description": "Runs that could start, but for a limit or their turn"},
        "delayed": {"type": "integer", "description": "Runs whose run_at has not come"},
        "running": {"type": "integer", "description": "Runs that are under way"},
        "waiting": {"type": "integer", "description": "Runs that wait outside of memory for a timer, a signal or a person"},
        "oldest_ready_at": {"type": ["string", "null"], "description": "Since when the longest waiting queued run could have started"},
        "paused": {"type": "boolean"}, "draining": {"type": "boolean"},
        "weight": {"type": "integer", "description": "Runs that the workspace starts in its turn; default 1"}}})");
    router.add_schema("QueueChange", R"({"type": "object", "additionalProperties": false, "required": ["weight"], "properties": {
        "weight": {"type": "integer", "minimum": 1, "maximum": 100, "description": "Runs that the workspace starts in its turn"}}})");
    router.add_schema("QueueList", R"({"type": "object", "properties": {
        "items": {"type": "array", "items": {"$ref": "#/components/schemas/Queue"}}, "next_cursor": {"type": ["string", "null"]}}})");
    router.add(std::span<const Route<Engine>>(routes), engine);
}

}  // namespace sluice::engine
