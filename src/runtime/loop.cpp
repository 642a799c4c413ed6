#include "sluice/runtime/loop.hpp"

#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "runtime/waiter.hpp"
#include "sluice/base/log.hpp"
#include "sluice/base/metrics.hpp"
#include "sluice/runtime/stepping.hpp"

namespace sluice::runtime {

namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;

/// The kernel timer counts monotonic time, timers mean wall-clock time: looking at least this often
/// bounds how late a timer is after the clock was set forward or the machine slept.
constexpr Duration longest_nap = 1min;
constexpr Duration watch_interval = 10ms;
constexpr Duration delay_to_warn = 50ms;
constexpr Duration warn_interval = 1s;

base::metrics::Histogram& loop_delay() {
    static base::metrics::Histogram histogram("sluice_loop_delay_us",
                                              "Delay of the loop, sampled while it is busy");
    return histogram;
}

/// How to ask the loops of clocks that are moved by hand for their earliest timer. Loops are made on any thread.
struct ByHand {
    std::mutex mutex;
    std::map<const Loop*, std::function<std::optional<Time>()>> earliest;
};
ByHand& by_hand_loops() {
    static ByHand loops;
    return loops;
}

/// The loop does a little and sleeps. With short slices of the processor it gets its turn as soon as it wakes, where other
/// threads (the writer, password hashes, other programs) keep the cores busy; its share stays as it is. Linux since 6.12
/// heeds this, an older one ignores it. Source: sched_setattr(2), sched_runtime of SCHED_OTHER.
void ask_for_short_slices() {
    if (::sched_getscheduler(0) != SCHED_OTHER) return;  // somebody chose another policy for this process
    struct {
        std::uint32_t size, policy;
        std::uint64_t flags;
        std::int32_t nice;
        std::uint32_t priority;
        std::uint64_t runtime_ns, deadline_ns, period_ns;
    } attributes{48, SCHED_OTHER, 0, ::getpriority(PRIO_PROCESS, 0), 0, 100'000, 0, 0};
    static_assert(sizeof(attributes) == 48);
    ::syscall(SYS_sched_setattr, 0, &attributes, 0);
}

}  // namespace

std::optional<Time> next_timer(const Loop& loop) {
    auto& loops = by_hand_loops();
    const std::lock_guard lock(loops.mutex);
    const auto found = loops.earliest.find(&loop);
    return found == loops.earliest.end() ? std::nullopt : found->second();
}

struct Loop::State {
    using Timers = std::map<std::pair<Time, TimerId>, std::function<void()>>;

    explicit State(base::Clock& the_clock) : clock(the_clock) {}

    base::Clock& clock;
    Timers timers;
    std::unordered_map<TimerId, Time> due;
    TimerId next_id = 1;
    bool by_hand = false;  ///< the clock tells when it jumps, so no kernel timer is needed
    bool closing = false;
    std::atomic<std::thread::id> thread{};
    std::shared_ptr<int> alive = std::make_shared<int>(0);

    asio::io_context context{1};
    asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
    asio::steady_timer kernel{context};
    std::optional<Time> armed;  ///< what `kernel` waits for

    bool watching = false, sampling = false, active = false;
    asio::steady_timer sampler{context};
    Duration last_warning{-warn_interval};

    void arm() {
        if (by_hand || closing || timers.empty()) return;
        const Time earliest = timers.begin()->first.first;
        if (armed && *armed <= earliest) return;  // it wakes early, looks, and is armed again
        armed = earliest;
        const auto nap = std::clamp(earliest - clock.now(), Duration::zero(), longest_nap);
        kernel.expires_after(nap);
        kernel.async_wait([this](const boost::system::error_code& failed) {
            if (failed) return;
            armed.reset();
            fire_due();
        });
    }

    void fire_due() {
        const Time now = clock.now();
        std::vector<TimerId> ready;
        for (auto it = timers.begin(); it != timers.end() && it->first.first <= now; ++it)
            ready.push_back(it->first.second);
        struct Rearm {
            State& state;
            ~Rearm() { state.arm(); }
        } rearm{*this};
        // A timer that is set meanwhile waits for the next look, so that one which sets itself
        // again starves nobody.
        for (const auto id : ready) {
            const auto when = due.find(id);
            if (when == due.end()) continue;  // cancelled by one that fired before it
            auto node = timers.extract({when->second, id});
            due.erase(when);
            node.mapped()();
        }
        if (by_hand && !timers.empty() && timers.begin()->first.first <= clock.now())
            asio::post(context, [this] { fire_due(); });
        touch();
    }

    /// Notes activity; the watchdog samples as long as there is some.
    void touch() {
        active = true;
        if (watching && !sampling && !closing) sample();
    }

    void sample() {
        sampling = true;
        active = false;
        sampler.expires_after(watch_interval);
        sampler.async_wait([this](const boost::system::error_code& failed) {
            if (failed) return;
            const auto late = std::chrono::duration_cast<Duration>(
                std::chrono::steady_clock::now() - sampler.expiry());
            loop_delay().observe(
                static_cast<std::uint64_t>(std::max<std::int64_t>(late.count(), 0)));
            const auto steady = std::chrono::duration_cast<Duration>(
                std::chrono::steady_clock::now().time_since_epoch());
            if (late > delay_to_warn && steady - last_warning >= warn_interval) {
                last_warning = steady;
                log::warn("the loop was blocked",
                          {{"delay", base::format_duration(
                                         std::chrono::floor<std::chrono::milliseconds>(late))}});
            }
            sampling = false;
            if (active) sample();
        });
    }
};

Loop::Loop(base::Clock& clock) : clock_(clock), state_(std::make_unique<State>(clock)) {
    auto* state = state_.get();
    const auto hook = std::make_shared<std::weak_ptr<int>>(state->alive);
    clock.on_jump([hook, state] {
        if (const auto alive = hook->lock())
            asio::post(state->context, [state] { state->fire_due(); });
    });
    state->by_hand = hook.use_count() > 1;  // a clock that moves by itself keeps no hook
    if (!state->by_hand) return;
    const std::lock_guard lock(by_hand_loops().mutex);
    by_hand_loops().earliest[this] = [state] {
        return state->timers.empty() ? std::nullopt
                                     : std::optional(state->timers.begin()->first.first);
    };
}

Loop::~Loop() {
    if (state_->by_hand) {
        const std::lock_guard lock(by_hand_loops().mutex);
        by_hand_loops().earliest.erase(this);
    }
    state_->closing = true;
    state_->alive.reset();
    // Timers own suspended coroutines, whose ends may touch the loop: they go while it is whole.
    while (!state_->timers.empty()) {
        auto timers = std::exchange(state_->timers, {});
        state_->due.clear();
    }
}

void Loop::run() {
    state_->thread = std::this_thread::get_id();
    ask_for_short_slices();
    state_->arm();
    state_->context.run();
    state_->context.restart();
}

void Loop::run_ready() {
    state_->thread = std::this_thread::get_id();
    auto* state = state_.get();
    do {
        // Inside of the context: only there Asio hands a cancellation on at once.
        if (!state->timers.empty() && state->timers.begin()->first.first <= now())
            boost::asio::post(state->context, [state] { state->fire_due(); });
        if (state->context.stopped()) state->context.restart();
    } while (state->context.poll() > 0);
}

void Loop::stop() { state_->context.stop(); }

void Loop::post(std::function<void()> function) {
    auto* state = state_.get();
    asio::post(state->context, [state, run = std::move(function)] {
        state->touch();
        run();
    });
}

bool Loop::on_loop_thread() const { return state_->thread.load() == std::this_thread::get_id(); }

boost::asio::io_context& Loop::context() { return state_->context; }

Loop::TimerId Loop::at(Time when, std::function<void()> fire) {
    if (state_->closing) return 0;
    const auto id = state_->next_id++;
    state_->timers.emplace(std::pair(when, id), std::move(fire));
    state_->due.emplace(id, when);
    if (state_->by_hand) {
        if (when <= now())
            asio::post(state_->context, [state = state_.get()] { state->fire_due(); });
    } else {
        state_->arm();
        state_->touch();
    }
    return id;
}

void Loop::cancel_timer(TimerId id) {
    const auto found = state_->due.find(id);
    if (found == state_->due.end()) return;
    const auto node = state_->timers.extract(
        {found->second, id});  // destroyed last: its end may set or cancel timers
    state_->due.erase(found);
}

Awaitable<void> Loop::sleep_until(Time when) {
    auto attach = [when](const std::shared_ptr<Waiter>& waiter) {
        waiter->until(when, Outcome::done);
    };
    const auto outcome = co_await suspend(*this, attach);
    if (outcome == Outcome::cancelled) throw_cancelled();
}

Awaitable<void> Loop::sleep_for(Duration duration) {
    const auto when = now() + duration;
    co_await sleep_until(when);
}

Awaitable<void> Loop::yield() { co_await asio::post(state_->context, asio::use_awaitable); }

void Loop::watch() {
    loop_delay();
    state_->watching = true;
}

}  // namespace sluice::runtime
