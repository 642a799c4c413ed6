#pragma once
/// Backups of a data directory: a folder that holds a copy of the database, every blob that the copy names, and a
/// manifest. A backup is built under the name `FOLDER.partial` and gets its name once it was verified and flushed, so
/// that a folder without that ending is always whole.
///
/// Layout of FOLDER: `manifest.json`, `sluice.db`, `blobs/<workspace>/<2 hex>/<sha-256>`. Blobs are files that never
/// change; on the same file system they are hard links. Everything here blocks. Thread: any, not the loop.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sluice/base/json.hpp"
#include "sluice/base/result.hpp"
#include "sluice/base/time.hpp"
#include "sluice/storage/storage.hpp"

namespace sluice::storage {

/// What the manifest says, or what was found in a single database file (`from_manifest` is false then).
struct BackupReport {
    std::filesystem::path folder;  ///< the folder or file
    unsigned schema = 0;
    Time created_at{};
    std::uint64_t database_bytes = 0;
    std::string database_sha256;
    std::uint64_t blobs = 0, blob_bytes = 0;
    bool from_manifest = true;
};
/// {"path", "schema", "created_at", "database_bytes", "database_sha256", "blobs", "blob_bytes"}
Json to_json(const BackupReport& report);

/// Backs the directory up into the new folder `folder`, without a server: takes the directory's lock, starts no work and
/// changes no schema. Errors: conflict (another process holds the directory, `folder` exists), not_found, unavailable.
Result<BackupReport> back_up_directory(const std::filesystem::path& directory, const std::filesystem::path& folder,
                                       Time now);

/// Reads a backup whole: hash and structure of the database, references, hash of every blob that the database names.
/// Takes also a single database file, such as those in DIR/snapshots; its blobs are not looked at. Errors: not_found,
/// precondition_failed (damaged or incomplete; the message says what).
Result<BackupReport> verify_backup(const std::filesystem::path& backup);

struct RestoreReport {
    BackupReport backup;
    std::filesystem::path kept;            ///< where the former state went; empty when there was none
    std::uint64_t missing_blobs = 0;       ///< of a single file: values that it names and the directory lost since
};

/// Puts `backup` in place of what is in `directory` (made when missing). The copy is verified, built beside and moved in
/// as one: after a crash the directory holds the old state or, when it is next opened, the new one. With `force` what was
/// there goes to DIR/before-restore-…; without it a directory that holds anything is refused. A single database file
/// leaves the directory's blobs where they are.
/// Errors: conflict (another process holds the directory), invalid_argument (not empty), precondition_failed (damaged,
/// newer schema than `migrations`), not_found, unavailable.
Result<RestoreReport> restore_backup(const std::filesystem::path& backup, const std::filesystem::path& directory,
                                     bool force, std::span<const Migration> migrations, Time now);

/// The newest backup that was taken of the directory, as DIR/last_backup.json tells.
std::optional<BackupReport> last_backup(const std::filesystem::path& directory);

}  // namespace sluice::storage
