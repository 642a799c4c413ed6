// Budgets are made, changed, raised and deleted; the ledger is read.

#include "budget/budget_house.hpp"

using namespace sluice;
using namespace sluice::budget;
using namespace sluice::testing;

namespace {

std::string pointer_of(const Error& error) { return error.details.empty() ? std::string() : error.details[0].pointer; }

}  // namespace

TEST_CASE("budgets that cannot be are refused with their place", "[budget]") {
    BudgetHouse house;
    const auto refused = [&](auto change) {
        NewBudget wanted;
        wanted.scope = ScopeType::project;
        wanted.scope_id = "shop";
        change(wanted);
        auto made = house.run(house.budgets->create(house.workspace, wanted, "key_ann"));
        REQUIRE_FALSE(made);
        CHECK(made.error().code == ErrorCode::invalid_argument);
        return pointer_of(made.error());
    };
    CHECK(refused([](NewBudget& b) { b.limit = {-1}; }) == "/limit_usd");
    CHECK(refused([](NewBudget& b) { b.scope_id = ""; }) == "/scope/id");
    CHECK(refused([](NewBudget& b) { b.scope_id = std::string(201, 'x'); }) == "/scope/id");
    CHECK(refused([](NewBudget& b) { b.scope = ScopeType::workspace; }) == "/scope/id");
    CHECK(refused([](NewBudget& b) { b.scope = ScopeType::instance; }) == "/scope/id");
    for (const auto type : {ScopeType::api_key, ScopeType::user, ScopeType::run})
        CHECK(refused([&](NewBudget& b) { b.scope = type; }) == "/scope/id");
    CHECK(refused([](NewBudget& b) { b.action = Action::downgrade; }) == "/downgrade_to");
    CHECK(refused([](NewBudget& b) { b.downgrade_to = "m"; }) == "/downgrade_to");
    CHECK(refused([](NewBudget& b) { b.action = Action::downgrade, b.downgrade_to = std::string(201, 'm'); }) == "/downgrade_to");
    CHECK(refused([](NewBudget& b) { b.time_zone = "Mars/Olympus"; }) == "/time_zone");
    CHECK(refused([](NewBudget& b) { b.alerts = {0}; }) == "/alerts/0");
    CHECK(refused([](NewBudget& b) { b.alerts = {50, 50}; }) == "/alerts/1");
    CHECK(refused([](NewBudget& b) { b.alerts = {1001}; }) == "/alerts/0");
    CHECK(refused([](NewBudget& b) { b.alerts = std::vector<int>(21, 1); }) == "/alerts");
    CHECK(refused([](NewBudget& b) { b.window = Window::total, b.carry_over = true; }) == "/carry_over");
    CHECK(house.budgets->list(house.workspace, true).empty());
}

TEST_CASE("a scope has one budget for each window, and a workspace a thousand budgets", "[budget]") {
    BudgetHouse house;
    house.make(usd, ScopeType::project, "shop", Window::day);
    NewBudget same;
    same.scope = ScopeType::project;
    same.scope_id = "shop";
    same.window = Window::day;
    CHECK(house.error(house.budgets->create(house.workspace, same, "key_ann")) == ErrorCode::conflict);
    CHECK(house.run(house.budgets->create(house.workspace_named("other"), same, "key_ann")));
    for (int i = 1; i < 1000; ++i) house.make(usd, ScopeType::tag, std::to_string(i));
    same.scope_id = "one more";
    CHECK(house.error(house.budgets->create(house.workspace, same, "key_ann")) == ErrorCode::conflict);
    CHECK(house.budgets->list(house.workspace, false).size() == 1000);
}

TEST_CASE("a budget is what it was made as, over restarts, and its list is newest first", "[budget]") {
    BudgetHouse house;
    NewBudget wanted;
    wanted.scope = ScopeType::project;
    wanted.scope_id = "shop";
    wanted.window = Window::week;
    wanted.limit = {7 * usd};
    wanted.action = Action::downgrade;
    wanted.downgrade_to = "small";
    wanted.time_zone = "Europe/Berlin";
    wanted.carry_over = true;
    wanted.alerts = {10, 90};
    const auto made = house.get(house.budgets->create(house.workspace, wanted, "key_ann"));
    house.settle_down(std::chrono::seconds(1));
    const auto second = house.make(usd);
    house.restart();
    const auto list = house.budgets->list(house.workspace, false);
    REQUIRE(list.size() == 2);
    CHECK(list[0].id == second.id);
    const auto& read = list[1];
    CHECK(read.id == made.id);
    CHECK(read.scope == ScopeType::project);
    CHECK(read.scope_id == "shop");
    CHECK(read.window == Window::week);
    CHECK(read.limit.value == 7 * usd);
    CHECK(read.action == Action::downgrade);
    CHECK(read.downgrade_to == "small");
    CHECK(read.time_zone == "Europe/Berlin");
    CHECK(read.carry_over);
    CHECK(read.alerts == std::vector<int>{10, 90});
    CHECK(read.created_by == "key_ann");
    CHECK(read.created_at == made.created_at);
    CHECK(etag_of(read) == "\"1\"");
    CHECK(house.standing(read).period_start == base::parse_time("2026-03-08T23:00:00Z").value());
}

TEST_CASE("a lowered limit blocks at once, a higher one admits at once", "[budget]") {
    BudgetHouse house;
    const auto budget = house.make(100 * usd);
    auto admission = house.admit(5 * usd);
    CHECK(house.error(house.budgets->edit(house.workspace, budget.id, house.terms(5 * usd), "\"7\"")) == ErrorCode::precondition_failed);
    const auto lower = house.get(house.budgets->edit(house.workspace, budget.id, house.terms(5 * usd), etag_of(budget)));
    CHECK(lower.revision == 2);
    CHECK(lower.scope == ScopeType::workspace);
    CHECK(house.admit(1).refusal);
    house.settle(std::move(admission.hold), 4 * usd);
    house.get(house.budgets->edit(house.workspace, budget.id, house.terms(2 * usd), std::nullopt));
    CHECK(house.standing(budget).left().value == -2 * usd);
    CHECK(house.admit(1).refusal);
    house.get(house.budgets->edit(house.workspace, budget.id, house.terms(6 * usd), std::nullopt));
    CHECK(house.admit(2 * usd).hold);
    CHECK(house.error(house.budgets->edit(house.workspace, budget.id, house.terms(-1), std::nullopt)) == ErrorCode::invalid_argument);
    CHECK(house.error(house.budgets->edit(house.workspace_named("other"), budget.id, house.terms(1), std::nullopt)) == ErrorCode::not_found);
}

TEST_CASE("an action that changes while calls are under way keeps the limit and frees the tranche", "[budget]") {
    BudgetHouse house;
    const auto budget = house.make(10 * usd, ScopeType::workspace, "", Window::month, Action::warn);
    auto soft = house.admit(6 * usd);
    auto terms = house.terms(10 * usd);
    house.get(house.budgets->edit(house.workspace, budget.id, terms, std::nullopt));
    CHECK(house.admit(5 * usd).refusal);
    auto hard = house.admit(4 * usd);
    REQUIRE(hard.hold);
    terms.action = Action::warn;
    house.get(house.budgets->edit(house.workspace, budget.id, terms, std::nullopt));
    house.settle(std::move(soft.hold), 6 * usd);
    house.budgets->release(std::move(hard.hold));
    house.settle_down();
    CHECK(house.standing(budget).spent.value == 6 * usd);
    CHECK(house.standing(budget).held.value == 0);
    house.restart_after_crash();
    CHECK(house.standing(budget).unknown.value == 0);
}

TEST_CASE("a raise counts until its time and not a moment longer", "[budget]") {
    BudgetHouse house;
    const auto budget = house.make(5 * usd);
    house.settle(house.admit(5 * usd).hold, 5 * usd);
    CHECK(house.admit(1).refusal);
    const auto until = house.clock.now() + std::chrono::hours(1);
    CHECK(house.error(house.budgets->raise(house.workspace, budget.id, {0}, until)) == ErrorCode::invalid_argument);
    CHECK(house.error(house.budgets->raise(house.workspace, budget.id, {usd}, house.clock.now())) == ErrorCode::invalid_argument);
    CHECK(house.error(house.budgets->raise(house.workspace, budget.id, {std::numeric_limits<std::int64_t>::max()}, until)) ==
          ErrorCode::invalid_argument);
    CHECK(house.error(house.budgets->raise(house.workspace_named("other"), budget.id, {usd}, until)) == ErrorCode::not_found);
    const auto raised = house.get(house.budgets->raise(house.workspace, budget.id, {3 * usd}, until));
    CHECK(raised.raised_by.value == 3 * usd);
    CHECK(house.standing(budget).limit.value == 8 * usd);
    house.settle(house.admit(usd).hold, usd);
    house.restart();
    CHECK(house.standing(budget).limit.value == 8 * usd);
    CHECK(house.admit(usd).hold);
    house.settle_down(std::chrono::hours(1));
    CHECK(house.standing(budget).limit.value == 5 * usd);
    CHECK(house.admit(1).refusal);
}

TEST_CASE("a deleted budget covers nothing, and calls under way settle all the same", "[budget]") {
    BudgetHouse house;
    const auto budget = house.make(5 * usd);
    auto admission = house.admit(5 * usd);
    CHECK(house.error(house.budgets->remove(house.workspace, budget.id, "\"9\"")) == ErrorCode::precondition_failed);
    CHECK(house.error(house.budgets->remove(house.workspace_named("other"), budget.id, std::nullopt)) == ErrorCode::not_found);
    house.done(house.budgets->remove(house.workspace, budget.id, etag_of(budget)));
    CHECK_FALSE(house.budgets->find(house.workspace, budget.id, true));
    house.budgets->release(house.admit(50 * usd).hold);
    house.settle(std::move(admission.hold), 4 * usd);
    CHECK(house.rows().size() == 1);
    CHECK(house.error(house.budgets->remove(house.workspace, budget.id, std::nullopt)) == ErrorCode::not_found);
    CHECK(house.error(house.budgets->unknown(house.workspace, budget.id)) == ErrorCode::not_found);
    house.settle_down(std::chrono::minutes(5));
    CHECK(house.make(usd).id != budget.id);
    CHECK(house.standing(budget).limit.value == 0);
}

TEST_CASE("the ledger is read by page, filter and time, and summed by every dimension", "[budget]") {
    BudgetHouse house;
    const auto first = house.clock.now();
    for (int i = 0; i < 12; ++i) {
        auto spend = house.spend((i + 1) * usd);
        spend.model = i % 2 == 0 ? "big" : "small";
        spend.provider = i % 2 == 0 ? "p1" : "p2";
        spend.scope.project = i < 6 ? "shop" : "hr";
        spend.scope.flow = i == 3 ? "triage" : "";
        spend.scope.api_key = i == 4 ? "key_1" : "";
        spend.scope.user = i == 5 ? "usr_1" : "";
        spend.scope.agent = i == 6 ? "bot" : "";
        spend.scope.run = i == 7 ? "run_1" : "";
        if (i == 8) spend.status = "failed";
        spend.scope.tags = i == 9 ? std::vector<std::string>{"a", "b"} : i == 10 ? std::vector<std::string>{"a"} : std::vector<std::string>{};
        spend.input_uncached = 10;
        spend.cache_read = 5;
        spend.output_visible = 3;
        house.settle(Hold(), spend);
        house.clock.advance(std::chrono::hours(1));
    }
    auto& book = house.budgets->book();
    std::vector<std::int64_t> seen;
    for (std::string cursor;;) {
        auto page = house.get(book.list(house.workspace, {}, 5, cursor));
        for (const auto& each : page.items) seen.push_back(each.cost.value / usd);
        cursor = page.next_cursor;
        if (cursor.empty()) break;
    }
    CHECK(seen == std::vector<std::int64_t>{12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1});
    CHECK(house.error(book.list(house.workspace, {}, 5, "nonsense")) == ErrorCode::invalid_argument);
    const auto cursor = house.get(book.list(house.workspace, {}, 5, "")).next_cursor;
    SpendFilter shop;
    shop.project = "shop";
    CHECK(house.error(book.list(house.workspace, shop, 5, cursor)) == ErrorCode::invalid_argument);
    CHECK(house.error(book.list(house.workspace_named("other"), {}, 5, cursor)) == ErrorCode::invalid_argument);
    CHECK(house.get(book.list(house.workspace_named("other"), {}, 5, "")).items.empty());

    const auto count = [&](auto change) {
        SpendFilter filter;
        change(filter);
        const auto newest = house.get(book.list(house.workspace, filter, 200, "")).items;
        const auto oldest = house.get(book.read_after(house.workspace, filter, {}, 200));
        CHECK(newest.size() == oldest.size());
        if (!newest.empty()) CHECK(newest.front().id == oldest.back().id);
        std::int64_t calls = 0;
        for (const auto& sum : house.get(book.sums(house.workspace, SpendBy::model, filter))) calls += sum.calls;
        CHECK(calls == static_cast<std::int64_t>(newest.size()));
        return newest.size();
    };
    CHECK(count([](SpendFilter& f) { f.project = "shop"; }) == 6);
    CHECK(count([](SpendFilter& f) { f.model = "big", f.project = "hr"; }) == 3);
    CHECK(count([](SpendFilter& f) { f.provider = "p2"; }) == 6);
    CHECK(count([](SpendFilter& f) { f.flow = "triage"; }) == 1);
    CHECK(count([](SpendFilter& f) { f.api_key = "key_1"; }) == 1);
    CHECK(count([](SpendFilter& f) { f.user = "usr_1"; }) == 1);
    CHECK(count([](SpendFilter& f) { f.agent = "bot"; }) == 1);
    CHECK(count([](SpendFilter& f) { f.run = "run_1"; }) == 1);
    CHECK(count([](SpendFilter& f) { f.status = "failed"; }) == 1);
    CHECK(count([&](SpendFilter& f) { f.from = first + std::chrono::hours(2), f.to = first + std::chrono::hours(5); }) == 3);
    CHECK(count([&](SpendFilter& f) { f.to = first; }) == 0);
    CHECK(count([](SpendFilter& f) { f.to = Time(); }) == 0);
    CHECK(count([](SpendFilter& f) { f.project = "' OR 1=1 --"; }) == 0);

    const auto sums = [&](SpendBy by) {
        std::map<std::string, std::int64_t> out;
        for (const auto& sum : house.get(book.sums(house.workspace, by, {}))) out[sum.key] = sum.cost.value / usd;
        return out;
    };
    using Sums = std::map<std::string, std::int64_t>;
    CHECK(sums(SpendBy::model) == Sums{{"big", 36}, {"small", 42}});
    CHECK(sums(SpendBy::provider) == Sums{{"p1", 36}, {"p2", 42}});
    CHECK(sums(SpendBy::project) == Sums{{"shop", 21}, {"hr", 57}});
    CHECK(sums(SpendBy::flow) == Sums{{"triage", 4}, {"", 74}});
    CHECK(sums(SpendBy::agent) == Sums{{"bot", 7}, {"", 71}});
    CHECK(sums(SpendBy::api_key) == Sums{{"key_1", 5}, {"", 73}});
    CHECK(sums(SpendBy::user) == Sums{{"usr_1", 6}, {"", 72}});
    CHECK(sums(SpendBy::tag) == Sums{{"a", 21}, {"b", 10}});
    CHECK(sums(SpendBy::day) == Sums{{"2026-03-10T00:00:00Z", 78}});
    CHECK(sums(SpendBy::hour).size() == 12);
    CHECK(sums(SpendBy::hour)["2026-03-10T15:00:00Z"] == 4);
    const auto big = house.get(book.sums(house.workspace, SpendBy::model, {}));
    CHECK(big[0].key == "small");  // the dearest first
    CHECK(big[1].failed == 1);
    CHECK(big[0].input_tokens == 90);
    CHECK(big[0].cached_tokens == 30);
    CHECK(big[0].output_tokens == 18);
}

TEST_CASE("old rows and ended periods go, budgets keep their present period", "[budget]") {
    BudgetHouse house;
    const auto budget = house.make(5 * usd, ScopeType::workspace, "", Window::hour);
    for (int i = 0; i < 4; ++i) {
        house.settle(house.admit(usd).hold, usd);
        house.settle_down(std::chrono::hours(1));
    }
    house.settle_down(std::chrono::hours(24));
    CHECK(house.get(house.budgets->remove_before(house.clock.now() - std::chrono::hours(26))) == 2);
    CHECK(house.rows().size() == 2);
    CHECK(house.get(house.budgets->remove_before(house.clock.now())) == 2);
    CHECK(house.rows().empty());
    house.restart();
    CHECK(house.budgets->list(house.workspace, false).size() == 1);
    house.settle(house.admit(5 * usd).hold, 5 * usd);
    CHECK(house.standing(budget).spent.value == 5 * usd);
}

TEST_CASE("what calls cost is told in equal parts of time", "[budget][spend]") {
    BudgetHouse house;
    const Time start = house.clock.now();
    for (int i = 0; i < 6; ++i) {
        auto spend = house.spend(usd);
        spend.input_uncached = 10;
        spend.cache_read = 5;
        spend.output_visible = 3;
        house.settle(Hold(), spend);
        house.clock.advance(std::chrono::minutes(30));
    }
    const auto& book = house.budgets->book();
    const auto hours = house.get(book.series(house.workspace, start, std::chrono::hours(1), 4));
    REQUIRE(hours.parts.size() == 4);
    CHECK(hours.complete);
    for (std::size_t i = 0; i < 3; ++i) {
        CHECK(hours.parts[i].calls == 2);
        CHECK(hours.parts[i].cost.value == 2 * usd);
        CHECK(hours.parts[i].input_tokens == 30);
        CHECK(hours.parts[i].output_tokens == 6);
    }
    CHECK(hours.parts[3].calls == 0);
    CHECK(house.get(book.series(house.workspace, start + std::chrono::hours(2), std::chrono::hours(1), 1)).parts[0].calls == 2);
    CHECK(house.get(book.series(house.workspace_named("other"), start, std::chrono::hours(1), 4)).parts[0].calls == 0);
}
