// The head and framing of requests, read as a connection reads them. The same bytes are the same request in whatever
// pieces they arrive, no limit is passed, and what two readers could read differently is refused.

#include <boost/asio/buffer.hpp>

#include "fuzz/check.hpp"
#include "net/request_parser.hpp"
#include "net/request_target.hpp"

using namespace sluice;
using fuzz::check;

namespace {

constexpr std::size_t max_head = 1'024, max_fields = 12, max_body = 256;

/// What came of some bytes.
struct Reading {
    std::string outcome;  ///< "request", "refused" or "more"
    std::string seen;     ///< the request in one text
    std::size_t used = 0;

    bool operator==(const Reading&) const = default;
};

std::string shown(const net::Request& request, std::string_view target, const net::RequestParser& parser) {
    auto out = fmt::format("{} {} HTTP/{} keep-alive {}\n", net::to_string(request.verb), target, parser.version(), parser.keep_alive());
    for (const auto& [name, value] : request.headers.all()) out += fmt::format("{}: {}\n", name, value);
    return out + "\n" + request.body;
}

void check_accepted(std::string_view text, net::Request& request, const std::string& target) {
    check(target.find_first_of(std::string_view("\r\n \0", 4)) == target.npos, "a target is one word", target);
    check(request.headers.all().size() <= max_fields, "the limit of headers holds");
    int hosts = 0;
    for (const auto& [name, value] : request.headers.all()) {
        check(!name.empty() && name.find_first_of(std::string_view("\r\n \t:\0", 6)) == name.npos, "a header's name is one word", name);
        check(value.find_first_of(std::string_view("\r\n\0", 3)) == value.npos, "a header's value is one line", value);
        hosts += boost::beast::iequals(name, "Host");
    }
    check(hosts <= 1, "a request is for one host", text);
    const auto raw_path = net::read_target(target, request);
    if (!raw_path) {
        check(raw_path.error().code == ErrorCode::invalid_argument, "a bad target is a mistake of the request");
        return;
    }
    check(raw_path->starts_with('/') && request.path.starts_with('/'), "a path begins with a slash", target);
    check(request.path.find('\0') == request.path.npos, "a path has no NUL", target);
    for (const char* dots : {"/../", "/./"}) check((request.path + "/").find(dots) == std::string::npos, "a path leads nowhere else", target);
    for (const auto& [name, value] : request.query) check(!name.empty() && name.find('\0') == name.npos, "a parameter has a name", target);
}

/// Reads `text` in two pieces, the first of `first` bytes, as net::Session does.
Reading read(std::string_view text, std::size_t first, bool from_proxy) {
    net::Request request;
    std::string target;
    net::ForwardedFields forwarded;
    net::RequestParser parser(request, target, forwarded, from_proxy, max_head, max_fields);
    std::size_t begin = 0, arrived = 0;
    for (const auto end : {first, text.size()}) {
        if (end == arrived) continue;  // nothing new; the parser expects more than it had
        arrived = end;
        boost::beast::error_code failed;
        if (!parser.is_header_done()) {
            begin += parser.put_head(text.substr(begin, end - begin), failed);
            if (parser.is_header_done() && parser.judge().status) return {"refused", {}, 0};
            parser.body_to(request.body, max_body);
            parser.eager(true);
        }
        while (!failed && parser.is_header_done() && begin < end && !parser.is_done()) {
            const auto used = parser.put(boost::asio::buffer(text.substr(begin, end - begin)), failed);
            begin += used;
            if (used == 0) break;
        }
        if (failed && failed != boost::beast::http::error::need_more) return {"refused", {}, 0};
        if (parser.is_done()) break;
    }
    check(request.body.size() <= max_body, "the limit of a body holds");
    if (!parser.is_header_done()) return {"more", {}, 0};
    check(from_proxy || forwarded.empty(), "a stranger's word of a proxy is not kept");
    Reading out{parser.is_done() ? "request" : "more", {}, parser.is_done() ? begin : 0};
    if (out.outcome == "request") out.seen = shown(request, target, parser);
    check_accepted(text, request, target);
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const auto text = fuzz::text_of(data + 2, size - 2);
    const bool from_proxy = data[0] & 1;
    const auto whole = read(text, text.size(), from_proxy);
    const auto split = read(text, std::min<std::size_t>((data[0] >> 1) * 256u + data[1], text.size()), from_proxy);
    // What is refused sooner or later is no request either way.
    if (whole.outcome == split.outcome || whole.outcome == "request" || split.outcome == "request")
        check(whole == split, "the same bytes are the same request in any pieces",
              fmt::format("{}: {}\n--- and ---\n{}: {}", whole.outcome, whole.seen, split.outcome, split.seen));
    return 0;
}
