#pragma once
/// Answers with an ETag, and what a request says about the one it read (RFC 9110, 8.8.3 and 13.1.1). For handlers of routes.
/// Thread: loop.

#include <optional>
#include <string>
#include <string_view>

#include "sluice/net/http.hpp"

namespace sluice::net {

/// The value of If-Match, for the service that compares it in the unit of its change (net::etag_matches).
std::optional<std::string> if_match(const Request& request);

/// The JSON with the object's ETag.
Response tagged(int status, const Json& body, const std::string& etag);

}  // namespace sluice::net
