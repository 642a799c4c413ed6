#pragma once
// All SQL of models and prices.

#include <string_view>
#include <vector>

#include "sluice/llm/prices.hpp"
#include "sluice/storage/storage.hpp"

namespace sluice::llm::store {

struct StoredPrice {
    PriceOrigin origin = PriceOrigin::imported;
    PriceVersion price;
};
struct StoredCatalogue {
    std::vector<StoredPrice> prices;  ///< in the order in which they were recorded
    std::vector<ModelEntry> models;   ///< the same
};

/// Errors: internal (a row is damaged), unavailable.
Awaitable<Result<StoredCatalogue>> load_catalogue(storage::Storage& storage);
void add_price(storage::WriteUnit& unit, const PriceVersion& price, PriceOrigin origin, Time at, std::string_view by);
void add_entry(storage::WriteUnit& unit, const ModelEntry& entry, Time at, std::string_view by);

}  // namespace sluice::llm::store
