#include <catch2/catch.hpp>

#include "llm/wire_streams.hpp"
#include "sluice/base/json.hpp"

using namespace sluice;
using llm::Block;
using llm::StopReason;
using llm::StreamEvent;
using test::lines;
using test::read_stream;
using Kind = StreamEvent::Kind;
using Lines = std::vector<std::string>;

namespace {

const llm::Format& format() { return llm::openai_chat(); }

std::string sse(std::string_view json) { return fmt::format("data: {}\n\n", json); }

/// A chunk with this delta and finish_reason (JSON texts).
std::string chunk(std::string_view delta, std::string_view reason = "null") {
    return sse(fmt::format(R"({{"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{{"index":0,"delta":{},"finish_reason":{}}}],"usage":null,"obfuscation":"x7"}})",
                            delta, reason));
}

const std::string done = "data: [DONE]\n\n";

std::vector<Json> chunks(std::string_view bytes) {
    std::vector<Json> out;
    bool ended = false;
    net::SseParser parser;
    const auto read = parser.feed(bytes, [&](const net::SseParser::Event& event) -> Result<void> {
        CHECK_FALSE(ended);
        CHECK(event.event == "message");  // none was named
        if (event.data == "[DONE]") ended = true;
        else out.push_back(Json::parse(event.data));
        return {};
    });
    REQUIRE(read);
    CHECK(ended);
    return out;
}

StreamEvent event(Kind kind, std::size_t index = 0, Block block = {}) {
    StreamEvent out{.kind = kind, .index = index};
    out.block = std::move(block);
    return out;
}

}  // namespace

TEST_CASE("the chunks of a chat completion become events", "[llm][formats][openai]") {
    const auto stream = read_stream(format(),
        chunk(R"({"role":"assistant","content":"","refusal":null})") + chunk(R"({"content":"Hi"})") + chunk(R"({"content":" you"})") +
        chunk(R"({"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"f","arguments":""}}]})") +
        chunk(R"({"tool_calls":[{"index":0,"function":{"arguments":"{\"a\""}}]})") +
        chunk(R"({"tool_calls":[{"index":1,"id":"call_2","type":"function","function":{"name":"g","arguments":"{}"}}]})") +
        chunk(R"({"tool_calls":[{"index":0,"function":{"arguments":":1}"}}]})") + chunk("{}", R"("tool_calls")") +
        sse(R"({"id":"c1","object":"chat.completion.chunk","model":"m","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":4,"prompt_tokens_details":{"cached_tokens":2}}})") +
        done);
    CHECK(stream.error == "");
    CHECK(stream.ended);
    CHECK(lines(stream.events) == Lines{"start c1 m", "begin 0 text", "delta 0 text=Hi", "delta 0 text= you", "end 0",
                                        "begin 1 tool_use call_1 f", "delta 1 arguments={\"a\"", "begin 2 tool_use call_2 g",
                                        "delta 2 arguments={}", "delta 1 arguments=:1}", "usage 9/4", "end 1", "end 2",
                                        "stop tool_use"});
    CHECK(stream.events[10].usage->cache_read == 2);
}

TEST_CASE("thoughts, refusals and later choices of a stream are told apart", "[llm][formats][openai]") {
    const auto stream = read_stream(format(),
        chunk(R"({"role":"assistant","content":null,"reasoning_content":"hm"})") + chunk(R"({"reasoning":"!"})") +
        sse(R"({"choices":[{"index":1,"delta":{"content":"another choice"}}]})") + sse(R"({"choices":[],"moderation":{}})") +
        chunk(R"({"refusal":"I will "})") + chunk(R"({"refusal":"not"})", R"("stop")") + done);
    CHECK(lines(stream.events) == Lines{"start c1 m", "begin 0 thinking", "delta 0 text=hm", "delta 0 text=!", "end 0", "begin 1 refusal",
                                        "delta 1 text=I will ", "delta 1 text=not", "end 1", "stop refusal"});
}

TEST_CASE("calls of servers without indexes, ids or fragments are put together", "[llm][formats][openai]") {
    SECTION("always the same index, whole calls") {
        const auto stream = read_stream(format(),
            chunk(R"({"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]})") +
            chunk(R"({"tool_calls":[{"index":0,"id":"b","function":{"name":"g","arguments":"{}"}}]})", R"("stop")") + done);
        CHECK(lines(stream.events) == Lines{"start c1 m", "begin 0 tool_use a f", "delta 0 arguments={}", "begin 1 tool_use b g",
                                            "delta 1 arguments={}", "end 0", "end 1", "stop tool_use"});
    }
    SECTION("no index, arguments as an object, a signature") {
        const auto stream = read_stream(format(),
            chunk(R"({"tool_calls":[{"id":"a","function":{"name":"f","arguments":{"x":1}},"extra_content":{"google":{"thought_signature":"s"}}}]})") +
            chunk("{}", R"("stop")") + done);
        CHECK(lines(stream.events) == Lines{"start c1 m", "begin 0 tool_use a f", "delta 0 arguments={\"x\":1}", "delta 0 signature=s by=gemini",
                                            "end 0", "stop tool_use"});
    }
    SECTION("no id at all, a name that comes late") {
        const auto stream = read_stream(format(),
            chunk(R"({"tool_calls":[{"index":0,"function":{"arguments":"{\"x\""}}]})") +
            chunk(R"({"tool_calls":[{"index":0,"function":{"name":"f","arguments":":1}"}}]})", R"("tool_calls")") + done);
        CHECK(lines(stream.events) == Lines{"start c1 m", "begin 0 tool_use call_c1_0 f", "delta 0 arguments={\"x\":1}", "end 0", "stop tool_use"});
    }
    SECTION("the id repeated on each fragment") {
        const auto stream = read_stream(format(),
            chunk(R"({"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{"}}]})") +
            chunk(R"({"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"}"}}]})", R"("tool_calls")") + done);
        CHECK(lines(stream.events) == Lines{"start c1 m", "begin 0 tool_use a f", "delta 0 arguments={", "delta 0 arguments=}", "end 0",
                                            "stop tool_use"});
    }
    SECTION("a function of before there were tools") {
        const auto stream = read_stream(format(), chunk(R"({"function_call":{"name":"f","arguments":"{"}})") +
                                                      chunk(R"({"function_call":{"arguments":"}"}})", R"("function_call")") + done);
        CHECK(lines(stream.events) == Lines{"start c1 m", "begin 0 tool_use call_c1_0 f", "delta 0 arguments={", "delta 0 arguments=}", "end 0",
                                            "stop tool_use"});
    }
    SECTION("free text of a custom tool") {
        const auto stream = read_stream(format(),
            chunk(R"({"tool_calls":[{"index":0,"id":"a","type":"custom","custom":{"name":"sh","input":"ls "}}]})") +
            chunk(R"({"tool_calls":[{"index":0,"custom":{"input":"\"x\""}}]})", R"("tool_calls")") + done);
        CHECK(lines(stream.events) == Lines{"start c1 m", "begin 0 tool_use a sh", "delta 0 arguments={\"input\":\"ls \\\"x\\\"\"}", "end 0",
                                            "stop tool_use"});
    }
    SECTION("a call without a name is none") {
        CHECK_THAT(read_stream(format(), chunk(R"({"tool_calls":[{"index":0,"id":"a"}]})", R"("tool_calls")") + done).error,
                   Catch::Contains("no name"));
    }
}

TEST_CASE("a stream's end is known by its finish_reason where [DONE] is missing, and not without both", "[llm][formats][openai]") {
    const auto complete = read_stream(format(), chunk(R"({"content":"Hi"})", R"("length")"));
    CHECK(complete.error == "");
    CHECK_FALSE(complete.ended);
    CHECK(lines(complete.events).back() == "stop length");
    CHECK_THAT(read_stream(format(), chunk(R"({"content":"Hi"})")).error, Catch::Contains("broke off"));
    CHECK_THAT(read_stream(format(), done).error, Catch::Contains("ended before it began"));
}

TEST_CASE("an error frame ends a stream with its meaning", "[llm][formats][openai]") {
    const auto [frame, line] = GENERATE(table<std::string, std::string>({
        {R"({"error":{"message":"slow down","type":"rate_limit_error","param":null,"code":"rate_limit_exceeded"}})", "error rate_limited: slow down"},
        {R"({"error":{"code":503,"message":"busy"},"choices":[{"index":0,"delta":{},"finish_reason":"error"}]})", "error overloaded: busy"},
        {R"({"error":"out of memory"})", "error upstream_failed: out of memory"},
        {R"({"error":{"message":"too long","type":"invalid_request_error","code":"context_length_exceeded"}})", "error invalid_request: too long"},
    }));
    const auto stream = read_stream(format(), chunk(R"({"content":"Hi"})") + sse(frame) + chunk(R"({"content":"more"})") + done);
    CHECK(stream.error == "");
    CHECK(stream.ended);
    CHECK(lines(stream.events).back() == line);
}

TEST_CASE("what is no chunk fails the stream", "[llm][formats][openai]") {
    CHECK_THAT(read_stream(format(), sse("{broken")).error, Catch::Contains("openai.chat"));
    CHECK_THAT(read_stream(format(), sse("7")).error, Catch::Contains("no object"));
    CHECK_THAT(read_stream(format(), chunk(R"({"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{"}}]})") +
                                         chunk(R"({"content":"x"})") +
                                         chunk(R"({"tool_calls":[{"index":0,"function":{"arguments":"}"}}]})")).error,
               Catch::Contains("goes on"));
}

TEST_CASE("events are written as chunks that OpenAI's clients read", "[llm][formats][openai]") {
    llm::AnswerContext context{.id = "abc", .model = "best", .created_s = 12, .stream_usage = GENERATE(true, false)};
    auto stop = event(Kind::stop), usage = event(Kind::usage), start = event(Kind::start);
    stop.stop = StopReason::tool_use;
    usage.usage = llm::UsageRecord{.input_uncached = 9, .output_visible = 4};
    const bool told = context.stream_usage;
    const auto out = chunks(test::write_stream(format(),
        {start, event(Kind::block_begin, 0, {.kind = Block::Kind::thinking}), event(Kind::block_delta, 0, {.text = "hm"}),
         event(Kind::block_delta, 0, {.signature = "s", .signed_by = "anthropic"}), event(Kind::block_end, 0),
         event(Kind::block_begin, 1), event(Kind::block_delta, 1, {.text = "Hi"}), event(Kind::block_end, 1),
         event(Kind::block_begin, 2, {.kind = Block::Kind::tool_use, .id = "t1", .name = "f"}),
         event(Kind::block_begin, 3, {.kind = Block::Kind::tool_use, .id = "t2", .name = "g"}),
         event(Kind::block_delta, 2, {.arguments = "{\"a\":1}"}), event(Kind::block_end, 2), event(Kind::block_end, 3), usage, stop,
         event(Kind::block_begin, 9)},
        context));
    REQUIRE(out.size() == (told ? 9 : 8));
    for (const auto& each : out) {
        CHECK(each["id"] == "chatcmpl-abc");
        CHECK(each["object"] == "chat.completion.chunk");
        CHECK(each["created"] == 12);
        CHECK(each["model"] == "best");
        CHECK(each.contains("usage") == told);
    }
    const auto delta = [&](std::size_t i) { return out[i]["choices"][0]["delta"]; };
    CHECK(delta(0)["role"] == "assistant");
    CHECK(out[0]["choices"][0]["finish_reason"].is_null());
    CHECK(out[0]["choices"][0]["index"] == 0);
    CHECK(delta(1) == Json{{"reasoning_content", "hm"}});
    CHECK(delta(2) == Json{{"content", "Hi"}});
    CHECK(delta(3)["tool_calls"] == Json::parse(R"([{"index":0,"id":"t1","type":"function","function":{"name":"f","arguments":""}}])"));
    CHECK(delta(4)["tool_calls"] == Json::parse(R"([{"index":1,"id":"t2","type":"function","function":{"name":"g","arguments":""}}])"));
    CHECK(delta(5)["tool_calls"] == Json::parse(R"([{"index":0,"function":{"arguments":"{\"a\":1}"}}])"));
    CHECK(delta(6)["tool_calls"] == Json::parse(R"([{"index":1,"function":{"arguments":"{}"}}])"));  // clients parse it
    CHECK(out[7]["choices"][0]["finish_reason"] == "tool_calls");
    CHECK(delta(7) == Json::object());
    if (told) {
        CHECK(out[7]["usage"].is_null());
        CHECK(out[8]["choices"] == Json::array());
        CHECK(out[8]["usage"]["total_tokens"] == 13);
    }
}

TEST_CASE("a failure in a stream is an error frame, and no usage follows", "[llm][formats][openai]") {
    auto failed = event(Kind::error), usage = event(Kind::usage);
    usage.usage = llm::UsageRecord{.input_uncached = 9};
    failed.error_type = "rate_limited";
    failed.error_message = "slow down";
    const auto out = chunks(test::write_stream(format(), {event(Kind::start), usage, failed, event(Kind::stop)}, {.stream_usage = true}));
    REQUIRE(out.size() == 2);
    CHECK(out[1] == Json::parse(R"({"error":{"message":"slow down","type":"rate_limit_error","param":null,"code":"rate_limit_exceeded"}})"));
}

TEST_CASE("calls of a custom tool are written as the client declared it", "[llm][formats][openai]") {
    llm::ModelRequest request;
    request.tools.push_back({.name = "sh", .native = Json::parse(R"({"type":"custom","custom":{"name":"sh"}})"), .native_format = "openai.chat"});
    const auto out = chunks(test::write_stream(format(),
        {event(Kind::start), event(Kind::block_begin, 0, {.kind = Block::Kind::tool_use, .id = "a", .name = "sh"}),
         event(Kind::block_delta, 0, {.arguments = R"({"input":)"}), event(Kind::block_delta, 0, {.arguments = R"("ls"})"}),
         event(Kind::block_end, 0), event(Kind::stop)},
        {.request = &request}));
    REQUIRE(out.size() == 4);
    CHECK(out[1]["choices"][0]["delta"]["tool_calls"] == Json::parse(R"([{"index":0,"id":"a","type":"custom","custom":{"name":"sh","input":""}}])"));
    CHECK(out[2]["choices"][0]["delta"]["tool_calls"] == Json::parse(R"([{"index":0,"custom":{"input":"ls"}}])"));
}

TEST_CASE("errors of OpenAI and of servers like it are understood", "[llm][formats][openai]") {
    struct Row { int status; std::string body, type, code, message; };
    const auto row = GENERATE(values<Row>({
        {401, R"({"error":{"message":"Incorrect API key provided: sk-proj-abcdef1234567890.","type":"invalid_request_error","param":null,"code":"invalid_api_key"}})",
         "authentication", "invalid_api_key", "Incorrect API key provided: [key]"},
        {429, R"({"error":{"message":"You exceeded your current quota","type":"insufficient_quota","param":null,"code":"insufficient_quota"}})",
         "rate_limited", "insufficient_quota", "You exceeded your current quota"},
        {402, R"({"error":{"message":"Insufficient Balance","type":"unknown_error","param":null,"code":"invalid_request_error"}})",
         "upstream_failed", "insufficient_quota", "Insufficient Balance"},
        {400, R"({"error":{"message":"This model's maximum context length is 8192 tokens.","type":"invalid_request_error","param":"messages","code":null}})",
         "invalid_request", "context_length_exceeded", "This model's maximum context length is 8192 tokens."},
        {400, R"({"error":{"message":"filtered","code":"content_filter","status":400}})", "content_filter", "content_filter", "filtered"},
        {400, R"({"error":{"message":"no endpoint","code":400}})", "invalid_request", "", "no endpoint"},
        {404, R"({"object":"error","message":"The model x does not exist.","type":"NotFoundError","param":null,"code":404})", "not_found", "", "The model x does not exist."},
        {422, R"({"detail":[{"loc":["body","n"],"msg":"must be positive"}]})", "invalid_request", "", R"([{"loc":["body","n"],"msg":"must be positive"}])"},
        {400, R"([{"error":{"code":400,"message":"bad","status":"INVALID_ARGUMENT"}}])", "invalid_request", "", "bad"},
        {503, R"({"error":"loading model"})", "overloaded", "", "loading model"},
        {500, "Internal Server Error\nline two", "upstream_failed", "", "Internal Server Error line two"},
        {409, "{}", "upstream_failed", "", "the model provider answered with status 409"},
        {529, "{}", "overloaded", "", "the model provider answered with status 529"},
        {408, "{}", "timeout", "", "the model provider answered with status 408"},
    }));
    CAPTURE(row.status, row.body);
    const auto error = format().read_error(row.status, {}, row.body);
    CHECK(error.status == row.status);
    CHECK(error.type == row.type);
    CHECK(error.code == row.code);
    CHECK_THAT(error.message, Catch::StartsWith(row.message));
    if (row.code == "insufficient_quota") CHECK(error.should_retry == false);
}

TEST_CASE("a long message of a vendor is cut between characters", "[llm][formats][openai]") {
    std::string text = "x";
    for (int i = 0; i < 2000; ++i) text += "é";
    const auto error = format().read_error(500, {}, text);
    CHECK(error.message.size() < 700);
    CHECK_THAT(error.message, Catch::EndsWith("é…"));
}

TEST_CASE("an error of ours has OpenAI's four keys, and its parameter in OpenAI's words", "[llm][formats][openai]") {
    Error error;
    error.code = GENERATE(ErrorCode::invalid_argument, ErrorCode::budget_exceeded, ErrorCode::unauthenticated, ErrorCode::not_found,
                          ErrorCode::internal, ErrorCode::unavailable, ErrorCode::rate_limited);
    error.message = "this cannot be";
    error.details = {{"/messages/0/content/1/a~1b", "must be a text"}, {"/n", "must be 1"}};
    error.retry_after_us = 1'500'001;
    const auto call = llm::call_error(error);
    CHECK(call.status == base::http_status(error.code));
    CHECK(call.retry_after_ms == 1'501);
    const auto body = Json::parse(format().write_error(call, "req_1"));
    CHECK(body.size() == 1);
    REQUIRE(body["error"].size() == 4);
    CHECK(body["error"]["message"] == "this cannot be: messages[0].content[1].a/b: must be a text; n: must be 1");
    CHECK(body["error"]["param"] == "messages[0].content[1].a/b");
    CHECK(body["error"]["type"].is_string());
    if (error.code == ErrorCode::budget_exceeded) CHECK(body["error"]["code"] == "budget_exceeded");
    if (error.code == ErrorCode::invalid_argument) CHECK(body["error"]["code"].is_null());
}

TEST_CASE("an error that another attempt can pass says so", "[llm][formats]") {
    Error error;
    error.code = ErrorCode::unavailable;
    CHECK_FALSE(llm::call_error(error).should_retry);
    CHECK_FALSE(llm::call_error(error).retry_after_ms);
    error.retryable = true;
    CHECK(llm::call_error(error).should_retry == true);
    error.code = ErrorCode::conflict;
    error.retryable = false;
    CHECK(llm::call_error(error).should_retry == false);
}
