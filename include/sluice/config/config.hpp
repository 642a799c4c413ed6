#pragma once
/// The program's settings: rows declared by the modules, values from one TOML file, `SLUICE_*`
/// variables and flags, the later ones winning. A mistake (unknown key, wrong type, value out of
/// range) names its place, the key, what is allowed and the nearest known key; nothing is half
/// loaded. TOML tables are the parts of a name: `[server] listen = "…"` is `server.listen`. A
/// secret `x` comes from its variable or from the file that `x_file` names, never from the TOML
/// file or a flag, where others could read it.

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "sluice/base/result.hpp"
#include "sluice/base/setting.hpp"
#include "sluice/base/time.hpp"

namespace sluice::config {

/// Where values come from besides the defaults.
struct Sources {
    std::string file;  ///< of TOML; empty: none
    std::map<std::string, std::string>
        environment;  ///< variables that start with SLUICE_; others are ignored
    std::vector<std::pair<std::string, std::string>>
        flags;  ///< name without dashes ("server-listen") and value
    std::vector<std::string>
        other_variables;  ///< SLUICE_ names that are no settings (SLUICE_KEY, …)
};

/// The process's variables that start with SLUICE_.
std::map<std::string, std::string> sluice_environment();
/// "SLUICE_SERVER_LISTEN", or the row's own name.
std::string variable_of(const base::Setting& row);
/// "server-listen", or the row's own name; without dashes in front. A secret has only the flag of
/// its file.
std::string flag_of(const base::Setting& row);

/// Bytes as people write them: "64MiB", "1500", "2kB". Errors: invalid_argument.
Result<std::int64_t> parse_bytes(std::string_view text);
/// The shortest exact form: "64MiB", "1500B".
std::string format_bytes(std::int64_t bytes);

/// One line of `sluice config show`.
struct Shown {
    std::string name;
    std::string value;   ///< as in the environment; secrets as "(set)" or "(not set)"
    std::string source;  ///< as `Config::source_of`
    std::string default_value;
    std::string doc;
    bool reload = false;
};

/// What a reload did, by setting name.
struct Reloaded {
    std::vector<std::string> applied;
    std::vector<std::string> needs_restart;  ///< changed in a source, but kept until the next start
};

/// Thread: loop (or before it runs).
class Config {
  public:
    /// Reads all sources against all rows. The rows must outlive the object (they are constants).
    /// Errors: invalid_argument with one detail per mistake (pointer: its place), not_found for a
    /// missing file.
    static Result<Config> load(std::vector<base::SettingRows> rows, Sources sources);

    // The typed getters throw std::logic_error for a name or type that no row declares: that is a
    // mistake of ours.
    bool boolean(std::string_view name) const;
    std::int64_t integer(std::string_view name) const;
    const std::string& text(std::string_view name) const;
    Duration duration(std::string_view name) const;
    std::int64_t bytes(std::string_view name) const;
    const std::vector<std::string>& text_list(std::string_view name) const;

    /// "default", "sluice.toml:12", "variable SLUICE_SERVER_LISTEN" or "flag --server-listen".
    const std::string& source_of(std::string_view name) const;
    /// All settings in the order of their rows.
    std::vector<Shown> show() const;
    /// Reads the sources again (on SIGHUP) and takes over what may change while running. On an
    /// error nothing changes.
    Result<Reloaded> reload();

  private:
    using Value = std::variant<bool, std::int64_t, std::string, Duration, std::vector<std::string>>;
    struct Entry {
        const base::Setting* row = nullptr;
        Value value;
        std::string source;
    };
    friend class Reader;
    Config() = default;
    const Entry& entry(std::string_view name, base::SettingType type) const;

    std::vector<base::SettingRows> rows_;
    Sources sources_;
    std::vector<Entry> entries_;                             // in the order of the rows
    std::map<std::string, std::size_t, std::less<>> index_;  // name → place in entries_
};

/// A TOML file with every setting, its documentation and its default, all commented out.
std::string render_sample(const std::vector<base::SettingRows>& rows);

}  // namespace sluice::config
