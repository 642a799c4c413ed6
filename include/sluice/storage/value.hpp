#pragma once
/// Values that go into and come out of statements.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sluice/base/id.hpp"
#include "sluice/base/money.hpp"
#include "sluice/base/time.hpp"

namespace sluice::storage {

/// Raw bytes (an id, a hash), as opposed to text.
struct Bytes {
    std::string data;
    bool operator==(const Bytes&) const = default;
};

/// null, integer, real, text, bytes, or a 16-byte id.
using Value = std::variant<std::monostate, std::int64_t, double, std::string, Bytes, base::IdBytes>;

inline Value to_value(std::int64_t v) { return v; }
inline Value to_value(int v) { return static_cast<std::int64_t>(v); }
inline Value to_value(unsigned v) { return static_cast<std::int64_t>(v); }
inline Value to_value(std::uint64_t v) { return static_cast<std::int64_t>(v); }
inline Value to_value(bool v) { return static_cast<std::int64_t>(v); }
inline Value to_value(double v) { return v; }
inline Value to_value(std::string v) { return Value(std::move(v)); }
inline Value to_value(std::string_view v) { return Value(std::string(v)); }
inline Value to_value(const char* v) { return Value(std::string(v)); }
inline Value to_value(Bytes v) { return Value(std::move(v)); }
inline Value to_value(std::nullptr_t) { return Value(); }
inline Value to_value(Time v) { return base::to_us(v); }
inline Value to_value(NanoUsd v) { return v.value; }
template <class Tag>
Value to_value(const Id<Tag>& v) { return Value(v.bytes()); }
template <class T>
Value to_value(std::optional<T> v) { return v ? to_value(std::move(*v)) : Value(); }
inline Value to_value(Value v) { return v; }

/// One row of a result. Columns by position; a column of the wrong type throws (our mistake, not input).
class Row {
  public:
    virtual ~Row() = default;
    virtual bool is_null(int column) const = 0;
    virtual std::int64_t integer(int column) const = 0;
    virtual double real(int column) const = 0;
    /// Valid until the next row.
    virtual std::string_view text(int column) const = 0;
    virtual std::string_view bytes(int column) const = 0;

    std::string str(int column) const { return std::string(text(column)); }
    bool flag(int column) const { return integer(column) != 0; }
    Time time(int column) const { return base::from_us(integer(column)); }
    std::optional<Time> optional_time(int column) const {
        return is_null(column) ? std::nullopt : std::optional<Time>(time(column));
    }
    template <class IdType>
    IdType id(int column) const { return IdType::from_raw(bytes(column)); }
};

}  // namespace sluice::storage
