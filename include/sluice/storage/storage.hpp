#pragma once
/// The database of one data directory: group commit on one writer thread, two snapshot readers, migrations, blobs,
/// backup. Whoever gets a success from `submit` or `write` can rely on it after a power cut. A commit that fails with an
/// I/O error is unknown, not failed: the process exits with 74 and the next start finds the truth.
/// Nothing outside this module knows which engine it is.
///
/// Layout of DIR: `sluice.db` (+ -wal, -shm), `lock` (exclusive, flock), `blobs/<workspace>/<2 hex>/<sha-256>`,
/// `snapshots/` (before migrations, the newest three), `files/<workspace>` (file nodes), `admin.sock`, `ballast` (given
/// up when the disk is full), `last_backup.json`, `before-restore-<time>/` (what a restore replaced).

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "sluice/base/result.hpp"
#include "sluice/base/setting.hpp"
#include "sluice/runtime/awaitable.hpp"
#include "sluice/storage/write_unit.hpp"

namespace sluice::runtime {
class Loop;
}

namespace sluice::storage {

class ReadTx;
class Blobs;
struct BackupReport;

struct Options {
    std::filesystem::path directory;
    std::size_t queue_units = 4096;             ///< waiting units before `submit` waits and `saturated()` is true
    std::size_t batch_ops = 1000;               ///< a transaction's most ops
    std::size_t batch_bytes = 4 << 20;
    int checkpoint_pages = 16000;               ///< back stop: the writer checkpoints at this size of the WAL
    std::size_t idle_checkpoint_bytes = 4 << 20;///< a passive checkpoint when the queue is empty and the WAL is larger
    Duration read_limit = std::chrono::seconds(5);
    unsigned readers = 2;
    /// Kept free on the disk: below it `saturated()` is true; units of work under way are stored until a quarter of it is
    /// left, then refused with `unavailable`. 0: only a disk that is full counts.
    std::int64_t min_free_bytes = 64 << 20;
    /// A file of this size is kept in the directory and given up when the disk is full, so that work under way can record
    /// its results; made again when there is room for it and for `min_free_bytes`. 0: none. A disk of less than four times
    /// both gets none.
    std::int64_t ballast_bytes = 0;
    /// Database (pages in use) and blobs together: above it `saturated()` is true. 0: no limit.
    std::int64_t max_bytes = 0;
    std::int64_t max_wal_bytes = 1LL << 30;      ///< of the write-ahead log: above it `saturated()` is true
    bool create = true;                          ///< make a missing directory and database
};

/// One step of the schema: a file of migrations/<engine>/ embedded in the binary.
struct Migration {
    unsigned number = 0;
    std::string_view name;
    std::string_view sql;
};

/// What happened when the directory was opened.
struct OpenReport {
    bool created = false;
    unsigned schema_from = 0, schema_to = 0;
    std::filesystem::path snapshot;  ///< taken before migrating; empty if none was needed
};

/// Counts for metrics, the system page and the benchmark.
struct Statistics {
    std::uint64_t commits = 0, units = 0, ops = 0, failed_units = 0, checkpoints = 0;
    std::uint64_t commit_us = 0, wal_bytes = 0;
    std::uint64_t database_bytes = 0, unused_bytes = 0;  ///< the file's pages, and those of them that hold nothing
    std::uint64_t blob_bytes = 0, ballast_bytes = 0;     ///< files in blobs/; what the ballast has now
    std::int64_t disk_free_bytes = -1;                   ///< without the ballast; -1: not known
    std::uint64_t freed_pages = 0;                       ///< given back to the disk by `housekeep`
    std::size_t queued = 0;
};

/// Thread: loop, unless said otherwise.
class Storage {
  public:
    virtual ~Storage() = default;

    /// Queues the unit and waits until it is durable. Units are committed in the order of submission. Waits before
    /// queueing while the queue is full. Errors: the failed op's, unavailable (disk nearly full, stopping).
    virtual Awaitable<Result<void>> submit(WriteUnit unit) = 0;
    /// The same without waiting: `done` runs on the loop after the commit (one post for a whole batch), or soon with an
    /// error. For the executor's pipelining; never waits for room, so ask `saturated()` before accepting new work.
    virtual void enqueue(WriteUnit unit, std::function<void(Result<void>)> done) = 0;
    /// True while the queue is so full (or the disk so small) that new work should be refused with 503.
    virtual bool saturated() const = 0;
    /// A sentence why new work is refused, when `saturated()`.
    virtual std::string saturation_reason() const = 0;

    /// Runs `read` on a reader thread over one snapshot and gives its value: `co_await storage.read(job)`, where job
    /// takes `ReadTx&` and returns a Result<T>.
    template <class Job>
    auto read(Job job) -> Awaitable<std::invoke_result_t<Job&, ReadTx&>> {
        using Value = std::invoke_result_t<Job&, ReadTx&>;
        auto slot = std::make_shared<std::optional<Value>>();
        std::function<void(ReadTx&)> work = [j = std::make_shared<Job>(std::move(job)), slot](ReadTx& tx) {
            slot->emplace((*j)(tx));
        };
        Result<void> done = co_await run_read(std::move(work));
        if (!done) co_return Value(tl::unexpected<Error>(std::move(done.error())));
        co_return std::move(**slot);
    }
    /// A function over the writing transaction, committed with its batch: `co_await storage.write(job)`, job takes `Tx&`
    /// and returns Result<T>. An error (or exception) rolls only this unit back.
    template <class Job>
    auto write(Job job) -> Awaitable<std::invoke_result_t<Job&, Tx&>> {
        using Value = std::invoke_result_t<Job&, Tx&>;
        auto slot = std::make_shared<std::optional<Value>>();
        WriteUnit unit;
        std::function<Result<void>(Tx&)> work = [j = std::make_shared<Job>(std::move(job)), slot](Tx& tx) -> Result<void> {
            slot->emplace((*j)(tx));
            if (!**slot) return fail((*slot)->error());
            return {};
        };
        unit.add(std::move(work));
        Result<void> done = co_await submit(std::move(unit));
        if (!done) co_return Value(tl::unexpected<Error>(std::move(done.error())));
        co_return std::move(**slot);
    }

    virtual Blobs& blobs() = 0;
    /// A verified backup of database and blobs in the new folder `folder` (see backup.hpp), from one snapshot, while
    /// work goes on. Errors: conflict (the folder exists), not_found (its parent does not), precondition_failed (what
    /// is stored is damaged), unavailable. Long: on a reader; the log cannot begin anew meanwhile.
    virtual Awaitable<Result<BackupReport>> backup(std::filesystem::path folder) = 0;
    /// Structure and foreign keys of the whole database; the findings (empty: sound). Long: on a reader.
    virtual Awaitable<Result<std::vector<std::string>>> check() = 0;
    /// Gives one step of the pages that deletes left unused back to the disk, once the writer is idle (false when it is not
    /// for 20 s). True when more is left: the caller asks again, when it likes. Errors: unavailable (stopping, disk).
    virtual Awaitable<Result<bool>> housekeep() = 0;
    virtual Statistics statistics() const = 0;
    virtual const std::filesystem::path& directory() const = 0;
    /// Commits what is queued, then stops the threads and releases the lock. May come twice.
    virtual Awaitable<void> stop() = 0;

  protected:
    virtual Awaitable<Result<void>> run_read(std::function<void(ReadTx&)> work) = 0;
};

/// Opens (and makes, locks, migrates) the data directory. Blocking: called before the loop runs.
/// Errors: conflict (another process holds the directory: exit 75, its pid is named), precondition_failed (a newer
/// schema, a changed migration), unavailable (not writable, network file system, full), internal.
Result<std::unique_ptr<Storage>> open(runtime::Loop& loop, Options options, std::span<const Migration> migrations,
                                      OpenReport* report = nullptr);

/// The settings `storage.…`.
base::SettingRows settings();

/// The migrations built into this binary, ascending.
std::span<const Migration> built_in_migrations();

}  // namespace sluice::storage
