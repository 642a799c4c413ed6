#pragma once
/// A server on its own loop thread with a clock moved by hand, and a client that speaks raw bytes.

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <future>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/asio/write.hpp>
#include <catch2/catch.hpp>

#include "sluice/base/json.hpp"
#include "sluice/net/server.hpp"
#include "sluice/runtime/sync.hpp"
#include "sluice/runtime/task_group.hpp"

namespace sluice::test {

namespace asio = boost::asio;

/// Blocking sockets with a bound on every wait, so that a defect fails the test instead of hanging
/// it.
template <class Protocol>
class RawClient {
  public:
    explicit RawClient(const typename Protocol::endpoint& server) : socket_(context_) {
        socket_.connect(server);
        const timeval bound{20, 0};
        ::setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &bound, sizeof bound);
        ::setsockopt(socket_.native_handle(), SOL_SOCKET, SO_SNDTIMEO, &bound, sizeof bound);
        // What is sent shall be there before a test moves the clock; refused by a Unix socket.
        const int at_once = 1;
        ::setsockopt(socket_.native_handle(), IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
    }
    void send(std::string_view text) { asio::write(socket_, asio::buffer(text)); }
    /// Bytes until `mark` has come (inclusive); what follows stays for the next call. Everything at
    /// the end of the stream.
    std::string until(std::string_view mark) {
        while (true) {
            const auto at = pending_.find(mark);
            if (at != std::string::npos) return take(at + mark.size());
            if (!more()) return take(pending_.size());
        }
    }
    std::string bytes(std::size_t count) {
        while (pending_.size() < count && more()) {
        }
        return take(std::min(count, pending_.size()));
    }
    std::string rest() {
        while (more()) {
        }
        return take(pending_.size());
    }
    /// One answer with Content-Length: head and body.
    std::string answer() {
        auto head = until("\r\n\r\n");
        const auto at = head.find("Content-Length: ");
        if (at == std::string::npos) return head;
        return head + bytes(std::stoul(head.substr(at + 16)));
    }
    /// True when the server has closed the connection and nothing else came.
    bool closed() { return rest().empty() && ended_; }
    void shutdown_send() { socket_.shutdown(asio::socket_base::shutdown_send); }
    void close() { socket_.close(); }

  private:
    bool more() {
        std::array<char, 16384> buffer;
        const auto size = ::recv(socket_.native_handle(), buffer.data(), buffer.size(), 0);
        if (size > 0) pending_.append(buffer.data(), static_cast<std::size_t>(size));
        ended_ = size == 0 || (size < 0 && errno == ECONNRESET);
        return size > 0;
    }
    std::string take(std::size_t count) {
        auto out = pending_.substr(0, count);
        pending_.erase(0, count);
        return out;
    }
    asio::io_context context_;
    typename Protocol::socket socket_;
    std::string pending_;
    bool ended_ = false;
};

/// Knows the keys "good" (every permission), "weak" (none) and "other" (every permission, in
/// another workspace).
class FakeAuthenticator final : public net::Authenticator {
  public:
    Result<Principal> authenticate(const net::Request& request) override {
        Principal principal;
        principal.kind = Principal::Kind::api_key;
        if (request.local_socket) {
            principal.kind = Principal::Kind::local;
            principal.permissions.set();
            return principal;
        }
        const auto credential = request.headers.get("Authorization");
        if (revoked.contains(credential)) return fail(ErrorCode::unauthenticated, "revoked");
        if (credential == "Bearer other") principal.workspace = other;
        if (credential == "Bearer good" || credential == "Bearer other")
            principal.permissions.set();
        else if (credential != "Bearer weak")
            return fail(ErrorCode::unauthenticated, "send an API key");
        principal.id = "key_" + std::string(credential.substr(7));
        return principal;
    }
    base::SeededRandom random{3};
    WorkspaceId other = WorkspaceId::make(base::from_us(1'700'000'000'000'000), random);
    std::set<std::string, std::less<>> revoked;  ///< whole Authorization headers; change on the loop
};

/// Keeps answers in memory.
class FakeRecords final : public net::IdempotencyRecords {
  public:
    struct Handle final : net::Idempotency {
        explicit Handle(std::string text) : key_text(std::move(text)) {}
        std::string_view key() const override { return key_text; }
        void record(storage::WriteUnit&, const net::StoredAnswer&) override {}
        void record_once(storage::WriteUnit&, const net::StoredAnswer&) override {}
        Awaitable<Result<std::optional<net::StoredAnswer>>> stored() override {
            co_return std::nullopt;
        }
        std::string key_text;
    };
    Result<std::unique_ptr<net::Idempotency>> begin(const net::Request& request) override {
        const auto key = request.headers.get("Idempotency-Key");
        if (key.size() > 255) return fail(ErrorCode::invalid_argument, "the key is too long");
        return std::make_unique<Handle>(std::string(key));
    }
    Awaitable<Result<std::optional<net::StoredAnswer>>> find(const net::Request& request) override {
        ++finds;
        const auto found = answers.find(std::string(request.headers.get("Idempotency-Key")));
        if (found == answers.end()) co_return std::nullopt;
        if (found->second.first != request.body)
            co_return fail(ErrorCode::unprocessable, "the key came with another body");
        co_return found->second.second;
    }
    std::map<std::string, std::pair<std::string, net::StoredAnswer>> answers;
    int finds = 0;
};

class ServerWorld {
  public:
    using Raw = RawClient<asio::ip::tcp>;

    explicit ServerWorld(net::ServerOptions settings = {})
        : options(std::move(settings)), loop(clock) {
        options.port = 0;
    }
    ~ServerWorld() {
        if (!runner_.joinable()) return;
        stop();
        loop.stop();
        runner_.join();
    }

    void route(net::Verb verb, std::string path, net::Handler handler, net::RouteInfo info = {},
               net::Access access = net::Access::open()) {
        if (info.summary.empty()) info.summary = "A route of a test";
        router.add(net::RouteEntry{verb, std::move(path), access, std::move(handler), info});
    }
    /// A handler that answers with a fixed text.
    static net::Handler says(std::string text) {
        return [text = std::move(text)](net::Request&) -> Awaitable<net::Response> {
            return answer_with(text);
        };
    }
    Result<void> try_start() {
        router.seal("1.0.0");
        server.emplace(loop, router, options);
        server->set_authenticator(authenticator);
        server->set_idempotency(records);
        return server->start();
    }
    void start() {
        REQUIRE(try_start());
        runner_ = std::thread([this] { loop.run(); });
    }
    /// Runs on the loop and waits for it.
    void on_loop(std::function<void()> work) {
        std::promise<void> done;
        loop.post([&] {
            work();
            done.set_value();
        });
        done.get_future().wait();
    }
    void advance(Duration by) {
        on_loop([&] { clock.advance(by); });
    }
    void begin_stop() {
        on_loop([this] {
            if (!stopping_.valid())
                stopping_ = asio::co_spawn(loop.context(), server->stop(), asio::use_future);
        });
    }
    void stop() {
        begin_stop();
        if (stopped_) return;
        // Drain times pass by hand: a handler that waits for ever must not keep the test.
        while (stopping_.wait_for(std::chrono::milliseconds(20)) != std::future_status::ready)
            advance(std::chrono::seconds(1));
        stopping_.get();
        stopped_ = true;
    }
    bool has_stopped() {
        return stopping_.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
    }
    Raw connect() {
        return Raw(asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), server->port()));
    }
    /// One request on a connection of its own.
    std::string exchange(std::string_view text) {
        auto client = connect();
        client.send(text);
        return client.answer();
    }
    std::string get(std::string_view path, std::string_view headers = {}) {
        return exchange(fmt::format("GET {} HTTP/1.1\r\nHost: test\r\n{}\r\n", path, headers));
    }
    std::string post(std::string_view path, std::string_view body,
                     std::string_view headers = "Content-Type: application/json\r\n") {
        return exchange(
            fmt::format("POST {} HTTP/1.1\r\nHost: test\r\nContent-Length: {}\r\n{}\r\n{}", path,
                        body.size(), headers, body));
    }
    template <class Condition>
    bool eventually(Condition condition) {
        for (int turn = 0; turn < 1000; ++turn) {
            bool holds = false;
            on_loop([&] { holds = condition(); });
            if (holds) return true;
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
        return false;
    }

    net::ServerOptions options;
    base::ManualClock clock;
    runtime::Loop loop;
    net::Router router;
    FakeAuthenticator authenticator;
    FakeRecords records;
    std::optional<net::Server> server;

  private:
    static Awaitable<net::Response> answer_with(std::string text) {
        co_return net::text_response(200, "text/plain", text);
    }
    std::thread runner_;
    std::future<void> stopping_;
    bool stopped_ = false;
};

inline bool has(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}
inline int status_of(std::string_view answer) {
    return answer.size() < 12 ? 0 : std::stoi(std::string(answer.substr(9, 3)));
}
inline Json body_of(std::string_view answer) {
    const auto at = answer.find("\r\n\r\n");
    auto value = base::parse_json(at == std::string_view::npos ? answer : answer.substr(at + 4));
    return value ? *value : Json();
}

}  // namespace sluice::test
