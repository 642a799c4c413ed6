#pragma once
/// What OpenTelemetry's semantic conventions call the parts of a model's call. The names move (they are still "Development"):
/// this table is the only place that has them, for metrics, for the ledger's rows and for spans.
/// Source: open-telemetry/semantic-conventions-genai, docs/gen-ai (read 2026-11).

#include <string_view>

#include "sluice/base/json_fwd.hpp"

namespace sluice::budget {
struct Spend;
}

namespace sluice::budget::genai {

inline constexpr std::string_view operation_name = "gen_ai.operation.name";
inline constexpr std::string_view provider_name = "gen_ai.provider.name";  ///< was gen_ai.system
inline constexpr std::string_view request_model = "gen_ai.request.model";
inline constexpr std::string_view response_model = "gen_ai.response.model";
inline constexpr std::string_view conversation_id = "gen_ai.conversation.id";
inline constexpr std::string_view input_tokens = "gen_ai.usage.input_tokens";  ///< with those from and into caches
inline constexpr std::string_view output_tokens = "gen_ai.usage.output_tokens";
inline constexpr std::string_view cache_read_tokens = "gen_ai.usage.cache_read.input_tokens";
inline constexpr std::string_view cache_write_tokens = "gen_ai.usage.cache_write.input_tokens";  ///< was cache_creation
inline constexpr std::string_view reasoning_tokens = "gen_ai.usage.reasoning.output_tokens";
inline constexpr std::string_view first_chunk = "gen_ai.response.time_to_first_chunk";  ///< seconds
inline constexpr std::string_view error_type = "error.type";
inline constexpr std::string_view token_type = "gen_ai.token.type";  ///< "input" or "output"

/// Instruments; Prometheus has underscores for the dots, and the unit at the end.
inline constexpr std::string_view duration_metric = "gen_ai.client.inference.duration";  ///< was gen_ai.client.operation.duration
inline constexpr std::string_view first_chunk_metric = "gen_ai.client.inference.time_to_first_chunk";
inline constexpr std::string_view tokens_metric = "gen_ai.client.token.usage";

/// "chat" or "embeddings", as the conventions have it.
std::string_view operation_of(const Spend& call);
/// The attributes of one call; what is not known is left out.
Json attributes(const Spend& call);

}  // namespace sluice::budget::genai
