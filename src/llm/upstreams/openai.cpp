// Servers that speak OpenAI's chat completions: Ollama, vLLM, llama.cpp, OpenRouter and many more; and OpenAI itself.
// Source: https://platform.openai.com/docs/api-reference (read 2026-11).

#include "llm/upstreams/upstream.hpp"

namespace sluice::llm {
namespace {

std::string_view path_of(const UpstreamCall& call) {
    switch (call.operation) {
        case Operation::embeddings:
            return "/embeddings";
        case Operation::models:
            return "/models";
        case Operation::count_tokens:
        case Operation::chat:
            break;
    }
    return call.format == &openai_responses() ? "/responses" : "/chat/completions";
}

class Compatible : public UpstreamType {
  public:
    std::string_view name() const override { return "openai_compatible"; }
    std::string_view title() const override { return "OpenAI-compatible server"; }
    std::string_view vendor() const override { return {}; }
    bool needs_key() const override { return false; }
    const Format& format(const Format&) const override { return openai_chat(); }
    bool offers(Operation operation) const override { return operation != Operation::count_tokens; }
    Result<void> address(const UpstreamCall& call, net::ClientRequest& out) const override {
        out.url = fmt::format("{}{}", call.base_url, path_of(call));
        if (!call.key.empty()) out.headers.set("Authorization", fmt::format("Bearer {}", call.key));
        return {};
    }
};

class OpenAi final : public Compatible {
  public:
    std::string_view name() const override { return "openai"; }
    std::string_view title() const override { return "OpenAI"; }
    std::string_view vendor() const override { return "openai"; }
    std::string_view default_base_url() const override { return "https://api.openai.com/v1"; }
    bool needs_key() const override { return true; }
    const Format& format(const Format& door) const override {
        return &door == &openai_responses() ? openai_responses() : openai_chat();
    }
};

}  // namespace

const UpstreamType& upstream_openai_compatible() {
    static const Compatible type;
    return type;
}
const UpstreamType& upstream_openai() {
    static const OpenAi type;
    return type;
}

}  // namespace sluice::llm
