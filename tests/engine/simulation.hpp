#pragma once
// The simulation: random flows over the executor's core, with a simulated store, failures, cancels, and crashes at
// commits. Everything is decided by one seed, so a failing one is reproduced by naming it.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/test_types.hpp"
#include "sluice/base/clock.hpp"
#include "sluice/engine/machine.hpp"

namespace sluice::engine::test {

/// A random flow document: graphs of up to twelve nodes with conditions, ports, joins, error and rollback edges, retries, maps,
/// loops, timers, signals and timeouts.
Json random_flow(base::Random& random);

/// Whether the step takes another one back: after a retry it may have to do so again.
bool undoes(const flows::CompiledFlow& flow, std::string_view path);

/// One run from start to end. `failure` tells the first broken invariant; `history` is the whole journal as text.
struct Simulated {
    std::string failure;
    std::string history;
    std::string document;
    std::vector<Record> journal;
    flows::FlowPtr flow;
    RunFacts facts;
    int loads = 0, dropped = 0, stands = 0;   ///< large values: asked for, let go; events that came while they were
    int crashes = 0, commits = 0, executions = 0, retries = 0, decisions = 0, undone = 0, told = 0;
    RunStatus status = RunStatus::running;
};

/// What becomes of large outputs: they stay in memory; they leave it and are loaded in no time; or some time later, where now and
/// then memory is full or a stored value damaged; or this often.
enum class Large { stay, leave, leave_slowly, scarce };

/// `crash_at_every_commit`: the process dies after (or before) each single commit; else at a few random ones.
Simulated simulate(std::uint64_t seed, bool crash_at_every_commit = false, Large large = Large::stay);

}  // namespace sluice::engine::test
