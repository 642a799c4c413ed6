#include <algorithm>

#include "llm/formats/openai_fields.hpp"

namespace sluice::llm::openai {

namespace {

constexpr std::int64_t absurd = std::int64_t{1} << 40;  // more tokens than any call has

/// One count. Absent and null are 0; `sane` becomes false for what no count can be.
std::int64_t count(const Json& object, std::string_view key, bool& sane) {
    const auto* value = base::find_member(object, key);
    if (!value || value->is_null()) return 0;
    if (!value->is_number_integer()) return sane = false, 0;
    if (value->is_number_unsigned() ? value->get<std::uint64_t>() > static_cast<std::uint64_t>(absurd)
                                    : value->get<std::int64_t>() < 0 || value->get<std::int64_t>() > absurd)
        return sane = false, 0;
    return value->get<std::int64_t>();
}

const Json& part(const Json& object, std::string_view key) {
    static const Json nothing = Json::object();
    const auto* value = base::find_member(object, key);
    return value && value->is_object() ? *value : nothing;
}

bool has(const Json& object, std::string_view key) {
    const auto* value = base::find_member(object, key);
    return value && !value->is_null();
}

}  // namespace

std::optional<UsageRecord> read_usage_object(const Json& usage) {
    if (!usage.is_object()) return std::nullopt;
    // Chat completions say prompt and completion, the Responses API input and output.
    const bool chat = has(usage, "prompt_tokens");
    if (!chat && !has(usage, "input_tokens")) return std::nullopt;
    const auto& in = part(usage, chat ? "prompt_tokens_details" : "input_tokens_details");
    const auto& out = part(usage, chat ? "completion_tokens_details" : "output_tokens_details");

    bool sane = true;
    const auto prompt = count(usage, chat ? "prompt_tokens" : "input_tokens", sane);
    const auto total = count(usage, "total_tokens", sane);
    auto completion = count(usage, chat ? "completion_tokens" : "output_tokens", sane);
    auto cached = count(in, "cached_tokens", sane);
    if (!has(in, "cached_tokens")) cached = count(usage, "prompt_cache_hit_tokens", sane);  // DeepSeek's name
    const auto written = count(in, "cache_write_tokens", sane);
    const auto reasoning = count(out, "reasoning_tokens", sane);

    UsageRecord record;
    record.audio_input = count(in, "audio_tokens", sane);
    record.audio_output = count(out, "audio_tokens", sane);
    record.image_input = count(in, "image_tokens", sane);
    if (!sane) return std::nullopt;

    if (!has(usage, chat ? "completion_tokens" : "output_tokens")) completion = std::max<std::int64_t>(0, total - prompt);
    record.cache_read = std::min(cached, prompt);
    record.cache_write_5m = std::min(written, prompt - record.cache_read);
    record.input_uncached = prompt - record.cache_read - record.cache_write_5m;
    record.output_reasoning = reasoning;
    // OpenAI's completion includes reasoning; servers that leave it out show it in their total, or in a smaller completion.
    const bool apart = reasoning > completion || (reasoning > 0 && total == prompt + completion + reasoning);
    record.output_visible = apart ? completion : completion - reasoning;
    record.raw = base::dump_json(usage);
    return record;
}

Json write_chat_usage(const UsageRecord& usage) {
    Json in{{"cached_tokens", usage.cache_read}, {"audio_tokens", usage.audio_input}};
    if (const auto written = usage.cache_write_5m + usage.cache_write_1h; written > 0) in["cache_write_tokens"] = written;
    if (usage.image_input > 0) in["image_tokens"] = usage.image_input;
    return {{"prompt_tokens", usage.input()},
            {"completion_tokens", usage.output()},
            {"total_tokens", usage.input() + usage.output()},
            {"prompt_tokens_details", std::move(in)},
            {"completion_tokens_details",
             {{"reasoning_tokens", usage.output_reasoning},
              {"audio_tokens", usage.audio_output},
              {"accepted_prediction_tokens", 0},
              {"rejected_prediction_tokens", 0}}}};
}

Json write_responses_usage(const UsageRecord& usage) {
    return {{"input_tokens", usage.input()},
            {"input_tokens_details",
             {{"cached_tokens", usage.cache_read},
              {"cache_write_tokens", usage.cache_write_5m + usage.cache_write_1h}}},
            {"output_tokens", usage.output()},
            {"output_tokens_details", {{"reasoning_tokens", usage.output_reasoning}}},
            {"total_tokens", usage.input() + usage.output()}};
}

}  // namespace sluice::llm::openai
