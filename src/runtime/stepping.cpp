#include "sluice/runtime/stepping.hpp"

#include <atomic>

#include <boost/asio/io_context.hpp>

#include "sluice/runtime/loop.hpp"

namespace sluice::runtime {

namespace {
std::atomic<std::size_t> under_way{0};
}

Elsewhere::Elsewhere() { under_way.fetch_add(1, std::memory_order_relaxed); }
Elsewhere::~Elsewhere() { under_way.fetch_sub(1, std::memory_order_relaxed); }

void rest(Loop& loop) {
    for (loop.run_ready(); under_way.load(std::memory_order_relaxed) > 0; loop.run_ready()) {
        if (loop.context().stopped()) loop.context().restart();
        loop.context().run_one();  // the loop's own work keeps it waiting for the post
    }
}

void move_to(Loop& loop, base::ManualClock& clock, Time when) {
    rest(loop);
    for (auto next = next_timer(loop); next && *next <= when; next = next_timer(loop)) {
        clock.advance(std::max(*next - clock.now(), Duration::zero()));
        rest(loop);
    }
    if (when > clock.now()) clock.advance(when - clock.now());
    rest(loop);
}

}  // namespace sluice::runtime
