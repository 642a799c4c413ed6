#include "sluice/base/money.hpp"

#include <limits>

namespace sluice::base {

namespace {

using Wide = __int128;
constexpr std::int64_t per_usd = 1'000'000'000;
constexpr Wide greatest = std::numeric_limits<std::int64_t>::max();

tl::unexpected<Error> bad_amount(std::string_view text, std::string_view why) {
    return fail(ErrorCode::invalid_argument,
                "\"{}\" is not an amount in USD ({}); write a decimal such as 0.25",
                text.substr(0, 64), why);
}

}  // namespace

std::string format_usd(NanoUsd amount) {
    const bool negative = amount.value < 0;
    // Negated as unsigned, so that the smallest amount has an absolute value too.
    const std::uint64_t absolute = negative
                                       ? std::uint64_t{0} - static_cast<std::uint64_t>(amount.value)
                                       : static_cast<std::uint64_t>(amount.value);
    auto out = fmt::format("{}{}", negative ? "-" : "", absolute / per_usd);
    if (const auto fraction = absolute % per_usd; fraction != 0) {
        out += fmt::format(".{:09}", fraction);
        out.resize(out.find_last_not_of('0') + 1);
    }
    return out;
}

Result<NanoUsd> parse_usd(std::string_view text) {
    auto rest = text;
    const bool negative = rest.starts_with('-');
    if (negative) rest.remove_prefix(1);
    Wide value = 0;
    int decimals = -1;  // -1: before the point
    bool any = false;
    for (const char c : rest) {
        if (c == '.' && decimals < 0 && any) {
            decimals = 0;
            continue;
        }
        if (c < '0' || c > '9') return bad_amount(text, "only digits and one point are allowed");
        any = true;
        value = value * 10 + (c - '0');
        if (decimals >= 0 && ++decimals > 9) return bad_amount(text, "at most nine decimals");
        if (value > greatest) return bad_amount(text, "it is too large");
    }
    if (!any || decimals == 0) return bad_amount(text, "a digit is missing");
    for (int i = std::max(decimals, 0); i < 9; ++i) value *= 10;
    if (value > greatest) return bad_amount(text, "it is too large");
    return NanoUsd{static_cast<std::int64_t>(negative ? -value : value)};
}

NanoUsd cost_of(std::int64_t units, NanoUsd usd_per_million) {
    const Wide product = static_cast<Wide>(units) * usd_per_million.value;
    Wide cost = product / 1'000'000;
    if (product > 0 && product % 1'000'000 != 0) ++cost;
    if (cost > greatest) cost = greatest;  // an absurd price must not wrap around into a credit
    return {
        static_cast<std::int64_t>(std::max<Wide>(cost, std::numeric_limits<std::int64_t>::min()))};
}

}  // namespace sluice::base
