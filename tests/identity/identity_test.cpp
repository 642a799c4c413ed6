#include "sluice/identity/identity.hpp"

#include "events/house.hpp"
#include "sluice/net/server.hpp"
#include "sluice/storage/audit.hpp"

using namespace sluice;
using namespace sluice::identity;

namespace {

struct Fixture : sluice::testing::House {
    Fixture() { start(); }
    void start() {
        identity = std::make_unique<Identity>(*storage, clock, random);
        done(identity->start());
    }
    void restart() {
        run(identity->stop());
        identity.reset();
        close();
        open();
        start();
    }
    WorkspaceId workspace(const std::string& name) {
        return get(identity->ensure_workspace(name)).id;
    }
    Principal owner(const std::string& workspace = "default") {
        auto principal = identity->local_principal(workspace);
        REQUIRE(principal);
        return *principal;
    }
    CreatedKey key(NewKey wanted = {}, const std::string& workspace = "default") {
        return get(identity->create_key(owner(workspace), std::move(wanted)));
    }
    Result<Principal> ask(net::Request request) {
        return identity->authenticator().authenticate(request);
    }

    std::unique_ptr<Identity> identity;
};

net::Request with_key(const std::string& key, const std::string& path = "/api/v1/flows") {
    net::Request request;
    request.path = path;
    request.headers.set("Authorization", "Bearer " + key);
    return request;
}

net::Request with_cookie(const std::string& cookie, net::Verb verb = net::Verb::get) {
    net::Request request;
    request.verb = verb;
    request.path = "/api/v1/flows";
    request.headers.set("Host", "127.0.0.1:8080");
    request.headers.set("Cookie", "theme=dark; " + cookie);
    return request;
}

bool may(const base::PermissionSet& set, Permission permission) {
    return set.test(static_cast<std::size_t>(permission));
}

ErrorCode code(const Result<Principal>& result) {
    REQUIRE_FALSE(result);
    return result.error().code;
}

}  // namespace

TEST_CASE("a fresh data directory has the workspace and project named default", "[identity]") {
    Fixture f;
    REQUIRE(f.identity->workspaces().size() == 1);
    const auto workspace = f.identity->find_workspace("default");
    REQUIRE(workspace);
    CHECK(f.identity->find_workspace(workspace->id.str())->name == "default");
    REQUIRE(f.identity->projects(workspace->id).size() == 1);
    CHECK(f.identity->projects(workspace->id)[0].name == "default");
    f.restart();
    REQUIRE(f.identity->workspaces().size() == 1);
    CHECK(f.identity->find_workspace("default")->id == workspace->id);
}

TEST_CASE("roles go from reading to everything", "[identity]") {
    const auto& viewer = find_role("viewer")->permissions;
    const auto& operating = find_role("operator")->permissions;
    const auto& developer = find_role("developer")->permissions;
    const auto& owner = find_role("owner")->permissions;
    CHECK((owner | instance_permissions()).all());
    CHECK((owner & instance_permissions()).none());
    CHECK(find_role("admin")->permissions == owner);
    CHECK_FALSE(may(viewer, Permission::runs_data));
    CHECK(may(find_role("auditor")->permissions, Permission::audit_read));
    CHECK_FALSE(may(developer, Permission::audit_read));
    CHECK_FALSE(may(find_role("service")->permissions, Permission::flows_write));
    CHECK(may(viewer, Permission::runs_read));
    CHECK_FALSE(may(viewer, Permission::runs_write));
    CHECK(may(operating, Permission::runs_write));
    CHECK_FALSE(may(operating, Permission::flows_write));
    CHECK(may(developer, Permission::flows_write));
    CHECK_FALSE(may(developer, Permission::keys_write));
    CHECK((viewer & ~operating).none());
    CHECK((operating & ~developer).none());
    CHECK(find_role("emperor") == nullptr);
}

TEST_CASE("a key signs in until it is revoked, also after a restart", "[identity][keys]") {
    Fixture f;
    NewKey wanted;
    wanted.name = "ci";
    wanted.role = "developer";
    const auto made = f.key(wanted);
    CHECK(made.secret.size() == 65);
    CHECK(made.secret.starts_with(made.key.prefix));
    f.restart();
    const auto who = f.ask(with_key(made.secret));
    REQUIRE(who);
    CHECK(who->kind == Principal::Kind::api_key);
    CHECK(who->id == made.key.id.str());
    CHECK(who->name == "ci");
    CHECK(who->role == "developer");
    CHECK(who->workspace_name == "default");
    CHECK(who->may(Permission::flows_write));
    CHECK_FALSE(who->may(Permission::keys_write));

    const auto workspace = f.identity->find_workspace("default")->id;
    f.done(f.identity->revoke_key(workspace, made.key.id));
    CHECK(code(f.ask(with_key(made.secret))) == ErrorCode::unauthenticated);
    f.done(f.identity->revoke_key(workspace, made.key.id));
    f.restart();
    CHECK(code(f.ask(with_key(made.secret))) == ErrorCode::unauthenticated);
    CHECK(f.get(f.identity->key(workspace, made.key.id)).revoked_at);
}

TEST_CASE("whoever has no good key is refused with what to do", "[identity][keys]") {
    Fixture f;
    auto good = f.key().secret;
    CHECK(f.ask(with_key(good)));
    auto typed_wrong = good;
    std::swap(typed_wrong[20], typed_wrong[21]);
    if (typed_wrong == good) typed_wrong[20] = typed_wrong[20] == 'a' ? 'b' : 'a';
    for (const auto& bad :
         {std::string(), std::string("nonsense"), typed_wrong, good + "x", good.substr(0, 64)}) {
        CAPTURE(bad);
        CHECK(code(f.ask(with_key(bad))) == ErrorCode::unauthenticated);
    }
    net::Request nothing;
    nothing.path = "/api/v1/flows";
    const auto refused = f.ask(std::move(nothing));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().message.find("Authorization: Bearer") != std::string::npos);

    Fixture other;  // the same form, from another data directory
    SECTION("a well-formed key of another server is unknown") {
        base::SeededRandom unlike(99);
        Identity stranger(*other.storage, other.clock, unlike);
        other.done(stranger.start());
        auto maker = stranger.local_principal();
        const auto foreign = other.get(stranger.create_key(*maker, {})).secret;
        CHECK(code(f.ask(with_key(foreign))) == ErrorCode::unauthenticated);
    }
}

TEST_CASE("the vendors' key headers count on their paths only", "[identity][keys]") {
    Fixture f;
    const auto key = f.key().secret;
    for (const auto& [header, path, good] : {std::tuple{"x-api-key", "/v1/messages", true},
                                             std::tuple{"x-goog-api-key", "/v1beta/models/x", true},
                                             std::tuple{"x-api-key", "/api/v1/flows", false},
                                             std::tuple{"x-goog-api-key", "/metrics", false}}) {
        CAPTURE(header, path);
        net::Request request;
        request.path = path;
        request.headers.set(header, key);
        CHECK(f.ask(std::move(request)).has_value() == good);
    }
}

TEST_CASE("an expired key is refused at its minute", "[identity][keys]") {
    Fixture f;
    NewKey wanted;
    wanted.expires_at = f.clock.now() + std::chrono::hours(1);
    const auto key = f.key(wanted);
    CHECK(f.ask(with_key(key.secret)));
    f.clock.advance(std::chrono::hours(1));
    CHECK(code(f.ask(with_key(key.secret))) == ErrorCode::unauthenticated);
    NewKey late;
    late.expires_at = f.clock.now() - std::chrono::hours(1);
    CHECK(f.error(f.identity->create_key(f.owner(), late)) == ErrorCode::invalid_argument);
}

TEST_CASE("a key cannot grant more than its maker has", "[identity][keys]") {
    Fixture f;
    NewKey wanted;
    wanted.permissions = {Permission::keys_write, Permission::runs_read};
    const auto limited = f.key(wanted);
    CHECK(limited.key.role == "custom");
    const auto maker = f.ask(with_key(limited.secret));
    REQUIRE(maker);

    NewKey same;
    same.permissions = {Permission::runs_read};
    const auto smaller = f.get(f.identity->create_key(*maker, same));
    const auto who = f.ask(with_key(smaller.secret));
    REQUIRE(who);
    CHECK(who->may(Permission::runs_read));
    CHECK(who->may(Permission::workspaces_read));
    CHECK(who->permissions.count() == 2);

    NewKey larger;
    larger.permissions = {Permission::runs_write};
    CHECK(f.error(f.identity->create_key(*maker, larger)) == ErrorCode::forbidden);
    CHECK(f.error(f.identity->create_key(*maker, NewKey{})) == ErrorCode::forbidden);
    NewKey unknown;
    unknown.role = "emperor";
    CHECK(f.error(f.identity->create_key(f.owner(), unknown)) == ErrorCode::invalid_argument);
    NewKey elsewhere;
    elsewhere.project = "nowhere";
    CHECK(f.error(f.identity->create_key(f.owner(), elsewhere)) == ErrorCode::not_found);

    f.restart();
    CHECK(f.ask(with_key(smaller.secret))->permissions.count() == 2);
}

TEST_CASE("two workspaces never see each other's keys and projects", "[identity][tenancy]") {
    Fixture f;
    const auto acme = f.workspace("acme"), globex = f.workspace("globex");
    const auto key = f.key({}, "acme");
    CHECK(f.get(f.identity->keys(acme, 50, "")).items.size() == 1);
    CHECK(f.get(f.identity->keys(globex, 50, "")).items.empty());
    CHECK(f.error(f.identity->key(globex, key.key.id)) == ErrorCode::not_found);
    CHECK(f.error(f.identity->revoke_key(globex, key.key.id)) == ErrorCode::not_found);
    CHECK(f.ask(with_key(key.secret)));

    const auto project = f.get(f.identity->create_project(acme, "support"));
    CHECK(f.identity->find_project(acme, "support"));
    CHECK_FALSE(f.identity->find_project(globex, "support"));
    CHECK_FALSE(f.identity->find_project(globex, project.id.str()));
    f.get(f.identity->create_project(globex, "support"));
    CHECK(f.error(f.identity->create_project(acme, "support")) == ErrorCode::conflict);

    SECTION("a key's workspace cannot be changed by naming another") {
        auto request = with_key(key.secret);
        request.headers.set("Sluice-Workspace", "acme");
        CHECK(f.ask(request));
        request.headers.set("Sluice-Workspace", acme.str());
        CHECK(f.ask(request));
        request.headers.set("Sluice-Workspace", "globex");
        CHECK(code(f.ask(request)) == ErrorCode::not_found);
    }
}

TEST_CASE("keys are listed newest first, page by page", "[identity][keys]") {
    Fixture f;
    const auto workspace = f.identity->find_workspace("default")->id;
    std::vector<std::string> names;
    for (int i = 0; i < 5; ++i) {
        NewKey wanted;
        wanted.name = std::to_string(i);
        f.key(wanted);
        f.clock.advance(std::chrono::milliseconds(2));
    }
    std::string cursor;
    do {
        const auto page = f.get(f.identity->keys(workspace, 2, cursor));
        for (const auto& key : page.items) names.push_back(key.name);
        cursor = page.next_cursor;
    } while (!cursor.empty());
    CHECK(names == std::vector<std::string>{"4", "3", "2", "1", "0"});
    CHECK(f.error(f.identity->keys(workspace, 2, "forged")) == ErrorCode::invalid_argument);
}

TEST_CASE("the last use of a key is remembered over a restart", "[identity][keys]") {
    Fixture f;
    const auto workspace = f.identity->find_workspace("default")->id;
    const auto key = f.key();
    CHECK_FALSE(f.get(f.identity->key(workspace, key.key.id)).last_used_at);
    f.clock.advance(std::chrono::minutes(5));
    CHECK(f.ask(with_key(key.secret)));
    const auto used = f.clock.now();
    CHECK(f.get(f.identity->key(workspace, key.key.id)).last_used_at == used);
    f.restart();
    CHECK(f.get(f.identity->key(workspace, key.key.id)).last_used_at == used);
}

TEST_CASE("names of workspaces have one form and are unique", "[identity]") {
    Fixture f;
    f.get(f.identity->create_workspace("acme-1.eu_west"));
    for (const auto& bad : {"", "Acme", "a b", "-a", ".a", "a/b", "ä"}) {
        CAPTURE(bad);
        CHECK(f.error(f.identity->create_workspace(bad)) == ErrorCode::invalid_argument);
    }
    CHECK(f.error(f.identity->create_workspace(std::string(64, 'a'))) ==
          ErrorCode::invalid_argument);
    CHECK(f.error(f.identity->create_workspace("default")) == ErrorCode::conflict);
    CHECK(f.get(f.identity->ensure_workspace("acme-1.eu_west")).id ==
          f.identity->find_workspace("acme-1.eu_west")->id);
}

TEST_CASE("the admin socket acts as the machine's owner in the named workspace", "[identity]") {
    Fixture f;
    const auto acme = f.workspace("acme");
    net::Request request;
    request.local_socket = true;
    CHECK(f.ask(request)->workspace_name == "default");
    request.headers.set("Sluice-Workspace", "acme");
    const auto who = f.ask(request);
    REQUIRE(who);
    CHECK(who->kind == Principal::Kind::local);
    CHECK(who->workspace == acme);
    CHECK(who->permissions.all());
    request.headers.set("Sluice-Workspace", "nowhere");
    CHECK(code(f.ask(request)) == ErrorCode::not_found);
}

TEST_CASE("a link signs one browser in, once, within ten minutes", "[identity][sessions]") {
    Fixture f;
    const auto acme = f.workspace("acme");
    const auto token = f.identity->make_login_link_token(acme);
    const auto secret = f.get(f.identity->exchange_login_token(token));
    CHECK(f.error(f.identity->exchange_login_token(token)) == ErrorCode::gone);
    CHECK(f.error(f.identity->exchange_login_token("nonsense")) == ErrorCode::gone);
    const auto late = f.identity->make_login_link_token(acme);
    f.clock.advance(std::chrono::minutes(10));
    CHECK(f.error(f.identity->exchange_login_token(late)) == ErrorCode::gone);

    f.restart();
    const auto who = f.ask(with_cookie("__Host-sluice=" + secret));
    REQUIRE(who);
    CHECK(who->kind == Principal::Kind::session);
    CHECK(who->role == "owner");
    CHECK(who->workspace == acme);
    CHECK(code(f.ask(with_cookie("__Host-sluice=" + token))) == ErrorCode::unauthenticated);
    auto plain = with_cookie("sluice=" + secret);  // the plain name could have been planted
    CHECK(code(f.ask(plain)) == ErrorCode::unauthenticated);
    plain.headers.set(
        "Host", "sluice.lan:8080");  // where browsers keep no secure cookies, it is all there is
    CHECK(f.ask(plain));
    plain.tls = true;
    CHECK(code(f.ask(plain)) == ErrorCode::unauthenticated);

    SECTION("it ends twelve hours after it began, and not before") {
        f.clock.advance(std::chrono::hours(11));
        CHECK(f.ask(with_cookie("__Host-sluice=" + secret)));
        // An owner's session ends twelve hours after it began, used or not.
        f.clock.advance(std::chrono::hours(1));
        CHECK(f.ask(with_cookie("__Host-sluice=" + secret)).error().code == ErrorCode::unauthenticated);
        f.clock.advance(std::chrono::hours(25));
        CHECK(f.get(f.identity->remove_expired()) == 1);
    }
    SECTION("it ends when the person signs out") {
        f.done(f.identity->end_session(*who));
        CHECK(code(f.ask(with_cookie("__Host-sluice=" + secret))) == ErrorCode::unauthenticated);
        f.restart();
        CHECK(code(f.ask(with_cookie("__Host-sluice=" + secret))) == ErrorCode::unauthenticated);
    }
}

TEST_CASE("a cookie changes things from our own pages only", "[identity][sessions]") {
    Fixture f;
    const auto token = f.identity->make_login_link_token(f.workspace("acme"));
    const auto secret = f.get(f.identity->exchange_login_token(token));
    auto request = with_cookie("__Host-sluice=" + secret, net::Verb::post);
    CHECK(code(f.ask(request)) == ErrorCode::forbidden);
    for (const auto& bad : {"http://evil.example", "null", "http://127.0.0.1:8081",
                            "http://127.0.0.1:8080.evil.example"}) {
        CAPTURE(bad);
        request.headers.set("Origin", bad);
        CHECK(code(f.ask(request)) == ErrorCode::forbidden);
    }
    request.headers.set("Origin", "http://127.0.0.1:8080");
    CHECK(code(f.ask(request)) == ErrorCode::forbidden);
    request.headers.set("Sluice-Request", "page");  // what no form of another page can send
    CHECK(f.ask(request));
    request.headers.set("Origin", "http://evil.example");
    CHECK(code(f.ask(request)) == ErrorCode::forbidden);

    auto socket = with_cookie("__Host-sluice=" + secret);
    socket.headers.set("Upgrade", "websocket");
    socket.headers.set("Origin", "http://evil.example");
    CHECK(code(f.ask(socket)) == ErrorCode::forbidden);
    socket.headers.set("Origin", "http://127.0.0.1:8080");
    CHECK(f.ask(socket));
}

TEST_CASE("a repeated write is answered from the record that committed with it",
          "[identity][idempotency]") {
    Fixture f;
    const auto make = [&](const std::string& body, const std::string& key = "k1") {
        net::Request request;
        request.verb = net::Verb::post;
        request.path = request.route = "/api/v1/flows";
        request.headers.set("Idempotency-Key", key);
        request.body = body;
        request.principal = f.owner();
        return request;
    };
    auto& records = f.identity->idempotency();
    const auto first = make("{\"a\":1}");
    CHECK_FALSE(f.get(records.find(first)));

    const auto commit = [&](const net::Request& request, const std::string& answer) {
        auto handle = records.begin(request);
        REQUIRE(handle);
        storage::WriteUnit unit;
        (*handle)->record(unit, {201, answer, "\"1\""});
        return f.run(f.storage->submit(std::move(unit)));
    };
    REQUIRE(commit(first, "{\"id\":\"x\"}"));
    const auto again = commit(make("{\"a\":1}"), "{\"id\":\"y\"}");
    REQUIRE_FALSE(again);
    CHECK(again.error().code == ErrorCode::conflict);
    CHECK(again.error().message == "idempotency_key_used");

    const auto repeated = make("{\"a\":1}");
    const auto found = f.get(records.find(repeated));
    REQUIRE(found);
    CHECK(found->status == 201);
    CHECK(found->body == "{\"id\":\"x\"}");
    CHECK(found->etag == "\"1\"");
    const auto other_body = make("{\"a\":2}");
    CHECK(f.error(records.find(other_body)) == ErrorCode::unprocessable);
    const auto other_key = make("{\"a\":1}", "k2");
    CHECK_FALSE(f.get(records.find(other_key)));
    auto elsewhere = make("{\"a\":1}");
    f.workspace("acme");
    elsewhere.principal = f.owner("acme");
    CHECK_FALSE(f.get(records.find(elsewhere)));
    CHECK_FALSE(records.begin(make("", std::string(256, 'k'))));

    f.clock.advance(std::chrono::hours(24 * 6));
    CHECK(f.get(f.identity->remove_expired()) == 0);
    CHECK(f.get(records.find(repeated)));
    f.clock.advance(std::chrono::hours(24));
    CHECK(f.get(f.identity->remove_expired()) == 1);
    CHECK_FALSE(f.get(records.find(repeated)));
    CHECK(commit(make("{\"a\":1}"), "{}"));
}

TEST_CASE("signing keys stay the same over restarts and differ by purpose", "[identity]") {
    Fixture f;
    const auto cursors = f.identity->signing_key("cursors");
    CHECK(cursors.size() == 32);
    CHECK(cursors != f.identity->signing_key("links"));
    f.restart();
    CHECK(f.identity->signing_key("cursors") == cursors);
}

TEST_CASE("the statements of identity keep storage's rules", "[identity]") {
    std::vector<const storage::Query*> own;
    for (const auto* query : storage::Query::all())
        if (std::string_view(query->name()).starts_with("identity.")) own.push_back(query);
    REQUIRE(own.size() >= 15);
    const auto findings = storage::audit_queries(storage::built_in_migrations(), own, {});
    REQUIRE(findings);
    for (const auto& finding : *findings) {
        CAPTURE(finding.query, finding.problem);
        CHECK(finding.query.empty());
    }
}
