// URLs, and the judgement of the addresses that requests may go to. The oracle is the system's own reader of numeric
// addresses: whatever it takes for an internal address, in whatever spelling, is never judged public.

#include <array>
#include <cstring>
#include <optional>

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "fuzz/check.hpp"
#include "net/egress_address.hpp"
#include "net/url.hpp"

using namespace sluice;
using fuzz::check;

namespace {

const net::EgressPolicy& policy() {
    static const auto standard = *net::make_egress_policy({});
    return *standard;
}

bool judged_public(std::string_view text) { return policy().judge(text, text, 443, false).has_value(); }

/// The bytes of the address that the system reads in `text`; nothing when it is a name.
std::optional<net::Address> system_address(const std::string& text) {
    if (text.empty() || text.find('\0') != text.npos) return std::nullopt;
    addrinfo hints{};
    hints.ai_flags = AI_NUMERICHOST;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (::getaddrinfo(text.c_str(), nullptr, &hints, &found) != 0) return std::nullopt;
    net::Address out;
    if (found->ai_family == AF_INET6) {
        out.v6 = true;
        std::memcpy(out.bytes.data(), &reinterpret_cast<const sockaddr_in6*>(found->ai_addr)->sin6_addr, 16);
    } else {
        std::memcpy(out.bytes.data(), &reinterpret_cast<const sockaddr_in*>(found->ai_addr)->sin_addr, 4);
    }
    ::freeaddrinfo(found);
    return out;
}

bool internal_v4(const std::uint8_t* bytes) {
    const std::uint32_t at = std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 | std::uint32_t{bytes[2]} << 8 | bytes[3];
    const auto between = [at](std::uint32_t low, std::uint32_t high) { return at >= low && at <= high; };
    return at <= 0x00ffffff || between(0x0a000000, 0x0affffff) || between(0x64400000, 0x647fffff) || between(0x7f000000, 0x7fffffff) ||
           between(0xa9fe0000, 0xa9feffff) || between(0xac100000, 0xac1fffff) || between(0xc0a80000, 0xc0a8ffff) || at >= 0xe0000000;
}

/// Written anew, from the system's own macros where it has them, so that it shares no mistake with what it judges.
bool internal(const net::Address& address) {
    if (!address.v6) return internal_v4(address.bytes.data());
    in6_addr six{};
    std::memcpy(&six, address.bytes.data(), 16);
    if (IN6_IS_ADDR_LOOPBACK(&six) || IN6_IS_ADDR_UNSPECIFIED(&six) || IN6_IS_ADDR_LINKLOCAL(&six) || IN6_IS_ADDR_SITELOCAL(&six) ||
        IN6_IS_ADDR_MULTICAST(&six) || (six.s6_addr[0] & 0xfe) == 0xfc)
        return true;
    if (IN6_IS_ADDR_V4MAPPED(&six) || IN6_IS_ADDR_V4COMPAT(&six)) return internal_v4(six.s6_addr + 12);
    if (six.s6_addr[0] == 0x20 && six.s6_addr[1] == 0x02) return internal_v4(six.s6_addr + 2);  // 6to4
    constexpr std::array<std::uint8_t, 12> nat64{0, 0x64, 0xff, 0x9b};
    return std::memcmp(six.s6_addr, nat64.data(), nat64.size()) == 0 && internal_v4(six.s6_addr + 12);
}

std::string text_of(const net::Address& address) {
    char buffer[INET6_ADDRSTRLEN] = {};
    ::inet_ntop(address.v6 ? AF_INET6 : AF_INET, address.bytes.data(), buffer, sizeof buffer);
    return buffer;
}

void check_address(const net::Address& address) {
    const auto text = text_of(address);
    const auto read = net::Address::parse(text);
    check(read && *read == address, "an address is read as it is written", text);
    if (judged_public(text)) check(!internal(address), "no internal address is judged public", text);
    for (const auto& each : net::effective_addresses(address))
        if (internal(each)) check(!judged_public(text), "an address that leads inside is not judged public", text);
    check(net::is_metadata(address) <= !judged_public(text), "a metadata service is never judged public", text);
}

void check_literal(const std::string& text) {
    const auto system = system_address(text);
    const auto own = net::Address::parse(text);
    if (own) check(system && *system == *own, "an address of ours is the system's", text);
    if (system && internal(*system)) check(!judged_public(text), "no spelling of an internal address is judged public", text);
    if (system) check_address(*system);
}

void check_url(std::string_view text) {
    const auto url = net::parse_url(text);
    if (!url) {
        check(url.error().code == ErrorCode::invalid_argument && !url.error().message.empty(), "a refusal says why");
        return;
    }
    check(url->scheme == "http" || url->scheme == "https", "a URL is of the web", url->scheme);
    check(!url->host.empty() && url->port != 0 && url->target.starts_with('/'), "a URL has all its parts", text);
    for (const char c : url->str()) check(c > ' ' && c < 0x7f, "a URL can stand in a request's line", url->str());
    const auto again = net::parse_url(url->str());
    check(again && again->str() == url->str() && again->host == url->host && again->port == url->port, "a URL has one form", url->str());

    const auto system = system_address(url->host);
    check(net::is_numeric_host(url->host) == system.has_value(), "the system reads an address where we do, and nowhere else", url->host);
    if (system) check_literal(url->host);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto text = fuzz::text_of(data, size);
    check_url(text);
    check_url("http://" + std::string(text));
    if (size <= 64) check_literal(std::string(text));
    if (size == 4 || size == 16) {
        net::Address address;
        address.v6 = size == 16;
        std::memcpy(address.bytes.data(), data, size);
        check_address(address);
    }
    static const auto base = *net::parse_url("https://example.com:8443/a/b/c?d=e");
    if (const auto target = net::resolve_reference(base, text)) {
        const auto again = net::parse_url(target->str());
        check(again && again->str() == target->str(), "a reference leads to a URL", target->str());
        const auto path = std::string_view(target->target).substr(0, target->target.find('?'));
        const bool absolute = text.find("//") != text.npos;
        if (!absolute) check(path.find("/../") == path.npos && !path.ends_with("/.."), "a reference has no dots left", path);
    }
    return 0;
}
