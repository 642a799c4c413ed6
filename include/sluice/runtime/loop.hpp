#pragma once
/// The loop: one thread that owns every piece of control state. Nothing on it may block; a watchdog measures its delay.
/// Timers follow the injected clock: with a manual clock they fire when it is advanced, and 100,000 of them cost memory
/// but no CPU (one ordered map, one kernel timer for the earliest).

#include <functional>
#include <memory>

#include "sluice/base/clock.hpp"
#include "sluice/runtime/awaitable.hpp"

namespace boost::asio {
class io_context;
}

namespace sluice::runtime {

/// Thread: `post` from any; everything else on the loop (or before `run`).
class Loop {
  public:
    explicit Loop(base::Clock& clock);
    ~Loop();
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    /// Runs on the calling thread until `stop`; that thread is the loop.
    void run();
    /// Runs what is ready and returns (tests with a manual clock, simulations).
    void run_ready();
    /// Makes `run` return; from any thread.
    void stop();
    /// Runs `function` on the loop soon; from any thread.
    void post(std::function<void()> function);
    bool on_loop_thread() const;

    boost::asio::io_context& context();
    base::Clock& clock() const { return clock_; }
    Time now() const { return clock_.now(); }

    /// A timer by hand: `fire` runs on the loop at `when` (never early). The id cancels it; a fired id is ignored.
    using TimerId = std::uint64_t;
    TimerId at(Time when, std::function<void()> fire);
    void cancel_timer(TimerId id);

    /// Waits; throws boost::system::system_error(operation_aborted) when the awaiting task is cancelled.
    Awaitable<void> sleep_until(Time when);
    Awaitable<void> sleep_for(Duration duration);
    /// Lets other ready work run first.
    Awaitable<void> yield();

    /// Starts the watchdog: a delay above 50 ms is logged and counted (`sluice_loop_delay_us`). It samples only while
    /// the loop is busy, so an idle process does not wake up for it.
    void watch();

  private:
    struct State;
    base::Clock& clock_;
    std::unique_ptr<State> state_;
};

}  // namespace sluice::runtime
