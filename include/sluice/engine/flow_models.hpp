#pragma once
/// Flows as models: `model: "flow/<name>"` at every door of the model gateway runs the flow's live version.
///
/// The run's input is what the caller sent (docs/gateway.md). Its answer is the run's output where that is text, its member
/// `text` or `content`, else the output's JSON. The caller needs `runs:write` and `runs:data` for the flow: who may not read
/// what a run gave may not be told it by another door.

#include <memory>

#include "sluice/engine/engine.hpp"
#include "sluice/llm/model_source.hpp"

namespace sluice::engine {

/// Thread: loop.
class FlowModels final : public llm::ModelSource {
  public:
    FlowModels(runtime::Loop& loop, Engine& engine, base::Random& random);
    ~FlowModels() override;

    std::string_view prefix() const override { return "flow"; }
    Awaitable<Result<std::vector<std::string>>> names(Principal caller) override;
    Awaitable<Result<std::unique_ptr<llm::SourceRun>>> start(llm::SourceCall call) override;
    /// Waits for the cancelling of runs whose callers have gone. After the server's stop, before the engine's.
    Awaitable<void> stop();

    struct State;

  private:
    std::shared_ptr<State> state_;
};

/// The answer in a run's output.
std::string answer_text(const Json& output);
/// The step whose streamed text is the flow's answer: the `llm.chat` that alone its `output` names; empty: none.
std::string answering_step(const flows::CompiledFlow& flow);

}  // namespace sluice::engine
