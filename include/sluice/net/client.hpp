#pragma once
/// The one way out: an HTTP client pool with an egress guard. Every request is resolved, every address judged, the judged
/// address is the one connected to, and each redirect is judged again. Keep-alive, TLS verification, streaming, gzip,
/// deadlines, cancellation. No proxy environment is read.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.hpp"
#include "sluice/net/http.hpp"
#include "sluice/runtime/loop.hpp"

namespace sluice::runtime {
class Pool;
}

namespace sluice::net {

/// A parsed http or https URL. `userinfo` is refused, the host is lower case, an IPv6 host is without brackets.
struct Url {
    std::string scheme, host;
    std::uint16_t port = 0;
    std::string target;  ///< path and query, at least "/"
    std::string origin() const;
    std::string str() const;
};
/// Errors: invalid_argument, saying what is wrong with it.
Result<Url> parse_url(std::string_view text);

/// Judges where requests may go; `app` fills it from `egress.allow`. Thread: any (immutable after construction).
class EgressPolicy {
  public:
    virtual ~EgressPolicy() = default;
    /// `address` is one resolved numeric address of `host`. Errors: forbidden, naming host, address and the setting.
    /// `operator_trusted`: a base URL configured by an operator (model providers), which may be internal.
    virtual Result<void> judge(std::string_view host, std::string_view address, std::uint16_t port, bool operator_trusted) const = 0;
    /// The same before the name is looked up. Errors: forbidden.
    virtual Result<void> judge_name(std::string_view host, std::uint16_t port, bool operator_trusted) const;
};

/// The rules of single workspaces; implemented by `identity`. Thread: loop.
class EgressRules {
  public:
    virtual ~EgressRules() = default;
    /// Null: the workspace has none, the instance's guard alone judges.
    virtual std::shared_ptr<const EgressPolicy> policy_of(const WorkspaceId& workspace) const = 0;
};

/// The standard guard: public addresses on ports 80, 443, 8080, 8443 only; CIDR or host:port entries of `allow` on any
/// port. Metadata addresses are never allowed to flows. Errors: invalid_argument naming the bad entry.
/// `own`: numeric addresses of this machine, refused as internal ones are, because what listens here trusts them.
Result<std::shared_ptr<const EgressPolicy>> make_egress_policy(const std::vector<std::string>& allow,
                                                               const std::vector<std::string>& own = {});
/// `instance` with the rules of a workspace: `hosts` (when given) are the only places that its requests may go to
/// ("api.example.com", "*.example.com", an address; each with ":port" or for any), `allow` opens internal addresses to it
/// in the form of make_egress_policy. Errors: invalid_argument naming the bad entry.
Result<std::shared_ptr<const EgressPolicy>> make_workspace_policy(std::shared_ptr<const EgressPolicy> instance,
                                                                  const std::optional<std::vector<std::string>>& hosts,
                                                                  const std::vector<std::string>& allow);
/// The addresses of this machine's interfaces. Reads the kernel's tables; does not wait.
std::vector<std::string> own_addresses();

struct ClientRequest {
    Verb verb = Verb::get;
    std::string url;
    Headers headers;
    std::string body;
    Duration timeout = std::chrono::seconds(30);       ///< of the whole exchange
    Duration connect_timeout = std::chrono::seconds(5);
    Duration first_byte_timeout = std::chrono::seconds(0); ///< until the response's header; 0: within `timeout`
    std::size_t max_response = 10 << 20;               ///< decompressed bytes, of a streamed body too
    /// 0: a redirect is an ordinary answer. Each is judged anew; to another origin only headers that say nothing about
    /// the sender go along (Accept, Content-Type, User-Agent and their like), and `operator_trusted` ends.
    int max_redirects = 5;
    bool operator_trusted = false;
    std::optional<WorkspaceId> workspace;              ///< whose rules of egress apply, and whose share of look-ups
    bool decompress = true;                            ///< gzip and deflate; ratio at most 100
    std::string ca_file;                               ///< more trust anchors, PEM
    /// Asked before the first connection; its error ends the request. Asked again at a redirect to another origin: there
    /// an error lets the request go on without any header, or end with it when the body would go along. Null: no question.
    std::function<Result<void>(const Url&)> judge;
    /// Set to true once a byte of the request may have reached the other side; it outlives the call. Null: not asked.
    bool* sent = nullptr;
};

struct ClientResponse {
    int status = 0;
    Headers headers;
    std::string body;
    std::string url;  ///< after redirects
};

/// Receives a streamed body; return an error to stop (the connection is dropped).
using BodySink = std::function<Result<void>(std::string_view piece)>;

/// An answer whose body is read piece by piece, as fast as the reader asks: what waits is bounded by one piece.
/// Dropping it before its end drops the connection. Thread: loop.
class AnswerStream {
  public:
    ~AnswerStream();
    AnswerStream(AnswerStream&&) noexcept;
    AnswerStream& operator=(AnswerStream&&) noexcept;
    const ClientResponse& head() const;
    /// The next piece, decompressed; empty at the end. Errors: as `Client::send`; after one there is nothing more to read.
    Awaitable<Result<std::string>> read();
    struct State;

  private:
    friend class Client;
    explicit AnswerStream(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

/// Thread: loop. Names are resolved on `pool`, at most two at once for one workspace: a dead name server must not stop the
/// others. Idle connections are kept for a minute; a GET, HEAD or OPTIONS that finds
/// its kept connection closed under it is sent once more, any other request only if no byte of it had left.
/// Host, Content-Length, Connection and the other headers of framing are the client's own; setting them is an error.
class Client {
  public:
    Client(runtime::Loop& loop, runtime::Pool& pool, std::shared_ptr<const EgressPolicy> egress);
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;
    /// The rules of single workspaces; they outlive the client's requests.
    void set_egress_rules(const EgressRules& rules);

    /// Errors: invalid_argument (URL), forbidden (egress), upstream_failed (retryable), timeout (retryable), too_large,
    /// cancelled (the client was stopped). A status is never an error here. Cancelling the awaiting task drops the
    /// connection and is passed on as operation_aborted.
    Awaitable<Result<ClientResponse>> send(ClientRequest request);
    /// The same, with the body handed to `sink` as it arrives once `head` (which may refuse) has seen status and headers;
    /// the returned body is empty.
    Awaitable<Result<ClientResponse>> stream(ClientRequest request, std::function<Result<void>(const ClientResponse&)> head,
                                             BodySink sink);
    /// The same, as soon as the head of the answer is there. `timeout` still bounds the whole exchange.
    Awaitable<Result<AnswerStream>> open(ClientRequest request);
    /// Closes idle connections and refuses new requests.
    Awaitable<void> stop();

  private:
    struct State;
    std::shared_ptr<State> state_;
};

/// Splits a server-sent-event stream that arrives in arbitrary pieces (LF, CRLF, CR; comments; a byte order mark).
class SseParser {
  public:
    struct Event {
        std::string event, data, id;
    };
    /// Feeds bytes; calls `on_event` for each complete event. Errors: what `on_event` returns, too_large (1 MiB event).
    Result<void> feed(std::string_view bytes, const std::function<Result<void>(const Event&)>& on_event);

  private:
    std::string line_;
    Event current_;
    bool seen_data_ = false, skip_lf_ = false, started_ = false;
    Result<void> finish_line(const std::function<Result<void>(const Event&)>& on_event);
};

}  // namespace sluice::net
