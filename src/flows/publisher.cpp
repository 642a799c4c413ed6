// What somebody with a scope may publish. A run acts as its flow, not as who published or started it, so that what a flow
// reaches is judged when it is published.

#include <set>

#include "flows/flows_state.hpp"

namespace sluice::flows {
namespace {

/// The names of flows that this one starts, as they are written.
void collect_calls(const CompiledGraph& graph, std::set<std::string>& names) {
    for (const auto& node : graph.nodes) {
        if (node.type_name == "subflow") names.insert(base::string_or(node.config_source, "flow", ""));
        if (node.body) collect_calls(*node.body, names);
    }
}

}  // namespace

Awaitable<Result<void>> Flows::State::check_publisher(WorkspaceId workspace, FlowPtr flow, const Principal& principal) {
    auto good = check_secrets(workspace, *flow, principal);
    if (!good || !principal.scope) co_return good;
    if (!principal.may_in(Permission::flows_write, flow->project, flow->name)) {
        if (principal.sees(flow->project, flow->name))
            co_return fail(ErrorCode::forbidden, "you may not publish flows in the project \"{}\"; ask an owner of the workspace", flow->project);
        if (principal.scope->covers_project(flow->project) && !principal.scope->flows.empty())
            co_return fail(ErrorCode::forbidden, "this key is limited to certain flows, and \"{}\" is none of them", flow->name);
        co_return fail(ErrorCode::not_found, "there is no project \"{}\" in this workspace; create it first, or name another one in \"project\"",
                       flow->project);
    }
    std::set<std::string> names;
    collect_calls(flow->graph, names);
    if (!flow->settings.error_flow.empty()) names.insert(flow->settings.error_flow);
    for (const auto& name : names) {
        if (name == flow->name) continue;
        if (name.find("{{") != std::string::npos)
            co_return fail(ErrorCode::forbidden, "whoever is limited to projects or flows names the flows that a flow calls outright, not as {}", name);
        auto called = co_await store.find_by_name(workspace, name);
        if (!called) co_return fail(std::move(called.error()));
        if (!*called || !principal.may_in(Permission::runs_write, (*called)->flow.project, name))
            co_return fail(ErrorCode::not_found, "the flow calls \"{}\", and there is no such flow; publish that one first", name);
    }
    co_return Result<void>();
}

Awaitable<Result<Flows::Belongs>> Flows::place(WorkspaceId workspace, FlowId id) {
    if (auto cached = this->cached(workspace, id); cached && !cached->deleted) co_return Belongs{cached->project, cached->name};
    auto row = co_await state_->existing(workspace, id);
    if (!row) co_return fail(std::move(row.error()));
    co_return Belongs{row->flow.project, row->flow.name};
}

}  // namespace sluice::flows
