// Anthropic's messages. Source: https://platform.claude.com/docs/en/api (read 2026-11).

#include "llm/upstreams/upstream.hpp"

namespace sluice::llm {
namespace {

constexpr std::string_view usual_version = "2023-06-01";

class Anthropic final : public UpstreamType {
  public:
    std::string_view name() const override { return "anthropic"; }
    std::string_view title() const override { return "Anthropic"; }
    std::string_view vendor() const override { return "anthropic"; }
    std::string_view default_base_url() const override { return "https://api.anthropic.com/v1"; }
    const Format& format(const Format&) const override { return anthropic_messages(); }
    bool offers(Operation operation) const override { return operation != Operation::embeddings; }
    Result<void> address(const UpstreamCall& call, net::ClientRequest& out) const override {
        const std::string_view path = call.operation == Operation::models         ? "/models?limit=1000"
                                      : call.operation == Operation::count_tokens ? "/messages/count_tokens"
                                                                                  : "/messages";
        out.url = fmt::format("{}{}", call.base_url, path);
        if (!call.key.empty()) out.headers.set("x-api-key", call.key);
        if (!out.headers.find("anthropic-version")) out.headers.set("anthropic-version", usual_version);
        return {};
    }
};

}  // namespace

const UpstreamType& upstream_anthropic() {
    static const Anthropic type;
    return type;
}

}  // namespace sluice::llm
