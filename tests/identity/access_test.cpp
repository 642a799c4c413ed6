// Identity over a real server: keys, tenancy, repeated writes and signing a browser in.
#include "events/live.hpp"
#include "sluice/identity/identity.hpp"

using namespace sluice;
using namespace sluice::identity;
using sluice::testing::parsed;

namespace {

struct Fixture : sluice::testing::Live {
    Fixture() {
        done(identity.start());
        get(identity.ensure_workspace("acme"));
        get(identity.ensure_workspace("globex"));
        acme = key("acme", "owner");
        globex = key("globex", "owner");
        add_routes(router, identity);
        serve(identity.authenticator(), &identity.idempotency());
    }
    ~Fixture() {
        run(server->stop());
        server.reset();
        run(identity.stop());
    }
    std::string key(const std::string& workspace, const std::string& role) {
        NewKey wanted;
        wanted.role = role;
        const auto owner = identity.local_principal(workspace);
        REQUIRE(owner);
        return get(identity.create_key(*owner, wanted)).secret;
    }
    Identity identity{*storage, clock, random};
    std::string acme, globex;
};

}  // namespace

TEST_CASE("a key learns who it is", "[identity][http]") {
    Fixture f;
    const auto answer = f.http_get(f.acme, "/api/v1/auth/me");
    CHECK(answer.status == 200);
    const auto me = parsed(answer.body);
    CHECK(me["principal"]["kind"] == "api_key");
    CHECK(me["workspace"]["name"] == "acme");
    CHECK(me["role"] == "owner");
    CHECK(me["permissions"].size() == find_role("owner")->permissions.count());
    CHECK(f.http_get("", "/api/v1/auth/me").status == 401);
    CHECK(f.http_get("slk_nonsense", "/api/v1/auth/me").status == 401);
}

TEST_CASE("a key made over REST works until it is revoked over REST", "[identity][http]") {
    Fixture f;
    const auto created =
        f.http_post(f.acme, "/api/v1/api-keys", R"({"name": "ci", "role": "viewer"})");
    REQUIRE(created.status == 201);
    const auto made = parsed(created.body);
    const auto secret = made["key"].get<std::string>();
    CHECK(f.http_get(secret, "/api/v1/auth/me").status == 200);
    CHECK(f.http_post(secret, "/api/v1/api-keys", "{}").status == 403);
    const auto path = "/api/v1/api-keys/" + made["id"].get<std::string>();
    const auto shown = parsed(f.http_get(f.acme, path).body);
    CHECK(shown["name"] == "ci");
    CHECK_FALSE(shown.contains("key"));
    CHECK(f.http_get(f.acme, "/api/v1/api-keys").body.find(secret) == std::string::npos);

    CHECK(f.http_get(f.globex, path).status == 404);
    CHECK(f.http_delete(f.globex, path).status == 404);
    CHECK(f.http_get(secret, "/api/v1/auth/me").status == 200);
    CHECK(f.http_delete(f.acme, path).status == 204);
    CHECK(f.http_get(secret, "/api/v1/auth/me").status == 401);
    CHECK_FALSE(parsed(f.http_get(f.acme, path).body)["revoked_at"].is_null());
}

TEST_CASE("an open connection loses its key at the next request", "[identity][http]") {
    Fixture f;
    NewKey wanted;
    wanted.role = "viewer";
    wanted.expires_at = f.clock.now() + std::chrono::seconds(10);
    const auto owner = f.identity.local_principal("acme");
    REQUIRE(owner);
    const auto expiring = f.get(f.identity.create_key(*owner, wanted));
    wanted.expires_at.reset();
    const auto revoked = f.get(f.identity.create_key(*owner, wanted));
    for (const auto& made : {expiring, revoked}) {
        const bool expires = made.key.expires_at.has_value();
        INFO((expires ? "expired" : "revoked"));
        const auto client = std::make_shared<httplib::Client>(f.client(made.secret));
        client->set_keep_alive(true);
        const auto ask = [&] {
            return f.beside([client] {
                const auto answer = client->Get("/api/v1/auth/me");
                return answer ? answer->status : 0;
            });
        };
        CHECK(ask() == 200);
        CHECK(ask() == 200);
        const auto before = f.server->connections();
        if (expires)
            f.clock.advance(std::chrono::seconds(10));
        else
            f.done(f.identity.revoke_key(made.key.workspace, made.key.id));
        CHECK(f.server->connections() == before);
        CHECK(ask() == 401);
        CHECK(f.server->connections() == before);
    }
}

TEST_CASE("a key that differs from a known one in its secret alone is refused",
          "[identity][http]") {
    Fixture f;
    CHECK(f.http_get(f.acme, "/api/v1/auth/me").status == 200);
    for (const std::size_t at : {std::size_t{16}, f.acme.size() - 7, f.acme.size() - 1}) {
        auto wrong = f.acme;
        wrong[at] = wrong[at] == 'a' ? 'b' : 'a';
        CHECK(f.http_get(wrong, "/api/v1/auth/me").status == 401);
        CHECK(f.http_get(f.acme, "/api/v1/auth/me").status == 200);
    }
}

TEST_CASE("a wrong key request says where", "[identity][http]") {
    Fixture f;
    for (const auto& [body, pointer] :
         {std::pair{R"({"role": "emperor"})", "/role"},
          std::pair{R"({"permissions": ["fly"]})", "/permissions/0"},
          std::pair{R"({"expires_at": "soon"})", "/expires_at"},
          std::pair{R"({"role": "viewer", "permissions": ["runs:read"]})", "/role"}}) {
        CAPTURE(body);
        const auto answer = f.http_post(f.acme, "/api/v1/api-keys", body);
        CHECK(answer.status == 400);
        CHECK(parsed(answer.body)["errors"][0]["pointer"] == pointer);
    }
    CHECK(f.http_post(f.acme, "/api/v1/api-keys", R"({"rolle": "viewer"})").status == 400);
}

TEST_CASE("each workspace lists only itself and its projects", "[identity][http][tenancy]") {
    Fixture f;
    const auto mine = parsed(f.http_get(f.acme, "/api/v1/workspaces").body);
    REQUIRE(mine["items"].size() == 1);
    CHECK(mine["items"][0]["name"] == "acme");
    const auto id = mine["items"][0]["id"].get<std::string>();
    CHECK(f.http_get(f.acme, "/api/v1/workspaces/" + id).status == 200);
    CHECK(f.http_get(f.globex, "/api/v1/workspaces/" + id).status == 404);
    CHECK(f.http_get(f.globex, "/api/v1/workspaces/acme").status == 404);

    CHECK(f.http_post(f.acme, "/api/v1/projects", R"({"name": "support"})").status == 201);
    CHECK(f.http_post(f.acme, "/api/v1/projects", R"({"name": "support"})").status == 409);
    CHECK(f.http_post(f.acme, "/api/v1/projects", R"({"name": "Not So"})").status == 400);
    CHECK(parsed(f.http_get(f.acme, "/api/v1/projects").body)["items"].size() == 2);
    CHECK(parsed(f.http_get(f.globex, "/api/v1/projects").body)["items"].size() == 1);
    CHECK(f.http_get(f.globex, "/api/v1/projects/support").status == 404);

    // Workspaces are the machine's owner's; a key has the right only by name, and no owner of a workspace can give it.
    CHECK(f.http_post(f.acme, "/api/v1/workspaces", R"({"name": "initech"})").status == 403);
    CHECK(f.http_post(f.acme, "/api/v1/api-keys", R"({"permissions": ["workspaces:write"]})").status == 403);
    NewKey wanted;
    wanted.permissions = {Permission::workspaces_write};
    const auto machine = f.identity.local_principal("acme");
    const auto maker = f.get(f.identity.create_key(*machine, wanted)).secret;
    CHECK(f.http_post(maker, "/api/v1/workspaces", R"({"name": "initech"})").status == 201);
    CHECK(f.http_post(maker, "/api/v1/workspaces", R"({"name": "initech"})").status == 409);
    CHECK(f.http_post(f.key("acme", "developer"), "/api/v1/workspaces", R"({"name": "other"})")
              .status == 403);
}

TEST_CASE("a repeated write happens once and gets the first answer",
          "[identity][http][idempotency]") {
    Fixture f;
    const httplib::Headers once{{"Idempotency-Key", "once"}};
    const auto first = f.http_post(f.acme, "/api/v1/projects", R"({"name": "support"})", once);
    const auto second = f.http_post(f.acme, "/api/v1/projects", R"({"name": "support"})", once);
    CHECK(first.status == 201);
    CHECK(second.status == 201);
    CHECK(parsed(first.body) == parsed(second.body));
    CHECK(f.http_post(f.acme, "/api/v1/projects", R"({"name": "sales"})", once).status == 422);
    CHECK(f.http_post(f.globex, "/api/v1/projects", R"({"name": "sales"})", once).status == 201);
    CHECK(parsed(f.http_get(f.acme, "/api/v1/projects").body)["items"].size() == 2);

    SECTION("but a key's secret is shown once only") {
        const auto made = parsed(f.http_post(f.acme, "/api/v1/api-keys", "{}", once).body);
        const auto again = parsed(f.http_post(f.acme, "/api/v1/api-keys", "{}", once).body);
        CHECK(made["id"] == again["id"]);
        CHECK(made["key"].is_string());
        CHECK(again["key"].is_null());
    }
}

TEST_CASE("a one-time link signs a browser in", "[identity][http][sessions]") {
    Fixture f;
    const auto link = f.http_post(f.acme, "/api/v1/auth/links", "{}");
    REQUIRE(link.status == 201);
    const auto path = parsed(link.body)["path"].get<std::string>();
    const auto entered = f.http_get("", path);
    CHECK(entered.status == 303);
    CHECK(entered.get_header_value("Location") == "/");
    const auto cookie = entered.get_header_value("Set-Cookie");
    CHECK(cookie.find("HttpOnly") != std::string::npos);
    CHECK(cookie.find("SameSite=Lax") != std::string::npos);
    CHECK(cookie.find("Path=/") != std::string::npos);
    CHECK(f.http_get("", path).status == 410);

    const httplib::Headers browser{{"Cookie", cookie.substr(0, cookie.find(';'))}};
    const auto me = parsed(f.http_get("", "/api/v1/auth/me", browser).body);
    CHECK(me["principal"]["kind"] == "session");
    CHECK(me["workspace"]["name"] == "acme");

    CHECK(f.http_post("", "/api/v1/projects", R"({"name": "support"})", browser).status == 403);
    auto from_page = browser;
    from_page.emplace("Origin", f.server->url());
    CHECK(f.http_post("", "/api/v1/projects", R"({"name": "support"})", from_page).status == 403);
    from_page.emplace("Sluice-Request", "page");
    CHECK(f.http_post("", "/api/v1/projects", R"({"name": "support"})", from_page).status == 201);

    const auto out = f.http_post("", "/api/v1/auth/logout", "{}", from_page);
    CHECK(out.status == 204);
    CHECK(out.get_header_value("Set-Cookie").find("Max-Age=0") != std::string::npos);
    CHECK(f.http_get("", "/api/v1/auth/me", browser).status == 401);
    CHECK(f.http_post(f.key("acme", "developer"), "/api/v1/auth/links", "{}").status == 403);
    CHECK(f.http_post(f.acme, "/api/v1/auth/logout", "{}").status == 409);
}

TEST_CASE("the cookie is bound to its host wherever browsers keep secure cookies",
          "[identity][http][sessions]") {
    Fixture f;
    const auto workspace = f.identity.find_workspace("acme")->id;
    const auto cookie = [&](const httplib::Headers& headers) {
        return f.http_get("", f.identity.make_login_path(workspace), headers)
            .get_header_value("Set-Cookie");
    };
    for (const auto& headers :
         {httplib::Headers{}, httplib::Headers{{"Host", "localhost:8080"}},
          httplib::Headers{{"Host", "[::1]:8080"}}}) {
        const auto made = cookie(headers);
        CAPTURE(made);
        CHECK(made.starts_with("__Host-sluice="));
        CHECK(made.find("; Secure") != std::string::npos);
    }
    for (const auto& headers :
         {httplib::Headers{{"Host", "sluice.lan:8080"}}, httplib::Headers{{"Host", "127.evil.example"}},
          httplib::Headers{{"Host", "sluice.example"}, {"X-Forwarded-Proto", "https"}}}) {  // from no trusted proxy
        const auto made = cookie(headers);
        CAPTURE(made);
        CHECK(made.starts_with("sluice="));
        CHECK(made.find("Secure") == std::string::npos);
    }
}
