// The SQL of workspaces' own roles.

#include "identity_store.hpp"
#include "sluice/base/json.hpp"
#include "sluice/storage/tx.hpp"

namespace sluice::identity {
namespace {

using storage::Query;
using storage::Row;

const Query all_roles{"identity.all_roles", R"sql(
    SELECT workspace_id, id, name, description, permissions, created_by, created_at_us, updated_at_us
    FROM workspace_role WHERE workspace_id = ?1 ORDER BY id)sql"};
const Query put_role{"identity.insert_role", R"sql(
    INSERT INTO workspace_role (workspace_id, id, name, description, permissions, created_by, created_at_us, updated_at_us)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8))sql"};
const Query new_role{"identity.update_role", R"sql(
    UPDATE workspace_role SET description = ?3, permissions = ?4, updated_at_us = ?5 WHERE workspace_id = ?1 AND id = ?2)sql"};
// ?3 its name, ?4 now.
const Query drop_role{"identity.delete_role", R"sql(
    DELETE FROM workspace_role WHERE workspace_id = ?1 AND id = ?2
        AND NOT EXISTS (SELECT 1 FROM api_key k WHERE k.workspace_id = ?1 AND k.role = ?3 AND k.revoked_at_us IS NULL
                        AND (k.expires_at_us IS NULL OR k.expires_at_us > ?4))
        AND NOT EXISTS (SELECT 1 FROM membership m WHERE m.workspace_id = ?1 AND m.role = ?3)
        AND NOT EXISTS (SELECT 1 FROM project_membership p WHERE p.workspace_id = ?1 AND p.role = ?3)
        AND NOT EXISTS (SELECT 1 FROM invitation i WHERE i.workspace_id = ?1 AND i.role = ?3 AND i.accepted_at_us IS NULL
                        AND i.revoked_at_us IS NULL AND i.expires_at_us > ?4))sql"};

}  // namespace

namespace store {

std::string permissions_text(const base::PermissionSet& permissions) {
    auto list = Json::array();
    for (std::size_t i = 0; i < permissions.size(); ++i)
        if (permissions.test(i)) list.push_back(std::string(base::to_string(static_cast<Permission>(i))));
    return base::dump_json(list);
}

base::PermissionSet permissions_from(std::string_view text) {
    base::PermissionSet set;
    const auto list = Json::parse(text, nullptr, false);
    if (!list.is_array()) return set;
    for (const auto& name : list)
        if (name.is_string())
            if (auto permission = base::permission_from(name.get_ref<const std::string&>()))
                set.set(static_cast<std::size_t>(*permission));
    return set;
}

void insert_role(storage::WriteUnit& unit, const WorkspaceRole& role) {
    unit.add_expecting(ErrorCode::conflict, fmt::format("there is a role named {} already; choose another name", role.name), put_role,
                       role.workspace, role.id, role.name, role.description, permissions_text(role.permissions), role.created_by,
                       role.created_at, role.updated_at);
}

void update_role(storage::WriteUnit& unit, const WorkspaceRole& role) {
    unit.add_expecting(ErrorCode::not_found, fmt::format("there is no role {}; it was just deleted", role.name), new_role,
                       role.workspace, role.id, role.description, permissions_text(role.permissions), role.updated_at);
}

void delete_role(storage::WriteUnit& unit, const WorkspaceRole& role, Time now) {
    unit.add_expecting(ErrorCode::conflict,
                       fmt::format("the role {} is in use by keys, people or invitations; give them another one first, or revoke them",
                                   role.name),
                       drop_role, role.workspace, role.id, role.name, now);
}

Result<std::vector<WorkspaceRole>> read_roles(storage::ReadTx& tx, WorkspaceId workspace) {
    return tx.list<WorkspaceRole>(all_roles, {storage::to_value(workspace)}, [](const Row& row) {
        return WorkspaceRole{row.id<RoleId>(1), row.id<WorkspaceId>(0), row.str(2), row.str(3), permissions_from(row.text(4)),
                             row.str(5), row.time(6), row.time(7)};
    });
}

}  // namespace store
}  // namespace sluice::identity
