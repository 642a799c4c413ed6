#pragma once
// The browser's cookie: its names, reading it, and making the header that sets it.

#include <optional>
#include <string>
#include <string_view>

#include "sluice/net/http.hpp"

namespace sluice::identity {

/// Over TLS the cookie is `__Host-sluice` (only this host, only TLS). Browsers refuse that name on plain HTTP unless they
/// hold the address for trustworthy, and not all do, so there it is called `sluice`.
bool came_over_tls(const net::Request& request);
std::optional<std::string_view> session_cookie(const net::Request& request);
/// The value of Set-Cookie; an empty secret takes the cookie away.
std::string set_session_cookie(const net::Request& request, std::string_view secret);

}  // namespace sluice::identity
