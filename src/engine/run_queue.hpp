#pragma once
// The queue of runs: which run may start now, and why another one waits. Pure: no I/O, no clock, no loop.
//
// An entry is delayed (its time has not come), queued, or holds a slot. Slots are held by run ids, never counted: a run
// is in the set from its admission to `release`, so a lost decrement cannot exist.
//
// Inside a workspace runs start in the order (priority, enqueue number). Runs that share a concurrency limit stand in
// one line; a line whose limit is reached steps aside as a whole, so it holds nobody else up. Between workspaces
// admission is deficit round robin: each gives as many starts in turn as its weight. Every call is O(log n) in the
// number of entries, except `why` (bounded) and `lines`.

#include <algorithm>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "sluice/base/id.hpp"
#include "sluice/base/result.hpp"
#include "sluice/base/time.hpp"

namespace sluice::engine {

inline constexpr int highest_priority = 1, lowest_priority = 5, default_priority = 3;

struct QueueLimits {
    std::size_t max_running = 2'000;             ///< slots of all workspaces together
    std::size_t max_backlog = 100'000;           ///< entries without a slot, delayed ones included
    std::size_t max_backlog_workspace = 50'000;  ///< the same of one workspace
};

struct QueueEntry {
    RunId run;
    WorkspaceId workspace;
    FlowId flow;
    int priority = default_priority;
    std::uint64_t number = 0;        ///< from `next_number`: the order of acceptance
    std::size_t limit = 0;           ///< runs of the same flow and key that may hold slots at once; 0: no limit
    std::string key;                 ///< empty: the limit is the flow's
    Time ready_at{};
    bool inside = false;             ///< a run under way waits for it: it needs room in its line, but no free slot
};

/// Why a run holds no slot.
enum class WaitsFor : std::uint8_t {
    nothing,        ///< it holds a slot
    time,           ///< its `ready_at` has not come
    paused,         ///< its workspace's queue is paused
    flow_limit,     ///< as many runs of its flow as may be are under way
    key_limit,      ///< the same for its concurrency key
    slots,          ///< all slots of the server are taken
    turn,           ///< others are before it
};

struct QueueReason {
    WaitsFor waits_for = WaitsFor::nothing;
    Time until{};                    ///< for `time`
    std::size_t limit = 0, held = 0; ///< for the limits and `slots`
    std::size_t before = 0;          ///< runs before it in its line
    bool before_is_more = false;     ///< `before` is a lower bound: counting stops there
    std::string key;
};

/// What a page shows of one workspace's queue.
struct QueueLine {
    WorkspaceId workspace;
    std::size_t queued = 0, delayed = 0, running = 0;
    std::optional<Time> oldest_ready;   ///< since when the longest waiting entry could have started
    bool paused = false, draining = false;
    std::size_t weight = 1;             ///< starts in its turn
};

class RunQueue {
  public:
    explicit RunQueue(QueueLimits limits = {}) : limits_(limits) {}
    RunQueue(const RunQueue&) = delete;
    RunQueue& operator=(const RunQueue&) = delete;

    std::uint64_t next_number() { return ++last_number_; }
    /// Numbers given from now on are greater than `number`.
    void number_from(std::uint64_t number) { last_number_ = std::max(last_number_, number); }

    /// Asks for a slot: true when the run holds one now, false when it is queued or delayed. Errors, each before anything
    /// is kept: rate_limited (backlog is full), unavailable (the queue is being drained); both with `retry_after_us`.
    Result<bool> offer(QueueEntry entry, Time now);
    /// Puts a run back that was accepted before (a restart, a wait that is over): no bounds, no slot before `admit`.
    void restore(QueueEntry entry, Time now);
    /// Gives a slot whatever the limits say: to a run that was under way when its process ended, or that is needed now.
    void occupy(QueueEntry entry);
    /// The runs that get a slot now, in the order of their start.
    std::vector<RunId> admit(Time now);
    /// The one way out for a run with a slot; false when it held none. `ended`: counts for the rate of completions.
    bool release(RunId run, Time now, bool ended = true);
    /// Takes a run without a slot out; false when there is none.
    bool remove(RunId run);

    bool holds_slot(RunId run) const { return slots_.contains(run); }
    bool waits(RunId run) const { return entries_.contains(run); }
    /// Whose run this is; nil for one that holds no slot.
    WorkspaceId workspace_of_slot(RunId run) const;
    /// Why a run that cannot be queued would not start now; nothing when it would.
    Result<void> open(WorkspaceId workspace, Time now) const;
    /// When the earliest delayed entry becomes ready: the one time at which `admit` must be called without another cause.
    std::optional<Time> next_ready() const;

    /// How many runs the workspace starts in its turn, at least one; counts from the present turn on.
    void set_weight(WorkspaceId workspace, std::size_t weight);
    /// A paused queue gives no slots; runs that hold one go on.
    void pause(WorkspaceId workspace, bool paused);
    /// Gives no slot to anybody: for the time in which the process reads what it had.
    void hold_all(bool held) { held_all_ = held; }
    /// A draining queue takes nothing new; what is in it still starts.
    void drain(WorkspaceId workspace, bool draining);

    QueueLine line(WorkspaceId workspace) const;
    std::vector<QueueLine> lines() const;
    std::size_t running() const { return slots_.size(); }
    std::size_t backlog() const { return entries_.size(); }
    /// Nothing for a run that is not known here.
    std::optional<QueueReason> why(RunId run) const;
    /// How long a refused caller should wait, by the recent rate of completions: 1 s to 5 min.
    Duration retry_after(Time now) const;

  private:
    struct Place {
        bool outside;             ///< those that a run under way waits for come first
        int priority;
        std::uint64_t number;
        RunId run;
        auto operator<=>(const Place&) const = default;
    };
    struct Workspace;
    /// Runs that share one limit, or all of a workspace that have none.
    struct Line {
        Workspace* workspace = nullptr;
        FlowId flow;
        std::string key;
        bool limited = false;
        std::set<Place> queued;
        std::unordered_set<RunId> held;   ///< only of a limited line
        std::optional<Place> head;        ///< what stands in the workspace's `heads`
    };
    struct Workspace {
        WorkspaceId id;
        bool paused = false, draining = false, in_turn = false;
        std::size_t weight = 1, deficit = 0, delayed = 0;
        Line free;
        std::map<std::pair<FlowId, std::string>, std::unique_ptr<Line>> lines;
        std::map<Place, Line*> heads;     ///< the first of each line that has room
        std::set<std::pair<Time, RunId>> by_age;
        std::unordered_set<RunId> held;
        std::list<Workspace*>::iterator turn;   ///< in `turns_` while `in_turn`
    };
    struct Waiting { QueueEntry entry; bool delayed = false; };
    struct Slot { Workspace* workspace = nullptr; Line* line = nullptr; };

    Workspace& workspace_of(WorkspaceId id);
    Line& line_of(Workspace& workspace, const QueueEntry& entry);
    Line* find_line(Workspace& workspace, const QueueEntry& entry) const;
    std::size_t limit_of_head(const Line& line) const;
    bool has_room(const Line& line) const;
    void refresh(Line& line);
    static Place place_of(const QueueEntry& entry) { return {!entry.inside, entry.priority, entry.number, entry.run}; }
    void refresh_turn(Workspace& workspace);
    RunId start_head(Workspace& workspace);
    void drop_if_empty(Line& line);
    void enqueue(QueueEntry entry, Time now);
    void line_up(const QueueEntry& entry);
    void hold(Workspace& workspace, Line& line, RunId run);
    void wake(Time now);
    void count_end(Time now);
    void set_switches(WorkspaceId id, bool paused, bool draining);

    QueueLimits limits_;
    std::uint64_t last_number_ = 0;
    bool held_all_ = false;
    std::size_t stopped_ = 0;             ///< workspaces that are paused or draining
    std::unordered_map<WorkspaceId, std::unique_ptr<Workspace>> workspaces_;
    std::unordered_map<RunId, Waiting> entries_;
    std::unordered_map<RunId, Slot> slots_;
    std::set<std::pair<Time, RunId>> delayed_;
    std::list<Workspace*> turns_;         ///< workspaces with something to start, in the order of their turns
    std::map<WorkspaceId, Workspace*> inside_;   ///< those of them whose next run needs no free slot
    // Completions: a rate that forgets, over about half a minute.
    double ends_ = 0;
    Time ends_at_{};
};

}  // namespace sluice::engine
