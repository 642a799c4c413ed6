#include <algorithm>

#include "llm/formats/gemini.hpp"

namespace sluice::llm::gemini_wire {

namespace {

/// Unique among the answers of a conversation, and short enough for every vendor.
std::string made_id(std::string_view response_id, std::size_t call) {
    std::string out = "call_";
    for (const char c : response_id.substr(0, 26))
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-') out += c;
    return out + '_' + std::to_string(call);
}

/// The tokens of one modality in a list of {modality, tokenCount}.
std::int64_t tokens_of(const Json& usage, std::string_view list, std::string_view modality, wire::Counts& counts) {
    const auto* items = base::find_member(usage, list);
    std::int64_t sum = 0;
    if (!items || !items->is_array()) return sum;
    for (const auto& item : *items) {
        if (base::string_or(item, "modality", "") != modality) continue;
        wire::Counts count(&item);
        sum += count.get("tokenCount");
        counts.add(count);
    }
    return sum;
}

std::string tier_of(const Json& usage) {
    auto tier = base::string_or(usage, "serviceTier", "");
    if (tier == "unspecified") tier.clear();
    if (!tier.empty()) return tier;
    const auto traffic = base::string_or(usage, "trafficType", "");
    if (traffic == "ON_DEMAND_PRIORITY") return "priority";
    if (traffic == "ON_DEMAND_FLEX") return "flex";
    if (traffic == "PROVISIONED_THROUGHPUT") return "provisioned";
    return {};
}

}  // namespace

const Json* first_candidate(const Json& body) {
    const auto* candidates = base::find_member(body, "candidates");
    if (!candidates || !candidates->is_array()) return nullptr;
    for (const auto& candidate : *candidates) {
        const auto* index = base::find_member(candidate, "index");
        if (candidate.is_object() && (!index || *index == Json(0))) return &candidate;
    }
    return nullptr;
}

std::optional<Block> read_answer_part(const Json& part, std::string_view response_id, std::size_t& call) {
    Block out;
    out.signature = base::string_or(part, "thoughtSignature", "");
    if (!out.signature.empty()) out.signed_by = vendor;
    if (const auto* function = base::find_member(part, "functionCall")) {
        out.kind = Block::Kind::tool_use;
        out.name = base::string_or(*function, "name", "");
        out.id = base::string_or(*function, "id", "");
        if (out.id.empty()) out.id = made_id(response_id, call);
        ++call;
        const auto* arguments = base::find_member(*function, "args");
        out.arguments = arguments && arguments->is_object() ? base::dump_json(*arguments) : "{}";
        return out;
    }
    if (const auto* data = base::find_member(part, "inlineData")) {
        out.media_type = base::string_or(*data, "mimeType", "");
        out.data = base::string_or(*data, "data", "");
        out.kind = out.media_type.starts_with("image/") ? Block::Kind::image
                   : out.media_type.starts_with("audio/") ? Block::Kind::audio
                                                          : Block::Kind::file;
        return out;
    }
    out.text = base::string_or(part, "text", "");
    if (out.text.empty() && out.signature.empty()) return std::nullopt;
    if (const auto* thought = base::find_member(part, "thought"); thought && *thought == Json(true)) out.kind = Block::Kind::thinking;
    return out;
}

Json write_answer_part(const Block& block) {
    Json part = Json::object();
    switch (block.kind) {
        case Block::Kind::text:
        case Block::Kind::refusal: part["text"] = block.text; break;
        case Block::Kind::thinking:
            part["text"] = block.text;
            part["thought"] = true;
            break;
        case Block::Kind::tool_use: {
            auto arguments = wire::parse_arguments(block.arguments);
            // Arguments that the model broke off still reach the client, as text.
            if (!arguments) arguments = Json::object({{"invalid_arguments", block.arguments}});
            Json call = Json::object();
            if (!block.id.empty()) call["id"] = block.id;
            call["name"] = block.name;
            call["args"] = std::move(*arguments);
            part["functionCall"] = std::move(call);
            break;
        }
        case Block::Kind::image:
        case Block::Kind::audio:
        case Block::Kind::file:
            if (!block.data.empty()) part["inlineData"] = Json::object({{"mimeType", block.media_type}, {"data", block.data}});
            else if (!block.url.empty()) part["fileData"] = Json::object({{"mimeType", block.media_type}, {"fileUri", block.url}});
            else return Json();
            break;
        case Block::Kind::tool_result:
        case Block::Kind::redacted_thinking:
        case Block::Kind::native: return Json();
    }
    if (block.signed_by == vendor && !block.signature.empty()) part["thoughtSignature"] = block.signature;
    return part;
}

Result<ModelAnswer> read_answer(const Json& body) {
    if (const auto* error = find_error(body))
        return fail(ErrorCode::upstream_failed, "the model provider answered with an error: {}",
                    wire::told(base::string_or(*error, "message", "no message")));
    ModelAnswer answer;
    answer.id = base::string_or(body, "responseId", "");
    answer.model = base::string_or(body, "modelVersion", "");
    answer.usage = read_usage(body);
    const auto* candidate = first_candidate(body);
    if (!candidate) {
        // A refused prompt has no candidate at all.
        const auto* feedback = base::find_member(body, "promptFeedback");
        if (!feedback || !base::find_member(*feedback, "blockReason"))
            return fail(wire::not_of_format(format_name, "there is neither a candidate nor a reason why it was blocked"));
        answer.stop = StopReason::content_filter;
        return answer;
    }
    std::size_t calls = 0;
    if (const auto* content = base::find_member(*candidate, "content"))
        if (const auto* parts = base::find_member(*content, "parts"); parts && parts->is_array())
            for (const auto& part : *parts)
                if (auto block = read_answer_part(part, answer.id, calls)) answer.blocks.push_back(std::move(*block));
    answer.stop = read_stop(base::string_or(*candidate, "finishReason", ""));
    if (answer.stop == StopReason::end && calls > 0) answer.stop = StopReason::tool_use;
    return answer;
}

Json write_frame(Json parts, std::string_view finish_reason, const std::string& model, const std::string& id) {
    Json candidate{{"content", {{"parts", std::move(parts)}, {"role", "model"}}}};
    if (!finish_reason.empty()) candidate["finishReason"] = finish_reason;
    candidate["index"] = 0;
    Json out = Json::object();
    out["candidates"] = Json::array({std::move(candidate)});
    if (!model.empty()) out["modelVersion"] = model;
    if (!id.empty()) out["responseId"] = id;
    return out;
}

Json write_answer(const ModelAnswer& answer, const AnswerContext& context) {
    Json parts = Json::array();
    for (const auto& block : answer.blocks)
        if (auto part = write_answer_part(block); !part.is_null()) parts.push_back(std::move(part));
    auto out = write_frame(std::move(parts), write_stop(answer.stop), context.model.empty() ? answer.model : context.model,
                           answer.id.empty() ? context.id : answer.id);
    if (answer.usage) out["usageMetadata"] = write_usage(*answer.usage);
    return out;
}

std::optional<UsageRecord> read_usage(const Json& body) {
    const auto* usage = base::find_member(body, "usageMetadata");
    if (!usage || !usage->is_object()) return std::nullopt;
    wire::Counts counts(usage);
    const auto prompt = counts.get("promptTokenCount"), tool_prompt = counts.get("toolUsePromptTokenCount");
    const auto total = counts.get("totalTokenCount");
    UsageRecord record;
    record.cache_read = counts.get("cachedContentTokenCount");
    record.input_uncached = std::max<std::int64_t>(0, prompt - record.cache_read) + tool_prompt;
    record.output_reasoning = counts.get("thoughtsTokenCount");
    record.output_visible = counts.get("candidatesTokenCount");
    // Some models leave the candidates' count out though there are some.
    if (!usage->contains("candidatesTokenCount"))
        record.output_visible = std::max<std::int64_t>(0, total - prompt - tool_prompt - record.output_reasoning);
    record.audio_input = tokens_of(*usage, "promptTokensDetails", "AUDIO", counts);
    record.image_input = tokens_of(*usage, "promptTokensDetails", "IMAGE", counts);
    record.audio_output = tokens_of(*usage, "candidatesTokensDetails", "AUDIO", counts);
    if (counts.absurd()) return std::nullopt;
    if (const auto* candidate = first_candidate(body))
        if (const auto* grounding = base::find_member(*candidate, "groundingMetadata"))
            if (const auto* queries = base::find_member(*grounding, "webSearchQueries"); queries && queries->is_array() && !queries->empty())
                record.tool_uses["web_search"] = static_cast<std::int64_t>(queries->size());
    record.tier = tier_of(*usage);
    record.raw = base::dump_json(*usage);
    return record;
}

Json write_usage(const UsageRecord& usage) {
    Json out{{"promptTokenCount", usage.input()}, {"candidatesTokenCount", usage.output_visible}};
    if (usage.cache_read > 0) out["cachedContentTokenCount"] = usage.cache_read;
    if (usage.output_reasoning > 0) out["thoughtsTokenCount"] = usage.output_reasoning;
    out["totalTokenCount"] = usage.input() + usage.output();
    return out;
}

StopReason read_stop(std::string_view reason) {
    static constexpr std::string_view filtered[] = {"SAFETY",       "RECITATION",               "LANGUAGE",         "BLOCKLIST", "PROHIBITED_CONTENT",
                                                    "SPII",         "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION", "IMAGE_SAFETY"};
    if (reason == "MAX_TOKENS" || reason == "CONTINUATION") return StopReason::length;
    if (std::find(std::begin(filtered), std::end(filtered), reason) != std::end(filtered)) return StopReason::content_filter;
    return StopReason::end;  // also what went wrong in the model (MALFORMED_FUNCTION_CALL, OTHER): it ended with what is there
}

std::string_view write_stop(StopReason reason) {
    switch (reason) {
        case StopReason::end:
        case StopReason::tool_use:
        case StopReason::stop_sequence: return "STOP";
        case StopReason::length:
        case StopReason::context_full: return "MAX_TOKENS";
        case StopReason::content_filter:
        case StopReason::refusal: return "SAFETY";
        case StopReason::paused: return "OTHER";
    }
    return "OTHER";
}

}  // namespace sluice::llm::gemini_wire
