#include <catch2/catch.hpp>

#include <algorithm>

#include "llm/format_samples.hpp"

/// What every wire format promises, whoever wrote it: requests, answers, errors, usage. What one vendor's API alone has is
/// in the tests of that format; streams are in format_streams_test.cpp.

using namespace sluice;
using namespace sluice::test;
using llm::AnswerFormat;
using llm::ModelRequest;
using llm::ToolChoice;
using llm::Turn;

namespace {

const Json schema = Json::parse(
    R"({"type":"object","properties":{"q":{"type":"string"}},"required":["q"],"additionalProperties":false})");

ModelRequest rich_request() {
    ModelRequest out;
    out.model = "a-model";
    Turn system{.role = Turn::Role::system}, asks, calls{.role = Turn::Role::assistant}, results, again;
    system.blocks = {{.text = "Be brief. Grüße 😀"}};
    asks.blocks = {{.text = "What is this?"}, {.kind = Block::Kind::image, .media_type = "image/png", .data = "iVBORw0KGgo="}};
    calls.blocks = {{.text = "I look."},
                    {.kind = Block::Kind::tool_use, .id = "call_1", .name = "look", .arguments = R"({"q":"a \"b\" ü"})"},
                    {.kind = Block::Kind::tool_use, .id = "call_2", .name = "count", .arguments = "{}"}};
    results.blocks = {{.kind = Block::Kind::tool_result, .id = "call_1", .content = {{.text = "a lamp"}}},
                      {.kind = Block::Kind::tool_result, .id = "call_2", .content = {{.text = "7"}}}};
    calls.blocks[1].content = {};
    again.role = Turn::Role::assistant;
    again.blocks = {{.text = "A lamp."}};
    Turn last;
    last.blocks = {{.text = "Sure?"}};
    out.turns = {system, asks, calls, results, again, last};
    out.tools.push_back({.name = "look", .description = "Looks at it.", .parameters = schema});
    out.tools.push_back({.name = "count", .parameters = schema});
    out.tool_choice.kind = ToolChoice::Kind::required;
    out.max_output_tokens = 500;
    out.temperature = 0.5;
    return out;
}

std::vector<std::string> told_turns(const ModelRequest& request) {
    static constexpr const char* roles[] = {"system", "user", "assistant"};
    std::vector<std::string> out;
    for (const auto& turn : request.turns)
        for (const auto& block : turn.blocks) out.push_back(fmt::format("{}: {}", roles[static_cast<int>(turn.role)], told(block)));
    return out;
}

Json written(const Format& format, const ModelRequest& request) {
    auto body = format.write_request(request);
    if (!body) UNSCOPED_INFO(body.error().message);
    REQUIRE(body);
    return std::move(*body);
}

ModelRequest reread(const Format& format, const ModelRequest& request) {
    auto again = format.read_request(written(format, request));
    if (!again)
        for (const auto& detail : again.error().details) UNSCOPED_INFO(detail.pointer << ": " << detail.message);
    REQUIRE(again);
    if (again->model.empty()) again->model = request.model;  // Gemini names it in the path
    return std::move(*again);
}

}  // namespace

TEST_CASE("a rich request is the same after it was written and read", "[llm][formats][conformance]") {
    const auto& format = *every_format();
    CAPTURE(format.name());
    const auto request = rich_request();
    const auto again = reread(format, request);
    CHECK(again.format == format.name());
    CHECK(told_turns(again) == told_turns(request));
    REQUIRE(again.tools.size() == 2);
    CHECK(again.tools[0].name == "look");
    CHECK(again.tools[0].description == "Looks at it.");
    CHECK(again.tools[0].parameters["properties"] == schema["properties"]);
    CHECK(again.tools[0].parameters["required"] == schema["required"]);
    CHECK(again.tool_choice.kind == ToolChoice::Kind::required);
    CHECK(again.max_output_tokens == 500);
    CHECK(again.temperature == 0.5);
    CHECK(again.bound.empty());
    auto other = request;
    other.temperature.reset();  // Anthropic takes one of the two
    other.top_p = 0.75;
    CHECK(reread(format, other).top_p == 0.75);
}

TEST_CASE("a request that was read is the same after another round", "[llm][formats][conformance]") {
    const auto& format = *every_format();
    CAPTURE(format.name());
    const auto once = written(format, rich_request());
    auto request = format.read_request(once);
    REQUIRE(request);
    const auto twice = written(format, *request);
    CHECK(base::dump_json(format.write_request(*format.read_request(twice)).value()) == base::dump_json(twice));
}

TEST_CASE("a request in any format can be asked of a model of any other", "[llm][formats][conformance]") {
    const auto& from = *every_format();
    const auto request = reread(from, rich_request());
    for (const auto* to : {&llm::openai_chat(), &llm::openai_responses(), &llm::anthropic_messages(), &llm::gemini()}) {
        CAPTURE(from.name(), to->name());
        CHECK(told_turns(reread(*to, request)) == told_turns(rich_request()));
    }
}

TEST_CASE("each way to choose tools can be said", "[llm][formats][conformance]") {
    const auto& format = *every_format();
    CAPTURE(format.name());
    auto request = rich_request();
    request.tool_choice.kind = GENERATE(ToolChoice::Kind::automatic, ToolChoice::Kind::none, ToolChoice::Kind::required, ToolChoice::Kind::one);
    if (request.tool_choice.kind == ToolChoice::Kind::one) request.tool_choice.name = "count";
    const auto again = reread(format, request);
    if (again.tool_choice.allowed.size() == 1) CHECK(again.tool_choice.allowed[0] == "count");  // Gemini's way to say one
    else CHECK(again.tool_choice.kind == request.tool_choice.kind);
    if (again.tool_choice.kind == ToolChoice::Kind::one) CHECK(again.tool_choice.name == "count");
}

TEST_CASE("a tool that may not be called is not offered, or forbidden", "[llm][formats][conformance]") {
    const auto& format = *every_format();
    CAPTURE(format.name());
    auto request = rich_request();
    request.tool_choice.kind = GENERATE(ToolChoice::Kind::automatic, ToolChoice::Kind::required);
    request.tool_choice.allowed = {"count"};
    const auto again = reread(format, request);
    const bool offered_alone = again.tools.size() == 1 && again.tools[0].name == "count";
    const bool one = again.tool_choice.kind == ToolChoice::Kind::one && again.tool_choice.name == "count";
    CHECK((offered_alone || one || again.tool_choice.allowed == request.tool_choice.allowed));
}

TEST_CASE("a schema for the answer survives, and so does the wish for JSON where a format has it", "[llm][formats][conformance]") {
    const auto& format = *every_format();
    CAPTURE(format.name());
    auto request = rich_request();
    request.tools.clear();
    request.turns.resize(2);
    request.tool_choice = {};
    request.answer.kind = AnswerFormat::Kind::schema;
    request.answer.schema = schema;
    const auto again = reread(format, request);
    CHECK(again.answer.kind == AnswerFormat::Kind::schema);
    CHECK(again.answer.schema["required"] == schema["required"]);
}

TEST_CASE("what is bound to another format is refused, with its place", "[llm][formats][conformance]") {
    const auto& format = *every_format();
    CAPTURE(format.name());
    auto request = rich_request();
    SECTION("parts of the request") {
        request.format = "somebody.else";
        request.bound.push_back({"/container", "only there"});
        const auto body = format.write_request(request);
        REQUIRE(!body);
        CHECK(body.error().code == ErrorCode::unprocessable);
        REQUIRE(body.error().details.size() == 1);
        CHECK(body.error().details[0].pointer == "/container");
        request.format = format.name();
        CHECK(format.write_request(request));
    }
    SECTION("a tool that another vendor runs") {
        request.tools.push_back({.name = "find_on_web", .native = Json{{"type", "web"}}, .native_format = "somebody.else"});
        const auto body = format.write_request(request);
        REQUIRE(!body);
        CHECK(body.error().code == ErrorCode::unprocessable);
        CHECK_THAT(body.error().message, Catch::Contains("find_on_web"));
    }
}

TEST_CASE("no value in a request breaks the reader: it is read, or refused with a place", "[llm][formats][conformance]") {
    const auto& format = *every_format();
    CAPTURE(format.name());
    std::size_t refused = 0;
    with_each_value_broken(written(format, rich_request()), [&](const Json& body) {
        const auto request = format.read_request(body);
        if (request) {
            (void)format.write_request(*request);
            return;
        }
        ++refused;
        if (request.error().code != ErrorCode::invalid_argument) FAIL(request.error().message);
        if (request.error().details.empty()) FAIL("no place is named");
    });
    CHECK(refused > 20);
}

TEST_CASE("a rich answer is the same after it was written and read", "[llm][formats][conformance]") {
    const auto& format = *every_format();
    CAPTURE(format.name());
    const auto answer = rich_answer();
    const auto body = format.write_answer(answer, context());
    CHECK_THAT(body.dump(), Catch::Contains("best"));  // the model as the client called it
    const auto again = format.read_answer(body);
    REQUIRE(again);
    CHECK(told(again->blocks) == told(answer.blocks));
    CHECK(again->stop == StopReason::tool_use);
    CHECK(again->id == "id-1");
    REQUIRE(again->usage);
    CHECK(again->usage->input_uncached == 40);
    CHECK(again->usage->cache_read == 60);
    CHECK(again->usage->output_visible == 30);
    CHECK(again->usage->output_reasoning == 20);
    CHECK_FALSE(again->usage->raw.empty());
    CHECK(format.read_usage(body) == again->usage);
}

TEST_CASE("each end of an answer survives", "[llm][formats][conformance]") {
    const auto& format = *every_format();
    const auto stop = GENERATE(StopReason::end, StopReason::length, StopReason::content_filter);
    CAPTURE(format.name(), static_cast<int>(stop));
    auto answer = rich_answer();
    answer.blocks.resize(1);
    answer.stop = stop;
    const auto again = format.read_answer(format.write_answer(answer, context()));
    REQUIRE(again);
    // Anthropic calls what was filtered a refusal.
    if (stop == StopReason::content_filter && again->stop == StopReason::refusal) return;
    CHECK(again->stop == stop);
}

TEST_CASE("an answer without text and usage can be written and read", "[llm][formats][conformance]") {
    const auto& format = *every_format();
    CAPTURE(format.name());
    const auto again = format.read_answer(format.write_answer(ModelAnswer{}, context()));
    REQUIRE(again);
    for (const auto& block : again->blocks) CHECK(block.text.empty());
    CHECK(again->stop == StopReason::end);
}

TEST_CASE("no value in an answer breaks the reader: it is read, or a failure of the provider", "[llm][formats][conformance]") {
    const auto& format = *every_format();
    CAPTURE(format.name());
    with_each_value_broken(format.write_answer(rich_answer(), context()), [&](const Json& body) {
        const auto answer = format.read_answer(body);
        if (!answer && answer.error().code != ErrorCode::upstream_failed) FAIL(answer.error().message);
        if (const auto usage = format.read_usage(body)) {
            if (usage->input() < 0 || usage->output() < 0 || usage->cache_read < 0) FAIL("a negative count");
        }
    });
}

TEST_CASE("an error written for a client means the same to a reader", "[llm][formats][conformance]") {
    const auto& format = *every_format();
    const auto [status, type] = GENERATE(table<int, std::string>({
        {400, "invalid_request"}, {401, "authentication"}, {403, "permission"}, {404, "not_found"}, {413, "too_large"},
        {429, "rate_limited"}, {502, "upstream_failed"}, {503, "overloaded"}, {504, "timeout"},
    }));
    CAPTURE(format.name(), status);
    const bool google = format.name() == "gemini";  // whose names for errors are fewer
    const llm::CallError error{.status = status, .type = type, .message = "what to do next"};
    const auto body = format.write_error(error, "req_1");
    CHECK(Json::accept(body));
    const auto again = format.read_error(status, {}, body);
    CHECK(again.status == status);
    if (google && type == "too_large") CHECK((again.type == "too_large" || again.type == "invalid_request"));
    else if (google && type == "upstream_failed") CHECK((again.type == "upstream_failed" || again.type == "overloaded"));
    else CHECK(again.type == type);
    CHECK(again.message == "what to do next");
}

TEST_CASE("a budget's refusal has its code in every format", "[llm][formats][conformance]") {
    const auto& format = *every_format();
    CAPTURE(format.name());
    Error refused;
    refused.code = ErrorCode::budget_exceeded;
    refused.message = "the budget of team a is used up; raise it under Budgets";
    const auto error = llm::call_error(refused);
    CHECK(error.status == 402);
    CHECK(error.should_retry == false);
    CHECK_THAT(format.write_error(error, "req_1"), Catch::Contains("budget_exceeded", Catch::CaseSensitive::No) && Catch::Contains("raise it under Budgets"));
}

TEST_CASE("what a vendor says of trying again is understood in every format", "[llm][formats][conformance]") {
    const auto& format = *every_format();
    const auto [name, value, wait_ms] = GENERATE(table<std::string, std::string, std::int64_t>({
        {"retry-after-ms", "1500", 1'500},
        {"Retry-After", "7", 7'000},
        {"Retry-After", "Tue, 10 Nov 2026 10:00:30 GMT", 30'000},
        {"Retry-After", "soon", 0},
        {"Retry-After", "-5", 0},
        {"Other", "7", 0},
    }));
    CAPTURE(format.name(), name, value);
    net::Headers headers;
    headers.add("Date", "Tue, 10 Nov 2026 10:00:00 GMT");
    headers.add(name, value);
    headers.add("x-should-retry", "false");
    const auto error = format.read_error(429, headers, "{}");
    CHECK(error.retry_after_ms.value_or(0) == wait_ms);
    CHECK(error.should_retry == false);
    CHECK(error.type == "rate_limited");
    CHECK_FALSE(error.message.empty());
}

TEST_CASE("a refusal that is no JSON still has a message", "[llm][formats][conformance]") {
    const auto& format = *every_format();
    const auto body = GENERATE("", "upstream connect error", "<html><body>502 Bad Gateway</body></html>", "[]", "7", "null", "{\"error\":7}", "\xff\xfe");
    CAPTURE(format.name(), body);
    const auto error = format.read_error(502, {}, body);
    CHECK(error.status == 502);
    CHECK(error.type == "upstream_failed");
    CHECK_FALSE(error.message.empty());
    CHECK_THAT(error.message, !Catch::Contains("<html>"));
}

TEST_CASE("absurd counts of tokens are no usage, in every format", "[llm][formats][conformance]") {
    const auto& format = *every_format();
    CAPTURE(format.name());
    const auto body = format.write_answer(rich_answer(), context());
    REQUIRE(format.read_usage(body));
    const auto* member = body.contains("usage") ? "usage" : "usageMetadata";
    const std::string count = body[member].contains("promptTokenCount") ? "promptTokenCount"
                              : body[member].contains("prompt_tokens")  ? "prompt_tokens"
                                                                        : "input_tokens";
    const Json values[] = {-1, INT64_MIN, INT64_MAX, UINT64_MAX, (std::int64_t{1} << 40) + 1, "7", 1.5};
    for (const auto& absurd : values) {
        INFO(absurd.dump());
        auto broken = body;
        broken[member][count] = absurd;
        CHECK_FALSE(format.read_usage(broken));
        const auto answer = format.read_answer(broken);
        REQUIRE(answer);  // the answer itself is good
        CHECK_FALSE(answer->usage);
    }
    auto without = body;
    without.erase(member);
    CHECK_FALSE(format.read_usage(without));
    without[member] = nullptr;
    CHECK_FALSE(format.read_usage(without));
}
