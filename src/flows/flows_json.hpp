#pragma once
/// How flows, versions and node types look to clients, and the schemas that say so.

#include <string_view>
#include <vector>

#include "sluice/base/json.hpp"
#include "sluice/flows/flows.hpp"

namespace sluice::net {
class Router;
}

namespace sluice::flows {

Json flow_json(const Flow& flow);
/// A row of a list: without document and version.
Json summary_json(const Flow& flow);
Json version_json(const Version& version);
Json difference_json(const Difference& difference);
Json details_json(const std::vector<base::ErrorDetail>& details);
Json draft_json(const Draft& draft);
Json pin_json(const Pin& pin);
/// Without the output.
Json pin_row_json(const Pin& pin);
Json node_type_json(const NodeType& type);

/// The schemas of all of it, by the names that the routes use.
void add_schemas(net::Router& router);

}  // namespace sluice::flows
