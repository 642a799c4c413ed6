#pragma once
/// Time and randomness behind interfaces, so that tests and the simulation decide both.

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "sluice/base/time.hpp"

namespace sluice::base {

/// Where the current time comes from. Thread: any.
class Clock {
  public:
    virtual ~Clock() = default;
    /// Wall-clock time (UTC).
    virtual Time now() const = 0;
    /// Time since an arbitrary start that never jumps; for durations and deadlines.
    virtual Duration steady() const = 0;
    /// Called with a function to run (on the advancing thread) whenever time jumps by hand; the real clock ignores it.
    virtual void on_jump(std::function<void()> notify) { (void)notify; }
};

/// The machine's clocks.
class SystemClock final : public Clock {
  public:
    Time now() const override;
    Duration steady() const override;
};

/// A clock that moves only when told to. Thread: the loop (tests advance it from there or while the loop is idle).
class ManualClock final : public Clock {
  public:
    explicit ManualClock(Time start = from_us(1'700'000'000'000'000)) : now_us_(to_us(start)) {}
    Time now() const override { return from_us(now_us_.load()); }
    Duration steady() const override { return Duration(now_us_.load()); }
    void on_jump(std::function<void()> notify) override { notify_.push_back(std::move(notify)); }
    /// Moves time forward and lets due timers fire.
    void advance(Duration by);

  private:
    std::atomic<std::int64_t> now_us_;
    std::vector<std::function<void()>> notify_;
};

/// Where randomness comes from. Thread: the owner's.
class Random {
  public:
    virtual ~Random() = default;
    virtual std::uint64_t next() = 0;
    /// Fills with random bytes.
    virtual void fill(std::span<std::uint8_t> bytes);
    /// Uniform in [0, bound); 0 for bound 0.
    std::uint64_t below(std::uint64_t bound);
};

/// The kernel's randomness, buffered; fit for keys and tokens.
class SystemRandom final : public Random {
  public:
    std::uint64_t next() override;
    void fill(std::span<std::uint8_t> bytes) override;

  private:
    std::array<std::uint64_t, 64> buffer_{};
    std::size_t used_ = 64;
};

/// A seeded generator (splitmix64): same seed, same numbers, on every machine. For tests and the simulation.
class SeededRandom final : public Random {
  public:
    explicit SeededRandom(std::uint64_t seed) : state_(seed) {}
    std::uint64_t next() override;

  private:
    std::uint64_t state_;
};

}  // namespace sluice::base
