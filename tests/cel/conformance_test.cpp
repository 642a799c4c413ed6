#include <cmath>
#include <fstream>
#include <sstream>

#include "sluice/base/json.hpp"
#include "sluice/cel/case.hpp"

using namespace sluice;

namespace {
Json load(const std::string& name) {
    std::ifstream file(std::string(SLUICE_SOURCE_DIR) + "/tests/cel/conformance/" + name);
    REQUIRE(file.is_open());
    std::stringstream text;
    text << file.rdbuf();
    return Json::parse(text.str());
}

const Json& only(const Json& typed) { return typed.begin().value(); }

/// Typed values are the same: maps without order, NaN like NaN, -0.0 unlike 0.0.
bool same(const Json& a, const Json& b) {
    if (!a.is_object() || !b.is_object() || a.size() != 1 || b.size() != 1 || a.begin().key() != b.begin().key()) return false;
    const std::string& kind = a.begin().key();
    if (kind == "double_value" && only(a).is_number() && only(b).is_number())
        return only(a).get<double>() == only(b).get<double>() && std::signbit(only(a).get<double>()) == std::signbit(only(b).get<double>());
    if (kind == "list_value") {
        const Json left = only(a).value("values", Json::array()), right = only(b).value("values", Json::array());
        if (left.size() != right.size()) return false;
        for (std::size_t i = 0; i < left.size(); ++i)
            if (!same(left[i], right[i])) return false;
        return true;
    }
    if (kind == "map_value") {
        const Json left = only(a).value("entries", Json::array()), right = only(b).value("entries", Json::array());
        if (left.size() != right.size()) return false;
        return std::all_of(left.begin(), left.end(), [&](const Json& entry) {
            return std::any_of(right.begin(), right.end(), [&](const Json& other) {
                return same(entry["key"], other["key"]) && same(entry["value"], other["value"]);
            });
        });
    }
    return only(a) == only(b);
}

/// Nothing when the case passes, else what came instead.
std::string failure(const Json& test) {
    Json line = {{"expr", test["expr"]}};
    for (const char* key : {"bindings", "container"})
        if (test.contains(key)) line[key] = test[key];
    const Json out = Json::parse(cel::evaluate_case_line(line.dump()));
    if (test.contains("eval_error")) return out.contains("error") ? "" : "no error: " + out.dump();
    const Json expected = test.contains("value") ? test["value"] : Json{{"bool_value", true}};
    return out.contains("value") && same(out["value"], expected) ? "" : out.dump() + " in place of " + expected.dump();
}
}  // namespace

TEST_CASE("the language's own conformance cases pass, but for those that are listed with a reason", "[cel][conformance]") {
    const Json files = load("cases.json");
    const Json exceptions = load("exceptions.json");
    std::size_t run = 0;
    std::size_t failed = 0;
    std::size_t excused = 0;
    for (const auto& [file, cases] : files.items())
        for (const Json& test : cases) {
            const std::string name = file + "/" + test.value("section", "") + "/" + test.value("name", "");
            const std::string problem = failure(test);
            const bool listed = exceptions.contains(name);
            ++run;
            failed += problem.empty() ? 0 : 1;
            excused += listed ? 1 : 0;
            if (problem.empty() == !listed) continue;
            CAPTURE(name, test["expr"].get<std::string>(), problem);
            if (listed) FAIL_CHECK("a case that is listed as an exception passes; take it off the list");
            else FAIL_CHECK("a case fails");
        }
    CHECK(run == 957);
    CHECK(excused == exceptions.size());
    CHECK(failed * 100 <= run * 3);
    for (const auto& [name, reason] : exceptions.items()) CHECK(reason.get<std::string>().size() > 10);
}

TEST_CASE("a case line answers with one line, whatever comes in", "[cel][conformance]") {
    CHECK(cel::evaluate_case_line(R"({"expr": "x + 1", "bindings": {"x": {"value": {"int64_value": "41"}}}})") ==
          R"({"value":{"int64_value":"42"}})");
    CHECK(cel::evaluate_case_line(R"j({"expr": "timestamp(0) + duration('1.5s')"})j") ==
          R"({"value":{"object_value":{"@type":"type.googleapis.com/google.protobuf.Timestamp","value":"1970-01-01T00:00:01.5Z"}}})");
    CHECK(cel::evaluate_case_line(R"({"expr": "[0.0/0.0, 1u, null]"})") ==
          R"({"value":{"list_value":{"values":[{"double_value":"NaN"},{"uint64_value":"1"},{"null_value":null}]}}})");
    CHECK(cel::evaluate_case_line(R"({"expr": "x", "bindings": {"x": {"value": {"int64_value": "1"}}}, "container": "a"})") ==
          R"({"value":{"int64_value":"1"}})");
    for (const char* line : {"", "nonsense", "[]", "{}", R"({"expr": 1})", R"({"expr": "1 +"})", R"({"expr": "x", "bindings": {"x": 1}})",
                             R"({"expr": "x", "bindings": {"x": {"value": {"int64_value": "x"}}}})",
                             R"({"expr": "x", "bindings": {"x": {"value": {"huge_value": "x"}}}})",
                             R"({"expr": "x", "bindings": {"x": {"value": {"list_value": 3, "b": 1}}}})", "{\"expr\": \"1\n\"}"}) {
        CAPTURE(line);
        const std::string out = cel::evaluate_case_line(line);
        CHECK(out.starts_with("{\"error\":\""));
        CHECK(out.find('\n') == std::string::npos);
    }
}
