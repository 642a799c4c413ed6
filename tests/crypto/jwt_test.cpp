#include "sluice/crypto/jwt.hpp"

#include <catch2/catch.hpp>

#include "sluice/base/json.hpp"
#include "sluice/crypto/crypto.hpp"
#include "sluice/crypto/ed25519.hpp"

using namespace sluice;
using namespace sluice::crypto;

namespace {

struct Fixture {
    std::string seed = std::string(32, 'a'), other_seed = std::string(32, 'b');
    std::vector<JwtKey> keys{{"k1", ed25519_public_key(seed)}, {"k2", ed25519_public_key(other_seed)}};
    Time now = base::from_us(1'800'000'000'000'000);

    JwtClaims claims() const {
        return {"urn:sluice:x", "sluice", "usr_1", "ses_1", "j1", now, now + std::chrono::minutes(15)};
    }
    Json header() const { return {{"alg", "EdDSA"}, {"typ", "JWT"}, {"kid", "k1"}}; }
    Json body() const {
        return {{"iss", "urn:sluice:x"}, {"aud", "sluice"}, {"sub", "usr_1"}, {"sid", "ses_1"}, {"jti", "j1"},
                {"iat", base::to_us(now) / 1'000'000}, {"exp", base::to_us(now) / 1'000'000 + 900}};
    }
    std::string sign(const Json& header, const Json& body, const std::string& with) const {
        auto text = base64url(base::dump_json(header)) + "." + base64url(base::dump_json(body));
        return text + "." + base64url(ed25519_sign(with, text));
    }
    std::string sign(const Json& header, const Json& body) const { return sign(header, body, seed); }
    Result<JwtClaims> check(const std::string& token) const {
        return check_jwt(token, keys, "urn:sluice:x", "sluice", now);
    }
    bool good(const std::string& token) const { return check(token).has_value(); }
};

}  // namespace

TEST_CASE("a token that was made here says what it was made with", "[crypto][jwt]") {
    Fixture f;
    const auto token = make_jwt(f.seed, "k1", f.claims());
    const auto claims = f.check(token);
    REQUIRE(claims);
    CHECK(claims->subject == "usr_1");
    CHECK(claims->session == "ses_1");
    CHECK(claims->id == "j1");
    CHECK(claims->expires_at == f.now + std::chrono::minutes(15));
    CHECK(f.good(f.sign(f.header(), f.body())));
    CHECK(f.good(make_jwt(f.other_seed, "k2", f.claims())));
}

TEST_CASE("only the key that the token names counts, and only its algorithm", "[crypto][jwt]") {
    Fixture f;
    CHECK_FALSE(f.good(f.sign(f.header(), f.body(), f.other_seed)));
    CHECK_FALSE(f.good(make_jwt(f.seed, "k2", f.claims())));
    CHECK_FALSE(f.good(make_jwt(f.seed, "k3", f.claims())));
    for (const char* algorithm : {"none", "None", "HS256", "RS256", "ES256", "eddsa", "EdDSA ", ""}) {
        CAPTURE(algorithm);
        auto header = f.header();
        header["alg"] = algorithm;
        CHECK_FALSE(f.good(f.sign(header, f.body())));
        const auto bare = base64url(base::dump_json(header)) + "." + base64url(base::dump_json(f.body())) + ".";
        CHECK_FALSE(f.good(bare));
        // The public key as the secret of a MAC: the confusion that libraries have fallen for.
        const auto mac = hmac_sha256(f.keys[0].public_key, bare.substr(0, bare.size() - 1));
        CHECK_FALSE(f.good(bare + base64url(raw(mac))));
    }
}

TEST_CASE("a header that brings its own key or rule is refused", "[crypto][jwt]") {
    Fixture f;
    for (const char* name : {"jku", "jwk", "x5u", "x5c", "crit"}) {
        CAPTURE(name);
        auto header = f.header();
        header[name] = "https://evil.example/keys";
        CHECK_FALSE(f.good(f.sign(header, f.body())));
    }
    auto header = f.header();
    header["typ"] = "logout+jwt";
    CHECK_FALSE(f.good(f.sign(header, f.body())));
    header = f.header();
    header.erase("kid");
    CHECK_FALSE(f.good(f.sign(header, f.body())));
}

TEST_CASE("times count with thirty seconds of skew", "[crypto][jwt]") {
    Fixture f;
    const auto token = make_jwt(f.seed, "k1", f.claims());
    const auto at = [&](Duration after) { return check_jwt(token, f.keys, "urn:sluice:x", "sluice", f.now + after).has_value(); };
    CHECK(at(std::chrono::minutes(15) + std::chrono::seconds(29)));
    CHECK_FALSE(at(std::chrono::minutes(15) + std::chrono::seconds(30)));
    CHECK(at(-std::chrono::seconds(30)));
    CHECK_FALSE(at(-std::chrono::seconds(31)));
    const auto expired = check_jwt(token, f.keys, "urn:sluice:x", "sluice", f.now + std::chrono::hours(1));
    REQUIRE_FALSE(expired);
    CHECK(expired.error().message.find("expired") != std::string::npos);
}

TEST_CASE("every claim must be there, in its type, and be for us", "[crypto][jwt]") {
    Fixture f;
    for (const char* name : {"iss", "aud", "sub", "sid", "jti", "iat", "exp"}) {
        CAPTURE(name);
        auto body = f.body();
        body.erase(name);
        CHECK_FALSE(f.good(f.sign(f.header(), body)));
        body[name] = Json::array({body["iss"]});
        CHECK_FALSE(f.good(f.sign(f.header(), body)));
        body[name] = nullptr;
        CHECK_FALSE(f.good(f.sign(f.header(), body)));
    }
    for (const auto& [name, value] : {std::pair{"iss", Json("urn:sluice:y")}, std::pair{"aud", Json("other")},
                                      std::pair{"sub", Json("")}, std::pair{"exp", Json(1e18)},
                                      std::pair{"exp", Json(9'000'000'000'000'000'000LL)}, std::pair{"iat", Json(-5)},
                                      std::pair{"iat", Json("1800000000")}}) {
        CAPTURE(name, value.dump());
        auto body = f.body();
        body[name] = value;
        CHECK_FALSE(f.good(f.sign(f.header(), body)));
    }
    auto backwards = f.claims();
    backwards.expires_at = backwards.issued_at;
    CHECK_FALSE(f.good(make_jwt(f.seed, "k1", backwards)));
}

TEST_CASE("what is no token in compact form is refused without an exception", "[crypto][jwt]") {
    Fixture f;
    const auto token = make_jwt(f.seed, "k1", f.claims());
    for (const auto& bad : {std::string(), std::string("."), std::string(".."), std::string("..."), token + ".", "." + token,
                            token.substr(0, token.size() - 1), token + "=", token + "A", token.substr(token.find('.')),
                            std::string(5000, 'a') + token, std::string("e30.e30.e30"), std::string("W10.W10.W10"),
                            std::string("\0.\0.\0", 5), "x" + token, token.substr(0, token.rfind('.')) + "."}) {
        CAPTURE(bad);
        const auto result = f.check(bad);
        REQUIRE_FALSE(result);
        CHECK(result.error().code == ErrorCode::unauthenticated);
    }
    // Each single character counts, also the last one's unused bits.
    for (std::size_t i = 0; i < token.size(); ++i) {
        auto changed = token;
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        CAPTURE(i);
        CHECK_FALSE(f.good(changed));
    }
    CHECK_FALSE(f.good(f.sign(f.header(), Json{{"pad", std::string(4096, 'x')}})));
    const auto twice = std::string(R"({"alg":"none","alg":"EdDSA","kid":"k1"})");
    auto text = base64url(twice) + "." + base64url(base::dump_json(f.body()));
    CHECK_FALSE(f.good(text + "." + base64url(ed25519_sign(f.seed, text))));
}

TEST_CASE("the key set has the public halves alone", "[crypto][jwt]") {
    Fixture f;
    const auto document = base::parse_json(jwks_document(f.keys));
    REQUIRE(document);
    REQUIRE((*document)["keys"].size() == 2);
    const auto& key = (*document)["keys"][0];
    CHECK(key["kty"] == "OKP");
    CHECK(key["crv"] == "Ed25519");
    CHECK(key["kid"] == "k1");
    CHECK(from_base64url(key["x"].get<std::string>()) == f.keys[0].public_key);
    CHECK_FALSE(key.contains("d"));
}
