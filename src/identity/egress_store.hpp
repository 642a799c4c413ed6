#pragma once
// All SQL of the workspaces' rules of egress.

#include <utility>
#include <vector>

#include "sluice/identity/egress_rules.hpp"
#include "sluice/storage/storage.hpp"

namespace sluice::identity::store {

Awaitable<Result<std::vector<std::pair<WorkspaceId, EgressRuleSet>>>> load_egress(storage::Storage& storage);
void put_egress(storage::WriteUnit& unit, const WorkspaceId& workspace, const EgressRuleSet& rules);

}  // namespace sluice::identity::store
