#include "flows/retry_schedule.hpp"

#include <catch2/catch.hpp>

#include "flows/types.hpp"

using namespace sluice;
using namespace sluice::flows;
using namespace std::chrono_literals;
using flows::test::flow;
using flows::test::types;

namespace {

RetryPolicy policy(int attempts, Duration backoff, double factor = 1, double jitter = 0) {
    RetryPolicy out;
    out.max_attempts = attempts;
    out.backoff = backoff;
    out.factor = factor;
    out.jitter = jitter;
    return out;
}

std::vector<Duration> delays(const std::vector<RetryAttempt>& schedule) {
    std::vector<Duration> out;
    for (const auto& one : schedule) out.push_back(one.delay);
    return out;
}

RetryPreviews previews(const Json& document) {
    const auto judged = compile_flow(document, types());
    INFO(fmt::format("{}", fmt::join(flows::test::lines(judged.errors), "\n")));
    REQUIRE(judged.flow);
    return preview_retries(document, *judged.flow);
}

}  // namespace

TEST_CASE("one attempt is no retry: it begins at once and alone", "[flows][retry]") {
    CHECK(retry_schedule(RetryPolicy{}) == std::vector<RetryAttempt>{RetryAttempt{}});
    CHECK(retry_schedule(policy(0, 1s)).size() == 1);
}

TEST_CASE("constant delays add up", "[flows][retry]") {
    const auto schedule = retry_schedule(policy(4, 2s));
    CHECK(delays(schedule) == std::vector<Duration>{0s, 2s, 2s, 2s});
    CHECK(schedule.back().attempt == 4);
    CHECK(schedule.back().elapsed == 6s);
    CHECK(schedule.back().earliest == 6s);
    CHECK(schedule.back().latest == 6s);
}

TEST_CASE("exponential delays grow up to max_backoff", "[flows][retry]") {
    auto growing = policy(6, 1s, 3);
    growing.max_backoff = 20s;
    CHECK(delays(retry_schedule(growing)) == std::vector<Duration>{0s, 1s, 3s, 9s, 20s, 20s});
    CHECK(retry_schedule(growing).back().elapsed == 53s);
    CHECK(retry_delay(growing, 1) == 1s);
    CHECK(retry_delay(growing, 5) == 20s);
}

TEST_CASE("jitter bounds every attempt from both sides, and the bounds add up", "[flows][retry]") {
    const auto schedule = retry_schedule(policy(3, 10s, 2, 0.1));
    CHECK(schedule[1] == RetryAttempt{2, 10s, 10s, 9s, 11s, true});
    CHECK(schedule[2] == RetryAttempt{3, 20s, 30s, 27s, 33s, true});
    const auto full = retry_schedule(policy(2, 10s, 2, 1));
    CHECK(full[1].earliest == 0s);
    CHECK(full[1].latest == 20s);
}

TEST_CASE("max_elapsed cuts attempts off, and marks those that jitter can cut off", "[flows][retry]") {
    auto limited = policy(10, 10s, 1, 0.1);
    limited.max_elapsed = 31s;
    const auto schedule = retry_schedule(limited);
    REQUIRE(schedule.size() == 4);  // the fifth begins after 36 s at the earliest
    CHECK(schedule[2].certain);
    CHECK_FALSE(schedule[3].certain);
    CHECK(schedule[3].latest == 33s);
    limited.jitter = 0;
    limited.max_elapsed = 30s;
    CHECK(retry_schedule(limited).size() == 4);  // exactly then is not later
    limited.max_elapsed = 30s - 1us;
    CHECK(retry_schedule(limited).size() == 3);
    limited.max_elapsed = 1us;
    CHECK(retry_schedule(limited).size() == 1);
}

TEST_CASE("absurd policies end in the largest duration, not in an overflow", "[flows][retry]") {
    auto absurd = policy(100, std::chrono::hours(24 * 365 * 1000), 100, 1);
    absurd.max_backoff = Duration::max();
    const auto schedule = retry_schedule(absurd);
    REQUIRE(schedule.size() == 100);
    for (std::size_t i = 1; i < schedule.size(); ++i) {
        CHECK(schedule[i].delay >= schedule[i - 1].delay);
        CHECK(schedule[i].elapsed >= schedule[i - 1].elapsed);
        CHECK(schedule[i].latest >= schedule[i].elapsed);
        CHECK(schedule[i].earliest == 0s);
    }
    CHECK(schedule.back().elapsed == Duration::max());
    auto none = policy(100, 0s, 100, 0.5);
    CHECK(retry_schedule(none).back().latest == 0s);
}

TEST_CASE("the preview names every node that says something about retries, inside bodies as well", "[flows][retry]") {
    const auto document = flow(R"(
        {"id": "plain", "type": "http.request", "config": {"url": "http://a"}},
        {"id": "tried", "type": "http.request", "config": {"url": "http://a"},
         "retry": {"max_attempts": 3, "backoff": "1s", "factor": 2, "jitter": 0}},
        {"id": "each", "type": "map", "config": {"items": [], "body": {"nodes": [
            {"id": "first", "type": "echo"},
            {"id": "inner", "type": "http.request", "config": {"url": "http://a"}, "retry": {"max_attempts": 2, "jitter": 0}}]}}})");
    const auto found = previews(document);
    REQUIRE(found.items.size() == 2);
    CHECK(found.items[0].pointer == "/nodes/1/retry");
    CHECK(found.items[0].node == "tried");
    CHECK(found.items[0].attempts.size() == 3);
    CHECK(found.items[0].total == 3s);
    CHECK(found.items[1].pointer == "/nodes/2/config/body/nodes/1/retry");
    CHECK(document.contains(Json::json_pointer(found.items[1].pointer)));
    CHECK(found.items[1].total == 1s);
    CHECK(found.left_out == 0);
    CHECK(retries_json(found)[0] == Json::parse(R"({"pointer": "/nodes/1/retry", "node": "tried", "attempts": [
        {"attempt": 1, "delay": "0s", "earliest": "0s", "latest": "0s", "elapsed": "0s"},
        {"attempt": 2, "delay": "1s", "earliest": "1s", "latest": "1s", "elapsed": "1s"},
        {"attempt": 3, "delay": "2s", "earliest": "3s", "latest": "3s", "elapsed": "3s"}], "total": "3s"})"));
}

TEST_CASE("a node that the executor never tries again has one attempt in the preview", "[flows][retry]") {
    const auto found = previews(flow(R"({"id": "a", "type": "echo", "retry": {"max_attempts": 5}})"));
    REQUIRE(found.items.size() == 1);
    CHECK(found.items[0].attempts.size() == 1);
    CHECK(found.items[0].total == 0s);
}

TEST_CASE("an attempt that jitter can cut off is shown as not certain", "[flows][retry]") {
    const auto found = previews(flow(R"({"id": "a", "type": "http.request", "config": {"url": "http://a"},
        "retry": {"max_attempts": 9, "backoff": "10s", "factor": 1, "jitter": 0.1, "max_elapsed": "29s"}})"));
    REQUIRE(found.items.size() == 1);
    const auto json = retries_json(found)[0];
    REQUIRE(json["attempts"].size() == 4);
    CHECK(json["attempts"][3]["certain"] == false);
    CHECK_FALSE(json["attempts"][1].contains("certain"));
    CHECK(json["total"] == "20s");  // of the last one that begins in time without jitter
}

TEST_CASE("a preview is bounded and says how many nodes it leaves out", "[flows][retry]") {
    auto document = flow("");
    for (int i = 0; i < 210; ++i)
        document["nodes"].push_back({{"id", fmt::format("n{}", i)}, {"type", "http.request"}, {"config", {{"url", "http://a"}}},
                                     {"retry", {{"max_attempts", 100}}}});
    const auto found = previews(document);
    CHECK(found.items.size() == 200);
    CHECK(found.left_out == 10);
}
