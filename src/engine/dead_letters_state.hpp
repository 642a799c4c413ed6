#pragma once
// The service's state: shared by its calls and by the bulk actions under way. Thread: loop.

#include <map>

#include "engine/dead_letters_store.hpp"
#include "sluice/runtime/loop.hpp"
#include "sluice/runtime/task_group.hpp"

namespace sluice::engine {

struct DeadLetters::State : std::enable_shared_from_this<DeadLetters::State> {
    State(runtime::Loop& the_loop, storage::Storage& the_storage, Engine& the_engine, base::Random& the_random, std::string cursor_key)
        : loop(the_loop), storage(the_storage), engine(the_engine), random(the_random), cursors(std::move(cursor_key)), tasks(the_loop) {}

    Awaitable<Result<DeadLetter>> get(WorkspaceId workspace, DeadLetterId id);
    Awaitable<Result<RunId>> redrive(WorkspaceId workspace, DeadLetter letter, Redrive how);
    void begin(BulkAction action);
    static Awaitable<void> run_bulk(std::shared_ptr<State> self, BulkAction action);
    /// One letter, or the wait for a canary. False: the action is over.
    Awaitable<Result<bool>> advance(BulkAction& action, bool& after_restart);
    Awaitable<Result<bool>> await_canary(BulkAction& action);
    Awaitable<Result<void>> save(BulkAction action);

    runtime::Loop& loop;
    storage::Storage& storage;
    Engine& engine;
    base::Random& random;
    events::Cursors cursors;
    runtime::TaskGroup tasks;
};

}  // namespace sluice::engine
