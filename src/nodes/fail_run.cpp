#include "nodes/node_parts.hpp"

namespace sluice::nodes {

NodeType make_fail_run(const Services&) {
    NodeType type;
    type.name = "fail";
    type.title = "Fail";
    type.category = "Flow";
    type.doc =
        "Ends its step with an error, and with it the run, unless an edge with `on: error` leads "
        "on.\n\n"
        "**Output:** none.\n\n"
        "**Errors:** always: `code` with `message`.";
    type.config_schema = json(R"json({
        "type": "object", "additionalProperties": false, "required": ["message"],
        "properties": {
            "message": {"type": "string", "minLength": 1, "maxLength": 2000, "title": "Message", "description": "What people read."},
            "code": {"type": "string", "title": "Code", "description": "The stable code that programs read.", "default": "unprocessable",
                "enum": ["invalid_argument", "forbidden", "not_found", "conflict", "unprocessable", "rate_limited", "upstream_failed", "unavailable", "timeout", "internal"]},
            "retryable": {"type": "boolean", "title": "Retryable", "description": "Whether the node's retry policy applies.", "default": false}
        }})json");
    type.example = json(
        R"json({"config": {"message": "no such customer: {{ input.customer }}", "code": "not_found"}, "input": {"customer": "acme"},
                                "error": {"code": "not_found", "message": "no such customer: acme"}})json");
    type.compute = [](const StepInput& input) -> Result<StepOutput> {
        Error error;
        error.code = base::error_code_from(base::string_or(input.config, "code", "unprocessable"));
        error.message = base::string_or(input.config, "message", "");
        error.retryable = flag(input.config, "retryable", false);
        return fail(std::move(error));
    };
    return type;
}

}  // namespace sluice::nodes
