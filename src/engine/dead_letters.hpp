#pragma once
// What the records of a run mean for dead letters: appended to the unit that holds the records.

#include <vector>

#include "sluice/engine/dead_letters.hpp"

namespace sluice::engine::dead_letters {

/// `had_unknown`: the run has, or had, a step whose end is unknown; set here, kept with the run.
void append(storage::WriteUnit& unit, const Run& run, const std::vector<Record>& records, bool& had_unknown, base::Random& random);

}  // namespace sluice::engine::dead_letters
