#include "sluice/flows/expressions.hpp"

using namespace sluice;

namespace {

Json preview(const Json& body) {
    auto answer = flows::preview_expression(base::dump_json(body), 0);
    if (!answer) FAIL(answer.error().message);
    return *answer;
}

std::string refused(const std::string& body) {
    auto answer = flows::preview_expression(body, 0);
    if (answer) FAIL("it was taken: " << answer->dump());
    return answer.error().message + (answer.error().details.empty() ? "" : " @" + answer.error().details.front().pointer);
}

const Json sample = Json::parse(R"({"input": {"n": 2, "name": "Ada"}, "nodes": {"classify": {"output": {"urgency": "high"}}},
    "vars": {"limit": 3}, "item": "x", "index": 4, "error": {"code": "timeout"}, "run": {"id": "run_1"}})");

}  // namespace

TEST_CASE("a preview gives the value of an expression with every name of a flow's scope", "[flows][expressions]") {
    const auto value = [](std::string text) { return preview({{"expression", std::move(text)}, {"scope", sample}}); };
    CHECK(value("input.n * 2") == Json{{"value", 4}});
    CHECK(value("nodes.classify.output.urgency") == Json{{"value", "high"}});
    CHECK(value("[vars.limit, item, index, error.code, run.id]") == Json{{"value", {3, "x", 4, "timeout", "run_1"}}});
    CHECK(preview({{"expression", "1 + 1"}}) == Json{{"value", 2}});
    CHECK(preview({{"expression", "null"}}) == Json{{"value", nullptr}});
}

TEST_CASE("a preview renders a template, text and structure", "[flows][expressions]") {
    CHECK(preview({{"template", {{"to", "Dear {{ input.name }}"}, {"n", "{{ input.n }}"}, {"kept", 7}}}, {"scope", sample}}) ==
          Json{{"value", {{"to", "Dear Ada"}, {"n", 2}, {"kept", 7}}}});
}

TEST_CASE("a preview of what does not compile names line and column", "[flows][expressions]") {
    const Json error = preview({{"expression", "input.n +\n  * 2"}, {"scope", sample}})["error"];
    CHECK(error["code"] == "invalid_argument");
    CHECK(error["position"] == Json{{"line", 2}, {"column", 3}});
    CHECK(error["pointer"] == "");
    CHECK_FALSE(error["message"].get<std::string>().starts_with("2:"));

    const Json inside = preview({{"template", {{"a", {"ok", "Dear {{ input. }}"}}}}})["error"];
    CHECK(inside["pointer"] == "/a/1");
    CHECK(inside["position"]["line"] == 1);
}

TEST_CASE("a preview that fails with its values says so without a place", "[flows][expressions]") {
    const Json error = preview({{"expression", "input.missing"}, {"scope", sample}})["error"];
    CHECK(error["code"] == "unprocessable");
    CHECK(error["position"].is_null());
    CHECK(error["message"].get<std::string>().find("missing") != std::string::npos);
    CHECK(preview({{"template", {{"a", "{{ input.missing }}"}}}, {"scope", sample}})["error"]["pointer"] == "/a");
}

TEST_CASE("a preview has the limits of a run's expressions", "[flows][expressions]") {
    Json list = Json::array();
    for (int i = 0; i < 1000; ++i) list.push_back(i);
    const Json error = preview({{"expression", "input.all(a, input.all(b, a + b >= 0))"}, {"scope", {{"input", list}}}})["error"];
    CHECK(error["code"] == "too_large");
    CHECK(preview({{"expression", std::string(70'000, ' ') + "1"}})["error"]["code"] == "too_large");
}

TEST_CASE("a preview never has secrets", "[flows][expressions]") {
    const Json bare = preview({{"expression", "secrets.token"}})["error"];
    CHECK(bare["code"] == "unprocessable");
    CHECK(bare["message"].get<std::string>().find("no secrets") != std::string::npos);
    CHECK(preview({{"template", {{"key", "{{ secrets.token }}"}}}})["error"]["pointer"] == "/key");
    CHECK(refused(R"({"expression": "1", "scope": {"secrets": {"token": "x"}}})").ends_with(" @/scope/secrets"));
}

TEST_CASE("a preview that asks for nothing is refused with its place", "[flows][expressions]") {
    CHECK(refused("[]").find("must be an object") != std::string::npos);
    CHECK(refused("{}").find("either an expression or a template") != std::string::npos);
    CHECK(refused(R"({"expression": "1", "template": "1"})").find("either") != std::string::npos);
    CHECK(refused(R"({"expression": 1})").ends_with(" @/expression"));
    CHECK(refused(R"({"expression": "1", "scope": []})").ends_with(" @/scope"));
    CHECK(refused(R"({"expression": "1", "colour": 1})").ends_with(" @/colour"));
    CHECK(refused("{").find("line") != std::string::npos);
}
