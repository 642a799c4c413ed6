// REST of API keys.

#include "identity_json.hpp"
#include "sluice/identity/identity.hpp"
#include "sluice/net/server.hpp"

namespace sluice::identity {
namespace {

using net::json_response;
using net::problem;
using net::Request;
using net::Response;
using net::Verb;

struct Schema {
    std::string_view name, json;
};

constexpr Schema schemas[] = {
    {"ApiKey",
     R"json({"type": "object", "required": ["id", "name", "role", "permissions", "prefix", "created_at"],
        "properties": {
        "id": {"type": "string"}, "name": {"type": "string"}, "project": {"type": "string"},
        "role": {"type": "string", "description": "A role, or custom"},
        "permissions": {"type": "array", "items": {"type": "string"}},
        "prefix": {"type": "string", "description": "The part of the key that names it"},
        "created_by": {"type": "string"}, "created_at": {"type": "string"},
        "projects": {"type": "array", "items": {"type": "string"}, "description": "It is limited to these; empty: all"},
        "flows": {"type": "array", "items": {"type": "string"}, "description": "It is limited to these; empty: all"},
        "networks": {"type": "array", "items": {"type": "string"}, "description": "It may be used from these; empty: from anywhere"},
        "rate_limit": {"type": ["object", "null"], "description": "Requests of its own; null: as the server's setting says",
            "properties": {"per_second": {"type": "number"}, "burst": {"type": "number"}}},
        "expires_at": {"type": ["string", "null"]}, "last_used_at": {"type": ["string", "null"]},
        "last_address": {"type": ["string", "null"], "description": "Where it was last used from"},
        "revoked_at": {"type": ["string", "null"]},
        "key": {"type": ["string", "null"],
                "description": "The whole key, in the answer to its creation alone; null in a repeated answer"}}})json"},
    {"ApiKeyList", R"json({"type": "object", "required": ["items", "next_cursor"], "properties": {
        "items": {"type": "array", "items": {"$ref": "#/components/schemas/ApiKey"}},
        "next_cursor": {"type": ["string", "null"]}}})json"},
    {"NewApiKey", R"json({"type": "object", "additionalProperties": false, "properties": {
        "name": {"type": "string", "maxLength": 100},
        "role": {"type": "string", "description": "A built-in role or one of the workspace's; default owner"},
        "permissions": {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 100,
                        "description": "Instead of a role's, exactly these"},
        "project": {"type": "string"},
        "projects": {"type": "array", "items": {"type": "string"}, "description": "Limits it to what is in these"},
        "flows": {"type": "array", "items": {"type": "string"}, "description": "Limits it to these and to their runs, by name"},
        "networks": {"type": "array", "items": {"type": "string"}, "description": "Addresses and networks that it may be used from: 10.0.0.0/24"},
        "rate_limit": {"type": ["object", "null"], "additionalProperties": false, "required": ["per_second"], "properties": {
            "per_second": {"type": "number"}, "burst": {"type": "number", "description": "At once; default twice per_second"}}},
        "expires_at": {"type": ["string", "null"],
            "description": "RFC 3339, at most 365 days from now; default 90 days. Null, for no end, on the server's own machine alone"}}})json"},
};

Json render(const ApiKey& key) {
    return {{"id", key.id.str()},
            {"name", key.name},
            {"project", key.project},
            {"role", key.role},
            {"permissions", names_of(key.permissions)},
            {"prefix", key.prefix},
            {"created_by", key.created_by},
            {"created_at", base::format_time(key.created_at)},
            {"projects", key.scope ? Json(key.scope->projects) : Json::array()},
            {"flows", key.scope ? Json(key.scope->flows) : Json::array()},
            {"networks", Json(key.networks)},
            {"rate_limit", key.rate_limit ? Json{{"per_second", key.rate_limit->per_second}, {"burst", key.rate_limit->burst}} : Json()},
            {"expires_at", optional_time(key.expires_at)},
            {"last_used_at", optional_time(key.last_used_at)},
            {"last_address", key.last_address.empty() ? Json() : Json(key.last_address)},
            {"revoked_at", optional_time(key.revoked_at)}};
}

Awaitable<Response> list_keys(Request& request, Identity& identity) {
    const auto limit = request.query_integer("limit", 50, 1, 200);
    if (!limit) co_return problem(limit.error());
    std::string cursor(request.query_value("cursor").value_or(""));
    auto list =
        co_await identity.keys(request.workspace(), static_cast<int>(*limit), std::move(cursor));
    if (!list) co_return problem(list.error());
    auto items = Json::array();
    for (const auto& key : list->items) items.push_back(render(key));
    co_return json_response(200, list_of(std::move(items), list->next_cursor));
}

Awaitable<Response> get_key(Request& request, Identity& identity) {
    const auto id = request.id_parameter<ApiKeyId>();
    if (!id) co_return problem(id.error());
    auto key = co_await identity.key(request.workspace(), *id);
    if (!key) co_return problem(key.error());
    co_return json_response(200, render(*key));
}

std::vector<std::string> texts_of(const Json& body, const char* name) {
    std::vector<std::string> out;
    if (const auto* list = base::find_member(body, name); list && list->is_array())
        for (const auto& one : *list)
            if (one.is_string()) out.push_back(one.get<std::string>());
    return out;
}

Result<NewKey> parse_new_key(const Json& body) {
    const auto wrong = [](std::string_view pointer, std::string message) {
        return fail(Error{ErrorCode::invalid_argument, message, {{std::string(pointer), message}}});
    };
    if (!body.is_object()) return wrong("", "the body must be an object");
    NewKey key;
    key.name = base::string_or(body, "name", "");
    key.role = base::string_or(body, "role", "owner");
    key.project = base::string_or(body, "project", "default");
    if (const auto* list = base::find_member(body, "permissions"); list && list->is_array()) {
        auto permissions = read_permissions(*list);
        if (!permissions) return fail(std::move(permissions.error()));
        for (std::size_t i = 0; i < permissions->size(); ++i)
            if (permissions->test(i)) key.permissions.push_back(static_cast<Permission>(i));
        if (body.contains("role"))
            return wrong("/role", "give either a role or a list of permissions");
    }
    key.scope.projects = texts_of(body, "projects");
    key.scope.flows = texts_of(body, "flows");
    key.networks = texts_of(body, "networks");
    if (const auto* rate = base::find_member(body, "rate_limit"); rate && rate->is_object()) {
        const double per_second = rate->value("per_second", 0.0);
        key.rate_limit = base::RateLimit{per_second, rate->value("burst", std::max(1.0, 2 * per_second))};
    }
    if (const auto* expires = base::find_member(body, "expires_at"); expires && expires->is_null()) key.never_expires = true;
    if (const auto* expires = base::find_member(body, "expires_at");
        expires && expires->is_string()) {
        auto time = base::parse_time(expires->get<std::string>());
        if (!time) return wrong("/expires_at", time.error().message);
        key.expires_at = *time;
    }
    return key;
}

Awaitable<Response> create_key(Request& request, Identity& identity) {
    if (auto there = identity.check_recent_proof(request.principal); !there)
        co_return problem(there.error());
    const auto body = request.json();
    if (!body) co_return problem(body.error());
    auto wanted = parse_new_key(*body);
    if (!wanted) co_return problem(wanted.error());
    AlsoCommit<CreatedKey> also = [&request](storage::WriteUnit& unit, const CreatedKey& made) {
        auto again = render(made.key);
        again["key"] = nullptr;  // the secret is shown once and stored nowhere, not even here
        request.record(unit, {201, base::dump_json(again), {}});
    };
    auto made =
        co_await identity.create_key(request.principal, std::move(*wanted), std::move(also));
    if (!made) co_return problem(made.error());
    auto answer = render(made->key);
    answer["key"] = made->secret;
    auto response = json_response(201, answer);
    response.headers.set("Cache-Control", "no-store");
    co_return response;
}

Awaitable<Response> revoke_key(Request& request, Identity& identity) {
    if (auto there = identity.check_recent_proof(request.principal); !there)
        co_return problem(there.error());
    const auto id = request.id_parameter<ApiKeyId>();
    if (!id) co_return problem(id.error());
    AlsoCommit<ApiKey> also = [&request](storage::WriteUnit& unit, const ApiKey&) {
        request.record(unit, {204, {}, {}});
    };
    auto done = co_await identity.revoke_key(request.workspace(), *id, std::move(also));
    if (!done) co_return problem(done.error());
    co_return net::no_content();
}

constexpr net::Parameter page[] = {{"limit", "integer", "How many, at most 200; default 50"},
                                   {"cursor", "string", "next_cursor of the page before"}};

const net::Route<Identity> routes[] = {
    {Verb::get,
     "/api/v1/api-keys",
     Permission::keys_read,
     list_keys,
     {.summary = "List API keys, newest first, revoked ones too",
      .response = "ApiKeyList",
      .query = page}},
    {Verb::post,
     "/api/v1/api-keys",
     Permission::keys_write,
     create_key,
     {.summary = "Create an API key; the answer is the only one that has it whole",
      .request = "NewApiKey",
      .response = "ApiKey",
      .status = 201}},
    {Verb::get,
     "/api/v1/api-keys/{id}",
     Permission::keys_read,
     get_key,
     {.summary = "Read an API key's row", .response = "ApiKey"}},
    {Verb::del,
     "/api/v1/api-keys/{id}",
     Permission::keys_write,
     revoke_key,
     {.summary = "Revoke an API key", .status = 204}},
};

}  // namespace

void add_key_routes(net::Router& router, Identity& identity) {
    for (const auto& schema : schemas) router.add_schema(schema.name, schema.json);
    router.add<Identity>(routes, identity);
}

}  // namespace sluice::identity
