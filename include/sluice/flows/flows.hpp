#pragma once
/// Flows: CRUD with immutable versions, a live pointer, rollback, diff, import and export. Names are unique per workspace.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/clock.hpp"
#include "sluice/base/id.hpp"
#include "sluice/base/json.hpp"
#include "sluice/flows/graph.hpp"
#include "sluice/runtime/awaitable.hpp"

namespace sluice::storage {
class Storage;
class WriteUnit;
}
namespace sluice::net {
class Router;
}

namespace sluice::flows {

/// One flow with one of its versions' documents.
struct Flow {
    FlowId id;
    WorkspaceId workspace;
    std::string name, project, description;
    int live_version = 0;      ///< 0: none is live
    int latest_version = 0;
    int version = 0;           ///< of `document`
    std::int64_t revision = 0; ///< raised by every change; the ETag
    Json document;
    Time created_at{}, updated_at{};
};

struct Version {
    int number = 0;
    std::string note, created_by;
    std::string content_hash;  ///< SHA-256 of the canonical document
    Time created_at{};
};

/// A node or edge that differs between two versions.
struct Difference {
    std::string kind;    ///< "node", "edge", "settings", …
    std::string key;     ///< node id, "a→b"
    std::string change;  ///< "added", "removed", "changed"
    std::vector<std::string> fields;  ///< JSON pointers below the object that changed
};

/// What list queries ask for.
struct Page {
    int limit = 50;
    std::string cursor;  ///< opaque
};
struct FlowList {
    std::vector<Flow> items;  ///< without documents
    std::string next_cursor;
};

/// Called with the unit of a change and its result before the unit is submitted, to let more commit with it (an
/// idempotency record, an audit entry).
using AlsoCommit = std::function<void(storage::WriteUnit&, const Flow&)>;

/// What publishing a document by its name did.
struct Applied {
    Flow flow;
    std::string change;  ///< "created", "updated", "unchanged"
};
using AlsoApply = std::function<void(storage::WriteUnit&, const Applied&)>;

/// Thread: loop.
class Flows {
  public:
    Flows(storage::Storage& storage, const NodeTypes& types, base::Clock& clock, base::Random& random);
    ~Flows();

    /// The key that signs the lists' cursors (32 bytes that stay over restarts); set before the server starts, else one
    /// of this process is used.
    void set_cursor_key(std::string key);

    ValidationResult validate(const Json& document) const;
    /// The same on another thread, for documents of any size.
    Awaitable<Result<ValidationResult>> validate_apart(Json document);
    /// Errors: unprocessable (validation, details with pointers), conflict (name taken), not_found (project).
    Awaitable<Result<Flow>> create(WorkspaceId workspace, Json document, bool live, std::string note, std::string by, AlsoCommit also = {});
    /// The next version. `if_match`: an ETag that must hold. The same document again makes no new version.
    Awaitable<Result<Flow>> update(WorkspaceId workspace, FlowId id, Json document, bool live, std::string note, std::string by,
                                   std::optional<std::string> if_match, AlsoCommit also = {});
    /// Creates the flow that the document names, or makes its next version: what import and `sluice apply` do.
    Awaitable<Result<Applied>> apply(WorkspaceId workspace, Json document, bool live, std::string note, std::string by,
                                     AlsoApply also = {});
    Awaitable<Result<Flow>> set_live(WorkspaceId workspace, FlowId id, int version, std::optional<std::string> if_match, AlsoCommit also = {});
    Awaitable<Result<void>> remove(WorkspaceId workspace, FlowId id, std::optional<std::string> if_match, AlsoCommit also = {});
    /// `version` 0: the live one, else the latest.
    Awaitable<Result<Flow>> get(WorkspaceId workspace, FlowId id, int version = 0);
    Awaitable<Result<Flow>> get_by_name(WorkspaceId workspace, std::string name, int version = 0);
    /// Newest first; `project` and `name` filter when not empty. Errors: invalid_argument (cursor).
    Awaitable<Result<FlowList>> list(WorkspaceId workspace, std::string project, Page page, std::string name = {});
    /// Newest first, at most `limit` with numbers below `before`.
    Awaitable<Result<std::vector<Version>>> versions(WorkspaceId workspace, FlowId id, int before = 1 << 30, int limit = 200);
    /// One version as the document it holds. Errors: not_found.
    struct VersionDocument {
        Version version;
        Json document;
    };
    Awaitable<Result<VersionDocument>> version(WorkspaceId workspace, FlowId id, int number);
    /// The cursor of a list of versions that goes on below `before`, and back.
    std::string version_cursor(WorkspaceId workspace, FlowId id, int before) const;
    Result<int> read_version_cursor(WorkspaceId workspace, FlowId id, std::string_view cursor) const;
    Awaitable<Result<std::vector<Difference>>> diff(WorkspaceId workspace, FlowId id, int from, int to);

    /// The compiled form, from the cache when it is there: what a run needs. `version` 0: live. Errors: not_found,
    /// conflict (nothing is live), unprocessable (a stored version that this binary cannot compile).
    struct Runnable {
        FlowPtr flow;
        int version = 0;
        std::string name;
        std::string project;
        bool deleted = false;  ///< only runs that have started may go on: refuse new ones
    };
    /// A deleted flow's versions are found when they are named by number, because runs of them may go on.
    Awaitable<Result<Runnable>> runnable(WorkspaceId workspace, FlowId id, int version = 0);
    /// The same without waiting, when it is cached (hot path); nothing otherwise.
    std::optional<Runnable> cached(WorkspaceId workspace, FlowId id, int version = 0) const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

/// "\"7\"" for a flow's revision.
std::string etag_of(const Flow& flow);
/// The document as YAML with the canonical key order.
std::string to_yaml(const Json& document);
/// Errors: invalid_argument with line and column; unsafe YAML (anchors that expand, non-string keys) is refused.
Result<Json> parse_yaml(std::string_view text);
/// The document with its keys in the documented order and defaults left out: what export writes and the hash covers.
Json canonical_document(const Json& document);
std::vector<Difference> diff_documents(const Json& from, const Json& to);

/// Routes of flows and node types; `node_types` must outlive the router.
struct FlowRoutes {
    Flows& flows;
    const NodeTypes& types;
};
void add_routes(net::Router& router, FlowRoutes& routes);

}  // namespace sluice::flows
