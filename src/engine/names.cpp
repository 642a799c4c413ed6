// Texts of the engine's enums; stored in the database and shown, so they never change.

#include <array>

#include "sluice/engine/machine.hpp"

namespace sluice::engine {

namespace {
constexpr std::array<std::string_view, 8> run_names = {"queued", "running", "waiting", "paused",
                                                       "succeeded", "failed", "cancelled", "timed_out"};
constexpr std::array<std::string_view, 10> step_names = {"pending", "ready", "running", "waiting", "succeeded",
                                                         "failed", "skipped", "cancelled", "timed_out", "unknown"};
constexpr std::array<std::string_view, 3> decision_names = {"retry", "succeed", "fail"};
constexpr std::array<std::string_view, 23> record_names = {
    "run.started", "step.started", "step.items", "step.waiting", "step.succeeded", "step.attempt_failed",
    "step.failed", "step.timed_out", "step.skipped", "step.cancelled", "step.unknown",
    "step.attempts", "step.decided", "run.cancel_requested", "run.paused", "run.resumed", "run.signalled", "run.rollback_started",
    "run.retried", "run.succeeded", "run.failed", "run.cancelled", "run.timed_out"};

template <class Enum, std::size_t size>
std::optional<Enum> find_name(const std::array<std::string_view, size>& names, std::string_view text) {
    for (std::size_t i = 0; i < size; ++i)
        if (names[i] == text) return static_cast<Enum>(i);
    return std::nullopt;
}
}  // namespace

std::string_view to_string(RunStatus status) { return run_names[static_cast<std::size_t>(status)]; }
std::string_view to_string(StepStatus status) { return step_names[static_cast<std::size_t>(status)]; }
std::string_view to_string(Decision decision) { return decision_names[static_cast<std::size_t>(decision)]; }
std::optional<Decision> decision_from(std::string_view text) { return find_name<Decision>(decision_names, text); }
std::string_view to_string(RecordKind kind) { return record_names[static_cast<std::size_t>(kind)]; }
std::optional<RunStatus> run_status_from(std::string_view text) { return find_name<RunStatus>(run_names, text); }
std::optional<RecordKind> record_kind_from(std::string_view text) { return find_name<RecordKind>(record_names, text); }

}  // namespace sluice::engine
