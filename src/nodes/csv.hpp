#pragma once
/// Comma-separated values after RFC 4180: quoted fields hold delimiters, quotes (doubled) and line
/// ends.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.hpp"

namespace sluice::nodes {

struct CsvRecord {
    std::vector<std::string> fields;
    std::vector<bool> quoted;  ///< by field: "" is then a text, not nothing
    std::size_t line = 1;      ///< where it begins
};

/// Calls `on_record` for every record; blank lines are passed over. A byte order mark is dropped;
/// CRLF, LF and CR end a line. Errors: invalid_argument with the line (an open quote, text after a
/// closing quote), and what `on_record` gives.
Result<void> read_csv(std::string_view text, char delimiter,
                      const std::function<Result<void>(CsvRecord&)>& on_record);

/// The field as it stands in a file, quoted where it must be.
std::string csv_field(std::string_view text, char delimiter);

}  // namespace sluice::nodes
