#pragma once
/// What the client needs of URLs beyond parsing them.

#include <string_view>

#include "sluice/net/client.hpp"

namespace sluice::net {

/// `Location`-style references against the URL they were found at. Errors as `parse_url`.
Result<Url> resolve_reference(const Url& base, std::string_view reference);
/// The host is a numeric address (then it is never looked up).
bool is_numeric_host(std::string_view host);
/// The host as a Host header and an authority write it: IPv6 in brackets.
std::string bracketed(std::string_view host);
std::uint16_t default_port(std::string_view scheme);
/// `host[:port]`, the port only where it is not the scheme's own.
std::string authority_of(const Url& url);

}  // namespace sluice::net
