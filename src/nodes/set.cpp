#include "nodes/node_parts.hpp"

namespace sluice::nodes {

NodeType make_set(const Services&) {
    NodeType type;
    type.name = "set";
    type.title = "Set values";
    type.category = "Data";
    type.doc =
        "Makes an object of named values; each may hold templates.\n\n"
        "**Output:** the object. With `keep_upstream` the objects that came in over the incoming "
        "edges lie beneath it, so that the "
        "values are added to them or replace theirs.\n\n"
        "**Errors:** `invalid_argument` when `keep_upstream` is on and an upstream output is no "
        "object.";
    type.config_schema = json(R"json({
        "type": "object", "additionalProperties": false, "required": ["values"],
        "properties": {
            "values": {"type": "object", "title": "Values", "description": "The members of the output by name."},
            "keep_upstream": {"type": "boolean", "title": "Keep upstream", "description": "Start from the outputs of the nodes before.", "default": false}
        }})json");
    type.example = json(
        R"json({"config": {"values": {"greeting": "Hello {{ input.name }}", "tries": 3}}, "input": {"name": "Ada"},
                                "output": {"greeting": "Hello Ada", "tries": 3}})json");
    type.reads_upstream = [](const Json& config) {
        const Json* keep = base::find_member(config, "keep_upstream");
        return keep != nullptr && *keep != false;  // a template may say so later
    };
    type.compute = [](const StepInput& input) -> Result<StepOutput> {
        if (!flag(input.config, "keep_upstream", false))
            return StepOutput{field(input.config, "values")};
        Json result = Json::object();
        for (const Json* output : input.upstream) {
            if (!output->is_object())
                return fail(
                    ErrorCode::invalid_argument,
                    "keep_upstream needs objects from the nodes before; one of them gave {}",
                    kind_of(*output));
            result.update(*output);
        }
        result.update(field(input.config, "values"));
        return StepOutput{std::move(result)};
    };
    return type;
}

}  // namespace sluice::nodes
