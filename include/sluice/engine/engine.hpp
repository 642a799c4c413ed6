#pragma once
/// The executor: starts runs, drives their machines, appends the journal, performs commands, recovers after a crash.
///
/// A run goes: `start_run` checks and begins in memory; one write unit inserts run, job, outbox event, the caller's
/// idempotency record and the first journal entries; each later `handle` appends its records as one unit, at most one
/// unit of a run being under way (so the journal is gapless and in order, and parallel branches share commits). A step
/// with effects starts when the unit that marks its start is durable. The run's end deletes its job in the same unit.
///
/// Values above 64 KiB go to blobs. Thread: loop.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "sluice/base/clock.hpp"
#include "sluice/base/id.hpp"
#include "sluice/base/json.hpp"
#include "sluice/base/principal.hpp"
#include "sluice/base/setting.hpp"
#include "sluice/engine/machine.hpp"
#include "sluice/engine/queues.hpp"
#include "sluice/engine/run_search.hpp"
#include "sluice/events/events.hpp"
#include "sluice/flows/flows.hpp"
#include "sluice/runtime/awaitable.hpp"
#include "sluice/runtime/sync.hpp"

namespace sluice::storage {
class Storage;
class WriteUnit;
}
namespace sluice::artifacts {
class Artifacts;
}
namespace sluice::net {
class Router;
}
namespace sluice::runtime {
class Pool;
}

namespace sluice::engine {

/// Who started a run: a principal ("api_key", "user", "session", "local"), another run ("run": the one that it belongs to),
/// or a bulk action ("bulk_action"). Empty: not known.
struct Starter {
    std::string kind, id;
};
Starter starter_of(const Principal& principal);

/// A run as lists and pages show it.
struct Run {
    RunId id;
    WorkspaceId workspace;
    FlowId flow;
    int flow_version = 0;
    std::string flow_name, project, trigger;
    RunStatus status = RunStatus::queued;
    Time created_at{};
    std::optional<Time> started_at, finished_at;
    std::optional<Json> error;          ///< {"code", "message", "step"?}
    Starter started_by;
    std::optional<RunId> parent;        ///< of a rerun, a sub-run or an error flow's run: the run it came from
    int depth = 0;                      ///< sub-runs around it
    int retries = 0;                    ///< how often it was retried after its end
    Totals totals;                      ///< complete once the run has ended
    std::int64_t stored_bytes = 0;      ///< what its journal takes, roughly; stored at the end
    std::optional<Time> expires_at;     ///< by its flow's own retention; stored at the end
};

/// How a run ended.
struct Outcome {
    RunStatus status = RunStatus::succeeded;
    Json output;
    std::optional<Json> error;
    Totals totals;
};

/// What `start_run` gives: the run goes on by itself whether or not this is kept.
struct RunHandle {
    explicit RunHandle(runtime::Loop& loop) : accepted(loop), done(loop) {}
    RunId id;
    bool durable = true;
    bool queued = false;   ///< it was accepted without starting at once
    runtime::OneShot<Result<void>> accepted;  ///< set when the start is committed (or was refused)
    /// Set when the end is committed. Where the start is refused, the journal cannot be written, or the process stops
    /// first, it is set with a status that is no end.
    runtime::OneShot<Outcome> done;
};

/// A run without a journal that ended within its start, as short pure flows do: nothing of it is kept.
struct EndedRun {
    RunId id;
    Outcome outcome;
};
using StartedRun = std::variant<EndedRun, std::shared_ptr<RunHandle>>;

struct StartRun {
    WorkspaceId workspace;
    FlowId flow_id;
    flows::Flows::Runnable runnable;
    Json input = Json::object();
    std::string trigger = "api";
    Starter started_by;
    /// Called at once (not for durability none) with what becomes the first unit, to let more commit with the start.
    std::function<void(storage::WriteUnit&, RunId)> also;
    bool waits = false;   ///< the caller waits for the end (needed for durability none)
    std::optional<int> priority;              ///< 1 (first) to 5 instead of the flow's
    std::optional<Time> run_at;               ///< not before; a time in the past is now
    bool inside = false;                      ///< a step of a run under way waits for its end: it needs no free slot
    std::optional<RunId> id;                  ///< instead of a new one
    std::optional<RunId> parent;
    int depth = 0;
    Json plan;                                ///< RunFacts::plan; null: none
    std::shared_ptr<const Reuse> reuse;       ///< what the plan takes from elsewhere
};

struct Signal {
    std::string name, key;
    Json payload;
};

/// What a person says about an unknown step.
struct StepDecision {
    std::string path;
    Decision decision = Decision::retry;
    Json output;          ///< with succeed
    std::string by, reason;
};

inline constexpr int live_version = -1;

/// How a run is done again as a new one.
struct Rerun {
    std::string from;                     ///< the first step to do again; empty: all
    std::optional<Json> input;
    std::map<std::string, Json> outputs;  ///< edited outputs by path
    int version = 0;                      ///< 0: the run's; live_version
    Starter started_by;
    std::function<void(storage::WriteUnit&, RunId)> also;
};

/// A run that a step of another one starts.
struct SubRun {
    RunId parent;
    std::string path;     ///< of the step
    std::string key;      ///< the step's idempotency key: the same step finds its run again
    std::string flow;     ///< by name
    int version = 0;      ///< 0: live
    Json input;
    bool wait = true;
    int attempt = 1;      ///< of the step: a later one retries a run that failed
};

/// One step as its run's page shows it.
struct StepSummary {
    std::string path, node, type;
    StepStatus status = StepStatus::pending;
    int attempts = 0;
    std::optional<Time> started_at, finished_at, waiting_until;
    std::int64_t output_bytes = 0;
    std::int64_t items = -1;            ///< of a map that started
    Json usage;                         ///< {"input_tokens", …} or null
    Json artifacts;                     ///< ids, or null
    bool reused = false;                ///< taken from another run or from before a retry, not executed
    Json children;                      ///< of a container: how many steps of its body are in each status; else null
    Json waiting_for;                   ///< {"signal", "key"?} of a step that waits for one, or null
    std::optional<Json> error;
};

struct StepQuery;
struct ValueText;
struct StepPage;
struct ReplayReport;

struct RunList {
    std::vector<Run> items;
    std::string next_cursor;
    std::optional<Time> searched_to;    ///< the search ended there before the list was full; the cursor goes on
};

struct RunOverview;
struct OverviewQuery;
struct JobQuery;
struct JobPage;

struct EngineOptions {
    std::size_t max_running_runs = 5'000;             ///< runs that hold a slot; the others are queued
    std::size_t max_backlog = 100'000;
    std::size_t max_backlog_workspace = 50'000;
    Duration evict_after = std::chrono::seconds(10);  ///< a run that waits longer leaves memory
    MachineLimits machine;
    std::size_t workspace_memory = 1u << 30;   ///< what the active runs of a workspace may hold together (bytes)
    int sub_run_depth = 10;
    std::string error_flow;   ///< of flows that name none; empty: none
    Duration stop_grace = std::chrono::seconds(10);  ///< running steps may end in this time when the process stops
};

struct EngineStatistics {
    std::size_t active_runs = 0, running_steps = 0;
    std::uint64_t started = 0, finished = 0, recovered = 0;
    std::size_t queued_runs = 0, waiting_runs = 0;   ///< outside of memory
    Duration standstill{};   ///< since anything last happened to the run under way that has not moved for the longest time
};

class Engine final : public events::RunFeed {
  public:
    Engine(runtime::Loop& loop, storage::Storage& storage, flows::Flows& flows, events::Bus& bus, base::Clock& clock,
           base::Random& random, EngineOptions options = {});
    ~Engine() override;
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    /// Takes up the runs that a former process left unfinished. Errors: of storage; a run whose journal cannot be read is
    /// logged and left as it is.
    Awaitable<Result<void>> start();
    /// Starts no further step, lets running ones end within the grace, commits, then cancels the rest. May come twice.
    Awaitable<void> stop();

    /// Starts a run in memory and submits its first unit; with durability none it may have ended at once. Errors:
    /// unprocessable (input against the flow's schema, pointers below /input), conflict (durability none without a
    /// waiting caller), rate_limited (the queue's backlog is full), unavailable (storage is saturated, the queue is
    /// drained, stopping). A run that gets no slot, or whose time has not come, is kept as queued.
    Result<StartedRun> start_run(StartRun start);

    // The following return the run's status once what they did is committed. Errors of all: not_found, conflict (the run's
    // state does not allow it; says which it is), unavailable. `also` lets more commit with it.
    using Also = std::function<void(storage::WriteUnit&, RunStatus)>;
    /// Steps that run are told to end, sub-runs too; what has a compensation is undone. Returns after the
    /// run's end, or, where the undoing takes longer than ten seconds, with the status of the run that goes on until then.
    Awaitable<Result<RunStatus>> cancel(WorkspaceId workspace, RunId id, std::string reason, Also also = {});
    Awaitable<Result<RunStatus>> pause(WorkspaceId workspace, RunId id, std::string by, std::string reason, Also also = {});
    Awaitable<Result<RunStatus>> resume(WorkspaceId workspace, RunId id, std::string by, Also also = {});
    /// Errors: also rate_limited (too many signals that no step has taken).
    Awaitable<Result<RunStatus>> signal(WorkspaceId workspace, RunId id, Signal signal, Also also = {});
    Awaitable<Result<RunStatus>> decide(WorkspaceId workspace, RunId id, StepDecision decision, Also also = {});
    /// The same run goes on from its failed steps; what had succeeded is not done again.
    Awaitable<Result<RunStatus>> retry(WorkspaceId workspace, RunId id, std::string by, std::string reason, Also also = {});
    /// A new run; gives its id once it is accepted. Errors: also not_found (a step), unprocessable (the input).
    Awaitable<Result<RunId>> rerun(WorkspaceId workspace, RunId id, Rerun options);
    /// Starts (or finds again) the run of a step and, with `wait`, waits for its end: {"run", "status", "output"?}.
    /// Errors: not_found (no such flow), unprocessable (input; nested too deeply), those of the run itself.
    Awaitable<Result<Json>> run_sub_run(WorkspaceId workspace, SubRun sub_run);

    /// The workspace's queue.
    QueueState queue(WorkspaceId workspace) const;
    /// Lets more commit with a change of a queue, which will be as it is given.
    using AlsoQueue = std::function<void(storage::WriteUnit&, const QueueState&)>;
    /// Switches it; kept over restarts. Gives the queue as it was with the change, before that starts a run. Errors: of storage.
    Awaitable<Result<QueueState>> set_queue(WorkspaceId workspace, QueueSwitch change, std::string by, AlsoQueue also = {});
    /// How many runs the workspace starts in its turn: 1 to highest_queue_weight. At once, and kept over restarts.
    Awaitable<Result<QueueState>> set_queue_weight(WorkspaceId workspace, std::size_t weight, std::string by, AlsoQueue also = {});

    Awaitable<Result<Run>> get(WorkspaceId workspace, RunId id);
    Awaitable<Result<RunList>> list(WorkspaceId workspace, RunFilter filter, int limit, std::string cursor);
    /// How many runs match, by when they were made and by status (run_search.hpp). Errors: invalid_argument (the span).
    Awaitable<Result<RunHistogram>> histogram(WorkspaceId workspace, RunFilter filter, HistogramQuery query);
    /// How the workspace's runs stand and went (overview.hpp).
    Awaitable<Result<RunOverview>> overview(WorkspaceId workspace, OverviewQuery query);
    /// The jobs of the workspace's queue, the oldest first (queues.hpp).
    Awaitable<Result<JobPage>> jobs(WorkspaceId workspace, JobQuery query);
    /// What the run was started with / gave. Null while there is no output. Errors: not_found, too_large.
    Awaitable<Result<Json>> input(WorkspaceId workspace, RunId id);
    Awaitable<Result<Json>> output(WorkspaceId workspace, RunId id);
    /// A page of the run's steps (history.hpp). Errors: not_found.
    Awaitable<Result<StepPage>> steps(WorkspaceId workspace, RunId id, StepQuery query);
    /// The same as stored text, which may be large (values.hpp); of a run without an output nothing. Errors: not_found.
    Awaitable<Result<ValueText>> input_text(WorkspaceId workspace, RunId id);
    Awaitable<Result<std::optional<ValueText>>> output_text(WorkspaceId workspace, RunId id);
    /// The output or error of one step. Errors: not_found.
    Awaitable<Result<ValueText>> step_text(WorkspaceId workspace, RunId id, std::string path);
    /// A part of a value's text, from a blob on a reader's thread (bytes). Errors: not_found (the blob is gone), unavailable.
    Awaitable<Result<std::string>> read_value(WorkspaceId workspace, const ValueText& value, std::uint64_t offset, std::size_t length);
    /// Journal events as JSON: {"seq", "kind", "at", "path"?, "attempt"?, "data"?, "value"? | "value_bytes"}.
    Awaitable<Result<std::vector<Json>>> run_events(WorkspaceId workspace, RunId id, std::int64_t after_seq, int limit) override;
    /// Why the run waits or has not started, or how it ended, in words and with a code (history.hpp). Errors: not_found.
    Awaitable<Result<Json>> why(WorkspaceId workspace, RunId id);
    /// The two runs side by side (history.hpp). Errors: not_found.
    Awaitable<Result<Json>> diff(WorkspaceId workspace, RunId id, RunId with);
    /// Computes the run again, offline (history.hpp). Errors: not_found, conflict (the version is gone), too_large.
    Awaitable<Result<ReplayReport>> replay(WorkspaceId workspace, RunId id);
    /// Waits for the end; false when `deadline` came first. A run that ended long ago answers at once.
    Awaitable<Result<bool>> wait(WorkspaceId workspace, RunId id, Time deadline);

    /// Calls `tell` with what the run's steps show of themselves while they run in this process (their path and detail); `unwatch`
    /// ends it. One watcher a run; may come before the run's start.
    void watch(RunId run, std::function<void(std::string_view path, const Json& detail)> tell);
    void unwatch(RunId run);

    void set_cursor_key(std::string key);
    /// Where maps read their items from; before `start`.
    void set_artifacts(artifacts::Artifacts& artifacts);
    /// Where steps get the values of secrets from, and what takes them out of results; before `start`.
    void set_vault(vault::Vault& vault);
    EngineStatistics statistics() const;
    flows::Flows& flows() const;
    Time now() const;

    struct State;  ///< private to this module's sources

  private:
    std::shared_ptr<State> state_;
};

/// The JSON of a run for the API and the command line.
Json to_json(const Run& run);
Json to_json(const StepSummary& step);

/// /api/v1/flows/{id}/runs and /api/v1/runs/…
void add_routes(net::Router& router, Engine& engine);

/// /api/v1/queues
void add_queue_routes(net::Router& router, Engine& engine);

/// The declared settings of this module.
base::SettingRows settings();

}  // namespace sluice::engine
