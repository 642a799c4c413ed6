#include "artifacts_store.hpp"

#include "sluice/storage/tx.hpp"

namespace sluice::artifacts::store {
namespace {

using storage::Query;
using storage::ReadTx;
using storage::Row;
using storage::to_value;

#define ARTIFACT_COLUMNS                                                                    \
    "workspace_id, id, name, media_type, size_bytes, hash, run_id, step_path, created_by, " \
    "created_at_us, project, flow"

const Query insert_artifact{"artifacts.insert", "INSERT INTO artifact (" ARTIFACT_COLUMNS
                                                ") "
    // It belongs where its run does, whose row is there before the run's first step with effects.
    "SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, coalesce(max(r.project), ''), coalesce(max(r.flow_name), '') "
    "FROM run r WHERE r.workspace_id = ?1 AND r.id = ?7"};
// ?5 and ?6: the names that the reader is limited to, and whose uploads are shown all the same.
#define SEEN_ARTIFACT(seen, owner) \
    " AND ((" SLUICE_SEEN(seen, "project", "flow") ") OR (" owner " <> '' AND created_by = " owner "))"
const Query delete_artifact{"artifacts.delete",
                            "DELETE FROM artifact WHERE workspace_id = ?1 AND id = ?2"};
const Query one_artifact{"artifacts.find", "SELECT " ARTIFACT_COLUMNS
                                           " FROM artifact WHERE workspace_id = ?1 AND id = ?2"};
const Query newest{"artifacts.list", "SELECT " ARTIFACT_COLUMNS
                                     " FROM artifact WHERE workspace_id = ?1 AND id < ?2" SEEN_ARTIFACT("?4", "?5")
                                     " ORDER BY id DESC LIMIT ?3"};
const Query newest_of_run{"artifacts.list_by_run",
                          "SELECT " ARTIFACT_COLUMNS
                          " FROM artifact WHERE workspace_id = ?1 AND run_id = ?6 "
                          "AND id < ?2" SEEN_ARTIFACT("?4", "?5") " ORDER BY id DESC LIMIT ?3"};

Artifact read_artifact(const Row& row) {
    Artifact artifact;
    artifact.workspace = row.id<WorkspaceId>(0);
    artifact.id = row.id<ArtifactId>(1);
    artifact.name = row.str(2);
    artifact.media_type = row.str(3);
    artifact.size_bytes = static_cast<std::uint64_t>(row.integer(4));
    artifact.hash = row.str(5);
    if (!row.is_null(6)) artifact.run = row.id<RunId>(6);
    artifact.step_path = row.str(7);
    artifact.created_by = row.str(8);
    artifact.created_at = row.time(9);
    artifact.project = row.str(10);
    artifact.flow = row.str(11);
    return artifact;
}

}  // namespace

void insert(storage::WriteUnit& unit, const Artifact& artifact) {
    unit.add(insert_artifact, artifact.workspace, artifact.id, artifact.name, artifact.media_type,
             artifact.size_bytes, artifact.hash, artifact.run, artifact.step_path,
             artifact.created_by, artifact.created_at);
}

void remove(storage::WriteUnit& unit, WorkspaceId workspace, ArtifactId id) {
    unit.add_expecting(ErrorCode::not_found,
                       fmt::format("there is no artifact {}; check the id", id.str()),
                       delete_artifact, workspace, id);
}

Awaitable<Result<std::optional<Artifact>>> find(storage::Storage& storage, WorkspaceId workspace,
                                                ArtifactId id) {
    auto job = [=](ReadTx& tx) {
        return tx.find<Artifact>(one_artifact, {to_value(workspace), to_value(id)}, read_artifact);
    };
    co_return co_await storage.read(std::move(job));
}

Awaitable<Result<std::vector<Artifact>>> list(storage::Storage& storage, WorkspaceId workspace,
                                              ArtifactFilter filter,
                                              std::optional<ArtifactId> before, int limit) {
    const auto bound = before.value_or(ArtifactId::last());
    auto job = [=](ReadTx& tx) {
        std::vector<storage::Value> parameters{to_value(workspace), to_value(bound),
                                               to_value(limit), to_value(filter.seen.text()), to_value(filter.owner)};
        if (filter.run) parameters.push_back(to_value(*filter.run));
        return tx.list<Artifact>(filter.run ? newest_of_run : newest, std::move(parameters),
                                 read_artifact);
    };
    co_return co_await storage.read(std::move(job));
}

}  // namespace sluice::artifacts::store
