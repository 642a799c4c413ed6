// settings.max_attempts: a run's attempts with those of the runs that its steps wait for, against its own limit and
// those of the runs around it.
//
// Each run of a nest has a machine of its own. Downwards goes what is left (`limit_attempts`, before every event), upwards
// what was used (`event::SubAttempts`, journaled by the outer run), so that each decision is made where the step failed.

#include "engine/instance.hpp"
#include "sluice/engine/machine.hpp"

namespace sluice::engine {

void Machine::count_attempts(std::int64_t count) {
    attempts_used_ += count;
    totals_.attempts += count;
}

/// What the runs around leave: as of now, or, where they are not known, what is left of what they left at the start.
std::optional<OuterAttempts> Machine::outer_attempts() const {
    if (outer_attempts_ || !first_attempts_) return outer_attempts_;
    return OuterAttempts{first_attempts_->left - attempts_used_, first_attempts_->limit};
}

/// Whether a failed attempt that was not counted yet may be followed by another one.
bool Machine::attempts_remain(std::string& why) const {
    const auto& own = flow().settings.max_attempts;
    if (own && attempts_used_ + 1 >= *own) {
        why = fmt::format("the run's {} attempts are used up (settings.max_attempts)", *own);
        return false;
    }
    const auto outer = outer_attempts();
    if (outer && outer->left <= 1) {
        why = fmt::format("the {} attempts of a run around this one are used up (settings.max_attempts)", outer->limit);
        return false;
    }
    return true;
}

std::optional<OuterAttempts> Machine::attempts_left() const {
    auto left = outer_attempts();
    const auto& own = flow().settings.max_attempts;
    if (own && (!left || *own - attempts_used_ < left->left)) left = OuterAttempts{*own - attempts_used_, *own};
    return left;
}

/// The counts of one sub-run only grow, over its own retries as well, so what comes late or twice changes nothing.
void Machine::sub_attempts(const event::SubAttempts& event) {
    if (!attempts_left()) return;
    const auto [instance, at] = find_step(event.path);
    if (instance == nullptr || !takes_part(*instance, at)) return;
    Step& step = instance->steps[at];
    if (step.status != StepStatus::running || event.attempts <= step.sub_attempts) return;
    take_sub_attempts(step, event.attempts);
    if (recording()) record_step(RecordKind::step_attempts, *instance, at, step.attempt, fmt::format("{{\"attempts\":{}}}", event.attempts));
}

void Machine::take_sub_attempts(Step& step, std::int64_t attempts) {
    count_attempts(attempts - step.sub_attempts);
    step.sub_attempts = attempts;
}

}  // namespace sluice::engine
