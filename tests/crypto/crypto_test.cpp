#include "sluice/crypto/crypto.hpp"

#include <set>

#include <catch2/catch.hpp>

#include "sluice/base/clock.hpp"

using namespace sluice;
using namespace sluice::crypto;
using namespace std::string_literals;

TEST_CASE("SHA-256 gives the published digests", "[crypto]") {  // FIPS 180-2, appendix B
    CHECK(sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(sha256_hex(std::string(1'000'000, 'a')) ==
          "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    CHECK(raw(sha256("abc")).size() == 32);
    CHECK(hex(raw(sha256("abc"))) == sha256_hex("abc"));
}

TEST_CASE("a digest in pieces equals the digest of the whole, again and again", "[crypto]") {
    Sha256 hash;
    for (int round = 0; round < 2; ++round) {
        hash.update("a");
        hash.update("");
        hash.update("bc");
        CHECK(hash.finish() == sha256("abc"));
    }
    Sha256 moved = std::move(hash);
    CHECK(moved.finish() == sha256(""));
}

TEST_CASE("SHA-1 gives the published digest", "[crypto]") {
    const auto digest = sha1("abc");
    CHECK(hex({reinterpret_cast<const char*>(digest.data()), digest.size()}) ==
          "a9993e364706816aba3e25717850c26c9cd0d89d");
}

TEST_CASE("HMAC-SHA-256 gives the published codes", "[crypto]") {  // RFC 4231, cases 1, 2 and 6
    CHECK(hex(raw(hmac_sha256(std::string(20, '\x0b'), "Hi There"))) ==
          "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    CHECK(hex(raw(hmac_sha256("Jefe", "what do ya want for nothing?"))) ==
          "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    CHECK(hex(raw(hmac_sha256(std::string(131, '\xaa'),
                              "Test Using Larger Than Block-Size Key - Hash Key First"))) ==
          "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST_CASE("texts are compared whole", "[crypto]") {
    CHECK(constant_time_equal("secret", "secret"));
    CHECK(constant_time_equal("", ""));
    CHECK_FALSE(constant_time_equal("secret", "secreT"));
    CHECK_FALSE(constant_time_equal("secret", "secre"));
}

TEST_CASE("base64 follows RFC 4648", "[crypto][base64]") {
    const std::pair<std::string, std::string> table[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
    for (const auto& [plain, text] : table) {
        CAPTURE(plain);
        CHECK(base64(plain) == text);
        CHECK(from_base64(text).value() == plain);
        CHECK(from_base64(text.substr(0, text.find('='))).value() == plain);
    }
    CHECK(base64("\xfb\xff") == "+/8=");
    CHECK(base64url("\xfb\xff") == "-_8");
    CHECK(from_base64url("-_8").value() == "\xfb\xff");
    CHECK(from_base64url("-_8=").value() == "\xfb\xff");
}

TEST_CASE("broken base64 is refused", "[crypto][base64]") {
    const std::string text = GENERATE("Z"s, "Zg="s, "Zg==="s, "Zh=="s, "Zm9v\n"s, "Zm 9v"s, "=Zg="s,
                                      "-_8="s, "Zg==Zg=="s, "Zm9vZ"s, "===="s);
    CAPTURE(text);
    const auto decoded = from_base64(text);
    REQUIRE_FALSE(decoded);
    CHECK(decoded.error().code == ErrorCode::invalid_argument);
    CHECK_FALSE(from_base64url("+/8="));
}

TEST_CASE("every byte survives hexadecimal and base64", "[crypto]") {
    std::string all;
    for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
    CHECK(from_hex(hex(all)).value() == all);
    CHECK(from_hex("00FFab").value() == "\x00\xff\xab"s);
    CHECK_FALSE(from_hex("0"));
    CHECK_FALSE(from_hex("0g"));
    for (std::size_t n = 0; n < 70; ++n) {
        const auto part = all.substr(200 - n, n);
        CHECK(from_base64(base64(part)).value() == part);
        CHECK(from_base64url(base64url(part)).value() == part);
    }
}

TEST_CASE("tokens are long, plain and different", "[crypto]") {
    base::SystemRandom random;
    std::set<std::string> seen;
    for (int i = 0; i < 100; ++i) {
        const auto token = random_token(random);
        CHECK(token.size() == 43);
        CHECK(token.find_first_not_of(
                  "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") == token.npos);
        seen.insert(token);
    }
    CHECK(seen.size() == 100);
    CHECK(random_token(random, 16).size() == 22);
    base::SeededRandom a(7), b(7);
    CHECK(random_token(a) == random_token(b));
}

TEST_CASE("a wiped secret is empty", "[crypto]") {
    std::string secret = "correct horse battery staple";
    wipe(secret);
    CHECK(secret.empty());
}
