// What pages and clients read of runs: rows, steps folded from the journal, values, events.

#include <map>

#include "engine/engine_state.hpp"

namespace sluice::engine {

namespace {

constexpr int page_records = 100;   ///< folded on the loop: each read in between lets others run
constexpr std::int64_t inline_value_bytes = 8 * 1024;   ///< larger values are loaded one by one
constexpr std::int64_t no_limit = std::int64_t{1} << 40;

Json parse_or_null(const std::string& text) {
    Json value = text.empty() ? Json() : Json::parse(text, nullptr, false);
    return value.is_discarded() ? Json() : value;
}

std::string node_of(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    return std::string(slash == std::string_view::npos ? path : path.substr(slash + 1));
}

/// The node with this id anywhere in the flow; null when the version does not have it.
const flows::CompiledNode* find_node(const flows::CompiledGraph& graph, std::string_view id) {
    if (const auto found = graph.index.find(id); found != graph.index.end()) return &graph.nodes[found->second];
    for (const auto& node : graph.nodes)
        if (node.body)
            if (const auto* inner = find_node(*node.body, id)) return inner;
    return nullptr;
}

Json error_of(const store::StoredRecord& stored) {
    if (!stored.record.value.empty()) return parse_or_null(stored.record.value);
    return {{"code", "too_large"}, {"message", "the error is large; read it at the step's own address"}, {"step", stored.record.path}};
}

void fold(StepSummary& step, const store::StoredRecord& stored) {
    const Record& record = stored.record;
    step.attempts = std::max(step.attempts, record.attempt);
    const bool begins = record.kind == RecordKind::step_started || record.kind == RecordKind::step_waiting;
    if (!step.started_at && record.kind != RecordKind::step_skipped) step.started_at = record.at;
    if (begins || record.kind == RecordKind::step_attempt_failed) step.finished_at.reset();
    else step.finished_at = record.at;
    const Json data = record.data.empty() ? Json::object() : parse_or_null(record.data);
    switch (record.kind) {
        case RecordKind::step_started:
            step.status = StepStatus::running;
            if (const Json* items = base::find_member(data, "items")) step.items = items->get<std::int64_t>();
            break;
        case RecordKind::step_waiting:
            step.status = StepStatus::waiting;
            step.waiting_until = base::from_us(data.value("until_us", std::int64_t{0}));
            break;
        case RecordKind::step_attempt_failed:
            step.status = StepStatus::waiting;
            step.waiting_until = base::from_us(data.value("retry_at_us", std::int64_t{0}));
            step.error = error_of(stored);
            break;
        case RecordKind::step_succeeded:
            step.status = StepStatus::succeeded;
            step.output_bytes = stored.value_bytes;
            step.error.reset();
            break;
        case RecordKind::step_failed: step.status = StepStatus::failed; step.error = error_of(stored); break;
        case RecordKind::step_timed_out: step.status = StepStatus::timed_out; step.error = error_of(stored); break;
        case RecordKind::step_skipped: step.status = StepStatus::skipped; break;
        case RecordKind::step_cancelled: step.status = StepStatus::cancelled; break;
        case RecordKind::step_unknown: step.status = StepStatus::unknown; break;
        default: break;
    }
    if (!begins && record.kind != RecordKind::step_attempt_failed) step.waiting_until.reset();
    if (const Json* usage = base::find_member(data, "usage")) step.usage = *usage;
    if (const Json* artifacts = base::find_member(data, "artifacts")) step.artifacts = *artifacts;
}

tl::unexpected<Error> no_such_run(RunId id) {
    return fail(ErrorCode::not_found, "there is no run {} in this workspace; `sluice runs list` shows the runs", id);
}

}  // namespace

Awaitable<Result<Run>> Engine::get(WorkspaceId workspace, RunId id) {
    auto run = co_await store::find_run(state_->storage, workspace, id);
    if (!run) co_return fail(std::move(run.error()));
    if (!*run) co_return no_such_run(id);
    Run found = std::move(**run);
    // What is in memory is ahead of the row by its status at most; the totals are kept there until the end.
    if (const auto active = state_->active.find(id); active != state_->active.end() && !is_terminal(found.status))
        found.totals = active->second->machine.totals();
    co_return found;
}

Awaitable<Result<RunList>> Engine::list(WorkspaceId workspace, RunFilter filter, int limit, std::string cursor) {
    const std::string name = fmt::format("runs|{}|{}|{}", filter.status ? to_string(*filter.status) : "",
                                         filter.flow ? filter.flow->str() : "", filter.project);
    auto position = state_->cursors.read(workspace, name, cursor);
    if (!position) co_return fail(std::move(position.error()));
    auto runs = co_await store::list_runs(state_->storage, workspace, std::move(filter), RunId::from_raw(*position), limit + 1);
    if (!runs) co_return fail(std::move(runs.error()));
    RunList list;
    list.items = std::move(*runs);
    if (static_cast<int>(list.items.size()) > limit) {
        list.items.pop_back();
        list.next_cursor = state_->cursors.make(workspace, name, list.items.back().id.raw());
    }
    co_return list;
}

Awaitable<Result<Json>> Engine::input(WorkspaceId workspace, RunId id) {
    auto records = co_await store::records(state_->storage, workspace, id, 0, 1, no_limit);
    if (!records) co_return fail(std::move(records.error()));
    if (records->empty()) co_return no_such_run(id);
    const store::StoredRecord& first = records->front();
    auto value = co_await state_->value_of(workspace, first);
    if (!value) co_return fail(std::move(value.error()));
    co_return parse_or_null(*value);
}

Awaitable<Result<Json>> Engine::output(WorkspaceId workspace, RunId id) {
    auto last = co_await store::last_record(state_->storage, workspace, id);
    if (!last) co_return fail(std::move(last.error()));
    if (!*last) co_return no_such_run(id);
    const store::StoredRecord& record = **last;
    if (record.record.kind != RecordKind::run_succeeded) co_return Json();
    auto value = co_await state_->value_of(workspace, record);
    if (!value) co_return fail(std::move(value.error()));
    co_return parse_or_null(*value);
}

Awaitable<Result<std::vector<StepSummary>>> Engine::steps(WorkspaceId workspace, RunId id) {
    auto run = co_await get(workspace, id);
    if (!run) co_return fail(std::move(run.error()));
    flows::FlowPtr flow;
    if (auto runnable = co_await state_->flows.runnable(workspace, run->flow, run->flow_version)) flow = runnable->flow;

    std::vector<StepSummary> steps;
    std::map<std::string, std::size_t, std::less<>> index;
    auto step_at = [&](const std::string& path) -> StepSummary& {
        const auto [found, added] = index.emplace(path, steps.size());
        if (added) {
            StepSummary step;
            step.path = path;
            step.node = node_of(path);
            const flows::CompiledNode* node = flow ? find_node(flow->graph, step.node) : nullptr;
            if (node != nullptr) step.type = node->type_name;
            steps.push_back(std::move(step));
        }
        return steps[found->second];
    };
    std::int64_t seq = 0;
    while (true) {
        auto records = co_await store::records(state_->storage, workspace, id, seq, page_records, inline_value_bytes);
        if (!records) co_return fail(std::move(records.error()));
        for (const auto& stored : *records) {
            seq = stored.seq;
            if (!stored.record.path.empty()) fold(step_at(stored.record.path), stored);
        }
        if (records->size() < page_records) break;
    }
    // The nodes that nothing has happened to yet, or never will.
    if (flow)
        for (const std::uint32_t at : flow->graph.order) {
            StepSummary& step = step_at(flow->graph.nodes[at].id);
            if (step.status == StepStatus::pending && is_terminal(run->status)) step.status = StepStatus::skipped;
        }
    co_return steps;
}

Awaitable<Result<Json>> Engine::step_value(WorkspaceId workspace, RunId id, std::string path) {
    auto stored = co_await store::step_end(state_->storage, workspace, id, path);
    if (!stored) co_return fail(std::move(stored.error()));
    if (!*stored)
        co_return fail(ErrorCode::not_found, "the run {} has no value of a step {} yet; GET /api/v1/runs/{}/steps lists "
                                             "its steps", id, path, id);
    const store::StoredRecord& record = **stored;
    auto value = co_await state_->value_of(workspace, record);
    if (!value) co_return fail(std::move(value.error()));
    Json answer = {{"path", path}, {"attempt", record.record.attempt}};
    const bool output = record.record.kind == RecordKind::step_succeeded;
    answer[output ? "output" : "error"] = parse_or_null(*value);
    co_return answer;
}

Awaitable<Result<std::vector<Json>>> Engine::run_events(WorkspaceId workspace, RunId id, std::int64_t after_seq, int limit) {
    auto records = co_await store::records(state_->storage, workspace, id, after_seq, limit, inline_value_bytes);
    if (!records) co_return fail(std::move(records.error()));
    if (records->empty()) {
        auto run = co_await store::find_run(state_->storage, workspace, id);
        if (!run) co_return fail(std::move(run.error()));
        if (!*run) co_return no_such_run(id);
    }
    std::vector<Json> out;
    out.reserve(records->size());
    for (const auto& stored : *records) {
        Json entry = {{"seq", stored.seq}, {"kind", stored.kind}, {"at", base::format_time(stored.record.at)}};
        if (!stored.record.path.empty()) {
            entry["path"] = stored.record.path;
            entry["attempt"] = stored.record.attempt;
        }
        if (!stored.record.data.empty()) entry["data"] = parse_or_null(stored.record.data);
        if (!stored.record.value.empty()) entry["value"] = parse_or_null(stored.record.value);
        else if (stored.value_bytes > 0) entry["value_bytes"] = stored.value_bytes;
        out.push_back(std::move(entry));
    }
    co_return out;
}

}  // namespace sluice::engine
