#pragma once
/// What expressions can call, for people: editors complete and explain by it. A test holds it against the evaluator's tables.

#include <cstdint>
#include <span>
#include <string_view>

namespace sluice::cel {

/// One function, method or macro. A name that is a function and a method has a row for each.
struct FunctionDoc {
    enum class Kind : std::uint8_t { function, method, macro };
    Kind kind;
    std::string_view name;       ///< with its namespace: "math.abs"
    std::string_view signature;  ///< "text.split(separator, limit?) -> list"
    std::string_view doc;        ///< one sentence
};

/// Sorted by kind, then by name. Thread: any.
std::span<const FunctionDoc> function_docs();
std::string_view to_string(FunctionDoc::Kind kind);

}  // namespace sluice::cel
