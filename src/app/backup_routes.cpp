#include <span>

#include "app/app_state.hpp"
#include "sluice/net/server.hpp"
#include "sluice/storage/backup.hpp"

namespace sluice::app {

namespace {

using net::Request;
using net::Response;
using net::Route;
using net::Verb;

/// Where a backup may go. The owner of this machine (the local socket) says any place; who comes
/// over the network says a name, below DIR/backups.
Result<std::filesystem::path> place_of(const Request& request, const App::State& state,
                                       const std::string& wanted) {
    namespace fs = std::filesystem;
    const fs::path path(wanted);
    if (request.principal.kind == Principal::Kind::local) {
        if (!path.is_absolute())
            return fail(ErrorCode::invalid_argument, "path must be absolute, such as /backups/monday");
        return path;
    }
    const bool plain = !wanted.empty() && wanted.size() <= 100 && wanted.front() != '.' &&
                       wanted.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                                "0123456789-_.") == std::string::npos;
    if (!plain)
        return fail(ErrorCode::invalid_argument,
                    "over the network a backup has a plain name (letters, digits, '-', '_', '.') and "
                    "goes below the data directory; name another place on the server itself");
    const auto folder = state.options.data / "backups";
    std::error_code error;
    fs::create_directory(folder, error);
    if (error)
        return fail(ErrorCode::unavailable, "{} cannot be made: {}", folder.string(), error.message());
    return folder / path;
}

Awaitable<Response> back_up(Request& request, App::State& state) {
    auto body = request.json();
    if (!body) co_return net::problem(body.error());
    auto place = place_of(request, state, base::string_or(*body, "path", ""));
    if (!place) co_return net::problem(place.error());
    auto taken = co_await state.storage->backup(std::move(*place));
    if (!taken) co_return net::problem(taken.error());
    const Json answer = storage::to_json(*taken);
    if (request.idempotency) {   // a backup is a folder, so the record follows it
        storage::WriteUnit unit;
        request.idempotency->record(unit, {201, base::dump_json(answer), {}});
        auto recorded = co_await state.storage->submit(std::move(unit));
        if (!recorded) co_return net::problem(recorded.error());
    }
    co_return net::json_response(201, answer);
}

constexpr Route<App::State> routes[] = {
    {Verb::post, "/api/v1/system/backup", Permission::system_write, back_up,
     {.summary = "Back up the data directory", .tag = "system", .request = "NewBackup", .response = "Backup", .status = 201,
      .description = "Database and blobs from one moment, verified, while work goes on. Answers when the backup is whole"}},
};

}  // namespace

void add_backup_routes(net::Router& router, App::State& state) {
    router.add_schema("NewBackup", R"({"type": "object", "properties": {"path": {"type": "string", "minLength": 1,
        "maxLength": 4096, "description": "A folder that does not exist. On the server's own socket an absolute path; else a plain name"}},
        "required": ["path"], "additionalProperties": false})");
    router.add_schema("Backup", R"({"type": "object", "properties": {"path": {"type": "string"}, "schema": {"type": "integer"},
        "created_at": {"type": "string"}, "database_bytes": {"type": "integer"}, "database_sha256": {"type": "string"},
        "blobs": {"type": "integer"}, "blob_bytes": {"type": "integer"}}})");
    router.add(std::span<const Route<App::State>>(routes), state);
}

}  // namespace sluice::app
