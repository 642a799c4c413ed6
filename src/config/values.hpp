#pragma once
/// Values of settings: reading them from text, checking them against their row, showing them.

#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sluice/base/setting.hpp"
#include "sluice/config/config.hpp"

namespace sluice::config {

using Value = std::variant<bool, std::int64_t, std::string, Duration, std::vector<std::string>>;

/// Reads what stands in a variable or flag. The message does not name the setting; the caller does.
Result<Value> parse_value(const base::Setting& row, std::string_view text);
/// Bounds and choices. The message starts with "must".
Result<void> check_value(const base::Setting& row, const Value& value);
/// As in a variable.
std::string format_value(const base::Setting& row, const Value& value);
/// As in a TOML file.
std::string format_toml(const base::Setting& row, const Value& value);
/// "between 1s and 1h", "at least 1", "one of a, b"; empty without bounds.
std::string allowed(const base::Setting& row);
/// "text", "a duration such as \"30s\"", …
std::string_view describe(base::SettingType type);
/// The known name that a person most likely meant; empty when none is near.
std::string nearest(std::string_view name, std::span<const std::string> known);

}  // namespace sluice::config
