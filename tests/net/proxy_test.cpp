#include "net/forwarded.hpp"
#include "net/server_world.hpp"

using namespace sluice;
using namespace sluice::test;
using net::ForwardedFields;
using net::read_forwarded;
using net::TrustedProxies;
using net::Verb;

namespace {

struct Row {
    std::string what, client, scheme, host, standard, address, told_host;
    std::optional<bool> tls;
};

Awaitable<net::Response> what_came(net::Request& request) {
    co_return net::json_response(200, Json{{"address", request.remote_address},
                                           {"tls", request.tls},
                                           {"host", request.headers.get("Host")},
                                           {"for", request.headers.get("X-Forwarded-For")},
                                           {"forwarded", request.headers.get("Forwarded")}});
}

}  // namespace

TEST_CASE("the client is the rightmost address that is no trusted proxy's", "[net][proxy]") {
    const auto proxies = TrustedProxies::parse({"10.0.0.0/8", "fd00::5"});
    REQUIRE(proxies);
    const auto row = GENERATE(values<Row>({
        {"nothing said of the address", "", "https", "", "", "10.0.0.1", "", true},
        {"one client", "203.0.113.9", "https", "app.example", "", "203.0.113.9", "app.example", true},
        {"a client that invents another", "1.1.1.1, 203.0.113.9", "http", "", "", "203.0.113.9", "", false},
        {"two proxies of ours", "203.0.113.9, 10.0.0.7", "https, http", "", "", "203.0.113.9", "", true},
        {"an invention behind two proxies", "6.6.6.6, 203.0.113.9, 10.0.0.7", "https", "", "", "203.0.113.9", "", true},
        {"only proxies", "10.0.0.8, 10.0.0.7", "", "", "", "10.0.0.8", "", std::nullopt},
        {"nonsense", "203.0.113.9, unknown", "", "", "", "10.0.0.1", "", std::nullopt},
        {"a port", "203.0.113.9:4711", "", "", "", "203.0.113.9", "", std::nullopt},
        {"IPv6 with a port", "[2001:db8::9]:4711", "", "", "", "2001:db8::9", "", std::nullopt},
        {"the standard field", "", "", "", "for=203.0.113.9;proto=https;host=app.example", "203.0.113.9", "app.example", true},
        {"the standard field, quoted", "", "", "", "for=\"[2001:db8::9]:4711\";proto=http", "2001:db8::9", "", false},
        {"the standard field, two hops", "", "", "", "for=6.6.6.6, For=203.0.113.9;Proto=https, for=10.0.0.7", "203.0.113.9", "",
         true},
        {"a hidden client", "", "", "", "for=_secret", "10.0.0.1", "", std::nullopt},
        {"both, of one mind", "203.0.113.9", "https", "", "for=203.0.113.9;proto=http", "203.0.113.9", "", true},
    }));
    CAPTURE(row.what);
    const auto told = read_forwarded({row.client, row.scheme, row.host, row.standard}, *proxies, "10.0.0.1");
    REQUIRE(told);
    CHECK(told->address == row.address);
    CHECK(told->tls == row.tls);
    CHECK(told->host == row.told_host);
}

TEST_CASE("two fields that name different clients are refused: one is the client's own", "[net][proxy]") {
    const auto proxies = TrustedProxies::parse({"10.0.0.1"});
    const auto told = read_forwarded({"203.0.113.9", "", "", "for=1.1.1.1"}, *proxies, "10.0.0.1");
    REQUIRE_FALSE(told);
    CHECK(told.error().code == ErrorCode::invalid_argument);
    CHECK_THAT(told.error().message, Catch::Contains("remove the one"));
}

TEST_CASE("a bad entry of server.trusted_proxies is named", "[net][proxy]") {
    const auto* entry = GENERATE("", "proxy.example", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/x", "10.0.0", "::/129");
    const auto proxies = TrustedProxies::parse({"10.0.0.1", entry});
    REQUIRE_FALSE(proxies);
    CHECK_THAT(proxies.error().message, Catch::Contains(fmt::format("'{}'", entry)));
    ServerWorld world;
    world.options.trusted_proxies = {entry};
    CHECK_FALSE(world.try_start());
}

TEST_CASE("what a stranger says of itself is not believed and reaches no handler", "[net][server][proxy]") {
    ServerWorld world;
    world.route(Verb::get, "/a", what_came);
    world.options.trusted_proxies = {"192.0.2.1"};
    world.start();
    const auto seen = body_of(world.get("/a", "X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil.example\r\n"
                                              "Forwarded: for=203.0.113.9;proto=https\r\n"));
    CHECK(seen["address"] == "127.0.0.1");
    CHECK(seen["tls"] == false);
    CHECK(seen["host"] == "test");
    CHECK(seen["for"] == "");
    CHECK(seen["forwarded"] == "");
}

TEST_CASE("a trusted proxy's word holds for each request by itself", "[net][server][proxy]") {
    ServerWorld world;
    world.route(Verb::get, "/a", what_came);
    world.options.trusted_proxies = {"127.0.0.0/8"};
    world.options.allowed_hosts = {"app.example"};
    world.options.rates.address = {.per_second = 1, .burst = 2};
    world.start();
    auto client = world.connect();
    const auto ask = [&](std::string_view headers) {
        client.send(fmt::format("GET /a HTTP/1.1\r\nHost: app.example\r\n{}\r\n", headers));
        return client.answer();
    };
    const auto first = ask("X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: https\r\n");
    CHECK(body_of(first)["address"] == "203.0.113.9");
    CHECK(body_of(first)["tls"] == true);
    CHECK(has(first, "Strict-Transport-Security: "));
    const auto second = ask("");
    CHECK(body_of(second)["address"] == "127.0.0.1");
    CHECK(body_of(second)["tls"] == false);
    CHECK_FALSE(has(second, "Strict-Transport-Security: "));
    SECTION("limits count the client, not the proxy") {
        CHECK(status_of(ask("X-Forwarded-For: 203.0.113.9\r\n")) == 200);
        CHECK(status_of(ask("X-Forwarded-For: 203.0.113.9\r\n")) == 429);
        CHECK(status_of(ask("X-Forwarded-For: 203.0.113.10\r\n")) == 200);
    }
    SECTION("the host that the client asked for is judged") {
        CHECK(status_of(ask("X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Host: other.example\r\n")) == 421);
    }
    SECTION("contradictions are refused") {
        CHECK(status_of(ask("X-Forwarded-For: 203.0.113.9\r\nForwarded: for=1.1.1.1\r\n")) == 400);
    }
}

TEST_CASE("a WebSocket's origin is compared with what the proxy says the browser asked for", "[net][server][proxy]") {
    ServerWorld world;
    world.options.trusted_proxies = {"127.0.0.1"};
    world.route(Verb::get, "/socket", [](net::Request&) -> Awaitable<net::Response> {
        net::Response response;
        response.websocket = [](net::WebSocket&) -> Awaitable<void> { co_return; };
        co_return response;
    });
    world.start();
    const auto upgrade = [&](std::string_view headers) {
        auto client = world.connect();
        client.send(fmt::format("GET /socket HTTP/1.1\r\nHost: app.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{}\r\n", headers));
        return status_of(client.until("\r\n\r\n"));
    };
    CHECK(upgrade("Origin: https://app.example\r\nX-Forwarded-Proto: https\r\n") == 101);
    CHECK(upgrade("Origin: https://app.example\r\n") == 403);
    CHECK(upgrade("Origin: https://evil.example\r\nX-Forwarded-Proto: https\r\n") == 403);
    CHECK(upgrade("Origin: null\r\n") == 403);
    CHECK(upgrade("Origin: https://app.example.evil.example\r\nX-Forwarded-Proto: https\r\n") == 403);
}
