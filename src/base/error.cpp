#include "sluice/base/error.hpp"

namespace sluice::base {

std::string_view to_string(ErrorCode code) {
    switch (code) {
        case ErrorCode::invalid_argument: return "invalid_argument";
        case ErrorCode::unauthenticated: return "unauthenticated";
        case ErrorCode::budget_exceeded: return "budget_exceeded";
        case ErrorCode::forbidden: return "forbidden";
        case ErrorCode::step_up_required: return "step_up_required";
        case ErrorCode::not_found: return "not_found";
        case ErrorCode::method_not_allowed: return "method_not_allowed";
        case ErrorCode::conflict: return "conflict";
        case ErrorCode::gone: return "gone";
        case ErrorCode::precondition_failed: return "precondition_failed";
        case ErrorCode::too_large: return "too_large";
        case ErrorCode::unsupported_media: return "unsupported_media";
        case ErrorCode::unprocessable: return "unprocessable";
        case ErrorCode::precondition_required: return "precondition_required";
        case ErrorCode::rate_limited: return "rate_limited";
        case ErrorCode::headers_too_large: return "headers_too_large";
        case ErrorCode::cancelled: return "cancelled";
        case ErrorCode::internal: return "internal";
        case ErrorCode::upstream_failed: return "upstream_failed";
        case ErrorCode::unavailable: return "unavailable";
        case ErrorCode::sealed: return "sealed";
        case ErrorCode::timeout: return "timeout";
    }
    return "internal";
}

ErrorCode error_code_from(std::string_view name) {
    for (int i = 0; i <= static_cast<int>(ErrorCode::timeout); ++i) {
        const auto code = static_cast<ErrorCode>(i);
        if (to_string(code) == name) return code;
    }
    return ErrorCode::internal;
}

int http_status(ErrorCode code) {
    switch (code) {
        case ErrorCode::invalid_argument: return 400;
        case ErrorCode::unauthenticated: return 401;
        case ErrorCode::budget_exceeded: return 402;
        case ErrorCode::forbidden: return 403;
        case ErrorCode::step_up_required: return 403;
        case ErrorCode::not_found: return 404;
        case ErrorCode::method_not_allowed: return 405;
        case ErrorCode::conflict: return 409;
        case ErrorCode::gone: return 410;
        case ErrorCode::precondition_failed: return 412;
        case ErrorCode::too_large: return 413;
        case ErrorCode::unsupported_media: return 415;
        case ErrorCode::unprocessable: return 422;
        case ErrorCode::precondition_required: return 428;
        case ErrorCode::rate_limited: return 429;
        case ErrorCode::headers_too_large: return 431;
        case ErrorCode::cancelled: return 499;
        case ErrorCode::internal: return 500;
        case ErrorCode::upstream_failed: return 502;
        case ErrorCode::unavailable: return 503;
        case ErrorCode::sealed: return 503;
        case ErrorCode::timeout: return 504;
    }
    return 500;
}

}  // namespace sluice::base
