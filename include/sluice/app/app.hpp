#pragma once
/// The composition root: builds the modules in the order of the layers, starts them, stops them in reverse.

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "sluice/base/clock.hpp"
#include "sluice/base/setting.hpp"
#include "sluice/config/config.hpp"
#include "sluice/runtime/awaitable.hpp"
#include "sluice/runtime/loop.hpp"
#include "sluice/storage/storage.hpp"

namespace sluice::app {

/// The rows of every module, in the order of the sample file.
std::vector<base::SettingRows> all_settings();

/// How this process serves.
struct Options {
    std::filesystem::path data;      ///< the data directory
    std::string listen;              ///< "127.0.0.1:8080"; empty: only DIR/admin.sock
    bool create = true;              ///< make a missing data directory
    /// Of a directory that can be made again: where ids come from instead of the kernel (outlives the App); its commits wait for no disk.
    base::Random* ids = nullptr;
};

/// Thread: loop, but `create` and the destructor, which come before and after it runs.
class App {
  public:
    /// Opens (and locks, migrates) the data directory and builds everything. Blocking. Errors: of storage::open
    /// (conflict: locked; precondition_failed: newer schema), invalid_argument (settings).
    static Result<std::unique_ptr<App>> create(runtime::Loop& loop, base::Clock& clock, const config::Config& config,
                                               Options options);
    ~App();
    App(const App&) = delete;
    App& operator=(const App&) = delete;

    /// Listens, takes unfinished runs up, becomes ready. Errors: conflict (port in use), of the modules.
    Awaitable<Result<void>> start();
    /// Drains requests and running steps, commits, releases the data directory. May come twice.
    Awaitable<void> stop();

    /// "http://127.0.0.1:8080"; empty without a TCP address. After `start`.
    std::string url() const;
    const storage::OpenReport& report() const;
    /// Takes over settings that may change while running, and TLS files.
    void reload(config::Config& config);

    struct State;
    State& state() { return *state_; }  ///< for the other files of this module

  private:
    explicit App(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace sluice::app
