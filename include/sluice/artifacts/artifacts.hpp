#pragma once
/// Artifacts: the user's named files. A row (owner, name, media type, size, the run and step that
/// made it) over a blob; in data an artifact stands as its reference `{"$artifact": "art_…",
/// "name", "size", "media_type"}`.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/clock.hpp"
#include "sluice/base/id.hpp"
#include "sluice/base/principal.hpp"
#include "sluice/base/json.hpp"
#include "sluice/base/result.hpp"
#include "sluice/runtime/awaitable.hpp"

namespace sluice::storage {
class Storage;
class WriteUnit;
}  // namespace sluice::storage
namespace sluice::net {
class Router;
}

namespace sluice::artifacts {

/// The largest artifact (bytes).
inline constexpr std::size_t max_size_bytes = 64u << 20;

struct Artifact {
    ArtifactId id;
    WorkspaceId workspace;
    std::string name;
    std::string media_type;
    std::uint64_t size_bytes = 0;
    std::string hash;          ///< SHA-256 of the content, lower-case hex
    std::optional<RunId> run;  ///< the run that made it
    std::string step_path;     ///< and its step; "" when uploaded
    std::string created_by;    ///< principal's id
    Time created_at{};
    std::string project, flow; ///< names, of the run; "" when uploaded; filled when it is read back
};

struct NewArtifact {
    std::string name;  ///< a file's name: 1 to 255 bytes of UTF-8, no slashes or control characters
    std::string
        media_type;  ///< empty: guessed from the name's extension, else application/octet-stream
    std::string content;
    std::optional<RunId> run;
    std::string step_path;
    std::string created_by;
    /// Set by who may come twice (a step's attempts): when this one exists already, `create` gives
    /// it and adds nothing.
    std::optional<ArtifactId> id;
};

using AlsoCommit = std::function<void(storage::WriteUnit&, const Artifact&)>;

/// What a list is limited to.
struct ArtifactFilter {
    std::optional<RunId> run;
    base::SeenNames seen;
    std::string owner;  ///< with limited names: what this principal uploaded is in the list all the same
};

struct ArtifactList {
    std::vector<Artifact> items;
    std::string next_cursor;
};

/// Thread: loop.
class Artifacts {
  public:
    Artifacts(storage::Storage& storage, base::Clock& clock, base::Random& random);
    ~Artifacts();
    Artifacts(const Artifacts&) = delete;
    Artifacts& operator=(const Artifacts&) = delete;

    /// The key that signs the list's cursors; set before the server starts (else one of this
    /// process is used).
    void set_cursor_key(std::string key);

    /// Stores content and row durably. Errors: invalid_argument (name, media type), too_large (over
    /// 64 MiB).
    Awaitable<Result<Artifact>> create(WorkspaceId workspace, NewArtifact artifact,
                                       AlsoCommit also = {});
    /// The content goes to a synced blob now; the row commits with the caller's unit
    /// (`append_create`). For steps, whose artifact shall exist exactly if the step's end does.
    Awaitable<Result<Artifact>> prepare(WorkspaceId workspace, NewArtifact artifact);
    void append_create(storage::WriteUnit& unit, const Artifact& artifact);

    /// Errors: not_found.
    Awaitable<Result<Artifact>> get(WorkspaceId workspace, ArtifactId id);
    /// The whole content. Errors: not_found, too_large (over `max_bytes`, before reading).
    Awaitable<Result<std::string>> read(WorkspaceId workspace, ArtifactId id,
                                        std::size_t max_bytes = max_size_bytes);
    /// A part of the content; shorter at the end.
    Awaitable<Result<std::string>> read_part(const Artifact& artifact, std::uint64_t offset,
                                             std::size_t length);
    /// Newest first. Errors: invalid_argument (cursor).
    Awaitable<Result<ArtifactList>> list(WorkspaceId workspace, ArtifactFilter filter, int limit, std::string cursor);
    /// Errors: not_found. The content goes with its last owner.
    Awaitable<Result<void>> remove(WorkspaceId workspace, ArtifactId id, AlsoCommit also = {});

  private:
    struct State;
    std::unique_ptr<State> state_;
};

/// {"$artifact", "name", "size", "media_type"}
Json reference(const Artifact& artifact);
/// The id in a reference; nothing when `value` is none.
std::optional<ArtifactId> referenced(const Json& value);

/// /api/v1/artifacts
void add_routes(net::Router& router, Artifacts& artifacts);

}  // namespace sluice::artifacts
