#include <algorithm>
#include <array>
#include <set>
#include <tuple>

#include "flows/compiler.hpp"

namespace sluice::flows {

namespace {

constexpr std::array<std::string_view, 5> edge_members{"from", "to", "condition", "on", "from_port"};
constexpr std::array<std::string_view, 3> edge_triggers{"success", "error", "rollback"};
constexpr std::array<std::string_view, 3> body_members{"nodes", "edges", "output"};

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\n' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\n' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

}  // namespace

void Compiler::read_graph(const Json& object, const std::string& pointer, CompiledGraph& graph, const Place* outer,
                          int depth) {
    Draft draft;
    draft.graph = &graph;
    draft.pointer = pointer;
    const bool body = outer != nullptr;
    if (body) mistakes_.unknown_members(object, pointer, "a container's body", body_members);
    draft.nodes = mistakes_.array(object, pointer, "nodes");
    draft.edges = mistakes_.array(object, pointer, "edges");
    if (!draft.nodes || draft.nodes->empty()) {
        const auto* member = base::find_member(object, "nodes");
        if (!member || member->is_null() || member->is_array())
            mistakes_.error(member ? at(pointer, "nodes") : pointer, "{} needs at least one node in \"nodes\"",
                            body ? "a container's body" : "a flow");
        return;
    }
    graph.nodes.resize(draft.nodes->size());
    for (std::size_t i = 0; i < draft.nodes->size(); ++i) {
        const auto here = at(at(pointer, "nodes"), i);
        auto& node = graph.nodes[i];
        read_node((*draft.nodes)[i], here, node);
        if (node.id.empty()) continue;
        const auto& first = first_seen_.at(node.id);
        if (first != here) {
            mistakes_.error(at(here, "id"), "node id \"{}\" is used already at {}; ids are unique in the whole flow", node.id, first);
            continue;
        }
        graph.index.emplace(node.id, static_cast<std::uint32_t>(i));
    }
    draft.names.index = graph.index;
    draft.has_error_edge.assign(graph.nodes.size(), false);
    read_edges(draft);

    std::vector<ShapeEdge> edges;
    edges.reserve(graph.edges.size());
    for (const auto& edge : graph.edges) edges.push_back({edge.from, edge.to});
    edges.insert(edges.end(), draft.rollbacks.begin(), draft.rollbacks.end());
    const GraphShape shape(graph.nodes.size(), edges);
    draft.names.shape = &shape;
    shape_graph(draft, shape);

    check_errors_routed(draft);
    const bool item = body;  // of a map; of a loop the turn before
    for (std::uint32_t i = 0; i < graph.nodes.size(); ++i) {
        auto& node = graph.nodes[i];
        const auto owner = fmt::format("node \"{}\"", node.id);
        const Place place{&draft.names, i, false, draft.has_error_edge[i], item, outer, owner};
        compile_config(at(at(pointer, "nodes"), i), node, place, depth);
        compile_retry((*draft.nodes)[i], at(at(pointer, "nodes"), i), node, place);
    }
    compile_conditions(draft, outer, item);
    if (const auto* output = base::find_member(object, "output"); output && !output->is_null()) {
        const Place place{&draft.names, std::nullopt, false, false, item, outer, "the output"};
        graph.output = compile_template(*output, {}, at(pointer, "output"), place);
    }
    note_uses(graph, outer);
}

void Compiler::read_edges(Draft& draft) {
    if (!draft.edges) return;
    edge_count_ += draft.edges->size();
    if (edge_count_ > most_edges) {
        mistakes_.error(at(draft.pointer, "edges"), "a flow has at most {} edges; split it", most_edges);
        return;
    }
    using Key = std::tuple<std::uint32_t, std::uint32_t, EdgeOn, std::string, std::string>;
    std::set<Key> seen;
    auto& graph = *draft.graph;
    for (std::size_t i = 0; i < draft.edges->size(); ++i) {
        CompiledEdge edge;
        if (!read_edge(draft, i, edge)) continue;
        if (!seen.insert(Key{edge.from, edge.to, edge.on, edge.from_port, edge.condition_text}).second) {
            mistakes_.error(at(at(draft.pointer, "edges"), i), "this edge is there already; remove one of the two");
            draft.edge_open.pop_back();
            continue;
        }
        const auto index = static_cast<std::uint32_t>(graph.edges.size());
        graph.nodes[edge.from].outgoing.push_back(index);
        graph.nodes[edge.to].incoming.push_back(index);
        if (edge.on == EdgeOn::error) draft.has_error_edge[edge.to] = true;
        draft.edge_at.push_back(i);
        graph.edges.push_back(std::move(edge));
    }
}

bool Compiler::read_edge(Draft& draft, std::size_t position, CompiledEdge& edge) {
    const auto pointer = at(at(draft.pointer, "edges"), position);
    const auto& json = (*draft.edges)[position];
    if (!json.is_object()) {
        mistakes_.error(pointer, "an edge is an object with \"from\" and \"to\", not {}", kind_of(json));
        return false;
    }
    mistakes_.unknown_members(json, pointer, "an edge", edge_members);
    bool usable = true, open = true;
    find_endpoints(draft, pointer, json, edge, usable);
    if (const auto on = mistakes_.choice(json, pointer, "on", edge_triggers)) edge.on = static_cast<EdgeOn>(*on);
    if (const auto* port = mistakes_.text(json, pointer, "from_port")) edge.from_port = *port;
    if (const auto* condition = mistakes_.text(json, pointer, "condition")) edge.condition_text = *condition;
    if (!usable) return false;
    if (edge.on == EdgeOn::rollback) {
        read_rollback(draft, pointer, edge);
        return false;
    }

    const auto& source = draft.graph->nodes[edge.from];
    check_port(draft, pointer, edge, open);
    if (edge.on == EdgeOn::error && source.on_error == OnError::proceed)
        mistakes_.warning(at(pointer, "on"), "node \"{}\" has \"on_error\": \"continue\", so its error edges are never taken",
                          source.id);
    if (trimmed(edge.condition_text) == "false") open = false;
    draft.edge_open.push_back(open);
    return true;
}

/// A rollback edge is no way for the run to go: it names the node that undoes its source.
void Compiler::read_rollback(Draft& draft, const std::string& pointer, const CompiledEdge& edge) {
    auto& source = draft.graph->nodes[edge.from];
    auto& target = draft.graph->nodes[edge.to];
    if (!edge.from_port.empty() || !edge.condition_text.empty())
        mistakes_.error(pointer, "a rollback edge has neither a port nor a condition: what was done is undone");
    if (edge.from == edge.to) return mistakes_.error(pointer, "node \"{}\" cannot undo itself", source.id);
    if (source.compensation)
        return mistakes_.error(pointer, "node \"{}\" is undone by \"{}\" already; a node has one rollback edge", source.id,
                               draft.graph->nodes[*source.compensation].id);
    if (target.compensates)
        return mistakes_.error(at(pointer, "to"), "node \"{}\" undoes another node already; give each its own", target.id);
    source.compensation = edge.to;
    target.compensates = true;
    draft.has_error_edge[edge.to] = true;
    draft.rollbacks.push_back({edge.from, edge.to});
    ++draft.graph->compensations;
}

/// What needs all edges to be read: compensations stand outside the graph, and `route` has somewhere to go.
void Compiler::check_errors_routed(const Draft& draft) {
    const auto& graph = *draft.graph;
    for (std::uint32_t i = 0; i < graph.nodes.size(); ++i) {
        const auto& node = graph.nodes[i];
        const auto pointer = at(at(draft.pointer, "nodes"), i);
        if (node.compensates) {
            if (!node.incoming.empty() || !node.outgoing.empty() || node.compensation)
                mistakes_.error(pointer, "node \"{}\" undoes another node, so its rollback edge is its only edge", node.id);
            if (node.type != nullptr && node.type->kind != NodeKind::task && node.type->kind != NodeKind::compute)
                mistakes_.error(at(pointer, "type"), "node \"{}\" undoes another node; {} cannot do that", node.id, node.type_name);
        }
        const bool routed = std::any_of(node.outgoing.begin(), node.outgoing.end(),
                                        [&](auto edge) { return graph.edges[edge].on == EdgeOn::error; });
        if (node.on_error == OnError::route && !routed)
            mistakes_.error(at(pointer, "on_error"),
                            "node \"{}\" routes its errors, but no error edge leaves it; add one with \"on\": \"error\"", node.id);
    }
}

void Compiler::find_endpoints(Draft& draft, const std::string& pointer, const Json& json, CompiledEdge& edge, bool& usable) {
    for (const std::string_view end : {"from", "to"}) {
        const auto* member = base::find_member(json, end);
        const auto* id = mistakes_.text(json, pointer, end);
        if (!id) {
            if (!member || member->is_null()) mistakes_.error(pointer, "an edge needs \"{}\", the id of a node", end);
            usable = false;
            continue;
        }
        const auto found = draft.graph->index.find(*id);
        if (found != draft.graph->index.end()) {
            (end == "from" ? edge.from : edge.to) = found->second;
            continue;
        }
        usable = false;
        if (mistakes_.full()) continue;
        if (const auto elsewhere = containers_.find(*id); elsewhere != containers_.end()) {
            mistakes_.error(at(pointer, end), "node \"{}\" is in another graph ({}); an edge joins nodes of one graph", *id,
                            elsewhere->second.empty() ? "the top level" : "inside \"" + elsewhere->second + "\"");
            continue;
        }
        std::vector<std::string_view> known;
        for (const auto& [name, index] : draft.graph->index) known.push_back(name);
        mistakes_.error(at(pointer, end), "there is no node \"{}\"{}", *id, suggestion(*id, known));
    }
}

void Compiler::check_port(const Draft& draft, const std::string& pointer, CompiledEdge& edge, bool& open) {
    const auto& source = draft.graph->nodes[edge.from];
    if (edge.from_port.empty() || !source.type) {
        if (source.type && source.type->ports && edge.on == EdgeOn::success)
            mistakes_.warning(pointer, "this edge names no port of \"{}\", so it is taken whichever port is chosen", source.id);
        return;
    }
    if (edge.on == EdgeOn::error) {
        mistakes_.error(at(pointer, "from_port"), "an error edge has no port; leave \"from_port\" out");
        return;
    }
    if (!source.type->ports) {
        open = false;
        tolerable(at(pointer, "from_port"), "node \"{}\" of type {} has no ports; leave \"from_port\" out", source.id,
                  source.type_name);
        return;
    }
    const auto ports = source.type->ports(source.config_source);
    if (std::find(ports.begin(), ports.end(), edge.from_port) != ports.end()) return;
    open = false;
    const std::vector<std::string_view> known(ports.begin(), ports.end());
    const auto nearest = nearest_name(edge.from_port, known);
    tolerable(at(pointer, "from_port"), "node \"{}\" has no port \"{}\"; {}", source.id, edge.from_port,
              nearest        ? fmt::format("did you mean \"{}\"?", *nearest)
              : known.empty() ? std::string("it has none")
                              : fmt::format("it has {}", enumeration(known)));
}

void Compiler::shape_graph(Draft& draft, const GraphShape& shape) {
    auto& graph = *draft.graph;
    for (std::uint32_t i = 0; i < graph.nodes.size(); ++i) {
        auto& node = graph.nodes[i];
        if (node.compensates) continue;
        if (node.incoming.empty()) graph.roots.push_back(i);
        const bool leads_on = std::any_of(node.outgoing.begin(), node.outgoing.end(),
                                          [&](auto edge) { return graph.edges[edge].on == EdgeOn::success; });
        if (!leads_on) graph.leaves.push_back(i);
        const auto pointer = at(at(draft.pointer, "nodes"), i);
        if (node.join == Join::count && node.join_count > node.incoming.size())
            mistakes_.error(at(pointer, "join"), "node \"{}\" waits for {} edges but has {}", node.id, node.join_count,
                            node.incoming.size());
        if (node.incoming.empty() && node.outgoing.empty() && !node.compensation && !graph.edges.empty())
            mistakes_.warning(pointer, "node \"{}\" has no edges; it runs on its own, beside the others", node.id);
    }
    graph.order = shape.order();
    if (!shape.has_cycle()) return check_reachable(draft);
    for (const auto& cycle : shape.cycles()) {
        std::string path;
        for (const auto node : cycle) path += graph.nodes[node].id + " → ";
        path += graph.nodes[cycle.front()].id;
        std::size_t closing = 0;
        for (std::size_t e = 0; e < graph.edges.size(); ++e)
            if (graph.edges[e].from == cycle.back() && graph.edges[e].to == cycle.front()) closing = draft.edge_at[e];
        mistakes_.error(at(at(draft.pointer, "edges"), closing), "the edges form a cycle: {}; a flow goes forward only", path);
    }
}

void Compiler::check_reachable(const Draft& draft) {
    const auto& graph = *draft.graph;
    std::vector<bool> reachable(graph.nodes.size(), false);
    for (const auto i : graph.order) {
        const auto& node = graph.nodes[i];
        std::size_t possible = 0;
        for (const auto edge : node.incoming)
            if (draft.edge_open[edge] && reachable[graph.edges[edge].from]) ++possible;
        const auto needed = node.join == Join::count ? std::min<std::size_t>(node.join_count, node.incoming.size()) : 1;
        reachable[i] = node.incoming.empty() || possible >= needed;
        if (!reachable[i])
            tolerable(at(at(draft.pointer, "nodes"), i),
                      "node \"{}\" is unreachable: no edge that leads to it can ever be taken", node.id);
    }
}

void Compiler::compile_conditions(Draft& draft, const Place* outer, bool item) {
    auto& graph = *draft.graph;
    for (std::size_t i = 0; i < graph.edges.size(); ++i) {
        auto& edge = graph.edges[i];
        if (trimmed(edge.condition_text).empty()) continue;
        const auto owner = fmt::format("the edge from \"{}\"", graph.nodes[edge.from].id);
        const Place place{&draft.names, edge.from, true, edge.on == EdgeOn::error, item, outer, owner};
        const auto pointer = at(at(at(draft.pointer, "edges"), draft.edge_at[i]), "condition");
        edge.condition = compile_expression(edge.condition_text, pointer, place, {});
    }
}

}  // namespace sluice::flows
