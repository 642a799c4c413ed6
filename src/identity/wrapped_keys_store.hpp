#pragma once
// All SQL of wrapped keys.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sluice/identity/wrapped_keys.hpp"
#include "sluice/storage/storage.hpp"

namespace sluice::identity {

using SharedKey = std::shared_ptr<const crypto::SecretKey>;

struct StoredRoot {
    std::string id, check_value, salt, origin;
};

struct StoredWrappedKey {
    WorkspaceId workspace;
    std::string purpose;
    unsigned version = 0;
    std::string wrapped;
    Time created_at{};
};

struct LoadedKeys {
    std::optional<StoredRoot> root;
    std::vector<StoredWrappedKey> keys;
};

/// Where a wrapped key belongs.
crypto::Bound bound_of(const StoredWrappedKey& key);

namespace store {

Awaitable<Result<LoadedKeys>> load_wrapped_keys(storage::Storage& storage);
/// The first root of a directory. Errors: conflict.
Awaitable<Result<void>> insert_root(storage::Storage& storage, StoredRoot root, Time now);
Awaitable<Result<void>> insert_wrapped_key(storage::Storage& storage, StoredWrappedKey key, std::string root);
Awaitable<Result<void>> delete_wrapped_keys(storage::Storage& storage, WorkspaceId workspace, std::string purpose, unsigned below);
/// Wraps every key anew and makes `next` the active root, in one transaction, which checks that each
/// opens with the new root before it commits.
Awaitable<Result<void>> rewrap_all(storage::Storage& storage, SharedKey from, SharedKey to, StoredRoot next, Time now);

}  // namespace store
}  // namespace sluice::identity
