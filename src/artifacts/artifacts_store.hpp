#pragma once
// All SQL of artifacts.

#include <optional>
#include <vector>

#include "sluice/artifacts/artifacts.hpp"
#include "sluice/storage/storage.hpp"

namespace sluice::artifacts::store {

void insert(storage::WriteUnit& unit, const Artifact& artifact);
/// Fails its unit with not_found when there is no such artifact.
void remove(storage::WriteUnit& unit, WorkspaceId workspace, ArtifactId id);
Awaitable<Result<std::optional<Artifact>>> find(storage::Storage& storage, WorkspaceId workspace,
                                                ArtifactId id);
/// Ids below `before` (all when there is none), newest first.
Awaitable<Result<std::vector<Artifact>>> list(storage::Storage& storage, WorkspaceId workspace,
                                              ArtifactFilter filter,
                                              std::optional<ArtifactId> before, int limit);

}  // namespace sluice::artifacts::store
