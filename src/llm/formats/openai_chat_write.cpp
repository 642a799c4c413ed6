#include <algorithm>

#include "llm/formats/openai_chat.hpp"

namespace sluice::llm::openai {

namespace {

/// Members of the Responses API that chat completions have too.
constexpr std::string_view shared_members[] = {"prompt_cache_key", "prompt_cache_retention", "safety_identifier"};

class ChatRequest {
  public:
    explicit ChatRequest(const ModelRequest& request) : request_(request), same_(request.format == chat_name) {}

    Result<Json> write() && {
        if (auto carried = check_bound(request_, chat_name); !carried) return fail(std::move(carried.error()));
        body_ = {{"model", request_.model}};
        for (const auto& turn : request_.turns) write_turn(turn);
        body_["messages"] = std::move(messages_);
        write_tools();
        write_tool_choice();
        write_answer_format();
        write_sampling();
        write_rest();
        if (!refused_.empty())
            return fail(ErrorCode::unprocessable,
                        "a model with the API of OpenAI's chat completions cannot be asked this: {}", refused_);
        return std::move(body_);
    }

  private:
    void refuse(std::string_view what) {
        if (refused_.find(what) != refused_.npos) return;
        if (!refused_.empty()) refused_ += "; ";
        refused_ += what;
    }

    void write_turn(const Turn& turn) {
        if (turn.role == Turn::Role::assistant) return write_assistant(turn);
        if (turn.role == Turn::Role::system) return write_parts(turn, "system", turn.blocks);
        // Results come first: OpenAI wants them right behind the calls they answer.
        std::vector<Block> others;
        bool results = false;
        for (const auto& block : turn.blocks) {
            if (block.kind != Block::Kind::tool_result) continue;
            results = true;
            write_result(block, others);
        }
        for (const auto& block : turn.blocks)
            if (block.kind != Block::Kind::tool_result) others.push_back(block);
        if (!others.empty() || !results) write_parts(turn, "user", others);
    }

    /// A tool's message takes text alone; what else the tool gave follows in the user's message.
    void write_result(const Block& result, std::vector<Block>& others) {
        std::string text = result_text(result);
        bool first = true;
        for (const auto& part : result.content) {
            if (part.kind == Block::Kind::text) continue;
            if (first)
                others.push_back({.kind = Block::Kind::text,
                                  .text = fmt::format("What the tool gave for the call {} beside text:", result.id)});
            first = false;
            others.push_back(part);
        }
        if (!first && text.empty()) text = "(see the next message of the user)";
        messages_.push_back({{"role", "tool"}, {"tool_call_id", result.id}, {"content", std::move(text)}});
    }

    void write_parts(const Turn& turn, std::string_view role, const std::vector<Block>& blocks) {
        Json message{{"role", role}};
        if (!turn.name.empty()) message["name"] = turn.name;
        Json parts = Json::array();
        for (const auto& block : blocks) write_part(block, role, parts);
        if (blocks.empty()) message["content"] = "";
        else if (parts.size() == 1 && blocks.size() == 1 && parts[0]["type"] == "text" && parts[0].size() == 2)
            message["content"] = std::move(parts[0]["text"]);
        else message["content"] = std::move(parts);
        messages_.push_back(std::move(message));
    }

    void write_part(const Block& block, std::string_view role, Json& parts) {
        Json part;
        if (block.kind == Block::Kind::text) {
            part = {{"type", "text"}, {"text", block.text}};
        } else if (block.kind == Block::Kind::image && role == "user") {
            if (block.url.empty() && block.data.empty()) return refuse("an image given by a vendor's id; send its bytes or a link");
            part = {{"type", "image_url"}, {"image_url", {{"url", write_url(block)}}}};
            if (!block.detail.empty()) part["image_url"]["detail"] = block.detail;
        } else if (block.kind == Block::Kind::file && role == "user") {
            part = {{"type", "file"}, {"file", file(block)}};
        } else if (block.kind == Block::Kind::audio && role == "user") {
            const auto format = audio_format(block.media_type);
            if (format.empty() || block.data.empty()) return refuse("audio other than the bytes of a wav or mp3 file");
            part = {{"type", "input_audio"}, {"input_audio", {{"data", block.data}, {"format", format}}}};
        } else {
            return refuse(fmt::format("a message of role {} with something else than text", role));
        }
        if (block.cache_point && is_openai(request_.format)) part["prompt_cache_breakpoint"] = {{"mode", "explicit"}};
        parts.push_back(std::move(part));
    }

    Json file(const Block& block) {
        Json out = Json::object();
        if (!block.id.empty() && is_openai(request_.format)) out["file_id"] = block.id;
        else if (block.data.empty()) refuse("a file given by a link or by another vendor's id; send its bytes");
        else out["file_data"] = write_url(block);
        if (!block.name.empty()) out["filename"] = block.name;
        else if (!block.data.empty()) out["filename"] = block.media_type == "application/pdf" ? "document.pdf" : "document";
        return out;
    }

    void write_assistant(const Turn& turn) {
        Json message{{"role", "assistant"}}, parts = Json::array(), calls = Json::array();
        std::string thought;
        if (!turn.name.empty()) message["name"] = turn.name;
        for (const auto& block : turn.blocks) {
            switch (block.kind) {
                case Block::Kind::text: parts.push_back({{"type", "text"}, {"text", block.text}}); break;
                case Block::Kind::refusal: parts.push_back({{"type", "refusal"}, {"refusal", block.text}}); break;
                case Block::Kind::tool_use: calls.push_back(write_chat_call(block, &request_)); break;
                // Reasoning goes back to the servers that sent it in this format; OpenAI's own has no place for it.
                case Block::Kind::thinking:
                    if (same_) thought += block.text;
                    break;
                case Block::Kind::redacted_thinking:
                case Block::Kind::native: break;  // the first is another vendor's; of the second check_bound tells
                case Block::Kind::audio:
                    if (same_ && !block.id.empty()) message["audio"] = {{"id", block.id}};
                    else refuse("sound in a turn of the assistant");
                    break;
                case Block::Kind::image:
                case Block::Kind::file:
                case Block::Kind::tool_result: refuse("an image or file in a turn of the assistant"); break;
            }
        }
        if (parts.size() == 1 && parts[0]["type"] == "text") message["content"] = std::move(parts[0]["text"]);
        else if (parts.empty()) message["content"] = calls.empty() ? Json("") : Json();
        else message["content"] = std::move(parts);
        if (!thought.empty()) message["reasoning_content"] = std::move(thought);
        if (!calls.empty()) message["tool_calls"] = std::move(calls);
        messages_.push_back(std::move(message));
    }

    void write_tools() {
        Json tools = Json::array();
        for (const auto& tool : request_.tools) {
            if (!tool.native_format.empty()) {
                if (tool.native_format != chat_name)
                    refuse(fmt::format("the tool {}, which only a model with the API {} runs", tool.name, tool.native_format));
                tools.push_back(tool.native);
                continue;
            }
            Json function{{"name", tool.name}};
            if (!tool.description.empty()) function["description"] = tool.description;
            if (!tool.parameters.empty()) function["parameters"] = tool.parameters;
            if (tool.strict) function["strict"] = *tool.strict;
            tools.push_back({{"type", "function"}, {"function", std::move(function)}});
        }
        if (tools.empty()) return;
        body_["tools"] = std::move(tools);
        if (request_.parallel_tool_calls) body_["parallel_tool_calls"] = *request_.parallel_tool_calls;
    }

    Json named_tool(const std::string& name) const {
        const char* const type = is_custom_tool(&request_, name) ? "custom" : "function";
        return {{"type", type}, {type, {{"name", name}}}};
    }

    void write_tool_choice() {
        const auto& choice = request_.tool_choice;
        Json out;
        switch (choice.kind) {
            case ToolChoice::Kind::unset: return;
            case ToolChoice::Kind::none: out = "none"; break;
            case ToolChoice::Kind::automatic: out = "auto"; break;
            case ToolChoice::Kind::required: out = "required"; break;
            case ToolChoice::Kind::one: out = named_tool(choice.name); break;
        }
        if (!choice.allowed.empty() && out.is_string() && out != "none") {
            Json tools = Json::array();
            for (const auto& name : choice.allowed) tools.push_back(named_tool(name));
            out = {{"type", "allowed_tools"}, {"allowed_tools", {{"mode", out}, {"tools", std::move(tools)}}}};
        }
        if (!request_.tools.empty()) body_["tool_choice"] = std::move(out);  // OpenAI refuses a choice without tools
    }

    void write_answer_format() {
        const auto& answer = request_.answer;
        if (answer.kind == AnswerFormat::Kind::json) body_["response_format"] = {{"type", "json_object"}};
        if (answer.kind != AnswerFormat::Kind::schema) return;
        Json schema{{"name", answer.name}};
        if (!answer.description.empty()) schema["description"] = answer.description;
        schema["schema"] = answer.schema;
        if (answer.strict) schema["strict"] = *answer.strict;
        body_["response_format"] = {{"type", "json_schema"}, {"json_schema", std::move(schema)}};
    }

    void write_sampling() {
        const auto set = [&](const char* key, const auto& value) {
            if (value) body_[key] = *value;
        };
        // The name that the client used: older servers know max_tokens alone, newer models refuse it.
        const bool older = same_ && request_.extra.contains("max_tokens");
        set(older ? "max_tokens" : "max_completion_tokens", request_.max_output_tokens);
        if (request_.choices != 1) body_["n"] = request_.choices;
        set("temperature", request_.temperature);
        set("top_p", request_.top_p);
        set("presence_penalty", request_.presence_penalty);
        set("frequency_penalty", request_.frequency_penalty);
        if (same_) set("top_k", request_.top_k);  // no member of OpenAI's own
        set("seed", request_.seed);
        if (!request_.stop.empty()) body_["stop"] = request_.stop;
        if (const auto effort = effort_of(request_); !effort.empty()) body_["reasoning_effort"] = effort;
    }

    void write_rest() {
        if (request_.stream) body_["stream"] = true;
        if (request_.stream && request_.stream_usage) body_["stream_options"] = {{"include_usage", true}};
        const auto identifier = base::string_or(request_.extra, "safety_identifier", "");
        if (!request_.user.empty() && (!is_openai(request_.format) || request_.user != identifier)) body_["user"] = request_.user;
        // OpenAI takes metadata only with what it stores: as the client of this format asked, or not at all.
        if (!request_.metadata.empty() && same_) body_["metadata"] = request_.metadata;
        if (!request_.service_tier.empty() && is_openai(request_.format)) body_["service_tier"] = request_.service_tier;
        if (same_) return write_extra();
        if (request_.format != responses_name) return;
        for (const auto key : shared_members)
            if (const auto* value = base::find_member(request_.extra, key)) body_[std::string(key)] = *value;
        if (const auto* text = base::find_member(request_.extra, "text"))
            if (const auto* verbosity = base::find_member(*text, "verbosity")) body_["verbosity"] = *verbosity;
    }

    void write_extra() {
        for (const auto& [key, value] : request_.extra.items()) {
            if (key == "max_tokens") continue;  // it decided a name above
            if (key == "stream_options" && value.is_object() && request_.stream) {
                for (const auto& [option, set] : value.items()) body_["stream_options"][option] = set;
            } else if (key != "stream_options" && !body_.contains(key)) {
                body_[key] = value;
            }
        }
    }

    const ModelRequest& request_;
    const bool same_;
    Json body_, messages_ = Json::array();
    std::string refused_;
};

}  // namespace

Json write_chat_call(const Block& call, const ModelRequest* request) {
    if (is_custom_tool(request, call.name))
        return {{"id", call.id}, {"type", "custom"}, {"custom", {{"name", call.name}, {"input", custom_input(call.arguments)}}}};
    return {{"id", call.id},
            {"type", "function"},
            {"function", {{"name", call.name}, {"arguments", call.arguments.empty() ? "{}" : call.arguments}}}};
}

Result<Json> write_chat_request(const ModelRequest& request) { return ChatRequest(request).write(); }

}  // namespace sluice::llm::openai
