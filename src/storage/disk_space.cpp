#include "disk_space.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>

#include "directory.hpp"
#include "sluice/base/log.hpp"
#include "sluice/base/metrics.hpp"

namespace sluice::storage {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto interval = std::chrono::seconds(1);
constexpr auto forced_interval = std::chrono::milliseconds(100);

struct Instruments {
    base::metrics::Gauge free{"sluice_storage_disk_free_bytes",
                              "Free bytes on the data directory's disk"};
    base::metrics::Gauge database{"sluice_storage_database_bytes", "Size of the database"};
    base::metrics::Gauge blobs{"sluice_storage_blob_bytes", "Size of all blobs"};
};

Instruments& instruments() {
    static Instruments list;
    return list;
}

std::int64_t disk_bytes(const std::filesystem::path& directory) {
    struct statvfs system{};
    if (::statvfs(directory.c_str(), &system) != 0) return 0;
    return static_cast<std::int64_t>(system.f_blocks) * static_cast<std::int64_t>(system.f_frsize);
}

std::int64_t size_of(const std::filesystem::path& file) {
    struct stat info{};
    return ::stat(file.c_str(), &info) == 0 ? static_cast<std::int64_t>(info.st_size) : 0;
}

/// A file whose blocks are all taken from the disk.
bool allocate(const std::filesystem::path& file, std::int64_t bytes) {
    const int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (descriptor < 0) return false;
    const bool done = ::posix_fallocate(descriptor, 0, static_cast<off_t>(bytes)) == 0;
    ::close(descriptor);
    if (!done) ::unlink(file.c_str());
    return done;
}

std::string mib(std::int64_t bytes) {
    return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / (1 << 20));
}

/// What counts against the total cap: pages in use, and blobs. The log is bounded by itself.
std::int64_t stored(const DiskSpace::Sizes& sizes) {
    return static_cast<std::int64_t>(sizes.database - std::min(sizes.unused, sizes.database) +
                                     sizes.blobs);
}

}  // namespace

DiskSpace::DiskSpace(const Options& options, std::function<Sizes()> sizes)
    : options_(options), ballast_(options.directory / "ballast"), read_sizes_(std::move(sizes)) {
    const auto kept = options_.ballast_bytes + options_.min_free_bytes;
    wants_ballast_ = options_.ballast_bytes > 0 && disk_bytes(options_.directory) >= 4 * kept;
    if (options_.ballast_bytes > 0 && !wants_ballast_)
        log::info("the disk is too small for a ballast file, so none is kept",
                  {{"directory", options_.directory.string()}});
    if (!wants_ballast_) ::unlink(ballast_.c_str());
    ballast_bytes_.store(size_of(ballast_), std::memory_order_relaxed);
    look(true);
}

std::int64_t DiskSpace::given_up() const {
    return wants_ballast_ ? options_.ballast_bytes - ballast_bytes_.load(std::memory_order_relaxed)
                          : 0;
}

DiskSpace::Level DiskSpace::level_of(std::int64_t free) const {
    if (free < 0) return Level::unknown;
    // New work does not count on what the ballast gave up for work under way.
    if (free - given_up() >= options_.min_free_bytes) return Level::enough;
    return free < options_.min_free_bytes / 4 ? Level::least : Level::low;
}

void DiskSpace::look(bool force) {
    const auto now = Clock::now();
    const bool due =
        now - looked_ >= (force ? Clock::duration(forced_interval) : Clock::duration(interval));
    // A second is long: under load it can take what is kept for work under way. So each commit asks
    // the disk, which costs a microsecond, and all else is read when that crosses a line.
    if (!due && level_of(free_bytes(options_.directory)) == level_) return;
    looked_ = now;
    const Sizes sizes = read_sizes_();
    {
        std::lock_guard lock(mutex_);
        sizes_ = sizes;
    }
    const bool large = static_cast<std::int64_t>(sizes.wal) > options_.max_wal_bytes / 4;
    if (large && !told_of_log_)
        log::warn("the write-ahead log is large, because a backup or another reader holds it",
                  {{"bytes", sizes.wal}, {"most", options_.max_wal_bytes}});
    told_of_log_ = large;
    auto free = free_bytes(options_.directory);
    if (free >= 0) {
        keep_ballast(free);
        free = free_bytes(options_.directory);
    }
    level_ = level_of(free);
    free_.store(free, std::memory_order_relaxed);
    instruments().free.set(free);
    instruments().database.set(static_cast<std::int64_t>(sizes.database));
    instruments().blobs.set(static_cast<std::int64_t>(sizes.blobs));
    judge(free);
}

void DiskSpace::judge(std::int64_t free) {
    Room room = Room::enough;
    Cause cause = Cause::none;
    Sizes sizes;
    {
        std::lock_guard lock(mutex_);
        sizes = sizes_;
    }
    if (options_.max_bytes > 0 && stored(sizes) > options_.max_bytes) {
        room = Room::under_way;
        cause = Cause::total;
    }
    if (static_cast<std::int64_t>(sizes.wal) > options_.max_wal_bytes && !sizes.wal_reusable) {
        room = Room::under_way;
        cause = Cause::log;
    }
    // New work ends at the watermark; what is under way may use three quarters of what is kept
    // back. After a write that found the disk full, a little room must have come back.
    const bool low = level_ == Level::low || level_ == Level::least;
    if (low || (was_full_ && free >= 0 && free < 256 * 1024)) {
        room = level_ == Level::least ? Room::nothing : Room::under_way;
        cause = Cause::disk;
    }
    const auto before = room_.exchange(room, std::memory_order_relaxed);
    cause_.store(cause, std::memory_order_relaxed);
    tell(before, cause);
}

void DiskSpace::tell(Room before, Cause cause) {
    const bool was = before == Room::enough, is = cause == Cause::none;
    if (was == is) return;
    if (is)
        log::info("there is room again; new work is accepted",
                  {{"free_bytes", free_.load(std::memory_order_relaxed)}});
    else
        log::warn("new work is refused", {{"why", reason()}});
}

/// Gives the ballast up before writes would be refused, and takes it again when there is room for
/// it beside what is kept free.
void DiskSpace::keep_ballast(std::int64_t free) {
    if (!wants_ballast_) return;
    const auto present = ballast_bytes_.load(std::memory_order_relaxed);
    if (present > 0 && free < options_.min_free_bytes / 4) {
        release_ballast();
    } else if (present != options_.ballast_bytes &&
               free + present >= options_.ballast_bytes + options_.min_free_bytes) {
        if (allocate(ballast_, options_.ballast_bytes))
            ballast_bytes_.store(options_.ballast_bytes, std::memory_order_relaxed);
        else
            ballast_bytes_.store(0, std::memory_order_relaxed);
    }
}

void DiskSpace::release_ballast() {
    if (::unlink(ballast_.c_str()) != 0) return;
    const auto bytes = ballast_bytes_.exchange(0, std::memory_order_relaxed);
    log::warn(
        "the disk is full; the ballast file was given up so that work under way can be "
        "recorded",
        {{"file", ballast_.string()}, {"bytes", bytes}});
}

bool DiskSpace::found_full() {
    const bool had = wants_ballast_ && ballast_bytes_.load(std::memory_order_relaxed) > 0;
    if (had) release_ballast();
    was_full_ = true;
    const auto free = free_bytes(options_.directory);
    free_.store(free, std::memory_order_relaxed);
    const auto before = room_.load(std::memory_order_relaxed);
    if (before == Room::enough) {
        room_.store(Room::under_way, std::memory_order_relaxed);
        cause_.store(Cause::disk, std::memory_order_relaxed);
        tell(before, Cause::disk);
    }
    return had;
}

void DiskSpace::found_room() {
    if (!was_full_) return;
    was_full_ = false;
    look(true);
}

std::string DiskSpace::reason() const {
    Sizes sizes;
    {
        std::lock_guard lock(mutex_);
        sizes = sizes_;
    }
    const auto free = std::max<std::int64_t>(free_.load(std::memory_order_relaxed), 0);
    switch (cause_.load(std::memory_order_relaxed)) {
        case Cause::none:
            return {};
        case Cause::total:
            return fmt::format(
                "{} holds {}, more than storage.max_bytes allows ({}); raise it, or shorten the "
                "retention of runs and events. Work under way goes on",
                options_.directory.string(), mib(stored(sizes)), mib(options_.max_bytes));
        case Cause::log:
            return fmt::format(
                "the write-ahead log of {} has grown to {} (storage.max_wal_bytes is {}), because "
                "a "
                "backup or another reader holds it; work resumes by itself when that ends",
                options_.directory.string(), mib(static_cast<std::int64_t>(sizes.wal)),
                mib(options_.max_wal_bytes));
        case Cause::disk:
            break;
    }
    return fmt::format(
        "the disk of {} is full ({} KiB free, {} KiB are kept back); nothing stored is lost. Free "
        "space there: work resumes by itself",
        options_.directory.string(), free / 1024, options_.min_free_bytes / 1024);
}

void DiskSpace::add_to(Statistics& statistics) const {
    std::lock_guard lock(mutex_);
    statistics.database_bytes = sizes_.database;
    statistics.unused_bytes = sizes_.unused;
    statistics.blob_bytes = sizes_.blobs;
    statistics.ballast_bytes =
        static_cast<std::uint64_t>(ballast_bytes_.load(std::memory_order_relaxed));
    statistics.disk_free_bytes = free_.load(std::memory_order_relaxed);
}

}  // namespace sluice::storage
