#pragma once
/// The compiled form of a JSON Schema: a graph of nodes, one per subschema, immutable after compilation.

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>
#include <re2/re2.h>

#include "sluice/base/json_fwd.hpp"
#include "sluice/base/json_schema.hpp"

namespace sluice::base::schema {

enum Type : std::uint8_t {
    type_null = 1,
    type_boolean = 2,
    type_object = 4,
    type_array = 8,
    type_number = 16,
    type_string = 32,
    type_integer = 64,
    type_any = 127,
};

struct TypeName {
    std::string_view name;     ///< as in `type`
    std::string_view article;  ///< as in a message
    Type bit;
};
inline constexpr std::array<TypeName, 7> type_names{{
    {"string", "a string", type_string},
    {"integer", "an integer", type_integer},
    {"number", "a number", type_number},
    {"boolean", "a boolean", type_boolean},
    {"object", "an object", type_object},
    {"array", "an array", type_array},
    {"null", "null", type_null},
}};

enum class Format : std::uint8_t { annotation, date_time, date, email, uri, uuid };

/// A number of a keyword: compared exactly (long double holds every 64-bit integer), shown as it was written.
struct Bound {
    long double number = 0;
    std::string text;
};

struct KeyHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view key) const { return std::hash<std::string_view>{}(key); }
};

struct Node;

struct Dependency {
    std::string key;
    std::vector<std::string> fields;
    const Node* node = nullptr;
};

struct PatternNode {
    std::shared_ptr<const RE2> pattern;
    const Node* node = nullptr;
};

struct Node {
    std::string pointer;  ///< into the schema, for messages of the compiler
    bool never = false;   ///< the schema `false`
    std::uint8_t types = type_any;
    bool has_enum = false, unique_items = false, items_per_place = false;
    bool string_rules = false, number_rules = false;
    Format format = Format::annotation;

    const Node* reference = nullptr;
    std::optional<Json> constant;
    std::vector<Json> enumeration;

    std::optional<Bound> minimum, maximum, exclusive_minimum, exclusive_maximum;
    std::optional<Json> multiple_of;

    std::optional<std::uint64_t> min_length, max_length, min_items, max_items, min_properties, max_properties;
    std::shared_ptr<const RE2> pattern;
    std::string pattern_text;

    const Node* items = nullptr;
    std::vector<const Node*> item_places;  ///< `items` as an array
    const Node* additional_items = nullptr;
    const Node* contains = nullptr;

    std::vector<std::string> required;
    std::unordered_map<std::string, const Node*, KeyHash, std::equal_to<>> properties;
    std::vector<PatternNode> pattern_properties;
    const Node* additional_properties = nullptr;
    const Node* property_names = nullptr;
    std::vector<Dependency> dependencies;

    std::vector<const Node*> all_of, any_of, one_of;
    const Node* negated = nullptr;
    const Node *condition = nullptr, *then = nullptr, *otherwise = nullptr;
};

/// Every node of one schema; addresses are stable.
struct Graph {
    std::deque<Node> nodes;
    const Node* start = nullptr;
};

/// Builds the graph. Errors as `JsonSchema::compile`.
Result<Graph> compile(const Json& schema, const Json& root);
/// The mistakes of `value`, at most `limit`.
std::vector<ErrorDetail> validate(const Node& start, const Json& value, std::size_t limit);

/// JSON Schema's equality: 1 equals 1.0, the order of members does not matter.
bool equal(const Json& a, const Json& b);
bool is_integer(const Json& value);
long double as_number(const Json& value);
bool matches_format(Format format, std::string_view text);

}  // namespace sluice::base::schema

namespace sluice::base {
struct JsonSchema::State {
    schema::Graph graph;
};
}  // namespace sluice::base
