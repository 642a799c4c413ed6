#include "egress_store.hpp"

#include "sluice/base/json.hpp"
#include "sluice/storage/tx.hpp"

namespace sluice::identity::store {
namespace {

using storage::Query;
using storage::Row;
using Rules = std::pair<WorkspaceId, EgressRuleSet>;

// A row for each workspace that has rules, of all workspaces: read whole at the start.
const Query all_rules{"identity.all_egress_rules", R"sql(
    SELECT workspace_id, hosts, allow, changed_at_us, changed_by FROM workspace_egress)sql",
                      Query::Note::instance_scan};
const Query put_rules{"identity.put_egress_rules", R"sql(
    INSERT INTO workspace_egress (workspace_id, hosts, allow, changed_at_us, changed_by) VALUES (?1, ?2, ?3, ?4, ?5)
    ON CONFLICT (workspace_id) DO UPDATE SET hosts = ?2, allow = ?3, changed_at_us = ?4, changed_by = ?5)sql"};

std::vector<std::string> read_list(std::string_view text) {
    std::vector<std::string> out;
    const auto list = Json::parse(text, nullptr, false);
    if (!list.is_array()) return out;
    for (const auto& each : list)
        if (each.is_string()) out.push_back(each.get<std::string>());
    return out;
}

Rules read_rules(const Row& row) {
    EgressRuleSet rules;
    if (!row.is_null(1)) rules.hosts = read_list(row.text(1));
    rules.allow = read_list(row.text(2));
    rules.changed_at = row.time(3);
    rules.changed_by = row.str(4);
    return {row.id<WorkspaceId>(0), std::move(rules)};
}

std::string list_text(const std::vector<std::string>& list) { return base::dump_json(Json(list)); }

}  // namespace

Awaitable<Result<std::vector<Rules>>> load_egress(storage::Storage& storage) {
    auto job = [](storage::ReadTx& tx) { return tx.list<Rules>(all_rules, {}, read_rules); };
    co_return co_await storage.read(std::move(job));
}

void put_egress(storage::WriteUnit& unit, const WorkspaceId& workspace, const EgressRuleSet& rules) {
    const auto hosts = rules.hosts ? std::optional<std::string>(list_text(*rules.hosts)) : std::nullopt;
    unit.add(put_rules, workspace, hosts, list_text(rules.allow), rules.changed_at, rules.changed_by);
}

}  // namespace sluice::identity::store
