// Bulk redrive: open letters in the order in which they were made, the first ones as canaries, the rest at a rate.
//
// Progress is stored after each letter. A process that dies between a redrive and its count finds the letter at the next
// start by the action's id in `decided_by`, and counts it then.

#include "engine/dead_letters_state.hpp"
#include "sluice/base/log.hpp"

namespace sluice::engine {

namespace {

constexpr Duration look_again = std::chrono::seconds(1);
constexpr Duration one_wait = std::chrono::seconds(30);

Json optional_time(const std::optional<Time>& time) { return time ? Json(base::format_time(*time)) : Json(); }

bool passes(const Error& error) { return error.code == ErrorCode::unavailable || error.code == ErrorCode::rate_limited; }

}  // namespace

Awaitable<Result<void>> DeadLetters::start() {
    auto actions = co_await store::running_bulk_actions(state_->storage);
    if (!actions) co_return fail(std::move(actions.error()));
    for (BulkAction& action : *actions) state_->begin(std::move(action));
    co_return Result<void>();
}

Awaitable<void> DeadLetters::stop() { co_await state_->tasks.cancel_and_join(); }

Awaitable<Result<BulkAction>> DeadLetters::redrive_many(WorkspaceId workspace, NewBulkRedrive wanted, AlsoBulk also) {
    wanted.filter.state = "open";
    auto open = co_await store::count_open_letters(state_->storage, workspace, wanted.filter);
    if (!open) co_return fail(std::move(open.error()));
    if (open->count == 0)
        co_return fail(ErrorCode::unprocessable, "no open dead letter matches the filter; GET /api/v1/dead-letters?state=open lists them");
    BulkAction action;
    action.created_at = state_->loop.now();
    action.id = BulkActionId::make(action.created_at, state_->random);
    action.workspace = workspace;
    action.kind = "dead_letters.redrive";
    action.state = "running";
    action.filter = to_json(wanted.filter);
    action.total = open->count;
    action.canary = wanted.canary;
    action.rate_per_second = wanted.rate_per_second;
    action.until = open->newest;
    action.created_by = std::move(wanted.by);
    storage::WriteUnit unit;
    store::append_bulk(unit, action);
    if (also) also(unit, action);
    auto done = co_await state_->storage.submit(std::move(unit));
    if (!done) co_return fail(std::move(done.error()));
    state_->begin(action);
    co_return action;
}

Awaitable<Result<BulkList>> DeadLetters::bulk_actions(WorkspaceId workspace, int limit, std::string cursor) {
    auto position = state_->cursors.read(workspace, "bulk-actions", cursor);
    if (!position) co_return fail(std::move(position.error()));
    auto actions = co_await store::list_bulk(state_->storage, workspace, BulkActionId::from_raw(*position), limit + 1);
    if (!actions) co_return fail(std::move(actions.error()));
    BulkList list{std::move(*actions), {}};
    if (static_cast<int>(list.items.size()) > limit) {
        list.items.pop_back();
        list.next_cursor = state_->cursors.make(workspace, "bulk-actions", list.items.back().id.raw());
    }
    co_return list;
}

Awaitable<Result<BulkAction>> DeadLetters::bulk_action(WorkspaceId workspace, BulkActionId id) {
    auto found = co_await store::find_bulk(state_->storage, workspace, id);
    if (!found) co_return fail(std::move(found.error()));
    if (!*found) co_return fail(ErrorCode::not_found, "there is no bulk action {} in this workspace", id);
    co_return std::move(**found);
}

Awaitable<Result<BulkAction>> DeadLetters::cancel_bulk(WorkspaceId workspace, BulkActionId id, std::string by) {
    while (true) {
        auto action = co_await bulk_action(workspace, id);
        if (!action) co_return action;
        if (action->state != "running")
            co_return fail(ErrorCode::conflict, "the bulk action {} has ended ({}); there is nothing to cancel", id, action->state);
        action->state = "cancelled";
        action->reason = fmt::format("cancelled by {}", by);
        action->finished_at = state_->loop.now();
        auto saved = co_await state_->save(*action);
        if (saved) co_return action;
        if (saved.error().code != ErrorCode::conflict) co_return fail(std::move(saved.error()));  // else it ended just now
    }
}

Awaitable<Result<void>> DeadLetters::State::save(BulkAction action) {
    storage::WriteUnit unit;
    store::append_bulk_progress(unit, action);
    co_return co_await storage.submit(std::move(unit));
}

void DeadLetters::State::begin(BulkAction action) { tasks.spawn("bulk-redrive", run_bulk(shared_from_this(), std::move(action))); }

Awaitable<void> DeadLetters::State::run_bulk(std::shared_ptr<State> self, BulkAction action) {
    bool after_restart = true;
    while (true) {
        // What is stored decides: a cancel may have come.
        auto stored = co_await store::find_bulk(self->storage, action.workspace, action.id);
        if (stored && (!*stored || (*stored)->state != "running")) co_return;
        auto more = co_await self->advance(action, after_restart);
        if (more && !*more) co_return;
        if (more) continue;
        if (more.error().code == ErrorCode::conflict) continue;   // cancelled meanwhile: seen above
        log::warn("a bulk action cannot go on now; trying again", {{"bulk_action", action.id}, {"cause", more.error().message}});
        co_await self->loop.sleep_for(look_again);
    }
}

Awaitable<Result<bool>> DeadLetters::State::await_canary(BulkAction& action) {
    const RunId id = *action.canary_run;
    auto ended = co_await engine.wait(action.workspace, id, loop.now() + one_wait);
    if (!ended && ended.error().code != ErrorCode::not_found) co_return fail(std::move(ended.error()));
    if (ended && !*ended) {
        co_await loop.sleep_for(look_again);
        co_return true;
    }
    action.canary_run.reset();
    if (ended) {
        auto run = co_await engine.get(action.workspace, id);
        if (!run) co_return fail(std::move(run.error()));
        if (run->status != RunStatus::succeeded) {
            action.state = "stopped";
            action.reason = fmt::format("the canary {} {}{}", id, to_string(run->status),
                                        run->error ? ": " + base::string_or(*run->error, "message", "") : std::string());
            action.finished_at = loop.now();
        }
    }
    auto saved = co_await save(action);
    if (!saved) co_return fail(std::move(saved.error()));
    co_return action.state == "running";
}

Awaitable<Result<bool>> DeadLetters::State::advance(BulkAction& action, bool& after_restart) {
    if (action.state != "running") {   // its end could not be stored a moment ago
        auto saved = co_await save(action);
        if (!saved) co_return fail(std::move(saved.error()));
        co_return false;
    }
    if (action.canary_run) co_return co_await await_canary(action);
    auto filter = letter_filter(action.filter, "/filter");
    if (!filter) co_return fail(std::move(filter.error()));
    const DeadLetterId after = action.position.value_or(DeadLetterId());
    std::optional<RunId> run;
    BulkAction next = action;
    if (after_restart) {
        auto taken = co_await store::redriven_by(storage, action.workspace, after, action.until, action.id.str());
        if (!taken) co_return fail(std::move(taken.error()));
        if (*taken) {
            next.position = (*taken)->id;
            run = (*taken)->redriven_run;
        }
        after_restart = false;
    }
    if (!run) {
        auto letters = co_await store::open_letters(storage, action.workspace, *filter, after, action.until, 1);
        if (!letters) co_return fail(std::move(letters.error()));
        if (letters->empty()) {
            next.state = "done";
            next.finished_at = loop.now();
            auto saved = co_await save(next);
            if (!saved) co_return fail(std::move(saved.error()));
            co_return false;
        }
        next.position = letters->front().id;
        Redrive how;
        how.by = action.id.str();
        auto redriven = co_await redrive(action.workspace, std::move(letters->front()), std::move(how));
        if (!redriven && passes(redriven.error())) co_return fail(std::move(redriven.error()));
        if (redriven) {
            run = *redriven;
        } else {
            ++next.failed;
            next.reason = fmt::format("{}: {}", *next.position, redriven.error().message);
        }
    }
    const bool canary = next.done + next.failed < next.canary + (run ? 0 : 1);
    if (run) {
        if (canary) next.canary_run = run;
        ++next.done;
    } else if (canary) {
        next.state = "stopped";
        next.reason = "the canary could not be redriven: " + next.reason;
        next.finished_at = loop.now();
    }
    action = next;
    auto saved = co_await save(std::move(next));
    if (!saved) co_return fail(std::move(saved.error()));
    if (action.state != "running") co_return false;
    if (!action.canary_run)
        co_await loop.sleep_for(Duration(static_cast<std::int64_t>(1e6 / std::max(0.01, action.rate_per_second))));
    co_return true;
}

Json to_json(const BulkAction& action) {
    return {{"id", action.id.str()},
            {"kind", action.kind},
            {"filter", action.filter},
            {"state", action.state},
            {"total", action.total},
            {"done", action.done},
            {"failed", action.failed},
            {"canary", action.canary},
            {"rate_per_second", action.rate_per_second},
            {"canary_run_id", action.canary_run ? Json(action.canary_run->str()) : Json()},
            {"reason", action.reason.empty() ? Json() : Json(action.reason)},
            {"created_by", action.created_by},
            {"created_at", base::format_time(action.created_at)},
            {"finished_at", optional_time(action.finished_at)}};
}

}  // namespace sluice::engine
