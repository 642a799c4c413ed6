#include "sluice/base/json_schema.hpp"

#include "base/json_schema_node.hpp"

namespace sluice::base {

namespace {
// More mistakes than this help nobody.
constexpr std::size_t max_details = 20;
}  // namespace

Result<JsonSchema> JsonSchema::compile(const Json& schema) { return compile(schema, schema); }

Result<JsonSchema> JsonSchema::compile(const Json& schema, const Json& root) {
    auto graph = schema::compile(schema, root);
    if (!graph) return fail(std::move(graph.error()));
    auto state = std::make_shared<State>();
    state->graph = std::move(*graph);
    JsonSchema result;
    result.state_ = std::move(state);
    return result;
}

std::vector<ErrorDetail> JsonSchema::validate(const Json& value) const {
    // A default-constructed schema is the empty one: everything is valid.
    if (!state_) return {};
    return schema::validate(*state_->graph.start, value, max_details);
}

}  // namespace sluice::base
