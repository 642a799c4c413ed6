#include <sys/socket.h>

#include "net/client_world.hpp"

using namespace sluice;
using namespace std::chrono_literals;
using net::ClientRequest;
using net::Verb;
using test::ok;
using test::Reply;
using test::World;

namespace {

ClientRequest request(std::string url, Verb verb = Verb::get, std::string body = {}) {
    ClientRequest made;
    made.verb = verb;
    made.url = std::move(url);
    made.body = std::move(body);
    return made;
}

}  // namespace

TEST_CASE("a request arrives as it was meant and its answer comes back", "[net][client]") {
    World world;
    const auto server = world.server([](const std::string&) { return ok("hello", "X-Kind: a\r\nx-kind: b\r\n"); });
    auto sent = request(server->url("/a?b=c"), Verb::post, R"({"x":1})");
    sent.headers.set("Content-Type", "application/json");
    const auto answer = world.send(sent);
    REQUIRE(answer);
    CHECK(answer->status == 200);
    CHECK(answer->body == "hello");
    CHECK(answer->headers.get("X-KIND") == "a");
    CHECK(answer->url == server->url("/a?b=c"));
    REQUIRE(server->requests.size() == 1);
    CHECK_THAT(server->requests[0], Catch::StartsWith("POST /a?b=c HTTP/1.1\r\n") && Catch::EndsWith("\r\n\r\n{\"x\":1}"));
    CHECK_THAT(server->requests[0], Catch::Contains(fmt::format("Host: 127.0.0.1:{}\r\n", server->port())));
    CHECK_THAT(server->requests[0], Catch::Contains("Content-Length: 7\r\n") && Catch::Contains("Content-Type: application/json\r\n"));
}

TEST_CASE("one connection serves many requests, and parallel ones share the pool", "[net][client]") {
    World world;
    const auto server = world.server([](const std::string&) { return ok("x"); });
    for (int i = 0; i < 20; ++i) REQUIRE(world.get(server->url()));
    CHECK(server->connections == 1);

    std::vector<World::Answer> answers;
    for (int i = 0; i < 8; ++i) answers.push_back(world.begin(request(server->url())));
    for (const auto& answer : answers) CHECK(world.finish(answer));
    const int after = server->connections;
    CHECK(after <= 8);
    for (int i = 0; i < 5; ++i) REQUIRE(world.get(server->url()));
    CHECK(server->connections == after);
}

TEST_CASE("idle connections are closed after a minute", "[net][client]") {
    World world;
    const auto server = world.server([](const std::string&) { return ok("x"); });
    REQUIRE(world.get(server->url()));
    CHECK(server->open == 1);
    world.clock.advance(59s);
    world.loop.run_ready();
    CHECK(server->open == 1);
    world.clock.advance(2s);
    CHECK(world.turn_until([&] { return server->open == 0; }));
    REQUIRE(world.get(server->url()));
    CHECK(server->connections == 2);
}

TEST_CASE("a kept connection that was closed meanwhile is not used", "[net][client]") {
    World world;
    const auto server = world.server([](const std::string&) {
        auto reply = ok("x");
        reply.close = true;
        return reply;
    });
    REQUIRE(world.get(server->url()));
    CHECK(world.turn_until([&] { return server->open == 0; }));
    auto again = world.send(request(server->url(), Verb::post, "not safe to repeat"));
    REQUIRE(again);
    CHECK(server->connections == 2);
    CHECK(server->requests.size() == 2);
}

TEST_CASE("only a harmless request is sent again when a kept connection breaks under it", "[net][client]") {
    World world;
    int count = 0;
    const auto server = world.server([&](const std::string&) -> Reply {
        if (++count == 2) return {{}, true};  // read it, then close without an answer
        return ok("x");
    });
    REQUIRE(world.get(server->url()));
    SECTION("GET is repeated on a new connection") {
        const auto answer = world.get(server->url());
        REQUIRE(answer);
        CHECK(server->requests.size() == 3);
        CHECK(server->connections == 2);
    }
    SECTION("POST is not") {
        const auto answer = world.send(request(server->url(), Verb::post, "pay"));
        REQUIRE_FALSE(answer);
        CHECK(answer.error().code == ErrorCode::upstream_failed);
        CHECK(answer.error().retryable);
        CHECK(server->requests.size() == 2);
    }
}

TEST_CASE("a fresh connection that is closed without an answer is not tried twice", "[net][client]") {
    World world;
    const auto server = world.server([](const std::string&) { return Reply{{}, true}; });
    const auto answer = world.get(server->url());
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == ErrorCode::upstream_failed);
    CHECK(server->requests.size() == 1);
}

TEST_CASE("every way of framing a body is read", "[net][client]") {
    World world;
    struct Row {
        Reply reply;
        const char* body;
        bool reused;
    };
    const auto rows = std::vector<Row>{
        {{{"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"}}, "abc", true},
        {{{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\na\r\n2;x=y\r\nbc\r\n", "0\r\nTrailer: t\r\n\r\n"}}, "abc", true},
        {{{"HTTP/1.1 200 OK\r\n\r\n", "ab", "c"}, true}, "abc", false},
        {{{"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc"}, true}, "abc", false},
        {{{"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc"}, true}, "abc", false},
        {{{"HTTP/1.1 204 No Content\r\n\r\n"}}, "", true},
        {{{"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n"}}, "", true},
        {{{"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"}}, "abc", true},
        {{{"H", "TTP/1.1 2", "00 OK\r\nCont", "ent-Length: 3\r", "\n\r", "\nab", "c"}}, "abc", true},
    };
    for (const auto& row : rows) {
        CAPTURE(row.reply.pieces);
        const auto server = world.server([&](const std::string&) { return row.reply; });
        const auto answer = world.get(server->url());
        REQUIRE(answer);
        CHECK(answer->body == row.body);
        CHECK(world.turn_until([&] { return row.reused ? server->open == 1 : server->open == 0; }));
        REQUIRE(world.get(server->url()));
        CHECK(server->connections == (row.reused ? 1 : 2));
    }
}

TEST_CASE("the body of a HEAD answer is not waited for", "[net][client]") {
    World world;
    const auto server = world.server([](const std::string&) { return Reply{{"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"}}; });
    const auto answer = world.send(request(server->url(), Verb::head));
    REQUIRE(answer);
    CHECK(answer->body.empty());
    CHECK(answer->headers.get("content-length") == "1000");
    REQUIRE(world.send(request(server->url(), Verb::head)));
    CHECK(server->connections == 1);
}

TEST_CASE("garbage, cut-off and hostile answers are told as what they are", "[net][client]") {
    World world;
    struct Row {
        Reply reply;
        const char* part;
    };
    const std::string huge = "HTTP/1.1 200 OK\r\nX: " + std::string(200'000, 'x') + "\r\n\r\n";
    const auto rows = std::vector<Row>{
        {{{"this is no HTTP\r\n\r\n"}}, "garbage"},
        {{{std::string(100'000, '\0')}}, "garbage"},
        {{{"HTTP/1.1 abc OK\r\n\r\n"}}, "garbage"},
        {{{huge}}, "garbage"},
        {{{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef"}}, "garbage"},
        {{{"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"}}, "garbage"},
        {{{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"}}, "garbage"},
        {{{"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"}}, "protocols"},
        {{{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"}, true}, "in the middle"},
        {{{"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"}, true}, "in the middle"},
        {{{"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"}, false, false, true}, "in the middle"},
        {{{"HTTP/1.1 200 OK\r\nContent-"}, true}, "in the middle"},
        {{{}, true}, "without an answer"},
    };
    for (const auto& row : rows) {
        CAPTURE(row.part, row.reply.pieces.empty() ? "" : row.reply.pieces[0].substr(0, 60));
        const auto server = world.server([&](const std::string&) { return row.reply; });
        const auto answer = world.get(server->url());
        REQUIRE_FALSE(answer);
        CHECK(answer.error().code == ErrorCode::upstream_failed);
        CHECK(answer.error().retryable);
        CHECK_THAT(answer.error().message, Catch::Contains(row.part));
        CHECK(world.turn_until([&] { return server->open == 0; }));
    }
}

TEST_CASE("bytes behind an answer are never taken for the next one", "[net][client]") {
    World world;
    const auto server = world.server([](const std::string&) {
        return Reply{{"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\naHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"}};
    });
    for (int i = 0; i < 2; ++i) {
        const auto answer = world.get(server->url());
        REQUIRE(answer);
        CHECK(answer->body == "a");
    }
    CHECK(server->connections == 2);
}

TEST_CASE("a server that is not there is an upstream failure", "[net][client]") {
    World world;
    std::string url;
    {
        boost::asio::ip::tcp::acceptor gone(world.loop.context(), {boost::asio::ip::make_address("127.0.0.1"), 0});
        url = fmt::format("http://127.0.0.1:{}/", gone.local_endpoint().port());
    }
    const auto answer = world.get(url);
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == ErrorCode::upstream_failed);
    CHECK(answer.error().retryable);
    CHECK_THAT(answer.error().message, Catch::Contains("could not be reached"));
}

TEST_CASE("deadlines end an exchange in every phase", "[net][client]") {
    World world;
    auto sent = request("");
    std::shared_ptr<test::Server> server;
    std::string part;
    SECTION("no answer within the whole time") {
        server = world.server([](const std::string&) { return Reply{{}, false, true}; });
        sent.timeout = 7s;
        part = "finished within 7s";
    }
    SECTION("no header within its time") {
        server = world.server([](const std::string&) { return Reply{{"HTTP/1.1 200 OK\r\n"}, false, true}; });
        sent.first_byte_timeout = 7s;
        part = "answered within 7s";
    }
    SECTION("a body that stops half-way") {
        server = world.server([](const std::string&) { return Reply{{"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"}, false, true}; });
        sent.timeout = 7s;
        sent.first_byte_timeout = 3s;
        part = "finished within 7s";
    }
    sent.url = server->url();
    const auto answer = world.begin(sent);
    REQUIRE(world.turn_until([&] { return !server->requests.empty(); }));
    for (int i = 0; i < 50; ++i) world.loop.run_ready();
    world.clock.advance(6s + 900ms);
    world.loop.run_ready();
    CHECK_FALSE(answer->has_value());
    world.clock.advance(200ms);
    const auto result = world.finish(answer);
    REQUIRE_FALSE(result);
    CHECK(result.error().code == ErrorCode::timeout);
    CHECK(result.error().retryable);
    CHECK_THAT(result.error().message, Catch::Contains(part));
    CHECK(world.turn_until([&] { return server->open == 0; }));
}

TEST_CASE("a connection that is never accepted ends with the connect deadline", "[net][client]") {
    World world;
    // A listening socket whose queue is full takes no further connection and does not answer.
    boost::asio::ip::tcp::acceptor full(world.loop.context());
    full.open(boost::asio::ip::tcp::v4());
    full.bind({boost::asio::ip::make_address("127.0.0.1"), 0});
    full.listen(0);
    std::vector<boost::asio::ip::tcp::socket> fillers;
    for (int i = 0; i < 4; ++i) {
        auto& filler = fillers.emplace_back(world.loop.context());
        filler.open(boost::asio::ip::tcp::v4());
        filler.non_blocking(true);
        // Asio's own connect would wait for the end of it.
        const auto to = full.local_endpoint();
        (void)::connect(filler.native_handle(), to.data(), static_cast<socklen_t>(to.size()));
    }
    const auto answer = world.begin(request(fmt::format("http://127.0.0.1:{}/", full.local_endpoint().port())));
    for (int i = 0; i < 50; ++i) world.loop.run_ready();
    CHECK_FALSE(answer->has_value());
    world.clock.advance(5s + 1ms);
    const auto result = world.finish(answer);
    REQUIRE_FALSE(result);
    CHECK(result.error().code == ErrorCode::timeout);
    CHECK_THAT(result.error().message, Catch::Contains("connected within 5s"));
}

TEST_CASE("cancelling the task drops the connection", "[net][client]") {
    World world;
    const auto server = world.server([](const std::string&) { return Reply{{"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"}, false, true}; });
    runtime::TaskGroup::TaskId id = 0;
    const auto answer = world.begin(request(server->url()), &id);
    REQUIRE(world.turn_until([&] { return !server->requests.empty(); }));
    for (int i = 0; i < 20; ++i) world.loop.run_ready();
    REQUIRE(server->open == 1);
    world.tasks->cancel(id);
    CHECK(world.turn_until([&] { return server->open == 0; }));
    CHECK_FALSE(answer->has_value());
}

TEST_CASE("a stopped client refuses requests and has closed its idle connections", "[net][client]") {
    World world;
    const auto server = world.server([](const std::string&) { return ok("x"); });
    REQUIRE(world.get(server->url()));
    world.tasks->spawn("stop", world.client.stop());
    CHECK(world.turn_until([&] { return server->open == 0; }));
    const auto answer = world.get(server->url());
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == ErrorCode::cancelled);
}

TEST_CASE("headers cannot split or reframe a request", "[net][client]") {
    World world;
    const auto server = world.server([](const std::string&) { return ok("x"); });
    struct Row {
        std::string name, value;
    };
    for (const auto& row : std::vector<Row>{{"X-A", "a\r\nEvil: 1"}, {"X-A", "a\nb"}, {"X-A", std::string("a\0b", 3)}, {"X A", "b"}, {"", "b"},
                                            {"X:", "b"}, {"X\r\nY", "b"}, {"Host", "evil.example"}, {"content-length", "0"},
                                            {"Transfer-Encoding", "chunked"}, {"Connection", "close"}, {"Upgrade", "h2c"}}) {
        CAPTURE(row.name, row.value);
        auto sent = request(server->url());
        sent.headers.add(row.name, row.value);
        const auto answer = world.send(sent);
        REQUIRE_FALSE(answer);
        CHECK(answer.error().code == ErrorCode::invalid_argument);
    }
    CHECK(server->connections == 0);
}

TEST_CASE("a streamed body arrives in pieces after its head, and either receiver may stop it", "[net][client]") {
    World world;
    const auto server = world.server([](const std::string&) {
        return Reply{{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "2\r\nab\r\n", "2\r\ncd\r\n", "0\r\n\r\n"}};
    });
    std::vector<std::string> told;
    int stop_at = 100;
    const auto head = [&](const net::ClientResponse& response) -> Result<void> {
        told.push_back(std::to_string(response.status));
        if (stop_at == 0) return fail(ErrorCode::conflict, "no head");
        return {};
    };
    const auto sink = [&](std::string_view piece) -> Result<void> {
        told.emplace_back(piece);
        if (--stop_at == 0) return fail(ErrorCode::conflict, "no piece");
        return {};
    };
    auto answer = std::make_shared<std::optional<Result<net::ClientResponse>>>();
    const auto run = [&] { world.tasks->spawn("stream", test::keep(world.client.stream(request(server->url()), head, sink), answer)); };
    SECTION("to its end") {
        run();
        const auto result = world.finish(answer);
        REQUIRE(result);
        CHECK(result->body.empty());
        REQUIRE(told.size() >= 2);
        CHECK(told.front() == "200");
        std::string all;
        for (std::size_t i = 1; i < told.size(); ++i) all += told[i];
        CHECK(all == "abcd");
    }
    SECTION("stopped by the head") {
        stop_at = 0;
        run();
        const auto result = world.finish(answer);
        REQUIRE_FALSE(result);
        CHECK(result.error().code == ErrorCode::conflict);
        CHECK(told == std::vector<std::string>{"200"});
    }
    SECTION("stopped by the sink") {
        stop_at = 1;
        run();
        const auto result = world.finish(answer);
        REQUIRE_FALSE(result);
        CHECK(told.size() == 2);
        CHECK(world.turn_until([&] { return server->open == 0; }));
    }
}

TEST_CASE("a large request body is sent whole", "[net][client]") {
    World world;
    const auto server = world.server([](const std::string&) { return ok("x"); });
    std::string body(3 << 20, 'b');
    body += "end";
    REQUIRE(world.send(request(server->url(), Verb::put, body)));
    REQUIRE(server->requests.size() == 1);
    CHECK(server->requests[0].substr(server->requests[0].size() - body.size()) == body);
}

TEST_CASE("names are resolved off the loop and every address is judged", "[net][client]") {
    struct Judge : net::EgressPolicy {
        Result<void> judge(std::string_view host, std::string_view address, std::uint16_t, bool) const override {
            judged.emplace_back(host, address);
            if (refuse) return fail(ErrorCode::forbidden, "no");
            return {};
        }
        mutable std::vector<std::pair<std::string, std::string>> judged;
        bool refuse = false;
    };
    World world;
    auto judge = std::make_shared<Judge>();
    net::Client client(world.loop, world.pool, judge);
    const auto server = world.server([](const std::string&) { return ok("x"); });
    auto answer = std::make_shared<std::optional<Result<net::ClientResponse>>>();
    const auto url = fmt::format("http://localhost:{}/", server->port());
    SECTION("allowed") {
        world.tasks->spawn("request", test::keep(client.send(request(url)), answer));
        REQUIRE(world.finish(answer));
        CHECK_THAT(server->requests.at(0), Catch::Contains(fmt::format("Host: localhost:{}\r\n", server->port())));
        REQUIRE_FALSE(judge->judged.empty());
        for (const auto& [host, address] : judge->judged) {
            CHECK(host == "localhost");
            CHECK((address == "127.0.0.1" || address == "::1"));
        }
    }
    SECTION("refused") {
        judge->refuse = true;
        world.tasks->spawn("request", test::keep(client.send(request(url)), answer));
        const auto result = world.finish(answer);
        REQUIRE_FALSE(result);
        CHECK(result.error().code == ErrorCode::forbidden);
        CHECK(server->connections == 0);
    }
    SECTION("a name that does not exist") {
        world.tasks->spawn("request", test::keep(client.send(request("http://no-such-name.invalid/")), answer));
        const auto result = world.finish(answer);
        REQUIRE_FALSE(result);
        CHECK(result.error().code == ErrorCode::upstream_failed);
        CHECK_THAT(result.error().message, Catch::Contains("could not be resolved"));
    }
}
