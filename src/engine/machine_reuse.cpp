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
    if (!reuse_ || instance.node(at).compensates) return false;
    const std::string path = instance.path(at);
    if (const auto last = reuse_->attempts.find(path); last != reuse_->attempts.end()) {
        // Read back after a crash, the step may have begun a later attempt already.
        int& attempt = instances_[instance.id]->steps[at].attempt;
        attempt = std::max(attempt, last->second);
    }
    if (const auto used = reuse_->sub_attempts.find(path); used != reuse_->sub_attempts.end()) {
        std::int64_t& counted = instances_[instance.id]->steps[at].sub_attempts;
        counted = std::max(counted, used->second);
    }
    return reuse_->steps.contains(path);
}

void Machine::take_reused() {
    while (next_reusable_ < reusable_.size() && !finished()) {  // it grows while it is walked
        const StepRef ref = reusable_[next_reusable_];
        const auto instance = ref.instance < instances_.size() ? instances_[ref.instance] : nullptr;
        if (!instance || instance->ended || instance->steps[ref.node].status != StepStatus::ready) {
            ++next_reusable_;
            continue;
        }
        if (!ready_to_reuse(*instance, ref.node)) return;
        ++next_reusable_;
        const ReusedStep& known = reuse_->steps.at(instance->path(ref.node));
        instance->steps[ref.node].attempt = known.attempt;
        reusing_ = true;
        if (known.failed) {
            fail_finally(*instance, ref.node, known.output, known.timed_out, {});
        } else {
            flows::StepOutput output;
            output.output = known.output;
            output.ports = known.ports;
            output.response = known.response;
            succeed(*instance, ref.node, std::move(output), {});
        }
        load_error_.reset();
        if (stall_) return;
    }
    reusable_.clear();
    next_reusable_ = 0;
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
