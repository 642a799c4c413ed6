#include "net/connection.hpp"

#include <array>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/system/system_error.hpp>

#include <sys/socket.h>

namespace sluice::net {

namespace asio = boost::asio;

namespace {

/// The task was cancelled (and not just the socket closed): passed on, never swallowed.
Awaitable<void> pass_cancellation_on() {
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) throw boost::system::system_error(asio::error::operation_aborted);
}

bool is_end_of_stream(const boost::system::error_code& failed) {
    // A TLS peer that closes without saying so is an end as well; the framing of the answer tells whether it came too early.
    return failed == asio::error::eof || failed == asio::ssl::error::stream_truncated;
}

}  // namespace

Awaitable<Connection::ErrorNumber> Connection::connect(Endpoint endpoint) {
    ErrorNumber failed;
    co_await socket_.async_connect(endpoint, asio::redirect_error(asio::use_awaitable, failed));
    if (failed) {
        co_await pass_cancellation_on();
        co_return failed;
    }
    ErrorNumber ignored;
    socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
    co_return failed;
}

Awaitable<Result<void>> Connection::handshake(TlsContext context, std::string host) {
    context_ = std::move(context);
    tls_.emplace(socket_, *context_);
    if (auto expected = expect_host(tls_->native_handle(), host); !expected) co_return expected;
    ErrorNumber failed;
    co_await tls_->async_handshake(asio::ssl::stream_base::client, asio::redirect_error(asio::use_awaitable, failed));
    if (failed) {
        co_await pass_cancellation_on();
        co_return fail(Error{ErrorCode::upstream_failed, handshake_failure(tls_->native_handle(), failed.message()), {}, true});
    }
    co_return Result<void>();
}

Awaitable<Connection::ErrorNumber> Connection::write(std::string_view head, std::string_view body) {
    ErrorNumber failed;
    const std::array<asio::const_buffer, 2> parts{asio::buffer(head), asio::buffer(body)};
    written_ = 0;
    if (tls_) written_ = co_await asio::async_write(*tls_, parts, asio::redirect_error(asio::use_awaitable, failed));
    else written_ = co_await asio::async_write(socket_, parts, asio::redirect_error(asio::use_awaitable, failed));
    if (failed) co_await pass_cancellation_on();
    co_return failed;
}

Awaitable<std::size_t> Connection::read(char* into, std::size_t size, ErrorNumber& failed) {
    const auto buffer = asio::buffer(into, size);
    std::size_t got = 0;
    if (tls_) got = co_await tls_->async_read_some(buffer, asio::redirect_error(asio::use_awaitable, failed));
    else got = co_await socket_.async_read_some(buffer, asio::redirect_error(asio::use_awaitable, failed));
    if (failed) {
        co_await pass_cancellation_on();
        if (is_end_of_stream(failed)) failed.clear();
        co_return 0;
    }
    co_return got;
}

bool Connection::is_idle() {
    if (!socket_.is_open()) return false;
    char byte = 0;
    // Anything to read means closed, closing (TLS says so in a record), or bytes that nobody asked for.
    return ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

void Connection::close() {
    ErrorNumber ignored;
    socket_.close(ignored);
}

Connection::Endpoint Connection::peer() const {
    ErrorNumber ignored;
    return socket_.remote_endpoint(ignored);
}

}  // namespace sluice::net
