// Events over a real server: the list, server-sent events and the WebSocket.
#include "events/live.hpp"
#include "sluice/events/events.hpp"

using namespace sluice;
using namespace sluice::events;
using sluice::testing::parsed;
using sluice::testing::SocketClient;

namespace {

/// Two tenants whose keys are their names; "narrow" may read events of the first, but no runs.
class Doorman final : public net::Authenticator {
  public:
    Doorman(WorkspaceId o, WorkspaceId t) : one(o), two(t) {}
    Result<Principal> authenticate(const net::Request& request) override {
        const auto key = request.headers.get("authorization");
        Principal principal;
        principal.kind = Principal::Kind::api_key;
        principal.id = std::string(key);
        principal.permissions.set();
        if (key == "Bearer one")
            principal.workspace = one;
        else if (key == "Bearer two")
            principal.workspace = two;
        else if (key == "Bearer narrow") {
            principal.workspace = one;
            principal.permissions.reset().set(static_cast<std::size_t>(Permission::events_read));
        } else
            return fail(ErrorCode::unauthenticated, "no key");
        return principal;
    }
    WorkspaceId one, two;
};

class Journal final : public RunFeed {
  public:
    Journal(WorkspaceId w, RunId r) : workspace(w), run(r) {}
    Awaitable<Result<std::vector<Json>>> run_events(WorkspaceId w, RunId r, std::int64_t after,
                                                    int limit) override {
        if (w != workspace || r != run)
            co_return fail(ErrorCode::not_found, "there is no such run");
        std::vector<Json> out;
        for (auto seq = after + 1; seq <= size && static_cast<int>(out.size()) < limit; ++seq)
            out.push_back({{"seq", seq}, {"kind", "step_started"}});
        co_return out;
    }
    WorkspaceId workspace;
    RunId run;
    std::int64_t size = 3;
};

struct Fixture : sluice::testing::Live {
    Fixture() {
        bus.set_run_feed(&journal);
        add_routes(router, bus);
        serve(doorman);
    }
    ~Fixture() {
        run(bus.stop());
        run(server->stop());
        server.reset();
    }
    storage::WriteUnit some(WorkspaceId workspace, int count) {
        storage::WriteUnit unit;
        for (int i = 0; i < count; ++i)
            append(unit, workspace,
                   {EventId::make(clock.now(), random),
                    "run.finished",
                    "run_x",
                    clock.now(),
                    {{"i", i}}});
        return unit;
    }
    void happen(WorkspaceId workspace, int count) {
        done(storage->submit(some(workspace, count)));
        bus.committed(workspace);
    }
    /// Commits as soon as somebody follows the topic.
    static Awaitable<void> commit_when_followed(Fixture* f, WorkspaceId workspace,
                                                std::string topic, std::function<void()> change,
                                                int events) {
        for (int i = 0; i < 50'000'000 && !f->bus.has_listeners(workspace, topic); ++i)
            co_await f->loop.yield();
        // A follower is known before it has read where it starts; reads that were asked for later end later.
        for (int i = 0; i < 20; ++i) (void)co_await f->bus.list(workspace, 1, std::string());
        auto unit = f->some(workspace, events);
        if (events > 0) (void)co_await f->storage->submit(std::move(unit));
        if (events > 0) f->bus.committed(workspace);
        if (change) change();
    }
    void later(WorkspaceId workspace, std::string topic, int events,
               std::function<void()> change = {}) {
        background.spawn("later", commit_when_followed(this, workspace, std::move(topic),
                                                       std::move(change), events));
    }
    /// Reads the stream until `enough` holds of its text.
    std::string follow(const std::string& key, const std::string& path,
                       std::function<bool(const std::string&)> enough,
                       httplib::Headers headers = {}) {
        headers.emplace("Accept", "text/event-stream");
        auto text = std::make_shared<std::string>();
        beside(
            [made = std::make_shared<httplib::Client>(client(key)), path, headers, enough, text] {
                (void)made->Get(path, headers, [&](const char* data, std::size_t size) {
                    text->append(data, size);
                    return !enough(*text);
                });
                return true;
            });
        return *text;
    }

    WorkspaceId one = WorkspaceId::make(clock.now(), random),
                two = WorkspaceId::make(clock.now(), random);
    RunId run_id = RunId::make(clock.now(), random);
    Doorman doorman{one, two};
    Journal journal{one, run_id};
    Bus bus{loop, *storage};
};

std::function<bool(const std::string&)> until(std::string part) {
    return [part = std::move(part)](const std::string& text) {
        const auto at = text.find(part);
        return at != std::string::npos && text.find("\n\n", at) != std::string::npos;
    };
}

std::vector<std::string> ids_in(const std::string& text) {
    std::vector<std::string> out;
    for (std::size_t at = 0; (at = text.find("id: ", at)) != std::string::npos; ++at)
        out.push_back(text.substr(at + 4, text.find('\n', at) - at - 4));
    return out;
}

}  // namespace

TEST_CASE("the list of events is the workspace's own, newest first, page by page",
          "[events][http]") {
    Fixture f;
    f.happen(f.one, 3);
    f.happen(f.two, 1);
    const auto first = parsed(f.http_get("one", "/api/v1/events?limit=2").body);
    REQUIRE(first["items"].size() == 2);
    CHECK(first["items"][0]["sequence"] == "3");
    const auto second = parsed(f.http_get("one", "/api/v1/events?limit=2&cursor=" +
                                                     first["next_cursor"].get<std::string>())
                                   .body);
    REQUIRE(second["items"].size() == 1);
    CHECK(second["next_cursor"].is_null());
    CHECK(parsed(f.http_get("two", "/api/v1/events").body)["items"].size() == 1);
    CHECK(f.http_get("two", "/api/v1/events/2").status == 404);
    CHECK(parsed(f.http_get("one", "/api/v1/events/2").body)["sequence"] == "2");
    CHECK(f.http_get("one", "/api/v1/events?limit=0").status == 400);
    CHECK(f.http_get("", "/api/v1/events").status == 401);
}

TEST_CASE("server-sent events come live and resume after an id", "[events][http]") {
    Fixture f;
    f.happen(f.one, 2);
    f.later(f.one, "events", 2);
    const auto live = f.follow("one", "/api/v1/events", until("id: 4"));
    CHECK(ids_in(live) == std::vector<std::string>{"3", "4"});
    CHECK(live.find("\"specversion\":\"1.0\"") != std::string::npos);

    const auto resumed =
        f.follow("one", "/api/v1/events", until("id: 4"), {{"Last-Event-ID", "1"}});
    CHECK(ids_in(resumed) == std::vector<std::string>{"2", "3", "4"});
    const auto by_query = f.follow("one", "/api/v1/events?resume_from=3", until("id: 4"));
    CHECK(ids_in(by_query) == std::vector<std::string>{"4"});
    const auto gone = f.follow("one", "/api/v1/events?resume_from=99", until("event: resync"));
    CHECK(gone.find("id: 4\nevent: resync\n") != std::string::npos);
    CHECK(f.http_get("one", "/api/v1/events?resume_from=x", {{"Accept", "text/event-stream"}})
              .status == 400);
}

TEST_CASE("a run's topic streams its journal and progress to those who may read runs",
          "[events][http]") {
    Fixture f;
    const auto topic = Bus::run_topic(f.run_id);
    const auto path = "/api/v1/events?topic=" + topic;
    f.later(f.one, topic, 0, [&f, topic] {
        f.bus.publish_live(f.one, topic, {{"percent", 50}});
        f.journal.size = 5;
        f.bus.run_changed(f.one, f.run_id);
    });
    const auto text = f.follow("one", path, until("\"seq\":5"));
    CHECK(ids_in(text) == std::vector<std::string>{"1", "2", "3", "4", "5"});
    CHECK(text.find("event: live\ndata: {\"percent\":50}") != std::string::npos);
    const httplib::Headers stream{{"Accept", "text/event-stream"}};
    CHECK(f.http_get("two", path, stream).status == 404);
    CHECK(f.http_get("narrow", path, stream).status == 403);
    CHECK(f.http_get("one", "/api/v1/events?topic=everything", stream).status == 400);
}

TEST_CASE("an idle stream says that it is still there", "[events][http]") {
    Fixture f;
    f.later(f.one, "events", 0, [&f] { f.let_time_pass(std::chrono::seconds(1)); });
    const auto text = f.follow("one", "/api/v1/events", until("still here"));
    CHECK(text.find(": still here") != std::string::npos);
}

TEST_CASE("stopping the bus ends open streams at once", "[events][http]") {
    Fixture f;
    f.later(f.one, "events", 0, [&f] { f.background.spawn("stop", f.bus.stop()); });
    const auto text = f.follow("one", "/api/v1/events", [](const std::string&) { return false; });
    CHECK(text.find(": following") != std::string::npos);
}

TEST_CASE("one WebSocket carries many topics, live and resumed", "[events][http][websocket]") {
    Fixture f;
    f.happen(f.one, 4);
    const auto topic = Bus::run_topic(f.run_id);
    const auto port = f.server->port();
    auto socket = f.beside([port] {
        return std::make_shared<SocketClient>(port, "/api/v1/events",
                                              "Authorization: Bearer one\r\n");
    });
    REQUIRE(socket->status() == "101");
    const auto ask = [&](const std::string& text) {
        return parsed(f.beside([socket, text] {
            socket->send(text);
            return socket->receive();
        }));
    };
    const auto receive = [&] { return parsed(f.beside([socket] { return socket->receive(); })); };

    CHECK(ask(R"({"subscribe":["events"],"resume_from":2})") == Json{{"subscribed", {"events"}}});
    auto message = receive();
    CHECK(message["topic"] == "events");
    CHECK(message["id"] == 3);
    CHECK(message["event"]["type"] == "run.finished");
    CHECK(receive()["id"] == 4);
    f.happen(f.one, 1);
    CHECK(receive()["id"] == 5);

    CHECK(ask(R"({"subscribe":[")" + topic + R"("],"resume_from":{")" + topic +
              R"(":2}})")["subscribed"][0] == topic);
    message = receive();
    CHECK(message["topic"] == topic);
    CHECK(message["event"]["seq"] == 3);
    f.bus.publish_live(f.one, topic, {{"percent", 7}});
    message = receive();
    CHECK(message["live"] == true);
    CHECK(message["event"]["percent"] == 7);
    CHECK_FALSE(message.contains("id"));

    CHECK(ask(R"({"unsubscribe":["events"]})") == Json{{"unsubscribed", {"events"}}});
    f.happen(f.one, 1);
    CHECK(ask(R"({"subscribe":["nonsense"]})")["error"]["code"] == "invalid_argument");
    CHECK(ask("{")["error"]["code"] == "invalid_argument");
    CHECK(ask(R"({"resume_from":5})") == Json{{"subscribed", {"events"}}});
    CHECK(receive()["id"] == 6);
}

TEST_CASE("a WebSocket sees its own workspace and what its key may read",
          "[events][http][websocket]") {
    Fixture f;
    const auto port = f.server->port();
    const auto topic = Bus::run_topic(f.run_id);
    const auto answer = [&](const std::string& key) {
        return parsed(f.beside([port, key, topic] {
            SocketClient socket(port, "/api/v1/events", "Authorization: Bearer " + key + "\r\n");
            socket.send(R"({"subscribe":[")" + topic + R"("]})");
            return socket.receive();
        }));
    };
    CHECK(answer("one")["subscribed"][0] == topic);
    CHECK(answer("two")["error"]["code"] == "not_found");
    CHECK(answer("narrow")["error"]["code"] == "forbidden");
    CHECK(f.beside([port] { return SocketClient(port, "/api/v1/events", "").status(); }) == "401");
    CHECK(f.beside([port] {
        return SocketClient(port, "/api/v1/events",
                            "Authorization: Bearer one\r\nOrigin: http://evil.example\r\n")
            .status();
    }) == "403");
}

TEST_CASE("a client that leaves takes its subscription along", "[events][http][websocket]") {
    Fixture f;
    const auto port = f.server->port();
    f.beside([port] {
        SocketClient socket(port, "/api/v1/events", "Authorization: Bearer one\r\n");
        socket.send(R"({"subscribe":["events"]})");
        return socket.receive();
    });
    (void)f.follow("one", "/api/v1/events", until("following"));
    auto gone = [](Fixture* fixture) -> Awaitable<bool> {
        for (int i = 0; i < 200'000 && fixture->bus.has_listeners(fixture->one, "events"); ++i)
            co_await fixture->loop.yield();
        co_return !fixture->bus.has_listeners(fixture->one, "events");
    };
    CHECK(f.run(gone(&f)));
}

TEST_CASE("a long history reaches a WebSocket whole", "[events][http][websocket]") {
    Fixture f;
    for (int i = 0; i < 5; ++i) f.happen(f.one, 1000);
    f.let_time_pass(std::chrono::milliseconds(1));  // the sender paces itself by the clock
    const auto port = f.server->port();
    const auto received = f.beside([port] {
        SocketClient socket(port, "/api/v1/events", "Authorization: Bearer one\r\n");
        socket.send(R"({"subscribe":["events"],"resume_from":0})");
        std::vector<std::string> texts;
        for (int i = 0; i < 5001; ++i) texts.push_back(socket.receive());
        return texts;
    });
    std::int64_t expected = 0;
    for (const auto& text : received) {
        const auto message = base::parse_json(text);
        REQUIRE(message);
        if (!message->contains("id")) continue;
        REQUIRE((*message)["id"] == ++expected);
    }
    CHECK(expected == 5000);
}

TEST_CASE("a WebSocket that is never read from is closed", "[events][http][websocket]") {
    Fixture f;
    for (int i = 0; i < 10; ++i) {  // more than the kernel's buffers take
        storage::WriteUnit unit;
        for (int k = 0; k < 100; ++k)
            append(unit, f.one,
                   {EventId::make(f.clock.now(), f.random),
                    "run.finished",
                    "run_x",
                    f.clock.now(),
                    {{"pad", std::string(16 << 10, 'x')}}});
        f.done(f.storage->submit(std::move(unit)));
    }
    f.bus.committed(f.one);
    const auto port = f.server->port();
    auto socket = f.beside([port] {
        auto made = std::make_shared<SocketClient>(port, "/api/v1/events",
                                                   "Authorization: Bearer one\r\n");
        made->send(R"({"subscribe":["events"],"resume_from":0})");
        return made;
    });
    REQUIRE(socket->status() == "101");
    auto followed = [](Fixture* fixture) -> Awaitable<bool> {
        for (int i = 0; i < 200'000 && !fixture->bus.has_listeners(fixture->one, "events"); ++i)
            co_await fixture->loop.yield();
        co_return fixture->bus.has_listeners(fixture->one, "events");
    };
    REQUIRE(f.run(followed(&f)));
    f.let_time_pass(std::chrono::milliseconds(1));
    auto closed = [](Fixture* fixture) -> Awaitable<bool> {
        const auto limit = fixture->clock.now() + std::chrono::minutes(5);
        while (fixture->server->connections() > 0 && fixture->clock.now() < limit)
            co_await fixture->loop.yield();
        co_return fixture->server->connections() == 0;
    };
    CHECK(f.run(closed(&f)));
}
