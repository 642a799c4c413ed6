#include "sluice/runtime/pool.hpp"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include "runtime/waiter.hpp"
#include "sluice/runtime/stepping.hpp"

namespace sluice::runtime {

namespace {

struct Job {
    std::function<void()> work;
    std::atomic<bool> abandoned{false};  // its caller has gone before it began
    std::exception_ptr failure;
    std::shared_ptr<Waiter> waiter;  // touched and released on the loop only
    Elsewhere elsewhere;
};

}  // namespace

struct Pool::State {
    State(Loop& on, std::string pool_name, unsigned count, int nice_by)
        : loop(on),
          name(std::move(pool_name)),
          threads_wanted(std::max(count, 1U)),
          nice(nice_by) {}

    Loop& loop;
    const std::string name;
    const unsigned threads_wanted;
    const int nice;
    std::vector<std::thread> threads;

    std::mutex mutex;  // guards what follows
    std::condition_variable wake;
    std::deque<std::shared_ptr<Job>> queue;
    bool stopping = false;

    void work(unsigned number) {
        const auto label = fmt::format("{}-{}", std::string_view(name).substr(0, 12), number);
        ::pthread_setname_np(::pthread_self(), label.c_str());
        // Linux keeps the priority per thread; refusing it costs fairness only.
        if (nice != 0) ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), nice);
        while (true) {
            std::unique_lock lock(mutex);
            wake.wait(lock, [this] { return stopping || !queue.empty(); });
            if (queue.empty()) return;
            auto job = std::move(queue.front());
            queue.pop_front();
            lock.unlock();
            try {
                if (!job->abandoned) job->work();
            } catch (...) {
                job->failure = std::current_exception();
            }
            job->work = nullptr;
            loop.post([job = std::move(job)] { job->waiter->finish_inline(Outcome::done); });
        }
    }
};

Pool::Pool(Loop& loop, std::string name, unsigned threads, int nice)
    : state_(std::make_unique<State>(loop, std::move(name), threads, nice)) {}

Pool::~Pool() {
    {
        const std::lock_guard lock(state_->mutex);
        state_->stopping = true;
    }
    state_->wake.notify_all();
    for (auto& thread : state_->threads) thread.join();
}

Awaitable<void> Pool::execute(std::function<void()> work) {
    auto* state = state_.get();
    const auto job = std::make_shared<Job>();
    job->work = std::move(work);
    auto attach = [state, job](const std::shared_ptr<Waiter>& waiter) {
        job->waiter = waiter;
        if (state->threads.empty())
            for (unsigned i = 1; i <= state->threads_wanted; ++i)
                state->threads.emplace_back([state, i] { state->work(i); });
        {
            const std::lock_guard lock(state->mutex);
            state->queue.push_back(job);
        }
        state->wake.notify_one();
    };
    const auto outcome = co_await suspend(state->loop, std::move(attach));
    if (outcome == Outcome::cancelled) {
        job->abandoned = true;
        throw_cancelled();
    }
    if (job->failure) std::rethrow_exception(job->failure);
}

}  // namespace sluice::runtime
