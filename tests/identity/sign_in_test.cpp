#include "identity/people_house.hpp"

using namespace sluice;
using namespace sluice::identity;
using sluice::testing::good_password;
using sluice::testing::PeopleHouse;

namespace {

Error refusal(PeopleHouse& f, Awaitable<Result<SignInOutcome>> task) {
    auto result = f.run(std::move(task));
    REQUIRE_FALSE(result);
    return result.error();
}

Error try_to_sign_in(PeopleHouse& f, const std::string& email, const std::string& password, const std::string& address = "192.0.2.1") {
    return refusal(f, f.people->sign_in(email, password, "", f.from("cli", address)));
}

ErrorCode code(const Result<Principal>& result) {
    REQUIRE_FALSE(result);
    return result.error().code;
}

}  // namespace

TEST_CASE("the first person owns every workspace, and there is one first person", "[identity][people]") {
    PeopleHouse f;
    f.workspace("acme");
    CHECK(f.people->setup_needed());
    const auto token = f.people->make_setup_token();
    CHECK(f.error(f.people->set_up("wrong", "a@b.c", good_password, "A", f.from())) == ErrorCode::gone);
    CHECK(f.error(f.people->set_up(token, "a@b.c", "short", "A", f.from())) == ErrorCode::invalid_argument);
    CHECK(f.error(f.people->set_up(token, "a@b.c", good_password, "", f.from())) == ErrorCode::invalid_argument);
    const auto in = f.get(f.people->set_up(token, " Ada@Example.COM ", good_password, "Ada", f.from()));
    CHECK(in.user.email == "ada@example.com");
    REQUIRE(in.memberships.size() == 2);
    CHECK(in.memberships[0].workspace_name == "acme");
    CHECK_FALSE(f.people->setup_needed());
    CHECK(f.error(f.people->set_up(token, "b@b.c", good_password, "B", f.from())) == ErrorCode::conflict);
    CHECK(f.error(f.people->set_up(f.people->make_setup_token(), "b@b.c", good_password, "B", f.from())) == ErrorCode::conflict);
    CHECK(f.ask(in.access_token, "acme")->role == "owner");
}

TEST_CASE("a set-up link is good for half an hour, and a newer one voids it", "[identity][people]") {
    PeopleHouse f;
    const auto old = f.people->make_setup_token();
    const auto token = f.people->make_setup_token();
    CHECK(f.error(f.people->set_up(old, "a@b.c", good_password, "A", f.from())) == ErrorCode::gone);
    f.clock.advance(std::chrono::minutes(30));
    CHECK(f.error(f.people->set_up(token, "a@b.c", good_password, "A", f.from())) == ErrorCode::gone);
}

TEST_CASE("the settings make the first owner where nobody is there to", "[identity][people]") {
    auto options = sluice::testing::cheap_people();
    options.admin_email = "root@example.com";
    options.admin_password = good_password;
    PeopleHouse f(options);
    CHECK_FALSE(f.people->setup_needed());
    CHECK(f.sign_in("root@example.com").memberships[0].role == "owner");
    f.options.admin_password = "something else entirely";
    f.restart();  // it is only for the first start
    f.sign_in("root@example.com");
}

TEST_CASE("a first owner with a bad password stops the start and says why", "[identity][people]") {
    PeopleHouse f;
    auto options = sluice::testing::cheap_people();
    options.admin_email = "root@example.com";
    options.admin_password = "password1234";
    People people(*f.identity, f.loop, *f.keys, options);
    const auto started = f.run(people.start());
    REQUIRE_FALSE(started);
    CHECK(started.error().code == ErrorCode::invalid_argument);
    CHECK(started.error().message.find("SLUICE_ADMIN_PASSWORD") != std::string::npos);
}

TEST_CASE("a person signs in by token and cookie, also after a restart", "[identity][people]") {
    PeopleHouse f;
    f.owner();
    const auto in = f.sign_in("ADA@example.com");
    for (const auto& who : {f.ask(in.access_token), f.ask_cookie(in.cookie)}) {
        REQUIRE(who);
        CHECK(who->kind == Principal::Kind::user);
        CHECK(who->id == in.user.id.str());
        CHECK(who->session == in.session.id.str());
        CHECK(who->role == "owner");
        CHECK(who->workspace_name == "default");
    }
    f.restart();
    CHECK(f.ask(in.access_token));
    CHECK(f.ask_cookie(in.cookie));
    CHECK(f.get(f.people->refresh(in.refresh_token, f.from())).session.id == in.session.id);
}

TEST_CASE("an unknown address, a wrong password and a disabled account get one answer", "[identity][people]") {
    PeopleHouse f;
    f.owner();
    const auto gone = f.person("gone@example.com", "viewer");
    f.get(f.people->set_active(gone.user.id, false));
    const auto wrong = try_to_sign_in(f, "ada@example.com", "wrong password wrong");
    CHECK(wrong.code == ErrorCode::unauthenticated);
    for (const auto& [email, password] : {std::pair{"nobody@example.com", good_password}, std::pair{"gone@example.com", good_password},
                                          std::pair{"no address", good_password}, std::pair{"", ""}}) {
        CAPTURE(email);
        const auto other = try_to_sign_in(f, email, password);
        CHECK(other.code == wrong.code);
        CHECK(other.message == wrong.message);
    }
    CHECK(try_to_sign_in(f, "ada@example.com", std::string(5000, 'x')).message == wrong.message);
}

TEST_CASE("after five wrong passwords an account waits, twice as long each time, over a restart", "[identity][people]") {
    PeopleHouse f;
    f.owner();
    const auto fail_at = [&](const char* email, int i) {  // from many addresses: it is the account that waits
        return try_to_sign_in(f, email, "wrong password wrong", fmt::format("192.0.2.{}", i));
    };
    for (const char* email : {"ada@example.com", "nobody@example.com"}) {  // one that exists cannot be told from one that does not
        CAPTURE(email);
        for (int i = 0; i < 5; ++i) CHECK(fail_at(email, i).code == ErrorCode::unauthenticated);
        Duration wait = std::chrono::seconds(1);
        for (int i = 5; i < 17; ++i) {
            CAPTURE(i);
            const auto refused = fail_at(email, i);
            CHECK(refused.code == ErrorCode::rate_limited);
            CHECK(refused.retry_after_us == wait.count());
            f.clock.advance(wait - std::chrono::microseconds(1));
            CHECK(fail_at(email, i).code == ErrorCode::rate_limited);
            f.clock.advance(std::chrono::microseconds(1));
            CHECK(fail_at(email, i).code == ErrorCode::unauthenticated);
            wait = std::min<Duration>(wait * 2, std::chrono::minutes(15));
        }
    }
    CHECK(fail_at("ada@example.com", 20).code == ErrorCode::unauthenticated);
    f.restart();
    CHECK(try_to_sign_in(f, "ada@example.com", good_password).code == ErrorCode::rate_limited);  // the right one waits too
    f.clock.advance(std::chrono::minutes(15));
    f.sign_in("ada@example.com");
    CHECK(try_to_sign_in(f, "ada@example.com", "wrong password wrong").code == ErrorCode::unauthenticated);
    f.sign_in("ada@example.com");
}

TEST_CASE("an address has twenty failures a minute, and good sign-ins cost none", "[identity][people]") {
    PeopleHouse f;
    f.owner();
    for (int i = 0; i < 30; ++i) f.sign_in("ada@example.com");
    for (int i = 0; i < 20; ++i)
        CHECK(try_to_sign_in(f, fmt::format("p{}@example.com", i), "wrong password wrong").code == ErrorCode::unauthenticated);
    const auto refused = try_to_sign_in(f, "ada@example.com", good_password);
    CHECK(refused.code == ErrorCode::rate_limited);
    CHECK(refused.retry_after_us <= 3'000'001);
    CHECK(try_to_sign_in(f, "other@example.com", "wrong password wrong", "192.0.2.2").code == ErrorCode::unauthenticated);
    f.clock.advance(std::chrono::seconds(3));
    f.sign_in("ada@example.com");
}

TEST_CASE("a token names a session that is looked up each time", "[identity][people][tokens]") {
    PeopleHouse f;
    const auto in = f.owner();
    CHECK(f.ask(in.access_token));
    SECTION("so that signing out counts at once") {
        f.done(f.identity->end_session(*f.ask(in.access_token)));
        CHECK(code(f.ask(in.access_token)) == ErrorCode::unauthenticated);
        CHECK(code(f.ask_cookie(in.cookie)) == ErrorCode::unauthenticated);
        CHECK(f.error(f.people->refresh(in.refresh_token, f.from())) == ErrorCode::unauthenticated);
    }
    SECTION("and disabling the account") {
        f.get(f.people->set_active(in.user.id, false));
        CHECK(code(f.ask(in.access_token)) == ErrorCode::unauthenticated);
        f.get(f.people->set_active(in.user.id, true));
        CHECK(code(f.ask(in.access_token)) == ErrorCode::unauthenticated);
        f.sign_in("ada@example.com");
    }
    SECTION("and it is over after a quarter of an hour") {
        f.clock.advance(std::chrono::minutes(15) + std::chrono::seconds(31));
        CHECK(code(f.ask(in.access_token)) == ErrorCode::unauthenticated);
        CHECK(f.ask(f.get(f.people->refresh(in.refresh_token, f.from())).access_token));
    }
    SECTION("and another server's is unknown") {
        PeopleHouse other(sluice::testing::cheap_people(), 99);
        const auto foreign = other.owner();
        CHECK(other.ask(foreign.access_token));
        CHECK(code(f.ask(foreign.access_token)) == ErrorCode::unauthenticated);
    }
}

TEST_CASE("a browser's session ends after two hours without use, and after half a day or a day", "[identity][people]") {
    PeopleHouse f;
    const auto owner = f.owner();
    const auto viewer = f.person("vera@example.com", "viewer");
    for (int i = 0; i < 11; ++i) {
        f.clock.advance(std::chrono::minutes(65));
        CHECK(f.ask_cookie(owner.cookie));
        CHECK(f.ask_cookie(viewer.cookie));
    }
    f.clock.advance(std::chrono::minutes(6));
    CHECK(code(f.ask_cookie(owner.cookie)) == ErrorCode::unauthenticated);
    CHECK(f.ask_cookie(viewer.cookie));
    f.clock.advance(std::chrono::hours(2));
    CHECK(code(f.ask_cookie(viewer.cookie)) == ErrorCode::unauthenticated);
}

TEST_CASE("signing in replaces the browser's session, and a person has fifty at most", "[identity][people]") {
    PeopleHouse f;
    const auto first = f.owner();
    auto again = f.from();
    again.old_cookie = first.cookie;
    const auto second = *f.get(f.people->sign_in("ada@example.com", good_password, "", again)).signed_in;
    CHECK(second.cookie != first.cookie);
    CHECK(code(f.ask_cookie(first.cookie)) == ErrorCode::unauthenticated);
    for (int i = 0; i < 55; ++i) {
        f.clock.advance(std::chrono::seconds(1));
        f.sign_in("ada@example.com");
    }
    CHECK(f.people->sessions(first.user.id).size() == 50);
    CHECK(code(f.ask_cookie(second.cookie)) == ErrorCode::unauthenticated);
}

TEST_CASE("a refresh token works once and its successor after it", "[identity][people][tokens]") {
    PeopleHouse f;
    const auto in = f.owner();
    f.clock.advance(std::chrono::minutes(1));
    const auto second = f.get(f.people->refresh(in.refresh_token, f.from()));
    CHECK(second.refresh_token != in.refresh_token);
    const auto third = f.get(f.people->refresh(second.refresh_token, f.from()));
    CHECK(f.ask(third.access_token));
    SECTION("used again after its successor was used it ends the session") {
        CHECK(f.error(f.people->refresh(in.refresh_token, f.from())) == ErrorCode::unauthenticated);
        CHECK(code(f.ask(third.access_token)) == ErrorCode::unauthenticated);
        CHECK(f.error(f.people->refresh(third.refresh_token, f.from())) == ErrorCode::unauthenticated);
    }
    SECTION("in other hands it ends the session") {
        CHECK(f.error(f.people->refresh(third.refresh_token, f.from("another client"))) == ErrorCode::unauthenticated);
        CHECK(code(f.ask(third.access_token)) == ErrorCode::unauthenticated);
    }
    SECTION("one that nobody was given changes nothing") {
        CHECK(f.error(f.people->refresh("slr_" + std::string(43, 'x'), f.from())) == ErrorCode::unauthenticated);
        CHECK(f.error(f.people->refresh("", f.from())) == ErrorCode::unauthenticated);
        CHECK(f.error(f.people->refresh(std::string(900, 'x'), f.from())) == ErrorCode::unauthenticated);
        CHECK(f.ask(third.access_token));
    }
    SECTION("it waits seven days for its use") {
        f.clock.advance(std::chrono::hours(24 * 7) - std::chrono::seconds(1));
        const auto late = f.get(f.people->refresh(third.refresh_token, f.from()));
        f.clock.advance(std::chrono::hours(24 * 7));
        CHECK(f.error(f.people->refresh(late.refresh_token, f.from())) == ErrorCode::unauthenticated);
    }
}

TEST_CASE("a client whose answer was lost gets the same successor for ten seconds", "[identity][people][tokens]") {
    PeopleHouse f;
    const auto in = f.owner();
    const auto first = f.get(f.people->refresh(in.refresh_token, f.from()));
    f.clock.advance(std::chrono::microseconds(9'999'999));
    f.restart();
    CHECK(f.get(f.people->refresh(in.refresh_token, f.from())).refresh_token == first.refresh_token);
    SECTION("and not longer") {
        f.clock.advance(std::chrono::microseconds(1));
        CHECK(f.error(f.people->refresh(in.refresh_token, f.from())) == ErrorCode::unauthenticated);
        CHECK(f.error(f.people->refresh(first.refresh_token, f.from())) == ErrorCode::unauthenticated);
    }
    SECTION("and not once the successor was used") {
        f.get(f.people->refresh(first.refresh_token, f.from()));
        CHECK(f.error(f.people->refresh(in.refresh_token, f.from())) == ErrorCode::unauthenticated);
    }
    SECTION("and not for another client") {
        CHECK(f.error(f.people->refresh(in.refresh_token, f.from("thief"))) == ErrorCode::unauthenticated);
        CHECK(f.error(f.people->refresh(first.refresh_token, f.from())) == ErrorCode::unauthenticated);
    }
}

TEST_CASE("signing keys are replaced after thirty days, and the one before still counts", "[identity][people][tokens]") {
    PeopleHouse f;
    f.owner();
    const auto keys = [&] { return sluice::testing::parsed(f.people->key_set())["keys"].size(); };
    const auto rotate = [&] {
        f.clock.advance(std::chrono::hours(24 * 30) - std::chrono::minutes(1));
        const auto in = f.sign_in("ada@example.com");
        f.clock.advance(std::chrono::minutes(1));
        f.get(f.people->remove_expired());
        return in;
    };
    CHECK(keys() == 1);
    const auto in = rotate();
    CHECK(keys() == 2);
    CHECK(f.ask(in.access_token));
    rotate();
    CHECK(keys() == 2);
    f.restart();
    CHECK(keys() == 2);
    CHECK(f.ask(f.sign_in("ada@example.com").access_token));
}

TEST_CASE("a hash of an older cost is made anew at the sign-in", "[identity][people]") {
    PeopleHouse f;
    f.owner();
    f.options.password_cost = {128, 1, 1};
    f.restart();
    f.sign_in("ada@example.com");
    f.restart();
    f.sign_in("ada@example.com");
}

TEST_CASE("the password is given again for what needs a person who is surely there", "[identity][people]") {
    PeopleHouse f;
    const auto in = f.owner();
    CHECK(f.people->check_recent_proof(*f.ask(in.access_token)));
    CHECK(f.people->check_recent_proof(f.local()));
    f.clock.advance(std::chrono::minutes(10));
    const auto refused = f.people->check_recent_proof(*f.ask(in.access_token));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::step_up_required);
    CHECK(f.error(f.people->prove_again(*f.ask(in.access_token), "wrong password wrong", "", f.from())) == ErrorCode::unauthenticated);
    CHECK_FALSE(f.people->check_recent_proof(*f.ask(in.access_token)));
    const auto again = f.get(f.people->prove_again(*f.ask(in.access_token), good_password, "", f.from()));
    CHECK(f.people->check_recent_proof(*f.ask(in.access_token)));
    CHECK(again.session.id == in.session.id);
    CHECK(code(f.ask_cookie(in.cookie)) == ErrorCode::unauthenticated);  // a new cookie for the new rights
    CHECK(f.ask_cookie(again.cookie));
    CHECK(f.error(f.people->prove_again(f.local(), good_password, "", f.from())) == ErrorCode::conflict);
}

TEST_CASE("a new password ends the other sessions", "[identity][people]") {
    PeopleHouse f;
    const auto other = f.owner();
    const auto in = f.sign_in("ada@example.com");
    const auto me = *f.ask(in.access_token);
    CHECK(f.error(f.people->change_password(me, "wrong password wrong", "entirely new words here", f.from())) == ErrorCode::unauthenticated);
    CHECK(f.error(f.people->change_password(me, good_password, "short", f.from())) == ErrorCode::invalid_argument);
    f.done(f.people->change_password(me, good_password, "entirely new words here", f.from()));
    CHECK(f.ask(in.access_token));
    CHECK(code(f.ask(other.access_token)) == ErrorCode::unauthenticated);
    CHECK(try_to_sign_in(f, "ada@example.com", good_password).code == ErrorCode::unauthenticated);
    f.restart();
    f.sign_in("ada@example.com", "entirely new words here");
}

TEST_CASE("a reset link sets one new password", "[identity][people]") {
    PeopleHouse f;
    const auto in = f.owner();
    const auto old = f.people->make_reset_token(in.user.id);
    const auto token = f.people->make_reset_token(in.user.id);
    CHECK(f.error(f.people->reset_password(old, "entirely new words here", f.from())) == ErrorCode::gone);
    CHECK(f.error(f.people->reset_password(token, "password1234", f.from())) == ErrorCode::invalid_argument);
    f.done(f.people->reset_password(token, "entirely new words here", f.from()));
    CHECK(f.error(f.people->reset_password(token, "other words than before", f.from())) == ErrorCode::gone);
    CHECK(code(f.ask(in.access_token)) == ErrorCode::unauthenticated);
    f.sign_in("ada@example.com", "entirely new words here");
    const auto late = f.people->make_reset_token(in.user.id);
    f.clock.advance(std::chrono::minutes(30));
    CHECK(f.error(f.people->reset_password(late, "other words than before", f.from())) == ErrorCode::gone);
}

TEST_CASE("sessions are listed and ended one by one or all but the own", "[identity][people]") {
    PeopleHouse f;
    const auto first = f.owner();
    const auto second = f.sign_in("ada@example.com"), third = f.sign_in("ada@example.com");
    const auto vera = f.person("vera@example.com", "viewer");
    CHECK(f.people->sessions(first.user.id).size() == 3);
    CHECK(f.error(f.people->end_session(first.user.id, vera.session.id, f.from())) == ErrorCode::not_found);
    f.done(f.people->end_session(first.user.id, second.session.id, f.from()));
    CHECK(f.error(f.people->end_session(first.user.id, second.session.id, f.from())) == ErrorCode::not_found);
    CHECK(f.get(f.people->end_sessions(first.user.id, third.session.id, f.from())) == 1);
    CHECK(f.get(f.people->end_sessions(first.user.id, third.session.id, f.from())) == 0);
    CHECK(f.ask(third.access_token));
    CHECK(f.ask(vera.access_token));
    CHECK(code(f.ask(first.access_token)) == ErrorCode::unauthenticated);
    f.clock.advance(std::chrono::hours(24 * 8));
    CHECK(f.get(f.people->remove_expired()) == 2);
    CHECK(f.people->sessions(first.user.id).empty());
}

namespace {

struct Code final : SecondFactor {
    std::vector<std::string> methods(const User& user) const override {
        if (user.email == "ada@example.com") return {"totp"};
        return {};
    }
    bool required(WorkspaceId) const override { return false; }
    Awaitable<Result<void>> check(User, std::string answer, Client) override {
        if (answer == "123456") co_return Result<void>{};
        co_return fail(ErrorCode::unauthenticated, "this code is wrong");
    }
};

}  // namespace

TEST_CASE("a second factor is asked for after the password and bounded in tries", "[identity][people]") {
    PeopleHouse f;
    const auto in = f.owner();
    Code factor;
    f.people->set_second_factor(factor);
    f.person("vera@example.com", "viewer");  // without one
    const auto begin = [&] {
        auto outcome = f.get(f.people->sign_in("ada@example.com", good_password, "", f.from()));
        REQUIRE(outcome.pending);
        CHECK_FALSE(outcome.signed_in);
        CHECK(outcome.pending->methods == std::vector<std::string>{"totp"});
        return outcome.pending->challenge;
    };
    CHECK(f.get(f.people->sign_in("ada@example.com", good_password, "123456", f.from())).signed_in);
    CHECK(try_to_sign_in(f, "ada@example.com", "wrong password wrong").code == ErrorCode::unauthenticated);
    const auto challenge = begin();
    CHECK(f.error(f.people->answer_second_factor("nonsense", "123456", f.from())) == ErrorCode::unauthenticated);
    CHECK(f.error(f.people->answer_second_factor(challenge, "000000", f.from())) == ErrorCode::unauthenticated);
    CHECK(f.ask(f.get(f.people->answer_second_factor(challenge, "123456", f.from())).access_token));
    CHECK(f.error(f.people->answer_second_factor(challenge, "123456", f.from())) == ErrorCode::unauthenticated);
    const auto late = begin();
    f.clock.advance(std::chrono::minutes(5));
    CHECK(f.error(f.people->answer_second_factor(late, "123456", f.from())) == ErrorCode::unauthenticated);
    const auto guessed = begin();
    for (int i = 0; i < 5; ++i)
        CHECK(f.error(f.people->answer_second_factor(guessed, "000000", f.from())) == ErrorCode::unauthenticated);
    CHECK(f.run(f.people->answer_second_factor(guessed, "123456", f.from())).error().code != ErrorCode::internal);
    CHECK_FALSE(f.run(f.people->answer_second_factor(guessed, "123456", f.from())));
    f.clock.advance(std::chrono::minutes(15));
    CHECK(f.error(f.people->prove_again(*f.ask(f.get(f.people->refresh(in.refresh_token, f.from())).access_token), good_password, "",
                                        f.from())) == ErrorCode::unauthenticated);
}

TEST_CASE("who comes from an identity provider has an account and a workspace, or is refused", "[identity][people]") {
    PeopleHouse f;
    const auto in = f.owner();
    CHECK(f.get(f.people->sign_in_external(in.user.id, f.from())).signed_in->user.id == in.user.id);
    CHECK(f.error(f.people->sign_in_external(UserId(), f.from())) == ErrorCode::forbidden);
    Code factor;
    f.people->set_second_factor(factor);
    const auto asked = f.get(f.people->sign_in_external(in.user.id, f.from()));
    CHECK_FALSE(asked.signed_in);
    REQUIRE(asked.pending);
    f.get(f.people->answer_second_factor(asked.pending->challenge, "123456", f.from()));
    f.get(f.people->set_active(in.user.id, false));
    CHECK(f.error(f.people->sign_in_external(in.user.id, f.from())) == ErrorCode::forbidden);
}

TEST_CASE("without its root key a server signs nobody in, and goes on once it is there", "[identity][people][tokens]") {
    PeopleHouse f;
    const auto in = f.owner();
    const auto hidden = f.key_file().string() + ".away";
    std::filesystem::rename(f.key_file(), hidden);
    f.restart();
    CHECK(f.keys->sealed());
    CHECK(f.ask_cookie(in.cookie));
    CHECK_FALSE(f.ask(in.access_token));
    CHECK(f.error(f.people->sign_in("ada@example.com", good_password, "", f.from())) == ErrorCode::sealed);
    CHECK(f.error(f.people->refresh(in.refresh_token, f.from())) == ErrorCode::sealed);
    std::filesystem::rename(hidden, f.key_file());
    f.done(f.keys->unseal());
    CHECK(f.ask(in.access_token));
    f.get(f.people->refresh(in.refresh_token, f.from()));
    f.sign_in("ada@example.com");
}
