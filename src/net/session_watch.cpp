// Handlers that wait for somebody else at their caller's cost: they are ended when the caller leaves.

#include <sys/socket.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/error.hpp>

#include "net/session.hpp"
#include "sluice/runtime/cancel.hpp"

namespace sluice::net {

namespace asio = boost::asio;

namespace {

/// The wait for the client's end, beside the handler. Its completion may come after the handler's.
struct Watch {
    std::shared_ptr<runtime::Cancel> handler = std::make_shared<runtime::Cancel>();
    asio::cancellation_signal wait;
    bool over = false;
};

void watch_client(const std::shared_ptr<Session>& session, const std::shared_ptr<Watch>& watch) {
    auto& socket = session->transport().socket();
    auto readable = [session, watch](boost::system::error_code failed) {
        if (watch->over || failed == asio::error::operation_aborted) return;
        char byte = 0;
        const auto size = ::recv(session->transport().socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
        // More bytes are the next request, or TLS's own: from here on nothing can be seen.
        if (size > 0 || (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))) return;
        session->leave();
        (*watch->handler)();
    };
    socket.async_wait(Socket::wait_read, asio::bind_cancellation_slot(watch->wait.slot(), std::move(readable)));
}

/// Ends the wait, however the handler ended.
struct Unwatch {
    std::shared_ptr<Watch> watch;
    ~Unwatch() {
        watch->over = true;
        watch->wait.emit(asio::cancellation_type::all);
    }
};

}  // namespace

Awaitable<Response> Session::answer_while_connected() {
    const auto self = shared_from_this();
    const auto watch = std::make_shared<Watch>();
    const Unwatch unwatch{watch};
    watch_client(self, watch);
    co_return co_await runtime::with_cancel<Response>(server_->loop, watch->handler, server_->answer(exchange_));
}

}  // namespace sluice::net
