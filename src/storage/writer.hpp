#pragma once
/// The writer: one thread that owns the only writing connection, and with it every commit and
/// checkpoint.

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "disk_space.hpp"
#include "pending.hpp"
#include "sluice/storage/storage.hpp"
#include "sqlite_connection.hpp"

namespace sluice::storage {

using PendingUnit = Pending<WriteUnit>;
using PendingUnitPtr = PendingPtr<WriteUnit>;
/// A step of giving unused pages back; the writer says whether more is left.
struct HousekeepStep {
    std::shared_ptr<bool> more;
    std::chrono::steady_clock::time_point asked{};
};

class Writer {
  public:
    /// What the writer asks about blobs, on its thread.
    struct BlobFacts {
        std::function<bool(const std::string&)> has;  ///< a required blob is on disk
        std::function<std::uint64_t()> bytes;         ///< of all blobs
    };
    Writer(runtime::Loop& loop, const Options& options,
           std::unique_ptr<sqlite::Connection> connection, BlobFacts blobs);
    ~Writer();

    /// Thread: loop. Starts the thread with the first unit.
    void push(PendingUnitPtr unit);
    void push_housekeep(PendingPtr<HousekeepStep> step);
    bool saturated();
    std::string saturation_reason() const;
    Statistics statistics() const;

    /// Commits what is queued, closes the connection and calls `done` on the loop; the thread is
    /// joined by `join`.
    void request_stop(std::function<void()> done);
    void join();

  private:
    using Batch = std::vector<PendingUnitPtr>;
    void work();
    bool take();
    void rest();
    Batch next_batch();
    void start();
    void commit(Batch& batch);
    std::optional<Error> attempt(Batch& batch, bool& full);
    void housekeep(PendingPtr<HousekeepStep> step);
    void put_off_steps();
    void refuse_steps();
    Result<bool> free_pages();
    Result<std::int64_t> pragma(const char* sql);
    DiskSpace::Sizes sizes();
    void note_frames();
    Result<void> run_unit(WriteUnit& unit);
    Result<void> run_ops(WriteUnit& unit);
    void fail_all(Batch& batch, const Error& error);
    void count(const Batch& batch, std::chrono::steady_clock::time_point began);
    void checkpoint();
    bool checkpoint_due(std::int64_t bytes) const;

    runtime::Loop& loop_;
    const Options options_;
    std::unique_ptr<sqlite::Connection> connection_;
    const BlobFacts blobs_;
    bool deferred_keys_ =
        false;  ///< the schema has deferred foreign keys, so that every unit is framed

    // Shared with the loop, under the mutex.
    mutable std::mutex mutex_;
    std::condition_variable wake_;
    std::vector<PendingUnitPtr> queue_;
    std::deque<PendingPtr<HousekeepStep>> steps_;
    bool stopping_ = false, sleeping_ = false, recheck_ = false;
    std::function<void()> stopped_;
    Statistics statistics_;
    std::atomic<std::size_t> queued_{0};

    // The writer thread's own.
    std::vector<PendingUnitPtr> taken_;
    std::size_t next_ = 0;
    int frames_ = 0;      ///< in the WAL after the last commit
    int backfilled_ = 0;  ///< frames of the present WAL that are in the database file already
    int blocked_at_ = 0;  ///< frames in the WAL when a reader last kept a checkpoint from finishing
    bool gave_pages_back_ = false;  ///< since the last checkpoint
    std::uint64_t since_rest_ = 0;  ///< units since memory was given back
    DiskSpace space_;

    std::chrono::steady_clock::time_point recheck_asked_{};  // the loop's own
    std::thread thread_;
};

}  // namespace sluice::storage
