#include "net/client_request.hpp"

#include <algorithm>

#include "net/url.hpp"

namespace sluice::net {

namespace {

constexpr std::string_view user_agent = "sluice/0.1";

bool equal_fold(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
        const auto fold = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; };
        return fold(x) == fold(y);
    });
}

template <std::size_t N>
bool is_one_of(std::string_view name, const std::string_view (&names)[N]) {
    return std::any_of(std::begin(names), std::end(names), [&](std::string_view each) { return equal_fold(name, each); });
}

/// They describe the connection and the framing, which are ours.
constexpr std::string_view own_headers[] = {"host",    "content-length", "transfer-encoding", "connection", "keep-alive",
                                            "upgrade", "te",             "trailer",           "expect",     "proxy-connection"};
/// They say nothing about who asks, so they may go to another origin. Any other header can be a credential.
constexpr std::string_view harmless_headers[] = {"accept",         "accept-language",  "accept-encoding", "user-agent",
                                                 "content-type",   "content-language", "content-encoding", "cache-control",
                                                 "if-none-match",  "if-modified-since", "range"};

bool is_token(std::string_view text) {
    if (text.empty()) return false;
    for (const char c : text) {
        const bool alnum = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (!alnum && std::string_view("!#$%&'*+-.^_`|~").find(c) == std::string_view::npos) return false;
    }
    return true;
}

bool has_body(Verb verb) { return verb == Verb::post || verb == Verb::put || verb == Verb::patch; }

}  // namespace

Result<void> check_headers(const Headers& headers) {
    for (const auto& [name, value] : headers.all()) {
        if (!is_token(name)) return fail(ErrorCode::invalid_argument, "'{}' is not a header name", name.substr(0, 80));
        if (is_one_of(name, own_headers))
            return fail(ErrorCode::invalid_argument, "the header {} is set by the HTTP client itself; leave it out", name);
        for (const char c : value)
            if ((static_cast<unsigned char>(c) < ' ' && c != '\t') || c == '\x7f')
                return fail(ErrorCode::invalid_argument, "the value of the header {} contains a line break or control character", name);
    }
    return {};
}

std::string request_head(const ClientRequest& request, const Url& url) {
    std::string out;
    out.reserve(512);
    out.append(to_string(request.verb)).append(" ").append(url.target).append(" HTTP/1.1\r\nHost: ").append(authority_of(url)).append("\r\n");
    bool agent = false, accept = false, encoding = false;
    for (const auto& [name, value] : request.headers.all()) {
        agent |= equal_fold(name, "user-agent");
        accept |= equal_fold(name, "accept");
        encoding |= equal_fold(name, "accept-encoding");
        out.append(name).append(": ").append(value).append("\r\n");
    }
    if (!agent) out.append("User-Agent: ").append(user_agent).append("\r\n");
    if (!accept) out.append("Accept: */*\r\n");
    if (!encoding) out.append(request.decompress ? "Accept-Encoding: gzip, deflate\r\n" : "Accept-Encoding: identity\r\n");
    if (!request.body.empty() || has_body(request.verb))
        out.append("Content-Length: ").append(std::to_string(request.body.size())).append("\r\n");
    out.append("\r\n");
    return out;
}

bool is_safe(Verb verb) { return verb == Verb::get || verb == Verb::head || verb == Verb::options; }

bool is_redirect(int status) { return status == 301 || status == 302 || status == 303 || status == 307 || status == 308; }

Result<Url> follow_redirect(ClientRequest& request, const Url& from, int status, std::string_view location) {
    auto next = resolve_reference(from, location);
    if (!next)
        return fail(Error{ErrorCode::upstream_failed, fmt::format("{} redirects to an unusable place: {}", from.host, next.error().message), {}, false});
    if (from.scheme == "https" && next->scheme == "http")
        return fail(ErrorCode::forbidden, "{} redirects from https to http ({}), which is refused", from.host, next->host);

    // As browsers do: 303 always becomes a GET, and a POST does at 301 and 302.
    const bool becomes_get = status == 303 ? request.verb != Verb::head : status < 303 && request.verb == Verb::post;
    Headers kept;
    const bool same_origin = next->origin() == from.origin();
    for (const auto& [name, value] : request.headers.all()) {
        if (!same_origin && !is_one_of(name, harmless_headers)) continue;
        if (becomes_get && name.size() > 8 && equal_fold(std::string_view(name).substr(0, 8), "content-")) continue;
        kept.add(name, value);
    }
    request.headers = std::move(kept);
    if (becomes_get) {
        request.verb = Verb::get;
        request.body.clear();
    }
    // What an operator vouched for is the configured place, not where that sends us.
    if (!same_origin) request.operator_trusted = false;
    return next;
}

}  // namespace sluice::net
