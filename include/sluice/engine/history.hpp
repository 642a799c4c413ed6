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

}  // namespace sluice::engine
