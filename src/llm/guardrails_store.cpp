#include "llm/guardrails_store.hpp"

#include "sluice/storage/tx.hpp"

namespace sluice::llm::store {
namespace {

using storage::Query;
using storage::Row;

// At most 100 in a workspace; all are in memory.
const Query all_guardrails{"llm.load_guardrails", R"sql(
    SELECT workspace_id, id, name, enabled, position, direction, applies, rule, revision, created_by, created_at_us, updated_at_us
    FROM guardrail)sql",
                           Query::Note::instance_scan};
const Query put_guardrail{"llm.insert_guardrail", R"sql(
    INSERT INTO guardrail (workspace_id, id, name, enabled, position, direction, applies, rule, revision, created_by, created_at_us,
                           updated_at_us)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12))sql"};
const Query change_guardrail{"llm.update_guardrail", R"sql(
    UPDATE guardrail SET name = ?3, enabled = ?4, position = ?5, direction = ?6, applies = ?7, rule = ?8, revision = ?9,
           updated_at_us = ?10 WHERE workspace_id = ?1 AND id = ?2 AND revision = ?11)sql"};
const Query drop_guardrail{"llm.delete_guardrail",
                           "DELETE FROM guardrail WHERE workspace_id = ?1 AND id = ?2 AND revision = ?3"};

constexpr std::string_view changed = "it was changed meanwhile; read it again and repeat the change";

struct List {
    const char* name;
    std::vector<std::string> Guardrail::* value;
};
constexpr List lists[] = {{"models", &Guardrail::models},
                          {"api_keys", &Guardrail::api_keys},
                          {"flows", &Guardrail::flows},
                          {"projects", &Guardrail::projects}};

std::string applies_text(const Guardrail& guardrail) {
    Json out = Json::object();
    for (const auto& list : lists)
        if (!(guardrail.*list.value).empty()) out[list.name] = guardrail.*list.value;
    return base::dump_json(out);
}

Guardrail read_guardrail(const Row& row) {
    Guardrail out;
    out.workspace = row.id<WorkspaceId>(0);
    out.id = row.id<GuardrailId>(1);
    out.name = row.str(2);
    out.enabled = row.flag(3);
    out.position = row.integer(4);
    out.direction = guard_direction_from(row.text(5)).value_or(GuardDirection::both);
    const auto applies = Json::parse(row.text(6), nullptr, false);
    for (const auto& list : lists)
        if (const auto* names = applies.is_object() ? base::find_member(applies, list.name) : nullptr)
            for (const auto& name : *names) (out.*list.value).push_back(name.get<std::string>());
    out.rule = Json::parse(row.text(7), nullptr, false);
    out.revision = row.integer(8);
    out.created_by = row.str(9);
    out.created_at = row.time(10);
    out.updated_at = row.time(11);
    return out;
}

}  // namespace

Awaitable<Result<std::vector<Guardrail>>> load_guardrails(storage::Storage& storage) {
    auto job = [](storage::ReadTx& tx) { return tx.list<Guardrail>(all_guardrails, {}, read_guardrail); };
    co_return co_await storage.read(std::move(job));
}

void insert(storage::WriteUnit& unit, const Guardrail& g) {
    unit.add_expecting(ErrorCode::conflict,
                       fmt::format("there is a guardrail {} already; choose another name, or change that one", g.name),
                       put_guardrail, g.workspace, g.id, g.name, g.enabled, g.position, to_string(g.direction), applies_text(g),
                       base::dump_json(g.rule), g.revision, g.created_by, g.created_at, g.updated_at);
}

void update(storage::WriteUnit& unit, const Guardrail& g, std::int64_t before) {
    unit.add_expecting(ErrorCode::precondition_failed, fmt::format("the guardrail {}: {}", g.name, changed), change_guardrail,
                       g.workspace, g.id, g.name, g.enabled, g.position, to_string(g.direction), applies_text(g),
                       base::dump_json(g.rule), g.revision, g.updated_at, before);
}

void remove(storage::WriteUnit& unit, const Guardrail& g) {
    unit.add_expecting(ErrorCode::precondition_failed, fmt::format("the guardrail {}: {}", g.name, changed), drop_guardrail,
                       g.workspace, g.id, g.revision);
}

}  // namespace sluice::llm::store
