#pragma once
/// One coroutine at a time: whoever holds the turn goes on, the others wait. For changes that read, await and write what
/// no other change may touch meanwhile. Thread: loop.

#include <memory>
#include <utility>

#include "sluice/runtime/awaitable.hpp"
#include "sluice/runtime/sync.hpp"

namespace sluice::runtime {

class Turns;

/// Held until it is destroyed.
class Turn {
  public:
    Turn(Turn&& other) noexcept : turns_(std::exchange(other.turns_, nullptr)) {}
    Turn& operator=(Turn&&) = delete;
    ~Turn();

  private:
    friend class Turns;
    explicit Turn(Turns& turns) : turns_(&turns) {}
    Turns* turns_;
};

/// Outlives its turns.
class Turns {
  public:
    explicit Turns(Loop& loop) : free_(loop) {}
    Turns(const Turns&) = delete;
    Turns& operator=(const Turns&) = delete;
    /// Waits for the turn; throws operation_aborted when cancelled.
    Awaitable<Turn> take() {
        while (taken_) co_await free_.wait();
        taken_ = true;
        co_return Turn(*this);
    }

  private:
    friend class Turn;
    bool taken_ = false;
    Signal free_;
};

inline Turn::~Turn() {
    if (turns_ == nullptr) return;
    turns_->taken_ = false;
    turns_->free_.notify();
}

}  // namespace sluice::runtime
