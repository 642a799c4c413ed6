#pragma once
// The state of one graph of a run: the flow itself, or one item of a map.

#include <memory>
#include <string>
#include <vector>

#include "sluice/engine/machine.hpp"

namespace sluice::engine {

/// The variable `run`: {id, flow, version, started_at, trigger}, made when an expression first asks for it.
class RunVariable final : public cel::LazyMap {
  public:
    /// `facts` outlive it.
    explicit RunVariable(const RunFacts& facts) : facts_(facts) {}
    const Json* find(std::string_view key) const override;
    std::vector<std::string> keys() const override { return {"id", "flow", "version", "started_at", "trigger"}; }

  private:
    const RunFacts& facts_;
    mutable Json members_;
};

/// What all instances of a run share, and what running tasks keep alive.
struct RunData {
    RunData(flows::FlowPtr the_flow, RunFacts the_facts, Json the_input)
        : flow(std::move(the_flow)), facts(std::move(the_facts)), input(std::move(the_input)), variable(facts) {}
    RunData(const RunData&) = delete;
    RunData& operator=(const RunData&) = delete;
    flows::FlowPtr flow;
    RunFacts facts;
    Json input;
    RunVariable variable;
};

struct MapState {
    Json items;                  ///< a list; an item is moved out when its instance starts
    std::vector<Json> results;
    std::size_t next = 0, active = 0, done = 0, concurrency = 1;
    bool collect = false;        ///< on_item_error: collect
    std::vector<std::uint32_t> instances;  ///< ids by item; 0: not started
    std::size_t chunk = 0;       ///< items are lists of so many; 0: single ones
    Json rest = Json::array();   ///< of the next chunk
    ArtifactId source;           ///< where the items come from; nil: all are here
    std::uint64_t offset = 0;    ///< of the next ones in it
    bool more = false, reading = false;
};

struct LoopState {
    std::uint32_t turn = 0;       ///< turns done
    std::uint32_t instance = 0;   ///< of the turn under way; 0: none
    std::size_t max_turns = 0;
    bool same = false;            ///< the last two turns gave the same
    Json last;                    ///< the result of the last turn
};

struct SignalWait { std::string name, key; };

/// The undoing of a graph that failed.
struct Rollback {
    RunStatus status = RunStatus::failed;
    Json error;
    StepRef source;                      ///< the step that is being undone
    std::vector<std::string> failed;     ///< paths of compensations that failed
};

/// A large output. While `blob` is empty it is not stored yet and stays in memory.
struct LargeValue {
    std::string blob;
    std::uint64_t bytes = 0;     ///< of its text
    std::size_t memory = 0;      ///< what it takes while it is there (bytes)
};

struct Step {
    StepStatus status = StepStatus::pending;
    int attempt = 0;
    int failures = 0;            ///< attempts that ended in an error (crashes do not count)
    std::uint32_t decided = 0, taken = 0;
    std::int64_t sub_attempts = 0;   ///< of the run that it waits for, as far as they were counted
    Json view;                   ///< {"output": …} once there is an output; null while it is in its blob alone
    std::unique_ptr<LargeValue> large;
    Json error;                  ///< of a failed step, or of the error edge that led here
    Time wait_until{};
    Time first_began{};          ///< of the first attempt, where the retry policy asks
    std::unique_ptr<MapState> map;
    std::unique_ptr<LoopState> loop;
    std::unique_ptr<SignalWait> signal;
    bool contains_graph() const { return map != nullptr || loop != nullptr; }
    bool has_output() const { return !view.is_null() || large != nullptr; }
    bool is_away() const { return large != nullptr && view.is_null(); }
};

/// The variables that a node, its edges or its output see: the instance's own, or a copy with `error`.
class StepScope {
  public:
    explicit StepScope(const cel::Scope& shared) : shared_(&shared) {}
    StepScope(const cel::Scope& shared, const Json& error) : shared_(&shared), own_(shared) { own_->set("error", &error); }
    const cel::Scope& get() const { return own_ ? *own_ : *shared_; }

  private:
    const cel::Scope* shared_;
    std::optional<cel::Scope> own_;
};

enum class EdgeState : std::uint8_t { pending, taken, refused };

class Instance final : public cel::LazyMap, public std::enable_shared_from_this<Instance> {
  public:
    std::shared_ptr<const RunData> run;
    const flows::CompiledGraph* graph = nullptr;
    std::shared_ptr<Instance> parent;
    std::uint32_t parent_node = 0, index = 0, id = 0;
    Json item, index_value;
    std::string prefix;          ///< "each[17]/"
    std::vector<Step> steps;
    std::vector<EdgeState> edges;
    std::size_t open = 0;        ///< steps without an end
    bool ended = false;
    std::size_t bytes = 0;       ///< of its steps' outputs
    std::uint32_t undoable = 0;  ///< steps in it that may have to be undone
    std::unique_ptr<Rollback> rollback;

    const flows::CompiledNode& node(std::uint32_t at) const { return graph->nodes[at]; }
    std::string path(std::uint32_t at) const { return prefix + graph->nodes[at].id; }

    /// `nodes.<id>`: the step's {"output": …}; absent while it has none. Outer graphs are searched too.
    const Json* find(std::string_view key) const override;
    std::vector<std::string> keys() const override;
    /// `error` is null where there is none, and outlives the scope.
    StepScope scope(const Json* error) const;

  private:
    mutable std::optional<cel::Scope> shared_scope_;   ///< made when first asked for
};

/// What goes on once values have been loaded.
struct Machine::Stall {
    struct GraphEnd { std::shared_ptr<Instance> instance; std::optional<Json> result; bool failed = false; };
    struct Start {};   ///< of the next ready step
    struct Reuse {};   ///< of the next known result
    struct JournalEnd {};
    std::variant<Start, Reuse, GraphEnd, Event, Record, JournalEnd> then;   ///< while replaying one of the last two
    std::vector<WantedValue> wanted;
    Time at{};
    std::size_t budget = 0;
    Output held;       ///< what the transition gave so far; a journal never ends within one
};

/// While replaying: what goes on unless the next record tells that it was refused (machine_judgements.cpp).
struct Machine::Open {
    std::shared_ptr<Instance> instance;   ///< of the container
    std::uint32_t at = 0;
    std::string judged;                   ///< as "lacked_at" names it
    std::shared_ptr<Instance> graph{};    ///< its item or turn, which has ended; null: the container starts, or has more items
    std::optional<Json> result{};         ///< of the graph: its output, or its error; none: its output is still to be made
    bool failed = false;
};

/// The StepInput of one execution with what it refers to; the instance and the config outlive it.
class StepEnvironment {
  public:
    StepEnvironment(const Instance& instance, std::uint32_t node, const Json& config, Time now);
    StepEnvironment(const StepEnvironment&) = delete;
    StepEnvironment& operator=(const StepEnvironment&) = delete;
    const flows::StepInput& input() const { return input_; }

  private:
    using Upstream = boost::container::small_vector<const Json*, 4>;
    static Upstream taken_outputs(const Instance& instance, std::uint32_t node);

    StepScope scope_;
    Upstream upstream_;
    flows::StepInput input_;
};

/// {"output": value}
Json output_view(Json value);

/// What a value takes in memory, roughly (bytes). Looks at every member.
std::size_t memory_of(const Json& value);

/// {"code", "message", "step", "details"?} of a failed step.
Json step_error(const Error& error, const std::string& path, int attempt);

}  // namespace sluice::engine
