// The standard library: sizes, conversions, types, and the look-up of all functions.

#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <map>

#include <re2/re2.h>

#include "cel/evaluation.hpp"
#include "cel/functions.hpp"
#include "cel/time.hpp"
#include "cel/unicode.hpp"

namespace sluice::cel {

namespace {
Value size(Evaluation& evaluation, const Value* args, std::size_t) {
    switch (args[0].kind) {
        case Kind::string:
            if (!evaluation.take_bytes(args[0].extra)) return out_of_steps;
            return Value::of_int(static_cast<std::int64_t>(count_characters(args[0].view())));
        case Kind::bytes: return Value::of_int(args[0].extra);
        case Kind::list:
        case Kind::map: return Value::of_int(static_cast<std::int64_t>(count(args[0])));
        default: return no_match();
    }
}

Value dyn(Evaluation&, const Value* args, std::size_t) { return args[0]; }

Value type(Evaluation&, const Value* args, std::size_t) { return Value::of_type(type_name(args[0])); }

Value to_bool(Evaluation& evaluation, const Value* args, std::size_t) {
    if (args[0].is(Kind::boolean)) return args[0];
    if (!args[0].is(Kind::string)) return no_match();
    constexpr std::array<std::string_view, 5> yes = {"1", "t", "true", "TRUE", "True"};
    constexpr std::array<std::string_view, 5> no = {"0", "f", "false", "FALSE", "False"};
    const auto text = args[0].view();
    if (std::find(yes.begin(), yes.end(), text) != yes.end()) return Value::of(true);
    if (std::find(no.begin(), no.end(), text) != no.end()) return Value::of(false);
    return evaluation.error("type conversion error: '{}' is neither true nor false", text.substr(0, 40));
}

template <class T>
std::optional<T> parse_number(std::string_view text) {
    T value{};
    if (text.starts_with('+')) text.remove_prefix(1);
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
    if (read.ec != std::errc{} || read.ptr != text.data() + text.size() || text.empty()) return std::nullopt;
    return value;
}

Value to_int(Evaluation& evaluation, const Value* args, std::size_t) {
    const auto range = [&] { return evaluation.error("range error: the value does not fit an int"); };
    switch (args[0].kind) {
        case Kind::integer: return args[0];
        case Kind::uinteger: return args[0].uinteger <= INT64_MAX ? Value::of_int(args[0].integer) : range();
        case Kind::real:  // both ends are excluded, as the conformance suite wants it
            return args[0].real > -0x1p63 && args[0].real < 0x1p63 ? Value::of_int(static_cast<std::int64_t>(args[0].real)) : range();
        case Kind::timestamp: return Value::of_int(args[0].integer);
        case Kind::string: {
            const auto value = parse_number<std::int64_t>(args[0].view());
            return value ? Value::of_int(*value) : evaluation.error("type conversion error: '{}' is no int", args[0].view().substr(0, 40));
        }
        default: return no_match();
    }
}

Value to_uint(Evaluation& evaluation, const Value* args, std::size_t) {
    const auto range = [&] { return evaluation.error("range error: the value does not fit a uint"); };
    switch (args[0].kind) {
        case Kind::uinteger: return args[0];
        case Kind::integer: return args[0].integer >= 0 ? Value::of_uint(args[0].uinteger) : range();
        case Kind::real:
            return args[0].real > -1 && args[0].real < 0x1p64 ? Value::of_uint(static_cast<std::uint64_t>(args[0].real)) : range();
        case Kind::string: {
            const auto value = parse_number<std::uint64_t>(args[0].view());
            return value ? Value::of_uint(*value) : evaluation.error("type conversion error: '{}' is no uint", args[0].view().substr(0, 40));
        }
        default: return no_match();
    }
}

Value to_double(Evaluation& evaluation, const Value* args, std::size_t) {
    switch (args[0].kind) {
        case Kind::real: return args[0];
        case Kind::integer: return Value::of_real(static_cast<double>(args[0].integer));
        case Kind::uinteger: return Value::of_real(static_cast<double>(args[0].uinteger));
        case Kind::string: break;
        default: return no_match();
    }
    std::string_view text = args[0].view();
    const bool sign = text.starts_with('+') || text.starts_with('-');
    const double factor = text.starts_with('-') ? -1 : 1;
    const std::string_view digits = text.substr(sign ? 1 : 0);
    if (digits == "NaN") return Value::of_real(std::nan(""));
    if (digits == "Infinity" || digits == "Inf" || digits == "inf") return Value::of_real(factor * HUGE_VAL);
    const bool plain = !digits.empty() && digits.size() < 1000 && digits.find_first_not_of("0123456789.eE+-") == std::string_view::npos;
    const std::string copy(plain ? text : "");
    char* end = nullptr;
    const double value = std::strtod(copy.c_str(), &end);
    if (!plain || end != copy.c_str() + copy.size() || std::isinf(value))
        return evaluation.error("type conversion error: '{}' is no double", text.substr(0, 40));
    return Value::of_real(value);
}

Value to_string(Evaluation& evaluation, const Value* args, std::size_t) {
    switch (args[0].kind) {
        case Kind::string: return args[0];
        case Kind::boolean: return Value::of_string(args[0].boolean ? "true" : "false");
        case Kind::integer: return evaluation.string(fmt::format("{}", args[0].integer));
        case Kind::uinteger: return evaluation.string(fmt::format("{}", args[0].uinteger));
        case Kind::real:
            if (std::isnan(args[0].real)) return Value::of_string("NaN");
            if (std::isinf(args[0].real)) return Value::of_string(args[0].real > 0 ? "Infinity" : "-Infinity");
            return evaluation.string(fmt::format("{}", args[0].real));
        case Kind::bytes:
            if (!evaluation.take_bytes(args[0].extra)) return out_of_steps;
            return valid_utf8(args[0].view()) ? Value::of_string(args[0].view()) : evaluation.error("type conversion error: these bytes are no UTF-8");
        case Kind::timestamp: return evaluation.string(format_timestamp(args[0]));
        case Kind::duration: return evaluation.string(format_duration(args[0]));
        case Kind::type: return Value::of_string(args[0].view());
        default: return no_match();
    }
}

Value to_bytes(Evaluation&, const Value* args, std::size_t) {
    if (args[0].is(Kind::bytes)) return args[0];
    return args[0].is(Kind::string) ? Value::of_bytes(args[0].view()) : no_match();
}

template <bool (*test)(std::string_view, std::string_view)>
Value compare_text(Evaluation& evaluation, const Value* args, std::size_t) {
    if (!args[0].is(Kind::string) || !args[1].is(Kind::string)) return no_match();
    if (!evaluation.take_bytes(std::size_t{args[0].extra} + args[1].extra)) return out_of_steps;
    return Value::of(test(args[0].view(), args[1].view()));
}

bool contains(std::string_view text, std::string_view part) {
    // memmem is linear for every input, string_view::find is not.
    return part.empty() || memmem(text.data(), text.size(), part.data(), part.size()) != nullptr;
}
bool starts_with(std::string_view text, std::string_view part) { return text.starts_with(part); }
bool ends_with(std::string_view text, std::string_view part) { return text.ends_with(part); }

/// All functions by their name; methods have a leading dot.
const std::map<std::string, const Function*, std::less<>>& all_functions() {
    static const auto table = [] {
        std::map<std::string, const Function*, std::less<>> out;
        for (const auto rows : {standard_functions(), time_functions(), string_functions(), math_functions(), optional_functions()})
            for (const Function& row : rows) {
                if (row.style != Style::method) out.emplace(row.name, &row);
                if (row.style != Style::global) out.emplace("." + std::string(row.name), &row);
            }
        return out;
    }();
    return table;
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t next = std::min({row[j] + 1, row[j - 1] + 1, diagonal + ((a[i - 1] | 0x20) == (b[j - 1] | 0x20) ? 0U : 1U)});
            diagonal = row[j];
            row[j] = next;
        }
    }
    return row[b.size()];
}
}  // namespace

Value string_matches(Evaluation& evaluation, const Value* args, std::size_t) {
    if (!args[0].is(Kind::string) || !args[1].is(Kind::string)) return no_match();
    Value problem;
    const re2::RE2* pattern = evaluation.pattern(args[1].view(), problem);
    if (pattern == nullptr) return problem;
    if (!evaluation.take_bytes(args[0].extra)) return out_of_steps;
    return Value::of(re2::RE2::PartialMatch(re2::StringPiece(args[0].text, args[0].extra), *pattern));
}

const Function* find_function(std::string_view name, bool method) {
    const auto& table = all_functions();
    const auto found = method ? table.find("." + std::string(name)) : table.find(name);
    return found == table.end() ? nullptr : found->second;
}

bool is_function_namespace(std::string_view prefix) {
    constexpr std::array<std::string_view, 4> namespaces = {"base64", "math", "optional", "strings"};
    return std::find(namespaces.begin(), namespaces.end(), prefix) != namespaces.end();
}

std::string_view similar_function(std::string_view name, bool method) {
    std::string_view best;
    std::size_t least = name.size() / 3 + 1;
    if (name.size() > 40) return best;
    for (const auto& [key, row] : all_functions()) {
        if ((key[0] == '.') != method) continue;
        const std::size_t distance = edit_distance(name, row->name);
        if (distance <= least && distance < name.size() && (best.empty() || distance < least)) {
            best = row->name;
            least = distance;
        }
    }
    return best;
}

std::span<const Function> standard_functions() {
    static constexpr Function rows[] = {
        {"bool", Style::global, 1, 1, to_bool},
        {"bytes", Style::global, 1, 1, to_bytes},
        {"contains", Style::method, 2, 2, compare_text<contains>},
        {"double", Style::global, 1, 1, to_double},
        {"dyn", Style::global, 1, 1, dyn},
        {"endsWith", Style::method, 2, 2, compare_text<ends_with>},
        {"int", Style::global, 1, 1, to_int},
        {"matches", Style::both, 2, 2, string_matches},
        {"size", Style::both, 1, 1, size},
        {"startsWith", Style::method, 2, 2, compare_text<starts_with>},
        {"string", Style::global, 1, 1, to_string},
        {"type", Style::global, 1, 1, type},
        {"uint", Style::global, 1, 1, to_uint},
    };
    return rows;
}

}  // namespace sluice::cel
