// A workspace's rules of egress: who may set them, and that they hold and stay.
#include "events/live.hpp"
#include "identity/egress_store.hpp"
#include "sluice/identity/egress_rules.hpp"
#include "sluice/identity/identity.hpp"

using namespace sluice;
using namespace sluice::identity;
using sluice::testing::parsed;

namespace {

struct Fixture : sluice::testing::Live {
    Fixture() {
        done(identity.start());
        acme = get(identity.ensure_workspace("acme")).id;
        globex = get(identity.ensure_workspace("globex")).id;
        done(egress.start());
        router.places().add_whole("workspaces");
        add_routes(router, routes);
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
    httplib::Response put(const std::string& secret, const std::string& path, const std::string& body,
                          const httplib::Headers& headers = {}) {
        return call(secret, [=](httplib::Client& c) { return c.Put(path, headers, body, "application/json"); });
    }
    bool reaches(const WorkspaceEgress& rules, const WorkspaceId& workspace, std::string_view host, std::string_view address) {
        const auto policy = rules.policy_of(workspace);
        return !policy || policy->judge(host, address, 443, false).has_value();
    }
    std::shared_ptr<const net::EgressPolicy> guard = *net::make_egress_policy({});
    Identity identity{*storage, clock, random};
    WorkspaceEgress egress{*storage, clock, guard};
    EgressRoutes routes{identity, egress};
    WorkspaceId acme, globex;
};

constexpr auto acme_path = "/api/v1/workspaces/acme/egress";

}  // namespace

TEST_CASE("an owner narrows where the workspace's requests go, for it alone and over a restart", "[identity][egress]") {
    Fixture f;
    const auto owner = f.key("acme", "owner");
    CHECK(parsed(f.http_get(owner, acme_path).body)["hosts"].is_null());
    CHECK(f.egress.policy_of(f.acme) == nullptr);
    const auto answer = f.put(owner, acme_path, R"({"hosts": ["api.example.com"]})");
    REQUIRE(answer.status == 200);
    const auto rules = parsed(answer.body);
    CHECK(rules["hosts"] == Json{"api.example.com"});
    CHECK(rules["allow"] == Json::array());
    CHECK(rules["changed_by"].get<std::string>().starts_with("key_"));
    CHECK(f.reaches(f.egress, f.acme, "api.example.com", "8.8.8.8"));
    CHECK_FALSE(f.reaches(f.egress, f.acme, "other.example", "8.8.8.8"));
    CHECK(f.reaches(f.egress, f.globex, "other.example", "8.8.8.8"));
    WorkspaceEgress again(*f.storage, f.clock, f.guard);
    f.done(again.start());
    CHECK(again.get(f.acme).hosts == std::vector<std::string>{"api.example.com"});
    CHECK_FALSE(f.reaches(again, f.acme, "other.example", "8.8.8.8"));
    REQUIRE(f.put(owner, acme_path, R"({"hosts": null})").status == 200);
    CHECK(f.reaches(f.egress, f.acme, "other.example", "8.8.8.8"));
}

TEST_CASE("nobody else sets or sees a workspace's rules", "[identity][egress]") {
    Fixture f;
    const auto other = f.key("globex", "owner");
    CHECK(f.http_get(other, acme_path).status == 404);
    CHECK(f.put(other, acme_path, R"({"hosts": null})").status == 404);
    CHECK(f.put(f.key("acme", "developer"), acme_path, R"({"hosts": null})").status == 403);
    CHECK(f.put(f.key("acme", "viewer"), acme_path, R"({"hosts": null})").status == 403);
    CHECK(f.http_get(f.key("acme", "viewer"), acme_path).status == 200);
    CHECK(f.http_get("", acme_path).status == 401);
}

TEST_CASE("internal addresses are opened by the owner of the machine alone", "[identity][egress]") {
    Fixture f;
    const auto owner = f.key("acme", "owner");
    const auto refused = f.put(owner, acme_path, R"({"hosts": null, "allow": ["10.0.0.0/8"]})");
    CHECK(refused.status == 403);
    CHECK(parsed(refused.body)["detail"].get<std::string>().find("machine") != std::string::npos);
    EgressRuleSet opened;
    opened.allow = {"10.0.0.0/8"};
    f.get(f.egress.set(*f.identity.local_principal("acme"), opened));
    CHECK(f.reaches(f.egress, f.acme, "db.internal", "10.0.0.1"));
    // What was opened stays when an owner sets the hosts, and an owner cannot close it either.
    CHECK(parsed(f.put(owner, acme_path, R"({"hosts": ["db.internal"]})").body)["allow"] == Json{"10.0.0.0/8"});
    CHECK(f.reaches(f.egress, f.acme, "db.internal", "10.0.0.1"));
    CHECK_FALSE(f.reaches(f.egress, f.acme, "other.internal", "10.0.0.1"));
    CHECK(f.put(owner, acme_path, R"({"hosts": null, "allow": []})").status == 403);
}

TEST_CASE("mistakes in rules are named and change nothing", "[identity][egress]") {
    Fixture f;
    const auto owner = f.key("acme", "owner");
    const auto wrong = f.put(owner, acme_path, R"({"hosts": ["fine.example", "http://no.example"]})");
    CHECK(wrong.status == 400);
    CHECK(wrong.body.find("http://no.example") != std::string::npos);
    CHECK(f.put(owner, acme_path, "{}").status == 400);
    CHECK(f.put(owner, acme_path, R"({"hosts": "a.example"})").status == 400);
    CHECK(f.put(owner, acme_path, R"({"hosts": [""]})").status == 400);
    CHECK(f.egress.policy_of(f.acme) == nullptr);
}

TEST_CASE("rules that cannot be read do not open everything: the start fails", "[identity][egress]") {
    Fixture f;
    EgressRuleSet rules;
    rules.hosts = std::vector<std::string>{"http://no.example"};
    storage::WriteUnit unit;
    store::put_egress(unit, f.acme, rules);
    f.done(f.storage->submit(std::move(unit)));
    WorkspaceEgress again(*f.storage, f.clock, f.guard);
    const auto started = f.run(again.start());
    REQUIRE_FALSE(started);
    CHECK(started.error().message.find("http://no.example") != std::string::npos);
}

TEST_CASE("a repeated change of rules is answered from its record", "[identity][egress]") {
    Fixture f;
    const auto owner = f.key("acme", "owner");
    const httplib::Headers key{{"Idempotency-Key", "once"}};
    const auto first = f.put(owner, acme_path, R"({"hosts": ["a.example"]})", key);
    REQUIRE(first.status == 200);
    REQUIRE(f.put(owner, acme_path, R"({"hosts": ["b.example"]})").status == 200);
    const auto again = f.put(owner, acme_path, R"({"hosts": ["a.example"]})", key);
    CHECK(again.status == 200);
    CHECK(again.body == first.body);
    CHECK(f.egress.get(f.acme).hosts == std::vector<std::string>{"b.example"});
}
