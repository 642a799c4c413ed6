#pragma once
/// Money: an integer count of nano-US-dollars inside, a decimal string outside (`"0.000125"`). Always rounded up.

#include <cstdint>
#include <string>
#include <string_view>

#include "sluice/base/result.hpp"

namespace sluice::base {

/// An amount in 1e-9 USD. A strong type: it mixes with no other number.
struct NanoUsd {
    std::int64_t value = 0;
    auto operator<=>(const NanoUsd&) const = default;
    NanoUsd& operator+=(NanoUsd other) { value += other.value; return *this; }
    NanoUsd& operator-=(NanoUsd other) { value -= other.value; return *this; }
    friend NanoUsd operator+(NanoUsd a, NanoUsd b) { return a += b; }
    friend NanoUsd operator-(NanoUsd a, NanoUsd b) { return a -= b; }
};

/// "0.000125", "7", "-1.5": no exponent, no trailing zeros.
std::string format_usd(NanoUsd amount);
/// A decimal with at most nine places after the point. Errors: invalid_argument.
Result<NanoUsd> parse_usd(std::string_view text);
/// `units` at `usd_per_million` (a price in nano-USD for a million units), 128-bit inside, rounded up.
NanoUsd cost_of(std::int64_t units, NanoUsd usd_per_million);

}  // namespace sluice::base

namespace sluice {
using base::NanoUsd;
}
