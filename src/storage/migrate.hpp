#pragma once
/// Forward-only schema steps, run at open in one transaction after a snapshot
/// (docs/decisions/0005).

#include <filesystem>
#include <span>

#include "sluice/base/result.hpp"
#include "sluice/storage/storage.hpp"
#include "sqlite_connection.hpp"

namespace sluice::storage {

/// Brings the database to the newest of `migrations` (ascending). `fresh`: no snapshot is taken.
/// Fills `report`. Errors: precondition_failed (newer schema, changed or missing migration),
/// unavailable, internal (a failing step).
Result<void> migrate(sqlite::Connection& connection, const std::filesystem::path& directory,
                     bool fresh, Time now, std::span<const Migration> migrations,
                     OpenReport& report);

/// Whether this build can open a database with this schema: not newer, nothing skipped or changed.
/// `place` is for the message. Errors: precondition_failed.
Result<void> check_schema(sqlite::Connection& connection, std::span<const Migration> migrations,
                          const std::filesystem::path& place);

/// Copies the database into `file` (made here, mode 0600), flushed to disk. `keep_going` is asked
/// between steps. Errors: conflict (the file exists), unavailable.
Result<void> copy_database(sqlite::Connection& source, const std::filesystem::path& file,
                           const std::function<bool()>& keep_going);

}  // namespace sluice::storage
