#include <algorithm>

#include "llm/formats/openai_chat.hpp"

namespace sluice::llm::openai {

namespace {

/// Reads the messages of one request into turns. Messages of tools that follow each other become one user's turn.
class Messages {
  public:
    explicit Messages(Mistakes& mistakes) : mistakes_(mistakes) {}

    void read(const Json& message, const std::string& pointer) {
        Fields fields(message, pointer, mistakes_);
        if (!message.is_object()) return;
        const auto role = fields.required_text("role");
        if (role == "tool" || role == "function") return read_result(fields, role == "function");
        in_results_ = false;
        Turn turn;
        turn.name = fields.text("name").value_or("");
        if (role == "system" || role == "developer") {
            turn.role = Turn::Role::system;
            read_content(fields, turn.blocks, role, true);
        } else if (role == "user") {
            read_content(fields, turn.blocks, role, true);
        } else if (role == "assistant") {
            turn.role = Turn::Role::assistant;
            read_assistant(fields, turn.blocks);
        } else if (!role.empty()) {
            fields.wrong("role", "this must be developer, system, user, assistant or tool");
        }
        turns_.push_back(std::move(turn));
    }

    std::vector<Turn> take() && { return std::move(turns_); }

  private:
    void read_content(Fields& fields, std::vector<Block>& out, std::string_view role, bool required) {
        const auto* content = fields.find("content");
        if (!content) {
            if (required) fields.wrong("content", "this is required: a text or a list of parts");
            return;
        }
        if (content->is_string()) {
            auto text = content->get<std::string>();
            if (required || !text.empty()) out.push_back({.kind = Block::Kind::text, .text = std::move(text)});
        } else if (content->is_array()) {
            for (std::size_t i = 0; i < content->size(); ++i)
                read_part((*content)[i], fmt::format("{}/{}", fields.at("content"), i), role, out);
        } else {
            fields.wrong("content", "this must be a text or a list of parts");
        }
    }

    void read_part(const Json& part, const std::string& pointer, std::string_view role, std::vector<Block>& out) {
        Fields fields(part, pointer, mistakes_);
        if (!part.is_object()) return;
        Block block;
        read_cache_point(part, block);
        const auto type = fields.required_text("type");
        const bool takes_media = role == "user" || role == "tool";
        if (type == "text") {
            block.text = fields.text("text").value_or("");
            if (!fields.find("text")) fields.wrong("text", "this is required: a text");
        } else if (type == "refusal" && role == "assistant") {
            block.kind = Block::Kind::refusal;
            block.text = fields.text("refusal").value_or("");
        } else if (type == "image_url" && takes_media) {
            read_image(fields, block);
        } else if (type == "file" && takes_media) {
            read_file(fields, block);
        } else if (type == "input_audio" && role == "user") {
            read_audio(fields, block);
        } else if (!type.empty()) {
            const std::string_view known = role == "user"        ? "text, image_url, input_audio or file"
                                           : role == "tool"      ? "text, image_url or file"
                                           : role == "assistant" ? "text or refusal"
                                                                 : "text";
            fields.wrong("type", fmt::format("a part of a message of role {} must be {}", role, known));
            return;
        }
        out.push_back(std::move(block));
    }

    void read_image(Fields& fields, Block& block) {
        block.kind = Block::Kind::image;
        const auto* image = fields.find("image_url");
        if (image && image->is_string()) {  // the short form of several servers
            if (auto wrong = read_url(image->get_ref<const Json::string_t&>(), block)) fields.wrong("image_url", *wrong);
            return;
        }
        if (!image) return fields.wrong("image_url", "this is required: {\"url\": …}");
        Fields inner(*image, fields.at("image_url"), mistakes_);
        const auto url = inner.required_text("url");
        if (url.empty()) return;
        if (auto wrong = read_url(url, block)) inner.wrong("url", *wrong);
        block.detail = inner.text("detail").value_or("");
    }

    void read_file(Fields& fields, Block& block) {
        block.kind = Block::Kind::file;
        const auto* file = fields.object("file");
        if (!file) return fields.wrong("file", "this is required: {\"file_data\", \"filename\"} or {\"file_id\"}");
        Fields inner(*file, fields.at("file"), mistakes_);
        block.name = inner.text("filename").value_or("");
        block.id = inner.text("file_id").value_or("");
        const auto data = inner.text("file_data").value_or("");
        if (data.empty() && block.id.empty()) return inner.wrong("file_data", "a file needs file_data or file_id");
        read_file_data(inner, data, block);
    }

    void read_assistant(Fields& fields, std::vector<Block>& out) {
        for (const auto* key : {"reasoning_content", "reasoning"}) {
            const auto* thought = fields.find(key);
            if (!thought || !thought->is_string() || thought->get_ref<const Json::string_t&>().empty()) continue;
            out.push_back({.kind = Block::Kind::thinking, .text = thought->get<std::string>()});
            break;
        }
        read_content(fields, out, "assistant", false);
        if (auto refusal = fields.text("refusal"); refusal && !refusal->empty())
            out.push_back({.kind = Block::Kind::refusal, .text = std::move(*refusal)});
        if (const auto* audio = fields.object("audio"))
            out.push_back({.kind = Block::Kind::audio, .id = base::string_or(*audio, "id", "")});
        if (const auto* calls = fields.array("tool_calls"))
            for (std::size_t i = 0; i < calls->size(); ++i)
                read_call((*calls)[i], fmt::format("{}/{}", fields.at("tool_calls"), i), out);
        if (const auto* call = fields.object("function_call")) {  // before tools there were functions
            Fields inner(*call, fields.at("function_call"), mistakes_);
            Block block{.kind = Block::Kind::tool_use, .name = inner.required_text("name")};
            block.id = legacy_call_ = fmt::format("call_{}_{}", block.name, ++legacy_calls_);
            read_arguments(inner, block);
            out.push_back(std::move(block));
        }
    }

    void read_call(const Json& call, const std::string& pointer, std::vector<Block>& out) {
        Fields fields(call, pointer, mistakes_);
        if (!call.is_object()) return;
        Block block{.kind = Block::Kind::tool_use, .id = fields.required_text("id")};
        read_call_signature(call, block);
        const auto type = fields.text("type").value_or("function");
        if (type == "custom") {
            const auto* custom = fields.object("custom");
            if (!custom) return fields.wrong("custom", "this is required: {\"name\", \"input\"}");
            Fields inner(*custom, fields.at("custom"), mistakes_);
            block.name = inner.required_text("name");
            block.arguments = custom_arguments(inner.text("input").value_or(""));
        } else if (type == "function") {
            const auto* function = fields.object("function");
            if (!function) return fields.wrong("function", "this is required: {\"name\", \"arguments\"}");
            Fields inner(*function, fields.at("function"), mistakes_);
            block.name = inner.required_text("name");
            read_arguments(inner, block);
        } else {
            return fields.wrong("type", "this must be function or custom");
        }
        out.push_back(std::move(block));
    }

    static void read_arguments(Fields& function, Block& block) {
        const auto* arguments = function.find("arguments");
        if (arguments && arguments->is_object()) block.arguments = base::dump_json(*arguments);
        else if (arguments && !arguments->is_string()) function.wrong("arguments", "this must be a text with JSON in it");
        else if (arguments) block.arguments = arguments->get<std::string>();
        if (block.arguments.empty()) block.arguments = "{}";
    }

    void read_result(Fields& fields, bool legacy) {
        Block block{.kind = Block::Kind::tool_result};
        block.id = legacy ? legacy_call_ : fields.required_text("tool_call_id");
        if (legacy && block.id.empty()) fields.wrong("role", "no function_call stands before this message of a function");
        read_content(fields, block.content, "tool", true);
        if (!in_results_) turns_.push_back({.role = Turn::Role::user});
        in_results_ = true;
        turns_.back().blocks.push_back(std::move(block));
    }

    Mistakes& mistakes_;
    std::vector<Turn> turns_;
    bool in_results_ = false;   ///< the last turn is one of results
    std::string legacy_call_;   ///< the id made for the last function_call
    std::size_t legacy_calls_ = 0;
};

void read_function(const Json& function, const std::string& pointer, Mistakes& mistakes, ModelRequest& out) {
    Fields fields(function, pointer, mistakes);
    if (!function.is_object()) return;
    ToolSpec tool;
    tool.name = fields.required_text("name");
    tool.description = fields.text("description").value_or("");
    if (const auto* parameters = fields.object("parameters")) tool.parameters = *parameters;
    tool.strict = fields.flag("strict");
    out.tools.push_back(std::move(tool));
}

void read_tools(const Json& tools, Mistakes& mistakes, ModelRequest& out) {
    for (std::size_t i = 0; i < tools.size(); ++i) {
        const auto pointer = fmt::format("/tools/{}", i);
        Fields fields(tools[i], pointer, mistakes);
        if (!tools[i].is_object()) continue;
        const auto type = fields.required_text("type");
        if (type == "function") {
            const auto* function = fields.object("function");
            if (function) read_function(*function, pointer + "/function", mistakes, out);
            Block mark;
            read_cache_point(tools[i], mark);
            if (mark.cache_point && function && function->is_object()) {
                out.tools.back().cache_point = true;
                out.tools.back().cache_lifetime = mark.cache_lifetime;
            }
            if (!function) fields.wrong("function", "this is required: {\"name\", \"description\", \"parameters\"}");
        } else if (!type.empty()) {
            const auto* custom = base::find_member(tools[i], "custom");
            ToolSpec tool{.name = custom ? base::string_or(*custom, "name", type) : type};
            tool.native = tools[i];
            tool.native_format = chat_name;
            out.tools.push_back(std::move(tool));
        }
    }
}

constexpr std::string_view choice_forms =
    "this must be none, auto, required, or an object of type function, custom or allowed_tools";

std::string named(Fields& fields, std::string_view type) {
    const auto* inner = fields.object(type);
    if (!inner) return fields.wrong(type, "this is required: {\"name\": …}"), std::string();
    Fields names(*inner, fields.at(type), fields.mistakes());
    return names.required_text("name");
}

void read_allowed(Fields& fields, ToolChoice& out) {
    const auto* allowed = fields.object("allowed_tools");
    if (!allowed) return fields.wrong("allowed_tools", "this is required: {\"mode\", \"tools\"}");
    Fields inner(*allowed, fields.at("allowed_tools"), fields.mistakes());
    const auto mode = inner.required_text("mode");
    out.kind = mode == "required" ? ToolChoice::Kind::required : ToolChoice::Kind::automatic;
    if (mode != "required" && mode != "auto") inner.wrong("mode", "this must be auto or required");
    const auto* tools = inner.array("tools");
    if (!tools || tools->empty()) return inner.wrong("tools", "this is required: a list of at least one tool");
    for (const auto& tool : *tools) {
        const auto* function = base::find_member(tool, base::string_or(tool, "type", "function"));
        out.allowed.push_back(function ? base::string_or(*function, "name", "") : "");
        if (out.allowed.back().empty()) inner.wrong("tools", "each tool here needs {\"type\", \"function\": {\"name\"}}");
    }
}

void read_tool_choice(Fields& fields, ToolChoice& out) {
    const auto* choice = fields.find("tool_choice");
    if (!choice) return;
    if (choice->is_string()) {
        const auto& word = choice->get_ref<const Json::string_t&>();
        if (word == "auto") out.kind = ToolChoice::Kind::automatic;
        else if (word == "none") out.kind = ToolChoice::Kind::none;
        else if (word == "required" || word == "any") out.kind = ToolChoice::Kind::required;
        else fields.wrong("tool_choice", std::string(choice_forms));
        return;
    }
    if (!choice->is_object()) return fields.wrong("tool_choice", std::string(choice_forms));
    Fields inner(*choice, fields.at("tool_choice"), fields.mistakes());
    const auto type = inner.required_text("type");
    if (type == "function" || type == "custom") {
        out.kind = ToolChoice::Kind::one;
        out.name = named(inner, type == "function" ? "function" : "custom");
    } else if (type == "allowed_tools") {
        read_allowed(inner, out);
    } else if (!type.empty()) {
        inner.wrong("type", std::string(choice_forms));
    }
}

/// `functions` and `function_call`, deprecated since 2023 and still sent.
void read_functions(Fields& fields, ModelRequest& out) {
    if (const auto* functions = fields.array("functions"))
        for (std::size_t i = 0; i < functions->size(); ++i)
            read_function((*functions)[i], fmt::format("/functions/{}", i), fields.mistakes(), out);
    const auto* call = fields.find("function_call");
    if (!call || out.tool_choice.kind != ToolChoice::Kind::unset) return;
    if (call->is_object()) {
        Fields inner(*call, fields.at("function_call"), fields.mistakes());
        out.tool_choice = {.kind = ToolChoice::Kind::one, .name = inner.required_text("name")};
    } else if (*call == "none" || *call == "auto") {
        out.tool_choice.kind = *call == "none" ? ToolChoice::Kind::none : ToolChoice::Kind::automatic;
    } else {
        fields.wrong("function_call", "this must be none, auto or {\"name\": …}");
    }
}

void read_answer_format(Fields& fields, AnswerFormat& out) {
    const auto* format = fields.object("response_format");
    if (!format) return;
    Fields inner(*format, fields.at("response_format"), fields.mistakes());
    const auto type = inner.required_text("type");
    if (type == "json_object") {
        out.kind = AnswerFormat::Kind::json;
    } else if (type == "json_schema") {
        out.kind = AnswerFormat::Kind::schema;
        const auto* described = inner.object("json_schema");
        if (!described) return inner.wrong("json_schema", "this is required: {\"name\", \"schema\"}");
        Fields schema(*described, inner.at("json_schema"), fields.mistakes());
        out.name = schema.required_text("name");
        out.description = schema.text("description").value_or("");
        out.strict = schema.flag("strict");
        const auto* value = schema.object("schema");
        out.schema = value ? *value : Json::object();
    } else if (type != "text" && !type.empty()) {
        inner.wrong("type", "this must be text, json_object or json_schema");
    }
}

void read_stop(Fields& fields, std::vector<std::string>& out) {
    const auto* stop = fields.find("stop");
    if (!stop) return;
    if (stop->is_string()) {
        out.push_back(stop->get<std::string>());
    } else if (stop->is_array() && std::all_of(stop->begin(), stop->end(), [](const Json& s) { return s.is_string(); })) {
        for (const auto& text : *stop) out.push_back(text.get<std::string>());
    } else {
        fields.wrong("stop", "this must be a text or a list of texts");
    }
}

/// What decides names when the request is written again for a model of this format: kept in `extra` beside its like.
void keep_names(const Json& body, ModelRequest& out) {
    const auto has = [&](const char* key) {
        const auto* value = base::find_member(body, key);
        return value && !value->is_null();
    };
    if (has("max_tokens") && !has("max_completion_tokens")) out.extra["max_tokens"] = body["max_tokens"];
    if (has("safety_identifier")) out.extra["safety_identifier"] = body["safety_identifier"];
}

void read_stream_options(Fields& fields, ModelRequest& out) {
    const auto* options = fields.object("stream_options");
    if (!options) return;
    Fields inner(*options, fields.at("stream_options"), fields.mistakes());
    out.stream_usage = inner.flag("include_usage").value_or(false);
    if (auto rest = inner.rest(); !rest.empty()) out.extra["stream_options"] = std::move(rest);
}

/// What a model with another API cannot give.
void read_bound(Fields& fields, ModelRequest& out) {
    const Json body = fields.rest();
    if (const auto* search = base::find_member(body, "web_search_options"); search && !search->is_null())
        out.bound.push_back({"/web_search_options", "only OpenAI's search models search the web this way; use a tool"});
    if (const auto* modalities = base::find_member(body, "modalities"); modalities && modalities->is_array())
        if (std::find(modalities->begin(), modalities->end(), Json("audio")) != modalities->end())
            out.bound.push_back({"/modalities", "only OpenAI's audio models answer with sound this way"});
}

void read_sampling(Fields& fields, ModelRequest& out) {
    constexpr std::int64_t most = std::int64_t{1} << 40;
    const auto older = fields.integer("max_tokens", 1, most);
    out.max_output_tokens = fields.integer("max_completion_tokens", 1, most);
    if (!out.max_output_tokens) out.max_output_tokens = older;
    out.choices = fields.integer("n", 1, 128).value_or(1);
    out.temperature = fields.number("temperature");
    out.top_p = fields.number("top_p");
    out.presence_penalty = fields.number("presence_penalty");
    out.frequency_penalty = fields.number("frequency_penalty");
    out.top_k = fields.integer("top_k", -1, most);
    out.seed = fields.integer("seed", INT64_MIN, INT64_MAX);
    read_stop(fields, out.stop);
    out.effort = fields.text("reasoning_effort").value_or("");
}

}  // namespace

Result<ModelRequest> read_chat_request(const Json& body) {
    Mistakes mistakes;
    Fields fields(body, "", mistakes);
    ModelRequest out;
    out.format = chat_name;
    out.model = fields.required_text("model");
    Messages messages(mistakes);
    const auto* list = fields.array("messages");
    if (!list || list->empty()) fields.wrong("messages", "this is required: a list of at least one message");
    for (std::size_t i = 0; list && i < list->size(); ++i) messages.read((*list)[i], fmt::format("/messages/{}", i));
    out.turns = std::move(messages).take();

    if (const auto* tools = fields.array("tools")) read_tools(*tools, mistakes, out);
    read_tool_choice(fields, out.tool_choice);
    read_functions(fields, out);
    out.parallel_tool_calls = fields.flag("parallel_tool_calls");
    read_answer_format(fields, out.answer);
    read_sampling(fields, out);
    out.stream = fields.flag("stream").value_or(false);
    const auto identifier = fields.text("safety_identifier");
    out.user = fields.text("user").value_or(identifier.value_or(""));
    out.metadata = fields.texts("metadata");
    out.service_tier = fields.text("service_tier").value_or("");
    fields.find("stream_options");  // asked for here, so that it is no part of the rest
    out.extra = fields.rest();
    read_stream_options(fields, out);
    read_bound(fields, out);
    keep_names(body, out);
    if (!mistakes.none()) return fail(std::move(mistakes).error("this is not a valid request for a chat completion"));
    return out;
}

}  // namespace sluice::llm::openai
