#include "sluice/crypto/jwt.hpp"

#include <algorithm>
#include <limits>
#include <optional>

#include "sluice/base/json.hpp"
#include "sluice/crypto/crypto.hpp"
#include "sluice/crypto/ed25519.hpp"

namespace sluice::crypto {

namespace {

constexpr std::size_t max_text = 255;  // of one claim

tl::unexpected<Error> refused() {
    return fail(ErrorCode::unauthenticated, "this access token is not valid; sign in again");
}

/// One base64url part as a JSON object.
std::optional<Json> read_part(std::string_view part) {
    // RFC 7515 has no padding; what other spellings of the same bytes there are is refused below.
    if (part.empty() || part.find('=') != part.npos) return std::nullopt;
    auto bytes = from_base64url(part);
    if (!bytes) return std::nullopt;
    base::JsonLimits limits;
    limits.size_bytes = max_jwt_bytes;
    limits.depth = 4;
    limits.keys = 32;
    auto json = base::parse_json(*bytes, limits);
    if (!json || !json->is_object()) return std::nullopt;
    return std::move(*json);
}

bool read_text(const Json& object, const char* name, std::string& out) {
    const auto* found = base::find_member(object, name);
    if (!found || !found->is_string()) return false;
    out = found->get<std::string>();
    return !out.empty() && out.size() <= max_text;
}

bool read_time(const Json& object, const char* name, Time& out) {
    const auto* found = base::find_member(object, name);
    if (!found || !found->is_number_integer()) return false;
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max() / 4'000'000;
    const bool fits = found->is_number_unsigned() ? found->get<std::uint64_t>() <= std::uint64_t(most)
                                                  : found->get<std::int64_t>() >= 0;
    if (!fits) return false;
    out = base::from_us(found->get<std::int64_t>() * 1'000'000);
    return true;
}

/// The key that the header names; null for a header that is not ours.
const JwtKey* key_of(const Json& header, std::span<const JwtKey> keys) {
    for (const char* name : {"jku", "jwk", "x5u", "x5c", "crit"})
        if (header.contains(name)) return nullptr;  // a key or a rule that the sender chose
    std::string algorithm, kid;
    if (!read_text(header, "alg", algorithm) || algorithm != "EdDSA") return nullptr;
    if (header.contains("typ") && header["typ"] != "JWT" && header["typ"] != "at+jwt") return nullptr;
    if (!read_text(header, "kid", kid)) return nullptr;
    const auto found = std::ranges::find(keys, kid, &JwtKey::id);
    return found == keys.end() ? nullptr : &*found;
}

std::int64_t seconds(Time time) { return base::to_us(time) / 1'000'000; }

}  // namespace

std::string make_jwt(std::string_view seed, std::string_view key_id, const JwtClaims& claims) {
    const Json header{{"alg", "EdDSA"}, {"typ", "JWT"}, {"kid", key_id}};
    const Json body{{"iss", claims.issuer},          {"aud", claims.audience},
                    {"sub", claims.subject},         {"sid", claims.session},
                    {"jti", claims.id},              {"iat", seconds(claims.issued_at)},
                    {"exp", seconds(claims.expires_at)}};
    auto token = base64url(base::dump_json(header)) + "." + base64url(base::dump_json(body));
    token += "." + base64url(ed25519_sign(seed, token));
    return token;
}

Result<JwtClaims> check_jwt(std::string_view token, std::span<const JwtKey> keys,
                            std::string_view issuer, std::string_view audience, Time now) {
    if (token.size() > max_jwt_bytes) return refused();
    const auto first = token.find('.');
    const auto second = first == token.npos ? token.npos : token.find('.', first + 1);
    if (second == token.npos || token.find('.', second + 1) != token.npos) return refused();
    const auto header = read_part(token.substr(0, first));
    if (!header) return refused();
    const auto* key = key_of(*header, keys);
    if (!key) return refused();
    const auto signature_text = token.substr(second + 1);
    const auto signature = from_base64url(signature_text);
    if (!signature || base64url(*signature) != signature_text) return refused();
    if (!ed25519_verify(key->public_key, token.substr(0, second), *signature)) return refused();

    const auto body = read_part(token.substr(first + 1, second - first - 1));
    JwtClaims claims;
    if (!body || !read_text(*body, "iss", claims.issuer) ||
        !read_text(*body, "aud", claims.audience) || !read_text(*body, "sub", claims.subject) ||
        !read_text(*body, "sid", claims.session) || !read_text(*body, "jti", claims.id) ||
        !read_time(*body, "iat", claims.issued_at) || !read_time(*body, "exp", claims.expires_at))
        return refused();
    if (claims.issuer != issuer || claims.audience != audience) return refused();
    if (claims.issued_at > now + jwt_skew || claims.expires_at <= claims.issued_at) return refused();
    if (claims.expires_at + jwt_skew <= now)
        return fail(ErrorCode::unauthenticated,
                    "this access token has expired; get another by POST /api/v1/auth/refresh");
    return claims;
}

std::string jwks_document(std::span<const JwtKey> keys) {
    auto list = Json::array();
    for (const auto& key : keys)
        list.push_back({{"kty", "OKP"},
                        {"crv", "Ed25519"},
                        {"alg", "EdDSA"},
                        {"use", "sig"},
                        {"kid", key.id},
                        {"x", base64url(key.public_key)}});
    return base::dump_json(Json{{"keys", std::move(list)}});
}

}  // namespace sluice::crypto
