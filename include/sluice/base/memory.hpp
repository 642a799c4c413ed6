#pragma once
/// Memory that is not needed any more.

namespace sluice::base {

/// Gives the system what the calling thread has freed and the allocator keeps for the next allocation. Takes up to milliseconds:
/// for moments when nothing else is to be done. Nothing happens where another allocator than the program's own is linked (tests).
void give_memory_back();

}  // namespace sluice::base
