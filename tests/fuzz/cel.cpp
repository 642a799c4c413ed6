// Expressions: lexer, parser and evaluator within their limits, over values like a run's. The same expression gives the
// same value, its three ways of evaluation agree, and the value is JSON.

#include "fuzz/check.hpp"
#include "fuzz/run_scope.hpp"
#include "sluice/cel/cel.hpp"

using namespace sluice;
using fuzz::check;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr cel::Limits limits{.steps = 20'000, .output_bytes = 64 << 10, .expression_bytes = 2'048};
    const auto text = fuzz::text_of(data, size);
    const auto program = cel::Program::compile(text, limits);
    if (!program) {
        check(!program.error().message.empty(), "a refusal says why");
        return 0;
    }
    check(size <= limits.expression_bytes, "the limit of an expression's size holds");
    for (const auto& reference : program->references()) check(reference.offset < size, "a reference stands in the text");

    const auto& scope = fuzz::run_scope();
    const auto value = program->evaluate(scope);
    const auto again = program->evaluate(scope);
    check(value.has_value() == again.has_value(), "an expression ends in the same way each time");
    const auto condition = program->evaluate_bool(scope);
    if (!value) {
        check(value.error().message == again.error().message, "it fails with the same words", value.error().message);
        check(!condition, "what fails is no condition that holds");
        return 0;
    }
    const auto written = base::dump_json(*value);
    check(written == base::dump_json(*again), "an expression has one value", written);
    if (condition) check(*value == Json(*condition), "a condition is the value", written);
    else check(!value->is_boolean() || text.find("optional") != text.npos || text.find('?') != text.npos, "a bool is a condition", written);

    base::JsonLimits wide;
    wide.size_bytes = wide.string_bytes = 16 << 20;
    wide.keys = 1 << 20;
    wide.depth = 10'000;
    const auto read = base::parse_json(written, wide);
    check(read.has_value(), "the value is JSON", written);
    std::string rendered;
    if (program->evaluate_text(scope, rendered) && value->is_string())
        check(rendered == value->get_ref<const std::string&>(), "a string is rendered as it is");
    return 0;
}
