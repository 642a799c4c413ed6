#include "sluice/base/principal.hpp"

#include <algorithm>
#include <array>

namespace sluice::base {

namespace {

struct Row {
    std::string_view text;
    std::string_view doc;
};

constexpr Row rows[] = {
#define SLUICE_PERMISSION(name, text, doc) {text, doc},
#include "sluice/base/permissions.def"
#undef SLUICE_PERMISSION
};

}  // namespace

std::string_view to_string(Permission permission) {
    const auto index = static_cast<std::size_t>(permission);
    return index < std::size(rows) ? rows[index].text : "";
}

std::string_view describe(Permission permission) {
    const auto index = static_cast<std::size_t>(permission);
    return index < std::size(rows) ? rows[index].doc : "";
}

std::optional<Permission> permission_from(std::string_view text) {
    for (std::size_t i = 0; i < std::size(rows); ++i)
        if (rows[i].text == text) return static_cast<Permission>(i);
    return std::nullopt;
}

bool Scope::covers_project(std::string_view project) const {
    return projects.empty() || std::find(projects.begin(), projects.end(), project) != projects.end();
}

bool Scope::covers(std::string_view project, std::string_view flow) const {
    if (!covers_project(project)) return false;
    return flows.empty() || std::find(flows.begin(), flows.end(), flow) != flows.end();
}

}  // namespace sluice::base
