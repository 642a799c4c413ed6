#pragma once
/// Memory that is not needed any more.

#include <functional>

namespace sluice::base {

/// Gives the system what the calling thread has freed and the allocator keeps for the next allocation, and what `freeing` frees. Takes
/// up to milliseconds: for moments when nothing else is to be done. Nothing but `freeing` happens where another allocator than the
/// program's own is linked (tests).
void give_memory_back(const std::function<void()>& freeing = {});

}  // namespace sluice::base
