#include <map>
#include <set>

#include "cel/functions.hpp"
#include "sluice/cel/cel.hpp"
#include "sluice/cel/reference.hpp"

using namespace sluice;
using cel::FunctionDoc;

namespace {

using Called = std::pair<bool, std::string>;  // whether as a method, and the name

std::set<Called> evaluator() {
    std::set<Called> out;
    for (const auto rows : {cel::standard_functions(), cel::time_functions(), cel::string_functions(), cel::math_functions(),
                            cel::optional_functions()})
        for (const cel::Function& row : rows) {
            if (row.style != cel::Style::method) out.emplace(false, row.name);
            if (row.style != cel::Style::global) out.emplace(true, row.name);
        }
    return out;
}

}  // namespace

TEST_CASE("every function and method of the evaluator is documented, and no other", "[cel][reference]") {
    std::set<Called> documented;
    for (const FunctionDoc& row : cel::function_docs())
        if (row.kind != FunctionDoc::Kind::macro) CHECK(documented.emplace(row.kind == FunctionDoc::Kind::method, row.name).second);
    CHECK(documented == evaluator());
}

TEST_CASE("every documented macro can be called", "[cel][reference]") {
    const std::map<std::string_view, std::string_view> calls = {
        {"all", "[1].all(x, x > 0)"}, {"cel.bind", "cel.bind(x, 1, x + 1)"}, {"exists", "[1].exists(x, x > 0)"},
        {"existsOne", "[1].existsOne(x, x > 0)"}, {"exists_one", "[1].exists_one(x, x > 0)"}, {"filter", "[1].filter(x, x > 0)"},
        {"has", "has({'a': 1}.a)"}, {"map", "[1].map(x, x > 0, x * 2)"}, {"optFlatMap", "optional.of(1).optFlatMap(x, optional.of(x))"},
        {"optMap", "optional.of(1).optMap(x, x + 1)"}, {"transformList", "[1].transformList(i, x, i + x)"},
        {"transformMap", "{'a': 1}.transformMap(k, v, v + 1)"}, {"transformMapEntry", "{'a': 1}.transformMapEntry(k, v, {k: v})"}};
    std::size_t macros = 0;
    for (const FunctionDoc& row : cel::function_docs()) {
        if (row.kind != FunctionDoc::Kind::macro) continue;
        ++macros;
        CAPTURE(std::string(row.name));
        REQUIRE(calls.contains(row.name));
        auto program = cel::Program::compile(calls.at(row.name));
        REQUIRE(program);
        CHECK(program->evaluate(cel::Scope()));
    }
    CHECK(macros == calls.size());
}

TEST_CASE("the documentation of functions is sorted, and its signatures name what they are about", "[cel][reference]") {
    std::pair<FunctionDoc::Kind, std::string_view> before{FunctionDoc::Kind::function, ""};
    for (const FunctionDoc& row : cel::function_docs()) {
        CAPTURE(std::string(row.name));
        CHECK(before < std::pair(row.kind, row.name));
        before = {row.kind, row.name};
        CHECK(row.signature.find(std::string(row.name) + "(") != std::string_view::npos);
        CHECK(row.signature.find(" -> ") != std::string_view::npos);
        CHECK(row.doc.ends_with('.'));
    }
}
