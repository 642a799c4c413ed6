#pragma once
/// What the server's sessions share, and the way of a request from its head to its answer. No Beast
/// here.

#include <list>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include "net/tls.hpp"
#include "sluice/base/clock.hpp"
#include "sluice/net/server.hpp"
#include "sluice/runtime/sync.hpp"
#include "sluice/runtime/task_group.hpp"

namespace sluice::net {

class Session;

/// One request between its head and its answer.
struct Exchange {
    Request request;
    std::string target;  ///< as sent
    const RouteEntry* route = nullptr;
    std::unique_ptr<Idempotency> idempotency;
    bool upgrade = false;  ///< to WebSocket
    Duration began{};      ///< steady
    std::size_t max_body = 0;

    /// Ready for the connection's next request; keeps what stays the same.
    void clear();
};

struct Server::State : std::enable_shared_from_this<Server::State> {
    using Executor = boost::asio::io_context::executor_type;
    using TcpAcceptor = boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, Executor>;
    using LocalAcceptor =
        boost::asio::basic_socket_acceptor<boost::asio::local::stream_protocol, Executor>;

    State(runtime::Loop& loop, const Router& router, ServerOptions options);

    // server.cpp
    Result<void> bind_tcp();
    Result<void> bind_admin();
    void accepted(Session& session);
    void ended(Session& session);
    /// Makes sure that a sweep comes soon after `deadline` (steady).
    void sweep_by(Duration deadline);
    void sweep();
    /// "Date: …\r\n" of the present second.
    std::string_view date_line();

    // server_dispatch.cpp
    /// Reads address and query, finds the route, asks who is calling and whether they may. An
    /// answer means: no further.
    std::optional<Response> admit(Exchange& exchange, std::optional<std::uint64_t> content_length);
    /// Gives a request an id of our own.
    void name_request(Request& request);
    /// What needs the whole body, then the handler. Never throws but for cancellation.
    Awaitable<Response> answer(Exchange& exchange);
    /// Whether the credential of a request that was admitted still counts.
    bool still_admitted(const Exchange& exchange);
    /// Counts an answered request; gives the present (steady).
    Duration count(const Exchange& exchange, int status);

    // server_head.cpp
    /// Appends the status line and every header but those of the body's framing; ends without the
    /// empty line.
    void write_head(std::string& out, const Exchange& exchange, const Response& response,
                    std::string_view version = "1.1");

    runtime::Loop& loop;
    const Router& router;
    ServerOptions options;
    Authenticator* authenticator = nullptr;
    IdempotencyRecords* records = nullptr;
    AuditTrail* audit = nullptr;
    /// Headers that every answer carries unless it sets them itself.
    struct FixedHeaders {
        std::vector<std::pair<std::string, std::string>> fields;
        std::string text;  ///< all of them as they go out

        explicit FixedHeaders(std::vector<std::pair<std::string, std::string>> from);
    };
    FixedHeaders api_headers, page_headers;
    ServerTls tls;
    base::SystemRandom random;
    TcpAcceptor tcp;
    LocalAcceptor local;
    bool owns_socket_file = false;
    std::uint16_t bound_port = 0;
    std::list<Session*> sessions;
    /// Requests, streams and WebSockets; a workspace that has been here keeps its place.
    std::unordered_map<WorkspaceId, std::size_t> open_by_workspace;
    bool started = false, draining = false;
    Duration sweep_at{};  ///< steady; 0: not armed
    runtime::Loop::TimerId sweep_timer = 0;
    runtime::Signal emptied;
    std::int64_t date_second = -1;
    std::string date_text;
    runtime::TaskGroup acceptors, tasks;

  private:
    Result<Response> replay_stored(const StoredAnswer& stored);
    std::optional<Response> read_target(Exchange& exchange);
    std::optional<Response> check_host(Exchange& exchange);
    std::optional<Response> refuse_verb(Exchange& exchange, const Router::Match& match);
    std::optional<Response> authorize(Exchange& exchange);
    /// The refusal, written down in the audit trail.
    Response deny(const Request& request, const Error& why);
    void attach_audit(Exchange& exchange);
    /// Judges a JSON body by the route's schema.
    std::optional<Response> check_body(Exchange& exchange);
    /// Runs a write that has an Idempotency-Key.
    Awaitable<Response> run_keyed(Exchange& exchange);
};

/// One request that is being served, in the count of its workspace: no workspace may take every
/// connection. Lives until the answer, the stream or the WebSocket is over.
class Share {
  public:
    explicit Share(Server::State& server) : server_(server) {}
    ~Share() {
        if (open_) --*open_;
    }
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;
    /// False when the workspace has its share open already. Callers without a workspace of their
    /// own (anonymous, the admin socket) are not counted.
    bool take(const Principal& principal);

  private:
    Server::State& server_;
    std::size_t* open_ = nullptr;  ///< the count that this one is in
};

/// The longest wait for the rest of an answer's bytes to leave, and for a TLS handshake.
constexpr Duration write_timeout = std::chrono::seconds(60);
constexpr Duration handshake_timeout = std::chrono::seconds(5);

/// A problem with a status that no ErrorCode has (408, 417, 421, 426, 501, 505).
Response problem_of(int status, std::string_view code, std::string_view title,
                    std::string_view detail);

}  // namespace sluice::net
