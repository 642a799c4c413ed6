#include "llm/formats/anthropic.hpp"

namespace sluice::llm::anthropic {

std::string read_error_type(std::string_view type, int status) {
    static constexpr std::pair<std::string_view, std::string_view> words[] = {
        {"invalid_request_error", "invalid_request"}, {"authentication_error", "authentication"}, {"permission_error", "permission"},
        {"not_found_error", "not_found"},             {"request_too_large", "too_large"},         {"rate_limit_error", "rate_limited"},
        {"timeout_error", "timeout"},                 {"overloaded_error", "overloaded"},         {"api_error", "upstream_failed"},
        {"billing_error", "upstream_failed"}};  // the operator's account with the vendor, not a budget of ours
    for (const auto& [theirs, ours] : words)
        if (theirs == type) return std::string(ours);
    switch (status) {
        case 401: return "authentication";
        case 403: return "permission";
        case 404: return "not_found";
        case 408:
        case 504: return "timeout";
        case 413: return "too_large";
        case 429: return "rate_limited";
        case 503:
        case 529: return "overloaded";
        default: return status >= 400 && status < 500 && status != 402 && status != 409 ? "invalid_request" : "upstream_failed";
    }
}

std::string_view write_error_type(std::string_view type) {
    static constexpr std::pair<std::string_view, std::string_view> words[] = {
        {"invalid_request", "invalid_request_error"}, {"content_filter", "invalid_request_error"},
        {"authentication", "authentication_error"},   {"permission", "permission_error"},
        {"not_found", "not_found_error"},             {"budget_exceeded", "billing_error"},
        {"rate_limited", "rate_limit_error"},         {"too_large", "request_too_large"},
        {"overloaded", "overloaded_error"},           {"timeout", "timeout_error"}};
    for (const auto& [ours, theirs] : words)
        if (ours == type) return theirs;
    return "api_error";
}

CallError read_error(int status, const net::Headers& headers, std::string_view body) {
    CallError out;
    out.status = status;
    wire::read_retry_headers(headers, out);
    std::string type;
    if (const auto json = wire::parse_upstream(body, format_name)) {
        if (const auto* error = base::find_member(*json, "error")) {
            type = base::string_or(*error, "type", "");
            out.message = wire::told(base::string_or(*error, "message", ""));
            if (const auto* details = base::find_member(*error, "details")) out.code = base::string_or(*details, "error_code", "");
        } else {
            out.message = wire::told(base::string_or(*json, "message", ""));  // AWS's own shape
        }
    }
    out.type = read_error_type(type, status);
    if (out.message.empty()) out.message = fmt::format("the model provider answered with status {}", status);
    if (type == "billing_error" || status == 402) {
        out.code = "insufficient_quota";
        out.should_retry = false;  // waiting does not fill an account
    }
    // The one refusal that callers act upon (a longer context elsewhere) has no code of its own.
    if (out.code.empty() && out.type == "invalid_request" && out.message.find("prompt is too long") != out.message.npos)
        out.code = "context_length_exceeded";
    return out;
}

namespace {

Json error_json(const CallError& error) {
    Json inner{{"type", write_error_type(error.type)}, {"message", error.message}};
    if (!error.code.empty()) inner["details"] = {{"error_code", error.code}};
    return {{"type", "error"}, {"error", std::move(inner)}};
}

}  // namespace

std::string write_error(const CallError& error, std::string_view request_id) {
    auto out = error_json(error);
    out["request_id"] = request_id.empty() ? Json() : Json(request_id);
    return base::dump_json(out);
}

std::string write_stream_error(const CallError& error) { return wire::event("error", error_json(error)); }

}  // namespace sluice::llm::anthropic
