#pragma once
/// Bulk actions: one thing done to all objects that a filter names (dead letters redriven; runs retried, run again or
/// cancelled), the oldest first, at a rate. The first ones can be canaries: each is awaited, and one that fails stops
/// the action.
///
/// A bulk action is running → done | stopped (by a canary, or nothing goes any more) | cancelled. It has a row, and a row
/// for each object that it dealt with, which commits with what was done to the object: after a crash it goes on where it
/// was, and does nothing twice. Objects that come to match later are not part of it.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sluice/engine/dead_letters.hpp"

namespace sluice::engine {

struct BulkActionTag { static constexpr std::string_view prefix = "bulk"; };
using BulkActionId = Id<BulkActionTag>;
struct BulkObjectTag { static constexpr std::string_view prefix = "obj"; };
/// A run's or a dead letter's id, by the action's kind.
using BulkObjectId = Id<BulkObjectTag>;

/// The texts ("runs.retry") are stored and shown.
enum class BulkKind : std::uint8_t { redrive_letters, retry_runs, rerun_runs, cancel_runs };
std::string_view to_string(BulkKind kind);
std::optional<BulkKind> bulk_kind_from(std::string_view text);

/// Which runs; empty members name all.
struct RunSelection {
    std::vector<RunStatus> statuses;   ///< never empty
    std::optional<FlowId> flow;        ///< without it, sub-runs whose outer run is selected by its status are left out
    std::optional<int> version;        ///< of that flow
    std::string project, code;         ///< `code`: the run's error
    std::string trigger, text;         ///< as those of RunFilter
    std::optional<RunId> parent;
    std::optional<Time> since, until;  ///< of their making: from, before
    base::SeenNames seen;
    base::SeenNames data;              ///< whose errors' messages `text` is looked for in
};
/// `{"status"?: text or list, "flow"?, "version"?, "trigger"?, "parent"?, "q"?, "project"?, "code"?, "since"?, "until"?}`. Without `status` a retry takes what
/// failed or timed out and a cancel what has not ended; to run again it must be said. Errors: invalid_argument with
/// pointers below `pointer`.
Result<RunSelection> run_selection(const Json& json, BulkKind kind, const std::string& pointer);
Json to_json(const RunSelection& selection);

/// How it is done to each run.
struct BulkHow {
    std::string reason;                ///< for the runs' records; empty: the action's id says enough
    std::string from;                  ///< to run again: the first step to do again
    std::optional<Json> input;         ///< the same: instead of what each was started with
    int version = 0;                   ///< the same: 0 the run's, live_version, or a number
};

struct NewBulkAction {
    BulkKind kind = BulkKind::redrive_letters;
    LetterFilter letters;              ///< of open ones, for redrive_letters
    RunSelection runs;                 ///< for the other kinds
    BulkHow how;
    double rate_per_second = 5;        ///< 0.01 to 1000
    int canary = 1;                    ///< so many are awaited one after the other before the rest
    std::string by;
};

struct BulkAction {
    BulkActionId id;
    WorkspaceId workspace;
    BulkKind kind = BulkKind::redrive_letters;
    std::string state;                 ///< running | done | stopped | cancelled
    Json filter, options;
    std::int64_t total = 0, done = 0, failed = 0;
    int canary = 0;
    double rate_per_second = 0;
    std::optional<BulkObjectId> position;  ///< the last one that was dealt with
    BulkObjectId until;                ///< later ones are not part of it
    std::optional<RunId> canary_run;   ///< awaited now
    std::string reason, created_by;
    Time created_at{};
    std::optional<Time> finished_at;
};
Json to_json(const BulkAction& action);
/// Takes out of a stored filter what is not its maker's wish but the limits of the maker's own rights.
void hide_limits(Json& filter);
/// What the action is limited to by the scope of who made it.
base::SeenNames seen_names(const BulkAction& action);

/// What became of one object.
struct BulkItem {
    BulkObjectId object;
    std::optional<RunId> run;          ///< the run that goes on, was made, or was cancelled
    std::optional<RunStatus> status;   ///< of that run now
    std::string code, message;         ///< of the error, where it was refused
    Time at{};
};
Json to_json(const BulkItem& item, BulkKind kind);

struct BulkList {
    std::vector<BulkAction> items;
    std::string next_cursor;
};
struct BulkItemList {
    BulkKind kind = BulkKind::redrive_letters;
    std::vector<BulkItem> items;
    std::string next_cursor;
};
/// What a bulk action would touch: how many, the ids of the first ones, and a few of them as the API shows them.
struct BulkPreview {
    static constexpr std::size_t most_samples = 5;
    std::int64_t total = 0;
    Json filter;                       ///< as it was understood
    std::vector<std::string> first;
    std::vector<Run> runs;             ///< samples, by the action's kind
    std::vector<DeadLetter> letters;
};

/// Called with the unit of a change, to let more commit with it.
using AlsoBulk = std::function<void(storage::WriteUnit&, const BulkAction&)>;

/// Thread: loop.
class BulkActions {
  public:
    BulkActions(runtime::Loop& loop, storage::Storage& storage, Engine& engine, DeadLetters& letters, base::Random& random);
    ~BulkActions();
    BulkActions(const BulkActions&) = delete;
    BulkActions& operator=(const BulkActions&) = delete;

    /// Takes up the actions that a former process left. After the engine's start.
    Awaitable<Result<void>> start();
    Awaitable<void> stop();
    void set_cursor_key(std::string key);

    /// Changes nothing.
    Awaitable<Result<BulkPreview>> preview(WorkspaceId workspace, NewBulkAction wanted);
    /// Errors: unprocessable (nothing matches).
    Awaitable<Result<BulkAction>> begin(WorkspaceId workspace, NewBulkAction wanted, AlsoBulk also = {});
    /// Newest first, those of which `shows` says true. Errors: invalid_argument (cursor).
    Awaitable<Result<BulkList>> list(WorkspaceId workspace, int limit, std::string cursor,
                                     std::function<bool(const BulkAction&)> shows = {});
    /// Errors: not_found.
    Awaitable<Result<BulkAction>> get(WorkspaceId workspace, BulkActionId id);
    /// The same once the action has ended, or at the deadline.
    Awaitable<Result<BulkAction>> wait(WorkspaceId workspace, BulkActionId id, Time deadline);
    /// In the order in which they were dealt with; `only_failed`: those that were refused. Errors: not_found, invalid_argument.
    Awaitable<Result<BulkItemList>> items(WorkspaceId workspace, BulkActionId id, bool only_failed, int limit, std::string cursor);
    /// What was done until then stays. Errors: not_found, conflict (it has ended).
    Awaitable<Result<BulkAction>> cancel(WorkspaceId workspace, BulkActionId id, std::string by, AlsoBulk also = {});
    /// Removes actions that ended before this time with what is kept of their objects, in small units; how many.
    Awaitable<Result<int>> remove_ended(Time before);
    Time now() const;

    struct State;

  private:
    std::shared_ptr<State> state_;
};

/// /api/v1/bulk-actions…, /api/v1/runs/bulk and /api/v1/dead-letters/redrive
void add_routes(net::Router& router, BulkActions& actions);

}  // namespace sluice::engine
