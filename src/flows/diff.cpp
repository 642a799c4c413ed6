#include <algorithm>
#include <map>
#include <set>

#include "flows/mistakes.hpp"
#include "sluice/flows/flows.hpp"

namespace sluice::flows {

namespace {

void changed_fields(const Json& from, const Json& to, const std::string& pointer, std::vector<std::string>& out) {
    if (from == to) return;
    if (from.is_object() && to.is_object()) {
        for (const auto& [name, value] : from.get_ref<const Json::object_t&>()) {
            const auto* other = base::find_member(to, name);
            if (other) changed_fields(value, *other, at(pointer, name), out);
            else out.push_back(at(pointer, name));
        }
        for (const auto& [name, value] : to.get_ref<const Json::object_t&>())
            if (!from.contains(name)) out.push_back(at(pointer, name));
        return;
    }
    if (from.is_array() && to.is_array() && from.size() == to.size()) {
        for (std::size_t i = 0; i < from.size(); ++i) changed_fields(from[i], to[i], at(pointer, i), out);
        return;
    }
    out.push_back(pointer);
}

/// Nodes and edges of a document, inner graphs included, each under a key that a person would use.
struct Parts {
    std::vector<std::string> node_order, edge_order;
    std::map<std::string, Json> nodes, edges;
    std::map<std::string, Json> positions;   ///< where nodes stand on the canvas: no change of the node
};

void collect(const Json& graph, const std::string& container, Parts& parts) {
    if (const auto* nodes = base::find_member(graph, "nodes"); nodes && nodes->is_array())
        for (const auto& node : *nodes) {
            const auto id = base::string_or(node, "id", "");
            if (id.empty()) continue;
            Json own = node;
            if (const auto position = own.find("position"); position != own.end()) {
                parts.positions.emplace(id, std::move(*position));
                own.erase("position");
            }
            // The inner graph's parts are reported by themselves; where a node stands is a property of it.
            if (!container.empty()) own["container"] = container;
            if (auto config = own.find("config"); config != own.end() && config->is_object())
                if (auto body = config->find("body"); body != config->end() && body->is_object() && body->contains("nodes")) {
                    collect(*body, id, parts);
                    body->erase("nodes");
                    body->erase("edges");
                }
            if (parts.nodes.emplace(id, std::move(own)).second) parts.node_order.push_back(id);
        }
    if (const auto* edges = base::find_member(graph, "edges"); edges && edges->is_array())
        for (const auto& edge : *edges) {
            auto key = base::string_or(edge, "from", "") + "→" + base::string_or(edge, "to", "");
            if (const auto on = base::string_or(edge, "on", "success"); on != "success") key += " on " + on;
            if (const auto port = base::string_or(edge, "from_port", ""); !port.empty()) key += " from port " + port;
            // Several edges between the same ends differ in their conditions: told apart by their order.
            auto unique = key;
            for (int n = 2; parts.edges.contains(unique); ++n) unique = fmt::format("{} #{}", key, n);
            parts.edges.emplace(unique, edge);
            parts.edge_order.push_back(std::move(unique));
        }
}

void compare(std::string_view kind, const std::map<std::string, Json>& from, const std::vector<std::string>& from_order,
             const std::map<std::string, Json>& to, const std::vector<std::string>& to_order, std::vector<Difference>& out) {
    for (const auto& key : from_order) {
        const auto other = to.find(key);
        if (other == to.end()) {
            out.push_back({std::string(kind), key, "removed", {}});
            continue;
        }
        std::vector<std::string> fields;
        changed_fields(from.at(key), other->second, "", fields);
        if (!fields.empty()) out.push_back({std::string(kind), key, "changed", std::move(fields)});
    }
    for (const auto& key : to_order)
        if (!from.contains(key)) out.push_back({std::string(kind), key, "added", {}});
}

}  // namespace

std::vector<Difference> diff_documents(const Json& from, const Json& to) {
    const Json before = canonical_document(from), after = canonical_document(to);
    std::vector<Difference> out;
    for (const auto* name : {"name", "project", "description", "input_schema", "vars", "output", "settings"}) {
        const auto* a = base::find_member(before, name);
        const auto* b = base::find_member(after, name);
        if (!a && !b) continue;
        if (!a || !b) {
            out.push_back({name, name, a ? "removed" : "added", {}});
            continue;
        }
        std::vector<std::string> fields;
        changed_fields(*a, *b, "", fields);
        if (!fields.empty()) out.push_back({name, name, "changed", std::move(fields)});
    }
    Parts a, b;
    collect(before, "", a);
    collect(after, "", b);
    compare("node", a.nodes, a.node_order, b.nodes, b.node_order, out);
    compare("edge", a.edges, a.edge_order, b.edges, b.edge_order, out);
    // What only an editor sees is one difference, whatever it holds.
    const auto* ui = base::find_member(before, "ui");
    const auto* other_ui = base::find_member(after, "ui");
    const bool same_ui = ui && other_ui ? *ui == *other_ui : !ui && !other_ui;
    const bool moved = std::any_of(a.positions.begin(), a.positions.end(), [&](const auto& entry) {
        const auto there = b.positions.find(entry.first);
        return b.nodes.contains(entry.first) && (there == b.positions.end() || there->second != entry.second);
    });
    const bool placed = std::any_of(b.positions.begin(), b.positions.end(), [&](const auto& entry) {
        return a.nodes.contains(entry.first) && !a.positions.contains(entry.first);
    });
    if (!same_ui || moved || placed) out.push_back({"ui", "ui", "changed", {}});
    return out;
}

}  // namespace sluice::flows
