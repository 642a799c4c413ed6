// Budgets that are made together with what they cover, in one commit.

#include "budget/budget_state.hpp"

namespace sluice::budget {

struct BudgetDrafts::State {
    std::shared_ptr<Budgets::State> owner;
    runtime::Turn turn;
    std::vector<std::shared_ptr<Entry>> entries;
    std::vector<Budget> items;
};

BudgetDrafts::BudgetDrafts(std::unique_ptr<State> state) : state_(std::move(state)) {}
BudgetDrafts::BudgetDrafts(BudgetDrafts&&) noexcept = default;
BudgetDrafts::~BudgetDrafts() = default;
const std::vector<Budget>& BudgetDrafts::items() const { return state_->items; }

void BudgetDrafts::append(storage::WriteUnit& unit, const std::string& scope_id) {
    for (std::size_t i = 0; i < state_->entries.size(); ++i) {
        auto& entry = *state_->entries[i];
        state_->items[i].scope_id = scope_id;
        entry.budget = std::make_shared<const Budget>(state_->items[i]);
        store::insert(unit, *entry.budget);
        store::insert_period(unit, {entry.budget->workspace, entry.budget->id, entry.present->bounds, 0});
    }
}

void BudgetDrafts::committed() {
    for (auto& entry : state_->entries) state_->owner->add(std::move(entry));
    state_->entries.clear();
}

Awaitable<Result<BudgetDrafts>> Budgets::draft(WorkspaceId workspace, std::vector<NewBudget> budgets, std::string by) {
    const auto s = state_;
    std::vector<const date::time_zone*> zones;
    for (const auto& wanted : budgets) {
        if (auto good = check_terms(wanted); !good) co_return fail(std::move(good.error()));
        auto zone = co_await s->zone(wanted.time_zone);
        if (!zone) co_return fail(std::move(zone.error()));
        zones.push_back(*zone);
    }
    auto turn = co_await s->turns.take();
    if (s->workspaces[workspace].count + budgets.size() > most_budgets) co_return too_many();
    auto made = std::unique_ptr<BudgetDrafts::State>(new BudgetDrafts::State{s, std::move(turn), {}, {}});
    for (std::size_t i = 0; i < budgets.size(); ++i) {
        made->entries.push_back(s->make(workspace, std::move(budgets[i]), by, zones[i]));
        made->items.push_back(*made->entries.back()->budget);
    }
    co_return BudgetDrafts(std::move(made));
}

std::vector<Budget> Budgets::of_scope(WorkspaceId workspace, ScopeType scope, std::string_view scope_id) const {
    std::vector<Budget> out;
    const auto own = state_->workspaces.find(workspace);
    if (own == state_->workspaces.end()) return out;
    const auto& of_type = own->second.by_scope[static_cast<std::size_t>(scope)];
    if (const auto named = of_type.find(scope_id); named != of_type.end())
        for (const Entry* entry : named->second) out.push_back(*entry->budget);
    return out;
}

}  // namespace sluice::budget
