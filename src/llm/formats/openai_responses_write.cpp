#include <algorithm>
#include <set>

#include "llm/formats/openai_responses.hpp"

namespace sluice::llm::openai {

namespace {

/// Members of chat completions that the Responses API has too.
constexpr std::string_view shared_members[] = {"prompt_cache_key", "prompt_cache_retention", "safety_identifier"};

class ResponsesRequest {
  public:
    explicit ResponsesRequest(const ModelRequest& request) : request_(request), same_(request.format == responses_name) {}

    Result<Json> write() && {
        if (auto carried = check_bound(request_, responses_name); !carried) return fail(std::move(carried.error()));
        body_ = {{"model", request_.model}};
        auto turn = request_.turns.begin();
        if (turn != request_.turns.end() && is_instructions(*turn)) {
            std::string text;
            for (const auto& block : turn->blocks) text += (text.empty() ? "" : "\n\n") + block.text;
            body_["instructions"] = std::move(text);
            ++turn;
        }
        for (; turn != request_.turns.end(); ++turn) write_turn(*turn);
        body_["input"] = std::move(items_);
        write_tools();
        write_settings();
        write_rest();
        if (!refused_.empty())
            return fail(ErrorCode::unprocessable, "a model with OpenAI's Responses API cannot be asked this: {}", refused_);
        return std::move(body_);
    }

  private:
    void refuse(std::string_view what) {
        if (refused_.find(what) != refused_.npos) return;
        if (!refused_.empty()) refused_ += "; ";
        refused_ += what;
    }

    static bool is_instructions(const Turn& turn) {
        return turn.role == Turn::Role::system && !turn.blocks.empty() &&
               std::all_of(turn.blocks.begin(), turn.blocks.end(), [](const Block& block) {
                   return block.kind == Block::Kind::text && !block.cache_point;
               });
    }

    void write_turn(const Turn& turn) {
        if (turn.role == Turn::Role::assistant) return write_assistant(turn);
        const std::string_view role = turn.role == Turn::Role::system ? "system" : "user";
        Json parts = Json::array();
        bool others = turn.blocks.empty();
        for (const auto& block : turn.blocks) {
            if (block.kind == Block::Kind::tool_result) write_result(block);
            else if (block.kind == Block::Kind::native) write_native(block);
        }
        for (const auto& block : turn.blocks) {
            if (block.kind == Block::Kind::tool_result || block.kind == Block::Kind::native) continue;
            others = true;
            write_part(block, role, parts);
        }
        if (others) items_.push_back({{"type", "message"}, {"role", role}, {"content", std::move(parts)}});
    }

    void write_native(const Block& block) {
        if (auto item = base::parse_json(block.data, answer_limits)) items_.push_back(std::move(*item));
    }

    void write_result(const Block& result) {
        Json output;
        const bool texts = std::all_of(result.content.begin(), result.content.end(),
                                       [](const Block& part) { return part.kind == Block::Kind::text; });
        if (texts && (result.content.size() < 2 || result.is_error)) {
            output = result_text(result);
        } else {
            output = Json::array();
            if (result.is_error) output.push_back({{"type", "input_text"}, {"text", "Error: the tool failed."}});
            for (const auto& part : result.content) write_part(part, "user", output);
        }
        const bool custom = custom_calls_.contains(result.id);
        items_.push_back({{"type", custom ? "custom_tool_call_output" : "function_call_output"},
                          {"call_id", result.id},
                          {"output", std::move(output)}});
    }

    void write_part(const Block& block, std::string_view role, Json& parts) {
        Json part;
        if (block.kind == Block::Kind::text) {
            part = {{"type", "input_text"}, {"text", block.text}};
        } else if (block.kind == Block::Kind::image && role == "user") {
            part = {{"type", "input_image"}};
            if (!block.id.empty() && is_openai(request_.format)) part["file_id"] = block.id;
            else if (block.url.empty() && block.data.empty()) return refuse("an image given by another vendor's id; send its bytes");
            else part["image_url"] = write_url(block);
            part["detail"] = block.detail.empty() ? "auto" : block.detail;
        } else if (block.kind == Block::Kind::file && role == "user") {
            part = file(block);
        } else if (block.kind == Block::Kind::audio && role == "user" && same_) {
            part = {{"type", "input_audio"}, {"input_audio", {{"data", block.data}, {"format", audio_format(block.media_type)}}}};
        } else if (block.kind == Block::Kind::audio) {
            return refuse("sound; choose a model with the API of chat completions");
        } else {
            return refuse(fmt::format("a message of role {} with something else than text", role));
        }
        if (block.cache_point && is_openai(request_.format)) part["prompt_cache_breakpoint"] = {{"mode", "explicit"}};
        parts.push_back(std::move(part));
    }

    Json file(const Block& block) {
        Json part{{"type", "input_file"}};
        if (!block.id.empty() && is_openai(request_.format)) part["file_id"] = block.id;
        else if (!block.url.empty()) part["file_url"] = block.url;
        else if (!block.data.empty()) part["file_data"] = write_url(block);
        else refuse("a file given by another vendor's id; send its bytes or a link");
        if (!block.name.empty()) part["filename"] = block.name;
        else if (!block.data.empty()) part["filename"] = block.media_type == "application/pdf" ? "document.pdf" : "document";
        return part;
    }

    void write_assistant(const Turn& turn) {
        Json parts = Json::array();
        const auto end_message = [&] {
            if (parts.empty()) return;
            items_.push_back({{"type", "message"}, {"role", "assistant"}, {"content", std::move(parts)}});
            parts = Json::array();
        };
        for (const auto& block : turn.blocks) {
            switch (block.kind) {
                case Block::Kind::text:
                case Block::Kind::refusal: parts.push_back(write_output_part(block)); break;
                case Block::Kind::tool_use:
                    end_message();
                    if (is_custom_tool(&request_, block.name)) custom_calls_.insert(block.id);
                    items_.push_back(write_call_item(block, &request_, {}, {}));
                    break;
                case Block::Kind::thinking:
                    end_message();
                    write_reasoning(block);
                    break;
                case Block::Kind::native:
                    end_message();
                    write_native(block);
                    break;
                case Block::Kind::redacted_thinking: break;  // another vendor's
                case Block::Kind::image:
                case Block::Kind::file:
                case Block::Kind::audio:
                case Block::Kind::tool_result: refuse("an image, file or sound in a turn of the assistant"); break;
            }
        }
        end_message();
    }

    /// Only what OpenAI signed, or what its client sent by id, means anything to it.
    void write_reasoning(const Block& block) {
        const bool signed_here = !block.signature.empty() && block.signed_by == "openai";
        if (!signed_here && !(same_ && block.signature.empty() && !block.id.empty())) return;
        Json item{{"type", "reasoning"}};
        if (!block.id.empty()) item["id"] = block.id;
        item["summary"] = Json::array();
        if (!block.text.empty()) item["summary"].push_back({{"type", "summary_text"}, {"text", block.text}});
        if (signed_here) item["encrypted_content"] = block.signature;
        items_.push_back(std::move(item));
    }

    void write_tools() {
        for (const auto& tool : request_.tools)
            if (!tool.native_format.empty() && tool.native_format != responses_name)
                refuse(fmt::format("the tool {}, which only a model with the API {} runs", tool.name, tool.native_format));
        auto tools = write_responses_tools(request_);
        if (tools.empty()) return;
        body_["tools"] = std::move(tools);
        if (auto choice = write_responses_tool_choice(request_); !choice.is_null()) body_["tool_choice"] = std::move(choice);
        if (request_.parallel_tool_calls) body_["parallel_tool_calls"] = *request_.parallel_tool_calls;
    }

    void write_settings() {
        if (request_.choices != 1) refuse("more than one answer (n)");
        if (!request_.stop.empty()) refuse("texts that stop the answer (stop)");
        if (request_.answer.kind != AnswerFormat::Kind::text) body_["text"]["format"] = write_text_format(request_.answer);
        if (request_.max_output_tokens) body_["max_output_tokens"] = *request_.max_output_tokens;
        if (request_.temperature) body_["temperature"] = *request_.temperature;
        if (request_.top_p) body_["top_p"] = *request_.top_p;
        const auto effort = effort_of(request_);
        if (!effort.empty()) body_["reasoning"]["effort"] = effort;
        if (same_) return;
        body_["store"] = false;  // nobody asked for it, and it is this API's default
        if (!effort.empty() && effort != "none") body_["include"] = Json::array({"reasoning.encrypted_content"});
    }

    void write_rest() {
        if (request_.stream) body_["stream"] = true;
        const auto identifier = base::string_or(request_.extra, "safety_identifier", "");
        if (!request_.user.empty() && (!is_openai(request_.format) || request_.user != identifier)) body_["user"] = request_.user;
        if (!request_.metadata.empty()) body_["metadata"] = request_.metadata;
        if (!request_.service_tier.empty() && is_openai(request_.format)) body_["service_tier"] = request_.service_tier;
        if (same_) {
            for (const auto& [key, value] : request_.extra.items()) {
                if ((key == "text" || key == "reasoning") && value.is_object())
                    for (const auto& [name, inner] : value.items()) body_[key][name] = inner;
                else if (!body_.contains(key)) body_[key] = value;
            }
        } else if (request_.format == chat_name) {
            for (const auto key : shared_members)
                if (const auto* value = base::find_member(request_.extra, key)) body_[std::string(key)] = *value;
            if (const auto* verbosity = base::find_member(request_.extra, "verbosity")) body_["text"]["verbosity"] = *verbosity;
        }
    }

    const ModelRequest& request_;
    const bool same_;
    Json body_, items_ = Json::array();
    std::set<std::string, std::less<>> custom_calls_;
    std::string refused_;
};

Json named_tool(const ModelRequest& request, const std::string& name) {
    for (const auto& tool : request.tools)
        if (tool.name == name && tool.native_format == responses_name && !is_custom_tool(&request, name))
            return {{"type", base::string_or(tool.native, "type", name)}};
    return {{"type", is_custom_tool(&request, name) ? "custom" : "function"}, {"name", name}};
}

}  // namespace

Json write_responses_tools(const ModelRequest& request) {
    Json tools = Json::array();
    for (const auto& tool : request.tools) {
        if (!tool.native_format.empty()) {
            if (tool.native_format == responses_name) tools.push_back(tool.native);
            continue;
        }
        Json out{{"type", "function"}, {"name", tool.name}};
        if (!tool.description.empty()) out["description"] = tool.description;
        out["parameters"] = tool.parameters.empty() ? Json{{"type", "object"}, {"properties", Json::object()}} : tool.parameters;
        // Here a tool is strict unless it says otherwise; in every other format it is the reverse.
        if (tool.strict) out["strict"] = *tool.strict;
        else out["strict"] = request.format == responses_name ? Json() : Json(false);
        tools.push_back(std::move(out));
    }
    return tools;
}

Json write_responses_tool_choice(const ModelRequest& request) {
    const auto& choice = request.tool_choice;
    Json out;
    switch (choice.kind) {
        case ToolChoice::Kind::unset: return {};
        case ToolChoice::Kind::none: return "none";
        case ToolChoice::Kind::automatic: out = "auto"; break;
        case ToolChoice::Kind::required: out = "required"; break;
        case ToolChoice::Kind::one: return named_tool(request, choice.name);
    }
    if (choice.allowed.empty()) return out;
    Json tools = Json::array();
    for (const auto& name : choice.allowed) tools.push_back(named_tool(request, name));
    return {{"type", "allowed_tools"}, {"mode", out}, {"tools", std::move(tools)}};
}

Json write_text_format(const AnswerFormat& answer) {
    if (answer.kind == AnswerFormat::Kind::text) return {{"type", "text"}};
    if (answer.kind == AnswerFormat::Kind::json) return {{"type", "json_object"}};
    Json out{{"type", "json_schema"}, {"name", answer.name}};
    if (!answer.description.empty()) out["description"] = answer.description;
    out["schema"] = answer.schema;
    if (answer.strict) out["strict"] = *answer.strict;
    return out;
}

Result<Json> write_responses_request(const ModelRequest& request) { return ResponsesRequest(request).write(); }

}  // namespace sluice::llm::openai
