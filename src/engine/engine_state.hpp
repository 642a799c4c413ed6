#pragma once
// The executor's state: active runs, their pages under way, tasks and timers. Thread: loop.

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "engine/engine_store.hpp"
#include "engine/instance.hpp"
#include "engine/queue_store.hpp"
#include "engine/run_queue.hpp"
#include "engine/step_times.hpp"
#include "sluice/engine/engine.hpp"
#include "sluice/runtime/loop.hpp"
#include "sluice/runtime/task_group.hpp"
#include "sluice/storage/write_unit.hpp"

namespace sluice::artifacts {
class Artifacts;
}

namespace sluice::engine {

/// Records that commit together, and what may start once they have.
struct Page {
    std::vector<Record> records;
    std::vector<command::Execute> after;
    bool ends = false;
    store::JobState job_state = store::JobState::running;   ///< once it is committed
    std::optional<Time> job_wake;
    storage::WriteUnit extra;                ///< what callers let commit with it
    std::vector<std::shared_ptr<runtime::OneShot<Result<void>>>> confirms;   ///< who waits for the commit
};

struct Timer {
    runtime::Loop::TimerId id = 0;
    Time at{};
};

/// What a run holds of its workspace's memory; given back with the run, however it goes.
struct MemoryShare {
    MemoryShare() = default;
    MemoryShare(const MemoryShare&) = delete;
    MemoryShare& operator=(const MemoryShare&) = delete;
    ~MemoryShare() { note(0); }
    void note(std::size_t bytes) {
        if (total) *total = *total + bytes - held;
        held = bytes;
    }
    std::shared_ptr<std::size_t> total;
    std::size_t held = 0;
};

struct ActiveRun {
    ActiveRun(std::shared_ptr<RunHandle> run_handle, Run run_row, Machine its_machine)
        : handle(std::move(run_handle)), row(std::move(run_row)), machine(std::move(its_machine)),
          durable(handle->durable) {}

    std::shared_ptr<RunHandle> handle;
    Run row;                           ///< `status` as it is stored
    Machine machine;
    bool durable;
    bool first = true;                 ///< the first unit has not committed
    bool reopened = false;             ///< retried: the next unit takes the row and the job up again
    bool ended = false;                ///< the machine has finished
    bool held = false;                 ///< queued: the machine starts nothing, and the run leaves memory once all is committed
    bool begins = false;               ///< was queued: the next unit marks its start
    bool claimed = true;               ///< the job names this process
    store::JobState job_state = store::JobState::running;   ///< as it is stored
    std::optional<Time> job_wake;      ///< as it is stored
    QueueEntry entry;
    Time progress{};                   ///< when anything last happened to it
    bool dropped = false;              ///< no longer ours
    bool had_unknown = false;          ///< a step's end was unknown at some time: there may be a dead letter
    std::int64_t seq = 0;              ///< of the last committed record
    std::string error_flow;            ///< what its end calls
    MemoryShare memory;
    Page page;                         ///< gathering
    std::shared_ptr<Page> flight;      ///< committing
    std::vector<std::shared_ptr<runtime::OneShot<bool>>> gates;   ///< who waits until the machine does not wait for values
    storage::WriteUnit prelude;        ///< what the caller lets commit with the start
    std::unordered_map<std::uint64_t, runtime::TaskGroup::TaskId> tasks;
    std::unordered_map<std::uint64_t, Timer> timers;
    Timer run_timer;
};
using RunPtr = std::shared_ptr<ActiveRun>;

constexpr std::uint64_t key_of(StepRef step) { return (std::uint64_t{step.instance} << 32) | step.node; }

struct Engine::State : std::enable_shared_from_this<Engine::State> {
    State(runtime::Loop& the_loop, storage::Storage& the_storage, flows::Flows& the_flows, events::Bus& the_bus,
          base::Clock& the_clock, base::Random& the_random, EngineOptions the_options)
        : loop(the_loop), storage(the_storage), flows(the_flows), bus(the_bus), clock(the_clock), random(the_random),
          options(the_options), boot(store::BootId::make(clock.now(), random)), cursors(random_key(random)),
          queue({options.max_running_runs, options.max_backlog, options.max_backlog_workspace}), tasks(the_loop) {
        queue.hold_all(true);   // until the start has read what there is
    }

    static std::string random_key(base::Random& random);

    /// Why a run cannot start now or with this input; nothing when it can.
    Result<void> check_start(const StartRun& start) const;
    RunPtr make_active(const StartRun& start, Machine machine, QueueEntry entry, bool durable);
    void feed(const RunPtr& run, Event event);
    void absorb(const RunPtr& run, Output output);
    void perform(const RunPtr& run, Command command);
    void launch(const RunPtr& run, command::Execute execute);
    void arm(const RunPtr& run, StepRef step, Time at);
    void flush(const RunPtr& run);
    void submit(const RunPtr& run);
    void committed(const RunPtr& run, const Result<void>& result);
    void refused(const RunPtr& run, const Error& error);
    void finish(const RunPtr& run);
    Awaitable<Result<RunPtr>> taken_up(Engine& engine, WorkspaceId workspace, RunId id, std::string_view verb);
    Awaitable<Result<void>> confirmed(RunPtr run);
    Awaitable<Result<RunStatus>> feed_and_confirm(RunPtr run, Event event, Also also);
    /// Large outputs come without their values. After each record, what the machine of `*run` wants is loaded.
    Awaitable<Result<void>> each_record(WorkspaceId workspace, RunId id, std::function<Result<void>(store::StoredRecord&)> take,
                                        const RunPtr* run = nullptr);
    Awaitable<Result<std::shared_ptr<const Reuse>>> planned_reuse(WorkspaceId workspace, flows::FlowPtr flow, Json plan);
    void cancel_sub_runs(WorkspaceId workspace, RunId parent, const std::string& reason);
    static Awaitable<void> call_error_flow(std::shared_ptr<State> self, WorkspaceId workspace, RunId failed, std::string name);
    Awaitable<Result<void>> start_error_flow(const Run& run, std::string name);
    std::string error_flow_of(const Run& row, const flows::CompiledFlow& flow) const;
    Awaitable<Result<ItemBlock>> read_block(WorkspaceId workspace, ArtifactId artifact, std::uint64_t offset);
    static Awaitable<void> read_items(std::shared_ptr<State> self, RunPtr run, command::ReadItems command);
    /// Before each event: the run may hold what its own limit and its workspace's leave it, and try again as often as the
    /// runs around it leave it.
    void lend(ActiveRun& run);
    void lend_memory(ActiveRun& run);
    // engine_sub_runs.cpp
    std::optional<OuterAttempts> outer_attempts(RunId run) const;
    void tell_outer(RunId run, std::int64_t attempts);
    Awaitable<Result<RunPtr>> reopen(Run row);
    Awaitable<Result<RunPtr>> revive_retried(Run row, flows::FlowPtr flow);
    RunPtr make_reopened(const Run& row, flows::FlowPtr flow, const std::string& input, const std::string& plan,
                         std::shared_ptr<const Reuse> reuse);
    /// Ends what the run has going in this process.
    void quiet(ActiveRun& run);
    events::NewEvent run_event(const ActiveRun& run, std::string_view type) const;
    void tell_status(const ActiveRun& run);

    static Awaitable<void> run_step(std::shared_ptr<State> self, RunPtr run, command::Execute execute);
    /// Writes large values to blobs, then submits.
    static Awaitable<void> spill(std::shared_ptr<State> self, RunPtr run);
    /// Reads a run's journal back. Errors (logged, unless it may be tried again: unavailable): of storage, internal.
    Awaitable<Result<RunPtr>> revive(store::OpenJob job);
    // engine_values.cpp
    Awaitable<Result<void>> complete(WorkspaceId workspace, store::StoredRecord& stored);
    Awaitable<Result<void>> supply(WorkspaceId workspace, Machine& machine);
    Awaitable<Result<void>> end_of_journal(WorkspaceId workspace, Machine& machine);
    Awaitable<std::vector<LoadedValue>> loaded(WorkspaceId workspace, std::vector<WantedValue> wanted);
    static Awaitable<void> load_values(std::shared_ptr<State> self, RunPtr run, std::vector<WantedValue> wanted);
    static Awaitable<void> free_values(std::shared_ptr<State> self, std::vector<Json> values);
    Awaitable<Result<void>> until_it_moves(RunPtr run);
    static void open_gates(ActiveRun& run);
    Awaitable<Result<std::string>> value_of(WorkspaceId workspace, const store::StoredRecord& stored);

    // engine_queue.cpp: admission, and runs that wait outside of memory.
    static Result<QueueEntry> queue_entry(const flows::CompiledFlow& flow, const Json& input);
    void admit_runs();
    void arm_queue_timer();
    void free_slot(RunId run, bool ended);
    void take_up(WorkspaceId workspace, RunId id);
    static Awaitable<void> take_runs_up(std::shared_ptr<State> self);
    Awaitable<Result<RunPtr>> bring_back(WorkspaceId workspace, RunId id);
    Awaitable<Result<RunPtr>> read_back(WorkspaceId workspace, RunId id);
    void enter(const RunPtr& run);
    void enter_reopened(const RunPtr& run);
    std::optional<Time> next_timer(const ActiveRun& run) const;
    store::JobState job_state_of(const ActiveRun& run, RunStatus status, const Page& page) const;
    void settle(const RunPtr& run);
    void leave_memory(const RunPtr& run);
    void adopt_handle(const RunPtr& run);
    std::shared_ptr<RunHandle> parked_handle(RunId id);
    void forget_parked(RunId id);
    void remember_waiting(WorkspaceId workspace, RunId run, std::optional<Time> wake);
    void forget_waiting(RunId run);
    void arm_wake();
    static Awaitable<void> wake_runs(std::shared_ptr<State> self);
    void beat();
    std::optional<Duration> longest_standstill() const;
    void measure();
    Awaitable<Result<void>> submit_queue_change(WorkspaceId workspace, storage::WriteUnit unit, std::string type, Json data);
    static Awaitable<void> cancel_absent_sub_runs(std::shared_ptr<State> self, WorkspaceId workspace, RunId parent, std::string reason);

    /// The step that waits for a run, for as long as it does.
    struct WaitingStep {
        std::weak_ptr<ActiveRun> run;
        std::string path;
    };
    struct WaitingRun {
        WorkspaceId workspace;
        std::optional<Time> wake;
    };

    Engine* owner = nullptr;
    artifacts::Artifacts* artifacts = nullptr;
    vault::Vault* vault = nullptr;
    std::unordered_map<WorkspaceId, std::shared_ptr<std::size_t>> memory;   ///< held by the active runs of each (bytes)
    runtime::Loop& loop;
    storage::Storage& storage;
    flows::Flows& flows;
    events::Bus& bus;
    base::Clock& clock;
    base::Random& random;
    EngineOptions options;
    store::BootId boot;
    events::Cursors cursors;
    std::unordered_map<RunId, RunPtr> active;
    std::unordered_map<RunId, WaitingStep> outer_steps;   ///< by the run that is waited for
    std::unordered_map<RunId, std::function<void(std::string_view, const Json&)>> watchers;
    std::unordered_set<RunId> reopening;   ///< being read back for a retry
    RunQueue queue;
    std::deque<std::pair<WorkspaceId, RunId>> admitted;      ///< have a slot and are to be read back
    std::size_t takers = 0;
    std::unordered_map<RunId, WaitingRun> waiting;           ///< runs outside of memory that are not queued
    std::unordered_map<WorkspaceId, std::size_t> waiting_of;
    std::set<std::pair<Time, RunId>> wakes;
    bool waking = false;
    std::unordered_map<RunId, std::shared_ptr<runtime::OneShot<bool>>> returning;   ///< being read back
    std::unordered_map<RunId, std::weak_ptr<RunHandle>> parked;   ///< of runs outside of memory that somebody waits for
    runtime::Loop::TimerId queue_timer = 0, wake_timer = 0, heartbeat_timer = 0;
    Time queue_timer_at{}, wake_timer_at{};
    EngineStatistics statistics;
    StepTimesBook step_times{clock.now()};
    bool stopping = false;
    runtime::TaskGroup tasks;
};

}  // namespace sluice::engine
