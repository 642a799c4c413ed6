#pragma once
// How a provider does, as the API tells it.

#include <memory>

#include "llm/gateway_state.hpp"

namespace sluice::llm {

Json health_json(const Gateway::State& state, const ProviderRow& row);
/// Asks for the vendor's list of models with the provider's key: {ok, message, status, took_ms, models, missing}.
Awaitable<Json> check_provider(Gateway::State& state, std::shared_ptr<const ProviderRow> row);
/// `/api/v1/providers/{id}/health`, `…/check`.
void add_health_routes(net::Router& router, Gateway& gateway);

}  // namespace sluice::llm
