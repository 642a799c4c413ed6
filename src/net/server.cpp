#include "sluice/net/server.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "net/session.hpp"
#include "net/url.hpp"

namespace sluice::net {

namespace asio = boost::asio;

namespace {

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
constexpr int backlog = 1024;
constexpr Duration sweep_every = std::chrono::seconds(1);
constexpr Duration handshakes_pause = std::chrono::milliseconds(10);
constexpr Duration newcomers_grace = std::chrono::seconds(1);  ///< before a silent one may have to go
constexpr int looked_at = 16;  ///< of the oldest newcomers, for one that is silent
constexpr Duration out_of_descriptors_pause = std::chrono::milliseconds(200);

Result<asio::ip::address> parse_address(const std::string& text) {
    if (text == "localhost") return asio::ip::address(asio::ip::address_v4::loopback());
    ErrorNumber failed;
    const auto bare =
        text.starts_with('[') && text.ends_with(']') ? text.substr(1, text.size() - 2) : text;
    const auto address = asio::ip::make_address(bare, failed);
    if (failed)
        return fail(ErrorCode::invalid_argument,
                    "\"{}\" is no IP address; use for example --listen 127.0.0.1:8080", text);
    return address;
}

bool out_of_descriptors(const ErrorNumber& failed) {
    return failed == asio::error::no_descriptors || failed.value() == ENFILE ||
           failed.value() == ENOMEM || failed.value() == ENOBUFS;
}

/// A connection over the limit gets its answer from the kernel's buffer and is closed.
void turn_away(Socket& socket, bool tls) {
    constexpr std::string_view answer =
        "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: "
        "close\r\nContent-Length: 0\r\n\r\n";
    ErrorNumber ignored;
    socket.non_blocking(true, ignored);
    if (!tls) socket.write_some(asio::buffer(answer), ignored);
    socket.shutdown(Socket::shutdown_send, ignored);
    socket.close(ignored);
}

std::string remote_of(const asio::ip::tcp::endpoint& peer) { return peer.address().to_string(); }
std::string remote_of(const asio::local::stream_protocol::endpoint&) { return "local"; }

template <class Acceptor>
Awaitable<void> accept_connections(std::shared_ptr<Server::State> state, Acceptor& acceptor,
                                   bool local) {
    using Protocol = typename Acceptor::protocol_type;
    while (acceptor.is_open()) {
        const auto [waited] = co_await acceptor.async_wait(Acceptor::wait_read, as_result);
        if (waited) co_return;
        for (int turn = 0; turn < 64;
             ++turn) {  // then the connections that are open get their turn
            if (!local && state->tls && !state->has_room_for_handshake()) {
                co_await state->loop.sleep_for(handshakes_pause);  // they wait in the kernel's queue
                break;
            }
            asio::basic_stream_socket<Protocol, Server::State::Executor> incoming(
                state->loop.context());
            typename Protocol::endpoint peer;
            ErrorNumber failed;
            acceptor.accept(incoming, peer, failed);
            if (failed == asio::error::would_block || failed == asio::error::try_again) break;
            if (out_of_descriptors(failed)) {
                log::warn("no more file descriptors; connections wait (raise LimitNOFILE)",
                          {{"error", failed.message()}});
                co_await state->loop.sleep_for(out_of_descriptors_pause);
                break;
            }
            if (failed) continue;  // the client went away before it was accepted
            Socket socket(std::move(incoming));
            const auto tls = local ? nullptr : state->tls;
            auto remote = remote_of(peer);
            // The admin socket is the way in when the others are all taken.
            if (!local && (state->sessions.size() >= state->options.max_connections ||
                           !(state->proxies.trusts(remote) || state->has_room_for(address_bucket(remote))))) {
                turn_away(socket, tls != nullptr);
                continue;
            }
            ErrorNumber ignored;
            socket.non_blocking(true, ignored);
            if (!local) socket.set_option(asio::ip::tcp::no_delay(true), ignored);
            auto session =
                std::make_shared<Session>(state, std::move(socket), tls, std::move(remote), local);
            state->tasks.spawn("http", Session::run(std::move(session)));
        }
    }
}

}  // namespace

Server::State::State(runtime::Loop& on, const Router& routes, ServerOptions settings)
    : loop(on),
      router(routes),
      options(std::move(settings)),
      api_headers({{"X-Content-Type-Options", "nosniff"},
                   {"Referrer-Policy", "no-referrer"},
                   {"Cache-Control", "no-store"},
                   {"Cross-Origin-Resource-Policy", "same-origin"},
                   {"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"}}),
      page_headers(api_headers),
      tcp(on.context()),
      local(on.context()),
      limiter(options.rates),
      emptied(on),
      acceptors(on),
      tasks(on) {}

Result<void> Server::State::bind_tcp() {
    if (options.address.empty()) return {};
    auto address = parse_address(options.address);
    if (!address) return fail(std::move(address.error()));
    const asio::ip::tcp::endpoint endpoint(*address, options.port);
    ErrorNumber failed;
    tcp.open(endpoint.protocol(), failed);
    if (!failed) tcp.set_option(asio::socket_base::reuse_address(true), failed);
    if (!failed) tcp.bind(endpoint, failed);
    if (!failed) tcp.listen(backlog, failed);
    if (!failed) tcp.non_blocking(true, failed);
    if (!failed) {
        bound_port = tcp.local_endpoint(failed).port();
        return {};
    }
    ErrorNumber ignored;
    tcp.close(ignored);
    if (failed == asio::error::address_in_use)
        return fail(ErrorCode::conflict,
                    "port {} on {} is in use; stop the program that listens there or choose "
                    "another with --listen {}:PORT",
                    options.port, options.address, options.address);
    if (failed == asio::error::access_denied)
        return fail(ErrorCode::forbidden,
                    "listening on {}:{} is not permitted; ports below 1024 need a privilege, "
                    "choose another with --listen",
                    options.address, options.port);
    return fail(ErrorCode::invalid_argument,
                "listening on {}:{} failed: {}; choose an address of this machine with --listen",
                options.address, options.port, failed.message());
}

Result<void> Server::State::bind_admin() {
    const auto path = options.admin_socket.string();
    if (path.size() > 107)
        return fail(ErrorCode::invalid_argument,
                    "the path of the admin socket, {}, is longer than 107 bytes; use a shorter "
                    "data directory",
                    path);
    const asio::local::stream_protocol::endpoint endpoint(path);
    ErrorNumber failed;
    {
        asio::local::stream_protocol::socket probe(loop.context());
        probe.connect(endpoint, failed);
        if (!failed)
            return fail(ErrorCode::conflict, "another server answers on {}; stop it first", path);
    }
    ::unlink(path.c_str());  // left by a server that was killed
    failed = {};
    local.open(endpoint.protocol(), failed);
    if (!failed) local.bind(endpoint, failed);
    // Nobody can connect before listen, so the mode is right from the first connection on.
    if (!failed && ::chmod(path.c_str(), 0600) != 0)
        failed.assign(errno, boost::system::system_category());
    if (!failed) local.listen(backlog, failed);
    if (!failed) local.non_blocking(true, failed);
    if (!failed) {
        owns_socket_file = true;
        return {};
    }
    ErrorNumber ignored;
    local.close(ignored);
    return fail(ErrorCode::invalid_argument, "the admin socket {} cannot be made: {}", path,
                failed.message());
}

Result<void> Server::State::read_lists() {
    auto trusted = TrustedProxies::parse(options.trusted_proxies);
    if (!trusted) return fail(std::move(trusted.error()));
    proxies = std::move(*trusted);
    for (const auto& origin : options.cors_origins) {
        const auto url = parse_url(origin);
        if (!url || url->origin() != origin)
            return fail(ErrorCode::invalid_argument,
                        "server.cors_origins: '{}' is no exact origin; write scheme and host as browsers do, for example "
                        "https://app.example.com (no path, no star)",
                        origin);
    }
    return {};
}

void Server::State::accepted(Session& session) {
    session.place = sessions.insert(sessions.end(), &session);
    const auto& exchange = session.exchange();
    if (exchange.request.local_socket || exchange.from_proxy) return;
    session.newcomer_place = newcomers.insert(newcomers.end(), &session);
    session.newcomer = true;
    ++newcomers_by_bucket[exchange.bucket];
}

void Server::State::vouch(Session& session) {
    if (!std::exchange(session.newcomer, false)) return;
    newcomers.erase(session.newcomer_place);
    const auto count = newcomers_by_bucket.find(session.newcomer_bucket);
    if (count != newcomers_by_bucket.end() && --count->second == 0) newcomers_by_bucket.erase(count);
}

bool Server::State::has_room_for(std::string_view bucket) {
    const auto here = newcomers_by_bucket.find(bucket);
    if (options.max_newcomers_per_address && here != newcomers_by_bucket.end() &&
        here->second >= options.max_newcomers_per_address)
        return false;
    if (!options.max_newcomers || newcomers.size() < options.max_newcomers) return true;
    return close_silent([](const Session& session) { return session.is_silent(); });
}

bool Server::State::has_room_for_handshake() {
    if (handshakes < options.max_handshakes) return true;
    return close_silent([](const Session& session) { return session.is_shaking_hands(); });
}

bool Server::State::close_silent(bool (*judge)(const Session&)) {
    const auto before = loop.clock().steady() - newcomers_grace;
    int looked = 0;
    for (auto* session : newcomers) {
        if (++looked > looked_at || session->accepted_at() > before) return false;
        if (!judge(*session)) continue;
        vouch(*session);  // out of the list at once; its coroutine ends with the next turn
        session->close();
        return true;
    }
    return false;
}

void Server::State::ended(Session& session) {
    vouch(session);
    sessions.erase(session.place);
    if (!sessions.empty()) return;
    loop.cancel_timer(sweep_timer);  // an idle server does not wake up
    sweep_at = {};
    emptied.notify();
}

void Server::State::sweep_by(Duration deadline) {
    if (sweep_at != Duration{} && sweep_at <= deadline + sweep_every) return;
    loop.cancel_timer(sweep_timer);
    const auto now = loop.clock().steady();
    sweep_at = std::max(deadline, now + sweep_every);
    sweep_timer = loop.at(loop.now() + (sweep_at - now), [weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->sweep();
    });
}

void Server::State::sweep() {
    sweep_at = {};
    const auto now = loop.clock().steady();
    Duration next{};
    std::vector<std::shared_ptr<Session>> all;  // one that ends here must not take others along
    all.reserve(sessions.size());
    for (auto* session : sessions)
        if (auto held = session->weak_from_this().lock()) all.push_back(std::move(held));
    for (const auto& session : all) {
        const auto deadline = session->deadline();
        if (deadline == Duration{}) continue;
        if (deadline <= now)
            session->expire();
        else if (next == Duration{} || deadline < next)
            next = deadline;
    }
    if (next != Duration{}) sweep_by(next);
}

Server::Server(runtime::Loop& loop, const Router& router, ServerOptions options)
    : state_(std::make_shared<State>(loop, router, std::move(options))) {}

Server::~Server() = default;

void Server::set_authenticator(Authenticator& authenticator) {
    state_->authenticator = &authenticator;
}
void Server::set_idempotency(IdempotencyRecords& records) { state_->records = &records; }
void Server::set_audit(AuditTrail& audit) { state_->audit = &audit; }

void Server::set_problem_shape(std::function<void(const Request&, Response&)> shape) { state_->problem_shape = std::move(shape); }

void Server::set_default_headers(Headers headers) {
    auto fields = headers.all();
    for (const auto& [name, value] : state_->api_headers.fields)
        if (!headers.find(name) && (name == "X-Content-Type-Options" || name == "Referrer-Policy"))
            fields.emplace_back(name, value);
    state_->page_headers = Server::State::FixedHeaders(std::move(fields));
}

Result<void> Server::start() {
    auto& state = *state_;
    if (state.started) return {};
    if (auto read = state.read_lists(); !read) return read;
    if (!state.options.tls.certificate.empty() || !state.options.tls.key.empty())
        if (auto loaded = reload_tls(); !loaded) return loaded;
    if (auto bound = state.bind_tcp(); !bound) return bound;
    if (!state.options.admin_socket.empty()) {
        if (auto bound = state.bind_admin(); !bound) {
            ErrorNumber ignored;
            state.tcp.close(ignored);
            return bound;
        }
        state.acceptors.spawn("http-accept-local",
                              accept_connections<State::LocalAcceptor>(state_, state.local, true));
    }
    if (state.tcp.is_open())
        state.acceptors.spawn("http-accept",
                              accept_connections<State::TcpAcceptor>(state_, state.tcp, false));
    state.started = true;
    return {};
}

std::uint16_t Server::port() const { return state_->bound_port; }

std::string Server::url() const {
    auto host = state_->options.address;
    if (host.empty()) return {};
    if (host == "0.0.0.0" || host == "::" || host == "[::]") host = "localhost";
    if (host.find(':') != std::string::npos && !host.starts_with('[')) host = "[" + host + "]";
    return fmt::format("{}://{}:{}", state_->tls ? "https" : "http", host, state_->bound_port);
}

Awaitable<void> Server::stop() {
    const auto state = state_;
    if (!state->started || state->draining) {
        while (state->started && !state->sessions.empty()) co_await state->emptied.wait();
        co_return;
    }
    state->draining = true;
    const auto end = state->loop.now() + state->options.drain_timeout;
    const auto events_end = std::min(end, state->loop.now() + Duration(std::chrono::seconds(1)));
    ErrorNumber ignored;
    state->tcp.close(ignored);
    state->local.close(ignored);
    if (state->owns_socket_file) ::unlink(state->options.admin_socket.c_str());
    co_await state->acceptors.cancel_and_join();
    for (auto* session : std::vector<Session*>(state->sessions.begin(), state->sessions.end()))
        session->drain();
    bool in_time = true;
    while (!state->sessions.empty() && in_time)
        in_time = co_await state->emptied.wait_until(events_end);
    for (auto* session : std::vector<Session*>(state->sessions.begin(), state->sessions.end()))
        session->end_event_stream();
    in_time = true;
    while (!state->sessions.empty() && in_time) in_time = co_await state->emptied.wait_until(end);
    if (!state->sessions.empty())
        log::warn("connections were cut at the end of the drain time",
                  {{"connections", state->sessions.size()}});
    for (auto* session : std::vector<Session*>(state->sessions.begin(), state->sessions.end()))
        session->close();
    co_await state->tasks.cancel_and_join();
}

void Server::set_rates(const RateLimits& rates) { state_->limiter.set(rates); }

bool Server::is_guarded() const {
    const auto& options = state_->options;
    if (options.address.empty() || !options.tls.certificate.empty() || !state_->proxies.empty()) return true;
    const auto address = parse_address(options.address);
    return address && address->is_loopback();
}

bool Server::draining() const { return state_->draining; }
std::size_t Server::connections() const { return state_->sessions.size(); }

Result<void> Server::reload_tls() {
    auto loaded = load_server_tls(state_->options.tls);
    if (!loaded) return fail(std::move(loaded.error()));
    state_->tls = std::move(*loaded);
    return {};
}

}  // namespace sluice::net
