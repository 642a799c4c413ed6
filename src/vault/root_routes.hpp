#pragma once
// The routes of the root key, beside those of secrets.

#include "sluice/net/router.hpp"
#include "sluice/vault/vault.hpp"

namespace sluice::vault {

void add_root_routes(net::Router& router, Vault& vault);

}  // namespace sluice::vault
