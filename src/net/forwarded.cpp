#include "net/forwarded.hpp"

#include <fmt/format.h>

namespace sluice::net {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool equal_fold(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trimmed(std::string_view text) {
    while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
    while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
    return text;
}

/// Splits outside of quoted strings.
std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    bool quoted = false;
    std::size_t begin = 0;
    for (std::size_t at = 0; at <= text.size(); ++at) {
        if (at < text.size() && quoted && text[at] == '\\') {
            ++at;
            continue;
        }
        if (at < text.size() && text[at] == '"') quoted = !quoted;
        if (at < text.size() && (quoted || text[at] != separator)) continue;
        parts.push_back(trimmed(text.substr(begin, at - begin)));
        begin = at + 1;
    }
    return parts;
}

/// An address with or without brackets and port, as text that compares; empty when it is none ("unknown", "_hidden").
std::string bare_address(std::string_view text) {
    if (text.starts_with('[')) {
        const auto end = text.find(']');
        if (end == text.npos) return {};
        text = text.substr(1, end - 1);
    } else if (text.find(':') == text.rfind(':')) {
        text = text.substr(0, text.find(':'));
    }
    return Address::parse(text) ? std::string(text) : std::string();
}

std::string_view unquoted(std::string_view text) {
    if (text.size() >= 2 && text.front() == '"' && text.back() == '"') return text.substr(1, text.size() - 2);
    return text;
}

/// One proxy's word, the nearest proxy's last.
struct Hop {
    std::string address;
    std::string_view scheme, host;
};

std::vector<Hop> standard_hops(std::string_view text) {
    std::vector<Hop> hops;
    if (text.empty()) return hops;
    for (const auto element : split(text, ',')) {
        Hop hop;
        for (const auto pair : split(element, ';')) {
            const auto equals = pair.find('=');
            if (equals == pair.npos) continue;
            const auto name = trimmed(pair.substr(0, equals));
            const auto value = unquoted(trimmed(pair.substr(equals + 1)));
            if (equal_fold(name, "for")) hop.address = bare_address(value);
            else if (equal_fold(name, "proto")) hop.scheme = value;
            else if (equal_fold(name, "host")) hop.host = value;
        }
        hops.push_back(std::move(hop));
    }
    return hops;
}

/// The value that belongs to hop `index` of `count`; a list of another length is counted from its near end.
std::string_view aligned(const std::vector<std::string_view>& values, std::size_t index, std::size_t count) {
    if (values.empty()) return {};
    const auto from_end = count - 1 - index;
    return from_end < values.size() ? values[values.size() - 1 - from_end] : values.front();
}

std::vector<Hop> usual_hops(const ForwardedFields& fields) {
    std::vector<Hop> hops;
    const auto clients = fields.client.empty() ? std::vector<std::string_view>{{}} : split(fields.client, ',');
    const auto schemes = fields.scheme.empty() ? std::vector<std::string_view>{} : split(fields.scheme, ',');
    const auto hosts = fields.host.empty() ? std::vector<std::string_view>{} : split(fields.host, ',');
    for (std::size_t i = 0; i < clients.size(); ++i)
        hops.push_back({bare_address(clients[i]), aligned(schemes, i, clients.size()), aligned(hosts, i, clients.size())});
    return hops;
}

ForwardedClient client_of(const std::vector<Hop>& hops, const TrustedProxies& proxies, std::string_view peer) {
    ForwardedClient client;
    client.address = peer;
    for (auto hop = hops.rbegin(); hop != hops.rend(); ++hop) {
        if (equal_fold(hop->scheme, "https")) client.tls = true;
        else if (equal_fold(hop->scheme, "http")) client.tls = false;
        if (!hop->host.empty()) client.host = hop->host;
        // What cannot be read was not written by a proxy of ours; whoever is further out cannot be known.
        if (hop->address.empty()) break;
        client.address = hop->address;
        if (!proxies.trusts(hop->address)) break;
    }
    return client;
}

void append(std::string& list, std::string_view value) {
    if (!list.empty()) list.append(", ");
    list.append(value);
}

}  // namespace

Result<TrustedProxies> TrustedProxies::parse(const std::vector<std::string>& entries) {
    auto networks = Networks::parse(entries);
    if (!networks) return fail(ErrorCode::invalid_argument, "server.trusted_proxies: {}", networks.error().message);
    TrustedProxies proxies;
    proxies.networks_ = std::move(*networks);
    return proxies;
}

bool TrustedProxies::trusts(std::string_view text) const { return networks_.contains(text); }

bool ForwardedFields::take(std::string_view name, std::string_view value, bool believed) {
    constexpr std::string_view prefix = "x-forwarded-";
    if (equal_fold(name, "forwarded")) {
        if (believed) append(standard, value);
        return true;
    }
    if (name.size() <= prefix.size() || !equal_fold(name.substr(0, prefix.size()), prefix)) return false;
    const auto what = name.substr(prefix.size());
    if (!believed) return true;
    if (equal_fold(what, "for")) append(client, value);
    else if (equal_fold(what, "proto")) append(scheme, value);
    else if (equal_fold(what, "host")) append(host, value);
    return true;
}

Result<ForwardedClient> read_forwarded(const ForwardedFields& fields, const TrustedProxies& proxies, std::string_view peer) {
    const auto standard = client_of(standard_hops(fields.standard), proxies, peer);
    if (fields.client.empty() && !fields.standard.empty()) return standard;
    auto usual = client_of(usual_hops(fields), proxies, peer);
    // A proxy that sets one of the two passes the other on as the client wrote it.
    if (!fields.standard.empty() && standard.address != usual.address)
        return fail(ErrorCode::invalid_argument,
                    "X-Forwarded-For and Forwarded name different clients; let the proxy remove the one that it does not set");
    return usual;
}

}  // namespace sluice::net
