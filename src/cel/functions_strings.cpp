// The strings extension. Positions count characters (code points). Source: github.com/google/cel-go, ext/README.md, Strings.

#include <algorithm>
#include <vector>

#include "cel/evaluation.hpp"
#include "cel/functions.hpp"
#include "cel/lexer.hpp"
#include "cel/unicode.hpp"

namespace sluice::cel {

namespace {
constexpr auto npos = std::string_view::npos;

bool all_strings(const Value* args, std::size_t count) {
    return std::all_of(args, args + count, [](const Value& v) { return v.is(Kind::string); });
}

/// A position or count; doubles without fraction are taken when they come from JSON.
std::optional<std::int64_t> as_int(const Value& v) {
    if (v.is(Kind::integer)) return v.integer;
    if (v.is(Kind::real) && v.loose && std::abs(v.real) < 0x1p53 && v.real == static_cast<double>(static_cast<std::int64_t>(v.real)))
        return static_cast<std::int64_t>(v.real);
    return std::nullopt;
}

Value out_of_range(Evaluation& evaluation, std::int64_t index) { return evaluation.error("index out of range: {}", index); }

/// The byte offset of a character; nothing for an index beyond the end.
std::optional<std::size_t> offset_of(std::string_view text, std::int64_t index) {
    if (index < 0) return std::nullopt;
    const std::size_t at = byte_offset(text, static_cast<std::size_t>(index));
    return at == npos ? std::nullopt : std::optional(at);
}

std::size_t find_from(std::string_view text, std::string_view part, std::size_t from) {
    if (part.empty()) return from;
    const void* at = memmem(text.data() + from, text.size() - from, part.data(), part.size());
    return at == nullptr ? npos : static_cast<std::size_t>(static_cast<const char*>(at) - text.data());
}

Value char_at(Evaluation& evaluation, const Value* args, std::size_t) {
    const auto index = as_int(args[1]);
    if (!args[0].is(Kind::string) || !index) return no_match();
    const auto text = args[0].view();
    if (!evaluation.take_bytes(text.size())) return out_of_steps;
    const auto at = offset_of(text, *index);
    if (!at) return out_of_range(evaluation, *index);
    return Value::of_string(*at == text.size() ? std::string_view("") : text.substr(*at, utf8_size(text, *at)));
}

Value index_of(Evaluation& evaluation, const Value* args, std::size_t count) {
    const auto from = count == 3 ? as_int(args[2]) : 0;
    if (!all_strings(args, 2) || !from) return no_match();
    const auto text = args[0].view();
    if (!evaluation.take_bytes(text.size() * 2 + args[1].extra)) return out_of_steps;
    const auto start = offset_of(text, *from);
    if (!start) return out_of_range(evaluation, *from);
    const std::size_t at = find_from(text, args[1].view(), *start);
    return Value::of_int(at == npos ? -1 : static_cast<std::int64_t>(count_characters(text.substr(0, at))));
}

Value last_index_of(Evaluation& evaluation, const Value* args, std::size_t count) {
    if (!all_strings(args, 2)) return no_match();
    const auto text = args[0].view();
    const auto part = args[1].view();
    // rfind compares at every place: text times part in the worst case.
    if (!evaluation.take_bytes(text.size() * std::max<std::size_t>(2, part.size()))) return out_of_steps;
    std::size_t last = text.size();
    if (count == 3) {
        const auto from = as_int(args[2]);
        if (!from) return no_match();
        const auto start = offset_of(text, *from);
        if (!start) return out_of_range(evaluation, *from);
        last = *start;
    }
    const std::size_t at = text.rfind(part, last);
    return Value::of_int(at == npos ? -1 : static_cast<std::int64_t>(count_characters(text.substr(0, at))));
}

Value join(Evaluation& evaluation, const Value* args, std::size_t count_args) {
    if (!args[0].is(Kind::list) || (count_args == 2 && !args[1].is(Kind::string))) return no_match();
    const std::string_view separator = count_args == 2 ? args[1].view() : std::string_view{};
    const std::size_t size = count(args[0]);
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < size; ++i) {
        const Value item = element(args[0], i);
        if (!item.is(Kind::string)) return evaluation.error("no such overload: join() needs a list of strings; element {} is {}", i, describe(item));
        bytes += item.extra + separator.size();
    }
    if (!evaluation.take(size) || !evaluation.take_bytes(bytes)) return out_of_steps;
    char* out = evaluation.arena().array<char>(bytes);
    if (out == nullptr || bytes > UINT32_MAX) return out_of_memory;
    std::size_t at = 0;
    for (std::size_t i = 0; i < size; ++i) {
        if (i > 0) at += separator.copy(out + at, separator.size());
        const std::string_view item = element(args[0], i).view();
        at += item.copy(out + at, item.size());
    }
    return Value::of_string({out, at});
}

template <char first, char last>
Value change_case(Evaluation& evaluation, const Value* args, std::size_t) {
    if (!args[0].is(Kind::string)) return no_match();
    if (!evaluation.take_bytes(args[0].extra)) return out_of_steps;
    char* out = evaluation.arena().array<char>(args[0].extra);
    if (out == nullptr) return out_of_memory;
    std::transform(args[0].text, args[0].text + args[0].extra, out, [](char c) { return c >= first && c <= last ? static_cast<char>(c ^ 0x20) : c; });
    return Value::of_string({out, args[0].extra});
}

Value replace(Evaluation& evaluation, const Value* args, std::size_t count) {
    const auto limit = count == 4 ? as_int(args[3]) : -1;
    if (!all_strings(args, 3) || !limit) return no_match();
    const auto text = args[0].view(), from = args[1].view(), to = args[2].view();
    std::string out;
    std::size_t at = 0;
    constexpr std::size_t most = 64 << 20;
    for (std::int64_t done = 0; *limit < 0 || done < *limit; ++done) {
        if (!evaluation.take(1 + to.size() / 64)) return out_of_steps;
        if (from.empty()) {  // between all characters, as in Go
            out += to;
            if (at >= text.size()) break;
            const std::size_t size = utf8_size(text, at);
            out += text.substr(at, size);
            at += size;
        } else {
            const std::size_t found = find_from(text, from, at);
            if (found == npos) break;
            out += text.substr(at, found - at);
            out += to;
            at = found + from.size();
        }
        if (out.size() > most) return out_of_memory;
    }
    out += text.substr(std::min(at, text.size()));
    return evaluation.take_bytes(out.size()) ? evaluation.string(out) : out_of_steps;
}

Value split(Evaluation& evaluation, const Value* args, std::size_t count) {
    const auto limit = count == 3 ? as_int(args[2]) : -1;
    if (!all_strings(args, 2) || !limit) return no_match();
    const auto text = args[0].view(), separator = args[1].view();
    if (!evaluation.take_bytes(text.size())) return out_of_steps;
    std::vector<Value> parts;
    std::size_t at = 0;
    while (*limit != 0) {
        if (!evaluation.take(1)) return out_of_steps;
        const bool last = *limit > 0 && parts.size() + 1 == static_cast<std::size_t>(*limit);
        std::size_t end = npos;
        if (separator.empty()) {
            if (at >= text.size()) break;
            end = at + utf8_size(text, at);
        } else {
            end = find_from(text, separator, at);
        }
        if (last || end == npos || (separator.empty() && end >= text.size())) {
            parts.push_back(Value::of_string(text.substr(at)));
            break;
        }
        parts.push_back(Value::of_string(text.substr(at, end - at)));
        at = end + separator.size();
    }
    auto* items = evaluation.arena().array<Value>(parts.size());
    if (items == nullptr) return out_of_memory;
    std::copy(parts.begin(), parts.end(), items);
    return evaluation.list(items, parts.size());
}

Value substring(Evaluation& evaluation, const Value* args, std::size_t count) {
    const auto first = as_int(args[1]);
    const auto last = count == 3 ? as_int(args[2]) : 0;
    if (!args[0].is(Kind::string) || !first || !last) return no_match();
    const auto text = args[0].view();
    if (!evaluation.take_bytes(text.size())) return out_of_steps;
    const auto start = offset_of(text, *first);
    if (!start) return out_of_range(evaluation, *first);
    const auto end = count == 3 ? offset_of(text, *last) : text.size();
    if (!end) return out_of_range(evaluation, *last);
    if (*start > *end) return evaluation.error("invalid substring range: {} is after {}", *first, *last);
    return Value::of_string(text.substr(*start, *end - *start));
}

bool is_space(std::uint32_t c) {  // Unicode's White_Space
    return (c >= 9 && c <= 13) || c == 0x20 || c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) ||
           c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

Value trim(Evaluation& evaluation, const Value* args, std::size_t) {
    if (!args[0].is(Kind::string)) return no_match();
    const auto text = args[0].view();
    if (!evaluation.take_bytes(text.size())) return out_of_steps;
    std::size_t first = npos;
    std::size_t end = 0;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t size = utf8_size(text, at);
        if (!is_space(code_point(text, at, size))) {
            if (first == npos) first = at;
            end = at + size;
        }
        at += size;
    }
    return Value::of_string(first == npos ? std::string_view("") : text.substr(first, end - first));
}

Value reverse(Evaluation& evaluation, const Value* args, std::size_t) {
    if (!args[0].is(Kind::string)) return no_match();
    const auto text = args[0].view();
    if (!evaluation.take_bytes(text.size())) return out_of_steps;
    char* out = evaluation.arena().array<char>(text.size());
    if (out == nullptr) return out_of_memory;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t size = utf8_size(text, at);
        text.copy(out + text.size() - at - size, size, at);
        at += size;
    }
    return Value::of_string({out, text.size()});
}

Value quote(Evaluation& evaluation, const Value* args, std::size_t) {
    if (!args[0].is(Kind::string)) return no_match();
    const auto text = args[0].view();
    if (!evaluation.take_bytes(text.size())) return out_of_steps;
    std::string out = "\"";
    constexpr std::string_view special = "\a\b\f\n\r\t\v\\\"";
    constexpr std::string_view names = "abfnrtv\\\"";
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t size = utf8_size(text, at);
        if (const auto i = special.find(text[at]); i != npos) {
            out += '\\';
            out += names[i];
        } else {
            append_utf8(out, code_point(text, at, size));  // a stray byte becomes U+FFFD
        }
        at += size;
    }
    return evaluation.string(out + "\"");
}
}  // namespace

std::span<const Function> string_functions() {
    static constexpr Function rows[] = {
        {"charAt", Style::method, 2, 2, char_at},
        {"format", Style::method, 2, 2, string_format},
        {"indexOf", Style::method, 2, 3, index_of},
        {"join", Style::method, 1, 2, join},
        {"lastIndexOf", Style::method, 2, 3, last_index_of},
        {"lowerAscii", Style::method, 1, 1, change_case<'A', 'Z'>},
        {"replace", Style::method, 3, 4, replace},
        {"reverse", Style::method, 1, 1, reverse},
        {"split", Style::method, 2, 3, split},
        {"strings.quote", Style::global, 1, 1, quote},
        {"substring", Style::method, 2, 3, substring},
        {"trim", Style::method, 1, 1, trim},
        {"upperAscii", Style::method, 1, 1, change_case<'a', 'z'>},
    };
    return rows;
}

}  // namespace sluice::cel
