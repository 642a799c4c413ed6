#pragma once
/// One outgoing connection, plain or TLS, and the alarm that ends a wait on it.

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>

#include "net/client_tls.hpp"
#include "sluice/runtime/loop.hpp"

namespace sluice::net {

/// Thread: loop. Waits throw operation_aborted when the awaiting task is cancelled; when the socket was closed by an
/// alarm they return the error code.
class Connection {
  public:
    using Endpoint = boost::asio::ip::tcp::endpoint;
    using ErrorNumber = boost::system::error_code;

    explicit Connection(runtime::Loop& loop) : socket_(loop.context()) {}

    Awaitable<ErrorNumber> connect(Endpoint endpoint);
    /// Errors: upstream_failed when the certificate is not for `host` or not trusted.
    Awaitable<Result<void>> handshake(TlsContext context, std::string host);
    /// Sends both parts; `written()` tells how far it got.
    Awaitable<ErrorNumber> write(std::string_view head, std::string_view body);
    /// At least one byte, or 0 at the orderly end of the stream.
    Awaitable<std::size_t> read(char* into, std::size_t size, ErrorNumber& failed);

    /// Nothing has arrived on it and the other side has not closed it. No system call waits.
    bool is_idle();
    /// Ends every wait on it.
    void close();
    std::size_t written() const { return written_; }
    /// The address at the other end.
    Endpoint peer() const;

    bool reused = false;
    Time idle_since{};

  private:
    boost::asio::ip::tcp::socket socket_;
    // Declared after the socket it uses.
    std::optional<boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>> tls_;
    TlsContext context_;
    std::size_t written_ = 0;
};

/// The deadline of an exchange with one timer: the whole of it, and of a phase inside it. When the time is up the
/// watched connection is closed.
class Alarm {
  public:
    Alarm(runtime::Loop& loop, Time whole) : loop_(loop), whole_(whole) { set(whole); }
    ~Alarm() { loop_.cancel_timer(timer_); }
    Alarm(const Alarm&) = delete;
    Alarm& operator=(const Alarm&) = delete;

    /// From now on `phase` ends at `when`, if that is before the whole; `what` is told when it passes.
    void begin_phase(Time when, std::string what) {
        if (when >= whole_) return end_phase();
        phase_ = std::move(what);
        set(when);
    }
    void end_phase() {
        phase_.clear();
        set(whole_);
    }
    /// `connection` is closed when the time is up (null: nothing is).
    void watch(Connection* connection) { connection_ = connection; }
    bool expired() const { return expired_; }
    Time due() const { return due_; }
    /// What was not done in time.
    std::string_view phase() const { return phase_; }

  private:
    void set(Time when) {
        if (timer_ != 0 && when == due_) return;
        loop_.cancel_timer(timer_);
        due_ = when;
        timer_ = loop_.at(when, [this] {
            expired_ = true;
            if (connection_) connection_->close();
        });
    }

    runtime::Loop& loop_;
    Time whole_, due_{};
    std::string phase_;
    runtime::Loop::TimerId timer_ = 0;
    Connection* connection_ = nullptr;
    bool expired_ = false;
};

}  // namespace sluice::net
