#include "sluice/base/memory.hpp"

/// Of mimalloc; null where another allocator is linked.
extern "C" __attribute__((weak)) void mi_collect(bool force);

namespace sluice::base {

void give_memory_back() {
    if (mi_collect != nullptr) mi_collect(true);
}

}  // namespace sluice::base
