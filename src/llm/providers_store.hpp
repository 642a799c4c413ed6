#pragma once
/// SQL of providers and model routes.

#include <vector>

#include "sluice/llm/gateway.hpp"
#include "sluice/storage/storage.hpp"

namespace sluice::llm::store {

struct Loaded {
    std::vector<ProviderRow> providers;
    std::vector<ModelRoute> routes;
};
Awaitable<Result<Loaded>> load_providers(storage::Storage& storage);

/// Errors of the unit: conflict (the name).
void insert(storage::WriteUnit& unit, const ProviderRow& provider);
/// Errors of the unit: precondition_failed (another revision), conflict (the name).
void update(storage::WriteUnit& unit, const ProviderRow& provider, std::int64_t before);
void remove(storage::WriteUnit& unit, const ProviderRow& provider);
void put(storage::WriteUnit& unit, const ModelRoute& route);
void remove(storage::WriteUnit& unit, const ModelRoute& route);

/// A provider's models, as the API and the table have them.
Json models_json(const std::vector<ProviderModel>& models);
/// Errors: invalid_argument with pointers below `pointer`.
Result<std::vector<ProviderModel>> models_from(const Json& list, std::string_view pointer);
Json targets_json(const std::vector<RouteTarget>& targets);
std::vector<RouteTarget> targets_from(const Json& list);

}  // namespace sluice::llm::store
