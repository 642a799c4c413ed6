#pragma once
// What the parts of the vault share. Thread: loop.

#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "sluice/identity/wrapped_keys.hpp"
#include "sluice/runtime/loop.hpp"
#include "sluice/runtime/task_group.hpp"
#include "sluice/runtime/turns.hpp"
#include "sluice/vault/vault.hpp"
#include "vault/vault_store.hpp"

namespace sluice::vault {

/// What the workspaces' keys are for.
inline constexpr std::string_view key_purpose = "secrets";
inline constexpr Duration grace = std::chrono::hours(24);
inline constexpr std::size_t most_secrets = 1000;
inline constexpr std::size_t longest_value = 64 << 10;
inline constexpr std::size_t longest_description = 1000;
inline constexpr int rewrap_size = 500;

/// The database of this instance as a source.
class OwnSource final : public SecretSource {
  public:
    OwnSource(storage::Storage& storage, identity::WrappedKeys& keys, base::Clock& clock) : storage_(storage), keys_(keys), clock_(clock) {}
    Awaitable<Result<std::vector<SecretValue>>> reveal(WorkspaceId workspace, SecretId secret) override;

  private:
    storage::Storage& storage_;
    identity::WrappedKeys& keys_;
    base::Clock& clock_;
};

struct Vault::State {
    State(runtime::Loop& l, storage::Storage& s, identity::WrappedKeys& k, runtime::Pool& p, base::Random& r)
        : loop(l), storage(s), keys(k), blocking(p), random(r), source(std::make_unique<OwnSource>(s, k, l.clock())), turns(l), opened(l),
          tasks(l) {}

    runtime::Loop& loop;
    storage::Storage& storage;
    identity::WrappedKeys& keys;
    runtime::Pool& blocking;
    base::Random& random;
    std::unique_ptr<SecretSource> source;
    std::unordered_map<WorkspaceId, std::map<std::string, Secret, std::less<>>> secrets;
    std::unordered_map<WorkspaceId, std::shared_ptr<const Redactor>> redactors;
    runtime::Turns turns;  ///< of changes to values and keys: none is wrapped by a key that is just leaving
    runtime::Signal opened;
    runtime::TaskGroup tasks;

    const Secret* find(WorkspaceId workspace, std::string_view name_or_id) const;
    /// The next version of a secret, encrypted. Errors: sealed.
    Awaitable<Result<StoredVersion>> encrypt(Secret secret, std::string value, std::string by);
    /// Reads the workspace's values again and makes its redactor of them.
    Awaitable<void> refresh(WorkspaceId workspace);
    void filter_log();
    /// Wraps what older keys wrap with the newest, then lets the older ones go. The caller holds the turn.
    Awaitable<Result<KeyRotation>> finish_rotation(WorkspaceId workspace);
};

/// Goes on with rotations that were interrupted, once the vault is open.
Awaitable<void> finish_rotations(Vault::State* state);

}  // namespace sluice::vault
