#pragma once
/// Time: microseconds since the epoch (UTC) inside, RFC 3339 outside; durations are "30s", "5m", "1h30m" outside.

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "sluice/base/result.hpp"

namespace sluice::base {

using Duration = std::chrono::microseconds;
using Time = std::chrono::time_point<std::chrono::system_clock, std::chrono::microseconds>;

/// Microseconds since the epoch, as storage keeps them (columns `*_at_us`).
constexpr std::int64_t to_us(Time time) { return time.time_since_epoch().count(); }
constexpr Time from_us(std::int64_t us) { return Time(Duration(us)); }

/// "2026-11-21T04:58:20.123456Z"; trailing zeros of the fraction are dropped in groups of three.
std::string format_time(Time time);
/// RFC 3339 with any offset. Errors: invalid_argument.
Result<Time> parse_time(std::string_view text);

/// "1h30m", "250ms", "0s": the shortest exact form.
std::string format_duration(Duration duration);
/// One or more `<number><unit>` with unit us, ms, s, m, h, d; the number may have a decimal fraction.
/// Errors: invalid_argument (also for negative or overflowing values), naming the accepted form.
Result<Duration> parse_duration(std::string_view text);

}  // namespace sluice::base

namespace sluice {
using base::Duration;
using base::Time;
}  // namespace sluice
