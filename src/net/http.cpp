#include "sluice/net/http.hpp"

#include "sluice/base/json.hpp"

namespace sluice::net {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool same_name(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i)
        if (lower(a[i]) != lower(b[i])) return false;
    return true;
}

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    const char l = lower(c);
    return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

std::string_view trim(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

std::string_view opaque_tag(std::string_view tag) {
    return tag.starts_with("W/") ? tag.substr(2) : tag;
}

bool is_json(std::string_view media) {
    media = trim(media.substr(0, media.find(';')));
    return same_name(media, "application/json") ||
           (media.size() > 5 && same_name(media.substr(media.size() - 5), "+json"));
}

std::string_view title_of(ErrorCode code) {
    switch (code) {
        case ErrorCode::invalid_argument:
            return "The request is malformed";
        case ErrorCode::unauthenticated:
            return "A credential is needed";
        case ErrorCode::budget_exceeded:
            return "The budget does not allow it";
        case ErrorCode::forbidden:
            return "Not permitted";
        case ErrorCode::step_up_required:
            return "Sign in again for this";
        case ErrorCode::not_found:
            return "Not found";
        case ErrorCode::method_not_allowed:
            return "Method not allowed";
        case ErrorCode::conflict:
            return "Conflict";
        case ErrorCode::gone:
            return "Gone";
        case ErrorCode::precondition_failed:
            return "The object has changed";
        case ErrorCode::too_large:
            return "Too large";
        case ErrorCode::unsupported_media:
            return "Unsupported media type";
        case ErrorCode::unprocessable:
            return "The content breaks a rule";
        case ErrorCode::precondition_required:
            return "A precondition is required";
        case ErrorCode::rate_limited:
            return "Too many requests";
        case ErrorCode::headers_too_large:
            return "Headers too large";
        case ErrorCode::cancelled:
            return "Cancelled";
        case ErrorCode::internal:
            return "Internal error";
        case ErrorCode::upstream_failed:
            return "An upstream server failed";
        case ErrorCode::unavailable:
            return "Unavailable";
        case ErrorCode::sealed:
            return "The vault is sealed";
        case ErrorCode::timeout:
            return "Timed out";
    }
    return "Error";
}

}  // namespace

std::string_view to_string(Verb verb) {
    switch (verb) {
        case Verb::get:
            return "GET";
        case Verb::head:
            return "HEAD";
        case Verb::post:
            return "POST";
        case Verb::put:
            return "PUT";
        case Verb::patch:
            return "PATCH";
        case Verb::del:
            return "DELETE";
        case Verb::options:
            return "OPTIONS";
    }
    return "GET";
}

void Headers::set(std::string_view name, std::string_view value) {
    remove(name);
    add(name, value);
}

void Headers::add(std::string_view name, std::string_view value) {
    fields_.emplace_back(name, value);
}

void Headers::remove(std::string_view name) {
    std::erase_if(fields_, [&](const auto& field) { return same_name(field.first, name); });
}

std::optional<std::string_view> Headers::find(std::string_view name) const {
    for (const auto& [field, value] : fields_)
        if (same_name(field, name)) return std::string_view(value);
    return std::nullopt;
}

std::string_view Headers::get(std::string_view name, std::string_view fallback) const {
    return find(name).value_or(fallback);
}

std::string_view Request::parameter(std::string_view name) const {
    for (const auto& [key, value] : path_parameters)
        if (key == name) return value;
    return {};
}

std::optional<std::string_view> Request::query_value(std::string_view name) const {
    for (const auto& [key, value] : query)
        if (key == name) return std::string_view(value);
    return std::nullopt;
}

Result<std::int64_t> Request::query_integer(std::string_view name, std::int64_t fallback,
                                            std::int64_t min, std::int64_t max) const {
    const auto text = query_value(name);
    if (!text) return fallback;
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
    if (error != std::errc() || end != text->data() + text->size() || value < min || value > max)
        return fail(ErrorCode::invalid_argument,
                    "the query parameter {} must be a whole number from {} to {}", name, min, max);
    return value;
}

void Request::record(storage::WriteUnit& unit, const StoredAnswer& answer, AuditNote note) const {
    if (idempotency) idempotency->record(unit, answer);
    if (!audit) return;
    audit->changed(unit, *this, answer, std::move(note));
    audited = true;
}

void Request::record_once(storage::WriteUnit& unit, const StoredAnswer& answer, AuditNote note) const {
    if (idempotency) idempotency->record_once(unit, answer);
    if (!audit) return;
    audit->changed(unit, *this, answer, std::move(note));
    audited = true;
}

Result<Json> Request::json() const {
    if (checked_body) {
        const auto taken = std::exchange(checked_body, nullptr);
        return std::move(*taken);
    }
    if (const auto media = headers.find("Content-Type"); media && !is_json(*media))
        return fail(ErrorCode::unsupported_media, "send the body as application/json, not as {}",
                    *media);
    if (body.empty())
        return fail(ErrorCode::invalid_argument,
                    "the body is empty; send a JSON document with Content-Type: application/json");
    base::JsonLimits limits;
    limits.size_bytes =
        std::max(limits.size_bytes, body.size());  // the route's own limit has passed it
    limits.string_bytes = limits.size_bytes;
    if (json_depth) limits.depth = json_depth;
    return base::parse_json(body, limits);
}

log::Logger Request::logger() const { return log::Logger{{"request", id}}; }

Response json_response(int status, const Json& value) {
    return text_response(status, "application/json", base::dump_json(value));
}

Response text_response(int status, std::string_view media_type, std::string text) {
    Response response;
    response.status = status;
    response.headers.add("Content-Type", media_type);
    response.text = std::move(text);
    return response;
}

Response problem(const Error& error) {
    const int status = base::http_status(error.code);
    Json body{{"type", fmt::format("urn:sluice:problem:{}", base::to_string(error.code))},
              {"title", title_of(error.code)},
              {"status", status},
              {"code", base::to_string(error.code)}};
    if (!error.message.empty()) body["detail"] = error.message;
    if (!error.details.empty()) {
        auto& errors = body["errors"] = Json::array();
        for (const auto& detail : error.details)
            errors.push_back(Json{{"pointer", detail.pointer}, {"message", detail.message}});
    }
    auto response = text_response(status, "application/problem+json", base::dump_json(body));
    if (error.code == ErrorCode::unauthenticated)
        response.headers.add("WWW-Authenticate", "Bearer");
    if (error.code == ErrorCode::unavailable || error.code == ErrorCode::rate_limited)
        response.headers.add("Retry-After", std::to_string(std::max<std::int64_t>(1, (error.retry_after_us + 999'999) / 1'000'000)));
    return response;
}

Response no_content() {
    Response response;
    response.status = 204;
    return response;
}

Response event_stream(std::function<Awaitable<void>(BodyWriter&)> stream) {
    Response response;
    response.headers.add("Content-Type", "text/event-stream");
    response.headers.add("Cache-Control", "no-store");
    response.headers.add("X-Accel-Buffering", "no");  // nginx would hold events back
    response.stream = std::move(stream);
    return response;
}

std::string format_sse(std::string_view event, std::string_view id, std::string_view data) {
    std::string text;
    text.reserve(data.size() + event.size() + id.size() + 32);
    const auto line = [&](std::string_view field, std::string_view value) {
        text.append(field).append(": ");
        for (const char c : value)  // a line break inside a value would start another field
            if (c != '\r' && c != '\n' && c != '\0') text.push_back(c);
        text.push_back('\n');
    };
    if (!id.empty()) line("id", id);
    if (!event.empty()) line("event", event);
    while (true) {
        const auto end = data.find('\n');
        line("data", data.substr(0, end));
        if (end == std::string_view::npos) break;
        data.remove_prefix(end + 1);
    }
    text.push_back('\n');
    return text;
}

bool etag_matches(std::string_view header, std::string_view etag) {
    header = trim(header);
    if (header == "*") return !etag.empty();
    while (!header.empty()) {
        // A comma may stand inside the quotes of a tag.
        std::size_t end = 0;
        bool quoted = false;
        while (end < header.size() && (quoted || header[end] != ',')) {
            if (header[end] == '"') quoted = !quoted;
            ++end;
        }
        if (opaque_tag(trim(header.substr(0, end))) == opaque_tag(etag)) return true;
        header.remove_prefix(std::min(end + 1, header.size()));
    }
    return false;
}

Result<std::string> decode_component(std::string_view text, bool plus_is_space) {
    if (text.find_first_of(plus_is_space ? "%+" : "%") == std::string_view::npos) return std::string(text);
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%') {
            const bool enough = text.size() - i > 2;
            const int high = enough ? hex_value(text[i + 1]) : -1;
            const int low = enough ? hex_value(text[i + 2]) : -1;
            if (high < 0 || low < 0)
                return fail(ErrorCode::invalid_argument,
                            "\"%\" in an address must be followed by two hexadecimal digits");
            const char c = static_cast<char>(high * 16 + low);
            if (c == '\0')
                return fail(ErrorCode::invalid_argument,
                            "an address must not contain a NUL character");
            out.push_back(c);
            i += 2;
        } else {
            out.push_back(plus_is_space && text[i] == '+' ? ' ' : text[i]);
        }
    }
    return out;
}

std::string encode_component(std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string out;
    out.reserve(text.size());
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        const bool plain = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
                           (byte >= 'a' && byte <= 'z') || c == '-' || c == '.' || c == '_' ||
                           c == '~';
        if (plain) {
            out.push_back(c);
        } else {
            out.push_back('%');
            out.push_back(digits[byte >> 4]);
            out.push_back(digits[byte & 15]);
        }
    }
    return out;
}

}  // namespace sluice::net
