#pragma once
// The REST API as commands see it, over a Unix socket or a URL. Thread: main.

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/event_lines.hpp"
#include "cli/failure.hpp"
#include "sluice/base/json.hpp"
#include "sluice/base/time.hpp"

namespace sluice::cli {

/// One request.
struct Call {
    std::string verb = "GET";
    std::string path;  ///< "/api/v1/runs/…", already encoded
    std::vector<std::pair<std::string, std::string>> query = {};
    std::string body = {};
    std::string media_type = "application/json";
    Duration timeout = std::chrono::seconds(60);  ///< between two bytes of the answer
    std::string if_match = {};                    ///< an ETag; empty: none is sent
    std::string accept = {};                      ///< media type; empty: any
};

/// How a stream of events ended.
enum class StreamEnd { stopped, broken };

class Connection {
  public:
    enum class Way { socket, url, in_process };

    /// Over `socket`, as the owner of this machine.
    static std::unique_ptr<Connection> over_socket(const std::filesystem::path& socket, Way way);
    /// Over "http://host:port" with an API key. Failure: exit_usage for what is no URL.
    static Outcome<std::unique_ptr<Connection>> over_url(std::string_view url, std::string key);
    ~Connection();

    Way way() const;
    /// Where it leads, for messages.
    const std::string& place() const;
    /// Names the workspace of all calls from now on; empty: the credential's, or `default`.
    void set_workspace(std::string name);
    const std::string& workspace() const;

    /// The body of a 2xx answer. Failures: the API's problem, or exit_unreachable.
    Outcome<std::string> text(const Call& call);
    /// The same as JSON; null for an empty body.
    Outcome<Json> json(const Call& call);
    Outcome<Json> get(std::string path,
                      std::vector<std::pair<std::string, std::string>> query = {});
    Outcome<Json> post(std::string path, const Json& body);
    /// Hands the body over as it arrives; `sink` says whether to go on.
    Outcome<void> download(const Call& call, const std::function<bool(std::string_view)>& sink);
    /// Follows server-sent events until `sink` says no or the stream breaks. Failures: as of
    /// `text`.
    Outcome<StreamEnd> follow(const Call& call, std::string_view last_event_id,
                              const std::function<bool(const StreamedEvent&)>& sink);

    struct State;

  private:
    explicit Connection(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

/// Percent-encodes one part of a path or query.
std::string encode(std::string_view text);
/// Whether somebody listens on the socket.
bool socket_answers(const std::filesystem::path& socket);
/// The error of an answer that is not 2xx: problem+json, else its status and first words.
Error error_of_answer(int status, std::string_view body);

/// Ends a stream that waits for more; safe in a signal handler.
void interrupt_stream();

}  // namespace sluice::cli
