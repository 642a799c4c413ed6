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

#include "net/forwarded.hpp"
#include "net/rate_limiter.hpp"
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
    RateLimiter::Verdict rate;        ///< what the answer tells of the caller's buckets
    ForwardedFields forwarded;        ///< empty unless the peer is a trusted proxy
    bool from_proxy = false;          ///< the peer is one
    bool peer_tls = false;
    std::string peer;                 ///< the connection's other end
    std::string bucket;               ///< address_bucket of the client

    /// Ready for the connection's next request; keeps what stays the same.
    void clear();
};

struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};
template <class Value>
using ByText = std::unordered_map<std::string, Value, TextHash, std::equal_to<>>;

struct Server::State : std::enable_shared_from_this<Server::State> {
    using Executor = boost::asio::io_context::executor_type;
    using TcpAcceptor = boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, Executor>;
    using LocalAcceptor =
        boost::asio::basic_socket_acceptor<boost::asio::local::stream_protocol, Executor>;

    State(runtime::Loop& loop, const Router& router, ServerOptions options);

    // server.cpp
    Result<void> bind_tcp();
    Result<void> bind_admin();
    /// Reads the lists of the options. Errors: invalid_argument naming the setting and the entry.
    Result<void> read_lists();
    void accepted(Session& session);
    void ended(Session& session);
    /// Whether a further connection from there has a place among those that nobody vouches for;
    /// one that has been silent for a while may lose its own for it.
    bool has_room_for(std::string_view bucket);
    /// The same for a TLS handshake.
    bool has_room_for_handshake();
    /// A valid credential came: the connection is no newcomer any more.
    void vouch(Session& session);
    /// Makes sure that a sweep comes soon after `deadline` (steady).
    void sweep_by(Duration deadline);
    void sweep();
    /// The time that so many bytes may take.
    Duration slowest(std::uint64_t bytes) const {
        return std::chrono::seconds(bytes / std::max<std::size_t>(1, options.slowest_rate));
    }
    /// "Date: …\r\n" of the present second.
    std::string_view date_line();

    // server_dispatch.cpp
    /// Reads address and query, finds the route, asks who is calling and whether they may. An
    /// answer means: no further.
    std::optional<Response> admit(Exchange& exchange, std::optional<std::uint64_t> content_length);
    /// Takes address, scheme and host from what trusted proxies say.
    std::optional<Response> apply_forwarded(Exchange& exchange);
    /// Gives a request an id of our own.
    void name_request(Request& request);
    /// What needs the whole body, then the handler. Never throws but for cancellation.
    Awaitable<Response> answer(Exchange& exchange);
    /// Whether the path names an object and the caller is limited to some.
    static bool has_object_to_check(const Exchange& exchange);
    /// The answer when the object that the path names is outside of the caller's scope.
    Awaitable<std::optional<Response>> check_object(Exchange& exchange);
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
    std::function<void(const Request&, Response&)> problem_shape;  ///< of /v1/ and /v1beta/; null: problem+json
    FixedHeaders api_headers, page_headers;
    ServerTls tls;
    base::SystemRandom random;
    TcpAcceptor tcp;
    LocalAcceptor local;
    bool owns_socket_file = false;
    std::uint16_t bound_port = 0;
    std::list<Session*> sessions;
    std::list<Session*> newcomers;  ///< those without a valid credential so far, oldest first
    ByText<std::size_t> newcomers_by_bucket;
    std::size_t handshakes = 0;  ///< of TLS, under way
    TrustedProxies proxies;
    RateLimiter limiter;
    /// What is being served of one workspace or one caller.
    struct Open {
        std::size_t requests = 0, websockets = 0;
    };
    /// Requests, streams and WebSockets; a workspace that has been here keeps its place.
    std::unordered_map<WorkspaceId, Open> open_by_workspace;
    ByText<Open> open_by_principal;  ///< those at nothing are swept when there are many
    bool started = false, draining = false;
    Duration sweep_at{};  ///< steady; 0: not armed
    runtime::Loop::TimerId sweep_timer = 0;
    runtime::Signal emptied;
    std::int64_t date_second = -1;
    std::string date_text;
    runtime::TaskGroup acceptors, tasks;

  private:
    /// Closes the oldest newcomer that `judge` finds and that had its time; false: there is none.
    bool close_silent(bool (*judge)(const Session&));
    std::optional<Response> find_and_authorize(Exchange& exchange);
    std::optional<Response> check_rate(Exchange& exchange);
    void add_cors(std::string& out, const Exchange& exchange) const;
    /// The Origin of a request to the API, where its pages may call it.
    std::optional<std::string_view> cors_origin(const Exchange& exchange) const;
    Result<Response> replay_stored(const StoredAnswer& stored);
    std::optional<Response> read_target(Exchange& exchange);
    std::optional<Response> check_host(Exchange& exchange);
    std::optional<Response> refuse_verb(Exchange& exchange, const Router::Match& match);
    std::optional<Response> authorize(Exchange& exchange);
    /// The refusal, written down in the audit trail.
    Response deny(const Request& request, const Error& why);
    void attach_audit(Exchange& exchange);
    /// Sets the principal if a valid credential came.
    void identify(Request& request);
    /// Judges a JSON body by the route's schema.
    std::optional<Response> check_body(Exchange& exchange);
    /// Runs a write that has an Idempotency-Key.
    Awaitable<Response> run_keyed(Exchange& exchange);
};

/// One request that is being served, in the counts of its workspace and its caller: none may take
/// every connection. Lives until the answer, the stream or the WebSocket is over.
class Share {
  public:
    explicit Share(Server::State& server) : server_(server) {}
    ~Share();
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;
    /// Nothing, or which share is taken up already. Callers without a workspace of their own
    /// (anonymous, the admin socket) are not counted.
    std::optional<std::string_view> take(const Principal& principal);
    /// The same for a WebSocket of the caller; after `take`.
    bool take_websocket();

  private:
    Server::State& server_;
    Server::State::Open *workspace_ = nullptr, *principal_ = nullptr;  ///< the counts that this one is in
    bool websocket_ = false;
};

/// The longest wait for the rest of an answer's bytes to leave, and for a TLS handshake.
constexpr Duration write_timeout = std::chrono::seconds(60);
constexpr Duration handshake_timeout = std::chrono::seconds(5);

/// A problem with a status that no ErrorCode has (408, 417, 421, 426, 501, 505).
Response problem_of(int status, std::string_view code, std::string_view title,
                    std::string_view detail);

}  // namespace sluice::net
