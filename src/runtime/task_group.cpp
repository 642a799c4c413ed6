#include "sluice/runtime/task_group.hpp"

#include <map>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include "sluice/base/log.hpp"
#include "sluice/runtime/sync.hpp"

namespace sluice::runtime {

namespace asio = boost::asio;

namespace {

struct Task {
    std::string name;
    asio::cancellation_signal cancel;
    bool asked = false;  ///< to end
};

void report(const std::string& name, const std::exception_ptr& failure) {
    if (!failure) return;
    try {
        std::rethrow_exception(failure);
    } catch (const boost::system::system_error& e) {
        if (e.code() != asio::error::operation_aborted)
            log::error("a background task failed", {{"task", name}, {"error", e.what()}});
    } catch (const std::exception& e) {
        log::error("a background task failed", {{"task", name}, {"error", e.what()}});
    } catch (...) {
        log::error("a background task failed",
                   {{"task", name}, {"error", "an exception of unknown type"}});
    }
}

/// The task begins with a post: `spawn` returns before the task's first line runs.
Awaitable<void> begin(Awaitable<void> task) {
    co_await asio::post(asio::use_awaitable);
    co_await std::move(task);
}

void ask(const std::shared_ptr<Task>& task) {
    if (std::exchange(task->asked, true)) return;
    task->cancel.emit(asio::cancellation_type::terminal);
}

}  // namespace

struct TaskGroup::State {
    explicit State(Loop& on) : loop(on), ended(on) {}
    Loop& loop;
    TaskId next_id = 1;
    std::map<TaskId, std::shared_ptr<Task>> tasks;
    Signal ended;  ///< notified whenever the last task has ended
};

TaskGroup::TaskGroup(Loop& loop) : state_(std::make_shared<State>(loop)) {}

TaskGroup::~TaskGroup() {
    for (const auto& [id, task] : state_->tasks)
        log::error("a task group was destroyed before its tasks had ended", {{"task", task->name}});
}

TaskGroup::TaskId TaskGroup::spawn(std::string name, Awaitable<void> task) {
    const auto id = state_->next_id++;
    auto entry = std::make_shared<Task>();
    entry->name = std::move(name);
    state_->tasks.emplace(id, entry);
    auto ended = [state = state_, id, entry](std::exception_ptr failure) {
        report(entry->name, failure);
        state->tasks.erase(id);
        if (state->tasks.empty()) state->ended.notify();
    };
    auto handler = asio::bind_cancellation_slot(entry->cancel.slot(), std::move(ended));
    asio::co_spawn(state_->loop.context(), begin(std::move(task)), std::move(handler));
    return id;
}

void TaskGroup::cancel(TaskId id) {
    const auto found = state_->tasks.find(id);
    if (found == state_->tasks.end()) return;
    const auto task = found->second;
    // Asio hands a cancellation on by `dispatch` with a bare pointer into the task: outside of the
    // loop's handlers the task could end in between. (Boost 1.81, co_spawn_cancellation_handler.)
    if (state_->loop.context().get_executor().running_in_this_thread()) return ask(task);
    asio::post(state_->loop.context(), [state = state_, id] {
        if (const auto still = state->tasks.find(id); still != state->tasks.end()) {
            const auto running = still->second;
            ask(running);
        }
    });
}

Awaitable<void> TaskGroup::cancel_and_join() {
    const auto state = state_;
    while (!state->tasks.empty()) {
        std::vector<std::shared_ptr<Task>> present;
        for (const auto& [id, task] : state->tasks) present.push_back(task);
        for (const auto& task : present) ask(task);
        co_await state->ended
            .wait();  // tasks that were started meanwhile are asked in the next turn
    }
}

Awaitable<void> TaskGroup::join() {
    const auto state = state_;
    while (!state->tasks.empty()) co_await state->ended.wait();
}

std::size_t TaskGroup::size() const { return state_->tasks.size(); }

}  // namespace sluice::runtime
