#pragma once
/// Seeded bugs that show that the tests of reliability have teeth: scripts/teeth builds a binary of its own with the CMake
/// option SLUICE_TEETH and demands that each is caught. SLUICE_TEETH=name in the environment chooses one. A build without
/// the option, which is every other, holds none of them: the condition is a constant.
/// Thread: any.

#include <string_view>

#ifdef SLUICE_TEETH
#include <cstdlib>
#endif

namespace sluice::base {

#ifdef SLUICE_TEETH
inline bool teeth(std::string_view name) {
    static const char* const chosen = std::getenv("SLUICE_TEETH");
    return chosen != nullptr && name == chosen;
}
#else
constexpr bool teeth(std::string_view) { return false; }
#endif

}  // namespace sluice::base
