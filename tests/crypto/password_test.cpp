#include "sluice/crypto/password.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::crypto;

namespace {
const PasswordCost cheap{64, 1, 1};
const std::string salt = "0123456789abcdef";
}  // namespace

TEST_CASE("a password is known again by its hash alone", "[crypto][password]") {
    const auto phc = hash_password("correct horse battery", salt, cheap);
    REQUIRE(phc);
    CHECK(phc->starts_with("$argon2id$v=19$m=64,t=1,p=1$"));
    CHECK(phc->find('\0') == std::string::npos);
    CHECK(*verify_password(*phc, "correct horse battery"));
    CHECK_FALSE(*verify_password(*phc, "correct horse batterz"));
    CHECK_FALSE(*verify_password(*phc, ""));
    CHECK(*hash_password("correct horse battery", "fedcba9876543210", cheap) != *phc);
    CHECK(*hash_password("correct horse battery", salt, cheap) == *phc);
}

TEST_CASE("a password may hold any bytes", "[crypto][password]") {
    const std::string odd("pa\0ss\xC3\xA4\xF0\x9F\x98\x80", 11);
    const auto phc = hash_password(odd, salt, cheap);
    REQUIRE(phc);
    CHECK(*verify_password(*phc, odd));
    CHECK_FALSE(*verify_password(*phc, odd.substr(0, 2)));
}

TEST_CASE("what is no hash of ours is nobody's password", "[crypto][password]") {
    for (const char* phc : {"", "$argon2id$", "$argon2i$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$aGFzaA", "plain", "$2b$12$abc",
                            "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$!"}) {
        CAPTURE(phc);
        CHECK_FALSE(*verify_password(phc, "plain"));
    }
    CHECK_THROWS(hash_password("x", "short", cheap));
}

TEST_CASE("a hash of another cost is told apart", "[crypto][password]") {
    const auto phc = hash_password("correct horse battery", salt, cheap);
    CHECK_FALSE(password_cost_differs(*phc, cheap));
    CHECK(password_cost_differs(*phc, PasswordCost{128, 1, 1}));
    CHECK(password_cost_differs(*phc, PasswordCost{64, 2, 1}));
    CHECK(password_cost_differs("", cheap));
}
