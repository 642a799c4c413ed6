#pragma once
/// The catalogue of node types, one file each in src/nodes; `nodes.def` lists them. A node type is
/// a value (see flows/node_type.hpp): its schema drives validation, the dashboard's form and
/// docs/nodes.md alike.

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "sluice/base/id.hpp"
#include "sluice/flows/node_type.hpp"

namespace sluice::net {
class Client;
}
namespace sluice::llm {
class Models;
}
namespace sluice::artifacts {
class Artifacts;
}
namespace sluice::engine {
class Engine;
}
namespace sluice::runtime {
class Loop;
class Pool;
}  // namespace sluice::runtime

namespace sluice::nodes {

/// What node types work with; everything outlives the `NodeTypes` they are added to. A null service
/// makes the types that need it fail their step with `unavailable`, so that the table can be listed
/// and documented without any.
struct Services {
    runtime::Loop* loop = nullptr;
    net::Client* client = nullptr;
    llm::Models* models = nullptr;
    artifacts::Artifacts* artifacts = nullptr;
    runtime::Pool* files = nullptr;                 ///< for files and heavy work; null: on the loop
    std::filesystem::path data_directory;           ///< empty: only `file_roots`
    std::vector<std::filesystem::path> file_roots;  ///< files.roots, absolute
    /// The folder's name of a workspace below DIR/files; null: its id.
    std::function<std::string(WorkspaceId)> workspace_folder;
    /// The executor, which is made after the types: for nodes that start runs. Null: none.
    std::function<engine::Engine*()> engine;
};

/// Adds every node type. Throws std::logic_error when one is malformed. Before the server starts.
void add_node_types(flows::NodeTypes& types, const Services& services);

/// docs/nodes.md: the reference of all types in `types`.
std::string node_reference(const flows::NodeTypes& types);

}  // namespace sluice::nodes
