// What is admitted, and what a limit refuses.

#include "budget/budget_house.hpp"

#include "sluice/runtime/task_group.hpp"

using namespace sluice;
using namespace sluice::budget;
using namespace sluice::testing;

namespace {

struct Tally {
    int admitted = 0, refused = 0, passed = 0;  ///< passed: above the limit that there was at that moment
    std::vector<Hold> holds;
    std::optional<Budget> watched{};
};

Awaitable<void> ask(Budgets* budgets, CallScope scope, std::int64_t most, Tally* tally) {
    auto admission = co_await budgets->admit(std::move(scope), NanoUsd{most});
    if (!admission) throw std::runtime_error(admission.error().message);
    ++(admission->refusal ? tally->refused : tally->admitted);
    if (admission->hold && tally->watched && budgets->standing(*tally->watched).left().value < 0) ++tally->passed;
    if (admission->hold) tally->holds.push_back(std::move(admission->hold));
}

Awaitable<void> change_limit(Budgets* budgets, WorkspaceId workspace, BudgetId id, std::vector<std::int64_t> limits) {
    for (const auto limit : limits) {
        NewBudget terms;
        terms.limit = {limit};
        auto done = co_await budgets->edit(workspace, id, terms, std::nullopt);
        if (!done) throw std::runtime_error(done.error().message);
    }
}

}  // namespace

TEST_CASE("two hundred calls at once, against a budget for seven, admit exactly seven", "[budget]") {
    BudgetHouse house;
    const auto budget = house.make(7 * usd);
    Tally tally;
    runtime::TaskGroup tasks(house.loop);
    for (int i = 0; i < 200; ++i) tasks.spawn("ask", ask(house.budgets.get(), house.scope(), usd, &tally));
    house.run(tasks.join());
    CHECK(tally.admitted == 7);
    CHECK(tally.refused == 193);
    const auto full = house.standing(budget);
    CHECK(full.held.value == 7 * usd);
    CHECK(full.left().value == 0);
    for (auto& hold : tally.holds) house.settle(std::move(hold), usd / 2);
    CHECK(house.standing(budget).spent.value == 7 * usd / 2);
    CHECK(house.standing(budget).held.value == 0);
}

TEST_CASE("calls never pass a limit that is edited while they are admitted", "[budget]") {
    BudgetHouse house;
    const auto budget = house.make(7 * usd);
    Tally tally;
    tally.watched = budget;
    runtime::TaskGroup tasks(house.loop);
    for (int i = 0; i < 20; ++i) tasks.spawn("ask", ask(house.budgets.get(), house.scope(), usd, &tally));
    tasks.spawn("edit", change_limit(house.budgets.get(), house.workspace, budget.id, {12 * usd, 3 * usd, 14 * usd, 9 * usd, 30 * usd}));
    for (int i = 0; i < 200; ++i) {
        tasks.spawn("ask", ask(house.budgets.get(), house.scope(), usd, &tally));
        house.settle_down();
    }
    house.run(tasks.join());
    CHECK(tally.admitted + tally.refused == 220);
    CHECK(tally.admitted == 30);
    CHECK(tally.passed == 0);
    // Lowered below what is out, it admits nothing until enough has come back.
    house.get(house.budgets->edit(house.workspace, budget.id, house.terms(2 * usd), std::nullopt));
    for (int open = 30; open > 1; --open) {
        CHECK(house.admit(usd).refusal);
        house.budgets->release(std::move(tally.holds.back()));
        tally.holds.pop_back();
    }
    CHECK(house.admit(usd).hold);
}

TEST_CASE("a refusal names the limit, what is left and the way out", "[budget]") {
    BudgetHouse house;
    const auto budget = house.make(2 * usd, ScopeType::project, "shop", Window::day);
    const auto first = house.admit(2 * usd - 1, house.scope("shop"));
    REQUIRE(first.hold);
    CHECK(first.left == NanoUsd{1});
    const auto refused = house.admit(2, house.scope("shop"));
    CHECK_FALSE(refused.hold);
    REQUIRE(refused.refusal);
    CHECK(refused.refusal->budget == budget.id);
    CHECK(refused.refusal->action == Action::block);
    CHECK(refused.refusal->limit.value == 2 * usd);
    CHECK(refused.refusal->left.value == 1);
    CHECK(refused.refusal->resets_at == base::parse_time("2026-03-11T00:00:00Z").value());
    CHECK(refused.refusal->message == "the daily budget of project shop (limit 2 USD) has 0.000000001 USD left, and this call may cost "
                                      "0.000000002 USD; raise it under Budgets or with `sluice budgets raise " + budget.id.str() +
                                      "`, or wait until 2026-03-11T00:00:00Z");
    CHECK(house.admit(5 * usd, house.scope("other")).hold);
}

TEST_CASE("every scope of a call is held, all of them or none", "[budget]") {
    BudgetHouse house;
    const std::string key = ApiKeyId::make(house.clock.now(), house.random).str(), user = UserId::make(house.clock.now(), house.random).str(),
                      run = RunId::make(house.clock.now(), house.random).str();
    auto scope = house.scope("shop", "gpt");
    scope.agent = "helper";
    scope.flow = "triage";
    scope.run = run;
    scope.session = "s1";
    scope.api_key = key;
    scope.user = user;
    scope.tags = {"red", "blue", "red"};
    std::vector<Budget> all;
    for (const auto& [type, id] : std::vector<std::pair<ScopeType, std::string>>{
             {ScopeType::instance, ""}, {ScopeType::workspace, ""}, {ScopeType::project, "shop"}, {ScopeType::agent, "helper"},
             {ScopeType::flow, "triage"}, {ScopeType::run, run}, {ScopeType::session, "s1"}, {ScopeType::api_key, key},
             {ScopeType::user, user}, {ScopeType::model, "gpt"}, {ScopeType::tag, "red"}, {ScopeType::tag, "blue"}})
        all.push_back(house.make(10 * usd, type, id));
    const auto other = house.make(10 * usd, ScopeType::project, "other");
    auto admission = house.admit(4 * usd, scope);
    REQUIRE(admission.hold);
    for (const auto& each : all) CHECK(house.standing(each).held.value == 4 * usd);
    CHECK(house.standing(other).held.value == 0);

    // One scope that is short refuses the call, and nothing of the others is held.
    const auto small = house.make(usd, ScopeType::tag, "green");
    scope.tags.push_back("green");
    const auto refused = house.admit(4 * usd, scope);
    REQUIRE(refused.refusal);
    CHECK(refused.refusal->budget == small.id);
    for (const auto& each : all) CHECK(house.standing(each).held.value == 4 * usd);
    house.settle(std::move(admission.hold), 3 * usd);
    for (const auto& each : all) {
        CHECK(house.standing(each).held.value == 0);
        CHECK(house.standing(each).spent.value == 3 * usd);
    }
}

TEST_CASE("two windows of one scope bind at once", "[budget]") {
    BudgetHouse house;
    const auto day = house.make(3 * usd, ScopeType::workspace, "", Window::day), month = house.make(5 * usd);
    house.settle(house.admit(3 * usd).hold, 3 * usd);
    CHECK(house.admit(usd).refusal->budget == day.id);
    house.settle_down(std::chrono::hours(24));
    house.settle(house.admit(2 * usd).hold, 2 * usd);
    CHECK(house.admit(usd).refusal->budget == month.id);
    CHECK(house.standing(day).spent.value == 2 * usd);
    CHECK(house.standing(month).spent.value == 5 * usd);
}

TEST_CASE("a budget of one workspace does not cover another's calls, one of the instance does", "[budget]") {
    BudgetHouse house;
    house.make(usd);
    const auto server = house.make(5 * usd, ScopeType::instance);
    auto scope = house.scope();
    scope.workspace = house.workspace_named("other");
    const auto admission = house.admit(4 * usd, scope);
    REQUIRE(admission.hold);
    CHECK_FALSE(admission.left);  // what the server's budget has is not the workspace's to see
    CHECK(house.standing(server).held.value == 4 * usd);
    const auto refused = house.admit(2 * usd, scope);
    REQUIRE(refused.refusal);
    CHECK(refused.refusal->budget == server.id);
    CHECK(refused.refusal->message.find("USD") == std::string::npos);
    CHECK(house.budgets->list(scope.workspace, false).empty());
    CHECK(house.budgets->list(scope.workspace, true).size() == 1);
    CHECK_FALSE(house.budgets->find(scope.workspace, server.id, false));
}

TEST_CASE("a limit of nothing admits what costs nothing", "[budget]") {
    BudgetHouse house;
    const auto budget = house.make(0);
    CHECK(house.admit(1).refusal);
    auto free = house.admit(0);
    CHECK(free.hold);
    house.settle(std::move(free.hold), 0);
    CHECK(house.standing(budget).spent.value == 0);
    CHECK(house.events("budget.threshold").empty());
}

TEST_CASE("a call whose cost is not known is refused by a hard limit alone", "[budget]") {
    BudgetHouse house;
    house.make(usd, ScopeType::workspace, "", Window::month, Action::warn);
    CHECK(house.get(house.budgets->admit(house.scope(), std::nullopt)).hold);
    const auto hard = house.make(100 * usd, ScopeType::project, "default");
    const auto refused = house.get(house.budgets->admit(house.scope(), std::nullopt));
    REQUIRE(refused.refusal);
    CHECK(refused.refusal->budget == hard.id);
    CHECK(refused.refusal->message.find("not known") != std::string::npos);
}

TEST_CASE("a budget that only warns lets calls pass and says that it is over", "[budget]") {
    BudgetHouse house;
    const auto budget = house.make(2 * usd, ScopeType::workspace, "", Window::month, Action::warn);
    auto first = house.admit(2 * usd);
    CHECK(first.warnings.empty());
    auto second = house.admit(3 * usd);
    REQUIRE(second.hold);
    REQUIRE(second.warnings.size() == 1);
    CHECK(second.warnings[0] == "the monthly budget of the workspace is over its limit");
    CHECK_FALSE(second.left);
    CHECK(house.standing(budget).held.value == 5 * usd);
    house.settle(std::move(first.hold), 2 * usd);
    house.settle(std::move(second.hold), 3 * usd);
    CHECK(house.standing(budget).spent.value == 5 * usd);
    house.settle_down();
    CHECK(house.events("budget.exceeded").size() == 1);
    house.restart();
    CHECK(house.standing(budget).spent.value == 5 * usd);
}

TEST_CASE("of several refusals the strictest is told; a downgrade names its model", "[budget]") {
    BudgetHouse house;
    house.make(usd, ScopeType::model, "m", Window::day, Action::downgrade);
    const auto down = house.admit(2 * usd);
    REQUIRE(down.refusal);
    CHECK(down.refusal->action == Action::downgrade);
    CHECK(down.downgrade_to == "small");
    CHECK(house.admit(2 * usd, house.scope("default", "small")).hold);
    house.make(usd, ScopeType::project, "default", Window::day, Action::require_approval);
    CHECK(house.admit(2 * usd).refusal->action == Action::require_approval);
    house.make(usd, ScopeType::workspace, "", Window::day, Action::block);
    const auto blocked = house.admit(2 * usd);
    CHECK(blocked.refusal->action == Action::block);
    CHECK(blocked.downgrade_to.empty());
}

TEST_CASE("amounts at the edge of the integers neither wrap nor pass", "[budget]") {
    BudgetHouse house;
    constexpr auto greatest = std::numeric_limits<std::int64_t>::max();
    const auto budget = house.make(greatest);
    const auto warn = house.make(greatest, ScopeType::project, "default", Window::month, Action::warn);
    auto first = house.admit(greatest - 1);
    REQUIRE(first.hold);
    CHECK(first.left == NanoUsd{1});
    CHECK(house.admit(2).refusal);
    CHECK(house.admit(greatest).refusal);
    house.settle(std::move(first.hold), greatest);
    CHECK(house.standing(budget).spent.value == greatest);
    CHECK(house.standing(budget).left().value == 0);
    CHECK(house.admit(1).refusal);
    NewBudget terms = house.terms(greatest);
    terms.action = Action::warn;
    house.get(house.budgets->edit(house.workspace, budget.id, terms, std::nullopt));
    auto more = house.admit(greatest), most = house.admit(greatest);
    CHECK(house.standing(budget).left().value == -greatest);
    CHECK(house.standing(warn).left().value == -greatest);
    house.settle(std::move(more.hold), greatest);
    house.settle(std::move(most.hold), greatest);
    CHECK(house.standing(budget).spent.value == greatest);
    CHECK(house.standing(warn).held.value == 0);
    CHECK(house.run(house.budgets->admit(house.scope(), NanoUsd{-1})).error().code == ErrorCode::internal);
    const auto sums = house.get(house.budgets->book().sums(house.workspace, SpendBy::model, {}));
    REQUIRE(sums.size() == 1);
    CHECK(sums[0].cost.value == greatest);
    CHECK(sums[0].calls == 3);
    house.restart();
    CHECK(house.standing(budget).spent.value == greatest);
}

TEST_CASE("a store that cannot grant refuses calls under a hard limit as unavailable, and recovers", "[budget]") {
    BudgetHouse house;
    const auto budget = house.make(100 * usd);
    storage::failpoint::arm("commit.before:full:1+");
    CHECK(house.run(house.budgets->admit(house.scope(), NanoUsd{usd})).error().code == ErrorCode::unavailable);
    CHECK(house.standing(budget).held.value == 0);
    CHECK(house.admit(0).hold);
    storage::failpoint::arm("");
    house.settle_down(std::chrono::seconds(5));
    CHECK(house.admit(usd).hold);
    CHECK(house.standing(budget).held.value == usd);
}

TEST_CASE("a tranche serves many calls with few commits, and is given back after an idle minute", "[budget]") {
    BudgetHouse house;
    const auto budget = house.make(1000 * usd);
    house.settle(house.admit(usd / 100).hold, usd / 100);
    house.settle_down(std::chrono::seconds(2));
    const auto before = house.storage->statistics().units;
    for (int i = 0; i < 20; ++i) {
        auto admission = house.admit(usd / 100);
        house.budgets->release(std::move(admission.hold));
    }
    CHECK(house.storage->statistics().units == before);
    house.settle_down(std::chrono::minutes(2));
    house.settle_down(std::chrono::minutes(2));
    house.restart_after_crash();  // nothing was granted any more: nothing is unknown
    CHECK(house.get(house.budgets->unknown(house.workspace, budget.id)).empty());
    CHECK(house.standing(budget).spent.value == usd / 100);
}
