// Timestamps and durations: their text, their arithmetic, their parts in a time zone.

#include "cel/time.hpp"

#include <date/tz.h>

#include "cel/evaluation.hpp"
#include "cel/functions.hpp"

namespace sluice::cel {

namespace {
constexpr std::int64_t giga = 1'000'000'000;
constexpr std::int64_t first_second = -62'135'596'800;  // 0001-01-01T00:00:00Z
constexpr std::int64_t last_second = 253'402'300'799;   // 9999-12-31T23:59:59Z

/// `count` decimal digits at `at`.
std::optional<int> read_digits(std::string_view text, std::size_t at, std::size_t count) {
    if (at + count > text.size()) return std::nullopt;
    int value = 0;
    for (std::size_t i = at; i < at + count; ++i) {
        if (text[i] < '0' || text[i] > '9') return std::nullopt;
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

/// ".5" for 500,000,000; "" for 0.
std::string fraction(std::int64_t nanos) {
    if (nanos == 0) return {};
    std::string digits = fmt::format(".{:09}", nanos);
    digits.erase(digits.find_last_not_of('0') + 1);
    return digits;
}

/// Seconds east of UTC of "+11:00", "-09:30", "02:00", "UTC" or an IANA name at that time; nothing for an unknown name.
std::optional<std::int64_t> zone_offset(std::string_view zone, std::int64_t at_seconds) {
    if (zone.empty() || zone == "UTC" || zone == "Z") return 0;
    const bool sign = zone[0] == '+' || zone[0] == '-';
    const std::string_view digits = zone.substr(sign ? 1 : 0);
    if (digits.size() == 5 && digits[2] == ':') {
        const auto hours = read_digits(digits, 0, 2);
        const auto minutes = read_digits(digits, 3, 2);
        if (!hours || !minutes || *hours > 23 || *minutes > 59) return std::nullopt;
        return (zone[0] == '-' ? -1 : 1) * (*hours * 3600 + *minutes * 60);
    }
    try {
        const auto* found = date::locate_zone(std::string(zone));
        return found->get_info(date::sys_seconds(std::chrono::seconds(at_seconds))).offset.count();
    } catch (const std::exception&) {  // the library's way to say that there is no such zone
        return std::nullopt;
    }
}

enum class Part { year, month, day_of_year, day_of_month, date, day_of_week, hours, minutes, seconds, milliseconds };

Value part_of(Evaluation& evaluation, const Value* args, std::size_t count, Part part) {
    if (args[0].is(Kind::duration) && count == 1) {
        const std::int64_t nanos = args[0].integer;
        switch (part) {
            case Part::hours: return Value::of_int(nanos / (3600 * giga));
            case Part::minutes: return Value::of_int(nanos / (60 * giga));
            case Part::seconds: return Value::of_int(nanos / giga);
            case Part::milliseconds: return Value::of_int(nanos % giga / 1'000'000);
            default: return no_match();
        }
    }
    if (!args[0].is(Kind::timestamp) || (count == 2 && !args[1].is(Kind::string))) return no_match();
    std::int64_t seconds = args[0].integer;
    if (count == 2) {
        const auto offset = zone_offset(args[1].view(), seconds);
        if (!offset) return evaluation.error("unknown time zone '{}'; use a name such as 'Europe/Berlin' or an offset such as '+02:00'", args[1].view());
        seconds += *offset;
    }
    const date::sys_seconds at{std::chrono::seconds(seconds)};
    const auto day = date::floor<date::days>(at);
    const date::year_month_day ymd(day);
    const auto of_day = (at - day).count();
    const auto date = static_cast<std::int64_t>(static_cast<unsigned>(ymd.day()));
    switch (part) {
        case Part::year: return Value::of_int(static_cast<int>(ymd.year()));
        case Part::month: return Value::of_int(static_cast<std::int64_t>(static_cast<unsigned>(ymd.month())) - 1);
        case Part::date: return Value::of_int(date);
        case Part::day_of_month: return Value::of_int(date - 1);
        case Part::day_of_week: return Value::of_int(static_cast<std::int64_t>(date::weekday(day).c_encoding()));
        case Part::day_of_year: return Value::of_int((day - date::sys_days(ymd.year() / 1 / 1)).count());
        case Part::hours: return Value::of_int(of_day / 3600);
        case Part::minutes: return Value::of_int(of_day / 60 % 60);
        case Part::seconds: return Value::of_int(of_day % 60);
        case Part::milliseconds: return Value::of_int(args[0].extra / 1'000'000);
    }
    return no_match();
}

template <Part part>
Value get(Evaluation& evaluation, const Value* args, std::size_t count) {
    return part_of(evaluation, args, count, part);
}

Value to_timestamp(Evaluation& evaluation, const Value* args, std::size_t) {
    if (args[0].is(Kind::timestamp)) return args[0];
    std::optional<Value> out;
    if (args[0].is(Kind::string)) out = parse_timestamp(args[0].view());
    else if (args[0].is(Kind::integer)) out = make_timestamp(args[0].integer, 0);
    else return no_match();
    if (out) return *out;
    return evaluation.error("timestamp() needs RFC 3339 such as '2026-11-21T04:58:20Z', or seconds since 1970, in the years 1 to 9999");
}

Value to_duration(Evaluation& evaluation, const Value* args, std::size_t) {
    if (args[0].is(Kind::duration)) return args[0];
    if (!args[0].is(Kind::string)) return no_match();
    if (const auto out = parse_duration(args[0].view())) return *out;
    return evaluation.error("duration() needs text such as '1h30m', '90s' or '250ms', within 292 years");
}

Value now(Evaluation& evaluation, const Value*, std::size_t) {
    const auto at = evaluation.scope().now();
    if (!at) return evaluation.error("now() is not available here");
    const std::int64_t us = base::to_us(*at);
    const std::int64_t seconds = us >= 0 ? us / 1'000'000 : -((-us + 999'999) / 1'000'000);
    const auto out = make_timestamp(seconds, (us - seconds * 1'000'000) * 1000);
    return out ? *out : evaluation.error("the clock stands outside of the years 1 to 9999");
}
}  // namespace

std::optional<Value> make_timestamp(std::int64_t seconds, std::int64_t nanos) {
    if (seconds < first_second || seconds > last_second) return std::nullopt;
    return Value::of_timestamp(seconds, static_cast<std::uint32_t>(nanos));
}

std::optional<Value> add_duration(const Value& timestamp, std::int64_t nanos) {
    std::int64_t seconds = timestamp.integer + nanos / giga;
    std::int64_t rest = static_cast<std::int64_t>(timestamp.extra) + nanos % giga;
    if (rest < 0) { rest += giga; --seconds; }
    if (rest >= giga) { rest -= giga; ++seconds; }
    return make_timestamp(seconds, rest);
}

std::optional<std::int64_t> difference(const Value& a, const Value& b) {
    const __int128 nanos = static_cast<__int128>(a.integer - b.integer) * giga + (static_cast<std::int64_t>(a.extra) - b.extra);
    if (nanos > INT64_MAX || nanos < INT64_MIN) return std::nullopt;
    return static_cast<std::int64_t>(nanos);
}

std::optional<Value> parse_timestamp(std::string_view text) {
    if (text.size() < 20) return std::nullopt;
    const auto year = read_digits(text, 0, 4), month = read_digits(text, 5, 2), day = read_digits(text, 8, 2);
    const auto hour = read_digits(text, 11, 2), minute = read_digits(text, 14, 2), second = read_digits(text, 17, 2);
    if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
    if (text[4] != '-' || text[7] != '-' || (text[10] != 'T' && text[10] != 't') || text[13] != ':' || text[16] != ':') return std::nullopt;
    const auto ymd = date::year(*year) / *month / *day;
    if (!ymd.ok() || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
    std::size_t at = 19;
    std::int64_t nanos = 0;
    if (text[at] == '.') {
        std::int64_t unit = giga / 10;
        const std::size_t first = ++at;
        for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, unit /= 10) nanos += (text[at] - '0') * unit;
        if (at == first || at - first > 9) return std::nullopt;
    }
    std::int64_t offset = 0;
    const std::string_view zone = text.substr(at);
    if (zone != "Z" && zone != "z") {
        if (zone.size() != 6 || (zone[0] != '+' && zone[0] != '-')) return std::nullopt;
        const auto seconds = zone_offset(zone, 0);
        if (!seconds) return std::nullopt;
        offset = *seconds;
    }
    const auto days = date::sys_days(ymd).time_since_epoch().count();
    return make_timestamp(days * std::int64_t{86400} + *hour * 3600 + *minute * 60 + *second - offset, nanos);
}

std::optional<Value> parse_duration(std::string_view text) {
    const bool negative = text.starts_with('-');
    if (negative || text.starts_with('+')) text.remove_prefix(1);
    if (text == "0") return Value::of_duration(0);
    if (text.empty()) return std::nullopt;
    struct Unit {
        std::string_view name;
        std::int64_t nanos;
    };
    static constexpr Unit units[] = {{"ns", 1}, {"us", 1000}, {"µs", 1000}, {"ms", 1'000'000}, {"s", giga}, {"m", 60 * giga}, {"h", 3600 * giga}};
    __int128 total = 0;
    while (!text.empty()) {
        __int128 whole = 0, part = 0, scale = 1;
        std::size_t at = 0, digits = 0;
        for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, ++digits) {
            whole = whole * 10 + (text[at] - '0');
            if (whole > INT64_MAX) return std::nullopt;
        }
        if (at < text.size() && text[at] == '.')
            for (++at; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, ++digits)
                if (scale < 1'000'000'000'000'000) {
                    part = part * 10 + (text[at] - '0');
                    scale *= 10;
                }
        if (digits == 0) return std::nullopt;
        text.remove_prefix(at);
        const std::string_view name = text.substr(0, text.find_first_of("0123456789."));
        const Unit* unit = std::find_if(std::begin(units), std::end(units), [&](const Unit& u) { return u.name == name; });
        if (unit == std::end(units)) return std::nullopt;
        text.remove_prefix(name.size());
        total += whole * unit->nanos + part * unit->nanos / scale;
        if (total > INT64_MAX) return std::nullopt;
    }
    return Value::of_duration(static_cast<std::int64_t>(negative ? -total : total));
}

std::string format_timestamp(const Value& timestamp) {
    const date::sys_seconds at{std::chrono::seconds(timestamp.integer)};
    const auto day = date::floor<date::days>(at);
    const date::year_month_day ymd(day);
    const auto of_day = (at - day).count();
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{}Z", static_cast<int>(ymd.year()), static_cast<unsigned>(ymd.month()),
                       static_cast<unsigned>(ymd.day()), of_day / 3600, of_day / 60 % 60, of_day % 60, fraction(timestamp.extra));
}

std::string format_duration(const Value& duration) {
    const bool negative = duration.integer < 0;
    const std::uint64_t nanos = negative ? 0 - static_cast<std::uint64_t>(duration.integer) : static_cast<std::uint64_t>(duration.integer);
    return fmt::format("{}{}{}s", negative ? "-" : "", nanos / giga, fraction(static_cast<std::int64_t>(nanos % giga)));
}

void load_time_zones() {
    const std::int64_t any_time = 1'700'000'000;
    (void)zone_offset("Europe/London", any_time);
}

std::span<const Function> time_functions() {
    static constexpr Function rows[] = {
        {"duration", Style::global, 1, 1, to_duration},
        {"getDate", Style::method, 1, 2, get<Part::date>},
        {"getDayOfMonth", Style::method, 1, 2, get<Part::day_of_month>},
        {"getDayOfWeek", Style::method, 1, 2, get<Part::day_of_week>},
        {"getDayOfYear", Style::method, 1, 2, get<Part::day_of_year>},
        {"getFullYear", Style::method, 1, 2, get<Part::year>},
        {"getHours", Style::method, 1, 2, get<Part::hours>},
        {"getMilliseconds", Style::method, 1, 2, get<Part::milliseconds>},
        {"getMinutes", Style::method, 1, 2, get<Part::minutes>},
        {"getMonth", Style::method, 1, 2, get<Part::month>},
        {"getSeconds", Style::method, 1, 2, get<Part::seconds>},
        {"now", Style::global, 0, 0, now},
        {"timestamp", Style::global, 1, 1, to_timestamp},
    };
    return rows;
}

}  // namespace sluice::cel
