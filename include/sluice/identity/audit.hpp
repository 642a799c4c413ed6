#pragma once
/// The audit trail: who did what to which object, when, from where and with what outcome; committed with the change.
///
/// The writer numbers the entries without gaps and chains them: each carries an HMAC over the entry before it and its own
/// fields, so that whoever has the database alone can neither edit, remove nor reorder one unnoticed. After 1,000 entries,
/// 60 seconds after an entry, and at the end, the chain's head is signed (Ed25519) and the signature is appended to a file
/// outside of the database; so a cut tail is noticed back to the last of them. `verify` names the first broken entry.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/clock.hpp"
#include "sluice/base/id.hpp"
#include "sluice/base/principal.hpp"
#include "sluice/base/result.hpp"
#include "sluice/base/setting.hpp"
#include "sluice/net/http.hpp"
#include "sluice/runtime/awaitable.hpp"

namespace sluice::storage {
class Storage;
class WriteUnit;
}  // namespace sluice::storage
namespace sluice::runtime {
class Loop;
class Pool;
}  // namespace sluice::runtime
namespace sluice::net {
class Router;
}
namespace sluice::crypto {
class SecretKey;
}

namespace sluice::identity {

struct AuditEntry {
    std::int64_t seq = 0;      ///< given by the writer
    WorkspaceId workspace;     ///< nil: of the instance
    Time at{};
    std::string actor_kind;    ///< "api_key", "session", "user", "local", "anonymous", "system"
    std::string actor, actor_name;
    std::string action;        ///< "flows.create"
    std::string target;
    std::string outcome = "done";  ///< "done", "denied" or "failed"
    std::string reason, request_id, address;
    std::string before, after;     ///< JSON texts without secret values, at most 8 KiB (longer ones become their hash)
    std::string mac;               ///< 32 bytes; given by the writer
};

struct AuditFilter {
    std::string actor, action, target, outcome;  ///< empty: any; an action that ends in '*' is a prefix
    std::optional<Time> since, until;
    bool instance = false;  ///< every workspace's and the instance's own entries
};

struct AuditList {
    std::vector<AuditEntry> items;
    std::string next_cursor;
};

/// What a verification found.
struct AuditReport {
    std::int64_t first_seq = 0, last_seq = 0, checked = 0;
    std::int64_t checkpoints = 0;       ///< signatures that were right
    std::int64_t removed_before = 0;    ///< entries up to this one were removed by retention, behind a signature
    std::int64_t broken_seq = 0;        ///< 0: sound
    std::string what;                   ///< in words, when broken
    bool sound() const { return broken_seq == 0 && what.empty(); }
};

/// The keys of the chain.
struct AuditKeys {
    std::shared_ptr<const crypto::SecretKey> mac, signing;
};

/// Thread: loop.
class Audit final : public net::AuditTrail {
  public:
    Audit(runtime::Loop& loop, storage::Storage& storage, base::Clock& clock);
    ~Audit() override;
    Audit(const Audit&) = delete;
    Audit& operator=(const Audit&) = delete;

    /// Until the keys are set, a unit with an entry fails with `unavailable`, and so does the change that it tells of.
    void set_keys(AuditKeys keys);
    /// Where signatures are appended, one JSON object a line; by default `audit-checkpoints.jsonl` in the data directory.
    void set_checkpoint_file(std::filesystem::path file, runtime::Pool& pool);

    /// Appends the entry to the unit of what it tells of; `at`, `seq` and `mac` are filled in.
    void append(storage::WriteUnit& unit, AuditEntry entry);
    /// An entry of its own (a refused sign-in, an export). Errors: of storage.
    Awaitable<Result<void>> record(AuditEntry entry);
    /// The entry of what `request` did, with its actor, address and id; for routes without a change of their own.
    AuditEntry entry_of(const net::Request& request) const;

    void changed(storage::WriteUnit& unit, const net::Request& request, const net::StoredAnswer& answer, net::AuditNote note) override;
    void denied(const net::Request& request, const Error& why) override;

    /// Newest first. Errors: invalid_argument (cursor).
    Awaitable<Result<AuditList>> list(WorkspaceId workspace, AuditFilter filter, int limit, std::string cursor);
    /// In order, those after `after_seq`; for exports.
    Awaitable<Result<std::vector<AuditEntry>>> read_after(WorkspaceId workspace, AuditFilter filter, std::int64_t after_seq, int limit);
    /// The whole chain, in pieces on a reader, with its signatures and the file of them. Errors: of storage, unavailable (no keys).
    Awaitable<Result<AuditReport>> verify();
    /// Signs the chain's head now, if there is anything new. Errors: of storage.
    Awaitable<Result<void>> checkpoint();
    /// Removes entries older than `before` up to the last signature before it; how many. In batches.
    Awaitable<Result<std::int64_t>> remove_before(Time before);
    void set_cursor_key(std::string key);
    /// Signs what is new. May come twice.
    Awaitable<void> stop();

    struct State;

  private:
    std::shared_ptr<State> state_;
};

/// The settings `audit.…`.
base::SettingRows audit_settings();

/// /api/v1/audit, /api/v1/audit/export, /api/v1/audit/verify
void add_routes(net::Router& router, Audit& audit);

}  // namespace sluice::identity
