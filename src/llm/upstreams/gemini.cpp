// Google's Gemini API. The model and whether the answer is streamed are in the path.
// Source: https://ai.google.dev/api (read 2026-11).

#include "llm/upstreams/upstream.hpp"

namespace sluice::llm {
namespace {

class Gemini final : public UpstreamType {
  public:
    std::string_view name() const override { return "gemini"; }
    std::string_view title() const override { return "Gemini"; }
    std::string_view vendor() const override { return "gemini"; }
    std::string_view default_base_url() const override { return "https://generativelanguage.googleapis.com/v1beta"; }
    const Format& format(const Format&) const override { return gemini(); }
    bool offers(Operation operation) const override { return operation != Operation::count_tokens; }
    void edit(BodyScan& body, const UpstreamCall&) const override {
        body.remove("model");
        body.remove("stream");
    }
    Result<void> address(const UpstreamCall& call, net::ClientRequest& out) const override {
        if (call.operation == Operation::models) {
            out.url = fmt::format("{}/models?pageSize=1000", call.base_url);
        } else {
            const std::string_view verb = call.operation == Operation::embeddings         ? "batchEmbedContents"
                                          : call.operation == Operation::single_embedding ? "embedContent"
                                          : call.stream                                   ? "streamGenerateContent?alt=sse"
                                                                                          : "generateContent";
            out.url = fmt::format("{}/models/{}:{}", call.base_url, net::encode_component(call.model), verb);
        }
        if (!call.key.empty()) out.headers.set("x-goog-api-key", call.key);
        return {};
    }
};

}  // namespace

const UpstreamType& upstream_gemini() {
    static const Gemini type;
    return type;
}

}  // namespace sluice::llm
