#pragma once
/// The writer: one thread that owns the only writing connection, and with it every commit and
/// checkpoint.

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "pending.hpp"
#include "sluice/storage/storage.hpp"
#include "sqlite_connection.hpp"

namespace sluice::storage {

using PendingUnit = Pending<WriteUnit>;
using PendingUnitPtr = PendingPtr<WriteUnit>;

class Writer {
  public:
    /// `has_blob` tells on the writer thread whether a required blob is on disk.
    Writer(runtime::Loop& loop, const Options& options,
           std::unique_ptr<sqlite::Connection> connection,
           std::function<bool(const std::string&)> has_blob);
    ~Writer();

    /// Thread: loop. Starts the thread with the first unit.
    void push(PendingUnitPtr unit);
    bool saturated();
    std::string saturation_reason() const;
    Statistics statistics() const;

    /// Commits what is queued, closes the connection and calls `done` on the loop; the thread is
    /// joined by `join`.
    void request_stop(std::function<void()> done);
    void join();

  private:
    using Batch = std::vector<PendingUnitPtr>;
    enum class Space { enough, low, refuse };

    void work();
    bool take();
    Batch next_batch();
    void commit(Batch& batch);
    Result<void> run_unit(WriteUnit& unit);
    Result<void> run_ops(WriteUnit& unit);
    void fail_all(Batch& batch, const Error& error);
    void count(const Batch& batch, std::chrono::steady_clock::time_point began);
    void checkpoint();
    bool checkpoint_due(std::int64_t bytes) const;
    void check_space(bool force);
    void found_disk_full();
    Error refusal() const;

    runtime::Loop& loop_;
    const Options options_;
    std::unique_ptr<sqlite::Connection> connection_;
    std::function<bool(const std::string&)> has_blob_;
    bool deferred_keys_ =
        false;  ///< the schema has deferred foreign keys, so that every unit is framed

    // Shared with the loop, under the mutex.
    mutable std::mutex mutex_;
    std::condition_variable wake_;
    std::vector<PendingUnitPtr> queue_;
    bool stopping_ = false, sleeping_ = false, recheck_ = false;
    std::function<void()> stopped_;
    Statistics statistics_;
    std::atomic<std::size_t> queued_{0};
    std::atomic<Space> space_{Space::enough};
    std::atomic<std::int64_t> free_bytes_{-1};

    // The writer thread's own.
    std::vector<PendingUnitPtr> taken_;
    std::size_t next_ = 0;
    int frames_ = 0;      ///< in the WAL after the last commit
    int backfilled_ = 0;  ///< frames of the present WAL that are in the database file already
    int blocked_at_ = 0;  ///< frames in the WAL when a reader last kept a checkpoint from finishing
    bool disk_was_full_ = false;
    std::chrono::steady_clock::time_point space_checked_{};

    std::chrono::steady_clock::time_point recheck_asked_{};  // the loop's own
    std::thread thread_;
};

}  // namespace sluice::storage
