// Large outputs of the core: they leave memory once they are stored and nothing needs them, and are asked for again before
// something reads them. While the machine waits for them it stands still, so that what happens, and in which order, does not
// depend on what was in memory.

#include "engine/instance.hpp"
#include "sluice/engine/machine.hpp"

namespace sluice::engine {

namespace {

/// Above this share of the run's memory, nothing more is computed before what there is has been stored.
constexpr std::size_t unstored_share = 4;

}  // namespace

/// The steps that these uses lead to.
void Machine::resolve(const Instance& instance, const flows::ValueUses& uses, std::vector<StepRef>& out) const {
    for (const flows::ValueUse& use : uses.values) {
        const Instance* at = &instance;
        for (std::uint32_t level = 0; level < use.level && at != nullptr; ++level) at = at->parent.get();
        if (at != nullptr && at->steps[use.node].large) out.push_back({at->id, use.node});
    }
    if (!uses.everything) return;
    for (const Instance* at = &instance; at != nullptr; at = at->parent.get())
        for (std::uint32_t node = 0; node < at->steps.size(); ++node)
            if (at->steps[node].large) out.push_back({at->id, node});
}

/// Why these uses cannot be served; nothing when they can.
std::optional<Error> Machine::absent(const Instance& instance, const flows::ValueUses& uses) const {
    if (!load_error_ || uses.empty()) return std::nullopt;
    std::vector<StepRef> found;
    resolve(instance, uses, found);
    for (const StepRef& ref : found)
        if (instances_[ref.instance]->steps[ref.node].is_away()) return load_error_;
    return std::nullopt;
}

bool Machine::is_away(const std::vector<StepRef>& uses) const {
    const auto away = [this](const StepRef& ref) { return instances_[ref.instance]->steps[ref.node].is_away(); };
    return std::any_of(uses.begin(), uses.end(), away);
}

/// True when all of `uses` is in memory, or never will be (`load_error_` says why). Else they are asked for, and the machine
/// stands still until they come; `hold`: what this transition gave so far waits with it. While replaying, whatever `then`, the call
/// that reads the journal goes on.
template <class Then>
bool Machine::ask_for(const std::vector<StepRef>& uses, Then then, bool hold) {
    if (load_error_) return true;
    std::vector<WantedValue> wanted;
    std::size_t bytes = 0;
    for (const StepRef& ref : uses) {
        const Step& step = instances_[ref.instance]->steps[ref.node];
        const auto asked = [&](const WantedValue& value) { return value.step == ref; };
        if (!step.is_away() || std::any_of(wanted.begin(), wanted.end(), asked)) continue;
        wanted.push_back({ref, step.large->blob, step.large->bytes});
        bytes += step.large->bytes;
    }
    if (wanted.empty()) return true;
    let_go(uses);
    if (out_ != nullptr && bytes > memory_left()) {
        load_error_ = over_memory(bytes);
        return true;
    }
    loading_ = bytes;
    stall_ = std::make_unique<Stall>();
    if (out_ != nullptr) stall_->then = std::move(then);
    else if (entry_ != nullptr) stall_->then = *entry_;
    else stall_->then = Stall::JournalEnd{};
    stall_->at = now_;
    stall_->budget = budget_;
    stall_->wanted = wanted;
    if (out_ == nullptr) return false;
    if (hold) stall_->held = std::exchange(*out_, Output());
    out_->commands.push_back(command::LoadValues{std::move(wanted)});
    return false;
}

void Machine::uses_of_event(const Event& event, std::vector<StepRef>& uses) const {
    const auto end_of = [&](Instance* instance, std::uint32_t node) {
        if (instance != nullptr && node < instance->steps.size() && takes_part(*instance, node))
            resolve(*instance, instance->node(node).end_uses, uses);
    };
    if (const auto* ended = std::get_if<event::StepEnded>(&event)) {
        if (runs(ended->step, ended->attempt)) end_of(find_instance(ended->step.instance), ended->step.node);
    } else if (const auto* fired = std::get_if<event::TimerFired>(&event)) {
        end_of(find_instance(fired->step.instance), fired->step.node);
    } else if (const auto* read = std::get_if<event::ItemsRead>(&event)) {
        end_of(find_instance(read->step.instance), read->step.node);
    } else if (const auto* decide = std::get_if<event::Decide>(&event)) {
        const auto [instance, node] = find_step(decide->path);
        end_of(instance, node);
    } else if (std::holds_alternative<event::Signal>(event)) {
        for (const auto& instance : instances_)
            for (std::uint32_t node = 0; instance && node < instance->steps.size(); ++node)
                if (instance->steps[node].signal && instance->steps[node].status == StepStatus::waiting) end_of(instance.get(), node);
    }
}

/// False when the event has to wait for values that its step's end is routed by.
bool Machine::ready_for(Event& event) {
    std::vector<StepRef> uses;
    uses_of_event(event, uses);
    if (!is_away(uses) || load_error_) return true;
    Event waits = event;
    return ask_for(uses, std::move(waits), true);
}

/// False when the step, which is the next to start, has to wait: for values, or for room.
bool Machine::ready_to_run(Instance& instance, std::uint32_t at) {
    if (next_load_error_) {
        load_error_ = std::exchange(next_load_error_, std::nullopt);
        return true;
    }
    if (limits_.spill_bytes == std::numeric_limits<std::size_t>::max()) return true;
    if (unstored_bytes() > limits_.memory_bytes / unstored_share) {
        drain_blocked_ = true;
        return false;
    }
    std::vector<StepRef> uses;
    resolve(instance, instance.node(at).start_uses, uses);
    resolve(instance, instance.node(at).end_uses, uses);
    if (uses.empty()) return true;
    if (!ask_for(uses, Stall::Start{}, false)) return false;
    if (!load_error_ || unstored_bytes() == 0) return true;
    load_error_.reset();
    drain_blocked_ = true;
    return false;
}

/// False when the end of a graph has to wait for what its output and its container's next step read. `result`: its output,
/// or its error, where there is one already. While replaying, the container's own end comes with its record, and reads then.
bool Machine::ready_to_end(Instance& instance, const std::optional<Json>& result, bool failed) {
    std::vector<StepRef> uses;
    if (!result) {
        if (!wanted_.empty() && !instance.parent) {
            if (instance.steps[target_].large) uses.push_back({instance.id, target_});
        } else if (instance.parent || !response_ || instance.graph->output) {
            resolve(instance, instance.graph->output_uses, uses);
        }
    }
    if (instance.parent) {
        const auto& container = instance.parent->node(instance.parent_node);
        if (out_ != nullptr) resolve(*instance.parent, container.end_uses, uses);
        const bool loop = container.type != nullptr && container.type->kind == flows::NodeKind::loop;
        if (loop && !failed) resolve(*instance.parent, container.run_uses, uses);
    }
    if (!is_away(uses) || load_error_) return true;
    return ask_for(uses, Stall::GraphEnd{instance.shared_from_this(), result, failed}, true);
}

/// While replaying: false when the condition before a loop's first turn has to wait for what it reads.
bool Machine::ready_to_turn(Instance& instance, std::uint32_t at) {
    std::vector<StepRef> uses;
    resolve(instance, instance.node(at).start_uses, uses);
    return ask_for(uses, Stall::JournalEnd{}, true);
}

bool Machine::ready_to_reuse(Instance& instance, std::uint32_t at) {
    const ReusedStep& known = reuse_->steps.at(instance.path(at));
    std::vector<StepRef> uses;
    if (!known.blob.empty()) {
        expect_stored(instance, at, known.blob, known.blob_bytes);
        if (known.response) uses.push_back({instance.id, at});
    }
    resolve(instance, instance.node(at).end_uses, uses);
    return uses.empty() || ask_for(uses, Stall::Reuse{}, true);
}

bool Machine::ready_to_apply(Instance& instance, std::uint32_t at, const Record& entry) {
    std::vector<StepRef> uses;
    const auto& node = instance.node(at);
    switch (entry.kind) {
        case RecordKind::step_started:
            if (!node.body) return true;
            resolve(instance, node.start_uses, uses);
            return ask_for(uses, Stall::JournalEnd{}, true);
        case RecordKind::step_succeeded:
            if (!entry.blob.empty() && entry.value.empty()) {
                expect_stored(instance, at, entry.blob, entry.blob_bytes);
                if (entry.data.find("\"response\":true") != std::string::npos) uses.push_back({instance.id, at});
            }
            break;
        case RecordKind::step_failed:
        case RecordKind::step_timed_out:
            if (entry.data.find("\"handled\":true") == std::string::npos) return true;
            break;
        default: return true;
    }
    resolve(instance, node.end_uses, uses);
    return ask_for(uses, Stall::JournalEnd{}, true);
}

/// The step's output is in a blob, and not in memory.
void Machine::expect_stored(Instance& instance, std::uint32_t at, const std::string& blob, std::uint64_t bytes) {
    Step& step = instance.steps[at];
    if (!step.large) step.large = std::make_unique<LargeValue>(LargeValue{blob, bytes, 0});
}

void Machine::place(LoadedValue loaded) {
    Instance* instance = find_instance(loaded.step.instance);
    if (instance == nullptr || !instance->steps[loaded.step.node].is_away()) return;
    Step& step = instance->steps[loaded.step.node];
    if (out_ != nullptr && loaded.memory_bytes > memory_left()) {
        if (!load_error_) load_error_ = over_memory(loaded.memory_bytes);
        return;
    }
    step.view = output_view(std::move(*loaded.value));
    step.large->memory = loaded.memory_bytes;
    memory_ += loaded.memory_bytes;
    instance->bytes += loaded.memory_bytes;
    large_.push_back(loaded.step);
}

void Machine::values_loaded(std::vector<LoadedValue> values) {
    if (!stall_) return;
    const auto stall = std::move(stall_);
    *out_ = std::move(stall->held);
    now_ = stall->at;
    budget_ = stall->budget;
    loading_ = 0;
    for (LoadedValue& loaded : values) {
        if (loaded.value) place(std::move(loaded));
        else if (!load_error_) load_error_ = loaded.value.error();
    }
    if (std::holds_alternative<Stall::Start>(stall->then)) next_load_error_ = std::exchange(load_error_, std::nullopt);
    if (auto* end = std::get_if<Stall::GraphEnd>(&stall->then)) graph_ended(*end->instance, std::move(end->result), end->failed);
    if (auto* event = std::get_if<Event>(&stall->then)) return take(std::move(*event));
    if (std::holds_alternative<Stall::Reuse>(stall->then) && load_error_) refuse_reused(*load_error_);
    end_turn();
}

Result<void> Machine::supply(std::vector<LoadedValue> values) {
    if (!stall_) return {};
    const auto stall = std::move(stall_);
    now_ = stall->at;
    loading_ = 0;
    for (LoadedValue& loaded : values) {
        if (!loaded.value) return fail(std::move(loaded.value.error()));
        place(std::move(loaded));
    }
    const auto* entry = std::get_if<Record>(&stall->then);
    return entry != nullptr ? apply(*entry) : end_of_journal();
}

const std::vector<WantedValue>& Machine::wanted() const {
    static const std::vector<WantedValue> none;
    return stall_ ? stall_->wanted : none;
}

void Machine::values_stored(const std::vector<StoredValue>& values) {
    // Among those in memory, not by way of the graph: an item that ended is not found there, and may be kept to be undone.
    for (const StoredValue& value : values)
        for (const StepRef& ref : large_) {
            Instance* instance = find_instance(ref.instance);
            if (instance == nullptr || instance->path(ref.node) != value.path) continue;
            Step& step = instance->steps[ref.node];
            if (step.large && step.large->blob.empty()) step.large->blob = value.blob;
        }
    stored_ = true;
    if (!stall_) after_storing();
}

/// There is room again. While the machine stands still, it waits with all else.
void Machine::after_storing() {
    stored_ = false;
    let_go();
    for (event::StepEnded& ended : std::exchange(deferred_, {})) backlog_.emplace_back(std::move(ended), now_);
    if (!std::exchange(drain_blocked_, false)) return;
    budget_ = limits_.steps_per_turn;
    end_turn();
}

/// Whether something that is ready, or under way, reads this output.
bool Machine::is_needed(const Instance& instance, std::uint32_t at) const {
    const auto reads = [&](std::uint32_t reader) {
        const StepStatus status = instance.steps[reader].status;
        const auto& node = instance.node(reader);
        if (status == StepStatus::ready) return !held_ && !paused_ && (node.start_uses.contains(at) || node.end_uses.contains(at));
        return status == StepStatus::running && node.run_uses.contains(at);
    };
    const auto& readers = instance.node(at).readers;
    const auto& others = instance.graph->reads_everything;
    return std::any_of(readers.begin(), readers.end(), reads) || std::any_of(others.begin(), others.end(), reads);
}

/// Drops what is stored and not needed, except `keep`.
void Machine::let_go(const std::vector<StepRef>& keep) {
    if (large_.empty()) return;
    const auto goes = [&](const StepRef& ref) {
        Instance* instance = find_instance(ref.instance);
        if (instance == nullptr) return true;
        Step& step = instance->steps[ref.node];
        if (!step.large || step.view.is_null()) return true;
        if (step.large->blob.empty() || std::find(keep.begin(), keep.end(), ref) != keep.end() || is_needed(*instance, ref.node)) return false;
        if (out_ != nullptr) out_->dropped.push_back(std::move(step.view));
        step.view = Json();
        memory_ -= std::min(memory_, step.large->memory);
        instance->bytes -= std::min(instance->bytes, step.large->memory);
        return true;
    };
    std::erase_if(large_, goes);
}

/// The step has no output after all.
void Machine::forget_output(Instance& instance, std::uint32_t at) {
    Step& step = instance.steps[at];
    if (step.large && !step.view.is_null()) {
        memory_ -= std::min(memory_, step.large->memory);
        instance.bytes -= std::min(instance.bytes, step.large->memory);
    }
    step.large.reset();
    step.view = Json();
}

/// Of large outputs whose records have not committed.
std::size_t Machine::unstored_bytes() const {
    std::size_t bytes = 0;
    for (const StepRef& ref : large_) {
        const Instance* instance = find_instance(ref.instance);
        if (instance == nullptr) continue;
        const Step& step = instance->steps[ref.node];
        if (step.large && step.large->blob.empty()) bytes += step.large->memory;
    }
    return bytes;
}

/// This output does not fit now, and may once others are stored.
bool Machine::waits_for_storage(const Json& output) const { return unstored_bytes() > 0 && memory_of(output) > memory_left(); }

}  // namespace sluice::engine
