#include "sluice/identity/second_factor.hpp"

#include <algorithm>

#include "people_state.hpp"
#include "second_factor_store.hpp"
#include "sluice/crypto/crypto.hpp"
#include "sluice/crypto/key_ring.hpp"
#include "sluice/crypto/totp.hpp"

namespace sluice::identity {

namespace {

constexpr std::string_view key_purpose = "second-factor";
constexpr Duration enrolment_life = std::chrono::minutes(15);
constexpr std::size_t recovery_codes = 10, recovery_length = 16;  // 80 bits: too many to be guessed from a hash
constexpr std::size_t longest_answer = 100;

tl::unexpected<Error> wrong_code() {
    return fail(ErrorCode::unauthenticated,
                "the code is wrong, too old or was used already; enter the one that the app shows now, or a recovery code");
}

tl::unexpected<Error> none_set_up() {
    return fail(ErrorCode::conflict, "no second factor is set up; POST /api/v1/auth/totp begins with one");
}

crypto::Bound bound_of(const UserId& user, unsigned version) {
    return {.purpose = "second_factor", .workspace = {}, .id = user.raw(), .version = version, .field = "secret"};
}

/// `abcd-efgh-jkmn-pqrs`
std::string make_recovery_code(base::Random& random) {
    constexpr std::string_view alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
    std::string out;
    for (std::size_t i = 0; i < recovery_length; ++i) {
        if (i > 0 && i % 4 == 0) out += '-';
        out += alphabet[random.below(alphabet.size())];
    }
    return out;
}

/// Without what people put between, in lower case.
std::string plain(std::string_view text) {
    std::string out;
    for (const char c : text)
        if (c != ' ' && c != '-') out += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    return out;
}

bool is_code(std::string_view text) {
    return text.size() == crypto::totp_digits && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

std::string recovery_hash(const UserId& user, std::string_view plain_code) {
    return digest(std::string(user.raw()) + std::string(plain_code));
}

struct RecoveryCodes {
    std::vector<std::string> shown, hashes;
};

RecoveryCodes make_recovery_codes(const UserId& user, base::Random& random) {
    RecoveryCodes out;
    for (std::size_t i = 0; i < recovery_codes; ++i) {
        out.shown.push_back(make_recovery_code(random));
        out.hashes.push_back(recovery_hash(user, plain(out.shown.back())));
    }
    return out;
}

}  // namespace

SecondFactors::SecondFactors(People& people, WrappedKeys& keys) : people_(people), keys_(keys) {
    keys.declare(std::string(key_purpose));
    people.set_second_factor(*this);
}

SecondFactors::~SecondFactors() {
    for (auto& [user, pending] : pending_) crypto::wipe(pending.secret);
}

Awaitable<Result<void>> SecondFactors::start() {
    auto loaded = co_await store::load_factors(people_.state().house.storage);
    if (!loaded) co_return fail(std::move(loaded.error()));
    for (auto& one : loaded->factors)
        factors_[one.user] = {std::move(one.secret), one.key_version, one.confirmed_at, one.last_step, {}};
    for (auto& [user, hash] : loaded->recovery_codes) factors_[user].recovery_codes.insert(std::move(hash));
    required_.insert(loaded->required_by.begin(), loaded->required_by.end());
    co_return Result<void>{};
}

FactorStatus SecondFactors::status(UserId user) const {
    FactorStatus out;
    if (const auto found = factors_.find(user); found != factors_.end()) {
        out.enabled = true;
        out.confirmed_at = found->second.confirmed_at;
        out.recovery_codes = found->second.recovery_codes.size();
    }
    for (const auto& one : people_.memberships(user))
        if (required(one.workspace)) out.required_by.push_back(one.workspace_name);
    return out;
}

// -- Setting one up

Result<Enrolment> SecondFactors::begin(UserId user) {
    if (factors_.contains(user))
        return fail(ErrorCode::conflict, "a second factor is set up already; POST /api/v1/auth/totp/disable takes it away first");
    const auto key = keys_.get(key_purpose);
    if (!key) return fail(key.error());
    auto& s = people_.state();
    const auto* account = s.account(user);
    if (!account) return fail(ErrorCode::not_found, "there is no person {}; check the id", user.str());
    const auto now = s.house.clock.now();
    std::erase_if(pending_, [&](const auto& item) { return item.second.expires_at <= now; });
    std::string secret(crypto::totp_secret_bytes, '\0');
    s.house.random.fill({reinterpret_cast<std::uint8_t*>(secret.data()), secret.size()});
    Enrolment out{crypto::base32(secret), crypto::otpauth_uri("Sluice", account->user.email, secret), now + enrolment_life};
    pending_[user] = {std::move(secret), out.expires_at};
    return out;
}

Awaitable<Result<std::vector<std::string>>> SecondFactors::confirm(UserId user, std::string code, Client client) {
    auto& s = people_.state();
    const auto now = s.house.clock.now();
    const auto found = pending_.find(user);
    if (found == pending_.end() || found->second.expires_at <= now)
        co_return fail(ErrorCode::gone, "no second factor waits for its first code, or it waited longer than 15 minutes; "
                                        "begin again with POST /api/v1/auth/totp");
    const auto step = crypto::totp_match(found->second.secret, plain(code), now, 0);
    if (!step)
        co_return fail(ErrorCode::unauthenticated,
                       "the code is not the one of this secret; check that the device's clock is right, and try the next code");
    const auto key = keys_.get(key_purpose);
    if (!key) co_return fail(key.error());
    StoredFactor made{user, {}, key->version, now, *step};
    made.secret = crypto::encrypt(*key->key, found->second.secret, bound_of(user, key->version), s.house.random);
    auto codes = make_recovery_codes(user, s.house.random);
    storage::WriteUnit unit;
    store::insert_factor(unit, made);
    store::replace_recovery_codes(unit, user, codes.hashes, now);
    s.note(unit, user, "auth.totp.enable", client);
    auto done = co_await s.house.storage.submit(std::move(unit));
    if (!done) co_return fail(std::move(done.error()));
    if (const auto used = pending_.find(user); used != pending_.end()) {
        crypto::wipe(used->second.secret);
        pending_.erase(used);
    }
    factors_[user] = {std::move(made.secret), made.key_version, now, *step, {codes.hashes.begin(), codes.hashes.end()}};
    co_return std::move(codes.shown);
}

Awaitable<Result<void>> SecondFactors::disable(Principal principal, std::string password, std::string answer, Client client) {
    auto& s = people_.state();
    const auto user = UserId::parse(principal.id);
    const auto* account = user ? s.account(*user) : nullptr;
    if (!account || !factors_.contains(*user)) co_return none_set_up();
    if (account->password.empty()) {
        if (auto there = s.check_recent_proof(principal); !there) co_return fail(std::move(there.error()));
    } else {
        auto email = account->user.email;
        auto same = co_await s.check_password(std::move(email), std::move(password), client);
        if (!same) co_return fail(std::move(same.error()));
    }
    auto right = co_await s.check_second_factor(*user, std::move(answer), client);
    if (!right) co_return fail(std::move(right.error()));
    storage::WriteUnit unit;
    store::delete_factor(unit, *user);
    s.note(unit, *user, "auth.totp.disable", client);
    auto done = co_await s.house.storage.submit(std::move(unit));
    if (!done) co_return fail(std::move(done.error()));
    factors_.erase(*user);
    co_return Result<void>{};
}

Awaitable<Result<std::vector<std::string>>> SecondFactors::new_recovery_codes(UserId user, Client client) {
    auto& s = people_.state();
    if (!factors_.contains(user)) co_return none_set_up();
    auto codes = make_recovery_codes(user, s.house.random);
    storage::WriteUnit unit;
    store::replace_recovery_codes(unit, user, codes.hashes, s.house.clock.now());
    s.note(unit, user, "auth.totp.recovery_codes", client);
    auto done = co_await s.house.storage.submit(std::move(unit));
    if (!done) co_return fail(std::move(done.error()));
    if (const auto found = factors_.find(user); found != factors_.end())
        found->second.recovery_codes = {codes.hashes.begin(), codes.hashes.end()};
    co_return std::move(codes.shown);
}

Awaitable<Result<void>> SecondFactors::reset(UserId user, AlsoCommit<UserId> also) {
    if (!factors_.contains(user)) co_return fail(ErrorCode::conflict, "this person has no second factor");
    storage::WriteUnit unit;
    store::delete_factor(unit, user);
    if (also) also(unit, user);
    auto done = co_await people_.state().house.storage.submit(std::move(unit));
    if (!done) co_return fail(std::move(done.error()));
    factors_.erase(user);
    co_return Result<void>{};
}

Awaitable<Result<void>> SecondFactors::set_required(Principal actor, bool required, AlsoCommit<bool> also) {
    auto& s = people_.state();
    const auto user = UserId::parse(actor.id);
    if (required && actor.kind == Principal::Kind::user && (!user || !factors_.contains(*user)))
        co_return fail(ErrorCode::conflict, "set up your own second factor first, by POST /api/v1/auth/totp; you would be locked out");
    storage::WriteUnit unit;
    store::put_requirement(unit, actor.workspace, required, s.house.clock.now(), actor.id);
    if (also) also(unit, required);
    auto done = co_await s.house.storage.submit(std::move(unit));
    if (!done) co_return fail(std::move(done.error()));
    if (required) required_.insert(actor.workspace);
    else required_.erase(actor.workspace);
    co_return Result<void>{};
}

// -- Signing in

std::vector<std::string> SecondFactors::methods(const User& user) const {
    const auto found = factors_.find(user.id);
    if (found == factors_.end()) return {};
    if (found->second.recovery_codes.empty()) return {"totp"};
    return {"totp", "recovery_code"};
}

Awaitable<Result<void>> SecondFactors::check(User user, std::string answer, Client client) {
    if (answer.size() > longest_answer) co_return wrong_code();
    auto code = plain(answer);
    if (is_code(code)) co_return co_await use_code(user.id, std::move(code));
    co_return co_await use_recovery_code(user.id, recovery_hash(user.id, code), std::move(client));
}

Awaitable<Result<void>> SecondFactors::use_code(UserId user, std::string code) {
    auto& s = people_.state();
    auto found = factors_.find(user);
    if (found == factors_.end()) co_return wrong_code();
    const auto key = keys_.version(key_purpose, found->second.key_version);
    if (!key) co_return fail(key.error());
    auto secret = crypto::decrypt(*key->key, found->second.secret, bound_of(user, found->second.key_version));
    if (!secret) co_return fail(std::move(secret.error()));
    const auto step = crypto::totp_match(*secret, code, s.house.clock.now(), found->second.last_step);
    crypto::wipe(*secret);
    if (!step) co_return wrong_code();
    storage::WriteUnit unit;
    store::use_step(unit, user, *step);  // of two at once the writer takes one
    auto done = co_await s.house.storage.submit(std::move(unit));
    if (!done) co_return fail(std::move(done.error()));
    if (found = factors_.find(user); found != factors_.end()) found->second.last_step = std::max(found->second.last_step, *step);
    co_return Result<void>{};
}

Awaitable<Result<void>> SecondFactors::use_recovery_code(UserId user, std::string hash, Client client) {
    auto& s = people_.state();
    auto found = factors_.find(user);
    if (found == factors_.end() || !found->second.recovery_codes.contains(hash)) co_return wrong_code();
    storage::WriteUnit unit;
    store::use_recovery_code(unit, user, hash);
    s.note(unit, user, "auth.totp.use_recovery_code", client);
    auto done = co_await s.house.storage.submit(std::move(unit));
    if (!done) co_return fail(std::move(done.error()));
    if (found = factors_.find(user); found != factors_.end()) found->second.recovery_codes.erase(hash);
    co_return Result<void>{};
}

}  // namespace sluice::identity
