#include <catch2/catch.hpp>

#include "sluice/crypto/crypto.hpp"
#include "sluice/crypto/ed25519.hpp"

using namespace sluice;

TEST_CASE("Ed25519 gives the keys and signatures of RFC 8032", "[crypto][ed25519]") {
    // RFC 8032, section 7.1, tests 1 and 3.
    const auto of = [](const char* text) { return *crypto::from_hex(text); };
    const auto first = of("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
    CHECK(crypto::hex(crypto::ed25519_public_key(first)) == "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
    CHECK(crypto::hex(crypto::ed25519_sign(first, "")) ==
          "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b");
    const auto third = of("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7");
    CHECK(crypto::hex(crypto::ed25519_sign(third, of("af82"))) ==
          "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a");
}

TEST_CASE("an Ed25519 signature counts for its key and its message alone", "[crypto][ed25519]") {
    const std::string seed(32, 'a'), other(32, 'b');
    const auto key = crypto::ed25519_public_key(seed);
    auto signature = crypto::ed25519_sign(seed, "message");
    CHECK(crypto::ed25519_verify(key, "message", signature));
    CHECK_FALSE(crypto::ed25519_verify(key, "another", signature));
    CHECK_FALSE(crypto::ed25519_verify(crypto::ed25519_public_key(other), "message", signature));
    CHECK_FALSE(crypto::ed25519_verify(key, "message", signature.substr(1)));
    CHECK_FALSE(crypto::ed25519_verify(key.substr(1), "message", signature));
    signature[10] = static_cast<char>(signature[10] ^ 1);
    CHECK_FALSE(crypto::ed25519_verify(key, "message", signature));
    CHECK_THROWS(crypto::ed25519_sign("short", "message"));
}
