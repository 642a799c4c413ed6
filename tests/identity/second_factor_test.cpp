#include <set>

#include "identity/people_house.hpp"
#include "sluice/crypto/crypto.hpp"
#include "sluice/crypto/totp.hpp"

using namespace sluice;
using namespace sluice::identity;
using sluice::testing::good_password;
using sluice::testing::PeopleHouse;

namespace {

/// RFC 4648 §6 backwards: what an app does with the secret that it was given.
std::string from_base32(const std::string& text) {
    const std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    std::string out;
    unsigned bits = 0, count = 0;
    for (const char c : text) {
        bits = (bits << 5U) | static_cast<unsigned>(alphabet.find(c));
        count += 5;
        if (count < 8) continue;
        count -= 8;
        out += static_cast<char>((bits >> count) & 0xFFU);
        bits &= (1U << count) - 1U;
    }
    return out;
}

struct FactorHouse : PeopleHouse {
    SignedIn ada = owner();
    std::string secret;
    std::vector<std::string> recovery;

    std::string code(std::int64_t steps_ahead = 0) { return crypto::totp_code(secret, crypto::totp_step(clock.now()) + steps_ahead); }
    void next_step() { clock.advance(std::chrono::seconds(30)); }
    void enrol() {
        const auto begun = factors->begin(ada.user.id);
        REQUIRE(begun);
        secret = from_base32(begun->secret);
        recovery = get(factors->confirm(ada.user.id, code(), from()));
    }
    Result<SignInOutcome> try_with(const std::string& otp, const std::string& password = good_password) {
        return run(people->sign_in("ada@example.com", password, otp, from()));
    }
    bool signs_in(const std::string& otp) {
        auto outcome = try_with(otp);
        return outcome && outcome->signed_in;
    }
    ErrorCode refusal(const std::string& otp, const std::string& password = good_password) {
        auto outcome = try_with(otp, password);
        REQUIRE_FALSE(outcome);
        return outcome.error().code;
    }
};

}  // namespace

TEST_CASE("a second factor counts from the first right code on", "[identity][people][totp]") {
    FactorHouse f;
    const auto user = f.ada.user.id;
    CHECK(f.error(f.factors->confirm(user, "123456", f.from())) == ErrorCode::gone);
    const auto begun = f.factors->begin(user);
    REQUIRE(begun);
    CHECK(from_base32(begun->secret).size() == crypto::totp_secret_bytes);
    CHECK(begun->uri.find("otpauth://totp/Sluice:ada%40example.com?secret=" + begun->secret + "&") == 0);
    CHECK(f.signs_in(""));
    CHECK_FALSE(f.factors->status(user).enabled);
    f.secret = from_base32(begun->secret);
    CHECK(f.error(f.factors->confirm(user, f.code(5), f.from())) == ErrorCode::unauthenticated);
    SECTION("confirmed") {
        const auto codes = f.get(f.factors->confirm(user, f.code(), f.from()));
        CHECK(std::set(codes.begin(), codes.end()).size() == 10);
        CHECK(f.factors->status(user).enabled);
        CHECK(f.factors->status(user).recovery_codes == 10);
        auto outcome = f.get(f.people->sign_in("ada@example.com", good_password, "", f.from()));
        CHECK_FALSE(outcome.signed_in);
        REQUIRE(outcome.pending);
        CHECK(outcome.pending->methods == std::vector<std::string>{"totp", "recovery_code"});
        const auto again = f.factors->begin(user);
        REQUIRE_FALSE(again);
        CHECK(again.error().code == ErrorCode::conflict);
        CHECK(f.error(f.factors->confirm(user, f.code(1), f.from())) == ErrorCode::gone);
    }
    SECTION("after fifteen minutes it is void") {
        f.clock.advance(std::chrono::minutes(15));
        CHECK(f.error(f.factors->confirm(user, f.code(), f.from())) == ErrorCode::gone);
        CHECK(f.signs_in(""));
    }
    SECTION("a newer one voids it") {
        REQUIRE(f.factors->begin(user));
        CHECK(f.error(f.factors->confirm(user, f.code(), f.from())) == ErrorCode::unauthenticated);
    }
    SECTION("it is not kept over a restart") {
        f.restart();
        CHECK(f.error(f.factors->confirm(user, f.code(), f.from())) == ErrorCode::gone);
    }
}

TEST_CASE("each code signs in once, over restarts too", "[identity][people][totp]") {
    FactorHouse f;
    f.enrol();
    CHECK(f.refusal(f.code()) == ErrorCode::unauthenticated);  // it confirmed the factor
    f.next_step();
    CHECK(f.signs_in(f.code()));
    CHECK(f.refusal(f.code()) == ErrorCode::unauthenticated);
    CHECK(f.refusal(f.code(-1)) == ErrorCode::unauthenticated);
    f.restart();
    CHECK(f.refusal(f.code()) == ErrorCode::unauthenticated);
    CHECK(f.signs_in(f.code(1)));
    f.next_step();
    f.next_step();
    CHECK(f.signs_in(" " + f.code().substr(0, 3) + " " + f.code().substr(3)));
}

TEST_CASE("of two sign-ins at once with one code the writer takes one", "[identity][people][totp]") {
    FactorHouse f;
    f.enrol();
    f.next_step();
    struct Taken {
        static Awaitable<void> use(SecondFactors* factors, User user, std::string code, int* right) {
            auto done = co_await factors->check(user, std::move(code), Client{});
            if (done) ++*right;
        }
    };
    int right = 0;
    runtime::TaskGroup tasks(f.loop);
    for (int i = 0; i < 2; ++i) tasks.spawn("use", Taken::use(f.factors.get(), f.ada.user, f.code(), &right));
    for (int i = 0; i < 2; ++i) tasks.spawn("recover", Taken::use(f.factors.get(), f.ada.user, f.recovery[0], &right));
    f.run(tasks.join());
    CHECK(right == 2);
}

TEST_CASE("a recovery code works once, and new ones void all before", "[identity][people][totp]") {
    FactorHouse f;
    f.enrol();
    std::string shouted;
    for (const char c : f.recovery[0]) shouted += static_cast<char>(std::toupper(c));
    CHECK(f.signs_in(shouted));
    CHECK(f.refusal(f.recovery[0]) == ErrorCode::unauthenticated);
    CHECK(f.factors->status(f.ada.user.id).recovery_codes == 9);
    f.restart();
    CHECK(f.refusal(f.recovery[0]) == ErrorCode::unauthenticated);
    CHECK(f.signs_in(f.recovery[1]));
    const auto fresh = f.get(f.factors->new_recovery_codes(f.ada.user.id, f.from()));
    CHECK(fresh.size() == 10);
    CHECK(f.refusal(f.recovery[2]) == ErrorCode::unauthenticated);
    CHECK(f.signs_in(fresh[0]));
    const auto vera = f.person("vera@example.com", "viewer");
    CHECK(f.error(f.factors->new_recovery_codes(vera.user.id, f.from())) == ErrorCode::conflict);
    CHECK(f.factors->methods(vera.user).empty());
}

TEST_CASE("wrong codes lock the account as wrong passwords do, and the right password does not unlock it", "[identity][people][totp]") {
    FactorHouse f;
    f.enrol();
    f.next_step();
    for (int i = 0; i < 5; ++i) CHECK(f.refusal("000000") == ErrorCode::unauthenticated);
    CHECK(f.refusal(f.code()) == ErrorCode::rate_limited);
    f.restart();
    CHECK(f.refusal(f.code()) == ErrorCode::rate_limited);
    f.clock.advance(std::chrono::seconds(1));
    CHECK(f.refusal(f.code(), "wrong password wrong") == ErrorCode::unauthenticated);
    CHECK(f.refusal(f.code()) == ErrorCode::rate_limited);
    f.next_step();
    CHECK(f.signs_in(f.code()));
    CHECK(f.refusal("no code at all, but a long text") == ErrorCode::unauthenticated);
}

TEST_CASE("a second factor is taken away with password and code", "[identity][people][totp]") {
    FactorHouse f;
    const auto principal = *f.ask(f.ada.access_token);
    CHECK(f.error(f.factors->disable(principal, good_password, "123456", f.from())) == ErrorCode::conflict);
    f.enrol();
    f.next_step();
    CHECK(f.error(f.factors->disable(principal, "wrong password wrong", f.code(), f.from())) == ErrorCode::unauthenticated);
    CHECK(f.error(f.factors->disable(principal, good_password, "000000", f.from())) == ErrorCode::unauthenticated);
    CHECK(f.factors->status(f.ada.user.id).enabled);
    f.done(f.factors->disable(principal, good_password, f.code(), f.from()));
    CHECK(f.signs_in(""));
    f.restart();
    CHECK(f.signs_in(""));
    CHECK_FALSE(f.factors->status(f.ada.user.id).enabled);
    f.enrol();  // another one can be set up
    f.done(f.factors->reset(f.ada.user.id, {}));
    CHECK(f.error(f.factors->reset(f.ada.user.id, {})) == ErrorCode::conflict);
    CHECK(f.signs_in(""));
}

TEST_CASE("without the root key no code is judged", "[identity][people][totp]") {
    FactorHouse f;
    f.enrol();
    f.next_step();
    const auto hidden = f.key_file().string() + ".away";
    std::filesystem::rename(f.key_file(), hidden);
    f.restart();
    CHECK(f.error(f.factors->check(f.ada.user, f.code(), f.from())) == ErrorCode::sealed);
    const auto vera = f.factors->begin(f.ada.user.id);
    CHECK_FALSE(vera);
    std::filesystem::rename(hidden, f.key_file());
    f.done(f.keys->unseal());
    CHECK(f.signs_in(f.code()));
}

TEST_CASE("a workspace that requires a second factor lets members without one do nothing but set one up", "[identity][people][totp]") {
    FactorHouse f;
    const auto vera = f.person("vera@example.com", "viewer");
    f.workspace("acme");
    const auto principal = *f.ask(f.ada.access_token);
    CHECK(f.error(f.factors->set_required(principal, true, {})) == ErrorCode::conflict);
    f.enrol();
    f.done(f.factors->set_required(principal, true, {}));
    CHECK(f.factors->status(vera.user.id).required_by == std::vector<std::string>{"default"});
    const auto refused = f.ask(vera.access_token);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::forbidden);
    CHECK(refused.error().message.find("/api/v1/auth/totp") != std::string::npos);
    CHECK(f.ask(f.ada.access_token));
    net::Request request;
    request.path = "/api/v1/auth/totp";
    request.headers.set("Authorization", "Bearer " + vera.access_token);
    CHECK(f.identity->authenticator().authenticate(request));
    f.restart();
    CHECK_FALSE(f.ask(vera.access_token));
    const auto begun = f.factors->begin(vera.user.id);
    REQUIRE(begun);
    const auto code = crypto::totp_code(from_base32(begun->secret), crypto::totp_step(f.clock.now()));
    f.get(f.factors->confirm(vera.user.id, code, f.from()));
    CHECK(f.ask(vera.access_token));
    f.done(f.factors->reset(vera.user.id, {}));
    CHECK_FALSE(f.ask(vera.access_token));
    f.done(f.factors->set_required(principal, false, {}));
    CHECK(f.ask(vera.access_token));
}
