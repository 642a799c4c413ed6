#include "sluice/runtime/stepping.hpp"

#include <catch2/catch.hpp>

#include "sluice/base/clock.hpp"
#include "sluice/runtime/loop.hpp"
#include "sluice/runtime/pool.hpp"

using namespace sluice;
using namespace std::chrono_literals;

TEST_CASE("a moved loop fires each timer at its own time, those that timers set too", "[runtime][stepping]") {
    base::ManualClock clock;
    runtime::Loop loop(clock);
    const Time start = clock.now();
    std::vector<Duration> fired;
    const auto note = [&] { fired.push_back(clock.now() - start); };
    loop.at(start + 3s, note);
    loop.at(start + 1s, [&] {
        note();
        loop.at(clock.now() + 500ms, note);
    });
    loop.at(start + 10s, note);
    CHECK(runtime::next_timer(loop) == start + 1s);
    runtime::move_to(loop, clock, start + 5s);
    CHECK(fired == std::vector<Duration>{1s, 1500ms, 3s});
    CHECK(clock.now() == start + 5s);
    CHECK(runtime::next_timer(loop) == start + 10s);
}

TEST_CASE("a loop rests only when what other threads do for it has come back", "[runtime][stepping]") {
    base::ManualClock clock;
    runtime::Loop loop(clock);
    runtime::Pool pool(loop, "slow", 2);
    int done = 0;
    const auto work = [&]() -> Awaitable<void> {
        for (int i = 0; i < 50; ++i) {
            const auto job = [] { return 1; };
            done += co_await pool.run(job);
        }
    };
    for (int i = 0; i < 4; ++i) boost::asio::co_spawn(loop.context(), work(), [](std::exception_ptr) {});
    runtime::rest(loop);
    CHECK(done == 200);
}

TEST_CASE("a loop of the machine's own clock has no timer to move to", "[runtime][stepping]") {
    base::SystemClock clock;
    runtime::Loop loop(clock);
    loop.at(clock.now() + 1h, [] {});
    CHECK_FALSE(runtime::next_timer(loop));
}
