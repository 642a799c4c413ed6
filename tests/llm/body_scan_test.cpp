#include <catch2/catch.hpp>

#include "llm/body_scan.hpp"
#include "sluice/base/json.hpp"

using namespace sluice;
using llm::BodyScan;

TEST_CASE("the outer members of a body are found without building it", "[llm][scan]") {
    const std::string body = R"( {"model" : "a\u0062c", "n":3,"stream":true, "messages":[{"content":"x}]\""}],"t":-1.5e3 } )";
    const auto scan = BodyScan::read(body);
    REQUIRE(scan);
    CHECK(scan->members().size() == 5);
    CHECK(scan->text("model") == "abc");
    CHECK(scan->integer("n", 0) == 3);
    CHECK(scan->flag("stream", false));
    CHECK(scan->raw("messages") == R"([{"content":"x}]\""}])");
    CHECK(scan->integer("t", 7) == 7);
    CHECK(scan->text("none", "else") == "else");
}

TEST_CASE("a changed member changes its own bytes alone", "[llm][scan]") {
    const std::string body = R"({ "a" : 1.0e0 , "model":"x", "z" : [ ] , "e": {} })";
    SECTION("replaced and added") {
        auto scan = BodyScan::read(body);
        REQUIRE(scan);
        scan->set("model", R"("gpt")");
        scan->set("max_tokens", "7");
        CHECK(scan->edited() == R"({ "a" : 1.0e0 , "model":"gpt", "z" : [ ] , "e": {},"max_tokens":7})");
    }
    SECTION("each member can be removed, and what is left is JSON") {
        for (const std::string key : {"a", "model", "z", "e"}) {
            auto scan = BodyScan::read(body);
            REQUIRE(scan);
            scan->remove(key);
            const auto left = Json::parse(scan->edited(), nullptr, false);
            CAPTURE(key, scan->edited());
            REQUIRE(left.is_object());
            CHECK(left.size() == 3);
            CHECK(!left.contains(key));
        }
    }
    SECTION("all of them, and one added") {
        auto scan = BodyScan::read(body);
        REQUIRE(scan);
        for (const auto* key : {"a", "model", "z", "e"}) scan->remove(key);
        scan->set("new", "null");
        const auto left = Json::parse(scan->edited(), nullptr, false);
        CAPTURE(scan->edited());
        REQUIRE(left.is_object());
        CHECK(left.size() == 1);
    }
}

TEST_CASE("what is no JSON object is refused with its place", "[llm][scan]") {
    const std::string body = GENERATE(
        "", "[]", "{", R"({"a":1)", R"({"a":1,})", R"({"a" 1})", R"({"a":01})", R"({"a":1.})", R"({"a":tru})", R"({"a":"\x"})", R"({"a":"\ud800"})",
        R"({"a":"\udc00"})", R"({"a":"\ud800\u0041"})", "{\"a\":\"\n\"}", "{\"a\":\"\xff\"}", "{\"a\":\"\xc0\x80\"}", "{\"a\":\"\xed\xa0\x80\"}",
        R"({"a":1}x)", R"({"a":[1,]})", R"({"a":{"b":1,}})", R"({"a":1,"\u0061":2})", R"({"a":-})", R"({"a":1e})", R"({a:1})", R"({"a":+1})");
    CAPTURE(body);
    const auto scan = BodyScan::read(body);
    CHECK(!scan);
}

TEST_CASE("the scan accepts what the strict reader accepts", "[llm][scan]") {
    const std::string body = GENERATE("{}", R"({"a":[[],{},[{}],""],"b":null})", R"({"a":"\ud83d\ude00 é","":0,"c":-0.0,"d":1E+9})", "{\"a\":\"\xf0\x9f\x98\x80\"}");
    CAPTURE(body);
    CHECK(BodyScan::read(body));
    CHECK(base::parse_json(body));
}

TEST_CASE("depth is limited, without recursion", "[llm][scan]") {
    const auto nested = [](std::size_t depth) { return "{\"a\":" + std::string(depth, '[') + std::string(depth, ']') + "}"; };
    CHECK(BodyScan::read(nested(127)));
    const auto deep = BodyScan::read(nested(128));
    REQUIRE(!deep);
    CHECK(deep.error().code == ErrorCode::too_large);
    CHECK(!BodyScan::read(nested(1'000'000)));
}
