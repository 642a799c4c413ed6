#include "nodes/node_parts.hpp"

namespace sluice::nodes {

NodeType make_map(const Services&) {
    NodeType type;
    type.name = "map";
    type.title = "Map";
    type.category = "Flow";
    type.doc =
        "Runs an inner graph once for each item of a list, several at a time. Inside, `item` is "
        "the item and `index` its place from 0; "
        "the steps are named `each[17]/classify`. Each item's steps are recorded one by one, so "
        "after a crash only what was not done is done. An artifact of JSON lines is read piece by "
        "piece while the map runs. With `chunk` the body gets lists of up to so many items, and its "
        "result counts for the whole list.\n\n"
        "**Output:** the list of the items' results, in the order of the items: the value of "
        "`body.output`, or without one the map of the inner "
        "graph's last nodes' outputs. With `on_item_error: collect` a failed item's place holds "
        "`{\"error\": {\"code\", \"message\"}}`.\n\n"
        "**Errors:** `unprocessable` when `items` is neither a list nor such an artifact; `too_large` when there "
        "are more items than `engine.map_items` or they pass the run's memory; with `on_item_error: fail` (the "
        "default) the error of the first item that "
        "failed, with its index.";
    type.kind = NodeKind::map;
    type.config_schema = json(R"json({
        "type": "object", "additionalProperties": false, "required": ["items", "body"],
        "properties": {
            "items": {"title": "Items", "description": "The list, usually a template such as {{ nodes.load.output.rows }}; or an artifact of JSON lines, read as its items are needed."},
            "chunk": {"type": "integer", "minimum": 1, "maximum": 100000, "title": "Chunk", "description": "Give the body lists of so many items instead of single ones."},
            "concurrency": {"type": "integer", "minimum": 1, "maximum": 1000, "title": "Concurrency", "description": "How many items run at once.", "default": 10},
            "on_item_error": {"type": "string", "enum": ["fail", "collect"], "title": "On an item's error",
                "description": "fail: the step fails and starts no further items; collect: the others go on.", "default": "fail"},
            "body": {"type": "object", "additionalProperties": false, "required": ["nodes"], "title": "Body", "description": "The inner graph: nodes, edges and the result of one item.",
                "x-body": true,
                "properties": {"nodes": {"type": "array", "minItems": 1, "description": "As in a flow."}, "edges": {"type": "array", "description": "As in a flow.", "default": []}, "output": {"description": "The result of one item, usually a template."}}}
        }})json");
    type.check = [](const Json& config) {
        std::vector<base::ErrorDetail> mistakes;
        const auto& items = field(config, "items");
        if (!items.is_structured() && !is_template(items) && !items.is_null())
            mistakes.push_back({"/items", fmt::format("must be a list or an artifact, not {}", kind_of(items))});
        return mistakes;
    };
    type.example = json(R"json({"config": {"items": "{{ input.names }}", "concurrency": 5, "body": {
                                    "nodes": [{"id": "greet", "type": "set", "config": {"values": {"text": "Hello {{ item }}"}}}],
                                    "edges": [], "output": "{{ nodes.greet.output.text }}"}},
                                "input": {"names": ["Ada", "Grace"]}, "output": ["Hello Ada", "Hello Grace"]})json");
    return type;
}

}  // namespace sluice::nodes
