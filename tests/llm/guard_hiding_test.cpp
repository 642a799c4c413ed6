// Places in a body where a text can stand so that a reader who goes by the names of members does not see it.

#include <catch2/catch.hpp>

#include "llm/guard.hpp"
#include "sluice/crypto/crypto.hpp"

using namespace sluice;
using namespace sluice::llm;

namespace {

const std::string mail = "anna.secret@example.com";

GuardRules mails(std::string action = "block") {
    Guardrail row;
    row.name = "mails";
    row.direction = GuardDirection::both;
    row.rule = {{"type", "detect"}, {"kinds", {"email"}}, {"action", std::move(action)}};
    auto compiled = compile_rule(std::move(row));
    if (!compiled) FAIL(compiled.error().message);
    return {*compiled};
}

bool refused(Json body, std::string direction = "input") {
    GuardReport report;
    const auto rules = mails();
    Judge judge(rules, direction, report);
    judge.body(body);
    return report.refusal.has_value();
}

Json user(Json part) { return {{"messages", Json::array({{{"role", "user"}, {"content", Json::array({std::move(part)})}}})}}; }
Json file(std::string data) { return user({{"type", "file"}, {"file", {{"filename", "a.txt"}, {"file_data", std::move(data)}}}}); }
Json gemini_file(Json data) { return {{"contents", Json::array({{{"role", "user"}, {"parts", Json::array({{{"inlineData", std::move(data)}}})}}})}}; }

}  // namespace

TEST_CASE("what a tool is called with is judged whatever its members are called") {
    for (const auto* name : {"role", "id", "type", "status", "model", "signature", "file_id"}) {
        CAPTURE(name);
        Json input{{"role", "x"}};
        input[name] = mail;
        CHECK(refused(user({{"type", "tool_use"}, {"id", "t"}, {"name", "f"}, {"input", input}})));
        CHECK(refused({{"contents", Json::array({{{"role", "model"}, {"parts", Json::array({{{"functionCall", {{"name", "f"}, {"args", input}}}}})}}})}}));
        CHECK(refused({{"contents", Json::array({{{"role", "user"}, {"parts", Json::array({{{"functionResponse", {{"name", "f"}, {"response", input}}}}})}}})}}));
    }
    CHECK(refused(user({{"type", "tool_use"}, {"id", "t"}, {"name", "f"}, {"input", {{"role", "x"}, {mail, 1}}}})));
    CHECK_FALSE(refused(user({{"type", "tool_use"}, {"id", "t"}, {"name", "f"}, {"input", {{"role", "x"}}}})));
}

TEST_CASE("a schema is text that models read, whatever its members are called") {
    const Json schema{{"type", "object"}, {"properties", Json::object()}, {"id", mail}};
    CHECK(refused({{"tools", Json::array({{{"type", "function"}, {"function", {{"name", "f"}, {"parameters", schema}}}}})}}));
    CHECK(refused({{"tools", Json::array({{{"name", "f"}, {"input_schema", schema}}})}}));
    CHECK(refused({{"tools", Json::array({{{"name", "f"}, {"input_schema", {{"type", "object"}}}, {"input_examples", Json::array({{{"id", mail}}})}}})}}));
    CHECK(refused({{"tools", Json::array({{{"functionDeclarations", Json::array({{{"name", "f"}, {"parameters", schema}}})}}})}}));
    CHECK(refused({{"response_format", {{"type", "json_schema"}, {"json_schema", {{"name", "a"}, {"schema", schema}}}}}}));
    CHECK(refused({{"generationConfig", {{"responseSchema", schema}}}}));
    CHECK(refused({{"metadata", {{"id", mail}}}}));
    CHECK_FALSE(refused({{"tools", Json::array({{{"type", "function"}, {"function", {{"name", "f"}, {"parameters", {{"type", "object"}, {"minProperties", 1}}}}}}})}}));
}

TEST_CASE("no form of a data URL and no contradiction of media types hides a text") {
    const auto data = crypto::base64("to " + mail);
    CHECK(refused(file("data:text/plain;base64," + data)));
    CHECK(refused(file("DATA:text/plain;base64," + data)));
    CHECK(refused(file("data:text/plain;x=" + std::string(400, 'a') + ";base64," + data)));
    CHECK(refused(file("data:;base64," + data)));
    CHECK(refused(user({{"type", "image_url"}, {"image_url", {{"url", "data:image/svg+xml;base64," + data}}}})));
    auto with_format = file(data);
    with_format["messages"][0]["content"][0]["file"]["format"] = "text/plain";
    CHECK(refused(with_format));
    CHECK(refused(gemini_file({{"mime_type", "image/png"}, {"mimeType", "text/plain"}, {"data", data}})));
    CHECK(refused(gemini_file({{"mimeType", "image/png"}, {"mime_type", "text/plain"}, {"data", data}})));

    CHECK_FALSE(refused(gemini_file({{"mimeType", "image/png"}, {"data", "iVBORw0KGgo="}})));
    CHECK_FALSE(refused(user({{"type", "input_audio"}, {"input_audio", {{"data", "UklGRg=="}, {"format", "wav"}}}})));
    CHECK_FALSE(refused(user({{"type", "text"}, {"text", "data: three, four and five"}})));
}

TEST_CASE("tokens in the place of texts cannot be looked into") {
    CHECK(refused({{"input", {17, 18}}}));
    CHECK(refused({{"input", Json::array({Json::array({17, 18})})}}));
    CHECK(refused({{"prompt", {17, 18}}}));
    CHECK_FALSE(refused({{"input", {"one", "two"}}}));
}

TEST_CASE("the tokens of an answer do not tell what was taken out of its text") {
    Json answer{{"choices", Json::array({{{"message", {{"role", "assistant"}, {"content", "to " + mail}}},
                                          {"logprobs", {{"content", Json::array({{{"token", "anna"}, {"logprob", -1}}})}}}}})}};
    GuardReport report;
    const auto rules = mails("redact");
    Judge judge(rules, "output", report);
    REQUIRE(judge.body(answer));
    CHECK(answer["choices"][0]["message"]["content"] == "to [email]");
    CHECK(answer["choices"][0]["logprobs"].is_null());
}

TEST_CASE("servers of tools are tools that are offered") {
    Guardrail row;
    row.name = "tools";
    row.rule = {{"type", "tools"}, {"allow", {"look_*"}}};
    const GuardRules rules{*compile_rule(std::move(row))};
    GuardReport report;
    Judge judge(rules, "input", report);
    Json body{{"mcp_servers", Json::array({{{"type", "url"}, {"name", "x"}, {"url", "https://tools.example"}}})}};
    judge.body(body);
    CHECK(report.refusal.has_value());
}
