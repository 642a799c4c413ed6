#pragma once
// All SQL of the executor: ops of the journal, reads of runs.

#include <optional>
#include <string>
#include <vector>

#include "sluice/engine/engine.hpp"
#include "sluice/storage/storage.hpp"

namespace sluice::engine::store {

using BootId = Id<ids::Boot>;

/// A run that had not ended when its process did.
struct OpenJob {
    WorkspaceId workspace;
    RunId run;
};

/// A journal row; `value` is empty when it is in the blob.
struct StoredRecord {
    std::int64_t seq = 0;
    Record record;
    std::string kind;
    std::string value_blob;
    std::int64_t value_bytes = 0;
};

void append_run(storage::WriteUnit& unit, const Run& run, BootId worker);
/// A run that started and ended in one unit: its final row, and no job.
void append_whole_run(storage::WriteUnit& unit, const Run& run);
/// `blob`: the hash of the value where it is too large for the row.
void append_record(storage::WriteUnit& unit, WorkspaceId workspace, RunId run, std::int64_t seq, const Record& record,
                   const std::string& blob);
void append_status(storage::WriteUnit& unit, WorkspaceId workspace, RunId run, RunStatus status);
/// Ends the run and gives its job up; the unit fails with `gone` when another process holds the job.
void append_end(storage::WriteUnit& unit, const Run& run, BootId worker);

Awaitable<Result<std::vector<OpenJob>>> take_over_jobs(storage::Storage& storage, BootId worker);
Awaitable<Result<std::optional<Run>>> find_run(storage::Storage& storage, WorkspaceId workspace, RunId id);
/// Newest first, below `before` (nil: from the newest).
Awaitable<Result<std::vector<Run>>> list_runs(storage::Storage& storage, WorkspaceId workspace, RunFilter filter,
                                              RunId before, int limit);
/// With `values` false, values stay in the database (only their sizes are given).
Awaitable<Result<std::vector<StoredRecord>>> records(storage::Storage& storage, WorkspaceId workspace, RunId run,
                                                     std::int64_t after_seq, int limit, std::int64_t max_value_bytes);
/// The newest record of a step that holds its value.
Awaitable<Result<std::optional<StoredRecord>>> step_end(storage::Storage& storage, WorkspaceId workspace, RunId run,
                                                        std::string path);
Awaitable<Result<std::optional<StoredRecord>>> last_record(storage::Storage& storage, WorkspaceId workspace, RunId run);

}  // namespace sluice::engine::store
