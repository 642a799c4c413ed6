#include <algorithm>
#include <map>
#include <utility>

#include "llm/formats/gemini.hpp"

namespace sluice::llm::gemini_wire {

namespace {

/// Frames are partial answers; the last has a finishReason, and the stream ends where the connection does.
class Reader final : public StreamReader {
  public:
    Result<void> feed(const net::SseParser::Event& event, const EventSink& sink) override {
        if (ended() || event.data.empty()) return {};
        auto frame = wire::parse_upstream(event.data, format_name);
        if (!frame) return fail(std::move(frame.error()));
        if (const auto* error = find_error(*frame)) return stop_with(*error, sink);
        if (!frame->is_object()) return fail(wire::not_of_format(format_name, "a frame is no object"));
        if (!std::exchange(started_, true)) {
            id_ = base::string_or(*frame, "responseId", "");
            if (auto done = sink({.kind = StreamEvent::Kind::start, .id = id_, .model = base::string_or(*frame, "modelVersion", "")}); !done)
                return done;
        }
        if (const auto* candidate = first_candidate(*frame)) {
            if (auto done = read_parts(*candidate, sink); !done) return done;
            if (const auto reason = base::string_or(*candidate, "finishReason", ""); !reason.empty() && reason != "FINISH_REASON_UNSPECIFIED")
                stop_ = read_stop(reason);
        } else if (const auto* feedback = base::find_member(*frame, "promptFeedback"); feedback && base::find_member(*feedback, "blockReason")) {
            stop_ = StopReason::content_filter;
        }
        auto usage = read_usage(*frame);
        if (!usage) return {};
        // The searches may be told in an earlier frame than the last counts.
        if (usage->tool_uses.empty() && usage_) usage->tool_uses = usage_->tool_uses;
        usage_ = usage;
        if (auto done = sink({.kind = StreamEvent::Kind::usage, .usage = std::move(usage)}); !done) return done;
        // The last frame has both; a reason without counts waits for the frame that has them, or the connection's end.
        return stop_ ? stop(sink) : Result<void>();
    }

    Result<void> finish(const EventSink& sink) override {
        if (ended()) return {};
        if (!stop_) return fail(wire::broken_off());
        return stop(sink);
    }

    bool ended() const override { return failed_ || finished_; }

  private:
    Result<void> stop(const EventSink& sink) {
        finished_ = true;
        if (auto done = close(sink); !done) return done;
        if (stop_ == StopReason::end && calls_ > 0) stop_ = StopReason::tool_use;
        return sink({.kind = StreamEvent::Kind::stop, .usage = usage_, .stop = *stop_});
    }

    Result<void> read_parts(const Json& candidate, const EventSink& sink) {
        const auto* content = base::find_member(candidate, "content");
        const auto* parts = content ? base::find_member(*content, "parts") : nullptr;
        if (!parts || !parts->is_array()) return {};
        for (const auto& part : *parts)
            if (auto block = read_answer_part(part, id_, calls_))
                if (auto done = tell(std::move(*block), sink); !done) return done;
        return {};
    }

    Result<void> tell(Block block, const EventSink& sink) {
        const bool flows = block.kind == Block::Kind::text || block.kind == Block::Kind::thinking;
        const bool last = !flows || !block.signature.empty();  // what is signed is a part of its own
        if (!flows || open_ != block.kind) {
            if (auto done = close(sink); !done) return done;
            open_ = block.kind;
            if (auto done = sink({.kind = StreamEvent::Kind::block_begin,
                                  .index = next_++,
                                  .block = {.kind = block.kind, .id = block.id, .name = block.name, .media_type = block.media_type}});
                !done)
                return done;
        }
        block.id.clear();
        block.name.clear();
        if (auto done = sink({.kind = StreamEvent::Kind::block_delta, .index = next_ - 1, .block = std::move(block)}); !done) return done;
        return last ? close(sink) : Result<void>();
    }

    Result<void> close(const EventSink& sink) {
        if (!open_) return {};
        open_.reset();
        return sink({.kind = StreamEvent::Kind::block_end, .index = next_ - 1});
    }

    Result<void> stop_with(const Json& error, const EventSink& sink) {
        failed_ = true;
        const auto* code = base::find_member(error, "code");
        const bool known = code && code->is_number_integer() && *code >= Json(400) && *code < Json(600);
        auto read = read_error_object(error, known ? code->get<int>() : 500);
        return sink({.kind = StreamEvent::Kind::error,
                     .error_type = std::move(read.type),
                     .error_message = read.message.empty() ? "the model provider broke its answer off with an error" : std::move(read.message)});
    }

    bool started_ = false, failed_ = false, finished_ = false;
    std::string id_;
    std::optional<Block::Kind> open_;
    std::size_t next_ = 0, calls_ = 0;
    std::optional<StopReason> stop_;
    std::optional<UsageRecord> usage_;
};

/// Text and thoughts go out as they come; everything else is a whole part and waits for its end.
class Writer final : public StreamWriter {
  public:
    explicit Writer(AnswerContext context) : context_(std::move(context)) { context_.request = nullptr; }

    std::string write(const StreamEvent& event) override {
        if (over_) return {};
        if (event.usage) usage_ = event.usage;
        switch (event.kind) {
            case StreamEvent::Kind::ping: return ": ping\n\n";  // a comment: the format has no frame for it
            case StreamEvent::Kind::start:
                if (!event.id.empty()) id_ = event.id;
                if (context_.model.empty()) context_.model = event.model;
                return {};
            case StreamEvent::Kind::usage: return {};
            case StreamEvent::Kind::block_begin: blocks_[event.index] = event.block; return {};
            case StreamEvent::Kind::block_delta: return delta(event);
            case StreamEvent::Kind::block_end: {
                const auto found = blocks_.find(event.index);
                if (found == blocks_.end()) return {};
                auto out = whole(found->second);
                blocks_.erase(found);
                return out;
            }
            case StreamEvent::Kind::stop: return stop(event);
            case StreamEvent::Kind::error: {
                over_ = true;
                return write_stream_error({.status = status_of(event.error_type), .type = event.error_type, .message = event.error_message});
            }
        }
        return {};
    }

    std::string finish() override { return {}; }  // the end of the connection says it

  private:
    static bool flows(Block::Kind kind) {
        return kind == Block::Kind::text || kind == Block::Kind::refusal || kind == Block::Kind::thinking;
    }

    /// SDKs raise an error from a frame whose code is that of a failed request.
    static int status_of(std::string_view type) {
        static constexpr std::pair<std::string_view, int> statuses[] = {
            {"invalid_request", 400}, {"content_filter", 400}, {"authentication", 401}, {"budget_exceeded", 402}, {"permission", 403},
            {"not_found", 404},       {"too_large", 413},      {"rate_limited", 429},   {"upstream_failed", 502}, {"overloaded", 503},
            {"timeout", 504}};
        for (const auto& [name, status] : statuses)
            if (name == type) return status;
        return 500;
    }

    std::string frame(Json parts, std::string_view finish_reason = {}) {
        auto out = write_frame(std::move(parts), finish_reason, context_.model, id_.empty() ? context_.id : id_);
        if (usage_) out["usageMetadata"] = write_usage(*usage_);
        return wire::event({}, out);
    }

    std::string whole(const Block& block) {
        if (flows(block.kind)) return {};  // said already
        auto part = write_answer_part(block);
        return part.is_null() ? std::string() : frame(Json::array({std::move(part)}));
    }

    std::string delta(const StreamEvent& event) {
        auto& block = blocks_.try_emplace(event.index, Block{.kind = event.block.kind}).first->second;
        if (flows(block.kind)) {
            auto said = event.block;
            said.kind = block.kind;
            if (said.signed_by != vendor) said.signature.clear();
            if (said.text.empty() && said.signature.empty()) return {};
            return frame(Json::array({write_answer_part(said)}));
        }
        block.arguments += event.block.arguments;
        block.data += event.block.data;
        block.url += event.block.url;
        block.signature += event.block.signature;
        if (!event.block.media_type.empty()) block.media_type = event.block.media_type;
        if (!event.block.signed_by.empty()) block.signed_by = event.block.signed_by;
        return {};
    }

    std::string stop(const StreamEvent& event) {
        std::string out;
        for (const auto& [index, block] : blocks_) out += whole(block);
        blocks_.clear();
        over_ = true;
        Json empty{{"text", ""}};
        return out + frame(Json::array({std::move(empty)}), write_stop(event.stop));
    }

    AnswerContext context_;
    std::string id_;
    std::map<std::size_t, Block> blocks_;  // open ones, by the event's index
    std::optional<UsageRecord> usage_;
    bool over_ = false;
};

}  // namespace

std::unique_ptr<StreamReader> stream_reader() { return std::make_unique<Reader>(); }
std::unique_ptr<StreamWriter> stream_writer(AnswerContext context) { return std::make_unique<Writer>(std::move(context)); }

}  // namespace sluice::llm::gemini_wire
