#include "sluice/base/principal.hpp"

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

}  // namespace sluice::base
