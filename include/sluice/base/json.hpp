#pragma once
/// JSON values and the one reader that outside input passes.

#include <cstddef>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "sluice/base/json_fwd.hpp"
#include "sluice/base/result.hpp"

namespace sluice::base {

/// What the reader enforces. Defaults are the API's.
struct JsonLimits {
    std::size_t size_bytes = 1 << 20;      ///< of the text
    std::size_t depth = 64;                ///< nested containers
    std::size_t keys = 10'000;             ///< per object
    std::size_t string_bytes = 1 << 20;    ///< one string or key
    std::size_t number_digits = 32;        ///< of one number's text
};

/// Reads text from outside: strict JSON, UTF-8, no duplicate keys, within `limits`.
/// Errors: invalid_argument with line and column, or too_large naming the limit.
Result<Json> parse_json(std::string_view text, const JsonLimits& limits = {});

/// Compact text. Invalid UTF-8 inside (only our own strings) is replaced, never thrown on.
std::string dump_json(const Json& value);
/// The same, added to `out`.
void append_json(std::string& out, const Json& value);
/// Two-space indented text with a final newline.
std::string dump_json_pretty(const Json& value);
/// RFC 8785-style canonical text: keys sorted, compact; for hashes and comparison.
std::string dump_json_canonical(const Json& value);

/// One reference token escaped for a JSON pointer ("a/b" → "a~1b").
std::string escape_pointer(std::string_view token);

/// The member, or null when `object` is no object or lacks it. Never throws.
const Json* find_member(const Json& object, std::string_view key);
/// The string member, or `fallback`.
std::string string_or(const Json& object, std::string_view key, std::string_view fallback);

/// The size of `value` in memory, roughly, for memory caps (bytes).
std::size_t approximate_size(const Json& value);

}  // namespace sluice::base
