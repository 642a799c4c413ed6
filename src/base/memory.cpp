#include "sluice/base/memory.hpp"

// Of mimalloc; null where another allocator is linked.
extern "C" {
__attribute__((weak)) void mi_collect(bool force);
__attribute__((weak)) long mi_option_get(int option);
__attribute__((weak)) void mi_option_set(int option, long value);
}

namespace sluice::base {
namespace {

/// mi_option_decommit_delay, which later versions call purge_delay: for how many milliseconds a freed page is kept. The delay pays under
/// load; at its end nothing more is freed, and what was freed last would be kept for good.
constexpr int delay_option = 15;

}  // namespace

void give_memory_back(const std::function<void()>& freeing) {
    const bool own = mi_collect != nullptr && mi_option_get != nullptr && mi_option_set != nullptr;
    const long delay = own ? mi_option_get(delay_option) : 0;
    if (own) mi_option_set(delay_option, 0);
    if (freeing) freeing();
    if (!own) return;
    mi_collect(true);
    // Another thread may do the same at the same time: nobody puts back the other one's 0.
    if (delay > 0) mi_option_set(delay_option, delay);
}

}  // namespace sluice::base
