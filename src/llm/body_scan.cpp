#include "llm/body_scan.hpp"

#include <algorithm>
#include <charconv>

#include "sluice/base/json.hpp"

namespace sluice::llm {
namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

/// A walk over JSON text that builds nothing.
class Walk {
  public:
    Walk(std::string_view text, std::size_t depth) : text_(text), depth_(depth) {}

    std::size_t at = 0;
    std::string wrong;  ///< empty: nothing
    bool too_deep = false;

    void space() {
        while (at < text_.size() && is_space(text_[at])) ++at;
    }
    bool take(char c) {
        if (at >= text_.size() || text_[at] != c) return false;
        ++at;
        return true;
    }
    bool stop(std::string_view why) {
        if (wrong.empty()) wrong = why;
        return false;
    }

    bool string() {
        if (!take('"')) return stop("a string begins with a quote");
        while (at < text_.size()) {
            const auto c = static_cast<unsigned char>(text_[at]);
            if (c == '"') {
                ++at;
                return true;
            }
            if (c < 0x20) return stop("a control character in a string must be escaped");
            if (c == '\\') {
                if (!escape()) return false;
            } else if (c < 0x80) {
                ++at;
            } else if (!utf8()) {
                return false;
            }
        }
        return stop("a string has no end");
    }

    bool value() {
        // Containers are kept in a small stack of closing characters: no recursion, however deep the text.
        std::string closing;
        while (true) {
            space();
            if (at >= text_.size()) return stop("the text ends too early");
            const char c = text_[at];
            bool opened = false;
            if (c == '{' || c == '[') {
                if (closing.size() >= depth_) {
                    too_deep = true;
                    return stop("too many containers inside each other");
                }
                ++at;
                closing += c == '{' ? '}' : ']';
                space();
                if (take(closing.back()))
                    closing.pop_back();
                else
                    opened = true;
            } else if (c == '"') {
                if (!string()) return false;
            } else if (!scalar()) {
                return false;
            }
            if (opened) {
                if (closing.back() == '}' && !key()) return false;
                continue;
            }
            while (true) {
                if (closing.empty()) return true;
                space();
                if (take(closing.back())) {
                    closing.pop_back();
                    continue;
                }
                if (!take(',')) return stop("a comma or a closing bracket is missing");
                space();
                if (closing.back() == '}' && !key()) return false;
                break;
            }
        }
    }

  private:
    bool key() {
        space();
        if (!string()) return false;
        space();
        return take(':') || stop("a colon is missing after a member's name");
    }

    bool scalar() {
        for (const std::string_view word : {"true", "false", "null"})
            if (text_.substr(at, word.size()) == word) {
                at += word.size();
                return true;
            }
        const auto begin = at;
        take('-');
        if (take('0')) {
            if (at < text_.size() && is_digit(text_[at])) return stop("a number does not begin with 0");
        } else if (!digits()) {
            at = begin;
            return stop("this is no JSON value");
        }
        if (take('.') && !digits()) return stop("digits are missing after a point");
        if (at < text_.size() && (text_[at] == 'e' || text_[at] == 'E')) {
            ++at;
            if (!take('+')) take('-');
            if (!digits()) return stop("an exponent has no digits");
        }
        return true;
    }
    bool digits() {
        const auto begin = at;
        while (at < text_.size() && is_digit(text_[at])) ++at;
        return at > begin;
    }

    bool escape() {
        ++at;
        if (at >= text_.size()) return stop("a string has no end");
        const char c = text_[at++];
        if (c != 'u')
            return std::string_view("\"\\/bfnrt").find(c) != std::string_view::npos || stop("an escape is not known");
        const auto unit = hex();
        if (unit < 0) return stop("an escape \\u needs four hexadecimal digits");
        if (unit >= 0xDC00 && unit <= 0xDFFF) return stop("a low surrogate stands alone");
        if (unit < 0xD800 || unit > 0xDBFF) return true;
        if (!take('\\') || !take('u')) return stop("a high surrogate stands alone");
        const auto low = hex();
        return (low >= 0xDC00 && low <= 0xDFFF) || stop("a high surrogate stands alone");
    }
    int hex() {
        int unit = 0;
        for (int i = 0; i < 4; ++i, ++at) {
            if (at >= text_.size() || !is_hex(text_[at])) return -1;
            const char c = text_[at];
            unit = unit * 16 + (is_digit(c) ? c - '0' : (c | 32) - 'a' + 10);
        }
        return unit;
    }

    bool utf8() {
        const auto byte = [&](std::size_t i) {
            return at + i < text_.size() ? static_cast<unsigned char>(text_[at + i]) : 0U;
        };
        const auto follows = [&](std::size_t i, unsigned low = 0x80, unsigned high = 0xBF) {
            return byte(i) >= low && byte(i) <= high;
        };
        const auto c = byte(0);
        std::size_t size = 0;
        if (c >= 0xC2 && c <= 0xDF && follows(1))
            size = 2;
        else if (c >= 0xE0 && c <= 0xEF && follows(1, c == 0xE0 ? 0xA0 : 0x80, c == 0xED ? 0x9F : 0xBF) && follows(2))
            size = 3;
        else if (c >= 0xF0 && c <= 0xF4 && follows(1, c == 0xF0 ? 0x90 : 0x80, c == 0xF4 ? 0x8F : 0xBF) && follows(2) &&
                 follows(3))
            size = 4;
        if (size == 0) return stop("the text is not UTF-8");
        at += size;
        return true;
    }

    std::string_view text_;
    std::size_t depth_;
};

Error no_json(const Walk& walk) {
    if (walk.too_deep) return Error{ErrorCode::too_large, "the body nests too many containers", {}, false};
    return Error{ErrorCode::invalid_argument,
                 fmt::format("the body is not JSON: {} (at byte {})", walk.wrong, walk.at),
                 {},
                 false};
}

}  // namespace

Result<BodyScan> BodyScan::read(std::string_view text, std::size_t depth) {
    BodyScan scan;
    scan.text_ = text;
    scan.members_.reserve(12);
    Walk walk(text, depth > 0 ? depth - 1 : 0);
    walk.space();
    if (!walk.take('{')) return fail(ErrorCode::invalid_argument, "the body must be a JSON object");
    walk.space();
    if (text.substr(walk.at, 1) != "}")
        while (true) {
            Member member;
            walk.space();
            member.begin = walk.at;
            if (!walk.string()) return fail(no_json(walk));
            auto key = decode_json_string(text.substr(member.begin, walk.at - member.begin));
            if (!key) return fail(std::move(key.error()));
            member.key = std::move(*key);
            walk.space();
            if (!walk.take(':')) {
                walk.stop("a colon is missing after a member's name");
                return fail(no_json(walk));
            }
            walk.space();
            member.value_begin = walk.at;
            if (!walk.value()) return fail(no_json(walk));
            member.value_end = walk.at;
            if (scan.has(member.key))
                return fail(ErrorCode::invalid_argument, "the body has the member {} twice", member.key.substr(0, 60));
            scan.members_.push_back(std::move(member));
            walk.space();
            if (walk.take(',')) continue;
            break;
        }
    scan.close_ = walk.at;
    if (!walk.take('}')) {
        walk.stop("a comma or a closing brace is missing");
        return fail(no_json(walk));
    }
    walk.space();
    if (walk.at != text.size())
        return fail(ErrorCode::invalid_argument, "something follows the body's JSON (at byte {})", walk.at);
    return scan;
}

const BodyScan::Member* BodyScan::find(std::string_view key) const {
    for (const auto& member : members_)
        if (member.key == key) return &member;
    return nullptr;
}

std::string_view BodyScan::raw(std::string_view key) const {
    const auto* member = find(key);
    return member ? text_.substr(member->value_begin, member->value_end - member->value_begin) : std::string_view();
}

std::string BodyScan::text(std::string_view key, std::string_view fallback) const {
    const auto value = raw(key);
    if (!value.starts_with('"')) return std::string(fallback);
    auto decoded = decode_json_string(value);
    return decoded ? std::move(*decoded) : std::string(fallback);
}

std::int64_t BodyScan::integer(std::string_view key, std::int64_t fallback) const {
    const auto value = raw(key);
    std::int64_t number = 0;
    const auto [end, bad] = std::from_chars(value.data(), value.data() + value.size(), number);
    return bad == std::errc() && end == value.data() + value.size() && !value.empty() ? number : fallback;
}

bool BodyScan::flag(std::string_view key, bool fallback) const {
    const auto value = raw(key);
    return value == "true" || (value != "false" && fallback);
}

void BodyScan::set(std::string_view key, std::string raw_value) {
    const auto* member = find(key);
    const auto index = member ? static_cast<std::size_t>(member - members_.data()) : members_.size();
    edits_.push_back({index, std::string(key), std::move(raw_value), false});
}

void BodyScan::remove(std::string_view key) {
    if (const auto* member = find(key))
        edits_.push_back({static_cast<std::size_t>(member - members_.data()), {}, {}, true});
}

std::string BodyScan::edited() const {
    std::string out;
    out.reserve(text_.size() + 128);
    auto edits = edits_;
    std::stable_sort(edits.begin(), edits.end(), [](const Edit& a, const Edit& b) { return a.member < b.member; });
    std::size_t from = 0, kept = members_.size();
    for (const auto& edit : edits) {
        if (edit.member == members_.size()) break;
        const auto& member = members_[edit.member];
        if (!edit.removed) {
            out.append(text_.substr(from, member.value_begin - from)).append(edit.value);
            from = member.value_end;
            continue;
        }
        --kept;
        // With the comma after it, or the one before it where it is the last.
        if (edit.member + 1 < members_.size()) {
            out.append(text_.substr(from, member.begin - from));
            from = members_[edit.member + 1].begin;
        } else {
            auto head = text_.substr(from, member.begin - from);
            const auto comma = head.rfind(',');
            out.append(head.substr(0, comma == std::string_view::npos ? head.size() : comma));
            if (comma == std::string_view::npos)
                while (!out.empty() && (out.back() == ',' || is_space(out.back()))) out.pop_back();
            from = member.value_end;
        }
    }
    out.append(text_.substr(from, close_ - from));
    bool first = kept == 0;
    for (const auto& edit : edits)
        if (edit.member == members_.size()) {
            while (!out.empty() && is_space(out.back())) out.pop_back();
            if (!first) out += ',';
            first = false;
            out.append(encode_json_string(edit.key)).append(":").append(edit.value);
        }
    out.append(text_.substr(close_));
    return out;
}

Result<std::string> decode_json_string(std::string_view literal) {
    if (literal.find('\\') == std::string_view::npos && literal.size() >= 2)
        return std::string(literal.substr(1, literal.size() - 2));
    const auto value = Json::parse(literal, nullptr, false);
    if (!value.is_string()) return fail(ErrorCode::invalid_argument, "the body is not JSON: a string is malformed");
    return value.get<std::string>();
}

std::string encode_json_string(std::string_view text) { return base::dump_json(Json(text)); }

}  // namespace sluice::llm
