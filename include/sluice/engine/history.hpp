#pragma once
/// What can be told of runs from their journals: pages of steps, why a run waits or how it ended, how two runs differ, and
/// whether a run, computed again offline from what came from outside, gives the same history.
///
/// Journals are read and folded on other threads, in pieces, so that a map of a hundred thousand items neither holds the
/// loop nor needs more memory than a word about each step.

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "sluice/engine/engine.hpp"

namespace sluice::engine {

/// Which steps of a run are wanted, in the order in which they began.
struct StepQuery {
    std::size_t offset = 0, limit = 1000;
    std::optional<StepStatus> status;   ///< only steps that are in it now
};

struct StepPage {
    std::vector<StepSummary> items;
    std::size_t total = 0;              ///< of all that the query names
};

std::optional<StepStatus> step_status_from(std::string_view text);

/// How long ended runs are kept where their flow does not say (`settings.retention`); 0: for ever.
struct RetentionOptions {
    Duration succeeded = std::chrono::hours(24 * 30);   ///< succeeded and cancelled ones
    Duration failed = std::chrono::hours(24 * 90);      ///< failed and timed out ones
    std::int64_t max_runs_bytes = 0;                    ///< what the journals of all ended runs may take; 0: no limit
};

/// Removes ended runs whose time has come, then the oldest ones until the rest is within `max_runs_bytes`; how many. A run
/// with an open dead letter stays. Journals go in units of at most 500 entries, other work in between; artifacts stay.
/// Errors: of storage; what is left then is done by the next call.
Awaitable<Result<std::size_t>> remove_expired_runs(storage::Storage& storage, runtime::Loop& loop, RetentionOptions options);

}  // namespace sluice::engine
