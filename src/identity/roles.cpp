#include <array>
#include <initializer_list>

#include "sluice/identity/identity.hpp"

namespace sluice::identity {
namespace {

using base::PermissionSet;

PermissionSet only(std::initializer_list<Permission> permissions) {
    PermissionSet set;
    for (auto permission : permissions) set.set(static_cast<std::size_t>(permission));
    return set;
}

/// All that reads, but the names of secrets.
PermissionSet reading() {
    PermissionSet set;
    for (std::size_t i = 0; i < set.size(); ++i)
        if (base::to_string(static_cast<Permission>(i)).ends_with(":read")) set.set(i);
    set.reset(static_cast<std::size_t>(Permission::secrets_read));
    return set;
}

}  // namespace

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
