#include "net/url.hpp"

#include <charconv>

#include <arpa/inet.h>

namespace sluice::net {

namespace {

constexpr std::size_t max_url_bytes = 16 << 10;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alnum(char c) { return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z'); }

/// Path and query: what may not stand there is percent-encoded, what is encoded stays as it is.
std::string encode_target(std::string_view text) {
    constexpr std::string_view hex = "0123456789ABCDEF";
    std::string out;
    out.reserve(text.size() + 1);
    if (text.empty() || text.front() != '/') out += '/';
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte > ' ' && byte < 0x7f && std::string_view("\"<>\\^`{|}").find(c) == std::string_view::npos) {
            out += c;
        } else {
            out += '%';
            out += hex[byte >> 4];
            out += hex[byte & 15];
        }
    }
    return out;
}

/// A last label that starts like a number would be read by some resolvers as an IPv4 address in short, octal or
/// hexadecimal form ("127.1", "0x7f.1", "2130706433"); only the plain dotted form is an address here.
bool looks_numeric(std::string_view host) {
    const auto last = host.substr(host.rfind('.') == host.npos ? 0 : host.rfind('.') + 1);
    if (last.empty()) return false;
    if (last.starts_with("0x")) return true;
    for (const char c : last)
        if (!is_digit(c)) return false;
    return true;
}

bool is_dotted_quad(std::string_view host) {
    in_addr address{};
    // inet_pton takes four decimal numbers without leading zeros and nothing else.
    return inet_pton(AF_INET, std::string(host).c_str(), &address) == 1;
}

Result<std::string> parse_host(std::string_view text) {
    if (text.starts_with('[')) {
        if (!text.ends_with(']')) return fail(ErrorCode::invalid_argument, "the IPv6 address lacks its closing bracket");
        text = text.substr(1, text.size() - 2);
        in6_addr address{};
        if (inet_pton(AF_INET6, std::string(text).c_str(), &address) != 1)
            return fail(ErrorCode::invalid_argument, "'{}' is not an IPv6 address (a zone is not allowed)", text);
        char buffer[INET6_ADDRSTRLEN];
        return std::string(inet_ntop(AF_INET6, &address, buffer, sizeof buffer));
    }
    std::string host;
    for (const char c : text) host += lower(c);
    if (host.ends_with('.')) host.pop_back();
    if (host.empty()) return fail(ErrorCode::invalid_argument, "the URL has no host");
    if (host.size() > 253) return fail(ErrorCode::invalid_argument, "the host name is longer than 253 characters");
    std::size_t label = 0;
    for (std::size_t i = 0; i <= host.size(); ++i) {
        if (i < host.size() && host[i] != '.') {
            if (!is_alnum(host[i]) && host[i] != '-' && host[i] != '_')
                return fail(ErrorCode::invalid_argument, "the host '{}' has a character that is not allowed in a name; write "
                            "international names in their xn-- form", host);
            ++label;
            continue;
        }
        if (label == 0 || label > 63) return fail(ErrorCode::invalid_argument, "the host '{}' has an empty or too long part", host);
        label = 0;
    }
    if (looks_numeric(host) && !is_dotted_quad(host))
        return fail(ErrorCode::invalid_argument, "'{}' is no plain IPv4 address; write four decimal numbers such as 192.0.2.1", host);
    return host;
}

/// RFC 3986 section 5.2.4.
std::string remove_dot_segments(std::string_view path) {
    std::vector<std::string_view> kept;
    bool ends_in_directory = false;
    std::size_t at = 0;
    while (at <= path.size()) {
        const auto end = std::min(path.find('/', at), path.size());
        const auto segment = path.substr(at, end - at);
        ends_in_directory = segment.empty() || segment == "." || segment == "..";
        if (segment == "..") {
            if (!kept.empty()) kept.pop_back();
        } else if (segment != "." && (!segment.empty() || end != path.size()) && !(segment.empty() && at == 0)) {
            kept.push_back(segment);
        }
        at = end + 1;
    }
    std::string out;
    for (const auto segment : kept) out.append("/").append(segment);
    if (out.empty() || ends_in_directory) out += '/';
    return out;
}

bool has_scheme(std::string_view reference) {
    const auto colon = reference.find(':');
    if (colon == reference.npos || colon == 0 || !is_alnum(reference.front()) || is_digit(reference.front())) return false;
    for (const char c : reference.substr(0, colon))
        if (!is_alnum(c) && c != '+' && c != '-' && c != '.') return false;
    return true;
}

}  // namespace

std::uint16_t default_port(std::string_view scheme) { return scheme == "https" ? 443 : 80; }

bool is_numeric_host(std::string_view host) { return host.find(':') != host.npos || is_dotted_quad(host); }

std::string bracketed(std::string_view host) {
    return host.find(':') == host.npos ? std::string(host) : fmt::format("[{}]", host);
}

std::string authority_of(const Url& url) {
    auto out = bracketed(url.host);
    if (url.port != default_port(url.scheme)) out += fmt::format(":{}", url.port);
    return out;
}

std::string Url::origin() const { return fmt::format("{}://{}", scheme, authority_of(*this)); }
std::string Url::str() const { return origin() + target; }

Result<Url> parse_url(std::string_view text) {
    if (text.size() > max_url_bytes) return fail(ErrorCode::invalid_argument, "the URL is longer than {} bytes", max_url_bytes);
    for (const char c : text)
        if (static_cast<unsigned char>(c) < ' ' || c == '\x7f')
            return fail(ErrorCode::invalid_argument, "the URL contains a control character");
    const auto colon = text.find("://");
    if (colon == text.npos) return fail(ErrorCode::invalid_argument, "'{}' is not an absolute URL; start it with https:// or http://", text.substr(0, 80));
    Url url;
    for (const char c : text.substr(0, colon)) url.scheme += lower(c);
    if (url.scheme != "http" && url.scheme != "https")
        return fail(ErrorCode::invalid_argument, "the URL's scheme must be http or https, not '{}'", url.scheme.substr(0, 40));

    auto rest = text.substr(colon + 3);
    rest = rest.substr(0, rest.find('#'));
    const auto authority_end = std::min(rest.find_first_of("/?"), rest.size());
    auto authority = rest.substr(0, authority_end);
    if (authority.find('@') != authority.npos)
        return fail(ErrorCode::invalid_argument, "a user name or password in the URL is not allowed; send a credential in a header");
    // Some parsers end the authority at a backslash, others do not; such a URL has no safe reading.
    if (authority.find('\\') != authority.npos) return fail(ErrorCode::invalid_argument, "the URL's host contains a backslash");

    const auto bracket = authority.rfind(']');
    const auto port_colon = authority.find(':', bracket == authority.npos ? 0 : bracket);
    url.port = default_port(url.scheme);
    if (port_colon != authority.npos) {
        const auto digits = authority.substr(port_colon + 1);
        const char* const end = digits.data() + digits.size();
        unsigned port = 0;
        const auto parsed = std::from_chars(digits.data(), end, port);
        if (digits.empty() || parsed.ec != std::errc() || parsed.ptr != end || port == 0 || port > 65535)
            return fail(ErrorCode::invalid_argument, "'{}' is not a port; use a number from 1 to 65535", digits.substr(0, 40));
        url.port = static_cast<std::uint16_t>(port);
        authority = authority.substr(0, port_colon);
    }
    auto host = parse_host(authority);
    if (!host) return fail(std::move(host.error()));
    url.host = std::move(*host);
    url.target = encode_target(rest.substr(authority_end));
    return url;
}

Result<Url> resolve_reference(const Url& base, std::string_view reference) {
    while (reference.starts_with(' ')) reference.remove_prefix(1);
    while (reference.ends_with(' ')) reference.remove_suffix(1);
    reference = reference.substr(0, reference.find('#'));
    if (has_scheme(reference)) return parse_url(reference);
    if (reference.starts_with("//")) return parse_url(fmt::format("{}:{}", base.scheme, reference));

    const auto base_path = std::string_view(base.target).substr(0, base.target.find('?'));
    if (reference.empty()) return parse_url(base.str());
    if (reference.starts_with('?')) return parse_url(fmt::format("{}{}{}", base.origin(), base_path, reference));
    const auto path = reference.substr(0, reference.find('?'));
    const auto query = reference.substr(path.size());
    std::string joined(path);
    if (!reference.starts_with('/')) joined = fmt::format("{}{}", base_path.substr(0, base_path.rfind('/') + 1), path);
    return parse_url(fmt::format("{}{}{}", base.origin(), remove_dot_segments(joined), query));
}

}  // namespace sluice::net
