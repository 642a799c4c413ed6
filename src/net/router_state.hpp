#pragma once
/// The router's tables: a trie over path segments, and the named schemas.

#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sluice/base/json.hpp"
#include "sluice/base/json_schema.hpp"
#include "sluice/net/router.hpp"

namespace sluice::net {

/// A path pattern's segment: fixed text, `{name}`, `{name:integer}`, or a last `{name...}` that
/// takes the rest.
struct Segment {
    enum class Kind { fixed, parameter, integer, rest };
    Kind kind = Kind::fixed;
    std::string_view
        text;  ///< the fixed text or the parameter's name; points into the entry's path
};

/// Splits a pattern; throws std::logic_error when it is malformed.
std::vector<Segment> parse_pattern(std::string_view path);

struct TrieNode {
    struct Edge {
        std::string_view text;
        std::size_t target;
    };
    std::vector<Edge> fixed;                           ///< sorted by text
    std::size_t parameter = 0, integer = 0, rest = 0;  ///< 0: none (the root is nobody's child)
    std::vector<const RouteEntry*> entries;            ///< of the path that ends here, one a verb
};

struct Router::State {
    std::deque<RouteEntry> routes;
    Places places;
    std::vector<TrieNode> nodes{1};
    std::map<std::string, std::string, std::less<>> schema_texts;
    std::map<std::string, base::JsonSchema, std::less<>> schemas;  ///< of checked bodies; after `seal`
    std::string version;
};

/// The OpenAPI 3.1 document of the rows.
Json openapi_document(const std::deque<RouteEntry>& routes, const Json& schemas,
                      std::string_view version);

}  // namespace sluice::net
