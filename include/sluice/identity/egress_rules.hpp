#pragma once
/// Each workspace's rules of egress: the hosts that its requests may go to, and internal addresses that are open to it.
/// They are kept in memory, so that the client's guard asks them without a wait.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sluice/base/clock.hpp"
#include "sluice/base/principal.hpp"
#include "sluice/net/client.hpp"

namespace sluice::storage {
class Storage;
class WriteUnit;
}  // namespace sluice::storage
namespace sluice::net {
class Router;
}

namespace sluice::identity {

class Identity;

struct EgressRuleSet {
    std::optional<std::vector<std::string>> hosts;  ///< nothing: every host that the instance's guard lets through
    std::vector<std::string> allow;                 ///< internal addresses, as in `egress.allow`
    Time changed_at{};                              ///< zero: never
    std::string changed_by;                         ///< id of the principal
};

/// Thread: loop.
class WorkspaceEgress final : public net::EgressRules {
  public:
    /// `instance`: the guard that every workspace has.
    WorkspaceEgress(storage::Storage& storage, base::Clock& clock, std::shared_ptr<const net::EgressPolicy> instance);
    ~WorkspaceEgress() override;

    /// Loads the rules.
    Awaitable<Result<void>> start();
    std::shared_ptr<const net::EgressPolicy> policy_of(const WorkspaceId& workspace) const override;
    EgressRuleSet get(const WorkspaceId& workspace) const;
    /// Replaces them; requests that begin after the commit follow the new ones. `also` adds to the commit.
    /// Errors: invalid_argument (names the entry), forbidden (`allow` differs and `by` is not this machine's owner).
    Awaitable<Result<EgressRuleSet>> set(Principal by, EgressRuleSet rules,
                                         std::function<void(storage::WriteUnit&, const EgressRuleSet&)> also = {});

  private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Identity and rules, as the routes need them.
struct EgressRoutes {
    Identity& identity;
    WorkspaceEgress& egress;
};

/// `/api/v1/workspaces/{id}/egress`
void add_routes(net::Router& router, EgressRoutes& service);

}  // namespace sluice::identity
