// The way of a model call: plan, admission, attempts, settlement.

#include <algorithm>

#include "llm/gateway_state.hpp"
#include "sluice/base/metrics.hpp"
#include "sluice/crypto/crypto.hpp"
#include "sluice/llm/contents.hpp"

namespace sluice::llm {
namespace {

base::metrics::Counter hits_total("sluice_gateway_cache_hits_total", "Model calls that were answered from the cache");
base::metrics::Counter refused_total("sluice_gateway_refused_total", "Model calls that a budget refused");

constexpr base::JsonLimits body_limits{.size_bytes = 32 << 20, .depth = 128, .keys = 100'000, .string_bytes = 32 << 20};
constexpr std::int64_t longest_wait_ms = 2'000;  ///< for a vendor's Retry-After before the same model is tried again

CallError budget_error(const budget::Refusal& refusal) {
    CallError out;
    out.status = 402;
    out.type = "budget_exceeded";
    out.code = "budget_exceeded";
    out.message = refusal.message;
    out.should_retry = false;
    return out;
}

/// An answer that is there already costs nothing; the ledger says so. The key covers whose call it is, its door and all
/// of its body: model, system, messages, tools and every parameter.
Result<std::optional<net::Response>> from_cache(Gateway::State& state, Incoming& in) {
    const auto order = read_cache_order(in.request->headers.get("x-sluice-cache"), state.parts.options.cache_ttl);
    if (!order)
        return fail(ErrorCode::invalid_argument,
                    "the header x-sluice-cache is ttl=DURATION (at most 168h), no-cache or no-store");
    if (in.stream || in.has_schema() || (order->ttl <= Duration(0))) return std::nullopt;
    in.cache_ttl = order->ttl;
    const auto& scope = in.scope;
    crypto::Sha256 hash;
    for (const std::string_view part :
         {scope.workspace.raw(), std::string_view(scope.project), std::string_view(scope.api_key),
          std::string_view(scope.user), in.door.name, std::string_view(in.model)}) {
        hash.update(part);
        hash.update(std::string_view("\0", 1));
    }
    if (in.guard) hash.update(in.guard->stamp);
    hash.update(in.request->body);
    const auto digest = hash.finish();
    in.cache_key = std::string(crypto::raw(digest));
    const auto* kept = order->read ? state.cache.find(in.cache_key, state.now()) : nullptr;
    if (!kept) return std::nullopt;
    hits_total.add();
    auto out = cached_response(state, in, *kept);
    out.headers.set("x-sluice-cache", "hit");
    return out;
}

/// Sets a member of an object inside a body; an object that is not there (or none) is made.
void set_inside(BodyScan& scan, std::string_view object, std::string_view member, std::string raw_value) {
    auto inner = BodyScan::read(scan.raw(object));
    if (!inner) inner = BodyScan::read("{}");
    inner->set(member, std::move(raw_value));
    scan.set(object, inner->edited());
}

/// Whether the caller itself wants a stream to say what it used.
bool asks_for_usage(const BodyScan& scan) {
    const auto options = BodyScan::read(scan.raw("stream_options"));
    return options && options->flag("include_usage", false);
}

/// What a schema judges is asked for whole, and told as a stream afterwards.
void ask_whole(Incoming& in) {
    if (!in.stream) return;
    in.told_usage = asks_for_usage(*in.scan);
    in.told_stream = true;
    in.stream = false;
}

/// The caller's body for a target of the same format: only what must change does.
std::string passed_body(const Incoming& in, const Target& target, std::optional<std::int64_t> injected,
                        bool& added_stream_options) {
    BodyScan scan = *in.scan;
    if (in.told_stream && scan.has("stream")) {
        scan.set("stream", "false");
        if (scan.has("stream_options")) scan.remove("stream_options");
    }
    UpstreamCall call;
    call.model = target.model;
    call.operation = in.door.operation;
    call.format = in.door.format;
    call.stream = in.stream;
    target.type->edit(scan, call);
    const auto& format = *in.door.format;
    if (injected) {
        const auto limit = fmt::format("{}", *injected);
        if (&format == &openai_chat())
            scan.set(target.type->vendor() == "openai" ? "max_completion_tokens" : "max_tokens", limit);
        else if (&format == &openai_responses())
            scan.set("max_output_tokens", limit);
        else if (&format == &anthropic_messages())
            scan.set("max_tokens", limit);
        else
            set_inside(scan, scan.has("generation_config") ? "generation_config" : "generationConfig",
                       "maxOutputTokens", limit);
    }
    // Without it a stream of this format never says what it used.
    if (&format == &openai_chat() && in.stream && !asks_for_usage(*in.scan)) {
        added_stream_options = true;
        set_inside(scan, "stream_options", "include_usage", "true");
    }
    return scan.changed() ? scan.edited() : in.request->body;
}

void note(Json& tried, const Target& target, std::string_view outcome) {
    tried.push_back({{"provider", target.provider}, {"model", target.model}, {"outcome", outcome}});
}

}  // namespace

Result<std::shared_ptr<ModelRequest>> conversation_of(const Incoming& in) {
    auto body = base::parse_json(in.request->body, body_limits);
    if (!body) return fail(std::move(body.error()));
    auto read = in.door.format->read_request(*body);
    if (!read) return fail(std::move(read.error()));
    for (const auto& turn : read->turns)
        if (turn.blocks.empty() && turn.role == Turn::Role::user)
            return fail(ErrorCode::invalid_argument,
                        "a message of the user is empty; say something in it, or leave it out");
    read->model = in.model;
    read->stream = in.stream;
    return std::make_shared<ModelRequest>(std::move(*read));
}

net::Response cached_response(Gateway::State& state, const Incoming& in, const AnswerCache::Answer& kept) {
    budget::Spend spend;
    spend.id = budget::SpendId::make(state.now(), state.parts.random);
    spend.scope = in.scope;
    spend.scope.model = kept.model;
    spend.door = in.door.name;
    spend.provider = kept.provider;
    spend.model = kept.model;
    spend.requested_model = in.model;
    spend.request_id = in.request->id;
    spend.status = "cached";
    spend.at = state.now();
    put_row(state, std::move(spend), in.report.get());
    net::Response out;
    out.status = 200;
    out.headers.set("Content-Type", "application/json");
    out.headers.set("x-sluice-provider", kept.provider);
    out.headers.set("x-sluice-model", kept.model);
    out.headers.set("x-sluice-cost-usd", "0");
    out.text = kept.body;
    return out;
}

CallError no_model(const Error& error) {
    auto out = call_error(error);
    if (error.code == ErrorCode::not_found) out.code = "model_not_found";
    return out;
}

net::Response refuse_budget(const Format& format, const budget::Refusal& refusal, const Incoming& in) {
    refused_total.add();
    auto out = refuse(format, budget_error(refusal), *in.request);
    out.headers.set("x-sluice-budget", refusal.budget.str());
    out.headers.set("x-sluice-budget-action", budget::to_string(refusal.action));
    out.headers.set("x-sluice-budget-scope", fmt::format("{}{}{}", budget::to_string(refusal.scope),
                                                         refusal.scope_id.empty() ? "" : ":", refusal.scope_id));
    if (refusal.resets_at) {
        const auto left = *refusal.resets_at - in.scope_now;
        out.headers.set("x-sluice-budget-resets-at", base::format_time(*refusal.resets_at));
        out.headers.set("Retry-After",
                        fmt::format("{}", std::max<std::int64_t>(
                                              1, std::chrono::duration_cast<std::chrono::seconds>(left).count())));
    }
    return out;
}

Awaitable<net::Response> handle_chat(Gateway::State& state, net::Request& request, Door door, SettledCall settled) {
    Incoming in;
    in.settled = std::move(settled);
    in.began = state.parts.loop.clock().steady();
    in.scope_now = state.now();
    if (auto refused = read_incoming(request, std::move(door), in)) co_return std::move(*refused);
    const auto& format = *in.door.format;
    const bool limited = state.parts.limits.any(in.scope.workspace);
    if (auto* source = state.source_of(in.model)) {
        Result<Plan> named;
        named->route = in.model;
        if (auto may = state.may_call(in.scope, in.model, named); limited && !may) co_return refuse(format, no_model(may.error()), request);
        in.scope.flow = in.model.substr(source->prefix().size() + 1);
        if (auto refused = co_await guard_request(state, in, nullptr)) co_return std::move(*refused);
        if (!in.has_schema()) co_return co_await handle_source(state, in, *source);
        ask_whole(in);
        auto answer = co_await handle_source(state, in, *source);
        Plan nobody;  // a flow is not run once more for the form of its answer
        co_return co_await keep_schema(state, in, std::move(nobody), std::move(answer));
    }
    auto plan = state.plan(in.scope.workspace, in.model, in.sticky);
    if (limited)
        if (auto may = state.may_call(in.scope, in.model, plan); !may) co_return refuse(format, no_model(may.error()), request);
    if (!plan) co_return refuse(format, no_model(plan.error()), request);
    if (state.guards(in.scope.workspace))
        if (auto refused = co_await guard_request(state, in, &*plan)) co_return std::move(*refused);
    if (!in.has_schema()) co_return co_await call_models(state, in, std::move(*plan));
    ask_whole(in);
    auto response = co_await call_models(state, in, *plan);
    co_return co_await keep_schema(state, in, std::move(*plan), std::move(response));
}

Awaitable<net::Response> call_models(Gateway::State& state, Incoming& in, Plan first) {
    const auto& format = *in.door.format;
    auto& request = *in.request;
    const bool limited = state.parts.limits.any(in.scope.workspace);
    Result<Plan> plan(std::move(first));
    auto kept = from_cache(state, in);
    if (!kept) co_return refuse(format, kept.error(), request);
    if (*kept) co_return std::move(**kept);
    if (request.headers.find("x-sluice-semantic-cache")) {
        auto meant = co_await from_semantic_cache(state, in);
        if (!meant) co_return refuse(format, meant.error(), request);
        if (*meant) co_return std::move(**meant);
    }

    std::shared_ptr<ModelRequest> conversation;
    std::optional<CallError> last;
    Json tried = Json::array();
    bool downgraded = false;
    CountedLimits counted;
    LimitStandings standings;
    for (int attempt = 0; attempt < plan->max_attempts; ++attempt) {
        const Target target = plan->targets[static_cast<std::size_t>(attempt) % plan->targets.size()];
        auto entrance = co_await enter(state, in.scope, in.demand, target, in.model, limited ? &counted : nullptr);
        if (!entrance) co_return refuse(format, entrance.error(), request);
        standings = entrance->standings;
        if (entrance->limited) {
            last = limit_error(*entrance->limited);
            // Another model of the route may have room.
            if (!entrance->limited->of_models || plan->targets.size() == 1) break;
            note(tried, target, "limited");
            continue;
        }
        if (entrance->refusal) {
            if (downgraded || entrance->downgrade_to.empty()) co_return refuse_budget(format, *entrance->refusal, in);
            downgraded = true;
            auto cheaper = state.plan(in.scope.workspace, entrance->downgrade_to, in.sticky);
            if (!cheaper || (limited && !state.may_call(in.scope, entrance->downgrade_to, cheaper)))
                co_return refuse_budget(format, *entrance->refusal, in);
            plan = std::move(cheaper);
            // Other rules may cover the other model.
            if (auto refused = co_await guard_request(state, in, &*plan)) co_return std::move(*refused);
            conversation.reset();
            attempt = -1;
            continue;
        }
        const auto left = entrance->left;
        const auto injected = entrance->injected;
        auto scope = in.scope;
        scope.model = target.model;
        auto spend = new_spend(state, in, target, scope);
        spend.attempts = attempt + 1;
        if (!tried.empty()) spend.route = base::dump_json(tried);
        auto account = std::make_unique<Account>(state, std::move(entrance->hold), std::move(spend), target);
        account->report = in.report;
        account->settled = in.settled;
        if (state.parts.contents && state.parts.contents->keeps(scope.workspace))
            account->content = std::make_shared<CallContent>(in.door.name, request.body);
        account->set_share(std::move(entrance->share));

        const bool local = target.type == nullptr;
        const bool same = !local && &target.type->format(format) == &format;
        if (!same && in.demand.choices > 1) {
            account->finish("failed", std::nullopt, NanoUsd{});
            const Error several{
                ErrorCode::invalid_argument,
                fmt::format("{} answers in another format, with one choice; ask for one", target.label()),
                {},
                false};
            co_return refuse(format, several, request);
        }
        if (!same && !conversation) {
            auto read = conversation_of(in);
            if (!read) {
                account->finish("failed", std::nullopt, NanoUsd{});
                co_return refuse(format, read.error(), request);
            }
            conversation = std::move(*read);
        }
        Outcome outcome;
        if (local) {
            outcome = co_await attempt_local(state, in, target, conversation, std::move(account), left);
        } else {
            std::string body;
            in.added_stream_options = false;
            if (same) {
                body = passed_body(in, target, injected, in.added_stream_options);
            } else {
                auto wanted = *conversation;
                wanted.model = target.model;
                wanted.stream_usage = true;
                if (injected) wanted.max_output_tokens = injected;
                auto written = body_of(wanted, target, target.type->format(format));
                if (!written) {
                    account->finish("failed", std::nullopt, NanoUsd{});
                    written.error().code = ErrorCode::invalid_argument;  // the SDKs know no 422
                    co_return refuse(format, written.error(), request);
                }
                body = std::move(*written);
            }
            auto translated = same ? nullptr : conversation;
            if (in.stream)
                outcome = co_await attempt_stream(state, in, target, std::move(body), std::move(translated),
                                                  std::move(account), left);
            else
                outcome = co_await attempt_whole(state, in, target, std::move(body), std::move(translated),
                                                 std::move(account), left);
        }
        if (outcome.response) {
            if (!in.cache_key.empty() && outcome.response->status == 200) {
                outcome.response->headers.set("x-sluice-cache", "miss");
                state.cache.put(in.cache_key, {outcome.response->text, target.provider, target.model},
                                state.now() + in.cache_ttl);
            }
            keep_semantic(state, in, *outcome.response, target);
            if (in.cache_key.empty()) outcome.response->headers.set("x-sluice-cache", in.semantic.partition.empty() ? "off" : "miss");
            if (injected) outcome.response->headers.set("x-sluice-max-output-tokens", fmt::format("{}", *injected));
            if (downgraded) outcome.response->headers.set("x-sluice-downgraded", "true");
            if (limited) put_limits(outcome.response->headers, format, standings, state.now());
            co_return std::move(*outcome.response);
        }
        last = std::move(outcome.error);
        note(tried, target, last ? last->type : "failed");
        if (!outcome.may_try_another) break;
        state.failed(target, outcome.retry_after_ms, last ? last->message : std::string_view("no answer"));
        // The same model again only after the time that its vendor asked for, and only if that is short.
        if (plan->targets.size() == 1 && attempt + 1 < plan->max_attempts) {
            const auto wait = outcome.retry_after_ms.value_or(100);
            if (wait > longest_wait_ms) break;
            co_await state.parts.loop.sleep_for(std::chrono::milliseconds(std::max<std::int64_t>(wait, 1)));
        }
    }
    if (!last) last = call_error(Error{ErrorCode::upstream_failed, "no model answered", {}, true});
    auto refused = refuse(format, *last, request);
    if (limited) put_limits(refused.headers, format, standings, state.now());
    co_return refused;
}

}  // namespace sluice::llm
