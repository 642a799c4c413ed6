#include "sluice/engine/engine.hpp"

#include "engine/dead_letters.hpp"
#include "engine/engine_state.hpp"
#include "engine/retention.hpp"
#include "sluice/base/log.hpp"
#include "sluice/base/teeth.hpp"
#include "sluice/storage/blobs.hpp"
#include "sluice/storage/failpoint.hpp"

namespace sluice::engine {

namespace {
constexpr Duration retry_commit_after = std::chrono::seconds(1);
}

Engine::Engine(runtime::Loop& loop, storage::Storage& storage, flows::Flows& flows, events::Bus& bus, base::Clock& clock,
               base::Random& random, EngineOptions options)
    : state_(std::make_shared<State>(loop, storage, flows, bus, clock, random, std::move(options))) {
    state_->owner = this;
    state_->options.machine.spill_bytes = storage::blob_threshold_bytes;
}

Engine::~Engine() = default;

std::string Engine::State::random_key(base::Random& random) {
    std::string key(32, '\0');
    random.fill({reinterpret_cast<std::uint8_t*>(key.data()), key.size()});
    return key;
}

void Engine::set_cursor_key(std::string key) { state_->cursors = events::Cursors(std::move(key)); }

void Engine::set_artifacts(artifacts::Artifacts& artifacts) { state_->artifacts = &artifacts; }

flows::Flows& Engine::flows() const { return state_->flows; }

Time Engine::now() const { return state_->clock.now(); }

EngineStatistics Engine::statistics() const {
    state_->measure();
    EngineStatistics out = state_->statistics;
    out.active_runs = state_->active.size();
    out.queued_runs = state_->queue.backlog();
    out.waiting_runs = state_->waiting.size();
    out.standstill = state_->longest_standstill().value_or(Duration(0));
    out.running_steps = state_->tasks.size();
    return out;
}

Result<void> Engine::State::check_start(const StartRun& start) const {
    const auto& flow = *start.runnable.flow;
    if (stopping) return fail(ErrorCode::unavailable, "the server is stopping; send the request again in a moment");
    const bool durable = flow.settings.durability != flows::Durability::none;
    if (!durable && !start.waits)
        return fail(ErrorCode::conflict, "this flow has durability none, which keeps no record of the run; "
                                         "start it with ?wait=30s, or publish it with another durability");
    if (!durable && start.run_at)
        return fail(ErrorCode::conflict, "this flow has durability none, which keeps no record of a run that is to start later; "
                                         "leave run_at and delay out, or publish it with another durability");
    if (durable && storage.saturated()) return fail(ErrorCode::unavailable, "{}", storage.saturation_reason());
    if (!flow.input_schema) return {};
    auto mistakes = flow.input_schema->validate(start.input);
    if (mistakes.empty()) return {};
    for (auto& mistake : mistakes) mistake.pointer = "/input" + mistake.pointer;
    Error error{ErrorCode::unprocessable, fmt::format("the input does not fit the flow's input_schema: {} {}",
                                                      mistakes.front().pointer, mistakes.front().message)};
    error.details = std::move(mistakes);
    return fail(std::move(error));
}

Result<StartedRun> Engine::start_run(StartRun start) {
    State& s = *state_;
    if (auto checked = s.check_start(start); !checked) return fail(std::move(checked.error()));
    const bool durable = start.runnable.flow->settings.durability != flows::Durability::none;
    const Time now = s.clock.now();
    RunFacts facts{start.id ? *start.id : RunId::make(now, s.random), start.workspace, start.runnable.name,
                   start.runnable.version, now, std::move(start.trigger), {}};
    if (!start.plan.is_null()) facts.plan = base::dump_json(start.plan);
    auto entry = State::queue_entry(*start.runnable.flow, start.input);
    if (!entry) return fail(std::move(entry.error()));
    entry->run = facts.id;
    entry->workspace = start.workspace;
    entry->flow = start.flow_id;
    entry->priority = start.priority.value_or(entry->priority);
    entry->number = s.queue.next_number();
    entry->ready_at = start.run_at ? std::max(*start.run_at, now) : now;
    entry->inside = start.inside;
    bool admitted = true;
    if (durable) {
        if (start.id && (s.active.contains(*start.id) || s.queue.waits(*start.id) || s.waiting.contains(*start.id)))
            return fail(ErrorCode::conflict, "the run {} has been started already", *start.id);
        auto offered = s.queue.offer(*entry, now);
        if (!offered) return fail(std::move(offered.error()));
        admitted = *offered;
    } else if (auto open = s.queue.open(start.workspace, now); !open) {
        return fail(std::move(open.error()));
    }
    Machine machine(start.runnable.flow, std::move(facts), std::move(start.input), durable, s.options.machine);
    if (start.reuse) machine.reuse(start.reuse);
    ++s.statistics.started;
    if (!durable) {
        // Most end within their first turn, and then nobody else ever sees them.
        auto output = machine.handle(event::Start{}, now, s.random);
        if (machine.finished()) {
            ++s.statistics.finished;
            return EndedRun{machine.facts().id,
                            {machine.status(), machine.take_output(), machine.error(), machine.totals()}};
        }
        // Nothing of it has begun outside, so it can still be refused.
        auto offered = s.queue.offer(*entry, now);
        if (!offered) return fail(std::move(offered.error()));
        if (!*offered) {
            s.queue.remove(entry->run);
            Error error{ErrorCode::rate_limited, "there is no room for this run now, and a flow with durability none cannot be "
                                                 "queued; try again, or publish it with another durability"};
            error.retry_after_us = s.queue.retry_after(now).count();
            return fail(std::move(error));
        }
        const auto run = s.make_active(start, std::move(machine), std::move(*entry), false);
        run->handle->accepted.set({});
        s.absorb(run, std::move(output));
        return run->handle;
    }
    const auto run = s.make_active(start, std::move(machine), std::move(*entry), true);
    if (!admitted) {
        run->held = true;
        run->handle->queued = true;
        run->row.status = RunStatus::queued;
        run->row.started_at.reset();
        run->machine.hold();
        s.arm_queue_timer();
    }
    // Made while the caller lives: a large input is written to a blob before the unit is submitted.
    if (start.also) start.also(run->prelude, run->handle->id);
    s.feed(run, event::Start{});
    return run->handle;
}

void Engine::watch(RunId run, std::function<void(std::string_view path, const Json& detail)> tell) {
    state_->watchers.insert_or_assign(run, std::move(tell));
}

void Engine::unwatch(RunId run) { state_->watchers.erase(run); }

RunPtr Engine::State::make_active(const StartRun& start, Machine machine, QueueEntry entry, bool durable) {
    const RunFacts& facts = machine.facts();
    auto handle = std::make_shared<RunHandle>(loop);
    handle->id = facts.id;
    handle->durable = durable;
    Run row;
    row.id = facts.id;
    row.workspace = facts.workspace;
    row.flow = start.flow_id;
    row.flow_version = facts.flow_version;
    row.flow_name = facts.flow_name;
    row.project = start.runnable.project;
    row.trigger = facts.trigger;
    row.status = RunStatus::running;
    row.started_by = start.started_by;
    row.parent = start.parent;
    row.depth = start.depth;
    row.created_at = facts.started_at;
    row.started_at = facts.started_at;
    auto run = std::make_shared<ActiveRun>(std::move(handle), std::move(row), std::move(machine));
    run->entry = std::move(entry);
    run->progress = run->row.created_at;
    active.emplace(run->row.id, run);
    beat();
    return run;
}

void Engine::State::feed(const RunPtr& run, Event event) {
    if (run->dropped || run->ended) return;
    run->progress = clock.now();
    lend(*run);
    absorb(run, run->machine.handle(std::move(event), run->progress, random));
}

void Engine::State::lend(ActiveRun& run) {
    lend_memory(run);
    if (run.row.parent && run.row.trigger == "flow") run.machine.limit_attempts(outer_attempts(run.row.id));
}

void Engine::State::lend_memory(ActiveRun& run) {
    if (!run.durable) return;
    if (!run.memory.total) {
        auto& total = memory[run.row.workspace];
        if (!total) total = std::make_shared<std::size_t>(0);
        run.memory.total = total;
    }
    const std::size_t others = *run.memory.total - run.memory.held;
    const std::size_t left = options.workspace_memory > others ? options.workspace_memory - others : 0;
    run.machine.limit_memory(std::min(options.machine.memory_bytes, left));
}

void Engine::State::absorb(const RunPtr& run, Output output) {
    run->memory.note(run->machine.memory_bytes());
    auto& records = run->page.records;
    if (records.empty()) records = std::move(output.records);
    else records.insert(records.end(), std::make_move_iterator(output.records.begin()),
                        std::make_move_iterator(output.records.end()));
    for (Command& command : output.commands) perform(run, std::move(command));
    if (!output.dropped.empty()) tasks.spawn("free-values", free_values(shared_from_this(), std::move(output.dropped)));
    if (run->machine.wanted().empty()) open_gates(*run);
    if (run->machine.finished() && !run->ended) {
        run->ended = true;
        run->page.ends = true;
        quiet(*run);
    }
    if (run->durable) flush(run);
    else if (run->ended) finish(run);
    if (run->row.parent) tell_outer(run->row.id, run->machine.totals().attempts);
    if (output.more) {
        auto go_on = [self = shared_from_this(), run] { self->feed(run, event::Continue{}); };
        loop.post(std::move(go_on));
    }
}

void Engine::State::perform(const RunPtr& run, Command command) {
    if (auto* values = std::get_if<command::LoadValues>(&command)) {
        tasks.spawn("values", load_values(shared_from_this(), run, std::move(values->values)));
        return;
    }
    if (run->held) return;  // it is read back, and told again what to do, once it has a slot
    if (auto* execute = std::get_if<command::Execute>(&command)) {
        // Until the start is committed the writer may still refuse it (a used key): no effect before that, also when relaxed.
        const bool early = run->durable && (run->first || run->begins) && execute->node->effect != flows::Effect::pure;
        if (execute->barrier || early) run->page.after.push_back(std::move(*execute));
        else launch(run, std::move(*execute));
    } else if (auto* cancel = std::get_if<command::Cancel>(&command)) {
        if (const auto task = run->tasks.find(key_of(cancel->step)); task != run->tasks.end()) {
            tasks.cancel(task->second);
            run->tasks.erase(task);  // it may end without having begun; the group still joins it
        }
        if (const auto timer = run->timers.find(key_of(cancel->step)); timer != run->timers.end()) {
            loop.cancel_timer(timer->second.id);
            run->timers.erase(timer);
        }
    } else if (auto* timer = std::get_if<command::ArmTimer>(&command)) {
        arm(run, timer->step, timer->at);
    } else if (auto* items = std::get_if<command::ReadItems>(&command)) {
        tasks.spawn("items", read_items(shared_from_this(), run, *items));
    } else if (auto* timeout = std::get_if<command::ArmRunTimeout>(&command)) {
        auto fire = [self = weak_from_this(), weak = std::weak_ptr(run)] {
            const auto state = self.lock();
            const auto target = weak.lock();
            if (!state || !target) return;
            target->run_timer = {};
            state->feed(target, event::RunTimedOut{});
        };
        run->run_timer = {loop.at(timeout->at, std::move(fire)), timeout->at};
    }
}

void Engine::State::arm(const RunPtr& run, StepRef step, Time at) {
    auto fire = [self = weak_from_this(), weak = std::weak_ptr(run), step] {
        const auto state = self.lock();
        const auto target = weak.lock();
        if (!state || !target) return;
        target->timers.erase(key_of(step));
        state->feed(target, event::TimerFired{step});
    };
    run->timers[key_of(step)] = {loop.at(at, std::move(fire)), at};
}

void Engine::State::launch(const RunPtr& run, command::Execute execute) {
    // A cancel may have come between the mark and its commit.
    if (run->dropped || run->ended || !run->machine.runs(execute.step, execute.attempt)) return;
    const std::uint64_t key = key_of(execute.step);
    run->tasks[key] = 0;
    const auto id = tasks.spawn("step", run_step(shared_from_this(), run, std::move(execute)));
    if (const auto task = run->tasks.find(key); task != run->tasks.end()) task->second = id;
}

void Engine::State::quiet(ActiveRun& run) {
    for (const auto& [key, task] : run.tasks) tasks.cancel(task);
    for (const auto& [key, timer] : run.timers) loop.cancel_timer(timer.id);
    run.timers.clear();
    if (run.run_timer.id != 0) loop.cancel_timer(run.run_timer.id);
    run.run_timer = {};
    open_gates(run);
}

void Engine::State::flush(const RunPtr& run) {
    const bool stands = !run->machine.wanted().empty();   // its first records are still to come
    if (run->flight || run->dropped || (run->page.records.empty() && (stands || (!run->first && !run->begins)))) return;
    run->flight = std::make_shared<Page>(std::move(run->page));
    run->page = Page();
    for (const Record& record : run->flight->records) {
        if (record.value.size() > storage::blob_threshold_bytes) {
            tasks.spawn("spill", spill(shared_from_this(), run));
            return;
        }
    }
    submit(run);
}

events::NewEvent Engine::State::run_event(const ActiveRun& run, std::string_view type) const {
    events::NewEvent event;
    event.id = events::EventId::make(clock.now(), random);
    event.type = type;
    event.subject = run.row.id.str();
    event.at = clock.now();
    event.data = {{"run", event.subject}, {"flow", run.row.flow_name}, {"version", run.row.flow_version}, {"project", run.row.project}};
    if (run.machine.error()) event.data["error"] = *run.machine.error();
    return event;
}

void Engine::State::submit(const RunPtr& run) {
    Page& page = *run->flight;
    storage::WriteUnit unit = run->first ? std::move(run->prelude) : storage::WriteUnit();
    Run row = run->row;
    row.status = run->machine.status();
    for (const Record& record : page.records) row.stored_bytes += store::stored_size(record);
    if (page.ends) {
        row.finished_at = page.records.empty() ? clock.now() : page.records.back().at;
        row.error = run->machine.error();
        row.totals = run->machine.totals();
        row.expires_at = retention::expiry(run->machine.flow().settings, row.status, *row.finished_at);
    } else if (is_terminal(row.status)) {
        row.status = RunStatus::running;  // the end is on the next page
    }
    if (run->held && !page.ends) row.status = RunStatus::queued;
    page.job_state = job_state_of(*run, row.status, page);
    page.job_wake = page.job_state == store::JobState::waiting ? next_timer(*run) : std::nullopt;
    const bool whole = run->first && page.ends;   // started and ended in one unit: no job is ever seen
    if (whole) store::append_whole_run(unit, row);
    else if (run->first) store::append_run(unit, row);
    else if (run->reopened) store::append_reopened(unit, row);
    else if (run->begins) store::append_begin(unit, row);
    // Every unit that stores a result is refused when another process has the run: by the job's new state, by its end, or
    // (most often) by the first record itself.
    bool fence = false;
    if ((run->first || run->reopened) && !whole)
        store::append_job(unit, run->entry, page.job_state, page.job_wake, boot, row.created_at);
    else if (!run->first && !page.ends) {
        if (run->claimed && page.job_state == run->job_state && page.job_wake == run->job_wake) fence = true;
        else store::append_job_state(unit, row.workspace, row.id, page.job_state, page.job_wake, boot);
    }
    storage::WriteUnit early;  // of the seeded bug
    storage::WriteUnit& outbox = base::teeth("outbox_before_commit") ? early : unit;
    if (run->first && run->held) events::append(outbox, row.workspace, run_event(*run, "run.queued"));
    else if (run->first || run->begins) events::append(outbox, row.workspace, run_event(*run, "run.started"));
    std::int64_t seq = run->seq;
    for (std::size_t i = 0; i < page.records.size(); ++i) {
        const Record& record = page.records[i];
        store::append_record(unit, row.workspace, row.id, ++seq, record, fence && i == 0 ? boot : store::BootId());
        if (record.blob.empty()) continue;
        unit.require_blob(record.blob);
        storage.blobs().append_reference(unit, row.workspace, record.blob, record.value_bytes(), row.id.raw());
    }
    for (const storage::Op& op : page.extra.ops()) unit.ops().push_back(op);  // a copy: the page may be sent again
    dead_letters::append(unit, row, page.records, run->had_unknown, random);
    if (page.ends) {
        run->error_flow = error_flow_of(row, run->machine.flow());
        if (!run->error_flow.empty()) store::append_error_call(unit, row.workspace, row.id, run->error_flow);
        if (!whole) store::append_end(unit, row, boot);
        if (!run->machine.flow().settings.record && row.status == RunStatus::succeeded) store::append_forget_outputs(unit, row.workspace, row.id);
        events::append(outbox, row.workspace, run_event(*run, fmt::format("run.{}", to_string(row.status))));
    } else if (!run->first && !run->begins && row.status != run->row.status) {
        if (row.retries == 0) row.totals = run->machine.totals();  // else the row keeps those of before the retry
        store::append_status(unit, row);
    }
    // A start is told as such, whatever the run does at once; that it waits is told beside it.
    const RunStatus before = run->first || run->begins ? RunStatus::running : run->row.status;
    const bool moved = !page.ends && row.status != before && row.status != RunStatus::queued;
    auto done = [self = shared_from_this(), run, row = std::move(row), moved](Result<void> result) mutable {
        if (result) run->row = std::move(row);
        if (result && moved) self->tell_status(*run);
        self->committed(run, result);
    };
    if (base::teeth("answer_before_commit") && run->first) run->handle->accepted.set({});
    if (base::teeth("outbox_before_commit") && !early.ops().empty()) {
        auto then = [self = shared_from_this(), late = std::make_shared<storage::WriteUnit>(std::move(unit)),
                     done = std::move(done)](Result<void>) mutable { self->storage.enqueue(std::move(*late), std::move(done)); };
        storage.enqueue(std::move(early), std::move(then));
        return;
    }
    storage.enqueue(std::move(unit), std::move(done));
}

void Engine::State::committed(const RunPtr& run, const Result<void>& result) {
    if (run->dropped) return;
    if (!result) {
        if (run->first) return refused(run, result.error());
        if (result.error().code == ErrorCode::unavailable && !stopping) {
            log::warn("a run's journal cannot be written now; trying again",
                      {{"run", run->row.id}, {"cause", result.error().message}});
            auto again = [self = shared_from_this(), run] { if (!run->dropped) self->submit(run); };
            loop.at(clock.now() + retry_commit_after, std::move(again));
            return;
        }
        log::error("a run's journal could not be written; the run is taken up again at the next start",
                   {{"run", run->row.id}, {"cause", result.error().message}});
        const auto lost = fail(ErrorCode::unavailable, "the change could not be recorded; send it again in a moment");
        for (const auto& confirm : run->flight->confirms) confirm->set(lost);
        for (const auto& confirm : run->page.confirms) confirm->set(lost);
        run->dropped = true;
        quiet(*run);
        active.erase(run->row.id);
        queue.remove(run->row.id);
        free_slot(run->row.id, false);
        run->handle->done.set(Outcome{RunStatus::running, Json(), std::nullopt, run->machine.totals()});
        return;
    }
    const auto page = std::move(run->flight);
    run->flight.reset();
    run->seq += static_cast<std::int64_t>(page->records.size());
    if (run->begins) storage::failpoint::hit("claim.after");
    run->reopened = run->begins = false;
    run->claimed = true;
    run->job_state = page->job_state;
    run->job_wake = page->job_wake;
    if (run->first) {
        run->first = false;
        run->handle->accepted.set({});
        bus.committed(run->row.workspace);
    }
    bus.run_changed(run->row.workspace, run->row.id);
    if (page->ends && !run->error_flow.empty())
        tasks.spawn("error-flow", call_error_flow(shared_from_this(), run->row.workspace, run->row.id, run->error_flow));
    for (const auto& confirm : page->confirms) confirm->set({});
    for (auto& execute : page->after) launch(run, std::move(execute));
    if (page->ends) {
        bus.committed(run->row.workspace);
        finish(run);
        return;
    }
    event::ValuesStored stored;
    for (Record& record : page->records)
        if (!record.blob.empty() && record.kind == RecordKind::step_succeeded)
            stored.values.push_back({std::move(record.path), std::move(record.blob)});
    if (!stored.values.empty()) feed(run, std::move(stored));
    flush(run);
    settle(run);
}

/// The start did not commit: nothing has passed the barrier, so the run is forgotten and the caller told.
void Engine::State::refused(const RunPtr& run, const Error& error) {
    run->dropped = true;
    quiet(*run);
    active.erase(run->row.id);
    queue.remove(run->row.id);
    free_slot(run->row.id, false);
    run->handle->accepted.set(fail(error));
    run->handle->done.set(Outcome{RunStatus::running, Json(), std::nullopt, {}});
}

void Engine::State::finish(const RunPtr& run) {
    ++statistics.finished;
    run->dropped = true;
    active.erase(run->handle->id);
    if (run->held) queue.remove(run->handle->id);
    free_slot(run->handle->id, true);
    run->handle->done.set(Outcome{run->machine.status(), run->machine.output(), run->machine.error(), run->machine.totals()});
}

Awaitable<void> Engine::stop() {
    State& s = *state_;
    if (s.stopping) co_return;
    s.stopping = true;
    // Steps that run may end and be recorded; no further one starts.
    for (const auto& [id, run] : s.active) run->machine.hold();
    const Time deadline = s.clock.now() + s.options.stop_grace;
    auto busy = [&s] {
        for (const auto& [id, run] : s.active)
            if (!run->tasks.empty() || run->flight || run->machine.loading()) return true;
        return false;
    };
    while (busy() && s.clock.now() < deadline) co_await s.loop.sleep_for(std::chrono::milliseconds(10));
    const auto stopped = fail(ErrorCode::unavailable, "the server is stopping; send the request again in a moment");
    for (const auto& [id, run] : s.active) {
        run->dropped = true;
        if (run->flight)
            for (const auto& confirm : run->flight->confirms) confirm->set(stopped);
        for (const auto& confirm : run->page.confirms) confirm->set(stopped);
        s.quiet(*run);
        // Whoever waits learns that the run goes on at the next start: its status is not an end.
        run->handle->accepted.set(fail(ErrorCode::unavailable, "the server is stopping; send the request again in a moment"));
        run->handle->done.set(Outcome{RunStatus::running, Json(), std::nullopt, run->machine.totals()});
    }
    for (const auto& [id, gate] : s.returning) gate->set(false);
    for (const auto& [id, weak] : s.parked)
        if (const auto handle = weak.lock()) handle->done.set(Outcome{RunStatus::running, Json(), std::nullopt, {}});
    for (const auto timer : {s.queue_timer, s.wake_timer, s.heartbeat_timer})
        if (timer != 0) s.loop.cancel_timer(timer);
    co_await s.tasks.cancel_and_join();
    s.active.clear();
}

}  // namespace sluice::engine
