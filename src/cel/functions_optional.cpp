// Optional values and base64. Source: cel-go ext/README.md, Encoders, and cel-spec proposal 246 (optional values).

#include "cel/base64.hpp"
#include "cel/evaluation.hpp"
#include "cel/functions.hpp"

namespace sluice::cel {

namespace {
constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

Value optional_of(Evaluation& evaluation, const Value* args, std::size_t) { return evaluation.some(args[0]); }

Value optional_none(Evaluation&, const Value*, std::size_t) { return Evaluation::none(); }

bool is_zero(const Value& v) {
    switch (v.kind) {
        case Kind::null: return true;
        case Kind::boolean: return !v.boolean;
        case Kind::integer:
        case Kind::uinteger:
        case Kind::duration: return v.integer == 0;
        case Kind::real: return v.real == 0;
        case Kind::string:
        case Kind::bytes: return v.extra == 0;
        case Kind::list:
        case Kind::map: return count(v) == 0;
        case Kind::timestamp: return v.integer == 0 && v.extra == 0;
        case Kind::optional: return v.inner == nullptr;
        case Kind::type:
        case Kind::error: return false;
    }
    return false;
}

Value optional_non_zero(Evaluation& evaluation, const Value* args, std::size_t) {
    return is_zero(args[0]) ? Evaluation::none() : evaluation.some(args[0]);
}

Value has_value(Evaluation&, const Value* args, std::size_t) {
    return args[0].is(Kind::optional) ? Value::of(args[0].inner != nullptr) : no_match();
}

Value value_of(Evaluation& evaluation, const Value* args, std::size_t) {
    if (!args[0].is(Kind::optional)) return no_match();
    return args[0].inner != nullptr ? *args[0].inner : evaluation.error("value() of an empty optional; use orValue(…) to name another");
}

Value or_optional(Evaluation&, const Value* args, std::size_t) {
    if (!args[0].is(Kind::optional) || !args[1].is(Kind::optional)) return no_match();
    return args[0].inner != nullptr ? args[0] : args[1];
}

Value or_value(Evaluation&, const Value* args, std::size_t) {
    if (!args[0].is(Kind::optional)) return no_match();
    return args[0].inner != nullptr ? *args[0].inner : args[1];
}

template <bool first>
Value end_of(Evaluation& evaluation, const Value* args, std::size_t) {
    if (!args[0].is(Kind::list)) return no_match();
    const std::size_t size = count(args[0]);
    return size == 0 ? Evaluation::none() : evaluation.some(element(args[0], first ? 0 : size - 1));
}

Value unwrap(Evaluation& evaluation, const Value* args, std::size_t) {
    if (!args[0].is(Kind::list)) return no_match();
    const std::size_t size = count(args[0]);
    auto* items = evaluation.take(size) ? evaluation.arena().array<Value>(size) : nullptr;
    if (items == nullptr) return evaluation.exhausted() ? out_of_steps : out_of_memory;
    std::size_t kept = 0;
    for (std::size_t i = 0; i < size; ++i) {
        const Value item = element(args[0], i);
        if (!item.is(Kind::optional)) return no_match();
        if (item.inner != nullptr) items[kept++] = *item.inner;
    }
    return evaluation.list(items, kept);
}

Value base64_encode(Evaluation& evaluation, const Value* args, std::size_t) {
    if (!args[0].is(Kind::bytes) && !args[0].is(Kind::string)) return no_match();
    return evaluation.take_bytes(args[0].extra * 2) ? evaluation.string(encode_base64(args[0].view())) : out_of_steps;
}

Value base64_decode(Evaluation& evaluation, const Value* args, std::size_t) {
    if (!args[0].is(Kind::string)) return no_match();
    if (!evaluation.take_bytes(args[0].extra)) return out_of_steps;
    const auto data = decode_base64(args[0].view());
    return data ? evaluation.bytes(*data) : evaluation.error("base64.decode(): this is no base64");
}
}  // namespace

std::string encode_base64(std::string_view data) {
    std::string out;
    out.reserve((data.size() + 2) / 3 * 4);
    for (std::size_t at = 0; at < data.size(); at += 3) {
        const auto byte = [&](std::size_t i) { return at + i < data.size() ? static_cast<unsigned char>(data[at + i]) : 0U; };
        const unsigned group = byte(0) << 16 | byte(1) << 8 | byte(2);
        out += alphabet[group >> 18];
        out += alphabet[(group >> 12) & 63];
        out += at + 1 < data.size() ? alphabet[(group >> 6) & 63] : '=';
        out += at + 2 < data.size() ? alphabet[group & 63] : '=';
    }
    return out;
}

std::optional<std::string> decode_base64(std::string_view text) {
    for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
    if (text.size() % 4 == 1) return std::nullopt;
    std::string out;
    unsigned group = 0;
    int bits = 0;
    for (const char c : text) {
        const auto value = alphabet.find(c);
        if (value == std::string_view::npos) return std::nullopt;
        group = (group << 6 | static_cast<unsigned>(value)) & 0xffffff;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            out += static_cast<char>(group >> bits);
        }
    }
    return out;
}

std::span<const Function> optional_functions() {
    static constexpr Function rows[] = {
        {"base64.decode", Style::global, 1, 1, base64_decode},
        {"base64.encode", Style::global, 1, 1, base64_encode},
        {"first", Style::method, 1, 1, end_of<true>},
        {"hasValue", Style::method, 1, 1, has_value},
        {"last", Style::method, 1, 1, end_of<false>},
        {"optional.none", Style::global, 0, 0, optional_none},
        {"optional.of", Style::global, 1, 1, optional_of},
        {"optional.ofNonZeroValue", Style::global, 1, 1, optional_non_zero},
        {"optional.unwrap", Style::global, 1, 1, unwrap},
        {"or", Style::method, 2, 2, or_optional},
        {"orValue", Style::method, 2, 2, or_value},
        {"unwrapOpt", Style::method, 1, 1, unwrap},
        {"value", Style::method, 1, 1, value_of},
    };
    return rows;
}

}  // namespace sluice::cel
