#pragma once
/// Small waiting places for coroutines of the loop: a one-shot value and a repeatable signal. Not thread-safe: all
/// sides are on the loop (use `Loop::post` to come from elsewhere).

#include <memory>
#include <optional>
#include <utility>

#include "sluice/runtime/awaitable.hpp"
#include "sluice/runtime/loop.hpp"

namespace sluice::runtime {

/// Waiters wait until `notify`; a coroutine that starts to wait afterwards waits for the next one.
class Signal {
  public:
    explicit Signal(Loop& loop);
    ~Signal();
    Signal(Signal&&) noexcept;
    Signal& operator=(Signal&&) noexcept;

    /// Resumes every present waiter (posted, not inline).
    void notify();
    /// Waits for the next `notify`; throws operation_aborted when cancelled.
    Awaitable<void> wait();
    /// The same with a deadline; false when it passed first.
    Awaitable<bool> wait_until(Time deadline);
    bool has_waiters() const;

  private:
    struct State;
    std::shared_ptr<State> state_;
};

/// A value that is set once and awaited by any number of coroutines, before or after.
template <class T>
class OneShot {
  public:
    explicit OneShot(Loop& loop) : signal_(loop) {}
    bool ready() const { return value_.has_value(); }
    void set(T value) {
        if (value_) return;
        value_.emplace(std::move(value));
        signal_.notify();
    }
    const T& get() const { return *value_; }
    Awaitable<void> wait() {
        while (!value_) co_await signal_.wait();
    }
    /// False when the deadline passed first.
    Awaitable<bool> wait_until(Time deadline) {
        while (!value_)
            if (!co_await signal_.wait_until(deadline)) co_return value_.has_value();
        co_return true;
    }

  private:
    std::optional<T> value_;
    Signal signal_;
};

}  // namespace sluice::runtime
