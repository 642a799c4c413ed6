#include "identity_store.hpp"

#include "sluice/base/json.hpp"
#include "sluice/storage/tx.hpp"

namespace sluice::identity {
namespace {

using storage::Bytes;
using storage::Query;
using storage::ReadTx;
using storage::Row;

// The tenants of one instance: read whole at the start.
const Query all_workspaces{"identity.all_workspaces",
                           "SELECT id, name, created_at_us FROM workspace ORDER BY id",
                           Query::Note::scan};
const Query put_workspace{"identity.insert_workspace",
                          "INSERT INTO workspace (id, name, created_at_us) VALUES (?1, ?2, ?3)"};

const Query all_projects{"identity.all_projects", R"sql(
    SELECT workspace_id, id, name, created_at_us FROM project WHERE workspace_id = ?1 ORDER BY id)sql"};
const Query put_project{"identity.insert_project", R"sql(
    INSERT INTO project (workspace_id, id, name, created_at_us) VALUES (?1, ?2, ?3, ?4))sql"};

#define KEY_COLUMNS                                                                           \
    "workspace_id, id, name, project, role, permissions, prefix, created_by, created_at_us, " \
    "expires_at_us, "                                                                         \
    "last_used_at_us, revoked_at_us, scope, networks, rate_per_second, rate_burst, last_address"
const Query live_keys{"identity.live_keys",
                      "SELECT " KEY_COLUMNS
                      ", hash FROM api_key WHERE workspace_id = ?1 AND revoked_at_us IS NULL "
                      "AND (expires_at_us IS NULL OR expires_at_us > ?2)"};
const Query one_key{"identity.find_key",
                    "SELECT " KEY_COLUMNS " FROM api_key WHERE workspace_id = ?1 AND id = ?2"};
const Query newest_keys{"identity.list_keys", "SELECT " KEY_COLUMNS
                                              " FROM api_key WHERE workspace_id = ?1 AND id < ?2 "
                                              "ORDER BY id DESC LIMIT ?3"};
const Query put_key{"identity.insert_key", R"sql(
    INSERT INTO api_key (workspace_id, id, name, project, role, permissions, prefix, hash, created_by, created_at_us,
                         expires_at_us, scope, networks, rate_per_second, rate_burst)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15))sql"};
const Query end_key{"identity.revoke_key", R"sql(
    UPDATE api_key SET revoked_at_us = coalesce(revoked_at_us, ?3) WHERE workspace_id = ?1 AND id = ?2)sql"};
const Query use_key{"identity.touch_key",
                    "UPDATE api_key SET last_used_at_us = ?3, last_address = ?4 WHERE workspace_id = ?1 AND id = ?2"};

const Query all_sessions{"identity.all_sessions", R"sql(
    SELECT workspace_id, id, hash, role, created_at_us, last_used_at_us FROM session WHERE workspace_id = ?1)sql"};
const Query put_session{"identity.insert_session", R"sql(
    INSERT INTO session (workspace_id, id, hash, role, created_at_us, last_used_at_us)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6))sql"};
const Query use_session{
    "identity.touch_session",
    "UPDATE session SET last_used_at_us = ?3 WHERE workspace_id = ?1 AND id = ?2"};
const Query drop_session{"identity.delete_session",
                         "DELETE FROM session WHERE workspace_id = ?1 AND id = ?2"};
const Query drop_idle_sessions{
    "identity.delete_idle_sessions",
    "DELETE FROM session WHERE workspace_id = ?1 AND last_used_at_us < ?2"};

const Query one_secret{"identity.find_secret", "SELECT secret FROM instance_secret WHERE name = ?1",
                       Query::Note::instance_wide};
const Query put_secret{"identity.insert_secret",
                       "INSERT INTO instance_secret (name, secret) VALUES (?1, ?2)",
                       Query::Note::instance_wide};

const Query one_record{"identity.find_idempotency_record", R"sql(
    SELECT body_hash, status, answer, etag, created_at_us FROM idempotency_record
    WHERE workspace_id = ?1 AND principal = ?2 AND route = ?3 AND key = ?4)sql"};
const Query put_record{"identity.insert_idempotency_record", R"sql(
    INSERT INTO idempotency_record (workspace_id, principal, route, key, body_hash, status, answer, etag, created_at_us)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9))sql"};
const Query put_record_once{"identity.insert_idempotency_record_once", R"sql(
    INSERT INTO idempotency_record (workspace_id, principal, route, key, body_hash, status, answer, etag, created_at_us)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING)sql"};
// Numbers ascend with time: the old ones are the lowest, and a batch of them is a range of the
// table's own key.
const Query drop_records{"identity.delete_idempotency_records", R"sql(
    DELETE FROM idempotency_record
    WHERE number < (SELECT min(number) FROM idempotency_record) + ?2 AND created_at_us <= ?1)sql",
                         Query::Note::instance_wide};

Workspace read_workspace(const Row& row) {
    return {row.id<WorkspaceId>(0), row.str(1), row.time(2)};
}

Project read_project(const Row& row) {
    return {row.id<ProjectId>(1), row.id<WorkspaceId>(0), row.str(2), row.time(3)};
}

std::vector<std::string> texts_in(const Json& list) {
    std::vector<std::string> out;
    if (list.is_array())
        for (const auto& one : list)
            if (one.is_string()) out.push_back(one.get<std::string>());
    return out;
}

/// Null for the whole workspace. What cannot be read is no scope that lets anything through.
std::shared_ptr<const base::Scope> read_scope(const Row& row, int column) {
    if (row.is_null(column)) return nullptr;
    const auto json = Json::parse(row.text(column), nullptr, false);
    base::Scope scope;
    if (const auto* projects = base::find_member(json, "projects")) scope.projects = texts_in(*projects);
    if (const auto* flows = base::find_member(json, "flows")) scope.flows = texts_in(*flows);
    if (scope.projects.empty() && scope.flows.empty()) scope.projects = {"\3"};
    return std::make_shared<const base::Scope>(std::move(scope));
}

std::optional<std::string> scope_text(const ApiKey& key) {
    if (!key.scope) return std::nullopt;
    return base::dump_json(Json{{"projects", key.scope->projects}, {"flows", key.scope->flows}});
}

std::optional<std::string> networks_text(const ApiKey& key) {
    if (key.networks.empty()) return std::nullopt;
    return base::dump_json(Json(key.networks));
}

ApiKey read_key(const Row& row) {
    ApiKey key;
    key.workspace = row.id<WorkspaceId>(0);
    key.id = row.id<ApiKeyId>(1);
    key.name = row.str(2);
    key.project = row.str(3);
    key.role = row.str(4);
    if (!row.is_null(5)) key.permissions = store::permissions_from(row.text(5));
    key.prefix = row.str(6);
    key.created_by = row.str(7);
    key.created_at = row.time(8);
    key.expires_at = row.optional_time(9);
    key.last_used_at = row.optional_time(10);
    key.revoked_at = row.optional_time(11);
    key.scope = read_scope(row, 12);
    if (!row.is_null(13)) key.networks = texts_in(Json::parse(row.text(13), nullptr, false));
    if (!row.is_null(14)) key.rate_limit = base::RateLimit{row.real(14), row.real(15)};
    if (!row.is_null(16)) key.last_address = row.str(16);
    return key;
}

StoredKey read_stored_key(const Row& row) { return {read_key(row), std::string(row.bytes(17))}; }

Session read_session(const Row& row) {
    return {row.id<Id<ids::Session>>(1),
            row.id<WorkspaceId>(0),
            row.str(3),
            std::string(row.bytes(2)),
            row.time(4),
            row.time(5)};
}

/// The list of a key with the role "custom"; those of other roles are the role's.
std::optional<std::string> list_text(const ApiKey& key) {
    return key.role == "custom" ? std::optional(store::permissions_text(key.permissions)) : std::nullopt;
}

Result<std::vector<Loaded>> load_all(ReadTx& tx, Time now) {
    auto workspaces = tx.list<Workspace>(all_workspaces, {}, read_workspace);
    if (!workspaces) return fail(std::move(workspaces.error()));
    std::vector<Loaded> out;
    for (auto& workspace : *workspaces) {
        const auto id = storage::to_value(workspace.id);
        auto projects = tx.list<Project>(all_projects, {id}, read_project);
        if (!projects) return fail(std::move(projects.error()));
        auto roles = store::read_roles(tx, workspace.id);
        if (!roles) return fail(std::move(roles.error()));
        auto keys = tx.list<StoredKey>(live_keys, {id, storage::to_value(now)}, read_stored_key);
        if (!keys) return fail(std::move(keys.error()));
        auto sessions = tx.list<Session>(all_sessions, {id}, read_session);
        if (!sessions) return fail(std::move(sessions.error()));
        out.push_back(
            {std::move(workspace), std::move(*projects), std::move(*roles), std::move(*keys), std::move(*sessions)});
    }
    return out;
}

}  // namespace

namespace store {

Awaitable<Result<std::vector<Loaded>>> load(storage::Storage& storage, Time now) {
    auto job = [now](ReadTx& tx) { return load_all(tx, now); };
    co_return co_await storage.read(std::move(job));
}

Awaitable<Result<std::string>> load_or_make_secret(storage::Storage& storage, std::string name,
                                                   std::string fresh) {
    auto job = [name, fresh](storage::Tx& tx) -> Result<std::string> {
        auto found = tx.find<std::string>(one_secret, {name},
                                          [](const Row& row) { return std::string(row.bytes(0)); });
        if (!found) return fail(std::move(found.error()));
        if (*found) return std::move(**found);
        auto made = tx.run(put_secret, {name, Bytes{fresh}});
        if (!made) return fail(std::move(made.error()));
        return fresh;
    };
    co_return co_await storage.write(std::move(job));
}

void insert_workspace(storage::WriteUnit& unit, const Workspace& workspace) {
    unit.add_expecting(
        ErrorCode::conflict,
        fmt::format("there is a workspace named {} already; choose another name", workspace.name),
        put_workspace, workspace.id, workspace.name, workspace.created_at);
}

void insert_project(storage::WriteUnit& unit, const Project& project) {
    unit.add_expecting(
        ErrorCode::conflict,
        fmt::format("there is a project named {} already; choose another name", project.name),
        put_project, project.workspace, project.id, project.name, project.created_at);
}

void insert_key(storage::WriteUnit& unit, const StoredKey& stored) {
    const auto& key = stored.key;
    unit.add(put_key, key.workspace, key.id, key.name, key.project, key.role,
             list_text(key), key.prefix, Bytes{stored.hash}, key.created_by, key.created_at, key.expires_at,
             scope_text(key), networks_text(key), key.rate_limit ? std::optional(key.rate_limit->per_second) : std::nullopt,
             key.rate_limit ? std::optional(key.rate_limit->burst) : std::nullopt);
}

void revoke_key(storage::WriteUnit& unit, WorkspaceId workspace, ApiKeyId id, Time now) {
    unit.add_expecting(ErrorCode::not_found,
                       fmt::format("there is no API key {}; check the id", id.str()), end_key,
                       workspace, id, now);
}

void touch_key(storage::WriteUnit& unit, const ApiKey& key) {
    unit.add(use_key, key.workspace, key.id, key.last_used_at,
             key.last_address.empty() ? std::nullopt : std::optional(key.last_address));
}

Awaitable<Result<std::optional<ApiKey>>> find_key(storage::Storage& storage, WorkspaceId workspace,
                                                  ApiKeyId id) {
    auto job = [workspace, id](ReadTx& tx) {
        return tx.find<ApiKey>(one_key, {storage::to_value(workspace), storage::to_value(id)},
                               read_key);
    };
    co_return co_await storage.read(std::move(job));
}

Awaitable<Result<std::vector<ApiKey>>> list_keys(storage::Storage& storage, WorkspaceId workspace,
                                                 std::optional<ApiKeyId> before, int limit) {
    const auto bound = before.value_or(ApiKeyId::last());
    auto job = [workspace, bound, limit](ReadTx& tx) {
        return tx.list<ApiKey>(
            newest_keys,
            {storage::to_value(workspace), storage::to_value(bound), storage::to_value(limit)},
            read_key);
    };
    co_return co_await storage.read(std::move(job));
}

void insert_session(storage::WriteUnit& unit, const Session& session) {
    unit.add(put_session, session.workspace, session.id, Bytes{session.hash}, session.role,
             session.created_at, session.last_used_at);
}

void touch_session(storage::WriteUnit& unit, WorkspaceId workspace, Id<ids::Session> id,
                   Time used_at) {
    unit.add(use_session, workspace, id, used_at);
}

void delete_session(storage::WriteUnit& unit, WorkspaceId workspace, Id<ids::Session> id) {
    unit.add(drop_session, workspace, id);
}

Awaitable<Result<std::int64_t>> delete_idle_sessions(storage::Storage& storage,
                                                     WorkspaceId workspace, Time before) {
    auto job = [workspace, before](storage::Tx& tx) {
        return tx.run(drop_idle_sessions,
                      {storage::to_value(workspace), storage::to_value(before)});
    };
    co_return co_await storage.write(std::move(job));
}

void insert_record(storage::WriteUnit& unit, const IdempotencyRecord& record) {
    unit.add_expecting(ErrorCode::conflict, "idempotency_key_used", put_record, record.workspace,
                       record.principal, record.route, record.key, Bytes{record.body_hash},
                       record.status, record.answer, record.etag, record.created_at);
}

void insert_record_once(storage::WriteUnit& unit, const IdempotencyRecord& record) {
    unit.add(put_record_once, record.workspace, record.principal, record.route, record.key,
             Bytes{record.body_hash}, record.status, record.answer, record.etag, record.created_at);
}

Awaitable<Result<std::optional<IdempotencyRecord>>> find_record(storage::Storage& storage,
                                                                WorkspaceId workspace,
                                                                std::string principal,
                                                                std::string route,
                                                                std::string key) {
    auto job = [=](ReadTx& tx) {
        return tx.find<IdempotencyRecord>(
            one_record, {storage::to_value(workspace), principal, route, key}, [&](const Row& row) {
                return IdempotencyRecord{workspace,
                                         principal,
                                         route,
                                         key,
                                         std::string(row.bytes(0)),
                                         static_cast<int>(row.integer(1)),
                                         row.str(2),
                                         row.str(3),
                                         row.time(4)};
            });
    };
    co_return co_await storage.read(std::move(job));
}

Awaitable<Result<std::int64_t>> delete_records(storage::Storage& storage, Time before, int batch) {
    auto job = [before, batch](storage::Tx& tx) {
        return tx.run(drop_records, {storage::to_value(before), storage::to_value(batch)});
    };
    co_return co_await storage.write(std::move(job));
}

}  // namespace store
}  // namespace sluice::identity
