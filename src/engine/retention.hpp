#pragma once
// How long ended runs are kept.

#include <optional>

#include "sluice/engine/machine.hpp"

namespace sluice::engine::retention {

/// When a run that ended so may be removed by its flow's own settings; nothing: by the server's. "For ever" is the year 9999.
std::optional<Time> expiry(const flows::FlowSettings& settings, RunStatus status, Time ended);

}  // namespace sluice::engine::retention
