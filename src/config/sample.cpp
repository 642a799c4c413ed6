#include <map>

#include "config/values.hpp"
#include "sluice/config/config.hpp"

namespace sluice::config {

using base::Setting;

namespace {

constexpr std::string_view head =
    "# Sluice's settings with their defaults: take away the \"# \" before a line to change it.\n"
    "# A variable wins over this file, a flag over both; `sluice config check` finds mistakes and\n"
    "# `sluice config show` tells where each value comes from.\n";

void wrap(std::string& out, std::string text) {
    constexpr std::size_t width = 100;
    while (!text.empty()) {
        auto cut = text.size();
        if (cut > width) {
            cut = text.rfind(' ', width);
            if (cut == text.npos) cut = text.find(' ');
            if (cut == text.npos) cut = text.size();
        }
        out += fmt::format("# {}\n", std::string_view(text).substr(0, cut));
        text.erase(0, std::min(cut + 1, text.size()));
    }
}

void render(std::string& out, const Setting& row, std::string_view key) {
    auto doc = std::string(row.doc);
    if (!doc.ends_with('.')) doc += '.';
    if (const auto bounds = allowed(row); !bounds.empty())
        doc += fmt::format(" {}{}.", static_cast<char>(bounds[0] - 'a' + 'A'), bounds.substr(1));
    if (row.reload) doc += " Taken over on SIGHUP.";
    out += '\n';
    wrap(out, std::move(doc));
    if (row.secret) {
        wrap(out, fmt::format("A secret: set {}, or name a file that holds it.", variable_of(row)));
        out += fmt::format("# {}_file = \"/etc/sluice/{}\"\n", key, key);
        return;
    }
    wrap(out, fmt::format("{}, --{}", variable_of(row), flag_of(row)));
    const auto value = parse_value(row, row.default_value);
    out += fmt::format("# {} = {}\n", key, value ? format_toml(row, *value) : std::string());
}

}  // namespace

std::string render_sample(const std::vector<base::SettingRows>& rows) {
    // Tables in the order in which they first appear, top-level keys before all (TOML wants them
    // there).
    std::vector<std::string> tables = {""};
    std::map<std::string, std::vector<std::pair<const Setting*, std::string>>> by_table;
    for (const auto& module_rows : rows)
        for (const auto& row : module_rows) {
            const auto dot = row.name.rfind('.');
            const auto table = std::string(dot == row.name.npos ? "" : row.name.substr(0, dot));
            if (std::find(tables.begin(), tables.end(), table) == tables.end())
                tables.push_back(table);
            by_table[table].emplace_back(
                &row, dot == row.name.npos ? row.name : row.name.substr(dot + 1));
        }
    std::string out(head);
    for (const auto& table : tables) {
        if (!table.empty()) out += fmt::format("\n[{}]\n", table);
        for (const auto& [row, key] : by_table[table]) render(out, *row, key);
    }
    return out;
}

}  // namespace sluice::config
