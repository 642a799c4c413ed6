#pragma once
// What limits the options of a command name.

#include "cli/command.hpp"

namespace sluice::cli {

/// --requests-per-minute, --tokens-per-minute and --models over `terms`. Failure: exit_usage.
Outcome<Json> limit_terms(const Context& context, Json terms);

}  // namespace sluice::cli
