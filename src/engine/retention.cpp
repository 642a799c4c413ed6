// Removal of ended runs: by age, by the flow's own word, by the space they take.
//
// A run's row goes first, together with a note; from then on it is absent for everybody. Its journal follows in units of
// at most 500 entries, and the note goes with the last one, so that a process that dies in between goes on at its next
// start. Artifacts are the user's and stay.

#include "engine/retention.hpp"

#include "engine/retention_store.hpp"
#include "sluice/base/log.hpp"
#include "sluice/engine/history.hpp"
#include "sluice/runtime/loop.hpp"
#include "sluice/storage/blobs.hpp"

namespace sluice::engine {

namespace {

constexpr int rows_a_unit = 50;
constexpr std::int64_t entries_a_unit = 500;
constexpr Time for_ever = base::from_us(253'402'300'799'000'000);

/// The journals of runs whose rows are gone.
Awaitable<Result<void>> remove_journals(storage::Storage& storage, runtime::Loop& loop) {
    while (true) {
        auto found = co_await store::removals(storage, rows_a_unit);
        if (!found) co_return fail(std::move(found.error()));
        if (found->empty()) co_return Result<void>();
        std::size_t next = 0;
        while (next < found->size()) {
            storage::WriteUnit unit;
            std::int64_t entries = 0;
            while (next < found->size() && entries < entries_a_unit) {
                store::Removal& removal = (*found)[next];
                const std::int64_t until = std::min(removal.last_seq, removal.first_seq + entries_a_unit - entries - 1);
                if (removal.last_seq > 0) {
                    store::append_journal_removal(unit, removal, until);
                    entries += until - removal.first_seq + 1;
                    removal.first_seq = until + 1;
                }
                if (until < removal.last_seq) break;
                storage.blobs().append_release(unit, removal.workspace, removal.run.raw());
                store::append_removal_end(unit, removal);
                ++next;
            }
            auto done = co_await storage.submit(std::move(unit));
            if (!done) co_return fail(std::move(done.error()));
            co_await loop.yield();
        }
    }
}

class Removing {
  public:
    Removing(storage::Storage& storage, runtime::Loop& loop) : storage_(storage), loop_(loop) {}

    Awaitable<Result<void>> remove(std::vector<store::EndedRunRow> runs) {
        auto rows = co_await store::remove_run_rows(storage_, std::move(runs));
        if (!rows) co_return fail(std::move(rows.error()));
        removed += *rows;
        co_return co_await remove_journals(storage_, loop_);
    }
    /// Work that people wait for comes first: the rest is left to the next round.
    bool must_stop() const { return storage_.saturated(); }
    std::size_t removed = 0;

  private:
    storage::Storage& storage_;
    runtime::Loop& loop_;
};

Time before(Time now, Duration kept) { return kept.count() == 0 ? base::from_us(0) : now - kept; }

}  // namespace

std::optional<Time> retention::expiry(const flows::FlowSettings& settings, RunStatus status, Time ended) {
    const bool good = status == RunStatus::succeeded || status == RunStatus::cancelled;
    const auto& kept = good ? settings.retention_succeeded : settings.retention_failed;
    if (!kept) return std::nullopt;
    return kept->count() == 0 ? for_ever : std::min(for_ever, ended + *kept);
}

Awaitable<Result<std::size_t>> remove_expired_runs(storage::Storage& storage, runtime::Loop& loop, RetentionOptions options) {
    const Time now = loop.now();
    Removing removing(storage, loop);
    auto left = co_await remove_journals(storage, loop);
    if (!left) co_return fail(std::move(left.error()));

    store::EndedRunRow place;
    while (!removing.must_stop()) {
        auto old = co_await store::runs_ended_before(storage, before(now, options.succeeded), before(now, options.failed), place, rows_a_unit);
        if (!old) co_return fail(std::move(old.error()));
        if (old->empty()) break;
        place = old->back();
        auto done = co_await removing.remove(std::move(*old));
        if (!done) co_return fail(std::move(done.error()));
    }
    while (!removing.must_stop()) {
        auto expired = co_await store::runs_expired(storage, now, rows_a_unit);
        if (!expired) co_return fail(std::move(expired.error()));
        if (expired->empty()) break;
        const std::size_t was = removing.removed;
        auto done = co_await removing.remove(std::move(*expired));
        if (!done) co_return fail(std::move(done.error()));
        if (removing.removed == was) break;  // all of them changed meanwhile: the next round looks again
    }
    if (options.max_runs_bytes > 0) {
        auto bytes = co_await store::ended_runs_bytes(storage);
        if (!bytes) co_return fail(std::move(bytes.error()));
        std::int64_t too_many = *bytes - options.max_runs_bytes;
        place = {};
        while (too_many > 0 && !removing.must_stop()) {
            auto oldest = co_await store::runs_ended(storage, place, rows_a_unit);
            if (!oldest) co_return fail(std::move(oldest.error()));
            if (oldest->empty()) break;
            std::size_t count = 0;
            for (; count < oldest->size() && too_many > 0; ++count) too_many -= (*oldest)[count].stored_bytes;
            oldest->resize(count);
            place = oldest->back();
            auto done = co_await removing.remove(std::move(*oldest));
            if (!done) co_return fail(std::move(done.error()));
        }
    }
    if (removing.removed > 0) log::info("ended runs removed", {{"runs", removing.removed}});
    co_return removing.removed;
}

}  // namespace sluice::engine
