// The reading half of a session: heads, bodies, and what is wrong with them.

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "net/session.hpp"

namespace sluice::net {

namespace asio = boost::asio;
namespace http = boost::beast::http;

namespace {
constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t first_buffer = 4 << 10;
constexpr std::size_t body_buffer = 64 << 10;
constexpr std::size_t skipped_at_most = 256 << 10;  ///< of an unread body, to keep the connection
constexpr std::size_t chunk_head_at_most = 4 << 10;
}  // namespace

Awaitable<bool> Session::read_head() {
    const auto& options = server_->options;
    parser_.emplace(exchange_.request, exchange_.target, exchange_.forwarded, exchange_.from_proxy,
                    options.max_header_bytes, options.max_header_count);
    if (in_begin_ == in_end_) {
        if (server_->draining) co_return false;
        if (in_.size() > 4 * first_buffer)
            in_ = std::string();  // an idle connection keeps little memory
        // Who connects and says nothing holds a place that a request could have.
        if (requests_ > 0)
            set_phase(Phase::idle, options.idle_timeout, answered_at_);
        else
            set_phase(Phase::idle, options.header_timeout);
    }
    ErrorNumber failed;
    if (in_begin_ == in_end_ && co_await fill() == 0) co_return false;
    while (true) {
        failed = {};
        const auto arrived = std::string_view(in_).substr(in_begin_, in_end_ - in_begin_);
        in_begin_ += parser_->put_head(arrived, failed);
        if (failed && failed != http::error::need_more) {
            auto refused = framing_problem(failed);
            co_await refuse(refused.status, std::move(refused));
            co_return false;
        }
        if (parser_->is_header_done()) break;
        if (phase_ != Phase::head) set_phase(Phase::head, options.header_timeout);
        if (co_await fill() == 0) {
            if (expired_)
                co_await refuse(408, problem_of(408, "timeout", "Request timeout",
                                                "the request's headers took too long to arrive"));
            co_return false;
        }
    }
    if (const auto mistake = parser_->judge(); mistake.status) {
        auto refused = problem(Error{mistake.code, std::string(mistake.message), {}, false});
        co_await refuse(mistake.status, std::move(refused));
        co_return false;
    }
    close_after_ =
        !parser_->keep_alive() || parser_->version() == 10 || requests_ + 1 >= options.max_requests;
    co_return true;
}

Awaitable<Result<std::string>> Session::next_of_body() {
    Result<std::string> piece;
    while (piece->empty() && !parser_->is_done()) {
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

bool Session::take_buffered_body() {
    if (parser_->is_done()) return true;
    const auto left = parser_->content_length_remaining();
    if (!left || *left > in_end_ - in_begin_) return false;
    parser_->body_to(exchange_.request.body, exchange_.max_body);
    exchange_.request.body.reserve(static_cast<std::size_t>(*left));
    return !parse() && parser_->is_done();
}

Awaitable<Result<void>> Session::read_whole_body() {
    auto& body = exchange_.request.body;
    if (parser_->is_done()) co_return Result<void>();
    parser_->body_to(body, exchange_.max_body);
    if (const auto length = parser_->content_length())
        body.reserve(std::min<std::uint64_t>(*length, body_buffer));
    while (!parser_->is_done()) {
        auto more = co_await read_body_piece();
        if (!more) co_return more;
    }
    co_return Result<void>();
}

Awaitable<Result<void>> Session::read_body_piece() {
    if (in_begin_ == in_end_) {
        if (co_await fill_body() == 0) {
            if (expired_)
                co_return fail(ErrorCode::timeout, "the request's body took too long to arrive");
            broken_ = true;
            co_return fail(ErrorCode::invalid_argument,
                           "the connection ended before the request's body did");
        }
    }
    const auto failed = parse();
    if (parser_->body_too_large())
        co_return fail(ErrorCode::too_large, "the body is larger than {} bytes, the limit of {}",
                       exchange_.max_body, exchange_.request.route);
    if (failed && failed != http::error::need_more)
        co_return fail(ErrorCode::invalid_argument, "the body's chunks are malformed ({})",
                       failed.message());
    // The parser wants a chunk's whole head before it takes any of it.
    if (failed && in_end_ - in_begin_ > chunk_head_at_most)
        co_return fail(ErrorCode::invalid_argument, "a chunk's head is longer than {} bytes",
                       chunk_head_at_most);
    if (failed == http::error::need_more && in_begin_ < in_end_ && co_await fill_body() == 0) {
        if (expired_)
            co_return fail(ErrorCode::timeout, "the request's body took too long to arrive");
        broken_ = true;
        co_return fail(ErrorCode::invalid_argument,
                       "the connection ended before the request's body did");
    }
    co_return Result<void>();
}

Awaitable<bool> Session::skip_rest_of_body() {
    if (close_after_ || broken_) co_return false;
    if (exchange_.request.headers.find("Expect"))
        co_return false;  // the client may not send it at all
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

Awaitable<std::size_t> Session::fill_body() {
    // For each piece, as a body may be large; and for the whole by its size. The handler's own time is not counted.
    const auto& options = server_->options;
    const auto allowed = options.slow_grace + server_->slowest(parser_->received()) - body_waited_;
    const auto began = server_->loop.clock().steady();
    set_phase(Phase::body, std::clamp(allowed, Duration(1), options.body_timeout), began);
    const auto size = co_await fill();
    body_waited_ += server_->loop.clock().steady() - began;
    co_return size;
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
        in_.resize(std::min(std::max(want, in_end_ + first_buffer),
                            std::max(most, in_end_ + first_buffer)));
    }
    auto space = asio::buffer(in_.data() + in_end_, in_.size() - in_end_);
    const auto [failed, size] = co_await transport_.async_read_some(space, as_result);
    if (failed) co_return 0;
    in_end_ += size;
    co_return size;
}

ErrorNumber Session::parse() {
    ErrorNumber failed;
    parser_->eager(true);
    while (in_begin_ < in_end_ && !parser_->is_done()) {
        const auto used =
            parser_->put(asio::buffer(in_.data() + in_begin_, in_end_ - in_begin_), failed);
        in_begin_ += used;
        if (failed || used == 0) break;
    }
    return failed;
}

Response Session::framing_problem(ErrorNumber failed) const {
    const auto of = [](ErrorCode code, std::string message) {
        return problem(Error{code, std::move(message), {}, false});
    };
    if (const auto& mistake = parser_->mistake(); mistake.status) {
        auto refused = of(mistake.code, std::string(mistake.message));
        refused.status = mistake.status;
        return refused;
    }
    if (failed == http::error::header_limit || failed == http::error::buffer_overflow)
        return of(ErrorCode::headers_too_large,
                  fmt::format("the request's line and headers are larger than {} bytes",
                              server_->options.max_header_bytes));
    if (failed == http::error::bad_version)
        return problem_of(505, "version_not_supported", "HTTP version not supported",
                          "this server speaks HTTP/1.1");
    if (failed == http::error::multiple_content_length || failed == http::error::bad_content_length)
        return of(ErrorCode::invalid_argument,
                  "the header Content-Length is malformed, or comes with another length or a "
                  "Transfer-Encoding");
    if (failed == http::error::bad_transfer_encoding)
        return of(ErrorCode::invalid_argument,
                  "send either Content-Length or one Transfer-Encoding, not both");
    return of(ErrorCode::invalid_argument,
              fmt::format("the request is no HTTP ({})", failed.message()));
}

}  // namespace sluice::net
