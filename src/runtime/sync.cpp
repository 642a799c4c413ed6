#include "sluice/runtime/sync.hpp"

#include "runtime/waiter.hpp"

namespace sluice::runtime {

struct Signal::State {
    explicit State(Loop& on) : loop(on) {}
    Loop& loop;
    Waiter::List waiters;

    void finish_all(Outcome outcome) {
        while (!waiters.empty()) waiters.front()->finish(outcome);
    }
    Awaitable<Outcome> wait(std::shared_ptr<State> self, std::optional<Time> deadline) {
        auto attach = [self = std::move(self), deadline](const std::shared_ptr<Waiter>& waiter) {
            waiter->stand_in(self->waiters);
            if (deadline) waiter->until(*deadline, Outcome::expired);
        };
        return suspend(loop, std::move(attach));
    }
};

Signal::Signal(Loop& loop) : state_(std::make_shared<State>(loop)) {}
Signal::~Signal() {
    if (state_) state_->finish_all(Outcome::cancelled);
}
Signal::Signal(Signal&&) noexcept = default;
Signal& Signal::operator=(Signal&& other) noexcept {
    if (this == &other) return *this;
    if (state_) state_->finish_all(Outcome::cancelled);
    state_ = std::move(other.state_);
    return *this;
}

void Signal::notify() { state_->finish_all(Outcome::done); }

Awaitable<void> Signal::wait() {
    const auto outcome = co_await state_->wait(state_, std::nullopt);
    if (outcome == Outcome::cancelled) throw_cancelled();
}

Awaitable<bool> Signal::wait_until(Time deadline) {
    const auto outcome = co_await state_->wait(state_, deadline);
    if (outcome == Outcome::cancelled) throw_cancelled();
    co_return outcome == Outcome::done;
}

bool Signal::has_waiters() const { return !state_->waiters.empty(); }

}  // namespace sluice::runtime
