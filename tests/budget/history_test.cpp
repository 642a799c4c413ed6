// Random histories of calls, crashes and changes: the books always balance, and no hard limit is passed.

#include <cstdlib>

#include "budget/budget_house.hpp"
#include "sluice/storage/tx.hpp"

using namespace sluice;
using namespace sluice::budget;
using namespace sluice::testing;

namespace {

const storage::Query all_periods{"test.budget_periods", R"sql(
    SELECT coalesce(sum(spent_nano_usd), 0), coalesce(sum(unknown_nano_usd), 0), coalesce(sum(granted_nano_usd), 0) FROM budget_period
    WHERE workspace_id = ?1 AND budget_id = ?2)sql"};

struct Totals {
    std::int64_t spent = 0, unknown = 0, granted = 0;
};

struct Watched {
    Budget budget;
    std::int64_t truth = 0;  ///< what calls under it really cost, told or not
};

/// A call that was admitted, with what it really costs.
struct Call {
    Hold hold;
    Spend spend;
    std::vector<std::size_t> under;  ///< budgets that covered it
};

struct History {
    History(BudgetHouse& the_house, std::uint64_t seed) : house(the_house), chance(seed), name("p" + std::to_string(seed)) {}

    std::int64_t below(std::int64_t bound) { return static_cast<std::int64_t>(chance.below(static_cast<std::uint64_t>(bound))); }

    void begin() {
        from = house.clock.now();
        for (const auto& [window, action] : {std::pair{Window::hour, Action::block}, std::pair{Window::day, Action::require_approval},
                                             std::pair{Window::total, Action::warn}}) {
            if (below(4) == 0) continue;
            NewBudget wanted;
            wanted.scope = ScopeType::project;
            wanted.scope_id = name;
            wanted.window = window;
            wanted.action = action;
            wanted.limit = {below(3000)};
            wanted.carry_over = window != Window::total && below(2) == 0;
            wanted.time_zone = below(2) == 0 ? "UTC" : "America/St_Johns";
            watched.push_back({house.get(house.budgets->create(house.workspace, wanted, "t")), 0});
        }
    }
    void admit() {
        const auto most = below(10) == 0 ? 0 : below(700);
        auto admission = house.admit(most, house.scope(name));
        if (!admission.hold) return;
        for (const auto& each : watched)
            if (each.budget.action != Action::warn && most > 0) CHECK(house.standing(each.budget).left().value >= 0);
        Call call{std::move(admission.hold), house.spend(below(20) == 0 ? most + below(100) : below(most + 1)), {}};
        call.spend.scope.project = name;
        for (std::size_t i = 0; i < watched.size(); ++i) call.under.push_back(i);
        calls.push_back(std::move(call));
    }
    Call take() {
        const auto at = static_cast<std::ptrdiff_t>(below(static_cast<std::int64_t>(calls.size())));
        Call call = std::move(calls[static_cast<std::size_t>(at)]);
        calls.erase(calls.begin() + at);
        return call;
    }
    void cost(const Call& call, std::int64_t amount) {
        for (const auto i : call.under) watched[i].truth += amount;
    }
    void settle(Call call) {
        const auto spend = call.spend;
        const auto held = call.hold.amount().value;
        // The unit fails, or is told twice.
        const bool failing = below(16) == 0, twice = below(16) == 0;
        // A crash soon after a unit that failed leaves the hold, not what was above it.
        cost(call, failing ? std::min(spend.cost.value, held) : spend.cost.value);
        if (!failing && !twice) return house.settle(std::move(call.hold), spend);
        storage::WriteUnit unit;
        house.budgets->settle(unit, std::move(call.hold), spend);
        if (twice) house.budgets->settle(unit, Hold(), spend);
        if (failing) {
            std::function<Result<void>(storage::Tx&)> refuse = [](storage::Tx&) -> Result<void> { return fail(ErrorCode::conflict, "no"); };
            unit.add(std::move(refuse));
        }
        (void)house.run(house.storage->submit(std::move(unit)));
    }
    void crash() {
        // Calls under way cost at most what they hold and are told to nobody; settlements whose unit failed are as untold.
        for (auto& call : calls) cost(call, std::min(call.spend.cost.value, call.hold.amount().value));
        house.end();
        calls.clear();
        house.start();
    }
    void change() {
        if (watched.empty()) return;
        auto& each = watched[static_cast<std::size_t>(below(static_cast<std::int64_t>(watched.size())))];
        if (below(2) == 0) {
            const auto until = house.clock.now() + std::chrono::minutes(1 + below(120));
            each.budget = house.get(house.budgets->raise(house.workspace, each.budget.id, {1 + below(1000)}, until));
            return;
        }
        auto terms = house.terms(below(3000));
        terms.action = each.budget.action;
        terms.carry_over = each.budget.carry_over;
        terms.time_zone = each.budget.time_zone;
        each.budget = house.get(house.budgets->edit(house.workspace, each.budget.id, terms, std::nullopt));
    }
    void resolve() {
        for (const auto& each : watched)
            for (const auto& entry : house.get(house.budgets->unknown(house.workspace, each.budget.id)))
                if (!entry.resolved_to && below(2) == 0)
                    house.get(house.budgets->resolve(house.workspace, false, entry.id, {below(entry.amount.value + 1)}, "t", "a bill"));
    }
    void step() {
        switch (below(16)) {
            case 0: return house.settle_down(std::chrono::minutes(below(180)));
            case 1: return change();
            case 2: if (below(3) == 0) return crash(); break;
            case 3: return resolve();
            case 4: if (!calls.empty()) return house.budgets->release(take().hold); break;
            case 5:
                if (!calls.empty()) {  // aborted: nobody settles it
                    auto call = take();
                    cost(call, std::min(call.spend.cost.value, call.hold.amount().value));
                }
                return;
            case 6: case 7: case 8: case 9: if (!calls.empty()) return settle(take()); break;
            default: break;
        }
        admit();
    }
    /// What the ledger has of this history.
    std::int64_t ledger() {
        SpendFilter filter;
        filter.from = from;
        filter.project = name;
        std::int64_t out = 0;
        for (const auto& sum : house.get(house.budgets->book().sums(house.workspace, SpendBy::project, filter))) out += sum.cost.value;
        return out;
    }
    void end() {
        while (!calls.empty()) settle(take());
        house.settle_down(std::chrono::seconds(2));
        house.run(house.budgets->stop());
        const auto told = ledger();
        for (const auto& each : watched) {
            CAPTURE(to_string(each.budget.window));
            const auto standing = house.standing(each.budget);
            CHECK(standing.held.value == 0);
            auto read = [&](storage::ReadTx& tx) {
                return tx.find<Totals>(all_periods, {storage::to_value(house.workspace), storage::to_value(each.budget.id)},
                                       [](const storage::Row& row) { return Totals{row.integer(0), row.integer(1), row.integer(2)}; });
            };
            const auto totals = *house.get(house.storage->read(read));
            std::int64_t open = 0, resolved = 0, given_up = 0;
            for (const auto& entry : house.get(house.budgets->unknown(house.workspace, each.budget.id))) {
                (entry.resolved_to ? resolved : open) += entry.resolved_to.value_or(entry.amount).value;
                if (entry.resolved_to) given_up += (entry.amount - *entry.resolved_to).value;
            }
            CHECK(totals.granted == 0);
            CHECK(totals.unknown == open);
            CHECK(totals.spent == told + open + resolved);
            // Nothing that was spent is missing, but for what a person said it was not.
            if (each.budget.action != Action::warn) CHECK(totals.spent + given_up >= each.truth);
            house.done(house.budgets->remove(house.workspace, each.budget.id, std::nullopt));
        }
        house.end();
        house.start();
    }

    BudgetHouse& house;
    base::SeededRandom chance;
    std::string name;
    Time from{};
    std::vector<Watched> watched;
    std::vector<Call> calls;
};

/// Flushes prove nothing here and are most of the time: the directory is in memory, where the machine has such a place.
class InMemory {
  public:
    InMemory() {
        if (const char* was = std::getenv("TMPDIR")) before_ = was;
        if (std::filesystem::is_directory("/dev/shm")) ::setenv("TMPDIR", "/dev/shm", 1);
    }
    ~InMemory() {
        if (before_) ::setenv("TMPDIR", before_->c_str(), 1);
        else ::unsetenv("TMPDIR");
    }
    InMemory(const InMemory&) = delete;
    InMemory& operator=(const InMemory&) = delete;

  private:
    std::optional<std::string> before_;
};

void play(std::uint64_t first, std::uint64_t count) {
    const InMemory in_memory;
    BudgetHouse house;
    for (std::uint64_t seed = first; seed < first + count; ++seed) {
        CAPTURE(seed);
        History history(house, seed);
        history.begin();
        for (auto steps = 10 + history.below(30); steps > 0; --steps) history.step();
        history.end();
        house.clock.advance(std::chrono::hours(1));
    }
}

}  // namespace

TEST_CASE("over random histories spent is the ledger and what is open, and no hard limit is passed", "[budget][slow]") { play(1, 2500); }
TEST_CASE("the same over further histories, 2,501 to 5,000", "[budget][slow]") { play(2501, 2500); }
TEST_CASE("the same over further histories, 5,001 to 7,500", "[budget][slow]") { play(5001, 2500); }
TEST_CASE("the same over further histories, 7,501 to 10,000", "[budget][slow]") { play(7501, 2500); }
