#pragma once
/// Metrics of model calls under OpenTelemetry's names (budget/genai.hpp).

namespace sluice::budget {
struct Spend;
}

namespace sluice::llm {

/// Counts one call that has ended. Of label sets there are at most 50: further models are counted as `other`. Thread: loop.
void observe_call(const budget::Spend& call);

}  // namespace sluice::llm
