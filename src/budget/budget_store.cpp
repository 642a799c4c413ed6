#include "budget/budget_store.hpp"

#include "budget/spend_store.hpp"
#include "sluice/base/json.hpp"
#include "sluice/events/events.hpp"
#include "sluice/storage/tx.hpp"

namespace sluice::budget::store {
namespace {

using storage::Query;
using storage::ReadTx;
using storage::Row;
using storage::to_value;
using storage::Tx;
using storage::Value;

// All budgets are in memory: a thousand in each workspace at most.
const Query all_budgets{"budget.load", R"sql(
    SELECT b.workspace_id, b.id, b.scope_type, b.scope_id, b.time_window, b.limit_nano_usd, b.action, b.downgrade_to, b.time_zone,
           b.carry_over, b.alerts, b.raised_nano_usd, b.raised_until_us, b.revision, b.created_by, b.created_at_us, b.updated_at_us,
           p.period_start_us, p.period_end_us, p.spent_nano_usd, p.unknown_nano_usd, p.carried_nano_usd, p.exceeded
    FROM budget b JOIN budget_period p ON p.workspace_id = b.workspace_id AND p.budget_id = b.id
    WHERE p.period_start_us = (SELECT max(n.period_start_us) FROM budget_period n
                               WHERE n.workspace_id = b.workspace_id AND n.budget_id = b.id))sql",
                        Query::Note::instance_scan};
const Query put_budget{"budget.insert", R"sql(
    INSERT INTO budget (workspace_id, id, scope_type, scope_id, time_window, limit_nano_usd, action, downgrade_to, time_zone, carry_over,
                        alerts, raised_nano_usd, raised_until_us, revision, created_by, created_at_us, updated_at_us)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17))sql"};
const Query change_budget{"budget.update", R"sql(
    UPDATE budget SET limit_nano_usd = ?3, action = ?4, downgrade_to = ?5, time_zone = ?6, carry_over = ?7, alerts = ?8,
           raised_nano_usd = ?9, raised_until_us = ?10, revision = ?11, updated_at_us = ?12
    WHERE workspace_id = ?1 AND id = ?2 AND revision = ?13)sql"};
const Query drop_budget{"budget.delete", "DELETE FROM budget WHERE workspace_id = ?1 AND id = ?2"};

const Query make_period{"budget.make_period", R"sql(
    INSERT INTO budget_period (workspace_id, budget_id, period_start_us, period_end_us, spent_nano_usd, unknown_nano_usd, granted_nano_usd,
                               carried_nano_usd, alerted_percent, exceeded)
    SELECT ?1, ?2, ?3, ?4, 0, 0, 0, ?5, 0, 0 FROM budget WHERE workspace_id = ?1 AND id = ?2
    ON CONFLICT DO NOTHING)sql"};
const Query grant_tranche{"budget.grant", R"sql(
    UPDATE budget_period SET granted_nano_usd = granted_nano_usd + ?4
    WHERE workspace_id = ?1 AND budget_id = ?2 AND period_start_us = ?3 AND spent_nano_usd + granted_nano_usd + ?4 <= ?5)sql"};
const Query return_tranche{"budget.give_back", R"sql(
    UPDATE budget_period SET granted_nano_usd = granted_nano_usd - ?4
    WHERE workspace_id = ?1 AND budget_id = ?2 AND period_start_us = ?3 AND granted_nano_usd >= ?4)sql"};
// A sum that does not fit stays at the greatest one: it must not fail, nor turn into a credit.
const Query move_to_spent{"budget.settle", R"sql(
    UPDATE budget_period SET spent_nano_usd = spent_nano_usd + min(?4, 9223372036854775807 - spent_nano_usd),
           granted_nano_usd = max(0, granted_nano_usd - ?5)
    WHERE workspace_id = ?1 AND budget_id = ?2 AND period_start_us = ?3)sql"};
const Query period_alerts{"budget.alerts", R"sql(
    SELECT spent_nano_usd, alerted_percent FROM budget_period WHERE workspace_id = ?1 AND budget_id = ?2 AND period_start_us = ?3)sql"};
const Query set_alerted{"budget.set_alerted", R"sql(
    UPDATE budget_period SET alerted_percent = ?4 WHERE workspace_id = ?1 AND budget_id = ?2 AND period_start_us = ?3)sql"};
const Query set_exceeded{"budget.set_exceeded", R"sql(
    UPDATE budget_period SET exceeded = 1
    WHERE workspace_id = ?1 AND budget_id = ?2 AND period_start_us = ?3 AND exceeded = 0)sql"};
const Query unset_exceeded{"budget.clear_exceeded", R"sql(
    UPDATE budget_period SET exceeded = 0
    WHERE workspace_id = ?1 AND budget_id = ?2 AND period_start_us = ?3 AND exceeded = 1)sql"};
const Query drop_periods{"budget.delete_periods", R"sql(
    DELETE FROM budget_period WHERE (workspace_id, budget_id, period_start_us) IN (
        SELECT p.workspace_id, p.budget_id, p.period_start_us FROM budget_period p
        WHERE p.period_end_us IS NOT NULL AND p.period_end_us < ?1 AND p.granted_nano_usd = 0
          AND p.period_start_us < (SELECT max(n.period_start_us) FROM budget_period n
                                   WHERE n.workspace_id = p.workspace_id AND n.budget_id = p.budget_id)
        LIMIT ?2))sql",
                         Query::Note::instance_scan};  // once an hour; a few rows for each budget and year, hours aside

// What other processes of this directory granted: there is one at a time, and it has ended.
const Query granted_periods{"budget.granted", R"sql(
    SELECT workspace_id, budget_id, period_start_us, granted_nano_usd FROM budget_period WHERE granted_nano_usd > 0)sql",
                            Query::Note::instance_wide};
const Query put_unknown{"budget.insert_unknown", R"sql(
    INSERT INTO budget_unknown (workspace_id, id, budget_id, period_start_us, at_us, amount_nano_usd, resolved_by, reason)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, '', ''))sql"};
const Query granted_to_unknown{"budget.granted_to_unknown", R"sql(
    UPDATE budget_period SET spent_nano_usd = spent_nano_usd + min(granted_nano_usd, 9223372036854775807 - spent_nano_usd),
           unknown_nano_usd = unknown_nano_usd + min(granted_nano_usd, 9223372036854775807 - unknown_nano_usd), granted_nano_usd = 0
    WHERE workspace_id = ?1 AND budget_id = ?2 AND period_start_us = ?3)sql"};
#define UNKNOWN_COLUMNS "id, budget_id, period_start_us, at_us, amount_nano_usd, resolved_nano_usd, resolved_by, reason"
const Query unknown_of_budget{"budget.unknown", "SELECT " UNKNOWN_COLUMNS
                                                " FROM budget_unknown WHERE workspace_id = ?1 AND budget_id = ?2 ORDER BY id DESC LIMIT 1000"};
const Query one_unknown{"budget.find_unknown", "SELECT " UNKNOWN_COLUMNS " FROM budget_unknown WHERE workspace_id = ?1 AND id = ?2"};
const Query set_resolved{"budget.resolve", R"sql(
    UPDATE budget_unknown SET resolved_nano_usd = ?3, resolved_by = ?4, reason = ?5, resolved_at_us = ?6
    WHERE workspace_id = ?1 AND id = ?2 AND resolved_nano_usd IS NULL)sql"};
const Query free_unknown{"budget.free_unknown", R"sql(
    UPDATE budget_period SET spent_nano_usd = max(0, spent_nano_usd - ?4), unknown_nano_usd = max(0, unknown_nano_usd - ?5)
    WHERE workspace_id = ?1 AND budget_id = ?2 AND period_start_us = ?3)sql"};

std::string alerts_text(const std::vector<int>& alerts) { return base::dump_json(Json(alerts)); }

StoredBudget read_budget(const Row& row) {
    StoredBudget out;
    Budget& b = out.budget;
    b.workspace = row.id<WorkspaceId>(0);
    b.id = row.id<BudgetId>(1);
    b.scope = scope_type_from(row.text(2)).value_or(ScopeType::workspace);
    b.scope_id = row.str(3);
    b.window = window_from(row.text(4)).value_or(Window::month);
    b.limit = {row.integer(5)};
    b.action = action_from(row.text(6)).value_or(Action::block);
    b.downgrade_to = row.str(7);
    b.time_zone = row.str(8);
    b.carry_over = row.flag(9);
    b.alerts.clear();
    for (const auto& each : Json::parse(row.text(10), nullptr, false))
        if (each.is_number_integer()) b.alerts.push_back(each.get<int>());
    b.raised_by = {row.integer(11)};
    b.raised_until = row.time(12);
    b.revision = row.integer(13);
    b.created_by = row.str(14);
    b.created_at = row.time(15);
    b.updated_at = row.time(16);
    out.period = {{row.time(17), row.optional_time(18)}, row.integer(19), row.integer(20), row.integer(21), row.flag(22)};
    return out;
}

UnknownEntry read_unknown(const Row& row) {
    UnknownEntry out{row.id<UnknownSpendId>(0), row.id<BudgetId>(1), row.time(2), row.time(3), {row.integer(4)}, {}, row.str(6), row.str(7)};
    if (!row.is_null(5)) out.resolved_to = NanoUsd{row.integer(5)};
    return out;
}

/// An event within a function over the transaction.
Result<void> tell(Tx& tx, WorkspaceId workspace, events::NewEvent event) {
    storage::WriteUnit unit;
    events::append(unit, workspace, event);
    for (const auto& op : unit.ops())
        if (auto done = tx.run(*op.query, op.parameters); !done) return fail(std::move(done.error()));
    return {};
}

events::NewEvent event_of(std::string type, const Budget& budget, const Bounds& bounds, std::int64_t limit, Time now) {
    base::SystemRandom random;  // the writer's own
    return {events::EventId::make(now, random),
            std::move(type),
            budget.id.str(),
            now,
            {{"scope", {{"type", to_string(budget.scope)}, {"id", budget.scope_id}}},
             {"window", to_string(budget.window)},
             {"action", to_string(budget.action)},
             {"limit_usd", base::format_usd({limit})},
             {"period_start", base::format_time(bounds.start)},
             {"resets_at", bounds.end ? Json(base::format_time(*bounds.end)) : Json()}}};
}

std::vector<Value> key_of(const PeriodKey& period) {
    return {to_value(period.workspace), to_value(period.budget), to_value(period.bounds.start)};
}

std::vector<Value> row_of(const PeriodKey& period) {
    auto out = key_of(period);
    out.push_back(to_value(period.bounds.end));
    out.push_back(to_value(period.carried));
    return out;
}

/// Runs a statement on a period's row, which is made where it is not there; the number of rows (0: the budget is gone, or
/// the statement's condition is not met).
Result<std::int64_t> run_on(Tx& tx, const Query& query, const PeriodKey& period, std::initializer_list<std::int64_t> more) {
    auto parameters = key_of(period);
    for (const auto value : more) parameters.push_back(to_value(value));
    auto changed = tx.run(query, parameters);
    if (!changed || *changed != 0) return changed;
    auto made = tx.run(make_period, row_of(period));
    if (!made || *made == 0) return made;
    return tx.run(query, parameters);
}

Result<void> write_alerts(Tx& tx, const Move& move, Booked& outcome, Time now) {
    if (move.budget->alerts.empty()) return {};
    struct Standing {
        std::int64_t spent = 0, alerted = 0;
    };
    auto found = tx.find<Standing>(period_alerts, key_of(move.period), [](const Row& row) { return Standing{row.integer(0), row.integer(1)}; });
    if (!found) return fail(std::move(found.error()));
    if (!*found || (*found)->spent == 0) return {};
    auto highest = (*found)->alerted;
    for (const int percent : move.budget->alerts) {
        if (percent <= highest || static_cast<__int128>((*found)->spent) * 100 < static_cast<__int128>(move.limit) * percent) continue;
        auto event = event_of("budget.threshold", *move.budget, move.period.bounds, move.limit, now);
        event.data["percent"] = percent;
        event.data["spent_usd"] = base::format_usd({(*found)->spent});
        if (auto told = tell(tx, move.period.workspace, std::move(event)); !told) return told;
        highest = percent;
    }
    if (highest == (*found)->alerted) return {};
    outcome.told.push_back(move.period.workspace);
    auto key = key_of(move.period);
    key.push_back(to_value(highest));
    if (auto done = tx.run(set_alerted, key); !done) return fail(std::move(done.error()));
    return {};
}

Result<void> book_in(Tx& tx, LedgerEntry& entry) {
    entry.outcome = {};
    auto inserted = insert_spend(tx, entry.spend);
    if (!inserted) return fail(std::move(inserted.error()));
    Booked outcome{*inserted ? Booked::What::inserted : Booked::What::duplicate, {}};
    if (*inserted)
        for (const auto& move : entry.moves) {
            auto moved = run_on(tx, move_to_spent, move.period, {entry.spend.cost.value, move.drawn});
            if (!moved) return fail(std::move(moved.error()));
            if (auto done = write_alerts(tx, move, outcome, entry.spend.at); !done) return done;
        }
    entry.outcome = std::move(outcome);
    return {};
}

}  // namespace

Awaitable<Result<Found>> start(storage::Storage& storage, Time now) {
    auto job = [now](Tx& tx) -> Result<Found> {
        Found out;
        base::SystemRandom random;
        struct Granted {
            PeriodKey period;
            std::int64_t amount = 0;
        };
        auto granted = tx.list<Granted>(granted_periods, {}, [](const Row& row) {
            return Granted{{row.id<WorkspaceId>(0), row.id<BudgetId>(1), {row.time(2), {}}, 0}, row.integer(3)};
        });
        if (!granted) return fail(std::move(granted.error()));
        for (const auto& [period, amount] : *granted) {
            UnknownEntry entry{UnknownSpendId::make(now, random), period.budget, period.bounds.start, now, {amount}, {}, {}, {}};
            auto put = tx.run(put_unknown, {to_value(period.workspace), to_value(entry.id), to_value(entry.budget),
                                            to_value(entry.period_start), to_value(now), to_value(amount)});
            if (!put) return fail(std::move(put.error()));
            auto moved = tx.run(granted_to_unknown, key_of(period));
            if (!moved) return fail(std::move(moved.error()));
            events::NewEvent event{events::EventId::make(now, random), "budget.unknown", period.budget.str(), now,
                                   {{"unknown", entry.id.str()}, {"amount_usd", base::format_usd({amount})}}};
            if (auto told = tell(tx, period.workspace, std::move(event)); !told) return fail(std::move(told.error()));
            out.unknown.push_back(std::move(entry));
        }
        auto budgets = tx.list<StoredBudget>(all_budgets, {}, read_budget);
        if (!budgets) return fail(std::move(budgets.error()));
        out.budgets = std::move(*budgets);
        return out;
    };
    co_return co_await storage.write(std::move(job));
}

void insert(storage::WriteUnit& unit, const Budget& b) {
    unit.add_expecting(ErrorCode::conflict, "there is a budget of this scope and window already; change that one", put_budget, b.workspace,
                       b.id, to_string(b.scope), b.scope_id, to_string(b.window), b.limit, to_string(b.action), b.downgrade_to, b.time_zone,
                       b.carry_over, alerts_text(b.alerts), b.raised_by, b.raised_until, b.revision, b.created_by, b.created_at,
                       b.updated_at);
}

void update(storage::WriteUnit& unit, const Budget& b, std::int64_t before) {
    unit.add_expecting(ErrorCode::precondition_failed, "the budget was changed meanwhile; read it again and repeat the change",
                       change_budget, b.workspace, b.id, b.limit, to_string(b.action), b.downgrade_to, b.time_zone, b.carry_over,
                       alerts_text(b.alerts), b.raised_by, b.raised_until, b.revision, b.updated_at, before);
}

void remove(storage::WriteUnit& unit, WorkspaceId workspace, BudgetId id) {
    unit.add_expecting(ErrorCode::not_found, "the budget is not there any more", drop_budget, workspace, id);
}

void insert_period(storage::WriteUnit& unit, const PeriodKey& period) {
    unit.add(make_period, period.workspace, period.budget, period.bounds.start, period.bounds.end, period.carried);
}

void grant(storage::WriteUnit& unit, PeriodKey period, std::int64_t wanted, std::int64_t least, std::int64_t limit,
           std::shared_ptr<std::int64_t> granted) {
    std::function<Result<void>(Tx&)> op = [period = std::move(period), wanted, least, limit, granted](Tx& tx) -> Result<void> {
        *granted = 0;
        for (const auto amount : {wanted, least}) {
            auto changed = run_on(tx, grant_tranche, period, {amount, limit});
            if (!changed) return fail(std::move(changed.error()));
            if (*changed == 0) continue;
            *granted = amount;
            break;
        }
        return {};
    };
    unit.add(std::move(op));
}

void give_back(storage::WriteUnit& unit, const PeriodKey& period, std::int64_t amount) {
    unit.add(return_tranche, period.workspace, period.budget, period.bounds.start, amount);
}

void clear_exceeded(storage::WriteUnit& unit, const PeriodKey& period) {
    unit.add(unset_exceeded, period.workspace, period.budget, period.bounds.start);
}

void note_exceeded(storage::WriteUnit& unit, PeriodKey period, std::shared_ptr<const Budget> budget, std::int64_t limit, std::int64_t left,
                   std::int64_t needed, Time now) {
    std::function<Result<void>(Tx&)> op = [=](Tx& tx) -> Result<void> {
        auto changed = run_on(tx, set_exceeded, period, {});
        if (!changed) return fail(std::move(changed.error()));
        if (*changed == 0) return {};
        auto event = event_of("budget.exceeded", *budget, period.bounds, limit, now);
        event.data["left_usd"] = base::format_usd({left});
        event.data["needed_usd"] = base::format_usd({needed});
        event.data["needs_approval"] = budget->action == Action::require_approval;
        return tell(tx, period.workspace, std::move(event));
    };
    unit.add(std::move(op));
}

void book(storage::WriteUnit& unit, std::shared_ptr<LedgerEntry> entry, std::shared_ptr<void> done) {
    std::function<Result<void>(Tx&)> op = [entry = std::move(entry), done = std::move(done)](Tx& tx) { return book_in(tx, *entry); };
    unit.add(std::move(op));
}

Awaitable<Result<std::vector<UnknownEntry>>> unknown(storage::Storage& storage, WorkspaceId workspace, BudgetId budget) {
    auto job = [=](ReadTx& tx) {
        return tx.list<UnknownEntry>(unknown_of_budget, {to_value(workspace), to_value(budget)}, read_unknown);
    };
    co_return co_await storage.read(std::move(job));
}

Awaitable<Result<std::optional<UnknownEntry>>> find_unknown(storage::Storage& storage, WorkspaceId workspace, UnknownSpendId id) {
    auto job = [=](ReadTx& tx) { return tx.find<UnknownEntry>(one_unknown, {to_value(workspace), to_value(id)}, read_unknown); };
    co_return co_await storage.read(std::move(job));
}

void resolve(storage::WriteUnit& unit, WorkspaceId workspace, const UnknownEntry& entry, Time now) {
    unit.add_expecting(ErrorCode::conflict, "this entry is resolved already", set_resolved, workspace, entry.id, entry.resolved_to,
                       entry.resolved_by, entry.reason, now);
    unit.add(free_unknown, workspace, entry.budget, entry.period_start, entry.amount - entry.resolved_to.value_or(entry.amount),
             entry.amount);
}

Awaitable<Result<std::int64_t>> remove_periods(storage::Storage& storage, Time before, int batch) {
    auto job = [=](Tx& tx) { return tx.run(drop_periods, {to_value(before), to_value(batch)}); };
    co_return co_await storage.write(std::move(job));
}

}  // namespace sluice::budget::store
