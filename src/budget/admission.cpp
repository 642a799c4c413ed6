// What every call of a model passes: may it cost that much? No allocation but for the hold, no scan, and no wait but for a tranche.

#include <algorithm>

#include "budget/budget_state.hpp"
#include "sluice/base/log.hpp"

namespace sluice::budget {
namespace {

constexpr std::int64_t tranche_part = 16;    ///< of what is left
constexpr std::int64_t tranche_calls = 64;   ///< of the size of the one that needs it: what a crash leaves open stays small

/// Of several refusals the one that is told: what nothing but a person can lift comes first.
int strictness(Action action) {
    switch (action) {
        case Action::block: return 3;
        case Action::require_approval: return 2;
        case Action::downgrade: return 1;
        case Action::warn: return 0;
    }
    return 0;
}

std::string name_of(const Budget& budget) {
    constexpr std::string_view windows[] = {"hourly", "daily", "weekly", "monthly", "total"};
    const auto window = windows[static_cast<std::size_t>(budget.window)];
    if (budget.scope == ScopeType::instance) return fmt::format("{} budget of this server", window);
    if (budget.scope == ScopeType::workspace) return fmt::format("{} budget of the workspace", window);
    auto type = std::string(to_string(budget.scope));
    std::replace(type.begin(), type.end(), '_', ' ');
    return fmt::format("{} budget of {} {}", window, type, budget.scope_id);
}

/// A raise above the limit as it was set with which a call that may cost `most` would fit.
NanoUsd needed_raise(const Entry& entry, NanoUsd most, Time now) {
    const Budget& budget = *entry.budget;
    const auto raised = now < budget.raised_until ? budget.raised_by.value : 0;
    return {clamp_amount(Wide(entry.present->spent) + entry.present->held + most.value - entry.limit(now) + raised)};
}

/// The money that a waiting call needs, as long as it waits.
class Waiting {
  public:
    Waiting(std::shared_ptr<Entry> entry, std::int64_t needed) : entry_(std::move(entry)), before_(entry_->waiting) {
        entry_->waiting = clamp_amount(Wide(before_) + needed);
        added_ = entry_->waiting - before_;
    }
    ~Waiting() { entry_->waiting -= added_; }
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;

  private:
    std::shared_ptr<Entry> entry_;
    std::int64_t before_ = 0, added_ = 0;
};

}  // namespace

void Budgets::State::cover(const CallScope& scope, Time now) {
    found.assign(instance.begin(), instance.end());
    if (const auto own = workspaces.find(scope.workspace); own != workspaces.end() && own->second.count != 0) {
        const auto look = [&](ScopeType type, std::string_view id) {
            const auto& of_type = own->second.by_scope[static_cast<std::size_t>(type)];
            if (of_type.empty()) return;
            if (const auto named = of_type.find(id); named != of_type.end())
                found.insert(found.end(), named->second.begin(), named->second.end());
        };
        look(ScopeType::workspace, {});
        for (const auto& [type, id] : {std::pair<ScopeType, const std::string&>{ScopeType::project, scope.project},
                                       {ScopeType::agent, scope.agent},
                                       {ScopeType::flow, scope.flow},
                                       {ScopeType::run, scope.run},
                                       {ScopeType::session, scope.session},
                                       {ScopeType::api_key, scope.api_key},
                                       {ScopeType::user, scope.user},
                                       {ScopeType::model, scope.model}})
            if (!id.empty()) look(type, id);
        for (auto tag = scope.tags.begin(); tag != scope.tags.end(); ++tag)
            if (std::find(scope.tags.begin(), tag, *tag) == tag) look(ScopeType::tag, *tag);
    }
    for (Entry* entry : found) turn(*entry, now);
}

Refusal Budgets::State::refusal(const Entry& entry, std::optional<NanoUsd> most, Time now) const {
    const Budget& budget = *entry.budget;
    Refusal out{budget.id, budget.scope, budget.scope_id, budget.action, entry.present->bounds.end, {entry.limit(now)},
                {entry.left(now)}, most.value_or(NanoUsd{}), {}};
    const auto reset = out.resets_at ? fmt::format(", or wait until {}", base::format_time(*out.resets_at)) : std::string();
    if (!most)
        out.message = fmt::format("the {} is a hard limit, and what this call can cost is not known; give the model a price, and the call a "
                                  "limit of output tokens", name_of(budget));
    else if (budget.scope == ScopeType::instance)
        out.message = fmt::format("the {} does not allow this call; ask whoever runs the server to raise it{}", name_of(budget), reset);
    else {
        const auto stands = fmt::format("the {} (limit {} USD) has {} USD left, and this call may cost {} USD", name_of(budget),
                                        base::format_usd(out.limit), base::format_usd(out.left), base::format_usd(*most));
        if (budget.action == Action::require_approval)
            out.message = fmt::format("{}; it needs an approval: ask somebody with the permission budgets:write to raise the budget for a time, under "
                                      "Budgets, with `sluice budgets raise {} --by {} --for 1h --reason …` or POST /api/v1/budgets/{}/raise, "
                                      "and repeat the call{}", stands, budget.id.str(), base::format_usd(needed_raise(entry, *most, now)),
                                      budget.id.str(), reset);
        else
            out.message = fmt::format("{}; raise it under Budgets or with `sluice budgets raise {}`{}", stands, budget.id.str(), reset);
    }
    return out;
}

void Budgets::State::take(Hold::State& hold, std::int64_t needed, Time now) {
    hold.amount = needed;
    hold.parts.reserve(found.size());
    for (Entry* entry : found) {
        const bool drawn = entry->is_hard() && needed > 0;
        const auto amount = std::min(needed, most_nano_usd - entry->present->held);  // less only under the action warn
        entry->present->held += amount;
        if (drawn) entry->present->drawn += amount;
        entry->last_used = now;
        hold.parts.push_back({entry->shared_from_this(), entry->present, amount, drawn});
        // Before the tranche is used up, so that the next calls need not wait; near the limit single holds do.
        const auto part = clamp_amount(Wide(entry->limit(now)) - entry->present->spent - entry->present->granted) / tranche_part;
        const auto wanted = clamp_amount(std::min<Wide>(part, Wide(needed) * tranche_calls));
        if (drawn && !entry->top_up && wanted >= needed && entry->present->free() < wanted / 2) top_up(*entry, needed, now);
        if (drawn) watch_idle(*entry);
    }
}

std::shared_ptr<TopUp> Budgets::State::top_up(Entry& entry, std::int64_t needed, Time now) {
    if (entry.top_up) return entry.top_up;
    const auto period = entry.present;
    const auto limit = entry.limit(now);
    const auto left = clamp_amount(Wide(limit) - period->spent - period->granted - (period->held - period->drawn));
    const auto least = std::min(left, clamp_amount(Wide(needed) - period->free()));
    const auto tranche = std::min<Wide>(left / tranche_part, Wide(needed) * tranche_calls);
    const auto queued = Wide(entry.waiting) + needed - period->free();
    const auto wanted = clamp_amount(std::min<Wide>(left, std::max({Wide(least), tranche, queued})));

    auto topping = std::make_shared<TopUp>(loop, period);
    entry.top_up = topping;
    auto granted = std::make_shared<std::int64_t>(0);
    storage::WriteUnit unit;
    store::grant(unit, {entry.budget->workspace, entry.budget->id, period->bounds, period->carried}, wanted, std::max<std::int64_t>(least, 1),
                 limit, granted);
    auto done = [state = weak_from_this(), entry = entry.shared_from_this(), period, granted, topping](Result<void> result) {
        entry->top_up.reset();
        if (result) {
            period->granted += *granted;
            period->stored = period->stored || *granted != 0;
            if (*granted == 0)
                result = fail(Error{ErrorCode::unavailable, "spend that is not stored yet stands in the way of this call; try again in a moment",
                                    {}, true});
        } else {
            result.error().code = ErrorCode::unavailable;
        }
        const auto self = state.lock();
        if (self && period != entry->present) self->give_back(*entry, period);
        topping->done.set(std::move(result));
        if (self) self->watch_idle(*entry);
    };
    storage.enqueue(std::move(unit), std::move(done));
    return topping;
}

void Budgets::State::note_exceeded(Entry& entry, std::int64_t needed, Time now) {
    const auto period = entry.present;
    if (std::exchange(period->exceeded, true)) return;
    storage::WriteUnit unit;
    store::note_exceeded(unit, {entry.budget->workspace, entry.budget->id, period->bounds, period->carried}, entry.budget, entry.limit(now),
                         entry.left(now), needed, now);
    auto done = [state = weak_from_this(), period, workspace = entry.budget->workspace](Result<void> result) {
        if (!result) period->exceeded = false;  // the next refusal tries again
        if (const auto self = state.lock(); self && result) self->bus.committed(workspace);
    };
    storage.enqueue(std::move(unit), std::move(done));
}

void Budgets::State::put_back(const Hold::State& hold) {
    for (const auto& part : hold.parts) {
        part.period->held -= part.amount;
        if (part.drawn) part.period->drawn -= part.amount;
        if (part.period != part.entry->present || part.entry->removed || !part.entry->is_hard()) give_back(*part.entry, part.period);
    }
}

void Budgets::State::give_back(Entry& entry, const std::shared_ptr<Period>& period) {
    const auto amount = period->free();
    if (amount <= 0) return;
    period->granted -= amount;  // at once: nobody draws from it any more
    storage::WriteUnit unit;
    store::give_back(unit, {entry.budget->workspace, entry.budget->id, period->bounds, period->carried}, amount);
    auto done = [state = weak_from_this(), entry = entry.shared_from_this(), period, amount](Result<void> result) {
        if (!result) period->granted += amount;
        const auto self = state.lock();
        if (!self) return;
        if (!result && !self->stopping) self->watch_idle(*entry);
        self->settled.notify();
    };
    storage.enqueue(std::move(unit), std::move(done));
}

/// One timer for a budget that has a tranche; it looks whether the budget was used meanwhile.
void Budgets::State::watch_idle(Entry& entry) {
    if (entry.idle_timer || entry.removed || stopping || entry.present->free() <= 0) return;
    auto fire = [state = weak_from_this(), entry = entry.weak_from_this()] {
        const auto self = state.lock();
        const auto idle = entry.lock();
        if (!self || !idle) return;
        idle->idle_timer.reset();
        if (idle->last_used + idle_tranche <= self->clock.now()) self->give_back(*idle, idle->present);
        self->watch_idle(*idle);
    };
    const Time now = clock.now();
    entry.idle_timer = loop.at(std::max(entry.last_used + idle_tranche, now + idle_tranche / 60), std::move(fire));
}

Awaitable<Result<Admission>> Budgets::admit(CallScope scope, std::optional<NanoUsd> most) {
    const auto s = state_;
    if (most && most->value < 0) co_return fail(ErrorCode::internal, "a call cannot cost less than nothing; the log has the cause");
    const std::int64_t needed = most ? most->value : 0;
    std::optional<Error> failed;  // of the last tranche that was waited for
    bool tried_again = false;
    for (;;) {
        const Time now = s->clock.now();
        s->cover(scope, now);
        Entry* refuses = nullptr;
        for (Entry* entry : s->found) {
            if (!entry->is_hard() || (most && entry->fits(needed, now))) continue;
            if (most) s->note_exceeded(*entry, needed, now);
            if (refuses == nullptr || strictness(entry->budget->action) > strictness(refuses->budget->action)) refuses = entry;
        }
        Admission out;
        if (refuses != nullptr) {
            out.refusal = s->refusal(*refuses, most, now);
            if (refuses->budget->action == Action::downgrade) out.downgrade_to = refuses->budget->downgrade_to;
            co_return out;
        }
        std::vector<std::pair<std::shared_ptr<Entry>, std::shared_ptr<TopUp>>> short_of;
        for (Entry* entry : s->found)
            if (entry->is_hard() && needed > 0 && entry->present->free() < needed) short_of.emplace_back(entry->shared_from_this(), nullptr);
        if (short_of.empty()) {
            out.hold.state_ = std::make_unique<Hold::State>();
            for (Entry* entry : s->found)
                if (!entry->is_hard() && !entry->fits(needed, now)) {
                    s->note_exceeded(*entry, needed, now);
                    out.warnings.push_back(fmt::format("the {} is over its limit", name_of(*entry->budget)));
                }
            s->take(*out.hold.state_, needed, now);
            for (const Entry* entry : s->found)
                if (entry->is_hard() && entry->budget->scope != ScopeType::instance) {
                    const NanoUsd left{entry->left(now)};
                    if (!out.left || left < *out.left) out.left = left;
                }
            out.hold.state_->owner = s;
            out.hold.state_->scope = std::move(scope);
            co_return out;
        }
        if (failed) {
            // A settlement that memory has and the database lacks may stand in the way: it is written first.
            if (std::exchange(tried_again, true) || (s->repeats.empty() && !s->repeating)) co_return fail(std::move(*failed));
            failed.reset();
            s->repeat_now();
            while (s->repeating) co_await s->settled.wait();
            continue;
        }
        for (auto& [entry, tranche] : short_of) tranche = s->top_up(*entry, needed, now);
        for (const auto& [entry, tranche] : short_of) {
            const Waiting waiting(entry, needed);
            co_await tranche->done.wait();
            // One of a period that has ended meanwhile says nothing of the present one.
            if (!tranche->done.get() && tranche->period == entry->present) failed = tranche->done.get().error();
        }
    }
}

void Budgets::release(Hold hold) {
    if (!hold.state_) return;
    state_->put_back(*hold.state_);
    hold.state_.reset();
}

std::optional<NanoUsd> Budgets::left(const CallScope& scope) const {
    State& s = *state_;
    const Time now = s.clock.now();
    s.cover(scope, now);
    std::optional<NanoUsd> least;
    for (const Entry* entry : s.found) {
        if (!entry->is_hard() || entry->budget->scope == ScopeType::instance) continue;
        const NanoUsd left{entry->left(now)};
        if (!least || left < *least) least = left;
    }
    return least;
}

}  // namespace sluice::budget
