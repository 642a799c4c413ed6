#pragma once
// How long attempts of steps took: counts by length, for each workspace, for the last hour by minutes and the last day by hours.
// One addition for each attempt. Thread: loop.

#include <array>
#include <cstdint>
#include <deque>
#include <unordered_map>

#include "sluice/engine/overview.hpp"

namespace sluice::engine {

class StepTimesBook {
  public:
    explicit StepTimesBook(Time now) : from_(now) {}
    void note(WorkspaceId workspace, Time now, Duration took);
    /// Of `count` parts of `width` from `from` on; a width of less than an hour is read from minutes.
    std::vector<StepTimes> read(WorkspaceId workspace, Time from, Duration width, std::size_t count) const;
    /// Attempts that ended before are not in it.
    Time from() const { return from_; }
    /// The bucket of a length, and the most that its lengths have: four to each power of two of microseconds.
    static std::size_t bucket_of(Duration took);
    static Duration most_of(std::size_t bucket);

  private:
    static constexpr std::size_t buckets = 4 * 32;
    using Counts = std::array<std::uint32_t, buckets>;
    struct Part {
        std::int64_t number;     ///< of the minute or hour since 1970
        Counts counts;
    };
    struct Series {
        std::deque<Part> minutes, hours;
    };
    static void note_in(std::deque<Part>& parts, std::int64_t number, std::size_t most, std::size_t bucket);

    Time from_;
    std::unordered_map<WorkspaceId, Series> series_;
};

}  // namespace sluice::engine
