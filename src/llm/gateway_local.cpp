// Models of the configuration that are no HTTP service (`simulated`), for the doors; and the calls of flows.

#include "llm/gateway_answers.hpp"
#include "llm/gateway_state.hpp"
#include "sluice/base/json.hpp"
#include "sluice/llm/llm.hpp"
#include "sluice/runtime/sync.hpp"

namespace sluice::llm {
namespace {

std::string text_of(const std::vector<Block>& blocks) {
    std::string out;
    for (const auto& block : blocks)
        if (block.kind == Block::Kind::text || block.kind == Block::Kind::refusal) out += block.text;
    return out;
}

ToolCall call_of(const Block& block) {
    auto arguments =
        base::parse_json(block.arguments.empty() ? std::string_view("{}") : std::string_view(block.arguments));
    return {block.id, block.name, arguments ? std::move(*arguments) : Json::object()};
}

std::string_view choice_of(const ToolChoice& choice) {
    switch (choice.kind) {
        case ToolChoice::Kind::unset:
            return "";
        case ToolChoice::Kind::automatic:
            return "auto";
        case ToolChoice::Kind::none:
            return "none";
        case ToolChoice::Kind::required:
            return "required";
        case ToolChoice::Kind::one:
            return choice.name;
    }
    return "";
}

/// What a provider of the configuration understands of a conversation.
ChatRequest chat_request_of(const ModelRequest& from, const std::string& model) {
    ChatRequest out;
    out.model = model;
    for (const auto& turn : from.turns) {
        Message message;
        message.role = turn.role == Turn::Role::system      ? "system"
                       : turn.role == Turn::Role::assistant ? "assistant"
                                                            : "user";
        for (const auto& block : turn.blocks) {
            if (block.kind == Block::Kind::tool_result) {
                out.messages.push_back({"tool", text_of(block.content), block.id, {}});
            } else if (block.kind == Block::Kind::tool_use) {
                message.tool_calls.push_back(call_of(block));
            }
        }
        message.content = text_of(turn.blocks);
        const bool only_results = !turn.blocks.empty() && message.content == "" && message.tool_calls.empty();
        if (!only_results) out.messages.push_back(std::move(message));
    }
    for (const auto& tool : from.tools)
        if (tool.native.is_null()) out.tools.push_back({tool.name, tool.description, tool.parameters});
    out.tool_choice = choice_of(from.tool_choice);
    if (from.answer.kind == AnswerFormat::Kind::schema) {
        out.response_schema = from.answer.schema;
        out.response_schema_name = from.answer.name;
    }
    out.temperature = from.temperature;
    out.max_output_tokens = from.max_output_tokens;
    if (const auto* simulate = base::find_member(from.extra, "simulate")) out.extra["simulate"] = *simulate;
    return out;
}

ModelAnswer answer_of(const Completion& completion) {
    ModelAnswer out;
    out.model = completion.model;
    if (!completion.text.empty()) {
        Block text;
        text.text = completion.text;
        out.blocks.push_back(std::move(text));
    }
    for (const auto& call : completion.tool_calls) {
        Block use;
        use.kind = Block::Kind::tool_use;
        use.id = call.id;
        use.name = call.name;
        use.arguments = base::dump_json(call.arguments);
        out.blocks.push_back(std::move(use));
    }
    if (completion.finish_reason == "length")
        out.stop = StopReason::length;
    else if (completion.finish_reason == "tool_calls")
        out.stop = StopReason::tool_use;
    else if (completion.finish_reason == "content_filter")
        out.stop = StopReason::content_filter;
    out.usage = usage_record(completion.usage);
    return out;
}

/// A provider's own streaming, told to a caller: text as it comes, the rest at the end.
struct LocalStream {
    LocalStream(runtime::Loop& loop, std::unique_ptr<StreamWriter> the_writer)
        : changed(loop), writer(std::move(the_writer)) {}
    runtime::Signal changed;
    std::unique_ptr<StreamWriter> writer;
    std::string out;
    bool over = false, text_open = false;
    std::unique_ptr<Account> account;
    std::shared_ptr<ModelRequest> request;
    const Format* door = nullptr;
    std::unique_ptr<StreamJudge> judge;  ///< null: no guardrail covers the answer
    bool refused = false;

    void tell(StreamEvent event) {
        if (refused) return;
        const auto show = [this](const StreamEvent& each) {
            if (account && account->content) account->content->add(each);
            out += writer->write(each);
        };
        if (!judge) return show(event);
        for (const auto& each : judge->feed(std::move(event))) show(each);
        if (!account->report->refusal) return;
        refused = over = true;
        out += door->write_stream_error(guard_error(*account->report->refusal));  // nothing comes after it
        changed.notify();
    }
    void text(std::string_view piece) {
        StreamEvent event;
        if (!std::exchange(text_open, true)) {
            event.kind = StreamEvent::Kind::block_begin;
            tell(event);
        }
        event.kind = StreamEvent::Kind::block_delta;
        event.block.text = piece;
        tell(std::move(event));
        account->first_byte();
        changed.notify();
    }
};

Awaitable<void> ask_local(std::shared_ptr<LocalStream> stream, std::shared_ptr<Provider> provider, ChatRequest request,
                          const Format* door) {
    TextSink sink = [stream](std::string_view piece) { stream->text(piece); };
    auto completion = co_await provider->chat(std::move(request), std::move(sink));
    if (completion) {
        auto answer = answer_of(*completion);
        StreamEvent end;
        if (stream->text_open) {
            end.kind = StreamEvent::Kind::block_end;
            stream->tell(end);
        }
        auto events = events_of(answer);
        for (auto& event : events) {
            if (event.kind == StreamEvent::Kind::start) continue;
            // The text was told piece by piece.
            const bool block = event.kind == StreamEvent::Kind::block_begin ||
                               event.kind == StreamEvent::Kind::block_delta ||
                               event.kind == StreamEvent::Kind::block_end;
            if (block && stream->text_open && event.index == 0 && !answer.blocks.empty() &&
                answer.blocks[0].kind == Block::Kind::text)
                continue;
            stream->tell(std::move(event));
        }
        if (stream->refused) stream->account->set_error(guard_error(*stream->account->report->refusal).message);
        stream->account->finish(stream->refused ? "refused" : "ok", *answer.usage);
        if (!stream->refused) stream->out += stream->writer->finish();
    } else {
        stream->account->set_error(completion.error().message);
        stream->account->finish("failed", std::nullopt, NanoUsd{});
        stream->out += door->write_stream_error(call_error(completion.error()));  // nothing comes after it
    }
    stream->over = true;
    stream->changed.notify();
}

Awaitable<void> send_local(std::shared_ptr<LocalStream> stream, net::BodyWriter& to) {
    while (true) {
        if (!stream->out.empty()) {
            auto sent = co_await to.write(std::exchange(stream->out, {}));
            if (!sent) co_return;
            continue;
        }
        if (stream->over) co_return;
        co_await stream->changed.wait();
    }
}

}  // namespace

UsageRecord usage_record(const Usage& usage) {
    UsageRecord out;
    out.input_uncached = std::max<std::int64_t>(usage.input_tokens - usage.cached_input_tokens, 0);
    out.cache_read = usage.cached_input_tokens;
    out.output_visible = usage.output_tokens;
    out.estimated = usage.estimated;
    return out;
}

Awaitable<Outcome> attempt_local(Gateway::State& state, Incoming& in, const Target& target,
                                 std::shared_ptr<ModelRequest> request, std::unique_ptr<Account> account,
                                 std::optional<NanoUsd> left) {
    auto chat = chat_request_of(*request, target.model);
    auto context = answer_context(state, in, request.get());
    Outcome out;
    if (in.stream) {
        auto stream =
            std::make_shared<LocalStream>(state.parts.loop, in.door.format->stream_writer(std::move(context)));
        stream->account = std::move(account);
        stream->request = request;
        stream->door = in.door.format;
        if (in.guard && !in.guard->output.empty()) stream->judge = std::make_unique<StreamJudge>(in.guard, *in.report);
        StreamEvent start;
        start.kind = StreamEvent::Kind::start;
        start.model = in.model;
        stream->tell(std::move(start));
        auto task = ask_local(stream, target.local, std::move(chat), in.door.format);
        state.tasks.spawn("gateway-local-stream", std::move(task));
        std::function<Awaitable<void>(net::BodyWriter&)> body = [stream](net::BodyWriter& to) {
            return send_local(stream, to);
        };
        out.response = net::event_stream(std::move(body));
        put_headers(out.response->headers, target, std::nullopt, left);
        co_return out;
    }
    auto completion = co_await target.local->chat(std::move(chat), {});
    if (!completion) {
        account->set_error(completion.error().message);
        account->finish("failed", std::nullopt, NanoUsd{});
        out.error = call_error(completion.error());
        out.may_try_another = completion.error().retryable;
        co_return out;
    }
    auto answer = answer_of(*completion);
    account->first_byte();
    auto text = base::dump_json(in.door.format->write_answer(answer, context));
    if (auto refused = co_await guard_answer(state, in, *account, target, text, *answer.usage)) co_return std::move(*refused);
    if (account->content) account->content->set_answer(text);
    keep_answer(in, *account, text);
    account->finish("ok", *answer.usage);
    out.response = whole_response(target, *account, std::move(text), left);
    co_return out;
}

}  // namespace sluice::llm
