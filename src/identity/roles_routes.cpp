// REST of roles: the built-in ones, and the workspace's own.

#include "identity_json.hpp"
#include "sluice/identity/identity.hpp"
#include "sluice/net/server.hpp"

namespace sluice::identity {

Result<base::PermissionSet> read_permissions(const Json& list) {
    base::PermissionSet set;
    for (std::size_t i = 0; i < list.size(); ++i) {
        const auto& name = list[i];
        const auto permission = name.is_string() ? base::permission_from(name.get<std::string>()) : std::nullopt;
        if (!permission) {
            const auto message = fmt::format("{} is no permission; GET /api/v1/roles shows those that there are", base::dump_json(name));
            return fail(Error{ErrorCode::invalid_argument, message, {{fmt::format("/permissions/{}", i), message}}});
        }
        set.set(static_cast<std::size_t>(*permission));
    }
    return set;
}

namespace {

using net::json_response;
using net::problem;
using net::Request;
using net::Response;
using net::Verb;

Json render(const WorkspaceRole& role) {
    return {{"id", role.id.str()},
            {"name", role.name},
            {"description", role.description},
            {"built_in", false},
            {"permissions", names_of(role.permissions)},
            {"created_by", role.created_by},
            {"created_at", base::format_time(role.created_at)},
            {"updated_at", base::format_time(role.updated_at)}};
}

Json render(const Role& role) {
    return {{"id", nullptr},
            {"name", role.name},
            {"description", role.doc},
            {"built_in", true},
            {"permissions", names_of(role.permissions)}};
}

std::string etag_of(const WorkspaceRole& role) { return fmt::format("\"{}\"", role.updated_at.time_since_epoch().count()); }

Error no_such_role(const Request& request) {
    return {ErrorCode::not_found, fmt::format("there is no role {} in this workspace; check the name", request.parameter("id"))};
}

/// The workspace's own role that the path names by id or name. Errors: not_found, conflict (a built-in one does not change),
/// precondition_failed.
Result<WorkspaceRole> own_role(const Request& request, const Identity& identity) {
    if (find_role(request.parameter("id")))
        return fail(ErrorCode::conflict, "{} is the same in every workspace and does not change; make a role of your own", request.parameter("id"));
    auto role = identity.find_workspace_role(request.workspace(), request.parameter("id"));
    if (!role) return fail(no_such_role(request));
    if (const auto wanted = request.headers.find("If-Match"); wanted && !net::etag_matches(*wanted, etag_of(*role)))
        return fail(ErrorCode::precondition_failed, "somebody else has changed this role meanwhile; read it again");
    return std::move(*role);
}

Response answer(int status, const WorkspaceRole& role) {
    auto response = json_response(status, render(role));
    response.headers.set("ETag", etag_of(role));
    return response;
}

Awaitable<Response> list_roles(Request& request, Identity& identity) {
    auto items = Json::array();
    for (const auto& role : roles()) items.push_back(render(role));
    for (const auto& role : identity.workspace_roles(request.workspace())) items.push_back(render(role));
    co_return json_response(200, list_of(std::move(items)));
}

Awaitable<Response> get_role(Request& request, Identity& identity) {
    if (const auto* role = find_role(request.parameter("id"))) co_return json_response(200, render(*role));
    const auto role = identity.find_workspace_role(request.workspace(), request.parameter("id"));
    if (!role) co_return problem(no_such_role(request));
    co_return answer(200, *role);
}

Awaitable<Response> create_role(Request& request, Identity& identity) {
    if (auto there = identity.check_recent_proof(request.principal); !there) co_return problem(there.error());
    const auto body = request.json();
    if (!body) co_return problem(body.error());
    auto permissions = read_permissions(body->at("permissions"));
    if (!permissions) co_return problem(permissions.error());
    AlsoCommit<WorkspaceRole> also = [&request](storage::WriteUnit& unit, const WorkspaceRole& role) {
        request.record(unit, {201, base::dump_json(render(role)), etag_of(role)});
    };
    auto made = co_await identity.create_role(request.principal, base::string_or(*body, "name", ""),
                                              base::string_or(*body, "description", ""), *permissions, std::move(also));
    if (!made) co_return problem(made.error());
    auto response = answer(201, *made);
    response.headers.set("Location", "/api/v1/roles/" + made->id.str());
    co_return response;
}

Awaitable<Response> change_role(Request& request, Identity& identity) {
    if (auto there = identity.check_recent_proof(request.principal); !there) co_return problem(there.error());
    const auto before = own_role(request, identity);
    if (!before) co_return problem(before.error());
    const auto body = request.json();
    if (!body) co_return problem(body.error());
    std::optional<std::string> description;
    if (body->contains("description")) description = base::string_or(*body, "description", "");
    std::optional<base::PermissionSet> permissions;
    if (const auto* list = base::find_member(*body, "permissions")) {
        auto read = read_permissions(*list);
        if (!read) co_return problem(read.error());
        permissions = *read;
    }
    AlsoCommit<WorkspaceRole> also = [&request, &before](storage::WriteUnit& unit, const WorkspaceRole& role) {
        net::AuditNote note;
        note.target = role.id.str();
        note.before = base::dump_json(render(*before));
        request.record(unit, {200, base::dump_json(render(role)), etag_of(role)}, std::move(note));
    };
    auto changed = co_await identity.change_role(request.principal, before->id, std::move(description), permissions, std::move(also));
    if (!changed) co_return problem(changed.error());
    co_return answer(200, *changed);
}

Awaitable<Response> delete_role(Request& request, Identity& identity) {
    if (auto there = identity.check_recent_proof(request.principal); !there) co_return problem(there.error());
    const auto before = own_role(request, identity);
    if (!before) co_return problem(before.error());
    AlsoCommit<WorkspaceRole> also = [&request](storage::WriteUnit& unit, const WorkspaceRole& role) {
        net::AuditNote note;
        note.target = role.id.str();
        note.before = base::dump_json(render(role));
        request.record(unit, {204, {}, {}}, std::move(note));
    };
    auto done = co_await identity.delete_role(request.principal, before->id, std::move(also));
    if (!done) co_return problem(done.error());
    co_return net::no_content();
}

constexpr std::string_view role_schema = R"json({"type": "object", "required": ["id", "name", "built_in", "permissions"], "properties": {
    "id": {"type": ["string", "null"], "description": "Null: a role that every workspace has"},
    "name": {"type": "string"}, "description": {"type": "string"}, "built_in": {"type": "boolean"},
    "permissions": {"type": "array", "items": {"type": "string"}},
    "created_by": {"type": "string"}, "created_at": {"type": "string"}, "updated_at": {"type": "string"}}})json";
constexpr std::string_view list_schema = R"json({"type": "object", "required": ["items", "next_cursor"], "properties": {
    "items": {"type": "array", "items": {"$ref": "#/components/schemas/Role"}}, "next_cursor": {"type": ["string", "null"]}}})json";
constexpr std::string_view new_schema = R"json({"type": "object", "required": ["name", "permissions"], "additionalProperties": false,
    "properties": {
    "name": {"type": "string", "minLength": 1, "maxLength": 63, "description": "Lower-case letters, digits, '-', '_' and '.'"},
    "description": {"type": "string", "maxLength": 500},
    "permissions": {"type": "array", "items": {"type": "string"}, "maxItems": 100}}})json";
constexpr std::string_view change_schema = R"json({"type": "object", "additionalProperties": false, "minProperties": 1, "properties": {
    "description": {"type": "string", "maxLength": 500},
    "permissions": {"type": "array", "items": {"type": "string"}, "maxItems": 100, "description": "All of them"}}})json";

const net::Route<Identity> routes[] = {
    {Verb::get, "/api/v1/roles", Permission::roles_read, list_roles,
     {.summary = "List roles: those that every workspace has, then its own", .response = "RoleList"}},
    {Verb::post, "/api/v1/roles", Permission::roles_write, create_role,
     {.summary = "Create a role of the workspace", .request = "NewRole", .response = "Role", .status = 201,
      .description = "With no permission that the caller lacks, and none of the whole server."}},
    {Verb::get, "/api/v1/roles/{id}", Permission::roles_read, get_role,
     {.summary = "Read a role by id or name", .response = "Role"}},
    {Verb::put, "/api/v1/roles/{id}", Permission::roles_write, change_role,
     {.summary = "Change a role of the workspace", .request = "RoleChange", .response = "Role",
      .description = "From the answer on it holds for every key and person that has it. If-Match takes the role's ETag."}},
    {Verb::del, "/api/v1/roles/{id}", Permission::roles_write, delete_role,
     {.summary = "Delete a role of the workspace that nobody has", .status = 204}},
};

}  // namespace

void add_role_routes(net::Router& router, Identity& identity) {
    router.add_schema("Role", role_schema);
    router.add_schema("RoleList", list_schema);
    router.add_schema("NewRole", new_schema);
    router.add_schema("RoleChange", change_schema);
    router.add(std::span<const net::Route<Identity>>(routes), identity);
}

}  // namespace sluice::identity
