#pragma once
// What the parts of the module share. Thread: loop; what the writer is given is never changed afterwards.

#include <array>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "budget/budget_store.hpp"
#include "budget/calendar.hpp"
#include "sluice/budget/spend.hpp"
#include "sluice/events/events.hpp"
#include "sluice/runtime/loop.hpp"
#include "sluice/runtime/pool.hpp"
#include "sluice/runtime/sync.hpp"
#include "sluice/runtime/turns.hpp"
#include "sluice/storage/storage.hpp"

namespace sluice::budget {

inline constexpr std::size_t most_budgets = 1000;              ///< in a workspace
inline constexpr Duration idle_tranche = std::chrono::minutes(1);
inline constexpr Duration repeat_first = std::chrono::seconds(1), repeat_longest = std::chrono::minutes(1);
inline constexpr std::int64_t most_nano_usd = std::numeric_limits<std::int64_t>::max();
using Wide = __int128;

inline std::int64_t clamp_amount(Wide amount) {
    return static_cast<std::int64_t>(std::clamp<Wide>(amount, 0, most_nano_usd));
}

inline std::int64_t limit_of(const Budget& budget, std::int64_t carried, Time now) {
    return clamp_amount(Wide(budget.limit.value) + carried + (now < budget.raised_until ? budget.raised_by.value : 0));
}

/// Errors of what may be changed of a budget: invalid_argument.
Result<void> check_terms(const NewBudget& terms);
tl::unexpected<Error> too_many();

/// A period in memory: its row, and what is out of it.
struct Period {
    Bounds bounds;
    std::int64_t spent = 0, unknown = 0, carried = 0;
    std::int64_t granted = 0;  ///< durably: what may be drawn
    std::int64_t drawn = 0;    ///< of `granted`: what holds have
    std::int64_t held = 0;     ///< by calls under way; those that began under the action warn hold without drawing
    bool stored = false;       ///< its row is known to be there
    bool exceeded = false;     ///< the event of that was written, or is about to be

    std::int64_t free() const { return granted - drawn; }
};

/// A tranche on its way.
struct TopUp {
    TopUp(runtime::Loop& loop, std::shared_ptr<Period> of) : period(std::move(of)), done(loop) {}
    const std::shared_ptr<Period> period;
    runtime::OneShot<Result<void>> done;  ///< unavailable: nothing was granted
};

/// A budget in memory.
struct Entry : std::enable_shared_from_this<Entry> {
    std::shared_ptr<const Budget> budget;
    const date::time_zone* zone = nullptr;
    std::shared_ptr<Period> present;
    std::shared_ptr<TopUp> top_up;   ///< at most one at a time
    std::int64_t waiting = 0;        ///< what the calls need that wait for it
    Time last_used{};
    std::optional<runtime::Loop::TimerId> idle_timer;
    bool removed = false;

    bool is_hard() const { return budget->action != Action::warn; }
    std::int64_t limit(Time now) const { return limit_of(*budget, present->carried, now); }
    bool fits(std::int64_t needed, Time now) const {
        return needed == 0 || Wide(present->spent) + present->held + needed <= limit(now);
    }
    std::int64_t left(Time now) const { return clamp_amount(Wide(limit(now)) - present->spent - present->held); }
};

/// A hold's part in one budget.
struct Part {
    std::shared_ptr<Entry> entry;
    std::shared_ptr<Period> period;  ///< the one it was taken from
    std::int64_t amount = 0;
    bool drawn = false;              ///< from a tranche
};

struct Hold::State {
    std::weak_ptr<Budgets::State> owner;
    CallScope scope;
    std::int64_t amount = 0;
    std::vector<Part> parts;
};

/// A settlement on its way into the database. The writer reads and writes its base alone.
struct Booking : store::LedgerEntry {
    std::unique_ptr<Hold::State> hold; ///< null: there was none
    bool moved = false;                ///< memory has it
};

/// The budgets of one workspace, by what they cover.
struct Covering {
    std::array<std::map<std::string, std::vector<Entry*>, std::less<>>, 11> by_scope;
    std::size_t count = 0;
};

struct Budgets::State : std::enable_shared_from_this<Budgets::State> {
    State(runtime::Loop& l, storage::Storage& s, events::Bus& b, base::Clock& c, base::Random& r)
        : loop(l), storage(s), bus(b), clock(c), random(r), book(s), turns(l), settled(l) {}

    runtime::Loop& loop;
    storage::Storage& storage;
    events::Bus& bus;
    base::Clock& clock;
    base::Random& random;
    runtime::Pool* blocking = nullptr;
    SpendBook book;
    std::string cursor_key;
    Entry* making = nullptr;             ///< while the answer to its creation is made
    std::unordered_map<BudgetId, std::shared_ptr<Entry>> entries;
    std::unordered_map<WorkspaceId, Covering> workspaces;
    std::vector<Entry*> instance;        ///< cover every call
    std::vector<Entry*> found;           ///< those of the call that is looked at; here to spare its allocation
    runtime::Turns turns;                ///< of changes to budgets
    bool stopping = false;

    std::size_t bookings = 0;            ///< in units of callers
    std::vector<std::shared_ptr<Booking>> repeats;  ///< to be written once more, in a unit of our own
    bool repeating = false;              ///< that unit is under way
    std::optional<runtime::Loop::TimerId> repeat_timer;
    Duration repeat_pause = repeat_first;
    runtime::Signal settled;             ///< something of the above has changed

    // budgets.cpp
    Awaitable<Result<const date::time_zone*>> zone(std::string name);
    /// Stores a budget that somebody has changed, and so looked at; then the entry has it. By the holder of the turn: nobody else removes
    /// the entry. Errors: precondition_failed, of the storage.
    Awaitable<Result<void>> store_change(Entry& entry, std::shared_ptr<Budget> budget, AlsoCommit also);
    Entry* find(WorkspaceId workspace, BudgetId id, bool with_instance) const;
    /// Not yet among the others.
    std::shared_ptr<Entry> make(WorkspaceId workspace, NewBudget wanted, std::string by, const date::time_zone* zone);
    Entry* add(std::shared_ptr<Entry> entry);
    void forget(Entry& entry);
    /// Goes on to the present period where the last one is over.
    void turn(Entry& entry, Time now);
    Standing standing(Entry& entry, const Budget& terms);

    // admission.cpp
    /// Fills `found` with what covers the call, each once, in its present period.
    void cover(const CallScope& scope, Time now);
    std::shared_ptr<TopUp> top_up(Entry& entry, std::int64_t needed, Time now);
    /// Takes `needed` out of all of `found`.
    void take(Hold::State& hold, std::int64_t needed, Time now);
    /// Writes the event that a limit was reached, once in a period.
    void note_exceeded(Entry& entry, std::int64_t needed, Time now);
    Refusal refusal(const Entry& entry, std::optional<NanoUsd> most, Time now) const;
    /// Frees what a hold has in memory; its tranche stays for the next one.
    void put_back(const Hold::State& hold);
    /// Gives the free part of a tranche back.
    void give_back(Entry& entry, const std::shared_ptr<Period>& period);
    void watch_idle(Entry& entry);

    // settlement.cpp
    std::shared_ptr<Booking> booking(std::unique_ptr<Hold::State> hold, Spend spend);
    void abandon(std::unique_ptr<Hold::State> hold);
    /// The unit of a booking has come to its end.
    void unit_ended(const std::shared_ptr<Booking>& booking);
    /// Takes over in memory what the transaction did.
    void apply(Booking& booking);
    /// Has `repeats` written, one time at a time.
    void repeat_at(Time when);
    void repeat_now();
};

}  // namespace sluice::budget
