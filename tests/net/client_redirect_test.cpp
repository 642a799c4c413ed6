#include <zlib.h>

#include "net/client_world.hpp"

using namespace sluice;
using net::ClientRequest;
using net::Verb;
using test::ok;
using test::redirect;
using test::Reply;
using test::World;

namespace {

/// `window` 15: zlib, 31: gzip, -15: bare deflate.
std::string compressed(std::string_view text, int window = 31) {
    z_stream stream{};
    REQUIRE(deflateInit2(&stream, 9, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    std::string out(deflateBound(&stream, text.size()) + 64, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
}

ClientRequest request_with_credentials(std::string url) {
    ClientRequest made;
    made.url = std::move(url);
    for (const auto* name : {"Authorization", "Cookie", "x-api-key", "X-Goog-Api-Key", "X-Custom-Token"}) made.headers.set(name, "secret");
    made.headers.set("Accept", "text/plain");
    return made;
}

}  // namespace

TEST_CASE("redirects are followed up to the limit", "[net][client][redirect]") {
    World world;
    const auto server = world.server([](const std::string& request) {
        if (request.find("/start") == 4) return redirect(302, "../next?x=1");
        if (request.find("/next?x=1") == 4) return ok("here");
        return redirect(301, "/loop");
    });
    const auto answer = world.get(server->url("/start"));
    REQUIRE(answer);
    CHECK(answer->body == "here");
    CHECK(answer->url == server->url("/next?x=1"));
    CHECK(server->connections == 1);

    const auto looping = world.get(server->url("/loop"));
    REQUIRE_FALSE(looping);
    CHECK(looping.error().code == ErrorCode::upstream_failed);
    CHECK_THAT(looping.error().message, Catch::Contains("more than 5 times"));
    CHECK(server->requests.size() == 2 + 6);

    ClientRequest plain;
    plain.url = server->url("/loop");
    plain.max_redirects = 0;
    const auto ordinary = world.send(plain);
    REQUIRE(ordinary);
    CHECK(ordinary->status == 301);
}

TEST_CASE("verb and body follow a redirect as browsers have it", "[net][client][redirect]") {
    struct Row {
        int status;
        Verb sent;
        const char* line;
        bool body;
    };
    const auto row = GENERATE(values<Row>({{301, Verb::post, "GET /to", false},
                                           {302, Verb::post, "GET /to", false},
                                           {303, Verb::post, "GET /to", false},
                                           {303, Verb::put, "GET /to", false},
                                           {303, Verb::head, "HEAD /to", false},
                                           {302, Verb::put, "PUT /to", true},
                                           {307, Verb::post, "POST /to", true},
                                           {308, Verb::post, "POST /to", true}}));
    CAPTURE(row.status, row.line);
    World world;
    const auto server = world.server([&](const std::string& request) {
        if (request.find("/from") != request.npos) return redirect(row.status, "/to");
        return request.starts_with("HEAD") ? ok("") : ok("done");
    });
    ClientRequest sent;
    sent.verb = row.sent;
    sent.url = server->url("/from");
    if (row.sent != Verb::head) sent.body = "payload";
    sent.headers.set("Content-Type", "text/plain");
    REQUIRE(world.send(sent));
    REQUIRE(server->requests.size() == 2);
    const auto& last = server->requests[1];
    CHECK_THAT(last, Catch::StartsWith(row.line));
    CHECK((last.find("payload") != last.npos) == row.body);
    if (row.status == 303 && row.sent != Verb::head) CHECK(last.find("Content-Type") == last.npos);
}

TEST_CASE("credentials stay with the origin they were meant for", "[net][client][redirect]") {
    World world;
    const auto other = world.server([](const std::string&) { return ok("x"); });
    std::string target;
    const auto server = world.server([&](const std::string& request) {
        if (request.find("GET /start") == 0) return redirect(307, target);
        return ok("y");
    });
    SECTION("the same origin gets them again") {
        target = "/end";
        REQUIRE(world.send(request_with_credentials(server->url("/start"))));
        CHECK_THAT(server->requests.at(1), Catch::Contains("Authorization: secret") && Catch::Contains("Cookie: secret"));
    }
    SECTION("another port is another origin") {
        target = other->url("/end");
        REQUIRE(world.send(request_with_credentials(server->url("/start"))));
        REQUIRE(other->requests.size() == 1);
        CHECK(other->requests[0].find("secret") == std::string::npos);
        CHECK_THAT(other->requests[0], Catch::Contains("Accept: text/plain"));
    }
}

TEST_CASE("a caller's judge is asked before the request and at a redirect to another origin", "[net][client][redirect]") {
    World world;
    const auto other = world.server([](const std::string&) { return ok("x"); });
    std::string target;
    int status = 302;
    const auto server = world.server([&](const std::string& request) {
        if (request.find("/start") != request.npos) return redirect(status, target);
        return ok("y");
    });
    std::vector<std::string> asked;
    const auto only_first = [&](const net::Url& url) -> Result<void> {
        asked.push_back(url.origin());
        if (server->url("/").starts_with(url.origin())) return {};
        return fail(ErrorCode::forbidden, "not to {}", url.origin());
    };
    ClientRequest sent = request_with_credentials(server->url("/start"));
    sent.headers.set("User-Agent", "secret");
    sent.judge = only_first;
    SECTION("a host it refuses is not called") {
        sent.url = other->url("/start");
        const auto answer = world.send(sent);
        REQUIRE_FALSE(answer);
        CHECK(answer.error().code == ErrorCode::forbidden);
        CHECK(other->connections == 0);
    }
    SECTION("at a redirect there, no header goes along") {
        target = other->url("/end");
        REQUIRE(world.send(sent));
        REQUIRE(other->requests.size() == 1);
        CHECK(other->requests[0].find("secret") == std::string::npos);
        CHECK(asked.size() == 2);
    }
    SECTION("a redirect that would take the body there ends the request") {
        target = other->url("/end");
        status = 307;
        sent.verb = Verb::post;
        sent.body = "the secret";
        const auto answer = world.send(sent);
        REQUIRE_FALSE(answer);
        CHECK(answer.error().code == ErrorCode::forbidden);
        CHECK(other->connections == 0);
    }
    SECTION("the same origin is not asked about again") {
        target = "/end";
        REQUIRE(world.send(sent));
        CHECK(asked.size() == 1);
        CHECK_THAT(server->requests.at(1), Catch::Contains("Authorization: secret"));
    }
}

TEST_CASE("a redirect is judged like a request of its own", "[net][client][redirect]") {
    struct Row {
        const char *to, *part;
        ErrorCode code;
    };
    const auto row = GENERATE(values<Row>({
        {"http://127.0.0.2:9/", "loopback", ErrorCode::forbidden},
        {"http://169.254.169.254/latest/meta-data/", "metadata", ErrorCode::forbidden},
        {"http://[::ffff:169.254.169.254]/", "metadata", ErrorCode::forbidden},
        {"http://10.0.0.1/", "private", ErrorCode::forbidden},
        {"//192.168.0.1/", "private", ErrorCode::forbidden},
        {"http://0x7f.1/", "IPv4", ErrorCode::upstream_failed},
        {"file:///etc/passwd", "http or https", ErrorCode::upstream_failed},
        {"http://user:pw@example.com/", "user name", ErrorCode::upstream_failed},
    }));
    CAPTURE(row.to);
    World world({"127.0.0.1"});
    const auto server = world.server([&](const std::string&) { return redirect(302, row.to); });
    const bool trusted = GENERATE(false, true);
    ClientRequest sent;
    sent.url = server->url();
    sent.operator_trusted = trusted;
    const auto answer = world.send(sent);
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == row.code);
    CHECK_THAT(answer.error().message, Catch::Contains(row.part));
}

TEST_CASE("an endless body of a redirect is not waited for", "[net][client][redirect]") {
    World world;
    const auto server = world.server([](const std::string& request) -> Reply {
        if (request.find("GET /end") == 0) return ok("x");
        if (request.find("GET /eof") == 0) return {{"HTTP/1.1 302 Found\r\nLocation: /end\r\n\r\n", "abc"}, false, true};
        return {{"HTTP/1.1 302 Found\r\nLocation: /end\r\nContent-Length: 100000000\r\n\r\n" + std::string(200'000, 'x')}, false, true};
    });
    const auto* path = GENERATE("/eof", "/long");
    const auto answer = world.get(server->url(path));
    REQUIRE(answer);
    CHECK(answer->body == "x");
}

TEST_CASE("compressed answers are opened", "[net][client][gzip]") {
    World world;
    std::string text;
    for (int i = 0; i < 30'000; ++i) text += fmt::format("{} ", i * 7919 % 10007);
    struct Row {
        std::string coding, bytes;
    };
    const auto rows = std::vector<Row>{
        {"gzip", compressed(text)},          {"x-gzip", compressed(text)},       {"GZip", compressed(text)},
        {"deflate", compressed(text, 15)},   {"deflate", compressed(text, -15)}, {"identity", text},
        {"gzip", compressed(std::string_view(text).substr(0, 1000)) + compressed(std::string_view(text).substr(1000))},
    };
    for (const auto& row : rows) {
        CAPTURE(row.coding);
        const auto server = world.server([&](const std::string&) { return ok(row.bytes, fmt::format("Content-Encoding: {}\r\n", row.coding)); });
        const auto answer = world.get(server->url());
        REQUIRE(answer);
        CHECK(answer->body == text);
        if (row.coding != "identity") CHECK_FALSE(answer->headers.find("content-encoding"));
        CHECK_THAT(server->requests.at(0), Catch::Contains("Accept-Encoding: gzip, deflate\r\n"));
    }
    const auto server = world.server([&](const std::string&) { return ok(rows[0].bytes, "Content-Encoding: gzip\r\n"); });
    ClientRequest raw;
    raw.url = server->url();
    raw.decompress = false;
    const auto answer = world.send(raw);
    REQUIRE(answer);
    CHECK(answer->body == rows[0].bytes);
    CHECK(answer->headers.get("content-encoding") == "gzip");
}

TEST_CASE("bombs, broken and cut compressed bodies are refused", "[net][client][gzip]") {
    World world;
    const auto good = compressed("some text that is long enough to be cut in two halves");
    struct Row {
        std::string coding, bytes, part;
        ErrorCode code;
    };
    const auto rows = std::vector<Row>{
        {"gzip", compressed(std::string(50 << 20, '\0')), "100 times", ErrorCode::too_large},
        {"gzip", "this is not gzip at all", "broken", ErrorCode::upstream_failed},
        {"gzip", good.substr(0, good.size() / 2), "cut", ErrorCode::upstream_failed},
        {"br", "abc", "'br'", ErrorCode::upstream_failed},
    };
    for (const auto& row : rows) {
        CAPTURE(row.part);
        const auto server = world.server([&](const std::string&) { return ok(row.bytes, fmt::format("Content-Encoding: {}\r\n", row.coding)); });
        const auto answer = world.get(server->url());
        REQUIRE_FALSE(answer);
        CHECK(answer.error().code == row.code);
        CHECK_THAT(answer.error().message, Catch::Contains(row.part));
    }
}

TEST_CASE("an answer over its limit is refused, counted after decompression", "[net][client][gzip]") {
    World world;
    std::string text;
    for (int i = 0; i < 10'000; ++i) text += fmt::format("{} ", i);
    const bool zipped = GENERATE(false, true);
    const auto server =
        world.server([&](const std::string&) { return zipped ? ok(compressed(text), "Content-Encoding: gzip\r\n") : ok(text); });
    ClientRequest sent;
    sent.url = server->url();
    sent.max_response = text.size();
    REQUIRE(world.send(sent));
    sent.max_response = text.size() - 1;
    const auto answer = world.send(sent);
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == ErrorCode::too_large);
    CHECK_THAT(answer.error().message, Catch::Contains(std::to_string(text.size() - 1)));
}
