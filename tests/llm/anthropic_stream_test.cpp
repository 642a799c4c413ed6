#include <catch2/catch.hpp>

#include "llm/wire_streams.hpp"

using namespace sluice;
using llm::Block;
using llm::StopReason;
using llm::StreamEvent;
using test::frames;
using test::lines;
using test::check_read_alike;
using test::read_stream;
using test::write_stream;
using Kind = StreamEvent::Kind;
using Lines = std::vector<std::string>;

namespace {

const llm::Format& format() { return llm::anthropic_messages(); }

std::string frame(std::string_view data) {
    return fmt::format("event: {}\ndata: {}\n\n", base::string_or(Json::parse(data), "type", ""), data);
}

/// Text, a call, text, a thought and another call, with a ping and an event of a later kind in between.
std::string long_stream() {
    std::string out;
    for (const auto* data : {
             R"({"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-opus-5-5","content":[],"stop_reason":null,"usage":{"input_tokens":7,"cache_read_input_tokens":100,"cache_creation_input_tokens":30,"cache_creation":{"ephemeral_5m_input_tokens":20,"ephemeral_1h_input_tokens":10},"output_tokens":1,"service_tier":"standard","inference_geo":"eu"}}})",
             R"({"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}})",
             R"({"type":"ping"})",
             R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Grüße \u00e9"}})",
             R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":""}})",
             R"({"type":"content_block_stop","index":0})",
             R"({"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"toolu_1","name":"look","input":{}}})",
             R"({"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":""}})",
             R"({"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"q\": 1"}})",
             R"({"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":".0}"}})",
             R"({"type":"content_block_stop","index":1})",
             R"({"type":"hologram","index":9})",
             R"({"type":"content_block_start","index":2,"content_block":{"type":"text","text":""}})",
             R"({"type":"content_block_delta","index":2,"delta":{"type":"text_delta","text":"then"}})",
             R"({"type":"content_block_delta","index":2,"delta":{"type":"citations_delta","citation":{}}})",
             R"({"type":"content_block_stop","index":2})",
             R"({"type":"content_block_start","index":3,"content_block":{"type":"thinking","thinking":"","signature":""}})",
             R"({"type":"content_block_delta","index":3,"delta":{"type":"thinking_delta","thinking":"hmm"}})",
             R"({"type":"content_block_delta","index":3,"delta":{"type":"signature_delta","signature":"Eq+/=="}})",
             R"({"type":"content_block_stop","index":3})",
             R"({"type":"content_block_start","index":4,"content_block":{"type":"redacted_thinking","data":"ZZ=="}})",
             R"({"type":"content_block_stop","index":4})",
             R"({"type":"content_block_start","index":5,"content_block":{"type":"server_tool_use","id":"srvtoolu_1","name":"web_search","input":{}}})",
             R"({"type":"content_block_delta","index":5,"delta":{"type":"input_json_delta","partial_json":"{}"}})",
             R"({"type":"content_block_stop","index":5})",
             R"({"type":"content_block_start","index":6,"content_block":{"type":"tool_use","id":"toolu_2","name":"now","input":{}}})",
             R"({"type":"content_block_stop","index":6})",
             R"({"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"input_tokens":null,"output_tokens":50,"output_tokens_details":{"thinking_tokens":20},"server_tool_use":{"web_search_requests":2}}})",
             R"({"type":"message_stop"})",
         })
        out += frame(data);
    return out;
}

const Lines long_lines{"start msg_1 claude-opus-5-5 137/1",
                       "begin 0 text",
                       "ping",
                       "delta 0 text=Grüße é",
                       "end 0",
                       "begin 1 tool_use toolu_1 look",
                       "delta 1 arguments={\"q\": 1",
                       "delta 1 arguments=.0}",
                       "end 1",
                       "begin 2 text",
                       "delta 2 text=then",
                       "end 2",
                       "begin 3 thinking",
                       "delta 3 text=hmm",
                       "delta 3 signature=Eq+/== by=anthropic",
                       "end 3",
                       "begin 4 redacted",
                       "delta 4 data=ZZ==",
                       "end 4",
                       "begin 5 tool_use toolu_2 now",
                       "end 5",
                       "usage 137/50",
                       "stop tool_use 137/50"};

/// The types of the frames, and for blocks their index: "content_block_start 0".
Lines shape(const std::vector<Json>& written) {
    Lines out;
    for (const auto& frame : written) {
        out.push_back(frame["type"].get<std::string>() + (frame.contains("index") ? " " + frame["index"].dump() : ""));
        CHECK(frame["@event"] == frame["type"]);
    }
    return out;
}

llm::UsageRecord used(std::int64_t input, std::int64_t output) { return {.input_uncached = input, .output_visible = output}; }

}  // namespace

TEST_CASE("a Messages stream is read the same wherever its bytes are cut", "[llm][anthropic][stream]") {
    check_read_alike(format(), long_stream(), long_lines);
}

TEST_CASE("usage of a Messages stream replaces what was told before, and null leaves it", "[llm][anthropic][stream]") {
    const auto events = read_stream(format(), long_stream()).events;
    const auto& usage = events.back().usage;
    REQUIRE(usage);
    CHECK(usage->input_uncached == 7);
    CHECK(usage->cache_read == 100);
    CHECK(usage->cache_write_5m == 20);
    CHECK(usage->cache_write_1h == 10);
    CHECK(usage->output_visible == 30);
    CHECK(usage->output_reasoning == 20);
    CHECK(usage->tool_uses.at("web_search") == 2);
    CHECK(usage->tier == "standard");
    CHECK(usage->region == "eu");
    CHECK(Json::parse(usage->raw)["output_tokens"] == 50);
}

TEST_CASE("a Messages stream that breaks off says so, and one that lacks only its last frame does not", "[llm][anthropic][stream]") {
    const auto bytes = long_stream();
    const auto stopped = bytes.find("event: message_delta"), closed = bytes.find("event: message_stop");
    for (const auto at : {std::size_t{0}, bytes.find("event: content_block_stop"), stopped}) {
        const auto broken = read_stream(format(), std::string_view(bytes).substr(0, at));
        CHECK_FALSE(broken.ended);
        CHECK_THAT(broken.error, Catch::Contains("broke off"));
    }
    const auto unclosed = read_stream(format(), std::string_view(bytes).substr(0, closed));
    CHECK(unclosed.error.empty());
    CHECK(lines(unclosed.events) == long_lines);
}

TEST_CASE("an error in a Messages stream ends it, and nothing is read after it", "[llm][anthropic][stream]") {
    const auto bytes = long_stream();
    const auto broken = read_stream(format(), bytes.substr(0, bytes.find("event: content_block_stop")) +
                                                  frame(R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})") + bytes);
    CHECK(lines(broken.events).back() == "error overloaded: Overloaded");
    CHECK(broken.ended);
    CHECK(broken.error.empty());
    CHECK(lines(read_stream(format(), frame(R"({"type":"error"})")).events).back().starts_with("error upstream_failed: the model provider"));
}

TEST_CASE("a Messages stream with absurd usage, or none, is read without", "[llm][anthropic][stream]") {
    const auto* start = GENERATE(R"({"type":"message_start","message":{"id":"m","usage":{"input_tokens":-7}}})",
                                 R"({"type":"message_start","message":{"id":"m","usage":{"input_tokens":"7"}}})",
                                 R"({"type":"message_start","message":{"id":"m","usage":{"input_tokens":99999999999999999999}}})",
                                 R"({"type":"message_start","message":{"id":"m","usage":5}})", R"({"type":"message_start","message":{"id":"m"}})");
    CAPTURE(start);
    const auto read = read_stream(format(), frame(start) + frame(R"({"type":"message_delta","delta":{"stop_reason":"end_turn"}})") + frame(R"({"type":"message_stop"})"));
    CHECK(lines(read.events) == Lines{"start m ", "stop end"});
}

TEST_CASE("deltas outside their block get one, so that no token is lost", "[llm][anthropic][stream]") {
    const auto read = read_stream(format(), frame(R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a"}})") +
                                                frame(R"({"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"b"}})") +
                                                frame(R"({"type":"content_block_start","index":1,"content_block":{"type":"text","text":"c"}})") +
                                                frame(R"({"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"t","name":"n","input":{"k":1}}})") +
                                                frame(R"({"type":"message_stop"})"));
    CHECK(lines(read.events) == Lines{"start  ", "begin 0 text", "delta 0 text=a", "end 0", "begin 1 thinking", "delta 1 text=b", "end 1", "begin 2 text",
                                      "delta 2 text=c", "end 2", "begin 3 tool_use t n", "delta 3 arguments={\"k\":1}", "end 3", "stop end"});
}

TEST_CASE("bytes that are no Messages stream are the model provider's failure", "[llm][anthropic][stream]") {
    for (const auto* text : {"data: {\n\n", "data: <html>\n\n", "data: {\"type\":\"message_start\"}\n\n", "data: {\"type\":\"content_block_start\"}\n\n"}) {
        CAPTURE(text);
        CHECK_THAT(read_stream(format(), text).error, Catch::Contains("not of the format anthropic.messages"));
    }
    for (const auto* text : {"data: []\n\n", "data: 5\n\n", "data: {\"type\": 7}\n\n", "event: ping\ndata: {\"type\":\"content_block_delta\"}\n\n"})
        CHECK_THAT(read_stream(format(), text).error, Catch::Contains("broke off"));
}

TEST_CASE("a Messages stream that is read and written again says the same", "[llm][anthropic][stream]") {
    const auto events = read_stream(format(), long_stream()).events;
    const auto again = write_stream(format(), events, {});
    CHECK(lines(read_stream(format(), again).events) == long_lines);
    CHECK(again.find(R"("signature":"Eq+/==")") != again.npos);
    const auto written = frames(again);
    CHECK(written[0]["message"]["usage"]["input_tokens"] == 7);
    CHECK(written[0]["message"]["usage"]["cache_read_input_tokens"] == 100);
    CHECK(written[written.size() - 2]["usage"]["output_tokens"] == 50);
    CHECK(written[written.size() - 2]["delta"] == Json::parse(R"({"stop_reason": "tool_use", "stop_sequence": null})"));
}

TEST_CASE("blocks that come interleaved are written one after the other", "[llm][anthropic][stream]") {
    const auto call = [](std::size_t index, std::string arguments) {
        return StreamEvent{.kind = Kind::block_delta, .index = index, .block = {.arguments = std::move(arguments)}};
    };
    const auto begin = [](std::size_t index, std::string id) {
        return StreamEvent{.kind = Kind::block_begin, .index = index, .block = {.kind = Block::Kind::tool_use, .id = std::move(id), .name = "f"}};
    };
    const auto end = [](std::size_t index) { return StreamEvent{.kind = Kind::block_end, .index = index}; };
    const std::vector<StreamEvent> events{{.kind = Kind::start, .id = "x", .model = "gpt"},
                                          begin(1, "a"), begin(2, "b"), begin(3, "c"),
                                          call(1, "{\"n\""), call(2, "{\"m\""), call(1, ":1}"), call(3, "{}"), call(2, ":2}"),
                                          end(3), end(1), end(2),
                                          {.kind = Kind::usage, .usage = used(9, 4)},
                                          {.kind = Kind::stop, .stop = StopReason::tool_use}};
    const auto written = frames(write_stream(format(), events, {.model = "alias"}));
    CHECK(shape(written) == Lines{"message_start", "content_block_start 0", "content_block_delta 0", "content_block_delta 0", "content_block_stop 0",
                                  "content_block_start 1", "content_block_delta 1", "content_block_stop 1", "content_block_start 2",
                                  "content_block_delta 2", "content_block_stop 2", "message_delta", "message_stop"});
    CHECK(written[0]["message"]["model"] == "alias");
    CHECK(written[1]["content_block"] == Json::parse(R"({"type": "tool_use", "id": "a", "name": "f", "input": {}})"));
    CHECK(written[6]["delta"]["partial_json"] == "{\"m\":2}");
    CHECK(written[9]["delta"]["partial_json"] == "{}");
    CHECK(written[11]["usage"]["input_tokens"] == 9);
    CHECK(written[11]["usage"]["output_tokens"] == 4);
}

TEST_CASE("a stop closes what was left open, once", "[llm][anthropic][stream]") {
    const auto writer = format().stream_writer({.id = "r1", .model = "m"});
    auto out = writer->write({.kind = Kind::block_delta, .index = 4, .block = {.text = "no begin"}});
    out += writer->write({.kind = Kind::start, .id = "late"});
    out += writer->write({.kind = Kind::start, .id = "again"});
    out += writer->write({.kind = Kind::block_begin, .index = 5, .block = {.kind = Block::Kind::tool_use, .id = "t", .name = "f"}});
    out += writer->write({.kind = Kind::block_end, .index = 77});
    out += writer->write({.kind = Kind::stop, .usage = used(3, 2), .stop = StopReason::stop_sequence, .stop_sequence = "END"});
    CHECK(writer->write({.kind = Kind::stop}).empty());
    CHECK(writer->write({.kind = Kind::ping}).empty());
    CHECK(writer->finish().empty());
    const auto written = frames(out);
    CHECK(shape(written) == Lines{"message_start", "content_block_start 0", "content_block_delta 0", "content_block_stop 0", "content_block_start 1",
                                  "content_block_stop 1", "message_delta", "message_stop"});
    CHECK(written[0]["message"]["id"] == "msg_r1");
    CHECK(written[6]["delta"] == Json::parse(R"({"stop_reason": "stop_sequence", "stop_sequence": "END"})"));
    CHECK(written[6]["usage"]["input_tokens"] == 3);
}

TEST_CASE("what the format's answers have no block for is left out of a stream", "[llm][anthropic][stream]") {
    const auto begin = [](std::size_t index, Block block) {
        return StreamEvent{.kind = Kind::block_begin, .index = index, .block = std::move(block)};
    };
    const auto delta = [](std::size_t index, Block block) {
        return StreamEvent{.kind = Kind::block_delta, .index = index, .block = std::move(block)};
    };
    const auto end = [](std::size_t index) { return StreamEvent{.kind = Kind::block_end, .index = index}; };
    const auto written = frames(write_stream(
        format(),
        {begin(0, {.kind = Block::Kind::image}), delta(0, {.data = "AA"}), end(0),
         begin(1, {.kind = Block::Kind::redacted_thinking, .signed_by = "openai"}), delta(1, {.data = "R"}), end(1),
         begin(2, {.kind = Block::Kind::thinking}), delta(2, {.text = "t"}), delta(2, {.signature = "g", .signed_by = "gemini"}), end(2),
         begin(3, {.kind = Block::Kind::refusal}), delta(3, {.text = "no"}), end(3), {.kind = Kind::stop, .stop = StopReason::refusal}},
        {}));
    CHECK(shape(written) == Lines{"message_start", "content_block_start 0", "content_block_delta 0", "content_block_stop 0", "content_block_start 1",
                                  "content_block_delta 1", "content_block_stop 1", "message_delta", "message_stop"});
    CHECK(written[2]["delta"]["type"] == "thinking_delta");
    CHECK(written[5]["delta"]["text"] == "no");
}

TEST_CASE("an error after the status 200 is an error event, and the last one", "[llm][anthropic][stream]") {
    const auto writer = format().stream_writer({.id = "r"});
    CHECK(writer->write({.kind = Kind::ping}) == "event: ping\ndata: {\"type\":\"ping\"}\n\n");
    const auto written = frames(writer->write({.kind = Kind::error, .error_type = "overloaded", .error_message = "busy"}));
    REQUIRE(written.size() == 1);
    CHECK(written[0] == Json::parse(R"({"type": "error", "error": {"type": "overloaded_error", "message": "busy"}, "@event": "error"})"));
    CHECK(writer->write({.kind = Kind::stop}).empty());
    CHECK(writer->finish().empty());
}

TEST_CASE("errors of the Messages API are understood", "[llm][anthropic][error]") {
    struct Row {
        int status;
        const char *body, *type, *code;
    };
    const auto row = GENERATE(
        Row{400, R"({"type":"error","error":{"type":"invalid_request_error","message":"bad"},"request_id":"r"})", "invalid_request", ""},
        Row{400, R"({"error":{"type":"invalid_request_error","message":"prompt is too long: 9 tokens"}})", "invalid_request", "context_length_exceeded"},
        Row{400, R"({"error":{"type":"invalid_request_error","message":"x","details":{"error_code":"tool_name_conflict"}}})", "invalid_request", "tool_name_conflict"},
        Row{401, R"({"error":{"type":"authentication_error","message":"bad key"}})", "authentication", ""},
        Row{402, R"({"error":{"type":"billing_error","message":"no credit"}})", "upstream_failed", "insufficient_quota"},
        Row{403, R"({"error":{"type":"permission_error","message":"no"}})", "permission", ""},
        Row{404, R"({"error":{"type":"not_found_error","message":"no model"}})", "not_found", ""},
        Row{403, R"({"message":"User is not authorized to perform: bedrock:InvokeModel"})", "permission", ""},
        Row{413, R"({"error":{"type":"request_too_large","message":"big"}})", "too_large", ""},
        Row{429, R"({"error":{"type":"rate_limit_error","message":"slow"}})", "rate_limited", ""},
        Row{500, R"({"error":{"type":"api_error","message":"oops"}})", "upstream_failed", ""},
        Row{504, R"({"error":{"type":"timeout_error","message":"late"}})", "timeout", ""},
        Row{529, R"({"error":{"type":"overloaded_error","message":"busy"}})", "overloaded", ""}, Row{529, "", "overloaded", ""},
        Row{502, "<html>", "upstream_failed", ""}, Row{429, "[]", "rate_limited", ""}, Row{401, "null", "authentication", ""},
        Row{403, R"({"error":"x"})", "permission", ""}, Row{404, "{}", "not_found", ""}, Row{413, "{", "too_large", ""}, Row{422, "x", "invalid_request", ""},
        Row{504, "x", "timeout", ""});
    CAPTURE(row.status, row.body);
    const auto error = format().read_error(row.status, {}, row.body);
    CHECK(error.status == row.status);
    CHECK(error.type == row.type);
    CHECK(error.code == row.code);
    CHECK_FALSE(error.message.empty());
    CHECK_FALSE(error.retry_after_ms);
}

TEST_CASE("when to try again stands in the headers", "[llm][anthropic][error]") {
    const auto waits = [](std::initializer_list<std::pair<const char*, const char*>> fields) {
        net::Headers headers;
        for (const auto& [name, value] : fields) headers.add(name, value);
        return format().read_error(429, headers, "{}");
    };
    CHECK(waits({{"Retry-After-Ms", "1500.2"}, {"Retry-After", "9"}}).retry_after_ms == 1501);
    CHECK(waits({{"Retry-After", "2.5"}}).retry_after_ms == 2500);
    CHECK(waits({{"Retry-After", "Sun, 06 Nov 1994 08:49:47 GMT"}, {"Date", "Sun, 06 Nov 1994 08:49:37 GMT"}}).retry_after_ms == 10'000);
    CHECK(waits({{"Retry-After", "Sun, 06 Nov 1994 08:49:27 GMT"}, {"Date", "Sun, 06 Nov 1994 08:49:37 GMT"}}).retry_after_ms == 0);
    CHECK(waits({{"Retry-After", "99999999999"}}).retry_after_ms == 86'400'000);
    for (const auto* value : {"soon", "", "-5", "nan", "inf", "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT"})
        CHECK_FALSE(waits({{"Retry-After", value}}).retry_after_ms);
    CHECK(waits({{"x-should-retry", "false"}}).should_retry == false);
    CHECK(waits({{"x-should-retry", "true"}}).should_retry == true);
    CHECK_FALSE(waits({{"x-should-retry", "perhaps"}}).should_retry);
}

TEST_CASE("a vendor's message is shown without the key that it repeats, on one line and not at length", "[llm][anthropic][error]") {
    const auto message = [](const std::string& text) {
        return format().read_error(401, {}, base::dump_json(Json{{"error", {{"type", "x"}, {"message", text}}}})).message;
    };
    CHECK(message("bad key sk-ant-api03-abcdefgh, see\nhttps://x?key=AIzaSyABCDEFGHIJ&a=1") == "bad key [key], see https://x?key=[key]&a=1");
    CHECK(message("sk-short stays") == "sk-short stays");
    std::string umlauts;
    for (int i = 0; i < 500; ++i) umlauts += "ü";
    const auto shown = message("a" + umlauts);
    CHECK(shown.size() == 599 + 3);
    CHECK(shown.ends_with("ü…"));
}

TEST_CASE("our refusals have the form that Anthropic's SDKs read", "[llm][anthropic][error]") {
    struct Row {
        const char *ours, *theirs;
    };
    const auto row = GENERATE(Row{"invalid_request", "invalid_request_error"}, Row{"authentication", "authentication_error"}, Row{"permission", "permission_error"},
                              Row{"not_found", "not_found_error"}, Row{"budget_exceeded", "billing_error"}, Row{"rate_limited", "rate_limit_error"},
                              Row{"too_large", "request_too_large"}, Row{"upstream_failed", "api_error"}, Row{"overloaded", "overloaded_error"},
                              Row{"timeout", "timeout_error"}, Row{"internal", "api_error"}, Row{"content_filter", "invalid_request_error"});
    const auto body = Json::parse(format().write_error({.type = row.ours, .message = "m"}, "req_1"));
    CHECK(body == Json::parse(fmt::format(R"({{"type": "error", "error": {{"type": "{}", "message": "m"}}, "request_id": "req_1"}})", row.theirs)));
    const auto coded = Json::parse(format().write_error({.type = row.ours, .message = "m", .code = "c"}, {}));
    CHECK(coded["error"]["details"]["error_code"] == "c");
    CHECK(coded["request_id"].is_null());
    const auto streamed = frames(format().write_stream_error({.type = row.ours, .message = "m"}));
    REQUIRE(streamed.size() == 1);
    CHECK(streamed[0]["@event"] == "error");
    CHECK(streamed[0]["error"]["type"] == row.theirs);
}
