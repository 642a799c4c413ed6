#include "llm/model_limits_store.hpp"

#include "sluice/base/json.hpp"
#include "sluice/storage/tx.hpp"

namespace sluice::llm::store {
namespace {

using storage::Query;
using storage::Row;

// At most 2,000 in a workspace; all are in memory.
const Query all_limits{"llm.load_limits", R"sql(
    SELECT workspace_id, id, scope_type, scope_id, model, requests_per_minute, tokens_per_minute, models, revision, created_by,
           created_at_us, updated_at_us FROM model_limit)sql",
                       Query::Note::instance_scan};
const Query put_limit{"llm.insert_limit", R"sql(
    INSERT INTO model_limit (workspace_id, id, scope_type, scope_id, model, requests_per_minute, tokens_per_minute, models, revision,
                             created_by, created_at_us, updated_at_us)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12))sql"};
const Query change_limit{"llm.update_limit", R"sql(
    UPDATE model_limit SET requests_per_minute = ?3, tokens_per_minute = ?4, models = ?5, revision = ?6, updated_at_us = ?7
    WHERE workspace_id = ?1 AND id = ?2 AND revision = ?8)sql"};
const Query drop_limit{"llm.delete_limit", "DELETE FROM model_limit WHERE workspace_id = ?1 AND id = ?2"};

std::optional<std::string> models_text(const LimitTerms& terms) {
    if (!terms.models) return std::nullopt;
    return base::dump_json(Json(*terms.models));
}

/// What cannot be read allows nothing.
std::vector<std::string> models_from(std::string_view text) {
    std::vector<std::string> out;
    const auto list = Json::parse(text, nullptr, false);
    if (list.is_array())
        for (const auto& one : list)
            if (one.is_string()) out.push_back(one.get<std::string>());
    return out;
}

ModelLimit read_limit(const Row& row) {
    ModelLimit out;
    out.workspace = row.id<WorkspaceId>(0);
    out.id = row.id<ModelLimitId>(1);
    out.scope = budget::scope_type_from(row.text(2)).value_or(budget::ScopeType::workspace);
    out.scope_id = row.str(3);
    out.model = row.str(4);
    if (!row.is_null(5)) out.terms.requests_per_minute = row.integer(5);
    if (!row.is_null(6)) out.terms.tokens_per_minute = row.integer(6);
    if (!row.is_null(7)) out.terms.models = models_from(row.text(7));
    out.revision = row.integer(8);
    out.created_by = row.str(9);
    out.created_at = row.time(10);
    out.updated_at = row.time(11);
    return out;
}

}  // namespace

Awaitable<Result<std::vector<ModelLimit>>> load_limits(storage::Storage& storage) {
    auto job = [](storage::ReadTx& tx) { return tx.list<ModelLimit>(all_limits, {}, read_limit); };
    co_return co_await storage.read(std::move(job));
}

void insert(storage::WriteUnit& unit, const ModelLimit& l) {
    unit.add_expecting(ErrorCode::conflict, "there is a limit of this scope and model already; change that one", put_limit, l.workspace, l.id,
                       budget::to_string(l.scope), l.scope_id, l.model, l.terms.requests_per_minute, l.terms.tokens_per_minute,
                       models_text(l.terms), l.revision, l.created_by, l.created_at, l.updated_at);
}

void update(storage::WriteUnit& unit, const ModelLimit& l, std::int64_t before) {
    unit.add_expecting(ErrorCode::precondition_failed, "the limit was changed meanwhile; read it again and repeat the change", change_limit,
                       l.workspace, l.id, l.terms.requests_per_minute, l.terms.tokens_per_minute, models_text(l.terms), l.revision,
                       l.updated_at, before);
}

void remove(storage::WriteUnit& unit, const ModelLimit& l) {
    unit.add_expecting(ErrorCode::not_found, "the limit is not there any more", drop_limit, l.workspace, l.id);
}

}  // namespace sluice::llm::store
