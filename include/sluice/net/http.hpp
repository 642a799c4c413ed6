#pragma once
/// Values of HTTP without any library's types: verbs, headers, requests, responses.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sluice/base/error.hpp"
#include "sluice/base/json_fwd.hpp"
#include "sluice/base/log.hpp"
#include "sluice/base/principal.hpp"
#include "sluice/base/result.hpp"
#include "sluice/runtime/awaitable.hpp"

namespace sluice::storage {
class WriteUnit;
}

namespace sluice::net {

enum class Verb : std::uint8_t { get, head, post, put, patch, del, options };
std::string_view to_string(Verb verb);

/// Header fields in order; names compare without case.
class Headers {
  public:
    void set(std::string_view name, std::string_view value);  ///< replaces
    void add(std::string_view name, std::string_view value);
    void remove(std::string_view name);
    /// The first value, or nothing.
    std::optional<std::string_view> find(std::string_view name) const;
    std::string_view get(std::string_view name, std::string_view fallback = {}) const;
    const std::vector<std::pair<std::string, std::string>>& all() const { return fields_; }
    void reserve(std::size_t count) { fields_.reserve(count); }

  private:
    std::vector<std::pair<std::string, std::string>> fields_;
};

/// The streamed body of a request on a route that asked for it.
class BodyReader {
  public:
    virtual ~BodyReader() = default;
    /// The next piece; empty at the end. Errors: too_large, timeout, invalid_argument (broken framing).
    virtual Awaitable<Result<std::string>> read() = 0;
};

/// The streamed body of a response (chunked), also the sink of server-sent events.
class BodyWriter {
  public:
    virtual ~BodyWriter() = default;
    /// Errors: cancelled when the client has gone.
    virtual Awaitable<Result<void>> write(std::string piece) = 0;
    /// True once the client has closed its side or the server is draining.
    virtual bool closing() const = 0;
    /// Calls `notify` on the loop once `closing` becomes true (at once when it already is); replaces an earlier one.
    /// A stream that waits for something else than `write` is besides cancelled when its client has gone.
    virtual void on_closing(std::function<void()> notify) = 0;
};

/// One open WebSocket; text frames only.
class WebSocket {
  public:
    virtual ~WebSocket() = default;
    /// The next message. Errors: cancelled (closed), too_large.
    virtual Awaitable<Result<std::string>> read() = 0;
    /// Queues a message; over the queue's bound the socket closes with 1013 and this gives `unavailable`.
    virtual Result<void> send(std::string message) = 0;
    /// What waits to be sent, so that a sender of much can pace itself.
    virtual std::size_t queued_bytes() const { return 0; }
    virtual Awaitable<void> close(std::uint16_t code, std::string reason) = 0;
};

struct Response;
struct StoredAnswer;
class AuditTrail;
class Idempotency;
class Places;

/// What a change did, beside who asked for it: for the audit trail. Never with a secret's value.
struct AuditNote {
    std::string target;  ///< the object's id or name; empty: the path's {id}, else the "id" in the answer
    std::string before;  ///< JSON text of what it was; empty: nothing, or of no interest
    std::string after;   ///< JSON text of what it became; empty: the answer's body
    std::string reason;  ///< what the person gave as a reason
};

/// One request as a handler sees it. Thread: loop. Lives until the handler's response was produced.
struct Request {
    Verb verb = Verb::get;
    std::string path;                                        ///< decoded
    std::string_view route;                                  ///< the pattern, "/api/v1/flows/{id}"
    std::vector<std::pair<std::string_view, std::string>> path_parameters;
    std::vector<std::pair<std::string, std::string>> query;  ///< decoded
    Headers headers;
    std::string body;                                        ///< whole, unless the route streams it
    BodyReader* body_reader = nullptr;                       ///< set when the route streams the body
    Principal principal;
    std::string id;                                          ///< request id, "req_…"
    std::string remote_address;                              ///< of the client; what a trusted proxy says of it
    bool tls = false;                                        ///< the client speaks TLS, with us or with a trusted proxy
    bool local_socket = false;                               ///< came over DIR/admin.sock
    std::size_t json_depth = 0;                              ///< limit of `json()`; 0: the reader's default
    Idempotency* idempotency = nullptr;                      ///< set when the client sent an Idempotency-Key
    const Places* places = nullptr;                          ///< where objects belong (places.hpp)
    AuditTrail* audit = nullptr;                             ///< set on routes whose changes are audited
    std::string_view action;                                 ///< the route's, "flows.create"
    mutable bool audited = false;                            ///< an entry was appended

    /// Appends to the unit of a change what is kept beside it: the audit entry, and the answer under the client's
    /// Idempotency-Key. Every handler that changes something calls it, in the unit that holds the change.
    void record(storage::WriteUnit& unit, const StoredAnswer& answer, AuditNote note = {}) const;
    /// The same for a unit that must not fail because the key was used in the meantime.
    void record_once(storage::WriteUnit& unit, const StoredAnswer& answer, AuditNote note = {}) const;

    WorkspaceId workspace() const { return principal.workspace; }
    std::string_view parameter(std::string_view name) const;         ///< of the path; "" when absent
    std::optional<std::string_view> query_value(std::string_view name) const;
    /// A number from the query within bounds. Errors: invalid_argument naming the parameter and the range.
    Result<std::int64_t> query_integer(std::string_view name, std::int64_t fallback, std::int64_t min, std::int64_t max) const;
    /// The id in the path. Errors: not_found (a malformed id is an absent object).
    template <class IdType>
    Result<IdType> id_parameter(std::string_view name = "id") const {
        if (auto id = IdType::parse(parameter(name))) return *id;
        return fail(ErrorCode::not_found, "there is no object {}; check the id", parameter(name));
    }
    /// The body as JSON, within the route's limits. Errors: invalid_argument, too_large, unsupported_media.
    Result<Json> json() const;
    mutable std::shared_ptr<Json> checked_body;  ///< read for the schema check; the first `json()` takes it
    log::Logger logger() const;
};

/// What a handler gives back. `text` is the whole body unless `stream` or `websocket` is set.
struct Response {
    int status = 200;
    Headers headers;
    std::string text;
    std::shared_ptr<const std::string> shared_text;  ///< instead of `text`, for bytes served many times
    std::function<Awaitable<void>(BodyWriter&)> stream;
    std::function<Awaitable<void>(WebSocket&)> websocket;
};

/// A stored answer of an earlier request with the same key.
struct StoredAnswer {
    int status = 200;
    std::string body;
    std::string etag;
};

/// The client's Idempotency-Key of one request; the record commits with the effect. The writer, not memory, decides a
/// duplicate: the unit then fails with conflict "idempotency_key_used" and the server answers from the stored record.
class Idempotency {
  public:
    virtual ~Idempotency() = default;
    virtual std::string_view key() const = 0;
    /// Appends the record to the unit that holds the effect, with the answer that will be given.
    virtual void record(storage::WriteUnit& unit, const StoredAnswer& answer) = 0;
    /// The same for a unit that must not fail because of it: where the key was used in the meantime, that record stays.
    virtual void record_once(storage::WriteUnit& unit, const StoredAnswer& answer) = 0;
    /// The answer that an earlier request with this key stored; for handlers that answer a repetition with the present
    /// state instead. Errors: unprocessable (same key, other body).
    virtual Awaitable<Result<std::optional<StoredAnswer>>> stored() = 0;
};

/// Where changes and denials are written down; implemented by `identity`. Thread: loop.
class AuditTrail {
  public:
    virtual ~AuditTrail() = default;
    /// Appends the entry of a change to the unit that holds it: no entry, no change.
    virtual void changed(storage::WriteUnit& unit, const Request& request, const StoredAnswer& answer, AuditNote note) = 0;
    /// A request that was refused (401, 403). Stored soon after; of a flood, counts.
    virtual void denied(const Request& request, const Error& why) = 0;
};

/// A JSON answer.
Response json_response(int status, const Json& value);
Response text_response(int status, std::string_view media_type, std::string text);
/// RFC 9457 problem+json: type, title, status, detail, errors[{pointer, message}], request_id (added by the server).
Response problem(const Error& error);
Response no_content();
/// Server-sent events: the stream's pieces are made by `format_sse`. It ends when the client has gone or the server drains.
Response event_stream(std::function<Awaitable<void>(BodyWriter&)> stream);
/// One event of text/event-stream; empty `event` and `id` are left out.
std::string format_sse(std::string_view event, std::string_view id, std::string_view data);

/// A weak comparison of `If-None-Match` / `If-Match` values with an etag such as `"3"`.
bool etag_matches(std::string_view header, std::string_view etag);

/// Percent-decoding and -encoding of one component (RFC 3986); plus stays plus, except in queries.
Result<std::string> decode_component(std::string_view text, bool plus_is_space);
std::string encode_component(std::string_view text);

}  // namespace sluice::net
