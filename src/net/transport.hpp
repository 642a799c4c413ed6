#pragma once
/// One accepted connection below HTTP: TCP or Unix socket, plain or TLS, as one stream type, so
/// that everything above is compiled once.

#include <optional>
#include <utility>

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/stream.hpp>

#include "net/tls.hpp"

namespace sluice::net {

/// Plain sockets without Beast's timers: one sweep of the server closes slow connections
/// (limits.md: half the cost).
using Socket = boost::asio::basic_stream_socket<boost::asio::generic::stream_protocol,
                                                boost::asio::io_context::executor_type>;
using ErrorNumber = boost::system::error_code;

/// Thread: loop. Satisfies Beast's stream concepts.
class Transport {
  public:
    using executor_type = boost::asio::io_context::executor_type;

    Transport(Socket socket, ServerTls context)
        : socket_(std::move(socket)), context_(std::move(context)) {
        if (context_) tls_.emplace(socket_, *context_);
    }
    executor_type get_executor() noexcept { return socket_.get_executor(); }

    template <class Buffers, class Token>
    auto async_read_some(const Buffers& buffers, Token&& token) {
        if (tls_) return tls_->async_read_some(buffers, std::forward<Token>(token));
        return socket_.async_read_some(buffers, std::forward<Token>(token));
    }
    template <class Buffers, class Token>
    auto async_write_some(const Buffers& buffers, Token&& token) {
        if (tls_) return tls_->async_write_some(buffers, std::forward<Token>(token));
        return socket_.async_write_some(buffers, std::forward<Token>(token));
    }
    Socket& socket() { return socket_; }
    bool is_tls() const { return tls_.has_value(); }
    boost::asio::ssl::stream<Socket&>& tls() { return *tls_; }

  private:
    Socket socket_;
    ServerTls context_;  // outlives the stream made of it, also after a reload
    std::optional<boost::asio::ssl::stream<Socket&>> tls_;
};

}  // namespace sluice::net
