#include "llm/contents_store.hpp"

#include "sluice/storage/tx.hpp"

namespace sluice::llm::store {
namespace {

using storage::Query;
using storage::Row;
using storage::to_value;

// One for each workspace that ever set it; all are in memory.
const Query all_policies{"llm.load_content_policies",
                         "SELECT workspace_id, keep, retention_us, revision, updated_by, updated_at_us FROM content_policy",
                         Query::Note::instance_scan};
const Query put_policy{"llm.put_content_policy", R"sql(
    INSERT INTO content_policy (workspace_id, keep, retention_us, revision, updated_by, updated_at_us) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
    ON CONFLICT (workspace_id) DO UPDATE SET keep = ?2, retention_us = ?3, revision = ?4, updated_by = ?5, updated_at_us = ?6
        WHERE revision = ?4 - 1)sql"};
const Query put_content{"llm.insert_content", R"sql(
    INSERT INTO spend_content (workspace_id, spend_id, hash, size_bytes, expires_at_us) VALUES (?1, ?2, ?3, ?4, ?5)
    ON CONFLICT DO NOTHING)sql"};
const Query one_content{"llm.find_content", "SELECT workspace_id, spend_id, hash, size_bytes, expires_at_us FROM spend_content "
                                            "WHERE workspace_id = ?1 AND spend_id = ?2"};
const Query old_contents{"llm.expired_contents", "SELECT workspace_id, spend_id, hash, size_bytes, expires_at_us FROM spend_content "
                                                 "WHERE expires_at_us <= ?1 ORDER BY expires_at_us LIMIT ?2",
                         Query::Note::instance_wide};
const Query drop_content{"llm.delete_content", "DELETE FROM spend_content WHERE workspace_id = ?1 AND spend_id = ?2"};

ContentPolicy read_policy(const Row& row) {
    ContentPolicy out;
    out.workspace = row.id<WorkspaceId>(0);
    out.keep = content_keep_from(row.text(1)).value_or(ContentKeep::none);
    out.retention = Duration(row.integer(2));
    out.revision = row.integer(3);
    out.updated_by = row.str(4);
    out.updated_at = row.time(5);
    return out;
}

KeptContent read_content(const Row& row) {
    return {row.id<WorkspaceId>(0), row.id<budget::SpendId>(1), row.str(2), row.integer(3), row.time(4)};
}

}  // namespace

Awaitable<Result<std::vector<ContentPolicy>>> load_policies(storage::Storage& storage) {
    auto job = [](storage::ReadTx& tx) { return tx.list<ContentPolicy>(all_policies, {}, read_policy); };
    co_return co_await storage.read(std::move(job));
}

void put(storage::WriteUnit& unit, const ContentPolicy& p) {
    unit.add_expecting(ErrorCode::precondition_failed, "the policy was changed meanwhile; read it again and repeat the change", put_policy,
                       p.workspace, to_string(p.keep), p.retention.count(), p.revision, p.updated_by, p.updated_at);
}

void insert(storage::WriteUnit& unit, const KeptContent& c) {
    unit.add(put_content, c.workspace, c.call, c.hash, c.size_bytes, c.expires_at);
}

Awaitable<Result<std::optional<KeptContent>>> find_content(storage::Storage& storage, WorkspaceId workspace, budget::SpendId call) {
    auto job = [workspace, call](storage::ReadTx& tx) -> Result<std::optional<KeptContent>> {
        auto found = tx.list<KeptContent>(one_content, {to_value(workspace), to_value(call)}, read_content);
        if (!found) return fail(std::move(found.error()));
        return found->empty() ? std::optional<KeptContent>() : std::optional(std::move(found->front()));
    };
    co_return co_await storage.read(std::move(job));
}

Awaitable<Result<std::vector<KeptContent>>> expired_contents(storage::Storage& storage, Time before, int limit) {
    auto job = [before, limit](storage::ReadTx& tx) {
        return tx.list<KeptContent>(old_contents, {to_value(before), to_value(limit)}, read_content);
    };
    co_return co_await storage.read(std::move(job));
}

void remove(storage::WriteUnit& unit, const KeptContent& c) { unit.add(drop_content, c.workspace, c.call); }

}  // namespace sluice::llm::store
