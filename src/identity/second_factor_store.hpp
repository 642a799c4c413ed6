#pragma once
// SQL of second factors.

#include <cstdint>
#include <string>
#include <vector>

#include "sluice/base/id.hpp"
#include "sluice/base/time.hpp"
#include "sluice/storage/storage.hpp"

namespace sluice::identity {

struct StoredFactor {
    UserId user;
    std::string secret;  ///< encrypted
    unsigned key_version = 0;
    Time confirmed_at{};
    std::int64_t last_step = 0;
};

struct LoadedFactors {
    std::vector<StoredFactor> factors;
    std::vector<std::pair<UserId, std::string>> recovery_codes;  ///< hashes
    std::vector<WorkspaceId> required_by;
};

namespace store {

Awaitable<Result<LoadedFactors>> load_factors(storage::Storage& storage);
/// Fails with conflict where the person has one.
void insert_factor(storage::WriteUnit& unit, const StoredFactor& factor);
/// With its recovery codes. Fails with conflict where there is none.
void delete_factor(storage::WriteUnit& unit, UserId user);
/// Compare and set: fails with unauthenticated where this step or a newer one was used.
void use_step(storage::WriteUnit& unit, UserId user, std::int64_t step);
void replace_recovery_codes(storage::WriteUnit& unit, UserId user, const std::vector<std::string>& hashes, Time now);
/// Fails with unauthenticated where it was used.
void use_recovery_code(storage::WriteUnit& unit, UserId user, const std::string& hash);
void put_requirement(storage::WriteUnit& unit, WorkspaceId workspace, bool required, Time now, const std::string& by);

}  // namespace store
}  // namespace sluice::identity
