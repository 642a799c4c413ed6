// What guardrails found, told as events: with the call's row where it has one, else by themselves.

#include <algorithm>

#include "llm/gateway_state.hpp"
#include "llm/guard.hpp"
#include "sluice/events/events.hpp"

namespace sluice::llm {
namespace {

constexpr std::size_t most_told = 50;       ///< findings in one event
constexpr std::size_t longest_name = 200;   ///< bytes of what the caller named

std::string shortened(const std::string& name) {
    auto size = std::min(name.size(), longest_name);
    while (size > 0 && size < name.size() && (static_cast<unsigned char>(name[size]) & 0xc0) == 0x80) --size;
    return name.substr(0, size);
}

Json id_or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }

}  // namespace

bool tell_findings(Gateway::State& state, storage::WriteUnit& unit, const budget::Spend& call, GuardReport& report) {
    if (!state.parts.bus) return false;
    auto findings = report.untold();
    if (findings.empty()) return false;
    const auto count = findings.size();
    const bool refused = std::any_of(findings.begin(), findings.end(), [](const Json& each) { return each["action"] == "blocked"; });
    if (count > most_told) findings.erase(findings.begin() + most_told, findings.end());
    const auto& scope = call.scope;
    events::NewEvent event;
    event.id = events::EventId::make(state.now(), state.parts.random);
    event.type = "guardrail.hit";
    if (call.id) event.subject = call.id.str();
    event.at = state.now();
    event.data = {{"findings", std::move(findings)},
                  {"more", count > most_told ? count - most_told : 0},
                  {"refused", refused},
                  {"model", shortened(call.model.empty() ? call.requested_model : call.model)},
                  {"requested_model", shortened(call.requested_model)},
                  {"door", call.door},
                  {"api_key_id", id_or_null(scope.api_key)},
                  {"user_id", id_or_null(scope.user)},
                  {"project", scope.project},
                  {"flow", shortened(scope.flow)},
                  {"run_id", id_or_null(scope.run)},
                  {"step", id_or_null(call.step)},
                  {"request_id", id_or_null(call.request_id)}};
    events::append(unit, scope.workspace, event);
    return true;
}

std::function<void(Result<void>)> tells_bus(Gateway::State& state, WorkspaceId workspace) {
    return [bus = state.parts.bus, workspace](Result<void> stored) {
        if (!stored) return log::error("what guardrails found could not be stored", {{"cause", stored.error().message}});
        if (bus) bus->committed(workspace);
    };
}

void put_row(Gateway::State& state, budget::Spend spend, GuardReport* report) {
    if (report) spend.guardrails = report->json();
    storage::WriteUnit unit;
    const auto workspace = spend.scope.workspace;
    std::function<void(Result<void>)> done = [](Result<void>) {};  // the row is stored in the end, whatever becomes of the unit
    if (report && tell_findings(state, unit, spend, *report)) done = tells_bus(state, workspace);
    state.parts.budgets.settle(unit, {}, std::move(spend));
    state.parts.storage.enqueue(std::move(unit), std::move(done));
}

std::shared_ptr<GuardReport> new_report(Gateway::State& state, budget::Spend about) {
    auto tell_rest = [&state, about = std::move(about)](GuardReport* report) {
        const std::unique_ptr<GuardReport> owned(report);
        storage::WriteUnit unit;
        if (tell_findings(state, unit, about, *report)) state.parts.storage.enqueue(std::move(unit), tells_bus(state, about.scope.workspace));
    };
    return std::shared_ptr<GuardReport>(new GuardReport, std::move(tell_rest));
}

}  // namespace sluice::llm
