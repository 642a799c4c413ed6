// Lists of runs by every filter, their bound, and the histogram.

#include "engine/engine_world.hpp"
#include "engine/id_range.hpp"
#include "engine/run_match.hpp"
#include "engine/run_search_store.hpp"
#include "sluice/storage/tx.hpp"

using namespace sluice;
using namespace sluice::engine;
using namespace sluice::engine::test;
using storage::to_value;

namespace {

const storage::Query insert_ended{"test.insert_run", R"sql(
    INSERT INTO run (workspace_id, id, flow_id, flow_version, flow_name, project, trigger, status, created_at_us, finished_at_us, error)
    VALUES (?1, ?2, ?3, 1, ?4, 'default', ?5, ?6, ?7, ?7, ?8))sql"};

struct SearchWorld : EngineWorld {
    struct Row {
        FlowId flow;
        std::string name = "orders", trigger = "api", status = "succeeded";
        std::optional<std::string> error{};
    };

    /// `count` ended runs, one each `step`, the first at `from`.
    std::vector<RunId> insert(const Row& row, std::size_t count, Time from, Duration step) {
        std::vector<RunId> ids;
        for (std::size_t i = 0; i < count; ++i) ids.push_back(RunId::make(from + step * static_cast<std::int64_t>(i), random));
        auto job = [this, row, ids, from, step](storage::Tx& tx) -> Result<int> {
            for (std::size_t i = 0; i < ids.size(); ++i) {
                const Time at = from + step * static_cast<std::int64_t>(i);
                auto done = tx.run(insert_ended, {to_value(workspace), to_value(ids[i]), to_value(row.flow), to_value(row.name),
                                                  to_value(row.trigger), to_value(row.status), to_value(at), to_value(row.error)});
                if (!done) return fail(std::move(done.error()));
            }
            return 0;
        };
        get(storage->write(std::move(job)));
        return ids;
    }

    RunList list(RunFilter filter, int limit = 50, std::string cursor = "") {
        return get(engine->list(workspace, std::move(filter), limit, std::move(cursor)));
    }
    std::vector<RunId> ids(RunFilter filter) {
        std::vector<RunId> out;
        for (const Run& run : list(std::move(filter), 200).items) out.push_back(run.id);
        return out;
    }
    RunHistogram histogram(RunFilter filter, Time from, Time to, int buckets) {
        filter.from = from;
        filter.to = to;
        return get(engine->histogram(workspace, std::move(filter), {from, to, buckets}));
    }
};

RunFilter with_text(std::string text) {
    RunFilter filter;
    filter.text = std::move(text);
    return filter;
}

std::int64_t total(const RunHistogram& histogram, RunStatus status) {
    std::int64_t sum = 0;
    for (const auto& counts : histogram.buckets) sum += counts[static_cast<std::size_t>(status)];
    return sum;
}

constexpr Duration minute = std::chrono::minutes(1);

}  // namespace

TEST_CASE("a list of runs of several statuses is in the order of their making", "[engine][search]") {
    SearchWorld w;
    const FlowId flow = FlowId::make(w.clock.now(), w.random);
    const Time start = w.clock.now();
    const auto failed = w.insert({flow, "orders", "api", "failed"}, 3, start, 2 * minute);
    const auto late = w.insert({flow, "orders", "api", "timed_out"}, 3, start + minute, 2 * minute);
    w.insert({flow}, 5, start, minute);
    RunFilter filter;
    filter.statuses = {RunStatus::failed, RunStatus::timed_out};
    CHECK(w.ids(filter) == std::vector{late[2], failed[2], late[1], failed[1], late[0], failed[0]});

    SECTION("page by page as well") {
        std::vector<RunId> seen;
        std::string cursor;
        do {
            const auto page = w.list(filter, 2, cursor);
            CHECK(page.items.size() <= 2);
            for (const Run& run : page.items) seen.push_back(run.id);
            cursor = page.next_cursor;
        } while (!cursor.empty());
        CHECK(seen == w.ids(filter));
    }
    SECTION("with those that succeeded among them") {
        filter.statuses = {RunStatus::succeeded, RunStatus::failed};
        CHECK(w.ids(filter).size() == 8);
    }
    SECTION("a cursor is for its own filter") {
        const auto page = w.list(filter, 2);
        CHECK(w.error(w.engine->list(w.workspace, {}, 2, page.next_cursor)) == ErrorCode::invalid_argument);
        RunFilter other = filter;
        other.text = "orders";
        CHECK(w.error(w.engine->list(w.workspace, other, 2, page.next_cursor)) == ErrorCode::invalid_argument);
    }
}

TEST_CASE("a list of runs is limited by time, flow, version, trigger and parent", "[engine][search]") {
    SearchWorld w;
    const Time start = w.clock.now();
    const FlowId one = FlowId::make(start, w.random), two = FlowId::make(start, w.random);
    const auto orders = w.insert({one}, 10, start, minute);
    const auto mails = w.insert({two, "mails", "cli"}, 4, start + std::chrono::seconds(30), minute);
    RunFilter filter;
    filter.from = start + 3 * minute;
    filter.to = start + 5 * minute;
    CHECK(w.ids(filter) == std::vector{orders[4], mails[3], orders[3]});
    filter = {};
    filter.flow = two;
    CHECK(w.ids(filter).size() == 4);
    filter.version = 2;
    CHECK(w.ids(filter).empty());
    filter.version = 1;
    CHECK(w.ids(filter).size() == 4);
    filter = {};
    filter.flow_name = "mails";
    CHECK(w.ids(filter).size() == 4);
    filter = {};
    filter.trigger = "cli";
    CHECK(w.ids(filter).size() == 4);

    const FlowId inner = w.publish(graph({step("a", "call")}, {}));
    const RunId first = w.whole(inner).id;
    const RunId again = w.get(w.engine->rerun(w.workspace, first, {}));
    w.end(again);
    filter = {};
    filter.parent = first;
    CHECK(w.ids(filter) == std::vector{again});
    filter.statuses = {RunStatus::failed};
    CHECK(w.ids(filter).empty());
}

TEST_CASE("a run is found by its id's beginning or end, its flow's name and its error's message", "[engine][search]") {
    SearchWorld w;
    const Time start = w.clock.now();
    const FlowId flow = FlowId::make(start, w.random);
    const auto plain = w.insert({flow, "Orders.daily"}, 3, start, minute);
    const auto failed = w.insert({flow, "mails", "api", "failed", R"({"code": "upstream_failed", "message": "The printer is on Fire", "step": "print"})"}, 1,
                                 start + 5 * minute, minute);
    const std::string id = plain[1].str();
    CHECK(w.ids(with_text(id)) == std::vector{plain[1]});
    CHECK(w.ids(with_text(id.substr(0, id.size() - 2))) == std::vector{plain[1]});
    CHECK(w.ids(with_text("run_")).size() == 4);
    CHECK(w.ids(with_text(id.substr(id.size() - 6))) == std::vector{plain[1]});
    CHECK(w.ids(with_text("orders.")).size() == 3);
    CHECK(w.ids(with_text("on fire")) == failed);
    CHECK(w.ids(with_text("upstream")).empty());   // a code is no message
    CHECK(w.ids(with_text("nothing of the kind")).empty());

    SECTION("a caller who may not read the data of runs does not find them by messages") {
        RunFilter masked = with_text("on fire");
        masked.data.projects = "\n";
        CHECK(w.ids(masked).empty());
        masked.data.projects = "\nelsewhere\n";
        CHECK(w.ids(masked).empty());
        masked.data.projects = "\ndefault\n";
        CHECK(w.ids(masked) == failed);
    }
    SECTION("a caller sees the runs of its projects and flows") {
        RunFilter seen = with_text("on fire");
        seen.seen.flows = "\nOrders.daily\n";
        CHECK(w.ids(seen).empty());
        CHECK(w.ids([&] { RunFilter f; f.seen.flows = "\nOrders.daily\n"; return f; }()).size() == 3);
        CHECK(w.ids([&] { RunFilter f; f.project = "elsewhere"; return f; }()).empty());
    }
}

TEST_CASE("the ids that begin with a text are told by the text alone", "[engine][search]") {
    base::SeededRandom random(7);
    const RunId id = RunId::make(base::from_us(1'790'000'000'000'000), random);
    for (std::size_t length = 4; length <= id.str().size(); ++length) {
        CAPTURE(length);
        const auto span = store::ids_beginning(id.str().substr(0, length));
        REQUIRE(span);
        CHECK((span->first <= id && id <= span->last));
    }
    CHECK(store::ids_beginning(id.str())->first == id);
    CHECK_FALSE(store::ids_beginning("run_u"));              // no letter of an id
    CHECK_FALSE(store::ids_beginning("run_8"));              // beyond 128 bits
    CHECK_FALSE(store::ids_beginning("flw_0"));
    CHECK_FALSE(store::ids_beginning(id.str() + "0"));
    CHECK(store::contains_folded("The Printer", "print"));
    CHECK_FALSE(store::contains_folded("The", "then"));
}

TEST_CASE("a search that no index serves looks at a bounded number of runs, and goes on from there", "[engine][search][slow]") {
    SearchWorld w;
    const Time start = w.clock.now();
    const FlowId flow = FlowId::make(start, w.random);
    const auto needle = w.insert({flow, "rare"}, 1, start, minute);
    w.insert({flow}, 60'000, start + minute, std::chrono::milliseconds(10));
    const auto first = w.list(with_text("rare"));
    CHECK(first.items.empty());
    REQUIRE(first.searched_to);
    REQUIRE_FALSE(first.next_cursor.empty());
    const auto second = w.list(with_text("rare"), 50, first.next_cursor);
    REQUIRE(second.items.size() == 1);
    CHECK(second.items[0].id == needle[0]);
    CHECK(second.next_cursor.empty());
    CHECK_FALSE(second.searched_to);
}

TEST_CASE("a histogram counts runs by status in equal parts of time", "[engine][search]") {
    SearchWorld w;
    const Time start = base::from_us(base::to_us(w.clock.now()) / 60'000'000 * 60'000'000);
    const FlowId one = FlowId::make(start, w.random), two = FlowId::make(start, w.random);
    w.insert({one}, 10, start, minute);
    w.insert({two, "mails"}, 5, start, 2 * minute);
    w.insert({one, "orders", "api", "failed"}, 3, start, minute);
    w.insert({one}, 7, start - std::chrono::hours(2), minute);   // before
    w.insert({one}, 7, start + 10 * minute, minute);             // after
    const auto all = w.histogram({}, start, start + 10 * minute, 10);
    REQUIRE(all.buckets.size() == 10);
    CHECK(all.complete);
    CHECK(all.width == minute);
    const auto count = [](const RunHistogram& h, std::size_t bucket, RunStatus status) {
        return h.buckets[bucket][static_cast<std::size_t>(status)];
    };
    CHECK(count(all, 0, RunStatus::succeeded) == 2);
    CHECK(count(all, 1, RunStatus::succeeded) == 1);
    CHECK(count(all, 2, RunStatus::failed) == 1);
    CHECK(count(all, 3, RunStatus::failed) == 0);
    CHECK(total(all, RunStatus::succeeded) == 15);
    CHECK(total(all, RunStatus::failed) == 3);

    SECTION("of one flow") {
        RunFilter filter;
        filter.flow = two;
        const auto mails = w.histogram(filter, start, start + 10 * minute, 10);
        CHECK(total(mails, RunStatus::succeeded) == 5);
        CHECK(total(mails, RunStatus::failed) == 0);
    }
    SECTION("of some statuses") {
        RunFilter filter;
        filter.statuses = {RunStatus::failed};
        const auto failed = w.histogram(filter, start, start + 10 * minute, 10);
        CHECK(total(failed, RunStatus::failed) == 3);
        CHECK(total(failed, RunStatus::succeeded) == 0);
    }
    SECTION("the same where rows must be looked at") {
        RunFilter filter;
        filter.project = "default";
        CHECK(w.histogram(filter, start, start + 10 * minute, 10).buckets == all.buckets);
        filter.trigger = "cli";
        CHECK(total(w.histogram(filter, start, start + 10 * minute, 10), RunStatus::succeeded) == 0);
    }
    SECTION("runs under way are counted as such") {
        runtime::Signal gate(w.loop);
        w.hold = &gate;
        const FlowId slow = w.publish(graph({step("a", "call")}, {}));
        const RunId id = w.begin(slow);
        const Time now = w.clock.now();
        RunFilter filter;
        filter.flow = slow;
        const auto under_way = w.histogram(filter, now - minute, now + minute, 2);
        CHECK(total(under_way, RunStatus::running) == 1);
        CHECK(total(under_way, RunStatus::succeeded) == 0);
        gate.notify();
        w.end(id);
        CHECK(total(w.histogram(filter, now - minute, now + minute, 2), RunStatus::succeeded) == 1);
    }
    SECTION("a span that is none is refused") {
        CHECK(w.error(w.engine->histogram(w.workspace, {}, {start, start, 10})) == ErrorCode::invalid_argument);
        CHECK(w.error(w.engine->histogram(w.workspace, {}, {start, start + minute, 121})) == ErrorCode::invalid_argument);
        CHECK(w.error(w.engine->histogram(w.workspace, {}, {start, start + minute, 0})) == ErrorCode::invalid_argument);
    }
}

TEST_CASE("a histogram that must look at too many rows says from when on it has counted", "[engine][search][slow]") {
    SearchWorld w;
    const Time start = w.clock.now();
    const FlowId flow = FlowId::make(start, w.random);
    w.insert({flow}, 210'000, start, std::chrono::milliseconds(10));
    RunFilter filter;
    filter.trigger = "api";
    const Time end = start + std::chrono::milliseconds(10) * 210'000;
    const auto part = w.histogram(filter, start, end, 60);
    CHECK_FALSE(part.complete);
    CHECK(part.counted_from > start);
    CHECK(part.buckets.front() == RunHistogram::Counts{});
    CHECK(total(part, RunStatus::succeeded) > 190'000);
    CHECK(w.histogram({}, start, end, 60).complete);
    CHECK(total(w.histogram({}, start, end, 60), RunStatus::succeeded) == 210'000);
}
