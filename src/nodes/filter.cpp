#include "nodes/node_parts.hpp"

namespace sluice::nodes {

NodeType make_filter(const Services&) {
    NodeType type;
    type.name = "filter";
    type.title = "Filter";
    type.category = "Data";
    type.doc =
        "Keeps the items of a list for which a condition holds; in it, `item` is the item and "
        "`index` its place from 0.\n\n"
        "**Output:** the list of kept items, in order.\n\n"
        "**Errors:** `invalid_argument` when `items` is no list, or the condition fails for an "
        "item (named by its index).";
    type.config_schema = json(R"json({
        "type": "object", "additionalProperties": false, "required": ["items", "where"],
        "properties": {
            "items": {"type": "array", "title": "Items", "description": "The list, usually a template such as {{ nodes.load.output.rows }}."},
            "where": {"type": "string", "title": "Where", "description": "A CEL condition over item and index.", "x-expression": true, "x-scope": ["item", "index"]}
        }})json");
    type.example = json(
        R"json({"config": {"items": "{{ input.orders }}", "where": "item.total > 100 && index < 3"},
                                "input": {"orders": [{"total": 50}, {"total": 150}, {"total": 300}, {"total": 400}]},
                                "output": [{"total": 150}, {"total": 300}]})json");
    type.compute = [](const StepInput& input) -> Result<StepOutput> {
        auto items = list(input.config, "items");
        if (!items) return fail(std::move(items.error()));
        Json kept = Json::array();
        for (std::size_t i = 0; i < (*items)->size(); ++i) {
            auto held = holds_for_item(input, "/where", (**items)[i], i);
            if (!held) return fail(std::move(held.error()));
            if (*held) kept.push_back((**items)[i]);
        }
        return StepOutput{std::move(kept)};
    };
    return type;
}

}  // namespace sluice::nodes
