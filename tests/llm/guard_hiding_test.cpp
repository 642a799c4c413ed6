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

namespace {

std::string redacted(const GuardRules& rules, std::string text) {
    GuardReport report;
    Judge judge(rules, "input", report);
    judge.text(text);
    return text;
}

GuardRules pattern(std::string wanted) {
    Guardrail row;
    row.name = "word";
    row.rule = {{"type", "pattern"}, {"pattern", std::move(wanted)}};
    auto compiled = compile_rule(std::move(row));
    if (!compiled) FAIL(compiled.error().message);
    return {*compiled};
}

}  // namespace

TEST_CASE("characters that nobody sees hide nothing") {
    const std::string unseen[] = {"\u200b", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u202e", "\ufe0f", "\U000e0041", "\u034f", "\u3164"};
    for (const auto& each : unseen) {
        CAPTURE(each);
        std::string spread;
        for (const char c : mail) spread += c + each;
        // The last one stands behind the address and stays.
        CHECK(redacted(mails("redact"), "to " + spread + "!") == "to [email]" + each + "!");
        CHECK(redacted(mails("redact"), each + "to anna" + each + ".secret@example.com" + each + each + " and on") == each + "to [email]" + each + each + " and on");
        CHECK(redacted(pattern("(?i)project bluebird"), "project" + each + " Blue" + each + each + "bird") == "[word]");
        CHECK(redacted(mails("redact"), "na" + each + "ive \u00fc") == "na" + each + "ive \u00fc");  // what is no finding stays as it is
    }
    CHECK(refused(user({{"type", "text"}, {"text", "anna.secret\u200b@example.com"}})));
    CHECK(refused(user({{"type", "tool_use"}, {"id", "t"}, {"name", "f"}, {"input", {{"anna.secret@\u200bexample.com", 1}}}})));
    // Who looks for such a character finds it.
    CHECK(redacted(pattern("\\x{200b}"), "a\u200bb") == "a[word]b");
    CHECK(redacted(pattern("\\x{ff20}"), "a\uff20b") == "a[word]b");
}

TEST_CASE("copies of letters, digits, signs and spaces are what they look like") {
    CHECK(redacted(mails("redact"), "to anna\uff20example\uff0ecom") == "to [email]");
    CHECK(redacted(mails("redact"), "\uff41\uff4e\uff4e\uff41\uff20\uff45\uff58\uff0e\uff43\uff4f\uff4d, \u00fc") == "[email], \u00fc");
    CHECK(redacted(mails("redact"), "\U0001d41a\U0001d427\U0001d427\U0001d41a@example\u2024com") == "[email]");
    CHECK(redacted(pattern("4111 1111"), "\uff14\uff11\uff11\uff11\u00a0\U0001d7cf\U0001d7cf11") == "[word]");
    CHECK(redacted(pattern("555-1234"), "call 555\u2011\u2460234") == "call [word]");
    // What is written in no such copy is another word, and broken text is looked at all the same.
    CHECK(redacted(pattern("anna"), "\u0430nn\u0430") == "\u0430nn\u0430");
    CHECK(redacted(mails("redact"), "\xe2\x80 " + mail + "\xff\xe2\x80\x8b\xf0\x9d") == "\xe2\x80 [email]\xff\xe2\x80\x8b\xf0\x9d");
}

TEST_CASE("places in a text as it is seen are places in the text itself") {
    CHECK_FALSE(SeenText::of("plain"));
    CHECK_FALSE(SeenText::of("gr\u00fc\u00df \u4f60"));
    const std::string text = "\u200ba\uff22\u200b\u200bc\u00fc\u00adD\u200b";
    const auto seen = SeenText::of(text);
    REQUIRE(seen);
    CHECK(seen->text() == "aBc\u00fcD");
    const auto own = [&](std::size_t begin, std::size_t end) {
        const auto [from, to] = seen->own(begin, end);
        return text.substr(from, to - from);
    };
    CHECK(own(0, 1) == "a");
    CHECK(own(1, 2) == "\uff22");
    CHECK(own(0, 3) == "a\uff22\u200b\u200bc");
    CHECK(own(2, 6) == "c\u00fc\u00adD");
    CHECK(own(0, 6) == text.substr(3, text.size() - 6));
    std::size_t last = 0;
    for (std::size_t at = 0; at <= text.size(); ++at) {
        CAPTURE(at);
        const auto from = seen->seen_from(at);
        CHECK(from >= last);
        CHECK(from <= seen->text().size());
        if (from < seen->text().size()) CHECK(seen->own(from, from + 1).second > at);
        last = from;
    }
    CHECK(seen->seen_from(0) == 0);
    CHECK(seen->seen_from(4) == 1);
}
