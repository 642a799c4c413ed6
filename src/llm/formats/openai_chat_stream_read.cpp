#include <algorithm>
#include <optional>

#include "llm/formats/openai_chat.hpp"

namespace sluice::llm::openai {

namespace {

/// One text-like block is open at a time; calls of tools stay open beside each other until something else begins,
/// because their fragments may be mixed. Of several choices the first is read. Sound is passed over.
class ChatReader final : public StreamReader {
  public:
    Result<void> feed(const net::SseParser::Event& event, const EventSink& sink) override {
        if (over_ || event.data.empty()) return {};
        if (event.data == "[DONE]") return read_done(sink);
        const auto parsed = base::parse_json(event.data, answer_limits);
        if (!parsed) return fail(not_of_format(chat_name, parsed.error().message));
        if (!parsed->is_object()) return fail(not_of_format(chat_name, "an event is no object"));
        if (const auto* error = base::find_member(*parsed, "error"); error && !error->is_null()) {
            over_ = done_ = true;
            return sink(error_event(*error));
        }
        return read_chunk(*parsed, sink);
    }

    Result<void> finish(const EventSink& sink) override {
        if (over_) return {};
        if (!reason_) {
            return fail(Error{ErrorCode::upstream_failed,
                              "the model provider broke off in the middle of its answer; the request can be sent again", {}, true});
        }
        return close(sink);
    }

    bool ended() const override { return done_; }

  private:
    struct Call {
        std::int64_t index = 0;  ///< the vendor's
        std::string id, name, waiting, signature;
        bool custom = false;
        std::optional<std::size_t> block;  ///< begun as
        bool ended = false;
    };

    Result<void> read_done(const EventSink& sink) {
        done_ = true;
        if (!started_ && !reason_) return fail(not_of_format(chat_name, "its stream ended before it began"));
        return close(sink);
    }

    Result<void> read_chunk(const Json& chunk, const EventSink& sink) {
        const auto* choices = base::find_member(chunk, "choices");
        if (!started_) {
            started_ = true;
            StreamEvent start{.kind = StreamEvent::Kind::start};
            start.id = id_ = base::string_or(chunk, "id", "");
            start.model = base::string_or(chunk, "model", "");
            if (auto sent = sink(std::move(start)); !sent) return sent;
        }
        if (choices && choices->is_array())
            for (const auto& choice : *choices)
                if (auto read = read_choice(choice, sink); !read) return read;
        auto usage = read_chat_usage(chunk);
        if (!usage) return {};
        StreamEvent told{.kind = StreamEvent::Kind::usage};
        told.usage = std::move(usage);
        return sink(std::move(told));
    }

    Result<void> read_choice(const Json& choice, const EventSink& sink) {
        const auto* index = base::find_member(choice, "index");
        if (index && index->is_number_integer() && *index != 0) return {};
        if (const auto* delta = base::find_member(choice, "delta"); delta && delta->is_object())
            if (auto read = read_delta(*delta, sink); !read) return read;
        if (auto reason = base::string_or(choice, "finish_reason", ""); !reason.empty()) reason_ = std::move(reason);
        return {};
    }

    Result<void> read_delta(const Json& delta, const EventSink& sink) {
        auto thought = base::string_or(delta, "reasoning_content", "");
        if (thought.empty()) thought = base::string_or(delta, "reasoning", "");
        if (auto sent = text(Block::Kind::thinking, std::move(thought), sink); !sent) return sent;
        if (auto sent = text(Block::Kind::text, base::string_or(delta, "content", ""), sink); !sent) return sent;
        if (auto sent = text(Block::Kind::refusal, base::string_or(delta, "refusal", ""), sink); !sent) return sent;
        if (const auto* calls = base::find_member(delta, "tool_calls"); calls && calls->is_array())
            for (std::size_t i = 0; i < calls->size(); ++i)
                if (auto read = read_call((*calls)[i], sink); !read) return read;
        if (const auto* call = base::find_member(delta, "function_call"); call && call->is_object())
            return read_call(Json{{"index", 0}, {"function", *call}}, sink);
        return {};
    }

    Result<void> text(Block::Kind kind, std::string piece, const EventSink& sink) {
        if (piece.empty()) return {};
        if (kind == Block::Kind::refusal) refused_ = true;
        if (!open_ || open_kind_ != kind) {
            if (auto ended = end_open(sink); !ended) return ended;
            open_ = next_++;
            open_kind_ = kind;
            if (auto sent = begin(*open_, {.kind = kind}, sink); !sent) return sent;
        }
        return piece_of(*open_, {.kind = kind, .text = std::move(piece)}, sink);
    }

    /// The call that a fragment belongs to: by index; servers without one (or with always the same) tell calls by id.
    Call& call_of(const Json& fragment, const std::string& id) {
        const auto* member = base::find_member(fragment, "index");
        const bool numbered = member && member->is_number_integer();
        const auto index = numbered ? member->get<std::int64_t>() : -1;
        const auto it = std::find_if(calls_.rbegin(), calls_.rend(), [&](const Call& call) {
            if (numbered && call.index != index) return false;
            return id.empty() || call.id.empty() || call.id == id;
        });
        if (it != calls_.rend()) return *it;
        return calls_.emplace_back(Call{.index = index, .id = id});
    }

    Result<void> read_call(const Json& fragment, const EventSink& sink) {
        if (!fragment.is_object()) return {};
        const auto id = base::string_or(fragment, "id", "");
        Call& call = call_of(fragment, id);
        if (call.id.empty()) call.id = id;
        const auto* custom = base::find_member(fragment, "custom");
        const auto* function = custom ? custom : base::find_member(fragment, "function");
        if (custom) call.custom = true;
        if (Block read; read_call_signature(fragment, read), !read.signature.empty()) call.signature = read.signature;
        if (function) {
            if (call.name.empty()) call.name = base::string_or(*function, "name", "");
            if (const auto* more = base::find_member(*function, custom ? "input" : "arguments"); more && !more->is_null())
                call.waiting += more->is_string() ? more->get<std::string>() : base::dump_json(*more);
        }
        if (call.name.empty()) return {};
        if (!call.block) {
            if (auto ended = end_text(sink); !ended) return ended;
            call.block = next_++;
            if (call.id.empty()) call.id = made_call_id(id_, calls_.size() - 1);
            if (auto sent = begin(*call.block, {.kind = Block::Kind::tool_use, .id = call.id, .name = call.name}, sink); !sent)
                return sent;
        }
        // Free text becomes JSON as a whole, at the call's end.
        return call.custom ? Result<void>{} : flush(call, sink);
    }

    Result<void> flush(Call& call, const EventSink& sink) {
        if (call.waiting.empty()) return {};
        if (call.ended) return fail(not_of_format(chat_name, "a tool call goes on after the text behind it"));
        Block more{.kind = Block::Kind::tool_use};
        more.arguments.swap(call.waiting);
        return piece_of(*call.block, std::move(more), sink);
    }

    Result<void> end_text(const EventSink& sink) {
        if (!open_) return {};
        const auto index = *open_;
        open_.reset();
        return end(index, sink);
    }

    Result<void> end_open(const EventSink& sink) {
        if (auto ended = end_text(sink); !ended) return ended;
        for (auto& call : calls_) {
            if (call.ended || !call.block) continue;
            if (call.custom) call.waiting = custom_arguments(call.waiting);
            if (auto sent = flush(call, sink); !sent) return sent;
            if (!call.signature.empty()) {
                Block mark{.kind = Block::Kind::tool_use, .signature = call.signature, .signed_by = "gemini"};
                if (auto sent = piece_of(*call.block, std::move(mark), sink); !sent) return sent;
            }
            call.ended = true;
            if (auto ended = end(*call.block, sink); !ended) return ended;
        }
        return {};
    }

    Result<void> close(const EventSink& sink) {
        over_ = true;
        const bool nameless = std::any_of(calls_.begin(), calls_.end(), [](const Call& call) { return !call.block; });
        if (nameless) return fail(not_of_format(chat_name, "a tool call has no name"));
        if (auto ended = end_open(sink); !ended) return ended;
        StreamEvent stop{.kind = StreamEvent::Kind::stop};
        stop.stop = read_finish_reason(reason_.value_or("stop"), !calls_.empty(), refused_);
        return sink(std::move(stop));
    }

    static Result<void> begin(std::size_t index, Block block, const EventSink& sink) {
        return tell(StreamEvent::Kind::block_begin, index, std::move(block), sink);
    }
    static Result<void> piece_of(std::size_t index, Block block, const EventSink& sink) {
        return tell(StreamEvent::Kind::block_delta, index, std::move(block), sink);
    }
    static Result<void> end(std::size_t index, const EventSink& sink) {
        return tell(StreamEvent::Kind::block_end, index, {}, sink);
    }
    static Result<void> tell(StreamEvent::Kind kind, std::size_t index, Block block, const EventSink& sink) {
        StreamEvent event{.kind = kind, .index = index};
        event.block = std::move(block);
        return sink(std::move(event));
    }

    std::string id_;
    std::vector<Call> calls_;
    std::optional<std::size_t> open_;  ///< the open text, refusal or thought
    Block::Kind open_kind_ = Block::Kind::text;
    std::size_t next_ = 0;
    std::optional<std::string> reason_;
    bool started_ = false, refused_ = false, done_ = false, over_ = false;
};

}  // namespace

std::unique_ptr<StreamReader> make_chat_reader() { return std::make_unique<ChatReader>(); }

}  // namespace sluice::llm::openai
