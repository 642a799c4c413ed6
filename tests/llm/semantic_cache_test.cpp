#include <catch2/catch.hpp>

#include <cmath>
#include <limits>

#include "llm/semantic_cache.hpp"
#include "sluice/base/json.hpp"

using namespace sluice;
using namespace sluice::llm;
using std::chrono::minutes;

namespace {

using Vector = std::vector<float>;

/// A direction in the plane.
Vector at(double degrees) {
    const double angle = degrees * 3.14159265358979 / 180;
    return {static_cast<float>(std::cos(angle)), static_cast<float>(std::sin(angle)), 0.0F};
}

AnswerCache::Answer answer(std::string body) { return {std::move(body), "openai", "gpt"}; }

}  // namespace

TEST_CASE("the nearest direction is found, whatever its length", "[llm][semantic]") {
    auto index = make_exact_index();
    index->put("p", 1, at(0));
    index->put("p", 2, at(60));
    auto longer = at(62);
    for (auto& value : longer) value *= 1000;
    const auto found = index->nearest("p", longer);
    REQUIRE(found);
    CHECK(found->id == 2);
    CHECK(found->similarity == Approx(std::cos(2 * 3.14159265 / 180)).margin(0.005));
    CHECK(index->nearest("p", at(0))->similarity == Approx(1.0).margin(0.0001));
    CHECK(index->nearest("p", at(180))->similarity < 0);
}

TEST_CASE("vectors of other partitions, other lengths and without a direction are not compared", "[llm][semantic]") {
    auto index = make_exact_index();
    index->put("p", 1, at(0));
    CHECK_FALSE(index->nearest("q", at(0)));
    CHECK_FALSE(index->nearest("p", Vector{1, 0}));
    CHECK_FALSE(index->nearest("p", Vector{0, 0, 0}));
    CHECK_FALSE(index->nearest("p", Vector{std::numeric_limits<float>::quiet_NaN(), 0, 0}));
    index->put("p", 2, Vector{0, 0, 0});
    CHECK(index->nearest("p", at(10))->id == 1);
    index->remove("p", 1);
    index->remove("p", 2);
    index->remove("p", 3);
    CHECK_FALSE(index->nearest("p", at(0)));
    CHECK(index->bytes() == 0);
}

TEST_CASE("long vectors do not overflow", "[llm][semantic]") {
    auto index = make_exact_index();
    const Vector ones(200'000, 1.0F);
    index->put("p", 1, ones);
    CHECK(index->nearest("p", ones)->similarity == Approx(1.0));
}

TEST_CASE("an answer is given again from its threshold on, and as long as it lives", "[llm][semantic]") {
    SemanticCache cache(1 << 20);
    const Time now{};
    cache.put("p", at(0), answer("zero"), now + minutes(10));
    cache.put("p", at(60), answer("sixty"), now + minutes(1));
    CHECK(cache.find("p", at(10), 0.95, now)->answer->body == "zero");
    CHECK_FALSE(cache.find("p", at(20), 0.95, now));
    CHECK(cache.find("p", at(55), 0.95, now)->answer->body == "sixty");
    // The nearest is too old; the one behind it may do.
    CHECK(cache.find("p", at(40), 0.7, now + minutes(2))->answer->body == "zero");
    CHECK_FALSE(cache.find("q", at(0), 0.5, now));
    CHECK_FALSE(cache.find("p", at(0), 0.5, now + minutes(10)));
    CHECK(cache.bytes() == 0);
}

TEST_CASE("the cache keeps to its size and drops what was used longest ago", "[llm][semantic]") {
    SemanticCache cache(64 << 10);
    const Time now{}, until = now + minutes(10);
    cache.put("big", at(0), answer(std::string(5 << 10, 'x')), until);
    CHECK_FALSE(cache.find("big", at(0), 0.9, now));  // more than a sixteenth
    for (int i = 0; i < 100; ++i) {
        cache.put("p" + std::to_string(i), at(0), answer(std::string(2 << 10, 'x')), until);
        CHECK(cache.bytes() <= std::size_t{64} << 10);
        CHECK(cache.find("p0", at(0), 0.9, now));
    }
    CHECK_FALSE(cache.find("p1", at(0), 0.9, now));
    CHECK(cache.find("p99", at(0), 0.9, now));
}

TEST_CASE("of one conversation the newest 500 are kept", "[llm][semantic]") {
    SemanticCache cache(16 << 20);
    const Time now{};
    for (int i = 0; i < 600; ++i) cache.put("p", at(i * 0.5), answer(std::to_string(i)), now + minutes(1));
    CHECK(cache.find("p", at(599 * 0.5), 0.9, now)->answer->body == "599");
    CHECK(cache.find("p", at(0), 0.99999, now) == std::nullopt);
}

TEST_CASE("the header says threshold, life and model, and nothing else", "[llm][semantic]") {
    const auto order = read_semantic_order("threshold=0.9, ttl=5m model=embed/one");
    REQUIRE(order);
    CHECK(order->threshold == 0.9);
    CHECK(order->ttl == minutes(5));
    CHECK(order->model == "embed/one");
    CHECK(read_semantic_order("")->threshold == 0.95);
    for (const auto* wrong : {"on", "threshold=0.4", "threshold=2", "threshold=nan", "threshold=0.9x", "ttl=0s", "ttl=200h", "ttl=soon", "model=", "colour=red"}) {
        CAPTURE(wrong);
        CHECK_FALSE(read_semantic_order(wrong));
    }
}

TEST_CASE("the user's last words are taken out of every format, and only where there is nothing else", "[llm][semantic]") {
    const auto taken = [](std::string format, std::string text) {
        auto body = Json::parse(text);
        auto words = take_last_words(format, body);
        CHECK((!words || body.dump().find("last") == std::string::npos));
        return words.value_or("-");
    };
    CHECK(taken("openai.chat", R"({"messages":[{"role":"user","content":"first"},{"role":"user","content":"last"}]})") == "last");
    CHECK(taken("openai.chat", R"({"messages":[{"role":"user","content":[{"type":"text","text":"la"},{"type":"text","text":"st"}]}]})") == "last");
    CHECK(taken("anthropic.messages", R"({"messages":[{"role":"user","content":[{"type":"text","text":"last"}]}]})") == "last");
    CHECK(taken("openai.responses", R"({"input":"last"})") == "last");
    CHECK(taken("openai.responses", R"({"input":[{"role":"user","content":[{"type":"input_text","text":"last"}]}]})") == "last");
    CHECK(taken("gemini", R"({"contents":[{"parts":[{"text":"last"}]}]})") == "last");
    for (const auto& [format, body] : std::vector<std::pair<std::string, std::string>>{
             {"openai.chat", R"({"messages":[{"role":"assistant","content":"x"}]})"},
             {"openai.chat", R"({"messages":[{"role":"user","content":[{"type":"image_url","image_url":{}}]}]})"},
             {"openai.chat", R"({"messages":[{"role":"user","content":""}]})"},
             {"openai.chat", R"({"messages":[]})"},
             {"openai.chat", R"({})"},
             {"anthropic.messages", R"({"messages":[{"role":"user","content":[{"type":"tool_result","content":"x"}]}]})"},
             {"gemini", R"({"contents":[{"role":"model","parts":[{"text":"x"}]}]})"},
             {"gemini", R"({"contents":[{"parts":[{"inlineData":{}}]}]})"}}) {
        CAPTURE(format, body);
        CHECK(taken(format, body) == "-");
    }
}
