#include "net/client_world.hpp"

using namespace sluice;
using namespace sluice::test;
using net::make_egress_policy;
using net::make_workspace_policy;

namespace {

using Hosts = std::optional<std::vector<std::string>>;

bool may(const net::EgressPolicy& policy, std::string_view host, std::string_view address, std::uint16_t port = 443,
         bool trusted = false) {
    return policy.judge(host, address, port, trusted).has_value();
}

std::shared_ptr<const net::EgressPolicy> policy(const Hosts& hosts, const std::vector<std::string>& allow = {},
                                                const std::vector<std::string>& instance = {}) {
    const auto base = make_egress_policy(instance);
    REQUIRE(base);
    const auto made = make_workspace_policy(*base, hosts, allow);
    REQUIRE(made);
    return *made;
}

struct OneRule final : net::EgressRules {
    std::shared_ptr<const net::EgressPolicy> policy_of(const WorkspaceId& workspace) const override {
        return workspace == limited ? rules : nullptr;
    }
    WorkspaceId limited{base::IdBytes{1}}, other{base::IdBytes{2}};
    std::shared_ptr<const net::EgressPolicy> rules;
};

}  // namespace

TEST_CASE("a workspace's list of hosts narrows where its requests go, and opens nothing", "[net][egress]") {
    const auto listed = policy(Hosts({"api.example.com", "*.hooks.example.net", "files.example.org:8443", "1.1.1.1"}));
    CHECK(may(*listed, "api.example.com", "8.8.8.8"));
    CHECK(may(*listed, "a.hooks.example.net", "8.8.8.8"));
    CHECK(may(*listed, "a.b.hooks.example.net", "8.8.8.8"));
    CHECK(may(*listed, "files.example.org", "8.8.8.8", 8443));
    CHECK(may(*listed, "1.1.1.1", "1.1.1.1"));
    CHECK_FALSE(may(*listed, "files.example.org", "8.8.8.8", 443));
    CHECK_FALSE(may(*listed, "hooks.example.net", "8.8.8.8"));
    CHECK_FALSE(may(*listed, "evilhooks.example.net", "8.8.8.8"));
    CHECK_FALSE(may(*listed, "api.example.com.evil.example", "8.8.8.8"));
    CHECK_FALSE(may(*listed, "8.8.8.8", "8.8.8.8"));
    CHECK_FALSE(may(*listed, "api.example.com", "127.0.0.1"));
    CHECK_FALSE(may(*listed, "api.example.com", "8.8.8.8", 25));
    CHECK(may(*listed, "models.internal", "10.0.0.3", 8000, true));
    const auto none = policy(Hosts(std::vector<std::string>()));
    CHECK_FALSE(may(*none, "api.example.com", "8.8.8.8"));
    const auto any = policy(std::nullopt);
    CHECK(may(*any, "api.example.com", "8.8.8.8"));
    CHECK_FALSE(may(*any, "api.example.com", "10.0.0.1"));
}

TEST_CASE("what is opened to a workspace is open to it alone, and never a metadata service", "[net][egress]") {
    const auto opened = policy(std::nullopt, {"10.1.0.0/16", "db.internal:5432"});
    CHECK(may(*opened, "a", "10.1.2.3", 9000));
    CHECK(may(*opened, "a", "::ffff:10.1.2.3", 9000));
    CHECK(may(*opened, "db.internal", "10.2.0.1", 5432));
    CHECK_FALSE(may(*opened, "db.internal", "10.2.0.1", 22));
    CHECK_FALSE(may(*opened, "a", "10.2.0.1"));
    CHECK(may(*opened, "a", "8.8.8.8"));
    CHECK_FALSE(may(*policy(std::nullopt), "a", "10.1.2.3", 9000));
    const auto all = policy(std::nullopt, {"0.0.0.0/0", "::/0", "metadata:80"});
    for (const auto* address : {"169.254.169.254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "fd00:ec2::254"})
        CHECK_FALSE(may(*all, "metadata", address, 80));
    // A list of hosts holds for opened places too.
    CHECK_FALSE(may(*policy(Hosts({"api.example.com"}), {"10.0.0.0/8"}), "db.internal", "10.0.0.1", 5432));
    CHECK(may(*policy(Hosts({"db.internal"}), {"10.0.0.0/8"}), "db.internal", "10.0.0.1", 5432));
}

TEST_CASE("a bad entry of a workspace's lists is named", "[net][egress]") {
    const auto base = make_egress_policy({});
    const auto* host = GENERATE("", "*", "*.", "http://a.example", "a.example/x", "a b", "a.example:0", "a.example:99999", "127.1",
                                "0x7f.1", "*.127.0.0.1", "a@b.example", "a.*.example");
    CAPTURE(host);
    const auto made = make_workspace_policy(*base, Hosts({"fine.example", host}), {});
    REQUIRE_FALSE(made);
    CHECK_THAT(made.error().message, Catch::Contains(fmt::format("'{}'", host)));
    CHECK_FALSE(make_workspace_policy(*base, std::nullopt, {"10.0.0.0/99"}));
}

TEST_CASE("addresses of this machine are refused unless allowed", "[net][egress]") {
    const auto guarded = make_egress_policy({}, {"8.8.4.4", "2600::5"});
    REQUIRE(guarded);
    CHECK_FALSE(may(**guarded, "me.example", "8.8.4.4"));
    CHECK_FALSE(may(**guarded, "me.example", "::ffff:8.8.4.4"));
    CHECK_FALSE(may(**guarded, "me.example", "2600::5"));
    CHECK(may(**guarded, "other.example", "8.8.8.8"));
    CHECK_THAT((*guarded)->judge("me.example", "8.8.4.4", 443, false).error().message, Catch::Contains("this machine"));
    const auto allowed = make_egress_policy({"8.8.4.4:443"}, {"8.8.4.4"});
    CHECK(may(**allowed, "me.example", "8.8.4.4"));
    const auto own = net::own_addresses();
    CHECK(std::find(own.begin(), own.end(), "127.0.0.1") != own.end());
}

TEST_CASE("a workspace's rules hold for its requests, each redirect and each kept connection", "[net][client][egress]") {
    World world;
    OneRule rules;
    const auto base = make_egress_policy({"127.0.0.0/8"});
    const auto target = world.server([](const std::string&) { return ok("secret"); });
    const auto entry = world.server([&](const std::string&) { return redirect(302, target->url()); });
    rules.rules = *make_workspace_policy(*base, Hosts({fmt::format("127.0.0.1:{}", entry->port())}), {});
    world.client.set_egress_rules(rules);
    const auto get = [&](const std::string& url, const WorkspaceId& workspace) {
        net::ClientRequest request;
        request.url = url;
        request.workspace = workspace;
        return world.send(std::move(request));
    };
    // The other workspace leaves a kept connection behind, which the limited one must not get.
    const auto free = get(target->url(), rules.other);
    REQUIRE(free);
    CHECK(free->body == "secret");
    const auto direct = get(target->url(), rules.limited);
    REQUIRE_FALSE(direct);
    CHECK(direct.error().code == ErrorCode::forbidden);
    CHECK_THAT(direct.error().message, Catch::Contains("this workspace"));
    const auto redirected = get(entry->url(), rules.limited);
    REQUIRE_FALSE(redirected);
    CHECK(redirected.error().code == ErrorCode::forbidden);
    CHECK(entry->connections == 1);
    CHECK(target->connections == 1);
}
