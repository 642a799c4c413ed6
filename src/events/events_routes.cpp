// GET /api/v1/events: one path, three ways to read it. A WebSocket carries many topics, a stream of
// server-sent events one, the list none.

#include <charconv>
#include <set>

#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>

#include "sluice/events/events.hpp"
#include "sluice/net/server.hpp"
#include "sluice/runtime/deadline.hpp"
#include "sluice/runtime/sync.hpp"

namespace sluice::events {
namespace {

using net::problem;
using net::Request;
using net::Response;
using net::Verb;

constexpr Duration heartbeat = std::chrono::seconds(20), write_limit = std::chrono::seconds(30);
constexpr std::size_t pace_bytes = 256 << 10;

constexpr std::string_view event_schema = R"json({"type": "object",
    "required": ["specversion", "id", "source", "type", "time", "sequence"], "properties": {
    "specversion": {"type": "string"}, "id": {"type": "string"}, "source": {"type": "string"},
    "type": {"type": "string"}, "subject": {"type": "string"}, "time": {"type": "string"},
    "datacontenttype": {"type": "string"},
    "sequence": {"type": "string", "description": "The number to resume after"}, "data": {"type": "object"}}})json";
constexpr std::string_view list_schema =
    R"json({"type": "object", "required": ["items", "next_cursor"], "properties": {
    "items": {"type": "array", "items": {"$ref": "#/components/schemas/Event"}},
    "next_cursor": {"type": ["string", "null"]}}})json";

std::optional<std::int64_t> parse_number(std::string_view text) {
    std::int64_t number = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failed != std::errc() || end != text.data() + text.size() || number < 0)
        return std::nullopt;
    return number;
}

/// Where an event of the workspace belongs, as its data say; nothing: to the workspace.
struct Belongs {
    Json data;
    std::string project, flow;
    explicit Belongs(Json json) : data(std::move(json)) {
        if (!data.is_object()) return;
        project = base::string_or(data, "project", "");
        flow = base::string_or(data, "flow", "");
    }
    bool seen_by(const Principal& principal) const {
        return project.empty() ? principal.may_everywhere(Permission::events_read)
                               : principal.may_in(Permission::events_read, project, flow);
    }
    bool open_to(const Principal& principal) const {
        if (!data.is_object() || !data.contains("error")) return true;
        return project.empty() ? principal.may(Permission::runs_data) : principal.may_in(Permission::runs_data, project, flow);
    }
};

bool sees_all(const Principal& principal) { return !principal.scope && principal.may(Permission::runs_data); }

/// What of an event of the workspace a caller is shown; nothing when it does not exist for the caller.
std::optional<Event> shown(const Principal& principal, Event event) {
    if (sees_all(principal)) return event;
    Belongs where(Json::parse(event.data, nullptr, false));
    if (!where.seen_by(principal)) return std::nullopt;
    if (where.open_to(principal)) return event;
    mask_error(where.data["error"]);
    where.data["masked"] = true;
    event.data = base::dump_json(where.data);
    return event;
}

/// A caller that follows topics, with what may be shown of them.
struct Follower {
    Principal principal;
    const net::Places* places = nullptr;
    std::set<std::string, std::less<>> masked;  ///< runs whose data are not shown

    /// A run is for those who may read runs. Errors: forbidden, not_found.
    Awaitable<Result<void>> admit(std::string topic) {
        if (topic == "events") co_return Result<void>();
        if (!principal.may(Permission::runs_read))
            co_return fail(ErrorCode::forbidden, "the topic {} needs the permission runs:read", topic);
        const bool masks = !principal.may(Permission::runs_data);
        if (masks) masked.insert(topic);
        if (!principal.scope) co_return Result<void>();
        if (!places || !topic.starts_with("run/")) co_return fail(net::no_such_object(topic));
        auto sees = co_await places->check(principal, Permission::runs_read, "runs", topic.substr(4));
        if (!sees) co_return fail(std::move(sees.error()));
        auto reads = co_await places->check(principal, Permission::runs_data, "runs", topic.substr(4));
        if (!reads) masked.insert(topic);
        co_return Result<void>();
    }

    /// Leaves out or changes what is not for this caller; false: nothing is left.
    bool judge(Delivery& delivery) const {
        if (delivery.resync || sees_all(principal)) return true;
        if (delivery.topic != "events") {
            if (!masked.contains(delivery.topic)) return true;
            if (!delivery.number) return false;  // progress is data
            Json event = Json::parse(*delivery.text, nullptr, false);
            mask_run_event(event);
            delivery.text = std::make_shared<const std::string>(base::dump_json(event));
            return true;
        }
        Json event = Json::parse(*delivery.text, nullptr, false);
        if (!event.is_object() || !event.contains("data")) return principal.may_everywhere(Permission::events_read);
        Belongs where(event["data"]);
        if (!where.seen_by(principal)) return false;
        if (where.open_to(principal)) return true;
        mask_error(event["data"]["error"]);
        event["data"]["masked"] = true;
        delivery.text = std::make_shared<const std::string>(base::dump_json(event));
        return true;
    }
    void judge(std::vector<Delivery>& deliveries) const {
        if (!sees_all(principal)) std::erase_if(deliveries, [this](Delivery& delivery) { return !judge(delivery); });
    }
};

// --- server-sent events

std::string sse_text(const std::vector<Delivery>& deliveries) {
    std::string text;
    for (const auto& delivery : deliveries) {
        if (delivery.number) text += fmt::format("id: {}\n", *delivery.number);
        if (delivery.resync)
            text += fmt::format("event: resync\ndata: {{\"topic\":\"{}\"}}\n\n", delivery.topic);
        else if (delivery.number)
            text += fmt::format("data: {}\n\n", *delivery.text);
        else
            text += fmt::format("event: live\ndata: {}\n\n", *delivery.text);
    }
    return text;
}

Awaitable<void> stream_events(net::BodyWriter& writer, Bus& bus,
                              std::shared_ptr<Subscription> subscription, std::shared_ptr<const Follower> follower) {
    writer.on_closing([subscription] { subscription->end(); });
    std::string text = "retry: 2000\n: following\n\n";
    for (;;) {
        auto write = writer.write(std::move(text));
        auto sent = co_await runtime::with_deadline(bus.loop(), bus.loop().now() + write_limit,
                                                    std::move(write), "the client does not read");
        if (!sent || writer.closing()) co_return;
        auto deliveries = co_await subscription->next(bus.loop().now() + heartbeat);
        if (!deliveries) co_return;  // too slow, or stopping: the client connects again and resumes
        follower->judge(*deliveries);
        text = deliveries->empty() ? ": still here\n\n" : sse_text(*deliveries);
    }
}

Awaitable<Response> start_stream(Request& request, Bus& bus) {
    std::string topic(request.query_value("topic").value_or("events"));
    const auto follower = std::make_shared<Follower>(request.principal, request.places);
    auto may = co_await follower->admit(topic);
    if (!may) co_return problem(may.error());
    auto wanted = request.headers.find("last-event-id");
    if (!wanted || wanted->empty()) wanted = request.query_value("resume_from");
    std::optional<std::int64_t> after;
    if (wanted && !wanted->empty()) {
        after = parse_number(*wanted);
        if (!after) {
            const Error error{ErrorCode::invalid_argument,
                              "Last-Event-ID and resume_from are numbers: the id of the last event "
                              "that was seen"};
            co_return problem(error);
        }
    }
    std::shared_ptr<Subscription> subscription = bus.subscribe(request.workspace());
    auto added = co_await subscription->add(topic, after);
    if (!added) co_return problem(added.error());
    Response response;
    response.headers.set("Content-Type", "text/event-stream");
    response.headers.set("Cache-Control", "no-store");
    response.headers.set("X-Accel-Buffering", "no");
    response.stream = [&bus, subscription, follower](net::BodyWriter& writer) {
        return stream_events(writer, bus, subscription, follower);
    };
    co_return response;
}

// --- WebSocket

/// One open socket. The handler reads, a task sends; the handler outlives the task.
struct Peer {
    Peer(net::WebSocket& s, Bus& bus, Follower f)
        : socket(&s),
          subscription(bus.subscribe(f.principal.workspace)),
          follower(std::move(f)),
          ended(bus.loop()) {}
    net::WebSocket* socket;  ///< null once the handler leaves
    std::unique_ptr<Subscription> subscription;
    Follower follower;
    runtime::OneShot<bool> ended;
};

/// Says that the sending task is over, even if it never began.
struct SenderEnd {
    explicit SenderEnd(std::shared_ptr<Peer> p) : peer(std::move(p)) {}
    ~SenderEnd() { peer->ended.set(true); }
    SenderEnd(const SenderEnd&) = delete;
    SenderEnd& operator=(const SenderEnd&) = delete;
    std::shared_ptr<Peer> peer;
};

std::string socket_text(const Delivery& delivery) {
    const auto topic = base::dump_json(delivery.topic);
    if (delivery.resync)
        return fmt::format(R"({{"topic":{},"id":{},"resync":true}})", topic, *delivery.number);
    if (!delivery.number)
        return fmt::format(R"({{"topic":{},"live":true,"event":{}}})", topic, *delivery.text);
    return fmt::format(R"({{"topic":{},"id":{},"event":{}}})", topic, *delivery.number,
                       *delivery.text);
}

std::string error_text(const Error& error) {
    return base::dump_json(
        {{"error", {{"code", base::to_string(error.code)}, {"message", error.message}}}});
}

Awaitable<void> send_deliveries(std::shared_ptr<SenderEnd> end, Bus& bus) {
    const auto peer = end->peer;
    for (;;) {
        auto deliveries =
            co_await peer->subscription->next(bus.loop().now() + std::chrono::hours(1));
        if (!peer->socket) co_return;
        if (!deliveries) {
            const bool slow = deliveries.error().code == ErrorCode::unavailable;
            (void)peer->socket->send(
                error_text(deliveries.error()));  // it is being closed: the client may not get it
            std::string reason = slow ? "too slow" : "going away";
            co_await peer->socket->close(slow ? 1013 : 1001, std::move(reason));
            co_return;
        }
        peer->follower.judge(*deliveries);
        for (const auto& delivery : *deliveries) {
            const auto give_up = bus.loop().now() + write_limit;
            while (peer->socket && peer->socket->queued_bytes() > pace_bytes) {
                if (bus.loop().now() >= give_up) {
                    std::string reason = "too slow";
                    co_await peer->socket->close(1013, std::move(reason));
                    co_return;
                }
                co_await bus.loop().sleep_for(std::chrono::milliseconds(5));
            }
            if (!peer->socket || !peer->socket->send(socket_text(delivery))) co_return;
        }
    }
}

struct Wish {
    std::string topic;
    std::optional<std::int64_t> after;
};

tl::unexpected<Error> bad_message() {
    return fail(ErrorCode::invalid_argument,
                "send {{\"subscribe\": [\"events\", \"run/run_…\"], \"resume_from\": NUMBER or "
                "{{TOPIC: NUMBER}}}} or "
                "{{\"unsubscribe\": [TOPIC]}}");
}

Result<std::int64_t> number_in(const Json& value) {
    if (value.is_number_integer() && value.get<std::int64_t>() >= 0)
        return value.get<std::int64_t>();
    if (value.is_string())
        if (auto number = parse_number(value.get<std::string>())) return *number;
    return bad_message();
}

/// The topics of a message with the places to resume after. A bare number is meant for the only
/// topic, else "events".
Result<std::vector<Wish>> parse_wishes(const Json& message) {
    std::vector<Wish> wishes;
    if (const auto* topics = base::find_member(message, "subscribe")) {
        if (!topics->is_array()) return bad_message();
        for (const auto& topic : *topics) {
            if (!topic.is_string()) return bad_message();
            wishes.push_back({topic.get<std::string>(), {}});
        }
    }
    const auto* resume = base::find_member(message, "resume_from");
    if (!resume) return wishes;
    const auto set = [&](const std::string& topic, std::int64_t number) {
        for (auto& wish : wishes)
            if (wish.topic == topic) {
                wish.after = number;
                return;
            }
        wishes.push_back({topic, number});
    };
    if (resume->is_object()) {
        for (const auto& [topic, value] : resume->items()) {
            auto number = number_in(value);
            if (!number) return fail(std::move(number.error()));
            set(topic, *number);
        }
        return wishes;
    }
    auto number = number_in(*resume);
    if (!number) return fail(std::move(number.error()));
    set(wishes.size() == 1 ? wishes[0].topic : "events", *number);
    return wishes;
}

/// Does what a client's message says; the answer to it.
Awaitable<Result<Json>> act(std::shared_ptr<Peer> peer, std::string text) {
    auto message = base::parse_json(text);
    if (!message) co_return fail(std::move(message.error()));
    if (!message->is_object()) co_return bad_message();
    auto answer = Json::object();
    if (const auto* topics = base::find_member(*message, "unsubscribe")) {
        if (!topics->is_array()) co_return bad_message();
        for (const auto& topic : *topics)
            if (topic.is_string()) peer->subscription->remove(topic.get<std::string>());
        answer["unsubscribed"] = *topics;
    }
    auto wishes = parse_wishes(*message);
    if (!wishes) co_return fail(std::move(wishes.error()));
    if (wishes->empty() && answer.empty()) co_return bad_message();
    for (const auto& wish : *wishes) {
        auto may = co_await peer->follower.admit(wish.topic);
        if (!may) co_return fail(std::move(may.error()));
        auto added = co_await peer->subscription->add(wish.topic, wish.after);
        if (!added) co_return fail(std::move(added.error()));
        answer["subscribed"].push_back(wish.topic);
    }
    co_return answer;
}

Awaitable<void> read_wishes(std::shared_ptr<Peer> peer) {
    for (;;) {
        auto text = co_await peer->socket->read();
        if (!text) co_return;
        auto answer = co_await act(peer, std::move(*text));
        auto sent =
            peer->socket->send(answer ? base::dump_json(*answer) : error_text(answer.error()));
        if (!sent) co_return;
    }
}

Awaitable<void> serve_socket(net::WebSocket& socket, Bus& bus, Follower follower) {
    const auto peer = std::make_shared<Peer>(socket, bus, std::move(follower));
    auto end = std::make_shared<SenderEnd>(peer);
    const auto sender = bus.tasks().spawn("event-socket", send_deliveries(std::move(end), bus));
    std::exception_ptr thrown;
    try {
        co_await read_wishes(peer);
    } catch (...) {
        thrown = std::current_exception();
    }
    // The sender may be inside the socket: it ends before the socket does, also when this handler
    // was cancelled.
    co_await boost::asio::this_coro::reset_cancellation_state();
    peer->socket = nullptr;
    bus.tasks().cancel(sender);
    co_await peer->ended.wait();
    if (thrown) std::rethrow_exception(thrown);
}

// --- routes

Awaitable<Response> list_events(Request& request, Bus& bus) {
    const auto limit = request.query_integer("limit", 50, 1, 200);
    if (!limit) co_return problem(limit.error());
    if (request.query_value("topic").value_or("events") != "events") {
        const Error error{
            ErrorCode::invalid_argument,
            "the list has the topic events alone; a run's events are at /api/v1/runs/{id}/events"};
        co_return problem(error);
    }
    std::string cursor(request.query_value("cursor").value_or(""));
    std::function<bool(const Event&)> shows;
    if (request.principal.scope)
        shows = [&request](const Event& event) { return Belongs(Json::parse(event.data, nullptr, false)).seen_by(request.principal); };
    auto list = co_await bus.list(request.workspace(), static_cast<int>(*limit), std::move(cursor), std::move(shows));
    if (!list) co_return problem(list.error());
    std::string text = R"({"items":[)";
    for (std::size_t i = 0; i < list->items.size(); ++i) {
        if (i > 0) text += ',';
        text += cloud_event(request.workspace(), *shown(request.principal, std::move(list->items[i])));
    }
    text += R"(],"next_cursor":)" +
            (list->next_cursor.empty() ? "null" : base::dump_json(list->next_cursor)) + "}";
    co_return net::text_response(200, "application/json", std::move(text));
}

Awaitable<Response> get_events(Request& request, Bus& bus) {
    if (request.headers.find("upgrade")) {
        Response response;
        response.websocket = [&bus, follower = Follower{request.principal, request.places, {}}](net::WebSocket& socket) {
            return serve_socket(socket, bus, follower);
        };
        co_return response;
    }
    if (request.headers.get("accept").find("text/event-stream") != std::string_view::npos)
        co_return co_await start_stream(request, bus);
    co_return co_await list_events(request, bus);
}

Awaitable<Response> get_event(Request& request, Bus& bus) {
    const auto number = parse_number(request.parameter("number"));
    if (!number) {
        const Error error{ErrorCode::not_found, "an event is named by its number (`sequence`)"};
        co_return problem(error);
    }
    auto event = co_await bus.get(request.workspace(), *number);
    if (!event) co_return problem(event.error());
    const auto seen = shown(request.principal, std::move(*event));
    if (!seen) co_return problem(net::no_such_object(request.parameter("number")));
    co_return net::text_response(200, "application/json", cloud_event(request.workspace(), *seen));
}

Awaitable<Result<net::Place>> everywhere() {
    net::Place place;
    place.everyones = true;
    co_return place;
}

constexpr net::Parameter query[] = {
    {"topic", "string", "What a stream follows: events (default) or run/<run id>"},
    {"resume_from", "integer", "A stream goes on after this id; Last-Event-ID does the same"},
    {"limit", "integer", "Of the list: how many, at most 200; default 50"},
    {"cursor", "string", "Of the list: next_cursor of the page before"},
};

const net::Route<Bus> routes[] = {
    {Verb::get,
     "/api/v1/events",
     Permission::events_read,
     get_events,
     {.summary = "Read or follow events",
      .response = "EventList",
      .query = query,
      .description =
          "A list (CloudEvents 1.0, newest first), unless followed live. With `Accept: "
          "text/event-stream` server-sent "
          "events: unnamed ones carry an id to resume after, `live` ones are progress that is not "
          "stored, `resync` says "
          "that the history after the wanted id is gone. With `Upgrade: websocket` a socket: send "
          "`{\"subscribe\": [\"events\", \"run/run_…\"], \"resume_from\": 12}`, receive "
          "`{\"topic\", \"id\", \"event\"}`."}},
    {Verb::get,
     "/api/v1/events/{number}",
     Permission::events_read,
     get_event,
     {.summary = "Read an event by its number", .response = "Event"}},
};

}  // namespace

void add_routes(net::Router& router, Bus& bus) {
    router.add_schema("Event", event_schema);
    router.add_schema("EventList", list_schema);
    router.add<Bus>(routes, bus);
    // Each event belongs where its data say; the handler judges it.
    router.places().add("events", [](WorkspaceId, std::string) { return everywhere(); });
}

}  // namespace sluice::events
