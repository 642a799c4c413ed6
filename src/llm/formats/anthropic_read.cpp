#include "llm/formats/anthropic.hpp"
#include "sluice/crypto/crypto.hpp"

namespace sluice::llm::anthropic {

namespace {

using wire::Mistakes;
using wire::Object;

constexpr std::int64_t most_tokens = std::int64_t{1} << 40;

/// Reads one request; `request_` grows as it goes.
class RequestReader {
  public:
    Result<ModelRequest> read(const Json& body) {
        Object top(body, "", mistakes_);
        request_.format = format_name;
        request_.model = top.required_text("model");
        if (!top.has("max_tokens")) top.wrong("max_tokens", "is missing; it is the most tokens that the answer may have");
        request_.max_output_tokens = top.integer("max_tokens", 0, most_tokens);
        read_system(top);
        read_messages(top);
        read_tools(top);
        read_tool_choice(top);
        read_thinking(top);
        read_output(top);
        request_.temperature = top.number("temperature");
        request_.top_p = top.number("top_p");
        request_.top_k = top.integer("top_k", 0, most_tokens);
        request_.stop = top.texts("stop_sequences");
        request_.stream = top.boolean("stream").value_or(false);
        request_.stream_usage = true;  // this format's streams always tell it
        request_.service_tier = top.text("service_tier");
        if (const auto* metadata = top.find_object("metadata")) {
            Object members(*metadata, "/metadata", mistakes_);
            request_.user = members.text("user_id");
            keep("metadata", members);
        }
        for (const auto* name : {"mcp_servers", "container"})
            if (top.has(name)) bind(top.pointer(name), fmt::format("{} is run by the vendor", name));
        for (const auto rest = top.rest(); const auto& [name, value] : rest.items())
            request_.extra[name] = value;
        if (!mistakes_.none()) return fail(std::move(mistakes_).error("the request is not one of the Messages API"));
        return std::move(request_);
    }

  private:
    void bind(std::string pointer, std::string why) { request_.bound.push_back({std::move(pointer), std::move(why)}); }

    /// What is left of a nested object goes back beside what is read of it.
    void keep(const char* name, const Object& members) {
        if (auto rest = members.rest(); !rest.empty()) request_.extra[name] = std::move(rest);
    }

    template <class Target>
    void read_cache_control(Object& object, Target& target) {
        const auto* control = object.find_object("cache_control");
        if (!control) return;
        Object members(*control, object.pointer("cache_control"), mistakes_);
        target.cache_point = true;
        target.cache_lifetime = members.text("ttl");
    }

    void read_system(Object& top) {
        const auto* system = top.find("system");
        if (!system) return;
        Turn turn{.role = Turn::Role::system};
        turn.blocks = read_content(*system, "/system");
        if (!turn.blocks.empty()) request_.turns.push_back(std::move(turn));
    }

    void read_messages(Object& top) {
        const auto* messages = top.find_array("messages");
        if (!messages || messages->empty()) {
            if (!top.has("messages") || messages) top.wrong("messages", "must have at least one message");
            return;
        }
        for (std::size_t i = 0; i < messages->size(); ++i) {
            const auto pointer = fmt::format("/messages/{}", i);
            Object message((*messages)[i], pointer, mistakes_);
            const auto role = message.required_text("role");
            Turn turn;
            if (role == "assistant") turn.role = Turn::Role::assistant;
            else if (role == "system") turn.role = Turn::Role::system;
            else if (role != "user" && !role.empty()) message.wrong("role", "must be user, assistant or system");
            const auto* content = message.find("content");
            if (!content) message.wrong("content", "is missing");
            else turn.blocks = read_content(*content, pointer + "/content");
            request_.turns.push_back(std::move(turn));
        }
    }

    std::vector<Block> read_content(const Json& content, const std::string& pointer) {
        std::vector<Block> blocks;
        if (content.is_string()) {
            blocks.push_back({.text = content.get<std::string>()});
        } else if (!content.is_array()) {
            mistakes_.add(pointer, "must be a string or an array of blocks");
        } else {
            for (std::size_t i = 0; i < content.size(); ++i)
                blocks.push_back(read_block(content[i], fmt::format("{}/{}", pointer, i)));
        }
        return blocks;
    }

    Block read_block(const Json& json, const std::string& pointer) {
        Object object(json, pointer, mistakes_);
        Block block;
        const auto type = object.required_text("type");
        read_cache_control(object, block);
        if (type == "text") {
            block.text = object.required_text("text");
        } else if (type == "image") {
            block.kind = Block::Kind::image;
            read_source(object, pointer, json, block);
        } else if (type == "document") {
            block.kind = Block::Kind::file;
            block.name = object.text("title");
            read_source(object, pointer, json, block);
        } else if (type == "tool_use" && !object.has("toolset_name")) {
            block.kind = Block::Kind::tool_use;
            block.id = object.required_text("id");
            block.name = object.required_text("name");
            if (!object.has("input")) object.wrong("input", "is missing");
            if (const auto* input = object.find_object("input")) block.arguments = base::dump_json(*input);
        } else if (type == "tool_result") {
            block.kind = Block::Kind::tool_result;
            block.id = object.required_text("tool_use_id");
            block.is_error = object.boolean("is_error").value_or(false);
            if (const auto* content = object.find("content")) block.content = read_content(*content, pointer + "/content");
        } else if (type == "thinking") {
            block.kind = Block::Kind::thinking;
            block.text = object.text("thinking");
            block.signature = object.text("signature");
            if (!block.signature.empty()) block.signed_by = vendor;
        } else if (type == "redacted_thinking") {
            block.kind = Block::Kind::redacted_thinking;
            block.data = object.required_text("data");
            block.signed_by = vendor;
        } else if (!type.empty()) {
            make_native(block, json, pointer, fmt::format("a block of type {} is the vendor's own", type));
        }
        return block;
    }

    void make_native(Block& block, const Json& json, const std::string& pointer, std::string why) {
        block = {.kind = Block::Kind::native, .data = base::dump_json(json), .signed_by = std::string(vendor)};
        bind(pointer, std::move(why));
    }

    void read_source(Object& object, const std::string& pointer, const Json& json, Block& block) {
        const auto* source = object.find_object("source");
        if (!source) {
            if (!object.has("source")) object.wrong("source", "is missing");
            return;
        }
        const auto at = pointer + "/source";
        Object members(*source, at, mistakes_);
        const auto type = members.required_text("type");
        if (type == "base64") {
            block.media_type = members.required_text("media_type");
            block.data = members.required_text("data");
        } else if (type == "url") {
            block.url = members.required_text("url");
            if (block.kind == Block::Kind::file) block.media_type = "application/pdf";  // the only documents by URL
        } else if (type == "text" && block.kind == Block::Kind::file) {
            block.media_type = "text/plain";
            block.data = crypto::base64(members.required_text("data"));
        } else if (type == "file") {
            block.id = members.required_text("file_id");
            bind(at, "the vendor alone has this file");
        } else if (!type.empty()) {
            make_native(block, json, pointer, fmt::format("a source of type {} is the vendor's own", type));
        }
    }

    void read_tools(Object& top) {
        const auto* tools = top.find_array("tools");
        if (!tools) return;
        for (std::size_t i = 0; i < tools->size(); ++i) {
            const auto& json = (*tools)[i];
            const auto pointer = fmt::format("/tools/{}", i);
            Object object(json, pointer, mistakes_);
            ToolSpec tool;
            const auto type = object.text("type", "custom");
            if (type != "custom") {
                // A tool that the vendor runs or has trained its models on: other vendors know nothing of it.
                tool.name = object.text("name", type);
                tool.native = json;
                tool.native_format = format_name;
                request_.tools.push_back(std::move(tool));
                continue;
            }
            tool.name = object.required_text("name");
            tool.description = object.text("description");
            tool.strict = object.boolean("strict");
            read_cache_control(object, tool);
            if (!object.has("input_schema")) object.wrong("input_schema", "is missing");
            if (const auto* schema = object.find_object("input_schema")) tool.parameters = *schema;
            request_.tools.push_back(std::move(tool));
        }
    }

    void read_tool_choice(Object& top) {
        const auto* choice = top.find_object("tool_choice");
        if (!choice) return;
        Object object(*choice, "/tool_choice", mistakes_);
        const auto type = object.required_text("type");
        auto& kind = request_.tool_choice.kind;
        if (type == "auto") kind = ToolChoice::Kind::automatic;
        else if (type == "any") kind = ToolChoice::Kind::required;
        else if (type == "none") kind = ToolChoice::Kind::none;
        else if (type == "tool") kind = ToolChoice::Kind::one;
        else if (!type.empty()) object.wrong("type", "must be auto, any, tool or none");
        if (kind == ToolChoice::Kind::one) request_.tool_choice.name = object.required_text("name");
        if (const auto disabled = object.boolean("disable_parallel_tool_use")) request_.parallel_tool_calls = !*disabled;
    }

    void read_thinking(Object& top) {
        const auto* thinking = top.find_object("thinking");
        if (!thinking) return;
        Object object(*thinking, "/thinking", mistakes_);
        const auto type = object.required_text("type");
        if (type == "disabled") {
            request_.thinking_tokens = 0;
        } else if (type == "adaptive") {
            request_.thinking_tokens = -1;
        } else if (type == "enabled") {
            if (!object.has("budget_tokens")) object.wrong("budget_tokens", "is missing");
            request_.thinking_tokens = object.integer("budget_tokens", 1, most_tokens);
        } else {
            request_.extra["thinking"] = *thinking;  // a mode that nothing else has a word for
            return;
        }
        keep("thinking", object);
    }

    void read_output(Object& top) {
        const auto read_format = [&](Object& holder, const char* name) {
            const auto* format = holder.find_object(name);
            if (!format) return;
            Object object(*format, holder.pointer(name), mistakes_);
            if (object.required_text("type") != "json_schema") {
                object.wrong("type", "must be json_schema");
                return;
            }
            if (!object.has("schema")) object.wrong("schema", "is missing");
            request_.answer.kind = AnswerFormat::Kind::schema;
            if (const auto* schema = object.find_object("schema")) request_.answer.schema = *schema;
        };
        read_format(top, "output_format");  // its place before output_config came
        const auto* output = top.find_object("output_config");
        if (!output) return;
        Object object(*output, "/output_config", mistakes_);
        request_.effort = object.text("effort");
        read_format(object, "format");
        keep("output_config", object);
    }

    Mistakes mistakes_;
    ModelRequest request_;
};

}  // namespace

Result<ModelRequest> read_request(const Json& body) { return RequestReader().read(body); }

}  // namespace sluice::llm::anthropic
