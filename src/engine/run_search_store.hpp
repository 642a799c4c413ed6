#pragma once
// SQL of searches over runs, newest first and bounded.

#include <optional>
#include <vector>

#include "sluice/engine/engine.hpp"
#include "sluice/storage/storage.hpp"

namespace sluice::engine::store {

/// What a search found before its bound.
struct FoundRuns {
    std::vector<Run> items;          ///< newest first, at most the limit
    bool more = false;               ///< there are further ones, below the last item or `stopped_at`
    std::optional<RunId> stopped_at; ///< it ended here, before the limit was reached
};

/// Below `before` (nil: from the newest), at most `limit`.
Awaitable<Result<FoundRuns>> search_runs(storage::Storage& storage, WorkspaceId workspace, RunFilter filter, RunId before, int limit);

/// `query` has been judged.
Awaitable<Result<RunHistogram>> count_runs(storage::Storage& storage, WorkspaceId workspace, RunFilter filter, HistogramQuery query);

/// The ids that begin with the text of one ("run_01kb…"); nothing when no id can.
struct IdSpan { RunId first, last; };
std::optional<IdSpan> ids_beginning(std::string_view text);

}  // namespace sluice::engine::store
