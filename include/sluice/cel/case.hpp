#pragma once
/// Expressions as typed cases, one JSON object a line, in the form of the language's conformance suite.

#include <string>
#include <string_view>

namespace sluice::cel {

/// Evaluates one case and gives one line without its end. *Shape*: in
/// `{"expr": "x + 1", "bindings": {"x": {"value": {"int64_value": "1"}}}, "container": "com.example"}`, out
/// `{"value": {"int64_value": "2"}}` or `{"error": "…"}`. Typed values are `int64_value`, `uint64_value` (strings),
/// `double_value` (also "NaN", "Infinity", "-Infinity"), `string_value`, `bytes_value` (base64), `bool_value`,
/// `null_value`, `list_value.values`, `map_value.entries[{key, value}]`, `type_value`; timestamps and durations are
/// `object_value` with `@type`. CEL's strict types apply. Never throws.
std::string evaluate_case_line(std::string_view json_line);

}  // namespace sluice::cel
