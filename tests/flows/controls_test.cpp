#include "flows/types.hpp"

using namespace sluice;
using namespace sluice::flows;
using flows::test::flow;
using flows::test::lines;
using flows::test::types;

namespace {

using Lines = std::vector<std::string>;

Lines errors(const Json& document) { return lines(compile_flow(document, types()).errors); }
Lines warnings(const Json& document) { return lines(compile_flow(document, types()).warnings); }

const char* const abc = R"({"id": "a", "type": "echo"}, {"id": "b", "type": "echo"}, {"id": "undo", "type": "echo"})";

Json with(std::string_view pointer, Json value) {
    Json document = flow(R"({"id": "a", "type": "http.request", "config": {"url": "x"}})");
    document[Json::json_pointer(std::string(pointer))] = std::move(value);
    return document;
}

}  // namespace

TEST_CASE("a rollback edge names the node that undoes its source, outside the graph's way", "[flows][validation]") {
    const auto compiled = compile_flow(flow(abc, R"({"from": "a", "to": "b"}, {"from": "a", "to": "undo", "on": "rollback"})"), types());
    REQUIRE(lines(compiled.errors) == Lines{});
    CHECK(lines(compiled.warnings) == Lines{});
    const auto& graph = compiled.flow->graph;
    CHECK(graph.nodes[0].compensation == 2u);
    CHECK(graph.nodes[2].compensates);
    CHECK(graph.roots == std::vector<std::uint32_t>{0});
    CHECK(graph.leaves == std::vector<std::uint32_t>{1});
    CHECK(graph.edges.size() == 1);
    CHECK(graph.compensations == 1);
}

TEST_CASE("a compensation sees what its source gave and why it is undone", "[flows][validation]") {
    const auto* nodes = R"({"id": "a", "type": "echo"}, {"id": "undo", "type": "echo",
        "config": {"value": "{{ nodes.a.output }} {{ error.message }}"}})";
    CHECK(errors(flow(nodes, R"({"from": "a", "to": "undo", "on": "rollback"})")) == Lines{});
}

TEST_CASE("a rollback edge is the only edge of its target, and the only one of its source", "[flows][validation]") {
    CHECK(errors(flow(abc, R"({"from": "a", "to": "undo", "on": "rollback"}, {"from": "b", "to": "undo", "on": "rollback"})")) ==
          Lines{"/edges/1/to: node \"undo\" undoes another node already; give each its own"});
    CHECK(errors(flow(abc, R"({"from": "a", "to": "undo", "on": "rollback"}, {"from": "a", "to": "b", "on": "rollback"})")) ==
          Lines{"/edges/1: node \"a\" is undone by \"undo\" already; a node has one rollback edge"});
    CHECK(errors(flow(abc, R"({"from": "a", "to": "undo", "on": "rollback"}, {"from": "undo", "to": "b"})")) ==
          Lines{"/nodes/2: node \"undo\" undoes another node, so its rollback edge is its only edge"});
    CHECK(errors(flow(abc, R"({"from": "a", "to": "undo", "on": "rollback", "condition": "true"})")) ==
          Lines{"/edges/0: a rollback edge has neither a port nor a condition: what was done is undone"});
    CHECK(errors(flow(abc, R"({"from": "a", "to": "a", "on": "rollback"})")) == Lines{"/edges/0: node \"a\" cannot undo itself"});
}

TEST_CASE("a node that routes its errors needs an error edge", "[flows][validation]") {
    auto document = flow(abc, R"({"from": "a", "to": "b"})");
    document["nodes"][0]["on_error"] = "route";
    CHECK(errors(document) ==
          Lines{"/nodes/0/on_error: node \"a\" routes its errors, but no error edge leaves it; add one with \"on\": \"error\""});
    document["edges"].push_back({{"from", "a"}, {"to", "undo"}, {"on", "error"}});
    CHECK(errors(document) == Lines{});
}

TEST_CASE("a retry's condition is an expression over the error and the attempt", "[flows][validation]") {
    const auto compiled = compile_flow(with("/nodes/0/retry", {{"max_attempts", 5}, {"max_elapsed", "1m"},
                                            {"retry_if", "error.code == 'timeout' && attempt < 3"}}), types());
    REQUIRE(lines(compiled.errors) == Lines{});
    CHECK(compiled.flow->graph.nodes[0].retry.retry_if);
    CHECK(compiled.flow->graph.nodes[0].retry.max_elapsed == std::chrono::minutes(1));
    CHECK(errors(with("/nodes/0/retry/retry_if", "error.")).size() == 1);
    CHECK(errors(with("/nodes/0/retry/retry_if", "reason == 1")).size() == 1);
    CHECK(errors(with("/nodes/0/retry/retry_if", true)).size() == 1);
    CHECK(errors(with("/nodes/0/retry/max_elapsed", "-1s")).size() == 1);
    CHECK(warnings(with("/nodes/0/retry", {{"max_attempts", 2}, {"backoff", "1m"}, {"max_elapsed", "1s"}})).size() == 1);
}

TEST_CASE("the controls of a flow are within their bounds", "[flows][validation]") {
    const auto compiled = compile_flow(with("/settings", {{"max_attempts", 20}, {"priority", 1}, {"error_flow", "alarm"}, {"record", false},
                                            {"retention", {{"succeeded", "7d"}, {"failed", "0s"}}},
                                            {"concurrency", {{"limit", 2}, {"key", "{{ input.customer }}"}}}}), types());
    REQUIRE(lines(compiled.errors) == Lines{});
    const auto& settings = compiled.flow->settings;
    CHECK(settings.max_attempts == 20);
    CHECK(settings.priority == 1);
    CHECK(settings.error_flow == "alarm");
    CHECK_FALSE(settings.record);
    CHECK(settings.retention_succeeded == std::chrono::hours(24 * 7));
    CHECK(settings.retention_failed == Duration(0));
    CHECK(settings.concurrency_limit == 2u);
    CHECK(settings.concurrency_key);
    CHECK(errors(with("/settings/priority", 0)).size() == 1);
    CHECK(errors(with("/settings/priority", 6)).size() == 1);
    CHECK(errors(with("/settings/max_attempts", 0)).size() == 1);
    CHECK(errors(with("/settings/record", "yes")) == Lines{"/settings/record: \"record\" is true or false, not a string"});
    CHECK(errors(with("/settings/error_flow", "-")).size() == 1);
    CHECK(errors(with("/settings/retention/failed", "soon")).size() == 1);
    CHECK(errors(with("/settings/retention/lost", "1s")).size() == 1);
    CHECK(errors(with("/settings/concurrency", Json::object())) ==
          Lines{"/settings/concurrency: \"concurrency\" needs a \"limit\": how many runs go on at once"});
    CHECK(errors(with("/settings/concurrency", {{"limit", 0}})).size() == 1);
    CHECK(errors(with("/settings/concurrency", {{"limit", 1}, {"key", "{{ nodes.a.output }}"}})) ==
          Lines{"/settings/concurrency/key: the key is made before the run starts, from input and vars alone; \"nodes\" is not there yet"});
    CHECK(errors(with("/settings/concurrency", {{"limit", 1}, {"key", "{{ input. }}"}})).size() == 1);
}

TEST_CASE("the controls stand in a fixed order, and what holds anyway is left out", "[flows]") {
    const auto canonical = canonical_document(with("/settings", {{"record", true}, {"priority", 3}, {"error_flow", "alarm"}, {"max_attempts", 9}}));
    CHECK(base::dump_json(canonical["settings"]) == R"({"max_attempts":9,"error_flow":"alarm"})");
}
