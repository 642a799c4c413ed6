#include "net/session.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "sluice/base/metrics.hpp"

namespace sluice::net {

namespace asio = boost::asio;
namespace http = boost::beast::http;

namespace {
constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t first_buffer = 4 << 10;
constexpr std::size_t body_buffer = 64 << 10;
constexpr std::size_t skipped_at_most = 256 << 10;   ///< of an unread body, to keep the connection
constexpr std::size_t lingered_at_most = 8 << 20;
constexpr unsigned pipelined_at_most = 16;           ///< before other connections get their turn
constexpr std::size_t chunk_head_at_most = 4 << 10;

/// Obsolete line folding, which Beast unfolds silently and other readers take for another header.
bool has_folded_line(std::string_view head) {
    head = head.substr(0, head.find("\r\n\r\n"));
    for (auto at = head.find('\n'); at != std::string_view::npos; at = head.find('\n', at + 1))
        if (at + 1 < head.size() && (head[at + 1] == ' ' || head[at + 1] == '\t')) return true;
    return false;
}

base::metrics::Gauge open_connections("sluice_http_connections", "Open connections of the HTTP server");
}  // namespace

Session::Session(std::shared_ptr<Server::State> server, Socket socket, ServerTls tls, std::string remote, bool local)
    : server_(std::move(server)), transport_(std::move(socket), std::move(tls)), local_(local) {
    auto& request = exchange_.request;
    request.remote_address = std::move(remote);
    request.local_socket = local;
    request.tls = transport_.is_tls();
    request.json_depth = server_->options.json_depth;
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
        if (e.code() != asio::error::operation_aborted) log::warn("a connection failed", {{"error", e.what()}});
    } catch (const std::exception& e) {
        log::error("a connection failed", {{"error", e.what()}, {"request", self->exchange_.request.id}});
    }
    self->close();
}

Awaitable<void> Session::serve() {
    if (transport_.is_tls()) {
        set_phase(Phase::handshake, handshake_timeout);
        const auto [failed] = co_await transport_.tls().async_handshake(asio::ssl::stream_base::server, as_result);
        if (failed) co_return;
    }
    while (co_await serve_one()) {
        if (++without_wait_ < pipelined_at_most) continue;
        without_wait_ = 0;
        co_await asio::post(asio::use_awaitable);
    }
    if (transport_.is_tls() && !broken_ && !expired_) {
        set_phase(Phase::lingering, handshake_timeout);
        co_await transport_.tls().async_shutdown(as_result);  // sends close_notify; the client may have gone
    }
}

Awaitable<bool> Session::serve_one() {
    exchange_.clear();
    if (!co_await read_head()) co_return false;
    set_phase(Phase::handling, Duration{});
    exchange_.began = server_->loop.clock().steady();
    ++requests_;
    auto response = co_await make_response();
    if (broken_) co_return false;
    set_phase(Phase::handling, Duration{});
    if (response.websocket && response.status < 400) {
        co_await run_websocket_route(response);
        co_return false;
    }
    if (!parser_->is_done() && !co_await skip_rest_of_body()) close_after_ = true;
    const bool sent = co_await send_response(response);
    server_->count(exchange_, response.status);
    if (!sent) co_return false;
    if (!close_after_) co_return true;
    if (!parser_->is_done()) co_await linger();
    co_return false;
}

Awaitable<bool> Session::read_head() {
    const auto& options = server_->options;
    parser_.emplace(exchange_.request, options.max_header_bytes, options.max_header_count);
    if (in_begin_ == in_end_) {
        if (server_->draining) co_return false;
        if (in_.size() > 4 * first_buffer) in_ = std::string();  // an idle connection keeps little memory
        set_phase(Phase::idle, options.idle_timeout);
    }
    ErrorNumber failed;
    if (in_begin_ == in_end_ && co_await fill() == 0) co_return false;
    while (true) {
        // Empty lines before a request are allowed (RFC 9112, 2.2).
        while (in_begin_ < in_end_ && (in_[in_begin_] == '\r' || in_[in_begin_] == '\n')) ++in_begin_;
        const auto head = std::string_view(in_).substr(in_begin_, in_end_ - in_begin_);
        if (!head.empty()) failed = parse();
        if (parser_->is_header_done() && has_folded_line(head)) {
            auto folded = problem(Error{ErrorCode::invalid_argument, "a header is folded over lines, which is obsolete", {}, false});
            co_await refuse(400, std::move(folded));
            co_return false;
        }
        if (failed && failed != http::error::need_more) {
            auto refused = framing_problem(failed);
            co_await refuse(refused.status, std::move(refused));
            co_return false;
        }
        if (parser_->is_header_done()) break;
        if (phase_ != Phase::head) set_phase(Phase::head, options.header_timeout);
        if (co_await fill() == 0) {
            if (expired_)
                co_await refuse(408, problem_of(408, "timeout", "Request timeout", "the request's headers took too long to arrive"));
            co_return false;
        }
    }
    if (const auto mistake = parser_->judge(); mistake.status) {
        auto refused = problem(Error{mistake.code, std::string(mistake.message), {}, false});
        co_await refuse(mistake.status, std::move(refused));
        co_return false;
    }
    exchange_.target = parser_->target();
    close_after_ = !parser_->keep_alive() || parser_->version() == 10 || requests_ + 1 >= options.max_requests;
    co_return true;
}

Awaitable<Response> Session::make_response() {
    auto& request = exchange_.request;
    if (request.id.empty()) request.id = Id<ids::Request>::make(server_->loop.now(), server_->random).str();
    if (!parser_->known_verb()) {
        close_after_ = true;
        co_return problem_of(501, "method_not_implemented", "Method not implemented", "the request's method is not known here");
    }
    exchange_.upgrade = parser_->upgrade();
    const auto content_length = parser_->chunked() ? std::optional<std::uint64_t>() : parser_->content_length().value_or(0);
    if (auto refused = server_->admit(exchange_, content_length)) co_return std::move(*refused);
    if (!parser_->is_done()) {
        if (const auto expect = request.headers.find("Expect")) {
            if (!boost::beast::iequals(*expect, "100-continue"))
                co_return problem_of(417, "expectation_failed", "Expectation failed", "the only expectation known here is 100-continue");
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
    auto whole = co_await read_whole_body();
    if (!whole) {
        close_after_ = true;
        if (whole.error().code == ErrorCode::timeout)
            co_return problem_of(408, "timeout", "Request timeout", whole.error().message);
        co_return problem(whole.error());
    }
    set_phase(Phase::handling, Duration{});
    co_return co_await server_->answer(exchange_);
}

Awaitable<Result<std::string>> Session::next_of_body() {
    Result<std::string> piece;
    while (piece->empty() && !parser_->is_done()) {
        set_phase(Phase::body, server_->options.body_timeout);  // for each piece: an upload may be large
        auto more = co_await read_body_piece();
        set_phase(Phase::handling, Duration{});
        if (!more) {
            close_after_ = true;
            co_return fail(std::move(more.error()));
        }
        piece->swap(body_sink_);
    }
    co_return piece;
}

Awaitable<Result<void>> Session::read_whole_body() {
    auto& body = exchange_.request.body;
    if (parser_->is_done()) co_return Result<void>();
    parser_->body_to(body, exchange_.max_body);
    if (const auto length = parser_->content_length()) body.reserve(std::min<std::uint64_t>(*length, body_buffer));
    set_phase(Phase::body, server_->options.body_timeout);
    while (!parser_->is_done()) {
        auto more = co_await read_body_piece();
        if (!more) co_return more;
    }
    co_return Result<void>();
}

Awaitable<Result<void>> Session::read_body_piece() {
    if (in_begin_ == in_end_) {
        if (phase_ != Phase::body) set_phase(Phase::body, server_->options.body_timeout);
        if (co_await fill() == 0) {
            if (expired_) co_return fail(ErrorCode::timeout, "the request's body took too long to arrive");
            broken_ = true;
            co_return fail(ErrorCode::invalid_argument, "the connection ended before the request's body did");
        }
    }
    const auto failed = parse();
    if (parser_->body_too_large())
        co_return fail(ErrorCode::too_large, "the body is larger than {} bytes, the limit of {}", exchange_.max_body, exchange_.request.route);
    if (failed && failed != http::error::need_more)
        co_return fail(ErrorCode::invalid_argument, "the body's chunks are malformed ({})", failed.message());
    // The parser wants a chunk's whole head before it takes any of it.
    if (failed && in_end_ - in_begin_ > chunk_head_at_most)
        co_return fail(ErrorCode::invalid_argument, "a chunk's head is longer than {} bytes", chunk_head_at_most);
    if (failed == http::error::need_more && in_begin_ < in_end_ && co_await fill() == 0) {
        if (expired_) co_return fail(ErrorCode::timeout, "the request's body took too long to arrive");
        broken_ = true;
        co_return fail(ErrorCode::invalid_argument, "the connection ended before the request's body did");
    }
    co_return Result<void>();
}

Awaitable<bool> Session::send_response(Response& response) {
    if (server_->draining) close_after_ = true;
    if (response.stream && exchange_.request.verb != Verb::head) co_return co_await send_stream(response);
    if (response.status >= 400 && response.text.ends_with('}') &&
        response.headers.get("Content-Type") == "application/problem+json") {
        response.text.pop_back();
        response.text.append(",\"request_id\":\"").append(exchange_.request.id).append("\"}");
    }
    const std::string_view body = response.shared_text ? std::string_view(*response.shared_text) : response.text;
    out_.clear();
    server_->write_head(out_, exchange_, response);
    const bool bodiless = response.status == 204 || response.status == 304;
    const bool framed = response.stream && exchange_.request.verb == Verb::head;  // HEAD of a stream: length unknown
    if (!bodiless && !framed) fmt::format_to(std::back_inserter(out_), "Content-Length: {}\r\n", body.size());
    if (close_after_) out_.append("Connection: close\r\n");
    out_.append("\r\n");
    if (bodiless || exchange_.request.verb == Verb::head) co_return co_await send(out_);
    if (body.size() > 32 << 10) co_return co_await send(out_, body);
    out_.append(body);
    co_return co_await send(out_);
}

Awaitable<bool> Session::send_stream(Response& response) {
    std::optional<std::uint64_t> length;
    if (const auto text = response.headers.find("Content-Length")) {
        std::uint64_t value = 0;
        const auto [end, bad] = std::from_chars(text->data(), text->data() + text->size(), value);
        if (bad == std::errc() && end == text->data() + text->size()) length = value;
        else response.headers.remove("Content-Length");
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
                       request.headers.get("Sec-WebSocket-Version") == "13" && request.headers.find("Sec-WebSocket-Key") &&
                       in_begin_ == in_end_;
    if (!asked) {
        auto refused = problem_of(426, "upgrade_required", "Upgrade required", "this address is a WebSocket (version 13); connect with ws:// or wss://");
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

Awaitable<bool> Session::skip_rest_of_body() {
    if (close_after_ || broken_) co_return false;
    if (exchange_.request.headers.find("Expect")) co_return false;  // the client may not send it at all
    const auto left = parser_->content_length_remaining();
    if (!left || *left > skipped_at_most) co_return false;
    std::string ignored;
    parser_->body_to(ignored, parser_->received() + skipped_at_most);
    while (!parser_->is_done()) {
        auto more = co_await read_body_piece();
        if (!more) co_return false;
        ignored.clear();
    }
    co_return true;
}

Awaitable<void> Session::refuse(int status, Response response) {
    if (exchange_.request.id.empty())
        exchange_.request.id = Id<ids::Request>::make(server_->loop.now(), server_->random).str();
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

Awaitable<std::size_t> Session::fill() {
    without_wait_ = 0;
    if (expired_) co_return 0;
    if (in_begin_ == in_end_) in_begin_ = in_end_ = 0;
    if (in_end_ == in_.size()) {
        if (in_begin_ > 0) {
            in_.erase(0, in_begin_);
            in_end_ -= in_begin_;
            in_begin_ = 0;
        }
        const auto most = std::max(server_->options.max_header_bytes + 1024, body_buffer);
        const auto want = phase_ == Phase::body ? body_buffer : std::max(first_buffer, in_end_ * 2);
        in_.resize(std::min(std::max(want, in_end_ + first_buffer), std::max(most, in_end_ + first_buffer)));
    }
    auto space = asio::buffer(in_.data() + in_end_, in_.size() - in_end_);
    const auto [failed, size] = co_await transport_.async_read_some(space, as_result);
    if (failed) co_return 0;
    in_end_ += size;
    co_return size;
}

ErrorNumber Session::parse() {
    ErrorNumber failed;
    parser_->eager(parser_->is_header_done());
    while (in_begin_ < in_end_ && !parser_->is_done()) {
        const bool had_head = parser_->is_header_done();
        const auto used = parser_->put(asio::buffer(in_.data() + in_begin_, in_end_ - in_begin_), failed);
        in_begin_ += used;
        // The head alone at first: what may follow depends on it.
        if (failed || used == 0 || (!had_head && parser_->is_header_done())) break;
    }
    return failed;
}

Response Session::framing_problem(ErrorNumber failed) const {
    const auto of = [](ErrorCode code, std::string message) { return problem(Error{code, std::move(message), {}, false}); };
    if (const auto& mistake = parser_->mistake(); mistake.status) {
        auto refused = of(mistake.code, std::string(mistake.message));
        refused.status = mistake.status;
        return refused;
    }
    if (failed == http::error::header_limit || failed == http::error::buffer_overflow)
        return of(ErrorCode::headers_too_large,
                  fmt::format("the request's line and headers are larger than {} bytes", server_->options.max_header_bytes));
    if (failed == http::error::bad_version)
        return problem_of(505, "version_not_supported", "HTTP version not supported", "this server speaks HTTP/1.1");
    if (failed == http::error::multiple_content_length || failed == http::error::bad_content_length)
        return of(ErrorCode::invalid_argument, "the header Content-Length is malformed, or comes with another length or a Transfer-Encoding");
    if (failed == http::error::bad_transfer_encoding)
        return of(ErrorCode::invalid_argument, "send either Content-Length or one Transfer-Encoding, not both");
    return of(ErrorCode::invalid_argument, fmt::format("the request is no HTTP ({})", failed.message()));
}

Awaitable<bool> Session::send(std::string_view first, std::string_view second) {
    auto& socket = transport_.socket();
    if (!transport_.is_tls()) {
        // The kernel's buffer nearly always has room: no wait, no turn through the loop.
        const std::array<asio::const_buffer, 2> both{asio::buffer(first), asio::buffer(second)};
        ErrorNumber failed;
        const auto size = socket.write_some(both, failed);
        if (failed && failed != asio::error::would_block && failed != asio::error::try_again) {
            broken_ = true;
            co_return false;
        }
        const auto of_first = std::min(size, first.size());
        first.remove_prefix(of_first);
        second.remove_prefix(size - of_first);
        if (first.empty() && second.empty()) co_return true;
    }
    const auto before = phase_;
    set_phase(Phase::writing, write_timeout);
    while (!first.empty() || !second.empty()) {  // the deadline is for progress, not for the whole
        const std::array<asio::const_buffer, 2> both{asio::buffer(first), asio::buffer(second)};
        const auto [failed, size] = co_await transport_.async_write_some(both, as_result);
        if (failed) {
            broken_ = true;
            co_return false;
        }
        const auto of_first = std::min(size, first.size());
        first.remove_prefix(of_first);
        second.remove_prefix(size - of_first);
        set_phase(Phase::writing, write_timeout);
    }
    set_phase(before, Duration{});
    co_return true;
}

void Session::set_phase(Phase phase, Duration limit) {
    phase_ = phase;
    if (limit == Duration{}) {
        deadline_ = {};
        return;
    }
    deadline_ = server_->loop.clock().steady() + limit;
    server_->sweep_by(deadline_);
}

void Session::expire() {
    deadline_ = {};
    expired_ = true;
    ErrorNumber ignored;
    if (phase_ == Phase::head || phase_ == Phase::body) transport_.socket().cancel(ignored);  // it will answer 408
    else close();
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

void Session::stream_begins(std::function<void()> closing, runtime::TaskGroup::TaskId task, bool events) {
    closing_ = std::move(closing);
    stream_task_ = task;
    event_stream_ = events;
    if (server_->draining && closing_) closing_();
}

void Session::stream_ended() {
    closing_ = nullptr;
    stream_task_ = 0;
    event_stream_ = false;
}

}  // namespace sluice::net
