// string.format(list): %s %d %f %e %b %o %x %X %%. Source: cel-go ext/README.md, Strings, Format.

#include <cmath>

#include "cel/evaluation.hpp"
#include "cel/functions.hpp"
#include "cel/time.hpp"

namespace sluice::cel {

namespace {
constexpr std::size_t most_bytes = 8 << 20;

std::string special_real(double value) { return std::isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity"; }

/// %s: strings as they are, lists and maps in brackets, a map's keys in order. False for a value without such a text.
bool append_plain(const Value& value, std::string& out, std::size_t depth) {
    if (depth > 64 || out.size() > most_bytes) return false;
    switch (value.kind) {
        case Kind::null: out += "null"; return true;
        case Kind::boolean: out += value.boolean ? "true" : "false"; return true;
        case Kind::integer: out += fmt::format("{}", value.integer); return true;
        case Kind::uinteger: out += fmt::format("{}", value.uinteger); return true;
        case Kind::real: out += std::isfinite(value.real) ? fmt::format("{}", value.real) : special_real(value.real); return true;
        case Kind::string:
        case Kind::bytes:
        case Kind::type: out += value.view(); return true;
        case Kind::timestamp: out += format_timestamp(value); return true;
        case Kind::duration: out += format_duration(value); return true;
        case Kind::list:
            out += '[';
            for (std::size_t i = 0; i < count(value); ++i) {
                if (i > 0) out += ", ";
                if (!append_plain(element(value, i), out, depth + 1)) return false;
            }
            out += ']';
            return true;
        case Kind::map: {
            std::vector<std::pair<std::string, Value>> members;
            for (std::size_t i = 0; i < count(value); ++i) {
                const Entry at = entry(value, i);
                std::string key;
                if (!append_plain(at.key, key, depth + 1)) return false;
                members.emplace_back(std::move(key), at.value);
            }
            std::sort(members.begin(), members.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
            out += '{';
            for (std::size_t i = 0; i < members.size(); ++i) {
                out += (i > 0 ? ", " : "") + members[i].first + ": ";
                if (!append_plain(members[i].second, out, depth + 1)) return false;
            }
            out += '}';
            return true;
        }
        case Kind::optional:
        case Kind::error: return false;
    }
    return false;
}

std::string with_base(const Value& value, char clause) {
    const bool negative = value.is(Kind::integer) && value.integer < 0;
    const std::uint64_t magnitude = negative ? 0 - value.uinteger : value.uinteger;
    const char* sign = negative ? "-" : "";
    switch (clause) {
        case 'b': return fmt::format("{}{:b}", sign, magnitude);
        case 'o': return fmt::format("{}{:o}", sign, magnitude);
        case 'x': return fmt::format("{}{:x}", sign, magnitude);
        default: return fmt::format("{}{:X}", sign, magnitude);
    }
}

bool append_clause(char clause, int precision, const Value& value, std::string& out) {
    const bool whole = value.is(Kind::integer) || value.is(Kind::uinteger);
    switch (clause) {
        case 's': return append_plain(value, out, 0);
        case 'd':
            if (value.is(Kind::real)) {
                out += std::isfinite(value.real) ? fmt::format("{}", value.real) : special_real(value.real);
                return true;
            }
            return whole && append_plain(value, out, 0);
        case 'f':
        case 'e': {
            if (!value.is_number()) return false;
            const double real = value.is(Kind::real)      ? value.real
                                : value.is(Kind::integer) ? static_cast<double>(value.integer)
                                                          : static_cast<double>(value.uinteger);
            if (!std::isfinite(real)) out += special_real(real);
            else out += clause == 'f' ? fmt::format("{:.{}f}", real, precision) : fmt::format("{:.{}e}", real, precision);
            return true;
        }
        case 'b':
            if (value.is(Kind::boolean)) {
                out += value.boolean ? '1' : '0';
                return true;
            }
            if (whole) out += with_base(value, clause);
            return whole;
        case 'o':
            if (whole) out += with_base(value, clause);
            return whole;
        default:  // x, X
            if (whole) {
                out += with_base(value, clause);
                return true;
            }
            if (!value.is(Kind::string) && !value.is(Kind::bytes)) return false;
            for (const char c : value.view())
                out += clause == 'x' ? fmt::format("{:02x}", static_cast<unsigned char>(c)) : fmt::format("{:02X}", static_cast<unsigned char>(c));
            return true;
    }
}
}  // namespace

Value string_format(Evaluation& evaluation, const Value* args, std::size_t) {
    if (!args[0].is(Kind::string) || !args[1].is(Kind::list)) return no_match();
    const auto text = args[0].view();
    const std::size_t available = count(args[1]);
    std::string out;
    std::size_t used = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] != '%') {
            out += text[at];
            continue;
        }
        if (++at < text.size() && text[at] == '%') {
            out += '%';
            continue;
        }
        int precision = 6;
        if (at < text.size() && text[at] == '.') {
            precision = 0;
            for (++at; at < text.size() && text[at] >= '0' && text[at] <= '9' && precision < 1000; ++at) precision = precision * 10 + (text[at] - '0');
            if (precision > 100) return evaluation.error("error during formatting: a precision is at most 100");
        }
        if (at >= text.size()) return evaluation.error("error during formatting: the text ends in the middle of a clause");
        const char clause = text[at];
        if (std::string_view("sdfeboxX").find(clause) == std::string_view::npos)
            return evaluation.error("error during formatting: unknown clause '%{}'; a percent sign itself is written %%", clause);
        if (used >= available) return evaluation.error("error during formatting: there are only {} arguments", available);
        const Value value = evaluation.settle(element(args[1], used++));
        const std::size_t before = out.size();
        if (value.is_error()) return value;
        if (!append_clause(clause, precision, value, out)) {
            if (out.size() > most_bytes) return out_of_memory;
            return evaluation.error("error during formatting: %{} cannot show {}", clause, describe(value));
        }
        if (!evaluation.take(1 + (out.size() - before) / 64)) return out_of_steps;
    }
    return evaluation.take_bytes(out.size()) ? evaluation.string(out) : out_of_steps;
}

}  // namespace sluice::cel
