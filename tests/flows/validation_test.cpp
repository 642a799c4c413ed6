#include "flows/types.hpp"

using namespace sluice;
using namespace sluice::flows;
using flows::test::flow;
using flows::test::lines;
using flows::test::types;

namespace {

using Lines = std::vector<std::string>;

Lines errors(const Json& document) {
    const auto result = compile_flow(document, types());
    CHECK(result.errors.empty() == (result.flow != nullptr));
    return lines(result.errors);
}
Lines warnings(const Json& document) {
    const auto result = compile_flow(document, types());
    CHECK(lines(result.errors) == Lines{});
    return lines(result.warnings);
}

const char* const a = R"({"id": "a", "type": "echo"})";
const char* const ab = R"({"id": "a", "type": "echo"}, {"id": "b", "type": "echo"})";
const char* const abc = R"({"id": "a", "type": "echo"}, {"id": "b", "type": "echo"}, {"id": "c", "type": "echo"})";
const char* const a_to_b = R"({"from": "a", "to": "b"})";

/// Node "b" after "a" with this config; "c" beside them.
Json with_config(std::string_view config, std::string_view type = "echo") {
    return flow(fmt::format(R"({}, {{"id": "b", "type": "{}", "config": {}}}, {{"id": "c", "type": "echo"}})", a, type, config),
                R"({"from": "a", "to": "b"}, {"from": "a", "to": "c"})");
}

Json edit(Json document, const std::string& pointer, Json value) {
    document[Json::json_pointer(pointer)] = std::move(value);
    return document;
}

}  // namespace

TEST_CASE("a sound flow has no mistakes and no warnings", "[flows][validation]") {
    const auto document = flow(ab, a_to_b, R"("project": "default", "description": "d", "vars": {"limit": 3},
        "input_schema": {"type": "object"}, "output": "{{ nodes.b.output }}", "settings": {"durability": "relaxed", "timeout": "1h"})");
    CHECK(errors(document) == Lines{});
    CHECK(warnings(document) == Lines{});
}

TEST_CASE("what is no flow at all is refused at the root", "[flows][validation]") {
    CHECK(errors(Json::array()) == Lines{": a flow is a JSON object with \"name\" and \"nodes\", not an array"});
    CHECK(errors(nullptr) == Lines{": a flow is a JSON object with \"name\" and \"nodes\", not null"});
    CHECK(errors(Json::object()) == Lines{": a flow needs a \"name\"", ": a flow needs at least one node in \"nodes\""});
}

TEST_CASE("names of flows keep to their form", "[flows][validation]") {
    const auto name = GENERATE("", " x", "-x", "a/b", "ä", "x ");
    CAPTURE(name);
    const auto found = errors(edit(flow(a), "/name", name));
    REQUIRE(found.size() == 1);
    CHECK(found[0].starts_with("/name: "));
    CHECK(errors(edit(flow(a), "/name", std::string(101, 'x'))).size() == 1);
    CHECK(errors(edit(flow(a), "/name", "Triage 2.0_b-c")) == Lines{});
}

TEST_CASE("members of the wrong type are named", "[flows][validation]") {
    CHECK(errors(edit(flow(a), "/name", 7)) == Lines{"/name: \"name\" must be a string, not a number"});
    CHECK(errors(edit(flow(a), "/vars", Json::array())) == Lines{"/vars: \"vars\" must be an object, not an array"});
    CHECK(errors(edit(flow(a), "/nodes", "x")) == Lines{"/nodes: \"nodes\" must be an array, not a string"});
    CHECK(errors(edit(flow(a), "/edges", Json::object())) == Lines{"/edges: \"edges\" must be an array, not an object"});
    CHECK(errors(edit(flow(a), "/nodes/0", 1)) == Lines{"/nodes/0: a node is an object with \"id\" and \"type\", not a number"});
    CHECK(errors(edit(flow(a), "/edges/0", true)) == Lines{"/edges/0: an edge is an object with \"from\" and \"to\", not a boolean"});
    CHECK(errors(edit(flow(a), "/nodes/0/config", "x")) == Lines{"/nodes/0/config: \"config\" must be an object, not a string"});
    CHECK(errors(edit(flow(a), "/nodes", Json::array())) == Lines{"/nodes: a flow needs at least one node in \"nodes\""});
}

TEST_CASE("unknown fields are refused with the nearest known name", "[flows][validation]") {
    CHECK(errors(edit(flow(a), "/desciption", "x")) == Lines{"/desciption: unknown field \"desciption\" in a flow; did you mean \"description\"?"});
    CHECK(errors(edit(flow(a), "/nodes/0/retyr", Json::object())) ==
          Lines{"/nodes/0/retyr: unknown field \"retyr\" in a node; did you mean \"retry\"?"});
    CHECK(errors(edit(flow(ab, a_to_b), "/edges/0/condtion", "true")) ==
          Lines{"/edges/0/condtion: unknown field \"condtion\" in an edge; did you mean \"condition\"?"});
    CHECK(errors(edit(flow(a), "/settings/concurency", Json{{"limit", 1}})) ==
          Lines{"/settings/concurency: unknown field \"concurency\" in \"settings\"; did you mean \"concurrency\"?"});
    CHECK(errors(edit(flow(a), "/nodes/0/retry/attempts", 2)) ==
          Lines{"/nodes/0/retry/attempts: unknown field \"attempts\" in \"retry\"; known are max_attempts, backoff, factor, "
                "max_backoff, jitter, max_elapsed and retry_if"});
    CHECK(errors(edit(flow(a), "/nodes/0/position/z", 2)) ==
          Lines{"/nodes/0/position/z: unknown field \"z\" in \"position\"; known are x and y"});
}

TEST_CASE("what an editor keeps beside the graph is taken as it is, up to its size", "[flows][validation]") {
    CHECK(errors(edit(flow(a), "/ui", Json{{"groups", Json::array()}, {"anything", {{"deep", {1, 2, nullptr}}}}})) == Lines{});
    CHECK(errors(edit(flow(a), "/ui", "x")) == Lines{"/ui: \"ui\" must be an object, not a string"});
    CHECK(errors(edit(flow(a), "/ui", Json{{"text", std::string(257 << 10, 'x')}})) ==
          Lines{"/ui: what an editor keeps beside the graph has at most 262144 bytes as JSON; shorten its comments"});
    CHECK(errors(edit(flow(a), "/ui", Json{{"text", "{{ not an expression"}})) == Lines{});
}

TEST_CASE("an unknown node type is answered with the nearest one", "[flows][validation]") {
    CHECK(errors(flow(R"({"id": "a", "type": "ecko"})")) == Lines{"/nodes/0/type: there is no node type \"ecko\"; did you mean \"echo\"?"});
    CHECK(errors(flow(R"({"id": "a", "type": "request"})")) ==
          Lines{"/nodes/0/type: there is no node type \"request\"; did you mean \"http.request\"?"});
    CHECK(errors(flow(R"({"id": "a", "type": "loop"})")) ==
          Lines{"/nodes/0/type: there is no node type \"loop\"; GET /api/v1/node-types lists those that there are"});
    CHECK(errors(flow(R"({"id": "a"})")) == Lines{"/nodes/0: a node needs a \"type\""});
}

TEST_CASE("node ids keep to their form and are unique in the whole flow", "[flows][validation]") {
    CHECK(errors(flow(R"({"type": "echo"})")) == Lines{"/nodes/0: a node needs an \"id\""});
    const auto bad = errors(flow(R"({"id": "1a", "type": "echo"})"));
    REQUIRE(bad.size() == 1);
    CHECK(bad[0].starts_with("/nodes/0/id: \"1a\" is no id for a node"));
    CHECK(errors(flow(R"({"id": "a", "type": "echo"}, {"id": "a", "type": "echo"})")) ==
          Lines{"/nodes/1/id: node id \"a\" is used already at /nodes/0; ids are unique in the whole flow"});
    CHECK(errors(flow(R"({"id": "a", "type": "echo"}, {"id": "m", "type": "map", "config": {"items": [], "body": {"nodes": [{"id": "a", "type": "echo"}]}}})")) ==
          Lines{"/nodes/1/config/body/nodes/0/id: node id \"a\" is used already at /nodes/0; ids are unique in the whole flow"});
}

TEST_CASE("the body of a container without an id is judged like any other", "[flows][validation]") {
    const auto id = GENERATE("", "\"id\": 7, ", "\"id\": null, ");
    const auto found = errors(flow(fmt::format(
        R"({{{}"type": "map", "config": {{"items": [], "body": {{"nodes": [{{"id": "a", "type": "echo"}}, {{"id": "a", "type": "echo"}}]}}}}}})", id)));
    REQUIRE(found.size() == 2);
    CHECK(found[0].find("id") != std::string::npos);
    CHECK(found[1] == "/nodes/0/config/body/nodes/1/id: node id \"a\" is used already at /nodes/0/config/body/nodes/0; "
                      "ids are unique in the whole flow");
}

TEST_CASE("edges name nodes of their own graph", "[flows][validation]") {
    CHECK(errors(flow(ab, R"({"from": "a", "to": "bb"})")) == Lines{"/edges/0/to: there is no node \"bb\"; did you mean \"b\"?"});
    CHECK(errors(flow(ab, R"({"from": "nowhere", "to": "b"})")) == Lines{"/edges/0/from: there is no node \"nowhere\""});
    CHECK(errors(flow(ab, R"({"to": "b"})")) == Lines{"/edges/0: an edge needs \"from\", the id of a node"});
    CHECK(errors(flow(R"({"id": "a", "type": "echo"}, {"id": "m", "type": "map", "config": {"items": [], "body": {"nodes": [{"id": "x", "type": "echo"}]}}})",
                      R"({"from": "a", "to": "x"})")) ==
          Lines{"/edges/0/to: node \"x\" is in another graph (inside \"m\"); an edge joins nodes of one graph"});
    CHECK(errors(flow(ab, R"({"from": "a", "to": "b"}, {"from": "a", "to": "b", "on": "success"})")) ==
          Lines{"/edges/1: this edge is there already; remove one of the two"});
}

TEST_CASE("edges know success and error", "[flows][validation]") {
    CHECK(errors(flow(ab, R"({"from": "a", "to": "b", "on": "undo"})")) ==
          Lines{"/edges/0/on: \"undo\" is not known for \"on\"; it can be success, error and rollback"});
    CHECK(errors(flow(ab, R"({"from": "a", "to": "b", "on": "error", "from_port": "p"})")) ==
          Lines{"/edges/0/from_port: an error edge has no port; leave \"from_port\" out"});
    CHECK(warnings(flow(R"({"id": "a", "type": "echo", "on_error": "continue"}, {"id": "b", "type": "echo"})",
                        R"({"from": "a", "to": "b", "on": "error"})")) ==
          Lines{"/edges/0/on: node \"a\" has \"on_error\": \"continue\", so its error edges are never taken"});
}

TEST_CASE("a cycle is named with its path", "[flows][validation]") {
    CHECK(errors(flow(abc, R"({"from": "a", "to": "b"}, {"from": "b", "to": "c"}, {"from": "c", "to": "a"})")) ==
          Lines{"/edges/2: the edges form a cycle: a → b → c → a; a flow goes forward only"});
    CHECK(errors(flow(a, R"({"from": "a", "to": "a"})")) == Lines{"/edges/0: the edges form a cycle: a → a; a flow goes forward only"});
    SECTION("a node before or behind the cycle is not part of it") {
        CHECK(errors(flow(abc, R"({"from": "a", "to": "b"}, {"from": "b", "to": "a"}, {"from": "b", "to": "c"})")) ==
              Lines{"/edges/1: the edges form a cycle: a → b → a; a flow goes forward only"});
        CHECK(errors(flow(abc, R"({"from": "a", "to": "b"}, {"from": "b", "to": "c"}, {"from": "c", "to": "b"})")) ==
              Lines{"/edges/2: the edges form a cycle: b → c → b; a flow goes forward only"});
    }
    SECTION("two cycles are two mistakes") {
        CHECK(errors(flow(R"({"id": "a", "type": "echo"}, {"id": "b", "type": "echo"}, {"id": "c", "type": "echo"}, {"id": "d", "type": "echo"})",
                          R"({"from": "a", "to": "b"}, {"from": "b", "to": "a"}, {"from": "c", "to": "d"}, {"from": "d", "to": "c"})"))
                  .size() == 2);
    }
    SECTION("inside a body as well") {
        CHECK(errors(flow(R"({"id": "m", "type": "map", "config": {"items": [], "body": {
            "nodes": [{"id": "x", "type": "echo"}, {"id": "y", "type": "echo"}], "edges": [{"from": "x", "to": "y"}, {"from": "y", "to": "x"}]}}})")) ==
              Lines{"/nodes/0/config/body/edges/1: the edges form a cycle: x → y → x; a flow goes forward only"});
    }
}

TEST_CASE("nodes that can never run are unreachable", "[flows][validation]") {
    SECTION("behind a condition that is always false") {
        CHECK(errors(flow(abc, R"({"from": "a", "to": "b", "condition": " false "}, {"from": "b", "to": "c"})")) ==
              Lines{"/nodes/1: node \"b\" is unreachable: no edge that leads to it can ever be taken",
                    "/nodes/2: node \"c\" is unreachable: no edge that leads to it can ever be taken"});
    }
    SECTION("behind a port that is not there") {
        CHECK(errors(flow(R"({"id": "s", "type": "switch", "config": {"cases": [{"port": "high", "when": "true"}]}}, {"id": "b", "type": "echo"})",
                          R"({"from": "s", "to": "b", "from_port": "hihg"})")) ==
              Lines{"/edges/0/from_port: node \"s\" has no port \"hihg\"; did you mean \"high\"?",
                    "/nodes/1: node \"b\" is unreachable: no edge that leads to it can ever be taken"});
    }
    SECTION("another edge makes it reachable") {
        CHECK(errors(flow(abc, R"({"from": "a", "to": "c", "condition": "false"}, {"from": "b", "to": "c"})")) == Lines{});
    }
    SECTION("a node beside the others is only a warning") {
        CHECK(warnings(flow(abc, a_to_b)) == Lines{"/nodes/2: node \"c\" has no edges; it runs on its own, beside the others"});
        CHECK(warnings(flow(abc)) == Lines{});
    }
}

TEST_CASE("ports are those that the source's config names", "[flows][validation]") {
    CHECK(errors(flow(ab, R"({"from": "a", "to": "b", "from_port": "x"}, {"from": "a", "to": "b"})")) ==
          Lines{"/edges/0/from_port: node \"a\" of type echo has no ports; leave \"from_port\" out"});
    const std::string nodes = R"({"id": "s", "type": "switch", "config": {"cases": [{"port": "high", "when": "true"}, {"port": "low", "when": "true"}]}}, {"id": "b", "type": "echo"})";
    CHECK(errors(flow(nodes, R"({"from": "s", "to": "b", "from_port": "low"})")) == Lines{});
    CHECK(errors(flow(nodes, R"({"from": "s", "to": "b", "from_port": "medium"}, {"from": "s", "to": "b", "from_port": "low"})")) ==
          Lines{"/edges/0/from_port: node \"s\" has no port \"medium\"; it has high and low"});
    CHECK(warnings(flow(nodes, R"({"from": "s", "to": "b"})")) ==
          Lines{"/edges/0: this edge names no port of \"s\", so it is taken whichever port is chosen"});
}

TEST_CASE("joins, retries, timeouts and policies are within their bounds", "[flows][validation]") {
    const auto base = flow(ab, a_to_b);
    CHECK(errors(edit(base, "/nodes/1/join", "some")) == Lines{"/nodes/1/join: \"some\" is not known for \"join\"; it can be all, any and first"});
    CHECK(errors(edit(base, "/nodes/1/join", Json{{"n", 2}})) == Lines{"/nodes/1/join: node \"b\" waits for 2 edges but has 1"});
    CHECK(errors(edit(base, "/nodes/1/join", Json{{"n", 0}})).size() == 1);
    CHECK(errors(edit(base, "/nodes/1/join", Json::object())) == Lines{"/nodes/1/join: \"join\" is \"all\", \"any\", \"first\" or {\"n\": 2}"});
    CHECK(errors(edit(base, "/nodes/1/join", Json{{"n", 1}})) == Lines{});
    CHECK(errors(edit(base, "/nodes/0/retry/max_attempts", 0)) == Lines{"/nodes/0/retry/max_attempts: \"max_attempts\" must be a whole number from 1 to 100"});
    CHECK(errors(edit(base, "/nodes/0/retry/max_attempts", 1.5)).size() == 1);
    CHECK(errors(edit(base, "/nodes/0/retry/jitter", 2)) == Lines{"/nodes/0/retry/jitter: \"jitter\" must be a number from 0 to 1"});
    CHECK(errors(edit(base, "/nodes/0/retry", Json{{"backoff", "1m"}, {"max_backoff", "1s"}})) ==
          Lines{"/nodes/0/retry/max_backoff: \"max_backoff\" (1s) is less than \"backoff\" (1m)"});
    CHECK(errors(edit(base, "/nodes/0/timeout", 30)) ==
          Lines{"/nodes/0/timeout: \"timeout\" must be a duration such as \"30s\", \"5m\" or \"1h\", not a number"});
    CHECK(errors(edit(base, "/nodes/0/timeout", "soon")).size() == 1);
    CHECK(errors(edit(base, "/nodes/0/timeout", "0s")) == Lines{"/nodes/0/timeout: \"timeout\" must be longer than 0s; leave it out for no limit"});
    CHECK(errors(edit(base, "/settings/timeout", "x")).size() == 1);
    CHECK(errors(edit(base, "/settings/durability", "eventual")) ==
          Lines{"/settings/durability: \"eventual\" is not known for \"durability\"; it can be strict, relaxed and none"});
    CHECK(errors(edit(base, "/nodes/0/on_error", "ignore")) == Lines{"/nodes/0/on_error: \"ignore\" is not known for \"on_error\"; it can be fail, continue and route"});
    CHECK(errors(edit(base, "/nodes/0/on_unknown", "x")) == Lines{"/nodes/0/on_unknown: \"x\" is not known for \"on_unknown\"; it can be retry and stop"});
    CHECK(errors(edit(base, "/nodes/0/position", Json{{"x", "1"}})).size() == 1);
}

TEST_CASE("a config is judged against its node's schema", "[flows][validation]") {
    const auto missing = errors(flow(R"({"id": "a", "type": "http.request"})"));
    REQUIRE(missing.size() == 1);
    CHECK(missing[0].starts_with("/nodes/0/config"));
    CHECK(missing[0].find("url") != std::string::npos);
    const auto unknown = errors(with_config(R"({"valeu": 1})"));
    REQUIRE(unknown.size() == 1);
    CHECK(unknown[0].starts_with("/nodes/1/config"));
    const auto wrong = errors(with_config(R"({"count": "three"})"));
    REQUIRE(wrong.size() == 1);
    CHECK(wrong[0].starts_with("/nodes/1/config/count: "));
    CHECK(errors(with_config(R"({"cases": []})", "switch")) == Lines{"/nodes/1/config/cases: a switch needs a case"});
}

TEST_CASE("a value that is a template is judged after rendering", "[flows][validation]") {
    CHECK(errors(with_config(R"({"count": "{{ input.n }}"})")) == Lines{});
    CHECK(errors(with_config(R"({"list": ["{{ input.n }}", 2]})")) == Lines{});
    CHECK(errors(with_config(R"({"mode": "{{ input.mode }}"})")) == Lines{});
    CHECK(errors(with_config(R"({"either": {"n": "{{ input.n }}"}})")) == Lines{});
    CHECK(errors(with_config(R"({"either": "{{ input.n }}"})")) == Lines{});
    SECTION("what stands beside it is judged at once") {
        const auto found = errors(with_config(R"({"count": "{{ input.n }}", "mode": "c"})"));
        REQUIRE(found.size() == 1);
        CHECK(found[0].starts_with("/nodes/1/config/mode: "));
        const auto list = errors(with_config(R"({"list": ["{{ input.n }}", "x"]})"));
        REQUIRE(list.size() == 1);
        CHECK(list[0].starts_with("/nodes/1/config/list/1: "));
        const auto extra = errors(with_config(R"({"count": "{{ input.n }}", "extra": "{{ input.x }}"})"));
        REQUIRE(extra.size() == 1);
    }
}

TEST_CASE("expressions that do not parse are named with their place", "[flows][validation]") {
    const auto condition = errors(edit(flow(ab, a_to_b), "/edges/0/condition", "nodes.a.output ="));
    REQUIRE(condition.size() == 1);
    CHECK(condition[0].starts_with("/edges/0/condition: 1:"));
    const auto config = errors(with_config(R"({"value": {"deep": ["x {{ input. }}"]}})"));
    REQUIRE(config.size() == 1);
    CHECK(config[0].starts_with("/nodes/1/config/value/deep/0: 1:"));
    const auto output = errors(edit(flow(a), "/output", Json{{"x", "{{ 1 + }}"}}));
    REQUIRE(output.size() == 1);
    CHECK(output[0].starts_with("/output/x: 1:"));
    const auto field = errors(with_config(R"({"cases": [{"port": "p", "when": "1 +"}]})", "switch"));
    REQUIRE(field.size() == 1);
    CHECK(field[0].starts_with("/nodes/1/config/cases/0/when: 1:"));
    CHECK(errors(edit(flow(ab, a_to_b), "/edges/0/condition", "{{ true }}")) ==
          Lines{"/edges/0/condition: this is an expression already: write it without {{ }}"});
}

TEST_CASE("expressions name only what is in scope", "[flows][validation]") {
    CHECK(errors(with_config(R"({"value": "{{ inptu.x }}"})")) ==
          Lines{"/nodes/1/config/value: unknown name \"inptu\"; in scope here are input, nodes, run and vars; did you mean \"input\"?"});
    CHECK(errors(with_config(R"({"value": "{{ item }}"})")) ==
          Lines{"/nodes/1/config/value: unknown name \"item\"; in scope here are input, nodes, run and vars; \"item\" is there inside a map"});
    CHECK(errors(with_config(R"({"value": "{{ error.message }}"})")) ==
          Lines{"/nodes/1/config/value: unknown name \"error\"; in scope here are input, nodes, run and vars; \"error\" is there on an "
                "error edge and in the node it leads to"});
    CHECK(errors(with_config(R"({"value": "{{ a.output }}"})")) ==
          Lines{"/nodes/1/config/value: unknown name \"a\"; in scope here are input, nodes, run and vars; for the node write nodes.a.output"});
    CHECK(errors(with_config(R"({"value": "{{ secrets.token }}"})")).size() == 1);
    CHECK(errors(with_config(R"({"value": "{{ vars.limit }}"})")) ==
          Lines{"/nodes/1/config/value: there is no constant \"limit\"; the flow has no \"vars\""});
    CHECK(errors(edit(with_config(R"({"value": "{{ vars.limt }}"})"), "/vars/limit", 1)) ==
          Lines{"/nodes/1/config/value: there is no constant \"limt\" in \"vars\"; did you mean \"limit\"?"});
    CHECK(errors(edit(with_config(R"({"value": "{{ vars.limit + vars['limit'] }}"})"), "/vars/limit", 1)) == Lines{});
    CHECK(errors(with_config(R"({"value": "{{ [1, 2].map(x, x * 2) }} {{ type(1) == int }} {{ run.id }} {{ math.greatest(1, 2) }}"})")) == Lines{});
}

TEST_CASE("a node may use only nodes that come before it", "[flows][validation]") {
    CHECK(errors(with_config(R"({"value": "{{ nodes.a.output }}"})")) == Lines{});
    CHECK(errors(with_config(R"({"value": "{{ nodes.aa.output }}"})")) ==
          Lines{"/nodes/1/config/value: there is no node \"aa\"; did you mean \"a\"?"});
    CHECK(errors(with_config(R"({"value": "{{ nodes.b.output }}"})")) ==
          Lines{"/nodes/1/config/value: node \"b\" uses its own output, which is not there before it has run"});
    CHECK(errors(with_config(R"({"value": "{{ nodes['c'].output }}"})")) ==
          Lines{"/nodes/1/config/value: node \"c\" does not come before node \"b\", so its output can never be there; add an edge that "
                "leads from \"c\" to it"});
    CHECK(errors(flow(R"({"id": "a-b", "type": "echo"}, {"id": "c", "type": "echo", "config": {"value": "{{ nodes.a-b.output }}"}})",
                      R"({"from": "a-b", "to": "c"})"))[0] ==
          "/nodes/1/config/value: there is no node \"a\"; an id with a dash is written nodes[\"a-b\"].output");
    SECTION("over several edges") {
        CHECK(errors(flow(R"({"id": "a", "type": "echo"}, {"id": "b", "type": "echo"}, {"id": "c", "type": "echo", "config": {"value": "{{ nodes.a.output }}"}})",
                          R"({"from": "a", "to": "b"}, {"from": "b", "to": "c"})")) == Lines{});
    }
    SECTION("a condition may use its source, and what comes before that") {
        CHECK(errors(edit(flow(ab, a_to_b), "/edges/0/condition", "nodes.a.output.x == 1")) == Lines{});
        CHECK(errors(edit(flow(ab, a_to_b), "/edges/0/condition", "nodes.b.output.x == 1")) ==
              Lines{"/edges/0/condition: node \"b\" does not come before the edge from \"a\", so its output can never be there; add an "
                    "edge that leads from \"b\" to it"});
    }
    SECTION("an output may use every node of its graph") {
        CHECK(errors(edit(flow(abc), "/output", "{{ nodes.c.output }}{{ nodes.a.output }}")) == Lines{});
        CHECK(errors(edit(flow(abc), "/output", "{{ nodes.d.output }}")) == Lines{"/output: there is no node \"d\""});
    }
}

TEST_CASE("an error edge brings the error into scope", "[flows][validation]") {
    const std::string nodes = R"({"id": "a", "type": "echo"}, {"id": "b", "type": "echo", "config": {"value": "{{ error.message }}"}})";
    CHECK(errors(flow(nodes, R"({"from": "a", "to": "b", "on": "error", "condition": "error.code == 'timeout'"})")) == Lines{});
    CHECK(errors(flow(nodes, R"({"from": "a", "to": "b"})")).size() == 1);
}

TEST_CASE("a body sees the nodes before its container, the item and the index", "[flows][validation]") {
    const auto in_body = [](std::string_view value) {
        return flow(fmt::format(R"({}, {{"id": "m", "type": "map", "config": {{"items": "{{{{ nodes.a.output }}}}", "body": {{
            "nodes": [{{"id": "x", "type": "echo", "config": {{"value": "{}"}}}}, {{"id": "y", "type": "echo"}}],
            "edges": [{{"from": "x", "to": "y", "condition": "item.ok && index < 3"}}], "output": "{{{{ nodes.y.output }}}}"}}}}}},
            {{"id": "z", "type": "echo"}})", a, value),
                    R"({"from": "a", "to": "m"}, {"from": "m", "to": "z"})");
    };
    CHECK(errors(in_body("{{ item.name }} {{ index }} {{ nodes.a.output }}")) == Lines{});
    CHECK(errors(in_body("{{ nodes.m.output }}")) ==
          Lines{"/nodes/1/config/body/nodes/0/config/value: node \"m\" is the container around node \"x\"; its output is there only after its body"});
    CHECK(errors(in_body("{{ nodes.z.output }}")).size() == 1);
    CHECK(errors(in_body("{{ nodes.y.output }}")).size() == 1);
    SECTION("and is not seen from outside") {
        CHECK(errors(edit(in_body("{{ item }}"), "/output", "{{ nodes.x.output }}")) ==
              Lines{"/output: node \"x\" is inside \"m\" and cannot be seen from here; use nodes.m.output"});
    }
    SECTION("its mistakes have pointers into the body") {
        CHECK(errors(edit(in_body("{{ item }}"), "/nodes/1/config/body/nodes/0/tpye", "echo")) ==
              Lines{"/nodes/1/config/body/nodes/0/tpye: unknown field \"tpye\" in a node; did you mean \"type\"?"});
        CHECK(errors(edit(in_body("{{ item }}"), "/nodes/1/config/body/settings", Json::object())) ==
              Lines{"/nodes/1/config/body/settings: unknown field \"settings\" in a container's body; known are nodes, edges and output"});
        CHECK(errors(edit(in_body("{{ item }}"), "/nodes/1/config/body", Json{{"nodes", Json::array()}})) ==
              Lines{"/nodes/1/config/body/nodes: a container's body needs at least one node in \"nodes\""});
    }
}

TEST_CASE("expression fields are found through lists, maps and references, with the names their node gives", "[flows][validation]") {
    CHECK(errors(with_config(R"({"items": "{{ nodes.a.output }}", "where": "item.n > index"})", "filter")) == Lines{});
    CHECK(errors(with_config(R"({"items": [], "where": "acc > 1"})", "filter")) ==
          Lines{"/nodes/1/config/where: unknown name \"acc\"; in scope here are input, nodes, run, vars, item and index"});
    CHECK(errors(with_config(R"({"cases": [{"port": "p", "when": "item > 1"}]})", "switch")).size() == 1);
    CHECK(errors(with_config(R"({"fields": {"x": "item.a", "y/z": "nope"}, "steps": ["1", "nope.b"]})", "reduce")) ==
          Lines{"/nodes/1/config/fields/y~1z: unknown name \"nope\"; in scope here are input, nodes, run, vars, item and index",
                "/nodes/1/config/steps/1: unknown name \"nope\"; in scope here are input, nodes, run, vars, item and index"});
}

TEST_CASE("containers nest eight deep and a flow has ten thousand nodes", "[flows][validation]") {
    const auto nested = [](int depth) {
        Json node{{"id", "leaf"}, {"type", "echo"}};
        for (int i = 0; i < depth; ++i)
            node = Json{{"id", fmt::format("m{}", i)}, {"type", "map"}, {"config", {{"items", Json::array()}, {"body", {{"nodes", {node}}}}}}};
        return Json{{"name", "f"}, {"nodes", {node}}};
    };
    CHECK(errors(nested(8)) == Lines{});
    const auto deep = errors(nested(9));
    REQUIRE(deep.size() == 1);
    CHECK(deep[0].ends_with("containers are nested at most 8 deep; this one is deeper"));

    Json many{{"name", "f"}, {"nodes", Json::array()}, {"edges", Json::array()}};
    for (int i = 0; i < 10'000; ++i) many["nodes"].push_back({{"id", fmt::format("n{}", i)}, {"type", "echo"}});
    for (int i = 1; i < 10'000; ++i) many["edges"].push_back({{"from", fmt::format("n{}", i - 1)}, {"to", fmt::format("n{}", i)}});
    many["nodes"][9999]["config"] = {{"value", "{{ nodes.n0.output }}"}};
    CHECK(errors(many) == Lines{});
    many["nodes"].push_back({{"id", "last"}, {"type", "echo"}});
    CHECK(errors(many) == Lines{"/nodes: a flow has at most 10000 nodes, this one has 10001; split it"});
}

TEST_CASE("a flow without durability has no effects to keep track of", "[flows][validation]") {
    const auto none = R"("settings": {"durability": "none"})";
    CHECK(errors(flow(R"({"id": "a", "type": "mail.send"})", "", none)) ==
          Lines{"/nodes/0: node \"a\" has an effect outside (unsafe), which \"durability\": \"none\" cannot keep track of; use \"relaxed\" or \"strict\""});
    CHECK(errors(flow(R"({"id": "a", "type": "http.request", "config": {"url": "x", "method": "POST"}})", "", none)).size() == 1);
    CHECK(errors(flow(R"({"id": "a", "type": "http.request", "config": {"url": "x"}})", "", none)) == Lines{});
    CHECK(warnings(flow(R"({"id": "a", "type": "wait", "config": {"for": "1s"}})", "", none)).size() == 1);
}

TEST_CASE("an input schema must be a schema", "[flows][validation]") {
    const auto found = errors(edit(flow(a), "/input_schema", Json{{"type", "objekt"}}));
    REQUIRE_FALSE(found.empty());
    CHECK(found[0].starts_with("/input_schema"));
    CHECK(errors(edit(flow(a), "/input_schema", Json::object())) == Lines{});
}

TEST_CASE("every mistake is named at once, and a flood is cut", "[flows][validation]") {
    CHECK(errors(Json::parse(R"({"name": "-", "nods": [], "nodes": [{"id": "a", "type": "x"}, {"id": "b", "type": "echo", "join": 1}],
                                 "edges": [{"from": "a", "to": "q"}], "output": "{{ ! }}"})"))
              .size() == 6);
    Json many{{"name", "f"}, {"nodes", Json::array()}};
    for (int i = 0; i < 5000; ++i) many["nodes"].push_back({{"id", fmt::format("n{}", i)}, {"type", "nope"}});
    CHECK(errors(many).size() == 200);
}

TEST_CASE("a stored version lives with a node type that was removed", "[flows][validation]") {
    const auto document = flow(R"({"id": "a", "type": "gone", "config": {"x": "{{ ] }}"}}, {"id": "b", "type": "echo", "config": {"count": "x"}})", a_to_b);
    const auto result = compile_flow(document, types(), Strictness::stored);
    REQUIRE(result.flow);
    CHECK(result.flow->graph.nodes[0].type == nullptr);
    CHECK(result.flow->graph.nodes[0].type_name == "gone");
    REQUIRE(result.warnings.size() == 2);
    CHECK(result.warnings[0].pointer == "/nodes/0/type");
    CHECK(result.warnings[1].pointer == "/nodes/1/config/count");
    CHECK_FALSE(compile_flow(document, types()).flow);
}
