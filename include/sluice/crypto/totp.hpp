#pragma once
/// One-time codes by time (RFC 6238 over RFC 4226): HMAC-SHA1, steps of 30 seconds. Pure; any thread.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/base/time.hpp"

namespace sluice::crypto {

inline constexpr std::size_t totp_secret_bytes = 20;  ///< RFC 4226 §4, R6
inline constexpr int totp_digits = 6;
inline constexpr std::int64_t totp_step_seconds = 30;

/// The number of the step that `now` is in.
std::int64_t totp_step(Time now);
/// The code of a step, with leading zeros; `digits`: 1 to 9.
std::string totp_code(std::string_view secret, std::int64_t step, int digits = totp_digits);
/// The step within one of `now` whose code `code` is, and which is newer than `used`; nothing when there
/// is none. Takes as long for a wrong code as for a right one.
std::optional<std::int64_t> totp_match(std::string_view secret, std::string_view code, Time now, std::int64_t used);

/// RFC 4648 §6, without padding: how people type a secret in.
std::string base32(std::string_view data);
/// What authenticator apps read from a picture or a link: `otpauth://totp/ISSUER:ACCOUNT?secret=…`.
std::string otpauth_uri(std::string_view issuer, std::string_view account, std::string_view secret);

}  // namespace sluice::crypto
