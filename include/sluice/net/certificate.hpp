#pragma once
/// What `doctor` asks about the server's certificate.

#include <filesystem>

#include "sluice/base/result.hpp"
#include "sluice/base/time.hpp"

namespace sluice::net {

/// When the first certificate of a PEM file ends. Reads the file. Errors: invalid_argument, saying what is wrong with it.
Result<Time> certificate_end(const std::filesystem::path& file);

}  // namespace sluice::net
