// REST of identity: who am I, workspaces, projects, sign-in by one-time link. Keys: keys_routes.cpp; roles: roles_routes.cpp.

#include "identity_json.hpp"
#include "identity_state.hpp"
#include "request_credentials.hpp"
#include "sluice/base/json.hpp"
#include "sluice/identity/identity.hpp"
#include "sluice/identity/key_grants.hpp"
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
        "id": {"type": "string"}, "name": {"type": "string"}, "created_at": {"type": "string"},
        "require_second_factor": {"type": "boolean", "description": "Its members must have one"}}})json"},
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
    {"Me",
     R"json({"type": "object", "required": ["principal", "workspace", "role", "permissions"], "properties": {
        "principal": {"type": "object", "properties": {
            "id": {"type": "string"}, "kind": {"type": "string"}, "name": {"type": "string"}}},
        "workspace": {"type": "object", "properties": {"id": {"type": "string"}, "name": {"type": "string"}}},
        "role": {"type": "string"}, "permissions": {"type": "array", "items": {"type": "string"}},
        "user": {"type": "object", "description": "Of a person: id, email, name"},
        "session": {"type": "object", "description": "Of a person: id, proved_at (when the password was last given)"},
        "second_factor": {"type": "object", "description": "Of a person: enabled, required (by this workspace)"},
        "workspaces": {"type": "array", "description": "Of a person: id, name and role of each",
                       "items": {"type": "object"}}}})json"},
    {"LoginLink", R"json({"type": "object", "required": ["path", "expires_in"], "properties": {
        "path": {"type": "string", "description": "To be opened in a browser on this server's address, once"},
        "expires_in": {"type": "string"}}})json"},
};

/// Workspaces and projects look alike.
template <class Named>
Json render(const Named& named) {
    return {{"id", named.id.str()},
            {"name", named.name},
            {"created_at", base::format_time(named.created_at)}};
}

Json render_with_rules(const Workspace& workspace, Identity& identity) {
    auto out = render(workspace);
    const auto* persons = identity.state().persons;
    out["require_second_factor"] = persons != nullptr && persons->requires_second_factor(workspace.id);
    return out;
}

Awaitable<Response> get_me(Request& request, Identity& identity) {
    const auto& principal = request.principal;
    Json me{
        {"principal",
         {{"id", principal.id}, {"kind", base::to_string(principal.kind)}, {"name", principal.name}}},
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
            items.push_back(render_with_rules(workspace, identity));
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
    co_return json_response(200, render_with_rules(*found, identity));
}

Awaitable<Response> create_workspace(Request& request, Identity& identity) {
    const auto body = request.json();
    if (!body) co_return problem(body.error());
    AlsoCommit<Workspace> also = [&request](storage::WriteUnit& unit, const Workspace& made) {
        request.record(unit, {201, base::dump_json(render(made)), {}});
    };
    auto made = co_await identity.create_workspace(base::string_or(*body, "name", ""),
                                                   std::move(also), request.principal);
    if (!made) co_return problem(made.error());
    co_return json_response(201, render(*made));
}

Awaitable<Response> list_projects(Request& request, Identity& identity) {
    auto items = Json::array();
    for (const auto& project : identity.projects(request.workspace()))
        if (request.principal.may_in(Permission::projects_read, project.name)) items.push_back(render(project));
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
        request.record(unit, {201, base::dump_json(render(made)), {}});
    };
    auto made = co_await identity.create_project(
        request.workspace(), base::string_or(*body, "name", ""), std::move(also));
    if (!made) co_return problem(made.error());
    co_return json_response(201, render(*made));
}

/// To networks, projects, models, rates or money.
Awaitable<bool> is_limited(Principal who, Identity& identity) {
    const auto id = ApiKeyId::parse(who.id);
    if (!id) co_return true;
    const auto key = co_await identity.key(who.workspace, *id);
    if (!key || key->scope || !key->networks.empty() || key->rate_limit) co_return true;
    const auto* grants = identity.state().grants;
    const Json granted = grants ? grants->describe(who.workspace, *id) : Json::object();
    for (const auto& [name, value] : granted.items())
        if (!value.is_null() && !value.empty()) co_return true;
    co_return false;
}

Awaitable<Response> create_link(Request& request, Identity& identity) {
    // A session could otherwise renew itself for ever.
    if (request.principal.role != "owner" || request.principal.kind == Principal::Kind::session ||
        request.principal.kind == Principal::Kind::user) {
        const Error error{ErrorCode::forbidden,
                          "only an owner's key or the server's own machine may make a link that signs in as owner"};
        co_return problem(error);
    }
    if (request.principal.kind == Principal::Kind::api_key && co_await is_limited(request.principal, identity)) {
        const Error error{ErrorCode::forbidden, "this key is limited, and a link signs in without limits; use the owner's own key or the server's machine"};
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
    // A person looks at a page that says so, not at a problem document.
    const bool person = request.headers.get("accept").find("text/html") != std::string_view::npos;
    if (!secret && !(person && secret.error().code == ErrorCode::gone)) co_return problem(secret.error());
    Response response;
    response.status = 303;
    response.headers.set("Location", secret ? "/" : "/login#link=over");
    if (secret) response.headers.set("Set-Cookie", set_session_cookie(request, *secret));
    response.headers.set("Cache-Control", "no-store");
    response.headers.set("Referrer-Policy", "no-referrer");
    co_return response;
}

Awaitable<Response> log_out(Request& request, Identity& identity) {
    std::function<void(storage::WriteUnit&)> also = [&request](storage::WriteUnit& unit) { request.record(unit, {204, {}, {}}); };
    auto done = co_await identity.end_session(request.principal, std::move(also));
    if (!done) co_return problem(done.error());
    auto response = net::no_content();
    response.headers.set("Set-Cookie", set_session_cookie(request, ""));
    co_return response;
}

Awaitable<Result<net::Place>> place_project(Identity& identity, WorkspaceId workspace, std::string id) {
    const auto project = identity.find_project(workspace, id);
    if (!project) co_return fail(net::no_such_object(id));
    co_return net::Place{project->name};
}

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
};

}  // namespace

void add_routes(net::Router& router, Identity& identity) {
    for (const auto& schema : schemas) router.add_schema(schema.name, schema.json);
    router.add<Identity>(routes, identity);
    add_key_routes(router, identity);
    add_role_routes(router, identity);
    auto& places = router.places();
    for (const auto* collection : {"api-keys", "auth", "roles", "workspaces"}) places.add_whole(collection);
    places.add("projects", [&identity](WorkspaceId workspace, std::string id) { return place_project(identity, workspace, std::move(id)); });
}

}  // namespace sluice::identity
