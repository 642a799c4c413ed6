// The two halves of a sign-in through a provider: sending the browser there, and taking its answer.

#include "oidc_state.hpp"

#include <algorithm>

#include "sluice/base/log.hpp"
#include "sluice/crypto/crypto.hpp"

namespace sluice::identity {

namespace {

tl::unexpected<Error> not_begun() {
    return fail(ErrorCode::unauthenticated,
                "this sign-in was not begun in this browser, was finished already, or took longer than ten minutes; begin again");
}

/// What the provider says, as far as it can be shown.
std::string shown(std::string_view text) {
    std::string out;
    for (const char c : text.substr(0, 200))
        if (c >= ' ' && c <= '~') out += c;
    return out;
}

}  // namespace

Oidc::Oidc(People& people, net::Client& client, OidcOptions options)
    : state_(std::make_shared<State>(people, client, std::move(options))) {}

Oidc::~Oidc() { crypto::wipe(state_->options.client_secret); }

bool Oidc::configured() const { return !state_->options.issuer.empty(); }
const OidcOptions& Oidc::options() const { return state_->options; }

Awaitable<Result<Oidc::Begun>> Oidc::begin(std::string redirect_uri) {
    auto& s = *state_;
    if (!configured()) co_return fail(ErrorCode::not_found, "single sign-on is not configured on this server; sign in by password");
    auto discovered = co_await s.discover();
    if (!discovered) co_return fail(std::move(discovered.error()));
    auto& house = s.persons().house;
    const auto now = house.clock.now();
    std::erase_if(s.waiting, [&](const auto& item) { return item.second.expires_at <= now; });
    if (s.waiting.size() >= max_oidc_sign_ins) {
        const auto oldest = std::ranges::min_element(s.waiting, {}, [](const auto& item) { return item.second.expires_at; });
        s.waiting.erase(oldest);
    }
    Begun out;
    OidcWaiting waiting;
    out.browser = crypto::random_token(house.random);
    const auto state = crypto::random_token(house.random);
    waiting.browser_hash = digest(out.browser);
    waiting.nonce = crypto::random_token(house.random);
    waiting.verifier = crypto::random_token(house.random);  // 43 characters, as RFC 7636 asks for
    waiting.redirect_uri = s.options.redirect_uri.empty() ? std::move(redirect_uri) : s.options.redirect_uri;
    waiting.expires_at = now + oidc_sign_in_life;
    const auto& endpoint = s.provider->authorization_endpoint;
    out.location = fmt::format("{}{}response_type=code&client_id={}&redirect_uri={}&scope={}&state={}&nonce={}&code_challenge={}"
                               "&code_challenge_method=S256",
                               endpoint, endpoint.find('?') == endpoint.npos ? '?' : '&', net::encode_component(s.options.client_id),
                               net::encode_component(waiting.redirect_uri),
                               net::encode_component(fmt::format("{}", fmt::join(s.options.scopes, " "))), state, waiting.nonce,
                               crypto::base64url(digest(waiting.verifier)));
    s.waiting[digest(state)] = std::move(waiting);
    co_return out;
}

namespace {

Awaitable<Result<SignInOutcome>> take_answer(Oidc::State& s, OidcAnswer answer, Client client) {
    const auto found = s.waiting.find(digest(answer.state));
    if (found == s.waiting.end()) co_return not_begun();
    // Another browser's answer must not sign this one in, and it leaves the other's waiting.
    if (!crypto::constant_time_equal(found->second.browser_hash, digest(answer.browser))) co_return not_begun();
    const OidcWaiting waited = std::move(found->second);
    s.waiting.erase(found);  // before the wait: it works once
    if (waited.expires_at <= s.persons().house.clock.now()) co_return not_begun();
    if (!answer.error.empty())
        co_return fail(ErrorCode::unauthenticated, "the identity provider refused: {} {}", shown(answer.error),
                       shown(answer.error_description));
    if (answer.code.empty()) co_return fail(ErrorCode::unauthenticated, "the identity provider sent no code; begin again");
    if (!s.provider) co_return not_begun();
    const bool names_itself = s.provider->names_itself || !answer.issuer.empty();
    if (names_itself && answer.issuer != s.options.issuer)
        co_return fail(ErrorCode::unauthenticated, "the answer is of another identity provider (iss); begin again");
    auto tokens = co_await s.exchange(std::move(answer.code), waited);
    if (!tokens) co_return fail(std::move(tokens.error()));
    auto claims = co_await s.read_claims(std::move(*tokens), waited.nonce);
    if (!claims) co_return fail(std::move(claims.error()));
    auto groups = texts_of(*claims, s.options.group_claim);
    auto user = co_await s.find_person(std::move(*claims), client);
    if (!user) co_return fail(std::move(user.error()));
    auto applied = co_await s.apply_groups(*user, std::move(groups), client);
    if (!applied) co_return fail(std::move(applied.error()));
    co_return co_await s.people.sign_in_external(*user, std::move(client));
}

}  // namespace

Awaitable<Result<SignInOutcome>> Oidc::finish(OidcAnswer answer, Client client) {
    const auto s = state_;
    if (!configured()) co_return fail(ErrorCode::not_found, "single sign-on is not configured on this server; sign in by password");
    auto outcome = co_await take_answer(*s, std::move(answer), client);
    if (outcome) co_return std::move(outcome);
    log::info("a sign-in through the identity provider failed", {{"remote", client.address}, {"cause", outcome.error().message}});
    s->persons().note_refusal(std::nullopt, "auth.oidc", client, outcome.error().message);
    co_return fail(std::move(outcome.error()));
}

}  // namespace sluice::identity
