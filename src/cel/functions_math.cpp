// The math extension. Source: cel-go ext/README.md, Math.

#include <bit>
#include <cmath>

#include "cel/evaluation.hpp"
#include "cel/functions.hpp"

namespace sluice::cel {

namespace {
template <int wanted>
Value extreme(Evaluation& evaluation, const Value* args, std::size_t size) {
    const Value* list = size == 1 && args[0].is(Kind::list) ? args : nullptr;
    if (list != nullptr) size = count(*list);
    if (size == 0) return evaluation.error("math.{}() needs at least one number", wanted > 0 ? "greatest" : "least");
    Value best;
    for (std::size_t i = 0; i < size; ++i) {
        const Value v = list != nullptr ? element(*list, i) : args[i];
        if (!v.is_number()) return no_match();
        if (i == 0 || Evaluation::compare(v, best) == wanted) best = v;
    }
    return evaluation.take(size) ? best : out_of_steps;
}

/// A double; an int only when it comes from JSON, where 3 and 3.0 are the same number.
std::optional<double> as_real(const Value& v) {
    if (v.is(Kind::real)) return v.real;
    if (v.is(Kind::integer) && v.loose) return static_cast<double>(v.integer);
    return std::nullopt;
}

template <double (*function)(double)>
Value of_real(Evaluation&, const Value* args, std::size_t) {
    const auto x = as_real(args[0]);
    return x ? Value::of_real(function(*x)) : no_match();
}

template <bool (*test)(double)>
Value test_real(Evaluation&, const Value* args, std::size_t) {
    const auto x = as_real(args[0]);
    return x ? Value::of(test(*x)) : no_match();
}

double round_up(double x) { return std::ceil(x); }
double round_down(double x) { return std::floor(x); }
double round_near(double x) { return std::round(x); }
double cut(double x) { return std::trunc(x); }
bool is_nan(double x) { return std::isnan(x); }
bool is_infinite(double x) { return std::isinf(x); }
bool is_finite(double x) { return std::isfinite(x); }

Value square_root(Evaluation&, const Value* args, std::size_t) {
    switch (args[0].kind) {
        case Kind::real: return Value::of_real(std::sqrt(args[0].real));
        case Kind::integer: return Value::of_real(std::sqrt(static_cast<double>(args[0].integer)));
        case Kind::uinteger: return Value::of_real(std::sqrt(static_cast<double>(args[0].uinteger)));
        default: return no_match();
    }
}

Value absolute(Evaluation& evaluation, const Value* args, std::size_t) {
    switch (args[0].kind) {
        case Kind::real: return Value::of_real(std::abs(args[0].real));
        case Kind::uinteger: return args[0];
        case Kind::integer:
            if (args[0].integer == INT64_MIN) return evaluation.error("integer overflow in math.abs()");
            return Value::of_int(std::abs(args[0].integer));
        default: return no_match();
    }
}

Value sign(Evaluation&, const Value* args, std::size_t) {
    switch (args[0].kind) {
        case Kind::real: return std::isnan(args[0].real) ? args[0] : Value::of_real(args[0].real > 0 ? 1 : args[0].real < 0 ? -1 : 0);
        case Kind::uinteger: return Value::of_uint(args[0].uinteger > 0 ? 1 : 0);
        case Kind::integer: return Value::of_int(args[0].integer > 0 ? 1 : args[0].integer < 0 ? -1 : 0);
        default: return no_match();
    }
}

enum class Bits { both, either, one };

template <Bits how>
Value combine(Evaluation&, const Value* args, std::size_t) {
    if (args[0].kind != args[1].kind || (!args[0].is(Kind::integer) && !args[0].is(Kind::uinteger))) return no_match();
    Value out = args[0];
    const std::uint64_t other = args[1].uinteger;
    out.uinteger = how == Bits::both ? out.uinteger & other : how == Bits::either ? out.uinteger | other : out.uinteger ^ other;
    return out;
}

Value complement(Evaluation&, const Value* args, std::size_t) {
    if (!args[0].is(Kind::integer) && !args[0].is(Kind::uinteger)) return no_match();
    Value out = args[0];
    out.uinteger = ~out.uinteger;
    return out;
}

template <bool left>
Value shift(Evaluation& evaluation, const Value* args, std::size_t) {
    if ((!args[0].is(Kind::integer) && !args[0].is(Kind::uinteger)) || !args[1].is(Kind::integer)) return no_match();
    const std::int64_t by = args[1].integer;
    if (by < 0) return evaluation.error("a shift by {}: the offset must not be negative", by);
    Value out = args[0];
    out.uinteger = by > 63 ? 0 : left ? out.uinteger << by : out.uinteger >> by;  // zeros come in, also for an int
    return out;
}
}  // namespace

std::span<const Function> math_functions() {
    static constexpr Function rows[] = {
        {"math.abs", Style::global, 1, 1, absolute},
        {"math.bitAnd", Style::global, 2, 2, combine<Bits::both>},
        {"math.bitNot", Style::global, 1, 1, complement},
        {"math.bitOr", Style::global, 2, 2, combine<Bits::either>},
        {"math.bitShiftLeft", Style::global, 2, 2, shift<true>},
        {"math.bitShiftRight", Style::global, 2, 2, shift<false>},
        {"math.bitXor", Style::global, 2, 2, combine<Bits::one>},
        {"math.ceil", Style::global, 1, 1, of_real<round_up>},
        {"math.floor", Style::global, 1, 1, of_real<round_down>},
        {"math.greatest", Style::global, 1, 255, extreme<1>},
        {"math.isFinite", Style::global, 1, 1, test_real<is_finite>},
        {"math.isInf", Style::global, 1, 1, test_real<is_infinite>},
        {"math.isNaN", Style::global, 1, 1, test_real<is_nan>},
        {"math.least", Style::global, 1, 255, extreme<-1>},
        {"math.round", Style::global, 1, 1, of_real<round_near>},
        {"math.sign", Style::global, 1, 1, sign},
        {"math.sqrt", Style::global, 1, 1, square_root},
        {"math.trunc", Style::global, 1, 1, of_real<cut>},
    };
    return rows;
}

}  // namespace sluice::cel
