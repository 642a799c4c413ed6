#pragma once
// SQL of the overview: bounded counts.

#include "sluice/engine/overview.hpp"
#include "sluice/storage/storage.hpp"

namespace sluice::engine::store {

/// All of an overview but the histogram and what is in memory.
struct OverviewRows {
    RunHistogram::Counts now{};
    std::vector<FailingFlow> failing;
    std::int64_t open_letters = 0, unknown_steps = 0;
};
/// `running`: how many hold a slot, as memory knows it; counted in rows for a caller who sees a part.
Awaitable<Result<OverviewRows>> overview_rows(storage::Storage& storage, WorkspaceId workspace, OverviewQuery query, std::int64_t running);

}  // namespace sluice::engine::store
