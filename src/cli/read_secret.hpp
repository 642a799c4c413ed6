#pragma once
/// Secrets that people give to commands.

#include <string>
#include <string_view>

#include "cli/command.hpp"

namespace sluice::cli {

/// From `file` ("-": standard input) or, at a terminal, typed twice. One line end at the end is not part of it.
Outcome<std::string> read_secret(Context& context, const std::string& file, std::string_view what);

}  // namespace sluice::cli
