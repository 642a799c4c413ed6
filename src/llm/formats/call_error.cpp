#include <algorithm>

#include "llm/formats/format.hpp"
#include "sluice/base/error.hpp"

namespace sluice::llm {

namespace {

constexpr std::size_t told_details = 3;  // the first ones lead to the others

std::string type_of(ErrorCode code) {
    switch (code) {
        case ErrorCode::invalid_argument:
        case ErrorCode::method_not_allowed:
        case ErrorCode::conflict:
        case ErrorCode::gone:
        case ErrorCode::precondition_failed:
        case ErrorCode::precondition_required:
        case ErrorCode::unsupported_media:
        case ErrorCode::unprocessable: return "invalid_request";
        case ErrorCode::unauthenticated: return "authentication";
        case ErrorCode::budget_exceeded: return "budget_exceeded";
        case ErrorCode::forbidden:
        case ErrorCode::step_up_required: return "permission";
        case ErrorCode::not_found: return "not_found";
        case ErrorCode::too_large:
        case ErrorCode::headers_too_large: return "too_large";
        case ErrorCode::rate_limited: return "rate_limited";
        case ErrorCode::internal: return "internal";
        case ErrorCode::upstream_failed: return "upstream_failed";
        case ErrorCode::cancelled:
        case ErrorCode::unavailable:
        case ErrorCode::sealed: return "overloaded";
        case ErrorCode::timeout: return "timeout";
    }
    return "internal";
}

std::string unescaped(std::string_view token) {
    std::string out;
    for (std::size_t i = 0; i < token.size(); ++i) {
        if (token[i] == '~' && i + 1 < token.size() && (token[i + 1] == '0' || token[i + 1] == '1'))
            out += token[++i] == '0' ? '~' : '/';
        else
            out += token[i];
    }
    return out;
}

/// "/messages/0/content" as model APIs name a member: "messages[0].content".
std::string member_path(std::string_view pointer) {
    std::string out;
    while (!pointer.empty()) {
        pointer.remove_prefix(1);
        const auto token = unescaped(pointer.substr(0, pointer.find('/')));
        pointer.remove_prefix(std::min(pointer.find('/'), pointer.size()));
        const bool number = !token.empty() && std::all_of(token.begin(), token.end(), [](unsigned char c) {
            return std::isdigit(c) != 0;
        });
        if (number) out += "[" + token + "]";
        else out += (out.empty() ? "" : ".") + token;
    }
    return out;
}

}  // namespace

CallError call_error(const Error& error) {
    CallError out;
    out.status = base::http_status(error.code);
    out.type = type_of(error.code);
    out.message = error.message;
    if (error.code == ErrorCode::budget_exceeded) out.code = "budget_exceeded";
    for (std::size_t i = 0; i < std::min(error.details.size(), told_details); ++i) {
        const auto& [pointer, message] = error.details[i];
        const auto member = member_path(pointer);
        if (i == 0) out.parameter = member;
        out.message += fmt::format("{}{}{}{}", i == 0 ? ": " : "; ", member, member.empty() ? "" : ": ", message);
    }
    if (error.retry_after_us > 0) out.retry_after_ms = (error.retry_after_us + 999) / 1000;
    // SDKs try 408, 409, 429 and every 5xx again on their own; what cannot succeed says so.
    if (error.retryable) out.should_retry = true;
    else if (error.code == ErrorCode::budget_exceeded || error.code == ErrorCode::conflict) out.should_retry = false;
    return out;
}

Result<void> check_bound(const ModelRequest& request, std::string_view format) {
    if (request.bound.empty() || request.format == format) return {};
    return fail(Error{ErrorCode::unprocessable,
                      fmt::format("the request has parts that only a model with the API {} understands; leave them out or "
                                  "choose such a model",
                                  request.format),
                      request.bound,
                      false});
}

}  // namespace sluice::llm
