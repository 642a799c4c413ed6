#include "sluice/crypto/totp.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::crypto;

namespace {

// Of RFC 6238, appendix B.
constexpr std::string_view shared = "12345678901234567890";

Time at(std::int64_t seconds) { return base::from_us(seconds * 1'000'000); }

}  // namespace

TEST_CASE("one-time codes are those of RFC 6238", "[crypto][totp]") {
    struct Row {
        std::int64_t seconds;
        const char* code;
    };
    for (const auto& [seconds, code] : {Row{59, "94287082"}, Row{1111111109, "07081804"}, Row{1111111111, "14050471"},
                                        Row{1234567890, "89005924"}, Row{2000000000, "69279037"}, Row{20000000000, "65353130"}}) {
        CAPTURE(seconds);
        CHECK(totp_code(shared, totp_step(at(seconds)), 8) == code);
    }
}

TEST_CASE("a code counts in its step and the two beside it, and once", "[crypto][totp]") {
    const auto now = at(1'800'000'010);
    const auto step = totp_step(now);
    for (const std::int64_t beside : {-1, 0, 1}) CHECK(totp_match(shared, totp_code(shared, step + beside), now, 0) == step + beside);
    for (const std::int64_t far : {-2, 2, 100}) CHECK_FALSE(totp_match(shared, totp_code(shared, step + far), now, 0));
    CHECK_FALSE(totp_match(shared, totp_code(shared, step), now, step));
    CHECK_FALSE(totp_match(shared, totp_code(shared, step - 1), now, step));
    CHECK(totp_match(shared, totp_code(shared, step + 1), now, step) == step + 1);
    for (const char* wrong : {"", "12345", "1234567", "abcdef"}) CHECK_FALSE(totp_match(shared, wrong, now, 0));
}

TEST_CASE("secrets are shown in base32 and as a link for authenticator apps", "[crypto][totp]") {
    // RFC 4648, section 10, without padding.
    CHECK(base32("") == "");
    CHECK(base32("f") == "MY");
    CHECK(base32("fo") == "MZXQ");
    CHECK(base32("foo") == "MZXW6");
    CHECK(base32("foob") == "MZXW6YQ");
    CHECK(base32("fooba") == "MZXW6YTB");
    CHECK(base32("foobar") == "MZXW6YTBOI");
    CHECK(otpauth_uri("Sluice", "ada+x@example.com", "foobar") ==
          "otpauth://totp/Sluice:ada%2Bx%40example.com?secret=MZXW6YTBOI&issuer=Sluice&algorithm=SHA1&digits=6&period=30");
}
