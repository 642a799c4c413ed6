#include "engine/queue_store.hpp"

#include "sluice/base/teeth.hpp"
#include "sluice/storage/tx.hpp"

namespace sluice::engine::store {

namespace {

using storage::Query;
using storage::ReadTx;
using storage::Row;

constexpr auto taken_over = "another process has taken this run over";

const Query insert_job{"engine.insert_job", R"sql(
    INSERT INTO job (workspace_id, run_id, worker, created_at_us, state, priority, number, ready_at_us, flow_id, limit_runs, limit_key,
        wake_at_us, inside)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13))sql"};

const Query update_job{"engine.update_job", R"sql(
    UPDATE job SET worker = ?3, state = ?4, wake_at_us = ?5
    WHERE workspace_id = ?1 AND run_id = ?2 AND (worker = ?3 OR state <> 'running'))sql"};

#ifdef SLUICE_TEETH
const Query update_job_unfenced{"engine.update_job_unfenced", R"sql(
    UPDATE job SET worker = ?3, state = ?4, wake_at_us = ?5 WHERE workspace_id = ?1 AND run_id = ?2)sql"};
#endif

const Query begin_run{"engine.begin_run", R"sql(
    UPDATE run SET status = ?3, started_at_us = ?4 WHERE workspace_id = ?1 AND id = ?2 AND status = 'queued')sql"};

const Query upsert_queue{"engine.upsert_queue", R"sql(
    INSERT INTO queue (workspace_id, name, paused, draining, changed_at_us, changed_by) VALUES (?1, 'default', ?2, ?3, ?4, ?5)
    ON CONFLICT (workspace_id, name) DO UPDATE SET paused = ?2, draining = ?3, changed_at_us = ?4, changed_by = ?5)sql"};
const Query upsert_weight{"engine.upsert_queue_weight", R"sql(
    INSERT INTO queue (workspace_id, name, paused, draining, weight, changed_at_us, changed_by) VALUES (?1, 'default', 0, 0, ?2, ?3, ?4)
    ON CONFLICT (workspace_id, name) DO UPDATE SET weight = ?2, changed_at_us = ?3, changed_by = ?4)sql"};

const Query beat{"engine.beat", R"sql(UPDATE lease SET heartbeat_at_us = ?2 WHERE worker = ?1)sql", Query::Note::instance_wide};
const Query drop_leases{"engine.drop_leases", R"sql(DELETE FROM lease WHERE worker <> ?1)sql", Query::Note::instance_scan};
const Query take_lease{"engine.take_lease", R"sql(
    INSERT INTO lease (worker, started_at_us, heartbeat_at_us) VALUES (?1, ?2, ?2))sql", Query::Note::instance_wide};

// At start, by the one process that holds the data directory.
const Query claim_jobs{"engine.claim_jobs", R"sql(
    UPDATE job SET worker = ?1 WHERE worker <> ?1 AND state = 'running')sql", Query::Note::instance_scan};

#define SLUICE_JOB_COLUMNS "workspace_id, run_id, state, priority, number, ready_at_us, flow_id, limit_runs, limit_key, wake_at_us, inside"

const Query select_jobs{"engine.select_jobs", "SELECT " SLUICE_JOB_COLUMNS R"sql( FROM job
    WHERE worker <> ?1 AND state <> 'waiting' ORDER BY number)sql", Query::Note::instance_scan};
const Query select_waiting{"engine.select_waiting", R"sql(
    SELECT workspace_id, run_id, wake_at_us FROM job WHERE worker <> ?1 AND state = 'waiting')sql", Query::Note::instance_scan};
const Query select_queues{"engine.select_queues", R"sql(
    SELECT workspace_id, paused, draining, weight FROM queue WHERE name = 'default')sql", Query::Note::instance_scan};

const Query select_job{"engine.select_job", "SELECT " SLUICE_JOB_COLUMNS R"sql( FROM job WHERE workspace_id = ?1 AND run_id = ?2)sql"};

const Query select_sub_runs{"engine.select_sub_runs", R"sql(
    SELECT r.id FROM run r JOIN job j ON j.workspace_id = r.workspace_id AND j.run_id = r.id
    WHERE r.workspace_id = ?1 AND r.parent_run_id = ?2 AND r.trigger = 'flow' ORDER BY r.id)sql"};

std::string_view text_of(JobState state) {
    switch (state) {
        case JobState::queued: return "queued";
        case JobState::running: return "running";
        case JobState::waiting: break;
    }
    return "waiting";
}

StoredJob read_job(const Row& row) {
    StoredJob job;
    job.entry.workspace = row.id<WorkspaceId>(0);
    job.entry.run = row.id<RunId>(1);
    const auto state = row.text(2);
    job.state = state == "queued" ? JobState::queued : state == "waiting" ? JobState::waiting : JobState::running;
    job.entry.priority = static_cast<int>(row.integer(3));
    job.entry.number = static_cast<std::uint64_t>(row.integer(4));
    job.entry.ready_at = row.time(5);
    if (!row.is_null(6)) job.entry.flow = row.id<FlowId>(6);
    job.entry.limit = static_cast<std::size_t>(row.integer(7));
    job.entry.key = row.str(8);
    job.wake_at = row.optional_time(9);
    job.entry.inside = row.flag(10);
    return job;
}

}  // namespace

void append_job(storage::WriteUnit& unit, const QueueEntry& entry, JobState state, std::optional<Time> wake_at, BootId worker,
                Time created_at) {
    const auto flow = entry.limit == 0 ? std::nullopt : std::optional<FlowId>(entry.flow);
    unit.add(insert_job, entry.workspace, entry.run, worker, created_at, text_of(state), entry.priority,
             static_cast<std::int64_t>(entry.number), entry.ready_at, flow, static_cast<std::int64_t>(entry.limit), entry.key, wake_at, entry.inside);
}

void append_job_state(storage::WriteUnit& unit, WorkspaceId workspace, RunId run, JobState state, std::optional<Time> wake_at,
                      BootId worker) {
#ifdef SLUICE_TEETH
    if (base::teeth("no_fencing")) return unit.add(update_job_unfenced, workspace, run, worker, text_of(state), wake_at);
#endif
    unit.add_expecting(ErrorCode::gone, taken_over, update_job, workspace, run, worker, text_of(state), wake_at);
}

void append_begin(storage::WriteUnit& unit, const Run& run) {
    unit.add_expecting(ErrorCode::gone, taken_over, begin_run, run.workspace, run.id, to_string(run.status), run.started_at);
}

void append_queue(storage::WriteUnit& unit, const StoredQueue& queue, Time at, const std::string& by) {
    unit.add(upsert_queue, queue.workspace, queue.paused, queue.draining, at, by);
}

void append_queue_weight(storage::WriteUnit& unit, WorkspaceId workspace, std::size_t weight, Time at, const std::string& by) {
    unit.add(upsert_weight, workspace, static_cast<std::int64_t>(weight), at, by);
}

void append_heartbeat(storage::WriteUnit& unit, BootId worker, Time at) { unit.add(beat, worker, at); }

Awaitable<Result<OpenJobs>> open_jobs(storage::Storage& storage, BootId worker, Time now) {
    auto take = [worker, now](storage::Tx& tx) -> Result<OpenJobs> {
        OpenJobs open;
        const storage::Value me = storage::to_value(worker);
        // What this boot has started already (requests come in while others are read back) is not to be taken over.
        auto jobs = tx.list<StoredJob>(select_jobs, {me}, read_job);
        if (!jobs) return fail(std::move(jobs.error()));
        auto waiting = tx.list<WaitingJob>(select_waiting, {me}, [](const Row& row) {
            return WaitingJob{row.id<WorkspaceId>(0), row.id<RunId>(1), row.optional_time(2)};
        });
        if (!waiting) return fail(std::move(waiting.error()));
        auto queues = tx.list<StoredQueue>(select_queues, {}, [](const Row& row) {
            return StoredQueue{row.id<WorkspaceId>(0), row.flag(1), row.flag(2), static_cast<std::size_t>(row.integer(3))};
        });
        if (!queues) return fail(std::move(queues.error()));
        for (const Query* query : {&claim_jobs, &drop_leases}) {
            auto done = tx.run(*query, {me});
            if (!done) return fail(std::move(done.error()));
        }
        auto taken = tx.run(take_lease, {me, storage::to_value(now)});
        if (!taken) return fail(std::move(taken.error()));
        open.jobs = std::move(*jobs);
        open.waiting = std::move(*waiting);
        open.queues = std::move(*queues);
        return open;
    };
    co_return co_await storage.write(std::move(take));
}

Awaitable<Result<std::vector<StoredJob>>> find_jobs(storage::Storage& storage,
                                                    std::vector<std::pair<WorkspaceId, RunId>> runs) {
    auto job = [runs = std::move(runs)](ReadTx& tx) -> Result<std::vector<StoredJob>> {
        std::vector<StoredJob> out;
        for (const auto& [workspace, run] : runs) {
            auto found = tx.find<StoredJob>(select_job, {storage::to_value(workspace), storage::to_value(run)}, read_job);
            if (!found) return fail(std::move(found.error()));
            if (*found) out.push_back(std::move(**found));
        }
        return out;
    };
    co_return co_await storage.read(std::move(job));
}

Awaitable<Result<std::vector<RunId>>> open_sub_runs(storage::Storage& storage, WorkspaceId workspace, RunId parent) {
    auto job = [workspace, parent](ReadTx& tx) {
        return tx.list<RunId>(select_sub_runs, {storage::to_value(workspace), storage::to_value(parent)},
                              [](const Row& row) { return row.id<RunId>(0); });
    };
    co_return co_await storage.read(std::move(job));
}

}  // namespace sluice::engine::store
