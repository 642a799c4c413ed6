#pragma once
/// Large values, stored once by content hash per workspace in files beside the database. A blob is synced before the
/// unit that names it commits, and collected when its last owner is gone (rows of `blob_ref`, kept by the owners' ops).

#include <cstdint>
#include <string>
#include <string_view>

#include "sluice/base/id.hpp"
#include "sluice/base/result.hpp"
#include "sluice/runtime/awaitable.hpp"
#include "sluice/storage/write_unit.hpp"

namespace sluice::storage {

/// Values larger than this go to a blob (bytes of JSON text).
inline constexpr std::size_t blob_threshold_bytes = 64 * 1024;

/// Thread: loop (file work happens on the readers' pool).
class Blobs {
  public:
    virtual ~Blobs() = default;
    /// Writes and syncs the content; its lower-case SHA-256 hex. Same content twice is one file.
    virtual Awaitable<Result<std::string>> put(WorkspaceId workspace, std::string content) = 0;
    /// Errors: not_found (missing file), too_large (over `max_bytes`, before reading), internal (hash does not match).
    virtual Awaitable<Result<std::string>> get(WorkspaceId workspace, std::string hash, std::size_t max_bytes) = 0;
    /// A part of a blob, for downloads in pieces.
    virtual Awaitable<Result<std::string>> read_part(WorkspaceId workspace, std::string hash, std::uint64_t offset,
                                                     std::size_t length) = 0;
    virtual Awaitable<Result<std::uint64_t>> size(WorkspaceId workspace, std::string hash) = 0;
    /// Ops: `owner` (an id's raw bytes) names the blob; `release` drops all of an owner's names.
    virtual void append_reference(WriteUnit& unit, WorkspaceId workspace, std::string_view hash,
                                  std::uint64_t size_bytes, std::string_view owner) = 0;
    virtual void append_release(WriteUnit& unit, WorkspaceId workspace, std::string_view owner) = 0;
    /// Deletes files without a reference that are older than an hour; how many.
    virtual Awaitable<Result<std::size_t>> collect() = 0;
};

}  // namespace sluice::storage
