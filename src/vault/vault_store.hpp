#pragma once
// All SQL of the vault.

#include <memory>
#include <string>
#include <vector>

#include "sluice/crypto/key_ring.hpp"
#include "sluice/storage/storage.hpp"
#include "sluice/vault/vault.hpp"

namespace sluice::vault {

/// One encrypted version.
struct StoredVersion {
    SecretId secret;
    int version = 0;
    unsigned key_version = 0;
    std::string data_key, value;  ///< encrypted
    std::string created_by;
    Time created_at{};
};

/// A version of the workspace's key.
struct NumberedKey {
    unsigned version = 0;
    std::shared_ptr<const crypto::SecretKey> key;
};

/// Views into its arguments, which outlive it.
crypto::Bound bound_of(const WorkspaceId& workspace, const StoredVersion& version, std::string_view field);

namespace store {

Awaitable<Result<std::vector<Secret>>> load(storage::Storage& storage);
void insert(storage::WriteUnit& unit, const Secret& secret);
/// Fails the unit with precondition_failed when the revision is not `before` any more.
void update(storage::WriteUnit& unit, const Secret& secret, std::int64_t before);
void insert_version(storage::WriteUnit& unit, WorkspaceId workspace, const StoredVersion& version);
/// Versions before `version` end at `at`, unless they end sooner.
void end_versions(storage::WriteUnit& unit, WorkspaceId workspace, SecretId secret, int version, Time at);
void remove(storage::WriteUnit& unit, WorkspaceId workspace, SecretId secret);
/// Newest first, without those whose time is over.
Awaitable<Result<std::vector<StoredVersion>>> versions(storage::Storage& storage, WorkspaceId workspace, SecretId secret, Time now);
Awaitable<Result<std::int64_t>> delete_ended(storage::Storage& storage, Time now, int batch);
/// Wraps at most `batch` data keys with `newest`; how many there were.
Awaitable<Result<std::int64_t>> rewrap_batch(storage::Storage& storage, WorkspaceId workspace, std::vector<NumberedKey> keys,
                                             NumberedKey newest, int batch);

}  // namespace store
}  // namespace sluice::vault
