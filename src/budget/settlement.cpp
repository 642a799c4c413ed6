// How calls end: what was held becomes what was spent, once, whatever becomes of the unit that was to tell of it.

#include <algorithm>
#include <array>

#include "budget/budget_state.hpp"
#include "sluice/base/log.hpp"
#include "sluice/base/metrics.hpp"

namespace sluice::budget {
namespace {

constexpr std::array<std::string_view, 6> statuses{"ok", "failed", "aborted", "unknown", "cached", "refused"};
constexpr std::size_t most_repeats = 500;  ///< in one unit
constexpr Duration stop_grace = std::chrono::seconds(5);

struct Instruments {
    base::metrics::Counter settled{"sluice_spend_rows_total", "Calls of models that were settled"};
    base::metrics::Counter overshoot{"sluice_budget_overshoot_total", "Settlements above what was held in a budget"};
    base::metrics::Counter abandoned{"sluice_budget_abandoned_holds_total", "Holds that ended without a settlement and stay charged"};
};

Instruments& instruments() {
    static Instruments list;
    return list;
}

/// Destroyed with the unit that it came with, on the loop, when that was stored or refused.
class UnitEnd {
  public:
    UnitEnd(std::weak_ptr<Budgets::State> state, std::shared_ptr<Booking> booking) : state_(std::move(state)), booking_(std::move(booking)) {}
    ~UnitEnd() {
        if (const auto self = state_.lock()) self->unit_ended(booking_);
    }
    UnitEnd(const UnitEnd&) = delete;
    UnitEnd& operator=(const UnitEnd&) = delete;

  private:
    std::weak_ptr<Budgets::State> state_;
    std::shared_ptr<Booking> booking_;
};

}  // namespace

Hold::Hold() = default;
Hold::~Hold() {
    if (!state_) return;
    if (const auto owner = state_->owner.lock()) owner->abandon(std::move(state_));
}
Hold::Hold(Hold&&) noexcept = default;
Hold& Hold::operator=(Hold&& other) noexcept {
    if (this == &other) return *this;
    Hold before;
    std::swap(before.state_, state_);  // its end is that of any hold
    state_ = std::move(other.state_);
    return *this;
}
NanoUsd Hold::amount() const { return {state_ ? state_->amount : 0}; }
Hold::operator bool() const { return state_ != nullptr; }

std::shared_ptr<Booking> Budgets::State::booking(std::unique_ptr<Hold::State> hold, Spend spend) {
    const Time now = clock.now();
    auto out = std::make_shared<Booking>();
    spend.held = {hold ? hold->amount : 0};
    if (spend.at == Time()) spend.at = now;
    if (!spend.id) spend.id = SpendId::make(now, random);
    if (!spend.scope.workspace && hold) spend.scope = hold->scope;
    if (spend.cost.value < 0) {
        log::error("a call was settled at less than nothing; nothing is credited", {{"spend", spend.id.str()}});
        spend.cost = {};
    }
    if (std::find(statuses.begin(), statuses.end(), spend.status) == statuses.end()) {
        log::error("a call was settled with a status that there is not", {{"spend", spend.id.str()}, {"status", spend.status}});
        spend.status = "unknown";
    }
    if (hold) {
        out->moves.reserve(hold->parts.size());
        for (const auto& [entry, period, amount, drawn] : hold->parts)
            out->moves.push_back({{entry->budget->workspace, entry->budget->id, period->bounds, period->carried}, entry->budget,
                                  drawn ? amount : 0, limit_of(*entry->budget, period->carried, now)});
        if (spend.cost.value > hold->amount && !hold->parts.empty()) instruments().overshoot.add();
    }
    out->spend = std::move(spend);
    out->hold = std::move(hold);
    return out;
}

void Budgets::settle(storage::WriteUnit& unit, Hold hold, Spend spend) {
    State& s = *state_;
    auto booking = s.booking(std::move(hold.state_), std::move(spend));
    ++s.bookings;
    auto end = std::make_shared<UnitEnd>(state_, booking);
    store::book(unit, std::move(booking), std::move(end));
}

void Budgets::State::abandon(std::unique_ptr<Hold::State> hold) {
    instruments().abandoned.add();
    Spend spend;
    spend.scope = hold->scope;
    spend.model = spend.requested_model = hold->scope.model;
    spend.status = "unknown";
    spend.estimated = true;
    spend.cost = {hold->amount};
    auto made = booking(std::move(hold), std::move(spend));
    repeats.push_back(std::move(made));
    repeat_at(clock.now());
}

void Budgets::State::unit_ended(const std::shared_ptr<Booking>& booking) {
    --bookings;
    apply(*booking);
    // The writer may have undone it after all, with its unit or for want of disk: it is written once more, which changes
    // nothing where the row is there.
    if (booking->outcome.what != store::Booked::What::duplicate) {
        repeats.push_back(booking);
        repeat_at(clock.now() + repeat_pause);
    }
    settled.notify();
}

void Budgets::State::apply(Booking& booking) {
    for (const auto& workspace : booking.outcome.told) bus.committed(workspace);
    booking.outcome.told.clear();
    if (booking.outcome.what == store::Booked::What::nothing || booking.moved) return;
    booking.moved = true;
    if (booking.outcome.what == store::Booked::What::inserted) instruments().settled.add();
    if (!booking.hold) return;
    const Hold::State& hold = *booking.hold;
    if (booking.outcome.what == store::Booked::What::duplicate) return put_back(hold);
    for (const auto& [entry, period, amount, drawn] : hold.parts) {
        period->held -= amount;
        if (drawn) {
            period->drawn -= amount;
            period->granted -= amount;
        }
        period->spent = clamp_amount(Wide(period->spent) + booking.spend.cost.value);
        period->stored = true;
    }
}

void Budgets::State::repeat_at(Time when) {
    if (repeat_timer || repeating || stopping || repeats.empty()) return;
    auto fire = [state = weak_from_this()] {
        const auto self = state.lock();
        if (!self) return;
        self->repeat_timer.reset();
        self->repeat_now();
    };
    repeat_timer = loop.at(when, std::move(fire));
}

void Budgets::State::repeat_now() {
    if (repeating || repeats.empty()) return;
    if (repeat_timer) loop.cancel_timer(*repeat_timer);
    repeat_timer.reset();
    repeating = true;
    const auto count = static_cast<std::ptrdiff_t>(std::min(repeats.size(), most_repeats));
    std::vector<std::shared_ptr<Booking>> now(repeats.begin(), repeats.begin() + count);
    repeats.erase(repeats.begin(), repeats.begin() + count);
    storage::WriteUnit unit;
    for (const auto& each : now) store::book(unit, each);
    auto done = [state = weak_from_this(), now = std::move(now)](Result<void> result) {
        const auto self = state.lock();
        if (!self) return;
        self->repeating = false;
        if (result) {
            for (const auto& each : now) self->apply(*each);
            self->repeat_pause = repeat_first;
        } else {
            log::warn("what calls cost could not be stored; it is tried again", {{"calls", now.size()}, {"cause", result.error().message}});
            self->repeats.insert(self->repeats.end(), now.begin(), now.end());
            self->repeat_pause = std::min(self->repeat_pause * 2, repeat_longest);
        }
        self->settled.notify();
        if (result && self->repeats.size() >= most_repeats) return self->repeat_now();
        self->repeat_at(self->clock.now() + self->repeat_pause);
    };
    storage.enqueue(std::move(unit), std::move(done));
}

Awaitable<void> Budgets::stop() {
    const auto s = state_;
    if (std::exchange(s->stopping, true)) co_return;
    // Units of callers end with the writer's queue; what they left is written by a unit of our own. One that its owner never
    // hands in must not keep the process from ending: what it holds stays charged.
    const Time deadline = s->clock.now() + stop_grace;
    bool in_time = true;
    while (s->bookings > 0 && in_time) in_time = co_await s->settled.wait_until(deadline);
    while (s->repeating) co_await s->settled.wait();
    while (!s->repeats.empty() && s->repeat_pause == repeat_first) {
        s->repeat_now();
        while (s->repeating) co_await s->settled.wait();
    }
    std::vector<std::shared_ptr<Entry>> all;
    for (const auto& [id, entry] : s->entries) all.push_back(entry);
    std::size_t open = 0;
    storage::WriteUnit unit;
    for (const auto& entry : all) {
        if (entry->idle_timer) s->loop.cancel_timer(*entry->idle_timer);
        entry->idle_timer.reset();
        while (const auto topping = entry->top_up) co_await topping->done.wait();
        Period& present = *entry->present;
        open += present.drawn > 0;
        const auto amount = present.free();
        if (amount <= 0) continue;
        present.granted -= amount;
        store::give_back(unit, {entry->budget->workspace, entry->budget->id, present.bounds, present.carried}, amount);
    }
    if (open > 0) log::warn("calls were still under way; what they hold counts as spent until somebody says what it was", {{"budgets", open}});
    auto done = co_await s->storage.submit(std::move(unit));
    if (!done)
        log::warn("tranches of budgets were not given back; they count as spent until somebody says what they were",
                  {{"cause", done.error().message}});
}

}  // namespace sluice::budget
