#pragma once
/// Limits on calls of models: requests and tokens a minute, and which models may be called, of a workspace, a project, a
/// flow, an agent, an API key, a person or a model. Definitions are durable; buckets are in memory, so that a start begins
/// with full ones. docs/gateway.md, docs/decisions/0029-limits-on-model-calls.md.
///
/// A bucket holds a minute's worth and fills by the clock: nothing runs while nobody calls. Tokens are reserved by an
/// estimate and corrected when the call's use is known, so that a bucket may owe: what was used beyond is waited for.
///
/// Thread: loop.

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sluice/base/clock.hpp"
#include "sluice/base/id.hpp"
#include "sluice/base/principal.hpp"
#include "sluice/base/result.hpp"
#include "sluice/budget/budget.hpp"
#include "sluice/runtime/awaitable.hpp"

namespace sluice::base {
class Random;
}
namespace sluice::identity {
class KeyGrants;
}

namespace sluice::llm {

struct ModelLimitTag { static constexpr std::string_view prefix = "lim"; };
using ModelLimitId = Id<ModelLimitTag>;

/// What may be said of a limit, and changed.
struct LimitTerms {
    std::optional<std::int64_t> requests_per_minute, tokens_per_minute;  ///< from 1 to 1e9; nothing: any number
    std::optional<std::vector<std::string>> models;  ///< names, or beginnings and *; nothing: all
    bool any() const { return requests_per_minute || tokens_per_minute || models; }
    bool operator==(const LimitTerms&) const = default;
};

struct ModelLimit {
    ModelLimitId id;
    WorkspaceId workspace;
    budget::ScopeType scope = budget::ScopeType::workspace;  ///< workspace, project, agent, flow, api_key, user or model
    std::string scope_id;                                     ///< as a budget's; of model: a name, or a beginning and *
    std::string model;                                        ///< of these models alone; empty: of all. Goes with rates only
    LimitTerms terms;
    std::int64_t revision = 1;
    std::string created_by;
    Time created_at{}, updated_at{};
};
std::string etag_of(const ModelLimit& limit);

/// By what names a call's model is known: as it was asked for, the vendor's id, and provider/id.
struct ModelNames {
    std::string_view asked, model, label;
};
/// "gpt-6" is itself, "gpt-*" all that begin so.
bool matches_model(std::string_view pattern, std::string_view name);

/// How a bucket stands.
struct RateStanding {
    std::int64_t limit = 0, left = 0;  ///< of a minute; below 0 is told as 0
    Duration full_in{};
};

/// What limits the answer tells of: of requests and of tokens the one that has least left.
struct LimitStandings {
    std::optional<RateStanding> requests, tokens;
};

/// Why a call was not let in.
struct LimitRefusal {
    bool of_models = false;  ///< the limit is one of some models: another model may have room
    Duration retry_in{};
    std::string message;     ///< names the limit and the way out
};

struct LimitEntry;

/// What one attempt took from buckets. Destroyed without a word it leaves what was reserved: nobody knows its use.
class LimitShare {
  public:
    /// The tokens that were used in truth.
    void settle(std::int64_t tokens);
    bool empty() const { return requests_.empty() && tokens_.empty(); }

  private:
    friend class ModelLimits;
    struct Reserved {
        std::shared_ptr<LimitEntry> entry;
        std::int64_t ns = 0;  ///< of the bucket's minute
    };
    std::vector<std::shared_ptr<LimitEntry>> requests_;  ///< counted by this attempt
    std::vector<Reserved> tokens_;
};

/// Which limits have counted a call already: its further attempts are the same request.
using CountedLimits = std::vector<std::shared_ptr<LimitEntry>>;

class ModelLimits {
  public:
    ModelLimits(storage::Storage& storage, base::Clock& clock, base::Random& random);
    ~ModelLimits();
    ModelLimits(const ModelLimits&) = delete;
    ModelLimits& operator=(const ModelLimits&) = delete;
    Awaitable<Result<void>> start();

    /// One look-up: whether there is anything to judge.
    bool any(WorkspaceId workspace) const { return !spaces_.empty() && spaces_.contains(workspace); }

    struct Verdict {
        std::optional<LimitRefusal> refusal;
        LimitShare share;
        LimitStandings standings;
    };
    /// Counts a request and reserves `tokens` in every limit that covers the call, all or none. More tokens than a minute
    /// has are taken as a whole minute's. `counted` is the call's, over its attempts.
    Verdict admit(const budget::CallScope& scope, const ModelNames& names, std::int64_t tokens, CountedLimits& counted);
    /// Gives back what `admit` took: the call was not made.
    void release(LimitShare share, CountedLimits& counted);
    /// Whether every list of allowed models that covers the caller has one of the names.
    bool allows(const budget::CallScope& scope, const ModelNames& names) const;
    /// Whether any list of allowed models covers the caller.
    bool restricts(const budget::CallScope& scope) const;

    std::vector<ModelLimit> list(WorkspaceId workspace) const;  ///< newest first
    std::optional<ModelLimit> find(WorkspaceId workspace, ModelLimitId id) const;
    std::vector<ModelLimit> of_scope_all(WorkspaceId workspace, budget::ScopeType scope, std::string_view scope_id) const;
    /// Of those the one that counts all models.
    std::optional<ModelLimit> of_scope(WorkspaceId workspace, budget::ScopeType scope, std::string_view scope_id) const;
    LimitStandings standings(const ModelLimit& limit) const;

    using Also = std::function<void(storage::WriteUnit&, const ModelLimit&)>;
    /// Errors: invalid_argument, conflict (the same scope and model exists; 2,000 in a workspace).
    Awaitable<Result<ModelLimit>> create(ModelLimit wanted, Also also = {});
    /// Replaces the terms; scope and model stay, and what a bucket has used. Errors: not_found, precondition_failed, invalid_argument.
    Awaitable<Result<ModelLimit>> edit(WorkspaceId workspace, ModelLimitId id, LimitTerms terms, std::optional<std::string> if_match,
                                       Also also = {});
    /// Errors: not_found, precondition_failed.
    Awaitable<Result<void>> remove(WorkspaceId workspace, ModelLimitId id, std::optional<std::string> if_match, Also also = {});

    /// The same in three steps, for a unit of somebody else's: `prepare` fills the row, `append` puts it into the unit, and
    /// `adopt` takes it into memory once that was stored. Errors: as `create`.
    Result<ModelLimit> prepare(ModelLimit wanted) const;
    Result<ModelLimit> prepare_change(ModelLimit present, LimitTerms terms) const;
    static void append(storage::WriteUnit& unit, const ModelLimit& limit);
    void adopt(const ModelLimit& limit);
    /// `limit` with its new terms and revision.
    static void append_change(storage::WriteUnit& unit, const ModelLimit& limit);
    void replace(const ModelLimit& limit);
    static void append_removal(storage::WriteUnit& unit, const ModelLimit& limit);
    void forget(const ModelLimit& limit);

  private:
    struct Space {
        std::array<std::map<std::string, std::vector<std::shared_ptr<LimitEntry>>, std::less<>>, 11> by_scope;
        std::vector<std::shared_ptr<LimitEntry>> by_beginning;  ///< of models by a beginning and *
        std::map<ModelLimitId, std::shared_ptr<LimitEntry>> all;
    };
    template <class Each>
    void cover(const budget::CallScope& scope, const Each& each) const;
    std::int64_t now_ns() const;

    storage::Storage& storage_;
    base::Clock& clock_;
    base::Random& random_;
    std::unordered_map<WorkspaceId, Space> spaces_;  ///< none is empty
    std::vector<std::shared_ptr<LimitEntry>> found_;  ///< of the call that is judged; here to spare its allocation
};

/// What API keys have beside their rows: their limits, and their budgets.
std::unique_ptr<identity::KeyGrants> make_key_grants(budget::Budgets& budgets, ModelLimits& limits);

/// `/api/v1/model-limits`.
void add_routes(net::Router& router, ModelLimits& limits);

/// Errors: invalid_argument with pointers (numbers out of range, patterns that are none, more than 200).
Result<void> check_terms(const LimitTerms& terms);
/// Whether everything that `narrow` allows is allowed by `wide`.
bool within(const std::vector<std::string>& narrow, const std::vector<std::string>& wide);

}  // namespace sluice::llm
