// The one admission of every call, at doors and in flows: limits first, then budgets; and what answers tell of limits.

#include <algorithm>

#include "llm/gateway_state.hpp"
#include "sluice/base/metrics.hpp"

namespace sluice::llm {
namespace {

base::metrics::Counter limited_total("sluice_gateway_limited_total", "Model calls that a limit on requests or tokens refused");

constexpr std::int64_t usual_output = 1024;  ///< reserved in limits where the call says no output limit
constexpr std::int64_t bytes_of_token = 4;

/// What limits reserve. Not the upper bound that budgets hold: a limit is about a rate, and what is used beyond the
/// estimate is owed, so that an estimate too low lets nothing through in the long run, and one too high costs nobody a turn.
std::int64_t reserved_tokens(const Demand& demand, const Target& target) {
    auto input = (static_cast<std::int64_t>(demand.body.size()) + bytes_of_token - 1) / bytes_of_token;
    if (target.context_window) input = std::min(input, *target.context_window);
    if (demand.operation == Operation::embeddings) return input;
    auto output = demand.max_output >= 0 ? demand.max_output : usual_output;
    if (target.max_output_tokens) output = std::min(output, *target.max_output_tokens);
    output = std::min<std::int64_t>(output, 1'000'000'000);
    return input + output * std::max<std::int64_t>(1, demand.choices);
}

std::int64_t whole_seconds(Duration duration) { return (duration.count() + 999'999) / 1'000'000; }

/// As OpenAI writes how long until a limit is full again: "120ms", "6s", "1m0s".
std::string openai_duration(Duration duration) {
    const auto ms = (duration.count() + 999) / 1000;
    if (ms < 1000) return fmt::format("{}ms", ms);
    const auto seconds = whole_seconds(duration);
    return seconds < 60 ? fmt::format("{}s", seconds) : fmt::format("{}m{}s", seconds / 60, seconds % 60);
}

}  // namespace

Result<void> Gateway::State::may_call(const budget::CallScope& scope, std::string_view asked, const Result<Plan>& plan) const {
    const auto unknown = [&] {
        return fail(ErrorCode::not_found, "the model {} does not exist, or may not be called with this credential; GET /v1/models lists those "
                    "that may", asked.substr(0, 200));
    };
    // Whoever may call some models is not told which others there are.
    if (!plan) {
        if (plan.error().code == ErrorCode::not_found && parts.limits.restricts(scope)) return unknown();
        return {};
    }
    ModelNames names{asked, {}, {}};
    std::string label;
    if (plan->route.empty() && !plan->targets.empty()) {
        const auto& target = plan->targets.front();
        label = target.label();
        names.model = target.model;
        names.label = label;
    }
    if (!parts.limits.allows(scope, names)) return unknown();
    return {};
}

Result<Target> Gateway::State::allowed_target(const budget::CallScope& scope, std::string_view model) const {
    auto found = target(scope.workspace, model);
    if (!parts.limits.any(scope.workspace)) return found;
    Result<Plan> plan;
    if (found)
        plan->targets.push_back(*found);
    else
        plan = fail(found.error());
    if (auto may = may_call(scope, model, plan); !may) return fail(std::move(may.error()));
    return found;
}

Awaitable<Result<Entrance>> enter(Gateway::State& state, const budget::CallScope& caller, const Demand& demand, const Target& target,
                                  std::string_view asked, CountedLimits* counted) {
    Entrance out;
    if (counted) {
        const auto label = target.label();
        auto verdict = state.parts.limits.admit(caller, {asked, target.model, label}, reserved_tokens(demand, target), *counted);
        out.standings = verdict.standings;
        if (verdict.refusal) {
            limited_total.add();
            out.limited = std::move(verdict.refusal);
            co_return out;
        }
        out.share = std::move(verdict.share);
    }
    auto scope = caller;
    scope.model = target.model;
    const bool hard = demand.operation == Operation::chat && state.parts.budgets.left(scope).has_value();
    const auto bound = bound_of(demand, target, hard, out.injected);
    auto admission = co_await state.parts.budgets.admit(std::move(scope), state.most(bound, target));
    if (!admission || admission->refusal) {
        if (counted) state.parts.limits.release(std::move(out.share), *counted);
        if (!admission) co_return fail(std::move(admission.error()));
        out.refusal = std::move(admission->refusal);
        out.downgrade_to = std::move(admission->downgrade_to);
        co_return out;
    }
    out.hold = std::move(admission->hold);
    out.left = admission->left;
    co_return out;
}

CallError limit_error(const LimitRefusal& refusal) {
    CallError out;
    out.status = 429;
    out.type = "rate_limited";
    out.message = refusal.message;
    out.retry_after_ms = std::max<std::int64_t>(1, (refusal.retry_in.count() + 999) / 1000);
    return out;
}

void put_limits(net::Headers& headers, const Format& door, const LimitStandings& standings, Time now) {
    std::string policies, states;
    for (const auto& [standing, name, plain] : {std::tuple(&standings.requests, "requests", "model-requests"),
                                                std::tuple(&standings.tokens, "tokens", "model-tokens")}) {
        if (!*standing) continue;
        const auto& each = **standing;
        const auto comma = policies.empty() ? "" : ", ";
        policies += fmt::format("{}\"{}\";q={};w=60", comma, plain, each.limit);
        states += fmt::format("{}\"{}\";r={};t={}", comma, plain, each.left, whole_seconds(each.full_in));
        if (&door == &anthropic_messages()) {
            headers.set(fmt::format("anthropic-ratelimit-{}-limit", name), fmt::format("{}", each.limit));
            headers.set(fmt::format("anthropic-ratelimit-{}-remaining", name), fmt::format("{}", each.left));
            headers.set(fmt::format("anthropic-ratelimit-{}-reset", name), base::format_time(now + each.full_in));
        } else if (&door != &gemini()) {
            headers.set(fmt::format("x-ratelimit-limit-{}", name), fmt::format("{}", each.limit));
            headers.set(fmt::format("x-ratelimit-remaining-{}", name), fmt::format("{}", each.left));
            headers.set(fmt::format("x-ratelimit-reset-{}", name), openai_duration(each.full_in));
        }
    }
    if (policies.empty()) return;
    headers.set("RateLimit-Policy", policies);
    headers.set("RateLimit", states);
}

}  // namespace sluice::llm
