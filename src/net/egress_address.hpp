#pragma once
/// What kind of place a numeric address is.

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace sluice::net {

/// An IPv4 or IPv6 address as bytes, most significant first.
struct Address {
    std::array<std::uint8_t, 16> bytes{};
    bool v6 = false;

    /// Nothing when the text is no plain numeric address.
    static std::optional<Address> parse(std::string_view text);
    /// The first `length` bits equal those of `network`, and the family does.
    bool within(const Address& network, unsigned length) const;
    unsigned bits() const { return v6 ? 128 : 32; }
    bool operator==(const Address&) const = default;
};

/// The addresses a packet to `address` can end at: itself, or the IPv4 addresses that a v4-mapped, v4-compatible,
/// NAT64, 6to4, Teredo or ISATAP address carries.
std::vector<Address> effective_addresses(const Address& address);
/// Why an effective address is not a public one ("a loopback address"), or nothing.
std::optional<std::string_view> refusal(const Address& address);
/// A cloud's metadata service, which gives credentials away to whoever asks.
bool is_metadata(const Address& address);

}  // namespace sluice::net
