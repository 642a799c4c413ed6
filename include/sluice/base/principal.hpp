#pragma once
/// Who is asking, and what they may do. A permission is a row; a route names exactly one.

#include <bitset>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/id.hpp"
#include "sluice/base/time.hpp"

namespace sluice::base {

/// Every permission, one row each in permissions.def.
enum class Permission : std::uint8_t {
#define SLUICE_PERMISSION(name, text, doc) name,
#include "sluice/base/permissions.def"
#undef SLUICE_PERMISSION
    count_
};

using PermissionSet = std::bitset<static_cast<std::size_t>(Permission::count_)>;

/// "flows:read"
std::string_view to_string(Permission permission);
std::string_view describe(Permission permission);
std::optional<Permission> permission_from(std::string_view text);

/// What a caller is limited to within its workspace, beside its permissions. An empty list limits nothing.
struct Scope {
    std::vector<std::string> projects;  ///< names
    std::vector<std::string> flows;     ///< names
    bool covers_project(std::string_view project) const;
    bool covers(std::string_view project, std::string_view flow) const;
};

/// A bucket of requests: so many a second on the average, so many at once. 0 a second: no limit.
struct RateLimit {
    double per_second = 0, burst = 0;
    bool operator==(const RateLimit&) const = default;
};

/// An authenticated caller. `workspace` is the one that every query of the request is bound to.
struct Principal {
    /// `session`: a browser that came by a one-time link; `user`: a person who signed in.
    enum class Kind : std::uint8_t { anonymous, api_key, session, local, user };
    Kind kind = Kind::anonymous;
    std::string id;    ///< "key_…", "ses_…", "usr_…", "local"
    std::string name;  ///< for people and logs
    std::string role;  ///< "owner", …
    Id<ids::Workspace> workspace;
    std::string workspace_name;
    PermissionSet permissions;
    std::shared_ptr<const Scope> scope{};  ///< null: the whole workspace
    /// Whether an object of that project (and flow, where it belongs to one) is within the scope; others do not exist for it.
    bool sees(std::string_view project, std::string_view flow = {}) const { return !scope || scope->covers(project, flow); }
    std::optional<RateLimit> rate_limit{};  ///< of its own, from its row; else the setting of its kind
    std::string session{};            ///< "ses_…" of a person
    std::optional<Time> proved_at{};  ///< when a person last gave the password (and second factor)
    bool may(Permission permission) const { return permissions.test(static_cast<std::size_t>(permission)); }
};

}  // namespace sluice::base

namespace sluice {
using base::Permission;
using base::Principal;
}  // namespace sluice
