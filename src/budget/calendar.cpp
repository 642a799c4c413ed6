#include "budget/calendar.hpp"

#include <date/tz.h>

namespace sluice::budget {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using LocalDays = date::local_days;

Time to_time(date::sys_seconds at) { return Time(at.time_since_epoch()); }

/// When a local day begins.
date::sys_seconds begin_of(LocalDays day, const date::time_zone* zone) {
    if (zone == nullptr) return date::sys_seconds(date::local_seconds(day).time_since_epoch());
    return zone->to_sys(date::local_seconds(day), date::choose::earliest);
}

LocalDays first_day(Window window, LocalDays day) {
    if (window == Window::week) return day - (date::weekday(day) - date::Monday);
    if (window == Window::month) {
        const date::year_month_day ymd(day);
        return LocalDays(ymd.year() / ymd.month() / 1);
    }
    return day;
}

LocalDays next_first_day(Window window, LocalDays first) {
    if (window == Window::week) return first + date::days(7);
    if (window == Window::month) {
        const date::year_month_day ymd(first);
        return LocalDays((ymd.year() / ymd.month() + date::months(1)) / 1);
    }
    return first + date::days(1);
}

/// An hour of the zone's clock. A change of the clocks within it ends it.
Bounds hour_of(const date::time_zone* zone, date::sys_seconds at) {
    if (zone == nullptr) {
        const auto start = date::floor<hours>(at);
        return {to_time(start), to_time(start + hours(1))};
    }
    const auto info = zone->get_info(at);
    const auto start = date::sys_seconds(date::floor<hours>(at + info.offset).time_since_epoch()) - info.offset;
    return {to_time(std::max(start, info.begin)), to_time(std::min(start + hours(1), info.end))};
}

}  // namespace

Result<const date::time_zone*> find_zone(const std::string& name) {
    if (name == "UTC") return static_cast<const date::time_zone*>(nullptr);
    try {
        const auto* zone = date::locate_zone(name);
        (void)zone->get_info(date::sys_seconds(seconds(0)));  // reads its file
        return zone;
    } catch (const std::exception&) {  // the library's way to say that there is no such zone
        return fail(Error{ErrorCode::invalid_argument,
                          fmt::format("there is no time zone \"{}\"; use a name such as UTC or Europe/Berlin", name.substr(0, 64)),
                          {{"/time_zone", "is no IANA time zone"}},
                          false});
    }
}

Bounds bounds_of(Window window, const date::time_zone* zone, Time at) {
    if (window == Window::total) return {at, std::nullopt};
    const auto now = date::floor<seconds>(at);
    if (window == Window::hour) return hour_of(zone, now);
    const auto local = zone == nullptr ? date::local_seconds(now.time_since_epoch()) : zone->to_local(now);
    auto first = first_day(window, date::floor<date::days>(local));
    auto next = next_first_day(window, first);
    // A zone that skips a whole day has two days that begin at the same moment.
    while (begin_of(next, zone) <= now) next = next_first_day(window, first = next);
    return {to_time(begin_of(first, zone)), to_time(begin_of(next, zone))};
}

}  // namespace sluice::budget
