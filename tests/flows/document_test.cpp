#include "flows/types.hpp"

using namespace sluice;
using namespace sluice::flows;
using flows::test::flow;

namespace {

const char* const rich = R"({
  "settings": {"timeout": "1h", "durability": "strict"}, "output": "{{ nodes.b.output }}",
  "edges": [{"to": "b", "from": "a", "on": "success", "condition": "nodes.a.output.x == 'y'"}],
  "nodes": [
    {"type": "echo", "id": "a", "on_error": "fail", "join": "all", "retry": {"jitter": 0.1, "max_attempts": 3, "factor": 2.0}, "config": {"z": 1, "b": [1, 2.5, null, true]}},
    {"id": "b", "type": "map", "config": {"items": "{{ nodes.a.output }}", "body": {"output": "{{ item }}", "edges": [], "nodes": [{"type": "echo", "id": "x", "config": {}}]}}}
  ],
  "vars": {}, "input_schema": {}, "project": "default", "name": "rich", "description": ""
})";

std::vector<std::string> lines(const std::vector<Difference>& differences) {
    std::vector<std::string> out;
    for (const auto& one : differences) {
        auto line = one.kind + " " + one.key + " " + one.change;
        for (const auto& field : one.fields) line += " " + field;
        out.push_back(line);
    }
    return out;
}
using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("the canonical form has one order and leaves defaults out", "[flows][canonical]") {
    const auto canonical = canonical_document(Json::parse(rich));
    CHECK(base::dump_json(canonical) ==
          R"({"name":"rich","nodes":[{"id":"a","type":"echo","config":{"z":1,"b":[1,2.5,null,true]},"retry":{"max_attempts":3}},)"
          R"({"id":"b","type":"map","config":{"items":"{{ nodes.a.output }}","body":{"nodes":[{"id":"x","type":"echo"}],"output":"{{ item }}"}}}],)"
          R"("edges":[{"from":"a","to":"b","condition":"nodes.a.output.x == 'y'"}],"output":"{{ nodes.b.output }}","settings":{"timeout":"1h"}})");
    CHECK(base::dump_json(canonical_document(canonical)) == base::dump_json(canonical));
}

TEST_CASE("the canonical form of what is no flow is itself", "[flows][canonical]") {
    const auto text = GENERATE("null", "[1]", "7", R"({"nodes":7,"edges":{"x":1}})", R"({"nodes":[1,{"config":{"body":{"nodes":5}},"retry":3}]})");
    CHECK(base::dump_json(canonical_document(Json::parse(text))) == text);
}

TEST_CASE("a diff names nodes, edges and members that changed", "[flows][diff]") {
    const auto before = Json::parse(rich);
    CHECK(lines(diff_documents(before, canonical_document(before))) == Lines{});
    auto after = before;
    after["description"] = "more";
    after["output"] = "{{ nodes.a.output }}";
    after["settings"]["timeout"] = "2h";
    after["nodes"][0]["config"]["z"] = 2;
    after["nodes"][0]["config"]["b"][1] = 3;
    after["nodes"][0]["timeout"] = "1s";
    after["nodes"][1]["config"]["body"]["nodes"][0]["config"] = {{"k", 1}};
    after["nodes"].push_back({{"id", "c"}, {"type", "echo"}});
    after["edges"][0]["condition"] = "true";
    after["edges"].push_back({{"from", "a"}, {"to", "c"}, {"on", "error"}});
    CHECK(lines(diff_documents(before, after)) ==
          Lines{"description description added", "output output changed ", "settings settings changed /timeout",
                "node a changed /config/z /config/b/1 /timeout", "node x changed /config", "node c added", "edge a→b changed /condition",
                "edge a→c on error added"});
    CHECK(lines(diff_documents(after, before))[0] == "description description removed");
    SECTION("a node that moves into a container says so") {
        auto moved = before;
        moved["nodes"][1]["config"]["body"]["nodes"].push_back(moved["nodes"][0]);
        moved["nodes"].erase(0);
        moved["edges"].clear();
        CHECK(lines(diff_documents(before, moved)) == Lines{"node a changed /container", "edge a→b removed"});
    }
    SECTION("edges between the same nodes are told apart") {
        auto twice = before;
        twice["edges"].push_back({{"from", "a"}, {"to", "b"}, {"from_port", "p"}});
        twice["edges"].push_back({{"from", "a"}, {"to", "b"}, {"condition", "false"}});
        CHECK(lines(diff_documents(before, twice)) == Lines{"edge a→b from port p added", "edge a→b #2 added"});
    }
}

TEST_CASE("YAML gives back the document that was written", "[flows][yaml]") {
    const auto document = canonical_document(Json::parse(rich));
    const auto yaml = to_yaml(document);
    CHECK(yaml == R"yaml(name: rich
nodes:
  - id: a
    type: echo
    config:
      z: 1
      b:
        - 1
        - 2.5
        - null
        - true
    retry:
      max_attempts: 3
  - id: b
    type: map
    config:
      items: "{{ nodes.a.output }}"
      body:
        nodes:
          - id: x
            type: echo
        output: "{{ item }}"
edges:
  - from: a
    to: b
    condition: "nodes.a.output.x == 'y'"
output: "{{ nodes.b.output }}"
settings:
  timeout: "1h"
)yaml");
    const auto back = parse_yaml(yaml);
    REQUIRE(back);
    CHECK(base::dump_json(*back) == base::dump_json(document));
}

TEST_CASE("every string and number survives YAML", "[flows][yaml]") {
    Json values = Json::array({"", " ", "x ", " x", "true", "True", "null", "~", "on", "yes", "No", "1", "1.5", "-3", "1e5", "0x1f", "007",
                               "2026-11-21", "a: b", "a #b", "#a", "- a", "-", "?", "[a]", "{a}", "{{ a }}", "&a", "*a", "!a", "|", ">", "%a", "@a",
                               "`a", "\"q\"", "'q'", "a\\b", "line\nline", "line\n", "line\n\n", "\nline", "  in\n out", "a\n\n\nb", "tab\t\nx", "trail \nx",
                               "ü\nö", "\u0001", "\u007f", "\u0085x", "\u2028", "😀", "key: |\n  x\n", "---", "...", "a\r\nb", std::string(300, 'x'),
                               "# no comment\nx", "=", "<<", ".inf", ".nan", "1_000", "12:30:45", "0o7"});
    for (const auto& number : {Json(0), Json(-1), Json(1.5), Json(1e300), Json(2.0), Json(-9223372036854775807 - 1)})
        values.push_back(number);
    values.push_back(nullptr);
    values.push_back(false);
    values.push_back(Json::array());
    values.push_back(Json::object());
    values.push_back(Json::array({Json::array({1, Json::array({2})}), Json::object({{"a", Json::array()}})}));
    Json document{{"name", "x"}, {"nodes", Json::array({{{"id", "a"}, {"type", "echo"}, {"config", {{"list", values}}}}})}};
    auto& config = document["nodes"][0]["config"];
    for (std::size_t i = 0; i < values.size(); ++i) {
        config[fmt::format("k{}", i)] = values[i];
        if (values[i].is_string()) config[values[i].get<std::string>()] = i;
    }
    config[std::string(700, 'k')] = "long";
    config[std::string(400, '\x01')] = "long as it is written";
    config["\"quoted\": key"] = {{"deep\nkey", {1, 2}}};
    const auto yaml = to_yaml(document);
    const auto back = parse_yaml(yaml);
    if (!back) FAIL(back.error().message << "\n" << yaml);
    const auto& read = (*back)["nodes"][0]["config"];
    for (const auto& [key, value] : config.items()) {
        CAPTURE(key, value.dump());
        REQUIRE(read.contains(key));
        CHECK(base::dump_json(read[key]) == base::dump_json(value));
    }
    CHECK((base::dump_json(*back) == base::dump_json(canonical_document(document))));
}

TEST_CASE("YAML as people write it is read", "[flows][yaml]") {
    const auto read = parse_yaml(R"yaml(
# a comment
name: triage
nodes:
- {id: a, type: echo, config: {flag: yes, n: 007, on: x, url: http://x/y}}
- id: b
  type: echo
  notes: >
    folded
    text
edges: [{from: a, to: b, on: error}]
empty:
quoted: 'it''s'
typed: !!str 12
)yaml");
    if (!read) FAIL(read.error().message);
    CHECK(read->dump() ==
          R"({"name":"triage","nodes":[{"id":"a","type":"echo","config":{"flag":"yes","n":"007","on":"x","url":"http://x/y"}},)"
          R"({"id":"b","type":"echo","notes":"folded text\n"}],"edges":[{"from":"a","to":"b","on":"error"}],"empty":null,"quoted":"it's","typed":"12"})");
}

TEST_CASE("every letter that YAML can escape is read as UTF-8", "[flows][yaml]") {
    const auto read = parse_yaml("a: \"\\u0085\\u00a0\\L\\P\\e\\0\"\n");
    REQUIRE(read);
    CHECK(base::dump_json(*read) == "{\"a\":\"\u0085\u00a0\u2028\u2029\\u001b\\u0000\"}");
}

TEST_CASE("unsafe and broken YAML is refused with its place", "[flows][yaml]") {
    const auto message = [](std::string_view text) {
        const auto read = parse_yaml(text);
        REQUIRE_FALSE(read);
        CHECK(read.error().code == ErrorCode::invalid_argument);
        return read.error().message;
    };
    CHECK(message("a: &x [1]\nb: *x\n") == "line 1, column 4: anchors (&name) are not accepted; write the value out where it is used");
    CHECK(message("b: *x\n").starts_with("line 1, column 4: "));
    CHECK(message("a: 1\na: 2\n") == "line 2, column 1: the key \"a\" is there twice");
    CHECK(message("1: x\n") == "line 1, column 1: a key must be a string; put it in quotes");
    CHECK(message("? [a]\n: x\n").ends_with("a key must be a string"));
    CHECK(message("a: !!binary xx\n") == "line 1, column 4: the tag tag:yaml.org,2002:binary is not accepted");
    CHECK(message("a: [1, 2\nb: 3\n").starts_with("line "));
    CHECK(message("a: b: c\n").starts_with("line 1, "));
    CHECK(message("") == "there is no YAML document in the text");
    CHECK(message("a: 1\n---\nb: 2\n") == "there is more than one YAML document; send one at a time");
    CHECK(message("a: x\n\"b\\N\": 1\n") == "line 2, column 1: the escapes \\N and \\_ are not accepted; write \\u0085 or \\u00a0");
    CHECK(message("a: \"\\_\"\n").find("\\u00a0") != std::string::npos);
    CHECK(message(std::string_view("a: x\0N\n", 8)) == "the YAML text has a NUL character; remove it");
    CHECK(message("a: \xff\n") == "the YAML text is not valid UTF-8");
    CHECK(message(std::string(100, '[') + std::string(100, ']')).find("deeper than 64") != std::string::npos);
    CHECK_FALSE(parse_yaml(std::string(100'000, '[')));
    const auto large = parse_yaml(std::string(9 << 20, 'x'));
    REQUIRE_FALSE(large);
    CHECK(large.error().code == ErrorCode::too_large);
}

TEST_CASE("what only an editor sees is one difference, and no change of a node", "[flows][diff]") {
    const auto before = Json::parse(rich);
    auto after = before;
    after["nodes"][0]["position"] = {{"x", 10}, {"y", 20}};
    CHECK(lines(diff_documents(before, after)) == Lines{"ui ui changed"});
    CHECK(lines(diff_documents(after, before)) == Lines{"ui ui changed"});
    auto moved = after;
    moved["nodes"][0]["position"]["x"] = 11;
    CHECK(lines(diff_documents(after, moved)) == Lines{"ui ui changed"});
    auto noted = before;
    noted["ui"] = {{"groups", {{{"title", "intake"}, {"nodes", {"a"}}}}}, {"comments", {{{"text", "ask first"}}}}};
    CHECK(lines(diff_documents(before, noted)) == Lines{"ui ui changed"});
    CHECK(lines(diff_documents(noted, noted)) == Lines{});

    SECTION("a new node brings its position along") {
        auto grown = before;
        grown["nodes"].push_back({{"id", "c"}, {"type", "echo"}, {"position", {{"x", 1}, {"y", 2}}}});
        CHECK(lines(diff_documents(before, grown)) == Lines{"node c added"});
    }
    SECTION("an empty one says nothing and is left out of the canonical form") {
        auto empty = before;
        empty["ui"] = Json::object();
        CHECK(lines(diff_documents(before, empty)) == Lines{});
        CHECK_FALSE(canonical_document(empty).contains("ui"));
        CHECK(canonical_document(noted)["ui"] == noted["ui"]);
    }
}
