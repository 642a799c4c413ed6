#pragma once
/// The executor's core: a pure function (state, event, now, random) → (state, records, commands), without I/O. The shell
/// (engine.hpp) appends the records to the journal and performs the commands; the simulation drives the core alone.
///
/// What one `handle` call appends commits as a whole, so a journal is always a prefix of such calls, and `apply`ing it
/// to a fresh machine gives the same state. Skips and routing are derived again, never trusted from the record.
/// What was measured and not computed, whether there was memory and whether a stored value could be read, is taken from the
/// records and never judged again (machine_judgements.cpp).
///
/// A large output leaves memory once it is stored and nothing needs it. Before something reads it again, the machine asks
/// for it and stands still: what happens meanwhile waits, so the history is the same as if it had been there
/// (docs/decisions/0019-large-outputs-leave-memory.md, machine_values.cpp).

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include <boost/container/small_vector.hpp>

#include "sluice/base/clock.hpp"
#include "sluice/base/id.hpp"
#include "sluice/base/json.hpp"
#include "sluice/engine/record.hpp"
#include "sluice/flows/graph.hpp"

namespace sluice::engine {

/// Names one step of the run in memory: an instance of a graph (0: the flow; others: items of maps) and a node in it.
struct StepRef {
    std::uint32_t instance = 0;
    std::uint32_t node = 0;
    auto operator<=>(const StepRef&) const = default;
};

class Instance;
struct RunData;
struct Step;

/// How many items of a map run at once when its config does not say.
inline constexpr std::size_t default_map_concurrency = 10;
/// How many turns a loop takes when its config does not say.
inline constexpr std::size_t default_loop_turns = 1000;

struct Totals {
    std::int64_t steps = 0, input_tokens = 0, output_tokens = 0, cost_nano_usd = 0;
    bool simulated = false;
    std::int64_t attempts = 0;   ///< of its tasks, with those of sub-runs where settings.max_attempts counts them
};

/// A step's end that is taken from a journal instead of executing the step.
struct ReusedStep {
    Json output;                        ///< the error where it failed; null while it is in the blob
    std::string blob;                   ///< the hash of a large output, which is loaded once something reads it
    std::uint64_t blob_bytes = 0;
    std::vector<std::string> ports;
    bool response = false, failed = false, timed_out = false;
    int attempt = 1;
};

/// Some items of an artifact, and where the next ones begin.
struct ItemBlock {
    Json items = Json::array();
    std::uint64_t next = 0;
    bool end = false;
};

/// What a run does not do again (reuse.hpp builds it).
struct Reuse {
    std::unordered_map<std::string, ReusedStep> steps;      ///< by path
    std::unordered_map<std::string, int> attempts;          ///< the last attempt by path, of a run that is retried
    std::unordered_map<std::string, std::int64_t> sub_attempts;   ///< by path: what a sub-run that is found again had used before
    std::unordered_map<std::string, int> generations;       ///< by path: how often it was undone (part of the effect's key)
    bool copied = false;                                    ///< from another run: the journal gets them, marked as reused
    Totals totals;                                          ///< of the run until now
};

/// What a step reported beside its output.
struct StepReport {
    std::int64_t input_tokens = 0, output_tokens = 0, cost_nano_usd = 0;
    std::string model;
    bool simulated = false;
    std::vector<ArtifactId> artifacts;
    bool empty() const { return model.empty() && artifacts.empty() && input_tokens == 0 && output_tokens == 0 && cost_nano_usd == 0; }
};

/// A large output that is not in memory and is needed now.
struct WantedValue {
    StepRef step;
    std::string blob;
    std::uint64_t bytes = 0;            ///< of its text
};
struct LoadedValue {
    StepRef step;
    Result<Json> value;
    std::size_t memory_bytes = 0;       ///< what it takes (memory_of)
};
/// A large output whose record is committed: the run need not hold it any more.
struct StoredValue { std::string path, blob; };

namespace event {
struct Start {};
struct StepEnded { StepRef step; int attempt = 0; Result<flows::StepOutput> result; StepReport report; };
struct TimerFired { StepRef step; };
struct ItemsRead { StepRef step; Result<ItemBlock> block; };
struct Cancel { std::string reason; };
struct Pause { std::string by, reason; };
struct Resume { std::string by; };
struct Signal { std::string name, key; Json payload; };
struct Decide { std::string path; Decision decision = Decision::retry; Json value; std::string by, reason; };
/// Instead of `Start`, on a fresh machine of a run that had ended, after `reuse`.
struct Restart { std::string by, reason; };
struct RunTimedOut {};
/// The run that a running step waits for has made so many attempts until now; ignored unless a limit counts them.
struct SubAttempts { std::string path; std::int64_t attempts = 0; };
/// After `apply` of the whole journal: go on from there.
struct Recovered {};
/// More pure steps are ready than one turn of the loop should compute.
struct Continue {};
/// The answer to `LoadValues`. What comes between the two waits in the machine for it.
struct ValuesLoaded { std::vector<LoadedValue> values; };
/// Large outputs are durable. Also between `LoadValues` and its answer.
struct ValuesStored { std::vector<StoredValue> values; };
}  // namespace event
using Event = std::variant<event::Start, event::StepEnded, event::TimerFired, event::ItemsRead, event::Cancel, event::Pause, event::Resume,
                           event::Signal, event::Decide, event::Restart, event::RunTimedOut, event::SubAttempts, event::Recovered,
                           event::Continue, event::ValuesLoaded, event::ValuesStored>;

namespace command {
/// Run the node's coroutine. With `barrier`, only once the records of the same output are durable.
struct Execute {
    StepRef step;
    int attempt = 0;
    int generation = 0;                         ///< raised when the step was undone before
    bool barrier = false;
    const flows::CompiledNode* node = nullptr;
    std::string path;
    Json config;                                ///< rendered
    std::shared_ptr<const Instance> instance;   ///< keeps the scope's values alive
};
struct Cancel { StepRef step; };
struct ArmTimer { StepRef step; Time at; };
/// Read the next lines of an artifact for a map; answered by `ItemsRead`.
struct ReadItems { StepRef step; ArtifactId artifact; std::uint64_t offset = 0; };
struct ArmRunTimeout { Time at; };
/// Load large outputs; answered by `ValuesLoaded` with each of them.
struct LoadValues { std::vector<WantedValue> values; };
}  // namespace command
using Command = std::variant<command::Execute, command::Cancel, command::ArmTimer, command::ArmRunTimeout,
                             command::ReadItems, command::LoadValues>;

struct Output {
    std::vector<Record> records;
    std::vector<Command> commands;
    bool more = false;      ///< send `Continue` in the next turn
    std::vector<Json> dropped;   ///< large values that nothing needs: freeing them takes a moment, which need not be the loop's
};

/// What is fixed about a run.
struct RunFacts {
    RunId id;
    WorkspaceId workspace;
    std::string flow_name;
    int flow_version = 0;
    Time started_at{};
    std::string trigger = "api";
    std::string plan;   ///< JSON {"parent"?, "from"?, "outputs"?, "pins"?, "until"?, "attempts"?} or empty; recorded with the start
};

/// What settings.max_attempts of the runs around a run leave it: the least of them.
struct OuterAttempts {
    std::int64_t left = 0, limit = 0;
};

/// Limits of one run.
struct MachineLimits {
    std::size_t map_items = 100'000;
    std::size_t memory_bytes = 256u << 20;   ///< what one run may hold of inputs, outputs and items
    std::size_t steps_per_turn = 64;   ///< pure steps computed in one `handle`
    /// Outputs with a longer text leave memory once they are stored and nothing needs them. Never: they all stay.
    std::size_t spill_bytes = std::numeric_limits<std::size_t>::max();
};

/// The state of one run. Thread: the owner's.
class Machine {
  public:
    /// `journal` false: records are not made (durability none).
    Machine(flows::FlowPtr flow, RunFacts facts, Json input, bool journal = true, MachineLimits limits = {});
    ~Machine();
    Machine(Machine&&) noexcept;             ///< between calls of `handle` or `apply`
    Machine& operator=(Machine&&) = delete;

    /// One transition. Events that no longer concern anything (late results, cancelled timers) give nothing.
    Output handle(Event event, Time now, base::Random& random);
    /// Replays one record; an output in a blob may be without its value. Afterwards, while `wanted()` is not empty, `supply`.
    /// Errors: internal, when the journal does not fit the flow (names the path).
    Result<void> apply(const Record& record);
    /// After the last record: what it left open goes on. Afterwards, while `wanted()` is not empty, `supply`. Errors: of `apply`.
    Result<void> end_of_journal();
    /// What must be loaded before the machine goes on.
    const std::vector<WantedValue>& wanted() const;
    /// While replaying: goes on with what was wanted, to the end of the call that wanted it. Errors: of a value that could not be
    /// loaded; of `apply`.
    Result<void> supply(std::vector<LoadedValue> values);
    /// True while it waits for values, or for values to be stored: the run must stay in memory.
    bool loading() const { return stall_ != nullptr || !deferred_.empty() || drain_blocked_; }

    /// Steps found there are not executed. Before `Start`, `Restart`, or the first record of a replay that follows it.
    void reuse(std::shared_ptr<const Reuse> reuse);

    /// True while this attempt of the step is the one that runs.
    bool runs(StepRef step, int attempt) const;
    /// From now on nothing that is ready starts: results are still taken, so that a process can stop cleanly.
    void hold() { held_ = true; }

    RunStatus status() const;
    bool finished() const { return is_terminal(final_); }
    bool paused() const { return paused_; }
    /// What the run holds in memory of inputs, outputs and items, roughly (bytes).
    std::size_t memory_bytes() const { return memory_ + loading_; }
    /// The most it may hold from now on; a step that would pass it fails.
    void limit_memory(std::size_t bytes) { limits_.memory_bytes = bytes; }
    /// What the runs around this one leave it from now on; nothing: they are not known, and what they left at its start counts.
    void limit_attempts(std::optional<OuterAttempts> outer) { outer_attempts_ = outer; }
    /// What this run's settings and the runs around it leave for one that a step of it waits for; nothing: there is no limit.
    std::optional<OuterAttempts> attempts_left() const;
    std::size_t pending_signals() const { return signals_.size(); }
    /// The run's error while what it did is undone; null otherwise.
    const Json* rolling_back() const;
    const Json& output() const { return output_; }                     ///< after success
    Json take_output() { return std::move(output_); }
    const std::optional<Json>& error() const { return error_; }        ///< {"code", "message", "step"?, …}
    /// What `respond` gave, as soon as it did.
    const std::optional<Json>& response() const { return response_; }
    const Totals& totals() const { return totals_; }
    const RunFacts& facts() const;
    const flows::CompiledFlow& flow() const;
    const Json& input() const;
    /// The status of a step by path; pending for one that does not exist yet.
    StepStatus step_status(std::string_view path) const;
    /// A digest-friendly text of the whole state, for the simulation's comparison.
    std::string describe() const;

  private:
    friend class Instance;
    friend class ReplayCheck;   ///< computes single steps again
    struct Stall;
    struct Open;
    struct EdgeDecision { Instance* instance; std::uint32_t edge; bool taken; };
    using Decisions = boost::container::small_vector<EdgeDecision, 4>;
    /// Why a step's routing has no verdict; `lacks`: for want of a value that its conditions read.
    struct Broken { Error error; bool lacks = false; };
    /// What the entry of a failure tells beside the error: written, or, `handled`, taken from it while replaying.
    struct FailureNote {
        std::string_view lacked_at;
        std::optional<bool> handled;
    };

    std::shared_ptr<Instance> make_instance(const flows::CompiledGraph& graph, Instance* parent, std::uint32_t parent_node,
                                            std::uint32_t index, Json item);
    Instance* find_instance(std::uint32_t id) const;
    std::pair<Instance*, std::uint32_t> find_path(std::string_view path) const;
    Result<void> apply_next(const Record& entry);
    Result<void> apply_run(const Record& entry);
    Result<void> apply_step(Instance& instance, std::uint32_t node, const Record& entry);
    Result<void> apply_map_start(Instance& instance, std::uint32_t node);
    Result<void> apply_end(const Record& entry);
    void start_root();
    void arm_run_timeout();
    void make_root();
    void timer_fired(StepRef ref);
    void cancel(std::string reason);
    void time_out();
    void cancel_step(Instance& instance, std::uint32_t node);
    void schedule(Instance& instance, std::uint32_t node);
    StepRef take_ready();
    void drain();
    void execute(Instance& instance, std::uint32_t node);
    void start_task(Instance& instance, std::uint32_t node, Json config);
    void start_timer(Instance& instance, std::uint32_t node, const Json& plan);
    void start_map(Instance& instance, std::uint32_t node, const Json& config);
    void expand_map(Instance& instance, std::uint32_t node, Json items, const Json& config);
    bool add_items(Instance& instance, std::uint32_t node, Json items, bool end, std::string_view lacked_at);
    void items_read(event::ItemsRead read);
    void fail_container(Instance& instance, std::uint32_t node, Error error, std::string_view lacked_at = {});
    // memory
    std::size_t memory_left() const { return limits_.memory_bytes > memory_bytes() ? limits_.memory_bytes - memory_bytes() : 0; }
    Error over_memory(std::size_t more) const;
    void start_items(Instance& instance, std::uint32_t node);
    void close_container(Instance& instance, std::uint32_t node);
    void cancel_children(Instance& instance, std::uint32_t node);
    void item_ended(Instance& item, Json result, bool failed);
    void release(std::uint32_t instance);
    // machine_judgements.cpp
    void begin_items(Instance& instance, std::uint32_t node, std::string_view judged);
    void end_graph(Instance& instance, std::optional<Json> result, bool failed);
    void graph_ended(Instance& instance, std::optional<Json> result, bool failed);
    std::optional<Error> lacks_output(const Instance& instance) const;
    bool was_refused(const Record& next) const;
    bool pass();
    bool go_on(const Record* next);
    // machine_values.cpp
    void take(Event event);
    void end_turn();
    void resolve(const Instance& instance, const flows::ValueUses& uses, std::vector<StepRef>& out) const;
    std::optional<Error> absent(const Instance& instance, const flows::ValueUses& uses) const;
    bool ready_for(Event& event);
    bool ready_to_run(Instance& instance, std::uint32_t node);
    bool ready_to_end(Instance& instance, const std::optional<Json>& result, bool failed);
    bool ready_to_turn(Instance& instance, std::uint32_t node);
    bool ready_to_reuse(Instance& instance, std::uint32_t node);
    bool ready_to_apply(Instance& instance, std::uint32_t node, const Record& entry);
    void uses_of_event(const Event& event, std::vector<StepRef>& uses) const;
    bool is_away(const std::vector<StepRef>& uses) const;
    template <class Then>
    bool ask_for(const std::vector<StepRef>& uses, Then then, bool hold);
    void values_loaded(std::vector<LoadedValue> values);
    void values_stored(const std::vector<StoredValue>& values);
    void after_storing();
    void place(LoadedValue loaded);
    void expect_stored(Instance& instance, std::uint32_t node, const std::string& blob, std::uint64_t bytes);
    bool is_needed(const Instance& instance, std::uint32_t node) const;
    void let_go(const std::vector<StepRef>& keep = {});
    std::size_t unstored_bytes() const;
    bool waits_for_storage(const Json& output) const;
    // machine_loop.cpp
    void start_loop(Instance& instance, std::uint32_t node, const Json& config);
    Result<bool> goes_on(const Instance& instance, std::uint32_t node) const;
    void next_turn(Instance& instance, std::uint32_t node, std::string_view judged);
    void turn_ended(Instance& parent, std::uint32_t node, std::uint32_t turn, Json result, bool failed);
    Result<void> apply_loop_start(Instance& instance, std::uint32_t node);
    // machine_rollback.cpp
    void note_undoable(Instance& instance, std::uint32_t node);
    bool begin_rollback(Instance& scope, RunStatus status, const Json& error, std::string_view lacked_at = {});
    void next_compensation(Instance& scope);
    void compensated(Instance& instance, std::uint32_t node, bool done);
    std::pair<Instance*, std::uint32_t> find_compensation(std::string_view path) const;
    std::pair<Instance*, std::uint32_t> find_step(std::string_view path) const;
    bool takes_part(const Instance& instance, std::uint32_t node) const;
    // machine_control.cpp
    void pause(event::Pause event);
    void resume(event::Resume event);
    void signal(event::Signal event);
    void start_signal(Instance& instance, std::uint32_t node, const Json& plan);
    bool take_signal(Instance& instance, std::uint32_t node);
    void forget_signal(std::string_view name, std::string_view key);
    void decide_unknown(event::Decide event);
    void arm_step_timeout(Instance& instance, std::uint32_t node);
    void disarm_step(Instance& instance, std::uint32_t node);
    void step_timed_out(Instance& instance, std::uint32_t node);
    // machine_reuse.cpp
    void restart(event::Restart event);
    void begin_again();
    bool is_reused(const Instance& instance, std::uint32_t node);
    std::shared_ptr<Instance> next_reused();
    bool take_next_reused(Instance& instance);
    void take_reused();
    void refuse_reused(const Error& error);
    int generation_of(const std::string& path) const;
    void read_plan();
    void step_ended(event::StepEnded ended);
    void succeed(Instance& instance, std::uint32_t node, flows::StepOutput output, const StepReport& report);
    void forget_output(Instance& instance, std::uint32_t node);
    void fail_step(Instance& instance, std::uint32_t node, const Error& error, const StepReport& report, std::string_view lacked_at = {});
    void fail_finally(Instance& instance, std::uint32_t node, Json error, bool timed_out, const StepReport& report, FailureNote note = {});
    std::optional<Broken> route(Instance& instance, std::uint32_t node, const std::vector<std::string>& ports,
                                const Json* error, Decisions& decisions);
    void settle(Instance& instance, Decisions& decisions);
    void decide(const EdgeDecision& decision, Decisions& more);
    void cancel_losers(Instance& instance, std::uint32_t join, Decisions& more);
    void complete(Instance& instance);
    void fail_instance(Instance& instance, Json error);
    void cancel_open_steps(Instance& instance);
    void end_run(RunStatus status, std::optional<Json> error, Json output, std::string_view lacked_at = {});
    void finish_run(RunStatus status, std::optional<Json> error, Json output, std::string_view lacked_at = {});
    bool may_try_again(const Instance& instance, std::uint32_t node, const Error& error, const Json& value, Time next, std::string& why);
    bool attempts_remain(std::string& why) const;
    std::optional<OuterAttempts> outer_attempts() const;
    void count_attempts(std::int64_t count);
    void sub_attempts(const event::SubAttempts& event);
    void take_sub_attempts(Step& step, std::int64_t attempts);
    void resume_after_replay();
    void resume_instance(Instance& instance);
    void set_status(Instance& instance, std::uint32_t node, StepStatus status);
    /// While replaying, a container and the run end by their own records, and nothing else goes on before: an end may have failed
    /// for something that is measured and not computed, such as memory.
    bool ends_by_record() {
        if (out_ != nullptr) return false;
        awaits_ = true;
        return true;
    }
    bool recording() const { return journal_ && out_ != nullptr; }
    void record(RecordKind kind, std::string data, std::string value);
    void record_step(RecordKind kind, const Instance& instance, std::uint32_t node, int attempt, std::string data = {},
                     std::string value = {});
    void add_usage(const StepReport& report);
    Result<Json> graph_output(Instance& instance) const;

    std::shared_ptr<const RunData> data_;
    bool journal_;
    MachineLimits limits_;
    boost::container::small_vector<std::shared_ptr<Instance>, 1> instances_;   ///< by id; null once an item has ended
    boost::container::small_vector<StepRef, 8> ready_;   ///< a queue: those before `next_ready_` have been taken
    std::size_t next_ready_ = 0;
    std::size_t running_ = 0, waiting_ = 0, ready_steps_ = 0;
    bool held_ = false, paused_ = false, reusing_ = false;
    std::size_t memory_ = 0;
    /// Attempts of tasks that ended, and of sub-runs, against settings.max_attempts; since the start or the last retry.
    std::int64_t attempts_used_ = 0;
    std::optional<OuterAttempts> outer_attempts_;   ///< as of now
    std::optional<OuterAttempts> first_attempts_;   ///< as of the run's start, from its plan
    struct PendingSignal { std::string name, key; Json payload; Time at; };
    std::vector<PendingSignal> signals_;     ///< not taken yet, oldest first
    std::vector<StepRef> undoable_;          ///< steps with a compensation, in the order of their ends
    std::shared_ptr<const Reuse> reuse_;
    std::vector<StepRef> reusable_;          ///< ready steps whose results are known; those before `next_reusable_` have been taken
    std::size_t next_reusable_ = 0;
    std::vector<StepRef> large_;             ///< steps whose large outputs are in memory
    std::unique_ptr<Stall> stall_;           ///< what waits for values
    // of a replay
    std::unique_ptr<Open> open_;             ///< goes on unless the next record tells that it was refused
    bool awaits_ = false;                    ///< the next record that counts is the end that is due
    const Record* entry_ = nullptr;          ///< that is being applied
    std::vector<std::pair<Event, Time>> backlog_;          ///< came while it did
    std::vector<event::StepEnded> deferred_;               ///< ends whose outputs have no room before others are stored
    std::optional<Error> load_error_, next_load_error_;    ///< why what is looked at, or the next ready step, lacks values
    bool drain_blocked_ = false;             ///< nothing starts before large outputs are stored
    bool stored_ = false;                    ///< some were while the machine stood still
    std::size_t loading_ = 0;                ///< of values under way (bytes)
    std::size_t budget_ = 0;                 ///< pure steps that this turn may still compute
    std::vector<bool> wanted_;               ///< of a run up to one node: the nodes that take part; empty: all
    std::uint32_t target_ = 0;               ///< that node
    Time begun_at_{};                        ///< of the start, or of the last retry: the run's timeout counts from it
    RunStatus final_ = RunStatus::running;
    Json output_;
    std::optional<Json> error_, response_;
    Totals totals_;
    // of the current call
    Output* out_ = nullptr;   ///< null while replaying
    Time now_{};
    base::Random* random_ = nullptr;
};

}  // namespace sluice::engine
