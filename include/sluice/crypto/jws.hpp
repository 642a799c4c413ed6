#pragma once
/// Signed tokens of others (RFC 7515): the compact form, key sets (RFC 7517), and the signatures RS256
/// (RSA of 2048 bits or more), ES256 (P-256) and EdDSA (Ed25519). `none` and the symmetric algorithms do
/// not exist here. Our own tokens are in crypto/jwt.hpp. Pure; any thread.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/json_fwd.hpp"
#include "sluice/base/result.hpp"

namespace sluice::crypto {

inline constexpr std::size_t max_jws_bytes = 64 << 10;

/// A public key that verifies one algorithm.
struct JwsKey {
    std::string id;         ///< `kid`; may be empty
    std::string algorithm;  ///< "RS256", "ES256" or "EdDSA"
    std::shared_ptr<const void> key;  ///< OpenSSL's
};

/// The keys of a JWK set that can verify one of the three algorithms; others in it (of encryption, of other
/// curves, RSA below 2048 bits) are passed over. Errors: invalid_argument (no JWK set).
Result<std::vector<JwsKey>> parse_jwks(const Json& document);

/// A token taken apart; nothing of it is true before `verify_jws`.
struct Jws {
    std::string algorithm, key_id;
    std::string signed_text, signature;
    std::string payload;
};
/// Errors: unauthenticated: not of three base64url parts, too long, another algorithm, or a header with
/// `crit`, `b64`, `jku`, `jwk`, `x5u` or `x5c`.
Result<Jws> parse_jws(std::string_view token);

enum class JwsVerdict { good, bad, unknown_key };
/// With the keys of the token's `kid` (all of its algorithm where it names none).
JwsVerdict verify_jws(const Jws& token, const std::vector<JwsKey>& keys);

/// `at_hash` of OpenID Connect Core 3.1.3.6 for an ID token of that algorithm: half of the hash, base64url.
std::string half_hash(std::string_view algorithm, std::string_view text);

}  // namespace sluice::crypto
