#pragma once
/// The data directory: made, judged and locked before anything in it is opened.

#include <filesystem>
#include <string_view>

#include "sluice/base/result.hpp"

namespace sluice::storage {

/// An exclusive lock on a directory for as long as the object lives. Thread: any.
class DirectoryLock {
  public:
    DirectoryLock() = default;
    DirectoryLock(DirectoryLock&& other) noexcept;
    DirectoryLock& operator=(DirectoryLock&& other) noexcept;
    ~DirectoryLock();

    /// Errors: conflict (naming the holder's pid), unavailable.
    static Result<DirectoryLock> take(const std::filesystem::path& directory);
    void release();

  private:
    int descriptor_ = -1;
};

/// Makes the directory (mode 0700) when `create`, and checks that it is a writable directory of a
/// local file system. Errors: not_found (missing, `create` is false), unavailable.
Result<void> prepare_directory(const std::filesystem::path& directory, bool create);

/// True for file systems whose locks and shared memory a database cannot trust (`f_type` of
/// statfs).
bool is_network_file_system(unsigned long type);

/// Makes an empty file with mode 0600. Errors: unavailable; conflict when it exists.
Result<void> create_private_file(const std::filesystem::path& file);

/// Flushes a directory's entries to disk. Errors: unavailable.
Result<void> sync_directory(const std::filesystem::path& directory);
/// Flushes a file's content to disk. Errors: unavailable.
Result<void> sync_file(const std::filesystem::path& file);

/// Bytes that this process can still write on the directory's disk; negative when unknown.
std::int64_t free_bytes(const std::filesystem::path& directory);

}  // namespace sluice::storage
