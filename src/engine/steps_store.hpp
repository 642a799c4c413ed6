#pragma once
// The journals of runs as steps: folded on reader threads, in pieces of bounded length.

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/engine_store.hpp"
#include "sluice/engine/history.hpp"

namespace sluice::engine::store {

/// A word about each step of a journal, in the order of their first entries.
struct StepIndex {
    struct Entry {
        const std::string* path = nullptr;   ///< the key in `by_path`
        StepStatus status = StepStatus::pending;
        std::int64_t first_seq = 0, last_seq = 0;
        std::uint32_t container = none;      ///< the one it is inside of, in `children`
    };
    static constexpr std::uint32_t none = ~std::uint32_t{0};
    using Counts = std::array<std::uint32_t, 10>;   ///< by StepStatus
    std::vector<Entry> entries;
    std::unordered_map<std::string, std::uint32_t> by_path;
    std::unordered_map<std::string, std::uint32_t> containers;   ///< by their paths: places in `children`
    std::vector<Counts> children;            ///< the steps of a container's body, over all items or turns
    std::int64_t last_seq = 0;               ///< of the newest entry of a step
};
using StepIndexPtr = std::shared_ptr<const StepIndex>;

/// The status a step is in after an entry of this kind, which had `before`.
StepStatus status_after(RecordKind kind, StepStatus before);

/// Errors: of storage. Memory: about a hundred bytes a step.
Awaitable<Result<StepIndexPtr>> index_steps(storage::Storage& storage, WorkspaceId workspace, RunId run);

/// The places of the steps that a query names, in their order; the statuses are judged by `wants`. On a reader's thread where
/// paths must be looked at.
Awaitable<Result<std::vector<std::uint32_t>>> steps_by_path(storage::Storage& storage, StepIndexPtr index, StepQuery query);
/// Whether a step with this path is inside of a container or instance, and holds a text.
bool path_matches(std::string_view path, const StepQuery& query);

/// An entry of the run itself: its start, a pause, its end.
struct RunEntry {
    std::string kind;
    Time at{};
    Json data;
};
/// The newest first.
Awaitable<Result<std::vector<RunEntry>>> run_entries(storage::Storage& storage, WorkspaceId workspace, RunId run, int limit);

/// The steps `wanted` (places in the index) as their pages show them, in that order, without node types.
Awaitable<Result<std::vector<StepSummary>>> summarise_steps(storage::Storage& storage, WorkspaceId workspace, RunId run,
                                                            StepIndexPtr index, std::vector<std::uint32_t> wanted);

/// What a comparison of runs needs of a step.
struct StepFingerprint {
    StepStatus status = StepStatus::pending;
    int attempts = 0;
    Time first{}, last{};
    std::int64_t end_seq = 0;            ///< of the entry with its output or error; 0: none
    std::uint64_t value_hash = 0;
    std::int64_t value_bytes = 0;
};
struct Fingerprints {
    std::unordered_map<std::string, StepFingerprint> steps;
    std::vector<const std::string*> order;   ///< keys, by their first entries
    std::int64_t last_seq = 0;
};
/// Errors: of storage. Memory: about 150 bytes a step.
Awaitable<Result<std::shared_ptr<const Fingerprints>>> fingerprints(storage::Storage& storage, WorkspaceId workspace, RunId run);

}  // namespace sluice::engine::store
