#pragma once
// The audit trail's SQL, and the chain that the writer makes.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sluice/identity/audit.hpp"
#include "sluice/storage/storage.hpp"

namespace sluice::identity {

struct AuditCheckpoint {
    std::int64_t seq = 0;
    Time at{};
    std::string mac, signature;
};

/// The MAC of an entry that follows one with `before` (32 bytes; zeros for the first).
std::string audit_mac(std::string_view key, const std::string& before, const AuditEntry& entry);
/// What a checkpoint signs.
std::string audit_checkpoint_text(const AuditCheckpoint& checkpoint);

namespace store {

/// Numbers, chains and inserts the entry in the transaction of the unit.
void append_audit(storage::WriteUnit& unit, std::shared_ptr<const AuditEntry> entry, std::shared_ptr<const AuditKeys> keys);
Awaitable<Result<std::vector<AuditEntry>>> list_audit(storage::Storage& storage, WorkspaceId workspace, AuditFilter filter,
                                                      std::int64_t before_seq, int limit);
Awaitable<Result<std::vector<AuditEntry>>> read_audit(storage::Storage& storage, WorkspaceId workspace, AuditFilter filter,
                                                      std::int64_t after_seq, int limit);
/// Entries of all workspaces after `after_seq`, in order.
Awaitable<Result<std::vector<AuditEntry>>> chain_audit(storage::Storage& storage, std::int64_t after_seq, int limit);
Awaitable<Result<std::vector<AuditCheckpoint>>> audit_checkpoints(storage::Storage& storage);
/// Signs the head with `sign`, unless it is signed. Nothing when there was nothing new.
Awaitable<Result<std::optional<AuditCheckpoint>>> make_checkpoint(storage::Storage& storage, Time now, std::shared_ptr<const AuditKeys> keys);
/// Removes up to `batch` entries that the newest checkpoint made before `before` covers, and older checkpoints; how many entries.
Awaitable<Result<std::int64_t>> remove_audit(storage::Storage& storage, Time before, int batch);

}  // namespace store
}  // namespace sluice::identity
