#pragma once
// How the bus follows numbered histories for its listeners. Thread: loop.

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sluice/events/events.hpp"
#include "sluice/runtime/sync.hpp"
#include "sluice/runtime/task_group.hpp"

namespace sluice::events {

inline constexpr int page_size = 256;
inline constexpr std::size_t ring_items = 1024, ring_bytes = 4 << 20;
inline constexpr std::size_t max_live = 1024, max_live_bytes = 4 << 20;
inline constexpr std::size_t max_topics = 256;

struct Item {
    std::int64_t number = 0;
    std::shared_ptr<const std::string> text;
};

/// One history that somebody follows: a workspace's outbox (`run` is nil) or a run's journal. The
/// last items are kept so that many listeners cost one read; a listener that is further behind
/// reads pages of its own.
struct Tail {
    WorkspaceId workspace;
    RunId run;
    std::optional<std::int64_t>
        head;               ///< the newest number seen; unknown until somebody has caught up
    std::deque<Item> ring;  ///< contiguous, ends at `head`
    std::size_t bytes = 0;
    bool reading = false;  ///< a task is reading what follows `head`
    bool dirty = false;    ///< there was a hint since its last read began
    std::vector<SubscriptionState*> listeners;
};

struct Follow {
    std::string topic;
    std::shared_ptr<Tail> tail;
    std::int64_t cursor = 0;       ///< the last number delivered
    bool resync = false;           ///< to be told that history is gone
    bool ready = false;            ///< its place is known
    std::uint64_t generation = 0;  ///< tells a topic that was added again from the one before
};

struct SubscriptionState {
    SubscriptionState(std::shared_ptr<BusState> b, WorkspaceId w, runtime::Loop& loop)
        : bus(std::move(b)), workspace(w), signal(loop) {}
    std::shared_ptr<BusState> bus;
    WorkspaceId workspace;
    std::vector<Follow> follows;
    std::deque<Delivery> live;
    std::size_t live_bytes = 0;
    bool too_slow = false, ended = false;
    runtime::Signal signal;
    std::uint64_t generations = 0;

    Follow* find(std::string_view topic);
    void push_live(const std::string& topic, std::shared_ptr<const std::string> text);
    /// What is in memory: live messages, resyncs, items of the rings.
    std::vector<Delivery> take();
    /// The first topic that must read a page of its own; null when there is none.
    Follow* behind();
    /// Applies a page that was read for the topic; false when it was moved or removed meanwhile.
    void apply(const std::string& topic, std::uint64_t generation, std::vector<Item> page,
               std::vector<Delivery>& out);
    void leave(const Follow& follow);
};

struct BusState : std::enable_shared_from_this<BusState> {
    BusState(runtime::Loop& l, storage::Storage& s);

    runtime::Loop& loop;
    storage::Storage& storage;
    RunFeed* feed = nullptr;
    Cursors cursors;
    std::map<std::pair<WorkspaceId, RunId>, std::shared_ptr<Tail>> tails;
    std::vector<SubscriptionState*> subscriptions;
    bool stopped = false;
    runtime::TaskGroup tasks;

    std::shared_ptr<Tail> tail(WorkspaceId workspace, RunId run) const;
    /// Items after `after`, ascending, at most page_size.
    Awaitable<Result<std::vector<Item>>> read_page(std::shared_ptr<Tail> tail, std::int64_t after);
    /// Something new may be there: starts reading it, or lets the task that reads know.
    void hint(const std::shared_ptr<Tail>& tail);
};

/// The run of a topic "run/…"; the nil id for "events". Errors: invalid_argument.
Result<RunId> parse_topic(std::string_view topic);

}  // namespace sluice::events
