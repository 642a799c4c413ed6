#include <catch2/catch.hpp>

#include "nodes/node_world.hpp"

using namespace sluice;
using namespace std::chrono_literals;
using test::NodeWorld;
using test::parse;
using test::Reply;
using test::Step;

namespace {

Reply reply(int status, std::string_view type, std::string_view body,
            std::string_view headers = {}) {
    return {{fmt::format("HTTP/1.1 {} S\r\nContent-Type: {}\r\nContent-Length: {}\r\n{}\r\n{}",
                         status, type, body.size(), headers, body)}};
}

}  // namespace

TEST_CASE("http.request sends what it was told and gives what came back", "[nodes][http]") {
    NodeWorld world;
    const auto server = world.server([](const std::string&) {
        return reply(201, "application/json; charset=utf-8", R"({"id": 7})",
                     "X-Two: a\r\nX-Two: b\r\n");
    });
    const auto out =
        world.get("http.request",
                  Json{{"method", "POST"},
                       {"url", server->url("/orders?x=1")},
                       {"headers", {{"X-Trace", "{{ input.t }}"}, {"X-None", nullptr}}},
                       {"query", {{"q", "a b&c"}, {"tag", {"x", "y"}}, {"none", nullptr}}},
                       {"body", {{"customer", "{{ input.c }}"}}}},
                  parse(R"({"t": "t1", "c": "acme"})"));
    CHECK(out["status"] == 201);
    CHECK(out["body"] == parse(R"({"id": 7})"));
    CHECK(out["headers"]["x-two"] == "a, b");
    CHECK(out["url"] == server->url("/orders?x=1&q=a%20b%26c&tag=x&tag=y"));
    REQUIRE(server->requests.size() == 1);
    CHECK_THAT(server->requests[0],
               Catch::StartsWith("POST /orders?x=1&q=a%20b%26c&tag=x&tag=y HTTP/1.1\r\n") &&
                   Catch::Contains("X-Trace: t1\r\n") && !Catch::Contains("X-None") &&
                   Catch::Contains("Idempotency-Key: key-1\r\n") &&
                   Catch::Contains("Content-Type: application/json\r\n") &&
                   Catch::EndsWith(R"({"customer":"acme"})"));
}

TEST_CASE("a token, or a name with a password, becomes the header Authorization", "[nodes][http]") {
    NodeWorld world;
    const auto server =
        world.server([](const std::string&) { return reply(200, "text/plain", "x"); });
    world.get("http.request", Json{{"url", server->url()}, {"auth", {{"bearer", "t0ken"}}}});
    CHECK_THAT(server->requests[0], Catch::Contains("Authorization: Bearer t0ken\r\n"));
    world.get("http.request",
              Json{{"url", server->url()}, {"auth", {{"username", "ann"}, {"password", "pw"}}}});
    CHECK_THAT(server->requests[1], Catch::Contains("Authorization: Basic YW5uOnB3\r\n"));
    CHECK(world.error("http.request", Json{{"url", server->url()}, {"auth", {{"bearer", "a\nb"}}}})
              .code == ErrorCode::invalid_argument);
    const std::string both = "give either bearer, or username and password";
    CHECK_THAT(world.refusal("http.request", parse(R"({"url": "http://x.org", "auth": {}})")),
               Catch::Contains(both));
    CHECK_THAT(world.refusal("http.request", parse(R"({"url": "http://x.org", "auth": {"bearer": "a", "username": "b"}})")),
               Catch::Contains(both));
}

TEST_CASE("reading requests carry no key and are safe, others are keyed", "[nodes][http]") {
    NodeWorld world;
    const auto& type = *world.types().find("http.request");
    CHECK(type.effect_of(parse(R"({"url": "http://x.org"})")) == flows::Effect::safe);
    CHECK(type.effect_of(parse(R"({"method": "HEAD", "url": "http://x.org"})")) ==
          flows::Effect::safe);
    CHECK(type.effect_of(parse(R"({"method": "DELETE", "url": "http://x.org"})")) ==
          flows::Effect::keyed);
    const auto server =
        world.server([](const std::string&) { return reply(200, "text/plain", "x"); });
    world.get("http.request", Json{{"url", server->url()}});
    CHECK_THAT(server->requests[0], !Catch::Contains("Idempotency-Key"));
}

TEST_CASE("the body becomes what its type or the config says", "[nodes][http]") {
    NodeWorld world;
    std::string type = "text/plain", body = "hello";
    const auto server = world.server([&](const std::string&) { return reply(200, type, body); });
    const auto get = [&](const char* form) {
        return world.get("http.request", Json{{"url", server->url()}, {"response", form}})["body"];
    };
    CHECK(get("auto") == "hello");
    CHECK(get("base64") == "aGVsbG8=");
    type = "application/problem+json", body = R"({"a": 1})";
    CHECK(get("auto") == parse(R"({"a": 1})"));
    CHECK(get("text") == R"({"a": 1})");
    body = "{broken";
    CHECK(get("auto") == "{broken");
    const auto error =
        world.error("http.request", Json{{"url", server->url()}, {"response", "json"}});
    CHECK(error.code == ErrorCode::upstream_failed);
    type = "image/png", body = "\xff\xd8";
    CHECK(get("auto") == "/9g=");
    CHECK(get("text") == "\xef\xbf\xbd\xef\xbf\xbd");
}

TEST_CASE("a bad status is an error that knows whether to try again and when", "[nodes][http]") {
    NodeWorld world;
    int status = 500;
    std::string headers;
    const auto server = world.server(
        [&](const std::string&) { return reply(status, "text/plain", "why\nnot", headers); });
    struct Row {
        int status;
        ErrorCode code;
        bool retryable;
    };
    for (const auto& row : std::vector<Row>{{400, ErrorCode::upstream_failed, false},
                                            {404, ErrorCode::upstream_failed, false},
                                            {408, ErrorCode::timeout, true},
                                            {425, ErrorCode::upstream_failed, true},
                                            {429, ErrorCode::rate_limited, true},
                                            {500, ErrorCode::upstream_failed, true},
                                            {503, ErrorCode::upstream_failed, true}}) {
        status = row.status;
        CAPTURE(status);
        const auto error = world.error("http.request", Json{{"url", server->url()}});
        CHECK(error.code == row.code);
        CHECK(error.retryable == row.retryable);
        CHECK_THAT(error.message, Catch::Contains(fmt::format("status {}: why not", status)));
    }
    headers = "Retry-After: 3\r\n";
    CHECK(world.error("http.request", Json{{"url", server->url()}}).retry_after_us == 3'000'000);
    headers = "Retry-After: Tue, 14 Nov 2023 22:13:30 GMT\r\n";  // ten seconds after the manual
                                                                 // clock's start
    CHECK(world.error("http.request", Json{{"url", server->url()}}).retry_after_us == 10'000'000);
    status = 404;
    CHECK(world.error("http.request", Json{{"url", server->url()}}).retry_after_us == 0);
    CHECK(world.get("http.request",
                    Json{{"url", server->url()}, {"fail_on_status", false}})["status"] == 404);
}

TEST_CASE("redirects are followed unless told otherwise, and judged again", "[nodes][http]") {
    NodeWorld world;
    const auto server = world.server([](const std::string& request) {
        if (request.starts_with("GET /inside")) return test::redirect(302, "http://10.0.0.1/");
        return request.starts_with("GET /moved") ? test::redirect(302, "/here")
                                                 : reply(200, "text/plain", "x");
    });
    CHECK(world.get("http.request", Json{{"url", server->url("/moved")}})["url"] ==
          server->url("/here"));
    CHECK(world.get("http.request", Json{{"url", server->url("/moved")},
                                         {"follow_redirects", false}})["status"] == 302);
    CHECK(world.error("http.request", Json{{"url", server->url("/inside")}}).code ==
          ErrorCode::forbidden);
}

TEST_CASE("what hangs, breaks or lies inside is refused in words", "[nodes][http]") {
    NodeWorld world;
    const auto hangs = world.server([](const std::string&) { return Reply{{}, false, true}; });
    const auto garbage =
        world.server([](const std::string&) { return Reply{{"no http at all\r\n\r\n"}, true}; });
    world.advance_while_waiting = 500ms;
    const auto slow = world.error("http.request", Json{{"url", hangs->url()}, {"timeout", "2s"}});
    world.advance_while_waiting = 0ms;
    CHECK(slow.code == ErrorCode::timeout);
    CHECK(slow.retryable);
    const auto broken = world.error("http.request", Json{{"url", garbage->url()}});
    CHECK(broken.code == ErrorCode::upstream_failed);
    CHECK(broken.retryable);
    NodeWorld guarded({});
    const auto inside =
        guarded.error("http.request", parse(R"({"url": "http://127.0.0.1:8080/"})"));
    CHECK(inside.code == ErrorCode::forbidden);
    CHECK_THAT(inside.message, Catch::Contains("egress.allow"));
    CHECK(world.error("http.request", parse(R"({"url": "{{ input }}"})"), "ftp://x").code ==
          ErrorCode::invalid_argument);
    CHECK(world
              .error("http.request",
                     parse(R"({"url": "http://127.0.0.1:8080/", "headers": {"X": "{{ input }}"}})"),
                     "a\r\nb")
              .code == ErrorCode::invalid_argument);
    CHECK_THAT(world.refusal("http.request", parse(R"({"url": "ftp://x"})")),
               Catch::Contains("/config/url"));
    CHECK_THAT(world.refusal("http.request",
                             parse(R"({"url": "http://x.org", "method": "{{ input.m }}"})")),
               Catch::Contains("/config/method"));
}

TEST_CASE("llm.chat gives text, usage and cost, streams, and says that it is simulated",
          "[nodes][llm]") {
    NodeWorld world;
    Step step;
    step.input = parse(R"({"topic": "glaciers and rivers in Norway"})");
    const auto out =
        world.run("llm.chat",
                  parse(R"({"system": "Be brief", "prompt": "Explain {{ input.topic }}"})"), step);
    REQUIRE(out);
    CHECK_THAT(out->output["text"].get<std::string>(), Catch::Contains("glaciers"));
    CHECK(out->output["simulated"] == true);
    CHECK(out->output["value"] == Json());
    CHECK(out->output["model"] == "simulated-small");
    std::string streamed;
    for (const auto& piece : step.pieces) streamed += piece["text"].get<std::string>();
    CHECK(out->output["text"] == streamed);
    REQUIRE(step.usages.size() == 1);
    CHECK(out->output["usage"]["input_tokens"] == step.usages[0].input_tokens);
    CHECK(step.usages[0].simulated);
    CHECK(base::parse_usd(out->output["cost_usd"].get<std::string>())->value ==
          step.usages[0].cost_nano_usd);
    Step quiet;
    REQUIRE(
        world.run("llm.chat", parse(R"({"prompt": "Explain rivers", "stream": false})"), quiet));
    CHECK(quiet.pieces.empty());
}

TEST_CASE("an answer that is not what was asked for is a retryable error, with its usage counted",
          "[nodes][llm]") {
    NodeWorld world;
    Step step;
    const auto bad = world.run(
        "llm.chat",
        parse(
            R"({"prompt": "Is it urgent?", "response_schema": {"type": "object"}, "extra": {"simulate": {"fail": "bad_json"}}})"),
        step);
    REQUIRE_FALSE(bad);
    CHECK(bad.error().code == ErrorCode::upstream_failed);
    CHECK(bad.error().retryable);
    CHECK(step.usages.size() == 1);
    const auto cut = world.output(
        "llm.chat",
        parse(
            R"({"prompt": "Is it urgent?", "response_schema": {"type": "object", "required": ["note"], "properties": {"note": {"type": "string"}}}, "max_output_tokens": 2})"));
    REQUIRE_FALSE(cut);
    CHECK_FALSE(cut.error().retryable);
    CHECK_THAT(cut.error().message, Catch::Contains("max_output_tokens"));
    CHECK(world.error("llm.chat", parse(R"({"prompt": "x", "model": "gpt-9"})")).code ==
          ErrorCode::not_found);
    CHECK(world
              .error("llm.chat",
                     parse(R"({"prompt": "x", "extra": {"simulate": {"fail": "rate_limited"}}})"))
              .retry_after_us > 0);
}

TEST_CASE("a conversation with tools goes through llm.chat", "[nodes][llm]") {
    NodeWorld world;
    const auto first = world.get(
        "llm.chat",
        parse(
            R"({"prompt": "Find order 17", "tools": [{"name": "find_order", "parameters": {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}}], "tool_choice": "find_order"})"));
    REQUIRE(first["tool_calls"].size() == 1);
    CHECK(first["tool_calls"][0]["arguments"]["id"].is_number_integer());
    const auto second = world.get(
        "llm.chat",
        parse(
            R"({"messages": [{"role": "user", "content": "Find order 17"}, {"role": "assistant", "content": null, "tool_calls": "{{ input }}"},
        {"role": "tool", "tool_call_id": "x", "content": "delivered to Bergen"}]})"),
        first["tool_calls"]);
    CHECK_THAT(second["text"].get<std::string>(), Catch::Contains("bergen"));
}

TEST_CASE("what a model cannot be asked is refused when the flow is published", "[nodes][llm]") {
    NodeWorld world;
    CHECK_THAT(world.refusal("llm.chat", parse("{}")), Catch::Contains("prompt"));
    CHECK_THAT(world.refusal("llm.chat",
                             parse(R"({"prompt": "x", "response_schema": {"type": "martian"}})")),
               Catch::Contains("/config/response_schema"));
    CHECK_THAT(world.refusal("llm.chat", parse(R"({"prompt": "x", "tool_choice": "nobody"})")),
               Catch::Contains("/config/tool_choice"));
    CHECK_THAT(world.refusal("llm.chat", parse(R"({"prompt": "x", "temperature": 9})")),
               Catch::Contains("/config/temperature"));
    CHECK_THAT(world.refusal("llm.chat", parse(R"({"prompt": "x", "timeout": "soon"})")),
               Catch::Contains("/config/timeout"));
}
