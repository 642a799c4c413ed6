// What pages and clients read of runs: rows, steps folded from the journal, values, events.

#include "engine/engine_state.hpp"
#include "engine/steps_store.hpp"
#include "sluice/engine/history.hpp"
#include "sluice/engine/values.hpp"
#include "sluice/storage/blobs.hpp"

namespace sluice::engine {

namespace {

constexpr std::int64_t inline_value_bytes = 8 * 1024;   ///< larger values are loaded one by one
constexpr std::int64_t no_limit = std::int64_t{1} << 40;

Json parse_or_null(const std::string& text) {
    Json value = text.empty() ? Json() : Json::parse(text, nullptr, false);
    return value.is_discarded() ? Json() : value;
}

/// The node with this id anywhere in the flow; null when the version does not have it.
const flows::CompiledNode* find_node(const flows::CompiledGraph& graph, std::string_view id) {
    if (const auto found = graph.index.find(id); found != graph.index.end()) return &graph.nodes[found->second];
    for (const auto& node : graph.nodes)
        if (node.body)
            if (const auto* inner = find_node(*node.body, id)) return inner;
    return nullptr;
}

/// Where the value of an entry lies; what its flow does not keep is null.
ValueText text_of(store::StoredRecord stored) {
    ValueText out;
    out.attempt = stored.record.attempt;
    out.is_error = stored.record.kind != RecordKind::step_succeeded;
    out.blob = std::move(stored.value_blob);
    if (out.blob.empty()) out.text = stored.record.value.empty() ? "null" : std::move(stored.record.value);
    out.bytes = out.blob.empty() ? out.text.size() : static_cast<std::uint64_t>(stored.value_bytes);
    return out;
}

tl::unexpected<Error> no_such_run(RunId id) {
    return fail(ErrorCode::not_found, "there is no run {} in this workspace; `sluice runs list` shows the runs", id);
}

}  // namespace

std::optional<StepStatus> step_status_from(std::string_view text) {
    for (int i = 0; i <= static_cast<int>(StepStatus::unknown); ++i)
        if (to_string(static_cast<StepStatus>(i)) == text) return static_cast<StepStatus>(i);
    return std::nullopt;
}

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

Awaitable<Result<StepPage>> Engine::steps(WorkspaceId workspace, RunId id, StepQuery query) {
    auto run = co_await get(workspace, id);
    if (!run) co_return fail(std::move(run.error()));
    flows::FlowPtr flow;
    if (auto runnable = co_await state_->flows.runnable(workspace, run->flow, run->flow_version)) flow = runnable->flow;
    auto index = co_await store::index_steps(state_->storage, workspace, id);
    if (!index) co_return fail(std::move(index.error()));

    StepPage page;
    const auto wants = [&](StepStatus status) {
        if (!query.statuses.empty() && std::find(query.statuses.begin(), query.statuses.end(), status) == query.statuses.end()) return false;
        const std::size_t place = page.total++;
        return place >= query.offset && place - query.offset < query.limit;
    };
    std::vector<std::uint32_t> wanted;
    if (query.by_path()) {
        auto matching = co_await store::steps_by_path(state_->storage, *index, query);
        if (!matching) co_return fail(std::move(matching.error()));
        for (const std::uint32_t place : *matching)
            if (wants((*index)->entries[place].status)) wanted.push_back(place);
    } else {
        for (std::uint32_t place = 0; place < (*index)->entries.size(); ++place)
            if (wants((*index)->entries[place].status)) wanted.push_back(place);
    }
    if (!wanted.empty()) {
        auto steps = co_await store::summarise_steps(state_->storage, workspace, id, *index, std::move(wanted));
        if (!steps) co_return fail(std::move(steps.error()));
        page.items = std::move(*steps);
    }
    if (!flow) co_return page;
    for (StepSummary& step : page.items)
        if (const flows::CompiledNode* node = find_node(flow->graph, step.node)) step.type = node->type_name;
    // The nodes that nothing has happened to yet, or never will.
    const StepStatus untouched = is_terminal(run->status) ? StepStatus::skipped : StepStatus::pending;
    for (const std::uint32_t at : flow->graph.order) {
        const auto& node = flow->graph.nodes[at];
        if ((*index)->by_path.contains(node.id) || !store::path_matches(node.id, query) || !wants(untouched)) continue;
        StepSummary step;
        step.path = step.node = node.id;
        step.type = node.type_name;
        step.status = untouched;
        page.items.push_back(std::move(step));
    }
    co_return page;
}

Awaitable<Result<ValueText>> Engine::input_text(WorkspaceId workspace, RunId id) {
    auto records = co_await store::records(state_->storage, workspace, id, 0, 1, no_limit);
    if (!records) co_return fail(std::move(records.error()));
    if (records->empty()) co_return no_such_run(id);
    co_return text_of(std::move(records->front()));
}

Awaitable<Result<std::optional<ValueText>>> Engine::output_text(WorkspaceId workspace, RunId id) {
    auto last = co_await store::last_record(state_->storage, workspace, id);
    if (!last) co_return fail(std::move(last.error()));
    if (!*last) co_return no_such_run(id);
    if ((*last)->record.kind != RecordKind::run_succeeded) co_return std::optional<ValueText>();
    co_return std::optional<ValueText>(text_of(std::move(**last)));
}

Awaitable<Result<ValueText>> Engine::step_text(WorkspaceId workspace, RunId id, std::string path) {
    auto stored = co_await store::step_end(state_->storage, workspace, id, path);
    if (!stored) co_return fail(std::move(stored.error()));
    if (!*stored)
        co_return fail(ErrorCode::not_found, "the run {} has no value of a step {} yet; GET /api/v1/runs/{}/steps lists "
                                             "its steps", id, path, id);
    co_return text_of(std::move(**stored));
}

Awaitable<Result<std::string>> Engine::read_value(WorkspaceId workspace, const ValueText& value, std::uint64_t offset, std::size_t length) {
    if (value.blob.empty()) co_return offset >= value.text.size() ? std::string() : value.text.substr(offset, length);
    std::string blob = value.blob;
    co_return co_await state_->storage.blobs().read_part(workspace, std::move(blob), offset, length);
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
