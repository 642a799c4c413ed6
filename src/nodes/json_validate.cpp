#include "nodes/node_parts.hpp"

namespace sluice::nodes {

NodeType make_json_validate(const Services&) {
    NodeType type;
    type.name = "json.validate";
    type.title = "Validate JSON";
    type.category = "Data";
    type.doc =
        "Judges a value by a JSON Schema (draft 7).\n\n"
        "**Output:** `{\"valid\": true or false, \"errors\": [{\"pointer\", \"message\"}]}` with "
        "at most 20 errors.\n\n"
        "**Errors:** `invalid_argument` when the schema is unusable; `unprocessable` with the "
        "mistakes when `fail_on_invalid` is on and "
        "the value is not valid.";
    type.config_schema = json(R"json({
        "type": "object", "additionalProperties": false, "required": ["value", "schema"],
        "properties": {
            "value": {"title": "Value", "description": "What is judged."},
            "schema": {"type": ["object", "boolean"], "title": "Schema", "description": "A JSON Schema, draft 7."},
            "fail_on_invalid": {"type": "boolean", "title": "Fail when invalid", "description": "End the step with an error instead of giving the mistakes.", "default": false}
        }})json");
    type.example = json(
        R"json({"config": {"value": "{{ input }}", "schema": {"type": "object", "required": ["email"]}}, "input": {"email": "ada@example.com"},
                                "output": {"valid": true, "errors": []}})json");
    type.check = [](const Json& config) {
        std::vector<base::ErrorDetail> mistakes;
        const auto& schema = field(config, "schema");
        if (!schema.is_object() && !schema.is_boolean()) return mistakes;
        if (base::dump_json(schema).find("{{") != std::string::npos)
            return mistakes;  // judged when it is rendered
        if (auto compiled = base::JsonSchema::compile(schema); !compiled) {
            for (const auto& each : compiled.error().details)
                mistakes.push_back({"/schema" + each.pointer, each.message});
            if (mistakes.empty()) mistakes.push_back({"/schema", compiled.error().message});
        }
        return mistakes;
    };
    type.compute = [](const StepInput& input) -> Result<StepOutput> {
        auto schema = base::JsonSchema::compile(field(input.config, "schema"));
        if (!schema) return fail(mistake_at("/schema", schema.error().message));
        auto mistakes = schema->validate(field(input.config, "value"));
        if (!mistakes.empty() && flag(input.config, "fail_on_invalid", false)) {
            Error error{ErrorCode::unprocessable, {}, std::move(mistakes), false};
            const auto& first = error.details.front();
            error.message =
                fmt::format("the value does not keep the schema{}: {}",
                            first.pointer.empty() ? "" : " at " + first.pointer, first.message);
            return fail(std::move(error));
        }
        Json errors = Json::array();
        for (const auto& each : mistakes)
            errors.push_back({{"pointer", each.pointer}, {"message", each.message}});
        return StepOutput{Json{{"valid", mistakes.empty()}, {"errors", std::move(errors)}}};
    };
    return type;
}

}  // namespace sluice::nodes
