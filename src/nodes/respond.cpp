#include "nodes/node_parts.hpp"

namespace sluice::nodes {

NodeType make_respond(const Services&) {
    NodeType type;
    type.name = "respond";
    type.title = "Respond";
    type.category = "Flow";
    type.doc =
        "Sets the run's answer: what `?wait` gives back and the run's page shows. It goes before "
        "the flow's `output`; of several that ran, "
        "the last wins. The run goes on after it.\n\n"
        "**Output:** the value.\n\n"
        "**Errors:** none.";
    type.config_schema = json(R"json({
        "type": "object", "additionalProperties": false, "required": ["value"],
        "properties": {"value": {"title": "Value", "description": "Any JSON; its strings may hold templates."}}})json");
    type.example = json(
        R"json({"config": {"value": {"accepted": true, "order": "{{ input.order }}"}}, "input": {"order": 7},
                                "output": {"accepted": true, "order": 7}})json");
    type.compute = [](const StepInput& input) -> Result<StepOutput> {
        StepOutput result{field(input.config, "value")};
        result.response = true;
        return result;
    };
    return type;
}

}  // namespace sluice::nodes
