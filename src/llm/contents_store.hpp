#pragma once
/// SQL of kept contents and their policies.

#include <vector>

#include "sluice/llm/contents.hpp"
#include "sluice/storage/storage.hpp"

namespace sluice::llm::store {

Awaitable<Result<std::vector<ContentPolicy>>> load_policies(storage::Storage& storage);
/// Errors of the unit: precondition_failed (another revision).
void put(storage::WriteUnit& unit, const ContentPolicy& policy);

struct KeptContent {
    WorkspaceId workspace;
    budget::SpendId call;
    std::string hash;
    std::int64_t size_bytes = 0;
    Time expires_at{};
};
void insert(storage::WriteUnit& unit, const KeptContent& content);
Awaitable<Result<std::optional<KeptContent>>> find_content(storage::Storage& storage, WorkspaceId workspace, budget::SpendId call);
Awaitable<Result<std::vector<KeptContent>>> expired_contents(storage::Storage& storage, Time before, int limit);
void remove(storage::WriteUnit& unit, const KeptContent& content);

}  // namespace sluice::llm::store
