// Signing in: the password within its limits, the session that it opens, the first person.

#include "email.hpp"
#include "key_text.hpp"
#include "password_rules.hpp"
#include "people_state.hpp"
#include "sluice/base/log.hpp"
#include "sluice/crypto/crypto.hpp"

namespace sluice::identity {

namespace {

constexpr std::size_t max_client_name = 200;

/// A flag that is up while this lives, also when its coroutine is cancelled.
class Raised {
  public:
    explicit Raised(bool& flag) : flag_(flag) { flag_ = true; }
    ~Raised() { flag_ = false; }
    Raised(const Raised&) = delete;
    Raised& operator=(const Raised&) = delete;

  private:
    bool& flag_;
};

/// One answer for an unknown address, a wrong password and an account that is disabled.
tl::unexpected<Error> wrong_credentials() {
    return fail(ErrorCode::unauthenticated, "the address or the password is wrong");
}

tl::unexpected<Error> must_wait(Duration wait) {
    Error error{ErrorCode::rate_limited,
                fmt::format("too many failed sign-ins; try again in {} s",
                            std::max<std::int64_t>(1, (wait.count() + 999'999) / 1'000'000)),
                {},
                true,
                wait.count()};
    return fail(std::move(error));
}

}  // namespace

Awaitable<Result<UserId>> PeopleState::check_password(std::string email, std::string password, Client client) {
    const auto now = house.clock.now();
    if (const auto wait = tries.take(client.address, now); wait > Duration()) co_return must_wait(wait);
    // Longer ones are nobody's; they are not hashed.
    const auto normal = normal_email(email);
    if (password.size() > 4 * max_password || !normal) co_return wrong_credentials();
    auto* found = account_of(*normal);
    const auto& failures = found ? found->failures : unknown.of(*normal);
    if (const auto until = locked_until(failures); until > now) co_return must_wait(until - now);
    const bool usable = found && found->user.active && found->has_active_membership() && !found->password.empty();
    const auto id = found ? found->user.id : UserId();
    auto phc = usable ? found->password : std::string();
    auto same = co_await hashing.verify(phc, password);
    found = id ? account(id) : nullptr;
    if (!same) {
        tries.give_back(client.address);  // nobody was judged
        co_return fail(std::move(same.error()));
    }
    // Meanwhile the account may have been disabled or its password changed.
    const bool good = *same && found && found->user.active && found->password == phc;
    if (!good) {
        if (found) count_failure(*found, now);
        else add_failure(unknown.of(*normal), now);
        note_refusal(found ? std::optional<UserId>(id) : std::nullopt, "auth.login", client, "wrong address or password");
        log::info("a sign-in failed", {{"remote", client.address}});
        co_return wrong_credentials();
    }
    if (!has_second_factor(found->user)) found->failures = {};  // else who knows the password could try codes without end
    tries.give_back(client.address);
    if (hashing.is_outdated(phc)) co_await rehash(id, std::move(password));
    co_return id;
}

void PeopleState::count_failure(Account& account, Time now) {
    add_failure(account.failures, now);
    if (account.failures.count < free_failures) return;
    storage::WriteUnit unit;
    store::record_failures(unit, account.user.id, account.failures);
    house.storage.enqueue(std::move(unit), [](const Result<void>& done) {
        if (!done) log::warn("failed sign-ins were not written down", {{"cause", done.error().message}});
    });
}

Awaitable<void> PeopleState::rehash(UserId user, std::string password) {
    auto made = co_await hashing.hash(std::move(password));
    if (!made) co_return;  // at the next sign-in then
    storage::WriteUnit unit;
    store::set_password(unit, user, *made);
    auto done = co_await house.storage.submit(std::move(unit));
    if (!done) co_return;
    if (auto* found = account(user)) found->password = std::move(*made);
}

SignedIn PeopleState::render(const LivePersonSession& live, const Account& account) const {
    SignedIn out;
    out.session = live.session;
    out.session.ends_at = end_of(live);
    out.user = account.user;
    out.memberships = memberships(account);
    return out;
}

Awaitable<Result<SignedIn>> PeopleState::open_session(UserId user, Client client, std::string action) {
    if (!tokens.ready())
        if (auto key = keys.get(signing_key_purpose); !key) co_return fail(std::move(key.error()));
    const auto now = house.clock.now();
    StoredSession stored;
    stored.session.id = SessionId::make(now, house.random);
    stored.session.user = user;
    stored.session.client = client.name.substr(0, max_client_name);
    stored.session.address = client.address;
    stored.session.created_at = stored.session.last_used_at = stored.session.proved_at = now;
    auto cookie = crypto::random_token(house.random);
    stored.cookie_hash = digest(cookie);
    std::string refresh_token;
    storage::WriteUnit unit;
    store::record_sign_in(unit, user, now);
    note(unit, user, std::move(action), client, stored.session.id.str());
    if (client.wants_refresh) stored.refresh_until = now + options.refresh_token_life;
    store::insert_user_session(unit, stored);
    if (client.wants_refresh) {
        refresh_token = make_refresh_token(house.random);
        store::insert_refresh_token(unit, stored.session.id, refresh_token, make_refresh_salt(house.random), now,
                                    *stored.refresh_until);
    }
    // The browser's session before this one ends, and of too many the one that was used longest ago.
    std::vector<SessionId> ended;
    if (const auto old = cookies.find(digest(client.old_cookie)); old != cookies.end()) ended.push_back(old->second);
    if (auto own = sessions_of(user); own.size() >= max_sessions_of_one)
        ended.push_back(*std::ranges::min_element(own, {}, [&](SessionId id) { return sessions.at(id).session.last_used_at; }));
    for (const auto id : ended) store::delete_user_session(unit, id);
    auto done = co_await house.storage.submit(std::move(unit));
    if (!done) co_return fail(std::move(done.error()));

    for (const auto id : ended) forget_session(id);
    remember(stored);
    auto* found = account(user);
    if (!found) co_return wrong_credentials();
    found->user.last_sign_in_at = now;
    auto out = render(sessions.at(stored.session.id), *found);
    out.cookie = std::move(cookie);
    out.refresh_token = std::move(refresh_token);
    out.access_token = tokens.make({user, stored.session.id}, now, options.access_token_life);
    co_return out;
}

Awaitable<Result<SignInOutcome>> People::sign_in(std::string email, std::string password, std::string otp,
                                                 Client client) {
    auto& s = *state_;
    auto user = co_await s.check_password(std::move(email), std::move(password), client);
    if (!user) co_return fail(std::move(user.error()));
    co_return co_await after_first_proof(*user, std::move(otp), std::move(client));
}

Awaitable<Result<SignInOutcome>> People::after_first_proof(UserId user, std::string otp, Client client) {
    auto& s = *state_;
    const auto* account = s.account(user);
    SignInOutcome out;
    if (auto methods = s.second_factor ? s.second_factor->methods(account->user) : std::vector<std::string>();
        !methods.empty()) {
        if (otp.empty()) {
            out.pending = make_challenge(user, std::move(methods));
            co_return out;
        }
        auto right = co_await s.check_second_factor(user, std::move(otp), client);
        if (!right) co_return fail(std::move(right.error()));
    }
    auto opened = co_await s.open_session(user, std::move(client), "auth.login");
    if (!opened) co_return fail(std::move(opened.error()));
    out.signed_in = std::move(*opened);
    co_return out;
}

SecondFactorPending People::make_challenge(UserId user, std::vector<std::string> methods) {
    auto& s = *state_;
    const auto now = s.house.clock.now();
    std::erase_if(s.challenges, [&](const auto& item) { return item.second.expires_at <= now; });
    if (s.challenges.size() >= max_challenges) {
        auto oldest = std::ranges::min_element(s.challenges, {}, [](const auto& item) { return item.second.expires_at; });
        s.challenges.erase(oldest);
    }
    auto token = crypto::random_token(s.house.random);
    s.challenges[digest(token)] = {user, now + challenge_life, 0};
    return {std::move(token), std::move(methods)};
}

/// A wrong second factor counts as a failed sign-in of the account.
Awaitable<Result<void>> PeopleState::check_second_factor(UserId user, std::string answer, Client client) {
    const auto now = house.clock.now();
    if (const auto wait = tries.take(client.address, now); wait > Duration()) co_return must_wait(wait);
    auto* found = account(user);
    if (!found || !second_factor) co_return wrong_credentials();
    if (const auto until = locked_until(found->failures); until > now) co_return must_wait(until - now);
    auto right = co_await second_factor->check(found->user, std::move(answer), client);
    found = account(user);
    if (!right || !found || !found->user.active) {
        if (right) co_return wrong_credentials();
        if (found && right.error().code == ErrorCode::unauthenticated) {
            count_failure(*found, now);
            note_refusal(user, "auth.login", client, "wrong second factor");
        }
        co_return fail(std::move(right.error()));
    }
    found->failures = {};
    tries.give_back(client.address);
    co_return Result<void>{};
}

Awaitable<Result<SignedIn>> People::answer_second_factor(std::string challenge, std::string answer, Client client) {
    auto& s = *state_;
    const auto hash = digest(challenge);
    const auto found = s.challenges.find(hash);
    const auto over = [] {
        return fail(ErrorCode::unauthenticated, "this sign-in has waited too long or failed too often; begin again");
    };
    if (found == s.challenges.end() || found->second.expires_at <= s.house.clock.now()) co_return over();
    const auto user = found->second.user;
    if (++found->second.tries > challenge_tries) {
        s.challenges.erase(found);
        co_return over();
    }
    auto right = co_await s.check_second_factor(user, std::move(answer), client);
    if (!right) co_return fail(std::move(right.error()));
    if (s.challenges.erase(hash) == 0) co_return over();  // another request was quicker
    co_return co_await s.open_session(user, std::move(client), "auth.login");
}

Awaitable<Result<SignInOutcome>> People::sign_in_external(UserId user, Client client) {
    auto& s = *state_;
    const auto* found = s.account(user);
    if (!found || !found->user.active || !found->has_active_membership())
        co_return fail(ErrorCode::forbidden, "this account is disabled, or no workspace has it as a member; ask an owner of the workspace");
    SignInOutcome out;
    if (s.has_second_factor(found->user)) {
        out.pending = make_challenge(user, s.second_factor->methods(found->user));
        co_return out;
    }
    auto opened = co_await s.open_session(user, std::move(client), "auth.oidc");
    if (!opened) co_return fail(std::move(opened.error()));
    out.signed_in = std::move(*opened);
    co_return out;
}

// -- The audit trail

void PeopleState::note(storage::WriteUnit& unit, UserId user, std::string action, const Client& client, std::string target) {
    const auto* found = account(user);
    if (!audit || !found) return;
    AuditEntry entry;
    const auto own = memberships(*found);
    if (!own.empty()) entry.workspace = own.front().workspace;
    entry.actor_kind = "user";
    entry.actor = user.str();
    entry.actor_name = found->user.name;
    entry.action = std::move(action);
    entry.target = target.empty() ? entry.actor : std::move(target);
    entry.request_id = client.request_id;
    entry.address = client.address;
    audit->append(unit, std::move(entry));
}

void PeopleState::note_refusal(std::optional<UserId> user, std::string action, const Client& client, std::string reason) {
    if (!audit) return;
    AuditEntry entry;
    if (const auto* found = user ? account(*user) : nullptr) {
        if (const auto own = memberships(*found); !own.empty()) entry.workspace = own.front().workspace;
        entry.target = user->str();
    }
    entry.actor_kind = "anonymous";  // whoever it was, it was not shown to be this person
    entry.action = std::move(action);
    entry.outcome = "denied";
    entry.reason = std::move(reason);
    entry.request_id = client.request_id;
    entry.address = client.address;
    storage::WriteUnit unit;
    audit->append(unit, std::move(entry));
    house.storage.enqueue(std::move(unit), [](const Result<void>& done) {
        if (!done) log::warn("a refused sign-in left no audit entry", {{"cause", done.error().message}});
    });
}

// -- The first person

bool People::setup_needed() const { return state_->accounts.empty(); }

std::string People::make_setup_token() {
    auto& s = *state_;
    auto token = crypto::random_token(s.house.random);
    s.setup = OneTime{digest(token), {}, s.house.clock.now() + setup_life};
    return token;
}

Awaitable<Result<StoredAccount>> People::make_account(std::string email, std::string name, std::string password,
                                                      std::string_view password_pointer) {
    auto& s = *state_;
    auto normal = normal_email(email);
    if (!normal) co_return fail(std::move(normal.error()));
    auto shown = checked_person_name(name);
    if (!shown) co_return fail(std::move(shown.error()));
    auto strong = check_new_password(password, *normal, *shown, password_pointer);
    if (!strong) co_return fail(std::move(strong.error()));
    if (s.accounts.size() >= max_accounts)
        co_return fail(ErrorCode::unprocessable, "this server has {} accounts already", max_accounts);
    auto hash = co_await s.hashing.hash(std::move(password));
    if (!hash) co_return fail(std::move(hash.error()));
    const auto now = s.house.clock.now();
    StoredAccount out;
    out.user = {UserId::make(now, s.house.random), std::move(*normal), std::move(*shown), true, now, {}};
    out.password = std::move(*hash);
    co_return out;
}

/// The owner of every workspace there is: who sets the server up is the owner of its machine.
Awaitable<Result<UserId>> People::make_first_owner(std::string email, std::string password, std::string name) {
    auto& s = *state_;
    auto made = co_await make_account(std::move(email), std::move(name), std::move(password), "/password");
    if (!made) co_return fail(std::move(made.error()));
    if (!s.accounts.empty()) co_return fail(ErrorCode::conflict, "this server is set up already; sign in instead");
    storage::WriteUnit unit;
    store::insert_account(unit, *made);
    std::vector<StoredMembership> memberships;
    for (const auto& [id, workspace] : s.house.workspaces)
        memberships.push_back({id, made->user.id, "owner", true, made->user.created_at, "setup"});
    for (const auto& membership : memberships) store::insert_membership(unit, membership);
    auto done = co_await s.house.storage.submit(std::move(unit));
    if (!done) co_return fail(std::move(done.error()));
    s.remember(*made);
    for (const auto& membership : memberships) s.remember(membership);
    log::info("the first owner was made", {{"user", made->user.id.str()}});
    co_return made->user.id;
}

Awaitable<Result<SignedIn>> People::set_up(std::string token, std::string email, std::string password,
                                           std::string name, Client client) {
    auto& s = *state_;
    if (!s.accounts.empty()) co_return fail(ErrorCode::conflict, "this server is set up already; sign in instead");
    const auto now = s.house.clock.now();
    const auto good = [&] {
        return s.setup && s.setup->expires_at > now && crypto::constant_time_equal(s.setup->hash, digest(token));
    };
    if (!good() || s.setting_up)
        co_return fail(ErrorCode::gone,
                       "this set-up link was used or is older than 30 minutes; restart the server for another one");
    const Raised raised(s.setting_up);  // two at once would make two first owners
    auto user = co_await make_first_owner(std::move(email), std::move(password), std::move(name));
    if (!user) co_return fail(std::move(user.error()));
    s.setup.reset();
    co_return co_await s.open_session(*user, std::move(client), "auth.setup");
}

}  // namespace sluice::identity
