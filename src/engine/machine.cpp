#include "sluice/engine/machine.hpp"

#include "engine/instance.hpp"

namespace sluice::engine {

Machine::Machine(flows::FlowPtr flow, RunFacts facts, Json input, bool journal, MachineLimits limits)
    : data_(std::make_shared<const RunData>(std::move(flow), std::move(facts), std::move(input))), journal_(journal),
      limits_(limits) {
    const std::string& text = data_->facts.plan;
    if (text.empty()) return;
    const Json plan = Json::parse(text, nullptr, false);
    if (const Json* attempts = base::find_member(plan, "attempts"))
        first_attempts_ = OuterAttempts{attempts->value("left", std::int64_t{0}), attempts->value("limit", std::int64_t{0})};
}

Machine::Machine(Machine&&) noexcept = default;
Machine::~Machine() = default;

const RunFacts& Machine::facts() const { return data_->facts; }

const flows::CompiledFlow& Machine::flow() const { return *data_->flow; }

const Json& Machine::input() const { return data_->input; }

Output Machine::handle(Event event, Time now, base::Random& random) {
    Output output;
    if (finished()) {
        if (const auto* stored = std::get_if<event::ValuesStored>(&event)) values_stored(stored->values);
        return output;
    }
    out_ = &output;
    now_ = now;
    random_ = &random;
    if (auto* loaded = std::get_if<event::ValuesLoaded>(&event)) values_loaded(std::move(loaded->values));
    else if (const auto* stored = std::get_if<event::ValuesStored>(&event)) values_stored(stored->values);
    else if (stall_) backlog_.emplace_back(std::move(event), now);
    else take(std::move(event));
    if (stored_ && !stall_ && !finished()) {
        now_ = now;
        after_storing();
    }
    while (!stall_ && !backlog_.empty() && !finished()) {
        auto [next, at] = std::move(backlog_.front());
        backlog_.erase(backlog_.begin());
        now_ = at;
        take(std::move(next));
    }
    if (finished()) {
        backlog_.clear();
        deferred_.clear();
        drain_blocked_ = false;
    } else if (!stall_) {
        let_go();
        output.more = !held_ && !paused_ && !drain_blocked_ && next_ready_ < ready_.size();
    }
    out_ = nullptr;
    random_ = nullptr;
    return output;
}

void Machine::take(Event event) {
    budget_ = limits_.steps_per_turn;
    if (!ready_for(event)) return;
    struct Visitor {
        Machine& m;
        void operator()(event::Start&) { m.start_root(); }
        void operator()(event::StepEnded& ended) { m.step_ended(std::move(ended)); }
        void operator()(event::TimerFired& fired) { m.timer_fired(fired.step); }
        void operator()(event::ItemsRead& read) { m.items_read(std::move(read)); }
        void operator()(event::Cancel& cancel) { m.cancel(std::move(cancel.reason)); }
        void operator()(event::Pause& pause) { m.pause(std::move(pause)); }
        void operator()(event::Resume& resume) { m.resume(std::move(resume)); }
        void operator()(event::Signal& signal) { m.signal(std::move(signal)); }
        void operator()(event::Decide& decide) { m.decide_unknown(std::move(decide)); }
        void operator()(event::Restart& restart) { m.restart(std::move(restart)); }
        void operator()(event::RunTimedOut&) { m.time_out(); }
        void operator()(event::SubAttempts& used) { m.sub_attempts(used); }
        void operator()(event::Recovered&) { m.resume_after_replay(); }
        void operator()(event::Continue&) {}
        void operator()(event::ValuesLoaded&) {}
        void operator()(event::ValuesStored&) {}
    };
    std::visit(Visitor{*this}, event);
    end_turn();
}

/// What follows in the same transition: known results, then steps that are ready.
void Machine::end_turn() {
    load_error_.reset();
    if (!stall_ && !reusable_.empty()) take_reused();
    if (!stall_ && !finished() && !held_ && !paused_) drain();
}

void Machine::start_root() {
    if (recording()) record(RecordKind::run_started, facts().plan, base::dump_json(data_->input));
    begun_at_ = facts().started_at;
    read_plan();
    arm_run_timeout();
    make_root();
}

void Machine::arm_run_timeout() {
    if (!flow().settings.timeout) return;
    if (out_ != nullptr) out_->commands.push_back(command::ArmRunTimeout{begun_at_ + *flow().settings.timeout});
}

void Machine::make_root() {
    const auto& graph = flow().graph;
    const auto root = make_instance(graph, nullptr, 0, 0, Json());
    if (!wanted_.empty())
        for (std::uint32_t node = 0; node < graph.nodes.size(); ++node) root->open -= !wanted_[node] && !graph.nodes[node].compensates;
    for (const std::uint32_t node : graph.roots)
        if (wanted_.empty() || wanted_[node]) schedule(*root, node);
}

std::shared_ptr<Instance> Machine::make_instance(const flows::CompiledGraph& graph, Instance* parent,
                                                 std::uint32_t parent_node, std::uint32_t index, Json item) {
    auto instance = std::make_shared<Instance>();
    instance->run = data_;
    instance->graph = &graph;
    instance->id = static_cast<std::uint32_t>(instances_.size());
    if (parent != nullptr) {
        instance->parent = parent->shared_from_this();
        instance->parent_node = parent_node;
        instance->index = index;
        instance->index_value = index;
        instance->item = std::move(item);
        instance->prefix = fmt::format("{}[{}]/", parent->path(parent_node), index);
    }
    instance->steps.resize(graph.nodes.size());
    instance->edges.assign(graph.edges.size(), EdgeState::pending);
    instance->open = graph.nodes.size() - graph.compensations;
    instances_.push_back(instance);
    return instance;
}

Instance* Machine::find_instance(std::uint32_t id) const {
    return id < instances_.size() ? instances_[id].get() : nullptr;
}

void Machine::schedule(Instance& instance, std::uint32_t node) {
    set_status(instance, node, StepStatus::ready);
    if (reuse_ && is_reused(instance, node)) reusable_.push_back({instance.id, node});
    else ready_.push_back({instance.id, node});
}

StepRef Machine::take_ready() {
    const StepRef ref = ready_[next_ready_++];
    if (next_ready_ == ready_.size()) {
        ready_.clear();
        next_ready_ = 0;
    } else if (next_ready_ == 1024) {  // a queue that never runs empty gives its head back in pieces
        ready_.erase(ready_.begin(), ready_.begin() + 1024);
        next_ready_ = 0;
    }
    return ref;
}

void Machine::drain() {
    drain_blocked_ = false;
    while (next_ready_ < ready_.size() && !finished() && !stall_ && !drain_blocked_ && budget_ > 0) {
        const StepRef ref = ready_[next_ready_];
        // An item of a map may end, and be let go, with this step.
        std::shared_ptr<Instance> item;
        if (ref.instance != 0 && ref.instance < instances_.size()) item = instances_[ref.instance];
        Instance* instance = ref.instance == 0 ? instances_[0].get() : item.get();
        if (instance == nullptr || !takes_part(*instance, ref.node) || instance->steps[ref.node].status != StepStatus::ready) {
            take_ready();
            continue;
        }
        if (!ready_to_run(*instance, ref.node)) return;
        take_ready();
        --budget_;
        execute(*instance, ref.node);
        load_error_.reset();
        if (!stall_ && !reusable_.empty()) take_reused();
    }
}

void Machine::cancel(std::string reason) {
    if (rolling_back() != nullptr) return;  // it ends anyway
    if (recording()) record(RecordKind::run_cancel_requested, base::dump_json({{"reason", reason}}), {});
    Json error = {{"code", "cancelled"}, {"message", reason.empty() ? "the run was cancelled" : reason}};
    end_run(RunStatus::cancelled, std::move(error), {});
}

void Machine::time_out() {
    Json error = {{"code", "timeout"},
                  {"message", fmt::format("the run did not end within its timeout of {}; raise settings.timeout of the flow",
                                          base::format_duration(flow().settings.timeout.value_or(Duration(0))))}};
    end_run(RunStatus::timed_out, std::move(error), {});
}

void Machine::end_run(RunStatus status, std::optional<Json> error, Json output, std::string_view lacked_at) {
    if (finished() || rolling_back() != nullptr) return;
    if (!instances_.empty()) {
        cancel_open_steps(*instances_[0]);
        if (error && begin_rollback(*instances_[0], status, *error, lacked_at)) return;
    }
    finish_run(status, std::move(error), std::move(output), lacked_at);
}

const Json* Machine::rolling_back() const {
    return !instances_.empty() && instances_[0]->rollback ? &instances_[0]->rollback->error : nullptr;
}

void Machine::finish_run(RunStatus status, std::optional<Json> error, Json output, std::string_view lacked_at) {
    final_ = status;
    error_ = std::move(error);
    output_ = std::move(output);
    ready_.clear();
    next_ready_ = 0;
    RecordKind kind = RecordKind::run_succeeded;
    if (status == RunStatus::failed) kind = RecordKind::run_failed;
    if (status == RunStatus::cancelled) kind = RecordKind::run_cancelled;
    if (status == RunStatus::timed_out) kind = RecordKind::run_timed_out;
    if (recording()) {
        std::string data = lacked_at.empty() ? std::string() : base::dump_json({{"lacked_at", lacked_at}});
        record(kind, std::move(data), base::dump_json(error_ ? *error_ : output_));
    }
}

void Machine::complete(Instance& instance) {
    if (instance.ended || (!instance.parent && ends_by_record())) return;
    end_graph(instance, std::nullopt, false);
}

Result<Json> Machine::graph_output(Instance& instance) const {
    const auto& graph = *instance.graph;
    if (!wanted_.empty() && !instance.parent) {
        const Json* value = base::find_member(instance.steps[target_].view, "output");
        return value == nullptr ? Json() : *value;
    }
    if (!instance.parent && response_ && !graph.output) return *response_;
    if (graph.output) return graph.output->render(instance.scope(nullptr).get());
    Json output = Json::object();
    for (const std::uint32_t leaf : graph.leaves)
        if (const Json* value = base::find_member(instance.steps[leaf].view, "output")) output[graph.nodes[leaf].id] = *value;
    return output;
}

void Machine::fail_instance(Instance& instance, Json error) {
    if (instance.ended) return;
    if (!instance.parent) {
        end_run(RunStatus::failed, std::move(error), {});
        return;
    }
    cancel_open_steps(instance);
    if (begin_rollback(instance, RunStatus::failed, error)) return;
    end_graph(instance, std::move(error), true);
}

void Machine::cancel_open_steps(Instance& instance) {
    for (std::uint32_t node = 0; node < instance.steps.size(); ++node) cancel_step(instance, node);
    if (instance.rollback) {  // what is left to undo is the outer graph's, the undoing under way included
        const StepRef source = instance.rollback->source;
        if (Instance* undone = find_instance(source.instance)) cancel_step(*undone, *undone->node(source.node).compensation);
        instance.rollback.reset();
    }
    instance.ended = true;
}

void Machine::cancel_step(Instance& instance, std::uint32_t node) {
    Step& step = instance.steps[node];
    const bool undo = instance.node(node).compensates;
    if (is_terminal(step.status) || (undo && step.status == StepStatus::pending)) return;
    const StepStatus before = step.status;
    if (step.contains_graph()) {
        cancel_children(instance, node);
        disarm_step(instance, node);
    } else if (before == StepStatus::running || before == StepStatus::waiting) {
        if (out_ != nullptr) out_->commands.push_back(command::Cancel{{instance.id, node}});
    }
    // A step that never began is shown as skipped; it needs no record.
    const bool began = before == StepStatus::running || before == StepStatus::waiting || before == StepStatus::unknown ||
                       step.attempt > 0;  // between two attempts
    set_status(instance, node, began ? StepStatus::cancelled : StepStatus::skipped);
    if (began) record_step(RecordKind::step_cancelled, instance, node, step.attempt);
    if (undo) set_status(instance, node, StepStatus::pending);  // it has to be done all the same, by the outer graph
}

void Machine::set_status(Instance& instance, std::uint32_t node, StepStatus status) {
    Step& step = instance.steps[node];
    const auto waits = [](StepStatus s) { return s == StepStatus::waiting || s == StepStatus::unknown; };
    ready_steps_ -= step.status == StepStatus::ready;
    ready_steps_ += status == StepStatus::ready;
    // A map is a container: its items' steps are what runs or waits.
    if (!step.contains_graph()) {
        running_ -= step.status == StepStatus::running;
        waiting_ -= waits(step.status);
        running_ += status == StepStatus::running;
        waiting_ += waits(status);
    }
    if (!is_terminal(step.status) && is_terminal(status)) {
        instance.open -= !instance.node(node).compensates;
        ++totals_.steps;
    }
    step.status = status;
}

bool Machine::runs(StepRef ref, int attempt) const {
    const Instance* instance = find_instance(ref.instance);
    if (instance == nullptr || ref.node >= instance->steps.size() || !takes_part(*instance, ref.node)) return false;
    const Step& step = instance->steps[ref.node];
    return step.status == StepStatus::running && step.attempt == attempt;
}

RunStatus Machine::status() const {
    if (finished()) return final_;
    if (paused_) return RunStatus::paused;
    if (stall_) return RunStatus::running;
    return running_ == 0 && waiting_ > 0 && ready_steps_ == 0 ? RunStatus::waiting : RunStatus::running;
}

void Machine::record(RecordKind kind, std::string data, std::string value) {
    if (recording()) out_->records.push_back({kind, now_, {}, 0, std::move(data), std::move(value)});
}

void Machine::record_step(RecordKind kind, const Instance& instance, std::uint32_t node, int attempt, std::string data,
                          std::string value) {
    if (recording())
        out_->records.push_back({kind, now_, instance.path(node), attempt, std::move(data), std::move(value)});
}

void Machine::add_usage(const StepReport& report) {
    totals_.input_tokens += report.input_tokens;
    totals_.output_tokens += report.output_tokens;
    totals_.cost_nano_usd += report.cost_nano_usd;
    totals_.simulated = totals_.simulated || report.simulated;
}

}  // namespace sluice::engine
