#include "writer.hpp"

#include <pthread.h>

#include <algorithm>

#include "sluice/base/memory.hpp"
#include "sluice/base/metrics.hpp"
#include "sluice/base/teeth.hpp"
#include "sluice/storage/failpoint.hpp"

namespace sluice::storage {
namespace {

using Clock = std::chrono::steady_clock;
using sqlite::Frame;

constexpr int page_bytes = 4096;
/// The queue must stay empty this long before the writer spends the time on a checkpoint.
constexpr auto idle_grace = std::chrono::milliseconds(2);
constexpr auto recheck_interval = std::chrono::seconds(1);
/// After so many units, and then so long without one, the load is over: what it took goes back to the system, once.
constexpr std::uint64_t much_work = 1'000;
constexpr auto rest_after = std::chrono::seconds(5);
struct Instruments {
    base::metrics::Counter units{"sluice_storage_units_total",
                                 "Write units that were stored or refused"};
    base::metrics::Counter failed{"sluice_storage_failed_units_total",
                                  "Write units that were refused"};
    base::metrics::Counter checkpoints{"sluice_storage_checkpoints_total",
                                       "Checkpoints of the write-ahead log"};
    base::metrics::Counter rests{"sluice_storage_rests_total",
                                 "Times that memory was given back when a load had ended"};
    base::metrics::Histogram commit_us{"sluice_storage_commit_us",
                                       "Duration of a transaction in microseconds"};
    base::metrics::Histogram batch{"sluice_storage_batch_units", "Write units in one transaction"};
    base::metrics::Histogram checkpoint_us{"sluice_storage_checkpoint_us",
                                           "Duration of a checkpoint in microseconds"};
    base::metrics::Gauge wal{"sluice_storage_wal_bytes", "Bytes in use of the write-ahead log"};
};

Instruments& instruments() {
    static Instruments list;
    return list;
}

std::uint64_t us_since(Clock::time_point began) {
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - began).count());
}

std::size_t size_of(const WriteUnit& unit) {
    std::size_t bytes = 0;
    for (const auto& op : unit.ops())
        for (const auto& value : op.parameters) {
            if (const auto* text = std::get_if<std::string>(&value))
                bytes += text->size();
            else if (const auto* blob = std::get_if<Bytes>(&value))
                bytes += blob->data.size();
            else
                bytes += 16;
        }
    return bytes;
}

}  // namespace

Writer::Writer(runtime::Loop& loop, const Options& options,
               std::unique_ptr<sqlite::Connection> connection, BlobFacts blobs)
    : loop_(loop),
      options_(options),
      connection_(std::move(connection)),
      blobs_(std::move(blobs)),
      space_(options_, [this] { return sizes(); }) {
    auto deferred =
        connection_->scalar("SELECT 1 FROM sqlite_schema WHERE sql LIKE '%DEFERRABLE%' LIMIT 1");
    deferred_keys_ = deferred && !deferred->empty();
    // A WAL that shrinks and grows again costs more than one that is reused, so the back stop's
    // size is kept.
    const auto limit = fmt::format(
        "PRAGMA journal_size_limit={}",
        static_cast<std::int64_t>(std::max(options_.checkpoint_pages, 1000)) * (page_bytes + 24));
    (void)connection_->scalar(limit.c_str());
    connection_->exit_on_io_error();
}

Writer::~Writer() {
    request_stop({});
    join();
}

/// Wakes the thread after the queue or a flag was changed, or makes it.
void Writer::start() {
    bool asleep = false;
    {
        std::lock_guard lock(mutex_);
        asleep = std::exchange(sleeping_, false);
    }
    if (asleep)
        wake_.notify_one();
    else if (!thread_.joinable())
        thread_ = std::thread([this] { work(); });
}

void Writer::push(PendingUnitPtr unit) {
    {
        std::lock_guard lock(mutex_);
        queue_.push_back(std::move(unit));
        queued_.fetch_add(1, std::memory_order_relaxed);
    }
    start();
}

bool Writer::saturated() {
    if (queued_.load(std::memory_order_relaxed) >= options_.queue_units) return true;
    if (space_.room() == DiskSpace::Room::enough) return false;
    // Nobody writes while new work is refused, so whoever asks has the writer look at the disk
    // again.
    const auto now = Clock::now();
    if (now - recheck_asked_ >= recheck_interval) {
        recheck_asked_ = now;
        {
            std::lock_guard lock(mutex_);
            recheck_ = true;
        }
        start();
    }
    return true;
}

std::string Writer::saturation_reason() const {
    if (space_.room() != DiskSpace::Room::enough) return space_.reason();
    if (queued_.load(std::memory_order_relaxed) >= options_.queue_units)
        return fmt::format("{} writes are waiting for the disk already; try again in a moment",
                           options_.queue_units);
    return {};
}

Statistics Writer::statistics() const {
    std::lock_guard lock(mutex_);
    Statistics copy = statistics_;
    space_.add_to(copy);
    copy.queued = queued_.load(std::memory_order_relaxed);
    return copy;
}

void Writer::request_stop(std::function<void()> done) {
    {
        std::lock_guard lock(mutex_);
        if (stopping_) return;
        stopping_ = true;
        stopped_ = std::move(done);
        sleeping_ = false;
    }
    wake_.notify_one();
    if (thread_.joinable()) return;
    connection_.reset();  // never used: there is no thread to close it
    if (stopped_) loop_.post(std::move(stopped_));
}

void Writer::join() {
    if (thread_.joinable()) thread_.join();
}

void Writer::work() {
    pthread_setname_np(pthread_self(), "db-write");
    while (take()) {
        while (next_ < taken_.size()) {
            Batch batch = next_batch();
            commit(batch);
            if (failpoint::hit("commit.after_before_answer") != failpoint::Outcome::none)
                sqlite::exit_unknown(connection_->file(), "answering", "a test's fail-point");
            complete_on(loop_, std::move(batch));
            // After the answers, so that nobody waits for it who need not.
            if (checkpoint_due(static_cast<std::int64_t>(options_.checkpoint_pages) * page_bytes))
                checkpoint();
        }
    }
    connection_.reset();
    std::function<void()> done;
    {
        std::lock_guard lock(mutex_);
        done = std::move(stopped_);
    }
    refuse_steps();
    if (done) loop_.post(std::move(done));
}

/// Waits for work and takes the whole queue; false when it is time to end.
bool Writer::take() {
    taken_.clear();
    next_ = 0;
    std::unique_lock lock(mutex_);
    while (queue_.empty()) {
        if (stopping_) return false;
        if (std::exchange(recheck_, false)) {
            lock.unlock();
            if (static_cast<std::int64_t>(frames_) * page_bytes > options_.max_wal_bytes)
                checkpoint();  // who held the log may have let it go
            space_.look(true);
            lock.lock();
            continue;
        }
        sleeping_ = true;
        const auto awake = [this] { return !queue_.empty() || stopping_ || recheck_; };
        if (!steps_.empty()) {
            if (!wake_.wait_for(lock, idle_grace, awake)) {
                auto step = std::move(steps_.front());
                steps_.pop_front();
                lock.unlock();
                housekeep(std::move(step));
                lock.lock();
            }
        } else if (!checkpoint_due(static_cast<std::int64_t>(options_.idle_checkpoint_bytes))) {
            const auto wanted = [&] { return awake() || !steps_.empty(); };
            if (since_rest_ < much_work) {
                wake_.wait(lock, wanted);
            } else if (!wake_.wait_for(lock, rest_after, wanted)) {
                lock.unlock();
                rest();
                lock.lock();
            }
        } else if (!wake_.wait_for(lock, idle_grace, awake)) {
            lock.unlock();
            checkpoint();
            lock.lock();
        }
        sleeping_ = false;
    }
    taken_.swap(queue_);
    lock.unlock();
    put_off_steps();
    return true;
}

/// The load is over: the pages that it read and wrote, and what its units left behind here and on the loop.
void Writer::rest() {
    since_rest_ = 0;
    base::give_memory_back([this] { sqlite3_db_release_memory(connection_->handle()); });
    loop_.post([] { base::give_memory_back(); });
    instruments().rests.add();
}

Writer::Batch Writer::next_batch() {
    Batch batch;
    std::size_t ops = 0, bytes = 0;
    batch.reserve(std::min(taken_.size() - next_, options_.batch_ops));
    while (next_ < taken_.size()) {
        const auto& unit = taken_[next_]->payload;
        ops += unit.size();
        bytes += size_of(unit);
        if (!batch.empty() && (ops > options_.batch_ops || bytes > options_.batch_bytes)) break;
        batch.push_back(std::move(taken_[next_++]));
    }
    queued_.fetch_sub(batch.size(), std::memory_order_relaxed);
    since_rest_ += batch.size();
    return batch;
}

void Writer::fail_all(Batch& batch, const Error& error) {
    for (auto& unit : batch) unit->result = fail(error);
}

void Writer::commit(Batch& batch) {
    const auto began = Clock::now();
    space_.look(space_.was_full());
    if (space_.room() == DiskSpace::Room::nothing) {
        fail_all(batch, {ErrorCode::unavailable, space_.reason(), {}, true});
        count(batch, began);
        return;
    }
    bool full = false;
    auto error = attempt(batch, full);
    if (full) {
        const bool more_room = space_.found_full();
        // A WAL that is in the database file as a whole is written again from its start, without
        // growing.
        checkpoint();
        // Functions may have used up what they captured, so only plain statements are run twice.
        const bool repeatable =
            std::all_of(batch.begin(), batch.end(), [](const PendingUnitPtr& unit) {
                const auto& ops = unit->payload.ops();
                return std::all_of(ops.begin(), ops.end(),
                                   [](const Op& op) { return op.query != nullptr; });
            });
        if (more_room && repeatable) error = attempt(batch, full);
    }
    if (error)
        fail_all(batch, *error);
    else
        space_.found_room();
    note_frames();
    count(batch, began);
}

/// One transaction; an error when all of it was undone. `full`: because the disk had no room.
std::optional<Error> Writer::attempt(Batch& batch, bool& full) {
    full = false;
    int code = connection_->frame(Frame::begin_immediate);
    if (code == SQLITE_OK) {
        (void)connection_->take_disk_full();
        for (auto& unit : batch) {
            unit->result = run_unit(unit->payload);
            // A full disk can undo the whole transaction, or one statement of it; then the commit
            // would fail as well.
            if (connection_->take_disk_full())
                code = SQLITE_FULL;
            else if (!connection_->in_transaction())
                code = SQLITE_ABORT;
            if (code != SQLITE_OK) break;
        }
    }
    if (code == SQLITE_OK) {
        if (base::teeth("ack_before_commit")) complete_on(loop_, std::exchange(batch, {}));
        const auto outcome = failpoint::hit("commit.before");
        if (outcome == failpoint::Outcome::error)
            sqlite::exit_unknown(connection_->file(), "committing", "a test's fail-point");
        code =
            outcome == failpoint::Outcome::full ? SQLITE_FULL : connection_->frame(Frame::commit);
    }
    if (code == SQLITE_OK) return std::nullopt;
    Error error = connection_->error_of(code, "storing a batch");
    if (connection_->in_transaction()) connection_->frame(Frame::rollback);
    full = (code & 0xff) == SQLITE_FULL;
    return error;
}

void Writer::note_frames() {
    const int frames = connection_->wal_frames();
    if (frames < frames_) backfilled_ = blocked_at_ = 0;  // the WAL began anew
    frames_ = frames;
}

Result<void> Writer::run_unit(WriteUnit& unit) {
    for (const auto& hash : unit.blobs())
        if (!blobs_.has(hash))
            return fail(ErrorCode::internal,
                        "blob {} was not stored before the write that names it", hash);

    // One plain statement is atomic by itself. An UPDATE or DELETE that must hit one row could hit
    // more and would have to be undone, so that only single-row inserts go without a savepoint
    // then.
    auto& ops = unit.ops();
    if (ops.size() == 1 && ops[0].query != nullptr && !deferred_keys_) {
        auto statement = connection_->prepare(*ops[0].query);
        if (!statement) return fail(std::move(statement.error()));
        if (ops[0].expect == Expect::any || (*statement)->inserts_one_row)
            return connection_->run(ops[0], **statement);
    }
    if (ops.empty()) return {};

    if (const int code = connection_->frame(Frame::savepoint); code != SQLITE_OK)
        return fail(connection_->error_of(code, "starting a unit"));
    auto done = run_ops(unit);
    if (!connection_->in_transaction()) return done;  // undone as a whole; `commit` sees it
    if (done && deferred_keys_) {
        int unmet = 0, unused = 0;
        sqlite3_db_status(connection_->handle(), SQLITE_DBSTATUS_DEFERRED_FKS, &unmet, &unused, 0);
        if (unmet != 0)
            done = fail(ErrorCode::conflict, "the write refers to something that does not exist");
    }
    if (!done) {
        connection_->frame(Frame::rollback_to);
        connection_->frame(Frame::release);
        return done;
    }
    if (const int code = connection_->frame(Frame::release); code != SQLITE_OK)
        return fail(connection_->error_of(code, "ending a unit"));
    return {};
}

Result<void> Writer::run_ops(WriteUnit& unit) {
    for (auto& op : unit.ops()) {
        if (op.query != nullptr) {
            auto statement = connection_->prepare(*op.query);
            if (!statement) return fail(std::move(statement.error()));
            if (auto done = connection_->run(op, **statement); !done) return done;
            continue;
        }
        try {
            sqlite::SqliteTx tx(*connection_);
            if (auto done = op.function(tx); !done) return done;
        } catch (const std::exception& error) {
            log::error("a function over the transaction threw; its unit was undone",
                       {{"error", error.what()}});
            return fail(ErrorCode::internal, "the write failed inside; the log has the cause");
        } catch (...) {
            log::error("a function over the transaction threw; its unit was undone");
            return fail(ErrorCode::internal, "the write failed inside; the log has the cause");
        }
        if (!connection_->in_transaction())
            return fail(connection_->error_of(sqlite3_errcode(connection_->handle()),
                                              "running a function"));
    }
    return {};
}

void Writer::count(const Batch& batch, Clock::time_point began) {
    const auto took = us_since(began);
    std::uint64_t ops = 0, failed = 0;
    for (const auto& unit : batch) {
        ops += unit->payload.size();
        if (!unit->result) ++failed;
    }
    const auto wal = static_cast<std::int64_t>(connection_->wal_frames()) * page_bytes;
    auto& metrics = instruments();
    metrics.units.add(batch.size());
    if (failed != 0) metrics.failed.add(failed);
    metrics.commit_us.observe(took);
    metrics.batch.observe(batch.size());
    metrics.wal.set(wal);
    std::lock_guard lock(mutex_);
    ++statistics_.commits;
    statistics_.units += batch.size();
    statistics_.ops += ops;
    statistics_.failed_units += failed;
    statistics_.commit_us += took;
    statistics_.wal_bytes = static_cast<std::uint64_t>(wal);
}

bool Writer::checkpoint_due(std::int64_t bytes) const {
    if (static_cast<std::int64_t>(frames_ - backfilled_) * page_bytes <= bytes) return false;
    // A reader's snapshot ends a checkpoint early; trying again pays only after some more frames.
    return blocked_at_ == 0 || frames_ - blocked_at_ > 1000;
}

void Writer::checkpoint() {
    const auto began = Clock::now();
    int frames = 0, done = 0;
    const int code = sqlite3_wal_checkpoint_v2(connection_->handle(), nullptr,
                                               SQLITE_CHECKPOINT_PASSIVE, &frames, &done);
    connection_->judge(code, "moving the write-ahead log into the database");
    if (code != SQLITE_OK && (code & 0xff) != SQLITE_FULL && (code & 0xff) != SQLITE_BUSY)
        log::warn("a checkpoint failed",
                  {{"code", code}, {"detail", sqlite3_errmsg(connection_->handle())}});
    if (code == SQLITE_OK) {
        backfilled_ = std::max(done, 0);
        blocked_at_ = done < frames ? frames_ : 0;
    } else {
        blocked_at_ = frames_;
    }
    instruments().checkpoints.add();
    instruments().checkpoint_us.observe(us_since(began));
    std::lock_guard lock(mutex_);
    ++statistics_.checkpoints;
}

}  // namespace sluice::storage
