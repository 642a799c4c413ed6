// Which model of a route is tried first: strategies, circuits that open and close, what is known of latency. The clock is moved.

#include <catch2/catch.hpp>

#include <set>

#include "budget/budget_house.hpp"
#include "llm/gateway_state.hpp"
#include "llm/provider_health.hpp"
#include "sluice/identity/wrapped_keys.hpp"
#include "sluice/llm/llm.hpp"
#include "sluice/runtime/pool.hpp"

using namespace sluice;
using namespace sluice::llm;
using namespace std::chrono_literals;

namespace {

struct Fixture : sluice::testing::BudgetHouse {
    Fixture() {
        sources.data = directory;
        keys = std::make_unique<identity::WrappedKeys>(loop, *storage, pool, random, sources);
        keys->declare("audit");
        done(keys->start());
        catalogues = std::make_unique<Catalogues>(loop, *storage, pool, clock, "");
        done(catalogues->start());
        book = std::make_unique<ProviderBook>(*storage, *keys, clock, random, *catalogues);
        done(book->start());
        limits = std::make_unique<ModelLimits>(*storage, clock, random);
        done(limits->start());
        for (const auto* name : {"a", "b", "c"}) {
            NewProvider wanted;
            wanted.name = name;
            wanted.type = "openai_compatible";
            wanted.base_url = "http://127.0.0.1:9/v1";
            ProviderModel model;
            model.id = std::string("model-") + name;
            wanted.models.push_back(model);
            get(book->create(workspace, wanted, "usr_1"));
        }
        gateway = std::make_unique<Gateway>(
            Gateway::Parts{loop, *storage, client, *budgets, *limits, *book, *catalogues, configured, random, {}});
    }
    ~Fixture() {
        run(gateway->stop());
        run(client.stop());
        gateway.reset();
        book.reset();
        std::error_code ignored;
        std::filesystem::remove(crypto::key_file_beside(directory), ignored);
    }
    void route(const std::string& strategy, std::vector<RouteTarget> targets = {{"model-a", 1}, {"model-b", 1}, {"model-c", 1}}) {
        ModelRoute wanted;
        wanted.workspace = workspace;
        wanted.name = "smart";
        wanted.strategy = strategy;
        wanted.targets = std::move(targets);
        get(book->put_route(wanted, std::nullopt));
    }
    Gateway::State& state() { return gateway->state(); }
    std::string order(const std::string& sticky = "") {
        auto plan = state().plan(workspace, "smart", sticky);
        REQUIRE(plan);
        std::string out;
        for (const auto& target : plan->targets) out += target.model.substr(6);
        return out;
    }
    Target target(const std::string& name) {
        auto found = state().target(workspace, "model-" + name);
        REQUIRE(found);
        return *found;
    }
    void fail_of(const std::string& name, int times, std::optional<std::int64_t> retry_after_ms = {}) {
        for (int i = 0; i < times; ++i) state().failed(target(name), retry_after_ms, "it is broken");
    }
    Json health(const std::string& name) { return health_json(state(), *book->find(workspace, name)); }

    runtime::Pool pool{loop, "blocking", 1};
    net::Client client{loop, pool, *net::make_egress_policy({"127.0.0.1/32"})};
    crypto::RootSources sources;
    std::unique_ptr<identity::WrappedKeys> keys;
    std::unique_ptr<Catalogues> catalogues;
    std::unique_ptr<ProviderBook> book;
    std::unique_ptr<ModelLimits> limits;
    Providers configured;
    std::unique_ptr<Gateway> gateway;
};

}  // namespace

TEST_CASE("a route with one target is another name of a model", "[llm][routing]") {
    Fixture f;
    f.route("priority", {{"model-b", 1}});
    CHECK(f.order() == "b");
}

TEST_CASE("priority tries targets as they are listed, and those with an open circuit last", "[llm][routing]") {
    Fixture f;
    f.route("priority");
    CHECK(f.order() == "abc");
    f.fail_of("a", 2);
    CHECK(f.order() == "abc");
    f.fail_of("a", 1);
    CHECK(f.order() == "bca");
    f.fail_of("b", 3);
    CHECK(f.order() == "cab");
}

TEST_CASE("weights decide how often a target is first, and the same conversation goes to the same one", "[llm][routing]") {
    Fixture f;
    f.route("weighted", {{"model-a", 1}, {"model-b", 3}});
    std::map<char, int> first;
    for (int i = 0; i < 2'000; ++i) ++first[f.order(fmt::format("conversation {}", i))[0]];
    CHECK(first['b'] > 1'300);
    CHECK(first['b'] < 1'700);
    std::set<std::string> orders;
    for (int i = 0; i < 50; ++i) orders.insert(f.order("one conversation"));
    CHECK(orders.size() == 1);
}

TEST_CASE("a sticky conversation goes elsewhere while its model is out, and comes back", "[llm][routing]") {
    Fixture f;
    f.route("weighted", {{"model-a", 1}, {"model-b", 1}});
    const auto usual = f.order("one conversation");
    f.fail_of(usual.substr(0, 1), 3);
    CHECK(f.order("one conversation") == std::string{usual[1], usual[0]});
    f.state().succeeded(f.target(usual.substr(0, 1)), 10ms);
    CHECK(f.order("one conversation") == usual);
}

TEST_CASE("latency begins with the quickest of late, and tries again some time who was slow once", "[llm][routing]") {
    Fixture f;
    f.route("latency");
    f.state().succeeded(f.target("a"), 300ms);
    f.state().succeeded(f.target("b"), 100ms);
    f.state().succeeded(f.target("c"), 200ms);
    CHECK(f.order() == "bca");
    // Only b is called from here on; what was known of c and a fades.
    for (int minute = 0; minute < 2; ++minute) {
        f.clock.advance(1min);
        f.state().succeeded(f.target("b"), 100ms);
    }
    CHECK(f.order()[0] == 'c');
    f.state().succeeded(f.target("c"), 200ms);
    f.state().succeeded(f.target("a"), 300ms);
    CHECK(f.order()[0] == 'b');
}

TEST_CASE("an open circuit is tried by one call before it takes traffic again", "[llm][routing]") {
    Fixture f;
    f.route("priority");
    f.fail_of("a", 3);
    CHECK(f.health("a")["state"] == "open");
    CHECK(f.order() == "bca");
    f.clock.advance(9s);
    CHECK(f.health("a")["state"] == "half_open");
    CHECK(f.order() == "abc");  // this one tries
    CHECK(f.order() == "bca");  // others wait for what becomes of it
    SECTION("it is answered: the circuit is closed") {
        f.state().succeeded(f.target("a"), 10ms);
        CHECK(f.health("a")["state"] == "closed");
        CHECK(f.order() == "abc");
        f.fail_of("a", 2);
        CHECK(f.order() == "abc");  // counted anew
    }
    SECTION("it fails: the circuit is open for longer") {
        f.fail_of("a", 1);
        CHECK(f.health("a")["state"] == "open");
        f.clock.advance(9s);
        CHECK(f.order() == "bca");
        f.clock.advance(8s);
        CHECK(f.order() == "abc");
    }
    SECTION("nobody learns its end: another one tries after a while") {
        f.clock.advance(31s);
        CHECK(f.order() == "abc");
    }
}

TEST_CASE("a model that asked for time is left for the end until then, and no longer than two minutes", "[llm][routing]") {
    Fixture f;
    f.route("priority");
    f.fail_of("a", 1, 5'000);
    CHECK(f.order() == "bca");
    f.clock.advance(4s);
    CHECK(f.order() == "bca");
    f.clock.advance(2s);
    CHECK(f.order() == "abc");
    f.state().succeeded(f.target("a"), 1ms);
    f.fail_of("a", 1, 86'400'000);
    f.clock.advance(2min);
    CHECK(f.order() == "abc");
}

TEST_CASE("a provider that was seen well is tried at once", "[llm][routing]") {
    Fixture f;
    f.route("priority");
    f.fail_of("a", 3);
    f.fail_of("b", 3);
    f.state().seen_well(f.book->find(f.workspace, "a")->id);
    CHECK(f.health("a")["state"] == "half_open");
    CHECK(f.health("b")["state"] == "open");
    CHECK(f.order() == "acb");
}

TEST_CASE("a provider that was changed begins anew: nobody waits for an old address or key", "[llm][routing]") {
    Fixture f;
    f.route("priority");
    f.fail_of("a", 3);
    CHECK(f.order() == "bca");
    NewProvider changed;
    changed.name = "a";
    changed.base_url = "http://127.0.0.1:10/v1";
    changed.models = f.book->find(f.workspace, "a")->models;
    f.get(f.book->edit(f.workspace, "a", changed, std::nullopt));
    CHECK(f.health("a")["state"] == "closed");
    CHECK(f.health("a")["last_error"].is_null());
    CHECK(f.order() == "abc");
}

TEST_CASE("health tells the last five minutes, and the last error for as long as the server runs", "[llm][routing]") {
    Fixture f;
    auto health = f.health("a");
    CHECK(health["success_rate"].is_null());
    CHECK(health["state"] == "closed");
    for (int i = 0; i < 3; ++i) f.state().succeeded(f.target("a"), 20ms);
    f.clock.advance(1min);
    f.fail_of("a", 1);
    health = f.health("a");
    CHECK(health["answered"] == 3);
    CHECK(health["failed"] == 1);
    CHECK(health["success_rate"] == 0.75);
    CHECK(health["latency_ms"] == 20.0);
    CHECK(health["last_error"]["message"] == "it is broken");
    CHECK(health["models"].size() == 1);
    f.clock.advance(4min);
    CHECK(f.health("a")["answered"] == 0);
    f.clock.advance(10min);
    health = f.health("a");
    CHECK(health["failed"] == 0);
    CHECK(health["success_rate"].is_null());
    CHECK(health["last_error"]["message"] == "it is broken");
}

TEST_CASE("a check of a provider that cannot be reached says so in words", "[llm][routing]") {
    Fixture f;
    const auto checked = f.run(check_provider(f.state(), f.book->find(f.workspace, "a")));
    CHECK(checked["ok"] == false);
    CHECK(checked["status"].is_null());
    CHECK(checked["message"].get<std::string>().find("cannot be reached at http://127.0.0.1:9/v1/models") != std::string::npos);
}
