#include "sluice/net/places.hpp"

#include <stdexcept>

#include <fmt/format.h>

namespace sluice::net {
namespace {

/// Whether all that `within` names may be reached.
bool reaches(const Principal& principal, Permission permission, const base::SeenNames& within) {
    const auto seen = principal.seen(permission);
    const auto all_in = [](const std::string& names, const std::string& limit) {
        if (limit.empty()) return true;
        if (names.empty()) return false;
        for (std::size_t at = 1; at < names.size();) {
            const auto end = names.find('\n', at);
            if (limit.find(names.substr(at - 1, end - at + 2)) == std::string::npos) return false;
            at = end + 1;
        }
        return true;
    };
    return all_in(within.projects, seen.projects) && all_in(within.flows, seen.flows);
}

Error no_permission(Permission permission) {
    return {ErrorCode::forbidden,
            fmt::format("this needs the permission {} in the object's project; ask an owner of the workspace", base::to_string(permission))};
}

}  // namespace

Error no_such_object(std::string_view id) {
    return {ErrorCode::not_found, fmt::format("there is no object {} in this workspace; check the id", id)};
}

Result<void> check_place(const Principal& principal, Permission permission, const Place& place, std::string_view id) {
    if (!principal.scope || place.everyones) return {};
    if (!place.owner.empty() && place.owner == principal.id) return {};
    if (place.within) {
        if (reaches(principal, permission, *place.within)) return {};
        return fail(no_such_object(id));
    }
    if (place.project.empty()) {
        if (principal.may_everywhere(permission)) return {};
        return fail(no_such_object(id));
    }
    if (principal.may_in(permission, place.project, place.flow)) return {};
    return principal.sees(place.project, place.flow) ? fail(no_permission(permission)) : fail(no_such_object(id));
}

void Places::add(std::string_view collection, Find find) {
    if (!finds_.emplace(collection, std::move(find)).second)
        throw std::logic_error(fmt::format("the objects of {} are placed twice", collection));
}

void Places::add_whole(std::string_view collection) { add(collection, {}); }

bool Places::knows(std::string_view collection) const { return finds_.contains(collection); }

Awaitable<Result<void>> Places::check(const Principal& principal, Permission permission, std::string collection, std::string id) const {
    if (!principal.scope) co_return Result<void>();
    const auto found = finds_.find(collection);
    if (found == finds_.end()) co_return fail(no_such_object(id));
    Place place;
    if (found->second) {
        auto known = co_await found->second(principal.workspace, id);
        if (!known && known.error().code == ErrorCode::not_found) co_return fail(no_such_object(id));
        if (!known) co_return fail(std::move(known.error()));
        place = std::move(*known);
    }
    co_return check_place(principal, permission, place, id);
}

}  // namespace sluice::net
