#pragma once
/// The row type of a setting. Each module declares its settings as rows in `<module>_settings.cpp`; `config` reads
/// file, environment and flags against all rows, and the reference documentation is made from them.

#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

namespace sluice::base {

enum class SettingType { boolean, integer, text, duration, bytes, text_list };

/// One setting. `name` is dotted ("server.listen"); the variable is `SLUICE_SERVER_LISTEN`, the flag `--server-listen`
/// unless `env` or `flag` name another. Defaults and bounds are in the unit of the type: bytes, microseconds, count.
struct Setting {
    std::string_view name;
    SettingType type = SettingType::text;
    std::string_view default_value;  ///< as it would stand in the environment ("30s", "64MiB", "true", "a,b")
    std::string_view doc;            ///< one sentence
    std::int64_t min = std::numeric_limits<std::int64_t>::min();
    std::int64_t max = std::numeric_limits<std::int64_t>::max();
    std::string_view choices = {};   ///< allowed texts, comma separated; empty: any
    std::string_view env = {};       ///< another variable's name
    std::string_view flag = {};      ///< another flag's name, without dashes
    bool secret = false;             ///< never shown, only by environment or file reference
    bool reload = false;             ///< applied on SIGHUP; else at the next start
};

using SettingRows = std::span<const Setting>;

}  // namespace sluice::base
