#include <condition_variable>
#include <mutex>
#include <set>

#include "net/client_world.hpp"
#include "net/resolver.hpp"

using namespace sluice;
using namespace sluice::test;
using namespace std::chrono_literals;
using net::Addresses;
using Outcome = Result<Addresses>;

namespace {

/// A name server that answers when it is told to. Look-ups run on the pool's threads.
class NameServer {
  public:
    net::LookUp function() {
        return [this](const std::string& host) -> Outcome {
            std::unique_lock lock(mutex_);
            ++asked_[host];
            ++held_;
            changed_.wait(lock, [&] { return open_.contains(host) || all_; });
            --held_;
            return Addresses{"192.0.2.1"};
        };
    }
    void open(const std::string& host) {
        const std::lock_guard lock(mutex_);
        open_.insert(host);
        changed_.notify_all();
    }
    void open_all() {
        const std::lock_guard lock(mutex_);
        all_ = true;
        changed_.notify_all();
    }
    int asked(const std::string& host) {
        const std::lock_guard lock(mutex_);
        return asked_[host];
    }
    int held() {
        const std::lock_guard lock(mutex_);
        return held_;
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::map<std::string, int> asked_;
    std::set<std::string> open_;
    int held_ = 0;
    bool all_ = false;
};

struct Names : World {
    ~Names() {
        server.open_all();
        runtime::TaskGroup closing(loop);
        closing.spawn("stop", resolver.stop());
        turn_until([&] { return closing.size() == 0; });
    }
    std::shared_ptr<std::optional<Outcome>> ask(std::string host, std::optional<WorkspaceId> workspace) {
        auto answer = std::make_shared<std::optional<Outcome>>();
        tasks->spawn("ask", keep(resolver.resolve(std::move(host), workspace, clock.now() + 5s), answer));
        return answer;
    }
    static WorkspaceId workspace(std::uint8_t number) {
        base::IdBytes bytes{};
        bytes[0] = number;
        return WorkspaceId(bytes);
    }
    NameServer server;
    runtime::Pool threads{loop, "names", 8};
    net::Resolver resolver{loop, threads, server.function()};
};

}  // namespace

TEST_CASE("a workspace whose name server is dead holds two threads, and others find theirs", "[net][resolver]") {
    Names world;
    std::vector<std::shared_ptr<std::optional<Outcome>>> dead;
    for (int i = 0; i < 20; ++i) dead.push_back(world.ask(fmt::format("dead{}.example", i), Names::workspace(1)));
    REQUIRE(world.turn_until([&] { return world.server.held() == 2; }));
    world.server.open("live.example");
    const auto live = world.ask("live.example", Names::workspace(2));
    REQUIRE(world.turn_until([&] { return live->has_value(); }));
    REQUIRE((**live).has_value());
    CHECK(***live == Addresses{"192.0.2.1"});
    const auto instance = world.ask("live.example", std::nullopt);
    REQUIRE(world.turn_until([&] { return instance->has_value(); }));
    CHECK(world.server.held() == 2);
    // The time of those who wait is up, and a thread that waits still for the server goes on counting.
    world.clock.advance(6s);
    REQUIRE(world.turn_until([&] { return std::all_of(dead.begin(), dead.end(), [](auto& each) { return each->has_value(); }); }));
    for (const auto& each : dead) {
        REQUIRE_FALSE(**each);
        CHECK((**each).error().code == ErrorCode::timeout);
        CHECK((**each).error().retryable);
    }
    const auto later = world.ask("live.example", Names::workspace(1));
    CHECK_FALSE(later->has_value());
    world.server.open_all();
    REQUIRE(world.turn_until([&] { return later->has_value(); }));
    CHECK((**later).has_value());
}

TEST_CASE("a name is looked up once for all who ask at the same time", "[net][resolver]") {
    Names world;
    const auto first = world.ask("slow.example", Names::workspace(1));
    REQUIRE(world.turn_until([&] { return world.server.held() == 1; }));
    const auto second = world.ask("slow.example", Names::workspace(2)), third = world.ask("slow.example", Names::workspace(1));
    for (int turn = 0; turn < 5; ++turn) world.loop.run_ready();
    world.server.open("slow.example");
    REQUIRE(world.turn_until([&] { return first->has_value() && second->has_value() && third->has_value(); }));
    CHECK((**second).has_value());
    CHECK((**third).has_value());
    CHECK(world.server.asked("slow.example") == 1);
    const auto again = world.ask("slow.example", Names::workspace(1));
    REQUIRE(world.turn_until([&] { return again->has_value(); }));
    CHECK(world.server.asked("slow.example") == 2);
}

TEST_CASE("a stop ends who waits for a name", "[net][resolver]") {
    Names world;
    const auto waiting = world.ask("slow.example", Names::workspace(1));
    REQUIRE(world.turn_until([&] { return world.server.held() == 1; }));
    runtime::TaskGroup closing(world.loop);
    closing.spawn("stop", world.resolver.stop());
    REQUIRE(world.turn_until([&] { return waiting->has_value() && closing.size() == 0; }));
    REQUIRE_FALSE(**waiting);
    CHECK((**waiting).error().code == ErrorCode::cancelled);
    const auto late = world.ask("other.example", Names::workspace(1));
    REQUIRE(world.turn_until([&] { return late->has_value(); }));
    CHECK((**late).error().code == ErrorCode::cancelled);
}
