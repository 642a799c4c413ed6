#pragma once
// The SQL of limits on calls of models.

#include <vector>

#include "sluice/llm/model_limits.hpp"
#include "sluice/storage/storage.hpp"

namespace sluice::llm::store {

Awaitable<Result<std::vector<ModelLimit>>> load_limits(storage::Storage& storage);
/// Fails the unit with conflict where the scope and model have a limit already.
void insert(storage::WriteUnit& unit, const ModelLimit& limit);
/// Fails the unit with precondition_failed when the revision is not `before` any more.
void update(storage::WriteUnit& unit, const ModelLimit& limit, std::int64_t before);
void remove(storage::WriteUnit& unit, const ModelLimit& limit);

}  // namespace sluice::llm::store
