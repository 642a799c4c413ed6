#pragma once
// Lists on the command line and in tables.

#include <string>
#include <string_view>

#include "sluice/base/json.hpp"

namespace sluice::cli {

/// The texts between commas, without the spaces around them.
inline Json split(std::string_view list) {
    Json out = Json::array();
    while (!list.empty()) {
        const auto comma = list.find(',');
        auto item = list.substr(0, comma);
        while (item.starts_with(' ')) item.remove_prefix(1);
        while (item.ends_with(' ')) item.remove_suffix(1);
        if (!item.empty()) out.push_back(item);
        list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
    }
    return out;
}

/// The texts of a list, with commas between them.
inline std::string joined(const Json& list) {
    std::string out;
    for (const auto& one : list)
        if (one.is_string()) out += (out.empty() ? "" : ", ") + one.get<std::string>();
    return out;
}

}  // namespace sluice::cli
