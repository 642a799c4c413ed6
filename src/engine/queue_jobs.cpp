// What a queue's page shows of its jobs.

#include "engine/engine_state.hpp"
#include "engine/queue_jobs_store.hpp"

namespace sluice::engine {

Awaitable<Result<JobPage>> Engine::jobs(WorkspaceId workspace, JobQuery query) {
    const std::string name = "jobs|" + query.state;
    auto position = state_->cursors.read(workspace, name, query.cursor);
    if (!position) co_return fail(std::move(position.error()));
    auto found = co_await store::list_jobs(state_->storage, workspace, std::move(query.state), RunId::from_raw(*position), query.limit, state_->boot);
    if (!found) co_return fail(std::move(found.error()));
    JobPage page;
    page.items = std::move(found->items);
    page.lease = std::move(found->lease);
    if (found->last) page.next_cursor = state_->cursors.make(workspace, name, found->last->raw());
    co_return page;
}

}  // namespace sluice::engine
