#include "events/house.hpp"
#include "sluice/events/events.hpp"
#include "sluice/runtime/task_group.hpp"
#include "sluice/storage/audit.hpp"

using namespace sluice;
using namespace sluice::events;

namespace {

/// A journal in memory.
class Journal final : public RunFeed {
  public:
    Journal(WorkspaceId w, RunId r) : workspace(w), run(r) {}
    Awaitable<Result<std::vector<Json>>> run_events(WorkspaceId w, RunId r, std::int64_t after,
                                                    int limit) override {
        if (w != workspace || r != run)
            co_return fail(ErrorCode::not_found, "there is no such run");
        std::vector<Json> out;
        for (auto seq = after + 1; seq <= size && static_cast<int>(out.size()) < limit; ++seq)
            out.push_back({{"seq", seq}, {"kind", "step_started"}});
        co_return out;
    }
    WorkspaceId workspace;
    RunId run;
    std::int64_t size = 0;
};

struct Fixture : sluice::testing::House {
    ~Fixture() { run(bus.stop()); }
    WorkspaceId tenant() { return WorkspaceId::make(clock.now(), random); }
    NewEvent event(std::string type) {
        return {EventId::make(clock.now(), random),
                std::move(type),
                "run_x",
                clock.now(),
                {{"type", "copy"}}};
    }
    void happen(WorkspaceId workspace, int count = 1, bool hint = true) {
        storage::WriteUnit unit;
        for (int i = 0; i < count; ++i) append(unit, workspace, event("run.finished"));
        done(storage->submit(std::move(unit)));
        if (hint) bus.committed(workspace);
    }
    /// What comes at once; empty when there is nothing.
    std::vector<Delivery> take(Subscription& subscription) {
        return get(subscription.next(clock.now()));
    }
    /// The next delivery that needs the bus to read first.
    std::vector<Delivery> wait(Subscription& subscription) {
        return get(subscription.next(clock.now() + std::chrono::seconds(10)));
    }
    std::vector<std::int64_t> numbers(Subscription& subscription, std::size_t count) {
        std::vector<std::int64_t> out;
        while (out.size() < count)
            for (const auto& delivery : wait(subscription))
                out.push_back(delivery.number.value_or(-1));
        return out;
    }

    WorkspaceId one = tenant(), two = tenant();
    Bus bus{loop, *storage};
};

std::vector<std::int64_t> range_of(std::int64_t from, std::int64_t to) {
    std::vector<std::int64_t> out;
    for (auto i = from; i <= to; ++i) out.push_back(i);
    return out;
}

}  // namespace

TEST_CASE("events are numbered per workspace without gaps, in commit order", "[events]") {
    Fixture f;
    f.happen(f.one, 3);
    f.happen(f.two, 1);
    f.happen(f.one, 2);
    const auto list = f.get(f.bus.list(f.one, 50, ""));
    std::vector<std::int64_t> numbers;
    for (const auto& event : list.items) numbers.push_back(event.number);
    CHECK(numbers == std::vector<std::int64_t>{5, 4, 3, 2, 1});
    CHECK(list.next_cursor.empty());
    const auto others = f.get(f.bus.list(f.two, 50, ""));
    REQUIRE(others.items.size() == 1);
    CHECK(others.items[0].number == 1);
}

TEST_CASE("an event of a failed unit leaves no number behind", "[events]") {
    Fixture f;
    storage::WriteUnit unit;
    append(unit, f.one, f.event("run.started"));
    std::function<Result<void>(storage::Tx&)> refuse = [](storage::Tx&) -> Result<void> {
        return fail(ErrorCode::conflict, "no");
    };
    unit.add(std::move(refuse));
    CHECK(f.error(f.storage->submit(std::move(unit))) == ErrorCode::conflict);
    f.happen(f.one);
    CHECK(f.get(f.bus.list(f.one, 50, "")).items.at(0).number == 1);
}

TEST_CASE("an event is shown as a CloudEvent", "[events]") {
    Fixture f;
    f.happen(f.one);
    const auto event = f.get(f.bus.get(f.one, 1));
    const auto shown = base::parse_json(cloud_event(f.one, event));
    REQUIRE(shown);
    CHECK((*shown)["specversion"] == "1.0");
    CHECK((*shown)["id"] == event.id.str());
    CHECK((*shown)["source"] == "/workspaces/" + f.one.str());
    CHECK((*shown)["type"] == "run.finished");
    CHECK((*shown)["subject"] == "run_x");
    CHECK((*shown)["time"] == base::format_time(f.clock.now()));
    CHECK((*shown)["datacontenttype"] == "application/json");
    CHECK((*shown)["sequence"] == "1");
    CHECK((*shown)["data"] == Json{{"type", "copy"}});
    CHECK(f.error(f.bus.get(f.two, 1)) == ErrorCode::not_found);
}

TEST_CASE("a page's cursor leads to the next page and belongs to its workspace", "[events]") {
    Fixture f;
    f.happen(f.one, 5);
    const auto first = f.get(f.bus.list(f.one, 3, ""));
    REQUIRE(first.items.size() == 3);
    const auto second = f.get(f.bus.list(f.one, 3, first.next_cursor));
    REQUIRE(second.items.size() == 2);
    CHECK(second.items[0].number == 2);
    CHECK(second.next_cursor.empty());
    CHECK(f.error(f.bus.list(f.two, 3, first.next_cursor)) == ErrorCode::invalid_argument);
    auto forged = first.next_cursor;
    forged.back() = forged.back() == 'A' ? 'B' : 'A';
    CHECK(f.error(f.bus.list(f.one, 3, forged)) == ErrorCode::invalid_argument);
}

TEST_CASE("a listener hears what is committed from now on, in order, and only of its workspace",
          "[events]") {
    Fixture f;
    f.happen(f.one, 2);
    auto mine = f.bus.subscribe(f.one);
    auto theirs = f.bus.subscribe(f.two);
    f.done(mine->add("events"));
    f.done(theirs->add("events"));
    CHECK(f.take(*mine).empty());
    f.happen(f.one, 3);
    CHECK(f.numbers(*mine, 3) == range_of(3, 5));
    CHECK(f.take(*theirs).empty());
    f.happen(f.one);
    CHECK(f.numbers(*mine, 1) == range_of(6, 6));
}

TEST_CASE("a resumed listener misses nothing, however far it is behind", "[events]") {
    Fixture f;
    f.happen(f.one, 900);
    auto ahead = f.bus.subscribe(f.one);
    f.done(ahead->add("events"));
    f.happen(f.one, 1500);  // more than is kept in memory
    CHECK(f.numbers(*ahead, 1500) == range_of(901, 2400));
    auto late = f.bus.subscribe(f.one);
    f.done(late->add("events", 10));
    CHECK(f.numbers(*late, 2390) == range_of(11, 2400));
    CHECK(f.take(*late).empty());
    f.happen(f.one);
    CHECK(f.numbers(*late, 1) == range_of(2401, 2401));
}

TEST_CASE("a listener whose history is gone is told to reload and goes on from there", "[events]") {
    Fixture f;
    f.happen(f.one, 600);
    f.clock.advance(std::chrono::hours(24 * 31));
    f.happen(f.one, 2);
    CHECK(f.get(f.bus.trim(f.clock.now() - std::chrono::hours(24 * 30))) == 600);
    auto late = f.bus.subscribe(f.one);
    f.done(late->add("events", 5));
    const auto got = f.wait(*late);
    REQUIRE(got.size() == 1);
    CHECK(got[0].resync);
    CHECK(got[0].number == 602);
    f.happen(f.one);
    CHECK(f.numbers(*late, 1) == range_of(603, 603));

    SECTION("a number that was never given is the same case") {
        auto beyond = f.bus.subscribe(f.one);
        f.done(beyond->add("events", 10'000));
        const auto told = f.wait(*beyond);
        REQUIRE(told.size() == 1);
        CHECK(told[0].resync);
        CHECK(told[0].number == 603);
    }
}

TEST_CASE("trimming keeps the newest event, so that numbering goes on", "[events]") {
    Fixture f;
    f.happen(f.one, 4);
    f.happen(f.two, 2);
    f.clock.advance(std::chrono::hours(1));
    CHECK(f.get(f.bus.trim(f.clock.now())) == 4);
    f.happen(f.one);
    const auto list = f.get(f.bus.list(f.one, 50, ""));
    REQUIRE(list.items.size() == 2);
    CHECK(list.items[0].number == 5);
    CHECK(list.items[1].number == 4);
}

TEST_CASE("a run's topic tells its journal from the start and then as it grows", "[events]") {
    Fixture f;
    const auto run = RunId::make(f.clock.now(), f.random);
    Journal journal(f.one, run);
    f.bus.set_run_feed(&journal);
    journal.size = 700;
    const auto topic = Bus::run_topic(run);
    auto viewer = f.bus.subscribe(f.one);
    f.done(viewer->add(topic));
    CHECK(f.numbers(*viewer, 700) == range_of(1, 700));
    CHECK(f.take(*viewer).empty());
    journal.size = 702;
    f.bus.run_changed(f.one, run);
    CHECK(f.numbers(*viewer, 2) == range_of(701, 702));

    auto resumed = f.bus.subscribe(f.one);
    f.done(resumed->add(topic, 700));
    CHECK(f.numbers(*resumed, 2) == range_of(701, 702));

    auto stranger = f.bus.subscribe(f.two);
    CHECK(f.error(stranger->add(topic)) == ErrorCode::not_found);
    CHECK(f.error(stranger->add("run/nonsense")) == ErrorCode::invalid_argument);
    CHECK(f.error(stranger->add("everything")) == ErrorCode::invalid_argument);
    CHECK_FALSE(f.bus.has_listeners(f.two, topic));
}

TEST_CASE("a number beyond a run's journal starts it again with a resync", "[events]") {
    Fixture f;
    const auto run = RunId::make(f.clock.now(), f.random);
    Journal journal(f.one, run);
    f.bus.set_run_feed(&journal);
    journal.size = 2;
    auto viewer = f.bus.subscribe(f.one);
    f.done(viewer->add(Bus::run_topic(run), 99));
    auto got = f.wait(*viewer);
    REQUIRE_FALSE(got.empty());
    CHECK(got[0].resync);
    CHECK(got[0].number == 0);
    CHECK(f.numbers(*viewer, 2) == range_of(1, 2));
}

TEST_CASE("live messages reach present listeners of the topic and nobody else", "[events]") {
    Fixture f;
    const auto run = RunId::make(f.clock.now(), f.random);
    Journal journal(f.one, run);
    f.bus.set_run_feed(&journal);
    const auto topic = Bus::run_topic(run);
    CHECK_FALSE(f.bus.has_listeners(f.one, topic));
    f.bus.publish_live(f.one, topic, {{"lost", true}});
    auto viewer = f.bus.subscribe(f.one);
    f.done(viewer->add(topic));
    CHECK(f.take(*viewer).empty());
    CHECK(f.bus.has_listeners(f.one, topic));
    f.bus.publish_live(f.two, topic, {{"foreign", true}});
    f.bus.publish_live(f.one, topic, {{"percent", 40}});
    const auto got = f.wait(*viewer);
    REQUIRE(got.size() == 1);
    CHECK_FALSE(got[0].number);
    CHECK(*got[0].text == R"({"percent":40})");
    viewer->remove(topic);
    CHECK_FALSE(f.bus.has_listeners(f.one, topic));
}

TEST_CASE("a listener that does not listen is dropped, not waited for", "[events]") {
    Fixture f;
    auto lazy = f.bus.subscribe(f.one);
    f.done(lazy->add("events"));
    for (int i = 0; i < 2000; ++i) f.bus.publish_live(f.one, "events", {{"i", i}});
    CHECK(f.error(lazy->next(f.clock.now())) == ErrorCode::unavailable);
}

TEST_CASE("stopping ends every subscription", "[events]") {
    Fixture f;
    auto listener = f.bus.subscribe(f.one);
    f.done(listener->add("events"));
    f.run(f.bus.stop());
    CHECK(f.error(listener->next(f.clock.now() + std::chrono::hours(1))) == ErrorCode::cancelled);
    f.run(f.bus.stop());
}

TEST_CASE("numbers and cursors go on after a restart", "[events]") {
    Fixture f;
    const std::string key(32, 'k');
    f.bus.set_cursor_key(key);
    f.happen(f.one, 3);
    const auto page = f.get(f.bus.list(f.one, 2, ""));
    f.run(f.bus.stop());
    f.close();
    f.open();
    Bus again(f.loop, *f.storage);
    again.set_cursor_key(key);
    storage::WriteUnit unit;
    append(unit, f.one, f.event("run.started"));
    f.done(f.storage->submit(std::move(unit)));
    CHECK(f.get(again.list(f.one, 2, page.next_cursor)).items.at(0).number == 1);
    CHECK(f.get(again.list(f.one, 2, "")).items.at(0).number == 4);
    f.run(again.stop());
}

TEST_CASE("the statements of events keep storage's rules", "[events]") {
    std::vector<const storage::Query*> own;
    for (const auto* query : storage::Query::all())
        if (std::string_view(query->name()).starts_with("events.")) own.push_back(query);
    REQUIRE(own.size() >= 6);
    const auto findings = storage::audit_queries(storage::built_in_migrations(), own, {});
    REQUIRE(findings);
    for (const auto& finding : *findings) {
        CAPTURE(finding.query, finding.problem);
        CHECK(finding.query.empty());
    }
}
