// Recovery: unfinished runs are read back from their journal and go on.

#include "engine/engine_state.hpp"
#include "sluice/base/log.hpp"
#include "sluice/storage/blobs.hpp"

namespace sluice::engine {

namespace {
constexpr int page_records = 1000;
constexpr std::size_t largest_value = 256u << 20;
}  // namespace

Awaitable<Result<RunPtr>> Engine::State::revive(store::OpenJob job) {
    auto give_up = [&job](Error error) -> Result<RunPtr> {
        if (error.code != ErrorCode::unavailable) {
            log::error("a run cannot be taken up again; it is left as it is", {{"run", job.run}, {"cause", error.message}});
            error.code = ErrorCode::internal;
            error.message = "the run cannot be read back; the server's log has the cause";
        }
        return fail(std::move(error));
    };
    auto row = co_await store::find_run(storage, job.workspace, job.run);
    if (!row) co_return give_up(row.error());
    if (!*row) co_return give_up(Error{ErrorCode::internal, "its row is missing"});
    // A queued run starts when it is read back to start; only then is this stored.
    if ((*row)->status == RunStatus::queued) (*row)->started_at = clock.now();
    auto runnable = co_await flows.runnable(job.workspace, (*row)->flow, (*row)->flow_version);
    if (!runnable) co_return give_up(runnable.error());

    if ((*row)->retries > 0) {
        auto retried = co_await revive_retried(std::move(**row), runnable->flow);
        if (!retried) co_return give_up(retried.error());
        co_return *retried;
    }
    RunPtr run;
    std::int64_t seq = 0;
    while (true) {
        auto records = co_await store::records(storage, job.workspace, job.run, seq, page_records, largest_value);
        if (!records) co_return give_up(records.error());
        for (auto& stored : *records) {
            auto whole = co_await complete(job.workspace, stored);
            if (!whole) co_return give_up(whole.error());
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
            if (!applied) co_return give_up(applied.error());
            auto supplied = co_await supply(job.workspace, run->machine);
            if (!supplied) co_return give_up(supplied.error());
        }
        if (records->size() < page_records) break;
    }
    if (!run) co_return give_up(Error{ErrorCode::internal, "its journal is empty"});
    auto ended = co_await end_of_journal(job.workspace, run->machine);
    if (!ended) co_return give_up(ended.error());
    run->first = false;
    run->seq = seq;
    co_return run;
}

Awaitable<Result<void>> Engine::start() {
    State& s = *state_;
    const auto stopping = [] { return fail(ErrorCode::unavailable, "the server is stopping"); };
    if (s.stopping) co_return stopping();
    s.queue.number_from(static_cast<std::uint64_t>(std::max<std::int64_t>(0, base::to_us(s.clock.now()))));
    auto open = co_await store::open_jobs(s.storage, s.boot, s.clock.now());
    if (!open) co_return fail(std::move(open.error()));
    for (const store::StoredQueue& queue : open->queues) {
        s.queue.pause(queue.workspace, queue.paused);
        s.queue.drain(queue.workspace, queue.draining);
        s.queue.set_weight(queue.workspace, queue.weight);
    }
    // Runs that wait are not read before their time: a hundred thousand of them cost their place in this index.
    for (const store::WaitingJob& job : open->waiting) s.remember_waiting(job.workspace, job.run, job.wake_at);
    for (const store::StoredJob& job : open->jobs) {
        if (job.state == store::JobState::queued) s.queue.restore(job.entry, s.clock.now());
        else s.queue.occupy(job.entry);
    }
    s.queue.hold_all(false);
    std::size_t under_way = 0;
    for (const store::StoredJob& job : open->jobs) {
        if (job.state != store::JobState::running) continue;
        auto run = co_await s.bring_back(job.entry.workspace, job.entry.run);
        if (s.stopping) co_return stopping();
        if (run) {
            ++under_way;
            ++s.statistics.recovered;
        } else if (run.error().code == ErrorCode::unavailable) {
            s.take_up(job.entry.workspace, job.entry.run);
        } else {
            s.free_slot(job.entry.run, false);
        }
    }
    s.admit_runs();
    auto calls = co_await store::error_calls(s.storage);
    if (!calls) co_return fail(std::move(calls.error()));
    for (const store::ErrorCall& call : *calls)
        s.tasks.spawn("error-flow", State::call_error_flow(state_, call.workspace, call.run, call.flow));
    if (!open->jobs.empty() || !open->waiting.empty())
        log::info("unfinished runs taken up again", {{"runs", under_way}, {"queued", open->jobs.size() - under_way},
                                                     {"waiting", open->waiting.size()}});
    co_return Result<void>();
}

}  // namespace sluice::engine
