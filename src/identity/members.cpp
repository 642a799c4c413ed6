// The members of a workspace: who they are, what they may do, and that one owner always remains.

#include "people_state.hpp"
#include "saved_views_store.hpp"

namespace sluice::identity {

namespace {

tl::unexpected<Error> no_member(UserId user) {
    return fail(ErrorCode::not_found, "there is no person {} in this workspace; check the id", user.str());
}

/// Nobody takes a right away that they lack, else an administrator could dethrone the owners.
Result<void> check_may_change(const State& house, const Principal& actor, std::string_view role) {
    const auto beyond = house.permissions_of(actor.workspace, role).value_or(base::PermissionSet()) & ~actor.permissions;
    if (beyond.none() && (role != "owner" || actor.role == "owner")) return {};
    return fail(ErrorCode::forbidden, "this person's role ({}) may do more than yours; ask an owner", role);
}

}  // namespace

std::vector<Member> People::members(WorkspaceId workspace) const {
    std::vector<Member> out;
    for (const auto& [id, account] : state_->accounts)
        if (auto found = find_member(workspace, id)) out.push_back(std::move(*found));
    std::ranges::sort(out, {}, [](const Member& member) { return member.user.id; });
    return out;
}

std::optional<Member> People::find_member(WorkspaceId workspace, UserId user) const {
    const auto* account = state_->account(user);
    if (!account) return std::nullopt;
    const auto found = account->memberships.find(workspace);
    if (found == account->memberships.end()) return std::nullopt;
    return state_->member(*account, workspace, found->second);
}

std::vector<Member> People::memberships(UserId user) const {
    const auto* account = state_->account(user);
    return account ? state_->memberships(*account) : std::vector<Member>();
}

Result<std::vector<StoredProjectRole>> People::read_project_roles(
    const Principal& actor, UserId user, const std::vector<std::pair<std::string, std::string>>& wanted) const {
    std::vector<StoredProjectRole> out;
    const auto& projects = state_->house.projects;
    const auto known = projects.find(actor.workspace);
    for (const auto& [name, role] : wanted) {
        if (auto may = check_may_grant(state_->house, actor, role); !may) return fail(std::move(may.error()));
        const Project* project = nullptr;
        if (known != projects.end())
            for (const auto& [own, row] : known->second)
                if (own == name || row.id.str() == name) project = &row;
        if (!project) return fail(ErrorCode::not_found, "there is no project {} in this workspace", name);
        if (std::ranges::find(out, project->id, &StoredProjectRole::project) != out.end())
            return fail(Error{ErrorCode::invalid_argument, "a person has one role in a project", {{"/project_roles", "names a project twice"}}});
        out.push_back({user, project->id, role});
    }
    return out;
}

Awaitable<Result<Member>> People::change_member(Principal actor, UserId user, MemberChange change, AlsoCommit<Member> also) {
    auto& s = *state_;
    auto found = find_member(actor.workspace, user);
    if (!found) co_return no_member(user);
    auto may = check_may_change(state_->house, actor, found->role);
    if (may && change.role) may = check_may_grant(state_->house, actor, *change.role);
    if (!may) co_return fail(std::move(may.error()));
    std::optional<std::vector<StoredProjectRole>> roles;
    if (change.project_roles) {
        auto read = read_project_roles(actor, user, *change.project_roles);
        if (!read) co_return fail(std::move(read.error()));
        roles = std::move(*read);
    }
    const auto& before = s.account(user)->memberships.at(actor.workspace);
    StoredMembership after{actor.workspace,  user, change.role.value_or(before.role), change.active.value_or(before.active),
                           before.joined_at, before.created_by};
    storage::WriteUnit unit;
    store::update_membership(unit, after);
    if (roles) store::replace_project_roles(unit, actor.workspace, user, *roles);
    if (also) {
        found->role = after.role;
        found->active = after.active;
        if (roles) {
            found->project_roles.clear();
            for (const auto& role : *roles)
                found->project_roles.push_back({role.project, project_name(actor.workspace, role.project), role.role});
        }
        also(unit, *found);
    }
    auto done = co_await s.house.storage.submit(std::move(unit));
    if (!done) co_return fail(std::move(done.error()));
    auto* account = s.account(user);
    if (!account || !account->memberships.contains(actor.workspace)) co_return no_member(user);
    s.remember(after);
    if (roles) {
        auto& kept = account->memberships[actor.workspace].project_roles;
        kept.clear();
        for (const auto& role : *roles) kept[role.project] = role.role;
    }
    auto ended = co_await s.end_sessions_without_workspace(user);
    if (!ended) co_return fail(std::move(ended.error()));
    co_return *find_member(actor.workspace, user);
}

std::string People::project_name(WorkspaceId workspace, ProjectId id) const {
    if (const auto known = state_->house.projects.find(workspace); known != state_->house.projects.end())
        for (const auto& [name, row] : known->second)
            if (row.id == id) return name;
    return {};
}

Awaitable<Result<void>> People::remove_member(Principal actor, UserId user, AlsoCommit<Member> also) {
    auto& s = *state_;
    auto found = find_member(actor.workspace, user);
    if (!found) co_return no_member(user);
    auto may = check_may_change(state_->house, actor, found->role);
    if (!may) co_return fail(std::move(may.error()));
    storage::WriteUnit unit;
    store::delete_membership(unit, actor.workspace, user);
    store::delete_private_views(unit, actor.workspace, user.str());
    if (also) also(unit, *found);
    auto done = co_await s.house.storage.submit(std::move(unit));
    if (!done) co_return fail(std::move(done.error()));
    if (auto* account = s.account(user)) account->memberships.erase(actor.workspace);
    co_return co_await s.end_sessions_without_workspace(user);
}

/// Whoever has no workspace left is signed out everywhere, and stays so when one comes back.
Awaitable<Result<void>> PeopleState::end_sessions_without_workspace(UserId user) {
    const auto* found = account(user);
    if (found && found->has_active_membership()) co_return Result<void>{};
    const auto ended = sessions_of(user);
    if (ended.empty()) co_return Result<void>{};
    storage::WriteUnit unit;
    for (const auto id : ended) store::delete_user_session(unit, id);
    auto done = co_await house.storage.submit(std::move(unit));
    if (!done) co_return fail(std::move(done.error()));
    for (const auto id : ended) forget_session(id);
    co_return Result<void>{};
}

}  // namespace sluice::identity
