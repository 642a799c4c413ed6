// What people and other programs do to a run: pause, resume, signals, decisions about unknown steps.

#include "engine/instance.hpp"
#include "sluice/engine/machine.hpp"

namespace sluice::engine {

void Machine::pause(event::Pause event) {
    if (paused_) return;
    paused_ = true;
    if (recording()) record(RecordKind::run_paused, base::dump_json({{"by", event.by}, {"reason", event.reason}}), {});
}

void Machine::resume(event::Resume event) {
    if (!paused_) return;
    paused_ = false;
    if (recording()) record(RecordKind::run_resumed, base::dump_json({{"by", event.by}}), {});
}

void Machine::signal(event::Signal event) {
    if (recording())
        record(RecordKind::run_signalled, base::dump_json({{"name", event.name}, {"key", event.key}}), base::dump_json(event.payload));
    signals_.push_back({std::move(event.name), std::move(event.key), std::move(event.payload), now_});
    for (std::size_t id = 0; id < instances_.size(); ++id) {
        const auto instance = instances_[id];
        if (!instance || instance->ended) continue;
        for (std::uint32_t at = 0; at < instance->steps.size(); ++at) {
            const Step& step = instance->steps[at];
            if (step.status != StepStatus::waiting || !step.signal) continue;
            if (take_signal(*instance, at)) return;
        }
    }
}

void Machine::start_signal(Instance& instance, std::uint32_t at, const Json& plan) {
    Step& step = instance.steps[at];
    step.attempt = 1;
    step.signal = std::make_unique<SignalWait>();
    step.signal->name = base::string_or(plan, "name", "");
    step.signal->key = base::string_or(plan, "key", "");
    if (take_signal(instance, at)) return;
    set_status(instance, at, StepStatus::waiting);
    Json data = {{"signal", step.signal->name}};
    if (!step.signal->key.empty()) data["key"] = step.signal->key;
    arm_step_timeout(instance, at);
    if (step.wait_until != Time{}) data["until_us"] = base::to_us(step.wait_until);
    if (recording()) record_step(RecordKind::step_waiting, instance, at, 1, base::dump_json(data));
}

/// The oldest signal that this step waits for, if there is one, ends it. A wait without a key takes any key.
bool Machine::take_signal(Instance& instance, std::uint32_t at) {
    Step& step = instance.steps[at];
    const auto fits = [&](const PendingSignal& signal) {
        return signal.name == step.signal->name && (step.signal->key.empty() || signal.key == step.signal->key);
    };
    const auto found = std::find_if(signals_.begin(), signals_.end(), fits);
    if (found == signals_.end()) return false;
    const PendingSignal signal = std::move(*found);
    signals_.erase(found);
    disarm_step(instance, at);
    flows::StepOutput output;
    output.output = {{"name", signal.name}, {"key", signal.key}, {"payload", signal.payload},
                     {"received_at", base::format_time(signal.at)}};
    succeed(instance, at, std::move(output), {});
    return true;
}

/// While replaying: the record of a signal step's end says which signal it took.
void Machine::forget_signal(std::string_view name, std::string_view key) {
    const auto fits = [&](const PendingSignal& signal) { return signal.name == name && signal.key == key; };
    const auto found = std::find_if(signals_.begin(), signals_.end(), fits);
    if (found != signals_.end()) signals_.erase(found);
}

void Machine::decide_unknown(event::Decide event) {
    const auto [instance, at] = find_step(event.path);
    if (instance == nullptr || instance->steps[at].status != StepStatus::unknown) return;
    Step& step = instance->steps[at];
    if (recording()) {
        Json data = {{"decision", to_string(event.decision)}, {"by", event.by}};
        if (!event.reason.empty()) data["reason"] = event.reason;
        record_step(RecordKind::step_decided, *instance, at, step.attempt, base::dump_json(data));
    }
    switch (event.decision) {
        case Decision::retry: schedule(*instance, at); return;
        case Decision::succeed: {
            flows::StepOutput output;
            output.output = std::move(event.value);
            return succeed(*instance, at, std::move(output), {});
        }
        case Decision::fail: {
            const Error error{ErrorCode::conflict,
                              fmt::format("{} decided that this step failed{}", event.by.empty() ? "a person" : event.by,
                                          event.reason.empty() ? "" : ": " + event.reason), {}, false};
            return fail_finally(*instance, at, step_error(error, instance->path(at), step.attempt), false, {});
        }
    }
}

/// The deadline of a container or of a wait for a signal; a task's own deadline is the shell's.
void Machine::arm_step_timeout(Instance& instance, std::uint32_t at) {
    const auto& timeout = instance.node(at).timeout;
    Step& step = instance.steps[at];
    step.wait_until = timeout ? now_ + *timeout : Time{};
    if (timeout && out_ != nullptr) out_->commands.push_back(command::ArmTimer{{instance.id, at}, step.wait_until});
}

void Machine::disarm_step(Instance& instance, std::uint32_t at) {
    if (instance.node(at).timeout && out_ != nullptr) out_->commands.push_back(command::Cancel{{instance.id, at}});
}

void Machine::step_timed_out(Instance& instance, std::uint32_t at) {
    const auto& node = instance.node(at);
    const bool signal = instance.steps[at].signal != nullptr;
    const std::string waited = base::format_duration(node.timeout.value_or(Duration(0)));
    const std::string message =
        signal ? fmt::format("no signal \"{}\" came within {}", instance.steps[at].signal->name, waited)
               : fmt::format("the step did not end within its timeout of {}; raise the node's timeout", waited);
    if (instance.steps[at].contains_graph()) {
        cancel_children(instance, at);
        close_container(instance, at);
    }
    fail_finally(instance, at, step_error(Error{ErrorCode::timeout, message, {}, false}, instance.path(at), instance.steps[at].attempt),
                 true, {});
}

}  // namespace sluice::engine
