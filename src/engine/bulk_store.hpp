#pragma once
// SQL of bulk actions: their rows, those of the objects that they dealt with, and the selection of runs.

#include <optional>
#include <string>
#include <vector>

#include "sluice/engine/bulk_actions.hpp"
#include "sluice/storage/storage.hpp"

namespace sluice::engine::store {

void append_bulk(storage::WriteUnit& unit, const BulkAction& action);
/// Progress or end; the unit fails with conflict when the action is no longer running.
void append_bulk_progress(storage::WriteUnit& unit, const BulkAction& action);
/// How many objects were dealt with, and which was the last, whatever the action's state.
void append_bulk_counts(storage::WriteUnit& unit, const BulkAction& action);
/// What became of an object. Never fails its unit: an object that stands there already stays as it is.
void append_bulk_item(storage::WriteUnit& unit, WorkspaceId workspace, BulkActionId action, const BulkItem& item);

Awaitable<Result<std::vector<BulkAction>>> running_bulk_actions(storage::Storage& storage);
Awaitable<Result<std::optional<BulkAction>>> find_bulk(storage::Storage& storage, WorkspaceId workspace, BulkActionId id);
/// Newest first below `before` (nil: from the newest).
Awaitable<Result<std::vector<BulkAction>>> list_bulk(storage::Storage& storage, WorkspaceId workspace, BulkActionId before, int limit);
/// By object after `after`.
Awaitable<Result<std::vector<BulkItem>>> list_bulk_items(storage::Storage& storage, WorkspaceId workspace, BulkActionId action,
                                                         bool only_failed, BulkObjectId after, int limit);
/// Removes a part of the oldest action that ended before `before`: 0 when there is none, 1 when more of it is left, 2 when it is gone.
Awaitable<Result<int>> remove_ended_bulk(storage::Storage& storage, Time before);

/// The runs of a selection, the oldest first, after `after` up to `until`; of ended ones those that ended by `ended_by`.
Awaitable<Result<std::vector<RunId>>> select_runs(storage::Storage& storage, WorkspaceId workspace, RunSelection selection,
                                                  RunId after, RunId until, Time ended_by, int limit);
struct SelectedRuns {
    std::int64_t count = 0;
    RunId newest;
};
Awaitable<Result<SelectedRuns>> count_selected_runs(storage::Storage& storage, WorkspaceId workspace, RunSelection selection, Time ended_by);

}  // namespace sluice::engine::store
