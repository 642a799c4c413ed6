// Access tokens. The input is a token as it came; or, after a first byte 's', the parts of one that we sign ourselves
// (header, line end, claims), so that what lies behind the signature is reached too. No other spelling of an accepted
// token is accepted.

#include "fuzz/check.hpp"
#include "sluice/base/json.hpp"
#include "sluice/crypto/crypto.hpp"
#include "sluice/crypto/ed25519.hpp"
#include "sluice/crypto/jwt.hpp"

using namespace sluice;
using fuzz::check;

namespace {

const std::string seed(32, 's');
const std::vector<crypto::JwtKey> keys{{"other", crypto::ed25519_public_key(std::string(32, 'o'))},
                                       {"k1", crypto::ed25519_public_key(seed)}};
const Time now = base::from_us(1'793'000'000'000'000);

Result<crypto::JwtClaims> checked(std::string_view token) { return crypto::check_jwt(token, keys, "sluice", "api", now); }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    auto text = fuzz::text_of(data, size);
    if (!text.starts_with('s')) {
        const auto claims = checked(text);
        // Only a token of our own making is accepted, and the corpus holds none that is valid at this time.
        check(!claims, "a token that we did not sign is refused");
        check(claims.error().code == ErrorCode::unauthenticated, "a bad token is no other mistake", claims.error().message);
        return 0;
    }
    text.remove_prefix(1);
    const auto header = fuzz::take_until(text, '\n');
    auto token = crypto::base64url(header) + "." + crypto::base64url(text);
    token += "." + crypto::base64url(crypto::ed25519_sign(seed, token));
    const auto claims = checked(token);
    if (!claims) {
        check(claims.error().code == ErrorCode::unauthenticated, "a bad token is no other mistake", claims.error().message);
        return 0;
    }
    check(claims->issuer == "sluice" && claims->audience == "api", "a token is for us");
    check(claims->issued_at <= now + crypto::jwt_skew && claims->expires_at + crypto::jwt_skew > now, "a token holds now");
    const auto read = base::parse_json(header);
    check(read && read->at("alg") == "EdDSA", "a token is signed in the one way", header);
    for (const char* name : {"jku", "jwk", "x5u", "x5c", "crit"}) check(!read->contains(name), "a key of the sender's is not taken", header);

    const auto remade = checked(crypto::make_jwt(seed, "k1", *claims));
    check(remade && remade->subject == claims->subject && remade->session == claims->session && remade->id == claims->id &&
              remade->issued_at == claims->issued_at && remade->expires_at == claims->expires_at,
          "claims survive being signed and read again");
    for (const std::size_t at : {size % token.size(), token.size() - 1, token.find('.'), token.rfind('.')}) {
        auto changed = token;
        changed[at] = static_cast<char>(changed[at] ^ 1);
        check(!checked(changed), "a token with one bit changed is refused", changed);
    }
    for (const char* more : {"=", ".", " ", "A"}) check(!checked(token + more), "a token with more behind it is refused", token);
    return 0;
}
