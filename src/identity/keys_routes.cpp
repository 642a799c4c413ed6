// REST of API keys.

#include "identity_json.hpp"
#include "identity_state.hpp"
#include "sluice/identity/key_grants.hpp"
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

#define RATES                                                                                                                      \
    R"json("models": {"type": ["array", "null"], "minItems": 1, "maxItems": 200, "items": {"type": "string", "minLength": 1, "maxLength": 300},
            "description": "It may call these models and routes alone: names, or beginnings and *; null: all"},
        "requests_per_minute": {"type": ["integer", "null"], "minimum": 1, "maximum": 1000000000, "description": "Calls of models"},
        "tokens_per_minute": {"type": ["integer", "null"], "minimum": 1, "maximum": 1000000000, "description": "Of models, input and output together"})json"

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
        )json" RATES R"json(,
        "budgets": {"type": ["array", "null"], "description": "Its own; changed under /api/v1/budgets", "items": {"type": "object", "properties": {
            "id": {"type": "string"}, "window": {"type": "string"}, "limit_usd": {"type": "string"}, "action": {"type": "string"},
            "spent_usd": {"type": "string"}, "left_usd": {"type": "string"}}}},
        "key": {"type": ["string", "null"],
                "description": "The whole key, in the answer to its creation alone; null in a repeated answer"}}})json"},
    {"ApiKeyList", R"json({"type": "object", "required": ["items", "next_cursor"], "properties": {
        "items": {"type": "array", "items": {"$ref": "#/components/schemas/ApiKey"}},
        "next_cursor": {"type": ["string", "null"]}}})json"},
    {"NewApiKey", R"json({"type": "object", "additionalProperties": false, "properties": {
        "name": {"type": "string", "maxLength": 100},
        "role": {"type": "string", "description": "A built-in role or one of the workspace's; default the caller's own. Owners alone make keys of the role owner"},
        "permissions": {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 100,
                        "description": "Instead of a role's, exactly these"},
        "project": {"type": "string"},
        "projects": {"type": "array", "items": {"type": "string"}, "description": "Limits it to what is in these"},
        "flows": {"type": "array", "items": {"type": "string"}, "description": "Limits it to these and to their runs, by name"},
        "networks": {"type": "array", "items": {"type": "string"}, "description": "Addresses and networks that it may be used from: 10.0.0.0/24"},
        "rate_limit": {"type": ["object", "null"], "additionalProperties": false, "required": ["per_second"], "properties": {
            "per_second": {"type": "number"}, "burst": {"type": "number", "description": "At once; default twice per_second"}}},
        )json" RATES R"json(,
        "budget": {"type": ["object", "null"], "additionalProperties": false, "required": ["limit_usd"], "description": "Of its own, made with it",
            "properties": {
            "limit_usd": {"type": ["string", "number"], "description": "USD, a decimal with at most nine places"},
            "window": {"enum": ["hour", "day", "week", "month", "total"], "description": "Default month"},
            "action": {"enum": ["block", "require_approval", "downgrade", "warn"], "description": "Default block"},
            "downgrade_to": {"type": "string", "maxLength": 200}, "time_zone": {"type": "string", "minLength": 1, "maxLength": 64}}},
        "expires_at": {"type": ["string", "null"],
            "description": "RFC 3339, at most 365 days from now; default 90 days. Null, for no end, on the server's own machine alone"}}})json"},
    {"ApiKeyChange", R"json({"type": "object", "additionalProperties": false, "minProperties": 1, "properties": {)json" RATES "}}"},
};

constexpr int most_tries = 20;  ///< of a change that others overtake

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

/// With what it has beside its row.
Json render(const ApiKey& key, Identity& identity, const Json& granted = {}) {
    auto out = render(key);
    if (granted.is_object())
        out.update(granted);
    else if (const auto* grants = identity.state().grants)
        out.update(grants->describe(key.workspace, key.id));
    return out;
}

Awaitable<Response> list_keys(Request& request, Identity& identity) {
    const auto limit = request.query_integer("limit", 50, 1, 200);
    if (!limit) co_return problem(limit.error());
    std::string cursor(request.query_value("cursor").value_or(""));
    auto list =
        co_await identity.keys(request.workspace(), static_cast<int>(*limit), std::move(cursor));
    if (!list) co_return problem(list.error());
    auto items = Json::array();
    for (const auto& key : list->items) items.push_back(render(key, identity));
    co_return json_response(200, list_of(std::move(items), list->next_cursor));
}

Awaitable<Response> get_key(Request& request, Identity& identity) {
    const auto id = request.id_parameter<ApiKeyId>();
    if (!id) co_return problem(id.error());
    auto key = co_await identity.key(request.workspace(), *id);
    if (!key) co_return problem(key.error());
    co_return json_response(200, render(*key, identity));
}

std::vector<std::string> texts_of(const Json& body, const char* name) {
    std::vector<std::string> out;
    if (const auto* list = base::find_member(body, name); list && list->is_array())
        for (const auto& one : *list)
            if (one.is_string()) out.push_back(one.get<std::string>());
    return out;
}

Result<NewKey> parse_new_key(const Json& body, const Principal& maker) {
    const auto wrong = [](std::string_view pointer, std::string message) {
        return fail(Error{ErrorCode::invalid_argument, message, {{std::string(pointer), message}}});
    };
    if (!body.is_object()) return wrong("", "the body must be an object");
    NewKey key;
    key.name = base::string_or(body, "name", "");
    key.role = base::string_or(body, "role", maker.role);
    if (key.role == "custom" && !body.contains("role") && !body.contains("permissions"))
        return wrong("/role", "say which role the key gets, or list its permissions: this credential has a list of its own and no role");
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
    auto wanted = parse_new_key(*body, request.principal);
    if (!wanted) co_return problem(wanted.error());
    std::unique_ptr<KeyGrants::Draft> granted;
    if (auto* grants = identity.state().grants) {
        auto drafted = co_await grants->draft(request.principal, *body);
        if (!drafted) co_return problem(drafted.error());
        granted = std::move(*drafted);
    }
    AlsoCommit<CreatedKey> also = [&](storage::WriteUnit& unit, const CreatedKey& made) {
        if (granted) granted->append(unit, made.key);
        auto again = render(made.key, identity, granted ? granted->describe() : Json());
        again["key"] = nullptr;  // the secret is shown once and stored nowhere, not even here
        request.record(unit, {201, base::dump_json(again), {}});
    };
    auto made =
        co_await identity.create_key(request.principal, std::move(*wanted), std::move(also));
    if (!made) co_return problem(made.error());
    if (granted) granted->committed();
    auto answer = render(made->key, identity);
    answer["key"] = made->secret;
    auto response = json_response(201, answer);
    response.headers.set("Cache-Control", "no-store");
    co_return response;
}

Awaitable<Response> change_key(Request& request, Identity& identity) {
    if (auto there = identity.check_recent_proof(request.principal); !there)
        co_return problem(there.error());
    const auto id = request.id_parameter<ApiKeyId>();
    if (!id) co_return problem(id.error());
    const auto body = request.json();
    if (!body) co_return problem(body.error());
    auto* grants = identity.state().grants;
    if (!grants) co_return problem({ErrorCode::unavailable, "this process keeps no limits of keys", {}, false});
    // The body says what is to change and nothing of what was: another change at the same moment only has it done anew, on top of that one.
    for (int tries = 1;; ++tries) {
        auto key = co_await identity.key(request.workspace(), *id);
        if (!key) co_return problem(key.error());
        if (key->revoked_at) co_return problem({ErrorCode::conflict, "this key is revoked; make another one", {}, false});
        net::AuditNote note;
        note.before = base::dump_json(render(*key, identity));
        auto changed = grants->change(request.principal, *id, *body);
        if (!changed) co_return problem(changed.error());
        storage::WriteUnit unit;
        (*changed)->append(unit, *key);
        const auto answer = render(*key, identity, (*changed)->describe());
        request.record(unit, {200, base::dump_json(answer), {}}, std::move(note));
        auto done = co_await identity.state().storage.submit(std::move(unit));
        if (done) {
            (*changed)->committed();
            co_return json_response(200, answer);
        }
        const bool overtaken = done.error().code == ErrorCode::precondition_failed || done.error().code == ErrorCode::conflict;
        if (!overtaken || tries == most_tries) co_return problem(done.error());
    }
}

Awaitable<Response> revoke_key(Request& request, Identity& identity) {
    if (auto there = identity.check_recent_proof(request.principal); !there)
        co_return problem(there.error());
    const auto id = request.id_parameter<ApiKeyId>();
    if (!id) co_return problem(id.error());
    std::unique_ptr<KeyGrants::Draft> ended;
    if (auto* grants = identity.state().grants) ended = grants->end(request.workspace(), *id);
    AlsoCommit<ApiKey> also = [&](storage::WriteUnit& unit, const ApiKey& key) {
        if (ended) ended->append(unit, key);
        request.record(unit, {204, {}, {}});
    };
    auto done = co_await identity.revoke_key(request.workspace(), *id, std::move(also));
    if (!done) co_return problem(done.error());
    if (ended) ended->committed();
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
    {Verb::patch,
     "/api/v1/api-keys/{id}",
     Permission::keys_write,
     change_key,
     {.summary = "Change which models an API key may call, and how often",
      .request = "ApiKeyChange",
      .response = "ApiKey",
      .description = "What is left out stays; null is no limit. A key does not change its own."}},
    {Verb::del,
     "/api/v1/api-keys/{id}",
     Permission::keys_write,
     revoke_key,
     {.summary = "Revoke an API key", .status = 204}},
};

}  // namespace

void set_key_grants(Identity& identity, KeyGrants& grants) { identity.state().grants = &grants; }

void add_key_routes(net::Router& router, Identity& identity) {
    for (const auto& schema : schemas) router.add_schema(schema.name, schema.json);
    router.add<Identity>(routes, identity);
}

}  // namespace sluice::identity
