#pragma once
/// The readers: a few threads with read-only connections (opened with their first query) that also
/// do file work.

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "pending.hpp"
#include "sluice/storage/storage.hpp"
#include "sqlite_connection.hpp"

namespace sluice::storage {

/// What a job sees of the thread that runs it.
class ReaderThread {
  public:
    ReaderThread(std::filesystem::path database, const std::atomic<bool>& stopping)
        : database_(std::move(database)), stopping_(stopping) {}
    /// The thread's connection. Errors: unavailable.
    Result<sqlite::Connection*> connection();
    bool stopping() const { return stopping_.load(std::memory_order_relaxed); }
    /// Gives back what reading took, as far as it is not needed again at once.
    void rest();

  private:
    std::filesystem::path database_;
    const std::atomic<bool>& stopping_;
    std::unique_ptr<sqlite::Connection> connection_;
};

using ReaderJob = std::function<Result<void>(ReaderThread&)>;

/// Jobs of minutes (backup, check, collection) run one at a time, so that they never take all
/// readers.
enum class JobLength : unsigned char { moments, minutes };

class Readers {
  public:
    Readers(runtime::Loop& loop, std::filesystem::path database, unsigned threads);
    ~Readers();

    /// Runs `job` on a reader thread; its exception becomes `internal`. Errors: the job's,
    /// unavailable (stopping, overload). Thread: loop.
    Awaitable<Result<void>> run(ReaderJob job, JobLength length = JobLength::moments);
    /// A job over one snapshot, cut after `limit`.
    Awaitable<Result<void>> read(std::function<void(ReadTx&)> work, Duration limit);

    /// Cuts running reads, refuses queued ones, and calls `done` on the loop when all threads have
    /// ended.
    void request_stop(std::function<void()> done);
    void join();

  private:
    struct Work {
        ReaderJob job;
        JobLength length = JobLength::moments;
    };
    using Job = PendingPtr<Work>;
    void push(Job job);
    Job next();
    void work(unsigned number);

    runtime::Loop& loop_;
    const std::filesystem::path database_;
    const unsigned limit_;

    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<Job> queue_;
    std::atomic<bool> stopping_{false};
    std::function<void()> stopped_;
    unsigned idle_ = 0, running_ = 0;
    bool long_one_runs_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace sluice::storage
