#include "engine/bulk_store.hpp"

#include "engine/id_range.hpp"
#include "engine/run_match.hpp"
#include "engine/run_search_store.hpp"
#include "sluice/storage/tx.hpp"

namespace sluice::engine::store {

namespace {

using storage::Query;
using storage::ReadTx;
using storage::Row;
using storage::to_value;
using storage::Tx;

#define SLUICE_BULK_COLUMNS                                                                                               \
    "workspace_id, id, kind, state, filter, total, done, failed, canary, rate_per_second, position, until_id, canary_run_id, " \
    "reason, created_by, created_at_us, finished_at_us, options"
const Query insert_bulk{"engine.insert_bulk", R"sql(
    INSERT INTO bulk_action (workspace_id, id, kind, state, filter, options, total, canary, rate_per_second, until_id, created_by,
        created_at_us)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12))sql"};
const Query update_bulk{"engine.update_bulk", R"sql(
    UPDATE bulk_action SET state = ?3, done = ?4, failed = ?5, position = ?6, canary_run_id = ?7, reason = ?8, finished_at_us = ?9
    WHERE workspace_id = ?1 AND id = ?2 AND state = 'running')sql"};
const Query update_bulk_counts{"engine.update_bulk_counts", R"sql(
    UPDATE bulk_action SET done = ?3, failed = ?4, position = ?5 WHERE workspace_id = ?1 AND id = ?2)sql"};
const Query select_running_bulk{"engine.running_bulk", "SELECT " SLUICE_BULK_COLUMNS " FROM bulk_action WHERE state = 'running'",
                                Query::Note::instance_wide};
const Query select_bulk{"engine.select_bulk", "SELECT " SLUICE_BULK_COLUMNS " FROM bulk_action WHERE workspace_id = ?1 AND id = ?2"};
const Query list_of_bulk{"engine.list_bulk", "SELECT " SLUICE_BULK_COLUMNS
    " FROM bulk_action WHERE workspace_id = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3"};

const Query insert_item{"engine.insert_bulk_item", R"sql(
    INSERT INTO bulk_item (workspace_id, bulk_id, object_id, run_id, code, message, at_us) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
    ON CONFLICT DO NOTHING)sql"};
#define SLUICE_ITEMS                                                                                                                     \
    "SELECT i.object_id, i.run_id, r.status, i.code, i.message, i.at_us FROM bulk_item i LEFT JOIN run r ON r.workspace_id = ?1 AND " \
    "r.id = i.run_id WHERE i.workspace_id = ?1 AND i.bulk_id = ?2 AND i.object_id > ?3"
const Query list_items{"engine.list_bulk_items", SLUICE_ITEMS " ORDER BY i.object_id LIMIT ?4"};
const Query list_refused{"engine.list_refused_bulk_items", SLUICE_ITEMS " AND i.run_id IS NULL ORDER BY i.object_id LIMIT ?4"};

const Query select_oldest{"engine.oldest_ended_bulk", R"sql(
    SELECT workspace_id, id FROM bulk_action WHERE finished_at_us IS NOT NULL AND finished_at_us < ?1 ORDER BY finished_at_us LIMIT 1)sql",
                          Query::Note::instance_wide};
const Query delete_items{"engine.delete_bulk_items", R"sql(
    DELETE FROM bulk_item WHERE workspace_id = ?1 AND bulk_id = ?2 AND object_id IN
        (SELECT object_id FROM bulk_item WHERE workspace_id = ?1 AND bulk_id = ?2 LIMIT 1000))sql"};
const Query delete_bulk{"engine.delete_bulk", R"sql(
    DELETE FROM bulk_action WHERE workspace_id = ?1 AND id = ?2 AND state <> 'running')sql"};

// Selections of runs. ?4: the statuses between commas; ?5 the names of projects and flows, ?6 error code, ?7 when it had ended at the latest,
// ?8 trigger, ?9 version, ?10 parent, ?11 the statuses of outer runs that stand for their sub-runs.
#define SLUICE_SELECTED                                                                                         \
    " r.workspace_id = ?1 AND r.id > ?2 AND r.id <= ?3 AND instr(?4, ',' || r.status || ',') > 0"              \
    " AND " SLUICE_SEEN("?5", "r.project", "r.flow_name") " AND (?6 = '' OR json_extract(r.error, '$.code') = ?6)"                  \
    " AND (r.finished_at_us IS NULL OR r.finished_at_us <= ?7)"                                                                      \
    " AND (?8 = '' OR r.trigger = ?8) AND (?9 IS NULL OR r.flow_version = ?9) AND (?10 IS NULL OR r.parent_run_id = ?10)"
// What is done to the outer run reaches its sub-runs.
#define SLUICE_OUTERMOST                                                                                              \
    " AND (r.trigger <> 'flow' OR NOT EXISTS (SELECT 1 FROM run o WHERE o.workspace_id = ?1 AND o.id = r.parent_run_id" \
    " AND instr(?11, ',' || o.status || ',') > 0 AND (?8 = '' OR o.trigger = ?8) AND (?10 IS NULL OR o.parent_run_id = ?10)))"
#define SLUICE_OF_FLOW " FROM run r WHERE" SLUICE_SELECTED " AND r.flow_id = ?12"
// The status stands in the text so that the partial index serves it.
#define SLUICE_UNUSUAL \
    " FROM run r WHERE" SLUICE_SELECTED " AND r.status = ?12 AND r.status NOT IN ('succeeded', 'running')" SLUICE_OUTERMOST
#define SLUICE_SUCCEEDED " FROM run r WHERE" SLUICE_SELECTED " AND r.status = 'succeeded'" SLUICE_OUTERMOST
#define SLUICE_OPEN                                                                                              \
    " FROM job j JOIN run r ON r.workspace_id = j.workspace_id AND r.id = j.run_id"                            \
    " WHERE j.workspace_id = ?1 AND j.run_id > ?2 AND j.run_id <= ?3 AND" SLUICE_SELECTED SLUICE_OUTERMOST
#define SLUICE_COUNT "SELECT count(*), max(r.id)"
#define SLUICE_NEXT "SELECT r.id, r.project, r.flow_name, r.error, r.trigger, r.parent_run_id"

const Query next_of_flow{"engine.select_runs_of_flow", SLUICE_NEXT SLUICE_OF_FLOW " ORDER BY r.id LIMIT ?13"};
const Query next_unusual{"engine.select_unusual_runs", SLUICE_NEXT SLUICE_UNUSUAL " ORDER BY r.id LIMIT ?13"};
const Query next_succeeded{"engine.select_succeeded_runs", SLUICE_NEXT SLUICE_SUCCEEDED " ORDER BY r.id LIMIT ?12"};
const Query next_open{"engine.select_open_runs", SLUICE_NEXT SLUICE_OPEN " ORDER BY j.run_id LIMIT ?12"};
const Query count_of_flow{"engine.count_runs_of_flow", SLUICE_COUNT SLUICE_OF_FLOW};
const Query count_unusual{"engine.count_unusual_runs", SLUICE_COUNT SLUICE_UNUSUAL};
const Query count_succeeded{"engine.count_succeeded_runs", SLUICE_COUNT SLUICE_SUCCEEDED};
const Query count_open_runs{"engine.count_open_runs", SLUICE_COUNT SLUICE_OPEN};
const Query select_outer{"engine.selected_outer_run", R"sql(
    SELECT o.id, o.project, o.flow_name, o.error FROM run o WHERE o.workspace_id = ?1 AND o.id = ?2
        AND instr(?3, ',' || o.status || ',') > 0 AND (?4 = '' OR o.trigger = ?4) AND (?5 IS NULL OR o.parent_run_id = ?5))sql"};

std::string text_or_empty(const Row& row, int column) { return row.is_null(column) ? std::string() : row.str(column); }
std::optional<std::string> null_if_empty(const std::string& text) {
    return text.empty() ? std::nullopt : std::optional<std::string>(text);
}

BulkAction read_bulk(const Row& row) {
    BulkAction action;
    action.workspace = row.id<WorkspaceId>(0);
    action.id = row.id<BulkActionId>(1);
    action.kind = bulk_kind_from(row.text(2)).value_or(BulkKind::redrive_letters);
    action.state = row.str(3);
    action.filter = Json::parse(row.text(4), nullptr, false);
    action.total = row.integer(5);
    action.done = row.integer(6);
    action.failed = row.integer(7);
    action.canary = static_cast<int>(row.integer(8));
    action.rate_per_second = row.real(9);
    if (!row.is_null(10)) action.position = row.id<BulkObjectId>(10);
    action.until = row.id<BulkObjectId>(11);
    if (!row.is_null(12)) action.canary_run = row.id<RunId>(12);
    action.reason = text_or_empty(row, 13);
    action.created_by = row.str(14);
    action.created_at = row.time(15);
    action.finished_at = row.optional_time(16);
    action.options = Json::parse(row.text(17), nullptr, false);
    return action;
}

BulkItem read_item(const Row& row) {
    BulkItem item;
    item.object = row.id<BulkObjectId>(0);
    if (!row.is_null(1)) item.run = row.id<RunId>(1);
    if (!row.is_null(2)) item.status = run_status_from(row.text(2));
    item.code = text_or_empty(row, 3);
    item.message = text_or_empty(row, 4);
    item.at = row.time(5);
    return item;
}

/// One statement of a selection, and the parameters behind its first eleven.
struct Part {
    const Query* next;
    const Query* count;
    std::vector<storage::Value> more;
};

std::vector<Part> parts_of(const RunSelection& selection) {
    if (selection.flow) return {{&next_of_flow, &count_of_flow, {to_value(*selection.flow)}}};
    std::vector<Part> parts;
    bool open = false;
    for (const RunStatus status : selection.statuses) {
        if (!is_terminal(status)) open = true;
        else if (status == RunStatus::succeeded) parts.push_back({&next_succeeded, &count_succeeded, {}});
        else parts.push_back({&next_unusual, &count_unusual, {to_value(std::string(to_string(status)))}});
    }
    if (open) parts.push_back({&next_open, &count_open_runs, {}});
    return parts;
}

std::string statuses_of(const RunSelection& selection) {
    std::string statuses = ",";
    for (const RunStatus status : selection.statuses) statuses += std::string(to_string(status)) + ",";
    return statuses;
}

/// No statement knows a text in a run: whether an outer run has it is judged here, by `Choosing`.
std::vector<storage::Value> parameters_of(WorkspaceId workspace, const RunSelection& selection, RunId after, RunId until, Time ended_by) {
    const std::string statuses = statuses_of(selection);
    if (const auto ids = ids_beginning(selection.text)) until = std::min(until, ids->last);
    if (selection.since) after = std::max(after, first_id_of<RunId>(*selection.since));
    if (selection.until) until = std::min(until, first_id_of<RunId>(*selection.until));
    return {to_value(workspace), to_value(after), to_value(until), to_value(statuses), to_value(selection.seen.within(selection.project).text()),
            to_value(selection.code), to_value(ended_by), to_value(selection.trigger), to_value(selection.version),
            to_value(selection.parent), to_value(selection.text.empty() ? statuses : std::string(","))};
}

/// Goes through the runs of a selection that has a text.
class Choosing {
  public:
    Choosing(ReadTx& tx, WorkspaceId workspace, const RunSelection& selection)
        : tx_(tx), workspace_(workspace), selection_(selection), has_(selection.text, selection.data) {}

    /// Calls `take` for each run of one part, the oldest first, until it gives false.
    Result<void> each(const Part& part, std::vector<storage::Value> parameters, const std::function<bool(RunId)>& take) {
        parameters.push_back(to_value(std::int64_t{-1}));  // no limit
        Result<void> outer_read;
        const bool with_outer = !selection_.flow;
        auto done = tx_.each(*part.next, parameters, [&](const Row& row) {
            if (!has_text(row)) return true;
            if (with_outer && row.text(4) == "flow" && !row.is_null(5)) {
                auto outer = outer_is_chosen(row.id<RunId>(5));
                if (!outer) {
                    outer_read = fail(std::move(outer.error()));
                    return false;
                }
                if (*outer) return true;
            }
            return take(row.id<RunId>(0));
        });
        return done ? outer_read : done;
    }

  private:
    bool has_text(const Row& row) const {
        return has_(row.id<RunId>(0), row.text(1), row.text(2), row.is_null(3) ? std::string_view() : row.text(3));
    }
    Result<bool> outer_is_chosen(RunId id) {
        std::vector<storage::Value> values = {to_value(workspace_), to_value(id), to_value(statuses_of(selection_)),
                                              to_value(selection_.trigger), to_value(selection_.parent)};
        auto found = tx_.find<bool>(select_outer, std::move(values), [this](const Row& row) { return has_text(row); });
        if (!found) return fail(std::move(found.error()));
        return found->value_or(false);
    }

    ReadTx& tx_;
    WorkspaceId workspace_;
    const RunSelection& selection_;
    TextMatch has_;
};

}  // namespace

void append_bulk(storage::WriteUnit& unit, const BulkAction& action) {
    unit.add(insert_bulk, action.workspace, action.id, to_string(action.kind), action.state, base::dump_json(action.filter),
             base::dump_json(action.options), action.total, action.canary, action.rate_per_second, action.until, action.created_by,
             action.created_at);
}

void append_bulk_progress(storage::WriteUnit& unit, const BulkAction& action) {
    unit.add_expecting(ErrorCode::conflict, "the bulk action has ended", update_bulk, action.workspace, action.id, action.state,
                       action.done, action.failed, action.position, action.canary_run, null_if_empty(action.reason), action.finished_at);
}

void append_bulk_counts(storage::WriteUnit& unit, const BulkAction& action) {
    unit.add(update_bulk_counts, action.workspace, action.id, action.done, action.failed, action.position);
}

void append_bulk_item(storage::WriteUnit& unit, WorkspaceId workspace, BulkActionId action, const BulkItem& item) {
    unit.add(insert_item, workspace, action, item.object, item.run, null_if_empty(item.code), null_if_empty(item.message), item.at);
}

Awaitable<Result<std::vector<BulkAction>>> running_bulk_actions(storage::Storage& storage) {
    auto job = [](ReadTx& tx) { return tx.list<BulkAction>(select_running_bulk, {}, read_bulk); };
    co_return co_await storage.read(std::move(job));
}

Awaitable<Result<std::optional<BulkAction>>> find_bulk(storage::Storage& storage, WorkspaceId workspace, BulkActionId id) {
    auto job = [=](ReadTx& tx) { return tx.find<BulkAction>(select_bulk, {to_value(workspace), to_value(id)}, read_bulk); };
    co_return co_await storage.read(std::move(job));
}

Awaitable<Result<std::vector<BulkAction>>> list_bulk(storage::Storage& storage, WorkspaceId workspace, BulkActionId before, int limit) {
    if (!before) before = BulkActionId::last();
    auto job = [=](ReadTx& tx) {
        return tx.list<BulkAction>(list_of_bulk, {to_value(workspace), to_value(before), to_value(limit)}, read_bulk);
    };
    co_return co_await storage.read(std::move(job));
}

Awaitable<Result<std::vector<BulkItem>>> list_bulk_items(storage::Storage& storage, WorkspaceId workspace, BulkActionId action,
                                                         bool only_failed, BulkObjectId after, int limit) {
    auto job = [=](ReadTx& tx) {
        return tx.list<BulkItem>(only_failed ? list_refused : list_items,
                                 {to_value(workspace), to_value(action), to_value(after), to_value(limit)}, read_item);
    };
    co_return co_await storage.read(std::move(job));
}

Awaitable<Result<int>> remove_ended_bulk(storage::Storage& storage, Time before) {
    auto job = [before](Tx& tx) -> Result<int> {
        using Place = std::pair<WorkspaceId, BulkActionId>;
        auto oldest = tx.find<Place>(select_oldest, {to_value(before)},
                                     [](const Row& row) { return Place{row.id<WorkspaceId>(0), row.id<BulkActionId>(1)}; });
        if (!oldest) return fail(std::move(oldest.error()));
        if (!*oldest) return 0;
        const std::vector<storage::Value> id = {to_value((*oldest)->first), to_value((*oldest)->second)};
        auto items = tx.run(delete_items, id);
        if (!items) return fail(std::move(items.error()));
        if (*items > 0) return 1;
        auto removed = tx.run(delete_bulk, id);
        if (!removed) return fail(std::move(removed.error()));
        return 2;
    };
    co_return co_await storage.write(std::move(job));
}

Awaitable<Result<std::vector<RunId>>> select_runs(storage::Storage& storage, WorkspaceId workspace, RunSelection selection,
                                                  RunId after, RunId until, Time ended_by, int limit) {
    auto job = [=, selection = std::move(selection)](ReadTx& tx) -> Result<std::vector<RunId>> {
        std::vector<RunId> runs;
        for (const Part& part : parts_of(selection)) {
            auto parameters = parameters_of(workspace, selection, after, until, ended_by);
            parameters.insert(parameters.end(), part.more.begin(), part.more.end());
            if (!selection.text.empty()) {
                int taken = 0;
                auto chosen = Choosing(tx, workspace, selection).each(part, std::move(parameters), [&](RunId id) {
                    runs.push_back(id);
                    return ++taken < limit;
                });
                if (!chosen) return fail(std::move(chosen.error()));
                continue;
            }
            parameters.push_back(to_value(limit));
            auto found = tx.list<RunId>(*part.next, std::move(parameters), [](const Row& row) { return row.id<RunId>(0); });
            if (!found) return found;
            runs.insert(runs.end(), found->begin(), found->end());
        }
        std::sort(runs.begin(), runs.end());
        if (runs.size() > static_cast<std::size_t>(limit)) runs.resize(static_cast<std::size_t>(limit));
        return runs;
    };
    co_return co_await storage.read(std::move(job));
}

Awaitable<Result<SelectedRuns>> count_selected_runs(storage::Storage& storage, WorkspaceId workspace, RunSelection selection, Time ended_by) {
    auto job = [=, selection = std::move(selection)](ReadTx& tx) -> Result<SelectedRuns> {
        SelectedRuns all;
        for (const Part& part : parts_of(selection)) {
            auto parameters = parameters_of(workspace, selection, {}, RunId::last(), ended_by);
            parameters.insert(parameters.end(), part.more.begin(), part.more.end());
            if (!selection.text.empty()) {
                auto chosen = Choosing(tx, workspace, selection).each(part, std::move(parameters), [&](RunId id) {
                    ++all.count;
                    all.newest = std::max(all.newest, id);
                    return true;
                });
                if (!chosen) return fail(std::move(chosen.error()));
                continue;
            }
            auto found = tx.find<SelectedRuns>(*part.count, std::move(parameters), [](const Row& row) {
                return SelectedRuns{row.integer(0), row.is_null(1) ? RunId() : row.id<RunId>(1)};
            });
            if (!found) return fail(std::move(found.error()));
            if (!*found) continue;
            all.count += (*found)->count;
            all.newest = std::max(all.newest, (*found)->newest);
        }
        return all;
    };
    co_return co_await storage.read(std::move(job));
}

}  // namespace sluice::engine::store
