// OpenAI's models at Azure: the deployment is in the path, the key in its own header.
// Source: https://learn.microsoft.com/azure/ai-services/openai/reference (read 2026-11).

#include "llm/upstreams/upstream.hpp"

namespace sluice::llm {
namespace {

constexpr std::string_view usual_version = "2024-10-21";

class AzureOpenAi final : public UpstreamType {
  public:
    std::string_view name() const override { return "azure_openai"; }
    std::string_view title() const override { return "Azure OpenAI"; }
    std::string_view vendor() const override { return "openai"; }
    const Format& format(const Format&) const override { return openai_chat(); }
    bool lists_what_is_called() const override { return false; }
    bool offers(Operation operation) const override {
        return operation != Operation::count_tokens;
    }
    void edit(BodyScan& body, const UpstreamCall&) const override { body.remove("model"); }
    Result<void> address(const UpstreamCall& call, net::ClientRequest& out) const override {
        const auto version = net::encode_component(base::string_or(*call.settings, "api_version", usual_version));
        if (!call.key.empty()) out.headers.set("api-key", call.key);
        // The models that the account may deploy: the key is seen, its deployments are not.
        if (call.operation == Operation::models) {
            out.url = fmt::format("{}/openai/models?api-version={}", call.base_url, version);
            return {};
        }
        out.url =
            fmt::format("{}/openai/deployments/{}/{}?api-version={}", call.base_url, net::encode_component(call.model),
                        call.operation == Operation::embeddings ? "embeddings" : "chat/completions",
                        version);
        return {};
    }
};

}  // namespace

const UpstreamType& upstream_azure_openai() {
    static const AzureOpenAi type;
    return type;
}

}  // namespace sluice::llm
