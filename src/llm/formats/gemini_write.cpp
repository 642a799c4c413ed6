#include <algorithm>
#include <charconv>
#include <iterator>
#include <map>
#include <utility>

#include "llm/formats/gemini.hpp"

namespace sluice::llm::gemini_wire {

namespace {

/// Stands for the signature of a call that another vendor's model made: from Gemini 3 on a call without one is refused
/// (ai.google.dev/gemini-api/docs/thought-signatures, read 2026-11).
constexpr std::string_view foreign_signature = "skip_thought_signature_validator";

/// "gemini-2.5-flash" is {2, 5}. Nothing: another name; taken for the newest.
std::optional<std::pair<int, int>> generation(std::string_view model) {
    static constexpr std::string_view family = "gemini-";
    const auto at = model.find(family);
    if (at == model.npos) return std::nullopt;
    const auto* const end = model.data() + model.size();
    std::pair<int, int> out;
    const auto [point, error] = std::from_chars(model.data() + at + family.size(), end, out.first);
    if (error != std::errc()) return std::nullopt;
    if (point != end && *point == '.') std::from_chars(point + 1, end, out.second);
    return out;
}

/// The media type by a URL's ending, for the formats whose clients do not tell it. Empty: unknown.
std::string_view media_type_of(std::string_view url) {
    static constexpr std::pair<std::string_view, std::string_view> endings[] = {
        {".png", "image/png"},   {".jpg", "image/jpeg"}, {".jpeg", "image/jpeg"},     {".webp", "image/webp"}, {".gif", "image/gif"},
        {".heic", "image/heic"}, {".heif", "image/heif"}, {".pdf", "application/pdf"}, {".txt", "text/plain"},  {".mp4", "video/mp4"},
        {".mp3", "audio/mp3"},   {".wav", "audio/wav"}};
    url = url.substr(0, url.find_first_of("?#"));
    for (const auto& [ending, type] : endings)
        if (url.ends_with(ending)) return type;
    return {};
}

class RequestWriter {
  public:
    explicit RequestWriter(const ModelRequest& request)
        : request_(request), own_(request.format == format_name), generation_(generation(request.model)) {}

    Result<Json> write() {
        if (auto bound = check_bound(request_, format_name); !bound) return fail(std::move(bound.error()));
        if (auto written = write_turns(); !written) return fail(std::move(written.error()));
        if (auto written = write_tools(); !written) return fail(std::move(written.error()));
        if (auto written = write_generation(); !written) return fail(std::move(written.error()));
        const auto& tier = request_.service_tier;
        if (tier == "flex" || tier == "priority" || tier == "standard") body_["serviceTier"] = tier;
        if (own_) wire::merge_missing(body_, request_.extra);
        return std::move(body_);
    }

  private:
    Result<void> write_turns() {
        Json system = Json::array(), contents = Json::array();
        Json::array_t results;  // the responses to calls stand before everything else in a turn
        const auto add_results = [&] {
            if (results.empty()) return;
            auto& parts = contents.back()["parts"].get_ref<Json::array_t&>();
            parts.insert(parts.begin(), std::make_move_iterator(results.begin()), std::make_move_iterator(results.end()));
            results.clear();
        };
        for (const auto& turn : request_.turns) {
            if (turn.role == Turn::Role::system) {
                for (const auto& block : turn.blocks) {
                    if (block.kind != Block::Kind::text)
                        return fail(ErrorCode::unprocessable, "a system message can only have text for this model; move the rest to the user's");
                    if (!block.text.empty()) system.push_back({{"text", block.text}});
                }
                continue;
            }
            const char* role = turn.role == Turn::Role::user ? "user" : "model";
            signed_ = false;
            for (const auto& block : turn.blocks) {
                auto written = write_block(block);
                if (!written) return fail(std::move(written.error()));
                if (written->is_null()) continue;
                if (contents.empty() || contents.back()["role"] != role) {
                    add_results();
                    contents.push_back({{"role", role}, {"parts", Json::array()}});
                }
                if (block.kind == Block::Kind::tool_result) results.push_back(std::move(*written));
                else contents.back()["parts"].push_back(std::move(*written));
            }
        }
        add_results();
        if (contents.empty()) return fail(ErrorCode::unprocessable, "this model needs at least one message of the user; add one");
        if (!system.empty()) body_["systemInstruction"] = {{"parts", std::move(system)}};
        body_["contents"] = std::move(contents);
        return {};
    }

    /// Null: nothing to send.
    Result<Json> write_block(const Block& block) {
        const bool ours = block.signed_by == vendor && !block.signature.empty();
        switch (block.kind) {
            case Block::Kind::text:
            case Block::Kind::refusal: {
                if (block.text.empty() && !ours) return Json();
                Json part{{"text", block.text}};
                if (ours) part["thoughtSignature"] = block.signature;
                return part;
            }
            case Block::Kind::thinking: {
                if (!ours && !own_) return Json();  // another vendor's thoughts
                Json part{{"text", block.text}, {"thought", true}};
                if (ours) part["thoughtSignature"] = block.signature;
                return part;
            }
            case Block::Kind::redacted_thinking: return Json();
            case Block::Kind::image:
            case Block::Kind::file:
            case Block::Kind::audio: return write_media(block, ours);
            case Block::Kind::tool_use: {
                auto arguments = wire::parse_arguments(block.arguments);
                if (!arguments)
                    return fail(ErrorCode::unprocessable,
                                "the arguments of the call {} are no JSON object; correct them, or leave out the call and its result",
                                block.id);
                names_[block.id] = block.name;
                Json call = Json::object();
                if (!block.id.empty()) call["id"] = block.id;
                call["name"] = block.name;
                call["args"] = std::move(*arguments);
                Json part{{"functionCall", std::move(call)}};
                // Of parallel calls the first alone is signed.
                const bool first = !std::exchange(signed_, true);
                if (ours) part["thoughtSignature"] = block.signature;
                else if (first && !own_ && (!generation_ || generation_->first >= 3)) part["thoughtSignature"] = foreign_signature;
                return part;
            }
            case Block::Kind::tool_result: return write_result(block);
            case Block::Kind::native: return wire::parse_arguments(block.data).value_or(Json());
        }
        return Json();
    }

    Result<Json> write_media(const Block& block, bool ours) {
        Json part;
        if (!block.data.empty()) {
            Json data{{"mimeType", block.media_type}, {"data", block.data}};
            part["inlineData"] = std::move(data);
        } else if (!block.url.empty()) {
            Json file{{"fileUri", block.url}};
            const auto type = block.media_type.empty() ? media_type_of(block.url) : std::string_view(block.media_type);
            if (!type.empty()) file["mimeType"] = type;
            part["fileData"] = std::move(file);
        } else {
            return fail(ErrorCode::unprocessable, "the file {} is stored at another vendor; send its contents", block.id);
        }
        if (ours) part["thoughtSignature"] = block.signature;
        return part;
    }

    Result<Json> write_result(const Block& block) {
        const auto call = names_.find(block.id);
        const auto& name = call != names_.end() ? call->second : block.name;
        if (name.empty())
            return fail(ErrorCode::unprocessable, "the result of the call {} has no call before it; send the call too", block.id);
        std::string text;
        Json media = Json::array();
        for (const auto& part : block.content) {
            if (part.kind == Block::Kind::text || part.kind == Block::Kind::refusal) {
                if (!text.empty() && !part.text.empty()) text += '\n';
                text += part.text;
                continue;
            }
            auto written = write_block(part);
            if (!written) return written;
            if (!written->is_null()) media.push_back(std::move(*written));
        }
        // The response must be an object: one that the tool gave as JSON text stays itself, anything else is wrapped.
        Json outcome;
        if (block.is_error) outcome = Json::object({{"error", text}});
        else if (auto object = text.empty() ? std::nullopt : wire::parse_arguments(text)) outcome = std::move(*object);
        else outcome = Json::object({{"output", text}});
        Json response = Json::object();
        if (!block.id.empty()) response["id"] = block.id;
        response["name"] = name;
        response["response"] = std::move(outcome);
        if (!media.empty()) response["parts"] = std::move(media);
        return Json{{"functionResponse", std::move(response)}};
    }

    Result<void> write_tools() {
        const auto& choice = request_.tool_choice;
        Json tools = Json::array(), functions = Json::array();
        for (const auto& tool : request_.tools) {
            if (!tool.native.is_null()) {
                if (tool.native_format != format_name)
                    return fail(ErrorCode::unprocessable, "the tool {} is run by another vendor; leave it out or choose a model of {}",
                                tool.name, tool.native_format);
                tools.push_back(tool.native);
                continue;
            }
            // Among the allowed ones a model can only be told to choose when it must call one.
            if (choice.kind == ToolChoice::Kind::automatic && !own_ && !choice.allowed.empty() &&
                std::find(choice.allowed.begin(), choice.allowed.end(), tool.name) == choice.allowed.end())
                continue;
            Json function{{"name", tool.name}};
            if (!tool.description.empty()) function["description"] = tool.description;
            if (tool.parameters.is_object() && !tool.parameters.empty()) function["parametersJsonSchema"] = tool.parameters;
            functions.push_back(std::move(function));
        }
        const bool callable = !functions.empty();
        if (callable) tools.insert(tools.begin(), Json::object({{"functionDeclarations", std::move(functions)}}));
        if (!tools.empty()) body_["tools"] = std::move(tools);
        if (!callable || choice.kind == ToolChoice::Kind::unset) return {};
        // That calls come one by one cannot be asked for: left out.
        Json calling = Json::object();
        switch (choice.kind) {
            case ToolChoice::Kind::unset: break;
            case ToolChoice::Kind::automatic: calling["mode"] = own_ && !choice.allowed.empty() ? "VALIDATED" : "AUTO"; break;
            case ToolChoice::Kind::none: calling["mode"] = "NONE"; break;
            case ToolChoice::Kind::required:
            case ToolChoice::Kind::one: calling["mode"] = "ANY"; break;
        }
        if (own_ && request_.extra.contains("toolConfig"))  // VALIDATED, which nobody else has a word for
            if (const auto* kept = base::find_member(request_.extra["toolConfig"], "functionCallingConfig"))
                calling["mode"] = base::string_or(*kept, "mode", base::string_or(calling, "mode", ""));
        if (choice.kind == ToolChoice::Kind::one) calling["allowedFunctionNames"] = Json::array({choice.name});
        else if (!choice.allowed.empty() && calling["mode"] != "AUTO") calling["allowedFunctionNames"] = choice.allowed;
        body_["toolConfig"] = {{"functionCallingConfig", std::move(calling)}};
        return {};
    }

    Result<void> write_generation() {
        Json config = Json::object();
        if (request_.temperature) config["temperature"] = *request_.temperature;
        if (request_.top_p) config["topP"] = *request_.top_p;
        if (request_.top_k) config["topK"] = *request_.top_k;
        if (request_.seed) config["seed"] = *request_.seed;
        if (request_.presence_penalty) config["presencePenalty"] = *request_.presence_penalty;
        if (request_.frequency_penalty) config["frequencyPenalty"] = *request_.frequency_penalty;
        if (request_.max_output_tokens) config["maxOutputTokens"] = *request_.max_output_tokens;
        if (request_.choices > 1) config["candidateCount"] = request_.choices;
        if (!request_.stop.empty()) config["stopSequences"] = request_.stop;
        if (request_.answer.kind != AnswerFormat::Kind::text) config["responseMimeType"] = "application/json";
        if (request_.answer.kind == AnswerFormat::Kind::schema) config["responseJsonSchema"] = request_.answer.schema;
        auto thinking = own_ ? own_thinking() : foreign_thinking();
        if (!thinking) return fail(std::move(thinking.error()));
        if (!thinking->empty()) config["thinkingConfig"] = std::move(*thinking);
        if (!config.empty()) body_["generationConfig"] = std::move(config);
        return {};
    }

    Result<Json> own_thinking() const {
        Json out = Json::object();
        if (request_.thinking_tokens) out["thinkingBudget"] = *request_.thinking_tokens;
        if (!request_.effort.empty()) out["thinkingLevel"] = request_.effort;
        return out;
    }

    /// Another format's wish in the words of the model's generation: a budget for 2.5, a level (low, medium or high; never
    /// off) from 3 on, nothing before them.
    Result<Json> foreign_thinking() const {
        struct Level {
            std::string_view name, level;
            std::int64_t budget;
        };
        static constexpr Level levels[] = {{"none", "low", 0},         {"minimal", "low", 512}, {"low", "low", 1024},     {"medium", "medium", 8192},
                                           {"high", "high", 24'576}, {"xhigh", "high", 24'576}, {"max", "high", 24'576}};
        Json out = Json::object();
        auto budget = request_.thinking_tokens;
        if (request_.effort.empty() && !budget) return out;
        std::string_view level;
        if (!request_.effort.empty()) {
            const auto found = std::find_if(std::begin(levels), std::end(levels), [&](const Level& each) { return each.name == request_.effort; });
            if (found == std::end(levels))
                return fail(ErrorCode::unprocessable, "this model knows no reasoning effort \"{}\"; use none, minimal, low, medium, high, xhigh or max",
                            request_.effort);
            level = found->level;
            if (!budget || found->budget == 0) budget = found->budget;
        } else if (*budget >= 0) {
            level = *budget <= 2048 ? "low" : *budget <= 12'288 ? "medium" : "high";
        }
        const bool off = budget == 0;
        if (generation_ && *generation_ < std::pair{2, 5}) return out;
        if (generation_ && generation_->first < 3) {
            const bool pro = request_.model.find("-pro") != std::string::npos;  // it cannot be stopped from thinking
            out["thinkingBudget"] = *budget < 0 ? *budget : std::clamp<std::int64_t>(*budget, pro ? 128 : 0, pro ? 32'768 : 24'576);
        } else if (!level.empty()) {
            out["thinkingLevel"] = level;
        }
        if (!off) out["includeThoughts"] = true;
        return out;
    }

    const ModelRequest& request_;
    const bool own_;
    const std::optional<std::pair<int, int>> generation_;
    std::map<std::string, std::string> names_;  // of the calls so far, by id
    bool signed_ = false;                       // the turn had a call
    Json body_ = Json::object();
};

}  // namespace

Result<Json> write_request(const ModelRequest& request) { return RequestWriter(request).write(); }

}  // namespace sluice::llm::gemini_wire
