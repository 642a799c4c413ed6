// Calls of flows: the same plan, admission and settlement as at the doors.

#include <algorithm>

#include "llm/gateway_answers.hpp"
#include "llm/gateway_state.hpp"
#include "llm/openai_wire.hpp"
#include "sluice/llm/llm.hpp"

namespace sluice::llm {
namespace {

constexpr std::int64_t usual_output_limit = 8192;
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

Error refused(const budget::Refusal& refusal) { return Error{ErrorCode::budget_exceeded, refusal.message, {}, false}; }

/// The answer of a provider of the workspace, in its own format.
Awaitable<Result<Completion>> call_upstream(Gateway::State& state, const FlowCall& call, const Target& target,
                                            ChatRequest request, Account& account) {
    using Answer = Result<Completion>;
    const auto& format = target.type->format(openai_chat());
    auto conversation = conversation_of(request, false);
    if (!conversation) co_return Answer(fail(std::move(conversation.error())));
    conversation->model = target.model;
    auto written = format.write_request(*conversation);
    if (!written) co_return Answer(fail(std::move(written.error())));
    std::string body = base::dump_json(*written);
    UpstreamCall upstream;
    static const Json no_settings = Json::object();
    upstream.base_url = target.base_url;
    upstream.settings = target.row ? &target.row->settings : &no_settings;
    upstream.model = target.model;
    upstream.format = &format;
    upstream.now = state.now();
    if (auto scan = BodyScan::read(body)) {
        target.type->edit(*scan, upstream);
        if (scan->changed()) body = scan->edited();
    }
    auto key = state.key_of(target);
    if (!key) co_return Answer(fail(std::move(key.error())));
    upstream.key = *key;
    net::ClientRequest out;
    const auto sent_bytes = static_cast<std::int64_t>(body.size());
    out.verb = net::Verb::post;
    out.body = std::move(body);
    out.headers.set("Content-Type", "application/json");
    if (!request.idempotency_key.empty()) out.headers.set("Idempotency-Key", request.idempotency_key);
    if (auto addressed = target.type->address(upstream, out); !addressed)
        co_return Answer(fail(std::move(addressed.error())));
    out.timeout = request.timeout;
    out.max_response = largest_answer;
    out.max_redirects = 0;
    out.operator_trusted = true;
    out.workspace = call.scope.workspace;
    bool sent = false;
    out.sent = &sent;
    auto answer = co_await state.parts.client.send(std::move(out));
    if (!answer) {
        if (sent)
            account.finish("unknown", std::nullopt);
        else
            account.finish("failed", std::nullopt, NanoUsd{});
        co_return Answer(fail(
            Error{answer.error().code,
                  fmt::format("the model provider {} could not be asked: {}", target.provider, answer.error().message),
                  {},
                  true}));
    }
    account.first_byte();
    if (answer->status < 200 || answer->status >= 300) {
        auto error = format.read_error(answer->status, answer->headers, without_key(std::move(answer->body), *key));
        account.finish("failed", std::nullopt, NanoUsd{});
        state.failed(target, error.retry_after_ms);
        const bool transient = answer->status == 429 || answer->status >= 500 || answer->status == 408;
        const auto code = answer->status == 429                            ? ErrorCode::rate_limited
                          : answer->status == 401 || answer->status == 403 ? ErrorCode::unauthenticated
                          : transient                                      ? ErrorCode::upstream_failed
                          : answer->status == 404                          ? ErrorCode::not_found
                                                                           : ErrorCode::invalid_argument;
        Error out_error{
            code, fmt::format("the model provider {} refused: {}", target.provider, error.message), {}, transient};
        if (error.retry_after_ms) out_error.retry_after_us = *error.retry_after_ms * 1000;
        co_return Answer(fail(std::move(out_error)));
    }
    auto parsed = base::parse_json(
        answer->body, {.size_bytes = largest_answer, .depth = 128, .keys = 100'000, .string_bytes = largest_answer});
    auto read = parsed ? format.read_answer(*parsed) : Result<ModelAnswer>(fail(std::move(parsed.error())));
    if (!read) {
        account.finish("failed", std::nullopt);
        co_return Answer(fail(Error{ErrorCode::upstream_failed,
                                    fmt::format("the model provider {} answered something that is no answer: {}",
                                                target.provider, read.error().message),
                                    {},
                                    true}));
    }
    auto usage = judged_usage(read->usage, sent_bytes, static_cast<std::int64_t>(answer->body.size()), Operation::chat);
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
    account.finish("ok", std::move(usage));
    state.succeeded(target, std::chrono::microseconds(account.spend().first_token_us));
    if (call.on_text && !completion.text.empty()) call.on_text(completion.text);
    co_return completion;
}

UsageRecord usage_record(const Usage& usage) {
    UsageRecord out;
    out.input_uncached = std::max<std::int64_t>(usage.input_tokens - usage.cached_input_tokens, 0);
    out.cache_read = usage.cached_input_tokens;
    out.output_visible = usage.output_tokens;
    out.estimated = usage.estimated;
    return out;
}

}  // namespace

Gateway::Gateway(Parts parts) : state_(std::make_unique<State>(parts)) {}
Gateway::~Gateway() = default;

Awaitable<void> Gateway::stop() { co_await state_->tasks.cancel_and_join(); }

Awaitable<Result<FlowAnswer>> Gateway::ask(FlowCall call) {
    State& s = *state_;
    auto plan = s.plan(call.scope.workspace, call.model, call.scope.run);
    if (!plan) co_return fail(std::move(plan.error()));
    bool downgraded = false;
    for (std::size_t i = 0;; ++i) {
        const Target target = plan->targets[i];
        auto request = call.request;
        request.model = target.model;
        auto scope = call.scope;
        scope.model = target.model;
        auto limit = request.max_output_tokens;
        if (!limit) limit = target.max_output_tokens;
        if (!limit && s.parts.budgets.left(scope)) request.max_output_tokens = limit = usual_output_limit;
        Bound bound;
        bound.capped = limit.has_value();
        // Every token is a byte at least; names, roles and separators of the wire format are bytes as well.
        bound.tokens.input_tokens =
            static_cast<std::int64_t>(base::dump_json(openai_body(request, Dialect{}, false)).size());
        if (target.context_window)
            bound.tokens.input_tokens = std::min(bound.tokens.input_tokens, *target.context_window);
        bound.tokens.output_tokens = limit.value_or(0);
        bound.tokens.cache_write_1h = false;
        auto admission = co_await s.parts.budgets.admit(scope, s.most(bound, target));
        if (!admission) co_return fail(std::move(admission.error()));
        if (admission->refusal) {
            if (downgraded || admission->downgrade_to.empty()) co_return fail(refused(*admission->refusal));
            auto cheaper = s.plan(call.scope.workspace, admission->downgrade_to, call.scope.run);
            if (!cheaper) co_return fail(refused(*admission->refusal));
            downgraded = true;
            plan = std::move(cheaper);
            i = static_cast<std::size_t>(-1);
            continue;
        }
        Account account(s, std::move(admission->hold), spend_of(s, call, target, scope), target);
        Result<Completion> completion;
        if (target.local) {
            completion = co_await target.local->chat(std::move(request), call.on_text);
            if (completion)
                account.finish("ok", usage_record(completion->usage));
            else
                account.finish("failed", std::nullopt,
                               completion.error().code == ErrorCode::timeout ? std::optional<NanoUsd>()
                                                                             : std::optional(NanoUsd{}));
        } else {
            completion = co_await call_upstream(s, call, target, std::move(request), account);
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
