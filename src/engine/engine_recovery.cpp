// Recovery: unfinished runs are read back from their journal and go on.

#include "engine/engine_state.hpp"
#include "sluice/base/log.hpp"
#include "sluice/storage/blobs.hpp"

namespace sluice::engine {

namespace {
constexpr int page_records = 1000;
constexpr std::size_t largest_value = 256u << 20;
}  // namespace

Awaitable<Result<std::string>> Engine::State::value_of(WorkspaceId workspace, const store::StoredRecord& stored) {
    if (stored.value_blob.empty()) co_return stored.record.value;
    co_return co_await storage.blobs().get(workspace, stored.value_blob, largest_value);
}

Awaitable<RunPtr> Engine::State::revive(store::OpenJob job) {
    auto give_up = [&job](std::string_view cause) {
        log::error("a run cannot be taken up again; it is left as it is", {{"run", job.run}, {"cause", cause}});
        return RunPtr();
    };
    auto row = co_await store::find_run(storage, job.workspace, job.run);
    if (!row) co_return give_up(row.error().message);
    if (!*row) co_return give_up("its row is missing");
    auto runnable = co_await flows.runnable(job.workspace, (*row)->flow, (*row)->flow_version);
    if (!runnable) co_return give_up(runnable.error().message);

    if ((*row)->retries > 0) {
        auto retried = co_await revive_retried(std::move(**row), runnable->flow);
        if (!retried) co_return give_up(retried.error().message);
        co_return *retried;
    }
    RunPtr run;
    std::int64_t seq = 0;
    while (true) {
        auto records = co_await store::records(storage, job.workspace, job.run, seq, page_records, largest_value);
        if (!records) co_return give_up(records.error().message);
        for (auto& stored : *records) {
            auto value = co_await value_of(job.workspace, stored);
            if (!value) co_return give_up(value.error().message);
            stored.record.value = std::move(*value);
            seq = stored.seq;
            if (!run) {
                Json input = Json::parse(stored.record.value, nullptr, false);
                auto handle = std::make_shared<RunHandle>(loop);
                handle->id = job.run;
                handle->accepted.set({});
                RunFacts facts{job.run, job.workspace, (*row)->flow_name, (*row)->flow_version,
                               (*row)->started_at.value_or((*row)->created_at), (*row)->trigger, stored.record.data};
                Machine machine(runnable->flow, std::move(facts), std::move(input), true, options.machine);
                run = std::make_shared<ActiveRun>(std::move(handle), **row, std::move(machine));
                if (!stored.record.data.empty()) {
                    // What the run takes from another one and had not come to yet.
                    auto plan = Json::parse(stored.record.data, nullptr, false);
                    auto reuse = co_await planned_reuse(job.workspace, runnable->flow, std::move(plan));
                    if (reuse) run->machine.reuse(std::move(*reuse));
                    else log::warn("what a rerun takes from its parent cannot be read; its steps are done again",
                                   {{"run", job.run}, {"cause", reuse.error().message}});
                }
            }
            run->row.stored_bytes += store::stored_size(stored.record);
            run->had_unknown = run->had_unknown || stored.record.kind == RecordKind::step_unknown;
            auto applied = run->machine.apply(stored.record);
            if (!applied) co_return give_up(applied.error().message);
        }
        if (records->size() < page_records) break;
    }
    if (!run) co_return give_up("its journal is empty");
    run->first = false;
    run->seq = seq;
    co_return run;
}

Awaitable<Result<void>> Engine::start() {
    State& s = *state_;
    const auto stopping = [] { return fail(ErrorCode::unavailable, "the server is stopping"); };
    if (s.stopping) co_return stopping();
    auto jobs = co_await store::take_over_jobs(s.storage, s.boot);
    if (!jobs) co_return fail(std::move(jobs.error()));
    std::vector<RunPtr> runs;
    for (const store::OpenJob& job : *jobs) {
        RunPtr run = co_await s.revive(job);
        if (s.stopping) co_return stopping();
        if (!run) continue;
        s.active.emplace(run->row.id, run);
        runs.push_back(std::move(run));
    }
    constexpr std::uint64_t runs_a_turn = 64;
    for (const RunPtr& run : runs) {
        if (++s.statistics.recovered % runs_a_turn == 0) co_await s.loop.yield();
        if (s.stopping) co_return stopping();
        s.feed(run, event::Recovered{});
    }
    auto calls = co_await store::error_calls(s.storage);
    if (!calls) co_return fail(std::move(calls.error()));
    for (const store::ErrorCall& call : *calls)
        s.tasks.spawn("error-flow", State::call_error_flow(state_, call.workspace, call.run, call.flow));
    if (!runs.empty()) log::info("unfinished runs taken up again", {{"runs", runs.size()}});
    co_return Result<void>();
}

}  // namespace sluice::engine
