#pragma once
/// Routes are rows: verb, path with typed parameters, permission, handler, documentation. A route without a declared
/// access does not register. `/api/v1/openapi.json` is made from the rows.

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/net/http.hpp"
#include "sluice/net/places.hpp"

namespace sluice::net {

/// Who may call a route: everyone, or a principal with one permission.
class Access {
  public:
    static constexpr Access open() { return Access(); }
    constexpr Access(Permission permission) : permission_(permission) {}  // NOLINT: a row reads better so
    constexpr bool is_open() const { return !permission_.has_value(); }
    constexpr Permission permission() const { return *permission_; }

  private:
    constexpr Access() = default;
    std::optional<Permission> permission_;
};

/// A query or header parameter in the documentation.
struct Parameter {
    std::string_view name;
    std::string_view type;  ///< "string", "integer", "boolean"
    std::string_view doc;
};

/// Which requests of a writing route leave an entry in the audit trail (reading ones leave none, unless they are refused).
enum class Audited : std::uint8_t {
    always,
    by_people,  ///< not those of API keys: what they do often and is recorded elsewhere
    never,      ///< it changes nothing that is kept
};

/// Which bucket counts a route's requests.
enum class RateClass : std::uint8_t {
    usual,    ///< the caller's own, or that of its address when nobody is signed in
    sign_in,  ///< a stricter one of the address, whoever asks: credentials can be guessed here
    free,     ///< none: health, and what counts its requests itself
};

/// What a route's row says beyond verb, path, access and handler.
struct RouteInfo {
    std::string_view summary;
    std::string_view tag = {};               ///< group in the document; default: the collection in the path
    std::string_view request = {};           ///< name of a schema added with add_schema; its bodies are checked
    std::string_view response = {};          ///< name of a schema
    int status = 200;                        ///< of success
    std::span<const Parameter> query = {};
    std::string_view response_media = "application/json";
    std::string_view description = {};
    std::size_t max_body = 0;                ///< bytes; 0: the server's setting
    bool stream_body = false;                ///< the handler reads `body_reader`
    bool check_body = true;                  ///< false: the handler validates itself (hot path)
    std::string_view request_media = "application/json";  ///< other media types: comma separated, unchecked
    /// The handler's own commit finds an Idempotency-Key that was used before, so that a first try costs no read (hot path).
    bool finds_used_key = false;
    Audited audited = Audited::always;
    /// The name of what it does in the audit trail, "runs.start"; empty: made from verb and path (`action_of`).
    std::string_view action = {};
    RateClass rate = RateClass::usual;
    bool ends_with_client = false;           ///< the handler is cancelled when its client leaves before the answer
};

using Handler = std::function<Awaitable<Response>(Request&)>;

/// One row of a module's table: `{Verb::get, "/api/v1/agents", Permission::agents_read, list_agents, {.summary = "List agents"}}`.
template <class Service>
struct Route {
    Verb verb;
    std::string_view path;
    Access access;
    Awaitable<Response> (*handler)(Request&, Service&);
    RouteInfo info;
};

/// A registered route.
struct RouteEntry {
    Verb verb;
    std::string path;
    Access access;
    Handler handler;
    RouteInfo info;
    std::string action;      ///< filled when the route is added
    std::string collection;  ///< whose object the path names ("runs" of /api/v1/runs/{id}/steps); empty: none's
    std::string object;      ///< the name of the parameter that names it
};

/// What a route does, for the audit trail: "flows.create" of POST /api/v1/flows, "runs.cancel" of
/// POST /api/v1/runs/{id}/cancel, "flows.draft.update" of PUT /api/v1/flows/{id}/draft, "runs.read" of a GET.
std::string action_of(Verb verb, std::string_view path);

/// Thread: filled before the server starts, read on the loop.
class Router {
  public:
    Router();
    ~Router();
    Router(const Router&) = delete;
    Router& operator=(const Router&) = delete;

    template <class Service>
    void add(std::span<const Route<Service>> rows, Service& service) {
        for (const auto& row : rows) {
            Handler handler = [function = row.handler, &service](Request& request) { return function(request, service); };
            add(RouteEntry{row.verb, std::string(row.path), row.access, std::move(handler), row.info, {}, {}, {}});
        }
    }
    /// Throws std::logic_error on a duplicate or malformed path, or a schema name nobody added (checked by `seal`).
    void add(RouteEntry entry);
    /// A JSON Schema under its name in the document's components; references to others as {"$ref": "#/components/schemas/Name"}.
    void add_schema(std::string_view name, std::string_view schema_json);

    /// Where the objects that paths name belong. Each collection that a path with a parameter names says so, else `seal`
    /// throws: an object that nobody has placed could not be kept from a caller with a scope.
    Places& places();
    const Places& places() const;

    struct Match {
        const RouteEntry* entry = nullptr;
        std::vector<std::pair<std::string_view, std::string>> parameters;
        std::vector<Verb> allowed;  ///< set when only the verb did not match (405)
    };
    Match match(Verb verb, std::string_view path) const;
    const std::deque<RouteEntry>& routes() const;
    /// The mistakes in a body against the named schema, as details with pointers.
    std::vector<base::ErrorDetail> check(std::string_view schema, const Json& body) const;
    /// Checks the tables: schemas exist and are valid, objects have their places.
    void seal(std::string_view version);
    /// The OpenAPI 3.1 document's text; after `seal`. Takes some milliseconds. Thread: any.
    std::string make_openapi() const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace sluice::net
