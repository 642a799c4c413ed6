#include <algorithm>

#include "llm/formats/anthropic.hpp"

namespace sluice::llm::anthropic {

namespace {

constexpr std::size_t most_tools = 64;  // kinds of server tools in a usage object; there are two

}  // namespace

std::optional<Block> read_answer_block(const Json& block) {
    const auto type = base::string_or(block, "type", "");
    Block out;
    if (type == "text") {
        out.text = base::string_or(block, "text", "");
    } else if (type == "thinking") {
        out.kind = Block::Kind::thinking;
        out.text = base::string_or(block, "thinking", "");
        out.signature = base::string_or(block, "signature", "");
        if (!out.signature.empty()) out.signed_by = vendor;
    } else if (type == "redacted_thinking") {
        out.kind = Block::Kind::redacted_thinking;
        out.data = base::string_or(block, "data", "");
        out.signed_by = vendor;
    } else if (type == "tool_use") {
        out.kind = Block::Kind::tool_use;
        out.id = base::string_or(block, "id", "");
        out.name = base::string_or(block, "name", "");
        const auto* input = base::find_member(block, "input");
        out.arguments = input && input->is_object() ? base::dump_json(*input) : "{}";
    } else {
        return std::nullopt;
    }
    return out;
}

Result<ModelAnswer> read_answer(const Json& body) {
    const auto* content = base::find_member(body, "content");
    if (!content || !content->is_array()) {
        if (const auto* error = base::find_member(body, "error"); error && error->is_object())
            return fail(ErrorCode::upstream_failed, "the model provider answered with an error: {}",
                        wire::told(base::string_or(*error, "message", "no message")));
        return fail(wire::not_of_format(format_name, "there is no content"));
    }
    ModelAnswer answer;
    answer.id = base::string_or(body, "id", "");
    answer.model = base::string_or(body, "model", "");
    for (const auto& block : *content)
        if (auto read = read_answer_block(block)) answer.blocks.push_back(std::move(*read));
    answer.stop = read_stop(base::string_or(body, "stop_reason", ""));
    answer.stop_sequence = base::string_or(body, "stop_sequence", "");
    if (const auto* usage = base::find_member(body, "usage")) answer.usage = read_usage(*usage);
    return answer;
}

Json message_head(std::string id, std::string model) {
    return {{"id", std::move(id)},   {"type", "message"},       {"role", "assistant"},      {"model", std::move(model)},
            {"content", Json::array()}, {"stop_reason", nullptr}, {"stop_sequence", nullptr}};
}

Json write_answer(const ModelAnswer& answer, const AnswerContext& context) {
    auto out = message_head(answer.id.empty() ? "msg_" + context.id : answer.id, context.model.empty() ? answer.model : context.model);
    auto& content = out["content"];
    for (const auto& block : answer.blocks) {
        switch (block.kind) {
            case Block::Kind::text:
            case Block::Kind::refusal:
                if (!block.text.empty()) content.push_back({{"type", "text"}, {"text", block.text}});
                break;
            case Block::Kind::thinking:
                content.push_back({{"type", "thinking"},
                                   {"thinking", block.text},
                                   {"signature", block.signed_by == vendor ? block.signature : std::string()}});
                break;
            case Block::Kind::redacted_thinking:
                if (block.signed_by == vendor) content.push_back({{"type", "redacted_thinking"}, {"data", block.data}});
                break;
            case Block::Kind::tool_use: {
                auto input = wire::parse_arguments(block.arguments);
                // Arguments that the model broke off still reach the client, as text.
                if (!input) input = Json{{"invalid_arguments", block.arguments}};
                content.push_back({{"type", "tool_use"}, {"id", block.id}, {"name", block.name}, {"input", std::move(*input)}});
                break;
            }
            case Block::Kind::image:
            case Block::Kind::file:
            case Block::Kind::audio:
            case Block::Kind::tool_result:
            case Block::Kind::native: break;  // no block of the format's answers
        }
    }
    out["stop_reason"] = write_stop(answer.stop);
    if (!answer.stop_sequence.empty()) out["stop_sequence"] = answer.stop_sequence;
    out["usage"] = write_usage(answer.usage.value_or(UsageRecord{}));
    return out;
}

std::optional<UsageRecord> read_usage(const Json& usage) {
    if (!usage.is_object()) return std::nullopt;
    wire::Counts counts(&usage);
    auto writes = counts.inside("cache_creation");
    auto details = counts.inside("output_tokens_details");
    UsageRecord record;
    record.input_uncached = counts.get("input_tokens");
    record.cache_read = counts.get("cache_read_input_tokens");
    record.cache_write_5m = writes.get("ephemeral_5m_input_tokens");
    record.cache_write_1h = writes.get("ephemeral_1h_input_tokens");
    // The sum may be told without its parts, or be newer than they are (message_delta).
    const auto written = counts.get("cache_creation_input_tokens");
    record.cache_write_5m += std::max<std::int64_t>(0, written - record.cache_write_5m - record.cache_write_1h);
    const auto output = counts.get("output_tokens");
    record.output_reasoning = std::min(output, details.get("thinking_tokens"));
    record.output_visible = output - record.output_reasoning;
    if (const auto* tools = base::find_member(usage, "server_tool_use"); tools && tools->is_object() && tools->size() < most_tools) {
        auto uses = counts.inside("server_tool_use");
        static constexpr std::string_view ending = "_requests";
        for (const auto& [name, count] : tools->items())
            if (const auto number = uses.get(name); number > 0)
                record.tool_uses[name.ends_with(ending) ? name.substr(0, name.size() - ending.size()) : name] = number;
        counts.add(uses);
    }
    counts.add(writes);
    counts.add(details);
    if (counts.absurd()) return std::nullopt;
    record.tier = base::string_or(usage, "service_tier", "");
    if (base::string_or(usage, "speed", "") == "fast") record.tier = "fast";  // has its own price
    record.region = base::string_or(usage, "inference_geo", "");
    record.raw = base::dump_json(usage);
    return record;
}

Json write_usage(const UsageRecord& usage) {
    Json out{{"input_tokens", usage.input_uncached},
             {"cache_creation_input_tokens", usage.cache_write_5m + usage.cache_write_1h},
             {"cache_read_input_tokens", usage.cache_read},
             {"cache_creation",
              {{"ephemeral_5m_input_tokens", usage.cache_write_5m}, {"ephemeral_1h_input_tokens", usage.cache_write_1h}}},
             {"output_tokens", usage.output()}};
    if (usage.output_reasoning > 0) out["output_tokens_details"] = {{"thinking_tokens", usage.output_reasoning}};
    Json tools = Json::object();
    for (const auto* name : {"web_search", "web_fetch"})
        if (const auto found = usage.tool_uses.find(name); found != usage.tool_uses.end())
            tools[std::string(name) + "_requests"] = found->second;
    if (!tools.empty()) out["server_tool_use"] = std::move(tools);
    if (usage.tier == "standard" || usage.tier == "priority" || usage.tier == "batch") out["service_tier"] = usage.tier;
    if (!usage.region.empty()) out["inference_geo"] = usage.region;
    return out;
}

StopReason read_stop(std::string_view reason) {
    if (reason == "max_tokens") return StopReason::length;
    if (reason == "stop_sequence") return StopReason::stop_sequence;
    if (reason == "tool_use") return StopReason::tool_use;
    if (reason == "pause_turn") return StopReason::paused;
    if (reason == "refusal") return StopReason::refusal;
    if (reason == "model_context_window_exceeded") return StopReason::context_full;
    return StopReason::end;
}

std::string_view write_stop(StopReason reason) {
    switch (reason) {
        case StopReason::end: return "end_turn";
        case StopReason::length: return "max_tokens";
        case StopReason::tool_use: return "tool_use";
        case StopReason::stop_sequence: return "stop_sequence";
        case StopReason::content_filter:
        case StopReason::refusal: return "refusal";
        case StopReason::paused: return "pause_turn";
        case StopReason::context_full: return "model_context_window_exceeded";
    }
    return "end_turn";
}

}  // namespace sluice::llm::anthropic
