#include "wrapped_keys_store.hpp"

#include "sluice/crypto/crypto.hpp"
#include "sluice/storage/failpoint.hpp"
#include "sluice/storage/tx.hpp"

namespace sluice::identity {

namespace {

using storage::Bytes;
using storage::Query;
using storage::ReadTx;
using storage::Row;
using storage::Tx;

const Query active_root{"identity.active_root", "SELECT id, check_value, salt, origin FROM root_key WHERE state = 'active'",
                        Query::Note::instance_wide};
const Query put_root{"identity.insert_root", R"sql(
    INSERT INTO root_key (id, check_value, salt, origin, state, created_at_us) VALUES (?1, ?2, ?3, ?4, 'active', ?5)
    ON CONFLICT (id) DO UPDATE SET state = 'active', salt = ?3, origin = ?4)sql",
                     Query::Note::instance_wide};
const Query retire_root{"identity.retire_root", "UPDATE root_key SET state = 'retired' WHERE state = 'active'",
                        Query::Note::instance_wide};

// A root wraps all keys of the instance; they are few, and every start unwraps them.
const Query all_keys{"identity.all_wrapped_keys",
                     "SELECT workspace_id, purpose, version, wrapped, created_at_us FROM wrapped_key "
                     "ORDER BY workspace_id, purpose, version",
                     Query::Note::instance_scan};
const Query put_key{"identity.insert_wrapped_key", R"sql(
    INSERT INTO wrapped_key (workspace_id, purpose, version, root, wrapped, created_at_us) VALUES (?1, ?2, ?3, ?4, ?5, ?6))sql"};
const Query rewrap_key{"identity.rewrap_key", R"sql(
    UPDATE wrapped_key SET wrapped = ?4, root = ?5 WHERE workspace_id = ?1 AND purpose = ?2 AND version = ?3)sql"};
const Query drop_keys{"identity.delete_wrapped_keys",
                      "DELETE FROM wrapped_key WHERE workspace_id = ?1 AND purpose = ?2 AND version < ?3"};

StoredWrappedKey read_key(const Row& row) {
    return {row.id<WorkspaceId>(0), row.str(1), static_cast<unsigned>(row.integer(2)), std::string(row.bytes(3)), row.time(4)};
}

StoredRoot read_root(const Row& row) {
    return {row.str(0), std::string(row.bytes(1)), row.is_null(2) ? std::string() : std::string(row.bytes(2)), row.str(3)};
}

Result<void> add_root(Tx& tx, const StoredRoot& root, Time now) {
    const storage::Value salt = root.salt.empty() ? storage::Value() : storage::Value(Bytes{root.salt});
    auto done = tx.run(put_root, {root.id, Bytes{root.check_value}, salt, root.origin, storage::to_value(now)});
    if (!done) return fail(std::move(done.error()));
    return {};
}

/// A test may have the transaction fail here.
Result<void> pass(std::string_view point) {
    if (storage::failpoint::hit(point) == storage::failpoint::Outcome::none) return {};
    return fail(ErrorCode::unavailable, "the keys could not be wrapped anew; the present root stays in use");
}

Result<void> rewrap_in(Tx& tx, const crypto::SecretKey& from, const crypto::SecretKey& to, const StoredRoot& next, Time now) {
    base::SystemRandom random;
    auto keys = tx.list<StoredWrappedKey>(all_keys, {}, read_key);
    if (!keys) return fail(std::move(keys.error()));
    auto retired = tx.run(retire_root, {});
    if (!retired) return fail(std::move(retired.error()));
    if (auto added = add_root(tx, next, now); !added) return added;
    for (const auto& key : *keys) {
        auto plain = crypto::decrypt(from, key.wrapped, bound_of(key));
        if (!plain) return fail(std::move(plain.error()));
        std::string wrapped = crypto::encrypt(to, *plain, bound_of(key), random);
        auto again = crypto::decrypt(to, wrapped, bound_of(key));
        const bool same = again && *again == *plain;
        crypto::wipe(*plain);
        if (again) crypto::wipe(*again);
        if (!same) return fail(ErrorCode::internal, "a key did not open with the new root; the present root stays in use");
        if (auto passed = pass("dek.rewrap"); !passed) return passed;
        auto done = tx.run(rewrap_key, {storage::to_value(key.workspace), key.purpose, storage::to_value(key.version),
                                        Bytes{std::move(wrapped)}, next.id});
        if (!done) return fail(std::move(done.error()));
    }
    return pass("root.rewrapped");
}

}  // namespace

crypto::Bound bound_of(const StoredWrappedKey& key) {
    return {"wrapped_key", key.workspace.raw(), key.purpose, static_cast<std::int64_t>(key.version), "key"};
}

namespace store {

Awaitable<Result<LoadedKeys>> load_wrapped_keys(storage::Storage& storage) {
    auto job = [](ReadTx& tx) -> Result<LoadedKeys> {
        auto root = tx.find<StoredRoot>(active_root, {}, read_root);
        if (!root) return fail(std::move(root.error()));
        auto keys = tx.list<StoredWrappedKey>(all_keys, {}, read_key);
        if (!keys) return fail(std::move(keys.error()));
        return LoadedKeys{std::move(*root), std::move(*keys)};
    };
    co_return co_await storage.read(std::move(job));
}

Awaitable<Result<void>> insert_root(storage::Storage& storage, StoredRoot root, Time now) {
    auto job = [root = std::move(root), now](Tx& tx) { return add_root(tx, root, now); };
    co_return co_await storage.write(std::move(job));
}

Awaitable<Result<void>> insert_wrapped_key(storage::Storage& storage, StoredWrappedKey key, std::string root) {
    storage::WriteUnit unit;
    unit.add(put_key, key.workspace, key.purpose, key.version, std::move(root), Bytes{key.wrapped}, key.created_at);
    co_return co_await storage.submit(std::move(unit));
}

Awaitable<Result<void>> delete_wrapped_keys(storage::Storage& storage, WorkspaceId workspace, std::string purpose, unsigned below) {
    storage::WriteUnit unit;
    unit.add(drop_keys, workspace, std::move(purpose), below);
    co_return co_await storage.submit(std::move(unit));
}

Awaitable<Result<void>> rewrap_all(storage::Storage& storage, SharedKey from, SharedKey to, StoredRoot next, Time now) {
    auto job = [from = std::move(from), to = std::move(to), next = std::move(next), now](Tx& tx) {
        return rewrap_in(tx, *from, *to, next, now);
    };
    co_return co_await storage.write(std::move(job));
}

}  // namespace store
}  // namespace sluice::identity
