#include <catch2/catch.hpp>

#include "llm/wire_streams.hpp"
#include "sluice/base/json.hpp"

using namespace sluice;
using llm::Block;
using llm::StopReason;
using llm::StreamEvent;
using test::frames;
using test::lines;
using test::read_stream;
using Kind = StreamEvent::Kind;
using Lines = std::vector<std::string>;

namespace {

const llm::Format& format() { return llm::openai_responses(); }

std::string typed(std::string_view type, std::string_view members) {
    return fmt::format("event: {}\ndata: {{\"type\":\"{}\",\"sequence_number\":1,{}}}\n\n", type, type, members);
}

const std::string created = typed("response.created", R"("response":{"id":"resp_1","model":"m","status":"in_progress"})");

StreamEvent event(Kind kind, std::size_t index = 0, Block block = {}) {
    StreamEvent out{.kind = kind, .index = index};
    out.block = std::move(block);
    return out;
}

}  // namespace

TEST_CASE("the typed events of a response become events", "[llm][formats][openai]") {
    const auto stream = read_stream(format(), created +
        typed("response.output_item.added", R"("output_index":0,"item":{"id":"rs_1","type":"reasoning","summary":[]})") +
        typed("response.reasoning_summary_text.delta", R"("item_id":"rs_1","output_index":0,"summary_index":0,"delta":"a","obfuscation":"x")") +
        typed("response.reasoning_summary_text.delta", R"("item_id":"rs_1","output_index":0,"summary_index":1,"delta":"b")") +
        typed("response.output_item.done", R"("output_index":0,"item":{"id":"rs_1","type":"reasoning","summary":[{"type":"summary_text","text":"a"},{"type":"summary_text","text":"b"}],"encrypted_content":"gA=="})") +
        typed("response.output_item.added", R"("output_index":1,"item":{"id":"ws_1","type":"web_search_call"})") +
        typed("response.web_search_call.searching", R"("output_index":1,"item_id":"ws_1")") +
        typed("response.output_item.done", R"("output_index":1,"item":{"id":"ws_1","type":"web_search_call"})") +
        typed("response.output_item.added", R"("output_index":2,"item":{"id":"msg_1","type":"message","role":"assistant","content":[]})") +
        typed("response.content_part.added", R"("output_index":2,"content_index":0,"part":{"type":"output_text","text":""})") +
        typed("response.output_text.delta", R"("output_index":2,"content_index":0,"delta":"Hi","logprobs":[])") +
        typed("response.output_text.done", R"("output_index":2,"content_index":0,"text":"Hi")") +
        typed("response.content_part.done", R"("output_index":2,"content_index":0,"part":{"type":"output_text","text":"Hi"})") +
        typed("response.refusal.delta", R"("output_index":2,"content_index":1,"delta":"no")") +
        typed("response.output_item.done", R"("output_index":2,"item":{"type":"message","content":[{"type":"output_text","text":"Hi"},{"type":"refusal","refusal":"no"}]})") +
        typed("response.output_item.added", R"("output_index":3,"item":{"id":"fc_1","type":"function_call","call_id":"call_1","name":"f","arguments":""})") +
        typed("response.function_call_arguments.delta", R"("output_index":3,"item_id":"fc_1","delta":"{\"a\"")") +
        typed("response.function_call_arguments.delta", R"("output_index":3,"item_id":"fc_1","delta":":1}")") +
        typed("response.function_call_arguments.done", R"("output_index":3,"item_id":"fc_1","arguments":"{\"a\":1}")") +
        typed("response.output_item.done", R"("output_index":3,"item":{"type":"function_call","call_id":"call_1","name":"f","arguments":"{\"a\":1}"})") +
        typed("response.completed", R"("response":{"id":"resp_1","status":"completed","output":[{"type":"web_search_call"}],"usage":{"input_tokens":9,"output_tokens":4}})"));
    CHECK(stream.error == "");
    CHECK(stream.ended);
    CHECK(lines(stream.events) == Lines{"start resp_1 m", "begin 0 thinking rs_1", "delta 0 text=a", "delta 0 text=\n\n", "delta 0 text=b",
                                        "delta 0 signature=gA== by=openai", "end 0", "begin 1 text", "delta 1 text=Hi", "end 1",
                                        "begin 2 refusal", "delta 2 text=no", "end 2", "begin 3 tool_use call_1 f", "delta 3 arguments={\"a\"",
                                        "delta 3 arguments=:1}", "end 3", "usage 9/4", "stop tool_use"});
    CHECK(stream.events[17].usage->tool_uses.at("web_search") == 1);
}

TEST_CASE("items that came in no delta are taken from their last event", "[llm][formats][openai]") {
    const auto stream = read_stream(format(), created +
        typed("response.output_item.done", R"("output_index":0,"item":{"type":"message","content":[{"type":"output_text","text":"Hi"}]})") +
        typed("response.output_item.added", R"("output_index":1,"item":{"type":"custom_tool_call","call_id":"c","name":"sh","input":""})") +
        typed("response.custom_tool_call_input.delta", R"("output_index":1,"delta":"ls")") +
        typed("response.output_item.done", R"("output_index":1,"item":{"type":"custom_tool_call","call_id":"c","name":"sh","input":"ls"})") +
        typed("response.incomplete", R"("response":{"status":"incomplete","incomplete_details":{"reason":"max_output_tokens"}})"));
    CHECK(lines(stream.events) == Lines{"start resp_1 m", "begin 0 text", "delta 0 text=Hi", "end 0", "begin 1 tool_use c sh",
                                        "delta 1 arguments={\"input\":\"ls\"}", "end 1", "stop length"});
}

TEST_CASE("items of a response that are mixed are put behind each other", "[llm][formats][openai]") {
    const auto added = [](int i) {
        return typed("response.output_item.added", fmt::format(R"("output_index":{0},"item":{{"type":"function_call","call_id":"c{0}","name":"f"}})", i));
    };
    const auto piece = [](int i, std::string_view delta) {
        return typed("response.function_call_arguments.delta", fmt::format(R"("output_index":{},"delta":"{}")", i, delta));
    };
    const auto ended = [](int i) {
        return typed("response.output_item.done", fmt::format(R"("output_index":{0},"item":{{"type":"function_call","call_id":"c{0}","name":"f","arguments":"{{}}"}})", i));
    };
    const auto stream = read_stream(format(), created + added(0) + added(1) + piece(1, "{") + piece(0, "{") + piece(1, "}") + ended(1) + piece(0, "}") +
                                                  ended(0) + typed("response.completed", R"("response":{"status":"completed"})"));
    CHECK(lines(stream.events) == Lines{"start resp_1 m", "begin 0 tool_use c0 f", "delta 0 arguments={", "delta 0 arguments=}", "end 0",
                                        "begin 1 tool_use c1 f", "delta 1 arguments={", "delta 1 arguments=}", "end 1", "stop tool_use"});
}

TEST_CASE("a response that fails in its stream says why", "[llm][formats][openai]") {
    const auto [frame, line] = GENERATE(table<std::string, std::string>({
        {typed("response.failed", R"("response":{"status":"failed","error":{"code":"rate_limit_exceeded","message":"slow down"}})"), "error rate_limited: slow down"},
        {typed("error", R"("code":"server_error","message":"it broke","param":null)"), "error upstream_failed: it broke"},
        {typed("error", R"("error":{"type":"invalid_request_error","code":"context_length_exceeded","message":"too long"})"), "error invalid_request: too long"},
        {typed("response.failed", R"("response":{"status":"failed","error":null})"), "error upstream_failed: the model provider broke its answer off with an error"},
    }));
    const auto stream = read_stream(format(), created + frame);
    CHECK(stream.ended);
    CHECK(lines(stream.events).back() == line);
    CHECK_THAT(read_stream(format(), created).error, Catch::Contains("broke off"));
}

TEST_CASE("events are written as typed events in OpenAI's order", "[llm][formats][openai]") {
    auto stop = event(Kind::stop), usage = event(Kind::usage), start = event(Kind::start);
    usage.usage = llm::UsageRecord{.input_uncached = 9, .output_visible = 4};
    start.id = "resp_7";
    const auto out = frames(test::write_stream(format(),
        {start, event(Kind::block_begin, 0, {.kind = Block::Kind::thinking}), event(Kind::block_delta, 0, {.text = "hm"}),
         event(Kind::block_delta, 0, {.signature = "gA==", .signed_by = "openai"}), event(Kind::block_end, 0),
         event(Kind::block_begin, 1), event(Kind::block_delta, 1, {.text = "Hi"}), event(Kind::block_end, 1),
         event(Kind::block_begin, 2, {.kind = Block::Kind::refusal}), event(Kind::block_delta, 2, {.text = "no"}), event(Kind::block_end, 2),
         event(Kind::block_begin, 3, {.kind = Block::Kind::tool_use, .id = "t1", .name = "f"}),
         event(Kind::block_begin, 4, {.kind = Block::Kind::tool_use, .id = "t2", .name = "g"}),
         event(Kind::block_delta, 4, {.arguments = "{\"b\":2}"}), event(Kind::block_delta, 3, {.arguments = "{\"a\":1}"}),
         event(Kind::block_end, 4), event(Kind::block_end, 3), stop, usage},
        {.id = "abc", .model = "best", .created_s = 12}));
    Lines types;
    for (std::size_t i = 0; i < out.size(); ++i) {
        CHECK(out[i]["sequence_number"] == i);
        CHECK(out[i]["@event"] == out[i]["type"]);
        auto line = out[i]["type"].get<std::string>().substr(9);
        if (out[i].contains("output_index")) line += " " + out[i]["output_index"].dump();
        if (out[i].contains("content_index")) line += "." + out[i]["content_index"].dump();
        types.push_back(line);
    }
    CHECK(types == Lines{"created", "in_progress", "output_item.added 0", "reasoning_summary_part.added 0", "reasoning_summary_text.delta 0",
                         "reasoning_summary_text.done 0", "reasoning_summary_part.done 0", "output_item.done 0", "output_item.added 1",
                         "content_part.added 1.0", "output_text.delta 1.0", "output_text.done 1.0", "content_part.done 1.0",
                         "content_part.added 1.1", "refusal.delta 1.1", "refusal.done 1.1", "content_part.done 1.1", "output_item.done 1",
                         "output_item.added 2", "function_call_arguments.delta 2", "function_call_arguments.done 2", "output_item.done 2",
                         "output_item.added 3", "function_call_arguments.delta 3", "function_call_arguments.done 3", "output_item.done 3",
                         "completed"});
    CHECK(out[0]["response"]["status"] == "in_progress");
    CHECK(out[0]["response"]["output"] == Json::array());
    CHECK(out[7]["item"]["encrypted_content"] == "gA==");
    CHECK(out[10]["item_id"] == out[8]["item"]["id"]);
    CHECK(out[17]["item"]["content"].size() == 2);
    CHECK(out[17]["item"]["status"] == "completed");
    CHECK(out[18]["item"]["status"] == "in_progress");
    CHECK(out[18]["item"]["call_id"] == "t1");
    CHECK(out[21]["item"]["arguments"] == "{\"a\":1}");
    CHECK(out[25]["item"]["arguments"] == "{\"b\":2}");
    const auto& whole = out.back()["response"];
    CHECK(whole["id"] == "resp_7");
    CHECK(whole["status"] == "completed");
    CHECK(whole["output"].size() == 4);
    CHECK(whole["output"][3] == out[25]["item"]);
    CHECK(whole["usage"]["total_tokens"] == 13);  // told after the stop, and still in the last event
}

TEST_CASE("a response that was cut short ends as incomplete, one that broke off as failed", "[llm][formats][openai]") {
    auto stop = event(Kind::stop), failed = event(Kind::error), usage = event(Kind::usage);
    stop.stop = StopReason::length;
    failed.error_type = "overloaded";
    failed.error_message = "busy";
    usage.usage = llm::UsageRecord{.input_uncached = 9};
    const std::vector<StreamEvent> begun = {event(Kind::start), event(Kind::block_begin, 0), event(Kind::block_delta, 0, {.text = "Hi"})};
    auto events = begun;
    SECTION("cut short") {
        events.push_back(stop);
        const auto last = frames(test::write_stream(format(), events, {})).back();
        CHECK(last["type"] == "response.incomplete");
        CHECK(last["response"]["incomplete_details"]["reason"] == "max_output_tokens");
        CHECK(last["response"]["output"][0]["content"][0]["text"] == "Hi");
    }
    SECTION("failed") {
        events.push_back(usage);
        events.push_back(failed);
        const auto last = frames(test::write_stream(format(), events, {})).back();
        CHECK(last["type"] == "response.failed");
        CHECK(last["response"]["status"] == "failed");
        CHECK(last["response"]["error"] == Json::parse(R"({"code":"overloaded","message":"busy"})"));
        CHECK(last["response"]["usage"]["input_tokens"] == 9);
    }
    SECTION("nothing more came") { CHECK(frames(test::write_stream(format(), events, {})).back()["type"] == "response.failed"); }
}

TEST_CASE("calls of a custom tool are items of their own kind", "[llm][formats][openai]") {
    llm::ModelRequest request;
    request.tools.push_back({.name = "shell", .native = Json::parse(R"({"type":"custom","name":"shell"})"), .native_format = "openai.responses"});
    const auto out = frames(test::write_stream(format(),
        {event(Kind::start), event(Kind::block_begin, 0, {.kind = Block::Kind::tool_use, .id = "a", .name = "shell"}),
         event(Kind::block_delta, 0, {.arguments = R"({"input":"ls"})"}), event(Kind::block_end, 0), event(Kind::stop)},
        {.id = "x", .request = &request}));
    REQUIRE(out.size() == 7);
    CHECK(out[2]["item"] == Json::parse(R"({"id":"ctc_x_0","type":"custom_tool_call","status":"in_progress","call_id":"a","name":"shell","input":""})"));
    CHECK(out[3]["delta"] == "ls");
    CHECK(out[4]["input"] == "ls");
    CHECK(out[5]["item"]["input"] == "ls");
}

TEST_CASE("a piece that comes after its text has ended is kept", "[llm][formats][openai]") {
    const auto out = frames(test::write_stream(format(),
        {event(Kind::start), event(Kind::block_begin, 0, {.kind = Block::Kind::thinking}), event(Kind::block_begin, 1),
         event(Kind::block_delta, 1, {.text = "a"}), event(Kind::block_delta, 0, {.text = "late"}), event(Kind::block_delta, 7, {.text = "of none"}),
         event(Kind::stop)},
        {}));
    const auto& output = out.back()["response"]["output"];
    REQUIRE(output.size() == 3);
    CHECK(output[1]["content"][0]["text"] == "a");
    CHECK(output[2]["summary"][0]["text"] == "late");
}

TEST_CASE("an error between the bytes of a response is one that SDKs raise", "[llm][formats][openai]") {
    const auto out = frames(format().write_stream_error({.status = 503, .type = "overloaded", .message = "busy"}));
    REQUIRE(out.size() == 1);
    CHECK(out[0]["@event"] == "error");
    CHECK(out[0]["type"] == "error");
    CHECK(out[0]["message"] == "busy");
    CHECK(out[0]["error"]["message"] == "busy");
    CHECK(out[0]["error"].size() == 4);
}
