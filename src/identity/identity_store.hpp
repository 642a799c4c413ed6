#pragma once
// All SQL of identity.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sluice/identity/identity.hpp"
#include "sluice/storage/storage.hpp"

namespace sluice::identity {

struct StoredKey {
    ApiKey key;
    std::string hash;
};

struct Session {
    Id<ids::Session> id;
    WorkspaceId workspace;
    std::string role;
    std::string hash;
    Time created_at{}, last_used_at{};
};

/// What is in memory of one workspace.
struct Loaded {
    Workspace workspace;
    std::vector<Project> projects;
    std::vector<WorkspaceRole> roles;
    std::vector<StoredKey> keys;  ///< neither revoked nor expired
    std::vector<Session> sessions;
};

struct IdempotencyRecord {
    WorkspaceId workspace;
    std::string principal, route, key;
    std::string body_hash;
    int status = 200;
    std::string answer, etag;
    Time created_at{};
};

namespace store {

Awaitable<Result<std::vector<Loaded>>> load(storage::Storage& storage, Time now);
/// The stored secret of that name; `fresh` becomes it when there is none.
Awaitable<Result<std::string>> load_or_make_secret(storage::Storage& storage, std::string name,
                                                   std::string fresh);

void insert_workspace(storage::WriteUnit& unit, const Workspace& workspace);
void insert_project(storage::WriteUnit& unit, const Project& project);
void insert_key(storage::WriteUnit& unit, const StoredKey& key);
void revoke_key(storage::WriteUnit& unit, WorkspaceId workspace, ApiKeyId id, Time now);
void touch_key(storage::WriteUnit& unit, const ApiKey& key);

void insert_role(storage::WriteUnit& unit, const WorkspaceRole& role);
void update_role(storage::WriteUnit& unit, const WorkspaceRole& role);
/// Fails with conflict when a live key, a person or an open invitation has it.
void delete_role(storage::WriteUnit& unit, const WorkspaceRole& role, Time now);
Result<std::vector<WorkspaceRole>> read_roles(storage::ReadTx& tx, WorkspaceId workspace);
/// As JSON text, and back: names that this version does not know grant nothing.
std::string permissions_text(const base::PermissionSet& permissions);
base::PermissionSet permissions_from(std::string_view text);
Awaitable<Result<std::optional<ApiKey>>> find_key(storage::Storage& storage, WorkspaceId workspace,
                                                  ApiKeyId id);
/// Keys with ids below `before` (all when nil), newest first.
Awaitable<Result<std::vector<ApiKey>>> list_keys(storage::Storage& storage, WorkspaceId workspace,
                                                 std::optional<ApiKeyId> before, int limit);

void insert_session(storage::WriteUnit& unit, const Session& session);
void touch_session(storage::WriteUnit& unit, WorkspaceId workspace, Id<ids::Session> id,
                   Time used_at);
void delete_session(storage::WriteUnit& unit, WorkspaceId workspace, Id<ids::Session> id);
Awaitable<Result<std::int64_t>> delete_idle_sessions(storage::Storage& storage,
                                                     WorkspaceId workspace, Time before);

void insert_record(storage::WriteUnit& unit, const IdempotencyRecord& record);
/// Leaves a record that is there already as it is.
void insert_record_once(storage::WriteUnit& unit, const IdempotencyRecord& record);
Awaitable<Result<std::optional<IdempotencyRecord>>> find_record(storage::Storage& storage,
                                                                WorkspaceId workspace,
                                                                std::string principal,
                                                                std::string route, std::string key);
/// Deletes old records among the oldest `batch`; how many.
Awaitable<Result<std::int64_t>> delete_records(storage::Storage& storage, Time before, int batch);

}  // namespace store
}  // namespace sluice::identity
