#pragma once
/// Identity: workspaces (tenants), their projects, API keys, browser sessions by one-time link,
/// roles, and the records behind Idempotency-Key. Live keys, sessions and workspaces are in memory,
/// so a request is authenticated on the loop without a wait; the database has only hashes of keys
/// and sessions.
///
/// A key reads `slk_` + 12 characters that name it + 43 secret ones + 6 of checksum (a typing error
/// is told from an unknown key without a look-up). It is shown once. It fixes its workspace; a
/// session and the local socket name theirs by the header `Sluice-Workspace` (id or name) or the
/// query `workspace`.

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/clock.hpp"
#include "sluice/base/id.hpp"
#include "sluice/base/json_fwd.hpp"
#include "sluice/base/principal.hpp"
#include "sluice/base/result.hpp"
#include "sluice/runtime/awaitable.hpp"

namespace sluice::storage {
class Storage;
class WriteUnit;
}  // namespace sluice::storage
namespace sluice::net {
class Authenticator;
class IdempotencyRecords;
class Router;
struct Request;
}  // namespace sluice::net

namespace sluice::identity {

/// A role that every workspace has: a name and what it may do. They are rows of src/identity/roles.def.
struct Role {
    std::string_view name;
    std::string_view doc;
    base::PermissionSet permissions;
};
std::span<const Role> roles();
/// What concerns every workspace: creating them, backups. In no role; the owner of the machine (the local socket) has it and
/// may give it to a key by name.
base::PermissionSet instance_permissions();
/// Null for an unknown name.
const Role* find_role(std::string_view name);

/// A role of one workspace's own.
struct WorkspaceRole {
    RoleId id;
    WorkspaceId workspace;
    std::string name;  ///< unique in the workspace, and none of a built-in role; the form of a project's name
    std::string description;
    base::PermissionSet permissions;
    std::string created_by;
    Time created_at{}, updated_at{};
};

struct Workspace {
    WorkspaceId id;
    std::string name;  ///< unique in the instance: lower-case letters, digits, '-', '_' and '.', 1
                       ///< to 63 characters
    Time created_at{};
};

struct Project {
    ProjectId id;
    WorkspaceId workspace;
    std::string name;  ///< unique in the workspace; same form
    Time created_at{};
};

struct ApiKey {
    ApiKeyId id;
    WorkspaceId workspace;
    std::string name;
    std::string project;  ///< the group that it is listed in; "default"
    std::string role;     ///< a role's name, or "custom" with a list of its own
    base::PermissionSet permissions;    ///< of its role as it is now, within its scope
    std::shared_ptr<const base::Scope> scope;  ///< null: the whole workspace
    std::vector<std::string> networks;  ///< where its requests may come from; empty: anywhere
    std::optional<base::RateLimit> rate_limit;
    std::string prefix;      ///< "slk_" and the 12 naming characters
    std::string created_by;  ///< id of the principal that made it
    Time created_at{};
    std::optional<Time> expires_at, last_used_at, revoked_at;
    std::string last_address;  ///< where it was last used from; empty: nowhere, or on the machine itself
};

/// How long a key lives that says nothing else, and at most; one that the machine's owner makes lives for ever unless it
/// says otherwise (docs/decisions/0024-lives-and-scopes-of-keys.md).
inline constexpr Duration usual_key_life = std::chrono::hours(24 * 90);
inline constexpr Duration longest_key_life = std::chrono::hours(24 * 365);

/// What a new key shall be. Without `permissions` it has those of `role`; with them the role is
/// "custom". Every key may read its own workspace. With a scope, what concerns the whole workspace is left out of the
/// role's permissions.
struct NewKey {
    std::string name;
    std::string role = "owner";
    std::vector<Permission> permissions;
    std::string project = "default";
    std::optional<Time> expires_at;
    bool never_expires = false;  ///< asked for by name
    base::Scope scope;           ///< projects and flows by name; empty lists: the whole workspace
    std::vector<std::string> networks;
    std::optional<base::RateLimit> rate_limit;
};

struct CreatedKey {
    ApiKey key;
    std::string secret;  ///< the whole key; shown once
};

template <class T>
using AlsoCommit = std::function<void(storage::WriteUnit&, const T&)>;

/// A page of keys; `next_cursor` is empty on the last one.
struct KeyList {
    std::vector<ApiKey> items;
    std::string next_cursor;
};

struct State;
class WrappedKeys;

/// Thread: loop.
class Identity {
  public:
    Identity(storage::Storage& storage, base::Clock& clock, base::Random& random);
    ~Identity();
    Identity(const Identity&) = delete;
    Identity& operator=(const Identity&) = delete;

    /// Loads live keys, sessions and workspaces; makes the workspace "default" and the instance's
    /// secret if missing.
    Awaitable<Result<void>> start();
    /// Writes down when keys were last used. May come twice.
    Awaitable<void> stop();

    /// From then on what a repeated request is told by is a MAC with a key that is not in the database, because bodies may
    /// hold secrets. Before the keys' `start`.
    void set_keys(WrappedKeys& keys);

    /// For `net::Server::set_authenticator` and `set_idempotency`; they live as long as this.
    net::Authenticator& authenticator();
    net::IdempotencyRecords& idempotency();

    /// The owner of this machine: every permission, in `workspace`. What the admin socket and the
    /// command line act as.
    Result<Principal> local_principal(std::string_view workspace_id_or_name = "default") const;

    std::vector<Workspace> workspaces() const;
    /// By id ("wsp_…") or name; nothing when there is none.
    std::optional<Workspace> find_workspace(std::string_view id_or_name) const;
    /// Makes the workspace with its project "default"; a person who makes one owns it. Errors:
    /// conflict (name taken), invalid_argument (its form).
    Awaitable<Result<Workspace>> create_workspace(std::string name,
                                                  AlsoCommit<Workspace> also = {},
                                                  Principal maker = {});
    /// The workspace of that name, made if missing.
    Awaitable<Result<Workspace>> ensure_workspace(std::string name);

    /// In order of their names.
    std::vector<Project> projects(WorkspaceId workspace) const;
    std::optional<Project> find_project(WorkspaceId workspace, std::string_view id_or_name) const;
    /// Errors: conflict (name taken), invalid_argument.
    Awaitable<Result<Project>> create_project(WorkspaceId workspace, std::string name,
                                              AlsoCommit<Project> also = {});

    /// Errors: forbidden (more than `maker` may; a life that only the machine's owner may give), invalid_argument (role,
    /// expiry, scope, networks, rate), not_found (project).
    Awaitable<Result<CreatedKey>> create_key(Principal maker, NewKey key,
                                             AlsoCommit<CreatedKey> also = {});
    /// Newest first, revoked and expired ones too. Errors: invalid_argument (cursor).
    Awaitable<Result<KeyList>> keys(WorkspaceId workspace, int limit, std::string cursor);
    Awaitable<Result<ApiKey>> key(WorkspaceId workspace, ApiKeyId id);
    /// From the answer on the key is refused; revoking twice is no error. Errors: not_found.
    Awaitable<Result<void>> revoke_key(WorkspaceId workspace, ApiKeyId id,
                                       AlsoCommit<ApiKey> also = {});

    /// The workspace's own roles, in order of their names.
    std::vector<WorkspaceRole> workspace_roles(WorkspaceId workspace) const;
    std::optional<WorkspaceRole> find_workspace_role(WorkspaceId workspace, std::string_view id_or_name) const;
    /// What a role of that name, built in or the workspace's own, may do; nothing for an unknown one.
    std::optional<base::PermissionSet> permissions_of(WorkspaceId workspace, std::string_view role) const;
    /// From the commit on each request is judged by it. Errors: conflict (name taken), invalid_argument (its form, a
    /// permission of the whole server), forbidden (a permission that `actor` lacks), unprocessable (too many roles).
    Awaitable<Result<WorkspaceRole>> create_role(Principal actor, std::string name, std::string description,
                                                 base::PermissionSet permissions, AlsoCommit<WorkspaceRole> also = {});
    /// What is not given stays. Errors: as create_role; not_found; forbidden also for a role that may do more than `actor`.
    Awaitable<Result<WorkspaceRole>> change_role(Principal actor, RoleId id, std::optional<std::string> description,
                                                 std::optional<base::PermissionSet> permissions,
                                                 AlsoCommit<WorkspaceRole> also = {});
    /// Errors: not_found, forbidden, conflict (a key, a person or an invitation has it).
    Awaitable<Result<void>> delete_role(Principal actor, RoleId id, AlsoCommit<WorkspaceRole> also = {});

    /// A secret of this data directory for one purpose: 32 bytes, the same over restarts. After
    /// `start`.
    std::string signing_key(std::string_view purpose) const;

    /// A token for `/auth/link?token=…` that signs a browser in as the workspace's owner: once,
    /// within ten minutes, and not after a restart.
    std::string make_login_link_token(WorkspaceId workspace);
    /// "/auth/link?token=…"
    std::string make_login_path(WorkspaceId workspace);
    /// Uses the token up; the new session's secret for the cookie. Errors: gone.
    Awaitable<Result<std::string>> exchange_login_token(std::string token);
    /// Writes down what a request did that changes no row of its own (a link, an export): its audit entry, and the answer
    /// under its Idempotency-Key. Errors: of storage, sealed.
    Awaitable<Result<void>> keep_record(const net::Request& request, int status, std::string body);
    /// Ends the session that `principal` came with, a person's too. `also` adds to the commit.
    Awaitable<Result<void>> end_session(Principal principal, std::function<void(storage::WriteUnit&)> also = {});

    /// Whether a person may see a workspace beside the request's own.
    bool is_member(const Principal& principal, WorkspaceId workspace) const;
    /// For what only a person who is surely there may do. Errors: step_up_required for a person whose
    /// password was last given more than ten minutes ago; never for keys and the machine's owner.
    Result<void> check_recent_proof(const Principal& principal) const;
    /// The members that `/auth/me` shows of a person; null for others.
    Json describe_person(const Principal& principal) const;

    /// Deletes idempotency records older than 7 days and sessions that are over, in batches; how
    /// many rows. Hourly.
    Awaitable<Result<std::int64_t>> remove_expired();

    State& state() { return *state_; }  ///< for the module's own files

  private:
    std::unique_ptr<State> state_;
};

/// `/api/v1/auth/…`, `/auth/link`, `/api/v1/workspaces`, `/api/v1/projects`, `/api/v1/api-keys`, `/api/v1/roles`.
void add_routes(net::Router& router, Identity& identity);

}  // namespace sluice::identity
