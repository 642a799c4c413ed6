#pragma once
/// A workspace's queue of runs as people see and switch it. Each workspace has one, named "default".

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sluice/base/id.hpp"
#include "sluice/base/json.hpp"
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

/// As the API shows it.
Json to_json(const QueueState& queue);

inline constexpr int highest_queue_weight = 100;

/// Which jobs of a queue a page shows: one for each run that has not ended.
struct JobQuery {
    std::string state;         ///< "queued", "running" or "waiting"; empty: all
    int limit = 50;
    std::string cursor;
};

struct Job {
    RunId run;
    FlowId flow;
    std::string flow_name, project, state, run_status;
    int priority = 3;
    Time created_at{}, ready_at{};     ///< accepted; not started before
    std::optional<Time> started_at, wake_at;   ///< of a waiting one: its next timer
    std::int64_t limit_runs = 0;       ///< runs of its flow and key at once; 0: no limit
    std::string limit_key;
    bool held_here = false;            ///< by the process that answers; false: left by a former one, and about to be taken up
    int attempts = 0;
};

struct JobPage {
    std::vector<Job> items;            ///< the oldest first: by when their runs were made
    std::string next_cursor;           ///< also where the page is not full: a page looks at a bounded number of jobs
    /// The process that takes up runs.
    struct Lease {
        std::string worker;
        Time started_at{}, heartbeat_at{};
    };
    std::optional<Lease> lease;
};

/// pause: nothing starts. drain: nothing new is taken, what is there starts. resume ends both.
enum class QueueSwitch : std::uint8_t { pause, resume, drain };

}  // namespace sluice::engine
