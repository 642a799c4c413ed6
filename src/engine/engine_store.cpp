#include "engine/engine_store.hpp"

#include "sluice/base/teeth.hpp"
#include "sluice/storage/tx.hpp"

namespace sluice::engine::store {

namespace {

using storage::Query;
using storage::ReadTx;
using storage::Row;

const Query insert_run{"engine.insert_run", R"sql(
    INSERT INTO run (workspace_id, id, flow_id, flow_version, flow_name, project, trigger, status, created_at_us, started_at_us,
        parent_run_id, depth, started_by_kind, started_by)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14))sql"};

const Query reopen_run{"engine.reopen_run", R"sql(
    UPDATE run SET status = ?3, finished_at_us = NULL, error = NULL, expires_at_us = NULL, retries = retries + 1
    WHERE workspace_id = ?1 AND id = ?2 AND status IN ('failed', 'cancelled', 'timed_out'))sql"};

const Query insert_whole_run{"engine.insert_whole_run", R"sql(
    INSERT INTO run (workspace_id, id, flow_id, flow_version, flow_name, project, trigger, status, created_at_us, started_at_us,
        finished_at_us, error, steps, input_tokens, output_tokens, cost_nano_usd, simulated, stored_bytes, expires_at_us,
        parent_run_id, depth, attempts, started_by_kind, started_by)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24))sql"};

const Query insert_record{"engine.insert_record", R"sql(
    INSERT INTO run_event (workspace_id, run_id, seq, kind, at_us, path, attempt, data, value, value_blob, value_bytes)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11))sql"};

// The same, as long as this process has the run: one look into the job's page, which its unit has read anyway.
const Query insert_record_fenced{"engine.insert_record_fenced", R"sql(
    INSERT INTO run_event (workspace_id, run_id, seq, kind, at_us, path, attempt, data, value, value_blob, value_bytes)
    SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11
    WHERE EXISTS (SELECT 1 FROM job WHERE workspace_id = ?1 AND run_id = ?2 AND worker = ?12))sql"};

#ifdef SLUICE_TEETH
// The seeded bug no_fencing: whoever writes is taken at their word.
const Query insert_record_unfenced{"engine.insert_record_unfenced", R"sql(
    INSERT INTO run_event (workspace_id, run_id, seq, kind, at_us, path, attempt, data, value, value_blob, value_bytes)
    VALUES (?1, ?2, max(?3, (SELECT coalesce(max(seq), 0) + 1 FROM run_event WHERE run_id = ?2)), ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11))sql"};
const Query delete_job_unfenced{"engine.delete_job_unfenced", R"sql(
    DELETE FROM job WHERE workspace_id = ?1 AND run_id = ?2)sql"};
#endif

const Query update_status{"engine.update_status", R"sql(
    UPDATE run SET status = ?3, steps = ?4, input_tokens = ?5, output_tokens = ?6, cost_nano_usd = ?7, simulated = ?8,
        attempts = ?9
    WHERE workspace_id = ?1 AND id = ?2)sql"};

const Query end_run{"engine.end_run", R"sql(
    UPDATE run SET status = ?3, finished_at_us = ?4, error = ?5, steps = ?6, input_tokens = ?7, output_tokens = ?8,
        cost_nano_usd = ?9, simulated = ?10, stored_bytes = ?11, expires_at_us = ?12, attempts = ?13
    WHERE workspace_id = ?1 AND id = ?2)sql"};

const Query delete_job{"engine.delete_job", R"sql(
    DELETE FROM job WHERE workspace_id = ?1 AND run_id = ?2 AND (worker = ?3 OR state <> 'running'))sql"};

const Query insert_error_call{"engine.insert_error_call", R"sql(
    INSERT INTO error_flow_call (workspace_id, run_id, flow_name) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING)sql"};
const Query delete_error_call{"engine.delete_error_call", R"sql(
    DELETE FROM error_flow_call WHERE workspace_id = ?1 AND run_id = ?2)sql"};
const Query select_error_calls{"engine.select_error_calls", R"sql(
    SELECT workspace_id, run_id, flow_name FROM error_flow_call WHERE (workspace_id, run_id) > (x'', x'') ORDER BY workspace_id, run_id LIMIT 1000)sql",
                               Query::Note::instance_wide};

const Query drop_output_references{"engine.drop_output_references", R"sql(
    DELETE FROM blob_ref WHERE workspace_id = ?1 AND owner = ?3
        AND hash IN (SELECT value_blob FROM run_event WHERE run_id = ?2 AND workspace_id = ?1 AND path <> '')
        AND hash NOT IN (SELECT value_blob FROM run_event WHERE run_id = ?2 AND workspace_id = ?1 AND path = '' AND value_blob IS NOT NULL))sql"};
const Query forget_outputs{"engine.forget_outputs", R"sql(
    UPDATE run_event SET value = NULL, value_blob = NULL
    WHERE run_id = ?2 AND workspace_id = ?1 AND path <> '' AND kind IN ('step.succeeded', 'step.items'))sql"};

const Query select_run{"engine.select_run", "SELECT " SLUICE_RUN_COLUMNS " FROM run WHERE workspace_id = ?1 AND id = ?2"};

const Query select_records{"engine.select_records", R"sql(
    SELECT seq, kind, at_us, path, attempt, data, CASE WHEN value_bytes <= ?5 THEN value END, value_blob, value_bytes
    FROM run_event WHERE run_id = ?2 AND seq > ?3 AND workspace_id = ?1 ORDER BY seq LIMIT ?4)sql"};

const Query select_step_end{"engine.select_step_end", R"sql(
    SELECT seq, kind, at_us, path, attempt, data, value, value_blob, value_bytes
    FROM run_event WHERE run_id = ?2 AND workspace_id = ?1 AND path = ?3 AND value_bytes > 0 ORDER BY seq DESC LIMIT 1)sql"};

const Query select_last{"engine.select_last", R"sql(
    SELECT seq, kind, at_us, path, attempt, data, value, value_blob, value_bytes
    FROM run_event WHERE run_id = ?2 AND workspace_id = ?1 ORDER BY seq DESC LIMIT 1)sql"};

StoredRecord read_record(const Row& row) {
    StoredRecord out;
    out.seq = row.integer(0);
    out.kind = row.str(1);
    out.record.kind = record_kind_from(out.kind).value_or(RecordKind::run_started);
    out.record.at = row.time(2);
    out.record.path = row.str(3);
    out.record.attempt = static_cast<int>(row.integer(4));
    if (!row.is_null(5)) out.record.data = row.str(5);
    if (!row.is_null(6)) out.record.value = row.str(6);
    if (!row.is_null(7)) out.value_blob = row.str(7);
    out.value_bytes = row.integer(8);
    return out;
}

std::optional<std::string> text_or_null(const std::string& text) {
    return text.empty() ? std::nullopt : std::optional<std::string>(text);
}

std::optional<std::string> error_text(const Run& run) {
    return run.error ? std::optional<std::string>(base::dump_json(*run.error)) : std::nullopt;
}

}  // namespace

Run read_run(const Row& row) {
    Run run;
    run.id = row.id<RunId>(0);
    run.workspace = row.id<WorkspaceId>(1);
    run.flow = row.id<FlowId>(2);
    run.flow_version = static_cast<int>(row.integer(3));
    run.flow_name = row.str(4);
    run.project = row.str(5);
    run.trigger = row.str(6);
    run.status = run_status_from(row.text(7)).value_or(RunStatus::queued);
    run.created_at = row.time(8);
    run.started_at = row.optional_time(9);
    run.finished_at = row.optional_time(10);
    if (!row.is_null(11)) {
        Json error = Json::parse(row.text(11), nullptr, false);
        if (!error.is_discarded()) run.error = std::move(error);
    }
    run.totals = {row.integer(12), row.integer(13), row.integer(14), row.integer(15), row.flag(16), row.integer(21)};
    if (!row.is_null(17)) run.parent = row.id<RunId>(17);
    run.depth = static_cast<int>(row.integer(18));
    run.retries = static_cast<int>(row.integer(19));
    run.stored_bytes = row.integer(20);
    if (!row.is_null(22)) run.started_by = {row.str(22), row.str(23)};
    return run;
}

void append_whole_run(storage::WriteUnit& unit, const Run& run) {
    unit.add(insert_whole_run, run.workspace, run.id, run.flow, run.flow_version, run.flow_name, run.project, run.trigger,
             to_string(run.status), run.created_at, run.started_at, run.finished_at, error_text(run), run.totals.steps,
             run.totals.input_tokens, run.totals.output_tokens, run.totals.cost_nano_usd, run.totals.simulated,
             run.stored_bytes, run.expires_at, run.parent, run.depth, run.totals.attempts,
             text_or_null(run.started_by.kind), text_or_null(run.started_by.id));
}

void append_run(storage::WriteUnit& unit, const Run& run) {
    unit.add(insert_run, run.workspace, run.id, run.flow, run.flow_version, run.flow_name, run.project, run.trigger,
             to_string(run.status), run.created_at, run.started_at, run.parent, run.depth, text_or_null(run.started_by.kind),
             text_or_null(run.started_by.id));
}

void append_record(storage::WriteUnit& unit, WorkspaceId workspace, RunId run, std::int64_t seq, const Record& record,
                   BootId fence) {
    const std::string& blob = record.blob;
    const bool spilled = !blob.empty();
    const Query* query = &insert_record;
#ifdef SLUICE_TEETH
    if (base::teeth("no_fencing")) {
        query = &insert_record_unfenced;
        fence = {};
    }
#endif
    if (fence)
        return unit.add_expecting(ErrorCode::gone, "another process has taken this run over", insert_record_fenced, workspace, run, seq,
                                  to_string(record.kind), record.at, record.path, record.attempt, text_or_null(record.data),
                                  spilled ? std::nullopt : text_or_null(record.value), text_or_null(blob), record.value_bytes(), fence);
    unit.add(*query, workspace, run, seq, to_string(record.kind), record.at, record.path, record.attempt,
             text_or_null(record.data), spilled ? std::nullopt : text_or_null(record.value), text_or_null(blob),
             record.value_bytes());
}

void append_forget_outputs(storage::WriteUnit& unit, WorkspaceId workspace, RunId run) {
    unit.add(drop_output_references, workspace, run, storage::Bytes{std::string(run.raw())});
    unit.add(forget_outputs, workspace, run);
}

void append_reopened(storage::WriteUnit& unit, const Run& run) {
    unit.add_expecting(ErrorCode::conflict, "the run has not ended", reopen_run, run.workspace, run.id, to_string(run.status));
}

void append_error_call(storage::WriteUnit& unit, WorkspaceId workspace, RunId run, const std::string& flow) {
    unit.add(insert_error_call, workspace, run, flow);
}

void append_error_call_done(storage::WriteUnit& unit, WorkspaceId workspace, RunId run) {
    unit.add(delete_error_call, workspace, run);
}

Awaitable<Result<std::vector<ErrorCall>>> error_calls(storage::Storage& storage) {
    auto job = [](ReadTx& tx) {
        return tx.list<ErrorCall>(select_error_calls, {}, [](const Row& row) {
            return ErrorCall{row.id<WorkspaceId>(0), row.id<RunId>(1), row.str(2)};
        });
    };
    co_return co_await storage.read(std::move(job));
}

void append_status(storage::WriteUnit& unit, const Run& run) {
    unit.add(update_status, run.workspace, run.id, to_string(run.status), run.totals.steps, run.totals.input_tokens,
             run.totals.output_tokens, run.totals.cost_nano_usd, run.totals.simulated, run.totals.attempts);
}

void append_end(storage::WriteUnit& unit, const Run& run, BootId worker) {
    unit.add(end_run, run.workspace, run.id, to_string(run.status), run.finished_at,
             error_text(run), run.totals.steps, run.totals.input_tokens, run.totals.output_tokens, run.totals.cost_nano_usd, run.totals.simulated,
             run.stored_bytes, run.expires_at, run.totals.attempts);
#ifdef SLUICE_TEETH
    if (base::teeth("no_fencing")) return unit.add(delete_job_unfenced, run.workspace, run.id);
#endif
    unit.add_expecting(ErrorCode::gone, "another process has taken this run over", delete_job, run.workspace, run.id, worker);
}

Awaitable<Result<std::optional<Run>>> find_run(storage::Storage& storage, WorkspaceId workspace, RunId id) {
    auto job = [workspace, id](ReadTx& tx) {
        return tx.find<Run>(select_run, {storage::to_value(workspace), storage::to_value(id)}, read_run);
    };
    co_return co_await storage.read(std::move(job));
}

Awaitable<Result<std::vector<StoredRecord>>> records(storage::Storage& storage, WorkspaceId workspace, RunId run,
                                                     std::int64_t after_seq, int limit, std::int64_t max_value_bytes) {
    auto job = [=](ReadTx& tx) {
        return tx.list<StoredRecord>(select_records,
                                     {storage::to_value(workspace), storage::to_value(run), storage::to_value(after_seq),
                                      storage::to_value(limit), storage::to_value(max_value_bytes)},
                                     read_record);
    };
    co_return co_await storage.read(std::move(job));
}

Awaitable<Result<std::optional<StoredRecord>>> step_end(storage::Storage& storage, WorkspaceId workspace, RunId run,
                                                        std::string path) {
    auto job = [workspace, run, path = std::move(path)](ReadTx& tx) {
        return tx.find<StoredRecord>(select_step_end,
                                     {storage::to_value(workspace), storage::to_value(run), storage::to_value(path)},
                                     read_record);
    };
    co_return co_await storage.read(std::move(job));
}

Awaitable<Result<std::optional<StoredRecord>>> last_record(storage::Storage& storage, WorkspaceId workspace, RunId run) {
    auto job = [workspace, run](ReadTx& tx) {
        return tx.find<StoredRecord>(select_last, {storage::to_value(workspace), storage::to_value(run)}, read_record);
    };
    co_return co_await storage.read(std::move(job));
}

}  // namespace sluice::engine::store
