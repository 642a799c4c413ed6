#include "net/rate_limiter.hpp"
#include "net/server_world.hpp"

using namespace sluice;
using namespace sluice::test;
using net::RateClass;
using net::RateLimiter;
using net::RateLimits;
using net::Verb;
using namespace std::chrono_literals;

namespace {

Principal caller(Principal::Kind kind, std::string id, std::uint8_t workspace = 1) {
    Principal principal;
    principal.kind = kind;
    principal.id = std::move(id);
    base::IdBytes bytes{};
    bytes[0] = workspace;
    principal.workspace = WorkspaceId(bytes);
    return principal;
}

constexpr auto key = Principal::Kind::api_key;
const Principal anonymous;

int taken(RateLimiter& limiter, const Principal& principal, std::string_view address, Duration now, int tries,
          RateClass rate = RateClass::usual) {
    int count = 0;
    for (int i = 0; i < tries; ++i) count += limiter.admit(principal, address, rate, now).allowed;
    return count;
}

}  // namespace

TEST_CASE("a bucket gives its burst at once and its rate from then on", "[net][rate]") {
    RateLimits limits;
    limits.key = {.per_second = 10, .burst = 20};
    RateLimiter limiter(limits);
    const auto one = caller(key, "key_a");
    CHECK(taken(limiter, one, "", 1s, 100) == 20);
    CHECK(taken(limiter, one, "", 1s + 99ms, 100) == 0);
    CHECK(taken(limiter, one, "", 1s + 100ms, 100) == 1);
    CHECK(taken(limiter, one, "", 2s + 100ms, 100) == 10);
    CHECK(taken(limiter, one, "", 60s, 100) == 20);
    CHECK(taken(limiter, caller(key, "key_b"), "", 60s, 100) == 20);
}

TEST_CASE("a refusal says when to come again and uses nothing up", "[net][rate]") {
    RateLimits limits;
    limits.key = {.per_second = 2, .burst = 1};
    limits.workspace = {.per_second = 1, .burst = 3};
    RateLimiter limiter(limits);
    CHECK(taken(limiter, caller(key, "key_a"), "", 1s, 10) == 1);
    const auto refused = limiter.admit(caller(key, "key_a"), "", RateClass::usual, 1s);
    CHECK_FALSE(refused.allowed);
    CHECK(refused.standings[0].policy == "key");
    CHECK(refused.standings[0].retry_in == 500ms);
    // Eleven refusals later the workspace still has two of its three.
    CHECK(taken(limiter, caller(key, "key_b"), "", 1s, 10) == 1);
    CHECK(taken(limiter, caller(key, "key_c"), "", 1s, 10) == 1);
    const auto whole = limiter.admit(caller(key, "key_d"), "", RateClass::usual, 1s);
    CHECK_FALSE(whole.allowed);
    CHECK(whole.standings[0].policy == "workspace");
    CHECK(limiter.admit(caller(key, "key_d", 2), "", RateClass::usual, 1s).allowed);
}

TEST_CASE("a caller's own limit comes before the setting", "[net][rate]") {
    RateLimiter limiter(RateLimits{});
    auto limited = caller(key, "key_a");
    limited.rate_limit = base::RateLimit{.per_second = 1, .burst = 2};
    CHECK(taken(limiter, limited, "", 1s, 10) == 2);
    CHECK(taken(limiter, caller(key, "key_b"), "", 1s, 10) == 10);
    limited.rate_limit = base::RateLimit{};
    CHECK(taken(limiter, limited, "", 1s, 10) == 10);
}

TEST_CASE("addresses count for those alone whom nobody vouches for", "[net][rate]") {
    RateLimits limits;
    limits.address = {.per_second = 1, .burst = 2};
    limits.sign_in = {.per_second = 1, .burst = 1};
    RateLimiter limiter(limits);
    CHECK(taken(limiter, anonymous, "a", 1s, 10) == 2);
    CHECK(taken(limiter, anonymous, "b", 1s, 10) == 2);
    CHECK(taken(limiter, caller(key, "key_a"), "a", 1s, 10) == 10);
    CHECK(taken(limiter, caller(Principal::Kind::session, "ses_a"), "a", 1s, 10) == 10);
    CHECK(taken(limiter, anonymous, "a", 1s, 10, RateClass::free) == 10);
    SECTION("a credential does not help on a sign-in route") {
        CHECK(taken(limiter, caller(key, "key_a"), "a", 1s, 10, RateClass::sign_in) == 1);
        CHECK(taken(limiter, anonymous, "a", 1s, 10, RateClass::sign_in) == 0);
        CHECK(taken(limiter, anonymous, "c", 1s, 10, RateClass::sign_in) == 1);
    }
}

TEST_CASE("buckets without number stay in bounded memory, and a hundred thousand guests do not undo a limit", "[net][rate]") {
    RateLimits limits;
    limits.address = {.per_second = 1, .burst = 1};
    RateLimiter limiter(limits);
    std::size_t allowed = 0;
    for (int i = 0; i < 100'000; ++i) allowed += limiter.admit(anonymous, std::to_string(i), RateClass::usual, 1s).allowed;
    CHECK(allowed == 100'000);
    // The last ones are remembered: about as many as there are places.
    std::size_t refused = 0;
    for (int i = 92'000; i < 100'000; ++i)
        refused += !limiter.admit(anonymous, std::to_string(i), RateClass::usual, 1s).allowed;
    CHECK(refused > 4'000);
}

TEST_CASE("an IPv6 address counts as its /64, one that carries an IPv4 address as that", "[net][rate]") {
    using net::address_bucket;
    CHECK(address_bucket("2a00:1450:1:2::1") == address_bucket("2a00:1450:1:2:ffff::9"));
    CHECK(address_bucket("2a00:1450:1:2::1") != address_bucket("2a00:1450:1:3::1"));
    CHECK(address_bucket("::ffff:9.8.7.6") == address_bucket("9.8.7.6"));
    CHECK(address_bucket("9.8.7.6") != address_bucket("9.8.7.7"));
    CHECK(address_bucket("nonsense").empty());
}

TEST_CASE("over its limit a key is refused with 429, before its body is read", "[net][server][rate]") {
    ServerWorld world;
    world.options.rates.key = {.per_second = 1, .burst = 2};
    bool handled = false;
    world.route(Verb::post, "/api/a", [&](net::Request&) -> Awaitable<net::Response> {
        handled = true;
        co_return net::no_content();
    }, {}, Permission::flows_write);
    world.start();
    const std::string_view head = "Authorization: Bearer good\r\nContent-Type: application/json\r\n";
    const auto first = world.post("/api/a", "{}", head);
    CHECK(status_of(first) == 204);
    CHECK(has(first, "RateLimit-Policy: \"key\";q=2;w=2\r\n"));
    CHECK(has(first, "RateLimit: \"key\";r=1;t=1\r\n"));
    CHECK(status_of(world.post("/api/a", "{}", head)) == 204);
    handled = false;
    auto client = world.connect();
    // Its body never comes, and the answer is there all the same.
    client.send(fmt::format("POST /api/a HTTP/1.1\r\nHost: t\r\nContent-Length: 900000\r\n{}\r\n", head));
    const auto refused = client.answer();
    CHECK(status_of(refused) == 429);
    CHECK(has(refused, "Retry-After: 1\r\n"));
    CHECK(has(refused, "RateLimit: \"key\";r=0;t=1\r\n"));
    CHECK(has(refused, "Content-Type: application/problem+json"));
    CHECK(body_of(refused)["code"] == "rate_limited");
    CHECK_FALSE(handled);
    CHECK(status_of(world.post("/api/a", "{}", "Authorization: Bearer other\r\nContent-Type: application/json\r\n")) == 204);
    world.advance(1s);
    CHECK(status_of(world.post("/api/a", "{}", head)) == 204);
}

TEST_CASE("who goes on against refusals is served more slowly", "[net][server][rate]") {
    ServerWorld world;
    world.options.rates.key = {.per_second = 100, .burst = 1};
    world.route(Verb::get, "/api/a", ServerWorld::says("a"), {}, Permission::flows_read);
    world.start();
    auto client = world.connect();
    std::string all;
    for (int i = 0; i < 18; ++i) all += "GET /api/a HTTP/1.1\r\nHost: t\r\nAuthorization: Bearer good\r\n\r\n";
    client.send(all);
    CHECK(status_of(client.answer()) == 200);
    for (int i = 0; i < 16; ++i) CHECK(status_of(client.answer()) == 429);
    // The last one was not looked at yet: when its time comes there is room again.
    for (int turn = 0; turn < 20; ++turn) world.on_loop([] {});
    world.advance(10ms);
    CHECK(status_of(client.answer()) == 200);
}

TEST_CASE("whoever guesses keys or addresses is slowed down; a key from the same place is not", "[net][server][rate]") {
    ServerWorld world;
    world.options.rates.address = {.per_second = 1, .burst = 3};
    world.route(Verb::get, "/api/a", ServerWorld::says("a"), {}, Permission::flows_read);
    world.route(Verb::get, "/free", ServerWorld::says("free"), {.rate = RateClass::free});
    world.start();
    CHECK(status_of(world.get("/api/a", "Authorization: Bearer guess\r\n")) == 401);
    CHECK(status_of(world.get("/api/nothing")) == 404);
    CHECK(status_of(world.get("/api/a")) == 401);
    CHECK(status_of(world.get("/api/a", "Authorization: Bearer guess\r\n")) == 429);
    CHECK(status_of(world.get("/api/nothing")) == 429);
    CHECK(status_of(world.get("/free")) == 200);
    for (int i = 0; i < 10; ++i) CHECK(status_of(world.get("/api/a", "Authorization: Bearer good\r\n")) == 200);
    // A caller's own mistakes are not its address's.
    for (int i = 0; i < 10; ++i) CHECK(status_of(world.get("/api/nothing", "Authorization: Bearer good\r\n")) == 404);
    world.on_loop([&] { world.server->set_rates({}); });
    CHECK(status_of(world.get("/api/a")) == 401);
}

TEST_CASE("open routes of sign-in have the stricter bucket without asking for it", "[net][server][rate]") {
    ServerWorld world;
    world.options.rates.sign_in = {.per_second = 1, .burst = 2};
    world.route(Verb::post, "/api/v1/auth/login", ServerWorld::says("in"), {.check_body = false});
    world.route(Verb::get, "/auth/link", ServerWorld::says("in"));
    world.route(Verb::get, "/api/v1/auth/me", ServerWorld::says("me"), {}, Permission::flows_read);
    world.start();
    const std::string_view good = "Authorization: Bearer good\r\nContent-Type: application/json\r\n";
    CHECK(status_of(world.post("/api/v1/auth/login", "{}")) == 200);
    CHECK(status_of(world.get("/auth/link")) == 200);
    const auto refused = world.post("/api/v1/auth/login", "{}", good);
    CHECK(status_of(refused) == 429);
    CHECK(has(refused, "RateLimit-Policy: \"sign-in\";q=2;w=2\r\n"));
    for (int i = 0; i < 5; ++i) CHECK(status_of(world.get("/api/v1/auth/me", good)) == 200);
}

TEST_CASE("no caller holds more requests and WebSockets open than its share", "[net][server][rate]") {
    ServerWorld world;
    world.options.max_open_per_key = 2;
    world.options.max_websockets = 1;
    runtime::Signal release(world.loop);
    int waiting = 0;
    world.route(Verb::get, "/api/wait", [&](net::Request&) -> Awaitable<net::Response> {
        ++waiting;
        co_await release.wait();
        co_return net::no_content();
    }, {}, Permission::flows_read);
    world.route(Verb::get, "/api/socket", [](net::Request&) -> Awaitable<net::Response> {
        net::Response response;
        response.websocket = [](net::WebSocket& socket) -> Awaitable<void> {
            while (true)
                if (auto message = co_await socket.read(); !message) co_return;
        };
        co_return response;
    }, {}, Permission::flows_read);
    world.start();
    const std::string_view good = "Authorization: Bearer good\r\n";
    SECTION("requests") {
        auto first = world.connect(), second = world.connect();
        for (auto* each : {&first, &second}) each->send(fmt::format("GET /api/wait HTTP/1.1\r\nHost: t\r\n{}\r\n", good));
        REQUIRE(world.eventually([&] { return waiting == 2; }));
        const auto refused = world.get("/api/wait", good);
        CHECK(status_of(refused) == 429);
        CHECK(has(refused, "key or session"));
        world.on_loop([&] { release.notify(); });
        CHECK(status_of(first.until("\r\n\r\n")) == 204);
        CHECK(status_of(second.until("\r\n\r\n")) == 204);
        auto third = world.connect();
        third.send(fmt::format("GET /api/wait HTTP/1.1\r\nHost: t\r\n{}\r\n", good));
        CHECK(world.eventually([&] { return waiting == 3; }));
        world.on_loop([&] { release.notify(); });
    }
    SECTION("WebSockets") {
        const auto upgrade = fmt::format("GET /api/socket HTTP/1.1\r\nHost: t\r\n{}Upgrade: websocket\r\nConnection: Upgrade\r\n"
                                         "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", good);
        auto first = world.connect();
        first.send(upgrade);
        CHECK(status_of(first.until("\r\n\r\n")) == 101);
        CHECK(status_of(world.exchange(upgrade)) == 429);
        first.close();
        CHECK(world.eventually([&] { return world.server->connections() == 0; }));
        auto again = world.connect();
        again.send(upgrade);
        CHECK(status_of(again.until("\r\n\r\n")) == 101);
    }
}
