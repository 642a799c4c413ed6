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
    explicit RunVariable(RunFacts facts) : facts_(std::move(facts)) {}
    const Json* find(std::string_view key) const override;
    std::vector<std::string> keys() const override { return {"id", "flow", "version", "started_at", "trigger"}; }

  private:
    RunFacts facts_;
    mutable Json members_;
};

/// What all instances of a run share, and what running tasks keep alive.
struct RunData {
    RunData(flows::FlowPtr the_flow, Json the_input, const RunFacts& facts)
        : flow(std::move(the_flow)), input(std::move(the_input)), variable(facts) {}
    flows::FlowPtr flow;
    Json input;
    RunVariable variable;
};

struct MapState {
    Json items;                  ///< a list; an item is moved out when its instance starts
    std::vector<Json> results;
    std::size_t next = 0, active = 0, done = 0, concurrency = 1;
    bool collect = false;        ///< on_item_error: collect
    std::vector<std::uint32_t> instances;  ///< ids by item; 0: not started
};

struct Step {
    StepStatus status = StepStatus::pending;
    int attempt = 0;
    int failures = 0;            ///< attempts that ended in an error (crashes do not count)
    std::uint32_t decided = 0, taken = 0;
    Json view;                   ///< {"output": …} once there is an output
    Json error;                  ///< of a failed step, or of the error edge that led here
    Time wait_until{};
    std::unique_ptr<MapState> map;
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

    const flows::CompiledNode& node(std::uint32_t at) const { return graph->nodes[at]; }
    std::string path(std::uint32_t at) const { return prefix + graph->nodes[at].id; }

    /// `nodes.<id>`: the step's {"output": …}; absent while it has none. Outer graphs are searched too.
    const Json* find(std::string_view key) const override;
    std::vector<std::string> keys() const override;
    /// The variables that a node, its edges or its output see; `error` is null where there is none.
    cel::Scope scope(const Json* error) const;
};

/// The StepInput of one execution with all it refers to.
class StepEnvironment {
  public:
    StepEnvironment(std::shared_ptr<const Instance> instance, std::uint32_t node, const Json& config, Time now);
    StepEnvironment(const StepEnvironment&) = delete;
    StepEnvironment& operator=(const StepEnvironment&) = delete;
    const flows::StepInput& input() const { return input_; }

  private:
    std::shared_ptr<const Instance> instance_;
    cel::Scope scope_;
    std::vector<const Json*> upstream_;
    flows::StepInput input_;
};

/// {"code", "message", "step", "details"?} of a failed step.
Json step_error(const Error& error, const std::string& path, int attempt);

}  // namespace sluice::engine
