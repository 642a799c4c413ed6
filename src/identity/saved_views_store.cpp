#include "saved_views_store.hpp"

#include "sluice/storage/tx.hpp"

namespace sluice::identity::store {
namespace {

using storage::Query;
using storage::Row;
using storage::to_value;

#define VIEW_COLUMNS "workspace_id, id, owner, page, name, search, shared, revision, created_at_us, updated_at_us"

// Of one workspace: at most 200 for each of its people.
const Query views_of{"identity.list_views", "SELECT " VIEW_COLUMNS R"sql( FROM saved_view
    WHERE workspace_id = ?1 AND (owner = ?2 OR shared = 1) AND (?3 = '' OR page = ?3) ORDER BY name, id LIMIT 1000)sql"};
const Query one_view{"identity.find_view", "SELECT " VIEW_COLUMNS " FROM saved_view WHERE workspace_id = ?1 AND id = ?2"};
const Query put_view{"identity.insert_view", R"sql(
    INSERT INTO saved_view (workspace_id, id, owner, page, name, search, shared, revision, created_at_us, updated_at_us)
    SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9
    WHERE (SELECT count(*) FROM saved_view WHERE workspace_id = ?1 AND owner = ?3) < ?10
    ON CONFLICT (workspace_id, owner, page, name) DO NOTHING)sql"};
const Query new_view{"identity.update_view", R"sql(
    UPDATE OR IGNORE saved_view SET name = ?3, search = ?4, shared = ?5, revision = ?6, updated_at_us = ?7
    WHERE workspace_id = ?1 AND id = ?2 AND revision = ?6 - 1)sql"};
const Query drop_view{"identity.delete_view", "DELETE FROM saved_view WHERE workspace_id = ?1 AND id = ?2 AND revision = ?3"};
const Query drop_private{"identity.delete_private_views", "DELETE FROM saved_view WHERE workspace_id = ?1 AND owner = ?2 AND shared = 0"};

SavedView read_view(const Row& row) {
    return {row.id<SavedViewId>(1), row.id<WorkspaceId>(0), row.str(2), row.str(3), row.str(4), row.str(5), row.flag(6),
            row.integer(7), row.time(8), row.time(9)};
}

}  // namespace

Awaitable<Result<std::vector<SavedView>>> list_views(storage::Storage& storage, WorkspaceId workspace, std::string owner, std::string page) {
    auto job = [=](storage::ReadTx& tx) { return tx.list<SavedView>(views_of, {to_value(workspace), to_value(owner), to_value(page)}, read_view); };
    co_return co_await storage.read(std::move(job));
}

Awaitable<Result<std::optional<SavedView>>> find_view(storage::Storage& storage, WorkspaceId workspace, SavedViewId id) {
    auto job = [=](storage::ReadTx& tx) { return tx.find<SavedView>(one_view, {to_value(workspace), to_value(id)}, read_view); };
    co_return co_await storage.read(std::move(job));
}

void insert_view(storage::WriteUnit& unit, const SavedView& view) {
    unit.add_expecting(ErrorCode::conflict,
                       fmt::format("you have a view named {} on this page already, or {} of them; change or delete one", view.name, SavedView::most_of_owner),
                       put_view, view.workspace, view.id, view.owner, view.page, view.name, view.search, view.shared, view.revision,
                       view.created_at, SavedView::most_of_owner);
}

void update_view(storage::WriteUnit& unit, const SavedView& view) {
    unit.add_expecting(ErrorCode::conflict, fmt::format("there is another view named {} on this page, or this one has just changed; read them again", view.name),
                       new_view, view.workspace, view.id, view.name, view.search, view.shared, view.revision, view.updated_at);
}

void delete_view(storage::WriteUnit& unit, const SavedView& view) {
    unit.add_expecting(ErrorCode::precondition_failed, "somebody has changed this view just now; read it again", drop_view, view.workspace, view.id,
                       view.revision);
}

void delete_private_views(storage::WriteUnit& unit, WorkspaceId workspace, const std::string& owner) { unit.add(drop_private, workspace, owner); }

}  // namespace sluice::identity::store
