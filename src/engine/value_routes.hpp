#pragma once
// How values of runs are answered: whole, in pieces, or in part.

#include <optional>
#include <string>
#include <string_view>

#include "sluice/engine/engine.hpp"
#include "sluice/engine/values.hpp"
#include "sluice/net/http.hpp"

namespace sluice::net {
class Router;
}

namespace sluice::engine {

struct ByteRange {
    std::uint64_t offset = 0, length = 0;
    bool operator==(const ByteRange&) const = default;
};

/// A `Range` header over `size` bytes; nothing for what may be ignored (another unit, several ranges, what cannot be read).
/// Errors: invalid_argument (416) when no byte of it is there.
Result<std::optional<ByteRange>> range_of(std::string_view header, std::uint64_t size);

/// The value between `before` and `after`; with ?raw, ?offset or ?limit its JSON text alone, or the part that was asked for.
net::Response value_response(const net::Request& request, Engine& engine, ValueText value, std::string before, std::string after);

/// The value between `before` and `after`.
net::Response whole_value(Engine& engine, WorkspaceId workspace, ValueText value, std::string before, std::string after);

/// /api/v1/runs/{id}/input, …/output, …/steps/{path}
void add_value_routes(net::Router& router, Engine& engine);

}  // namespace sluice::engine
