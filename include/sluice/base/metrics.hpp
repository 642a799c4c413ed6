#pragma once
/// Metric instruments: counters, gauges and histograms that cost one relaxed atomic add. A registry lists them for
/// the exporter; instruments live as long as the program. Thread: any.

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::base::metrics {

class Counter {
  public:
    Counter(std::string_view name, std::string_view help);
    void add(std::uint64_t by = 1) { value_.fetch_add(by, std::memory_order_relaxed); }
    std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

  private:
    std::atomic<std::uint64_t> value_{0};
};

class Gauge {
  public:
    Gauge(std::string_view name, std::string_view help);
    void set(std::int64_t value) { value_.store(value, std::memory_order_relaxed); }
    void add(std::int64_t by) { value_.fetch_add(by, std::memory_order_relaxed); }
    std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

  private:
    std::atomic<std::int64_t> value_{0};
};

/// Observations in powers of two of a microsecond (bucket i holds values below 2^i).
class Histogram {
  public:
    static constexpr std::size_t buckets = 32;
    Histogram(std::string_view name, std::string_view help);
    void observe(std::uint64_t value);
    std::uint64_t count() const { return count_.load(std::memory_order_relaxed); }
    std::uint64_t sum() const { return sum_.load(std::memory_order_relaxed); }
    std::uint64_t bucket(std::size_t index) const { return counts_[index].load(std::memory_order_relaxed); }

  private:
    std::array<std::atomic<std::uint64_t>, buckets> counts_{};
    std::atomic<std::uint64_t> count_{0}, sum_{0};
};

/// What the instruments of one name hold together, labels and all; zeros where none has it.
struct Reading {
    std::int64_t value = 0;                                    ///< of counters and gauges
    std::uint64_t count = 0, sum = 0;                          ///< of histograms
    std::array<std::uint64_t, Histogram::buckets> counts{};
    /// The most that a value in this part (0 to 1) of the smaller ones can be: below a power of two. 0 without observations.
    std::uint64_t quantile(double part) const;
};
Reading read(std::string_view name);

/// The current values of every instrument in Prometheus text format 0.0.4.
std::string render_prometheus();

}  // namespace sluice::base::metrics
