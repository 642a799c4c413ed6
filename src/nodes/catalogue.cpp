#include "nodes/node_parts.hpp"
#include "sluice/nodes/nodes.hpp"

namespace sluice::nodes {

#define SLUICE_NODE(name) flows::NodeType make_##name(const Services&);
#include "nodes/nodes.def"
#undef SLUICE_NODE

void add_node_types(flows::NodeTypes& types, const Services& services) {
#define SLUICE_NODE(name) types.add(make_##name(services));
#include "nodes/nodes.def"
#undef SLUICE_NODE
}

}  // namespace sluice::nodes
