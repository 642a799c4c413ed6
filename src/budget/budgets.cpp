// Budgets as people see them: what there is, how it stands, changes.

#include "sluice/budget/budget.hpp"

#include <algorithm>

#include "budget/budget_state.hpp"
#include "budget/spend_store.hpp"
#include "sluice/base/log.hpp"
#include "sluice/net/http.hpp"

namespace sluice::budget {
namespace {

constexpr std::size_t longest_scope_id = 200, longest_model = 200, most_alerts = 20;
constexpr int most_alert_percent = 1000;

tl::unexpected<Error> mistake(std::string pointer, std::string message) {
    std::string whole = fmt::format("{} {}", pointer, message);
    return fail(Error{ErrorCode::invalid_argument, std::move(whole), {{std::move(pointer), std::move(message)}}, false});
}

tl::unexpected<Error> no_budget(BudgetId id) {
    return fail(ErrorCode::not_found, "there is no budget {}; `sluice budgets list` shows those that there are", id.str());
}

Result<void> check_scope(const NewBudget& b) {
    if (b.scope == ScopeType::instance || b.scope == ScopeType::workspace) {
        if (!b.scope_id.empty()) return mistake("/scope/id", "is empty for a budget of the whole workspace or server");
        return {};
    }
    if (b.scope_id.empty() || b.scope_id.size() > longest_scope_id) return mistake("/scope/id", "is missing or longer than 200 bytes");
    if (has_controls(b.scope_id)) return mistake("/scope/id", "has line ends or other control characters, which no name or id has");
    const bool is_id = b.scope == ScopeType::api_key ? ApiKeyId::parse(b.scope_id).has_value()
                       : b.scope == ScopeType::user  ? UserId::parse(b.scope_id).has_value()
                       : b.scope == ScopeType::run   ? RunId::parse(b.scope_id).has_value()
                                                     : true;
    if (!is_id) return mistake("/scope/id", fmt::format("is no id of that kind; a budget of type {} names its object by id", to_string(b.scope)));
    return {};
}

Result<void> check_match(const Budget& budget, const std::optional<std::string>& if_match) {
    if (!if_match || net::etag_matches(*if_match, etag_of(budget))) return {};
    return fail(ErrorCode::precondition_failed, "budget {} has changed since you read it (its ETag is now {}); read it again and repeat "
                "your change", budget.id.str(), etag_of(budget));
}

/// So that the answer to a creation, which commits with it, can tell how the budget stands.
class Making {
  public:
    Making(Budgets::State& state, Entry& entry) : state_(state) { state_.making = &entry; }
    ~Making() { state_.making = nullptr; }
    Making(const Making&) = delete;
    Making& operator=(const Making&) = delete;

  private:
    Budgets::State& state_;
};

void set_terms(Budget& budget, NewBudget&& terms) {
    budget.limit = terms.limit;
    budget.action = terms.action;
    budget.downgrade_to = std::move(terms.downgrade_to);
    budget.time_zone = std::move(terms.time_zone);
    budget.carry_over = terms.carry_over;
    budget.alerts = std::move(terms.alerts);
}

}  // namespace

tl::unexpected<Error> too_many() {
    return fail(ErrorCode::conflict, "a workspace has at most {} budgets; delete one that is not needed", most_budgets);
}

/// What may be changed of a budget.
Result<void> check_terms(const NewBudget& b) {
    if (b.limit.value < 0) return mistake("/limit_usd", "is below 0; a limit of 0 admits nothing that costs");
    if ((b.action == Action::downgrade) != !b.downgrade_to.empty())
        return mistake("/downgrade_to", "names the model of the action downgrade, and is empty with any other");
    if (has_controls(b.downgrade_to)) return mistake("/downgrade_to", "has line ends or other control characters, which no model's name has");
    if (b.downgrade_to.size() > longest_model) return mistake("/downgrade_to", "is longer than 200 bytes");
    if (b.alerts.size() > most_alerts) return mistake("/alerts", "has more than 20 entries");
    for (std::size_t i = 0; i < b.alerts.size(); ++i)
        if (b.alerts[i] < 1 || b.alerts[i] > most_alert_percent || (i > 0 && b.alerts[i] <= b.alerts[i - 1]))
            return mistake(fmt::format("/alerts/{}", i), "is no percent from 1 to 1000, greater than the one before");
    if (b.carry_over && b.window == Window::total) return mistake("/carry_over", "needs a window that ends");
    return {};
}

Awaitable<Result<const date::time_zone*>> Budgets::State::zone(std::string name) {
    auto job = [name = std::move(name)] { return find_zone(name); };
    if (blocking == nullptr) co_return job();
    co_return co_await blocking->run(std::move(job));
}

Entry* Budgets::State::find(WorkspaceId workspace, BudgetId id, bool with_instance) const {
    const auto found = entries.find(id);
    if (found == entries.end()) return nullptr;
    const Budget& budget = *found->second->budget;
    const bool visible = budget.scope == ScopeType::instance ? with_instance : budget.workspace == workspace;
    return visible ? found->second.get() : nullptr;
}

Entry* Budgets::State::add(std::shared_ptr<Entry> entry) {
    Entry* raw = entry.get();
    const Budget& budget = *raw->budget;
    if (budget.scope == ScopeType::instance) instance.push_back(raw);
    Covering& own = workspaces[budget.workspace];
    own.by_scope[static_cast<std::size_t>(budget.scope)][budget.scope_id].push_back(raw);
    ++own.count;
    entries[budget.id] = std::move(entry);
    return raw;
}

void Budgets::State::forget(Entry& entry) {
    const auto kept = entries.at(entry.budget->id);
    entry.removed = true;
    if (entry.idle_timer) loop.cancel_timer(*entry.idle_timer);
    entry.idle_timer.reset();
    std::erase(instance, &entry);
    Covering& own = workspaces[entry.budget->workspace];
    auto& of_type = own.by_scope[static_cast<std::size_t>(entry.budget->scope)];
    if (const auto named = of_type.find(entry.budget->scope_id); named != of_type.end()) {
        std::erase(named->second, &entry);
        if (named->second.empty()) of_type.erase(named);
    }
    --own.count;
    entries.erase(entry.budget->id);
}

void Budgets::State::turn(Entry& entry, Time now) {
    const auto old = entry.present;
    if (!old->bounds.end || now < *old->bounds.end) return;
    const Budget& budget = *entry.budget;
    auto next = std::make_shared<Period>();
    next->bounds = bounds_of(budget.window, entry.zone, now);
    next->bounds.start = std::max(next->bounds.start, *old->bounds.end);  // after a change of the zone the two need not meet
    if (budget.carry_over) {
        // A period in between that nobody used left its whole limit; more than one limit is never carried.
        const Wide left = next->bounds.start > *old->bounds.end ? Wide(budget.limit.value)
                                                                : Wide(budget.limit.value) + old->carried - old->spent - old->held;
        next->carried = std::min(clamp_amount(left), budget.limit.value);
    }
    entry.present = std::move(next);
    give_back(entry, old);
}

std::shared_ptr<Entry> Budgets::State::make(WorkspaceId workspace, NewBudget wanted, std::string by, const date::time_zone* zone) {
    const Time now = clock.now();
    auto entry = std::make_shared<Entry>();
    auto budget = std::make_shared<Budget>();
    budget->id = BudgetId::make(now, random);
    budget->workspace = workspace;
    budget->scope = wanted.scope;
    budget->scope_id = wanted.scope_id;
    budget->window = wanted.window;
    budget->created_by = std::move(by);
    budget->created_at = budget->updated_at = now;
    set_terms(*budget, std::move(wanted));
    entry->zone = zone;
    entry->present = std::make_shared<Period>();
    entry->present->bounds = bounds_of(budget->window, zone, now);
    entry->present->stored = true;
    entry->budget = std::move(budget);
    return entry;
}

Awaitable<Result<void>> Budgets::State::store_change(Entry& entry, std::shared_ptr<Budget> budget, AlsoCommit also) {
    ++budget->revision;
    budget->updated_at = clock.now();
    storage::WriteUnit unit;
    if (also) also(unit, *budget);
    store::update(unit, *budget, entry.budget->revision);
    const auto looked_at = entry.present;
    store::clear_exceeded(unit, {budget->workspace, budget->id, looked_at->bounds, looked_at->carried});
    auto done = co_await storage.submit(std::move(unit));
    if (!done) co_return fail(std::move(done.error()));
    looked_at->exceeded = false;
    entry.budget = std::move(budget);
    co_return Result<void>();
}

Standing Budgets::State::standing(Entry& entry, const Budget& terms) {
    const Time now = clock.now();
    turn(entry, now);
    const Period& p = *entry.present;
    // In the answer to a change, which commits with it, somebody has looked already.
    const bool exceeded = p.exceeded && terms.revision == entry.budget->revision;
    return {p.bounds.start, p.bounds.end, {limit_of(terms, p.carried, now)}, {p.spent}, {p.held}, {p.unknown}, exceeded};
}

Budgets::Budgets(runtime::Loop& loop, storage::Storage& storage, events::Bus& bus, base::Clock& clock, base::Random& random)
    : state_(std::make_shared<State>(loop, storage, bus, clock, random)) {}

Budgets::~Budgets() {
    // Timers would find a state that somebody else still holds.
    State& s = *state_;
    s.stopping = true;
    if (s.repeat_timer) s.loop.cancel_timer(*s.repeat_timer);
    for (auto& [id, entry] : s.entries)
        if (entry->idle_timer) s.loop.cancel_timer(*entry->idle_timer);
}

void Budgets::set_blocking(runtime::Pool& pool) { state_->blocking = &pool; }
void Budgets::set_cursor_key(std::string key) {
    state_->cursor_key = key;
    state_->book.set_cursor_key(std::move(key));
}
Time Budgets::now() const { return state_->clock.now(); }
SpendBook& Budgets::book() const { return state_->book; }

Awaitable<Result<void>> Budgets::start() {
    State& s = *state_;
    auto found = co_await store::start(s.storage, s.clock.now());
    if (!found) co_return fail(std::move(found.error()));
    for (auto& [budget, row] : found->budgets) {
        auto zone = co_await s.zone(budget.time_zone);
        if (!zone)  // a machine without time zones must not keep the server from starting: the limit holds all the same
            log::error("the time zone of a budget is not on this machine; its next periods go by UTC. Install tzdata and start again",
                       {{"budget", budget.id.str()}, {"time_zone", budget.time_zone}});
        auto entry = std::make_shared<Entry>();
        entry->zone = zone ? *zone : nullptr;
        entry->present = std::make_shared<Period>();
        *entry->present = {row.bounds, row.spent, row.unknown, row.carried, 0, 0, 0, true, row.exceeded};
        entry->budget = std::make_shared<const Budget>(std::move(budget));
        s.add(std::move(entry));
    }
    for (const auto& each : found->unknown)
        log::warn("money was held when the server ended without a word; it counts as spent until somebody says what it was: "
                  "`sluice budgets unknown`, then `sluice budgets resolve`",
                  {{"budget", each.budget.str()}, {"amount_usd", base::format_usd(each.amount)}});
    co_return Result<void>();
}

std::vector<Budget> Budgets::list(WorkspaceId workspace, bool with_instance) const {
    std::vector<Budget> out;
    for (const auto& [id, entry] : state_->entries)
        if (state_->find(workspace, id, with_instance) != nullptr) out.push_back(*entry->budget);
    std::sort(out.begin(), out.end(), [](const Budget& a, const Budget& b) { return a.id > b.id; });
    return out;
}

std::optional<Budget> Budgets::find(WorkspaceId workspace, BudgetId id, bool with_instance) const {
    const auto* entry = state_->find(workspace, id, with_instance);
    return entry == nullptr ? std::nullopt : std::optional<Budget>(*entry->budget);
}

Result<Budgets::Page> Budgets::page(WorkspaceId workspace, bool with_instance, std::optional<ScopeType> scope_type,
                                    std::string_view scope_id, int limit, std::string_view cursor) const {
    const events::Cursors cursors(state_->cursor_key);
    const auto filter = fmt::format("budgets\n{}\n{}\n{}", with_instance, scope_type ? to_string(*scope_type) : "", scope_id);
    auto position = cursors.read(workspace, filter, cursor);
    if (!position) return fail(std::move(position.error()));
    const auto below = position->empty() ? BudgetId::last() : BudgetId::from_raw(*position);
    Page out;
    for (auto& budget : list(workspace, with_instance)) {
        if (budget.id >= below || (scope_type && budget.scope != *scope_type) || (!scope_id.empty() && budget.scope_id != scope_id)) continue;
        if (out.items.size() == static_cast<std::size_t>(limit)) {
            out.next_cursor = cursors.make(workspace, filter, out.items.back().id.raw());
            break;
        }
        out.items.push_back(std::move(budget));
    }
    return out;
}

Standing Budgets::standing(const Budget& budget) const {
    State& s = *state_;
    if (s.making != nullptr && s.making->budget->id == budget.id) return s.standing(*s.making, budget);
    const auto found = s.entries.find(budget.id);
    if (found == s.entries.end()) return {};
    // In the answer to a change, which commits with it, the change counts already.
    const bool newer = budget.revision > found->second->budget->revision;
    return s.standing(*found->second, newer ? budget : *found->second->budget);
}

Awaitable<Result<Budget>> Budgets::create(WorkspaceId workspace, NewBudget wanted, std::string by, AlsoCommit also) {
    State& s = *state_;
    if (auto good = check_scope(wanted); !good) co_return fail(std::move(good.error()));
    if (auto good = check_terms(wanted); !good) co_return fail(std::move(good.error()));
    auto zone = co_await s.zone(wanted.time_zone);
    if (!zone) co_return fail(std::move(zone.error()));
    const auto held = co_await s.turns.take();
    if (s.workspaces[workspace].count >= most_budgets) co_return too_many();
    auto entry = s.make(workspace, std::move(wanted), std::move(by), *zone);
    const auto budget = entry->budget;
    storage::WriteUnit unit;
    {
        const Making making(s, *entry);
        if (also) also(unit, *budget);
    }
    store::insert(unit, *budget);
    store::insert_period(unit, {workspace, budget->id, entry->present->bounds, 0});
    auto done = co_await s.storage.submit(std::move(unit));
    if (!done) co_return fail(std::move(done.error()));
    s.add(std::move(entry));
    co_return *budget;
}

Awaitable<Result<Budget>> Budgets::edit(WorkspaceId workspace, BudgetId id, NewBudget change, std::optional<std::string> if_match,
                                        AlsoCommit also) {
    State& s = *state_;
    auto zone = co_await s.zone(change.time_zone);
    if (!zone) co_return fail(std::move(zone.error()));
    const auto held = co_await s.turns.take();
    Entry* entry = s.find(workspace, id, true);
    if (entry == nullptr || entry->budget->workspace != workspace) co_return no_budget(id);
    change.window = entry->budget->window;
    if (auto good = check_terms(change); !good) co_return fail(std::move(good.error()));
    if (auto good = check_match(*entry->budget, if_match); !good) co_return fail(std::move(good.error()));
    auto budget = std::make_shared<Budget>(*entry->budget);
    set_terms(*budget, std::move(change));
    auto done = co_await s.store_change(*entry, budget, std::move(also));
    if (!done) co_return fail(std::move(done.error()));
    entry->zone = *zone;
    const auto& present = entry->present;
    const bool over = Wide(present->spent) + present->granted > entry->limit(s.clock.now());
    if (over || !entry->is_hard()) s.give_back(*entry, present);
    co_return *budget;
}

Awaitable<Result<Budget>> Budgets::raise(WorkspaceId workspace, BudgetId id, NanoUsd by_amount, Time until, AlsoCommit also) {
    State& s = *state_;
    if (by_amount.value <= 0) co_return mistake("/amount_usd", "is not above 0");
    if (until <= s.clock.now()) co_return mistake("/until", "is in the past");
    const auto held = co_await s.turns.take();
    Entry* entry = s.find(workspace, id, true);
    if (entry == nullptr || entry->budget->workspace != workspace) co_return no_budget(id);
    auto budget = std::make_shared<Budget>(*entry->budget);
    if (Wide(budget->limit.value) + by_amount.value > most_nano_usd) co_return mistake("/amount_usd", "is too large for this limit");
    budget->raised_by = by_amount;
    budget->raised_until = until;
    auto done = co_await s.store_change(*entry, budget, std::move(also));
    if (!done) co_return fail(std::move(done.error()));
    co_return *budget;
}

Awaitable<Result<void>> Budgets::remove(WorkspaceId workspace, BudgetId id, std::optional<std::string> if_match, AlsoCommit also) {
    State& s = *state_;
    const auto held = co_await s.turns.take();
    Entry* entry = s.find(workspace, id, true);
    if (entry == nullptr || entry->budget->workspace != workspace) co_return no_budget(id);
    if (auto good = check_match(*entry->budget, if_match); !good) co_return good;
    storage::WriteUnit unit;
    if (also) also(unit, *entry->budget);
    store::remove(unit, workspace, id);
    auto done = co_await s.storage.submit(std::move(unit));
    if (!done) co_return done;
    s.forget(*entry);
    co_return Result<void>();
}

Awaitable<Result<std::vector<UnknownEntry>>> Budgets::unknown(WorkspaceId workspace, BudgetId id) const {
    const auto state = state_;
    const Entry* entry = state->find(workspace, id, true);
    if (entry == nullptr) co_return no_budget(id);
    co_return co_await store::unknown(state->storage, entry->budget->workspace, id);
}

Awaitable<Result<UnknownEntry>> Budgets::resolve(WorkspaceId workspace, bool with_instance, UnknownSpendId id, NanoUsd was, std::string by,
                                                 std::string reason,
                                                 std::function<void(storage::WriteUnit&, const UnknownEntry&)> also) {
    State& s = *state_;
    const auto held = co_await s.turns.take();
    std::vector<WorkspaceId> places{workspace};
    if (with_instance)
        for (const Entry* each : s.instance) places.push_back(each->budget->workspace);
    std::optional<UnknownEntry> stored;
    WorkspaceId owner;
    for (auto place = places.begin(); place != places.end() && !stored; ++place) {
        owner = *place;
        auto found = co_await store::find_unknown(s.storage, owner, id);
        if (!found) co_return fail(std::move(found.error()));
        stored = std::move(*found);
    }
    if (!stored || s.find(workspace, stored->budget, with_instance) == nullptr)
        co_return fail(ErrorCode::not_found, "there is no unknown entry {}; `sluice budgets unknown` lists those of a budget", id.str());
    UnknownEntry entry = std::move(*stored);
    if (entry.resolved_to)
        co_return fail(ErrorCode::conflict, "entry {} is resolved already, to {} USD", id.str(), base::format_usd(*entry.resolved_to));
    if (was.value < 0 || was > entry.amount)
        co_return mistake("/cost_usd", fmt::format("is not between 0 and the {} USD that were granted", base::format_usd(entry.amount)));
    if (reason.empty() || reason.size() > 1000) co_return mistake("/reason", "is missing or longer than 1000 bytes");
    entry.resolved_to = was;
    entry.resolved_by = std::move(by);
    entry.reason = std::move(reason);
    storage::WriteUnit unit;
    if (also) also(unit, entry);
    store::resolve(unit, owner, entry, s.clock.now());
    auto done = co_await s.storage.submit(std::move(unit));
    if (!done) co_return fail(std::move(done.error()));
    if (const auto known = s.entries.find(entry.budget); known != s.entries.end()) {
        Period& present = *known->second->present;
        if (present.bounds.start == entry.period_start) {
            present.spent = clamp_amount(Wide(present.spent) - (entry.amount - was).value);
            present.unknown = clamp_amount(Wide(present.unknown) - entry.amount.value);
        }
    }
    co_return entry;
}

Awaitable<Result<std::int64_t>> Budgets::remove_before(Time before) {
    constexpr int batch = 500;
    const auto state = state_;
    std::int64_t total = 0;
    WorkspaceId workspace;
    for (;;) {
        auto next = co_await store::next_workspace(state->storage, workspace);
        if (!next) co_return fail(std::move(next.error()));
        if (!*next) break;
        workspace = **next;
        for (bool more = true; more;) {
            auto done = co_await store::remove_spend(state->storage, workspace, before, batch);
            if (!done) co_return fail(std::move(done.error()));
            total += *done;
            more = *done == batch;
        }
    }
    for (bool more = true; more;) {
        auto done = co_await store::remove_periods(state->storage, before, batch);
        if (!done) co_return fail(std::move(done.error()));
        more = *done == batch;
    }
    co_return total;
}

}  // namespace sluice::budget
