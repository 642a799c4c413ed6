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

PermissionSet placed_permissions() {
    PermissionSet set;
    for (const auto permission : {Permission::artifacts_read, Permission::artifacts_write, Permission::events_read, Permission::flows_read,
                                  Permission::flows_write, Permission::models_call, Permission::projects_read, Permission::runs_data,
                                  Permission::runs_read, Permission::runs_write})
        set.set(static_cast<std::size_t>(permission));
    return set;
}

bool Scope::covers_project(std::string_view project) const {
    return projects.empty() || std::find(projects.begin(), projects.end(), project) != projects.end();
}

bool Scope::covers(std::string_view project, std::string_view flow) const {
    if (!covers_project(project)) return false;
    return flows.empty() || std::find(flows.begin(), flows.end(), flow) != flows.end();
}

namespace {

std::string between_feeds(const std::vector<std::string>& names) {
    std::string out;
    for (const auto& name : names) out += "\n" + name;
    return out.empty() ? out : out + "\n";
}

bool holds(const std::string& names, std::string_view name) {
    return names.empty() || names.find("\n" + std::string(name) + "\n") != std::string::npos;
}

const PermissionSet& rights_in(const Scope::Rights& rights, std::string_view project) {
    const auto found = rights.in_project.find(project);
    return found == rights.in_project.end() ? rights.everywhere : found->second;
}

}  // namespace

bool SeenNames::covers(std::string_view project, std::string_view flow) const { return holds(projects, project) && holds(flows, flow); }

SeenNames SeenNames::within(std::string_view project) const {
    if (project.empty()) return *this;
    return {holds(projects, project) ? "\n" + std::string(project) + "\n" : std::string("\n"), flows};
}

std::string SeenNames::text() const {
    std::string out;
    const auto add = [&out](const std::string& names, char mark) {
        if (names.empty()) return;
        if (out.empty()) out = "\n";
        if (names == "\n") out += std::string(1, mark) + "\3\n";  // no name is this
        for (std::size_t at = 1; at < names.size();) {
            const auto end = names.find('\n', at);
            out += mark + names.substr(at, end - at + 1);
            at = end + 1;
        }
    };
    add(projects, '\1');
    add(flows, '\2');
    return out;
}

SeenNames SeenNames::from_text(std::string_view text) {
    SeenNames out;
    for (std::size_t at = 1; at < text.size();) {
        const auto end = text.find('\n', at);
        if (end == std::string_view::npos || end == at) break;
        auto& names = text[at] == '\1' ? out.projects : out.flows;
        if (names.empty()) names = "\n";
        const auto name = text.substr(at + 1, end - at - 1);
        if (name != "\3") names += std::string(name) + "\n";
        at = end + 1;
    }
    return out;
}

bool Principal::may_everywhere(Permission permission) const {
    if (!may(permission)) return false;
    if (!scope) return true;
    const auto index = static_cast<std::size_t>(permission);
    if (scope->rights) return scope->rights->everywhere.test(index);
    return !placed_permissions().test(index);
}

bool Principal::may_in(Permission permission, std::string_view project, std::string_view flow) const {
    if (!may(permission)) return false;
    if (!scope) return true;
    if (!scope->covers(project, flow)) return false;
    return !scope->rights || rights_in(*scope->rights, project).test(static_cast<std::size_t>(permission));
}

bool Principal::sees(std::string_view project, std::string_view flow) const {
    if (!scope) return true;
    if (!scope->covers(project, flow)) return false;
    return !scope->rights || (rights_in(*scope->rights, project) & placed_permissions()).any();
}

SeenNames Principal::seen(Permission permission) const {
    const SeenNames nothing{"\n", {}};
    if (!may(permission)) return nothing;
    if (!scope) return {};
    const auto index = static_cast<std::size_t>(permission);
    if (!scope->rights) return {between_feeds(scope->projects), between_feeds(scope->flows)};
    if (scope->rights->everywhere.test(index)) return {};
    std::vector<std::string> projects;
    for (const auto& [project, rights] : scope->rights->in_project)
        if (rights.test(index)) projects.push_back(project);
    return projects.empty() ? nothing : SeenNames{between_feeds(projects), {}};
}

std::string_view to_string(Principal::Kind kind) {
    switch (kind) {
        case Principal::Kind::anonymous: return "anonymous";
        case Principal::Kind::api_key: return "api_key";
        case Principal::Kind::session: return "session";
        case Principal::Kind::local: return "local";
        case Principal::Kind::user: return "user";
    }
    return "anonymous";
}

}  // namespace sluice::base
