#include "sluice/base/json.hpp"
#include "sluice/llm/llm.hpp"

namespace sluice::llm {

namespace {

constexpr std::int64_t bytes_per_token = 4;
constexpr std::int64_t tokens_per_message = 3;  // role and separators

std::int64_t content_bytes(const Json& content) {
    if (content.is_string())
        return static_cast<std::int64_t>(content.get_ref<const std::string&>().size());
    if (content.is_null()) return 0;
    std::int64_t bytes = 0;
    if (content.is_array()) {
        for (const auto& part : content)
            bytes += static_cast<std::int64_t>(base::string_or(part, "text", "").size());
        if (bytes > 0) return bytes;
    }
    return static_cast<std::int64_t>(base::dump_json(content).size());
}

}  // namespace

std::int64_t estimate_tokens(std::string_view text) {
    return (static_cast<std::int64_t>(text.size()) + bytes_per_token - 1) / bytes_per_token;
}

std::int64_t estimate_input_tokens(const ChatRequest& request) {
    std::int64_t bytes = 0;
    for (const auto& message : request.messages) {
        bytes += content_bytes(message.content);
        for (const auto& call : message.tool_calls)
            bytes += static_cast<std::int64_t>(call.name.size() +
                                               base::dump_json(call.arguments).size());
    }
    for (const auto& tool : request.tools)
        bytes += static_cast<std::int64_t>(tool.name.size() + tool.description.size() +
                                           base::dump_json(tool.parameters).size());
    if (request.response_schema)
        bytes += static_cast<std::int64_t>(base::dump_json(*request.response_schema).size());
    return (bytes + bytes_per_token - 1) / bytes_per_token +
           tokens_per_message * static_cast<std::int64_t>(request.messages.size());
}

NanoUsd cost_of(const Usage& usage, const Price& price) {
    return base::cost_of(usage.input_tokens, price.input_per_million) +
           base::cost_of(usage.output_tokens, price.output_per_million);
}

}  // namespace sluice::llm
