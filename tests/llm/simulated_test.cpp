#include <catch2/catch.hpp>

#include "llm/llm_world.hpp"
#include "llm/simulated_value.hpp"
#include "sluice/base/json_schema.hpp"

using namespace sluice;
using namespace std::chrono_literals;
using test::ask;
using test::LlmWorld;

namespace {

Json simulate(const Json& schema, std::string_view prompt, std::uint64_t seed = 1) {
    const auto value = llm::simulate_value(schema, llm::PromptWords(prompt), seed);
    REQUIRE(value);
    return *value;
}

}  // namespace

TEST_CASE("the same request gets the same answer, another one another", "[llm][simulated]") {
    LlmWorld world;
    const auto first = llm::make_simulated(world.loop), second = llm::make_simulated(world.loop);
    auto request = ask("simulated-small", "Draft a reply about the lost parcel");
    const auto a = world.chat(*first, request), b = world.chat(*second, request);
    REQUIRE(a);
    REQUIRE(b);
    CHECK(a->text == b->text);
    request.idempotency_key = "another";
    request.timeout = 5s;
    CHECK(world.chat(*first, request)->text == a->text);
    CHECK(world.chat(*first, ask("simulated-small", "Draft a reply about the broken lamp"))->text !=
          a->text);
}

TEST_CASE("the answers of the simulated model are these on every machine", "[llm][simulated]") {
    LlmWorld world;
    const auto provider = llm::make_simulated(world.loop);
    const auto answer = world.chat(
        *provider, ask("simulated-small", "The parcel from Hamburg arrived broken and wet"));
    REQUIRE(answer);
    CHECK(answer->text ==
          "Simulated reply about parcel, hamburg and arrived. It also mentions broken.");
    CHECK(llm::stable_hash("sluice", 42) == 7457969964192488879ULL);
}

TEST_CASE("what speaks for a label in the prompt decides it", "[llm][simulated]") {
    const auto schema = Json::parse(
        R"({"type": "object", "required": ["urgency", "language", "category"], "properties": {
        "urgency": {"enum": ["low", "medium", "high"]}, "language": {"enum": ["en", "de", "fr"]}, "category": {"enum": ["billing", "bug", "shipping"]}}})");
    struct Row {
        std::string prompt, urgency, language, category;
    };
    const auto row = GENERATE(values<Row>({
        {"Our production is down, help immediately! The app shows an error and crashes.", "high",
         "en", "bug"},
        {"Mein Paket ist nicht angekommen, die Lieferung ist dringend, bitte sofort helfen", "high",
         "de", "shipping"},
        {"Bonjour, une question: comment changer ma facture? Merci, pas urgent pour nous", "low",
         "fr", "billing"},
        {"Classify urgency as low, medium or high. Ticket: I was wondering how do I download an "
         "invoice? Thanks, whenever you have time",
         "low", "en", "billing"},
    }));
    CAPTURE(row.prompt);
    const auto value = simulate(schema, row.prompt);
    CHECK(value["language"] == row.language);
    CHECK(value["category"] == row.category);
    if (row.language != "fr") CHECK(value["urgency"] == row.urgency);
}

TEST_CASE("a language is told by its small words", "[llm][simulated]") {
    const auto schema = Json::parse(
        R"({"type": "object", "required": ["language"], "properties": {"language": {"type": "string", "pattern": "^[a-z]{2}$"}}})");
    CHECK(simulate(
              Json::parse(R"({"type": "object", "properties": {"language": {"type": "string"}}})"),
              "Hola, mi cuenta no funciona por favor")["language"] == "es");
    CHECK(simulate(
              Json::parse(R"({"type": "object", "properties": {"language": {"type": "string"}}})"),
              "The invoice is wrong and we have to pay")["language"] == "en");
    CHECK(simulate(schema, "x")["language"].get<std::string>().size() == 2);
}

TEST_CASE("every kind of schema gets a value that keeps it", "[llm][simulated]") {
    const auto text = GENERATE(values<std::string>({
        R"({"type": "integer", "minimum": 3, "maximum": 5})",
        R"({"type": "integer", "exclusiveMinimum": 3, "exclusiveMaximum": 5})",
        R"({"type": "number", "multipleOf": 0.25, "minimum": 1, "maximum": 2})",
        R"({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.001})",
        R"({"type": "integer", "multipleOf": 7, "minimum": 10})",
        R"({"type": "number", "maximum": -5})",
        R"({"type": "boolean"})",
        R"({"type": "null"})",
        R"({"const": {"a": [1, 2]}})",
        R"({"enum": [1, "two", null]})",
        R"({"type": ["null", "string"]})",
        R"({"type": "string", "minLength": 200})",
        R"({"type": "string", "maxLength": 3})",
        R"({"type": "string", "pattern": "^[A-Z]{3}-[0-9]{4}$"})",
        R"({"type": "string", "pattern": "^(foo|bar)+(\\.x)?$"})",
        R"({"type": "string", "pattern": "^\\d{4}-\\d{2}$"})",
        R"({"type": "string", "format": "date-time"})",
        R"({"type": "string", "format": "email"})",
        R"({"type": "string", "format": "uuid"})",
        R"({"type": "string", "format": "date"})",
        R"({"type": "string", "format": "uri"})",
        R"({"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 4, "uniqueItems": true})",
        R"({"type": "array", "maxItems": 0})",
        R"({"type": "array", "items": {"enum": ["a", "b", "c"]}, "minItems": 3, "uniqueItems": true})",
        R"({"type": "array", "items": [{"type": "integer"}, {"type": "string"}], "minItems": 2})",
        R"({"anyOf": [{"type": "string", "maxLength": 2}, {"type": "integer"}]})",
        R"({"oneOf": [{"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}, "additionalProperties": false}, {"type": "null"}]})",
        R"({"allOf": [{"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}, {"properties": {"b": {"type": "string"}}, "required": ["b"]}]})",
        R"({"type": "object", "required": ["x"], "additionalProperties": {"type": "integer"}})",
        R"({"definitions": {"node": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}, "child": {"$ref": "#/definitions/node"}}}}, "$ref": "#/definitions/node"})",
        R"({"type": "object", "additionalProperties": false, "properties": {"inner": {"type": "object", "required": ["deep"], "properties": {"deep": {"type": "array", "items": {"type": "object", "properties": {"n": {"type": "number"}}}}}}}})",
    }));
    CAPTURE(text);
    const auto schema = Json::parse(text);
    const auto compiled = base::JsonSchema::compile(schema);
    REQUIRE(compiled);
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        const auto value =
            simulate(schema, "The quick brown fox jumps over lazy dogs near Berlin", seed);
        CAPTURE(seed, value.dump());
        CHECK(compiled->validate(value).empty());
    }
}

TEST_CASE("a schema that nothing keeps is refused in words", "[llm][simulated]") {
    const auto value =
        llm::simulate_value(Json::parse(R"({"type": "integer", "minimum": 5, "maximum": 3})"),
                            llm::PromptWords("x"), 1);
    REQUIRE_FALSE(value);
    CHECK_THAT(value.error().message, Catch::Contains("found no value"));
    CHECK_FALSE(
        llm::simulate_value(Json::parse(R"({"type": "martian"})"), llm::PromptWords("x"), 1));
}

TEST_CASE("an address in the prompt becomes the answer's address", "[llm][simulated]") {
    const auto value = simulate(
        Json::parse(
            R"({"type": "object", "properties": {"contact": {"type": "string", "format": "email"}}})"),
        "Write to ada.l@example.org. Thanks");
    CHECK(value["contact"] == "ada.l@example.org");
}

TEST_CASE("ordered trouble ends after the first calls, in order", "[llm][simulated]") {
    LlmWorld world;
    const auto provider = llm::make_simulated(world.loop);
    auto request = ask("simulated-small", "Hello gardens");
    request.extra = Json::parse(R"({"simulate": {"fail": "rate_limited", "fail_first": 2}})");
    CHECK(world.chat(*provider, request).error().code == ErrorCode::rate_limited);
    CHECK(world.chat(*provider, request).error().code == ErrorCode::rate_limited);
    CHECK(world.chat(*provider, request));
    auto other = ask("simulated-small", "Hello rivers");
    other.extra = request.extra;
    CHECK_FALSE(world.chat(*provider, other));
}

TEST_CASE("an ordered delay is taken from the clock", "[llm][simulated]") {
    LlmWorld world;
    const auto provider = llm::make_simulated(world.loop, {100ms, 0});
    auto request = ask("simulated-small", "Hello gardens");
    request.extra = Json::parse(R"({"simulate": {"delay": "200ms"}})");
    const auto answer = world.begin_chat(*provider, request);
    world.loop.run_ready();
    world.clock.advance(299ms);
    world.loop.run_ready();
    CHECK_FALSE(answer->has_value());
    world.clock.advance(1ms);
    REQUIRE(world.turn_until([&] { return answer->has_value(); }));
    CHECK(**answer);
}

TEST_CASE("a failure rate fails about that share, and a repetition may succeed",
          "[llm][simulated]") {
    LlmWorld world;
    const auto provider = llm::make_simulated(world.loop, {Duration(0), 0.3});
    int failed = 0, failed_twice = 0;
    for (int i = 0; i < 400; ++i) {
        const auto request = ask("simulated-small", fmt::format("ticket number {}", i));
        if (world.chat(*provider, request)) continue;
        ++failed;
        if (!world.chat(*provider, request)) ++failed_twice;
    }
    CHECK(failed > 80);
    CHECK(failed < 160);
    CHECK(failed_twice < failed / 2);
}

TEST_CASE("an order that is none is refused by name", "[llm][simulated]") {
    LlmWorld world;
    const auto provider = llm::make_simulated(world.loop);
    auto request = ask("simulated-small", "Hello");
    request.extra = Json::parse(R"({"simulate": {"explode": true}})");
    const auto answer = world.chat(*provider, request);
    REQUIRE_FALSE(answer);
    CHECK_THAT(answer.error().message, Catch::Contains("explode"));
    request.extra = Json::parse(R"({"simulate": {"fail": "badly"}})");
    CHECK_THAT(world.chat(*provider, request).error().message, Catch::Contains("badly"));
    CHECK(world.chat(*provider, ask("gpt-9", "Hello")).error().code == ErrorCode::invalid_argument);
}

TEST_CASE("after a tool's answer the simulated model speaks", "[llm][simulated]") {
    LlmWorld world;
    const auto provider = llm::make_simulated(world.loop);
    auto request = ask("simulated-small", "Use lookup_order for 17");
    request.tools.push_back({"lookup_order", "", Json::parse(R"({"type": "object"})")});
    const auto first = world.chat(*provider, request);
    REQUIRE(first);
    REQUIRE(first->tool_calls.size() == 1);
    request.messages.push_back({"assistant", nullptr, {}, first->tool_calls});
    request.messages.push_back({"tool", "status shipped yesterday", first->tool_calls[0].id, {}});
    const auto second = world.chat(*provider, request);
    REQUIRE(second);
    CHECK(second->tool_calls.empty());
    CHECK_THAT(second->text, Catch::Contains("shipped"));
}

TEST_CASE("tokens are a started four bytes each and priced by the model", "[llm][simulated]") {
    CHECK(llm::estimate_tokens("") == 0);
    CHECK(llm::estimate_tokens("abcd") == 1);
    CHECK(llm::estimate_tokens("abcde") == 2);
    LlmWorld world;
    const auto provider = llm::make_simulated(world.loop);
    const auto small = world.chat(*provider, ask("simulated-small", "Compare apples with oranges"));
    const auto large = world.chat(*provider, ask("simulated-large", "Compare apples with oranges"));
    REQUIRE(small);
    REQUIRE(large);
    CHECK(small->usage.input_tokens == 10);  // 27 bytes and one message
    CHECK(small->cost == llm::cost_of(small->usage, *provider->models()[0].price));
    CHECK(large->cost.value > 15 * small->cost.value);
}
