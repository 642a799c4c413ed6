#pragma once
/// Named pools of a few threads for work that blocks or takes long (password hashes, DNS, files, compression, big JSON).

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "sluice/runtime/awaitable.hpp"
#include "sluice/runtime/loop.hpp"

namespace sluice::runtime {

/// Thread: `run` on the loop; jobs run on the pool's threads, which are started with the first job.
class Pool {
  public:
    /// `nice` is added to the threads' priority (10 for password hashing).
    Pool(Loop& loop, std::string name, unsigned threads, int nice = 0);
    ~Pool();  ///< joins; queued jobs are run first
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;

    /// Runs `job` on a pool thread and resumes on the loop with its value; its exception is rethrown here. A job that has
    /// begun is not interrupted by cancellation: the wait is, and its captured values live until it ends. One that has
    /// not begun when its caller is cancelled never does.
    template <class Job>
    auto run(Job job) -> Awaitable<std::invoke_result_t<Job&>> {
        using Value = std::invoke_result_t<Job&>;
        if constexpr (std::is_void_v<Value>) {
            std::function<void()> work = [j = std::make_shared<Job>(std::move(job))] { (*j)(); };
            co_await execute(std::move(work));
        } else {
            auto slot = std::make_shared<std::optional<Value>>();
            std::function<void()> work = [j = std::make_shared<Job>(std::move(job)), slot] { slot->emplace((*j)()); };
            co_await execute(std::move(work));
            co_return std::move(**slot);
        }
    }

  private:
    Awaitable<void> execute(std::function<void()> work);
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace sluice::runtime
