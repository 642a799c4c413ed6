#pragma once
// The SQL of budgets, their periods and unknown entries, and of a settlement.

#include <memory>
#include <vector>

#include "budget/calendar.hpp"
#include "sluice/storage/storage.hpp"

namespace sluice::budget::store {

/// A period as its row has it.
struct PeriodRow {
    Bounds bounds;
    std::int64_t spent = 0, unknown = 0, carried = 0;
    bool exceeded = false;
};

struct StoredBudget {
    Budget budget;
    PeriodRow period;  ///< the newest
};

/// A period's key, with what makes its row where it is not there yet. A deleted budget gets none.
struct PeriodKey {
    WorkspaceId workspace;  ///< the budget's
    BudgetId budget;
    Bounds bounds;
    std::int64_t carried = 0;
};

/// What a settlement moves in one budget.
struct Move {
    PeriodKey period;
    std::shared_ptr<const Budget> budget;  ///< for its alerts
    std::int64_t drawn = 0;                ///< from granted
    std::int64_t limit = 0;                ///< what the alerts are percents of
};

/// What became of a settlement in the transaction that wrote it last.
struct Booked {
    enum class What : std::uint8_t { nothing, inserted, duplicate };
    What what = What::nothing;
    std::vector<WorkspaceId> told;  ///< whose outbox has an event
};

struct LedgerEntry {
    Spend spend;
    std::vector<Move> moves;
    Booked outcome;
};

struct Found {
    std::vector<StoredBudget> budgets;
    std::vector<UnknownEntry> unknown;  ///< made just now
};

/// Turns what is granted into unknown entries, then reads budgets and newest periods; one unit.
Awaitable<Result<Found>> start(storage::Storage& storage, Time now);

void insert(storage::WriteUnit& unit, const Budget& budget);
/// Fails the unit with precondition_failed when the revision is not `before` any more.
void update(storage::WriteUnit& unit, const Budget& budget, std::int64_t before);
void remove(storage::WriteUnit& unit, WorkspaceId workspace, BudgetId id);
void insert_period(storage::WriteUnit& unit, const PeriodKey& period);

/// Grants `wanted`, else `least`, where spent and granted stay within `limit`; `granted` tells the amount, 0 for none.
void grant(storage::WriteUnit& unit, PeriodKey period, std::int64_t wanted, std::int64_t least, std::int64_t limit,
           std::shared_ptr<std::int64_t> granted);
void give_back(storage::WriteUnit& unit, const PeriodKey& period, std::int64_t amount);
/// Somebody has looked at the budget: the next call that does not fit writes its event anew.
void clear_exceeded(storage::WriteUnit& unit, const PeriodKey& period);
/// Writes the event `budget.exceeded`, the first time in a period or since `clear_exceeded`.
void note_exceeded(storage::WriteUnit& unit, PeriodKey period, std::shared_ptr<const Budget> budget, std::int64_t limit, std::int64_t left,
                   std::int64_t needed, Time now);
/// Inserts the row of spend and, only if it was not there, moves money in the budgets and writes the alerts that are crossed.
/// `done`, if any, lives as long as the unit.
void book(storage::WriteUnit& unit, std::shared_ptr<LedgerEntry> entry, std::shared_ptr<void> done = {});

/// Newest first, at most 1,000.
Awaitable<Result<std::vector<UnknownEntry>>> unknown(storage::Storage& storage, WorkspaceId workspace, BudgetId budget);
Awaitable<Result<std::optional<UnknownEntry>>> find_unknown(storage::Storage& storage, WorkspaceId workspace, UnknownSpendId id);
/// Fails the unit with conflict when it is resolved already.
void resolve(storage::WriteUnit& unit, WorkspaceId workspace, const UnknownEntry& entry, Time now);

/// One batch of periods that ended before `before`, but for each budget's newest; how many.
Awaitable<Result<std::int64_t>> remove_periods(storage::Storage& storage, Time before, int batch);

}  // namespace sluice::budget::store
