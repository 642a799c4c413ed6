#pragma once
/// Reads all sources into a `Config` and collects every mistake on the way.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/values.hpp"
#include "sluice/config/config.hpp"

namespace sluice::config {

class Reader {
  public:
    Reader(std::vector<base::SettingRows> rows, Sources sources);
    Result<Config> read();

    /// A value as the TOML file has it, before its setting is known to accept it.
    struct FileValue {
        std::string name;   ///< dotted
        std::string place;  ///< "sluice.toml:12"
        std::variant<std::monostate, bool, std::int64_t, std::string, std::vector<std::string>>
            value;              ///< monostate: another type
        std::string_view type;  ///< what it is, for a message
    };

  private:
    void read_file();
    void read_environment();
    void read_flags();
    void take_from_file(const FileValue& found);
    void take_text(std::size_t index, std::string_view text, const std::string& place,
                   const std::string& called);
    void take_secret_file(std::size_t index, const std::string& path, const std::string& place,
                          const std::string& called);
    void set(std::size_t index, Value value, const std::string& place, const std::string& called,
             const std::string& source);
    void mistake(const std::string& place, std::string message);

    Config config_;
    std::vector<base::ErrorDetail> mistakes_;
    std::optional<ErrorCode> file_failure_;
};

/// The leaves of a TOML file. Errors: not_found, invalid_argument with place.
Result<std::vector<Reader::FileValue>> read_toml(const std::string& path);

}  // namespace sluice::config
