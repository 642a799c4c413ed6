// What people and programs do to a run: pause, resume, signal, decide; and what brings one back: retry and rerun.

#include "engine/engine_state.hpp"
#include "engine/reuse.hpp"
#include "sluice/base/log.hpp"

namespace sluice::engine {

namespace {

constexpr std::size_t most_pending_signals = 1000;
constexpr int page_records = 500;
constexpr std::int64_t whole = std::int64_t{1} << 40;
constexpr Duration cancel_patience = std::chrono::seconds(10);

Error ended(RunStatus status, std::string_view verb) {
    return Error{ErrorCode::conflict, fmt::format("the run has ended ({}); it cannot be {} any more; {}", to_string(status), verb,
                                                  status == RunStatus::succeeded ? "to do it again, rerun it" : "retry it, or rerun it")};
}

Error pointing(Error error, std::string pointer) {
    error.details.push_back({std::move(pointer), error.message});
    return error;
}

}  // namespace

/// The run in memory, read back where it is not there. Errors: not_found; conflict when it has ended; unavailable; internal
/// when its journal cannot be read.
Awaitable<Result<RunPtr>> Engine::State::taken_up(Engine& engine, WorkspaceId workspace, RunId id, std::string_view verb) {
    const auto found = active.find(id);
    if (found != active.end() && found->second->row.workspace == workspace) {
        if (found->second->ended) co_return fail(ended(found->second->machine.status(), verb));
        co_return found->second;
    }
    auto run = co_await engine.get(workspace, id);
    if (!run) co_return fail(std::move(run.error()));
    if (is_terminal(run->status)) co_return fail(ended(run->status, verb));
    auto back = co_await bring_back(workspace, id);
    if (!back) {
        if (back.error().code == ErrorCode::not_found) co_return fail(ErrorCode::conflict, "the run has just ended; it cannot be {} any more", verb);
        co_return fail(std::move(back.error()));
    }
    if ((*back)->ended) co_return fail(ended((*back)->machine.status(), verb));
    co_return *back;
}

/// Waits until all that was recorded so far is committed. Errors: unavailable when it could not be.
Awaitable<Result<void>> Engine::State::confirmed(RunPtr run) {
    if (run->dropped && !run->ended) co_return fail(ErrorCode::unavailable, "the change could not be recorded; send it again in a moment");
    Page* page = !run->page.records.empty() || !run->machine.wanted().empty() ? &run->page : run->flight.get();
    if (page == nullptr) co_return Result<void>();
    auto done = std::make_shared<runtime::OneShot<Result<void>>>(loop);
    page->confirms.push_back(done);
    co_await done->wait();
    co_return done->get();
}

/// Feeds an event whose cause wants to commit more with it; gives the status once all is committed.
Awaitable<Result<RunStatus>> Engine::State::feed_and_confirm(RunPtr run, Event event, Also also) {
    auto moves = co_await until_it_moves(run);
    if (!moves) co_return fail(std::move(moves.error()));
    lend(*run);
    Output output = run->machine.handle(std::move(event), clock.now(), random);
    const RunStatus status = run->machine.status();
    if (also) also(run->page.extra, status);
    absorb(run, std::move(output));
    auto done = co_await confirmed(run);
    if (!done) co_return fail(std::move(done.error()));
    co_return status;
}

/// A run that began to wait, was paused or goes on: for present listeners alone. Its journal has it; the workspace's events have
/// its start and its end.
void Engine::State::tell_status(const ActiveRun& run) {
    if (!bus.has_listeners(run.row.workspace, "events")) return;
    const events::NewEvent event = run_event(run, fmt::format("run.{}", to_string(run.row.status)));
    const Json message = {{"type", event.type}, {"subject", event.subject}, {"time", base::format_time(event.at)}, {"data", event.data}};
    bus.publish_live(run.row.workspace, "events", message);
}

Awaitable<Result<RunStatus>> Engine::cancel(WorkspaceId workspace, RunId id, std::string reason, Also also) {
    auto run = co_await state_->taken_up(*this, workspace, id, "cancelled");
    if (!run) co_return fail(std::move(run.error()));
    const auto handle = (*run)->handle;
    Event event = event::Cancel{reason};
    auto recorded = co_await state_->feed_and_confirm(*run, std::move(event), std::move(also));
    if (!recorded) co_return fail(std::move(recorded.error()));
    state_->cancel_sub_runs(workspace, id, reason);
    // What has to be undone may take long: the answer then is that the run goes on until it is.
    const bool done = co_await handle->done.wait_until(state_->clock.now() + cancel_patience);
    if (!done) co_return (*run)->machine.status();
    if (!is_terminal(handle->done.get().status))
        co_return fail(ErrorCode::unavailable, "the cancel could not be recorded; send it again in a moment");
    co_return handle->done.get().status;
}

Awaitable<Result<RunStatus>> Engine::pause(WorkspaceId workspace, RunId id, std::string by, std::string reason, Also also) {
    auto run = co_await state_->taken_up(*this, workspace, id, "paused");
    if (!run) co_return fail(std::move(run.error()));
    if ((*run)->machine.paused()) co_return fail(ErrorCode::conflict, "the run is paused already");
    Event event = event::Pause{std::move(by), std::move(reason)};
    co_return co_await state_->feed_and_confirm(*run, std::move(event), std::move(also));
}

Awaitable<Result<RunStatus>> Engine::resume(WorkspaceId workspace, RunId id, std::string by, Also also) {
    auto run = co_await state_->taken_up(*this, workspace, id, "resumed");
    if (!run) co_return fail(std::move(run.error()));
    if (!(*run)->machine.paused()) co_return fail(ErrorCode::conflict, "the run is not paused, so there is nothing to resume");
    Event event = event::Resume{std::move(by)};
    co_return co_await state_->feed_and_confirm(*run, std::move(event), std::move(also));
}

Awaitable<Result<RunStatus>> Engine::signal(WorkspaceId workspace, RunId id, Signal signal, Also also) {
    auto run = co_await state_->taken_up(*this, workspace, id, "signalled");
    if (!run) co_return fail(std::move(run.error()));
    if (!(*run)->durable)
        co_return fail(ErrorCode::conflict, "this flow has durability none, which takes no signals; publish it with another durability");
    if ((*run)->machine.pending_signals() >= most_pending_signals)
        co_return fail(ErrorCode::rate_limited, "the run holds {} signals that no step has taken; it takes more when some have been",
                       most_pending_signals);
    Event event = event::Signal{std::move(signal.name), std::move(signal.key), std::move(signal.payload)};
    co_return co_await state_->feed_and_confirm(*run, std::move(event), std::move(also));
}

Awaitable<Result<RunStatus>> Engine::decide(WorkspaceId workspace, RunId id, StepDecision decision, Also also) {
    auto run = co_await state_->taken_up(*this, workspace, id, "decided about");
    if (!run) co_return fail(std::move(run.error()));
    const StepStatus status = (*run)->machine.step_status(decision.path);
    if (status != StepStatus::unknown)
        co_return fail(pointing(Error{ErrorCode::conflict,
                                      fmt::format("the step {} is {}; only an unknown step needs a decision; GET /api/v1/runs/{}/steps "
                                                  "lists the steps", decision.path, to_string(status), id), {}, false}, "/path"));
    Event event = event::Decide{std::move(decision.path), decision.decision, std::move(decision.output),
                                     std::move(decision.by), std::move(decision.reason)};
    co_return co_await state_->feed_and_confirm(*run, std::move(event), std::move(also));
}

Awaitable<Result<void>> Engine::State::each_record(WorkspaceId workspace, RunId id, std::function<Result<void>(store::StoredRecord&)> take,
                                                   const RunPtr* run) {
    std::int64_t seq = 0;
    while (true) {
        auto records = co_await store::records(storage, workspace, id, seq, page_records, whole);
        if (!records) co_return fail(std::move(records.error()));
        for (auto& stored : *records) {
            auto whole_record = co_await complete(workspace, stored);
            if (!whole_record) co_return whole_record;
            seq = stored.seq;
            auto taken = take(stored);
            if (!taken) co_return taken;
            if (run == nullptr || !*run) continue;
            auto supplied = co_await supply(workspace, (*run)->machine);
            if (!supplied) co_return supplied;
        }
        if (records->size() < page_records) co_return Result<void>();
    }
}

Awaitable<Result<std::shared_ptr<const Reuse>>> Engine::State::planned_reuse(WorkspaceId workspace, flows::FlowPtr flow, Json plan) {
    ReuseBuilder builder(*flow);
    const std::string from = base::string_or(plan, "from", "");
    const Json* outputs = base::find_member(plan, "outputs");
    const auto parent = RunId::parse(base::string_or(plan, "parent", ""));
    if (parent && (!from.empty() || outputs != nullptr)) {
        auto take = [&builder](store::StoredRecord& stored) { return builder.add(stored.record); };
        auto read = co_await each_record(workspace, *parent, std::move(take));
        if (!read) co_return fail(std::move(read.error()));
        builder.drop_unknown();
    }
    if (outputs != nullptr)
        if (auto replaced = builder.replace_outputs(*outputs); !replaced) co_return fail(std::move(replaced.error()));
    if (!from.empty()) {
        if (auto dropped = builder.drop_from(from); !dropped) co_return fail(pointing(std::move(dropped.error()), "/from"));
        if (outputs != nullptr)
            for (const auto& [path, output] : outputs->get_ref<const Json::object_t&>())
                if (!builder.has(path))
                    co_return fail(pointing(Error{ErrorCode::unprocessable,
                                                  fmt::format("the step {} is done again, because the run begins again at {}; give other "
                                                              "outputs to steps before that one, or leave from out", path, from), {}, false},
                                            "/outputs/" + base::escape_pointer(path)));
    }
    if (const Json* pins = base::find_member(plan, "pins"))
        for (const auto& [path, output] : pins->get_ref<const Json::object_t&>())
            if (auto set = builder.set_output(path, output); !set) co_return fail(std::move(set.error()));
    co_return builder.take(true, {});
}

Awaitable<Result<RunStatus>> Engine::retry(WorkspaceId workspace, RunId id, std::string by, std::string reason, Also also) {
    State& s = *state_;
    if (s.active.contains(id) || s.reopening.contains(id))
        co_return fail(ErrorCode::conflict, "the run is under way; only a run that has ended can be retried: wait for its end, or cancel it");
    auto row = co_await store::find_run(s.storage, workspace, id);
    if (!row) co_return fail(std::move(row.error()));
    if (!*row) co_return fail(ErrorCode::not_found, "there is no run {}", id);
    if (!is_terminal((*row)->status))
        co_return fail(ErrorCode::conflict, "the run has not ended ({}); only a run that has ended can be retried: wait for its end, or cancel it", to_string((*row)->status));
    if ((*row)->status == RunStatus::succeeded)
        co_return fail(ErrorCode::conflict, "the run succeeded, so there is nothing to retry; to do it again, rerun it");
    if (s.stopping) co_return fail(ErrorCode::unavailable, "the server is stopping; send the request again in a moment");
    if (s.storage.saturated()) co_return fail(ErrorCode::unavailable, "{}", s.storage.saturation_reason());
    if (s.active.contains(id) || !s.reopening.insert(id).second)
        co_return fail(ErrorCode::conflict, "the run is being retried already");
    auto run = co_await s.reopen(**row);
    s.reopening.erase(id);
    if (!run) co_return fail(std::move(run.error()));
    if (s.stopping) co_return fail(ErrorCode::unavailable, "the server is stopping; send the request again in a moment");
    s.enter_reopened(*run);
    Event event = event::Restart{std::move(by), std::move(reason)};
    co_return co_await s.feed_and_confirm(*run, std::move(event), std::move(also));
}

/// A run that was retried and had not ended when the process did: what had succeeded before the last retry, then the
/// records since.
Awaitable<Result<RunPtr>> Engine::State::revive_retried(Run row, flows::FlowPtr flow) {
    std::int64_t last_retry = 0;
    auto look = [&last_retry](store::StoredRecord& stored) {
        if (stored.record.kind == RecordKind::run_retried) last_retry = stored.seq;
        return Result<void>();
    };
    auto looked = co_await each_record(row.workspace, row.id, std::move(look));
    if (!looked) co_return fail(std::move(looked.error()));
    ReuseBuilder builder(*flow);
    RunPtr run;
    std::string input, plan;
    auto take = [&](store::StoredRecord& stored) -> Result<void> {
        if (stored.record.kind == RecordKind::run_started) {
            input = stored.record.value;
            plan = stored.record.data;
        }
        if (stored.seq < last_retry) return builder.add(stored.record);
        if (!run) run = make_reopened(row, flow, input, plan, builder.take(false, row.totals));
        run->seq = stored.seq;
        run->row.stored_bytes += store::stored_size(stored.record);
        run->had_unknown = run->had_unknown || stored.record.kind == RecordKind::step_unknown;
        return run->machine.apply(stored.record);
    };
    auto read = co_await each_record(row.workspace, row.id, std::move(take), &run);
    if (!read) co_return fail(std::move(read.error()));
    if (!run) co_return fail(ErrorCode::internal, "its journal has no retry");
    auto ended = co_await end_of_journal(row.workspace, run->machine);
    if (!ended) co_return fail(std::move(ended.error()));
    co_return run;
}

RunPtr Engine::State::make_reopened(const Run& row, flows::FlowPtr flow, const std::string& input, const std::string& plan,
                                    std::shared_ptr<const Reuse> reuse) {
    auto handle = std::make_shared<RunHandle>(loop);
    handle->id = row.id;
    handle->accepted.set({});
    RunFacts facts{row.id, row.workspace, row.flow_name, row.flow_version, row.started_at.value_or(row.created_at), row.trigger, plan};
    Machine machine(std::move(flow), std::move(facts), Json::parse(input, nullptr, false), true, options.machine);
    machine.reuse(std::move(reuse));
    auto run = std::make_shared<ActiveRun>(std::move(handle), row, std::move(machine));
    run->first = false;
    return run;
}

/// A fresh machine for a run that ended, with what had succeeded.
Awaitable<Result<RunPtr>> Engine::State::reopen(Run row) {
    auto runnable = co_await flows.runnable(row.workspace, row.flow, row.flow_version);
    if (!runnable) co_return fail(std::move(runnable.error()));
    ReuseBuilder builder(*runnable->flow);
    std::string input, plan;
    std::int64_t seq = 0;
    auto take = [&](store::StoredRecord& stored) {
        seq = stored.seq;
        if (stored.record.kind == RecordKind::run_started) {
            input = stored.record.value;
            plan = stored.record.data;
        }
        return builder.add(stored.record);
    };
    auto read = co_await each_record(row.workspace, row.id, std::move(take));
    if (!read) co_return fail(std::move(read.error()));
    auto run = make_reopened(row, runnable->flow, input, plan, builder.take(false, row.totals));
    run->reopened = true;
    run->seq = seq;
    co_return run;
}

Awaitable<Result<RunId>> Engine::rerun(WorkspaceId workspace, RunId id, Rerun options) {
    State& s = *state_;
    auto row = co_await store::find_run(s.storage, workspace, id);
    if (!row) co_return fail(std::move(row.error()));
    if (!*row) co_return fail(ErrorCode::not_found, "there is no run {}", id);
    if (!is_terminal((*row)->status) && (!options.from.empty() || !options.outputs.empty()))
        co_return fail(ErrorCode::conflict, "the run has not ended ({}); rerun it from a step once it has", to_string((*row)->status));
    int version = options.version == 0 ? (*row)->flow_version : options.version;
    if (version == live_version) version = 0;
    auto runnable = co_await s.flows.runnable(workspace, (*row)->flow, version);
    if (!runnable) co_return fail(std::move(runnable.error()));
    if (runnable->deleted)
        co_return fail(ErrorCode::conflict, "the flow \"{}\" was deleted; its runs can be read but not run again", runnable->name);
    StartRun start;
    start.workspace = workspace;
    start.flow_id = (*row)->flow;
    start.runnable = std::move(*runnable);
    start.trigger = "rerun";
    start.started_by = std::move(options.started_by);
    start.parent = id;
    start.also = std::move(options.also);
    start.plan = {{"parent", id.str()}};
    if (!options.from.empty()) start.plan["from"] = options.from;
    if (!options.outputs.empty()) start.plan["outputs"] = Json(std::move(options.outputs));
    if (options.input) {
        start.input = std::move(*options.input);
    } else {
        auto input = co_await this->input(workspace, id);
        if (!input) co_return fail(std::move(input.error()));
        start.input = std::move(*input);
    }
    auto reuse = co_await s.planned_reuse(workspace, start.runnable.flow, start.plan);
    if (!reuse) co_return fail(std::move(reuse.error()));
    start.reuse = std::move(*reuse);
    start.waits = start.runnable.flow->settings.durability == flows::Durability::none;
    auto started = start_run(std::move(start));
    if (!started) co_return fail(std::move(started.error()));
    if (const auto* done = std::get_if<EndedRun>(&*started)) co_return done->id;
    const auto handle = std::get<std::shared_ptr<RunHandle>>(*started);
    co_await handle->accepted.wait();
    if (!handle->accepted.get()) co_return fail(handle->accepted.get().error());
    co_return handle->id;
}

}  // namespace sluice::engine
