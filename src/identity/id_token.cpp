#include "id_token.hpp"

#include <algorithm>

#include "email.hpp"
#include "sluice/crypto/crypto.hpp"

namespace sluice::identity {

namespace {

constexpr std::size_t longest_subject = 255, most_groups = 1'000;
constexpr std::int64_t latest_second = 253'402'300'799;  // of the year 9999

tl::unexpected<Error> refused(std::string_view why) {
    return fail(ErrorCode::unauthenticated, "the identity provider's answer was not accepted: {}", why);
}

std::optional<Time> time_of(const Json& claims, const char* name) {
    const auto* found = base::find_member(claims, name);
    if (found == nullptr || !found->is_number()) return std::nullopt;
    const double seconds = found->get<double>();
    if (!(seconds >= 0 && seconds <= static_cast<double>(latest_second))) return std::nullopt;
    return base::from_us(static_cast<std::int64_t>(seconds) * 1'000'000);
}

}  // namespace

std::vector<std::string> texts_of(const Json& claims, std::string_view name) {
    std::vector<std::string> out;
    const auto* found = base::find_member(claims, name);
    if (found == nullptr) return out;
    if (found->is_string()) return {found->get<std::string>()};
    if (!found->is_array()) return out;
    for (const auto& each : *found)
        if (each.is_string() && out.size() < most_groups) out.push_back(each.get<std::string>());
    return out;
}

std::string verified_email(const Json& claims) {
    const auto* verified = base::find_member(claims, "email_verified");
    if (verified == nullptr || *verified != Json(true)) return {};
    return normal_email(base::string_or(claims, "email", "")).value_or(std::string());
}

Result<Json> check_id_token(const crypto::Jws& token, const IdTokenExpected& expected, Time now) {
    auto claims = base::parse_json(token.payload);
    if (!claims || !claims->is_object()) return refused("its ID token holds no claims");
    if (base::string_or(*claims, "iss", "") != expected.issuer) return refused("its ID token is of another issuer");
    const auto audience = texts_of(*claims, "aud");
    if (std::ranges::find(audience, expected.client_id) == audience.end())
        return refused("its ID token is for another client");
    const auto party = base::string_or(*claims, "azp", "");
    if ((audience.size() > 1 || claims->contains("azp")) && party != expected.client_id)
        return refused("its ID token was given to another client (azp)");
    const auto subject = base::string_or(*claims, "sub", "");
    if (subject.empty() || subject.size() > longest_subject) return refused("its ID token names nobody");
    const auto expires = time_of(*claims, "exp"), issued = time_of(*claims, "iat");
    if (!expires || !issued) return refused("its ID token has no times");
    if (*expires + id_token_skew <= now) return refused("its ID token has expired; check both clocks");
    if (*issued > now + id_token_skew) return refused("its ID token is of the future; check both clocks");
    if (*issued + id_token_age + id_token_skew <= now) return refused("its ID token is old; check both clocks");
    if (expected.nonce.empty() || !crypto::constant_time_equal(base::string_or(*claims, "nonce", ""), expected.nonce))
        return refused("its ID token is of another sign-in (nonce)");
    if (claims->contains("at_hash") &&
        base::string_or(*claims, "at_hash", "") != crypto::half_hash(token.algorithm, expected.access_token))
        return refused("its ID token is of another access token (at_hash)");
    return std::move(*claims);
}

}  // namespace sluice::identity
