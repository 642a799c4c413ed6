#include "people_store.hpp"

#include "sluice/storage/tx.hpp"

namespace sluice::identity {
namespace {

using storage::Bytes;
using storage::Query;
using storage::ReadTx;
using storage::Row;
using storage::to_value;

// The people of one instance: read whole at the start.
const Query all_accounts{"identity.all_accounts", R"sql(
    SELECT id, email, name, password, status, created_at_us, last_sign_in_at_us, failures, last_failure_at_us
    FROM user_account ORDER BY id)sql", Query::Note::scan};
const Query put_account{"identity.insert_account", R"sql(
    INSERT INTO user_account (id, email, name, password, status, created_at_us) VALUES (?1, ?2, ?3, ?4, ?5, ?6))sql"};
const Query new_password{"identity.set_password", "UPDATE user_account SET password = ?2 WHERE id = ?1"};
const Query new_status{"identity.set_account_status", "UPDATE user_account SET status = ?2 WHERE id = ?1"};
const Query signed_in{"identity.record_sign_in", R"sql(
    UPDATE user_account SET last_sign_in_at_us = ?2, failures = 0 WHERE id = ?1)sql"};
const Query failed{"identity.record_failures", R"sql(
    UPDATE user_account SET failures = ?2, last_failure_at_us = ?3 WHERE id = ?1)sql"};

const Query all_memberships{"identity.all_memberships", R"sql(
    SELECT workspace_id, user_id, role, status, created_at_us, created_by FROM membership WHERE workspace_id = ?1)sql"};
const Query put_membership{"identity.insert_membership", R"sql(
    INSERT INTO membership (workspace_id, user_id, role, status, created_by, created_at_us)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6))sql"};
#define ANOTHER_OWNER                                                                              \
    "EXISTS (SELECT 1 FROM membership o JOIN user_account u ON u.id = o.user_id "                  \
    "WHERE o.workspace_id = ?1 AND o.user_id <> ?2 AND o.role = 'owner' AND o.status = 'active' "  \
    "AND u.status = 'active')"
const Query change_membership{"identity.update_membership",
    "UPDATE membership SET role = ?3, status = ?4 WHERE workspace_id = ?1 AND user_id = ?2 AND ("
    "(?3 = 'owner' AND ?4 = 'active') OR role <> 'owner' OR status <> 'active' OR " ANOTHER_OWNER ")"};
const Query drop_membership{"identity.delete_membership",
    "DELETE FROM membership WHERE workspace_id = ?1 AND user_id = ?2 AND ("
    "role <> 'owner' OR status <> 'active' OR " ANOTHER_OWNER ")"};

const Query all_project_roles{"identity.all_project_roles", R"sql(
    SELECT user_id, project_id, role FROM project_membership WHERE workspace_id = ?1)sql"};
const Query drop_project_roles{"identity.delete_project_roles",
    "DELETE FROM project_membership WHERE workspace_id = ?1 AND user_id = ?2"};
const Query put_project_role{"identity.insert_project_role", R"sql(
    INSERT INTO project_membership (workspace_id, user_id, project_id, role) VALUES (?1, ?2, ?3, ?4))sql"};

#define INVITATION_COLUMNS \
    "workspace_id, id, email, role, created_by, created_at_us, expires_at_us, accepted_at_us, revoked_at_us"
const Query put_invitation{"identity.insert_invitation", R"sql(
    INSERT INTO invitation (workspace_id, id, email, role, hash, created_by, created_at_us, expires_at_us)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8))sql"};
const Query take_invitation{"identity.accept_invitation", R"sql(
    UPDATE invitation SET accepted_at_us = ?3, accepted_by = ?4
    WHERE workspace_id = ?1 AND id = ?2 AND accepted_at_us IS NULL AND revoked_at_us IS NULL AND expires_at_us > ?3)sql"};
const Query end_invitation{"identity.revoke_invitation", R"sql(
    UPDATE invitation SET revoked_at_us = coalesce(revoked_at_us, ?3)
    WHERE workspace_id = ?1 AND id = ?2 AND accepted_at_us IS NULL)sql"};
const Query one_invitation{"identity.find_invitation",
    "SELECT " INVITATION_COLUMNS " FROM invitation WHERE workspace_id = ?1 AND id = ?2"};
// Whoever has the link does not know the workspace yet.
const Query invitation_by_hash{"identity.find_invitation_by_hash",
    "SELECT " INVITATION_COLUMNS " FROM invitation WHERE hash = ?1", Query::Note::instance_wide};
const Query newest_invitations{"identity.list_invitations",
    "SELECT " INVITATION_COLUMNS " FROM invitation WHERE workspace_id = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3"};
// Ids carry their time, and none is open longer than seven days.
const Query open_invitations{"identity.count_open_invitations", R"sql(
    SELECT count(*) FROM invitation
    WHERE workspace_id = ?1 AND id > ?2 AND accepted_at_us IS NULL AND revoked_at_us IS NULL AND expires_at_us > ?3)sql"};

const Query all_user_sessions{"identity.all_user_sessions", R"sql(
    SELECT id, user_id, cookie_hash, client, address, created_at_us, last_used_at_us, proved_at_us, refresh_until_us
    FROM user_session)sql", Query::Note::scan};
const Query put_user_session{"identity.insert_user_session", R"sql(
    INSERT INTO user_session (id, user_id, cookie_hash, client, address, created_at_us, last_used_at_us, proved_at_us,
                              refresh_until_us)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9))sql"};
const Query use_user_session{"identity.touch_user_session",
    "UPDATE user_session SET last_used_at_us = ?2 WHERE id = ?1"};
const Query prove_session{"identity.prove_user_session",
    "UPDATE user_session SET cookie_hash = ?2, proved_at_us = ?3 WHERE id = ?1"};
const Query extend_user_session{"identity.extend_user_session",
    "UPDATE user_session SET refresh_until_us = ?2, last_used_at_us = ?3 WHERE id = ?1"};
const Query drop_user_session{"identity.delete_user_session", "DELETE FROM user_session WHERE id = ?1"};

const Query one_refresh_token{"identity.find_refresh_token", R"sql(
    SELECT t.session_id, t.salt, t.expires_at_us, t.used_at_us, s.client
    FROM refresh_token t JOIN user_session s ON s.id = t.session_id WHERE t.hash = ?1)sql"};
const Query refresh_token_state{"identity.refresh_token_state",
    "SELECT used_at_us FROM refresh_token WHERE hash = ?1"};
const Query put_refresh_token{"identity.insert_refresh_token", R"sql(
    INSERT INTO refresh_token (hash, session_id, salt, created_at_us, expires_at_us) VALUES (?1, ?2, ?3, ?4, ?5))sql"};
const Query use_refresh_token{"identity.use_refresh_token",
    "UPDATE refresh_token SET used_at_us = ?2 WHERE hash = ?1 AND used_at_us IS NULL"};
const Query drop_refresh_tokens{"identity.delete_expired_refresh_tokens",
    "DELETE FROM refresh_token WHERE session_id = ?1 AND expires_at_us <= ?2"};

constexpr const char* status_of(bool active) { return active ? "active" : "disabled"; }

StoredAccount read_account(const Row& row) {
    StoredAccount out;
    out.user = {row.id<UserId>(0), row.str(1), row.str(2), row.text(4) == "active", row.time(5), row.optional_time(6)};
    if (!row.is_null(3)) out.password = row.str(3);
    out.failures.count = row.integer(7);
    if (!row.is_null(8)) out.failures.last = row.time(8);
    return out;
}

StoredMembership read_membership(const Row& row) {
    return {row.id<WorkspaceId>(0), row.id<UserId>(1), row.str(2), row.text(3) == "active", row.time(4), row.str(5)};
}

StoredProjectRole read_project_role(const Row& row) {
    return {row.id<UserId>(0), row.id<ProjectId>(1), row.str(2)};
}

StoredSession read_user_session(const Row& row) {
    StoredSession out;
    auto& session = out.session;
    session.id = row.id<SessionId>(0);
    session.user = row.id<UserId>(1);
    out.cookie_hash = std::string(row.bytes(2));
    session.client = row.str(3);
    session.address = row.str(4);
    session.created_at = row.time(5);
    session.last_used_at = row.time(6);
    session.proved_at = row.time(7);
    out.refresh_until = row.optional_time(8);
    return out;
}

Invitation read_invitation(const Row& row) {
    Invitation out;
    out.workspace = row.id<WorkspaceId>(0);
    out.id = row.id<InvitationId>(1);
    out.email = row.str(2);
    out.role = row.str(3);
    out.created_by = row.str(4);
    out.created_at = row.time(5);
    out.expires_at = row.time(6);
    out.accepted_at = row.optional_time(7);
    out.revoked_at = row.optional_time(8);
    return out;
}

template <class T>
void append(std::vector<T>& out, std::vector<T>&& more) {
    out.insert(out.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

Result<LoadedPeople> load_all(ReadTx& tx, const std::vector<WorkspaceId>& workspaces) {
    LoadedPeople out;
    auto accounts = tx.list<StoredAccount>(all_accounts, {}, read_account);
    if (!accounts) return fail(std::move(accounts.error()));
    out.accounts = std::move(*accounts);
    auto sessions = tx.list<StoredSession>(all_user_sessions, {}, read_user_session);
    if (!sessions) return fail(std::move(sessions.error()));
    out.sessions = std::move(*sessions);
    for (const auto& workspace : workspaces) {
        auto memberships = tx.list<StoredMembership>(all_memberships, {to_value(workspace)}, read_membership);
        if (!memberships) return fail(std::move(memberships.error()));
        append(out.memberships, std::move(*memberships));
        auto roles = tx.list<StoredProjectRole>(all_project_roles, {to_value(workspace)}, read_project_role);
        if (!roles) return fail(std::move(roles.error()));
        for (auto& role : *roles) out.project_roles.emplace_back(workspace, std::move(role));
    }
    return out;
}

}  // namespace

namespace store {

Awaitable<Result<LoadedPeople>> load_people(storage::Storage& storage, std::vector<WorkspaceId> workspaces) {
    auto job = [workspaces = std::move(workspaces)](ReadTx& tx) { return load_all(tx, workspaces); };
    co_return co_await storage.read(std::move(job));
}

void insert_account(storage::WriteUnit& unit, const StoredAccount& account) {
    const auto& user = account.user;
    std::optional<std::string> password;
    if (!account.password.empty()) password = account.password;
    unit.add_expecting(ErrorCode::conflict,
                       fmt::format("there is an account with the address {} already", user.email), put_account, user.id,
                       user.email, user.name, password, status_of(user.active), user.created_at);
}

void set_password(storage::WriteUnit& unit, UserId user, const std::string& password) {
    unit.add(new_password, user, password);
}

void set_account_status(storage::WriteUnit& unit, UserId user, bool active) {
    unit.add(new_status, user, status_of(active));
}

void record_sign_in(storage::WriteUnit& unit, UserId user, Time now) { unit.add(signed_in, user, now); }

void record_failures(storage::WriteUnit& unit, UserId user, const Failures& failures) {
    unit.add(failed, user, failures.count, failures.last);
}

void insert_membership(storage::WriteUnit& unit, const StoredMembership& membership) {
    unit.add_expecting(ErrorCode::conflict, "this person is a member of the workspace already", put_membership,
                       membership.workspace, membership.user, membership.role, status_of(membership.active),
                       membership.created_by, membership.joined_at);
}

void update_membership(storage::WriteUnit& unit, const StoredMembership& membership) {
    unit.add_expecting(ErrorCode::conflict, "this is the workspace's last owner; make somebody else an owner first",
                       change_membership, membership.workspace, membership.user, membership.role,
                       status_of(membership.active));
}

void delete_membership(storage::WriteUnit& unit, WorkspaceId workspace, UserId user) {
    unit.add_expecting(ErrorCode::conflict, "this is the workspace's last owner; make somebody else an owner first",
                       drop_membership, workspace, user);
}

void replace_project_roles(storage::WriteUnit& unit, WorkspaceId workspace, UserId user,
                           const std::vector<StoredProjectRole>& roles) {
    unit.add(drop_project_roles, workspace, user);
    for (const auto& role : roles) unit.add(put_project_role, workspace, user, role.project, role.role);
}

void insert_invitation(storage::WriteUnit& unit, const Invitation& invitation, const std::string& hash) {
    unit.add(put_invitation, invitation.workspace, invitation.id, invitation.email, invitation.role, Bytes{hash},
             invitation.created_by, invitation.created_at, invitation.expires_at);
}

void accept_invitation(storage::WriteUnit& unit, WorkspaceId workspace, InvitationId id, UserId user, Time now) {
    unit.add_expecting(ErrorCode::gone, "this invitation was used, revoked or is too old; ask for another one",
                       take_invitation, workspace, id, now, user);
}

void revoke_invitation(storage::WriteUnit& unit, WorkspaceId workspace, InvitationId id, Time now) {
    unit.add_expecting(ErrorCode::conflict, "this invitation was accepted; remove the person under /api/v1/users instead",
                       end_invitation, workspace, id, now);
}

Awaitable<Result<std::optional<Invitation>>> find_invitation(storage::Storage& storage, WorkspaceId workspace,
                                                             InvitationId id) {
    auto job = [workspace, id](ReadTx& tx) {
        return tx.find<Invitation>(one_invitation, {to_value(workspace), to_value(id)}, read_invitation);
    };
    co_return co_await storage.read(std::move(job));
}

Awaitable<Result<std::optional<Invitation>>> find_invitation_by_hash(storage::Storage& storage, std::string hash) {
    auto job = [hash = std::move(hash)](ReadTx& tx) {
        return tx.find<Invitation>(invitation_by_hash, {Bytes{hash}}, read_invitation);
    };
    co_return co_await storage.read(std::move(job));
}

Awaitable<Result<std::vector<Invitation>>> list_invitations(storage::Storage& storage, WorkspaceId workspace,
                                                            std::optional<InvitationId> before, int limit) {
    const auto bound = before.value_or(InvitationId::last());
    auto job = [workspace, bound, limit](ReadTx& tx) {
        return tx.list<Invitation>(newest_invitations, {to_value(workspace), to_value(bound), to_value(limit)},
                                   read_invitation);
    };
    co_return co_await storage.read(std::move(job));
}

Awaitable<Result<std::int64_t>> count_open_invitations(storage::Storage& storage, WorkspaceId workspace, Time now) {
    base::SeededRandom none(0);
    auto oldest = base::make_uuid7(now - std::chrono::hours(24 * 8), none);
    auto job = [workspace, oldest, now](ReadTx& tx) -> Result<std::int64_t> {
        auto found = tx.find<std::int64_t>(open_invitations, {to_value(workspace), storage::Value(oldest), to_value(now)},
                                           [](const Row& row) { return row.integer(0); });
        if (!found) return fail(std::move(found.error()));
        return found->value_or(0);
    };
    co_return co_await storage.read(std::move(job));
}

void insert_user_session(storage::WriteUnit& unit, const StoredSession& stored) {
    const auto& session = stored.session;
    unit.add(put_user_session, session.id, session.user, Bytes{stored.cookie_hash}, session.client, session.address,
             session.created_at, session.last_used_at, session.proved_at, stored.refresh_until);
}

void touch_user_session(storage::WriteUnit& unit, SessionId id, Time used_at) {
    unit.add(use_user_session, id, used_at);
}

void prove_user_session(storage::WriteUnit& unit, SessionId id, const std::string& cookie_hash, Time proved_at) {
    unit.add_expecting(ErrorCode::unauthenticated, "this session is over; sign in again", prove_session, id,
                       Bytes{cookie_hash}, proved_at);
}

void delete_user_session(storage::WriteUnit& unit, SessionId id) { unit.add(drop_user_session, id); }

void insert_refresh_token(storage::WriteUnit& unit, SessionId session, const std::string& token, const std::string& salt,
                          Time now, Time expires_at) {
    unit.add(put_refresh_token, Bytes{refresh_token_hash(token)}, session, Bytes{salt}, now, expires_at);
}

void delete_expired_refresh_tokens(storage::WriteUnit& unit, SessionId session, Time now) {
    unit.add(drop_refresh_tokens, session, now);
}

namespace {

struct FoundToken {
    SessionId session;
    std::string salt, client;
    Time expires_at{};
    std::optional<Time> used_at;
};

Result<Rotation> end_family(storage::Tx& tx, SessionId session) {
    auto dropped = tx.run(drop_user_session, {to_value(session)});
    if (!dropped) return fail(std::move(dropped.error()));
    return Rotation{Rotation::Kind::reused, session, {}};
}

/// The token was used before: whether its client may have the same successor again.
Result<Rotation> repeat(storage::Tx& tx, const NewRotation& wanted, const FoundToken& found) {
    auto successor = refresh_successor(wanted.token, found.salt);
    if (wanted.now < *found.used_at + refresh_repeat) {
        auto unused = tx.find<bool>(refresh_token_state, {Bytes{refresh_token_hash(successor)}},
                                    [](const Row& row) { return row.is_null(0); });
        if (!unused) return fail(std::move(unused.error()));
        if (unused->value_or(false)) return Rotation{Rotation::Kind::repeated, found.session, std::move(successor)};
    }
    return end_family(tx, found.session);
}

Result<Rotation> rotate(storage::Tx& tx, const NewRotation& wanted) {
    const Bytes hash{refresh_token_hash(wanted.token)};
    auto found = tx.find<FoundToken>(one_refresh_token, {hash}, [](const Row& row) {
        return FoundToken{row.id<SessionId>(0), std::string(row.bytes(1)), row.str(4), row.time(2), row.optional_time(3)};
    });
    if (!found) return fail(std::move(found.error()));
    if (!*found || (*found)->expires_at <= wanted.now) return Rotation{};
    if ((*found)->client != wanted.client) return end_family(tx, (*found)->session);
    if ((*found)->used_at) return repeat(tx, wanted, **found);

    auto used = tx.run(use_refresh_token, {hash, to_value(wanted.now)});
    if (!used) return fail(std::move(used.error()));
    if (*used != 1) return end_family(tx, (*found)->session);
    auto successor = refresh_successor(wanted.token, (*found)->salt);
    auto put = tx.run(put_refresh_token, {Bytes{refresh_token_hash(successor)}, to_value((*found)->session),
                                          Bytes{wanted.fresh_salt}, to_value(wanted.now), to_value(wanted.expires_at)});
    if (!put) return fail(std::move(put.error()));
    auto extended = tx.run(extend_user_session,
                           {to_value((*found)->session), to_value(wanted.expires_at), to_value(wanted.now)});
    if (!extended) return fail(std::move(extended.error()));
    return Rotation{Rotation::Kind::rotated, (*found)->session, std::move(successor)};
}

}  // namespace

Awaitable<Result<Rotation>> rotate_refresh_token(storage::Storage& storage, NewRotation wanted) {
    auto job = [wanted = std::move(wanted)](storage::Tx& tx) { return rotate(tx, wanted); };
    co_return co_await storage.write(std::move(job));
}

}  // namespace store
}  // namespace sluice::identity
