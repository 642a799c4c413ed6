// The writer's housekeeping: pages that deletes left unused go back to the disk.
#include <algorithm>
#include <charconv>

#include "writer.hpp"

namespace sluice::storage {
namespace {

constexpr int page_bytes = 4096;
/// One step of giving pages back: a transaction of a few hundred pages, so that a unit that comes
/// meanwhile waits for milliseconds.
constexpr std::int64_t step_pages = 256;
/// So many unused pages stay, beside a fiftieth of all: the next writes want them.
constexpr std::int64_t slack_pages = 256;
/// A step that found the writer busy for so long is put off: who keeps house has other work too.
constexpr auto patience = std::chrono::seconds(20);

}  // namespace

void Writer::push_housekeep(PendingPtr<HousekeepStep> step) {
    step->payload.asked = std::chrono::steady_clock::now();
    {
        std::lock_guard lock(mutex_);
        steps_.push_back(std::move(step));
    }
    start();
}

/// Ends steps that waited too long, as if there were nothing to do.
void Writer::put_off_steps() {
    const auto before = std::chrono::steady_clock::now() - patience;
    std::vector<PendingPtr<HousekeepStep>> late;
    {
        std::lock_guard lock(mutex_);
        while (!steps_.empty() && steps_.front()->payload.asked < before) {
            late.push_back(std::move(steps_.front()));
            steps_.pop_front();
        }
    }
    if (!late.empty()) complete_on(loop_, std::move(late));
}

/// Ends all steps, when the thread does.
void Writer::refuse_steps() {
    std::vector<PendingPtr<HousekeepStep>> refused;
    {
        std::lock_guard lock(mutex_);
        for (auto& step : steps_) {
            step->result = fail(ErrorCode::unavailable, "the server is shutting down");
            refused.push_back(std::move(step));
        }
        steps_.clear();
    }
    if (!refused.empty()) complete_on(loop_, std::move(refused));
}

void Writer::housekeep(PendingPtr<HousekeepStep> step) {
    auto more = free_pages();
    if (more)
        *step->payload.more = *more;
    else
        step->result = fail(std::move(more.error()));
    std::vector<PendingPtr<HousekeepStep>> done;
    done.push_back(std::move(step));
    complete_on(loop_, std::move(done));
}

Result<bool> Writer::free_pages() {
    auto unused = pragma("PRAGMA freelist_count"), all = pragma("PRAGMA page_count");
    for (auto* read : {&unused, &all})
        if (!*read) return fail(std::move(read->error()));
    const auto wanted = *unused - slack_pages - *all / 50;
    if (wanted > 0) {
        const auto sql = fmt::format("PRAGMA incremental_vacuum({})", std::min(wanted, step_pages));
        if (auto done = connection_->execute(sql.c_str()); !done)
            return fail(std::move(done.error()));
        auto left = pragma("PRAGMA freelist_count");
        if (!left) return fail(std::move(left.error()));
        note_frames();
        gave_pages_back_ = true;
        std::lock_guard lock(mutex_);
        statistics_.freed_pages += static_cast<std::uint64_t>(*unused - *left);
        // A step that moved nothing would be asked for again without end.
        if (wanted > step_pages && *left < *unused) return true;
    }
    // The file itself shrinks when the log has reached it.
    if (std::exchange(gave_pages_back_, false)) checkpoint();
    return false;
}

Result<std::int64_t> Writer::pragma(const char* sql) {
    auto text = connection_->scalar(sql);
    if (!text) return fail(std::move(text.error()));
    std::int64_t value = 0;
    std::from_chars(text->data(), text->data() + text->size(), value);
    return value;
}

DiskSpace::Sizes Writer::sizes() {
    DiskSpace::Sizes sizes;
    sizes.database =
        static_cast<std::uint64_t>(pragma("PRAGMA page_count").value_or(0)) * page_bytes;
    sizes.unused =
        static_cast<std::uint64_t>(pragma("PRAGMA freelist_count").value_or(0)) * page_bytes;
    sizes.wal = static_cast<std::uint64_t>(frames_) * page_bytes;
    sizes.wal_reusable = backfilled_ >= frames_;
    sizes.blobs = blobs_.bytes();
    return sizes;
}

}  // namespace sluice::storage
