#pragma once
/// The model gateway: one admission for every call of a model, whichever door it comes through.
///
/// Doors: `/v1/chat/completions`, `/v1/responses`, `/v1/embeddings`, `/v1/models` (OpenAI's SDKs), `/v1/messages` (Anthropic's),
/// `/v1beta/models/…` (Google's), and `llm.chat` in flows. A call names a model: a route of the workspace, a model of one of
/// its providers by exact id, `provider/id`, or a model of the providers in the configuration. Where the provider speaks the
/// door's format, the client's bytes go on unchanged. docs/gateway.md.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/clock.hpp"
#include "sluice/base/id.hpp"
#include "sluice/base/json.hpp"
#include "sluice/base/money.hpp"
#include "sluice/base/principal.hpp"
#include "sluice/base/result.hpp"
#include "sluice/budget/budget.hpp"
#include "sluice/llm/model_limits.hpp"
#include "sluice/llm/prices.hpp"
#include "sluice/llm/provider.hpp"
#include "sluice/runtime/awaitable.hpp"

namespace sluice::identity {
class WrappedKeys;
}
namespace sluice::events {
class Bus;
}
namespace sluice::runtime {
class Pool;
}
namespace sluice::net {
class Client;
class Router;
struct Request;
struct Response;
}

namespace sluice::llm {

class Contents;
class Guardrails;
class ModelSource;
class UpstreamType;

/// A model as a provider's row names it. Prices here win over the catalogue's.
struct ProviderModel {
    std::string id;
    ModelKind kind = ModelKind::chat;
    std::optional<NanoUsd> input, output, cache_read, cache_write;  ///< per million tokens; nothing: the catalogue's
    std::optional<std::int64_t> context_window, max_output_tokens;
};

/// A provider of a workspace. Its key is encrypted with the workspace's key, and never given back.
struct ProviderRow {
    ProviderId id;
    WorkspaceId workspace;
    std::string name;                    ///< unique in the workspace
    std::string type;                    ///< "openai", "anthropic", …
    std::string base_url;                ///< without a slash at its end; empty: the type's own
    Json settings = Json::object();
    std::vector<ProviderModel> models;   ///< empty: any model as provider/id
    bool enabled = true;
    std::string sealed_key;              ///< empty: none
    unsigned key_version = 0;
    std::int64_t revision = 1;
    std::string created_by;
    Time created_at{}, updated_at{};
};
std::string etag_of(const ProviderRow& provider);

struct NewProvider {
    std::string name, type, base_url;
    std::optional<std::string> api_key;  ///< nothing in a change: as it is
    Json settings = Json::object();
    std::vector<ProviderModel> models;
    bool enabled = true;
};

/// One target of a model route.
struct RouteTarget {
    std::string model;                   ///< a model as a caller would name it, not a route
    double weight = 1;
};
/// A name that stands for models of several providers.
struct ModelRoute {
    WorkspaceId workspace;
    std::string name;                    ///< how callers name it
    /// "priority": in order; "weighted": by chance and weight; "latency": the quickest of late first. The others are the fallback.
    std::string strategy = "priority";
    std::vector<RouteTarget> targets;
    int max_attempts = 3;                ///< over all targets, before the first byte
    std::int64_t revision = 1;
    std::string created_by;
    Time created_at{}, updated_at{};
};
std::string etag_of(const ModelRoute& route);

/// Providers and routes of all workspaces, in memory and in the store. Thread: loop.
class ProviderBook {
  public:
    ProviderBook(storage::Storage& storage, identity::WrappedKeys& keys, base::Clock& clock, base::Random& random, Catalogues& catalogues);
    ~ProviderBook();
    ProviderBook(const ProviderBook&) = delete;
    ProviderBook& operator=(const ProviderBook&) = delete;
    Awaitable<Result<void>> start();

    /// In order of their names.
    std::vector<std::shared_ptr<const ProviderRow>> list(WorkspaceId workspace) const;
    std::shared_ptr<const ProviderRow> find(WorkspaceId workspace, std::string_view name_or_id) const;
    /// The enabled provider that lists this model (of several the first by name); null: none does.
    std::shared_ptr<const ProviderRow> serving(WorkspaceId workspace, std::string_view model) const;
    /// The provider's key in clear, empty where it has none. Errors: sealed, internal.
    Result<std::string> key_of(const ProviderRow& provider) const;

    using Also = std::function<void(storage::WriteUnit&, const ProviderRow&)>;
    /// Errors: conflict (name taken, 200 in a workspace), invalid_argument, sealed.
    Awaitable<Result<ProviderRow>> create(WorkspaceId workspace, NewProvider wanted, std::string by, Also also = {});
    /// Errors: not_found, precondition_failed, and those of `create`.
    Awaitable<Result<ProviderRow>> edit(WorkspaceId workspace, std::string name_or_id, NewProvider wanted, std::optional<std::string> if_match,
                                        Also also = {});
    Awaitable<Result<void>> remove(WorkspaceId workspace, std::string name_or_id, std::optional<std::string> if_match, Also also = {});

    std::vector<std::shared_ptr<const ModelRoute>> routes(WorkspaceId workspace) const;
    std::shared_ptr<const ModelRoute> route(WorkspaceId workspace, std::string_view name) const;
    using AlsoRoute = std::function<void(storage::WriteUnit&, const ModelRoute&)>;
    /// Makes or replaces. Errors: invalid_argument, precondition_failed.
    Awaitable<Result<ModelRoute>> put_route(ModelRoute route, std::optional<std::string> if_match, AlsoRoute also = {});
    Awaitable<Result<void>> remove_route(WorkspaceId workspace, std::string name, std::optional<std::string> if_match, AlsoRoute also = {});

    struct State;

  private:
    std::unique_ptr<State> state_;
};

/// What a node or another part of the server asks a model in a run.
struct FlowCall {
    budget::CallScope scope;  ///< `model` is filled by the gateway
    std::string step;
    std::string model;        ///< as the flow names it; empty: the default
    ChatRequest request;
    TextSink on_text;
    bool watched = false;     ///< somebody sees that text as it comes: a provider of the workspace is asked for a stream
};
struct FlowAnswer {
    Completion completion;
    std::string provider;
    bool simulated = false;
};

struct GatewayOptions {
    Duration cache_ttl{0};               ///< of whole answers, where the request says nothing; 0: none is kept
    std::size_t cache_bytes = 64 << 20;
    std::string semantic_model;          ///< that embeds for the semantic cache, where the request names none
    std::size_t semantic_bytes = 64 << 20;
};

/// What asks models for nodes. Thread: loop.
class Models {
  public:
    virtual ~Models() = default;
    /// Errors: not_found (the model), rate_limited (a limit), budget_exceeded, and those of `Provider::chat`.
    virtual Awaitable<Result<FlowAnswer>> ask(FlowCall call) = 0;
};

/// Thread: loop.
class Gateway final : public Models {
  public:
    struct Parts {
        runtime::Loop& loop;
        storage::Storage& storage;
        net::Client& client;
        budget::Budgets& budgets;
        ModelLimits& limits;
        ProviderBook& book;
        Catalogues& catalogues;
        Providers& configured;   ///< of the configuration, with `simulated`
        base::Random& random;
        GatewayOptions options{};
        Guardrails* guardrails = nullptr;    ///< null: nothing is judged
        runtime::Pool* blocking = nullptr;   ///< where large bodies are judged; null: on the loop
        Contents* contents = nullptr;        ///< null: nothing is kept of calls but their rows
        events::Bus* bus = nullptr;          ///< hears what guardrails find; null: their findings are in rows alone
    };
    explicit Gateway(Parts parts);
    ~Gateway() override;
    Gateway(const Gateway&) = delete;
    Gateway& operator=(const Gateway&) = delete;

    /// What answers as `prefix/name` at the doors; it must outlive the gateway's calls. Before the server starts.
    void add_source(ModelSource& source);
    /// Resolves, admits, calls, settles.
    Awaitable<Result<FlowAnswer>> ask(FlowCall call) override;
    /// Ends the calls of flows and of local models that are under way. Before the budgets stop.
    Awaitable<void> stop();
    struct State;
    State& state() { return *state_; }

  private:
    std::unique_ptr<State> state_;
};

/// `/api/v1/providers`, `/api/v1/model-routes`.
void add_routes(net::Router& router, ProviderBook& book);
/// `/v1/…`, `/v1beta/…`.
void add_routes(net::Router& router, Gateway& gateway);
/// A refusal of the server on those paths, as the caller's SDK reads it; for `net::Server::set_problem_shape`.
void shape_problem(const net::Request& request, net::Response& response);

}  // namespace sluice::llm
