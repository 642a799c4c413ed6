// Which models a name stands for, and in which order they are tried.

#include <algorithm>
#include <cmath>

#include "llm/gateway_state.hpp"
#include "sluice/base/metrics.hpp"

namespace sluice::llm {
namespace {

base::metrics::Counter cooled_total("sluice_gateway_cooldowns_total",
                                    "Times a model was left out for a while after it had failed");

constexpr int failures_before_cooling = 3;
constexpr Duration shortest_pause = std::chrono::seconds(2);
constexpr Duration longest_pause = std::chrono::seconds(60);
constexpr Duration probe_time = std::chrono::seconds(30);  ///< until another call may try a half-open target
constexpr std::size_t most_health = 10'000;
constexpr Duration latency_half_life = std::chrono::minutes(1);  ///< of a target that nobody calls: it is tried again some time
constexpr double newest_share = 0.2;  ///< of the moving average of latency

std::uint64_t hash_of(std::string_view text) {
    std::uint64_t hash = 1469598103934665603ULL;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
    hash ^= hash >> 32;
    return hash * 0x9E3779B97F4A7C15ULL;
}

HealthMinute& minute_of(Health& health, Time at) {
    const auto number = base::to_us(at) / 60'000'000;
    auto& out = health.minutes[static_cast<std::size_t>(number) % health.minutes.size()];
    if (out.minute != number) out = {number, 0, 0, 0};
    return out;
}

/// A target that was slow once and is not called any more must not stay out for ever: what is known of it fades.
double expected_latency(const Health& health, Time now) {
    const auto idle = std::chrono::duration<double>(now - std::max(health.answered_at, health.failed_at)) / latency_half_life;
    return health.latency_us * std::exp2(-std::clamp(idle, 0.0, 60.0));
}

void fill(Target& target, std::string_view catalogue_name, Time now) {
    const auto& catalogue = *target.catalogue;
    const ModelEntry* entry = nullptr;
    if (target.row) {
        entry = catalogue.entry(target.row->id.str(), target.model);
        target.price = catalogue.find(target.row->id.str(), target.model, now);
    }
    const auto* known = catalogue_name.empty() ? nullptr : catalogue.entry(catalogue_name, target.model);
    if (!target.price && !catalogue_name.empty()) target.price = catalogue.find(catalogue_name, target.model, now);
    for (const auto* each : {entry, known}) {
        if (!each) continue;
        if (!target.context_window) target.context_window = each->context_window;
        if (!target.max_output_tokens) target.max_output_tokens = each->max_output_tokens;
    }
}

Target target_of(std::shared_ptr<const ProviderRow> row, std::string model, std::shared_ptr<const Catalogue> catalogue,
                 Time now) {
    Target out;
    out.provider = row->name;
    out.type = find_upstream_type(row->type);
    out.base_url = row->base_url.empty() ? std::string(out.type->default_base_url()) : row->base_url;
    out.row = std::move(row);
    out.model = std::move(model);
    out.catalogue = std::move(catalogue);
    fill(out, out.type->vendor(), now);
    return out;
}

bool lists(const ProviderRow& row, std::string_view model) {
    return std::any_of(row.models.begin(), row.models.end(), [&](const ProviderModel& each) { return each.id == model; });
}

}  // namespace

Result<Target> Gateway::State::target(WorkspaceId workspace, std::string_view model) const {
    const auto catalogue = parts.catalogues.snapshot();
    if (auto row = parts.book.serving(workspace, model))
        return target_of(std::move(row), std::string(model), catalogue, now());
    if (const auto slash = model.find('/'); slash != std::string_view::npos) {
        const auto rest = model.substr(slash + 1);
        auto row = parts.book.find(workspace, model.substr(0, slash));
        if (row && row->enabled && row->name == model.substr(0, slash) && !rest.empty() &&
            (row->models.empty() || lists(*row, rest)))
            return target_of(std::move(row), std::string(rest), catalogue, now());
    }
    auto configured = parts.configured.resolve(model);
    if (!configured) {
        std::string known;
        for (const auto& row : parts.book.list(workspace))
            for (const auto& each : row->models) known += (known.empty() ? "" : ", ") + each.id;
        if (known.empty()) return fail(std::move(configured.error()));
        return fail(ErrorCode::not_found, "there is no model {}; the workspace's providers have {}",
                    model.substr(0, 200), known.substr(0, 1000));
    }
    Target out;
    out.provider = configured->provider->name();
    out.model = configured->model;
    out.catalogue = catalogue;
    if (const auto endpoint = configured->provider->endpoint()) {
        out.type = find_upstream_type(endpoint->official ? "openai" : "openai_compatible");
        out.base_url = endpoint->base_url;
        out.configured_key = endpoint->api_key;
        fill(out, out.type->vendor(), now());
    } else {
        fill(out, out.provider, now());
    }
    out.local = configured->provider;
    if (!out.price && configured->price) {
        // The configuration's own price stands in no catalogue; it does not change while the server runs.
        auto& known = configured_prices[out.label()];
        if (!known) {
            auto version = std::make_shared<PriceVersion>();
            version->provider = out.provider;
            version->model = out.model;
            version->rates.input = configured->price->input_per_million;
            version->rates.output = configured->price->output_per_million;
            version->source = "the server's configuration";
            version->id = price_id(*version);
            known = std::move(version);
        }
        out.configured_price = known;
        out.price = known.get();
    }
    return out;
}

Result<Plan> Gateway::State::plan(WorkspaceId workspace, std::string_view model, std::string_view sticky) {
    Plan out;
    const auto route = parts.book.route(workspace, model);
    if (!route) {
        auto one = target(workspace, model);
        if (!one) return fail(std::move(one.error()));
        out.targets.push_back(std::move(*one));
        return out;
    }
    out.route = route->name;
    out.max_attempts = route->max_attempts;
    for (const auto& each : route->targets)
        if (auto one = target(workspace, each.model)) {
            one->weight = each.weight;
            out.targets.push_back(std::move(*one));
        }
    if (out.targets.empty())
        return fail(ErrorCode::not_found, "none of the models of the route {} is there any more; change the route",
                    route->name);
    if (route->strategy == "weighted") {
        // The same conversation goes to the same model while it is well, so that the vendor's prompt cache hits.
        double whole = 0;
        for (const auto& each : out.targets) whole += each.weight;
        double point = static_cast<double>(hash_of(sticky) >> 11) / 9007199254740992.0 * whole;
        std::size_t first = 0;
        while (first + 1 < out.targets.size() && point >= out.targets[first].weight)
            point -= out.targets[first++].weight;
        std::rotate(out.targets.begin(), out.targets.begin() + static_cast<std::ptrdiff_t>(first), out.targets.end());
    } else if (route->strategy == "latency") {
        const auto at = now();
        std::stable_sort(out.targets.begin(), out.targets.end(), [&](const Target& a, const Target& b) {
            return expected_latency(health_of(a), at) < expected_latency(health_of(b), at);
        });
    }
    std::stable_partition(out.targets.begin(), out.targets.end(), [&](const Target& each) { return !cooling(each); });
    // The first call that comes tries a half-open target, with the others behind it; the next calls wait for what becomes of it.
    if (auto& first = health_of(out.targets.front()); out.targets.size() > 1 && first.circuit(now()) == Circuit::half_open)
        first.probe_until = now() + probe_time;
    return out;
}

Health& Gateway::State::health_of(const Target& target) {
    // Of a provider without a list of models any name is a target.
    if (health.size() >= most_health) health.clear();
    auto& out = health[target.row ? target.row->id.str() + "/" + target.model : target.label()];
    const auto revision = target.row ? target.row->revision : 0;
    if (out.model.empty() || revision > out.revision) {
        out = {};
        out.model = target.model;
        out.revision = revision;
        if (target.row) out.provider = target.row->id;
    }
    return out;
}

void Gateway::State::succeeded(const Target& target, Duration to_first_byte) {
    auto& h = health_of(target);
    h.failures = 0;
    h.answered_at = now();
    if (h.cool_until != Time()) h.since = h.answered_at;
    h.cool_until = h.probe_until = {};
    const auto took = static_cast<double>(to_first_byte.count());
    h.latency_us = h.latency_us == 0 ? took : h.latency_us * (1 - newest_share) + took * newest_share;
    auto& minute = minute_of(h, h.answered_at);
    ++minute.answered;
    minute.latency_us += to_first_byte.count();
}

void Gateway::State::failed(const Target& target, std::optional<std::int64_t> retry_after_ms, std::string_view why) {
    auto& h = health_of(target);
    const Time at = now();
    ++h.failures;
    ++minute_of(h, at).failed;
    h.last_error = why.substr(0, 500);
    h.failed_at = at;
    const bool half_open = h.circuit(at) == Circuit::half_open;
    h.probe_until = {};
    if (!retry_after_ms && h.failures < failures_before_cooling && !half_open) return;
    Duration pause = shortest_pause * (1 << std::min(h.failures - 1, 5));
    if (retry_after_ms) pause = std::chrono::milliseconds(std::clamp<std::int64_t>(*retry_after_ms, 1, 120'000));
    if (h.circuit(at) != Circuit::open) h.since = at;
    h.cool_until = at + std::min(pause, longest_pause);
    cooled_total.add();
}

bool Gateway::State::cooling(const Target& target) {
    const auto& h = health_of(target);
    const Time at = now();
    const auto circuit = h.circuit(at);
    return circuit == Circuit::open || (circuit == Circuit::half_open && h.probe_until > at);
}

void Gateway::State::seen_well(ProviderId provider) {
    for (auto& [name, h] : health)
        if (h.provider == provider && h.circuit(now()) == Circuit::open) {
            h.cool_until = h.since = now();
            h.probe_until = {};
        }
}

std::string_view to_string(Circuit circuit) {
    switch (circuit) {
        case Circuit::closed: return "closed";
        case Circuit::open: return "open";
        case Circuit::half_open: return "half_open";
    }
    return "closed";
}

Result<std::string> Gateway::State::key_of(const Target& target) const {
    return target.row ? parts.book.key_of(*target.row) : Result<std::string>(target.configured_key);
}

std::optional<NanoUsd> Gateway::State::most(const Bound& bound, const Target& target) const {
    if (!target.price || !bound.capped) return std::nullopt;
    return upper_bound(bound.tokens, *target.price);
}

}  // namespace sluice::llm
