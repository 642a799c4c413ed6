// What an attempt cost: from the vendor's usage, or counted here, or the whole hold.

#include <algorithm>

#include "llm/gateway_state.hpp"
#include "llm/genai_metrics.hpp"
#include "sluice/llm/contents.hpp"
#include "sluice/base/metrics.hpp"
#include "sluice/llm/llm.hpp"

namespace sluice::llm {
namespace {

base::metrics::Counter calls_total("sluice_gateway_calls_total", "Model calls that were settled");
base::metrics::Counter unknown_total("sluice_gateway_unknown_total",
                                     "Model calls whose end is not known: charged at their hold");
base::metrics::Histogram call_us("sluice_gateway_call_us",
                                 "Time of a model call from its admission to its settlement, in microseconds");

Duration steady(Gateway::State& state) { return state.parts.loop.clock().steady(); }

}  // namespace

Account::Account(Gateway::State& state, budget::Hold hold, budget::Spend spend, const Target& target)
    : state_(state),
      hold_(std::move(hold)),
      spend_(std::move(spend)),
      catalogue_(target.catalogue),
      configured_price_(target.configured_price),
      price_(target.price),
      began_(steady(state)) {}

Account::~Account() {
    if (!finished_) finish("unknown", std::nullopt);
}

void Account::first_byte() {
    if (spend_.first_token_us == 0) spend_.first_token_us = (steady(state_) - began_).count();
}

void Account::finish(std::string_view status, std::optional<UsageRecord> usage, std::optional<NanoUsd> fallback) {
    if (std::exchange(finished_, true)) return;
    spend_.status = status;
    spend_.duration_us = (steady(state_) - began_).count();
    if (price_) spend_.price_version = price_->id;
    // Nobody knows what an end without usage has used: what was reserved stays counted, unless nothing was sent.
    if (!share_.empty() && (usage || fallback)) share_.settle(usage ? usage->input() + usage->output() : 0);
    if (usage) {
        spend_.input_uncached = usage->input_uncached;
        spend_.cache_read = usage->cache_read;
        spend_.cache_write_5m = usage->cache_write_5m;
        spend_.cache_write_1h = usage->cache_write_1h;
        spend_.output_visible = usage->output_visible;
        spend_.output_reasoning = usage->output_reasoning;
        spend_.raw_usage = std::move(usage->raw);
        spend_.estimated = spend_.estimated || usage->estimated;
        if (!usage->tool_uses.empty()) {
            Json uses = Json::object();
            for (const auto& [name, count] : usage->tool_uses) uses[name] = count;
            spend_.tool_uses = base::dump_json(uses);
        }
        if (price_) {
            const auto charged = charge(*usage, *price_);
            cost_ = charged.cost;
            spend_.estimated = spend_.estimated || !charged.guessed.empty();
        } else {
            spend_.estimated = true;  // no price: 0 here is not known to be true
        }
    } else {
        cost_ = fallback.value_or(hold_ ? hold_.amount() : NanoUsd{});
        if (!fallback) {
            spend_.estimated = true;
            unknown_total.add();
        }
    }
    spend_.cost = cost_;
    if (report) spend_.guardrails = report->json();
    spend_.at = state_.now();
    observe_call(spend_);
    if (settled) settled(spend_, price_ != nullptr);
    // What a guardrail refused is not kept: it was to be seen by nobody.
    const bool refused = report && report->refusal;
    if (content && !refused && state_.parts.contents->keeps(spend_.scope.workspace, spend_.status != "ok"))
        state_.parts.contents->keep(spend_.scope.workspace, spend_.id, content->json());
    calls_total.add();
    call_us.observe(static_cast<std::uint64_t>(std::max<std::int64_t>(spend_.duration_us, 0)));
    storage::WriteUnit unit;
    std::function<void(Result<void>)> done = [](Result<void> stored) {
        if (!stored) log::error("a call's spend could not be stored", {{"cause", stored.error().message}});
    };
    if (report && tell_findings(state_, unit, spend_, *report)) done = tells_bus(state_, spend_.scope.workspace);
    state_.parts.budgets.settle(unit, std::move(hold_), std::move(spend_));
    if (also) also(unit);
    state_.parts.storage.enqueue(std::move(unit), std::move(done));
}

UsageRecord estimated_usage(std::int64_t input_bytes, std::int64_t output_tokens) {
    UsageRecord out;
    out.input_uncached = (input_bytes + 3) / 4;
    out.output_visible = output_tokens;
    out.estimated = true;
    return out;
}

std::optional<UsageRecord> usage_of(const Format& format, const BodyScan& answer) {
    Json part = Json::object();
    for (const auto* name : {"usage", "usageMetadata", "service_tier"}) {
        const auto raw = answer.raw(name);
        if (raw.empty() || raw.size() > 64 << 10) continue;
        auto value = Json::parse(raw, nullptr, false);
        if (!value.is_discarded() && !value.is_null()) part[name] = std::move(value);
    }
    if (part.empty()) return std::nullopt;
    return format.read_usage(part);
}

}  // namespace sluice::llm
