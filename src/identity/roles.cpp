#include <array>
#include <initializer_list>

#include "identity_state.hpp"

namespace sluice::identity {
namespace {

using base::PermissionSet;

PermissionSet only(std::initializer_list<Permission> permissions) {
    PermissionSet set;
    for (auto permission : permissions) set.set(static_cast<std::size_t>(permission));
    return set;
}

/// How things are set up and how runs went: no data, nobody's name or key.
PermissionSet looking() {
    return only({Permission::budgets_read, Permission::egress_read, Permission::events_read, Permission::flows_read, Permission::projects_read,
                 Permission::providers_read, Permission::roles_read, Permission::runs_read, Permission::spend_read, Permission::system_read,
                 Permission::workspaces_read});
}

/// All but what belongs to the owner of the machine alone.
PermissionSet everything() { return PermissionSet().set() & ~instance_permissions(); }

}  // namespace

base::PermissionSet scoped_permissions() {
    return base::placed_permissions() | only({Permission::secrets_use, Permission::workspaces_read});
}

base::PermissionSet instance_permissions() { return only({Permission::system_write, Permission::workspaces_write}); }

std::span<const Role> roles() {
    static const std::array list{
#define SLUICE_ROLE(name, doc, ...) Role{#name, doc, __VA_ARGS__},
#include "roles.def"
#undef SLUICE_ROLE
    };
    return list;
}

const Role* find_role(std::string_view name) {
    for (const auto& role : roles())
        if (role.name == name) return &role;
    return nullptr;
}

}  // namespace sluice::identity
