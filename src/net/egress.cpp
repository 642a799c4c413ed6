#include <algorithm>
#include <charconv>

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <sys/socket.h>

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
    void add_own(std::string_view text) {
        if (const auto address = Address::parse(text)) own_.push_back(*address);
    }
    Result<void> judge(std::string_view host, std::string_view text, std::uint16_t port, bool operator_trusted) const override;
    /// An entry names it, and it is no metadata service.
    bool opens(std::string_view host, std::string_view text, std::uint16_t port) const;

  private:
    bool allows(const Address& address, std::uint16_t port) const {
        for (const auto& each : networks_)
            if ((each.port == 0 || each.port == port) && address.within(each.address, each.length)) return true;
        return false;
    }

    std::vector<AllowedNetwork> networks_;
    std::vector<AllowedHost> hosts_;
    std::vector<Address> own_;  ///< of this machine
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

bool Guard::opens(std::string_view host, std::string_view text, std::uint16_t port) const {
    const auto address = Address::parse(text);
    if (!address || is_metadata(*address)) return false;
    bool all = allows(*address, port);
    for (const auto& each : hosts_) all = all || (each.port == port && each.host == host);
    const auto effective = effective_addresses(*address);
    if (std::any_of(effective.begin(), effective.end(), is_metadata)) return false;
    return all || std::all_of(effective.begin(), effective.end(), [&](const Address& each) { return allows(each, port); });
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
        const bool own = std::find(own_.begin(), own_.end(), each) != own_.end();
        if (const auto why = own ? std::optional<std::string_view>("an address of this machine") : refusal(each))
            return refuse(fmt::format("it is {}; an operator can allow it in egress.allow", *why));
    }
    if (all_allowed || std::find(std::begin(open_ports), std::end(open_ports), port) != std::end(open_ports)) return {};
    return refuse(fmt::format("port {} is not one of 80, 443, 8080, 8443; an operator can allow it in egress.allow", port));
}

/// A host of a workspace's list: a name, every name below one, or an address; with a port or on any.
struct HostRule {
    std::string host;
    bool below = false;      ///< "*.example.com": names that end in ".example.com"
    std::uint16_t port = 0;  ///< 0: any
};

class WorkspaceGuard final : public EgressPolicy {
  public:
    explicit WorkspaceGuard(std::shared_ptr<const EgressPolicy> instance) : instance_(std::move(instance)) {}

    void narrow() { narrowed_ = true; }
    Result<void> add_host(std::string_view entry);
    Result<void> open(std::string_view entry) {
        if (!opened_) opened_ = std::make_shared<Guard>();
        return opened_->add(entry);
    }

    Result<void> judge_name(std::string_view host, std::uint16_t port, bool operator_trusted) const override {
        if (!narrowed_ || operator_trusted) return {};
        for (const auto& rule : hosts_) {
            const bool named = rule.below ? host.size() > rule.host.size() && host.ends_with(rule.host) : host == rule.host;
            if (named && (rule.port == 0 || rule.port == port)) return {};
        }
        return fail(ErrorCode::forbidden,
                    "requests to {}:{} are refused: this workspace may reach the hosts of its list alone; an administrator "
                    "can add it (sluice workspace egress)", host, port);
    }

    Result<void> judge(std::string_view host, std::string_view address, std::uint16_t port, bool operator_trusted) const override {
        if (auto named = judge_name(host, port, operator_trusted); !named) return named;
        auto verdict = instance_->judge(host, address, port, operator_trusted);
        if (verdict || !opened_ || !opened_->opens(host, address, port)) return verdict;
        return {};
    }

  private:
    std::shared_ptr<const EgressPolicy> instance_;
    std::shared_ptr<Guard> opened_;  ///< null: nothing beside what the instance opens
    std::vector<HostRule> hosts_;
    bool narrowed_ = false;
};

Result<void> WorkspaceGuard::add_host(std::string_view entry) {
    HostRule rule;
    auto text = entry;
    if (text.starts_with("*.")) {
        rule.below = true;
        text.remove_prefix(2);
    }
    // A bare IPv6 address has colons of its own.
    const auto address = Address::parse(text);
    const auto url = parse_url(address && address->v6 ? fmt::format("http://[{}]/", text) : fmt::format("http://{}/", text));
    const bool clean = text.find_first_of("/?#@") == text.npos;
    if (!url || !clean || (rule.below && is_numeric_host(url->host)))
        return fail(ErrorCode::invalid_argument,
                    "'{}' is no host; use a name (api.example.com), every name below one (*.example.com) or an address, "
                    "each with :PORT or without", entry);
    const bool has_port = !address && text.rfind(':') != text.npos && !text.ends_with(']');
    rule.host = rule.below ? "." + url->host : url->host;
    rule.port = has_port ? url->port : 0;
    hosts_.push_back(std::move(rule));
    return {};
}

}  // namespace

Result<void> EgressPolicy::judge_name(std::string_view, std::uint16_t, bool) const { return {}; }

Result<std::shared_ptr<const EgressPolicy>> make_egress_policy(const std::vector<std::string>& allow,
                                                               const std::vector<std::string>& own) {
    auto guard = std::make_shared<Guard>();
    for (const auto& address : own) guard->add_own(address);
    for (const auto& entry : allow)
        if (auto added = guard->add(entry); !added) return fail(std::move(added.error()));
    return guard;
}

Result<std::shared_ptr<const EgressPolicy>> make_workspace_policy(std::shared_ptr<const EgressPolicy> instance,
                                                                  const std::optional<std::vector<std::string>>& hosts,
                                                                  const std::vector<std::string>& allow) {
    auto guard = std::make_shared<WorkspaceGuard>(std::move(instance));
    if (hosts) guard->narrow();
    if (hosts)
        for (const auto& entry : *hosts)
            if (auto added = guard->add_host(entry); !added) return fail(std::move(added.error()));
    for (const auto& entry : allow)
        if (auto added = guard->open(entry); !added) return fail(std::move(added.error()));
    return guard;
}

std::vector<std::string> own_addresses() {
    std::vector<std::string> out;
    ifaddrs* all = nullptr;
    if (::getifaddrs(&all) != 0) return out;
    for (const ifaddrs* each = all; each; each = each->ifa_next) {
        if (!each->ifa_addr) continue;
        const auto family = each->ifa_addr->sa_family;
        char text[INET6_ADDRSTRLEN] = {};
        const void* bytes = nullptr;
        if (family == AF_INET) bytes = &reinterpret_cast<const sockaddr_in*>(each->ifa_addr)->sin_addr;
        if (family == AF_INET6) bytes = &reinterpret_cast<const sockaddr_in6*>(each->ifa_addr)->sin6_addr;
        if (bytes && ::inet_ntop(family, bytes, text, sizeof text)) out.emplace_back(text);
    }
    ::freeifaddrs(all);
    return out;
}

}  // namespace sluice::net
