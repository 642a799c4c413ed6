// Embeddings, and counting the tokens of a request.

#include "llm/embedding_wire.hpp"
#include "llm/gateway_answers.hpp"
#include "llm/gateway_state.hpp"

namespace sluice::llm {
namespace {

constexpr base::JsonLimits limits{.size_bytes = 32 << 20, .depth = 32, .keys = 100'000, .string_bytes = 32 << 20};
constexpr base::JsonLimits answer_limits{.size_bytes = 64 << 20, .depth = 32, .keys = 100'000, .string_bytes = 64 << 20};

EmbeddingForm form_of(const Door& door) {
    if (door.format != &gemini()) return EmbeddingForm::openai;
    return door.single ? EmbeddingForm::gemini_single : EmbeddingForm::gemini;
}
EmbeddingForm form_of(const Target& target) { return target.type->vendor() == "gemini" ? EmbeddingForm::gemini : EmbeddingForm::openai; }
bool is_gemini(EmbeddingForm form) { return form != EmbeddingForm::openai; }

/// `body` with what the vendor's way of calling wants otherwise; `scan` is of it.
std::string edited(BodyScan scan, const Target& target, const std::string& body) {
    UpstreamCall call;
    call.model = target.model;
    call.operation = Operation::embeddings;
    target.type->edit(scan, call);
    return scan.changed() ? scan.edited() : body;
}

/// The caller's body for a vendor of the same form: only the model's name may change.
Result<std::string> passed_request(const Incoming& in, const Target& target) {
    if (is_gemini(form_of(target))) {
        auto body = base::parse_json(in.request->body, limits);
        if (!body) return fail(std::move(body.error()));
        return renamed_embedding_request(*body, target.model).value_or(in.request->body);
    }
    return edited(*in.scan, target, in.request->body);
}

/// A call that is told in the other vendor's form.
Awaitable<Outcome> attempt_translated(Gateway::State& state, Incoming& in, const Target& target, std::unique_ptr<Account> account,
                                      std::optional<NanoUsd> left) {
    Outcome out;
    const auto refused = [&](const Error& error) {
        account->finish("failed", std::nullopt, NanoUsd{});
        Error told = error;
        if (told.code == ErrorCode::unprocessable) told.code = ErrorCode::invalid_argument;  // the SDKs know no 422
        out.error = call_error(told);
        return std::move(out);
    };
    auto parsed = base::parse_json(in.request->body, limits);
    if (!parsed) co_return refused(parsed.error());
    auto request = read_embedding_request(form_of(in.door), *parsed);
    if (!request) co_return refused(request.error());
    auto written = write_embedding_request(form_of(target), *request, target.model);
    if (!written) co_return refused(written.error());
    auto body = std::move(*written);
    if (auto scan = BodyScan::read(body); scan && !is_gemini(form_of(target))) body = edited(std::move(*scan), target, body);
    auto call = outgoing(state, in, target, std::move(body), false);
    if (!call) co_return refused(call.error());
    bool sent = false;
    call->sent = &sent;
    auto answer = co_await state.parts.client.send(std::move(*call));
    if (auto failed = no_success(state, in, *account, target, answer, sent)) co_return std::move(*failed);
    // Where the vendor does not say what it used, tokens are counted here, by the bytes that the hold goes by.
    auto usage = estimated_usage(static_cast<std::int64_t>(in.request->body.size()), 0);
    auto got = base::parse_json(answer->body, answer_limits);
    auto read = got ? read_embedding_answer(form_of(target), *got, request->texts.size()) : Result<EmbeddingAnswer>(fail(std::move(got.error())));
    if (!read) co_return failed_answer(*account, target, read.error().message, std::move(usage), std::nullopt);
    if (read->tokens.value_or(0) > 0) {
        usage = UsageRecord();
        usage.input_uncached = *read->tokens;
    }
    usage.raw = read->raw_usage;
    const auto tokens = usage.input();
    auto text = write_embedding_answer(form_of(in.door), std::move(*read), in.model, request->base64, tokens);
    state.succeeded(target, state.parts.loop.clock().steady() - in.began);
    keep_answer(in, *account, text);
    account->finish("ok", std::move(usage));
    out.response = whole_response(target, *account, std::move(text), left);
    co_return out;
}

}  // namespace

Awaitable<net::Response> handle_embeddings(Gateway::State& state, net::Request& request, Door door) {
    Incoming in;
    in.began = state.parts.loop.clock().steady();
    in.scope_now = state.now();
    if (auto refused = read_incoming(request, std::move(door), in)) co_return std::move(*refused);
    const auto& format = *in.door.format;
    in.stream = false;
    // Never to another model than the one asked for: vectors of two models do not compare.
    auto found = state.allowed_target(in.scope, in.model);
    if (!found) co_return refuse(format, no_model(found.error()), request);
    const Target target = std::move(*found);
    if (!target.type || !target.type->offers(Operation::embeddings))
        co_return refuse(
            format,
            Error{ErrorCode::unprocessable,
                  fmt::format("{} makes no embeddings; name an embedding model of another provider", target.provider),
                  {},
                  false},
            request);
    Plan plan;
    plan.targets.push_back(target);
    if (auto refused = co_await guard_request(state, in, &plan)) co_return std::move(*refused);
    in.guard = nullptr;  // an answer of numbers says nothing
    CountedLimits counted;
    const bool limited = state.parts.limits.any(in.scope.workspace);
    auto entrance = co_await enter(state, in.scope, in.demand, target, in.model, limited ? &counted : nullptr);
    if (!entrance) co_return refuse(format, entrance.error(), request);
    if (entrance->refusal) co_return refuse_budget(format, *entrance->refusal, in);
    if (entrance->limited) {
        auto refused = refuse(format, limit_error(*entrance->limited), request);
        put_limits(refused.headers, format, entrance->standings, state.now());
        co_return refused;
    }
    const auto left = entrance->left;
    auto scope = in.scope;
    scope.model = target.model;
    auto account =
        std::make_unique<Account>(state, std::move(entrance->hold), new_spend(state, in, target, scope), target);
    account->set_share(std::move(entrance->share));
    account->report = in.report;
    Outcome outcome;
    if (is_gemini(form_of(in.door)) == is_gemini(form_of(target))) {
        auto passed = passed_request(in, target);
        if (!passed) {
            account->finish("failed", std::nullopt, NanoUsd{});
            co_return refuse(format, passed.error(), request);
        }
        outcome = co_await attempt_whole(state, in, target, std::move(*passed), nullptr, std::move(account), left);
    } else {
        outcome = co_await attempt_translated(state, in, target, std::move(account), left);
    }
    if (outcome.response) {
        if (limited) put_limits(outcome.response->headers, format, entrance->standings, state.now());
        co_return std::move(*outcome.response);
    }
    if (outcome.may_try_another) state.failed(target, outcome.retry_after_ms, outcome.error->message);
    co_return refuse(format, *outcome.error, request);
}

Awaitable<net::Response> handle_count_tokens(Gateway::State& state, net::Request& request, Door door) {
    Incoming in;
    in.began = state.parts.loop.clock().steady();
    in.scope_now = state.now();
    if (auto refused = read_incoming(request, std::move(door), in)) co_return std::move(*refused);
    const auto& format = *in.door.format;
    auto found = state.allowed_target(in.scope, in.model);
    if (!found) co_return refuse(format, no_model(found.error()), request);
    const Target target = std::move(*found);
    Plan plan;
    plan.targets.push_back(target);
    if (auto refused = co_await guard_request(state, in, &plan)) co_return std::move(*refused);
    if (!target.type || !target.type->offers(Operation::count_tokens)) {
        // Nobody to ask: a token for each started four bytes.
        co_return net::json_response(200, {{"input_tokens", (static_cast<std::int64_t>(request.body.size()) + 3) / 4}});
    }
    BodyScan scan = *in.scan;
    UpstreamCall upstream;
    upstream.model = target.model;
    target.type->edit(scan, upstream);
    auto call = outgoing(state, in, target, scan.changed() ? scan.edited() : request.body, false);
    if (!call) co_return refuse(format, call.error(), request);
    auto answer = co_await state.parts.client.send(std::move(*call));
    if (!answer) co_return refuse(format, answer.error(), request);
    net::Response out;
    out.status = answer->status == 401 || answer->status == 403 || answer->status < 200 ||
                         (answer->status >= 300 && answer->status < 400)
                     ? 502
                     : answer->status;
    out.headers.set("Content-Type", "application/json");
    auto key = state.key_of(target);
    out.text = key ? without_key(std::move(answer->body), *key) : std::move(answer->body);
    co_return out;
}

}  // namespace sluice::llm
