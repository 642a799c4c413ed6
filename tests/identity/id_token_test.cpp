#include "identity/id_token.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::identity;

namespace {

const Time now = base::from_us(1'800'000'000'000'000);
constexpr std::int64_t now_s = 1'800'000'000;

const IdTokenExpected expected{"https://id.example", "sluice", "n-1", "access"};

Json good_claims() {
    return {{"iss", "https://id.example"}, {"aud", "sluice"}, {"sub", "grace"}, {"exp", now_s + 300}, {"iat", now_s - 5}, {"nonce", "n-1"}};
}

/// The refusal's words; empty: accepted.
std::string judge(const Json& claims) {
    crypto::Jws token;
    token.algorithm = "RS256";
    token.payload = base::dump_json(claims);
    const auto result = check_id_token(token, expected, now);
    if (result) return {};
    CHECK(result.error().code == ErrorCode::unauthenticated);
    return result.error().message;
}

std::string judge_with(const char* name, Json value) {
    auto claims = good_claims();
    claims[name] = std::move(value);
    return judge(claims);
}

std::string judge_without(const char* name) {
    auto claims = good_claims();
    claims.erase(name);
    return judge(claims);
}

}  // namespace

TEST_CASE("an ID token counts for its issuer, client, time and sign-in alone", "[identity][oidc]") {
    CHECK(judge(good_claims()).empty());
    for (const char* name : {"iss", "aud", "sub", "exp", "iat", "nonce"}) CHECK_FALSE(judge_without(name).empty());
    CHECK(judge_with("iss", "https://id.example/").find("issuer") != std::string::npos);
    CHECK(judge_with("aud", "other").find("client") != std::string::npos);
    CHECK_FALSE(judge_with("aud", Json::array()).empty());
    CHECK_FALSE(judge_with("aud", 7).empty());
    CHECK(judge_with("sub", std::string(256, 'x')).find("nobody") != std::string::npos);
    CHECK_FALSE(judge_with("sub", "").empty());
    CHECK_FALSE(judge_with("sub", 12).empty());
    CHECK(judge_with("nonce", "n-2").find("nonce") != std::string::npos);
    CHECK_FALSE(judge_with("nonce", 1).empty());
}

TEST_CASE("a token for several clients names the one that it was given to", "[identity][oidc]") {
    auto claims = good_claims();
    claims["aud"] = Json::array({"sluice"});
    CHECK(judge(claims).empty());
    claims["aud"] = Json::array({"sluice", "other"});
    CHECK(judge(claims).find("azp") != std::string::npos);
    claims["azp"] = "other";
    CHECK(judge(claims).find("azp") != std::string::npos);
    claims["azp"] = "sluice";
    CHECK(judge(claims).empty());
    CHECK(judge_with("azp", "other").find("azp") != std::string::npos);
}

TEST_CASE("a token's times are judged with a minute for clocks that differ", "[identity][oidc]") {
    CHECK(judge_with("exp", now_s - 59).empty());
    CHECK(judge_with("exp", now_s - 60).find("expired") != std::string::npos);
    CHECK(judge_with("iat", now_s + 60).empty());
    CHECK(judge_with("iat", now_s + 61).find("future") != std::string::npos);
    CHECK(judge_with("iat", now_s - 659).empty());
    CHECK(judge_with("iat", now_s - 660).find("old") != std::string::npos);
    for (const Json& wrong : {Json("1800000300"), Json(-1), Json(1e300), Json(true), Json()}) {
        CHECK_FALSE(judge_with("exp", wrong).empty());
        CHECK_FALSE(judge_with("iat", wrong).empty());
    }
    CHECK(judge_with("exp", 1800000300.5).empty());
}

TEST_CASE("a token that names its access token is for that one", "[identity][oidc]") {
    CHECK(judge_with("at_hash", crypto::half_hash("RS256", "access")).empty());
    CHECK(judge_with("at_hash", crypto::half_hash("RS256", "another")).find("at_hash") != std::string::npos);
    CHECK_FALSE(judge_with("at_hash", 5).empty());
}

TEST_CASE("an address counts when the provider says that it was verified", "[identity][oidc]") {
    CHECK(verified_email({{"email", "Grace@Example.com"}, {"email_verified", true}}) == "grace@example.com");
    for (const Json& not_so : {Json(false), Json("true"), Json(1), Json()})
        CHECK(verified_email({{"email", "grace@example.com"}, {"email_verified", not_so}}).empty());
    CHECK(verified_email({{"email", "grace@example.com"}}).empty());
    CHECK(verified_email({{"email", "nobody"}, {"email_verified", true}}).empty());
    CHECK(verified_email({{"email", 7}, {"email_verified", true}}).empty());
}

TEST_CASE("groups are texts, one or many", "[identity][oidc]") {
    CHECK(texts_of({{"groups", "devs"}}, "groups") == std::vector<std::string>{"devs"});
    CHECK(texts_of({{"groups", {"devs", 7, "leads"}}}, "groups") == std::vector<std::string>{"devs", "leads"});
    CHECK(texts_of({{"groups", 7}}, "groups").empty());
    CHECK(texts_of(Json::object(), "groups").empty());
}
