#pragma once
/// The vault: secrets of a workspace that flows use by name and nobody reads. A value goes in once; from then on it leaves
/// only inside a step that may use it: of a permitted node type, in a permitted flow, to a permitted host. Each version
/// has a data key of its own, wrapped by the workspace's key, wrapped by the root (identity/wrapped_keys.hpp).
///
/// A flow writes `{{ secrets.NAME }}` in fields that a node type's schema marks `"x-secret": true`. Whether it may is
/// judged when it is published (`judge`), and again at every attempt (`grant`). The journal holds `[secret:NAME]`.
/// What comes back from outside passes the workspace's `Redactor` first. docs/secrets.md.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/clock.hpp"
#include "sluice/base/id.hpp"
#include "sluice/base/json.hpp"
#include "sluice/base/principal.hpp"
#include "sluice/base/result.hpp"
#include "sluice/runtime/awaitable.hpp"
#include "sluice/vault/redactor.hpp"
#include "sluice/vault/secret_source.hpp"

namespace sluice::runtime {
class Loop;
class Pool;
}  // namespace sluice::runtime
namespace sluice::storage {
class Storage;
class WriteUnit;
}  // namespace sluice::storage
namespace sluice::identity {
class WrappedKeys;
}
namespace sluice::net {
class Router;
}

namespace sluice::vault {

/// Where a secret may be used.
struct Bindings {
    std::vector<std::string> node_types;  ///< empty: every type that has a place for secrets
    std::vector<std::string> flows;       ///< names; empty: every flow of the workspace
    /// "api.example.com", "*.example.com" (not example.com itself), "host:8443", "*" (any); empty: none
    std::vector<std::string> hosts;
    bool developers = false;  ///< who may write flows may use it without secrets:use
};

struct Secret {
    SecretId id;
    WorkspaceId workspace;
    std::string name;  ///< unique in the workspace
    std::string description;
    Bindings bindings;
    int version = 1;            ///< the one in use
    std::int64_t revision = 1;  ///< counts every change
    std::string created_by;
    Time created_at{}, updated_at{};
    std::optional<Time> previous_ends_at;  ///< until then the version before is kept
};
std::string etag_of(const Secret& secret);

/// What is sent to make one. `value`: 1 byte to 64 KiB of UTF-8.
struct NewSecret {
    std::string name, value, description;
    Bindings bindings;
};

/// What is to be changed beside the value.
struct SecretEdit {
    std::optional<std::string> description;
    std::optional<Bindings> bindings;
};

/// A place in a flow that names a secret.
struct PlannedUse {
    std::string pointer;  ///< into the flow's document
    std::string secret;
    std::string node_type;
    std::string host;  ///< with ":port" unless it is the scheme's; empty: known only at the run
};

/// What `judge` finds: mistakes that publishing refuses, and whether the person lacks the right.
struct Judgement {
    std::vector<base::ErrorDetail> mistakes;
    bool forbidden = false;
};

/// One attempt's request for values.
struct Wanted {
    WorkspaceId workspace;
    std::string flow;  ///< its name
    std::string node_type;
    std::vector<std::string> names;
};

/// The values of one attempt; wiped with it.
class Grant {
  public:
    Grant() = default;
    ~Grant();
    Grant(Grant&&) noexcept = default;
    Grant& operator=(Grant&&) noexcept = default;

    /// {name: value}
    const Json& values() const { return values_; }
    /// Whether every value of this grant may be sent to `host` (lower case; IPv6 without brackets).
    /// Errors: forbidden, naming secret, host and what to do.
    Result<void> may_reach(std::string_view host, std::uint16_t port) const;

  private:
    friend class Vault;
    struct Bound {
        std::string name;
        std::vector<std::string> hosts;
    };
    Json values_ = Json::object();
    std::vector<Bound> bound_;
};

/// Commits with the change it is given.
using AlsoCommit = std::function<void(storage::WriteUnit&, const Secret&)>;

/// How far a rotation of a workspace's key came.
struct KeyRotation {
    unsigned key_version = 0;
    std::int64_t rewrapped = 0;  ///< versions of secrets
};

/// Thread: loop.
class Vault {
  public:
    Vault(runtime::Loop& loop, storage::Storage& storage, identity::WrappedKeys& keys, runtime::Pool& blocking, base::Random& random);
    ~Vault();
    Vault(const Vault&) = delete;
    Vault& operator=(const Vault&) = delete;

    /// Reads names and bindings; goes on with rotations that a stop interrupted. Works sealed as well.
    Awaitable<Result<void>> start();
    Awaitable<void> stop();

    /// In order of their names.
    std::vector<Secret> list(WorkspaceId workspace) const;
    /// By name or id.
    std::optional<Secret> find(WorkspaceId workspace, std::string_view name_or_id) const;

    /// Errors: sealed; conflict (the name is taken, 1,000 in the workspace); invalid_argument.
    Awaitable<Result<Secret>> create(WorkspaceId workspace, NewSecret secret, std::string by, AlsoCommit also = {});
    /// A new version; the one before is kept for 24 hours. Errors: sealed, not_found, precondition_failed,
    /// invalid_argument.
    Awaitable<Result<Secret>> set_value(WorkspaceId workspace, std::string name_or_id, std::string value, std::string by,
                                        std::optional<std::string> if_match, AlsoCommit also = {});
    /// Errors: not_found, precondition_failed, invalid_argument.
    Awaitable<Result<Secret>> edit(WorkspaceId workspace, std::string name_or_id, SecretEdit change,
                                   std::optional<std::string> if_match, AlsoCommit also = {});
    /// With all its versions. Errors: not_found, precondition_failed.
    Awaitable<Result<void>> remove(WorkspaceId workspace, std::string name_or_id, std::optional<std::string> if_match,
                                   AlsoCommit also = {});
    /// A new key of the workspace wraps every data key, 500 in a transaction; what a kill interrupts goes on at the next
    /// start. Errors: sealed.
    Awaitable<Result<KeyRotation>> rotate_keys(WorkspaceId workspace);
    /// Deletes versions whose time is over, in batches; how many. Hourly.
    Awaitable<Result<std::int64_t>> remove_ended();

    /// Judges the places of a flow that `principal` publishes under the name `flow`.
    Judgement judge(WorkspaceId workspace, std::string_view flow, const std::vector<PlannedUse>& uses, const Principal& principal) const;

    bool sealed() const;
    /// Waits until the vault is open; throws operation_aborted when cancelled.
    Awaitable<void> wait_open();
    /// The values for one attempt. Errors: sealed (retryable), not_found, forbidden (not bound to this flow or node type).
    Awaitable<Result<Grant>> grant(Wanted wanted);

    /// Makes `redactor` know the workspace's values; no wait where there are none, or it does already.
    Awaitable<void> prepare(WorkspaceId workspace);
    bool prepared(WorkspaceId workspace) const;
    /// Null: no values are known.
    std::shared_ptr<const Redactor> redactor(WorkspaceId workspace) const;
    /// Takes the workspace's values out of `value`, which outlives the wait; large ones apart from the loop.
    Awaitable<void> redact(WorkspaceId workspace, Json& value) const;

    /// The keys below, for the root's routes.
    identity::WrappedKeys& keys() const;
    /// Commits what is kept beside a change that had units of its own (an audit entry). Errors: of storage.
    Awaitable<Result<void>> commit(storage::WriteUnit unit);

    struct State;

  private:
    std::unique_ptr<State> state_;
};

/// `/api/v1/secrets`, and `/api/v1/vault`: status, unseal, rotation of the root.
void add_routes(net::Router& router, Vault& vault);

}  // namespace sluice::vault
