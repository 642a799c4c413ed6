#pragma once
/// Saved views: what somebody has set on a list of the dashboard (its filters and columns, as they stand in the page's address),
/// under a name. A view is its maker's own; a shared one is seen by everybody in the workspace, and changed by its maker
/// and by whoever may manage people. Thread: loop.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sluice/base/clock.hpp"
#include "sluice/base/id.hpp"
#include "sluice/base/principal.hpp"
#include "sluice/base/result.hpp"
#include "sluice/runtime/awaitable.hpp"

namespace sluice::storage {
class Storage;
class WriteUnit;
}
namespace sluice::net {
class Router;
}

namespace sluice::identity {

struct SavedViewTag { static constexpr std::string_view prefix = "view"; };
using SavedViewId = Id<SavedViewTag>;

struct SavedView {
    static constexpr int most_of_owner = 200;   ///< on all pages together
    SavedViewId id;
    WorkspaceId workspace;
    std::string owner;                          ///< id of a principal
    std::string page, name, search;
    bool shared = false;
    std::int64_t revision = 1;
    Time created_at{}, updated_at{};
};

class SavedViews {
  public:
    SavedViews(storage::Storage& storage, base::Clock& clock, base::Random& random) : storage_(storage), clock_(clock), random_(random) {}

    /// The caller's own and the shared ones, by name; of one page unless `page` is empty.
    Awaitable<Result<std::vector<SavedView>>> list(const Principal& caller, std::string page);
    using Also = std::function<void(storage::WriteUnit&, const SavedView&)>;
    /// Errors: conflict (the caller has one of that name on the page, or most_of_owner of them).
    Awaitable<Result<SavedView>> create(const Principal& caller, SavedView view, Also also = {});
    /// Name, search and shared as they are given. Errors: not_found, forbidden, precondition_failed, conflict (the name).
    Awaitable<Result<SavedView>> change(const Principal& caller, SavedViewId id, SavedView view, std::optional<std::string> if_match, Also also = {});
    Awaitable<Result<void>> remove(const Principal& caller, SavedViewId id, std::optional<std::string> if_match, Also also = {});

  private:
    /// The view, if the caller may change it. Errors: not_found, forbidden, precondition_failed.
    Awaitable<Result<SavedView>> changeable(const Principal& caller, SavedViewId id, const std::optional<std::string>& if_match);

    storage::Storage& storage_;
    base::Clock& clock_;
    base::Random& random_;
};

/// Whose views a caller's are: a key's or a person's own, else those of the machine's owner.
std::string view_owner(const Principal& caller);
std::string etag_of(const SavedView& view);

/// /api/v1/saved-views
void add_routes(net::Router& router, SavedViews& views);

}  // namespace sluice::identity
