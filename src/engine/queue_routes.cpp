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

Json optional_time(const std::optional<Time>& time) { return time ? Json(base::format_time(*time)) : Json(); }

/// The key of a limit is made of the run's input: only for those who may read it.
Json job_json(const Job& job, bool reads) {
    Json json = {{"run_id", job.run.str()},
                 {"flow", {{"id", job.flow.str()}, {"name", job.flow_name}}},
                 {"project", job.project},
                 {"state", job.state},
                 {"run_status", job.run_status},
                 {"priority", job.priority},
                 {"created_at", base::format_time(job.created_at)},
                 {"ready_at", base::format_time(job.ready_at)},
                 {"started_at", optional_time(job.started_at)},
                 {"wake_at", optional_time(job.wake_at)},
                 {"attempts", job.attempts},
                 {"lease", job.held_here ? Json("held") : job.state == "running" ? Json("taken_up_soon") : Json()}};
    if (job.limit_runs > 0) json["limit"] = {{"runs", job.limit_runs}, {"key", reads && !job.limit_key.empty() ? Json(job.limit_key) : Json()}};
    return json;
}

Awaitable<Response> list_jobs(Request& request, Engine& engine) {
    if (auto wrong = no_such_queue(request)) co_return std::move(*wrong);
    auto limit = request.query_integer("limit", 50, 1, 200);
    if (!limit) co_return net::problem(limit.error());
    JobQuery query;
    query.limit = static_cast<int>(*limit);
    query.state = std::string(request.query_value("state").value_or(""));
    query.cursor = std::string(request.query_value("cursor").value_or(""));
    if (!query.state.empty() && query.state != "queued" && query.state != "running" && query.state != "waiting")
        co_return net::problem(Error{ErrorCode::invalid_argument, fmt::format("state={} is unknown; there are queued, running and waiting", query.state)});
    auto page = co_await engine.jobs(request.workspace(), std::move(query));
    if (!page) co_return net::problem(page.error());
    const bool reads = request.principal.may_everywhere(Permission::runs_data);
    Json items = Json::array();
    for (const Job& job : page->items) items.push_back(job_json(job, reads));
    Json worker;
    if (page->lease)
        worker = {{"id", page->lease->worker}, {"started_at", base::format_time(page->lease->started_at)},
                  {"heartbeat_at", base::format_time(page->lease->heartbeat_at)}};
    Json answer = {{"items", std::move(items)}, {"next_cursor", page->next_cursor.empty() ? Json() : Json(page->next_cursor)}, {"worker", std::move(worker)}};
    co_return net::json_response(200, answer);
}

constexpr net::Parameter jobs_query[] = {
    {"state", "string", "queued, running or waiting"}, {"limit", "integer", "1 to 200, default 50"}, {"cursor", "string", "next_cursor of the page before"}};

constexpr Route<Engine> routes[] = {
    {Verb::get, "/api/v1/queues", Permission::runs_read, list_queues, {.summary = "List queues", .response = "QueueList"}},
    {Verb::get, "/api/v1/queues/{name}", Permission::runs_read, get_queue, {.summary = "Read a queue", .response = "Queue"}},
    {Verb::get, "/api/v1/queues/{name}/jobs", Permission::runs_read, list_jobs,
     {.summary = "List the jobs of a queue: its runs that have not ended", .response = "JobList", .query = jobs_query,
      .description = "The oldest first. A page looks at 20,000 jobs at most: with a state it can have fewer items than its limit and a next_cursor."}},
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
    router.add_schema("Job", R"({"type": "object", "required": ["run_id", "flow", "state", "run_status", "priority", "created_at", "ready_at", "lease"],
        "properties": {"run_id": {"type": "string"},
        "flow": {"type": "object", "properties": {"id": {"type": "string"}, "name": {"type": "string"}}}, "project": {"type": "string"},
        "state": {"type": "string", "enum": ["queued", "running", "waiting"]}, "run_status": {"$ref": "#/components/schemas/RunStatus"},
        "priority": {"type": "integer"}, "created_at": {"type": "string"}, "ready_at": {"type": "string", "description": "Not started before"},
        "started_at": {"type": ["string", "null"]}, "wake_at": {"type": ["string", "null"], "description": "The next timer of one that waits outside of memory"},
        "attempts": {"type": "integer"},
        "limit": {"type": "object", "description": "Where the flow limits its runs", "properties": {"runs": {"type": "integer"}, "key": {"type": ["string", "null"]}}},
        "lease": {"type": ["string", "null"], "enum": ["held", "taken_up_soon", null],
            "description": "held: by the process that answers; taken_up_soon: left by a former one; null: by none"}}})");
    router.add_schema("JobList", R"({"type": "object", "required": ["items", "next_cursor", "worker"], "properties": {
        "items": {"type": "array", "items": {"$ref": "#/components/schemas/Job"}}, "next_cursor": {"type": ["string", "null"]},
        "worker": {"type": ["object", "null"], "description": "The process that takes up runs, and when it last said that it does",
            "properties": {"id": {"type": "string"}, "started_at": {"type": "string"}, "heartbeat_at": {"type": "string"}}}}})");
    router.add_schema("QueueChange", R"({"type": "object", "additionalProperties": false, "required": ["weight"], "properties": {
        "weight": {"type": "integer", "minimum": 1, "maximum": 100, "description": "Runs that the workspace starts in its turn"}}})");
    router.add_schema("QueueList", R"({"type": "object", "properties": {
        "items": {"type": "array", "items": {"$ref": "#/components/schemas/Queue"}}, "next_cursor": {"type": ["string", "null"]}}})");
    router.add(std::span<const Route<Engine>>(routes), engine);
}

}  // namespace sluice::engine
