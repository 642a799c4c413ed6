#include <catch2/catch.hpp>

#include "sluice/base/json.hpp"
#include "sluice/net/router.hpp"

using namespace sluice;
using namespace sluice::net;

namespace {

Awaitable<Response> nothing(Request&) { co_return no_content(); }

void add(Router& router, Verb verb, std::string path, RouteInfo info = {.summary = "x"}) {
    router.add(RouteEntry{verb, std::move(path), Access::open(), nothing, info});
}

std::string found(const Router& router, Verb verb, std::string_view path) {
    const auto match = router.match(verb, path);
    if (!match.entry) return match.allowed.empty() ? "404" : "405";
    std::string out(match.entry->path);
    for (const auto& [name, value] : match.parameters) out += fmt::format(" {}={}", name, value);
    return out;
}

}  // namespace

TEST_CASE("a path finds its most exact route and its parameters", "[net][router]") {
    Router router;
    add(router, Verb::get, "/");
    add(router, Verb::get, "/api/v1/flows");
    add(router, Verb::get, "/api/v1/flows/{id}");
    add(router, Verb::post, "/api/v1/flows/validate");
    add(router, Verb::get, "/api/v1/flows/{id}/versions/{version:integer}");
    add(router, Verb::get, "/api/v1/flows/{id}/versions/{name}");
    add(router, Verb::get, "/files/{path...}");

    CHECK(found(router, Verb::get, "/") == "/");
    CHECK(found(router, Verb::get, "/api/v1/flows") == "/api/v1/flows");
    CHECK(found(router, Verb::get, "/api/v1/flows/f1") == "/api/v1/flows/{id} id=f1");
    CHECK(found(router, Verb::post, "/api/v1/flows/validate") == "/api/v1/flows/validate");
    CHECK(found(router, Verb::get, "/api/v1/flows/f1/versions/12") ==
          "/api/v1/flows/{id}/versions/{version:integer} id=f1 version=12");
    CHECK(found(router, Verb::get, "/api/v1/flows/f1/versions/live") ==
          "/api/v1/flows/{id}/versions/{name} id=f1 name=live");
    CHECK(found(router, Verb::get, "/api/v1/flows/each%5B1%5D%2Fa") ==
          "/api/v1/flows/{id} id=each[1]/a");
    CHECK(found(router, Verb::get, "/files/a/b.css") == "/files/{path...} path=a/b.css");
    CHECK(found(router, Verb::head, "/api/v1/flows") == "/api/v1/flows");
    CHECK(found(router, Verb::get, "/api/v1/flows/") == "404");
    CHECK(found(router, Verb::get, "/api/v1") == "404");
    CHECK(found(router, Verb::get, "/api/v1/flows/f1/x") == "404");
    CHECK(found(router, Verb::get, "api") == "404");
    CHECK(found(router, Verb::del, "/api/v1/flows") == "405");
    CHECK(router.match(Verb::del, "/api/v1/flows").allowed ==
          std::vector<Verb>{Verb::get, Verb::head});
}

TEST_CASE("a route that cannot work is refused when it is added", "[net][router]") {
    Router router;
    add(router, Verb::get, "/a/{id}");
    CHECK_THROWS_WITH(add(router, Verb::get, "/a/{other}"), Catch::Contains("there already"));
    for (const auto* path : {"", "a", "/a//b", "/a/{}", "/a/{x", "/a/{x}y", "/{a}/{a}",
                             "/{rest...}/b", "/a b", "/a?b", "/{a-b}"}) {
        CAPTURE(path);
        CHECK_THROWS_AS(add(router, Verb::get, path), std::logic_error);
    }
    CHECK_THROWS_AS(router.add(RouteEntry{Verb::get, "/none", Access::open(), nullptr, {}}),
                    std::logic_error);
    add(router, Verb::put, "/a/{id}");
    CHECK(found(router, Verb::put, "/a/1") == "/a/{id} id=1");
    CHECK(router.routes().size() == 2);
}

TEST_CASE("schemas are judged when the router is sealed, and bodies against them",
          "[net][router]") {
    SECTION("a name that nobody added") {
        Router router;
        add(router, Verb::post, "/a", {.summary = "x", .request = "Missing"});
        CHECK_THROWS_WITH(router.seal("1"), Catch::Contains("Missing"));
    }
    SECTION("no schema at all") {
        Router router;
        router.add_schema("Bad", R"({"type": "no such type"})");
        CHECK_THROWS_WITH(router.seal("1"), Catch::Contains("Bad"));
    }
    SECTION("one name for two schemas") {
        Router router;
        router.add_schema("A", R"({"type": "object"})");
        router.add_schema("A", R"({"type": "object"})");
        CHECK_THROWS_AS(router.add_schema("A", R"({"type": "array"})"), std::logic_error);
    }
    SECTION("references and mistakes") {
        Router router;
        router.add_schema("Name", R"({"type": "string", "minLength": 1})");
        router.add_schema("New",
                          R"({"type": "object", "additionalProperties": false, "required": ["name"],
            "properties": {"name": {"$ref": "#/components/schemas/Name"}}})");
        add(router, Verb::post, "/things", {.summary = "x", .request = "New"});
        router.seal("1");
        CHECK(router.check("New", Json{{"name", "x"}}).empty());
        const auto empty = router.check("New", Json{{"name", ""}});
        REQUIRE(empty.size() == 1);
        CHECK(empty[0].pointer == "/name");
        const auto unknown = router.check("New", Json{{"name", "x"}, {"nmae", 1}});
        REQUIRE(unknown.size() == 1);
        CHECK(unknown[0].pointer == "/nmae");
        CHECK_THROWS_AS(router.check("Absent", Json()), std::logic_error);
    }
}
