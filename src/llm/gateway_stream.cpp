// Streams: frames pass through as they came where both sides speak one format, or are told anew in the caller's.
// Nothing is sent before the first token, so that until then another model can take over.

#include <algorithm>

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include "llm/gateway_answers.hpp"
#include "llm/gateway_state.hpp"
#include "sluice/base/metrics.hpp"

namespace sluice::llm {
namespace {

base::metrics::Counter aborted_total("sluice_gateway_aborted_total", "Streams whose caller left before their end");

constexpr std::size_t held_back = 256 << 10;  ///< bytes before the first token
constexpr std::size_t largest_frame = 4 << 20;
constexpr std::size_t largest_whole = 64u << 20;

/// Cuts a stream of server-sent events into whole frames, with their bytes as they came.
class Frames {
  public:
    void add(std::string_view bytes) { waiting_.append(bytes); }
    /// The next frame with the empty line that ends it; nothing when none is whole. Lines end with LF, CRLF or CR.
    std::optional<std::string_view> next() {
        while (true) {
            const auto end = waiting_.find_first_of("\r\n", std::max(line_, looked_));
            looked_ = std::min(end, waiting_.size());
            if (end == std::string::npos) return std::nullopt;
            auto after = end + 1;
            if (waiting_[end] == '\r') {
                if (after == waiting_.size()) return std::nullopt;  // a line feed may belong to it
                if (waiting_[after] == '\n') ++after;
            }
            const bool empty = end == line_;
            line_ = after;
            if (!empty) continue;
            const auto frame = std::string_view(waiting_).substr(begin_, after - begin_);
            begin_ = after;
            return frame;
        }
    }
    /// Forgets what was given.
    void drop() {
        waiting_.erase(0, begin_);
        line_ -= begin_;
        looked_ -= std::min(looked_, begin_);
        begin_ = 0;
    }
    std::string_view rest() const { return std::string_view(waiting_).substr(begin_); }

  private:
    std::string waiting_;
    std::size_t begin_ = 0, line_ = 0, looked_ = 0;
};

/// One stream from a model to a caller.
class Relay {
  public:
    Relay(Gateway::State& state, const Incoming& in, const Target& target, net::AnswerStream upstream,
          std::shared_ptr<ModelRequest> translated, std::unique_ptr<Account> account, std::int64_t sent_bytes)
        : state_(state),
          door_(in.door.format),
          spoken_(&target.type->format(*in.door.format)),
          upstream_(std::move(upstream)),
          translated_(std::move(translated)),
          account_(std::move(account)),
          reader_(spoken_->stream_reader()),
          provider_(target.provider),
          strip_usage_(in.added_stream_options),
          framed_(target.type->framed_stream()),
          sent_bytes_(sent_bytes),
          scope_(in.scope) {
        scope_.model = target.model;
        if (in.guard && !in.guard->output.empty()) judge_ = std::make_unique<StreamJudge>(in.guard, *account_->report);
        if (!translated_ && !judge_) return;
        auto context = answer_context(state, in, translated_.get());
        context.stream_usage = context.stream_usage || (!translated_ && !strip_usage_);
        writer_ = door_->stream_writer(std::move(context));
    }
    ~Relay() { end_early("aborted"); }

    /// Reads until the first token (or the end). Errors: what the stream said instead; then nothing was sent.
    Awaitable<Result<void>> prime() {
        while (!begun_ && !over_ && out_.size() < held_back) {
            auto step = co_await pull();
            if (!step && begun_) {
                broken_ = std::move(step.error());  // what came before it is told first
                co_return Result<void>();
            }
            if (!step) co_return step;
            if (failed_ && !begun_) co_return fail(Error{ErrorCode::upstream_failed, error_message_, {}, true});
        }
        co_return Result<void>();
    }

    Awaitable<void> run(net::BodyWriter& to) {
        try {
            while (true) {
                if (!out_.empty()) {
                    auto sent = co_await to.write(std::exchange(out_, {}));
                    if (!sent) {
                        end_early("aborted");
                        co_return;
                    }
                }
                if (over_) break;
                Result<void> step;
                if (broken_)
                    step = fail(std::move(*broken_));
                else
                    step = co_await pull();
                if (!step) {
                    const auto error = call_error(Error{ErrorCode::upstream_failed, step.error().message, {}, true});
                    end_early("failed", step.error().message);
                    out_ += door_->write_stream_error(error);  // nothing comes after it
                    over_ = true;
                }
            }
        } catch (...) {
            end_early("aborted");
            throw;
        }
    }

    void give_up(std::string why) { end_early("failed", std::move(why)); }
    bool nothing_came() const { return counted_ == 0 && !usage_; }
    Account& account() { return *account_; }

  private:
    Awaitable<Result<void>> pull() {
        auto piece = co_await upstream_.read();
        if (!piece) {
            co_return fail(Error{ErrorCode::upstream_failed,
                                 fmt::format("the model provider {} broke off: {}", provider_, piece.error().message),
                                 {},
                                 true});
        }
        if (piece->empty()) co_return finish();
        if (framed_) {
            auto unpacked = frames_of_aws_.feed(*piece);
            if (!unpacked) co_return fail(std::move(unpacked.error()));
            frames_.add(*unpacked);
        } else {
            frames_.add(*piece);
        }
        while (auto frame = frames_.next()) {
            auto done = take(*frame);
            if (!done) co_return done;
        }
        frames_.drop();
        if (frames_.rest().size() > largest_frame)
            co_return fail(Error{ErrorCode::upstream_failed,
                                 fmt::format("the model provider {} sends an event without end", provider_),
                                 {},
                                 true});
        co_return Result<void>();
    }

    /// One frame: what it tells is noted, and it goes on (or what is told anew instead).
    Result<void> take(std::string_view frame) {
        bool usage_only = false, last = false, any = false;
        EventSink sink = [&](StreamEvent event) -> Result<void> {
            any = true;
            note(event);
            if (event.kind == StreamEvent::Kind::usage) usage_only = true;
            if (event.kind == StreamEvent::Kind::stop) last = true;
            if (event.kind == StreamEvent::Kind::block_begin || event.kind == StreamEvent::Kind::block_delta) {
                begun_ = true;
                account_->first_byte();
            }
            if (!writer_ && account_->content) account_->content->add(event);
            if (writer_ && event.kind != StreamEvent::Kind::error) tell(std::move(event));
            return {};
        };
        std::function<Result<void>(const net::SseParser::Event&)> on_event = [&](const net::SseParser::Event& event) {
            data_ = event.data;
            return reader_->feed(event, sink);
        };
        data_.clear();
        if (auto read = parser_.feed(frame, on_event); !read) return read;
        if (judge_ && account_->report->refusal) {
            stop_refused();
            return {};
        }
        if (writer_) {
            if (reader_->ended() || failed_) close();
            return {};
        }
        // Gemini repeats the usage in each frame.
        const bool told_cost = (last || (usage_only && spoken_ != &gemini())) && usage_ && !told_;
        if (strip_usage_ && usage_only && data_.find("\"choices\":[]") != std::string::npos) return {};
        if (told_cost && wants_cost()) {
            told_ = true;
            out_ += with_cost(frame);
        } else {
            out_.append(frame);
        }
        if (reader_->ended() || failed_) close();
        return {};
    }

    /// An event goes on to the caller, as far as guardrails let it.
    void tell(StreamEvent event) {
        const auto show = [this](const StreamEvent& each) {
            if (account_->content) account_->content->add(each);
            out_ += writer_->write(each);
        };
        if (!judge_) return show(event);
        for (const auto& each : judge_->feed(std::move(event))) show(each);
    }

    void stop_refused() {
        if (std::exchange(over_, true)) return;
        const auto error = guard_error(*account_->report->refusal);
        out_ += door_->write_stream_error(error);  // nothing comes after it
        end_early("refused", error.message);
    }

    void note(const StreamEvent& event) {
        if (event.usage) usage_ = event.usage;
        if (event.kind == StreamEvent::Kind::block_delta) {
            ++counted_;
            bytes_ += static_cast<std::int64_t>(event.block.text.size() + event.block.arguments.size() +
                                                event.block.data.size() + event.block.signature.size());
        } else if (event.kind == StreamEvent::Kind::block_begin) {
            bytes_ += static_cast<std::int64_t>(event.block.text.size() + event.block.arguments.size() +
                                                event.block.name.size());
            if (!event.block.arguments.empty() || !event.block.text.empty()) ++counted_;
        } else if (event.kind == StreamEvent::Kind::error) {
            failed_ = true;
            error_message_ =
                fmt::format("the model provider {} ended the stream with an error: {}", provider_, event.error_message);
        }
    }

    /// The chunk that tells usage carries the cost as well, where its reader passes over members that it does not know.
    bool wants_cost() const { return account_->price() != nullptr && !data_.empty() && data_.back() == '}'; }
    std::string with_cost(std::string_view frame) const {
        const auto at = frame.rfind('}');
        if (at == std::string_view::npos) return std::string(frame);
        auto out = std::string(frame.substr(0, at));
        out += fmt::format(",\"sluice\":{{\"cost_usd\":\"{}\"",
                           base::format_usd(charge(*usage_, *account_->price()).cost));
        if (const auto left = state_.parts.budgets.left(scope_))
            out += fmt::format(",\"budget_left_usd\":\"{}\"", base::format_usd(*left));
        out += "}}";
        out.append(frame.substr(at + 1));
        return out;
    }

    Result<void> finish() {
        // What stands after the last empty line is a frame that its sender did not end.
        std::string rest(frames_.rest());
        if (!rest.empty()) {
            rest += "\n\n";
            if (auto done = take(rest); !done) return done;
        }
        if (over_) return {};
        EventSink sink = [&](StreamEvent event) -> Result<void> {
            note(event);
            if (writer_ && event.kind != StreamEvent::Kind::error) tell(std::move(event));
            return {};
        };
        if (auto ended = reader_->finish(sink); !ended) return ended;
        if (judge_ && account_->report->refusal) {
            stop_refused();
            return {};
        }
        close();
        return {};
    }

    void close() {
        if (std::exchange(over_, true)) return;
        if (writer_ && failed_) {
            const Error broken{ErrorCode::upstream_failed, error_message_, {}, true};
            out_ += door_->write_stream_error(call_error(broken));
        } else if (writer_) {
            out_ += writer_->finish();
        }
        if (failed_) return end_early("failed", error_message_);
        account_->finish("ok", judged());
    }

    UsageRecord judged() {
        if (usage_ && (usage_->output() > 0 || usage_->input() > 0) && !(usage_->output() == 0 && counted_ > 0))
            return *usage_;
        auto out = estimated_usage(sent_bytes_, streamed_tokens());
        if (usage_) {
            if (usage_->input() > 0) {
                out.input_uncached = usage_->input_uncached;
                out.cache_read = usage_->cache_read;
                out.cache_write_5m = usage_->cache_write_5m;
                out.cache_write_1h = usage_->cache_write_1h;
            }
            out.raw = usage_->raw;
        }
        return out;
    }
    /// A delta is a token at least.
    std::int64_t streamed_tokens() const { return std::max<std::int64_t>(counted_, (bytes_ + 3) / 4); }

    /// The stream did not come to its end: the input and what was streamed are charged.
    void end_early(std::string_view status, std::string why = {}) {
        if (!account_ || account_->finished()) return;
        if (status == "aborted") aborted_total.add();
        account_->set_error(std::move(why));
        auto usage = estimated_usage(sent_bytes_, streamed_tokens());
        if (usage_) {
            const auto output = std::max(usage_->output(), usage.output_visible);
            usage = *usage_;
            if (usage.input() == 0) usage.input_uncached = (sent_bytes_ + 3) / 4;
            usage.output_visible = output - usage.output_reasoning;
            usage.estimated = true;
        }
        account_->finish(status, std::move(usage));
    }

    Gateway::State& state_;
    const Format* door_;
    const Format* spoken_;
    net::AnswerStream upstream_;
    std::shared_ptr<ModelRequest> translated_;
    std::unique_ptr<Account> account_;
    std::unique_ptr<StreamReader> reader_;
    std::unique_ptr<StreamWriter> writer_;  ///< null: frames pass through
    std::unique_ptr<StreamJudge> judge_;    ///< null: no guardrail covers the answer
    std::string provider_;
    bool strip_usage_ = false, framed_ = false;
    std::int64_t sent_bytes_ = 0;
    budget::CallScope scope_;
    EventStreamReader frames_of_aws_;
    Frames frames_;
    net::SseParser parser_;
    std::string out_, data_, error_message_;
    std::optional<UsageRecord> usage_;
    std::int64_t counted_ = 0, bytes_ = 0;
    bool begun_ = false, over_ = false, failed_ = false, told_ = false;
    std::optional<Error> broken_;  ///< comes after what waits in `out_`
};

net::Response stream_response(const Target& target, std::optional<NanoUsd> left,
                              std::function<Awaitable<void>(net::BodyWriter&)> stream) {
    auto out = net::event_stream(std::move(stream));
    put_headers(out.headers, target, std::nullopt, left);
    return out;
}

Awaitable<void> run_relay(std::shared_ptr<Relay> relay, net::BodyWriter& to) { co_await relay->run(to); }

}  // namespace

Awaitable<Result<std::string>> read_whole(net::AnswerStream& upstream) {
    std::string out;
    while (true) {
        auto piece = co_await upstream.read();
        if (!piece) co_return fail(std::move(piece.error()));
        if (piece->empty()) co_return out;
        out += *piece;
        if (out.size() > largest_whole)
            co_return fail(Error{ErrorCode::upstream_failed, "the answer is larger than 64 MiB", {}, false});
    }
}

bool is_event_stream(const net::ClientResponse& head) {
    const auto media = head.headers.get("content-type");
    return media.starts_with("text/event-stream") || media.starts_with("application/vnd.amazon.eventstream");
}

std::vector<StreamEvent> events_of(const ModelAnswer& answer) {
    std::vector<StreamEvent> out;
    StreamEvent start;
    start.kind = StreamEvent::Kind::start;
    start.id = answer.id;
    start.model = answer.model;
    start.usage = answer.usage;
    out.push_back(std::move(start));
    for (std::size_t i = 0; i < answer.blocks.size(); ++i) {
        StreamEvent begin, delta, end;
        begin.kind = StreamEvent::Kind::block_begin;
        delta.kind = StreamEvent::Kind::block_delta;
        end.kind = StreamEvent::Kind::block_end;
        begin.index = delta.index = end.index = i;
        delta.block = answer.blocks[i];
        begin.block.kind = delta.block.kind;
        begin.block.id = delta.block.id;
        begin.block.name = delta.block.name;
        begin.block.signed_by = delta.block.signed_by;
        out.push_back(std::move(begin));
        out.push_back(std::move(delta));
        out.push_back(std::move(end));
    }
    if (answer.usage) {
        StreamEvent usage;
        usage.kind = StreamEvent::Kind::usage;
        usage.usage = answer.usage;
        out.push_back(std::move(usage));
    }
    StreamEvent stop;
    stop.kind = StreamEvent::Kind::stop;
    stop.stop = answer.stop;
    stop.stop_sequence = answer.stop_sequence;
    out.push_back(std::move(stop));
    return out;
}

Awaitable<Outcome> attempt_stream(Gateway::State& state, Incoming& in, const Target& target, std::string body,
                                  std::shared_ptr<ModelRequest> translated, std::unique_ptr<Account> account,
                                  std::optional<NanoUsd> left) {
    const auto sent_bytes = static_cast<std::int64_t>(body.size());
    const auto& spoken = target.type->format(*in.door.format);
    auto call = outgoing(state, in, target, std::move(body), true);
    if (!call) co_return failed_transport(*account, target, call.error(), false);
    bool sent = false;
    call->sent = &sent;
    auto opened = co_await state.parts.client.open(std::move(*call));
    if (!opened) co_return failed_transport(*account, target, opened.error(), sent);
    const auto& head = opened->head();
    const bool success = head.status >= 200 && head.status < 300;
    const bool events = is_event_stream(head);
    if (!success || !events) {
        auto whole = co_await read_whole(*opened);
        if (!success)
            co_return failed_status(state, in, *account, target, head.status, head.headers,
                                    whole ? std::move(*whole) : std::string());
        if (!whole) co_return failed_answer(*account, target, whole.error().message, std::nullopt, std::nullopt);
        // A server that does not stream answers at once; its answer is told as a stream.
        auto parsed = base::parse_json(
            *whole, {.size_bytes = largest_whole, .depth = 128, .keys = 100'000, .string_bytes = largest_whole});
        auto answer = parsed ? spoken.read_answer(*parsed) : Result<ModelAnswer>(fail(std::move(parsed.error())));
        if (!answer) {
            std::optional<UsageRecord> usage;
            if (parsed && base::find_member(*parsed, "error")) usage = estimated_usage(sent_bytes, 0);
            co_return failed_answer(*account, target, answer.error().message, std::move(usage), std::nullopt);
        }
        auto usage = judged_usage(answer->usage, sent_bytes, static_cast<std::int64_t>(whole->size()), Operation::chat);
        answer->usage = usage;
        state.succeeded(target, state.parts.loop.clock().steady() - in.began);
        auto context = answer_context(state, in, translated.get());
        context.stream_usage = context.stream_usage || !in.added_stream_options;
        auto writer = in.door.format->stream_writer(std::move(context));
        auto text = std::make_shared<std::string>();
        std::unique_ptr<StreamJudge> judge;
        if (in.guard && !in.guard->output.empty()) judge = std::make_unique<StreamJudge>(in.guard, *in.report);
        for (auto& event : events_of(*answer)) {
            if (!judge) *text += writer->write(event);
            else
                for (const auto& each : judge->feed(std::move(event))) *text += writer->write(each);
        }
        if (judge && in.report->refusal) co_return refused_answer(*account, *in.report, std::move(usage));
        account->finish("ok", std::move(usage));
        *text += writer->finish();
        std::function<Awaitable<void>(net::BodyWriter&)> stream = [text](net::BodyWriter& to) -> Awaitable<void> {
            auto written = co_await to.write(*text);
            (void)written;
        };
        Outcome out;
        out.response = stream_response(target, left, std::move(stream));
        co_return out;
    }
    auto relay = std::make_shared<Relay>(state, in, target, std::move(*opened), std::move(translated),
                                         std::move(account), sent_bytes);
    auto primed = co_await relay->prime();
    if (!primed) {
        Outcome out;
        // No token came: the input alone is counted, unless the vendor said what it used.
        relay->give_up(primed.error().message);
        out.error = call_error(primed.error());
        out.may_try_another = true;
        co_return out;
    }
    state.succeeded(target, state.parts.loop.clock().steady() - in.began);
    std::function<Awaitable<void>(net::BodyWriter&)> stream = [relay](net::BodyWriter& to) {
        return run_relay(relay, to);
    };
    Outcome out;
    out.response = stream_response(target, left, std::move(stream));
    co_return out;
}

}  // namespace sluice::llm
