#pragma once
/// A loop whose clock is moved by hand, driven from one due time to the next: everything that follows from one moment has
/// happened before the next one comes, whatever the other threads take, so the same calls give the same times.

#include <cstddef>
#include <optional>

#include "sluice/base/time.hpp"

namespace sluice::base {
class ManualClock;
}

namespace sluice::runtime {

class Loop;

/// Stands in what is under way on another thread and ends with a post to the loop, so that `rest` can wait for it.
/// Thread: made and destroyed on the loop.
class Elsewhere {
  public:
    Elsewhere();
    ~Elsewhere();
    Elsewhere(const Elsewhere&) = delete;
    Elsewhere& operator=(const Elsewhere&) = delete;
};

/// The earliest timer of a loop whose clock is moved by hand. Thread: loop.
std::optional<Time> next_timer(const Loop& loop);

/// Runs the loop on the calling thread until nothing is ready and nothing is under way elsewhere: only timers and the
/// outside world are left to wait for.
void rest(Loop& loop);

/// Moves the clock to `when`, resting at each timer on the way. Thread: as of `rest`.
void move_to(Loop& loop, base::ManualClock& clock, Time when);

}  // namespace sluice::runtime
