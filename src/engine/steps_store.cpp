#include "engine/steps_store.hpp"

#include "sluice/engine/history.hpp"
#include "sluice/storage/tx.hpp"

namespace sluice::engine::store {

namespace {

using storage::Query;
using storage::ReadTx;
using storage::Row;

/// Rows of one read: well below the time after which a read is cut, and the log is pinned no longer than that.
constexpr int rows_a_read = 50'000;
/// Errors above this are left to the step's own address.
constexpr std::int64_t inline_error_bytes = 8 * 1024;

const Query select_paths{"engine.select_step_paths", R"sql(
    SELECT seq, kind, path FROM run_event
    WHERE run_id = ?2 AND seq > ?3 AND workspace_id = ?1 AND path <> '' ORDER BY seq LIMIT ?4)sql"};

const Query select_step_entries{"engine.select_step_entries", R"sql(
    SELECT seq, kind, at_us, path, attempt, data,
        CASE WHEN value_bytes <= ?6 AND kind IN ('step.failed', 'step.timed_out', 'step.attempt_failed') THEN value END, value_bytes
    FROM run_event WHERE run_id = ?2 AND seq > ?3 AND seq <= ?4 AND workspace_id = ?1 AND path <> '' ORDER BY seq LIMIT ?5)sql"};

const Query select_fingerprints{"engine.select_step_fingerprints", R"sql(
    SELECT seq, kind, at_us, path, attempt, coalesce(value_blob, value, ''), value_bytes FROM run_event
    WHERE run_id = ?2 AND seq > ?3 AND workspace_id = ?1 AND path <> '' ORDER BY seq LIMIT ?4)sql"};

const Query select_run_entries{"engine.select_run_entries", R"sql(
    SELECT kind, at_us, data FROM run_event WHERE run_id = ?2 AND workspace_id = ?1 AND path = '' ORDER BY seq DESC LIMIT ?3)sql"};

Json parse_or_null(std::string_view text) {
    Json value = text.empty() ? Json() : Json::parse(text, nullptr, false);
    return value.is_discarded() ? Json() : value;
}

std::string node_of(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    return std::string(slash == std::string_view::npos ? path : path.substr(slash + 1));
}

/// Where the steps are counted that are inside of the same container; none at the top.
std::uint32_t container_place(StepIndex& index, std::string_view path) {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string_view::npos) return StepIndex::none;
    path = path.substr(0, slash);
    const std::size_t bracket = path.rfind('[');
    if (bracket == std::string_view::npos || !path.ends_with(']')) return StepIndex::none;
    const auto [found, added] = index.containers.try_emplace(std::string(path.substr(0, bracket)), static_cast<std::uint32_t>(index.children.size()));
    if (added) index.children.emplace_back();
    return found->second;
}

struct Entry {
    RecordKind kind;
    Time at;
    int attempt;
    std::string_view data, error;
    std::int64_t value_bytes;
};

Json error_of(const StepSummary& step, const Entry& entry) {
    if (!entry.error.empty()) return parse_or_null(entry.error);
    return {{"code", "too_large"}, {"message", "the error is large; read it at the step's own address"}, {"step", step.path}};
}

void fold(StepSummary& step, const Entry& entry) {
    const bool begins = entry.kind == RecordKind::step_started || entry.kind == RecordKind::step_waiting;
    const bool retries = entry.kind == RecordKind::step_attempt_failed;
    step.attempts = std::max(step.attempts, entry.attempt);
    step.status = status_after(entry.kind, step.status);
    if (!step.started_at && entry.kind != RecordKind::step_skipped) step.started_at = entry.at;
    if (is_terminal(step.status) || step.status == StepStatus::unknown) step.finished_at = entry.at;
    else step.finished_at.reset();
    const Json data = entry.data.empty() ? Json::object() : parse_or_null(entry.data);
    if (!begins && !retries) step.waiting_until.reset();
    step.waiting_for = Json();
    switch (entry.kind) {
        case RecordKind::step_started:
            if (const Json* items = base::find_member(data, "items"); items != nullptr && items->is_number_integer())
                step.items = items->get<std::int64_t>();
            break;
        case RecordKind::step_waiting:
            if (const Json* until = base::find_member(data, "until_us"); until != nullptr && until->is_number_integer())
                step.waiting_until = base::from_us(until->get<std::int64_t>());
            if (const Json* signal = base::find_member(data, "signal")) {
                step.waiting_for = {{"signal", *signal}};
                if (const Json* key = base::find_member(data, "key")) step.waiting_for["key"] = *key;
            }
            break;
        case RecordKind::step_attempt_failed:
            step.waiting_until = base::from_us(data.value("retry_at_us", std::int64_t{0}));
            step.error = error_of(step, entry);
            break;
        case RecordKind::step_succeeded:
            step.output_bytes = entry.value_bytes;
            step.error.reset();
            break;
        case RecordKind::step_failed:
        case RecordKind::step_timed_out: step.error = error_of(step, entry); break;
        default: break;
    }
    if (const Json* usage = base::find_member(data, "usage")) step.usage = *usage;
    if (begins) step.reused = false;
    else if (is_terminal(step.status)) step.reused = data.value("reused", false);
    if (const Json* artifacts = base::find_member(data, "artifacts")) step.artifacts = *artifacts;
}

}  // namespace

StepStatus status_after(RecordKind kind, StepStatus before) {
    switch (kind) {
        case RecordKind::step_started: return StepStatus::running;
        case RecordKind::step_waiting:
        case RecordKind::step_attempt_failed: return StepStatus::waiting;
        case RecordKind::step_succeeded: return StepStatus::succeeded;
        case RecordKind::step_failed: return StepStatus::failed;
        case RecordKind::step_timed_out: return StepStatus::timed_out;
        case RecordKind::step_skipped: return StepStatus::skipped;
        case RecordKind::step_cancelled: return StepStatus::cancelled;
        case RecordKind::step_unknown: return StepStatus::unknown;
        case RecordKind::step_decided: return StepStatus::ready;
        default: return before;
    }
}

Awaitable<Result<StepIndexPtr>> index_steps(storage::Storage& storage, WorkspaceId workspace, RunId run) {
    auto index = std::make_shared<StepIndex>();
    int rows = 0;
    do {
        auto read = [workspace, run, index](ReadTx& tx) -> Result<int> {
            int seen = 0;
            auto visit = [&](const Row& row) {
                ++seen;
                index->last_seq = row.integer(0);
                const auto kind = record_kind_from(row.text(1));
                const auto [found, added] = index->by_path.try_emplace(row.str(2), static_cast<std::uint32_t>(index->entries.size()));
                if (added) index->entries.push_back({&found->first, StepStatus::pending, index->last_seq, 0, container_place(*index, found->first)});
                StepIndex::Entry& entry = index->entries[found->second];
                entry.last_seq = index->last_seq;
                const StepStatus before = entry.status;
                if (kind) entry.status = status_after(*kind, entry.status);
                if (entry.container == StepIndex::none) return true;
                auto& counts = index->children[entry.container];
                if (!added) --counts[static_cast<std::size_t>(before)];
                ++counts[static_cast<std::size_t>(entry.status)];
                return true;
            };
            auto done = tx.each(select_paths, {storage::to_value(workspace), storage::to_value(run), storage::to_value(index->last_seq),
                                               storage::to_value(rows_a_read)}, visit);
            if (!done) return fail(std::move(done.error()));
            return seen;
        };
        auto read_rows = co_await storage.read(std::move(read));
        if (!read_rows) co_return fail(std::move(read_rows.error()));
        rows = *read_rows;
    } while (rows == rows_a_read);
    co_return StepIndexPtr(std::move(index));
}

bool path_matches(std::string_view path, const StepQuery& query) {
    if (!query.parent.empty()) {
        if (!path.starts_with(query.parent) || path.size() == query.parent.size()) return false;
        const char next = path[query.parent.size()];   // "each" has each[0]/a, "each[0]" has each[0]/a, neither eachother
        if (next != '[' && next != '/') return false;
    }
    return query.text.empty() || path.find(query.text) != std::string_view::npos;
}

Awaitable<Result<std::vector<std::uint32_t>>> steps_by_path(storage::Storage& storage, StepIndexPtr index, StepQuery query) {
    auto job = [index, query = std::move(query)](ReadTx&) -> Result<std::vector<std::uint32_t>> {
        std::vector<std::uint32_t> out;
        for (std::uint32_t place = 0; place < index->entries.size(); ++place)
            if (path_matches(*index->entries[place].path, query)) out.push_back(place);
        return out;
    };
    co_return co_await storage.read(std::move(job));
}

Awaitable<Result<std::vector<RunEntry>>> run_entries(storage::Storage& storage, WorkspaceId workspace, RunId run, int limit) {
    auto job = [=](ReadTx& tx) {
        return tx.list<RunEntry>(select_run_entries, {storage::to_value(workspace), storage::to_value(run), storage::to_value(limit)},
                                 [](const Row& row) {
            Json data = row.is_null(2) ? Json() : parse_or_null(row.text(2));
            return RunEntry{row.str(0), row.time(1), data.is_object() ? std::move(data) : Json::object()};
        });
    };
    co_return co_await storage.read(std::move(job));
}

Awaitable<Result<std::vector<StepSummary>>> summarise_steps(storage::Storage& storage, WorkspaceId workspace, RunId run,
                                                            StepIndexPtr index, std::vector<std::uint32_t> wanted) {
    struct Fold {
        std::vector<StepSummary> steps;
        std::unordered_map<std::string_view, std::size_t> places;   ///< of the index's texts
        std::int64_t from = 0, to = 0;
    };
    auto state = std::make_shared<Fold>();
    state->from = index->last_seq;
    for (const std::uint32_t place : wanted) {
        const StepIndex::Entry& entry = index->entries[place];
        StepSummary step;
        step.path = *entry.path;
        step.node = node_of(step.path);
        if (const auto inside = index->containers.find(step.path); inside != index->containers.end()) {
            step.children = Json::object();
            const StepIndex::Counts& counts = index->children[inside->second];
            for (std::size_t i = 0; i < counts.size(); ++i)
                if (counts[i] > 0) step.children[std::string(to_string(static_cast<StepStatus>(i)))] = counts[i];
        }
        state->places.emplace(*entry.path, state->steps.size());
        state->steps.push_back(std::move(step));
        state->from = std::min(state->from, entry.first_seq - 1);
        state->to = std::max(state->to, entry.last_seq);
    }
    while (state->from < state->to) {
        auto read = [workspace, run, index, state](ReadTx& tx) -> Result<bool> {
            int rows = 0;
            auto visit = [&](const Row& row) {
                ++rows;
                state->from = row.integer(0);
                const auto found = state->places.find(row.text(3));
                if (found == state->places.end()) return true;
                const auto kind = record_kind_from(row.text(1));
                if (kind)
                    fold(state->steps[found->second], {*kind, row.time(2), static_cast<int>(row.integer(4)),
                                                       row.is_null(5) ? std::string_view() : row.text(5),
                                                       row.is_null(6) ? std::string_view() : row.text(6), row.integer(7)});
                return true;
            };
            auto done = tx.each(select_step_entries, {storage::to_value(workspace), storage::to_value(run), storage::to_value(state->from),
                                                      storage::to_value(state->to), storage::to_value(rows_a_read),
                                                      storage::to_value(inline_error_bytes)}, visit);
            if (!done) return fail(std::move(done.error()));
            return rows == rows_a_read;
        };
        auto more = co_await storage.read(std::move(read));
        if (!more) co_return fail(std::move(more.error()));
        if (!*more) break;
    }
    co_return std::move(state->steps);
}

Awaitable<Result<std::shared_ptr<const Fingerprints>>> fingerprints(storage::Storage& storage, WorkspaceId workspace, RunId run) {
    auto prints = std::make_shared<Fingerprints>();
    constexpr int rows_here = rows_a_read / 5;   // each with its value
    int rows = 0;
    do {
        auto read = [workspace, run, prints](ReadTx& tx) -> Result<int> {
            int seen = 0;
            auto visit = [&](const Row& row) {
                ++seen;
                prints->last_seq = row.integer(0);
                const auto kind = record_kind_from(row.text(1));
                const auto [found, added] = prints->steps.try_emplace(row.str(3));
                StepFingerprint& step = found->second;
                if (added) {
                    prints->order.push_back(&found->first);
                    step.first = row.time(2);
                }
                step.last = row.time(2);
                step.attempts = std::max(step.attempts, static_cast<int>(row.integer(4)));
                if (kind) step.status = status_after(*kind, step.status);
                if (row.integer(6) == 0) return true;
                step.end_seq = prints->last_seq;
                step.value_hash = std::hash<std::string_view>{}(row.text(5));
                step.value_bytes = row.integer(6);
                return true;
            };
            auto done = tx.each(select_fingerprints, {storage::to_value(workspace), storage::to_value(run), storage::to_value(prints->last_seq),
                                                      storage::to_value(rows_here)}, visit);
            if (!done) return fail(std::move(done.error()));
            return seen;
        };
        auto read_rows = co_await storage.read(std::move(read));
        if (!read_rows) co_return fail(std::move(read_rows.error()));
        rows = *read_rows;
    } while (rows == rows_here);
    co_return std::shared_ptr<const Fingerprints>(std::move(prints));
}

}  // namespace sluice::engine::store
