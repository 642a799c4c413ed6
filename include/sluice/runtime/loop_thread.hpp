#pragma once
/// A loop on a thread of its own, for callers that block: commands that run an instance in their process, and tests.

#include <functional>
#include <memory>

#include "sluice/runtime/loop.hpp"

namespace sluice::runtime {

class TaskGroup;

/// Thread: the owner's, which is not the loop's.
class LoopThread {
  public:
    explicit LoopThread(base::Clock& clock);
    ~LoopThread();  ///< stops
    LoopThread(const LoopThread&) = delete;
    LoopThread& operator=(const LoopThread&) = delete;

    Loop& loop();
    void start();
    /// Runs the coroutine that `make` gives on the loop and blocks until it has ended; its exception is rethrown.
    void run(std::function<Awaitable<void>()> make);
    /// Stops the loop and joins the thread. May come twice.
    void stop();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

/// After `loop.run()` has returned: cancels the group's tasks and runs the loop until they have ended.
void finish(Loop& loop, TaskGroup& tasks);

}  // namespace sluice::runtime
