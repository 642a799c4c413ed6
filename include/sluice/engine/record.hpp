#pragma once
/// What the journal of a run is made of, and the words for what a run and a step are. Thread: any.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/base/clock.hpp"

namespace sluice::engine {

/// queued → running ⇄ waiting (timer, signal, retry, unknown step) ⇄ paused → succeeded | failed | cancelled | timed_out
/// failed | cancelled | timed_out → running (retry)
enum class RunStatus : std::uint8_t { queued, running, waiting, paused, succeeded, failed, cancelled, timed_out };
std::string_view to_string(RunStatus status);
std::optional<RunStatus> run_status_from(std::string_view text);
constexpr bool is_terminal(RunStatus status) { return status >= RunStatus::succeeded; }

/// pending → ready → running ⇄ waiting (retry, timer, signal) → succeeded | failed | timed_out | cancelled | unknown
/// pending → skipped
enum class StepStatus : std::uint8_t {
    pending, ready, running, waiting, succeeded, failed, skipped, cancelled, timed_out, unknown
};
std::string_view to_string(StepStatus status);
constexpr bool is_terminal(StepStatus status) {
    return status != StepStatus::pending && status != StepStatus::ready && status != StepStatus::running &&
           status != StepStatus::waiting && status != StepStatus::unknown;
}

/// What the journal knows. The texts ("step.succeeded") are stored and shown; renaming one breaks stored runs.
/// An end for want of memory or of a stored value has {"lacked_at"} in its data: "start" or "end" of the step or the run, of a
/// container also "items", "item 3", "turn 3" (the end of that one), of the run "reuse" (the error names the step).
enum class RecordKind : std::uint8_t {
    run_started,           ///< value: input; data of a rerun or a run over sample data: its plan (RunFacts::plan)
    step_started,          ///< the mark before an effect; data of a map: {"items": n}, of a loop: {"max_turns": n}
    step_items,            ///< data: {"offset", "end"}; value: the next items of a map that reads them from an artifact
    step_waiting,          ///< data: {"until_us"?}, of a signal also {"signal", "key"?}
    step_succeeded,        ///< value: output; data: {"ports", "usage", "artifacts", "response", "reused", "signal", "key"} where present
    step_attempt_failed,   ///< value: error; data: {"retry_at_us", "lacked_at"?}: another attempt follows
    step_failed,           ///< value: error; final; data: {"handled": true} where an error edge or `continue` took it, {"lacked_at"?}
    step_timed_out,        ///< the same
    step_skipped,
    step_cancelled,
    step_unknown,          ///< a crash hid the end of an effect that must not be repeated
    step_attempts,         ///< data: {"attempts"} of the run that this step waits for, until now, where a limit counts them
    step_decided,          ///< what a person said about an unknown step; data: {"decision", "by", "reason"?}
    run_cancel_requested,  ///< data: {"reason"}
    run_paused,            ///< data: {"by", "reason"}
    run_resumed,           ///< data: {"by"}
    run_signalled,         ///< data: {"name", "key"}; value: payload
    run_rollback_started,  ///< data: {"status"} the run will end with, {"lacked_at"?}; value: error
    run_retried,           ///< data: {"by", "reason"?}; what follows goes on from the failed steps
    run_succeeded,         ///< value: output
    run_failed,            ///< value: error; data: {"lacked_at"?}
    run_cancelled,         ///< value: error
    run_timed_out,         ///< value: error
};
std::string_view to_string(RecordKind kind);
std::optional<RecordKind> record_kind_from(std::string_view text);

/// One journal entry without its number. `value` and `data` are JSON texts, empty when absent.
struct Record {
    RecordKind kind = RecordKind::run_started;
    Time at{};
    std::string path;
    int attempt = 0;
    std::string data;
    std::string value;
    /// Of a large output that is stored already: its hash and size; `value` may then be empty.
    std::string blob{};
    std::uint64_t blob_bytes = 0;
    std::uint64_t value_bytes() const { return value.empty() ? blob_bytes : value.size(); }
};

/// What becomes of an unknown step: done again (under the same key), taken as done with a given output, or failed.
enum class Decision : std::uint8_t { retry, succeed, fail };
std::string_view to_string(Decision decision);
std::optional<Decision> decision_from(std::string_view text);

}  // namespace sluice::engine
