// Calls of flows: the same plan, admission and settlement as at the doors.

#include <algorithm>

#include "llm/gateway_answers.hpp"
#include "llm/gateway_state.hpp"
#include "llm/openai_wire.hpp"
#include "sluice/llm/contents.hpp"
#include "sluice/llm/llm.hpp"

namespace sluice::llm {
namespace {

constexpr std::size_t largest_answer = 64u << 20;

budget::Spend spend_of(Gateway::State& state, const FlowCall& call, const Target& target,
                       const budget::CallScope& scope) {
    budget::Spend out;
    out.id = budget::SpendId::make(state.now(), state.parts.random);
    out.scope = scope;
    out.step = call.step;
    out.door = "flow";
    out.provider = target.provider;
    out.model = target.model;
    out.requested_model = call.model;
    return out;
}

Error limited_error(const LimitRefusal& refusal) {
    Error out{ErrorCode::rate_limited, refusal.message, {}, true};
    out.retry_after_us = refusal.retry_in.count();
    return out;
}

Error refused(const budget::Refusal& refusal) { return Error{ErrorCode::budget_exceeded, refusal.message, {}, false}; }

/// The guardrails of a call; both null where none covers it.
struct Guarded {
    std::shared_ptr<const Guard> guard;
    std::shared_ptr<GuardReport> report;
    bool answers() const { return guard && !guard->output.empty(); }
};

/// Ends a call that was answered. Errors: of a guardrail that refuses the answer.
Result<void> finish_judged(const Guarded& guarded, Account& account, Completion& completion, UsageRecord usage) {
    auto refused = guarded.guard ? guard_flow_answer(guarded.guard, *guarded.report, completion) : std::nullopt;
    if (refused) account.set_error(refused->message);
    if (account.content) {
        Json calls = Json::array();
        for (const auto& call : completion.tool_calls) calls.push_back({{"name", call.name}, {"arguments", call.arguments}});
        account.content->set_answer(base::dump_json(Json{{"text", completion.text}, {"tool_calls", std::move(calls)}}));
    }
    account.finish(refused ? "refused" : "ok", std::move(usage));
    if (refused) return fail(std::move(*refused));
    return {};
}

/// The rules of a call, and the request judged by them. Errors: of one that refuses it.
Result<Guarded> guarded_call(Gateway::State& state, FlowCall& call, const std::string& model, const Plan& plan) {
    Guarded out;
    out.guard = guard_of(state, call.scope, model, &plan);
    if (!out.guard) return out;
    auto spend = spend_of(state, call, plan.targets.front(), call.scope);
    auto about = spend;
    about.id = {};
    out.report = new_report(state, std::move(about));
    auto refused = guard_flow_request(out.guard, *out.report, call.request);
    if (!refused) return out;
    spend.status = "refused";
    spend.error = refused->message;
    put_row(state, std::move(spend), out.report.get());
    return fail(std::move(*refused));
}

/// The answer of a provider of the workspace, in its own format.
Awaitable<Result<Completion>> call_upstream(Gateway::State& state, const FlowCall& call, const Target& target,
                                            ChatRequest request, Account& account, const Guarded& guarded) {
    using Answer = Result<Completion>;
    const auto& format = target.type->format(openai_chat());
    auto conversation = openai_chat().read_request(openai_body(request, Dialect{}, false));
    if (!conversation) co_return Answer(fail(std::move(conversation.error())));
    conversation->model = target.model;
    // A stream only where it is seen: what a whole answer used is told by every server.
    const bool streams = call.watched && call.on_text && !guarded.answers();
    conversation->stream = conversation->stream_usage = streams;
    auto body = body_of(*conversation, target, format);
    if (!body) co_return Answer(fail(std::move(body.error())));
    const auto sent_bytes = static_cast<std::int64_t>(body->size());
    net::Headers headers;
    if (!request.idempotency_key.empty()) headers.set("Idempotency-Key", request.idempotency_key);
    auto out = outgoing(state, target, format, Operation::chat, call.scope.workspace, std::move(headers),
                        std::move(*body), streams);
    if (!out) co_return Answer(fail(std::move(out.error())));
    out->timeout = request.timeout;
    bool sent = false;
    out->sent = &sent;
    Result<net::ClientResponse> answer;
    std::optional<net::AnswerStream> stream;
    if (streams) {
        auto opened = co_await state.parts.client.open(std::move(*out));
        answer = opened ? Result<net::ClientResponse>(opened->head()) : fail(std::move(opened.error()));
        const bool good = answer && answer->status >= 200 && answer->status < 300;
        if (good && is_event_stream(*answer)) {
            stream = std::move(*opened);
        } else if (answer) {
            auto whole = co_await read_whole(*opened);
            if (whole) answer->body = std::move(*whole);
            else if (good) answer = fail(std::move(whole.error()));
        }
    } else {
        answer = co_await state.parts.client.send(std::move(*out));
    }
    if (!answer) {
        failed_transport(account, target, answer.error(), sent);
        state.failed(target, std::nullopt, answer.error().message);
        co_return Answer(fail(
            Error{answer.error().code,
                  fmt::format("the model provider {} could not be asked: {}", target.provider, answer.error().message),
                  {},
                  true}));
    }
    account.first_byte();
    if (answer->status < 200 || answer->status >= 300) {
        const auto key = state.key_of(target);
        auto error = format.read_error(answer->status, answer->headers,
                                       without_key(std::move(answer->body), key ? *key : std::string()));
        account.finish("failed", std::nullopt, NanoUsd{});
        const bool transient = answer->status == 429 || answer->status >= 500 || answer->status == 408;
        // What is wrong with the request says nothing about the provider.
        const bool refused_key = answer->status == 401 || answer->status == 402 || answer->status == 403;
        if (transient || refused_key) state.failed(target, error.retry_after_ms, error.message);
        const auto code = answer->status == 429 ? ErrorCode::rate_limited
                          : answer->status == 401 || answer->status == 402 || answer->status == 403
                              ? ErrorCode::unauthenticated
                          : transient             ? ErrorCode::upstream_failed
                          : answer->status == 404 ? ErrorCode::not_found
                                                  : ErrorCode::invalid_argument;
        Error out_error{
            code, fmt::format("the model provider {} refused: {}", target.provider, error.message), {}, transient};
        if (error.retry_after_ms) out_error.retry_after_us = *error.retry_after_ms * 1000;
        co_return Answer(fail(std::move(out_error)));
    }
    Gathered gathered;
    if (stream) {
        auto whole = co_await gather(*stream, target, format, call.on_text, gathered);
        if (!whole) {
            account.set_error(whole.error().message);
            account.finish("failed", gathered.so_far(sent_bytes));
            state.failed(target, std::nullopt, whole.error().message);
            co_return Answer(fail(std::move(whole.error())));
        }
    }
    auto parsed = stream ? Result<Json>(Json()) : base::parse_json(
        answer->body, {.size_bytes = largest_answer, .depth = 128, .keys = 100'000, .string_bytes = largest_answer});
    auto read = stream   ? Result<ModelAnswer>(std::move(gathered.answer))
                : parsed ? format.read_answer(*parsed)
                         : Result<ModelAnswer>(fail(std::move(parsed.error())));
    if (!read) {
        account.finish("failed", std::nullopt);
        co_return Answer(fail(Error{ErrorCode::upstream_failed,
                                    fmt::format("the model provider {} answered something that is no answer: {}",
                                                target.provider, read.error().message),
                                    {},
                                    true}));
    }
    const auto answer_bytes = stream ? gathered.bytes : static_cast<std::int64_t>(answer->body.size());
    auto usage = judged_usage(read->usage, sent_bytes, answer_bytes, Operation::chat);
    Completion completion;
    completion.model = read->model.empty() ? target.model : read->model;
    completion.finish_reason = read->stop == StopReason::length           ? "length"
                               : read->stop == StopReason::tool_use       ? "tool_calls"
                               : read->stop == StopReason::content_filter ? "content_filter"
                                                                          : "stop";
    for (auto& block : read->blocks) {
        if (block.kind == Block::Kind::text || block.kind == Block::Kind::refusal) completion.text += block.text;
        if (block.kind != Block::Kind::tool_use) continue;
        auto arguments =
            base::parse_json(block.arguments.empty() ? std::string_view("{}") : std::string_view(block.arguments));
        if (!arguments) {
            account.finish("failed", std::move(usage));
            co_return Answer(
                fail(Error{ErrorCode::upstream_failed,
                           fmt::format("the model called the tool {} with arguments that are no JSON", block.name),
                           {},
                           true}));
        }
        completion.tool_calls.push_back({std::move(block.id), std::move(block.name), std::move(*arguments)});
    }
    completion.usage = {usage.input(), usage.output(), usage.cache_read, usage.estimated};
    if (auto judged = finish_judged(guarded, account, completion, std::move(usage)); !judged) co_return Answer(fail(std::move(judged.error())));
    state.succeeded(target, std::chrono::microseconds(account.spend().first_token_us));
    if (call.on_text && !gathered.told && !completion.text.empty()) call.on_text(completion.text);
    co_return completion;
}

}  // namespace

Gateway::Gateway(Parts parts) : state_(std::make_unique<State>(parts)) {}
Gateway::~Gateway() = default;

void Gateway::add_source(ModelSource& source) { state_->sources.push_back(&source); }

Awaitable<void> Gateway::stop() { co_await state_->tasks.cancel_and_join(); }

Awaitable<Result<FlowAnswer>> Gateway::ask(FlowCall call) {
    State& s = *state_;
    auto plan = s.plan(call.scope.workspace, call.model, call.scope.run);
    const bool limited = s.parts.limits.any(call.scope.workspace);
    CountedLimits counted;
    if (limited)
        if (auto may = s.may_call(call.scope, call.model, plan); !may) co_return fail(std::move(may.error()));
    if (!plan) co_return fail(std::move(plan.error()));
    auto guarded = guarded_call(s, call, call.model, *plan);
    if (!guarded) co_return fail(std::move(guarded.error()));
    bool downgraded = false;
    for (std::size_t i = 0;; ++i) {
        const Target target = plan->targets[i];
        auto request = call.request;
        request.model = target.model;
        auto scope = call.scope;
        scope.model = target.model;
        // Every token is a byte at least; names, roles and separators of the wire format are bytes as well.
        const auto text = base::dump_json(openai_body(request, Dialect{}, false));
        const auto scan = BodyScan::read(text);
        if (!scan) co_return fail(scan.error());
        auto demand = demand_of(text, *scan);
        demand.max_output = request.max_output_tokens.value_or(-1);
        auto entrance = co_await enter(s, call.scope, demand, target, call.model, limited ? &counted : nullptr);
        if (!entrance) co_return fail(std::move(entrance.error()));
        if (entrance->limited) {
            if (!entrance->limited->of_models || i + 1 >= plan->targets.size()) co_return fail(limited_error(*entrance->limited));
            continue;  // another model of the route may have room
        }
        if (entrance->injected) request.max_output_tokens = entrance->injected;
        if (entrance->refusal) {
            if (downgraded || entrance->downgrade_to.empty()) co_return fail(refused(*entrance->refusal));
            auto cheaper = s.plan(call.scope.workspace, entrance->downgrade_to, call.scope.run);
            if (!cheaper || (limited && !s.may_call(call.scope, entrance->downgrade_to, cheaper)))
                co_return fail(refused(*entrance->refusal));
            downgraded = true;
            plan = std::move(cheaper);
            guarded = guarded_call(s, call, entrance->downgrade_to, *plan);
            if (!guarded) co_return fail(std::move(guarded.error()));
            i = static_cast<std::size_t>(-1);
            continue;
        }
        Account account(s, std::move(entrance->hold), spend_of(s, call, target, scope), target);
        account.set_share(std::move(entrance->share));
        account.report = guarded->report;
        if (s.parts.contents && s.parts.contents->keeps(scope.workspace)) account.content = std::make_shared<CallContent>("flow", text);
        Result<Completion> completion;
        if (target.local) {
            TextSink shown = guarded->answers() ? TextSink() : call.on_text;  // what is judged is not shown before
            completion = co_await target.local->chat(std::move(request), std::move(shown));
            if (completion) {
                auto usage = usage_record(completion->usage);
                auto judged = finish_judged(*guarded, account, *completion, std::move(usage));
                if (!judged) completion = fail(std::move(judged.error()));
                else if (guarded->answers() && call.on_text) call.on_text(completion->text);
            } else
                account.finish("failed", std::nullopt,
                               completion.error().code == ErrorCode::timeout ? std::optional<NanoUsd>()
                                                                             : std::optional(NanoUsd{}));
        } else {
            completion = co_await call_upstream(s, call, target, std::move(request), account, *guarded);
            if (!completion && !account.finished()) account.finish("failed", std::nullopt, NanoUsd{});
        }
        if (completion) {
            FlowAnswer out;
            completion->cost = account.cost();
            completion->cost_known = account.price() != nullptr;
            out.completion = std::move(*completion);
            out.provider = target.provider;
            out.simulated = target.local && target.local->type() == "simulated";
            co_return out;
        }
        // A step has attempts of its own; another model is tried at once, the same one later.
        if (!completion.error().retryable || i + 1 >= plan->targets.size())
            co_return fail(std::move(completion.error()));
    }
}

}  // namespace sluice::llm
