#include "sluice/base/time.hpp"

#include <limits>

namespace sluice::base {

namespace {

using Wide = __int128;

struct Unit {
    std::string_view name;
    std::int64_t us;
};

constexpr Unit units[] = {{"d", 86'400'000'000}, {"h", 3'600'000'000}, {"m", 60'000'000},
                          {"s", 1'000'000},      {"ms", 1'000},        {"us", 1}};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// `count` digits at `at` as a number; -1 when they are not all there.
int digits_at(std::string_view text, std::size_t at, std::size_t count) {
    if (text.size() < at + count) return -1;
    int value = 0;
    for (std::size_t i = at; i < at + count; ++i) {
        if (!is_digit(text[i])) return -1;
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

void put(std::string& out, std::size_t at, std::int64_t value, std::size_t width) {
    for (std::size_t i = at + width; i-- > at;) {
        out[i] = static_cast<char>('0' + value % 10);
        value /= 10;
    }
}

tl::unexpected<Error> bad_time(std::string_view text) {
    return fail(ErrorCode::invalid_argument,
                "\"{}\" is not a time; write RFC 3339, such as 2026-11-21T05:00:00Z",
                text.substr(0, 64));
}

tl::unexpected<Error> bad_duration(std::string_view text, std::string_view why) {
    return fail(ErrorCode::invalid_argument,
                "\"{}\" is not a duration ({}); write numbers with the units us, ms, s, m, h or d, "
                "such as 30s or 1h30m",
                text.substr(0, 64), why);
}

}  // namespace

std::string format_time(Time time) {
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const auto of_day = (time - day).count();
    std::string out = "0000-00-00T00:00:00";
    put(out, 0, static_cast<int>(date.year()), 4);
    put(out, 5, static_cast<unsigned>(date.month()), 2);
    put(out, 8, static_cast<unsigned>(date.day()), 2);
    put(out, 11, of_day / 3'600'000'000, 2);
    put(out, 14, of_day / 60'000'000 % 60, 2);
    put(out, 17, of_day / 1'000'000 % 60, 2);
    if (const auto fraction = of_day % 1'000'000; fraction != 0) {
        const bool millis = fraction % 1000 == 0;
        out += millis ? ".000" : ".000000";
        put(out, 20, millis ? fraction / 1000 : fraction, millis ? 3 : 6);
    }
    out += 'Z';
    return out;
}

Result<Time> parse_time(std::string_view text) {
    const int year = digits_at(text, 0, 4), month = digits_at(text, 5, 2),
              day = digits_at(text, 8, 2);
    const int hour = digits_at(text, 11, 2), minute = digits_at(text, 14, 2),
              second = digits_at(text, 17, 2);
    if (year < 0 || month < 0 || day < 0 || hour < 0 || minute < 0 || second < 0)
        return bad_time(text);
    const char separator = text[10];
    if (text[4] != '-' || text[7] != '-' || text[13] != ':' || text[16] != ':' ||
        (separator != 'T' && separator != 't' && separator != ' '))
        return bad_time(text);
    const std::chrono::year_month_day date{std::chrono::year(year),
                                           std::chrono::month(static_cast<unsigned>(month)),
                                           std::chrono::day(static_cast<unsigned>(day))};
    if (!date.ok() || hour > 23 || minute > 59 || second > 60) return bad_time(text);

    std::size_t at = 19;
    std::int64_t fraction = 0;
    if (at < text.size() && text[at] == '.') {
        const std::size_t start = ++at;
        std::int64_t weight = 100'000;
        for (; at < text.size() && is_digit(text[at]); ++at, weight /= 10)
            fraction += (text[at] - '0') * weight;
        if (at == start) return bad_time(text);
    }
    std::int64_t offset_minutes = 0;
    if (at + 1 == text.size() && (text[at] == 'Z' || text[at] == 'z')) {
        // UTC
    } else if (at + 6 == text.size() && (text[at] == '+' || text[at] == '-') &&
               text[at + 3] == ':') {
        const int hours = digits_at(text, at + 1, 2), minutes = digits_at(text, at + 4, 2);
        if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return bad_time(text);
        offset_minutes = (text[at] == '-' ? -1 : 1) * (hours * 60 + minutes);
    } else {
        return bad_time(text);
    }
    const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
    const std::int64_t seconds =
        days * 86'400 + hour * 3600 + minute * 60 + second - offset_minutes * 60;
    return from_us(seconds * 1'000'000 + fraction);
}

std::string format_duration(Duration duration) {
    auto rest = duration.count();
    if (rest == 0) return "0s";
    std::string out = rest < 0 ? "-" : "";
    for (const auto& unit : units) {
        const auto count = rest / unit.us;
        rest %= unit.us;
        if (count != 0)
            out += fmt::format("{}{}",
                               count < 0 ? -static_cast<Wide>(count) : static_cast<Wide>(count),
                               unit.name);
    }
    return out;
}

Result<Duration> parse_duration(std::string_view text) {
    if (text.empty()) return bad_duration(text, "it is empty");
    if (text.front() == '-') return bad_duration(text, "it is negative");
    constexpr Wide limit = std::numeric_limits<std::int64_t>::max();
    Wide total = 0;
    std::size_t at = 0;
    while (at < text.size()) {
        Wide number = 0, scale = 1;
        const std::size_t start = at;
        for (; at < text.size() && is_digit(text[at]); ++at) {
            number = number * 10 + (text[at] - '0');
            if (number > limit) return bad_duration(text, "it is too long");
        }
        if (at == start) return bad_duration(text, "a number is missing");
        if (at < text.size() && text[at] == '.') {
            const std::size_t point = ++at;
            for (; at < text.size() && is_digit(text[at]); ++at) {
                if (at - point >= 12) return bad_duration(text, "it has too many decimals");
                number = number * 10 + (text[at] - '0');
                scale *= 10;
            }
            if (at == point) return bad_duration(text, "a number is missing after the point");
        }
        const std::size_t unit_start = at;
        while (at < text.size() && !is_digit(text[at]) && text[at] != '.') ++at;
        const auto name = text.substr(unit_start, at - unit_start);
        const Unit* found = nullptr;
        for (const auto& unit : units)
            if (unit.name == name) found = &unit;
        if (!found)
            return bad_duration(text, name.empty() ? "the unit is missing" : "the unit is unknown");
        const Wide us = number * found->us;
        if (us % scale != 0) return bad_duration(text, "it is finer than a microsecond");
        total += us / scale;
        if (total > limit) return bad_duration(text, "it is too long");
    }
    return Duration(static_cast<std::int64_t>(total));
}

}  // namespace sluice::base
