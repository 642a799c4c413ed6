#include "app/local.hpp"

#include <csignal>

#include <boost/asio/signal_set.hpp>
#include <sys/resource.h>
#include <sys/stat.h>

#include "app/app_state.hpp"
#include "sluice/base/log.hpp"
#include "sluice/crypto/key_ring.hpp"
#include "sluice/runtime/loop_thread.hpp"
#include "sluice/storage/failpoint.hpp"

namespace sluice::app {

namespace {

/// A stream takes a descriptor or two; the soft limit is often far below the hard one.
void raise_descriptor_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

struct Serving {
    runtime::Loop* loop = nullptr;
    App* app = nullptr;
    config::Config* config = nullptr;
    boost::asio::signal_set* signals = nullptr;
    int exit = cli::exit_ok;
};

Awaitable<void> handle_signals(Serving* serving) {
    while (true) {
        const int signal = co_await serving->signals->async_wait(boost::asio::use_awaitable);
        if (signal == SIGHUP) {
            serving->app->reload(*serving->config);
            continue;
        }
        log::info("stopping", {{"signal", signal == SIGTERM ? "SIGTERM" : "SIGINT"}});
        // A second signal ends the process at once; what is committed stays, and the next start goes on from it.
        std::signal(SIGTERM, SIG_DFL);
        std::signal(SIGINT, SIG_DFL);
        co_await serving->app->stop();
        serving->loop->stop();
        co_return;
    }
}

Awaitable<void> start_serving(Serving* serving) {
    auto started = co_await serving->app->start();
    if (started) {
        log::info(fmt::format("listening on {}", serving->app->url()));
        co_return;
    }
    log::error(started.error().message);
    serving->exit = started.error().code == ErrorCode::conflict ? cli::exit_unreachable : cli::exit_code_of(started.error());
    co_await serving->app->stop();
    serving->loop->stop();
}

int serve(config::Config config, std::string data, std::string listen) {
    if (!storage::failpoint::arm_from_environment()) {
        log::error("SLUICE_FAILPOINT cannot be read; it reads name:action[:nth]");
        return cli::exit_config;
    }
    raise_descriptor_limit();
    crypto::harden_process();
    umask(0077);
    std::signal(SIGPIPE, SIG_IGN);
    base::SystemClock clock;
    runtime::Loop loop(clock);
    auto app = App::create(loop, clock, config, Options{data, listen, true});
    if (!app) {
        log::error(app.error().message);
        log::shutdown();
        return cli::exit_code_of(app.error());
    }
    const auto& report = (*app)->report();
    if (report.schema_from != report.schema_to && !report.created)
        log::info("data directory upgraded", {{"from", report.schema_from}, {"to", report.schema_to},
                                              {"snapshot", report.snapshot.string()}});
    boost::asio::signal_set signals(loop.context(), SIGTERM, SIGINT, SIGHUP);
    Serving serving{&loop, app->get(), &config, &signals, cli::exit_ok};
    {
        runtime::TaskGroup tasks(loop);
        tasks.spawn("signals", handle_signals(&serving));
        tasks.spawn("start", start_serving(&serving));
        loop.run();
        signals.cancel();
        runtime::finish(loop, tasks);
    }
    app->reset();
    log::info("stopped");
    log::shutdown();
    return serving.exit;
}

class InProcess final : public cli::LocalServer {
  public:
    explicit InProcess(std::filesystem::path data) : socket_(std::move(data) / "admin.sock") {}
    ~InProcess() override {
        if (!app_) return;
        thread_.run([this]() -> Awaitable<void> { return app_->stop(); });
        thread_.stop();
        app_.reset();
    }

    Result<void> open(const config::Config& config, const std::string& data, bool create) {
        auto app = App::create(thread_.loop(), clock_, config, Options{data, {}, create});
        if (!app) return fail(std::move(app.error()));
        app_ = std::move(*app);
        thread_.start();
        Result<void> result;
        thread_.run([this, &result]() -> Awaitable<void> { return start(&result); });
        return result;
    }
    std::filesystem::path socket() const override { return socket_; }

  private:
    Awaitable<void> start(Result<void>* result) { *result = co_await app_->start(); }

    base::SystemClock clock_;
    runtime::LoopThread thread_{clock_};
    std::filesystem::path socket_;
    std::unique_ptr<App> app_;
};

Result<std::unique_ptr<cli::LocalServer>> open_local(const config::Config& config, std::string data, bool create) {
    umask(0077);
    auto local = std::make_unique<InProcess>(data);
    auto opened = local->open(config, data, create);
    if (!opened) return fail(std::move(opened.error()));
    return std::unique_ptr<cli::LocalServer>(std::move(local));
}

}  // namespace

cli::Host make_host() {
    cli::Host host;
    host.settings = all_settings();
    host.version = std::string(version());
    host.serve = serve;
    host.open_local = open_local;
    host.open_stepped = open_stepped;
    return host;
}

}  // namespace sluice::app
