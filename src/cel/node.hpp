#pragma once
/// The compiled form of an expression: a tree of nodes in an arena, names resolved to slots and functions.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cel/value.hpp"

namespace re2 {
class RE2;
}

namespace sluice::cel {

class Evaluation;

/// A built-in function. `args` holds the receiver first for a method. Arguments are never errors.
using Builtin = Value (*)(Evaluation& evaluation, const Value* args, std::size_t count);

enum class Op : std::uint8_t {
    constant,
    local,       ///< slot
    variable,    ///< text; type constant where the name means a type
    select,      ///< a[0].text
    has,         ///< has(a[0].text)
    index,       ///< a[0][a[1]]
    list,        ///< a…; bits of `optionals` mark `?a`
    map,         ///< key, value, key, value, …
    call,        ///< builtin(a…)
    unknown,     ///< a call of a function that is not there: an error when evaluated
    negative,
    negation,    ///< !a[0]
    add, subtract, multiply, divide, modulo,
    equal, not_equal, less, less_equal, greater, greater_equal, in,
    both, either,  ///< a[0] && a[1] && …, in the order written
    conditional,
    bind,          ///< slot = a[0]; a[1]
    opt_map,       ///< slot = a[0].value(); optional of a[1]
    opt_flat_map,
    all, exists, exists_one, map_list, filter, transform_list, transform_map, transform_map_entry
};

struct Node {
    Op op = Op::constant;
    bool optional = false;        ///< of select and index: a.?b, a[?b]
    bool absolute = false;        ///< of variable: a leading dot
    std::uint16_t slot = 0;       ///< of local and of what binds; two-variable macros bind slot and slot + 1
    bool two_variables = false;
    std::uint32_t offset = 0;
    std::uint32_t count = 0;      ///< of `args`
    std::uint32_t height = 0;
    const Node* const* args = nullptr;
    Value constant;
    std::string_view text;        ///< name of a variable, member or function
    std::string_view dotted;      ///< of a variable or a chain of selections from one: the whole, "a.b.c"
    const bool* optionals = nullptr;  ///< of list and map: one for each element or entry; null: none is
    Builtin builtin = nullptr;
    const re2::RE2* pattern = nullptr;  ///< of matches() with a constant pattern
};

/// What `Program` points at.
struct Code {
    explicit Code(std::size_t arena_bytes);
    Arena arena;
    std::string text;
    const Node* root = nullptr;
    std::uint16_t slots = 0;
    std::string container;
    Limits limits;
    std::vector<Reference> references;
    std::vector<std::unique_ptr<re2::RE2>> patterns;
    ~Code();
};

struct CompileOptions {
    Limits limits;
    std::string container;
    /// Unknown functions and wrong argument counts fail when evaluated, as in plain CEL; else they do not compile.
    bool late_functions = false;
};

/// Compiles `text[begin, …)`. With `end_of_template`, stops in front of the "}}" that closes the template's braces and
/// tells where it stands; else the whole text is one expression. Offsets and places count from the start of `text`.
Result<std::shared_ptr<const Code>> compile_code(std::string_view text, std::size_t begin, const CompileOptions& options,
                                                 std::size_t* end_of_template = nullptr);

}  // namespace sluice::cel
