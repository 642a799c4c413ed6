#include "cel/lexer.hpp"

#include <array>

namespace sluice::cel {

namespace {
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_name(char c) { return is_letter(c) || is_digit(c); }
int hex_value(char c) {
    if (is_digit(c)) return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}
constexpr std::array<std::string_view, 6> long_symbols = {"&&", "||", "==", "!=", "<=", ">="};
constexpr std::string_view short_symbols = "()[]{}.,:?!-+*/%<>";
}  // namespace

std::string place_of(std::string_view text, std::size_t offset) {
    std::size_t line = 1;
    std::size_t column = 1;
    for (std::size_t i = 0; i < offset && i < text.size(); ++i) {
        if (text[i] == '\n') {
            ++line;
            column = 1;
        } else if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80) {
            ++column;
        }
    }
    return fmt::format("{}:{}", line, column);
}

void append_utf8(std::string& out, std::uint32_t c) {
    if (c < 0x80) {
        out += static_cast<char>(c);
    } else if (c < 0x800) {
        out += static_cast<char>(0xc0 | (c >> 6));
        out += static_cast<char>(0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
        out += static_cast<char>(0xe0 | (c >> 12));
        out += static_cast<char>(0x80 | ((c >> 6) & 0x3f));
        out += static_cast<char>(0x80 | (c & 0x3f));
    } else {
        out += static_cast<char>(0xf0 | (c >> 18));
        out += static_cast<char>(0x80 | ((c >> 12) & 0x3f));
        out += static_cast<char>(0x80 | ((c >> 6) & 0x3f));
        out += static_cast<char>(0x80 | (c & 0x3f));
    }
}

Result<Token> Lexer::next() {
    for (;;) {
        while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' ||
                                      text_[at_] == '\r' || text_[at_] == '\f'))
            ++at_;
        if (!(at(0, '/') && at(1, '/'))) break;
        while (at_ < text_.size() && text_[at_] != '\n') ++at_;
    }
    const std::size_t start = at_;
    if (at_ >= text_.size()) return token(TokenKind::end, start);
    const char c = text_[at_];
    if (c == '"' || c == '\'') return quoted(start, false, false);
    if (is_letter(c)) {
        // A prefix of one or two letters in front of a quote makes a raw string or bytes.
        bool raw = false;
        bool bytes = false;
        std::size_t i = at_;
        for (; i < text_.size() && i < at_ + 2; ++i) {
            const char p = static_cast<char>(text_[i] | 0x20);
            if (p == 'r' && !raw) raw = true;
            else if (p == 'b' && !bytes) bytes = true;
            else break;
        }
        if (i > at_ && i < text_.size() && (text_[i] == '"' || text_[i] == '\'')) {
            at_ = i;
            return quoted(start, raw, bytes);
        }
        while (at_ < text_.size() && is_name(text_[at_])) ++at_;
        return token(TokenKind::name, start);
    }
    if (is_digit(c) || (c == '.' && at_ + 1 < text_.size() && is_digit(text_[at_ + 1]))) return number();
    if (c == '`') {
        const std::size_t close = text_.find('`', at_ + 1);
        const std::string_view inside = close == std::string_view::npos ? std::string_view{} : text_.substr(at_ + 1, close - at_ - 1);
        if (inside.empty() || inside.find('\n') != std::string_view::npos)
            return fail(ErrorCode::invalid_argument, "{}: a name in `backquotes` must have a closing ` on its line and not be empty",
                        place_of(text_, start));
        at_ = close + 1;
        Token out = token(TokenKind::quoted_name, start);
        out.text = inside;
        return out;
    }
    for (const std::string_view symbol : long_symbols)
        if (text_.substr(at_, 2) == symbol) {
            at_ += 2;
            return token(TokenKind::symbol, start);
        }
    if (short_symbols.find(c) != std::string_view::npos) {
        ++at_;
        return token(TokenKind::symbol, start);
    }
    if (c == '=')
        return fail(ErrorCode::invalid_argument, "{}: '=' is no operator; to compare, write '=='", place_of(text_, start));
    if (c == '&' || c == '|')
        return fail(ErrorCode::invalid_argument, "{}: '{}' is no operator; write '{}{}'", place_of(text_, start), c, c, c);
    if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) == 0x7f)
        return fail(ErrorCode::invalid_argument, "{}: unexpected control character 0x{:02x}", place_of(text_, start),
                    static_cast<unsigned char>(c));
    std::size_t length = 1;
    while (start + length < text_.size() && length < 4 && (static_cast<unsigned char>(text_[start + length]) & 0xc0) == 0x80) ++length;
    return fail(ErrorCode::invalid_argument, "{}: unexpected character '{}'", place_of(text_, start), text_.substr(start, length));
}

Result<Token> Lexer::number() {
    const std::size_t start = at_;
    TokenKind kind = TokenKind::integer;
    if (at(0, '0') && (at(1, 'x') || at(1, 'X'))) {
        at_ += 2;
        const std::size_t first = at_;
        while (at_ < text_.size() && hex_value(text_[at_]) >= 0) ++at_;
        if (at_ == first)
            return fail(ErrorCode::invalid_argument, "{}: 0x needs hexadecimal digits", place_of(text_, start));
    } else {
        while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
        if (at(0, '.') && at_ + 1 < text_.size() && is_digit(text_[at_ + 1])) {
            kind = TokenKind::real;
            ++at_;
            while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
        }
        if (at(0, 'e') || at(0, 'E')) {
            const std::size_t mark = at_++;
            if (at(0, '+') || at(0, '-')) ++at_;
            const std::size_t first = at_;
            while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
            if (at_ == first)
                return fail(ErrorCode::invalid_argument, "{}: the exponent of this number has no digits", place_of(text_, mark));
            kind = TokenKind::real;
        }
    }
    if (kind == TokenKind::integer && (at(0, 'u') || at(0, 'U'))) {
        kind = TokenKind::uinteger;
        ++at_;
    }
    if (at_ < text_.size() && is_name(text_[at_]))
        return fail(ErrorCode::invalid_argument, "{}: unexpected '{}' after a number", place_of(text_, at_), text_[at_]);
    return token(kind, start);
}

Result<Token> Lexer::quoted(std::size_t start, bool raw, bool bytes) {
    const char quote = text_[at_];
    const bool triple = at(1, quote) && at(2, quote);
    at_ += triple ? 3 : 1;
    std::string out;
    for (;;) {
        if (at_ >= text_.size() || (!triple && (text_[at_] == '\n' || text_[at_] == '\r')))
            return fail(ErrorCode::invalid_argument, "{}: this string has no closing {}", place_of(text_, start),
                        triple ? std::string(3, quote) : std::string(1, quote));
        const char c = text_[at_];
        if (c == quote && (!triple || (at(1, quote) && at(2, quote)))) {
            at_ += triple ? 3 : 1;
            break;
        }
        if (c == '\\' && !raw) {
            if (auto done = escape(out, bytes); !done) return fail(std::move(done.error()));
        } else {
            out += c;
            ++at_;
        }
    }
    Token token = this->token(bytes ? TokenKind::bytes : TokenKind::string, start);
    token.decoded = std::move(out);
    return token;
}

Result<std::uint32_t> Lexer::digits(std::size_t count, unsigned base, std::size_t start) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < count; ++i, ++at_) {
        const int digit = at_ < text_.size() ? hex_value(text_[at_]) : -1;
        if (digit < 0 || static_cast<unsigned>(digit) >= base)
            return fail(ErrorCode::invalid_argument, "{}: this escape needs {} {} digits", place_of(text_, start), count,
                        base == 8 ? "octal" : "hexadecimal");
        value = value * base + static_cast<unsigned>(digit);
    }
    return value;
}

Result<void> Lexer::escape(std::string& out, bool bytes) {
    const std::size_t start = at_++;
    if (at_ >= text_.size()) return fail(ErrorCode::invalid_argument, "{}: this string ends in a backslash", place_of(text_, start));
    const char c = text_[at_];
    constexpr std::string_view names = "abfnrtv\\?\"'`";
    constexpr std::string_view meanings = "\a\b\f\n\r\t\v\\?\"'`";
    if (const auto i = names.find(c); i != std::string_view::npos) {
        out += meanings[i];
        ++at_;
        return {};
    }
    Result<std::uint32_t> value = 0U;
    if (c >= '0' && c <= '3') {
        value = digits(3, 8, start);
    } else if (c == 'x' || c == 'X') {
        ++at_;
        value = digits(2, 16, start);
    } else if ((c == 'u' || c == 'U') && !bytes) {
        ++at_;
        value = digits(c == 'u' ? 4 : 8, 16, start);
        if (value && (*value > 0x10ffff || (*value >= 0xd800 && *value < 0xe000)))
            return fail(ErrorCode::invalid_argument, "{}: this escape is no Unicode character", place_of(text_, start));
    } else {
        return fail(ErrorCode::invalid_argument, "{}: unknown escape in a string; a backslash itself is written \\\\ (or use r'…')",
                    place_of(text_, start));
    }
    if (!value) return fail(std::move(value.error()));
    if (bytes) out += static_cast<char>(*value);
    else append_utf8(out, *value);
    return {};
}

}  // namespace sluice::cel
