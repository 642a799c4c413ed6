#include "net/rate_limiter.hpp"

#include <charconv>
#include <cmath>

#include "net/egress_address.hpp"

namespace sluice::net {
namespace {

constexpr double second_ns = 1e9;

std::int64_t cost_ns(const base::RateLimit& limit) {
    return std::max<std::int64_t>(1, std::llround(second_ns / limit.per_second));
}

std::int64_t depth_ns(const base::RateLimit& limit) {
    return std::llround(std::max(1.0, limit.burst) * static_cast<double>(cost_ns(limit)));
}

Duration rounded_up(std::int64_t ns) { return Duration((std::max<std::int64_t>(ns, 0) + 999) / 1000); }

void describe(std::int64_t used_ns, const base::RateLimit& limit, Standing& standing) {
    const auto cost = cost_ns(limit), depth = depth_ns(limit);
    standing.limit = limit;
    standing.left = std::floor(static_cast<double>(std::max<std::int64_t>(0, depth - used_ns)) / static_cast<double>(cost));
    standing.full_in = rounded_up(used_ns);
    standing.retry_in = rounded_up(used_ns + cost - depth);
}

/// On every answer of a limited caller: a formatter costs more than the judging.
void append_number(std::string& out, std::int64_t number) {
    std::array<char, 24> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number);
    out.append(digits.data(), end.ptr);
}

std::int64_t whole_seconds(Duration duration) { return (duration.count() + 999'999) / 1'000'000; }

}  // namespace

Buckets::Entry& Buckets::find(std::string_view name, std::int64_t now_ns) {
    if (!entries_) entries_ = std::make_unique<Entry[]>(places);
    const auto tag = std::max<std::uint64_t>(1, std::hash<std::string_view>()(name));
    Entry* const set = &entries_[tag % (places / ways) * ways];
    Entry* place = set + (tag >> 32) % ways;  // among equals not always the same one gives way
    for (Entry* each = set; each != set + ways; ++each) {
        if (each->tag == tag) return *each;
        if (each->full_at_ns < place->full_at_ns) place = each;
    }
    *place = {tag, now_ns};
    return *place;
}

bool Buckets::judge(const Entry& entry, const base::RateLimit& limit, std::int64_t now_ns, Standing& standing) {
    const auto used = std::max<std::int64_t>(0, entry.full_at_ns - now_ns);
    describe(used, limit, standing);
    return used + cost_ns(limit) <= depth_ns(limit);
}

void Buckets::take(Entry& entry, const base::RateLimit& limit, std::int64_t now_ns, Standing& standing) {
    entry.full_at_ns = std::max(entry.full_at_ns, now_ns) + cost_ns(limit);
    describe(entry.full_at_ns - now_ns, limit, standing);
}

void RateLimiter::set(const RateLimits& limits) {
    if (limits == limits_) return;
    limits_ = limits;
    for (Buckets* buckets : {&keys_, &users_, &workspaces_, &addresses_, &sign_ins_}) buckets->clear();
}

RateLimiter::Verdict RateLimiter::admit(const Principal& principal, std::string_view address, RateClass rate, Duration now) {
    Verdict verdict;
    const auto now_ns = now.count() * 1000;
    struct Applied {
        Buckets::Entry* entry = nullptr;
        base::RateLimit limit;
    };
    std::array<Applied, 2> applied;
    std::size_t count = 0;
    const auto apply = [&](Buckets& buckets, std::string_view name, const base::RateLimit& limit, std::string_view policy) {
        if (limit.per_second <= 0 || name.empty()) return;
        applied[count] = {&buckets.find(name, now_ns), limit};
        verdict.standings[count++].policy = policy;
    };
    using Kind = Principal::Kind;
    if (rate == RateClass::sign_in) {
        apply(sign_ins_, address, limits_.sign_in, "sign-in");
    } else if (rate == RateClass::usual && principal.kind == Kind::anonymous) {
        apply(addresses_, address, limits_.address, "address");
    } else if (rate == RateClass::usual && principal.kind != Kind::local) {
        const bool key = principal.kind == Kind::api_key;
        apply(key ? keys_ : users_, principal.id, principal.rate_limit.value_or(key ? limits_.key : limits_.user),
              key ? "key" : "user");
        if (limits_.workspace.per_second > 0) apply(workspaces_, principal.workspace.raw(), limits_.workspace, "workspace");
    }
    // Judged all before any is taken from: a refused request uses nothing up.
    for (std::size_t i = 0; i < count; ++i) {
        if (Buckets::judge(*applied[i].entry, applied[i].limit, now_ns, verdict.standings[i])) continue;
        verdict.allowed = false;
        std::swap(verdict.standings[0], verdict.standings[i]);
        if (i == 0) verdict.standings[1] = {};
        return verdict;
    }
    for (std::size_t i = 0; i < count; ++i) Buckets::take(*applied[i].entry, applied[i].limit, now_ns, verdict.standings[i]);
    return verdict;
}

std::string address_bucket(std::string_view text) {
    const auto address = Address::parse(text);
    if (!address) return {};
    const auto effective = effective_addresses(*address);
    const auto& counted = effective.front();
    const std::size_t bytes = counted.v6 ? 8 : 4;
    return {reinterpret_cast<const char*>(counted.bytes.data()), bytes};
}

void append_rate_headers(std::string& out, const RateLimiter::Verdict& verdict) {
    if (verdict.standings[0].policy.empty()) return;
    std::string_view separator = "RateLimit-Policy: \"";
    for (const auto& each : verdict.standings) {
        if (each.policy.empty()) continue;
        const auto burst = std::max(1.0, each.limit.burst);
        out.append(separator).append(each.policy).append("\";q=");
        append_number(out, std::llround(burst));
        out.append(";w=");
        append_number(out, std::max<std::int64_t>(1, std::llround(burst / each.limit.per_second)));
        separator = ", \"";
    }
    separator = "\r\nRateLimit: \"";
    for (const auto& each : verdict.standings) {
        if (each.policy.empty()) continue;
        out.append(separator).append(each.policy).append("\";r=");
        append_number(out, std::llround(each.left));
        out.append(";t=");
        append_number(out, whole_seconds(each.left >= 1 ? each.full_in : each.retry_in));
        separator = ", \"";
    }
    out.append("\r\n");
}

}  // namespace sluice::net
