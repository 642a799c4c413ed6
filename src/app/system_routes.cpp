#include <sys/resource.h>
#include <unistd.h>

#include <span>

#include "app/app_state.hpp"
#include "sluice/base/metrics.hpp"
#include "sluice/net/server.hpp"
#include "sluice/storage/backup.hpp"

namespace sluice::app {

namespace {

using net::Access;
using net::Request;
using net::Response;
using net::Route;
using net::Verb;

#ifndef SLUICE_VERSION
#define SLUICE_VERSION "0.0.0"
#endif

Awaitable<Response> health(Request&, App::State&) { co_return net::text_response(200, "text/plain", "ok\n"); }

Awaitable<Response> readiness(Request&, App::State& state) {
    if (!state.ready) co_return net::text_response(503, "text/plain", state.stopped ? "stopping\n" : "starting\n");
    if (state.storage->saturated()) co_return net::text_response(503, "text/plain", state.storage->saturation_reason() + "\n");
    co_return net::text_response(200, "text/plain", "ready\n");
}

Awaitable<Response> metrics(Request&, App::State& state) {
    state.engine->statistics();  // brings its gauges up to date
    co_return net::text_response(200, "text/plain; version=0.0.4", base::metrics::render_prometheus());
}

/// Without the figures that name providers and models: they are of all workspaces together.
std::string without_models(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const auto end = text.find('\n');
        const auto line = text.substr(0, end == std::string_view::npos ? end : end + 1);
        text.remove_prefix(line.size());
        const auto named = line.starts_with("# HELP ") || line.starts_with("# TYPE ") ? line.substr(7) : line;
        if (!named.starts_with("gen_ai_")) out += line;
    }
    return out;
}

/// What a key of one workspace may see.
Awaitable<Response> metrics_for_key(Request& request, App::State& state) {
    auto out = co_await metrics(request, state);
    if (!request.local_socket && state.identity->workspaces().size() > 1) out.text = without_models(out.text);
    co_return out;
}

Awaitable<Response> openapi(Request&, App::State& state) {
    Response response;
    response.headers.set("Content-Type", "application/json");
    if (!state.openapi) {
        auto make = [router = &state.router] { return router->make_openapi(); };
        state.openapi = std::make_shared<const std::string>(co_await state.blocking->run(std::move(make)));
    }
    response.shared_text = state.openapi;
    co_return response;
}

/// Resident memory in bytes, as the kernel's accounting of this process says (a read of procfs, not of a disk).
std::int64_t resident_bytes() {
    std::int64_t pages = 0;
    if (std::FILE* file = std::fopen("/proc/self/statm", "r")) {
        char line[128] = {};
        if (std::fgets(line, sizeof line, file) != nullptr) {
            const std::string_view text(line);
            const std::size_t space = text.find(' ');
            if (space != std::string_view::npos) {
                const auto rest = text.substr(space + 1);
                std::from_chars(rest.data(), rest.data() + rest.size(), pages);
            }
        }
        std::fclose(file);
    }
    return pages * sysconf(_SC_PAGESIZE);
}

/// Seconds of processor time, in the program and for it.
double cpu_seconds() {
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    const auto seconds = [](const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; };
    return seconds(used.ru_utime) + seconds(used.ru_stime);
}

/// A histogram since the start; each figure is the most that it can be, below a power of two.
Json spread(const base::metrics::Reading& reading) {
    return {{"count", reading.count}, {"p50", reading.quantile(0.5)}, {"p99", reading.quantile(0.99)}, {"max", reading.quantile(1.0)}};
}

/// `where`: with its folder, which is the business of who keeps the machine.
Awaitable<Json> last_backup(App::State* state, bool where) {
    auto look = [directory = state->options.data, where]() -> Json {
        const auto last = storage::last_backup(directory);
        if (!last) return {};
        Json out{{"created_at", base::format_time(last->created_at)}, {"database_bytes", last->database_bytes}, {"blob_bytes", last->blob_bytes}};
        if (where) out["path"] = last->folder.string();
        return out;
    };
    co_return co_await state->blocking->run(std::move(look));
}

Awaitable<Response> system_state(Request& request, App::State& state) {
    using base::metrics::read;
    Json backup = co_await last_backup(&state, request.principal.may(Permission::system_write));
    const auto storage = state.storage->statistics();
    const auto engine = state.engine->statistics();
    Json providers = Json::array();
    for (const auto& provider : state.providers.all())
        providers.push_back({{"name", provider->name()}, {"type", provider->type()}});
    const auto vault = state.keys->status();
    Json answer = {
        {"version", version()},
        {"url", state.options.listen.empty() ? Json() : Json(state.server->url())},
        {"started_at", base::format_time(state.started_at)},
        {"uptime_seconds", std::chrono::duration_cast<std::chrono::seconds>(state.clock.now() - state.started_at).count()},
        {"schema_version", state.report.schema_to},
        {"memory_bytes", resident_bytes()},
        {"cpu_seconds", cpu_seconds()},
        {"loop", {{"delay_us", spread(read("sluice_loop_delay_us"))}}},
        {"http", {{"connections", read("sluice_http_connections").value}, {"live_streams", read("sluice_live_subscriptions").value},
                  {"requests", read("sluice_http_requests_total").value}, {"errors", read("sluice_http_errors_total").value}}},
        {"writer", {{"queued", storage.queued}, {"saturated", state.storage->saturated()},
                    {"reason", state.storage->saturated() ? Json(state.storage->saturation_reason()) : Json()},
                    {"batch_units", spread(read("sluice_storage_batch_units"))}, {"commit_us", spread(read("sluice_storage_commit_us"))}}},
        {"disk", {{"free_bytes", storage.disk_free_bytes < 0 ? Json() : Json(storage.disk_free_bytes)},
                  {"min_free_bytes", state.min_free_bytes}}},
        {"last_backup", std::move(backup)},
        {"engine", {{"active_runs", engine.active_runs}, {"running_steps", engine.running_steps}, {"started", engine.started},
                    {"finished", engine.finished}, {"recovered", engine.recovered},
                    {"queued_runs", engine.queued_runs}, {"waiting_runs", engine.waiting_runs},
                    {"standstill", base::format_duration(engine.standstill)}}},
        {"storage", {{"commits", storage.commits}, {"units", storage.units}, {"ops", storage.ops},
                     {"failed_units", storage.failed_units}, {"checkpoints", storage.checkpoints},
                     {"wal_bytes", storage.wal_bytes}, {"queued", storage.queued}, {"database_bytes", storage.database_bytes},
                     {"unused_bytes", storage.unused_bytes}, {"blob_bytes", storage.blob_bytes},
                     {"ballast_bytes", storage.ballast_bytes}, {"disk_free_bytes", storage.disk_free_bytes},
                     {"freed_pages", storage.freed_pages}}},
        {"vault", {{"sealed", vault.sealed},
                   {"origin", vault.origin.empty() ? Json() : Json(vault.origin)},
                   {"reason", vault.reason.empty() ? Json() : Json(vault.reason)}}},
        {"providers", std::move(providers)}};
    co_return net::json_response(200, answer);
}

/// What the server itself costs: the measure that the hot path is compared with.
Awaitable<Response> echo(Request& request, App::State&) {
    co_return net::text_response(200, "application/json", std::move(request.body));
}

constexpr Route<App::State> routes[] = {
    {Verb::get, "/healthz", Access::open(), health,
     {.summary = "Tell that the process lives", .tag = "system", .response_media = "text/plain",
      .rate = net::RateClass::free}},
    {Verb::get, "/readyz", Access::open(), readiness,
     {.summary = "Tell whether new work is taken", .tag = "system", .response_media = "text/plain",
      .rate = net::RateClass::free}},
    {Verb::get, "/metrics", Permission::system_read, metrics_for_key,
     {.summary = "Read the metrics", .tag = "system", .response_media = "text/plain",
      .description = "Where there are several workspaces, without those that name models (gen_ai_*): metrics.listen serves them."}},
    {Verb::get, "/api/v1/openapi.json", Access::open(), openapi,
     {.summary = "Read this document", .tag = "system", .response = "OpenApiDocument"}},
    {Verb::get, "/api/v1/system", Permission::system_read, system_state,
     {.summary = "Read the state of the server", .tag = "system", .response = "SystemState"}},
    {Verb::post, "/api/v1/system/echo", Permission::system_read, echo,
     {.summary = "Give the body back", .tag = "system", .request = "Anything", .response = "Anything", .check_body = false,
      .description = "For measuring what a request costs without any work", .audited = net::Audited::never}},
};

/// On the listener of its own, where whoever reaches it may read.
constexpr Route<App::State> monitoring_routes[] = {
    {Verb::get, "/healthz", Access::open(), health,
     {.summary = "Tell that the process lives", .tag = "system", .response_media = "text/plain"}},
    {Verb::get, "/readyz", Access::open(), readiness,
     {.summary = "Tell whether new work is taken", .tag = "system", .response_media = "text/plain"}},
    {Verb::get, "/metrics", Access::open(), metrics,
     {.summary = "Read the metrics", .tag = "system", .response_media = "text/plain"}},
};

}  // namespace

void add_monitoring_routes(net::Router& router, App::State& state) {
    router.add(std::span<const Route<App::State>>(monitoring_routes), state);
}

std::string_view version() { return SLUICE_VERSION; }

void add_system_routes(net::Router& router, App::State& state) {
    router.add_schema("OpenApiDocument", R"({"type": "object"})");
    router.add_schema("Anything", R"({"description": "Any JSON"})");
    router.add_schema("Spread", R"({"type": "object", "description": "Since the start of the process; each figure is an upper bound, one below a power of two",
        "required": ["count", "p50", "p99", "max"], "properties": {"count": {"type": "integer"}, "p50": {"type": "integer"},
        "p99": {"type": "integer"}, "max": {"type": "integer"}}})");
    router.add_schema("SystemState", R"({"type": "object", "properties": {"version": {"type": "string"},
        "url": {"type": ["string", "null"]}, "started_at": {"type": "string"}, "uptime_seconds": {"type": "integer"},
        "schema_version": {"type": "integer"}, "memory_bytes": {"type": "integer"},
        "cpu_seconds": {"type": "number", "description": "Processor time of the process since its start"},
        "loop": {"type": "object", "properties": {"delay_us": {"$ref": "#/components/schemas/Spread"}}},
        "http": {"type": "object", "properties": {"connections": {"type": "integer"}, "live_streams": {"type": "integer"},
            "requests": {"type": "integer"}, "errors": {"type": "integer"}}},
        "writer": {"type": "object", "properties": {"queued": {"type": "integer"}, "saturated": {"type": "boolean"},
            "reason": {"type": ["string", "null"], "description": "Why new work is refused"},
            "batch_units": {"$ref": "#/components/schemas/Spread"}, "commit_us": {"$ref": "#/components/schemas/Spread"}}},
        "disk": {"type": "object", "properties": {"free_bytes": {"type": ["integer", "null"]},
            "min_free_bytes": {"type": "integer", "description": "Below it new work is refused"}}},
        "last_backup": {"type": ["object", "null"], "properties": {"path": {"type": "string", "description": "With system:write alone"}, "created_at": {"type": "string"},
            "database_bytes": {"type": "integer"}, "blob_bytes": {"type": "integer"}}},
        "engine": {"type": "object"},
        "storage": {"type": "object"}, "vault": {"type": "object"}, "providers": {"type": "array", "items": {"type": "object"}}}})");
    router.add(std::span<const Route<App::State>>(routes), state);
}

}  // namespace sluice::app
