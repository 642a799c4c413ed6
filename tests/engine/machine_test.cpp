// The core's behaviour, one story each. A driver plays the shell: effects end as told, timers fire when time is moved.

#include <catch2/catch.hpp>

#include <map>

#include "engine/test_types.hpp"
#include "sluice/engine/machine.hpp"

namespace sluice::engine::test {

namespace {

class Driver {
  public:
    explicit Driver(const Json& document, Json input = Json::object())
        : machine(compile(document), facts(), std::move(input)) {
        take(machine.handle(event::Start{}, now, random));
    }

    static RunFacts facts() {
        RunFacts out;
        out.flow_name = "story";
        out.flow_version = 1;
        out.started_at = base::from_us(0);
        return out;
    }

    void take(Output output) {
        for (auto& record : output.records) journal.push_back(std::move(record));
        for (auto& command : output.commands) {
            if (auto* execute = std::get_if<command::Execute>(&command)) running.emplace(execute->path, std::move(*execute));
            else if (auto* timer = std::get_if<command::ArmTimer>(&command)) timers.emplace_back(timer->at, timer->step);
            else if (auto* cancel = std::get_if<command::Cancel>(&command)) cancelled.push_back(cancel->step);
        }
        if (output.more) take(machine.handle(event::Continue{}, now, random));
    }
    void end(const std::string& path, Json output) {
        const auto found = running.find(path);
        REQUIRE(found != running.end());
        flows::StepOutput value;
        value.output = std::move(output);
        event::StepEnded ended{found->second.step, found->second.attempt, std::move(value), {}};
        running.erase(found);
        take(machine.handle(std::move(ended), now, random));
    }
    void fail_step(const std::string& path, bool retryable = false, ErrorCode code = ErrorCode::upstream_failed) {
        const auto found = running.find(path);
        REQUIRE(found != running.end());
        Error error{code, "the other side failed"};
        error.retryable = retryable;
        event::StepEnded ended{found->second.step, found->second.attempt, tl::unexpected<Error>(std::move(error)), {}};
        running.erase(found);
        take(machine.handle(std::move(ended), now, random));
    }
    void advance(Duration by) {
        now += by;
        const auto due = std::move(timers);
        timers.clear();
        for (const auto& [at, step] : due) {
            if (at <= now) take(machine.handle(event::TimerFired{step}, now, random));
            else timers.emplace_back(at, step);
        }
    }
    std::string status(const std::string& path) const { return std::string(to_string(machine.step_status(path))); }
    std::string run() const { return std::string(to_string(machine.status())); }
    int count(RecordKind kind) const {
        return static_cast<int>(std::count_if(journal.begin(), journal.end(), [&](const Record& r) { return r.kind == kind; }));
    }

    Time now = base::from_us(0);
    base::SeededRandom random{1};
    Machine machine;
    std::vector<Record> journal;
    std::map<std::string, command::Execute> running;
    std::vector<std::pair<Time, StepRef>> timers;
    std::vector<StepRef> cancelled;
};

Json node(std::string id, std::string type, Json config = Json::object(), Json more = Json::object()) {
    Json out = {{"id", std::move(id)}, {"type", std::move(type)}, {"config", std::move(config)}};
    out.update(more);
    return out;
}
Json edge(std::string from, std::string to, Json more = Json::object()) {
    Json out = {{"from", std::move(from)}, {"to", std::move(to)}};
    out.update(more);
    return out;
}
// Vectors: a JSON value in braces would be a copy of it, not a list of one.
using List = std::vector<Json>;
Json flow(const List& nodes, const List& edges, Json more = Json::object()) {
    Json out = {{"name", "story"}, {"nodes", nodes}, {"edges", edges}};
    out.update(more);
    return out;
}

}  // namespace

TEST_CASE("a chain of pure nodes ends in one call", "[engine][machine]") {
    Driver d(flow({node("a", "pure", {{"n", 1}}), node("b", "pure", {{"n", 2}}), node("c", "pure", {{"n", 3}})},
                  {edge("a", "b"), edge("b", "c")}));
    CHECK(d.run() == "succeeded");
    CHECK(d.machine.output() == Json{{"c", {{"n", 6}}}});
    CHECK(d.count(RecordKind::step_started) == 0);  // pure steps need no mark
    CHECK(d.count(RecordKind::step_succeeded) == 3);
}

TEST_CASE("the mark of the next effect travels with the end of the one before", "[engine][machine]") {
    Driver d(flow({node("a", "safe"), node("b", "keyed")}, {edge("a", "b")}));
    REQUIRE(d.journal.size() == 2);  // run.started and the first mark
    CHECK(d.running.at("a").barrier);
    d.end("a", {{"n", 1}});
    REQUIRE(d.journal.size() == 4);
    CHECK(d.journal[2].kind == RecordKind::step_succeeded);
    CHECK(d.journal[3].kind == RecordKind::step_started);
}

TEST_CASE("a condition decides an edge, and a refused one skips what hangs on it", "[engine][machine]") {
    Driver d(flow({node("a", "pure", {{"n", 4}}), node("even", "pure"), node("odd", "pure"), node("after_odd", "pure")},
                  {edge("a", "even", {{"condition", "nodes.a.output.n % 2 == 0"}}),
                   edge("a", "odd", {{"condition", "nodes.a.output.n % 2 == 1"}}), edge("odd", "after_odd")}));
    CHECK(d.run() == "succeeded");
    CHECK(d.status("even") == "succeeded");
    CHECK(d.status("odd") == "skipped");
    CHECK(d.status("after_odd") == "skipped");
    CHECK(d.machine.output() == Json{{"even", {{"n", 4}}}});
}

TEST_CASE("a condition that errors fails its source step with the message", "[engine][machine]") {
    Driver d(flow({node("a", "pure"), node("b", "pure")}, {edge("a", "b", {{"condition", "nodes.a.output.missing == 1"}})}));
    CHECK(d.run() == "failed");
    CHECK(d.status("a") == "failed");
    CHECK_THAT(d.machine.error()->at("message").get<std::string>(), Catch::Contains("missing"));
}

TEST_CASE("ports choose edges", "[engine][machine]") {
    Driver d(flow({node("p", "ports", {{"ports", {"left"}}}), node("l", "pure"), node("r", "pure"), node("always", "pure")},
                  {edge("p", "l", {{"from_port", "left"}}), edge("p", "r", {{"from_port", "right"}}), edge("p", "always")}));
    CHECK(d.status("l") == "succeeded");
    CHECK(d.status("r") == "skipped");
    CHECK(d.status("always") == "succeeded");
}

TEST_CASE("joins wait for all, any, n, or the first", "[engine][machine]") {
    const List nodes = {node("a", "safe"), node("b", "safe"), node("c", "safe")};
    const List edges = {edge("a", "j"), edge("b", "j"), edge("c", "j")};
    auto with = [&](Json join) {
        List all = nodes;
        all.push_back(node("j", "pure", Json::object(), {{"join", std::move(join)}}));
        return Driver(flow(all, edges));
    };
    SECTION("all") {
        auto d = with("all");
        d.end("a", {{"n", 1}});
        d.end("b", {{"n", 2}});
        CHECK(d.status("j") == "pending");
        d.end("c", {{"n", 3}});
        CHECK(d.machine.output() == Json{{"j", {{"n", 6}}}});
    }
    SECTION("any") {
        auto d = with("any");
        d.end("b", {{"n", 2}});
        CHECK(d.status("j") == "succeeded");
        CHECK(d.run() == "running");  // the others still run
        d.end("a", {{"n", 1}});
        d.end("c", {{"n", 1}});
        CHECK(d.run() == "succeeded");
    }
    SECTION("two") {
        auto d = with({{"n", 2}});
        d.end("a", {{"n", 1}});
        CHECK(d.status("j") == "pending");
        d.end("c", {{"n", 3}});
        CHECK(d.status("j") == "succeeded");
    }
    SECTION("first, which cancels the rest") {
        auto d = with("first");
        d.end("b", {{"n", 2}});
        CHECK(d.run() == "succeeded");
        CHECK(d.status("a") == "cancelled");
        CHECK(d.status("c") == "cancelled");
        CHECK(d.cancelled.size() == 2);
    }
}

TEST_CASE("a failed step takes its error edges, which carry the error", "[engine][machine]") {
    Driver d(flow({node("a", "safe"), node("next", "pure"),
                   node("rescue", "pure", {{"n", "{{ error.code == 'upstream_failed' ? 7 : 0 }}"}})},
                  {edge("a", "next"), edge("a", "rescue", {{"on", "error"}})}));
    d.fail_step("a");
    CHECK(d.run() == "succeeded");
    CHECK(d.status("a") == "failed");
    CHECK(d.status("next") == "skipped");
    CHECK(d.machine.output().at("rescue") == Json{{"n", 7}});
}

TEST_CASE("on_error continue gives the error as output", "[engine][machine]") {
    Driver d(flow({node("a", "safe", Json::object(), {{"on_error", "continue"}}), node("b", "pure")}, {edge("a", "b")}));
    d.fail_step("a");
    CHECK(d.run() == "succeeded");
    CHECK(d.status("b") == "succeeded");
}

TEST_CASE("an unhandled failure fails the run and cancels what runs", "[engine][machine]") {
    Driver d(flow({node("a", "safe"), node("b", "safe"), node("after", "pure")}, {edge("b", "after")}));
    d.fail_step("a");
    CHECK(d.run() == "failed");
    CHECK(d.status("b") == "cancelled");
    CHECK(d.status("after") == "skipped");
    CHECK(d.machine.error()->at("step") == "a");
    CHECK(d.machine.error()->at("code") == "upstream_failed");
}

TEST_CASE("attempts are repeated with backoff while the error is retryable", "[engine][machine]") {
    const Json retry = {{"retry", {{"max_attempts", 3}, {"backoff", "10s"}, {"factor", 2}, {"jitter", 0}}}};
    SECTION("and the third can succeed") {
        Driver d(flow({node("a", "safe", Json::object(), retry)}, List{}));
        d.fail_step("a", true);
        CHECK(d.run() == "waiting");
        d.advance(std::chrono::seconds(9));
        CHECK(d.running.empty());
        d.advance(std::chrono::seconds(1));
        d.fail_step("a", true);
        d.advance(std::chrono::seconds(19));
        CHECK(d.running.empty());
        d.advance(std::chrono::seconds(1));
        CHECK(d.running.at("a").attempt == 3);
        d.end("a", {{"n", 1}});
        CHECK(d.run() == "succeeded");
        CHECK(d.count(RecordKind::step_attempt_failed) == 2);
    }
    SECTION("and the last failure is final") {
        Driver d(flow({node("a", "safe", Json::object(), retry)}, List{}));
        for (int i = 0; i < 3; ++i) {
            d.fail_step("a", true);
            d.advance(std::chrono::minutes(1));
        }
        CHECK(d.run() == "failed");
        CHECK(d.machine.error()->at("attempt") == 3);
    }
    SECTION("but not for an error that will not go away") {
        Driver d(flow({node("a", "safe", Json::object(), retry)}, List{}));
        d.fail_step("a", false);
        CHECK(d.run() == "failed");
    }
    SECTION("and a timeout is said to be one") {
        Driver d(flow({node("a", "safe")}, List{}));
        d.fail_step("a", false, ErrorCode::timeout);
        CHECK(d.status("a") == "timed_out");
    }
}

TEST_CASE("a map runs its items in order of start, at most as many at once as told", "[engine][machine][map]") {
    const Json body = {{"nodes", List{node("x", "safe")}}, {"edges", Json::array()}, {"output", "{{ nodes.x.output.n + index }}"}};
    Driver d(flow({node("each", "each", {{"items", {5, 6, 7, 8}}, {"concurrency", 2}, {"body", body}})}, List{}));
    CHECK(d.running.size() == 2);
    d.end("each[1]/x", {{"n", 20}});
    CHECK(d.running.count("each[2]/x") == 1);
    CHECK(d.running.count("each[3]/x") == 0);
    d.end("each[0]/x", {{"n", 10}});
    d.end("each[3]/x", {{"n", 40}});
    d.end("each[2]/x", {{"n", 30}});
    CHECK(d.machine.output() == Json{{"each", {10, 21, 32, 43}}});
}

TEST_CASE("a map's failing item fails it, or is collected", "[engine][machine][map]") {
    const Json body = {{"nodes", List{node("x", "safe")}}, {"edges", Json::array()}};
    SECTION("fail") {
        Driver d(flow({node("each", "each", {{"items", {1, 2}}, {"body", body}})}, List{}));
        d.fail_step("each[1]/x");
        CHECK(d.run() == "failed");
        CHECK(d.machine.error()->at("item") == 1);
        CHECK(d.cancelled.size() == 1);
    }
    SECTION("collect") {
        Driver d(flow({node("each", "each", {{"items", {1, 2}}, {"on_item_error", "collect"}, {"body", body}})}, List{}));
        d.fail_step("each[1]/x");
        d.end("each[0]/x", {{"n", 1}});
        CHECK(d.run() == "succeeded");
        CHECK(d.machine.output()["each"][1]["error"]["code"] == "upstream_failed");
    }
    SECTION("what is no list is refused with a way out") {
        Driver d(flow({node("each", "each", {{"items", "{{ input }}"}, {"body", body}})}, List{}), {{"a", 1}});
        CHECK(d.run() == "failed");
        CHECK_THAT(d.machine.error()->at("message").get<std::string>(), Catch::Contains("must be a list"));
    }
    SECTION("no items, an empty list") {
        Driver d(flow({node("each", "each", {{"items", Json::array()}, {"body", body}})}, List{}));
        CHECK(d.machine.output() == Json{{"each", Json::array()}});
    }
}

TEST_CASE("a cancelled run starts no further node", "[engine][machine][cancel]") {
    Driver d(flow({node("a", "safe"), node("b", "pure")}, {edge("a", "b")}));
    d.take(d.machine.handle(event::Cancel{"enough"}, d.now, d.random));
    CHECK(d.run() == "cancelled");
    CHECK(d.status("a") == "cancelled");
    CHECK(d.status("b") == "skipped");
    // The answer that was under way changes nothing.
    const std::size_t records = d.journal.size();
    d.end("a", {{"n", 1}});
    CHECK(d.journal.size() == records);
}

TEST_CASE("a wait ends when its time has come, never early", "[engine][machine]") {
    Driver d(flow({node("w", "wait", {{"for", "30s"}}), node("b", "pure")}, {edge("w", "b")}));
    CHECK(d.run() == "waiting");
    d.advance(std::chrono::seconds(29));
    CHECK(d.run() == "waiting");
    d.advance(std::chrono::seconds(1));
    CHECK(d.run() == "succeeded");
}

TEST_CASE("a step that is held starts only after a restart", "[engine][machine]") {
    Driver d(flow({node("a", "safe"), node("b", "safe")}, {edge("a", "b")}));
    d.machine.hold();
    d.end("a", {{"n", 1}});
    CHECK(d.running.empty());
    CHECK(d.count(RecordKind::step_started) == 1);
    Machine next(compile(flow({node("a", "safe"), node("b", "safe")}, {edge("a", "b")})), Driver::facts(), Json::object());
    for (const Record& record : d.journal) REQUIRE(next.apply(record));
    const auto output = next.handle(event::Recovered{}, d.now, d.random);
    CHECK(output.commands.size() == 1);
}

TEST_CASE("after a crash on_unknown decides what becomes of a started effect", "[engine][machine][recovery]") {
    for (const auto& [type, expected] : {std::pair<std::string, std::string>{"keyed", "running"}, {"unsafe", "unknown"}}) {
        CAPTURE(type);
        const Json document = flow({node("a", type)}, List{});
        Driver d(document);
        Machine next(compile(document), Driver::facts(), Json::object());
        for (const Record& record : d.journal) REQUIRE(next.apply(record));
        const auto output = next.handle(event::Recovered{}, d.now, d.random);
        CHECK(to_string(next.step_status("a")) == expected);
        CHECK(output.records.size() == 1);  // the mark of a second attempt, or that it is unknown
        CHECK(to_string(next.status()) == (expected == "unknown" ? "waiting" : "running"));
    }
}

TEST_CASE("what respond gives is the run's output", "[engine][machine]") {
    Driver d(flow({node("r", "respond", {{"n", 5}}), node("after", "pure")}, {edge("r", "after")}));
    CHECK(d.machine.output() == Json{{"n", 5}});
    CHECK(d.machine.response() == Json{{"n", 5}});
}

TEST_CASE("a long chain of pure steps is cut into turns", "[engine][machine]") {
    List nodes, edges;
    for (int i = 0; i < 500; ++i) {
        nodes.push_back(node("n" + std::to_string(i), "pure", {{"n", 1}}));
        if (i > 0) edges.push_back(edge("n" + std::to_string(i - 1), "n" + std::to_string(i)));
    }
    Machine machine(compile(flow(nodes, edges)), Driver::facts(), Json::object());
    base::SeededRandom random(1);
    const Time now = base::from_us(0);
    int turns = 1;
    auto output = machine.handle(event::Start{}, now, random);
    for (; output.more; ++turns) output = machine.handle(event::Continue{}, now, random);
    CHECK(turns == 8);  // 64 steps a turn
    CHECK(machine.output()["n499"]["n"] == 500);
}

TEST_CASE("a flow's timeout ends the run", "[engine][machine]") {
    Driver d(flow({node("a", "safe")}, List{}, {{"settings", {{"timeout", "1m"}}}}));
    d.take(d.machine.handle(event::RunTimedOut{}, d.now, d.random));
    CHECK(d.run() == "timed_out");
    CHECK_THAT(d.machine.error()->at("message").get<std::string>(), Catch::Contains("1m"));
}

}  // namespace sluice::engine::test
