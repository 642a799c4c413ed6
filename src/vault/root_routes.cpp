// REST of the root key: whether the vault is open, and what opens and rotates it.

#include <span>

#include "sluice/base/json.hpp"
#include "sluice/base/log.hpp"
#include "sluice/crypto/crypto.hpp"
#include "sluice/identity/wrapped_keys.hpp"
#include "sluice/net/server.hpp"
#include "sluice/storage/write_unit.hpp"
#include "vault/root_routes.hpp"

namespace sluice::vault {

namespace {

using net::json_response;
using net::problem;
using net::Request;
using net::Response;
using net::Route;
using net::Verb;

Json render(const identity::RootStatus& status, bool local) {
    const auto known = [](const std::string& text) { return text.empty() ? Json() : Json(text); };
    Json out{{"sealed", status.sealed}, {"reason", known(status.reason)}, {"root", known(status.root)}, {"origin", known(status.origin)},
             {"keys", status.keys}};
    if (local) out["file"] = known(status.file.string());  // paths of the machine are its owner's business
    return out;
}

/// These say or change what all workspaces depend on, so they are for who owns the machine.
std::optional<Response> refuse_remote(const Request& request) {
    if (request.local_socket) return std::nullopt;
    const Error error{ErrorCode::forbidden, "this is for the server's own machine: run `sluice vault` there, on the data directory"};
    return problem(error);
}

Result<Json> read_body(Request& request) {
    if (request.body.empty()) return Json::object();
    auto body = request.json();
    crypto::wipe(request.body);
    return body;
}

/// What was done stays done, also when the entry of it cannot be stored.
Awaitable<void> note(const Request& request, Vault& vault, const Json& answer) {
    storage::WriteUnit unit;
    net::AuditNote about;
    about.target = "root";
    request.record(unit, {200, base::dump_json(answer), {}}, std::move(about));
    auto noted = co_await vault.commit(std::move(unit));
    if (!noted) log::error("a change of the root key left no audit entry", {{"cause", noted.error().message}});
}

Awaitable<Response> status(Request& request, Vault& vault) {
    co_return json_response(200, render(vault.keys().status(), request.local_socket));
}

Awaitable<Response> unseal(Request& request, Vault& vault) {
    if (auto refused = refuse_remote(request)) co_return std::move(*refused);
    auto body = read_body(request);
    if (!body) co_return problem(body.error());
    auto done = co_await vault.keys().unseal(base::string_or(*body, "passphrase", ""));
    if (!done) co_return problem(done.error());
    const Json answer = render(vault.keys().status(), true);
    co_await note(request, vault, answer);
    co_return json_response(200, answer);
}

Awaitable<Response> rotate_root(Request& request, Vault& vault) {
    if (auto refused = refuse_remote(request)) co_return std::move(*refused);
    auto body = read_body(request);
    if (!body) co_return problem(body.error());
    identity::NewRoot wanted;
    wanted.key_file = base::string_or(*body, "key_file", "");
    wanted.passphrase = base::string_or(*body, "passphrase", "");
    auto done = co_await vault.keys().rotate_root(std::move(wanted));
    if (!done) co_return problem(done.error());
    const Json answer = render(*done, true);
    co_await note(request, vault, answer);
    co_return json_response(200, answer);
}

constexpr Route<Vault> routes[] = {
    {Verb::get, "/api/v1/vault", Permission::system_read, status,
     {.summary = "Tell whether the vault is open", .tag = "vault", .response = "VaultStatus"}},
    {Verb::post, "/api/v1/vault/unseal", Permission::system_write, unseal,
     {.summary = "Look for the root key again", .tag = "vault", .request = "Unseal", .response = "VaultStatus",
      .description = "On the server's own machine alone. With a passphrase, where the root is made from one."}},
    {Verb::post, "/api/v1/vault/rotate-root", Permission::system_write, rotate_root,
     {.summary = "Wrap all keys with another root key", .tag = "vault", .request = "NewRoot", .response = "VaultStatus",
      .description = "On the server's own machine alone. Without members a fresh key takes the key file's place; the old one is kept "
                     "beside it under its id."}},
};

}  // namespace

void add_root_routes(net::Router& router, Vault& vault) {
    router.add_schema("VaultStatus", R"json({"type": "object", "required": ["sealed", "reason", "root", "origin"], "properties": {
        "sealed": {"type": "boolean"}, "reason": {"type": ["string", "null"], "description": "Why it is sealed, and what opens it"},
        "root": {"type": ["string", "null"], "description": "Id of the root key"},
        "origin": {"type": ["string", "null"], "description": "credential, key_file or passphrase"},
        "keys": {"type": "integer"}, "file": {"type": ["string", "null"]}}})json");
    router.add_schema("Unseal", R"json({"type": "object", "additionalProperties": false, "properties": {
        "passphrase": {"type": "string", "maxLength": 4096}}})json");
    router.add_schema("NewRoot", R"json({"type": "object", "additionalProperties": false, "properties": {
        "key_file": {"type": "string", "maxLength": 4096, "description": "A file with the new root, mode 0400"},
        "passphrase": {"type": "string", "maxLength": 4096, "description": "What the new root is made from"}}})json");
    router.add(std::span<const Route<Vault>>(routes), vault);
}

}  // namespace sluice::vault
