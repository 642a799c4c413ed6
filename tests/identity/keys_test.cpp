// What keys are limited to, and the workspace's own roles.
#include "events/live.hpp"
#include "sluice/identity/identity.hpp"

using namespace sluice;
using namespace sluice::identity;
using sluice::testing::parsed;

namespace {

struct Fixture : sluice::testing::Live {
    Fixture() { begin(); }
    ~Fixture() { run(identity->stop()); }
    void begin() {
        identity = std::make_unique<Identity>(*storage, clock, random);
        done(identity->start());
    }
    void restart() {
        run(identity->stop());
        identity.reset();
        close();
        open();
        begin();
    }
    Principal local() {
        auto principal = identity->local_principal("default");
        REQUIRE(principal);
        return *principal;
    }
    /// Somebody over the network with the role.
    Principal remote(const std::string& role = "owner") {
        NewKey wanted;
        wanted.role = role;
        auto who = ask(get(identity->create_key(local(), wanted)).secret);
        REQUIRE(who);
        return *who;
    }
    Result<Principal> ask(const std::string& key, const std::string& address = "192.0.2.1") {
        net::Request request;
        request.path = "/api/v1/flows";
        request.remote_address = address;
        request.headers.set("Authorization", "Bearer " + key);
        return identity->authenticator().authenticate(request);
    }
    std::unique_ptr<Identity> identity;
};

base::PermissionSet set_of(std::initializer_list<Permission> permissions) {
    base::PermissionSet set;
    for (auto one : permissions) set.set(static_cast<std::size_t>(one));
    return set;
}

}  // namespace

TEST_CASE("a key made over the network ends after 90 days unless it says otherwise", "[identity][keys]") {
    Fixture f;
    const auto maker = f.remote();
    const auto made = f.get(f.identity->create_key(maker, {}));
    CHECK(made.key.expires_at == f.clock.now() + usual_key_life);
    f.clock.advance(usual_key_life - std::chrono::seconds(1));
    CHECK(f.ask(made.secret));
    f.clock.advance(std::chrono::seconds(1));
    CHECK_FALSE(f.ask(made.secret));
    NewKey wanted;
    wanted.expires_at = f.clock.now() + longest_key_life;
    CHECK(f.get(f.identity->create_key(maker, wanted)).key.expires_at == wanted.expires_at);
    wanted.expires_at = f.clock.now() + longest_key_life + std::chrono::seconds(1);
    CHECK(f.error(f.identity->create_key(maker, wanted)) == ErrorCode::invalid_argument);
    NewKey endless;
    endless.never_expires = true;
    CHECK(f.error(f.identity->create_key(maker, endless)) == ErrorCode::invalid_argument);
}

TEST_CASE("the owner of the machine makes keys without an end, or with any", "[identity][keys]") {
    Fixture f;
    CHECK_FALSE(f.get(f.identity->create_key(f.local(), {})).key.expires_at);
    NewKey long_lived;
    long_lived.expires_at = f.clock.now() + 10 * longest_key_life;
    CHECK(f.get(f.identity->create_key(f.local(), long_lived)).key.expires_at == long_lived.expires_at);
}

TEST_CASE("a key with a scope has nothing that concerns the whole workspace, over restarts too", "[identity][keys]") {
    Fixture f;
    NewKey wanted;
    wanted.role = "owner";
    wanted.scope.projects = {"default"};
    wanted.scope.flows = {"triage"};
    wanted.networks = {"192.0.2.0/24"};
    wanted.rate_limit = base::RateLimit{10, 50};
    const auto made = f.get(f.identity->create_key(f.local(), wanted));
    for (int round = 0; round < 2; ++round) {
        const auto who = f.ask(made.secret);
        REQUIRE(who);
        CHECK(who->permissions == (base::placed_permissions() | set_of({Permission::secrets_use, Permission::workspaces_read})));
        CHECK(who->sees("default", "triage"));
        CHECK_FALSE(who->sees("default", "other"));
        CHECK(who->rate_limit == base::RateLimit{10, 50});
        const auto row = f.get(f.identity->key(who->workspace, made.key.id));
        CHECK(row.networks == wanted.networks);
        CHECK(row.last_address == "192.0.2.1");
        f.restart();
    }
    NewKey too_much;
    too_much.permissions = {Permission::users_read};
    too_much.scope.projects = {"default"};
    CHECK(f.error(f.identity->create_key(f.local(), too_much)) == ErrorCode::invalid_argument);
    NewKey nowhere;
    nowhere.scope.projects = {"nowhere"};
    CHECK(f.error(f.identity->create_key(f.local(), nowhere)) == ErrorCode::invalid_argument);
}

TEST_CASE("a key is taken from its networks alone, and makes keys for no others", "[identity][keys]") {
    Fixture f;
    NewKey wanted;
    wanted.networks = {"192.0.2.0/24"};
    const auto made = f.get(f.identity->create_key(f.local(), wanted));
    const auto elsewhere = f.ask(made.secret, "198.51.100.1");
    REQUIRE_FALSE(elsewhere);
    CHECK(elsewhere.error().code == ErrorCode::forbidden);
    const auto maker = f.ask(made.secret);
    REQUIRE(maker);
    CHECK(f.get(f.identity->create_key(*maker, {})).key.networks == wanted.networks);
    NewKey anywhere;
    anywhere.networks = {"0.0.0.0/0"};
    CHECK(f.error(f.identity->create_key(*maker, anywhere)) == ErrorCode::forbidden);
    NewKey wrong;
    wrong.networks = {"192.0.2.0/40"};
    CHECK(f.error(f.identity->create_key(f.local(), wrong)) == ErrorCode::invalid_argument);
}

TEST_CASE("only an owner makes keys of the role owner", "[identity][keys]") {
    Fixture f;
    NewKey wanted;
    wanted.role = "owner";
    CHECK(f.error(f.identity->create_key(f.remote("admin"), wanted)) == ErrorCode::forbidden);
    CHECK(f.get(f.identity->create_key(f.remote("owner"), wanted)).key.role == "owner");
    wanted.role = "admin";
    CHECK(f.get(f.identity->create_key(f.remote("admin"), wanted)).key.role == "admin");
}

TEST_CASE("a change of a role counts for the keys that have it, at once and over restarts", "[identity][roles]") {
    Fixture f;
    const auto role = f.get(f.identity->create_role(f.local(), "support", "looks", set_of({Permission::runs_read})));
    NewKey wanted;
    wanted.role = "support";
    const auto made = f.get(f.identity->create_key(f.local(), wanted));
    CHECK(f.ask(made.secret)->may(Permission::runs_read));
    f.get(f.identity->change_role(f.local(), role.id, std::nullopt, set_of({Permission::flows_read})));
    for (int round = 0; round < 2; ++round) {
        CHECK_FALSE(f.ask(made.secret)->may(Permission::runs_read));
        CHECK(f.ask(made.secret)->may(Permission::flows_read));
        CHECK(f.get(f.identity->key(role.workspace, made.key.id)).permissions == set_of({Permission::flows_read, Permission::workspaces_read}));
        f.restart();
    }
    CHECK(f.identity->find_workspace_role(role.workspace, "support")->description == "looks");
}

TEST_CASE("a role that somebody has is not deleted", "[identity][roles]") {
    Fixture f;
    const auto role = f.get(f.identity->create_role(f.local(), "support", "", {}));
    NewKey wanted;
    wanted.role = "support";
    wanted.expires_at = f.clock.now() + std::chrono::hours(1);
    f.get(f.identity->create_key(f.local(), wanted));
    CHECK(f.error(f.identity->delete_role(f.local(), role.id)) == ErrorCode::conflict);
    f.clock.advance(std::chrono::hours(1));
    f.done(f.identity->delete_role(f.local(), role.id));
    CHECK(f.error(f.identity->delete_role(f.local(), role.id)) == ErrorCode::not_found);
    CHECK(f.error(f.identity->create_key(f.local(), wanted)) == ErrorCode::invalid_argument);
}

TEST_CASE("nobody makes, changes or deletes a role beyond their own rights", "[identity][roles]") {
    Fixture f;
    const auto strong = f.get(f.identity->create_role(f.local(), "strong", "", set_of({Permission::runs_data})));
    const auto actor = f.remote("viewer");
    CHECK(f.error(f.identity->create_role(actor, "mine", "", set_of({Permission::runs_data}))) == ErrorCode::forbidden);
    CHECK(f.error(f.identity->change_role(actor, strong.id, "x", std::nullopt)) == ErrorCode::forbidden);
    CHECK(f.error(f.identity->delete_role(actor, strong.id)) == ErrorCode::forbidden);
    CHECK(f.get(f.identity->create_role(actor, "mine", "", set_of({Permission::runs_read}))).permissions == set_of({Permission::runs_read}));
    CHECK(f.error(f.identity->create_role(f.local(), "instance", "", instance_permissions())) == ErrorCode::invalid_argument);
    for (const auto* name : {"owner", "custom", "No Name"}) {
        CAPTURE(name);
        CHECK(f.error(f.identity->create_role(f.local(), name, "", {})) == ErrorCode::invalid_argument);
    }
    CHECK(f.error(f.identity->create_role(f.local(), "strong", "", {})) == ErrorCode::conflict);
}
