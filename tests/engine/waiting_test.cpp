#include <catch2/catch.hpp>

#include "engine/engine_world.hpp"

namespace sluice::engine::test {

namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

Json napping(std::string duration, Json settings = Json::object()) {
    return graph({step("first", "pure", {{"n", 1}}), step("nap", "wait", {{"for", std::move(duration)}}), step("last", "call")},
                 {arrow("first", "nap"), arrow("nap", "last")}, {{"settings", std::move(settings)}});
}

RunStatus status(EngineWorld& w, RunId id) { return w.get(w.engine->get(w.workspace, id)).status; }

/// Waits until nothing is in memory any more.
void forgotten(EngineWorld& w) {
    w.until([&] { return w.engine->statistics().active_runs == 0; });
}

}  // namespace

TEST_CASE("a run that waits long leaves memory and goes on when its timer is due, not before", "[engine][waiting]") {
    EngineWorld w;
    const Time due = w.clock.now() + hours(1);
    const RunId id = w.begin(w.publish(napping("1h")));
    forgotten(w);
    CHECK(w.engine->statistics().waiting_runs == 1);
    CHECK(w.engine->queue(w.workspace).running == 0);
    CHECK(status(w, id) == RunStatus::waiting);
    SECTION("in the same process") {}
    SECTION("in the next process, which did not read it at its start") {
        w.restart();
        CHECK(w.engine->statistics().recovered == 0);
        CHECK(w.engine->statistics().active_runs == 0);
        CHECK(w.engine->statistics().waiting_runs == 1);
    }
    w.clock.advance(due - milliseconds(1) - w.clock.now());
    for (int i = 0; i < 20; ++i) w.run(w.pause());
    CHECK(status(w, id) == RunStatus::waiting);
    CHECK(w.executions["last"] == 0);
    w.clock.advance(milliseconds(1));
    w.until([&] { return status(w, id) == RunStatus::succeeded; });
    CHECK(w.executions["last"] == 1);
    CHECK(w.engine->statistics().waiting_runs == 0);
    CHECK(w.engine->queue(w.workspace).running == 0);
}

TEST_CASE("a short wait stays in memory and keeps its slot", "[engine][waiting]") {
    EngineWorld w;
    const RunId id = w.begin(w.publish(napping("9s")));
    w.until([&] { return status(w, id) == RunStatus::waiting; });
    for (int i = 0; i < 20; ++i) w.run(w.pause());
    CHECK(w.engine->statistics().active_runs == 1);
    CHECK(w.engine->queue(w.workspace).running == 1);
    w.clock.advance(seconds(9));
    CHECK(w.end(id).status == RunStatus::succeeded);
}

TEST_CASE("the timeout of a run reaches it outside of memory, also after a restart", "[engine][waiting]") {
    EngineWorld w;
    const RunId id = w.begin(w.publish(napping("1h", {{"timeout", "30m"}})));
    forgotten(w);
    if (GENERATE(false, true)) w.restart();
    w.clock.advance(minutes(30));
    w.until([&] { return status(w, id) == RunStatus::timed_out; });
    CHECK(w.executions["last"] == 0);
    CHECK(w.engine->statistics().waiting_runs == 0);
}

TEST_CASE("who waits for a run that left memory gets its end", "[engine][waiting]") {
    EngineWorld w;
    const RunId id = w.begin(w.publish(napping("1h")));
    forgotten(w);
    std::optional<Result<bool>> ended;
    const auto look = [](EngineWorld& world, RunId run, std::optional<Result<bool>>& out) -> Awaitable<void> {
        out = co_await world.engine->wait(world.workspace, run, world.clock.now() + hours(2));
    };
    runtime::TaskGroup tasks(w.loop);
    tasks.spawn("look", look(w, id, ended));
    for (int i = 0; i < 5; ++i) w.run(w.pause());
    CHECK_FALSE(ended);
    w.clock.advance(hours(1));
    w.until([&] { return ended.has_value(); });
    REQUIRE(*ended);
    CHECK(**ended);
    w.run(tasks.join());
}

TEST_CASE("what is done to a run outside of memory brings it back, and it leaves again", "[engine][waiting]") {
    EngineWorld w;
    const RunId id = w.begin(w.publish(napping("1h")));
    forgotten(w);
    SECTION("cancelled: nothing more of it is left") {
        w.done(w.engine->cancel(w.workspace, id, "enough"));
        CHECK(status(w, id) == RunStatus::cancelled);
        CHECK(w.engine->statistics().waiting_runs == 0);
        w.clock.advance(hours(2));
        for (int i = 0; i < 20; ++i) w.run(w.pause());
        CHECK(w.executions["last"] == 0);
    }
    SECTION("paused over its timer: it goes on when it is resumed") {
        w.done(w.engine->pause(w.workspace, id, "ann", "lunch"));
        CHECK(status(w, id) == RunStatus::paused);
        forgotten(w);
        w.clock.advance(hours(2));
        for (int i = 0; i < 50; ++i) w.run(w.pause());
        CHECK(w.executions["last"] == 0);
        w.done(w.engine->resume(w.workspace, id, "ann"));
        w.until([&] { return status(w, id) == RunStatus::succeeded; });
        CHECK(w.executions["last"] == 1);
    }
    SECTION("a demand that fails leaves it as it was") {
        const auto refused = w.run(w.engine->decide(w.workspace, id, {"nap", Decision::retry, {}, "ann", ""}));
        REQUIRE_FALSE(refused);
        w.clock.advance(seconds(11));
        forgotten(w);
        CHECK(status(w, id) == RunStatus::waiting);
    }
    SECTION("the next process goes on from there") {
        w.done(w.engine->pause(w.workspace, id, "ann", ""));
        w.done(w.engine->resume(w.workspace, id, "ann"));
        w.restart();
        w.clock.advance(hours(1));
        w.until([&] { return status(w, id) == RunStatus::succeeded; });
    }
}

TEST_CASE("an unknown step waits outside of memory for a person's word", "[engine][waiting]") {
    EngineWorld w;
    bool crash = true;
    w.answers["pay"] = [&](flows::StepContext&) -> Result<flows::StepOutput> {
        if (crash) throw boost::system::system_error(boost::asio::error::operation_aborted);
        flows::StepOutput out;
        out.output = {{"paid", true}};
        return out;
    };
    const RunId id = w.begin(w.publish(graph({step("pay", "once")}, {})));
    w.until([&] { return w.executions["pay"] == 1; });
    w.restart();  // the step had started and has no end
    w.until([&] { return status(w, id) == RunStatus::waiting; });
    forgotten(w);
    w.done(w.engine->decide(w.workspace, id, {"pay", Decision::succeed, {{"paid", true}}, "ann", ""}));
    w.until([&] { return status(w, id) == RunStatus::succeeded; });
    CHECK(w.executions["pay"] == 1);
}

TEST_CASE("a thousand runs with the same timer all go on", "[engine][waiting]") {
    EngineWorld w;
    const auto flow = w.publish(napping("1h"));
    std::vector<RunId> ids;
    for (int i = 0; i < 1000; ++i) ids.push_back(w.begin(flow));
    forgotten(w);
    CHECK(w.engine->statistics().waiting_runs == 1000);
    w.restart();
    w.clock.advance(hours(1));
    for (const RunId id : ids) CHECK(w.end(id).status == RunStatus::succeeded);
    CHECK(w.executions["last"] == 1000);
}

TEST_CASE("a delayed run starts at its time in the next process too, and its clock runs from its start", "[engine][queue]") {
    EngineWorld w;
    const auto flow = w.publish(napping("5m", {{"timeout", "10m"}}));
    StartRun wanted;
    wanted.workspace = w.workspace;
    wanted.flow_id = flow;
    wanted.runnable = w.get(w.flows->runnable(w.workspace, flow, 0));
    wanted.run_at = w.clock.now() + hours(3);
    const Time at = *wanted.run_at;
    auto started = w.engine->start_run(std::move(wanted));
    REQUIRE(started);
    const auto handle = std::get<std::shared_ptr<RunHandle>>(*started);
    w.run(EngineWorld::accepted(handle));
    CHECK(handle->queued);
    const RunId id = handle->id;
    CHECK(status(w, id) == RunStatus::queued);
    if (GENERATE(false, true)) w.restart();
    CHECK(w.engine->queue(w.workspace).delayed == 1);
    w.clock.advance(at - seconds(1) - w.clock.now());
    for (int i = 0; i < 20; ++i) w.run(w.pause());
    CHECK(status(w, id) == RunStatus::queued);
    w.clock.advance(seconds(1));
    w.until([&] { return status(w, id) == RunStatus::waiting; });
    CHECK(w.get(w.engine->get(w.workspace, id)).started_at == at);
    // Had its timeout counted from the acceptance, it would have ended long ago.
    w.clock.advance(minutes(5));
    w.until([&] { return status(w, id) == RunStatus::succeeded; });
}

}  // namespace sluice::engine::test
