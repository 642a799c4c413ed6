#include <catch2/catch.hpp>

#include "llm/answer_cache.hpp"

using namespace sluice;
using namespace std::chrono_literals;
using llm::AnswerCache;

namespace {
const Time start = base::from_us(1'790'000'000'000'000);
}

TEST_CASE("an answer is kept until its time is over", "[llm][cache]") {
    AnswerCache cache(1 << 20);
    cache.put("k", {"body", "openai", "gpt"}, start + 5s);
    REQUIRE(cache.find("k", start));
    CHECK(cache.find("k", start)->body == "body");
    CHECK(!cache.find("other", start));
    CHECK(!cache.find("k", start + 5s));
    CHECK(cache.bytes() == 0);
}

TEST_CASE("the answer that was used longest ago makes room", "[llm][cache]") {
    AnswerCache cache(64 << 10);
    const std::string body(3000, 'x');
    for (int i = 0; i < 15; ++i) cache.put(std::to_string(i), {body, {}, {}}, start + 1h);
    REQUIRE(cache.find("0", start));
    for (int i = 15; i < 30; ++i) {
        cache.put(std::to_string(i), {body, {}, {}}, start + 1h);
        cache.find("0", start);
    }
    CHECK(cache.find("0", start));
    CHECK(!cache.find("1", start));
    CHECK(cache.bytes() <= 64 << 10);
}

TEST_CASE("the same key again replaces the answer, and a huge one is not kept", "[llm][cache]") {
    AnswerCache cache(64 << 10);
    cache.put("k", {"one", {}, {}}, start + 1h);
    const auto bytes = cache.bytes();
    cache.put("k", {"two", {}, {}}, start + 1h);
    CHECK(cache.bytes() == bytes);
    CHECK(cache.find("k", start)->body == "two");
    cache.put("big", {std::string(40 << 10, 'x'), {}, {}}, start + 1h);
    CHECK(!cache.find("big", start));
    CHECK(cache.bytes() == bytes);
}

TEST_CASE("the header of a request says how long and whether an answer is kept", "[llm][cache]") {
    CHECK(llm::read_cache_order("", 0s)->ttl == 0s);
    CHECK(llm::read_cache_order("", 60s)->ttl == 60s);
    CHECK(llm::read_cache_order(" ttl=5m ", 0s)->ttl == 300s);
    CHECK(llm::read_cache_order("no-store", 60s)->ttl == 0s);
    CHECK(!llm::read_cache_order("no-store", 60s)->read);
    CHECK(!llm::read_cache_order("no-cache", 60s)->read);
    CHECK(llm::read_cache_order("no-cache", 60s)->ttl == 60s);
    for (const auto* bad : {"ttl=", "ttl=-1s", "ttl=0s", "ttl=999999h", "yes"}) {
        CAPTURE(bad);
        CHECK(!llm::read_cache_order(bad, 0s));
    }
}
