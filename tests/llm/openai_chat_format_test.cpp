#include <catch2/catch.hpp>

#include "llm/formats/format.hpp"
#include "sluice/base/json.hpp"

using namespace sluice;
using llm::Block;
using llm::StopReason;
using llm::ToolChoice;
using llm::Turn;
using Details = std::vector<base::ErrorDetail>;

namespace {

const llm::Format& format() { return llm::openai_chat(); }

llm::ModelRequest read(std::string_view text) {
    auto request = format().read_request(Json::parse(text));
    if (!request)
        for (const auto& detail : request.error().details) UNSCOPED_INFO(detail.pointer << ": " << detail.message);
    REQUIRE(request);
    return std::move(*request);
}

Json write(const llm::ModelRequest& request) {
    auto body = format().write_request(request);
    if (!body) UNSCOPED_INFO(body.error().message);
    REQUIRE(body);
    return std::move(*body);
}

/// Every member that the API has today, in the forms that are written back as they were.
constexpr std::string_view rich = R"({
  "model": "gpt-6.1-sol",
  "messages": [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "name": "ann", "content": [
      {"type": "text", "text": "What is this?", "prompt_cache_breakpoint": {"mode": "explicit"}},
      {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo=", "detail": "low"}},
      {"type": "image_url", "image_url": {"url": "https://example.com/a.jpg"}},
      {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}},
      {"type": "file", "file": {"file_data": "data:application/pdf;base64,JVBERi0=", "filename": "a.pdf"}},
      {"type": "file", "file": {"file_id": "file-1"}}]},
    {"role": "assistant", "content": "I look.", "tool_calls": [
      {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": "{\"x\": 1.0}"}},
      {"id": "call_2", "type": "custom", "custom": {"name": "shell", "input": "ls \"a\""}}]},
    {"role": "tool", "tool_call_id": "call_1", "content": "a lamp"},
    {"role": "tool", "tool_call_id": "call_2", "content": "b"},
    {"role": "assistant", "content": [{"type": "text", "text": "No."}, {"type": "refusal", "refusal": "I will not."}]},
    {"role": "user", "content": "Why?"}],
  "tools": [
    {"type": "function", "function": {"name": "look", "description": "Looks.", "parameters": {"type": "object", "properties": {"x": {"type": "number"}}}, "strict": true}},
    {"type": "custom", "custom": {"name": "shell", "format": {"type": "text"}}}],
  "parallel_tool_calls": false,
  "tool_choice": {"type": "function", "function": {"name": "look"}},
  "response_format": {"type": "json_schema", "json_schema": {"name": "out", "description": "An answer.", "schema": {"type": "object", "required": []}, "strict": true}},
  "max_completion_tokens": 500, "n": 2, "temperature": 0.5, "top_p": 0.9, "presence_penalty": 0.1, "frequency_penalty": -0.1,
  "seed": 42, "stop": ["END", "STOP"], "reasoning_effort": "high",
  "stream": true, "stream_options": {"include_usage": true, "include_obfuscation": false},
  "user": "u-1", "metadata": {"team": "a"}, "service_tier": "flex",
  "store": true, "logit_bias": {"50256": -100}, "verbosity": "low", "prompt_cache_key": "k", "shape": [], "form": {}
})";

Details details_of(const Json& body) {
    const auto request = format().read_request(body);
    REQUIRE(!request);
    CHECK(request.error().code == ErrorCode::invalid_argument);
    return request.error().details;
}

Json with(std::string_view pointer, Json value) {
    auto body = Json::parse(rich);
    body[Json::json_pointer(std::string(pointer))] = std::move(value);
    return body;
}

}  // namespace

TEST_CASE("a chat request with every member is read and written back as it was", "[llm][formats][openai]") {
    const auto request = read(rich);
    CHECK(request.format == "openai.chat");
    CHECK(request.turns.size() == 6);
    CHECK(request.turns[0].role == Turn::Role::system);
    const auto& seen = request.turns[1].blocks;
    CHECK(request.turns[1].name == "ann");
    CHECK(seen[0].cache_point);
    CHECK(seen[1].media_type == "image/png");
    CHECK(seen[1].data == "iVBORw0KGgo=");
    CHECK(seen[1].detail == "low");
    CHECK(seen[2].url == "https://example.com/a.jpg");
    CHECK(seen[3].media_type == "audio/wav");
    CHECK(seen[4].media_type == "application/pdf");
    CHECK(seen[4].name == "a.pdf");
    CHECK(seen[5].id == "file-1");
    const auto& said = request.turns[2].blocks;
    CHECK(said[1].arguments == R"({"x": 1.0})");
    CHECK(said[2].arguments == R"({"input":"ls \"a\""})");
    CHECK(request.turns[4].blocks[1].kind == Block::Kind::refusal);
    CHECK(request.tools[0].strict == true);
    CHECK(request.tools[1].native_format == "openai.chat");
    CHECK(request.tool_choice.name == "look");
    CHECK(request.answer.schema["required"].is_array());
    CHECK(request.max_output_tokens == 500);
    CHECK(request.choices == 2);
    CHECK(request.stop == std::vector<std::string>{"END", "STOP"});
    CHECK(request.effort == "high");
    CHECK(request.stream_usage);
    CHECK(request.metadata.at("team") == "a");
    CHECK(request.extra["logit_bias"]["50256"] == -100);
    CHECK(request.bound.empty());
    CHECK(base::dump_json_canonical(write(request)) == base::dump_json_canonical(Json::parse(rich)));
    // What the format has no name for keeps its order.
    CHECK(base::dump_json(request.extra).starts_with(R"({"store":true,"logit_bias":{"50256":-100},"verbosity":"low")"));
}

TEST_CASE("messages of tools that follow each other are one turn of results, and are split again", "[llm][formats][openai]") {
    const auto request = read(rich);
    const auto& turn = request.turns[3];
    CHECK(turn.role == Turn::Role::user);
    REQUIRE(turn.blocks.size() == 2);
    CHECK(turn.blocks[0].id == "call_1");
    CHECK(turn.blocks[1].content.at(0).text == "b");
}

TEST_CASE("a chat request that is wrong is refused with the place of each mistake", "[llm][formats][openai]") {
    const auto [pointer, value, at] = GENERATE(table<std::string, Json, std::string>({
        {"/model", "", "/model"},
        {"/model", 7, "/model"},
        {"/messages", Json::array(), "/messages"},
        {"/messages", "hi", "/messages"},
        {"/messages/0", "hi", "/messages/0"},
        {"/messages/0/role", "robot", "/messages/0/role"},
        {"/messages/0/role", nullptr, "/messages/0/role"},
        {"/messages/0/content", nullptr, "/messages/0/content"},
        {"/messages/0/content", 7, "/messages/0/content"},
        {"/messages/1/content/0/type", "video", "/messages/1/content/0/type"},
        {"/messages/1/content/0/text", nullptr, "/messages/1/content/0/text"},
        {"/messages/1/content/1/image_url/url", "file:///etc/passwd", "/messages/1/content/1/image_url/url"},
        {"/messages/1/content/1/image_url/url", "data:image/png,raw", "/messages/1/content/1/image_url/url"},
        {"/messages/1/content/1/image_url/url", "data:image/png;base64,", "/messages/1/content/1/image_url/url"},
        {"/messages/1/content/3/input_audio/format", "ogg", "/messages/1/content/3/input_audio/format"},
        {"/messages/1/content/3/input_audio", nullptr, "/messages/1/content/3/input_audio"},
        {"/messages/1/content/4/file", Json::object(), "/messages/1/content/4/file/file_data"},
        {"/messages/2/tool_calls/0/id", nullptr, "/messages/2/tool_calls/0/id"},
        {"/messages/2/tool_calls/0/function", nullptr, "/messages/2/tool_calls/0/function"},
        {"/messages/2/tool_calls/0/function/arguments", 7, "/messages/2/tool_calls/0/function/arguments"},
        {"/messages/2/tool_calls/0/type", "robot", "/messages/2/tool_calls/0/type"},
        {"/messages/3/tool_call_id", nullptr, "/messages/3/tool_call_id"},
        {"/tools/0/type", nullptr, "/tools/0/type"},
        {"/tools/0/function", nullptr, "/tools/0/function"},
        {"/tools/0/function/name", "", "/tools/0/function/name"},
        {"/tools/0/function/parameters", "none", "/tools/0/function/parameters"},
        {"/tool_choice", "maybe", "/tool_choice"},
        {"/tool_choice/type", "robot", "/tool_choice/type"},
        {"/tool_choice/function", nullptr, "/tool_choice/function"},
        {"/parallel_tool_calls", "no", "/parallel_tool_calls"},
        {"/response_format/type", "xml", "/response_format/type"},
        {"/response_format/json_schema", nullptr, "/response_format/json_schema"},
        {"/response_format/json_schema/name", nullptr, "/response_format/json_schema/name"},
        {"/max_completion_tokens", 0, "/max_completion_tokens"},
        {"/max_completion_tokens", -5, "/max_completion_tokens"},
        {"/max_completion_tokens", 1.5, "/max_completion_tokens"},
        {"/max_completion_tokens", 18446744073709551615u, "/max_completion_tokens"},
        {"/max_completion_tokens", 1e300, "/max_completion_tokens"},
        {"/n", 0, "/n"},
        {"/n", 1000000, "/n"},
        {"/temperature", "warm", "/temperature"},
        {"/stop", 7, "/stop"},
        {"/stop/1", 7, "/stop"},
        {"/stream", "yes", "/stream"},
        {"/stream_options/include_usage", 1, "/stream_options/include_usage"},
        {"/metadata/team", 7, "/metadata/team"},
        {"/metadata", "a", "/metadata"},
        {"/user", 7, "/user"},
    }));
    CAPTURE(pointer, value);
    const auto details = details_of(with(pointer, value));
    REQUIRE(details.size() == 1);
    CHECK(details[0].pointer == at);
    CHECK_FALSE(details[0].message.empty());
}

TEST_CASE("a body that is no object is refused, and mistakes stop at twenty", "[llm][formats][openai]") {
    CHECK(details_of(Json::array()).at(0).pointer.empty());
    auto body = with("/messages", Json::array());
    for (int i = 0; i < 100; ++i) body["messages"].push_back(i);
    CHECK(details_of(body).size() == 20);
}

TEST_CASE("each form of tool_choice is understood and written again", "[llm][formats][openai]") {
    const auto [text, kind, allowed] = GENERATE(table<std::string, ToolChoice::Kind, std::size_t>({
        {R"("none")", ToolChoice::Kind::none, 0},
        {R"("auto")", ToolChoice::Kind::automatic, 0},
        {R"("required")", ToolChoice::Kind::required, 0},
        {R"({"type":"function","function":{"name":"look"}})", ToolChoice::Kind::one, 0},
        {R"({"type":"custom","custom":{"name":"shell"}})", ToolChoice::Kind::one, 0},
        {R"({"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[{"type":"function","function":{"name":"look"}},{"type":"custom","custom":{"name":"shell"}}]}})",
         ToolChoice::Kind::required, 2},
    }));
    CAPTURE(text);
    const auto request = read(base::dump_json(with("/tool_choice", Json::parse(text))));
    CHECK(request.tool_choice.kind == kind);
    CHECK(request.tool_choice.allowed.size() == allowed);
    CHECK(write(request)["tool_choice"] == Json::parse(text));
}

TEST_CASE("the name that a client used for a limit and for its user is the one that is written", "[llm][formats][openai]") {
    auto body = Json::parse(R"({"model":"m","messages":[{"role":"user","content":"hi"}],"max_tokens":7,"safety_identifier":"s"})");
    auto request = format().read_request(body);
    REQUIRE(request);
    CHECK(request->max_output_tokens == 7);
    CHECK(request->user == "s");
    request->max_output_tokens = 5;  // the gateway may lower it
    auto out = write(*request);
    CHECK(out["max_tokens"] == 5);
    CHECK_FALSE(out.contains("max_completion_tokens"));
    CHECK(out["safety_identifier"] == "s");
    CHECK_FALSE(out.contains("user"));
    body["max_completion_tokens"] = 9;  // the newer one wins
    CHECK(format().read_request(body)->max_output_tokens == 9);
    CHECK_FALSE(write(*format().read_request(body)).contains("max_tokens"));
}

TEST_CASE("functions of before there were tools are read as tools", "[llm][formats][openai]") {
    const auto request = read(R"({"model":"m","messages":[{"role":"user","content":"hi"},
        {"role":"assistant","content":null,"function_call":{"name":"f","arguments":"{}"}},
        {"role":"function","name":"f","content":"7"}],
        "functions":[{"name":"f","parameters":{"type":"object"}}],"function_call":{"name":"f"}})");
    REQUIRE(request.turns.size() == 3);
    CHECK(request.turns[1].blocks.at(0).id == request.turns[2].blocks.at(0).id);
    CHECK(request.tools.at(0).name == "f");
    CHECK(request.tool_choice.kind == ToolChoice::Kind::one);
    CHECK(write(request)["messages"][2]["role"] == "tool");
    CHECK(details_of(Json::parse(R"({"model":"m","messages":[{"role":"function","name":"f","content":"7"}]})")).size() == 1);
}

TEST_CASE("a request of another format is written with what chat completions can say", "[llm][formats][openai]") {
    llm::ModelRequest request;
    request.format = "anthropic.messages";
    request.extra["betas"] = "x";
    request.model = "m";
    request.max_output_tokens = 100;
    request.thinking_tokens = 8'000;
    request.metadata["a"] = "b";
    Turn assistant{.role = Turn::Role::assistant};
    assistant.blocks = {{.kind = Block::Kind::thinking, .text = "hm", .signature = "s", .signed_by = "anthropic"},
                        {.kind = Block::Kind::redacted_thinking, .data = "d"},
                        {.kind = Block::Kind::tool_use, .id = "toolu_1", .name = "look", .arguments = ""}};
    Turn results;
    results.blocks = {{.kind = Block::Kind::text, .text = "see"},
                      {.kind = Block::Kind::tool_result,
                       .id = "toolu_1",
                       .content = {{.kind = Block::Kind::image, .media_type = "image/png", .data = "AA=="}}},
                      {.kind = Block::Kind::tool_result, .id = "toolu_2", .content = {{.text = "no such file"}}, .is_error = true}};
    request.turns = {assistant, results};
    const auto out = write(request);
    const auto& messages = out["messages"];
    REQUIRE(messages.size() == 4);
    CHECK_FALSE(messages[0].contains("reasoning_content"));
    CHECK(messages[0]["content"].is_null());
    CHECK(messages[0]["tool_calls"][0]["function"]["arguments"] == "{}");
    CHECK(messages[1]["role"] == "tool");
    CHECK(messages[1]["content"].is_string());
    CHECK(messages[2]["content"] == "Error: no such file");
    CHECK(messages[3]["role"] == "user");
    CHECK(messages[3]["content"][1]["image_url"]["url"] == "data:image/png;base64,AA==");
    CHECK(messages[3]["content"][2]["text"] == "see");
    CHECK(out["max_completion_tokens"] == 100);
    CHECK(out["reasoning_effort"] == "medium");
    CHECK_FALSE(out.contains("betas"));
    CHECK_FALSE(out.contains("metadata"));  // OpenAI takes it only with what it stores
}

TEST_CASE("what chat completions cannot say is named", "[llm][formats][openai]") {
    llm::ModelRequest request;
    request.model = "m";
    request.format = "anthropic.messages";
    Turn turn;
    std::string named;
    SECTION("another vendor's own tool") {
        request.tools.push_back({.name = "web_search", .native = Json::object(), .native_format = "anthropic.messages"});
        named = "web_search";
    }
    SECTION("a file by another vendor's id") {
        turn.blocks.push_back({.kind = Block::Kind::file, .id = "file_1"});
        named = "file";
    }
    SECTION("an image by another vendor's id") {
        turn.blocks.push_back({.kind = Block::Kind::image, .id = "file_1"});
        named = "image";
    }
    SECTION("sound of an unknown kind") {
        turn.blocks.push_back({.kind = Block::Kind::audio, .media_type = "audio/ogg", .data = "AA=="});
        named = "audio";
    }
    SECTION("an image that the assistant made") {
        turn.role = Turn::Role::assistant;
        turn.blocks.push_back({.kind = Block::Kind::image, .media_type = "image/png", .data = "AA=="});
        named = "assistant";
    }
    SECTION("an image in a system message") {
        turn.role = Turn::Role::system;
        turn.blocks.push_back({.kind = Block::Kind::image, .media_type = "image/png", .data = "AA=="});
        named = "system";
    }
    SECTION("what is bound to the format it came from") {
        request.bound.push_back({"/container", "only there"});
        named = "anthropic.messages";
    }
    request.turns.push_back(turn);
    const auto out = format().write_request(request);
    REQUIRE(!out);
    CHECK(out.error().code == ErrorCode::unprocessable);
    CHECK_THAT(out.error().message, Catch::Contains(named));
}

TEST_CASE("search and sound that OpenAI's own models give are bound to them", "[llm][formats][openai]") {
    const auto request = read(R"({"model":"m","messages":[{"role":"user","content":"hi"}],
        "web_search_options":{},"modalities":["text","audio"],"audio":{"voice":"alloy","format":"mp3"}})");
    REQUIRE(request.bound.size() == 2);
    CHECK(request.bound[0].pointer == "/web_search_options");
    CHECK(write(request)["modalities"].size() == 2);
    CHECK_FALSE(llm::openai_responses().write_request(request));
}

TEST_CASE("a whole chat completion is read", "[llm][formats][openai]") {
    const auto answer = format().read_answer(Json::parse(R"({"id":"chatcmpl-1","object":"chat.completion","created":1700000000,
        "model":"gpt-6.1-sol-2026","service_tier":"flex","choices":[
          {"index":1,"message":{"role":"assistant","content":"second"},"finish_reason":"stop"},
          {"index":0,"message":{"role":"assistant","content":"Hi","refusal":null,"reasoning_content":"hm",
            "tool_calls":[{"id":"call_1","type":"function","function":{"name":"f","arguments":"{\"a\": 1}"},
                           "extra_content":{"google":{"thought_signature":"sig"}}},
                          {"type":"function","function":{"name":"g","arguments":{"b":2}}}]},
           "logprobs":null,"finish_reason":"stop"}],
        "usage":{"prompt_tokens":100,"completion_tokens":30,"total_tokens":130,
          "prompt_tokens_details":{"cached_tokens":60,"cache_write_tokens":10,"audio_tokens":3},
          "completion_tokens_details":{"reasoning_tokens":20,"audio_tokens":1}}})"));
    REQUIRE(answer);
    CHECK(answer->id == "chatcmpl-1");
    CHECK(answer->created_s == 1700000000);
    REQUIRE(answer->blocks.size() == 4);
    CHECK(answer->blocks[0].kind == Block::Kind::thinking);
    CHECK(answer->blocks[1].text == "Hi");
    CHECK(answer->blocks[2].arguments == R"({"a": 1})");
    CHECK(answer->blocks[2].signature == "sig");
    CHECK(answer->blocks[3].id == "call_chatcmpl-1_1");
    CHECK(answer->blocks[3].arguments == R"({"b":2})");
    CHECK(answer->stop == StopReason::tool_use);  // whatever the server calls it
    REQUIRE(answer->usage);
    CHECK(answer->usage->input_uncached == 30);
    CHECK(answer->usage->cache_read == 60);
    CHECK(answer->usage->cache_write_5m == 10);
    CHECK(answer->usage->output_visible == 10);
    CHECK(answer->usage->output_reasoning == 20);
    CHECK(answer->usage->audio_input == 3);
    CHECK(answer->usage->tier == "flex");
    CHECK(Json::parse(answer->usage->raw)["prompt_tokens"] == 100);
}

TEST_CASE("an answer that is no chat completion is a failure of the provider", "[llm][formats][openai]") {
    const auto [text, says] = GENERATE(table<std::string, std::string>({
        {R"({})", "no choices"},
        {R"([])", "no choices"},
        {R"({"choices":[]})", "no choices"},
        {R"({"choices":[{}]})", "no message"},
        {R"({"choices":[{"message":"hi"}]})", "no message"},
        {R"({"choices":[{"message":{"tool_calls":[{"id":"a"}]}}]})", "no name"},
        {R"({"error":{"message":"out of memory"}})", "out of memory"},
        {R"({"choices":[{"error":{"code":502,"message":"dead host"}}]})", "dead host"},
    }));
    CAPTURE(text);
    const auto answer = format().read_answer(Json::parse(text));
    REQUIRE(!answer);
    CHECK(answer.error().code == ErrorCode::upstream_failed);
    CHECK_THAT(answer.error().message, Catch::Contains(says));
}

TEST_CASE("an answer is written as a chat completion", "[llm][formats][openai]") {
    llm::ModelAnswer answer;
    answer.model = "claude";
    answer.stop = StopReason::tool_use;
    answer.blocks = {{.kind = Block::Kind::thinking, .text = "hm", .signature = "s", .signed_by = "anthropic"},
                     {.kind = Block::Kind::tool_use, .id = "toolu_1", .name = "f", .arguments = R"({"a": 1})"},
                     {.kind = Block::Kind::tool_use, .id = "g_1", .name = "g", .signature = "sig", .signed_by = "gemini"}};
    answer.usage = llm::UsageRecord{.input_uncached = 5, .cache_read = 3, .cache_write_5m = 2, .output_visible = 7, .output_reasoning = 4};
    const auto out = format().write_answer(answer, {.id = "abc", .model = "best", .created_s = 12});
    CHECK(out["id"] == "chatcmpl-abc");
    CHECK(out["object"] == "chat.completion");
    CHECK(out["created"] == 12);
    CHECK(out["model"] == "best");
    REQUIRE(out["choices"].size() == 1);
    const auto& choice = out["choices"][0];
    CHECK(choice["index"] == 0);
    CHECK(choice["finish_reason"] == "tool_calls");
    CHECK(choice["message"]["role"] == "assistant");
    CHECK(choice["message"]["content"].is_null());
    CHECK(choice["message"]["refusal"].is_null());
    CHECK(choice["message"]["reasoning_content"] == "hm");
    CHECK(choice["message"]["tool_calls"][0]["function"]["arguments"] == R"({"a": 1})");
    CHECK_FALSE(choice["message"]["tool_calls"][0].contains("extra_content"));
    CHECK(choice["message"]["tool_calls"][1]["function"]["arguments"] == "{}");
    CHECK(choice["message"]["tool_calls"][1]["extra_content"]["google"]["thought_signature"] == "sig");
    CHECK(out["usage"]["prompt_tokens"] == 10);
    CHECK(out["usage"]["completion_tokens"] == 11);
    CHECK(out["usage"]["total_tokens"] == 21);
    CHECK(out["usage"]["prompt_tokens_details"]["cached_tokens"] == 3);
    CHECK(out["usage"]["completion_tokens_details"]["reasoning_tokens"] == 4);
}

TEST_CASE("each end of an answer has its finish_reason", "[llm][formats][openai]") {
    const auto [stop, reason] = GENERATE(table<StopReason, std::string>({
        {StopReason::end, "stop"},
        {StopReason::length, "length"},
        {StopReason::tool_use, "tool_calls"},
        {StopReason::stop_sequence, "stop"},
        {StopReason::content_filter, "content_filter"},
        {StopReason::refusal, "content_filter"},
        {StopReason::paused, "stop"},
        {StopReason::context_full, "length"},
    }));
    llm::ModelAnswer answer;
    answer.stop = stop;
    const auto out = format().write_answer(answer, {});
    CHECK(out["choices"][0]["finish_reason"] == reason);
    CHECK(out["choices"][0]["message"]["content"] == "");
    CHECK_FALSE(out.contains("usage"));
    answer.blocks.push_back({.kind = Block::Kind::refusal, .text = "no"});
    if (stop == StopReason::refusal) {
        const auto refused = format().write_answer(answer, {});
        CHECK(refused["choices"][0]["finish_reason"] == "stop");
        CHECK(refused["choices"][0]["message"]["refusal"] == "no");
    }
}

TEST_CASE("usage of OpenAI and of servers like it becomes one record, and absurd usage none", "[llm][formats][openai]") {
    const auto [text, record] = GENERATE(table<std::string, std::string>({
        {R"({"prompt_tokens":10,"completion_tokens":5,"total_tokens":15})", "10 0 0 5 0"},
        {R"({"prompt_tokens":10,"completion_tokens":5,"prompt_tokens_details":null,"completion_tokens_details":null})", "10 0 0 5 0"},
        {R"({"prompt_tokens":10,"completion_tokens":5,"prompt_tokens_details":{"cached_tokens":99}})", "0 10 0 5 0"},
        {R"({"prompt_tokens":10,"completion_tokens":5,"prompt_tokens_details":{"cached_tokens":8,"cache_write_tokens":8}})", "0 8 2 5 0"},
        {R"({"prompt_tokens":10,"completion_tokens":5,"completion_tokens_details":{"reasoning_tokens":5}})", "10 0 0 0 5"},
        // Reasoning beside the completion, told by the total or by its size.
        {R"({"prompt_tokens":10,"completion_tokens":5,"total_tokens":18,"completion_tokens_details":{"reasoning_tokens":3}})", "10 0 0 5 3"},
        {R"({"prompt_tokens":10,"completion_tokens":5,"completion_tokens_details":{"reasoning_tokens":50}})", "10 0 0 5 50"},
        {R"({"prompt_tokens":10,"completion_tokens":5,"prompt_cache_hit_tokens":4})", "6 4 0 5 0"},
        {R"({"prompt_tokens":10,"total_tokens":10})", "10 0 0 0 0"},
        {R"({"prompt_tokens":0,"completion_tokens":0})", "0 0 0 0 0"},
        {R"({"prompt_tokens":-1,"completion_tokens":5})", "none"},
        {R"({"prompt_tokens":10,"completion_tokens":-5})", "none"},
        {R"({"prompt_tokens":10,"completion_tokens":9223372036854775807})", "none"},
        {R"({"prompt_tokens":18446744073709551615,"completion_tokens":5})", "none"},
        {R"({"prompt_tokens":1099511627777,"completion_tokens":5})", "none"},
        {R"({"prompt_tokens":10.5,"completion_tokens":5})", "none"},
        {R"({"prompt_tokens":"10","completion_tokens":5})", "none"},
        {R"({"prompt_tokens":10,"completion_tokens":5,"prompt_tokens_details":{"cached_tokens":-3}})", "none"},
        {R"({})", "none"},
        {R"([])", "none"},
        {R"(null)", "none"},
    }));
    CAPTURE(text);
    const auto usage = format().read_usage(Json{{"usage", Json::parse(text)}});
    const auto told = usage ? fmt::format("{} {} {} {} {}", usage->input_uncached, usage->cache_read, usage->cache_write_5m,
                                          usage->output_visible, usage->output_reasoning)
                            : "none";
    CHECK(told == record);
    CHECK_FALSE(format().read_usage(Json::object()));
}
