// Containers of the core: a loop runs its inner graph again and again while a condition holds, one turn after the other.

#include "engine/instance.hpp"
#include "sluice/engine/machine.hpp"

namespace sluice::engine {

void Machine::start_loop(Instance& instance, std::uint32_t at, const Json& config) {
    auto loop = std::make_unique<LoopState>();
    const Json* most = base::find_member(config, "max_turns");
    loop->max_turns = most != nullptr && most->is_number_integer()
                          ? static_cast<std::size_t>(std::max<std::int64_t>(1, most->get<std::int64_t>()))
                          : default_loop_turns;
    Step& step = instance.steps[at];
    step.attempt = 1;
    step.loop = std::move(loop);  // before the status: a container counts neither as running nor as waiting
    set_status(instance, at, StepStatus::running);
    if (recording())
        record_step(RecordKind::step_started, instance, at, 1, fmt::format("{{\"max_turns\":{}}}", step.loop->max_turns));
    arm_step_timeout(instance, at);
    begin_items(instance, at, "start");
}

Result<bool> Machine::goes_on(const Instance& instance, std::uint32_t at) const {
    const auto& node = instance.node(at);
    const LoopState& loop = *instance.steps[at].loop;
    const auto found = node.expressions.find("/while");
    if (found == node.expressions.end()) return fail(ErrorCode::internal, "the loop's condition was not compiled");
    const Json index = loop.turn;
    const StepScope shared = instance.scope(&instance.steps[at].error);
    cel::Scope scope = shared.get();
    scope.set("item", &loop.last);
    scope.set("index", &index);
    auto verdict = found->second.evaluate_bool(scope);
    if (!verdict)
        return fail(Error{ErrorCode::unprocessable, fmt::format("the loop's condition failed before turn {}: {}", loop.turn,
                                                                verdict.error().message), {}, false});
    return *verdict;
}

/// `judged`: what is refused when the condition cannot be evaluated for want of what it reads.
void Machine::next_turn(Instance& instance, std::uint32_t at, std::string_view judged) {
    LoopState& loop = *instance.steps[at].loop;
    if (auto lack = absent(instance, instance.node(at).run_uses)) return fail_container(instance, at, std::move(*lack), judged);
    auto verdict = goes_on(instance, at);
    if ((!verdict || !*verdict || loop.turn >= loop.max_turns) && ends_by_record()) return;
    if (!verdict) {
        const Error error = std::move(verdict.error());
        close_container(instance, at);
        return fail_finally(instance, at, step_error(error, instance.path(at), 1), false, {});
    }
    if (!*verdict) {
        flows::StepOutput output;
        output.output = {{"turns", loop.turn}, {"last", std::move(loop.last)}};
        close_container(instance, at);
        return succeed(instance, at, std::move(output), {});
    }
    if (loop.turn >= loop.max_turns) {
        const Error error{ErrorCode::unprocessable,
                          fmt::format("the loop did not end within {} turns (max_turns){}; mend its condition, or raise max_turns",
                                      loop.max_turns, loop.same ? ", and its last two turns gave the same: it makes no progress" : ""),
                          {}, false};
        close_container(instance, at);
        return fail_finally(instance, at, step_error(error, instance.path(at), 1), false, {});
    }
    const auto& body = *instance.node(at).body;
    const auto turn = make_instance(body, &instance, at, loop.turn, loop.last);
    loop.instance = turn->id;
    for (const std::uint32_t root : body.roots) schedule(*turn, root);
}

void Machine::turn_ended(Instance& parent, std::uint32_t at, std::uint32_t turn, Json result, bool failed) {
    LoopState& loop = *parent.steps[at].loop;
    if (failed) {
        if (ends_by_record()) return;
        result["turn"] = turn;
        close_container(parent, at);
        return fail_finally(parent, at, std::move(result), false, {});
    }
    loop.same = loop.turn > 0 && result == loop.last;
    loop.last = std::move(result);
    loop.instance = 0;
    ++loop.turn;
    next_turn(parent, at, fmt::format("turn {}", turn));
}

Result<void> Machine::apply_loop_start(Instance& instance, std::uint32_t at) {
    const auto& node = instance.node(at);
    auto config = node.config.render(instance.scope(&instance.steps[at].error).get());
    if (!config) return fail(std::move(config.error()));
    start_loop(instance, at, *config);
    return {};
}

}  // namespace sluice::engine
