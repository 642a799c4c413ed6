#pragma once
// The SQL of the ledger.

#include "sluice/budget/spend.hpp"

namespace sluice::storage {
class Tx;
}

namespace sluice::budget::store {

/// False: a row of this id is there already, and stays.
Result<bool> insert_spend(storage::Tx& tx, const Spend& spend);
/// The first workspace with rows after `after` in the order of ids.
Awaitable<Result<std::optional<WorkspaceId>>> next_workspace(storage::Storage& storage, WorkspaceId after);
/// Deletes one batch of rows of calls that began before `before`; how many.
Awaitable<Result<std::int64_t>> remove_spend(storage::Storage& storage, WorkspaceId workspace, Time before, int batch);

}  // namespace sluice::budget::store
