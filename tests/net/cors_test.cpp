#include "net/server_world.hpp"

using namespace sluice;
using namespace sluice::test;
using net::Verb;

namespace {

struct World : ServerWorld {
    explicit World(std::vector<std::string> origins = {"https://app.example", "http://localhost:5173"}) {
        options.cors_origins = std::move(origins);
        route(Verb::get, "/api/v1/a", says("a"), {}, Permission::flows_read);
        route(Verb::put, "/api/v1/a", says("a"), {.check_body = false}, Permission::flows_write);
        route(Verb::get, "/page", says("page"));
    }
    std::string preflight(std::string_view path, std::string_view origin) {
        return exchange(fmt::format("OPTIONS {} HTTP/1.1\r\nHost: test\r\nOrigin: {}\r\nAccess-Control-Request-Method: PUT\r\n"
                                    "Access-Control-Request-Headers: authorization,content-type,x-stainless-os\r\n\r\n", path, origin));
    }
};

}  // namespace

TEST_CASE("without a list no page of another origin may call the API", "[net][server][cors]") {
    World world({});
    world.start();
    const auto answer = world.get("/api/v1/a", "Authorization: Bearer good\r\nOrigin: https://app.example\r\n");
    CHECK(status_of(answer) == 200);
    CHECK_FALSE(has(answer, "Access-Control"));
    const auto preflight = world.preflight("/api/v1/a", "https://app.example");
    CHECK(status_of(preflight) == 204);
    CHECK_FALSE(has(preflight, "Access-Control"));
}

TEST_CASE("listed origins may call the API with a key, never with cookies", "[net][server][cors]") {
    World world;
    world.start();
    const auto answer = world.get("/api/v1/a", "Authorization: Bearer good\r\nOrigin: https://app.example\r\n");
    CHECK(has(answer, "Access-Control-Allow-Origin: https://app.example\r\n"));
    CHECK(has(answer, "Vary: Origin\r\n"));
    CHECK(has(answer, "Access-Control-Expose-Headers: ETag, Location, Retry-After"));
    CHECK_FALSE(has(answer, "Access-Control-Allow-Credentials"));
    SECTION("a refusal can be read too") {
        const auto refused = world.get("/api/v1/a", "Origin: http://localhost:5173\r\n");
        CHECK(status_of(refused) == 401);
        CHECK(has(refused, "Access-Control-Allow-Origin: http://localhost:5173\r\n"));
    }
    SECTION("a preflight") {
        const auto preflight = world.preflight("/api/v1/a", "https://app.example");
        CHECK(status_of(preflight) == 204);
        CHECK(has(preflight, "Access-Control-Allow-Origin: https://app.example\r\n"));
        CHECK(has(preflight, "Access-Control-Allow-Methods: GET, HEAD, PUT, OPTIONS\r\n"));
        CHECK(has(preflight, "Access-Control-Allow-Headers: authorization,content-type,x-stainless-os\r\n"));
        CHECK(has(preflight, "Access-Control-Max-Age: 600\r\n"));
        CHECK_FALSE(has(preflight, "Access-Control-Allow-Credentials"));
    }
    SECTION("an origin is compared whole") {
        for (const auto* origin : {"https://app.example.evil.example", "http://app.example", "https://app.example:8443",
                                   "https://APP.example", "null", "https://evil.example", "http://localhost:51730"}) {
            CAPTURE(origin);
            const auto other = world.get("/api/v1/a", fmt::format("Authorization: Bearer good\r\nOrigin: {}\r\n", origin));
            CHECK(has(other, "Vary: Origin\r\n"));
            CHECK_FALSE(has(other, "Access-Control"));
            CHECK_FALSE(has(world.preflight("/api/v1/a", origin), "Access-Control"));
        }
    }
    SECTION("pages are no API") {
        CHECK_FALSE(has(world.get("/page", "Origin: https://app.example\r\n"), "Access-Control"));
        CHECK_FALSE(has(world.preflight("/page", "https://app.example"), "Access-Control"));
    }
}

TEST_CASE("an entry of server.cors_origins that is no exact origin stops the start", "[net][server][cors]") {
    const auto* entry = GENERATE("*", "null", "https://*.example", "https://app.example/", "https://app.example/x", "app.example",
                                 "https://App.example", "https://app.example:443", "ftp://app.example", "");
    World world({entry});
    const auto started = world.try_start();
    REQUIRE_FALSE(started);
    CHECK_THAT(started.error().message, Catch::Contains(fmt::format("'{}'", entry)));
}
