#include "cli/table.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace sluice::cli {

namespace {

/// The code point at `at`, which moves behind it. Broken bytes count as one character each.
char32_t next_code_point(std::string_view text, std::size_t& at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    const std::size_t length = byte < 0x80         ? 1
                               : (byte >> 5) == 6  ? 2
                               : (byte >> 4) == 14 ? 3
                               : (byte >> 3) == 30 ? 4
                                                   : 1;
    if (length == 1 || at + length > text.size()) {
        ++at;
        return byte;
    }
    char32_t point = byte & (0x7fU >> length);
    for (std::size_t i = 1; i < length; ++i)
        point = (point << 6) | (static_cast<unsigned char>(text[at + i]) & 0x3fU);
    at += length;
    return point;
}

/// East Asian wide characters and emoji, in the blocks that matter (Unicode TR 11).
bool is_wide(char32_t c) {
    return (c >= 0x1100 && c <= 0x115f) || (c >= 0x2e80 && c <= 0xa4cf) ||
           (c >= 0xac00 && c <= 0xd7a3) || (c >= 0xf900 && c <= 0xfaff) ||
           (c >= 0xfe30 && c <= 0xfe6f) || (c >= 0xff00 && c <= 0xff60) ||
           (c >= 0x1f300 && c <= 0x1faff) || (c >= 0x20000 && c <= 0x3fffd);
}

bool is_combining(char32_t c) {
    return (c >= 0x300 && c <= 0x36f) || (c >= 0x200b && c <= 0x200f) || c == 0xfe0f;
}

}  // namespace

std::size_t display_width(std::string_view text) {
    std::size_t width = 0;
    for (std::size_t at = 0; at < text.size();) {
        const auto point = next_code_point(text, at);
        width += is_combining(point) ? 0 : is_wide(point) ? 2 : 1;
    }
    return width;
}

void Table::add(std::vector<std::string> cells) {
    cells.resize(columns_.size());
    for (auto& text : cells)
        for (char& c : text)
            if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
    rows_.push_back(std::move(cells));
}

std::string Table::render() const {
    std::vector<std::size_t> widths;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        widths.push_back(display_width(columns_[i].title));
        for (const auto& row : rows_) widths[i] = std::max(widths[i], display_width(row[i]));
    }
    std::string out;
    const auto add_line = [&](const auto& text_of) {
        std::string line;
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            const std::string& text = text_of(i);
            const std::string padding(widths[i] - display_width(text), ' ');
            if (i > 0) line += "  ";
            line += columns_[i].right ? padding + text : text + padding;
        }
        while (line.ends_with(' ')) line.pop_back();
        out += line + "\n";
    };
    add_line([&](std::size_t i) -> const std::string& { return columns_[i].title; });
    for (const auto& row : rows_)
        add_line([&](std::size_t i) -> const std::string& { return row[i]; });
    return out;
}

std::string grouped(std::int64_t number) {
    auto digits = fmt::format("{}", number);
    for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > (number < 0 ? 1 : 0);
         at -= 3)
        digits.insert(static_cast<std::size_t>(at), 1, ',');
    return digits;
}

std::string human_duration(Duration duration) {
    const auto us = duration.count();
    if (us < 0) return "0 ms";
    if (us < 1'000) return fmt::format("{} us", us);
    if (us < 1'000'000) return fmt::format("{} ms", us / 1'000);
    const auto seconds = us / 1'000'000;
    if (seconds < 60) return fmt::format("{}.{} s", seconds, us / 100'000 % 10);
    if (seconds < 3600) return fmt::format("{}m {:02}s", seconds / 60, seconds % 60);
    return fmt::format("{}h {:02}m", seconds / 3600, seconds / 60 % 60);
}

std::string human_cost(NanoUsd cost) {
    return cost.value == 0 ? "-" : "$" + base::format_usd(cost);
}

std::string human_bytes(std::int64_t bytes) {
    if (bytes < 1024) return fmt::format("{} B", bytes);
    auto value = static_cast<double>(bytes);
    for (const char* unit : {"KiB", "MiB", "GiB"}) {
        value /= 1024;
        if (value < 1024) return fmt::format("{:.1f} {}", value, unit);
    }
    return fmt::format("{:.1f} TiB", value / 1024);
}

std::string human_time(const Json& rfc3339) {
    if (!rfc3339.is_string()) return "-";
    const auto time = base::parse_time(rfc3339.get_ref<const std::string&>());
    if (!time) return "-";
    auto text = base::format_time(*time).substr(0, 19);
    text[10] = ' ';
    return text;
}

std::string cell(const Json& object, std::string_view member) {
    const auto* value = base::find_member(object, member);
    if (!value || value->is_null()) return "-";
    if (value->is_string()) return value->get<std::string>();
    return base::dump_json(*value);
}

}  // namespace sluice::cli
