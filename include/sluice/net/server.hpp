#pragma once
/// The HTTP/1.1 server: keep-alive, chunked and streamed bodies, WebSocket, server-sent events, TLS, limits, drain.
/// Trusted proxies, rate limits, CORS: docs/server.md. Every request gets an id (`X-Request-Id`), every error is problem+json, every answer carries the security headers.
/// Included by `*_routes.cpp`, `net` and `app` alone.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/setting.hpp"
#include "sluice/net/http.hpp"
#include "sluice/net/router.hpp"
#include "sluice/runtime/loop.hpp"

namespace sluice::config {
class Config;
}

namespace sluice::net {

/// Tells who sent a request; implemented by `identity`. Synchronous: it answers from memory. Thread: loop.
class Authenticator {
  public:
    virtual ~Authenticator() = default;
    /// Reads the credential of `request` (bearer key, cookie) and the workspace it names.
    /// Errors: unauthenticated (none or unknown), forbidden, not_found (workspace).
    virtual Result<Principal> authenticate(const Request& request) = 0;
};

/// Gives requests their Idempotency; implemented by `identity`.
class IdempotencyRecords {
  public:
    virtual ~IdempotencyRecords() = default;
    /// For a write with an Idempotency-Key: the handle to record with. Errors: invalid_argument (key longer than 255).
    virtual Result<std::unique_ptr<Idempotency>> begin(const Request& request) = 0;
    /// The answer stored under the request's key, principal and route; nothing when there is none.
    /// Errors: unprocessable (same key, other body).
    virtual Awaitable<Result<std::optional<StoredAnswer>>> find(const Request& request) = 0;
};

struct TlsFiles {
    std::filesystem::path certificate, key;  ///< PEM; empty: plain HTTP
};

/// Buckets of requests; a rate of 0 limits nothing.
struct RateLimits {
    base::RateLimit key, user;   ///< of one API key, of one signed-in person; a principal's own limit comes first
    base::RateLimit workspace;   ///< of all its callers together
    base::RateLimit address;     ///< of requests without a valid credential; an IPv6 address counts as its /64
    base::RateLimit sign_in;     ///< of an address, on routes of RateClass::sign_in
    bool operator==(const RateLimits&) const = default;
};

struct ServerOptions {
    std::string address = "127.0.0.1";          ///< empty: no TCP, only the admin socket
    std::uint16_t port = 8080;                  ///< 0: any free one
    std::filesystem::path admin_socket;         ///< empty: none; made with mode 0600
    TlsFiles tls;
    std::size_t max_body = 1 << 20;
    std::size_t max_header_bytes = 16 << 10;
    std::size_t max_header_count = 64;
    std::size_t max_connections = 4096;
    Duration header_timeout = std::chrono::seconds(10);
    Duration body_timeout = std::chrono::seconds(60);
    Duration idle_timeout = std::chrono::seconds(60);
    Duration drain_timeout = std::chrono::seconds(20);
    std::size_t websocket_frame = 64 << 10;
    std::size_t websocket_queue = 1 << 20;
    std::size_t json_depth = 64;
    std::size_t max_requests = 100'000;         ///< on one connection; it is closed in order after that
    std::vector<std::string> allowed_hosts;     ///< accepted Host values beside the listen address; empty: any
    std::vector<std::string> trusted_proxies;   ///< addresses and networks whose X-Forwarded-… and Forwarded count
    std::vector<std::string> cors_origins;      ///< exact origins ("https://app.example") whose pages may call the API
    std::size_t max_newcomers = 0;              ///< connections without a valid credential so far; 0: no limit
    std::size_t max_newcomers_per_address = 0;
    std::size_t max_handshakes = 256;           ///< of TLS, under way at once
    std::size_t max_open_per_key = 0;           ///< requests of one caller in flight; 0: half of a workspace's share
    std::size_t max_websockets = 32;            ///< of one caller
    std::size_t slowest_rate = 1 << 10;         ///< bytes a second of a body or an answer, after slow_grace
    Duration slow_grace = std::chrono::seconds(10);
    RateLimits rates;
};

/// Thread: loop.
class Server {
  public:
    Server(runtime::Loop& loop, const Router& router, ServerOptions options);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    void set_authenticator(Authenticator& authenticator);
    void set_idempotency(IdempotencyRecords& records);
    void set_audit(AuditTrail& audit);
    /// Headers put on every answer of a page path (all but /api/, /v1/ and /v1beta/, whose headers are fixed) that does
    /// not set them itself, for example a Content-Security-Policy. Without a call pages get the headers of the API.
    void set_default_headers(Headers headers);

    /// Called for each problem+json answer below /v1/ and /v1beta/, whose callers are SDKs of other vendors: it may say the
    /// same in their words. Before `start`.
    void set_problem_shape(std::function<void(const Request&, Response&)> shape);

    /// Binds and accepts. Errors: conflict (port in use: names it and the flag), invalid_argument (address, TLS files).
    Result<void> start();
    /// Bound port (after start).
    std::uint16_t port() const;
    /// "http://127.0.0.1:8080"
    std::string url() const;
    /// Stops accepting, lets requests end (streams are told), closes idle connections; returns within drain_timeout.
    Awaitable<void> stop();
    bool draining() const;
    /// Reads the TLS files again; connections from now on use them. Errors: invalid_argument (the old ones stay in use).
    Result<void> reload_tls();
    /// Other buckets from now on; what was used of the old ones is forgotten.
    void set_rates(const RateLimits& rates);
    /// Open connections.
    std::size_t connections() const;
    /// Nobody else's network is between the server and its clients, or TLS or a trusted proxy is.
    bool is_guarded() const;

    struct State;  ///< what the sessions share; private to net

  private:
    std::shared_ptr<State> state_;
};

/// The declared settings of this module.
base::SettingRows settings();
/// The options that the settings give; the address and port of `server.listen` where it is ADDR:PORT.
ServerOptions server_options(const config::Config& config);
/// The buckets that the settings give; they may change while the server runs.
RateLimits rate_limits(const config::Config& config);

}  // namespace sluice::net
