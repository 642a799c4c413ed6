#include <algorithm>
#include <iterator>
#include <utility>

#include "llm/formats/anthropic.hpp"
#include "sluice/crypto/crypto.hpp"

namespace sluice::llm::anthropic {

namespace {

constexpr std::int64_t default_max_tokens = 4096;  // the format demands a limit; for requests that name none
constexpr std::int64_t least_budget = 1024;        // of thinking

/// The generation in a model's name: "claude-opus-4-6" and "claude-opus-4-6-20260201" are {4, 6}. Nothing: not a Claude
/// of known numbering; its server is taken to know everything.
std::optional<std::pair<int, int>> generation(std::string_view model) {
    auto at = model.find("claude");
    if (at == model.npos) return std::nullopt;
    int numbers[2] = {0, 0};
    std::size_t found = 0;
    while (at < model.size() && found < 2) {
        if (model[at] < '0' || model[at] > '9') {
            ++at;
            continue;
        }
        std::size_t digits = 0;
        int number = 0;
        for (; at < model.size() && model[at] >= '0' && model[at] <= '9'; ++at, ++digits)
            if (digits < 3) number = number * 10 + (model[at] - '0');
        if (digits > 2) break;  // a date
        numbers[found++] = number;
    }
    if (found == 0) return std::nullopt;
    return std::pair{numbers[0], numbers[1]};
}

/// An id that the format accepts; the same for a call and its result.
std::string tool_id(std::string_view id) {
    std::string out(id);
    for (auto& c : out)
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-')) c = '_';
    return out;
}

template <class Source>
void add_cache_control(Json& out, const Source& source) {
    if (!source.cache_point) return;
    Json control{{"type", "ephemeral"}};
    if (!source.cache_lifetime.empty()) control["ttl"] = source.cache_lifetime;
    out["cache_control"] = std::move(control);
}

Json text_block(const Block& block) {
    Json out{{"type", "text"}, {"text", block.text}};
    add_cache_control(out, block);
    return out;
}

class RequestWriter {
  public:
    explicit RequestWriter(const ModelRequest& request)
        : request_(request), own_(request.format == format_name), generation_(generation(request.model)) {}

    Result<Json> write() {
        if (auto bound = check_bound(request_, format_name); !bound) return fail(std::move(bound.error()));
        if (request_.choices > 1)
            return fail(ErrorCode::unprocessable, "the Messages API gives one answer to a request, not {}; ask for one", request_.choices);
        body_["model"] = request_.model;
        body_["max_tokens"] = request_.max_output_tokens.value_or(default_max_tokens);
        if (auto written = write_turns(); !written) return fail(std::move(written.error()));
        if (auto written = write_tools(); !written) return fail(std::move(written.error()));
        if (auto written = own_ ? write_own_thinking() : write_thinking(); !written) return fail(std::move(written.error()));
        write_sampling();
        if (request_.answer.kind == AnswerFormat::Kind::schema)
            body_["output_config"]["format"] = {{"type", "json_schema"}, {"schema", request_.answer.schema}};
        if (!request_.stop.empty()) body_["stop_sequences"] = request_.stop;
        if (request_.stream) body_["stream"] = true;
        if (!request_.user.empty()) body_["metadata"] = {{"user_id", request_.user}};
        if (const auto& tier = request_.service_tier; tier == "auto" || tier == "priority") body_["service_tier"] = "auto";
        else if (tier == "default" || tier == "standard" || tier == "standard_only") body_["service_tier"] = "standard_only";
        // Penalties and a seed have no like here and are hints: left out.
        if (own_) wire::merge_missing(body_, request_.extra);
        return std::move(body_);
    }

  private:
    Result<void> write_turns() {
        Json system = Json::array(), messages = Json::array();
        Json::array_t results;  // of tools: they stand before everything else in a turn
        const auto add_results = [&] {
            if (results.empty()) return;
            auto& content = messages.back()["content"].get_ref<Json::array_t&>();
            content.insert(content.begin(), std::make_move_iterator(results.begin()), std::make_move_iterator(results.end()));
            results.clear();
        };
        for (const auto& turn : request_.turns) {
            if (turn.role == Turn::Role::system && !(own_ && !messages.empty())) {
                // Older models know no system turns among the others, so a foreign one moves to the front.
                for (const auto& block : turn.blocks) {
                    if (block.kind != Block::Kind::text)
                        return fail(ErrorCode::unprocessable, "a system message can only have text for this model; move the rest to the user's");
                    if (own_ || !block.text.empty()) system.push_back(text_block(block));
                }
                continue;
            }
            const char* role = turn.role == Turn::Role::system ? "system" : turn.role == Turn::Role::user ? "user" : "assistant";
            for (const auto& block : turn.blocks) {
                auto written = write_block(block, turn.role == Turn::Role::assistant);
                if (!written) return fail(std::move(written.error()));
                if (written->is_null()) continue;
                if (messages.empty() || messages.back()["role"] != role) {
                    add_results();
                    messages.push_back({{"role", role}, {"content", Json::array()}});
                }
                if (block.kind == Block::Kind::tool_result) results.push_back(std::move(*written));
                else messages.back()["content"].push_back(std::move(*written));
            }
        }
        add_results();
        if (messages.empty()) return fail(ErrorCode::unprocessable, "this model needs at least one message of the user; add one");
        if (request_.answer.kind == AnswerFormat::Kind::json)  // the format knows schemas only
            system.push_back({{"type", "text"}, {"text", "Answer with one JSON object only, without any text around it."}});
        if (!system.empty()) body_["system"] = std::move(system);
        body_["messages"] = std::move(messages);
        return {};
    }

    /// Null: nothing to send.
    Result<Json> write_block(const Block& block, bool of_assistant) {
        switch (block.kind) {
            case Block::Kind::text:
            case Block::Kind::refusal:
                if (block.text.empty() && !own_) return Json();  // the API refuses empty text
                return text_block(block);
            case Block::Kind::image: return write_image(block);
            case Block::Kind::file: return write_file(block);
            case Block::Kind::audio:
                return fail(ErrorCode::unprocessable, "the Messages API takes no audio; choose a model that hears, or send a transcript");
            case Block::Kind::tool_use: {
                auto input = wire::parse_arguments(block.arguments);
                if (!input)
                    return fail(ErrorCode::unprocessable,
                                "the arguments of the call {} are no JSON object; correct them, or leave out the call and its result",
                                block.id);
                Json out{{"type", "tool_use"}, {"id", tool_id(block.id)}, {"name", block.name}, {"input", std::move(*input)}};
                add_cache_control(out, block);
                return out;
            }
            case Block::Kind::tool_result: return write_result(block);
            case Block::Kind::thinking:
                // The API refuses a signature that is not its own.
                if (!of_assistant || block.signed_by != vendor) return Json();
                return Json{{"type", "thinking"}, {"thinking", block.text}, {"signature", block.signature}};
            case Block::Kind::redacted_thinking:
                if (!of_assistant || block.signed_by != vendor) return Json();
                return Json{{"type", "redacted_thinking"}, {"data", block.data}};
            case Block::Kind::native: return wire::parse_arguments(block.data).value_or(Json());
        }
        return Json();
    }

    Result<Json> write_image(const Block& block) {
        Json source;
        if (!block.url.empty()) source = {{"type", "url"}, {"url", block.url}};
        else if (!block.id.empty()) source = {{"type", "file"}, {"file_id", block.id}};
        else source = {{"type", "base64"}, {"media_type", block.media_type}, {"data", block.data}};
        Json out{{"type", "image"}, {"source", std::move(source)}};
        add_cache_control(out, block);
        return out;
    }

    Result<Json> write_file(const Block& block) {
        Json source;
        if (!block.url.empty()) {
            source = {{"type", "url"}, {"url", block.url}};
        } else if (!block.id.empty() && block.data.empty()) {
            if (!own_) return fail(ErrorCode::unprocessable, "the file {} is stored at another vendor; send its contents", block.id);
            source = {{"type", "file"}, {"file_id", block.id}};
        } else if (block.media_type.starts_with("text/")) {
            auto text = crypto::from_base64(block.data);
            if (!text) return fail(ErrorCode::unprocessable, "the data of the file {} is no base64; encode it again", block.name);
            source = {{"type", "text"}, {"media_type", "text/plain"}, {"data", std::move(*text)}};
        } else if (block.media_type == "application/pdf" || own_) {
            source = {{"type", "base64"}, {"media_type", block.media_type}, {"data", block.data}};
        } else {
            return fail(ErrorCode::unprocessable, "the Messages API takes PDF and plain text, not {} ({}); convert the file",
                        block.media_type, block.name);
        }
        Json out{{"type", "document"}, {"source", std::move(source)}};
        if (!block.name.empty()) out["title"] = block.name;
        add_cache_control(out, block);
        return out;
    }

    Result<Json> write_result(const Block& block) {
        Json out{{"type", "tool_result"}, {"tool_use_id", tool_id(block.id)}};
        if (block.content.size() == 1 && block.content[0].kind == Block::Kind::text && !block.content[0].cache_point) {
            out["content"] = block.content[0].text;
        } else if (!block.content.empty()) {
            Json content = Json::array();
            for (const auto& part : block.content) {
                auto written = write_block(part, false);
                if (!written) return written;
                if (!written->is_null()) content.push_back(std::move(*written));
            }
            out["content"] = std::move(content);
        }
        if (block.is_error) out["is_error"] = true;
        add_cache_control(out, block);
        return out;
    }

    Result<void> write_tools() {
        const auto& choice = request_.tool_choice;
        Json tools = Json::array();
        for (const auto& tool : request_.tools) {
            if (!choice.allowed.empty() && std::find(choice.allowed.begin(), choice.allowed.end(), tool.name) == choice.allowed.end())
                continue;  // "only these" is said by offering no others
            if (!tool.native.is_null()) {
                if (tool.native_format != format_name)
                    return fail(ErrorCode::unprocessable, "the tool {} is run by another vendor; leave it out or choose a model of {}",
                                tool.name, tool.native_format);
                tools.push_back(tool.native);
                continue;
            }
            Json out{{"name", tool.name}};
            if (!tool.description.empty()) out["description"] = tool.description;
            auto schema = tool.parameters.is_object() ? tool.parameters : Json::object();
            if (!schema.contains("type")) schema["type"] = "object";
            out["input_schema"] = std::move(schema);
            if (tool.strict) out["strict"] = *tool.strict;
            add_cache_control(out, tool);
            tools.push_back(std::move(out));
        }
        if (tools.empty()) return {};  // the API refuses a choice among none
        body_["tools"] = std::move(tools);
        Json written;
        switch (choice.kind) {
            case ToolChoice::Kind::unset:
                if (request_.parallel_tool_calls == false) written = {{"type", "auto"}};
                break;
            case ToolChoice::Kind::automatic: written = {{"type", "auto"}}; break;
            case ToolChoice::Kind::none: written = {{"type", "none"}}; break;
            case ToolChoice::Kind::required: written = {{"type", "any"}}; break;
            case ToolChoice::Kind::one: written = {{"type", "tool"}, {"name", choice.name}}; break;
        }
        if (written.is_null()) return {};
        if (request_.parallel_tool_calls && choice.kind != ToolChoice::Kind::none)
            written["disable_parallel_tool_use"] = !*request_.parallel_tool_calls;
        body_["tool_choice"] = std::move(written);
        return {};
    }

    Result<void> write_own_thinking() {
        if (request_.thinking_tokens == 0) body_["thinking"] = {{"type", "disabled"}};
        else if (request_.thinking_tokens == -1) body_["thinking"] = {{"type", "adaptive"}};
        else if (request_.thinking_tokens) body_["thinking"] = {{"type", "enabled"}, {"budget_tokens", *request_.thinking_tokens}};
        if (!request_.effort.empty()) body_["output_config"]["effort"] = request_.effort;
        return {};
    }

    /// Another format's wish in the words of the model's generation: a budget up to Claude 4.5, after that the model
    /// thinks as much as it wants to, steered by the effort.
    Result<void> write_thinking() {
        struct Level {
            std::string_view name, effort;
            std::int64_t budget;
        };
        static constexpr Level levels[] = {{"minimal", "low", 1024}, {"low", "low", 2048},       {"medium", "medium", 8192},
                                           {"high", "high", 16'384}, {"xhigh", "xhigh", 24'576}, {"max", "max", 32'768}};
        const auto budget = request_.thinking_tokens;
        const bool by_budget = generation_ && *generation_ < std::pair{4, 6};
        if (request_.effort.empty() && !budget) return {};
        if (request_.effort == "none" || budget == 0) {
            if (!by_budget) body_["thinking"] = {{"type", "disabled"}};  // the older ones do not think unless asked
            return {};
        }
        const Level* level = nullptr;
        if (!request_.effort.empty()) {
            for (const auto& each : levels)
                if (each.name == request_.effort) level = &each;
            if (!level)
                return fail(ErrorCode::unprocessable, "this model knows no reasoning effort \"{}\"; use none, minimal, low, medium, high, xhigh or max",
                            request_.effort);
        } else if (*budget > 0) {
            level = *budget <= 4096 ? &levels[1] : *budget <= 16'384 ? &levels[2] : &levels[3];
        }
        // A model that must call a tool may not think first.
        const bool forced = request_.tool_choice.kind == ToolChoice::Kind::required || request_.tool_choice.kind == ToolChoice::Kind::one;
        if (!by_budget) {
            if (!forced) body_["thinking"] = {{"type", "adaptive"}};
            if (level) body_["output_config"]["effort"] = level->effort;
            return {};
        }
        if (forced || *generation_ < std::pair{3, 7}) return {};
        auto tokens = std::max(least_budget, budget && *budget > 0 ? *budget : level ? level->budget : levels[2].budget);
        if (!request_.max_output_tokens) body_["max_tokens"] = tokens + default_max_tokens;  // the limit counts thinking too
        else tokens = std::min(tokens, *request_.max_output_tokens - 1);
        if (tokens >= least_budget) body_["thinking"] = {{"type", "enabled"}, {"budget_tokens", tokens}};
        return {};
    }

    /// Models after Claude 4.6 refuse a temperature, models that think another than 1, and since 4.1 only one of it and
    /// top_p may be named. What the client of another format set is left out rather than refused.
    void write_sampling() {
        if (own_) {
            if (request_.temperature) body_["temperature"] = *request_.temperature;
            if (request_.top_p) body_["top_p"] = *request_.top_p;
            if (request_.top_k) body_["top_k"] = *request_.top_k;
            return;
        }
        const auto thinking = body_.contains("thinking") ? base::string_or(body_["thinking"], "type", "") : std::string();
        if ((generation_ && *generation_ > std::pair{4, 6}) || thinking == "enabled" || thinking == "adaptive") return;
        const bool one_alone = generation_ && *generation_ >= std::pair{4, 1};
        if (request_.temperature) body_["temperature"] = std::clamp(*request_.temperature, 0.0, 1.0);
        if (request_.top_p && !(one_alone && request_.temperature)) body_["top_p"] = *request_.top_p;
        if (request_.top_k) body_["top_k"] = *request_.top_k;
    }

    const ModelRequest& request_;
    const bool own_;
    const std::optional<std::pair<int, int>> generation_;
    Json body_ = Json::object();
};

}  // namespace

Result<Json> write_request(const ModelRequest& request) { return RequestWriter(request).write(); }

}  // namespace sluice::llm::anthropic
