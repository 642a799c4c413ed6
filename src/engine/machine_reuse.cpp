// Steps whose results are known from before: of the same run when it is retried, of another one when it is run again,
// or given as samples. They succeed at once and are not executed.

#include "engine/instance.hpp"
#include "sluice/engine/machine.hpp"

namespace sluice::engine {

void Machine::reuse(std::shared_ptr<const Reuse> reuse) { reuse_ = std::move(reuse); }

/// Goes on in the same run after its end: what had succeeded stays, all else is tried anew.
void Machine::restart(event::Restart event) {
    if (recording()) {
        Json data = {{"by", event.by}};
        if (!event.reason.empty()) data["reason"] = event.reason;
        record(RecordKind::run_retried, base::dump_json(data), {});
    }
    begin_again();
}

void Machine::begin_again() {
    instances_.clear();
    ready_.clear();
    next_ready_ = 0;
    reusable_.clear();
    next_reusable_ = 0;
    large_.clear();
    undoable_.clear();
    running_ = waiting_ = ready_steps_ = 0;
    attempts_used_ = 0;
    memory_ = memory_of(data_->input);
    final_ = RunStatus::running;
    error_.reset();
    response_.reset();
    paused_ = false;
    if (reuse_) totals_ = reuse_->totals;
    totals_.steps = 0;
    begun_at_ = now_;
    arm_run_timeout();
    make_root();
}

/// True when the step's result is known: it is taken before any other step runs.
bool Machine::is_reused(const Instance& instance, std::uint32_t at) {
    if (!reuse_) return false;
    const std::string path = instance.path(at);
    if (const auto used = reuse_->sub_attempts.find(path); used != reuse_->sub_attempts.end()) {
        std::int64_t& counted = instances_[instance.id]->steps[at].sub_attempts;
        counted = std::max(counted, used->second);
    }
    if (instance.node(at).compensates) return false;
    if (const auto last = reuse_->attempts.find(path); last != reuse_->attempts.end()) {
        // Read back after a crash, the step may have begun a later attempt already.
        int& attempt = instances_[instance.id]->steps[at].attempt;
        attempt = std::max(attempt, last->second);
    }
    return reuse_->steps.contains(path);
}

/// The graph of the next step whose result is known and was not taken yet; null when there is none. The list grows while it is walked.
std::shared_ptr<Instance> Machine::next_reused() {
    for (; next_reusable_ < reusable_.size() && !finished(); ++next_reusable_) {
        const StepRef ref = reusable_[next_reusable_];
        const auto instance = ref.instance < instances_.size() ? instances_[ref.instance] : nullptr;
        if (instance && !instance->ended && instance->steps[ref.node].status == StepStatus::ready) return instance;
    }
    reusable_.clear();
    next_reusable_ = 0;
    return nullptr;
}

/// False while it waits for values.
bool Machine::take_next_reused(Instance& instance) {
    const std::uint32_t at = reusable_[next_reusable_].node;
    if (!ready_to_reuse(instance, at)) return false;
    const ReusedStep& known = reuse_->steps.at(instance.path(at));
    const bool adds = out_ != nullptr && journal_ && !known.failed && known.blob.empty();
    if (const std::size_t bytes = adds ? memory_of(known.output) : 0; bytes > memory_left()) load_error_ = over_memory(bytes);
    if (load_error_) {
        refuse_reused(*load_error_);
        return true;
    }
    ++next_reusable_;
    instance.steps[at].attempt = known.attempt;
    reusing_ = true;
    if (known.failed) {
        fail_finally(instance, at, known.output, known.timed_out, {});
    } else {
        flows::StepOutput output;
        output.output = known.output;
        output.ports = known.ports;
        output.response = known.response;
        succeed(instance, at, std::move(output), {});
    }
    load_error_.reset();
    return !stall_;
}

void Machine::take_reused() {
    while (const auto instance = next_reused())
        if (!take_next_reused(*instance)) return;
}

/// What is known and cannot be had now is no reason to do it again, or to go on without it: the run ends, and its next retry finds
/// the result as this one did.
void Machine::refuse_reused(const Error& error) {
    const StepRef ref = reusable_[next_reusable_++];
    Instance& instance = *instances_[ref.instance];
    Json value = step_error(error, instance.path(ref.node), 0);
    load_error_.reset();
    forget_output(instance, ref.node);
    end_run(RunStatus::failed, std::move(value), {}, "reuse");
}

/// The plan that the start was recorded with: of a run up to one node, which nodes take part.
void Machine::read_plan() {
    const std::string& text = facts().plan;
    if (text.empty()) return;
    const Json plan = Json::parse(text, nullptr, false);
    const auto& graph = flow().graph;
    const auto target = graph.index.find(base::string_or(plan, "until", ""));
    if (target == graph.index.end()) return;
    target_ = target->second;
    wanted_.assign(graph.nodes.size(), false);
    wanted_[target_] = true;
    for (auto at = graph.order.rbegin(); at != graph.order.rend(); ++at)
        for (const std::uint32_t edge : graph.nodes[*at].outgoing)
            if (wanted_[graph.edges[edge].to]) wanted_[*at] = true;
}

int Machine::generation_of(const std::string& path) const {
    if (!reuse_) return 0;
    const auto found = reuse_->generations.find(path);
    return found == reuse_->generations.end() ? 0 : found->second;
}

}  // namespace sluice::engine
