#include "engine/retention_store.hpp"

#include "sluice/storage/tx.hpp"

namespace sluice::engine::store {

namespace {

using storage::Query;
using storage::ReadTx;
using storage::Row;
using storage::to_value;
using storage::Tx;

#define SLUICE_NO_OPEN_LETTER \
    " AND NOT EXISTS (SELECT 1 FROM dead_letter d WHERE d.workspace_id = run.workspace_id AND d.run_id = run.id AND d.state = 'open')"

// Housekeeping goes over all workspaces, in the order in which runs ended.
const Query select_ended_before{"engine.retention_ended_before", R"sql(
    SELECT workspace_id, id, finished_at_us, stored_bytes FROM run
    WHERE finished_at_us IS NOT NULL AND finished_at_us < max(?1, ?2) AND (finished_at_us, workspace_id, id) > (?3, ?4, ?5)
        AND expires_at_us IS NULL
        AND CASE WHEN status IN ('succeeded', 'cancelled') THEN finished_at_us < ?1 ELSE finished_at_us < ?2 END)sql"
    SLUICE_NO_OPEN_LETTER " ORDER BY finished_at_us, workspace_id, id LIMIT ?6", Query::Note::instance_wide};

const Query select_expired{"engine.retention_expired", R"sql(
    SELECT workspace_id, id, finished_at_us, stored_bytes FROM run
    WHERE expires_at_us IS NOT NULL AND expires_at_us <= ?1 AND finished_at_us IS NOT NULL)sql"
    SLUICE_NO_OPEN_LETTER " ORDER BY expires_at_us LIMIT ?2", Query::Note::instance_wide};

const Query select_ended{"engine.retention_ended", R"sql(
    SELECT workspace_id, id, finished_at_us, stored_bytes FROM run
    WHERE finished_at_us IS NOT NULL AND (finished_at_us, workspace_id, id) > (?1, ?2, ?3))sql"
    SLUICE_NO_OPEN_LETTER " ORDER BY finished_at_us, workspace_id, id LIMIT ?4", Query::Note::instance_wide};

// Over the narrow partial index alone, once an hour, on a reader.
const Query select_bytes{"engine.retention_bytes", R"sql(
    SELECT coalesce(sum(stored_bytes), 0) FROM run INDEXED BY run_by_end WHERE finished_at_us IS NOT NULL)sql",
                         Query::Note::instance_wide};

const Query delete_run{"engine.retention_delete_run",
                       "DELETE FROM run WHERE workspace_id = ?1 AND id = ?2 AND finished_at_us IS NOT NULL" SLUICE_NO_OPEN_LETTER};
const Query delete_letters{"engine.retention_delete_letters",
                           "DELETE FROM dead_letter WHERE workspace_id = ?1 AND run_id = ?2"};
const Query insert_removal{"engine.retention_note", R"sql(
    INSERT INTO run_removal (workspace_id, run_id) VALUES (?1, ?2) ON CONFLICT DO NOTHING)sql"};

// The removals under way: a few, and none between two rounds of housekeeping.
const Query select_removals{"engine.retention_removals", R"sql(
    SELECT r.workspace_id, r.run_id, (SELECT min(seq) FROM run_event e WHERE e.run_id = r.run_id),
        (SELECT max(seq) FROM run_event e WHERE e.run_id = r.run_id)
    FROM run_removal r WHERE (r.workspace_id, r.run_id) > (x'', x'') ORDER BY r.workspace_id, r.run_id LIMIT ?1)sql",
                            Query::Note::instance_wide};
const Query delete_journal{"engine.retention_delete_journal", R"sql(
    DELETE FROM run_event WHERE workspace_id = ?1 AND run_id = ?2 AND seq <= ?3)sql"};
const Query delete_removal{"engine.retention_end", R"sql(
    DELETE FROM run_removal WHERE workspace_id = ?1 AND run_id = ?2)sql"};

EndedRunRow read_ended(const Row& row) {
    return {row.id<WorkspaceId>(0), row.id<RunId>(1), row.time(2), row.integer(3)};
}

}  // namespace

Awaitable<Result<std::vector<EndedRunRow>>> runs_ended_before(storage::Storage& storage, Time succeeded, Time failed,
                                                              EndedRunRow after, int limit) {
    auto job = [=](ReadTx& tx) {
        return tx.list<EndedRunRow>(select_ended_before, {to_value(succeeded), to_value(failed), to_value(after.ended),
                                                          to_value(after.workspace), to_value(after.run), to_value(limit)}, read_ended);
    };
    co_return co_await storage.read(std::move(job));
}

Awaitable<Result<std::vector<EndedRunRow>>> runs_expired(storage::Storage& storage, Time now, int limit) {
    auto job = [=](ReadTx& tx) { return tx.list<EndedRunRow>(select_expired, {to_value(now), to_value(limit)}, read_ended); };
    co_return co_await storage.read(std::move(job));
}

Awaitable<Result<std::vector<EndedRunRow>>> runs_ended(storage::Storage& storage, EndedRunRow after, int limit) {
    auto job = [=](ReadTx& tx) {
        return tx.list<EndedRunRow>(select_ended, {to_value(after.ended), to_value(after.workspace), to_value(after.run),
                                                   to_value(limit)}, read_ended);
    };
    co_return co_await storage.read(std::move(job));
}

Awaitable<Result<std::int64_t>> ended_runs_bytes(storage::Storage& storage) {
    auto job = [](ReadTx& tx) -> Result<std::int64_t> {
        auto bytes = tx.find<std::int64_t>(select_bytes, {}, [](const Row& row) { return row.integer(0); });
        if (!bytes) return fail(std::move(bytes.error()));
        return bytes->value_or(0);
    };
    co_return co_await storage.read(std::move(job));
}

Awaitable<Result<std::size_t>> remove_run_rows(storage::Storage& storage, std::vector<EndedRunRow> runs) {
    auto job = [runs = std::move(runs)](Tx& tx) -> Result<std::size_t> {
        std::size_t removed = 0;
        for (const EndedRunRow& row : runs) {
            const std::vector<storage::Value> id = {to_value(row.workspace), to_value(row.run)};
            auto changed = tx.run(delete_run, id);
            if (!changed) return fail(std::move(changed.error()));
            if (*changed == 0) continue;
            ++removed;
            for (const Query* query : {&delete_letters, &insert_removal})
                if (auto done = tx.run(*query, id); !done) return fail(std::move(done.error()));
        }
        return removed;
    };
    co_return co_await storage.write(std::move(job));
}

Awaitable<Result<std::vector<Removal>>> removals(storage::Storage& storage, int limit) {
    auto job = [limit](ReadTx& tx) {
        return tx.list<Removal>(select_removals, {to_value(limit)}, [](const Row& row) {
            return Removal{row.id<WorkspaceId>(0), row.id<RunId>(1), row.is_null(2) ? 0 : row.integer(2),
                           row.is_null(3) ? 0 : row.integer(3)};
        });
    };
    co_return co_await storage.read(std::move(job));
}

void append_journal_removal(storage::WriteUnit& unit, const Removal& removal, std::int64_t until_seq) {
    unit.add(delete_journal, removal.workspace, removal.run, until_seq);
}

void append_removal_end(storage::WriteUnit& unit, const Removal& removal) {
    unit.add(delete_removal, removal.workspace, removal.run);
}

}  // namespace sluice::engine::store
