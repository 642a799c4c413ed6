#pragma once
// The ways in which this process runs an App: serving until a signal, inside a command, and on a clock that stands still.

#include "sluice/cli/cli.hpp"

namespace sluice::app {

cli::Host make_host();

/// See cli::Host.
Result<std::unique_ptr<cli::SteppedServer>> open_stepped(const config::Config& config, std::string data, Time start);

}  // namespace sluice::app
