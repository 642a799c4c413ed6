#include "llm/formats/openai_responses.hpp"

namespace sluice::llm::openai {

namespace {

void read_tools(const Json& tools, Mistakes& mistakes, ModelRequest& out) {
    for (std::size_t i = 0; i < tools.size(); ++i) {
        Fields fields(tools[i], fmt::format("/tools/{}", i), mistakes);
        if (!tools[i].is_object()) continue;
        const auto type = fields.required_text("type");
        ToolSpec tool;
        if (type == "function") {
            tool.name = fields.required_text("name");
            tool.description = fields.text("description").value_or("");
            if (const auto* parameters = fields.object("parameters")) tool.parameters = *parameters;
            tool.strict = fields.flag("strict");
        } else {
            tool.name = base::string_or(tools[i], "name", type);
            tool.native = tools[i];
            tool.native_format = responses_name;
        }
        out.tools.push_back(std::move(tool));
    }
}

void read_allowed(Fields& fields, ToolChoice& out) {
    const auto mode = fields.required_text("mode");
    out.kind = mode == "required" ? ToolChoice::Kind::required : ToolChoice::Kind::automatic;
    if (mode != "required" && mode != "auto") fields.wrong("mode", "this must be auto or required");
    const auto* tools = fields.array("tools");
    if (!tools || tools->empty()) return fields.wrong("tools", "this is required: a list of at least one tool");
    for (const auto& tool : *tools) {
        out.allowed.push_back(base::string_or(tool, "name", base::string_or(tool, "type", "")));
        if (out.allowed.back().empty()) fields.wrong("tools", "each tool here needs {\"type\", \"name\"}");
    }
}

void read_tool_choice(Fields& fields, ModelRequest& out) {
    const auto* choice = fields.find("tool_choice");
    if (!choice) return;
    constexpr std::string_view forms = "this must be none, auto, required, or an object of type function, custom or allowed_tools";
    auto& kind = out.tool_choice.kind;
    if (*choice == "auto") kind = ToolChoice::Kind::automatic;
    else if (*choice == "none") kind = ToolChoice::Kind::none;
    else if (*choice == "required") kind = ToolChoice::Kind::required;
    else if (!choice->is_object()) return fields.wrong("tool_choice", std::string(forms));
    if (!choice->is_object()) return;
    Fields inner(*choice, fields.at("tool_choice"), fields.mistakes());
    const auto type = inner.required_text("type");
    if (type == "function" || type == "custom") {
        out.tool_choice = {.kind = ToolChoice::Kind::one, .name = inner.required_text("name")};
    } else if (type == "allowed_tools") {
        read_allowed(inner, out.tool_choice);
    } else if (!type.empty()) {
        out.bound.push_back({inner.pointer(), fmt::format("the tool {} is run by OpenAI", type)});
        out.extra["tool_choice"] = *choice;
    }
}

void read_text(Fields& fields, ModelRequest& out) {
    const auto* text = fields.object("text");
    if (!text) return;
    Fields inner(*text, fields.at("text"), fields.mistakes());
    if (const auto* format = inner.object("format")) {
        Fields form(*format, inner.at("format"), fields.mistakes());
        const auto type = form.required_text("type");
        if (type == "json_object") {
            out.answer.kind = AnswerFormat::Kind::json;
        } else if (type == "json_schema") {
            out.answer.kind = AnswerFormat::Kind::schema;
            out.answer.name = form.required_text("name");
            out.answer.description = form.text("description").value_or("");
            out.answer.strict = form.flag("strict");
            const auto* schema = form.object("schema");
            if (!schema) form.wrong("schema", "this is required: a JSON Schema");
            else out.answer.schema = *schema;
        } else if (type != "text" && !type.empty()) {
            form.wrong("type", "this must be text, json_object or json_schema");
        }
    }
    if (auto rest = inner.rest(); !rest.empty()) out.extra["text"] = std::move(rest);
}

void read_reasoning(Fields& fields, ModelRequest& out) {
    const auto* reasoning = fields.object("reasoning");
    if (!reasoning) return;
    Fields inner(*reasoning, fields.at("reasoning"), fields.mistakes());
    out.effort = inner.text("effort").value_or("");
    if (auto rest = inner.rest(); !rest.empty()) out.extra["reasoning"] = std::move(rest);
}

/// State that OpenAI would keep, and the gateway does not.
void read_state(const Json& body, ModelRequest& out) {
    const auto given = [&](std::string_view key) {
        const auto* value = base::find_member(body, key);
        return value && !value->is_null() && *value != false;
    };
    static constexpr std::pair<std::string_view, std::string_view> members[] = {
        {"previous_response_id", "earlier answers are kept by OpenAI alone; send the whole conversation in input"},
        {"conversation", "conversations are kept by OpenAI alone; send the whole conversation in input"},
        {"prompt", "stored prompts are kept by OpenAI alone; send the text in instructions and input"},
        {"background", "answers in the background are kept by OpenAI alone; wait for the answer, or stream it"},
        {"store", "answers are kept by OpenAI alone; send store: false"},
    };
    for (const auto& [key, why] : members)
        if (given(key)) out.bound.push_back({fmt::format("/{}", key), std::string(why)});
}

}  // namespace

Result<ModelRequest> read_responses_request(const Json& body) {
    constexpr std::int64_t most = std::int64_t{1} << 40;
    Mistakes mistakes;
    Fields fields(body, "", mistakes);
    ModelRequest out;
    out.format = responses_name;
    out.model = fields.required_text("model");
    if (auto instructions = fields.text("instructions"); instructions && !instructions->empty()) {
        Turn turn{.role = Turn::Role::system};
        turn.blocks.push_back({.kind = Block::Kind::text, .text = std::move(*instructions)});
        out.turns.push_back(std::move(turn));
    }
    const auto* input = fields.find("input");
    if (input)
        for (auto& turn : read_input(*input, mistakes, out.bound)) out.turns.push_back(std::move(turn));
    read_state(body, out);
    if (!input && out.bound.empty()) fields.wrong("input", "this is required: a text or a list of items");
    if (const auto* tools = fields.array("tools")) read_tools(*tools, mistakes, out);
    read_tool_choice(fields, out);
    out.parallel_tool_calls = fields.flag("parallel_tool_calls");
    read_text(fields, out);
    read_reasoning(fields, out);
    out.max_output_tokens = fields.integer("max_output_tokens", 1, most);
    out.temperature = fields.number("temperature");
    out.top_p = fields.number("top_p");
    out.stream = fields.flag("stream").value_or(false);
    out.stream_usage = true;  // the last event of a stream always has it
    const auto identifier = fields.text("safety_identifier");
    out.user = fields.text("user").value_or(identifier.value_or(""));
    out.metadata = fields.texts("metadata");
    out.service_tier = fields.text("service_tier").value_or("");
    const auto rest = fields.rest();
    for (const auto& [key, value] : rest.items()) out.extra[key] = value;
    if (identifier) out.extra["safety_identifier"] = *identifier;
    if (!mistakes.none()) return fail(std::move(mistakes).error("this is not a valid request for a response"));
    return out;
}

}  // namespace sluice::llm::openai
