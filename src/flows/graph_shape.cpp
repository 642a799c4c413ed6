#include "flows/graph_shape.hpp"

#include <algorithm>
#include <functional>
#include <queue>

namespace sluice::flows {

GraphShape::GraphShape(std::size_t nodes, const std::vector<ShapeEdge>& edges) : outgoing_(nodes), incoming_(nodes) {
    for (const auto& edge : edges) {
        outgoing_[edge.from].push_back(edge.to);
        incoming_[edge.to].push_back(edge.from);
    }
    order_nodes(edges);
}

void GraphShape::order_nodes(const std::vector<ShapeEdge>& edges) {
    std::vector<std::uint32_t> missing(outgoing_.size(), 0);
    for (const auto& edge : edges) ++missing[edge.to];
    std::priority_queue<std::uint32_t, std::vector<std::uint32_t>, std::greater<>> ready;
    for (std::uint32_t node = 0; node < missing.size(); ++node)
        if (missing[node] == 0) ready.push(node);
    while (!ready.empty()) {
        const auto node = ready.top();
        ready.pop();
        order_.push_back(node);
        for (const auto next : outgoing_[node])
            if (--missing[next] == 0) ready.push(next);
    }
}

std::vector<std::vector<std::uint32_t>> GraphShape::cycles() const {
    std::vector<bool> done(outgoing_.size(), false);
    for (const auto node : order_) done[node] = true;
    // Nodes behind a cycle are left over as well; walking backwards from them always ends in the cycle, because each
    // has an unfinished predecessor.
    std::vector<std::vector<std::uint32_t>> found;
    std::vector<std::uint32_t> mark(outgoing_.size(), 0);
    std::uint32_t walk = 0;
    for (std::uint32_t start = 0; start < outgoing_.size(); ++start) {
        if (done[start] || mark[start] != 0) continue;
        ++walk;
        std::vector<std::uint32_t> path;
        std::uint32_t node = start;
        while (mark[node] == 0) {
            mark[node] = walk;
            path.push_back(node);
            for (const auto before : incoming_[node])
                if (!done[before]) {
                    node = before;
                    break;
                }
        }
        if (mark[node] != walk) continue;  // ran into a tangle that is already reported
        std::vector<std::uint32_t> cycle(std::find(path.begin(), path.end(), node), path.end());
        std::reverse(cycle.begin(), cycle.end());
        std::rotate(cycle.begin(), std::min_element(cycle.begin(), cycle.end()), cycle.end());
        found.push_back(std::move(cycle));
    }
    return found;
}

bool GraphShape::is_upstream(std::uint32_t node, std::uint32_t of) const {
    if (ancestors_.empty()) {
        const auto words = (outgoing_.size() + 63) / 64;
        ancestors_.assign(outgoing_.size(), std::vector<std::uint64_t>(words, 0));
        for (const auto at : order_)
            for (const auto before : incoming_[at]) {
                auto& row = ancestors_[at];
                const auto& theirs = ancestors_[before];
                for (std::size_t i = 0; i < words; ++i) row[i] |= theirs[i];
                row[before / 64] |= std::uint64_t{1} << (before % 64);
            }
    }
    return (ancestors_[of][node / 64] >> (node % 64) & 1) != 0;
}

}  // namespace sluice::flows
