// A connection's life, its answers and its end. session_read.cpp has the reading half.

#include "net/session.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "sluice/base/metrics.hpp"

namespace sluice::net {

namespace asio = boost::asio;

namespace {
constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t lingered_at_most = 8 << 20;
constexpr Duration recheck_every = std::chrono::seconds(3);  ///< with the sweep's second below the 5 that are promised
constexpr unsigned pipelined_at_most = 16;  ///< before other connections get their turn

constexpr unsigned heedless_after = 16;  ///< refusals in a row on one connection; from then on it is served more slowly
constexpr Duration heedless_pause = std::chrono::milliseconds(10);

/// One handshake under way, in the count of them.
class Shaking {
  public:
    explicit Shaking(std::size_t& count) : count_(count) { ++count_; }
    ~Shaking() { --count_; }
    Shaking(const Shaking&) = delete;
    Shaking& operator=(const Shaking&) = delete;

  private:
    std::size_t& count_;
};

base::metrics::Gauge open_connections("sluice_http_connections",
                                      "Open connections of the HTTP server");
}  // namespace

Session::Session(std::shared_ptr<Server::State> server, Socket socket, ServerTls tls,
                 std::string remote, bool local)
    : server_(std::move(server)), transport_(std::move(socket), std::move(tls)), local_(local) {
    auto& request = exchange_.request;
    request.remote_address = remote;
    request.local_socket = local;
    request.tls = transport_.is_tls();
    request.json_depth = server_->options.json_depth;
    exchange_.peer_tls = request.tls;
    exchange_.from_proxy = !local && server_->proxies.trusts(remote);
    exchange_.bucket = local ? std::string() : address_bucket(remote);
    exchange_.peer = std::move(remote);
    newcomer_bucket = exchange_.bucket;
    accepted_at_ = server_->loop.clock().steady();
    server_->accepted(*this);
    open_connections.add(1);
}

Session::~Session() {
    open_connections.add(-1);
    server_->ended(*this);
}

Awaitable<void> Session::run(std::shared_ptr<Session> self) {
    try {
        co_await self->serve();
    } catch (const boost::system::system_error& e) {
        if (e.code() != asio::error::operation_aborted)
            log::warn("a connection failed", {{"error", e.what()}});
    } catch (const std::exception& e) {
        log::error("a connection failed",
                   {{"error", e.what()}, {"request", self->exchange_.request.id}});
    }
    self->close();
}

Awaitable<void> Session::serve() {
    if (transport_.is_tls()) {
        set_phase(Phase::handshake, handshake_timeout);
        const Shaking shaking(server_->handshakes);
        const auto [failed] =
            co_await transport_.tls().async_handshake(asio::ssl::stream_base::server, as_result);
        if (failed) co_return;
    }
    while (co_await serve_one()) {
        if (refused_in_a_row_ >= heedless_after) {  // refusing costs as well, and who goes on does not listen
            set_phase(Phase::idle, server_->options.idle_timeout);
            co_await server_->loop.sleep_for(heedless_pause);
        }
        if (++without_wait_ < pipelined_at_most) continue;
        without_wait_ = 0;
        co_await asio::post(asio::use_awaitable);
    }
    if (transport_.is_tls() && !broken_ && !expired_) {
        set_phase(Phase::lingering, handshake_timeout);
        co_await transport_.tls().async_shutdown(
            as_result);  // sends close_notify; the client may have gone
    }
}

Awaitable<bool> Session::serve_one() {
    exchange_.clear();
    if (!co_await read_head()) co_return false;
    set_phase(Phase::handling, Duration{});
    exchange_.began = server_->loop.clock().steady();
    ++requests_;
    body_waited_ = {};
    Share share(*server_);  // also while the answer streams
    auto response = co_await make_response(share);
    if (broken_) co_return false;
    if (response.status == 429) without_wait_ = pipelined_at_most;  // the others' turn after each refusal
    refused_in_a_row_ = exchange_.rate.allowed ? 0 : refused_in_a_row_ + 1;
    set_phase(Phase::handling, Duration{});
    if (response.websocket && response.status < 400 && !share.take_websocket())
        response = problem(Error{ErrorCode::rate_limited,
                                 fmt::format("this caller has {} WebSockets open already; one carries many topics, "
                                             "close the others",
                                             server_->options.max_websockets),
                                 {},
                                 true});
    if (response.websocket && response.status < 400) {
        co_await run_websocket_route(response);
        co_return false;
    }
    if (!parser_->is_done() && !co_await skip_rest_of_body()) close_after_ = true;
    bool sent = true;
    if (response.stream) {
        sent = co_await send_response(response);
    } else {
        auto rest = put_answer(response);
        std::string_view first = out_;
        sent = send_at_once(first, rest);
        if (sent && !(first.empty() && rest.empty())) sent = co_await send(first, rest);
    }
    answered_at_ = server_->count(exchange_, response.status);
    if (!sent) co_return false;
    if (!close_after_) co_return true;
    if (!parser_->is_done()) co_await linger();
    co_return false;
}

Awaitable<Response> Session::make_response(Share& share) {
    auto& request = exchange_.request;
    if (request.id.empty())
        server_->name_request(request);
    if (!parser_->known_verb()) {
        close_after_ = true;
        co_return problem_of(501, "method_not_implemented", "Method not implemented",
                             "the request's method is not known here");
    }
    exchange_.upgrade = parser_->upgrade();
    const auto content_length =
        parser_->chunked() ? std::optional<std::uint64_t>() : parser_->content_length().value_or(0);
    auto refused = server_->admit(exchange_, content_length);
    if (newcomer && request.principal.kind != Principal::Kind::anonymous) server_->vouch(*this);
    if (refused) co_return std::move(*refused);
    if (const auto whose = share.take(request.principal))
        co_return problem(
            Error{ErrorCode::rate_limited,
                  fmt::format("this {} has too many requests open; close some, or wait less", *whose),
                  {},
                  true});
    if (!parser_->is_done()) {
        if (const auto expect = request.headers.find("Expect")) {
            if (!boost::beast::iequals(*expect, "100-continue"))
                co_return problem_of(417, "expectation_failed", "Expectation failed",
                                     "the only expectation known here is 100-continue");
            if (parser_->version() == 11 && in_begin_ == in_end_) co_await say_continue();
        }
    }
    if (exchange_.route->info.stream_body) {
        BodySource source(*this);
        body_sink_.clear();
        parser_->body_to(body_sink_, exchange_.max_body);
        request.body_reader = &source;
        auto response = co_await server_->answer(exchange_);
        request.body_reader = nullptr;
        co_return response;
    }
    if (!take_buffered_body()) {
        auto whole = co_await read_whole_body();
        if (!whole) {
            close_after_ = true;
            if (whole.error().code == ErrorCode::timeout)
                co_return problem_of(408, "timeout", "Request timeout", whole.error().message);
            co_return problem(whole.error());
        }
        set_phase(Phase::handling, Duration{});
    }
    if (exchange_.route && exchange_.route->info.ends_with_client) co_return co_await answer_while_connected();
    co_return co_await server_->answer(exchange_);
}

Awaitable<bool> Session::send_response(Response& response) {
    if (response.stream && exchange_.request.verb != Verb::head) {
        if (server_->draining) close_after_ = true;
        co_return co_await send_stream(response);
    }
    const auto rest = put_answer(response);
    co_return co_await send(out_, rest);
}

std::string_view Session::put_answer(Response& response) {
    if (server_->draining) close_after_ = true;
    if (response.status >= 400 && response.text.ends_with('}') &&
        response.headers.get("Content-Type") == "application/problem+json") {
        if (server_->problem_shape && exchange_.target.starts_with("/v1")) {
            server_->problem_shape(exchange_.request, response);
        } else {
            response.text.pop_back();
            response.text.append(",\"request_id\":\"").append(exchange_.request.id).append("\"}");
        }
    }
    const std::string_view body =
        response.shared_text ? std::string_view(*response.shared_text) : response.text;
    out_.clear();
    server_->write_head(out_, exchange_, response);
    const bool bodiless = response.status == 204 || response.status == 304;
    const bool framed = response.stream &&
                        exchange_.request.verb == Verb::head;  // HEAD of a stream: length unknown
    if (!bodiless && !framed) {
        std::array<char, 24> digits;
        const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), body.size());
        out_.append("Content-Length: ").append(digits.data(), end.ptr).append("\r\n");
    }
    if (close_after_) out_.append("Connection: close\r\n");
    out_.append("\r\n");
    if (bodiless || exchange_.request.verb == Verb::head) return {};
    if (body.size() > 32 << 10) return body;
    out_.append(body);
    return {};
}

Awaitable<bool> Session::send_stream(Response& response) {
    std::optional<std::uint64_t> length;
    if (const auto text = response.headers.find("Content-Length")) {
        std::uint64_t value = 0;
        const auto [end, bad] = std::from_chars(text->data(), text->data() + text->size(), value);
        if (bad == std::errc() && end == text->data() + text->size())
            length = value;
        else
            response.headers.remove("Content-Length");
    }
    const bool chunked = !length && parser_->version() == 11;
    if (!length && !chunked) close_after_ = true;
    out_.clear();
    server_->write_head(out_, exchange_, response);
    if (chunked) out_.append("Transfer-Encoding: chunked\r\n");
    if (close_after_) out_.append("Connection: close\r\n");
    out_.append("\r\n");
    if (!co_await send(out_)) co_return false;
    const bool whole = co_await run_stream(shared_from_this(), response, chunked, length);
    if (server_->draining) close_after_ = true;
    co_return whole;
}

Awaitable<void> Session::run_websocket_route(Response& response) {
    const auto& request = exchange_.request;
    const bool asked = exchange_.upgrade && request.verb == Verb::get && parser_->version() == 11 &&
                       boost::beast::iequals(request.headers.get("Upgrade"), "websocket") &&
                       request.headers.get("Sec-WebSocket-Version") == "13" &&
                       request.headers.find("Sec-WebSocket-Key") && in_begin_ == in_end_;
    if (!asked) {
        auto refused =
            problem_of(426, "upgrade_required", "Upgrade required",
                       "this address is a WebSocket (version 13); connect with ws:// or wss://");
        refused.headers.add("Upgrade", "websocket");
        refused.headers.add("Sec-WebSocket-Version", "13");
        close_after_ = true;
        const bool sent = co_await send_response(refused);
        server_->count(exchange_, sent ? 426 : 499);
        co_return;
    }
    server_->count(exchange_, 101);
    in_ = std::string();
    in_begin_ = in_end_ = 0;
    auto handler = std::move(response.websocket);
    co_await run_websocket(shared_from_this(), std::move(handler));
}

Awaitable<void> Session::refuse(int status, Response response) {
    if (exchange_.request.id.empty())
        server_->name_request(exchange_.request);
    response.status = status;
    close_after_ = true;
    expired_ = false;
    exchange_.began = server_->loop.clock().steady();
    const bool sent = co_await send_response(response);
    server_->count(exchange_, status);
    if (sent) co_await linger();
}

Awaitable<void> Session::linger() {
    ErrorNumber ignored;
    if (!transport_.is_tls()) transport_.socket().shutdown(Socket::shutdown_send, ignored);
    set_phase(Phase::lingering, std::chrono::seconds(2));
    std::size_t read = 0;
    while (read < lingered_at_most) {
        in_begin_ = in_end_ = 0;
        const auto size = co_await fill();
        if (size == 0) break;
        read += size;
    }
}

Awaitable<void> Session::say_continue() {
    const bool sent = co_await send("HTTP/1.1 100 Continue\r\n\r\n");
    if (!sent) broken_ = true;
}

bool Session::send_at_once(std::string_view& first, std::string_view& second) {
    if (transport_.is_tls()) return true;
    // The kernel's buffer nearly always has room: no wait, no turn through the loop.
    auto& socket = transport_.socket();
    const std::array<asio::const_buffer, 2> both{asio::buffer(first), asio::buffer(second)};
    ErrorNumber failed;
    const auto size =
        second.empty() ? socket.write_some(both[0], failed) : socket.write_some(both, failed);
    if (failed && failed != asio::error::would_block && failed != asio::error::try_again) {
        broken_ = true;
        return false;
    }
    const auto of_first = std::min(size, first.size());
    first.remove_prefix(of_first);
    second.remove_prefix(size - of_first);
    return true;
}

Awaitable<bool> Session::send(std::string_view first, std::string_view second) {
    if (!send_at_once(first, second)) co_return false;
    if (first.empty() && second.empty()) co_return true;
    const auto before = phase_;
    const auto began = server_->loop.clock().steady();
    std::uint64_t sent = 0;
    // For progress, and for the whole by its size: a reader that drips does not hold an answer for ever.
    const auto next_deadline = [&] {
        const auto now = server_->loop.clock().steady();
        const auto whole = 3 * server_->options.slow_grace + server_->slowest(sent) - (now - began);
        set_phase(Phase::writing, std::clamp(whole, Duration(1), write_timeout), now);
    };
    next_deadline();
    while (!first.empty() || !second.empty()) {
        const std::array<asio::const_buffer, 2> both{asio::buffer(first), asio::buffer(second)};
        const auto [failed, size] = co_await transport_.async_write_some(both, as_result);
        if (failed) {
            broken_ = true;
            co_return false;
        }
        sent += size;
        const auto of_first = std::min(size, first.size());
        first.remove_prefix(of_first);
        second.remove_prefix(size - of_first);
        next_deadline();
    }
    set_phase(before, Duration{});
    co_return true;
}

void Session::set_phase(Phase phase, Duration limit) {
    if (limit != Duration{}) return set_phase(phase, limit, server_->loop.clock().steady());
    phase_ = phase;
    deadline_ = {};
}

void Session::set_phase(Phase phase, Duration limit, Duration now) {
    phase_ = phase;
    deadline_ = now + limit;
    server_->sweep_by(deadline_);
}

void Session::recheck_later() {
    recheck_at_ = server_->loop.clock().steady() + recheck_every;
    server_->sweep_by(recheck_at_);
}

void Session::expire() {
    const auto now = server_->loop.clock().steady();
    if (recheck_at_ != Duration{} && recheck_at_ <= now) {
        if (server_->still_admitted(exchange_)) {
            recheck_later();
        } else {
            recheck_at_ = {};
            server_->tasks.cancel(stream_task_);
            close();
            return;
        }
    }
    if (deadline_ == Duration{} || deadline_ > now) return;
    deadline_ = {};
    expired_ = true;
    ErrorNumber ignored;
    if (phase_ == Phase::head || phase_ == Phase::body)
        transport_.socket().cancel(ignored);  // it will answer 408
    else
        close();
}

void Session::drain() {
    if (phase_ == Phase::idle || phase_ == Phase::handshake) return close();
    if (closing_) closing_();
}

void Session::end_event_stream() {
    if (event_stream_ && stream_task_) server_->tasks.cancel(stream_task_);
}

void Session::close() {
    ErrorNumber ignored;
    if (transport_.socket().is_open()) transport_.socket().close(ignored);
}

void Session::stream_begins(std::function<void()> closing, runtime::TaskGroup::TaskId task,
                            bool events) {
    closing_ = std::move(closing);
    stream_task_ = task;
    event_stream_ = events;
    if (exchange_.route && !exchange_.route->access.is_open()) recheck_later();
    if (server_->draining && closing_) closing_();
}

void Session::stream_ended() {
    closing_ = nullptr;
    recheck_at_ = {};
    stream_task_ = 0;
    event_stream_ = false;
}

}  // namespace sluice::net
