#include "sluice/base/json_schema.hpp"

#include <catch2/catch.hpp>

#include "sluice/base/json.hpp"

using namespace sluice;
using base::ErrorDetail;
using base::JsonSchema;

namespace {

Json json(std::string_view text) { return Json::parse(text); }

JsonSchema compiled(std::string_view text) {
    auto schema = JsonSchema::compile(json(text));
    INFO(text);
    REQUIRE(schema);
    return *schema;
}

std::vector<ErrorDetail> mistakes(std::string_view schema, std::string_view value) {
    return compiled(schema).validate(json(value));
}

using Details = std::vector<ErrorDetail>;

}  // namespace

TEST_CASE("every keyword of draft 7 accepts what it should and refuses the rest", "[base][schema]") {
    struct Row {
        const char *schema, *good, *bad;
    };
    const auto row = GENERATE(values<Row>({
        {R"({"type": "string"})", R"("x")", "1"},
        {R"({"type": "integer"})", "1.0", "1.5"},
        {R"({"type": "integer"})", "-3", R"("1")"},
        {R"({"type": "number"})", "1", "null"},
        {R"({"type": ["object", "null"]})", "null", "[]"},
        {R"({"enum": ["a", 1, null, {"x": [1]}]})", R"({"x": [1.0]})", R"("b")"},
        {R"({"const": {"a": 1, "b": 2}})", R"({"b": 2.0, "a": 1})", R"({"a": 1})"},
        {R"({"const": false})", "false", "0"},
        {R"({"minimum": 2})", "2", "1.999"},
        {R"({"maximum": 9007199254740993})", "9007199254740993", "9007199254740994"},
        {R"({"exclusiveMinimum": 2})", "2.1", "2"},
        {R"({"exclusiveMaximum": 2})", "1.9", "2"},
        {R"({"multipleOf": 0.0001})", "0.0075", "0.00751"},
        {R"({"multipleOf": 3})", "-9", "10"},
        {R"({"minLength": 2})", R"("ab")", R"("a")"},
        {R"({"maxLength": 2})", R"("\ud83d\udc4d\ud83d\udc4d")", R"("abc")"},
        {R"({"pattern": "^[a-z]+$"})", R"("abc")", R"("aBc")"},
        {R"({"pattern": "b"})", R"("abc")", R"("ac")"},
        {R"({"pattern": "^\\u00e9\\ud83d\\udc4d$"})", "\"\xc3\xa9\xf0\x9f\x91\x8d\"", R"("e")"},
        {R"({"items": {"type": "string"}})", R"(["a", "b"])", R"(["a", 1])"},
        {R"({"items": [{"type": "string"}, true]})", R"(["a", 1, null])", R"([1])"},
        {R"({"items": [true], "additionalItems": false})", "[1]", "[1, 2]"},
        {R"({"items": [true], "additionalItems": {"type": "null"}})", "[1, null]", "[1, 2]"},
        {R"({"contains": {"const": 2}})", "[1, 2]", "[1]"},
        {R"({"minItems": 1})", "[0]", "[]"},
        {R"({"maxItems": 1})", "[0]", "[0, 0]"},
        {R"({"uniqueItems": true})", R"([1, true, "1"])", R"([{"a": 1, "b": 2}, {"b": 2, "a": 1.0}])"},
        {R"({"required": ["a"]})", R"({"a": null})", R"({"b": 1})"},
        {R"({"properties": {"a": {"type": "string"}}})", R"({"b": 1})", R"({"a": 1})"},
        {R"({"additionalProperties": false, "properties": {"a": true}})", R"({"a": 1})", R"({"b": 1})"},
        {R"({"additionalProperties": {"type": "null"}, "patternProperties": {"^x": true}})", R"({"x1": 1, "y": null})", R"({"y": 1})"},
        {R"({"patternProperties": {"^x": {"type": "integer"}}})", R"({"x": 1, "y": "no"})", R"({"xy": "no"})"},
        {R"({"propertyNames": {"maxLength": 2}})", R"({"ab": 1})", R"({"abc": 1})"},
        {R"({"minProperties": 1})", R"({"a": 1})", "{}"},
        {R"({"maxProperties": 1})", R"({"a": 1})", R"({"a": 1, "b": 1})"},
        {R"({"dependencies": {"a": ["b"]}})", R"({"a": 1, "b": 1})", R"({"a": 1})"},
        {R"({"dependencies": {"a": {"required": ["c"]}}})", R"({"b": 1})", R"({"a": 1})"},
        {R"({"allOf": [{"minimum": 1}, {"maximum": 3}]})", "2", "4"},
        {R"({"anyOf": [{"type": "string"}, {"minimum": 5}]})", "6", "4"},
        {R"({"oneOf": [{"multipleOf": 2}, {"multipleOf": 3}]})", "4", "6"},
        {R"({"oneOf": [{"multipleOf": 2}, {"multipleOf": 3}]})", "9", "7"},
        {R"({"not": {"type": "string"}})", "1", R"("x")"},
        {R"({"if": {"const": 1}, "then": false})", "2", "1"},
        {R"({"if": {"type": "string"}, "then": {"minLength": 1}, "else": {"minimum": 1}})", "1", "0"},
        {R"({"then": false, "else": {"type": "null"}, "type": "integer"})", "1", "null"},
        {R"({"format": "date-time"})", R"("2026-11-21T10:00:00+01:00")", R"("2026-11-21")"},
        {R"({"format": "date"})", R"("2024-02-29")", R"("2025-02-29")"},
        {R"({"format": "email"})", R"("a.b+c@example.com")", R"("a@b@")"},
        {R"({"format": "uri"})", R"("https://example.com/a?b=%20")", R"("/relative")"},
        {R"({"format": "uuid"})", R"("123e4567-e89b-12d3-a456-426614174000")", R"("123e4567")"},
        {"{}", "null", nullptr},
        {"true", "1", nullptr},
        {"false", nullptr, "1"},
    }));
    CAPTURE(row.schema, row.good, row.bad);
    if (row.good) CHECK(mistakes(row.schema, row.good).empty());
    if (row.bad) CHECK(mistakes(row.schema, row.bad).size() >= 1);
}

TEST_CASE("a mistake names its place and what is expected there", "[base][schema]") {
    const auto* schema = R"({
        "type": "object", "additionalProperties": false, "required": ["urgency"],
        "properties": {
            "urgency": {"enum": ["low", "high"]}, "count": {"type": "integer", "minimum": 1},
            "tags": {"type": "array", "items": {"type": "string", "minLength": 1}}, "a/b": {"type": ["string", "null"]}
        }})";
    CHECK(mistakes(schema, R"({"urgency": "middle"})") == Details{{"/urgency", R"(must be one of "low", "high")"}});
    CHECK(mistakes(schema, R"({"urgency": "low", "x": 1})") == Details{{"/x", "unknown field 'x'"}});
    CHECK(mistakes(schema, "{}") == Details{{"", "missing field 'urgency'"}});
    CHECK(mistakes(schema, "[]") == Details{{"", "must be an object, not an array"}});
    CHECK(mistakes(schema, R"({"urgency": "low", "count": 0, "tags": ["a", ""], "a/b": 1})") ==
          Details{{"/count", "must be at least 1"}, {"/tags/1", "must not be empty"}, {"/a~1b", "must be a string or null, not a number"}});
}

TEST_CASE("of several forms the nearest one explains the mistake", "[base][schema]") {
    const auto* schema = R"({"anyOf": [{"type": "null"}, {"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}}}]})";
    CHECK(mistakes(schema, R"({"a": 1})") ==
          Details{{"", "matches none of the 2 allowed forms; as the nearest:"}, {"/a", "must be a string, not a number"}});
    CHECK(mistakes(schema, "1") == Details{{"", "must be an object or null, not a number"}});
}

TEST_CASE("at most twenty mistakes are told", "[base][schema]") {
    const auto schema = compiled(R"({"items": {"type": "string"}})");
    Json value = Json::array();
    for (int i = 0; i < 100; ++i) value.push_back(i);
    CHECK(schema.validate(value).size() == 20);
}

TEST_CASE("what a schema's author got wrong is refused with a pointer into the schema", "[base][schema]") {
    struct Row {
        const char *schema, *pointer, *part;
    };
    const auto row = GENERATE(values<Row>({
        {R"({"properties": {"a": {"minLenght": 1}}})", "/properties/a/minLenght", "unknown keyword 'minLenght'"},
        {R"({"unevaluatedProperties": false})", "/unevaluatedProperties", "unknown keyword"},
        {R"({"type": "text"})", "/type", "must be one of string"},
        {R"({"type": []})", "/type", "at least one"},
        {R"({"properties": []})", "/properties", "object of schemas"},
        {R"({"items": 3})", "/items", "object or a boolean"},
        {R"s({"pattern": "(?=a)"})s", "/pattern", "pattern"},
        {R"({"pattern": "("})", "/pattern", "pattern"},
        {R"({"patternProperties": {"[": true}})", "/patternProperties/[", "pattern"},
        {R"({"$ref": "https://example.com/x.json"})", "/$ref", "only local"},
        {R"({"$ref": "#/definitions/none"})", "/$ref", "nothing at"},
        {R"({"definitions": {"a": {"enum": []}}})", "/definitions/a/enum", "at least one"},
        {R"({"properties": {"a": {"$id": "x"}}})", "/properties/a/$id", "top of a schema"},
        {R"({"minLength": -1})", "/minLength", "at least 0"},
        {R"({"multipleOf": 0})", "/multipleOf", "above 0"},
        {R"({"exclusiveMinimum": true})", "/exclusiveMinimum", "number"},
        {R"({"allOf": []})", "/allOf", "at least one"},
        {R"({"$ref": "#"})", "", "without end"},
        {R"({"anyOf": [{"$ref": "#/definitions/a"}], "definitions": {"a": {"not": {"$ref": "#"}}}})", "", "without end"},
        {"[]", "", "object or a boolean"},
    }));
    CAPTURE(row.schema);
    const auto schema = JsonSchema::compile(json(row.schema));
    REQUIRE_FALSE(schema);
    CHECK(schema.error().code == ErrorCode::unprocessable);
    REQUIRE_FALSE(schema.error().details.empty());
    CHECK(schema.error().details.front().pointer == row.pointer);
    CHECK_THAT(schema.error().details.front().message, Catch::Contains(row.part));
}

TEST_CASE("annotations and x- keywords are accepted", "[base][schema]") {
    CHECK(mistakes(R"({"title": "T", "description": "d", "default": 1, "examples": [1], "$comment": "c", "x-widget": "area",
        "$schema": "http://json-schema.org/draft-07/schema#", "$id": "https://example.com/s", "readOnly": true, "format": "made-up"})",
                   R"("x")")
              .empty());
}

TEST_CASE("local references may recurse into the value", "[base][schema]") {
    const auto* tree = R"({"$ref": "#/definitions/tree", "definitions": {"tree": {"type": "object", "required": ["name"],
        "properties": {"name": {"type": "string"}, "children": {"type": "array", "items": {"$ref": "#/definitions/tree"}}}}}})";
    CHECK(mistakes(tree, R"({"name": "a", "children": [{"name": "b", "children": []}]})").empty());
    CHECK(mistakes(tree, R"({"name": "a", "children": [{"name": "b", "children": [{}]}]})") ==
          Details{{"/children/0/children/0", "missing field 'name'"}});
    CHECK(mistakes(R"({"$ref": "#/$defs/a~1b%25c", "$defs": {"a/b%c": {"type": "null"}}})", "1").size() == 1);
    CHECK(mistakes(R"({"properties": {"a": {"$ref": "#/items/1"}}, "items": [true, {"type": "null"}]})", R"({"a": 1})").size() == 1);
}

TEST_CASE("components of the surrounding document are found", "[base][schema]") {
    const auto document = json(R"({"components": {"schemas": {"Flow": {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/Flow"}},
        "additionalProperties": false}}}})");
    const auto schema = JsonSchema::compile(json(R"({"type": "array", "items": {"$ref": "#/components/schemas/Flow"}})"), document);
    REQUIRE(schema);
    CHECK(schema->validate(json(R"([{"next": {"next": {}}}])")).empty());
    CHECK(schema->validate(json(R"([{"next": {"nxt": {}}}])")) == Details{{"/0/next/nxt", "unknown field 'nxt'"}});
}

TEST_CASE("keywords beside a reference count as well", "[base][schema]") {
    const auto* schema = R"({"$ref": "#/definitions/s", "minLength": 2, "definitions": {"s": {"type": "string"}}})";
    CHECK(mistakes(schema, R"("a")").size() == 1);
    CHECK(mistakes(schema, R"("ab")").empty());
}

TEST_CASE("hostile schemas and values end in bounded time and stack", "[base][schema]") {
    SECTION("references that double at every step") {
        Json schema = {{"$ref", "#/definitions/d0"}};
        for (int i = 0; i < 60; ++i) {
            const auto next = fmt::format("#/definitions/d{}", i + 1);
            schema["definitions"][fmt::format("d{}", i)] = {{"allOf", Json::array({{{"$ref", next}}, {{"$ref", next}}})}};
        }
        schema["definitions"]["d60"] = {{"type", "string"}};
        const auto compiled = JsonSchema::compile(schema);
        // Either refused at once or found to be too much; never an hour of work.
        if (compiled) CHECK(compiled->validate("x").size() == 1);
        else CHECK(compiled.error().code == ErrorCode::unprocessable);
    }
    SECTION("a pattern that blows up a backtracking engine") {
        CHECK(compiled(R"({"pattern": "^(a+)+$"})").validate(Json(std::string(200'000, 'a') + "!")).size() == 1);
    }
    SECTION("a value nested ten thousand deep") {
        Json value = Json::array();
        for (int i = 0; i < 10'000; ++i) value = Json::array({std::move(value)});
        CHECK(compiled(R"({"items": {"$ref": "#"}})").validate(value).size() == 1);
        CHECK(compiled(R"({"not": {"items": {"$ref": "#"}}})").validate(value).size() == 1);
    }
    SECTION("a schema nested ten thousand deep") {
        Json schema = true;
        for (int i = 0; i < 10'000; ++i) schema = Json{{"not", std::move(schema)}};
        const auto result = JsonSchema::compile(schema);
        REQUIRE_FALSE(result);
        CHECK_THAT(result.error().message, Catch::Contains("deeper"));
    }
    SECTION("many items that must be unique and many members that are required") {
        Json items = Json::array(), names = Json::array(), members = Json::object();
        for (int i = 0; i < 20'000; ++i) items.push_back({{"n", i}});
        items.push_back({{"n", 7.0}});
        CHECK(compiled(R"({"uniqueItems": true})").validate(items).size() == 1);
        for (int i = 0; i < 5'000; ++i) names.push_back(std::to_string(i));
        auto& object = members.get_ref<Json::object_t&>();
        for (int i = 1; i < 5'000; ++i) object.emplace_back(std::to_string(i), i);
        const auto schema = JsonSchema::compile(Json{{"required", names}});
        REQUIRE(schema);
        CHECK(schema->validate(members) == Details{{"", "missing field '0'"}});
    }
}

TEST_CASE("a default schema allows everything and copies are independent of the original", "[base][schema]") {
    CHECK(JsonSchema().validate(json("[1]")).empty());
    JsonSchema copy;
    {
        const auto source = json(R"({"enum": ["a"]})");
        copy = *JsonSchema::compile(source);
    }
    CHECK(copy.validate("a").empty());
    CHECK(copy.validate("b").size() == 1);
}
