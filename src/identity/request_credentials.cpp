#include "request_credentials.hpp"

#include <fmt/format.h>

namespace sluice::identity {
namespace {

constexpr std::string_view host_cookie = "__Host-sluice", plain_cookie = "sluice";

std::optional<std::string_view> find_cookie(std::string_view header, std::string_view name) {
    while (!header.empty()) {
        const auto end = header.find(';');
        auto pair = header.substr(0, end);
        while (pair.starts_with(' ')) pair.remove_prefix(1);
        if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=')
            return pair.substr(name.size() + 1);
        if (end == header.npos) break;
        header.remove_prefix(end + 1);
    }
    return std::nullopt;
}

/// 127.a.b.c, written with digits alone (127.evil.example is a name).
bool is_loopback_address(std::string_view host) {
    return host.starts_with("127.") && host.find_first_not_of("0123456789.") == host.npos;
}

/// `scheme://host[:port]` without the scheme and its usual port.
std::string_view authority(std::string_view origin) {
    for (auto [scheme, port] : {std::pair{"http://", ":80"}, std::pair{"https://", ":443"}})
        if (origin.starts_with(scheme)) {
            origin.remove_prefix(std::string_view(scheme).size());
            if (origin.ends_with(port)) origin.remove_suffix(std::string_view(port).size());
        }
    return origin;
}

}  // namespace

Result<void> check_own_origin(const net::Request& request) {
    const auto origin = request.headers.find("origin");
    const auto host = request.headers.get("host");
    if (origin && *origin != "null") {
        const bool tls = origin->starts_with("https://");
        const auto own = std::string(tls ? "https://" : "http://") + std::string(host);
        if (authority(*origin) == authority(own)) return {};
    }
    return fail(ErrorCode::forbidden,
                "a browser's session may change things from this server's own pages only; use an "
                "API key elsewhere");
}

bool keeps_secure_cookies(const net::Request& request) {
    if (request.tls) return true;  // with us, or with a trusted proxy
    auto host = request.headers.get("host");
    if (host.starts_with("[::1]")) return true;
    host = host.substr(0, host.find(':'));
    return host == "localhost" || host.ends_with(".localhost") || is_loopback_address(host);
}

std::optional<std::string_view> cookie_value(const net::Request& request, std::string_view name) {
    return find_cookie(request.headers.get("cookie"), name);
}

std::optional<std::string_view> session_cookie(const net::Request& request) {
    const auto header = request.headers.get("cookie");
    if (auto found = find_cookie(header, host_cookie)) return found;
    if (keeps_secure_cookies(request))
        return std::nullopt;  // the plain name could have been planted over plain HTTP
    return find_cookie(header, plain_cookie);
}

std::string set_session_cookie(const net::Request& request, std::string_view secret) {
    const bool secure = keeps_secure_cookies(request);
    // The server ends the session after a day without use; the cookie may stay longer.
    return fmt::format("{}={}; Path=/; HttpOnly; SameSite=Lax; Max-Age={}{}",
                       secure ? host_cookie : plain_cookie, secret,
                       secret.empty() ? 0 : 30 * 24 * 3600, secure ? "; Secure" : "");
}

}  // namespace sluice::identity
