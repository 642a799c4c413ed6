#pragma once
/// Reads an expression as tokens, one at a time. Source: cel-spec doc/langdef.md, section Syntax.

#include <cstdint>
#include <string>
#include <string_view>

#include "sluice/base/result.hpp"

namespace sluice::cel {

enum class TokenKind : std::uint8_t { end, name, quoted_name, integer, uinteger, real, string, bytes, symbol };

struct Token {
    TokenKind kind = TokenKind::end;
    std::size_t offset = 0;     ///< bytes from the start of the text
    std::size_t length = 0;
    std::string_view text;      ///< as written; of a quoted name, what is between the quotes
    std::string decoded;        ///< of a string or bytes
    bool is(std::string_view symbol) const { return kind == TokenKind::symbol && text == symbol; }
};

class Lexer {
  public:
    /// Reads `text` from `begin`; offsets count from the start of `text`.
    Lexer(std::string_view text, std::size_t begin) : text_(text), at_(begin) {}
    /// The next token. Errors: invalid_argument with "line:column: …".
    Result<Token> next();
    std::size_t position() const { return at_; }

  private:
    Result<Token> number();
    Result<Token> quoted(std::size_t start, bool raw, bool bytes);
    Result<void> escape(std::string& out, bool bytes);
    Result<std::uint32_t> digits(std::size_t count, unsigned base, std::size_t start);
    bool at(std::size_t ahead, char c) const { return at_ + ahead < text_.size() && text_[at_ + ahead] == c; }
    Token token(TokenKind kind, std::size_t start) const {
        return {kind, start, at_ - start, text_.substr(start, at_ - start), {}};
    }

    std::string_view text_;
    std::size_t at_;
};

/// "line:column", both from 1, columns in characters.
std::string place_of(std::string_view text, std::size_t offset);
/// Appends a code point as UTF-8.
void append_utf8(std::string& out, std::uint32_t code_point);

}  // namespace sluice::cel
