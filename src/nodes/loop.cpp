#include "nodes/node_parts.hpp"

namespace sluice::nodes {

NodeType make_loop(const Services&) {
    NodeType type;
    type.name = "loop";
    type.title = "Loop";
    type.category = "Flow";
    type.doc =
        "Runs an inner graph again and again while a condition holds, one turn after the other. "
        "The condition is asked before each turn: `index` is the number of turns done, `item` the "
        "result of the turn before (null before the first). Inside the body they mean the same; "
        "the steps are named `poll[3]/fetch`. To wait between turns, put a `wait` into the body. "
        "After a crash the loop goes on in the turn it was in.\n\n"
        "**Output:** `{\"turns\": how many, \"last\": the result of the last one}`; the result of "
        "a turn is the value of `body.output`, or without one the map of the inner graph's last "
        "nodes' outputs.\n\n"
        "**Errors:** the error of a turn, with its number as `turn`; `unprocessable` when the "
        "condition fails or still holds after `max_turns`; `timeout` when the node's timeout ends "
        "before the loop does.";
    type.kind = NodeKind::loop;
    type.config_schema = json(R"json({
        "type": "object", "additionalProperties": false, "required": ["while", "body"],
        "properties": {
            "while": {"type": "string", "title": "While", "x-expression": true, "x-scope": ["item", "index"],
                "description": "Another turn is taken while this is true, such as: index == 0 || item.status != 'done'."},
            "max_turns": {"type": "integer", "minimum": 1, "maximum": 100000, "title": "Most turns", "description": "The step fails when the condition still holds after so many.", "default": 1000},
            "body": {"type": "object", "additionalProperties": false, "required": ["nodes"], "title": "Body", "description": "The inner graph: nodes, edges and the result of one turn.",
                "x-body": true,
                "properties": {"nodes": {"type": "array", "minItems": 1, "description": "As in a flow."}, "edges": {"type": "array", "description": "As in a flow.", "default": []}, "output": {"description": "The result of one turn, usually a template."}}}
        }})json");
    type.example = json(R"json({"config": {"while": "index == 0 || item < input.goal", "body": {
                                    "nodes": [{"id": "double", "type": "set", "config": {"values": {"n": "{{ index == 0 ? 1 : item * 2 }}"}}}],
                                    "output": "{{ nodes.double.output.n }}"}},
                                "input": {"goal": 10}, "output": {"turns": 5, "last": 16}})json");
    return type;
}

}  // namespace sluice::nodes
