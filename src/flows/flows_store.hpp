#pragma once
/// All SQL of flows.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sluice/flows/flows.hpp"
#include "sluice/storage/storage.hpp"

namespace sluice::flows {

/// A flow's row, with the hash of its latest version.
struct FlowRow {
    Flow flow;  ///< without document
    std::string latest_hash;
    bool deleted = false;
};

/// A flow with one version's document, as a run needs it.
struct LoadedVersion {
    FlowRow row;
    int version = 0;  ///< 0: the wanted one does not exist (or nothing is live)
    Json document;
    FlowPtr compiled;                       ///< when it was asked for and compiles
    std::vector<base::ErrorDetail> errors;  ///< why it does not compile any more
};

/// One more version.
struct NewVersion {
    int number = 0;
    std::string document, content_hash, note, created_by;
};

/// Set by the writer when the row was no longer the one that a change had been computed from.
using Stale = std::shared_ptr<bool>;

/// A document as the database holds it: bounded only by what storage takes.
Result<Json> parse_stored(std::string_view text);

/// Thread: loop; reads run on the readers, changes in the writer.
class FlowStore {
  public:
    explicit FlowStore(storage::Storage& storage) : storage_(storage) {}

    Awaitable<Result<std::optional<FlowRow>>> find(WorkspaceId workspace, FlowId id);
    Awaitable<Result<std::optional<FlowRow>>> find_by_name(WorkspaceId workspace, std::string name);
    /// With one version's document. `version` 0: the live one, else the latest.
    Awaitable<Result<std::optional<LoadedVersion>>> load(WorkspaceId workspace, FlowId id, int version);
    Awaitable<Result<std::optional<LoadedVersion>>> load_by_name(WorkspaceId workspace, std::string name, int version);
    /// The same, compiled on the reader; `version` 0 is the live one only.
    Awaitable<Result<std::optional<LoadedVersion>>> load_compiled(WorkspaceId workspace, FlowId id, int version,
                                                                  const NodeTypes& types);
    /// Newest first, older than `before` (nil: from the newest); `project` and `name` filter when not empty.
    Awaitable<Result<std::vector<Flow>>> list(WorkspaceId workspace, std::string project, std::string name, base::SeenNames seen, FlowId before,
                                              int limit);
    /// Newest first, numbers below `before`.
    Awaitable<Result<std::vector<Version>>> versions(WorkspaceId workspace, FlowId id, int before, int limit);
    Awaitable<Result<std::optional<Version>>> find_version(WorkspaceId workspace, FlowId id, int version);

    /// Errors of the unit: conflict (name), not_found (project).
    static void append_create(storage::WriteUnit& unit, const Flow& flow, NewVersion version);
    /// Writes `after` over the row whose revision is `expected`; sets `stale` and fails with conflict when it is another.
    static void append_change(storage::WriteUnit& unit, const Flow& after, std::int64_t expected,
                              std::optional<NewVersion> version, Stale stale);
    static void append_remove(storage::WriteUnit& unit, const Flow& flow, std::int64_t expected, Time now, Stale stale);

  private:
    storage::Storage& storage_;
};

}  // namespace sluice::flows
