// How the runs of a workspace stand and went.

#include "sluice/engine/overview.hpp"

#include "engine/engine_state.hpp"
#include "engine/overview_store.hpp"

namespace sluice::engine {

Awaitable<Result<RunOverview>> Engine::overview(WorkspaceId workspace, OverviewQuery query) {
    RunFilter filter;
    filter.from = query.from;
    filter.to = query.to;
    filter.seen = query.seen;
    const HistogramQuery span{query.from, query.to, query.buckets};
    RunOverview out;
    auto runs = co_await histogram(workspace, std::move(filter), span);
    if (!runs) co_return fail(std::move(runs.error()));
    out.runs = std::move(*runs);
    const bool whole = query.seen.all();
    const auto running = static_cast<std::int64_t>(queue(workspace).running);
    auto rows = co_await store::overview_rows(state_->storage, workspace, std::move(query), running);
    if (!rows) co_return fail(std::move(rows.error()));
    out.now = rows->now;
    out.failing = std::move(rows->failing);
    out.open_letters = rows->open_letters;
    out.unknown_steps = rows->unknown_steps;
    if (whole) out.steps = state_->step_times.read(workspace, out.runs.from, out.runs.width, out.runs.buckets.size());
    out.steps_from = std::max(state_->step_times.from(), out.runs.from);
    co_return out;
}

}  // namespace sluice::engine
