#pragma once
/// SQL of guardrails.

#include <vector>

#include "sluice/llm/guardrails.hpp"
#include "sluice/storage/storage.hpp"

namespace sluice::llm::store {

Awaitable<Result<std::vector<Guardrail>>> load_guardrails(storage::Storage& storage);
/// Errors of the unit: conflict (the name).
void insert(storage::WriteUnit& unit, const Guardrail& guardrail);
/// Errors of the unit: precondition_failed (another revision), conflict (the name).
void update(storage::WriteUnit& unit, const Guardrail& guardrail, std::int64_t before);
void remove(storage::WriteUnit& unit, const Guardrail& guardrail);

}  // namespace sluice::llm::store
