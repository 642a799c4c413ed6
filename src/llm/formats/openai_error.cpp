#include <algorithm>
#include <charconv>
#include <cmath>

#include "llm/formats/openai_fields.hpp"

namespace sluice::llm::openai {

namespace {

bool mentions(std::string_view text, std::string_view word) {
    return std::search(text.begin(), text.end(), word.begin(), word.end(), [](char a, char b) {
               return std::tolower(static_cast<unsigned char>(a)) == b;
           }) != text.end();
}

std::string text_of(const Json* value) {
    if (!value || value->is_null()) return {};
    return value->is_string() ? value->get<std::string>() : base::dump_json(*value);
}

/// The error object in a body: {"error": {…}}, {"error": "…"}, [{"error": …}] (Google), {"message"}, {"detail"} (FastAPI).
Json error_in(const Json& body) {
    if (body.is_array() && !body.empty()) return error_in(body.front());
    if (const auto* error = base::find_member(body, "error"); error && !error->is_null()) return *error;
    return body;
}

void read_object(const Json& error, CallError& out) {
    if (error.is_string()) {
        out.message = error.get<std::string>();
        return;
    }
    for (const auto* key : {"message", "detail", "error", "msg"})
        if (out.message.empty()) out.message = text_of(base::find_member(error, key));
    out.code = text_of(base::find_member(error, "code"));
    out.type = base::string_or(error, "type", "");
    out.parameter = text_of(base::find_member(error, "param"));
}

bool is_code(const CallError& error, std::string_view code) { return error.code == code || error.type == code; }

std::string type_of_status(int status) {
    switch (status) {
        case 401: return "authentication";
        case 402: return "upstream_failed";  // the vendor's account, not a budget of ours
        case 403: return "permission";
        case 404: return "not_found";
        case 408:
        case 504: return "timeout";
        case 413: return "too_large";
        case 429: return "rate_limited";
        case 503:
        case 529: return "overloaded";
        default: return status >= 400 && status < 500 && status != 409 ? "invalid_request" : "upstream_failed";
    }
}

/// Ours, from what the vendor says and the status; `error` holds the vendor's type and code.
void settle_type(CallError& error) {
    const bool no_credit = error.status == 402 || is_code(error, "insufficient_quota");
    std::string type = type_of_status(error.status);
    if (is_code(error, "content_filter") || is_code(error, "content_policy_violation")) type = "content_filter";
    if (no_credit) {
        error.code = "insufficient_quota";
        error.should_retry = false;  // waiting does not fill an account
    }
    if (type == "invalid_request" && (mentions(error.message, "maximum context length") ||
                                      mentions(error.message, "context window") || is_code(error, "context_length_exceeded")))
        error.code = "context_length_exceeded";
    const bool number = !error.code.empty() && std::all_of(error.code.begin(), error.code.end(), [](unsigned char c) {
        return std::isdigit(c) != 0;
    });
    if (number && error.code == std::to_string(error.status)) error.code.clear();  // says nothing new
    error.type = std::move(type);
}

std::optional<double> decimal(std::string_view text) {
    double value = 0;
    const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || bad != std::errc{} || end != text.data() + text.size() || !std::isfinite(value) || value < 0)
        return std::nullopt;
    return value;
}

/// The names of types as OpenAI's answers have them.
std::string wire_type(const std::string& type) {
    if (type == "budget_exceeded") return "budget_exceeded";
    if (type == "rate_limited") return "rate_limit_error";
    if (type == "permission") return "permission_error";
    if (type == "upstream_failed" || type == "overloaded" || type == "timeout" || type == "internal") return "server_error";
    return "invalid_request_error";
}

std::string default_code(const std::string& type) {
    static constexpr std::pair<std::string_view, std::string_view> codes[] = {
        {"authentication", "invalid_api_key"},    {"budget_exceeded", "budget_exceeded"},
        {"rate_limited", "rate_limit_exceeded"},  {"too_large", "request_too_large"},
        {"content_filter", "content_filter"},     {"upstream_failed", "upstream_failed"},
        {"overloaded", "overloaded"},             {"timeout", "timeout"},
    };
    for (const auto& [ours, code] : codes)
        if (type == ours) return std::string(code);
    return {};
}

/// The status that the words of an error inside a stream stand for; 502 when they say nothing.
int status_of_words(const CallError& error) {
    if (const auto number = decimal(error.code); number && *number >= 400 && *number < 600) return static_cast<int>(*number);
    if (mentions(error.type, "rate_limit") || mentions(error.code, "rate_limit")) return 429;
    if (mentions(error.type, "overloaded") || mentions(error.code, "overloaded")) return 503;
    if (mentions(error.code, "timeout")) return 504;
    if (error.type == "invalid_request_error" || error.code == "invalid_prompt" || error.code == "context_length_exceeded")
        return 400;
    return 502;
}

}  // namespace

CallError read_error(int status, const net::Headers& headers, std::string_view body) {
    CallError out;
    out.status = status;
    if (const auto parsed = base::parse_json(body, answer_limits)) {
        read_object(error_in(*parsed), out);
    } else if (const auto start = body.find_first_not_of(" \t\r\n"); start != body.npos) {
        const auto text = body.substr(start);
        out.message = text.front() == '<' ? "(an HTML page, probably of a proxy in between)" : std::string(text);
    }
    out.message = out.message.empty() ? fmt::format("the model provider answered with status {}", status)
                                      : wire::told(out.message);
    wire::read_retry_headers(headers, out);
    settle_type(out);
    return out;
}

Json error_object(const CallError& error) {
    const auto code = error.code.empty() ? default_code(error.type) : error.code;
    return {{"message", error.message},
            {"type", wire_type(error.type)},
            {"param", error.parameter.empty() ? Json() : Json(error.parameter)},
            {"code", code.empty() ? Json() : Json(code)}};
}

StreamEvent error_event(const Json& error) {
    CallError read;
    read_object(error, read);
    read.status = status_of_words(read);
    settle_type(read);
    StreamEvent event;
    event.kind = StreamEvent::Kind::error;
    event.error_type = read.type;
    event.error_message = read.message.empty() ? "the model provider broke its answer off with an error" : wire::told(read.message);
    return event;
}

Error failed_answer(const Json& error) {
    const auto event = error_event(error);
    return {ErrorCode::upstream_failed, fmt::format("the model provider answered with an error: {}", event.error_message), {},
            true};
}

}  // namespace sluice::llm::openai
