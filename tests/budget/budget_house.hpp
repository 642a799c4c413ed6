#pragma once
/// Budgets over the real storage, with a clock that is moved; a crash is an end without `stop`.

#include <boost/asio/co_spawn.hpp>

#include "events/house.hpp"
#include "sluice/budget/spend.hpp"
#include "sluice/events/events.hpp"
#include "sluice/identity/identity.hpp"
#include "sluice/storage/failpoint.hpp"

namespace sluice::testing {

inline constexpr std::int64_t usd = 1'000'000'000;

struct BudgetHouse : House {
    BudgetHouse() {
        clock.advance(base::parse_time("2026-03-10T12:00:00Z").value() - clock.now());
        start();
        workspace = workspace_named("default");
    }
    ~BudgetHouse() {
        storage::failpoint::arm("");
        crash();
    }
    WorkspaceId workspace_named(const std::string& name) { return get(people->ensure_workspace(name)).id; }

    void start() {
        people = std::make_unique<identity::Identity>(*storage, clock, random);
        done(people->start());
        bus = std::make_unique<events::Bus>(loop, *storage);
        budgets = std::make_unique<budget::Budgets>(loop, *storage, *bus, clock, random);
        budgets->set_cursor_key(std::string(32, 'k'));
        done(budgets->start());
    }
    void end() {
        budgets.reset();
        if (bus) run(bus->stop());
        bus.reset();
        if (people) run(people->stop());
        people.reset();
    }
    /// Without a word: what is held stays granted.
    void crash() { end(); }
    void restart_after_crash() {
        crash();
        close();
        open();
        start();
    }
    void restart() {
        run(budgets->stop());
        restart_after_crash();
    }

    budget::Budget make(std::int64_t limit, budget::ScopeType scope = budget::ScopeType::workspace, const std::string& id = "",
                        budget::Window window = budget::Window::month, budget::Action action = budget::Action::block) {
        budget::NewBudget wanted;
        wanted.scope = scope;
        wanted.scope_id = id;
        wanted.window = window;
        wanted.limit = {limit};
        wanted.action = action;
        if (action == budget::Action::downgrade) wanted.downgrade_to = "small";
        return get(budgets->create(workspace, wanted, "key_ann"));
    }
    budget::NewBudget terms(std::int64_t limit) const {
        budget::NewBudget out;
        out.limit = {limit};
        return out;
    }
    budget::CallScope scope(const std::string& project = "default", const std::string& model = "m") const {
        budget::CallScope out;
        out.workspace = workspace;
        out.project = project;
        out.model = model;
        return out;
    }
    budget::Admission admit(std::int64_t most) { return admit(most, scope()); }
    budget::Admission admit(std::int64_t most, budget::CallScope of) { return get(budgets->admit(std::move(of), NanoUsd{most})); }
    budget::Spend spend(std::int64_t cost) {
        budget::Spend out;
        out.id = budget::SpendId::make(clock.now(), random);
        out.scope = scope();
        out.door = "openai.chat";
        out.model = "m";
        out.cost = {cost};
        return out;
    }
    /// In a unit of its own, which is stored.
    void settle(budget::Hold hold, budget::Spend what) {
        storage::WriteUnit unit;
        budgets->settle(unit, std::move(hold), std::move(what));
        done(storage->submit(std::move(unit)));
    }
    void settle(budget::Hold hold, std::int64_t cost) { settle(std::move(hold), spend(cost)); }
    budget::Standing standing(const budget::Budget& of) { return budgets->standing(of); }
    std::vector<budget::Spend> rows() {
        auto page = get(budgets->book().list(workspace, {}, 200, ""));
        return page.items;
    }
    std::vector<events::Event> events(const std::string& type) {
        std::vector<events::Event> out;
        for (auto& event : get(bus->list(workspace, 200, "")).items)
            if (event.type == type) out.push_back(event);
        return out;
    }
    /// Lets everything end that was set in motion: units, timers that are due.
    void settle_down(Duration pass = {}) {
        if (pass != Duration()) clock.advance(pass);
        auto wait = [](House* self) -> Awaitable<void> {
            for (int i = 0; i < 3; ++i) {
                storage::WriteUnit unit;
                (void)co_await self->storage->submit(std::move(unit));
                for (int turn = 0; turn < 10; ++turn) co_await self->loop.yield();
            }
        };
        run(wait(this));
    }

    std::unique_ptr<identity::Identity> people;
    std::unique_ptr<events::Bus> bus;
    std::unique_ptr<budget::Budgets> budgets;
    WorkspaceId workspace;
};

}  // namespace sluice::testing
