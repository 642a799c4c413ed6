#include "cli/progress.hpp"

#include <catch2/catch.hpp>

#include "cli/event_lines.hpp"

using namespace sluice;
using namespace sluice::cli;

namespace {

Json entry(int seq, const std::string& kind, const std::string& path = "", Json data = Json()) {
    Json out = {{"seq", seq}, {"kind", kind}, {"at", "2026-11-21T05:00:00Z"}};
    if (!path.empty()) out["path"] = path;
    if (!data.is_null()) out["data"] = std::move(data);
    return out;
}

}  // namespace

TEST_CASE("a step's path loses its items and turns, so that steps fall together by node", "[cli]") {
    CHECK(node_path("classify") == "classify");
    CHECK(node_path("each[17]/classify") == "each/classify");
    CHECK(node_path("outer[1]/inner[22]/x") == "outer/inner/x");
    CHECK(node_path("answer/turn[2]/search#0") == "answer/turn/search");
}

TEST_CASE("a run's journal folds to counts by node", "[cli]") {
    Progress progress;
    progress.apply(entry(1, "run.started"));
    progress.apply(entry(2, "step.succeeded", "read"));
    progress.apply(entry(3, "step.started", "each", {{"items", 4}}));
    progress.apply(entry(4, "step.started", "each[0]/classify"));
    progress.apply(entry(5, "step.started", "each[1]/classify"));
    progress.apply(entry(6, "step.succeeded", "each[0]/classify"));
    progress.apply(entry(7, "step.attempt_failed", "each[1]/classify"));
    progress.apply(entry(8, "step.skipped", "report"));

    const auto nodes = progress.nodes();
    REQUIRE(nodes.size() == 4);
    CHECK(nodes[1].path == "each");
    CHECK(nodes[2].path == "each/classify");
    CHECK(nodes[2].total == 4);
    CHECK(nodes[2].done() == 1);
    CHECK(nodes[2].running == 0);
    CHECK(nodes[2].waiting == 1);
    CHECK(nodes[3].skipped == 1);
    CHECK_FALSE(progress.ended());
    CHECK(progress.line() == "each/classify 1/4 (1 waiting)");

    SECTION("the same entry twice counts once") {
        progress.apply(entry(6, "step.succeeded", "each[0]/classify"));
        CHECK(progress.nodes()[2].done() == 1);
    }
    SECTION("a retried step is one step") {
        progress.apply(entry(9, "step.started", "each[1]/classify"));
        progress.apply(entry(10, "step.failed", "each[1]/classify"));
        const auto now = progress.nodes()[2];
        CHECK(now.done() == 2);
        CHECK(now.failed == 1);
        CHECK(now.waiting == 0);
        CHECK(progress.line() == "each/classify 2/4 (1 failed)");
    }
    SECTION("the end of the run is known") {
        progress.apply(entry(9, "run.cancel_requested"));
        CHECK_FALSE(progress.ended());
        progress.apply(entry(10, "run.timed_out"));
        CHECK(progress.ended());
        CHECK(progress.status() == "timed_out");
        CHECK(progress.last_seq() == 10);
    }
    SECTION("kinds of a newer server are passed over") {
        progress.apply(entry(9, "step.dreaming", "other"));
        CHECK(progress.nodes().size() == 4);
        CHECK(progress.last_seq() == 9);
    }
}

TEST_CASE("a view has a line for each node, inner ones below their container", "[cli]") {
    Progress progress;
    progress.apply(entry(1, "step.started", "each", {{"items", 2}}));
    progress.apply(entry(2, "step.succeeded", "other"));
    progress.apply(entry(3, "step.started", "each[0]/a"));
    CHECK(progress.view() == std::vector<std::string>{" > each         0/1  1 running",
                                                      " >   a          0/2  1 running",
                                                      " + other        1/1"});
    CHECK(progress.percent() == 25);
}

TEST_CASE("steps fold by node with their counts, time, tokens and cost", "[cli]") {
    StepFold fold;
    const auto step = [](const std::string& path, const std::string& status,
                         const std::string& from, const std::string& to) {
        return Json{{"path", path},  {"type", "llm.chat"}, {"status", status},
                    {"attempts", 1}, {"started_at", from}, {"finished_at", to}};
    };
    auto map = step("each", "succeeded", "2026-11-21T05:00:00Z", "2026-11-21T05:00:09Z");
    map["items"] = 2;
    fold.add(map);
    auto first = step("each[0]/ask", "succeeded", "2026-11-21T05:00:01Z", "2026-11-21T05:00:03Z");
    first["usage"] = {{"input_tokens", 1000}, {"output_tokens", 50}, {"cost_usd", "0.0015"}};
    fold.add(first);
    auto second = step("each[1]/ask", "failed", "2026-11-21T05:00:02Z", "2026-11-21T05:00:05Z");
    second["usage"] = {{"input_tokens", 200}, {"output_tokens", 5}, {"cost_usd", "0.0005"}};
    second["error"] = {{"code", "rate_limited"}, {"message", "slow down"}};
    fold.add(second);
    Json waiting = {{"path", "report"}, {"type", "wait"},        {"status", "waiting"},
                    {"attempts", 1},    {"started_at", nullptr}, {"finished_at", nullptr}};
    fold.add(waiting);

    const auto nodes = fold.nodes();
    REQUIRE(nodes.size() == 3);
    CHECK(nodes[1].path == "each/ask");
    CHECK(nodes[1].steps == 2);
    CHECK(nodes[1].failed == 1);
    CHECK(nodes[1].cost.value == 2'000'000);
    CHECK(nodes[1].last_us - nodes[1].first_us == 4'000'000);
    CHECK(render_nodes(nodes) ==
          "NODE    TYPE                 STEPS  OK  FAILED  SKIPPED   TIME  TOKENS    COST\n"
          "each    llm.chat of 2 items      1   1       -        -  9.0 s       -       -\n"
          "  ask   llm.chat                 2   1       1        -  4.0 s   1,255  $0.002\n"
          "report  wait                     1   -       -        -      -       -       -\n"
          "each/ask failed: slow down\n");
    const auto json = nodes_json(nodes);
    CHECK(json[1]["duration_ms"] == 4000);
    CHECK(json[1]["cost_usd"] == "0.002");
    CHECK(json[0]["items"] == 2);
    CHECK(json[2]["duration_ms"].is_null());
}

TEST_CASE("server-sent events are cut right whatever the pieces they come in", "[cli]") {
    const std::string text =
        "retry: 2000\n: hello\n\nid: 1\ndata: {\"a\":1}\n\nevent: live\r\ndata: x\r\ndata: "
        "y\r\n\r\nid: 3\ndata: z\n\n";
    for (std::size_t piece = 1; piece <= text.size(); ++piece) {
        EventLines lines;
        std::vector<std::string> seen;
        for (std::size_t at = 0; at < text.size(); at += piece)
            REQUIRE(lines.feed(std::string_view(text).substr(at, piece),
                               [&](const StreamedEvent& event) {
                                   seen.push_back(event.id + "|" + event.name + "|" + event.data);
                                   return true;
                               }));
        CAPTURE(piece);
        CHECK(seen == std::vector<std::string>{"1||{\"a\":1}", "|live|x\ny", "3||z"});
    }
}
