#pragma once
// SQL of what a queue's page shows.

#include "sluice/engine/engine.hpp"
#include "sluice/storage/storage.hpp"

namespace sluice::engine::store {

using BootId = Id<ids::Boot>;

struct FoundJobs {
    std::vector<Job> items;
    std::optional<RunId> last;       ///< the list goes on above it
    std::optional<JobPage::Lease> lease;
};

/// Above `after`, the oldest first. `worker`: the process that asks.
Awaitable<Result<FoundJobs>> list_jobs(storage::Storage& storage, WorkspaceId workspace, std::string state, RunId after, int limit, BootId worker);

}  // namespace sluice::engine::store
