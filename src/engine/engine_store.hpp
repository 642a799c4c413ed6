#pragma once
// All SQL of the executor: ops of the journal, reads of runs.

#include <optional>
#include <string>
#include <vector>

#include "sluice/engine/engine.hpp"
#include "sluice/storage/storage.hpp"
#include "sluice/storage/value.hpp"

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

/// What an entry takes, roughly, with what belongs to its row.
inline std::int64_t stored_size(const Record& record) {
    return static_cast<std::int64_t>(record.value_bytes() + record.data.size() + record.path.size() + 96);
}

void append_run(storage::WriteUnit& unit, const Run& run);
/// A run that started and ended in one unit: its final row, and no job.
void append_whole_run(storage::WriteUnit& unit, const Run& run);
/// The value of a record with a blob is only there. With `fence` the unit fails with `gone` unless the run's
/// job is that process's.
void append_record(storage::WriteUnit& unit, WorkspaceId workspace, RunId run, std::int64_t seq, const Record& record,
                   BootId fence = {});
/// Lets go of what the steps of a run gave; its input, its output and the sizes stay.
void append_forget_outputs(storage::WriteUnit& unit, WorkspaceId workspace, RunId run);
/// A run that had ended goes on: its row as running (its job: append_job). Fails with conflict when it has not ended (any more).
void append_reopened(storage::WriteUnit& unit, const Run& run);
/// A failed run's call of another flow: with its end; taken back with the start of the called run.
void append_error_call(storage::WriteUnit& unit, WorkspaceId workspace, RunId run, const std::string& flow);
void append_error_call_done(storage::WriteUnit& unit, WorkspaceId workspace, RunId run);
struct ErrorCall { WorkspaceId workspace; RunId run; std::string flow; };
/// The calls that a former process left.
Awaitable<Result<std::vector<ErrorCall>>> error_calls(storage::Storage& storage);
/// The run's status, and its totals until now: a run that waits is shown by them.
void append_status(storage::WriteUnit& unit, const Run& run);
/// Ends the run and gives its job up; the unit fails with `gone` when another process holds the job.
void append_end(storage::WriteUnit& unit, const Run& run, BootId worker);

/// Of the table run, as `read_run` takes them.
#define SLUICE_RUN_COLUMNS                                                                                          \
    "id, workspace_id, flow_id, flow_version, flow_name, project, trigger, status, created_at_us, started_at_us, " \
    "finished_at_us, error, steps, input_tokens, output_tokens, cost_nano_usd, simulated, parent_run_id, depth, retries, stored_bytes, attempts, " \
    "started_by_kind, started_by"
Run read_run(const storage::Row& row);

Awaitable<Result<std::optional<Run>>> find_run(storage::Storage& storage, WorkspaceId workspace, RunId id);
/// With `values` false, values stay in the database (only their sizes are given).
Awaitable<Result<std::vector<StoredRecord>>> records(storage::Storage& storage, WorkspaceId workspace, RunId run,
                                                     std::int64_t after_seq, int limit, std::int64_t max_value_bytes);
/// The newest record of a step that holds its value.
Awaitable<Result<std::optional<StoredRecord>>> step_end(storage::Storage& storage, WorkspaceId workspace, RunId run,
                                                        std::string path);
Awaitable<Result<std::optional<StoredRecord>>> last_record(storage::Storage& storage, WorkspaceId workspace, RunId run);

}  // namespace sluice::engine::store
