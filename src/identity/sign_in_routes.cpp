// REST of signing in: set-up, login, refresh, sessions, the password, the key set.

#include "request_credentials.hpp"
#include "sign_in_schemas.hpp"
#include "sluice/base/json.hpp"
#include "sluice/crypto/crypto.hpp"
#include "sluice/identity/people.hpp"
#include "sluice/net/server.hpp"

namespace sluice::identity {
namespace {

using net::Access;
using net::json_response;
using net::problem;
using net::Request;
using net::Response;
using net::Verb;

std::string text_of(const Json& body, std::string_view name) { return base::string_or(body, name, ""); }

/// Where the request comes from. A page (it has an Origin, which must be ours) gets a cookie and no
/// refresh token: what scripts cannot read they cannot lose.
Result<Client> client_of(const Request& request, const Json& body) {
    Client client;
    client.address = request.remote_address;
    client.name = text_of(body, "client");
    if (client.name.empty()) client.name = std::string(request.headers.get("user-agent", "unknown")).substr(0, 200);
    if (request.headers.find("origin")) {
        if (auto own = check_own_origin(request); !own) return fail(std::move(own.error()));
        client.wants_refresh = false;
    }
    client.request_id = request.id;
    client.old_cookie = std::string(session_cookie(request).value_or(""));
    return client;
}

/// For the audit trail alone.
Client caller(const Request& request) {
    Client client;
    client.address = request.remote_address;
    client.request_id = request.id;
    return client;
}

Json render(const PersonSession& session, std::string_view current) {
    return {{"id", session.id.str()},
            {"client", session.client},
            {"address", session.address},
            {"created_at", base::format_time(session.created_at)},
            {"last_used_at", base::format_time(session.last_used_at)},
            {"ends_at", base::format_time(session.ends_at)},
            {"current", session.id.str() == current}};
}

Response secret_response(int status, const Json& body) {
    auto response = json_response(status, body);
    response.headers.set("Cache-Control", "no-store");
    return response;
}

Response answer(const Request& request, const SignedIn& in, const People& people, int status = 200) {
    Json body{{"access_token", in.access_token},
              {"token_type", "Bearer"},
              {"expires_in", people.access_token_life().count() / 1'000'000}};
    if (!in.refresh_token.empty()) body["refresh_token"] = in.refresh_token;
    body["user"] = {{"id", in.user.id.str()}, {"email", in.user.email}, {"name", in.user.name}};
    body["session"] = render(in.session, in.session.id.str());
    auto& workspaces = body["workspaces"] = Json::array();
    for (const auto& one : in.memberships)
        workspaces.push_back({{"id", one.workspace.str()}, {"name", one.workspace_name}, {"role", one.role}});
    auto response = secret_response(status, body);
    if (!in.cookie.empty()) response.headers.set("Set-Cookie", set_session_cookie(request, in.cookie));
    return response;
}

/// 401 with a code of its own, so that a client knows to ask for the second factor.
Response otp_required(const SecondFactorPending& pending) {
    const Error error{ErrorCode::unauthenticated,
                      "the password is right, and the second factor is asked for: send its code, or a recovery code, as `otp` as well"};
    auto response = problem(error);
    auto body = base::parse_json(response.text).value_or(Json::object());
    body["type"] = "urn:sluice:problem:otp_required";
    body["title"] = "A second factor is needed";
    body["code"] = "otp_required";
    body["challenge"] = pending.challenge;
    body["methods"] = pending.methods;
    response.text = base::dump_json(body);
    response.headers.set("Cache-Control", "no-store");
    return response;
}

Awaitable<Response> log_in(Request& request, People& people) {
    const auto body = request.json();
    if (!body) co_return problem(body.error());
    auto client = client_of(request, *body);
    if (!client) co_return problem(client.error());
    auto outcome = co_await people.sign_in(text_of(*body, "email"), text_of(*body, "password"), text_of(*body, "otp"),
                                           std::move(*client));
    if (!outcome) co_return problem(outcome.error());
    if (outcome->signed_in) co_return answer(request, *outcome->signed_in, people);
    co_return otp_required(*outcome->pending);
}

Awaitable<Response> answer_second_factor(Request& request, People& people) {
    const auto body = request.json();
    if (!body) co_return problem(body.error());
    auto client = client_of(request, *body);
    if (!client) co_return problem(client.error());
    auto in = co_await people.answer_second_factor(text_of(*body, "challenge"), text_of(*body, "otp"), std::move(*client));
    if (!in) co_return problem(in.error());
    co_return answer(request, *in, people);
}

Awaitable<Response> refresh(Request& request, People& people) {
    const auto body = request.json();
    if (!body) co_return problem(body.error());
    auto client = client_of(request, *body);
    if (!client) co_return problem(client.error());
    auto in = co_await people.refresh(text_of(*body, "refresh_token"), std::move(*client));
    if (!in) co_return problem(in.error());
    co_return answer(request, *in, people);
}

Awaitable<Response> prove_again(Request& request, People& people) {
    const auto body = request.json();
    if (!body) co_return problem(body.error());
    auto client = client_of(request, *body);
    if (!client) co_return problem(client.error());
    auto in = co_await people.prove_again(request.principal, text_of(*body, "password"), text_of(*body, "otp"), std::move(*client));
    if (!in) co_return problem(in.error());
    co_return answer(request, *in, people);
}

Awaitable<Response> change_password(Request& request, People& people) {
    const auto body = request.json();
    if (!body) co_return problem(body.error());
    auto client = client_of(request, *body);
    if (!client) co_return problem(client.error());
    auto done = co_await people.change_password(request.principal, text_of(*body, "password"), text_of(*body, "new_password"),
                                                std::move(*client));
    if (!done) co_return problem(done.error());
    co_return net::no_content();
}

Awaitable<Response> reset_password(Request& request, People& people) {
    const auto body = request.json();
    if (!body) co_return problem(body.error());
    auto client = client_of(request, *body);
    if (!client) co_return problem(client.error());
    auto done = co_await people.reset_password(text_of(*body, "token"), text_of(*body, "password"), std::move(*client));
    if (!done) co_return problem(done.error());
    co_return net::no_content();
}

Awaitable<Response> show_setup(Request&, People& people) {
    const Json body{{"needed", people.setup_needed()}};
    co_return secret_response(200, body);
}

Awaitable<Response> set_up(Request& request, People& people) {
    const auto body = request.json();
    if (!body) co_return problem(body.error());
    auto client = client_of(request, *body);
    if (!client) co_return problem(client.error());
    auto in = co_await people.set_up(text_of(*body, "token"), text_of(*body, "email"), text_of(*body, "password"),
                                     text_of(*body, "name"), std::move(*client));
    if (!in) co_return problem(in.error());
    co_return answer(request, *in, people, 201);
}

Json render(const Invitation& invitation) {
    return {{"email", invitation.email},
            {"workspace", {{"id", invitation.workspace.str()}, {"name", invitation.workspace_name}}},
            {"role", invitation.role},
            {"expires_at", base::format_time(invitation.expires_at)},
            {"has_account", invitation.has_account}};
}

Awaitable<Response> show_invitation(Request& request, People& people) {
    std::string token(request.parameter("token"));
    auto found = co_await people.read_invitation(std::move(token));
    if (!found) co_return problem(found.error());
    co_return secret_response(200, render(*found));
}

Awaitable<Response> accept_invitation(Request& request, People& people) {
    const auto body = request.json();
    if (!body) co_return problem(body.error());
    auto client = client_of(request, *body);
    if (!client) co_return problem(client.error());
    std::string token(request.parameter("token"));
    auto in = co_await people.accept_invitation(std::move(token), request.principal, text_of(*body, "name"),
                                                text_of(*body, "password"), std::move(*client));
    if (!in) co_return problem(in.error());
    co_return answer(request, *in, people, 201);
}

/// The person behind the request. Errors: conflict for another credential.
Result<UserId> person_of(const Request& request) {
    const auto id = UserId::parse(request.principal.id);
    if (request.principal.kind == Principal::Kind::user && id) return *id;
    return fail(ErrorCode::conflict, "only a person who is signed in has sessions; this is another credential");
}

Awaitable<Response> list_sessions(Request& request, People& people) {
    const auto user = person_of(request);
    if (!user) co_return problem(user.error());
    auto items = Json::array();
    for (const auto& session : people.sessions(*user)) items.push_back(render(session, request.principal.session));
    const Json body{{"items", std::move(items)}, {"next_cursor", nullptr}};
    co_return secret_response(200, body);
}

Awaitable<Response> end_session(Request& request, People& people) {
    const auto user = person_of(request);
    if (!user) co_return problem(user.error());
    const auto id = request.id_parameter<SessionId>();
    if (!id) co_return problem(id.error());
    auto done = co_await people.end_session(*user, *id, caller(request));
    if (!done) co_return problem(done.error());
    co_return net::no_content();
}

Awaitable<Response> end_sessions(Request& request, People& people) {
    const auto user = person_of(request);
    if (!user) co_return problem(user.error());
    const auto own = SessionId::parse(request.principal.session);
    auto done = co_await people.end_sessions(*user, own, caller(request));
    if (!done) co_return problem(done.error());
    co_return net::no_content();
}

Awaitable<Response> show_key_set(Request&, People& people) {
    auto response = net::text_response(200, "application/jwk-set+json", people.key_set());
    response.headers.set("Cache-Control", "public, max-age=300");
    co_return response;
}

// People writes these down itself, with the person as the actor, who is not known when the request comes.
constexpr auto by_itself = net::Audited::never;
constexpr auto guessable = net::RateClass::sign_in;

const net::Route<People> routes[] = {
    {Verb::post, "/api/v1/auth/login", Access::open(), log_in,
     {.summary = "Sign in with address and password", .tag = "auth", .request = "Login", .response = "SignedIn",
      .description = "Sets the browser's cookie as well. Where a second factor is set up and `otp` was not sent, the answer is "
                     "401 with the code `otp_required` and a `challenge`, which stands for the password for five minutes.", .audited = by_itself, .rate = guessable}},
    {Verb::post, "/api/v1/auth/login/second-factor", Access::open(), answer_second_factor,
     {.summary = "Answer the second factor of a sign-in", .tag = "auth", .request = "SecondFactorAnswer", .response = "SignedIn", .audited = by_itself, .rate = guessable}},
    {Verb::post, "/api/v1/auth/refresh", Access::open(), refresh,
     {.summary = "Exchange a refresh token for new tokens; each works once", .tag = "auth", .request = "Refresh", .response = "SignedIn", .audited = by_itself}},
    {Verb::post, "/api/v1/auth/reauthenticate", Permission::workspaces_read, prove_again,
     {.summary = "Give the password once more, for what needs it within ten minutes", .tag = "auth", .request = "Reauthenticate",
      .response = "SignedIn", .audited = by_itself, .rate = guessable}},
    {Verb::post, "/api/v1/auth/password", Permission::workspaces_read, change_password,
     {.summary = "Change one's own password; other sessions end", .tag = "auth", .request = "PasswordChange", .status = 204, .audited = by_itself, .rate = guessable}},
    {Verb::post, "/api/v1/auth/reset", Access::open(), reset_password,
     {.summary = "Choose a new password with a link that the server's operator made", .tag = "auth", .request = "PasswordReset",
      .status = 204, .audited = by_itself, .rate = guessable}},
    {Verb::get, "/api/v1/auth/setup", Access::open(), show_setup,
     {.summary = "Whether the server waits for its first person", .tag = "auth", .response = "Setup"}},
    {Verb::post, "/api/v1/auth/setup", Access::open(), set_up,
     {.summary = "Make the first owner's account with the one-time link of the start", .tag = "auth", .request = "NewOwner",
      .response = "SignedIn", .status = 201, .audited = by_itself, .rate = guessable}},
    {Verb::get, "/api/v1/auth/invitations/{token}", Access::open(), show_invitation,
     {.summary = "What an invitation's link is for", .tag = "auth", .response = "OpenInvitation"}},
    {Verb::post, "/api/v1/auth/invitations/{token}", Access::open(), accept_invitation,
     {.summary = "Accept an invitation: make the account, or join with the one that is signed in", .tag = "auth",
      .request = "Acceptance", .response = "SignedIn", .status = 201, .audited = by_itself, .rate = guessable}},
    {Verb::get, "/api/v1/auth/sessions", Permission::workspaces_read, list_sessions,
     {.summary = "List where one is signed in", .tag = "auth", .response = "SessionList"}},
    {Verb::del, "/api/v1/auth/sessions", Permission::workspaces_read, end_sessions,
     {.summary = "Sign out everywhere else", .tag = "auth", .status = 204, .audited = by_itself}},
    {Verb::del, "/api/v1/auth/sessions/{id}", Permission::workspaces_read, end_session,
     {.summary = "End one of one's own sessions", .tag = "auth", .status = 204, .audited = by_itself}},
    {Verb::get, "/.well-known/jwks.json", Access::open(), show_key_set,
     {.summary = "The public keys of access tokens (RFC 7517)", .tag = "auth", .response = "KeySet",
      .response_media = "application/jwk-set+json"}},
};

}  // namespace

void add_sign_in_routes(net::Router& router, People& people) {
    for (const auto& schema : sign_in_schemas()) router.add_schema(schema.name, schema.json);
    router.add<People>(routes, people);
}

}  // namespace sluice::identity
