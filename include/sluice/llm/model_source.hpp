#pragma once
/// What answers like a model without being one: a flow, called as `flow/<name>`. The gateway owns the interface and speaks the
/// callers' formats; the module that runs them implements it, and `app` brings the two together. docs/gateway.md.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/json.hpp"
#include "sluice/base/principal.hpp"
#include "sluice/base/result.hpp"
#include "sluice/llm/provider.hpp"
#include "sluice/runtime/awaitable.hpp"

namespace sluice::llm {

/// One call of such a model.
struct SourceCall {
    std::string name;     ///< without the prefix: "triage"
    Principal caller;
    /// {"messages", "system"?, "input", "parameters"}: what the caller sent, in no vendor's format.
    Json input;
    bool stream = false;  ///< text is of use before the end
};

struct SourceAnswer {
    std::string text;
    Usage usage;          ///< the sum of its model calls
    NanoUsd cost;
};

/// One call under way. Destroyed before its end, it is cancelled. Thread: loop.
class SourceRun {
  public:
    virtual ~SourceRun() = default;
    virtual std::string id() const = 0;  ///< "run_…"
    struct Piece {
        std::string text;                                ///< that came since; the whole of it is a beginning of the answer
        std::optional<Result<SourceAnswer>> end;         ///< set once, with the last piece
    };
    /// Waits for text or the end; an empty piece when neither came until `deadline`. The end's errors are those of what ran.
    virtual Awaitable<Piece> next(Time deadline) = 0;
};

/// All models of one prefix. Thread: loop.
class ModelSource {
  public:
    virtual ~ModelSource() = default;
    virtual std::string_view prefix() const = 0;  ///< "flow"
    /// The names that the caller may call, without the prefix. Errors: of storage.
    virtual Awaitable<Result<std::vector<std::string>>> names(Principal caller) = 0;
    /// Begins, and returns once that is stored. Errors: not_found (also what the caller must not know of), forbidden,
    /// unprocessable (the input), rate_limited, unavailable.
    virtual Awaitable<Result<std::unique_ptr<SourceRun>>> start(SourceCall call) = 0;
};

}  // namespace sluice::llm
