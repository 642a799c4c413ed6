#include <catch2/catch.hpp>

#include "llm/formats/gemini.hpp"
#include "llm/wire_requests.hpp"

using namespace sluice;
using llm::Block;
using llm::StopReason;
using llm::ToolChoice;
using llm::Turn;

namespace {

const llm::Format& format() { return llm::gemini(); }

llm::ModelRequest asked(std::string_view text) { return test::asked(format(), text); }
llm::ModelRequest foreign(std::string model = "gemini-3.8-flash") { return test::foreign_request(std::move(model)); }
Json written(const llm::ModelRequest& request) { return test::written(format(), request); }

const char* const everything = R"({
    "systemInstruction": {"parts": [{"text": "Be brief."}]},
    "contents": [
        {"role": "user", "parts": [{"text": "See"}, {"inlineData": {"mimeType": "image/png", "data": "AAAA"}},
            {"fileData": {"fileUri": "https://x.example/a.pdf", "mimeType": "application/pdf"}},
            {"inlineData": {"mimeType": "audio/wav", "data": "BBBB"}}]},
        {"role": "model", "parts": [{"text": "hm", "thought": true, "thoughtSignature": "T+/="}, {"text": "Let me"},
            {"functionCall": {"id": "c1", "name": "look", "args": {"n": 9007199254740993, "f": 1.0, "e": []}}, "thoughtSignature": "S+/="},
            {"functionCall": {"id": "c2", "name": "look", "args": {}}}]},
        {"role": "user", "parts": [{"functionResponse": {"id": "c1", "name": "look", "response": {"output": "one"}}},
            {"functionResponse": {"id": "c2", "name": "look", "response": {"error": "no"}}}]}],
    "tools": [{"functionDeclarations": [{"name": "look", "description": "looks", "parametersJsonSchema": {"type": "object", "required": []}}]},
              {"googleSearch": {}}],
    "toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["look"]}},
    "generationConfig": {"temperature": 0.5, "topP": 0.9, "topK": 40, "seed": -5, "presencePenalty": 0.1, "frequencyPenalty": 0.2,
        "maxOutputTokens": 100, "candidateCount": 2, "stopSequences": ["END"], "responseMimeType": "application/json",
        "responseJsonSchema": {"type": "object"}, "thinkingConfig": {"thinkingBudget": 1024, "includeThoughts": true}, "logprobs": 3},
    "safetySettings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}], "serviceTier": "flex", "labels": {"a": "b"}})";

}  // namespace

TEST_CASE("a generateContent request is read with all that other formats have words for", "[llm][gemini]") {
    const auto request = asked(everything);
    CHECK(request.format == "gemini");
    CHECK(request.temperature == 0.5);
    CHECK(request.top_p == 0.9);
    CHECK(request.top_k == 40);
    CHECK(request.seed == -5);
    CHECK(request.presence_penalty == 0.1);
    CHECK(request.frequency_penalty == 0.2);
    CHECK(request.max_output_tokens == 100);
    CHECK(request.choices == 2);
    CHECK(request.stop == std::vector<std::string>{"END"});
    CHECK(request.thinking_tokens == 1024);
    CHECK(request.service_tier == "flex");
    CHECK(request.answer.kind == llm::AnswerFormat::Kind::schema);
    CHECK(request.tool_choice.kind == ToolChoice::Kind::one);
    CHECK(request.tool_choice.name == "look");
    REQUIRE(request.tools.size() == 2);
    CHECK(request.tools[1].name == "googleSearch");
    CHECK(request.tools[1].native_format == "gemini");
    CHECK(request.bound.empty());
    CHECK(request.extra == Json::parse(R"({"generationConfig": {"logprobs": 3, "thinkingConfig": {"includeThoughts": true}},
        "safetySettings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}], "labels": {"a": "b"}})"));
    REQUIRE(request.turns.size() == 4);
    CHECK(request.turns[0].role == Turn::Role::system);
    CHECK(request.turns[1].blocks[1].kind == Block::Kind::image);
    CHECK(request.turns[1].blocks[2].url == "https://x.example/a.pdf");
    CHECK(request.turns[1].blocks[3].kind == Block::Kind::audio);
    const auto& said = request.turns[2].blocks;
    CHECK(said[0].kind == Block::Kind::thinking);
    CHECK(said[0].signed_by == "gemini");
    CHECK(said[2].signature == "S+/=");
    CHECK(said[2].arguments == R"({"n":9007199254740993,"f":1.0,"e":[]})");
    CHECK(said[3].signed_by.empty());
    CHECK(request.turns[3].blocks[0].id == "c1");
    CHECK(request.turns[3].blocks[0].content[0].text == "one");
    CHECK(request.turns[3].blocks[1].is_error);
}

TEST_CASE("a generateContent request that is read and written again says the same", "[llm][gemini]") {
    const auto text = GENERATE(as<std::string>{}, everything,
                                R"({"contents": [{"role": "model", "parts": [{"executableCode": {"code": "1"}}, {"codeExecutionResult": {"outcome": "OK"}}, {"text": "", "thoughtSignature": "Z"},
                                        {"text": "unsigned", "thought": true}]}],
                                    "cachedContent": "cachedContents/1", "toolConfig": {"retrievalConfig": {"languageCode": "de"}},
                                    "generationConfig": {"responseModalities": ["TEXT", "IMAGE"], "thinkingConfig": {"thinkingLevel": "low"}, "responseMimeType": "text/x.enum",
                                        "responseSchema": {"type": "STRING", "enum": ["a"]}}})",
                                R"({"contents": [{"role": "user", "parts": [{"text": "a"}]}], "tools": [{"functionDeclarations": [{"name": "a"}, {"name": "b"}]}],
                                    "toolConfig": {"functionCallingConfig": {"mode": "VALIDATED", "allowedFunctionNames": ["a", "b"]}}})");
    CAPTURE(text);
    CHECK(base::dump_json_canonical(written(asked(text))) == base::dump_json_canonical(Json::parse(text)));
}

TEST_CASE("members in snake_case are the same members", "[llm][gemini]") {
    const auto request = asked(R"({
        "system_instruction": {"parts": [{"text": "S"}]},
        "contents": [{"parts": [{"inline_data": {"mime_type": "image/png", "data": "AA"}}]},
            {"role": "model", "parts": [{"function_call": {"name": "f", "args": {"snake_case": 1}}, "thought_signature": "s"}]},
            {"role": "function", "parts": [{"function_response": {"name": "f", "response": {"some_key": 1}}}]}],
        "tools": [{"function_declarations": [{"name": "f", "parameters": {"type": "OBJECT", "properties": {"my_prop": {"type": "INTEGER", "any_of": []}}}}]}, {"google_search": {}}],
        "tool_config": {"function_calling_config": {"mode": "any", "allowed_function_names": ["f", "g"]}},
        "generation_config": {"max_output_tokens": 9, "thinking_config": {"thinking_budget": 0}, "response_mime_type": "application/json", "response_logprobs": true},
        "safety_settings": [], "cached_content": "c"})");
    CHECK(request.max_output_tokens == 9);
    CHECK(request.thinking_tokens == 0);
    CHECK(request.answer.kind == llm::AnswerFormat::Kind::json);
    CHECK(request.turns[1].blocks[0].media_type == "image/png");
    CHECK(request.turns[2].blocks[0].arguments == R"({"snake_case":1})");
    CHECK(request.turns[2].blocks[0].signature == "s");
    CHECK(request.turns[3].blocks[0].content[0].text == R"({"some_key":1})");
    CHECK(request.tools[0].parameters == Json::parse(R"({"type": "object", "properties": {"my_prop": {"type": "integer", "anyOf": []}}})"));
    CHECK(request.tools[1].name == "googleSearch");
    CHECK(request.tool_choice.kind == ToolChoice::Kind::required);
    CHECK(request.tool_choice.allowed == std::vector<std::string>{"f", "g"});
    CHECK(request.extra == Json::parse(R"({"generationConfig": {"responseLogprobs": true}, "safetySettings": [], "cachedContent": "c"})"));
    REQUIRE(request.bound.size() == 1);
    CHECK(request.bound[0].pointer == "/cached_content");
}

TEST_CASE("mistakes in a generateContent request are named with their places", "[llm][gemini]") {
    struct Row {
        const char *body, *pointer, *message;
    };
    const auto row = GENERATE(
        Row{R"({})", "/contents", "at least one"}, Row{R"({"contents": []})", "/contents", "at least one"}, Row{R"({"contents": {}})", "/contents", "an array"},
        Row{R"({"contents": [5]})", "/contents/0", "an object"}, Row{R"({"contents": [{"parts": [{"text": "a"}], "role": "tool"}]})", "/contents/0/role", "user or model"},
        Row{R"({"contents": [{"role": "user"}]})", "/contents/0/parts", "is missing"}, Row{R"({"contents": [{"parts": [{"text": 5}]}]})", "/contents/0/parts/0/text", "a string"},
        Row{R"({"contents": [{"parts": [{"text": "a", "inline_data": {}}]}]})", "/contents/0/parts/0", "both text and inlineData"},
        Row{R"({"contents": [{"parts": [{"inline_data": {"data": "A"}}]}]})", "/contents/0/parts/0/inline_data/mimeType", "is missing"},
        Row{R"({"contents": [{"parts": [{"fileData": {}}]}]})", "/contents/0/parts/0/fileData/fileUri", "is missing"},
        Row{R"({"contents": [{"parts": [{"functionCall": {"args": {}}}]}]})", "/contents/0/parts/0/functionCall/name", "is missing"},
        Row{R"({"contents": [{"parts": [{"functionCall": {"name": "f", "args": "x"}}]}]})", "/contents/0/parts/0/functionCall/args", "an object"},
        Row{R"({"contents": [{"parts": [{"functionResponse": {"name": "f", "response": {}}}]}]})", "/contents/0/parts/0/functionResponse/name", "answers no call"},
        Row{R"({"contents": [{"parts": [{"functionCall": {"name": "f"}}, {"functionResponse": {"name": "f", "response": "x"}}]}]})", "/contents/0/parts/1/functionResponse/response",
            "an object"},
        Row{R"({"contents": [{"parts": []}], "safetySettings": [], "safety_settings": [1]})", "/safety_settings", "given twice"},
        Row{R"({"contents": [{"parts": []}], "generationConfig": {"max_output_tokens": 5, "maxOutputTokens": 500000}})", "/generationConfig/maxOutputTokens", "given twice"},
        Row{R"({"contents": [{"parts": []}], "generationConfig": {"maxOutputTokens": -5}})", "/generationConfig/maxOutputTokens", "whole number"},
        Row{R"({"contents": [{"parts": []}], "generationConfig": {"candidateCount": 0}})", "/generationConfig/candidateCount", "from 1"},
        Row{R"({"contents": [{"parts": []}], "generationConfig": {"thinkingConfig": {"thinkingBudget": -2}}})", "/generationConfig/thinkingConfig/thinkingBudget", "from -1"},
        Row{R"({"contents": [{"parts": []}], "generationConfig": {"responseSchema": {}, "responseJsonSchema": {}}})", "/generationConfig/responseSchema", "exclude each other"},
        Row{R"({"contents": [{"parts": []}], "generationConfig": {"responseSchema": {"items": {"minItems": "1", "min_items": "2"}}}})",
            "/generationConfig/responseSchema/items/min_items", "given twice"},
        Row{R"({"contents": [{"parts": []}], "tools": [{"functionDeclarations": [{"name": "f", "parameters": {"items": 5}}]}]})",
            "/tools/0/functionDeclarations/0/parameters/items", "must be a schema"},
        Row{R"({"contents": [{"parts": []}], "tools": [{"functionDeclarations": [{"name": "f", "parameters": {}, "parametersJsonSchema": {}}]}]})",
            "/tools/0/functionDeclarations/0/parameters", "exclude each other"},
        Row{R"({"contents": [{"parts": []}], "tools": [{"functionDeclarations": [{}]}]})", "/tools/0/functionDeclarations/0/name", "is missing"},
        Row{R"({"contents": [{"parts": []}], "toolConfig": {"functionCallingConfig": {"mode": "SOME"}}})", "/toolConfig/functionCallingConfig/mode", "must be AUTO"},
        Row{R"({"contents": [{"parts": []}], "systemInstruction": 5})", "/systemInstruction", "an object"});
    CAPTURE(row.body);
    const auto request = format().read_request(Json::parse(row.body));
    REQUIRE_FALSE(request);
    CHECK(request.error().code == ErrorCode::invalid_argument);
    REQUIRE_FALSE(request.error().details.empty());
    CHECK(request.error().details[0].pointer == row.pointer);
    CHECK_THAT(request.error().details[0].message, Catch::Contains(row.message));
}

TEST_CASE("calls without ids get some, and responses find them by name and order", "[llm][gemini]") {
    const auto request = asked(R"({"contents": [
        {"role": "model", "parts": [{"functionCall": {"name": "a"}}, {"functionCall": {"name": "b"}}, {"functionCall": {"name": "a"}}, {"functionCall": {"name": "a", "id": "own"}}]},
        {"role": "user", "parts": [{"functionResponse": {"name": "b", "response": {}}}, {"functionResponse": {"name": "a", "id": "own", "response": {}}},
            {"functionResponse": {"name": "a", "response": {}}}, {"functionResponse": {"name": "a", "id": "unheard", "response": {}}}]},
        {"role": "model", "parts": [{"functionCall": {"name": "a"}}]}, {"parts": [{"functionResponse": {"name": "a", "response": {}}}]}]})");
    const auto ids = [&](std::size_t turn) {
        std::vector<std::string> out;
        for (const auto& block : request.turns[turn].blocks) out.push_back(block.id);
        return out;
    };
    CHECK(ids(0) == std::vector<std::string>{"call_1", "call_2", "call_3", "own"});
    CHECK(ids(1) == std::vector<std::string>{"call_2", "own", "call_1", "call_3"});
    CHECK(ids(2) == ids(3));
    CHECK(ids(2)[0] == "call_4");
}

TEST_CASE("a function's outcome is text where it says only text", "[llm][gemini]") {
    const auto outcome = [](const char* response) {
        const auto request = asked(fmt::format(
            R"({{"contents": [{{"parts": [{{"functionCall": {{"name": "f"}}}}, {{"functionResponse": {{"name": "f", "response": {}}}}}]}}]}})", response));
        const auto& block = request.turns[0].blocks[1];
        return (block.is_error ? "error " : "") + (block.content.empty() ? "nothing" : block.content[0].text);
    };
    CHECK(outcome(R"({"output": "x"})") == "x");
    CHECK(outcome(R"({"result": "x"})") == "x");
    CHECK(outcome(R"({"error": "x"})") == "error x");
    CHECK(outcome(R"({"text": "x"})") == R"({"text":"x"})");
    CHECK(outcome(R"({"output": {"a": []}})") == R"({"output":{"a":[]}})");
    CHECK(outcome(R"({"output": "x", "error": "y"})") == R"({"output":"x","error":"y"})");
    CHECK(outcome("{}") == "nothing");
    CHECK(outcome("null") == "nothing");
}

TEST_CASE("the OpenAPI flavour of a schema is read as JSON Schema", "[llm][gemini]") {
    llm::wire::Mistakes mistakes;
    const auto schema = llm::gemini_wire::read_schema(Json::parse(R"({"type": "OBJECT", "nullable": true, "propertyOrdering": ["a"], "minProperties": "1",
        "properties": {"nullable": {"type": "STRING", "enum": ["x"], "nullable": true}, "list": {"type": "ARRAY", "maxItems": "5", "items": {"type": "NUMBER", "maximum": 1.5}},
                       "either": {"any_of": [{"type": "STRING"}, {"type": "TYPE_UNSPECIFIED"}], "nullable": true, "example": 1}}, "additionalProperties": false})"), "", mistakes);
    CHECK(mistakes.none());
    CHECK(base::dump_json(schema) == base::dump_json(Json::parse(R"({"type": ["object", "null"], "minProperties": 1,
        "properties": {"nullable": {"type": ["string", "null"], "enum": ["x", null]}, "list": {"type": "array", "maxItems": 5, "items": {"type": "number", "maximum": 1.5}},
                       "either": {"anyOf": [{"type": "string"}, {}, {"type": "null"}], "examples": [1]}}, "additionalProperties": false})")));
}

TEST_CASE("what only Gemini's models understand binds a request to them", "[llm][gemini]") {
    const auto request = asked(R"({"contents": [{"parts": [{"executableCode": {}}, {"hologram": {}}, {"fileData": {"fileUri": "gs://b/f", "mimeType": "video/mp4"}}]}],
        "generationConfig": {"responseModalities": ["IMAGE"], "responseMimeType": "text/x.enum"}})");
    std::vector<std::string> pointers;
    for (const auto& detail : request.bound) pointers.push_back(detail.pointer);
    CHECK(pointers == std::vector<std::string>{"/contents/0/parts/0", "/contents/0/parts/1", "/contents/0/parts/2/fileData/fileUri",
                                               "/generationConfig/responseMimeType", "/generationConfig/responseModalities"});
    auto elsewhere = request;
    elsewhere.format = "anthropic.messages";
    const auto refused = format().write_request(elsewhere);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::unprocessable);
}

TEST_CASE("a request of another format is written as Gemini wants it", "[llm][gemini]") {
    auto request = foreign();
    request.turns.insert(request.turns.begin(), {.role = Turn::Role::system, .blocks = {{.text = "Be brief."}}});
    request.turns.push_back({.role = Turn::Role::assistant,
                             .blocks = {{.text = ""},
                                        {.kind = Block::Kind::thinking, .text = "secret", .signature = "a", .signed_by = "anthropic"},
                                        {.kind = Block::Kind::redacted_thinking, .data = "d", .signed_by = "anthropic"},
                                        {.kind = Block::Kind::tool_use, .id = "c1", .name = "look", .arguments = ""},
                                        {.kind = Block::Kind::tool_use, .id = "c2", .name = "look", .arguments = R"({"id": 1234567890123456789, "x": 0.1})"}}});
    request.turns.push_back({.blocks = {{.text = "and?"}, {.kind = Block::Kind::tool_result, .id = "c1", .content = {{.text = "one"}, {.text = "two"}}}}});
    request.turns.push_back({.blocks = {{.kind = Block::Kind::tool_result,
                                         .id = "c2",
                                         .content = {{.text = R"({"t": 1.0})"}, {.kind = Block::Kind::image, .media_type = "image/png", .data = "AA"}}},
                                        {.kind = Block::Kind::image, .url = "https://x.example/p.jpg?size=1"}}});
    request.tools.push_back({.name = "look", .description = "looks", .parameters = Json::parse(R"({"type": "object", "required": []})"), .strict = true});
    request.tool_choice.kind = ToolChoice::Kind::required;
    request.parallel_tool_calls = false;
    request.max_output_tokens = 50;
    request.stop = {"X"};
    request.extra = Json::parse(R"({"logit_bias": {}})");
    CHECK(base::dump_json(written(request)) == base::dump_json(Json::parse(R"({
        "systemInstruction": {"parts": [{"text": "Be brief."}]},
        "contents": [{"role": "user", "parts": [{"text": "Hi"}]},
            {"role": "model", "parts": [{"functionCall": {"id": "c1", "name": "look", "args": {}}, "thoughtSignature": "skip_thought_signature_validator"},
                {"functionCall": {"id": "c2", "name": "look", "args": {"id": 1234567890123456789, "x": 0.1}}}]},
            {"role": "user", "parts": [{"functionResponse": {"id": "c1", "name": "look", "response": {"output": "one\ntwo"}}},
                {"functionResponse": {"id": "c2", "name": "look", "response": {"t": 1.0}, "parts": [{"inlineData": {"mimeType": "image/png", "data": "AA"}}]}},
                {"text": "and?"}, {"fileData": {"fileUri": "https://x.example/p.jpg?size=1", "mimeType": "image/jpeg"}}]}],
        "tools": [{"functionDeclarations": [{"name": "look", "description": "looks", "parametersJsonSchema": {"type": "object", "required": []}}]}],
        "toolConfig": {"functionCallingConfig": {"mode": "ANY"}},
        "generationConfig": {"maxOutputTokens": 50, "stopSequences": ["X"]}})")));
}

TEST_CASE("a call keeps its own signature, and a foreign one gets a stand-in only where it is demanded", "[llm][gemini]") {
    const auto signature = [](std::string model, std::string signed_by) {
        auto request = foreign(std::move(model));
        request.turns.push_back({.role = Turn::Role::assistant,
                                 .blocks = {{.kind = Block::Kind::tool_use,
                                             .id = "c",
                                             .name = "f",
                                             .signature = "S",
                                             .signed_by = std::move(signed_by)}}});
        return base::string_or(written(request)["contents"][1]["parts"][0], "thoughtSignature", "none");
    };
    CHECK(signature("gemini-2.5-pro", "gemini") == "S");
    CHECK(signature("gemini-3.1-pro", "gemini") == "S");
    CHECK(signature("gemini-4-argon", "openai") == "skip_thought_signature_validator");
    CHECK(signature("gemini-2.5-pro", "openai") == "none");
}

TEST_CASE("what generateContent cannot say is refused by name", "[llm][gemini]") {
    auto request = foreign();
    std::string named;
    SECTION("a file of another vendor") { request.turns[0].blocks.push_back({.kind = Block::Kind::file, .id = "file-9"}), named = "file-9"; }
    SECTION("another vendor's tool") { request.tools.push_back({.name = "web_search", .native = Json::object(), .native_format = "openai.responses"}), named = "web_search"; }
    SECTION("arguments that are no object") {
        request.turns.push_back({.role = Turn::Role::assistant,
                                 .blocks = {{.kind = Block::Kind::tool_use, .id = "c7", .name = "x", .arguments = "5"}}});
        named = "c7";
    }
    SECTION("a result without its call") { request.turns[0].blocks = {{.kind = Block::Kind::tool_result, .id = "c8"}}, named = "c8"; }
    SECTION("nothing but a system message") { request.turns[0].role = Turn::Role::system, named = "message of the user"; }
    SECTION("an image in a system message") {
        request.turns.insert(request.turns.begin(), {.role = Turn::Role::system, .blocks = {{.kind = Block::Kind::image, .url = "https://x"}}}), named = "system message";
    }
    SECTION("an effort that nobody knows") { request.effort = "heroic", named = "heroic"; }
    const auto body = format().write_request(request);
    REQUIRE_FALSE(body);
    CHECK(body.error().code == ErrorCode::unprocessable);
    CHECK_THAT(body.error().message, Catch::Contains(named));
}

TEST_CASE("another format's wish to think is told in the words of the Gemini generation", "[llm][gemini]") {
    struct Row {
        const char *model, *effort;
        std::optional<std::int64_t> budget;
        const char* config;
    };
    const auto row = GENERATE(Row{"gemini-3.8-flash", "high", {}, R"({"thinkingLevel":"high","includeThoughts":true})"}, Row{"gemini-4-argon", "none", {}, R"({"thinkingLevel":"low"})"},
                              Row{"gemini-4-argon", "xhigh", {}, R"({"thinkingLevel":"high","includeThoughts":true})"},
                              Row{"gemini-4-argon", "", 5000, R"({"thinkingLevel":"medium","includeThoughts":true})"}, Row{"gemini-4-argon", "", -1, R"({"includeThoughts":true})"},
                              Row{"gemini-4-argon", "", 0, R"({"thinkingLevel":"low"})"}, Row{"gemini-2.5-flash", "none", {}, R"({"thinkingBudget":0})"},
                              Row{"gemini-2.5-pro", "none", {}, R"({"thinkingBudget":128})"},
                              Row{"gemini-2.5-flash", "medium", {}, R"({"thinkingBudget":8192,"includeThoughts":true})"},
                              Row{"gemini-2.5-flash", "", 99'999, R"({"thinkingBudget":24576,"includeThoughts":true})"},
                              Row{"gemini-2.5-flash", "low", -1, R"({"thinkingBudget":-1,"includeThoughts":true})"}, Row{"gemini-2.0-flash", "high", {}, ""},
                              Row{"gemini-4-argon", "", {}, ""}, Row{"gemma-9", "low", {}, R"({"thinkingLevel":"low","includeThoughts":true})"});
    CAPTURE(row.model, row.effort);
    auto request = foreign(row.model);
    request.effort = row.effort;
    request.thinking_tokens = row.budget;
    const auto body = written(request);
    CHECK((body.contains("generationConfig") ? base::dump_json(body["generationConfig"]["thinkingConfig"]) : std::string()) == row.config);
}

TEST_CASE("each choice of tools has Gemini's word", "[llm][gemini]") {
    auto request = foreign();
    const auto told = [&](ToolChoice choice) {
        request.tool_choice = std::move(choice);
        const auto body = written(request);
        return body.contains("toolConfig") ? base::dump_json(body["toolConfig"]["functionCallingConfig"]) : std::string();
    };
    CHECK(told({.kind = ToolChoice::Kind::required}).empty());
    request.tools = {{.name = "a"}, {.name = "b"}, {.name = "c"}};
    CHECK(told({}).empty());
    CHECK(told({.kind = ToolChoice::Kind::automatic}) == R"({"mode":"AUTO"})");
    CHECK(told({.kind = ToolChoice::Kind::none}) == R"({"mode":"NONE"})");
    CHECK(told({.kind = ToolChoice::Kind::one, .name = "b"}) == R"({"mode":"ANY","allowedFunctionNames":["b"]})");
    CHECK(told({.kind = ToolChoice::Kind::required, .allowed = {"a", "b"}}) == R"({"mode":"ANY","allowedFunctionNames":["a","b"]})");
    CHECK(told({.kind = ToolChoice::Kind::automatic, .allowed = {"a"}}) == R"({"mode":"AUTO"})");
    CHECK(written(request)["tools"][0]["functionDeclarations"].size() == 1);
}
