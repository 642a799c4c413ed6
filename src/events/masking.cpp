// What of a run's history is data, and is not for everybody who may see the run.

#include "sluice/events/events.hpp"

namespace sluice::events {

void mask_error(Json& error) {
    if (!error.is_object()) return;
    // The code, the step and the attempt are the server's words; all else may quote what the run worked on.
    Json out = Json::object();
    for (const char* kept : {"code", "step", "attempt", "retry_at"})
        if (const auto* member = base::find_member(error, kept)) out[kept] = *member;
    out["message"] = nullptr;
    error = std::move(out);
}

void mask_run_event(Json& event) {
    if (!event.is_object()) return;
    for (const char* member : {"data", "value"})
        if (event.contains(member)) event[member] = nullptr;
    event["masked"] = true;
}

}  // namespace sluice::events
