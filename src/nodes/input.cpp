#include "nodes/node_parts.hpp"

namespace sluice::nodes {

NodeType make_input(const Services&) {
    NodeType type;
    type.name = "input";
    type.title = "Input";
    type.category = "Flow";
    type.doc =
        "Gives the run's input, so that a flow has a visible beginning. Members that the input "
        "lacks are taken from "
        "`defaults`.\n\n"
        "**Output:** the input (with the defaults filled in, where it is an object).\n\n"
        "**Errors:** `invalid_argument` when there are defaults and the input is no object.";
    type.config_schema = json(R"json({
        "type": "object", "additionalProperties": false,
        "properties": {
            "defaults": {"type": "object", "title": "Defaults", "description": "Members used where the input has none.", "default": {}}
        }})json");
    type.example =
        json(R"json({"config": {"defaults": {"limit": 10}}, "input": {"customer": "acme"},
                                "output": {"customer": "acme", "limit": 10}})json");
    type.compute = [](const StepInput& input) -> Result<StepOutput> {
        const Json& defaults = field(input.config, "defaults");
        if (defaults.is_null() || defaults.empty()) return StepOutput{input.run_input};
        if (!input.run_input.is_null() && !input.run_input.is_object())
            return fail(ErrorCode::invalid_argument,
                        "the run's input is {}; with defaults it must be an object",
                        kind_of(input.run_input));
        Json result = input.run_input.is_null() ? Json::object() : input.run_input;
        for (const auto& [key, value] : defaults.items())
            if (!result.contains(key)) result[key] = value;
        return StepOutput{std::move(result)};
    };
    return type;
}

}  // namespace sluice::nodes
