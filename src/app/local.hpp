#pragma once
// The two ways in which this process runs an App: serving until a signal, and inside a command.

#include "sluice/cli/cli.hpp"

namespace sluice::app {

cli::Host make_host();

}  // namespace sluice::app
