#pragma once
// Runs that try something out: of a draft, over pinned sample outputs, up to one node, or of one node alone.

#include <map>
#include <optional>
#include <string>

#include "sluice/base/principal.hpp"
#include "sluice/engine/engine.hpp"

namespace sluice::engine {

/// What the body of a start asks for beside the input.
struct TrialRun {
    bool draft = false;                 ///< "version": "draft"
    std::string until, only;            ///< a node at the top level
    std::map<std::string, Json> pins;   ///< given with the request; over the flow's own
    std::optional<bool> use_pins;       ///< the flow's own; default: for drafts
    bool asked() const { return draft || !until.empty() || !only.empty() || !pins.empty() || use_pins.has_value(); }

    /// Takes a member of the body that is its own; false when it is none of them. Errors: invalid_argument with the pointer.
    Result<bool> take(const std::string& key, Json& value);
};

/// Fills in what is run and what it takes from samples. `version` 0: live. Errors: not_found, unprocessable (a draft's
/// mistakes; a node that is not there; samples that are missing, named), too_large.
Awaitable<Result<void>> prepare_trial(Engine& engine, TrialRun trial, int version, base::Principal principal, StartRun& start);

}  // namespace sluice::engine
