#pragma once
/// What was asked and answered in calls of models, kept only where a workspace says so: nothing by default, of calls that
/// failed, or of all; for a time. What guardrails took out is not in it. docs/guardrails.md.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "sluice/base/clock.hpp"
#include "sluice/base/id.hpp"
#include "sluice/base/result.hpp"
#include "sluice/budget/budget.hpp"
#include "sluice/runtime/awaitable.hpp"

namespace sluice::storage {
class Storage;
class WriteUnit;
}  // namespace sluice::storage
namespace sluice::net {
class Router;
}
namespace sluice::runtime {
class Loop;
}

namespace sluice::llm {

enum class ContentKeep : std::uint8_t { none, errors, all };
std::string_view to_string(ContentKeep keep);
std::optional<ContentKeep> content_keep_from(std::string_view text);

struct ContentPolicy {
    WorkspaceId workspace;
    ContentKeep keep = ContentKeep::none;
    Duration retention = std::chrono::hours(24 * 7);
    std::int64_t revision = 0;  ///< 0: never set
    std::string updated_by;
    Time updated_at{};
};
std::string etag_of(const ContentPolicy& policy);

/// Thread: loop.
class Contents {
  public:
    Contents(runtime::Loop& loop, storage::Storage& storage, budget::Budgets& budgets);
    ~Contents();
    Contents(const Contents&) = delete;
    Contents& operator=(const Contents&) = delete;
    Awaitable<Result<void>> start();
    /// Waits for what is being stored.
    Awaitable<void> stop();

    ContentPolicy policy(WorkspaceId workspace) const;
    using Also = std::function<void(storage::WriteUnit&, const ContentPolicy&)>;
    /// Counts for calls that end from now on; what is kept already keeps its time. Errors: invalid_argument (a retention below
    /// an hour or above 400 days), precondition_failed.
    Awaitable<Result<ContentPolicy>> set(ContentPolicy wanted, std::optional<std::string> if_match, Also also = {});

    /// Whether any call's content may be kept: one look-up.
    bool keeps(WorkspaceId workspace) const { return !policies_.empty() && policies_.contains(workspace); }
    bool keeps(WorkspaceId workspace, bool failed) const;
    /// Stores `content` (JSON) for a call, in the background. Over 64 MiB that wait to be stored it is dropped and counted.
    void keep(WorkspaceId workspace, budget::SpendId call, std::string content);

    /// Errors: not_found (nothing is kept of it).
    Awaitable<Result<std::string>> read(WorkspaceId workspace, budget::SpendId call) const;
    /// The row that it belongs to. Errors: not_found.
    Awaitable<Result<budget::Spend>> call(WorkspaceId workspace, budget::SpendId call) const;
    /// Deletes what has outlived its time, in small batches; how many. Hourly.
    Awaitable<Result<std::int64_t>> remove_expired();

    struct State;

  private:
    std::unordered_map<WorkspaceId, ContentPolicy> policies_;  ///< those that keep something
    std::unordered_map<WorkspaceId, ContentPolicy> silent_;    ///< set to none
    std::unique_ptr<State> state_;
};

/// `/api/v1/content-policy`, `/api/v1/spend/{id}/content`.
void add_routes(net::Router& router, Contents& contents);

}  // namespace sluice::llm
