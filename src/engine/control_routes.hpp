#pragma once
// What the routes of runs share.

#include "sluice/engine/engine.hpp"

namespace sluice::engine {

/// /api/v1/runs/{id}/pause, resume, signals, decide, retry, rerun
void add_control_routes(net::Router& router, Engine& engine);

/// A version to run again with: the number of one, "live", or "recorded" for the run's own (0). Errors: invalid_argument at
/// /version.
Result<int> rerun_version(const Json& value);

}  // namespace sluice::engine
