// Judgements of the core that are measured and not computed: whether there is memory for what came, and whether the stored values
// that have to be read can be. A replay would measure something else, so it takes them from the journal.
//
// A refusal is recorded with the end that it causes: a container's failure, with what was judged as {"lacked_at"}, or the run's. What
// was let pass leaves no entry of its own. So while a journal is read back, what would go on after a judgement is left open until
// the next entry that counts is known, and so is each step whose result is taken from an earlier life of the run: either that entry
// tells of the refusal, or the journal went on, or ended, without one. A journal never ends between a judgement and its refusal.
// The order is that of the first time: an end that is due is the next entry, and nothing else goes on before it.

#include "engine/instance.hpp"
#include "sluice/engine/machine.hpp"

namespace sluice::engine {

namespace {

bool is_loop(const Instance& instance, std::uint32_t at) {
    const auto* type = instance.node(at).type;
    return type != nullptr && type->kind == flows::NodeKind::loop;
}

std::string end_of(const Instance& graph) {
    return fmt::format("{} {}", is_loop(*graph.parent, graph.parent_node) ? "turn" : "item", graph.index);
}

}  // namespace

/// A container has started, or has more items.
void Machine::begin_items(Instance& instance, std::uint32_t at, std::string_view judged) {
    if (out_ == nullptr) open_ = std::make_unique<Open>(Open{instance.shared_from_this(), at, std::string(judged)});
    else if (instance.steps[at].loop) next_turn(instance, at, judged);
    else start_items(instance, at);
}

/// A graph has nothing open any more. `result`: its error, when it failed; none: its output is to be made.
void Machine::end_graph(Instance& instance, std::optional<Json> result, bool failed) {
    if (out_ == nullptr)
        open_ = std::make_unique<Open>(Open{instance.parent, instance.parent_node, end_of(instance), instance.shared_from_this(),
                                            std::move(result), failed});
    else if (ready_to_end(instance, result, failed)) graph_ended(instance, std::move(result), failed);
}

void Machine::graph_ended(Instance& instance, std::optional<Json> result, bool failed) {
    if (result) return item_ended(instance, std::move(*result), failed);
    const auto lack = lacks_output(instance);
    if (lack && instance.parent) {  // an item's error may stay without a record, its container's does not
        const auto parent = instance.parent;
        return fail_container(*parent, instance.parent_node, *lack, end_of(instance));
    }
    auto output = lack ? Result<Json>(fail(*lack)) : graph_output(instance);
    if (instance.parent) {
        if (output) return item_ended(instance, std::move(*output), false);
        Error error = std::move(output.error());
        error.message = "the body's output: " + error.message;
        return fail_instance(instance, step_error(error, instance.parent->path(instance.parent_node), 0));
    }
    if (output) return end_run(RunStatus::succeeded, std::nullopt, std::move(*output));
    Json error = {{"code", base::to_string(output.error().code)}, {"message", "the flow's output: " + output.error().message}};
    end_run(RunStatus::failed, std::move(error), {}, lack ? "end" : "");
}

/// Why the graph's output cannot be made; nothing when what it reads is there.
std::optional<Error> Machine::lacks_output(const Instance& instance) const {
    if (!wanted_.empty() && !instance.parent) return instance.steps[target_].is_away() ? load_error_ : std::nullopt;
    if (!instance.parent && response_ && !instance.graph->output) return std::nullopt;
    return absent(instance, instance.graph->output_uses);
}

/// Whether `next` tells that what is open, or the next known result, was refused.
bool Machine::was_refused(const Record& next) const {
    if (next.data.find("\"lacked_at\":") == std::string::npos) return false;
    const std::string lacked_at = base::string_or(Json::parse(next.data, nullptr, false), "lacked_at", "");
    if (open_)
        return next.kind == RecordKind::step_failed && lacked_at == open_->judged && next.path == open_->instance->path(open_->at);
    if (lacked_at != "reuse" || (next.kind != RecordKind::run_failed && next.kind != RecordKind::run_rollback_started)) return false;
    const StepRef ref = reusable_[next_reusable_];
    return base::string_or(Json::parse(next.value, nullptr, false), "step", "") == instances_[ref.instance]->path(ref.node);
}

/// What is open was not refused. False while it waits for values.
bool Machine::pass() {
    if (open_->graph) {
        if (!ready_to_end(*open_->graph, open_->result, open_->failed)) return false;
        const auto passed = std::move(open_);
        graph_ended(*passed->graph, std::move(passed->result), passed->failed);
        return true;
    }
    if (is_loop(*open_->instance, open_->at) && !ready_to_turn(*open_->instance, open_->at)) return false;
    const auto passed = std::move(open_);
    if (passed->instance->steps[passed->at].loop) next_turn(*passed->instance, passed->at, passed->judged);
    else start_items(*passed->instance, passed->at);
    return true;
}

/// While replaying: lets go on what `next` does not refuse; null: the journal ends. False while values are waited for.
bool Machine::go_on(const Record* next) {
    while (!finished() && !awaits_) {
        // What was taken from another run has entries of its own.
        const auto known = open_ || (reuse_ && reuse_->copied) ? nullptr : next_reused();
        if (!open_ && !known) return true;
        if (next != nullptr && was_refused(*next)) {
            open_.reset();
            awaits_ = true;
        } else if (open_ ? !pass() : !take_next_reused(*known)) {
            return false;
        }
    }
    return true;
}

Result<void> Machine::end_of_journal() {
    out_ = nullptr;
    if (go_on(nullptr)) let_go();
    return {};
}

}  // namespace sluice::engine
