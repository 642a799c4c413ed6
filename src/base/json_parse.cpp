// The one reader that outside input passes. It is written by hand rather than on nlohmann's SAX
// interface because ordered_json grows its objects by copying them (their keys are const), which
// makes every nested object copied again and again, and because limits have to hold before memory
// is spent.

#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <unordered_set>

#include "base/utf8.hpp"
#include "sluice/base/json.hpp"

namespace sluice::base {

namespace {

/// Bytes that stand for themselves inside a string: printable ASCII but quote and backslash.
constexpr std::array<bool, 256> make_plain() {
    std::array<bool, 256> plain{};
    for (std::size_t c = 0x20; c < 0x80; ++c) plain[c] = c != '"' && c != '\\';
    return plain;
}
constexpr auto plain = make_plain();

/// A member whose object is still open.
struct Member {
    std::string key;
    const char* at;
    Json value;
};

class Reader {
  public:
    Reader(std::string_view text, const JsonLimits& limits)
        : begin_(text.data()), at_(begin_), end_(begin_ + text.size()), limits_(limits) {}

    Result<Json> read() {
        if (at_ != end_ && static_cast<std::size_t>(end_ - at_) > limits_.size_bytes)
            return fail(ErrorCode::too_large, "the JSON text has {} bytes, the limit is {}",
                        end_ - at_, limits_.size_bytes);
        if (std::string_view(at_, static_cast<std::size_t>(end_ - at_)).starts_with("\xef\xbb\xbf"))
            return fail(ErrorCode::invalid_argument,
                        "line 1, column 1: remove the byte order mark before the JSON text");
        skip_space();
        if (at_ == end_) return fail(ErrorCode::invalid_argument, "the JSON text is empty");
        Json root;
        if (!value(root, 0)) return fail(std::move(error_));
        skip_space();
        if (at_ != end_) {
            mistake("the value is complete, but more text follows");
            return fail(std::move(error_));
        }
        return root;
    }

  private:
    bool value(Json& out, std::size_t depth) {
        switch (*at_) {
            case '{': return object(out, depth + 1);
            case '[': return array(out, depth + 1);
            case '"': {
                // Built in place: a moved short string would be copied twice.
                out = Json::string_t();
                return string(out.get_ref<Json::string_t&>());
            }
            case 't': return word("true", out, true);
            case 'f': return word("false", out, false);
            case 'n': return word("null", out, nullptr);
            case 'N':
            case 'I': return mistake("NaN and Infinity are no JSON numbers");
            default: return number(out);
        }
    }

    bool object(Json& out, std::size_t depth) {
        if (depth > limits_.depth) return too_deep();
        const std::size_t base = members_.size();
        ++at_;
        if (!more("an object is not closed")) return false;
        if (*at_ == '}') {
            ++at_;
            out = Json::object();
            return true;
        }
        while (true) {
            if (*at_ != '"')
                return mistake(*at_ == '}' ? "a comma before '}' is not allowed"
                                           : "expected a key in double quotes");
            if (members_.size() - base >= limits_.keys)
                return over("an object has more keys than the limit of {}", limits_.keys);
            Member member{{}, at_, {}};
            if (!string(member.key)) return false;
            if (!more("an object is not closed")) return false;
            if (*at_ != ':') return mistake("expected ':' after the key");
            ++at_;
            if (!more("a value is missing") || !value(member.value, depth)) return false;
            members_.push_back(std::move(member));
            if (!more("an object is not closed")) return false;
            if (*at_ == '}') break;
            if (*at_ != ',') return mistake("expected ',' or '}'");
            ++at_;
            if (!more("an object is not closed")) return false;
        }
        ++at_;
        if (!keys_differ(base)) return false;
        out = Json::object();
        auto& object = out.get_ref<Json::object_t&>();
        object.reserve(members_.size() - base);
        for (std::size_t i = base; i < members_.size(); ++i)
            object.emplace_back(std::move(members_[i].key), std::move(members_[i].value));
        members_.resize(base);
        return true;
    }

    bool array(Json& out, std::size_t depth) {
        if (depth > limits_.depth) return too_deep();
        const std::size_t base = items_.size();
        ++at_;
        if (!more("an array is not closed")) return false;
        if (*at_ == ']') {
            ++at_;
            out = Json::array();
            return true;
        }
        while (true) {
            if (*at_ == ']') return mistake("a comma before ']' is not allowed");
            Json item;
            if (!value(item, depth)) return false;
            items_.push_back(std::move(item));
            if (!more("an array is not closed")) return false;
            if (*at_ == ']') break;
            if (*at_ != ',') return mistake("expected ',' or ']'");
            ++at_;
            if (!more("an array is not closed")) return false;
        }
        ++at_;
        out = Json::array();
        auto& array = out.get_ref<Json::array_t&>();
        const auto first = items_.begin() + static_cast<std::ptrdiff_t>(base);
        array.assign(std::make_move_iterator(first), std::make_move_iterator(items_.end()));
        items_.resize(base);
        return true;
    }

    /// Refuses a key that stands twice among the members from `base` on.
    bool keys_differ(std::size_t base) {
        const std::size_t count = members_.size() - base;
        if (count <= 16) {
            for (std::size_t i = base + 1; i < members_.size(); ++i)
                for (std::size_t j = base; j < i; ++j)
                    if (members_[i].key == members_[j].key) return twice(members_[i]);
            return true;
        }
        std::unordered_set<std::string_view> seen;
        seen.reserve(count);
        for (std::size_t i = base; i < members_.size(); ++i)
            if (!seen.insert(members_[i].key).second) return twice(members_[i]);
        return true;
    }

    bool twice(const Member& member) {
        at_ = member.at;
        return mistake(fmt::format("the key \"{}\" stands twice in one object",
                                   std::string_view(member.key).substr(0, 64)));
    }

    bool string(std::string& out) {
        const char* const start = at_++;
        while (true) {
            const char* run = at_;
            while (at_ != end_) {
                if (plain[static_cast<unsigned char>(*at_)]) {
                    ++at_;
                } else if (static_cast<unsigned char>(*at_) >= 0x80) {
                    const auto length = utf8_length(at_, end_);
                    if (length == 0) return mistake("the text is not valid UTF-8");
                    at_ += length;
                } else {
                    break;
                }
            }
            out.append(run, static_cast<std::size_t>(at_ - run));
            if (out.size() > limits_.string_bytes) {
                at_ = start;
                return over("a string is longer than the limit of {} bytes", limits_.string_bytes);
            }
            if (at_ == end_) return mistake("a string is not closed");
            if (*at_ == '"') {
                ++at_;
                return true;
            }
            if (*at_ != '\\')
                return mistake("a control character in a string must be escaped (such as \\n)");
            if (!escape(out)) return false;
        }
    }

    bool escape(std::string& out) {
        const char* const start = at_++;
        if (at_ == end_) return mistake("a string is not closed");
        switch (*at_++) {
            case '"': out += '"'; return true;
            case '\\': out += '\\'; return true;
            case '/': out += '/'; return true;
            case 'b': out += '\b'; return true;
            case 'f': out += '\f'; return true;
            case 'n': out += '\n'; return true;
            case 'r': out += '\r'; return true;
            case 't': out += '\t'; return true;
            case 'u': break;
            default:
                at_ = start;
                return mistake(
                    "unknown escape; allowed are \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX");
        }
        std::uint32_t code = 0;
        if (!hex4(code)) return false;
        if (code >= 0xdc00 && code < 0xe000) return lone(start);
        if (code >= 0xd800 && code < 0xdc00) {
            std::uint32_t low = 0;
            if (end_ - at_ < 2 || at_[0] != '\\' || at_[1] != 'u') return lone(start);
            at_ += 2;
            if (!hex4(low)) return false;
            if (low < 0xdc00 || low >= 0xe000) return lone(start);
            code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        }
        append_utf8(out, code);
        return true;
    }

    bool lone(const char* start) {
        at_ = start;
        return mistake("half of a surrogate pair stands alone");
    }

    bool hex4(std::uint32_t& code) {
        for (int i = 0; i < 4; ++i) {
            if (at_ == end_) return mistake("a string is not closed");
            const char c = *at_;
            std::uint32_t digit = 0;
            if (c >= '0' && c <= '9') digit = static_cast<std::uint32_t>(c - '0');
            else if (c >= 'a' && c <= 'f') digit = static_cast<std::uint32_t>(c - 'a' + 10);
            else if (c >= 'A' && c <= 'F') digit = static_cast<std::uint32_t>(c - 'A' + 10);
            else return mistake("\\u needs four hexadecimal digits");
            code = code * 16 + digit;
            ++at_;
        }
        return true;
    }

    bool number(Json& out) {
        const char* const start = at_;
        const bool negative = *at_ == '-';
        if (negative) ++at_;
        if (at_ == end_ || !digit()) {
            if (at_ != end_ && (*at_ == 'I' || *at_ == 'N'))
                return mistake("NaN and Infinity are no JSON numbers");
            if (negative) return mistake("a digit is missing after '-'");
            return mistake("expected a value");
        }
        if (*at_ == '0') {
            ++at_;
            if (at_ != end_ && digit()) return mistake("a number must not start with 0");
        } else {
            skip_digits();
        }
        bool whole = true;
        if (at_ != end_ && *at_ == '.') {
            whole = false;
            ++at_;
            if (at_ == end_ || !digit()) return mistake("a digit is missing after the point");
            skip_digits();
        }
        if (at_ != end_ && (*at_ == 'e' || *at_ == 'E')) {
            whole = false;
            ++at_;
            if (at_ != end_ && (*at_ == '+' || *at_ == '-')) ++at_;
            if (at_ == end_ || !digit()) return mistake("a digit is missing in the exponent");
            skip_digits();
        }
        const auto length = static_cast<std::size_t>(at_ - start);
        if (length > limits_.number_digits) {
            at_ = start;
            return over("a number is longer than the limit of {} characters",
                        limits_.number_digits);
        }
        if (whole) {
            std::int64_t integer = 0;
            if (std::from_chars(start, at_, integer).ec == std::errc()) {
                // As nlohmann reads them: an unsigned number unless there is a minus.
                if (negative) out = integer;
                else out = static_cast<std::uint64_t>(integer);
                return true;
            }
        }
        double real = 0;
        if (std::from_chars(start, at_, real).ec != std::errc())
            real = std::strtod(std::string(start, length).c_str(),
                               nullptr);  // too small gives 0, too large infinity
        if (!std::isfinite(real)) {
            at_ = start;
            return mistake("the number is too large");
        }
        out = real;
        return true;
    }

    template <class T>
    bool word(std::string_view expected, Json& out, T constant) {
        if (!std::string_view(at_, static_cast<std::size_t>(end_ - at_)).starts_with(expected))
            return mistake("expected a value");
        at_ += expected.size();
        out = constant;
        return true;
    }

    bool digit() const { return *at_ >= '0' && *at_ <= '9'; }
    void skip_digits() {
        while (at_ != end_ && digit()) ++at_;
    }
    void skip_space() {
        while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
    }
    bool more(const char* missing) {
        skip_space();
        return at_ != end_ || mistake(missing);
    }

    std::string place() const {
        std::size_t line = 1;
        const char* line_start = begin_;
        for (const char* c = begin_; c < at_; ++c)
            if (*c == '\n') {
                ++line;
                line_start = c + 1;
            }
        return fmt::format("line {}, column {}", line, at_ - line_start + 1);
    }
    bool mistake(std::string_view what) {
        error_ = {ErrorCode::invalid_argument, fmt::format("{}: {}", place(), what), {}, false};
        return false;
    }
    bool over(std::string_view what, std::size_t limit) {
        error_ = {ErrorCode::too_large,
                  fmt::format("{}: {}", place(), fmt::format(fmt::runtime(what), limit)),
                  {},
                  false};
        return false;
    }
    bool too_deep() { return over("values are nested deeper than the limit of {}", limits_.depth); }

    const char* begin_;
    const char* at_;
    const char* end_;
    const JsonLimits& limits_;
    Error error_;
    std::vector<Member> members_;  ///< of all open objects, the innermost last
    std::vector<Json> items_;      ///< of all open arrays, the innermost last
};

}  // namespace

Result<Json> parse_json(std::string_view text, const JsonLimits& limits) {
    return Reader(text, limits).read();
}

}  // namespace sluice::base
