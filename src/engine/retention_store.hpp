#pragma once
// SQL of retention: which ended runs may go, and their removal in small units.

#include <cstdint>
#include <vector>

#include "sluice/storage/storage.hpp"

namespace sluice::engine::store {

/// An ended run in the order in which runs ended; also the place where a search goes on.
struct EndedRunRow {
    WorkspaceId workspace;
    RunId run;
    Time ended{};
    std::int64_t stored_bytes = 0;
};

/// A removed run whose journal is still there from `first_seq` to `last_seq`; nothing is left when last_seq is 0.
struct Removal {
    WorkspaceId workspace;
    RunId run;
    std::int64_t first_seq = 0, last_seq = 0;
};

/// Runs without an own expiry that ended before the times given, the oldest first, after `after`. None of these lists
/// has a run with an open dead letter.
Awaitable<Result<std::vector<EndedRunRow>>> runs_ended_before(storage::Storage& storage, Time succeeded, Time failed,
                                                              EndedRunRow after, int limit);
/// Runs whose own expiry has come.
Awaitable<Result<std::vector<EndedRunRow>>> runs_expired(storage::Storage& storage, Time now, int limit);
/// Ended runs, the oldest first, after `after`.
Awaitable<Result<std::vector<EndedRunRow>>> runs_ended(storage::Storage& storage, EndedRunRow after, int limit);
Awaitable<Result<std::int64_t>> ended_runs_bytes(storage::Storage& storage);

/// Removes the rows of these runs and notes that their journals are to follow; how many. A run that is no longer ended
/// or has got an open dead letter stays.
Awaitable<Result<std::size_t>> remove_run_rows(storage::Storage& storage, std::vector<EndedRunRow> runs);
Awaitable<Result<std::vector<Removal>>> removals(storage::Storage& storage, int limit);
/// Deletes the journal up to `until_seq`.
void append_journal_removal(storage::WriteUnit& unit, const Removal& removal, std::int64_t until_seq);
/// After the last entry of the journal.
void append_removal_end(storage::WriteUnit& unit, const Removal& removal);

}  // namespace sluice::engine::store
