// Calls of what answers like a model without being one (`flow/<name>`): told to it without a vendor's format, and its answer
// in the caller's. What its models cost is held and settled by their own calls, not here.

#include <algorithm>

#include "llm/gateway_answers.hpp"
#include "llm/gateway_state.hpp"
#include "sluice/base/metrics.hpp"

namespace sluice::llm {
namespace {

base::metrics::Counter source_calls_total("sluice_gateway_source_calls_total", "Calls of flows as models");

constexpr Duration quick_end = std::chrono::seconds(2);   ///< an error until then has a status of its own in a stream
constexpr Duration ping_every = std::chrono::seconds(10); ///< while nothing is to be told
constexpr Duration far_away = std::chrono::hours(24);

Json part_of(const Block& block) {
    const auto inline_data = [&block] { return fmt::format("data:{};base64,{}", block.media_type, block.data); };
    switch (block.kind) {
        case Block::Kind::image:
            return {{"type", "image_url"}, {"image_url", {{"url", block.url.empty() ? inline_data() : block.url}}}};
        case Block::Kind::audio: {
            const auto slash = block.media_type.find('/');
            const auto format = slash == std::string::npos ? block.media_type : block.media_type.substr(slash + 1);
            return {{"type", "input_audio"}, {"input_audio", {{"data", block.data}, {"format", format}}}};
        }
        case Block::Kind::file: {
            Json file = Json::object();
            if (!block.name.empty()) file["filename"] = block.name;
            if (!block.id.empty()) file["file_id"] = block.id;
            if (!block.url.empty()) file["file_url"] = block.url;
            if (!block.data.empty()) file["file_data"] = inline_data();
            return {{"type", "file"}, {"file", std::move(file)}};
        }
        default:
            return {{"type", "text"}, {"text", block.text}};
    }
}

bool is_words(const Block& block) { return block.kind == Block::Kind::text || block.kind == Block::Kind::refusal; }

/// Text where there is nothing else; else parts, as `llm.chat` takes them.
Json content_of(const std::vector<Block>& blocks) {
    std::string text;
    Json parts = Json::array();
    bool plain = true;
    for (const auto& block : blocks) {
        if (block.kind == Block::Kind::tool_use || block.kind == Block::Kind::tool_result ||
            block.kind == Block::Kind::thinking || block.kind == Block::Kind::redacted_thinking)
            continue;
        plain = plain && is_words(block);
        text += block.text;
        parts.push_back(part_of(block));
    }
    return plain ? Json(std::move(text)) : parts;
}

/// A turn as messages: the results of tools stand before what the user says beside them.
void add_messages(const Turn& turn, Json& messages) {
    Json calls = Json::array();
    bool other = false;
    for (const auto& block : turn.blocks) {
        if (block.kind == Block::Kind::tool_result) {
            messages.push_back({{"role", "tool"}, {"tool_call_id", block.id}, {"content", content_of(block.content)}});
        } else if (block.kind == Block::Kind::tool_use) {
            auto arguments = base::parse_json(block.arguments.empty() ? "{}" : block.arguments);
            calls.push_back({{"id", block.id},
                             {"name", block.name},
                             {"arguments", arguments ? std::move(*arguments) : Json(block.arguments)}});
        } else {
            other = true;
        }
    }
    if (!other && calls.empty()) return;
    Json message{{"role", turn.role == Turn::Role::assistant ? "assistant" : "user"},
                 {"content", content_of(turn.blocks)}};
    if (!calls.empty()) message["tool_calls"] = std::move(calls);
    messages.push_back(std::move(message));
}

Json parameters_of(const ModelRequest& request) {
    Json out = Json::object();
    const auto set = [&out](const char* name, const auto& value) {
        if (value) out[name] = *value;
    };
    set("temperature", request.temperature);
    set("top_p", request.top_p);
    set("top_k", request.top_k);
    set("presence_penalty", request.presence_penalty);
    set("frequency_penalty", request.frequency_penalty);
    set("max_output_tokens", request.max_output_tokens);
    set("seed", request.seed);
    if (!request.stop.empty()) out["stop"] = request.stop;
    if (!request.effort.empty()) out["effort"] = request.effort;
    if (!request.user.empty()) out["user"] = request.user;
    if (!request.metadata.empty()) out["metadata"] = request.metadata;
    if (request.answer.kind == AnswerFormat::Kind::json) out["response_schema"] = Json::object();
    if (request.answer.kind == AnswerFormat::Kind::schema) out["response_schema"] = request.answer.schema;
    if (!request.tools.empty()) {
        Json tools = Json::array();
        for (const auto& tool : request.tools)
            tools.push_back({{"name", tool.name}, {"description", tool.description}, {"parameters", tool.parameters}});
        out["tools"] = std::move(tools);
    }
    return out;
}

Result<Json> input_of(const ModelRequest& request) {
    if (auto carried = check_bound(request, "of a flow"); !carried) return fail(std::move(carried.error()));
    for (std::size_t i = 0; i < request.tools.size(); ++i)
        if (!request.tools[i].native.is_null())
            return fail(Error{ErrorCode::invalid_argument,
                              "a flow has no tools of a vendor",
                              {{fmt::format("/tools/{}", i), "is run by its vendor; leave it out"}},
                              false});
    Json messages = Json::array();
    std::string system, last;
    for (const auto& turn : request.turns) {
        std::string words;
        for (const auto& block : turn.blocks)
            if (is_words(block)) words += block.text;
        if (turn.role == Turn::Role::system) {
            system += (system.empty() ? "" : "\n\n") + words;
            continue;
        }
        if (turn.role == Turn::Role::user && !words.empty()) last = std::move(words);
        add_messages(turn, messages);
    }
    Json out{{"messages", std::move(messages)}};
    if (!system.empty()) out["system"] = std::move(system);
    out["input"] = std::move(last);
    out["parameters"] = parameters_of(request);
    return out;
}

/// What a caller is told of a run that failed. It may not take an error inside of the flow for one of its own key or of the
/// flow's name, and trying again by itself would cost again.
CallError told_error(const Error& error) {
    Error shown = error;
    if (shown.code == ErrorCode::unauthenticated || shown.code == ErrorCode::forbidden || shown.code == ErrorCode::not_found ||
        shown.code == ErrorCode::invalid_argument || shown.code == ErrorCode::unprocessable || shown.code == ErrorCode::conflict)
        shown.code = ErrorCode::upstream_failed;
    if (shown.code == ErrorCode::cancelled || shown.code == ErrorCode::internal) shown.code = ErrorCode::upstream_failed;
    shown.retryable = false;
    auto out = call_error(shown);
    out.should_retry = false;
    return out;
}

ModelAnswer answer_of(const SourceAnswer& from, const std::string& model) {
    ModelAnswer out;
    out.model = model;
    Block text;
    text.text = from.text;
    out.blocks.push_back(std::move(text));
    out.usage = usage_record(from.usage);
    return out;
}

/// What its calls were charged, for who asks for it here; each has a row of its own in the ledger.
budget::Spend row_of(const SourceAnswer& answer) {
    budget::Spend out;
    out.cost = answer.cost;
    return out;
}

void put_source_headers(net::Headers& headers, const Incoming& in, std::string_view prefix, const SourceRun& run) {
    headers.set("x-sluice-provider", prefix);
    headers.set("x-sluice-model", std::string_view(in.model).substr(prefix.size() + 1));
    headers.set("sluice-run-id", run.id());
    headers.set("x-sluice-cache", "off");
}

/// A stream of one run in the caller's format.
struct SourceStream {
    std::unique_ptr<SourceRun> run;
    std::unique_ptr<StreamWriter> writer;
    std::shared_ptr<ModelRequest> request;  ///< the writer's
    const Format* door = nullptr;
    std::string model, out, told;
    bool open = false, over = false;
    std::shared_ptr<GuardReport> report;
    SettledCall settled;
    std::unique_ptr<StreamJudge> judge;  ///< null: no guardrail covers the answer

    void tell(StreamEvent event) {
        if (over) return;
        if (!judge) {
            out += writer->write(event);
            return;
        }
        for (const auto& each : judge->feed(std::move(event))) out += writer->write(each);
        if (!report->refusal) return;
        out += door->write_stream_error(guard_error(*report->refusal));  // nothing comes after it
        over = true;
    }
    void text(std::string_view piece) {
        if (piece.empty()) return;
        StreamEvent event;
        if (!std::exchange(open, true)) {
            event.kind = StreamEvent::Kind::block_begin;
            tell(event);
        }
        event.kind = StreamEvent::Kind::block_delta;
        event.block.text = piece;
        tell(std::move(event));
        told += piece;
    }
    void ping() {
        StreamEvent event;
        auto frame = writer->write(event);
        out += frame.empty() ? std::string(": the flow runs\n\n") : frame;
    }
    void fail_with(const Error& error) {
        out += door->write_stream_error(told_error(error));  // nothing comes after it
        over = true;
    }
    void take(SourceRun::Piece piece) {
        text(piece.text);
        if (!piece.end) return;
        if (!*piece.end) return fail_with(piece.end->error());
        auto& answer = **piece.end;
        if (!answer.text.starts_with(told))
            return fail_with(Error{ErrorCode::upstream_failed,
                                   "the flow answered something else than what it had begun to say; the run has the answer",
                                   {},
                                   false});
        text(std::string_view(answer.text).substr(told.size()));
        for (auto& event : events_of(answer_of(answer, model))) {
            using Kind = StreamEvent::Kind;
            if (event.kind == Kind::start || event.kind == Kind::block_delta) continue;
            if (event.kind == Kind::block_begin && std::exchange(open, true)) continue;
            tell(std::move(event));
        }
        if (over) return;
        if (settled) settled(row_of(answer), true);
        out += fmt::format(": sluice.cost_usd {}\n\n", base::format_usd(answer.cost));
        out += writer->finish();
        over = true;
    }
};

Awaitable<void> send_source(std::shared_ptr<SourceStream> stream, runtime::Loop* loop, net::BodyWriter& to) {
    while (true) {
        if (!stream->out.empty()) {
            auto sent = co_await to.write(std::exchange(stream->out, {}));
            if (!sent) co_return;  // the caller has gone: the run ends with the stream
        }
        if (stream->over) co_return;
        auto piece = co_await stream->run->next(loop->now() + ping_every);
        const bool quiet = piece.text.empty() && !piece.end;
        if (quiet) stream->ping();
        else stream->take(std::move(piece));
    }
}

}  // namespace

ModelSource* Gateway::State::source_of(std::string_view model) const {
    const auto slash = model.find('/');
    if (slash == std::string_view::npos) return nullptr;
    for (auto* source : sources)
        if (source->prefix() == model.substr(0, slash)) return source;
    return nullptr;
}

Awaitable<net::Response> handle_source(Gateway::State& state, Incoming& in, ModelSource& source) {
    const auto& format = *in.door.format;
    auto& request = *in.request;
    if (in.demand.choices > 1)
        co_return refuse(format, Error{ErrorCode::invalid_argument, "a flow gives one answer; ask for one choice", {}, false},
                         request);
    auto conversation = conversation_of(in);
    if (!conversation) co_return refuse(format, conversation.error(), request);
    auto input = input_of(**conversation);
    if (!input) {
        input.error().code = ErrorCode::invalid_argument;  // the SDKs know no 422
        co_return refuse(format, input.error(), request);
    }
    source_calls_total.add();
    SourceCall call;
    call.name = in.model.substr(source.prefix().size() + 1);
    call.caller = request.principal;
    call.input = std::move(*input);
    call.stream = in.stream;
    auto started = co_await source.start(std::move(call));
    if (!started) {
        if (started.error().code == ErrorCode::unprocessable) started.error().code = ErrorCode::invalid_argument;
        co_return refuse(format, no_model(started.error()), request);
    }
    auto run = std::move(*started);
    auto context = answer_context(state, in, conversation->get());
    if (in.stream) {
        auto first = co_await run->next(state.now() + quick_end);
        if (first.end && !*first.end) {
            auto refused = refuse(format, told_error(first.end->error()), request);
            refused.headers.set("sluice-run-id", run->id());
            co_return refused;
        }
        auto stream = std::make_shared<SourceStream>();
        stream->writer = format.stream_writer(std::move(context));
        stream->request = std::move(*conversation);
        stream->door = &format;
        stream->model = in.model;
        stream->settled = in.settled;
        if (in.guard && !in.guard->output.empty()) {
            stream->report = in.report;
            stream->judge = std::make_unique<StreamJudge>(in.guard, *in.report);
        }
        StreamEvent start;
        start.kind = StreamEvent::Kind::start;
        start.model = in.model;
        stream->out = stream->writer->write(start);
        stream->take(std::move(first));
        stream->run = std::move(run);
        std::function<Awaitable<void>(net::BodyWriter&)> body = [stream, loop = &state.parts.loop](net::BodyWriter& to) {
            return send_source(stream, loop, to);
        };
        auto response = net::event_stream(std::move(body));
        put_source_headers(response.headers, in, source.prefix(), *stream->run);
        co_return response;
    }
    SourceRun::Piece piece;
    while (!piece.end) piece = co_await run->next(state.now() + far_away);
    if (!*piece.end) {
        auto refused = refuse(format, told_error(piece.end->error()), request);
        refused.headers.set("sluice-run-id", run->id());
        co_return refused;
    }
    auto& answer = **piece.end;
    if (in.guard && !in.guard->output.empty()) {
        Judge judge(in.guard->output, "output", *in.report);
        judge.text(answer.text);
        judge.finish(0);
        if (in.report->refusal) {
            record_refusal(state, in);
            auto refused = refuse(format, guard_error(*in.report->refusal), request);
            refused.headers.set("sluice-run-id", run->id());
            co_return refused;
        }
    }
    net::Response response;
    response.status = 200;
    response.headers.set("Content-Type", "application/json");
    put_source_headers(response.headers, in, source.prefix(), *run);
    response.headers.set("x-sluice-cost-usd", base::format_usd(answer.cost));
    response.text = base::dump_json(format.write_answer(answer_of(answer, in.model), context));
    if (in.settled) in.settled(row_of(answer), true);
    if (request.idempotency && !in.has_schema()) {  // what a schema judges is kept once that is done
        storage::WriteUnit unit;
        request.record_once(unit, {200, response.text, {}});
        state.parts.storage.enqueue(std::move(unit), [](Result<void>) {});
    }
    co_return response;
}

}  // namespace sluice::llm
