#include <catch2/catch.hpp>

#include "llm/embedding_wire.hpp"

using namespace sluice;
using namespace sluice::llm;

namespace {

Json json(const char* text) { return Json::parse(text); }

ErrorCode refusal(EmbeddingForm form, const char* body) {
    const auto read = read_embedding_request(form, json(body));
    REQUIRE_FALSE(read);
    return read.error().code;
}
std::string place(EmbeddingForm form, const char* body) {
    const auto read = read_embedding_request(form, json(body));
    REQUIRE_FALSE(read);
    return read.error().details.empty() ? "" : read.error().details.front().pointer;
}
Result<EmbeddingAnswer> answered(EmbeddingForm form, const char* body, std::size_t wanted) { return read_embedding_answer(form, json(body), wanted); }

}  // namespace

TEST_CASE("texts to embed are read in each form and written in each other", "[llm][embeddings]") {
    const auto read = GENERATE(
        read_embedding_request(EmbeddingForm::openai, json(R"({"input": ["a", "b"], "dimensions": 3})")),
        read_embedding_request(EmbeddingForm::gemini, json(R"({"requests": [
            {"model": "models/x", "content": {"parts": [{"text": "a"}]}, "outputDimensionality": 3},
            {"content": {"role": "user", "parts": [{"text": ""}, {"text": "b"}]}, "output_dimensionality": 3}]})")));
    REQUIRE(read);
    CHECK(read->texts == std::vector<std::string>{"a", "b"});
    CHECK(read->dimensions == 3);
    CHECK(json(write_embedding_request(EmbeddingForm::openai, *read, "m")->c_str()) ==
          json(R"({"model": "m", "input": ["a", "b"], "encoding_format": "float", "dimensions": 3})"));
    CHECK(json(write_embedding_request(EmbeddingForm::gemini, *read, "m")->c_str()) == json(R"({"requests": [
        {"model": "models/m", "content": {"parts": [{"text": "a"}]}, "outputDimensionality": 3},
        {"model": "models/m", "content": {"parts": [{"text": "b"}]}, "outputDimensionality": 3}]})"));
}

TEST_CASE("what a vendor alone can embed is refused for another one, with its place", "[llm][embeddings]") {
    CHECK(refusal(EmbeddingForm::openai, R"({"input": [[1, 2]]})") == ErrorCode::unprocessable);
    CHECK(place(EmbeddingForm::openai, R"({"input": []})") == "/input");
    CHECK(place(EmbeddingForm::gemini, "{}") == "/requests");
    CHECK(place(EmbeddingForm::gemini, R"({"requests": [{"content": {"parts": [{"text": "a"}]}}, 7]})") == "/requests/1/content/parts");
    CHECK(place(EmbeddingForm::gemini_single, R"({"content": {"parts": []}})") == "/content/parts");
    CHECK(place(EmbeddingForm::gemini_single, R"({"content": {"parts": [{"text": "a"}, {"inlineData": {}}]}})") == "/content/parts/1");
    CHECK(place(EmbeddingForm::gemini, R"({"requests": [{"content": {"parts": [{"text": "a"}]}},
        {"content": {"parts": [{"text": "b"}]}, "taskType": "CLUSTERING"}]})") == "/requests/1");

    auto wanted = read_embedding_request(EmbeddingForm::gemini_single,
                                         json(R"({"content": {"parts": [{"text": "a"}]}, "task_type": "CLUSTERING", "title": "t"})"));
    REQUIRE(wanted);
    CHECK(write_embedding_request(EmbeddingForm::gemini, *wanted, "m")->find(R"("taskType":"CLUSTERING","title":"t")") != std::string::npos);
    auto written = write_embedding_request(EmbeddingForm::openai, *wanted, "m");
    REQUIRE_FALSE(written);
    CHECK(written.error().details.front().pointer == "/taskType");
    wanted->task_type.clear();
    CHECK(write_embedding_request(EmbeddingForm::openai, *wanted, "m").error().details.front().pointer == "/title");
}

TEST_CASE("vectors go to their texts by index, and an answer that does not fit them is none", "[llm][embeddings]") {
    auto answer = answered(EmbeddingForm::openai, R"({"data": [{"index": 1, "embedding": [2]}, {"index": 0, "embedding": [1]}],
        "usage": {"prompt_tokens": 9, "total_tokens": 9}})", 2);
    REQUIRE(answer);
    CHECK(answer->tokens == 9);
    CHECK(write_embedding_answer(EmbeddingForm::gemini, *answer, "m", false, 9) ==
          R"({"embeddings":[{"values":[1]},{"values":[2]}],"usageMetadata":{"promptTokenCount":9}})");
    answer->vectors.pop_back();
    CHECK(write_embedding_answer(EmbeddingForm::gemini_single, *answer, "m", false, 9) ==
          R"({"embedding":{"values":[1]},"usageMetadata":{"promptTokenCount":9}})");
    CHECK(write_embedding_answer(EmbeddingForm::openai, *answer, "m", true, 9).find(R"("embedding":"AACAPw==")") != std::string::npos);

    const auto of_gemini = answered(EmbeddingForm::gemini, R"({"embeddings": [{"values": [1]}]})", 1);
    REQUIRE(of_gemini);
    CHECK_FALSE(of_gemini->tokens);
    for (const auto* broken : {R"({})", R"({"data": [{"embedding": [1]}]})", R"({"data": [{"embedding": [1]}, {"embedding": "x"}]})",
                               R"({"data": [{"index": 0, "embedding": [1]}, {"index": 0, "embedding": [1]}]})",
                               R"({"data": [{"index": 0, "embedding": [1]}, {"index": 2, "embedding": [1]}]})",
                               R"({"data": [{"index": -1, "embedding": [1]}, {"index": 1, "embedding": [1]}]})"}) {
        CAPTURE(broken);
        REQUIRE_FALSE(answered(EmbeddingForm::openai, broken, 2));
        CHECK(answered(EmbeddingForm::openai, broken, 2).error().code == ErrorCode::upstream_failed);
    }
    CHECK_FALSE(answered(EmbeddingForm::openai, R"({"data": [{"embedding": [1]}], "usage": {"prompt_tokens": -4}})", 1)->tokens);
    CHECK_FALSE(answered(EmbeddingForm::openai, R"({"data": [{"embedding": [1]}], "usage": {"prompt_tokens": 1e300}})", 1)->tokens);
}

TEST_CASE("a request of Gemini's is passed as it came unless it names another model", "[llm][embeddings]") {
    CHECK_FALSE(renamed_embedding_request(json(R"({"content": {"parts": []}})"), "m"));
    CHECK_FALSE(renamed_embedding_request(json(R"({"requests": [{"model": "models/m"}]})"), "m"));
    CHECK(renamed_embedding_request(json(R"({"model": "models/x", "b": 1, "a": 2})"), "m") == R"({"model":"models/m","b":1,"a":2})");
    CHECK(renamed_embedding_request(json(R"({"requests": [{"model": "models/up/x"}, {"model": "models/m"}]})"), "m") ==
          R"({"requests":[{"model":"models/m"},{"model":"models/m"}]})");
}
