#pragma once
// What the routes of identity show alike.

#include <optional>
#include <string>

#include "sluice/base/json.hpp"
#include "sluice/base/principal.hpp"
#include "sluice/base/time.hpp"

namespace sluice::net {
class Router;
}

namespace sluice::identity {

class Identity;

inline Json optional_time(const std::optional<Time>& time) { return time ? Json(base::format_time(*time)) : Json(); }

inline Json names_of(const base::PermissionSet& permissions) {
    auto list = Json::array();
    for (std::size_t i = 0; i < permissions.size(); ++i)
        if (permissions.test(i)) list.push_back(std::string(base::to_string(static_cast<Permission>(i))));
    return list;
}

inline Json list_of(Json items, const std::string& next_cursor = {}) {
    return {{"items", std::move(items)}, {"next_cursor", next_cursor.empty() ? Json() : Json(next_cursor)}};
}

/// The permissions of a body's list. Errors: invalid_argument with a pointer below "/permissions".
Result<base::PermissionSet> read_permissions(const Json& list);

void add_key_routes(net::Router& router, Identity& identity);
void add_role_routes(net::Router& router, Identity& identity);

}  // namespace sluice::identity
