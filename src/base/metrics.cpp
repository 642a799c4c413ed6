#include "sluice/base/metrics.hpp"

#include <bit>
#include <map>

#include <fmt/format.h>

namespace sluice::base::metrics {

namespace {

/// An entry of the list of all instruments. Entries are only ever added, so readers need no lock.
struct Entry {
    std::string name;
    std::string help;
    const Counter* counter = nullptr;
    const Gauge* gauge = nullptr;
    const Histogram* histogram = nullptr;
    Entry* next = nullptr;
};

constinit std::atomic<Entry*> head{nullptr};

void enlist(Entry entry) {
    auto* added = new Entry(
        std::move(entry));  // instruments live as long as the program, and so do their entries
    added->next = head.load();
    while (!head.compare_exchange_weak(added->next, added)) {
    }
}

/// What is printed of one name: the sum of all instruments that carry it.
struct Family {
    std::string_view help;
    std::string_view type;
    std::int64_t value = 0;
    std::array<std::uint64_t, Histogram::buckets> counts{};
    std::uint64_t count = 0, sum = 0;
};

}  // namespace

Counter::Counter(std::string_view name, std::string_view help) {
    enlist({.name = std::string(name), .help = std::string(help), .counter = this});
}

Gauge::Gauge(std::string_view name, std::string_view help) {
    enlist({.name = std::string(name), .help = std::string(help), .gauge = this});
}

Histogram::Histogram(std::string_view name, std::string_view help) {
    enlist({.name = std::string(name), .help = std::string(help), .histogram = this});
}

void Histogram::observe(std::uint64_t value) {
    const auto index =
        std::min<std::size_t>(static_cast<std::size_t>(std::bit_width(value)), buckets - 1);
    counts_[index].fetch_add(1, std::memory_order_relaxed);
    count_.fetch_add(1, std::memory_order_relaxed);
    sum_.fetch_add(value, std::memory_order_relaxed);
}

Reading read(std::string_view name) {
    Reading out;
    for (const Entry* entry = head.load(); entry; entry = entry->next) {
        if (entry->name != name) continue;
        if (entry->counter) out.value += static_cast<std::int64_t>(entry->counter->value());
        if (entry->gauge) out.value += entry->gauge->value();
        if (!entry->histogram) continue;
        for (std::size_t i = 0; i < Histogram::buckets; ++i)
            out.counts[i] += entry->histogram->bucket(i);
        out.sum += entry->histogram->sum();
    }
    for (const std::uint64_t some : out.counts) out.count += some;
    return out;
}

std::uint64_t Reading::quantile(double part) const {
    const auto rank = std::max<std::uint64_t>(
        1, static_cast<std::uint64_t>(part * static_cast<double>(count) + 0.5));
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < counts.size(); ++i)
        if (count > 0 && (below += counts[i]) >= rank) return (std::uint64_t{1} << i) - 1;
    return 0;
}

std::string render_prometheus() {
    std::map<std::string_view, Family> families;
    for (const Entry* entry = head.load(); entry; entry = entry->next) {
        auto& family = families[entry->name];
        family.help = entry->help;
        if (entry->counter) {
            family.type = "counter";
            family.value += static_cast<std::int64_t>(entry->counter->value());
        } else if (entry->gauge) {
            family.type = "gauge";
            family.value += entry->gauge->value();
        } else {
            family.type = "histogram";
            for (std::size_t i = 0; i < Histogram::buckets; ++i)
                family.counts[i] += entry->histogram->bucket(i);
            family.count += entry->histogram->count();
            family.sum += entry->histogram->sum();
        }
    }
    std::string out;
    std::string_view described;
    for (const auto& [name, family] : families) {
        // A name may carry labels: `sluice_pool_queue{pool="password"}`; they share one
        // description.
        const auto brace = name.find('{');
        const auto bare = name.substr(0, brace);
        const auto labels = brace == name.npos ? std::string_view()
                                               : name.substr(brace + 1, name.size() - brace - 2);
        if (bare != described)
            out += fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n", bare, family.help, family.type);
        described = bare;
        if (family.type != "histogram") {
            out += fmt::format("{} {}\n", name, family.value);
            continue;
        }
        const std::string_view comma = labels.empty() ? "" : ",";
        std::uint64_t below = 0;
        for (std::size_t i = 0; i + 1 < Histogram::buckets; ++i) {
            below += family.counts[i];
            out += fmt::format("{}_bucket{{{}{}le=\"{}\"}} {}\n", bare, labels, comma,
                               (std::uint64_t{1} << i) - 1, below);
        }
        out += fmt::format("{}_bucket{{{}{}le=\"+Inf\"}} {}\n", bare, labels, comma,
                           below + family.counts.back());
        const auto suffix = labels.empty() ? std::string() : fmt::format("{{{}}}", labels);
        out += fmt::format("{0}_sum{1} {2}\n{0}_count{1} {3}\n", bare, suffix, family.sum,
                           below + family.counts.back());
    }
    return out;
}

}  // namespace sluice::base::metrics
