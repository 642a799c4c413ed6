#pragma once
// The service's state: shared by its calls and by the actions under way. Thread: loop.

#include "engine/bulk_store.hpp"
#include "sluice/runtime/loop.hpp"
#include "sluice/runtime/sync.hpp"
#include "sluice/runtime/task_group.hpp"

namespace sluice::engine {

/// What a filter names at the moment.
struct BulkCount {
    std::int64_t count = 0;
    BulkObjectId newest;
};

struct BulkActions::State : std::enable_shared_from_this<BulkActions::State> {
    State(runtime::Loop& the_loop, storage::Storage& the_storage, Engine& the_engine, DeadLetters& the_letters, base::Random& the_random,
          std::string cursor_key)
        : loop(the_loop), storage(the_storage), engine(the_engine), letters(the_letters), random(the_random),
          cursors(std::move(cursor_key)), ended(the_loop), tasks(the_loop) {}

    void spawn(BulkAction action);
    static Awaitable<void> run(std::shared_ptr<State> self, BulkAction action);
    /// One object, or the wait for a canary. False: the action is over.
    Awaitable<Result<bool>> advance(BulkAction& action, bool& after_restart);
    Awaitable<Result<bool>> await_canary(BulkAction& action);
    Awaitable<Result<void>> save(BulkAction action, std::optional<BulkItem> refused = std::nullopt);

    // bulk_kinds.cpp: what differs between kinds.
    Awaitable<Result<BulkCount>> count(WorkspaceId workspace, BulkKind kind, Json filter, Time now);
    Awaitable<Result<std::vector<BulkObjectId>>> next(const BulkAction& action, BulkObjectId after, int limit);
    /// Does it to one object; the object's row commits with it. Gives the run that it concerns.
    Awaitable<Result<RunId>> act(const BulkAction& action, BulkObjectId object);

    runtime::Loop& loop;
    storage::Storage& storage;
    Engine& engine;
    DeadLetters& letters;
    base::Random& random;
    events::Cursors cursors;
    runtime::Signal ended;   ///< an action has ended, or the process stops
    bool stopping = false;
    runtime::TaskGroup tasks;
};

/// How the action's options are stored, and read again.
Json to_json(const BulkHow& how);
BulkHow bulk_how_from(const Json& options);
/// The object's id as people see it.
std::string object_text(BulkKind kind, BulkObjectId object);

}  // namespace sluice::engine
