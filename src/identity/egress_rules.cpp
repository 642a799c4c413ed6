#include "sluice/identity/egress_rules.hpp"

#include <unordered_map>

#include "egress_store.hpp"

namespace sluice::identity {
namespace {

struct Known {
    EgressRuleSet rules;
    std::shared_ptr<const net::EgressPolicy> policy;
};

}  // namespace

struct WorkspaceEgress::State {
    storage::Storage& storage;
    base::Clock& clock;
    std::shared_ptr<const net::EgressPolicy> instance;
    std::unordered_map<WorkspaceId, Known> known;

    /// Errors: invalid_argument naming the entry.
    Result<std::shared_ptr<const net::EgressPolicy>> policy(const EgressRuleSet& rules) const {
        return net::make_workspace_policy(instance, rules.hosts, rules.allow);
    }
};

WorkspaceEgress::WorkspaceEgress(storage::Storage& storage, base::Clock& clock,
                                 std::shared_ptr<const net::EgressPolicy> instance)
    : state_(std::make_unique<State>(State{storage, clock, std::move(instance), {}})) {}

WorkspaceEgress::~WorkspaceEgress() = default;

Awaitable<Result<void>> WorkspaceEgress::start() {
    auto loaded = co_await store::load_egress(state_->storage);
    if (!loaded) co_return fail(std::move(loaded.error()));
    for (auto& [workspace, rules] : *loaded) {
        auto policy = state_->policy(rules);
        // Rules that this version cannot read must not open everything.
        if (!policy) co_return fail(std::move(policy.error()));
        state_->known[workspace] = {std::move(rules), std::move(*policy)};
    }
    co_return Result<void>();
}

std::shared_ptr<const net::EgressPolicy> WorkspaceEgress::policy_of(const WorkspaceId& workspace) const {
    const auto found = state_->known.find(workspace);
    return found == state_->known.end() ? nullptr : found->second.policy;
}

EgressRuleSet WorkspaceEgress::get(const WorkspaceId& workspace) const {
    const auto found = state_->known.find(workspace);
    return found == state_->known.end() ? EgressRuleSet() : found->second.rules;
}

Awaitable<Result<EgressRuleSet>> WorkspaceEgress::set(Principal by, EgressRuleSet rules,
                                                      std::function<void(storage::WriteUnit&, const EgressRuleSet&)> also) {
    const auto workspace = by.workspace;
    if (rules.allow != get(workspace).allow && by.kind != Principal::Kind::local)
        co_return fail(ErrorCode::forbidden,
                       "internal addresses are opened to a workspace by the owner of the server's machine alone; run "
                       "`sluice workspace egress` there, or leave `allow` as it is");
    auto policy = state_->policy(rules);
    if (!policy) co_return fail(std::move(policy.error()));
    rules.changed_at = state_->clock.now();
    rules.changed_by = by.id;
    storage::WriteUnit unit;
    store::put_egress(unit, workspace, rules);
    if (also) also(unit, rules);
    auto done = co_await state_->storage.submit(std::move(unit));
    if (!done) co_return fail(std::move(done.error()));
    state_->known[workspace] = {rules, std::move(*policy)};
    co_return rules;
}

}  // namespace sluice::identity
