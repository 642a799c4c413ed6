#include "llm/formats/openai_responses.hpp"

namespace sluice::llm::openai {

namespace {

/// Reads the items of `input` into turns: what the assistant said, thought and called one after another is one turn, and
/// so are the outcomes of its calls.
class Input {
  public:
    Input(Mistakes& mistakes, std::vector<base::ErrorDetail>& bound) : mistakes_(mistakes), bound_(bound) {}

    void read(const Json& item, const std::string& pointer) {
        Fields fields(item, pointer, mistakes_);
        if (!item.is_object()) return;
        const auto type = fields.text("type").value_or("message");
        if (type == "message") return read_message(fields);
        if (type == "function_call" || type == "custom_tool_call") return read_call(fields, type == "custom_tool_call");
        if (type == "function_call_output" || type == "custom_tool_call_output") return read_result(fields);
        if (type == "reasoning") {
            for (auto& block : read_output_item(item)) append(Turn::Role::assistant, std::move(block));
            return;
        }
        bound_.push_back({pointer, type == "item_reference"
                                       ? std::string("an item_reference names an item that OpenAI keeps, and no other vendor has; "
                                                     "send the item itself")
                                       : fmt::format("an item of type {} is read by OpenAI's models alone", type)});
        Block block{.kind = Block::Kind::native, .data = base::dump_json(item), .signed_by = "openai"};
        append(type.ends_with("_output") ? Turn::Role::user : Turn::Role::assistant, std::move(block));
    }

    std::vector<Turn> take() && { return std::move(turns_); }

  private:
    void append(Turn::Role role, Block block) {
        if (turns_.empty() || turns_.back().role != role || closed_) turns_.push_back({.role = role});
        closed_ = false;
        turns_.back().blocks.push_back(std::move(block));
    }

    void read_message(Fields& fields) {
        auto role = fields.required_text("role");
        if (role != "user" && role != "assistant" && role != "system" && role != "developer") {
            if (!role.empty()) fields.wrong("role", "this must be user, assistant, system or developer");
            role = "user";  // so that its parts are not called wrong as well
        }
        std::vector<Block> blocks;
        read_content(fields, "content", role, blocks);
        if (role == "assistant") {
            for (auto& block : blocks) append(Turn::Role::assistant, std::move(block));
            return;
        }
        Turn turn;
        if (role == "system" || role == "developer") turn.role = Turn::Role::system;
        turn.blocks = std::move(blocks);
        turns_.push_back(std::move(turn));
        closed_ = true;  // the next message is a turn of its own
    }

    void read_content(Fields& fields, std::string_view key, std::string_view role, std::vector<Block>& out) {
        const auto* content = fields.find(key);
        if (!content) return fields.wrong(key, "this is required: a text or a list of parts");
        if (content->is_string()) return out.push_back({.kind = Block::Kind::text, .text = content->get<std::string>()});
        if (!content->is_array()) return fields.wrong(key, "this must be a text or a list of parts");
        for (std::size_t i = 0; i < content->size(); ++i)
            read_part((*content)[i], fmt::format("{}/{}", fields.at(key), i), role, out);
    }

    void read_part(const Json& part, const std::string& pointer, std::string_view role, std::vector<Block>& out) {
        Fields fields(part, pointer, mistakes_);
        if (!part.is_object()) return;
        Block block;
        read_cache_point(part, block);
        const auto type = fields.required_text("type");
        const bool takes_media = role == "user" || role == "tool";
        if (type == "input_text" || type == "output_text" || type == "text") {
            block.text = fields.text("text").value_or("");
            if (!fields.find("text")) fields.wrong("text", "this is required: a text");
        } else if (type == "refusal" && role == "assistant") {
            block.kind = Block::Kind::refusal;
            block.text = fields.text("refusal").value_or("");
        } else if (type == "input_image" && takes_media) {
            read_image(fields, block);
        } else if (type == "input_file" && takes_media) {
            read_file(fields, block);
        } else if (type == "input_audio" && role == "user") {
            read_audio(fields, block);
        } else if (!type.empty()) {
            return fields.wrong("type", fmt::format("a part of type {} cannot stand in a message of role {}", type, role));
        }
        out.push_back(std::move(block));
    }

    static void read_image(Fields& fields, Block& block) {
        block.kind = Block::Kind::image;
        block.detail = fields.text("detail").value_or("");
        block.id = fields.text("file_id").value_or("");
        const auto url = fields.text("image_url").value_or("");
        if (url.empty() && block.id.empty()) return fields.wrong("image_url", "an image needs image_url or file_id");
        if (url.empty()) return;
        if (auto wrong = read_url(url, block)) fields.wrong("image_url", *wrong);
    }

    static void read_file(Fields& fields, Block& block) {
        block.kind = Block::Kind::file;
        block.name = fields.text("filename").value_or("");
        block.id = fields.text("file_id").value_or("");
        const auto data = fields.text("file_data").value_or(""), url = fields.text("file_url").value_or("");
        if (data.empty() && url.empty() && block.id.empty())
            return fields.wrong("file_data", "a file needs file_data, file_url or file_id");
        if (!url.empty()) {
            if (auto wrong = read_url(url, block)) fields.wrong("file_url", *wrong);
        } else {
            read_file_data(fields, data, block);
        }
    }

    void read_call(Fields& fields, bool custom) {
        Block block{.kind = Block::Kind::tool_use, .id = fields.required_text("call_id"), .name = fields.required_text("name")};
        if (custom) block.arguments = custom_arguments(fields.text("input").value_or(""));
        else block.arguments = fields.text("arguments").value_or("");
        if (block.arguments.empty()) block.arguments = "{}";
        if (const auto* extra = fields.object("extra_content")) read_call_signature(Json{{"extra_content", *extra}}, block);
        append(Turn::Role::assistant, std::move(block));
    }

    void read_result(Fields& fields) {
        Block block{.kind = Block::Kind::tool_result, .id = fields.required_text("call_id")};
        read_content(fields, "output", "tool", block.content);
        append(Turn::Role::user, std::move(block));
    }

    Mistakes& mistakes_;
    std::vector<base::ErrorDetail>& bound_;
    std::vector<Turn> turns_;
    bool closed_ = false;  ///< the last turn takes nothing more
};

}  // namespace

std::vector<Turn> read_input(const Json& input, Mistakes& mistakes, std::vector<base::ErrorDetail>& bound) {
    if (input.is_string()) {
        Turn turn;
        turn.blocks.push_back({.kind = Block::Kind::text, .text = input.get<std::string>()});
        return {std::move(turn)};
    }
    Input items(mistakes, bound);
    if (!input.is_array()) mistakes.add("/input", "this must be a text or a list of items");
    for (std::size_t i = 0; input.is_array() && i < input.size(); ++i) items.read(input[i], fmt::format("/input/{}", i));
    return std::move(items).take();
}

}  // namespace sluice::llm::openai
