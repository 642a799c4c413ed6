#pragma once
/// How the routes of flows and of drafts read requests and shape answers.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/flows/flows.hpp"
#include "sluice/net/http.hpp"
#include "sluice/net/tagged.hpp"

namespace sluice::flows {

inline constexpr std::size_t most_body = 8 << 20;  // a flow of 10,000 nodes fits
inline constexpr std::string_view document_media = "application/json,application/yaml";

/// The body as JSON, or as YAML by its media type. Errors: invalid_argument.
Result<Json> read_document(const net::Request& request);

/// `?live=` and `?note=` of what publishes.
struct Publication {
    bool live = true;
    std::string note;
};
/// Errors: invalid_argument.
Result<Publication> read_publication(const net::Request& request);
/// A parameter of the query that is true or false. Errors: invalid_argument.
Result<bool> read_flag(const net::Request& request, std::string_view name, bool fallback);

using net::if_match;
using net::tagged;
/// 304 when If-None-Match names the ETag.
std::optional<net::Response> unchanged(const net::Request& request, const std::string& etag);

Json applied_json(const Applied& applied);
Json page_json(Json items, const std::string& cursor);

}  // namespace sluice::flows
