#pragma once
/// Which names an expression of a flow may use: decided when the flow is published, so that a run never meets them.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "flows/graph_shape.hpp"
#include "flows/mistakes.hpp"
#include "sluice/base/json.hpp"

namespace sluice::flows {

/// The names of one graph, the top level or a body.
struct GraphNames {
    std::map<std::string, std::uint32_t, std::less<>> index;  ///< the first node of each id
    const GraphShape* shape = nullptr;
};

/// Where an expression stands.
struct Place {
    const GraphNames* graph = nullptr;
    std::optional<std::uint32_t> node;  ///< whose ancestors are in scope; none: every node of the graph (an output)
    bool with_itself = false;           ///< the node's own output as well (the condition of an edge from it)
    bool error = false;                 ///< behind or on an error edge
    bool item = false;                  ///< in the body of a map
    const Place* outer = nullptr;       ///< of the container around this graph
    std::string_view owner;             ///< "node \"a\"", for messages
};

/// One name that an expression uses.
struct Use {
    std::string root, member;  ///< nodes.classify: "nodes", "classify"; member is empty when it is computed
};

/// Judges the uses of one expression at a place; mistakes go to `pointer`.
class ScopeCheck {
  public:
    /// `containers`: every node id of the flow with the id of the container it is in ("" at the top).
    ScopeCheck(Mistakes& mistakes, const std::map<std::string, std::string, std::less<>>& containers, const Json& vars)
        : mistakes_(mistakes), containers_(containers), vars_(vars) {}

    void check(const Use& use, const Place& place, const std::vector<std::string>& extra_names, const std::string& pointer);

  private:
    void check_node(const std::string& id, const Place& place, const std::string& pointer);
    void check_root(const Use& use, const Place& place, const std::vector<std::string>& extra_names, const std::string& pointer);

    Mistakes& mistakes_;
    const std::map<std::string, std::string, std::less<>>& containers_;
    const Json& vars_;
};

}  // namespace sluice::flows
