// Runs that runs start: of a sub-flow, and of the flow that a failure calls.

#include <boost/system/system_error.hpp>

#include "engine/engine_state.hpp"
#include "sluice/base/log.hpp"
#include "sluice/crypto/crypto.hpp"

namespace sluice::engine {

namespace {

constexpr Duration start_again_after = std::chrono::seconds(1);

/// The id of a step's run follows from the step's key, so that after a crash the step finds it again. It keeps the
/// parent's time, so that it sorts beside it.
RunId derived_id(RunId parent, std::string_view key) {
    const auto digest = crypto::sha256(fmt::format("{}\n{}", parent, key));
    base::IdBytes bytes = parent.bytes();
    for (std::size_t i = 6; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(digest[i]);
    bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0f) | 0x70);
    bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3f) | 0x80);
    return RunId(bytes);
}

/// Says for its lifetime which step waits for a run.
class WaitMark {
  public:
    WaitMark(Engine::State& state, RunId inner, RunPtr outer, std::string path) : state_(state), inner_(inner), set_(outer != nullptr) {
        if (set_) state_.outer_steps.insert_or_assign(inner, Engine::State::WaitingStep{outer, std::move(path)});
    }
    ~WaitMark() {
        if (set_) state_.outer_steps.erase(inner_);
    }
    WaitMark(const WaitMark&) = delete;
    WaitMark& operator=(const WaitMark&) = delete;

  private:
    Engine::State& state_;
    RunId inner_;
    bool set_;
};

}  // namespace

/// What the runs around this one leave it, as far as they are known: a step of a run in memory waits for it.
std::optional<OuterAttempts> Engine::State::outer_attempts(RunId run) const {
    const auto step = outer_steps.find(run);
    if (step == outer_steps.end()) return std::nullopt;
    const RunPtr outer = step->second.run.lock();
    if (!outer || outer->dropped) return std::nullopt;
    if (outer->row.parent && outer->row.trigger == "flow") outer->machine.limit_attempts(outer_attempts(outer->row.id));
    return outer->machine.attempts_left();
}

/// The attempts of a run until now, to the run whose step waits for it.
void Engine::State::tell_outer(RunId run, std::int64_t attempts) {
    const auto step = outer_steps.find(run);
    if (step == outer_steps.end()) return;
    const RunPtr outer = step->second.run.lock();
    if (!outer || !outer->machine.attempts_left()) return;
    feed(outer, event::SubAttempts{step->second.path, attempts});
}

Awaitable<Result<Json>> Engine::run_sub_run(WorkspaceId workspace, SubRun sub_run) {
    State& s = *state_;
    const RunId id = derived_id(sub_run.parent, sub_run.key);
    const auto parent = s.active.find(sub_run.parent);
    const int depth = (parent == s.active.end() ? 0 : parent->second->row.depth) + 1;
    if (depth > s.options.sub_run_depth)
        co_return fail(ErrorCode::unprocessable,
                       "the run would be the {}th inside another (engine.sub_run_depth is {}); a flow that starts itself needs a "
                       "condition that ends it", depth, s.options.sub_run_depth);
    // From here on the two share their attempts; the step is known before anything of the inner run is read back.
    const WaitMark mark(s, id, sub_run.wait && parent != s.active.end() ? parent->second : RunPtr(), sub_run.path);
    auto known = co_await store::find_run(s.storage, workspace, id);
    if (!known) co_return fail(std::move(known.error()));
    if (*known) {
        const auto inner = s.active.find(id);
        s.tell_outer(id, inner == s.active.end() ? (*known)->totals.attempts : inner->second->machine.totals().attempts);
    }
    // After a restart the inner run may have failed by itself for want of attempts: it is not tried beyond them.
    const auto remaining = s.outer_attempts(id);
    const bool may_retry = sub_run.attempt > 1 && (!remaining || remaining->left > 0);
    if (*known && may_retry && is_terminal((*known)->status) && (*known)->status != RunStatus::succeeded) {
        auto again = co_await retry(workspace, id, "flow", fmt::format("attempt {} of its step", sub_run.attempt));
        if (!again && again.error().code != ErrorCode::conflict) co_return fail(std::move(again.error()));
    }
    if (!*known && !s.active.contains(id)) {
        auto flow = co_await s.flows.get_by_name(workspace, sub_run.flow);
        if (!flow) co_return fail(std::move(flow.error()));
        auto runnable = co_await s.flows.runnable(workspace, flow->id, sub_run.version);
        if (!runnable) co_return fail(std::move(runnable.error()));
        if (runnable->flow->settings.durability == flows::Durability::none)
            co_return fail(ErrorCode::unprocessable, "the flow \"{}\" has durability none, which keeps no record of its runs; publish "
                                                     "it with another durability to start it from a flow", sub_run.flow);
        StartRun start;
        start.workspace = workspace;
        start.flow_id = flow->id;
        start.runnable = std::move(*runnable);
        start.input = std::move(sub_run.input);
        start.trigger = "flow";
        start.started_by = {"run", sub_run.parent.str()};
        start.id = id;
        start.parent = sub_run.parent;
        start.depth = depth;
        start.inside = sub_run.wait;
        if (const auto left = s.outer_attempts(id)) start.plan = {{"attempts", {{"left", left->left}, {"limit", left->limit}}}};
        // The caller was accepted, so its inner run waits for room on the disk or in the queue; it does not fail for want of it.
        while (true) {
            auto started = start_run(start);
            Error refusal;
            if (started) {
                const auto handle = std::get<std::shared_ptr<RunHandle>>(*started);
                co_await handle->accepted.wait();
                if (handle->accepted.get()) break;
                refusal = handle->accepted.get().error();
            } else {
                refusal = std::move(started.error());
            }
            if (refusal.code != ErrorCode::unavailable && refusal.code != ErrorCode::rate_limited) co_return fail(std::move(refusal));
            // Nothing is recorded of a step that is cut off: the next start takes it up.
            if (s.stopping) throw boost::system::system_error(boost::asio::error::operation_aborted);
            co_await s.loop.sleep_for(start_again_after);
        }
    }
    Json answer = {{"run", id.str()}};
    if (!sub_run.wait) co_return answer;
    while (true) {
        auto ended = co_await wait(workspace, id, s.clock.now() + std::chrono::hours(1));
        if (!ended) co_return fail(std::move(ended.error()));
        if (*ended) break;
    }
    auto run = co_await get(workspace, id);
    if (!run) co_return fail(std::move(run.error()));
    answer["status"] = to_string(run->status);
    if (run->status != RunStatus::succeeded) {
        const Json error = run->error.value_or(Json::object());
        co_return fail(Error{ErrorCode::unprocessable, fmt::format("the run {} of \"{}\" {}: {}", id, sub_run.flow, to_string(run->status),
                                                                   base::string_or(error, "message", "")), {}, true});
    }
    auto output = co_await this->output(workspace, id);
    if (!output) co_return fail(std::move(output.error()));
    answer["output"] = std::move(*output);
    co_return answer;
}

/// Cancels the runs that steps of this one wait for.
void Engine::State::cancel_sub_runs(WorkspaceId workspace, RunId parent, const std::string& reason) {
    std::vector<RunPtr> children;
    for (const auto& [id, run] : active)
        if (run->row.parent == parent && run->row.trigger == "flow") children.push_back(run);
    for (const RunPtr& child : children) feed(child, event::Cancel{reason});
    if (waiting.empty() && queue.backlog() == 0) return;
    tasks.spawn("cancel-sub-runs", cancel_absent_sub_runs(shared_from_this(), workspace, parent, reason));
}

/// Starts the flow that a failure calls. The call is recorded with the failed run's end and taken back with the start of the
/// called run, whose id follows from the failed one's: it starts once, whatever a crash hides.
Awaitable<void> Engine::State::call_error_flow(std::shared_ptr<State> self, WorkspaceId workspace, RunId failed, std::string name) {
    const auto row = co_await store::find_run(self->storage, workspace, failed);
    if (!row || !*row) co_return;
    const Run& run = **row;
    auto started = co_await self->start_error_flow(run, name);
    if (started) co_return;
    log::error("the error flow could not be started", {{"run", failed}, {"flow", name}, {"cause", started.error().message}});
    if (started.error().code == ErrorCode::unavailable) co_return;  // the next start of the server calls it
    storage::WriteUnit unit;
    store::append_error_call_done(unit, workspace, failed);
    auto removed = co_await self->storage.submit(std::move(unit));
    if (!removed) log::warn("the call of an error flow could not be taken back", {{"run", failed}, {"cause", removed.error().message}});
}

Awaitable<Result<void>> Engine::State::start_error_flow(const Run& run, std::string name) {
    auto flow = co_await flows.get_by_name(run.workspace, name);
    if (!flow) co_return fail(std::move(flow.error()));
    auto runnable = co_await flows.runnable(run.workspace, flow->id, 0);
    if (!runnable) co_return fail(std::move(runnable.error()));
    if (runnable->flow->settings.durability == flows::Durability::none)
        co_return fail(ErrorCode::unprocessable, "it has durability none; publish it with another durability");
    StartRun start;
    start.workspace = run.workspace;
    start.flow_id = flow->id;
    start.runnable = std::move(*runnable);
    start.input = {{"run", run.id.str()},
                   {"flow", run.flow_name},
                   {"version", run.flow_version},
                   {"status", to_string(run.status)},
                   {"error", run.error.value_or(Json())}};
    start.trigger = "error";
    start.started_by = {"run", run.id.str()};
    start.id = derived_id(run.id, fmt::format("error-flow:{}", run.retries));
    start.parent = run.id;
    start.also = [workspace = run.workspace, failed = run.id](storage::WriteUnit& unit, RunId) {
        store::append_error_call_done(unit, workspace, failed);
    };
    auto started = owner->start_run(std::move(start));
    if (!started) co_return fail(std::move(started.error()));
    const auto handle = std::get<std::shared_ptr<RunHandle>>(*started);
    co_await handle->accepted.wait();
    if (!handle->accepted.get() && handle->accepted.get().error().code != ErrorCode::conflict)
        co_return fail(handle->accepted.get().error());
    co_return Result<void>();
}

/// The flow that this run's end calls; empty: none. An error flow's own failure calls nothing.
std::string Engine::State::error_flow_of(const Run& row, const flows::CompiledFlow& flow) const {
    if ((row.status != RunStatus::failed && row.status != RunStatus::timed_out) || row.trigger == "error") return {};
    const std::string& name = flow.settings.error_flow.empty() ? options.error_flow : flow.settings.error_flow;
    return name;
}

}  // namespace sluice::engine
