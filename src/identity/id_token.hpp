#pragma once
// What an OpenID provider says of a person (OpenID Connect Core 1.0, section 3.1.3.7). Pure.

#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/json.hpp"
#include "sluice/base/result.hpp"
#include "sluice/base/time.hpp"
#include "sluice/crypto/jws.hpp"

namespace sluice::identity {

inline constexpr Duration id_token_skew = std::chrono::seconds(60);    ///< of clocks, either way
inline constexpr Duration id_token_age = std::chrono::minutes(10);     ///< it was made for this sign-in

struct IdTokenExpected {
    std::string issuer, client_id, nonce;
    std::string access_token;  ///< for `at_hash`, where the token has one
};

/// The claims of a token whose signature was checked. Errors: unauthenticated, saying which claim.
Result<Json> check_id_token(const crypto::Jws& token, const IdTokenExpected& expected, Time now);

/// `groups` as a list of texts; a text alone is one group. Others are left out.
std::vector<std::string> texts_of(const Json& claims, std::string_view name);
/// The address in lower case, where the provider says that it was verified; else empty.
std::string verified_email(const Json& claims);

}  // namespace sluice::identity
