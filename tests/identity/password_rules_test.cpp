#include "identity/password_rules.hpp"

#include <catch2/catch.hpp>

#include "identity/sign_in_limits.hpp"

using namespace sluice;
using namespace sluice::identity;

namespace {
bool good(std::string_view password) { return check_new_password(password, "ada.lovelace@example.com", "Ada Lovelace").has_value(); }
}  // namespace

TEST_CASE("a password has twelve to a hundred and twenty-eight characters", "[identity][password]") {
    CHECK_FALSE(good(""));
    CHECK_FALSE(good("gx7/pQ-w4mz"));
    CHECK(good("gx7/pQ-w4mzt"));
    std::string longest;
    for (int i = 0; i < 128; ++i) longest += static_cast<char>('!' + (i * 37 + i * i) % 90);
    CHECK(good(longest));
    CHECK_FALSE(good(longest + "x"));
    CHECK(good("\xC3\xA4\xC3\xB6\xC3\xBC\xC3\x9F\xE2\x82\xAC\xF0\x9F\x98\x80yhbmkd"));  // twelve characters in more bytes
    CHECK_FALSE(good(std::string_view("gx7/pQ-w4m\0t", 12)));
}

TEST_CASE("a password that everybody would try is refused", "[identity][password]") {
    for (const char* bad :
         {"password1234", "Password123!", "P@ssw0rd2024!", "passwordpassword", "123456789012", "qwertyuiop[]", "QWERTYuiop123",
          "asdfghjkl;'123", "1qaz2wsx3edc", "aaaaaaaaaaaa", "abcabcabcabc", "abcdefghijkl", "zyxwvutsrqpo", "iloveyou2023",
          "Welcome2024!!", "letmein12345", "Summer2025!!", "administrator", "admin1234567", "AdaLovelace12", "adalovelace1234",
          "ada.lovelace@example.com", "monkeydragon1", "changemechangeme", "trustno1trustno1", "000000000000", "111111222222",
          "password.password", "secretpassword1", "sluice-workflow", "                ", "............"}) {
        CAPTURE(bad);
        const auto judged = check_new_password(bad, "ada.lovelace@example.com", "Ada Lovelace", "/new_password");
        REQUIRE_FALSE(judged);
        CHECK(judged.error().details[0].pointer == "/new_password");
    }
}

TEST_CASE("a password of one's own is taken, of whatever kind of characters", "[identity][password]") {
    for (const char* fine : {"correct horse battery staple", "correcthorsebattery", "gurkensalat am fjord", "xkcd-936-is-fun-1",
                             "7391 0463 8826 55", "MyDogRexEats9Bones", "vfr4 bgt5 nhy6 mju7 x", "summer rain over kyoto bridges",
                             "Tr0ub4dor&3-tango", "zebra-quantum-17-lamp"}) {
        CAPTURE(fine);
        CHECK(good(fine));
    }
}

TEST_CASE("what is remembered of failed sign-ins is bounded", "[identity][people]") {
    UnknownAccounts unknown(3);
    const Time now = base::from_us(1'800'000'000'000'000);
    for (int i = 0; i < 5; ++i) add_failure(unknown.of("a"), now);
    CHECK(locked_until(unknown.of("a")) == now + std::chrono::seconds(1));
    unknown.of("b");
    unknown.of("c");
    CHECK(unknown.of("a").count == 5);  // used lately: stays
    unknown.of("d");
    CHECK(unknown.size() == 3);
    CHECK(unknown.of("a").count == 5);
    unknown.of("e");
    unknown.of("f");
    unknown.of("g");
    CHECK(unknown.of("a").count == 0);

    AddressTries tries(2, 3);
    for (const char* address : {"192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"}) tries.take(address, now);
    CHECK(tries.size() == 3);
    CHECK(tries.take("192.0.2.4", now) == Duration());
    CHECK(tries.take("192.0.2.4", now) > Duration());
    tries.give_back("192.0.2.4");
    CHECK(tries.take("192.0.2.4", now) == Duration());
    CHECK(AddressTries(0).take("192.0.2.4", now) == Duration());
}

TEST_CASE("the addresses of one IPv6 network count together", "[identity][people]") {
    AddressTries tries(1);
    const Time now = base::from_us(1'800'000'000'000'000);
    CHECK(tries.take("2001:db8:1:2::1", now) == Duration());
    CHECK(tries.take("2001:db8:1:2:ffff::9", now) > Duration());
    CHECK(tries.take("2001:db8:1:3::1", now) == Duration());
    CHECK(tries.take("::ffff:192.0.2.1", now) == Duration());
    CHECK(tries.take("::ffff:192.0.2.2", now) == Duration());
}

TEST_CASE("failures of yesterday are forgotten", "[identity][people]") {
    Failures failures;
    Time now = base::from_us(1'800'000'000'000'000);
    for (int i = 0; i < 40; ++i) add_failure(failures, now);
    CHECK(locked_until(failures) == now + std::chrono::minutes(15));
    now += std::chrono::hours(24);
    add_failure(failures, now);
    CHECK(failures.count == 1);
    CHECK(locked_until(failures) <= now);
}
