#include <optional>
#include <utility>

#include "llm/formats/openai_block_order.hpp"
#include "llm/formats/openai_responses.hpp"

namespace sluice::llm::openai {

namespace {

/// Writes the typed events in OpenAI's order, one output item after another. Texts and refusals that follow each other
/// are parts of one message. The last event goes out with `finish`, so that usage told late is in it.
class ResponsesWriter final : public StreamWriter {
  public:
    explicit ResponsesWriter(AnswerContext context) : context_(std::move(context)) {}

    std::string write(const StreamEvent& event) override {
        if (event.usage) usage_ = event.usage;
        if (stop_ || failed_) return {};
        switch (event.kind) {
            case StreamEvent::Kind::start: start(event.id, event.model); break;
            case StreamEvent::Kind::block_begin:
            case StreamEvent::Kind::block_delta:
            case StreamEvent::Kind::block_end: {
                std::vector<StreamEvent> ordered;
                order_.add(event, ordered);
                write_blocks(ordered);
                break;
            }
            case StreamEvent::Kind::stop: {
                std::vector<StreamEvent> ordered;
                order_.end_all(ordered);
                write_blocks(ordered);
                start({}, {});
                end_message();
                stop_ = event.stop;
                break;
            }
            case StreamEvent::Kind::error: fail_with(event.error_type, event.error_message); break;
            case StreamEvent::Kind::usage:
            case StreamEvent::Kind::ping: break;
        }
        return std::exchange(out_, {});
    }

    std::string finish() override {
        if (std::exchange(finished_, true)) return {};
        if (!stop_ && !failed_) {
            fail_with("upstream_failed", "the answer broke off before its end; send the request again");
        } else if (stop_) {
            const bool complete = finish_response(response_, *stop_, refused_, usage_);
            send(complete ? "response.completed" : "response.incomplete", {{"response", response_}});
        }
        return std::exchange(out_, {});
    }

  private:
    /// Adds one event; `members` stand behind its type and number.
    void send(std::string_view type, const Json& members) {
        Json event{{"type", type}, {"sequence_number", sequence_++}};
        event.update(members);
        out_ += wire::event(type, event);
    }

    void start(const std::string& id, const std::string& model) {
        if (std::exchange(started_, true)) return;
        response_ = response_object(response_id(id, context_), context_.model.empty() ? model : context_.model, context_);
        send("response.created", {{"response", response_}});
        send("response.in_progress", {{"response", response_}});
    }

    void write_blocks(const std::vector<StreamEvent>& events) {
        if (!events.empty()) start({}, {});
        for (const auto& event : events) {
            if (event.kind == StreamEvent::Kind::block_begin) begin(event.block);
            else if (event.kind == StreamEvent::Kind::block_delta) piece(event.block);
            else end();
        }
    }

    const std::string& id() const { return response_["id"].get_ref<const std::string&>(); }
    std::size_t output_index() const { return response_["output"].size(); }
    Json place() const { return {{"item_id", item_["id"]}, {"output_index", output_index()}}; }
    Json content_place() const {
        auto out = place();
        out["content_index"] = item_["content"].size();
        return out;
    }
    Json summary_place() const {
        auto out = place();
        out["summary_index"] = 0;
        return out;
    }
    static Json with(Json place, const char* key, Json value) {
        place[key] = std::move(value);
        return place;
    }

    void item_added(Json item) {
        item_ = std::move(item);
        send("response.output_item.added", {{"output_index", output_index()}, {"item", item_}});
    }
    void item_done() {
        send("response.output_item.done", {{"output_index", output_index()}, {"item", item_}});
        response_["output"].push_back(std::move(item_));
        item_ = nullptr;
    }

    void begin(const Block& block) {
        block_ = block;
        block_.text.clear();
        block_.arguments.clear();
        summary_open_ = false;
        const bool part = block.kind == Block::Kind::text || block.kind == Block::Kind::refusal;
        if (!part) end_message();
        switch (block.kind) {
            case Block::Kind::text:
            case Block::Kind::refusal: begin_part(); break;
            case Block::Kind::tool_use: begin_call(); break;
            case Block::Kind::thinking:
            case Block::Kind::redacted_thinking:
                item_added({{"id", block.id.empty() ? item_id("rs", id(), output_index()) : block.id},
                            {"type", "reasoning"},
                            {"summary", Json::array()}});
                break;
            case Block::Kind::image:
            case Block::Kind::file:
            case Block::Kind::audio:
            case Block::Kind::tool_result:
            case Block::Kind::native: break;  // a response has no place for these
        }
        piece(block);
    }

    void begin_part() {
        if (item_.is_null())
            item_added({{"id", item_id("msg", id(), output_index())},
                        {"type", "message"},
                        {"status", "in_progress"},
                        {"role", "assistant"},
                        {"content", Json::array()}});
        if (block_.kind == Block::Kind::refusal) refused_ = true;
        send("response.content_part.added", with(content_place(), "part", write_output_part(block_)));
    }

    void begin_call() {
        custom_ = is_custom_tool(context_.request, block_.name);
        auto item = write_call_item(block_, context_.request, item_id(custom_ ? "ctc" : "fc", id(), output_index()), "in_progress");
        item[custom_ ? "input" : "arguments"] = "";
        item_added(std::move(item));
    }

    void piece(const Block& more) {
        if (!more.signature.empty()) {
            block_.signature = more.signature;
            block_.signed_by = more.signed_by;
        }
        switch (block_.kind) {
            case Block::Kind::text:
            case Block::Kind::refusal:
                if (more.text.empty()) return;
                block_.text += more.text;
                if (block_.kind == Block::Kind::refusal)
                    return send("response.refusal.delta", with(content_place(), "delta", more.text));
                return send("response.output_text.delta",
                            with(with(content_place(), "delta", more.text), "logprobs", Json::array()));
            case Block::Kind::thinking:
                if (more.text.empty()) return;
                open_summary();
                block_.text += more.text;
                return send("response.reasoning_summary_text.delta", with(summary_place(), "delta", more.text));
            case Block::Kind::tool_use:
                if (more.arguments.empty()) return;
                block_.arguments += more.arguments;
                // The input of a custom tool stands inside JSON and is taken out at the end.
                if (!custom_) send("response.function_call_arguments.delta", with(place(), "delta", more.arguments));
                return;
            case Block::Kind::redacted_thinking:
                if (!more.data.empty()) block_.data = more.data;
                return;
            case Block::Kind::image:
            case Block::Kind::file:
            case Block::Kind::audio:
            case Block::Kind::tool_result:
            case Block::Kind::native: return;
        }
    }

    void open_summary() {
        if (std::exchange(summary_open_, true)) return;
        send("response.reasoning_summary_part.added",
             with(summary_place(), "part", {{"type", "summary_text"}, {"text", ""}}));
    }

    void end() {
        switch (block_.kind) {
            case Block::Kind::text: return end_part("response.output_text.done", "text");
            case Block::Kind::refusal: return end_part("response.refusal.done", "refusal");
            case Block::Kind::tool_use: return end_call();
            case Block::Kind::thinking:
            case Block::Kind::redacted_thinking: return end_reasoning();
            case Block::Kind::image:
            case Block::Kind::file:
            case Block::Kind::audio:
            case Block::Kind::tool_result:
            case Block::Kind::native: return;
        }
    }

    void end_part(std::string_view done, const char* member) {
        auto event = with(content_place(), member, block_.text);
        if (block_.kind == Block::Kind::text) event["logprobs"] = Json::array();
        send(done, event);
        auto part = write_output_part(block_);
        send("response.content_part.done", with(content_place(), "part", part));
        item_["content"].push_back(std::move(part));
    }

    /// A message stays open for another part until something else begins.
    void end_message() {
        if (item_.is_null()) return;
        item_["status"] = "completed";
        item_done();
    }

    void end_call() {
        auto item = write_call_item(block_, context_.request, item_["id"], "completed");
        if (custom_) {
            send("response.custom_tool_call_input.delta", with(place(), "delta", item["input"]));
            send("response.custom_tool_call_input.done", with(place(), "input", item["input"]));
        } else {
            if (block_.arguments.empty()) send("response.function_call_arguments.delta", with(place(), "delta", "{}"));
            send("response.function_call_arguments.done",
                 with(with(place(), "name", block_.name), "arguments", item["arguments"]));
        }
        item_ = std::move(item);
        item_done();
    }

    void end_reasoning() {
        if (summary_open_) {
            const Json part{{"type", "summary_text"}, {"text", block_.text}};
            send("response.reasoning_summary_text.done", with(summary_place(), "text", block_.text));
            send("response.reasoning_summary_part.done", with(summary_place(), "part", part));
            item_["summary"].push_back(part);
        }
        if (auto encrypted = write_encrypted(block_); !encrypted.empty()) item_["encrypted_content"] = std::move(encrypted);
        item_done();
    }

    void fail_with(const std::string& type, const std::string& message) {
        start({}, {});
        failed_ = true;
        CallError error;
        error.type = type;
        error.message = message;
        auto code = error_object(error)["code"];
        if (code.is_null()) code = type == "invalid_request" ? "invalid_prompt" : "server_error";
        response_["status"] = "failed";
        response_["error"] = {{"code", std::move(code)}, {"message", message}};
        if (usage_) response_["usage"] = write_responses_usage(*usage_);
        send("response.failed", {{"response", response_}});
    }

    AnswerContext context_;
    BlockOrder order_;
    std::string out_;
    Json response_, item_;  ///< the answer so far, and the item that is open (null: none)
    Block block_;           ///< the block that is open, as far as it came
    std::optional<UsageRecord> usage_;
    std::optional<StopReason> stop_;
    std::size_t sequence_ = 0;
    bool started_ = false, failed_ = false, finished_ = false, refused_ = false, custom_ = false, summary_open_ = false;
};

}  // namespace

std::unique_ptr<StreamWriter> make_responses_writer(AnswerContext context) {
    return std::make_unique<ResponsesWriter>(std::move(context));
}

}  // namespace sluice::llm::openai
