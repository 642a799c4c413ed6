#include "nodes/node_parts.hpp"

namespace sluice::nodes {

NodeType make_merge(const Services&) {
    NodeType type;
    type.name = "merge";
    type.title = "Merge";
    type.category = "Data";
    type.doc =
        "Joins what came in over the taken incoming edges, in the order of the edges.\n\n"
        "**Output** by `mode`: `object`: one object, later members win; `list`: the list of the "
        "outputs; `append`: the "
        "items of all lists one after the other (what is no list counts as one item); `first`: the "
        "first output, or null.\n\n"
        "**Errors:** `invalid_argument` when `object` meets something that is no object.";
    type.config_schema = json(R"json({
        "type": "object", "additionalProperties": false,
        "properties": {
            "mode": {"type": "string", "enum": ["object", "list", "append", "first"], "title": "Mode", "description": "How the outputs are joined.", "default": "object"}
        }})json");
    type.example = json(
        R"json({"config": {"mode": "append"}, "input": {}, "upstream": [[1, 2], [3], 4], "output": [1, 2, 3, 4]})json");
    type.reads_upstream = [](const Json&) { return true; };
    type.compute = [](const StepInput& input) -> Result<StepOutput> {
        const std::string mode = base::string_or(input.config, "mode", "object");
        if (mode == "first")
            return StepOutput{input.upstream.empty() ? Json() : *input.upstream.front()};
        Json result = mode == "object" ? Json::object() : Json::array();
        for (const Json* output : input.upstream) {
            if (mode == "object") {
                if (!output->is_object())
                    return fail(ErrorCode::invalid_argument,
                                "mode object joins objects, and one of the nodes before gave {}; "
                                "use list or append",
                                kind_of(*output));
                result.update(*output);
            } else if (mode == "append" && output->is_array()) {
                for (const auto& item : *output) result.push_back(item);
            } else {
                result.push_back(*output);
            }
        }
        return StepOutput{std::move(result)};
    };
    return type;
}

}  // namespace sluice::nodes
