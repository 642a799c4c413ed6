// Steps of the core: how one starts, ends, is tried again.

#include <cmath>

#include "engine/instance.hpp"
#include "sluice/base/log.hpp"
#include "sluice/base/teeth.hpp"
#include "sluice/engine/machine.hpp"

namespace sluice::engine {

namespace {

/// A pure step's exception is our mistake or exhausted memory; it ends the step, never the process.
Result<flows::StepOutput> compute(const flows::NodeType& type, const flows::StepInput& input) {
    try {
        return type.compute(input);
    } catch (const std::exception& exception) {
        log::error("a pure node threw", {{"type", type.name}, {"what", exception.what()}});
        return fail(ErrorCode::internal, "the node failed in a way it should not; the server's log has the detail");
    }
}

bool is_task(const flows::CompiledNode& node) { return node.type != nullptr && node.type->kind == flows::NodeKind::task; }

Json report_data(const std::vector<std::string>& ports, bool response, const StepReport& report) {
    Json data = Json::object();
    if (!ports.empty()) data["ports"] = ports;
    if (response) data["response"] = true;
    if (report.input_tokens != 0 || report.output_tokens != 0 || report.cost_nano_usd != 0 || !report.model.empty()) {
        Json usage = {{"input_tokens", report.input_tokens},
                      {"output_tokens", report.output_tokens},
                      {"cost_nano_usd", report.cost_nano_usd},
                      {"model", report.model}};
        if (report.simulated) usage["simulated"] = true;
        data["usage"] = std::move(usage);
    }
    if (!report.artifacts.empty()) {
        Json artifacts = Json::array();
        for (const ArtifactId& id : report.artifacts) artifacts.push_back(id.str());
        data["artifacts"] = std::move(artifacts);
    }
    return data;
}

}  // namespace

void Machine::execute(Instance& instance, std::uint32_t at) {
    const auto& node = instance.node(at);
    if (node.type == nullptr) {
        fail_step(instance, at, Error{ErrorCode::unprocessable,
                                      fmt::format("this version of Sluice has no node type \"{}\"; publish the flow with "
                                                  "another type, or start a version of Sluice that has it",
                                                  node.type_name), {}, false}, {});
        return;
    }
    if (auto error = absent(instance, node.start_uses)) return fail_step(instance, at, *error, {}, "start");
    const flows::NodeType& type = *node.type;
    const bool constant = node.config.constant();
    Json rendered;
    if (!constant) {
        auto result = node.config.render(instance.scope(&instance.steps[at].error).get());
        if (!result) {
            Error error = std::move(result.error());
            error.message = "config: " + error.message;
            fail_step(instance, at, error, {});
            return;
        }
        rendered = std::move(*result);
        if (auto mistakes = node.config_schema.validate(rendered); !mistakes.empty()) {
            std::string message = fmt::format("the rendered config does not fit {}: {} {}", type.name,
                                              mistakes.front().pointer, mistakes.front().message);
            fail_step(instance, at, Error{ErrorCode::unprocessable, std::move(message), std::move(mistakes), false}, {});
            return;
        }
    }
    const Json& config = constant ? node.config_source : rendered;
    if (type.kind == flows::NodeKind::map) return start_map(instance, at, config);
    if (type.kind == flows::NodeKind::loop) return start_loop(instance, at, config);
    if (type.kind == flows::NodeKind::task)
        return start_task(instance, at, constant ? node.config_source : std::move(rendered));

    Result<flows::StepOutput> result = [&] {
        const StepEnvironment environment(instance, at, config, now_);
        return compute(type, environment.input());
    }();
    if (result && waits_for_storage(result->output)) {  // computed again once there may be room
        drain_blocked_ = true;
        ready_.insert(ready_.begin() + static_cast<std::ptrdiff_t>(next_ready_), StepRef{instance.id, at});
        return;
    }
    if (!result) fail_step(instance, at, result.error(), {});
    else if (type.kind == flows::NodeKind::timer) start_timer(instance, at, result->output);
    else if (type.kind == flows::NodeKind::signal) start_signal(instance, at, result->output);
    else succeed(instance, at, std::move(*result), {});
}

void Machine::start_task(Instance& instance, std::uint32_t at, Json config) {
    const auto& node = instance.node(at);
    Step& step = instance.steps[at];
    ++step.attempt;
    if (step.failures == 0 && step.first_began == Time{}) step.first_began = now_;
    set_status(instance, at, StepStatus::running);
    const bool effect = node.effect != flows::Effect::pure;
    if (effect) record_step(RecordKind::step_started, instance, at, step.attempt);
    command::Execute execute;
    execute.step = {instance.id, at};
    execute.attempt = step.attempt;
    if (reuse_) execute.generation = generation_of(instance.path(at));
    execute.barrier = effect && flow().settings.durability == flows::Durability::strict && journal_;
    execute.node = &node;
    execute.path = instance.path(at);
    execute.config = std::move(config);
    execute.instance = instance.shared_from_this();
    out_->commands.push_back(std::move(execute));
}

void Machine::start_timer(Instance& instance, std::uint32_t at, const Json& plan) {
    Time until = now_;
    if (const std::string text = base::string_or(plan, "until", ""); !text.empty()) {
        auto parsed = base::parse_time(text);
        if (!parsed) return fail_step(instance, at, parsed.error(), {});
        until = *parsed;
    } else {
        auto parsed = base::parse_duration(base::string_or(plan, "for", "0s"));
        if (!parsed) return fail_step(instance, at, parsed.error(), {});
        until = now_ + *parsed;
    }
    Step& step = instance.steps[at];
    step.attempt = 1;
    step.wait_until = until;
    set_status(instance, at, StepStatus::waiting);
    if (recording())
        record_step(RecordKind::step_waiting, instance, at, 1, fmt::format("{{\"until_us\":{}}}", base::to_us(until)));
    out_->commands.push_back(command::ArmTimer{{instance.id, at}, until});
}

void Machine::timer_fired(StepRef ref) {
    Instance* instance = find_instance(ref.instance);
    if (instance == nullptr || !takes_part(*instance, ref.node)) return;
    Step& step = instance->steps[ref.node];
    const bool container = step.contains_graph() && step.status == StepStatus::running;
    if ((step.status != StepStatus::waiting && !container) || step.wait_until == Time{}) return;
    if (now_ < step.wait_until) {  // the clock was set back: never early
        out_->commands.push_back(command::ArmTimer{ref, step.wait_until});
        return;
    }
    const flows::NodeType* type = instance->node(ref.node).type;
    if (type != nullptr && type->kind == flows::NodeKind::timer) {
        flows::StepOutput output;
        output.output = {{"until", base::format_time(step.wait_until)}};
        succeed(*instance, ref.node, std::move(output), {});
        return;
    }
    if (container || step.signal) return step_timed_out(*instance, ref.node);
    schedule(*instance, ref.node);  // the next attempt
}

void Machine::step_ended(event::StepEnded ended) {
    Instance* instance = find_instance(ended.step.instance);
    if (instance == nullptr || ended.step.node >= instance->steps.size() || !takes_part(*instance, ended.step.node)) return;
    Step& step = instance->steps[ended.step.node];
    if (step.status != StepStatus::running || step.attempt != ended.attempt) return;
    if (ended.result && waits_for_storage(ended.result->output)) {
        deferred_.push_back(std::move(ended));
        return;
    }
    if (ended.result) succeed(*instance, ended.step.node, std::move(*ended.result), ended.report);
    else fail_step(*instance, ended.step.node, ended.result.error(), ended.report);
}

void Machine::succeed(Instance& instance, std::uint32_t at, flows::StepOutput output, const StepReport& report) {
    Step& step = instance.steps[at];
    const auto& node = instance.node(at);
    const bool reused = std::exchange(reusing_, false);
    if (step.attempt == 0) step.attempt = 1;
    const bool stored = step.large != nullptr;   // taken from a journal, without or with its value
    if (!stored) step.view = output_view(std::move(output.output));
    const Json* const value = base::find_member(step.view, "output");
    Decisions decisions;
    if (auto broken = route(instance, at, output.ports, nullptr, decisions)) {
        forget_output(instance, at);
        return fail_finally(instance, at, step_error(broken->error, instance.path(at), step.attempt), false, report,
                            {broken->lacks ? "end" : ""});
    }
    std::size_t bytes = 0;
    if (journal_ && !stored) {
        bytes = memory_of(*value);
        if (out_ != nullptr && !reused && bytes > memory_left()) {
            step.view = Json();
            return fail_finally(instance, at, step_error(over_memory(bytes), instance.path(at), step.attempt), false, report, {"end"});
        }
        memory_ += bytes;
        instance.bytes += bytes;
    }
    add_usage(report);
    count_attempts(!reused && is_task(node));
    if (output.response && !response_ && value != nullptr) response_ = *value;
    // What the same run took from its own journal stands there already.
    const bool lost = base::teeth("journal_entry_lost_at_container_end") && node.body;
    if (recording() && !(reused && !reuse_->copied) && !lost) {
        Json data = report_data(output.ports, output.response, report);
        if (reused) data["reused"] = true;
        if (step.signal) {
            data["signal"] = value->at("name");
            data["key"] = value->at("key");
        }
        std::string text = stored ? std::string() : base::dump_json(*value);
        const std::size_t size = text.size();
        record_step(RecordKind::step_succeeded, instance, at, step.attempt, data.empty() ? std::string() : base::dump_json(data),
                    std::move(text));
        if (stored) {
            out_->records.back().blob = step.large->blob;
            out_->records.back().blob_bytes = step.large->bytes;
        } else if (size > limits_.spill_bytes) {
            step.large = std::make_unique<LargeValue>(LargeValue{{}, size, bytes});
            large_.push_back({instance.id, at});
        }
    }
    set_status(instance, at, StepStatus::succeeded);
    if (node.compensation) note_undoable(instance, at);
    if (node.compensates) compensated(instance, at, true);
    else settle(instance, decisions);
}

void Machine::fail_step(Instance& instance, std::uint32_t at, const Error& error, const StepReport& report, std::string_view lacked_at) {
    const auto& node = instance.node(at);
    Step& step = instance.steps[at];
    if (step.attempt == 0) step.attempt = 1;
    ++step.failures;
    Json value = step_error(error, instance.path(at), step.attempt);
    const double plain = std::min(static_cast<double>(node.retry.backoff.count()) * std::pow(node.retry.factor, step.failures - 1),
                                  static_cast<double>(node.retry.max_backoff.count()));
    Duration delay(0);
    const bool task = is_task(node);
    if (task && node.retry.max_attempts > 1) {
        const double share = static_cast<double>(random_->below(1'000'001)) / 500'000.0 - 1;  // -1 to 1
        delay = Duration(static_cast<std::int64_t>(plain * (1 + node.retry.jitter * share)));
    }
    const Time next = now_ + std::max(delay, Duration(error.retry_after_us));
    std::string why;
    if (!task || !may_try_again(instance, at, error, value, next, why)) {
        if (!why.empty()) value["message"] = base::string_or(value, "message", "") + "; " + why;
        fail_finally(instance, at, std::move(value), error.code == ErrorCode::timeout && task, report, {lacked_at});
        return;
    }
    step.wait_until = next;
    count_attempts(1);
    add_usage(report);  // what a failed attempt used was paid for all the same
    set_status(instance, at, StepStatus::waiting);
    if (recording()) {
        Json data = report_data({}, false, report);
        data["retry_at_us"] = base::to_us(step.wait_until);
        if (!lacked_at.empty()) data["lacked_at"] = lacked_at;
        if (node.retry.max_elapsed) data["first_began_us"] = base::to_us(step.first_began);
        record_step(RecordKind::step_attempt_failed, instance, at, step.attempt, base::dump_json(data), base::dump_json(value));
    }
    out_->commands.push_back(command::ArmTimer{{instance.id, at}, step.wait_until});
}

/// Whether another attempt follows; `why` says what kept a retry policy from it, where the error's reader would wonder.
bool Machine::may_try_again(const Instance& instance, std::uint32_t at, const Error& error, const Json& value, Time next,
                            std::string& why) {
    const auto& retry = instance.node(at).retry;
    const Step& step = instance.steps[at];
    if (retry.max_attempts <= 1) return false;
    if (load_error_ && retry.retry_if) return false;
    if (step.failures >= retry.max_attempts) {
        why = fmt::format("{} attempts were made (retry.max_attempts)", step.failures);
        return false;
    }
    if (!retry.retry_if) {
        if (!error.retryable) return false;
    } else {
        const Json attempt = step.attempt;
        const StepScope shared = instance.scope(nullptr);
        cel::Scope scope = shared.get();
        scope.set("error", &value);
        scope.set("attempt", &attempt);
        const auto verdict = retry.retry_if->evaluate_bool(scope);
        if (!verdict) why = "retry_if failed: " + verdict.error().message;
        if (!verdict || !*verdict) return false;
    }
    if (retry.max_elapsed && next > step.first_began + *retry.max_elapsed) {
        why = fmt::format("the next attempt would begin later than {} after the first (retry.max_elapsed)",
                          base::format_duration(*retry.max_elapsed));
        return false;
    }
    return attempts_remain(why);
}

void Machine::fail_finally(Instance& instance, std::uint32_t at, Json error, bool timed_out, const StepReport& report, FailureNote note) {
    const auto& node = instance.node(at);
    Step& step = instance.steps[at];
    const bool reused = std::exchange(reusing_, false);
    add_usage(report);
    count_attempts(!reused && is_task(node));
    step.error = error;
    Decisions decisions;
    bool handled = false;
    const bool may_be = note.handled.value_or(true);   // else the record tells that nothing took it: there may have been no verdict
    std::optional<Broken> broken;
    if (may_be) broken = route(instance, at, {}, &step.error, decisions);
    for (const EdgeDecision& decision : decisions) handled = handled || decision.taken;
    if (broken) {
        handled = false;
        error["message"] = base::string_or(error, "message", "") + "; then " + broken->error.message;
        step.error = error;
        if (broken->lacks && note.lacked_at.empty()) note.lacked_at = "end";
    } else if (may_be && !handled && node.on_error == flows::OnError::proceed) {
        step.view = {{"output", {{"error", error}}}};
        decisions.clear();
        broken = route(instance, at, {}, nullptr, decisions);
        handled = !broken;
        if (!handled) step.view = Json();
        if (broken && broken->lacks && note.lacked_at.empty()) note.lacked_at = "end";
    }
    const bool lost = base::teeth("journal_entry_lost_at_container_end") && node.body;
    if (recording() && !(reused && !reuse_->copied) && !lost) {
        Json data = report_data({}, false, report);
        if (handled) data["handled"] = true;
        if (reused) data["reused"] = true;
        if (!note.lacked_at.empty()) data["lacked_at"] = note.lacked_at;
        record_step(timed_out ? RecordKind::step_timed_out : RecordKind::step_failed, instance, at, step.attempt,
                    data.empty() ? std::string() : base::dump_json(data), base::dump_json(error));
    }
    set_status(instance, at, timed_out ? StepStatus::timed_out : StepStatus::failed);
    if (node.compensates) compensated(instance, at, false);
    else if (handled) settle(instance, decisions);
    else fail_instance(instance, std::move(error));
}

}  // namespace sluice::engine
