#include <map>
#include <utility>

#include "llm/formats/anthropic.hpp"

namespace sluice::llm::anthropic {

namespace {

/// The format has one open block at a time: what comes for another waits until that one ends.
class Writer final : public StreamWriter {
  public:
    explicit Writer(AnswerContext context) : context_(std::move(context)) { context_.request = nullptr; }

    std::string write(const StreamEvent& event) override {
        if (over_) return {};
        std::string out;
        switch (event.kind) {
            case StreamEvent::Kind::ping: return wire::event("ping", {{"type", "ping"}});
            case StreamEvent::Kind::start:
                keep(event.usage);
                start(event, out);
                break;
            case StreamEvent::Kind::usage: keep(event.usage); break;
            case StreamEvent::Kind::block_begin:
                start(event, out);
                waiting_.try_emplace(event.index, Waiting{.block = event.block});
                advance(out);
                break;
            case StreamEvent::Kind::block_delta: delta(event, out); break;
            case StreamEvent::Kind::block_end:
                if (const auto found = waiting_.find(event.index); found != waiting_.end()) found->second.ended = true;
                advance(out);
                break;
            case StreamEvent::Kind::stop: stop(event, out); break;
            case StreamEvent::Kind::error:
                over_ = true;
                return write_stream_error({.type = event.error_type, .message = event.error_message});
        }
        return out;
    }

    std::string finish() override { return {}; }  // message_stop was the last

  private:
    /// A block that was begun and not yet wholly sent.
    struct Waiting {
        Block block;  ///< with what is still to be sent
        bool begun = false, ended = false;
    };

    void keep(const std::optional<UsageRecord>& usage) {
        if (usage) usage_ = usage;
    }

    void start(const StreamEvent& event, std::string& out) {
        if (std::exchange(started_, true)) return;
        auto message = message_head(event.id.empty() ? "msg_" + context_.id : event.id,
                                    context_.model.empty() ? event.model : context_.model);
        message["usage"] = write_usage(usage_.value_or(UsageRecord{}));
        out += wire::event("message_start", {{"type", "message_start"}, {"message", std::move(message)}});
    }

    void delta(const StreamEvent& event, std::string& out) {
        start(event, out);
        auto& block = waiting_.try_emplace(event.index, Waiting{.block = {.kind = event.block.kind}}).first->second.block;
        block.text += event.block.text;
        block.arguments += event.block.arguments;
        block.data += event.block.data;
        block.signature += event.block.signature;
        if (!event.block.signed_by.empty()) block.signed_by = event.block.signed_by;
        advance(out);
    }

    /// Sends what may be sent now.
    void advance(std::string& out) {
        while (!waiting_.empty()) {
            if (!open_) open_ = waiting_.begin()->first;
            auto& open = waiting_.at(*open_);
            if (!skipped(open.block.kind)) send(open, out);
            if (!open.ended) return;
            if (open.begun) out += wire::event("content_block_stop", {{"type", "content_block_stop"}, {"index", next_ - 1}});
            waiting_.erase(*open_);
            open_.reset();
        }
    }

    /// Kinds that the format's answers have no block for.
    static bool skipped(Block::Kind kind) {
        switch (kind) {
            case Block::Kind::text:
            case Block::Kind::refusal:
            case Block::Kind::thinking:
            case Block::Kind::redacted_thinking:
            case Block::Kind::tool_use: return false;
            case Block::Kind::image:
            case Block::Kind::file:
            case Block::Kind::audio:
            case Block::Kind::tool_result:
            case Block::Kind::native: return true;
        }
        return true;
    }

    void send(Waiting& waiting, std::string& out) {
        auto& block = waiting.block;
        if (block.kind == Block::Kind::redacted_thinking) {
            // Stands whole in its first frame, so it is begun when it ends.
            if (waiting.ended && block.signed_by == vendor)
                begin(waiting, {{"type", "redacted_thinking"}, {"data", block.data}}, out);
            return;
        }
        if (block.kind == Block::Kind::tool_use) {
            if (!waiting.begun)
                begin(waiting, {{"type", "tool_use"}, {"id", block.id}, {"name", block.name}, {"input", Json::object()}}, out);
            piece("input_json_delta", "partial_json", block.arguments, out);
        } else if (block.kind == Block::Kind::thinking) {
            if (!waiting.begun) begin(waiting, {{"type", "thinking"}, {"thinking", ""}, {"signature", ""}}, out);
            piece("thinking_delta", "thinking", block.text, out);
            if (block.signed_by == vendor) piece("signature_delta", "signature", block.signature, out);
        } else {
            if (!waiting.begun) begin(waiting, {{"type", "text"}, {"text", ""}}, out);
            piece("text_delta", "text", block.text, out);
        }
    }

    void begin(Waiting& waiting, Json block, std::string& out) {
        waiting.begun = true;
        out += wire::event("content_block_start",
                           {{"type", "content_block_start"}, {"index", next_++}, {"content_block", std::move(block)}});
    }

    void piece(const char* type, const char* member, std::string& text, std::string& out) {
        if (text.empty()) return;
        out += wire::event("content_block_delta", {{"type", "content_block_delta"},
                                                   {"index", next_ - 1},
                                                   {"delta", {{"type", type}, {member, std::exchange(text, {})}}}});
    }

    void stop(const StreamEvent& event, std::string& out) {
        keep(event.usage);
        start(event, out);
        for (auto& [index, waiting] : waiting_) waiting.ended = true;
        advance(out);
        over_ = true;
        out += wire::event("message_delta",
                           {{"type", "message_delta"},
                            {"delta",
                             {{"stop_reason", write_stop(event.stop)},
                              {"stop_sequence", event.stop_sequence.empty() ? Json() : Json(event.stop_sequence)}}},
                            {"usage", write_usage(usage_.value_or(UsageRecord{}))}});
        out += wire::event("message_stop", {{"type", "message_stop"}});
    }

    AnswerContext context_;
    bool started_ = false, over_ = false;
    std::map<std::size_t, Waiting> waiting_;  // by the event's index
    std::optional<std::size_t> open_;
    std::size_t next_ = 0;
    std::optional<UsageRecord> usage_;
};

}  // namespace

std::unique_ptr<StreamWriter> stream_writer(AnswerContext context) { return std::make_unique<Writer>(std::move(context)); }

}  // namespace sluice::llm::anthropic
