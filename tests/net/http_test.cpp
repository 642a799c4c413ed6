#include <catch2/catch.hpp>

#include "sluice/base/json.hpp"
#include "sluice/net/http.hpp"

using namespace sluice;
using namespace sluice::net;

TEST_CASE("header names compare without case, and set replaces every earlier value",
          "[net][http]") {
    Headers headers;
    headers.add("Accept", "a");
    headers.add("ACCEPT", "b");
    CHECK(headers.get("accept") == "a");
    headers.set("aCCept", "c");
    CHECK(headers.all().size() == 1);
    CHECK(headers.get("Accept") == "c");
    headers.remove("accept");
    CHECK_FALSE(headers.find("Accept"));
    CHECK(headers.get("Accept", "none") == "none");
}

TEST_CASE("percent-decoding reads every byte and refuses broken escapes and NUL", "[net][http]") {
    CHECK(*decode_component("a%2Fb+c%20d", false) == "a/b+c d");
    CHECK(*decode_component("a+b", true) == "a b");
    CHECK(*decode_component("%e2%82%AC", false) == "\xe2\x82\xac");
    for (const auto* broken : {"%", "%4", "a%zz", "100%", "%00"}) {
        CAPTURE(broken);
        const auto decoded = decode_component(broken, false);
        REQUIRE_FALSE(decoded);
        CHECK(decoded.error().code == ErrorCode::invalid_argument);
    }
    CHECK(encode_component("a b/ü~") == "a%20b%2F%C3%BC~");
    CHECK(*decode_component(encode_component("x?y&z=%"), false) == "x?y&z=%");
}

TEST_CASE("entity tags match weakly, in lists and by star", "[net][http]") {
    CHECK(etag_matches("\"3\"", "\"3\""));
    CHECK(etag_matches("W/\"3\"", "\"3\""));
    CHECK(etag_matches("\"1\", \"a,b\" , W/\"3\"", "\"3\""));
    CHECK(etag_matches("\"1\", \"a,b\"", "\"a,b\""));
    CHECK(etag_matches("*", "\"3\""));
    CHECK_FALSE(etag_matches("\"33\"", "\"3\""));
    CHECK_FALSE(etag_matches("", "\"3\""));
    CHECK_FALSE(etag_matches("3", "\"3\""));
}

TEST_CASE("a problem has the parts of RFC 9457 and says what is missing", "[net][http]") {
    Error error{ErrorCode::invalid_argument,
                "two mistakes",
                {{"/name", "is empty"}, {"/nodes/0", "has no id"}},
                false};
    const auto response = problem(error);
    CHECK(response.status == 400);
    CHECK(response.headers.get("Content-Type") == "application/problem+json");
    const auto body = *base::parse_json(response.text);
    CHECK(body["type"] == "urn:sluice:problem:invalid_argument");
    CHECK(body["status"] == 400);
    CHECK(body["detail"] == "two mistakes");
    CHECK(body["errors"][1]["pointer"] == "/nodes/0");
    CHECK(
        problem(Error{ErrorCode::unauthenticated, "", {}, false}).headers.get("WWW-Authenticate") ==
        "Bearer");
    CHECK(problem(Error{ErrorCode::unavailable, "", {}, true}).headers.find("Retry-After"));
}

TEST_CASE("a number in the query is read within its bounds", "[net][http]") {
    Request request;
    request.query = {{"limit", "20"}, {"wide", "900"}, {"word", "x1"}, {"tail", "5x"}};
    CHECK(*request.query_integer("limit", 50, 1, 200) == 20);
    CHECK(*request.query_integer("absent", 50, 1, 200) == 50);
    for (const auto* name : {"wide", "word", "tail"}) {
        const auto value = request.query_integer(name, 50, 1, 200);
        REQUIRE_FALSE(value);
        CHECK(value.error().message.find(name) != std::string::npos);
        CHECK(value.error().message.find("1 to 200") != std::string::npos);
    }
}

TEST_CASE("a body is read as JSON only where it claims to be", "[net][http]") {
    Request request;
    request.body = R"({"a":1})";
    request.headers.set("Content-Type", "application/json; charset=utf-8");
    CHECK((*request.json())["a"] == 1);
    request.headers.set("Content-Type", "application/merge-patch+json");
    CHECK(request.json());
    request.headers.set("Content-Type", "text/plain");
    CHECK(request.json().error().code == ErrorCode::unsupported_media);
    request.headers.set("Content-Type", "application/json");
    request.body = "{\"a\":1,\"a\":2}";
    CHECK(request.json().error().code == ErrorCode::invalid_argument);
    request.body.clear();
    CHECK(request.json().error().code == ErrorCode::invalid_argument);
    request.json_depth = 3;
    request.body = "[[[[1]]]]";
    CHECK_FALSE(request.json());
}

TEST_CASE("a server-sent event keeps its lines inside its fields", "[net][http]") {
    CHECK(format_sse("run", "7", "{\"a\":1}") == "id: 7\nevent: run\ndata: {\"a\":1}\n\n");
    CHECK(format_sse("", "", "one\ntwo") == "data: one\ndata: two\n\n");
    CHECK(format_sse("a\nid: 9", "", "x") == "event: aid: 9\ndata: x\n\n");
}
