#pragma once
/// Signing in through the operator's OpenID provider (OpenID Connect Core 1.0): the authorization code flow
/// with PKCE (S256), state and nonce, bound to the browser that began it. The provider's document and keys
/// are fetched with the guarded client and cached; an unknown key fetches them again. People are known by
/// issuer and subject, and are linked to an account by an address that the provider has verified, never by
/// another. docs/people.md is the reader's side.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/identity/people.hpp"

namespace sluice::net {
class Client;
class Router;
}  // namespace sluice::net

namespace sluice::identity {

/// What a group of the provider gives: a role in a workspace.
struct GroupRole {
    std::string group, workspace, role;
};

struct OidcOptions {
    std::string issuer, client_id, client_secret;  ///< no issuer: not configured; no secret: a public client
    std::string name;                              ///< of the button
    std::string redirect_uri;                      ///< empty: of the address that the browser uses
    std::string ca_file;                           ///< more trust anchors
    std::vector<std::string> scopes;
    std::string group_claim;
    std::vector<GroupRole> group_roles;
    std::vector<std::string> email_domains;  ///< lower case; empty: any
    bool create_people = false, allow_internal = false;
};
/// What the settings `oidc.…` say. Errors: invalid_argument naming the setting.
Result<OidcOptions> oidc_options(const config::Config& config);
base::SettingRows oidc_settings();

/// What the provider's redirect brought back, and the browser's cookie.
struct OidcAnswer {
    std::string code, state, issuer, error, error_description, browser;
};

/// Thread: loop. Outlived by people and client.
class Oidc {
  public:
    Oidc(People& people, net::Client& client, OidcOptions options);
    ~Oidc();
    Oidc(const Oidc&) = delete;
    Oidc& operator=(const Oidc&) = delete;

    bool configured() const;
    const OidcOptions& options() const;

    struct Begun {
        std::string location;  ///< at the provider
        std::string browser;   ///< the secret of the cookie that the callback must come with
    };
    /// `redirect_uri` is used where the settings have none. Errors: not_found (not configured),
    /// upstream_failed, timeout, forbidden (egress).
    Awaitable<Result<Begun>> begin(std::string redirect_uri);
    /// Errors: unauthenticated (state, code, token), forbidden (who may not sign in), upstream_failed.
    Awaitable<Result<SignInOutcome>> finish(OidcAnswer answer, Client client);

    struct State;

  private:
    std::shared_ptr<State> state_;
};

/// `/auth/oidc/start`, `/auth/oidc/callback`, `/api/v1/auth/oidc`
void add_routes(net::Router& router, Oidc& oidc);

}  // namespace sluice::identity
