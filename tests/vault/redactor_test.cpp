#include "sluice/vault/redactor.hpp"

#include <catch2/catch.hpp>

#include "sluice/crypto/crypto.hpp"
#include "sluice/net/http.hpp"

using namespace sluice;
using namespace sluice::vault;

namespace {

const std::string value = "p@ss/w0rd+\"quoted\"\\ \xc3\xa9";

const Redactor& one() {
    static const Redactor redactor({{"token", value}});
    return redactor;
}

std::string redacted(const std::string& text) { return one().redact(text); }

}  // namespace

TEST_CASE("a value is replaced by its mark wherever it stands in a text", "[vault][redact]") {
    CHECK(redacted("a " + value + " b " + value) == "a [secret:token] b [secret:token]");
    CHECK(redacted(value) == "[secret:token]");
    CHECK(redacted(value.substr(0, value.size() - 1)) == value.substr(0, value.size() - 1));
    CHECK(redacted("").empty());
    CHECK(redacted("nothing here") == "nothing here");
    CHECK(one().touches("x" + value));
    CHECK_FALSE(one().touches("x"));
}

TEST_CASE("base64 of a value is found at any place in what was encoded, in both alphabets", "[vault][redact]") {
    for (std::size_t before = 0; before < 7; ++before)
        for (std::size_t after = 0; after < 4; ++after) {
            const std::string plain = std::string(before, 'u') + value + std::string(after, 'z');
            CAPTURE(before, after);
            CHECK(redacted(crypto::base64(plain)).find("[secret:token]") != std::string::npos);
            CHECK(redacted("Basic " + crypto::base64url(plain)).find("[secret:token]") != std::string::npos);
        }
}

TEST_CASE("URL-encoded, JSON-escaped and hexadecimal forms are found", "[vault][redact]") {
    CHECK(redacted(net::encode_component(value)) == "[secret:token]");
    std::string plus = net::encode_component(value);
    for (auto at = plus.find("%20"); at != std::string::npos; at = plus.find("%20")) plus.replace(at, 3, "+");
    CHECK(redacted("q=" + plus + "&x") == "q=[secret:token]&x");
    std::string lower = net::encode_component(value);
    for (std::size_t i = 0; i < lower.size(); ++i)
        if (lower[i] == '%')
            for (std::size_t k = 1; k < 3; ++k) lower[i + k] = static_cast<char>(std::tolower(lower[i + k]));
    CHECK(redacted(lower) == "[secret:token]");
    CHECK(redacted(base::dump_json(Json(value))) == "\"[secret:token]\"");
    CHECK(redacted(Json(value).dump(-1, ' ', true)) == "\"[secret:token]\"");
    CHECK(redacted(base::dump_json(Json(base::dump_json(Json{{"a", value}})))).find("w0rd") == std::string::npos);
    CHECK(redacted(crypto::hex(value)) == "[secret:token]");
}

TEST_CASE("strings, member names and numbers of JSON are looked at", "[vault][redact]") {
    const Redactor redactor({{"token", "abcdefgh"}, {"pin", "12345678"}});
    Json json = {{"a", {1, "x abcdefgh", nullptr}}, {"abcdefgh", true}, {"n", 12345678}, {"other", 12345679}};
    CHECK(redactor.redact(json));
    CHECK(json == Json{{"a", {1, "x [secret:token]", nullptr}}, {"[secret:token]", true}, {"n", "[secret:pin]"}, {"other", 12345679}});
    CHECK_FALSE(redactor.redact(json));
}

TEST_CASE("an error's message and details are looked at", "[vault][redact]") {
    Error error{ErrorCode::upstream_failed, "said " + value, {{"/" + value, value}}, true};
    one().redact(error);
    CHECK(error.message == "said [secret:token]");
    CHECK(error.details.front().pointer == "/[secret:token]");
    CHECK(error.details.front().message == "[secret:token]");
}

TEST_CASE("of values that begin alike the longest is taken, and short ones are let be", "[vault][redact]") {
    const Redactor redactor({{"short", "secret-1"}, {"long", "secret-12345"}, {"tiny", "abc"}});
    CHECK(redactor.redact("secret-12345 secret-1x abc") == "[secret:long] [secret:short]x abc");
    const Redactor none({{"tiny", "abc"}});
    CHECK(none.empty());
    CHECK(none.redact("abc") == "abc");
    CHECK(Redactor().redact("abcdefghijk") == "abcdefghijk");
}
