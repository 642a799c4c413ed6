// Embeddings, and counting the tokens of a request.

#include <algorithm>
#include <bit>
#include <cstring>

#include "llm/gateway_answers.hpp"
#include "llm/gateway_state.hpp"
#include "sluice/crypto/crypto.hpp"

namespace sluice::llm {
namespace {

constexpr std::size_t most_inputs = 2048;
constexpr base::JsonLimits limits{.size_bytes = 32 << 20, .depth = 32, .keys = 10'000, .string_bytes = 32 << 20};
constexpr base::JsonLimits answer_limits{.size_bytes = 64 << 20, .depth = 32, .keys = 10'000, .string_bytes = 64 << 20};

/// The texts of an OpenAI request. Errors: invalid_argument; unprocessable (tokens, which another vendor cannot read).
Result<std::vector<std::string>> texts_of(const Json& body) {
    const auto* input = base::find_member(body, "input");
    std::vector<std::string> out;
    if (input && input->is_string()) {
        out.push_back(input->get<std::string>());
    } else if (input && input->is_array()) {
        for (const auto& each : *input) {
            if (!each.is_string())
                return fail(ErrorCode::unprocessable,
                            "this model takes texts, not tokens: send `input` as a string or a list of strings");
            out.push_back(each.get<std::string>());
        }
    }
    if (out.empty())
        return fail(Error{ErrorCode::invalid_argument,
                          "there is nothing to embed",
                          {{"/input", "is a string or a list of strings"}},
                          false});
    if (out.size() > most_inputs)
        return fail(ErrorCode::invalid_argument, "at most {} texts are embedded at once", most_inputs);
    return out;
}

Result<std::string> gemini_body(const Json& body, const std::string& model) {
    auto texts = texts_of(body);
    if (!texts) return fail(std::move(texts.error()));
    Json requests = Json::array();
    for (auto& text : *texts) {
        Json one{{"model", "models/" + model}, {"content", {{"parts", Json::array({{{"text", std::move(text)}}})}}}};
        if (const auto* size = base::find_member(body, "dimensions"); size && size->is_number_integer())
            one["outputDimensionality"] = *size;
        requests.push_back(std::move(one));
    }
    return base::dump_json(Json{{"requests", std::move(requests)}});
}

Json vector_json(const Json& values, bool base64) {
    if (!base64) return values;
    std::string bytes;
    for (const auto& value : values) {
        const auto bits = std::bit_cast<std::uint32_t>(value.is_number() ? value.get<float>() : 0.0F);
        for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(bits >> shift & 0xFF);
    }
    return crypto::base64(bytes);
}

Result<Json> openai_answer(const Json& answer, const std::string& model, bool base64, std::int64_t tokens) {
    const auto* list = base::find_member(answer, "embeddings");
    if (!list || !list->is_array())
        return fail(Error{ErrorCode::upstream_failed, "the answer holds no embeddings", {}, true});
    Json data = Json::array();
    for (std::size_t i = 0; i < list->size(); ++i) {
        const auto* values = base::find_member((*list)[i], "values");
        if (!values || !values->is_array())
            return fail(Error{ErrorCode::upstream_failed, "an embedding has no values", {}, true});
        data.push_back({{"object", "embedding"}, {"index", i}, {"embedding", vector_json(*values, base64)}});
    }
    return Json{{"object", "list"},
                {"data", std::move(data)},
                {"model", model},
                {"usage", {{"prompt_tokens", tokens}, {"total_tokens", tokens}}}};
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
    if (target.type->vendor() != "gemini") {
        BodyScan scan = *in.scan;
        UpstreamCall call;
        call.model = target.model;
        call.operation = Operation::embeddings;
        target.type->edit(scan, call);
        auto outcome = co_await attempt_whole(state, in, target, scan.changed() ? scan.edited() : request.body, nullptr,
                                              std::move(account), left);
        if (outcome.response && limited) put_limits(outcome.response->headers, format, entrance->standings, state.now());
        if (outcome.response) co_return std::move(*outcome.response);
        if (outcome.may_try_another) state.failed(target, outcome.retry_after_ms, outcome.error->message);
        co_return refuse(format, *outcome.error, request);
    }
    auto body = base::parse_json(request.body, limits);
    auto written = body ? gemini_body(*body, target.model) : Result<std::string>(fail(std::move(body.error())));
    auto call = written ? outgoing(state, in, target, std::move(*written), false)
                        : Result<net::ClientRequest>(fail(std::move(written.error())));
    if (!call) {
        account->finish("failed", std::nullopt, NanoUsd{});
        co_return refuse(format, call.error(), request);
    }
    bool sent = false;
    call->sent = &sent;
    auto answer = co_await state.parts.client.send(std::move(*call));
    Outcome outcome;
    if (!answer) {
        outcome = failed_transport(*account, target, answer.error(), sent);
    } else if (answer->status < 200 || answer->status >= 300) {
        outcome = failed_status(state, in, *account, target, answer->status, answer->headers, std::move(answer->body));
    } else {
        // Its vendor gives no dependable usage for embeddings: the tokens are counted here.
        auto usage = estimated_usage(static_cast<std::int64_t>(request.body.size()), 0);
        auto parsed = base::parse_json(answer->body, answer_limits);
        const bool base64 = base::string_or(*body, "encoding_format", "float") == "base64";
        auto made = parsed ? openai_answer(*parsed, in.model, base64, usage.input())
                           : Result<Json>(fail(std::move(parsed.error())));
        if (!made) {
            outcome = failed_answer(*account, target, made.error().message, std::move(usage), std::nullopt);
        } else {
            account->finish("ok", std::move(usage));
            state.succeeded(target, state.parts.loop.clock().steady() - in.began);
            auto response = whole_response(target, *account, base::dump_json(*made), left);
            if (limited) put_limits(response.headers, format, entrance->standings, state.now());
            co_return response;
        }
    }
    if (outcome.response) co_return std::move(*outcome.response);
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
