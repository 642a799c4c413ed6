// Bulk actions: canaries, the rate, what is done to each object, and what a crash leaves.

#include "engine/engine_world.hpp"
#include "sluice/engine/bulk_actions.hpp"
#include "sluice/storage/tx.hpp"

namespace sluice::engine::test {

namespace {

const storage::Query forget_progress{"test.forget_progress", R"sql(
    UPDATE bulk_action SET done = 0, position = NULL WHERE workspace_id = ?1 AND id = ?2)sql"};

struct Bulk : EngineWorld {
    Bulk() { open_actions(); }
    ~Bulk() { close_actions(); }
    void open_actions() {
        letters = std::make_unique<DeadLetters>(loop, *storage, *engine, random);
        actions = std::make_unique<BulkActions>(loop, *storage, *engine, *letters, random);
        done(actions->start());
    }
    void close_actions() {
        if (actions) run(actions->stop());
        actions.reset();
        letters.reset();
    }
    void reopen() {
        close_actions();
        restart();
        open_actions();
    }
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
    NewBulkAction redrive(std::optional<FlowId> flow = std::nullopt, double rate = 50, int canary = 1) {
        NewBulkAction wanted;
        wanted.letters.state = "open";
        wanted.letters.flow = flow;
        wanted.rate_per_second = rate;
        wanted.canary = canary;
        wanted.by = "ann";
        return wanted;
    }
    NewBulkAction on_runs(BulkKind kind, Json filter = Json::object(), int canary = 0, double rate = 50) {
        NewBulkAction wanted = redrive(std::nullopt, rate, canary);
        wanted.kind = kind;
        wanted.runs = *run_selection(filter, kind, "/filter");
        return wanted;
    }
    BulkAction begin_bulk(NewBulkAction wanted) { return get(actions->begin(workspace, std::move(wanted))); }
    BulkAction action(BulkActionId id) { return get(actions->get(workspace, id)); }
    std::vector<BulkItem> items(BulkActionId id, bool refused = false) { return get(actions->items(workspace, id, refused, 200, "")).items; }
    /// Moves time on in small steps until the action has ended.
    BulkAction ended(BulkActionId id) {
        for (int turn = 0; turn < 1'000'000; ++turn) {
            auto now = action(id);
            if (now.state != "running") return now;
            clock.advance(std::chrono::milliseconds(100));
        }
        FAIL("the bulk action does not end: " << base::dump_json(to_json(action(id))));
        return {};
    }
    std::size_t open_letters() { return get(letters->list(workspace, {.state = "open"}, 200, "")).items.size(); }
    std::string status(RunId id) { return std::string(to_string(get(engine->get(workspace, id)).status)); }

    std::unique_ptr<DeadLetters> letters;
    std::unique_ptr<BulkActions> actions;
};

}  // namespace

TEST_CASE("a bulk redrive takes the canary first, then the rest, and tells how many", "[engine][bulk]") {
    Bulk w;
    const auto flow = w.asking();
    const auto runs = w.fail_runs(flow, 6);
    w.fail_runs(w.asking(), 2);
    w.answers.erase("ask");
    const auto preview = w.get(w.actions->preview(w.workspace, w.redrive(flow)));
    CHECK(preview.total == 6);
    REQUIRE(preview.first.size() == 6);
    const auto first = DeadLetterId::parse(preview.first[0]);
    REQUIRE(first);
    CHECK(w.get(w.letters->get(w.workspace, *first)).run == runs[0]);
    CHECK(w.open_letters() == 8);
    const auto made = w.begin_bulk(w.redrive(flow, 50, 2));
    CHECK(made.total == 6);
    const auto action = w.ended(made.id);
    CHECK(action.state == "done");
    CHECK(action.done == 6);
    CHECK(action.failed == 0);
    for (const RunId id : runs) CHECK(w.end(id).status == RunStatus::succeeded);
    CHECK(w.open_letters() == 2);
    CHECK(w.items(made.id).size() == 6);
    CHECK(w.error(w.actions->begin(w.workspace, w.redrive(flow))) == ErrorCode::unprocessable);
    CHECK(w.error(w.actions->cancel(w.workspace, made.id, "ann")) == ErrorCode::conflict);
}

TEST_CASE("a canary that fails stops the bulk redrive, and the rest stays as it was", "[engine][bulk]") {
    Bulk w;
    w.fail_runs(w.asking(), 5);
    const auto action = w.ended(w.begin_bulk(w.redrive(std::nullopt, 100)).id);
    CHECK(action.state == "stopped");
    CHECK(action.done == 1);
    CHECK_THAT(action.reason, Catch::Contains("the canary run_") && Catch::Contains("failed: down"));
    CHECK(w.open_letters() == 5);   // four as they were, and the canary's new one
    CHECK(w.executions["ask"] == 6);
}

TEST_CASE("a bulk redrive goes on after a restart and does no letter twice", "[engine][bulk]") {
    Bulk w;
    const auto runs = w.fail_runs(w.asking(), 8);
    w.answers.erase("ask");
    w.executions.clear();
    const auto made = w.begin_bulk(w.redrive(std::nullopt, 10, 0));
    w.until([&] {
        w.clock.advance(std::chrono::milliseconds(20));
        return w.action(made.id).done >= 3;
    });
    w.reopen();
    const auto action = w.ended(made.id);
    CHECK(action.state == "done");
    CHECK(action.done == 8);
    for (const RunId id : runs) CHECK(w.end(id).status == RunStatus::succeeded);
    CHECK(w.executions["ask"] == 8);
}

TEST_CASE("a cancelled bulk redrive leaves the rest open", "[engine][bulk]") {
    Bulk w;
    w.fail_runs(w.asking(), 5);
    w.answers.erase("ask");
    const auto made = w.begin_bulk(w.redrive(std::nullopt, 0.1, 0));
    w.until([&] { return w.action(made.id).done == 1; });
    CHECK(w.get(w.actions->cancel(w.workspace, made.id, "ann")).state == "cancelled");
    w.clock.advance(std::chrono::hours(1));
    for (int turn = 0; turn < 20; ++turn) w.run(w.pause());
    CHECK(w.open_letters() == 4);
    CHECK(w.action(made.id).reason == "cancelled by ann");
}

TEST_CASE("runs that match a filter are retried, the oldest first, and the others are left", "[engine][bulk]") {
    Bulk w;
    const auto flow = w.asking();
    const auto runs = w.fail_runs(flow, 4);
    const auto others = w.fail_runs(w.asking(), 2);
    w.answers["ask"] = failing(ErrorCode::invalid_argument, "refused");
    const RunId refused = w.whole(flow).id;
    w.answers.erase("ask");
    auto wanted = w.on_runs(BulkKind::retry_runs, {{"flow", flow.str()}, {"code", "upstream_failed"}}, 1);
    const auto preview = w.get(w.actions->preview(w.workspace, wanted));
    CHECK(preview.total == 4);
    REQUIRE(preview.first.size() == 4);
    CHECK(preview.first[0] == runs[0].str());
    CHECK(w.status(runs[0]) == "failed");
    wanted.how.reason = "the pager is back";
    const auto made = w.begin_bulk(wanted);
    const auto action = w.ended(made.id);
    CHECK(action.state == "done");
    CHECK(action.done == 4);
    for (const RunId id : runs) CHECK(w.end(id).status == RunStatus::succeeded);
    for (const RunId id : others) CHECK(w.status(id) == "failed");
    CHECK(w.status(refused) == "failed");
    const auto items = w.items(made.id);
    REQUIRE(items.size() == 4);
    CHECK(RunId(items[0].object.bytes()) == runs[0]);
    CHECK(items[0].run == runs[0]);
    CHECK(items[0].status == RunStatus::succeeded);
    const auto events = w.get(w.engine->run_events(w.workspace, runs[0], 0, 100));
    CHECK(std::any_of(events.begin(), events.end(), [&](const Json& event) {
        return event["kind"] == "run.retried" && event["data"]["reason"] == "the pager is back" && event["data"]["by"] == made.id.str();
    }));
}

TEST_CASE("a filter of runs knows times, projects and several statuses, and says what does not fit", "[engine][bulk]") {
    Bulk w;
    const auto flow = w.asking();
    const auto runs = w.fail_runs(flow, 4);   // a second apart
    const Time second = w.get(w.engine->get(w.workspace, runs[1])).created_at, last = w.get(w.engine->get(w.workspace, runs[3])).created_at;
    const auto count = [&](BulkKind kind, Json filter) { return w.get(w.actions->preview(w.workspace, w.on_runs(kind, filter))).total; };
    CHECK(count(BulkKind::retry_runs, {{"since", base::format_time(second)}}) == 3);
    CHECK(count(BulkKind::retry_runs, {{"since", base::format_time(second)}, {"until", base::format_time(last)}}) == 2);
    CHECK(count(BulkKind::retry_runs, {{"project", "other"}}) == 0);
    CHECK(count(BulkKind::retry_runs, {{"project", "default"}}) == 4);
    w.answers.erase("ask");
    w.whole(flow);
    CHECK(count(BulkKind::rerun_runs, {{"status", Json::array({"succeeded", "failed"})}}) == 5);
    CHECK(count(BulkKind::rerun_runs, {{"status", Json::array({"succeeded", "failed"})}, {"flow", flow.str()}}) == 5);
    CHECK(count(BulkKind::cancel_runs, Json::object()) == 0);
    const auto pointer = [](BulkKind kind, Json filter) {
        const auto wrong = run_selection(filter, kind, "/filter");
        REQUIRE_FALSE(wrong);
        REQUIRE(wrong.error().details.size() == 1);
        return wrong.error().details[0].pointer;
    };
    CHECK(pointer(BulkKind::rerun_runs, Json::object()) == "/filter/status");
    CHECK(pointer(BulkKind::retry_runs, {{"status", "running"}}) == "/filter/status");
    CHECK(pointer(BulkKind::retry_runs, {{"status", "succeeded"}}) == "/filter/status");
    CHECK(pointer(BulkKind::cancel_runs, {{"status", "failed"}}) == "/filter/status");
    CHECK(pointer(BulkKind::cancel_runs, {{"status", 7}}) == "/filter/status");
    CHECK(pointer(BulkKind::cancel_runs, {{"flow", "triage"}}) == "/filter/flow");
    CHECK(pointer(BulkKind::cancel_runs, {{"since", "yesterday"}}) == "/filter/since");
    CHECK(pointer(BulkKind::cancel_runs, {{"flo", "x"}}) == "/filter/flo");
    CHECK(pointer(BulkKind::cancel_runs, Json::array()) == "/filter");
}

TEST_CASE("a filter of runs knows version, trigger, parent and text, as the list of runs does", "[engine][bulk]") {
    Bulk w;
    const auto flow = w.asking();
    const auto runs = w.fail_runs(flow, 3);
    const auto others = w.fail_runs(w.asking(), 2);
    const RunId again = w.get(w.engine->rerun(w.workspace, runs[0], {}));
    CHECK(w.end(again).status == RunStatus::failed);
    const auto wanted = [&](Json filter) { return w.on_runs(BulkKind::retry_runs, std::move(filter)); };
    const auto count = [&](Json filter) { return w.get(w.actions->preview(w.workspace, wanted(std::move(filter)))).total; };
    CHECK(count({{"trigger", "rerun"}}) == 1);
    CHECK(count({{"trigger", "schedule"}}) == 0);
    CHECK(count({{"parent", runs[0].str()}}) == 1);
    CHECK(count({{"parent", runs[1].str()}}) == 0);
    CHECK(count({{"flow", flow.str()}, {"version", 1}}) == 4);
    CHECK(count({{"flow", flow.str()}, {"version", 2}}) == 0);
    CHECK(count({{"q", "DOWN"}}) == 6);
    CHECK(count({{"q", "no such text"}}) == 0);
    CHECK(count({{"q", runs[1].str()}}) == 1);
    CHECK(count({{"q", runs[1].str().substr(0, 20)}}) >= 1);
    CHECK(count({{"q", runs[2].str().substr(22)}, {"flow", flow.str()}}) == 1);
    CHECK(count({{"q", "down"}, {"trigger", "rerun"}}) == 1);

    auto blind = wanted({{"q", "down"}});
    blind.runs.data = {"\n", {}};   // a caller who may read no data
    CHECK(w.get(w.actions->preview(w.workspace, blind)).total == 0);

    const auto pointer = [](Json filter) {
        const auto wrong = run_selection(filter, BulkKind::retry_runs, "/filter");
        REQUIRE_FALSE(wrong);
        return wrong.error().details[0].pointer;
    };
    CHECK(pointer({{"version", 1}}) == "/filter/version");
    CHECK(pointer({{"flow", flow.str()}, {"version", "1"}}) == "/filter/version");
    CHECK(pointer({{"parent", "the first"}}) == "/filter/parent");
    CHECK(pointer({{"q", std::string(201, 'x')}}) == "/filter/q");

    w.answers.erase("ask");
    const auto made = w.begin_bulk(wanted({{"q", runs[1].str()}, {"trigger", "api"}}));
    CHECK(made.filter["q"] == runs[1].str());
    CHECK(w.ended(made.id).done == 1);
    CHECK(w.status(runs[1]) == "succeeded");
    CHECK(w.status(runs[0]) == "failed");
    CHECK(w.status(others[0]) == "failed");
}

TEST_CASE("runs are run again as new ones, from a step, with another input", "[engine][bulk]") {
    Bulk w;
    const auto flow = w.publish(graph({step("first", "call"), step("ask", "call")}, {arrow("first", "ask")}));
    w.answers["ask"] = failing(ErrorCode::upstream_failed, "down");
    std::vector<RunId> runs;
    for (int i = 0; i < 3; ++i) {
        runs.push_back(w.whole(flow, {{"i", i}}).id);
        w.clock.advance(std::chrono::seconds(1));
    }
    w.answers.erase("ask");
    w.executions.clear();
    auto wanted = w.on_runs(BulkKind::rerun_runs, {{"status", "failed"}}, 1);
    wanted.how.from = "ask";
    wanted.how.input = Json{{"i", 42}};
    const auto made = w.begin_bulk(wanted);
    CHECK(w.ended(made.id).done == 3);
    CHECK(w.executions["ask"] == 3);
    CHECK(w.executions["first"] == 0);
    const auto items = w.items(made.id);
    REQUIRE(items.size() == 3);
    for (std::size_t i = 0; i < 3; ++i) {
        REQUIRE(items[i].run);
        const auto again = w.end(*items[i].run);
        CHECK(again.status == RunStatus::succeeded);
        CHECK(again.parent == runs[i]);
        CHECK(w.get(w.engine->input(w.workspace, again.id)) == Json{{"i", 42}});
        CHECK(w.status(runs[i]) == "failed");
    }
}

TEST_CASE("what could not be done to a run is told with its reason", "[engine][bulk]") {
    Bulk w;
    w.fail_runs(w.asking(), 3);
    auto wanted = w.on_runs(BulkKind::rerun_runs, {{"status", "failed"}}, 0);
    wanted.how.from = "nowhere";
    SECTION("for each, without a canary") {
        const auto made = w.begin_bulk(wanted);
        const auto action = w.ended(made.id);
        CHECK(action.state == "done");
        CHECK(action.done == 0);
        CHECK(action.failed == 3);
        const auto refused = w.items(made.id, true);
        REQUIRE(refused.size() == 3);
        CHECK(refused[0].code == "not_found");
        CHECK_THAT(refused[0].message, Catch::Contains("nowhere"));
        CHECK_FALSE(refused[0].run);
    }
    SECTION("the canary stops it") {
        wanted.canary = 1;
        const auto action = w.ended(w.begin_bulk(wanted).id);
        CHECK(action.state == "stopped");
        CHECK(action.failed == 1);
        CHECK_THAT(action.reason, Catch::Contains("the canary was refused") && Catch::Contains("nowhere"));
    }
}

TEST_CASE("runs that wait or run are cancelled by filter, and what has ended is left", "[engine][bulk]") {
    Bulk w;
    const auto flow = w.asking();
    const auto failed = w.fail_runs(flow, 1);
    runtime::Signal hold(w.loop);
    w.hold = &hold;
    std::vector<RunId> runs;
    for (int i = 0; i < 3; ++i) runs.push_back(w.begin(flow));
    w.until([&] { return w.executions["ask"] == 4; });
    const auto made = w.begin_bulk(w.on_runs(BulkKind::cancel_runs, Json::object(), 1));
    CHECK(made.total == 3);
    const auto action = w.ended(made.id);
    CHECK(action.state == "done");
    CHECK(action.done == 3);
    for (const RunId id : runs) {
        CHECK(w.status(id) == "cancelled");
        CHECK_THAT(base::dump_json(*w.get(w.engine->get(w.workspace, id)).error), Catch::Contains(made.id.str()));
    }
    CHECK(w.status(failed[0]) == "failed");
}

TEST_CASE("a run that was retried by a bulk action whose count a crash lost is not retried again", "[engine][bulk]") {
    Bulk w;
    w.fail_runs(w.asking(), 4);
    w.executions.clear();
    const auto made = w.begin_bulk(w.on_runs(BulkKind::retry_runs, Json::object(), 0, 1));
    w.until([&] { return w.action(made.id).done == 1; });
    w.close_actions();
    storage::WriteUnit unit;
    unit.add(forget_progress, w.workspace, made.id);
    w.done(w.storage->submit(std::move(unit)));
    w.reopen();
    const auto action = w.ended(made.id);
    CHECK(action.state == "done");
    CHECK(action.done == 4);
    CHECK(w.executions["ask"] == 4);   // each once, though each failed again
    CHECK(w.items(made.id).size() == 4);
}

TEST_CASE("a run that fails while a bulk retry is under way is not part of it", "[engine][bulk]") {
    Bulk w;
    const auto flow = w.asking();
    runtime::Signal hold(w.loop);
    const auto early = w.fail_runs(flow, 1);
    w.hold = &hold;
    const RunId under_way = w.begin(flow);   // before the newest that matches
    w.until([&] { return hold.has_waiters(); });
    w.hold = nullptr;
    const auto later = w.fail_runs(flow, 2);
    w.executions.clear();
    const auto made = w.begin_bulk(w.on_runs(BulkKind::retry_runs, Json::object(), 0, 1));
    CHECK(made.total == 3);
    w.clock.advance(std::chrono::milliseconds(1));
    hold.notify();
    CHECK(w.end(under_way).status == RunStatus::failed);
    CHECK(w.ended(made.id).done == 3);
    CHECK(w.get(w.engine->get(w.workspace, under_way)).retries == 0);
    CHECK(w.get(w.engine->get(w.workspace, later[1])).retries == 1);
    CHECK(w.get(w.engine->get(w.workspace, early[0])).retries == 1);
}

TEST_CASE("pages of bulk actions and of their objects have no gap, and others' are not found", "[engine][bulk]") {
    Bulk w;
    w.fail_runs(w.asking(), 5);
    std::vector<BulkActionId> made;
    for (int i = 0; i < 3; ++i) {
        made.push_back(w.begin_bulk(w.on_runs(BulkKind::retry_runs)).id);
        w.ended(made.back());
        w.clock.advance(std::chrono::seconds(1));
    }
    const auto page = w.get(w.actions->list(w.workspace, 2, ""));
    REQUIRE(page.items.size() == 2);
    CHECK(page.items[0].id == made[2]);
    const auto rest = w.get(w.actions->list(w.workspace, 2, page.next_cursor));
    REQUIRE(rest.items.size() == 1);
    CHECK(rest.items[0].id == made[0]);
    const auto some = w.get(w.actions->items(w.workspace, made[0], false, 3, ""));
    const auto others = w.get(w.actions->items(w.workspace, made[0], false, 3, some.next_cursor));
    CHECK(some.items.size() == 3);
    CHECK(others.items.size() == 2);
    CHECK(others.next_cursor.empty());
    CHECK(w.error(w.actions->items(w.workspace, made[1], false, 3, some.next_cursor)) == ErrorCode::invalid_argument);
    const auto stranger = WorkspaceId::make(w.clock.now(), w.random);
    CHECK(w.error(w.actions->get(stranger, made[0])) == ErrorCode::not_found);
    CHECK(w.error(w.actions->cancel(stranger, made[0], "ann")) == ErrorCode::not_found);
    CHECK(w.get(w.actions->preview(stranger, w.on_runs(BulkKind::retry_runs))).total == 0);
}

TEST_CASE("bulk actions that ended long ago are removed with what is kept of their objects", "[engine][bulk]") {
    Bulk w;
    w.fail_runs(w.asking(), 3);
    const auto old = w.ended(w.begin_bulk(w.on_runs(BulkKind::retry_runs)).id);
    w.clock.advance(std::chrono::hours(48));
    const auto fresh = w.ended(w.begin_bulk(w.on_runs(BulkKind::retry_runs)).id);
    const Time before = w.clock.now() - std::chrono::hours(24);
    CHECK(w.get(w.actions->remove_ended(before)) == 1);
    CHECK(w.error(w.actions->get(w.workspace, old.id)) == ErrorCode::not_found);
    CHECK(w.items(fresh.id).size() == 3);
    CHECK(w.get(w.actions->remove_ended(before)) == 0);
}

}  // namespace sluice::engine::test
