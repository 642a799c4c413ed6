#pragma once
/// The database of a directory that can be made again, such as a demonstration.

#include "sluice/storage/storage.hpp"

namespace sluice::storage {

/// As `open`, but commits wait for no disk: after a power cut the directory is worth nothing. A process that dies loses
/// nothing that was committed. Whoever keeps the directory syncs it at the end.
Result<std::unique_ptr<Storage>> open_unsynced(runtime::Loop& loop, Options options, std::span<const Migration> migrations,
                                               OpenReport* report = nullptr);

}  // namespace sluice::storage
