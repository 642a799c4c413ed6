#include <catch2/catch.hpp>

#include <algorithm>
#include <set>

#include "engine/queue_names.hpp"

namespace sluice::engine {

using namespace queue_test;

namespace {

/// Offers numbered runs and names them by number.
struct Front {
    explicit Front(QueueLimits limits) : queue(limits) {}

    QueueEntry entry(WorkspaceId workspace, int priority = 3, std::size_t limit = 0, std::string key = {}, Time ready = noon) {
        QueueEntry out;
        out.run = id_of<RunId>(++last);
        out.workspace = workspace;
        out.flow = triage;
        out.priority = priority;
        out.number = queue.next_number();
        out.limit = limit;
        out.key = std::move(key);
        out.ready_at = ready;
        return out;
    }
    RunId offer(QueueEntry entry) {
        const RunId run = entry.run;
        const auto got = queue.offer(std::move(entry), now);
        REQUIRE(got);
        return run;
    }
    std::vector<RunId> offer_many(int count, WorkspaceId workspace, int priority = 3, std::size_t limit = 0, std::string key = {}) {
        std::vector<RunId> out;
        for (int i = 0; i < count; ++i) out.push_back(offer(entry(workspace, priority, limit, key)));
        return out;
    }

    RunQueue queue;
    Time now = noon;
    unsigned last = 0;
};

using Runs = std::vector<RunId>;

}  // namespace

TEST_CASE("a run starts at once while there is a slot, and the next one when one is given back", "[engine][queue]") {
    Front front({.max_running = 1});
    const auto runs = front.offer_many(3, red);
    CHECK(front.queue.holds_slot(runs[0]));
    CHECK(front.queue.waits(runs[1]));
    CHECK(front.queue.admit(front.now).empty());
    CHECK(front.queue.release(runs[0], front.now));
    CHECK(front.queue.admit(front.now) == Runs{runs[1]});
    SECTION("giving a slot back twice frees one slot only") {
        CHECK_FALSE(front.queue.release(runs[0], front.now));
        CHECK(front.queue.admit(front.now).empty());
        CHECK(front.queue.running() == 1);
    }
    SECTION("a new run does not pass those that wait for the slot just freed") {
        front.queue.release(runs[1], front.now);
        const RunId late = front.offer(front.entry(red));
        CHECK(front.queue.waits(late));
        CHECK(front.queue.admit(front.now) == Runs{runs[2]});
    }
}

TEST_CASE("inside a workspace runs start by priority, then in the order they came", "[engine][queue]") {
    Front front({.max_running = 1});
    const RunId first = front.offer(front.entry(red));
    const RunId slow = front.offer(front.entry(red, 5));
    const RunId normal = front.offer(front.entry(red, 3));
    const RunId urgent = front.offer(front.entry(red, 1));
    const RunId later = front.offer(front.entry(red, 1));
    Runs order;
    RunId running = first;
    for (int i = 0; i < 4; ++i) {
        front.queue.release(running, front.now);
        const auto next = front.queue.admit(front.now);
        REQUIRE(next.size() == 1);
        order.push_back(running = next[0]);
    }
    CHECK(order == Runs{urgent, later, normal, slow});
}

TEST_CASE("a reached concurrency limit holds back its own line only", "[engine][queue]") {
    Front front({.max_running = 100});
    const auto acme = front.offer_many(3, red, 1, 1, "acme");
    const auto bolt = front.offer_many(3, red, 5, 2, "bolt");
    const auto free = front.offer_many(2, red, 5);
    CHECK(front.queue.holds_slot(acme[0]));
    CHECK(front.queue.waits(acme[1]));
    CHECK(front.queue.holds_slot(bolt[1]));
    CHECK(front.queue.waits(bolt[2]));
    CHECK(front.queue.holds_slot(free[1]));
    front.queue.release(bolt[0], front.now);
    CHECK(front.queue.admit(front.now) == Runs{bolt[2]});
    front.queue.release(acme[0], front.now);
    CHECK(front.queue.admit(front.now) == Runs{acme[1]});
    SECTION("a limit without a key is the flow's, and another flow has its own") {
        QueueEntry one = front.entry(red, 3, 1), two = front.entry(red, 3, 1), other = front.entry(red, 3, 1);
        other.flow = billing;
        const RunId a = front.offer(one), b = front.offer(two), c = front.offer(other);
        CHECK(front.queue.holds_slot(a));
        CHECK(front.queue.waits(b));
        CHECK(front.queue.holds_slot(c));
    }
    SECTION("the same key in another workspace is another line") {
        CHECK(front.queue.holds_slot(front.offer(front.entry(blue, 3, 1, "acme"))));
    }
}

TEST_CASE("ten thousand queued runs of one workspace let another's one start with the next free slot", "[engine][queue]") {
    Front front({.max_running = 2});
    const auto flood = front.offer_many(10'000, red);
    const RunId single = front.offer(front.entry(blue, 5));
    front.queue.release(flood[0], front.now);
    front.queue.release(flood[1], front.now);
    const auto next = front.queue.admit(front.now);
    CHECK(std::find(next.begin(), next.end(), single) != next.end());
}

TEST_CASE("workspaces take turns in proportion to their weights", "[engine][queue]") {
    Front front({.max_running = 1});
    front.queue.set_weight(blue, 3);
    RunId running = front.offer(front.entry(green));
    front.offer_many(200, red);
    std::set<RunId> of_blue;
    for (const RunId run : front.offer_many(200, blue)) of_blue.insert(run);
    int blues = 0;
    for (int i = 0; i < 100; ++i) {
        front.queue.release(running, front.now);
        const auto next = front.queue.admit(front.now);
        REQUIRE(next.size() == 1);
        running = next[0];
        if (of_blue.contains(running)) ++blues;
    }
    CHECK(blues == 75);
}

TEST_CASE("a delayed run joins at its time, in the place of its number", "[engine][queue]") {
    Front front({.max_running = 1});
    const RunId first = front.offer(front.entry(red));
    const RunId delayed = front.offer(front.entry(red, 3, 0, {}, noon + seconds(10)));
    const RunId later = front.offer(front.entry(red));
    REQUIRE(front.queue.next_ready());
    CHECK(*front.queue.next_ready() == noon + seconds(10));
    front.queue.release(first, front.now);
    SECTION("not before it") {
        CHECK(front.queue.admit(noon + seconds(9)) == Runs{later});
    }
    SECTION("and then before what came after it") {
        CHECK(front.queue.admit(noon + seconds(10)) == Runs{delayed});
        CHECK_FALSE(front.queue.next_ready());
    }
}

TEST_CASE("a paused queue starts nothing until it is resumed; others go on", "[engine][queue]") {
    Front front({.max_running = 10});
    front.queue.pause(red, true);
    const RunId held = front.offer(front.entry(red));
    CHECK(front.queue.waits(held));
    CHECK(front.queue.why(held)->waits_for == WaitsFor::paused);
    CHECK(front.queue.holds_slot(front.offer(front.entry(blue))));
    CHECK(front.queue.admit(front.now).empty());
    front.queue.pause(red, false);
    CHECK(front.queue.admit(front.now) == Runs{held});
}

TEST_CASE("a draining queue refuses new runs and starts what it has", "[engine][queue]") {
    Front front({.max_running = 1});
    const auto runs = front.offer_many(2, red);
    front.queue.drain(red, true);
    const auto refused = front.queue.offer(front.entry(red), front.now);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::unavailable);
    CHECK(refused.error().retry_after_us >= 1'000'000);
    CHECK(front.queue.waits(front.offer(front.entry(blue))));
    front.queue.release(runs[0], front.now);
    CHECK(front.queue.admit(front.now) == Runs{runs[1]});
}

TEST_CASE("a full backlog is refused with the time that a part of it takes", "[engine][queue]") {
    Front front({.max_running = 1, .max_backlog = 30, .max_backlog_workspace = 20});
    RunId running = front.offer(front.entry(red));
    const auto queued = front.offer_many(20, red);
    auto refused = front.queue.offer(front.entry(red), front.now);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::rate_limited);
    CHECK(refused.error().message.find("queue.max_backlog_workspace") != std::string::npos);
    CHECK(refused.error().retry_after_us == 5'000'000);
    front.offer_many(10, blue);
    refused = front.queue.offer(front.entry(green), front.now);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().message.find("(queue.max_backlog)") != std::string::npos);
    CHECK(front.queue.backlog() == 30);

    SECTION("the wait is longer where runs end more slowly") {
        Time now = front.now;
        auto end_every = [&](Duration pause) {
            for (int i = 0; i < 10; ++i) {
                now += pause;
                front.queue.release(running, now);
                running = front.queue.admit(now).at(0);
            }
            return front.queue.retry_after(now);
        };
        const Duration quick = end_every(std::chrono::milliseconds(50));
        const Duration slow = end_every(seconds(25));
        CHECK(quick >= seconds(1));
        CHECK(slow > quick);
    }
    SECTION("a queued run that is removed makes room") {
        CHECK(front.queue.remove(queued[7]));
        CHECK_FALSE(front.queue.remove(queued[7]));
        CHECK(front.queue.offer(front.entry(red), front.now));
    }
}

TEST_CASE("what was accepted before a restart is taken back beyond every bound", "[engine][queue]") {
    Front front({.max_running = 1, .max_backlog = 0, .max_backlog_workspace = 0});
    QueueEntry under_way = front.entry(red), other = front.entry(red), waiting = front.entry(red, 1);
    front.queue.occupy(under_way);
    front.queue.occupy(other);
    CHECK(front.queue.running() == 2);
    front.queue.restore(waiting, front.now);
    CHECK(front.queue.backlog() == 1);
    front.queue.release(under_way.run, front.now);
    CHECK(front.queue.admit(front.now).empty());
    front.queue.release(other.run, front.now);
    CHECK(front.queue.admit(front.now) == Runs{waiting.run});
    SECTION("numbers go on after the highest one seen") {
        RunQueue fresh;
        fresh.restore(waiting, front.now);
        CHECK(fresh.next_number() == waiting.number + 1);
    }
    SECTION("a queued run that is needed now leaves its line") {
        const RunId queued = id_of<RunId>(99);
        QueueEntry entry = front.entry(red);
        entry.run = queued;
        front.queue.restore(entry, front.now);
        front.queue.occupy(entry);
        CHECK(front.queue.holds_slot(queued));
        CHECK(front.queue.backlog() == 0);
    }
}

TEST_CASE("a run that another one waits for needs no free slot, but room in its own line", "[engine][queue]") {
    Front front({.max_running = 1, .max_backlog = 0});
    front.offer(front.entry(red));
    QueueEntry inner = front.entry(red, 3, 1), second = front.entry(red, 3, 1);
    inner.inside = second.inside = true;
    front.queue.drain(red, true);
    front.queue.pause(red, true);
    CHECK(front.queue.holds_slot(front.offer(inner)));
    CHECK(front.queue.waits(front.offer(second)));
    SECTION("and it starts as soon as there is room, although nobody gives a slot back to others") {
        QueueEntry before = front.entry(red, 1, 1);
        front.queue.restore(before, front.now);
        CHECK(front.queue.admit(front.now).empty());
        front.queue.release(inner.run, front.now);
        CHECK(front.queue.admit(front.now) == Runs{second.run});
        CHECK(front.queue.running() == 2);
        CHECK(front.queue.waits(before.run));
    }
}

TEST_CASE("while the process reads what it had, runs are taken but none starts", "[engine][queue]") {
    Front front({.max_running = 1});
    front.queue.hold_all(true);
    const RunId first = front.offer(front.entry(red));
    CHECK(front.queue.waits(first));
    CHECK(front.queue.admit(front.now).empty());
    CHECK_FALSE(front.queue.open(red, front.now));
    front.queue.hold_all(false);
    CHECK(front.queue.open(red, front.now));
    CHECK(front.queue.admit(front.now) == Runs{first});
    CHECK(front.queue.workspace_of_slot(first) == red);
    front.queue.pause(red, true);
    CHECK(front.queue.open(red, front.now).error().code == ErrorCode::unavailable);
    CHECK(front.queue.open(blue, front.now));
}

TEST_CASE("the queue says why a run waits", "[engine][queue]") {
    Front front({.max_running = 2});
    const auto acme = front.offer_many(3, red, 3, 1, "acme");
    auto why = front.queue.why(acme[2]);
    REQUIRE(why);
    CHECK(why->waits_for == WaitsFor::key_limit);
    CHECK(why->key == "acme");
    CHECK(why->limit == 1);
    CHECK(why->held == 1);
    CHECK(why->before == 1);
    CHECK(front.queue.why(acme[0])->waits_for == WaitsFor::nothing);

    front.offer(front.entry(red));
    const RunId crowded = front.offer(front.entry(red));
    CHECK(front.queue.why(crowded)->waits_for == WaitsFor::slots);
    CHECK(front.queue.why(crowded)->limit == 2);
    CHECK(front.queue.why(crowded)->before == 0);

    const RunId later = front.offer(front.entry(red, 3, 0, {}, noon + seconds(60)));
    CHECK(front.queue.why(later)->waits_for == WaitsFor::time);
    CHECK(front.queue.why(later)->until == noon + seconds(60));
    CHECK_FALSE(front.queue.why(id_of<RunId>(12345)));

    const auto flood = front.offer_many(2'000, blue);
    CHECK(front.queue.why(flood.back())->before == 1'000);
    CHECK(front.queue.why(flood.back())->before_is_more);
}

TEST_CASE("the counts of a queue name what is in it and since when", "[engine][queue]") {
    Front front({.max_running = 1});
    front.offer(front.entry(red));
    front.offer(front.entry(red, 1, 0, {}, noon - seconds(5)));
    front.offer(front.entry(red, 5, 0, {}, noon - seconds(9)));
    front.offer(front.entry(red, 5, 0, {}, noon + seconds(9)));
    const QueueLine line = front.queue.line(red);
    CHECK(line.running == 1);
    CHECK(line.queued == 2);
    CHECK(line.delayed == 1);
    REQUIRE(line.oldest_ready);
    CHECK(*line.oldest_ready == noon - seconds(9));
    CHECK(front.queue.lines().size() == 1);
    CHECK(front.queue.line(blue).queued == 0);
}

}  // namespace sluice::engine
