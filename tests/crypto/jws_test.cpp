#include "sluice/crypto/jws.hpp"

#include <catch2/catch.hpp>

#include "sluice/base/json.hpp"
#include "sluice/crypto/crypto.hpp"

using namespace sluice;
using namespace sluice::crypto;

namespace {

// Keys and tokens that Node's crypto made.
constexpr std::string_view rs256_key =
    R"({"kty":"RSA","n":"vocpq-AHbSV_NlWMZA4YeSQGVkav8F2q2uLnNlelMN8jl_sagiaH_eJD5hpvU73ACk2_ww9bNcIBdGpWHN)"
    R"(ucjnmvPyMOdA_AkBxuaZwVOCz8_AdnnuafPmtl25COix9HfR7AbfosHP6v0cx0ddqck4lLWN0RDrFrSOCii5XbUImnszOsnvk9y0)"
    R"(ECUROQz8ACH3ptwD8MCyvey09amiTzd7jrtYajAqA_lWS07ubwS1srZ8hIazDgQINmJ7EWAvMq_COvRob_laHiYouMhY5Y1Nn5mZ)"
    R"(0QLAX39fvxzeL1qJaRgj8HiFj4t1uRltOpq4ijUdAZHmnvjOGxXe7l6i9p7w","e":"AQAB","kid":"rs256"})";
constexpr std::string_view rs256_token =
    R"(eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6InJzMjU2In0.eyJzdWIiOiJncmFjZSJ9.WWgO-56Jj7vUCX8k6PLXzH5)"
    R"(klAtqfXLypF2YpL_mnInsywxYfL7wcxqfFnQpAkg92M32lCW9B2oJnDaF8bcxEsbrxcNnVQmobFrk4MQV92vuWlQiUGsOZIMNx8S)"
    R"(3vK2v7nAU2bhWyGYj-EsxOZyMsWEbCm-La4Og7mFqpHbXMPlVI4JtqGWCYjRBxybTSJFoxH0L-ku_JHeOJ4pQJWeBFmwUkI-9sCK)"
    R"(-ZF4yP0r8NwiEaXnFuIzlnA9m-HxIFdd2o01ZCHBSevhRd95FHaeNnJXLZjPhoQxi06kbNpxT6so_hjoh7DNlpr3iv5EptJBxPdK)"
    R"(W1tjL2y6PLv1c2Qk19w)";
constexpr std::string_view es256_key =
    R"({"kty":"EC","x":"w9TbqNjA_gQffLHFX3Gzeidt3o9TEEXp3-RkurEuhx0","y":"022FGv2GE1mxlTrrisZM_GOtgE2pSKP6o)"
    R"(gG-6Jrkn44","crv":"P-256","kid":"es256"})";
constexpr std::string_view es256_token =
    R"(eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6ImVzMjU2In0.eyJzdWIiOiJncmFjZSJ9.azxMut2ra46PlrAr1ho4wTM)"
    R"(s4xfT6qQlkR1rJw_vybwY3vYGL2Z1fpskmgH5Pk0cIUULtBwb94AXi3CbmSos6g)";
constexpr std::string_view eddsa_key =
    R"({"crv":"Ed25519","x":"EsnTCqo7jKJjfku4qCcLA1bUyD2BiKUKH4coUNOGPiM","kty":"OKP","kid":"eddsa"})";
constexpr std::string_view eddsa_token =
    R"(eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCIsImtpZCI6ImVkZHNhIn0.eyJzdWIiOiJncmFjZSJ9.FGuxq_bpe3qmgUP79xrAPmy)"
    R"(4V2CHEATjPM1AyAaLoJHW1UZQz_cMhpLlgoQY4BieFUWG5nycgI43Oa1OKcQjDw)";
constexpr std::string_view weak_key =
    R"({"kty":"RSA","n":"xBLy6cZD_R6AzcI0xt4P-Jiodxz5qdphLqy5JygoEjb3f1fArwEBqEsPxdo21VKFdqjraSdEnH5xd67Noi)"
    R"(QxZAg16X-nfWX1InfxhLZQwbuXTPDnAr3cTxhjVZk_KzbtqV38DkU-ia2I1X1_L1vME5rp6okJfVoZNJLgbyiheVc","e":"AQAB)"
    R"("})";

Json parsed(std::string_view text) { return base::parse_json(text).value(); }

std::vector<JwsKey> keys_of(std::initializer_list<Json> list) {
    auto document = Json{{"keys", Json::array()}};
    for (const auto& one : list) document["keys"].push_back(one);
    return parse_jwks(document).value();
}
std::vector<JwsKey> all_keys() { return keys_of({parsed(rs256_key), parsed(es256_key), parsed(eddsa_key)}); }

/// The token with another header, its signature kept.
std::string with_header(std::string_view token, const Json& header) {
    return base64url(base::dump_json(header)) + std::string(token.substr(token.find('.')));
}

}  // namespace

TEST_CASE("signatures by RSA, P-256 and Ed25519 are checked with the key that the token names", "[crypto][jws]") {
    for (const auto token : {rs256_token, es256_token, eddsa_token}) {
        CAPTURE(token);
        const auto parts = parse_jws(token);
        REQUIRE(parts);
        CHECK(parts->payload == R"({"sub":"grace"})");
        CHECK(verify_jws(*parts, all_keys()) == JwsVerdict::good);
        CHECK(verify_jws(*parts, {}) == JwsVerdict::unknown_key);

        auto other = *parts;
        other.signed_text.back() = other.signed_text.back() == 'A' ? 'B' : 'A';
        CHECK(verify_jws(other, all_keys()) == JwsVerdict::bad);
        other = *parts;
        other.signature[10] = static_cast<char>(other.signature[10] ^ 1);
        CHECK(verify_jws(other, all_keys()) == JwsVerdict::bad);
        other = *parts;
        other.signature.pop_back();
        CHECK(verify_jws(other, all_keys()) == JwsVerdict::bad);
        other.signature.clear();
        CHECK(verify_jws(other, all_keys()) == JwsVerdict::bad);
        other = *parts;
        other.key_id = "another";
        CHECK(verify_jws(other, all_keys()) == JwsVerdict::unknown_key);
        other = *parts;
        other.key_id.clear();
        CHECK(verify_jws(other, all_keys()) == JwsVerdict::good);
    }
}

TEST_CASE("a token without signature, by a shared secret or with a key of its own is refused", "[crypto][jws]") {
    for (const char* algorithm : {"none", "None", "HS256", "HS512", "RS512", "PS256", "ES384", "", "rs256"})
        CHECK_FALSE(parse_jws(with_header(rs256_token, {{"alg", algorithm}, {"kid", "rs256"}})));
    CHECK_FALSE(parse_jws(with_header(rs256_token, Json::object())));
    CHECK_FALSE(parse_jws(with_header(rs256_token, {{"alg", 7}})));
    for (const char* member : {"crit", "b64", "jku", "jwk", "x5u", "x5c"})
        CHECK_FALSE(parse_jws(with_header(rs256_token, {{"alg", "RS256"}, {member, "x"}})));
    // A key of another kind is not tried, whatever it is called.
    const auto confused = parse_jws(with_header(rs256_token, {{"alg", "ES256"}, {"kid", "rs256"}}));
    REQUIRE(confused);
    CHECK(verify_jws(*confused, all_keys()) == JwsVerdict::unknown_key);
}

TEST_CASE("what has not the form of a token is refused", "[crypto][jws]") {
    const std::string good(eddsa_token);
    for (const auto& text : {std::string(), std::string("a.b"), std::string("..."), good + ".x", good + "=", "." + good, std::string("@.@.@"),
                             std::string("e30.e30.e30"), std::string("W10.e30.e30"), std::string(max_jws_bytes + 1, 'a')})
        CHECK_FALSE(parse_jws(text));
}

TEST_CASE("a key set gives the keys that can verify and passes over the others", "[crypto][jws]") {
    CHECK(all_keys().size() == 3);
    CHECK_FALSE(parse_jwks(Json::array()));
    CHECK_FALSE(parse_jwks(Json::object()));
    CHECK_FALSE(parse_jwks(Json{{"keys", "none"}}));
    CHECK(keys_of({parsed(weak_key)}).empty());
    CHECK(keys_of({Json("text"), Json{{"kty", "oct"}, {"k", "c2VjcmV0"}}, Json{{"kty", "RSA"}}, Json{{"kty", "EC"}, {"crv", "P-256"}}}).empty());
    auto encrypting = parsed(rs256_key);
    encrypting["use"] = "enc";
    CHECK(keys_of({encrypting}).empty());
    auto other = parsed(rs256_key);
    other["alg"] = "PS256";
    CHECK(keys_of({other}).empty());
    auto off_curve = parsed(es256_key);
    off_curve["y"] = off_curve["x"];
    CHECK(keys_of({off_curve}).empty());
    auto short_one = parsed(eddsa_key);
    short_one["x"] = "AAAA";
    CHECK(keys_of({short_one}).empty());
}

TEST_CASE("the hash of an access token is half of the one that the signature uses", "[crypto][jws]") {
    // Of a real provider's answers.
    CHECK(half_hash("RS256", "k06nCPtQjiLzo6wUqGcKhRtP4D_yGXLLftxunmKlE9z") == "blJIZw2rlNYMaDmyE8iaiw");
    CHECK(half_hash("ES256", "qzQZ6Z5CU_6XkgYO5gks11PzVfvXJkYMz2DRxcU9YJv") == "4CpU-02naWAQcmtxFmF1hg");
    CHECK(half_hash("EdDSA", "ClvvXkwIz6Xg0PpUofGFAec2hjz8nSaK7wLEJNft9dL") == "FVUc6K0ZPp6KmuYvuP397Clm3SQuEUbEPnkMMM8DgtA");
}
