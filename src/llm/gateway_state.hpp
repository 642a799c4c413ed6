#pragma once
/// What the parts of the gateway share: targets of a call, their health, and the account of one attempt.

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "llm/answer_cache.hpp"
#include "llm/body_scan.hpp"
#include "llm/call_content.hpp"
#include "llm/formats/format.hpp"
#include "llm/guard.hpp"
#include "llm/semantic_cache.hpp"
#include "llm/upstreams/upstream.hpp"
#include "sluice/llm/gateway.hpp"
#include "sluice/llm/model_source.hpp"
#include "sluice/net/client.hpp"
#include "sluice/net/http.hpp"
#include "sluice/runtime/loop.hpp"
#include "sluice/runtime/task_group.hpp"
#include "sluice/storage/storage.hpp"
#include "sluice/storage/write_unit.hpp"

namespace sluice::llm {

/// One model that a call may go to, with the prices in force when the call began.
struct Target {
    std::string provider;                ///< name, for people
    std::string model;                   ///< the vendor's id
    const UpstreamType* type = nullptr;  ///< null: `local`
    std::string base_url;
    std::shared_ptr<const ProviderRow> row;  ///< null: of the configuration
    std::string configured_key;
    std::shared_ptr<Provider> local;                       ///< of the configuration, called through its own interface
    std::shared_ptr<const Catalogue> catalogue;            ///< keeps `price` alive
    const PriceVersion* price = nullptr;                   ///< null: not known
    std::shared_ptr<const PriceVersion> configured_price;  ///< keeps it alive where it is none of the catalogue's
    std::optional<std::int64_t> context_window, max_output_tokens;
    double weight = 1;
    std::string label() const { return provider + "/" + model; }
};

/// The targets of a call in the order of trying.
struct Plan {
    std::vector<Target> targets;
    int max_attempts = 2;
    std::string route;  ///< the model route's name; empty: none
};

/// Whether calls go to a target. closed ─ three failures in a row, or its Retry-After ─▶ open ─ the time is up ─▶ half_open;
/// then one call tries while others still go elsewhere: half_open ─ it is answered ─▶ closed, half_open ─ it fails ─▶ open.
enum class Circuit : std::uint8_t { closed, open, half_open };
std::string_view to_string(Circuit circuit);

/// Calls that began in one minute.
struct HealthMinute {
    std::int64_t minute = -1;  ///< since the epoch
    std::int64_t answered = 0, failed = 0, latency_us = 0;
};

/// How a target has done of late.
struct Health {
    ProviderId provider;  ///< nil: of the configuration
    std::int64_t revision = 0;  ///< of the provider: a changed one begins anew
    std::string model;
    int failures = 0;     ///< in a row
    Time cool_until{};    ///< past: half open; the epoch: closed
    Time probe_until{};   ///< a call tries until then at most; others wait for what becomes of it
    Time since{};         ///< of the present circuit; the epoch: it was never open
    double latency_us = 0;  ///< to the first byte, moving average
    Time answered_at{};
    std::string last_error;
    Time failed_at{};
    std::array<HealthMinute, 5> minutes;  ///< by minute modulo 5

    Circuit circuit(Time now) const {
        return cool_until == Time() ? Circuit::closed : now < cool_until ? Circuit::open : Circuit::half_open;
    }
};

/// The greatest use of a call, before it is made.
struct Bound {
    CallBound tokens;
    bool capped = false;  ///< the output has a limit: the caller's, the model's, or ours
};

/// Told of each attempt's row when it has ended; `priced`: its cost is known.
using SettledCall = std::function<void(const budget::Spend&, bool priced)>;

/// One attempt's money and its row. Destroyed unfinished, it is settled as unknown at its hold.
class Account {
  public:
    Account(Gateway::State& state, budget::Hold hold, budget::Spend spend, const Target& target);
    ~Account();
    Account(const Account&) = delete;
    Account& operator=(const Account&) = delete;

    /// Ends the attempt. `usage` nothing: the cost is `fallback` (nothing: the whole hold).
    void finish(std::string_view status, std::optional<UsageRecord> usage, std::optional<NanoUsd> fallback = {});
    /// What is kept under the caller's Idempotency-Key beside the row; called by `finish`, before the answer is given.
    std::function<void(storage::WriteUnit&)> also;
    std::shared_ptr<GuardReport> report;  ///< what guardrails found; null: none covers the call
    std::shared_ptr<CallContent> content; ///< what was asked and answered; null: it is not kept
    SettledCall settled;
    void first_byte();
    /// What limits counted of the attempt; corrected by `finish`.
    void set_share(LimitShare share) { share_ = std::move(share); }
    void set_error(std::string message) { spend_.error = std::move(message); }
    budget::Spend& spend() { return spend_; }
    const PriceVersion* price() const { return price_; }
    NanoUsd cost() const { return cost_; }
    bool finished() const { return finished_; }

  private:
    Gateway::State& state_;
    budget::Hold hold_;
    LimitShare share_;
    budget::Spend spend_;
    std::shared_ptr<const Catalogue> catalogue_;
    std::shared_ptr<const PriceVersion> configured_price_;
    const PriceVersion* price_;
    Duration began_;
    NanoUsd cost_;
    bool finished_ = false;
};

struct Gateway::State {
    explicit State(Parts the_parts) : parts(the_parts), cache(parts.options.cache_bytes), semantic(parts.options.semantic_bytes), tasks(parts.loop) {}
    Parts parts;
    AnswerCache cache;
    SemanticCache semantic;
    std::unordered_map<std::string, Health> health;  ///< by workspace, provider and model
    mutable std::unordered_map<std::string, std::shared_ptr<const PriceVersion>> configured_prices;  ///< by label
    std::vector<ModelSource*> sources;
    runtime::TaskGroup tasks;  ///< last: its tasks use the rest

    /// Whether the workspace has guardrails: one look-up.
    bool guards(WorkspaceId workspace) const { return parts.guardrails && parts.guardrails->any(workspace); }
    /// Whose prefix the model's name has; null: nobody's.
    ModelSource* source_of(std::string_view model) const;

    /// Errors: not_found, naming what there is.
    Result<Plan> plan(WorkspaceId workspace, std::string_view model, std::string_view sticky);
    Result<Target> target(WorkspaceId workspace, std::string_view model) const;
    /// Whether the caller's lists of allowed models have what `asked` stands for: a route by its own name, a model by any of
    /// its names. Errors: not_found, the same for a model that there is and one that there is not.
    Result<void> may_call(const budget::CallScope& scope, std::string_view asked, const Result<Plan>& plan) const;
    /// `target` of a model that the caller may call.
    Result<Target> allowed_target(const budget::CallScope& scope, std::string_view model) const;
    Health& health_of(const Target& target);
    void succeeded(const Target& target, Duration to_first_byte);
    /// `retry_after_ms`: what the vendor asked for.
    void failed(const Target& target, std::optional<std::int64_t> retry_after_ms, std::string_view why);
    /// Whether calls that may go elsewhere do.
    bool cooling(const Target& target);
    /// A provider's key and list of models were found good: an open circuit of it may be tried at once.
    void seen_well(ProviderId provider);
    Result<std::string> key_of(const Target& target) const;
    std::optional<NanoUsd> most(const Bound& bound, const Target& target) const;
    Time now() const { return parts.loop.now(); }
};

/// A call that came through a door.
struct Door {
    const Format* format = nullptr;
    std::string_view name;  ///< in spend rows
    Operation operation = Operation::chat;
    std::string path_model;  ///< Gemini's
    bool path_stream = false;
    bool single = false;  ///< of embeddings: one text, in Gemini's form for that
};

/// What of a call decides its greatest use, at doors and in flows alike.
struct Demand {
    std::string_view body;  ///< all that is sent, as text; outlives this
    Operation operation = Operation::chat;
    std::int64_t max_output = -1;  ///< -1: none said
    std::int64_t choices = 1;
    bool hidden = false;              ///< letters are written as escapes
    std::int64_t media = 0;           ///< images and files that are only named in the body
    std::optional<std::string> tier;  ///< nothing: not said, or left to the vendor
};
/// Of a body, without its limit and choices, which each format writes otherwise.
Demand demand_of(std::string_view body, const BodyScan& scan);

/// The call as far as the gateway reads it itself.
struct Incoming {
    net::Request* request = nullptr;
    Door door;
    std::optional<BodyScan> scan;  ///< over the request's body
    std::string model;
    bool stream = false;
    Demand demand;
    budget::CallScope scope;
    std::string sticky;
    Duration began{};  ///< steady
    Time scope_now{};
    std::string cache_key;  ///< empty: the answer is not kept
    Duration cache_ttl{0};
    bool added_stream_options = false;  ///< the usage chunk was asked for by us: it is not the client's
    std::shared_ptr<const Guard> guard;  ///< null: no guardrail covers the call
    std::shared_ptr<GuardReport> report;
    bool told_stream = false, told_usage = false;  ///< the answer is asked for whole, and told as a stream
    bool has_schema() const { return guard && guard->has_schema; }
    SettledCall settled;
    struct Meant {
        std::string partition;  ///< empty: the answer is not kept by its meaning
        std::vector<float> vector;
        Duration ttl{0};
    } semantic;
};

/// Errors are ready answers in the door's format.
std::optional<net::Response> read_incoming(net::Request& request, Door door, Incoming& out);
/// The part of it that reads the body; again after the body was changed.
std::optional<net::Response> read_body(Incoming& in);
/// `injected_limit`: set where a hard limit needs an output limit and nobody said any; it must be sent then.
Bound bound_of(const Demand& demand, const Target& target, bool hard_limited,
               std::optional<std::int64_t>& injected_limit);

/// What an attempt was let in with; or one of `limited` and `refusal`: why not.
struct Entrance {
    budget::Hold hold;
    LimitShare share;
    LimitStandings standings;
    std::optional<NanoUsd> left;           ///< the least in a hard limit that covers the call
    std::optional<std::int64_t> injected;  ///< an output limit that must be sent
    std::optional<LimitRefusal> limited;
    std::optional<budget::Refusal> refusal;
    std::string downgrade_to;              ///< with a refusal: ask again for this model
};
/// The admission of every call: limits, then budgets. `counted`: of the call over its attempts; null: the workspace has no
/// limits. Errors: those of `Budgets::admit`.
Awaitable<Result<Entrance>> enter(Gateway::State& state, const budget::CallScope& caller, const Demand& demand, const Target& target,
                                  std::string_view asked, CountedLimits* counted);
CallError limit_error(const LimitRefusal& refusal);
/// How limits stand: RateLimit, and what the door's SDK calls it.
void put_limits(net::Headers& headers, const Format& door, const LimitStandings& standings, Time now);
/// Whose call it is, as far as limits ask; nothing is checked.
budget::CallScope caller_of(const net::Request& request);

/// An answer in the door's own error shape, with Retry-After and x-should-retry.
net::Response refuse(const Format& format, const CallError& error, const net::Request& request);
net::Response refuse(const Format& format, const Error& error, const net::Request& request);
/// 402 with the budget, its scope and when it resets.
net::Response refuse_budget(const Format& format, const budget::Refusal& refusal, const Incoming& in);
/// An unknown model, as SDKs look for it.
CallError no_model(const Error& error);
/// A new row for an attempt on `target`.
budget::Spend new_spend(Gateway::State& state, const Incoming& in, const Target& target,
                        const budget::CallScope& scope);
/// A conversation as the target's API takes it. Errors: unprocessable (what its format cannot say).
Result<std::string> body_of(const ModelRequest& request, const Target& target, const Format& spoken);
/// The outgoing request of an attempt. `body` is in the format that the target speaks.
Result<net::ClientRequest> outgoing(Gateway::State& state, const Incoming& in, const Target& target, std::string body,
                                    bool stream);
/// The same of a call that came through no door; `headers` go along.
Result<net::ClientRequest> outgoing(Gateway::State& state, const Target& target, const Format& spoken,
                                    Operation operation, WorkspaceId workspace, net::Headers headers, std::string body,
                                    bool stream);
/// x-sluice-… headers of an answer.
void put_headers(net::Headers& headers, const Target& target, std::optional<NanoUsd> cost, std::optional<NanoUsd> left);

/// What came of an attempt at one target.
struct Outcome {
    std::optional<net::Response> response;  ///< to be given to the caller
    std::optional<CallError> error;         ///< else: why not
    bool may_try_another = false;
    std::optional<std::int64_t> retry_after_ms;
};
Awaitable<Outcome> attempt_whole(Gateway::State& state, Incoming& in, const Target& target, std::string body,
                                 std::shared_ptr<ModelRequest> translated, std::unique_ptr<Account> account,
                                 std::optional<NanoUsd> left);
Awaitable<Outcome> attempt_stream(Gateway::State& state, Incoming& in, const Target& target, std::string body,
                                  std::shared_ptr<ModelRequest> translated, std::unique_ptr<Account> account,
                                  std::optional<NanoUsd> left);
Awaitable<Outcome> attempt_local(Gateway::State& state, Incoming& in, const Target& target,
                                 std::shared_ptr<ModelRequest> request, std::unique_ptr<Account> account,
                                 std::optional<NanoUsd> left);

/// The call as a conversation, for a target that speaks another format. Errors: invalid_argument with pointers.
Result<std::shared_ptr<ModelRequest>> conversation_of(const Incoming& in);
/// The rules that cover a call of `asked` with this plan; null: none.
std::shared_ptr<const Guard> guard_of(Gateway::State& state, const budget::CallScope& scope, std::string_view asked, const Plan* plan);
/// Finds the guardrails of a call and judges its body, which may be another one then. A ready refusal, else nothing.
Awaitable<std::optional<net::Response>> guard_request(Gateway::State& state, Incoming& in, const Plan* plan);
/// Judges a whole answer in the door's format, which may be changed. Nothing: it may go on.
Awaitable<std::optional<Outcome>> guard_answer(Gateway::State& state, Incoming& in, Account& account, const Target& target,
                                               std::string& body, const UsageRecord& usage);
Outcome refused_answer(Account& account, const GuardReport& report, UsageRecord usage);
/// The findings of one call. What no row's unit has told of when the last holder lets go is told in a unit of its own;
/// `about`: the call, as far as it is known.
std::shared_ptr<GuardReport> new_report(Gateway::State& state, budget::Spend about);
/// Appends the event of what was found and not told of yet. False: there is nothing. Then nothing is to be done after the commit.
bool tell_findings(Gateway::State& state, storage::WriteUnit& unit, const budget::Spend& call, GuardReport& report);
/// What follows the commit of a unit with such an event.
std::function<void(Result<void>)> tells_bus(Gateway::State& state, WorkspaceId workspace);
/// Stores a row that no hold belongs to, with what guardrails found in its call.
void put_row(Gateway::State& state, budget::Spend spend, GuardReport* report);
/// A row of a call that a guardrail refused before it was made.
void record_refusal(Gateway::State& state, const Incoming& in);
/// Judges an answer by schemas, asks once more where a rule says so, and tells it as a stream where that was wanted.
Awaitable<net::Response> keep_schema(Gateway::State& state, Incoming& in, Plan plan, net::Response response);
/// The same in flows.
std::optional<Error> guard_flow_request(const std::shared_ptr<const Guard>& guard, GuardReport& report, ChatRequest& request);
std::optional<Error> guard_flow_answer(const std::shared_ptr<const Guard>& guard, GuardReport& report, Completion& completion);
/// An answer that is there already, with its row.
net::Response cached_response(Gateway::State& state, const Incoming& in, const AnswerCache::Answer& kept);
/// The answer to a call whose last words mean nearly the same, where the request asks for it. Errors: invalid_argument (what it
/// orders).
Awaitable<Result<std::optional<net::Response>>> from_semantic_cache(Gateway::State& state, Incoming& in);
void keep_semantic(Gateway::State& state, const Incoming& in, const net::Response& response, const Target& target);
/// The attempts of a call, until one answers.
Awaitable<net::Response> call_models(Gateway::State& state, Incoming& in, Plan plan);
/// A call of what answers like a model without being one.
Awaitable<net::Response> handle_source(Gateway::State& state, Incoming& in, ModelSource& source);
/// The whole way of a chat call through the gateway.
Awaitable<net::Response> handle_chat(Gateway::State& state, net::Request& request, Door door, SettledCall settled = {});
Awaitable<net::Response> handle_embeddings(Gateway::State& state, net::Request& request, Door door);
Awaitable<net::Response> handle_count_tokens(Gateway::State& state, net::Request& request, Door door);

/// `/api/v1/playground/…`
void add_playground_routes(net::Router& router, Gateway& gateway);

/// The part of a whole answer that holds its usage, as the formats read it.
std::optional<UsageRecord> usage_of(const Format& format, const BodyScan& answer);
/// Counted here: a token for each started four bytes.
UsageRecord estimated_usage(std::int64_t input_bytes, std::int64_t output_tokens);

}  // namespace sluice::llm
