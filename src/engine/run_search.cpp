// Lists of runs and their histogram.

#include "engine/engine_state.hpp"
#include "engine/id_range.hpp"
#include "engine/run_search_store.hpp"

namespace sluice::engine {

namespace {

/// Everything that a filter asks for, so that a cursor goes on with the same list alone.
std::string name_of(const RunFilter& filter) {
    std::string statuses;
    for (const RunStatus status : filter.statuses) statuses += fmt::format("{},", to_string(status));
    const auto time = [](std::optional<Time> at) { return at ? base::to_us(*at) : -1; };
    return fmt::format("runs|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}", statuses, filter.flow ? filter.flow->str() : "", filter.flow_name,
                       filter.version.value_or(0), filter.trigger, filter.parent ? filter.parent->str() : "", time(filter.from), time(filter.to),
                       filter.text, filter.project + filter.seen.text(), filter.data.text());
}

}  // namespace

Awaitable<Result<RunList>> Engine::list(WorkspaceId workspace, RunFilter filter, int limit, std::string cursor) {
    const std::string name = name_of(filter);
    auto position = state_->cursors.read(workspace, name, cursor);
    if (!position) co_return fail(std::move(position.error()));
    auto found = co_await store::search_runs(state_->storage, workspace, std::move(filter), RunId::from_raw(*position), limit);
    if (!found) co_return fail(std::move(found.error()));
    RunList list;
    list.items = std::move(found->items);
    if (!found->more) co_return list;
    const RunId last = found->stopped_at ? *found->stopped_at : list.items.back().id;
    list.next_cursor = state_->cursors.make(workspace, name, last.raw());
    if (found->stopped_at) list.searched_to = time_of_id(last);
    co_return list;
}

Awaitable<Result<RunHistogram>> Engine::histogram(WorkspaceId workspace, RunFilter filter, HistogramQuery query) {
    if (query.from >= query.to) co_return fail(ErrorCode::invalid_argument, "the histogram's from must be before its to");
    if (query.buckets < 1 || query.buckets > HistogramQuery::most_buckets)
        co_return fail(ErrorCode::invalid_argument, "a histogram has 1 to {} buckets", HistogramQuery::most_buckets);
    co_return co_await store::count_runs(state_->storage, workspace, std::move(filter), query);
}

}  // namespace sluice::engine
