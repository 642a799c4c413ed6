#include "cel/value.hpp"

#include <array>
#include <cmath>

namespace sluice::cel {

namespace {
const Failure memory_failure{"the values of this expression need more memory than it may use", ErrorCode::too_large};
const Failure steps_failure{"this expression needs more steps than it may take; do the work in smaller parts",
                            ErrorCode::too_large};

struct TypeName {
    std::string_view name;
    Kind kind;
};
constexpr std::array type_names = {
    TypeName{"bool", Kind::boolean}, TypeName{"bytes", Kind::bytes}, TypeName{"double", Kind::real},
    TypeName{"google.protobuf.Duration", Kind::duration}, TypeName{"google.protobuf.Timestamp", Kind::timestamp},
    TypeName{"int", Kind::integer}, TypeName{"list", Kind::list}, TypeName{"map", Kind::map},
    TypeName{"null_type", Kind::null}, TypeName{"optional_type", Kind::optional}, TypeName{"string", Kind::string},
    TypeName{"type", Kind::type}, TypeName{"uint", Kind::uinteger}};

std::uint64_t mix(std::uint64_t x) {
    x ^= x >> 30;
    x *= 0xbf58476d1ce4e5b9ULL;
    x ^= x >> 27;
    x *= 0x94d049bb133111ebULL;
    return x ^ (x >> 31);
}

/// Equal for keys that `same_key` calls equal.
std::uint64_t hash_key(const Value& key) {
    switch (key.kind) {
        case Kind::string: return std::hash<std::string_view>{}(key.view());
        case Kind::boolean: return mix(key.boolean ? 0x51 : 0x52);
        case Kind::integer: return mix(static_cast<std::uint64_t>(key.integer));
        case Kind::uinteger: return mix(key.uinteger);
        case Kind::real:
            if (key.real >= -0x1p63 && key.real < 0x1p63) return mix(static_cast<std::uint64_t>(static_cast<std::int64_t>(key.real)));
            if (key.real >= 0 && key.real < 0x1p64) return mix(static_cast<std::uint64_t>(key.real));
            return 0;
        default: return 0;
    }
}
}  // namespace

const Value out_of_memory = Value::of_failure(&memory_failure);
const Value out_of_steps = Value::of_failure(&steps_failure);

Value Value::of_json(const Json& json) {
    Value v;
    switch (json.type()) {
        case Json::value_t::boolean: return of(*json.get_ptr<const bool*>());
        case Json::value_t::number_integer: v = of_int(*json.get_ptr<const std::int64_t*>()); break;
        case Json::value_t::number_unsigned: {
            const std::uint64_t u = *json.get_ptr<const std::uint64_t*>();
            v = u <= INT64_MAX ? of_int(static_cast<std::int64_t>(u)) : of_real(static_cast<double>(u));
            break;
        }
        case Json::value_t::number_float: v = of_real(*json.get_ptr<const double*>()); break;
        case Json::value_t::string: v = of_string(*json.get_ptr<const std::string*>()); break;
        case Json::value_t::array:
        case Json::value_t::object:
            v.kind = json.is_array() ? Kind::list : Kind::map;
            v.form = Form::json;
            v.json = &json;
            return v;
        case Json::value_t::null:
        case Json::value_t::binary:
        case Json::value_t::discarded: return null();
    }
    v.loose = true;
    return v;
}

std::string_view type_name(const Value& value) {
    for (const TypeName& row : type_names)
        if (row.kind == value.kind) return row.name;
    return "error";
}

std::optional<Value> type_constant(std::string_view name) {
    for (const TypeName& row : type_names)
        if (row.name == name) return Value::of_type(row.name);
    return std::nullopt;
}

std::string_view describe(const Value& value) {
    switch (value.kind) {
        case Kind::error: return "an error";
        case Kind::null: return "null";
        case Kind::boolean: return "a bool";
        case Kind::integer: return "an int";
        case Kind::uinteger: return "a uint";
        case Kind::real: return "a double";
        case Kind::string: return "a string";
        case Kind::bytes: return "bytes";
        case Kind::list: return "a list";
        case Kind::map: return "a map";
        case Kind::timestamp: return "a timestamp";
        case Kind::duration: return "a duration";
        case Kind::type: return "a type";
        case Kind::optional: return "an optional";
    }
    return "a value";
}

Value make_error(Arena& arena, ErrorCode code, std::string_view message) {
    auto* failure = arena.array<Failure>(1);
    const std::string_view text = arena.copy(message);
    if (failure == nullptr || text.data() == nullptr) return out_of_memory;
    *failure = {text, code};
    return Value::of_failure(failure);
}

bool is_key(const Value& key) {
    return key.kind == Kind::string || key.kind == Kind::integer || key.kind == Kind::boolean || key.kind == Kind::uinteger;
}

bool same_key(const Value& a, const Value& b) {
    if (a.kind == b.kind) switch (a.kind) {
            case Kind::string: return a.view() == b.view();
            case Kind::integer:
            case Kind::uinteger: return a.integer == b.integer;
            case Kind::boolean: return a.boolean == b.boolean;
            default: return false;
        }
    if (!a.is_number() || !b.is_number()) return false;
    if (a.is(Kind::real) || b.is(Kind::real)) {
        const Value& real = a.is(Kind::real) ? a : b;
        const Value& whole = a.is(Kind::real) ? b : a;
        if (whole.is(Kind::integer))
            return real.real >= -0x1p63 && real.real < 0x1p63 && std::trunc(real.real) == real.real &&
                   static_cast<std::int64_t>(real.real) == whole.integer;
        return real.real >= 0 && real.real < 0x1p64 && std::trunc(real.real) == real.real &&
               static_cast<std::uint64_t>(real.real) == whole.uinteger;
    }
    return a.integer == b.integer && a.integer >= 0;  // an int and a uint of the same bits
}

const Map* index_map(Arena& arena, const Entry* entries, std::size_t size) {
    auto* map = arena.array<Map>(1);
    if (map == nullptr) return nullptr;
    *map = {entries, size, nullptr, 0};
    if (size <= 8) return map;
    std::size_t slots = 16;
    while (slots < size * 2) slots *= 2;
    auto* table = arena.array<std::uint32_t>(slots);
    if (table == nullptr) return nullptr;
    std::fill_n(table, slots, 0U);
    for (std::size_t i = 0; i < size; ++i) {
        std::size_t at = hash_key(entries[i].key) & (slots - 1);
        while (table[at] != 0) at = (at + 1) & (slots - 1);
        table[at] = static_cast<std::uint32_t>(i + 1);
    }
    map->slots = table;
    map->slot_mask = slots - 1;
    return map;
}

const Value* find_key(const Map& map, const Value& key) {
    if (map.slots == nullptr) {
        for (std::size_t i = 0; i < map.size; ++i)
            if (same_key(map.entries[i].key, key)) return &map.entries[i].value;
        return nullptr;
    }
    for (std::size_t at = hash_key(key) & map.slot_mask; map.slots[at] != 0; at = (at + 1) & map.slot_mask) {
        const Entry& found = map.entries[map.slots[at] - 1];
        if (same_key(found.key, key)) return &found.value;
    }
    return nullptr;
}

const Json* find_json(const Json& object, std::string_view key) {
    const auto* members = object.get_ptr<const Json::object_t*>();
    if (members == nullptr) return nullptr;
    for (const auto& member : *members)
        if (member.first == key) return &member.second;
    return nullptr;
}

std::size_t count(const Value& container) {
    if (container.form == Form::json) return container.json->size();
    if (container.form == Form::lazy) return 0;
    return container.is(Kind::list) ? container.list->size : container.map->size;
}

Value element(const Value& list, std::size_t i) {
    return list.form == Form::json ? Value::of_json((*list.json)[i]) : list.list->items[i];
}

Entry entry(const Value& map, std::size_t i) {
    if (map.form != Form::json) return map.map->entries[i];
    const auto& member = *(map.json->get_ptr<const Json::object_t*>()->begin() + static_cast<std::ptrdiff_t>(i));
    return {Value::of_string(member.first), Value::of_json(member.second)};
}

}  // namespace sluice::cel
