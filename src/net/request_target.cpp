#include "net/request_target.hpp"

#include <algorithm>

namespace sluice::net {
namespace {

std::string lowered(std::string_view text) {
    std::string out(text);
    for (auto& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    return out;
}

/// A segment "." or "..", plain or encoded: nothing here has a use for it, and file handlers must
/// never see one.
bool has_dot_segment(std::string_view decoded) {
    for (std::size_t at = 0; at < decoded.size();) {
        const auto slash = std::min(decoded.find('/', at + 1), decoded.size());
        const auto segment = decoded.substr(at + 1, slash - at - 1);
        if (segment == "." || segment == "..") return true;
        at = slash;
    }
    return false;
}

/// Every "%" must begin an encoded byte, and nothing below the space belongs into an address.
Result<void> decode_path(std::string_view raw, std::string& path) {
    if (raw.find('%') == std::string_view::npos) {
        path.assign(raw);
        return {};
    }
    auto decoded = decode_component(raw, false);
    if (!decoded) return fail(std::move(decoded.error()));
    path = std::move(*decoded);
    return {};
}

}  // namespace

std::string normal_authority(std::string_view authority, bool tls) {
    auto out = lowered(authority);
    const std::string_view own = tls ? ":443" : ":80";
    if (out.ends_with(own)) out.resize(out.size() - own.size());
    return out;
}

Result<std::string_view> read_target(std::string_view target, Request& request) {
    if (!target.starts_with('/')) {
        // Absolute form is for proxies; accepted only for the host that the request names anyway.
        const std::string_view scheme = request.tls ? "https://" : "http://";
        if (lowered(target.substr(0, scheme.size())) != scheme)
            return fail(ErrorCode::invalid_argument,
                        "the address of the request must start with a slash");
        target.remove_prefix(scheme.size());
        const auto authority = target.substr(0, target.find_first_of("/?#"));
        if (normal_authority(authority, request.tls) !=
            normal_authority(request.headers.get("Host"), request.tls))
            return fail(ErrorCode::invalid_argument,
                        "the address names another host than the header Host; this is no proxy");
        target.remove_prefix(authority.size());
        if (!target.starts_with('/'))
            return fail(ErrorCode::invalid_argument, "the address of the request has no path");
    }
    if (target.find('#') != std::string_view::npos)
        return fail(ErrorCode::invalid_argument, "the address of a request has no fragment (#)");
    const auto question = target.find('?');
    const auto raw_path = target.substr(0, question);
    if (auto decoded = decode_path(raw_path, request.path); !decoded)
        return fail(std::move(decoded.error()));
    if (has_dot_segment(request.path))
        return fail(ErrorCode::invalid_argument, "a path segment \".\" or \"..\" is not accepted");
    if (question != std::string_view::npos) {
        auto rest = target.substr(question + 1);
        while (!rest.empty()) {
            const auto end = rest.find('&');
            const auto pair = rest.substr(0, end);
            const auto equals = pair.find('=');
            auto name = decode_component(pair.substr(0, equals), true);
            auto value = equals == std::string_view::npos
                             ? Result<std::string>()
                             : decode_component(pair.substr(equals + 1), true);
            if (!name) return fail(std::move(name.error()));
            if (!value) return fail(std::move(value.error()));
            if (!name->empty()) request.query.emplace_back(std::move(*name), std::move(*value));
            if (end == std::string_view::npos) break;
            rest.remove_prefix(end + 1);
        }
    }
    return raw_path;
}

}  // namespace sluice::net
