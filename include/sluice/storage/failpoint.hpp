#pragma once
/// Named points at which a test kills, fails or slows the process, set by the environment variable
/// SLUICE_FAILPOINT="name:action[:nth[:ms]]" (several divided by commas). Actions: `kill` (SIGKILL to itself), `error`
/// (the caller fails as if the operation had), `full` (the same, as a full disk), `half` and `torn` (half of a write is done,
/// then the disk is full, or fails), `sleep` (blocks for `ms`, 500 when not
/// given). `nth` counts from 1 (the default); `3+` means the third and all later ones.
///
/// Points of storage: commit.before, commit.after_before_answer, checkpoint.mid, migrate.stmt, and the file operations
/// db.write, db.sync, wal.write, wal.sync, blob.sync; of backups backup.copied,
/// backup.manifest, restore.staged, restore.move; of keys dek.rewrap (each key), root.key_written,
/// root.rewrapped, root.committed, root.verified, root.settled, secret.rewrap (each version). Points of the engine, where only `kill` and `sleep` do
/// anything: effect.before (the start of a step with effects is durable, its body has not begun), claim.after (a queued
/// run is committed as begun, none of its steps has started). Builds without SLUICE_FAILPOINTS contain none of them.
/// Thread: any; `arm` and `arm_from_environment` before other threads.

#include <atomic>
#include <string_view>

namespace sluice::storage::failpoint {

enum class Outcome : unsigned char { none, error, full, half, torn };

#ifdef SLUICE_FAILPOINTS
/// True while any point is set; the only cost of a point that is not.
inline std::atomic<bool> armed{false};

Outcome hit_armed(std::string_view name);

/// Passes the point `name`: kills or sleeps here; tells the caller to fail. Cheap when nothing is armed.
inline Outcome hit(std::string_view name) {
    if (!armed.load(std::memory_order_relaxed)) [[likely]] return Outcome::none;
    return hit_armed(name);
}
/// Sets the points of `specification`; an empty one clears all. False when it cannot be read.
bool arm(std::string_view specification);
/// Sets the points that SLUICE_FAILPOINT names, if any.
bool arm_from_environment();
#else
inline Outcome hit(std::string_view) { return Outcome::none; }
inline bool arm(std::string_view specification) { return specification.empty(); }
inline bool arm_from_environment() { return true; }
#endif

}  // namespace sluice::storage::failpoint
