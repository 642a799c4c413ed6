#include "sluice/app/app.hpp"

#include "app/app_state.hpp"
#include "sluice/base/log.hpp"
#include "sluice/base/memory.hpp"
#include "sluice/cel/cel.hpp"
#include "sluice/dashboard/dashboard.hpp"
#include "sluice/engine/history.hpp"
#include "sluice/storage/blobs.hpp"
#include "sluice/storage/unsynced.hpp"

namespace sluice::app {

namespace {

constexpr Duration housekeeping_interval = std::chrono::hours(1);
constexpr Duration first_housekeeping = std::chrono::minutes(1);  ///< after the start, when what it took up is under way

Result<std::pair<std::string, std::uint16_t>> split_listen(std::string_view setting, const std::string& listen) {
    const std::size_t colon = listen.rfind(':');
    std::string host = colon == std::string::npos ? std::string() : listen.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    unsigned port = 0;
    const std::string digits = colon == std::string::npos ? std::string() : listen.substr(colon + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (host.empty() || digits.empty() || error != std::errc() || end != digits.data() + digits.size() || port > 65535)
        return fail(ErrorCode::invalid_argument, "{} {} is no address; write for example 127.0.0.1:8080", setting, listen);
    return std::pair(std::move(host), static_cast<std::uint16_t>(port));
}

llm::LlmConfig llm_config(const config::Config& config) {
    llm::LlmConfig out;
    out.default_model = config.text("llm.default_model");
    out.openai_base_url = config.text("llm.openai.base_url");
    out.openai_api_key = config.text("llm.openai.api_key");
    out.openai_model = config.text("llm.openai.model");
    out.openai_input_usd_per_million = config.text("llm.openai.input_usd_per_million");
    out.openai_output_usd_per_million = config.text("llm.openai.output_usd_per_million");
    out.simulated_latency = config.duration("llm.simulated.latency");
    out.simulated_failure_rate = config.text("llm.simulated.failure_rate");
    return out;
}

log::Level level_of(std::string_view name) {
    if (name == "debug") return log::Level::debug;
    if (name == "warn") return log::Level::warn;
    if (name == "error") return log::Level::error;
    return name == "off" ? log::Level::off : log::Level::info;
}

crypto::RootSources root_sources(const config::Config& config, const std::filesystem::path& data) {
    crypto::RootSources out;
    if (const char* credentials = std::getenv("CREDENTIALS_DIRECTORY")) out.credentials = credentials;
    out.key_file = config.text("vault.key_file");
    out.passphrase = config.text("vault.passphrase");
    out.data = data;
    return out;
}

/// Expired idempotency records and sessions, ended runs and bulk actions, old events and audit entries, unreferenced blobs: in
/// small batches, once an hour.
Awaitable<void> keep_house(App::State* s, Duration retention, Duration audited, Duration spend, engine::RetentionOptions runs) {
    for (Duration pause = first_housekeeping;; pause = housekeeping_interval) {
        co_await s->loop.sleep_for(pause);
        auto expired = co_await s->identity->remove_expired();
        if (!expired) log::warn("expired records could not be removed", {{"cause", expired.error().message}});
        auto entries = co_await s->audit->remove_before(s->clock.now() - audited);
        if (!entries) log::warn("old audit entries could not be removed", {{"cause", entries.error().message}});
        auto over = co_await s->people->remove_expired();
        if (!over) log::warn("sessions that are over could not be removed", {{"cause", over.error().message}});
        auto replaced = co_await s->vault->remove_ended();
        if (!replaced) log::warn("replaced values of secrets could not be removed", {{"cause", replaced.error().message}});
        auto ended = co_await engine::remove_expired_runs(*s->storage, s->loop, runs);
        if (!ended) log::warn("ended runs could not be removed", {{"cause", ended.error().message}});
        const Time kept_from = s->clock.now() - std::max(runs.succeeded, runs.failed);
        auto actions = co_await s->bulk_actions->remove_ended(kept_from);
        if (!actions) log::warn("ended bulk actions could not be removed", {{"cause", actions.error().message}});
        auto hidden = co_await s->flows->remove_unused_hidden();
        if (!hidden) log::warn("versions of drafts' runs could not be removed", {{"cause", hidden.error().message}});
        const Time before = s->clock.now() - retention;
        auto trimmed = co_await s->bus->trim(before);
        if (!trimmed) log::warn("old events could not be removed", {{"cause", trimmed.error().message}});
        auto spent = co_await s->budgets->remove_before(s->clock.now() - spend);
        if (!spent) log::warn("old rows of spend could not be removed", {{"cause", spent.error().message}});
        auto contents = co_await s->contents->remove_expired();
        if (!contents) log::warn("kept contents of calls could not be removed", {{"cause", contents.error().message}});
        auto collected = co_await s->storage->blobs().collect();
        if (!collected) log::warn("unreferenced blobs could not be removed", {{"cause", collected.error().message}});
        for (bool more = true; more;) {
            auto step = co_await s->storage->housekeep();
            if (!step) log::warn("unused pages could not be given back", {{"cause", step.error().message}});
            more = step && *step;
        }
    }
}

/// The first named time zone reads the system's list of them: not on the loop.
Awaitable<void> load_time_zones(runtime::Pool* pool) {
    auto load = [] { cel::load_time_zones(); };
    co_await pool->run(load);
}

}  // namespace

App::App(std::unique_ptr<State> state) : state_(std::move(state)) {}
App::~App() = default;

Result<std::unique_ptr<App>> App::create(runtime::Loop& loop, base::Clock& clock, const config::Config& config, Options options) {
    auto state = std::make_unique<State>(loop, clock, std::move(options));
    State& s = *state;

    net::ServerOptions server = net::server_options(config);
    if (!s.options.listen.empty()) {
        auto listen = split_listen("--listen", s.options.listen);
        if (!listen) return fail(std::move(listen.error()));
        std::tie(server.address, server.port) = *listen;
    } else {
        server.address.clear();
    }
    if (const std::string listen(config.text("metrics.listen")); !listen.empty() && !s.options.listen.empty()) {
        auto place = split_listen("metrics.listen", listen);
        if (!place) return fail(std::move(place.error()));
        net::ServerOptions monitoring;
        std::tie(monitoring.address, monitoring.port) = *place;
        monitoring.max_connections = 256;
        add_monitoring_routes(s.monitoring_router, s);
        s.monitoring_router.seal(version());
        s.monitoring = std::make_unique<net::Server>(loop, s.monitoring_router, std::move(monitoring));
    }
    auto egress = net::make_egress_policy(config.text_list("egress.allow"), net::own_addresses());
    if (!egress) return fail(std::move(egress.error()));

    storage::Options storage;
    storage.directory = s.options.data;
    storage.create = s.options.create;
    storage.min_free_bytes = s.min_free_bytes = config.bytes("storage.min_free_bytes");
    storage.ballast_bytes = config.bytes("storage.ballast_bytes");
    storage.max_bytes = config.bytes("storage.max_bytes");
    storage.max_wal_bytes = config.bytes("storage.max_wal_bytes");
    auto* open_storage = s.options.ids ? storage::open_unsynced : storage::open;
    auto opened = open_storage(loop, storage, storage::built_in_migrations(), &s.report);
    if (!opened) return fail(std::move(opened.error()));
    s.storage = std::move(*opened);
    server.admin_socket = s.options.data / "admin.sock";

    s.blocking = std::make_unique<runtime::Pool>(loop, "blocking", 2);
    s.names = std::make_unique<runtime::Pool>(loop, "names", 8);  // look-ups block long: file nodes must not wait for them
    s.client = std::make_unique<net::Client>(loop, *s.names, *egress);
    s.bus = std::make_unique<events::Bus>(loop, *s.storage);
    s.keys = std::make_unique<identity::WrappedKeys>(loop, *s.storage, *s.blocking, s.random, root_sources(config, s.options.data));
    s.keys->declare("audit");
    s.keys->declare("audit-signing");
    s.audit = std::make_unique<identity::Audit>(loop, *s.storage, clock);
    std::filesystem::path checkpoints = config.text("audit.checkpoint_file");
    if (checkpoints.empty()) checkpoints = s.options.data / "audit-checkpoints.jsonl";
    s.audit->set_checkpoint_file(std::move(checkpoints), *s.blocking);
    s.identity = std::make_unique<identity::Identity>(*s.storage, clock, s.ids);
    s.egress = std::make_unique<identity::WorkspaceEgress>(*s.storage, clock, *egress);
    s.egress_routes = std::make_unique<identity::EgressRoutes>(identity::EgressRoutes{*s.identity, *s.egress});
    s.saved_views = std::make_unique<identity::SavedViews>(*s.storage, clock, s.random);
    s.client->set_egress_rules(*s.egress);
    s.people = std::make_unique<identity::People>(*s.identity, loop, *s.keys, identity::people_options(config));
    s.people->set_audit(*s.audit);
    s.second_factors = std::make_unique<identity::SecondFactors>(*s.people, *s.keys);
    auto oidc = identity::oidc_options(config);
    if (!oidc) return fail(std::move(oidc.error()));
    s.oidc = std::make_unique<identity::Oidc>(*s.people, *s.client, std::move(*oidc));
    s.identity->set_keys(*s.keys);
    s.vault = std::make_unique<vault::Vault>(loop, *s.storage, *s.keys, *s.blocking, s.random);
    s.artifacts = std::make_unique<artifacts::Artifacts>(*s.storage, clock, s.ids);
    s.budgets = std::make_unique<budget::Budgets>(loop, *s.storage, *s.bus, clock, s.ids);
    s.budgets->set_blocking(*s.blocking);
    s.model_limits = std::make_unique<llm::ModelLimits>(*s.storage, clock, s.random);
    s.key_grants = llm::make_key_grants(*s.budgets, *s.model_limits);
    identity::set_key_grants(*s.identity, *s.key_grants);
    s.llm = llm_config(config);
    s.models = std::make_unique<llm::Catalogues>(loop, *s.storage, *s.blocking, clock, std::string(config.text("models.file")));
    s.book = std::make_unique<llm::ProviderBook>(*s.storage, *s.keys, clock, s.ids, *s.models);
    s.guardrails = std::make_unique<llm::Guardrails>(*s.storage, clock, s.random);
    s.contents = std::make_unique<llm::Contents>(loop, *s.storage, *s.budgets);
    s.gateway = std::make_unique<llm::Gateway>(
        llm::Gateway::Parts{loop, *s.storage, *s.client, *s.budgets, *s.model_limits, *s.book, *s.models, s.providers, s.ids,
                            {config.duration("llm.cache.ttl"), static_cast<std::size_t>(config.bytes("llm.cache.max_bytes")),
                             std::string(config.text("llm.semantic_cache.model")), static_cast<std::size_t>(config.bytes("llm.semantic_cache.max_bytes"))},
                            s.guardrails.get(), s.blocking.get(), s.contents.get(), s.bus.get()});

    nodes::Services services;
    services.loop = &loop;
    services.client = s.client.get();
    services.models = s.gateway.get();
    services.artifacts = s.artifacts.get();
    services.files = s.blocking.get();
    services.data_directory = s.options.data;
    for (const std::string& root : config.text_list("files.roots")) services.file_roots.emplace_back(root);
    services.workspace_folder = [identity = s.identity.get()](WorkspaceId id) {
        const auto workspace = identity->find_workspace(id.str());
        return workspace ? workspace->name : id.str();
    };
    services.engine = [state = &s] { return state->engine.get(); };
    nodes::add_node_types(s.types, services);

    s.flows = std::make_unique<flows::Flows>(*s.storage, s.types, clock, s.ids);
    s.flows->set_vault(*s.vault);
    s.flow_routes = std::make_unique<flows::FlowRoutes>(flows::FlowRoutes{*s.flows, s.types});
    s.expression_routes = std::make_unique<flows::ExpressionRoutes>(flows::ExpressionRoutes{*s.blocking});
    engine::EngineOptions engine;
    engine.max_running_runs = static_cast<std::size_t>(config.integer("engine.max_running_runs"));
    engine.max_backlog = static_cast<std::size_t>(config.integer("queue.max_backlog"));
    engine.max_backlog_workspace = static_cast<std::size_t>(config.integer("queue.max_backlog_workspace"));
    engine.evict_after = config.duration("engine.evict_after");
    engine.machine.map_items = static_cast<std::size_t>(config.integer("engine.map_items"));
    engine.stop_grace = config.duration("engine.stop_grace");
    engine.machine.memory_bytes = static_cast<std::size_t>(config.bytes("engine.run_memory"));
    engine.workspace_memory = static_cast<std::size_t>(config.bytes("engine.workspace_memory"));
    engine.sub_run_depth = static_cast<int>(config.integer("engine.sub_run_depth"));
    engine.error_flow = config.text("engine.error_flow");
    s.engine = std::make_unique<engine::Engine>(loop, *s.storage, *s.flows, *s.bus, clock, s.ids, engine);
    s.engine->set_artifacts(*s.artifacts);
    s.engine->set_vault(*s.vault);
    s.bus->set_run_feed(s.engine.get());
    s.flow_models = std::make_unique<engine::FlowModels>(loop, *s.engine, s.ids);
    s.gateway->add_source(*s.flow_models);
    s.dead_letters = std::make_unique<engine::DeadLetters>(loop, *s.storage, *s.engine, s.ids);
    s.bulk_actions = std::make_unique<engine::BulkActions>(loop, *s.storage, *s.engine, *s.dead_letters, s.ids);

    add_system_routes(s.router, s);
    add_overview_routes(s.router, s);
    add_backup_routes(s.router, s);
    identity::add_routes(s.router, *s.identity);
    identity::add_routes(s.router, *s.audit);
    identity::add_routes(s.router, *s.egress_routes);
    identity::add_routes(s.router, *s.saved_views);
    identity::add_routes(s.router, *s.people);
    identity::add_routes(s.router, *s.second_factors);
    identity::add_routes(s.router, *s.oidc);
    vault::add_routes(s.router, *s.vault);
    events::add_routes(s.router, *s.bus);
    artifacts::add_routes(s.router, *s.artifacts);
    llm::add_routes(s.router, *s.models);
    llm::add_routes(s.router, *s.book);
    llm::add_routes(s.router, *s.gateway);
    llm::add_routes(s.router, *s.guardrails);
    llm::add_routes(s.router, *s.contents);
    llm::add_routes(s.router, *s.model_limits);
    budget::add_routes(s.router, *s.budgets);
    flows::add_routes(s.router, *s.flow_routes);
    flows::add_routes(s.router, *s.expression_routes);
    engine::add_routes(s.router, *s.engine);
    engine::add_routes(s.router, *s.dead_letters);
    engine::add_routes(s.router, *s.bulk_actions);
    dashboard::add_routes(s.router, {s.random, *s.blocking, std::filesystem::path(config.text("dashboard.dir"))});
    s.router.seal(version());

    s.server = std::make_unique<net::Server>(loop, s.router, std::move(server));
    s.server->set_authenticator(s.identity->authenticator());
    s.server->set_idempotency(s.identity->idempotency());
    s.server->set_audit(*s.audit);
    s.server->set_default_headers(dashboard::page_headers());
    s.server->set_problem_shape(llm::shape_problem);
    s.tasks = std::make_unique<runtime::TaskGroup>(loop);
    engine::RetentionOptions retention;
    retention.succeeded = config.duration("retention.succeeded");
    retention.failed = config.duration("retention.failed");
    retention.max_runs_bytes = config.bytes("retention.max_runs_bytes");
    s.tasks->spawn("housekeeping", keep_house(&s, config.duration("events.retention"), config.duration("audit.retention"),
                                                  config.duration("spend.retention"), retention));
    return std::unique_ptr<App>(new App(std::move(state)));
}

Awaitable<Result<void>> App::State::start_all() {
    State& s = *this;
    s.started_at = s.clock.now();
    auto keys = co_await s.keys->start();
    if (!keys) co_return fail(std::move(keys.error()));
    const auto open_audit = [&s] {
        const auto mac = s.keys->get("audit"), signing = s.keys->get("audit-signing");
        if (mac && signing) s.audit->set_keys({mac->key, signing->key});
    };
    open_audit();
    s.keys->when_open(open_audit);
    auto known = co_await s.identity->start();
    if (!known) co_return fail(std::move(known.error()));
    auto rules = co_await s.egress->start();
    if (!rules) co_return fail(std::move(rules.error()));
    auto people = co_await s.people->start();
    if (!people) co_return fail(std::move(people.error()));
    auto factors = co_await s.second_factors->start();
    if (!factors) co_return fail(std::move(factors.error()));
    auto secrets = co_await s.vault->start();
    if (!secrets) co_return fail(std::move(secrets.error()));
    auto budgets = co_await s.budgets->start();
    if (!budgets) co_return fail(std::move(budgets.error()));
    auto limits = co_await s.model_limits->start();
    if (!limits) co_return fail(std::move(limits.error()));
    auto models = co_await s.models->start();
    if (!models) co_return fail(std::move(models.error()));
    auto contents = co_await s.contents->start();
    if (!contents) co_return fail(std::move(contents.error()));
    auto guardrails = co_await s.guardrails->start();
    if (!guardrails) co_return fail(std::move(guardrails.error()));
    auto book = co_await s.book->start();
    if (!book) co_return fail(std::move(book.error()));
    const std::string cursor_key = s.identity->signing_key("cursors");
    s.audit->set_cursor_key(cursor_key);
    s.bus->set_cursor_key(cursor_key);
    s.artifacts->set_cursor_key(cursor_key);
    s.budgets->set_cursor_key(cursor_key);
    s.flows->set_cursor_key(cursor_key);
    s.engine->set_cursor_key(cursor_key);
    s.dead_letters->set_cursor_key(cursor_key);
    s.bulk_actions->set_cursor_key(cursor_key);
    // Bound before work is taken up: a port in use shall not start anything.
    auto bound = s.server->start();
    if (bound && s.monitoring) bound = s.monitoring->start();
    if (!bound) co_return fail(std::move(bound.error()));
    if (s.monitoring) log::info(fmt::format("metrics on {}/metrics", s.monitoring->url()));
    if (!s.server->is_guarded())
        log::warn("other machines reach this server without TLS: keys and data can be read on the way; set tls.certificate and "
                  "tls.key, or name the TLS proxy in front in server.trusted_proxies, or listen on 127.0.0.1",
                  {{"url", s.server->url()}});
    auto providers = co_await llm::configure(s.providers, *s.client, s.loop, s.llm);
    if (!providers) {
        if (providers.error().code == ErrorCode::invalid_argument) co_return fail(std::move(providers.error()));
        log::warn("a model provider could not be asked for its models", {{"cause", providers.error().message}});
    }
    if (s.stopped) co_return Result<void>();
    auto recovered = co_await s.engine->start();
    if (s.stopped) co_return Result<void>();
    if (!recovered) co_return fail(std::move(recovered.error()));
    auto bulk = co_await s.bulk_actions->start();
    if (s.stopped) co_return Result<void>();
    if (!bulk) co_return fail(std::move(bulk.error()));
    s.loop.watch();
    s.tasks->spawn("time-zones", load_time_zones(s.blocking.get()));
    if (!s.options.listen.empty()) {
        auto announced = co_await announce_setup(s);
        if (!announced) co_return fail(std::move(announced.error()));
    }
    s.ready = true;
    // What only the start needed goes back to the system.
    base::give_memory_back();
    co_return Result<void>();
}

Awaitable<Result<void>> App::start() {
    auto done = co_await state_->start_all();
    // Told to stop meanwhile, a part may find the storage closed: that is no failure.
    if (state_->stopped) co_return Result<void>();
    co_return done;
}

Awaitable<void> App::stop() {
    State& s = *state_;
    if (s.stopped) co_return;
    s.stopped = true;
    s.ready = false;
    // Waiting callers get their answers while the last steps end, so server and executor drain side by side.
    co_await s.bulk_actions->stop();   // no further run is taken up
    auto draining = std::make_unique<runtime::TaskGroup>(s.loop);
    draining->spawn("drain-engine", s.engine->stop());
    co_await s.bus->stop();
    co_await s.server->stop();
    if (s.monitoring) co_await s.monitoring->stop();
    co_await s.flow_models->stop();
    co_await draining->join();
    co_await s.tasks->cancel_and_join();
    co_await s.gateway->stop();
    co_await s.contents->stop();
    co_await s.budgets->stop();
    co_await s.vault->stop();
    co_await s.client->stop();
    co_await s.identity->stop();
    co_await s.audit->stop();
    co_await s.storage->stop();
}

std::string App::url() const { return state_->options.listen.empty() ? std::string() : state_->server->url(); }

const storage::OpenReport& App::report() const { return state_->report; }

void App::reload(config::Config& config) {
    auto reloaded = config.reload();
    if (!reloaded) {
        log::error("the configuration was not reloaded; the old one stays in use", {{"cause", reloaded.error().message}});
        return;
    }
    log::set_level(level_of(config.text("log.level")));
    state_->server->set_rates(net::rate_limits(config));
    const bool speaks_tls = !config.text("tls.certificate").empty();
    if (auto tls = speaks_tls ? state_->server->reload_tls() : Result<void>(); !tls)
        log::error("the TLS files were not reloaded; the old ones stay in use", {{"cause", tls.error().message}});
    log::info("configuration reloaded", {{"applied", fmt::format("{}", fmt::join(reloaded->applied, ","))},
                                         {"needs_restart", fmt::format("{}", fmt::join(reloaded->needs_restart, ","))}});
}

}  // namespace sluice::app
