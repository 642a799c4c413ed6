// Dead letters: made and closed with what they tell of, redriven one by one.

#include "engine/engine_world.hpp"
#include "sluice/engine/dead_letters.hpp"

namespace sluice::engine::test {

namespace {

struct Letters : EngineWorld {
    Letters() { open_letters(); }
    ~Letters() { close_letters(); }
    void open_letters() {
        letters = std::make_unique<DeadLetters>(loop, *storage, *engine, random);
    }
    void close_letters() { letters.reset(); }
    void reopen() {
        close_letters();
        restart();
        open_letters();
    }
    std::vector<DeadLetter> all(LetterFilter filter = {}) { return get(letters->list(workspace, std::move(filter), 200, "")).items; }
    std::vector<DeadLetter> open() { return all({.state = "open"}); }
    FlowId asking(Json more = Json::object()) { return publish(graph({step("ask", "call", Json::object(), std::move(more))}, {})); }
    /// Runs of the flow that fail, one second apart.
    std::vector<RunId> fail_runs(FlowId flow, int count) {
        answers["ask"] = failing(ErrorCode::upstream_failed, "down");
        std::vector<RunId> out;
        for (int i = 0; i < count; ++i) {
            out.push_back(whole(flow, {{"i", i}}).id);
            clock.advance(std::chrono::seconds(1));
        }
        return out;
    }
    std::string status(RunId id) { return std::string(to_string(get(engine->get(workspace, id)).status)); }

    std::unique_ptr<DeadLetters> letters;
};

}  // namespace

TEST_CASE("a run that fails at a step leaves a dead letter with cause, attempts, input and history", "[engine][dead_letters]") {
    Letters w;
    w.answers["ask"] = failing(ErrorCode::upstream_failed, "the pager is down", true);
    const auto flow = w.asking({{"retry", {{"max_attempts", 2}, {"backoff", "1s"}, {"jitter", 0}}}});
    const RunId id = w.begin(flow, {{"customer", 7}});
    w.until([&] { return w.executions["ask"] == 1; });
    CHECK(w.all().empty());
    w.until([&] { return w.get(w.engine->steps(w.workspace, id, {0, 1, {StepStatus::waiting}})).total == 1; });
    w.clock.advance(std::chrono::seconds(1));
    REQUIRE(w.end(id).status == RunStatus::failed);
    const auto letters = w.all();
    REQUIRE(letters.size() == 1);
    CHECK(letters[0].id.str().starts_with("dl_"));
    CHECK(letters[0].run == id);
    CHECK(letters[0].step == "ask");
    CHECK(letters[0].cause == "failed");
    CHECK(letters[0].code == "upstream_failed");
    CHECK_THAT(letters[0].message, Catch::StartsWith("the pager is down"));
    CHECK(letters[0].attempts == 2);
    CHECK(letters[0].state == "open");
    const Json detail = w.get(w.letters->detail(w.workspace, letters[0].id));
    CHECK(detail["input"] == Json{{"customer", 7}});
    REQUIRE(detail["history"].size() == 4);
    CHECK(detail["history"][0]["kind"] == "step.started");
    CHECK(detail["history"][1]["kind"] == "step.attempt_failed");
    CHECK(detail["history"][1].contains("next_attempt_at"));
    CHECK(detail["history"][3]["kind"] == "step.failed");
    CHECK_THAT(detail["history"][3]["error"]["message"].get<std::string>(), Catch::StartsWith("the pager is down"));
    CHECK(detail["lineage"]["run_status"] == "failed");
    CHECK(w.error(w.letters->get(WorkspaceId::make(w.clock.now(), w.random), letters[0].id)) == ErrorCode::not_found);
}

TEST_CASE("runs that succeed, are cancelled, or fail outside a step leave none", "[engine][dead_letters]") {
    Letters w;
    w.whole(w.asking());
    w.whole(w.publish(graph({step("a", "pure")}, {}, {{"output", "{{ nodes.a.output.missing }}"}})));
    const RunId napping = w.begin(w.publish(graph({step("nap", "wait", {{"for", "1h"}})}, {})));
    w.done(w.engine->cancel(w.workspace, napping, "enough"));
    CHECK(w.all().empty());
}

TEST_CASE("a redrive as it is goes on in the same run from the failed step", "[engine][dead_letters]") {
    Letters w;
    const auto flow = w.publish(graph({step("first", "call"), step("ask", "call")}, {arrow("first", "ask")}));
    const RunId id = w.fail_runs(flow, 1)[0];
    const auto letter = w.open().at(0);
    w.answers.erase("ask");
    CHECK(w.get(w.letters->redrive(w.workspace, letter.id, {.by = "ann"})) == id);
    CHECK(w.end(id).status == RunStatus::succeeded);
    CHECK(w.executions["first"] == 1);
    CHECK(w.executions["ask"] == 2);
    const auto closed = w.get(w.letters->get(w.workspace, letter.id));
    CHECK(closed.state == "redriven");
    CHECK(closed.decided_by == "ann");
    CHECK(closed.redriven_run == id);
    CHECK(w.open().empty());
    CHECK(w.error(w.letters->redrive(w.workspace, letter.id, {.by = "ann"})) == ErrorCode::conflict);
}

TEST_CASE("a redriven run that fails again has a new letter; a plain retry closes the old one too", "[engine][dead_letters]") {
    Letters w;
    const RunId id = w.fail_runs(w.asking(), 1)[0];
    const auto first = w.open().at(0);
    w.done(w.engine->retry(w.workspace, id, "bob", "trying"));
    REQUIRE(w.end(id).status == RunStatus::failed);
    const auto open = w.open();
    REQUIRE(open.size() == 1);
    CHECK(open[0].id != first.id);
    const auto closed = w.get(w.letters->get(w.workspace, first.id));
    CHECK(closed.state == "redriven");
    CHECK(closed.decided_by == "bob");
}

TEST_CASE("an edited input or another version makes a new run, and the letter names it", "[engine][dead_letters]") {
    Letters w;
    const auto flow = w.publish(graph({step("ask", "call")}, {}, {{"output", "{{ input }}"}}));
    const RunId id = w.fail_runs(flow, 1)[0];
    const auto letter = w.open().at(0);
    w.answers.erase("ask");
    CHECK(w.error(w.letters->redrive(w.workspace, letter.id, {.version = 99})) == ErrorCode::not_found);
    CHECK(w.open().size() == 1);
    const RunId made = w.get(w.letters->redrive(w.workspace, letter.id, {.input = Json{{"i", "edited"}}, .by = "ann"}));
    CHECK(made != id);
    CHECK(w.end(made).parent == id);
    CHECK(w.get(w.engine->output(w.workspace, made)) == Json{{"i", "edited"}});
    CHECK(w.status(id) == "failed");
    const auto closed = w.get(w.letters->get(w.workspace, letter.id));
    CHECK(closed.state == "redriven");
    CHECK(closed.redriven_run == made);
}

TEST_CASE("a letter is discarded once, with a reason, and then its run may be removed", "[engine][dead_letters][retention]") {
    Letters w;
    const RunId id = w.fail_runs(w.asking(), 1)[0];
    w.clock.advance(std::chrono::hours(24 * 100));
    CHECK(w.get(remove_expired_runs(*w.storage, w.loop, {})) == 0);
    CHECK(w.get(remove_expired_runs(*w.storage, w.loop, {.max_runs_bytes = 1})) == 0);
    const auto letter = w.open().at(0);
    const auto gone = w.get(w.letters->discard(w.workspace, letter.id, "the customer left", "ann"));
    CHECK(gone.state == "discarded");
    CHECK(gone.reason == "the customer left");
    CHECK(w.error(w.letters->discard(w.workspace, letter.id, "again", "ann")) == ErrorCode::conflict);
    CHECK(w.error(w.letters->redrive(w.workspace, letter.id, {})) == ErrorCode::conflict);
    CHECK(w.get(remove_expired_runs(*w.storage, w.loop, {})) == 1);
    CHECK(w.error(w.engine->get(w.workspace, id)) == ErrorCode::not_found);
    CHECK(w.error(w.letters->get(w.workspace, letter.id)) == ErrorCode::not_found);
}

TEST_CASE("letters are filtered by state, flow, code and time, and paged", "[engine][dead_letters]") {
    Letters w;
    const auto one = w.asking(), two = w.asking();
    const Time begin = w.clock.now();
    w.fail_runs(one, 5);
    const Time middle = w.clock.now();
    w.fail_runs(two, 3);
    w.answers["ask"] = failing(ErrorCode::timeout, "slow");
    w.whole(two);
    CHECK(w.all().size() == 9);
    CHECK(w.all({.flow = one}).size() == 5);
    CHECK(w.all({.code = "timeout"}).size() == 1);
    CHECK(w.all({.code = "upstream_failed", .flow = two}).size() == 3);
    CHECK(w.all({.since = middle}).size() == 4);
    CHECK(w.all({.since = begin, .until = middle}).size() == 5);
    CHECK(w.all({.state = "discarded"}).empty());
    std::size_t seen = 0;
    std::string cursor;
    do {
        const auto page = w.get(w.letters->list(w.workspace, {.state = "open"}, 4, cursor));
        seen += page.items.size();
        cursor = page.next_cursor;
    } while (!cursor.empty());
    CHECK(seen == 9);
    const auto page = w.get(w.letters->list(w.workspace, {.state = "open"}, 4, ""));
    CHECK(w.error(w.letters->list(w.workspace, {}, 4, page.next_cursor)) == ErrorCode::invalid_argument);
}

TEST_CASE("a filter with an unknown field, a wrong state or time is refused with its place", "[engine][dead_letters]") {
    for (const auto& [text, pointer] : {std::pair{R"({"sate": "open"})", "/filter/sate"}, {R"({"state": "lost"})", "/filter/state"},
                                        {R"({"flow": "triage"})", "/filter/flow"}, {R"({"since": "yesterday"})", "/filter/since"},
                                        {R"({"code": 5})", "/filter/code"}, {R"([])", "/filter"}}) {
        CAPTURE(text);
        const auto filter = letter_filter(Json::parse(text), "/filter");
        REQUIRE_FALSE(filter);
        REQUIRE(filter.error().details.size() == 1);
        CHECK(filter.error().details[0].pointer == pointer);
    }
}

TEST_CASE("a step whose end a crash hid is a letter; a redrive does it again, and a decision closes it", "[engine][dead_letters]") {
    Letters w;
    const auto flow = w.publish(graph({step("pay", "once", Json::object(), {{"on_unknown", "stop"}})}, {}));
    runtime::Signal never(w.loop);
    w.hold = &never;
    const RunId id = w.begin(flow);
    w.until([&] { return w.executions["pay"] == 1; });
    w.hold = nullptr;
    w.reopen();
    w.until([&] { return w.open().size() == 1; });
    const auto letter = w.open().at(0);
    CHECK(letter.cause == "unknown");
    CHECK(letter.step == "pay");
    SECTION("redriven") {
        CHECK(w.get(w.letters->redrive(w.workspace, letter.id, {.by = "ann"})) == id);
        CHECK(w.end(id).status == RunStatus::succeeded);
        CHECK(w.executions["pay"] == 2);
        CHECK(w.get(w.letters->get(w.workspace, letter.id)).state == "redriven");
    }
    SECTION("decided") {
        w.done(w.engine->decide(w.workspace, id, {"pay", Decision::succeed, {{"paid", true}}, "ann", "saw it in the bank"}));
        CHECK(w.end(id).status == RunStatus::succeeded);
        CHECK(w.executions["pay"] == 1);
        CHECK(w.get(w.letters->get(w.workspace, letter.id)).decided_by == "ann");
    }
    SECTION("the run is cancelled") {
        w.done(w.engine->cancel(w.workspace, id, "enough"));
        CHECK(w.get(w.letters->get(w.workspace, letter.id)).state == "discarded");
    }
    SECTION("redriven with another input: the first run ends") {
        const RunId made = w.get(w.letters->redrive(w.workspace, letter.id, {.input = Json{{"x", 1}}, .by = "ann"}));
        CHECK(w.end(made).status == RunStatus::succeeded);
        CHECK(w.status(id) == "cancelled");
        CHECK(w.get(w.letters->get(w.workspace, letter.id)).redriven_run == made);
    }
    CHECK(w.open().empty());
}

}  // namespace sluice::engine::test
