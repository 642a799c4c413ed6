#pragma once
/// The compiler behind `compile_flow`: reads a document graph by graph, notes every mistake with its pointer, and builds
/// the compiled form beside it.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "flows/config_schema.hpp"
#include "flows/graph_shape.hpp"
#include "flows/mistakes.hpp"
#include "flows/scope_check.hpp"
#include "sluice/flows/graph.hpp"

namespace sluice::flows {

/// Bounds of a document (docs/flows.md names them).
inline constexpr std::size_t most_nodes = 10'000;
inline constexpr std::size_t most_edges = 50'000;
inline constexpr int deepest_container = 8;
inline constexpr std::size_t most_ui_bytes = 256 << 10;

class Compiler {
  public:
    Compiler(const NodeTypes& types, Strictness strictness);
    ValidationResult compile(const Json& document);

  private:
    /// A graph while it is read: the compiled parts and where they stand in the document.
    struct Draft {
        CompiledGraph* graph = nullptr;
        std::string pointer;                   ///< of the object with "nodes" and "edges"
        const Json* nodes = nullptr;
        const Json* edges = nullptr;
        std::vector<std::size_t> edge_at;      ///< document position of each compiled edge
        std::vector<bool> edge_open;           ///< false: it can never be taken
        std::vector<bool> has_error_edge;      ///< per node: an error or rollback edge leads to it
        std::vector<ShapeEdge> rollbacks;
        GraphNames names;
    };

    // compile_flow.cpp: the document around the graph
    void read_header(const Json& document, CompiledFlow& flow);
    void read_settings(const Json& document, FlowSettings& settings);
    void read_concurrency(const Json& json, FlowSettings& settings);
    void collect_ids(const Json& graph, const std::string& pointer, const std::string& container, int depth);

    // compile_graph.cpp
    void read_graph(const Json& object, const std::string& pointer, CompiledGraph& graph, const Place* outer, int depth);
    void read_edges(Draft& draft);
    bool read_edge(Draft& draft, std::size_t position, CompiledEdge& edge);
    void read_rollback(Draft& draft, const std::string& pointer, const CompiledEdge& edge);
    void check_errors_routed(const Draft& draft);
    void check_port(const Draft& draft, const std::string& pointer, CompiledEdge& edge, bool& open);
    void find_endpoints(Draft& draft, const std::string& pointer, const Json& json, CompiledEdge& edge, bool& usable);
    void shape_graph(Draft& draft, const GraphShape& shape);
    void check_reachable(const Draft& draft);
    void compile_conditions(Draft& draft, const Place* outer, bool item);
    // value_uses.cpp
    static void note_uses(CompiledGraph& graph, const Place* outer);

    // compile_node.cpp
    void read_node(const Json& json, const std::string& pointer, CompiledNode& node);
    void read_retry(const Json& json, const std::string& pointer, RetryPolicy& retry);
    void compile_retry(const Json& json, const std::string& pointer, CompiledNode& node, const Place& place);
    void read_join(const Json& json, const std::string& pointer, CompiledNode& node);
    void read_type(const Json& json, const std::string& pointer, CompiledNode& node);
    void check_node_config(const std::string& pointer, CompiledNode& node);
    void compile_config(const std::string& pointer, CompiledNode& node, const Place& place, int depth);
    bool check_secret(const cel::TemplateReference& reference, const std::vector<std::string>& places, const std::string& pointer,
                      CompiledNode& node);

    // expressions
    std::optional<cel::Program> compile_expression(const std::string& text, const std::string& pointer, const Place& place,
                                                   const std::vector<std::string>& extra_names);
    /// With a node, its config's: references to secrets are judged by `secret_places`.
    std::optional<cel::Template> compile_template(const Json& value, const std::vector<std::string>& verbatim,
                                                  const std::string& pointer, const Place& place, CompiledNode* node = nullptr,
                                                  const std::vector<std::string>& secret_places = {});

    /// A mistake that a stored version must live with: refused when publishing, a warning afterwards.
    template <class... Args>
    void tolerable(std::string pointer, fmt::format_string<Args...> format, Args&&... args) {
        if (strictness_ == Strictness::publish) mistakes_.error(std::move(pointer), format, std::forward<Args>(args)...);
        else mistakes_.warning(std::move(pointer), format, std::forward<Args>(args)...);
    }

    const NodeTypes& types_;
    const Strictness strictness_;
    Mistakes mistakes_;
    std::map<std::string, std::string, std::less<>> containers_;  ///< every node id → its container's id
    std::map<std::string, std::string, std::less<>> first_seen_;  ///< every node id → pointer of the first node
    std::size_t node_count_ = 0, edge_count_ = 0;
    Json vars_ = Json::object();
    ScopeCheck scope_;
    Durability durability_ = Durability::strict;
    bool pure_ = true;
    std::vector<vault::PlannedUse> secret_uses_;
};

}  // namespace sluice::flows
