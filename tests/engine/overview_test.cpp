// How a workspace's runs stand: counts, failing flows, times of steps; jobs of the queue; dead letters put together.

#include "engine/engine_world.hpp"
#include "engine/letter_groups.hpp"
#include "engine/step_times.hpp"
#include "sluice/engine/dead_letters.hpp"
#include "sluice/engine/overview.hpp"

using namespace sluice;
using namespace sluice::engine;
using namespace sluice::engine::test;
using namespace std::chrono_literals;

namespace {

OverviewQuery last_hour(const EngineWorld& w) {
    OverviewQuery query;
    query.to = w.clock.now() + 1min;
    query.from = query.to - 1h;
    return query;
}

std::int64_t of(const RunHistogram::Counts& counts, RunStatus status) { return counts[static_cast<std::size_t>(status)]; }

std::int64_t total(const RunHistogram& histogram, RunStatus status) {
    std::int64_t sum = 0;
    for (const auto& counts : histogram.buckets) sum += of(counts, status);
    return sum;
}

DeadLetter letter(std::string step, std::string message, std::string flow = "orders") {
    DeadLetter out;
    out.flow_name = std::move(flow);
    out.project = "default";
    out.step = std::move(step);
    out.code = "upstream_failed";
    out.cause = "failed";
    out.message = std::move(message);
    return out;
}

}  // namespace

TEST_CASE("an overview tells what runs, waits and failed, and which flows fail most", "[engine][overview]") {
    EngineWorld w;
    w.answers["bad"] = failing(ErrorCode::upstream_failed, "the printer is on fire");
    Json failing_often = graph({step("bad", "call")}, {}), failing_once = graph({step("bad", "call")}, {});
    failing_often["name"] = "often";
    failing_once["name"] = "once";
    const FlowId often = w.publish(failing_often), once = w.publish(failing_once);
    for (int i = 0; i < 3; ++i) CHECK(w.whole(often).status == RunStatus::failed);
    const Run last = w.whole(once);
    const FlowId good = w.publish(graph({step("a", "call")}, {}));
    w.whole(good);
    const RunId waits = w.begin(w.publish(graph({step("nap", "wait", {{"for", "2h"}})}, {})));
    w.until([&] { return w.get(w.engine->get(w.workspace, waits)).status == RunStatus::waiting; });

    const auto overview = w.get(w.engine->overview(w.workspace, last_hour(w)));
    CHECK(overview.runs.buckets.size() == 60);
    CHECK(total(overview.runs, RunStatus::failed) == 4);
    CHECK(total(overview.runs, RunStatus::succeeded) == 1);
    CHECK(of(overview.now, RunStatus::waiting) == 1);
    CHECK(of(overview.now, RunStatus::queued) == 0);
    CHECK(overview.open_letters == 4);
    CHECK(overview.unknown_steps == 0);
    REQUIRE(overview.failing.size() == 2);
    CHECK(overview.failing[0].name == "often");
    CHECK(overview.failing[0].failed == 3);
    CHECK(overview.failing[1].flow == once);
    CHECK(overview.failing[1].last_run == last.id);
    std::int64_t steps = 0;
    for (const auto& times : overview.steps) steps += times.count;
    CHECK(steps == 5);

    SECTION("a caller who sees a part of the workspace is told of that part") {
        OverviewQuery query = last_hour(w);
        query.seen.flows = "\nonce\n";
        const auto part = w.get(w.engine->overview(w.workspace, query));
        CHECK(total(part.runs, RunStatus::failed) == 1);
        CHECK(of(part.now, RunStatus::waiting) == 0);
        CHECK(part.open_letters == 1);
        REQUIRE(part.failing.size() == 1);
        CHECK(part.failing[0].name == "once");
        CHECK(part.steps.empty());
    }
    SECTION("what failed before the window is not in it") {
        w.clock.advance(2h);
        const auto later = w.get(w.engine->overview(w.workspace, last_hour(w)));
        CHECK(total(later.runs, RunStatus::failed) == 0);
        CHECK(later.failing.empty());
        CHECK(later.open_letters == 4);
    }
}

TEST_CASE("times of steps are told by minute and by hour, within a fifth", "[engine][overview]") {
    const Time start = base::from_us(1'790'000'000'000'000 / 3'600'000'000 * 3'600'000'000);
    WorkspaceId one, two = WorkspaceId::last();
    StepTimesBook book(start);
    for (int i = 1; i <= 100; ++i) book.note(one, start + 90s, std::chrono::milliseconds(i));
    book.note(one, start + 10min, 5s);
    const auto minutes = book.read(one, start, 1min, 60);
    REQUIRE(minutes.size() == 60);
    CHECK(minutes[0].count == 0);
    CHECK(minutes[1].count == 100);
    CHECK(minutes[1].p50 >= 50ms);
    CHECK(minutes[1].p50 < 60ms + 1ms);
    CHECK(minutes[1].p95 >= 95ms);
    CHECK(minutes[1].p95 < 114ms + 1ms);
    CHECK(minutes[10].count == 1);
    CHECK(minutes[10].p50 >= 5s);
    const auto hours = book.read(one, start - 23h, 1h, 24);
    CHECK(hours[23].count == 101);
    CHECK(book.read(two, start, 1min, 60)[1].count == 0);

    SECTION("what is older than an hour leaves the minutes, and after a day the hours") {
        book.note(one, start + 2h, 1ms);
        CHECK(book.read(one, start, 1min, 60)[1].count == 0);
        CHECK(book.read(one, start - 21h, 1h, 24)[21].count == 101);
        book.note(one, start + 30h, 1ms);
        CHECK(book.read(one, start - 21h, 1h, 24)[21].count == 0);
    }
}

TEST_CASE("every length of time is in the part that its bounds say", "[engine][overview]") {
    const std::int64_t us = GENERATE(0, 1, 3, 4, 5, 7, 8, 9, 15, 16, 100, 999, 1'000, 65'535, 65'536, 1'000'000, 3'600'000'000);
    CAPTURE(us);
    const std::size_t bucket = StepTimesBook::bucket_of(std::chrono::microseconds(us));
    CHECK(StepTimesBook::most_of(bucket) >= std::chrono::microseconds(us));
    if (us > 0) CHECK(StepTimesBook::bucket_of(StepTimesBook::most_of(bucket)) == bucket);
    if (us > 4) CHECK(StepTimesBook::most_of(bucket) <= std::chrono::microseconds(us + us / 4));
}

TEST_CASE("the jobs of a queue are listed by state, the oldest first, with who holds them", "[engine][queue]") {
    EngineWorld w;
    runtime::Signal gate(w.loop);
    w.hold = &gate;
    const FlowId flow = w.publish(graph({step("a", "call")}, {}, {{"settings", {{"concurrency", {{"limit", 1}}}}}}));
    const auto next = [&] {
        w.clock.advance(1ms);   // the ids of one moment have no order
        return w.begin(flow);
    };
    const RunId first = next(), second = next(), third = next();
    const auto all = w.get(w.engine->jobs(w.workspace, {}));
    REQUIRE(all.items.size() == 3);
    CHECK(all.items[0].run == first);
    CHECK(all.items[0].state == "running");
    CHECK(all.items[0].held_here);
    CHECK(all.items[1].run == second);
    CHECK(all.items[1].state == "queued");
    CHECK(all.items[1].run_status == "queued");
    CHECK(all.items[1].limit_runs == 1);
    CHECK_FALSE(all.items[1].held_here);
    CHECK(all.next_cursor.empty());
    REQUIRE(all.lease);
    CHECK(all.lease->heartbeat_at <= w.clock.now());

    JobQuery queued;
    queued.state = "queued";
    queued.limit = 1;
    const auto page = w.get(w.engine->jobs(w.workspace, queued));
    REQUIRE(page.items.size() == 1);
    CHECK(page.items[0].run == second);
    queued.cursor = page.next_cursor;
    const auto rest = w.get(w.engine->jobs(w.workspace, queued));
    REQUIRE(rest.items.size() == 1);
    CHECK(rest.items[0].run == third);
    CHECK(rest.next_cursor.empty());
    JobQuery other;
    other.cursor = page.next_cursor;
    CHECK(w.error(w.engine->jobs(w.workspace, other)) == ErrorCode::invalid_argument);
    CHECK(w.get(w.engine->jobs(WorkspaceId::last(), {})).items.empty());
    w.hold = nullptr;
    gate.notify();
    for (const RunId id : {first, second, third}) w.end(id);
    CHECK(w.get(w.engine->jobs(w.workspace, {})).items.empty());
}

TEST_CASE("messages are alike that differ in ids and amounts alone", "[engine][dead_letters]") {
    CHECK(alike("order 100234 of cus_81kd9 failed with 503") == "order # of # failed with 503");
    CHECK(alike("order 7 failed") == "order 7 failed");
    CHECK(alike("") == "");
    CHECK(alike("a" + std::string(500, 'b')).size() == 300);
    CHECK(alike_path("each[17]/inner[3]/ask") == "each[*]/inner[*]/ask");
    CHECK(alike_path("ask") == "ask");
    CHECK(alike_path("odd[") == "odd[");
}

TEST_CASE("dead letters that fail alike are one group, the largest first", "[engine][dead_letters]") {
    LetterGrouping grouping({});
    grouping.take(letter("each[9]/ask", "order 100239 is unknown"));
    grouping.take(letter("each[8]/ask", "order 100238 is unknown"));
    grouping.take(letter("pay", "no money"));
    const auto groups = grouping.finish(10);
    REQUIRE(groups.size() == 2);
    CHECK(groups[0].count == 2);
    CHECK(groups[0].step == "each[*]/ask");
    CHECK(groups[0].message == "order 100239 is unknown");   // the newest, as it is
    CHECK(groups[1].step == "pay");
    CHECK(LetterGrouping({}).finish(10).empty());

    SECTION("a caller who may not read messages sees groups without them") {
        LetterGrouping masked({"\n", {}});
        masked.take(letter("ask", "order 1 is unknown"));
        masked.take(letter("ask", "something else"));
        const auto one = masked.finish(10);
        REQUIRE(one.size() == 1);
        CHECK(one[0].count == 2);
        CHECK(one[0].masked);
        CHECK(one[0].message.empty());
    }
    SECTION("only so many are shown") {
        LetterGrouping many({});
        for (int i = 0; i < 20; ++i) many.take(letter("s" + std::to_string(i), "x"));
        CHECK(many.finish(7).size() == 7);
    }
}

TEST_CASE("open dead letters are put together from what is stored", "[engine][dead_letters]") {
    EngineWorld w;
    DeadLetters letters(w.loop, *w.storage, *w.engine, w.random);
    w.answers["bad"] = failing(ErrorCode::upstream_failed, "order 100234 is unknown");
    const FlowId flow = w.publish(graph({step("bad", "call")}, {}));
    w.whole(flow);
    w.answers["bad"] = failing(ErrorCode::upstream_failed, "order 100235 is unknown");
    w.whole(flow);
    const auto groups = w.get(letters.groups(w.workspace, {.state = "open"}, {}));
    REQUIRE(groups.items.size() == 1);
    CHECK(groups.items[0].count == 2);
    CHECK(groups.items[0].code == "upstream_failed");
    CHECK(groups.looked_at == 2);
    CHECK(groups.complete);
    LetterFilter elsewhere{.state = "open"};
    elsewhere.seen.projects = "\nelsewhere\n";
    CHECK(w.get(letters.groups(w.workspace, elsewhere, {})).items.empty());
}
