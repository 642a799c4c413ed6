// The catalogue file and the snapshot made of it; what is built in has the prices that it should.

#include "llm/catalogue_lines.hpp"
#include "sluice/base/json.hpp"
#include "sluice/llm/llm.hpp"
#include "sluice/llm/prices.hpp"

using namespace sluice;
using namespace sluice::llm;

namespace {

Time at(std::string_view text) { return *base::parse_time(text); }
NanoUsd usd(std::string_view text) { return *base::parse_usd(text); }

ReadCatalogue read(std::string_view text) {
    auto done = read_catalogue(text);
    INFO((done ? std::string() : done.error().message));
    REQUIRE(done);
    return std::move(*done);
}

std::vector<base::ErrorDetail> mistakes(std::string_view text) {
    auto done = read_catalogue(text);
    REQUIRE(!done);
    CHECK(done.error().code == ErrorCode::invalid_argument);
    return done.error().details;
}

/// A file with one chat model of the provider "acme" whose price has these members beside `usd_per_million`.
std::string with_price(std::string_view members, std::string_view rates = R"({"input": "2", "output": "10"})") {
    return fmt::format(R"({{"format": 1, "models": [{{"provider": "acme", "id": "m", "kind": "chat", "prices": [
{{"valid_from": "2026-01-01T00:00:00Z"{}{},
"usd_per_million": {}}}]}}]}})",
                       members.empty() ? "" : ", ", members, rates);
}

std::string with_prices(std::string_view prices) {
    return fmt::format(R"({{"format": 1, "models": [{{"provider": "acme", "id": "m", "kind": "chat", "prices": [{}]}}]}})", prices);
}

std::string version(std::string_view from, std::string_view to, std::string_view input = "2") {
    return fmt::format(R"({{"valid_from": "{}", "valid_to": {}, "usd_per_million": {{"input": "{}", "output": "10"}}}})", from,
                       to.empty() ? "null" : fmt::format("\"{}\"", to), input);
}

Catalogue::Layer layer(PriceOrigin origin, std::string_view text) {
    return {origin, std::make_shared<const CatalogueRows>(read(text).rows)};
}

Catalogue built_in() { return Catalogue({layer(PriceOrigin::embedded, embedded_catalogue())}); }

UsageRecord input(std::int64_t tokens) {
    UsageRecord usage;
    usage.input_uncached = tokens;
    return usage;
}

}  // namespace

TEST_CASE("what is built in is sound, and each row says where it was read", "[llm][catalogue]") {
    const auto file = read(embedded_catalogue());
    CHECK(file.warnings.empty());
    CHECK(file.rows.models.size() == 16);
    for (const auto& price : file.rows.prices) {
        CAPTURE(price.model);
        CHECK_FALSE(price.source.empty());
        CHECK((price.provider == "simulated" || !price.as_of.empty()));
    }
}

TEST_CASE("the built-in prices are those of the vendors' pages", "[llm][catalogue]") {
    struct Expected {
        std::string_view provider, model, time, input, cache_read, write_5m, write_1h, output;
    };
    const auto expected = GENERATE(values<Expected>({
        {"openai", "gpt-6-astra", "2026-09-03T00:00:00Z", "10", "1", "12.5", "12.5", "50"},
        {"openai", "gpt-6.1-sol", "2026-09-29T00:00:00Z", "2", "0.1", "2.5", "2.5", "10"},
        {"openai", "gpt-6.1-terra", "2026-10-26T00:00:00Z", "1", "0.05", "1.25", "2.5", "5"},
        {"openai", "gpt-6-sol", "2026-09-22T00:00:00Z", "2", "0.2", "2.5", "2.5", "10"},
        {"openai", "gpt-6-luna", "2026-09-22T00:00:00Z", "0.1", "0.01", "0.125", "0.125", "0.5"},
        {"openai", "text-embedding-3-small", "2026-11-01T00:00:00Z", "0.02", "0.02", "0.02", "0.02", ""},
        {"openai", "text-embedding-3-large", "2026-11-01T00:00:00Z", "0.13", "0.13", "0.13", "0.13", ""},
        {"anthropic", "claude-fable-5-1", "2026-11-01T00:00:00Z", "10", "0.25", "12.5", "20", "50"},
        {"anthropic", "claude-opus-5-5", "2026-09-22T00:00:00Z", "4", "0.2", "5", "8", "20"},
        {"anthropic", "claude-sonnet-5-5", "2026-10-06T23:59:59Z", "2", "0.2", "2.5", "4", "10"},
        {"anthropic", "claude-sonnet-5-5", "2026-10-07T00:00:00Z", "2", "0.1", "2.5", "4", "10"},
        {"anthropic", "claude-haiku-5-5", "2026-11-01T00:00:00Z", "0.1", "0.01", "0.125", "0.2", "0.5"},
        {"gemini", "gemini-4-argon", "2026-09-30T00:00:00Z", "2", "0.1", "2", "2", "10"},
        {"gemini", "gemini-4-argon", "2026-12-01T00:00:00Z", "4", "0.2", "4", "4", "20"},
        {"gemini", "gemini-3.8-flash", "2026-12-31T23:59:59.999999Z", "0.75", "", "0.75", "0.75", "3.75"},
        {"gemini", "gemini-3.8-flash", "2027-01-01T00:00:00Z", "1.5", "", "1.5", "1.5", "7.5"},
        {"gemini", "gemini-3.1-pro-preview", "2026-11-01T00:00:00Z", "2", "", "2", "2", "12"},
        {"simulated", "simulated-small", "2026-11-01T00:00:00Z", "0.1", "0.1", "0.1", "0.1", "0.4"},
        {"simulated", "simulated-large", "2026-11-01T00:00:00Z", "2", "2", "2", "2", "8"},
    }));
    CAPTURE(expected.model, expected.time);
    const auto catalogue = built_in();
    const auto* price = catalogue.find(expected.provider, expected.model, at(expected.time));
    REQUIRE(price);
    const auto known = [](std::string_view text) { return text.empty() ? std::nullopt : std::optional(usd(text)); };
    CHECK(price->rates.input == known(expected.input));
    CHECK(price->rates.cache_read == known(expected.cache_read));
    CHECK(price->rates.cache_write_5m == known(expected.write_5m));
    CHECK(price->rates.cache_write_1h == known(expected.write_1h));
    CHECK(price->rates.output == known(expected.output));
}

TEST_CASE("a model has no price before its first version", "[llm][catalogue]") {
    const auto catalogue = built_in();
    CHECK(catalogue.find("openai", "gpt-6-astra", at("2026-09-02T23:59:59.999999Z")) == nullptr);
    CHECK(catalogue.find("openai", "gpt-6-astra", at("2026-09-03T00:00:00Z")) != nullptr);
    CHECK(catalogue.find("anthropic", "gpt-6-astra", at("2026-11-01T00:00:00Z")) == nullptr);
    CHECK(catalogue.find("openai", "gpt-7", at("2026-11-01T00:00:00Z")) == nullptr);
    CHECK(catalogue.entry("openai", "gpt-7") == nullptr);
    CHECK(catalogue.entry("openai", "gpt-6-astra")->context_window == 1'050'000);
    CHECK(catalogue.entry("openai", "text-embedding-3-small")->kind == ModelKind::embedding);
}

TEST_CASE("OpenAI's long requests, tiers and regions are priced by its rules", "[llm][catalogue]") {
    const auto catalogue = built_in();
    const auto* model = GENERATE("gpt-6-astra", "gpt-6.1-sol", "gpt-6.1-terra", "gpt-6-sol", "gpt-6-luna");
    CAPTURE(model);
    const auto* price = catalogue.find("openai", model, at("2026-11-01T00:00:00Z"));
    REQUIRE(price);
    REQUIRE(price->tiers.size() == 1);
    const auto& lower = price->rates;
    const auto& upper = price->tiers[0].rates;
    CHECK(price->tiers[0].above_input_tokens == 272'000);
    CHECK(upper.input->value == 2 * lower.input->value);
    CHECK(upper.cache_read->value == 2 * lower.cache_read->value);
    CHECK(upper.cache_write_5m->value == 2 * lower.cache_write_5m->value);
    CHECK(upper.cache_write_1h->value == 2 * lower.cache_write_1h->value);
    CHECK(2 * upper.output->value == 3 * lower.output->value);
    CHECK(cost(input(272'001), *price).value == 2 * 272'001 * (lower.input->value / 1'000'000));
    auto usage = input(1'000'000 / 10);
    const auto usual = cost(usage, *price).value;
    usage.tier = "batch";
    CHECK(2 * cost(usage, *price).value == usual);
    usage.tier = "fast", usage.region = "eu";
    CHECK(10 * cost(usage, *price).value == 22 * usual);
}

TEST_CASE("Haiku above 100,000 tokens of prompt costs its dearer price on all tokens", "[llm][catalogue]") {
    const auto catalogue = built_in();
    const auto* price = catalogue.find("anthropic", "claude-haiku-5-5", at("2026-11-01T00:00:00Z"));
    REQUIRE(price);
    UsageRecord usage = input(50'000);
    usage.cache_read = 50'000;
    usage.output_visible = 1'000;
    CHECK(cost(usage, *price) == usd("0.006"));        // 0.005 + 0.0005 + 0.0005
    usage.cache_read += 1;
    CHECK(cost(usage, *price) == usd("0.03000005"));  // 0.025 + 0.00250005 + 0.0025
}

TEST_CASE("Argon doubles with the first of December, and a call under way keeps the price of its start", "[llm][catalogue]") {
    const auto catalogue = built_in();
    const auto* before = catalogue.find("gemini", "gemini-4-argon", at("2026-11-30T23:59:59.999999Z"));
    const auto* after = catalogue.find("gemini", "gemini-4-argon", at("2026-12-01T00:00:00Z"));
    REQUIRE((before && after));
    CHECK(before->id != after->id);
    UsageRecord usage = input(1'000'000);
    usage.output_visible = 1'000'000;
    // The call that began before midnight is settled after it by the version that it took.
    CHECK(cost(usage, *before) == usd("12"));
    CHECK(cost(usage, *after) == usd("24"));
    // The hour counts in UTC, whatever the machine's zone is.
    CHECK(catalogue.find("gemini", "gemini-4-argon", at("2026-12-01T00:30:00+01:00")) == before);
}

TEST_CASE("an unknown cached price of Gemini stays unknown and costs as much as input", "[llm][catalogue]") {
    const auto catalogue = built_in();
    const auto* price = catalogue.find("gemini", "gemini-3.1-pro-preview", at("2026-11-01T00:00:00Z"));
    REQUIRE(price);
    UsageRecord usage;
    usage.cache_read = 200'000;
    CHECK(charge(usage, *price).cost == usd("0.4"));
    CHECK(charge(usage, *price).guessed == std::vector<std::string>{"cache_read"});
    usage.cache_read = 200'001;
    CHECK(charge(usage, *price).cost == usd("0.800004"));
    CHECK(upper_bound(200'001, 0, *price) == usd("0.800004"));
}

TEST_CASE("the simulated provider charges what the catalogue says", "[llm][catalogue]") {
    const auto catalogue = built_in();
    base::ManualClock clock;
    runtime::Loop loop(clock);
    const auto provider = make_simulated(loop);
    for (const auto& model : provider->models()) {
        const auto* price = catalogue.find("simulated", model.id, at("2026-11-01T00:00:00Z"));
        REQUIRE(price);
        CHECK(price->rates.input == model.price->input_per_million);
        CHECK(price->rates.output == model.price->output_per_million);
    }
}

TEST_CASE("amounts are read as decimal text or as numbers, and null is unknown", "[llm][catalogue]") {
    const auto file = read(with_price(R"("tier_multipliers": {"fast": 2, "flex": 0.5}, "region_multipliers": {"eu": "1.100000"},
        "usd_per_tool_call": {"web_search": 0.01, "maps": null})",
                                      R"({"input": 2, "cache_read": null, "cache_write": 2.50, "output": "10.000000001", "reasoning": 0.1})"));
    const auto& price = file.rows.prices.at(0);
    CHECK(price.rates.input == usd("2"));
    CHECK(price.rates.cache_read == std::nullopt);
    CHECK(price.rates.cache_write_5m == usd("2.5"));
    CHECK(price.rates.cache_write_1h == usd("2.5"));
    CHECK(price.rates.output->value == 10'000'000'001);
    CHECK(price.rates.reasoning == usd("0.1"));
    CHECK(price.tier_multipliers == Multipliers{{"fast", 2'000'000}, {"flex", 500'000}});
    CHECK(price.region_multipliers == Multipliers{{"eu", 1'100'000}});
    CHECK(price.per_tool_call == std::map<std::string, NanoUsd>{{"web_search", usd("0.01")}});
}

TEST_CASE("a mistake in a file is named with its line and its place", "[llm][catalogue]") {
    struct Wrong {
        std::string text, pointer, message;
    };
    const auto wrong = GENERATE(values<Wrong>({
        {with_price("\"price\": 1"), "/models/0/prices/0/price", "line 2: there is no such member here"},
        {with_price("", R"({"input": "-2", "output": "10"})"), "/models/0/prices/0/usd_per_million/input", "line 3: must be an amount in US dollars, which cannot be negative"},
        {with_price("", R"({"input": -2, "output": "10"})"), "/models/0/prices/0/usd_per_million/input", "cannot be negative"},
        {with_price("", R"({"input": "2e3", "output": "10"})"), "/models/0/prices/0/usd_per_million/input", "no exponent"},
        {with_price("", R"({"input": 1e300, "output": "10"})"), "/models/0/prices/0/usd_per_million/input", "must be an amount"},
        {with_price("", R"({"input": "1000000.1", "output": "10"})"), "/models/0/prices/0/usd_per_million/input", "of at most 1000000"},
        {with_price("", R"({"input": true, "output": "10"})"), "/models/0/prices/0/usd_per_million/input", "must be an amount"},
        {with_price("", R"({"input": "2"})"), "/models/0/prices/0/usd_per_million", "output is missing"},
        {with_price("", R"({"input": null, "output": "2"})"), "/models/0/prices/0/usd_per_million", "input is missing"},
        {with_price("", R"({"input": "2", "output": "2", "thought": "1"})"), "/models/0/prices/0/usd_per_million/thought", "no such member"},
        {with_price("", R"({"input": "2", "output": "2", "cache_write": "1", "cache_write_5m": "1"})"), "/models/0/prices/0/usd_per_million/cache_write", "one price for all writes"},
        {with_price("", "[]"), "/models/0/prices/0/usd_per_million", "must be an object"},
        {with_price(R"("valid_to": "2025-01-01T00:00:00Z")"), "/models/0/prices/0/valid_to", "must be after valid_from"},
        {with_price(R"("valid_to": "2027-01-01T00:00:00+01:00")"), "/models/0/prices/0/valid_to", "must be a time in UTC"},
        {with_price(R"("valid_to": 7)"), "/models/0/prices/0/valid_to", "must be a time in UTC"},
        {with_price(R"("source": 7)"), "/models/0/prices/0/source", "must be a text"},
        {with_price(R"("tier_multipliers": {"fast": 0})"), "/models/0/prices/0/tier_multipliers/fast", "above 0"},
        {with_price(R"("tier_multipliers": {"fast": "0.0000001"})"), "/models/0/prices/0/tier_multipliers/fast", "six decimals"},
        {with_price(R"("tier_multipliers": {"fast": 101})"), "/models/0/prices/0/tier_multipliers/fast", "at most 100"},
        {with_price(R"("tier_multipliers": {"fast": null})"), "/models/0/prices/0/tier_multipliers/fast", "leave out one"},
        {with_price(R"("region_multipliers": [])"), "/models/0/prices/0/region_multipliers", "must be an object"},
        {with_price(R"("region_multipliers": {"a/b c": 1})"), "/models/0/prices/0/region_multipliers/a~1b c", "line 2: must have a name without spaces"},
        {with_price(R"("usd_per_tool_call": {"x": "-1"})"), "/models/0/prices/0/usd_per_tool_call/x", "cannot be negative"},
        {with_price(R"("tiers": {})"), "/models/0/prices/0/tiers", "must be a list"},
        {with_price(R"("tiers": [{"usd_per_million": {"input": 1, "output": 1}}])"), "/models/0/prices/0/tiers/0", "above_input_tokens is missing"},
        {with_price(R"("tiers": [{"above_input_tokens": -1, "usd_per_million": {"input": 1, "output": 1}}])"), "/models/0/prices/0/tiers/0/above_input_tokens", "not negative"},
        {with_price(R"("tiers": [{"above_input_tokens": 1.5, "usd_per_million": {"input": 1, "output": 1}}])"), "/models/0/prices/0/tiers/0/above_input_tokens", "whole number"},
        {with_price(R"("tiers": [{"above_input_tokens": 5}])"), "/models/0/prices/0/tiers/0", "usd_per_million is missing"},
        {with_price(R"("tiers": [
            {"above_input_tokens": 5, "usd_per_million": {"input": 1, "output": 1}},
            {"above_input_tokens": 5, "usd_per_million": {"input": 1, "output": 1}}])"), "/models/0/prices/0/tiers/1/above_input_tokens", "line 4: must be more than the tier before it (5)"},
        {with_prices(version("2026-01-01T00:00:00Z", "") + ",\n" + version("2026-06-01T00:00:00Z", "")), "/models/0/prices/1", "line 2: begins at 2026-06-01T00:00:00Z, when the version before it still holds"},
        {with_prices(version("2026-06-01T00:00:00Z", "") + "," + version("2026-01-01T00:00:00Z", "2026-06-01T00:00:00.000001Z")), "/models/0/prices/0", "still holds"},
        {with_prices(R"({"usd_per_million": {"input": 1, "output": 1}})"), "/models/0/prices/0", "valid_from is missing"},
        {with_prices("7"), "/models/0/prices/0", "must be an object"},
        {R"({"models": []})", "", "format must be 1"},
        {R"({"format": 2, "models": []})", "/format", "format must be 1"},
        {R"({"format": 1})", "", "models must be a list"},
        {R"({"format": 1, "models": {}})", "/models", "models must be a list"},
        {R"({"format": 1, "models": [], "model": 1})", "/model", "there is no such member"},
        {R"([])", "", "must be an object"},
        {R"({"format": 1, "models": [{"provider": "acme", "kind": "chat"}]})", "/models/0", "id is missing"},
        {R"({"format": 1, "models": [{"id": "m", "kind": "chat"}]})", "/models/0", "provider is missing"},
        {R"({"format": 1, "models": [{"provider": "acme", "id": "m"}]})", "/models/0", "kind is missing"},
        {R"({"format": 1, "models": [{"provider": "acme", "id": "m", "kind": "image"}]})", "/models/0/kind", "chat or embedding"},
        {R"({"format": 1, "models": [{"provider": "agent", "id": "m", "kind": "chat"}]})", "/models/0/provider", "cannot be agent or flow"},
        {R"({"format": 1, "models": [{"provider": "a/b", "id": "m", "kind": "chat"}]})", "/models/0/provider", "nor have a slash"},
        {R"({"format": 1, "models": [{"provider": "acme", "id": "m n", "kind": "chat"}]})", "/models/0/id", "a name without spaces"},
        {R"({"format": 1, "models": [{"provider": "acme", "id": "m", "kind": "chat", "context_window": "9"}]})", "/models/0/context_window", "whole number"},
        {R"({"format": 1, "models": [{"provider": "acme", "id": "m", "kind": "chat", "aliases": [7]}]})", "/models/0/aliases/0", "a name"},
        {R"({"format": 1, "models": [{"provider": "acme", "id": "m", "kind": "chat", "prices": {}}]})", "/models/0/prices", "must be a list"},
        {R"({"format": 1, "models": [{"provider": "acme", "id": "m", "kind": "chat"}, {"provider": "acme", "id": "m", "kind": "chat"}]})", "/models/1", "stands here already, as /models/0"},
        {R"({"format": 1, "models": [{"provider": "acme", "id": "m", "kind": "chat"}, {"provider": "acme", "id": "n", "kind": "chat", "aliases": ["m"]}]})", "/models/1/aliases/0", "names another model"},
    }));
    CAPTURE(wrong.text, wrong.pointer);
    const auto found = mistakes(wrong.text);
    REQUIRE_FALSE(found.empty());
    CHECK(found[0].pointer == wrong.pointer);
    CHECK_THAT(found[0].message, Catch::Contains(wrong.message) && Catch::StartsWith("line "));
}

TEST_CASE("all mistakes of a file are told at once", "[llm][catalogue]") {
    const auto found = mistakes(with_price(R"("valid_to": 7, "nonsense": 1)", R"({"input": -1})"));
    CHECK(found.size() == 4);
    const auto done = read_catalogue(with_price(R"("valid_to": 7)"));
    CHECK_THAT(done.error().message, Catch::Contains("has 1 mistake; the first is at /models/0/prices/0/valid_to: line 2"));
}

TEST_CASE("text that is no JSON is refused with line and column", "[llm][catalogue]") {
    const auto done = read_catalogue("{\n  \"format\": 1,\n  oops");
    REQUIRE(!done);
    CHECK(done.error().code == ErrorCode::invalid_argument);
    CHECK_THAT(done.error().message, Catch::Contains("line 3"));
    const auto twice = read_catalogue(R"({"format": 1, "format": 1, "models": []})");
    CHECK(!twice);
    CHECK(read_catalogue(std::string((8 << 20) + 1, ' ')).error().code == ErrorCode::too_large);
}

TEST_CASE("gaps, ends and models without a price are warnings", "[llm][catalogue]") {
    const auto gap = read(with_prices(version("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z") + ",\n" + version("2026-03-01T00:00:00Z", "")));
    REQUIRE(gap.warnings.size() == 1);
    CHECK(gap.warnings[0].pointer == "/models/0/prices/0/valid_to");
    CHECK(gap.warnings[0].message == "line 1: a gap: the model has no price from 2026-02-01T00:00:00Z to 2026-03-01T00:00:00Z");
    const auto end = read(with_prices(version("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z")));
    REQUIRE(end.warnings.size() == 1);
    CHECK_THAT(end.warnings[0].message, Catch::Contains("no price follows: from 2026-02-01T00:00:00Z on"));
    const auto none = read(R"({"format": 1, "models": [{"provider": "acme", "id": "m", "kind": "chat"}]})");
    REQUIRE(none.warnings.size() == 1);
    CHECK_THAT(none.warnings[0].message, Catch::Contains("has no price"));
    CHECK(none.rows.models.size() == 1);
}

TEST_CASE("the id of a version is made of what it says, not of where it was read", "[llm][catalogue]") {
    const auto first = read(with_price(R"("source": "here")")).rows.prices[0], second = read(with_price(R"("source": "there")")).rows.prices[0];
    CHECK(first.id == second.id);
    CHECK(first.id.size() == 20);
    CHECK_THAT(first.id, Catch::StartsWith("prc_"));
    CHECK(read(with_price("", R"({"input": 2.0, "output": 10})")).rows.prices[0].id == first.id);
    CHECK(read(with_price("", R"({"input": 3, "output": 10})")).rows.prices[0].id != first.id);
    CHECK(read(with_price(R"("valid_to": "2027-01-01T00:00:00Z")")).rows.prices[0].id != first.id);
    CHECK(read(with_price(R"("tier_multipliers": {"fast": 2})")).rows.prices[0].id != first.id);
    CHECK(read(with_price("", R"({"input": 2, "output": 10, "cache_read": 0})")).rows.prices[0].id != first.id);
}

TEST_CASE("what is written of a price and a model is read back the same", "[llm][catalogue]") {
    const auto file = read(embedded_catalogue());
    for (const auto& price : file.rows.prices) {
        const auto again = read_rendered_price(base::dump_json(render_price(price)));
        REQUIRE(again);
        CHECK(again->id == price.id);
        CHECK(again->rates == price.rates);
        CHECK(again->tiers == price.tiers);
        CHECK(base::dump_json(render_price(*again)) == base::dump_json(render_price(price)));
    }
    for (const auto& entry : file.rows.models) {
        const auto again = read_rendered_entry(base::dump_json(render_entry(entry)));
        REQUIRE(again);
        CHECK(base::dump_json(render_entry(*again)) == base::dump_json(render_entry(entry)));
    }
    CHECK(read_rendered_price("{").error().code == ErrorCode::internal);
    CHECK(read_rendered_price("{}").error().code == ErrorCode::internal);
    CHECK(read_rendered_entry("[]").error().code == ErrorCode::internal);
}

TEST_CASE("a stronger layer's price counts while it holds, the weaker one's before and after", "[llm][catalogue]") {
    const Catalogue catalogue({layer(PriceOrigin::imported, with_prices(version("2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z", "1"))),
                               layer(PriceOrigin::embedded, with_prices(version("2026-01-01T00:00:00Z", "", "2")))});
    const auto input_at = [&](std::string_view time) { return catalogue.find_version("acme", "m", at(time)); };
    CHECK(input_at("2026-02-28T23:59:59Z").price->rates.input == usd("2"));
    CHECK(input_at("2026-03-01T00:00:00Z").price->rates.input == usd("1"));
    CHECK(input_at("2026-03-01T00:00:00Z").origin == PriceOrigin::imported);
    CHECK(input_at("2026-04-01T00:00:00Z").price->rates.input == usd("2"));
    CHECK(input_at("2026-04-01T00:00:00Z").origin == PriceOrigin::embedded);
    CHECK(input_at("2025-04-01T00:00:00Z").price == nullptr);
    REQUIRE(catalogue.history("m").size() == 2);
    CHECK(catalogue.history("m")[0].price->rates.input == usd("1"));
    CHECK(catalogue.history("m", "acme").size() == 2);
    CHECK(catalogue.history("m", "other").empty());
}

TEST_CASE("of two versions of one layer the later row counts", "[llm][catalogue]") {
    CatalogueRows rows = read(with_prices(version("2026-01-01T00:00:00Z", "", "2"))).rows;
    const auto later = read(with_prices(version("2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z", "1"))).rows;
    rows.prices.push_back(later.prices[0]);
    const Catalogue catalogue({{PriceOrigin::imported, std::make_shared<const CatalogueRows>(rows)}});
    CHECK(catalogue.find("acme", "m", at("2026-02-15T00:00:00Z"))->rates.input == usd("1"));
    CHECK(catalogue.find("acme", "m", at("2026-03-15T00:00:00Z"))->rates.input == usd("2"));
}

TEST_CASE("what a stronger layer leaves out of a model the weaker one tells", "[llm][catalogue]") {
    const Catalogue catalogue(
        {layer(PriceOrigin::file, R"({"format": 1, "models": [{"provider": "acme", "id": "m", "kind": "chat", "max_output_tokens": 5,
                                      "aliases": ["small"]}]})"),
         layer(PriceOrigin::embedded, R"({"format": 1, "models": [{"provider": "acme", "id": "m", "kind": "chat", "max_output_tokens": 9,
                                          "context_window": 100, "aliases": ["little"], "input_modalities": ["text"],
                                          "capabilities": ["tools"], "source": "a page", "prices": [)" +
                                          version("2026-01-01T00:00:00Z", "") + "]}]}")});
    const auto* entry = catalogue.entry("acme", "m");
    REQUIRE(entry);
    CHECK(entry->max_output_tokens == 5);
    CHECK(entry->context_window == 100);
    CHECK(entry->source == "a page");
    CHECK(entry->input_modalities == std::vector<std::string>{"text"});
    CHECK(entry->capabilities == std::vector<std::string>{"tools"});
    CHECK(catalogue.entries().size() == 1);
    const Time now = at("2026-11-01T00:00:00Z");
    for (const auto* alias : {"small", "little"}) {
        CHECK(catalogue.entry("acme", alias) == entry);
        CHECK(catalogue.find("acme", alias, now) == catalogue.find("acme", "m", now));
        CHECK(catalogue.history(alias).size() == 1);
    }
}

TEST_CASE("the line of each value is found by its pointer", "[llm][catalogue]") {
    const auto lines = lines_of("{\n \"a\": [1,\n  {\"b/c\": \"x\\\"\\n]\",\n\"d~\": null}],\n \"e\":\n  {}, \"\\u0066\": 7\n}");
    CHECK(lines.at("") == 1);
    CHECK(lines.at("/a") == 2);
    CHECK(lines.at("/a/0") == 2);
    CHECK(lines.at("/a/1") == 3);
    CHECK(lines.at("/a/1/b~1c") == 3);
    CHECK(lines.at("/a/1/d~0") == 4);
    CHECK(lines.at("/e") == 5);
    CHECK(lines.at("/f") == 6);
    CHECK(lines_of("[[], {}, -1.5e3, true]").size() == 5);
}
