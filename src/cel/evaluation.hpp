#pragma once
/// One evaluation of a compiled expression: its memory, its remaining steps, its bound variables.

#include <memory>
#include <string>
#include <vector>

#include "cel/node.hpp"

namespace sluice::cel {

class Evaluation {
  public:
    Evaluation(const Code& code, const Scope& scope);
    ~Evaluation();
    Evaluation(const Evaluation&) = delete;
    Evaluation& operator=(const Evaluation&) = delete;

    Value run() { return code_.root == nullptr ? Value::null() : evaluate(*code_.root); }

    Arena& arena() { return arena_; }
    const Scope& scope() const { return scope_; }

    /// Takes steps for work on `bytes` of text or on elements; false once there are none left.
    bool take(std::size_t steps) {
        if (steps >= steps_) {
            steps_ = 0;
            return false;
        }
        steps_ -= steps;
        return true;
    }
    bool exhausted() const { return steps_ == 0; }
    bool take_bytes(std::size_t bytes) { return take(bytes / 64); }

    template <class... Args>
    Value error(fmt::format_string<Args...> format, Args&&... args) {
        return make_error(arena_, ErrorCode::unprocessable, fmt::format(format, std::forward<Args>(args)...));
    }
    /// "no such overload: size(int)".
    Value no_overload(std::string_view function, const Value* args, std::size_t count);

    Value string(std::string_view text);  ///< copied into the arena
    Value bytes(std::string_view data);
    Value list(const Value* items, std::size_t count);  ///< items are in the arena
    /// Copies an optional's value into the arena.
    Value some(const Value& value);
    static Value none() { return Value::of_optional(nullptr); }
    /// A lazy map becomes a native one; anything else is given back. May be an error.
    Value settle(const Value& value);

    /// Equality across all types; takes steps by size. After running out of them the answer is false: ask `exhausted`.
    bool equal(const Value& a, const Value& b);
    /// -1, 0, 1 for comparable values, 2 for NaN, 3 for no overload.
    static int compare(const Value& a, const Value& b);
    /// `a + b` and so on. May be an error.
    Value arithmetic(Op op, Value a, Value b);
    /// The value at a key or index; an error for what is absent; with `optional`, an optional.
    Value index(const Value& container, const Value& key, bool optional);
    Value member(const Value& container, std::string_view name, bool optional);
    Value in(const Value& item, const Value& container);
    /// A pattern for this evaluation, or null with `problem` set.
    const re2::RE2* pattern(std::string_view text, Value& problem);

  private:
    Value evaluate(const Node& node);
    Value evaluate_rest(const Node& node);
    Value variable(const Node& node);
    Value select(const Node& node);
    Value has(const Node& node);
    Value both_either(const Node& node);
    Value call(const Node& node);
    Value make_list(const Node& node);
    Value make_map(const Node& node);
    Value bind_optional(const Node& node);
    Value comprehension(const Node& node);
    Value comprehension_map(const Node& node, const Value& range, std::size_t size);
    Value finish_map(Entry* entries, std::size_t size);
    void set_variables(const Node& node, const Value& range, std::size_t i);
    Value binary(const Node& node);
    bool lookup(std::string_view dotted, bool absolute, Value& to);
    Value absent(const Value& map, const Value& key);

    const Code& code_;
    const Scope& scope_;
    std::size_t steps_;
    Value inline_slots_[8];
    Value* slots_ = inline_slots_;
    Arena arena_;
    std::unique_ptr<re2::RE2> pattern_;
};

/// The value as JSON. Errors: unprocessable for what JSON cannot hold, too_large.
Result<Json> to_json(const Value& value, std::size_t limit_bytes);
/// Appends the value as text inside text. `budget` shrinks by what is written.
Result<void> append_text(const Value& value, std::string& out, std::size_t limit_bytes);
/// The error of an error value.
Error to_error(const Value& value);

}  // namespace sluice::cel
