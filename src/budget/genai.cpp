#include "sluice/budget/genai.hpp"

#include "sluice/base/json.hpp"
#include "sluice/budget/budget.hpp"

namespace sluice::budget::genai {

std::string_view operation_of(const Spend& call) { return call.kind == "embedding" ? "embeddings" : "chat"; }

Json attributes(const Spend& call) {
    Json out = Json::object();
    const auto text = [&out](std::string_view name, std::string_view value) {
        if (!value.empty()) out[std::string(name)] = value;
    };
    text(operation_name, operation_of(call));
    text(provider_name, call.provider);
    text(request_model, call.requested_model.empty() ? call.model : call.requested_model);
    text(response_model, call.model);
    text(conversation_id, call.scope.session);
    out[std::string(input_tokens)] = call.input_uncached + call.cache_read + call.cache_write_5m + call.cache_write_1h;
    out[std::string(output_tokens)] = call.output_visible + call.output_reasoning;
    out[std::string(cache_read_tokens)] = call.cache_read;
    out[std::string(cache_write_tokens)] = call.cache_write_5m + call.cache_write_1h;
    out[std::string(reasoning_tokens)] = call.output_reasoning;
    if (call.first_token_us > 0) out[std::string(first_chunk)] = static_cast<double>(call.first_token_us) / 1e6;
    if (call.status != "ok" && call.status != "cached") text(error_type, call.status);
    return out;
}

}  // namespace sluice::budget::genai
