// How calls end: settled, released, forgotten, cut off by a crash.

#include "budget/budget_house.hpp"

#include "sluice/base/metrics.hpp"
#include "sluice/runtime/task_group.hpp"
#include "sluice/storage/tx.hpp"

using namespace sluice;
using namespace sluice::budget;
using namespace sluice::testing;

namespace {

/// A unit that fails after what was added to it.
void spoil(storage::WriteUnit& unit) {
    std::function<Result<void>(storage::Tx&)> refuse = [](storage::Tx&) -> Result<void> { return fail(ErrorCode::conflict, "no"); };
    unit.add(std::move(refuse));
}

/// Lets time pass once others wait for it.
Awaitable<void> pass(BudgetHouse* house, Duration by) {
    for (int i = 0; i < 20; ++i) co_await house->loop.yield();
    house->clock.advance(by);
}

/// The value of a counter of this process; 0 before it has counted.
std::int64_t counted(const std::string& name) {
    const auto text = base::metrics::render_prometheus();
    const auto found = text.find("\n" + name + " ");
    return found == std::string::npos ? 0 : std::stoll(text.substr(found + name.size() + 2));
}

}  // namespace

TEST_CASE("a settlement stores what a call cost and frees the rest of its hold", "[budget]") {
    BudgetHouse house;
    const auto budget = house.make(10 * usd);
    auto admission = house.admit(4 * usd);
    auto spend = house.spend(usd);
    spend.scope.tags = {"a", "b"};
    spend.scope.run = RunId::make(house.clock.now(), house.random).str();
    spend.step = "each[1]/ask";
    spend.provider = "openai";
    spend.requested_model = "fast";
    spend.input_uncached = 100;
    spend.cache_read = 7;
    spend.cache_write_5m = 5;
    spend.cache_write_1h = 3;
    spend.output_visible = 40;
    spend.output_reasoning = 2;
    spend.raw_usage = R"({"prompt_tokens":115})";
    spend.estimated = spend.streamed = true;
    spend.duration_us = 1234;
    spend.first_token_us = 99;
    spend.attempts = 2;
    spend.route = "[]";
    spend.tool_uses = "{}";
    spend.price_version = "v1";
    spend.request_id = "req-1";
    spend.error = "cut";
    spend.kind = "chat";
    house.settle(std::move(admission.hold), spend);
    const auto standing = house.standing(budget);
    CHECK(standing.spent.value == usd);
    CHECK(standing.held.value == 0);
    CHECK(standing.left().value == 9 * usd);

    const auto row = house.get(house.budgets->book().get(house.workspace, spend.id));
    CHECK(row.at == house.clock.now());
    CHECK(row.held.value == 4 * usd);
    CHECK(row.cost.value == usd);
    CHECK(row.scope.tags == spend.scope.tags);
    CHECK(row.scope.run == spend.scope.run);
    CHECK(row.step == spend.step);
    CHECK(row.door == "openai.chat");
    CHECK(row.provider == "openai");
    CHECK(row.requested_model == "fast");
    CHECK(row.input_uncached == 100);
    CHECK(row.cache_read == 7);
    CHECK(row.cache_write_5m == 5);
    CHECK(row.cache_write_1h == 3);
    CHECK(row.output_visible == 40);
    CHECK(row.output_reasoning == 2);
    CHECK(row.raw_usage == spend.raw_usage);
    CHECK((row.estimated && row.streamed));
    CHECK(row.duration_us == 1234);
    CHECK(row.first_token_us == 99);
    CHECK(row.attempts == 2);
    CHECK(row.route == "[]");
    CHECK(row.tool_uses == "{}");
    CHECK(row.price_version == "v1");
    CHECK(row.request_id == "req-1");
    CHECK(row.error == "cut");
    CHECK(row.status == "ok");
}

TEST_CASE("a second settlement under the same id changes neither row nor budget", "[budget]") {
    BudgetHouse house;
    const auto budget = house.make(10 * usd);
    const auto spend = house.spend(2 * usd);
    house.settle(house.admit(3 * usd).hold, spend);
    auto again = house.admit(4 * usd);
    auto other = spend;
    other.cost = {4 * usd};
    house.settle(std::move(again.hold), other);
    CHECK(house.standing(budget).spent.value == 2 * usd);
    CHECK(house.standing(budget).held.value == 0);
    CHECK(house.rows().size() == 1);
    CHECK(house.rows()[0].cost.value == 2 * usd);
    house.budgets->release(house.admit(8 * usd).hold);  // the second hold is free again
    // In one unit as well.
    const auto twin = house.spend(1);
    storage::WriteUnit unit;
    house.budgets->settle(unit, house.admit(0).hold, twin);
    house.budgets->settle(unit, Hold(), twin);
    house.done(house.storage->submit(std::move(unit)));
    CHECK(house.rows().size() == 2);
}

TEST_CASE("a settlement that was undone does not stand in the way of the calls after it", "[budget]") {
    BudgetHouse house;
    const auto budget = house.make(10 * usd);
    storage::WriteUnit unit;
    house.budgets->settle(unit, house.admit(9 * usd).hold, house.spend(usd));
    spoil(unit);
    CHECK(house.error(house.storage->submit(std::move(unit))) == ErrorCode::conflict);
    auto after = house.admit(9 * usd);  // the database still had 9 USD granted to the call before
    CHECK(after.hold);
    house.budgets->release(std::move(after.hold));
    CHECK(house.standing(budget).spent.value == usd);
    CHECK(house.rows().size() == 1);
}

TEST_CASE("what was released costs nothing and leaves no row", "[budget]") {
    BudgetHouse house;
    const auto budget = house.make(10 * usd);
    auto admission = house.admit(10 * usd);
    CHECK(admission.hold.amount().value == 10 * usd);
    house.budgets->release(std::move(admission.hold));
    CHECK_FALSE(admission.hold);
    CHECK(house.standing(budget).held.value == 0);
    CHECK(house.admit(10 * usd).hold);
    house.budgets->release(Hold());
    CHECK(house.standing(budget).spent.value == 0);
}

TEST_CASE("a hold that nobody settles stays charged in full, with a row that says so", "[budget]") {
    BudgetHouse house;
    const auto budget = house.make(10 * usd);
    { const auto admission = house.admit(3 * usd); }
    CHECK(house.standing(budget).left().value == 7 * usd);
    house.settle_down();
    CHECK(house.standing(budget).spent.value == 3 * usd);
    CHECK(house.standing(budget).held.value == 0);
    REQUIRE(house.rows().size() == 1);
    CHECK(house.rows()[0].status == "unknown");
    CHECK(house.rows()[0].estimated);
    CHECK(house.rows()[0].cost.value == 3 * usd);
    CHECK(house.rows()[0].model == "m");
    // Assigning over a hold ends it as well.
    auto first = house.admit(usd), second = house.admit(usd);
    first.hold = std::move(second.hold);
    house.settle_down();
    CHECK(house.standing(budget).spent.value == 4 * usd);
    CHECK(house.standing(budget).held.value == usd);
    house.budgets->release(std::move(first.hold));
}

TEST_CASE("a cost above the hold is recorded as it is and blocks what follows", "[budget]") {
    BudgetHouse house;
    const auto budget = house.make(10 * usd);
    const auto before = counted("sluice_budget_overshoot_total");
    house.settle(house.admit(9 * usd).hold, 12 * usd);
    CHECK(counted("sluice_budget_overshoot_total") == before + 1);
    CHECK(house.standing(budget).spent.value == 12 * usd);
    CHECK(house.standing(budget).left().value == -2 * usd);
    CHECK(house.admit(1).refusal->left.value == 0);
    house.restart();
    CHECK(house.standing(budget).spent.value == 12 * usd);
}

TEST_CASE("a settlement outlives the unit that was to tell of it", "[budget]") {
    BudgetHouse house;
    const auto budget = house.make(10 * usd);
    SECTION("when a later part of the unit fails") {
        storage::WriteUnit unit;
        house.budgets->settle(unit, house.admit(4 * usd).hold, house.spend(usd));
        spoil(unit);
        CHECK(house.error(house.storage->submit(std::move(unit))) == ErrorCode::conflict);
    }
    SECTION("when an earlier part of the unit fails") {
        storage::WriteUnit unit;
        spoil(unit);
        house.budgets->settle(unit, house.admit(4 * usd).hold, house.spend(usd));
        CHECK(house.error(house.storage->submit(std::move(unit))) == ErrorCode::conflict);
        CHECK(house.standing(budget).held.value == 4 * usd);
    }
    SECTION("when nobody submits it") {
        storage::WriteUnit unit;
        house.budgets->settle(unit, house.admit(4 * usd).hold, house.spend(usd));
        unit = {};
        CHECK(house.standing(budget).held.value == 4 * usd);
    }
    SECTION("when the disk is full at that moment") {
        auto admission = house.admit(4 * usd);
        storage::failpoint::arm("commit.before:full:1+");
        storage::WriteUnit unit;
        house.budgets->settle(unit, std::move(admission.hold), house.spend(usd));
        CHECK(house.error(house.storage->submit(std::move(unit))) == ErrorCode::unavailable);
        house.settle_down(std::chrono::seconds(2));
        CHECK(house.rows().empty());
        CHECK(house.standing(budget).left().value <= 9 * usd);
        storage::failpoint::arm("");
        house.settle_down(std::chrono::seconds(5));
    }
    house.settle_down(std::chrono::seconds(2));
    REQUIRE(house.rows().size() == 1);
    CHECK(house.rows()[0].cost.value == usd);
    CHECK(house.standing(budget).spent.value == usd);
    CHECK(house.standing(budget).held.value == 0);
    house.restart();
    CHECK(house.standing(budget).spent.value == usd);
    CHECK(house.get(house.budgets->unknown(house.workspace, budget.id)).empty());
}

TEST_CASE("after a crash what was granted counts as spent until a person says what it was", "[budget]") {
    BudgetHouse house;
    const auto budget = house.make(10 * usd);
    house.settle(house.admit(2 * usd).hold, 2 * usd);
    auto lost = house.admit(5 * usd);
    house.restart_after_crash();
    lost.hold = Hold();  // of a process that is no more: it does nothing
    const auto entries = house.get(house.budgets->unknown(house.workspace, budget.id));
    REQUIRE(entries.size() == 1);
    CHECK(entries[0].amount.value >= 5 * usd);
    CHECK_FALSE(entries[0].resolved_to);
    const auto after = house.standing(budget);
    CHECK(after.spent == entries[0].amount + NanoUsd{2 * usd});
    CHECK(after.unknown == entries[0].amount);
    CHECK(after.held.value == 0);
    CHECK(house.events("budget.unknown").size() == 1);
    CHECK(house.admit(10 * usd - after.spent.value + 1).refusal);

    CHECK(house.error(house.budgets->resolve(house.workspace, false, entries[0].id, entries[0].amount + NanoUsd{1}, "usr", "bill")) ==
          ErrorCode::invalid_argument);
    CHECK(house.error(house.budgets->resolve(house.workspace, false, entries[0].id, {-1}, "usr", "bill")) == ErrorCode::invalid_argument);
    CHECK(house.error(house.budgets->resolve(house.workspace, false, entries[0].id, {1}, "usr", "")) == ErrorCode::invalid_argument);
    CHECK(house.error(house.budgets->resolve(house.workspace_named("other"), false, entries[0].id, {1}, "usr", "bill")) == ErrorCode::not_found);
    const auto resolved = house.get(house.budgets->resolve(house.workspace, false, entries[0].id, {3 * usd}, "usr_ann", "the provider's bill"));
    CHECK(resolved.resolved_to == NanoUsd{3 * usd});
    CHECK(house.standing(budget).spent.value == 5 * usd);
    CHECK(house.standing(budget).unknown.value == 0);
    CHECK(house.error(house.budgets->resolve(house.workspace, false, entries[0].id, {1}, "usr", "bill")) == ErrorCode::conflict);
    CHECK(house.admit(5 * usd).hold);
    house.settle_down();
    house.restart();
    const auto kept = house.get(house.budgets->unknown(house.workspace, budget.id));
    REQUIRE(kept.size() == 1);
    CHECK(kept[0].resolved_by == "usr_ann");
    CHECK(kept[0].reason == "the provider's bill");
    CHECK(house.standing(budget).spent.value == 10 * usd);
}

TEST_CASE("a stop gives back what nobody drew, and leaves charged what is under way", "[budget]") {
    BudgetHouse house;
    const auto budget = house.make(1000 * usd);
    house.settle(house.admit(usd).hold, usd);
    auto open = house.admit(2 * usd);
    house.restart();
    const auto entries = house.get(house.budgets->unknown(house.workspace, budget.id));
    REQUIRE(entries.size() == 1);
    CHECK(entries[0].amount.value == 2 * usd);
    CHECK(house.standing(budget).spent.value == 3 * usd);
    house.run(house.budgets->stop());
    house.run(house.budgets->stop());
}

TEST_CASE("a settlement that its owner never hands in does not keep a stop from its end", "[budget]") {
    BudgetHouse house;
    const auto budget = house.make(10 * usd);
    storage::WriteUnit unit;
    house.budgets->settle(unit, house.admit(2 * usd).hold, house.spend(usd));
    runtime::TaskGroup tasks(house.loop);
    tasks.spawn("time", pass(&house, std::chrono::seconds(10)));
    house.run(house.budgets->stop());
    house.run(tasks.join());
    house.restart_after_crash();
    CHECK(house.standing(budget).unknown.value == 2 * usd);
    CHECK(house.rows().empty());
}

TEST_CASE("each alert is told once in a period, in the commit that crosses it", "[budget]") {
    BudgetHouse house;
    NewBudget wanted;
    wanted.limit = {10 * usd};
    wanted.window = Window::day;
    wanted.alerts = {50, 80, 100, 120};
    const auto budget = house.get(house.budgets->create(house.workspace, wanted, "key_ann"));
    house.settle(house.admit(5 * usd).hold, 5 * usd - 1);
    CHECK(house.events("budget.threshold").empty());
    const auto spend = house.spend(1);
    house.settle(house.admit(1).hold, spend);
    house.settle(house.admit(1).hold, spend);
    REQUIRE(house.events("budget.threshold").size() == 1);
    const auto data = base::parse_json(house.events("budget.threshold")[0].data).value();
    CHECK(data["percent"] == 50);
    CHECK(data["limit_usd"] == "10");
    CHECK(data["spent_usd"] == "5");
    CHECK(data["scope"]["type"] == "workspace");
    CHECK(house.events("budget.threshold")[0].subject == budget.id.str());
    house.settle(house.admit(5 * usd).hold, 5 * usd);  // two at once
    CHECK(house.events("budget.threshold").size() == 3);
    house.restart();
    house.settle_down(std::chrono::hours(24));
    house.settle(house.admit(6 * usd).hold, 13 * usd);
    CHECK(house.events("budget.threshold").size() == 7);

    // Refused calls are told once in a period.
    CHECK(house.admit(1).refusal);
    CHECK(house.admit(1).refusal);
    house.settle_down();
    REQUIRE(house.events("budget.exceeded").size() == 1);
    house.restart();
    CHECK(house.admit(1).refusal);
    house.settle_down();
    CHECK(house.events("budget.exceeded").size() == 1);
}

TEST_CASE("a budget asks for an approval until it is raised or changed, and then anew", "[budget][approval]") {
    BudgetHouse house;
    const auto budget = house.make(usd, ScopeType::project, "default", Window::day, Action::require_approval);
    house.settle(house.admit(usd / 2).hold, usd / 2);
    CHECK_FALSE(house.standing(budget).exceeded);
    const auto refused = house.admit(usd);
    REQUIRE(refused.refusal);
    CHECK(refused.refusal->action == Action::require_approval);
    // Who may let it through, with what, and how much it takes.
    for (const auto* part : {"permission budgets:write", "--by 0.5 --for 1h", "/raise", "repeat the call", "wait until"})
        CHECK(refused.refusal->message.find(part) != std::string::npos);
    CHECK(refused.refusal->message.find(fmt::format("sluice budgets raise {}", budget.id)) != std::string::npos);
    house.settle_down();
    REQUIRE(house.events("budget.exceeded").size() == 1);
    const auto asked = base::parse_json(house.events("budget.exceeded")[0].data).value();
    CHECK(asked["needs_approval"] == true);
    CHECK(asked["needed_usd"] == "1");
    CHECK(house.standing(budget).exceeded);
    house.restart();
    CHECK(house.standing(budget).exceeded);  // it still asks

    const auto soon = house.clock.now() + std::chrono::hours(1);
    CHECK_FALSE(house.standing(house.get(house.budgets->raise(house.workspace, budget.id, {usd / 2}, soon))).exceeded);
    house.settle(house.admit(usd).hold, usd);
    CHECK(house.admit(usd).refusal->message.find("--by 1.5 ") != std::string::npos);  // a raise replaces the one before
    house.settle_down();
    CHECK(house.events("budget.exceeded").size() == 2);
    CHECK(house.standing(budget).exceeded);

    auto terms = house.terms(2 * usd);
    terms.action = Action::require_approval;
    CHECK_FALSE(house.standing(house.get(house.budgets->edit(house.workspace, budget.id, terms, {}))).exceeded);
    house.restart();
    CHECK_FALSE(house.standing(budget).exceeded);
    CHECK(house.admit(2 * usd).refusal);
    house.settle_down();
    CHECK(house.events("budget.exceeded").size() == 3);
    house.settle_down(std::chrono::hours(24));
    CHECK_FALSE(house.standing(budget).exceeded);  // another period, another limit
}

TEST_CASE("a settlement of nonsense credits nothing", "[budget]") {
    BudgetHouse house;
    const auto budget = house.make(10 * usd);
    house.settle(house.admit(usd).hold, -5 * usd);
    auto odd = house.spend(usd);
    odd.status = "odd";
    house.settle(house.admit(usd).hold, odd);
    CHECK(house.standing(budget).spent.value == usd);
    CHECK(house.get(house.budgets->book().get(house.workspace, odd.id)).status == "unknown");
    // Without a hold the row is kept, and no budget has it.
    house.settle(Hold(), usd);
    CHECK(house.standing(budget).spent.value == usd);
    CHECK(house.rows().size() == 3);
}
