// Which outputs the parts of a flow read: found once per version, so that the executor need keep only those in memory.

#include <algorithm>

#include "flows/compiler.hpp"

namespace sluice::flows {

namespace {

/// Finds where the names of one graph lead to.
class UseFinder {
  public:
    UseFinder(const CompiledGraph& graph, const Place* outer) : graph_(graph), outer_(outer) {}

    void add(ValueUses& uses, const cel::Reference& reference) const {
        if (reference.root != "nodes") return;
        if (reference.member.empty()) {
            uses.everything = true;
            return;
        }
        if (const auto found = graph_.index.find(reference.member); found != graph_.index.end())
            return uses.values.push_back({0, found->second});
        std::uint32_t level = 1;
        for (const Place* at = outer_; at != nullptr; at = at->outer, ++level)
            if (const auto found = at->graph->index.find(reference.member); found != at->graph->index.end())
                return uses.values.push_back({level, found->second});
    }
    void add(ValueUses& uses, const cel::Program& program) const {
        for (const auto& reference : program.references()) add(uses, reference);
    }
    void add(ValueUses& uses, const cel::Template& text) const {
        for (const auto& reference : text.references()) add(uses, reference.reference);
    }

  private:
    const CompiledGraph& graph_;
    const Place* outer_;
};

void add_all(ValueUses& uses, const ValueUses& more) {
    uses.everything = uses.everything || more.everything;
    uses.values.insert(uses.values.end(), more.values.begin(), more.values.end());
}

/// What a container reads, because something in its body does.
void add_from_body(ValueUses& uses, const ValueUses& inner) {
    uses.everything = uses.everything || inner.everything;
    for (const ValueUse& use : inner.values)
        if (use.level > 0) uses.values.push_back({use.level - 1, use.node});
}

void tidy(ValueUses& uses) {
    std::sort(uses.values.begin(), uses.values.end());
    uses.values.erase(std::unique(uses.values.begin(), uses.values.end()), uses.values.end());
    uses.values.shrink_to_fit();
}

}  // namespace

bool ValueUses::contains(std::uint32_t node) const {
    return everything || std::binary_search(values.begin(), values.end(), ValueUse{0, node});
}

void Compiler::note_uses(CompiledGraph& graph, const Place* outer) {
    const UseFinder find(graph, outer);
    for (auto& edge : graph.edges) {
        if (edge.condition) find.add(edge.condition_uses, *edge.condition);
        tidy(edge.condition_uses);
    }
    for (auto& node : graph.nodes) {
        for (const auto& [pointer, program] : node.expressions) find.add(node.run_uses, program);
        if (node.reads_upstream)
            for (const std::uint32_t edge : node.incoming) node.run_uses.values.push_back({0, graph.edges[edge].from});
        find.add(node.start_uses, node.config);
        add_all(node.start_uses, node.run_uses);
        if (node.retry.retry_if) find.add(node.end_uses, *node.retry.retry_if);
        for (const std::uint32_t edge : node.outgoing) add_all(node.end_uses, graph.edges[edge].condition_uses);
        if (node.body) {
            add_from_body(node.run_uses, node.body->output_uses);
            for (const auto& inner : node.body->nodes)
                for (const ValueUses* uses : {&inner.start_uses, &inner.run_uses, &inner.end_uses}) add_from_body(node.run_uses, *uses);
        }
        tidy(node.start_uses);
        tidy(node.run_uses);
        tidy(node.end_uses);
    }
    for (std::uint32_t at = 0; at < graph.nodes.size(); ++at) {
        const auto& node = graph.nodes[at];
        if (node.start_uses.everything || node.run_uses.everything) graph.reads_everything.push_back(at);
        for (const ValueUses* uses : {&node.start_uses, &node.run_uses})
            for (const ValueUse& use : uses->values) {
                if (use.level > 0) continue;  // a node of a graph around this one, by its place there
                auto& readers = graph.nodes[use.node].readers;
                if (readers.empty() || readers.back() != at) readers.push_back(at);
            }
    }
    if (graph.output) find.add(graph.output_uses, *graph.output);
    else for (const std::uint32_t leaf : graph.leaves) graph.output_uses.values.push_back({0, leaf});
    tidy(graph.output_uses);
}

}  // namespace sluice::flows
