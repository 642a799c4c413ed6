#include "access_tokens.hpp"

#include "key_text.hpp"
#include "sluice/crypto/crypto.hpp"
#include "sluice/crypto/ed25519.hpp"

namespace sluice::identity {

AccessTokens::~AccessTokens() {
    for (auto& known : known_) crypto::wipe(known.token);
}

void AccessTokens::set_keys(std::vector<std::shared_ptr<const crypto::SecretKey>> keys) {
    for (auto& known : known_) crypto::wipe(known.token);
    keys_ = std::move(keys);
    public_.clear();
    for (const auto& key : keys_) {
        auto half = crypto::ed25519_public_key(key->bytes());
        auto name = crypto::sha256_hex(half).substr(0, 16);
        public_.push_back({std::move(name), std::move(half)});
    }
}

std::string AccessTokens::make(const TokenSubject& subject, Time now, Duration life) {
    crypto::JwtClaims claims;
    claims.issuer = issuer_;
    claims.audience = access_token_audience;
    claims.subject = subject.user.str();
    claims.session = subject.session.str();
    claims.id = random_text(random_, 22);
    claims.issued_at = now;
    claims.expires_at = now + life;
    return crypto::make_jwt(keys_.front()->bytes(), public_.front().id, claims);
}

Result<TokenSubject> AccessTokens::check(std::string_view token, Time now) {
    // A signature costs some 100 us to check; a client shows the same token for many requests.
    const auto place = std::hash<std::string_view>()(token.substr(token.size() - std::min<std::size_t>(token.size(), 16)));
    auto& known = known_[place % known_.size()];
    if (!known.token.empty() && crypto::constant_time_equal(known.token, token) &&
        now < known.expires_at && known.issued_at <= now + crypto::jwt_skew)
        return known.subject;
    auto claims = crypto::check_jwt(token, public_, issuer_, access_token_audience, now);
    if (!claims) return fail(std::move(claims.error()));
    const auto user = UserId::parse(claims->subject);
    const auto session = SessionId::parse(claims->session);
    if (!user || !session)
        return fail(ErrorCode::unauthenticated, "this access token is not valid; sign in again");
    crypto::wipe(known.token);
    known = {std::string(token), {*user, *session}, claims->issued_at, claims->expires_at};
    return known.subject;
}

}  // namespace sluice::identity
