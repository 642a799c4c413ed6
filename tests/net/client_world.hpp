#pragma once
/// A client and scripted servers on one loop with a clock moved by hand: no thread but the resolver's, no waiting.

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/system/system_error.hpp>
#include <catch2/catch.hpp>

#include "sluice/base/clock.hpp"
#include "sluice/net/client.hpp"
#include "sluice/runtime/loop.hpp"
#include "sluice/runtime/pool.hpp"
#include "sluice/runtime/task_group.hpp"

namespace sluice::test {

namespace asio = boost::asio;
using asio::ip::tcp;

/// What a scripted server does with one request.
struct Reply {
    std::vector<std::string> pieces;  ///< written one after the other, other work in between
    bool close = false;               ///< the connection, after the pieces
    bool hang = false;                ///< nothing more ever comes
    bool reset = false;               ///< close with a reset instead of an orderly end
};

inline Reply ok(std::string_view body, std::string_view headers = {}) {
    return {{fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n{}\r\n{}", body.size(), headers, body)}};
}
inline Reply redirect(int status, std::string_view to) {
    return {{fmt::format("HTTP/1.1 {} Moved\r\nLocation: {}\r\nContent-Length: 0\r\n\r\n", status, to)}};
}

struct Server {
    using Script = std::function<Reply(const std::string& request)>;

    Server(runtime::Loop& the_loop, Script the_script)
        : loop(the_loop), script(std::move(the_script)),
          acceptor(the_loop.context(), tcp::endpoint(asio::ip::make_address("127.0.0.1"), 0)) {}

    std::uint16_t port() const { return acceptor.local_endpoint().port(); }
    std::string url(std::string_view path = "/") const { return fmt::format("http://127.0.0.1:{}{}", port(), path); }

    runtime::Loop& loop;
    Script script;
    tcp::acceptor acceptor;
    asio::ssl::context* tls = nullptr;
    int connections = 0, open = 0;
    std::vector<std::string> requests;
};

/// Reads one request with its body; empty at the end of the connection.
template <class Stream>
Awaitable<std::string> read_request(Stream& stream, std::string& buffer) {
    boost::system::error_code failed;
    std::size_t wanted = std::string::npos;
    while (true) {
        if (const auto end = buffer.find("\r\n\r\n"); end != buffer.npos && wanted == std::string::npos) {
            wanted = end + 4;
            if (const auto at = buffer.find("Content-Length: "); at < end) wanted += std::stoul(buffer.substr(at + 16));
        }
        if (buffer.size() >= wanted) {
            auto request = buffer.substr(0, wanted);
            buffer.erase(0, wanted);
            co_return request;
        }
        char piece[4096];
        const auto into = asio::buffer(piece);
        const auto got = co_await stream.async_read_some(into, asio::redirect_error(asio::use_awaitable, failed));
        if (failed) co_return std::string();
        buffer.append(piece, got);
    }
}

template <class Stream>
Awaitable<void> converse(std::shared_ptr<Server> server, Stream& stream, tcp::socket& socket) {
    boost::system::error_code failed;
    std::string buffer;
    while (true) {
        const auto request = co_await read_request(stream, buffer);
        if (request.empty()) co_return;
        server->requests.push_back(request);
        const auto reply = server->script(request);
        for (const auto& piece : reply.pieces) {
            const auto bytes = asio::buffer(piece);
            co_await asio::async_write(stream, bytes, asio::redirect_error(asio::use_awaitable, failed));
            if (failed) co_return;
            co_await server->loop.yield();
        }
        if (reply.hang) (void)co_await read_request(stream, buffer);  // until the other side goes
        if (reply.reset) socket.set_option(asio::socket_base::linger(true, 0), failed);
        if (reply.close || reply.hang || reply.reset) co_return;
    }
}

inline Awaitable<void> serve_connection(std::shared_ptr<Server> server, tcp::socket socket) {
    struct Count {
        int& open;
        explicit Count(int& count) : open(count) { ++open; }
        ~Count() { --open; }
    };
    const Count count(server->open);
    if (!server->tls) {
        co_await converse(server, socket, socket);
        co_return;
    }
    asio::ssl::stream<tcp::socket&> stream(socket, *server->tls);
    boost::system::error_code failed;
    co_await stream.async_handshake(asio::ssl::stream_base::server, asio::redirect_error(asio::use_awaitable, failed));
    if (!failed) co_await converse(server, stream, socket);
}

inline Awaitable<void> serve(std::shared_ptr<Server> server, std::shared_ptr<runtime::TaskGroup> tasks) {
    while (true) {
        auto socket = co_await server->acceptor.async_accept(asio::use_awaitable);
        ++server->connections;
        tasks->spawn("connection", serve_connection(server, std::move(socket)));
    }
}

template <class T>
Awaitable<void> keep(Awaitable<T> task, std::shared_ptr<std::optional<T>> result) {
    auto value = co_await std::move(task);
    result->emplace(std::move(value));
}

class World {
  public:
    explicit World(const std::vector<std::string>& allow = {"127.0.0.0/8", "::1"})
        : client(loop, pool, *net::make_egress_policy(allow)) {}
    ~World() {
        auto joined = std::make_shared<std::optional<bool>>();
        runtime::TaskGroup closing(loop);
        closing.spawn("stop", client.stop());
        closing.spawn("close", close(tasks, joined));
        turn_until([&] { return joined->has_value(); });
        turn_until([&] { return closing.size() == 0; });
    }

    std::shared_ptr<Server> server(Server::Script script, asio::ssl::context* tls = nullptr) {
        auto made = std::make_shared<Server>(loop, std::move(script));
        made->tls = tls;
        tasks->spawn("server", serve(made, tasks));
        return made;
    }

    /// Turns the loop until `done`; gives up after ten seconds of real time.
    bool turn_until(const std::function<bool()>& done) {
        const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        while (!done()) {
            if (std::chrono::steady_clock::now() > limit) return false;
            loop.run_ready();
            if (!done()) loop.context().run_one_for(std::chrono::milliseconds(1));
        }
        return true;
    }

    using Answer = std::shared_ptr<std::optional<Result<net::ClientResponse>>>;
    Answer begin(net::ClientRequest request, runtime::TaskGroup::TaskId* id = nullptr) {
        auto answer = std::make_shared<std::optional<Result<net::ClientResponse>>>();
        const auto task = tasks->spawn("request", keep(client.send(std::move(request)), answer));
        if (id) *id = task;
        return answer;
    }
    Result<net::ClientResponse> finish(const Answer& answer) {
        REQUIRE(turn_until([&] { return answer->has_value(); }));
        return **answer;
    }
    Result<net::ClientResponse> send(net::ClientRequest request) { return finish(begin(std::move(request))); }
    Result<net::ClientResponse> get(std::string url) {
        net::ClientRequest request;
        request.url = std::move(url);
        return send(std::move(request));
    }

    base::ManualClock clock;
    runtime::Loop loop{clock};
    runtime::Pool pool{loop, "resolve", 1};
    std::shared_ptr<runtime::TaskGroup> tasks = std::make_shared<runtime::TaskGroup>(loop);
    net::Client client;

  private:
    static Awaitable<void> close(std::shared_ptr<runtime::TaskGroup> tasks, std::shared_ptr<std::optional<bool>> joined) {
        co_await tasks->cancel_and_join();
        joined->emplace(true);
    }
};

}  // namespace sluice::test
