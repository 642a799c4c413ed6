// Undoing of the core: when a graph fails, the steps of it that have a compensation are undone, the last one first, one
// after the other. A compensation that fails is noted in the error, and the next one runs.

#include "engine/instance.hpp"
#include "sluice/engine/machine.hpp"

namespace sluice::engine {

namespace {

bool lies_in(const Instance& instance, const Instance& scope) {
    for (const Instance* at = &instance; at != nullptr; at = at->parent.get())
        if (at == &scope) return true;
    return false;
}

}  // namespace

void Machine::note_undoable(Instance& instance, std::uint32_t at) {
    undoable_.push_back({instance.id, at});
    // What undoes it may read the outputs of the graphs around it, so these stay as long.
    for (Instance* around = &instance; around != nullptr; around = around->parent.get()) ++around->undoable;
}

/// An item that ended is forgotten, unless something in it may have to be undone.
void Machine::release(std::uint32_t id) {
    if (id == 0 || !instances_[id] || instances_[id]->undoable != 0) return;
    memory_ -= std::min(memory_, instances_[id]->bytes);
    instances_[id].reset();
}

/// False when nothing in `scope` has to be undone.
bool Machine::begin_rollback(Instance& scope, RunStatus status, const Json& error, std::string_view lacked_at) {
    const auto in_scope = [&](const StepRef& ref) {
        const Instance* instance = find_instance(ref.instance);
        return instance != nullptr && lies_in(*instance, scope);
    };
    if (std::none_of(undoable_.begin(), undoable_.end(), in_scope)) return false;
    scope.ended = true;
    if (!scope.parent) paused_ = false;  // the run ends: nobody could resume what undoes it
    scope.rollback = std::make_unique<Rollback>();
    scope.rollback->status = status;
    scope.rollback->error = error;
    if (!scope.parent && recording()) {
        Json data = {{"status", to_string(status)}};
        if (!lacked_at.empty()) data["lacked_at"] = lacked_at;
        record(RecordKind::run_rollback_started, base::dump_json(data), base::dump_json(error));
    }
    next_compensation(scope);
    return true;
}

void Machine::next_compensation(Instance& scope) {
    for (auto ref = undoable_.rbegin(); ref != undoable_.rend(); ++ref) {
        Instance* instance = find_instance(ref->instance);
        if (instance == nullptr || !lies_in(*instance, scope)) continue;
        const std::uint32_t undo = *instance->node(ref->node).compensation;
        Step& step = instance->steps[undo];
        step.error = scope.rollback->error;
        step.failures = 0;
        scope.rollback->source = *ref;
        schedule(*instance, undo);
        return;
    }
    const auto rollback = std::move(scope.rollback);
    Json error = std::move(rollback->error);
    if (!rollback->failed.empty()) error["rollback_failed"] = rollback->failed;
    if (!scope.parent) finish_run(rollback->status, std::move(error), {});
    else end_graph(scope, std::move(error), true);
}

/// A compensation ended, for better or worse: the next one.
void Machine::compensated(Instance& instance, std::uint32_t at, bool done) {
    for (Instance* scope = &instance; scope != nullptr; scope = scope->parent.get()) {
        if (!scope->rollback || scope->rollback->source.instance != instance.id ||
            instance.node(scope->rollback->source.node).compensation != at)
            continue;
        if (!done) scope->rollback->failed.push_back(instance.path(at));
        std::erase(undoable_, scope->rollback->source);
        for (Instance* around = &instance; around != nullptr; around = around->parent.get()) --around->undoable;
        const auto keep = scope->shared_from_this();
        next_compensation(*scope);
        return;
    }
}

/// The compensation that runs under this path, also when its item has ended.
std::pair<Instance*, std::uint32_t> Machine::find_compensation(std::string_view path) const {
    for (const StepRef& ref : undoable_) {
        Instance* instance = find_instance(ref.instance);
        if (instance == nullptr) continue;
        const std::uint32_t undo = *instance->node(ref.node).compensation;
        const auto& id = instance->node(undo).id;
        if (path.size() == instance->prefix.size() + id.size() && path.starts_with(instance->prefix) && path.ends_with(id))
            return {instance, undo};
    }
    return {nullptr, 0};
}

}  // namespace sluice::engine
