#include <algorithm>

#include "llm/formats/openai_responses.hpp"

namespace sluice::llm::openai {

namespace {

constexpr std::string_view thought_mark = "sluice:thinking:", redacted_mark = "sluice:redacted:";

/// The texts of a reasoning item: the whole thoughts where it has them, else their summary.
std::string reasoning_text(const Json& item) {
    std::string text;
    for (const auto* key : {"content", "summary"}) {
        const auto* parts = base::find_member(item, key);
        if (!parts || !parts->is_array()) continue;
        for (const auto& part : *parts) text += (text.empty() ? "" : "\n\n") + base::string_or(part, "text", "");
        if (!text.empty()) break;
    }
    return text;
}

/// Tools that OpenAI runs and bills by use, by their items.
void count_tool_uses(const Json& response, UsageRecord& usage) {
    static constexpr std::pair<std::string_view, std::string_view> billed[] = {
        {"web_search_call", "web_search"},
        {"file_search_call", "file_search"},
        {"code_interpreter_call", "code_interpreter"},
        {"image_generation_call", "image_generation"},
    };
    const auto* output = base::find_member(response, "output");
    if (!output || !output->is_array()) return;
    for (const auto& item : *output)
        for (const auto& [type, tool] : billed)
            if (base::string_or(item, "type", "") == type) ++usage.tool_uses[std::string(tool)];
}

bool has_kind(const std::vector<Block>& blocks, Block::Kind kind) {
    return std::any_of(blocks.begin(), blocks.end(), [&](const Block& block) { return block.kind == kind; });
}

class Output {
  public:
    Output(const std::string& response, const ModelRequest* request) : response_(response), request_(request) {}

    void add(const Block& block) {
        switch (block.kind) {
            case Block::Kind::text:
            case Block::Kind::refusal:
                if (!open_) {
                    items_.push_back({{"id", item_id("msg", response_, items_.size())},
                                      {"type", "message"},
                                      {"status", "completed"},
                                      {"role", "assistant"},
                                      {"content", Json::array()}});
                    open_ = true;
                }
                items_.back()["content"].push_back(write_output_part(block));
                return;
            case Block::Kind::tool_use:
                items_.push_back(write_call_item(block, request_, item_id("fc", response_, items_.size()), "completed"));
                break;
            case Block::Kind::thinking:
            case Block::Kind::redacted_thinking: {
                Json item{{"id", block.id.empty() ? item_id("rs", response_, items_.size()) : block.id},
                          {"type", "reasoning"},
                          {"summary", Json::array()}};
                if (!block.text.empty()) item["summary"].push_back({{"type", "summary_text"}, {"text", block.text}});
                if (auto encrypted = write_encrypted(block); !encrypted.empty()) item["encrypted_content"] = std::move(encrypted);
                items_.push_back(std::move(item));
                break;
            }
            case Block::Kind::image:
            case Block::Kind::file:
            case Block::Kind::audio:
            case Block::Kind::tool_result:
            case Block::Kind::native: return;  // a response has no place for these
        }
        open_ = false;
    }

    Json take() && { return std::move(items_); }

  private:
    const std::string& response_;
    const ModelRequest* request_;
    Json items_ = Json::array();
    bool open_ = false;  ///< the last item is a message that takes another part
};

}  // namespace

std::string write_encrypted(const Block& block) {
    if (block.kind == Block::Kind::redacted_thinking)
        return fmt::format("{}{}:{}", redacted_mark, block.signed_by.empty() ? "anthropic" : block.signed_by, block.data);
    if (block.signature.empty() || block.signed_by == "openai") return block.signature;
    return fmt::format("{}{}:{}", thought_mark, block.signed_by, block.signature);
}

void read_encrypted(std::string_view text, Block& block) {
    const bool redacted = text.starts_with(redacted_mark);
    if (!redacted && !text.starts_with(thought_mark)) {
        block.signature = text;
        block.signed_by = text.empty() ? "" : "openai";
        return;
    }
    text.remove_prefix(redacted ? redacted_mark.size() : thought_mark.size());
    const auto colon = std::min(text.find(':'), text.size());
    block.signed_by = text.substr(0, colon);
    text.remove_prefix(std::min(colon + 1, text.size()));
    if (redacted) block.kind = Block::Kind::redacted_thinking;
    (redacted ? block.data : block.signature) = text;
}

std::vector<Block> read_output_item(const Json& item) {
    std::vector<Block> out;
    const auto type = base::string_or(item, "type", "");
    if (type == "message") {
        const auto* content = base::find_member(item, "content");
        for (std::size_t i = 0; content && content->is_array() && i < content->size(); ++i) {
            const auto& part = (*content)[i];
            const auto kind = base::string_or(part, "type", "");
            if (kind == "output_text") out.push_back({.kind = Block::Kind::text, .text = base::string_or(part, "text", "")});
            else if (kind == "refusal")
                out.push_back({.kind = Block::Kind::refusal, .text = base::string_or(part, "refusal", "")});
        }
    } else if (type == "function_call" || type == "custom_tool_call") {
        Block block{.kind = Block::Kind::tool_use,
                    .id = base::string_or(item, "call_id", base::string_or(item, "id", "")),
                    .name = base::string_or(item, "name", "")};
        block.arguments = type == "function_call" ? base::string_or(item, "arguments", "{}")
                                                  : custom_arguments(base::string_or(item, "input", ""));
        if (block.arguments.empty()) block.arguments = "{}";
        read_call_signature(item, block);
        out.push_back(std::move(block));
    } else if (type == "reasoning") {
        Block block{.kind = Block::Kind::thinking, .text = reasoning_text(item), .id = base::string_or(item, "id", "")};
        read_encrypted(base::string_or(item, "encrypted_content", ""), block);
        out.push_back(std::move(block));
    }
    return out;
}

StopReason read_response_stop(const Json& response, bool called, bool refused) {
    if (base::string_or(response, "status", "") == "incomplete") {
        const auto* details = base::find_member(response, "incomplete_details");
        const bool filtered = details && base::string_or(*details, "reason", "") == "content_filter";
        return filtered ? StopReason::content_filter : StopReason::length;
    }
    if (called) return StopReason::tool_use;
    return refused ? StopReason::refusal : StopReason::end;
}

Result<ModelAnswer> read_responses_answer(const Json& body) {
    if (const auto* error = base::find_member(body, "error"); error && !error->is_null()) return fail(failed_answer(*error));
    const auto* output = base::find_member(body, "output");
    if (!output || !output->is_array()) return fail(not_of_format(responses_name, "it has no output"));
    const auto status = base::string_or(body, "status", "completed");
    if (status != "completed" && status != "incomplete")
        return fail(not_of_format(responses_name, fmt::format("its status is {}", status)));

    ModelAnswer out;
    out.id = base::string_or(body, "id", "");
    out.model = base::string_or(body, "model", "");
    if (const auto* created = base::find_member(body, "created_at"); created && created->is_number())
        out.created_s = static_cast<std::int64_t>(std::clamp(created->get<double>(), 0.0, 1e15));
    for (const auto& item : *output)
        for (auto& block : read_output_item(item)) out.blocks.push_back(std::move(block));
    for (const auto& block : out.blocks)
        if (block.kind == Block::Kind::tool_use && (block.name.empty() || block.id.empty()))
            return fail(not_of_format(responses_name, "a function call has no name or call_id"));
    out.stop = read_response_stop(body, has_kind(out.blocks, Block::Kind::tool_use), has_kind(out.blocks, Block::Kind::refusal));
    out.usage = read_responses_usage(body);
    return out;
}

std::optional<UsageRecord> read_responses_usage(const Json& body) {
    if (const auto* response = base::find_member(body, "response"); response && response->is_object())
        return read_responses_usage(*response);
    const auto* usage = base::find_member(body, "usage");
    if (!usage) return std::nullopt;
    auto record = read_usage_object(*usage);
    if (!record) return record;
    record->tier = base::string_or(body, "service_tier", "");
    count_tool_uses(body, *record);
    return record;
}

std::string response_id(const std::string& vendors, const AnswerContext& context) {
    return vendors.empty() ? "resp_" + context.id : vendors;
}

std::string item_id(std::string_view prefix, const std::string& response, std::size_t index) {
    const auto stem = response.starts_with("resp_") ? std::string_view(response).substr(5) : std::string_view(response);
    return fmt::format("{}_{}_{}", prefix, stem, index);
}

Json write_call_item(const Block& call, const ModelRequest* request, const std::string& item, std::string_view status) {
    const bool custom = is_custom_tool(request, call.name);
    Json out = Json::object();
    if (!item.empty()) out["id"] = item;
    out["type"] = custom ? "custom_tool_call" : "function_call";
    if (!status.empty()) out["status"] = status;
    out["call_id"] = call.id;
    out["name"] = call.name;
    if (custom) out["input"] = custom_input(call.arguments);
    else out["arguments"] = call.arguments.empty() ? "{}" : call.arguments;
    if (!item.empty()) write_call_signature(call, out);
    return out;
}

Json write_output_part(const Block& block) {
    if (block.kind == Block::Kind::refusal) return {{"type", "refusal"}, {"refusal", block.text}};
    return {{"type", "output_text"}, {"text", block.text}, {"annotations", Json::array()}};
}

Json response_object(const std::string& id, const std::string& model, const AnswerContext& context) {
    static const ModelRequest unknown;
    const auto& request = context.request ? *context.request : unknown;
    const auto optional = [](const auto& value) { return value ? Json(*value) : Json(); };
    auto choice = write_responses_tool_choice(request);
    return {{"id", id},
            {"object", "response"},
            {"created_at", context.created_s},
            {"status", "in_progress"},
            {"background", false},
            {"error", nullptr},
            {"incomplete_details", nullptr},
            {"instructions", nullptr},
            {"max_output_tokens", optional(request.max_output_tokens)},
            {"model", model},
            {"output", Json::array()},
            {"parallel_tool_calls", request.parallel_tool_calls.value_or(true)},
            {"previous_response_id", nullptr},
            {"reasoning", {{"effort", request.effort.empty() ? Json() : Json(request.effort)}, {"summary", nullptr}}},
            {"store", false},
            {"temperature", optional(request.temperature)},
            {"text", {{"format", write_text_format(request.answer)}}},
            {"tool_choice", choice.is_null() ? Json("auto") : std::move(choice)},
            {"tools", write_responses_tools(request)},
            {"top_p", optional(request.top_p)},
            {"truncation", "disabled"},
            {"usage", nullptr},
            {"user", request.user.empty() ? Json() : Json(request.user)},
            {"metadata", request.metadata.empty() ? Json::object() : Json(request.metadata)}};
}

bool finish_response(Json& response, StopReason stop, bool refused, const std::optional<UsageRecord>& usage) {
    const bool filtered = stop == StopReason::content_filter || (stop == StopReason::refusal && !refused);
    const bool cut = stop == StopReason::length || stop == StopReason::context_full;
    response["status"] = filtered || cut ? "incomplete" : "completed";
    if (filtered || cut) response["incomplete_details"] = {{"reason", filtered ? "content_filter" : "max_output_tokens"}};
    if (usage) response["usage"] = write_responses_usage(*usage);
    return !filtered && !cut;
}

Json write_responses_answer(const ModelAnswer& answer, const AnswerContext& context) {
    const auto id = response_id(answer.id, context);
    auto out = response_object(id, context.model.empty() ? answer.model : context.model, context);
    if (context.created_s == 0) out["created_at"] = answer.created_s;
    Output output(id, context.request);
    for (const auto& block : answer.blocks) output.add(block);
    out["output"] = std::move(output).take();
    finish_response(out, answer.stop, has_kind(answer.blocks, Block::Kind::refusal), answer.usage);
    return out;
}

}  // namespace sluice::llm::openai
