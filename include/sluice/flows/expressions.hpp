#pragma once
/// What an editor of flows asks of expressions: what one gives with sample values, and what it can call. Nothing is stored, and
/// no secret is read. Evaluation has the limits of a run's (cel.hpp) and takes place on a pool's thread.

#include <string>

#include "sluice/base/json.hpp"
#include "sluice/base/result.hpp"

namespace sluice::net {
class Router;
}
namespace sluice::runtime {
class Pool;
}

namespace sluice::flows {

/// The answer to a preview: `{"value": …}`, or `{"error": {code, message, position, pointer}}` for an expression that does not
/// compile or fails. *Shape* of `body`: {expression: text | template: any JSON, scope: {input, nodes, vars, item, index, error,
/// run}}. Errors: invalid_argument, too_large for a body that asks for nothing. Thread: any.
Result<Json> preview_expression(const std::string& body, std::size_t depth);

/// Routes of previews; the pool must outlive the router.
struct ExpressionRoutes {
    runtime::Pool& pool;
};
void add_routes(net::Router& router, ExpressionRoutes& routes);

}  // namespace sluice::flows
