#include "nodes/node_parts.hpp"

namespace sluice::nodes {

NodeType make_transform(const Services&) {
    NodeType type;
    type.name = "transform";
    type.title = "Transform";
    type.category = "Data";
    type.doc =
        "Computes one value of any shape: by a CEL `expression`, or by a `value` whose strings may "
        "hold templates. Exactly one of the two.\n\n"
        "**Output:** the value.\n\n"
        "**Errors:** `invalid_argument` with the expression's mistake, for example a member that "
        "does not exist.";
    type.config_schema = json(R"json({
        "type": "object", "additionalProperties": false,
        "properties": {
            "expression": {"type": "string", "title": "Expression", "description": "A CEL expression.", "x-expression": true, "x-scope": []},
            "value": {"title": "Value", "description": "Any JSON; its strings may hold templates."}
        }})json");
    type.example = json(
        R"json({"config": {"expression": "input.prices.map(p, p * 2)"}, "input": {"prices": [1, 2, 3]},
                                "output": [2, 4, 6]})json");
    type.check = [](const Json& config) {
        std::vector<base::ErrorDetail> mistakes;
        if (config.contains("expression") == config.contains("value"))
            mistakes.push_back({"", "give exactly one of expression and value"});
        return mistakes;
    };
    type.compute = [](const StepInput& input) -> Result<StepOutput> {
        if (!has_expression(input, "/expression")) return StepOutput{field(input.config, "value")};
        auto value = evaluate(input, "/expression");
        if (!value) return fail(std::move(value.error()));
        return StepOutput{std::move(*value)};
    };
    return type;
}

}  // namespace sluice::nodes
