#include "vault/vault_store.hpp"

#include <optional>

#include "sluice/crypto/crypto.hpp"
#include "sluice/storage/failpoint.hpp"
#include "sluice/storage/tx.hpp"
#include "vault/bindings.hpp"

namespace sluice::vault {

namespace {

using storage::Bytes;
using storage::Query;
using storage::ReadTx;
using storage::Row;
using storage::to_value;
using storage::Tx;

// Names and bindings of all workspaces are in memory; a thousand in each at most.
const Query all_secrets{"vault.load", R"sql(
    SELECT s.workspace_id, s.id, s.name, s.description, s.bindings, s.version, s.revision, s.created_by, s.created_at_us,
           s.updated_at_us, (SELECT max(v.ends_at_us) FROM secret_version v
                             WHERE v.workspace_id = s.workspace_id AND v.secret_id = s.id AND v.ends_at_us IS NOT NULL)
    FROM secret s)sql",
                        Query::Note::instance_scan};
const Query put_secret{"vault.insert", R"sql(
    INSERT INTO secret (workspace_id, id, name, description, bindings, version, revision, created_by, created_at_us, updated_at_us)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10))sql"};
const Query change_secret{"vault.update", R"sql(
    UPDATE secret SET description = ?3, bindings = ?4, version = ?5, revision = ?6, updated_at_us = ?7
    WHERE workspace_id = ?1 AND id = ?2 AND revision = ?8)sql"};
const Query drop_secret{"vault.delete", "DELETE FROM secret WHERE workspace_id = ?1 AND id = ?2"};

const Query put_version{"vault.insert_version", R"sql(
    INSERT INTO secret_version (workspace_id, secret_id, version, key_version, data_key, value, created_by, created_at_us)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8))sql"};
const Query end_older{"vault.end_versions", R"sql(
    UPDATE secret_version SET ends_at_us = min(coalesce(ends_at_us, ?4), ?4)
    WHERE workspace_id = ?1 AND secret_id = ?2 AND version < ?3)sql"};
const Query usable_versions{"vault.versions", R"sql(
    SELECT secret_id, version, key_version, data_key, value, created_by, created_at_us FROM secret_version
    WHERE workspace_id = ?1 AND secret_id = ?2 AND (ends_at_us IS NULL OR ends_at_us > ?3) ORDER BY version DESC)sql"};
const Query drop_ended{"vault.delete_ended", R"sql(
    DELETE FROM secret_version WHERE rowid IN (
        SELECT rowid FROM secret_version WHERE ends_at_us IS NOT NULL AND ends_at_us <= ?1 ORDER BY ends_at_us LIMIT ?2))sql",
                       Query::Note::instance_wide};
const Query outdated_versions{"vault.outdated_versions", R"sql(
    SELECT secret_id, version, key_version, data_key, value, created_by, created_at_us FROM secret_version
    WHERE workspace_id = ?1 AND key_version < ?2 LIMIT ?3)sql"};
const Query rewrap_version{"vault.rewrap_version", R"sql(
    UPDATE secret_version SET data_key = ?4, key_version = ?5 WHERE workspace_id = ?1 AND secret_id = ?2 AND version = ?3)sql"};

Secret read_secret(const Row& row) {
    Secret out;
    out.workspace = row.id<WorkspaceId>(0);
    out.id = row.id<SecretId>(1);
    out.name = row.str(2);
    out.description = row.str(3);
    out.bindings = bindings_from(Json::parse(row.text(4), nullptr, false));
    out.version = static_cast<int>(row.integer(5));
    out.revision = row.integer(6);
    out.created_by = row.str(7);
    out.created_at = row.time(8);
    out.updated_at = row.time(9);
    out.previous_ends_at = row.optional_time(10);
    return out;
}

StoredVersion read_version(const Row& row) {
    return {row.id<SecretId>(0), static_cast<int>(row.integer(1)), static_cast<unsigned>(row.integer(2)), std::string(row.bytes(3)),
            std::string(row.bytes(4)), row.str(5), row.time(6)};
}

Result<void> rewrap(Tx& tx, WorkspaceId workspace, const StoredVersion& version, const std::vector<NumberedKey>& keys,
                    const NumberedKey& newest, base::Random& random) {
    const auto old = std::find_if(keys.begin(), keys.end(), [&](const NumberedKey& key) { return key.version == version.key_version; });
    if (old == keys.end()) return fail(ErrorCode::internal, "version {} of the workspace's key is not there", version.key_version);
    const auto bound = bound_of(workspace, version, "data_key");
    auto plain = crypto::decrypt(*old->key, version.data_key, bound);
    if (!plain) return fail(std::move(plain.error()));
    std::string wrapped = crypto::encrypt(*newest.key, *plain, bound, random);
    crypto::wipe(*plain);
    if (storage::failpoint::hit("secret.rewrap") != storage::failpoint::Outcome::none)
        return fail(ErrorCode::unavailable, "the data keys could not be wrapped anew; the rotation goes on at the next start");
    auto done = tx.run(rewrap_version, {to_value(workspace), to_value(version.secret), to_value(version.version),
                                        Bytes{std::move(wrapped)}, to_value(newest.version)});
    if (!done) return fail(std::move(done.error()));
    return {};
}

}  // namespace

crypto::Bound bound_of(const WorkspaceId& workspace, const StoredVersion& version, std::string_view field) {
    return {"secret", workspace.raw(), version.secret.raw(), version.version, field};
}

namespace store {

Awaitable<Result<std::vector<Secret>>> load(storage::Storage& storage) {
    auto job = [](ReadTx& tx) { return tx.list<Secret>(all_secrets, {}, read_secret); };
    co_return co_await storage.read(std::move(job));
}

void insert(storage::WriteUnit& unit, const Secret& secret) {
    unit.add_expecting(ErrorCode::conflict,
                       fmt::format("there is a secret {} already; PUT /api/v1/secrets/{} gives it a new value", secret.name, secret.name),
                       put_secret, secret.workspace, secret.id, secret.name, secret.description,
                       base::dump_json(bindings_json(secret.bindings)), secret.version, secret.revision, secret.created_by,
                       secret.created_at, secret.updated_at);
}

void update(storage::WriteUnit& unit, const Secret& secret, std::int64_t before) {
    unit.add_expecting(ErrorCode::precondition_failed, "the secret was changed meanwhile; read it again and repeat the change",
                       change_secret, secret.workspace, secret.id, secret.description, base::dump_json(bindings_json(secret.bindings)),
                       secret.version, secret.revision, secret.updated_at, before);
}

void insert_version(storage::WriteUnit& unit, WorkspaceId workspace, const StoredVersion& version) {
    unit.add(put_version, workspace, version.secret, version.version, version.key_version, Bytes{version.data_key}, Bytes{version.value},
             version.created_by, version.created_at);
}

void end_versions(storage::WriteUnit& unit, WorkspaceId workspace, SecretId secret, int version, Time at) {
    unit.add(end_older, workspace, secret, version, at);
}

void remove(storage::WriteUnit& unit, WorkspaceId workspace, SecretId secret) {
    unit.add_expecting(ErrorCode::not_found, "the secret is not there any more", drop_secret, workspace, secret);
}

Awaitable<Result<std::vector<StoredVersion>>> versions(storage::Storage& storage, WorkspaceId workspace, SecretId secret, Time now) {
    auto job = [=](ReadTx& tx) {
        return tx.list<StoredVersion>(usable_versions, {to_value(workspace), to_value(secret), to_value(now)}, read_version);
    };
    co_return co_await storage.read(std::move(job));
}

Awaitable<Result<std::int64_t>> delete_ended(storage::Storage& storage, Time now, int batch) {
    auto job = [=](Tx& tx) { return tx.run(drop_ended, {to_value(now), to_value(batch)}); };
    co_return co_await storage.write(std::move(job));
}

Awaitable<Result<std::int64_t>> rewrap_batch(storage::Storage& storage, WorkspaceId workspace, std::vector<NumberedKey> keys,
                                             NumberedKey newest, int batch) {
    auto job = [=](Tx& tx) -> Result<std::int64_t> {
        base::SystemRandom random;
        auto found = tx.list<StoredVersion>(outdated_versions, {to_value(workspace), to_value(newest.version), to_value(batch)},
                                            read_version);
        if (!found) return fail(std::move(found.error()));
        for (const auto& version : *found)
            if (auto done = rewrap(tx, workspace, version, keys, newest, random); !done) return fail(std::move(done.error()));
        return static_cast<std::int64_t>(found->size());
    };
    co_return co_await storage.write(std::move(job));
}

}  // namespace store
}  // namespace sluice::vault
