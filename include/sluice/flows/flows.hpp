#pragma once
/// Flows: CRUD with immutable versions, a live pointer, rollback, diff, import and export; drafts and pinned sample outputs.
/// Names are unique per workspace.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/clock.hpp"
#include "sluice/base/id.hpp"
#include "sluice/base/json.hpp"
#include "sluice/base/principal.hpp"
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
    int number = 0;            ///< below 0: a hidden one, the frozen draft of a run
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

/// Who publishes. A name alone may use no secrets.
struct Publisher {
    Publisher(std::string name) : id(std::move(name)) {}            // NOLINT: a name reads better so
    Publisher(const char* name) : id(name) {}                       // NOLINT
    Publisher(Principal who) : id(who.id), principal(std::move(who)) {}  // NOLINT
    std::string id;
    Principal principal;
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

/// The one mutable document of a person for a flow. It may have mistakes; it is no version until it is published.
struct Draft {
    FlowId flow;
    std::string owner;         ///< see `draft_owner`
    int based_on = 0;          ///< the version that was edited
    std::int64_t revision = 0; ///< raised by every change
    Json document;             ///< an object, as it was sent
    Time created_at{}, updated_at{};
    int live_version = 0;      ///< of the flow at the time of the answer
    std::vector<base::ErrorDetail> errors, warnings;
};
/// Whose draft a caller's is: a key's own, and one for the machine's owner and the browsers that they signed in, because a
/// session ends after hours and a draft shall not.
std::string draft_owner(const Principal& principal);
std::string etag_of(const Draft& draft);

/// What saving a draft is asked to do.
struct SaveDraft {
    Json document;
    std::optional<int> based_on;          ///< without it the present draft's, else the live version (else the latest)
    std::optional<std::string> if_match;  ///< needed over a draft that is there; "*" fits any
    bool only_new = false;                ///< If-None-Match: *
};
struct SavedDraft {
    Draft draft;
    bool created = false;
};
struct PublishDraft {
    bool live = true;
    bool force = false;  ///< also when the live version is newer than the draft's base
    std::string note;
    std::optional<std::string> if_match;
};
using AlsoSaveDraft = std::function<void(storage::WriteUnit&, const SavedDraft&)>;
using AlsoChange = std::function<void(storage::WriteUnit&)>;

/// A sample output of a node, for runs of drafts.
struct Pin {
    std::string node;
    Json output;                 ///< null in lists
    std::size_t size_bytes = 0;  ///< of the output's JSON text
    std::string content_hash;    ///< SHA-256 of that text; the ETag
    std::string updated_by;
    Time updated_at{};
};
std::string etag_of(const Pin& pin);
using AlsoPin = std::function<void(storage::WriteUnit&, const Pin&)>;

/// Thread: loop.
class Flows {
  public:
    Flows(storage::Storage& storage, const NodeTypes& types, base::Clock& clock, base::Random& random);
    ~Flows();

    /// The key that signs the lists' cursors (32 bytes that stay over restarts); set before the server starts, else one
    /// of this process is used.
    void set_cursor_key(std::string key);
    /// Judges the secrets that documents name; without it they are not judged here. Before the first change.
    void set_vault(const vault::Vault& vault);

    ValidationResult validate(const Json& document) const;
    /// The same on another thread, for documents of any size, with the times of the nodes' attempts as the API shows them
    /// (an empty list when there are errors).
    struct Judgement : ValidationResult {
        Json retries = Json::array();
        std::size_t retries_left_out = 0;  ///< nodes with retries that an answer has no room for
    };
    /// With a principal, also whether it may use the secrets that the document names.
    Awaitable<Result<Judgement>> validate_apart(Json document, std::optional<Principal> principal = std::nullopt);
    /// Errors: unprocessable (validation, details with pointers), forbidden (a secret that `by` may not use, a flow outside of
    /// its scope), conflict (name taken), not_found (project, or a flow that this one calls, outside of its scope).
    Awaitable<Result<Flow>> create(WorkspaceId workspace, Json document, bool live, std::string note, Publisher by, AlsoCommit also = {});
    /// The next version. `if_match`: an ETag that must hold. The same document again makes no new version.
    Awaitable<Result<Flow>> update(WorkspaceId workspace, FlowId id, Json document, bool live, std::string note, Publisher by,
                                   std::optional<std::string> if_match, AlsoCommit also = {});
    /// Creates the flow that the document names, or makes its next version: what import and `sluice apply` do.
    Awaitable<Result<Applied>> apply(WorkspaceId workspace, Json document, bool live, std::string note, Publisher by,
                                     AlsoApply also = {});
    Awaitable<Result<Flow>> set_live(WorkspaceId workspace, FlowId id, int version, std::optional<std::string> if_match, AlsoCommit also = {});
    Awaitable<Result<void>> remove(WorkspaceId workspace, FlowId id, std::optional<std::string> if_match, AlsoCommit also = {});
    /// `version` 0: the live one, else the latest.
    Awaitable<Result<Flow>> get(WorkspaceId workspace, FlowId id, int version = 0);
    Awaitable<Result<Flow>> get_by_name(WorkspaceId workspace, std::string name, int version = 0);
    /// Newest first; `project` and `name` filter when not empty, `seen` to what the reader is limited to. Errors:
    /// invalid_argument (cursor).
    Awaitable<Result<FlowList>> list(WorkspaceId workspace, std::string project, Page page, std::string name = {},
                                     base::SeenNames seen = {});
    /// Where a flow that is not deleted belongs, from the cache when it is there. Errors: not_found.
    struct Belongs {
        std::string project, name;
    };
    Awaitable<Result<Belongs>> place(WorkspaceId workspace, FlowId id);
    /// Newest first, at most `limit` with numbers below `before`.
    Awaitable<Result<std::vector<Version>>> versions(WorkspaceId workspace, FlowId id, int before = 1 << 30, int limit = 200);
    /// One version as the document it holds; by its number a hidden one as well. Errors: not_found.
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

    /// The caller's draft, judged. Errors: not_found (it says how to make one).
    Awaitable<Result<Draft>> draft(WorkspaceId workspace, FlowId id, Principal principal);
    /// Makes the caller's draft or writes over it; the same content again changes nothing. Mistakes in the document are no
    /// errors here: they come with the answer. Errors: not_found (flow, base), invalid_argument (no object),
    /// precondition_required (a draft is there and `if_match` is not), precondition_failed.
    Awaitable<Result<SavedDraft>> save_draft(WorkspaceId workspace, FlowId id, Principal principal, SaveDraft save,
                                             AlsoSaveDraft also = {});
    /// Errors: not_found, precondition_failed.
    Awaitable<Result<void>> discard_draft(WorkspaceId workspace, FlowId id, Principal principal,
                                          std::optional<std::string> if_match, AlsoChange also = {});
    /// Makes the caller's draft the next version and removes it in the same commit. Errors: not_found, unprocessable
    /// (mistakes, with pointers), conflict (the live version is newer than the draft's base; it says whose), and those of
    /// `update`.
    Awaitable<Result<Applied>> publish_draft(WorkspaceId workspace, FlowId id, Principal principal, PublishDraft how,
                                             AlsoApply also = {});
    /// What a run of the caller's draft needs: the draft frozen into a hidden version, durable when this returns, with a
    /// number below 0 under which `runnable` gives it again. The same content is the same hidden version. It stays for a
    /// day, and as long as a run names it. Errors: not_found (flow, draft), unprocessable (mistakes, with pointers).
    Awaitable<Result<Runnable>> freeze_draft(WorkspaceId workspace, FlowId id, Principal principal);
    /// Removes hidden versions that no run names and no run of a draft has asked for within a day; how many. For
    /// housekeeping.
    Awaitable<Result<std::int64_t>> remove_unused_hidden();

    /// The pinned outputs of a flow by node id; empty when there are none.
    Awaitable<Result<std::map<std::string, Json>>> pins(WorkspaceId workspace, FlowId id);
    /// By node id, without outputs. Errors: not_found (flow).
    Awaitable<Result<std::vector<Pin>>> list_pins(WorkspaceId workspace, FlowId id);
    /// Errors: not_found (flow, pin).
    Awaitable<Result<Pin>> pin(WorkspaceId workspace, FlowId id, std::string node);
    /// Errors: not_found (flow), invalid_argument (no node's id), too_large (an output over 1 MiB), unprocessable (more
    /// than 1,000 pins or 32 MiB in the flow), precondition_failed.
    Awaitable<Result<Pin>> put_pin(WorkspaceId workspace, FlowId id, std::string node, Json output, std::string by,
                                   std::optional<std::string> if_match, AlsoPin also = {});
    /// Errors: not_found (flow, pin), precondition_failed.
    Awaitable<Result<void>> remove_pin(WorkspaceId workspace, FlowId id, std::string node,
                                       std::optional<std::string> if_match, AlsoChange also = {});

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
/// Those of drafts and pins; `add_routes` calls it.
void add_draft_routes(net::Router& router, FlowRoutes& routes);

}  // namespace sluice::flows
