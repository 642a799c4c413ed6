#pragma once
/// Background tasks with an owner, a name and an end. A group is the last member of its owner; `stop()` of the owner
/// awaits `cancel_and_join()`. An exception that leaves a task is logged with the task's name; cancellation is not.

#include <cstddef>
#include <memory>
#include <string>

#include "sluice/runtime/awaitable.hpp"
#include "sluice/runtime/loop.hpp"

namespace sluice::runtime {

/// Thread: loop.
class TaskGroup {
  public:
    explicit TaskGroup(Loop& loop);
    ~TaskGroup();  ///< the group must have been joined, or never used
    TaskGroup(const TaskGroup&) = delete;
    TaskGroup& operator=(const TaskGroup&) = delete;

    using TaskId = std::uint64_t;
    /// Starts `task` (it takes values only). The id cancels it alone.
    TaskId spawn(std::string name, Awaitable<void> task);
    /// Asks one task to end; it sees operation_aborted at its next wait. Unknown ids are ignored.
    void cancel(TaskId id);
    /// Asks all tasks to end and waits until they have. May be called twice.
    Awaitable<void> cancel_and_join();
    /// Waits until every task has ended by itself.
    Awaitable<void> join();
    std::size_t size() const;

  private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace sluice::runtime
