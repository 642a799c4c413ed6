#include <map>
#include <unordered_map>

#include "llm/providers_store.hpp"
#include "llm/upstreams/upstream.hpp"
#include "sluice/crypto/crypto.hpp"
#include "sluice/crypto/key_ring.hpp"
#include "sluice/identity/wrapped_keys.hpp"
#include "sluice/llm/gateway.hpp"
#include "sluice/storage/storage.hpp"

namespace sluice::llm {
namespace {

constexpr std::string_view key_purpose = "provider-keys";
constexpr std::size_t most_in_workspace = 200;
constexpr std::size_t largest_key = 8 << 10;

using RowPtr = std::shared_ptr<const ProviderRow>;
using RoutePtr = std::shared_ptr<const ModelRoute>;

crypto::Bound bound_of(const ProviderRow& provider) {
    return {"provider", provider.workspace.raw(), provider.id.raw(), provider.key_version, "api_key"};
}

bool is_name(std::string_view name) {
    if (name.empty() || name.size() > 64) return false;
    for (const char c : name)
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
              c == '.'))
            return false;
    return true;
}

Error mistake(std::string pointer, std::string message) {
    return Error{
        ErrorCode::invalid_argument, "the provider is not right: " + message, {{std::move(pointer), message}}, false};
}

}  // namespace

struct ProviderBook::State {
    storage::Storage& storage;
    identity::WrappedKeys& keys;
    base::Clock& clock;
    base::Random& random;
    Catalogues& catalogues;
    std::unordered_map<WorkspaceId, std::map<std::string, RowPtr, std::less<>>> providers;
    std::unordered_map<WorkspaceId, std::map<std::string, RoutePtr, std::less<>>> routes;
    std::unordered_map<WorkspaceId, std::map<std::string, RowPtr, std::less<>>> served;  ///< by model

    /// After each change: which provider serves a model, so that a call need not search; and the prices in providers' rows,
    /// which stand in the catalogue under the provider's id.
    Awaitable<void> publish() {
        CatalogueRows rows;
        served.clear();
        for (const auto& [workspace, own] : providers)
            for (const auto& [name, provider] : own)
                for (const auto& model : provider->models) {
                    if (provider->enabled) served[workspace].emplace(model.id, provider);
                    ModelEntry entry;
                    entry.provider = provider->id.str();
                    entry.id = model.id;
                    entry.kind = model.kind;
                    entry.context_window = model.context_window;
                    entry.max_output_tokens = model.max_output_tokens;
                    rows.models.push_back(std::move(entry));
                    if (!model.input && !model.output) continue;
                    PriceVersion price;
                    price.provider = provider->id.str();
                    price.model = model.id;
                    price.valid_from = Time{};
                    price.rates.input = model.input;
                    price.rates.output = model.output                         ? model.output
                                         : model.kind == ModelKind::embedding ? std::optional(NanoUsd{})
                                                                              : std::nullopt;
                    price.rates.cache_read = model.cache_read;
                    price.rates.cache_write_5m = price.rates.cache_write_1h = model.cache_write;
                    price.source = "the provider's own row";
                    price.id = price_id(price);
                    rows.prices.push_back(std::move(price));
                }
        co_await catalogues.set_provider_rows(std::move(rows));
    }

    Result<void> check(const NewProvider& wanted, const UpstreamType* type) const {
        if (!is_name(wanted.name))
            return fail(mistake("/name", "a name has 1 to 64 letters, digits, dots, hyphens or underscores"));
        if (wanted.name == "agent" || wanted.name == "flow" || wanted.name == "simulated")
            return fail(mistake("/name", fmt::format("the name {} is reserved", wanted.name)));
        if (type == nullptr) {
            std::string names;
            for (const auto* each : upstream_types()) names += (names.empty() ? "" : ", ") + std::string(each->name());
            return fail(mistake("/type", fmt::format("the type is one of {}", names)));
        }
        if (wanted.base_url.empty()) {
            if (type->default_base_url().empty() && type->name() != "bedrock")
                return fail(mistake("/base_url", fmt::format("{} needs a base_url", type->title())));
        } else if (auto url = net::parse_url(wanted.base_url); !url) {
            return fail(mistake("/base_url", url.error().message));
        }
        if (auto mistakes = type->check(wanted.settings); !mistakes.empty())
            return fail(Error{ErrorCode::invalid_argument, "the provider's settings are not right", std::move(mistakes),
                              false});
        for (std::size_t i = 0; i < wanted.models.size(); ++i)
            if (budget::has_controls(wanted.models[i].id))
                return fail(mistake(fmt::format("/models/{}/id", i), "a model's id has no line ends or other control characters; write it as the vendor does"));
        if (wanted.api_key && wanted.api_key->size() > largest_key)
            return fail(mistake("/api_key", "a key has at most 8 KiB"));
        if (wanted.api_key)
            for (const char c : *wanted.api_key)
                if (static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) >= 0x7F)
                    return fail(mistake("/api_key",
                                        "a key has no spaces, line ends or characters beyond ASCII; copy it again"));
        return {};
    }

    Awaitable<Result<void>> seal(ProviderRow& provider, std::string key) {
        if (key.empty()) {
            provider.sealed_key.clear();
            co_return Result<void>();
        }
        auto wrapped = co_await keys.get_or_make(std::string(key_purpose), provider.workspace);
        if (!wrapped) co_return fail(std::move(wrapped.error()));
        provider.key_version = wrapped->version;
        provider.sealed_key = crypto::encrypt(*wrapped->key, key, bound_of(provider), random);
        crypto::wipe(key);
        co_return Result<void>();
    }
};

std::string etag_of(const ProviderRow& provider) { return fmt::format("\"{}\"", provider.revision); }
std::string etag_of(const ModelRoute& route) { return fmt::format("\"{}\"", route.revision); }

ProviderBook::ProviderBook(storage::Storage& storage, identity::WrappedKeys& keys, base::Clock& clock,
                           base::Random& random, Catalogues& catalogues)
    : state_(std::make_unique<State>(State{storage, keys, clock, random, catalogues, {}, {}, {}})) {}
ProviderBook::~ProviderBook() = default;

Awaitable<Result<void>> ProviderBook::start() {
    auto loaded = co_await store::load_providers(state_->storage);
    if (!loaded) co_return fail(std::move(loaded.error()));
    for (auto& each : loaded->providers) {
        auto row = std::make_shared<const ProviderRow>(std::move(each));
        state_->providers[row->workspace][row->name] = row;
    }
    for (auto& each : loaded->routes) {
        auto row = std::make_shared<const ModelRoute>(std::move(each));
        state_->routes[row->workspace][row->name] = row;
    }
    co_await state_->publish();
    co_return Result<void>();
}

std::vector<RowPtr> ProviderBook::list(WorkspaceId workspace) const {
    std::vector<RowPtr> out;
    if (const auto own = state_->providers.find(workspace); own != state_->providers.end())
        for (const auto& [name, row] : own->second) out.push_back(row);
    return out;
}

RowPtr ProviderBook::find(WorkspaceId workspace, std::string_view name_or_id) const {
    const auto own = state_->providers.find(workspace);
    if (own == state_->providers.end()) return nullptr;
    if (const auto named = own->second.find(name_or_id); named != own->second.end()) return named->second;
    for (const auto& [name, row] : own->second)
        if (row->id.str() == name_or_id) return row;
    return nullptr;
}

RowPtr ProviderBook::serving(WorkspaceId workspace, std::string_view model) const {
    const auto own = state_->served.find(workspace);
    if (own == state_->served.end()) return nullptr;
    const auto found = own->second.find(model);
    return found == own->second.end() ? nullptr : found->second;
}

Result<std::string> ProviderBook::key_of(const ProviderRow& provider) const {
    if (provider.sealed_key.empty()) return std::string();
    auto key = state_->keys.version(key_purpose, provider.key_version, provider.workspace);
    if (!key) return fail(std::move(key.error()));
    return crypto::decrypt(*key->key, provider.sealed_key, bound_of(provider));
}

Awaitable<Result<ProviderRow>> ProviderBook::create(WorkspaceId workspace, NewProvider wanted, std::string by,
                                                    Also also) {
    State& s = *state_;
    const auto* type = find_upstream_type(wanted.type);
    if (auto good = s.check(wanted, type); !good) co_return fail(std::move(good.error()));
    if (type->needs_key() && (!wanted.api_key || wanted.api_key->empty()))
        co_return fail(mistake("/api_key", fmt::format("{} needs an api_key", type->title())));
    const auto& own = s.providers[workspace];
    if (own.contains(wanted.name))
        co_return fail(ErrorCode::conflict, "there is a provider {} already; choose another name, or change that one",
                       wanted.name);
    if (own.size() >= most_in_workspace)
        co_return fail(ErrorCode::conflict, "a workspace has at most {} providers; delete one first",
                       most_in_workspace);
    ProviderRow row;
    row.id = ProviderId::make(s.clock.now(), s.random);
    row.workspace = workspace;
    row.name = std::move(wanted.name);
    row.type = type->name();
    row.base_url = std::move(wanted.base_url);
    while (row.base_url.ends_with('/')) row.base_url.pop_back();
    row.settings = std::move(wanted.settings);
    row.models = std::move(wanted.models);
    row.enabled = wanted.enabled;
    row.created_by = std::move(by);
    row.created_at = row.updated_at = s.clock.now();
    auto sealed = co_await s.seal(row, wanted.api_key.value_or(std::string()));
    if (!sealed) co_return fail(std::move(sealed.error()));
    storage::WriteUnit unit;
    store::insert(unit, row);
    if (also) also(unit, row);
    auto done = co_await s.storage.submit(std::move(unit));
    if (!done) co_return fail(std::move(done.error()));
    s.providers[workspace][row.name] = std::make_shared<const ProviderRow>(row);
    co_await s.publish();
    co_return row;
}

Awaitable<Result<ProviderRow>> ProviderBook::edit(WorkspaceId workspace, std::string name_or_id, NewProvider wanted,
                                                  std::optional<std::string> if_match, Also also) {
    State& s = *state_;
    const auto present = find(workspace, name_or_id);
    if (!present) co_return fail(ErrorCode::not_found, "there is no provider {}", name_or_id);
    if (if_match && !net::etag_matches(*if_match, etag_of(*present)))
        co_return fail(ErrorCode::precondition_failed,
                       "the provider was changed meanwhile; read it again and repeat the change");
    const auto* type = find_upstream_type(present->type);
    if (!wanted.type.empty() && wanted.type != present->type)
        co_return fail(mistake("/type", "the type of a provider stays; make another one for another type"));
    if (auto good = s.check(wanted, type); !good) co_return fail(std::move(good.error()));
    if (wanted.name != present->name && find(workspace, wanted.name))
        co_return fail(ErrorCode::conflict, "there is a provider {} already; choose another name", wanted.name);
    ProviderRow row = *present;
    row.name = std::move(wanted.name);
    row.base_url = std::move(wanted.base_url);
    while (row.base_url.ends_with('/')) row.base_url.pop_back();
    // The key was given for one host: another host must not get it, or what it signs, by a change of the address alone.
    const bool moved = row.base_url != present->base_url ||
                       base::string_or(wanted.settings, "control_url", "") != base::string_or(present->settings, "control_url", "");
    if (moved && !wanted.api_key && !row.sealed_key.empty())
        co_return fail(mistake("/api_key",
                               "give the key again when the base_url or settings.control_url changes: it is not sent to another host unasked"));
    row.settings = std::move(wanted.settings);
    row.models = std::move(wanted.models);
    row.enabled = wanted.enabled;
    ++row.revision;
    row.updated_at = s.clock.now();
    if (wanted.api_key) {
        auto sealed = co_await s.seal(row, *wanted.api_key);
        if (!sealed) co_return fail(std::move(sealed.error()));
    }
    storage::WriteUnit unit;
    store::update(unit, row, present->revision);
    if (also) also(unit, row);
    auto done = co_await s.storage.submit(std::move(unit));
    if (!done) co_return fail(std::move(done.error()));
    s.providers[workspace].erase(present->name);
    s.providers[workspace][row.name] = std::make_shared<const ProviderRow>(row);
    co_await s.publish();
    co_return row;
}

Awaitable<Result<void>> ProviderBook::remove(WorkspaceId workspace, std::string name_or_id,
                                             std::optional<std::string> if_match, Also also) {
    State& s = *state_;
    const auto present = find(workspace, name_or_id);
    if (!present) co_return fail(ErrorCode::not_found, "there is no provider {}", name_or_id);
    if (if_match && !net::etag_matches(*if_match, etag_of(*present)))
        co_return fail(ErrorCode::precondition_failed, "the provider was changed meanwhile; read it again");
    storage::WriteUnit unit;
    store::remove(unit, *present);
    if (also) also(unit, *present);
    auto done = co_await s.storage.submit(std::move(unit));
    if (!done) co_return fail(std::move(done.error()));
    s.providers[workspace].erase(present->name);
    co_await s.publish();
    co_return Result<void>();
}

std::vector<RoutePtr> ProviderBook::routes(WorkspaceId workspace) const {
    std::vector<RoutePtr> out;
    if (const auto own = state_->routes.find(workspace); own != state_->routes.end())
        for (const auto& [name, row] : own->second) out.push_back(row);
    return out;
}

RoutePtr ProviderBook::route(WorkspaceId workspace, std::string_view name) const {
    const auto own = state_->routes.find(workspace);
    if (own == state_->routes.end()) return nullptr;
    const auto found = own->second.find(name);
    return found == own->second.end() ? nullptr : found->second;
}

Awaitable<Result<ModelRoute>> ProviderBook::put_route(ModelRoute wanted, std::optional<std::string> if_match,
                                                      AlsoRoute also) {
    State& s = *state_;
    const auto present = route(wanted.workspace, wanted.name);
    if (!is_name(wanted.name))
        co_return fail(mistake("/name", "a name has 1 to 64 letters, digits, dots, hyphens or underscores"));
    if (!present && s.routes[wanted.workspace].size() >= most_in_workspace)
        co_return fail(ErrorCode::conflict, "a workspace has at most {} model routes; delete one first",
                       most_in_workspace);
    if (if_match && (!present || !net::etag_matches(*if_match, etag_of(*present))))
        co_return fail(ErrorCode::precondition_failed,
                       "the route was changed meanwhile; read it again and repeat the change");
    for (std::size_t i = 0; i < wanted.targets.size(); ++i)
        if (budget::has_controls(wanted.targets[i].model))
            co_return fail(mistake(fmt::format("/targets/{}/model", i), "has line ends or other control characters, which no model's name has"));
    for (std::size_t i = 0; i < wanted.targets.size(); ++i)
        if (wanted.targets[i].model == wanted.name || route(wanted.workspace, wanted.targets[i].model))
            co_return fail(mistake(fmt::format("/targets/{}/model", i), "a target is a model, not a route"));
    wanted.created_at = present ? present->created_at : s.clock.now();
    if (present) wanted.created_by = present->created_by;
    wanted.updated_at = s.clock.now();
    wanted.revision = present ? present->revision + 1 : 1;
    storage::WriteUnit unit;
    store::put(unit, wanted);
    if (also) also(unit, wanted);
    auto done = co_await s.storage.submit(std::move(unit));
    if (!done) co_return fail(std::move(done.error()));
    s.routes[wanted.workspace][wanted.name] = std::make_shared<const ModelRoute>(wanted);
    co_return wanted;
}

Awaitable<Result<void>> ProviderBook::remove_route(WorkspaceId workspace, std::string name,
                                                   std::optional<std::string> if_match, AlsoRoute also) {
    State& s = *state_;
    const auto present = route(workspace, name);
    if (!present) co_return fail(ErrorCode::not_found, "there is no model route {}", name);
    if (if_match && !net::etag_matches(*if_match, etag_of(*present)))
        co_return fail(ErrorCode::precondition_failed, "the route was changed meanwhile; read it again");
    storage::WriteUnit unit;
    store::remove(unit, *present);
    if (also) also(unit, *present);
    auto done = co_await s.storage.submit(std::move(unit));
    if (!done) co_return fail(std::move(done.error()));
    s.routes[workspace].erase(name);
    co_return Result<void>();
}

}  // namespace sluice::llm
