#pragma once
/// Who is asking, and what they may do. A permission is a row; a route names exactly one.

#include <bitset>
#include <cstdint>
#include <map>
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

/// What concerns the objects of one project: the only permissions that count with a scope or by a role in a project. All
/// others (keys, people, roles, secrets, the audit trail, …) concern the whole workspace.
PermissionSet placed_permissions();

/// What a caller is limited to within its workspace, beside its permissions. An empty list limits nothing.
struct Scope {
    /// Of a person with roles in projects: what may be done in every project, and what in these.
    struct Rights {
        PermissionSet everywhere;
        std::map<std::string, PermissionSet, std::less<>> in_project;  ///< with what may be done everywhere
        bool operator==(const Rights&) const = default;
    };
    std::vector<std::string> projects{};  ///< names
    std::vector<std::string> flows{};     ///< names
    std::optional<Rights> rights{};       ///< nothing: the caller's permissions, wherever the lists reach
    bool covers_project(std::string_view project) const;
    bool covers(std::string_view project, std::string_view flow) const;
    bool operator==(const Scope&) const = default;
};

/// The names that a list is limited to: each between line feeds ("\nshop\nhr\n"), empty for all, "\n" for none.
struct SeenNames {
    std::string projects, flows;
    bool all() const { return projects.empty() && flows.empty(); }
    bool covers(std::string_view project, std::string_view flow) const;
    /// Those of them that are also in one project; an empty name limits nothing further.
    SeenNames within(std::string_view project) const;
    /// As one parameter of a statement, which judges it by SLUICE_SEEN; empty for all.
    std::string text() const;
    /// Back from what `text` gave.
    static SeenNames from_text(std::string_view text);
    bool operator==(const SeenNames&) const = default;
};

/// The condition that a row of this project and flow is among `SeenNames`; `parameter` "?5" holds their text.
#define SLUICE_SEEN(parameter, project, flow)                                                                          \
    "(instr(" parameter ", char(1)) = 0 OR instr(" parameter ", char(10, 1) || " project " || char(10)) > 0)"          \
    " AND (instr(" parameter ", char(2)) = 0 OR instr(" parameter ", char(10, 2) || " flow " || char(10)) > 0)"

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
    std::optional<RateLimit> rate_limit{};  ///< of its own, from its row; else the setting of its kind
    std::string session{};            ///< "ses_…" of a person
    std::optional<Time> proved_at{};  ///< when a person last gave the password (and second factor)
    /// Somewhere: what a route asks first.
    bool may(Permission permission) const { return permissions.test(static_cast<std::size_t>(permission)); }
    /// In the whole workspace, and to what belongs to no project.
    bool may_everywhere(Permission permission) const;
    /// To an object of that project (and flow, where it belongs to one).
    bool may_in(Permission permission, std::string_view project, std::string_view flow = {}) const;
    /// Whether an object of that project (and flow) exists for the caller at all.
    bool sees(std::string_view project, std::string_view flow = {}) const;
    /// What a list of objects that need `permission` is limited to.
    SeenNames seen(Permission permission) const;
};
/// "api_key", "user", …
std::string_view to_string(Principal::Kind kind);

}  // namespace sluice::base

namespace sluice {
using base::Permission;
using base::Principal;
}  // namespace sluice
