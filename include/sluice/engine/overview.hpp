#pragma once
/// How a workspace's runs stand now and went lately, for the first page that people see. Every part is bounded: what would
/// cost more is cut and says so. Runs are counted by readers; how long steps took is counted in memory, from the start of the process.

#include <cstdint>
#include <string>
#include <vector>

#include "sluice/base/json_fwd.hpp"
#include "sluice/engine/run_search.hpp"

namespace sluice::net {
struct Request;
}

namespace sluice::engine {

struct OverviewQuery {
    Time from{}, to{};
    int buckets = 60;
    base::SeenNames seen;             ///< whose runs the caller may see
};

/// A flow with runs that failed or timed out.
struct FailingFlow {
    FlowId flow;
    std::string name, project;
    std::int64_t failed = 0;
    RunId last_run;
    Time last_at{};                   ///< when the last of them was made
};

/// How long the attempts of steps took that ended in one part of the window; 0 of both where none did.
struct StepTimes {
    std::int64_t count = 0;
    Duration p50{}, p95{};            ///< upper bounds: at most a fifth above
};

struct RunOverview {
    static constexpr std::int64_t most_counted = 10'000;   ///< of `now`, `open_letters` and `unknown_steps`; more are not counted
    RunHistogram runs;
    RunHistogram::Counts now{};       ///< by status, of what has not ended
    std::vector<FailingFlow> failing; ///< the most failures first, at most five; of the newest 10,000 failures
    std::int64_t open_letters = 0, unknown_steps = 0;
    std::vector<StepTimes> steps;     ///< as many as `runs` has buckets; of the whole workspace, so empty for a caller who sees a part
    Time steps_from{};                ///< what ended before is not counted
};

struct Run;
/// Takes the data out of a run's JSON that is shown to a caller who may not read them.
void mask_unread(const net::Request& request, const Run& run, Json& shown);

}  // namespace sluice::engine
