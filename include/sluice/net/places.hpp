#pragma once
/// Where objects belong, and so whom they exist for. A key may be limited to projects and flows, a person may have roles
/// in some projects only; what is outside is for them as if it were not there: 404 by its id, and in no list.
///
/// The module that owns a collection says once how its objects are placed. The server then asks before each handler whose
/// path names an object (`/api/v1/<collection>/{id}…`), so that no handler has to; only what a request names elsewhere
/// (a query, a body, a list, a stream) is asked for by the handler, with `check` or with the principal's `seen`.

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "sluice/base/principal.hpp"
#include "sluice/base/result.hpp"
#include "sluice/runtime/awaitable.hpp"

namespace sluice::net {

struct Place {
    std::string project, flow;                      ///< names; no project: the whole workspace
    std::string owner;                              ///< a principal's id: it sees the object whatever its scope is
    std::shared_ptr<const base::SeenNames> within;  ///< of what concerns many objects: those that it is limited to
    bool everyones = false;                         ///< it belongs to no workspace (a node type), or the handler judges it
};

/// Thread: filled before the server starts, asked on the loop.
class Places {
  public:
    /// Errors: not_found.
    using Find = std::function<Awaitable<Result<Place>>(WorkspaceId, std::string id)>;

    void add(std::string_view collection, Find find);
    /// A collection whose objects belong to the whole workspace, or to nobody.
    void add_whole(std::string_view collection);
    bool knows(std::string_view collection) const;

    /// Whether `principal` may do to the object what `permission` allows. Costs nothing for a caller without a scope.
    /// Errors: not_found (as if it were not there), forbidden (the caller sees it, but may not do that).
    Awaitable<Result<void>> check(const Principal& principal, Permission permission, std::string collection, std::string id) const;

  private:
    std::map<std::string, Find, std::less<>> finds_;  ///< empty function: the whole workspace
};

/// The answer for an object outside of the scope, the same as for one that is not there.
Error no_such_object(std::string_view id);
/// Errors as `Places::check`, for an object whose place is known.
Result<void> check_place(const Principal& principal, Permission permission, const Place& place, std::string_view id);

}  // namespace sluice::net
