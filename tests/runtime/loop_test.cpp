#include "sluice/runtime/loop.hpp"

#include <atomic>
#include <thread>

#include <boost/asio/io_context.hpp>
#include <boost/system/system_error.hpp>
#include <catch2/catch.hpp>

#include "sluice/base/metrics.hpp"
#include "sluice/runtime/deadline.hpp"
#include "sluice/runtime/pool.hpp"
#include "sluice/runtime/sync.hpp"
#include "sluice/runtime/task_group.hpp"

using namespace sluice;
using namespace sluice::runtime;
using namespace std::chrono_literals;

namespace {

using Log = std::shared_ptr<std::vector<std::string>>;

Awaitable<void> note(Log log, std::string text) {
    log->push_back(std::move(text));
    co_return;
}

Awaitable<void> sleep_then_note(Loop* loop, Duration duration, Log log, std::string text) {
    co_await loop->sleep_for(duration);
    log->push_back(std::move(text));
}

Awaitable<void> note_cancellation(Loop* loop, Log log) {
    try {
        co_await loop->sleep_for(1h);
        log->push_back("slept");
    } catch (const boost::system::system_error& e) {
        log->push_back(e.code() == boost::asio::error::operation_aborted ? "aborted" : "other");
        throw;
    }
}

Awaitable<void> wait_then_note(Signal* signal, Log log, std::string text) {
    co_await signal->wait();
    log->push_back(std::move(text));
}

Awaitable<void> wait_until_then_note(Signal* signal, Time deadline, Log log) {
    const bool notified = co_await signal->wait_until(deadline);
    log->push_back(notified ? "notified" : "expired");
}

Awaitable<void> fail_with(std::string message) {
    throw std::runtime_error(message);
    co_return;
}

Awaitable<void> join_then_note(TaskGroup* group, bool cancel, Log log) {
    if (cancel) co_await group->cancel_and_join();
    else co_await group->join();
    log->push_back("joined");
}

/// A type without a default value: operations must not need one.
struct Answer {
    explicit Answer(int v) : value(v) {}
    int value;
};

Awaitable<Result<Answer>> answer_after(Loop* loop, Duration duration, Log log) {
    try {
        co_await loop->sleep_for(duration);
    } catch (...) {
        log->push_back("operation cancelled");
        throw;
    }
    co_return Answer(42);
}

Awaitable<Result<Answer>> fails_when_cancelled(Loop* loop) {
    try {
        co_await loop->sleep_for(1h);
    } catch (const boost::system::system_error&) {
        co_return fail(ErrorCode::upstream_failed, "the connection was cut");
    }
    co_return Answer(1);
}

Awaitable<void> with_limit(Loop* loop, Duration limit, Awaitable<Result<Answer>> operation,
                           Log log) {
    const auto deadline = loop->now() + limit;
    auto result =
        co_await with_deadline(*loop, deadline, std::move(operation), std::string("too slow"));
    if (result) log->push_back(fmt::format("answer {}", result->value));
    else
        log->push_back(
            fmt::format("{}: {}", to_string(result.error().code), result.error().message));
}

struct Fixture {
    base::ManualClock clock;
    Loop loop{clock};
    Log log = std::make_shared<std::vector<std::string>>();
    void advance(Duration by) {
        clock.advance(by);
        loop.run_ready();
    }
    using Lines = std::vector<std::string>;
};

}  // namespace

TEST_CASE_METHOD(Fixture, "timers fire in the order of their times and never early",
                 "[runtime][timer]") {
    const auto add = [&](Duration after, std::string text) {
        loop.at(loop.now() + after, [this, text] { log->push_back(text); });
    };
    add(2s, "second");
    add(1s, "first");
    add(2s, "third");
    loop.run_ready();
    advance(999999us);
    CHECK(log->empty());
    advance(1us);
    CHECK(*log == Lines{"first"});
    advance(1h);
    CHECK(*log == Lines{"first", "second", "third"});
}

TEST_CASE_METHOD(Fixture, "a cancelled timer does not fire, even when it is due already",
                 "[runtime][timer]") {
    Loop::TimerId second = 0;
    loop.at(loop.now() + 1s, [&] {
        log->push_back("first");
        loop.cancel_timer(second);
    });
    second = loop.at(loop.now() + 1s, [&] { log->push_back("second"); });
    const auto third = loop.at(loop.now() + 1s, [&] { log->push_back("third"); });
    loop.cancel_timer(third);
    loop.cancel_timer(third);
    loop.cancel_timer(12345);
    advance(1s);
    CHECK(*log == Lines{"first"});
    loop.cancel_timer(second);
}

TEST_CASE_METHOD(Fixture, "a timer that sets itself again for now lets other work run",
                 "[runtime][timer]") {
    int turns = 0;
    std::function<void()> again = [&] {
        if (++turns < 5) loop.at(loop.now(), again);
        loop.post([&] { log->push_back(std::to_string(turns)); });
    };
    loop.at(loop.now(), again);
    loop.run_ready();
    CHECK(turns == 5);
    CHECK(log->size() == 5);
    CHECK(log->front() != "5");
}

TEST_CASE_METHOD(Fixture, "100,000 timers can be set, moved past and cancelled",
                 "[runtime][timer]") {
    std::vector<Loop::TimerId> ids;
    int fired = 0;
    for (int i = 0; i < 100'000; ++i)
        ids.push_back(loop.at(loop.now() + Duration(i), [&] { ++fired; }));
    for (std::size_t i = 0; i < ids.size(); i += 2) loop.cancel_timer(ids[i]);
    advance(1s);
    CHECK(fired == 50'000);
}

TEST_CASE("with the machine's clock a timer fires by itself and not early", "[runtime][timer]") {
    base::SystemClock clock;
    Loop loop(clock);
    const auto when = clock.now() + 20ms;
    Time fired{};
    loop.at(clock.now() + 1h, [] {});
    loop.at(when, [&] {
        fired = clock.now();
        loop.stop();
    });
    loop.run();
    CHECK(fired >= when);
}

TEST_CASE("work is posted from other threads and runs on the loop", "[runtime][loop]") {
    base::SystemClock clock;
    Loop loop(clock);
    loop.watch();
    int count = 0;
    bool on_loop = true;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&] {
            for (int i = 0; i < 1000; ++i)
                loop.post([&] {
                    on_loop = on_loop && loop.on_loop_thread();
                    if (++count == 4000) loop.stop();
                });
        });
    CHECK_FALSE(loop.on_loop_thread());
    loop.run();
    for (auto& thread : threads) thread.join();
    CHECK(count == 4000);
    CHECK(on_loop);
}

TEST_CASE("the watchdog counts the delay of a blocked loop", "[runtime][watch]") {
    base::SystemClock clock;
    Loop loop(clock);
    loop.watch();
    loop.post([&] {
        const auto until = clock.steady() + 30ms;
        while (clock.steady() < until) {
        }
    });
    loop.at(clock.now() + 60ms, [&] { loop.stop(); });
    loop.run();
    const auto text = base::metrics::render_prometheus();
    const auto at = text.find("sluice_loop_delay_us_count ");
    REQUIRE(at != std::string::npos);
    CHECK(std::stoi(text.substr(at + 27)) >= 1);
}

TEST_CASE_METHOD(Fixture, "a sleeping task goes on when the clock reaches its time",
                 "[runtime][task]") {
    TaskGroup tasks(loop);
    tasks.spawn("b", sleep_then_note(&loop, 2s, log, "b"));
    tasks.spawn("a", sleep_then_note(&loop, 1s, log, "a"));
    tasks.spawn("now", sleep_then_note(&loop, 0s, log, "now"));
    CHECK(log->empty());
    loop.run_ready();
    CHECK(*log == Lines{"now"});
    CHECK(tasks.size() == 2);
    advance(1s);
    CHECK(*log == Lines{"now", "a"});
    advance(1s);
    CHECK(*log == Lines{"now", "a", "b"});
    CHECK(tasks.size() == 0);
}

TEST_CASE_METHOD(Fixture, "a task never starts inside of spawn", "[runtime][task]") {
    TaskGroup tasks(loop);
    loop.post([&] {
        tasks.spawn("t", note(log, "task"));
        log->push_back("after spawn");
    });
    loop.run_ready();
    CHECK(*log == Lines{"after spawn", "task"});
}

TEST_CASE_METHOD(Fixture, "a cancelled task sees operation_aborted and leaves its group",
                 "[runtime][task]") {
    TaskGroup tasks(loop);
    const auto id = tasks.spawn("t", note_cancellation(&loop, log));
    const auto other = tasks.spawn("u", sleep_then_note(&loop, 1s, log, "other"));
    SECTION("while it waits") { loop.run_ready(); }
    SECTION("from inside the loop") {
        loop.run_ready();
        loop.post([&] { tasks.cancel(id); });
    }
    SECTION("from outside, twice") {
        loop.run_ready();
        tasks.cancel(id);
        tasks.cancel(id);
    }
    tasks.cancel(id);
    loop.run_ready();
    CHECK(*log == Lines{"aborted"});
    CHECK(tasks.size() == 1);
    tasks.cancel(id);
    advance(1s);
    CHECK(tasks.size() == 0);
    tasks.cancel(other);
}

TEST_CASE_METHOD(Fixture, "a task that is cancelled before its first line never runs",
                 "[runtime][task]") {
    TaskGroup tasks(loop);
    loop.post([&] { tasks.cancel(tasks.spawn("t", note(log, "ran"))); });
    loop.run_ready();
    CHECK(log->empty());
    CHECK(tasks.size() == 0);
}

TEST_CASE_METHOD(Fixture, "joining with cancellation ends every task and may be repeated",
                 "[runtime][task]") {
    TaskGroup owner(loop), tasks(loop);
    for (int i = 0; i < 3; ++i) tasks.spawn("t", note_cancellation(&loop, log));
    loop.run_ready();
    owner.spawn("stop", join_then_note(&tasks, true, log));
    loop.run_ready();
    CHECK(*log == Lines{"aborted", "aborted", "aborted", "joined"});
    CHECK(tasks.size() == 0);
    owner.spawn("stop again", join_then_note(&tasks, true, log));
    loop.run_ready();
    CHECK(log->back() == "joined");
    CHECK(log->size() == 5);
}

TEST_CASE_METHOD(Fixture, "joining without cancellation waits for the tasks' own ends",
                 "[runtime][task]") {
    TaskGroup owner(loop), tasks(loop);
    tasks.spawn("t", sleep_then_note(&loop, 1s, log, "slept"));
    owner.spawn("join", join_then_note(&tasks, false, log));
    loop.run_ready();
    CHECK(log->empty());
    advance(1s);
    CHECK(*log == Lines{"slept", "joined"});
}

TEST_CASE_METHOD(Fixture, "an exception ends its task and no other", "[runtime][task]") {
    TaskGroup tasks(loop);
    tasks.spawn("broken", fail_with("broken on purpose by a test"));
    tasks.spawn("whole", note(log, "whole"));
    loop.run_ready();
    CHECK(*log == Lines{"whole"});
    CHECK(tasks.size() == 0);
}

TEST_CASE_METHOD(Fixture, "a signal resumes its present waiters in order, not later ones",
                 "[runtime][signal]") {
    Signal signal(loop);
    TaskGroup tasks(loop);
    tasks.spawn("a", wait_then_note(&signal, log, "a"));
    tasks.spawn("b", wait_then_note(&signal, log, "b"));
    loop.run_ready();
    CHECK(signal.has_waiters());
    signal.notify();
    CHECK(log->empty());
    CHECK_FALSE(signal.has_waiters());
    loop.run_ready();
    CHECK(*log == Lines{"a", "b"});
    const auto late = tasks.spawn("c", wait_then_note(&signal, log, "c"));
    loop.run_ready();
    CHECK(log->size() == 2);
    tasks.cancel(late);
    loop.run_ready();
    CHECK_FALSE(signal.has_waiters());
    CHECK(tasks.size() == 0);
}

TEST_CASE_METHOD(Fixture, "waiting for a signal ends with its deadline", "[runtime][signal]") {
    Signal signal(loop);
    TaskGroup tasks(loop);
    tasks.spawn("t", wait_until_then_note(&signal, loop.now() + 5s, log));
    loop.run_ready();
    SECTION("which passes first") {
        advance(5s);
        CHECK(*log == Lines{"expired"});
    }
    SECTION("unless it is notified first") {
        signal.notify();
        loop.run_ready();
        advance(5s);
        CHECK(*log == Lines{"notified"});
    }
    SECTION("and with the end of the signal itself") {
        {
            Signal moved = std::move(signal);
        }
        loop.run_ready();
        CHECK(log->empty());
    }
    CHECK(tasks.size() == 0);
}

TEST_CASE_METHOD(Fixture, "a value set once reaches those before and after", "[runtime][signal]") {
    OneShot<int> value(loop);
    TaskGroup tasks(loop);
    const auto read = [](OneShot<int>* from, Log log) -> Awaitable<void> {
        co_await from->wait();
        log->push_back(std::to_string(from->get()));
    };
    tasks.spawn("before", read(&value, log));
    loop.run_ready();
    CHECK_FALSE(value.ready());
    value.set(7);
    value.set(8);
    tasks.spawn("after", read(&value, log));
    loop.run_ready();
    CHECK(*log == Lines{"7", "7"});
}

TEST_CASE_METHOD(Fixture, "an operation within its deadline gives its result",
                 "[runtime][deadline]") {
    TaskGroup tasks(loop);
    tasks.spawn("t", with_limit(&loop, 2s, answer_after(&loop, 1s, log), log));
    loop.run_ready();
    advance(1s);
    CHECK(*log == Lines{"answer 42"});
    advance(1h);
    CHECK(log->size() == 1);
}

TEST_CASE_METHOD(Fixture, "an operation past its deadline is cancelled and reported as a timeout",
                 "[runtime][deadline]") {
    TaskGroup tasks(loop);
    SECTION("when it throws operation_aborted") {
        tasks.spawn("t", with_limit(&loop, 2s, answer_after(&loop, 1h, log), log));
        loop.run_ready();
        advance(2s);
        CHECK(*log == Lines{"operation cancelled", "timeout: too slow"});
    }
    SECTION("when it gives an error of its own") {
        tasks.spawn("t", with_limit(&loop, 2s, fails_when_cancelled(&loop), log));
        loop.run_ready();
        advance(2s);
        CHECK(*log == Lines{"timeout: too slow"});
    }
    SECTION("when the deadline has passed before it begins") {
        tasks.spawn("t", with_limit(&loop, 0s, answer_after(&loop, 1s, log), log));
        loop.run_ready();
        CHECK(*log == Lines{"timeout: too slow"});
    }
    CHECK(tasks.size() == 0);
}

TEST_CASE_METHOD(Fixture, "an operation without a value can have a deadline too",
                 "[runtime][deadline]") {
    const auto run = [](Loop* on, Duration takes, Log to) -> Awaitable<void> {
        const auto work = [](Loop* loop_of, Duration time) -> Awaitable<Result<>> {
            co_await loop_of->sleep_for(time);
            co_return Result<>();
        };
        const auto deadline = on->now() + 1s;
        auto operation = work(on, takes);
        const auto result =
            co_await with_deadline(*on, deadline, std::move(operation), std::string("late"));
        to->push_back(result ? "done" : result.error().message);
    };
    TaskGroup tasks(loop);
    tasks.spawn("quick", run(&loop, 10ms, log));
    tasks.spawn("slow", run(&loop, 1h, log));
    loop.run_ready();
    advance(10ms);
    advance(1h);
    CHECK(*log == Lines{"done", "late"});
}

TEST_CASE_METHOD(Fixture, "cancellation passes through a deadline to the operation and on",
                 "[runtime][deadline]") {
    TaskGroup tasks(loop);
    auto inner = with_limit(&loop, 1h, answer_after(&loop, 2h, log), log);
    const auto id = tasks.spawn("t", std::move(inner));
    loop.run_ready();
    tasks.cancel(id);
    loop.run_ready();
    CHECK(*log == Lines{"operation cancelled"});
    CHECK(tasks.size() == 0);
    advance(3h);
    CHECK(log->size() == 1);
}

TEST_CASE("a loop is destroyed with tasks and timers still waiting", "[runtime][loop]") {
    base::ManualClock clock;
    const auto log = std::make_shared<std::vector<std::string>>();
    const auto guard = std::make_shared<int>(1);
    {
        Loop loop(clock);
        auto tasks = std::make_unique<TaskGroup>(loop);
        tasks->spawn("sleeper", note_cancellation(&loop, log));
        tasks->spawn("limited", with_limit(&loop, 1h, answer_after(&loop, 2h, log), log));
        loop.at(loop.now() + 1h, [guard] {});
        loop.run_ready();
        CHECK(guard.use_count() == 2);
        tasks.reset();
    }
    CHECK(guard.use_count() == 1);
    CHECK(log->empty());
    clock.advance(2h);  // the hook of a loop that is gone does nothing
}
