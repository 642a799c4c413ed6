#pragma once
// SQL of people: accounts, memberships, invitations, sessions, refresh tokens.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "refresh_token.hpp"
#include "sign_in_limits.hpp"
#include "sluice/identity/people.hpp"
#include "sluice/storage/storage.hpp"

namespace sluice::identity {

struct StoredAccount {
    User user;
    std::string password;  ///< PHC string; empty: none
    Failures failures;
};

struct StoredMembership {
    WorkspaceId workspace;
    UserId user;
    std::string role;
    bool active = true;
    Time joined_at{};
    std::string created_by;
};

struct StoredProjectRole {
    UserId user;
    ProjectId project;
    std::string role;
};

struct StoredSession {
    PersonSession session;  ///< without `ends_at`
    std::string cookie_hash;
    std::optional<Time> refresh_until;
};

struct LoadedPeople {
    std::vector<StoredAccount> accounts;
    std::vector<StoredMembership> memberships;
    std::vector<std::pair<WorkspaceId, StoredProjectRole>> project_roles;
    std::vector<StoredSession> sessions;
};

/// What became of a refresh token that was presented.
struct Rotation {
    enum class Kind { rotated, repeated, reused, unknown };
    Kind kind = Kind::unknown;
    SessionId session;
    std::string successor;
};

struct NewRotation {
    std::string token, client;
    std::string fresh_salt;  ///< 16 random bytes
    Time now{}, expires_at{};
};

namespace store {

Awaitable<Result<LoadedPeople>> load_people(storage::Storage& storage,
                                            std::vector<WorkspaceId> workspaces);

void insert_account(storage::WriteUnit& unit, const StoredAccount& account);
void set_password(storage::WriteUnit& unit, UserId user, const std::string& password);
void set_account_status(storage::WriteUnit& unit, UserId user, bool active);
void record_sign_in(storage::WriteUnit& unit, UserId user, Time now);
void record_failures(storage::WriteUnit& unit, UserId user, const Failures& failures);

void insert_membership(storage::WriteUnit& unit, const StoredMembership& membership);
/// Fails with conflict where the workspace would be without an active owner.
void update_membership(storage::WriteUnit& unit, const StoredMembership& membership);
void delete_membership(storage::WriteUnit& unit, WorkspaceId workspace, UserId user);
void replace_project_roles(storage::WriteUnit& unit, WorkspaceId workspace, UserId user,
                           const std::vector<StoredProjectRole>& roles);

void insert_invitation(storage::WriteUnit& unit, const Invitation& invitation, const std::string& hash);
/// Fails with gone unless it is open at `now`.
void accept_invitation(storage::WriteUnit& unit, WorkspaceId workspace, InvitationId id, UserId user, Time now);
/// Fails with conflict when it was accepted.
void revoke_invitation(storage::WriteUnit& unit, WorkspaceId workspace, InvitationId id, Time now);
Awaitable<Result<std::optional<Invitation>>> find_invitation(storage::Storage& storage,
                                                             WorkspaceId workspace, InvitationId id);
Awaitable<Result<std::optional<Invitation>>> find_invitation_by_hash(storage::Storage& storage,
                                                                     std::string hash);
/// Newest first, with ids below `before`.
Awaitable<Result<std::vector<Invitation>>> list_invitations(storage::Storage& storage, WorkspaceId workspace,
                                                            std::optional<InvitationId> before, int limit);
/// How many are open at `now`.
Awaitable<Result<std::int64_t>> count_open_invitations(storage::Storage& storage, WorkspaceId workspace, Time now);

void insert_user_session(storage::WriteUnit& unit, const StoredSession& session);
void touch_user_session(storage::WriteUnit& unit, SessionId id, Time used_at);
void prove_user_session(storage::WriteUnit& unit, SessionId id, const std::string& cookie_hash, Time proved_at);
void delete_user_session(storage::WriteUnit& unit, SessionId id);

void insert_refresh_token(storage::WriteUnit& unit, SessionId session, const std::string& token,
                          const std::string& salt, Time now, Time expires_at);
/// Compare and set; a reuse deletes the session in the same commit.
Awaitable<Result<Rotation>> rotate_refresh_token(storage::Storage& storage, NewRotation wanted);
void delete_expired_refresh_tokens(storage::WriteUnit& unit, SessionId session, Time now);

}  // namespace store
}  // namespace sluice::identity
