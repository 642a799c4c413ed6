// Bulk actions: one object after the other, the first ones as canaries, the rest at a rate.
//
// What was done to an object commits with its row; the action's progress follows in a unit of its own. A process that dies
// between the two finds the row at the next start, and counts it then.

#include "engine/bulk_state.hpp"
#include "sluice/base/log.hpp"

namespace sluice::engine {

namespace {

constexpr Duration look_again = std::chrono::seconds(1);
constexpr Duration one_wait = std::chrono::seconds(30);
constexpr int preview_objects = 20;

bool passes(const Error& error) { return error.code == ErrorCode::unavailable || error.code == ErrorCode::rate_limited; }

std::string random_key(base::Random& random) {
    std::string key(32, '\0');
    random.fill({reinterpret_cast<std::uint8_t*>(key.data()), key.size()});
    return key;
}

Json filter_of(const NewBulkAction& wanted) {
    return wanted.kind == BulkKind::redrive_letters ? to_json(wanted.letters) : to_json(wanted.runs);
}

std::string nothing_matches(BulkKind kind) {
    if (kind == BulkKind::redrive_letters)
        return "no open dead letter matches the filter; GET /api/v1/dead-letters?state=open lists them";
    return "no run matches the filter; GET /api/v1/runs lists them, and dry_run tells how many match";
}

}  // namespace

BulkActions::BulkActions(runtime::Loop& loop, storage::Storage& storage, Engine& engine, DeadLetters& letters, base::Random& random)
    : state_(std::make_shared<State>(loop, storage, engine, letters, random, random_key(random))) {}
BulkActions::~BulkActions() = default;

void BulkActions::set_cursor_key(std::string key) { state_->cursors = events::Cursors(std::move(key)); }

Time BulkActions::now() const { return state_->loop.now(); }

Awaitable<Result<void>> BulkActions::start() {
    auto actions = co_await store::running_bulk_actions(state_->storage);
    if (!actions) co_return fail(std::move(actions.error()));
    for (BulkAction& action : *actions) state_->spawn(std::move(action));
    co_return Result<void>();
}

Awaitable<void> BulkActions::stop() {
    state_->stopping = true;
    state_->ended.notify();
    co_await state_->tasks.cancel_and_join();
}

Awaitable<Result<BulkPreview>> BulkActions::preview(WorkspaceId workspace, NewBulkAction wanted) {
    BulkAction action;
    action.workspace = workspace;
    action.kind = wanted.kind;
    action.created_at = state_->loop.now();
    action.filter = filter_of(wanted);
    auto matching = co_await state_->count(workspace, wanted.kind, action.filter, action.created_at);
    if (!matching) co_return fail(std::move(matching.error()));
    action.until = matching->newest;
    BulkPreview preview{.total = matching->count, .filter = action.filter};
    auto first = co_await state_->next(action, {}, preview_objects);
    if (!first) co_return fail(std::move(first.error()));
    for (const BulkObjectId object : *first) preview.first.push_back(object_text(action.kind, object));
    for (std::size_t i = 0; i < std::min(first->size(), BulkPreview::most_samples); ++i) {
        // One that has gone meanwhile is left out.
        if (action.kind == BulkKind::redrive_letters) {
            auto letter = co_await state_->letters.get(workspace, DeadLetterId((*first)[i].bytes()));
            if (letter) preview.letters.push_back(std::move(*letter));
        } else {
            auto run = co_await state_->engine.get(workspace, RunId((*first)[i].bytes()));
            if (run) preview.runs.push_back(std::move(*run));
        }
    }
    co_return preview;
}

Awaitable<Result<BulkAction>> BulkActions::begin(WorkspaceId workspace, NewBulkAction wanted, AlsoBulk also) {
    BulkAction action;
    action.created_at = state_->loop.now();
    action.id = BulkActionId::make(action.created_at, state_->random);
    action.workspace = workspace;
    action.kind = wanted.kind;
    action.state = "running";
    action.filter = filter_of(wanted);
    action.options = to_json(wanted.how);
    action.canary = wanted.canary;
    action.rate_per_second = wanted.rate_per_second;
    action.created_by = std::move(wanted.by);
    auto matching = co_await state_->count(workspace, wanted.kind, action.filter, action.created_at);
    if (!matching) co_return fail(std::move(matching.error()));
    if (matching->count == 0) co_return fail(ErrorCode::unprocessable, "{}", nothing_matches(wanted.kind));
    action.total = matching->count;
    action.until = matching->newest;
    storage::WriteUnit unit;
    store::append_bulk(unit, action);
    if (also) also(unit, action);
    auto done = co_await state_->storage.submit(std::move(unit));
    if (!done) co_return fail(std::move(done.error()));
    state_->spawn(action);
    co_return action;
}

Awaitable<Result<BulkList>> BulkActions::list(WorkspaceId workspace, int limit, std::string cursor,
                                              std::function<bool(const BulkAction&)> shows) {
    auto position = state_->cursors.read(workspace, "bulk-actions", cursor);
    if (!position) co_return fail(std::move(position.error()));
    auto before = BulkActionId::from_raw(*position);
    BulkList list;
    while (true) {
        auto actions = co_await store::list_bulk(state_->storage, workspace, before, limit + 1);
        if (!actions) co_return fail(std::move(actions.error()));
        for (BulkAction& action : *actions) {
            before = action.id;
            if (shows && !shows(action)) continue;
            if (static_cast<int>(list.items.size()) == limit) {
                list.next_cursor = state_->cursors.make(workspace, "bulk-actions", list.items.back().id.raw());
                co_return list;
            }
            list.items.push_back(std::move(action));
        }
        if (static_cast<int>(actions->size()) <= limit) co_return list;
    }
}

Awaitable<Result<BulkAction>> BulkActions::get(WorkspaceId workspace, BulkActionId id) {
    auto found = co_await store::find_bulk(state_->storage, workspace, id);
    if (!found) co_return fail(std::move(found.error()));
    if (!*found) co_return fail(ErrorCode::not_found, "there is no bulk action {} in this workspace; `sluice bulk list` shows them", id);
    co_return std::move(**found);
}

Awaitable<Result<BulkAction>> BulkActions::wait(WorkspaceId workspace, BulkActionId id, Time deadline) {
    while (true) {
        auto action = co_await get(workspace, id);
        if (!action || action->state != "running" || state_->stopping || state_->loop.now() >= deadline) co_return action;
        co_await state_->ended.wait_until(std::min(deadline, state_->loop.now() + look_again));
    }
}

Awaitable<Result<BulkItemList>> BulkActions::items(WorkspaceId workspace, BulkActionId id, bool only_failed, int limit, std::string cursor) {
    auto action = co_await get(workspace, id);
    if (!action) co_return fail(std::move(action.error()));
    const std::string name = fmt::format("bulk-items|{}|{}", id, only_failed);
    auto position = state_->cursors.read(workspace, name, cursor);
    if (!position) co_return fail(std::move(position.error()));
    auto items = co_await store::list_bulk_items(state_->storage, workspace, id, only_failed, BulkObjectId::from_raw(*position), limit + 1);
    if (!items) co_return fail(std::move(items.error()));
    BulkItemList list{action->kind, std::move(*items), {}};
    if (static_cast<int>(list.items.size()) > limit) {
        list.items.pop_back();
        list.next_cursor = state_->cursors.make(workspace, name, list.items.back().object.raw());
    }
    co_return list;
}

Awaitable<Result<BulkAction>> BulkActions::cancel(WorkspaceId workspace, BulkActionId id, std::string by, AlsoBulk also) {
    while (true) {
        auto action = co_await get(workspace, id);
        if (!action) co_return action;
        if (action->state != "running")
            co_return fail(ErrorCode::conflict, "the bulk action {} has ended ({}); there is nothing to cancel", id, action->state);
        action->state = "cancelled";
        action->reason = fmt::format("cancelled by {}", by);
        action->finished_at = state_->loop.now();
        storage::WriteUnit unit;
        store::append_bulk_progress(unit, *action);
        if (also) also(unit, *action);
        auto saved = co_await state_->storage.submit(std::move(unit));
        if (saved) state_->ended.notify();
        if (saved) co_return action;
        // Else it ended just now, or the request was made before: the next look tells which.
        if (saved.error().code != ErrorCode::conflict || saved.error().message == "idempotency_key_used") co_return fail(std::move(saved.error()));
    }
}

Awaitable<Result<int>> BulkActions::remove_ended(Time before) {
    int removed = 0;
    while (true) {
        auto part = co_await store::remove_ended_bulk(state_->storage, before);
        if (!part) co_return fail(std::move(part.error()));
        if (*part == 0) co_return removed;
        removed += *part == 2;
    }
}

Awaitable<Result<void>> BulkActions::State::save(BulkAction action, std::optional<BulkItem> refused) {
    storage::WriteUnit unit;
    store::append_bulk_progress(unit, action);
    if (refused) store::append_bulk_item(unit, action.workspace, action.id, *refused);
    auto saved = co_await storage.submit(std::move(unit));
    if (saved && action.state != "running") ended.notify();
    co_return saved;
}

void BulkActions::State::spawn(BulkAction action) { tasks.spawn("bulk-action", run(shared_from_this(), std::move(action))); }

Awaitable<void> BulkActions::State::run(std::shared_ptr<State> self, BulkAction action) {
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

Awaitable<Result<bool>> BulkActions::State::await_canary(BulkAction& action) {
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
        const RunStatus wanted = action.kind == BulkKind::cancel_runs ? RunStatus::cancelled : RunStatus::succeeded;
        if (run->status != wanted) {
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

Awaitable<Result<bool>> BulkActions::State::advance(BulkAction& action, bool& after_restart) {
    if (action.state != "running") {   // its end could not be stored a moment ago
        auto saved = co_await save(action);
        if (!saved) co_return fail(std::move(saved.error()));
        co_return false;
    }
    if (action.canary_run) co_return co_await await_canary(action);
    const BulkObjectId after = action.position.value_or(BulkObjectId());
    std::optional<RunId> run;
    std::optional<BulkItem> refused;
    BulkAction next_state = action;
    if (after_restart) {
        auto uncounted = co_await store::list_bulk_items(storage, action.workspace, action.id, false, after, 1);
        if (!uncounted) co_return fail(std::move(uncounted.error()));
        if (!uncounted->empty() && uncounted->front().run) {
            next_state.position = uncounted->front().object;
            run = uncounted->front().run;
        }
        after_restart = false;
    }
    if (!run) {
        auto objects = co_await next(action, after, 1);
        if (!objects) co_return fail(std::move(objects.error()));
        if (objects->empty()) {
            next_state.state = "done";
            next_state.finished_at = loop.now();
            auto saved = co_await save(next_state);
            if (!saved) co_return fail(std::move(saved.error()));
            co_return false;
        }
        const BulkObjectId object = objects->front();
        next_state.position = object;
        auto acted = co_await act(action, object);
        if (!acted && passes(acted.error())) co_return fail(std::move(acted.error()));
        if (acted) {
            run = *acted;
        } else {
            ++next_state.failed;
            next_state.reason = fmt::format("{}: {}", object_text(action.kind, object), acted.error().message);
            refused = BulkItem{object, std::nullopt, std::nullopt, std::string(base::to_string(acted.error().code)),
                               acted.error().message, loop.now()};
        }
    }
    const bool canary = next_state.done + next_state.failed < next_state.canary + (run ? 0 : 1);
    if (run) {
        if (canary) next_state.canary_run = run;
        ++next_state.done;
    } else if (canary) {
        next_state.state = "stopped";
        next_state.reason = "the canary was refused: " + next_state.reason;
        next_state.finished_at = loop.now();
    }
    action = next_state;
    while (true) {
        auto saved = co_await save(next_state, refused);
        if (saved) break;
        if (saved.error().code == ErrorCode::conflict) {   // cancelled meanwhile: this object counts all the same
            storage::WriteUnit unit;
            store::append_bulk_counts(unit, next_state);
            if (refused) store::append_bulk_item(unit, action.workspace, action.id, *refused);
            auto counted = co_await storage.submit(std::move(unit));
            if (!counted) log::warn("the last object of a cancelled bulk action is not counted",
                                    {{"bulk_action", action.id}, {"cause", counted.error().message}});
            co_return false;
        }
        log::warn("the progress of a bulk action cannot be stored now; trying again",
                  {{"bulk_action", action.id}, {"cause", saved.error().message}});
        co_await loop.sleep_for(look_again);
    }
    if (action.state != "running") co_return false;
    if (!action.canary_run)
        co_await loop.sleep_for(Duration(static_cast<std::int64_t>(1e6 / std::max(0.01, action.rate_per_second))));
    co_return true;
}

}  // namespace sluice::engine
