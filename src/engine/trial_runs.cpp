#include "engine/trial_runs.hpp"

#include "engine/reuse.hpp"

namespace sluice::engine {

namespace {

constexpr std::size_t most_sample_bytes = 1 << 20;

Error wrong(std::string pointer, std::string message) { return Error{ErrorCode::invalid_argument, message, {{std::move(pointer), message}}}; }

/// The nodes that lead to `target`, without it.
std::vector<bool> ancestors(const flows::CompiledGraph& graph, std::uint32_t target) {
    std::vector<bool> before(graph.nodes.size(), false);
    before[target] = true;
    for (auto at = graph.order.rbegin(); at != graph.order.rend(); ++at)
        for (const std::uint32_t edge : graph.nodes[*at].outgoing)
            if (before[graph.edges[edge].to]) before[*at] = true;
    before[target] = false;
    return before;
}

Error no_node(const std::string& pointer, const std::string& id) {
    Error error{ErrorCode::unprocessable, fmt::format("the flow has no node \"{}\" at its top level", id), {}, false};
    error.details.push_back({pointer, error.message});
    return error;
}

}  // namespace

Result<bool> TrialRun::take(const std::string& key, Json& value) {
    if (key == "until" || key == "only") {
        if (!value.is_string() || value.get_ref<const std::string&>().empty())
            return fail(wrong("/" + key, fmt::format("{} is the id of a node", key)));
        (key == "until" ? until : only) = value.get<std::string>();
        if (!until.empty() && !only.empty()) return fail(wrong("/" + key, "give either until or only"));
        return true;
    }
    if (key == "use_pins") {
        if (!value.is_boolean()) return fail(wrong("/use_pins", "use_pins is true or false"));
        use_pins = value.get<bool>();
        return true;
    }
    if (key != "pins") return false;
    if (!value.is_object()) return fail(wrong("/pins", "pins is an object of node ids and their sample outputs"));
    for (auto& [node, output] : value.get_ref<Json::object_t&>()) pins.emplace(node, std::move(output));
    return true;
}

Awaitable<Result<void>> prepare_trial(Engine& engine, TrialRun trial, int version, base::Principal principal, StartRun& start) {
    auto runnable = trial.draft ? co_await engine.flows().freeze_draft(start.workspace, start.flow_id, std::move(principal))
                                : co_await engine.flows().runnable(start.workspace, start.flow_id, version);
    if (!runnable) co_return fail(std::move(runnable.error()));
    start.runnable = std::move(*runnable);
    const auto& graph = start.runnable.flow->graph;
    const std::string target = trial.only.empty() ? trial.until : trial.only;
    std::vector<bool> before(graph.nodes.size(), true);
    if (!target.empty()) {
        const auto found = graph.index.find(target);
        if (found == graph.index.end()) co_return fail(no_node(trial.only.empty() ? "/until" : "/only", target));
        before = ancestors(graph, found->second);
    }
    for (const auto& [node, output] : trial.pins)
        if (!graph.index.contains(node)) co_return fail(no_node("/pins/" + base::escape_pointer(node), node));
    if (trial.use_pins.value_or(trial.draft)) {
        auto pinned = co_await engine.flows().pins(start.workspace, start.flow_id);
        if (!pinned) co_return fail(std::move(pinned.error()));
        trial.pins.merge(*pinned);
    }
    ReuseBuilder builder(*start.runnable.flow);
    Json pins = Json::object();
    std::size_t size = 0;
    std::string missing;
    for (std::uint32_t at = 0; at < graph.nodes.size(); ++at) {
        const auto& node = graph.nodes[at];
        if (!before[at] || node.compensates) continue;
        const auto pin = trial.pins.find(node.id);
        if (pin == trial.pins.end()) {
            if (!trial.only.empty()) missing += (missing.empty() ? "" : ", ") + node.id;
            continue;
        }
        size += base::dump_json(pin->second).size();
        auto set = builder.set_output(node.id, pin->second);
        if (!set) co_return fail(std::move(set.error()));
        pins[node.id] = std::move(pin->second);
    }
    if (!missing.empty())
        co_return fail(ErrorCode::unprocessable, "to run \"{}\" alone, the nodes before it need sample outputs; there are none for {}. "
                                                 "Pin them, give them in pins, or run until \"{}\"", trial.only, missing, trial.only);
    if (size > most_sample_bytes)
        co_return fail(ErrorCode::too_large, "the sample outputs of the nodes that take part have {} bytes; a run takes at most {}",
                       size, most_sample_bytes);
    start.plan = Json::object();
    if (!target.empty()) start.plan["until"] = target;
    if (!pins.empty()) start.plan["pins"] = std::move(pins);
    start.trigger = trial.draft ? "draft" : "trial";
    start.reuse = builder.take(true, {});
    co_return Result<void>();
}

}  // namespace sluice::engine
