#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <system_error>

#include <toml++/toml.h>

#include "config/reader.hpp"

namespace sluice::config {

namespace {

std::string_view type_name(toml::node_type type) {
    switch (type) {
        case toml::node_type::string: return "text";
        case toml::node_type::integer: return "a whole number";
        case toml::node_type::floating_point: return "a number with a fraction";
        case toml::node_type::boolean: return "true or false";
        case toml::node_type::array: return "a list";
        case toml::node_type::table: return "a table";
        case toml::node_type::date:
        case toml::node_type::time:
        case toml::node_type::date_time: return "a date or time";
        case toml::node_type::none: break;
    }
    return "nothing";
}

void collect(const toml::table& table, const std::string& prefix, const std::string& path,
             std::vector<Reader::FileValue>& out) {
    for (const auto& [key, node] : table) {
        const auto name =
            prefix.empty() ? std::string(key.str()) : fmt::format("{}.{}", prefix, key.str());
        if (const auto* inner = node.as_table()) {
            collect(*inner, name, path, out);
            continue;
        }
        auto& found = out.emplace_back();
        found.name = name;
        found.place = fmt::format("{}:{}", path, key.source().begin.line);
        found.type = type_name(node.type());
        if (const auto* text = node.as_string()) found.value = text->get();
        else if (const auto* flag = node.as_boolean()) found.value = flag->get();
        else if (const auto* integer = node.as_integer()) found.value = integer->get();
        else if (const auto* array = node.as_array()) {
            std::vector<std::string> items;
            bool texts = true;
            for (const auto& item : *array) {
                if (const auto* one = item.as_string()) items.push_back(one->get());
                else texts = false;
            }
            if (texts) found.value = std::move(items);
        }
    }
}

}  // namespace

Result<std::vector<Reader::FileValue>> read_toml(const std::string& path) {
    errno = 0;
    std::ifstream in(path, std::ios::binary);
    std::ostringstream content;
    if (!in || !(content << in.rdbuf() || in.peek() == std::ifstream::traits_type::eof()) ||
        in.bad()) {
        const int reason = errno;
        return fail(reason == ENOENT ? ErrorCode::not_found : ErrorCode::invalid_argument,
                    "cannot read the configuration {}: {}", path,
                    reason == 0 ? std::string("it is no readable file")
                                : std::generic_category().message(reason));
    }
    try {
        const auto table = toml::parse(content.view(), path);
        std::vector<Reader::FileValue> out;
        collect(table, {}, path, out);
        // Tables are kept sorted by name; people read a file from its top.
        const auto line = [](const Reader::FileValue& v) {
            return std::stoul(v.place.substr(v.place.rfind(':') + 1));
        };
        std::stable_sort(out.begin(), out.end(),
                         [&](const auto& a, const auto& b) { return line(a) < line(b); });
        return out;
    } catch (const toml::parse_error& e) {
        return fail(ErrorCode::invalid_argument, "{}:{}: {}", path, e.source().begin.line,
                    e.description());
    }
}

}  // namespace sluice::config
