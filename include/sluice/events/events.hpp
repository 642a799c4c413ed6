#pragma once
/// Events: the outbox that commits with its cause, the bus that follows it, and the live streams of
/// clients.
///
/// `append` adds an event to the write unit of the change that it tells of; the writer numbers it
/// per workspace, without gaps, in commit order. After the commit the owner hints with
/// `Bus::committed`; the bus then reads the new rows and fans them out, but only while somebody
/// listens. So every listener sees the committed order, and a resumed one misses nothing. A run's
/// journal is followed the same way by `Bus::run_changed` and `RunFeed`.
///
/// Topics: "events" (the workspace's outbox, numbered), "run/<run id>" (that run's journal,
/// numbered by seq), and on any topic unnumbered live messages of `publish_live` (progress), which
/// are for present listeners only and never stored.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/clock.hpp"
#include "sluice/base/id.hpp"
#include "sluice/base/json.hpp"
#include "sluice/base/result.hpp"
#include "sluice/events/cursor.hpp"
#include "sluice/runtime/awaitable.hpp"
#include "sluice/runtime/loop.hpp"
#include "sluice/runtime/task_group.hpp"

namespace sluice::storage {
class Storage;
class WriteUnit;
}  // namespace sluice::storage
namespace sluice::net {
class Router;
}

namespace sluice::events {

using EventId = Id<ids::Event>;

/// What is to be told. `type` is dotted ("run.finished"); `subject` names the object ("run_…");
/// `data` is a small JSON object (a reference and a summary, not the object: at most 16 KiB).
struct NewEvent {
    EventId id;  ///< `EventId::make(now, random)`
    std::string type;
    std::string subject;
    Time at{};
    Json data = Json::object();
};

/// A stored event.
struct Event {
    std::int64_t number = 0;  ///< per workspace, gapless, in commit order, from 1
    EventId id;
    std::string type, subject;
    Time at{};
    std::string data;  ///< JSON text
};

/// Appends the event to the unit: one statement, one index seek. Committed, or not, with the unit.
void append(storage::WriteUnit& unit, WorkspaceId workspace, const NewEvent& event);

/// Takes the data out of a run's journal event (see RunFeed) for those who may not read it: `data` and `value` are null,
/// `"masked": true` says so; what happened, where and when stays.
void mask_run_event(Json& event);
/// The same for an error {"code", "message", …} that may quote data: the message is null.
void mask_error(Json& error);

/// The event as a CloudEvents 1.0 object (text): specversion, id, source ("/workspaces/wsp_…"),
/// type, subject, time, datacontenttype, sequence (the number as a string), data.
std::string cloud_event(WorkspaceId workspace, const Event& event);

/// The journal of runs as the bus sees it; implemented by `engine`. Thread: loop.
class RunFeed {
  public:
    virtual ~RunFeed() = default;
    /// The run's journal events with `seq` > `after_seq`, ascending, at most `limit`; each is an
    /// object with the member "seq". Errors: not_found (no such run in the workspace).
    virtual Awaitable<Result<std::vector<Json>>> run_events(WorkspaceId workspace, RunId run,
                                                            std::int64_t after_seq, int limit) = 0;
};

/// One message for a listener.
struct Delivery {
    std::string topic;
    std::optional<std::int64_t> number;       ///< what to resume after; none for a live message
    std::shared_ptr<const std::string> text;  ///< JSON; null for a resync
    bool resync =
        false;  ///< the history after the wanted place is gone: reload, then go on from `number`
};

struct BusState;
struct SubscriptionState;

/// One listener with any number of topics. Ends when destroyed. Thread: loop.
class Subscription {
  public:
    ~Subscription();
    Subscription(const Subscription&) = delete;
    Subscription& operator=(const Subscription&) = delete;

    /// Follows `topic` after the number `after`. Without it: "events" from now on, a run's journal
    /// from its start. Adding a topic again moves it to `after`. Errors: invalid_argument (no such
    /// kind of topic, too many topics), not_found (no such run).
    Awaitable<Result<void>> add(std::string topic, std::optional<std::int64_t> after = {});
    void remove(std::string_view topic);
    bool follows(std::string_view topic) const;
    /// What has come, in order per topic, at most a few hundred; empty when nothing came until
    /// `deadline`. Errors: unavailable (too slow: more than 1,024 live messages or 4 MiB waited;
    /// the subscription is over), cancelled (the bus has stopped).
    Awaitable<Result<std::vector<Delivery>>> next(Time deadline);
    /// Lets `next` give `cancelled` from now on (the client has gone).
    void end();

  private:
    friend class Bus;
    explicit Subscription(std::shared_ptr<SubscriptionState> state);
    std::shared_ptr<SubscriptionState> state_;
};

/// Follows the outbox and the journals for listeners. Costs nothing while nobody listens. Thread:
/// loop.
class Bus {
  public:
    Bus(runtime::Loop& loop, storage::Storage& storage);
    ~Bus();
    Bus(const Bus&) = delete;
    Bus& operator=(const Bus&) = delete;

    /// Who knows the runs; without it the topics "run/…" are unknown. Set before the server starts.
    void set_run_feed(RunFeed* feed);
    /// The key that signs the list's cursors; set before the server starts (else one of this
    /// process is used).
    void set_cursor_key(std::string key);

    /// Hint: a unit with events of `workspace` has committed. Coalesced; cheap when nobody listens.
    void committed(WorkspaceId workspace);
    /// Hint: the journal of `run` has grown (and is committed).
    void run_changed(WorkspaceId workspace, RunId run);
    /// Tells present listeners of `topic`; never stored, without number.
    void publish_live(WorkspaceId workspace, std::string_view topic, const Json& message);
    /// True when a live message on the topic would reach somebody (to spare the work of making it).
    bool has_listeners(WorkspaceId workspace, std::string_view topic) const;
    /// "run/run_…"
    static std::string run_topic(RunId run);

    std::unique_ptr<Subscription> subscribe(WorkspaceId workspace);

    struct List {
        std::vector<Event> items;
        std::string next_cursor;
    };
    /// Newest first, those of which `shows` says true. Errors: invalid_argument (cursor).
    Awaitable<Result<List>> list(WorkspaceId workspace, int limit, std::string cursor,
                                 std::function<bool(const Event&)> shows = {});
    /// Errors: not_found.
    Awaitable<Result<Event>> get(WorkspaceId workspace, std::int64_t number);
    /// Deletes events older than `before` in batches of 500, of every workspace; the newest one of
    /// each stays, so that numbering goes on. How many were deleted.
    Awaitable<Result<std::int64_t>> trim(Time before);

    /// Ends every subscription and waits for reads under way; before the server's stop, so that
    /// open streams end at once. May come twice.
    Awaitable<void> stop();

    runtime::Loop& loop() const;
    /// Owns the tasks of open streams; `stop` ends them.
    runtime::TaskGroup& tasks();

  private:
    std::shared_ptr<BusState> state_;
};

/// GET /api/v1/events (WebSocket, server-sent events or list) and GET /api/v1/events/{number}.
void add_routes(net::Router& router, Bus& bus);

}  // namespace sluice::events
