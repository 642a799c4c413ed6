#pragma once
// The SQL of saved views.

#include "sluice/identity/saved_views.hpp"
#include "sluice/storage/storage.hpp"

namespace sluice::identity::store {

Awaitable<Result<std::vector<SavedView>>> list_views(storage::Storage& storage, WorkspaceId workspace, std::string owner, std::string page);
Awaitable<Result<std::optional<SavedView>>> find_view(storage::Storage& storage, WorkspaceId workspace, SavedViewId id);
/// The unit fails with conflict when the owner has one of that name on the page, or too many.
void insert_view(storage::WriteUnit& unit, const SavedView& view);
/// Fails with precondition_failed when its revision is no longer the one before `view`'s.
void update_view(storage::WriteUnit& unit, const SavedView& view);
void delete_view(storage::WriteUnit& unit, const SavedView& view);
/// Those that nobody else sees, of somebody who leaves.
void delete_private_views(storage::WriteUnit& unit, WorkspaceId workspace, const std::string& owner);

}  // namespace sluice::identity::store
