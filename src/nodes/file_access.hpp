#pragma once
/// Files that flows may touch: below DIR/files/<workspace>, and below the operator's roots. A path
/// is walked one folder at a time without following symlinks, so nothing that changes in between
/// can lead out; the data directory itself is refused wherever it is met. Everything here blocks:
/// it runs on the pool.

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "sluice/base/result.hpp"

namespace sluice::nodes {

/// Where one workspace's files are.
struct FileArea {
    std::filesystem::path data_directory;      ///< may be empty
    std::string workspace_folder;              ///< below data_directory/files
    std::vector<std::filesystem::path> roots;  ///< absolute
};

enum class WriteMode { create, overwrite, append };

/// The whole file. A relative path is below the workspace's folder, an absolute one below a root.
/// Errors: not_found, forbidden (outside, a symlink, the data directory), too_large,
/// invalid_argument (no plain file), internal (I/O).
Result<std::string> read_file(const FileArea& area, const std::string& path, std::size_t max_bytes);

/// Writes the file and makes it durable; missing folders are made. Except for `append` nobody ever
/// sees half of it. `create` refuses an existing file (conflict), unless it holds exactly `content`
/// (the same step came again). Errors: as `read_file`; unavailable when the disk is full.
Result<void> write_file(const FileArea& area, const std::string& path, std::string_view content,
                        WriteMode mode);

}  // namespace sluice::nodes
