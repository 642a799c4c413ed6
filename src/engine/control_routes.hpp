#pragma once
// What engine_routes.cpp adds beside its own.

#include "sluice/engine/engine.hpp"

namespace sluice::engine {

/// /api/v1/runs/{id}/pause, resume, signals, decide, retry, rerun
void add_control_routes(net::Router& router, Engine& engine);

}  // namespace sluice::engine
