#pragma once
/// When the attempts of a step begin under its retry policy: what the executor waits, and the preview of it.

#include <cstddef>
#include <string>
#include <vector>

#include "sluice/base/json.hpp"
#include "sluice/flows/graph.hpp"

namespace sluice::flows {

/// One attempt as it would begin when every attempt before it failed at once, and nobody outside asked to wait longer.
struct RetryAttempt {
    int attempt = 1;             ///< from 1
    Duration delay{};            ///< between the failure of the attempt before and this one, without jitter
    Duration elapsed{};          ///< since the first attempt began, without jitter
    Duration earliest{}, latest{};  ///< the bounds of `elapsed` when jitter shortens or lengthens every delay
    bool certain = true;         ///< false: with long delays max_elapsed cuts this attempt off
    bool operator==(const RetryAttempt&) const = default;
};

/// The delay after the failure number `failures` (from 1), without jitter.
Duration retry_delay(const RetryPolicy& policy, int failures);

/// All attempts that can begin. Pure. Sums stop at the largest duration instead of overflowing.
std::vector<RetryAttempt> retry_schedule(const RetryPolicy& policy);

/// The schedule of one node.
struct RetryPreview {
    std::string pointer;  ///< of the node's "retry", into the document
    std::string node;
    std::vector<RetryAttempt> attempts;
    Duration total{};     ///< from the beginning of the first attempt to that of the last one, without jitter
};
struct RetryPreviews {
    std::vector<RetryPreview> items;
    std::size_t left_out = 0;  ///< nodes behind the bound of 20,000 attempts in one answer
};

/// Of every node that says something about its retries, document order, a container before its body. `flow` is what
/// `document` compiled to.
RetryPreviews preview_retries(const Json& document, const CompiledFlow& flow);

/// As the API shows them, durations as text.
Json retries_json(const RetryPreviews& previews);

}  // namespace sluice::flows
