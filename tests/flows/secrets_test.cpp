#include "flows/types.hpp"

using namespace sluice;
using namespace sluice::flows;
using flows::test::flow;
using flows::test::lines;
using flows::test::type;

namespace {

const NodeTypes& secret_types() {
    static const NodeTypes all = [] {
        NodeTypes out;
        out.add(type("http.request", R"({"type": "object", "properties": {"url": {"type": "string", "x-secret": true},
            "headers": {"type": "object", "x-secret": true}, "note": {}, "where": {"type": "string", "x-expression": true}}})",
                     NodeKind::task, Effect::keyed));
        out.add(type("echo", R"({"type": "object"})"));
        out.add(type("map", R"({"type": "object", "required": ["items", "body"], "properties": {"items": {"type": "array"},
            "body": {"type": "object", "x-body": true}}})", NodeKind::map));
        return out;
    }();
    return all;
}

ValidationResult judged(std::string_view nodes, std::string_view more = "") { return compile_flow(flow(nodes, "", more), secret_types()); }

std::string first_error(const ValidationResult& result) {
    REQUIRE_FALSE(result.errors.empty());
    return lines(result.errors).front();
}

}  // namespace

TEST_CASE("a secret may be named alone in its braces, in and below the fields that the type marks", "[flows][secrets]") {
    const auto result = judged(R"({"id": "a", "type": "http.request", "config": {"url": "https://api.example.com/{{ input.x }}",
        "headers": {"Authorization": "Bearer {{ secrets.token }}", "X-More": ["{{secrets.other}}", "{{ secrets.token }}-{{ input.y }}"]}}})");
    for (const auto& line : lines(result.errors)) UNSCOPED_INFO(line);
    REQUIRE(result.flow);
    const auto& node = result.flow->graph.nodes[0];
    CHECK(node.secret_fields == std::vector<std::string>{"/headers/Authorization", "/headers/X-More/0", "/headers/X-More/1"});
    CHECK(node.secrets == std::vector<std::string>{"token", "other"});
    CHECK(result.flow->secret_marks == Json{{"token", secret_mark("token")}, {"other", secret_mark("other")}});
    REQUIRE(result.flow->secret_uses.size() == 3);
    CHECK(result.flow->secret_uses[0].pointer == "/nodes/0/config/headers/Authorization");
    CHECK(result.flow->secret_uses[0].node_type == "http.request");
    CHECK(result.flow->secret_uses[0].host == "api.example.com:443");
    // The machine renders a mark; the attempt puts the value there, and nowhere else.
    cel::Scope scope;
    const Json input = {{"x", "1"}, {"y", "[secret:other]"}};
    scope.set("input", &input);
    scope.set("secrets", &result.flow->secret_marks);
    const auto rendered = node.config.render(scope);
    REQUIRE(rendered);
    CHECK((*rendered)["headers"]["Authorization"] == "Bearer " + secret_mark("token"));
    const Json values = {{"token", "V1"}, {"other", "V2"}};
    const auto filled = [&](const Json& text) { return fill_secret_marks(text.get_ref<const std::string&>(), values); };
    CHECK(filled((*rendered)["headers"]["Authorization"]) == "Bearer V1");
    CHECK(filled((*rendered)["headers"]["X-More"][0]) == "V2");
    CHECK(filled((*rendered)["headers"]["X-More"][1]) == "V1-[secret:other]");
    CHECK(filled("no mark") == "no mark");
    CHECK(fill_secret_marks("", values).empty());
}

TEST_CASE("inside a container a secret's place is named from the document's root", "[flows][secrets]") {
    const auto result = judged(R"({"id": "m", "type": "map", "config": {"items": [1], "body": {"nodes": [
        {"id": "a", "type": "http.request", "config": {"headers": {"A": "{{ secrets.token }}"}}}]}}})");
    REQUIRE(result.flow);
    REQUIRE(result.flow->secret_uses.size() == 1);
    CHECK(result.flow->secret_uses[0].pointer == "/nodes/0/config/body/nodes/0/config/headers/A");
}

TEST_CASE("a host is known at publishing where no template decides it", "[flows][secrets]") {
    struct Row {
        const char *url, *host;
    };
    const auto row = GENERATE(values<Row>({{"https://Api.Example.com/a?b", "api.example.com:443"},
                                           {"http://api.example.com:8080", "api.example.com:8080"},
                                           {"http://[::1]:80/{{ input.x }}", "[::1]:80"},
                                           {"https://api.{{ input.x }}.com/", ""},
                                           {"https://api.example.com{{ input.x }}", ""},
                                           {"{{ secrets.token }}", ""},
                                           {"no url", ""}}));
    CAPTURE(row.url);
    const Json document = {{"name", "f"}, {"edges", Json::array()},
                           {"nodes", {{{"id", "a"}, {"type", "http.request"},
                                       {"config", {{"url", row.url}, {"headers", {{"A", "{{ secrets.token }}"}}}}}}}}};
    const auto result = compile_flow(document, secret_types());
    REQUIRE(result.flow);
    CHECK(result.flow->secret_uses.back().host == row.host);
}

TEST_CASE("a secret in any other place is refused with the place", "[flows][secrets]") {
    struct Row {
        const char *nodes, *more, *pointer, *says;
    };
    const auto row = GENERATE(values<Row>({
        {R"({"id": "a", "type": "http.request", "config": {"note": "{{ secrets.token }}"}})", "", "/nodes/0/config/note", "takes them in url, headers"},
        {R"({"id": "a", "type": "echo", "config": {"x": {"y": "{{ secrets.token }}"}}})", "", "/nodes/0/config/x/y", "no place for secrets"},
        {R"({"id": "a", "type": "http.request", "config": {"where": "secrets.token == 'x'"}})", "", "/nodes/0/config/where", "unknown name \"secrets\""},
        {R"({"id": "a", "type": "echo"})", R"("output": "{{ secrets.token }}")", "/output", "unknown name \"secrets\""},
        {R"({"id": "a", "type": "map", "config": {"items": "{{ secrets.token }}", "body": {"nodes": [{"id": "b", "type": "echo"}]}}})", "",
         "/nodes/0/config/items", "no place for secrets"},
        {R"({"id": "a", "type": "http.request", "retry": {"max_attempts": 2, "retry_if": "secrets.token == ''"}})", "", "/nodes/0/retry/retry_if",
         "unknown name \"secrets\""},
        {R"({"id": "a", "type": "echo"})", R"("settings": {"concurrency": {"limit": 1, "key": "{{ secrets.token }}"}})", "/settings/concurrency/key",
         "\"secrets\" is not there"},
    }));
    CAPTURE(row.nodes, row.more);
    const auto error = first_error(judged(row.nodes, row.more));
    CHECK_THAT(error, Catch::StartsWith(std::string(row.pointer) + ": "));
    CHECK_THAT(error, Catch::Contains(row.says));
}

TEST_CASE("nothing is computed with a secret", "[flows][secrets]") {
    const auto* text = GENERATE("{{ secrets.token + 'x' }}", "{{ 'x' + secrets.token }}", "{{ size(secrets.token) }}", "{{ secrets['token'] }}",
                                "{{ secrets }}", "{{ secrets[input.x] }}", "{{ (secrets.token) }}", "{{ secrets.token.size() }}",
                                "{{ secrets.token == '' ? secrets.a : secrets.b }}", "{{ [1].map(secrets, secrets) + [secrets.token] }}");
    CAPTURE(text);
    const Json document = {{"name", "f"}, {"edges", Json::array()},
                           {"nodes", {{{"id", "a"}, {"type", "http.request"}, {"config", {{"headers", {{"A", text}}}}}}}}};
    const auto error = first_error(compile_flow(document, secret_types()));
    CHECK_THAT(error, Catch::StartsWith("/nodes/0/config/headers/A: ") && Catch::Contains("stands alone"));
}
