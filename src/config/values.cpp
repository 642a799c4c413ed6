#include "config/values.hpp"

#include <charconv>
#include <optional>

namespace sluice::config {

using base::Setting;
using base::SettingType;

namespace {

constexpr auto no_min = std::numeric_limits<std::int64_t>::min();
constexpr auto no_max = std::numeric_limits<std::int64_t>::max();

std::vector<std::string> split(std::string_view text) {
    std::vector<std::string> parts;
    while (!text.empty()) {
        const auto comma = text.find(',');
        auto part = text.substr(0, comma);
        while (part.starts_with(' ')) part.remove_prefix(1);
        while (part.ends_with(' ')) part.remove_suffix(1);
        if (!part.empty()) parts.emplace_back(part);
        text = comma == text.npos ? std::string_view() : text.substr(comma + 1);
    }
    return parts;
}

Result<std::int64_t> parse_integer(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (ec != std::errc() || end != text.data() + text.size())
        return fail(ErrorCode::invalid_argument, "\"{}\" is not a whole number",
                    text.substr(0, 64));
    return value;
}

std::string toml_string(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        if (static_cast<unsigned char>(c) < 0x20)
            out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        else out += c;
    }
    return out + '"';
}

std::string bound(const Setting& row, std::int64_t value) {
    if (row.type == SettingType::duration) return base::format_duration(Duration(value));
    if (row.type == SettingType::bytes) return format_bytes(value);
    return std::to_string(value);
}

struct ByteUnit {
    std::string_view name;
    std::int64_t bytes;
};
constexpr ByteUnit byte_units[] = {{"TiB", std::int64_t{1} << 40},
                                   {"GiB", 1 << 30},
                                   {"MiB", 1 << 20},
                                   {"KiB", 1 << 10},
                                   {"TB", 1'000'000'000'000},
                                   {"GB", 1'000'000'000},
                                   {"MB", 1'000'000},
                                   {"kB", 1'000},
                                   {"KB", 1'000},
                                   {"B", 1},
                                   {"", 1}};

}  // namespace

Result<std::int64_t> parse_bytes(std::string_view text) {
    std::size_t at = 0;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
    const auto number = parse_integer(text.substr(0, at));
    auto unit = text.substr(at);
    while (unit.starts_with(' ')) unit.remove_prefix(1);
    if (at > 0 && number)
        for (const auto& known : byte_units)
            if (known.name == unit && *number <= no_max / known.bytes) return *number * known.bytes;
    return fail(ErrorCode::invalid_argument,
                "\"{}\" is not a size; write a number with KiB, MiB or GiB, such as 64MiB",
                text.substr(0, 64));
}

std::string format_bytes(std::int64_t bytes) {
    for (const auto& unit : byte_units)
        if (unit.name.ends_with("iB") && bytes >= unit.bytes && bytes % unit.bytes == 0)
            return fmt::format("{}{}", bytes / unit.bytes, unit.name);
    return fmt::format("{}B", bytes);
}

Result<Value> parse_value(const Setting& row, std::string_view text) {
    switch (row.type) {
        case SettingType::boolean:
            if (text == "true" || text == "1" || text == "yes" || text == "on") return Value(true);
            if (text == "false" || text == "0" || text == "no" || text == "off")
                return Value(false);
            return fail(ErrorCode::invalid_argument, "\"{}\" is neither true nor false",
                        text.substr(0, 64));
        case SettingType::integer:
            return parse_integer(text).map([](std::int64_t v) { return Value(v); });
        case SettingType::text: return Value(std::string(text));
        case SettingType::duration:
            return base::parse_duration(text).map([](Duration v) { return Value(v); });
        case SettingType::bytes:
            return parse_bytes(text).map([](std::int64_t v) { return Value(v); });
        case SettingType::text_list: return Value(split(text));
    }
    return fail(ErrorCode::internal, "a setting of unknown type");
}

std::string allowed(const Setting& row) {
    if (!row.choices.empty()) return fmt::format("one of {}", fmt::join(split(row.choices), ", "));
    if (row.type == SettingType::boolean || row.type == SettingType::text ||
        row.type == SettingType::text_list)
        return {};
    if (row.min != no_min && row.max != no_max)
        return fmt::format("between {} and {}", bound(row, row.min), bound(row, row.max));
    if (row.min != no_min) return fmt::format("at least {}", bound(row, row.min));
    if (row.max != no_max) return fmt::format("at most {}", bound(row, row.max));
    return {};
}

Result<void> check_value(const Setting& row, const Value& value) {
    const auto number = [&]() -> std::optional<std::int64_t> {
        if (const auto* integer = std::get_if<std::int64_t>(&value)) return *integer;
        if (const auto* duration = std::get_if<Duration>(&value)) return duration->count();
        return std::nullopt;
    }();
    if (number && (*number < row.min || *number > row.max))
        return fail(ErrorCode::invalid_argument, "must be {}, not {}", allowed(row),
                    bound(row, *number));
    if (row.choices.empty()) return {};
    const auto choices = split(row.choices);
    const auto one = [&](const std::string& text) {
        return std::find(choices.begin(), choices.end(), text) != choices.end();
    };
    const auto refuse = [&](const std::string& text) {
        return fail(ErrorCode::invalid_argument, "must be {}, not \"{}\"", allowed(row), text);
    };
    if (const auto* text = std::get_if<std::string>(&value); text && !one(*text))
        return refuse(*text);
    if (const auto* list = std::get_if<std::vector<std::string>>(&value))
        for (const auto& item : *list)
            if (!one(item)) return refuse(item);
    return {};
}

std::string format_value(const Setting& row, const Value& value) {
    if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
    if (const auto* integer = std::get_if<std::int64_t>(&value)) return bound(row, *integer);
    if (const auto* duration = std::get_if<Duration>(&value))
        return base::format_duration(*duration);
    if (const auto* list = std::get_if<std::vector<std::string>>(&value))
        return fmt::format("{}", fmt::join(*list, ","));
    return std::get<std::string>(value);
}

std::string format_toml(const Setting& row, const Value& value) {
    if (std::holds_alternative<bool>(value) || row.type == SettingType::integer)
        return format_value(row, value);
    if (const auto* list = std::get_if<std::vector<std::string>>(&value)) {
        std::vector<std::string> items;
        for (const auto& item : *list) items.push_back(toml_string(item));
        return fmt::format("[{}]", fmt::join(items, ", "));
    }
    return toml_string(format_value(row, value));
}

std::string_view describe(SettingType type) {
    switch (type) {
        case SettingType::boolean: return "true or false";
        case SettingType::integer: return "a whole number";
        case SettingType::text: return "text in quotes";
        case SettingType::duration: return "a duration in quotes such as \"30s\"";
        case SettingType::bytes: return "a number of bytes or a size in quotes such as \"64MiB\"";
        case SettingType::text_list: return "a list of texts such as [\"a\", \"b\"]";
    }
    return "";
}

std::string nearest(std::string_view name, std::span<const std::string> known) {
    std::string best;
    std::size_t best_distance = std::max<std::size_t>(2, name.size() / 3) + 1;
    for (const auto& candidate : known) {
        // Levenshtein, one row at a time.
        std::vector<std::size_t> row(candidate.size() + 1);
        for (std::size_t j = 0; j < row.size(); ++j) row[j] = j;
        for (std::size_t i = 0; i < name.size(); ++i) {
            std::size_t diagonal = std::exchange(row[0], i + 1);
            for (std::size_t j = 0; j < candidate.size(); ++j) {
                const auto replaced = diagonal + (name[i] == candidate[j] ? 0 : 1);
                diagonal = row[j + 1];
                row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
            }
        }
        const bool begun =
            name.size() >= 4 && candidate.starts_with(name);  // cut short rather than misspelt
        const auto distance = begun ? std::min<std::size_t>(row.back(), 2) : row.back();
        if (distance < best_distance) {
            best_distance = distance;
            best = candidate;
        }
    }
    return best;
}

}  // namespace sluice::config
