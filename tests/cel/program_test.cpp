#include <random>

#include "sluice/cel/cel.hpp"

using namespace sluice;

namespace {
const Json input = Json::parse(R"j({
    "id": 7, "subject": "Printer on fire", "price": 1.5, "whole": 3.0, "big": 18446744073709551615, "note": null,
    "tags": ["a", "b", "c"], "lines": [{"sku": "x", "count": 2}, {"sku": "y", "count": 5}], "content-type": "text/plain"})j");

/// `nodes` as the engine gives it: members by name, absent when skipped.
class Nodes final : public cel::LazyMap {
  public:
    const Json* find(std::string_view key) const override { return base::find_member(members, key); }
    std::vector<std::string> keys() const override {
        std::vector<std::string> out;
        for (const auto& [key, value] : members.items()) out.push_back(key);
        return out;
    }
    Json members = Json::parse(R"({"classify": {"output": {"urgency": "high", "score": 4}}, "page": {"output": null}})");
};

cel::Scope scope() {
    static const Nodes nodes;
    cel::Scope out;
    out.set("input", &input);
    out.set("nodes", &nodes);
    return out;
}

Json value(std::string_view text) {
    CAPTURE(std::string(text));
    auto program = cel::Program::compile(text);
    if (!program) FAIL(program.error().message);
    auto out = program->evaluate(scope());
    if (!out) FAIL(out.error().message);
    return *out;
}

std::string error(std::string_view text) {
    CAPTURE(std::string(text));
    auto program = cel::Program::compile(text);
    if (!program) FAIL(program.error().message);
    auto out = program->evaluate(scope());
    if (out) FAIL("no error but " << out->dump());
    return out.error().message;
}

std::string mistake(std::string_view text) {
    CAPTURE(std::string(text));
    auto program = cel::Program::compile(text);
    if (program) FAIL("it compiles");
    return program.error().message;
}

std::string repeat(std::string_view part, std::size_t times) {
    std::string out;
    for (std::size_t i = 0; i < times; ++i) out += part;
    return out;
}
}  // namespace

TEST_CASE("a condition reads JSON and lazy members", "[cel]") {
    CHECK(value("nodes.classify.output.urgency == 'high' && size(input.tags) > 2") == true);
    CHECK(value("nodes['classify'].output.score + 1") == 5);
    CHECK(value("has(nodes.classify) && !has(nodes.absent)") == true);
    CHECK(value("nodes.?absent.output.orValue('none')") == "none");
    CHECK(value("size(nodes)") == 2);
    CHECK(value("nodes.map(id, id)") == Json({"classify", "page"}));
    CHECK(value("nodes.all(id, n, has(n.output))") == true);
    CHECK(value("'page' in nodes && !('x' in nodes)") == true);
    CHECK(value("nodes == nodes") == true);
    CHECK(value("input.`content-type`.startsWith('text/')") == true);
    CHECK(value("input.lines.filter(l, l.count > 3).map(l, l.sku)") == Json({"y"}));
    CHECK(value("input.lines[1]") == input["lines"][1]);
    CHECK(value("nodes") == Nodes().members);
}

TEST_CASE("results become JSON as documented", "[cel]") {
    CHECK(value("timestamp('2026-11-21T05:00:00.25+01:00')") == "2026-11-21T04:00:00.25Z");
    CHECK(value("[duration('1500ms'), duration('-1h')]") == Json({"1.5s", "-3600s"}));
    CHECK(value("b'\\xff\\x00'") == "/wA=");
    CHECK(value("18446744073709551615u") == 18446744073709551615ULL);
    CHECK(value("[optional.none(), optional.of(1)]") == Json({nullptr, 1}));
    CHECK(value("{1: 'a', true: 'b', 'c': null}") == Json({{"1", "a"}, {"true", "b"}, {"c", nullptr}}));
    CHECK(value("type(1u)") == "uint");
    CHECK(error("0.0 / 0.0").find("NaN") != std::string::npos);
    CHECK(error("{1: 'a', '1': 'b'}").find("twice") != std::string::npos);
    CHECK(cel::Program().evaluate(scope()).value() == nullptr);
}

TEST_CASE("numbers from JSON promote between int and double, literals do not", "[cel]") {
    CHECK(value("input.price * 2") == 3.0);
    CHECK(value("2 * input.price").is_number_float());
    CHECK(value("input.id + 0.5") == 7.5);
    CHECK(value("input.id + input.price") == 8.5);
    CHECK(value("(input.id + 1) * 1.5") == 12.0);
    CHECK(value("size(input.tags) * 1.5") == 4.5);
    CHECK(value("input.id / 2") == 3);
    CHECK(value("input.whole % 2") == 1);
    CHECK(value("input.id == 7.0 && input.price < 2 && input.whole == 3") == true);
    CHECK(value("math.ceil(input.id)") == 7.0);
    CHECK(value("input.lines.map(l, l.count * 0.5)") == Json({1.0, 2.5}));
    CHECK(value("input.big").is_number_float());
    CHECK(value("input.tags[input.whole - 1]") == "c");
    CHECK(error("1 + 1.0").starts_with("no such overload: int + double"));
    CHECK(error("1 + 1u").starts_with("no such overload: int + uint"));
    CHECK(error("[1][0] * 1.5").starts_with("no such overload: int * double"));
    CHECK(error("'id-' + input.id") == "no such overload: string + int; convert the other side with string()");
}

TEST_CASE("an error names what is missing and what there is", "[cel][errors]") {
    CHECK(error("nodes.classify.output.urgnecy") == "no such key: 'urgnecy'; the map has: urgency, score");
    CHECK(error("nodes.clasify.output") == "no such key: 'clasify'; the map has: classify, page");
    CHECK(error("inptu.id") == "undeclared reference to 'inptu'; in scope: input, nodes");
    CHECK(error("input.subject.length") == "no member 'length': the value is a string, not a map");
    CHECK(error("input.note.text") == "no member 'text': the value is null, not a map");
    CHECK(error("input.tags[3]") == "index out of range: 3; the list has 3 elements");
    CHECK(error("{}.a") == "no such key: 'a'; the map is empty");
    CHECK(error("size(1)") == "no such overload: size(int)");
    CHECK(error("1 / 0") == "divide by zero");
    CHECK(error("now()") == "now() is not available here");
    CHECK(error("input.subject.matches(input.tags[0] + '(')").find("no RE2 regular expression") != std::string::npos);
    CHECK(error("timestamp(0).getHours('Mars/Olympus')").starts_with("unknown time zone 'Mars/Olympus'"));
    CHECK(value("input.absent == 1 || true") == true);
    auto condition = cel::Program::compile("input.id").value().evaluate_bool(scope());
    REQUIRE(!condition);
    CHECK(condition.error().code == ErrorCode::unprocessable);
    CHECK(condition.error().message == "a condition gives true or false; this one gave an int");
    CHECK(cel::Program::compile("input.id > 3").value().evaluate_bool(scope()).value());
}

TEST_CASE("a mistake in an expression is reported with line, column and a way out", "[cel][errors]") {
    CHECK(mistake("(input.id + 1") == "1:14: expected ')', but the expression ends here");
    CHECK(mistake("input.id ==\n  == 2") == "2:3: expected a value, found '=='");
    CHECK(mistake("'Straße' = 1") == "1:10: '=' is no operator; to compare, write '=='");
    CHECK(mistake("a and b") == "1:3: expected an operator or the end, found 'and'; write '&&'");
    CHECK(mistake("") == "1:1: the expression is empty");
    CHECK(mistake("'abc") == "1:1: this string has no closing '");
    CHECK(mistake("'\\q'").starts_with("1:2: unknown escape"));
    CHECK(mistake("input.tags.contians('x')") == "1:12: there is no function 'contians'; did you mean 'contains'?");
    CHECK(mistake("math.flor(1.0)") == "1:1: there is no function 'math.flor'; did you mean 'math.floor'?");
    CHECK(mistake("size()") == "1:1: size() takes 1 argument, not 0");
    CHECK(mistake("contains('a', 'b')") == "1:1: contains() is a method; write value.contains(…)");
    CHECK(mistake("input.subject.matches('(')").starts_with("1:23: this pattern is no RE2 regular expression"));
    CHECK(mistake("has(input)").starts_with("1:1: has() takes one member"));
    CHECK(mistake("input.tags.map(1, 2)").starts_with("1:16: expected a variable's name"));
    CHECK(mistake("for + 1") == "1:1: 'for' is a reserved word and no name");
    CHECK(mistake("9223372036854775808").find("does not fit a 64-bit int") != std::string::npos);
    CHECK(mistake("1e999").find("too large for a double") != std::string::npos);
    CHECK(mistake("Point{x: 1}").find("no message types") != std::string::npos);
    CHECK(mistake("f(1,)") == "1:5: expected a value, found ')'");
    CHECK(mistake("\x01").find("control character") != std::string::npos);
}

TEST_CASE("references name roots and their first members, not what macros bind", "[cel]") {
    const auto program = cel::Program::compile("nodes.a.output > 1 && nodes['b-c'].x == item && input.tags.exists(t, t == vars.t) && "
                                               "type(1) == int && math.abs(1) == 1 && has(nodes.d) && nodes.?e.hasValue() && nodes[input.id]").value();
    std::vector<std::string> found;
    for (const auto& reference : program.references()) found.push_back(reference.root + "." + reference.member);
    CHECK(found == std::vector<std::string>{"nodes.a", "nodes.b-c", "item.", "input.tags", "vars.t", "nodes.d", "nodes.e", "nodes.", "input.id"});
    CHECK(program.references()[1].offset == 22);
    CHECK(cel::Program::compile("1 + 2").value().references().empty());
}

TEST_CASE("what an expression may cost is limited", "[cel][limits]") {
    const auto too_large = [](std::string_view text, const cel::Limits& limits = {}) {
        CAPTURE(text.size(), std::string(text.substr(0, 60)));
        auto program = cel::Program::compile(text, limits);
        if (!program) return program.error().code == ErrorCode::too_large;
        auto out = program->evaluate(scope());
        return !out && out.error().code == ErrorCode::too_large;
    };
    SECTION("depth: ten thousand of anything nested is refused, not crashed on") {
        for (const char* part : {"(", "[", "{1:", "-(", "!(", "a[", "f(", "a.b(", "x ? y : ", "x ? (", "[1].map(x, "}) {
            CHECK(too_large(repeat(part, 10'000)));
        }
        CHECK(too_large(repeat("!", 10'000) + "true"));
        CHECK(too_large(repeat("- ", 10'000) + "1"));
        CHECK(too_large("1" + repeat("+1", 10'000)));
        CHECK(too_large("a" + repeat(".b", 10'000)));
        CHECK(value(repeat("(", 99) + "1" + repeat(")", 99)) == 1);
        CHECK(value("1" + repeat("+1", 350)) == 351);
        CHECK(value("false" + repeat(" || false", 5'000)) == false);
    }
    SECTION("steps: nested loops end") {
        const std::string ten = "[0,1,2,3,4,5,6,7,8,9]";
        std::string loops = "1";
        for (int i = 0; i < 7; ++i) loops = fmt::format("{}.map(x{}, {})", ten, i, loops);
        CHECK(too_large(loops));
        CHECK(too_large("input.tags.all(t, t == t)", {.steps = 5}));
        CHECK(value("input.tags.all(t, t == t)") == true);
        CHECK_FALSE(too_large("1 + 1", {.steps = 3}));
        CHECK(too_large("1 + 1", {.steps = 2}));
    }
    SECTION("memory and output: doubling text ends") {
        std::string text = "x";
        for (int i = 0; i < 40; ++i) text = fmt::format("cel.bind(v{}, {}, v{} + v{})", i, text == "x" ? "'0123456789abcdef'" : text, i, i);
        CHECK(too_large(text));
        CHECK(too_large("'" + repeat("x", 200) + "'", {.output_bytes = 100}));
        CHECK(too_large("input", {.output_bytes = 100}));
        CHECK(too_large(repeat(" ", 70'000) + "1"));
    }
}

TEST_CASE("a scope takes many variables and tells the time", "[cel]") {
    const std::vector<Json> values = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
    std::vector<std::string> names;
    for (std::size_t i = 0; i < values.size(); ++i) names.push_back(fmt::format("v{}", i));
    cel::Scope many;
    for (std::size_t i = 0; i < values.size(); ++i) many.set(names[i], &values[i]);
    many.set("v11", &values[0]);
    many.set("v0", &values[5]);
    many.set_now(base::from_us(1'700'000'000'250'000));
    const cel::Scope copy = many;
    CHECK(cel::Program::compile("[v0, v7, v8, v11]").value().evaluate(copy).value() == Json({5, 7, 8, 0}));
    CHECK(cel::Program::compile("now()").value().evaluate(copy).value() == "2023-11-14T22:13:20.25Z");
    CHECK(cel::Program::compile("now() - duration('1h') < now()").value().evaluate_bool(copy).value());
    CHECK(cel::Program::compile("timestamp('2026-07-01T12:00:00Z').getHours('Europe/Berlin')").value().evaluate(copy).value() == 14);
}

TEST_CASE("the cache keeps the last programs", "[cel]") {
    cel::ProgramCache cache(2);
    CHECK(cache.get("1 + 1").value().evaluate(scope()).value() == 2);
    CHECK_FALSE(cache.get("1 +"));
    CHECK(cache.size() == 1);
    CHECK(cache.get("2 + 2"));
    CHECK(cache.get("1 + 1"));
    CHECK(cache.get("3 + 3"));
    CHECK(cache.size() == 2);
    CHECK(cache.get("1 + 1").value().evaluate(scope()).value() == 2);
}

TEST_CASE("no text crashes the compiler or the evaluator", "[cel][fuzz]") {
    const std::vector<std::string> parts = {
        "input", ".", "tags", "(", ")", "[", "]", "{", "}", ",", ":", "?", "!", "-", "+", "*", "/", "%", "<", ">=", "==", "!=", "&&", "||", " in ",
        "1", "2u", "0x1f", "1.5e3", "'a'", "b'\\xff'", "r'\\'", "\"\"\"x\"\"\"", "true", "null", "x", "nodes", ".?", "[?", "`a-b`", ".map(x,",
        ".filter(x,", ".exists(x,", "has(", "size(", "cel.bind(x,", "optional.of(", ".orValue(", "math.greatest(", "timestamp(", "duration(", "'1h'",
        ".format(", "'%s %d %.3f'", ".replace(", ".split(", ".substring(", ".transformMapEntry(k,v,", "int(", "string(", "type(", " ", "\n", "//", "@"};
    const unsigned seed = GENERATE(1U, 2U, 3U);
    CAPTURE(seed);
    std::mt19937 random(seed);
    std::size_t compiled = 0;
    for (int round = 0; round < 20'000; ++round) {
        std::string text;
        const bool bytes = round % 4 == 0;
        const auto length = random() % (bytes ? 40 : 14);
        for (unsigned i = 0; i < length; ++i) {
            if (bytes) text += static_cast<char>(random());
            else text += parts[random() % parts.size()];
        }
        const auto program = cel::Program::compile(text);
        if (!program) {
            if (program.error().message.empty()) FAIL_CHECK("no message for " << text);
            continue;
        }
        ++compiled;
        std::string out;
        (void)program->evaluate(scope());
        (void)program->evaluate_text(scope(), out);
    }
    CHECK(compiled > 100);
}

TEST_CASE("an expression is UTF-8 text", "[cel]") {
    for (const std::string text : {"'\xff'", "{'b\xff': 1, 'b\xfe': 2}", "'\xed\xa0\x80'", "'\xc0\x80'"}) {
        const auto program = cel::Program::compile(text);
        REQUIRE_FALSE(program);
        CHECK(program.error().code == ErrorCode::invalid_argument);
    }
    CHECK(cel::Program::compile("'\xc3\xa9' == '\\u00e9' && size(b'\\xff') == 1"));
}
