// Costs and bounds: the rules of docs/models.md, one by one, then both against each other with random calls.

#include <limits>
#include <random>

#include "sluice/llm/prices.hpp"

using namespace sluice;
using namespace sluice::llm;

namespace {

constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t million = 1'000'000;

NanoUsd usd(std::string_view text) { return *base::parse_usd(text); }

/// gpt-6.1-sol as in config/models.json.
PriceVersion sol() {
    PriceVersion price;
    price.rates = {.input = usd("2"), .cache_read = usd("0.1"), .cache_write_5m = usd("2.5"), .cache_write_1h = usd("2.5"), .output = usd("10")};
    price.tiers = {{272'000, {.input = usd("4"), .cache_read = usd("0.2"), .cache_write_5m = usd("5"), .cache_write_1h = usd("5"), .output = usd("15")}}};
    price.tier_multipliers = {{"batch", 500'000}, {"fast", 2'000'000}, {"flex", 500'000}};
    price.region_multipliers = {{"*", 1'100'000}};
    price.per_tool_call = {{"web_search", usd("0.01")}};
    return price;
}

/// Only what every price has.
PriceVersion plain(std::string_view input = "2", std::string_view output = "10") {
    PriceVersion price;
    price.rates.input = usd(input);
    price.rates.output = usd(output);
    return price;
}

UsageRecord used(std::int64_t input, std::int64_t output = 0) {
    UsageRecord usage;
    usage.input_uncached = input;
    usage.output_visible = output;
    return usage;
}

using Guessed = std::vector<std::string>;

}  // namespace

TEST_CASE("each kind of token is charged at its own rate", "[llm][prices]") {
    PriceVersion price = sol();
    price.rates.cache_write_1h = usd("4");
    price.rates.reasoning = usd("12");
    UsageRecord usage;
    usage.input_uncached = 1000;
    usage.cache_read = 2000;
    usage.cache_write_5m = 3000;
    usage.cache_write_1h = 4000;
    usage.output_visible = 500;
    usage.output_reasoning = 700;
    const auto charged = charge(usage, price);
    CHECK(charged.guessed.empty());
    // 2,000 + 200 + 7,500 + 16,000 + 5,000 + 8,400 micro-USD
    CHECK(charged.cost == usd("0.0391"));
    CHECK(cost(usage, price) == charged.cost);
}

TEST_CASE("a cost is rounded up once, at its end", "[llm][prices]") {
    // Three kinds of a third of a nano-dollar each are one nano-dollar together, not three.
    PriceVersion price = plain();
    price.rates.input = price.rates.cache_read = price.rates.output = NanoUsd{333'333};
    UsageRecord usage = used(1, 1);
    usage.cache_read = 1;
    CHECK(cost(usage, price).value == 1);
    price.rates.input = NanoUsd{333'335};
    CHECK(cost(usage, price).value == 2);
    CHECK(cost(UsageRecord(), price).value == 0);
}

TEST_CASE("above the threshold the whole request is priced by the dearer rates", "[llm][prices]") {
    const auto price = sol();
    UsageRecord usage;
    usage.input_uncached = 72'000;
    usage.cache_read = 150'000;
    usage.cache_write_5m = 50'000;
    usage.output_visible = 1000;
    REQUIRE(usage.input() == 272'000);
    CHECK(cost(usage, price) == usd("0.294"));   // 0.144 + 0.015 + 0.125 + 0.01
    usage.cache_read += 1;
    REQUIRE(usage.input() == 272'001);
    CHECK(cost(usage, price) == usd("0.5830002"));  // twice the input, half as much again of the output
}

TEST_CASE("of several thresholds the highest that is passed counts", "[llm][prices]") {
    PriceVersion price = plain("1", "1");
    price.tiers = {{100, {.input = usd("2"), .output = usd("2")}}, {200, {.input = usd("3"), .output = usd("3")}}};
    CHECK(cost(used(100), price).value == 100'000);
    CHECK(cost(used(101), price).value == 202'000);
    CHECK(cost(used(200), price).value == 400'000);
    CHECK(cost(used(201), price).value == 603'000);
    CHECK(cost(used(201, 10), price).value == 633'000);
}

TEST_CASE("tier and region multiply what tokens cost, and not what tools cost", "[llm][prices]") {
    const auto price = sol();
    UsageRecord usage = used(1000, 1000);
    CHECK(cost(usage, price) == usd("0.012"));
    for (const auto* name : {"default", "standard", "auto"}) {
        usage.tier = name;
        CHECK(cost(usage, price) == usd("0.012"));
    }
    usage.tier = "batch";
    CHECK(cost(usage, price) == usd("0.006"));
    usage.tier = "fast";
    CHECK(cost(usage, price) == usd("0.024"));
    usage.region = "eu";
    CHECK(cost(usage, price) == usd("0.0264"));
    usage.tool_uses = {{"web_search", 3}};
    CHECK(cost(usage, price) == usd("0.0564"));
    usage.tier = "", usage.region = "global";
    CHECK(cost(usage, price) == usd("0.042"));
}

TEST_CASE("a rate that is not known is filled by a rule that is not too cheap, and said", "[llm][prices]") {
    const auto price = plain();
    UsageRecord usage;
    SECTION("what is read from a cache costs as much as input") {
        usage.cache_read = million;
        CHECK(charge(usage, price).cost == usd("2"));
        CHECK(charge(usage, price).guessed == Guessed{"cache_read"});
    }
    SECTION("a short write costs 1.25 times input, a long one 2.5 times") {
        usage.cache_write_5m = million;
        CHECK(charge(usage, price).cost == usd("2.5"));
        usage.cache_write_1h = million;
        CHECK(charge(usage, price).cost == usd("7.5"));
        CHECK(charge(usage, price).guessed == Guessed{"cache_write_5m", "cache_write_1h"});
    }
    SECTION("a long write is never cheaper than a short one whose price is known") {
        PriceVersion dear = plain();
        dear.rates.cache_write_5m = usd("9");
        usage.cache_write_1h = million;
        CHECK(charge(usage, dear).cost == usd("9"));
    }
    SECTION("reasoning is output and an image is input: that is no guess") {
        usage.output_reasoning = million;
        usage.input_uncached = usage.image_input = million;
        CHECK(charge(usage, price).cost == usd("12"));
        CHECK(charge(usage, price).guessed.empty());
    }
    SECTION("audio counts as text, and says that it is not known") {
        usage.input_uncached = usage.audio_input = million;
        usage.output_visible = usage.audio_output = million;
        CHECK(charge(usage, price).cost == usd("12"));
        CHECK(charge(usage, price).guessed == Guessed{"audio_input", "audio_output"});
    }
    SECTION("a tool without a price is named") {
        usage.tool_uses = {{"code", 2}, {"unused", 0}};
        CHECK(charge(usage, price).cost.value == 0);
        CHECK(charge(usage, price).guessed == Guessed{"tool:code"});
    }
    SECTION("a tier or region that is not listed counts as the dearest one") {
        usage = used(million);
        usage.tier = "priority";
        CHECK(charge(usage, sol()).cost == usd("8"));  // of the long-context rates
        CHECK(charge(usage, sol()).guessed == Guessed{"tier:priority"});
        usage.region = "mars";
        CHECK(charge(usage, price).guessed == Guessed{"tier:priority", "region:mars"});
        CHECK(charge(usage, price).cost == usd("2"));
    }
    SECTION("a price without anything charges nothing, and says so") {
        CHECK(charge(used(1, 1), PriceVersion()).cost.value == 0);
        CHECK(charge(used(1, 1), PriceVersion()).guessed == Guessed{"input", "output"});
    }
}

TEST_CASE("unknown is not zero: an explicit zero is free and known", "[llm][prices]") {
    PriceVersion price = plain("0", "0");
    price.rates.cache_read = NanoUsd{0};
    UsageRecord usage = used(million, million);
    usage.cache_read = million;
    CHECK(charge(usage, price).cost.value == 0);
    CHECK(charge(usage, price).guessed.empty());
    CHECK(upper_bound(million, million, price) == NanoUsd{0});
    CHECK(upper_bound(million, million, PriceVersion()) == std::nullopt);
}

TEST_CASE("audio and image tokens are taken out of the counts that they are part of", "[llm][prices]") {
    PriceVersion price = plain("1", "2");
    price.rates.audio_input = usd("32");
    price.rates.audio_output = usd("64");
    price.rates.image_input = usd("5");
    UsageRecord usage = used(10 * million, 3 * million);
    usage.audio_input = 2 * million;
    usage.image_input = 3 * million;
    usage.audio_output = million;
    CHECK(cost(usage, price) == usd("152"));  // 5 + 64 + 15 + 4 + 64
    // More of them than there is uncached: those were read from the cache.
    usage.input_uncached = million;
    usage.cache_read = 9 * million;
    price.rates.cache_read = usd("0.5");
    CHECK(cost(usage, price) == usd("104.5"));  // 32 + 4.5 + 4 + 64
}

TEST_CASE("hostile counts neither wrap around nor give money back", "[llm][prices]") {
    const auto price = sol();
    UsageRecord usage = used(-5, -most - 1);
    usage.cache_read = -1, usage.cache_write_5m = -1, usage.cache_write_1h = -1, usage.output_reasoning = -1;
    usage.audio_input = -9, usage.audio_output = -9, usage.image_input = -9;
    usage.tool_uses = {{"web_search", -3}};
    CHECK(cost(usage, price).value == 0);
    usage = used(1000, 0);
    usage.cache_read = -1000;  // takes nothing away from the others
    CHECK(cost(usage, price) == usd("0.002"));

    usage.input_uncached = usage.cache_read = usage.cache_write_5m = usage.cache_write_1h = most;
    usage.output_visible = usage.output_reasoning = most;
    usage.tool_uses = {{"web_search", most}};
    CHECK(cost(usage, price).value == most);
    PriceVersion absurd = plain();
    absurd.rates.input = absurd.rates.output = absurd.rates.cache_read = NanoUsd{most};
    absurd.per_tool_call = {{"web_search", NanoUsd{most}}};
    absurd.tier_multipliers = {{"fast", most}};
    absurd.region_multipliers = {{"*", most}};
    usage.tier = "fast", usage.region = "eu";
    CHECK(cost(usage, absurd).value == most);
    CHECK(upper_bound(most, most, absurd, {{"web_search", most}}) == NanoUsd{most});
    CHECK(upper_bound(most, 0, sol()) == NanoUsd{most});
    CHECK(upper_bound(-1, -1, sol(), {{"web_search", -1}}) == NanoUsd{0});
    // A negative rate can come from nowhere, and would still not pay anybody.
    absurd.rates = {.input = NanoUsd{-5}, .output = NanoUsd{-5}};
    CHECK(cost(used(10, 10), absurd).value == 0);
}

TEST_CASE("the last amount below the limit of int64 is exact", "[llm][prices]") {
    PriceVersion price = plain();
    price.rates.input = NanoUsd{million};  // a nano-dollar for each token
    price.rates.cache_write_5m = price.rates.cache_write_1h = NanoUsd{million};
    CHECK(cost(used(most - 1), price).value == most - 1);
    CHECK(cost(used(most), price).value == most);
    CHECK(upper_bound(most - 1, 0, price) == NanoUsd{most - 1});
    UsageRecord more = used(most);
    more.cache_write_5m = 1;
    CHECK(cost(more, price).value == most);
}

TEST_CASE("a bound takes the dearest rate that can apply", "[llm][prices]") {
    auto price = sol();
    CallBound bound;
    bound.input_tokens = 1000, bound.output_tokens = 1000;
    SECTION("cache writes, every tier and region, unless the call says better") {
        CHECK(upper_bound(bound, price) == usd("0.0275"));  // (2.5 + 10) x 2 x 1.1
        bound.tier = "default";
        CHECK(upper_bound(bound, price) == usd("0.01375"));
        bound.region = "global";
        CHECK(upper_bound(bound, price) == usd("0.0125"));
        bound.cache_write_5m = bound.cache_write_1h = false;
        CHECK(upper_bound(bound, price) == usd("0.012"));
        bound.tier = "auto";
        CHECK(upper_bound(bound, price) == usd("0.024"));
    }
    SECTION("a cheaper tier that was asked for may be answered by the standard one") {
        bound.region = "global";
        bound.tier = "flex";
        CHECK(upper_bound(bound, price) == usd("0.0125"));
        bound.tier = "fast";
        CHECK(upper_bound(bound, price) == usd("0.025"));
    }
    SECTION("the long-context rates, once the bound passes the threshold") {
        bound.tier = "default", bound.region = "global";
        bound.input_tokens = 272'000;
        CHECK(upper_bound(bound, price) == usd("0.69"));
        bound.input_tokens = 272'001;
        CHECK(upper_bound(bound, price) == usd("1.375005"));
        // Were they cheaper, a call just below the threshold would be the dearest.
        price.tiers[0].rates = {.input = usd("0.1"), .output = usd("0.1")};
        CHECK(upper_bound(bound, price) == usd("0.6900025"));
    }
    SECTION("tools with a cap") {
        bound.tier = "default", bound.region = "global";
        bound.tool_uses = {{"web_search", 5}};
        CHECK(upper_bound(bound, price) == usd("0.0625"));
    }
    SECTION("a long write of unknown price") {
        price.rates.cache_write_1h.reset();
        bound.tier = "default", bound.region = "global";
        CHECK(upper_bound(bound, price) == usd("0.015"));
    }
}

TEST_CASE("without a rate that can apply there is no bound", "[llm][prices]") {
    const auto price = plain();
    CallBound bound;
    bound.input_tokens = bound.output_tokens = 10;
    REQUIRE(upper_bound(bound, price));
    SECTION("audio") {
        bound.audio_input = true;
        CHECK_FALSE(upper_bound(bound, price));
        bound.audio_input = false, bound.audio_output = true;
        CHECK_FALSE(upper_bound(bound, price));
    }
    SECTION("a tool") {
        bound.tool_uses = {{"web_search", 1}};
        CHECK_FALSE(upper_bound(bound, price));
        bound.tool_uses = {{"web_search", 0}};
        CHECK(upper_bound(bound, price));
    }
    SECTION("a tier or region that was asked for") {
        bound.tier = "priority";
        CHECK_FALSE(upper_bound(bound, price));
        bound.tier.reset(), bound.region = "eu";
        CHECK_FALSE(upper_bound(bound, price));
    }
    SECTION("input or output, unless there is none of it") {
        PriceVersion embedding;
        embedding.rates.input = usd("0.02");
        CHECK_FALSE(upper_bound(10, 1, embedding));
        CHECK(upper_bound(10, 0, embedding) == NanoUsd{500});
        embedding.rates = {.output = usd("1")};
        CHECK_FALSE(upper_bound(1, 10, embedding));
    }
    SECTION("input of a tier that the bound reaches") {
        PriceVersion tiered = plain();
        tiered.tiers = {{5, {.output = usd("1")}}};
        CHECK_FALSE(upper_bound(6, 1, tiered));
        CHECK(upper_bound(5, 1, tiered));
    }
}

TEST_CASE("no usage within a bound costs more than the bound", "[llm][prices]") {
    const auto seed = GENERATE(1U, 2U, 3U, 4U);
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    const auto below = [&](std::int64_t end) { return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(end)); };
    const auto maybe = [&](std::int64_t end) {
        return below(4) == 0 ? std::nullopt : std::optional(NanoUsd{below(5) == 0 ? 0 : below(end)});
    };
    const auto rates = [&] {
        Rates out;
        const std::int64_t end = below(8) == 0 ? most : 60'000'000'000;
        out.input = NanoUsd{below(end)}, out.output = NanoUsd{below(end)};
        out.cache_read = maybe(end), out.cache_write_5m = maybe(end), out.cache_write_1h = maybe(end);
        out.reasoning = maybe(end), out.image_input = maybe(end);
        out.audio_input = maybe(end), out.audio_output = maybe(end);
        return out;
    };
    int bounded = 0;
    for (int round = 0; round < 20'000; ++round) {
        PriceVersion price;
        price.rates = rates();
        for (std::int64_t above = below(100); below(2) == 0; above += 1 + below(300'000)) price.tiers.push_back({above, rates()});
        for (const auto* name : {"batch", "fast", "default"})
            if (below(2) == 0) price.tier_multipliers[name] = 1 + below(3 * multiplier_one);
        for (const auto* name : {"*", "eu"})
            if (below(2) == 0) price.region_multipliers[name] = 1 + below(2 * multiplier_one);
        price.per_tool_call = {{"web_search", NanoUsd{below(100'000'000)}}};

        CallBound bound;
        bound.input_tokens = below(below(10) == 0 ? most : 1'000'000);
        bound.output_tokens = below(below(10) == 0 ? most : 200'000);
        bound.audio_input = below(3) == 0, bound.audio_output = below(3) == 0;
        bound.cache_write_5m = below(2) == 0, bound.cache_write_1h = below(2) == 0;
        bound.tool_uses = {{"web_search", below(10)}};
        const std::array<std::string, 5> tiers{"", "default", "batch", "fast", "priority"}, regions{"", "global", "eu", "us", "mars"};
        if (below(2) == 0) bound.tier = tiers[static_cast<std::size_t>(below(5))];
        if (below(2) == 0) bound.region = regions[static_cast<std::size_t>(below(5))];
        const auto limit = upper_bound(bound, price);
        if (!limit) continue;
        ++bounded;

        // A call within it, whose tier and region are what was asked for, the standard, or any where nothing was.
        UsageRecord usage;
        std::int64_t left = below(2) == 0 ? bound.input_tokens : below(bound.input_tokens + 1);
        const auto take = [&] { const auto taken = below(left + 1); left -= taken; return taken; };
        usage.cache_read = take();
        if (bound.cache_write_5m) usage.cache_write_5m = take();
        if (bound.cache_write_1h) usage.cache_write_1h = take();
        usage.input_uncached = left;
        if (bound.audio_input) usage.audio_input = below(usage.input() + 1);
        usage.image_input = below(usage.input() + 1);
        usage.output_reasoning = below(bound.output_tokens + 1);
        usage.output_visible = bound.output_tokens - usage.output_reasoning;
        if (bound.audio_output) usage.audio_output = below(usage.output() + 1);
        usage.tool_uses = {{"web_search", below(bound.tool_uses["web_search"] + 1)}};
        usage.tier = bound.tier ? *bound.tier : tiers[static_cast<std::size_t>(below(5))];
        usage.region = bound.region ? *bound.region : regions[static_cast<std::size_t>(below(5))];
        CAPTURE(round, usage.tier, usage.region, usage.input(), usage.output());
        REQUIRE(cost(usage, price) <= *limit);
    }
    CHECK(bounded > 5'000);
}
