// The life of People, the instance's accounts, and the keys of access tokens.

#include "sluice/identity/people.hpp"

#include "email.hpp"
#include "password_rules.hpp"
#include "people_state.hpp"
#include "sluice/base/log.hpp"
#include "sluice/crypto/crypto.hpp"
#include "sluice/net/http.hpp"

namespace sluice::identity {

namespace {

/// The name that a configured first owner gets: the part of the address before the @.
std::string name_of(std::string_view email) { return std::string(email.substr(0, email.find('@'))); }

constexpr std::size_t max_resets = 1'000;

}  // namespace

People::People(Identity& identity, runtime::Loop& loop, WrappedKeys& keys, PeopleOptions options)
    : state_(std::make_shared<PeopleState>(identity.state(), loop, keys, std::move(options))) {
    identity.state().persons = state_.get();
    keys.declare(std::string(signing_key_purpose));
    keys.when_open([state = std::weak_ptr<PeopleState>(state_)] {
        if (const auto open = state.lock()) open->load_signing_keys();
    });
}

People::~People() {
    if (state_->house.persons == state_.get()) state_->house.persons = nullptr;
}

void People::set_audit(Audit& audit) { state_->audit = &audit; }

Awaitable<Result<void>> People::keep_record(const net::Request& request, int status) {
    storage::WriteUnit unit;
    request.record(unit, {status, {}, {}});
    co_return co_await state_->house.storage.submit(std::move(unit));
}

void People::set_second_factor(SecondFactor& factor) { state_->second_factor = &factor; }

Awaitable<Result<void>> People::start() {
    auto& s = *state_;
    std::vector<WorkspaceId> workspaces;
    for (const auto& [id, workspace] : s.house.workspaces) workspaces.push_back(id);
    auto loaded = co_await store::load_people(s.house.storage, std::move(workspaces));
    if (!loaded) co_return fail(std::move(loaded.error()));
    for (const auto& account : loaded->accounts) s.remember(account);
    for (const auto& membership : loaded->memberships) s.remember(membership);
    for (const auto& [workspace, role] : loaded->project_roles)
        if (auto* account = s.account(role.user))
            account->memberships[workspace].project_roles[role.project] = role.role;
    for (const auto& session : loaded->sessions) s.remember(session);

    // Another data directory's tokens are not ours, whatever their key is called.
    s.tokens.set_issuer("urn:sluice:" + crypto::hex(crypto::raw(crypto::sha256(s.house.signing_key("issuer")))).substr(0, 32));
    s.load_signing_keys();
    auto rotated = co_await s.rotate_signing_keys();
    if (!rotated) co_return fail(std::move(rotated.error()));

    if (!s.accounts.empty() || s.options.admin_email.empty()) co_return Result<void>{};
    auto made = co_await make_first_owner(s.options.admin_email, s.options.admin_password, name_of(s.options.admin_email));
    crypto::wipe(s.options.admin_password);
    if (!made) {
        Error error = std::move(made.error());
        error.message = "SLUICE_ADMIN_EMAIL and SLUICE_ADMIN_PASSWORD make no account: " + error.message;
        co_return fail(std::move(error));
    }
    co_return Result<void>{};
}

Awaitable<void> People::stop() { co_return; }

void PeopleState::load_signing_keys() {
    auto versions = keys.versions(signing_key_purpose);  // ascending
    std::vector<std::shared_ptr<const crypto::SecretKey>> newest;
    for (auto one = versions.rbegin(); one != versions.rend() && newest.size() < valid_signing_keys; ++one)
        newest.push_back(one->key);
    tokens.set_keys(std::move(newest));
}

Awaitable<Result<void>> PeopleState::rotate_signing_keys() {
    const auto newest = keys.get(signing_key_purpose);
    if (!newest || newest->created_at + signing_key_life > house.clock.now()) co_return Result<void>{};
    auto made = co_await keys.rotate(std::string(signing_key_purpose));
    if (!made) co_return fail(std::move(made.error()));
    if (made->version > valid_signing_keys) {
        auto removed = co_await keys.remove_below(std::string(signing_key_purpose), made->version + 1 - valid_signing_keys);
        if (!removed) co_return fail(std::move(removed.error()));
    }
    load_signing_keys();
    co_return Result<void>{};
}

const events::Cursors& People::cursors() const { return *state_->house.cursors; }
Time People::now() const { return state_->house.clock.now(); }
Duration People::access_token_life() const { return state_->options.access_token_life; }

std::string People::key_set() const { return state_->tokens.key_set(); }

Awaitable<Result<std::int64_t>> People::remove_expired() {
    auto& s = *state_;
    auto rotated = co_await s.rotate_signing_keys();
    if (!rotated) co_return fail(std::move(rotated.error()));
    const auto now = s.house.clock.now();
    std::erase_if(s.challenges, [&](const auto& item) { return item.second.expires_at <= now; });
    std::erase_if(s.resets, [&](const auto& item) { return item.expires_at <= now; });
    storage::WriteUnit unit;
    std::vector<SessionId> over;
    for (const auto& [id, live] : s.sessions) {
        if (s.end_of(live) <= now) {
            over.push_back(id);
            store::delete_user_session(unit, id);
        } else if (live.refresh_until) {
            store::delete_expired_refresh_tokens(unit, id, now);
        }
    }
    if (!unit.empty()) {
        auto done = co_await s.house.storage.submit(std::move(unit));
        if (!done) co_return fail(std::move(done.error()));
    }
    for (const auto id : over) s.forget_session(id);
    co_return static_cast<std::int64_t>(over.size());
}

// -- The instance's accounts

std::vector<User> People::users() const {
    std::vector<User> out;
    for (const auto& [email, id] : state_->by_email) out.push_back(state_->accounts.at(id).user);
    return out;
}

std::optional<User> People::find_user(std::string_view id_or_email) const {
    const Account* found = nullptr;
    if (const auto id = UserId::parse(id_or_email)) found = state_->account(*id);
    else if (const auto email = normal_email(id_or_email)) found = state_->account_of(*email);
    return found ? std::optional<User>(found->user) : std::nullopt;
}

Awaitable<Result<Member>> People::create_user(std::string email, std::string name, std::string password,
                                              WorkspaceId workspace, std::string role,
                                              AlsoCommit<Member> also) {
    auto& s = *state_;
    if (!s.house.permissions_of(workspace, role)) {
        auto unknown = s.house.no_such_role(workspace, role);
        co_return fail(std::move(unknown.value()));
    }
    auto made = co_await make_account(std::move(email), std::move(name), std::move(password), "/password");
    if (!made) co_return fail(std::move(made.error()));
    const StoredMembership membership{workspace, made->user.id, std::move(role), true, made->user.created_at, "local"};
    storage::WriteUnit unit;
    store::insert_account(unit, *made);
    store::insert_membership(unit, membership);
    if (also) {
        const auto found = s.house.workspaces.find(workspace);
        also(unit, {made->user, workspace, found->second.name, membership.role, true, membership.joined_at, {}});
    }
    auto done = co_await s.house.storage.submit(std::move(unit));
    if (!done) co_return fail(std::move(done.error()));
    s.remember(*made);
    s.remember(membership);
    co_return *find_member(workspace, made->user.id);
}

Awaitable<Result<User>> People::set_active(UserId user, bool active, AlsoCommit<User> also) {
    auto& s = *state_;
    if (!s.account(user)) co_return fail(ErrorCode::not_found, "there is no person {}; check the id", user.str());
    storage::WriteUnit unit;
    store::set_account_status(unit, user, active);
    if (!active)
        for (const auto id : s.sessions_of(user)) store::delete_user_session(unit, id);
    if (also) {
        auto changed = s.account(user)->user;
        changed.active = active;
        also(unit, changed);
    }
    auto done = co_await s.house.storage.submit(std::move(unit));
    if (!done) co_return fail(std::move(done.error()));
    auto& account = *s.account(user);
    account.user.active = active;
    if (!active) s.forget_sessions_of(user);
    co_return account.user;
}

std::string People::make_reset_token(UserId user) {
    auto& s = *state_;
    const auto now = s.house.clock.now();
    std::erase_if(s.resets, [&](const auto& item) { return item.expires_at <= now || item.user == user; });
    if (s.resets.size() >= max_resets) s.resets.pop_front();
    auto token = crypto::random_token(s.house.random);
    s.resets.push_back({digest(token), user, now + reset_life});
    return token;
}

Awaitable<Result<void>> People::reset_password(std::string token, std::string password, Client client) {
    auto& s = *state_;
    const auto hash = digest(token);
    const auto over = [] {
        return fail(ErrorCode::gone, "this link was used or is older than 30 minutes; "
                                     "`sluice user reset` on the server makes another");
    };
    const auto find = [&] {
        return std::ranges::find_if(s.resets, [&](const auto& item) {
            return item.hash == hash && item.expires_at > s.house.clock.now();
        });
    };
    auto found = find();
    const auto* account = found == s.resets.end() ? nullptr : s.account(found->user);
    if (!account) co_return over();
    const auto user = found->user;
    auto strong = check_new_password(password, account->user.email, account->user.name);
    if (!strong) co_return fail(std::move(strong.error()));
    auto made = co_await s.hashing.hash(std::move(password));
    if (!made) co_return fail(std::move(made.error()));
    found = find();  // another request may have been quicker
    if (found == s.resets.end()) co_return over();
    s.resets.erase(found);
    co_return co_await s.replace_password(user, std::move(*made), std::nullopt, "auth.reset", std::move(client));
}

Awaitable<Result<void>> PeopleState::replace_password(UserId user, std::string phc, std::optional<SessionId> kept,
                                                      std::string action, Client client) {
    const auto ended = sessions_of(user);
    storage::WriteUnit unit;
    store::set_password(unit, user, phc);
    store::record_failures(unit, user, {});
    for (const auto id : ended)
        if (id != kept) store::delete_user_session(unit, id);
    note(unit, user, std::move(action), client);
    auto done = co_await house.storage.submit(std::move(unit));
    if (!done) co_return fail(std::move(done.error()));
    auto& found = accounts.at(user);
    found.password = std::move(phc);
    found.failures = {};
    for (const auto id : ended)
        if (id != kept) forget_session(id);
    co_return Result<void>{};
}

}  // namespace sluice::identity
