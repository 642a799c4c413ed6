#include "engine/run_search_store.hpp"

#include <algorithm>

#include "engine/engine_store.hpp"
#include "engine/id_range.hpp"
#include "engine/run_match.hpp"
#include "sluice/storage/tx.hpp"

namespace sluice::engine::store {

namespace {

using storage::Query;
using storage::ReadTx;
using storage::Row;
using storage::to_value;

/// Rows that one list looks at, and one histogram where it must look at rows: some 30 and 150 ms of a reader.
constexpr std::int64_t rows_of_list = 50'000, rows_of_histogram = 200'000;
/// Entries of an index that one histogram counts, 50 ns each.
constexpr std::int64_t entries_of_histogram = 4'000'000;
/// With more flows than this, runs are counted in the table itself instead of flow by flow.
constexpr std::size_t most_flows = 200;

// Newest first within a span of ids; the row itself says whether it is wanted. The indexes are named: with a span of ids the
// planner would take the table's own order, and look at every run.
const Query search_all{"engine.search_runs", "SELECT " SLUICE_RUN_COLUMNS R"sql( FROM run
    WHERE workspace_id = ?1 AND id < ?2 AND id >= ?3 ORDER BY id DESC LIMIT ?4)sql"};
const Query search_of_flow{"engine.search_runs_of_flow", "SELECT " SLUICE_RUN_COLUMNS R"sql( FROM run INDEXED BY run_by_flow
    WHERE workspace_id = ?1 AND id < ?2 AND id >= ?3 AND flow_id = ?5 ORDER BY id DESC LIMIT ?4)sql"};
const Query search_of_parent{"engine.search_runs_of_parent", "SELECT " SLUICE_RUN_COLUMNS R"sql( FROM run INDEXED BY run_by_parent
    WHERE workspace_id = ?1 AND id < ?2 AND id >= ?3 AND parent_run_id = ?5 ORDER BY id DESC LIMIT ?4)sql"};
// The statuses stand in the text so that the partial index serves it.
const Query search_unusual{"engine.search_unusual_runs", "SELECT " SLUICE_RUN_COLUMNS R"sql( FROM run INDEXED BY run_by_status
    WHERE workspace_id = ?1 AND id < ?2 AND id >= ?3 AND status = ?5 AND status NOT IN ('succeeded', 'running')
        AND (?6 IS NULL OR flow_id = ?6) ORDER BY id DESC LIMIT ?4)sql"};
const Query search_running{"engine.search_running_runs", R"sql(
    SELECT r.id, r.workspace_id, r.flow_id, r.flow_version, r.flow_name, r.project, r.trigger, r.status, r.created_at_us,
        r.started_at_us, r.finished_at_us, r.error, r.steps, r.input_tokens, r.output_tokens, r.cost_nano_usd, r.simulated, r.parent_run_id,
        r.depth, r.retries, r.stored_bytes, r.attempts, r.started_by_kind, r.started_by
    FROM job j JOIN run r ON r.workspace_id = j.workspace_id AND r.id = j.run_id
    WHERE j.workspace_id = ?1 AND j.run_id < ?2 AND j.run_id >= ?3 AND j.state = 'running' AND r.status = 'running'
    ORDER BY j.run_id DESC LIMIT ?4)sql"};

// Counted in indexes alone, without a look at rows.
const Query count_unusual{"engine.histogram_unusual", R"sql(
    SELECT count(*) FROM run INDEXED BY run_by_status WHERE workspace_id = ?1 AND status = ?4 AND id >= ?2 AND id < ?3
        AND status NOT IN ('succeeded', 'running') AND (?5 IS NULL OR flow_id = ?5))sql"};
const Query count_of_flow{"engine.histogram_of_flow", R"sql(
    SELECT count(*) FROM run INDEXED BY run_by_flow WHERE workspace_id = ?1 AND flow_id = ?4 AND id >= ?2 AND id < ?3)sql"};
const Query count_all{"engine.histogram_all", "SELECT count(*) FROM run WHERE workspace_id = ?1 AND id >= ?2 AND id < ?3"};
const Query next_flow{"engine.next_flow_of_runs", R"sql(
    SELECT flow_id FROM run WHERE workspace_id = ?1 AND flow_id > ?2 ORDER BY flow_id LIMIT 1)sql"};

constexpr RunStatus every_status[] = {RunStatus::queued, RunStatus::running, RunStatus::waiting, RunStatus::paused,
                                      RunStatus::succeeded, RunStatus::failed, RunStatus::cancelled, RunStatus::timed_out};
bool is_unusual(RunStatus status) { return status != RunStatus::succeeded && status != RunStatus::running; }
std::size_t place_of(RunStatus status) { return static_cast<std::size_t>(status); }

/// One way to rows: a statement and its parameters from the fifth on.
struct Source {
    const Query* query;
    std::vector<storage::Value> keys{};
};

/// Where the rows of a filter are found, from the narrowest index that serves it.
std::vector<Source> sources_of(const RunFilter& filter) {
    if (filter.parent) return {{&search_of_parent, {to_value(*filter.parent)}}};
    const auto& statuses = filter.statuses;
    const bool succeeded = std::find(statuses.begin(), statuses.end(), RunStatus::succeeded) != statuses.end();
    if (!statuses.empty() && !succeeded) {
        std::vector<Source> out;
        for (const RunStatus status : every_status) {
            if (std::find(statuses.begin(), statuses.end(), status) == statuses.end()) continue;
            if (status == RunStatus::running) out.push_back({&search_running});
            else out.push_back({&search_unusual, {to_value(to_string(status)), to_value(filter.flow)}});
        }
        return out;
    }
    if (filter.flow) return {{&search_of_flow, {to_value(*filter.flow)}}};
    return {{&search_all}};
}

/// The ids that a filter leaves possible: from the first to before the second.
std::pair<RunId, RunId> span_of(const RunFilter& filter) {
    RunId first = filter.from ? first_id_of<RunId>(*filter.from) : RunId();
    RunId end = filter.to ? first_id_of<RunId>(*filter.to) : RunId::last();
    if (filter.text.starts_with("run_"))
        if (const auto ids = ids_beginning(filter.text)) {
            first = std::max(first, ids->first);
            // The span's last one is in it: its end is the next id.
            base::IdBytes next = ids->last.bytes();
            for (std::size_t i = next.size(); i-- > 0 && ++next[i] == 0;) {}
            if (const RunId after(next); after) end = std::min(end, after);
        }
    return {first, end};
}

/// Calls `take` for each row of a source, newest first, until it gives false or so many rows were seen. Gives the last row's id
/// where the bound ended it.
Result<std::optional<RunId>> each_row(ReadTx& tx, WorkspaceId workspace, const Source& source, RunId first, RunId end, std::int64_t most,
                                      const std::function<bool(const Row&)>& take) {
    std::vector<storage::Value> values = {to_value(workspace), to_value(end), to_value(first), to_value(most)};
    values.insert(values.end(), source.keys.begin(), source.keys.end());
    std::int64_t seen = 0;
    RunId last;
    auto done = tx.each(*source.query, values, [&](const Row& row) {
        if (++seen == most) last = row.id<RunId>(0);
        return take(row);
    });
    if (!done) return fail(std::move(done.error()));
    return last ? std::optional<RunId>(last) : std::nullopt;
}

Result<FoundRuns> search(ReadTx& tx, WorkspaceId workspace, const RunFilter& filter, RunId before, std::size_t limit) {
    auto [first, end] = span_of(filter);
    if (before) end = std::min(end, before);
    const RunMatch wanted(filter);
    const auto sources = sources_of(filter);
    FoundRuns found;
    RunId floor;
    for (const Source& source : sources) {
        std::size_t taken = 0;
        const auto take = [&](const Row& row) {
            if (wanted(row)) {
                found.items.push_back(read_run(row));
                ++taken;
            }
            return taken <= limit;
        };
        auto stopped = each_row(tx, workspace, source, first, end, rows_of_list / static_cast<std::int64_t>(sources.size()), take);
        if (!stopped) return fail(std::move(stopped.error()));
        if (*stopped && taken <= limit) floor = std::max(floor, **stopped);
    }
    std::sort(found.items.begin(), found.items.end(), [](const Run& a, const Run& b) { return a.id > b.id; });
    // Below where one source stopped, another's rows would not be in order with what it has still to give.
    if (floor) std::erase_if(found.items, [&](const Run& run) { return run.id < floor; });
    if (found.items.size() > limit) {
        found.items.resize(limit);
        found.more = true;
    } else if (floor) {
        found.more = true;
        found.stopped_at = floor;
    }
    return found;
}

class Counting {
  public:
    Counting(ReadTx& tx, WorkspaceId workspace, const RunFilter& filter, RunHistogram& out)
        : tx_(tx), workspace_(workspace), filter_(filter), out_(out) {}

    Result<void> run() {
        const bool by_index = filter_.flow_name.empty() && !filter_.version && filter_.trigger.empty() && !filter_.parent && filter_.text.empty() &&
                              filter_.project.empty() && filter_.seen.all();
        auto done = by_index ? count_indexes() : look_at_rows();
        if (done && !out_.complete) forget_before();
        return done;
    }

  private:
    bool asks_for(RunStatus status) const {
        return filter_.statuses.empty() || std::find(filter_.statuses.begin(), filter_.statuses.end(), status) != filter_.statuses.end();
    }
    Time begin_of(std::size_t bucket) const { return out_.from + out_.width * static_cast<std::int64_t>(bucket); }
    std::optional<std::size_t> bucket_of(RunId id) const {
        const Time at = time_of_id(id);
        if (at < out_.from) return std::nullopt;
        const auto bucket = static_cast<std::size_t>((at - out_.from) / out_.width);
        return bucket < out_.buckets.size() ? std::optional(bucket) : std::nullopt;
    }

    Result<std::int64_t> number(const Query& query, std::size_t bucket, std::vector<storage::Value> keys) {
        const Time end = std::min(begin_of(bucket + 1), out_.to);
        std::vector<storage::Value> values = {to_value(workspace_), to_value(first_id_of<RunId>(begin_of(bucket))),
                                              to_value(first_id_of<RunId>(end))};
        values.insert(values.end(), keys.begin(), keys.end());
        auto found = tx_.find<std::int64_t>(query, std::move(values), [](const Row& row) { return row.integer(0); });
        if (!found) return fail(std::move(found.error()));
        counted_ += found->value_or(0);
        return found->value_or(0);
    }

    /// Each row of a source counts in its bucket; `what` says whether it does.
    Result<void> count_rows(const Source& source, std::int64_t most, const std::function<bool(const Row&)>& what) {
        auto [first, end] = span_of(filter_);
        first = std::max(first, first_id_of<RunId>(out_.from));
        end = std::min(end, first_id_of<RunId>(out_.to));
        auto stopped = each_row(tx_, workspace_, source, first, end, most, [&](const Row& row) {
            const auto status = run_status_from(row.text(7));
            const auto bucket = bucket_of(row.id<RunId>(0));
            if (status && bucket && what(row)) ++out_.buckets[*bucket][place_of(*status)];
            return true;
        });
        if (!stopped) return fail(std::move(stopped.error()));
        if (*stopped) cut(time_of_id(**stopped));
        return {};
    }

    void cut(Time at) {
        out_.complete = false;
        out_.counted_from = std::max(out_.counted_from, at);
    }
    /// What was counted in part only is not shown.
    void forget_before() {
        std::size_t first = 0;
        while (first < out_.buckets.size() && begin_of(first) < out_.counted_from) out_.buckets[first++] = {};
        out_.counted_from = std::min(begin_of(first), out_.to);
    }

    Result<std::vector<FlowId>> flows() {
        std::vector<FlowId> out;
        if (filter_.flow) return std::vector{*filter_.flow};
        for (FlowId last; out.size() <= most_flows; out.push_back(last)) {
            auto next = tx_.find<FlowId>(next_flow, {to_value(workspace_), to_value(last)}, [](const Row& row) { return row.id<FlowId>(0); });
            if (!next) return fail(std::move(next.error()));
            if (!*next) break;
            last = **next;
        }
        return out;
    }

    /// What succeeded is what there is without the rest: no index has it, so that a run's way costs no entry of one.
    Result<void> count_indexes() {
        if (asks_for(RunStatus::running) || asks_for(RunStatus::succeeded)) {
            const auto of_flow = [&](const Row& row) { return !filter_.flow || row.bytes(2) == filter_.flow->raw(); };
            if (auto done = count_rows({&search_running}, rows_of_histogram, of_flow); !done) return done;
        }
        const bool whole = asks_for(RunStatus::succeeded);
        std::vector<FlowId> all;
        if (whole) {
            auto found = flows();
            if (!found) return fail(std::move(found.error()));
            all = std::move(*found);
        }
        for (std::size_t bucket = out_.buckets.size(); bucket-- > 0;) {
            if (counted_ > entries_of_histogram) {
                cut(begin_of(bucket + 1));
                break;
            }
            if (auto done = count_bucket(bucket, all, whole); !done) return done;
        }
        for (auto& counts : out_.buckets)
            for (const RunStatus status : every_status)
                if (!asks_for(status)) counts[place_of(status)] = 0;
        return {};
    }

    Result<void> count_bucket(std::size_t bucket, const std::vector<FlowId>& flows, bool whole) {
        auto& counts = out_.buckets[bucket];
        for (const RunStatus status : every_status) {
            if (!is_unusual(status) || (!whole && !asks_for(status))) continue;
            auto some = number(count_unusual, bucket, {to_value(to_string(status)), to_value(filter_.flow)});
            if (!some) return fail(std::move(some.error()));
            counts[place_of(status)] = *some;
        }
        if (!whole) return {};
        std::int64_t total = 0;
        if (flows.size() > most_flows) {
            auto some = number(count_all, bucket, {});
            if (!some) return fail(std::move(some.error()));
            total = *some;
        } else {
            for (const FlowId flow : flows) {
                auto some = number(count_of_flow, bucket, {to_value(flow)});
                if (!some) return fail(std::move(some.error()));
                total += *some;
            }
        }
        std::int64_t others = 0;
        for (const std::int64_t some : counts) others += some;
        counts[place_of(RunStatus::succeeded)] = std::max<std::int64_t>(0, total - others);
        return {};
    }

    Result<void> look_at_rows() {
        const RunMatch wanted(filter_);
        const auto sources = sources_of(filter_);
        for (const Source& source : sources) {
            const auto what = [&](const Row& row) { return wanted(row); };
            if (auto done = count_rows(source, rows_of_histogram / static_cast<std::int64_t>(sources.size()), what); !done) return done;
        }
        return {};
    }

    ReadTx& tx_;
    WorkspaceId workspace_;
    const RunFilter& filter_;
    RunHistogram& out_;
    std::int64_t counted_ = 0;
};

}  // namespace

std::optional<IdSpan> ids_beginning(std::string_view text) {
    constexpr std::size_t letters = 26;
    if (!text.starts_with("run_") || text.size() - 4 > letters) return std::nullopt;
    const std::string begin(text.substr(4));
    // An id has 128 bits and its text 130: the first character goes up to 7.
    const std::string low = begin + std::string(letters - begin.size(), '0');
    std::string high = begin + std::string(letters - begin.size(), 'z');
    if (begin.empty()) high[0] = '7';
    const auto first = RunId::parse("run_" + low), last = RunId::parse("run_" + high);
    if (!first || !last) return std::nullopt;
    return IdSpan{*first, *last};
}

Awaitable<Result<FoundRuns>> search_runs(storage::Storage& storage, WorkspaceId workspace, RunFilter filter, RunId before, int limit) {
    auto job = [workspace, filter = std::move(filter), before, limit](ReadTx& tx) {
        return search(tx, workspace, filter, before, static_cast<std::size_t>(limit));
    };
    co_return co_await storage.read(std::move(job));
}

Awaitable<Result<RunHistogram>> count_runs(storage::Storage& storage, WorkspaceId workspace, RunFilter filter, HistogramQuery query) {
    auto job = [workspace, filter = std::move(filter), query](ReadTx& tx) -> Result<RunHistogram> {
        RunHistogram out;
        const std::int64_t span = std::max<std::int64_t>(1, base::to_us(query.to) - base::to_us(query.from));
        const std::int64_t part = (span + query.buckets - 1) / query.buckets;
        out.width = std::chrono::microseconds(std::max<std::int64_t>(1, (part + 999) / 1000) * 1000);  // ids tell milliseconds
        out.from = out.counted_from = query.from;
        out.to = query.to;
        const auto count = static_cast<std::size_t>((span + base::to_us(Time{} + out.width) - 1) / base::to_us(Time{} + out.width));
        out.buckets.resize(std::max<std::size_t>(1, count));
        if (auto done = Counting(tx, workspace, filter, out).run(); !done) return fail(std::move(done.error()));
        return out;
    };
    co_return co_await storage.read(std::move(job));
}

}  // namespace sluice::engine::store
