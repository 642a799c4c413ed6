// Streamed answers: chunked bodies and server-sent events. The handler runs as a task of its own,
// so that it can be ended while it waits for something else than the client.

#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "net/session.hpp"

namespace sluice::net {

namespace asio = boost::asio;

namespace {

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

/// The sink of one streamed body, shared by the session, the handler's task and the watch on the
/// client.
class Stream final : public BodyWriter, public std::enable_shared_from_this<Stream> {
  public:
    Stream(std::shared_ptr<Session> session, bool chunked, std::optional<std::uint64_t> length)
        : session_(std::move(session)),
          chunked_(chunked),
          left_(length),
          done_(session_->server().loop) {}

    Awaitable<Result<void>> write(std::string piece) override {
        if (gone_) co_return fail(ErrorCode::cancelled, "the client has gone");
        if (piece.empty()) co_return Result<void>();
        if (left_) {
            if (piece.size() > *left_)
                co_return fail(ErrorCode::internal, "the stream is longer than its Content-Length");
            *left_ -= piece.size();
        }
        if (chunked_) {
            auto framed = fmt::format("{:x}\r\n", piece.size());
            framed.reserve(framed.size() + piece.size() + 2);
            framed.append(piece).append("\r\n");
            piece = std::move(framed);
        }
        if (co_await session_->send(piece)) co_return Result<void>();
        leave();
        co_return fail(ErrorCode::cancelled, "the client has gone");
    }
    bool closing() const override { return gone_ || draining_ || session_->server().draining; }
    void on_closing(std::function<void()> notify) override {
        notify_ = std::move(notify);
        if (closing()) tell();
    }

    /// The end of the body. False when the connection cannot be used any more.
    Awaitable<bool> finish() {
        if (gone_ || failed_ || left_.value_or(0) > 0) co_return false;
        if (!chunked_) co_return true;
        co_return co_await session_->send("0\r\n\r\n");
    }

    void leave() {
        if (std::exchange(gone_, true)) return;
        tell();
    }
    void drain() {
        draining_ = true;
        tell();
    }
    void tell() {
        if (const auto notify = std::exchange(notify_, nullptr)) notify();
    }

    static Awaitable<void> run_handler(std::shared_ptr<Stream> self,
                                       std::function<Awaitable<void>(BodyWriter&)> handler) {
        try {
            co_await handler(*self);
        } catch (const boost::system::system_error& e) {
            self->failed_ = true;
            if (e.code() != asio::error::operation_aborted) self->report(e.what());
        } catch (const std::exception& e) {
            self->failed_ = true;
            self->report(e.what());
        }
        self->notify_ = nullptr;
        self->done_.set(true);
    }

    /// Ends with the stream, or ends it when the client closes its side.
    static Awaitable<void> watch_client(std::shared_ptr<Stream> self) {
        auto& socket = self->session_->transport().socket();
        const auto [failed] = co_await socket.async_wait(Socket::wait_read, as_result);
        if (failed) co_return;
        char byte = 0;
        const auto size = ::recv(socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
        if (size > 0) {  // the next request, or TLS's own bytes: only a broken connection is seen
                         // from here on
            const auto [broken] = co_await socket.async_wait(Socket::wait_error, as_result);
            if (broken) co_return;
        } else if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            co_return;
        }
        self->leave();
        self->session_->server().tasks.cancel(self->handler_task_);
    }

    Awaitable<void> wait() { return done_.wait(); }
    void set_handler_task(runtime::TaskGroup::TaskId id) { handler_task_ = id; }

  private:
    void report(std::string_view what) {
        const auto& request = session_->exchange().request;
        log::error("a streamed answer failed",
                   {{"request", request.id}, {"route", request.route}, {"error", what}});
    }

    std::shared_ptr<Session> session_;
    bool chunked_;
    std::optional<std::uint64_t> left_;  ///< of a declared length
    bool gone_ = false, draining_ = false, failed_ = false;
    std::function<void()> notify_;
    runtime::TaskGroup::TaskId handler_task_ = 0;
    runtime::OneShot<bool> done_;
};

}  // namespace

Awaitable<bool> run_stream(std::shared_ptr<Session> session, Response& response, bool chunked,
                           std::optional<std::uint64_t> length) {
    auto stream = std::make_shared<Stream>(session, chunked, length);
    auto& tasks = session->server().tasks;
    const bool events = response.headers.get("Content-Type").starts_with("text/event-stream");
    const auto handler =
        tasks.spawn("http-stream", Stream::run_handler(stream, std::move(response.stream)));
    stream->set_handler_task(handler);
    const auto watch = tasks.spawn("http-stream-watch", Stream::watch_client(stream));
    session->stream_begins([stream] { stream->drain(); }, handler, events);
    std::exception_ptr cancelled;
    try {
        co_await stream->wait();
    } catch (...) {
        cancelled = std::current_exception();
    }
    tasks.cancel(watch);
    session->stream_ended();
    if (cancelled) {
        stream->leave();
        tasks.cancel(handler);
        std::rethrow_exception(cancelled);
    }
    co_return co_await stream->finish();
}

}  // namespace sluice::net
