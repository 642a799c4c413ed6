#pragma once
// Names for tests of the queue alone.

#include "engine/run_queue.hpp"

namespace sluice::engine::queue_test {

using std::chrono::seconds;

template <class T>
T id_of(unsigned number) {
    base::IdBytes bytes{};
    bytes[0] = 1;
    for (int i = 0; i < 4; ++i) bytes[15 - static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(number >> (8 * i));
    return T(bytes);
}

inline const WorkspaceId red = id_of<WorkspaceId>(1), blue = id_of<WorkspaceId>(2), green = id_of<WorkspaceId>(3);
inline const FlowId triage = id_of<FlowId>(1), billing = id_of<FlowId>(2);
inline constexpr Time noon = Time(std::chrono::hours(12));

}  // namespace sluice::engine::queue_test
