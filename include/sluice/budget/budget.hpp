#pragma once
/// Budgets that hold. Before a model call its greatest possible cost is held in every budget that covers it; afterwards the
/// true cost is settled. Settled plus held never exceeds a hard limit, at any concurrency and across crashes.
///
/// A hold costs no commit of its own: the process takes a *tranche* from a budget's period row durably (`granted`), draws
/// holds from it in memory, and tops it up in the background; near the limit tranches shrink to single holds. A settlement
/// moves money from `granted` to `spent` in the unit that holds the call's spend row. What a crash leaves granted counts as
/// spent, as one unknown entry, until a person says what it was. docs/budgets.md, docs/decisions.
///
/// Units: nano-USD. Thread: loop.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/clock.hpp"
#include "sluice/base/id.hpp"
#include "sluice/base/json_fwd.hpp"
#include "sluice/base/money.hpp"
#include "sluice/base/principal.hpp"
#include "sluice/base/result.hpp"
#include "sluice/base/setting.hpp"
#include "sluice/runtime/awaitable.hpp"

namespace sluice::runtime {
class Loop;
class Pool;
}  // namespace sluice::runtime
namespace sluice::storage {
class Storage;
class WriteUnit;
}  // namespace sluice::storage
namespace sluice::events {
class Bus;
}
namespace sluice::net {
class Router;
}

namespace sluice::budget {

struct BudgetTag { static constexpr std::string_view prefix = "bdg"; };
struct SpendTag { static constexpr std::string_view prefix = "spd"; };
struct UnknownTag { static constexpr std::string_view prefix = "unk"; };
using BudgetId = Id<BudgetTag>;
using SpendId = Id<SpendTag>;
using UnknownSpendId = Id<UnknownTag>;

/// What a budget covers. `instance`: every call of the server (made by the machine's owner alone).
enum class ScopeType : std::uint8_t { instance, workspace, project, agent, flow, run, session, api_key, user, model, tag };
/// The period of a limit: calendar-aligned in the budget's time zone (weeks begin on Monday); `total` never ends.
enum class Window : std::uint8_t { hour, day, week, month, total };
/// What happens to a call that does not fit. All but `warn` are hard limits.
enum class Action : std::uint8_t { block, require_approval, downgrade, warn };

struct Budget {
    BudgetId id;
    WorkspaceId workspace;            ///< of an instance budget: the one it was made in
    ScopeType scope = ScopeType::workspace;
    std::string scope_id;             ///< a name (project, agent, flow, model, tag) or id (run, session, api_key, user); else empty
    Window window = Window::month;
    NanoUsd limit;                    ///< 0 admits nothing that costs
    Action action = Action::block;
    std::string downgrade_to;         ///< a model, of Action::downgrade
    std::string time_zone = "UTC";    ///< IANA
    bool carry_over = false;          ///< what a period left unspent is added to the next one's limit, once
    std::vector<int> alerts{50, 80, 100};  ///< percent of the limit at which an event `budget.threshold` is written
    NanoUsd raised_by;                ///< a temporary raise, until `raised_until`
    Time raised_until{};
    std::int64_t revision = 1;
    std::string created_by;
    Time created_at{}, updated_at{};
};

/// How a budget stands in its present period.
struct Standing {
    Time period_start{};
    std::optional<Time> resets_at;    ///< nothing: never
    NanoUsd limit;                    ///< with carry-over and raise
    NanoUsd spent;                    ///< settled, with unknown entries
    NanoUsd held;                     ///< of calls under way
    NanoUsd unknown;                  ///< part of `spent` that a crash left open
    bool exceeded = false;            ///< a call did not fit since the period began or the budget was changed or raised
    NanoUsd left() const;             ///< below 0: more was spent than is allowed now
};

/// What covers one call. Empty members cover nothing.
struct CallScope {
    WorkspaceId workspace;
    std::string project, agent, flow, run, session, api_key, user, model;
    std::vector<std::string> tags;
};

/// Why a call was not admitted. What an instance budget has is not the workspace's to see: its `message` has no amounts, and
/// the amounts here are not to be shown then.
struct Refusal {
    BudgetId budget;
    ScopeType scope = ScopeType::workspace;
    std::string scope_id;
    Action action = Action::block;
    std::optional<Time> resets_at;
    NanoUsd limit, left, needed;
    std::string message;              ///< for the caller: names the limit, what is left and the way out
};

/// One call's money, held in every budget that covers it. Move-only. Destroyed unsettled it stays charged at its full
/// amount (settled by the service as `unknown`): nothing is free by accident.
class Hold {
  public:
    Hold();
    ~Hold();
    Hold(Hold&&) noexcept;
    Hold& operator=(Hold&&) noexcept;
    NanoUsd amount() const;
    explicit operator bool() const;   ///< false: moved from, settled or released
    struct State;

  private:
    friend class Budgets;
    std::unique_ptr<State> state_;
};

struct Admission {
    Hold hold;                              ///< set when the call may go on (also where no budget covers it)
    std::optional<Refusal> refusal;         ///< set when it may not
    std::string downgrade_to;               ///< with a refusal of Action::downgrade: ask again for this model
    std::vector<std::string> warnings;      ///< budgets of Action::warn that are over
    std::optional<NanoUsd> left;            ///< the least that is left in the workspace's hard limits that cover it, after this hold
};

/// How a call ended, in one durable row. Strings may be empty; see docs/budgets.md for the columns.
struct Spend {
    SpendId id;                             ///< also the attempt's name: a second settlement under it changes nothing
    CallScope scope;
    std::string step;                       ///< path of the step, of a flow's call
    std::string door;                       ///< "openai.chat", "openai.responses", "anthropic.messages", "gemini", "flow", …
    std::string kind = "chat";              ///< chat | embedding | …
    std::string provider, model, requested_model, price_version, request_id;
    std::string status = "ok";              ///< ok | failed | aborted | unknown | cached | refused
    bool estimated = false, streamed = false;
    NanoUsd cost, held;
    std::int64_t input_uncached = 0, cache_read = 0, cache_write_5m = 0, cache_write_1h = 0, output_visible = 0, output_reasoning = 0;
    std::string raw_usage, tool_uses;       ///< JSON
    std::int64_t duration_us = 0, first_token_us = 0;
    int attempts = 1;
    std::string route;                      ///< JSON: which targets were tried, with outcome
    std::string error;
    std::string guardrails;                 ///< JSON: which rules found something, how often; never what
    Time at{};
};

/// Money that a crash left open.
struct UnknownEntry {
    UnknownSpendId id;
    BudgetId budget;
    Time period_start{}, at{};
    NanoUsd amount;                         ///< counted as spent
    std::optional<NanoUsd> resolved_to;     ///< what a person said it was
    std::string resolved_by, reason;
};

struct NewBudget {
    ScopeType scope = ScopeType::workspace;
    std::string scope_id;
    Window window = Window::month;
    NanoUsd limit;
    Action action = Action::block;
    std::string downgrade_to, time_zone = "UTC";
    bool carry_over = false;
    std::vector<int> alerts{50, 80, 100};
};

/// Commits with the change it is given.
using AlsoCommit = std::function<void(storage::WriteUnit&, const Budget&)>;

class SpendBook;

/// Budgets that are about to be made in a unit of somebody else's. While it is there no other change of budgets begins.
/// Move-only.
class BudgetDrafts {
  public:
    BudgetDrafts(BudgetDrafts&&) noexcept;
    ~BudgetDrafts();
    /// Those of the type api_key name their key here, once it has an id.
    void append(storage::WriteUnit& unit, const std::string& scope_id);
    /// The unit was stored: they count from now on.
    void committed();
    const std::vector<Budget>& items() const;
    struct State;

  private:
    friend class Budgets;
    explicit BudgetDrafts(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

class Budgets {
  public:
    Budgets(runtime::Loop& loop, storage::Storage& storage, events::Bus& bus, base::Clock& clock, base::Random& random);
    ~Budgets();
    Budgets(const Budgets&) = delete;
    Budgets& operator=(const Budgets&) = delete;

    /// Where files of time zones are read, so that the loop does not. Before `start`; without it they are read where they are.
    void set_blocking(runtime::Pool& pool);
    /// Reads budgets and periods; what an earlier process left granted becomes unknown entries, counted as spent.
    Awaitable<Result<void>> start();
    /// Waits for settlements under way, then gives tranches back. What is still held stays charged: the next start finds it.
    Awaitable<void> stop();

    /// Holds `most` in every budget that covers the call: all or none. `most` nothing: no price or no cap is known; then a
    /// hard limit that covers the call refuses it. Waits only where a tranche must be topped up (one commit).
    /// Errors: unavailable (the store cannot take a tranche, and a hard limit covers the call).
    Awaitable<Result<Admission>> admit(CallScope scope, std::optional<NanoUsd> most);
    /// Ends a hold: appends the spend row and the move from granted to spent to `unit`, which the caller submits. A cost above
    /// the hold is recorded as it is (and counted by a metric). `spend.held` is filled here, and `spend.at` where it is empty.
    /// Whatever becomes of the unit, the row is stored in the end: the call was made. Until the loop has seen the commit
    /// (just after whoever submitted the unit goes on) the hold stays held.
    void settle(storage::WriteUnit& unit, Hold hold, Spend spend);
    /// Nothing was sent: the money is free again, nothing is recorded.
    void release(Hold hold);

    /// Newest first. Those of the workspace, and for the machine's owner those of the instance.
    std::vector<Budget> list(WorkspaceId workspace, bool with_instance) const;
    struct Page {
        std::vector<Budget> items;
        std::string next_cursor;
    };
    /// The same by page; `scope_type` and `scope_id`, where given, choose. Errors: invalid_argument (cursor).
    Result<Page> page(WorkspaceId workspace, bool with_instance, std::optional<ScopeType> scope_type, std::string_view scope_id, int limit,
                      std::string_view cursor) const;
    std::optional<Budget> find(WorkspaceId workspace, BudgetId id, bool with_instance) const;
    /// Of the budget as it is now, or on the terms of `budget` where that is about to be stored. Zeros: it is not there.
    Standing standing(const Budget& budget) const;
    /// The least that is left in the workspace's hard limits that cover the scope; nothing: none covers it.
    std::optional<NanoUsd> left(const CallScope& scope) const;

    /// Errors: invalid_argument (zone, alerts, scope), conflict (the same scope and window exists; 1,000 in a workspace).
    Awaitable<Result<Budget>> create(WorkspaceId workspace, NewBudget budget, std::string by, AlsoCommit also = {});
    /// The same of several at once, for a unit of the caller's; none of them names its `scope_id` yet. The workspace and the
    /// scope's type are theirs. Errors: as `create`.
    Awaitable<Result<BudgetDrafts>> draft(WorkspaceId workspace, std::vector<NewBudget> budgets, std::string by);
    /// Those of exactly this scope.
    std::vector<Budget> of_scope(WorkspaceId workspace, ScopeType scope, std::string_view scope_id) const;
    /// Limit, action, alerts and so on; scope and window stay, whatever `change` says. A limit may be lower than what is spent:
    /// it blocks at once. A new time zone counts from the next period.
    /// Errors: not_found, precondition_failed, invalid_argument.
    Awaitable<Result<Budget>> edit(WorkspaceId workspace, BudgetId id, NewBudget change, std::optional<std::string> if_match,
                                   AlsoCommit also = {});
    /// A raise of the limit until `until`; what stands for an approval under `Action::require_approval`.
    /// Errors: not_found, invalid_argument (in the past, not above 0).
    Awaitable<Result<Budget>> raise(WorkspaceId workspace, BudgetId id, NanoUsd by_amount, Time until, AlsoCommit also = {});
    /// Errors: not_found, precondition_failed.
    Awaitable<Result<void>> remove(WorkspaceId workspace, BudgetId id, std::optional<std::string> if_match, AlsoCommit also = {});
    /// Open and resolved entries of a budget, newest first.
    Awaitable<Result<std::vector<UnknownEntry>>> unknown(WorkspaceId workspace, BudgetId id) const;
    /// A person says what an unknown entry was: the rest is free again. `with_instance`: entries of the instance's budgets as
    /// well. Errors: not_found, conflict (resolved), invalid_argument.
    Awaitable<Result<UnknownEntry>> resolve(WorkspaceId workspace, bool with_instance, UnknownSpendId id, NanoUsd was, std::string by,
                                            std::string reason, std::function<void(storage::WriteUnit&, const UnknownEntry&)> also = {});

    Time now() const;
    /// What calls cost, row by row and summed.
    SpendBook& book() const;
    /// Deletes spend rows and ended periods older than `before`, in small batches; how many rows. Hourly.
    Awaitable<Result<std::int64_t>> remove_before(Time before);

    void set_cursor_key(std::string key);
    struct State;

  private:
    std::shared_ptr<State> state_;
};

/// Whether a name has line ends or other control characters: it would look like another one wherever it is shown.
bool has_controls(std::string_view name);
std::string_view to_string(ScopeType type);
std::string_view to_string(Window window);
std::string_view to_string(Action action);
std::optional<ScopeType> scope_type_from(std::string_view text);
std::optional<Window> window_from(std::string_view text);
std::optional<Action> action_from(std::string_view text);
std::string etag_of(const Budget& budget);

/// The settings `spend.…`.
base::SettingRows settings();

/// `/api/v1/budgets`, `/api/v1/spend`.
void add_routes(net::Router& router, Budgets& budgets);

}  // namespace sluice::budget
