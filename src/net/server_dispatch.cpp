// The way of a request: address, route, caller, permission, body, idempotency, handler.

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include "net/request_target.hpp"
#include "net/server_state.hpp"
#include "sluice/base/json.hpp"
#include "sluice/base/metrics.hpp"

namespace sluice::net {
namespace {

base::metrics::Counter requests_total("sluice_http_requests_total",
                                      "Requests answered by the HTTP server");
base::metrics::Counter errors_total("sluice_http_errors_total",
                                    "Requests answered with a status of 500 or above");
base::metrics::Counter unaudited_total("sluice_unaudited_changes_total",
                                       "Changes that left no audit entry: a defect of this program");
base::metrics::Histogram request_us("sluice_http_request_us",
                                    "Time from a request's head to its answer, in microseconds");

constexpr std::size_t usual_headers = 12;
constexpr std::size_t kept_body = 4 << 10;  ///< bytes that an idle connection may keep

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

std::string lowered(std::string_view text) {
    std::string out(text);
    for (auto& c : out) c = lower(c);
    return out;
}

bool is_write(Verb verb) {
    return verb == Verb::post || verb == Verb::put || verb == Verb::patch || verb == Verb::del;
}

bool valid_request_id(std::string_view id) {
    return !id.empty() && id.size() <= 64 && std::all_of(id.begin(), id.end(), [](char c) {
        return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') || c == '-' ||
               c == '_' || c == '.';
    });
}

std::string_view host_of(std::string_view authority) {
    if (authority.starts_with('[')) return authority.substr(0, authority.find(']') + 1);
    return authority.substr(0, authority.find(':'));
}

std::string_view media_of(std::string_view content_type) {
    content_type = content_type.substr(0, content_type.find(';'));
    while (content_type.ends_with(' ') || content_type.ends_with('\t'))
        content_type.remove_suffix(1);
    return content_type;
}

bool accepts_media(std::string_view list, std::string_view content_type) {
    if (list == content_type) return true;
    const auto media = lowered(media_of(content_type));
    while (!list.empty()) {
        const auto comma = list.find(',');
        auto one = list.substr(0, comma);
        while (one.starts_with(' ')) one.remove_prefix(1);
        while (one.ends_with(' ')) one.remove_suffix(1);
        if (one == "*/*" || one == media) return true;
        if (one == "application/json" && media.ends_with("+json")) return true;
        if (comma == std::string_view::npos) break;
        list.remove_prefix(comma + 1);
    }
    return false;
}

bool is_json_media(std::string_view content_type) {
    if (content_type == "application/json") return true;
    const auto media = lowered(media_of(content_type));
    return media == "application/json" || media.ends_with("+json");
}

/// Header names, comma separated.
bool is_header_list(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') || c == '-' || c == '_' || c == ',' ||
               c == ' ';
    });
}

std::string allow_list(const std::vector<Verb>& verbs) {
    std::string out;
    for (const auto verb : verbs) out.append(to_string(verb)).append(", ");
    return out + "OPTIONS";
}

}  // namespace

void Exchange::clear() {
    // Every member but those of the connection; memory that the next request needs again stays.
    request.verb = Verb::get;
    request.path.clear();
    request.route = {};
    request.path_parameters.clear();
    request.query.clear();
    request.headers = Headers();
    request.headers.reserve(usual_headers);
    if (request.body.capacity() > kept_body) request.body = std::string();
    request.body.clear();
    request.body_reader = nullptr;
    request.principal = Principal();
    request.id.clear();
    request.idempotency = nullptr;
    request.places = nullptr;
    request.audit = nullptr;
    request.action = {};
    request.audited = false;
    request.checked_body.reset();
    target.clear();
    rate = {};
    if (from_proxy) {
        forwarded = {};
        request.remote_address = peer;
        request.tls = peer_tls;
        bucket = address_bucket(peer);
    }
    route = nullptr;
    idempotency.reset();
    upgrade = false;
}

Response problem_of(int status, std::string_view code, std::string_view title,
                    std::string_view detail) {
    const Json body{{"type", fmt::format("urn:sluice:problem:{}", code)},
                    {"title", title},
                    {"status", status},
                    {"code", code},
                    {"detail", detail}};
    return text_response(status, "application/problem+json", base::dump_json(body));
}

std::optional<Response> Server::State::read_target(Exchange& exchange) {
    auto& request = exchange.request;
    const auto raw_path = net::read_target(exchange.target, request);
    if (!raw_path) return problem(raw_path.error());
    auto match = router.match(request.verb, *raw_path);
    if (!match.entry) return refuse_verb(exchange, match);
    exchange.route = match.entry;
    request.route = match.entry->path;
    request.action = match.entry->action;
    request.path_parameters = std::move(match.parameters);
    return std::nullopt;
}

std::optional<Response> Server::State::check_host(Exchange& exchange) {
    auto& request = exchange.request;
    if (options.allowed_hosts.empty() || request.local_socket) return std::nullopt;
    const auto authority = lowered(request.headers.get("Host"));
    const auto host = host_of(authority);
    const auto own = lowered(options.address);
    if (host == own || host == fmt::format("[{}]", own)) return std::nullopt;
    for (const auto& allowed : options.allowed_hosts) {
        const auto name = lowered(allowed);
        if (name == authority || name == host) return std::nullopt;
    }
    return problem_of(421, "misdirected", "Misdirected request",
                      "this server does not answer for that host; the operator adds names to "
                      "server.allowed_hosts");
}

std::optional<Response> Server::State::refuse_verb(Exchange& exchange, const Router::Match& match) {
    if (match.allowed.empty())
        return problem(Error{
            ErrorCode::not_found,
            fmt::format("there is nothing at {}; see /api/v1/openapi.json", exchange.request.path),
            {},
            false});
    Response response = no_content();
    if (exchange.request.verb != Verb::options)
        response =
            problem(Error{ErrorCode::method_not_allowed,
                          fmt::format("{} does not take {}; it takes {}", exchange.request.path,
                                      to_string(exchange.request.verb), allow_list(match.allowed)),
                          {},
                          false});
    response.headers.add("Allow", allow_list(match.allowed));
    // A preflight (Fetch standard, 3.2.2): the origin's own header comes with every answer, see write_head.
    if (exchange.request.verb == Verb::options && cors_origin(exchange) &&
        exchange.request.headers.find("Access-Control-Request-Method")) {
        response.headers.add("Access-Control-Allow-Methods", allow_list(match.allowed));
        const auto wanted = exchange.request.headers.get("Access-Control-Request-Headers");
        if (!wanted.empty() && is_header_list(wanted))
            response.headers.add("Access-Control-Allow-Headers", wanted);
        response.headers.add("Access-Control-Max-Age", "600");
    }
    return response;
}

void Server::State::identify(Request& request) {
    const bool has_credential = request.local_socket || request.headers.find("Authorization") ||
                                request.headers.find("Cookie") || request.headers.find("x-api-key");
    if (!authenticator || !has_credential) return;
    if (auto principal = authenticator->authenticate(request)) request.principal = std::move(*principal);
}

std::optional<Response> Server::State::authorize(Exchange& exchange) {
    auto& request = exchange.request;
    const auto& access = exchange.route->access;
    if (access.is_open()) {
        identify(request);
        return std::nullopt;
    }
    if (!authenticator)
        return problem(
            Error{ErrorCode::unavailable, "the server cannot check credentials yet", {}, true});
    auto principal = authenticator->authenticate(request);
    if (!principal) return deny(request, principal.error());
    request.principal = std::move(*principal);
    if (!request.principal.may(access.permission()))
        return deny(request, Error{ErrorCode::forbidden,
                                   fmt::format("this needs the permission {}; ask an owner of the "
                                               "workspace for a key or role that has it",
                                               base::to_string(access.permission())),
                                   {},
                                   false});
    return std::nullopt;
}

Response Server::State::deny(const Request& request, const Error& why) {
    if (audit) audit->denied(request, why);
    return problem(why);
}

void Server::State::attach_audit(Exchange& exchange) {
    const auto& info = exchange.route->info;
    auto& request = exchange.request;
    const bool wanted = info.audited == Audited::always ||
                        (info.audited == Audited::by_people && request.principal.kind != Principal::Kind::api_key);
    if (audit && wanted && is_write(request.verb)) request.audit = audit;
}

bool Server::State::still_admitted(const Exchange& exchange) {
    if (!exchange.route || exchange.route->access.is_open()) return true;
    const auto& before = exchange.request.principal;
    const auto now = authenticator->authenticate(exchange.request);
    // What it may see or do has changed: the client connects anew, and is judged anew.
    const bool same_scope = now && (now->scope == before.scope || (now->scope && before.scope && *now->scope == *before.scope));
    return now && now->id == before.id && now->workspace == before.workspace && now->permissions == before.permissions && same_scope;
}

std::optional<Response> Server::State::admit(Exchange& exchange,
                                             std::optional<std::uint64_t> content_length) {
    auto& request = exchange.request;
    if (const auto given = request.headers.find("X-Request-Id"); given && valid_request_id(*given))
        request.id = *given;
    if (auto refused = apply_forwarded(exchange)) return refused;
    auto refused = find_and_authorize(exchange);
    // A request that fails costs as one that does not: credentials and addresses can be guessed.
    if (auto limited = check_rate(exchange)) return limited;
    if (refused) return refused;
    if (!exchange.route) return no_content();  // OPTIONS *
    const auto& info = exchange.route->info;
    exchange.max_body = info.max_body ? info.max_body : options.max_body;
    if (content_length && *content_length > exchange.max_body)
        return problem(Error{ErrorCode::too_large,
                             fmt::format("the body has {} bytes; {} takes at most {}",
                                         *content_length, exchange.route->path, exchange.max_body),
                             {},
                             false});
    const bool has_body = content_length.value_or(1) > 0;
    if (has_body && is_write(request.verb)) {
        const auto media = request.headers.get("Content-Type");
        if (!accepts_media(info.request_media, media))
            return problem(
                Error{ErrorCode::unsupported_media,
                      fmt::format("send the body with the header Content-Type: {}{}{}",
                                  info.request_media, media.empty() ? "" : ", not ", media),
                      {},
                      false});
    }
    return std::nullopt;
}

std::optional<Response> Server::State::find_and_authorize(Exchange& exchange) {
    auto& request = exchange.request;
    if (exchange.target == "*" && request.verb == Verb::options) return std::nullopt;
    if (auto refused = read_target(exchange)) return refused;
    if (auto refused = check_host(exchange)) return refused;
    if (exchange.upgrade) {
        // A page of another site may open a WebSocket here and would carry our cookies: its Origin
        // gives it away.
        if (const auto origin = request.headers.find("Origin")) {
            const std::string_view scheme = request.tls ? "https://" : "http://";
            const bool same = lowered(origin->substr(0, scheme.size())) == scheme &&
                              normal_authority(origin->substr(scheme.size()), request.tls) ==
                                  normal_authority(request.headers.get("Host"), request.tls);
            if (!same)
                return problem(
                    Error{ErrorCode::forbidden,
                          "a WebSocket is accepted from pages of this server alone (Origin)",
                          {},
                          false});
        }
    }
    return authorize(exchange);
}

Result<Response> Server::State::replay_stored(const StoredAnswer& stored) {
    Response response;
    response.status = stored.status;
    response.text = stored.body;
    if (!stored.body.empty())
        response.headers.add(
            "Content-Type", stored.status >= 400 ? "application/problem+json" : "application/json");
    if (!stored.etag.empty()) response.headers.add("ETag", stored.etag);
    response.headers.add("Idempotent-Replayed", "true");
    return response;
}

std::optional<Response> Server::State::check_body(Exchange& exchange) {
    auto& request = exchange.request;
    const auto& info = exchange.route->info;
    if (!info.check_body || info.request.empty() ||
        (!is_json_media(request.headers.get("Content-Type")) && !request.body.empty()))
        return std::nullopt;
    auto body = request.json();
    if (!body) return problem(body.error());
    auto mistakes = router.check(info.request, *body);
    if (!mistakes.empty()) {
        const auto count = mistakes.size();
        return problem(
            Error{ErrorCode::invalid_argument,
                  fmt::format("the body has {} mistake{} against the schema {}; see errors", count,
                              count == 1 ? "" : "s", info.request),
                  std::move(mistakes), false});
    }
    request.checked_body = std::make_shared<Json>(std::move(*body));
    return std::nullopt;
}

Awaitable<Response> Server::State::run_keyed(Exchange& exchange) {
    auto& request = exchange.request;
    auto begun = records->begin(request);
    if (!begun) co_return problem(begun.error());
    exchange.idempotency = std::move(*begun);
    request.idempotency = exchange.idempotency.get();
    if (!exchange.route->info.finds_used_key) {
        auto found = co_await records->find(request);
        if (!found) co_return problem(found.error());
        if (*found) co_return *replay_stored(**found);
    }
    auto response = co_await exchange.route->handler(request);
    // The writer has met the key, or what the first request has done meanwhile leaves nothing to do.
    if (response.status == 409) {
        auto found = co_await records->find(request);
        if (!found) co_return problem(found.error());
        if (*found) co_return *replay_stored(**found);
    }
    co_return response;
}

Awaitable<Response> Server::State::answer(Exchange& exchange) {
    try {
        auto& request = exchange.request;
        request.places = &router.places();
        if (has_object_to_check(exchange)) {
            auto outside = co_await check_object(exchange);
            if (outside) co_return std::move(*outside);
        }
        if (auto refused = check_body(exchange)) co_return std::move(*refused);
        attach_audit(exchange);
        const bool keyed = records && is_write(request.verb) && request.headers.find("Idempotency-Key");
        Response response;
        if (keyed) response = co_await run_keyed(exchange);
        else response = co_await exchange.route->handler(request);
        if (request.audit && !request.audited && response.status < 300 && !response.headers.find("Idempotent-Replayed")) {
            unaudited_total.add();
            log::error("a change left no audit entry", {{"request", request.id}, {"action", request.action}});
        }
        co_return response;
    } catch (const boost::system::system_error& e) {
        if (e.code() == boost::asio::error::operation_aborted) throw;
        log::error("a request failed", {{"request", exchange.request.id},
                                        {"route", exchange.request.route},
                                        {"error", e.what()}});
    } catch (const std::exception& e) {
        log::error("a request failed", {{"request", exchange.request.id},
                                        {"route", exchange.request.route},
                                        {"error", e.what()}});
    }
    co_return problem(Error{ErrorCode::internal,
                            "the server made a mistake; its log names this request's id",
                            {},
                            false});
}

void Server::State::name_request(Request& request) {
    request.id.assign(ids::Request::prefix)
        .append("_")
        .append(base::encode_id(base::make_uuid7(loop.now(), random)));
}

Duration Server::State::count(const Exchange& exchange, int status) {
    const auto now = loop.clock().steady();
    const auto took = now - exchange.began;
    requests_total.add();
    if (status >= 500) errors_total.add();
    request_us.observe(static_cast<std::uint64_t>(std::max<std::int64_t>(took.count(), 0)));
    if (!log::enabled(log::Level::debug)) return now;
    const auto& request = exchange.request;
    log::debug("request", {{"request", request.id},
                           {"verb", to_string(request.verb)},
                           {"path", request.path},
                           {"status", status},
                           {"us", took.count()},
                           {"principal", request.principal.id},
                           {"remote", request.remote_address}});
    return now;
}

}  // namespace sluice::net
