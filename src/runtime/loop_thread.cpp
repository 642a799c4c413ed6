#include "sluice/runtime/loop_thread.hpp"

#include <future>
#include <thread>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include "sluice/runtime/task_group.hpp"

namespace sluice::runtime {

struct LoopThread::State {
    explicit State(base::Clock& clock) : loop(clock) {}
    Loop loop;
    std::thread thread;
};

LoopThread::LoopThread(base::Clock& clock) : state_(std::make_unique<State>(clock)) {}
LoopThread::~LoopThread() { stop(); }

Loop& LoopThread::loop() { return state_->loop; }

void LoopThread::start() {
    if (state_->thread.joinable()) return;
    state_->thread = std::thread([loop = &state_->loop] { loop->run(); });
}

void LoopThread::run(std::function<Awaitable<void>()> make) {
    std::promise<void> ended;
    auto end = ended.get_future();
    auto spawn = [&] {
        auto done = [&ended](std::exception_ptr failure) {
            if (failure) ended.set_exception(failure);
            else ended.set_value();
        };
        boost::asio::co_spawn(state_->loop.context(), make(), done);
    };
    state_->loop.post(spawn);
    end.get();
}

void LoopThread::stop() {
    if (!state_->thread.joinable()) return;
    state_->loop.stop();
    state_->thread.join();
}

void finish(Loop& loop, TaskGroup& tasks) {
    bool ended = false;
    auto done = [&ended](std::exception_ptr) { ended = true; };
    boost::asio::co_spawn(loop.context(), tasks.cancel_and_join(), done);
    while (!ended) {
        loop.context().restart();
        loop.context().run_one();
    }
}

}  // namespace sluice::runtime
