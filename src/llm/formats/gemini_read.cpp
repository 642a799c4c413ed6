#include <deque>
#include <map>
#include <set>

#include "llm/formats/gemini.hpp"

namespace sluice::llm::gemini_wire {

namespace {

using wire::Mistakes;
using wire::Object;

constexpr std::int64_t most_tokens = std::int64_t{1} << 40;

std::string lower(std::string text) {
    for (auto& c : text)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return text;
}

Block::Kind kind_of(std::string_view media_type) {
    if (media_type.starts_with("image/")) return Block::Kind::image;
    if (media_type.starts_with("audio/")) return Block::Kind::audio;
    return Block::Kind::file;
}

/// Files that the vendor alone can read.
bool is_stored(std::string_view uri) {
    return uri.starts_with("gs://") || uri.starts_with("https://generativelanguage.googleapis.com/");
}

class RequestReader {
  public:
    Result<ModelRequest> read(const Json& body) {
        Object top(body, "", mistakes_, Object::Names::camel);
        request_.format = format_name;
        request_.stream_usage = true;  // this format's streams always tell it
        top.find("model");             // the path has it
        read_system(top);
        read_contents(top);
        read_generation(top);
        read_tools(top);
        read_tool_config(top);
        request_.service_tier = lower(top.text("serviceTier"));
        if (top.has("cachedContent")) bind(top.pointer("cachedContent"), "the vendor alone has this cached content");
        for (const auto rest = top.rest(); const auto& [name, value] : rest.items()) request_.extra[name] = value;
        if (!mistakes_.none()) return fail(std::move(mistakes_).error("the request is not one of generateContent"));
        return std::move(request_);
    }

  private:
    Object object(const Json& value, std::string pointer) { return {value, std::move(pointer), mistakes_, Object::Names::camel}; }

    void bind(std::string pointer, std::string why) { request_.bound.push_back({std::move(pointer), std::move(why)}); }

    void read_system(Object& top) {
        const auto* system = top.find("systemInstruction");
        if (!system) return;
        Turn turn{.role = Turn::Role::system};
        if (system->is_string()) {
            turn.blocks.push_back({.text = system->get<std::string>()});
        } else {
            auto content = object(*system, top.pointer("systemInstruction"));
            turn.blocks = read_parts(content);
        }
        if (!turn.blocks.empty()) request_.turns.push_back(std::move(turn));
    }

    void read_contents(Object& top) {
        const auto* contents = top.find_array("contents");
        if (!contents || contents->empty()) {
            if (!top.has("contents") || contents) top.wrong("contents", "must have at least one content");
            return;
        }
        for (std::size_t i = 0; i < contents->size(); ++i) {
            auto content = object((*contents)[i], fmt::format("{}/{}", top.pointer("contents"), i));
            const auto role = content.text("role", "user");
            Turn turn;
            if (role == "model") turn.role = Turn::Role::assistant;
            else if (role != "user" && role != "function") content.wrong("role", "must be user or model");
            turn.blocks = read_parts(content);
            request_.turns.push_back(std::move(turn));
        }
    }

    std::vector<Block> read_parts(Object& content) {
        std::vector<Block> blocks;
        const auto* parts = content.find_array("parts");
        if (!parts) {
            if (!content.has("parts")) content.wrong("parts", "is missing");
            return blocks;
        }
        for (std::size_t i = 0; i < parts->size(); ++i)
            blocks.push_back(read_part((*parts)[i], fmt::format("{}/{}", content.pointer("parts"), i)));
        return blocks;
    }

    Block read_part(const Json& json, const std::string& pointer) {
        static constexpr std::string_view contents[] = {"text",           "inlineData",          "fileData", "functionCall", "functionResponse",
                                                        "executableCode", "codeExecutionResult", "toolCall", "toolResponse"};
        auto part = object(json, pointer);
        Block block;
        std::string_view content;
        for (const auto name : contents) {
            if (!part.has(name)) continue;
            if (!content.empty()) {
                mistakes_.add(pointer, fmt::format("has both {} and {}; make them two parts", content, name));
                return block;
            }
            content = name;
        }
        block.signature = part.text("thoughtSignature");
        if (!block.signature.empty()) block.signed_by = vendor;
        if (content == "text" || content.empty()) {
            block.text = part.text("text");
            if (part.boolean("thought").value_or(false)) block.kind = Block::Kind::thinking;
            // A member without any content that is known: something newer than this reader.
            else if (content.empty() && block.signature.empty() && !part.rest().empty())
                make_native(block, json, pointer, "a part of this kind is the vendor's own");
        } else if (content == "inlineData" || content == "fileData") {
            read_media(part, content, block);
        } else if (content == "functionCall") {
            read_call(part, block);
        } else if (content == "functionResponse") {
            read_response(part, block);
        } else {
            make_native(block, json, pointer, fmt::format("{} is the vendor's own", content));
        }
        return block;
    }

    void make_native(Block& block, const Json& json, const std::string& pointer, std::string why) {
        block = {.kind = Block::Kind::native, .data = base::dump_json(json), .signed_by = std::string(vendor)};
        bind(pointer, std::move(why));
    }

    void read_media(Object& part, std::string_view name, Block& block) {
        const auto* json = part.find_object(name);
        if (!json) return;
        auto media = object(*json, part.pointer(name));
        block.media_type = media.text("mimeType");
        block.name = media.text("displayName");
        block.kind = kind_of(block.media_type);
        if (name == "inlineData") {
            if (block.media_type.empty()) media.wrong("mimeType", "is missing");
            block.data = media.required_text("data");
            return;
        }
        block.url = media.required_text("fileUri");
        if (is_stored(block.url)) bind(media.pointer("fileUri"), "the vendor alone has this file");
    }

    void read_call(Object& part, Block& block) {
        block.kind = Block::Kind::tool_use;
        const auto* json = part.find_object("functionCall");
        if (!json) return;
        auto call = object(*json, part.pointer("functionCall"));
        block.name = call.required_text("name");
        block.id = call.text("id");
        const auto* arguments = call.find_object("args");
        block.arguments = arguments ? base::dump_json(*arguments) : "{}";
        while (block.id.empty() || (!call.has("id") && ids_.contains(block.id))) block.id = fmt::format("call_{}", ++made_ids_);
        ids_.insert(block.id);
        waiting_[block.name].push_back(block.id);
        unanswered_[block.id] = block.name;
    }

    void read_response(Object& part, Block& block) {
        block.kind = Block::Kind::tool_result;
        const auto* json = part.find_object("functionResponse");
        if (!json) return;
        auto response = object(*json, part.pointer("functionResponse"));
        block.name = response.required_text("name");
        const auto id = response.text("id");
        block.id = take_call(id, block.name);
        if (block.id.empty())
            response.wrong("name", fmt::format("answers no call: no functionCall of {} is waiting for its response", block.name));
        const auto* value = response.find("response");
        if (value && !value->is_object()) response.wrong("response", "must be an object");
        else if (value) read_outcome(*value, block);
        if (const auto* parts = response.find_array("parts"))
            for (std::size_t i = 0; i < parts->size(); ++i)
                block.content.push_back(read_part((*parts)[i], fmt::format("{}/{}", response.pointer("parts"), i)));
    }

    /// The id of the call that a response belongs to: the one it names, else the first of that name that has no response
    /// yet. Empty: none.
    std::string take_call(const std::string& id, const std::string& name) {
        if (unanswered_.erase(id) > 0) return id;
        auto& ids = waiting_[name];
        while (!ids.empty()) {
            auto first = std::move(ids.front());
            ids.pop_front();
            if (unanswered_.erase(first) > 0) return first;
        }
        return {};
    }

    /// {"output": "text"} and {"error": "text"} are what others say as text; any other object is told as JSON.
    static void read_outcome(const Json& value, Block& block) {
        std::string text;
        if (value.size() == 1 && value.begin()->is_string()) {
            const auto& name = value.begin().key();
            block.is_error = name == "error";
            if (block.is_error || name == "output" || name == "result") text = value.begin()->get<std::string>();
        }
        if (text.empty() && !value.empty()) text = base::dump_json(value);
        if (!text.empty()) block.content.push_back({.text = std::move(text)});
    }

    void read_generation(Object& top) {
        const auto* json = top.find_object("generationConfig");
        if (!json) return;
        auto config = object(*json, top.pointer("generationConfig"));
        request_.temperature = config.number("temperature");
        request_.top_p = config.number("topP");
        request_.top_k = config.integer("topK", 0, most_tokens);
        request_.seed = config.integer("seed", INT64_MIN, INT64_MAX);
        request_.presence_penalty = config.number("presencePenalty");
        request_.frequency_penalty = config.number("frequencyPenalty");
        request_.max_output_tokens = config.integer("maxOutputTokens", 0, most_tokens);
        request_.choices = config.integer("candidateCount", 1, 128).value_or(1);
        request_.stop = config.texts("stopSequences");
        read_answer_format(config);
        for (const auto& modality : config.texts("responseModalities"))
            if (lower(modality) != "text") {
                bind(config.pointer("responseModalities"), fmt::format("an answer with {}", lower(modality)));
                request_.extra["generationConfig"]["responseModalities"] = *config.find("responseModalities");
                break;
            }
        Json kept_thinking;
        if (const auto* thinking = config.find_object("thinkingConfig")) {
            auto members = object(*thinking, config.pointer("thinkingConfig"));
            request_.thinking_tokens = members.integer("thinkingBudget", -1, most_tokens);
            if (const auto level = lower(members.text("thinkingLevel")); level != "thinking_level_unspecified") request_.effort = level;
            kept_thinking = members.rest();
        }
        auto& kept = request_.extra;
        for (const auto rest = config.rest(); const auto& [name, value] : rest.items()) kept["generationConfig"][name] = value;
        if (!kept_thinking.empty()) kept["generationConfig"]["thinkingConfig"] = std::move(kept_thinking);
    }

    void read_answer_format(Object& config) {
        const auto media_type = config.text("responseMimeType", "text/plain");
        const auto* openapi = config.find_object("responseSchema");
        const auto* schema = config.find("responseJsonSchema");
        if (openapi && schema) config.wrong("responseSchema", "and responseJsonSchema exclude each other; leave one out");
        if (media_type == "application/json") request_.answer.kind = AnswerFormat::Kind::json;
        else if (media_type != "text/plain") {
            bind(config.pointer("responseMimeType"), fmt::format("an answer as {}", media_type));
            request_.extra["generationConfig"]["responseMimeType"] = media_type;
            if (openapi) request_.extra["generationConfig"]["responseSchema"] = *openapi;
            return;
        }
        if (!openapi && !schema) return;
        request_.answer.kind = AnswerFormat::Kind::schema;
        request_.answer.schema = openapi ? read_schema(*openapi, config.pointer("responseSchema"), mistakes_) : *schema;
    }

    void read_tools(Object& top) {
        const auto* tools = top.find_array("tools");
        if (!tools) return;
        for (std::size_t i = 0; i < tools->size(); ++i) {
            auto entry = object((*tools)[i], fmt::format("{}/{}", top.pointer("tools"), i));
            if (const auto* functions = entry.find_array("functionDeclarations"))
                for (std::size_t k = 0; k < functions->size(); ++k)
                    read_function((*functions)[k], fmt::format("{}/{}", entry.pointer("functionDeclarations"), k));
            // Everything else that may stand here is run by the vendor.
            for (const auto rest = entry.rest(); const auto& [name, value] : rest.items())
                request_.tools.push_back({.name = name, .native = Json{{name, value}}, .native_format = std::string(format_name)});
        }
    }

    void read_function(const Json& json, const std::string& pointer) {
        auto function = object(json, pointer);
        ToolSpec tool;
        tool.name = function.required_text("name");
        tool.description = function.text("description");
        const auto* openapi = function.find_object("parameters");
        const auto* schema = function.find_object("parametersJsonSchema");
        if (openapi && schema) function.wrong("parameters", "and parametersJsonSchema exclude each other; leave one out");
        else if (openapi) tool.parameters = read_schema(*openapi, function.pointer("parameters"), mistakes_);
        else if (schema) tool.parameters = *schema;
        request_.tools.push_back(std::move(tool));
    }

    void read_tool_config(Object& top) {
        const auto* json = top.find_object("toolConfig");
        if (!json) return;
        auto config = object(*json, top.pointer("toolConfig"));
        auto& choice = request_.tool_choice;
        if (const auto* calling = config.find_object("functionCallingConfig")) {
            auto members = object(*calling, config.pointer("functionCallingConfig"));
            const auto mode = lower(members.text("mode"));
            choice.allowed = members.texts("allowedFunctionNames");
            if (mode == "auto") choice.kind = ToolChoice::Kind::automatic;
            else if (mode == "any") choice.kind = ToolChoice::Kind::required;
            else if (mode == "none") choice.kind = ToolChoice::Kind::none;
            else if (mode == "validated") {
                choice.kind = ToolChoice::Kind::automatic;
                request_.extra["toolConfig"]["functionCallingConfig"]["mode"] = "VALIDATED";
            } else if (!mode.empty() && mode != "mode_unspecified") members.wrong("mode", "must be AUTO, ANY, NONE or VALIDATED");
            if (choice.kind == ToolChoice::Kind::required && choice.allowed.size() == 1) {
                choice.kind = ToolChoice::Kind::one;
                choice.name = choice.allowed[0];
                choice.allowed.clear();
            }
        }
        for (const auto rest = config.rest(); const auto& [name, value] : rest.items()) request_.extra["toolConfig"][name] = value;
    }

    Mistakes mistakes_;
    ModelRequest request_;
    std::map<std::string, std::deque<std::string>> waiting_;  // ids of calls by name, in order
    std::map<std::string, std::string> unanswered_;           // name by id
    std::set<std::string> ids_;
    std::size_t made_ids_ = 0;
};

}  // namespace

Result<ModelRequest> read_request(const Json& body) { return RequestReader().read(body); }

}  // namespace sluice::llm::gemini_wire
