// settings.max_attempts over nested runs: what sub-runs use counts, also after a restart.

#include "engine/engine_world.hpp"
#include "engine/large_house.hpp"

namespace sluice::engine::test {

namespace {

/// Adds a step that runs the flow `config.name` and waits for it, as `subflow` does.
struct Nest : EngineWorld {
    Nest() {
        auto type = test_type("sub", flows::NodeKind::task, flows::Effect::keyed);
        type.run = [this](flows::StepContext& context) { return run_inner(*this, context); };
        types.add(std::move(type));
        answers["ask"] = failing(ErrorCode::upstream_failed, "down", true);
    }
    static Awaitable<Result<flows::StepOutput>> run_inner(Nest& nest, flows::StepContext& context) {
        SubRun inner;
        inner.parent = context.run();
        inner.path = context.path();
        inner.key = context.idempotency_key();
        inner.flow = base::string_or(context.input().config, "name", "");
        inner.attempt = context.attempt();
        inner.input = Json::object();
        auto answer = co_await nest.engine->run_sub_run(context.workspace(), std::move(inner));
        if (!answer) co_return fail(std::move(answer.error()));
        co_return flows::StepOutput{std::move(*answer)};
    }
    static Json tried(int attempts, std::string backoff = "1s") {
        return {{"retry", {{"max_attempts", attempts}, {"backoff", std::move(backoff)}, {"factor", 1}, {"jitter", 0}}}};
    }
    FlowId flow(std::string name, const std::vector<Json>& steps, Json settings = Json::object()) {
        Json document = graph(steps, {});
        document["name"] = std::move(name);
        document["settings"] = std::move(settings);
        return publish(std::move(document));
    }
    /// Moves time on until the run has ended.
    Run ended(RunId id) {
        for (int turn = 0; turn < 100'000; ++turn) {
            auto row = get(engine->get(workspace, id));
            if (is_terminal(row.status)) return row;
            clock.advance(std::chrono::milliseconds(200));
        }
        FAIL("the run does not end");
        return {};
    }
    void until_asked(int times) {
        until([&] {
            clock.advance(std::chrono::milliseconds(50));
            return executions["ask"] >= times;
        });
    }
    /// Until so many attempts are recorded as failed: what a crash cannot make undone.
    void until_recorded(int times) {
        until([&] {
            int failed = 0;
            for (const Run& each : get(engine->list(workspace, RunFilter{}, 10, "")).items)
                for (const Json& event : get(engine->run_events(workspace, each.id, 0, 1000))) failed += event["kind"] == "step.attempt_failed";
            return failed >= times;
        });
    }
    static Json limit(int attempts) { return {{"max_attempts", attempts}}; }
};

Json calling(std::string id, std::string flow, Json more = Json::object()) {
    return step(std::move(id), "sub", {{"name", std::move(flow)}}, std::move(more));
}

}  // namespace

TEST_CASE("attempts of a sub-run count against the budget of the run around it", "[engine][attempts]") {
    Nest w;
    w.flow("inner", {step("ask", "call", Json::object(), Nest::tried(50))});
    const auto outer = w.flow("outer", {calling("go", "inner")}, Nest::limit(4));
    const Run run = w.ended(w.begin(outer));
    CHECK(run.status == RunStatus::failed);
    CHECK(w.executions["ask"] == 4);
    CHECK_THAT(base::dump_json(*run.error), Catch::Contains("the 4 attempts of a run around this one are used up (settings.max_attempts)"));
    CHECK(run.totals.attempts == 5);   // with the step that waited
}

TEST_CASE("a sub-run's own budget is a further, tighter limit, and its retries count on", "[engine][attempts]") {
    Nest w;
    w.flow("inner", {step("ask", "call", Json::object(), Nest::tried(50))}, Nest::limit(2));
    const auto outer = w.flow("outer", {calling("go", "inner", Nest::tried(50))}, Nest::limit(6));
    const Run run = w.ended(w.begin(outer));
    CHECK(w.executions["ask"] == 4);    // twice two, and the step itself twice
    CHECK(run.totals.attempts == 6);
    CHECK_THAT(base::dump_json(*run.error), Catch::Contains("the run's 6 attempts are used up"));
}

TEST_CASE("the budget reaches through runs that have none", "[engine][attempts]") {
    Nest w;
    w.flow("inner", {step("ask", "call", Json::object(), Nest::tried(50))});
    w.flow("middle", {calling("deeper", "inner")});
    const auto outer = w.flow("outer", {calling("go", "middle")}, Nest::limit(3));
    CHECK(w.ended(w.begin(outer)).totals.attempts == 5);
    CHECK(w.executions["ask"] == 3);
}

TEST_CASE("sub-runs side by side draw on one budget", "[engine][attempts]") {
    Nest w;
    w.flow("inner", {step("ask", "call", Json::object(), Nest::tried(50))});
    const auto outer = w.flow("outer", {calling("a", "inner", {{"on_error", "continue"}}), calling("b", "inner", {{"on_error", "continue"}})},
                              Nest::limit(6));
    CHECK(w.ended(w.begin(outer)).status == RunStatus::succeeded);
    // What is under way when the last attempt is used up still ends; nothing is tried again after that.
    CHECK(w.executions["ask"] >= 6);
    CHECK(w.executions["ask"] <= 7);
}

TEST_CASE("without a limit nothing of a sub-run is noted in the run around it", "[engine][attempts]") {
    Nest w;
    w.flow("inner", {step("ask", "call", Json::object(), Nest::tried(3))});
    const RunId run = w.begin(w.flow("outer", {calling("go", "inner")}));
    w.ended(run);
    CHECK(w.executions["ask"] == 3);
    for (const Json& event : w.get(w.engine->run_events(w.workspace, run, 0, 100))) CHECK(event["kind"] != "step.attempts");
}

TEST_CASE("a restart forgets no attempt of a sub-run", "[engine][attempts]") {
    Nest w;
    w.flow("inner", {step("ask", "call", Json::object(), Nest::tried(50, "5s"))});
    const auto outer = w.flow("outer", {calling("go", "inner")}, Nest::limit(5));
    const RunId run = w.begin(outer);
    for (const int asked : {2, 4}) {
        w.until_asked(asked);
        w.until_recorded(asked);
        w.restart();
    }
    CHECK(w.ended(run).status == RunStatus::failed);
    CHECK(w.executions["ask"] == 5);
}

TEST_CASE("a sub-run keeps to what was left at its start while the run around it is paused", "[engine][attempts]") {
    Nest w;
    w.flow("inner", {step("ask", "call", Json::object(), Nest::tried(50, "5s"))});
    const auto outer = w.flow("outer", {calling("go", "inner")}, Nest::limit(4));
    const RunId run = w.begin(outer);
    w.until_asked(1);
    w.get(w.engine->pause(w.workspace, run, "ann", ""));
    w.restart();   // the paused run's step does not wait for it any more
    w.until_asked(4);
    for (int i = 0; i < 10; ++i) {
        w.clock.advance(std::chrono::seconds(10));
        w.run(w.pause());
    }
    CHECK(w.executions["ask"] == 4);
    w.get(w.engine->resume(w.workspace, run, "ann"));
    CHECK(w.ended(run).status == RunStatus::failed);
    CHECK(w.executions["ask"] == 4);   // the step begins once more after the crash, and finds nothing left
}

TEST_CASE("a retry begins the attempts anew, those of the sub-run as well", "[engine][attempts]") {
    Nest w;
    w.flow("inner", {step("ask", "call", Json::object(), Nest::tried(50))});
    const auto outer = w.flow("outer", {calling("go", "inner")}, Nest::limit(3));
    const RunId run = w.begin(outer);
    w.ended(run);
    CHECK(w.executions["ask"] == 3);
    w.get(w.engine->retry(w.workspace, run, "ann", ""));
    w.ended(run);
    CHECK(w.executions["ask"] == 6);
}

TEST_CASE("what the sub-run of an undoing that failed had used before a retry counts once", "[engine][attempts]") {
    const Json nodes = {node("book", "keyed"), node("unbook", "keyed"), node("pay", "keyed")};
    const Json document = flow(nodes, {edge("book", "unbook", {{"on", "rollback"}}), edge("book", "pay")}, {{"settings", Nest::limit(20)}});
    const Error down{ErrorCode::upstream_failed, "down"};
    const auto told = [](House& house, int attempts) {
        const std::size_t before = house.journal.size();
        house.take(house.machine.handle(event::SubAttempts{"unbook", attempts}, house.now, house.random));
        return house.journal.size() > before;
    };
    House first(document);
    first.end("book", Json::object());
    first.fail("pay", down);
    CHECK(told(first, 2));
    first.fail("unbook", down);
    REQUIRE(first.machine.finished());
    House again(document, first.journal, Then::retry);
    again.fail("pay", down);
    CHECK_FALSE(told(again, 2));   // under the same key it finds the run that it had begun
    CHECK(told(again, 3));
}

}  // namespace sluice::engine::test
