#pragma once
/// What can be told of runs from their journals: pages of steps, why a run waits or how it ended, how two runs differ, and
/// whether a run, computed again offline from what came from outside, gives the same history.
///
/// Journals are read and folded on other threads, in pieces, so that a map of a hundred thousand items neither holds the
/// loop nor needs more memory than a word about each step.

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "sluice/engine/engine.hpp"

namespace sluice::engine {

/// Which steps of a run are wanted, in the order in which they began.
struct StepQuery {
    std::size_t offset = 0, limit = 1000;
    std::vector<StepStatus> statuses;   ///< only steps that are in one of them now; empty: all
    std::string parent;                 ///< only steps inside of this container or this instance of it: "each", "each[17]"
    std::string text;                   ///< only steps with this in their path (letters as they are)
    bool by_path() const { return !parent.empty() || !text.empty(); }
};

struct StepPage {
    std::vector<StepSummary> items;
    std::size_t total = 0;              ///< of all that the query names
};

std::optional<StepStatus> step_status_from(std::string_view text);

// Engine::why gives {"run_id", "status", "code", "text", "next": ["what can be done"], "steps": […], …}. `code` is one of
// queued, being_read_back, paused, rolling_back, running, unknown_step, waiting_signal, waiting_retry, waiting_timer,
// succeeded, failed, cancelled, timed_out; `steps` are those that are open, at most 20, each with path, code and text.
//
// Engine::diff gives {"runs": [a, b], "totals", "steps": […], "same", "truncated"}: steps that are in one run alone or
// differ in status, attempts or output; outputs with at most 20 JSON pointers each.

/// What `Engine::replay` found.
struct ReplayReport {
    struct Divergence {
        std::int64_t seq = 0;          ///< of the journal's entry; 0: after its end
        std::string step;              ///< a path; empty: the run itself
        std::string message;           ///< what does not fit, in words
        Json recorded, computed;       ///< entries {"kind", "path", "attempt", "data"?, "value"?}, long values cut; or null
    };
    std::int64_t entries = 0;          ///< of the journal
    std::int64_t from_outside = 0;     ///< ends of tasks, timers, signals, decisions: taken from the journal
    std::int64_t computed = 0;         ///< all others: computed again and compared
    std::int64_t unchecked = 0;        ///< from a step on that failed for the memory the run held then
    bool ended = false;                ///< the journal has the run's end
    std::optional<Divergence> divergence;
    bool same() const { return !divergence; }
};
Json to_json(const ReplayReport& report);

/// /api/v1/runs/{id}/why, …/diff and …/replay
void add_history_routes(net::Router& router, Engine& engine);

/// How long ended runs are kept where their flow does not say (`settings.retention`); 0: for ever.
struct RetentionOptions {
    Duration succeeded = std::chrono::hours(24 * 30);   ///< succeeded and cancelled ones
    Duration failed = std::chrono::hours(24 * 90);      ///< failed and timed out ones
    std::int64_t max_runs_bytes = 0;                    ///< what the journals of all ended runs may take; 0: no limit
};

/// Removes ended runs whose time has come, then the oldest ones until the rest is within `max_runs_bytes`; how many. A run
/// with an open dead letter stays. Journals go in units of at most 500 entries, other work in between; artifacts stay.
/// Errors: of storage; what is left then is done by the next call.
Awaitable<Result<std::size_t>> remove_expired_runs(storage::Storage& storage, runtime::Loop& loop, RetentionOptions options);

}  // namespace sluice::engine
