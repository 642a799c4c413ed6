// What is asked of the provider: its document, its keys, the tokens of a code, and what it knows of the person.

#include <algorithm>

#include "oidc_state.hpp"
#include "sluice/base/log.hpp"
#include "sluice/crypto/crypto.hpp"

namespace sluice::identity {

namespace {

constexpr std::size_t longest_answer = 1 << 20;

tl::unexpected<Error> no_answer(std::string_view what, std::string_view why) {
    return fail(ErrorCode::upstream_failed,
                "the identity provider gave no {}: {}. Try again later, or sign in by password", what, why);
}

/// An endpoint of the document. Errors: upstream_failed for one without TLS, unless that is allowed.
Result<std::string> endpoint_of(const Json& document, const char* name, bool plain_allowed, bool needed) {
    auto text = base::string_or(document, name, "");
    if (text.empty() && !needed) return text;
    const auto url = net::parse_url(text);
    if (!url) return no_answer("usable description of itself", fmt::format("its {} is no address", name));
    if (url->scheme != "https" && !plain_allowed)
        return no_answer("usable description of itself", fmt::format("its {} is without TLS", name));
    return text;
}

bool lists(const Json& document, std::string_view name, std::string_view wanted, bool otherwise) {
    if (base::find_member(document, name) == nullptr) return otherwise;
    const auto all = texts_of(document, name);
    return std::ranges::find(all, wanted) != all.end();
}

void form_member(std::string& form, std::string_view name, std::string_view value) {
    if (!form.empty()) form += '&';
    form += fmt::format("{}={}", name, net::encode_component(value));
}

}  // namespace

Awaitable<Result<Json>> Oidc::State::fetch(net::ClientRequest request, std::string what) {
    request.max_redirects = 0;
    request.max_response = longest_answer;
    request.timeout = std::chrono::seconds(15);
    request.operator_trusted = options.allow_internal;
    request.ca_file = options.ca_file;
    request.headers.set("Accept", "application/json");
    auto response = co_await client.send(std::move(request));
    if (!response) {
        log::warn("the identity provider could not be asked", {{"for", what}, {"cause", response.error().message}});
        if (response.error().code == ErrorCode::forbidden)
            co_return no_answer(what, "its address is internal, and oidc.allow_internal is off");
        co_return no_answer(what, "it does not answer");
    }
    auto body = base::parse_json(response->body);
    const bool object = body && body->is_object();
    if (response->status == 200 && object) co_return std::move(*body);
    const auto error = object ? base::string_or(*body, "error", "") : std::string();
    log::warn("the identity provider answered with an error",
              {{"for", what}, {"status", response->status}, {"error", error.substr(0, 100)}});
    if (error == "invalid_grant")
        co_return fail(ErrorCode::unauthenticated, "the identity provider does not accept the code: it was used, or is too old; begin again");
    co_return no_answer(what, response->status == 200 ? "what it answered is no JSON object" : fmt::format("it answered {}", response->status));
}

Awaitable<Result<void>> Oidc::State::discover() {
    const auto now = persons().house.clock.now();
    if (provider && provider->read_at + oidc_document_life > now) co_return Result<void>{};
    auto base_address = options.issuer;
    while (base_address.ends_with('/')) base_address.pop_back();
    net::ClientRequest request;
    request.url = base_address + "/.well-known/openid-configuration";
    auto document = co_await fetch(std::move(request), "description of itself");
    if (!document) {
        if (provider) co_return Result<void>{};  // the old one is better than none
        co_return fail(std::move(document.error()));
    }
    if (base::string_or(*document, "issuer", "") != options.issuer)
        co_return no_answer("usable description of itself", "it says that it is another issuer than oidc.issuer");
    if (!lists(*document, "code_challenge_methods_supported", "S256", true))
        co_return no_answer("usable description of itself", "it does not know PKCE with S256");
    OidcProvider made;
    struct Endpoint {
        const char* name;
        std::string OidcProvider::* place;
        bool needed;
    };
    for (const auto& [name, place, needed] :
         {Endpoint{"authorization_endpoint", &OidcProvider::authorization_endpoint, true},
          Endpoint{"token_endpoint", &OidcProvider::token_endpoint, true}, Endpoint{"jwks_uri", &OidcProvider::jwks_uri, true},
          Endpoint{"userinfo_endpoint", &OidcProvider::userinfo_endpoint, false}}) {
        auto endpoint = endpoint_of(*document, name, options.allow_internal, needed);
        if (!endpoint) co_return fail(std::move(endpoint.error()));
        made.*place = std::move(*endpoint);
    }
    made.secret_in_body = !lists(*document, "token_endpoint_auth_methods_supported", "client_secret_basic", true) &&
                          lists(*document, "token_endpoint_auth_methods_supported", "client_secret_post", false);
    const auto* names_itself = base::find_member(*document, "authorization_response_iss_parameter_supported");
    made.names_itself = names_itself != nullptr && *names_itself == Json(true);
    made.read_at = now;
    if (provider && provider->jwks_uri == made.jwks_uri) {
        made.keys = std::move(provider->keys);
        made.keys_read_at = provider->keys_read_at;
    }
    provider = std::move(made);
    co_return Result<void>{};
}

Awaitable<Result<void>> Oidc::State::fetch_keys() {
    net::ClientRequest request;
    request.url = provider->jwks_uri;
    auto document = co_await fetch(std::move(request), "keys");
    if (!document) co_return fail(std::move(document.error()));
    auto keys = crypto::parse_jwks(*document);
    if (!keys) co_return no_answer("keys", keys.error().message);
    provider->keys = std::move(*keys);
    provider->keys_read_at = persons().house.clock.now();
    co_return Result<void>{};
}

Awaitable<Result<OidcTokens>> Oidc::State::exchange(std::string code, OidcWaiting waited) {
    net::ClientRequest request;
    request.verb = net::Verb::post;
    request.url = provider->token_endpoint;
    request.headers.set("Content-Type", "application/x-www-form-urlencoded");
    form_member(request.body, "grant_type", "authorization_code");
    form_member(request.body, "code", code);
    form_member(request.body, "redirect_uri", waited.redirect_uri);
    form_member(request.body, "code_verifier", waited.verifier);
    if (options.client_secret.empty() || provider->secret_in_body) form_member(request.body, "client_id", options.client_id);
    if (!options.client_secret.empty()) {
        if (provider->secret_in_body) {
            form_member(request.body, "client_secret", options.client_secret);
        } else {  // RFC 6749 §2.3.1: both are form-encoded first
            const auto pair = net::encode_component(options.client_id) + ":" + net::encode_component(options.client_secret);
            request.headers.set("Authorization", "Basic " + crypto::base64(pair));
        }
    }
    auto body = co_await fetch(std::move(request), "tokens");
    if (!body) co_return fail(std::move(body.error()));
    OidcTokens out{base::string_or(*body, "id_token", ""), base::string_or(*body, "access_token", "")};
    if (out.id_token.empty()) co_return no_answer("ID token", "it is not in its answer");
    co_return out;
}

Awaitable<Result<Json>> Oidc::State::read_claims(OidcTokens tokens, std::string nonce) {
    auto token = crypto::parse_jws(tokens.id_token);
    if (!token) co_return fail(std::move(token.error()));
    const auto now = persons().house.clock.now();
    const bool old = !provider->keys || provider->keys_read_at + oidc_document_life <= now;
    bool fetched = old;
    if (old)
        if (auto read = co_await fetch_keys(); !read && !provider->keys) co_return fail(std::move(read.error()));
    auto verdict = crypto::verify_jws(*token, *provider->keys);
    if (verdict == crypto::JwsVerdict::unknown_key && !fetched) {  // the provider has new keys
        if (auto read = co_await fetch_keys(); !read) co_return fail(std::move(read.error()));
        verdict = crypto::verify_jws(*token, *provider->keys);
    }
    if (verdict != crypto::JwsVerdict::good)
        co_return fail(ErrorCode::unauthenticated, "the identity provider's answer was not accepted: {}",
                       verdict == crypto::JwsVerdict::bad ? "its ID token has a wrong signature" : "none of its keys has signed its ID token");
    const IdTokenExpected expected{options.issuer, options.client_id, std::move(nonce), tokens.access_token};
    auto claims = check_id_token(*token, expected, now);
    if (!claims) co_return fail(std::move(claims.error()));
    const bool complete = claims->contains("email") && (options.group_roles.empty() || claims->contains(options.group_claim));
    if (complete || provider->userinfo_endpoint.empty() || tokens.access_token.empty()) co_return std::move(*claims);

    net::ClientRequest request;
    request.url = provider->userinfo_endpoint;
    request.headers.set("Authorization", "Bearer " + tokens.access_token);
    auto more = co_await fetch(std::move(request), "information about the person");
    if (!more) co_return fail(std::move(more.error()));
    if (base::string_or(*more, "sub", "") != base::string_or(*claims, "sub", ""))
        co_return fail(ErrorCode::unauthenticated, "the identity provider's answer was not accepted: it tells of another person");
    const bool has_email = claims->contains("email");
    for (const std::string& name : {std::string("email"), std::string("email_verified"), std::string("name"), options.group_claim}) {
        if (has_email && name.starts_with("email")) continue;  // an address and whether it is verified belong together
        if (const auto* found = base::find_member(*more, name); found != nullptr && (name.starts_with("email") || !claims->contains(name)))
            (*claims)[name] = *found;
    }
    co_return std::move(*claims);
}

}  // namespace sluice::identity
