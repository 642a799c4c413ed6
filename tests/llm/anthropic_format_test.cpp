#include <catch2/catch.hpp>

#include "llm/formats/format.hpp"
#include "llm/wire_requests.hpp"

using namespace sluice;
using llm::Block;
using llm::StopReason;
using llm::ToolChoice;
using llm::Turn;

namespace {

const llm::Format& format() { return llm::anthropic_messages(); }

Json minimal() { return Json::parse(R"({"model": "claude-opus-5-5", "max_tokens": 100, "messages": [{"role": "user", "content": "Hi"}]})"); }

llm::ModelRequest asked(std::string_view text) { return test::asked(format(), text); }
llm::ModelRequest foreign(std::string model = "claude-opus-4-6") { return test::foreign_request(std::move(model)); }
Json written(const llm::ModelRequest& request) { return test::written(format(), request); }

}  // namespace

TEST_CASE("a Messages request is read with all that other formats have words for", "[llm][anthropic]") {
    const auto request = asked(R"({
        "model": "claude-opus-5-5", "max_tokens": 0, "temperature": 0.5, "top_p": 0.9, "top_k": 40, "stream": true,
        "system": [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral", "ttl": "1h"}}],
        "stop_sequences": ["END"], "metadata": {"user_id": "u-1", "team": "x"}, "service_tier": "auto", "inference_geo": "eu",
        "thinking": {"type": "enabled", "budget_tokens": 2048, "display": "omitted"},
        "output_config": {"effort": "high", "format": {"type": "json_schema", "schema": {"type": "object", "required": []}}},
        "tools": [{"name": "look", "description": "looks", "input_schema": {"type": "object"}, "strict": true, "cache_control": {"type": "ephemeral"}},
                  {"type": "web_search_20260318", "name": "web_search", "max_uses": 3}],
        "tool_choice": {"type": "any", "disable_parallel_tool_use": true},
        "messages": [
            {"role": "user", "content": [
                {"type": "text", "text": "See", "cache_control": {"type": "ephemeral"}},
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}},
                {"type": "image", "source": {"type": "url", "url": "https://x.example/a.png"}},
                {"type": "document", "title": "notes", "source": {"type": "text", "media_type": "text/plain", "data": "Hé"}}]},
            {"role": "assistant", "content": [
                {"type": "thinking", "thinking": "hm \u00fc", "signature": "S+/="}, {"type": "redacted_thinking", "data": "R="},
                {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {"n": 9007199254740993, "f": 1.0, "e": []}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "is_error": true,
                "content": [{"type": "text", "text": "no"}]}, {"type": "text", "text": "Go on"}]}]})");
    CHECK(request.format == "anthropic.messages");
    CHECK(request.model == "claude-opus-5-5");
    CHECK(request.max_output_tokens == 0);
    CHECK(request.temperature == 0.5);
    CHECK(request.top_p == 0.9);
    CHECK(request.top_k == 40);
    CHECK(request.stream);
    CHECK(request.stop == std::vector<std::string>{"END"});
    CHECK(request.user == "u-1");
    CHECK(request.service_tier == "auto");
    CHECK(request.thinking_tokens == 2048);
    CHECK(request.effort == "high");
    CHECK(request.answer.kind == llm::AnswerFormat::Kind::schema);
    CHECK(request.answer.schema == Json::parse(R"({"type": "object", "required": []})"));
    CHECK(request.tool_choice.kind == ToolChoice::Kind::required);
    CHECK(request.parallel_tool_calls == false);
    REQUIRE(request.tools.size() == 2);
    CHECK(request.tools[0].strict == true);
    CHECK(request.tools[0].cache_point);
    CHECK(request.tools[1].native_format == "anthropic.messages");
    CHECK(request.extra == Json::parse(R"({"thinking": {"display": "omitted"}, "metadata": {"team": "x"}, "inference_geo": "eu"})"));
    CHECK(request.bound.empty());
    REQUIRE(request.turns.size() == 4);
    CHECK(request.turns[0].role == Turn::Role::system);
    CHECK(request.turns[0].blocks[0].cache_lifetime == "1h");
    const auto& seen = request.turns[1].blocks;
    CHECK(seen[0].cache_point);
    CHECK(seen[1].data == "AAAA");
    CHECK(seen[2].url == "https://x.example/a.png");
    CHECK(seen[3].media_type == "text/plain");
    CHECK(seen[3].data == "SMOp");
    const auto& said = request.turns[2].blocks;
    CHECK(said[0].signature == "S+/=");
    CHECK(said[0].signed_by == "anthropic");
    CHECK(said[1].data == "R=");
    CHECK(said[2].arguments == R"({"n":9007199254740993,"f":1.0,"e":[]})");
    CHECK(request.turns[3].blocks[0].is_error);
    CHECK(request.turns[3].blocks[0].content[0].text == "no");
}

TEST_CASE("a Messages request that is read and written again says the same", "[llm][anthropic]") {
    const auto* text = GENERATE(
        R"({"model": "claude-sonnet-4-5", "max_tokens": 5000, "messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}],
            "thinking": {"type": "enabled", "budget_tokens": 1024, "display": "omitted"}, "temperature": 1.0, "top_p": 0.9})",
        R"({"model": "m", "max_tokens": 5, "system": [{"type": "text", "text": "S", "cache_control": {"type": "ephemeral", "ttl": "1h"}}],
            "messages": [{"role": "user", "content": [{"type": "text", "text": "a"}]}, {"role": "system", "content": [{"type": "text", "text": "b"}]},
                         {"role": "assistant", "content": [{"type": "thinking", "thinking": "t", "signature": "s"}, {"type": "redacted_thinking", "data": "d"},
                             {"type": "tool_use", "id": "x", "name": "n", "input": {"a": [], "b": {}, "c": 1.0, "d": null}}]},
                         {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "x", "content": "r"}]}],
            "tools": [{"name": "n", "input_schema": {"type": "object", "properties": {}}}, {"type": "bash_20250124", "name": "bash"}],
            "tool_choice": {"type": "auto", "disable_parallel_tool_use": true}, "stream": true})",
        R"({"model": "m", "max_tokens": 5, "messages": [{"role": "assistant", "content": [
                {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}, {"type": "web_search_tool_result", "tool_use_id": "s", "content": []}]},
            {"role": "user", "content": [{"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "Hé"}, "title": "n"},
                {"type": "document", "source": {"type": "file", "file_id": "file_1"}}]}],
            "thinking": {"type": "adaptive"}, "output_config": {"effort": "max", "format": {"type": "json_schema", "schema": {"type": "object"}}, "new": 1},
            "container": "c_1", "context_management": {"edits": []}})",
        R"({"model": "m", "max_tokens": 5, "messages": [{"role": "user", "content": [{"type": "text", "text": "a"}]}], "thinking": {"type": "between_tools"}})",
        R"({"model": "m", "max_tokens": 5, "messages": [{"role": "user", "content": [{"type": "text", "text": "a"}]}], "thinking": {"type": "disabled"}})");
    CAPTURE(text);
    const auto again = written(asked(text));
    CHECK(base::dump_json_canonical(again) == base::dump_json_canonical(Json::parse(text)));
}

TEST_CASE("mistakes in a Messages request are named with their places", "[llm][anthropic]") {
    struct Row {
        const char *patch, *pointer, *message;
    };
    const auto row = GENERATE(
        Row{R"({"max_tokens": null})", "/max_tokens", "is missing"}, Row{R"({"max_tokens": -1})", "/max_tokens", "whole number"},
        Row{R"({"max_tokens": 1e300})", "/max_tokens", "whole number"}, Row{R"({"max_tokens": 1.5})", "/max_tokens", "whole number"},
        Row{R"({"max_tokens": "5"})", "/max_tokens", "whole number"}, Row{R"({"model": null})", "/model", "is missing"},
        Row{R"({"model": 5})", "/model", "a string"}, Row{R"({"messages": null})", "/messages", "at least one"},
        Row{R"({"messages": {}})", "/messages", "an array"}, Row{R"({"messages": []})", "/messages", "at least one"},
        Row{R"({"messages": [5]})", "/messages/0", "an object"}, Row{R"({"messages": [{"role": "tool", "content": "x"}]})", "/messages/0/role", "must be user"},
        Row{R"({"messages": [{"role": "user"}]})", "/messages/0/content", "is missing"},
        Row{R"({"messages": [{"role": "user", "content": 5}]})", "/messages/0/content", "array of blocks"},
        Row{R"({"messages": [{"role": "user", "content": [{"text": "x"}]}]})", "/messages/0/content/0/type", "is missing"},
        Row{R"({"messages": [{"role": "user", "content": [{"type": "text"}]}]})", "/messages/0/content/0/text", "is missing"},
        Row{R"({"messages": [{"role": "user", "content": [{"type": "image"}]}]})", "/messages/0/content/0/source", "is missing"},
        Row{R"({"messages": [{"role": "user", "content": [{"type": "image", "source": {"type": "base64", "data": ""}}]}]})", "/messages/0/content/0/source/media_type", "is missing"},
        Row{R"({"messages": [{"role": "assistant", "content": [{"type": "tool_use", "id": "a", "name": "b", "input": "x"}]}]})", "/messages/0/content/0/input", "an object"},
        Row{R"({"messages": [{"role": "user", "content": [{"type": "tool_result", "content": "x"}]}]})", "/messages/0/content/0/tool_use_id", "is missing"},
        Row{R"({"system": 5})", "/system", "array of blocks"}, Row{R"({"tools": [{"name": "x"}]})", "/tools/0/input_schema", "is missing"},
        Row{R"({"tool_choice": {"type": "one"}})", "/tool_choice/type", "must be auto"}, Row{R"({"tool_choice": {"type": "tool"}})", "/tool_choice/name", "is missing"},
        Row{R"({"thinking": {"type": "enabled"}})", "/thinking/budget_tokens", "is missing"},
        Row{R"({"output_config": {"format": {"type": "xml"}}})", "/output_config/format/type", "json_schema"},
        Row{R"({"stop_sequences": [1]})", "/stop_sequences", "array of strings"}, Row{R"({"stream": "yes"})", "/stream", "true or false"},
        Row{R"({"temperature": "hot"})", "/temperature", "a number"}, Row{R"({"metadata": {"user_id": 5}})", "/metadata/user_id", "a string"});
    CAPTURE(row.patch);
    auto body = minimal();
    for (const auto patch = Json::parse(row.patch); const auto& [name, value] : patch.items()) body[name] = value;
    const auto request = format().read_request(body);
    REQUIRE_FALSE(request);
    CHECK(request.error().code == ErrorCode::invalid_argument);
    REQUIRE_FALSE(request.error().details.empty());
    CHECK(request.error().details[0].pointer == row.pointer);
    CHECK_THAT(request.error().details[0].message, Catch::Contains(row.message));
}

TEST_CASE("something that is no object at all is no Messages request", "[llm][anthropic]") {
    for (const auto* text : {"[]", "null", "5", "\"x\""}) CHECK_FALSE(format().read_request(Json::parse(text)));
    auto wide = minimal();
    for (int i = 0; i < 300; ++i) wide[fmt::format("member_{}", i)] = i;
    CHECK_FALSE(format().read_request(wide));
}

TEST_CASE("what only Anthropic's models understand binds a request to them", "[llm][anthropic]") {
    const auto request = asked(R"({"model": "m", "max_tokens": 5, "container": "c", "messages": [{"role": "user", "content": [
        {"type": "search_result", "title": "t", "source": "s", "content": []}, {"type": "image", "source": {"type": "file", "file_id": "f"}}]}]})");
    REQUIRE(request.bound.size() == 3);
    CHECK(request.bound[0].pointer == "/messages/0/content/0");
    CHECK(request.bound[1].pointer == "/messages/0/content/1/source");
    CHECK(request.bound[2].pointer == "/container");
    auto elsewhere = request;
    elsewhere.format = "openai.responses";
    const auto refused = format().write_request(elsewhere);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::unprocessable);
}

TEST_CASE("a request of another format is written as Anthropic wants it", "[llm][anthropic]") {
    auto request = foreign();
    request.turns.insert(request.turns.begin(), {.role = Turn::Role::system, .blocks = {{.text = "Be brief."}}});
    request.turns.push_back({.role = Turn::Role::assistant,
                             .blocks = {{.text = ""},
                                        {.kind = Block::Kind::thinking, .text = "secret", .signature = "g", .signed_by = "gemini"},
                                        {.kind = Block::Kind::tool_use, .id = "call.1", .name = "look", .arguments = ""},
                                        {.kind = Block::Kind::tool_use, .id = "call_2", .name = "look", .arguments = R"({"id": 1234567890123456789, "x": 0.1})"}}});
    request.turns.push_back({.blocks = {{.text = "and?"}, {.kind = Block::Kind::tool_result, .id = "call.1", .content = {{.text = "one"}}}}});
    request.turns.push_back({.blocks = {{.kind = Block::Kind::tool_result, .id = "call_2", .content = {{.text = "a"}, {.text = "b"}}, .is_error = true}}});
    request.turns.push_back({.role = Turn::Role::system, .blocks = {{.text = "Late."}}});
    request.tools.push_back({.name = "look"});
    request.parallel_tool_calls = false;
    request.temperature = 1.7;
    request.top_p = 0.5;
    request.stop = {"X"};
    request.user = "u";
    request.extra = Json::parse(R"({"logit_bias": {}})");
    CHECK(base::dump_json(written(request)) ==
          base::dump_json(Json::parse(R"({"model": "claude-opus-4-6", "max_tokens": 4096,
        "system": [{"type": "text", "text": "Be brief."}, {"type": "text", "text": "Late."}],
        "messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "call_1", "name": "look", "input": {}},
                {"type": "tool_use", "id": "call_2", "name": "look", "input": {"id": 1234567890123456789, "x": 0.1}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "call_1", "content": "one"},
                {"type": "tool_result", "tool_use_id": "call_2", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}], "is_error": true},
                {"type": "text", "text": "and?"}]}],
        "tools": [{"name": "look", "input_schema": {"type": "object"}}],
        "tool_choice": {"type": "auto", "disable_parallel_tool_use": true},
        "temperature": 1.0, "stop_sequences": ["X"], "metadata": {"user_id": "u"}})")));
}

TEST_CASE("what the Messages API cannot say is refused by name", "[llm][anthropic]") {
    auto request = foreign();
    std::string named;
    SECTION("several answers") { request.choices = 2, named = "one answer"; }
    SECTION("sound") { request.turns[0].blocks.push_back({.kind = Block::Kind::audio, .media_type = "audio/wav", .data = "AA"}), named = "audio"; }
    SECTION("a file of another vendor") { request.turns[0].blocks.push_back({.kind = Block::Kind::file, .id = "file-9"}), named = "file-9"; }
    SECTION("a document that is neither PDF nor text") {
        request.turns[0].blocks.push_back({.kind = Block::Kind::file, .name = "a.docx", .media_type = "application/msword", .data = "AA"}), named = "a.docx";
    }
    SECTION("text that is no base64") {
        request.turns[0].blocks.push_back({.kind = Block::Kind::file, .name = "a.txt", .media_type = "text/plain", .data = "%"}), named = "a.txt";
    }
    SECTION("another vendor's tool") { request.tools.push_back({.name = "googleSearch", .native = Json::object(), .native_format = "gemini"}), named = "googleSearch"; }
    SECTION("arguments that are no object") {
        request.turns.push_back({.role = Turn::Role::assistant,
                                 .blocks = {{.kind = Block::Kind::tool_use, .id = "c7", .name = "x", .arguments = "[1"}}});
        named = "c7";
    }
    SECTION("nothing but a system message") { request.turns[0].role = Turn::Role::system, named = "message of the user"; }
    SECTION("an image in a system message") {
        request.turns.insert(request.turns.begin(), {.role = Turn::Role::system, .blocks = {{.kind = Block::Kind::image, .url = "https://x"}}}), named = "system message";
    }
    SECTION("an effort that nobody knows") { request.effort = "heroic", named = "heroic"; }
    const auto body = format().write_request(request);
    REQUIRE_FALSE(body);
    CHECK(body.error().code == ErrorCode::unprocessable);
    CHECK_THAT(body.error().message, Catch::Contains(named));
}

TEST_CASE("another format's wish to think is told in the words of the model's generation", "[llm][anthropic]") {
    struct Row {
        const char *model, *effort;
        std::optional<std::int64_t> budget, limit;
        const char *thinking, *output;
        std::int64_t max_tokens;
    };
    const auto row = GENERATE(Row{"claude-opus-5-5", "high", {}, {}, R"({"type":"adaptive"})", R"({"effort":"high"})", 4096},
                              Row{"claude-opus-5-5", "minimal", {}, {}, R"({"type":"adaptive"})", R"({"effort":"low"})", 4096},
                              Row{"claude-sonnet-4-6", "", 9000, 100, R"({"type":"adaptive"})", R"({"effort":"medium"})", 100},
                              Row{"claude-opus-5", "", -1, {}, R"({"type":"adaptive"})", "", 4096},
                              Row{"claude-opus-5", "none", {}, {}, R"({"type":"disabled"})", "", 4096},
                              Row{"claude-sonnet-4-5-20250929", "none", {}, {}, "", "", 4096},
                              Row{"claude-sonnet-4-5-20250929", "", 0, {}, "", "", 4096},
                              Row{"claude-sonnet-4-5-20250929", "medium", {}, {}, R"({"type":"enabled","budget_tokens":8192})", "", 12'288},
                              Row{"claude-sonnet-4-20250514", "", 500, {}, R"({"type":"enabled","budget_tokens":1024})", "", 5120},
                              Row{"claude-haiku-4-5", "", 9000, 2000, R"({"type":"enabled","budget_tokens":1999})", "", 2000},
                              Row{"claude-haiku-4-5", "high", {}, 500, "", "", 500}, Row{"claude-3-5-sonnet-20241022", "high", {}, {}, "", "", 4096},
                              Row{"some-other", "low", {}, {}, R"({"type":"adaptive"})", R"({"effort":"low"})", 4096});
    CAPTURE(row.model, row.effort);
    auto request = foreign(row.model);
    request.effort = row.effort;
    request.thinking_tokens = row.budget;
    request.max_output_tokens = row.limit;
    const auto body = written(request);
    const auto told = [&](const char* name) { return body.contains(name) ? base::dump_json(body[name]) : std::string(); };
    CHECK(told("thinking") == row.thinking);
    CHECK(told("output_config") == row.output);
    CHECK(body["max_tokens"] == row.max_tokens);
    request.tools.push_back({.name = "x"});
    request.tool_choice.kind = ToolChoice::Kind::required;  // excludes thinking first
    const auto forced = written(request);
    CHECK((!forced.contains("thinking") || forced["thinking"]["type"] == "disabled"));
}

TEST_CASE("a temperature goes only to models that take one", "[llm][anthropic]") {
    const auto sampling = [](std::string model, std::string effort = {}) {
        auto request = foreign(std::move(model));
        request.temperature = 0.3;
        request.top_k = 5;
        request.effort = std::move(effort);
        const auto body = written(request);
        return body.contains("temperature") && body.contains("top_k");
    };
    CHECK(sampling("claude-opus-4-6"));
    CHECK(sampling("claude-3-haiku-20240307"));
    CHECK(sampling("some-other"));
    CHECK_FALSE(sampling("claude-opus-4-7"));
    CHECK_FALSE(sampling("claude-sonnet-5"));
    CHECK_FALSE(sampling("claude-sonnet-4-5", "low"));
    auto both = foreign("claude-sonnet-4-5");
    both.temperature = 0.3;
    both.top_p = 0.5;
    CHECK_FALSE(written(both).contains("top_p"));  // since 4.1 only one of them may be named
    both.model = "claude-3-haiku-20240307";
    CHECK(written(both)["top_p"] == 0.5);
}

TEST_CASE("tools that may not be called are not offered, and a choice among none is not made", "[llm][anthropic]") {
    auto request = foreign();
    request.tool_choice = {.kind = ToolChoice::Kind::required};
    CHECK_FALSE(written(request).contains("tool_choice"));
    request.tools = {{.name = "a"}, {.name = "b"}, {.name = "c"}};
    request.tool_choice.allowed = {"b", "c"};
    request.parallel_tool_calls = true;
    const auto body = written(request);
    CHECK(body["tools"].size() == 2);
    CHECK(body["tool_choice"] == Json::parse(R"({"type": "any", "disable_parallel_tool_use": false})"));
    request.tool_choice = {.kind = ToolChoice::Kind::one, .name = "b"};
    CHECK(written(request)["tool_choice"]["name"] == "b");
    request.tool_choice = {.kind = ToolChoice::Kind::none};
    CHECK(written(request)["tool_choice"] == Json::parse(R"({"type": "none"})"));
}

TEST_CASE("JSON without a schema is asked for in words, with a schema in the format's own", "[llm][anthropic]") {
    auto request = foreign();
    request.answer.kind = llm::AnswerFormat::Kind::json;
    CHECK_THAT(written(request)["system"][0]["text"].get<std::string>(), Catch::Contains("one JSON object"));
    request.answer.kind = llm::AnswerFormat::Kind::schema;
    request.answer.schema = Json::parse(R"({"type": "object", "required": []})");
    CHECK(base::dump_json(written(request)["output_config"]) == R"({"format":{"type":"json_schema","schema":{"type":"object","required":[]}}})");
}

TEST_CASE("an answer of the Messages API is read whole and written the same", "[llm][anthropic]") {
    const auto body = Json::parse(R"({"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-opus-5-5",
        "content": [{"type": "thinking", "thinking": "hm", "signature": "S=="}, {"type": "redacted_thinking", "data": "R"},
                    {"type": "text", "text": "Yes"}, {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {"q": 1.0, "e": []}}],
        "stop_reason": "tool_use", "stop_sequence": null,
        "usage": {"input_tokens": 7, "cache_creation_input_tokens": 30, "cache_read_input_tokens": 100,
                  "cache_creation": {"ephemeral_5m_input_tokens": 20, "ephemeral_1h_input_tokens": 10}, "output_tokens": 50,
                  "output_tokens_details": {"thinking_tokens": 20}, "server_tool_use": {"web_search_requests": 2}, "service_tier": "priority", "inference_geo": "us"}})");
    const auto answer = format().read_answer(body);
    REQUIRE(answer);
    CHECK(answer->stop == StopReason::tool_use);
    CHECK(answer->blocks[3].arguments == R"({"q":1.0,"e":[]})");
    REQUIRE(answer->usage);
    CHECK(answer->usage->input_uncached == 7);
    CHECK(answer->usage->cache_read == 100);
    CHECK(answer->usage->cache_write_5m == 20);
    CHECK(answer->usage->cache_write_1h == 10);
    CHECK(answer->usage->output_visible == 30);
    CHECK(answer->usage->output_reasoning == 20);
    CHECK(answer->usage->tool_uses == std::map<std::string, std::int64_t>{{"web_search", 2}});
    CHECK(answer->usage->tier == "priority");
    CHECK(answer->usage->region == "us");
    CHECK(base::dump_json_canonical(format().write_answer(*answer, {})) == base::dump_json_canonical(body));
}

TEST_CASE("an answer of another vendor reaches an Anthropic client", "[llm][anthropic]") {
    llm::ModelAnswer answer{.model = "gpt-6", .stop = StopReason::content_filter};
    answer.blocks = {{.kind = Block::Kind::thinking, .text = "t", .signature = "g", .signed_by = "gemini"},
                     {.kind = Block::Kind::refusal, .text = "no"},
                     {.kind = Block::Kind::redacted_thinking, .data = "d", .signed_by = "openai"},
                     {.kind = Block::Kind::tool_use, .id = "c", .name = "n", .arguments = "{\"a\": "}};
    const auto body = format().write_answer(answer, {.id = "abc", .model = "alias"});
    CHECK(body["id"] == "msg_abc");
    CHECK(body["model"] == "alias");
    CHECK(body["stop_reason"] == "refusal");
    CHECK(body["content"] == Json::parse(R"([{"type": "thinking", "thinking": "t", "signature": ""}, {"type": "text", "text": "no"},
        {"type": "tool_use", "id": "c", "name": "n", "input": {"invalid_arguments": "{\"a\": "}}])"));
    CHECK(body["usage"]["input_tokens"] == 0);
}

TEST_CASE("what is no message is no answer", "[llm][anthropic]") {
    for (const auto* text : {"{}", "[]", "null", R"({"content": "x"})"}) CHECK_FALSE(format().read_answer(Json::parse(text)));
    const auto failed = format().read_answer(Json::parse(R"({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}})"));
    REQUIRE_FALSE(failed);
    CHECK(failed.error().code == ErrorCode::upstream_failed);
    CHECK_THAT(failed.error().message, Catch::Contains("Overloaded"));
}

TEST_CASE("each stop reason is read and written", "[llm][anthropic]") {
    for (const auto* reason : {"end_turn", "max_tokens", "stop_sequence", "tool_use", "pause_turn", "refusal", "model_context_window_exceeded"}) {
        auto body = Json::parse(R"({"content": [], "stop_sequence": "END"})");
        body["stop_reason"] = reason;
        const auto answer = format().read_answer(body);
        REQUIRE(answer);
        CHECK(answer->stop_sequence == "END");
        CHECK(format().write_answer(*answer, {})["stop_reason"] == reason);
    }
}

TEST_CASE("absurd usage of a Messages answer counts as none, a part of it as what it says", "[llm][anthropic]") {
    const auto usage = [](const char* text) { return format().read_usage(Json{{"usage", Json::parse(text)}}); };
    for (const auto* text : {R"({"input_tokens": -1})", R"({"input_tokens": 1e18})", R"({"input_tokens": "12"})", R"({"output_tokens": 9223372036854775807})",
                             R"({"output_tokens": 18446744073709551615})", R"({"output_tokens": 1.5})", R"({"output_tokens": [1]})",
                             R"({"cache_creation": {"ephemeral_5m_input_tokens": -5}})", R"({"server_tool_use": {"web_search_requests": "many"}})",
                             R"({"output_tokens_details": {"thinking_tokens": -1}})", "[]", "5", "null"}) {
        CAPTURE(text);
        CHECK_FALSE(usage(text));
    }
    CHECK_FALSE(format().read_usage(Json::parse("{}")));
    CHECK_FALSE(format().read_usage(Json::parse("[]")));
    CHECK(usage(R"({"input_tokens": 3, "cache_creation_input_tokens": 9})")->cache_write_5m == 9);
    const auto excess = usage(R"({"output_tokens": 3, "output_tokens_details": {"thinking_tokens": 9}})");
    CHECK(excess->output() == 3);
    CHECK(usage(R"({"output_tokens": 3, "speed": "fast", "service_tier": "standard"})")->tier == "fast");
    CHECK(format().read_usage(Json::parse(R"({"type": "message_start", "message": {"usage": {"input_tokens": 4}}})"))->input() == 4);
}
