// What every provider promises, whatever is behind it. A new provider is one more row of
// `providers`.

#include <catch2/catch.hpp>

#include "llm/llm_world.hpp"
#include "sluice/base/json_schema.hpp"

using namespace sluice;
using namespace std::chrono_literals;
using test::ask;
using test::LlmWorld;

namespace {

/// A provider, its model, and how it is made to fail.
struct Subject {
    std::string name, model;
    std::shared_ptr<llm::Provider> provider;
    std::function<void(llm::ChatRequest&, std::string_view kind)> trouble;
};

std::vector<Subject> providers(LlmWorld& world) {
    const auto order = [](llm::ChatRequest& request, std::string_view kind) {
        request.extra["simulate"] = {{"fail", kind}};
    };
    const auto script = [&world](llm::ChatRequest&, std::string_view kind) {
        using test::WireServer;
        if (kind == "rate_limited")
            world.wire->next.push_back(WireServer::status(
                429, R"({"error":{"message":"slow down"}})", "Retry-After: 7\r\n"));
        if (kind == "upstream_failed") world.wire->next.push_back(WireServer::status(500, "oops"));
        if (kind == "unauthenticated")
            world.wire->next.push_back(
                WireServer::status(401, R"({"error":{"message":"bad key"}})"));
        if (kind == "invalid_argument")
            world.wire->next.push_back(
                WireServer::status(400, R"({"error":{"message":"no such thing"}})"));
        if (kind == "hang") world.wire->next.push_back({{}, false, true});
        if (kind == "cut")
            world.wire->next.push_back(
                {{"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n",
                  "data: {\"choices\":[{\"delta\":{\"content\":\"Half an\"}}]}\n\ndata: {\"choi"},
                 true});
    };
    return {{"simulated", "simulated-small", llm::make_simulated(world.loop), order},
            {"openai_compatible", "tiny-1", world.openai(), script}};
}

Json ticket_schema() {
    return Json::parse(
        R"({"type": "object", "additionalProperties": false, "required": ["urgency", "language", "score", "tags"], "properties": {
        "urgency": {"type": "string", "enum": ["low", "high"]}, "language": {"type": "string", "pattern": "^[a-z]{2}$"},
        "score": {"type": "number", "minimum": 0, "maximum": 1}, "tags": {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 3}}})");
}

}  // namespace

TEST_CASE("a provider answers with text, tokens and a price", "[llm][conformance]") {
    LlmWorld world;
    for (auto& subject : providers(world)) {
        CAPTURE(subject.name);
        const auto answer =
            world.chat(*subject.provider, ask(subject.model, "Where is my parcel from Hamburg?"));
        REQUIRE(answer);
        CHECK_FALSE(answer->text.empty());
        CHECK(answer->finish_reason == "stop");
        CHECK_FALSE(answer->model.empty());
        CHECK(answer->usage.input_tokens > 0);
        CHECK(answer->usage.output_tokens > 0);
        CHECK(answer->cost_known);
        CHECK(answer->cost.value > 0);
        CHECK(subject.provider->models().front().price.has_value());
    }
}

TEST_CASE("the streamed pieces are the answer", "[llm][conformance]") {
    LlmWorld world;
    for (auto& subject : providers(world)) {
        CAPTURE(subject.name);
        std::string streamed;
        int pieces = 0;
        const auto answer = world.chat(
            *subject.provider,
            ask(subject.model, "Tell me about rivers, mountains and the weather in Norway"),
            [&](std::string_view piece) { streamed += piece, ++pieces; });
        REQUIRE(answer);
        CHECK(streamed == answer->text);
        CHECK(pieces > 1);
        const auto whole = world.chat(
            *subject.provider,
            ask(subject.model, "Tell me about rivers, mountains and the weather in Norway"));
        REQUIRE(whole);
        CHECK(whole->text == answer->text);
    }
}

TEST_CASE("an answer keeps the requested schema", "[llm][conformance]") {
    LlmWorld world;
    for (auto& subject : providers(world)) {
        CAPTURE(subject.name);
        for (const bool streamed : {false, true}) {
            auto request =
                ask(subject.model, "Classify: the shop is down, please help immediately");
            request.response_schema = ticket_schema();
            const auto answer =
                world.chat(*subject.provider, request,
                           streamed ? llm::TextSink([](std::string_view) {}) : llm::TextSink());
            REQUIRE(answer);
            const auto value = base::parse_json(answer->text);
            REQUIRE(value);
            CHECK(base::JsonSchema::compile(ticket_schema())->validate(*value).empty());
        }
    }
}

TEST_CASE("a tool is called when it is asked for, with arguments of its schema",
          "[llm][conformance]") {
    LlmWorld world;
    for (auto& subject : providers(world)) {
        CAPTURE(subject.name);
        const auto parameters = Json::parse(
            R"({"type": "object", "required": ["city", "days"], "properties": {"city": {"type": "string"}, "days": {"type": "integer", "minimum": 1, "maximum": 7}}})");
        for (const auto* choice : {"required", "weather_report", "", "none"}) {
            for (const bool streamed : {false, true}) {
                CAPTURE(choice, streamed);
                auto request = ask(subject.model, "Use weather_report for Oslo");
                request.tools.push_back({"weather_report", "Gives the weather", parameters});
                request.tool_choice = choice;
                const auto answer =
                    world.chat(*subject.provider, request,
                               streamed ? llm::TextSink([](std::string_view) {}) : llm::TextSink());
                REQUIRE(answer);
                if (std::string_view(choice) == "none") {
                    CHECK(answer->tool_calls.empty());
                    continue;
                }
                REQUIRE(answer->tool_calls.size() == 1);
                CHECK(answer->tool_calls[0].name == "weather_report");
                CHECK_FALSE(answer->tool_calls[0].id.empty());
                CHECK(base::JsonSchema::compile(parameters)
                          ->validate(answer->tool_calls[0].arguments)
                          .empty());
                CHECK(answer->finish_reason == "tool_calls");
            }
        }
    }
}

TEST_CASE("the output limit cuts the answer and says so", "[llm][conformance]") {
    LlmWorld world;
    for (auto& subject : providers(world)) {
        CAPTURE(subject.name);
        auto request =
            ask(subject.model, "Describe elephants, giraffes, hippopotami and crocodiles");
        request.max_output_tokens = 3;
        const auto answer = world.chat(*subject.provider, request);
        REQUIRE(answer);
        CHECK(answer->finish_reason == "length");
        CHECK(answer->text.size() <= 12);
    }
}

TEST_CASE("a failure has its code and says whether another try can help", "[llm][conformance]") {
    struct Row {
        std::string kind;
        ErrorCode code;
        bool retryable;
    };
    const auto row = GENERATE(values<Row>({{"rate_limited", ErrorCode::rate_limited, true},
                                           {"upstream_failed", ErrorCode::upstream_failed, true},
                                           {"unauthenticated", ErrorCode::unauthenticated, false},
                                           {"invalid_argument", ErrorCode::invalid_argument, false},
                                           {"cut", ErrorCode::upstream_failed, true}}));
    LlmWorld world;
    for (auto& subject : providers(world)) {
        CAPTURE(subject.name, row.kind);
        auto request = ask(subject.model, "Hello there, how are the gardens?");
        subject.trouble(request, row.kind);
        const auto answer = world.chat(*subject.provider, request, [](std::string_view) {});
        REQUIRE_FALSE(answer);
        CHECK(answer.error().code == row.code);
        CHECK(answer.error().retryable == row.retryable);
        CHECK_FALSE(answer.error().message.empty());
        CHECK(answer.error().message.find("sk-test") == std::string::npos);
        if (row.kind == "rate_limited") CHECK(answer.error().retry_after_us > 0);
    }
}

TEST_CASE("a provider that hangs ends at the request's deadline", "[llm][conformance]") {
    LlmWorld world;
    for (auto& subject : providers(world)) {
        CAPTURE(subject.name);
        auto request = ask(subject.model, "Hello");
        request.timeout = 5s;
        subject.trouble(request, "hang");
        const auto answer = world.begin_chat(*subject.provider, request);
        const auto before = world.http->requests.size();
        world.turn_until(
            [&] { return subject.name == "simulated" || world.http->requests.size() > before; });
        for (int i = 0; i < 5; ++i) world.loop.run_ready();
        CHECK_FALSE(answer->has_value());
        world.clock.advance(6s);
        REQUIRE(world.turn_until([&] { return answer->has_value(); }));
        REQUIRE_FALSE(**answer);
        CHECK((*answer)->error().code == ErrorCode::timeout);
        CHECK((*answer)->error().retryable);
    }
}

TEST_CASE("cancelling the caller ends a call", "[llm][conformance]") {
    LlmWorld world;
    for (auto& subject : providers(world)) {
        CAPTURE(subject.name);
        auto request = ask(subject.model, "Hello");
        subject.trouble(request, "hang");
        const auto before = world.tasks->size();
        runtime::TaskGroup::TaskId id = 0;
        const auto answer = world.begin_chat(*subject.provider, request, {}, &id);
        for (int i = 0; i < 5; ++i) world.loop.run_ready();
        world.tasks->cancel(id);
        CHECK(world.turn_until([&] { return world.tasks->size() <= before + 1; }));
        world.turn_until([&] { return answer->has_value() || world.tasks->size() <= before; });
        if (answer->has_value()) CHECK((*answer)->error().code == ErrorCode::cancelled);
    }
}
