// Equality, order, arithmetic, membership and indexing. Source: cel-spec doc/langdef.md, Equality, Ordering, Overflow.

#include <cmath>

#include "cel/evaluation.hpp"
#include "cel/time.hpp"

namespace sluice::cel {

namespace {
template <class T>
int order_of(const T& a, const T& b) {
    return a < b ? -1 : a == b ? 0 : 1;
}

double as_real(const Value& v) {
    switch (v.kind) {
        case Kind::integer: return static_cast<double>(v.integer);
        case Kind::uinteger: return static_cast<double>(v.uinteger);
        default: return v.real;
    }
}

int order_of_numbers(const Value& a, const Value& b) {
    if (a.is(Kind::real) || b.is(Kind::real)) {
        const double x = as_real(a);
        const double y = as_real(b);
        if (std::isnan(x) || std::isnan(y)) return 2;
        return order_of(x, y);
    }
    if (a.kind == b.kind) return a.is(Kind::integer) ? order_of(a.integer, b.integer) : order_of(a.uinteger, b.uinteger);
    if (a.is(Kind::integer)) return a.integer < 0 ? -1 : order_of(static_cast<std::uint64_t>(a.integer), b.uinteger);
    return b.integer < 0 ? 1 : order_of(a.uinteger, static_cast<std::uint64_t>(b.integer));
}

/// An index into a list: an int, a uint, or a double without fraction.
std::optional<std::int64_t> as_index(const Value& key) {
    switch (key.kind) {
        case Kind::integer: return key.integer;
        case Kind::uinteger: return key.uinteger > INT64_MAX ? INT64_MAX : static_cast<std::int64_t>(key.uinteger);
        case Kind::real:
            if (std::trunc(key.real) == key.real && std::abs(key.real) < 0x1p53) return static_cast<std::int64_t>(key.real);
            return std::nullopt;
        default: return std::nullopt;
    }
}

std::string_view symbol_of(Op op) {
    switch (op) {
        case Op::add: return "+";
        case Op::subtract: return "-";
        case Op::multiply: return "*";
        case Op::divide: return "/";
        default: return "%";
    }
}
}  // namespace

bool Evaluation::equal(const Value& left, const Value& right) {
    if (!take(1)) return false;
    if (left.is_number() && right.is_number()) return order_of_numbers(left, right) == 0;
    if (left.kind != right.kind) return false;
    const Value a = settle(left);
    const Value b = settle(right);
    switch (a.kind) {
        case Kind::error: return false;
        case Kind::null: return true;
        case Kind::boolean: return a.boolean == b.boolean;
        case Kind::string:
        case Kind::bytes:
        case Kind::type: return (a.extra < 64 || take_bytes(a.extra)) && a.view() == b.view();
        case Kind::timestamp: return a.integer == b.integer && a.extra == b.extra;
        case Kind::duration: return a.integer == b.integer;
        case Kind::optional:
            if (a.inner == nullptr || b.inner == nullptr) return a.inner == b.inner;
            return equal(*a.inner, *b.inner);
        case Kind::list: {
            const std::size_t size = count(a);
            if (size != count(b)) return false;
            for (std::size_t i = 0; i < size; ++i)
                if (!equal(element(a, i), element(b, i))) return false;
            return true;
        }
        case Kind::map: {
            const std::size_t size = count(a);
            if (size != count(b)) return false;
            for (std::size_t i = 0; i < size; ++i) {
                const Entry at = entry(a, i);
                const Value other = index(b, at.key, true);
                if (other.is_error() || other.inner == nullptr || !equal(at.value, *other.inner)) return false;
            }
            return true;
        }
        case Kind::integer:
        case Kind::uinteger:
        case Kind::real: return false;
    }
    return false;
}

int Evaluation::compare(const Value& a, const Value& b) {
    if (a.is_number() && b.is_number()) return order_of_numbers(a, b);
    if (a.kind != b.kind) return 3;
    switch (a.kind) {
        case Kind::boolean: return order_of(a.boolean, b.boolean);
        case Kind::string:
        case Kind::bytes: return order_of(a.view(), b.view());
        case Kind::timestamp: return a.integer != b.integer ? order_of(a.integer, b.integer) : order_of(a.extra, b.extra);
        case Kind::duration: return order_of(a.integer, b.integer);
        default: return 3;
    }
}

Value Evaluation::arithmetic(Op op, Value a, Value b) {
    const bool loose = a.loose || b.loose;
    const auto missing = [&](std::string_view hint) {
        return error("no such overload: {} {} {}{}", type_name(a), symbol_of(op), type_name(b), hint);
    };
    const auto overflow = [&] { return error("integer overflow in '{}'", symbol_of(op)); };
    if (a.is_number() && b.is_number()) {
        if (a.kind != b.kind) {
            if (!loose) return missing("; convert one side with int(), uint() or double()");
            if (a.is(Kind::real) || b.is(Kind::real)) {
                a = Value::of_real(as_real(a));
                b = Value::of_real(as_real(b));
            } else {
                if ((a.is(Kind::uinteger) ? a : b).uinteger > INT64_MAX) return overflow();
                a.kind = b.kind = Kind::integer;
            }
        }
        if (op == Op::modulo && a.is(Kind::real) && loose && as_index(a) && as_index(b)) {
            a = Value::of_int(*as_index(a));
            b = Value::of_int(*as_index(b));
        }
        Value out;
        if (a.is(Kind::real)) {
            switch (op) {
                case Op::add: out = Value::of_real(a.real + b.real); break;
                case Op::subtract: out = Value::of_real(a.real - b.real); break;
                case Op::multiply: out = Value::of_real(a.real * b.real); break;
                case Op::divide: out = Value::of_real(a.real / b.real); break;
                default: return missing("; '%' is for whole numbers");
            }
        } else if (a.is(Kind::integer)) {
            out = Value::of_int(0);
            switch (op) {
                case Op::add: if (__builtin_add_overflow(a.integer, b.integer, &out.integer)) return overflow(); break;
                case Op::subtract: if (__builtin_sub_overflow(a.integer, b.integer, &out.integer)) return overflow(); break;
                case Op::multiply: if (__builtin_mul_overflow(a.integer, b.integer, &out.integer)) return overflow(); break;
                default:
                    if (b.integer == 0) return error("{} by zero", op == Op::divide ? "divide" : "modulus");
                    if (b.integer == -1 && a.integer == INT64_MIN) return overflow();
                    out.integer = op == Op::divide ? a.integer / b.integer : a.integer % b.integer;
            }
        } else {
            out = Value::of_uint(0);
            switch (op) {
                case Op::add: if (__builtin_add_overflow(a.uinteger, b.uinteger, &out.uinteger)) return overflow(); break;
                case Op::subtract: if (__builtin_sub_overflow(a.uinteger, b.uinteger, &out.uinteger)) return overflow(); break;
                case Op::multiply: if (__builtin_mul_overflow(a.uinteger, b.uinteger, &out.uinteger)) return overflow(); break;
                default:
                    if (b.uinteger == 0) return error("{} by zero", op == Op::divide ? "divide" : "modulus");
                    out.uinteger = op == Op::divide ? a.uinteger / b.uinteger : a.uinteger % b.uinteger;
            }
        }
        out.loose = loose;
        return out;
    }
    if (op == Op::add && a.kind == b.kind && (a.is(Kind::string) || a.is(Kind::bytes))) {
        const std::size_t size = std::size_t{a.extra} + b.extra;
        char* text = size < UINT32_MAX && take_bytes(size) ? arena_.array<char>(size) : nullptr;
        if (text == nullptr) return exhausted() ? out_of_steps : out_of_memory;
        std::memcpy(text, a.text, a.extra);
        std::memcpy(text + a.extra, b.text, b.extra);
        return a.is(Kind::string) ? Value::of_string({text, size}) : Value::of_bytes({text, size});
    }
    if (op == Op::add && a.is(Kind::list) && b.is(Kind::list)) {
        const std::size_t first = count(a);
        const std::size_t size = first + count(b);
        auto* items = take(size) ? arena_.array<Value>(size) : nullptr;
        if (items == nullptr) return exhausted() ? out_of_steps : out_of_memory;
        for (std::size_t i = 0; i < size; ++i) items[i] = i < first ? element(a, i) : element(b, i - first);
        return list(items, size);
    }
    if (op == Op::add || op == Op::subtract) {
        const auto range = [&] { return error("the result of '{}' is out of the range of times", symbol_of(op)); };
        if (op == Op::add && a.is(Kind::duration) && b.is(Kind::timestamp)) std::swap(a, b);
        if (a.is(Kind::timestamp) && b.is(Kind::duration)) {
            if (op == Op::subtract && b.integer == INT64_MIN) return range();
            const auto out = add_duration(a, op == Op::add ? b.integer : -b.integer);
            return out ? *out : range();
        }
        if (a.is(Kind::duration) && b.is(Kind::duration)) {
            std::int64_t out = 0;
            const bool wraps = op == Op::add ? __builtin_add_overflow(a.integer, b.integer, &out)
                                             : __builtin_sub_overflow(a.integer, b.integer, &out);
            return wraps ? range() : Value::of_duration(out);
        }
        if (op == Op::subtract && a.is(Kind::timestamp) && b.is(Kind::timestamp)) {
            const auto out = difference(a, b);
            return out ? Value::of_duration(*out) : range();
        }
    }
    return missing(op == Op::add && (a.is(Kind::string) || b.is(Kind::string)) ? "; convert the other side with string()" : "");
}

Value Evaluation::in(const Value& item, const Value& container) {
    if (container.is(Kind::list)) {
        const std::size_t size = count(container);
        for (std::size_t i = 0; i < size; ++i)
            if (equal(item, element(container, i))) return Value::of(true);
        return exhausted() ? out_of_steps : Value::of(false);
    }
    if (container.is(Kind::map)) {
        const Value found = index(container, item, true);
        return found.is_error() ? found : Value::of(found.inner != nullptr);
    }
    return error("no such overload: 'in' needs a list or a map on its right, not {}", describe(container));
}

Value Evaluation::absent(const Value& map, const Value& key) {
    constexpr std::size_t most = 10;
    const Value settled = settle(map);
    if (settled.is_error()) return settled;
    std::string keys;
    for (std::size_t i = 0; i < std::min(count(settled), most); ++i) {
        std::string text;
        if (const Value name = entry(settled, i).key; !append_text(name, text, 100)) text = "…";
        keys += (i == 0 ? "" : ", ") + text;
    }
    if (count(settled) > most) keys += fmt::format(" and {} more", count(settled) - most);
    std::string name;
    if (!append_text(key, name, 200)) name = describe(key);
    if (keys.empty()) return error("no such key: '{}'; the map is empty", name);
    return error("no such key: '{}'; the map has: {}", name, keys);
}

Value Evaluation::index(const Value& container, const Value& key, bool optional) {
    if (container.is(Kind::optional)) return container.inner == nullptr ? container : index(*container.inner, key, true);
    if (container.is(Kind::map)) {
        Value found;
        bool present = false;
        if (container.form == Form::native) {
            const Value* value = find_key(*container.map, key);
            present = value != nullptr;
            if (present) found = *value;
        } else if (key.is(Kind::string)) {
            const Json* json = container.form == Form::json ? find_json(*container.json, key.view()) : container.lazy->find(key.view());
            present = json != nullptr;
            if (present) found = Value::of_json(*json);
        }
        if (optional) return present ? some(found) : none();
        return present ? found : absent(container, key);
    }
    if (container.is(Kind::list)) {
        const auto at = as_index(key);
        const std::size_t size = count(container);
        if (!at) return error("no such overload: a list's index is an int, not {}", describe(key));
        const bool present = *at >= 0 && static_cast<std::uint64_t>(*at) < size;
        if (present) {
            const Value found = element(container, static_cast<std::size_t>(*at));
            return optional ? some(found) : found;
        }
        if (optional) return none();
        return error("index out of range: {}; the list has {} element{}", *at, size, size == 1 ? "" : "s");
    }
    return error("no such overload: {} has no elements to index{}", describe(container),
                 container.is(Kind::string) ? "; use charAt() or substring()" : "");
}

}  // namespace sluice::cel
