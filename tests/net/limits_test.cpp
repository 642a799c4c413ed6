#include <fcntl.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <unistd.h>

#include <list>

#include "net/server_world.hpp"

using namespace sluice;
using namespace sluice::test;
using net::Request;
using net::Response;
using net::Verb;
using std::chrono::seconds;

namespace {

Awaitable<Response> size_of_body(Request& request) {
    co_return net::json_response(200, Json{{"size", request.body.size()}});
}

struct Mistake {
    std::string name, request;
    int status;
};

}  // namespace

TEST_CASE("what two readers could read differently is refused and the connection closed",
          "[net][limits]") {
    ServerWorld world;
    world.route(Verb::post, "/a", size_of_body);
    world.route(Verb::get, "/a", size_of_body);
    world.start();
    const std::string json = "Host: t\r\nContent-Type: application/json\r\n";
    const auto mistake = GENERATE_COPY(values<Mistake>({
        {"length and encoding",
         "POST /a HTTP/1.1\r\n" + json +
             "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
         400},
        {"encoding and length",
         "POST /a HTTP/1.1\r\n" + json +
             "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
         400},
        {"two equal lengths",
         "POST /a HTTP/1.1\r\n" + json + "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}", 400},
        {"two lengths",
         "POST /a HTTP/1.1\r\n" + json + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400},
        {"a list of lengths", "POST /a HTTP/1.1\r\n" + json + "Content-Length: 2, 2\r\n\r\n{}",
         400},
        {"a signed length", "POST /a HTTP/1.1\r\n" + json + "Content-Length: +2\r\n\r\n{}", 400},
        {"two encodings",
         "POST /a HTTP/1.1\r\n" + json +
             "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
         400},
        {"another encoding",
         "POST /a HTTP/1.1\r\n" + json + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400},
        {"an unknown encoding",
         "POST /a HTTP/1.1\r\n" + json + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 400},
        {"encoding in HTTP/1.0",
         "POST /a HTTP/1.0\r\n" + json + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
        {"two hosts", "GET /a HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
        {"no host", "GET /a HTTP/1.1\r\n\r\n", 400},
        {"a folded header", "GET /a HTTP/1.1\r\nHost: a\r\nX-A: b\r\n c\r\n\r\n", 400},
        {"a space before the colon", "GET /a HTTP/1.1\r\nHost : a\r\n\r\n", 400},
        {"a bare line feed", "GET /a HTTP/1.1\r\nHost: a\nX-B: c\r\n\r\n", 400},
        {"no HTTP", "hello\r\n\r\n", 400},
        {"another version", "GET /a HTTP/3.0\r\nHost: a\r\n\r\n", 505},
        {"a broken chunk",
         "POST /a HTTP/1.1\r\n" + json + "Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
         400},
    }));
    CAPTURE(mistake.name);
    auto client = world.connect();
    client.send(mistake.request);
    const auto answer = client.answer();
    CHECK(status_of(answer) == mistake.status);
    CHECK(has(answer, "Content-Type: application/problem+json\r\n"));
    CHECK(has(answer, "Connection: close\r\n"));
    CHECK(has(body_of(answer)["request_id"].get<std::string>(), "req_"));
    client.shutdown_send();
    CHECK(client.closed());
}

TEST_CASE("addresses that no handler should see are refused", "[net][limits]") {
    ServerWorld world;
    world.route(Verb::get, "/files/{path...}", ServerWorld::says("file"));
    world.start();
    for (const auto* target : {"/files/../secret", "/files/%2e%2e/secret", "/files/a%2F..%2Fb",
                               "/files/./a", "/files/%00", "/files/%zz", "/files/a#b",
                               "/files/a?x=%2", "http://other/files/a", "ftp://test/files/a"}) {
        CAPTURE(target);
        CHECK(status_of(world.get(target)) == 400);
    }
    CHECK(status_of(world.get("/files/a..b/.hidden")) == 200);
    CHECK(status_of(world.get("http://test/files/a")) == 200);
    CHECK(status_of(world.get("http://TEST:80/files/a")) == 200);
}

TEST_CASE("hosts that are not ours are refused where the operator lists them", "[net][limits]") {
    ServerWorld world;
    world.options.allowed_hosts = {"sluice.example", "other.example:8443"};
    world.route(Verb::get, "/a", ServerWorld::says("a"));
    world.start();
    const auto ask = [&](std::string_view host) {
        return status_of(world.exchange(fmt::format("GET /a HTTP/1.1\r\nHost: {}\r\n\r\n", host)));
    };
    CHECK(ask("sluice.example") == 200);
    CHECK(ask("Sluice.Example:9000") == 200);
    CHECK(ask("other.example:8443") == 200);
    CHECK(ask("127.0.0.1:1234") == 200);
    CHECK(ask("other.example") == 421);
    CHECK(ask("evil.example") == 421);
}

TEST_CASE("headers over their limits are 431", "[net][limits]") {
    ServerWorld world;
    world.route(Verb::get, "/a", ServerWorld::says("a"));
    world.start();
    std::string many;
    for (int i = 0; i < 70; ++i) many += fmt::format("X-{}: 1\r\n", i);
    CHECK(status_of(world.get("/a", many)) == 431);
    CHECK(status_of(world.get("/a", "X-Long: " + std::string(9000, 'v') + "\r\n")) == 431);
    CHECK(status_of(world.get("/a", "X-A: " + std::string(8000, 'v') +
                                        "\r\nX-B: " + std::string(8000, 'v') +
                                        "\r\nX-C: " + std::string(8000, 'v') + "\r\n")) == 431);
    CHECK(status_of(world.get("/" + std::string(20000, 'p'))) == 431);
    CHECK(status_of(world.get("/a", "X-Long: " + std::string(8000, 'v') + "\r\n")) == 200);
}

TEST_CASE("a body over its route's limit is 413, however its length is told", "[net][limits]") {
    ServerWorld world;
    world.route(Verb::post, "/small", size_of_body, {.summary = "x", .max_body = 1000});
    world.route(Verb::post, "/large", size_of_body, {.summary = "x", .max_body = 4 << 20});
    world.start();
    const auto declared = world.post("/small", std::string(1001, ' '));
    CHECK(status_of(declared) == 413);
    CHECK(has(body_of(declared)["detail"].get<std::string>(), "1000"));
    CHECK(status_of(world.post("/small", std::string(1000, ' '))) == 200);
    CHECK(status_of(world.post("/small", std::string(3 << 20, ' '))) ==
          413);  // the answer survives what is still sent
    const auto chunked = world.exchange(
        "POST /small HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\nTransfer-Encoding: "
        "chunked\r\n\r\n"
        "3e9\r\n" +
        std::string(1001, ' ') + "\r\n0\r\n\r\n");
    CHECK(status_of(chunked) == 413);
    CHECK(has(chunked, "Connection: close\r\n"));
    CHECK(body_of(world.post("/large", std::string(3 << 20, ' ')))["size"] == 3 << 20);
}

TEST_CASE("a refused request with a small body leaves the connection usable", "[net][limits]") {
    ServerWorld world;
    world.route(Verb::post, "/a", size_of_body, {}, Permission::flows_write);
    world.start();
    auto client = world.connect();
    for (int i = 0; i < 3; ++i) {
        client.send(
            "POST /a HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\nContent-Length: "
            "20\r\n\r\n" +
            std::string(20, 'x'));
        CHECK(status_of(client.answer()) == 401);
    }
}

TEST_CASE("the client is told to go on only after its head was accepted", "[net][limits]") {
    ServerWorld world;
    world.route(Verb::post, "/a", size_of_body);
    world.route(Verb::post, "/closed", size_of_body, {}, Permission::flows_write);
    world.start();
    const std::string head =
        " HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\nContent-Length: 4\r\nExpect: ";
    auto client = world.connect();
    client.send("POST /a" + head + "100-continue\r\n\r\n");
    CHECK(client.until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("null");
    CHECK(body_of(client.answer())["size"] == 4);
    CHECK(status_of(world.exchange("POST /closed" + head + "100-continue\r\n\r\n")) == 401);
    CHECK(status_of(world.exchange("POST /a" + head + "something\r\n\r\n")) == 417);
}

TEST_CASE("slow and idle connections are closed by the sweep", "[net][limits]") {
    ServerWorld world;
    world.route(Verb::post, "/a", size_of_body);
    world.start();
    const auto until_closed = [&] {
        return world.eventually([&] {
            world.clock.advance(seconds(1));
            return world.server->connections() == 0;
        });
    };
    SECTION("headers that do not come: 408") {
        auto client = world.connect();
        client.send("POST /a HTTP/1.1\r\nHost:");
        REQUIRE(world.eventually([&] { return world.server->connections() == 1; }));
        CHECK(until_closed());
        CHECK(status_of(client.answer()) == 408);
        CHECK(client.closed());
    }
    SECTION("a body that does not come: 408") {
        auto client = world.connect();
        client.send(
            "POST /a HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\nExpect: "
            "100-continue\r\nContent-Length: 10\r\n\r\n");
        CHECK(has(client.until("\r\n\r\n"), "100 Continue"));
        client.send("[1,");
        CHECK(until_closed());
        CHECK(status_of(client.answer()) == 408);
    }
    SECTION("a connection that never says anything has the time of a head alone") {
        auto client = world.connect();
        REQUIRE(world.eventually([&] { return world.server->connections() == 1; }));
        world.advance(seconds(5));
        CHECK(world.eventually([&] { return world.server->connections() == 1; }));
        world.advance(seconds(7));
        CHECK(client.closed());
        CHECK(world.eventually([&] { return world.server->connections() == 0; }));
    }
    SECTION("nothing at all: closed without a word, and the server sleeps again") {
        auto client = world.connect();
        client.send(
            "POST /a HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\nContent-Length: "
            "2\r\n\r\n[]");
        CHECK(status_of(client.answer()) == 200);
        world.advance(seconds(30));
        CHECK(world.eventually([&] { return world.server->connections() == 1; }));
        world.advance(seconds(40));
        CHECK(client.closed());
        CHECK(world.eventually([&] { return world.server->connections() == 0; }));
    }
}

TEST_CASE("a body that drips is ended, and one that moves is not", "[net][limits]") {
    ServerWorld world;
    world.route(Verb::post, "/a", size_of_body, {.summary = "x", .max_body = 1 << 20});
    world.start();
    auto client = world.connect();
    client.send(
        "POST /a HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\nContent-Length: 60002\r\nExpect: "
        "100-continue\r\n\r\n");
    CHECK(has(client.until("\r\n\r\n"), "100 Continue"));
    SECTION("a byte a second") {
        client.send("[");
        for (int i = 0; i < 12 && world.server->connections() > 0; ++i) {
            client.send("1");
            for (int turn = 0; turn < 10; ++turn) world.on_loop([] {});
            world.advance(seconds(1));
        }
        CHECK(status_of(client.answer()) == 408);
    }
    SECTION("more than a KiB a second, for most of a minute") {
        client.send("\"");
        for (int i = 0; i < 20; ++i) {
            client.send(std::string(3000, 'x'));
            for (int turn = 0; turn < 10; ++turn) world.on_loop([] {});  // it is read before time passes
            world.advance(seconds(2));
        }
        client.send("\"");
        CHECK(body_of(client.answer())["size"] == 60002);
    }
}

TEST_CASE("an answer that nobody reads is ended", "[net][limits]") {
    ServerWorld world;
    world.route(Verb::get, "/large", ServerWorld::says(std::string(64 << 20, 'x')));
    world.start();
    auto client = world.connect();
    client.send("GET /large HTTP/1.1\r\nHost: t\r\n\r\n");
    CHECK(has(client.until("\r\n\r\n"), "200 OK"));
    CHECK(world.eventually([&] {
        world.clock.advance(seconds(10));
        return world.server->connections() == 0;
    }));
}

TEST_CASE("one address cannot take every place of those without a credential", "[net][limits]") {
    ServerWorld world;
    world.options.max_newcomers_per_address = 3;
    world.route(Verb::get, "/closed", ServerWorld::says("in"), {}, Permission::flows_read);
    world.start();
    const std::string_view with_key = "GET /closed HTTP/1.1\r\nHost: t\r\nAuthorization: Bearer good\r\n\r\n";
    std::list<ServerWorld::Raw> known, silent;
    const auto there = [&] { return asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), world.server->port()); };
    for (int i = 0; i < 6; ++i) {  // they vouch for themselves one by one, and are not counted from then on
        known.emplace_back(there());
        known.back().send(with_key);
        CHECK(status_of(known.back().answer()) == 200);
    }
    for (int i = 0; i < 3; ++i) silent.emplace_back(there());
    REQUIRE(world.eventually([&] { return world.server->connections() == 9; }));
    auto over = world.connect();
    const auto refused = over.rest();
    CHECK(status_of(refused) == 503);
    CHECK(has(refused, "Retry-After: "));
    known.front().send(with_key);
    CHECK(status_of(known.front().answer()) == 200);
    silent.front().close();
    CHECK(world.eventually([&] { return world.server->connections() == 8; }));
    auto next = world.connect();
    next.send(with_key);
    CHECK(status_of(next.answer()) == 200);
}

TEST_CASE("where all places are taken, who has been silent for a while gives way", "[net][limits]") {
    ServerWorld world;
    world.options.max_newcomers = 2;
    world.route(Verb::get, "/open", ServerWorld::says("in"));
    world.start();
    auto oldest = world.connect(), second = world.connect();
    REQUIRE(world.eventually([&] { return world.server->connections() == 2; }));
    CHECK(status_of(world.connect().rest()) == 503);
    world.advance(seconds(2));
    auto third = world.connect();
    third.send("GET /open HTTP/1.1\r\nHost: t\r\n\r\n");
    CHECK(status_of(third.answer()) == 200);
    CHECK(oldest.closed());
    second.send("GET /open HTTP/1.1\r\nHost: t\r\n\r\n");
    CHECK(status_of(second.answer()) == 200);
}

TEST_CASE("connections over the limit are told to come later", "[net][limits]") {
    ServerWorld world;
    world.options.max_connections = 2;
    world.route(Verb::get, "/a", ServerWorld::says("a"));
    world.start();
    const std::string request = "GET /a HTTP/1.1\r\nHost: t\r\n\r\n";
    std::optional<ServerWorld::Raw> first(
        std::in_place,
        asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), world.server->port()));
    auto second = world.connect();
    first->send(request);
    second.send(request);
    CHECK(status_of(first->answer()) == 200);
    CHECK(status_of(second.answer()) == 200);
    auto third = world.connect();
    const auto refused = third.answer();
    CHECK(status_of(refused) == 503);
    CHECK(has(refused, "Retry-After: 1\r\n"));
    first.reset();
    REQUIRE(world.eventually([&] { return world.server->connections() == 1; }));
    CHECK(status_of(world.get("/a")) == 200);
}

TEST_CASE("the admin socket is served when every connection is taken", "[net][limits]") {
    ServerWorld world;
    world.options.max_connections = 1;
    world.options.admin_socket = std::filesystem::temp_directory_path() /
                                 fmt::format("sluice-limits-{}.sock", ::getpid());
    world.route(Verb::get, "/a", ServerWorld::says("a"));
    world.start();
    const std::string request = "GET /a HTTP/1.1\r\nHost: t\r\n\r\n";
    auto only = world.connect();
    only.send(request);
    CHECK(status_of(only.answer()) == 200);
    CHECK(status_of(world.connect().answer()) == 503);
    RawClient<asio::local::stream_protocol> admin(
        asio::local::stream_protocol::endpoint(world.options.admin_socket.string()));
    admin.send(request);
    CHECK(status_of(admin.answer()) == 200);
}

TEST_CASE("a workspace has at most half of the connections in use", "[net][limits]") {
    ServerWorld world;
    world.options.max_connections = 5;
    world.options.max_open_per_key = 2;
    runtime::Signal release(world.loop);
    int waiting = 0;
    world.route(
        Verb::get, "/wait",
        [&](Request&) -> Awaitable<Response> {
            ++waiting;
            co_await release.wait();
            --waiting;
            co_return net::text_response(200, "text/plain", "done");
        },
        {}, Permission::flows_read);
    world.route(Verb::get, "/a", ServerWorld::says("a"), {}, Permission::flows_read);
    world.route(Verb::get, "/open", ServerWorld::says("open"));
    world.start();
    const auto ask = [](std::string_view path, std::string_view key) {
        return fmt::format("GET {} HTTP/1.1\r\nHost: t\r\nAuthorization: Bearer {}\r\n\r\n", path,
                           key);
    };
    auto first = world.connect(), second = world.connect(), third = world.connect();
    first.send(ask("/wait", "good"));
    second.send(ask("/wait", "good"));
    REQUIRE(world.eventually([&] { return waiting == 2; }));
    third.send(ask("/a", "good"));
    const auto refused = third.answer();
    CHECK(status_of(refused) == 429);
    CHECK(body_of(refused)["code"] == "rate_limited");
    CHECK(has(refused, "Retry-After: "));
    third.send(ask("/a", "other"));
    CHECK(status_of(third.answer()) == 200);
    third.send("GET /open HTTP/1.1\r\nHost: t\r\n\r\n");
    CHECK(status_of(third.answer()) == 200);
    world.on_loop([&] { release.notify(); });
    CHECK(status_of(first.answer()) == 200);
    CHECK(status_of(second.answer()) == 200);
    third.send(ask("/a", "good"));
    CHECK(status_of(third.answer()) == 200);
}

TEST_CASE("without a free descriptor new connections wait, and are served once there is one",
          "[net][limits]") {
    ServerWorld world;
    world.route(Verb::get, "/a", ServerWorld::says("served"));
    world.start();
    CHECK(status_of(world.get("/a")) == 200);
    REQUIRE(world.eventually([&] { return world.server->connections() == 0; }));
    const int client = ::socket(AF_INET, SOCK_STREAM, 0);  // made before the descriptors are gone
    rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    rlimit small = before;
    small.rlim_cur = 256;
    ::setrlimit(RLIMIT_NOFILE, &small);
    std::vector<int> taken;
    for (int fd = ::open("/dev/null", O_RDONLY); fd >= 0; fd = ::open("/dev/null", O_RDONLY))
        taken.push_back(fd);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(world.server->port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const bool connected =
        ::connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    const std::string_view request = "GET /a HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n";
    const bool sent =
        ::send(client, request.data(), request.size(), 0) == static_cast<ssize_t>(request.size());
    std::size_t while_full = 1;
    for (int i = 0; i < 3; ++i) {
        world.advance(seconds(1));
        world.on_loop([&] { while_full = world.server->connections(); });
    }
    for (const int fd : taken) ::close(fd);
    ::setrlimit(RLIMIT_NOFILE, &before);
    CHECK(connected);
    CHECK(sent);
    CHECK(while_full == 0);
    std::array<char, 4096> answer{};
    ssize_t size = -1;
    CHECK(world.eventually([&] {
        world.clock.advance(std::chrono::milliseconds(100));
        size = ::recv(client, answer.data(), answer.size(), MSG_DONTWAIT);
        return size > 0;
    }));
    REQUIRE(size > 0);
    CHECK(has(std::string_view(answer.data(), static_cast<std::size_t>(size)), "served"));
    ::close(client);
}

TEST_CASE("HTTP/1.0 and the last request of a connection end it in order", "[net][limits]") {
    ServerWorld world;
    world.options.max_requests = 2;
    world.route(Verb::get, "/a", ServerWorld::says("a"));
    world.start();
    auto old = world.connect();
    old.send("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    CHECK(has(old.answer(), "Connection: close\r\n"));
    CHECK(old.closed());
    auto client = world.connect();
    client.send(
        "GET /a HTTP/1.1\r\nHost: t\r\n\r\nGET /a HTTP/1.1\r\nHost: t\r\n\r\nGET /a "
        "HTTP/1.1\r\nHost: t\r\n\r\n");
    CHECK_FALSE(has(client.answer(), "Connection: close"));
    CHECK(has(client.answer(), "Connection: close\r\n"));
    client.shutdown_send();
    CHECK(client.closed());
}
