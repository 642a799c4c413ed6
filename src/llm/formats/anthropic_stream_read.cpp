#include <utility>

#include "llm/formats/anthropic.hpp"

namespace sluice::llm::anthropic {

namespace {

constexpr std::size_t most_members = 64;  // of a usage object; there are ten

class Reader final : public StreamReader {
  public:
    Result<void> feed(const net::SseParser::Event& event, const EventSink& sink) override {
        if (ended_ || event.data.empty()) return {};
        auto frame = wire::parse_upstream(event.data, format_name);
        if (!frame) return fail(std::move(frame.error()));
        const auto type = base::string_or(*frame, "type", event.event);
        if (type == "message_start") return message_start(*frame, sink);
        if (type == "content_block_start") return block_start(*frame, sink);
        if (type == "content_block_delta") return block_delta(*frame, sink);
        if (type == "content_block_stop") return close(sink);
        if (type == "message_delta") return message_delta(*frame, sink);
        if (type == "message_stop") return message_stop(sink);
        if (type == "error") return error(*frame, sink);
        if (type == "ping") return sink({.kind = StreamEvent::Kind::ping});
        return {};  // of a kind that came later than this reader
    }

    Result<void> finish(const EventSink& sink) override {
        if (ended_) return {};
        // With the stop reason everything was said; message_stop only closes.
        if (stopped_) return message_stop(sink);
        return fail(wire::broken_off());
    }

    bool ended() const override { return ended_; }

  private:
    Result<void> start(std::string id, std::string model, const EventSink& sink) {
        if (std::exchange(started_, true)) return {};
        return sink({.kind = StreamEvent::Kind::start, .id = std::move(id), .model = std::move(model), .usage = told()});
    }

    Result<void> message_start(const Json& frame, const EventSink& sink) {
        const auto* message = base::find_member(frame, "message");
        if (!message) return fail(wire::not_of_format(format_name, "message_start has no message"));
        merge_usage(base::find_member(*message, "usage"));
        return start(base::string_or(*message, "id", ""), base::string_or(*message, "model", ""), sink);
    }

    Result<void> block_start(const Json& frame, const EventSink& sink) {
        if (auto done = start("", "", sink); !done) return done;
        if (auto done = close(sink); !done) return done;
        const auto* json = base::find_member(frame, "content_block");
        if (!json) return fail(wire::not_of_format(format_name, "content_block_start has no block"));
        auto block = read_answer_block(*json);
        if (!block) return {};  // a server tool's: its deltas find no open block and are passed over
        auto said = std::exchange(block->text, {});
        auto signature = std::exchange(block->signature, {});
        auto data = std::exchange(block->data, {});
        // A call's input stands here only where the server does not stream it.
        initial_arguments_ = std::exchange(block->arguments, {});
        if (initial_arguments_ == "{}") initial_arguments_.clear();
        if (auto done = open(std::move(*block), sink); !done) return done;
        if (!said.empty() || !data.empty())
            if (auto done = delta({.text = std::move(said), .data = std::move(data)}, sink); !done) return done;
        if (!signature.empty()) return delta({.signature = std::move(signature), .signed_by = std::string(vendor)}, sink);
        return {};
    }

    Result<void> block_delta(const Json& frame, const EventSink& sink) {
        const auto* json = base::find_member(frame, "delta");
        if (!json) return {};
        const auto type = base::string_or(*json, "type", "");
        if (type == "text_delta") return said(Block::Kind::text, base::string_or(*json, "text", ""), sink);
        if (type == "thinking_delta") return said(Block::Kind::thinking, base::string_or(*json, "thinking", ""), sink);
        if (type == "signature_delta" && open_ == Block::Kind::thinking)
            return delta({.signature = base::string_or(*json, "signature", ""), .signed_by = std::string(vendor)}, sink);
        if (type == "input_json_delta" && open_ == Block::Kind::tool_use) {
            auto piece = base::string_or(*json, "partial_json", "");
            if (piece.empty()) return {};
            initial_arguments_.clear();
            return delta({.arguments = std::move(piece)}, sink);
        }
        return {};
    }

    /// Some servers that speak this format put a thought into a text block, or begin no block: a new one is begun here.
    Result<void> said(Block::Kind kind, std::string text, const EventSink& sink) {
        if (text.empty()) return {};
        if (open_ != kind) {
            if (auto done = start("", "", sink); !done) return done;
            if (auto done = close(sink); !done) return done;
            if (auto done = open({.kind = kind}, sink); !done) return done;
        }
        return delta({.text = std::move(text)}, sink);
    }

    Result<void> open(Block block, const EventSink& sink) {
        open_ = block.kind;
        return sink({.kind = StreamEvent::Kind::block_begin, .index = next_++, .block = std::move(block)});
    }

    Result<void> delta(Block block, const EventSink& sink) {
        block.kind = *open_;
        return sink({.kind = StreamEvent::Kind::block_delta, .index = next_ - 1, .block = std::move(block)});
    }

    Result<void> close(const EventSink& sink) {
        if (!open_) return {};
        if (auto arguments = std::exchange(initial_arguments_, {}); !arguments.empty())
            if (auto done = delta({.arguments = std::move(arguments)}, sink); !done) return done;
        open_.reset();
        return sink({.kind = StreamEvent::Kind::block_end, .index = next_ - 1});
    }

    Result<void> message_delta(const Json& frame, const EventSink& sink) {
        if (const auto* json = base::find_member(frame, "delta")) {
            if (const auto reason = base::string_or(*json, "stop_reason", ""); !reason.empty()) {
                stopped_ = true;
                stop_ = read_stop(reason);
            }
            stop_sequence_ = base::string_or(*json, "stop_sequence", stop_sequence_);
        }
        const auto* usage = base::find_member(frame, "usage");
        if (!usage) return {};
        merge_usage(usage);
        auto record = told();
        if (!record) return {};
        return sink({.kind = StreamEvent::Kind::usage, .usage = std::move(record)});
    }

    Result<void> message_stop(const EventSink& sink) {
        if (auto done = start("", "", sink); !done) return done;
        if (auto done = close(sink); !done) return done;
        ended_ = true;
        return sink({.kind = StreamEvent::Kind::stop, .usage = told(), .stop = stop_, .stop_sequence = stop_sequence_});
    }

    Result<void> error(const Json& frame, const EventSink& sink) {
        const auto* json = base::find_member(frame, "error");
        const auto type = json ? base::string_or(*json, "type", "") : std::string();
        auto message = json ? wire::told(base::string_or(*json, "message", "")) : std::string();
        if (message.empty()) message = "the model provider broke its answer off with an error";
        ended_ = true;
        return sink({.kind = StreamEvent::Kind::error,
                     .error_type = read_error_type(type, 500),
                     .error_message = std::move(message)});
    }

    /// Later counts replace earlier ones; what a frame leaves out or sets to null stays.
    void merge_usage(const Json* usage) {
        if (!usage || !usage->is_object()) return;
        for (const auto& [name, value] : usage->items())
            if (!value.is_null() && (usage_.size() < most_members || usage_.contains(name))) usage_[name] = value;
    }

    std::optional<UsageRecord> told() const { return usage_.empty() ? std::nullopt : read_usage(usage_); }

    bool started_ = false, stopped_ = false, ended_ = false;
    std::optional<Block::Kind> open_;
    std::size_t next_ = 0;
    std::string initial_arguments_;
    Json usage_ = Json::object();
    StopReason stop_ = StopReason::end;
    std::string stop_sequence_;
};

}  // namespace

std::unique_ptr<StreamReader> stream_reader() { return std::make_unique<Reader>(); }

}  // namespace sluice::llm::anthropic
