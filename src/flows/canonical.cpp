#include <array>
#include <span>

#include "sluice/flows/flows.hpp"

namespace sluice::flows {

namespace {

using Order = std::span<const std::string_view>;

constexpr std::array<std::string_view, 10> document_order{"name", "project", "description", "input_schema", "vars",
                                                          "nodes", "edges", "output", "settings", "ui"};
constexpr std::array<std::string_view, 3> body_order{"nodes", "edges", "output"};
constexpr std::array<std::string_view, 12> node_order{"id",      "type",     "name", "description", "notes",   "config",
                                                      "retry", "timeout", "on_error", "join", "on_unknown", "position"};
constexpr std::array<std::string_view, 5> edge_order{"from", "to", "on", "from_port", "condition"};
constexpr std::array<std::string_view, 7> retry_order{"max_attempts", "backoff", "factor",  "max_backoff",
                                                      "jitter",       "max_elapsed", "retry_if"};
constexpr std::array<std::string_view, 8> settings_order{"durability", "timeout",    "max_attempts", "priority",
                                                         "concurrency", "error_flow", "retention",    "record"};

/// The members in `order`, then the rest as they came; null members are left out, since they say nothing.
Json ordered(const Json& object, Order order) {
    Json out = Json::object();
    for (const auto name : order)
        if (const auto* member = base::find_member(object, name); member && !member->is_null()) out[std::string(name)] = *member;
    for (const auto& [name, member] : object.get_ref<const Json::object_t&>())
        if (!member.is_null() && !out.contains(name)) out[name] = member;
    return out;
}

/// Leaves a member out that says what holds anyway.
void drop(Json& object, const char* name, const Json& standard) {
    const auto found = object.find(name);
    if (found != object.end() && *found == standard) object.erase(name);
}

void drop_empty(Json& object, const char* name) {
    const auto found = object.find(name);
    if (found != object.end() && found->is_structured() && found->empty()) object.erase(name);
}

void tidy_graph(Json& graph);

Json tidy_edge(const Json& edge) {
    if (!edge.is_object()) return edge;
    Json out = ordered(edge, edge_order);
    drop(out, "on", "success");
    drop(out, "from_port", "");
    drop(out, "condition", "");
    return out;
}

Json tidy_node(const Json& node) {
    if (!node.is_object()) return node;
    Json out = ordered(node, node_order);
    for (const auto* text : {"name", "description", "notes"}) drop(out, text, "");
    drop(out, "on_error", "fail");
    drop(out, "join", "all");
    if (const auto retry = out.find("retry"); retry != out.end() && retry->is_object()) {
        *retry = ordered(*retry, retry_order);
        drop(*retry, "max_attempts", 1);
        drop(*retry, "backoff", "1s");
        drop(*retry, "factor", 2);
        drop(*retry, "max_backoff", "5m");
        drop(*retry, "jitter", 0.1);
    }
    drop_empty(out, "retry");
    if (const auto config = out.find("config"); config != out.end() && config->is_object())
        if (const auto body = config->find("body"); body != config->end() && body->is_object() && body->contains("nodes")) {
            *body = ordered(*body, body_order);
            tidy_graph(*body);
        }
    drop_empty(out, "config");
    return out;
}

void tidy_graph(Json& graph) {
    if (const auto nodes = graph.find("nodes"); nodes != graph.end() && nodes->is_array())
        for (auto& node : *nodes) node = tidy_node(node);
    if (const auto edges = graph.find("edges"); edges != graph.end() && edges->is_array())
        for (auto& edge : *edges) edge = tidy_edge(edge);
    drop_empty(graph, "edges");
}

}  // namespace

Json canonical_document(const Json& document) {
    if (!document.is_object()) return document;
    Json out = ordered(document, document_order);
    drop(out, "project", "default");
    drop(out, "description", "");
    drop_empty(out, "input_schema");
    drop_empty(out, "vars");
    if (const auto settings = out.find("settings"); settings != out.end() && settings->is_object()) {
        *settings = ordered(*settings, settings_order);
        drop(*settings, "durability", "strict");
        drop(*settings, "priority", 3);
        drop(*settings, "record", true);
    }
    drop_empty(out, "settings");
    drop_empty(out, "ui");
    tidy_graph(out);
    return out;
}

}  // namespace sluice::flows
