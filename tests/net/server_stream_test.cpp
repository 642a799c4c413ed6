#include "net/server_world.hpp"

using namespace sluice;
using namespace sluice::test;
using net::BodyWriter;
using net::Request;
using net::Response;
using net::Verb;
using std::chrono::seconds;

namespace {

Response streaming(std::string_view media, std::function<Awaitable<void>(BodyWriter&)> stream) {
    Response response;
    response.headers.add("Content-Type", media);
    response.stream = std::move(stream);
    return response;
}

Awaitable<void> three_pieces(BodyWriter& writer) {
    for (const auto* piece : {"one ", "", "two ", "three"}) {
        auto written = co_await writer.write(piece);
        if (!written) co_return;
    }
}

Awaitable<void> breaks_off(BodyWriter& writer) {
    co_await writer.write("begun");
    throw std::runtime_error("the file is gone");
}

/// Writes one event, then waits for a signal that nobody gives; tells how it ended.
struct Waiting {
    explicit Waiting(runtime::Loop& loop) : never(loop) {}
    static Awaitable<void> run(BodyWriter& writer, Waiting& self) {
        co_await writer.write(net::format_sse("hello", "1", "{}"));
        self.began = true;
        writer.on_closing([&self] { self.told = true; });
        try {
            co_await self.never.wait();
        } catch (...) {
            self.cancelled = true;
            throw;
        }
    }
    runtime::Signal never;
    bool began = false, told = false, cancelled = false;
};

Awaitable<Response> count_upload(Request& request) {
    std::size_t size = 0, pieces = 0;
    while (true) {
        auto piece = co_await request.body_reader->read();
        if (!piece) co_return net::problem(piece.error());
        if (piece->empty()) break;
        size += piece->size();
        ++pieces;
    }
    co_return net::json_response(200, Json{{"size", size}, {"several", pieces > 1}});
}

}  // namespace

TEST_CASE("a streamed answer comes in chunks and leaves the connection usable",
          "[net][server][stream]") {
    ServerWorld world;
    world.route(Verb::get, "/s", [](Request&) -> Awaitable<Response> {
        co_return streaming("text/plain", three_pieces);
    });
    world.start();
    auto client = world.connect();
    for (int i = 0; i < 2; ++i) {
        client.send("GET /s HTTP/1.1\r\nHost: t\r\n\r\n");
        CHECK(has(client.until("\r\n\r\n"), "Transfer-Encoding: chunked\r\n"));
        CHECK(client.until("0\r\n\r\n") == "4\r\none \r\n4\r\ntwo \r\n5\r\nthree\r\n0\r\n\r\n");
    }
    client.send("HEAD /s HTTP/1.1\r\nHost: t\r\n\r\nGET /s HTTP/1.1\r\nHost: t\r\n\r\n");
    CHECK_FALSE(has(client.until("\r\n\r\n"), "Content-Length"));
    CHECK(has(client.until("0\r\n\r\n"), "three"));
    auto old = world.connect();
    old.send("GET /s HTTP/1.0\r\n\r\n");
    const auto whole = old.rest();
    CHECK(has(whole, "\r\n\r\none two three"));
    CHECK_FALSE(has(whole, "chunked"));
}

TEST_CASE("a stream of known length is sent as it is", "[net][server][stream]") {
    ServerWorld world;
    world.route(Verb::get, "/s", [](Request&) -> Awaitable<Response> {
        auto response = streaming("text/plain", three_pieces);
        response.headers.set("Content-Length", "13");
        co_return response;
    });
    world.start();
    auto client = world.connect();
    client.send("GET /s HTTP/1.1\r\nHost: t\r\n\r\nGET /s HTTP/1.1\r\nHost: t\r\n\r\n");
    CHECK(has(client.answer(), "\r\n\r\none two three"));
    CHECK(has(client.answer(), "\r\n\r\none two three"));
}

TEST_CASE("a stream that fails ends without its last chunk, so that the client notices",
          "[net][server][stream]") {
    ServerWorld world;
    world.route(Verb::get, "/s", [](Request&) -> Awaitable<Response> {
        co_return streaming("text/plain", breaks_off);
    });
    world.start();
    auto client = world.connect();
    client.send("GET /s HTTP/1.1\r\nHost: t\r\n\r\n");
    const auto all = client.rest();
    CHECK(has(all, "5\r\nbegun\r\n"));
    CHECK_FALSE(has(all, "0\r\n\r\n"));
    CHECK_FALSE(has(all, "the file is gone"));
}

TEST_CASE("an event stream ends when its client has gone", "[net][server][sse]") {
    ServerWorld world;
    Waiting waiting(world.loop);
    world.route(Verb::get, "/events", [&waiting](Request&) -> Awaitable<Response> {
        co_return net::event_stream(
            [&waiting](BodyWriter& writer) { return Waiting::run(writer, waiting); });
    });
    world.start();
    auto client = world.connect();
    client.send("GET /events HTTP/1.1\r\nHost: t\r\n\r\n");
    const auto head = client.until("\r\n\r\n");
    CHECK(has(head, "Content-Type: text/event-stream\r\n"));
    CHECK(has(head, "Cache-Control: no-store\r\n"));
    CHECK(has(client.until("\n\n"), "id: 1\nevent: hello\ndata: {}\n\n"));
    REQUIRE(world.eventually([&] { return waiting.began; }));
    client.close();
    CHECK(world.eventually([&] { return waiting.told && waiting.cancelled; }));
    CHECK(world.eventually([&] { return world.server->connections() == 0; }));
}

TEST_CASE("a drain tells streams, ends event streams, lets requests finish and takes no more",
          "[net][server][drain]") {
    ServerWorld world;
    Waiting waiting(world.loop);
    runtime::Signal release(world.loop);
    bool handling = false;
    world.route(Verb::get, "/events", [&waiting](Request&) -> Awaitable<Response> {
        co_return net::event_stream(
            [&waiting](BodyWriter& writer) { return Waiting::run(writer, waiting); });
    });
    world.route(Verb::get, "/slow", [&](Request&) -> Awaitable<Response> {
        handling = true;
        co_await release.wait();
        co_return net::text_response(200, "text/plain", "finished");
    });
    world.route(Verb::get, "/fast", ServerWorld::says("x"));
    world.start();
    auto idle = world.connect();
    idle.send("GET /fast HTTP/1.1\r\nHost: t\r\n\r\n");
    CHECK(status_of(idle.answer()) == 200);
    auto events = world.connect();
    events.send("GET /events HTTP/1.1\r\nHost: t\r\n\r\n");
    auto slow = world.connect();
    slow.send("GET /slow HTTP/1.1\r\nHost: t\r\n\r\n");
    REQUIRE(world.eventually([&] { return waiting.began && handling; }));

    world.begin_stop();
    CHECK(idle.closed());
    CHECK(world.eventually([&] { return waiting.told; }));
    CHECK_FALSE(waiting.cancelled);
    CHECK_THROWS(world.connect());
    CHECK_FALSE(world.has_stopped());
    REQUIRE(world.eventually([&] { return world.server->draining(); }));
    world.advance(seconds(2));
    CHECK(world.eventually([&] { return waiting.cancelled; }));
    CHECK_FALSE(world.has_stopped());
    world.on_loop([&] { release.notify(); });
    const auto answer = slow.answer();
    CHECK(has(answer, "finished"));
    CHECK(has(answer, "Connection: close\r\n"));
    CHECK(world.eventually([&] { return world.has_stopped(); }));
}

TEST_CASE("a drain does not wait longer than its time", "[net][server][drain]") {
    ServerWorld world;
    runtime::Signal never(world.loop);
    bool handling = false;
    world.route(Verb::get, "/stuck", [&](Request&) -> Awaitable<Response> {
        handling = true;
        co_await never.wait();
        co_return net::no_content();
    });
    world.start();
    auto client = world.connect();
    client.send("GET /stuck HTTP/1.1\r\nHost: t\r\n\r\n");
    REQUIRE(world.eventually([&] { return handling; }));
    world.begin_stop();
    REQUIRE(world.eventually([&] { return world.server->draining(); }));
    world.advance(seconds(10));
    CHECK_FALSE(world.has_stopped());
    world.advance(seconds(11));
    CHECK(world.eventually([&] { return world.has_stopped(); }));
    CHECK(client.closed());
    world.on_loop([&] { CHECK(world.server->connections() == 0); });
}

TEST_CASE("an upload is read in pieces, within its limit", "[net][server][stream]") {
    ServerWorld world;
    world.route(Verb::put, "/upload", count_upload,
                {.summary = "x",
                 .max_body = 3 << 20,
                 .stream_body = true,
                 .request_media = "application/octet-stream"});
    world.start();
    const auto put = [](std::string_view framing, std::string_view body) {
        return fmt::format(
            "PUT /upload HTTP/1.1\r\nHost: t\r\nContent-Type: "
            "application/octet-stream\r\n{}\r\n\r\n{}",
            framing, body);
    };
    const std::string data(2 << 20, 'd');
    const auto answer = world.exchange(put(fmt::format("Content-Length: {}", data.size()), data));
    CHECK(body_of(answer)["size"] == data.size());
    CHECK(body_of(answer)["several"] == true);
    const auto chunked = fmt::format("{:x}\r\n{}\r\n0\r\n\r\n", data.size(), data);
    CHECK(body_of(world.exchange(put("Transfer-Encoding: chunked", chunked)))["size"] ==
          data.size());
    CHECK(body_of(world.exchange(put("Content-Length: 0", "")))["size"] == 0);
    const std::string large(4 << 20, 'd');
    const auto over = fmt::format("{:x}\r\n{}\r\n0\r\n\r\n", large.size(), large);
    CHECK(status_of(world.exchange(put("Transfer-Encoding: chunked", over))) == 413);
}

TEST_CASE("an upload that drips is ended, however often a byte comes", "[net][server][stream]") {
    ServerWorld world;
    world.options.slow_grace = seconds(60);
    std::size_t read = 0;
    const auto counts = [&read](Request& request) -> Awaitable<Response> {
        while (true) {
            auto piece = co_await request.body_reader->read();
            if (!piece) co_return net::problem(piece.error());
            if (piece->empty()) co_return net::text_response(200, "text/plain", "whole");
            read += piece->size();
        }
    };
    world.route(Verb::put, "/upload", counts,
                {.summary = "x",
                 .max_body = 3 << 20,
                 .stream_body = true,
                 .request_media = "application/octet-stream"});
    world.start();
    auto client = world.connect();
    client.send(
        "PUT /upload HTTP/1.1\r\nHost: t\r\nContent-Type: application/octet-stream\r\n"
        "Content-Length: 100000\r\n\r\n");
    const auto send = [&](std::size_t size) {
        const auto before = read;
        client.send(std::string(size, 'd'));
        REQUIRE(world.eventually([&] { return read == before + size; }));
    };
    send(10);
    world.advance(seconds(50));
    SECTION("ten bytes in a minute") {
        send(10);
        world.advance(seconds(15));
        const auto answer = client.answer();
        CHECK(body_of(answer)["code"] == "timeout");
        CHECK(has(answer, "Connection: close\r\n"));
    }
    SECTION("more than a KiB a second") {
        send(90'000);
        world.advance(seconds(55));
        send(9'000);
        world.advance(seconds(40));
        client.send(std::string(990, 'd'));
        CHECK(has(client.answer(), "whole"));
    }
}

TEST_CASE("a stream ends soon after its credential does", "[net][server][sse]") {
    ServerWorld world;
    Waiting guarded(world.loop), open(world.loop);
    world.route(
        Verb::get, "/events",
        [&](Request&) -> Awaitable<Response> {
            co_return net::event_stream(
                [&](BodyWriter& writer) { return Waiting::run(writer, guarded); });
        },
        {}, Permission::events_read);
    world.route(Verb::get, "/open", [&](Request&) -> Awaitable<Response> {
        co_return net::event_stream([&](BodyWriter& writer) { return Waiting::run(writer, open); });
    });
    world.start();
    const auto follow = [&](ServerWorld::Raw& client, std::string_view path) {
        client.send(fmt::format("GET {} HTTP/1.1\r\nHost: t\r\nAuthorization: Bearer good\r\n\r\n",
                                path));
        CHECK(has(client.until("\n\n"), "HTTP/1.1 200 "));
    };
    auto client = world.connect(), everybody = world.connect();
    follow(client, "/events");
    follow(everybody, "/open");
    REQUIRE(world.eventually([&] { return guarded.began && open.began; }));
    for (int i = 0; i < 4; ++i) world.advance(seconds(6));
    world.on_loop([&] { CHECK_FALSE(guarded.cancelled); });
    world.on_loop([&] { world.authenticator.revoked.insert("Bearer good"); });
    world.advance(seconds(7));
    CHECK(world.eventually([&] { return guarded.cancelled; }));
    CHECK_FALSE(has(client.rest(), "\r\n0\r\n\r\n"));
    CHECK(world.eventually([&] { return world.server->connections() == 1; }));
    world.on_loop([&] { CHECK_FALSE(open.cancelled); });
    everybody.close();
    REQUIRE(world.eventually([&] { return open.cancelled; }));
}
