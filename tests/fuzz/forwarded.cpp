// What proxies and browsers say in headers: X-Forwarded-For, -Proto, -Host, Forwarded, Cookie, Origin and Host, one a line
// in this order. Nobody but a trusted proxy decides who the client is, and a session's cookie is one that was sent.

#include "fuzz/check.hpp"
#include "identity/request_credentials.hpp"
#include "net/forwarded.hpp"
#include "net/url.hpp"

using namespace sluice;
using fuzz::check;

namespace {

void check_proxies(const net::ForwardedFields& fields) {
    static const auto proxies = *net::TrustedProxies::parse({"10.0.0.0/8", "192.0.2.1", "2001:db8::/32"});
    constexpr std::string_view peer = "10.0.0.1";
    const auto client = net::read_forwarded(fields, proxies, peer);
    if (!client) {
        check(client.error().code == ErrorCode::invalid_argument, "contradicting proxies are a mistake of the request");
        return;
    }
    check(net::Address::parse(client->address).has_value(), "a client has an address", client->address);
    const auto& said = fields.client.empty() ? fields.standard : fields.client;
    check(client->address == peer || said.find(client->address) != said.npos, "the address is one that was said", client->address);
    // The nearest hop is never passed over: what a stranger wrote in front of its own address changes nothing.
    const auto with_stranger = [&](std::string_view stranger) {
        auto more = fields;
        more.standard.clear();
        more.client = fmt::format("{}{}203.0.113.7", stranger, stranger.empty() ? "" : ", ");
        return net::read_forwarded(more, proxies, peer);
    };
    if (fields.client.find('"') == std::string::npos)
        check(with_stranger(fields.client)->address == "203.0.113.7", "what a client claims of itself is not believed", fields.client);
}

void check_browser(std::string_view cookie, std::string_view origin, std::string_view host, bool tls) {
    net::Request request;
    request.tls = tls;
    request.headers.add("Cookie", cookie);
    request.headers.add("Origin", origin);
    request.headers.add("Host", host);
    if (const auto secret = identity::session_cookie(request)) {
        check(secret->find(';') == secret->npos, "a cookie ends at its semicolon", *secret);
        check(secret->data() >= request.headers.get("Cookie").data() &&
                  secret->data() + secret->size() <= request.headers.get("Cookie").data() + cookie.size(),
              "a cookie is a part of the header");
        const auto before = cookie.substr(0, static_cast<std::size_t>(secret->data() - request.headers.get("Cookie").data()));
        check(before.ends_with("sluice="), "a session's cookie bears its name", cookie);
        if (identity::keeps_secure_cookies(request)) check(before.ends_with("__Host-sluice="), "only a cookie bound to the host counts", cookie);
    }
    if (!identity::check_own_origin(request)) return;
    const auto from = net::parse_url(origin);
    const auto own = net::parse_url(fmt::format("{}://{}", origin.starts_with("https://") ? "https" : "http", host));
    if (from && own) check(from->host == own->host && from->port == own->port, "another site's page is not our own", origin);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    auto rest = fuzz::text_of(data, size);
    net::ForwardedFields fields, unbelieved;
    for (const char* name : {"X-Forwarded-For", "x-forwarded-proto", "X-FORWARDED-HOST", "Forwarded"}) {
        const auto value = fuzz::take_until(rest, '\n');
        check(fields.take(name, value, true) && unbelieved.take(name, value, false), "a proxy's header reaches no handler", name);
    }
    check(unbelieved.empty(), "a stranger's header is not believed");
    check_proxies(fields);
    const auto cookie = fuzz::take_until(rest, '\n'), origin = fuzz::take_until(rest, '\n'), host = fuzz::take_until(rest, '\n');
    check_browser(cookie, origin, host, false);
    check_browser(cookie, origin, host, true);
    return 0;
}
