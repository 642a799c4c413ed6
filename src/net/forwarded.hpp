#pragma once
/// What proxies say of a request's sender, believed from the operator's own proxies alone.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/egress_address.hpp"
#include "sluice/base/result.hpp"
#include "sluice/net/networks.hpp"

namespace sluice::net {

/// The addresses and networks of `server.trusted_proxies`.
class TrustedProxies {
  public:
    /// Errors: invalid_argument naming the entry.
    static Result<TrustedProxies> parse(const std::vector<std::string>& entries);
    bool trusts(std::string_view address) const;
    bool empty() const { return networks_.empty(); }

  private:
    Networks networks_;
};

/// The fields as they came, those of one name joined by commas. They never reach a handler.
struct ForwardedFields {
    std::string client, scheme, host;  ///< X-Forwarded-For, -Proto, -Host
    std::string standard;              ///< Forwarded (RFC 7239)
    bool empty() const { return client.empty() && scheme.empty() && host.empty() && standard.empty(); }
    /// Takes the field if it is one of them. `name` in any case.
    bool take(std::string_view name, std::string_view value, bool believed);
};

/// What holds of a request that came through trusted proxies.
struct ForwardedClient {
    std::string address;            ///< the nearest one that is no trusted proxy's
    std::optional<bool> tls;        ///< between that client and the first trusted proxy; nothing: not said
    std::string host;               ///< what the client asked for; empty: not said
};

/// `peer`: the trusted proxy that the connection is from. Errors: invalid_argument (X-Forwarded-For and Forwarded name
/// different clients: one of them is the client's own invention).
Result<ForwardedClient> read_forwarded(const ForwardedFields& fields, const TrustedProxies& proxies, std::string_view peer);

}  // namespace sluice::net
