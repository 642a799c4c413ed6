#include "engine/queue_jobs_store.hpp"

#include "sluice/storage/tx.hpp"

namespace sluice::engine::store {

namespace {

using storage::Query;
using storage::ReadTx;
using storage::Row;
using storage::to_value;

/// Jobs that one page looks at: a workspace may have hundreds of thousands that wait.
constexpr std::int64_t most_jobs = 20'000;

const Query select_page{"engine.list_jobs", R"sql(
    SELECT j.run_id, j.state, j.priority, j.created_at_us, j.ready_at_us, j.wake_at_us, j.limit_runs, j.limit_key, j.worker,
        r.flow_id, r.flow_name, r.project, r.status, r.started_at_us, r.attempts
    FROM job j JOIN run r ON r.workspace_id = j.workspace_id AND r.id = j.run_id
    WHERE j.workspace_id = ?1 AND j.run_id > ?2 ORDER BY j.run_id LIMIT ?3)sql"};

// One row: only one process takes up runs.
const Query select_lease{"engine.select_lease", "SELECT worker, started_at_us, heartbeat_at_us FROM lease", Query::Note::instance_scan};

Job read_job(const Row& row, BootId worker) {
    Job job;
    job.run = row.id<RunId>(0);
    job.state = row.str(1);
    job.priority = static_cast<int>(row.integer(2));
    job.created_at = row.time(3);
    job.ready_at = std::max(row.time(4), job.created_at);
    job.wake_at = row.optional_time(5);
    job.limit_runs = row.integer(6);
    job.limit_key = row.str(7);
    job.held_here = job.state == "running" && row.bytes(8) == worker.raw();
    job.flow = row.id<FlowId>(9);
    job.flow_name = row.str(10);
    job.project = row.str(11);
    job.run_status = row.str(12);
    job.started_at = row.optional_time(13);
    job.attempts = static_cast<int>(row.integer(14));
    return job;
}

}  // namespace

Awaitable<Result<FoundJobs>> list_jobs(storage::Storage& storage, WorkspaceId workspace, std::string state, RunId after, int limit, BootId worker) {
    auto job = [=](ReadTx& tx) -> Result<FoundJobs> {
        FoundJobs found;
        std::int64_t looked_at = 0;
        auto done = tx.each(select_page, {to_value(workspace), to_value(after), to_value(most_jobs)}, [&](const Row& row) {
            if (found.items.size() == static_cast<std::size_t>(limit)) {
                found.last = found.items.back().run;
                return false;
            }
            if (state.empty() || row.text(1) == state) found.items.push_back(read_job(row, worker));
            if (++looked_at == most_jobs) found.last = row.id<RunId>(0);
            return true;
        });
        if (!done) return fail(std::move(done.error()));
        auto lease = tx.find<JobPage::Lease>(select_lease, {}, [](const Row& row) {
            return JobPage::Lease{row.id<BootId>(0).str(), row.time(1), row.time(2)};
        });
        if (!lease) return fail(std::move(lease.error()));
        found.lease = std::move(*lease);
        return found;
    };
    co_return co_await storage.read(std::move(job));
}

}  // namespace sluice::engine::store
