#include "net/server_world.hpp"

using namespace sluice;
using namespace sluice::test;
using net::Request;
using net::Response;
using net::Verb;
using net::WebSocket;
using std::chrono::seconds;

namespace {

constexpr std::string_view upgrade =
    "GET /ws HTTP/1.1\r\nHost: sluice.test:8080\r\nConnection: keep-alive, Upgrade\r\nUpgrade: "
    "websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/// A client's frame: masked, as RFC 6455 demands.
std::string frame(int opcode, std::string_view payload) {
    std::string out(1, static_cast<char>(0x80 | opcode));
    if (payload.size() < 126) {
        out.push_back(static_cast<char>(0x80 | payload.size()));
    } else if (payload.size() < 65536) {
        out.push_back(static_cast<char>(0x80 | 126));
        out.push_back(static_cast<char>(payload.size() >> 8));
        out.push_back(static_cast<char>(payload.size() & 255));
    } else {
        out.push_back(static_cast<char>(0x80 | 127));
        for (int shift = 56; shift >= 0; shift -= 8)
            out.push_back(static_cast<char>((payload.size() >> shift) & 255));
    }
    const std::string mask = "abcd";
    out += mask;
    for (std::size_t i = 0; i < payload.size(); ++i)
        out.push_back(static_cast<char>(payload[i] ^ mask[i % 4]));
    return out;
}

struct Frame {
    int opcode = -1;
    std::string payload;
    int code() const {
        return payload.size() < 2 ? 0
                                  : static_cast<unsigned char>(payload[0]) * 256 +
                                        static_cast<unsigned char>(payload[1]);
    }
};

template <class Client>
Frame read_frame(Client& client) {
    const auto head = client.bytes(2);
    if (head.size() < 2) return {};
    std::size_t size = head[1] & 127;
    if (size >= 126) {
        const auto length = client.bytes(size == 126 ? 2 : 8);
        size = 0;
        for (const char c : length) size = size * 256 + static_cast<unsigned char>(c);
    }
    return {head[0] & 15, client.bytes(size)};
}

Awaitable<void> echo(WebSocket& socket) {
    while (true) {
        auto message = co_await socket.read();
        if (!message) co_return;
        if (*message == "bye") {
            co_await socket.close(4000, "as asked");
            co_return;
        }
        if (!socket.send("echo " + *message)) co_return;
    }
}

net::Handler opens(std::function<Awaitable<void>(WebSocket&)> handler) {
    return [handler = std::move(handler)](Request&) -> Awaitable<Response> {
        Response response;
        response.websocket = handler;
        co_return response;
    };
}

}  // namespace

TEST_CASE("a WebSocket carries messages both ways and closes in order", "[net][websocket]") {
    ServerWorld world;
    world.route(Verb::get, "/ws", opens(echo));
    world.start();
    auto client = world.connect();
    client.send(std::string(upgrade) + "Origin: http://SLUICE.test:8080\r\n\r\n");
    const auto head = client.until("\r\n\r\n");
    CHECK(status_of(head) == 101);
    CHECK(has(head, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
    CHECK(has(head, "X-Request-Id: req_"));
    client.send(frame(1, "a") + frame(1, std::string(1000, 'b')));
    CHECK(read_frame(client).payload == "echo a");
    CHECK(read_frame(client).payload == "echo " + std::string(1000, 'b'));
    client.send(frame(9, "are you there"));
    const auto pong = read_frame(client);
    CHECK(pong.opcode == 10);
    CHECK(pong.payload == "are you there");
    SECTION("closed by the client") {
        client.send(frame(8, std::string("\x03\xe8", 2)));
        CHECK(read_frame(client).opcode == 8);
    }
    SECTION("closed by the handler") {
        client.send(frame(1, "bye"));
        const auto end = read_frame(client);
        CHECK(end.opcode == 8);
        CHECK(end.code() == 4000);
        client.send(frame(8, end.payload));
    }
    SECTION("a binary frame is not for us") {
        client.send(frame(2, "binary"));
        CHECK(read_frame(client).code() == 1003);
        client.send(frame(8, std::string("\x03\xeb", 2)));
    }
    SECTION("a message over the limit") {
        client.send(frame(1, std::string(70'000, 'x')));
        CHECK(read_frame(client).code() == 1009);
        client.close();
    }
    SECTION("the connection is lost") { client.close(); }
    CHECK(world.eventually([&] { return world.server->connections() == 0; }));
}

TEST_CASE("a WebSocket is opened by our own pages and real upgrades alone", "[net][websocket]") {
    ServerWorld world;
    world.route(Verb::get, "/ws", opens(echo));
    world.route(Verb::get, "/protected", opens(echo), {}, Permission::events_read);
    world.start();
    for (const auto* origin :
         {"http://evil.example", "https://sluice.test:8080", "http://sluice.test",
          "http://sluice.test:8080.evil.example", "null"}) {
        CAPTURE(origin);
        CHECK(status_of(world.exchange(fmt::format("{}Origin: {}\r\n\r\n", upgrade, origin))) ==
              403);
    }
    const auto plain = world.get("/ws");
    CHECK(status_of(plain) == 426);
    CHECK(has(plain, "Upgrade: websocket\r\n"));
    CHECK(status_of(world.exchange("GET /ws HTTP/1.1\r\nHost: t\r\nConnection: Upgrade\r\nUpgrade: "
                                   "websocket\r\nSec-WebSocket-Version: 8\r\n"
                                   "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")) == 426);
    auto request = std::string(upgrade);
    request.replace(request.find("/ws"), 3, "/protected");
    CHECK(status_of(world.exchange(request + "\r\n")) == 401);
    auto client = world.connect();
    client.send(request + "Authorization: Bearer good\r\n\r\n");
    CHECK(status_of(client.until("\r\n\r\n")) == 101);
}

TEST_CASE("a client that does not read is closed when its queue is full", "[net][websocket]") {
    ServerWorld world;
    world.options.websocket_queue = 256 << 10;
    bool refused = false;
    const auto flood = [&refused](WebSocket& socket) -> Awaitable<void> {
        for (int i = 0; i < 4000 && !refused; ++i) {
            const auto sent = socket.send(std::string(16 << 10, 'x'));
            if (!sent) refused = sent.error().code == ErrorCode::unavailable;
        }
        co_await socket.read();
    };
    world.route(Verb::get, "/ws", opens(flood));
    world.start();
    auto client = world.connect();
    client.send(std::string(upgrade) + "\r\n");
    CHECK(status_of(client.until("\r\n\r\n")) == 101);
    CHECK(world.eventually([&] { return refused; }));
    Frame last;
    while (true) {
        auto next = read_frame(client);
        if (next.opcode < 0) break;
        last = std::move(next);
        if (last.opcode == 8) break;
    }
    CHECK(last.opcode == 8);
    CHECK(last.code() == 1013);
    client.close();
    CHECK(world.eventually([&] { return world.server->connections() == 0; }));
}

TEST_CASE("a handler that waits elsewhere ends when the WebSocket closes", "[net][websocket]") {
    ServerWorld world;
    runtime::Signal never(world.loop);
    bool began = false, ended = false;
    world.route(Verb::get, "/ws", opens([&](WebSocket& socket) -> Awaitable<void> {
                    began = static_cast<bool>(socket.send("hello"));
                    try {
                        co_await never.wait();
                    } catch (...) {
                        ended = true;
                        throw;
                    }
                }));
    world.start();
    auto client = world.connect();
    client.send(std::string(upgrade) + "\r\n");
    client.until("\r\n\r\n");
    CHECK(read_frame(client).payload == "hello");
    CHECK(began);
    client.close();
    CHECK(world.eventually([&] { return ended; }));
    CHECK(world.eventually([&] { return world.server->connections() == 0; }));
}

TEST_CASE("a drain closes WebSockets with 1001", "[net][websocket][drain]") {
    ServerWorld world;
    world.route(Verb::get, "/ws", opens(echo));
    world.start();
    auto client = world.connect();
    client.send(std::string(upgrade) + "\r\n");
    CHECK(status_of(client.until("\r\n\r\n")) == 101);
    client.send(frame(1, "a"));
    CHECK(read_frame(client).payload == "echo a");
    world.begin_stop();
    const auto end = read_frame(client);
    CHECK(end.opcode == 8);
    CHECK(end.code() == 1001);
    client.send(frame(8, end.payload));
    CHECK(world.eventually([&] { return world.has_stopped(); }));
}

TEST_CASE("a WebSocket ends soon after its credential does", "[net][websocket]") {
    ServerWorld world;
    world.route(Verb::get, "/ws", opens(echo), {}, Permission::events_read);
    world.start();
    auto client = world.connect();
    client.send(std::string(upgrade) + "Authorization: Bearer good\r\n\r\n");
    CHECK(status_of(client.until("\r\n\r\n")) == 101);
    for (int i = 0; i < 4; ++i) world.advance(seconds(6));
    client.send(frame(1, "a"));
    CHECK(read_frame(client).payload == "echo a");
    world.on_loop([&] { world.authenticator.revoked.insert("Bearer good"); });
    world.advance(seconds(7));
    client.rest();
    CHECK(client.closed());
    CHECK(world.eventually([&] { return world.server->connections() == 0; }));
}

TEST_CASE("a close that the client never takes ends with the connection", "[net][websocket]") {
    ServerWorld world;
    world.options.websocket_queue = 64 << 20;
    std::uint16_t code = 0;
    seconds nearly{}, enough{};
    std::tie(code, nearly, enough) = GENERATE(table<std::uint16_t, seconds, seconds>(
        {{1013, seconds(3), seconds(4)}, {1001, seconds(50), seconds(20)}}));
    bool asked = false, ended = false;
    world.route(Verb::get, "/ws", opens([&](WebSocket& socket) -> Awaitable<void> {
                    for (int i = 0; i < 500; ++i)
                        if (!socket.send(std::string(64 << 10, 'x'))) co_return;
                    asked = true;
                    std::string reason = "enough";
                    co_await socket.close(code, std::move(reason));
                    ended = true;
                }));
    world.start();
    auto client = world.connect();
    client.send(std::string(upgrade) + "\r\n");
    REQUIRE(world.eventually([&] { return asked; }));
    world.advance(nearly);
    world.on_loop([&] { CHECK_FALSE(ended); });
    world.advance(enough);
    CHECK(world.eventually([&] { return ended; }));
    CHECK(world.eventually([&] { return world.server->connections() == 0; }));
}
