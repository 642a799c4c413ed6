#include "sluice/net/client.hpp"

#include <algorithm>
#include <cctype>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>

#include "net/client_parser.hpp"
#include "net/client_pool.hpp"
#include "net/client_request.hpp"
#include "net/connection.hpp"
#include "net/gzip.hpp"
#include "net/resolver.hpp"
#include "net/url.hpp"
#include "sluice/base/clock.hpp"
#include "sluice/runtime/pool.hpp"

namespace sluice::net {

namespace asio = boost::asio;

namespace {

constexpr std::size_t read_bytes = 16 << 10;
constexpr std::size_t unparsed_at_most = 128 << 10;  ///< what is read and not yet understood
constexpr std::size_t inline_body = 8 << 10;      // sent in one piece with the head
constexpr std::size_t drained_redirect = 64 << 10;  // a longer body of a redirect costs more than a new connection
constexpr std::size_t yield_after = 256 << 10;    // decompressed bytes; other work of the loop gets its turn

using Endpoint = asio::ip::tcp::endpoint;
using HeadSink = std::function<Result<void>(const ClientResponse&)>;

Error broken(std::string message) { return Error{ErrorCode::upstream_failed, std::move(message), {}, true}; }

std::string quoted_duration(Duration duration) { return base::format_duration(duration); }

enum class Coding { none, compressed, unknown };

Coding coding_of(const Headers& headers) {
    std::string name;
    for (const char c : headers.get("content-encoding")) name += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (name.empty() || name == "identity") return Coding::none;
    return name == "gzip" || name == "x-gzip" || name == "deflate" ? Coding::compressed : Coding::unknown;
}

}  // namespace

namespace {

/// What all calls of one client share.
struct Shared {
    Shared(runtime::Loop& the_loop, runtime::Pool& the_pool, std::shared_ptr<const EgressPolicy> policy)
        : loop(the_loop), pool(the_pool), egress(std::move(policy)), idle(std::make_shared<IdlePool>(the_loop)),
          resolver(the_loop, the_pool, look_up_with_system) {}

    runtime::Loop& loop;
    runtime::Pool& pool;
    std::shared_ptr<const EgressPolicy> egress;
    const EgressRules* rules = nullptr;
    std::shared_ptr<IdlePool> idle;
    Resolver resolver;
    std::unordered_map<std::string, TlsContext> tls;  // by ca_file
    bool stopped = false;
};

/// One call of the client: its redirects, its retry, its deadline. The coroutines are awaited in place, so references
/// to it stay valid.
class Exchange {
  public:
    Exchange(std::shared_ptr<Shared> shared, ClientRequest request, HeadSink head, BodySink sink)
        : shared_(std::move(shared)), request_(std::move(request)), head_(std::move(head)), sink_(std::move(sink)),
          egress_(shared_->egress), alarm_(shared_->loop, shared_->loop.now() + request_.timeout) {
        if (!request_.workspace || !shared_->rules) return;
        if (auto own = shared_->rules->policy_of(*request_.workspace)) egress_ = std::move(own);
    }

    Awaitable<Result<ClientResponse>> run() {
        if (auto checked = check_headers(request_.headers); !checked) co_return fail(std::move(checked.error()));
        auto url = parse_url(request_.url);
        if (!url) co_return fail(std::move(url.error()));
        if (request_.judge)
            if (auto allowed = request_.judge(*url); !allowed) co_return fail(std::move(allowed.error()));
        for (int redirects = 0;; ++redirects) {
            auto answer = co_await try_twice(*url);
            if (!answer) co_return fail(std::move(answer.error()));
            if (!redirected_) {
                answer->url = url->str();
                co_return std::move(*answer);
            }
            if (redirects == request_.max_redirects)
                co_return fail(ErrorCode::upstream_failed, "{} redirects more than {} times", url->host, request_.max_redirects);
            auto next = follow_redirect(request_, *url, answer->status, answer->headers.get("location"));
            if (!next) co_return fail(std::move(next.error()));
            if (request_.judge && next->origin() != url->origin())
                if (auto allowed = request_.judge(*next); !allowed) {
                    if (!request_.body.empty()) co_return fail(std::move(allowed.error()));
                    request_.headers = Headers();
                }
            url = std::move(next);
        }
    }

    /// Until the head is there; the body is then read by `read`.
    Awaitable<Result<ClientResponse>> begin() {
        pull_ = true;
        auto answer = co_await run();
        co_return answer;
    }

    /// The next piece of the body; empty at its end.
    Awaitable<Result<std::string>> read() {
        while (piece_.empty() && connection_) {
            auto step = co_await advance(url_);
            if (!step) {
                alarm_.watch(nullptr);
                connection_.reset();
                co_return fail(std::move(step.error()));
            }
            if (*step) finish(key_);
        }
        co_return std::exchange(piece_, {});
    }

    ~Exchange() { alarm_.watch(nullptr); }
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;

  private:
    /// A kept connection may have been closed by the other side at the moment it was used: then, and only then, the
    /// request is sent once more, and only if nobody can have acted on it or acting twice is harmless.
    Awaitable<Result<ClientResponse>> try_twice(const Url& url) {
        auto named = egress_->judge_name(url.host, url.port, request_.operator_trusted);
        if (!named) co_return fail(std::move(named.error()));
        // Trust and authorities are part of the key: a connection made for one caller must not serve a stricter one.
        const auto key = fmt::format("{} {} {}", url.origin(), request_.operator_trusted ? "trusted" : "", request_.ca_file);
        if (auto kept = shared_->idle->take(key)) {
            const auto address = kept->peer().address().to_string();
            auto allowed = egress_->judge(url.host, address, url.port, request_.operator_trusted);
            if (!allowed) co_return fail(std::move(allowed.error()));
            auto answer = co_await exchange(url, key, std::move(kept));
            if (answer || !stale_) co_return answer;
        }
        auto fresh = co_await open(url);
        if (!fresh) co_return fail(std::move(fresh.error()));
        co_return co_await exchange(url, key, std::move(*fresh));
    }

    Awaitable<Result<std::unique_ptr<Connection>>> open(const Url& url) {
        using Opened = Result<std::unique_ptr<Connection>>;
        const auto deadline = shared_->loop.now() + request_.connect_timeout;
        alarm_.begin_phase(deadline, fmt::format("connected within {}", quoted_duration(request_.connect_timeout)));
        auto addresses = co_await resolve(url.host);
        if (!addresses) co_return fail(std::move(addresses.error()));
        for (const auto& address : *addresses) {
            auto allowed = egress_->judge(url.host, address, url.port, request_.operator_trusted);
            if (!allowed) co_return fail(std::move(allowed.error()));
        }
        TlsContext tls;
        if (url.scheme == "https") {
            auto context = co_await tls_context();
            if (!context) co_return fail(std::move(context.error()));
            tls = std::move(*context);
        }
        std::string why;
        for (std::size_t i = 0; i < addresses->size(); ++i) {
            if (alarm_.expired()) co_return fail(late(url));
            boost::system::error_code bad;
            const Endpoint endpoint(asio::ip::make_address((*addresses)[i], bad), url.port);
            if (bad) continue;
            auto connection = std::make_unique<Connection>(shared_->loop);
            alarm_.watch(connection.get());
            const Unwatch unwatch{alarm_};
            // An address that does not answer leaves time for the next one.
            std::optional<Alarm> attempt;
            if (i + 1 < addresses->size()) {
                const auto now = shared_->loop.now();
                attempt.emplace(shared_->loop, now + (alarm_.due() - now) / 2);
                attempt->watch(connection.get());
            }
            const auto failed = co_await connection->connect(endpoint);
            attempt.reset();
            if (failed) {
                why = failed.message();
                continue;
            }
            if (connection->peer() != endpoint) {
                why = "it was connected to another address";
                continue;
            }
            if (tls) {
                auto shaken = co_await connection->handshake(tls, url.host);
                if (alarm_.expired()) co_return fail(late(url));
                if (!shaken) co_return fail(broken(fmt::format("{}: {}", authority_of(url), shaken.error().message)));
            }
            alarm_.end_phase();
            co_return Opened(std::move(connection));
        }
        if (alarm_.expired()) co_return fail(late(url));
        co_return fail(broken(fmt::format("{} could not be reached: {}", authority_of(url), why)));
    }

    Awaitable<Result<std::vector<std::string>>> resolve(const std::string& host) {
        if (is_numeric_host(host)) co_return std::vector<std::string>{host};
        co_return co_await shared_->resolver.resolve(host, request_.workspace, alarm_.due());
    }

    Awaitable<Result<TlsContext>> tls_context() {
        if (const auto found = shared_->tls.find(request_.ca_file); found != shared_->tls.end()) co_return found->second;
        auto job = [file = request_.ca_file] { return make_client_tls(file); };
        auto made = co_await shared_->pool.run(std::move(job));
        if (made) shared_->tls.emplace(request_.ca_file, *made);
        co_return made;
    }

    Awaitable<Result<ClientResponse>> exchange(const Url& url, const std::string& key, std::unique_ptr<Connection> connection) {
        stale_ = redirected_ = any_byte_ = false;
        connection_ = std::move(connection);
        alarm_.watch(connection_.get());
        Unwatch unwatch{alarm_};
        if (alarm_.expired()) co_return fail(late(url));
        if (request_.first_byte_timeout > Duration::zero())
            alarm_.begin_phase(shared_->loop.now() + request_.first_byte_timeout,
                               fmt::format("answered within {}", quoted_duration(request_.first_byte_timeout)));

        auto head = request_head(request_, url);
        std::string_view body = request_.body;
        if (body.size() <= inline_body) head.append(std::exchange(body, {}));
        const auto unsent = co_await connection_->write(head, body);
        if (request_.sent && connection_->written() > 0) *request_.sent = true;
        if (alarm_.expired()) co_return fail(late(url));
        // A server may answer and close before it has read everything (413); its answer is read all the same.
        if (unsent && connection_->written() == 0) {
            stale_ = connection_->reused;
            co_return fail(broken(fmt::format("{} closed the connection: {}", authority_of(url), unsent.message())));
        }
        sent_ = !unsent;
        begin_answer();
        bool ended = false;
        while (!ended) {
            auto step = co_await advance(url);
            if (!step) co_return fail(std::move(step.error()));
            ended = *step;
            if (pull_ && begun_ && !redirected_ && !ended) {
                url_ = url;
                key_ = key;
                unwatch.keep = true;  // the rest is read piece by piece, under the same alarm
                co_return std::move(answer_);
            }
        }
        finish(key);
        co_return std::move(answer_);
    }

    void begin_answer() {
        answer_ = ClientResponse();
        parser_.emplace();
        if (request_.verb == Verb::head) parser_->skip(true);
        buffer_.assign(read_bytes, '\0');
        filled_ = interim_ = 0;
        begun_ = reusable_ = false;
    }

    /// After the last byte: the connection may serve another request.
    void finish(const std::string& key) {
        alarm_.end_phase();
        alarm_.watch(nullptr);
        if (reusable_ && sent_ && !shared_->stopped && !alarm_.expired()) shared_->idle->put(key, std::move(connection_));
        connection_.reset();
    }

    /// Parses what is there, or reads more. True at the answer's end.
    Awaitable<Result<bool>> advance(const Url& url) {
        // What is here already is parsed first; the header has to be in one piece.
        boost::system::error_code failed;
        std::size_t used = 0;
        if (filled_ > 0) used = parser_->put(asio::const_buffer(buffer_.data(), filled_), failed);
        const bool wants_more = !failed || failed == boost::beast::http::error::need_more;
        if (!wants_more) co_return fail(broken(fmt::format("{} answered garbage: {}", authority_of(url), failed.message())));
        filled_ -= used;
        if (used > 0 && filled_ > 0) {
            buffer_.erase(0, used);
            buffer_.resize(std::max(buffer_.size(), read_bytes));
        }

        if (parser_->is_header_done() && parser_->status < 200) {
            if (parser_->status == 101) co_return fail(broken(fmt::format("{} switched protocols unasked", authority_of(url))));
            parser_.emplace();  // 100 or 103: the answer itself is still to come
            if (request_.verb == Verb::head) parser_->skip(true);
            if (++interim_ > 16) co_return fail(broken(fmt::format("{} sends interim answers without end", authority_of(url))));
            co_return false;
        }
        if (parser_->is_header_done() && !begun_) {
            begun_ = true;
            alarm_.end_phase();
            answer_.status = parser_->status;
            answer_.headers = std::move(parser_->headers);
            if (auto started = start_body(url, answer_); !started) co_return fail(std::move(started.error()));
            // Whoever reads piece by piece has the head before anything can go wrong with the body.
            if (pull_ && !redirected_ && parser_->body.empty() && !parser_->is_done()) co_return false;
        }
        if (begun_ && !parser_->body.empty()) {
            auto taken = co_await take_body(url, answer_, parser_->body);
            if (!taken) co_return fail(std::move(taken.error()));
            parser_->body.clear();
            if (redirected_ && drained_ > drained_redirect) co_return true;
        }
        if (begun_ && redirected_ && !parser_->is_done() && parser_->need_eof()) co_return true;
        if (parser_->is_done()) co_return end_answer(url);
        if (used > 0 && (filled_ > 0 || (pull_ && !piece_.empty()))) co_return false;

        // The parser bounds a header, but neither a chunk's extension nor the trailers.
        if (filled_ >= unparsed_at_most)
            co_return fail(broken(fmt::format("{} frames its answer without end", authority_of(url))));
        if (filled_ == buffer_.size()) buffer_.resize(buffer_.size() * 2);
        const auto got = co_await connection_->read(buffer_.data() + filled_, buffer_.size() - filled_, failed);
        if (alarm_.expired()) co_return fail(late(url));
        if (got == 0) {
            if (!begun_ && !any_byte_) {
                stale_ = connection_->reused && is_safe(request_.verb);
                co_return fail(broken(fmt::format("{} closed the connection without an answer", authority_of(url))));
            }
            boost::system::error_code cut;
            if (!failed) parser_->put_eof(cut);
            if (failed || cut || !parser_->is_done())
                co_return fail(broken(fmt::format("{} closed the connection in the middle of its answer", authority_of(url))));
            co_return end_answer(url);
        }
        any_byte_ = true;
        filled_ += got;
        co_return false;
    }

    Result<bool> end_answer(const Url& url) {
        if (inflater_ && !redirected_ && !inflater_->finished() && drained_ > 0)
            return fail(broken(fmt::format("{} cut its compressed answer off", authority_of(url))));
        reusable_ = filled_ == 0 && parser_->keep_alive();
        return true;
    }

    Result<void> start_body(const Url& url, ClientResponse& answer) {
        inflater_.reset();
        drained_ = delivered_ = 0;
        redirected_ = is_redirect(answer.status) && request_.max_redirects > 0 && answer.headers.find("location");
        if (redirected_) return {};
        answer.url = url.str();
        if (request_.decompress && request_.verb != Verb::head) {
            const auto coding = coding_of(answer.headers);
            if (coding == Coding::unknown)
                return fail(broken(fmt::format("{} answered in the encoding '{}', which was not asked for", authority_of(url),
                                               answer.headers.get("content-encoding").substr(0, 40))));
            if (coding == Coding::compressed) {
                inflater_.emplace();
                answer.headers.remove("content-encoding");
                answer.headers.remove("content-length");
            }
        }
        return head_ ? head_(answer) : Result<void>();
    }

    Awaitable<Result<void>> take_body(const Url& url, ClientResponse& answer, std::string_view bytes) {
        drained_ += bytes.size();
        if (redirected_) co_return Result<void>();
        if (!inflater_) co_return deliver(url, answer, bytes);
        inflater_->feed(bytes);
        std::size_t since_yield = 0;
        while (true) {
            auto piece = inflater_->next();
            if (!piece) {
                Error error = std::move(piece.error());
                error.message = fmt::format("{}: {}", authority_of(url), error.message);
                co_return fail(std::move(error));
            }
            if (piece->empty()) co_return Result<void>();
            if (auto told = deliver(url, answer, *piece); !told) co_return told;
            since_yield += piece->size();
            if (since_yield < yield_after) continue;
            since_yield = 0;
            co_await shared_->loop.yield();
            if (alarm_.expired()) co_return fail(late(url));
        }
    }

    Result<void> deliver(const Url& url, ClientResponse& answer, std::string_view piece) {
        delivered_ += piece.size();
        if (delivered_ > request_.max_response)
            return fail(ErrorCode::too_large, "the answer of {} is larger than {} bytes", authority_of(url), request_.max_response);
        if (sink_) return sink_(piece);
        (pull_ ? piece_ : answer.body).append(piece);
        return {};
    }

    Error late(const Url& url) const {
        const auto what = alarm_.phase().empty() ? fmt::format("finished within {}", quoted_duration(request_.timeout)) : std::string(alarm_.phase());
        return Error{ErrorCode::timeout, fmt::format("{} has not {}", authority_of(url), what), {}, true};
    }

    struct Unwatch {
        Alarm& alarm;
        bool keep = false;
        ~Unwatch() {
            if (!keep) alarm.watch(nullptr);
        }
    };

    std::shared_ptr<Shared> shared_;
    ClientRequest request_;
    HeadSink head_;
    BodySink sink_;
    std::shared_ptr<const EgressPolicy> egress_;  ///< as it was when the request began
    Alarm alarm_;
    std::optional<Inflater> inflater_;
    std::size_t drained_ = 0, delivered_ = 0;
    bool redirected_ = false, reusable_ = false, stale_ = false, any_byte_ = false;

    // The answer under way.
    std::unique_ptr<Connection> connection_;
    ClientResponse answer_;
    std::optional<AnswerParser> parser_;
    std::string buffer_;
    std::size_t filled_ = 0;
    int interim_ = 0;
    bool begun_ = false, sent_ = false;

    // Of an answer that is read piece by piece.
    bool pull_ = false;
    std::string piece_;
    Url url_;
    std::string key_;
};

Awaitable<Result<ClientResponse>> perform(std::shared_ptr<Shared> shared, ClientRequest request, HeadSink head, BodySink sink) {
    if (shared->stopped) co_return fail(ErrorCode::cancelled, "the program is stopping; no new request is sent");
    Exchange exchange(std::move(shared), std::move(request), std::move(head), std::move(sink));
    co_return co_await exchange.run();
}

}  // namespace

struct Client::State : Shared {
    using Shared::Shared;
};

Client::Client(runtime::Loop& loop, runtime::Pool& pool, std::shared_ptr<const EgressPolicy> egress)
    : state_(std::make_shared<State>(loop, pool, std::move(egress))) {}

void Client::set_egress_rules(const EgressRules& rules) { state_->rules = &rules; }

Client::~Client() {
    state_->stopped = true;
    state_->idle->clear();
}

Awaitable<Result<ClientResponse>> Client::send(ClientRequest request) {
    return perform(state_, std::move(request), HeadSink(), BodySink());
}

Awaitable<Result<ClientResponse>> Client::stream(ClientRequest request, std::function<Result<void>(const ClientResponse&)> head,
                                                 BodySink sink) {
    return perform(state_, std::move(request), std::move(head), std::move(sink));
}

struct AnswerStream::State {
    Exchange exchange;
    ClientResponse head;
};

AnswerStream::AnswerStream(std::unique_ptr<State> state) : state_(std::move(state)) {}
AnswerStream::~AnswerStream() = default;
AnswerStream::AnswerStream(AnswerStream&&) noexcept = default;
AnswerStream& AnswerStream::operator=(AnswerStream&&) noexcept = default;
const ClientResponse& AnswerStream::head() const { return state_->head; }
Awaitable<Result<std::string>> AnswerStream::read() { return state_->exchange.read(); }

Awaitable<Result<AnswerStream>> Client::open(ClientRequest request) {
    if (state_->stopped) co_return fail(ErrorCode::cancelled, "the program is stopping; no new request is sent");
    std::unique_ptr<AnswerStream::State> made(
        new AnswerStream::State{Exchange(state_, std::move(request), HeadSink(), BodySink()), ClientResponse()});
    auto head = co_await made->exchange.begin();
    if (!head) co_return fail(std::move(head.error()));
    made->head = std::move(*head);
    co_return AnswerStream(std::move(made));
}

Awaitable<void> Client::stop() {
    state_->stopped = true;
    state_->idle->clear();
    co_await state_->resolver.stop();
}

}  // namespace sluice::net
