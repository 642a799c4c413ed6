// REST of second factors: a person's own, and whether a workspace requires one.

#include "people_state.hpp"
#include "sluice/base/json.hpp"
#include "sluice/identity/second_factor.hpp"
#include "sluice/net/server.hpp"

namespace sluice::identity {
namespace {

using net::json_response;
using net::problem;
using net::Request;
using net::Response;
using net::Verb;

constexpr std::pair<std::string_view, std::string_view> schemas[] = {
    {"SecondFactorStatus",
     R"json({"type": "object", "required": ["enabled", "confirmed_at", "recovery_codes_left", "required_by"], "properties": {
        "enabled": {"type": "boolean"}, "confirmed_at": {"type": ["string", "null"]},
        "recovery_codes_left": {"type": "integer"},
        "required_by": {"type": "array", "items": {"type": "string"}, "description": "Names of the person's workspaces"}}})json"},
    {"Enrolment", R"json({"type": "object", "required": ["secret", "uri", "expires_at"], "properties": {
        "secret": {"type": "string", "description": "Base32, to be typed into an authenticator app; shown once"},
        "uri": {"type": "string", "description": "The same as a link, otpauth://; most apps read it as a QR code"},
        "expires_at": {"type": "string", "description": "By then a code must have confirmed it"}}})json"},
    {"OneTimeCode", R"json({"type": "object", "required": ["code"], "additionalProperties": false, "properties": {
        "code": {"type": "string", "maxLength": 100}}})json"},
    {"RecoveryCodes", R"json({"type": "object", "required": ["recovery_codes"], "properties": {
        "recovery_codes": {"type": "array", "items": {"type": "string"}, "description": "Each works once; shown once"}}})json"},
    {"SecondFactorEnd", R"json({"type": "object", "required": ["otp"], "additionalProperties": false, "properties": {
        "password": {"type": "string", "maxLength": 4000, "description": "Of who has one"},
        "otp": {"type": "string", "maxLength": 100, "description": "A code, or a recovery code"}}})json"},
    {"WorkspaceChange",
     R"json({"type": "object", "required": ["require_second_factor"], "additionalProperties": false, "properties": {
        "require_second_factor": {"type": "boolean", "description": "Members without one can do nothing but set one up"}}})json"},
};

Client caller(const Request& request) {
    Client client;
    client.address = request.remote_address;
    client.request_id = request.id;
    return client;
}

/// The person behind the request. Errors: conflict for another credential.
Result<UserId> person_of(const Request& request) {
    const auto id = UserId::parse(request.principal.id);
    if (request.principal.kind == Principal::Kind::user && id) return *id;
    return fail(ErrorCode::conflict, "only a person who is signed in has a second factor; this is another credential");
}

Response once(int status, const Json& body) {
    auto response = json_response(status, body);
    response.headers.set("Cache-Control", "no-store");
    return response;
}

Awaitable<Response> show_status(Request& request, SecondFactors& factors) {
    const auto user = person_of(request);
    if (!user) co_return problem(user.error());
    const auto status = factors.status(*user);
    const Json body{{"enabled", status.enabled},
                    {"confirmed_at", status.enabled ? Json(base::format_time(status.confirmed_at)) : Json()},
                    {"recovery_codes_left", status.recovery_codes},
                    {"required_by", status.required_by}};
    co_return once(200, body);
}

Awaitable<Response> begin(Request& request, SecondFactors& factors) {
    const auto user = person_of(request);
    if (!user) co_return problem(user.error());
    if (auto there = factors.people().check_recent_proof(request.principal); !there) co_return problem(there.error());
    const auto made = factors.begin(*user);
    if (!made) co_return problem(made.error());
    const Json body{{"secret", made->secret}, {"uri", made->uri}, {"expires_at", base::format_time(made->expires_at)}};
    co_return once(201, body);
}

Awaitable<Response> confirm(Request& request, SecondFactors& factors) {
    const auto user = person_of(request);
    if (!user) co_return problem(user.error());
    const auto body = request.json();
    if (!body) co_return problem(body.error());
    auto codes = co_await factors.confirm(*user, base::string_or(*body, "code", ""), caller(request));
    if (!codes) co_return problem(codes.error());
    const Json answer{{"recovery_codes", *codes}};
    co_return once(200, answer);
}

Awaitable<Response> disable(Request& request, SecondFactors& factors) {
    const auto user = person_of(request);
    if (!user) co_return problem(user.error());
    const auto body = request.json();
    if (!body) co_return problem(body.error());
    auto done = co_await factors.disable(request.principal, base::string_or(*body, "password", ""), base::string_or(*body, "otp", ""),
                                         caller(request));
    if (!done) co_return problem(done.error());
    co_return net::no_content();
}

Awaitable<Response> renew_recovery_codes(Request& request, SecondFactors& factors) {
    const auto user = person_of(request);
    if (!user) co_return problem(user.error());
    if (auto there = factors.people().check_recent_proof(request.principal); !there) co_return problem(there.error());
    auto codes = co_await factors.new_recovery_codes(*user, caller(request));
    if (!codes) co_return problem(codes.error());
    const Json answer{{"recovery_codes", *codes}};
    co_return once(201, answer);
}

Json render(const Workspace& workspace, bool required) {
    return {{"id", workspace.id.str()},
            {"name", workspace.name},
            {"created_at", base::format_time(workspace.created_at)},
            {"require_second_factor", required}};
}

Awaitable<Response> change_workspace(Request& request, SecondFactors& factors) {
    if (auto there = factors.people().check_recent_proof(request.principal); !there) co_return problem(there.error());
    const auto* found = factors.people().state().house.workspace(request.parameter("id"));
    if (found == nullptr || found->id != request.workspace()) {
        const Error error{ErrorCode::not_found,
                          fmt::format("there is no workspace {} for this credential; name it in Sluice-Workspace as well",
                                      request.parameter("id"))};
        co_return problem(error);
    }
    const Workspace workspace = *found;
    const auto body = request.json();
    if (!body) co_return problem(body.error());
    const bool before = factors.required(workspace.id);
    AlsoCommit<bool> also = [&request, &workspace, before](storage::WriteUnit& unit, bool required) {
        request.record(unit, {200, base::dump_json(render(workspace, required)), {}},
                       {.target = workspace.id.str(), .before = base::dump_json(render(workspace, before)), .after = {}, .reason = {}});
    };
    const bool wanted = body->at("require_second_factor").get<bool>();
    auto done = co_await factors.set_required(request.principal, wanted, std::move(also));
    if (!done) co_return problem(done.error());
    co_return json_response(200, render(workspace, wanted));
}

Awaitable<Response> reset_factor(Request& request, SecondFactors& factors) {
    if (!request.local_socket) {
        const Error error{ErrorCode::forbidden, "a second factor is taken away on the server's machine alone: "
                                                "`sluice user reset --second-factor ADDRESS`"};
        co_return problem(error);
    }
    const auto user = factors.people().find_user(request.parameter("id"));
    if (!user) {
        const Error error{ErrorCode::not_found,
                          fmt::format("there is no account {}; `sluice user list` shows them", request.parameter("id"))};
        co_return problem(error);
    }
    AlsoCommit<UserId> also = [&request](storage::WriteUnit& unit, const UserId& id) {
        request.record(unit, {204, {}, {}}, {.target = id.str(), .before = {}, .after = {}, .reason = {}});
    };
    auto done = co_await factors.reset(user->id, std::move(also));
    if (!done) co_return problem(done.error());
    co_return net::no_content();
}

// These are written down with the person as the actor, by SecondFactors itself.
constexpr auto by_itself = net::Audited::never;
constexpr auto guessable = net::RateClass::sign_in;

const net::Route<SecondFactors> routes[] = {
    {Verb::get, "/api/v1/auth/totp", Permission::workspaces_read, show_status,
     {.summary = "Whether one's second factor is set up, and which workspaces require it", .tag = "auth",
      .response = "SecondFactorStatus"}},
    {Verb::post, "/api/v1/auth/totp", Permission::workspaces_read, begin,
     {.summary = "Begin to set up a second factor: the secret for an authenticator app, shown once", .tag = "auth",
      .response = "Enrolment", .status = 201, .audited = by_itself}},
    {Verb::post, "/api/v1/auth/totp/confirm", Permission::workspaces_read, confirm,
     {.summary = "Confirm it by a code; from then on it counts. The answer has the recovery codes, once", .tag = "auth",
      .request = "OneTimeCode", .response = "RecoveryCodes", .audited = by_itself, .rate = guessable}},
    {Verb::post, "/api/v1/auth/totp/disable", Permission::workspaces_read, disable,
     {.summary = "Take one's second factor away, with password and code", .tag = "auth", .request = "SecondFactorEnd", .status = 204,
      .audited = by_itself, .rate = guessable}},
    {Verb::post, "/api/v1/auth/totp/recovery-codes", Permission::workspaces_read, renew_recovery_codes,
     {.summary = "Make ten new recovery codes instead of all before", .tag = "auth", .response = "RecoveryCodes", .status = 201,
      .audited = by_itself}},
    {Verb::patch, "/api/v1/workspaces/{id}", Permission::users_write, change_workspace,
     {.summary = "Require a second factor of the workspace's members, or no longer", .request = "WorkspaceChange",
      .response = "Workspace"}},
    {Verb::del, "/api/v1/system/users/{id}/second-factor", Permission::system_write, reset_factor,
     {.summary = "Take a person's second factor away (admin socket)", .tag = "system", .status = 204,
      .action = "users.second_factor.delete"}},
};

}  // namespace

void add_routes(net::Router& router, SecondFactors& factors) {
    for (const auto& [name, json] : schemas) router.add_schema(name, json);
    router.add<SecondFactors>(routes, factors);
}

}  // namespace sluice::identity
