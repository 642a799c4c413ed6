#pragma once
/// The address in a request's first line.

#include <string>
#include <string_view>

#include "sluice/net/http.hpp"

namespace sluice::net {

/// Reads `target` (RFC 9112, 3.2: a path, or the absolute form for the host that the header Host names) into the
/// request's path and query, both decoded, and gives the path as it was sent, which the router matches. The request's
/// headers and `tls` are there. Errors: invalid_argument.
Result<std::string_view> read_target(std::string_view target, Request& request);

/// Host and port of an authority, in lower case; the scheme's own port is left out.
std::string normal_authority(std::string_view authority, bool tls);

}  // namespace sluice::net
