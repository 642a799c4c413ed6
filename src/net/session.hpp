#pragma once
/// One connection: reads requests in order, answers them in order. A coroutine of the server's task
/// group.

#include <optional>

#include "net/request_parser.hpp"
#include "net/server_state.hpp"
#include "net/transport.hpp"

namespace sluice::net {

/// Thread: loop. Lives as long as its coroutine and the tasks of its streams.
class Session : public std::enable_shared_from_this<Session> {
  public:
    Session(std::shared_ptr<Server::State> server, Socket socket, ServerTls tls, std::string remote,
            bool local);
    ~Session();

    /// The session's whole life.
    static Awaitable<void> run(std::shared_ptr<Session> self);

    /// By the sweep: ends what takes longer than its deadline, and what its credential no longer
    /// admits.
    void expire();
    /// By `stop`: idle connections close now, others after their present answer; streams are told.
    void drain();
    /// By `stop`, a second later: event streams end, their clients resume elsewhere.
    void end_event_stream();
    void close();

    /// The next time that the sweep has something to do here; steady, 0: never.
    Duration deadline() const {
        if (deadline_ == Duration{} || recheck_at_ == Duration{})
            return std::max(deadline_, recheck_at_);
        return std::min(deadline_, recheck_at_);
    }
    std::list<Session*>::iterator place;  ///< in the server's list
    std::list<Session*>::iterator newcomer_place;
    std::string newcomer_bucket;  ///< the address that it was counted for
    bool newcomer = false;        ///< no valid credential so far
    Duration accepted_at() const { return accepted_at_; }
    /// Nothing is being done for it.
    bool is_silent() const {
        return phase_ == Phase::handshake || phase_ == Phase::idle || phase_ == Phase::head;
    }
    bool is_shaking_hands() const { return phase_ == Phase::handshake; }

    // For streams, bodies and WebSockets.
    Server::State& server() { return *server_; }
    Transport& transport() { return transport_; }
    /// The client has gone: nothing more is sent.
    void leave() { broken_ = close_after_ = true; }
    Exchange& exchange() { return exchange_; }
    /// Sends both parts; false when the client has gone or was too slow.
    Awaitable<bool> send(std::string_view first, std::string_view second = {});
    /// The next bytes of a streamed body; empty at its end. Errors as BodyReader.
    Awaitable<Result<std::string>> next_of_body();
    void stream_begins(std::function<void()> closing, runtime::TaskGroup::TaskId task, bool events);
    void stream_ended();

  private:
    enum class Phase { handshake, idle, head, body, handling, writing, lingering };

    Awaitable<void> serve();
    /// Answers one request; false ends the connection.
    Awaitable<bool> serve_one();
    /// False when the connection is to end; mistakes of the head are answered first.
    Awaitable<bool> read_head();
    Awaitable<Response> make_response(Share& share);
    /// The handler's answer; it is cancelled when the client leaves first (RouteInfo::ends_with_client).
    Awaitable<Response> answer_while_connected();
    /// Takes a body that has arrived with its head; false when there is more to read. Most bodies
    /// are small, and a coroutine costs more than they do.
    bool take_buffered_body();
    Awaitable<Result<void>> read_whole_body();
    Awaitable<Result<void>> read_body_piece();
    /// `fill` within the time that a body has: bytes that drip do not hold a connection for ever.
    Awaitable<std::size_t> fill_body();
    Awaitable<bool> send_response(Response& response);
    /// Writes a whole answer into `out_`; what follows it on the wire is given back (large bodies).
    std::string_view put_answer(Response& response);
    /// Sends what the kernel takes at once; false when the client has gone.
    bool send_at_once(std::string_view& first, std::string_view& second);
    Awaitable<bool> send_stream(Response& response);
    Awaitable<void> run_websocket_route(Response& response);
    /// Takes the rest of a body that nobody read, if it is small; false when the connection must
    /// end instead.
    Awaitable<bool> skip_rest_of_body();
    Awaitable<void> refuse(int status, Response response);
    /// Lets the client read the answer before the connection is reset by what it still sends.
    Awaitable<void> linger();
    Awaitable<void> say_continue();
    /// Bytes read into the buffer; 0 at the end of the connection or when the time is up.
    Awaitable<std::size_t> fill();
    /// Gives the parser what is buffered.
    ErrorNumber parse();
    Response framing_problem(ErrorNumber failed) const;
    bool may_keep_alive() const;
    void set_phase(Phase phase, Duration limit);
    void set_phase(Phase phase, Duration limit, Duration now);
    /// Streams and sockets outlive the look at their credential: it is repeated while they are open.
    void recheck_later();

    std::shared_ptr<Server::State> server_;
    Transport transport_;
    Exchange exchange_;
    std::optional<RequestParser> parser_;
    std::string in_;  ///< bytes received; the unread ones are [in_begin_, in_end_)
    std::size_t in_begin_ = 0, in_end_ = 0;
    std::string out_;        ///< the answer being made; its memory is reused
    std::string body_sink_;  ///< of a streamed body
    Phase phase_ = Phase::idle;
    Duration deadline_{};     ///< steady; 0: none
    Duration recheck_at_{};   ///< of the credential of an open stream; steady; 0: none
    Duration accepted_at_{};  ///< steady
    Duration answered_at_{};  ///< the last request; steady
    Duration body_waited_{};  ///< for the pieces of a body so far
    std::size_t requests_ = 0;
    unsigned refused_in_a_row_ = 0;  ///< by a rate limit
    unsigned without_wait_ = 0;  ///< requests answered since the last wait on the socket
    bool expired_ = false, broken_ = false, close_after_ = false, local_ = false;
    bool event_stream_ = false;
    std::function<void()> closing_;
    runtime::TaskGroup::TaskId stream_task_ = 0;
};

/// What a handler reads a streamed body with.
class BodySource final : public BodyReader {
  public:
    explicit BodySource(Session& session) : session_(session) {}
    Awaitable<Result<std::string>> read() override { return session_.next_of_body(); }

  private:
    Session& session_;
};

/// Runs a stream's handler with its writer; session_stream.cpp.
Awaitable<bool> run_stream(std::shared_ptr<Session> session, Response& response, bool chunked,
                           std::optional<std::uint64_t> length);
/// Accepts the upgrade and runs the handler until the socket has closed; websocket.cpp.
Awaitable<void> run_websocket(std::shared_ptr<Session> session,
                              std::function<Awaitable<void>(WebSocket&)> handler);

}  // namespace sluice::net
