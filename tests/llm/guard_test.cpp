#include <random>

#include <catch2/catch.hpp>

#include "llm/guard.hpp"
#include "sluice/crypto/crypto.hpp"

using namespace sluice;
using namespace sluice::llm;

namespace {

std::shared_ptr<const GuardRule> rule(Json written, std::string name = "rule", GuardDirection direction = GuardDirection::both) {
    Guardrail row;
    row.name = std::move(name);
    row.direction = direction;
    row.rule = std::move(written);
    auto compiled = compile_rule(std::move(row));
    if (!compiled) FAIL(compiled.error().message);
    return *compiled;
}

std::shared_ptr<const GuardRule> looking_for(std::string kind, std::string action = "redact") {
    return rule({{"type", "detect"}, {"kinds", {kind}}, {"action", action}}, kind);
}

std::string mistake_in(Json written, GuardDirection direction = GuardDirection::both) {
    Guardrail row;
    row.name = "rule";
    row.direction = direction;
    row.rule = std::move(written);
    auto compiled = compile_rule(std::move(row));
    if (compiled) return {};
    return compiled.error().details.empty() ? "?" : compiled.error().details.front().pointer;
}

struct Verdict {
    Json body;
    bool changed = false;
    GuardReport report;
};
Verdict judged(GuardRules rules, Json body, std::string direction = "input") {
    Verdict out;
    Judge judge(rules, direction, out.report);
    out.changed = judge.body(body);
    out.body = std::move(body);
    return out;
}

std::string redacted(const GuardRules& rules, std::string text) {
    GuardReport report;
    Judge judge(rules, "input", report);
    judge.text(text);
    return text;
}

/// A stream whose text comes in pieces of `size` bytes; what has gone on to the caller.
std::string streamed(GuardRules rules, const std::string& text, std::size_t size, GuardReport& report) {
    auto guard = std::make_shared<Guard>();
    guard->output = std::move(rules);
    StreamJudge judge(guard, report);
    std::string out;
    const auto feed = [&](StreamEvent event) {
        for (const auto& each : judge.feed(std::move(event))) out += each.block.text + each.block.arguments;
    };
    StreamEvent event;
    event.kind = StreamEvent::Kind::block_begin;
    feed(event);
    event.kind = StreamEvent::Kind::block_delta;
    for (std::size_t at = 0; at < text.size(); at += size) {
        event.block.text = text.substr(at, size);
        feed(event);
    }
    event.block.text.clear();
    event.kind = StreamEvent::Kind::block_end;
    feed(event);
    return out;
}

const std::string private_key = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----";

}  // namespace

TEST_CASE("what detectors know is found, and its likes are not", "[llm][guardrails]") {
    struct Row {
        const char* kind;
        std::string text, wanted;
    };
    const std::vector<Row> rows = {
        {"email", "write to anna.b+c@mail.example.co.uk, please", "write to [email], please"},
        {"email", "an @ alone, a@b, user@localhost", "an @ alone, a@b, user@localhost"},
        {"card", "card 4111 1111 1111 1111 expires", "card [card] expires"},
        {"card", "5500005555555559.", "[card]."},
        {"card", "4111 1111 1111 1112 and 1234567890123", "4111 1111 1111 1112 and 1234567890123"},
        {"iban", "to DE89 3704 0044 0532 0130 00 today", "to [iban] today"},
        {"iban", "GB82WEST12345698765432", "[iban]"},
        {"iban", "DE89 3704 0044 0532 0130 01, XX89370400440532013000", "DE89 3704 0044 0532 0130 01, XX89370400440532013000"},
        {"phone", "call +41 44 668 18 00 or 044 668 18 00", "call [phone] or [phone]"},
        {"phone", "on 01.02.2026 at 0.12345678, number 123456789", "on 01.02.2026 at 0.12345678, number 123456789"},
        {"phone", "(555) 123-4567", "[phone]"},
        {"secret", "key AKIAIOSFODNN7EXAMPLE here", "key [secret] here"},
        {"secret", "sk-proj-abcdefghijklmnopqrstuvwx", "[secret]"},
        {"secret", "a " + private_key + " b", "a [secret] b"},
        {"secret", "skeleton-key, sk-short", "skeleton-key, sk-short"},
    };
    for (const auto& row : rows) {
        CAPTURE(row.kind, row.text);
        CHECK(redacted({looking_for(row.kind)}, row.text) == row.wanted);
    }
}

TEST_CASE("rules are asked in their order: what an earlier one found a later one does not find again", "[llm][guardrails]") {
    const auto pattern = rule({{"type", "pattern"}, {"pattern", "anna@\\S+"}, {"replacement", "<her>"}}, "first");
    CHECK(redacted({pattern, looking_for("email")}, "anna@a.de bob@b.de") == "<her> [email]");
    CHECK(redacted({looking_for("email"), pattern}, "anna@a.de bob@b.de") == "[email] [email]");
}

TEST_CASE("what overlaps is taken out as one, and refused where a later rule refuses what goes beyond the earlier", "[llm][guardrails]") {
    const auto name = rule({{"type", "pattern"}, {"pattern", "anna"}}, "name");
    CHECK(redacted({name, looking_for("email")}, "to anna@a.de, anna") == "to [name], [name]");
    CHECK(redacted({looking_for("email"), name}, "to anna@a.de, anna") == "to [email], [name]");
    const Json body{{"messages", Json::array({{{"role", "user"}, {"content", "to anna@a.de"}}})}};
    CHECK(judged({name, looking_for("email", "block")}, body).report.refusal);
    CHECK_FALSE(judged({looking_for("email"), rule({{"type", "pattern"}, {"pattern", "anna"}, {"action", "block"}}, "name")}, body).report.refusal);
    // A key that does not end is its first line and its letters, and hides nothing behind it.
    CHECK(redacted({name, looking_for("secret")}, "-----BEGIN PRIVATE KEY-----\nMIIEvQ anna; sk-abcdefghijklmnopqrstu") ==
          "[secret] [name]; [secret]");
}

TEST_CASE("every text of a request is judged, however it is wrapped", "[llm][guardrails]") {
    const GuardRules rules{looking_for("email")};
    const std::string mail = "a@example.com";
    const auto file = "data:text/plain;base64," + crypto::base64("say " + mail);
    const std::vector<Json> places = {
        {{"messages", {{{"role", "user"}, {"content", mail}}}}},
        {{"messages", {{{"role", "user"}, {"content", {{{"type", "text"}, {"text", mail}}}}}}}},
        {{"system", mail}},
        {{"system", {{{"type", "text"}, {"text", mail}}}}},
        {{"instructions", mail}},
        {{"input", mail}},
        {{"systemInstruction", {{"parts", {{{"text", mail}}}}}}},
        {{"system_instruction", {{"parts", {{{"text", mail}}}}}}},
        {{"contents", {{{"parts", {{{"functionResponse", {{"name", "f"}, {"response", {{"x", mail}}}}}}}}}}}},
        {{"messages", {{{"tool_calls", {{{"function", {{"name", "f"}, {"arguments", "{\"to\":\"a\\u0040example.com\"}"}}}}}}}}}},
        {{"messages", {{{"content", {{{"type", "tool_use"}, {"name", "f"}, {"input", {{"id", mail}}}}}}}}}},
        {{"messages", {{{"content", {{{"type", "file"}, {"file", {{"filename", "x"}, {"file_data", file}}}}}}}}}},
        {{"messages", {{{"content", {{{"type", "document"}, {"source", {{"type", "base64"}, {"media_type", "text/plain"}, {"data", crypto::base64(mail)}}}}}}}}}},
        {{"messages", {{{"content", {{{"type", "document"}, {"source", {{"type", "text"}, {"media_type", "text/plain"}, {"data", mail}}}}}}}}}},
        {{"contents", {{{"parts", {{{"inlineData", {{"mimeType", "text/csv"}, {"data", crypto::base64(mail)}}}}}}}}}},
        {{"tools", {{{"function", {{"name", "f"}, {"description", mail}}}}}}},
        {{"metadata", {{"user_id", mail}}}},
        {{"response_format", {{"json_schema", {{"schema", {{"description", mail}}}}}}}},
    };
    for (const auto& body : places) {
        CAPTURE(body.dump());
        auto verdict = judged(rules, body);
        CHECK(verdict.changed);
        CHECK(verdict.body.dump().find(mail) == std::string::npos);
        CHECK(verdict.body.dump().find(crypto::base64(mail)) == std::string::npos);
        CHECK(verdict.report.json() == R"([{"rule":"email","direction":"input","kind":"email","action":"redacted","count":1}])");
        auto blocked = judged({looking_for("email", "block")}, body);
        CHECK(blocked.report.refusal);
    }
}

TEST_CASE("redaction keeps the arguments of a call JSON, and the text of a file a file", "[llm][guardrails]") {
    const GuardRules rules{looking_for("email")};
    auto call = judged(rules, {{"messages", {{{"tool_calls", {{{"function", {{"name", "f"}, {"arguments", "{\"to\":\"a\\u0040example.com\",\"n\":1}"}}}}}}}}}});
    CHECK(call.body["messages"][0]["tool_calls"][0]["function"]["arguments"] == R"({"to":"[email]","n":1})");
    auto file = judged(rules, {{"file_data", "data:text/plain;base64," + crypto::base64("to a@example.com.")}});
    CHECK(file.body["file_data"] == "data:text/plain;base64," + crypto::base64("to [email]."));
}

TEST_CASE("what cannot be judged is refused", "[llm][guardrails]") {
    const GuardRules rules{looking_for("email")};
    const std::vector<Json> bodies = {
        {{"file_data", "data:application/pdf;base64," + crypto::base64("%PDF-1.7 \x01\x02")}},
        {{"file_data", "data:text/plain;base64," + crypto::base64(std::string("a\0@\0", 4))}},
        {{"file_data", "data:text/plain,a%40example.com"}},
        {{"source", {{"media_type", "application/pdf"}, {"data", crypto::base64("%PDF")}}}},
        {{"previous_response_id", "resp_1"}},
        {{"conversation", {{"id", "conv_1"}}}},
        {{"prompt", {{"id", "pmpt_1"}}}},
        {{"cachedContent", "cachedContents/1"}},
        {{"input", {{{"type", "item_reference"}, {"id", "msg_1"}}}}},
        {{"messages", {{{"content", {{{"type", "document"}, {"source", {{"type", "url"}, {"url", "https://example.com/x.pdf"}}}}}}}}}},
        {{"messages", {{{"name", "a@example.com"}, {"content", "x"}}}}},                                 // no name may be changed
        {{"messages", {{{"content", {{{"type", "tool_use"}, {"input", {{"a@example.com", 1}}}}}}}}}},   // nor a member's
    };
    for (const auto& body : bodies) {
        CAPTURE(body.dump());
        CHECK(judged(rules, body).report.refusal);
    }
    auto number = judged({looking_for("card")}, {{"messages", {{{"content", {{{"type", "tool_use"}, {"input", {{"card", 4111111111111111}}}}}}}}}});
    CHECK(number.report.refusal);
}

TEST_CASE("what no model reads and what only its vendor reads stays as it is", "[llm][guardrails]") {
    const GuardRules rules{rule({{"type", "pattern"}, {"pattern", "[a-z0-9]+"}})};
    const Json body{{"model", "gpt"}, {"messages", {{{"role", "user"}, {"tool_call_id", "call1"}, {"content", ""}}, {{"type", "thinking"}, {"signature", "abc"}}}}};
    auto verdict = judged(rules, body);
    CHECK_FALSE(verdict.report.refusal);
    const GuardRules emails{looking_for("email")};
    CHECK_FALSE(judged(emails, {{"image_url", {{"url", "data:image/png;base64,iVBORw0KGgo="}}}}).report.refusal);
    CHECK_FALSE(judged(emails, {{"input_audio", {{"data", "AAAA"}, {"format", "wav"}}}}).report.refusal);
    CHECK_FALSE(judged(emails, {{"max_tokens", 500}, {"temperature", 0.25}}).changed);
}

TEST_CASE("sizes count what was judged, and say by how much", "[llm][guardrails]") {
    const GuardRules rules{rule({{"type", "size"}, {"max_characters", 5}, {"max_messages", 2}})};
    const auto of = [](std::string text, std::size_t count) {
        Json messages = Json::array();
        for (std::size_t i = 0; i < count; ++i) messages.push_back({{"role", "user"}, {"content", i == 0 ? text : ""}});
        return Json{{"model", "a-long-name"}, {"messages", messages}};
    };
    CHECK_FALSE(judged(rules, of("äöüéè", 2)).report.refusal);
    CHECK(judged(rules, of("äöüéèx", 1)).report.refusal->why == "the request has 6 characters, and 5 are allowed");
    CHECK(judged(rules, of("", 3)).report.refusal->why == "there are 3 messages, and 2 are allowed");
}

TEST_CASE("only the tools that are allowed may be offered and called", "[llm][guardrails]") {
    const GuardRules rules{rule({{"type", "tools"}, {"allow", {"get_*"}}})};
    const std::vector<Json> allowed = {
        {{"tools", {{{"type", "function"}, {"function", {{"name", "get_time"}}}}}}},
        {{"tools", {{{"name", "get_time"}, {"input_schema", Json::object()}}}}},
        {{"tools", {{{"functionDeclarations", {{{"name", "get_time"}}}}}}}},
    };
    for (const auto& body : allowed) CHECK_FALSE(judged(rules, body).report.refusal);
    const std::vector<Json> others = {
        {{"tools", {{{"type", "function"}, {"function", {{"name", "send"}}}}}}},
        {{"tools", {{{"type", "function"}, {"name", "send"}}}}},
        {{"tools", {{{"type", "web_search_20250305"}, {"name", "web_search"}}}}},
        {{"tools", {{{"type", "web_search"}}}}},
        {{"tools", {{{"function_declarations", {{{"name", "get_time"}}, {{"name", "send"}}}}}}}},
        {{"tools", {{{"googleSearch", Json::object()}}}}},
        {{"functions", {{{"name", "send"}}}}},
        {{"web_search_options", Json::object()}},
    };
    for (const auto& body : others) {
        CAPTURE(body.dump());
        CHECK(judged(rules, body).report.refusal);
    }
    const std::vector<Json> called = {
        {{"choices", {{{"message", {{"tool_calls", {{{"type", "function"}, {"function", {{"name", "send"}, {"arguments", "{}"}}}}}}}}}}}},
        {{"output", {{{"type", "function_call"}, {"name", "send"}}}}},
        {{"output", {{{"type", "web_search_call"}}}}},
        {{"content", {{{"type", "tool_use"}, {"name", "send"}, {"input", Json::object()}}}}},
        {{"candidates", {{{"content", {{"parts", {{{"functionCall", {{"name", "send"}, {"args", Json::object()}}}}}}}}}}}},
    };
    for (const auto& body : called) {
        CAPTURE(body.dump());
        CHECK(judged(rules, body, "output").report.refusal);
    }
}

TEST_CASE("in a stream a match is caught wherever it is cut", "[llm][guardrails]") {
    const std::string text = "Hällo, write to anna\u200b@exa\u00admple.com or pay to DE89 3704 0044 0532 0130 00, key " + private_key + " — ende.";
    const std::string wanted = "Hällo, write to [email] or pay to [iban], key [secret] — ende.";
    const GuardRules rules{looking_for("email"), looking_for("iban"), looking_for("secret")};
    for (std::size_t size = 1; size <= text.size(); ++size) {
        CAPTURE(size);
        GuardReport report;
        CHECK(streamed(rules, text, size, report) == wanted);
        CHECK_FALSE(report.refusal);
    }
}

TEST_CASE("whatever a stream says and wherever it is cut, it is redacted as the whole text would be", "[llm][guardrails]") {
    const GuardRules rules{rule({{"type", "pattern"}, {"pattern", "(?i)blue ?bird"}}, "bird"), looking_for("email"), looking_for("iban"), looking_for("card"),
                           looking_for("secret"), looking_for("phone")};
    const std::vector<std::string> words{"Größe",  "a@b",     "anna@mail.example.com", "x.y+z@q.io,",      "DE89370400440532013000", "GB82 WEST 1234 5698 7654 32",
                                         "4111 1111 1111 1111", "5500-0055-5555-5559", "+41 44 668 18 00", "BlueBird",   "blue bird",   "sk-abcdefghijklmnopqrstu",
                                         "2026-11-26", "1234567", "\n\n", "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----", "€", "…", "and so on"};
    std::mt19937 random(20261126);
    for (int round = 0; round < 2'000; ++round) {
        std::string text;
        const int count = 1 + static_cast<int>(random() % 20);
        for (int i = 0; i < count; ++i) text += words[random() % words.size()] + " ";
        GuardReport report;
        const std::size_t size = 1 + random() % 40;
        CAPTURE(round, text, size);
        REQUIRE(streamed(rules, text, size, report) == redacted(rules, text));
    }
}

TEST_CASE("a stream that must not be seen is stopped before the match, wherever that is cut", "[llm][guardrails]") {
    const std::string before(2'000, 'x'), text = before + " anna@example.com and more";
    for (const std::size_t size : {1, 2, 3, 7, 64, 4'096}) {
        CAPTURE(size);
        GuardReport report;
        const auto seen = streamed({looking_for("email", "block")}, text, size, report);
        CHECK(report.refusal);
        CHECK(seen.find("anna") == std::string::npos);
    }
}

TEST_CASE("a stream is held back by its window and no more", "[llm][guardrails]") {
    auto guard = std::make_shared<Guard>();
    guard->output = {rule({{"type", "pattern"}, {"pattern", "secret"}, {"window", 64}})};
    GuardReport report;
    StreamJudge judge(guard, report);
    StreamEvent event;
    event.kind = StreamEvent::Kind::block_begin;
    judge.feed(event);
    event.kind = StreamEvent::Kind::block_delta;
    std::size_t given = 0, shown = 0;
    for (int i = 0; i < 1'000; ++i) {
        event.block.text = "some words ";
        given += event.block.text.size();
        for (const auto& each : judge.feed(event)) shown += each.block.text.size();
        CHECK(given - shown <= 64);
    }
}

TEST_CASE("the arguments of a streamed call are judged as a whole, and the tool before", "[llm][guardrails]") {
    auto guard = std::make_shared<Guard>();
    guard->output = {looking_for("email"), rule({{"type", "tools"}, {"allow", {"mail"}}})};
    const auto run = [&](std::string name, GuardReport& report) {
        StreamJudge judge(guard, report);
        std::vector<StreamEvent> out;
        const auto feed = [&](StreamEvent event) {
            for (auto& each : judge.feed(std::move(event))) out.push_back(std::move(each));
        };
        StreamEvent event;
        event.kind = StreamEvent::Kind::block_begin;
        event.block.kind = Block::Kind::tool_use;
        event.block.name = std::move(name);
        feed(event);
        event.kind = StreamEvent::Kind::block_delta;
        for (const auto* piece : {"{\"to\":\"anna", "\\u0040exam", "ple.com\"}"}) {
            event.block.arguments = piece;
            feed(event);
        }
        event.block.arguments.clear();
        event.kind = StreamEvent::Kind::block_end;
        feed(event);
        std::string arguments;
        for (const auto& each : out) arguments += each.block.arguments;
        return arguments;
    };
    GuardReport report, other;
    CHECK(run("mail", report) == R"({"to":"[email]"})");
    CHECK_FALSE(report.refusal);
    CHECK(run("delete", other).empty());
    CHECK(other.refusal);
}

TEST_CASE("what was found is told once, and what comes later by itself", "[llm][guardrails]") {
    GuardReport report;
    CHECK(report.untold().empty());
    const auto mails = looking_for("email");
    report.add(*mails, "input", "email", false);
    report.add(*mails, "input", "email", false);
    CHECK(report.untold() == Json::parse(report.json()));
    CHECK(report.untold().empty());
    report.add(*mails, "input", "email", false);
    GuardReport later;
    later.add(*mails, "output", "email", true);
    report.add(std::move(later));
    const auto told = report.untold();
    REQUIRE(told.size() == 2);
    CHECK(told[0]["count"] == 1);
    CHECK(told[1]["action"] == "blocked");
    CHECK(Json::parse(report.json())[0]["count"] == 3);
    CHECK(report.untold().empty());
}

TEST_CASE("a rule that cannot be used is refused with its place", "[llm][guardrails]") {
    CHECK(mistake_in({{"type", "magic"}}) == "/rule/type");
    CHECK(mistake_in({{"type", "pattern"}, {"pattern", "("}}) == "/rule/pattern");
    CHECK(mistake_in({{"type", "pattern"}, {"pattern", "a*"}}) == "/rule/pattern");
    CHECK(mistake_in({{"type", "pattern"}, {"pattern", "(?=x)"}}) == "/rule/pattern");
    CHECK(mistake_in({{"type", "pattern"}, {"pattern", "a"}, {"colour", 1}}) == "/rule/colour");
    CHECK(mistake_in({{"type", "pattern"}, {"pattern", "a"}, {"replacement", "\""}}) == "/rule/replacement");
    CHECK(mistake_in({{"type", "detect"}, {"kinds", {"face"}}}) == "/rule/kinds");
    CHECK(mistake_in({{"type", "detect"}, {"kinds", {"email"}}, {"action", "tell"}}) == "/rule/action");
    CHECK(mistake_in({{"type", "size"}}) == "/rule");
    CHECK(mistake_in({{"type", "size"}, {"max_messages", -1}}) == "/rule/max_messages");
    CHECK(mistake_in({{"type", "tools"}}) == "/rule/allow");
    CHECK(mistake_in({{"type", "schema"}, {"schema", {{"type", "object"}}}}) == "/direction");
    CHECK(mistake_in({{"type", "schema"}, {"schema", {{"type", "magic"}}}}, GuardDirection::output) == "/rule/schema");
    CHECK(mistake_in({{"type", "schema"}, {"schema", {{"type", "object"}}}}, GuardDirection::output).empty());
}

TEST_CASE("a star in a name stands for anything", "[llm][guardrails]") {
    CHECK(fits("*", ""));
    CHECK(fits("gpt-*", "gpt-6"));
    CHECK(fits("*/gpt-*-mini", "openai/gpt-6-mini"));
    CHECK_FALSE(fits("gpt-*", "gemini"));
    CHECK_FALSE(fits("gpt", "gpt-6"));
    CHECK(fits(std::string(100, '*') + "a", std::string(1'000, 'b') + "a"));
}
