#pragma once
/// Judges whether there is room for new work and for work under way: free space, the ballast, the
/// total cap and the size of the log.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>

#include "sluice/storage/storage.hpp"

namespace sluice::storage {

/// Thread: `look`, `found_full` and `found_room` the writer's (the constructor's before it runs);
/// the rest any.
class DiskSpace {
  public:
    /// What may be written.
    enum class Room : unsigned char {
        enough,     ///< everything
        under_way,  ///< no new work
        nothing     ///< no write at all
    };
    /// What the directory holds now, in bytes.
    struct Sizes {
        std::uint64_t database = 0, unused = 0, wal = 0, blobs = 0;
        bool wal_reusable = false;  ///< the next write begins the log anew
    };

    DiskSpace(const Options& options, std::function<Sizes()> sizes);

    /// Reads the disk's state: free space always, the rest once a second (ten times with `force`)
    /// or when the free space crossed a line.
    void look(bool force);
    /// A write found no room: the ballast goes. True when it was there, so that the write may be
    /// tried again.
    bool found_full();
    /// A write succeeded after `found_full`.
    void found_room();
    bool was_full() const { return was_full_; }

    Room room() const { return room_.load(std::memory_order_relaxed); }
    /// A sentence why `room()` is not `enough`.
    std::string reason() const;
    /// Fills the counts that this object knows.
    void add_to(Statistics& statistics) const;

  private:
    enum class Cause : unsigned char { none, disk, total, log };
    /// Free space against what is kept.
    enum class Level : unsigned char { unknown, enough, low, least };
    Level level_of(std::int64_t free) const;
    std::int64_t given_up() const;
    void judge(std::int64_t free);
    void keep_ballast(std::int64_t free);
    void release_ballast();
    void tell(Room before, Cause cause);

    const Options options_;
    const std::filesystem::path ballast_;
    const std::function<Sizes()> read_sizes_;
    bool wants_ballast_ = false;
    bool was_full_ = false, told_of_log_ = false;
    Level level_ = Level::unknown;
    std::chrono::steady_clock::time_point looked_{};

    std::atomic<Room> room_{Room::enough};
    std::atomic<Cause> cause_{Cause::none};
    std::atomic<std::int64_t> free_{-1}, ballast_bytes_{0};
    mutable std::mutex mutex_;
    Sizes sizes_;
};

}  // namespace sluice::storage
