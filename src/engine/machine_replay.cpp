// Replay and recovery of the core: a journal applied to a fresh machine gives the state it was written from.

#include <charconv>

#include "engine/instance.hpp"
#include "sluice/engine/machine.hpp"

namespace sluice::engine {

namespace {

Result<Json> parse_stored(const std::string& text) {
    Json value = Json::parse(text, nullptr, false);
    if (value.is_discarded()) return fail(ErrorCode::internal, "a journal entry is not JSON");
    return value;
}

StepReport report_of(const Json& data) {
    StepReport report;
    if (const Json* usage = base::find_member(data, "usage")) {
        report.input_tokens = usage->value("input_tokens", std::int64_t{0});
        report.output_tokens = usage->value("output_tokens", std::int64_t{0});
        report.cost_nano_usd = usage->value("cost_nano_usd", std::int64_t{0});
        report.simulated = usage->value("simulated", false);
    }
    return report;
}

/// True when the path names a node of the flow, whether or not its item is (still) in memory.
bool is_path_of(const flows::CompiledGraph& flow, std::string_view path) {
    const flows::CompiledGraph* graph = &flow;
    while (true) {
        const std::size_t slash = path.find('/');
        const std::string_view part = path.substr(0, slash);
        const auto found = graph->index.find(part.substr(0, part.find('[')));
        if (found == graph->index.end()) return false;
        if (slash == std::string_view::npos) return true;
        graph = graph->nodes[found->second].body.get();
        if (graph == nullptr) return false;
        path = path.substr(slash + 1);
    }
}

}  // namespace

/// The instance and node of "each[17]/classify"; a journal never names an item before its map's start.
std::pair<Instance*, std::uint32_t> Machine::find_path(std::string_view path) const {
    Instance* instance = find_instance(0);
    while (instance != nullptr) {
        const std::size_t slash = path.find('/');
        const std::string_view part = path.substr(0, slash);
        const std::size_t bracket = part.find('[');
        const auto found = instance->graph->index.find(part.substr(0, bracket));
        if (found == instance->graph->index.end()) return {nullptr, 0};
        if (slash == std::string_view::npos) return {instance, found->second};
        if (bracket == std::string_view::npos) return {nullptr, 0};
        std::uint32_t index = 0;
        const auto digits = part.substr(bracket + 1);
        std::from_chars(digits.data(), digits.data() + digits.size(), index);
        const Step& step = instance->steps[found->second];
        std::uint32_t id = 0;
        if (step.map && index < step.map->instances.size()) id = step.map->instances[index];
        if (step.loop && index == step.loop->turn) id = step.loop->instance;
        if (id == 0) return {nullptr, 0};
        instance = find_instance(id);
        path = path.substr(slash + 1);
    }
    return {nullptr, 0};
}

Result<void> Machine::apply(const Record& entry) {
    out_ = nullptr;
    if (entry.kind == RecordKind::step_skipped || entry.kind == RecordKind::step_cancelled) return {};  // they follow from the others
    entry_ = &entry;
    auto applied = go_on(&entry) ? apply_next(entry) : Result<void>();
    entry_ = nullptr;
    if (!stall_) let_go();
    return applied;
}

Result<void> Machine::apply_next(const Record& entry) {
    now_ = entry.at;
    if (entry.path.empty()) return apply_run(entry);
    if (finished()) return {};
    const auto [instance, at] = find_step(entry.path);
    if (instance == nullptr) {
        // The end of an item follows from its last step's record, so what came after that in the same unit finds it gone.
        if (is_path_of(flow().graph, entry.path)) return {};
        return fail(ErrorCode::internal, "the journal names the step {}, which this flow version does not have", entry.path);
    }
    if (is_terminal(instance->steps[at].status) || !ready_to_apply(*instance, at, entry)) return {};
    awaits_ = false;
    return apply_step(*instance, at, entry);
}

Result<void> Machine::apply_run(const Record& entry) {
    awaits_ = false;
    switch (entry.kind) {
        case RecordKind::run_started:
            begun_at_ = facts().started_at;
            read_plan();
            make_root();
            return {};
        case RecordKind::run_cancel_requested: return {};
        case RecordKind::run_paused: paused_ = true; return {};
        case RecordKind::run_resumed: paused_ = false; return {};
        case RecordKind::run_retried: begin_again(); return {};
        case RecordKind::run_signalled: {
            auto payload = parse_stored(entry.value);
            auto data = parse_stored(entry.data);
            if (!payload || !data) return fail(ErrorCode::internal, "a journal entry is not JSON");
            signals_.push_back({base::string_or(*data, "name", ""), base::string_or(*data, "key", ""), std::move(*payload), entry.at});
            return {};
        }
        case RecordKind::run_rollback_started: {
            auto error = parse_stored(entry.value);
            auto data = parse_stored(entry.data);
            if (!error || !data) return fail(ErrorCode::internal, "a journal entry is not JSON");
            end_run(run_status_from(base::string_or(*data, "status", "")).value_or(RunStatus::failed), std::move(*error), {});
            return {};
        }
        case RecordKind::run_succeeded:
        case RecordKind::run_failed:
        case RecordKind::run_cancelled:
        case RecordKind::run_timed_out: return apply_end(entry);
        default: return fail(ErrorCode::internal, "the journal has an entry of a step ({}) that names no step", to_string(entry.kind));
    }
}

/// Like find_path; the undoing of an item that has ended is found as well.
std::pair<Instance*, std::uint32_t> Machine::find_step(std::string_view path) const {
    const auto found = find_path(path);
    return found.first != nullptr ? found : find_compensation(path);
}

/// False for what belongs to a graph that has ended, unless it undoes something of it.
bool Machine::takes_part(const Instance& instance, std::uint32_t at) const {
    return !instance.ended || instance.node(at).compensates;
}

Result<void> Machine::apply_step(Instance& instance, std::uint32_t at, const Record& entry) {
    Step& step = instance.steps[at];
    Json data = Json::object();
    if (!entry.data.empty()) {
        auto parsed = parse_stored(entry.data);
        if (!parsed) return fail(std::move(parsed.error()));
        data = std::move(*parsed);
    }
    switch (entry.kind) {
        case RecordKind::step_started:
            if (instance.node(at).body) {
                const auto* type = instance.node(at).type;
                return type != nullptr && type->kind == flows::NodeKind::loop ? apply_loop_start(instance, at) : apply_map_start(instance, at);
            }
            step.attempt = entry.attempt;
            if (step.failures == 0 && step.first_began == Time{}) step.first_began = entry.at;
            set_status(instance, at, StepStatus::running);
            return {};
        case RecordKind::step_items: {
            auto items = parse_stored(entry.value);
            if (!items || !step.map) return fail(ErrorCode::internal, "the journal has items of {}, which reads none", entry.path);
            step.map->reading = false;
            step.map->offset = data.value("offset", std::uint64_t{0});
            if (add_items(instance, at, std::move(*items), data.value("end", true), {})) begin_items(instance, at, "items");
            return {};
        }
        case RecordKind::step_waiting:
            step.attempt = entry.attempt;
            step.wait_until = base::from_us(data.value("until_us", std::int64_t{0}));
            if (data.contains("signal")) {
                step.signal = std::make_unique<SignalWait>();
                step.signal->name = base::string_or(data, "signal", "");
                step.signal->key = base::string_or(data, "key", "");
            }
            set_status(instance, at, StepStatus::waiting);
            return {};
        case RecordKind::step_attempt_failed:
            step.attempt = entry.attempt;
            ++step.failures;
            count_attempts(1);
            add_usage(report_of(data));
            if (const Json* began = base::find_member(data, "first_began_us")) step.first_began = base::from_us(began->get<std::int64_t>());
            step.wait_until = base::from_us(data.value("retry_at_us", std::int64_t{0}));
            set_status(instance, at, StepStatus::waiting);
            return {};
        case RecordKind::step_succeeded: {
            flows::StepOutput output;
            if (step.large == nullptr) {
                auto value = parse_stored(entry.value);
                if (!value) return fail(std::move(value.error()));
                output.output = std::move(*value);
            }
            output.response = data.value("response", false);
            if (const Json* ports = base::find_member(data, "ports"))
                for (const Json& port : *ports) output.ports.push_back(port.get<std::string>());
            step.attempt = entry.attempt;
            if (step.contains_graph()) close_container(instance, at);
            if (data.contains("signal")) forget_signal(base::string_or(data, "signal", ""), base::string_or(data, "key", ""));
            reusing_ = data.value("reused", false);
            succeed(instance, at, std::move(output), report_of(data));
            return {};
        }
        case RecordKind::step_failed:
        case RecordKind::step_timed_out: {
            auto error = parse_stored(entry.value);
            if (!error) return fail(std::move(error.error()));
            step.attempt = entry.attempt;
            if (step.contains_graph()) {
                cancel_children(instance, at);
                close_container(instance, at);
            }
            reusing_ = data.value("reused", false);
            fail_finally(instance, at, std::move(*error), entry.kind == RecordKind::step_timed_out, report_of(data), {{}, data.contains("handled")});
            return {};
        }
        case RecordKind::step_attempts: take_sub_attempts(step, data.value("attempts", std::int64_t{0})); return {};
        case RecordKind::step_unknown: set_status(instance, at, StepStatus::unknown); return {};
        case RecordKind::step_decided:  // the other decisions are followed by the step's end
            if (base::string_or(data, "decision", "") == "retry") schedule(instance, at);
            return {};
        default: return {};  // skipped and cancelled steps follow from the others
    }
}

Result<void> Machine::apply_map_start(Instance& instance, std::uint32_t at) {
    const auto& node = instance.node(at);
    auto config = node.config.render(instance.scope(&instance.steps[at].error).get());
    if (!config) return fail(std::move(config.error()));
    const Json* items = base::find_member(*config, "items");
    if (items == nullptr || !items->is_structured())
        return fail(ErrorCode::internal, "the journal says that {} started, but its items are no list", instance.path(at));
    expand_map(instance, at, *items, *config);
    return {};
}

Result<void> Machine::apply_end(const Record& entry) {
    auto value = parse_stored(entry.value);
    if (!value) return fail(std::move(value.error()));
    RunStatus status = RunStatus::succeeded;
    if (entry.kind == RecordKind::run_failed) status = RunStatus::failed;
    if (entry.kind == RecordKind::run_cancelled) status = RunStatus::cancelled;
    if (entry.kind == RecordKind::run_timed_out) status = RunStatus::timed_out;
    if (status == RunStatus::succeeded) end_run(status, std::nullopt, std::move(*value));
    else end_run(status, std::move(*value), {});
    return {};
}

void Machine::resume_after_replay() {
    if (open_) throw std::logic_error("a run goes on before its journal was read to the end");
    arm_run_timeout();
    // By index: a step that fails while it is taken up again may end instances and start others.
    for (std::size_t id = 0; id < instances_.size(); ++id) {
        const auto instance = instances_[id];
        if (instance && !finished()) resume_instance(*instance);
    }
}

void Machine::resume_instance(Instance& instance) {
    for (std::uint32_t at = 0; at < instance.steps.size(); ++at) {
        Step& step = instance.steps[at];
        if (!takes_part(instance, at)) continue;
        const bool container = step.contains_graph() && step.status == StepStatus::running;
        if (step.status == StepStatus::waiting || container) {
            if (container && step.map && step.map->more) {
                step.map->reading = true;
                out_->commands.push_back(command::ReadItems{{instance.id, at}, step.map->source, step.map->offset});
            }
            if (step.wait_until != Time{}) out_->commands.push_back(command::ArmTimer{{instance.id, at}, step.wait_until});
        } else if (step.status == StepStatus::running) {
            // Started before the crash, and nobody knows how it ended.
            if (instance.node(at).on_unknown == flows::OnUnknown::stop) {
                set_status(instance, at, StepStatus::unknown);
                record_step(RecordKind::step_unknown, instance, at, step.attempt);
            } else {
                schedule(instance, at);
            }
        }
    }
}

StepStatus Machine::step_status(std::string_view path) const {
    const auto [instance, at] = find_step(path);
    return instance == nullptr ? StepStatus::pending : instance->steps[at].status;
}

std::string Machine::describe() const {
    std::string out = fmt::format("{} in={} out={} cost={} attempts={}/{}\n", to_string(status()), totals_.input_tokens,
                                  totals_.output_tokens, totals_.cost_nano_usd, attempts_used_, totals_.attempts);
    if (finished()) out += fmt::format("end {}\n", base::dump_json(error_ ? *error_ : output_));
    for (const auto& instance : instances_) {
        if (!instance) continue;
        for (std::uint32_t at = 0; at < instance->steps.size(); ++at) {
            const Step& step = instance->steps[at];
            // Where an output is, in memory or not, is no part of what happened: a simulation names a blob by its text.
            const Json* value = base::find_member(step.view, "output");
            const std::string output = value != nullptr ? base::dump_json(*value) : step.large != nullptr ? step.large->blob : "null";
            out += fmt::format("{} {} attempt={} {}\n", instance->path(at), to_string(step.status), step.attempt, output);
        }
    }
    return out;
}

}  // namespace sluice::engine
