#pragma once
/// Expected failures as values. A stable code decides the HTTP status and the exit code, the message is for a person
/// and says what to do next, `pointer` names the place in a JSON document where that helps.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::base {

/// Stable codes; they appear as the last part of a problem's `type` and in logs. See `http_status` for their statuses.
enum class ErrorCode : std::uint8_t {
    invalid_argument,      ///< 400: malformed input
    unauthenticated,       ///< 401: no or unknown credential
    budget_exceeded,       ///< 402: money that was not granted
    forbidden,             ///< 403: the principal lacks the permission
    step_up_required,      ///< 403: a person must give the password again first
    not_found,             ///< 404: absent, or in another workspace
    method_not_allowed,    ///< 405
    conflict,              ///< 409: exists already, or in the wrong state
    gone,                  ///< 410
    precondition_failed,   ///< 412: If-Match did not match
    too_large,             ///< 413: body, value or nesting over its limit
    unsupported_media,     ///< 415
    unprocessable,         ///< 422: well-formed, but breaks a rule (validation, reused idempotency key)
    precondition_required, ///< 428
    rate_limited,          ///< 429
    headers_too_large,     ///< 431
    cancelled,             ///< 499: the caller or a person cancelled it
    internal,              ///< 500: our mistake; details are in the log
    upstream_failed,       ///< 502: a server we called failed or answered garbage
    unavailable,           ///< 503: overload, shutting down, disk full
    sealed,                ///< 503: the vault has no root key, so what is encrypted cannot be read
    timeout,               ///< 504: a deadline passed
};

/// One mistake inside a document: `pointer` is a JSON pointer (RFC 6901) into what was sent.
struct ErrorDetail {
    std::string pointer;
    std::string message;
    bool operator==(const ErrorDetail&) const = default;
};

/// A failure for a person. `message` is one or two sentences and never contains a secret or internal detail.
struct Error {
    ErrorCode code = ErrorCode::internal;
    std::string message;
    std::vector<ErrorDetail> details;
    bool retryable = false;  ///< trying the same again later can succeed
    std::int64_t retry_after_us = 0;  ///< the other side asked to wait this long (microseconds); 0: it did not say
};

/// The snake_case name of a code, as in problem `type` and logs ("not_found").
std::string_view to_string(ErrorCode code);
/// The code of a name written by `to_string`; `internal` for an unknown name.
ErrorCode error_code_from(std::string_view name);
/// The HTTP status of a code.
int http_status(ErrorCode code);

}  // namespace sluice::base
