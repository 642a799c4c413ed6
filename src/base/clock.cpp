#include "sluice/base/clock.hpp"

namespace sluice::base {

Time SystemClock::now() const {
    return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
}

Duration SystemClock::steady() const {
    return std::chrono::duration_cast<Duration>(
        std::chrono::steady_clock::now().time_since_epoch());
}

void ManualClock::advance(Duration by) {
    now_us_ += by.count();
    const auto notify = notify_;  // a callback may register another
    for (const auto& function : notify) function();
}

}  // namespace sluice::base
