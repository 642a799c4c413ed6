#include "flows/retry_schedule.hpp"

#include <algorithm>
#include <cmath>

#include "flows/config_schema.hpp"

namespace sluice::flows {

namespace {

constexpr std::size_t most_attempts = 20'000;  // in one answer: some megabytes

/// Microseconds as a duration; what is larger than any duration is the largest.
Duration bounded(double microseconds) {
    constexpr double most = 9.2e18;
    if (!(microseconds < most)) return Duration::max();
    return Duration(std::llround(std::max(microseconds, 0.0)));
}

Duration sum(Duration a, Duration b) { return a > Duration::max() - b ? Duration::max() : a + b; }

Duration stretched(Duration delay, double share) { return bounded(static_cast<double>(delay.count()) * share); }

void add_previews(const Json& object, const std::string& pointer, const CompiledGraph& graph, RetryPreviews& out,
                  std::size_t& attempts) {
    const auto* nodes = base::find_member(object, "nodes");
    if (nodes == nullptr || !nodes->is_array()) return;
    for (std::size_t i = 0; i < std::min(nodes->size(), graph.nodes.size()); ++i) {
        const auto& node = graph.nodes[i];
        const auto here = fmt::format("{}/nodes/{}", pointer, i);
        const auto* retry = base::find_member((*nodes)[i], "retry");
        if (retry != nullptr && retry->is_object()) {
            auto policy = node.retry;
            // Only tasks are tried again: the preview says so instead of promising what the executor does not do.
            if (node.type == nullptr || node.type->kind != NodeKind::task) policy.max_attempts = 1;
            auto schedule = retry_schedule(policy);
            if (attempts + schedule.size() > most_attempts) {
                ++out.left_out;
            } else {
                attempts += schedule.size();
                Duration total{};
                for (const auto& one : schedule)
                    if (!node.retry.max_elapsed || one.elapsed <= *node.retry.max_elapsed) total = one.elapsed;
                out.items.push_back({here + "/retry", node.id, std::move(schedule), total});
            }
        }
        if (node.body == nullptr || node.type == nullptr) continue;
        for (const auto& body : find_fields(node.type->config_schema, node.config_source).bodies)
            add_previews(node.config_source.at(Json::json_pointer(body)), here + "/config" + body, *node.body, out, attempts);
    }
}

}  // namespace

Duration retry_delay(const RetryPolicy& policy, int failures) {
    const double plain = static_cast<double>(policy.backoff.count()) * std::pow(policy.factor, failures - 1);
    return std::min(bounded(plain), policy.max_backoff);
}

std::vector<RetryAttempt> retry_schedule(const RetryPolicy& policy) {
    std::vector<RetryAttempt> out{{}};
    while (static_cast<int>(out.size()) < policy.max_attempts) {
        RetryAttempt next = out.back();
        next.delay = retry_delay(policy, next.attempt);
        ++next.attempt;
        next.elapsed = sum(next.elapsed, next.delay);
        next.earliest = sum(next.earliest, stretched(next.delay, 1 - policy.jitter));
        next.latest = sum(next.latest, stretched(next.delay, 1 + policy.jitter));
        if (policy.max_elapsed) {
            if (next.earliest > *policy.max_elapsed) break;
            next.certain = next.latest <= *policy.max_elapsed;
        }
        out.push_back(next);
    }
    return out;
}

RetryPreviews preview_retries(const Json& document, const CompiledFlow& flow) {
    RetryPreviews out;
    std::size_t attempts = 0;
    add_previews(document, "", flow.graph, out, attempts);
    return out;
}

Json retries_json(const RetryPreviews& previews) {
    Json out = Json::array();
    for (const auto& preview : previews.items) {
        Json attempts = Json::array();
        for (const auto& one : preview.attempts) {
            attempts.push_back({{"attempt", one.attempt},
                                {"delay", base::format_duration(one.delay)},
                                {"earliest", base::format_duration(one.earliest)},
                                {"latest", base::format_duration(one.latest)},
                                {"elapsed", base::format_duration(one.elapsed)}});
            if (!one.certain) attempts.back()["certain"] = false;
        }
        out.push_back({{"pointer", preview.pointer},
                       {"node", preview.node},
                       {"attempts", std::move(attempts)},
                       {"total", base::format_duration(preview.total)}});
    }
    return out;
}

}  // namespace sluice::flows
