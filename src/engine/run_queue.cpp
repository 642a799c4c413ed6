#include "engine/run_queue.hpp"

#include <algorithm>
#include <cmath>

namespace sluice::engine {

namespace {

constexpr std::size_t longest_count = 1'000;      ///< `why` counts the runs before one no further
constexpr double rate_memory_seconds = 30.0;
constexpr double shortest_wait_seconds = 1.0, longest_wait_seconds = 300.0;
constexpr double unknown_rate_wait_seconds = 5.0;

double seconds_between(Time from, Time to) {
    return std::max(0.0, std::chrono::duration<double>(to - from).count());
}

}  // namespace

RunQueue::Workspace& RunQueue::workspace_of(WorkspaceId id) {
    auto& found = workspaces_[id];
    if (!found) {
        found = std::make_unique<Workspace>();
        found->id = id;
        found->free.workspace = found.get();
    }
    return *found;
}

RunQueue::Line* RunQueue::find_line(Workspace& workspace, const QueueEntry& entry) const {
    if (entry.limit == 0) return &workspace.free;
    const auto found = workspace.lines.find({entry.flow, entry.key});
    return found == workspace.lines.end() ? nullptr : found->second.get();
}

RunQueue::Line& RunQueue::line_of(Workspace& workspace, const QueueEntry& entry) {
    if (entry.limit == 0) return workspace.free;
    auto& line = workspace.lines[{entry.flow, entry.key}];
    if (!line) {
        line = std::make_unique<Line>();
        line->workspace = &workspace;
        line->flow = entry.flow;
        line->key = entry.key;
        line->limited = true;
    }
    return *line;
}

/// Versions of a flow may differ in their limit: the run that would start next is judged by its own.
std::size_t RunQueue::limit_of_head(const Line& line) const { return entries_.at(line.queued.begin()->run).entry.limit; }

bool RunQueue::has_room(const Line& line) const { return !line.limited || line.held.size() < limit_of_head(line); }

/// Brings the line's head in its workspace's `heads` up to date. After every change of `queued` or `held`.
void RunQueue::refresh(Line& line) {
    Workspace& workspace = *line.workspace;
    std::optional<Place> head;
    if (!line.queued.empty() && has_room(line)) head = *line.queued.begin();
    if (head == line.head) return;
    if (line.head) workspace.heads.erase(*line.head);
    if (head) workspace.heads.emplace(*head, &line);
    line.head = head;
    refresh_turn(workspace);
}

void RunQueue::refresh_turn(Workspace& workspace) {
    if (!workspace.heads.empty() && !workspace.heads.begin()->first.outside) inside_[workspace.id] = &workspace;
    else inside_.erase(workspace.id);
    const bool wants = !workspace.paused && !workspace.heads.empty();
    if (wants == workspace.in_turn) return;
    workspace.in_turn = wants;
    workspace.deficit = 0;
    if (wants) workspace.turn = turns_.insert(turns_.end(), &workspace);
    else turns_.erase(workspace.turn);
}

void RunQueue::drop_if_empty(Line& line) {
    if (!line.limited || !line.queued.empty() || !line.held.empty()) return;
    // The key is copied: the erased line owns it.
    const std::pair<FlowId, std::string> key{line.flow, line.key};
    line.workspace->lines.erase(key);
}

void RunQueue::hold(Workspace& workspace, Line& line, RunId run) {
    slots_[run] = Slot{&workspace, &line};
    workspace.held.insert(run);
    if (!line.limited) return;
    line.held.insert(run);
    refresh(line);
}

void RunQueue::line_up(const QueueEntry& entry) {
    Workspace& workspace = workspace_of(entry.workspace);
    Line& line = line_of(workspace, entry);
    line.queued.insert(place_of(entry));
    workspace.by_age.emplace(entry.ready_at, entry.run);
    refresh(line);
}

void RunQueue::enqueue(QueueEntry entry, Time now) {
    const RunId run = entry.run;
    last_number_ = std::max(last_number_, entry.number);
    const bool delayed = entry.ready_at > now;
    auto [at, added] = entries_.emplace(run, Waiting{std::move(entry), delayed});
    if (!added) return;
    const QueueEntry& kept = at->second.entry;
    if (delayed) {
        delayed_.emplace(kept.ready_at, run);
        ++workspace_of(kept.workspace).delayed;
    } else {
        line_up(kept);
    }
}

Result<bool> RunQueue::offer(QueueEntry entry, Time now) {
    Workspace& workspace = workspace_of(entry.workspace);
    if (workspace.draining && !entry.inside) {
        Error error{ErrorCode::unavailable, "the workspace's queue is being drained and takes no new runs; start the run again once it "
                                            "is resumed (`sluice queues resume default`)"};
        error.retry_after_us = std::chrono::microseconds(retry_after(now)).count();
        return fail(std::move(error));
    }
    // What is queued and could start would have started, unless the caller has yet to admit it: then its turn comes first.
    const bool free = !workspace.paused && !held_all_ && slots_.size() < limits_.max_running && turns_.empty();
    if (entry.ready_at <= now && (free || entry.inside)) {
        Line& line = line_of(workspace, entry);
        const bool room = !line.limited || line.held.size() < entry.limit;
        if (room && (line.queued.empty() || place_of(entry) < *line.queued.begin())) {
            hold(workspace, line, entry.run);
            last_number_ = std::max(last_number_, entry.number);
            return true;
        }
    }
    const std::size_t own = workspace.by_age.size() + workspace.delayed;
    const bool all_full = entries_.size() >= limits_.max_backlog;
    if (!entry.inside && (all_full || own >= limits_.max_backlog_workspace)) {
        const Duration wait = retry_after(now);
        Error error;
        error.code = ErrorCode::rate_limited;
        error.message = fmt::format("{} runs wait to start, the most that {} takes ({}); try again in {} s",
                                    all_full ? entries_.size() : own, all_full ? "this server" : "one workspace",
                                    all_full ? "queue.max_backlog" : "queue.max_backlog_workspace",
                                    std::chrono::ceil<std::chrono::seconds>(wait).count());
        error.retryable = true;
        error.retry_after_us = std::chrono::microseconds(wait).count();
        return fail(std::move(error));
    }
    enqueue(std::move(entry), now);
    return false;
}

void RunQueue::restore(QueueEntry entry, Time now) {
    if (!slots_.contains(entry.run)) enqueue(std::move(entry), now);
}

void RunQueue::occupy(QueueEntry entry) {
    if (slots_.contains(entry.run)) return;
    remove(entry.run);
    last_number_ = std::max(last_number_, entry.number);
    Workspace& workspace = workspace_of(entry.workspace);
    hold(workspace, line_of(workspace, entry), entry.run);
}

void RunQueue::wake(Time now) {
    while (!delayed_.empty() && delayed_.begin()->first <= now) {
        Waiting& waiting = entries_.at(delayed_.begin()->second);
        delayed_.erase(delayed_.begin());
        waiting.delayed = false;
        --workspace_of(waiting.entry.workspace).delayed;
        line_up(waiting.entry);
    }
}

std::vector<RunId> RunQueue::admit(Time now) {
    wake(now);
    std::vector<RunId> admitted;
    // What a run under way waits for: it has a slot, and would keep it for ever.
    while (!held_all_ && !inside_.empty()) admitted.push_back(start_head(*inside_.begin()->second));
    while (!held_all_ && slots_.size() < limits_.max_running && !turns_.empty()) {
        Workspace& workspace = *turns_.front();
        if (workspace.deficit == 0) workspace.deficit = workspace.weight;
        --workspace.deficit;
        // Out of turn first: what follows may take the workspace from the list.
        if (workspace.deficit == 0) turns_.splice(turns_.end(), turns_, turns_.begin());
        admitted.push_back(start_head(workspace));
    }
    return admitted;
}

RunId RunQueue::start_head(Workspace& workspace) {
    Line& line = *workspace.heads.begin()->second;
    const RunId run = workspace.heads.begin()->first.run;
    const auto entry = entries_.find(run);
    workspace.by_age.erase({entry->second.entry.ready_at, run});
    line.queued.erase(line.queued.begin());
    entries_.erase(entry);
    hold(workspace, line, run);
    refresh(line);
    return run;
}

bool RunQueue::release(RunId run, Time now, bool ended) {
    const auto found = slots_.find(run);
    if (found == slots_.end()) return false;
    const Slot slot = found->second;
    slots_.erase(found);
    slot.workspace->held.erase(run);
    if (slot.line->limited) {
        slot.line->held.erase(run);
        refresh(*slot.line);
        drop_if_empty(*slot.line);
    }
    if (ended) count_end(now);
    return true;
}

bool RunQueue::remove(RunId run) {
    const auto found = entries_.find(run);
    if (found == entries_.end()) return false;
    const QueueEntry entry = std::move(found->second.entry);
    Workspace& workspace = workspace_of(entry.workspace);
    if (found->second.delayed) {
        delayed_.erase({entry.ready_at, run});
        --workspace.delayed;
        entries_.erase(found);
        return true;
    }
    workspace.by_age.erase({entry.ready_at, run});
    Line& line = line_of(workspace, entry);
    line.queued.erase(place_of(entry));
    entries_.erase(found);
    refresh(line);
    drop_if_empty(line);
    return true;
}

std::optional<Time> RunQueue::next_ready() const {
    return delayed_.empty() ? std::nullopt : std::optional<Time>(delayed_.begin()->first);
}

void RunQueue::set_weight(WorkspaceId id, std::size_t weight) {
    Workspace& workspace = workspace_of(id);
    workspace.weight = std::max<std::size_t>(1, weight);
    workspace.deficit = std::min(workspace.deficit, workspace.weight);
}

void RunQueue::set_switches(WorkspaceId id, bool paused, bool draining) {
    Workspace& workspace = workspace_of(id);
    const bool was = workspace.paused || workspace.draining, is = paused || draining;
    if (is && !was) ++stopped_;
    if (was && !is) --stopped_;
    workspace.paused = paused;
    workspace.draining = draining;
    refresh_turn(workspace);
}

void RunQueue::pause(WorkspaceId id, bool paused) { set_switches(id, paused, workspace_of(id).draining); }

void RunQueue::drain(WorkspaceId id, bool draining) { set_switches(id, workspace_of(id).paused, draining); }

WorkspaceId RunQueue::workspace_of_slot(RunId run) const {
    const auto found = slots_.find(run);
    return found == slots_.end() ? WorkspaceId() : found->second.workspace->id;
}

Result<void> RunQueue::open(WorkspaceId id, Time now) const {
    if (stopped_ == 0 && !held_all_) return {};
    const auto found = workspaces_.find(id);
    const bool stopped = found != workspaces_.end() && (found->second->paused || found->second->draining);
    if (!stopped && !held_all_) return {};
    Error error{ErrorCode::unavailable, held_all_ ? "the server is starting; try again in a moment"
                                                  : "the workspace's queue is paused or being drained, and this run cannot wait in it; "
                                                    "try again once it is resumed (`sluice queues resume default`)"};
    error.retry_after_us = std::chrono::microseconds(held_all_ ? std::chrono::seconds(1) : retry_after(now)).count();
    return fail(std::move(error));
}

QueueLine RunQueue::line(WorkspaceId id) const {
    QueueLine out;
    out.workspace = id;
    const auto found = workspaces_.find(id);
    if (found == workspaces_.end()) return out;
    const Workspace& workspace = *found->second;
    out.queued = workspace.by_age.size();
    out.delayed = workspace.delayed;
    out.running = workspace.held.size();
    if (!workspace.by_age.empty()) out.oldest_ready = workspace.by_age.begin()->first;
    out.paused = workspace.paused;
    out.draining = workspace.draining;
    out.weight = workspace.weight;
    return out;
}

std::vector<QueueLine> RunQueue::lines() const {
    std::vector<QueueLine> out;
    for (const auto& [id, workspace] : workspaces_) out.push_back(line(id));
    std::sort(out.begin(), out.end(), [](const QueueLine& a, const QueueLine& b) { return a.workspace < b.workspace; });
    return out;
}

std::optional<QueueReason> RunQueue::why(RunId run) const {
    QueueReason reason;
    if (slots_.contains(run)) return reason;
    const auto found = entries_.find(run);
    if (found == entries_.end()) return std::nullopt;
    const QueueEntry& entry = found->second.entry;
    if (found->second.delayed) {
        reason.waits_for = WaitsFor::time;
        reason.until = entry.ready_at;
        return reason;
    }
    Workspace& workspace = *workspaces_.at(entry.workspace);
    const Line& line = *find_line(workspace, entry);
    for (const Place& place : line.queued) {
        if (place.run == run) break;
        if (++reason.before == longest_count) {
            reason.before_is_more = true;
            break;
        }
    }
    if (workspace.paused) {
        reason.waits_for = WaitsFor::paused;
    } else if (line.limited && !has_room(line)) {
        reason.waits_for = entry.key.empty() ? WaitsFor::flow_limit : WaitsFor::key_limit;
        reason.limit = entry.limit;
        reason.held = line.held.size();
        reason.key = entry.key;
    } else if (slots_.size() >= limits_.max_running) {
        reason.waits_for = WaitsFor::slots;
        reason.limit = limits_.max_running;
        reason.held = slots_.size();
    } else {
        reason.waits_for = WaitsFor::turn;
    }
    return reason;
}

void RunQueue::count_end(Time now) {
    ends_ = ends_ * std::exp(-seconds_between(ends_at_, now) / rate_memory_seconds) + 1;
    ends_at_ = std::max(ends_at_, now);
}

Duration RunQueue::retry_after(Time now) const {
    double seconds = unknown_rate_wait_seconds;
    const double ends = ends_ * std::exp(-seconds_between(ends_at_, now) / rate_memory_seconds);
    // The time in which a tenth of the backlog ends: many callers are refused at once, and should not come back for one place.
    if (ends >= 1) seconds = static_cast<double>(entries_.size()) / 10.0 / (ends / rate_memory_seconds);
    seconds = std::clamp(std::ceil(seconds), shortest_wait_seconds, longest_wait_seconds);
    return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
}

}  // namespace sluice::engine
