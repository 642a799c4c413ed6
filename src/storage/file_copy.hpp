#pragma once
/// Copies of files that are on the disk when they are told of.

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "sluice/base/result.hpp"

namespace sluice::storage {

/// What was read of a file.
struct FileDigest {
    std::uint64_t bytes = 0;
    std::string sha256;  ///< lower-case hexadecimal
};

/// Errors: not_found, unavailable.
Result<FileDigest> digest_file(const std::filesystem::path& file);

/// Copies the content into the new file `to` (mode 0600) and flushes it. Errors: as above; conflict
/// when `to` exists.
Result<FileDigest> copy_file_synced(const std::filesystem::path& from,
                                    const std::filesystem::path& to);

/// Writes `content` under another name, flushes it and renames it to `file`. Errors: unavailable.
Result<void> replace_file(const std::filesystem::path& file, std::string_view content);

/// Makes the directory (mode 0700) unless it is there. Errors: unavailable.
Result<void> make_folder(const std::filesystem::path& folder);

/// Flushes the entries of a directory and of all below it. Errors: unavailable.
Result<void> sync_tree(const std::filesystem::path& directory);

}  // namespace sluice::storage
