#include <stdexcept>

#include "sluice/flows/node_type.hpp"

namespace sluice::flows {

std::string_view to_string(Effect effect) {
    switch (effect) {
        case Effect::pure: return "pure";
        case Effect::safe: return "safe";
        case Effect::keyed: return "keyed";
        case Effect::unsafe: return "unsafe";
    }
    return "unsafe";
}

void NodeTypes::add(NodeType type) {
    auto schema = base::JsonSchema::compile(type.config_schema);
    if (!schema) {
        auto reason = schema.error().message;
        for (const auto& detail : schema.error().details) reason += fmt::format(" [{}: {}]", detail.pointer, detail.message);
        throw std::logic_error(fmt::format("node type {}: its config schema does not compile: {}", type.name, reason));
    }
    auto name = type.name;
    if (name.empty()) throw std::logic_error("a node type without a name");
    const auto added = entries_.emplace(std::move(name), Entry{std::move(type), std::move(*schema)});
    if (!added.second) throw std::logic_error(fmt::format("node type {} is added twice", added.first->first));
}

const NodeType* NodeTypes::find(std::string_view name) const {
    const auto found = entries_.find(name);
    return found == entries_.end() ? nullptr : &found->second.type;
}

const base::JsonSchema& NodeTypes::config_schema(const NodeType& type) const {
    const auto found = entries_.find(type.name);
    if (found == entries_.end()) throw std::logic_error(fmt::format("node type {} is not in this registry", type.name));
    return found->second.schema;
}

std::vector<const NodeType*> NodeTypes::all() const {
    std::vector<const NodeType*> out;
    out.reserve(entries_.size());
    for (const auto& [name, entry] : entries_) out.push_back(&entry.type);
    return out;
}

}  // namespace sluice::flows
