#pragma once
// The lists of runs, and their histogram.

namespace sluice::net {
class Router;
}

namespace sluice::engine {

class Engine;

/// /api/v1/runs and /api/v1/runs/histogram
void add_search_routes(net::Router& router, Engine& engine);

}  // namespace sluice::engine
