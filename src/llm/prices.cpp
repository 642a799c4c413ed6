// The two sums: what a usage came to, and the most that a call can come to. Both use the same rates, so that one never
// passes the other.

#include "sluice/llm/prices.hpp"

#include <algorithm>
#include <array>
#include <limits>

namespace sluice::llm {

namespace {

using Wide = __int128;
constexpr Wide widest = (static_cast<Wide>(1) << 126) - 1 + (static_cast<Wide>(1) << 126);  // 2^127 - 1
constexpr Wide greatest = std::numeric_limits<std::int64_t>::max();

// Both for values that are not negative; what passes 128 bits stays at the greatest. Such a sum is above int64 in any case:
// 2^127 divided by what makes nano-USD of it (10^18) is more than 2^63.
Wide plus(Wide a, Wide b) {
    Wide sum = 0;
    return __builtin_add_overflow(a, b, &sum) ? widest : sum;
}
Wide times(Wide a, Wide b) {
    Wide product = 0;
    return __builtin_mul_overflow(a, b, &product) ? widest : product;
}

std::int64_t count(std::int64_t value) { return std::max<std::int64_t>(value, 0); }

std::int64_t times_rounded_up(std::int64_t value, std::int64_t by, std::int64_t per) {
    const Wide scaled = (static_cast<Wide>(value) * by + per - 1) / per;
    return static_cast<std::int64_t>(std::min(scaled, greatest));
}

/// One rate as it is used: what is known, or what stands in for it.
struct Used {
    std::int64_t rate = 0;
    bool known = false;
};

Used used(const std::optional<NanoUsd>& rate, std::int64_t otherwise, bool sound = false) {
    return rate ? Used{count(rate->value), true} : Used{otherwise, sound};
}

struct UsedRates {
    Used input, cache_read, cache_write_5m, cache_write_1h, output, reasoning, audio_input, audio_output, image_input;

    explicit UsedRates(const Rates& rates) {
        input = used(rates.input, 0);
        output = used(rates.output, input.rate);
        cache_read = used(rates.cache_read, input.rate);
        // Every known vendor takes 1.25 times input for a short write; 2.5 times, for OpenAI's of 12 hours, is the dearest.
        cache_write_5m = used(rates.cache_write_5m, times_rounded_up(input.rate, 5, 4));
        cache_write_1h =
            used(rates.cache_write_1h, std::max(times_rounded_up(input.rate, 5, 2), cache_write_5m.rate));
        // Vendors count reasoning as output and images as input unless they say otherwise.
        reasoning = used(rates.reasoning, output.rate, output.known);
        image_input = used(rates.image_input, input.rate, input.known);
        audio_input = used(rates.audio_input, input.rate);
        audio_output = used(rates.audio_output, output.rate);
    }
};

const Rates& rates_for(const PriceVersion& price, Wide input_tokens) {
    const Rates* rates = &price.rates;
    for (const auto& tier : price.tiers)
        if (input_tokens > tier.above_input_tokens) rates = &tier.rates;
    return *rates;
}

constexpr std::array<std::string_view, 4> usual_tiers{"", "default", "standard", "auto"};
constexpr std::array<std::string_view, 4> usual_regions{"", "global", "default", "not_available"};

std::int64_t dearest(const Multipliers& listed) {
    std::int64_t most = multiplier_one;
    for (const auto& [name, factor] : listed) most = std::max(most, factor);
    return most;
}

Used multiplier(const Multipliers& listed, std::string_view name, std::span<const std::string_view> usual) {
    if (const auto found = listed.find(name); found != listed.end()) return {count(found->second), true};
    if (std::find(usual.begin(), usual.end(), name) != usual.end()) return {multiplier_one, true};
    if (const auto any = listed.find("*"); any != listed.end()) return {count(any->second), true};
    return {dearest(listed), false};
}

/// The dearest that a call can be billed at, when it asks for `name`; nothing: it is not listed.
std::optional<std::int64_t> bound_of(const Multipliers& listed, const std::optional<std::string>& name,
                                     std::span<const std::string_view> usual) {
    if (!name || *name == "auto") return dearest(listed);
    const auto asked = multiplier(listed, *name, usual);
    if (!asked.known) return std::nullopt;
    return std::max(asked.rate, multiplier_one);
}

/// `tokens` is a sum of counts times rates; the result is rounded up once.
NanoUsd total(Wide tokens, std::int64_t tier, std::int64_t region, Wide tools) {
    constexpr Wide per = static_cast<Wide>(1'000'000) * multiplier_one * multiplier_one;
    const Wide scaled = times(times(tokens, tier), region);
    const Wide sum = plus(scaled / per + (scaled % per != 0 ? 1 : 0), tools);
    return {static_cast<std::int64_t>(std::min(sum, greatest))};
}

}  // namespace

Charge charge(const UsageRecord& usage, const PriceVersion& price) {
    Charge out;
    const std::int64_t cache_read = count(usage.cache_read), write_5m = count(usage.cache_write_5m),
                       write_1h = count(usage.cache_write_1h), reasoning = count(usage.output_reasoning);
    std::int64_t uncached = count(usage.input_uncached), visible = count(usage.output_visible);
    const Wide all_input = static_cast<Wide>(uncached) + cache_read + write_5m + write_1h;
    const UsedRates rates(rates_for(price, all_input));

    // What goes beyond the uncached ones was read from the cache, and costs what that costs.
    const std::int64_t audio = std::min(count(usage.audio_input), uncached);
    uncached -= audio;
    const std::int64_t image = std::min(count(usage.image_input), uncached);
    uncached -= image;
    const std::int64_t spoken = std::min(count(usage.audio_output), visible);
    visible -= spoken;

    Wide sum = 0;
    const auto add = [&](std::int64_t tokens, const Used& rate, const char* name) {
        if (tokens == 0) return;
        sum = plus(sum, times(tokens, rate.rate));
        if (!rate.known) out.guessed.emplace_back(name);
    };
    add(uncached, rates.input, "input");
    add(audio, rates.audio_input, "audio_input");
    add(image, rates.image_input, "image_input");
    add(cache_read, rates.cache_read, "cache_read");
    add(write_5m, rates.cache_write_5m, "cache_write_5m");
    add(write_1h, rates.cache_write_1h, "cache_write_1h");
    add(visible, rates.output, "output");
    add(spoken, rates.audio_output, "audio_output");
    add(reasoning, rates.reasoning, "reasoning");

    Wide tools = 0;
    for (const auto& [name, uses] : usage.tool_uses) {
        if (uses <= 0) continue;
        const auto found = price.per_tool_call.find(name);
        if (found == price.per_tool_call.end())
            out.guessed.push_back("tool:" + name);
        else
            tools = plus(tools, times(uses, count(found->second.value)));
    }
    const auto tier = multiplier(price.tier_multipliers, usage.tier, usual_tiers);
    if (!tier.known) out.guessed.push_back("tier:" + usage.tier);
    const auto region = multiplier(price.region_multipliers, usage.region, usual_regions);
    if (!region.known) out.guessed.push_back("region:" + usage.region);
    out.cost = total(sum, tier.rate, region.rate, tools);
    return out;
}

NanoUsd cost(const UsageRecord& usage, const PriceVersion& price) { return charge(usage, price).cost; }

std::optional<NanoUsd> upper_bound(const CallBound& bound, const PriceVersion& price) {
    const std::int64_t input_tokens = count(bound.input_tokens), output_tokens = count(bound.output_tokens);
    std::int64_t input = 0, output = 0;
    bool known = true;
    const auto consider = [&](const Rates& of) {
        const UsedRates rates(of);
        if (input_tokens > 0) {
            known = known && rates.input.known && (!bound.audio_input || rates.audio_input.known);
            input = std::max({input, rates.input.rate, rates.cache_read.rate, rates.image_input.rate});
            if (bound.cache_write_5m) input = std::max(input, rates.cache_write_5m.rate);
            if (bound.cache_write_1h) input = std::max(input, rates.cache_write_1h.rate);
            if (bound.audio_input) input = std::max(input, rates.audio_input.rate);
        }
        if (output_tokens > 0) {
            known = known && rates.output.known && (!bound.audio_output || rates.audio_output.known);
            output = std::max({output, rates.output.rate, rates.reasoning.rate});
            if (bound.audio_output) output = std::max(output, rates.audio_output.rate);
        }
    };
    // A call may stay below a threshold that its bound passes, and its rates there may be the dearer ones.
    consider(price.rates);
    for (const auto& tier : price.tiers)
        if (input_tokens > tier.above_input_tokens) consider(tier.rates);
    Wide tools = 0;
    for (const auto& [name, uses] : bound.tool_uses) {
        if (uses <= 0) continue;
        const auto found = price.per_tool_call.find(name);
        if (found == price.per_tool_call.end()) return std::nullopt;
        tools = plus(tools, times(uses, count(found->second.value)));
    }
    const auto tier = bound_of(price.tier_multipliers, bound.tier, usual_tiers);
    const auto region = bound_of(price.region_multipliers, bound.region, usual_regions);
    if (!known || !tier || !region) return std::nullopt;
    const Wide sum = plus(times(input_tokens, input), times(output_tokens, output));
    return total(sum, *tier, *region, tools);
}

std::optional<NanoUsd> upper_bound(std::int64_t input_tokens, std::int64_t output_tokens, const PriceVersion& price,
                                   std::map<std::string, std::int64_t> tool_uses) {
    CallBound bound;
    bound.input_tokens = input_tokens;
    bound.output_tokens = output_tokens;
    bound.tool_uses = std::move(tool_uses);
    return upper_bound(bound, price);
}

}  // namespace sluice::llm
