#pragma once
// All SQL of the outbox.

#include <cstdint>
#include <optional>
#include <vector>

#include "sluice/events/events.hpp"
#include "sluice/storage/storage.hpp"

namespace sluice::events::store {

/// Ascending, numbers above `after`.
Awaitable<Result<std::vector<Event>>> read_after(storage::Storage& storage, WorkspaceId workspace,
                                                 std::int64_t after, int limit);
/// Descending, numbers below `before`.
Awaitable<Result<std::vector<Event>>> read_before(storage::Storage& storage, WorkspaceId workspace,
                                                  std::int64_t before, int limit);
Awaitable<Result<std::optional<Event>>> find(storage::Storage& storage, WorkspaceId workspace,
                                             std::int64_t number);
/// The newest number; 0 when there is none.
Awaitable<Result<std::int64_t>> newest(storage::Storage& storage, WorkspaceId workspace);
/// The first workspace with events after `after` in the order of ids.
Awaitable<Result<std::optional<WorkspaceId>>> next_workspace(storage::Storage& storage,
                                                             WorkspaceId after);
/// Deletes what is older than `before` among the oldest `batch` events, never the newest one; how
/// many.
Awaitable<Result<std::int64_t>> trim(storage::Storage& storage, WorkspaceId workspace, Time before,
                                     int batch);

}  // namespace sluice::events::store
