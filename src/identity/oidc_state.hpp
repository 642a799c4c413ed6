#pragma once
// What signing in through a provider keeps in memory, and its steps. Thread: loop.

#include <optional>
#include <string>
#include <vector>

#include "id_token.hpp"
#include "people_state.hpp"
#include "sluice/identity/oidc.hpp"
#include "sluice/net/client.hpp"

namespace sluice::identity {

inline constexpr Duration oidc_sign_in_life = std::chrono::minutes(10);
inline constexpr Duration oidc_document_life = std::chrono::hours(1);
inline constexpr std::size_t max_oidc_sign_ins = 10'000;

/// A sign-in that is under way at the provider.
struct OidcWaiting {
    std::string browser_hash, nonce, verifier, redirect_uri;
    Time expires_at{};
};

/// What the provider's discovery document says.
struct OidcProvider {
    std::string authorization_endpoint, token_endpoint, userinfo_endpoint, jwks_uri;
    bool secret_in_body = false;  ///< client_secret_post; else client_secret_basic
    bool names_itself = false;    ///< sends `iss` with its answers (RFC 9207)
    Time read_at{};
    std::optional<std::vector<crypto::JwsKey>> keys;
    Time keys_read_at{};
};

struct OidcTokens {
    std::string id_token, access_token;
};

struct Oidc::State {
    State(People& p, net::Client& c, OidcOptions o) : people(p), client(c), options(std::move(o)) {}

    People& people;
    net::Client& client;
    OidcOptions options;
    std::optional<OidcProvider> provider;
    ByText<OidcWaiting> waiting;  // by the state's SHA-256

    PeopleState& persons() { return people.state(); }

    // -- The provider (oidc_provider.cpp)
    /// A JSON object. Errors: upstream_failed, timeout, forbidden.
    Awaitable<Result<Json>> fetch(net::ClientRequest request, std::string what);
    Awaitable<Result<void>> discover();
    Awaitable<Result<void>> fetch_keys();
    Awaitable<Result<OidcTokens>> exchange(std::string code, OidcWaiting waited);
    /// The claims of the person. Errors: unauthenticated, upstream_failed.
    Awaitable<Result<Json>> read_claims(OidcTokens tokens, std::string nonce);

    // -- The person (oidc_people.cpp)
    /// The account of issuer and subject, linked or made where that is allowed. Errors: forbidden.
    Awaitable<Result<UserId>> find_person(Json claims, Client client);
    Awaitable<Result<void>> apply_groups(UserId user, std::vector<std::string> groups, Client client);
    /// The best role that the groups give, in each workspace that the settings name.
    std::vector<std::pair<WorkspaceId, std::string>> roles_of(const std::vector<std::string>& groups) const;
};

}  // namespace sluice::identity
