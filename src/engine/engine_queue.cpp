// What the shell does with the queue: admits runs, puts those that wait out of memory, reads them back when they are due
// or needed.

#include "engine/engine_state.hpp"
#include "sluice/base/log.hpp"
#include "sluice/base/metrics.hpp"
#include "sluice/engine/queues.hpp"

namespace sluice::engine {

namespace {

base::metrics::Gauge running_runs{"sluice_runs_running", "Runs that hold a slot"};
base::metrics::Gauge queued_runs{"sluice_runs_queued", "Runs that were accepted and have not started"};
base::metrics::Gauge waiting_runs{"sluice_runs_waiting", "Runs that wait outside of memory"};
base::metrics::Gauge standstill_seconds{"sluice_runs_standstill_seconds",
                                        "Since anything last happened to the running run that has not moved for the longest time"};

constexpr std::size_t longest_key_bytes = 256;
constexpr std::size_t most_takers = 16;      ///< runs read back at the same time
constexpr std::size_t wake_batch = 256;
constexpr Duration heartbeat_every = std::chrono::seconds(10);
constexpr Duration read_again_after = std::chrono::seconds(1);

/// The value of settings.concurrency.key for this start.
Result<std::string> concurrency_key(const cel::Template& key, const flows::CompiledFlow& flow, const Json& input) {
    cel::Scope scope;
    scope.set("input", &input);
    scope.set("vars", &flow.vars);
    auto value = key.render(scope);
    if (!value)
        return fail(ErrorCode::unprocessable, "settings.concurrency.key cannot be computed for this input: {}", value.error().message);
    std::string text = value->is_string() ? value->get<std::string>() : base::dump_json(*value);
    if (text.size() > longest_key_bytes)
        return fail(ErrorCode::unprocessable, "settings.concurrency.key gives {} bytes for this input; a key may have {}", text.size(),
                    longest_key_bytes);
    return text;
}

}  // namespace

/// What a flow's settings and an input say of a run's place. Errors: unprocessable.
Result<QueueEntry> Engine::State::queue_entry(const flows::CompiledFlow& flow, const Json& input) {
    const auto& settings = flow.settings;
    QueueEntry entry;
    entry.priority = settings.priority;
    if (!settings.concurrency_limit) return entry;
    entry.limit = *settings.concurrency_limit;
    if (!settings.concurrency_key) return entry;
    auto key = concurrency_key(*settings.concurrency_key, flow, input);
    if (!key) return fail(std::move(key.error()));
    entry.key = std::move(*key);
    return entry;
}

void Engine::State::admit_runs() {
    if (stopping) return;
    for (const RunId id : queue.admit(clock.now())) take_up(queue.workspace_of_slot(id), id);
    arm_queue_timer();
}

/// One timer for the earliest delayed run.
void Engine::State::arm_queue_timer() {
    const auto next = queue.next_ready();
    if (!next || (queue_timer != 0 && queue_timer_at <= *next)) return;
    if (queue_timer != 0) loop.cancel_timer(queue_timer);
    queue_timer_at = *next;
    auto fire = [weak = weak_from_this()] {
        const auto self = weak.lock();
        if (!self) return;
        self->queue_timer = 0;
        self->admit_runs();
    };
    queue_timer = loop.at(*next, std::move(fire));
}

void Engine::State::free_slot(RunId run, bool ended) {
    const bool held = queue.release(run, clock.now(), ended);
    if (held && queue.backlog() > 0) admit_runs();
}

void Engine::State::take_up(WorkspaceId workspace, RunId id) {
    admitted.emplace_back(workspace, id);
    if (takers >= most_takers) return;
    ++takers;
    tasks.spawn("take-up", take_runs_up(shared_from_this()));
}

Awaitable<void> Engine::State::take_runs_up(std::shared_ptr<State> self) {
    while (!self->admitted.empty() && !self->stopping) {
        const auto [workspace, id] = self->admitted.front();
        self->admitted.pop_front();
        // Its start, or what was done to it while it was queued, is still being committed: `settle` comes back to it.
        if (const auto found = self->active.find(id); found != self->active.end()) {
            self->settle(found->second);
            continue;
        }
        auto run = co_await self->bring_back(workspace, id);
        if (run || self->stopping) continue;
        if (run.error().code == ErrorCode::unavailable) {
            co_await self->loop.sleep_for(read_again_after);
            self->admitted.emplace_back(workspace, id);
            continue;
        }
        self->free_slot(id, false);
    }
    --self->takers;
}

/// A run that is not in memory: read back, and going on unless it is still queued. Errors: not_found when it has ended;
/// unavailable.
Awaitable<Result<RunPtr>> Engine::State::bring_back(WorkspaceId workspace, RunId id) {
    if (const auto found = active.find(id); found != active.end()) co_return found->second;
    if (const auto under_way = returning.find(id); under_way != returning.end()) {
        const auto gate = under_way->second;
        co_await gate->wait();
        if (const auto found = active.find(id); found != active.end()) co_return found->second;
        co_return fail(ErrorCode::unavailable, "the run could not be read back; try again in a moment");
    }
    const auto gate = std::make_shared<runtime::OneShot<bool>>(loop);
    returning.emplace(id, gate);
    auto run = co_await read_back(workspace, id);
    returning.erase(id);
    if (run && stopping) run = fail(ErrorCode::unavailable, "the server is stopping; send the request again in a moment");
    if (run) enter(*run);
    gate->set(true);
    co_return run;
}

Awaitable<Result<RunPtr>> Engine::State::read_back(WorkspaceId workspace, RunId id) {
    std::vector<std::pair<WorkspaceId, RunId>> wanted = {{workspace, id}};
    auto jobs = co_await store::find_jobs(storage, std::move(wanted));
    if (!jobs) co_return fail(std::move(jobs.error()));
    if (jobs->empty()) co_return fail(ErrorCode::not_found, "the run has ended");
    const store::StoredJob job = jobs->front();
    auto run = co_await revive({workspace, id});
    if (!run) co_return run;
    (*run)->entry = job.entry;
    (*run)->job_state = job.state;
    (*run)->job_wake = job.wake_at;
    (*run)->claimed = false;
    co_return run;
}

/// A run that was read back takes its place in memory.
void Engine::State::enter(const RunPtr& run) {
    const RunId id = run->row.id;
    forget_waiting(id);
    adopt_handle(run);
    run->progress = clock.now();
    active.emplace(id, run);
    beat();
    const bool queued = run->row.status == RunStatus::queued;
    if (queued && !queue.holds_slot(id)) {
        if (!queue.waits(id)) queue.restore(run->entry, clock.now());
        run->held = true;
        run->machine.hold();
    } else {
        run->begins = queued;
        queue.occupy(run->entry);
        feed(run, event::Recovered{});
    }
    // Whoever needed it may do nothing with it.
    auto look = [weak_run = std::weak_ptr(run), weak = weak_from_this()] {
        const auto self = weak.lock();
        const auto target = weak_run.lock();
        if (self && target) self->settle(target);
    };
    loop.at(clock.now() + options.evict_after, std::move(look));
}

/// A run that is retried takes a slot at once: a person, or the program that redrives at a set rate, has asked for it.
void Engine::State::enter_reopened(const RunPtr& run) {
    QueueEntry entry;
    if (auto placed = queue_entry(run->machine.flow(), run->machine.input())) entry = std::move(*placed);
    entry.run = run->row.id;
    entry.workspace = run->row.workspace;
    entry.flow = run->row.flow;
    entry.number = queue.next_number();
    entry.ready_at = clock.now();
    run->entry = entry;
    ++run->row.retries;  // as its first unit stores it
    run->progress = clock.now();
    active.emplace(run->row.id, run);
    beat();
    queue.occupy(std::move(entry));
}

std::optional<Time> Engine::State::next_timer(const ActiveRun& run) const {
    std::optional<Time> next;
    if (run.run_timer.id != 0) next = run.run_timer.at;
    for (const auto& [step, timer] : run.timers)
        if (!next || timer.at < *next) next = timer.at;
    return next;
}

/// Where the run stands once this page is committed.
store::JobState Engine::State::job_state_of(const ActiveRun& run, RunStatus status, const Page& page) const {
    if (run.held) return store::JobState::queued;
    const bool still = (status == RunStatus::waiting || status == RunStatus::paused) && run.tasks.empty() &&
                       page.after.empty() && run.page.records.empty() && !run.machine.loading();
    return still ? store::JobState::waiting : store::JobState::running;
}

/// Lets a run that has nothing to do for some time leave memory; a queued one at once.
void Engine::State::settle(const RunPtr& run) {
    if (stopping || run->dropped || run->ended || run->first || run->flight || !run->page.records.empty() || run->machine.loading()) return;
    if (run->held) {
        const bool starts = queue.holds_slot(run->row.id);
        leave_memory(run);
        if (starts) take_up(run->row.workspace, run->row.id);
        return;
    }
    if (run->begins || !run->durable || run->job_state != store::JobState::waiting || !run->tasks.empty()) return;
    const RunStatus status = run->machine.status();
    if (status != RunStatus::waiting && status != RunStatus::paused) return;
    const auto wake = next_timer(*run);
    if (wake && *wake <= clock.now() + options.evict_after) return;
    leave_memory(run);
    remember_waiting(run->row.workspace, run->row.id, wake);
    free_slot(run->row.id, false);
}

void Engine::State::leave_memory(const RunPtr& run) {
    run->dropped = true;
    quiet(*run);
    if (run->handle.use_count() > 1) parked[run->row.id] = run->handle;
    active.erase(run->row.id);
}

/// Whoever waits for the run goes on waiting on the handle that it had.
void Engine::State::adopt_handle(const RunPtr& run) {
    const auto found = parked.find(run->row.id);
    if (found == parked.end()) return;
    if (auto handle = found->second.lock()) run->handle = std::move(handle);
    parked.erase(found);
    run->handle->accepted.set({});
}

/// The handle on which to wait for a run outside of memory.
std::shared_ptr<RunHandle> Engine::State::parked_handle(RunId id) {
    auto& kept = parked[id];
    if (auto handle = kept.lock()) return handle;
    auto handle = std::make_shared<RunHandle>(loop);
    handle->id = id;
    handle->accepted.set({});
    kept = handle;
    return handle;
}

void Engine::State::forget_parked(RunId id) {
    const auto found = parked.find(id);
    if (found != parked.end() && found->second.expired()) parked.erase(found);
}

void Engine::State::remember_waiting(WorkspaceId workspace, RunId run, std::optional<Time> wake) {
    waiting.emplace(run, WaitingRun{workspace, wake});
    ++waiting_of[workspace];
    if (!wake) return;
    wakes.emplace(*wake, run);
    arm_wake();
}

void Engine::State::forget_waiting(RunId run) {
    const auto found = waiting.find(run);
    if (found == waiting.end()) return;
    if (found->second.wake) wakes.erase({*found->second.wake, run});
    --waiting_of[found->second.workspace];
    waiting.erase(found);
}

void Engine::State::arm_wake() {
    if (wakes.empty() || waking || stopping) return;
    const Time next = wakes.begin()->first;
    if (wake_timer != 0 && wake_timer_at <= next) return;
    if (wake_timer != 0) loop.cancel_timer(wake_timer);
    wake_timer_at = next;
    auto fire = [weak = weak_from_this()] {
        const auto self = weak.lock();
        if (!self || self->stopping) return;
        self->wake_timer = 0;
        self->waking = true;
        self->tasks.spawn("wake", wake_runs(self));
    };
    wake_timer = loop.at(next, std::move(fire));
}

/// Waiting runs whose time has come stand in line for a slot again.
Awaitable<void> Engine::State::wake_runs(std::shared_ptr<State> self) {
    while (!self->stopping) {
        std::vector<std::pair<WorkspaceId, RunId>> due;
        const Time now = self->clock.now();
        while (!self->wakes.empty() && self->wakes.begin()->first <= now && due.size() < wake_batch) {
            const RunId run = self->wakes.begin()->second;
            self->wakes.erase(self->wakes.begin());
            auto& kept = self->waiting.at(run);
            kept.wake.reset();
            due.emplace_back(kept.workspace, run);
        }
        if (due.empty()) break;
        auto jobs = co_await store::find_jobs(self->storage, due);
        if (!jobs) {
            log::warn("waiting runs could not be read back; trying again", {{"runs", due.size()}, {"cause", jobs.error().message}});
            const Time again = self->clock.now() + read_again_after;
            for (const auto& [workspace, run] : due) {
                const auto kept = self->waiting.find(run);
                if (kept == self->waiting.end()) continue;
                kept->second.wake = again;
                self->wakes.emplace(again, run);
            }
            break;
        }
        for (auto& job : *jobs) {
            const RunId run = job.entry.run;
            if (self->active.contains(run) || self->returning.contains(run) || !self->waiting.contains(run)) continue;
            job.entry.ready_at = self->clock.now();
            self->queue.restore(std::move(job.entry), self->clock.now());
        }
        self->admit_runs();
    }
    self->waking = false;
    self->arm_wake();
}

/// The process says that it works, for as long as it has something to do.
void Engine::State::beat() {
    if (heartbeat_timer != 0 || stopping) return;
    auto fire = [weak = weak_from_this()] {
        const auto self = weak.lock();
        if (!self || self->stopping) return;
        self->heartbeat_timer = 0;
        self->measure();
        if (self->active.empty()) return;
        storage::WriteUnit unit;
        store::append_heartbeat(unit, self->boot, self->clock.now());
        auto done = [](Result<void> result) {
            if (!result) log::warn("the heartbeat could not be written", {{"cause", result.error().message}});
        };
        self->storage.enqueue(std::move(unit), std::move(done));
        self->beat();
    };
    heartbeat_timer = loop.at(clock.now() + heartbeat_every, std::move(fire));
}

/// What is counted is looked at when somebody asks (or with the heartbeat), not kept up with every run.
void Engine::State::measure() {
    running_runs.set(static_cast<std::int64_t>(queue.running()));
    queued_runs.set(static_cast<std::int64_t>(queue.backlog()));
    waiting_runs.set(static_cast<std::int64_t>(waiting.size()));
    const auto standstill = longest_standstill().value_or(Duration(0));
    standstill_seconds.set(std::chrono::duration_cast<std::chrono::seconds>(standstill).count());
}

/// What ran and has not moved for the longest time.
std::optional<Duration> Engine::State::longest_standstill() const {
    std::optional<Time> oldest;
    for (const auto& [id, run] : active) {
        if (run->held || run->machine.status() != RunStatus::running) continue;
        if (!oldest || run->progress < *oldest) oldest = run->progress;
    }
    if (!oldest) return std::nullopt;
    return std::max(Duration(0), clock.now() - *oldest);
}

/// Cancels the sub-runs of a run that are queued or wait outside of memory.
Awaitable<void> Engine::State::cancel_absent_sub_runs(std::shared_ptr<State> self, WorkspaceId workspace, RunId parent,
                                                      std::string reason) {
    auto children = co_await store::open_sub_runs(self->storage, workspace, parent);
    if (!children) {
        log::error("the sub-runs of a cancelled run could not be found", {{"run", parent}, {"cause", children.error().message}});
        co_return;
    }
    for (const RunId child : *children) {
        if (self->stopping) co_return;
        if (self->active.contains(child)) continue;
        auto cancelled = co_await self->owner->cancel(workspace, child, reason);
        if (!cancelled && cancelled.error().code != ErrorCode::conflict)
            log::warn("a sub-run of a cancelled run could not be cancelled", {{"run", child}, {"cause", cancelled.error().message}});
    }
}

Awaitable<Result<bool>> Engine::wait(WorkspaceId workspace, RunId id, Time deadline) {
    const auto found = state_->active.find(id);
    if (found != state_->active.end() && found->second->row.workspace == workspace) {
        const auto handle = found->second->handle;
        const bool done = co_await handle->done.wait_until(deadline);
        co_return done && is_terminal(handle->done.get().status);
    }
    // The handle comes first: an end between the look and the wait sets it.
    auto handle = state_->parked_handle(id);
    auto run = co_await get(workspace, id);
    bool done = run && is_terminal(run->status);
    if (run && !done) {
        if (const auto back = state_->active.find(id); back != state_->active.end()) handle = back->second->handle;
        done = co_await handle->done.wait_until(deadline) && is_terminal(handle->done.get().status);
    }
    handle.reset();
    state_->forget_parked(id);
    if (!run) co_return fail(std::move(run.error()));
    co_return done;
}

QueueState Engine::queue(WorkspaceId workspace) const {
    const QueueLine line = state_->queue.line(workspace);
    QueueState out;
    out.queued = line.queued;
    out.delayed = line.delayed;
    out.running = line.running;
    const auto waiting = state_->waiting_of.find(workspace);
    if (waiting != state_->waiting_of.end()) out.waiting = waiting->second;
    out.oldest_ready = line.oldest_ready;
    out.paused = line.paused;
    out.draining = line.draining;
    out.weight = line.weight;
    return out;
}

/// Commits a change of the queue and what is said of it.
Awaitable<Result<void>> Engine::State::submit_queue_change(WorkspaceId workspace, storage::WriteUnit unit, std::string type, Json data) {
    events::NewEvent event;
    event.id = events::EventId::make(clock.now(), random);
    event.type = std::move(type);
    event.subject = "default";
    event.at = clock.now();
    event.data = std::move(data);
    events::append(unit, workspace, std::move(event));
    auto done = co_await storage.submit(std::move(unit));
    if (done) bus.committed(workspace);
    co_return done;
}

Awaitable<Result<QueueState>> Engine::set_queue_weight(WorkspaceId workspace, std::size_t weight, std::string by, AlsoQueue also) {
    State& s = *state_;
    if (s.stopping) co_return fail(ErrorCode::unavailable, "the server is stopping; send the request again in a moment");
    QueueState state = queue(workspace);
    state.weight = weight;
    storage::WriteUnit unit;
    store::append_queue_weight(unit, workspace, weight, s.clock.now(), by);
    if (also) also(unit, state);
    Json data = {{"queue", "default"}, {"weight", weight}, {"by", by}};
    auto done = co_await s.submit_queue_change(workspace, std::move(unit), "queue.weighted", std::move(data));
    if (!done) co_return fail(std::move(done.error()));
    s.queue.set_weight(workspace, weight);
    co_return state;
}

Awaitable<Result<QueueState>> Engine::set_queue(WorkspaceId workspace, QueueSwitch change, std::string by, AlsoQueue also) {
    State& s = *state_;
    if (s.stopping) co_return fail(ErrorCode::unavailable, "the server is stopping; send the request again in a moment");
    QueueState state = queue(workspace);
    store::StoredQueue stored{workspace, state.paused, state.draining};
    std::string_view verb = "paused";
    switch (change) {
        case QueueSwitch::pause: stored.paused = true; break;
        case QueueSwitch::drain: stored.draining = true; verb = "draining"; break;
        case QueueSwitch::resume: stored.paused = stored.draining = false; verb = "resumed"; break;
    }
    state.paused = stored.paused;
    state.draining = stored.draining;
    storage::WriteUnit unit;
    store::append_queue(unit, stored, s.clock.now(), by);
    if (also) also(unit, state);
    Json data = {{"queue", "default"}, {"by", by}};
    auto done = co_await s.submit_queue_change(workspace, std::move(unit), fmt::format("queue.{}", verb), std::move(data));
    if (!done) co_return fail(std::move(done.error()));
    s.queue.pause(workspace, stored.paused);
    s.queue.drain(workspace, stored.draining);
    s.admit_runs();
    co_return state;
}

}  // namespace sluice::engine
