#include "flows/flows_store.hpp"

#include "sluice/storage/tx.hpp"

namespace sluice::flows {

namespace {

using storage::Query;
using storage::ReadTx;
using storage::Row;
using storage::to_value;
using storage::Tx;

#define FLOW_COLUMNS                                                                                              \
    "id, name, project, description, live_version, latest_version, revision, created_at_us, updated_at_us, deleted_at_us"
// The latest version's hash comes along, because most changes begin with the question whether there is one.
#define LATEST_HASH                                                                                               \
    "(SELECT content_hash FROM flow_version v WHERE v.workspace_id = ?1 AND v.flow_id = flow.id "                 \
    "AND v.version = flow.latest_version)"

const Query one_flow{"flows.find", "SELECT " FLOW_COLUMNS ", " LATEST_HASH " FROM flow WHERE workspace_id = ?1 AND id = ?2"};
const Query one_flow_by_name{"flows.find_by_name", "SELECT " FLOW_COLUMNS ", " LATEST_HASH
                             " FROM flow WHERE workspace_id = ?1 AND name = ?2 AND deleted_at_us IS NULL"};
const Query newest_flows{"flows.list", "SELECT " FLOW_COLUMNS
                         " FROM flow WHERE workspace_id = ?1 AND id < ?2 AND deleted_at_us IS NULL AND " SLUICE_SEEN("?4", "project", "name")
                         " ORDER BY id DESC LIMIT ?3"};
const Query newest_flows_of_project{"flows.list_of_project", "SELECT " FLOW_COLUMNS
                                    " FROM flow WHERE workspace_id = ?1 AND project = ?4 AND id < ?2 "
                                    "AND deleted_at_us IS NULL AND " SLUICE_SEEN("?5", "project", "name") " ORDER BY id DESC LIMIT ?3"};
const Query one_document{"flows.document", R"sql(
    SELECT document FROM flow_version WHERE workspace_id = ?1 AND flow_id = ?2 AND version = ?3)sql"};
const Query one_version{"flows.find_version", R"sql(
    SELECT version, note, created_by, content_hash, created_at_us FROM flow_version
    WHERE workspace_id = ?1 AND flow_id = ?2 AND version = ?3)sql"};
const Query newest_versions{"flows.versions", R"sql(
    SELECT version, note, created_by, content_hash, created_at_us FROM flow_version
    WHERE workspace_id = ?1 AND flow_id = ?2 AND version < ?3 AND version > 0  -- hidden ones are below
    ORDER BY version DESC LIMIT ?4)sql"};
const Query revision_of{"flows.revision", R"sql(
    SELECT revision FROM flow WHERE workspace_id = ?1 AND id = ?2 AND deleted_at_us IS NULL)sql"};
const Query id_of_name{"flows.id_of_name", R"sql(
    SELECT id FROM flow WHERE workspace_id = ?1 AND name = ?2 AND deleted_at_us IS NULL)sql"};
const Query project_exists{"flows.project_exists", "SELECT 1 FROM project WHERE workspace_id = ?1 AND name = ?2"};

const Query insert_flow{"flows.insert", R"sql(
    INSERT INTO flow (workspace_id, id, name, project, description, live_version, latest_version, revision,
                      created_at_us, updated_at_us)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10))sql"};
const Query insert_version{"flows.insert_version", R"sql(
    INSERT INTO flow_version (workspace_id, flow_id, version, document, content_hash, note, created_by, created_at_us)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8))sql"};
const Query change_flow{"flows.change", R"sql(
    UPDATE flow SET name = ?3, project = ?4, description = ?5, live_version = ?6, latest_version = ?7, revision = ?8,
                    updated_at_us = ?9
    WHERE workspace_id = ?1 AND id = ?2)sql"};
const Query remove_flow{"flows.remove", R"sql(
    UPDATE flow SET deleted_at_us = ?3, updated_at_us = ?3, revision = ?4, live_version = 0
    WHERE workspace_id = ?1 AND id = ?2)sql"};
const Query remove_drafts{"flows.remove_drafts", "DELETE FROM flow_draft WHERE workspace_id = ?1 AND flow_id = ?2"};
const Query remove_pins{"flows.remove_pins", "DELETE FROM flow_pin WHERE workspace_id = ?1 AND flow_id = ?2"};

/// What was checked when it was stored is only bounded by what storage holds.
base::JsonLimits stored_limits() {
    base::JsonLimits limits;
    limits.size_bytes = limits.string_bytes = std::size_t{256} << 20;
    limits.depth = 512;
    limits.keys = 1'000'000;
    limits.number_digits = 400;
    return limits;
}

Flow read_flow(const Row& row, WorkspaceId workspace) {
    Flow flow;
    flow.id = row.id<FlowId>(0);
    flow.workspace = workspace;
    flow.name = row.str(1);
    flow.project = row.str(2);
    flow.description = row.str(3);
    flow.live_version = static_cast<int>(row.integer(4));
    flow.latest_version = static_cast<int>(row.integer(5));
    flow.revision = row.integer(6);
    flow.created_at = row.time(7);
    flow.updated_at = row.time(8);
    return flow;
}

Version read_version(const Row& row) {
    return {static_cast<int>(row.integer(0)), row.str(1), row.str(2), row.str(3), row.time(4)};
}

Result<std::optional<FlowRow>> find_row(ReadTx& tx, const Query& query, WorkspaceId workspace, storage::Value key) {
    const auto read = [workspace](const Row& row) {
        return FlowRow{read_flow(row, workspace), row.is_null(10) ? std::string() : row.str(10), !row.is_null(9)};
    };
    return tx.find<FlowRow>(query, {to_value(workspace), std::move(key)}, read);
}

Result<std::optional<LoadedVersion>> with_document(ReadTx& tx, Result<std::optional<FlowRow>> row, int version, bool live_only) {
    if (!row) return fail(std::move(row.error()));
    if (!*row) return std::optional<LoadedVersion>();
    LoadedVersion loaded;
    loaded.row = std::move(**row);
    const auto& flow = loaded.row.flow;
    if (version == 0) version = flow.live_version != 0 || live_only ? flow.live_version : flow.latest_version;
    auto text = tx.find<std::string>(one_document, {to_value(flow.workspace), to_value(flow.id), to_value(version)},
                                     [](const Row& r) { return r.str(0); });
    if (!text) return fail(std::move(text.error()));
    if (!*text) return std::optional<LoadedVersion>(std::move(loaded));
    auto document = parse_stored(**text);
    if (!document) {
        log::error("a stored flow version does not parse", {{"flow", flow.id}, {"version", version}, {"reason", document.error().message}});
        return fail(ErrorCode::internal, "version {} of flow {} cannot be read; the log has the reason", version, flow.id);
    }
    loaded.version = version;
    loaded.document = std::move(*document);
    return std::optional<LoadedVersion>(std::move(loaded));
}

Result<void> insert_one(Tx& tx, const Flow& flow, const NewVersion& version) {
    auto done = tx.run(insert_version, {to_value(flow.workspace), to_value(flow.id), to_value(version.number),
                                        to_value(version.document), to_value(version.content_hash), to_value(version.note),
                                        to_value(version.created_by), to_value(flow.updated_at)});
    if (!done) return fail(std::move(done.error()));
    return {};
}

/// The name is free (or the flow's own) and the project is there. Decided in the writer, so two cannot both be right.
Result<void> check_name_and_project(Tx& tx, const Flow& flow) {
    auto holder = tx.find<FlowId>(id_of_name, {to_value(flow.workspace), to_value(flow.name)},
                                  [](const Row& row) { return row.id<FlowId>(0); });
    if (!holder) return fail(std::move(holder.error()));
    if (*holder && **holder != flow.id)
        return fail(ErrorCode::conflict, "there is a flow named \"{}\" already ({}); choose another name, or update that one",
                    flow.name, **holder);
    auto project = tx.find<bool>(project_exists, {to_value(flow.workspace), to_value(flow.project)},
                                 [](const Row&) { return true; });
    if (!project) return fail(std::move(project.error()));
    if (!*project)
        return fail(ErrorCode::not_found, "there is no project \"{}\" in this workspace; create it first, or leave \"project\" out",
                    flow.project);
    return {};
}

Result<void> check_revision(Tx& tx, const Flow& flow, std::int64_t expected, const Stale& stale) {
    auto revision = tx.find<std::int64_t>(revision_of, {to_value(flow.workspace), to_value(flow.id)},
                                          [](const Row& row) { return row.integer(0); });
    if (!revision) return fail(std::move(revision.error()));
    if (*revision && **revision == expected) return {};
    *stale = true;
    return fail(ErrorCode::conflict, "flow \"{}\" was changed at the same moment; read it again and retry", flow.name);
}

}  // namespace

Result<Json> parse_stored(std::string_view text) { return base::parse_json(text, stored_limits()); }

Awaitable<Result<std::optional<FlowRow>>> FlowStore::find(WorkspaceId workspace, FlowId id) {
    auto job = [workspace, id](ReadTx& tx) { return find_row(tx, one_flow, workspace, to_value(id)); };
    co_return co_await storage_.read(std::move(job));
}

Awaitable<Result<std::optional<FlowRow>>> FlowStore::find_by_name(WorkspaceId workspace, std::string name) {
    auto job = [workspace, name = std::move(name)](ReadTx& tx) {
        return find_row(tx, one_flow_by_name, workspace, to_value(name));
    };
    co_return co_await storage_.read(std::move(job));
}

Awaitable<Result<std::optional<LoadedVersion>>> FlowStore::load(WorkspaceId workspace, FlowId id, int version) {
    auto job = [workspace, id, version](ReadTx& tx) {
        return with_document(tx, find_row(tx, one_flow, workspace, to_value(id)), version, false);
    };
    co_return co_await storage_.read(std::move(job));
}

Awaitable<Result<std::optional<LoadedVersion>>> FlowStore::load_by_name(WorkspaceId workspace, std::string name, int version) {
    auto job = [workspace, name = std::move(name), version](ReadTx& tx) {
        return with_document(tx, find_row(tx, one_flow_by_name, workspace, to_value(name)), version, false);
    };
    co_return co_await storage_.read(std::move(job));
}

Awaitable<Result<std::optional<LoadedVersion>>> FlowStore::load_compiled(WorkspaceId workspace, FlowId id, int version,
                                                                         const NodeTypes& types) {
    auto job = [workspace, id, version, &types](ReadTx& tx) {
        auto loaded = with_document(tx, find_row(tx, one_flow, workspace, to_value(id)), version, true);
        if (loaded && *loaded && (*loaded)->version != 0) {
            auto compiled = compile_flow((*loaded)->document, types, Strictness::stored);
            (*loaded)->compiled = std::move(compiled.flow);
            (*loaded)->errors = std::move(compiled.errors);
        }
        return loaded;
    };
    co_return co_await storage_.read(std::move(job));
}

Awaitable<Result<std::vector<Flow>>> FlowStore::list(WorkspaceId workspace, std::string project, std::string name,
                                                     base::SeenNames seen, FlowId before, int limit) {
    if (!before) before = FlowId::last();
    auto job = [=](ReadTx& tx) -> Result<std::vector<Flow>> {
        const auto read = [workspace](const Row& row) { return read_flow(row, workspace); };
        if (!name.empty()) {
            auto found = tx.list<Flow>(one_flow_by_name, {to_value(workspace), to_value(name)}, read);
            if (found && !found->empty() && ((!project.empty() && found->front().project != project) || found->front().id >= before ||
                                              !seen.covers(found->front().project, found->front().name)))
                found->clear();
            return found;
        }
        if (project.empty())
            return tx.list<Flow>(newest_flows, {to_value(workspace), to_value(before), to_value(limit), to_value(seen.text())}, read);
        return tx.list<Flow>(newest_flows_of_project,
                             {to_value(workspace), to_value(before), to_value(limit), to_value(project), to_value(seen.text())}, read);
    };
    co_return co_await storage_.read(std::move(job));
}

Awaitable<Result<std::vector<Version>>> FlowStore::versions(WorkspaceId workspace, FlowId id, int before, int limit) {
    auto job = [=](ReadTx& tx) {
        return tx.list<Version>(newest_versions, {to_value(workspace), to_value(id), to_value(before), to_value(limit)},
                                read_version);
    };
    co_return co_await storage_.read(std::move(job));
}

Awaitable<Result<std::optional<Version>>> FlowStore::find_version(WorkspaceId workspace, FlowId id, int version) {
    auto job = [=](ReadTx& tx) {
        return tx.find<Version>(one_version, {to_value(workspace), to_value(id), to_value(version)}, read_version);
    };
    co_return co_await storage_.read(std::move(job));
}

void FlowStore::append_create(storage::WriteUnit& unit, const Flow& flow, NewVersion version) {
    unit.add([flow, version = std::move(version)](Tx& tx) -> Result<void> {
        if (auto fine = check_name_and_project(tx, flow); !fine) return fine;
        auto done = tx.run(insert_flow, {to_value(flow.workspace), to_value(flow.id), to_value(flow.name), to_value(flow.project),
                                         to_value(flow.description), to_value(flow.live_version), to_value(flow.latest_version),
                                         to_value(flow.revision), to_value(flow.created_at), to_value(flow.updated_at)});
        if (!done) return fail(std::move(done.error()));
        return insert_one(tx, flow, version);
    });
}

void FlowStore::append_change(storage::WriteUnit& unit, const Flow& after, std::int64_t expected,
                              std::optional<NewVersion> version, Stale stale) {
    unit.add([after, expected, version = std::move(version), stale = std::move(stale)](Tx& tx) -> Result<void> {
        if (auto fine = check_revision(tx, after, expected, stale); !fine) return fine;
        if (auto fine = check_name_and_project(tx, after); !fine) return fine;
        auto done = tx.run(change_flow, {to_value(after.workspace), to_value(after.id), to_value(after.name),
                                         to_value(after.project), to_value(after.description), to_value(after.live_version),
                                         to_value(after.latest_version), to_value(after.revision), to_value(after.updated_at)});
        if (!done) return fail(std::move(done.error()));
        if (version) return insert_one(tx, after, *version);
        return {};
    });
}

void FlowStore::append_remove(storage::WriteUnit& unit, const Flow& flow, std::int64_t expected, Time now, Stale stale) {
    unit.add([flow, expected, now, stale = std::move(stale)](Tx& tx) -> Result<void> {
        if (auto fine = check_revision(tx, flow, expected, stale); !fine) return fine;
        auto done = tx.run(remove_flow, {to_value(flow.workspace), to_value(flow.id), to_value(now), to_value(flow.revision)});
        if (!done) return fail(std::move(done.error()));
        for (const auto* query : {&remove_drafts, &remove_pins})  // of no use to the runs that go on
            if (auto gone = tx.run(*query, {to_value(flow.workspace), to_value(flow.id)}); !gone)
                return fail(std::move(gone.error()));
        return {};
    });
}

}  // namespace sluice::flows
