#include "llm/openai_wire.hpp"

#include <algorithm>

#include "sluice/llm/llm.hpp"

namespace sluice::llm {

namespace {

constexpr base::JsonLimits answer_limits{
    .size_bytes = 32 << 20, .depth = 128, .keys = 100'000, .string_bytes = 32 << 20};
constexpr std::size_t quoted_bytes = 300;  // of a provider's message, for people
constexpr std::int64_t longest_wait_us = 3'600'000'000;

Json wire_message(const Message& message) {
    Json out{{"role", message.role}, {"content", message.content}};
    if (!message.tool_call_id.empty()) out["tool_call_id"] = message.tool_call_id;
    if (!message.tool_calls.empty()) {
        Json calls = Json::array();
        for (const auto& call : message.tool_calls)
            calls.push_back(
                {{"id", call.id},
                 {"type", "function"},
                 {"function",
                  {{"name", call.name}, {"arguments", base::dump_json(call.arguments)}}}});
        out["tool_calls"] = std::move(calls);
    }
    return out;
}

/// OpenAI's strict mode takes only schemas whose objects are closed and require every member.
bool fits_strict(const Json& schema, int depth = 0) {
    if (!schema.is_object() || depth > 10) return false;
    static constexpr std::string_view plain[] = {
        "type",     "description",          "title", "enum", "const", "properties",
        "required", "additionalProperties", "items"};
    for (const auto& [key, value] : schema.items())
        if (std::find(std::begin(plain), std::end(plain), key) == std::end(plain)) return false;
    if (const auto* properties = base::find_member(schema, "properties")) {
        const auto* required = base::find_member(schema, "required");
        const auto* open = base::find_member(schema, "additionalProperties");
        if (!required || required->size() != properties->size() || !open || *open != Json(false))
            return false;
        for (const auto& [key, member] : properties->items())
            if (!fits_strict(member, depth + 1)) return false;
    } else if (base::string_or(schema, "type", "") == "object") {
        return false;
    }
    const auto* items = base::find_member(schema, "items");
    return !items || fits_strict(*items, depth + 1);
}

Json messages_of(const ChatRequest& request, const Dialect& dialect) {
    Json messages = Json::array();
    for (const auto& message : request.messages) messages.push_back(wire_message(message));
    if (!request.response_schema || dialect.structure == Dialect::Structure::schema)
        return messages;
    const std::string order =
        "Answer with one JSON value only, without any text around it, that keeps this JSON "
        "Schema: " +
        base::dump_json(*request.response_schema);
    if (!messages.empty() && messages.front()["role"] == "system" &&
        messages.front()["content"].is_string())
        messages.front()["content"] =
            messages.front()["content"].get<std::string>() + "\n\n" + order;
    else
        messages.insert(messages.begin(), Json{{"role", "system"}, {"content", order}});
    return messages;
}

std::string shortened(std::string_view text) {
    std::string out;
    for (const char c : text.substr(0, quoted_bytes))
        out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    while (!out.empty() && text.size() > quoted_bytes &&
           (static_cast<unsigned char>(out.back()) & 0x80))
        out.pop_back();
    return text.size() > quoted_bytes ? out + "…" : out;
}

/// The message inside the usual shapes of an error body: {"error": {"message"}}, {"error": "…"},
/// {"message"}, {"detail"}.
std::string message_in(std::string_view body) {
    auto parsed = base::parse_json(body, answer_limits);
    if (!parsed) return std::string(body);
    if (const auto* error = base::find_member(*parsed, "error")) {
        if (error->is_string()) return error->get<std::string>();
        if (auto text = base::string_or(*error, "message", ""); !text.empty()) return text;
    }
    for (const auto* key : {"message", "detail"})
        if (auto text = base::string_or(*parsed, key, ""); !text.empty()) return text;
    return std::string(body);
}

std::string code_in(std::string_view body) {
    auto parsed = base::parse_json(body, answer_limits);
    if (!parsed) return {};
    const auto* error = base::find_member(*parsed, "error");
    return error && error->is_object()
               ? base::string_or(*error, "code", base::string_or(*error, "type", ""))
               : std::string();
}

/// Seconds only: model providers send nothing else.
std::int64_t wait_us(std::string_view retry_after) {
    std::int64_t seconds = 0;
    const char* const end = retry_after.data() + retry_after.size();
    const auto [stop, bad] = std::from_chars(retry_after.data(), end, seconds);
    if (retry_after.empty() || bad != std::errc{} || seconds < 0) return 0;
    return std::min(seconds * 1'000'000, longest_wait_us);
}

Error garbage(const std::string& provider, std::string_view why) {
    return {ErrorCode::upstream_failed,
            fmt::format("the model provider {} answered something that is no chat completion: {}",
                        provider, why),
            {},
            true};
}

bool mentions(std::string_view message, std::string_view word) {
    return std::search(message.begin(), message.end(), word.begin(), word.end(),
                       [](char a, char b) {
                           return std::tolower(static_cast<unsigned char>(a)) == b;
                       }) != message.end();
}

}  // namespace

Json openai_body(const ChatRequest& request, const Dialect& dialect, bool stream) {
    Json body{{"model", request.model}, {"messages", messages_of(request, dialect)}};
    if (stream) {
        body["stream"] = true;
        if (dialect.stream_options) body["stream_options"] = {{"include_usage", true}};
    }
    if (request.temperature) body["temperature"] = *request.temperature;
    if (request.max_output_tokens)
        body[dialect.max_completion_tokens ? "max_completion_tokens" : "max_tokens"] =
            *request.max_output_tokens;
    if (request.response_schema) {
        if (dialect.structure == Dialect::Structure::schema) {
            body["response_format"] = {{"type", "json_schema"},
                                       {"json_schema",
                                        {{"name", request.response_schema_name},
                                         {"schema", *request.response_schema},
                                         {"strict", fits_strict(*request.response_schema)}}}};
        } else if (dialect.structure == Dialect::Structure::object) {
            body["response_format"] = {{"type", "json_object"}};
        }
    }
    if (!request.tools.empty()) {
        Json tools = Json::array();
        for (const auto& tool : request.tools) {
            Json function{{"name", tool.name}};
            if (!tool.description.empty()) function["description"] = tool.description;
            function["parameters"] = tool.parameters.is_object()
                                         ? tool.parameters
                                         : Json{{"type", "object"}, {"properties", Json::object()}};
            tools.push_back({{"type", "function"}, {"function", std::move(function)}});
        }
        body["tools"] = std::move(tools);
        if (request.tool_choice == "auto" || request.tool_choice == "none" ||
            request.tool_choice == "required")
            body["tool_choice"] = request.tool_choice;
        else if (!request.tool_choice.empty())
            body["tool_choice"] = {{"type", "function"},
                                   {"function", {{"name", request.tool_choice}}}};
    }
    if (request.extra.is_object())
        for (const auto& [key, value] : request.extra.items())
            if (key != "simulate") body[key] = value;
    return body;
}

std::optional<Dialect> openai_adapt(const Dialect& dialect, const ChatRequest& request,
                                    std::string_view message) {
    Dialect next = dialect;
    if (mentions(message, "stream_options") && dialect.stream_options) {
        next.stream_options = false;
    } else if (mentions(message, "max_completion_tokens") && !dialect.max_completion_tokens) {
        next.max_completion_tokens = true;  // "use 'max_completion_tokens' instead"
    } else if (mentions(message, "max_completion_tokens") && dialect.max_completion_tokens &&
               request.max_output_tokens) {
        next.max_completion_tokens = false;
    } else if (request.response_schema &&
               (mentions(message, "response_format") || mentions(message, "json_schema") ||
                mentions(message, "schema") || mentions(message, "grammar"))) {
        if (dialect.structure == Dialect::Structure::prompt) return std::nullopt;
        next.structure = dialect.structure == Dialect::Structure::schema
                             ? Dialect::Structure::object
                             : Dialect::Structure::prompt;
    }
    if (next == dialect) return std::nullopt;
    return next;
}

Error openai_error(const std::string& provider, int status, std::string_view body,
                   std::string_view retry_after, Time) {
    const std::string said = shortened(message_in(body));
    const std::string quote = said.empty() ? "." : fmt::format(": {}", said);
    Error error;
    error.retry_after_us = wait_us(retry_after);
    if (status == 401 || status == 403) {
        error.code = ErrorCode::unauthenticated;
        error.message =
            fmt::format("the model provider {} refused the key (status {}); check OPENAI_API_KEY{}",
                        provider, status, quote);
    } else if (status == 429 && code_in(body) == "insufficient_quota") {
        error.code = ErrorCode::rate_limited;
        error.message =
            fmt::format("the account at the model provider {} has no credit left; add some there{}",
                        provider, quote);
    } else if (status == 429) {
        error.code = ErrorCode::rate_limited;
        error.retryable = true;
        const std::string wait =
            error.retry_after_us > 0
                ? "; it asks to wait " + base::format_duration(Duration(error.retry_after_us))
                : "";
        error.message =
            fmt::format("the model provider {} limits the rate of requests (status 429){}{}",
                        provider, wait, quote);
    } else if (status == 408 || status == 504) {
        error.code = ErrorCode::timeout;
        error.retryable = true;
        error.message = fmt::format("the model provider {} took too long (status {}){}", provider,
                                    status, quote);
    } else if (status >= 500 || status == 409 || status == 425) {
        error.code = ErrorCode::upstream_failed;
        error.retryable = true;
        error.message =
            fmt::format("the model provider {} failed (status {}){}", provider, status, quote);
    } else if (status >= 400) {
        error.code = ErrorCode::invalid_argument;
        error.message = fmt::format("the model provider {} refused the request (status {}){}",
                                    provider, status, quote);
    } else {
        error.code = ErrorCode::upstream_failed;
        error.message =
            fmt::format("the model provider {} answered with status {}; check its base URL{}",
                        provider, status, quote);
    }
    return error;
}

Result<void> OpenAiAnswer::add_tool_calls(const Json& calls) {
    if (!calls.is_array()) return {};
    for (std::size_t i = 0; i < calls.size(); ++i) {
        const auto& call = calls[i];
        if (!call.is_object()) continue;
        const auto* index = base::find_member(call, "index");
        auto& partial = calls_[index && index->is_number_integer() ? index->get<std::int64_t>()
                                                                   : static_cast<std::int64_t>(i)];
        if (auto id = base::string_or(call, "id", ""); !id.empty()) partial.id = id;
        if (const auto* function = base::find_member(call, "function")) {
            if (partial.name.empty()) partial.name = base::string_or(*function, "name", "");
            if (const auto* arguments = base::find_member(*function, "arguments"))
                partial.arguments += arguments->is_string() ? arguments->get<std::string>()
                                                            : base::dump_json(*arguments);
        }
    }
    return {};
}

void OpenAiAnswer::add_usage(const Json& chunk) {
    const auto* usage = base::find_member(chunk, "usage");
    if (!usage || !usage->is_object()) return;
    const auto count = [](const Json& object, std::string_view key) {
        const auto* value = base::find_member(object, key);
        return value && value->is_number_integer() ? value->get<std::int64_t>() : 0;
    };
    completion_.usage.input_tokens = count(*usage, "prompt_tokens");
    completion_.usage.output_tokens = count(*usage, "completion_tokens");
    if (const auto* details = base::find_member(*usage, "prompt_tokens_details"))
        completion_.usage.cached_input_tokens = count(*details, "cached_tokens");
    usage_ = completion_.usage.input_tokens > 0 || completion_.usage.output_tokens > 0;
}

Result<void> OpenAiAnswer::whole(const std::string& provider, std::string_view body) {
    auto parsed = base::parse_json(body, answer_limits);
    if (!parsed) return fail(garbage(provider, parsed.error().message));
    const auto* choices = base::find_member(*parsed, "choices");
    if (!choices || !choices->is_array() || choices->empty())
        return fail(garbage(provider, "it has no choices"));
    const auto* message = base::find_member(choices->front(), "message");
    if (!message || !message->is_object())
        return fail(garbage(provider, "its first choice has no message"));
    completion_.model = base::string_or(*parsed, "model", "");
    completion_.text = base::string_or(*message, "content", "");
    completion_.finish_reason = base::string_or(choices->front(), "finish_reason", "stop");
    if (const auto* calls = base::find_member(*message, "tool_calls"))
        if (auto added = add_tool_calls(*calls); !added) return added;
    add_usage(*parsed);
    if (on_text_ && !completion_.text.empty()) on_text_(completion_.text);
    seen_ = ended_ = true;
    return {};
}

Result<void> OpenAiAnswer::event(const std::string& provider, std::string_view data) {
    if (data == "[DONE]") {
        ended_ = true;
        return {};
    }
    auto parsed = base::parse_json(data, answer_limits);
    if (!parsed) return fail(garbage(provider, parsed.error().message));
    if (parsed->is_object() && parsed->contains("error"))
        return fail(
            Error{ErrorCode::upstream_failed,
                  fmt::format("the model provider {} failed in the middle of its answer: {}",
                              provider, shortened(message_in(data))),
                  {},
                  true});
    if (auto model = base::string_or(*parsed, "model", ""); !model.empty())
        completion_.model = model;
    add_usage(*parsed);
    const auto* choices = base::find_member(*parsed, "choices");
    if (!choices || !choices->is_array()) return fail(garbage(provider, "an event has no choices"));
    if (choices->empty()) return {};
    seen_ = true;
    const auto& choice = choices->front();
    if (const auto* delta = base::find_member(choice, "delta"); delta && delta->is_object()) {
        const std::string piece = base::string_or(*delta, "content", "");
        completion_.text += piece;
        if (on_text_ && !piece.empty()) on_text_(piece);
        if (const auto* calls = base::find_member(*delta, "tool_calls"))
            if (auto added = add_tool_calls(*calls); !added) return added;
    }
    if (auto reason = base::string_or(choice, "finish_reason", ""); !reason.empty()) {
        completion_.finish_reason = reason;
        ended_ = true;
    }
    return {};
}

Result<Completion> OpenAiAnswer::finish(const std::string& provider, const ChatRequest& request) {
    if (!seen_ || !ended_)
        return fail(Error{
            ErrorCode::upstream_failed,
            fmt::format("the model provider {} broke off in the middle of its answer", provider),
            {},
            true});
    for (auto& [index, partial] : calls_) {
        auto arguments = partial.arguments.empty()
                             ? Result<Json>(Json::object())
                             : base::parse_json(partial.arguments, answer_limits);
        if (!arguments)
            return fail(Error{
                ErrorCode::upstream_failed,
                fmt::format("the model asked for the tool {} with arguments that are no JSON: {}",
                            partial.name, arguments.error().message),
                {},
                true});
        if (partial.id.empty()) partial.id = fmt::format("call_{}", index);
        completion_.tool_calls.push_back({partial.id, partial.name, std::move(*arguments)});
    }
    if (completion_.finish_reason.empty())
        completion_.finish_reason = completion_.tool_calls.empty() ? "stop" : "tool_calls";
    if (completion_.finish_reason == "function_call") completion_.finish_reason = "tool_calls";
    if (completion_.model.empty()) completion_.model = request.model;
    if (!usage_) {
        completion_.usage.estimated = true;
        completion_.usage.input_tokens = estimate_input_tokens(request);
        completion_.usage.output_tokens = estimate_tokens(completion_.text);
        for (const auto& call : completion_.tool_calls)
            completion_.usage.output_tokens +=
                estimate_tokens(call.name + base::dump_json(call.arguments));
    }
    return std::move(completion_);
}

}  // namespace sluice::llm
