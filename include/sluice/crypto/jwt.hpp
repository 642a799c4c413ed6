#pragma once
/// Access tokens: JSON Web Tokens (RFC 7519, RFC 8725) in compact form, signed by Ed25519 (RFC 8037)
/// and by nothing else. What a token says is read only after its signature was checked with the key
/// that `kid` names among our own. Pure; any thread.

#include <span>
#include <string>
#include <string_view>

#include "sluice/base/result.hpp"
#include "sluice/base/time.hpp"

namespace sluice::crypto {

inline constexpr std::size_t max_jwt_bytes = 4 << 10;
inline constexpr Duration jwt_skew = std::chrono::seconds(30);  ///< of clocks, either way

struct JwtClaims {
    std::string issuer, audience;
    std::string subject;  ///< "usr_…"
    std::string session;  ///< `sid`, "ses_…"
    std::string id;       ///< `jti`
    Time issued_at{}, expires_at{};  ///< whole seconds in the token
};

/// A public key of ours.
struct JwtKey {
    std::string id;          ///< `kid`
    std::string public_key;  ///< 32 bytes
};

/// `seed`: the private key, 32 bytes, whose public half others know as `key_id`.
std::string make_jwt(std::string_view seed, std::string_view key_id, const JwtClaims& claims);

/// The claims of a token that is ours and holds now. Header: `alg` is EdDSA, `kid` one of `keys`, and
/// none of `jku`, `jwk`, `x5u`, `x5c` and `crit` is there. All seven claims are there, in their types;
/// `iss` and `aud` are the given ones. Errors: unauthenticated, always in the same words but for a
/// token that has expired.
Result<JwtClaims> check_jwt(std::string_view token, std::span<const JwtKey> keys,
                            std::string_view issuer, std::string_view audience, Time now);

/// `{"keys": [{"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid", "x"}]}` (RFC 8037).
std::string jwks_document(std::span<const JwtKey> keys);

}  // namespace sluice::crypto
