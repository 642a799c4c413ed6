#include "engine/overview_store.hpp"

#include <algorithm>
#include <map>
#include <tuple>

#include "engine/id_range.hpp"
#include "sluice/storage/tx.hpp"

namespace sluice::engine::store {

namespace {

using storage::Query;
using storage::ReadTx;
using storage::Row;
using storage::to_value;

constexpr std::size_t most_failing = 5;
constexpr std::int64_t most_failures = 5'000;   ///< of each status that is looked at

// The statuses stand in the text so that the partial index serves it; the inner limit bounds the count.
const Query count_open{"engine.overview_open_runs", R"sql(
    SELECT count(*) FROM (SELECT 1 FROM run WHERE workspace_id = ?1 AND status = ?2 AND status NOT IN ('succeeded', 'running') LIMIT ?3))sql"};
const Query open_names{"engine.names_of_open_runs", R"sql(
    SELECT project, flow_name FROM run WHERE workspace_id = ?1 AND status = ?2 AND status NOT IN ('succeeded', 'running')
    ORDER BY id DESC LIMIT ?3)sql"};
const Query running_names{"engine.names_of_running_runs", R"sql(
    SELECT r.project, r.flow_name FROM job j JOIN run r ON r.workspace_id = j.workspace_id AND r.id = j.run_id
    WHERE j.workspace_id = ?1 AND j.state = 'running' AND r.status = ?2 ORDER BY j.run_id DESC LIMIT ?3)sql"};
const Query failures{"engine.latest_failures", R"sql(
    SELECT flow_id, id FROM run INDEXED BY run_by_status WHERE workspace_id = ?1 AND id >= ?2 AND id < ?3 AND status = ?4
        AND status NOT IN ('succeeded', 'running') ORDER BY id DESC LIMIT ?5)sql"};
const Query failed_run{"engine.place_of_failure", "SELECT flow_name, project FROM run WHERE workspace_id = ?1 AND id = ?2"};
const Query letters{"engine.causes_of_open_letters", R"sql(
    SELECT cause, project, flow_name FROM dead_letter WHERE workspace_id = ?1 AND state = 'open' ORDER BY id DESC LIMIT ?2)sql"};

Result<std::int64_t> count(ReadTx& tx, WorkspaceId workspace, RunStatus status, const base::SeenNames& seen) {
    std::vector<storage::Value> values = {to_value(workspace), to_value(to_string(status)), to_value(RunOverview::most_counted)};
    if (seen.all() && status != RunStatus::running) {
        auto found = tx.find<std::int64_t>(count_open, std::move(values), [](const Row& row) { return row.integer(0); });
        if (!found) return fail(std::move(found.error()));
        return found->value_or(0);
    }
    std::int64_t number = 0;
    auto done = tx.each(status == RunStatus::running ? running_names : open_names, values, [&](const Row& row) {
        number += seen.covers(row.text(0), row.text(1)) ? 1 : 0;
        return true;
    });
    if (!done) return fail(std::move(done.error()));
    return number;
}

Result<std::vector<FailingFlow>> failing(ReadTx& tx, WorkspaceId workspace, const OverviewQuery& query) {
    // Counted in the index alone; what a flow is called is looked up once for each.
    std::map<FlowId, FailingFlow> flows;
    for (const RunStatus status : {RunStatus::failed, RunStatus::timed_out}) {
        auto done = tx.each(failures, {to_value(workspace), to_value(first_id_of<RunId>(query.from)), to_value(first_id_of<RunId>(query.to)),
                                       to_value(to_string(status)), to_value(most_failures)}, [&](const Row& row) {
            FailingFlow& flow = flows[row.id<FlowId>(0)];
            ++flow.failed;
            flow.flow = row.id<FlowId>(0);
            flow.last_run = std::max(flow.last_run, row.id<RunId>(1));
            return true;
        });
        if (!done) return fail(std::move(done.error()));
    }
    std::vector<FailingFlow> all, out;
    for (auto& [id, flow] : flows) all.push_back(std::move(flow));
    std::sort(all.begin(), all.end(), [](const FailingFlow& a, const FailingFlow& b) {
        return a.failed != b.failed ? a.failed > b.failed : a.last_run > b.last_run;
    });
    for (FailingFlow& flow : all) {
        auto found = tx.find<std::pair<std::string, std::string>>(failed_run, {to_value(workspace), to_value(flow.last_run)}, [](const Row& row) {
            return std::pair(row.str(0), row.str(1));
        });
        if (!found) return fail(std::move(found.error()));
        if (!*found || !query.seen.covers((*found)->second, (*found)->first)) continue;
        std::tie(flow.name, flow.project) = std::move(**found);
        flow.last_at = time_of_id(flow.last_run);
        out.push_back(std::move(flow));
        if (out.size() == most_failing) break;
    }
    return out;
}

}  // namespace

Awaitable<Result<OverviewRows>> overview_rows(storage::Storage& storage, WorkspaceId workspace, OverviewQuery query, std::int64_t running) {
    auto job = [workspace, query = std::move(query), running](ReadTx& tx) -> Result<OverviewRows> {
        OverviewRows out;
        for (const RunStatus status : {RunStatus::queued, RunStatus::running, RunStatus::waiting, RunStatus::paused}) {
            auto& slot = out.now[static_cast<std::size_t>(status)];
            if (status == RunStatus::running && query.seen.all()) {
                slot = running;
                continue;
            }
            auto number = count(tx, workspace, status, query.seen);
            if (!number) return fail(std::move(number.error()));
            slot = *number;
        }
        auto flows = failing(tx, workspace, query);
        if (!flows) return fail(std::move(flows.error()));
        out.failing = std::move(*flows);
        auto done = tx.each(letters, {to_value(workspace), to_value(RunOverview::most_counted)}, [&](const Row& row) {
            if (!query.seen.covers(row.text(1), row.text(2))) return true;
            ++out.open_letters;
            if (row.text(0) == "unknown") ++out.unknown_steps;
            return true;
        });
        if (!done) return fail(std::move(done.error()));
        return out;
    };
    co_return co_await storage.read(std::move(job));
}

}  // namespace sluice::engine::store
