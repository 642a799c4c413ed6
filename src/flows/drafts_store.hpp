#pragma once
/// All SQL of drafts, hidden versions and pins.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sluice/flows/flows.hpp"
#include "sluice/storage/storage.hpp"

namespace sluice::flows {

/// A draft with what it compiles to.
struct LoadedDraft {
    Draft draft;
    std::string text;  ///< of the document, as it is stored
    FlowPtr compiled;  ///< null when it has errors
};

/// The content of a hidden version to be.
struct HiddenVersion {
    std::string document, content_hash, created_by;
};

/// Which hidden version a row is.
struct HiddenKey {
    WorkspaceId workspace;
    FlowId flow;
    int version = 0;
};

/// Set by the writer when the row was no longer the one that a change had been computed from.
using Overtaken = std::shared_ptr<bool>;

/// Thread: loop; reads run on the readers, changes in the writer.
class DraftStore {
  public:
    explicit DraftStore(storage::Storage& storage) : storage_(storage) {}

    /// Judged and compiled on the reader.
    Awaitable<Result<std::optional<LoadedDraft>>> load(WorkspaceId workspace, FlowId id, std::string owner,
                                                       const NodeTypes& types);
    /// Inserts `draft` when `expected` is null, else writes it over the row that has the ETag of `expected`. Errors of the
    /// unit: not_found (the flow is gone), conflict with `overtaken` set.
    static void append_save(storage::WriteUnit& unit, WorkspaceId workspace, const Draft& draft, std::string document,
                            std::optional<Draft> expected, Overtaken overtaken);
    /// Removes the row that has the ETag of `draft`. Errors of the unit: conflict with `overtaken` set.
    static void append_remove(storage::WriteUnit& unit, WorkspaceId workspace, const Draft& draft, Overtaken overtaken);

    /// The number of a hidden version with this content that was asked for at `since` or later.
    Awaitable<Result<std::optional<int>>> find_hidden(WorkspaceId workspace, FlowId id, std::string content_hash, Time since);
    /// Makes the hidden version, or notes that it is wanted again; its number. Errors: not_found (the flow is gone).
    Awaitable<Result<int>> freeze(WorkspaceId workspace, FlowId id, HiddenVersion version, Time now);
    /// Hidden versions of all workspaces that no run names and that were last wanted before `before`; at most `limit`.
    Awaitable<Result<std::vector<HiddenKey>>> unused_hidden(Time before, int limit);
    /// Removes them where both still hold.
    Awaitable<Result<std::vector<HiddenKey>>> remove_hidden(std::vector<HiddenKey> keys, Time before);

    /// All of a flow with their outputs, ascending by node.
    Awaitable<Result<std::vector<Pin>>> pins(WorkspaceId workspace, FlowId id);
    /// The same without outputs.
    Awaitable<Result<std::vector<Pin>>> list_pins(WorkspaceId workspace, FlowId id);
    Awaitable<Result<std::optional<Pin>>> find_pin(WorkspaceId workspace, FlowId id, std::string node);
    /// `expected`: the content hash that must be there; empty: whatever is there. Errors of the unit: not_found (flow),
    /// unprocessable (bounds), conflict with `overtaken` set.
    static void append_pin(storage::WriteUnit& unit, WorkspaceId workspace, FlowId id, const Pin& pin, std::string output,
                           std::string expected, Overtaken overtaken);
    static void append_unpin(storage::WriteUnit& unit, WorkspaceId workspace, FlowId id, const Pin& pin, Overtaken overtaken);

  private:
    storage::Storage& storage_;
};

}  // namespace sluice::flows
