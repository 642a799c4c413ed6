#include "cli/connection.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cstring>

#include <httplib.h>

#include "sluice/base/error.hpp"

namespace sluice::cli {

namespace {

/// Answers come from our own server: large outputs must pass.
constexpr base::JsonLimits generous{std::size_t{1} << 30, 2048, 100'000'000, std::size_t{1} << 30,
                                    64};
constexpr std::size_t longest_error = 256 << 10;

/// The descriptor of the stream that is being followed; -1: none. A signal handler shuts it down.
std::atomic<int> followed_descriptor{-1};
static_assert(std::atomic<int>::is_always_lock_free);

std::string target_of(const Call& call) {
    std::string target = call.path;
    char mark = '?';
    for (const auto& [name, value] : call.query) {
        target += mark;
        target += encode(name) + "=" + encode(value);
        mark = '&';
    }
    return target;
}

std::string_view reason(httplib::Error error) {
    switch (error) {
        case httplib::Error::Connection:
            return "the connection was refused";
        case httplib::Error::ConnectionTimeout:
            return "nothing answered in time";
        case httplib::Error::Read:
            return "the answer stopped";
        case httplib::Error::Write:
            return "the request could not be sent";
        case httplib::Error::SSLConnection:
            return "TLS failed";
        case httplib::Error::SSLServerVerification:
            return "its certificate is not trusted";
        case httplib::Error::SSLLoadingCerts:
            return "the trusted certificates could not be read";
        default:
            return "the connection failed";
    }
}

}  // namespace

struct Connection::State {
    State(Way way, std::string place, std::unique_ptr<httplib::Client> client)
        : way(way), place(std::move(place)), client(std::move(client)) {}

    httplib::Headers headers() const {
        httplib::Headers out;
        if (!host.empty()) out.emplace("Host", host);
        if (!key.empty()) out.emplace("Authorization", "Bearer " + key);
        if (!workspace.empty()) out.emplace("Sluice-Workspace", workspace);
        return out;
    }

    tl::unexpected<Failure> unreachable(httplib::Error error) const {
        const auto advice = way == Way::url ? "check --url, and that `sluice serve` runs there"
                                            : "is the server stopping?";
        return stop(
            exit_unreachable,
            Error{ErrorCode::unavailable, fmt::format("the server at {} cannot be reached: {}; {}",
                                                      place, reason(error), advice)});
    }

    void set_timeout(Duration timeout) {
        const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(timeout);
        client->set_read_timeout(seconds.count(), (timeout - seconds).count());
    }

    Way way;
    std::string place, host, prefix, key, workspace;
    std::unique_ptr<httplib::Client> client;
};

Connection::Connection(std::unique_ptr<State> state) : state_(std::move(state)) {}
Connection::~Connection() = default;

std::unique_ptr<Connection> Connection::over_socket(const std::filesystem::path& socket, Way way) {
    auto client = std::make_unique<httplib::Client>(socket.string(), 80);
    client->set_address_family(AF_UNIX);
    client->set_connection_timeout(5);
    client->set_keep_alive(true);
    client->set_url_encode(false);  // `encode` has done it
    client->set_write_timeout(60);
    auto state = std::make_unique<State>(way, socket.string(), std::move(client));
    state->host = "localhost";
    return std::unique_ptr<Connection>(new Connection(std::move(state)));
}

Outcome<std::unique_ptr<Connection>> Connection::over_url(std::string_view url, std::string key) {
    const bool tls = url.starts_with("https://");
    if (!tls && !url.starts_with("http://"))
        return wrong_use("--url {} must start with http:// or https://", url);
    const std::size_t authority = tls ? 8 : 7;
    const auto slash = url.find('/', authority);
    std::string origin(url.substr(0, slash));
    std::string prefix(slash == std::string_view::npos ? std::string_view() : url.substr(slash));
    while (prefix.ends_with('/')) prefix.pop_back();
    auto client = std::make_unique<httplib::Client>(origin);
    if (origin.size() == authority || !client->is_valid())
        return wrong_use("--url {} is no address; write for example http://127.0.0.1:8080", url);
    client->set_connection_timeout(5);
    client->set_keep_alive(true);
    client->set_url_encode(false);  // `encode` has done it
    client->set_write_timeout(60);
    auto state = std::make_unique<State>(Way::url, std::string(url), std::move(client));
    state->prefix = std::move(prefix);
    state->key = std::move(key);
    return std::unique_ptr<Connection>(new Connection(std::move(state)));
}

Connection::Way Connection::way() const { return state_->way; }
const std::string& Connection::place() const { return state_->place; }
void Connection::set_workspace(std::string name) { state_->workspace = std::move(name); }
const std::string& Connection::workspace() const { return state_->workspace; }

Outcome<std::string> Connection::text(const Call& call) {
    httplib::Request request;
    request.method = call.verb;
    request.path = state_->prefix + target_of(call);
    request.headers = state_->headers();
    request.body = call.body;
    if (!call.body.empty()) request.set_header("Content-Type", call.media_type);
    if (!call.if_match.empty()) request.set_header("If-Match", call.if_match);
    if (!call.accept.empty()) request.set_header("Accept", call.accept);
    state_->set_timeout(call.timeout);
    auto answer = state_->client->send(request);
    if (!answer) return state_->unreachable(answer.error());
    if (answer->status >= 200 && answer->status < 300) return std::move(answer->body);
    auto error = error_of_answer(answer->status, answer->body);
    return stop(exit_code_of_answer(error), std::move(error));
}

Outcome<Json> Connection::json(const Call& call) {
    auto body = text(call);
    if (!body) return stop(std::move(body.error()));
    if (body->empty()) return Json();
    auto value = base::parse_json(*body, generous);
    if (value) return std::move(*value);
    return stop(exit_unreachable,
                Error{ErrorCode::upstream_failed,
                      fmt::format("{} does not answer as a Sluice server does ({}); check --url",
                                  state_->place, value.error().message)});
}

Outcome<Json> Connection::get(std::string path,
                              std::vector<std::pair<std::string, std::string>> query) {
    return json(Call{"GET", std::move(path), std::move(query)});
}

Outcome<Json> Connection::post(std::string path, const Json& body) {
    return json(Call{"POST", std::move(path), {}, base::dump_json(body)});
}

Outcome<void> Connection::download(const Call& call,
                                   const std::function<bool(std::string_view)>& sink) {
    int status = 0;
    bool stopped = false;
    std::string refusal;
    state_->set_timeout(call.timeout);
    auto answer = state_->client->Get(
        state_->prefix + target_of(call), state_->headers(),
        [&](const httplib::Response& response) {
            status = response.status;
            return true;
        },
        [&](const char* bytes, std::size_t size) {
            if (status == 200) return !(stopped = !sink({bytes, size}));
            if (refusal.size() < longest_error) refusal.append(bytes, size);
            return true;
        });
    if (stopped) return {};
    if (!answer) return state_->unreachable(answer.error());
    if (status == 200) return {};
    auto error = error_of_answer(status, refusal);
    return stop(exit_code_of_answer(error), std::move(error));
}

Outcome<StreamEnd> Connection::follow(const Call& call, std::string_view last_event_id,
                                      const std::function<bool(const StreamedEvent&)>& sink) {
    EventLines lines;
    int status = 0;
    bool stopped = false;
    std::string refusal;
    auto headers = state_->headers();
    headers.emplace("Accept", "text/event-stream");
    if (!last_event_id.empty()) headers.emplace("Last-Event-ID", std::string(last_event_id));
    state_->set_timeout(call.timeout);
    state_->client->stop();  // a connection of its own, whose descriptor is seen below
    state_->client->set_socket_options(
        [](socket_t descriptor) { followed_descriptor = static_cast<int>(descriptor); });
    auto answer = state_->client->Get(
        state_->prefix + target_of(call), headers,
        [&](const httplib::Response& response) {
            status = response.status;
            return true;
        },
        [&](const char* bytes, std::size_t size) {
            if (status == 200) return !(stopped = !lines.feed({bytes, size}, sink));
            if (refusal.size() < longest_error) refusal.append(bytes, size);
            return true;
        });
    followed_descriptor = -1;
    state_->client->set_socket_options(nullptr);
    state_->client->stop();
    if (stopped) return StreamEnd::stopped;
    if (status == 0 && !answer) return state_->unreachable(answer.error());
    if (status == 200) return StreamEnd::broken;
    auto error = error_of_answer(status, refusal);
    return stop(exit_code_of_answer(error), std::move(error));
}

void interrupt_stream() {
    const int descriptor = followed_descriptor;
    if (descriptor >= 0) ::shutdown(descriptor, SHUT_RDWR);
}

std::string encode(std::string_view text) {
    constexpr std::string_view hex = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || c == '~';
        if (plain) {
            out += c;
            continue;
        }
        out += '%';
        out += hex[byte >> 4];
        out += hex[byte & 15];
    }
    return out;
}

bool socket_answers(const std::filesystem::path& socket) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const auto path = socket.string();
    if (path.size() >= sizeof address.sun_path) return false;
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    const int descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return false;
    const bool answers =
        ::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    ::close(descriptor);
    return answers;
}

Error error_of_answer(int status, std::string_view body) {
    Error error;
    const auto problem = base::parse_json(body);
    if (!problem || !problem->is_object() || !problem->contains("status")) {
        error.code = status >= 500 ? ErrorCode::upstream_failed : ErrorCode::invalid_argument;
        const auto words = body.substr(0, std::min<std::size_t>(body.find('\n'), 200));
        error.message =
            fmt::format("the server answered {}{}{}", status, words.empty() ? "" : ": ", words);
        return error;
    }
    error.code = base::error_code_from(base::string_or(*problem, "code", "internal"));
    error.message = base::string_or(*problem, "detail",
                                    base::string_or(*problem, "title", "the server refused"));
    if (const auto* list = base::find_member(*problem, "errors"); list && list->is_array())
        for (const auto& item : *list)
            error.details.push_back(
                {base::string_or(item, "pointer", ""), base::string_or(item, "message", "")});
    if (error.code == ErrorCode::internal)
        if (const auto id = base::string_or(*problem, "request_id", ""); !id.empty())
            error.message += fmt::format(" (the server's log has more under request {})", id);
    return error;
}

}  // namespace sluice::cli
