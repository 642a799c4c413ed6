#include "llm/providers_store.hpp"

#include "sluice/storage/tx.hpp"

namespace sluice::llm::store {
namespace {

using storage::Bytes;
using storage::Query;
using storage::Row;

// At most 200 of each in a workspace; all are in memory.
const Query all_providers{"llm.load_providers", R"sql(
    SELECT workspace_id, id, name, type, base_url, settings, models, enabled, sealed_key, key_version, revision, created_by,
           created_at_us, updated_at_us FROM provider)sql",
                          Query::Note::instance_scan};
const Query put_provider{"llm.insert_provider", R"sql(
    INSERT INTO provider (workspace_id, id, name, type, base_url, settings, models, enabled, sealed_key, key_version, revision,
                          created_by, created_at_us, updated_at_us)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14))sql"};
const Query change_provider{"llm.update_provider", R"sql(
    UPDATE provider SET name = ?3, base_url = ?4, settings = ?5, models = ?6, enabled = ?7, sealed_key = ?8, key_version = ?9,
           revision = ?10, updated_at_us = ?11 WHERE workspace_id = ?1 AND id = ?2 AND revision = ?12)sql"};
const Query drop_provider{"llm.delete_provider",
                          "DELETE FROM provider WHERE workspace_id = ?1 AND id = ?2 AND revision = ?3"};

const Query all_routes{"llm.load_routes", R"sql(
    SELECT workspace_id, name, strategy, targets, max_attempts, revision, created_by, created_at_us, updated_at_us FROM model_route)sql",
                       Query::Note::instance_scan};
const Query put_route{"llm.put_route", R"sql(
    INSERT INTO model_route (workspace_id, name, strategy, targets, max_attempts, revision, created_by, created_at_us, updated_at_us)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
    ON CONFLICT (workspace_id, name) DO UPDATE SET strategy = ?3, targets = ?4, max_attempts = ?5, revision = ?6, updated_at_us = ?9
        WHERE revision = ?6 - 1)sql"};
const Query drop_route{"llm.delete_route",
                       "DELETE FROM model_route WHERE workspace_id = ?1 AND name = ?2 AND revision = ?3"};

ProviderRow read_provider(const Row& row) {
    ProviderRow out;
    out.workspace = row.id<WorkspaceId>(0);
    out.id = row.id<ProviderId>(1);
    out.name = row.str(2);
    out.type = row.str(3);
    out.base_url = row.str(4);
    out.settings = Json::parse(row.text(5), nullptr, false);
    if (auto models = models_from(Json::parse(row.text(6), nullptr, false), {})) out.models = std::move(*models);
    out.enabled = row.integer(7) != 0;
    if (!row.is_null(8)) out.sealed_key = std::string(row.bytes(8));
    out.key_version = static_cast<unsigned>(row.integer(9));
    out.revision = row.integer(10);
    out.created_by = row.str(11);
    out.created_at = row.time(12);
    out.updated_at = row.time(13);
    return out;
}

ModelRoute read_route(const Row& row) {
    ModelRoute out;
    out.workspace = row.id<WorkspaceId>(0);
    out.name = row.str(1);
    out.strategy = row.str(2);
    out.targets = targets_from(Json::parse(row.text(3), nullptr, false));
    out.max_attempts = static_cast<int>(row.integer(4));
    out.revision = row.integer(5);
    out.created_by = row.str(6);
    out.created_at = row.time(7);
    out.updated_at = row.time(8);
    return out;
}

std::optional<Bytes> key_of(const ProviderRow& provider) {
    if (provider.sealed_key.empty()) return std::nullopt;
    return Bytes{provider.sealed_key};
}

constexpr std::string_view changed = "it was changed meanwhile; read it again and repeat the change";

struct Amount {
    std::string_view name;
    std::optional<NanoUsd> ProviderModel::* value;
};
constexpr Amount amounts[] = {{"input_usd_per_million", &ProviderModel::input},
                              {"output_usd_per_million", &ProviderModel::output},
                              {"cache_read_usd_per_million", &ProviderModel::cache_read},
                              {"cache_write_usd_per_million", &ProviderModel::cache_write}};
struct Count {
    std::string_view name;
    std::optional<std::int64_t> ProviderModel::* value;
};
constexpr Count counts[] = {{"context_window", &ProviderModel::context_window},
                            {"max_output_tokens", &ProviderModel::max_output_tokens}};

}  // namespace

Awaitable<Result<Loaded>> load_providers(storage::Storage& storage) {
    auto job = [](storage::ReadTx& tx) -> Result<Loaded> {
        auto providers = tx.list<ProviderRow>(all_providers, {}, read_provider);
        if (!providers) return fail(std::move(providers.error()));
        auto routes = tx.list<ModelRoute>(all_routes, {}, read_route);
        if (!routes) return fail(std::move(routes.error()));
        return Loaded{std::move(*providers), std::move(*routes)};
    };
    co_return co_await storage.read(std::move(job));
}

void insert(storage::WriteUnit& unit, const ProviderRow& p) {
    unit.add_expecting(ErrorCode::conflict,
                       fmt::format("there is a provider {} already; choose another name, or change that one", p.name),
                       put_provider, p.workspace, p.id, p.name, p.type, p.base_url, base::dump_json(p.settings),
                       base::dump_json(models_json(p.models)), p.enabled, key_of(p), p.key_version, p.revision,
                       p.created_by, p.created_at, p.updated_at);
}

void update(storage::WriteUnit& unit, const ProviderRow& p, std::int64_t before) {
    unit.add_expecting(ErrorCode::precondition_failed, std::string(changed), change_provider, p.workspace, p.id, p.name,
                       p.base_url, base::dump_json(p.settings), base::dump_json(models_json(p.models)), p.enabled,
                       key_of(p), p.key_version, p.revision, p.updated_at, before);
}

void remove(storage::WriteUnit& unit, const ProviderRow& p) {
    unit.add_expecting(ErrorCode::precondition_failed, std::string(changed), drop_provider, p.workspace, p.id,
                       p.revision);
}

void put(storage::WriteUnit& unit, const ModelRoute& r) {
    unit.add_expecting(ErrorCode::precondition_failed, std::string(changed), put_route, r.workspace, r.name, r.strategy,
                       base::dump_json(targets_json(r.targets)), r.max_attempts, r.revision, r.created_by, r.created_at,
                       r.updated_at);
}

void remove(storage::WriteUnit& unit, const ModelRoute& r) {
    unit.add_expecting(ErrorCode::precondition_failed, std::string(changed), drop_route, r.workspace, r.name,
                       r.revision);
}

Json models_json(const std::vector<ProviderModel>& models) {
    Json out = Json::array();
    for (const auto& model : models) {
        Json each{{"id", model.id}, {"kind", to_string(model.kind)}};
        for (const auto& amount : amounts)
            if (model.*amount.value) each[amount.name] = base::format_usd(*(model.*amount.value));
        for (const auto& count : counts)
            if (model.*count.value) each[count.name] = *(model.*count.value);
        out.push_back(std::move(each));
    }
    return out;
}

Result<std::vector<ProviderModel>> models_from(const Json& list, std::string_view pointer) {
    std::vector<ProviderModel> out;
    if (!list.is_array()) return out;
    std::vector<base::ErrorDetail> mistakes;
    for (std::size_t i = 0; i < list.size(); ++i) {
        const auto& each = list[i];
        ProviderModel model;
        model.id = base::string_or(each, "id", "");
        if (base::string_or(each, "kind", "chat") == "embedding") model.kind = ModelKind::embedding;
        for (const auto& amount : amounts) {
            const auto* value = base::find_member(each, amount.name);
            if (!value || value->is_null()) continue;
            // A JSON number keeps at most what a double does; prices of a million tokens fit.
            auto read = base::parse_usd(value->is_string() ? value->get<std::string>() : value->dump());
            if (!read || read->value < 0)
                mistakes.push_back({fmt::format("{}/{}/{}", pointer, i, amount.name),
                                    "is dollars for a million tokens: a decimal such as \"0.15\", not below 0"});
            else
                model.*amount.value = *read;
        }
        for (const auto& count : counts)
            if (const auto* value = base::find_member(each, count.name); value && value->is_number_integer())
                model.*count.value = value->get<std::int64_t>();
        for (const auto& before : out)
            if (before.id == model.id)
                mistakes.push_back({fmt::format("{}/{}/id", pointer, i), "names a model that the list has already"});
        out.push_back(std::move(model));
    }
    if (!mistakes.empty())
        return fail(Error{ErrorCode::invalid_argument, "the models are not right", std::move(mistakes), false});
    return out;
}

Json targets_json(const std::vector<RouteTarget>& targets) {
    Json out = Json::array();
    for (const auto& target : targets) out.push_back({{"model", target.model}, {"weight", target.weight}});
    return out;
}

std::vector<RouteTarget> targets_from(const Json& list) {
    std::vector<RouteTarget> out;
    if (list.is_array())
        for (const auto& each : list) {
            const auto* weight = base::find_member(each, "weight");
            out.push_back(
                {base::string_or(each, "model", ""), weight && weight->is_number() ? weight->get<double>() : 1});
        }
    return out;
}

}  // namespace sluice::llm::store
