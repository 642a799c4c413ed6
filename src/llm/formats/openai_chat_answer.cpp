#include <algorithm>

#include "llm/formats/openai_chat.hpp"

namespace sluice::llm::openai {

namespace {

/// Text in the parts of a message's content, as servers with reasoning send it: {"type": "text"}, {"type": "thinking"}.
void read_parts(const Json& parts, ModelAnswer& out) {
    for (const auto& part : parts) {
        const auto type = base::string_or(part, "type", "");
        if (type == "text") {
            out.blocks.push_back({.kind = Block::Kind::text, .text = base::string_or(part, "text", "")});
        } else if (type == "refusal") {
            out.blocks.push_back({.kind = Block::Kind::refusal, .text = base::string_or(part, "refusal", "")});
        } else if (type == "thinking") {
            Block block{.kind = Block::Kind::thinking};
            const auto* inner = base::find_member(part, "thinking");
            if (inner && inner->is_string()) block.text = inner->get<std::string>();
            if (inner && inner->is_array())
                for (const auto& piece : *inner) block.text += base::string_or(piece, "text", "");
            out.blocks.push_back(std::move(block));
        }
    }
}

Block read_call(const Json& call, std::string_view answer_id, std::size_t index) {
    Block block{.kind = Block::Kind::tool_use, .id = base::string_or(call, "id", "")};
    if (block.id.empty()) block.id = made_call_id(answer_id, index);
    read_call_signature(call, block);
    if (const auto* custom = base::find_member(call, "custom"); custom && custom->is_object()) {
        block.name = base::string_or(*custom, "name", "");
        block.arguments = custom_arguments(base::string_or(*custom, "input", ""));
        return block;
    }
    const auto* function = base::find_member(call, "function");
    if (!function) return block;
    block.name = base::string_or(*function, "name", "");
    if (const auto* arguments = base::find_member(*function, "arguments"); arguments && !arguments->is_null())
        block.arguments = arguments->is_string() ? arguments->get<std::string>() : base::dump_json(*arguments);
    if (block.arguments.empty()) block.arguments = "{}";
    return block;
}

void read_message(const Json& message, ModelAnswer& out) {
    for (const auto* key : {"reasoning_content", "reasoning"}) {
        auto thought = base::string_or(message, key, "");
        if (thought.empty()) continue;
        out.blocks.push_back({.kind = Block::Kind::thinking, .text = std::move(thought)});
        break;
    }
    if (const auto* content = base::find_member(message, "content")) {
        if (content->is_string() && !content->get_ref<const Json::string_t&>().empty())
            out.blocks.push_back({.kind = Block::Kind::text, .text = content->get<std::string>()});
        else if (content->is_array()) read_parts(*content, out);
    }
    if (auto refusal = base::string_or(message, "refusal", ""); !refusal.empty())
        out.blocks.push_back({.kind = Block::Kind::refusal, .text = std::move(refusal)});
    if (const auto* audio = base::find_member(message, "audio"); audio && audio->is_object())
        out.blocks.push_back({.kind = Block::Kind::audio,
                              .text = base::string_or(*audio, "transcript", ""),
                              .id = base::string_or(*audio, "id", ""),
                              .data = base::string_or(*audio, "data", "")});
    const auto* calls = base::find_member(message, "tool_calls");
    for (std::size_t i = 0; calls && calls->is_array() && i < calls->size(); ++i)
        out.blocks.push_back(read_call((*calls)[i], out.id, i));
    if (const auto* call = base::find_member(message, "function_call"); call && call->is_object())
        out.blocks.push_back(read_call(Json{{"function", *call}}, out.id, 0));
}

bool has_kind(const ModelAnswer& answer, Block::Kind kind) {
    return std::any_of(answer.blocks.begin(), answer.blocks.end(), [&](const Block& block) { return block.kind == kind; });
}

Json write_message(const ModelAnswer& answer, const AnswerContext& context) {
    std::string text, thought, refusal;
    Json calls = Json::array(), audio;
    for (const auto& block : answer.blocks) {
        switch (block.kind) {
            case Block::Kind::text: text += block.text; break;
            case Block::Kind::thinking: thought += block.text; break;
            case Block::Kind::refusal: refusal += block.text; break;
            case Block::Kind::tool_use: {
                auto call = write_chat_call(block, context.request);
                write_call_signature(block, call);
                calls.push_back(std::move(call));
                break;
            }
            case Block::Kind::audio:
                audio = {{"id", block.id}, {"data", block.data}, {"expires_at", context.created_s}, {"transcript", block.text}};
                break;
            case Block::Kind::image:
            case Block::Kind::file:
            case Block::Kind::tool_result:
            case Block::Kind::native:
            case Block::Kind::redacted_thinking: break;  // chat completions have no place for these
        }
    }
    const bool silent = text.empty() && (!calls.empty() || !refusal.empty() || !audio.is_null());
    Json message{{"role", "assistant"},
                 {"content", silent ? Json() : Json(std::move(text))},
                 {"refusal", refusal.empty() ? Json() : Json(std::move(refusal))}};
    if (!thought.empty()) message["reasoning_content"] = std::move(thought);
    if (!audio.is_null()) message["audio"] = std::move(audio);
    if (!calls.empty()) message["tool_calls"] = std::move(calls);
    return message;
}

}  // namespace

std::string_view chat_finish_reason(StopReason stop, bool refused) {
    switch (stop) {
        case StopReason::end:
        case StopReason::stop_sequence:
        case StopReason::paused: return "stop";
        case StopReason::length:
        case StopReason::context_full: return "length";
        case StopReason::tool_use: return "tool_calls";
        case StopReason::content_filter: return "content_filter";
        case StopReason::refusal: return refused ? "stop" : "content_filter";  // "stop" goes with the words of a refusal
    }
    return "stop";
}

StopReason read_finish_reason(std::string_view reason, bool called, bool refused) {
    if (reason == "length" || reason == "max_tokens") return StopReason::length;
    if (reason == "content_filter") return StopReason::content_filter;
    // A call that was forced by name ends with "stop", and some servers always say so.
    if (called || reason == "tool_calls" || reason == "function_call" || reason == "tool_use") return StopReason::tool_use;
    return refused ? StopReason::refusal : StopReason::end;
}

std::string chat_id(const std::string& vendors, const AnswerContext& context) {
    return vendors.empty() ? "chatcmpl-" + context.id : vendors;
}

/// Of several choices (`n`) the first: a translated request asks for one.
Result<ModelAnswer> read_chat_answer(const Json& body) {
    if (const auto* error = base::find_member(body, "error"); error && !error->is_null()) return fail(failed_answer(*error));
    const auto* choices = base::find_member(body, "choices");
    if (!choices || !choices->is_array() || choices->empty()) return fail(not_of_format(chat_name, "it has no choices"));
    const auto* choice = &choices->front();
    for (const auto& candidate : *choices)
        if (const auto* index = base::find_member(candidate, "index"); index && *index == 0) choice = &candidate;
    if (const auto* error = base::find_member(*choice, "error"); error && !error->is_null()) return fail(failed_answer(*error));
    const auto* message = base::find_member(*choice, "message");
    if (!message || !message->is_object()) return fail(not_of_format(chat_name, "its choice has no message"));

    ModelAnswer out;
    out.id = base::string_or(body, "id", "");
    out.model = base::string_or(body, "model", "");
    if (const auto* created = base::find_member(body, "created"); created && created->is_number_integer())
        out.created_s = created->get<std::int64_t>();
    read_message(*message, out);
    for (const auto& block : out.blocks)
        if (block.kind == Block::Kind::tool_use && block.name.empty())
            return fail(not_of_format(chat_name, "a tool call has no name"));
    out.stop = read_finish_reason(base::string_or(*choice, "finish_reason", "stop"), has_kind(out, Block::Kind::tool_use),
                                  has_kind(out, Block::Kind::refusal));
    out.usage = read_chat_usage(body);
    return out;
}

Json write_chat_answer(const ModelAnswer& answer, const AnswerContext& context) {
    Json out{{"id", chat_id(answer.id, context)},
             {"object", "chat.completion"},
             {"created", context.created_s != 0 ? context.created_s : answer.created_s},
             {"model", context.model.empty() ? answer.model : context.model},
             {"choices",
              Json::array({{{"index", 0},
                            {"message", write_message(answer, context)},
                            {"logprobs", nullptr},
                            {"finish_reason", chat_finish_reason(answer.stop, has_kind(answer, Block::Kind::refusal))}}})}};
    if (answer.usage) out["usage"] = write_chat_usage(*answer.usage);
    return out;
}

std::optional<UsageRecord> read_chat_usage(const Json& body) {
    const auto* usage = base::find_member(body, "usage");
    if (!usage) return std::nullopt;
    auto record = read_usage_object(*usage);
    if (record) record->tier = base::string_or(body, "service_tier", "");
    return record;
}

}  // namespace sluice::llm::openai
