#include "second_factor_store.hpp"

#include "sluice/storage/tx.hpp"

namespace sluice::identity::store {
namespace {

using storage::Bytes;
using storage::Query;
using storage::ReadTx;
using storage::Row;

// The people of one instance: read whole at the start.
const Query all_factors{"identity.all_second_factors", R"sql(
    SELECT user_id, secret, key_version, confirmed_at_us, last_step FROM second_factor)sql", Query::Note::scan};
const Query all_recovery_codes{"identity.all_recovery_codes", "SELECT user_id, hash FROM recovery_code", Query::Note::scan};
const Query all_requirements{"identity.all_sign_in_rules", R"sql(
    SELECT workspace_id FROM workspace_sign_in WHERE require_second_factor = 1)sql", Query::Note::instance_scan};

const Query put_factor{"identity.insert_second_factor", R"sql(
    INSERT INTO second_factor (user_id, secret, key_version, confirmed_at_us, last_step) VALUES (?1, ?2, ?3, ?4, ?5))sql"};
const Query drop_factor{"identity.delete_second_factor", "DELETE FROM second_factor WHERE user_id = ?1"};
const Query newer_step{"identity.use_second_factor_step",
    "UPDATE second_factor SET last_step = ?2 WHERE user_id = ?1 AND last_step < ?2"};
const Query drop_recovery_codes{"identity.delete_recovery_codes", "DELETE FROM recovery_code WHERE user_id = ?1"};
const Query put_recovery_code{"identity.insert_recovery_code", R"sql(
    INSERT INTO recovery_code (user_id, hash, created_at_us) VALUES (?1, ?2, ?3))sql"};
const Query drop_recovery_code{"identity.use_recovery_code", "DELETE FROM recovery_code WHERE user_id = ?1 AND hash = ?2"};
const Query put_rule{"identity.put_sign_in_rules", R"sql(
    INSERT INTO workspace_sign_in (workspace_id, require_second_factor, changed_at_us, changed_by) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (workspace_id) DO UPDATE SET require_second_factor = ?2, changed_at_us = ?3, changed_by = ?4)sql"};

Result<LoadedFactors> load_all(ReadTx& tx) {
    LoadedFactors out;
    auto factors = tx.list<StoredFactor>(all_factors, {}, [](const Row& row) {
        return StoredFactor{row.id<UserId>(0), std::string(row.bytes(1)), static_cast<unsigned>(row.integer(2)), row.time(3),
                            row.integer(4)};
    });
    if (!factors) return fail(std::move(factors.error()));
    out.factors = std::move(*factors);
    auto codes = tx.list<std::pair<UserId, std::string>>(
        all_recovery_codes, {}, [](const Row& row) { return std::pair(row.id<UserId>(0), std::string(row.bytes(1))); });
    if (!codes) return fail(std::move(codes.error()));
    out.recovery_codes = std::move(*codes);
    auto rules = tx.list<WorkspaceId>(all_requirements, {}, [](const Row& row) { return row.id<WorkspaceId>(0); });
    if (!rules) return fail(std::move(rules.error()));
    out.required_by = std::move(*rules);
    return out;
}

}  // namespace

Awaitable<Result<LoadedFactors>> load_factors(storage::Storage& storage) {
    auto job = [](ReadTx& tx) { return load_all(tx); };
    co_return co_await storage.read(std::move(job));
}

void insert_factor(storage::WriteUnit& unit, const StoredFactor& factor) {
    unit.add_expecting(ErrorCode::conflict, "a second factor is set up already; disable it first", put_factor, factor.user,
                       Bytes{factor.secret}, std::int64_t{factor.key_version}, factor.confirmed_at, factor.last_step);
}

void delete_factor(storage::WriteUnit& unit, UserId user) {
    unit.add(drop_recovery_codes, user);
    unit.add_expecting(ErrorCode::conflict, "no second factor is set up", drop_factor, user);
}

void use_step(storage::WriteUnit& unit, UserId user, std::int64_t step) {
    unit.add_expecting(ErrorCode::unauthenticated, "this code was used already; wait for the next one", newer_step, user, step);
}

void replace_recovery_codes(storage::WriteUnit& unit, UserId user, const std::vector<std::string>& hashes, Time now) {
    unit.add(drop_recovery_codes, user);
    for (const auto& hash : hashes) unit.add(put_recovery_code, user, Bytes{hash}, now);
}

void use_recovery_code(storage::WriteUnit& unit, UserId user, const std::string& hash) {
    unit.add_expecting(ErrorCode::unauthenticated, "this recovery code was used already", drop_recovery_code, user, Bytes{hash});
}

void put_requirement(storage::WriteUnit& unit, WorkspaceId workspace, bool required, Time now, const std::string& by) {
    unit.add(put_rule, workspace, std::int64_t{required}, now, by);
}

}  // namespace sluice::identity::store
