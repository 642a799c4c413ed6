// REST of people: the members of a workspace, invitations, and for the owner of the machine the
// instance's accounts.

#include "identity_json.hpp"
#include "identity_state.hpp"
#include "sign_in_schemas.hpp"
#include "sluice/base/json.hpp"
#include "sluice/crypto/crypto.hpp"
#include "sluice/identity/people.hpp"
#include "sluice/net/server.hpp"

namespace sluice::identity {
namespace {

using net::json_response;
using net::problem;
using net::Request;
using net::Response;
using net::Verb;

std::string_view status_of(bool active) { return active ? "active" : "disabled"; }

Json render(const Member& member) {
    auto roles = Json::array();
    for (const auto& role : member.project_roles) roles.push_back({{"project", role.project_name}, {"role", role.role}});
    return {{"id", member.user.id.str()},
            {"email", member.user.email},
            {"name", member.user.name},
            {"role", member.role},
            {"status", status_of(member.active && member.user.active)},
            {"project_roles", std::move(roles)},
            {"joined_at", base::format_time(member.joined_at)},
            {"created_at", base::format_time(member.user.created_at)},
            {"last_sign_in_at", optional_time(member.user.last_sign_in_at)}};
}

/// Of what a change can change.
std::string etag_of(const Member& member) {
    auto text = fmt::format("{}|{}", member.role, member.active);
    for (const auto& role : member.project_roles) text += fmt::format("|{}={}", role.project.str(), role.role);
    return fmt::format("\"{}\"", crypto::sha256_hex(text).substr(0, 16));
}

// -- Members

Awaitable<Response> list_users(Request& request, People& people) {
    const auto limit = request.query_integer("limit", 50, 1, 200);
    if (!limit) co_return problem(limit.error());
    auto after = people.cursors().read(request.workspace(), "users", request.query_value("cursor").value_or(""));
    if (!after) co_return problem(after.error());
    auto items = Json::array();
    std::string next;
    std::string last;
    for (const auto& member : people.members(request.workspace())) {
        if (!after->empty() && member.user.id.raw() <= *after) continue;
        if (items.size() == static_cast<std::size_t>(*limit)) {
            next = people.cursors().make(request.workspace(), "users", last);
            break;
        }
        items.push_back(render(member));
        last = std::string(member.user.id.raw());
    }
    co_return json_response(200, list_of(std::move(items), next));
}

Awaitable<Response> get_user(Request& request, People& people) {
    const auto id = request.id_parameter<UserId>();
    if (!id) co_return problem(id.error());
    const auto member = people.find_member(request.workspace(), *id);
    if (!member) {
        const Error error{ErrorCode::not_found, fmt::format("there is no person {} in this workspace; check the id", id->str())};
        co_return problem(error);
    }
    auto response = json_response(200, render(*member));
    response.headers.set("ETag", etag_of(*member));
    co_return response;
}

MemberChange read_change(const Json& body) {
    MemberChange change;
    if (body.contains("role")) change.role = base::string_or(body, "role", "");
    if (body.contains("status")) change.active = base::string_or(body, "status", "") == "active";
    if (const auto* list = base::find_member(body, "project_roles")) {
        change.project_roles.emplace();
        for (const auto& one : *list)
            change.project_roles->emplace_back(base::string_or(one, "project", ""), base::string_or(one, "role", ""));
    }
    return change;
}

Awaitable<Response> change_user(Request& request, People& people) {
    if (auto there = people.check_recent_proof(request.principal); !there) co_return problem(there.error());
    const auto id = request.id_parameter<UserId>();
    if (!id) co_return problem(id.error());
    const auto body = request.json();
    if (!body) co_return problem(body.error());
    if (const auto wanted = request.headers.find("If-Match")) {
        const auto member = people.find_member(request.workspace(), *id);
        if (member && !net::etag_matches(*wanted, etag_of(*member))) {
            const Error error{ErrorCode::precondition_failed, "somebody else has changed this person meanwhile; read it again"};
            co_return problem(error);
        }
    }
    AlsoCommit<Member> also = [&request](storage::WriteUnit& unit, const Member& changed) {
        request.record(unit, {200, base::dump_json(render(changed)), etag_of(changed)});
    };
    auto changed = co_await people.change_member(request.principal, *id, read_change(*body), std::move(also));
    if (!changed) co_return problem(changed.error());
    auto response = json_response(200, render(*changed));
    response.headers.set("ETag", etag_of(*changed));
    co_return response;
}

Awaitable<Response> remove_user(Request& request, People& people) {
    if (auto there = people.check_recent_proof(request.principal); !there) co_return problem(there.error());
    const auto id = request.id_parameter<UserId>();
    if (!id) co_return problem(id.error());
    AlsoCommit<Member> also = [&request](storage::WriteUnit& unit, const Member&) { request.record(unit, {204, {}, {}}); };
    auto done = co_await people.remove_member(request.principal, *id, std::move(also));
    if (!done) co_return problem(done.error());
    co_return net::no_content();
}

// -- Invitations

Json render(const Invitation& invitation, Time now) {
    const char* status = "open";
    if (invitation.accepted_at) status = "accepted";
    else if (invitation.revoked_at) status = "revoked";
    else if (invitation.expires_at <= now) status = "expired";
    return {{"id", invitation.id.str()},
            {"email", invitation.email},
            {"role", invitation.role},
            {"status", status},
            {"created_by", invitation.created_by},
            {"created_at", base::format_time(invitation.created_at)},
            {"expires_at", base::format_time(invitation.expires_at)}};
}

Awaitable<Response> list_invitations(Request& request, People& people) {
    const auto limit = request.query_integer("limit", 50, 1, 200);
    if (!limit) co_return problem(limit.error());
    auto position = people.cursors().read(request.workspace(), "invitations", request.query_value("cursor").value_or(""));
    if (!position) co_return problem(position.error());
    std::optional<InvitationId> before;
    if (!position->empty()) before = InvitationId::from_raw(*position);
    auto found = co_await people.invitations(request.workspace(), static_cast<int>(*limit) + 1, before);
    if (!found) co_return problem(found.error());
    std::string next;
    if (found->size() > static_cast<std::size_t>(*limit)) {
        found->pop_back();
        next = people.cursors().make(request.workspace(), "invitations", found->back().id.raw());
    }
    auto items = Json::array();
    for (const auto& one : *found) items.push_back(render(one, people.now()));
    co_return json_response(200, list_of(std::move(items), next));
}

Awaitable<Response> get_invitation(Request& request, People& people) {
    const auto id = request.id_parameter<InvitationId>();
    if (!id) co_return problem(id.error());
    auto found = co_await people.invitation(request.workspace(), *id);
    if (!found) co_return problem(found.error());
    co_return json_response(200, render(*found, people.now()));
}

Awaitable<Response> create_invitation(Request& request, People& people) {
    if (auto there = people.check_recent_proof(request.principal); !there) co_return problem(there.error());
    const auto body = request.json();
    if (!body) co_return problem(body.error());
    const auto now = people.now();
    AlsoCommit<People::Invited> also = [&request, now](storage::WriteUnit& unit, const People::Invited& made) {
        auto again = render(made.invitation, now);
        again["path"] = nullptr;  // the link is shown once and stored nowhere, not even here
        request.record(unit, {201, base::dump_json(again), {}});
    };
    auto made = co_await people.invite(request.principal, base::string_or(*body, "email", ""),
                                       base::string_or(*body, "role", ""), std::move(also));
    if (!made) co_return problem(made.error());
    auto answer = render(made->invitation, now);
    answer["path"] = "/invite#token=" + made->token;
    auto response = json_response(201, answer);
    response.headers.set("Cache-Control", "no-store");
    co_return response;
}

Awaitable<Response> revoke_invitation(Request& request, People& people) {
    if (auto there = people.check_recent_proof(request.principal); !there) co_return problem(there.error());
    const auto id = request.id_parameter<InvitationId>();
    if (!id) co_return problem(id.error());
    AlsoCommit<Invitation> also = [&request](storage::WriteUnit& unit, const Invitation&) { request.record(unit, {204, {}, {}}); };
    auto done = co_await people.revoke_invitation(request.principal, *id, std::move(also));
    if (!done) co_return problem(done.error());
    co_return net::no_content();
}

// -- The instance's accounts

Result<void> check_local(const Request& request) {
    if (request.local_socket) return {};
    return fail(ErrorCode::forbidden, "accounts of the whole server are for its machine alone: use `sluice user` there, "
                                      "or invite people to the workspace by POST /api/v1/invitations");
}

Json render(const User& user, Json workspaces) {
    return {{"id", user.id.str()},
            {"email", user.email},
            {"name", user.name},
            {"status", status_of(user.active)},
            {"created_at", base::format_time(user.created_at)},
            {"last_sign_in_at", optional_time(user.last_sign_in_at)},
            {"workspaces", std::move(workspaces)}};
}

Json render(const User& user, const People& people) {
    auto workspaces = Json::array();
    for (const auto& one : people.memberships(user.id)) workspaces.push_back({{"name", one.workspace_name}, {"role", one.role}});
    return render(user, std::move(workspaces));
}

Result<User> named_user(const Request& request, const People& people) {
    if (auto user = people.find_user(request.parameter("id"))) return std::move(*user);
    return fail(ErrorCode::not_found, "there is no account {}; `sluice user list` shows them", request.parameter("id"));
}

Awaitable<Response> list_accounts(Request& request, People& people) {
    if (auto local = check_local(request); !local) co_return problem(local.error());
    auto items = Json::array();
    for (const auto& user : people.users()) items.push_back(render(user, people));
    co_return json_response(200, list_of(std::move(items)));
}

Awaitable<Response> create_account(Request& request, People& people) {
    if (auto local = check_local(request); !local) co_return problem(local.error());
    const auto body = request.json();
    if (!body) co_return problem(body.error());
    // Not yet a member as it is recorded: the one workspace is the request's.
    AlsoCommit<Member> also = [&request](storage::WriteUnit& unit, const Member& member) {
        auto workspaces = Json::array({{{"name", request.principal.workspace_name}, {"role", member.role}}});
        request.record(unit, {201, base::dump_json(render(member.user, std::move(workspaces))), {}});
    };
    auto made = co_await people.create_user(base::string_or(*body, "email", ""), base::string_or(*body, "name", ""),
                                            base::string_or(*body, "password", ""), request.workspace(),
                                            base::string_or(*body, "role", "owner"), std::move(also));
    if (!made) co_return problem(made.error());
    co_return json_response(201, render(made->user, people));
}

Awaitable<Response> change_account(Request& request, People& people) {
    if (auto local = check_local(request); !local) co_return problem(local.error());
    const auto user = named_user(request, people);
    if (!user) co_return problem(user.error());
    const auto body = request.json();
    if (!body) co_return problem(body.error());
    AlsoCommit<User> also = [&request, &people](storage::WriteUnit& unit, const User& account) {
        request.record(unit, {200, base::dump_json(render(account, people)), {}});
    };
    const bool active = base::string_or(*body, "status", "") == "active";
    auto changed = co_await people.set_active(user->id, active, std::move(also));
    if (!changed) co_return problem(changed.error());
    co_return json_response(200, render(*changed, people));
}

Awaitable<Response> create_reset_link(Request& request, People& people) {
    if (auto local = check_local(request); !local) co_return problem(local.error());
    const auto user = named_user(request, people);
    if (!user) co_return problem(user.error());
    auto noted = co_await people.keep_record(request, 201);
    if (!noted) co_return problem(noted.error());
    const Json answer{{"path", "/reset#token=" + people.make_reset_token(user->id)}, {"expires_in", "30m"}};
    auto response = json_response(201, answer);
    response.headers.set("Cache-Control", "no-store");
    co_return response;
}

constexpr net::Parameter page[] = {{"limit", "integer", "How many, at most 200; default 50"},
                                   {"cursor", "string", "next_cursor of the page before"}};

const net::Route<People> routes[] = {
    {Verb::get, "/api/v1/users", Permission::users_read, list_users,
     {.summary = "List the people of the workspace", .response = "UserList", .query = page}},
    {Verb::get, "/api/v1/users/{id}", Permission::users_read, get_user,
     {.summary = "Read a person of the workspace", .response = "User"}},
    {Verb::patch, "/api/v1/users/{id}", Permission::users_write, change_user,
     {.summary = "Change a person's role, roles in projects, or whether the person may use the workspace", .request = "UserChange",
      .response = "User"}},
    {Verb::del, "/api/v1/users/{id}", Permission::users_write, remove_user,
     {.summary = "Remove a person from the workspace", .status = 204}},
    {Verb::get, "/api/v1/invitations", Permission::users_read, list_invitations,
     {.summary = "List invitations, newest first", .response = "InvitationList", .query = page}},
    {Verb::post, "/api/v1/invitations", Permission::users_write, create_invitation,
     {.summary = "Invite somebody by a link that works once, for seven days", .request = "NewInvitation", .response = "Invitation",
      .status = 201}},
    {Verb::get, "/api/v1/invitations/{id}", Permission::users_read, get_invitation,
     {.summary = "Read an invitation", .response = "Invitation"}},
    {Verb::del, "/api/v1/invitations/{id}", Permission::users_write, revoke_invitation,
     {.summary = "Revoke an invitation", .status = 204}},
    {Verb::get, "/api/v1/system/users", Permission::system_read, list_accounts,
     {.summary = "List the accounts of the server (admin socket)", .tag = "system", .response = "AccountList"}},
    {Verb::post, "/api/v1/system/users", Permission::system_write, create_account,
     {.summary = "Make an account in the workspace (admin socket)", .tag = "system", .request = "NewUser", .response = "Account",
      .status = 201}},
    {Verb::patch, "/api/v1/system/users/{id}", Permission::system_write, change_account,
     {.summary = "Disable or enable an account, by id or address (admin socket)", .tag = "system", .request = "AccountChange",
      .response = "Account"}},
    {Verb::post, "/api/v1/system/users/{id}/reset", Permission::system_write, create_reset_link,
     {.summary = "Make a one-time link to choose a new password (admin socket)", .tag = "system", .response = "OneTimeLink",
      .status = 201}},
};

}  // namespace

void add_routes(net::Router& router, People& people) {
    for (const auto& schema : people_schemas()) router.add_schema(schema.name, schema.json);
    router.add<People>(routes, people);
    add_sign_in_routes(router, people);
    for (const auto* collection : {"invitations", "system", "users"}) router.places().add_whole(collection);
}

}  // namespace sluice::identity
