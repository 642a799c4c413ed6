#pragma once
/// Which runs a list shows, and how many of them there are over time. A search goes from the newest run back and looks at a bounded
/// number of rows; what no index serves (a trigger, text) may therefore end before the oldest run, and then says so.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sluice/base/id.hpp"
#include "sluice/base/principal.hpp"
#include "sluice/base/time.hpp"
#include "sluice/engine/record.hpp"

namespace sluice::engine {

/// What is empty limits nothing.
struct RunFilter {
    std::vector<RunStatus> statuses;
    std::optional<FlowId> flow;
    std::string flow_name;            ///< as it was at the start
    std::optional<int> version;
    std::string trigger;
    std::optional<RunId> parent;
    std::optional<Time> from, to;     ///< made at or after, made before
    std::string text;                 ///< the beginning or end of its id, a part of its flow's name or of its error's message
    std::string project;
    base::SeenNames seen;             ///< whose runs the caller may see
    base::SeenNames data;             ///< whose errors' messages the caller may read: only those are searched
};

/// A span of time in equal parts, at most `most_buckets`.
struct HistogramQuery {
    static constexpr int most_buckets = 120;
    Time from{}, to{};                ///< from before to
    int buckets = 60;
};

/// Runs by the time they were made.
struct RunHistogram {
    using Counts = std::array<std::int64_t, 8>;   ///< by RunStatus
    Time from{}, to{};
    Duration width{};
    std::vector<Counts> buckets;      ///< ascending; the first begins at `from`
    bool complete = true;
    Time counted_from{};              ///< older runs are not counted: too many would have had to be looked at
};

}  // namespace sluice::engine
