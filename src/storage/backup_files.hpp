#pragma once
/// What backup and restore share: the check of a copied database and the names in a backup's
/// folder.

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "sluice/storage/backup.hpp"
#include "sqlite_connection.hpp"

namespace sluice::storage {

/// A blob that a database names.
struct NamedBlob {
    std::filesystem::path file;  ///< below `blobs`: "<workspace>/<2 hex>/<sha-256>"
    std::uint64_t bytes = 0;
};

/// A copied database, opened for reading without a log beside it.
struct CopiedDatabase {
    std::unique_ptr<sqlite::Connection> connection;
    unsigned schema = 0;
    std::vector<NamedBlob> blobs;
};

/// Opens and checks the file: structure, references, schema number. Errors: precondition_failed
/// (damaged), not_found, unavailable.
Result<CopiedDatabase> open_copy(const std::filesystem::path& file);

/// Structure and foreign keys; the findings (empty: sound). Errors: of reading.
Result<std::vector<std::string>> examine(sqlite::Connection& connection);

/// Copies what `source` shows in its open read transaction, and the blobs below `directory`, into
/// the new folder `folder`; verifies and flushes it, and notes it in `directory`. `keep_going` is
/// asked between steps. Errors: conflict (the folder exists), precondition_failed (the copy is not
/// sound, or a blob is missing), unavailable.
Result<BackupReport> take_backup(sqlite::Connection& source, const std::filesystem::path& directory,
                                 const std::filesystem::path& folder, Time now,
                                 const std::function<bool()>& keep_going);

/// Ends a restore that was cut off after everything was flushed beside its place. Under the
/// directory's lock, before the database is opened. Errors: unavailable.
Result<void> finish_restore(const std::filesystem::path& directory);

/// 20261121T045820Z, for names of files.
std::string file_stamp(Time now);

}  // namespace sluice::storage
