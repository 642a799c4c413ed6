#include "sluice/base/json.hpp"

#include <catch2/catch.hpp>

#include "sluice/base/clock.hpp"

using namespace sluice;
using namespace sluice::base;
using namespace std::string_literals;

namespace {

std::string error_of(std::string_view text, const JsonLimits& limits = {}) {
    const auto value = parse_json(text, limits);
    return value ? "no error: " + dump_json(*value)
                 : fmt::format("{} {}", to_string(value.error().code), value.error().message);
}

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

std::string object_of(std::size_t keys) {
    std::string text = "{";
    for (std::size_t i = 0; i < keys; ++i)
        text += fmt::format("{}\"k{}\":{}", i == 0 ? "" : ",", i, i);
    return text + "}";
}

/// A random document as nlohmann writes it.
Json random_value(Random& random, int depth) {
    switch (random.below(depth > 0 ? 8 : 6)) {
        case 0: return nullptr;
        case 1: return random.below(2) == 1;
        case 2: return static_cast<std::int64_t>(random.next()) >> random.below(63);
        case 3: return static_cast<double>(static_cast<std::int64_t>(random.next())) / 1e7;
        case 4:
        case 5: {
            const std::string_view pieces[] = {"a",  "é", "\n", "\"",   "\\", "\x01",
                                               "😀", " ", "/",  "\x7f", "€",  "zz"};
            std::string text;
            for (auto n = random.below(12); n > 0; --n)
                text += pieces[random.below(std::size(pieces))];
            return text;
        }
        case 6: {
            Json array = Json::array();
            for (auto n = random.below(5); n > 0; --n)
                array.push_back(random_value(random, depth - 1));
            return array;
        }
        default: {
            Json object = Json::object();
            for (auto n = random.below(20); n > 0; --n)
                object["k" + std::to_string(random.below(40))] = random_value(random, depth - 1);
            return object;
        }
    }
}

}  // namespace

TEST_CASE("JSON is read as it stands, with its order", "[base][json]") {
    const auto value =
        parse_json(R"( {"b": [1, -2, 2.5, 1e3, true, false, null], "a": {"x": "y"}, "": ""} )")
            .value();
    CHECK(dump_json(value) == R"({"b":[1,-2,2.5,1000.0,true,false,null],"a":{"x":"y"},"":""})");
    CHECK(value["b"][0].is_number_unsigned());
    CHECK(value["b"][1].is_number_integer());
    CHECK(value["b"][3].is_number_float());
    CHECK(parse_json("7").value() == 7);
    CHECK(parse_json("\"\"").value() == "");
    CHECK(parse_json("[]").value() == Json::array());
    CHECK(parse_json("{}").value() == Json::object());
}

TEST_CASE("the reader and writer agree with nlohmann's on random documents", "[base][json]") {
    const std::uint64_t seed = GENERATE(range(1, 200));
    CAPTURE(seed);
    SeededRandom random(seed);
    const auto value = random_value(random, 5);
    for (const auto& text :
         {value.dump(), value.dump(3), dump_json(value), dump_json_pretty(value)}) {
        const auto read = parse_json(text);
        REQUIRE(read);
        CHECK(*read == value);
        CHECK(read->dump() == Json::parse(text).dump());
    }
    CHECK(Json::parse(dump_json_canonical(value)).size() == value.size());
    CHECK(nlohmann::json::parse(dump_json_canonical(value)) == nlohmann::json::parse(value.dump()));
}

TEST_CASE("a text cut anywhere is refused and harms nothing", "[base][json]") {
    const auto text = R"({"a":[1.5e-3,"\u20ac😀",{"b":null}],"c":true})"s;
    REQUIRE(parse_json(text));
    for (std::size_t n = 0; n < text.size(); ++n) {
        CAPTURE(n);
        CHECK_FALSE(parse_json(std::string_view(text).substr(0, n)));
    }
}

TEST_CASE("a mistake names its line and column", "[base][json]") {
    CHECK(error_of("") == "invalid_argument the JSON text is empty");
    CHECK(error_of(" \n") == "invalid_argument the JSON text is empty");
    CHECK(error_of("{\n  \"a\": 1,\n  \"b\" 2\n}") ==
          "invalid_argument line 3, column 7: expected ':' after the key");
    CHECK(error_of("[1 2]") == "invalid_argument line 1, column 4: expected ',' or ']'");
    CHECK(error_of("{\"a\":1 \"b\":2}") ==
          "invalid_argument line 1, column 8: expected ',' or '}'");
    CHECK(error_of("[1,]") ==
          "invalid_argument line 1, column 4: a comma before ']' is not allowed");
    CHECK(error_of("{\"a\":1,}") ==
          "invalid_argument line 1, column 8: a comma before '}' is not allowed");
    CHECK(error_of("{a:1}") ==
          "invalid_argument line 1, column 2: expected a key in double quotes");
    CHECK(error_of("1 2") ==
          "invalid_argument line 1, column 3: the value is complete, but more text follows");
    CHECK(error_of("[tru]") == "invalid_argument line 1, column 2: expected a value");
    CHECK(error_of("{\"a\":}") == "invalid_argument line 1, column 6: expected a value");
    CHECK(error_of("\"a\nb\"") ==
          "invalid_argument line 1, column 3: a control character in a string must be escaped "
          "(such as \\n)");
    CHECK(error_of("\"a") == "invalid_argument line 1, column 3: a string is not closed");
    CHECK(error_of("\"\\x\"").starts_with("invalid_argument line 1, column 2: unknown escape"));
    CHECK(error_of("[1") == "invalid_argument line 1, column 3: an array is not closed");
    CHECK(error_of("{\"a\":1") == "invalid_argument line 1, column 7: an object is not closed");
    CHECK(error_of("\xef\xbb\xbf{}").find("byte order mark") != std::string::npos);
    CHECK(error_of("// c\n1").find("expected a value") != std::string::npos);
    CHECK(error_of("'a'").find("expected a value") != std::string::npos);
}

TEST_CASE("numbers are strict", "[base][json]") {
    for (const auto* bad :
         {"01", "-", "+1", ".5", "1.", "1e", "1e+", "0x1", "1_000", "-a", "00", "--1"}) {
        CAPTURE(bad);
        CHECK(error_of(bad).starts_with("invalid_argument"));
    }
    for (const auto* none : {"NaN", "Infinity", "-Infinity", "-NaN", "[NaN]"}) {
        CAPTURE(none);
        CHECK(error_of(none).find("NaN and Infinity are no JSON numbers") != std::string::npos);
    }
    CHECK(error_of("1e999") == "invalid_argument line 1, column 1: the number is too large");
    CHECK(error_of("-1e999").find("too large") != std::string::npos);
    CHECK(parse_json("1e-999").value() == 0.0);
    CHECK(parse_json("-0").value() == 0);
    CHECK(parse_json("1E2").value() == 100.0);
    CHECK(parse_json("1e+2").value() == 100.0);
    CHECK(error_of(std::string(33, '1')) ==
          "too_large line 1, column 1: a number is longer than the limit of 32 characters");
}

TEST_CASE("integers are exact up to 64 bits, beyond they are floating-point", "[base][json]") {
    CHECK(parse_json("9223372036854775807").value().get<std::int64_t>() ==
          std::numeric_limits<std::int64_t>::max());
    CHECK(parse_json("-9223372036854775808").value().get<std::int64_t>() ==
          std::numeric_limits<std::int64_t>::min());
    const auto big =
        parse_json("9223372036854775808").value();  // 2^63 must not turn negative on its way
    CHECK(big.is_number_float());
    CHECK(big.get<double>() == 9223372036854775808.0);
    CHECK(parse_json("-9223372036854775809").value().is_number_float());
}

TEST_CASE("nesting is limited", "[base][json][limits]") {
    CHECK(parse_json(nested(64)));
    CHECK(error_of(nested(65)) ==
          "too_large line 1, column 65: values are nested deeper than the limit of 64");
    CHECK(error_of(std::string(500'000, '[')).starts_with("too_large"));
    std::string objects;
    for (int i = 0; i < 65; ++i) objects += "{\"a\":";
    CHECK(error_of(objects).starts_with("too_large"));
    CHECK(error_of(nested(4), {.depth = 3}).starts_with("too_large"));
}

TEST_CASE("size, keys and strings are limited", "[base][json][limits]") {
    CHECK(error_of("[1,2]", {.size_bytes = 4}) ==
          "too_large the JSON text has 5 bytes, the limit is 4");
    CHECK(parse_json(object_of(10'000)));
    CHECK(error_of(object_of(10'001)).find("an object has more keys than the limit of 10000") !=
          std::string::npos);
    CHECK(parse_json("\"abcd\"", {.string_bytes = 4}));
    CHECK(error_of("[\"abcde\"]", {.string_bytes = 4}) ==
          "too_large line 1, column 2: a string is longer than the limit of 4 bytes");
    CHECK(error_of("{\"abcde\":1}", {.string_bytes = 4}).starts_with("too_large"));
    CHECK(error_of("\"\\u20ac\\u20ac\"", {.string_bytes = 4}).starts_with("too_large"));
    // The limit counts the keys of one object, not of the objects around or inside it.
    CHECK(parse_json(R"({"a":{"x":1,"y":2},"b":{"x":1,"y":2}})", {.keys = 2}));
}

TEST_CASE("a key that stands twice is refused, in small and large objects", "[base][json]") {
    CHECK(error_of("{\"a\":1,\n\"a\":2}") ==
          "invalid_argument line 2, column 1: the key \"a\" stands twice in one object");
    CHECK(error_of("{\"a\":1,\"\\u0061\":2}").find("stands twice") != std::string::npos);
    auto large = object_of(5000);
    large.insert(large.size() - 1, ",\"k2500\":0");
    CHECK(error_of(large).find("the key \"k2500\" stands twice") != std::string::npos);
    CHECK(parse_json(R"({"a":{"a":{"a":1}},"b":[{"a":1},{"a":2}]})"));
}

TEST_CASE("only well-formed UTF-8 is read", "[base][json][utf8]") {
    const auto wrap = [](const std::string& bytes) { return "\"" + bytes + "\""; };
    for (const auto& good : {"é"s, "€"s, "😀"s, "\x7f"s, "\xf4\x8f\xbf\xbf"s, "\xee\x80\x80"s})
        CHECK(parse_json(wrap(good)).value() == good);
    for (const auto& bad : {"\x80"s, "\xc0\xaf"s, "\xc1\xbf"s, "\xe0\x80\xaf"s, "\xed\xa0\x80"s,
                            "\xf0\x80\x80\xaf"s, "\xf4\x90\x80\x80"s, "\xf5\x80\x80\x80"s, "\xff"s,
                            "\xc3"s, "\xe2\x82"s, "\xf0\x9f\x98"s}) {
        CAPTURE(bad);
        CHECK(error_of(wrap(bad)) ==
              "invalid_argument line 1, column 2: the text is not valid UTF-8");
    }
}

TEST_CASE("escapes are decoded, half surrogate pairs refused", "[base][json][utf8]") {
    CHECK(parse_json(R"("\"\\\/\b\f\n\r\t")").value() == "\"\\/\b\f\n\r\t");
    CHECK(parse_json(R"("\u0041\u00e9\u20AC\ud83d\ude00")").value() == "Aé€😀");
    CHECK(parse_json(R"("a\u0000b")").value() == "a\0b"s);
    for (const auto* lone : {R"("\ud83d")", R"("\ude00")", R"("\ud83dx")", R"("\ud83d\n")",
                             R"("\ud83d\u0041")", R"("\ud83d\ud83d")"}) {
        CAPTURE(lone);
        CHECK(error_of(lone) ==
              "invalid_argument line 1, column 2: half of a surrogate pair stands alone");
    }
    CHECK(error_of(R"("\u12g4")").find("four hexadecimal digits") != std::string::npos);
}

TEST_CASE("writing escapes what must be, and replaces broken UTF-8", "[base][json]") {
    CHECK(dump_json(Json("a\"\\\n\x01\x1f/é")) == R"("a\"\\\n\u0001\u001f/é")");
    CHECK(dump_json(Json("a\xff"s
                         "b\xe2\x82"s)) ==
          "\"a\xef\xbf\xbd"
          "b\xef\xbf\xbd\xef\xbf\xbd\"");
    CHECK(dump_json(Json(std::numeric_limits<double>::infinity())) == "null");
    CHECK(dump_json(Json(1.0)) == "1.0");
    CHECK(dump_json(Json(0.1)) == "0.1");
    CHECK(dump_json(Json(-1.5e300)) == "-1.5e+300");
    CHECK(dump_json(Json(std::numeric_limits<std::uint64_t>::max())) == "18446744073709551615");
    CHECK(dump_json_pretty(parse_json(R"({"a":[1,{}],"b":[]})").value()) ==
          "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": []\n}\n");
}

TEST_CASE("canonical text does not depend on order or on how a number was written",
          "[base][json]") {
    const auto a = parse_json(R"({"b":1.0,"a":{"d":[3,2],"c":-2.50}})").value();
    const auto b = parse_json(R"({"a":{"c":-2.5,"d":[3.0,2]},"b":1})").value();
    CHECK(dump_json_canonical(a) == R"({"a":{"c":-2.5,"d":[3,2]},"b":1})");
    CHECK(dump_json_canonical(a) == dump_json_canonical(b));
}

TEST_CASE("members are found without exceptions", "[base][json]") {
    const auto value = parse_json(R"({"a":1,"s":"text"})").value();
    REQUIRE(find_member(value, "a"));
    CHECK(*find_member(value, "a") == 1);
    CHECK_FALSE(find_member(value, "b"));
    CHECK_FALSE(find_member(Json(3), "b"));
    CHECK_FALSE(find_member(Json(), "b"));
    CHECK(string_or(value, "s", "-") == "text");
    CHECK(string_or(value, "a", "-") == "-");
    CHECK(string_or(value, "x", "-") == "-");
    CHECK(escape_pointer("a/b~c") == "a~1b~0c");
}

TEST_CASE("the size in memory grows with the content", "[base][json]") {
    CHECK(approximate_size(Json()) >= 16);
    CHECK(approximate_size(Json(std::string(1000, 'x'))) >= 1000);
    const auto items = parse_json(object_of(100)).value();
    CHECK(approximate_size(items) >= items.size() * sizeof(Json));
}
