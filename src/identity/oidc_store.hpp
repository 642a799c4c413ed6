#pragma once
// SQL of people's places at identity providers.

#include <optional>
#include <string>

#include "sluice/base/id.hpp"
#include "sluice/storage/storage.hpp"

namespace sluice::identity::store {

Awaitable<Result<std::optional<UserId>>> find_external(storage::Storage& storage, std::string issuer, std::string subject);
/// Fails with conflict where another sign-in was quicker.
void insert_external(storage::WriteUnit& unit, const std::string& issuer, const std::string& subject, UserId user, Time now);

}  // namespace sluice::identity::store
