#pragma once
/// A workspace's queue of runs as people see and switch it. Each workspace has one, named "default".

#include <cstdint>
#include <optional>

#include "sluice/base/time.hpp"

namespace sluice::engine {

struct QueueState {
    std::size_t queued = 0;    ///< could start, but for a limit, a slot or their turn
    std::size_t delayed = 0;   ///< their time has not come
    std::size_t running = 0;   ///< hold a slot
    std::size_t waiting = 0;   ///< wait outside of memory for a timer, a signal or a person
    std::optional<Time> oldest_ready;   ///< since when the longest waiting queued run could have started
    bool paused = false, draining = false;
    std::size_t weight = 1;    ///< runs that the workspace starts in its turn
};

inline constexpr int highest_queue_weight = 100;

/// pause: nothing starts. drain: nothing new is taken, what is there starts. resume ends both.
enum class QueueSwitch : std::uint8_t { pause, resume, drain };

}  // namespace sluice::engine
