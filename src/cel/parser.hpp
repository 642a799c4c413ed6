#pragma once
/// Recursive descent over tokens, straight to nodes; macros and names are resolved on the way.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cel/lexer.hpp"
#include "cel/node.hpp"

namespace sluice::cel {

class Parser {
  public:
    Parser(std::string_view text, Code& code, const CompileOptions& options)
        : text_(text), code_(code), options_(options) {}
    /// Reads the tokens; see `compile_code`.
    Result<void> read_tokens(std::size_t begin, std::size_t* end_of_template);
    Result<const Node*> parse();

  private:
    using NodePtr = Node*;  // null: an error was reported

    const Token& peek(std::size_t ahead = 0) const { return tokens_[std::min(next_ + ahead, tokens_.size() - 1)]; }
    const Token& take() { return tokens_[next_ + 1 < tokens_.size() ? next_++ : next_]; }
    bool accept(std::string_view symbol) {
        if (!peek().is(symbol)) return false;
        take();
        return true;
    }
    bool expect(std::string_view symbol);
    std::nullptr_t unexpected(std::string_view expected);
    template <class... Args>
    std::nullptr_t error_at(std::size_t offset, fmt::format_string<Args...> format, Args&&... args) {
        if (!error_)
            error_ = Error{ErrorCode::invalid_argument,
                           place_of(text_, offset) + ": " + fmt::format(format, std::forward<Args>(args)...), {}, false};
        return nullptr;
    }
    std::nullptr_t too_large(std::size_t offset, std::string_view what);

    NodePtr expression();
    NodePtr conditional();
    NodePtr logical(std::string_view symbol);
    NodePtr relation();
    NodePtr sum();
    NodePtr product();
    NodePtr unary();
    NodePtr member();
    NodePtr primary();
    NodePtr name(bool absolute);
    NodePtr number(bool negative);
    NodePtr list_literal();
    NodePtr map_literal();
    NodePtr select(NodePtr operand, bool optional);
    NodePtr subscript(NodePtr operand);
    NodePtr call_global(std::string_view function, std::size_t offset);
    NodePtr call_method(NodePtr receiver, const Token& method);
    NodePtr finish_call(std::string_view function, bool method, std::size_t offset, std::vector<NodePtr> args);
    bool arguments(std::vector<NodePtr>& args);
    NodePtr binary(Op op, NodePtr left, NodePtr right, std::size_t offset);

    // macros.cpp
    /// A macro when the call `receiver.method(` (or `has(`, `cel.bind(`) is one. The next token is the first argument.
    bool is_macro(std::string_view method) const;
    NodePtr macro(NodePtr receiver, const Token& method);
    NodePtr macro_has(std::size_t offset);
    NodePtr macro_bind(std::size_t offset);
    bool macro_variable(std::string_view macro);
    void leave(std::size_t variables) { locals_.resize(locals_.size() - variables); }
    bool prepare_matches(Node& node);

    NodePtr make(Op op, std::size_t offset, const std::vector<NodePtr>& args);
    NodePtr constant(const Value& value, std::size_t offset);
    std::string_view keep(std::string_view text);
    void collect_references(const Node& node, const Node* parent);

    std::string_view text_;
    Code& code_;
    const CompileOptions& options_;
    std::vector<Token> tokens_;
    std::size_t next_ = 0;
    std::size_t depth_ = 0;
    std::vector<std::string_view> locals_;  ///< bound names; the index is the slot
    std::optional<Error> error_;
};

}  // namespace sluice::cel
