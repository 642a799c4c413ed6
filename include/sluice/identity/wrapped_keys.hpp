#pragma once
/// Every key of this instance that is kept on disk: one table, each row encrypted with the root key
/// (crypto/key_ring.hpp), each key known by what it is for (its purpose) and its version, either of
/// the instance or of one workspace. Unwrapped keys are in guarded memory, so that reading one is no
/// wait.
///
/// Without the right root key the instance is *sealed*: it serves, and whatever needs a key answers
/// with the code `sealed` (503) until `unseal` or a restart finds the key. docs/secrets.md.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/clock.hpp"
#include "sluice/base/id.hpp"
#include "sluice/base/result.hpp"
#include "sluice/base/setting.hpp"
#include "sluice/crypto/key_ring.hpp"
#include "sluice/runtime/awaitable.hpp"

namespace sluice::runtime {
class Loop;
class Pool;
}  // namespace sluice::runtime
namespace sluice::storage {
class Storage;
}

namespace sluice::identity {

/// One version of a key; it stays usable as long as somebody holds it.
struct WrappedKey {
    unsigned version = 0;
    std::shared_ptr<const crypto::SecretKey> key;
    Time created_at{};
};

struct RootStatus {
    bool sealed = true;
    std::string reason;  ///< why, and what to do; empty when open
    std::string root;    ///< id of the root; empty before there is one
    std::string origin;  ///< "credential", "key_file", "passphrase"; empty when sealed
    std::filesystem::path file;
    std::size_t keys = 0;  ///< in memory, all versions
};

/// What the next root shall be: the key in a file, a passphrase, or (both empty) a fresh one in the
/// place of the present key file.
struct NewRoot {
    std::filesystem::path key_file;
    std::string passphrase;
};

/// Thread: loop.
class WrappedKeys {
  public:
    WrappedKeys(runtime::Loop& loop, storage::Storage& storage, runtime::Pool& blocking, base::Random& random,
                crypto::RootSources sources);
    ~WrappedKeys();
    WrappedKeys(const WrappedKeys&) = delete;
    WrappedKeys& operator=(const WrappedKeys&) = delete;

    /// The instance will need a key for `purpose`: `start` (or `unseal`) makes it if it is missing.
    /// Before `start`.
    void declare(std::string purpose);
    /// Finds the root and unwraps all keys; a new directory without any key source gets a key file
    /// beside it. Succeeds when sealed as well. Errors: of storage; internal (a row that does not open).
    Awaitable<Result<void>> start();
    /// Looks for the root again, with `passphrase` where it is not empty. Errors: sealed, with the
    /// reason; nothing happens when it is open.
    Awaitable<Result<void>> unseal(std::string passphrase = {});
    bool sealed() const;
    RootStatus status() const;
    /// `tell` is called whenever the instance opens (not when it is open already).
    void when_open(std::function<void()> tell);

    /// The newest version, of the instance or of a workspace, from memory.
    /// Errors: sealed; not_found (never made).
    Result<WrappedKey> get(std::string_view purpose, WorkspaceId workspace = {}) const;
    /// One version. Errors: sealed, not_found.
    Result<WrappedKey> version(std::string_view purpose, unsigned version, WorkspaceId workspace = {}) const;
    /// All versions, ascending; none when sealed.
    std::vector<WrappedKey> versions(std::string_view purpose, WorkspaceId workspace = {}) const;

    /// `get`, and makes version 1 first when there is none. Errors: sealed, of storage.
    Awaitable<Result<WrappedKey>> get_or_make(std::string purpose, WorkspaceId workspace = {});
    /// Makes the next version, which `get` gives from then on; the others stay. Errors: sealed, of
    /// storage.
    Awaitable<Result<WrappedKey>> rotate(std::string purpose, WorkspaceId workspace = {});
    /// Deletes versions below `version`: what they encrypted cannot be read any more.
    /// Errors: invalid_argument (none would be left), of storage.
    Awaitable<Result<void>> remove_below(std::string purpose, unsigned version, WorkspaceId workspace = {});

    /// Wraps every key with another root, in one transaction. The present root's file is kept, as
    /// FILE.<root id>; a kill at any point leaves one of both roots right, and the next start finds it.
    /// Errors: sealed; invalid_argument (a fresh root, but the present one is in no file of ours; a
    /// short passphrase; the same key); unavailable; of the new key's file.
    Awaitable<Result<RootStatus>> rotate_root(NewRoot wanted);

  private:
    struct State;
    std::unique_ptr<State> state_;
};

/// The settings `vault.…`.
base::SettingRows vault_settings();

}  // namespace sluice::identity
