// The browser's way to the identity provider and back.

#include "request_credentials.hpp"
#include "sluice/base/json.hpp"
#include "sluice/identity/oidc.hpp"
#include "sluice/net/client.hpp"
#include "sluice/net/server.hpp"

namespace sluice::identity {
namespace {

using net::Access;
using net::Request;
using net::Response;
using net::Verb;

constexpr std::string_view secure_name = "__Host-sluice-oidc", plain_name = "sluice-oidc";

std::string_view cookie_name(const Request& request) { return keeps_secure_cookies(request) ? secure_name : plain_name; }

/// Ten minutes, as the sign-in itself; an empty secret takes it away. Lax: the provider's redirect brings it.
std::string browser_cookie(const Request& request, std::string_view secret) {
    return fmt::format("{}={}; Path=/; HttpOnly; SameSite=Lax; Max-Age={}{}", cookie_name(request), secret, secret.empty() ? 0 : 600,
                       keeps_secure_cookies(request) ? "; Secure" : "");
}

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '<') out += "&lt;";
        else if (c == '>') out += "&gt;";
        else if (c == '&') out += "&amp;";
        else if (c == '"') out += "&quot;";
        else out += c;
    }
    return out;
}

Response private_answer(Response response) {
    response.headers.set("Cache-Control", "no-store");
    response.headers.set("Referrer-Policy", "no-referrer");
    return response;
}

/// A person looks at it, not a program.
Response error_page(const Error& error) {
    const auto page = fmt::format(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Sign-in failed · Sluice</title>"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><link rel=\"stylesheet\" href=\"/plain.css\">"
        "</head><body><main><h1>Sign-in failed</h1><p class=\"notice\" role=\"alert\">{}</p><p><a href=\"/login\">Back to the sign-in</a></p>"
        "</main></body></html>\n",
        escaped(error.message));
    return private_answer(net::text_response(base::http_status(error.code), "text/html; charset=utf-8", page));
}

Response redirect(std::string_view to) {
    Response response;
    response.status = 303;
    response.headers.set("Location", to);
    return private_answer(std::move(response));
}

std::string query(const Request& request, std::string_view name) { return std::string(request.query_value(name).value_or("")); }

Awaitable<Response> show(Request&, Oidc& oidc) {
    Json body{{"enabled", oidc.configured()}};
    if (oidc.configured()) {
        body["name"] = oidc.options().name;
        body["path"] = "/auth/oidc/start";
    }
    co_return net::json_response(200, body);
}

Awaitable<Response> start(Request& request, Oidc& oidc) {
    if (request.verb == Verb::head) co_return net::no_content();
    const auto own = fmt::format("{}://{}/auth/oidc/callback", request.tls ? "https" : "http", request.headers.get("host"));
    if (auto good = net::parse_url(own); !good) co_return error_page(good.error());
    auto begun = co_await oidc.begin(own);
    if (!begun) co_return error_page(begun.error());
    auto response = redirect(begun->location);
    response.headers.add("Set-Cookie", browser_cookie(request, begun->browser));
    co_return response;
}

Awaitable<Response> callback(Request& request, Oidc& oidc) {
    if (request.verb == Verb::head) co_return net::no_content();
    OidcAnswer answer{query(request, "code"),  query(request, "state"),
                      query(request, "iss"),   query(request, "error"),
                      query(request, "error_description"), std::string(cookie_value(request, cookie_name(request)).value_or(""))};
    Client client;
    client.name = std::string(request.headers.get("user-agent", "unknown")).substr(0, 200);
    client.address = request.remote_address;
    client.request_id = request.id;
    client.old_cookie = std::string(session_cookie(request).value_or(""));
    client.wants_refresh = false;
    auto outcome = co_await oidc.finish(std::move(answer), std::move(client));
    if (!outcome) co_return error_page(outcome.error());
    // The page reads what stands after #; it is in no log.
    auto response = redirect(outcome->pending ? "/login#challenge=" + outcome->pending->challenge : "/");
    response.headers.add("Set-Cookie", browser_cookie(request, ""));
    if (outcome->signed_in) response.headers.add("Set-Cookie", set_session_cookie(request, outcome->signed_in->cookie));
    co_return response;
}

constexpr net::Parameter answer_parameters[] = {
    {"code", "string", "Of the provider, for one use"},      {"state", "string", "As it was sent to the provider"},
    {"iss", "string", "The provider, where it names itself"}, {"error", "string", "Why the provider refused"},
    {"error_description", "string", "The same in words"}};

const net::Route<Oidc> routes[] = {
    {Verb::get, "/api/v1/auth/oidc", Access::open(), show,
     {.summary = "Whether people can sign in through an identity provider", .tag = "auth", .response = "SingleSignOn"}},
    {Verb::get, "/auth/oidc/start", Access::open(), start,
     {.summary = "Send the browser to the identity provider", .tag = "auth", .status = 303, .response_media = "text/html",
      .rate = net::RateClass::sign_in}},
    {Verb::get, "/auth/oidc/callback", Access::open(), callback,
     {.summary = "Take the identity provider's answer and sign the browser in", .tag = "auth", .status = 303, .query = answer_parameters,
      .response_media = "text/html", .rate = net::RateClass::sign_in}},
};

}  // namespace

void add_routes(net::Router& router, Oidc& oidc) {
    router.add_schema("SingleSignOn", R"json({"type": "object", "required": ["enabled"], "properties": {
        "enabled": {"type": "boolean"}, "name": {"type": "string"},
        "path": {"type": "string", "description": "Where the browser begins"}}})json");
    router.add<Oidc>(routes, oidc);
}

}  // namespace sluice::identity
