#pragma once
/// A real server on a free port, asked by a real client. The loop runs on the test's thread while
/// the client's calls block a pool's thread.

#include <httplib.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "events/house.hpp"
#include "sluice/base/json.hpp"
#include "sluice/net/server.hpp"
#include "sluice/runtime/pool.hpp"
#include "sluice/runtime/task_group.hpp"

namespace sluice::testing {

struct Live : House {
    ~Live() {
        if (server) run(server->stop());
        run(background.cancel_and_join());
    }
    void serve(net::Authenticator& authenticator, net::IdempotencyRecords* records = nullptr) {
        router.seal("test");
        net::ServerOptions options;
        options.port = 0;
        server = std::make_unique<net::Server>(loop, router, std::move(options));
        server->set_authenticator(authenticator);
        if (records) server->set_idempotency(*records);
        const auto started = server->start();
        INFO((started ? std::string() : started.error().message));
        REQUIRE(started);
    }
    /// Lets time pass from now on, a step for every few turns of the loop.
    static Awaitable<void> pass(Live* live, Duration step) {
        for (;;) {
            for (int i = 0; i < 20; ++i) co_await live->loop.yield();
            live->clock.advance(step);
        }
    }
    void let_time_pass(Duration step) { background.spawn("time", pass(this, step)); }
    /// Runs a blocking function beside the loop.
    template <class Job>
    auto beside(Job job) {
        return run(pool.run(std::move(job)));
    }
    httplib::Client client(const std::string& key = {}) {
        httplib::Client made("127.0.0.1", server->port());
        made.set_read_timeout(20);
        if (!key.empty()) made.set_default_headers({{"Authorization", "Bearer " + key}});
        return made;
    }
    /// One call; `function` gets a client with the key.
    template <class Function>
    httplib::Response call(const std::string& key, Function function) {
        auto answer = beside([made = std::make_shared<httplib::Client>(client(key)), function] {
            auto result = function(*made);
            return result ? std::optional<httplib::Response>(*result) : std::nullopt;
        });
        REQUIRE(answer);
        return *answer;
    }
    httplib::Response http_get(const std::string& key, const std::string& path,
                               const httplib::Headers& headers = {}) {
        return call(key, [=](httplib::Client& c) { return c.Get(path, headers); });
    }
    httplib::Response http_post(const std::string& key, const std::string& path,
                                const std::string& body, const httplib::Headers& headers = {},
                                const std::string& type = "application/json") {
        return call(key, [=](httplib::Client& c) { return c.Post(path, headers, body, type); });
    }
    httplib::Response http_delete(const std::string& key, const std::string& path,
                                  const httplib::Headers& headers = {}) {
        return call(key, [=](httplib::Client& c) { return c.Delete(path, headers); });
    }

    net::Router router;
    runtime::Pool pool{loop, "client", 2};
    runtime::TaskGroup background{loop};
    std::unique_ptr<net::Server> server;
};

inline Json parsed(const std::string& text) {
    auto json = base::parse_json(text);
    INFO(text);
    REQUIRE(json);
    return *json;
}

/// A WebSocket client that does only what the tests need; blocking.
class SocketClient {
  public:
    SocketClient(std::uint16_t port, const std::string& path, const std::string& headers) {
        fd_ = ::socket(AF_INET, SOCK_STREAM, 0);
        timeval limit{20, 0};
        ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return;
        write("GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) +
              "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
              headers + "\r\n");
        while (head_.find("\r\n\r\n") == std::string::npos) {
            char byte = 0;
            if (::recv(fd_, &byte, 1, 0) != 1) break;
            head_ += byte;
        }
    }
    ~SocketClient() { ::close(fd_); }
    SocketClient(const SocketClient&) = delete;
    SocketClient& operator=(const SocketClient&) = delete;

    /// "101", "403", …
    std::string status() const { return head_.size() > 12 ? head_.substr(9, 3) : std::string(); }

    void send(const std::string& text) {
        std::string frame = "\x81";
        if (text.size() < 126) {
            frame += static_cast<char>(0x80 | text.size());
        } else {
            frame += static_cast<char>(0x80 | 126);
            frame += static_cast<char>(text.size() >> 8);
            frame += static_cast<char>(text.size() & 0xFF);
        }
        frame += std::string("\1\2\3\4");
        for (std::size_t i = 0; i < text.size(); ++i)
            frame += static_cast<char>(text[i] ^ (i % 4 + 1));
        write(frame);
    }
    /// The next text; empty at the end.
    std::string receive() {
        for (;;) {
            const auto head = read(2);
            if (head.size() < 2) return {};
            std::size_t size = static_cast<unsigned char>(head[1]) & 0x7F;
            if (size >= 126) {
                const auto more = read(size == 126 ? 2 : 8);
                size = 0;
                for (unsigned char c : more) size = size << 8 | c;
            }
            auto body = read(size);
            if ((head[0] & 0x0F) == 1) return body;
            if ((head[0] & 0x0F) == 8) return {};
        }
    }

  private:
    void write(const std::string& bytes) {
        (void)!::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    }
    std::string read(std::size_t size) {
        std::string out(size, '\0');
        std::size_t got = 0;
        while (got < size) {
            const auto n = ::recv(fd_, out.data() + got, size - got, 0);
            if (n <= 0) return {};
            got += static_cast<std::size_t>(n);
        }
        return out;
    }
    int fd_ = -1;
    std::string head_;
};

}  // namespace sluice::testing
