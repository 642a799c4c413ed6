#include <catch2/catch.hpp>

#include "llm/llm_world.hpp"

using namespace sluice;
using namespace std::chrono_literals;
using test::ask;
using test::LlmWorld;
using test::WireServer;

namespace {

llm::ChatRequest structured(std::string prompt = "Is it urgent? The shop is down") {
    auto request = ask("tiny-1", std::move(prompt));
    request.response_schema = Json::parse(
        R"({"type": "object", "required": ["urgent"], "additionalProperties": false, "properties": {"urgent": {"type": "boolean"}}})");
    request.max_output_tokens = 100;
    return request;
}

}  // namespace

TEST_CASE("a chat request is sent in OpenAI's words", "[llm][openai]") {
    LlmWorld world;
    const auto provider = world.openai();
    auto request = structured();
    request.messages.insert(request.messages.begin(), {"system", "Be brief.", {}, {}});
    request.temperature = 0.5;
    request.idempotency_key = "key-1";
    request.extra = Json::parse(R"({"seed": 7, "simulate": {"delay": "1s"}})");
    REQUIRE(world.chat(*provider, request, [](std::string_view) {}));
    REQUIRE(world.wire->bodies.size() == 1);
    const auto& body = world.wire->bodies[0];
    CHECK(body["model"] == "tiny-1");
    CHECK(
        body["messages"] ==
        Json::parse(
            R"([{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Is it urgent? The shop is down"}])"));
    CHECK(body["temperature"] == 0.5);
    CHECK(body["max_tokens"] == 100);
    CHECK(body["stream"] == true);
    CHECK(body["stream_options"]["include_usage"] == true);
    CHECK(body["seed"] == 7);
    CHECK_FALSE(body.contains("simulate"));
    CHECK(body["response_format"]["json_schema"]["strict"] == true);
    CHECK(body["response_format"]["json_schema"]["name"] == "answer");
    CHECK_THAT(world.wire->heads[0], Catch::Contains("Authorization: Bearer sk-test-1234567890") &&
                                         Catch::Contains("Idempotency-Key: key-1"));
}

TEST_CASE("usage is the server's, or counted and marked when it gives none", "[llm][openai]") {
    LlmWorld world;
    const auto provider = world.openai();
    for (const bool streamed : {false, true}) {
        const llm::TextSink sink =
            streamed ? llm::TextSink([](std::string_view) {}) : llm::TextSink();
        world.wire->no_usage = false;
        const auto told = world.chat(*provider, ask("tiny-1", "Hello gardens"), sink);
        REQUIRE(told);
        CHECK(told->usage.input_tokens == 21);
        CHECK(told->usage.output_tokens == 9);
        CHECK(told->usage.cached_input_tokens == 4);
        CHECK_FALSE(told->usage.estimated);
        CHECK(told->cost.value == 21 * 1000 + 9 * 2000);
        CHECK(told->model == "tiny-1-2026");
        world.wire->no_usage = true;
        const auto counted = world.chat(*provider, ask("tiny-1", "Hello gardens"), sink);
        REQUIRE(counted);
        CHECK(counted->usage.estimated);
        CHECK(counted->usage.output_tokens == llm::estimate_tokens(counted->text));
    }
    const auto unknown = world.chat(*provider, ask("tiny-2", "Hello gardens"));
    REQUIRE(unknown);
    CHECK_FALSE(unknown->cost_known);
}

TEST_CASE("what a server refuses is left out, and remembered", "[llm][openai]") {
    LlmWorld world;
    const auto provider = world.openai();
    SECTION("no json_schema: the schema goes into the prompt") {
        world.wire->no_json_schema = true;
        const auto answer = world.chat(*provider, structured());
        REQUIRE(answer);
        REQUIRE(world.wire->bodies.size() == 2);
        CHECK(world.wire->bodies[1]["response_format"]["type"] == "json_object");
        CHECK_THAT(world.wire->bodies[1]["messages"][0]["content"].get<std::string>(),
                   Catch::Contains("JSON Schema: {"));
        REQUIRE(world.chat(*provider, structured()));
        CHECK(world.wire->bodies.size() == 3);
    }
    SECTION("no response_format at all") {
        world.wire->no_json_schema = world.wire->no_json_object = true;
        REQUIRE(world.chat(*provider, structured()));
        REQUIRE(world.wire->bodies.size() == 3);
        CHECK_FALSE(world.wire->bodies[2].contains("response_format"));
    }
    SECTION("no stream_options") {
        world.wire->no_stream_options = true;
        const auto answer = world.chat(*provider, structured(), [](std::string_view) {});
        REQUIRE(answer);
        CHECK(answer->usage.estimated);
        CHECK_FALSE(world.wire->bodies.back().contains("stream_options"));
    }
    SECTION("only the newer name of the output limit") {
        world.wire->only_max_completion_tokens = true;
        REQUIRE(world.chat(*provider, structured()));
        CHECK(world.wire->bodies.back()["max_completion_tokens"] == 100);
        CHECK_FALSE(world.wire->bodies.back().contains("max_tokens"));
    }
    SECTION("everything at once") {
        world.wire->no_json_schema = world.wire->no_json_object = world.wire->no_stream_options =
            world.wire->only_max_completion_tokens = true;
        REQUIRE(world.chat(*provider, structured(), [](std::string_view) {}));
    }
}

TEST_CASE("a server that ignores stream is read all the same", "[llm][openai]") {
    LlmWorld world;
    world.wire->ignores_stream = true;
    const auto provider = world.openai();
    std::string streamed;
    const auto answer = world.chat(*provider, ask("tiny-1", "Hello gardens"),
                                   [&](std::string_view piece) { streamed += piece; });
    REQUIRE(answer);
    CHECK(streamed == answer->text);
}

TEST_CASE("garbage is a failure of the provider that may pass", "[llm][openai]") {
    LlmWorld world;
    const auto provider = world.openai();
    const auto reply = GENERATE(values<test::Reply>({
        WireServer::status(200, "<html>hello</html>"),
        WireServer::status(200, R"({"choices": []})"),
        WireServer::status(200, R"({"choices": [{"index": 0}]})"),
        WireServer::status(200, "[1, 2"),
        WireServer::stream({"not json"}),
        WireServer::stream({R"({"object": "nothing"})"}),
        WireServer::stream({R"({"choices":[{"delta":{"content":"Half"}}]})"}, false),
        WireServer::stream({}),
        WireServer::stream({R"({"choices":[{"delta":{"content":"Half"}}]})",
                            R"({"error":{"message":"the GPU is on fire"}})"}),
        WireServer::stream(
            {R"({"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\":"}}]},"finish_reason":"tool_calls"}]})"}),
    }));
    world.wire->next.push_back(reply);
    const auto answer =
        world.chat(*provider, ask("tiny-1", "Hello gardens"), [](std::string_view) {});
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == ErrorCode::upstream_failed);
    CHECK(answer.error().retryable);
    CHECK_THAT(answer.error().message, Catch::Contains("openai") || Catch::Contains("the tool f"));
}

TEST_CASE("an empty account is no passing rate limit", "[llm][openai]") {
    LlmWorld world;
    const auto provider = world.openai();
    world.wire->next.push_back(WireServer::status(
        429,
        R"({"error":{"message":"You exceeded your current quota","code":"insufficient_quota"}})"));
    const auto empty = world.chat(*provider, ask("tiny-1", "Hello"));
    REQUIRE_FALSE(empty);
    CHECK_FALSE(empty.error().retryable);
    world.wire->next.push_back(WireServer::status(429, "{}", "Retry-After: 12\r\n"));
    const auto limited = world.chat(*provider, ask("tiny-1", "Hello"));
    REQUIRE_FALSE(limited);
    CHECK(limited.error().retryable);
    CHECK(limited.error().retry_after_us == 12'000'000);
}

TEST_CASE("a server that is not there is said to be so", "[llm][openai]") {
    LlmWorld world;
    llm::OpenAiOptions options;
    options.name = "local";
    options.base_url = "http://127.0.0.1:1/v1";
    const auto provider = llm::make_openai_compatible(world.client, world.loop, options);
    const auto answer = world.chat(*provider, ask("tiny-1", "Hello"));
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == ErrorCode::upstream_failed);
    CHECK(answer.error().retryable);
    CHECK_THAT(answer.error().message, Catch::Contains("local could not be asked"));
}

TEST_CASE("without a key the simulated model is the default", "[llm][configure]") {
    LlmWorld world;
    llm::Providers providers;
    REQUIRE(world.configure(providers, {}));
    CHECK(providers.resolve("")->model == "simulated-small");
    CHECK(providers.resolve("default")->provider->type() == "simulated");
    CHECK(providers.resolve("simulated/simulated-large")->model == "simulated-large");
    const auto missing = providers.resolve("gpt-5");
    REQUIRE_FALSE(missing);
    CHECK(missing.error().code == ErrorCode::not_found);
    CHECK_THAT(missing.error().message, Catch::Contains("simulated-small"));
    CHECK_FALSE(providers.resolve("simulated/nothing"));
}

TEST_CASE("with a base URL that server's first model is the default", "[llm][configure]") {
    LlmWorld world;
    llm::Providers providers;
    llm::LlmConfig config;
    config.openai_base_url = world.http->url("/v1/");
    REQUIRE(world.configure(providers, config));
    const auto choice = providers.resolve("");
    REQUIRE(choice);
    CHECK(choice->model == "tiny-1");
    CHECK(choice->provider->name() == "local");
    CHECK(providers.resolve("local/something-else")->model == "something-else");
    CHECK(providers.resolve("simulated-small"));
    REQUIRE(world.chat(*choice->provider, ask(choice->model, "Hello gardens")));
}

TEST_CASE("a configured model and price are taken as they are", "[llm][configure]") {
    LlmWorld world;
    llm::Providers providers;
    llm::LlmConfig config;
    config.openai_api_key = "sk-test-1234567890";
    config.openai_base_url = world.http->url("/v1");
    config.openai_model = "mine";
    config.openai_input_usd_per_million = "0.5";
    config.openai_output_usd_per_million = "1.5";
    REQUIRE(world.configure(providers, config));
    CHECK(providers.resolve("")->model == "mine");
    CHECK(providers.resolve("mine")->price->output_per_million.value == 1'500'000'000);
    CHECK(world.wire->heads.empty());
    config.openai_output_usd_per_million = "cheap";
    CHECK(world.configure(providers, config).error().code == ErrorCode::invalid_argument);
}

TEST_CASE("a key alone means OpenAI", "[llm][configure]") {
    LlmWorld world;
    llm::Providers providers;
    llm::LlmConfig config;
    config.openai_api_key = "sk-test-1234567890";
    REQUIRE(world.configure(providers, config));
    CHECK(providers.resolve("")->model == "gpt-4o-mini");
    CHECK(providers.resolve("")->provider->name() == "openai");
}

TEST_CASE(
    "a model server that cannot be asked is named, and not replaced by a simulation in silence",
    "[llm][configure]") {
    LlmWorld world;
    llm::Providers providers;
    llm::LlmConfig config;
    config.openai_base_url = "http://127.0.0.1:1/v1";
    const auto done = world.configure(providers, config);
    REQUIRE_FALSE(done);
    CHECK_THAT(done.error().message, Catch::Contains("OPENAI_MODEL"));
    REQUIRE(providers.resolve(""));
    CHECK(providers.resolve("")->provider->name() == "local");
    CHECK(providers.resolve("simulated-small"));
    config.simulated_failure_rate = "often";
    CHECK(world.configure(providers, config).error().code == ErrorCode::invalid_argument);
    config.simulated_failure_rate = "0";
    config.openai_base_url = "not a url";
    CHECK_THAT(world.configure(providers, config).error().message, Catch::Contains("not a url"));
}
