// WebSockets: Beast's framing over our transport, a bounded queue of messages to send, pings by
// Beast's own timer, which runs only while a socket is open.

#include <deque>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/websocket/stream.hpp>

#include "net/session.hpp"

namespace sluice::net {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace ws = boost::beast::websocket;

// How Beast ends a stream of a type that it does not know: found by argument-dependent lookup.
void beast_close_socket(Transport& transport) {
    ErrorNumber ignored;
    transport.socket().close(ignored);
}

void teardown(beast::role_type, Transport& transport, ErrorNumber& failed) {
    transport.socket().shutdown(Socket::shutdown_both, failed);
}

template <class Handler>
void async_teardown(beast::role_type, Transport& transport, Handler&& handler) {
    ErrorNumber failed;
    transport.socket().shutdown(Socket::shutdown_send, failed);
    asio::post(transport.get_executor(),
               beast::bind_front_handler(std::forward<Handler>(handler), failed));
}

namespace {

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t inbox_at_most = 64;  ///< messages read ahead; then the client waits
constexpr Duration too_slow_timeout = std::chrono::seconds(5);  ///< to take the close frame
constexpr auto ping_after = std::chrono::seconds(20);

class Socketed final : public WebSocket, public std::enable_shared_from_this<Socketed> {
  public:
    explicit Socketed(std::shared_ptr<Session> session)
        : session_(std::move(session)),
          stream_(session_->transport()),
          incoming_(session_->server().loop),
          taken_(session_->server().loop),
          outgoing_(session_->server().loop),
          pumps_ended_(session_->server().loop),
          done_(session_->server().loop) {
        const auto& options = session_->server().options;
        ws::stream_base::timeout timeout{};
        timeout.handshake_timeout = std::chrono::seconds(10);
        timeout.idle_timeout =
            2 * ping_after;  // Beast pings at half of it, and closes at the whole
        timeout.keep_alive_pings = true;
        stream_.set_option(timeout);
        stream_.read_message_max(options.websocket_frame);
        stream_.text(true);
        max_queue_ = options.websocket_queue;
    }

    Awaitable<Result<std::string>> read() override {
        while (inbox_.empty() && !closed_) co_await incoming_.wait();
        if (inbox_.empty()) {
            if (too_large_)
                co_return fail(ErrorCode::too_large,
                               "a message was larger than the limit of a frame");
            co_return fail(ErrorCode::cancelled, "the WebSocket has closed");
        }
        auto message = std::move(inbox_.front());
        inbox_.pop_front();
        taken_.notify();
        co_return message;
    }

    Result<void> send(std::string message) override {
        if (closed_ || close_code_) return fail(ErrorCode::cancelled, "the WebSocket has closed");
        if (queued_ + message.size() > max_queue_) {
            close_code_ = 1013;
            close_reason_ = "too slow: more waits than the queue holds";
            queue_.clear();
            outgoing_.notify();
            // A client that reads nothing cannot be sent a close frame either.
            close_after(too_slow_timeout);
            return fail(ErrorCode::unavailable,
                        "the client reads too slowly; the WebSocket closes");
        }
        queued_ += message.size();
        queue_.push_back(std::move(message));
        outgoing_.notify();
        return {};
    }

    std::size_t queued_bytes() const override { return queued_; }

    Awaitable<void> close(std::uint16_t code, std::string reason) override {
        ask_close(code, std::move(reason));
        while (!closed_) co_await incoming_.wait();
    }

    void ask_close(std::uint16_t code, std::string reason) {
        if (close_code_ || closed_) return;
        close_code_ = code;
        close_reason_ = std::move(reason);
        outgoing_.notify();
        // A client that reads nothing lets neither what waits nor the close frame through.
        close_after(code == 1013 ? too_slow_timeout : write_timeout);
    }

    Awaitable<bool> accept() {
        const auto& request = session_->exchange().request;
        beast::http::request<beast::http::empty_body> upgrade{beast::http::verb::get, request.path,
                                                              11};
        for (const auto& [name, value] : request.headers.all()) upgrade.insert(name, value);
        stream_.set_option(
            ws::stream_base::decorator([id = request.id](ws::response_type& response) {
                response.set(beast::http::field::server, "");
                response.erase(beast::http::field::server);
                response.set("X-Request-Id", id);
            }));
        const auto [failed] = co_await stream_.async_accept(upgrade, as_result);
        co_return !failed;
    }

    static Awaitable<void> read_pump(std::shared_ptr<Socketed> self) {
        beast::flat_buffer buffer;
        while (true) {
            const auto [failed, size] = co_await self->stream_.async_read(buffer, as_result);
            if (failed) {
                self->too_large_ = failed == ws::error::message_too_big;
                if (self->too_large_) co_await self->discard_rest();
                break;
            }
            if (!self->stream_.got_text()) {
                self->ask_close(1003, "text messages only");
                buffer.consume(buffer.size());
                continue;
            }
            const auto data = buffer.cdata();
            self->inbox_.emplace_back(static_cast<const char*>(data.data()), data.size());
            buffer.consume(buffer.size());
            self->incoming_.notify();
            while (self->inbox_.size() >= inbox_at_most && !self->closed_)
                co_await self->taken_.wait();
        }
        self->mark_closed();
        self->pump_ended();
    }

    static Awaitable<void> write_pump(std::shared_ptr<Socketed> self) {
        while (!self->closed_) {
            if (self->queue_.empty()) {
                if (self->close_code_) break;
                co_await self->outgoing_.wait();
                continue;
            }
            const auto message = std::move(self->queue_.front());
            self->queue_.pop_front();
            const auto [failed, size] =
                co_await self->stream_.async_write(asio::buffer(message), as_result);
            self->queued_ -= std::min(self->queued_, message.size());
            if (failed) break;
        }
        if (!self->closed_ && self->close_code_) {
            const ws::close_reason reason(static_cast<ws::close_code>(self->close_code_),
                                          self->close_reason_);
            co_await self->stream_.async_close(reason, as_result);  // the client may have gone
        }
        self->mark_closed();
        self->pump_ended();
    }

    static Awaitable<void> run_handler(std::shared_ptr<Socketed> self,
                                       std::function<Awaitable<void>(WebSocket&)> handler) {
        const auto& request = self->session_->exchange().request;
        try {
            co_await handler(*self);
            self->ask_close(1000, "");
        } catch (const boost::system::system_error& e) {
            if (e.code() != asio::error::operation_aborted)
                log::error("a WebSocket's handler failed",
                           {{"request", request.id}, {"error", e.what()}});
            self->ask_close(1011, "");
        } catch (const std::exception& e) {
            log::error("a WebSocket's handler failed",
                       {{"request", request.id}, {"error", e.what()}});
            self->ask_close(1011, "");
        }
        self->done_.set(true);
    }

    Awaitable<void> finish() {
        co_await done_.wait();
        while (pumps_ > 0) co_await pumps_ended_.wait();
    }
    void started(runtime::TaskGroup::TaskId handler) {
        handler_ = handler;
        pumps_ = 2;
    }
    void abandon() {
        mark_closed();
        session_->close();
    }

  private:
    void close_after(Duration time) {
        auto& loop = session_->server().loop;
        loop.cancel_timer(close_timer_);
        close_timer_ = loop.at(loop.now() + time, [weak = weak_from_this()] {
            if (const auto self = weak.lock()) self->mark_closed();
        });
    }
    /// What the client still sends would reset the connection before it has read why.
    Awaitable<void> discard_rest() {
        close_after(std::chrono::seconds(2));
        std::array<char, 4096> ignored;
        for (std::size_t read = 0; read < 8 << 20;) {
            auto space = asio::buffer(ignored);
            const auto [failed, size] =
                co_await session_->transport().async_read_some(space, as_result);
            if (failed) co_return;
            read += size;
        }
    }
    void mark_closed() {
        if (std::exchange(closed_, true)) return;
        session_->server().loop.cancel_timer(close_timer_);
        const bool reader_waits = incoming_.has_waiters();
        incoming_.notify();
        outgoing_.notify();
        taken_.notify();
        session_->close();
        // A handler that waits in `read` learns it there; one that waits elsewhere is ended.
        if (!reader_waits) session_->server().tasks.cancel(handler_);
    }
    void pump_ended() {
        --pumps_;
        pumps_ended_.notify();
    }

    std::shared_ptr<Session> session_;
    ws::stream<Transport&, false> stream_;
    std::deque<std::string> inbox_, queue_;
    std::size_t queued_ = 0, max_queue_ = 0;
    std::uint16_t close_code_ = 0;  ///< asked for
    std::string close_reason_;
    bool closed_ = false, too_large_ = false;
    int pumps_ = 0;
    runtime::Loop::TimerId close_timer_ = 0;
    runtime::TaskGroup::TaskId handler_ = 0;
    runtime::Signal incoming_, taken_, outgoing_, pumps_ended_;
    runtime::OneShot<bool> done_;
};

}  // namespace

Awaitable<void> run_websocket(std::shared_ptr<Session> session,
                              std::function<Awaitable<void>(WebSocket&)> handler) {
    auto socket = std::make_shared<Socketed>(session);
    if (!co_await socket->accept()) co_return;
    auto& tasks = session->server().tasks;
    const auto task = tasks.spawn("websocket", Socketed::run_handler(socket, std::move(handler)));
    socket->started(task);
    tasks.spawn("websocket-read", Socketed::read_pump(socket));
    tasks.spawn("websocket-write", Socketed::write_pump(socket));
    session->stream_begins([socket] { socket->ask_close(1001, "the server stops"); }, task, false);
    std::exception_ptr cancelled;
    try {
        co_await socket->finish();
    } catch (...) {
        cancelled = std::current_exception();
    }
    session->stream_ended();
    if (!cancelled) co_return;
    socket->abandon();
    std::rethrow_exception(cancelled);
}

}  // namespace sluice::net
