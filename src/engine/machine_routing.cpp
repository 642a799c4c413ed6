// Routing of the core: edges, joins and skips.

#include "engine/instance.hpp"
#include "sluice/engine/machine.hpp"

namespace sluice::engine {

/// Decides every outgoing edge of a step that ended: on success when `error` is null. A condition that errors gives the
/// error, and no decision counts.
std::optional<Machine::Broken> Machine::route(Instance& instance, std::uint32_t at, const std::vector<std::string>& ports,
                                              const Json* error, Decisions& decisions) {
    const auto& node = instance.node(at);
    decisions.reserve(node.outgoing.size());
    for (const std::uint32_t index : node.outgoing) {
        const auto& edge = instance.graph->edges[index];
        bool taken = edge.on == (error != nullptr ? flows::EdgeOn::error : flows::EdgeOn::success);
        if (taken && error == nullptr && !edge.from_port.empty())
            taken = std::find(ports.begin(), ports.end(), edge.from_port) != ports.end();
        if (taken && edge.condition) {
            if (auto missing = absent(instance, edge.condition_uses)) {
                missing->message = fmt::format("the condition of the edge {} → {}: {}", node.id, instance.node(edge.to).id, missing->message);
                return Broken{std::move(*missing), true};
            }
            auto verdict = edge.condition->evaluate_bool(instance.scope(error).get());
            if (!verdict)
                return Broken{Error{ErrorCode::unprocessable,
                                    fmt::format("the condition of the edge {} → {} failed: {} (in `{}`)", node.id,
                                                instance.node(edge.to).id, verdict.error().message, edge.condition_text),
                                    {}, false}};
            taken = *verdict;
        }
        decisions.push_back({&instance, index, taken});
    }
    return std::nullopt;
}

/// Applies decisions and all that follows from them (skips spread), then ends the instance if nothing is open.
void Machine::settle(Instance& instance, Decisions& decisions) {
    // Breadth first, without recursion: a chain of ten thousand skips must not grow the stack.
    Decisions more;
    while (!decisions.empty()) {
        for (const EdgeDecision& decision : decisions) decide(decision, more);
        decisions.swap(more);
        more.clear();
    }
    if (instance.open == 0 && !finished()) complete(instance);
}

void Machine::decide(const EdgeDecision& decision, Decisions& more) {
    Instance& instance = *decision.instance;
    const auto& edge = instance.graph->edges[decision.edge];
    EdgeState& state = instance.edges[decision.edge];
    if (state != EdgeState::pending) return;
    state = decision.taken ? EdgeState::taken : EdgeState::refused;
    Step& step = instance.steps[edge.to];
    if (step.status != StepStatus::pending) return;
    const auto& node = instance.node(edge.to);
    ++step.decided;
    if (decision.taken) {
        ++step.taken;
        if (edge.on == flows::EdgeOn::error) step.error = instance.steps[edge.from].error;
    }
    const auto total = static_cast<std::uint32_t>(node.incoming.size());
    bool go = false, give_up = false;
    switch (node.join) {
        case flows::Join::all:
            go = step.decided == total && step.taken > 0;
            give_up = step.decided == total && step.taken == 0;
            break;
        case flows::Join::any:
        case flows::Join::first:
            go = step.taken > 0;
            give_up = !go && step.decided == total;
            break;
        case flows::Join::count:
            go = step.taken >= node.join_count;
            give_up = !go && step.taken + (total - step.decided) < node.join_count;
            break;
    }
    const bool wanted = wanted_.empty() || instance.parent || wanted_[edge.to];
    if (!wanted) return;  // a run up to one node ends there
    if (go) {
        schedule(instance, edge.to);
        if (node.join == flows::Join::first) cancel_losers(instance, edge.to, more);
    } else if (give_up) {
        set_status(instance, edge.to, StepStatus::skipped);
        record_step(RecordKind::step_skipped, instance, edge.to, 0);
        for (const std::uint32_t outgoing : node.outgoing) more.push_back({&instance, outgoing, false});
    }
}

/// `join: first`: ends every unfinished step that leads to this join and nowhere else.
void Machine::cancel_losers(Instance& instance, std::uint32_t join, Decisions& more) {
    const auto& graph = *instance.graph;
    std::vector<bool> doomed(graph.nodes.size(), false);
    for (auto position = graph.order.rbegin(); position != graph.order.rend(); ++position) {
        const std::uint32_t at = *position;
        const auto& node = graph.nodes[at];
        if (at == join || node.outgoing.empty() || is_terminal(instance.steps[at].status)) continue;
        bool only_here = true;
        for (const std::uint32_t edge : node.outgoing)
            only_here = only_here && (graph.edges[edge].to == join || doomed[graph.edges[edge].to]);
        if (!only_here) continue;
        doomed[at] = true;
        cancel_step(instance, at);
        for (const std::uint32_t edge : node.outgoing) more.push_back({&instance, edge, false});
    }
}

}  // namespace sluice::engine
