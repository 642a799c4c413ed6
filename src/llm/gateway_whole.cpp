// An attempt whose answer comes as a whole, and what a failed one means.

#include <algorithm>

#include "llm/gateway_answers.hpp"
#include "llm/gateway_state.hpp"
#include "sluice/crypto/crypto.hpp"

namespace sluice::llm {
namespace {

constexpr base::JsonLimits answer_limits{
    .size_bytes = 64 << 20, .depth = 128, .keys = 100'000, .string_bytes = 64 << 20};

constexpr std::size_t largest_kept = 1 << 20;  ///< under an Idempotency-Key

bool is_transient(int status) {
    return status == 408 || status == 409 || status == 425 || status == 429 || status >= 500;
}

}  // namespace

std::string without_key(std::string text, std::string_view key) {
    if (key.size() < 8) return text;
    for (auto at = text.find(key); at != std::string::npos; at = text.find(key, at))
        text.replace(at, key.size(), "[key]");
    return text;
}

Outcome failed_transport(Account& account, const Target& target, const Error& error, bool sent) {
    Outcome out;
    // What may have arrived there may have been worked on: it stays charged at its hold.
    account.set_error(error.message);
    if (sent)
        account.finish("unknown", std::nullopt);
    else
        account.finish("failed", std::nullopt, NanoUsd{});
    Error shown = error;
    shown.message = fmt::format("the model provider {} could not be asked: {}", target.provider, error.message);
    if (shown.code != ErrorCode::timeout && shown.code != ErrorCode::sealed) shown.code = ErrorCode::upstream_failed;
    out.error = call_error(shown);
    out.may_try_another = error.code == ErrorCode::upstream_failed || error.code == ErrorCode::timeout;
    return out;
}

Outcome failed_status(Gateway::State& state, const Incoming& in, Account& account, const Target& target, int status,
                      const net::Headers& headers, std::string body) {
    Outcome out;
    const auto& spoken = target.type->format(*in.door.format);
    if (auto key = state.key_of(target)) body = without_key(std::move(body), *key);
    auto error = spoken.read_error(status, headers, body);
    account.set_error(error.message);
    account.finish("failed", std::nullopt, NanoUsd{});  // no vendor bills a call that it refused
    out.retry_after_ms = error.retry_after_ms;
    if (status == 401 || status == 402 || status == 403) {
        // The provider's key is not the caller's: nobody shall throw away a good key of ours.
        log::warn("a model provider refuses its key",
                  {{"provider", target.provider}, {"status", std::to_string(status)}});
        error.status = 502;
        error.type = "upstream_failed";
        error.code.clear();
        error.message = fmt::format(
            "the model provider {} refuses the key that it was given here{}; whoever set it up must see to it",
            target.provider, status == 402 ? ", for want of money" : "");
        out.may_try_another = true;
    } else {
        out.may_try_another = is_transient(status);
    }
    if (status >= 300 && status < 400) error.status = 502;
    // AWS has an error shape of its own.
    if (&spoken == in.door.format && !out.may_try_another && status >= 400 && !target.type->framed_stream()) {
        net::Response response;
        response.status = status;
        response.headers.set("Content-Type", headers.get("content-type", "application/json"));
        put_headers(response.headers, target, NanoUsd{}, std::nullopt);
        response.text = std::move(body);
        out.response = std::move(response);
        return out;
    }
    out.error = std::move(error);
    return out;
}

std::optional<Outcome> no_success(Gateway::State& state, const Incoming& in, Account& account, const Target& target,
                                  Result<net::ClientResponse>& answer, bool sent) {
    if (!answer) return failed_transport(account, target, answer.error(), sent);
    account.first_byte();
    if (answer->status >= 200 && answer->status < 300) return std::nullopt;
    return failed_status(state, in, account, target, answer->status, answer->headers, std::move(answer->body));
}

Outcome failed_answer(Account& account, const Target& target, std::string why, std::optional<UsageRecord> usage,
                      std::optional<NanoUsd> fallback) {
    Outcome out;
    account.set_error(why);
    account.finish("failed", std::move(usage), fallback);
    out.error = call_error(
        Error{ErrorCode::upstream_failed,
              fmt::format("the model provider {} answered something that is no answer: {}", target.provider, why),
              {},
              true});
    out.may_try_another = true;
    return out;
}

UsageRecord judged_usage(std::optional<UsageRecord> told, std::int64_t input_bytes, std::int64_t answer_bytes,
                         Operation operation) {
    // Nothing used and yet an answer: the vendor did not count.
    const bool missing =
        !told || (operation == Operation::chat ? told->output() == 0 && told->input() == 0 : told->input() == 0);
    if (!missing) return std::move(*told);
    auto out = estimated_usage(input_bytes, operation == Operation::chat ? (answer_bytes + 3) / 4 : 0);
    if (told) out.raw = std::move(told->raw);
    return out;
}

net::Response whole_response(const Target& target, const Account& account, std::string body,
                             std::optional<NanoUsd> left) {
    net::Response out;
    out.status = 200;
    out.headers.reserve(10);
    out.headers.set("Content-Type", "application/json");
    put_headers(out.headers, target, account.price() ? std::optional(account.cost()) : std::nullopt, left);
    out.text = std::move(body);
    return out;
}

Awaitable<Outcome> attempt_whole(Gateway::State& state, Incoming& in, const Target& target, std::string body,
                                 std::shared_ptr<ModelRequest> translated, std::unique_ptr<Account> account,
                                 std::optional<NanoUsd> left) {
    const auto& spoken = target.type->format(*in.door.format);
    const auto sent_bytes = static_cast<std::int64_t>(body.size());
    auto call = outgoing(state, in, target, std::move(body), false);
    if (!call) co_return failed_transport(*account, target, call.error(), false);
    bool sent = false;
    call->sent = &sent;
    auto answer = co_await state.parts.client.send(std::move(*call));
    if (auto failed = no_success(state, in, *account, target, answer, sent)) co_return std::move(*failed);

    auto scan = BodyScan::read(answer->body);
    if (!scan) co_return failed_answer(*account, target, "it is no JSON object", std::nullopt, std::nullopt);
    auto told = usage_of(spoken, *scan);
    if (const auto error = scan->raw("error"); !error.empty() && error != "null") {
        auto usage = told ? std::move(*told) : estimated_usage(sent_bytes, 0);
        co_return failed_answer(*account, target, "an error with the status 200", std::move(usage), std::nullopt);
    }
    auto usage =
        judged_usage(std::move(told), sent_bytes, static_cast<std::int64_t>(answer->body.size()), in.door.operation);
    if (!translated) {
        if (auto refused = co_await guard_answer(state, in, *account, target, answer->body, usage)) co_return std::move(*refused);
        state.succeeded(target, state.parts.loop.clock().steady() - in.began);
        if (account->content && in.door.operation == Operation::chat) account->content->set_answer(answer->body);
        keep_answer(in, *account, answer->body);
        account->finish("ok", std::move(usage));
        Outcome out;
        out.response = whole_response(target, *account, std::move(answer->body), left);
        co_return out;
    }
    auto parsed = base::parse_json(answer->body, answer_limits);
    auto read = parsed ? spoken.read_answer(*parsed) : Result<ModelAnswer>(fail(std::move(parsed.error())));
    if (!read) co_return failed_answer(*account, target, read.error().message, std::move(usage), std::nullopt);
    state.succeeded(target, state.parts.loop.clock().steady() - in.began);
    if (!read->usage) read->usage = usage;
    auto text = base::dump_json(in.door.format->write_answer(*read, answer_context(state, in, translated.get())));
    if (auto refused = co_await guard_answer(state, in, *account, target, text, usage)) co_return std::move(*refused);
    if (account->content) account->content->set_answer(text);
    keep_answer(in, *account, text);
    account->finish("ok", std::move(usage));
    Outcome out;
    out.response = whole_response(target, *account, std::move(text), left);
    co_return out;
}

void keep_answer(const Incoming& in, Account& account, std::string_view body) {
    // What a schema judges is kept once that is done.
    if (in.request->idempotency == nullptr || body.size() > largest_kept || in.has_schema()) return;
    account.also = [request = in.request, kept = std::string(body)](storage::WriteUnit& unit) {
        request->record_once(unit, {200, kept, {}});
    };
}

AnswerContext answer_context(Gateway::State& state, const Incoming& in, const ModelRequest* request) {
    AnswerContext out;
    out.id = crypto::random_token(state.parts.random, 18);
    out.model = in.model;
    out.created_s = std::chrono::duration_cast<std::chrono::seconds>(state.now().time_since_epoch()).count();
    out.stream_usage = request && request->stream_usage;
    out.request = request;
    return out;
}

}  // namespace sluice::llm
