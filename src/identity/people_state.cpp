// What requests ask about people, from memory.

#include "people_state.hpp"

#include "sluice/base/json.hpp"
#include "sluice/crypto/crypto.hpp"

namespace sluice::identity {

namespace {

bool is_admin(std::string_view role) { return role == "owner" || role == "admin"; }

tl::unexpected<Error> over() {
    return fail(ErrorCode::unauthenticated, "this session is over; sign in again");
}

}  // namespace

Result<void> check_may_grant(const State& house, const Principal& actor, std::string_view role) {
    const auto permissions = house.permissions_of(actor.workspace, role);
    if (!permissions) return house.no_such_role(actor.workspace, role);
    if (role == "owner" && actor.role != "owner")  // an admin may do as much, and yet makes no owners
        return fail(ErrorCode::forbidden, "only an owner makes owners; ask one");
    const auto beyond = *permissions & ~actor.permissions;
    for (std::size_t i = 0; i < beyond.size(); ++i)
        if (beyond.test(i))
            return fail(ErrorCode::forbidden, "the role {} may {}, which you may not; ask somebody who may", role,
                        base::to_string(static_cast<Permission>(i)));
    return {};
}

void PeopleState::grant(Principal& principal, WorkspaceId workspace, const LiveMembership& membership) const {
    const auto everywhere = house.permissions_of(workspace, membership.role).value_or(base::PermissionSet());
    principal.permissions = everywhere;
    if (membership.project_roles.empty()) return;
    base::Scope::Rights rights{everywhere, {}};
    const auto projects = house.projects.find(workspace);
    if (projects == house.projects.end()) return;
    for (const auto& [name, project] : projects->second) {
        const auto role = membership.project_roles.find(project.id);
        if (role == membership.project_roles.end()) continue;
        // What concerns the whole workspace is no role's in one project.
        const auto further = house.permissions_of(workspace, role->second).value_or(base::PermissionSet()) & base::placed_permissions();
        rights.in_project[name] = everywhere | further;
        principal.permissions |= further;
    }
    if (principal.permissions == everywhere) return;
    base::Scope scope;
    scope.rights = std::move(rights);
    principal.scope = std::make_shared<const base::Scope>(std::move(scope));
}

bool Account::has_active_membership() const {
    return std::ranges::any_of(memberships, [](const auto& item) { return item.second.active; });
}

// -- Accounts

Account* PeopleState::account(UserId id) {
    const auto found = accounts.find(id);
    return found == accounts.end() ? nullptr : &found->second;
}

const Account* PeopleState::account(UserId id) const {
    const auto found = accounts.find(id);
    return found == accounts.end() ? nullptr : &found->second;
}

Account* PeopleState::account_of(std::string_view email) {
    const auto found = by_email.find(email);
    return found == by_email.end() ? nullptr : account(found->second);
}

void PeopleState::remember(const StoredAccount& stored) {
    auto& account = accounts[stored.user.id];
    account.user = stored.user;
    account.password = stored.password;
    account.failures = stored.failures;
    by_email[stored.user.email] = stored.user.id;
}

void PeopleState::remember(const StoredMembership& stored) {
    auto* found = account(stored.user);
    if (!found) return;
    auto& membership = found->memberships[stored.workspace];
    membership.role = stored.role;
    membership.active = stored.active;
    membership.joined_at = stored.joined_at;
    membership.created_by = stored.created_by;
}

Member PeopleState::member(const Account& account, WorkspaceId workspace, const LiveMembership& membership) const {
    Member out{account.user, workspace, house.workspaces.at(workspace).name, membership.role,
               membership.active, membership.joined_at, {}};
    for (const auto& [project, role] : membership.project_roles) {
        std::string name;
        if (const auto projects = house.projects.find(workspace); projects != house.projects.end())
            for (const auto& [known, row] : projects->second)
                if (row.id == project) name = known;
        out.project_roles.push_back({project, std::move(name), role});
    }
    return out;
}

std::vector<Member> PeopleState::memberships(const Account& account) const {
    std::vector<Member> out;
    for (const auto& [workspace, membership] : account.memberships)
        if (membership.active) out.push_back(member(account, workspace, membership));
    std::ranges::sort(out, {}, &Member::workspace_name);
    return out;
}

// -- Sessions

void PeopleState::remember(const StoredSession& stored) {
    forget_session(stored.session.id);
    cookies[stored.cookie_hash] = stored.session.id;
    sessions[stored.session.id] = {stored.session, stored.cookie_hash, stored.refresh_until, false};
}

void PeopleState::forget_session(SessionId id) {
    const auto found = sessions.find(id);
    if (found == sessions.end()) return;
    cookies.erase(found->second.cookie_hash);
    sessions.erase(found);
}

std::vector<SessionId> PeopleState::sessions_of(UserId user) const {
    std::vector<SessionId> out;
    for (const auto& [id, live] : sessions)
        if (live.session.user == user) out.push_back(id);
    return out;
}

void PeopleState::forget_sessions_of(UserId user, std::optional<SessionId> kept) {
    for (const auto id : sessions_of(user))
        if (id != kept) forget_session(id);
}

Time PeopleState::cookie_end(const LivePersonSession& live) const {
    bool admin = false;
    if (const auto* found = account(live.session.user))
        for (const auto& [workspace, membership] : found->memberships)
            admin = admin || (membership.active && is_admin(membership.role));
    const auto life = admin ? options.session_life_admin : options.session_life;
    return std::min(live.session.last_used_at + options.session_idle, live.session.created_at + life);
}

Time PeopleState::end_of(const LivePersonSession& live) const {
    return std::max(cookie_end(live), live.refresh_until.value_or(Time()));
}

LivePersonSession* PeopleState::live(SessionId id) {
    const auto found = sessions.find(id);
    if (found == sessions.end() || end_of(found->second) <= house.clock.now()) return nullptr;
    const auto* person = account(found->second.session.user);
    if (!person || !person->user.active || !person->has_active_membership()) return nullptr;
    return &found->second;
}

void PeopleState::mark_used(LivePersonSession& live) {
    const auto now = house.clock.now();
    live.session.last_used_at = now;
    live.used = house.uses_pending = true;
    house.write_down_uses(now);
}

Result<Principal> PeopleState::principal(LivePersonSession& live, std::string_view named) {
    const auto& person = accounts.at(live.session.user);
    const Workspace* workspace = named.empty() ? nullptr : house.workspace(named);
    const LiveMembership* membership = nullptr;
    if (named.empty()) {  // the one named default, else the first by name
        for (const auto& [name, id] : house.workspace_names) {
            const auto found = person.memberships.find(id);
            if (found == person.memberships.end() || !found->second.active) continue;
            if (membership && name != default_name) continue;
            membership = &found->second;
            workspace = &house.workspaces.at(id);
        }
    } else if (workspace) {
        const auto found = person.memberships.find(workspace->id);
        if (found != person.memberships.end() && found->second.active) membership = &found->second;
    }
    // The same words for one that is not there and for one that is not theirs.
    if (!membership)
        return fail(ErrorCode::not_found, "there is no workspace {} for this credential", named);
    mark_used(live);
    Principal out;
    out.kind = Principal::Kind::user;
    out.id = person.user.id.str();
    out.name = person.user.name;
    out.role = membership->role;
    out.workspace = workspace->id;
    out.workspace_name = workspace->name;
    grant(out, workspace->id, *membership);
    out.session = live.session.id.str();
    out.proved_at = live.session.proved_at;
    return out;
}

Result<Principal> PeopleState::of_token(std::string_view token, std::string_view workspace) {
    const auto subject = tokens.check(token, house.clock.now());
    if (!subject) return fail(subject.error());
    auto* found = live(subject->session);
    if (!found || found->session.user != subject->user) return over();
    return principal(*found, workspace);
}

std::optional<Result<Principal>> PeopleState::of_cookie(std::string_view secret, std::string_view workspace) {
    const auto known = cookies.find(digest(secret));
    if (known == cookies.end()) return std::nullopt;
    auto* found = live(known->second);
    if (!found || cookie_end(*found) <= house.clock.now()) return Result<Principal>(over());
    return principal(*found, workspace);
}

void PeopleState::append_uses(storage::WriteUnit& unit) {
    for (auto& [id, live] : sessions)
        if (std::exchange(live.used, false)) store::touch_user_session(unit, id, live.session.last_used_at);
}

bool PeopleState::is_member(const Principal& principal, WorkspaceId workspace) const {
    if (principal.kind != Principal::Kind::user) return false;
    const auto id = UserId::parse(principal.id);
    const auto* person = id ? account(*id) : nullptr;
    if (!person) return false;
    const auto found = person->memberships.find(workspace);
    return found != person->memberships.end() && found->second.active;
}

void PeopleState::join_as_owner(storage::WriteUnit& unit, const Workspace& workspace, const Principal& maker) {
    const auto id = UserId::parse(maker.id);
    if (maker.kind != Principal::Kind::user || !id || !account(*id)) return;
    store::insert_membership(unit, {workspace.id, *id, "owner", true, workspace.created_at, maker.id});
}

void PeopleState::joined_as_owner(const Workspace& workspace, const Principal& maker) {
    const auto id = UserId::parse(maker.id);
    if (maker.kind != Principal::Kind::user || !id) return;
    remember(StoredMembership{workspace.id, *id, "owner", true, workspace.created_at, maker.id});
}

Result<void> PeopleState::check_recent_proof(const Principal& principal) const {
    if (principal.kind != Principal::Kind::user) return {};
    if (principal.proved_at && *principal.proved_at + proof_life > house.clock.now()) return {};
    return fail(ErrorCode::step_up_required,
                "for this the password must have been given within the last ten minutes; "
                "give it again by POST /api/v1/auth/reauthenticate");
}

bool PeopleState::requires_second_factor(WorkspaceId workspace) const {
    return second_factor != nullptr && second_factor->required(workspace);
}

Result<void> PeopleState::check_enrolled(const Principal& principal, std::string_view path) const {
    if (principal.kind != Principal::Kind::user || !requires_second_factor(principal.workspace)) return {};
    const auto id = UserId::parse(principal.id);
    const auto* person = id ? account(*id) : nullptr;
    if (person == nullptr || has_second_factor(person->user) || path.starts_with("/api/v1/auth/")) return {};
    return fail(ErrorCode::forbidden,
                "the workspace {} requires a second factor, and you have none; set one up by POST /api/v1/auth/totp "
                "and confirm it by a code",
                principal.workspace_name);
}

Json PeopleState::describe(const Principal& principal) const {
    const auto id = UserId::parse(principal.id);
    const auto* person = principal.kind == Principal::Kind::user && id ? account(*id) : nullptr;
    if (!person) return Json();
    auto list = Json::array();
    for (const auto& one : memberships(*person))
        list.push_back({{"id", one.workspace.str()}, {"name", one.workspace_name}, {"role", one.role}});
    return {{"user", {{"id", person->user.id.str()}, {"email", person->user.email}, {"name", person->user.name}}},
            {"session", {{"id", principal.session},
                         {"proved_at", principal.proved_at ? Json(base::format_time(*principal.proved_at)) : Json()}}},
            {"second_factor", {{"enabled", has_second_factor(person->user)}, {"required", requires_second_factor(principal.workspace)}}},
            {"workspaces", std::move(list)}};
}

Awaitable<Result<void>> PeopleState::end_own_session(Principal principal, std::function<void(storage::WriteUnit&)> also) {
    const auto id = SessionId::parse(principal.session);
    if (!id) co_return Result<void>{};
    storage::WriteUnit unit;
    store::delete_user_session(unit, *id);
    if (also) also(unit);
    auto done = co_await house.storage.submit(std::move(unit));
    if (!done) co_return fail(std::move(done.error()));
    forget_session(*id);
    co_return Result<void>{};
}

}  // namespace sluice::identity
