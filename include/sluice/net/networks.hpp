#pragma once
/// Numeric networks: who may come from where.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.hpp"

namespace sluice::net {

/// A list of addresses and networks, "10.0.0.5", "10.0.0.0/24", "2001:db8::/32".
class Networks {
  public:
    /// Errors: invalid_argument naming the entry.
    static Result<Networks> parse(const std::vector<std::string>& entries);
    /// Whether one of them holds the numeric address; an IPv4 peer of a socket for both families counts as what it is.
    bool contains(std::string_view address) const;
    bool empty() const { return networks_.empty(); }

  private:
    struct Network {
        std::array<std::uint8_t, 16> bytes{};
        bool v6 = false;
        unsigned length = 0;
    };
    std::vector<Network> networks_;
};

}  // namespace sluice::net
