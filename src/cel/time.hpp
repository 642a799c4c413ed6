#pragma once
/// CEL's timestamps (seconds and nanoseconds, years 1 to 9999) and durations (nanoseconds in 64 bits, ±292 years).

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cel/value.hpp"

namespace sluice::cel {

/// RFC 3339 with any offset and up to nine digits of fraction.
std::optional<Value> parse_timestamp(std::string_view text);
/// "1h30m", "-1.5s", "100ms", "2us", "3ns"; "0".
std::optional<Value> parse_duration(std::string_view text);
/// "2023-02-03T23:31:20.5Z": the shortest fraction.
std::string format_timestamp(const Value& timestamp);
/// "6347s", "1.5s", "-0.000001s".
std::string format_duration(const Value& duration);
/// Nothing outside of years 1 to 9999.
std::optional<Value> make_timestamp(std::int64_t seconds, std::int64_t nanos);
std::optional<Value> add_duration(const Value& timestamp, std::int64_t nanos);
/// The nanoseconds from `b` to `a`; nothing when they do not fit.
std::optional<std::int64_t> difference(const Value& a, const Value& b);

}  // namespace sluice::cel
