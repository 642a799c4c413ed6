#include "net/egress_address.hpp"

#include <algorithm>
#include <string>

#include <arpa/inet.h>

namespace sluice::net {

namespace {

struct Range {
    const char* network;
    unsigned length;
    std::string_view what;
};

// IANA's special-purpose address registries (IPv4 and IPv6), read 2026-11; the first row that fits names the reason.
constexpr Range ranges[] = {
    {"0.0.0.0", 8, "an unspecified address"},
    {"10.0.0.0", 8, "a private address"},
    {"100.64.0.0", 10, "a carrier-grade NAT address"},
    {"127.0.0.0", 8, "a loopback address"},
    {"169.254.0.0", 16, "a link-local address"},
    {"172.16.0.0", 12, "a private address"},
    {"192.0.0.0", 24, "a reserved address"},
    {"192.0.2.0", 24, "a documentation address"},
    {"192.88.99.0", 24, "a reserved address"},
    {"192.168.0.0", 16, "a private address"},
    {"198.18.0.0", 15, "a benchmark address"},
    {"198.51.100.0", 24, "a documentation address"},
    {"203.0.113.0", 24, "a documentation address"},
    {"224.0.0.0", 4, "a multicast address"},
    {"255.255.255.255", 32, "a broadcast address"},
    {"240.0.0.0", 4, "a reserved address"},
    {"::", 128, "an unspecified address"},
    {"::1", 128, "a loopback address"},
    {"fc00::", 7, "a unique local address"},
    {"fe80::", 10, "a link-local address"},
    {"fec0::", 10, "a site-local address"},
    {"ff00::", 8, "a multicast address"},
    {"2001:db8::", 32, "a documentation address"},
    {"3fff::", 20, "a documentation address"},
    {"2001:2::", 48, "a benchmark address"},
    {"2001::", 23, "a reserved address"},
};

constexpr const char* metadata[] = {
    "169.254.169.254",  // AWS, Google Cloud, Azure, Oracle, DigitalOcean, OpenStack, Hetzner
    "169.254.170.2",    // AWS ECS task credentials
    "169.254.170.23",   // AWS EKS pod identity
    "100.100.100.200",  // Alibaba Cloud
    "168.63.129.16",    // Azure's host agent
    "192.0.0.192",      // Oracle Cloud, older
    "fd00:ec2::254",    // AWS
    "fd00:ec2::23",     // AWS EKS pod identity
    "fd20:ce::254",     // Google Cloud
};

Address known(const char* text) { return *Address::parse(text); }

struct Network {
    Address address;
    unsigned length;
    std::string_view what;
};

const std::vector<Network>& networks() {
    static const auto all = [] {
        std::vector<Network> out;
        for (const auto& range : ranges) out.push_back({known(range.network), range.length, range.what});
        return out;
    }();
    return all;
}

Address v4_at(const Address& address, std::size_t at, std::uint8_t mask = 0) {
    Address out;
    for (std::size_t i = 0; i < 4; ++i) out.bytes[i] = static_cast<std::uint8_t>(address.bytes[at + i] ^ mask);
    return out;
}

}  // namespace

std::optional<Address> Address::parse(std::string_view text) {
    const std::string copy(text);
    Address out;
    if (copy.size() != std::string_view(copy.c_str()).size()) return std::nullopt;
    if (inet_pton(AF_INET, copy.c_str(), out.bytes.data()) == 1) return out;
    out.v6 = true;
    if (inet_pton(AF_INET6, copy.c_str(), out.bytes.data()) == 1) return out;
    return std::nullopt;
}

bool Address::within(const Address& network, unsigned length) const {
    if (v6 != network.v6) return false;
    const auto whole = length / 8;
    if (!std::equal(bytes.begin(), bytes.begin() + whole, network.bytes.begin())) return false;
    const auto rest = length % 8;
    return rest == 0 || ((bytes[whole] ^ network.bytes[whole]) >> (8 - rest)) == 0;
}

std::vector<Address> effective_addresses(const Address& address) {
    if (!address.v6) return {address};
    static const auto mapped = known("::ffff:0:0"), translated = known("::ffff:0:0:0"), compatible = known("::"),
                      nat64 = known("64:ff9b::"), six_to_four = known("2002::"), teredo = known("2001::");
    if (address.within(mapped, 96) || address.within(translated, 96) || address.within(nat64, 96)) return {v4_at(address, 12)};
    if (address.within(compatible, 96)) {
        const bool special = address.within(known("::"), 127);  // :: and ::1 are themselves
        if (!special) return {v4_at(address, 12)};
        return {address};
    }
    if (address.within(six_to_four, 16)) return {v4_at(address, 2)};
    if (address.within(teredo, 32)) return {v4_at(address, 4), v4_at(address, 12, 0xff)};
    const auto& b = address.bytes;
    const bool isatap = (b[8] & 0xfd) == 0 && b[9] == 0 && b[10] == 0x5e && b[11] == 0xfe;
    if (isatap) return {address, v4_at(address, 12)};
    return {address};
}

std::optional<std::string_view> refusal(const Address& address) {
    for (const auto& network : networks())
        if (address.within(network.address, network.length)) return network.what;
    // Global unicast is 2000::/3; everything else of IPv6 is not assigned to the public.
    if (address.v6 && (address.bytes[0] & 0xe0) != 0x20) return "a reserved address";
    return std::nullopt;
}

bool is_metadata(const Address& address) {
    static const auto all = [] {
        std::vector<Address> out;
        for (const char* text : metadata) out.push_back(known(text));
        return out;
    }();
    return std::find(all.begin(), all.end(), address) != all.end();
}

}  // namespace sluice::net
