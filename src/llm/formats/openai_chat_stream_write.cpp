#include <map>

#include "llm/formats/openai_chat.hpp"

namespace sluice::llm::openai {

namespace {

class ChatWriter final : public StreamWriter {
  public:
    explicit ChatWriter(AnswerContext context) : context_(std::move(context)) {}

    std::string write(const StreamEvent& event) override {
        if (event.usage) usage_ = event.usage;
        if (stopped_) return {};
        switch (event.kind) {
            case StreamEvent::Kind::start: id_ = event.id; return start();
            case StreamEvent::Kind::block_begin: return begin(event);
            case StreamEvent::Kind::block_delta: return delta(event);
            case StreamEvent::Kind::block_end: return end(event.index);
            case StreamEvent::Kind::stop: return stop(event);
            case StreamEvent::Kind::error: return fail_with(event);
            case StreamEvent::Kind::usage:
            case StreamEvent::Kind::ping: return {};
        }
        return {};
    }

    std::string finish() override {
        if (finished_) return {};
        finished_ = true;
        std::string out;
        if (context_.stream_usage && usage_ && !failed_) {
            auto chunk = envelope();
            chunk["choices"] = Json::array();
            chunk["usage"] = write_chat_usage(*usage_);
            out = frame(chunk);
        }
        return out + "data: [DONE]\n\n";
    }

  private:
    struct Open {
        Block block;             ///< what began, and the input of a custom tool's call as it grows
        std::size_t number = 0;  ///< of calls
        bool custom = false, has_arguments = false;
    };

    Json envelope() const {
        return {{"id", chat_id(id_, context_)},
                {"object", "chat.completion.chunk"},
                {"created", context_.created_s},
                {"model", context_.model}};
    }

    std::string chunk(Json delta, Json reason = nullptr) const {
        auto out = envelope();
        out["choices"] = Json::array(
            {{{"index", 0}, {"delta", std::move(delta)}, {"logprobs", nullptr}, {"finish_reason", std::move(reason)}}});
        if (context_.stream_usage) out["usage"] = nullptr;  // as OpenAI does once the flag is set
        return frame(out);
    }

    std::string start() {
        if (started_) return {};
        started_ = true;
        return chunk({{"role", "assistant"}, {"content", ""}, {"refusal", nullptr}});
    }

    std::string begin(const StreamEvent& event) {
        std::string out = start();
        auto& open = open_[event.index];
        open = {.block = event.block};
        if (event.block.kind == Block::Kind::tool_use) {
            open.number = calls_++;
            open.custom = is_custom_tool(context_.request, event.block.name);
            auto first = event.block;
            first.arguments.clear();
            auto call = write_chat_call(first, context_.request);
            if (open.custom) call["custom"]["input"] = "";
            else call["function"]["arguments"] = "";
            write_call_signature(event.block, call);
            Json numbered{{"index", open.number}};
            numbered.update(call);
            out += chunk({{"tool_calls", Json::array({std::move(numbered)})}});
            open.block.arguments.clear();
        } else if (event.block.kind == Block::Kind::refusal) {
            refused_ = true;
        }
        return out + piece(open, event.block);
    }

    std::string delta(const StreamEvent& event) {
        const auto open = open_.find(event.index);
        return open == open_.end() ? std::string() : piece(open->second, event.block);
    }

    std::string piece(Open& open, const Block& more) {
        switch (open.block.kind) {
            case Block::Kind::text: return more.text.empty() ? "" : chunk({{"content", more.text}});
            case Block::Kind::refusal: return more.text.empty() ? "" : chunk({{"refusal", more.text}});
            case Block::Kind::thinking: return more.text.empty() ? "" : chunk({{"reasoning_content", more.text}});
            case Block::Kind::tool_use: return call_piece(open, more);
            case Block::Kind::image:
            case Block::Kind::file:
            case Block::Kind::audio:
            case Block::Kind::tool_result:
            case Block::Kind::native:
            case Block::Kind::redacted_thinking: return {};  // a chat completion's stream has no place for these
        }
        return {};
    }

    std::string call_piece(Open& open, const Block& more) {
        std::string out;
        if (!more.signature.empty() && open.block.signature.empty() && more.signed_by == "gemini") {
            open.block.signature = more.signature;
            Json mark{{"index", open.number}};
            write_call_signature(more, mark);
            out += chunk({{"tool_calls", Json::array({std::move(mark)})}});
        }
        if (more.arguments.empty()) return out;
        open.has_arguments = true;
        if (open.custom) {  // its text stands inside JSON: it can be taken out at the end
            open.block.arguments += more.arguments;
            return out;
        }
        return out + call_chunk(open.number, "function", "arguments", more.arguments);
    }

    std::string call_chunk(std::size_t number, const char* type, const char* member, const std::string& text) const {
        return chunk({{"tool_calls", Json::array({{{"index", number}, {type, {{member, text}}}}})}});
    }

    std::string end(std::size_t index) {
        const auto it = open_.find(index);
        if (it == open_.end()) return {};
        const auto open = std::move(it->second);
        open_.erase(it);
        if (open.block.kind != Block::Kind::tool_use) return {};
        if (open.custom) return call_chunk(open.number, "custom", "input", custom_input(open.block.arguments));
        // A call without arguments still has JSON: clients parse what they put together.
        return !open.has_arguments ? call_chunk(open.number, "function", "arguments", "{}") : std::string();
    }

    std::string end_all() {
        std::string out;
        while (!open_.empty()) out += end(open_.begin()->first);
        return out;
    }

    std::string stop(const StreamEvent& event) {
        std::string out = start() + end_all();
        stopped_ = true;
        return out + chunk(Json::object(), chat_finish_reason(event.stop, refused_));
    }

    std::string fail_with(const StreamEvent& event) {
        stopped_ = failed_ = true;
        CallError error;
        error.type = event.error_type;
        error.message = event.error_message;
        return frame(Json{{"error", error_object(error)}});
    }

    AnswerContext context_;
    std::string id_;
    std::map<std::size_t, Open> open_;  ///< blocks; several calls may be open at once, as the format allows
    std::size_t calls_ = 0;
    std::optional<UsageRecord> usage_;
    bool started_ = false, stopped_ = false, failed_ = false, refused_ = false, finished_ = false;
};

}  // namespace

std::unique_ptr<StreamWriter> make_chat_writer(AnswerContext context) {
    return std::make_unique<ChatWriter>(std::move(context));
}

}  // namespace sluice::llm::openai
