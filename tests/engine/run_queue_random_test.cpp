#include <catch2/catch.hpp>

#include <algorithm>
#include <map>
#include <set>

#include "engine/queue_names.hpp"
#include "sluice/base/clock.hpp"

namespace sluice::engine {

using namespace queue_test;

namespace {

/// The same rules told as plainly as possible: everything is scanned, nothing is kept up to date.
struct Oracle {
    struct Kept { QueueEntry entry; bool ready = false; };

    QueueLimits limits;
    std::vector<Kept> waiting;
    std::vector<QueueEntry> running;
    std::set<WorkspaceId> paused;
    std::vector<WorkspaceId> turns;
    std::map<WorkspaceId, std::size_t> deficit, weight;

    static bool same_line(const QueueEntry& a, const QueueEntry& b) {
        return a.workspace == b.workspace && (a.limit == 0) == (b.limit == 0) && (a.limit == 0 || (a.flow == b.flow && a.key == b.key));
    }
    static bool before(const QueueEntry& a, const QueueEntry& b) {
        return std::tie(a.priority, a.number) < std::tie(b.priority, b.number);
    }
    bool is_head(const QueueEntry& entry) const {
        return std::none_of(waiting.begin(), waiting.end(), [&](const Kept& other) {
            return other.ready && same_line(entry, other.entry) && before(other.entry, entry);
        });
    }
    bool has_room(const QueueEntry& entry) const {
        const auto held = std::count_if(running.begin(), running.end(), [&](const QueueEntry& other) { return same_line(entry, other); });
        return entry.limit == 0 || static_cast<std::size_t>(held) < entry.limit;
    }
    const QueueEntry* next_of(WorkspaceId workspace) const {
        const QueueEntry* best = nullptr;
        for (const Kept& kept : waiting)
            if (kept.ready && kept.entry.workspace == workspace && is_head(kept.entry) && has_room(kept.entry) &&
                (best == nullptr || before(kept.entry, *best)))
                best = &kept.entry;
        return best;
    }
    void settle() {
        for (const WorkspaceId workspace : {red, blue, green}) {
            const bool wants = !paused.contains(workspace) && next_of(workspace) != nullptr;
            const auto at = std::find(turns.begin(), turns.end(), workspace);
            if (wants == (at != turns.end())) continue;
            deficit[workspace] = 0;
            if (wants) turns.push_back(workspace);
            else turns.erase(at);
        }
    }
    bool offer(const QueueEntry& entry, Time now) {
        waiting.push_back({entry, entry.ready_at <= now});
        const bool crowd = !turns.empty() || running.size() >= limits.max_running || paused.contains(entry.workspace);
        if (waiting.back().ready && !crowd && is_head(entry) && has_room(entry)) {
            waiting.pop_back();
            running.push_back(entry);
            return true;
        }
        settle();
        return false;
    }
    std::vector<RunId> admit(Time now) {
        auto due = [&] {
            Kept* first = nullptr;
            for (Kept& kept : waiting)
                if (!kept.ready && kept.entry.ready_at <= now &&
                    (first == nullptr || std::tie(kept.entry.ready_at, kept.entry.run) < std::tie(first->entry.ready_at, first->entry.run)))
                    first = &kept;
            return first;
        };
        while (Kept* kept = due()) {
            kept->ready = true;
            settle();
        }
        std::vector<RunId> out;
        while (running.size() < limits.max_running && !turns.empty()) {
            const WorkspaceId workspace = turns.front();
            if (deficit[workspace] == 0) deficit[workspace] = weight.contains(workspace) ? weight[workspace] : 1;
            if (--deficit[workspace] == 0) {
                turns.erase(turns.begin());
                turns.push_back(workspace);
            }
            const QueueEntry chosen = *next_of(workspace);
            std::erase_if(waiting, [&](const Kept& kept) { return kept.entry.run == chosen.run; });
            running.push_back(chosen);
            out.push_back(chosen.run);
            settle();
        }
        return out;
    }
    bool release(RunId run) {
        const bool had = std::erase_if(running, [&](const QueueEntry& entry) { return entry.run == run; }) > 0;
        settle();
        return had;
    }
    bool remove(RunId run) {
        const bool had = std::erase_if(waiting, [&](const Kept& kept) { return kept.entry.run == run; }) > 0;
        settle();
        return had;
    }
};

void compare_with_oracle(std::uint64_t seed) {
    CAPTURE(seed);
    base::SeededRandom random(seed);
    const QueueLimits limits{.max_running = 1 + random.below(6), .max_backlog = 1'000, .max_backlog_workspace = 1'000};
    RunQueue queue(limits);
    Oracle oracle{.limits = limits};
    const WorkspaceId workspaces[] = {red, blue, green};
    Time now = noon;
    unsigned last = 0;
    for (const WorkspaceId workspace : workspaces) {
        oracle.weight[workspace] = 1 + random.below(3);
        queue.set_weight(workspace, oracle.weight[workspace]);
    }
    auto some_run = [&] { return id_of<RunId>(1 + static_cast<unsigned>(random.below(last + 1))); };
    for (int step = 0; step < 400; ++step) {
        CAPTURE(step);
        const auto dice = random.below(100);
        if (dice < 45) {
            QueueEntry entry;
            entry.run = id_of<RunId>(++last);
            entry.workspace = workspaces[random.below(3)];
            entry.flow = random.below(2) == 0 ? triage : billing;
            entry.priority = 1 + static_cast<int>(random.below(5));
            entry.number = queue.next_number();
            entry.limit = random.below(3);
            if (random.below(2) == 0) entry.key = random.below(2) == 0 ? "acme" : "bolt";
            entry.ready_at = random.below(4) == 0 ? now + seconds(random.below(20)) : now;
            const auto got = queue.offer(entry, now);
            REQUIRE(got);
            REQUIRE(*got == oracle.offer(entry, now));
        } else if (dice < 70 && !oracle.running.empty()) {
            const RunId run = oracle.running[random.below(oracle.running.size())].run;
            REQUIRE(queue.release(run, now) == oracle.release(run));
        } else if (dice < 75) {
            const RunId run = some_run();
            REQUIRE(queue.release(run, now) == oracle.release(run));
        } else if (dice < 80) {
            const RunId run = some_run();
            REQUIRE(queue.remove(run) == oracle.remove(run));
        } else if (dice < 84) {
            const WorkspaceId workspace = workspaces[random.below(3)];
            const bool pause = random.below(2) == 0;
            if (pause) oracle.paused.insert(workspace);
            else oracle.paused.erase(workspace);
            oracle.settle();
            queue.pause(workspace, pause);
        } else if (dice < 90) {
            now += seconds(random.below(8));
        }
        if (random.below(3) != 0) REQUIRE(queue.admit(now) == oracle.admit(now));
        REQUIRE(queue.running() == oracle.running.size());
        REQUIRE(queue.backlog() == oracle.waiting.size());
        for (const auto& kept : oracle.waiting) REQUIRE(queue.waits(kept.entry.run));
        for (const auto& entry : oracle.running) REQUIRE(queue.holds_slot(entry.run));
        for (const WorkspaceId workspace : workspaces) {
            const auto delayed = std::count_if(oracle.waiting.begin(), oracle.waiting.end(), [&](const Oracle::Kept& kept) {
                return kept.entry.workspace == workspace && !kept.ready;
            });
            REQUIRE(queue.line(workspace).delayed == static_cast<std::size_t>(delayed));
        }
    }
    // Whatever happened, everything ends: nothing is stuck in a line that nobody looks at.
    for (const WorkspaceId workspace : workspaces) queue.pause(workspace, false);
    now += seconds(100);
    for (int turn = 0; queue.backlog() + queue.running() > 0; ++turn) {
        REQUIRE(turn < 10'000);
        queue.admit(now);
        for (unsigned i = 1; i <= last; ++i) queue.release(id_of<RunId>(i), now);
    }
}

}  // namespace

TEST_CASE("the queue does what the same rules told by scanning do, for random histories", "[engine][queue][random]") {
    for (std::uint64_t seed = 1; seed <= 300; ++seed) compare_with_oracle(seed);
}

}  // namespace sluice::engine
