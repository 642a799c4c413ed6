// Workspaces' own roles. Whoever makes or changes one hands out no right that they lack.

#include "identity_state.hpp"

namespace sluice::identity {
namespace {

constexpr std::size_t max_roles = 100;  // of one workspace

tl::unexpected<Error> wrong(std::string pointer, std::string message) {
    Error error{ErrorCode::invalid_argument, message, {{std::move(pointer), std::move(message)}}};
    return fail(std::move(error));
}

Result<void> check_permissions(const Principal& actor, const base::PermissionSet& permissions) {
    const auto instance = permissions & instance_permissions();
    for (std::size_t i = 0; i < instance.size(); ++i)
        if (instance.test(i))
            return wrong("/permissions", fmt::format("{} concerns the whole server and is in no role; the owner of the machine may give it "
                                                     "to a key by name", base::to_string(static_cast<Permission>(i))));
    return check_grant(actor, "a role", permissions);
}

Result<void> check_description(const std::string& description) {
    if (description.size() <= 500) return {};
    return wrong("/description", "a role's description has at most 500 bytes");
}

}  // namespace

Result<void> check_grant(const Principal& actor, std::string_view what, const base::PermissionSet& wanted) {
    const auto beyond = wanted & ~actor.permissions;
    for (std::size_t i = 0; i < beyond.size(); ++i)
        if (beyond.test(i))
            return fail(ErrorCode::forbidden, "{} cannot be given {}, which you do not have yourself; ask somebody who has it", what,
                        base::to_string(static_cast<Permission>(i)));
    return {};
}

std::optional<base::PermissionSet> State::permissions_of(WorkspaceId workspace, std::string_view role) const {
    if (const auto* known = find_role(role)) return known->permissions;
    const auto own = roles.find(workspace);
    if (own == roles.end()) return std::nullopt;
    const auto found = own->second.find(role);
    return found == own->second.end() ? std::nullopt : std::optional(found->second.permissions);
}

tl::unexpected<Error> State::no_such_role(WorkspaceId workspace, std::string_view role) const {
    std::string names;
    for (const auto& known : identity::roles()) names += (names.empty() ? "" : ", ") + std::string(known.name);
    if (const auto own = roles.find(workspace); own != roles.end())
        for (const auto& [name, row] : own->second) names += ", " + name;
    Error error{ErrorCode::invalid_argument, fmt::format("there is no role {}; roles are {}", role, names), {{"/role", "is no role"}}};
    return fail(std::move(error));
}

void State::remember(const WorkspaceRole& role) { roles[role.workspace][role.name] = role; }

void State::resolve(ApiKey& key) const {
    if (key.role != "custom") {
        key.permissions = permissions_of(key.workspace, key.role).value_or(base::PermissionSet());
        key.permissions.set(static_cast<std::size_t>(Permission::workspaces_read));  // every key may see where it is
    }
    if (key.scope) key.permissions &= scoped_permissions();
}

void State::renew_keys(WorkspaceId workspace, std::string_view role) {
    for (auto& [hash, live] : keys) {
        if (live.key.workspace != workspace || live.key.role != role) continue;
        resolve(live.key);
        live.principal.permissions = live.key.permissions;
    }
}

std::optional<base::PermissionSet> Identity::permissions_of(WorkspaceId workspace, std::string_view role) const {
    return state_->permissions_of(workspace, role);
}

std::vector<WorkspaceRole> Identity::workspace_roles(WorkspaceId workspace) const {
    std::vector<WorkspaceRole> out;
    if (const auto own = state_->roles.find(workspace); own != state_->roles.end())
        for (const auto& [name, role] : own->second) out.push_back(role);
    return out;
}

std::optional<WorkspaceRole> Identity::find_workspace_role(WorkspaceId workspace, std::string_view id_or_name) const {
    const auto own = state_->roles.find(workspace);
    if (own == state_->roles.end()) return std::nullopt;
    if (const auto named = own->second.find(id_or_name); named != own->second.end()) return named->second;
    if (const auto id = RoleId::parse(id_or_name))
        for (const auto& [name, role] : own->second)
            if (role.id == *id) return role;
    return std::nullopt;
}

Awaitable<Result<WorkspaceRole>> Identity::create_role(Principal actor, std::string name, std::string description,
                                                       base::PermissionSet permissions, AlsoCommit<WorkspaceRole> also) {
    if (auto good = check_name("role", name); !good) co_return fail(std::move(good.error()));
    if (find_role(name) || name == "custom" || RoleId::parse(name))
        co_return wrong("/name", fmt::format("{} is a name that every workspace has; choose another one", name));
    if (auto good = check_description(description); !good) co_return fail(std::move(good.error()));
    if (auto may = check_permissions(actor, permissions); !may) co_return fail(std::move(may.error()));
    if (state_->roles[actor.workspace].size() >= max_roles)
        co_return fail(ErrorCode::unprocessable, "this workspace has {} roles already; delete some first", max_roles);
    const auto now = state_->clock.now();
    const WorkspaceRole role{RoleId::make(now, state_->random), actor.workspace, std::move(name), std::move(description), permissions,
                             actor.id, now, now};
    storage::WriteUnit unit;
    store::insert_role(unit, role);
    if (also) also(unit, role);
    auto done = co_await state_->storage.submit(std::move(unit));
    if (!done) co_return fail(std::move(done.error()));
    state_->remember(role);
    co_return role;
}

Awaitable<Result<WorkspaceRole>> Identity::change_role(Principal actor, RoleId id, std::optional<std::string> description,
                                                       std::optional<base::PermissionSet> permissions, AlsoCommit<WorkspaceRole> also) {
    auto role = find_workspace_role(actor.workspace, id.str());
    if (!role) co_return fail(ErrorCode::not_found, "there is no role {} in this workspace; check the id", id);
    // Nobody takes a right away that they lack.
    auto may = check_grant(actor, "such a role", role->permissions);
    if (may && permissions) may = check_permissions(actor, *permissions);
    if (may && description) may = check_description(*description);
    if (!may) co_return fail(std::move(may.error()));
    if (description) role->description = std::move(*description);
    if (permissions) role->permissions = *permissions;
    role->updated_at = state_->clock.now();
    storage::WriteUnit unit;
    store::update_role(unit, *role);
    if (also) also(unit, *role);
    auto done = co_await state_->storage.submit(std::move(unit));
    if (!done) co_return fail(std::move(done.error()));
    state_->remember(*role);
    state_->renew_keys(role->workspace, role->name);
    co_return std::move(*role);
}

Awaitable<Result<void>> Identity::delete_role(Principal actor, RoleId id, AlsoCommit<WorkspaceRole> also) {
    auto role = find_workspace_role(actor.workspace, id.str());
    if (!role) co_return fail(ErrorCode::not_found, "there is no role {} in this workspace; check the id", id);
    auto may = check_grant(actor, "such a role", role->permissions);
    if (!may) co_return fail(std::move(may.error()));
    storage::WriteUnit unit;
    store::delete_role(unit, *role, state_->clock.now());
    if (also) also(unit, *role);
    auto done = co_await state_->storage.submit(std::move(unit));
    if (!done) co_return fail(std::move(done.error()));
    state_->roles[role->workspace].erase(role->name);
    co_return Result<void>{};
}

}  // namespace sluice::identity
