#include <algorithm>
#include <charconv>
#include <cmath>

#include "llm/formats/gemini.hpp"

namespace sluice::llm::gemini_wire {

namespace {

constexpr double longest_wait_ms = 24 * 3'600'000.0;

std::string type_of(std::string_view status, std::string_view reason, int code) {
    if (reason == "API_KEY_INVALID") return "authentication";  // comes as INVALID_ARGUMENT
    if (code == 413) return "too_large";                       // so does this
    static constexpr std::pair<std::string_view, std::string_view> words[] = {
        {"INVALID_ARGUMENT", "invalid_request"}, {"FAILED_PRECONDITION", "invalid_request"}, {"OUT_OF_RANGE", "invalid_request"},
        {"UNAUTHENTICATED", "authentication"},   {"PERMISSION_DENIED", "permission"},        {"NOT_FOUND", "not_found"},
        {"RESOURCE_EXHAUSTED", "rate_limited"},  {"UNAVAILABLE", "overloaded"},              {"DEADLINE_EXCEEDED", "timeout"},
        {"INTERNAL", "upstream_failed"},         {"UNKNOWN", "upstream_failed"}};
    for (const auto& [theirs, ours] : words)
        if (theirs == status) return std::string(ours);
    switch (code) {
        case 401: return "authentication";
        case 403: return "permission";
        case 404: return "not_found";
        case 408:
        case 504: return "timeout";
        case 413: return "too_large";
        case 429: return "rate_limited";
        case 503: return "overloaded";
        default: return code >= 400 && code < 500 && code != 402 && code != 409 ? "invalid_request" : "upstream_failed";
    }
}

std::string_view status_of(std::string_view type) {
    static constexpr std::pair<std::string_view, std::string_view> words[] = {
        {"invalid_request", "INVALID_ARGUMENT"}, {"content_filter", "INVALID_ARGUMENT"}, {"too_large", "INVALID_ARGUMENT"},
        {"authentication", "UNAUTHENTICATED"},   {"permission", "PERMISSION_DENIED"},    {"not_found", "NOT_FOUND"},
        {"budget_exceeded", "FAILED_PRECONDITION"},  // not to be tried again before somebody changes something
        {"rate_limited", "RESOURCE_EXHAUSTED"},  {"overloaded", "UNAVAILABLE"},          {"upstream_failed", "INTERNAL"},
        {"timeout", "DEADLINE_EXCEEDED"}};
    for (const auto& [ours, theirs] : words)
        if (ours == type) return theirs;
    return "INTERNAL";
}

/// "37s" and "1.5s" (google.protobuf.Duration as JSON) in milliseconds, at most a day.
std::optional<std::int64_t> duration_ms(std::string_view text) {
    if (!text.ends_with('s')) return std::nullopt;
    text.remove_suffix(1);
    double seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(seconds)) return std::nullopt;
    return static_cast<std::int64_t>(std::clamp(std::ceil(seconds * 1000), 0.0, longest_wait_ms));
}

std::string upper(std::string_view text) {
    std::string out(text);
    for (auto& c : out)
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    return out;
}

Json detail(std::string_view type) { return Json::object({{"@type", fmt::format("type.googleapis.com/google.rpc.{}", type)}}); }

Json error_json(const CallError& error, std::string_view request_id) {
    Json details = Json::array();
    auto info = detail("ErrorInfo");
    const auto& code = error.code.empty() ? error.type : error.code;
    info["reason"] = upper(code);  // as this vendor spells reasons; `metadata` has it as all our formats do
    info["domain"] = "sluice";
    info["metadata"] = Json::object({{"code", code}});
    details.push_back(std::move(info));
    if (error.retry_after_ms) {
        auto retry = detail("RetryInfo");
        const auto ms = *error.retry_after_ms;
        retry["retryDelay"] = ms % 1000 == 0 ? fmt::format("{}s", ms / 1000) : fmt::format("{}.{:03}s", ms / 1000, ms % 1000);
        details.push_back(std::move(retry));
    }
    if (!request_id.empty()) {
        auto request = detail("RequestInfo");
        request["requestId"] = request_id;
        details.push_back(std::move(request));
    }
    Json inner{{"code", error.status}, {"message", error.message}, {"status", status_of(error.type)}, {"details", std::move(details)}};
    return Json::object({{"error", std::move(inner)}});
}

}  // namespace

const Json* find_error(const Json& body) {
    const auto* holder = body.is_array() && !body.empty() ? &body[0] : &body;
    const auto* error = base::find_member(*holder, "error");
    return error && error->is_object() ? error : nullptr;
}

CallError read_error_object(const Json& error, int status) {
    CallError out;
    out.status = status;
    out.message = wire::told(base::string_or(error, "message", ""));
    std::string reason;
    if (const auto* details = base::find_member(error, "details"); details && details->is_array())
        for (const auto& each : *details) {
            const auto type = base::string_or(each, "@type", "");
            if (type.ends_with("google.rpc.RetryInfo")) out.retry_after_ms = duration_ms(base::string_or(each, "retryDelay", ""));
            if (type.ends_with("google.rpc.ErrorInfo")) reason = base::string_or(each, "reason", "");
        }
    out.type = type_of(base::string_or(error, "status", ""), reason, status);
    out.code = reason;
    // The one refusal that callers act upon (a longer context elsewhere) has no code of its own.
    if (out.type == "invalid_request" && out.message.find("exceeds the maximum number of tokens") != out.message.npos)
        out.code = "context_length_exceeded";
    return out;
}

CallError read_error(int status, const net::Headers& headers, std::string_view body) {
    CallError out;
    const auto json = wire::parse_upstream(body, format_name);
    const auto* error = json ? find_error(*json) : nullptr;
    out = read_error_object(error ? *error : Json::object(), status);
    if (out.message.empty()) out.message = fmt::format("the model provider answered with status {}", status);
    wire::read_retry_headers(headers, out);
    return out;
}

std::string write_error(const CallError& error, std::string_view request_id) { return base::dump_json(error_json(error, request_id)); }

std::string write_stream_error(const CallError& error) { return wire::event({}, error_json(error, {})); }

}  // namespace sluice::llm::gemini_wire
