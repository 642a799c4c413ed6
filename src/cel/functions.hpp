#pragma once
/// The tables of built-in functions, one per extension.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "cel/node.hpp"

namespace sluice::cel {

/// How a function may be called.
enum class Style : std::uint8_t { global, method, both };

struct Function {
    std::string_view name;       ///< with its namespace: "math.abs"
    Style style;
    std::uint8_t min_args;       ///< a method's receiver counts
    std::uint8_t max_args;       ///< 255: any number
    Builtin builtin;
};

/// What a built-in gives for arguments of the wrong types; the caller names function and types in the error.
inline Value no_match() { return Value::of_failure(nullptr); }

std::span<const Function> standard_functions();
std::span<const Function> time_functions();
std::span<const Function> string_functions();
std::span<const Function> math_functions();
std::span<const Function> optional_functions();  ///< and base64

/// The row of a name called this way, or null.
const Function* find_function(std::string_view name, bool method);
/// Whether some function's name starts with "<prefix>.".
bool is_function_namespace(std::string_view prefix);
/// The known name most like a misspelt one, or "".
std::string_view similar_function(std::string_view name, bool method);

Value string_format(Evaluation& evaluation, const Value* args, std::size_t count);
Value string_matches(Evaluation& evaluation, const Value* args, std::size_t count);

}  // namespace sluice::cel
