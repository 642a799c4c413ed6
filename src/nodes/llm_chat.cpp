#include "nodes/node_parts.hpp"
#include "nodes/readable.hpp"
#include "sluice/base/json_schema.hpp"
#include "sluice/base/money.hpp"
#include "sluice/base/time.hpp"
#include "sluice/engine/engine.hpp"
#include "sluice/llm/gateway.hpp"
#include "sluice/runtime/loop.hpp"

namespace sluice::nodes {

namespace {

constexpr Duration usual_timeout = std::chrono::seconds(60);
constexpr Duration longest_timeout = std::chrono::minutes(15);
constexpr int most_runs_around = 100;  ///< more than sub-runs may be nested

Result<llm::Message> message_of(const Json& written, std::size_t index) {
    llm::Message message;
    message.role = base::string_or(written, "role", "user");
    message.content = field(written, "content");
    message.tool_call_id = base::string_or(written, "tool_call_id", "");
    if (const auto& calls = field(written, "tool_calls"); calls.is_array())
        for (const auto& call : calls)
            message.tool_calls.push_back({base::string_or(call, "id", ""),
                                          base::string_or(call, "name", ""),
                                          field(call, "arguments")});
    if (!message.content.is_string() && !message.content.is_array() &&
        !(message.content.is_null() && !message.tool_calls.empty()))
        return fail(
            mistake_at(fmt::format("/messages/{}/content", index),
                       fmt::format("a message's content is a text or a list of parts, not {}",
                                   kind_of(message.content))));
    return message;
}

Result<llm::ChatRequest> request_of(const Json& config, const StepContext& context) {
    llm::ChatRequest request;
    if (const auto& system = field(config, "system"); !system.is_null())
        request.messages.push_back({"system", text_of(system), {}, {}});
    if (const auto& messages = field(config, "messages"); messages.is_array()) {
        for (std::size_t i = 0; i < messages.size(); ++i) {
            auto message = message_of(messages[i], i);
            if (!message) return fail(std::move(message.error()));
            request.messages.push_back(std::move(*message));
        }
    }
    if (const auto& prompt = field(config, "prompt"); !prompt.is_null())
        request.messages.push_back({"user", text_of(prompt), {}, {}});
    if (request.messages.empty())
        return fail(mistake_at("/prompt", "there is nothing to ask: give prompt or messages"));
    if (const auto& schema = field(config, "response_schema"); schema.is_object())
        request.response_schema = schema;
    request.response_schema_name = base::string_or(config, "response_name", "answer");
    if (const auto& tools = field(config, "tools"); tools.is_array())
        for (const auto& tool : tools)
            request.tools.push_back({base::string_or(tool, "name", ""),
                                     base::string_or(tool, "description", ""),
                                     field(tool, "parameters")});
    request.tool_choice = base::string_or(config, "tool_choice", "");
    if (const auto& temperature = field(config, "temperature"); temperature.is_number())
        request.temperature = temperature.get<double>();
    if (const auto& limit = field(config, "max_output_tokens"); limit.is_number_integer())
        request.max_output_tokens = limit.get<std::int64_t>();
    if (const auto& extra = field(config, "extra"); extra.is_object()) request.extra = extra;
    request.idempotency_key = context.idempotency_key();
    request.timeout = usual_timeout;
    if (const auto text = base::string_or(config, "timeout", ""); !text.empty()) {
        auto timeout = base::parse_duration(text);
        if (!timeout) return fail(mistake_at("/timeout", timeout.error().message));
        if (*timeout > longest_timeout || *timeout <= Duration(0))
            return fail(mistake_at("/timeout", "a timeout is more than 0s and at most 15m"));
        request.timeout = *timeout;
    }
    return request;
}

/// Small models like to wrap their JSON in a Markdown fence.
std::string_view without_fence(std::string_view text) {
    const auto trim = [](std::string_view t) {
        while (!t.empty() && std::string_view(" \t\r\n").find(t.front()) != std::string_view::npos)
            t.remove_prefix(1);
        while (!t.empty() && std::string_view(" \t\r\n").find(t.back()) != std::string_view::npos)
            t.remove_suffix(1);
        return t;
    };
    text = trim(text);
    if (!text.starts_with("```") || !text.ends_with("```") || text.size() < 6) return text;
    text = text.substr(3, text.size() - 6);
    const auto line = text.find('\n');
    return trim(line == std::string_view::npos ? text : text.substr(line + 1));
}

Result<Json> value_of(const llm::Completion& completion, const Json& schema) {
    if (completion.finish_reason == "length")
        return fail(ErrorCode::unprocessable,
                    "the model's answer was cut at its output limit; raise max_output_tokens");
    const auto bad = [](std::string message, std::vector<base::ErrorDetail> details) {
        return fail(
            Error{ErrorCode::upstream_failed, std::move(message), std::move(details), true});
    };
    auto value = base::parse_json(
        without_fence(completion.text),
        {.size_bytes = 16 << 20, .depth = 128, .keys = 100'000, .string_bytes = 16 << 20});
    if (!value)
        return bad(fmt::format("the model {} did not answer with JSON: {}", completion.model,
                               value.error().message),
                   {});
    auto compiled = base::JsonSchema::compile(schema);
    if (!compiled) return fail(mistake_at("/response_schema", compiled.error().message));
    if (auto mistakes = compiled->validate(*value); !mistakes.empty()) {
        const std::string at =
            mistakes.front().pointer.empty() ? "" : " at " + mistakes.front().pointer;
        return bad(
            fmt::format(
                "the model {} answered with JSON that does not keep the response schema{}: {}",
                completion.model, at, mistakes.front().message),
            std::move(mistakes));
    }
    return value;
}

/// What is streamed is shown, not kept; a broken character must not break the watchers.
llm::TextSink sink_to(StepContext& context, bool streamed) {
    if (!streamed) return {};
    return
        [&context](std::string_view piece) { context.progress(Json{{"text", readable(piece)}}); };
}

Json output_of(const llm::Completion& completion, bool simulated) {
    Json calls = Json::array();
    for (const auto& call : completion.tool_calls)
        calls.push_back({{"id", call.id}, {"name", call.name}, {"arguments", call.arguments}});
    Json usage{{"input_tokens", completion.usage.input_tokens},
               {"output_tokens", completion.usage.output_tokens}};
    if (completion.usage.cached_input_tokens > 0)
        usage["cached_input_tokens"] = completion.usage.cached_input_tokens;
    if (completion.usage.estimated) usage["estimated"] = true;
    return Json{
        {"text", readable(completion.text)},
        {"value", nullptr},
        {"tool_calls", std::move(calls)},
        {"model", completion.model},
        {"finish_reason", completion.finish_reason},
        {"usage", std::move(usage)},
        {"cost_usd", completion.cost_known ? Json(base::format_usd(completion.cost)) : Json()},
        {"simulated", simulated}};
}

/// Whose call it is. The budgets and limits of whoever started the first of the runs around this one bind this one as well.
Awaitable<Result<budget::CallScope>> scope_of(const Services& services, const StepContext& context) {
    auto origin = context.origin();
    budget::CallScope out;
    out.workspace = context.workspace();
    out.project = std::move(origin.project);
    out.flow = std::move(origin.flow);
    out.run = context.run().str();
    engine::Engine* engine = services.engine ? services.engine() : nullptr;
    for (int i = 0; origin.starter_kind == "run" && engine != nullptr && i < most_runs_around; ++i) {
        const auto around = RunId::parse(origin.starter);
        if (!around) break;
        auto run = co_await engine->get(out.workspace, *around);
        if (!run && run.error().code == ErrorCode::not_found) break;  // it is not kept any more
        if (!run) co_return fail(std::move(run.error()));
        origin.starter_kind = std::move(run->started_by.kind);
        origin.starter = std::move(run->started_by.id);
    }
    if (origin.starter_kind == "api_key") out.api_key = std::move(origin.starter);
    else if (origin.starter_kind == "user") out.user = std::move(origin.starter);
    co_return out;
}

Awaitable<Result<StepOutput>> run(Services services, StepContext& context) {
    if (!services.models) co_return fail(ErrorCode::unavailable, "this process calls no models");
    const Json& config = context.input().config;
    auto request = request_of(config, context);
    if (!request) co_return fail(std::move(request.error()));
    const std::optional<Json> schema = request->response_schema;
    llm::FlowCall call;
    auto scope = co_await scope_of(services, context);
    if (!scope) co_return fail(std::move(scope.error()));
    call.scope = std::move(*scope);
    call.step = context.path();
    call.model = base::string_or(config, "model", "");
    call.request = std::move(*request);
    call.on_text = sink_to(context, flag(config, "stream", true));
    call.watched = context.watched();
    auto answer = co_await services.models->ask(std::move(call));
    if (!answer) co_return fail(std::move(answer.error()));
    const auto& completion = answer->completion;
    context.add_usage({completion.usage.input_tokens, completion.usage.output_tokens, completion.cost.value, completion.model, answer->simulated});
    StepOutput result{output_of(completion, answer->simulated)};
    if (schema && completion.tool_calls.empty()) {
        auto value = value_of(completion, *schema);
        if (!value) co_return fail(std::move(value.error()));
        result.output["value"] = std::move(*value);
    }
    co_return result;
}

std::vector<base::ErrorDetail> check(const Json& config) {
    std::vector<base::ErrorDetail> mistakes;
    if (!config.contains("prompt") && !config.contains("messages"))
        mistakes.push_back({"", "give prompt, messages or both"});
    const auto judge = [&](const Json& schema, const std::string& pointer) {
        if (!schema.is_object() || base::dump_json(schema).find("{{") != std::string::npos) return;
        auto compiled = base::JsonSchema::compile(schema);
        if (compiled) return;
        if (compiled.error().details.empty())
            mistakes.push_back({pointer, compiled.error().message});
        for (const auto& each : compiled.error().details)
            mistakes.push_back({pointer + each.pointer, each.message});
    };
    judge(field(config, "response_schema"), "/response_schema");
    const auto& tools = field(config, "tools");
    bool known = false;
    const std::string choice = base::string_or(config, "tool_choice", "auto");
    for (std::size_t i = 0; tools.is_array() && i < tools.size(); ++i) {
        judge(field(tools[i], "parameters"), fmt::format("/tools/{}/parameters", i));
        known = known || base::string_or(tools[i], "name", "") == choice ||
                is_template(field(tools[i], "name"));
    }
    if (choice != "auto" && choice != "none" && choice != "required" && !known &&
        choice.find("{{") == std::string::npos && !is_template(tools))
        mistakes.push_back(
            {"/tool_choice",
             fmt::format("is auto, none, required or the name of one of the tools, not {}",
                         choice)});
    if (const auto& text = field(config, "timeout"); text.is_string() && !is_template(text))
        if (auto read = base::parse_duration(text.get_ref<const std::string&>()); !read)
            mistakes.push_back({"/timeout", read.error().message});
    return mistakes;
}

}  // namespace

NodeType make_llm_chat(const Services& services) {
    NodeType type;
    type.name = "llm.chat";
    type.title = "Ask a model";
    type.category = "Models";
    type.doc =
        "Asks a language model. `system`, `messages` and `prompt` become the conversation, in this "
        "order. With a `response_schema` the answer is JSON of "
        "that shape, checked here. The text is streamed to whoever watches the run. Without a "
        "configured provider the built-in `simulated` one answers: "
        "the same request always the same, marked as simulated.\n\n"
        "**Output:** `{\"text\", \"value\": the parsed answer, null without a response_schema, "
        "\"tool_calls\": [{\"id\", \"name\", \"arguments\"}], \"model\", \"finish_reason\": "
        "\"stop\" | "
        "\"length\" | \"tool_calls\" | \"content_filter\", \"usage\": {\"input_tokens\", "
        "\"output_tokens\"}, \"cost_usd\": a decimal text, null when the price is not known, "
        "\"simulated\"}`. "
        "Usage that the provider did not tell is counted as a token for each 4 bytes and marked "
        "`estimated`.\n\n"
        "**Errors:** retryable: `rate_limited`, `timeout`, `upstream_failed` (also an answer that "
        "is no JSON or does not keep the schema). Final: `not_found` (no such model), "
        "`budget_exceeded` (a budget has not enough left), `unauthenticated` (the provider's key), `invalid_argument` (the provider refused the "
        "request), `unprocessable` (cut at `max_output_tokens`).";
    type.kind = NodeKind::task;
    type.effect = Effect::keyed;
    type.config_schema = json(R"json({
        "type": "object", "additionalProperties": false,
        "properties": {
            "model": {"type": "string", "title": "Model", "description": "A model's id, or provider/id; without one the default model."},
            "system": {"type": "string", "title": "System", "description": "What the model is and must keep to."},
            "prompt": {"type": "string", "title": "Prompt", "description": "The question, usually with templates."},
            "messages": {"type": "array", "title": "Messages", "description": "A conversation so far.", "items": {"type": "object", "additionalProperties": false, "required": ["role"], "properties": {
                "role": {"type": "string", "enum": ["system", "user", "assistant", "tool"], "description": "Who speaks."},
                "content": {"type": ["string", "array", "null"], "description": "Text, or parts as OpenAI's chat format has them."},
                "tool_call_id": {"type": "string", "description": "Of a tool's answer."},
                "tool_calls": {"type": "array", "description": "Of an assistant's message: what it asked for.", "items": {"type": "object", "additionalProperties": false, "required": ["id", "name"], "properties": {"id": {"type": "string", "description": "The call's id."}, "name": {"type": "string", "description": "The tool."}, "arguments": {"description": "Any JSON."}}}}
            }}},
            "response_schema": {"type": "object", "title": "Response schema", "description": "The JSON Schema (draft 7) that the answer must keep."},
            "response_name": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$", "title": "Response name", "description": "What providers call the schema.", "default": "answer"},
            "temperature": {"type": "number", "minimum": 0, "maximum": 2, "title": "Temperature", "description": "0 is the most repeatable."},
            "max_output_tokens": {"type": "integer", "minimum": 1, "maximum": 1000000, "title": "Output limit", "description": "Tokens."},
            "tools": {"type": "array", "maxItems": 128, "title": "Tools", "description": "What the model may ask to be called; the calls are in the output.", "items": {"type": "object", "additionalProperties": false, "required": ["name"], "properties": {
                "name": {"type": "string", "minLength": 1, "maxLength": 64, "description": "What the model calls it by."}, "description": {"type": "string", "description": "What it does, for the model."}, "parameters": {"type": "object", "description": "A JSON Schema."}}}},
            "tool_choice": {"type": "string", "title": "Tool choice", "description": "auto, none, required, or a tool's name.", "default": "auto"},
            "timeout": {"type": "string", "title": "Timeout", "description": "Of the whole answer, at most 15m.", "default": "60s"},
            "stream": {"type": "boolean", "title": "Stream", "description": "Ask for the answer piece by piece and show it to watchers.", "default": true},
            "extra": {"type": "object", "title": "Extra", "description": "More members of the provider's request; for the simulated provider {\"simulate\": {delay, fail, fail_first}}.", "default": {}}
        }})json");
    type.example = json(
        R"json({"config": {"model": "simulated-small", "prompt": "Is this ticket urgent? {{ input.ticket }}",
                                    "response_schema": {"type": "object", "required": ["urgency"], "additionalProperties": false, "properties": {"urgency": {"type": "string", "enum": ["low", "high"]}}}},
                                "input": {"ticket": "Our shop is down, please help immediately"},
                                "output": {"text": "{\"urgency\":\"high\"}", "value": {"urgency": "high"}, "tool_calls": [], "model": "simulated-small", "finish_reason": "stop",
                                    "usage": {"input_tokens": 53, "output_tokens": 5}, "cost_usd": "0.0000073", "simulated": true}})json");
    type.check = check;
    type.run = [services](StepContext& context) { return run(services, context); };
    return type;
}

}  // namespace sluice::nodes
