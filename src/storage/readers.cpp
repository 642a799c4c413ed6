#include "readers.hpp"

#include <pthread.h>

#include "sluice/base/memory.hpp"
#include "sluice/base/teeth.hpp"

namespace sluice::storage {
namespace {

/// Jobs that may wait; more means that readers cannot keep up and callers should come back later.
constexpr std::size_t queue_limit = 4096;
/// As the writer's: after so many jobs, and then so long without one, memory goes back to the system, once.
constexpr int much_work = 100;
constexpr auto rest_after = std::chrono::seconds(5);

Error stopping_error() {
    return {ErrorCode::unavailable, "the server is shutting down; try again shortly", {}, true};
}

}  // namespace

Result<sqlite::Connection*> ReaderThread::connection() {
    if (!connection_) {
        auto opened = sqlite::Connection::open(database_, sqlite::Role::reader);
        if (!opened) return fail(std::move(opened.error()));
        connection_ = std::move(*opened);
        connection_->watch(&stopping_);
    }
    return connection_.get();
}

void ReaderThread::rest() {
    base::give_memory_back([this] {
        if (connection_) sqlite3_db_release_memory(connection_->handle());
    });
}

Readers::Readers(runtime::Loop& loop, std::filesystem::path database, unsigned threads)
    : loop_(loop), database_(std::move(database)), limit_(std::max(1U, threads)) {}

Readers::~Readers() {
    request_stop({});
    join();
}

Awaitable<Result<void>> Readers::run(ReaderJob job, JobLength length) {
    Work work{std::move(job), length};
    auto waiting =
        wait_for<Work>(std::move(work), [this](Job pending) { push(std::move(pending)); });
    co_return co_await std::move(waiting);
}

Awaitable<Result<void>> Readers::read(std::function<void(ReadTx&)> work, Duration limit) {
    ReaderJob job = [work = std::move(work), limit](ReaderThread& thread) -> Result<void> {
        auto connection = thread.connection();
        if (!connection) return fail(std::move(connection.error()));
        sqlite::Connection& c = **connection;
        if (const int code = c.frame(sqlite::Frame::begin_deferred); code != SQLITE_OK)
            return fail(c.error_of(code, "beginning a read"));
        struct End {
            sqlite::Connection& c;
            ~End() {
                c.limit(std::chrono::steady_clock::time_point::max());
                c.frame(sqlite::Frame::rollback);
                if (base::teeth("reader_checkpoint"))
                    sqlite3_wal_checkpoint_v2(c.handle(), nullptr, SQLITE_CHECKPOINT_PASSIVE,
                                              nullptr, nullptr);
            }
        } end{c};
        c.limit(std::chrono::steady_clock::now() + limit);
        sqlite::SqliteTx tx(c);
        work(tx);
        return {};
    };
    auto done = run(std::move(job));
    co_return co_await std::move(done);
}

void Readers::push(Job job) {
    {
        std::lock_guard lock(mutex_);
        if (stopping_.load(std::memory_order_relaxed)) {
            job->result = fail(stopping_error());
        } else if (queue_.size() >= queue_limit) {
            job->result =
                fail(ErrorCode::unavailable, "too many reads are waiting; try again in a moment");
        } else {
            queue_.push_back(std::move(job));
            if (idle_ < queue_.size() && threads_.size() < limit_) {
                ++running_;
                const auto number = static_cast<unsigned>(threads_.size());
                threads_.emplace_back([this, number] { work(number); });
            }
        }
    }
    if (!job) {
        wake_.notify_one();
        return;
    }
    std::vector<Job> refused;
    refused.push_back(std::move(job));
    complete_on(loop_, std::move(refused));
}

/// The first job that may run now, or nothing. Under the mutex.
Readers::Job Readers::next() {
    for (auto it = queue_.begin(); it != queue_.end(); ++it) {
        const bool is_long = (*it)->payload.length == JobLength::minutes;
        if (is_long && long_one_runs_) continue;
        if (is_long) long_one_runs_ = true;
        Job job = std::move(*it);
        queue_.erase(it);
        return job;
    }
    return nullptr;
}

void Readers::work(unsigned number) {
    pthread_setname_np(pthread_self(), fmt::format("db-read-{}", number).c_str());
    {
        ReaderThread self(database_, stopping_);
        int since_rest = 0;
        std::unique_lock lock(mutex_);
        while (true) {
            Job job = next();
            if (!job) {
                if (queue_.empty() && stopping_.load(std::memory_order_relaxed)) break;
                ++idle_;
                bool woken = true;
                if (since_rest < much_work) wake_.wait(lock);
                else woken = wake_.wait_for(lock, rest_after) == std::cv_status::no_timeout;
                --idle_;
                if (woken) continue;
                since_rest = 0;
                lock.unlock();
                self.rest();
                lock.lock();
                continue;
            }
            ++since_rest;
            const bool is_long = job->payload.length == JobLength::minutes;
            lock.unlock();
            if (stopping_.load(std::memory_order_relaxed)) {
                job->result = fail(stopping_error());
            } else {
                try {
                    job->result = job->payload.job(self);
                } catch (const std::exception& error) {
                    log::error("a job of a reader threw", {{"error", error.what()}});
                    job->result =
                        fail(ErrorCode::internal, "the read failed inside; the log has the cause");
                }
            }
            job->payload.job = nullptr;  // what the job captured is freed here, not on the loop
            std::vector<Job> done;
            done.push_back(std::move(job));
            complete_on(loop_, std::move(done));
            lock.lock();
            if (is_long) {
                long_one_runs_ = false;
                wake_.notify_all();  // another one may wait for this
            }
        }
    }  // the connection is closed before the end is told
    std::function<void()> stopped;
    {
        std::lock_guard lock(mutex_);
        if (--running_ == 0) stopped = std::move(stopped_);
    }
    if (stopped) loop_.post(std::move(stopped));
}

void Readers::request_stop(std::function<void()> done) {
    {
        std::lock_guard lock(mutex_);
        if (stopping_.exchange(true)) return;
        if (running_ != 0) stopped_ = std::exchange(done, {});
    }
    wake_.notify_all();
    if (done) loop_.post(std::move(done));
}

void Readers::join() {
    for (auto& thread : threads_)
        if (thread.joinable()) thread.join();
}

}  // namespace sluice::storage
