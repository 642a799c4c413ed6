#include <catch2/catch.hpp>

#include "nodes/node_world.hpp"

using namespace sluice;
using test::NodeWorld;
using test::parse;

TEST_CASE("input fills in defaults, and refuses what cannot have any", "[nodes][input]") {
    NodeWorld world;
    CHECK(world.get("input", parse("{}"), parse("[1]")) == parse("[1]"));
    CHECK(world.get("input", parse(R"({"defaults": {"a": 1, "b": 2}})"), parse(R"({"b": 3})")) ==
          parse(R"({"b": 3, "a": 1})"));
    CHECK(world.get("input", parse(R"({"defaults": {"a": 1}})"), nullptr) == parse(R"({"a": 1})"));
    CHECK_THAT(world.error("input", parse(R"({"defaults": {"a": 1}})"), 7).message,
               Catch::Contains("a number"));
}

TEST_CASE("set lays its values over what came in", "[nodes][set]") {
    NodeWorld world;
    const auto config = parse(R"({"values": {"b": "{{ input.n + 1 }}"}, "keep_upstream": true})");
    CHECK(world.get("set", config, parse(R"({"n": 1})"),
                    {parse(R"({"a": 1, "b": 1})"), parse(R"({"c": 3})")}) ==
          parse(R"({"a": 1, "b": 2, "c": 3})"));
    CHECK_THAT(world.error("set", config, parse(R"({"n": 1})"), {parse("[1]")}).message,
               Catch::Contains("a list"));
}

TEST_CASE("transform takes an expression or a value, never both", "[nodes][transform]") {
    NodeWorld world;
    CHECK(world.get(
              "transform",
              parse(R"({"value": {"sum": "{{ input.a + input.b }}", "text": "is {{ input.a }}"}})"),
              parse(R"({"a": 1, "b": 2})")) == parse(R"({"sum": 3, "text": "is 1"})"));
    CHECK_THAT(world.refusal("transform", parse(R"({"expression": "1", "value": 2})")),
               Catch::Contains("exactly one"));
    CHECK_THAT(world.refusal("transform", parse("{}")), Catch::Contains("exactly one"));
    CHECK_THAT(world.refusal("transform", parse(R"({"expression": "1 +"})")),
               Catch::Contains("/config/expression"));
    const auto error = world.error("transform", parse(R"({"expression": "input.missing"})"));
    CHECK(error.code == ErrorCode::invalid_argument);
    CHECK_THAT(error.message, Catch::Contains("/expression") && Catch::Contains("missing"));
}

TEST_CASE("switch opens the first port that holds, all of them, the default, or none",
          "[nodes][switch]") {
    NodeWorld world;
    const auto ports = [&](const char* config, int n) {
        test::Step step;
        step.input = Json{{"n", n}};
        const auto result = world.run("switch", parse(config), step);
        REQUIRE(result);
        CHECK(result->output["ports"] == Json(result->ports));
        return result->ports;
    };
    using Ports = std::vector<std::string>;
    const auto* cases =
        R"({"cases": [{"port": "big", "when": "input.n > 10"}, {"port": "odd", "when": "input.n % 2 == 1"}], "default": "rest"})";
    CHECK(ports(cases, 13) == Ports{"big"});
    CHECK(ports(cases, 3) == Ports{"odd"});
    CHECK(ports(cases, 2) == Ports{"rest"});
    CHECK(
        ports(
            R"({"all": true, "cases": [{"port": "big", "when": "input.n > 10"}, {"port": "odd", "when": "input.n % 2 == 1"}]})",
            13) == Ports{"big", "odd"});
    CHECK(ports(R"({"cases": [{"port": "big", "when": "input.n > 10"}]})", 2).empty());
    CHECK_THAT(world
                   .error("switch", parse(R"({"cases": [{"port": "a", "when": "input.n"}]})"),
                          parse(R"({"n": 1})"))
                   .message,
               Catch::Contains("/cases/0/when"));
    CHECK(world.types().find("switch")->ports(parse(cases)) == Ports{"big", "odd", "rest"});
    CHECK_THAT(
        world.refusal("switch", parse(R"({"cases": [{"port": "{{ input.p }}", "when": "true"}]})")),
        Catch::Contains("/cases/0/port"));
}

TEST_CASE("merge joins in the order of the edges", "[nodes][merge]") {
    NodeWorld world;
    const std::vector<Json> upstream{parse(R"({"a": 1, "b": 1})"), parse(R"({"b": 2})")};
    CHECK(world.get("merge", parse("{}"), {}, upstream) == parse(R"({"a": 1, "b": 2})"));
    CHECK(world.get("merge", parse(R"({"mode": "list"})"), {}, upstream) == Json(upstream));
    CHECK(world.get("merge", parse(R"({"mode": "first"})"), {}, upstream) == upstream[0]);
    CHECK(world.get("merge", parse(R"({"mode": "first"})")) == Json());
    CHECK_THAT(world.error("merge", parse("{}"), {}, {parse("[1]")}).message,
               Catch::Contains("list or append"));
}

TEST_CASE("filter names the item that its condition fails for", "[nodes][filter]") {
    NodeWorld world;
    const auto error =
        world.error("filter", parse(R"({"items": "{{ input }}", "where": "item.x > 1"})"),
                    parse(R"([{"x": 2}, {"y": 1}])"));
    CHECK_THAT(error.message, Catch::Contains("item 1"));
    CHECK(error.code == ErrorCode::invalid_argument);
    CHECK_FALSE(world.output("filter", parse(R"({"items": "{{ input }}", "where": "true"})"),
                             parse(R"({"no": "list"})")));
    CHECK_THAT(world.error("filter", parse(R"({"items": [1], "where": "item"})")).message,
               Catch::Contains("/where"));
}

TEST_CASE("aggregate knows its operations", "[nodes][aggregate]") {
    NodeWorld world;
    const auto config = parse(R"({"items": "{{ input }}", "operations": {
        "all": {"op": "count"}, "paid": {"op": "count", "value": "item.paid"}, "sum": {"op": "sum", "value": "item.n"}, "avg": {"op": "avg", "value": "item.n"},
        "min": {"op": "min", "value": "item.n"}, "max": {"op": "max", "value": "item.name"}, "names": {"op": "collect", "value": "item.name"},
        "kinds": {"op": "distinct", "value": "item.kind"}, "first": {"op": "first", "value": "index"}, "last": {"op": "last", "value": "index"}}})");
    const auto items = parse(
        R"([{"n": 1, "name": "b", "kind": "x", "paid": true}, {"n": 2.5, "name": "a", "kind": "y", "paid": false}, {"n": null, "name": "c", "kind": "x", "paid": null}])");
    CHECK(
        world.get("aggregate", config, items) ==
        parse(
            R"({"all": 3, "paid": 1, "sum": 3.5, "avg": 1.75, "min": 1, "max": "c", "names": ["b", "a", "c"], "kinds": ["x", "y"], "first": 0, "last": 2})"));
    CHECK(world.get("aggregate", config, Json::array())["avg"] == Json());
    CHECK(world.get("aggregate", config, Json::array())["sum"] == 0);
    const auto big = world.get(
        "aggregate",
        parse(R"({"items": [9007199254740993, 2], "operations": {"sum": {"op": "sum"}}})"));
    CHECK(big["sum"] == 9007199254740995);
    CHECK_THAT(
        world
            .error("aggregate", parse(R"({"items": [1, "x"], "operations": {"s": {"op": "sum"}}})"))
            .message,
        Catch::Contains("item 1") && Catch::Contains("a text"));
    CHECK_THAT(
        world
            .error("aggregate", parse(R"({"items": [1, "x"], "operations": {"s": {"op": "max"}}})"))
            .message,
        Catch::Contains("cannot compare"));
    CHECK_THAT(
        world.refusal(
            "aggregate",
            parse(R"({"items": [], "group_by": "item", "operations": {"key": {"op": "count"}}})")),
        Catch::Contains("another name"));
    CHECK_THAT(
        world.refusal(
            "aggregate",
            parse(R"({"items": [], "operations": {"a/b": {"op": "count", "value": "1 +"}}})")),
        Catch::Contains("a~1b"));
}

TEST_CASE("wait reads durations and times, and refuses what lies too far ahead", "[nodes][wait]") {
    NodeWorld world;
    CHECK(world.get("wait", parse(R"({"until": "2026-02-01T09:00:00+01:00"})"))["until"] ==
          "2026-02-01T08:00:00Z");
    CHECK(world.get("wait", parse(R"({"for": "{{ input.d }}"})"),
                    parse(R"({"d": "2h"})"))["until"] == "2026-01-01T02:00:00Z");
    CHECK_THAT(world.error("wait", parse(R"({"for": "{{ input.d }}"})"), parse(R"({"d": "soon"})"))
                   .message,
               Catch::Contains("soon") || Catch::Contains("duration"));
    CHECK_THAT(world.error("wait", parse(R"({"until": "2036-01-01T00:00:00Z"})")).message,
               Catch::Contains("366d"));
    CHECK_THAT(world.refusal("wait", parse(R"({"for": "5 parsecs"})")),
               Catch::Contains("/config/for"));
    CHECK_THAT(world.refusal("wait", parse(R"({"for": "5s", "until": "2026-01-01T00:00:00Z"})")),
               Catch::Contains("exactly one"));
}

TEST_CASE("respond marks its output as the answer, fail carries what it was told", "[nodes]") {
    NodeWorld world;
    test::Step step;
    const auto answer = world.run("respond", parse(R"({"value": [1]})"), step);
    REQUIRE(answer);
    CHECK(answer->response);
    const auto error = world.error(
        "fail", parse(R"({"message": "later", "code": "unavailable", "retryable": true})"));
    CHECK(error.code == ErrorCode::unavailable);
    CHECK(error.retryable);
}

TEST_CASE("json.validate gives the mistakes, or fails with them", "[nodes][json]") {
    NodeWorld world;
    auto config = parse(
        R"({"value": "{{ input }}", "schema": {"type": "object", "required": ["a"], "properties": {"b": {"type": "integer"}}}})");
    const auto judged = world.get("json.validate", config, parse(R"({"b": "x"})"));
    CHECK(judged["valid"] == false);
    CHECK(judged["errors"].size() == 2);
    config["fail_on_invalid"] = true;
    const auto error = world.error("json.validate", config, parse(R"({"b": "x"})"));
    CHECK(error.code == ErrorCode::unprocessable);
    CHECK(error.details.size() == 2);
    CHECK(world.get("json.validate", config, parse(R"({"a": 1})"))["valid"] == true);
    CHECK_THAT(
        world.refusal("json.validate", parse(R"({"value": 1, "schema": {"type": "martian"}})")),
        Catch::Contains("/config/schema"));
}

TEST_CASE("noop declares its effect class and takes its time", "[nodes][noop]") {
    NodeWorld world;
    const auto& type = *world.types().find("noop");
    CHECK(type.effect_of(parse("{}")) == flows::Effect::pure);
    CHECK(type.effect_of(parse(R"({"effect": "unsafe"})")) == flows::Effect::unsafe);
    CHECK(world.get("noop", parse("{}")) == Json());
    world.advance_while_waiting = std::chrono::milliseconds(100);
    const auto before = world.clock.now();
    CHECK(world.get("noop", parse(R"({"delay": "1s", "output": 1})")) == 1);
    CHECK(world.clock.now() - before >= std::chrono::seconds(1));
    CHECK_THAT(world.refusal("noop", parse(R"({"effect": "{{ input.e }}"})")),
               Catch::Contains("/config/effect"));
}

TEST_CASE("a map's settings are judged when the flow is published", "[nodes][map]") {
    NodeWorld world;
    const auto body = R"({"nodes": [{"id": "x", "type": "noop", "config": {}}]})";
    CHECK_THAT(world.refusal("map", parse(fmt::format(
                                        R"({{"items": [], "concurrency": 0, "body": {}}})", body))),
               Catch::Contains("/config/concurrency"));
    CHECK_THAT(world.refusal("map", parse(R"({"items": []})")), Catch::Contains("body"));
    CHECK_THAT(
        world.refusal(
            "map",
            parse(
                R"({"items": [], "body": {"nodes": [{"id": "x", "type": "transform", "config": {"expression": "item +"}}]}})")),
        Catch::Contains("/config/body/nodes/0"));
}
