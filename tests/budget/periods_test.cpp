// Periods follow the calendar of the budget's zone.

#include "budget/budget_house.hpp"
#include "budget/calendar.hpp"

using namespace sluice;
using namespace sluice::budget;
using namespace sluice::testing;

namespace {

Time at(const std::string& text) { return base::parse_time(text).value(); }

std::string bounds(Window window, const std::string& zone, const std::string& now) {
    const auto found = find_zone(zone);
    REQUIRE(found);
    const auto period = bounds_of(window, *found, at(now));
    return base::format_time(period.start) + " " + (period.end ? base::format_time(*period.end) : std::string("never"));
}

}  // namespace

TEST_CASE("periods begin and end by the zone's calendar", "[budget][calendar]") {
    CHECK(bounds(Window::hour, "UTC", "2026-03-10T12:34:56.789Z") == "2026-03-10T12:00:00Z 2026-03-10T13:00:00Z");
    CHECK(bounds(Window::hour, "Asia/Kolkata", "2026-03-10T12:34:56Z") == "2026-03-10T12:30:00Z 2026-03-10T13:30:00Z");
    CHECK(bounds(Window::day, "UTC", "2026-03-10T00:00:00Z") == "2026-03-10T00:00:00Z 2026-03-11T00:00:00Z");
    CHECK(bounds(Window::day, "America/New_York", "2026-01-10T04:59:59Z") == "2026-01-09T05:00:00Z 2026-01-10T05:00:00Z");
    CHECK(bounds(Window::week, "UTC", "2026-03-15T23:59:59Z") == "2026-03-09T00:00:00Z 2026-03-16T00:00:00Z");  // a Sunday
    CHECK(bounds(Window::week, "UTC", "2026-03-16T00:00:00Z") == "2026-03-16T00:00:00Z 2026-03-23T00:00:00Z");
    CHECK(bounds(Window::month, "UTC", "2024-02-29T12:00:00Z") == "2024-02-01T00:00:00Z 2024-03-01T00:00:00Z");
    CHECK(bounds(Window::month, "UTC", "2026-12-31T23:59:59Z") == "2026-12-01T00:00:00Z 2027-01-01T00:00:00Z");
    CHECK(bounds(Window::month, "Europe/Berlin", "2026-03-31T21:59:59Z") == "2026-02-28T23:00:00Z 2026-03-31T22:00:00Z");
    CHECK(bounds(Window::total, "UTC", "2026-03-10T12:34:56Z") == "2026-03-10T12:34:56Z never");
}

TEST_CASE("a change of the clocks makes days of 23 and 25 hours, and neither a gap nor an overlap", "[budget][calendar]") {
    CHECK(bounds(Window::day, "Europe/Berlin", "2026-03-29T12:00:00Z") == "2026-03-28T23:00:00Z 2026-03-29T22:00:00Z");
    CHECK(bounds(Window::day, "Europe/Berlin", "2026-10-25T12:00:00Z") == "2026-10-24T22:00:00Z 2026-10-25T23:00:00Z");
    // The hour that comes twice is two hours.
    CHECK(bounds(Window::hour, "Europe/Berlin", "2026-10-25T00:30:00Z") == "2026-10-25T00:00:00Z 2026-10-25T01:00:00Z");
    CHECK(bounds(Window::hour, "Europe/Berlin", "2026-10-25T01:30:00Z") == "2026-10-25T01:00:00Z 2026-10-25T02:00:00Z");
    // Days whose midnight is skipped (Beirut) or comes twice (Havana), half an hour's change (Lord Howe), a skipped day (Samoa).
    CHECK(bounds(Window::day, "Asia/Beirut", "2021-03-28T12:00:00Z") == "2021-03-27T22:00:00Z 2021-03-28T21:00:00Z");
    CHECK(bounds(Window::day, "America/Havana", "2023-11-05T04:30:00Z") == "2023-11-05T04:00:00Z 2023-11-06T05:00:00Z");
    CHECK(bounds(Window::day, "America/Havana", "2023-11-05T05:30:00Z") == "2023-11-05T04:00:00Z 2023-11-06T05:00:00Z");
    CHECK(bounds(Window::day, "Pacific/Apia", "2011-12-30T12:00:00Z") == "2011-12-30T10:00:00Z 2011-12-31T10:00:00Z");

    for (const auto* zone : {"Europe/Berlin", "America/New_York", "Asia/Beirut", "America/Havana", "Australia/Lord_Howe", "Pacific/Apia",
                             "Africa/Casablanca", "America/Sao_Paulo", "Asia/Kathmandu", "UTC"})
        for (const auto window : {Window::hour, Window::day, Window::week, Window::month}) {
            CAPTURE(zone, to_string(window));
            const auto* found = find_zone(zone).value();
            auto moment = at("2011-01-01T00:00:00Z");
            const auto last = at(window == Window::hour ? "2012-02-01T00:00:00Z" : "2026-06-01T00:00:00Z");
            bool sound = true;
            while (moment < last && sound) {
                const auto period = bounds_of(window, found, moment);
                sound = period.start <= moment && period.end && *period.end > moment;
                // Any moment of a period gives the same one, and the next begins where it ends.
                for (const auto inside : {period.start, period.start + (*period.end - period.start) / 2, *period.end - Duration(1)})
                    sound = sound && bounds_of(window, found, inside) == period;
                sound = sound && bounds_of(window, found, *period.end).start == *period.end;
                if (sound) moment = *period.end;
            }
            CAPTURE(base::format_time(moment));
            CHECK(sound);
        }
}

TEST_CASE("names that are no time zone are refused", "[budget][calendar]") {
    for (const auto* name : {"", "Mars/Olympus", "../../etc/passwd", "utc+1", "Europe/Berlin\n", "+02:00"}) {
        CAPTURE(name);
        const auto found = find_zone(name);
        REQUIRE_FALSE(found);
        CHECK(found.error().code == ErrorCode::invalid_argument);
        CHECK(found.error().details[0].pointer == "/time_zone");
    }
}

TEST_CASE("a new period begins with nothing spent, and a call settles in the period that it began in", "[budget]") {
    BudgetHouse house;
    const auto budget = house.make(10 * usd, ScopeType::workspace, "", Window::day);
    house.settle(house.admit(4 * usd).hold, 4 * usd);
    auto over_midnight = house.admit(6 * usd);
    CHECK(house.admit(1).refusal);
    house.settle_down(std::chrono::hours(12));
    const auto fresh = house.standing(budget);
    CHECK(fresh.period_start == at("2026-03-11T00:00:00Z"));
    CHECK(fresh.spent.value == 0);
    CHECK(fresh.held.value == 0);
    house.settle(house.admit(3 * usd).hold, 3 * usd);
    house.settle(std::move(over_midnight.hold), 5 * usd);
    CHECK(house.standing(budget).spent.value == 3 * usd);
    CHECK(house.admit(7 * usd).hold);
    house.settle_down();
    house.restart();
    CHECK(house.standing(budget).spent.value == 10 * usd);
    CHECK(house.get(house.budgets->unknown(house.workspace, budget.id)).empty());
}

TEST_CASE("a crash after midnight leaves what was open in the period that it was taken from", "[budget]") {
    BudgetHouse house;
    const auto budget = house.make(10 * usd, ScopeType::workspace, "", Window::day);
    const auto before = house.admit(6 * usd);
    house.settle_down(std::chrono::hours(12));
    const auto after = house.admit(2 * usd);
    house.restart_after_crash();
    const auto entries = house.get(house.budgets->unknown(house.workspace, budget.id));
    REQUIRE(entries.size() == 2);
    std::int64_t today = 0, yesterday = 0;
    for (const auto& each : entries) (each.period_start == at("2026-03-11T00:00:00Z") ? today : yesterday) += each.amount.value;
    CHECK(yesterday == 6 * usd);
    CHECK(today >= 2 * usd);
    CHECK(house.standing(budget).unknown.value == today);
    for (const auto& each : entries) house.get(house.budgets->resolve(house.workspace, false, each.id, {}, "usr", "none of it"));
    CHECK(house.standing(budget).spent.value == 0);
}

TEST_CASE("what a period leaves is carried over, once and at most one limit", "[budget]") {
    BudgetHouse house;
    NewBudget wanted;
    wanted.limit = {10 * usd};
    wanted.window = Window::day;
    wanted.carry_over = true;
    const auto budget = house.get(house.budgets->create(house.workspace, wanted, "key_ann"));
    CHECK(house.standing(budget).limit.value == 10 * usd);
    house.settle(house.admit(4 * usd).hold, 4 * usd);
    house.settle_down(std::chrono::hours(24));
    CHECK(house.standing(budget).limit.value == 16 * usd);
    house.settle(house.admit(3 * usd).hold, 3 * usd);
    house.restart();
    CHECK(house.standing(budget).limit.value == 16 * usd);
    house.settle_down(std::chrono::hours(24));
    CHECK(house.standing(budget).limit.value == 20 * usd);  // 13 were left
    house.settle(house.admit(20 * usd).hold, 20 * usd);
    house.settle_down(std::chrono::hours(24));
    CHECK(house.standing(budget).limit.value == 10 * usd);
    house.settle(house.admit(10 * usd).hold, 10 * usd);
    house.settle_down(std::chrono::hours(24 * 5));  // four days that nobody used
    CHECK(house.standing(budget).limit.value == 20 * usd);
}

TEST_CASE("a clock that is set back stays in the period that has begun", "[budget]") {
    BudgetHouse house;
    const auto budget = house.make(10 * usd, ScopeType::workspace, "", Window::hour);
    house.settle(house.admit(4 * usd).hold, 4 * usd);
    house.clock.advance(std::chrono::minutes(-30));
    CHECK(house.standing(budget).spent.value == 4 * usd);
    CHECK(house.admit(7 * usd).refusal);
}

TEST_CASE("a new time zone ends no period early, so that it gives nobody a second limit", "[budget]") {
    BudgetHouse house;
    const auto budget = house.make(10 * usd, ScopeType::workspace, "", Window::day);
    house.settle(house.admit(10 * usd).hold, 10 * usd);
    auto terms = house.terms(10 * usd);
    terms.time_zone = "Pacific/Auckland";
    house.get(house.budgets->edit(house.workspace, budget.id, terms, std::nullopt));
    CHECK(house.standing(budget).spent.value == 10 * usd);
    house.settle_down(std::chrono::hours(12));
    const auto next = house.standing(budget);
    CHECK(next.spent.value == 0);
    CHECK(next.period_start == at("2026-03-11T00:00:00Z"));
    CHECK(next.resets_at == at("2026-03-11T11:00:00Z"));
    house.restart();
    CHECK(house.standing(budget).resets_at == at("2026-03-11T11:00:00Z"));
}
