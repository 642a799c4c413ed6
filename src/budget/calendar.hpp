#pragma once
// When the periods of a budget begin and end: by the calendar of its time zone.

#include <optional>
#include <string>

#include "sluice/budget/budget.hpp"

namespace date {
class time_zone;
}

namespace sluice::budget {

struct Bounds {
    Time start{};
    std::optional<Time> end;  ///< nothing: never
    bool operator==(const Bounds&) const = default;
};

/// Null for UTC. Reads files at the first use of a zone: not on the loop. Errors: invalid_argument (no such zone).
Result<const date::time_zone*> find_zone(const std::string& name);

/// The period that `at` is in, by the calendar: hours, days, weeks from Monday, months; a local time that a change of the
/// clocks skips begins with the change, one that comes twice with the first. Of `total`: from `at` on.
Bounds bounds_of(Window window, const date::time_zone* zone, Time at);

}  // namespace sluice::budget
