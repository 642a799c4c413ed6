// What keeps one caller from taking everything: shares of what is open, rates, and whom a request is counted for.

#include "net/server_state.hpp"
#include "sluice/base/metrics.hpp"

namespace sluice::net {
namespace {

base::metrics::Counter limited_total("sluice_http_limited_total", "Requests refused by a rate limit");

constexpr std::size_t callers_kept = 4096;  ///< counts at nothing are swept beyond this

}  // namespace

Share::~Share() {
    if (workspace_) --workspace_->requests;
    if (principal_) {
        --principal_->requests;
        if (websocket_) --principal_->websockets;
    }
}

std::optional<std::string_view> Share::take(const Principal& principal) {
    if (principal.kind == Principal::Kind::anonymous || principal.kind == Principal::Kind::local)
        return std::nullopt;
    const auto& options = server_.options;
    const auto most = std::max<std::size_t>(1, options.max_connections / 2);
    const auto most_of_caller = options.max_open_per_key ? options.max_open_per_key : std::max<std::size_t>(1, most / 2);
    auto& workspace = server_.open_by_workspace[principal.workspace];  // its address stays
    if (workspace.requests >= most) return "workspace";
    auto& callers = server_.open_by_principal;
    auto caller = callers.find(principal.id);
    if (caller == callers.end()) {
        if (callers.size() >= callers_kept)
            std::erase_if(callers, [](const auto& item) { return item.second.requests == 0; });
        caller = callers.try_emplace(principal.id).first;
    }
    if (caller->second.requests >= most_of_caller) return "key or session";
    workspace_ = &workspace;
    principal_ = &caller->second;
    ++workspace_->requests;
    ++principal_->requests;
    return std::nullopt;
}

bool Share::take_websocket() {
    if (!principal_) return true;
    if (principal_->websockets >= server_.options.max_websockets) return false;
    websocket_ = true;
    ++principal_->websockets;
    return true;
}

std::optional<Response> Server::State::apply_forwarded(Exchange& exchange) {
    if (exchange.forwarded.empty()) return std::nullopt;
    auto& request = exchange.request;
    auto told = read_forwarded(exchange.forwarded, proxies, exchange.peer);
    if (!told) return problem(told.error());
    if (told->address != exchange.peer) {
        request.remote_address = std::move(told->address);
        exchange.bucket = address_bucket(request.remote_address);
    }
    if (told->tls) request.tls = *told->tls;
    if (!told->host.empty()) request.headers.set("Host", told->host);
    return std::nullopt;
}

std::optional<Response> Server::State::check_rate(Exchange& exchange) {
    auto& request = exchange.request;
    if (request.local_socket) return std::nullopt;
    if (!exchange.route) identify(request);  // nobody looked yet; a caller's mistakes count as the caller's
    const auto rate = exchange.route ? exchange.route->info.rate : RateClass::usual;
    exchange.rate = limiter.admit(request.principal, exchange.bucket, rate, loop.clock().steady());
    if (exchange.rate.allowed) return std::nullopt;
    limited_total.add();
    const auto& standing = exchange.rate.standings[0];
    Error error{ErrorCode::rate_limited,
                fmt::format("more requests than this {} may make: {} a second, {} at once; wait, then go on",
                            standing.policy, standing.limit.per_second, std::max(1.0, standing.limit.burst)),
                {},
                true};
    error.retry_after_us = standing.retry_in.count();
    return problem(error);
}

bool Server::State::has_object_to_check(const Exchange& exchange) {
    const auto& route = *exchange.route;
    return exchange.request.principal.scope && !route.collection.empty() && !route.access.is_open();
}

Awaitable<std::optional<Response>> Server::State::check_object(Exchange& exchange) {
    auto& request = exchange.request;
    const auto& route = *exchange.route;
    std::string object(request.parameter(route.object));
    auto there = co_await request.places->check(request.principal, route.access.permission(), route.collection, std::move(object));
    if (there) co_return std::nullopt;
    if (there.error().code == ErrorCode::forbidden) co_return deny(request, there.error());
    co_return problem(there.error());
}

}  // namespace sluice::net
