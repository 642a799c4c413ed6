#pragma once
/// CEL's values while an expression is evaluated: 16 bytes, trivially copied. What does not fit inside lies in an arena
/// or is JSON that somebody else owns. An error is a value too, so that `&&` and `||` can absorb it.

#include <cstdint>
#include <string>
#include <string_view>

#include "cel/arena.hpp"
#include "sluice/cel/cel.hpp"

namespace sluice::cel {

enum class Kind : std::uint8_t {
    error, null, boolean, integer, uinteger, real, string, bytes, list, map, timestamp, duration, type, optional
};

/// How a list or map is kept.
enum class Form : std::uint8_t { native, json, lazy };

struct List;
struct Map;

/// What went wrong; lies in the arena.
struct Failure {
    std::string_view message;
    ErrorCode code;
};

struct Value {
    Kind kind = Kind::null;
    Form form = Form::native;
    bool loose = false;       ///< comes from JSON: as a number it promotes between int and double
    std::uint32_t extra = 0;  ///< length of a string, nanoseconds of a timestamp
    union {
        bool boolean;
        std::int64_t integer = 0;  ///< also seconds of a timestamp, nanoseconds of a duration
        std::uint64_t uinteger;
        double real;
        const char* text;
        const List* list;
        const Map* map;
        const Json* json;
        const LazyMap* lazy;
        const Value* inner;  ///< of an optional; null: none
        const Failure* failure;
    };

    std::string_view view() const { return {text, extra}; }
    bool is(Kind k) const { return kind == k; }
    bool is_error() const { return kind == Kind::error; }
    bool is_number() const { return kind == Kind::integer || kind == Kind::uinteger || kind == Kind::real; }

    static Value null() { return {}; }
    static Value of(bool b) { Value v; v.kind = Kind::boolean; v.boolean = b; return v; }
    static Value of_int(std::int64_t i) { Value v; v.kind = Kind::integer; v.integer = i; return v; }
    static Value of_uint(std::uint64_t u) { Value v; v.kind = Kind::uinteger; v.uinteger = u; return v; }
    static Value of_real(double d) { Value v; v.kind = Kind::real; v.real = d; return v; }
    /// The text is not copied.
    static Value of_string(std::string_view s) { return of_text(Kind::string, s); }
    static Value of_bytes(std::string_view s) { return of_text(Kind::bytes, s); }
    static Value of_type(std::string_view name) { return of_text(Kind::type, name); }
    static Value of_timestamp(std::int64_t seconds, std::uint32_t nanos) {
        Value v; v.kind = Kind::timestamp; v.integer = seconds; v.extra = nanos; return v;
    }
    static Value of_duration(std::int64_t nanos) { Value v; v.kind = Kind::duration; v.integer = nanos; return v; }
    static Value of_list(const List* list) { Value v; v.kind = Kind::list; v.list = list; return v; }
    static Value of_map(const Map* map) { Value v; v.kind = Kind::map; v.map = map; return v; }
    static Value of_lazy(const LazyMap* map) { Value v; v.kind = Kind::map; v.form = Form::lazy; v.lazy = map; return v; }
    static Value of_optional(const Value* inner) { Value v; v.kind = Kind::optional; v.inner = inner; return v; }
    static Value of_failure(const Failure* f) { Value v; v.kind = Kind::error; v.failure = f; return v; }
    /// JSON by reference: scalars are read, strings, lists and objects are pointed at.
    static Value of_json(const Json& json);

  private:
    static Value of_text(Kind kind, std::string_view s) {
        Value v; v.kind = kind; v.text = s.data(); v.extra = static_cast<std::uint32_t>(s.size()); return v;
    }
};
static_assert(sizeof(Value) == 16);

struct List {
    const Value* items;
    std::size_t size;
};

struct Entry {
    Value key;
    Value value;
};

/// Entries in the order they were written; above a few, an open-addressed index finds keys.
struct Map {
    const Entry* entries;
    std::size_t size;
    const std::uint32_t* slots;  ///< entry index + 1, 0 is free; null for small maps
    std::size_t slot_mask;
};

/// The name `type()` gives: "int", "google.protobuf.Timestamp", …
std::string_view type_name(const Value& value);
/// The type constant that an identifier or dotted name means ("int", "google.protobuf.Duration"), or nothing.
std::optional<Value> type_constant(std::string_view name);
/// How an error message calls the value: "a string", "a map".
std::string_view describe(const Value& value);

/// Makes `bytes` of error text; `no_memory` needs no arena.
Value make_error(Arena& arena, ErrorCode code, std::string_view message);
extern const Value out_of_memory;
extern const Value out_of_steps;

/// Whether `key` may be a key of a map: bool, int, uint, string.
bool is_key(const Value& key);
/// Numbers compare across types; other keys only with their own type.
bool same_key(const Value& a, const Value& b);
/// A map over `entries` (already in the arena, distinct keys); null map on out of memory.
const Map* index_map(Arena& arena, const Entry* entries, std::size_t size);
/// The value of a key in a native map, or null.
const Value* find_key(const Map& map, const Value& key);
/// The member of a JSON object, or null.
const Json* find_json(const Json& object, std::string_view key);

/// The number of elements, or entries. Not for lazy maps.
std::size_t count(const Value& container);
/// The element of a list, or null in place of an index that is not there. `i < count`.
Value element(const Value& list, std::size_t i);
/// Key and value of a map that is not lazy, in order. `i < count`.
Entry entry(const Value& map, std::size_t i);

}  // namespace sluice::cel
