// Why a run waits or how it ended, and two runs side by side.

#include "engine/engine_world.hpp"

namespace sluice::engine::test {

namespace {

Json why(EngineWorld& w, RunId id) { return w.get(w.engine->why(w.workspace, id)); }

/// Lets the run come to a rest in which so many of its steps wait.
void resting(EngineWorld& w, RunId id, std::size_t waiting = 1) {
    w.until([&] { return w.get(w.engine->steps(w.workspace, id, {0, 1, {StepStatus::waiting}})).total == waiting; });
}

std::vector<std::string> changed(const Json& diff) {
    std::vector<std::string> out;
    for (const Json& step : diff["steps"]) {
        std::string text = step["path"].get<std::string>() + " " + step["change"].get<std::string>();
        for (const Json& field : step.value("fields", Json::array())) text += " " + field.get<std::string>();
        out.push_back(text);
    }
    return out;
}

}  // namespace

TEST_CASE("why: a timer says until when", "[engine][why]") {
    EngineWorld w;
    const RunId id = w.begin(w.publish(graph({step("nap", "wait", {{"for", "1h"}})}, {})));
    resting(w, id);
    const Json told = why(w, id);
    CHECK(told["code"] == "waiting_timer");
    CHECK(told["until"] == base::format_time(w.clock.now() + std::chrono::hours(1)));
    CHECK_THAT(told["text"].get<std::string>(), Catch::Contains("nap"));
    CHECK(told["open_steps"] == 1);
}

TEST_CASE("why: a retry names the attempt, what it failed with and when the next one begins", "[engine][why]") {
    EngineWorld w;
    w.answers["ask"] = failing(ErrorCode::upstream_failed, "the pager is down", true);
    const RunId id = w.begin(w.publish(graph({step("ask", "call", Json::object(), {{"retry", {{"max_attempts", 3}, {"backoff", "10s"}, {"jitter", 0}}}}),
                                              step("nap", "wait", {{"for", "1h"}})}, {})));
    resting(w, id, 2);
    const Json told = why(w, id);
    CHECK(told["code"] == "waiting_retry");
    CHECK(told["until"] == base::format_time(w.clock.now() + std::chrono::seconds(10)));
    CHECK_THAT(told["text"].get<std::string>(), Catch::Contains("attempt 1") && Catch::Contains("the pager is down"));
    REQUIRE(told["steps"].size() == 2);
    CHECK(told["steps"][0]["error"]["code"] == "upstream_failed");
    CHECK(told["steps"][1]["code"] == "waiting_timer");
}

TEST_CASE("why: a signal is named with its key and the way to send it", "[engine][why]") {
    EngineWorld w;
    const RunId id = w.begin(w.publish(graph({step("hear", "signal", {{"name", "paid"}, {"key", "order-7"}})}, {})));
    resting(w, id);
    const Json told = why(w, id);
    CHECK(told["code"] == "waiting_signal");
    CHECK(told["steps"][0]["signal"] == "paid");
    CHECK(told["steps"][0]["key"] == "order-7");
    CHECK_THAT(told["text"].get<std::string>(), Catch::Contains("/signals/paid"));
    CHECK_THAT(told["next"].dump(), Catch::Contains("runs signal"));
}

TEST_CASE("why: a paused run says by whom and what lets it go on", "[engine][why]") {
    EngineWorld w;
    const RunId id = w.begin(w.publish(graph({step("nap", "wait", {{"for", "1h"}})}, {})));
    resting(w, id);
    w.done(w.engine->pause(w.workspace, id, "bob", "lunch"));
    const Json told = why(w, id);
    CHECK(told["code"] == "paused");
    CHECK(told["by"] == "bob");
    CHECK_THAT(told["text"].get<std::string>(), Catch::Contains("bob") && Catch::Contains("lunch"));
    CHECK_THAT(told["next"].dump(), Catch::Contains("runs resume"));
}

TEST_CASE("why: a step whose end is unknown comes first and says how to decide", "[engine][why]") {
    EngineWorld w;
    const auto flow = w.publish(graph({step("pay", "once", Json::object(), {{"on_unknown", "stop"}}), step("nap", "wait", {{"for", "1h"}})}, {}));
    runtime::Signal never(w.loop);
    w.hold = &never;
    const RunId id = w.begin(flow);
    w.until([&] { return w.executions["pay"] == 1; });
    CHECK(why(w, id)["code"] == "running");
    w.hold = nullptr;
    w.restart();
    w.until([&] { return w.get(w.engine->steps(w.workspace, id, {0, 1, {StepStatus::unknown}})).total == 1; });
    const Json told = why(w, id);
    CHECK(told["code"] == "unknown_step");
    CHECK_THAT(told["text"].get<std::string>(), Catch::Contains("pay") && Catch::Contains("runs decide"));
    CHECK(told["dead_letters"].size() == 1);
}

TEST_CASE("why: an end names step, attempt, cause and what can be done", "[engine][why]") {
    EngineWorld w;
    w.answers["ask"] = failing(ErrorCode::invalid_argument, "no such pager");
    const Run failed = w.whole(w.publish(graph({step("ask", "call")}, {})));
    const Json told = why(w, failed.id);
    CHECK(told["code"] == "failed");
    CHECK_THAT(told["text"].get<std::string>(), Catch::Contains("ask") && Catch::Contains("attempt 1") && Catch::Contains("no such pager"));
    CHECK(told["error"]["code"] == "invalid_argument");
    CHECK(told["dead_letters"].size() == 1);
    CHECK_THAT(told["next"].dump(), Catch::Contains("runs retry") && Catch::Contains("dead-letters redrive"));

    const Run good = w.whole(w.publish(graph({step("a", "pure")}, {})));
    CHECK(why(w, good.id)["code"] == "succeeded");
    const RunId napping = w.begin(w.publish(graph({step("nap", "wait", {{"for", "1h"}})}, {})));
    w.done(w.engine->cancel(w.workspace, napping, "enough of it"));
    const Json cancelled = why(w, napping);
    CHECK(cancelled["code"] == "cancelled");
    CHECK_THAT(cancelled["text"].get<std::string>(), Catch::Contains("enough of it"));
    CHECK(w.error(w.engine->why(w.workspace, RunId::make(w.clock.now(), w.random))) == ErrorCode::not_found);
}

TEST_CASE("two runs of the same flow with the same answers do not differ", "[engine][diff]") {
    EngineWorld w;
    const auto flow = w.publish(graph({step("ask", "call"), step("after", "pure")}, {arrow("ask", "after")}));
    const RunId one = w.whole(flow).id, other = w.whole(flow).id;
    const Json diff = w.get(w.engine->diff(w.workspace, one, other));
    CHECK(diff["steps"].empty());
    CHECK(diff["same"] == 2);
    CHECK(diff["input"]["places"].empty());
    CHECK(diff["runs"][0]["id"] == one.str());
    CHECK(diff["runs"][1]["id"] == other.str());
    CHECK(w.error(w.engine->diff(w.workspace, one, RunId::make(w.clock.now(), w.random))) == ErrorCode::not_found);
}

TEST_CASE("a difference names the step, its fields and the places in its output", "[engine][diff]") {
    EngineWorld w;
    const Json body = graph({step("ask", "call")}, {});
    const auto flow = w.publish(graph({step("first", "call"), step("each", "each", {{"items", "{{ input.items }}"}, {"body", body}}), step("ask2", "call"),
                                       step("never", "pure")},
                                      {arrow("first", "each"), arrow("each", "ask2"), arrow("ask2", "never")}));
    w.answers["first"] = giving({{"a", 1}, {"b", {1, 2, 3}}, {"same", "x"}, {"gone", true}});
    const RunId one = w.whole(flow, {{"items", {1, 2}}}).id;
    w.answers["first"] = giving({{"a", 2}, {"b", {1, 2, 4, 5}}, {"same", "x"}});
    w.answers["ask2"] = failing(ErrorCode::upstream_failed, "down");
    const RunId other = w.whole(flow, {{"items", {1, 2, 3}}}).id;
    const Json diff = w.get(w.engine->diff(w.workspace, one, other));
    const auto told = changed(diff);
    CHECK(told == std::vector<std::string>{"first changed output", "each changed output", "ask2 changed status result", "never only_in_first",
                                           "each[2]/ask only_in_second"});
    CHECK(diff["same"] == 2);
    std::map<std::string, Json> places;
    for (const Json& place : diff["steps"][0]["output"]["places"]) places[place["pointer"].get<std::string>()] = place;
    CHECK(places.size() == 4);
    CHECK(places["/a"]["first"] == 1);
    CHECK(places["/a"]["second"] == 2);
    CHECK(places["/b/2"]["second"] == 4);
    CHECK_FALSE(places["/b/3"].contains("first"));
    CHECK_FALSE(places["/gone"].contains("second"));
    CHECK(diff["input"]["places"][0]["pointer"] == "/items/2");
    CHECK(diff["steps"][2]["first"]["status"] == "succeeded");
    CHECK(diff["steps"][2]["second"]["status"] == "failed");
}

TEST_CASE("large outputs are told apart without being shown whole", "[engine][diff]") {
    EngineWorld w;
    const auto flow = w.publish(graph({step("ask", "call")}, {}));
    Json many = Json::array();
    for (int i = 0; i < 100; ++i) many.push_back(i);
    w.answers["ask"] = giving({{"text", std::string(200'000, 'x')}, {"many", many}});
    const RunId one = w.whole(flow).id;
    for (Json& item : many) item = item.get<int>() + 1000;
    w.answers["ask"] = giving({{"text", std::string(200'000, 'y')}, {"many", many}});
    const RunId other = w.whole(flow).id;
    const Json diff = w.get(w.engine->diff(w.workspace, one, other));
    REQUIRE(diff["steps"].size() == 1);
    CHECK(diff["steps"][0]["output"]["places"].size() == 20);
    CHECK(diff["steps"][0]["output"]["truncated"] == true);
    CHECK(diff.dump().size() < 20'000);
}

}  // namespace sluice::engine::test
