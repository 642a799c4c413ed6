#pragma once
// Limits as the API has them, and who may change them.

#include "sluice/base/json.hpp"
#include "sluice/llm/model_limits.hpp"

namespace sluice::llm {

/// `requests_per_minute`, `tokens_per_minute` and `models` of a body that its schema has judged; null is none.
LimitTerms terms_of(const Json& body);
Json terms_json(const LimitTerms& terms);
Json render(const ModelLimit& limit, const ModelLimits& limits);
/// A key that is limited itself changes the limits of no key or person, its own least of all. Errors: forbidden.
Result<void> check_unbound(const Principal& actor, const ModelLimits& limits, budget::ScopeType scope, std::string_view scope_id);

}  // namespace sluice::llm
