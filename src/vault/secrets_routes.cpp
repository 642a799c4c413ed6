// REST of secrets: values go in, never out.

#include <span>

#include "sluice/base/json.hpp"
#include "sluice/crypto/crypto.hpp"
#include "sluice/net/server.hpp"
#include "sluice/net/tagged.hpp"
#include "sluice/storage/write_unit.hpp"
#include "sluice/vault/vault.hpp"
#include "vault/bindings.hpp"
#include "vault/root_routes.hpp"

namespace sluice::vault {

namespace {

using net::json_response;
using net::problem;
using net::Request;
using net::Response;
using net::Route;
using net::Verb;

#define BINDINGS_SCHEMA                                                                                                           \
    R"json({"type": "object", "additionalProperties": false, "properties": {
        "node_types": {"type": "array", "maxItems": 100, "items": {"type": "string", "minLength": 1, "maxLength": 100},
                       "description": "Empty: every node type that has a place for secrets"},
        "flows": {"type": "array", "maxItems": 100, "items": {"type": "string", "minLength": 1, "maxLength": 100},
                  "description": "Names; empty: every flow of the workspace"},
        "hosts": {"type": "array", "maxItems": 100, "items": {"type": "string", "minLength": 1, "maxLength": 259},
                  "description": "Where the value may be sent: api.example.com, *.example.com, host:port, or * for any; empty: nowhere"},
        "developers": {"type": "boolean", "description": "Whether everybody who writes flows may use it"}}})json"

struct Schema {
    std::string_view name, json;
};
constexpr Schema schemas[] = {
    {"SecretBindings", BINDINGS_SCHEMA},
    {"Secret", R"json({"type": "object", "required": ["id", "name", "version", "bindings"], "properties": {
        "id": {"type": "string"}, "name": {"type": "string"}, "description": {"type": "string"},
        "bindings": {"$ref": "#/components/schemas/SecretBindings"},
        "version": {"type": "integer", "description": "Of the value in use, from 1"},
        "previous_ends_at": {"type": ["string", "null"], "description": "Until then the version before is kept"},
        "created_by": {"type": "string"}, "created_at": {"type": "string"}, "updated_at": {"type": "string"}}})json"},
    {"SecretList", R"json({"type": "object", "required": ["items", "next_cursor"], "properties": {
        "items": {"type": "array", "items": {"$ref": "#/components/schemas/Secret"}},
        "next_cursor": {"type": ["string", "null"]}}})json"},
    {"NewSecret", R"json({"type": "object", "required": ["name", "value"], "additionalProperties": false, "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 64, "description": "Letters, digits and underscores"},
        "value": {"type": "string", "minLength": 1, "maxLength": 65536, "description": "Never given back"},
        "description": {"type": "string", "maxLength": 1000},
        "bindings": {"$ref": "#/components/schemas/SecretBindings"}}})json"},
    {"SecretValue", R"json({"type": "object", "required": ["value"], "additionalProperties": false, "properties": {
        "value": {"type": "string", "minLength": 1, "maxLength": 65536, "description": "Never given back"}}})json"},
    {"SecretEdit", R"json({"type": "object", "additionalProperties": false, "properties": {
        "description": {"type": "string", "maxLength": 1000},
        "bindings": {"$ref": "#/components/schemas/SecretBindings"}}})json"},
    {"SecretKeyRotation", R"json({"type": "object", "required": ["key_version", "rewrapped"], "properties": {
        "key_version": {"type": "integer"}, "rewrapped": {"type": "integer", "description": "Values whose data keys were wrapped anew"}}})json"},
};

Json render(const Secret& secret) {
    return {{"id", secret.id.str()},
            {"name", secret.name},
            {"description", secret.description},
            {"bindings", bindings_json(secret.bindings)},
            {"version", secret.version},
            {"previous_ends_at", secret.previous_ends_at ? Json(base::format_time(*secret.previous_ends_at)) : Json()},
            {"created_by", secret.created_by},
            {"created_at", base::format_time(secret.created_at)},
            {"updated_at", base::format_time(secret.updated_at)}};
}

Response tagged(int status, const Secret& secret) { return net::tagged(status, render(secret), etag_of(secret)); }

/// The records of the audit trail and of an Idempotency-Key have the answer, which never has the value.
AlsoCommit record(Request& request, int status) {
    return [&request, status](storage::WriteUnit& unit, const Secret& secret) {
        net::AuditNote note;
        note.target = secret.id.str();
        const std::string row = base::dump_json(render(secret));
        if (status == 204) {
            note.before = row;
            return request.record(unit, {status, "", {}}, std::move(note));
        }
        request.record(unit, {status, row, etag_of(secret)}, std::move(note));
    };
}

/// The value, which leaves the parsed body.
std::string take_value(Json& body) {
    std::string value = base::string_or(body, "value", "");
    if (auto member = body.find("value"); member != body.end() && member->is_string()) crypto::wipe(member->get_ref<std::string&>());
    return value;
}

Awaitable<Response> list_secrets(Request& request, Vault& vault) {
    auto limit = request.query_integer("limit", 200, 1, 1000);
    if (!limit) co_return problem(limit.error());
    const std::string after(request.query_value("cursor").value_or(""));
    Json items = Json::array(), cursor;
    for (const auto& secret : vault.list(request.workspace())) {
        if (!after.empty() && secret.name <= after) continue;
        if (items.size() == static_cast<std::size_t>(*limit)) {
            cursor = items.back()["name"];
            break;
        }
        items.push_back(render(secret));
    }
    const Json answer{{"items", std::move(items)}, {"next_cursor", std::move(cursor)}};
    co_return json_response(200, answer);
}

Awaitable<Response> get_secret(Request& request, Vault& vault) {
    const auto found = vault.find(request.workspace(), request.parameter("id"));
    if (found) co_return tagged(200, *found);
    const Error error{ErrorCode::not_found, fmt::format("there is no secret {}; GET /api/v1/secrets lists those that there are",
                                                        request.parameter("id"))};
    co_return problem(error);
}

Awaitable<Response> create_secret(Request& request, Vault& vault) {
    auto body = request.json();
    if (!body) co_return problem(body.error());
    NewSecret wanted;
    wanted.name = base::string_or(*body, "name", "");
    wanted.value = take_value(*body);
    wanted.description = base::string_or(*body, "description", "");
    if (const Json* bindings = base::find_member(*body, "bindings")) wanted.bindings = bindings_from(*bindings);
    auto made = co_await vault.create(request.workspace(), std::move(wanted), request.principal.id, record(request, 201));
    if (!made) co_return problem(made.error());
    co_return tagged(201, *made);
}

Awaitable<Response> set_secret(Request& request, Vault& vault) {
    auto body = request.json();
    if (!body) co_return problem(body.error());
    std::string name(request.parameter("id"));
    auto done = co_await vault.set_value(request.workspace(), std::move(name), take_value(*body), request.principal.id, if_match(request),
                                         record(request, 200));
    if (!done) co_return problem(done.error());
    co_return tagged(200, *done);
}

Awaitable<Response> edit_secret(Request& request, Vault& vault) {
    const auto body = request.json();
    if (!body) co_return problem(body.error());
    SecretEdit change;
    if (body->contains("description")) change.description = base::string_or(*body, "description", "");
    if (const Json* bindings = base::find_member(*body, "bindings")) change.bindings = bindings_from(*bindings);
    std::string name(request.parameter("id"));
    auto done = co_await vault.edit(request.workspace(), std::move(name), std::move(change), if_match(request), record(request, 200));
    if (!done) co_return problem(done.error());
    co_return tagged(200, *done);
}

Awaitable<Response> delete_secret(Request& request, Vault& vault) {
    std::string name(request.parameter("id"));
    auto done = co_await vault.remove(request.workspace(), std::move(name), if_match(request), record(request, 204));
    if (!done) co_return problem(done.error());
    co_return net::no_content();
}

Awaitable<Response> rotate_keys(Request& request, Vault& vault) {
    auto done = co_await vault.rotate_keys(request.workspace());
    if (!done) co_return problem(done.error());
    const Json answer{{"key_version", done->key_version}, {"rewrapped", done->rewrapped}};
    storage::WriteUnit unit;
    request.record(unit, {200, base::dump_json(answer), {}});
    auto noted = co_await vault.commit(std::move(unit));
    if (!noted) co_return problem(noted.error());
    co_return json_response(200, answer);
}

constexpr net::Parameter page[] = {{"limit", "integer", "How many, at most 1000; default 200"},
                                   {"cursor", "string", "next_cursor of the page before"}};

constexpr Route<Vault> routes[] = {
    {Verb::get, "/api/v1/secrets", Permission::secrets_read, list_secrets,
     {.summary = "List secrets by name, without their values", .response = "SecretList", .query = page}},
    {Verb::post, "/api/v1/secrets", Permission::secrets_write, create_secret,
     {.summary = "Create a secret", .request = "NewSecret", .response = "Secret", .status = 201,
      .description = "The value is encrypted and never given back. Without hosts in its bindings it is sent nowhere."}},
    {Verb::post, "/api/v1/secrets/rotate-keys", Permission::secrets_write, rotate_keys,
     {.summary = "Rotate the key that wraps the workspace's secrets", .response = "SecretKeyRotation"}},
    {Verb::get, "/api/v1/secrets/{id}", Permission::secrets_read, get_secret,
     {.summary = "Read a secret's row by name or id, without its value", .response = "Secret"}},
    {Verb::put, "/api/v1/secrets/{id}", Permission::secrets_write, set_secret,
     {.summary = "Give a secret a new value", .request = "SecretValue", .response = "Secret",
      .description = "The next version; runs use it at once, and the one before is kept for 24 hours."}},
    {Verb::patch, "/api/v1/secrets/{id}", Permission::secrets_write, edit_secret,
     {.summary = "Change a secret's description or bindings", .request = "SecretEdit", .response = "Secret"}},
    {Verb::del, "/api/v1/secrets/{id}", Permission::secrets_write, delete_secret,
     {.summary = "Delete a secret with all its versions", .status = 204}},
};

}  // namespace

void add_routes(net::Router& router, Vault& vault) {
    for (const auto& schema : schemas) router.add_schema(schema.name, schema.json);
    router.places().add_whole("secrets");
    router.add(std::span<const Route<Vault>>(routes), vault);
    add_root_routes(router, vault);
}

}  // namespace sluice::vault
