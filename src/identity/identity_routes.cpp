// REST of identity: who am I, workspaces, projects, API keys, sign-in by one-time link.

#include "request_credentials.hpp"
#include "sluice/base/json.hpp"
#include "sluice/identity/identity.hpp"
#include "sluice/net/server.hpp"

namespace sluice::identity {
namespace {

using net::Access;
using net::json_response;
using net::problem;
using net::Request;
using net::Response;
using net::Verb;

struct Schema {
    std::string_view name, json;
};

constexpr Schema schemas[] = {
    {"Workspace",
     R"json({"type": "object", "required": ["id", "name", "created_at"], "properties": {
        "id": {"type": "string"}, "name": {"type": "string"}, "created_at": {"type": "string"}}})json"},
    {"WorkspaceList",
     R"json({"type": "object", "required": ["items", "next_cursor"], "properties": {
        "items": {"type": "array", "items": {"$ref": "#/components/schemas/Workspace"}},
        "next_cursor": {"type": ["string", "null"]}}})json"},
    {"NewName",
     R"json({"type": "object", "required": ["name"], "additionalProperties": false, "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 63,
                 "description": "Lower-case letters, digits, '-', '_' and '.'"}}})json"},
    {"Project", R"json({"type": "object", "required": ["id", "name", "created_at"], "properties": {
        "id": {"type": "string"}, "name": {"type": "string"}, "created_at": {"type": "string"}}})json"},
    {"ProjectList", R"json({"type": "object", "required": ["items", "next_cursor"], "properties": {
        "items": {"type": "array", "items": {"$ref": "#/components/schemas/Project"}},
        "next_cursor": {"type": ["string", "null"]}}})json"},
    {"ApiKey",
     R"json({"type": "object", "required": ["id", "name", "role", "permissions", "prefix", "created_at"],
        "properties": {
        "id": {"type": "string"}, "name": {"type": "string"}, "project": {"type": "string"},
        "role": {"type": "string", "description": "A role, or custom"},
        "permissions": {"type": "array", "items": {"type": "string"}},
        "prefix": {"type": "string", "description": "The part of the key that names it"},
        "created_by": {"type": "string"}, "created_at": {"type": "string"},
        "expires_at": {"type": ["string", "null"]}, "last_used_at": {"type": ["string", "null"]},
        "revoked_at": {"type": ["string", "null"]},
        "key": {"type": ["string", "null"],
                "description": "The whole key, in the answer to its creation alone; null in a repeated answer"}}})json"},
    {"ApiKeyList", R"json({"type": "object", "required": ["items", "next_cursor"], "properties": {
        "items": {"type": "array", "items": {"$ref": "#/components/schemas/ApiKey"}},
        "next_cursor": {"type": ["string", "null"]}}})json"},
    {"NewApiKey", R"json({"type": "object", "additionalProperties": false, "properties": {
        "name": {"type": "string", "maxLength": 100},
        "role": {"type": "string", "description": "owner, developer, operator or viewer; default owner"},
        "permissions": {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 100,
                        "description": "Instead of a role's, exactly these"},
        "project": {"type": "string"},
        "expires_at": {"type": ["string", "null"], "description": "RFC 3339"}}})json"},
    {"Me",
     R"json({"type": "object", "required": ["principal", "workspace", "role", "permissions"], "properties": {
        "principal": {"type": "object", "properties": {
            "id": {"type": "string"}, "kind": {"type": "string"}, "name": {"type": "string"}}},
        "workspace": {"type": "object", "properties": {"id": {"type": "string"}, "name": {"type": "string"}}},
        "role": {"type": "string"}, "permissions": {"type": "array", "items": {"type": "string"}},
        "user": {"type": "object", "description": "Of a person: id, email, name"},
        "session": {"type": "object", "description": "Of a person: id, proved_at (when the password was last given)"},
        "workspaces": {"type": "array", "description": "Of a person: id, name and role of each",
                       "items": {"type": "object"}}}})json"},
    {"LoginLink", R"json({"type": "object", "required": ["path", "expires_in"], "properties": {
        "path": {"type": "string", "description": "To be opened in a browser on this server's address, once"},
        "expires_in": {"type": "string"}}})json"},
};

Json optional_time(const std::optional<Time>& time) {
    return time ? Json(base::format_time(*time)) : Json();
}

Json names_of(const base::PermissionSet& permissions) {
    auto list = Json::array();
    for (std::size_t i = 0; i < permissions.size(); ++i)
        if (permissions.test(i))
            list.push_back(std::string(base::to_string(static_cast<Permission>(i))));
    return list;
}

/// Workspaces and projects look alike.
template <class Named>
Json render(const Named& named) {
    return {{"id", named.id.str()},
            {"name", named.name},
            {"created_at", base::format_time(named.created_at)}};
}

Json render(const ApiKey& key) {
    return {{"id", key.id.str()},
            {"name", key.name},
            {"project", key.project},
            {"role", key.role},
            {"permissions", names_of(key.permissions)},
            {"prefix", key.prefix},
            {"created_by", key.created_by},
            {"created_at", base::format_time(key.created_at)},
            {"expires_at", optional_time(key.expires_at)},
            {"last_used_at", optional_time(key.last_used_at)},
            {"revoked_at", optional_time(key.revoked_at)}};
}

Json list_of(Json items, const std::string& next_cursor = {}) {
    return {{"items", std::move(items)},
            {"next_cursor", next_cursor.empty() ? Json() : Json(next_cursor)}};
}

/// Lets the answer of a write be repeated: its record commits with the write.
void record(Request& request, storage::WriteUnit& unit, int status, const std::string& body) {
    request.record(unit, {status, body, {}});
}

std::string_view kind_of(const Principal& principal) {
    switch (principal.kind) {
        case Principal::Kind::anonymous:
            return "anonymous";
        case Principal::Kind::api_key:
            return "api_key";
        case Principal::Kind::session:
            return "session";
        case Principal::Kind::local:
            return "local";
        case Principal::Kind::user:
            return "user";
    }
    return "anonymous";
}

Awaitable<Response> get_me(Request& request, Identity& identity) {
    const auto& principal = request.principal;
    Json me{
        {"principal",
         {{"id", principal.id}, {"kind", kind_of(principal)}, {"name", principal.name}}},
        {"workspace", {{"id", principal.workspace.str()}, {"name", principal.workspace_name}}},
        {"role", principal.role},
        {"permissions", names_of(principal.permissions)}};
    auto person = identity.describe_person(principal);
    for (auto& [name, value] : person.items()) me[name] = std::move(value);
    co_return json_response(200, me);
}

Awaitable<Response> list_workspaces(Request& request, Identity& identity) {
    auto items = Json::array();
    for (const auto& workspace :
         identity
             .workspaces())  // others' workspaces are nobody's business but the machine's owner's
        if (request.local_socket || workspace.id == request.workspace() ||
            identity.is_member(request.principal, workspace.id))
            items.push_back(render(workspace));
    co_return json_response(200, list_of(std::move(items)));
}

Awaitable<Response> get_workspace(Request& request, Identity& identity) {
    const auto found = identity.find_workspace(request.parameter("id"));
    if (!found || (!request.local_socket && found->id != request.workspace() &&
                   !identity.is_member(request.principal, found->id))) {
        const Error error{ErrorCode::not_found,
                          fmt::format("there is no workspace {}", request.parameter("id"))};
        co_return problem(error);
    }
    co_return json_response(200, render(*found));
}

Awaitable<Response> create_workspace(Request& request, Identity& identity) {
    const auto body = request.json();
    if (!body) co_return problem(body.error());
    AlsoCommit<Workspace> also = [&request](storage::WriteUnit& unit, const Workspace& made) {
        record(request, unit, 201, base::dump_json(render(made)));
    };
    auto made = co_await identity.create_workspace(base::string_or(*body, "name", ""),
                                                   std::move(also), request.principal);
    if (!made) co_return problem(made.error());
    co_return json_response(201, render(*made));
}

Awaitable<Response> list_projects(Request& request, Identity& identity) {
    auto items = Json::array();
    for (const auto& project : identity.projects(request.workspace()))
        items.push_back(render(project));
    co_return json_response(200, list_of(std::move(items)));
}

Awaitable<Response> get_project(Request& request, Identity& identity) {
    const auto found = identity.find_project(request.workspace(), request.parameter("id"));
    if (!found) {
        const Error error{ErrorCode::not_found,
                          fmt::format("there is no project {}", request.parameter("id"))};
        co_return problem(error);
    }
    co_return json_response(200, render(*found));
}

Awaitable<Response> create_project(Request& request, Identity& identity) {
    const auto body = request.json();
    if (!body) co_return problem(body.error());
    AlsoCommit<Project> also = [&request](storage::WriteUnit& unit, const Project& made) {
        record(request, unit, 201, base::dump_json(render(made)));
    };
    auto made = co_await identity.create_project(
        request.workspace(), base::string_or(*body, "name", ""), std::move(also));
    if (!made) co_return problem(made.error());
    co_return json_response(201, render(*made));
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
        for (std::size_t i = 0; i < list->size(); ++i) {
            const auto& name = (*list)[i];
            const auto permission =
                name.is_string() ? base::permission_from(name.get<std::string>()) : std::nullopt;
            if (!permission)
                return wrong(fmt::format("/permissions/{}", i),
                             fmt::format("{} is no permission", base::dump_json(name)));
            key.permissions.push_back(*permission);
        }
        if (body.contains("role"))
            return wrong("/role", "give either a role or a list of permissions");
    }
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
        record(request, unit, 201, base::dump_json(again));
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
        record(request, unit, 204, "");
    };
    auto done = co_await identity.revoke_key(request.workspace(), *id, std::move(also));
    if (!done) co_return problem(done.error());
    co_return net::no_content();
}

Awaitable<Response> create_link(Request& request, Identity& identity) {
    // A session could otherwise renew itself for ever.
    if (request.principal.role != "owner" || request.principal.kind == Principal::Kind::session ||
        request.principal.kind == Principal::Kind::user) {
        const Error error{ErrorCode::forbidden,
                          "only an owner's key or the server's own machine may make a link that signs in as owner"};
        co_return problem(error);
    }
    auto noted = co_await identity.keep_record(request, 201, {});
    if (!noted) co_return problem(noted.error());
    const Json answer{{"path", identity.make_login_path(request.workspace())},
                      {"expires_in", "10m"}};
    auto response = json_response(201, answer);
    response.headers.set("Cache-Control", "no-store");
    co_return response;
}

Awaitable<Response> use_link(Request& request, Identity& identity) {
    if (request.verb == Verb::head) co_return net::no_content();  // a preview must not use it up
    std::string token(request.query_value("token").value_or(""));
    auto secret = co_await identity.exchange_login_token(std::move(token));
    if (!secret) co_return problem(secret.error());
    Response response;
    response.status = 303;
    response.headers.set("Location", "/");
    response.headers.set("Set-Cookie", set_session_cookie(request, *secret));
    response.headers.set("Cache-Control", "no-store");
    response.headers.set("Referrer-Policy", "no-referrer");
    co_return response;
}

Awaitable<Response> log_out(Request& request, Identity& identity) {
    auto done = co_await identity.end_session(request.principal);
    if (!done) co_return problem(done.error());
    auto noted = co_await identity.keep_record(request, 204, {});
    if (!noted) co_return problem(noted.error());
    auto response = net::no_content();
    response.headers.set("Set-Cookie", set_session_cookie(request, ""));
    co_return response;
}

constexpr net::Parameter page[] = {{"limit", "integer", "How many, at most 200; default 50"},
                                   {"cursor", "string", "next_cursor of the page before"}};
constexpr net::Parameter token[] = {{"token", "string", "Of the one-time link"}};

const net::Route<Identity> routes[] = {
    {Verb::get,
     "/api/v1/auth/me",
     Permission::workspaces_read,
     get_me,
     {.summary = "Who the credential is, and what it may do", .tag = "auth", .response = "Me"}},
    {Verb::post,
     "/api/v1/auth/links",
     Permission::keys_write,
     create_link,
     {.summary = "Make a one-time link that signs a browser in as owner",
      .tag = "auth",
      .response = "LoginLink",
      .status = 201}},
    {Verb::post,
     "/api/v1/auth/logout",
     Permission::workspaces_read,
     log_out,
     {.summary = "End the browser's session", .tag = "auth", .status = 204}},
    {Verb::get,
     "/auth/link",
     Access::open(),
     use_link,
     {.summary = "Sign the browser in with a one-time link",
      .tag = "auth",
      .status = 303,
      .query = token}},
    {Verb::post,
     "/auth/link",
     Access::open(),
     use_link,
     {.summary = "Sign the browser in with a one-time link",
      .tag = "auth",
      .status = 303,
      .query = token,
      .check_body = false,
      .request_media = "application/x-www-form-urlencoded"}},
    {Verb::get,
     "/api/v1/workspaces",
     Permission::workspaces_read,
     list_workspaces,
     {.summary = "List the workspaces that the credential may see", .response = "WorkspaceList"}},
    {Verb::post,
     "/api/v1/workspaces",
     Permission::workspaces_write,
     create_workspace,
     {.summary = "Create a workspace with its default project",
      .request = "NewName",
      .response = "Workspace",
      .status = 201}},
    {Verb::get,
     "/api/v1/workspaces/{id}",
     Permission::workspaces_read,
     get_workspace,
     {.summary = "Read a workspace by id or name", .response = "Workspace"}},
    {Verb::get,
     "/api/v1/projects",
     Permission::projects_read,
     list_projects,
     {.summary = "List the workspace's projects", .response = "ProjectList"}},
    {Verb::post,
     "/api/v1/projects",
     Permission::projects_write,
     create_project,
     {.summary = "Create a project", .request = "NewName", .response = "Project", .status = 201}},
    {Verb::get,
     "/api/v1/projects/{id}",
     Permission::projects_read,
     get_project,
     {.summary = "Read a project by id or name", .response = "Project"}},
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

void add_routes(net::Router& router, Identity& identity) {
    for (const auto& schema : schemas) router.add_schema(schema.name, schema.json);
    router.add<Identity>(routes, identity);
}

}  // namespace sluice::identity
