// Which ended runs are removed, when, and what goes with them.

#include "engine/engine_world.hpp"
#include "sluice/storage/blobs.hpp"
#include "sluice/storage/tx.hpp"

namespace sluice::engine::test {

namespace {

using std::chrono::hours;
constexpr Duration day = hours(24);

const storage::Query count_entries{"test.count_entries", "SELECT count(*) FROM run_event", storage::Query::Note::scan};
const storage::Query count_blobs{"test.count_blobs", "SELECT count(*) FROM blob_ref", storage::Query::Note::scan};
const storage::Query count_removals{"test.count_removals", "SELECT count(*) FROM run_removal", storage::Query::Note::scan};

std::int64_t count(EngineWorld& w, const storage::Query& query) {
    auto job = [&query](storage::ReadTx& tx) {
        return tx.find<std::int64_t>(query, {}, [](const storage::Row& row) { return row.integer(0); });
    };
    return *w.get(w.storage->read(std::move(job)));
}

std::size_t clean(EngineWorld& w, RetentionOptions options = {}) {
    return w.get(remove_expired_runs(*w.storage, w.loop, options));
}

bool there(EngineWorld& w, RunId id) { return sluice::testing::run(w.loop, w.engine->get(w.workspace, id)).has_value(); }

Json asking(Json settings = Json::object()) { return graph({step("ask", "call")}, {}, {{"settings", std::move(settings)}}); }

}  // namespace

TEST_CASE("succeeded runs go after thirty days, failed ones after ninety, running ones never", "[engine][retention]") {
    EngineWorld w;
    const auto flow = w.publish(asking());
    const RunId good = w.whole(flow).id;
    w.answers["ask"] = failing(ErrorCode::invalid_argument, "no");
    const auto broken = w.publish(graph({step("p", "pure", {{"fail", "as told"}})}, {}, {{"output", "{{ 1 }}"}}));
    const RunId bad = w.whole(broken).id;
    const auto napping = w.publish(graph({step("nap", "wait", {{"for", "100000h"}})}, {}));
    const RunId open = w.begin(napping);
    const RunId cancelled = w.begin(napping);
    w.done(w.engine->cancel(w.workspace, cancelled, "enough"));

    CHECK(clean(w) == 0);
    w.clock.advance(day * 30 - hours(1));
    CHECK(clean(w) == 0);
    w.clock.advance(hours(2));
    CHECK(clean(w) == 2);
    CHECK_FALSE(there(w, good));
    CHECK_FALSE(there(w, cancelled));
    CHECK(there(w, bad));
    CHECK(there(w, open));
    CHECK(w.error(w.engine->run_events(w.workspace, good, 0, 10)) == ErrorCode::not_found);
    w.clock.advance(day * 400);
    CHECK(clean(w, {.failed = Duration(0)}) == 0);   // zero: for ever
    CHECK(there(w, open));
}

TEST_CASE("a flow's own retention goes before the server's, by the version that the run used", "[engine][retention]") {
    EngineWorld w;
    const auto brief = w.publish(asking({{"retention", {{"succeeded", "1h"}}}}));
    const auto kept = w.publish(asking({{"retention", {{"succeeded", "0s"}}}}));
    const RunId first = w.whole(brief).id, second = w.whole(kept).id;
    Json changed = asking({{"retention", {{"succeeded", "9999h"}}}});
    changed["name"] = "flow1";
    w.get(w.flows->update(w.workspace, brief, std::move(changed), true, "", "tester", {}));
    w.clock.advance(hours(2));
    CHECK(clean(w) == 1);
    CHECK_FALSE(there(w, first));
    w.clock.advance(day * 5000);
    CHECK(clean(w) == 0);
    CHECK(there(w, second));
}

TEST_CASE("a long journal and its large values go whole, also when the process dies in between", "[engine][retention]") {
    EngineWorld w;
    Json items = Json::array();
    for (int i = 0; i < 900; ++i) items.push_back(i);
    const Json body = graph({step("n", "pure", {{"n", 1}})}, {});
    const auto flow = w.publish(graph({step("each", "each", {{"items", items}, {"body", body}}), step("ask", "call")}, {}));
    w.answers["ask"] = giving(std::string(200'000, 'x'));
    const RunId id = w.whole(flow).id;
    REQUIRE(count(w, count_entries) > 900);
    REQUIRE(count(w, count_blobs) >= 1);
    w.clock.advance(day * 31);
    SECTION("in one go") { CHECK(clean(w) == 1); }
    SECTION("cut off after the row, taken up after a restart") {
        Awaitable<Result<std::size_t>> removing = remove_expired_runs(*w.storage, w.loop, {});
        // The row is removed by the first unit; its journal would follow when the loop goes on.
        boost::asio::co_spawn(w.loop.context(), std::move(removing), [](std::exception_ptr, Result<std::size_t>) {});
        w.until([&] { return count(w, count_removals) == 1 || count(w, count_entries) == 0; });
        w.restart();
        CHECK(clean(w) == 0);   // no further row; only what was left of the journal
    }
    CHECK_FALSE(there(w, id));
    CHECK(count(w, count_entries) == 0);
    CHECK(count(w, count_blobs) == 0);
    CHECK(count(w, count_removals) == 0);
}

TEST_CASE("beyond the cap of space the oldest ended runs go first", "[engine][retention]") {
    EngineWorld w;
    w.answers["ask"] = giving(std::string(10'000, 'x'));
    const auto flow = w.publish(asking());
    std::vector<RunId> runs;
    for (int i = 0; i < 10; ++i) {
        runs.push_back(w.whole(flow).id);
        w.clock.advance(std::chrono::seconds(1));
    }
    CHECK(clean(w, {.max_runs_bytes = 1'000'000}) == 0);
    const std::size_t removed = clean(w, {.max_runs_bytes = 120'000});  // each takes the answer twice: the step's and the run's
    CHECK(removed >= 4);
    CHECK(removed < 8);
    for (std::size_t i = 0; i < runs.size(); ++i) CHECK(there(w, runs[i]) == (i >= removed));
    CHECK(clean(w, {.max_runs_bytes = 120'000}) == 0);
}

TEST_CASE("a run that was read back after a crash knows how much it takes", "[engine][retention]") {
    EngineWorld w;
    w.answers["ask"] = giving(std::string(50'000, 'x'));
    const auto flow = w.publish(graph({step("ask", "call"), step("nap", "wait", {{"for", "1h"}})}, {arrow("ask", "nap")}));
    const RunId id = w.begin(flow);
    w.until([&] { return w.get(w.engine->steps(w.workspace, id, {0, 1, {StepStatus::waiting}})).total == 1; });
    w.restart();
    w.clock.advance(hours(1));
    REQUIRE(w.end(id).status == RunStatus::succeeded);
    w.clock.advance(std::chrono::seconds(1));
    CHECK(clean(w, {.max_runs_bytes = 45'000}) == 1);
}

}  // namespace sluice::engine::test
