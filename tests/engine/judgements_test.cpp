// What is measured and not computed, of memory and of stored values: it is recorded where it ends something, and taken from the
// record when the journal is read back.

#include <catch2/catch.hpp>

#include "engine/large_house.hpp"
#include "engine/replay_check.hpp"

namespace sluice::engine::test {

namespace {

const Error damaged{ErrorCode::internal, "the stored value is damaged"};

/// The last entry of the step, or of the run (an empty path), of this kind.
const Record& last(const House& house, RecordKind kind, std::string_view path) {
    const auto found = std::find_if(house.journal.rbegin(), house.journal.rend(),
                                    [&](const Record& record) { return record.kind == kind && record.path == path; });
    REQUIRE(found != house.journal.rend());
    return *found;
}

std::string lacked_at(const Record& record) {
    return record.data.empty() ? "" : base::string_or(Json::parse(record.data), "lacked_at", "");
}

/// Read back, the journal gives the same state, although nothing is lacking now.
void check_read_back(House& house) {
    const auto other = house.read_back();
    house.end_of_journal(*other);
    CHECK(other->describe() == house.machine.describe());
}

ReplayReport check_offline(const House& house) {
    ReplayCheck check(house.compiled, House::facts(), {}, false);
    std::int64_t seq = 0;
    for (const Record& record : house.journal)
        if (!check.take(++seq, record)) break;
    return check.finish();
}

/// x gives something large, and the body's output reads it once y has ended.
Json body() {
    return {{"nodes", {node("x", "keyed"), node("y", "keyed")}}, {"edges", Json::array({edge("x", "y")})},
            {"output", "{{ nodes.x.output.n }}"}};
}

}  // namespace

TEST_CASE("a turn whose output cannot be read ends its loop, and its journal is read back without that output", "[engine][large]") {
    House house(flow({node("again", "again", {{"while", "index < 3"}, {"body", body()}}), node("after", "keyed")},
                     Json::array({edge("again", "after", {{"on", "error"}})})));
    house.end("again[0]/x", large());
    house.store();
    house.end("again[0]/y", {{"n", 2}});
    house.load(damaged);
    CHECK(house.status("again") == "failed");
    CHECK(house.status("after") == "running");
    CHECK(lacked_at(last(house, RecordKind::step_failed, "again")) == "turn 0");
    check_read_back(house);
    CHECK(house.loads == 0);
    const auto report = check_offline(house);
    CHECK(report.same());
    CHECK(report.unchecked == 2);   // the failure, and the start of what takes it
}

TEST_CASE("an item whose result has no room ends its map, and no other item begins when the journal is read back", "[engine][large]") {
    const Json doubled = {{"nodes", Json::array({node("x", "keyed")})}, {"edges", Json::array()},
                          {"output", "{{ nodes.x.output.text + nodes.x.output.text }}"}};
    House house(flow(Json::array({node("each", "each", {{"items", {1, 2, 3}}, {"concurrency", 1}, {"on_item_error", "collect"}, {"body", doubled}})}),
                     Json::array()), 1900);
    house.end("each[0]/x", large());
    CHECK(house.status("each") == "failed");
    CHECK(lacked_at(last(house, RecordKind::step_failed, "each")) == "item 0");
    CHECK(house.machine.finished());
    const auto other = house.read_back();
    CHECK(other->describe() == house.machine.describe());
    CHECK(other->describe().find("each[") == std::string::npos);
}

TEST_CASE("a list that has no room ends its map, and none of its items begins when the journal is read back", "[engine][large]") {
    House house(flow(Json::array({node("each", "each", {{"items", {std::string(900, 'x')}}, {"body", body()}})}), Json::array()), 500);
    CHECK(lacked_at(last(house, RecordKind::step_failed, "each")) == "start");
    check_read_back(house);
}

TEST_CASE("a loop that is taken up again holds what its condition reads", "[engine][large][recovery]") {
    const Json inner = {{"nodes", Json::array({node("x", "keyed")})}, {"edges", Json::array()}};
    const Json document = flow({node("a", "keyed"), node("again", "again", {{"while", "nodes.a.output.n == 7"}, {"body", inner}})},
                               Json::array({edge("a", "again")}));
    House before(document);
    before.end("a", large(7));
    before.store();
    REQUIRE(before.running.contains("again[0]/x"));
    House house(document, before.journal, Then::recovery);
    CHECK(house.loads == 1);   // to see that the first turn began
    house.end("again[0]/x", {{"n", 1}});
    CHECK(house.asked.empty());
    CHECK(house.status("again[1]/x") == "running");
    check_read_back(house);
}

TEST_CASE("an error edge whose condition could not be read is not taken when the journal is read back either", "[engine][large]") {
    House house(flow({node("a", "keyed"), node("b", "keyed"), node("c", "keyed"), node("d", "keyed")},
                     {edge("a", "b"), edge("b", "c", {{"on", "error"}, {"condition", "nodes.a.output.n == 7"}}), edge("a", "d")}));
    house.end("a", large(7));
    house.store();
    house.fail("b", Error{ErrorCode::upstream_failed, "the other side failed"});
    REQUIRE(house.asked.size() == 1);
    house.load(damaged);
    CHECK(house.status("b") == "failed");
    CHECK(house.status("c") == "skipped");
    CHECK(house.machine.finished());
    CHECK(lacked_at(last(house, RecordKind::step_failed, "b")) == "end");
    check_read_back(house);
    CHECK(house.loads == 0);
}

TEST_CASE("an attempt that failed because a value could not be read just now says so, and another one follows", "[engine][large]") {
    House house(flow({node("a", "keyed"), node("b", "keyed"),
                      node("c", "keyed", {{"n", "{{ nodes.a.output.n }}"}}, {{"retry", {{"max_attempts", 2}, {"backoff", "1s"}}}})},
                     {edge("a", "b"), edge("b", "c")}));
    house.end("a", large(7));
    house.store();
    house.end("b", {{"n", 2}});
    Error busy{ErrorCode::unavailable, "the disk is busy"};
    busy.retryable = true;
    house.load(busy);
    CHECK(lacked_at(last(house, RecordKind::step_attempt_failed, "c")) == "start");
    REQUIRE(house.timers.size() == 1);
    check_read_back(house);
    house.now = house.timers.begin()->second;
    house.take(house.machine.handle(event::TimerFired{house.timers.begin()->first}, house.now, house.random));
    house.load();
    CHECK(house.running.at("c").config == Json{{"n", 7}});
    CHECK(check_offline(house).same());
}

TEST_CASE("what an item's end let begin begins once the journal has been read to its end", "[engine][large]") {
    House house(flow(Json::array({node("each", "each", {{"items", {1, 2}}, {"concurrency", 1}, {"body", body()}})}), Json::array()));
    house.end("each[0]/x", large());
    house.store();
    house.take(house.machine.handle(event::Pause{"a person", ""}, house.now, house.random));
    house.end("each[0]/y", {{"n", 2}});
    house.load();
    CHECK(house.status("each[1]/x") == "ready");
    const auto other = house.read_back();
    CHECK(to_string(other->step_status("each[1]/x")) == "pending");   // the next entry could have told that the result had no room
    REQUIRE_THROWS_AS(other->handle(event::Recovered{}, house.now, house.random), std::logic_error);
    house.end_of_journal(*other);
    CHECK(house.loads == 1);
    CHECK(other->describe() == house.machine.describe());
}

TEST_CASE("a known result that cannot be had ends a retry, is not done again, and is found by the next one", "[engine][large][replay]") {
    const Json nodes = {node("a", "keyed"), node("b", "keyed"), node("c", "keyed")};
    const Json document = flow(nodes, {edge("a", "b", {{"condition", "nodes.a.output.n == 7"}}), edge("a", "c")});
    House first(document);
    first.end("a", large(7));
    first.store();
    first.end("c", {{"n", 3}});
    first.fail("b", Error{ErrorCode::upstream_failed, "the other side failed"});
    REQUIRE(first.machine.finished());

    SECTION("because its value is damaged") {
        House house(document, first.journal, Then::retry);
        REQUIRE(house.asked.size() == 1);
        house.load(damaged);
        CHECK(house.machine.finished());
        CHECK(lacked_at(last(house, RecordKind::run_failed, "")) == "reuse");
        REQUIRE(house.machine.error());
        CHECK(house.machine.error()->at("step") == "a");
        CHECK(house.running.empty());
        check_read_back(house);
        CHECK(house.loads == 0);
        House again(document, house.journal, Then::retry);
        again.load();
        CHECK(again.running.size() == 1);
        CHECK(again.running.contains("b"));
        check_read_back(again);
    }
    SECTION("because there is no room for its value") {
        House house(document, first.journal, Then::retry, 500);
        CHECK(house.asked.empty());
        CHECK(house.machine.error()->at("code") == "too_large");
        CHECK(lacked_at(last(house, RecordKind::run_failed, "")) == "reuse");
        check_read_back(house);
        CHECK(house.loads == 0);
    }
}

TEST_CASE("a known result for which there is no room is not recorded as a failure of its step", "[engine][replay]") {
    const Json document = flow({node("a", "keyed"), node("b", "keyed")}, Json::array({edge("a", "b")}));
    House first(document);
    first.end("a", {{"n", 7}});
    first.fail("b", Error{ErrorCode::upstream_failed, "the other side failed"});
    House house(document, first.journal, Then::retry, 20);
    CHECK(house.machine.error()->at("code") == "too_large");
    CHECK(house.machine.error()->at("step") == "a");
    CHECK(house.known(house.journal)->steps.contains("a"));
    check_read_back(house);
}

TEST_CASE("what a rerun took stands in its own journal, and is read back whether or not its parent's can be read", "[engine][replay]") {
    const Json nodes = {node("a", "keyed"), node("b", "keyed"), node("c", "keyed"), node("d", "keyed")};
    const Json document = flow(nodes, {edge("a", "b", {{"condition", "nodes.a.output.n == 7"}}), edge("a", "c"), edge("c", "d", {{"on", "error"}})});
    House first(document);
    first.end("a", large(7));
    first.store();
    first.load();
    first.fail("c", Error{ErrorCode::upstream_failed, "the other side failed"});
    first.end("d", {{"n", 4}});
    first.fail("b", Error{ErrorCode::upstream_failed, "the other side failed"});
    REQUIRE(first.machine.finished());
    House house(document, first.journal, Then::rerun);
    house.load();
    CHECK(house.running.size() == 1);
    CHECK(house.running.contains("b"));
    check_read_back(house);
    const auto other = house.read_back(house.known(first.journal, true));
    house.end_of_journal(*other);
    CHECK(other->describe() == house.machine.describe());
}

TEST_CASE("an entry of a step without its path does not fit any flow", "[engine][recovery]") {
    Machine machine(compile(flow(Json::array({node("a", "keyed")}), Json::array())), House::facts(), Json::object());
    REQUIRE(machine.apply({RecordKind::run_started, {}, {}, 0, {}, "{}"}));
    const auto applied = machine.apply({RecordKind::step_started, {}, {}, 1, {}, {}});
    REQUIRE_FALSE(applied);
    CHECK(applied.error().code == ErrorCode::internal);
    CHECK(applied.error().message.find("names no step") != std::string::npos);
}

}  // namespace sluice::engine::test
