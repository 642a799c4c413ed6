#include <algorithm>
#include <charconv>

#include "net/egress_address.hpp"
#include "net/url.hpp"
#include "sluice/net/client.hpp"

namespace sluice::net {

namespace {

constexpr std::uint16_t open_ports[] = {80, 443, 8080, 8443};

struct AllowedNetwork {
    Address address;
    unsigned length = 0;
    std::uint16_t port = 0;  ///< 0: any
};

struct AllowedHost {
    std::string host;
    std::uint16_t port = 0;
};

class Guard final : public EgressPolicy {
  public:
    Result<void> add(std::string_view entry);
    Result<void> judge(std::string_view host, std::string_view text, std::uint16_t port, bool operator_trusted) const override;

  private:
    bool allows(const Address& address, std::uint16_t port) const {
        for (const auto& each : networks_)
            if ((each.port == 0 || each.port == port) && address.within(each.address, each.length)) return true;
        return false;
    }

    std::vector<AllowedNetwork> networks_;
    std::vector<AllowedHost> hosts_;
};

template <class Number>
std::optional<Number> parse_number(std::string_view text, Number min, Number max) {
    Number number{};
    const char* const end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, number);
    if (text.empty() || parsed.ec != std::errc() || parsed.ptr != end || number < min || number > max) return std::nullopt;
    return number;
}

Result<void> Guard::add(std::string_view entry) {
    const auto refuse = [&](std::string_view why) {
        return fail(ErrorCode::invalid_argument, "egress.allow: '{}' {}; use a network such as 10.0.0.0/8, an address, address:port, "
                    "[v6]:port or host:port", entry, why);
    };
    if (entry.empty()) return refuse("is empty");
    if (const auto address = Address::parse(entry)) {
        networks_.push_back({*address, address->bits(), 0});
        return {};
    }
    if (const auto slash = entry.find('/'); slash != entry.npos) {
        const auto address = Address::parse(entry.substr(0, slash));
        if (!address) return refuse("does not start with an address");
        const auto length = parse_number<unsigned>(entry.substr(slash + 1), 0, address->bits());
        if (!length) return refuse("has no valid prefix length");
        networks_.push_back({*address, *length, 0});
        return {};
    }
    const auto colon = entry.rfind(':');
    if (colon == entry.npos) return refuse("names no port");
    const auto port = parse_number<unsigned>(entry.substr(colon + 1), 1, 65535);
    if (!port) return refuse("has no valid port");
    auto host = entry.substr(0, colon);
    const auto url = parse_url(fmt::format("http://{}/", host));
    if (!url || host.find_first_of("/?#") != host.npos) return refuse("has no valid host");
    if (const auto address = Address::parse(url->host))
        networks_.push_back({*address, address->bits(), static_cast<std::uint16_t>(*port)});
    else hosts_.push_back({url->host, static_cast<std::uint16_t>(*port)});
    return {};
}

Result<void> Guard::judge(std::string_view host, std::string_view text, std::uint16_t port, bool operator_trusted) const {
    const auto refuse = [&](std::string_view why) {
        const auto at = host == text ? std::string(host) : fmt::format("{} ({})", host, text);
        return fail(ErrorCode::forbidden, "requests to {} are refused: {}", at, why);
    };
    const auto address = Address::parse(text);
    if (!address) return refuse("that is not a numeric address");
    const auto effective = effective_addresses(*address);
    for (const auto& each : effective)
        if (is_metadata(each) || is_metadata(*address)) return refuse("it is a cloud's metadata service, which is never allowed");
    if (operator_trusted) return {};

    for (const auto& each : hosts_)
        if (each.port == port && each.host == host) return {};
    if (allows(*address, port)) return {};
    bool all_allowed = true;
    for (const auto& each : effective) {
        if (allows(each, port)) continue;
        all_allowed = false;
        if (const auto why = refusal(each))
            return refuse(fmt::format("it is {}; an operator can allow it in egress.allow", *why));
    }
    if (all_allowed || std::find(std::begin(open_ports), std::end(open_ports), port) != std::end(open_ports)) return {};
    return refuse(fmt::format("port {} is not one of 80, 443, 8080, 8443; an operator can allow it in egress.allow", port));
}

}  // namespace

Result<std::shared_ptr<const EgressPolicy>> make_egress_policy(const std::vector<std::string>& allow) {
    auto guard = std::make_shared<Guard>();
    for (const auto& entry : allow)
        if (auto added = guard->add(entry); !added) return fail(std::move(added.error()));
    return guard;
}

}  // namespace sluice::net
