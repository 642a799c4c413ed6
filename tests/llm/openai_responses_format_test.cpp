#include <catch2/catch.hpp>

#include "llm/formats/format.hpp"
#include "sluice/base/json.hpp"

using namespace sluice;
using llm::Block;
using llm::StopReason;
using llm::ToolChoice;
using llm::Turn;

namespace {

const llm::Format& format() { return llm::openai_responses(); }

constexpr std::string_view rich = R"({
  "model": "gpt-6.1-sol",
  "instructions": "Be brief.",
  "input": [
    {"type": "message", "role": "user", "content": [
      {"type": "input_text", "text": "What is this?"},
      {"type": "input_image", "image_url": "data:image/png;base64,iVBORw0KGgo=", "detail": "low"},
      {"type": "input_image", "file_id": "file-1", "detail": "auto"},
      {"type": "input_file", "file_data": "data:application/pdf;base64,JVBERi0=", "filename": "a.pdf"},
      {"type": "input_file", "file_url": "https://example.com/b.pdf"}]},
    {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "hm"}], "encrypted_content": "gAAA=="},
    {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "I look.", "annotations": []}]},
    {"type": "function_call", "call_id": "call_1", "name": "look", "arguments": "{\"x\": 1.0}"},
    {"type": "custom_tool_call", "call_id": "call_2", "name": "shell", "input": "ls"},
    {"type": "function_call_output", "call_id": "call_1", "output": "a lamp"},
    {"type": "custom_tool_call_output", "call_id": "call_2", "output": [{"type": "input_text", "text": "a"}, {"type": "input_text", "text": "b"}]},
    {"type": "message", "role": "system", "content": [{"type": "input_text", "text": "Hurry."}]},
    {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Why?"}]}],
  "tools": [
    {"type": "function", "name": "look", "description": "Looks.", "parameters": {"type": "object", "properties": {}}, "strict": true},
    {"type": "custom", "name": "shell"},
    {"type": "web_search"}],
  "tool_choice": {"type": "function", "name": "look"},
  "parallel_tool_calls": false,
  "text": {"format": {"type": "json_schema", "name": "out", "schema": {"type": "object", "required": []}, "strict": true}, "verbosity": "low"},
  "max_output_tokens": 500, "temperature": 0.5, "top_p": 0.9,
  "reasoning": {"effort": "high", "summary": "auto"},
  "stream": true, "user": "u-1", "metadata": {"team": "a"}, "service_tier": "flex", "store": false,
  "include": ["reasoning.encrypted_content"], "truncation": "auto", "prompt_cache_key": "k"
})";

llm::ModelRequest read(const Json& body) {
    auto request = format().read_request(body);
    if (!request)
        for (const auto& detail : request.error().details) UNSCOPED_INFO(detail.pointer << ": " << detail.message);
    REQUIRE(request);
    return std::move(*request);
}

Json with(std::string_view pointer, Json value) {
    auto body = Json::parse(rich);
    body[Json::json_pointer(std::string(pointer))] = std::move(value);
    return body;
}

}  // namespace

TEST_CASE("a response's request with every kind of item is read and written back as it was", "[llm][formats][openai]") {
    const auto request = read(Json::parse(rich));
    CHECK(request.format == "openai.responses");
    REQUIRE(request.turns.size() == 6);
    CHECK(request.turns[0].role == Turn::Role::system);
    CHECK(request.turns[1].blocks[1].detail == "low");
    CHECK(request.turns[1].blocks[2].id == "file-1");
    CHECK(request.turns[1].blocks[4].url == "https://example.com/b.pdf");
    const auto& said = request.turns[2];
    CHECK(said.role == Turn::Role::assistant);
    REQUIRE(said.blocks.size() == 4);
    CHECK(said.blocks[0].kind == Block::Kind::thinking);
    CHECK(said.blocks[0].signature == "gAAA==");
    CHECK(said.blocks[0].signed_by == "openai");
    CHECK(said.blocks[0].id == "rs_1");
    CHECK(said.blocks[2].arguments == R"({"x": 1.0})");
    CHECK(said.blocks[3].arguments == R"({"input":"ls"})");
    CHECK(request.turns[3].blocks.size() == 2);  // outcomes are one turn
    CHECK(request.turns[3].blocks[1].content.size() == 2);
    CHECK(request.turns[4].role == Turn::Role::system);
    CHECK(request.answer.kind == llm::AnswerFormat::Kind::schema);
    CHECK(request.effort == "high");
    CHECK(request.max_output_tokens == 500);
    CHECK(request.tools[2].native_format == "openai.responses");
    CHECK(request.bound.empty());
    const auto again = format().write_request(request);
    REQUIRE(again);
    CHECK(base::dump_json_canonical(*again) == base::dump_json_canonical(Json::parse(rich)));
}

TEST_CASE("short forms of input are understood", "[llm][formats][openai]") {
    const auto text = read(Json::parse(R"({"model":"m","input":"Hi"})"));
    REQUIRE(text.turns.size() == 1);
    CHECK(text.turns[0].blocks.at(0).text == "Hi");
    const auto easy = read(Json::parse(R"({"model":"m","input":[{"role":"user","content":"a"},{"role":"user","content":"b"},
        {"role":"assistant","content":"c"},{"role":"developer","content":"d"}]})"));
    REQUIRE(easy.turns.size() == 4);
    CHECK(easy.turns[1].blocks.at(0).text == "b");
    CHECK(easy.turns[3].role == Turn::Role::system);
}

TEST_CASE("a response's request that is wrong is refused with the place of the mistake", "[llm][formats][openai]") {
    const auto [pointer, value, at] = GENERATE(table<std::string, Json, std::string>({
        {"/model", nullptr, "/model"},
        {"/input", nullptr, "/input"},
        {"/input", 7, "/input"},
        {"/input/0", "hi", "/input/0"},
        {"/input/0/role", "robot", "/input/0/role"},
        {"/input/0/content", nullptr, "/input/0/content"},
        {"/input/0/content/0/type", "output_video", "/input/0/content/0/type"},
        {"/input/0/content/0/text", nullptr, "/input/0/content/0/text"},
        {"/input/0/content/1/image_url", "ftp://x", "/input/0/content/1/image_url"},
        {"/input/0/content/1/image_url", nullptr, "/input/0/content/1/image_url"},
        {"/input/0/content/3/file_data", nullptr, "/input/0/content/3/file_data"},
        {"/input/3/call_id", nullptr, "/input/3/call_id"},
        {"/input/3/name", "", "/input/3/name"},
        {"/input/3/arguments", 7, "/input/3/arguments"},
        {"/input/5/call_id", nullptr, "/input/5/call_id"},
        {"/input/5/output", nullptr, "/input/5/output"},
        {"/tools/0/name", nullptr, "/tools/0/name"},
        {"/tools/0/parameters", 7, "/tools/0/parameters"},
        {"/tool_choice", "maybe", "/tool_choice"},
        {"/tool_choice/name", nullptr, "/tool_choice/name"},
        {"/text/format/type", "xml", "/text/format/type"},
        {"/text/format/schema", nullptr, "/text/format/schema"},
        {"/reasoning/effort", 7, "/reasoning/effort"},
        {"/max_output_tokens", 0, "/max_output_tokens"},
        {"/temperature", "warm", "/temperature"},
        {"/metadata/team", 7, "/metadata/team"},
    }));
    CAPTURE(pointer, value);
    const auto request = format().read_request(with(pointer, value));
    REQUIRE(!request);
    CHECK(request.error().code == ErrorCode::invalid_argument);
    REQUIRE(request.error().details.size() == 1);
    CHECK(request.error().details[0].pointer == at);
}

TEST_CASE("what needs state that the gateway does not keep goes to OpenAI's own models alone", "[llm][formats][openai]") {
    const auto [member, value, at] = GENERATE(table<std::string, Json, std::string>({
        {"/previous_response_id", "resp_0", "/previous_response_id"},
        {"/conversation", "conv_1", "/conversation"},
        {"/prompt", Json{{"id", "pmpt_1"}}, "/prompt"},
        {"/background", true, "/background"},
        {"/store", true, "/store"},
        {"/input/0", Json{{"type", "item_reference"}, {"id", "msg_1"}}, "/input/0"},
        {"/input/2", Json{{"type", "web_search_call"}, {"id", "ws_1"}, {"status", "completed"}}, "/input/2"},
        {"/input/5", Json{{"type", "computer_call_output"}, {"call_id", "c"}}, "/input/5"},
        {"/tool_choice", Json{{"type", "web_search_preview"}}, "/tool_choice"},
    }));
    CAPTURE(member, value);
    const auto request = read(with(member, value));
    REQUIRE(request.bound.size() == 1);
    CHECK(request.bound[0].pointer == at);
    CHECK_FALSE(request.bound[0].message.empty());
    const auto own = format().write_request(request);
    REQUIRE(own);
    CHECK_THAT(own->dump(), Catch::Contains(value.dump()));
    for (const auto* other : {&llm::openai_chat(), &llm::anthropic_messages(), &llm::gemini()}) {
        const auto refused = other->write_request(request);
        REQUIRE(!refused);
        CHECK(refused.error().code == ErrorCode::unprocessable);
    }
}

TEST_CASE("a conversation is carried on without input where OpenAI keeps it", "[llm][formats][openai]") {
    const auto request = format().read_request(Json::parse(R"({"model":"m","previous_response_id":"resp_0"})"));
    REQUIRE(request);
    CHECK(request->bound.size() == 1);
}

TEST_CASE("each form of tool_choice of a response is written again", "[llm][formats][openai]") {
    const auto text = GENERATE(R"("none")", R"("auto")", R"("required")", R"({"type":"custom","name":"shell"})",
                               R"({"type":"allowed_tools","mode":"auto","tools":[{"type":"function","name":"look"},{"type":"web_search"}]})");
    CAPTURE(text);
    const auto again = format().write_request(read(with("/tool_choice", Json::parse(text))));
    REQUIRE(again);
    CHECK((*again)["tool_choice"] == Json::parse(text));
}

TEST_CASE("a chat request asked of the Responses API keeps its meaning", "[llm][formats][openai]") {
    const auto chat = llm::openai_chat().read_request(Json::parse(R"({"model":"m","messages":[{"role":"user","content":"hi"}],
        "tools":[{"type":"function","function":{"name":"f"}}],"reasoning_effort":"low","verbosity":"high","prompt_cache_key":"k","logit_bias":{}})"));
    REQUIRE(chat);
    const auto out = format().write_request(*chat);
    REQUIRE(out);
    CHECK((*out)["store"] == false);
    CHECK((*out)["include"] == Json::array({"reasoning.encrypted_content"}));
    CHECK((*out)["tools"][0]["strict"] == false);  // here a tool is strict by default
    CHECK((*out)["tools"][0]["parameters"]["type"] == "object");
    CHECK((*out)["text"]["verbosity"] == "high");
    CHECK((*out)["prompt_cache_key"] == "k");
    CHECK_FALSE(out->contains("logit_bias"));
    CHECK_FALSE(out->contains("instructions"));
}

TEST_CASE("what the Responses API cannot say is named", "[llm][formats][openai]") {
    llm::ModelRequest request;
    request.model = "m";
    Turn turn;
    std::string named;
    SECTION("stop texts") { request.stop = {"END"}; named = "stop"; }
    SECTION("several answers") { request.choices = 2; named = "(n)"; }
    SECTION("sound") { turn.blocks.push_back({.kind = Block::Kind::audio, .media_type = "audio/wav", .data = "AA=="}); named = "sound"; }
    SECTION("a file by another vendor's id") { turn.blocks.push_back({.kind = Block::Kind::file, .id = "f"}); named = "file"; }
    SECTION("an image by another vendor's id") { turn.blocks.push_back({.kind = Block::Kind::image, .id = "f"}); named = "image"; }
    SECTION("an image of the assistant") {
        turn.role = Turn::Role::assistant;
        turn.blocks.push_back({.kind = Block::Kind::image, .data = "AA=="});
        named = "assistant";
    }
    request.turns.push_back(turn);
    const auto out = format().write_request(request);
    REQUIRE(!out);
    CHECK(out.error().code == ErrorCode::unprocessable);
    CHECK_THAT(out.error().message, Catch::Contains(named));
}

TEST_CASE("a whole response is read", "[llm][formats][openai]") {
    auto body = Json::parse(R"({"id":"resp_1","object":"response","created_at":1700000000.5,"status":"completed","error":null,
        "incomplete_details":null,"model":"m","service_tier":"default","output":[
          {"id":"rs_1","type":"reasoning","summary":[{"type":"summary_text","text":"a"},{"type":"summary_text","text":"b"}],"encrypted_content":"gA=="},
          {"id":"ws_1","type":"web_search_call","status":"completed"},
          {"id":"msg_1","type":"message","role":"assistant","status":"completed","content":[
            {"type":"output_text","text":"Hi","annotations":[]},{"type":"refusal","refusal":"no"}]},
          {"id":"fc_1","type":"function_call","call_id":"call_1","name":"f","arguments":"{\"a\": 1}","status":"completed"}],
        "usage":{"input_tokens":100,"input_tokens_details":{"cached_tokens":60,"cache_write_tokens":10},"output_tokens":30,
          "output_tokens_details":{"reasoning_tokens":20},"total_tokens":130}})");
    const auto answer = format().read_answer(body);
    REQUIRE(answer);
    REQUIRE(answer->blocks.size() == 4);
    CHECK(answer->created_s == 1700000000);
    CHECK(answer->blocks[0].text == "a\n\nb");
    CHECK(answer->blocks[0].signature == "gA==");
    CHECK(answer->blocks[3].id == "call_1");  // pairs with its outcome, not the item's id
    CHECK(answer->stop == StopReason::tool_use);
    REQUIRE(answer->usage);
    CHECK(answer->usage->input_uncached == 30);
    CHECK(answer->usage->cache_write_5m == 10);
    CHECK(answer->usage->output_visible == 10);
    CHECK(answer->usage->tool_uses.at("web_search") == 1);
    CHECK(format().read_usage(Json{{"type", "response.completed"}, {"response", body}}) == answer->usage);

    body["status"] = "incomplete";
    body["incomplete_details"] = {{"reason", "max_output_tokens"}};
    CHECK(format().read_answer(body)->stop == StopReason::length);
    body["incomplete_details"]["reason"] = "content_filter";
    CHECK(format().read_answer(body)->stop == StopReason::content_filter);
}

TEST_CASE("an answer that is no response is a failure of the provider", "[llm][formats][openai]") {
    const auto [text, says] = GENERATE(table<std::string, std::string>({
        {R"({})", "no output"},
        {R"({"output":[],"status":"queued"})", "queued"},
        {R"({"output":[],"status":"failed","error":{"code":"server_error","message":"it broke"}})", "it broke"},
        {R"({"output":[{"type":"function_call","name":"f"}]})", "call_id"},
    }));
    const auto answer = format().read_answer(Json::parse(text));
    REQUIRE(!answer);
    CHECK(answer.error().code == ErrorCode::upstream_failed);
    CHECK_THAT(answer.error().message, Catch::Contains(says));
}

TEST_CASE("an answer is written as a response, and another vendor's signature finds back", "[llm][formats][openai]") {
    llm::ModelAnswer answer;
    answer.blocks = {{.kind = Block::Kind::thinking, .text = "hm", .signature = "Eq:+/==", .signed_by = "anthropic"},
                     {.kind = Block::Kind::redacted_thinking, .data = "ZZ==", .signed_by = "anthropic"},
                     {.text = "a"},
                     {.kind = Block::Kind::refusal, .text = "no"},
                     {.kind = Block::Kind::tool_use, .id = "toolu_1", .name = "f", .arguments = "{}", .signature = "g", .signed_by = "gemini"}};
    answer.stop = StopReason::tool_use;
    const auto request = read(Json::parse(rich));
    const auto out = format().write_answer(answer, {.id = "abc", .model = "best", .created_s = 12, .request = &request});
    CHECK(out["id"] == "resp_abc");
    CHECK(out["object"] == "response");
    CHECK(out["status"] == "completed");
    CHECK(out["model"] == "best");
    CHECK(out["tools"] == Json::parse(rich)["tools"]);
    CHECK(out["tool_choice"] == Json::parse(rich)["tool_choice"]);
    CHECK(out["text"]["format"] == Json::parse(rich)["text"]["format"]);
    CHECK(out["parallel_tool_calls"] == false);
    CHECK(out["usage"].is_null());
    REQUIRE(out["output"].size() == 4);
    CHECK(out["output"][2]["content"].size() == 2);
    CHECK(out["output"][3]["call_id"] == "toolu_1");
    CHECK(out["output"][3]["id"] == "fc_abc_3");

    // The client sends the items back with its next request.
    const auto next = read(Json{{"model", "m"}, {"input", out["output"]}});
    REQUIRE(next.turns.size() == 1);
    const auto& blocks = next.turns[0].blocks;
    REQUIRE(blocks.size() == 5);
    CHECK(blocks[0].signature == "Eq:+/==");
    CHECK(blocks[0].signed_by == "anthropic");
    CHECK(blocks[1].kind == Block::Kind::redacted_thinking);
    CHECK(blocks[1].data == "ZZ==");
    CHECK(blocks[4].signature == "g");
    // OpenAI's own models get none of it.
    const auto sent = format().write_request(next);
    REQUIRE(sent);
    CHECK_THAT(sent->dump(), !Catch::Contains("anthropic") && !Catch::Contains("reasoning"));
}

TEST_CASE("each end of an answer has its status", "[llm][formats][openai]") {
    const auto [stop, status, reason] = GENERATE(table<StopReason, std::string, std::string>({
        {StopReason::end, "completed", ""},
        {StopReason::tool_use, "completed", ""},
        {StopReason::stop_sequence, "completed", ""},
        {StopReason::paused, "completed", ""},
        {StopReason::length, "incomplete", "max_output_tokens"},
        {StopReason::context_full, "incomplete", "max_output_tokens"},
        {StopReason::content_filter, "incomplete", "content_filter"},
        {StopReason::refusal, "incomplete", "content_filter"},
    }));
    llm::ModelAnswer answer;
    answer.stop = stop;
    const auto out = format().write_answer(answer, {});
    CHECK(out["status"] == status);
    if (reason.empty()) CHECK(out["incomplete_details"].is_null());
    else CHECK(out["incomplete_details"]["reason"] == reason);
}
