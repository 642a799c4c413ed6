#pragma once
// The service's state, shared by its calls. Thread: loop.

#include "engine/dead_letters_store.hpp"
#include "sluice/runtime/loop.hpp"

namespace sluice::engine {

struct DeadLetters::State {
    State(runtime::Loop& the_loop, storage::Storage& the_storage, Engine& the_engine, std::string cursor_key)
        : loop(the_loop), storage(the_storage), engine(the_engine), cursors(std::move(cursor_key)) {}

    Awaitable<Result<DeadLetter>> get(WorkspaceId workspace, DeadLetterId id);
    Awaitable<Result<RunId>> redrive(WorkspaceId workspace, DeadLetter letter, Redrive how);

    runtime::Loop& loop;
    storage::Storage& storage;
    Engine& engine;
    events::Cursors cursors;
};

}  // namespace sluice::engine
