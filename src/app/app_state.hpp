#pragma once
// Every module of the process, in the order in which they are built. Members are destroyed in reverse.

#include <memory>
#include <string>

#include "sluice/app/app.hpp"
#include "sluice/artifacts/artifacts.hpp"
#include "sluice/base/clock.hpp"
#include "sluice/budget/budget.hpp"
#include "sluice/engine/bulk_actions.hpp"
#include "sluice/engine/dead_letters.hpp"
#include "sluice/engine/engine.hpp"
#include "sluice/engine/flow_models.hpp"
#include "sluice/events/events.hpp"
#include "sluice/flows/expressions.hpp"
#include "sluice/flows/flows.hpp"
#include "sluice/identity/audit.hpp"
#include "sluice/identity/egress_rules.hpp"
#include "sluice/identity/identity.hpp"
#include "sluice/identity/key_grants.hpp"
#include "sluice/identity/oidc.hpp"
#include "sluice/identity/people.hpp"
#include "sluice/identity/saved_views.hpp"
#include "sluice/identity/second_factor.hpp"
#include "sluice/identity/wrapped_keys.hpp"
#include "sluice/llm/contents.hpp"
#include "sluice/llm/gateway.hpp"
#include "sluice/llm/guardrails.hpp"
#include "sluice/llm/llm.hpp"
#include "sluice/llm/prices.hpp"
#include "sluice/net/client.hpp"
#include "sluice/net/router.hpp"
#include "sluice/net/server.hpp"
#include "sluice/nodes/nodes.hpp"
#include "sluice/runtime/pool.hpp"
#include "sluice/runtime/task_group.hpp"
#include "sluice/vault/vault.hpp"

namespace sluice::app {

struct App::State {
    State(runtime::Loop& the_loop, base::Clock& the_clock, Options the_options)
        : loop(the_loop), clock(the_clock), options(std::move(the_options)) {}

    runtime::Loop& loop;
    base::Clock& clock;
    Options options;
    base::SystemRandom random;                              ///< of keys and secrets, always
    base::Random& ids = options.ids ? *options.ids : random;  ///< of all else
    storage::OpenReport report;
    std::int64_t min_free_bytes = 0;
    std::unique_ptr<storage::Storage> storage;
    std::unique_ptr<runtime::Pool> blocking, names;
    std::unique_ptr<net::Client> client;
    std::unique_ptr<events::Bus> bus;
    std::unique_ptr<identity::WrappedKeys> keys;
    std::unique_ptr<identity::Audit> audit;
    std::unique_ptr<identity::Identity> identity;
    std::unique_ptr<identity::WorkspaceEgress> egress;
    std::unique_ptr<identity::EgressRoutes> egress_routes;
    std::unique_ptr<identity::SavedViews> saved_views;
    std::unique_ptr<identity::People> people;
    std::unique_ptr<identity::SecondFactors> second_factors;
    std::unique_ptr<identity::Oidc> oidc;
    std::unique_ptr<vault::Vault> vault;
    std::unique_ptr<artifacts::Artifacts> artifacts;
    std::unique_ptr<budget::Budgets> budgets;
    llm::Providers providers;
    llm::LlmConfig llm;
    std::unique_ptr<llm::ModelLimits> model_limits;
    std::unique_ptr<identity::KeyGrants> key_grants;
    std::unique_ptr<llm::Catalogues> models;
    std::unique_ptr<llm::ProviderBook> book;
    std::unique_ptr<llm::Guardrails> guardrails;
    std::unique_ptr<llm::Contents> contents;
    std::unique_ptr<llm::Gateway> gateway;
    flows::NodeTypes types;
    std::unique_ptr<flows::Flows> flows;
    std::unique_ptr<flows::FlowRoutes> flow_routes;
    std::unique_ptr<flows::ExpressionRoutes> expression_routes;
    std::unique_ptr<engine::Engine> engine;
    std::unique_ptr<engine::FlowModels> flow_models;
    std::unique_ptr<engine::DeadLetters> dead_letters;
    std::unique_ptr<engine::BulkActions> bulk_actions;
    net::Router router;
    std::shared_ptr<const std::string> openapi;  ///< made when it is first asked for
    std::unique_ptr<net::Server> server;
    net::Router monitoring_router;
    std::unique_ptr<net::Server> monitoring;  ///< where `metrics.listen` is set
    bool ready = false, stopped = false;
    Time started_at{};
    std::unique_ptr<runtime::TaskGroup> tasks;

    /// Starts every part, in order. Errors: of the first part that cannot start.
    Awaitable<Result<void>> start_all();
};

/// /healthz, /readyz, /metrics, /api/v1/openapi.json, /api/v1/system
void add_system_routes(net::Router& router, App::State& state);

/// /api/v1/overview
void add_overview_routes(net::Router& router, App::State& state);

/// /healthz, /readyz and /metrics without a key, for `metrics.listen`
void add_monitoring_routes(net::Router& router, App::State& state);

/// /api/v1/system/backup
void add_backup_routes(net::Router& router, App::State& state);

/// Where nobody has an account yet: a one-time link to make the first one, in the log and in DIR/setup-link (mode 0600),
/// good for half an hour; a restart makes another. Else the file of an earlier start goes away.
Awaitable<Result<void>> announce_setup(App::State& state);

/// The version of this binary.
std::string_view version();

}  // namespace sluice::app
