#pragma once
/// Beast's parser of one request, filling our own `Request` without a message object between, and
/// the checks that keep two readers of the same bytes from seeing different requests (request
/// smuggling).

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include "net/forwarded.hpp"
#include "sluice/net/http.hpp"

namespace sluice::net {

/// One mistake of a request's head or framing; the connection is closed after its answer.
struct FramingMistake {
    int status = 0;  ///< 0: none
    ErrorCode code = ErrorCode::invalid_argument;
    std::string_view message;
};

/// Obsolete line folding, which Beast unfolds silently and other readers take for another header.
/// `head`: from the begin of a line.
inline bool has_folded_line(std::string_view head) {
    if (head.starts_with("\r\n")) return false;
    head = head.substr(0, head.find("\r\n\r\n"));
    for (auto at = head.find('\n'); at != std::string_view::npos; at = head.find('\n', at + 1))
        if (at + 1 < head.size() && (head[at + 1] == ' ' || head[at + 1] == '\t')) return true;
    return false;
}

class RequestParser final : public boost::beast::http::basic_parser<true> {
    using View = boost::beast::string_view;
    using Failed = boost::beast::error_code;
    using Error = boost::beast::http::error;

  public:
    /// `forwarded` gets the fields of proxies if `from_proxy`; they never come into the request.
    RequestParser(Request& request, std::string& target, ForwardedFields& forwarded,
                  bool from_proxy, std::size_t max_head, std::size_t max_fields)
        : request_(request),
          target_(target),
          forwarded_(forwarded),
          max_head_(max_head),
          max_fields_(max_fields),
          from_proxy_(from_proxy) {
        header_limit(static_cast<std::uint32_t>(max_head));
        body_limit(
            boost::none);  // counted here: the limit depends on the route, known after the head
    }

    /// 10 or 11.
    int version() const { return version_; }
    bool known_verb() const { return known_verb_; }
    const FramingMistake& mistake() const { return mistake_; }
    bool has_body() const { return chunked() || (content_length() && *content_length() > 0); }

    /// Takes what of `bytes` belongs to the head, after the empty lines that may stand before a request (RFC 9112, 2.2), and
    /// gives how much that is; the next call begins with the rest. Lines are taken as they come in, so that each call judges
    /// its own: the whole head is never in one place.
    std::size_t put_head(std::string_view bytes, Failed& failed) {
        std::size_t used = 0;
        while (head_taken_ == 0 && used < bytes.size() && (bytes[used] == '\r' || bytes[used] == '\n')) ++used;
        const auto head = bytes.substr(used);
        if (has_folded_line(head))
            mistake(400, ErrorCode::invalid_argument,
                    "a header is folded over lines, which is obsolete");
        eager(false);  // the head alone: what may follow depends on it
        while (used < bytes.size() && !is_header_done()) {
            const auto rest = bytes.substr(used);
            const auto taken = put(boost::asio::buffer(rest), failed);
            used += taken;
            head_taken_ += taken;
            if (failed || taken == 0) break;
        }
        // Beast's own limit is one of what lies before it at a time.
        const auto waiting = is_header_done() ? 0 : bytes.size() - used;
        if ((!failed || failed == Error::need_more) && head_taken_ + waiting > max_head_) failed = Error::header_limit;
        // A request line that ends with a line feed alone reads as a strange version.
        if (failed == Error::bad_version && head.substr(0, head.find("\r\n")).find('\n') != head.npos)
            failed = Error::bad_line_ending;
        return used;
    }

    /// From here on the body goes to `sink`, at most `limit` bytes of it.
    void body_to(std::string& sink, std::size_t limit) {
        sink_ = &sink;
        limit_ = limit;
    }
    std::uint64_t received() const { return received_; }
    bool body_too_large() const { return received_ > limit_; }

    /// What the whole head says: to be called once it is complete.
    FramingMistake judge() const {
        if (mistake_.status) return mistake_;
        if (version() == 11 && hosts_ == 0)
            return {400, ErrorCode::invalid_argument, "the header Host is missing"};
        if (hosts_ > 1)
            return {400, ErrorCode::invalid_argument, "the header Host comes more than once"};
        if (lengths_ > 1)
            return {400, ErrorCode::invalid_argument,
                    "the header Content-Length comes more than once"};
        if (lengths_ && encodings_)
            return {400, ErrorCode::invalid_argument,
                    "send either Content-Length or Transfer-Encoding, not both"};
        if (encodings_ && version() == 10)
            return {400, ErrorCode::invalid_argument, "HTTP/1.0 has no Transfer-Encoding"};
        return {};
    }

  private:
    void on_request_impl(boost::beast::http::verb verb, View, View target, int version,
                         Failed& failed) override {
        using boost::beast::http::verb;
        failed = {};
        known_verb_ = true;
        switch (verb) {
            case verb::get:
                request_.verb = Verb::get;
                break;
            case verb::head:
                request_.verb = Verb::head;
                break;
            case verb::post:
                request_.verb = Verb::post;
                break;
            case verb::put:
                request_.verb = Verb::put;
                break;
            case verb::patch:
                request_.verb = Verb::patch;
                break;
            case verb::delete_:
                request_.verb = Verb::del;
                break;
            case verb::options:
                request_.verb = Verb::options;
                break;
            default:
                known_verb_ = false;
                break;
        }
        version_ = version;
        target_.assign(target);
    }
    void on_response_impl(int, View, int, Failed& failed) override { failed = Error::bad_version; }

    void on_field_impl(boost::beast::http::field name, View name_text, View value,
                       Failed& failed) override {
        using boost::beast::http::field;
        failed = {};
        if (is_header_done()) return;  // trailers: read, and not believed
        switch (name) {
            case field::host:
                ++hosts_;
                break;
            case field::content_length:
                ++lengths_;
                if (value.find_first_not_of("0123456789") != View::npos)
                    mistake(400, ErrorCode::invalid_argument,
                            "the header Content-Length is not one number");
                break;
            case field::transfer_encoding:
                // Anything but plain "chunked" is read differently by different servers.
                ++encodings_;
                if (!boost::beast::iequals(value, "chunked"))
                    mistake(400, ErrorCode::invalid_argument,
                            "the only accepted Transfer-Encoding is chunked");
                break;
            default:
                break;
        }
        if (++fields_ > max_fields_)
            mistake(431, ErrorCode::headers_too_large, "the request has too many headers");
        if (value.size() > max_value)
            mistake(431, ErrorCode::headers_too_large, "a header's value is longer than 8 KiB");
        const bool of_proxy = name == field::forwarded || name == field::unknown;
        if (of_proxy && forwarded_.take(name_text, value, from_proxy_)) return;
        if (fields_ <= max_fields_) request_.headers.add(name_text, value);
    }
    void on_header_impl(Failed& failed) override { failed = {}; }
    void on_body_init_impl(const boost::optional<std::uint64_t>&, Failed& failed) override {
        failed = {};
    }
    std::size_t on_body_impl(View piece, Failed& failed) override { return take(piece, failed); }
    void on_chunk_header_impl(std::uint64_t, View extensions, Failed& failed) override {
        failed = {};
        if (extensions.size() > 1024) failed = Error::bad_chunk_extension;
    }
    std::size_t on_chunk_body_impl(std::uint64_t, View piece, Failed& failed) override {
        return take(piece, failed);
    }
    void on_finish_impl(Failed& failed) override { failed = {}; }

    std::size_t take(View piece, Failed& failed) {
        failed = {};
        received_ += piece.size();
        if (received_ > limit_)
            failed = Error::body_limit;
        else if (sink_)
            sink_->append(piece);
        return piece.size();
    }
    void mistake(int status, ErrorCode code, std::string_view message) {
        if (!mistake_.status) mistake_ = {status, code, message};
    }

    static constexpr std::size_t max_value = 8 << 10;
    Request& request_;
    std::string& target_;
    ForwardedFields& forwarded_;
    std::size_t max_head_, max_fields_;
    std::size_t head_taken_ = 0;
    FramingMistake mistake_;
    std::string* sink_ = nullptr;
    std::uint64_t received_ = 0, limit_ = ~std::uint64_t{0};
    std::size_t fields_ = 0;
    unsigned hosts_ = 0, lengths_ = 0, encodings_ = 0;
    int version_ = 0;
    bool known_verb_ = false, from_proxy_ = false;
};

}  // namespace sluice::net
