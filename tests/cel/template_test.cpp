#include "sluice/cel/template.hpp"

using namespace sluice;

namespace {
const Json input = Json::parse(R"({"name": "Ada", "age": 36, "tags": ["x", "y"], "address": {"city": "London"}, "none": null, "ok": true, "rate": 0.5})");

Result<Json> try_render(const Json& source) {
    auto compiled = cel::Template::compile(source);
    if (!compiled) return fail(std::move(compiled.error()));
    cel::Scope scope;
    scope.set("input", &input);
    return compiled->render(scope);
}

Json render(const Json& source) {
    CAPTURE(source.dump());
    auto out = try_render(source);
    if (!out) FAIL(out.error().message);
    return *out;
}
}  // namespace

TEST_CASE("an expression alone in a string keeps its value's type", "[cel][template]") {
    CHECK(render("{{ input.age }}") == 36);
    CHECK(render("{{input.tags}}") == input["tags"]);
    CHECK(render("{{ input.none }}").is_null());
    CHECK(render("{{ {'a': {'b': [1, 2]}} }}") == Json::parse(R"({"a": {"b": [1, 2]}})"));
    CHECK(render("{{{'a':{'b':1}}}}") == Json::parse(R"({"a": {"b": 1}})"));
    CHECK(render("{{ input.age > 30 ? 'old' : 'young' }}") == "old");
    CHECK(render("{{ '}}' }}") == "}}");
}

TEST_CASE("inside text an expression is rendered", "[cel][template]") {
    CHECK(render("Dear {{ input.name }}, {{ input.age }}!") == "Dear Ada, 36!");
    CHECK(render(" {{ input.age }}") == " 36");
    CHECK(render("a{{ input.none }}b{{ optional.none() }}c") == "abc");
    CHECK(render("tags={{ input.tags }} at={{ input.address }}") == R"(tags=["x","y"] at={"city":"London"})");
    CHECK(render("{{ input.ok }}/{{ input.rate }}/{{ input.rate * 4 }}/{{ 1u }}") == "true/0.5/2.0/1");
    CHECK(render("{{ duration('90s') }} {{ timestamp(0) }}") == "90s 1970-01-01T00:00:00Z");
    CHECK(render("{{ '{{' }} stays, {{ '{{ input.x }}' }} too") == "{{ stays, {{ input.x }} too");
    CHECK(render("no braces } }} { here") == "no braces } }} { here");
}

TEST_CASE("strings of nested lists and objects are rendered, keys are not", "[cel][template]") {
    const Json source = Json::parse(R"({"{{ x }}": 1, "list": ["{{ input.name }}", {"deep": "<{{ input.age }}>"}, 5, null], "plain": "text"})");
    CHECK(render(source) == Json::parse(R"({"{{ x }}": 1, "list": ["Ada", {"deep": "<36>"}, 5, null], "plain": "text"})"));
    CHECK(render(source).dump().starts_with(R"({"{{ x }}":1,"list")"));
}

TEST_CASE("a template tells its references and whether it is constant", "[cel][template]") {
    const Json source = Json::parse(R"({"a/b": ["x {{ nodes.one.output }} {{ nodes['two'] }}"], "raw": {"code": "{{ not compiled"}})");
    const auto compiled = cel::Template::compile(source, std::vector<std::string>{"/raw"}).value();
    REQUIRE(compiled.references().size() == 2);
    CHECK(compiled.references()[0].pointer == "/a~1b/0");
    CHECK(compiled.references()[0].reference == cel::Reference{"nodes", "one", 5});
    CHECK(compiled.references()[1].reference.member == "two");
    CHECK_FALSE(compiled.constant());
    CHECK(cel::Template::compile(Json::parse(R"({"a": [1, "b"]})")).value().constant());
    CHECK(cel::Template().constant());
    CHECK(cel::Template().render({}).value() == nullptr);
}

TEST_CASE("every string that does not compile is named by its pointer", "[cel][template][errors]") {
    const auto failed = cel::Template::compile(Json::parse(R"({"url": "http://{{ input.host", "body": {"x": ["ok", "{{ 1 + }}"]}})"));
    REQUIRE_FALSE(failed);
    CHECK(failed.error().code == ErrorCode::invalid_argument);
    REQUIRE(failed.error().details.size() == 2);
    CHECK(failed.error().details[0].pointer == "/url");
    CHECK(failed.error().details[0].message.starts_with("1:8: '{{' has no closing '}}'"));
    CHECK(failed.error().details[1].pointer == "/body/x/1");
    CHECK(failed.error().details[1].message == "1:8: expected a value, but the expression ends here");
    CHECK(failed.error().message.find("(and 1 more)") != std::string::npos);
}

TEST_CASE("a value that is missing while rendering is named, with its place", "[cel][template][errors]") {
    const auto failed = try_render(Json::parse(R"({"to": ["{{ input.nmae }}"]})"));
    REQUIRE_FALSE(failed);
    CHECK(failed.error().code == ErrorCode::unprocessable);
    CHECK(failed.error().message == "no such key: 'nmae'; the map has: name, age, tags, address, none, ok, rate");
    REQUIRE(failed.error().details.size() == 1);
    CHECK(failed.error().details[0].pointer == "/to/0");
}

TEST_CASE("a rendered document has a greatest size", "[cel][template][limits]") {
    cel::Scope scope;
    scope.set("input", &input);
    const Json source = {"{{ input }}", "{{ input }}", "{{ input }}"};
    CHECK(cel::Template::compile(source, cel::Limits{.output_bytes = 1000}).value().render(scope));
    const auto failed = cel::Template::compile(source, cel::Limits{.output_bytes = 200}).value().render(scope);
    REQUIRE_FALSE(failed);
    CHECK(failed.error().code == ErrorCode::too_large);
}
