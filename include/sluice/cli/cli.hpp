#pragma once
/// The command line. Every command speaks the REST API: over DIR/admin.sock when a server holds the data directory, else
/// over --url with --key, else over a server that this process starts for itself on the directory (`Host::open_local`).
///
/// Exit codes: 0 done; 1 the answer is no (a run failed, a check found mistakes); 2 wrong use; 69 the server cannot be
/// reached or the port is in use; 70 a mistake of ours; 74 the disk failed; 75 the data directory is held by another
/// process; 76 the data directory is of a newer version; 78 the configuration has mistakes; 130 Ctrl-C came
/// first (a run that was started goes on).

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sluice/base/json.hpp"
#include "sluice/base/result.hpp"
#include "sluice/base/setting.hpp"
#include "sluice/base/time.hpp"
#include "sluice/config/config.hpp"

namespace sluice::cli {

enum ExitCode : int {
    exit_ok = 0, exit_no = 1, exit_usage = 2, exit_unreachable = 69, exit_internal = 70, exit_io = 74, exit_locked = 75,
    exit_newer = 76, exit_config = 78, exit_interrupted = 130
};

/// A server inside this process, without a TCP port, on a data directory; ended by the destructor.
class LocalServer {
  public:
    virtual ~LocalServer() = default;
    /// The socket that it listens on.
    virtual std::filesystem::path socket() const = 0;
};

/// A run that is started without a request: by whom, when, of which flow, with what.
struct PlannedRun {
    Time at;
    std::string flow;  ///< its id
    Json input;
    std::string starter_kind, starter;  ///< "api_key" or "user", and its id
};

/// One whose clock stands still until it is moved: the same calls give the same ids and the same times.
class SteppedServer : public LocalServer {
  public:
    /// "http://127.0.0.1:40123", for requests with a credential: over the socket all are the machine owner's.
    virtual std::string url() const = 0;
    /// Moves the clock to `when`. What comes due on the way is done at its own time, one after the other.
    virtual void move_to(Time when) = 0;
    /// Starts the runs, in the order of their times, in the workspace `default`. Errors: of the first one that is refused.
    virtual Result<void> play(std::vector<PlannedRun> runs) = 0;
};

/// What the composition root does for the command line.
struct Host {
    std::vector<base::SettingRows> settings;
    std::string version;
    /// Serves until a signal; the exit code. `listen`: "127.0.0.1:8080".
    std::function<int(config::Config config, std::string data, std::string listen)> serve;
    /// Errors: conflict (another process holds the directory), precondition_failed (newer), …
    std::function<Result<std::unique_ptr<LocalServer>>(const config::Config& config, std::string data, bool create)> open_local;
    /// The same, standing still at `start`; a missing data directory is made.
    std::function<Result<std::unique_ptr<SteppedServer>>(const config::Config& config, std::string data, Time start)> open_stepped;
};

/// Runs one command; the exit code.
int main(int argc, const char* const* argv, const Host& host);
/// The exit code that goes with an error.
int exit_code_of(const Error& error);

}  // namespace sluice::cli
