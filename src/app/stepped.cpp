// An App whose clock stands still until it is moved. While a command asks it something, its loop runs on a thread of its
// own; while time moves, the command's thread runs it.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/app_state.hpp"
#include "app/local.hpp"
#include "sluice/runtime/loop_thread.hpp"
#include "sluice/runtime/stepping.hpp"
#include "sluice/runtime/task_group.hpp"

namespace sluice::app {

namespace {

/// Numbers that follow from the time: what happens at a moment gets the same ones whatever happened before.
class RandomOfTime final : public base::Random {
  public:
    explicit RandomOfTime(const base::Clock& clock) : clock_(clock) {}
    std::uint64_t next() override {
        if (const Time now = clock_.now(); now != at_) {
            at_ = now;
            numbers_ = base::SeededRandom(static_cast<std::uint64_t>(base::to_us(now)));
        }
        return numbers_.next();
    }

  private:
    const base::Clock& clock_;
    Time at_{};
    base::SeededRandom numbers_{0};
};

class Stepped final : public cli::SteppedServer {
  public:
    Stepped(const config::Config& config, std::string data, Time start) : config_(config), data_(std::move(data)), clock_(start) {}
    ~Stepped() override {
        if (!app_) return;
        thread_->stop();
        runtime::TaskGroup stopping(thread_->loop());
        stopping.spawn("stop", app_->stop());
        runtime::rest(thread_->loop());
        // What the end waits for (a step's grace) is a timer as well.
        while (stopping.size() > 0) runtime::move_to(thread_->loop(), clock_, clock_.now() + std::chrono::milliseconds(10));
        app_.reset();
        if (const int folder = ::open(data_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); folder >= 0) {
            ::syncfs(folder);
            ::close(folder);
        }
    }

    Result<void> open() {
        thread_ = std::make_unique<runtime::LoopThread>(clock_);
        auto app = App::create(thread_->loop(), clock_, config_, Options{data_, "127.0.0.1:0", true, &ids_});
        if (!app) return fail(std::move(app.error()));
        app_ = std::move(*app);
        if (auto started = outcome(app_->start()); !started) return fail(std::move(started.error()));
        thread_->start();
        return {};
    }

    std::filesystem::path socket() const override { return std::filesystem::path(data_) / "admin.sock"; }

    std::string url() const override { return app_->url(); }

    void move_to(Time when) override {
        thread_->stop();
        runtime::move_to(thread_->loop(), clock_, when);
        thread_->start();
    }

    Result<void> play(std::vector<cli::PlannedRun> runs) override {
        thread_->stop();
        auto played = play_all(std::move(runs));
        thread_->start();
        return played;
    }

  private:
    /// What the work gives, which may wait for everything but time.
    template <class T>
    T outcome(Awaitable<T> work) {
        std::optional<T> value;
        runtime::TaskGroup tasks(thread_->loop());
        tasks.spawn("step", keep(std::move(work), &value));
        runtime::rest(thread_->loop());
        return std::move(*value);
    }
    template <class T>
    static Awaitable<void> keep(Awaitable<T> work, std::optional<T>* value) {
        value->emplace(co_await std::move(work));
    }

    Result<void> play_all(std::vector<cli::PlannedRun> runs) {
        App::State& s = app_->state();
        const WorkspaceId workspace = s.identity->find_workspace("default")->id;
        for (auto& planned : runs) {
            // Those of one moment share their commits.
            if (planned.at > clock_.now()) runtime::move_to(thread_->loop(), clock_, planned.at);
            const auto flow = FlowId::parse(planned.flow);
            auto runnable = s.flows->cached(workspace, *flow);
            if (!runnable) {
                auto found = outcome(s.flows->runnable(workspace, *flow));
                if (!found) return fail(std::move(found.error()));
                runnable = std::move(*found);
            }
            engine::StartRun start{.workspace = workspace, .flow_id = *flow, .runnable = std::move(*runnable), .input = std::move(planned.input)};
            start.started_by = {planned.starter_kind, planned.starter};
            if (auto begun = s.engine->start_run(std::move(start)); !begun) return fail(std::move(begun.error()));
        }
        runtime::rest(thread_->loop());
        return {};
    }

    config::Config config_;
    const std::string data_;
    base::ManualClock clock_;
    RandomOfTime ids_{clock_};
    std::unique_ptr<runtime::LoopThread> thread_;
    std::unique_ptr<App> app_;
};

}  // namespace

Result<std::unique_ptr<cli::SteppedServer>> open_stepped(const config::Config& config, std::string data, Time start) {
    umask(0077);
    auto server = std::make_unique<Stepped>(config, std::move(data), start);
    auto opened = server->open();
    if (!opened) return fail(std::move(opened.error()));
    return std::unique_ptr<cli::SteppedServer>(std::move(server));
}

}  // namespace sluice::app
