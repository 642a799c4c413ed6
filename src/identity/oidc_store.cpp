#include "oidc_store.hpp"

#include "sluice/storage/tx.hpp"

namespace sluice::identity::store {
namespace {

using storage::Query;
using storage::to_value;

const Query one_external{"identity.find_external_identity",
    "SELECT user_id FROM external_identity WHERE issuer = ?1 AND subject = ?2"};
const Query put_external{"identity.insert_external_identity", R"sql(
    INSERT INTO external_identity (issuer, subject, user_id, created_at_us) VALUES (?1, ?2, ?3, ?4))sql"};

}  // namespace

Awaitable<Result<std::optional<UserId>>> find_external(storage::Storage& storage, std::string issuer, std::string subject) {
    auto job = [issuer = std::move(issuer), subject = std::move(subject)](storage::ReadTx& tx) {
        return tx.find<UserId>(one_external, {to_value(issuer), to_value(subject)},
                               [](const storage::Row& row) { return row.id<UserId>(0); });
    };
    co_return co_await storage.read(std::move(job));
}

void insert_external(storage::WriteUnit& unit, const std::string& issuer, const std::string& subject, UserId user, Time now) {
    unit.add_expecting(ErrorCode::conflict, "this person signs in twice at the same moment; try again", put_external, issuer, subject,
                       user, now);
}

}  // namespace sluice::identity::store
