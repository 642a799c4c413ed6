#include "flows/scope_check.hpp"

#include <algorithm>

namespace sluice::flows {

namespace {

bool in_map(const Place& place) {
    for (const auto* at = &place; at; at = at->outer)
        if (at->item) return true;
    return false;
}

std::vector<std::string_view> views(const std::vector<std::string>& names) { return {names.begin(), names.end()}; }

}  // namespace

void ScopeCheck::check(const Use& use, const Place& place, const std::vector<std::string>& extra_names,
                       const std::string& pointer) {
    if (mistakes_.full()) return;
    if (std::find(extra_names.begin(), extra_names.end(), use.root) != extra_names.end()) return;
    if (use.root == "nodes") {
        if (!use.member.empty()) check_node(use.member, place, pointer);
        return;
    }
    if (use.root == "vars") {
        if (use.member.empty() || base::find_member(vars_, use.member)) return;
        std::vector<std::string_view> known;
        if (vars_.is_object())
            for (const auto& [name, value] : vars_.get_ref<const Json::object_t&>()) known.push_back(name);
        if (known.empty())
            mistakes_.error(pointer, "there is no constant \"{}\"; the flow has no \"vars\"", use.member);
        else
            mistakes_.error(pointer, "there is no constant \"{}\" in \"vars\"{}", use.member, suggestion(use.member, known));
        return;
    }
    check_root(use, place, extra_names, pointer);
}

void ScopeCheck::check_root(const Use& use, const Place& place, const std::vector<std::string>& extra_names,
                            const std::string& pointer) {
    if (use.root == "input" || use.root == "run") return;
    const bool item = in_map(place);
    if (item && (use.root == "item" || use.root == "index")) return;
    if (place.error && use.root == "error") return;

    std::vector<std::string_view> known{"input", "nodes", "run", "vars"};
    if (item) known.insert(known.end(), {"item", "index"});
    if (place.error) known.emplace_back("error");
    for (const auto& name : extra_names)
        if (std::find(known.begin(), known.end(), name) == known.end()) known.emplace_back(name);
    std::string why;
    if (use.root == "secrets") why = "; secrets are there only in fields that a node type marks for them, such as the headers of http.request";
    else if (use.root == "error") why = "; \"error\" is there on an error edge and in the node it leads to";
    else if (use.root == "item" || use.root == "index") why = fmt::format("; \"{}\" is there inside a map", use.root);
    else if (containers_.contains(use.root)) why = fmt::format("; for the node write nodes.{}.output", use.root);
    else why = suggestion(use.root, known);
    mistakes_.error(pointer, "unknown name \"{}\"; in scope here are {}{}", use.root, enumeration(known), why);
}

void ScopeCheck::check_node(const std::string& id, const Place& place, const std::string& pointer) {
    for (const auto* at = &place; at; at = at->outer) {
        const auto found = at->graph->index.find(id);
        if (found == at->graph->index.end()) continue;
        if (!at->node) return;
        if (found->second == *at->node) {
            if (at->with_itself) return;
            if (at == &place)
                mistakes_.error(pointer, "node \"{}\" uses its own output, which is not there before it has run", id);
            else
                mistakes_.error(pointer, "node \"{}\" is the container around {}; its output is there only after its body", id,
                                place.owner);
            return;
        }
        // In a graph with a cycle nothing is upstream of anything; the cycle is the mistake to mend first.
        if (at->graph->shape->has_cycle() || at->graph->shape->is_upstream(found->second, *at->node)) return;
        mistakes_.error(pointer,
                        "node \"{0}\" does not come before {1}, so its output can never be there; add an edge that leads from "
                        "\"{0}\" to it",
                        id, place.owner);
        return;
    }
    const auto elsewhere = containers_.find(id);
    if (elsewhere != containers_.end()) {
        if (elsewhere->second.empty())
            mistakes_.error(pointer, "node \"{}\" is not in scope here", id);
        else
            mistakes_.error(pointer, "node \"{0}\" is inside \"{1}\" and cannot be seen from here; use nodes.{1}.output", id,
                            elsewhere->second);
        return;
    }
    std::vector<std::string> known;
    for (const auto* at = &place; at; at = at->outer)
        for (const auto& [name, index] : at->graph->index) {
            if (name.size() > id.size() && name.starts_with(id) && name[id.size()] == '-') {
                mistakes_.error(pointer, "there is no node \"{}\"; an id with a dash is written nodes[\"{}\"].output", id, name);
                return;
            }
            known.push_back(name);
        }
    mistakes_.error(pointer, "there is no node \"{}\"{}", id, suggestion(id, views(known)));
}

}  // namespace sluice::flows
