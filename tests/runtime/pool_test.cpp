#include "sluice/runtime/pool.hpp"

#include <atomic>
#include <fstream>
#include <thread>

#include <boost/system/system_error.hpp>
#include <catch2/catch.hpp>

#include "sluice/runtime/task_group.hpp"

using namespace sluice;
using namespace sluice::runtime;

namespace {

struct Seen {
    int value = 0;
    std::string error;
    std::string thread_name;
    bool back_on_loop = false;
    bool job_on_loop = true;
    std::atomic<bool> gate{false};
    std::atomic<bool> started{false}, ended{false};
};

std::string thread_name() {
    std::ifstream in("/proc/thread-self/comm");
    std::string name;
    std::getline(in, name);
    return name;
}

Awaitable<void> add(Pool* pool, Loop* loop, Seen* seen, int by) {
    auto job = [by, loop, seen] {
        seen->job_on_loop = loop->on_loop_thread();
        seen->thread_name = thread_name();
        return by;
    };
    const auto value = co_await pool->run(std::move(job));
    seen->value += value;
    seen->back_on_loop = loop->on_loop_thread();
    loop->stop();
}

Awaitable<void> fail_inside(Pool* pool, Loop* loop, Seen* seen) {
    try {
        auto job = [] { throw std::runtime_error("no such file"); };
        co_await pool->run(job);
    } catch (const std::runtime_error& e) {
        seen->error = e.what();
    }
    loop->stop();
}

Awaitable<void> wait_for_gate(Pool* pool, Seen* seen) {
    auto job = [seen] {
        seen->started = true;
        while (!seen->gate) std::this_thread::yield();
        seen->ended = true;
    };
    try {
        co_await pool->run(job);
    } catch (const boost::system::system_error& e) {
        seen->error = e.code().message();
        throw;
    }
}

Awaitable<void> stop_when_joined(TaskGroup* group, Loop* loop) {
    co_await group->cancel_and_join();
    loop->stop();
}

}  // namespace

TEST_CASE("a job runs on a named pool thread and its value comes back on the loop",
          "[runtime][pool]") {
    base::SystemClock clock;
    Loop loop(clock);
    Pool pool(loop, "files", 2, 5);
    TaskGroup tasks(loop);
    Seen seen;
    tasks.spawn("add", add(&pool, &loop, &seen, 7));
    loop.run();
    CHECK(seen.value == 7);
    CHECK(seen.back_on_loop);
    CHECK_FALSE(seen.job_on_loop);
    CHECK(seen.thread_name.starts_with("files-"));
    loop.run_ready();
}

TEST_CASE("an exception of a job is thrown where its value is awaited", "[runtime][pool]") {
    base::SystemClock clock;
    Loop loop(clock);
    Pool pool(loop, "p", 1);
    TaskGroup tasks(loop);
    Seen seen;
    tasks.spawn("fail", fail_inside(&pool, &loop, &seen));
    loop.run();
    CHECK(seen.error == "no such file");
    loop.run_ready();
}

TEST_CASE("cancelling ends the wait for a job, not the job", "[runtime][pool]") {
    base::SystemClock clock;
    Loop loop(clock);
    auto pool = std::make_unique<Pool>(loop, "p", 1);
    TaskGroup tasks(loop), owner(loop);
    Seen seen;
    tasks.spawn("wait", wait_for_gate(pool.get(), &seen));
    while (!seen.started) loop.run_ready();
    owner.spawn("stop", stop_when_joined(&tasks, &loop));
    loop.run();
    CHECK_FALSE(seen.error.empty());
    CHECK_FALSE(seen.ended);
    seen.gate = true;
    pool.reset();
    CHECK(seen.ended);
    loop.run_ready();
}

TEST_CASE("the end of a pool runs the queued jobs first", "[runtime][pool]") {
    base::SystemClock clock;
    Loop loop(clock);
    TaskGroup tasks(loop);
    std::atomic<int> ran{0};
    {
        Pool pool(loop, "p", 1);
        const auto count = [](Pool* on, std::atomic<int>* counter) -> Awaitable<void> {
            auto job = [counter] { ++*counter; };
            co_await on->run(job);
        };
        for (int i = 0; i < 100; ++i) tasks.spawn("count", count(&pool, &ran));
        loop.run_ready();
    }
    CHECK(ran == 100);
    loop.run_ready();
    CHECK(tasks.size() == 0);
}
