#pragma once
/// What the edges of one graph say: an order, cycles, who comes before whom, and what can never run.

#include <cstdint>
#include <string>
#include <vector>

namespace sluice::flows {

/// Edges as pairs of node indexes; what an edge asks for is none of this file's business.
struct ShapeEdge {
    std::uint32_t from = 0, to = 0;
};

class GraphShape {
  public:
    GraphShape(std::size_t nodes, const std::vector<ShapeEdge>& edges);

    /// A topological order that keeps document order where it can; shorter than the graph when there is a cycle.
    const std::vector<std::uint32_t>& order() const { return order_; }
    bool has_cycle() const { return order_.size() != outgoing_.size(); }
    /// One cycle per tangle, each starting with its first node in the document and without repeating it at the end.
    std::vector<std::vector<std::uint32_t>> cycles() const;
    /// True when a path leads from `node` to `other`. Without a cycle only.
    bool is_upstream(std::uint32_t node, std::uint32_t of) const;

  private:
    void order_nodes(const std::vector<ShapeEdge>& edges);

    std::vector<std::vector<std::uint32_t>> outgoing_, incoming_;  // node indexes
    std::vector<std::uint32_t> order_;
    // One row of bits per node: its ancestors. Made when it is first asked for.
    mutable std::vector<std::vector<std::uint64_t>> ancestors_;
};

}  // namespace sluice::flows
