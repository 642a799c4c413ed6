#include "sluice/net/networks.hpp"

#include <charconv>

#include "net/egress_address.hpp"

namespace sluice::net {

Result<Networks> Networks::parse(const std::vector<std::string>& entries) {
    Networks networks;
    for (const auto& entry : entries) {
        const auto refuse = [&] {
            return fail(ErrorCode::invalid_argument, "'{}' is no address or network; use for example 10.0.0.5 or 10.0.0.0/24", entry);
        };
        const auto slash = entry.find('/');
        const auto address = Address::parse(std::string_view(entry).substr(0, slash));
        if (!address) return refuse();
        auto length = address->bits();
        if (slash != entry.npos) {
            const auto digits = std::string_view(entry).substr(slash + 1);
            const auto [end, bad] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
            if (bad != std::errc() || end != digits.data() + digits.size() || length > address->bits()) return refuse();
        }
        networks.networks_.push_back({address->bytes, address->v6, length});
    }
    return networks;
}

bool Networks::contains(std::string_view text) const {
    if (networks_.empty()) return false;
    const auto address = Address::parse(text);
    if (!address) return false;
    // A v4 peer of a socket that serves both families shows as ::ffff:a.b.c.d.
    const auto effective = effective_addresses(*address).front();
    for (const auto& each : networks_) {
        const Address network{each.bytes, each.v6};
        if (address->within(network, each.length) || effective.within(network, each.length)) return true;
    }
    return false;
}

}  // namespace sluice::net
