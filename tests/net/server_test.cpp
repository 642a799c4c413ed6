#include <sys/stat.h>

#include <fstream>

#include "net/server_world.hpp"

using namespace sluice;
using namespace sluice::test;
using net::Request;
using net::Response;
using net::Verb;

namespace {

Awaitable<Response> show(Request& request) {
    Json query = Json::object();
    for (const auto& [name, value] : request.query) query[name] = value;
    const Json body{{"path", request.path},
                    {"route", request.route},
                    {"id", request.parameter("id")},
                    {"query", query},
                    {"body", request.body},
                    {"request", request.id},
                    {"principal", request.principal.id},
                    {"local", request.local_socket}};
    co_return net::json_response(200, body);
}

Awaitable<Response> fails(Request&) {
    throw std::runtime_error("secret detail of the inside");
    co_return net::no_content();
}

}  // namespace

TEST_CASE("requests on one connection are answered in order, also when sent at once",
          "[net][server]") {
    ServerWorld world;
    world.route(Verb::get, "/api/v1/things/{id}", show);
    world.route(Verb::post, "/api/v1/things", show);
    world.start();
    auto client = world.connect();
    client.send(
        "GET /api/v1/things/a%20b?x=1&y=a+b%26 HTTP/1.1\r\nHost: test\r\n\r\n"
        "POST /api/v1/things HTTP/1.1\r\nHost: test\r\nContent-Type: "
        "application/json\r\nContent-Length: 2\r\n\r\n{}"
        "\r\nPOST /api/v1/things HTTP/1.1\r\nHost: test\r\nContent-Type: "
        "application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        "3;x=y\r\n[1,\r\n2\r\n2]\r\n0\r\nX-Trailer: no\r\n\r\n"
        "GET /nowhere HTTP/1.1\r\nHost: test\r\n\r\n");
    const auto first = body_of(client.answer());
    CHECK(first["id"] == "a b");
    CHECK(first["path"] == "/api/v1/things/a b");
    CHECK(first["query"]["y"] == "a b&");
    CHECK(body_of(client.answer())["body"] == "{}");
    CHECK(body_of(client.answer())["body"] == "[1,2]");
    CHECK(status_of(client.answer()) == 404);
    client.send("GET /api/v1/things/last HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
    CHECK(body_of(client.answer())["id"] == "last");
    CHECK(client.closed());
}

TEST_CASE("a request that arrives byte by byte is the same request", "[net][server]") {
    ServerWorld world;
    world.route(Verb::post, "/a", show);
    world.start();
    auto client = world.connect();
    for (const char c : std::string_view(
             "POST /a HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\nTransfer-Encoding: "
             "chunked\r\n\r\n2\r\n[]\r\n0\r\n\r\n"))
        client.send(std::string_view(&c, 1));
    CHECK(body_of(client.answer())["body"] == "[]");
}

TEST_CASE("every answer names its request and carries the security headers", "[net][server]") {
    ServerWorld world;
    world.route(Verb::get, "/api/v1/a", show);
    world.route(Verb::get, "/page", ServerWorld::says("page"));
    world.start();
    const auto answer = world.get("/api/v1/a", "X-Request-Id: abc-1.2\r\n");
    CHECK(has(answer, "X-Request-Id: abc-1.2\r\n"));
    CHECK(body_of(answer)["request"] == "abc-1.2");
    for (const auto* header :
         {"X-Content-Type-Options: nosniff\r\n", "Referrer-Policy: no-referrer\r\n",
          "Cache-Control: no-store\r\n", "Content-Security-Policy: default-src 'none'", "Date: "}) {
        CAPTURE(header);
        CHECK(has(answer, header));
        CHECK(has(world.get("/nowhere"), header));
    }
    const auto made = world.get("/api/v1/a", "X-Request-Id: not valid\r\n");
    CHECK(has(made, "X-Request-Id: req_"));
    const auto missing = world.get("/nowhere", "X-Request-Id: mine\r\n");
    CHECK(body_of(missing)["request_id"] == "mine");
    CHECK(has(missing, "Content-Type: application/problem+json\r\n"));

    world.on_loop([&] {
        net::Headers headers;
        headers.set("Content-Security-Policy", "default-src 'self'");
        world.server->set_default_headers(headers);
    });
    CHECK(has(world.get("/page"), "Content-Security-Policy: default-src 'self'\r\n"));
    CHECK(has(world.get("/page"), "X-Content-Type-Options: nosniff\r\n"));
    CHECK_FALSE(has(world.get("/page"), "Cache-Control"));
    CHECK(has(world.get("/api/v1/a"), "Content-Security-Policy: default-src 'none'"));
}

TEST_CASE("a header value that a handler took from outside cannot end the header",
          "[net][server]") {
    ServerWorld world;
    world.route(Verb::get, "/a", [](Request&) -> Awaitable<Response> {
        auto response = net::no_content();
        response.headers.add("X-Name", "a\r\nSet-Cookie: x=1");
        co_return response;
    });
    world.start();
    CHECK(has(world.get("/a"), "X-Name: aSet-Cookie: x=1\r\n"));
}

TEST_CASE("a route answers only those who may", "[net][server][auth]") {
    ServerWorld world;
    world.route(Verb::get, "/api/v1/flows", show, {}, Permission::flows_read);
    world.route(Verb::get, "/open", show);
    world.start();
    const auto nobody = world.get("/api/v1/flows");
    CHECK(status_of(nobody) == 401);
    CHECK(has(nobody, "WWW-Authenticate: Bearer\r\n"));
    const auto weak = world.get("/api/v1/flows", "Authorization: Bearer weak\r\n");
    CHECK(status_of(weak) == 403);
    CHECK(has(body_of(weak)["detail"].get<std::string>(), "flows:read"));
    CHECK(body_of(world.get("/api/v1/flows", "Authorization: Bearer good\r\n"))["principal"] ==
          "key_good");
    CHECK(body_of(world.get("/open"))["principal"] == "");
    CHECK(body_of(world.get("/open", "Authorization: Bearer weak\r\n"))["principal"] == "key_weak");
    CHECK(status_of(world.get("/open", "Authorization: Bearer unknown\r\n")) == 200);
}

TEST_CASE("HEAD, OPTIONS and other verbs follow from the routes", "[net][server]") {
    ServerWorld world;
    world.route(Verb::get, "/a", ServerWorld::says("hello"));
    world.route(Verb::put, "/a", show);
    world.start();
    auto client = world.connect();
    client.send("HEAD /a HTTP/1.1\r\nHost: t\r\n\r\nGET /a HTTP/1.1\r\nHost: t\r\n\r\n");
    const auto head = client.until("\r\n\r\n");
    CHECK(has(head, "Content-Length: 5\r\n"));
    CHECK(has(client.answer(), "\r\n\r\nhello"));
    const auto options = world.exchange("OPTIONS /a HTTP/1.1\r\nHost: t\r\n\r\n");
    CHECK(status_of(options) == 204);
    CHECK(has(options, "Allow: GET, HEAD, PUT, OPTIONS\r\n"));
    const auto other = world.exchange("DELETE /a HTTP/1.1\r\nHost: t\r\n\r\n");
    CHECK(status_of(other) == 405);
    CHECK(has(other, "Allow: GET, HEAD, PUT, OPTIONS\r\n"));
    CHECK(status_of(world.exchange("BREW /a HTTP/1.1\r\nHost: t\r\n\r\n")) == 501);
}

TEST_CASE("a body is checked against its schema before the handler runs", "[net][server]") {
    ServerWorld world;
    world.router.add_schema(
        "New", R"({"type": "object", "additionalProperties": false, "required": ["name"],
        "properties": {"name": {"type": "string"}, "size": {"type": "integer", "minimum": 1}}})");
    int calls = 0;
    const auto count = [&calls](Request& request) -> Awaitable<Response> {
        ++calls;
        return show(request);
    };
    world.route(Verb::post, "/a", count, {.summary = "x", .request = "New"});
    world.route(Verb::post, "/unchecked", count,
                {.summary = "x", .request = "New", .check_body = false});
    world.start();
    const auto wrong = world.post("/a", R"({"size": 0, "other": 1})");
    CHECK(status_of(wrong) == 400);
    std::vector<std::string> pointers;
    const auto mistakes = body_of(wrong)["errors"];
    for (const auto& mistake : mistakes) pointers.push_back(mistake["pointer"].get<std::string>());
    CHECK_THAT(pointers, Catch::VectorContains(std::string("/size")));
    CHECK_THAT(pointers, Catch::VectorContains(std::string("/other")));
    CHECK(status_of(world.post("/a", "{\"name\": ")) == 400);
    CHECK(status_of(world.post("/a", "")) == 400);
    CHECK(status_of(world.post("/a", "name=x",
                               "Content-Type: application/x-www-form-urlencoded\r\n")) == 415);
    CHECK(status_of(world.post("/a", "{}", "")) == 415);
    CHECK(calls == 0);
    CHECK(status_of(world.post("/a", R"({"name": "x"})")) == 200);
    CHECK(status_of(world.post("/unchecked", R"({"other": 1})")) == 200);
    CHECK(calls == 2);
}

TEST_CASE("a handler that throws gives a problem without its inside, and the connection goes on",
          "[net][server]") {
    ServerWorld world;
    world.route(Verb::get, "/a", fails);
    world.route(Verb::get, "/b", ServerWorld::says("fine"));
    world.start();
    auto client = world.connect();
    client.send("GET /a HTTP/1.1\r\nHost: t\r\n\r\n");
    const auto answer = client.answer();
    CHECK(status_of(answer) == 500);
    CHECK_FALSE(has(answer, "secret detail"));
    CHECK(has(body_of(answer)["request_id"].get<std::string>(), "req_"));
    client.send("GET /b HTTP/1.1\r\nHost: t\r\n\r\n");
    CHECK(has(client.answer(), "fine"));
}

TEST_CASE("a key that was used is answered from its record", "[net][server][idempotency]") {
    ServerWorld world;
    int calls = 0;
    const auto create = [&calls](Request& request) -> Awaitable<Response> {
        ++calls;
        if (!request.idempotency || request.idempotency->key() == "raced")
            co_return net::problem(Error{ErrorCode::conflict, "idempotency_key_used", {}, false});
        co_return net::json_response(201, Json{{"id", 1}});
    };
    world.route(Verb::post, "/checked", create);
    world.route(Verb::post, "/hot", create,
                {.summary = "x", .check_body = false, .finds_used_key = true});
    world.records.answers["used"] = {"{}", net::StoredAnswer{201, R"({"id":7})", "\"3\""}};
    world.records.answers["raced"] = {"{}", net::StoredAnswer{202, R"({"id":8})", ""}};
    world.start();
    const auto with_key = [](std::string_view key) {
        return fmt::format("Content-Type: application/json\r\nIdempotency-Key: {}\r\n", key);
    };
    const auto first = world.post("/checked", "{}", with_key("fresh"));
    CHECK(status_of(first) == 201);
    CHECK_FALSE(has(first, "Idempotent-Replayed"));
    const auto again = world.post("/checked", "{}", with_key("used"));
    CHECK(status_of(again) == 201);
    CHECK(body_of(again)["id"] == 7);
    CHECK(has(again, "Idempotent-Replayed: true\r\n"));
    CHECK(has(again, "ETag: \"3\"\r\n"));
    CHECK(calls == 1);
    CHECK(status_of(world.post("/checked", "[]", with_key("used"))) == 422);
    CHECK(status_of(world.post("/checked", "{}", with_key(std::string(300, 'k')))) == 400);
    const auto finds = world.records.finds;
    CHECK(status_of(world.post("/hot", "{}", with_key("fresh"))) == 201);
    CHECK(world.records.finds == finds);  // the hot path reads nothing on the first try
    const auto raced = world.post("/hot", "{}", with_key("raced"));
    CHECK(status_of(raced) == 202);
    CHECK(body_of(raced)["id"] == 8);
    CHECK(status_of(world.post("/hot", "{}")) == 409);
}

TEST_CASE("the admin socket is its owner's alone and replaces one left behind", "[net][server]") {
    const auto path =
        std::filesystem::temp_directory_path() / fmt::format("sluice-admin-{}.sock", ::getpid());
    std::filesystem::remove(path);
    {
        asio::io_context context;  // a server that was killed leaves such a file
        asio::local::stream_protocol::acceptor left(
            context, asio::local::stream_protocol::endpoint(path.string()));
    }
    {
        ServerWorld world;
        world.options.admin_socket = path;
        world.route(Verb::get, "/api/v1/flows", show, {}, Permission::flows_read);
        world.start();
        struct stat status{};
        REQUIRE(::stat(path.c_str(), &status) == 0);
        CHECK((status.st_mode & 0777) == 0600);
        RawClient<asio::local::stream_protocol> client{
            asio::local::stream_protocol::endpoint(path.string())};
        client.send("GET /api/v1/flows HTTP/1.1\r\nHost: local\r\n\r\n");
        CHECK(body_of(client.answer())["local"] == true);
        CHECK(body_of(world.get("/api/v1/flows", "Authorization: Bearer good\r\n"))["local"] ==
              false);

        ServerWorld second;
        second.options.admin_socket = path;
        const auto started = second.try_start();
        REQUIRE_FALSE(started);
        CHECK(started.error().code == ErrorCode::conflict);
    }
    CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("a server that cannot listen says why and what to do", "[net][server]") {
    ServerWorld world;
    world.start();
    ServerWorld second;
    second.router.seal("1");
    net::ServerOptions options;
    options.port = world.server->port();
    net::Server taken(second.loop, second.router, options);
    const auto started = taken.start();
    REQUIRE_FALSE(started);
    CHECK(started.error().code == ErrorCode::conflict);
    CHECK(has(started.error().message, "--listen"));
    CHECK(has(started.error().message, fmt::format("port {}", options.port)));
    options.address = "no address";
    net::Server wrong(second.loop, second.router, options);
    CHECK(wrong.start().error().code == ErrorCode::invalid_argument);
    options.address = "127.0.0.1";
    options.port = 0;
    options.tls = {"/does/not/exist.pem", "/does/not/exist.key"};
    net::Server no_files(second.loop, second.router, options);
    const auto without = no_files.start();
    REQUIRE_FALSE(without);
    CHECK(has(without.error().message, "/does/not/exist.pem"));
}
