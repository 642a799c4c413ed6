#include "flows/types.hpp"

using namespace sluice;
using namespace sluice::flows;
using flows::test::flow;
using flows::test::types;

namespace {

FlowPtr compiled(const Json& document) {
    auto result = compile_flow(document, types());
    for (const auto& error : result.errors) UNSCOPED_INFO(error.pointer << ": " << error.message);
    REQUIRE(result.flow);
    return result.flow;
}

}  // namespace

TEST_CASE("a compiled flow has its graph's shape", "[flows][compile]") {
    const auto made = compiled(flow(
        R"({"id": "d", "type": "echo", "join": {"n": 1}}, {"id": "a", "type": "echo"}, {"id": "b", "type": "echo"}, {"id": "c", "type": "echo"})",
        R"({"from": "a", "to": "b", "condition": "input.x > 1"}, {"from": "a", "to": "c", "on": "error"}, {"from": "b", "to": "d"}, {"from": "c", "to": "d"})"));
    const auto& graph = made->graph;
    CHECK(graph.order == std::vector<std::uint32_t>{1, 2, 3, 0});
    CHECK(graph.roots == std::vector<std::uint32_t>{1});
    CHECK(graph.leaves == std::vector<std::uint32_t>{0});
    CHECK(graph.index.at("c") == 3);
    CHECK(graph.nodes[0].incoming == std::vector<std::uint32_t>{2, 3});
    CHECK(graph.nodes[1].outgoing == std::vector<std::uint32_t>{0, 1});
    CHECK(graph.nodes[0].join == Join::count);
    CHECK(graph.nodes[0].join_count == 1);
    CHECK(graph.edges[0].condition.has_value());
    CHECK(graph.edges[0].condition_text == "input.x > 1");
    CHECK_FALSE(graph.edges[1].condition.has_value());
    CHECK(graph.edges[1].on == EdgeOn::error);
    CHECK_FALSE(graph.output.has_value());
    CHECK(made->name == "f");
    CHECK(made->project == "default");
    CHECK(made->pure);
}

TEST_CASE("a node that leads on by an error edge alone is a leaf", "[flows][compile]") {
    const auto made = compiled(flow(R"({"id": "a", "type": "echo"}, {"id": "b", "type": "echo"})", R"({"from": "a", "to": "b", "on": "error"})"));
    CHECK(made->graph.leaves == std::vector<std::uint32_t>{0, 1});
}

TEST_CASE("a compiled node carries its policies and the defaults of its type", "[flows][compile]") {
    const auto made = compiled(flow(R"(
        {"id": "plain", "type": "echo"},
        {"id": "get", "type": "http.request", "config": {"url": "x"}, "retry": {"max_attempts": 3, "backoff": "10m", "factor": 1.5, "jitter": 0}},
        {"id": "post", "type": "http.request", "config": {"url": "x", "method": "POST"}, "timeout": "5s", "on_error": "continue", "join": "first"},
        {"id": "mail", "type": "mail.send"},
        {"id": "again", "type": "mail.send", "on_unknown": "retry", "join": "any"})"));
    const auto& nodes = made->graph.nodes;
    CHECK(nodes[0].retry.max_attempts == 1);
    CHECK_FALSE(nodes[0].timeout.has_value());
    CHECK(nodes[0].effect == Effect::pure);
    CHECK(nodes[1].effect == Effect::safe);
    CHECK(nodes[1].timeout == std::chrono::seconds(30));
    CHECK(nodes[1].retry.max_attempts == 3);
    CHECK(nodes[1].retry.backoff == std::chrono::minutes(10));
    CHECK(nodes[1].retry.max_backoff == std::chrono::minutes(10));
    CHECK(nodes[1].retry.factor == 1.5);
    CHECK(nodes[1].retry.jitter == 0);
    CHECK(nodes[2].effect == Effect::keyed);
    CHECK(nodes[2].timeout == std::chrono::seconds(5));
    CHECK(nodes[2].on_error == OnError::proceed);
    CHECK(nodes[2].on_unknown == OnUnknown::retry);
    CHECK(nodes[2].join == Join::first);
    CHECK(nodes[3].on_unknown == OnUnknown::stop);
    CHECK(nodes[4].on_unknown == OnUnknown::retry);
    CHECK(nodes[4].join == Join::any);
    CHECK_FALSE(made->pure);
}

TEST_CASE("expressions and bodies are compiled by themselves and stay as written in the config", "[flows][compile]") {
    const auto made = compiled(flow(R"({"id": "m", "type": "map", "config": {"items": "{{ input.list }}", "body": {
        "nodes": [{"id": "f", "type": "filter", "config": {"items": "{{ item }}", "where": "item == '{{'"}}],
        "output": "{{ nodes.f.output }}"}}})"));
    const auto& map = made->graph.nodes[0];
    REQUIRE(map.body);
    CHECK(map.body->output.has_value());
    const auto& filter = map.body->nodes[0];
    REQUIRE(filter.expressions.contains("/where"));

    const Json input = Json::parse(R"({"list": [[1], [2]]})");
    cel::Scope scope;
    scope.set("input", &input);
    const auto config = map.config.render(scope);
    REQUIRE(config);
    CHECK((*config)["items"] == input["list"]);
    CHECK((*config)["body"] == map.config_source["body"]);

    const Json item = Json::parse(R"(["{{", "x"])");
    scope.set("item", &item);
    const auto inner = filter.config.render(scope);
    REQUIRE(inner);
    CHECK((*inner)["where"] == "item == '{{'");
    CHECK((*inner)["items"] == item);
}

TEST_CASE("a compiled flow knows which outputs its parts read, and when", "[flows][compile]") {
    const auto made = compiled(flow(R"({"id": "a", "type": "echo"}, {"id": "b", "type": "echo", "config": {"value": "{{ nodes.a.output.n }}"}},
        {"id": "m", "type": "map", "config": {"items": "{{ nodes.b.output }}", "body": {
            "nodes": [{"id": "f", "type": "filter", "config": {"items": "{{ item }}", "where": "item == nodes.a.output"}},
                      {"id": "g", "type": "echo", "config": {"value": "{{ nodes.f.output }}"}}],
            "edges": [{"from": "f", "to": "g"}], "output": "{{ nodes.g.output }}"}}},
        {"id": "z", "type": "echo", "config": {"value": "{{ nodes[input.which].output }}"}})",
        R"({"from": "a", "to": "b"}, {"from": "b", "to": "m"},
        {"from": "m", "to": "z", "condition": "size(nodes.b.output) > 0 && nodes.m.output != null"})"));
    const auto& nodes = made->graph.nodes;
    using Values = std::vector<ValueUse>;
    CHECK(nodes[1].start_uses.values == Values{{0, 0}});
    CHECK(nodes[1].run_uses.empty());
    CHECK(nodes[2].start_uses.values == Values{{0, 1}});
    CHECK(nodes[2].run_uses.values == Values{{0, 0}});  // what its body reads from outside
    CHECK(nodes[2].end_uses.values == Values{{0, 1}, {0, 2}});
    CHECK(nodes[3].start_uses.everything);
    CHECK(nodes[3].start_uses.contains(0));
    const auto& body = *nodes[2].body;
    CHECK(body.nodes[0].run_uses.values == Values{{1, 0}});
    CHECK(body.nodes[1].start_uses.values == Values{{0, 0}});
    CHECK(body.output_uses.values == Values{{0, 1}});
    CHECK(made->graph.output_uses.values == Values{{0, 3}});  // the leaf
    CHECK(nodes[0].readers == std::vector<std::uint32_t>{1, 2});
    CHECK(made->graph.reads_everything == std::vector<std::uint32_t>{3});
}

TEST_CASE("a node that a body reads may stand further behind in its graph than the body has nodes", "[flows][compile]") {
    const auto made = compiled(flow(R"({"id": "a", "type": "echo"}, {"id": "b", "type": "echo"}, {"id": "c", "type": "echo"},
        {"id": "m", "type": "map", "config": {"items": [], "body": {
            "nodes": [{"id": "x", "type": "echo", "config": {"value": "{{ nodes.c.output }}"}}]}}})",
        R"({"from": "a", "to": "b"}, {"from": "b", "to": "c"}, {"from": "c", "to": "m"})"));
    const auto& nodes = made->graph.nodes;
    CHECK(nodes[3].body->nodes[0].start_uses.values == std::vector<ValueUse>{{1, 2}});
    CHECK(nodes[3].body->nodes[0].readers.empty());
    CHECK(nodes[2].readers == std::vector<std::uint32_t>{3});
}

TEST_CASE("the effect of an inner node is the flow's", "[flows][compile]") {
    const auto made = compiled(flow(R"({"id": "m", "type": "map", "config": {"items": [], "body": {"nodes": [{"id": "x", "type": "mail.send"}]}}})"));
    CHECK_FALSE(made->pure);
    CHECK(made->graph.nodes[0].effect == Effect::pure);
}

TEST_CASE("settings, constants and the input's schema are read", "[flows][compile]") {
    const auto made = compiled(flow(R"({"id": "a", "type": "echo"})", "", R"("vars": {"n": 1}, "project": "sales", "description": "d",
        "input_schema": {"type": "object", "required": ["x"]}, "settings": {"durability": "none", "timeout": "90s"})"));
    CHECK(made->settings.durability == Durability::none);
    CHECK(made->settings.timeout == std::chrono::seconds(90));
    CHECK(made->vars == Json{{"n", 1}});
    CHECK(made->project == "sales");
    CHECK(made->description == "d");
    REQUIRE(made->input_schema.has_value());
    CHECK(made->input_schema->validate(Json::object()).size() == 1);
}

TEST_CASE("a registry refuses a second type of a name, and a schema that is none", "[flows][types]") {
    NodeTypes all;
    all.add(flows::test::type("x", R"({"type": "object"})"));
    CHECK_THROWS_AS(all.add(flows::test::type("x", R"({"type": "object"})")), std::logic_error);
    CHECK_THROWS_AS(all.add(flows::test::type("y", R"({"type": "objekt"})")), std::logic_error);
    CHECK(all.find("x") != nullptr);
    CHECK(all.find("z") == nullptr);
    all.add(flows::test::type("a", R"({"type": "object"})"));
    REQUIRE(all.all().size() == 2);
    CHECK(all.all()[0]->name == "a");
}

TEST_CASE("the schema of documents accepts what compiles and refuses unknown fields", "[flows][types]") {
    const auto schema = base::JsonSchema::compile(flow_document_schema());
    REQUIRE(schema);
    auto document = flow(R"({"id": "a", "type": "echo", "join": {"n": 1}, "retry": {"max_attempts": 2}, "timeout": "1h30m"})", "",
                         R"("settings": {"timeout": "1s"})");
    CHECK(schema->validate(document).empty());
    document["nodes"][0]["oops"] = 1;
    CHECK_FALSE(schema->validate(document).empty());
}
