#pragma once
/// Providers on one loop with a clock moved by hand.

#include "llm/wire_server.hpp"
#include "sluice/llm/llm.hpp"

namespace sluice::test {

using ChatAnswer = std::shared_ptr<std::optional<Result<llm::Completion>>>;

struct LlmWorld : World {
    std::shared_ptr<WireServer> wire = std::make_shared<WireServer>();
    std::shared_ptr<Server> http =
        server([wire = wire](const std::string& request) { return (*wire)(request); });

    std::shared_ptr<llm::Provider> openai() {
        llm::OpenAiOptions options;
        options.base_url = http->url("/v1");
        options.api_key = "sk-test-1234567890";
        options.models = {{"tiny-1", llm::Price{NanoUsd{1'000'000'000}, NanoUsd{2'000'000'000}}}};
        return llm::make_openai_compatible(client, loop, options);
    }
    ChatAnswer begin_chat(llm::Provider& provider, llm::ChatRequest request,
                          llm::TextSink sink = {}, runtime::TaskGroup::TaskId* id = nullptr) {
        auto answer = std::make_shared<std::optional<Result<llm::Completion>>>();
        const auto task =
            tasks->spawn("chat", keep(provider.chat(std::move(request), std::move(sink)), answer));
        if (id) *id = task;
        return answer;
    }
    Result<llm::Completion> chat(llm::Provider& provider, llm::ChatRequest request,
                                 llm::TextSink sink = {}) {
        const auto answer = begin_chat(provider, std::move(request), std::move(sink));
        REQUIRE(turn_until([&] { return answer->has_value(); }));
        return **answer;
    }
    Result<void> configure(llm::Providers& providers, llm::LlmConfig config) {
        auto done = std::make_shared<std::optional<Result<void>>>();
        tasks->spawn("configure",
                     keep(llm::configure(providers, client, loop, std::move(config)), done));
        REQUIRE(turn_until([&] { return done->has_value(); }));
        return **done;
    }
};

inline llm::ChatRequest ask(std::string model, std::string prompt) {
    llm::ChatRequest request;
    request.model = std::move(model);
    request.messages.push_back({"user", std::move(prompt), {}, {}});
    return request;
}

}  // namespace sluice::test
