// The head of an answer: status line, the handler's headers, and those that every answer carries.

#include <charconv>

#include "net/server_state.hpp"

namespace sluice::net {
namespace {

std::string_view reason(int status) {
    switch (status) {
        case 200:
            return "OK";
        case 201:
            return "Created";
        case 202:
            return "Accepted";
        case 204:
            return "No Content";
        case 206:
            return "Partial Content";
        case 301:
            return "Moved Permanently";
        case 302:
            return "Found";
        case 303:
            return "See Other";
        case 304:
            return "Not Modified";
        case 307:
            return "Temporary Redirect";
        case 308:
            return "Permanent Redirect";
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 402:
            return "Payment Required";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 408:
            return "Request Timeout";
        case 409:
            return "Conflict";
        case 410:
            return "Gone";
        case 412:
            return "Precondition Failed";
        case 413:
            return "Content Too Large";
        case 415:
            return "Unsupported Media Type";
        case 416:
            return "Range Not Satisfiable";
        case 417:
            return "Expectation Failed";
        case 421:
            return "Misdirected Request";
        case 422:
            return "Unprocessable Content";
        case 426:
            return "Upgrade Required";
        case 428:
            return "Precondition Required";
        case 429:
            return "Too Many Requests";
        case 431:
            return "Request Header Fields Too Large";
        case 500:
            return "Internal Server Error";
        case 501:
            return "Not Implemented";
        case 502:
            return "Bad Gateway";
        case 503:
            return "Service Unavailable";
        case 504:
            return "Gateway Timeout";
        case 505:
            return "HTTP Version Not Supported";
        default:
            return "Status";
    }
}

void add_line(std::string& out, std::string_view name, std::string_view value) {
    out.append(name).append(": ");
    if (value.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos) {
        out.append(value);
    } else {
        for (const char c :
             value)  // a line break in a value would be a header of the caller's choice
            if (c != '\r' && c != '\n' && c != '\0') out.push_back(c);
    }
    out.append("\r\n");
}

bool is_page(std::string_view path) {
    return !path.starts_with("/api/") && !path.starts_with("/v1/") && !path.starts_with("/v1beta/");
}

}  // namespace

Server::State::FixedHeaders::FixedHeaders(std::vector<std::pair<std::string, std::string>> from)
    : fields(std::move(from)) {
    for (const auto& [name, value] : fields)
        text.append(name).append(": ").append(value).append("\r\n");
}

void Server::State::write_head(std::string& out, const Exchange& exchange, const Response& response,
                               std::string_view version) {
    std::array<char, 12> digits;
    const auto end =
        std::to_chars(digits.data(), digits.data() + digits.size(), response.status);
    out.append("HTTP/").append(version).append(" ").append(digits.data(), end.ptr).append(" ");
    out.append(reason(response.status)).append("\r\n").append(date_line());
    for (const auto& [name, value] : response.headers.all()) add_line(out, name, value);
    const auto& fixed = is_page(exchange.request.path) ? page_headers : api_headers;
    const auto is_set = [&](const auto& field) { return response.headers.find(field.first).has_value(); };
    if (std::ranges::none_of(fixed.fields, is_set)) {
        out.append(fixed.text);
    } else {
        for (const auto& field : fixed.fields)
            if (!is_set(field))
                out.append(field.first).append(": ").append(field.second).append("\r\n");
    }
    if (!options.cors_origins.empty()) add_cors(out, exchange);
    append_rate_headers(out, exchange.rate);
    out.append("X-Request-Id: ").append(exchange.request.id).append("\r\n");
    if (exchange.request.tls) out.append("Strict-Transport-Security: max-age=31536000\r\n");
}

std::optional<std::string_view> Server::State::cors_origin(const Exchange& exchange) const {
    if (options.cors_origins.empty() || exchange.upgrade || is_page(exchange.request.path)) return std::nullopt;
    const auto origin = exchange.request.headers.find("Origin");
    if (!origin || std::ranges::find(options.cors_origins, *origin) == options.cors_origins.end()) return std::nullopt;
    return origin;
}

void Server::State::add_cors(std::string& out, const Exchange& exchange) const {
    if (is_page(exchange.request.path)) return;
    out.append("Vary: Origin\r\n");
    const auto origin = cors_origin(exchange);
    if (!origin) return;
    // Never Access-Control-Allow-Credentials: other sites' pages come with a key, not with our cookie.
    out.append("Access-Control-Allow-Origin: ").append(*origin).append("\r\n");
    if (exchange.request.verb != Verb::options)
        out.append("Access-Control-Expose-Headers: ETag, Location, Retry-After, RateLimit, RateLimit-Policy, "
                   "X-Request-Id, Idempotent-Replayed\r\n");
}

std::string_view Server::State::date_line() {
    const auto second = base::to_us(loop.now()) / 1'000'000;
    if (second == date_second) return date_text;
    date_second = second;
    namespace chrono = std::chrono;
    const auto now = chrono::sys_seconds(chrono::seconds(second));
    const auto day = chrono::floor<chrono::days>(now);
    const chrono::year_month_day date(day);
    const chrono::hh_mm_ss time(now - day);
    constexpr std::string_view days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::string_view months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                           "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    date_text =
        fmt::format("Date: {}, {:02} {} {:04} {:02}:{:02}:{:02} GMT\r\n",
                    days[chrono::weekday(day).c_encoding()], static_cast<unsigned>(date.day()),
                    months[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
                    time.hours().count(), time.minutes().count(), time.seconds().count());
    return date_text;
}

}  // namespace sluice::net
