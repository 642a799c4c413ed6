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

const llm::Format& format() { return llm::gemini(); }

std::string frame(std::string_view data) { return fmt::format("data: {}\n\n", data); }

/// A thought, text, two calls of one frame, text that is signed at its end, and the counts with the reason.
std::string long_stream() {
    std::string out;
    for (const auto* data : {
             R"({"candidates":[{"content":{"parts":[{"text":"hm","thought":true}],"role":"model"},"index":0}],"usageMetadata":{"promptTokenCount":10,"thoughtsTokenCount":2,"totalTokenCount":12},"modelVersion":"gemini-4-argon","responseId":"r-1"})",
             R"({"candidates":[{"content":{"parts":[{"text":"Grü"}],"role":"model"},"index":0}],"modelVersion":"gemini-4-argon","responseId":"r-1"})",
             R"({"candidates":[{"content":{"parts":[{"text":"ße"},{"text":""}],"role":"model"}},{"index":1,"content":{"parts":[{"text":"another"}]}}]})",
             R"({"candidates":[{"content":{"parts":[{"functionCall":{"name":"look","args":{"q":1.0,"e":[]}},"thoughtSignature":"S+/="},{"functionCall":{"id":"own","name":"now"}}]},"index":0}]})",
             R"({"candidates":[{"content":{"parts":[{"executableCode":{"code":"1"}},{"text":"bye"}]},"index":0}]})",
             R"({"candidates":[{"content":{"parts":[{"text":"","thoughtSignature":"Z="}]},"finishReason":"STOP","index":0,"groundingMetadata":{"webSearchQueries":["a","b"]}}],"usageMetadata":{"promptTokenCount":10,"cachedContentTokenCount":4,"candidatesTokenCount":7,"thoughtsTokenCount":3,"toolUsePromptTokenCount":5,"totalTokenCount":25,"promptTokensDetails":[{"modality":"TEXT","tokenCount":4},{"modality":"IMAGE","tokenCount":6}],"trafficType":"ON_DEMAND_FLEX"}})",
         })
        out += frame(data);
    return out;
}

const Lines long_lines{"start r-1 gemini-4-argon",
                       "begin 0 thinking",
                       "delta 0 text=hm",
                       "usage 10/2",
                       "end 0",
                       "begin 1 text",
                       "delta 1 text=Grü",
                       "delta 1 text=ße",
                       "end 1",
                       "begin 2 tool_use call_r-1_0 look",
                       "delta 2 arguments={\"q\":1.0,\"e\":[]} signature=S+/= by=gemini",
                       "end 2",
                       "begin 3 tool_use own now",
                       "delta 3 arguments={}",
                       "end 3",
                       "begin 4 text",
                       "delta 4 text=bye",
                       "delta 4 signature=Z= by=gemini",
                       "end 4",
                       "usage 15/10",
                       "stop tool_use 15/10"};

}  // namespace

TEST_CASE("a Gemini stream is read the same wherever its bytes are cut", "[llm][gemini][stream]") {
    check_read_alike(format(), long_stream(), long_lines);
}

TEST_CASE("usage of a Gemini stream is the last one told, with everything that is billed", "[llm][gemini][stream]") {
    const auto events = read_stream(format(), long_stream()).events;
    const auto& usage = events.back().usage;
    REQUIRE(usage);
    CHECK(usage->input_uncached == 11);
    CHECK(usage->cache_read == 4);
    CHECK(usage->output_visible == 7);
    CHECK(usage->output_reasoning == 3);
    CHECK(usage->image_input == 6);
    CHECK(usage->tool_uses.at("web_search") == 2);
    CHECK(usage->tier == "flex");
    CHECK(Json::parse(usage->raw)["totalTokenCount"] == 25);
}

TEST_CASE("a Gemini stream ends with its connection, after a reason", "[llm][gemini][stream]") {
    const auto text = frame(R"({"candidates":[{"content":{"parts":[{"text":"a"}]}}]})");
    const auto reason = frame(R"({"candidates":[{"finishReason":"MAX_TOKENS"}]})");
    const auto counts = frame(R"({"usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":1}})");
    const auto broken = read_stream(format(), text + counts);
    CHECK_FALSE(broken.ended);
    CHECK_THAT(broken.error, Catch::Contains("broke off"));
    const auto silent = read_stream(format(), text + reason);
    CHECK_FALSE(silent.ended);  // the counts may follow
    CHECK(silent.error.empty());
    CHECK(lines(silent.events) == Lines{"start  ", "begin 0 text", "delta 0 text=a", "end 0", "stop length"});
    const auto late = read_stream(format(), text + reason + counts + text);
    CHECK(late.ended);
    CHECK(lines(late.events) == Lines{"start  ", "begin 0 text", "delta 0 text=a", "usage 3/1", "end 0", "stop length 3/1"});
    CHECK_THAT(read_stream(format(), "").error, Catch::Contains("broke off"));
}

TEST_CASE("a blocked prompt is an answer that was filtered, streamed or whole", "[llm][gemini][stream]") {
    const auto* body = R"({"promptFeedback":{"blockReason":"SAFETY"},"usageMetadata":{"promptTokenCount":3,"totalTokenCount":3},"responseId":"r"})";
    const auto read = read_stream(format(), frame(body));
    CHECK(read.error.empty());
    CHECK(lines(read.events) == Lines{"start r ", "usage 3/0", "stop content_filter 3/0"});
    const auto answer = format().read_answer(Json::parse(body));
    REQUIRE(answer);
    CHECK(answer->stop == StopReason::content_filter);
    CHECK(answer->blocks.empty());
    CHECK(answer->usage->input() == 3);
}

TEST_CASE("an error in a Gemini stream ends it", "[llm][gemini][stream]") {
    const auto* error = GENERATE(R"({"error":{"code":503,"message":"busy","status":"UNAVAILABLE"}})", R"([{"error":{"code":503,"message":"busy"}}])");
    const auto read = read_stream(format(), frame(R"({"candidates":[{"content":{"parts":[{"text":"a"}]}}]})") + frame(error) + long_stream());
    CHECK(lines(read.events) == Lines{"start  ", "begin 0 text", "delta 0 text=a", "error overloaded: busy"});
    CHECK(read.ended);
    CHECK(read.error.empty());
    CHECK(lines(read_stream(format(), frame(R"({"error":{"code":-1}})")).events)[0].starts_with("error upstream_failed: the model provider"));
}

TEST_CASE("bytes that are no Gemini stream are the model provider's failure", "[llm][gemini][stream]") {
    for (const auto* text : {"data: {\n\n", "data: [DONE]\n\n", "data: 5\n\n", "data: []\n\n"}) {
        CAPTURE(text);
        CHECK_THAT(read_stream(format(), text).error, Catch::Contains("not of the format gemini"));
    }
    for (const auto* text : {R"({"candidates":5})", R"({"candidates":[5]})", R"({"candidates":[{"content":5}]})", R"({"candidates":[{"content":{"parts":{}}}]})",
                             R"({"candidates":[{"content":{"parts":[5,{},{"text":7},{"functionCall":3}]}}]})", R"({"promptFeedback":{}})", "{}"}) {
        CAPTURE(text);
        CHECK_THAT(read_stream(format(), frame(text)).error, Catch::Contains("broke off"));
    }
}

TEST_CASE("absurd usage of Gemini counts as none, a part of it as what it says", "[llm][gemini]") {
    const auto usage = [](const char* text) { return format().read_usage(Json{{"usageMetadata", Json::parse(text)}}); };
    for (const auto* text : {R"({"promptTokenCount": -1})", R"({"promptTokenCount": "5"})", R"({"candidatesTokenCount": 1e30})", R"({"thoughtsTokenCount": 9223372036854775807})",
                             R"({"cachedContentTokenCount": -3})", R"({"toolUsePromptTokenCount": 0.5})", R"({"promptTokensDetails": [{"modality": "AUDIO", "tokenCount": -1}]})", "[]", "5"}) {
        CAPTURE(text);
        CHECK_FALSE(usage(text));
    }
    CHECK_FALSE(format().read_usage(Json::parse("{}")));
    CHECK(usage(R"({"promptTokenCount": 3, "cachedContentTokenCount": 9})")->input_uncached == 0);
    CHECK(usage(R"({"promptTokenCount": 3, "totalTokenCount": 9, "thoughtsTokenCount": 2})")->output_visible == 4);
    CHECK(usage(R"({"candidatesTokenCount": 3, "candidatesTokensDetails": [{"modality": "AUDIO", "tokenCount": 2}], "serviceTier": "priority"})")->audio_output == 2);
    const auto read = read_stream(format(), frame(R"({"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":-1}})"));
    CHECK(lines(read.events) == Lines{"start  ", "begin 0 text", "delta 0 text=a", "end 0", "stop end"});
}

TEST_CASE("an answer of generateContent is read whole and written the same", "[llm][gemini]") {
    const auto body = Json::parse(R"({"candidates": [{"content": {"parts": [{"text": "hm", "thought": true, "thoughtSignature": "T="}, {"text": "Yes"},
        {"functionCall": {"id": "c1", "name": "look", "args": {"q": 1.0, "e": []}}, "thoughtSignature": "S="},
        {"inlineData": {"mimeType": "image/png", "data": "AA"}}], "role": "model"}, "finishReason": "STOP", "index": 0}],
        "usageMetadata": {"promptTokenCount": 10, "cachedContentTokenCount": 4, "candidatesTokenCount": 7, "thoughtsTokenCount": 3, "totalTokenCount": 20},
        "modelVersion": "gemini-4-argon", "responseId": "r-1"})");
    const auto answer = format().read_answer(body);
    REQUIRE(answer);
    CHECK(answer->stop == StopReason::tool_use);  // the vendor says STOP
    CHECK(answer->blocks[2].signed_by == "gemini");
    CHECK(answer->usage->input_uncached == 6);
    CHECK(base::dump_json_canonical(format().write_answer(*answer, {})) == base::dump_json_canonical(body));
}

TEST_CASE("each reason to finish is understood", "[llm][gemini]") {
    const auto stop = [](const std::string& reason) {
        const auto answer = format().read_answer(Json::parse(fmt::format(R"({{"candidates": [{{"finishReason": "{}"}}]}})", reason)));
        REQUIRE(answer);
        return answer->stop;
    };
    CHECK(stop("STOP") == StopReason::end);
    CHECK(stop("MAX_TOKENS") == StopReason::length);
    for (const auto* reason : {"SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION"})
        CHECK(stop(reason) == StopReason::content_filter);
    for (const auto* reason : {"OTHER", "MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS", "NO_IMAGE", "IMAGE_OTHER", "SOMETHING_NEW"})
        CHECK(stop(reason) == StopReason::end);
    const auto told = [](StopReason reason) { return format().write_answer({.stop = reason}, {})["candidates"][0]["finishReason"].get<std::string>(); };
    for (const auto reason : {StopReason::end, StopReason::tool_use, StopReason::stop_sequence}) CHECK(told(reason) == "STOP");
    for (const auto reason : {StopReason::length, StopReason::context_full}) CHECK(told(reason) == "MAX_TOKENS");
    for (const auto reason : {StopReason::content_filter, StopReason::refusal}) CHECK(told(reason) == "SAFETY");
    CHECK(told(StopReason::paused) == "OTHER");
}

TEST_CASE("an answer of another vendor reaches a Gemini client", "[llm][gemini]") {
    llm::ModelAnswer answer{.model = "claude"};
    answer.blocks = {{.kind = Block::Kind::thinking, .text = "t", .signature = "a", .signed_by = "anthropic"},
                     {.kind = Block::Kind::redacted_thinking, .data = "d", .signed_by = "anthropic"},
                     {.kind = Block::Kind::refusal, .text = "no"},
                     {.kind = Block::Kind::tool_use, .id = "c", .name = "n", .arguments = "{\"a\": "}};
    const auto body = format().write_answer(answer, {.id = "abc", .model = "alias"});
    CHECK(body["responseId"] == "abc");
    CHECK(body["modelVersion"] == "alias");
    CHECK(body["candidates"][0]["content"]["parts"] == Json::parse(R"([{"text": "t", "thought": true}, {"text": "no"},
        {"functionCall": {"id": "c", "name": "n", "args": {"invalid_arguments": "{\"a\": "}}}])"));
    CHECK_FALSE(body.contains("usageMetadata"));
    for (const auto* text : {"{}", "[]", "null", R"({"candidates": []})", R"({"promptFeedback": {}})"}) CHECK_FALSE(format().read_answer(Json::parse(text)));
    const auto failed = format().read_answer(Json::parse(R"([{"error": {"message": "quota"}}])"));
    REQUIRE_FALSE(failed);
    CHECK_THAT(failed.error().message, Catch::Contains("quota"));
}

TEST_CASE("a Gemini stream that is read and written again says the same", "[llm][gemini][stream]") {
    const auto again = write_stream(format(), read_stream(format(), long_stream()).events, {});
    const auto read = lines(read_stream(format(), again).events);
    Lines without_usage, expected;
    for (const auto& line : read)
        if (!line.starts_with("usage")) without_usage.push_back(line);
    for (const auto& line : long_lines)
        if (!line.starts_with("usage")) expected.push_back(line);
    CHECK(without_usage == expected);
    const auto written = frames(again);
    CHECK(written.back()["candidates"][0]["finishReason"] == "STOP");
    CHECK(written.back()["usageMetadata"]["totalTokenCount"] == 25);
    CHECK_FALSE(written[0].contains("@event"));
}

TEST_CASE("calls whose fragments are mixed come out whole", "[llm][gemini][stream]") {
    const auto writer = format().stream_writer({.id = "r", .model = "alias"});
    const auto call = [&](std::size_t index, std::string arguments) {
        return writer->write({.kind = Kind::block_delta, .index = index, .block = {.arguments = std::move(arguments)}});
    };
    std::string out = writer->write({.kind = Kind::start, .model = "gpt"});
    for (const std::size_t index : {1, 2, 3})
        out += writer->write({.kind = Kind::block_begin,
                              .index = index,
                              .block = {.kind = Block::Kind::tool_use, .id = fmt::format("c{}", index), .name = "f"}});
    out += call(1, "{\"n\"") + call(2, "{\"m\"") + call(1, ":1}") + call(2, ":2}");
    out += writer->write({.kind = Kind::block_delta, .index = 4, .block = {.text = "meanwhile"}});
    CHECK_THAT(out, Catch::Contains("meanwhile"));
    out += writer->write({.kind = Kind::block_end, .index = 2});
    out += writer->write({.kind = Kind::block_end, .index = 99});
    out += writer->write({.kind = Kind::stop, .stop = StopReason::tool_use});
    CHECK(writer->write({.kind = Kind::stop}).empty());
    CHECK(writer->finish().empty());
    std::vector<std::string> parts;
    for (const auto& each : frames(out)) {
        CHECK(each["modelVersion"] == "alias");
        parts.push_back(base::dump_json(each["candidates"][0]["content"]["parts"][0]));
    }
    CHECK(parts == std::vector<std::string>{R"({"text":"meanwhile"})", R"({"functionCall":{"id":"c2","name":"f","args":{"m":2}}})",
                                            R"({"functionCall":{"id":"c1","name":"f","args":{"n":1}}})", R"({"functionCall":{"id":"c3","name":"f","args":{}}})", R"({"text":""})"});
}

TEST_CASE("an error after the status 200 is a frame that Gemini's SDKs raise", "[llm][gemini][stream]") {
    const auto writer = format().stream_writer({.id = "r"});
    CHECK(frames(writer->write({.kind = Kind::ping})).empty());
    const auto written = frames(writer->write({.kind = Kind::error, .error_type = "overloaded", .error_message = "busy"}));
    REQUIRE(written.size() == 1);
    CHECK(written[0]["error"]["code"] == 503);
    CHECK(written[0]["error"]["status"] == "UNAVAILABLE");
    CHECK(writer->write({.kind = Kind::stop}).empty());
    CHECK(frames(format().stream_writer({})->write({.kind = Kind::error, .error_type = "odd"}))[0]["error"]["code"] == 500);
}

TEST_CASE("errors of generateContent are understood, also in an array", "[llm][gemini][error]") {
    struct Row {
        int status;
        const char *body, *type, *code;
        std::optional<std::int64_t> wait;
    };
    const auto row = GENERATE(
        Row{400, R"({"error":{"code":400,"message":"bad","status":"INVALID_ARGUMENT"}})", "invalid_request", ""},
        Row{400, R"({"error":{"message":"key","status":"INVALID_ARGUMENT","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID"}]}})", "authentication", "API_KEY_INVALID"},
        Row{400, R"({"error":{"message":"The input token count (9) exceeds the maximum number of tokens allowed (8).","status":"INVALID_ARGUMENT"}})", "invalid_request", "context_length_exceeded"},
        Row{429, R"([{"error":{"code":429,"message":"quota","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"37.5s"}]}}])", "rate_limited", "", 37'500},
        Row{429, R"({"error":{"status":"RESOURCE_EXHAUSTED","details":[5,{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"soon"}]}})", "rate_limited", ""},
        Row{403, R"({"error":{"status":"PERMISSION_DENIED"}})", "permission", ""}, Row{404, R"({"error":{"status":"NOT_FOUND"}})", "not_found", ""},
        Row{503, R"({"error":{"status":"UNAVAILABLE"}})", "overloaded", ""}, Row{504, R"({"error":{"status":"DEADLINE_EXCEEDED"}})", "timeout", ""},
        Row{500, R"({"error":{"status":"INTERNAL"}})", "upstream_failed", ""}, Row{401, R"({"error":{"status":"UNAUTHENTICATED"}})", "authentication", ""},
        Row{502, "<html>", "upstream_failed", ""}, Row{429, "[]", "rate_limited", ""}, Row{413, "{}", "too_large", ""}, Row{403, "null", "permission", ""},
        Row{401, R"({"error":"x"})", "authentication", ""}, Row{404, "", "not_found", ""}, Row{503, "5", "overloaded", ""}, Row{504, "", "timeout", ""}, Row{422, "", "invalid_request", ""});
    CAPTURE(row.status, row.body);
    const auto error = format().read_error(row.status, {}, row.body);
    CHECK(error.status == row.status);
    CHECK(error.type == row.type);
    CHECK(error.code == row.code);
    CHECK(error.retry_after_ms == row.wait);
    CHECK_FALSE(error.message.empty());
    net::Headers headers;
    headers.add("Retry-After", "9");
    CHECK(format().read_error(row.status, headers, row.body).retry_after_ms == 9000);
}

TEST_CASE("our refusals have the form that Gemini's SDKs read", "[llm][gemini][error]") {
    struct Row {
        const char *ours, *theirs;
    };
    const auto row = GENERATE(Row{"invalid_request", "INVALID_ARGUMENT"}, Row{"authentication", "UNAUTHENTICATED"}, Row{"permission", "PERMISSION_DENIED"},
                              Row{"not_found", "NOT_FOUND"}, Row{"budget_exceeded", "FAILED_PRECONDITION"}, Row{"rate_limited", "RESOURCE_EXHAUSTED"},
                              Row{"too_large", "INVALID_ARGUMENT"}, Row{"upstream_failed", "INTERNAL"}, Row{"overloaded", "UNAVAILABLE"},
                              Row{"timeout", "DEADLINE_EXCEEDED"}, Row{"internal", "INTERNAL"}, Row{"content_filter", "INVALID_ARGUMENT"});
    const auto body = Json::parse(format().write_error({.status = 499, .type = row.ours, .message = "m", .code = "fine_code", .retry_after_ms = 1500}, "req_1"));
    CHECK(body["error"]["code"] == 499);
    CHECK(body["error"]["status"] == row.theirs);
    CHECK(body["error"]["details"] == Json::parse(R"([{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "FINE_CODE", "domain": "sluice", "metadata": {"code": "fine_code"}},
        {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "1.500s"}, {"@type": "type.googleapis.com/google.rpc.RequestInfo", "requestId": "req_1"}])"));
    const auto again = format().read_error(499, {}, base::dump_json(body));
    CHECK(again.retry_after_ms == 1500);
    const auto streamed = frames(format().write_stream_error({.type = row.ours, .message = "m"}));
    REQUIRE(streamed.size() == 1);
    CHECK(streamed[0]["error"]["status"] == row.theirs);
}
