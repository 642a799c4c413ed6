// What becomes of a session after the sign-in: refreshing, proving again, ending.

#include "password_rules.hpp"
#include "people_state.hpp"
#include "sluice/base/log.hpp"
#include "sluice/crypto/crypto.hpp"

namespace sluice::identity {

namespace {

tl::unexpected<Error> not_valid() {
    return fail(ErrorCode::unauthenticated, "this refresh token is not valid any more; sign in again");
}

tl::unexpected<Error> no_person() {
    return fail(ErrorCode::conflict, "only a person who is signed in has a session and a password; this is another credential");
}

}  // namespace

Awaitable<Result<SignedIn>> People::refresh(std::string refresh_token, Client client) {
    auto& s = *state_;
    const auto now = s.house.clock.now();
    if (!s.tokens.ready())
        if (auto key = s.keys.get(signing_key_purpose); !key) co_return fail(std::move(key.error()));
    if (!refresh_token.starts_with(refresh_token_start) || refresh_token.size() > 100) co_return not_valid();
    NewRotation wanted;
    wanted.token = std::move(refresh_token);
    wanted.client = client.name;
    wanted.fresh_salt = make_refresh_salt(s.house.random);
    wanted.now = now;
    wanted.expires_at = now + s.options.refresh_token_life;
    auto rotation = co_await store::rotate_refresh_token(s.house.storage, std::move(wanted));
    if (!rotation) co_return fail(std::move(rotation.error()));
    if (rotation->kind == Rotation::Kind::reused) {
        log::warn("a refresh token was used again; its session is ended",
                  {{"session", rotation->session.str()}, {"remote", client.address}});
        std::optional<UserId> user;
        if (const auto known = s.sessions.find(rotation->session); known != s.sessions.end()) user = known->second.session.user;
        s.note_refusal(user, "auth.refresh", client, "a refresh token was used again; its session is ended");
        s.forget_session(rotation->session);
    }
    if (rotation->successor.empty()) co_return not_valid();
    auto* live = s.live(rotation->session);
    if (!live) co_return not_valid();
    if (rotation->kind == Rotation::Kind::rotated) live->refresh_until = now + s.options.refresh_token_life;
    s.mark_used(*live);
    auto out = s.render(*live, *s.account(live->session.user));
    out.refresh_token = std::move(rotation->successor);
    out.access_token = s.tokens.make({live->session.user, rotation->session}, now, s.options.access_token_life);
    co_return out;
}

Awaitable<Result<SignedIn>> People::prove_again(Principal principal, std::string password, std::string otp, Client client) {
    auto& s = *state_;
    const auto id = SessionId::parse(principal.session);
    const auto user = UserId::parse(principal.id);
    const auto* account = user ? s.account(*user) : nullptr;
    if (principal.kind != Principal::Kind::user || !id || !account) co_return no_person();
    auto email = account->user.email;
    auto same = co_await s.check_password(std::move(email), std::move(password), client);
    if (!same) co_return fail(std::move(same.error()));
    account = s.account(*user);
    if (s.second_factor && !s.second_factor->methods(account->user).empty()) {
        auto right = co_await s.check_second_factor(*user, std::move(otp), client);
        if (!right) co_return fail(std::move(right.error()));
    }
    if (!s.tokens.ready())
        if (auto key = s.keys.get(signing_key_purpose); !key) co_return fail(std::move(key.error()));
    const auto now = s.house.clock.now();
    auto cookie = crypto::random_token(s.house.random);
    const auto hash = digest(cookie);
    storage::WriteUnit unit;
    store::prove_user_session(unit, *id, hash, now);
    s.note(unit, *user, "auth.reauthenticate", client, id->str());
    auto done = co_await s.house.storage.submit(std::move(unit));
    if (!done) co_return fail(std::move(done.error()));
    auto* live = s.live(*id);
    if (!live) co_return fail(ErrorCode::unauthenticated, "this session is over; sign in again");
    s.cookies.erase(live->cookie_hash);
    live->cookie_hash = hash;
    s.cookies[hash] = *id;
    live->session.proved_at = now;
    auto out = s.render(*live, *s.account(*user));
    out.cookie = std::move(cookie);
    out.access_token = s.tokens.make({*user, *id}, now, s.options.access_token_life);
    co_return out;
}

Result<void> People::check_recent_proof(const Principal& principal) const { return state_->check_recent_proof(principal); }

std::vector<PersonSession> People::sessions(UserId user) const {
    std::vector<PersonSession> out;
    for (const auto id : state_->sessions_of(user))
        if (auto* live = state_->live(id)) {
            out.push_back(live->session);
            out.back().ends_at = state_->end_of(*live);
        }
    std::ranges::sort(out, std::greater<>(), &PersonSession::created_at);
    return out;
}

Awaitable<Result<void>> People::end_session(UserId user, SessionId session, Client client) {
    auto& s = *state_;
    const auto found = s.sessions.find(session);
    if (found == s.sessions.end() || found->second.session.user != user)
        co_return fail(ErrorCode::not_found, "there is no session {}; it may be over already", session.str());
    storage::WriteUnit unit;
    store::delete_user_session(unit, session);
    s.note(unit, user, "auth.sessions.delete", client, session.str());
    auto done = co_await s.house.storage.submit(std::move(unit));
    if (!done) co_return fail(std::move(done.error()));
    s.forget_session(session);
    co_return Result<void>{};
}

Awaitable<Result<std::int64_t>> People::end_sessions(UserId user, std::optional<SessionId> kept, Client client) {
    auto& s = *state_;
    storage::WriteUnit unit;
    std::vector<SessionId> ended;
    for (const auto id : s.sessions_of(user))
        if (id != kept) {
            ended.push_back(id);
            store::delete_user_session(unit, id);
        }
    if (ended.empty()) co_return 0;
    s.note(unit, user, "auth.sessions.delete", client);
    auto done = co_await s.house.storage.submit(std::move(unit));
    if (!done) co_return fail(std::move(done.error()));
    for (const auto id : ended) s.forget_session(id);
    co_return static_cast<std::int64_t>(ended.size());
}

Awaitable<Result<void>> People::change_password(Principal principal, std::string present, std::string wanted, Client client) {
    auto& s = *state_;
    const auto user = UserId::parse(principal.id);
    const auto* account = user ? s.account(*user) : nullptr;
    if (principal.kind != Principal::Kind::user || !account) co_return no_person();
    auto strong = check_new_password(wanted, account->user.email, account->user.name, "/new_password");
    if (!strong) co_return fail(std::move(strong.error()));
    auto email = account->user.email;
    auto same = co_await s.check_password(std::move(email), std::move(present), client);
    if (!same) co_return fail(std::move(same.error()));
    auto made = co_await s.hashing.hash(std::move(wanted));
    if (!made) co_return fail(std::move(made.error()));
    if (!s.account(*user)) co_return no_person();
    const auto kept = SessionId::parse(principal.session);
    co_return co_await s.replace_password(*user, std::move(*made), kept, "auth.password", std::move(client));
}

}  // namespace sluice::identity
