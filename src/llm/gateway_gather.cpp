// A stream of a model for a step of a flow: told as it comes, and put together.

#include <algorithm>
#include <map>

#include "llm/gateway_answers.hpp"

namespace sluice::llm {
namespace {

constexpr std::size_t largest_answer = 64u << 20;

class Gatherer {
  public:
    Gatherer(const Target& target, const Format& spoken, const TextSink& on_text, Gathered& out)
        : target_(target), reader_(spoken.stream_reader()), on_text_(on_text), out_(out) {}

    Result<void> feed(std::string_view bytes) {
        if (target_.type->framed_stream()) {
            auto unpacked = frames_.feed(bytes);
            if (!unpacked) return fail(std::move(unpacked.error()));
            return parse(*unpacked);
        }
        return parse(bytes);
    }
    bool ended() const { return reader_->ended(); }
    Result<void> finish() {
        EventSink sink = [this](StreamEvent event) { return take(std::move(event)); };
        if (!reader_->ended())
            if (auto ended = reader_->finish(sink); !ended) return ended;
        for (auto& [index, block] : blocks_) out_.answer.blocks.push_back(std::move(block));
        blocks_.clear();
        return {};
    }

  private:
    Result<void> parse(std::string_view bytes) {
        EventSink sink = [this](StreamEvent event) { return take(std::move(event)); };
        std::function<Result<void>(const net::SseParser::Event&)> on_event = [&](const net::SseParser::Event& event) {
            return reader_->feed(event, sink);
        };
        return parser_.feed(bytes, on_event);
    }

    Result<void> take(StreamEvent event) {
        using Kind = StreamEvent::Kind;
        if (event.usage) out_.answer.usage = std::move(event.usage);
        switch (event.kind) {
            case Kind::start:
                out_.answer.id = std::move(event.id);
                out_.answer.model = std::move(event.model);
                return {};
            case Kind::block_begin:
            case Kind::block_delta: return piece(event);
            case Kind::stop:
                out_.answer.stop = event.stop;
                out_.answer.stop_sequence = std::move(event.stop_sequence);
                return {};
            case Kind::error:
                return fail(Error{ErrorCode::upstream_failed,
                                  fmt::format("the model provider {} ended the stream with an error: {}", target_.provider, event.error_message),
                                  {},
                                  true});
            default: return {};
        }
    }

    Result<void> piece(const StreamEvent& event) {
        auto& block = blocks_[event.index];
        if (event.kind == StreamEvent::Kind::block_begin) {
            block.kind = event.block.kind;
            block.id = event.block.id;
            block.name = event.block.name;
        } else {
            ++out_.deltas;
        }
        block.text += event.block.text;
        block.arguments += event.block.arguments;
        out_.bytes += static_cast<std::int64_t>(event.block.text.size() + event.block.arguments.size());
        if (static_cast<std::size_t>(out_.bytes) > largest_answer)
            return fail(Error{ErrorCode::upstream_failed, "the answer is larger than 64 MiB", {}, false});
        const bool said = block.kind == Block::Kind::text || block.kind == Block::Kind::refusal;
        if (!said || event.block.text.empty()) return {};
        out_.told = true;
        on_text_(event.block.text);
        return {};
    }

    const Target& target_;
    std::unique_ptr<StreamReader> reader_;
    const TextSink& on_text_;
    Gathered& out_;
    EventStreamReader frames_;
    net::SseParser parser_;
    std::map<std::size_t, Block> blocks_;
};

}  // namespace

UsageRecord Gathered::so_far(std::int64_t sent_bytes) const {
    auto out = estimated_usage(sent_bytes, std::max<std::int64_t>(deltas, (bytes + 3) / 4));
    if (!answer.usage || answer.usage->input() == 0) return out;
    const auto streamed = out.output_visible;
    out = *answer.usage;
    out.output_visible = std::max(out.output_visible, streamed - out.output_reasoning);
    out.estimated = true;
    return out;
}

Awaitable<Result<void>> gather(net::AnswerStream& upstream, const Target& target, const Format& spoken, const TextSink& on_text, Gathered& out) {
    Gatherer gatherer(target, spoken, on_text, out);
    while (!gatherer.ended()) {
        auto piece = co_await upstream.read();
        if (!piece) {
            if (gatherer.ended()) break;
            co_return fail(Error{piece.error().code == ErrorCode::timeout ? ErrorCode::timeout : ErrorCode::upstream_failed,
                                 fmt::format("the model provider {} broke off: {}", target.provider, piece.error().message),
                                 {},
                                 true});
        }
        if (piece->empty()) {
            // What stands after the last empty line is a frame that its sender did not end.
            if (!target.type->framed_stream())
                if (auto fed = gatherer.feed("\n\n"); !fed) co_return fed;
            break;
        }
        if (auto fed = gatherer.feed(*piece); !fed) co_return fed;
    }
    co_return gatherer.finish();
}

}  // namespace sluice::llm
