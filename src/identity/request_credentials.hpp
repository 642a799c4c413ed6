#pragma once
// The browser's cookie: its names, reading it, and making the header that sets it.

#include <optional>
#include <string>
#include <string_view>

#include "sluice/net/http.hpp"

namespace sluice::identity {

/// Where the browser keeps `Secure` cookies, over TLS and on a loopback address, the cookie is
/// `__Host-sluice`: bound to this host, never sent in clear over a network. (Chromium does so on
/// http://127.0.0.1, tried 2026-11 with the one of Debian 12.) On plain HTTP elsewhere browsers
/// refuse that name, and the cookie is called `sluice`.
bool keeps_secure_cookies(const net::Request& request);
/// The cookie of that name.
std::optional<std::string_view> cookie_value(const net::Request& request, std::string_view name);
std::optional<std::string_view> session_cookie(const net::Request& request);
/// That the header Origin names this server. Errors: forbidden.
Result<void> check_own_origin(const net::Request& request);
/// The value of Set-Cookie; an empty secret takes the cookie away.
std::string set_session_cookie(const net::Request& request, std::string_view secret);

}  // namespace sluice::identity
