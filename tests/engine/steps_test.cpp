// Pages of a run's steps, folded from its journal.

#include "engine/engine_world.hpp"

namespace sluice::engine::test {

namespace {

Json list_of(int count) {
    Json items = Json::array();
    for (int i = 0; i < count; ++i) items.push_back(i);
    return items;
}

/// A map whose body calls something for each item, then a node that failed items never reach.
Json mapping(int items) {
    const Json body = graph({step("ask", "call"), step("after", "pure", {{"n", 1}})}, {arrow("ask", "after")});
    return graph({step("each", "each", {{"items", list_of(items)}, {"on_item_error", "collect"}, {"body", body}}), step("last", "pure")},
                 {arrow("each", "last")});
}

}  // namespace

TEST_CASE("a run's steps come in the order in which they began, in pages that join without gap or double", "[engine][steps]") {
    EngineWorld w;
    const Run done = w.whole(w.publish(mapping(700)));
    REQUIRE(done.status == RunStatus::succeeded);
    const auto all = w.get(w.engine->steps(w.workspace, done.id, {0, 10'000}));
    CHECK(all.total == 1 + 700 * 2 + 1);
    REQUIRE(all.items.size() == all.total);
    CHECK(all.items.front().path == "each");
    CHECK(all.items.front().items == 700);
    CHECK(all.items.front().type == "each");
    CHECK(all.items.back().path == "last");
    std::vector<std::string> paged;
    for (std::size_t offset = 0;; offset += 333) {
        const auto page = w.get(w.engine->steps(w.workspace, done.id, {offset, 333}));
        CHECK(page.total == all.total);
        for (const auto& step : page.items) paged.push_back(step.path);
        if (page.items.size() < 333) break;
    }
    REQUIRE(paged.size() == all.items.size());
    for (std::size_t i = 0; i < paged.size(); ++i) REQUIRE(paged[i] == all.items[i].path);
}

TEST_CASE("steps are found by their status, with the error of those that failed", "[engine][steps]") {
    EngineWorld w;
    w.answers["each[3]/ask"] = failing(ErrorCode::upstream_failed, "three is down");
    w.answers["each[41]/ask"] = failing(ErrorCode::upstream_failed, "forty-one is down");
    const Run done = w.whole(w.publish(mapping(50)));
    REQUIRE(done.status == RunStatus::succeeded);
    const auto failed = w.get(w.engine->steps(w.workspace, done.id, {0, 100, {StepStatus::failed}}));
    CHECK(failed.total == 2);
    REQUIRE(failed.items.size() == 2);
    CHECK(failed.items[0].path == "each[3]/ask");
    CHECK(failed.items[0].type == "call");
    CHECK(failed.items[0].error->at("message") == "three is down");
    CHECK(failed.items[1].path == "each[41]/ask");
    const auto second = w.get(w.engine->steps(w.workspace, done.id, {1, 100, {StepStatus::failed}}));
    CHECK(second.total == 2);
    REQUIRE(second.items.size() == 1);
    CHECK(second.items[0].path == "each[41]/ask");
    CHECK(w.get(w.engine->steps(w.workspace, done.id, {0, 100, {StepStatus::timed_out}})).total == 0);
}

TEST_CASE("nodes that nothing happened to are listed after the others: skipped once the run has ended", "[engine][steps]") {
    EngineWorld w;
    w.answers["a"] = failing(ErrorCode::invalid_argument, "no");
    const Run done = w.whole(w.publish(graph({step("a", "call"), step("b", "pure"), step("c", "pure")}, {arrow("a", "b"), arrow("b", "c")})));
    REQUIRE(done.status == RunStatus::failed);
    const auto all = w.get(w.engine->steps(w.workspace, done.id, {0, 10}));
    REQUIRE(all.items.size() == 3);
    CHECK(all.items[0].status == StepStatus::failed);
    CHECK(all.items[1].status == StepStatus::skipped);
    CHECK(all.items[2].status == StepStatus::skipped);
    CHECK(w.get(w.engine->steps(w.workspace, done.id, {0, 10, {StepStatus::skipped}})).total == 2);
    CHECK(w.error(w.engine->steps(WorkspaceId::make(w.clock.now(), w.random), done.id, {})) == ErrorCode::not_found);
}

TEST_CASE("a waiting step shows until when, and a retried one its last error and all its attempts", "[engine][steps]") {
    EngineWorld w;
    w.answers["ask"] = failing(ErrorCode::upstream_failed, "down", true);
    const auto flow = w.publish(graph({step("nap", "wait", {{"for", "1h"}}),
                                       step("ask", "call", Json::object(), {{"retry", {{"max_attempts", 3}, {"backoff", "10s"}, {"jitter", 0}}}})}, {}));
    const RunId id = w.begin(flow);
    w.until([&] { return w.get(w.engine->steps(w.workspace, id, {0, 10, {StepStatus::waiting}})).total == 2; });
    auto waiting = w.get(w.engine->steps(w.workspace, id, {0, 10, {StepStatus::waiting}})).items;
    CHECK(waiting[0].waiting_until == w.clock.now() + std::chrono::hours(1));
    CHECK(waiting[1].waiting_until == w.clock.now() + std::chrono::seconds(10));
    CHECK(waiting[1].error->at("message") == "down");
    w.answers.erase("ask");
    w.clock.advance(std::chrono::seconds(10));
    w.until([&] { return w.get(w.engine->steps(w.workspace, id, {0, 10, {StepStatus::succeeded}})).total == 1; });
    const auto ended = w.get(w.engine->steps(w.workspace, id, {0, 10, {StepStatus::succeeded}})).items;
    CHECK(ended[0].attempts == 2);
    CHECK_FALSE(ended[0].error);
    CHECK_FALSE(ended[0].waiting_until);
}

TEST_CASE("steps are found by their container, by one of its items and by a part of their path", "[engine][steps]") {
    EngineWorld w;
    w.answers["each[3]/ask"] = failing(ErrorCode::upstream_failed, "three is down");
    const Run done = w.whole(w.publish(mapping(12)));
    const auto query = [](std::string parent, std::string text, std::vector<StepStatus> statuses = {}) {
        StepQuery out;
        out.parent = std::move(parent);
        out.text = std::move(text);
        out.statuses = std::move(statuses);
        return out;
    };
    const auto find = [&](StepQuery wanted) { return w.get(w.engine->steps(w.workspace, done.id, std::move(wanted))); };
    CHECK(find(query("each", "")).total == 12 + 11);   // nothing came after the failed one
    const auto item = find(query("each[1]", ""));
    REQUIRE(item.items.size() == 2);   // not those of each[10] and each[11]
    CHECK(item.items[0].path == "each[1]/ask");
    CHECK(find(query("eac", "")).total == 0);
    CHECK(find(query("", "/ask")).total == 12);
    CHECK(find(query("each", "/ask", {StepStatus::failed, StepStatus::timed_out})).total == 1);
    CHECK(find(query("", "last")).total == 1);
    CHECK(find(query("", "nothing")).items.empty());
}

TEST_CASE("a container tells how many steps of its body are in each status", "[engine][steps]") {
    EngineWorld w;
    w.answers["each[3]/ask"] = failing(ErrorCode::upstream_failed, "three is down");
    const Run done = w.whole(w.publish(mapping(12)));
    const auto page = w.get(w.engine->steps(w.workspace, done.id, {0, 100}));
    CHECK(page.items.front().path == "each");
    CHECK(page.items.front().children == Json{{"succeeded", 22}, {"failed", 1}});
    CHECK(page.items.back().children.is_null());
    CHECK(to_json(page.items.front())["children"]["succeeded"] == 22);
}

TEST_CASE("steps that were taken over from another run are marked", "[engine][steps]") {
    EngineWorld w;
    const FlowId flow = w.publish(graph({step("a", "call"), step("b", "call")}, {arrow("a", "b")}));
    const Run first = w.whole(flow);
    Rerun how;
    how.from = "b";
    const Run second = w.end(w.get(w.engine->rerun(w.workspace, first.id, how)));
    const auto steps = w.get(w.engine->steps(w.workspace, second.id, {0, 10})).items;
    REQUIRE(steps.size() == 2);
    CHECK(steps[0].reused);
    CHECK(to_json(steps[0])["reused"] == true);
    CHECK_FALSE(steps[1].reused);
    CHECK_FALSE(to_json(steps[1]).contains("reused"));
}

}  // namespace sluice::engine::test
