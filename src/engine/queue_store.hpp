#pragma once
// SQL of the job table, of the queues' switches and of the process's lease.

#include <optional>
#include <vector>

#include "engine/engine_store.hpp"
#include "engine/run_queue.hpp"

namespace sluice::engine::store {

enum class JobState : std::uint8_t { queued, running, waiting };

/// A run that had not ended when its process did: under way or queued.
struct StoredJob {
    QueueEntry entry;
    JobState state = JobState::running;
    std::optional<Time> wake_at;
};

/// A run that waited for a timer (or something else) when its process ended.
struct WaitingJob {
    WorkspaceId workspace;
    RunId run;
    std::optional<Time> wake_at;
};

struct StoredQueue {
    WorkspaceId workspace;
    bool paused = false, draining = false;
    std::size_t weight = 1;
};

/// What the start of a process finds.
struct OpenJobs {
    std::vector<StoredJob> jobs;         ///< by number; those under way are this process's now
    std::vector<WaitingJob> waiting;
    std::vector<StoredQueue> queues;
};

void append_job(storage::WriteUnit& unit, const QueueEntry& entry, JobState state, std::optional<Time> wake_at, BootId worker,
                Time created_at);
/// Sets where the run stands and takes it over, unless another process has it under way: then the unit fails with `gone`.
void append_job_state(storage::WriteUnit& unit, WorkspaceId workspace, RunId run, JobState state, std::optional<Time> wake_at,
                      BootId worker);
/// A queued run starts: its row as running. Fails with `gone` when it is not queued.
void append_begin(storage::WriteUnit& unit, const Run& run);
/// The switches alone; the weight stays.
void append_queue(storage::WriteUnit& unit, const StoredQueue& queue, Time at, const std::string& by);
/// The weight alone.
void append_queue_weight(storage::WriteUnit& unit, WorkspaceId workspace, std::size_t weight, Time at, const std::string& by);
void append_heartbeat(storage::WriteUnit& unit, BootId worker, Time at);

/// Takes the lease and the jobs under way over.
Awaitable<Result<OpenJobs>> open_jobs(storage::Storage& storage, BootId worker, Time now);
/// The entries of these runs; those that have ended are left out.
Awaitable<Result<std::vector<StoredJob>>> find_jobs(storage::Storage& storage,
                                                    std::vector<std::pair<WorkspaceId, RunId>> runs);
/// The sub-runs of a run that have not ended.
Awaitable<Result<std::vector<RunId>>> open_sub_runs(storage::Storage& storage, WorkspaceId workspace, RunId parent);

}  // namespace sluice::engine::store
